"""Recolouring a window leaves the same picture as colouring everything anew, pixel by pixel in plain Python."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lpsnet_studio.canvas.colors import IndexImage, color_table, outline, ring

COLORS = np.array([(0, 0, 0), (255, 0, 0), (0, 200, 100), (10, 20, 30)], np.uint8)
OPACITY = np.array([0.0, 1.0, 0.5, 0.25])


def _argb(index: int) -> int:
    if index >= len(COLORS):
        return 0
    alpha = round(OPACITY[index] * 255)
    red, green, blue = (round(int(part) * alpha / 255) for part in COLORS[index])
    return alpha << 24 | red << 16 | green << 8 | blue


def _expected(indices: np.ndarray) -> np.ndarray:
    return np.array([[_argb(int(index)) for index in row] for row in indices], np.uint32)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@given(seed=st.integers(0, 2**32 - 1), windows=st.lists(st.tuples(*[st.integers(0, 12)] * 4), max_size=4))
def test_recolouring_windows_equals_colouring_everything(
    dtype: type, seed: int, windows: list[tuple[int, int, int, int]]
) -> None:
    rng = np.random.default_rng(seed)
    indices = rng.integers(0, 6, (12, 12)).astype(dtype)
    picture = IndexImage(indices, color_table(COLORS, OPACITY))
    np.testing.assert_array_equal(picture.buffer.view(np.uint32), _expected(indices))
    for a, b, c, d in windows:
        y0, y1, x0, x1 = min(a, b), max(a, b), min(c, d), max(c, d)
        indices[y0:y1, x0:x1] = rng.integers(0, 6, (y1 - y0, x1 - x0))
        picture.recolor((y0, x0, y1, x1))
        np.testing.assert_array_equal(picture.buffer.view(np.uint32), _expected(indices))


def test_a_window_that_is_not_recoloured_keeps_its_picture() -> None:
    indices = np.zeros((4, 4), np.uint8)
    picture = IndexImage(indices, color_table(COLORS, OPACITY))
    indices[:] = 1
    picture.recolor((0, 0, 2, 4))
    assert (picture.buffer[:2].view(np.uint32) == _argb(1)).all()
    assert (picture.buffer[2:] == 0).all()


def test_another_table_recolours_everything() -> None:
    picture = IndexImage(np.ones((3, 3), np.uint8), color_table(COLORS, OPACITY))
    picture.set_table(color_table(COLORS, 0.0))
    assert not picture.buffer.any()


def test_more_owners_than_a_byte_holds() -> None:
    colors = np.random.default_rng(2).integers(0, 255, (400, 3)).astype(np.uint8)
    indices = np.arange(400, dtype=np.uint16).reshape(20, 20)
    picture = IndexImage(indices, color_table(colors))
    blue = picture.buffer.view(np.uint32) & 0xFF
    np.testing.assert_array_equal(blue.reshape(-1), colors[:, 2])


def test_an_outline_is_the_two_pixels_at_every_border() -> None:
    indices = np.zeros((6, 8), np.uint8)
    indices[:, 4:] = 1
    indices[3:, 4:] = 2
    drawn = outline(indices, color_table(COLORS, 1.0)) != 0
    expected = np.zeros((6, 8), bool)
    expected[:, 3:5] = True
    expected[2:4, 4:] = True
    np.testing.assert_array_equal(drawn, expected)


def test_a_ring_is_three_pixels_of_white_inside_five_of_black() -> None:
    inside = np.zeros((30, 30), bool)
    inside[:, 15:] = True
    row = ring(inside)[15].view(np.uint32)
    assert [hex(int(value)) for value in row[11:18]] == [
        "0x0",
        "0xff000000",
        "0xffffffff",
        "0xffffffff",
        "0xffffffff",
        "0xff000000",
        "0x0",
    ]
