"""Index maps in colours, pixel by pixel against plain Python."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lpsnet_studio.canvas.colors import color_table, colored, outline, ring, rings

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
@given(seed=st.integers(0, 2**32 - 1))
def test_every_index_has_its_colour_and_those_beyond_the_table_are_clear(dtype: type, seed: int) -> None:
    indices = np.random.default_rng(seed).integers(0, 6, (12, 12)).astype(dtype)
    painted = colored(indices, color_table(COLORS, OPACITY))
    np.testing.assert_array_equal(painted.view(np.uint32), _expected(indices))


def test_more_owners_than_a_byte_holds() -> None:
    colors = np.random.default_rng(2).integers(0, 255, (400, 3)).astype(np.uint8)
    indices = np.arange(400, dtype=np.uint16).reshape(20, 20)
    blue = colored(indices, color_table(colors)).view(np.uint32) & 0xFF
    np.testing.assert_array_equal(blue.reshape(-1), colors[:, 2])


def test_nothing_has_no_colours() -> None:
    assert colored(np.zeros((0, 3), np.uint8), color_table(COLORS)).shape == (0, 3)


def test_an_outline_is_the_two_pixels_at_every_border() -> None:
    indices = np.zeros((6, 8), np.uint8)
    indices[:, 4:] = 1
    indices[3:, 4:] = 2
    drawn = outline(indices, color_table(COLORS, 1.0)) != 0
    expected = np.zeros((6, 8), bool)
    expected[:, 3:5] = True
    expected[2:4, 4:] = True
    np.testing.assert_array_equal(drawn, expected)


def test_a_wider_outline_grows_by_one_pixel_on_both_sides() -> None:
    indices = np.zeros((6, 12), np.uint8)
    indices[:, 6:] = 1
    drawn = outline(indices, color_table(COLORS, 1.0), width=4)[2] != 0
    np.testing.assert_array_equal(np.flatnonzero(drawn), [4, 5, 6, 7])


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


@pytest.mark.parametrize("scale", [1.0, 2.0])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_many_rings_are_each_ring_with_white_over_black(dtype: type, scale: float) -> None:
    rng = np.random.default_rng(3)
    for _ in range(20):
        count = int(rng.integers(2, 9))
        coarse = rng.integers(0, count, (6, 7)).astype(dtype)
        indices = np.kron(coarse, np.ones((9, 8), dtype))
        chosen = [int(index) for index in rng.permutation(np.arange(1, count))[: rng.integers(1, count)]]
        each = [ring(indices == index, scale) for index in chosen]
        expected = np.zeros(indices.shape, np.int32)
        for color in (0xFF000000, 0xFFFFFFFF):
            value = np.uint32(color).astype(np.int32)
            for one in each:
                expected[one == value] = value
        assert np.array_equal(rings(indices, chosen, scale), expected)
