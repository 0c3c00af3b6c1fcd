"""Every verdict has a pattern of its own, which moves with the image and is the same whatever part is painted."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import pytest

from lpsnet.analysis.errors import ErrorPixel
from lpsnet_studio.canvas.sampling import Grid, IndexMap
from lpsnet_studio.canvas.verdicts import VerdictLayer, verdict_swatch

MARKED = [value for value in ErrorPixel if value is not ErrorPixel.NONE]


def _layer(errors: np.ndarray) -> VerdictLayer:
    layer = VerdictLayer(None)
    layer.set_map(IndexMap(errors))
    return layer


def _weaves(colors: np.ndarray) -> np.ndarray:
    """Returns a pattern without its colours: numbers in the order in which they appear."""
    _, firsts, numbers = np.unique(colors, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(firsts))[numbers]


def test_what_is_right_is_plain_and_everything_else_is_patterned(qapp: Any) -> None:
    assert not verdict_swatch(ErrorPixel.NONE, 16).any()
    for value in MARKED:
        colors = verdict_swatch(value, 16)
        assert len(np.unique(colors)) == (1 if value is ErrorPixel.TP else 3 if value is ErrorPixel.FP_AND_FN else 2)


def test_patterns_alone_tell_the_verdicts_apart(qapp: Any) -> None:
    for one, other in combinations(MARKED, 2):
        assert not np.array_equal(_weaves(verdict_swatch(one, 16)), _weaves(verdict_swatch(other, 16))), (one, other)


def test_wrong_stripes_rise_and_missed_ones_fall(qapp: Any) -> None:
    for value, step in ((ErrorPixel.FP, -1), (ErrorPixel.FN, 1)):
        colors = verdict_swatch(value, 24)
        for x in range(4, 20):
            along = [colors[10 + by, x + step * by] for by in range(-4, 5) if 0 <= x + step * by < 24]
            assert len(set(along)) == 1


@pytest.mark.parametrize(("x", "y"), [(3, 0), (0, 5), (17, 9)])
def test_a_part_is_painted_as_it_is_in_the_whole(qapp: Any, x: int, y: int) -> None:
    errors = np.random.default_rng(0).integers(0, len(ErrorPixel), (60, 80)).astype(np.uint8)
    layer = _layer(errors)
    whole = layer.colors(Grid(0.0, 0.0, 0.5, 0.5, 160, 120))
    part = layer.colors(Grid(x * 0.5, y * 0.5, 0.5, 0.5, 50, 40))
    np.testing.assert_array_equal(part, whole[y : y + 40, x : x + 50])


def test_stripes_keep_their_width_on_a_finer_screen(qapp: Any) -> None:
    coarse, fine = verdict_swatch(ErrorPixel.FN, 16), verdict_swatch(ErrorPixel.FN, 16, 2.0)
    assert fine.shape == (32, 32)
    changes = [np.count_nonzero(np.diff(picture[0])) for picture in (coarse, fine)]
    assert abs(changes[0] - changes[1]) <= 1
