"""Numbers in colours: perceptual maps, sampling as the panoptic head reads, and nothing where there is no number."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from lpsnet.borderness import sample_borderness
from lpsnet.maps import HeatMap, MapPlacement, borderness_heat
from lpsnet.structures import BordernessLevel, BordernessMaps
from lpsnet_studio.canvas.colormaps import COLORMAPS, Scale, colormap, levels_of, sampled, scale_table
from lpsnet_studio.canvas.sampling import Grid


def lightness(colors: np.ndarray) -> np.ndarray:
    return cv2.cvtColor((colors[None] / np.float32(255)).astype(np.float32), cv2.COLOR_RGB2Lab)[0, :, 0]


@pytest.mark.parametrize("name", COLORMAPS)
def test_lightness_says_the_number(name: str) -> None:
    light = lightness(colormap(name))
    if name == "difference":
        assert abs(int(np.argmax(light)) - 127.5) <= 1
        light = np.concatenate((light[:128], light[:127:-1] + 1000))
        assert (np.diff(light[:128]) > -0.6).all()
        assert (np.diff(light[128:]) > -0.6).all()
    else:
        assert (np.diff(light) > -0.6).all()
        assert light[-1] - light[0] > 60


def test_a_map_is_read_on_the_screen_as_the_panoptic_head_reads_it() -> None:
    rng = np.random.default_rng(0)
    level = BordernessLevel(rng.random((7, 9), np.float32), stride=8.0, offset=4.0, level=3)
    maps = BordernessMaps((level,), scale=(1.5, 1.25))
    heat = borderness_heat(maps, 3)
    grid = Grid(2.0, 1.0, 0.7, 0.9, 40, 30)
    x = grid.x + (np.arange(grid.width) + 0.5) * grid.step_x
    y = grid.y + (np.arange(grid.height) + 0.5) * grid.step_y
    everywhere = [axis.ravel() for axis in np.meshgrid(x, y)]
    expected = sample_borderness(maps, *everywhere).reshape(grid.height, grid.width)
    np.testing.assert_allclose(sampled(heat, grid, smooth=True), expected, atol=0.02)  # OpenCV counts 1/32 cells


def test_a_cell_is_a_square_unless_numbers_are_smoothed() -> None:
    heat = HeatMap(np.array([[0, 1]], np.float32), MapPlacement(2, 2, 4, 4), "two cells")
    values = sampled(heat, Grid.of_image(4, 8), smooth=False)
    assert (values[:, :4] == 0).all()
    assert (values[:, 4:] == 1).all()


def test_numbers_out_of_range_have_the_colours_of_its_ends_and_no_number_none() -> None:
    values = np.array([[-3, 0.2, 0.4, 0.6, 9, np.nan]], np.float32)
    levels = levels_of(values, Scale("viridis", 0.2, 0.6))
    assert levels.tolist() == [[1, 1, 129, 256, 256, 0]]
    table = scale_table("viridis")
    assert table[0] == 0
    first = table[1:2].view(np.uint8)[:3][::-1]
    np.testing.assert_array_equal(first, colormap("viridis")[0])


def test_a_range_without_width_splits_at_its_number() -> None:
    levels = levels_of(np.array([[0.1, 0.5, 0.9]], np.float32), Scale("magma", 0.5, 0.5))
    assert levels.tolist() == [[1, 256, 256]]
