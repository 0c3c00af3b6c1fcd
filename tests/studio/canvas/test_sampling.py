"""What the screen's pixels show of an image, against one look-up per pixel in plain Python."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lpsnet_studio.canvas.sampling import Grid, IndexMap, Pyramid, extent_of, halved

grids = st.builds(
    Grid,
    x=st.floats(-3, 12),
    y=st.floats(-3, 12),
    step_x=st.floats(0.02, 4),
    step_y=st.floats(0.02, 4),
    width=st.integers(1, 12),
    height=st.integers(1, 12),
)


def _looked_up(array: np.ndarray, grid: Grid) -> list[list[int]]:
    height, width = array.shape[:2]

    def under(start: float, step: float, at: int, limit: int) -> int:
        return min(max(math.floor(start + (at + 0.5) * step), 0), limit - 1)

    return [
        [
            array[under(grid.y, grid.step_y, row, height)][under(grid.x, grid.step_x, column, width)]
            for column in range(grid.width)
        ]
        for row in range(grid.height)
    ]


@given(grid=grids, seed=st.integers(0, 2**32 - 1), wide=st.booleans())
def test_every_screen_pixel_shows_the_index_under_its_centre(grid: Grid, seed: int, wide: bool) -> None:
    indices = np.random.default_rng(seed).integers(0, 250, (9, 11)).astype(np.uint16 if wide else np.uint8)
    np.testing.assert_array_equal(IndexMap(indices).sample(grid), _looked_up(indices, grid))


def test_a_map_is_sampled_again_only_after_it_was_said_to_have_changed() -> None:
    indices = np.zeros((4, 4), np.uint8)
    picture, grid = IndexMap(indices), Grid.of_image(4, 4)
    assert picture.sample(grid) is picture.sample(Grid.of_image(4, 4))
    indices[1, 2] = 7
    picture.touch()
    np.testing.assert_array_equal(picture.sample(grid), indices)


def test_a_view_of_an_array_is_sampled_like_an_array() -> None:
    indices = np.arange(120, dtype=np.uint8).reshape(10, 12)
    np.testing.assert_array_equal(IndexMap(indices[2:8, 3:9]).sample(Grid.of_image(6, 6)), indices[2:8, 3:9])


def test_a_moved_grid_looks_at_the_same_pixels_of_a_part() -> None:
    indices = np.arange(120, dtype=np.uint8).reshape(10, 12)
    grid = Grid(4.0, 3.0, 0.5, 0.5, 6, 4)
    part = IndexMap(indices[2:, 3:]).sample(grid.moved(3, 2))
    np.testing.assert_array_equal(part, IndexMap(indices).sample(grid))


@given(
    dx=st.integers(-40, 40),
    dy=st.integers(-40, 40),
    half=st.sampled_from([0.0, 0.5, 0.3]),
    zoom=st.sampled_from([0.2, 1.0, 1.7]),
    left=st.integers(0, 9),
    top=st.integers(0, 9),
)
def test_stripes_are_the_same_whichever_part_is_painted(
    dx: int, dy: int, half: float, zoom: float, left: int, top: int
) -> None:
    def grid(x: int, y: int, size: int) -> Grid:
        return Grid((x - dx - half) / zoom, (y - dy - half) / zoom, 1 / zoom, 1 / zoom, size, size)

    whole = grid(0, 0, 30).stripes(5)
    np.testing.assert_array_equal(grid(left, top, 12).stripes(5), whole[top : top + 12, left : left + 12])
    runs = np.flatnonzero(np.diff(whole[0].astype(int)))
    assert set(np.diff(runs).tolist()) == {5}


def test_a_photo_at_its_own_size_is_shown_pixel_for_pixel() -> None:
    pixels = np.random.default_rng(3).integers(0, 255, (30, 40, 3)).astype(np.uint8)
    shown = Pyramid(pixels).sample(Grid(5.0, 2.0, 1.0, 1.0, 20, 10))
    np.testing.assert_array_equal(shown[:, :, 2::-1], pixels[2:12, 5:25])
    assert (shown[:, :, 3] == 255).all()


def test_a_photo_at_twice_its_size_is_shown_in_squares() -> None:
    pixels = np.random.default_rng(3).integers(0, 255, (8, 8, 3)).astype(np.uint8)
    shown = Pyramid(pixels).sample(Grid(0.0, 0.0, 0.5, 0.5, 16, 16))
    np.testing.assert_array_equal(shown[:, :, 2::-1], pixels.repeat(2, 0).repeat(2, 1))


@pytest.mark.parametrize("step", [0.7, 1.3, 2.0, 3.1, 5.7, 11.0])
@pytest.mark.parametrize("refined", [False, True])
def test_a_ramp_stays_a_ramp_at_any_size(step: float, refined: bool) -> None:
    height, width = 700, 1100
    ramp = np.zeros((height, width, 3), np.uint8)
    ramp[:, :, 0] = np.linspace(0, 250, width)
    ramp[:, :, 1] = np.linspace(0, 250, height)[:, None]
    pyramid = Pyramid(ramp)
    if refined:
        pyramid.levels = halved(ramp)
    grid = Grid(40.0, 30.0, step, step, 60, 40)
    shown = pyramid.sample(grid)
    x, y = 40 + (np.arange(60) + 0.5) * step - 0.5, 30 + (np.arange(40) + 0.5) * step - 0.5
    assert np.abs(shown[:, :, 2] - (x * 250 / (width - 1))[None, :]).max() < 2 + step * 0.3
    assert np.abs(shown[:, :, 1] - (y * 250 / (height - 1))[:, None]).max() < 2 + step * 0.4


def test_small_views_of_a_refined_photo_are_averages() -> None:
    checkered = np.zeros((1024, 1024, 3), np.uint8)
    checkered[::2, ::2] = checkered[1::2, 1::2] = 200
    pyramid = Pyramid(checkered)
    pyramid.levels = halved(checkered)
    assert (np.abs(pyramid.sample(Grid(0.0, 0.0, 4.0, 4.0, 256, 256))[:, :, 0].astype(int) - 100) <= 1).all()


@given(st.integers(1, 700), st.integers(1, 700))
@settings(max_examples=30)
def test_versions_halve_until_they_are_small(height: int, width: int) -> None:
    levels = halved(np.full((height, width, 3), 77, np.uint8))
    sizes = [(height, width), *(level.shape[:2] for level in levels)]
    for larger, smaller in itertools.pairwise(sizes):
        assert smaller == tuple(max((side + 1) // 2, 1) for side in larger)
        assert max(larger) > 256
    assert max(sizes[-1]) <= 256
    assert all((level == 77).all() for level in levels)


def test_a_photo_wider_than_opencv_takes_is_shown() -> None:
    wide = np.zeros((2, 40_000, 3), np.uint8)
    wide[:, 35_000:] = 200
    shown = Pyramid(wide).sample(Grid(34_990.0, 0.0, 0.9, 0.9, 30, 2))
    assert shown[0, 0, 0] == 0
    assert shown[0, -1, 0] == 200


@given(st.integers(0, 2**32 - 1))
def test_the_extent_of_a_region_holds_it_and_no_more(seed: int) -> None:
    indices = (np.random.default_rng(seed).random((7, 9)) < 0.1).astype(np.uint8) * 3
    extent = extent_of(indices, 3)
    rows, columns = np.nonzero(indices)
    expected = (rows.min(), columns.min(), rows.max() + 1, columns.max() + 1) if rows.size else None
    assert extent == expected
