"""Windows to paint again are joined until they are few, and never lose a pixel."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from lpsnet_studio.annotator.windows import join_windows, union

windows = st.builds(
    lambda y, x, height, width: (y, x, y + height, x + width),
    *[st.integers(0, 60)] * 2,
    *[st.integers(1, 20)] * 2,
)


@given(st.lists(windows, max_size=40))
def test_joined_windows_are_few_and_cover_all(given_windows: list[tuple[int, int, int, int]]) -> None:
    joined = join_windows(given_windows)
    assert len(joined) <= min(12, len(given_windows))
    left = np.zeros((80, 80), bool)
    for y0, x0, y1, x1 in given_windows:
        left[y0:y1, x0:x1] = True
    for y0, x0, y1, x1 in joined:
        left[y0:y1, x0:x1] = False
    assert not left.any()


def test_neighbouring_tiles_become_one_window() -> None:
    tiles = [(y, x, y + 256, x + 256) for y in range(0, 1024, 256) for x in range(0, 2048, 256)]
    assert join_windows(tiles) == ((0, 0, 1024, 2048),)


def test_windows_far_apart_stay_apart() -> None:
    far = ((0, 0, 10, 10), (900, 900, 910, 910))
    assert join_windows(reversed(far)) == far


def test_a_union_is_around_both() -> None:
    assert union((1, 5, 3, 9), (2, 0, 8, 6)) == (1, 0, 8, 9)
