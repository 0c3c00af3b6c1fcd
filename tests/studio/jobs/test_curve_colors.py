"""Colours of runs: seen on both themes, and told apart by people of any colour vision."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Literal

import numpy as np
import pytest

from lpsnet_studio.jobs.curve_colors import colors_of_runs, run_color

THEMES: tuple[Literal["dark", "light"], ...] = ("dark", "light")
COUNT = 7
VISION = {
    "normal": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
}
"""What is seen of linear red, green and blue: Machado, Oliveira and Fernandes 2009, severity 1."""


def _linear(color: str) -> np.ndarray:
    shares = np.array([int(color[at : at + 2], 16) for at in (1, 3, 5)]) / 255
    return np.where(shares <= 0.04045, shares / 12.92, ((shares + 0.055) / 1.055) ** 2.4)


def _lab(linear: np.ndarray) -> np.ndarray:
    """Returns CIE L*a*b* of linear sRGB, white D65."""
    to_xyz = np.array(
        [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
    )
    x, y, z = np.cbrt(np.clip(to_xyz @ np.clip(linear, 0, 1) / (0.95047, 1.0, 1.08883), 0.008856, None))
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("theme", THEMES)
def test_lines_stand_out_from_the_panel(theme: Literal["dark", "light"]) -> None:
    from lpsnet_studio.theme import DARK, LIGHT, contrast

    panel = (DARK if theme == "dark" else LIGHT).panel
    assert min(contrast(run_color(number, theme), panel) for number in range(COUNT)) >= 3


@pytest.mark.parametrize("vision", VISION)
@pytest.mark.parametrize("theme", THEMES)
def test_the_colours_of_runs_are_told_apart(theme: Literal["dark", "light"], vision: str) -> None:
    """A difference of 2.3 in L*a*b* is just seen; thin lines need several times that."""
    seen = [_lab(VISION[vision] @ _linear(run_color(number, theme))) for number in range(COUNT)]
    pairs = itertools.combinations(range(COUNT), 2)
    apart = {pair: float(np.linalg.norm(seen[pair[0]] - seen[pair[1]])) for pair in pairs}
    assert min(apart.values()) > 14, apart


def test_a_simulated_eye_confuses_what_it_does() -> None:
    """The red and the green of one brightness that protanopia and deuteranopia are known for."""
    red, green = _linear("#b04a00"), _linear("#6a7200")
    normal = np.linalg.norm(_lab(red) - _lab(green))
    assert np.linalg.norm(_lab(VISION["deuteranopia"] @ red) - _lab(VISION["deuteranopia"] @ green)) < normal / 2


def test_a_run_keeps_its_colour_and_a_new_one_takes_the_first_that_is_free() -> None:
    a, b, c = Path("a"), Path("b"), Path("c")
    first = colors_of_runs([a, b], {})
    assert first == {a: 0, b: 1}
    assert colors_of_runs([c, b], first) == {b: 1, c: 0}
    assert run_color(0, "dark") == run_color(COUNT, "dark")
    assert len({run_color(number, "light") for number in range(COUNT)}) == COUNT
