"""Colours of runs, or of the curves of one, which people with any colour vision tell apart."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Literal

__all__ = ["colors_of_runs", "run_color"]

_COLORS: Mapping[Literal["dark", "light"], tuple[str, ...]] = {
    "dark": ("#56b4e9", "#e69f00", "#2fc49a", "#d68cb8", "#fff6a0", "#ff9a66", "#e4e7eb"),
    "light": ("#0072b2", "#b36200", "#00795a", "#a8487f", "#5e5200", "#5e1700", "#3c444c"),
}
"""The hues of Okabe and Ito, as bright as each theme needs for a contrast of 3 with its panels.

The last three are brighter or darker than the first four, so that all seven differ by 14 and more in L*a*b* also to
people who do not see red or green.
"""


def run_color(number: int, theme: Literal["dark", "light"]) -> str:
    """Returns a colour of a run, or of a curve of the only one, ``#rrggbb``; there are seven, then they come again."""
    return _COLORS[theme][number % len(_COLORS[theme])]


def colors_of_runs(runs: Iterable[Path], before: Mapping[Path, int]) -> dict[Path, int]:
    """Returns a number for each run's colour: its own if it had one before, else the first that is free."""
    runs = tuple(runs)
    numbers = {run: before[run] for run in runs if run in before}
    for run in runs:
        if run not in numbers:
            numbers[run] = next(number for number in range(len(runs) + 1) if number not in numbers.values())
    return numbers
