from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from lpsnet.borderness import (
    borderness_from_extents,
    borderness_target,
    borderness_target_at,
    box_borderness,
    box_extents,
    extreme_extents,
    run_extents,
    sample_borderness,
    segment_borderness_maps,
)
from lpsnet.structures import BordernessLevel, BordernessMaps
from tests.core.brute_force import (
    brute_force_borderness,
    brute_force_box_borderness,
    brute_force_extents,
    brute_force_sample,
)

EXTENTS = {"run": run_extents, "extreme": extreme_extents, "box": box_extents}
KINDS = pytest.mark.parametrize("kind", list(EXTENTS))

id_maps = st.sampled_from([np.uint8, np.uint16, np.int32, np.int64, np.uint32]).flatmap(
    lambda dtype: arrays(dtype, array_shapes(min_dims=2, max_dims=2, max_side=9), elements=st.integers(0, 3))
)

# A lying L: a foot along the bottom, a leg up the left side.
L_SHAPE = np.array(
    [
        [1, 0, 0, 0, 0],
        [1, 0, 0, 0, 0],
        [1, 1, 1, 1, 1],
    ]
)


@KINDS
@given(ids=id_maps)
def test_extents_and_target_equal_walking_from_every_pixel(kind, ids):
    fast, target = EXTENTS[kind](ids), borderness_target(ids, kind)
    assert target.dtype == np.float32
    for row, column in np.ndindex(*ids.shape):
        slow = brute_force_extents(ids, kind, row, column)
        assert tuple(float(extent[row, column]) for extent in fast) == slow
        assert min(slow) >= 0.5
        expected = brute_force_borderness(*slow) if ids[row, column] else 0.0
        assert target[row, column] == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("kind", ["run", "extreme"])
@given(ids=id_maps, data=st.data())
def test_some_rows_and_columns_have_the_target_that_they_have_in_the_whole(kind, ids, data):
    rows, columns = (
        np.array(data.draw(st.lists(st.integers(0, length - 1), max_size=4)), np.int64) for length in ids.shape
    )
    target = borderness_target_at(ids, rows, columns, kind)
    np.testing.assert_array_equal(target, borderness_target(ids, kind)[np.ix_(rows, columns)], strict=True)


def test_a_tight_box_is_not_asked_of_some_rows_and_columns():
    with pytest.raises(ValueError, match="must be run or extreme, not 'box'"):
        borderness_target_at(L_SHAPE, np.arange(1), np.arange(1), "box")


@KINDS
def test_ids_may_be_larger_than_any_table(kind):
    small = np.array([[1, 1, 2], [1, 3, 2]])
    large = np.array([0, 2**40, -7, 2**62])[small]
    np.testing.assert_array_equal(borderness_target(large, kind), borderness_target(small, kind))


@KINDS
@pytest.mark.parametrize("shape", [(0, 4), (4, 0), (0, 0)])
def test_an_image_without_pixels_has_no_borderness(kind, shape):
    assert borderness_target(np.zeros(shape, np.int32), kind).shape == shape


@KINDS
def test_a_strided_view_is_read_as_what_it_shows(kind):
    ids = np.random.default_rng(0).integers(0, 3, (12, 14))
    view = ids[::2, ::-1]
    np.testing.assert_array_equal(borderness_target(view, kind), borderness_target(view.copy(), kind))


def test_run_borderness_of_an_l_shape_by_hand():
    # The knee (2, 0): l = 0.5, r = 4.5; t = 2.5, b = 0.5.
    target = borderness_target(L_SHAPE, "run")
    assert target[2, 0] == pytest.approx(np.sqrt((0.5 / 4.5) * (0.5 / 2.5)))
    # The middle of the foot is one pixel high: only its place along the foot counts.
    assert target[2, 2] == 1.0
    assert target[1, 0] == 1.0
    assert (target[L_SHAPE == 0] == 0).all()


def test_center_ness_of_an_l_shape_peaks_off_the_mask_and_borderness_does_not():
    # The centre of the tight box, (1, 2), is not on the L, so no pixel of it reaches 1, not even the foot's middle.
    box = borderness_target(L_SHAPE, "box")
    assert box[2, 2] == pytest.approx(np.sqrt(1.0 * (0.5 / 2.5)))
    assert box.max() < 1
    assert borderness_target(L_SHAPE, "run").max() == 1


def test_runs_stop_at_an_occluder_and_extremes_bridge_it():
    ids = np.array([[1, 1, 2, 1, 1, 1]])
    left, _, right, _ = run_extents(ids)
    assert (left[0, 3], right[0, 3]) == (0.5, 2.5)
    left, _, right, _ = extreme_extents(ids)
    assert (left[0, 3], right[0, 3]) == (3.5, 2.5)


def test_touching_segments_of_one_class_keep_apart_by_their_ids():
    assert run_extents(np.array([[5, 5, 6]]))[2][0].tolist() == [1.5, 0.5, 0.5]


@pytest.mark.parametrize("ids", [np.zeros(4, np.int32), np.zeros((2, 2, 2), np.uint8), np.zeros((2, 2), np.float32)])
def test_what_is_no_id_map_is_refused(ids):
    with pytest.raises(ValueError, match="id map must be whole numbers"):
        borderness_target(ids)
    with pytest.raises(ValueError, match="id map must be whole numbers"):
        borderness_target_at(ids, np.arange(1), np.arange(1))


def test_an_unknown_kind_is_refused():
    with pytest.raises(ValueError, match="one of run, extreme, box, not 'centre'"):
        borderness_target(np.ones((2, 2), np.int32), "centre")


# ------------------------------------------------------------------------------------------------- points and boxes

coordinates = st.integers(-8, 24).map(lambda half: half / 2)


@given(x=coordinates, y=coordinates, box=st.tuples(*[coordinates] * 4))
def test_box_borderness_equals_eq_1_for_any_box_even_a_broken_one(x, y, box):
    value = box_borderness(np.array([x]), np.array([y]), np.array([box]))
    assert value[0] == pytest.approx(brute_force_box_borderness(x, y, box), abs=1e-12)


def test_points_outside_and_boxes_without_area_give_zero_and_never_nan():
    x, y = np.array([5.0, 1.0, 1.0, 3.0]), np.array([1.0, 1.0, 1.0, 3.0])
    boxes = np.array([[0, 0, 2, 2], [1, 1, 1, 1], [0, 0, 2, 0], [4, 4, 2, 2.0]])
    with np.errstate(all="raise"):
        assert box_borderness(x, y, boxes).tolist() == [0, 0, 0, 0]


def test_one_box_serves_many_points():
    values = box_borderness(np.array([1.0, 0.5]), np.array([1.0, 1.0]), np.array([0, 0, 2, 2.0]))
    assert values.tolist() == pytest.approx([1.0, np.sqrt(0.5 / 1.5)])


def test_the_middle_is_one_and_the_root_covers_both_axes():
    one = np.ones(1)
    assert borderness_from_extents(one, one, one, one) == 1
    assert borderness_from_extents(one, one, 4 * one, 9 * one)[0] == pytest.approx(1 / 6)


# ----------------------------------------------------------------------------------------------------------- sampling


@st.composite
def maps_and_points(draw):
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    strides = draw(st.lists(st.sampled_from([1, 4, 8, 16]), min_size=1, max_size=3, unique=True))
    levels = tuple(
        BordernessLevel(
            rng.random((draw(st.integers(1, 5)), draw(st.integers(1, 5)))).astype(np.float32),
            stride,
            stride / 2,
            index + 3,
        )
        for index, stride in enumerate(strides)
    )
    scale = draw(st.sampled_from([(1.0, 1.0), (0.75, 1.5), (1.66, 1.66)]))
    count = draw(st.integers(0, 12))
    return (
        BordernessMaps(levels, scale),
        rng.uniform(-5, 60, count),
        rng.uniform(-5, 60, count),
        rng.integers(0, 8, count),
    )


@given(maps_and_points())
def test_sampling_equals_weighing_the_four_cells_around_a_point(case):
    maps, x, y, level = case
    greatest, own = sample_borderness(maps, x, y), sample_borderness(maps, x, y, level)
    for point in range(len(x)):
        assert greatest[point] == pytest.approx(brute_force_sample(maps, x[point], y[point]), abs=1e-5)
        assert own[point] == pytest.approx(brute_force_sample(maps, x[point], y[point], level[point]), abs=1e-5)


def test_cells_are_read_back_exactly_where_they_lie_and_the_border_holds_beyond():
    values = np.arange(12, dtype=np.float32).reshape(3, 4) / 12
    maps = BordernessMaps((BordernessLevel(values, stride=8, offset=4, level=3),), scale=(2.0, 2.0))
    rows, columns = np.indices(values.shape).reshape(2, -1)
    read = sample_borderness(maps, (4 + 8 * columns) / 2, (4 + 8 * rows) / 2)
    np.testing.assert_array_equal(read.reshape(values.shape), values)
    assert sample_borderness(maps, np.array([-100.0, 1e6]), np.array([-100.0, 1e6])).tolist() == [
        values[0, 0],
        values[2, 3],
    ]


def test_more_points_than_fit_one_helping_are_all_sampled():
    values = np.random.default_rng(1).random((40, 50)).astype(np.float32)
    maps = BordernessMaps((BordernessLevel(values, 1.0, 0.5, 0),))
    rows, columns = np.random.default_rng(2).integers(0, [[40], [50]], (2, 40_000))
    np.testing.assert_allclose(sample_borderness(maps, columns + 0.5, rows + 0.5), values[rows, columns], atol=1e-6)


def test_without_a_map_there_is_nothing_to_sample():
    with pytest.raises(ValueError, match="maps that have cells"):
        sample_borderness(BordernessMaps(()), np.zeros(1), np.zeros(1))


def test_the_oracle_map_returns_each_pixel_its_own_target():
    ids = np.random.default_rng(3).integers(0, 3, (7, 9))
    maps = segment_borderness_maps(ids, "extreme")
    rows, columns = np.indices(ids.shape).reshape(2, -1)
    read = sample_borderness(maps, columns + 0.5, rows + 0.5, level=np.full(len(rows), 5))
    np.testing.assert_allclose(read.reshape(ids.shape), borderness_target(ids, "extreme"), atol=1e-6)
