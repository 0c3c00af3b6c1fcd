"""Colours of runs, which people with any colour vision tell apart."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Literal

__all__ = ["colors_of_runs", "run_color"]

_COLORS: Mapping[Literal["dark", "light"], tuple[str, ...]] = {
    "dark": ("#56b4e9", "#e69f00", "#2fc49a", "#d68cb8", "#f0e442", "#e8743b", "#b9c0c8"),
    "light": ("#0072b2", "#b36200", "#00795a", "#a8487f", "#7a6a00", "#a33000", "#5c6670"),
}
"""The hues of Okabe and Ito, as bright as each theme needs for a contrast of 3 with its panels."""


def run_color(number: int, theme: Literal["dark", "light"]) -> str:
    """Returns a run's colour, ``#rrggbb``; there are seven, then they come again."""
    return _COLORS[theme][number % len(_COLORS[theme])]


def colors_of_runs(runs: Iterable[Path], before: Mapping[Path, int]) -> dict[Path, int]:
    """Returns a number for each run's colour: its own if it had one before, else the first that is free."""
    runs = tuple(runs)
    numbers = {run: before[run] for run in runs if run in before}
    for run in runs:
        if run not in numbers:
            numbers[run] = next(number for number in range(len(runs) + 1) if number not in numbers.values())
    return numbers
