"""Where the cells of a map lie, and border-ness as maps: equal to reading it point by point."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lpsnet.borderness import borderness_everywhere, borderness_target, sample_borderness
from lpsnet.maps import (
    HeatMap,
    MapPlacement,
    borderness_difference_heat,
    borderness_heat,
    borderness_target_heat,
)
from lpsnet.structures import BordernessLevel, BordernessMaps, PanopticSegmentation


def _maps(seed: int, padded: tuple[int, int] = (96, 128), scale: tuple[float, float] = (1.0, 1.0)) -> BordernessMaps:
    generator = np.random.default_rng(seed)
    return BordernessMaps(
        tuple(
            BordernessLevel(
                generator.random((-(-padded[0] // stride), -(-padded[1] // stride)), np.float32),
                float(stride),
                float(stride // 2),
                level,
            )
            for level, stride in zip((3, 4, 5, 6, 7), (8, 16, 32, 64, 128), strict=True)
        ),
        scale,
    )


def _every_pixel(size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    y, x = np.indices(size).reshape(2, -1)
    return x + 0.5, y + 0.5


def test_a_placement_says_where_cells_are_and_what_they_cover() -> None:
    placement = MapPlacement(x0=2.0, y0=6.0, step_x=4.0, step_y=8.0)
    x, y = placement.centres((2, 3))
    assert x.tolist() == [2.0, 6.0, 10.0]
    assert y.tolist() == [6.0, 14.0]
    assert placement.rectangle((2, 3)) == (0.0, 2.0, 12.0, 18.0)
    assert MapPlacement().rectangle((5, 7)) == (0.0, 0.0, 7.0, 5.0)


@given(st.floats(0.1, 9), st.floats(0.1, 9), st.integers(1, 6), st.integers(1, 6), st.floats(-5, 60), st.floats(-5, 60))
@settings(max_examples=100, deadline=None)
def test_a_point_finds_the_cell_whose_centre_is_nearest(
    step_x: float, step_y: float, height: int, width: int, x: float, y: float
) -> None:
    placement = MapPlacement(step_x / 2, step_y / 3, step_x, step_y)
    across, down = placement.centres((height, width))
    row, column = placement.cell_at(x, y, (height, width))
    assert abs(down[row] - y) <= np.abs(down - y).min() + 1e-9
    assert abs(across[column] - x) <= np.abs(across - x).min() + 1e-9


def test_a_heat_map_tells_the_value_at_a_point() -> None:
    heat = HeatMap(np.arange(6, dtype=np.float32).reshape(2, 3), MapPlacement(2, 2, 4, 4), "numbers")
    assert heat.at(0, 0) == 0
    assert heat.at(5.9, 4.1) == 4
    assert heat.at(99, 99) == 5


@pytest.mark.parametrize(
    ("size", "scale"), [((90, 121), (1.0, 1.0)), ((200, 70), (121 / 70, 90 / 200)), ((1, 1), (5, 3))]
)
@pytest.mark.parametrize("level", [None, 3, 5, 7])
def test_border_ness_everywhere_is_that_of_every_point(
    size: tuple[int, int], scale: tuple[float, float], level: int | None
) -> None:
    maps = _maps(1, scale=scale)
    x, y = _every_pixel(size)
    of_level = None if level is None else np.full(len(x), level)
    expected = sample_borderness(maps, x, y, of_level).reshape(size)
    np.testing.assert_array_equal(borderness_everywhere(maps, size, level), expected)


def test_border_ness_everywhere_needs_a_map() -> None:
    with pytest.raises(ValueError, match="of level 9"):
        borderness_everywhere(_maps(1), (4, 4), 9)
    with pytest.raises(ValueError, match="that have cells"):
        borderness_everywhere(BordernessMaps(()), (4, 4))


@pytest.mark.parametrize("number", [3, 4, 5, 6, 7])
def test_the_cells_of_a_level_lie_where_it_is_read_unblended(number: int) -> None:
    maps = _maps(2, scale=(1.3, 0.7))
    heat = borderness_heat(maps, number)
    x, y = heat.placement.centres(heat.values.shape)
    level = maps.levels[number - 3]
    assert x[0] * 1.3 == pytest.approx(level.offset)
    assert np.diff(y, prepend=y[0] - heat.placement.step_y) * 0.7 == pytest.approx(level.stride)
    points_y, points_x = (axis.ravel() for axis in np.meshgrid(y, x, indexing="ij"))
    read = sample_borderness(maps, points_x, points_y, np.full(points_x.shape, number))
    np.testing.assert_allclose(heat.values.ravel(), read, atol=1e-6)
    np.testing.assert_array_equal(heat.values, level.values)


def test_the_greatest_of_all_levels_stands_on_the_finest_grid() -> None:
    maps = _maps(3)
    heat = borderness_heat(maps)
    assert heat.values.shape == maps.levels[0].values.shape
    by_hand = sample_borderness(maps, np.array([4 + 8 * 5.0]), np.array([4 + 8 * 2.0]))
    assert heat.values[2, 5] == by_hand[0]
    assert (heat.values >= maps.levels[0].values).all()


@pytest.mark.parametrize("level", [None, 3, 6])
def test_leaving_out_the_padding_changes_nothing_that_the_image_reads(level: int | None) -> None:
    maps = _maps(4, scale=(0.9, 1.1))
    size = (60, 70)
    whole, cut = borderness_heat(maps, level), borderness_heat(maps, level, size=size)
    height, width = cut.values.shape
    assert cut.values.size < whole.values.size or level == 6
    assert cut.placement == whole.placement
    np.testing.assert_array_equal(cut.values, whole.values[:height, :width])
    if level is None:
        return
    entry = maps.levels[level - 3]
    shorter = BordernessMaps((BordernessLevel(cut.values, entry.stride, entry.offset, level),), maps.scale)
    np.testing.assert_array_equal(borderness_everywhere(shorter, size), borderness_everywhere(maps, size, level))


def test_a_level_without_a_map_is_named() -> None:
    with pytest.raises(ValueError, match="level 2, only of P3, P4, P5, P6, P7"):
        borderness_heat(_maps(1), 2)
    with pytest.raises(ValueError, match="no border-ness map"):
        borderness_heat(BordernessMaps(()))


def _truth() -> PanopticSegmentation:
    ids = np.full((12, 16), 1, np.int32)
    ids[2:8, 3:10] = 2
    ids[4:6, 5:7] = 1
    ids[9:11, 0:4] = 3
    ids[11] = 0
    return PanopticSegmentation.from_ids(ids, {1: 0, 2: 1, 3: 1}, crowds={3})


ISTHING = np.array([False, True])


@pytest.mark.parametrize("kind", ["run", "extreme", "box"])
def test_the_target_concerns_things_alone(kind: str) -> None:
    truth = _truth()
    heat = borderness_target_heat(truth, ISTHING, kind)  # type: ignore[arg-type]
    person = truth.ids == 2
    np.testing.assert_array_equal(np.isfinite(heat.values), person)
    expected = borderness_target(np.where(person, 2, 0), kind)  # type: ignore[arg-type]
    np.testing.assert_array_equal(heat.values[person], expected[person])
    assert heat.placement == MapPlacement()


@pytest.mark.parametrize("level", [None, 3])
def test_the_difference_is_what_the_head_reads_less_the_target(level: int | None) -> None:
    maps, target = _maps(5, scale=(8.0, 8.0)), borderness_target_heat(_truth(), ISTHING, "run")
    heat = borderness_difference_heat(maps, target, level)
    of_level = None if level is None else np.array([level])
    for row, column in ((3, 4), (7, 9), (5, 8)):
        read = sample_borderness(maps, np.array([column + 0.5]), np.array([row + 0.5]), of_level)[0]
        assert heat.values[row, column] == read - target.values[row, column]
    assert np.isnan(heat.values[0, 0])
    assert (heat.low, heat.high) == (-1, 1)
