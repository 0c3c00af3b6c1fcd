from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lpsnet.data.augmentation import resample_ids
from lpsnet.data.transforms import input_size
from lpsnet.formats.coco_panoptic import read_coco_panoptic
from lpsnet.structures import PanopticSegmentation
from lpsnet.targets import (
    IGNORED,
    NEGATIVE,
    POSITIVE,
    TargetRules,
    level_grid,
    location_targets,
    semantic_target,
)
from tests.core.brute_force import brute_force_borderness, brute_force_box_borderness, brute_force_extents

THING, STUFF, OTHER_THING = 0, 1, 2
ISTHING = np.array([True, False, True])
STRIDES = (8, 16, 32, 64, 128)
BY_SIZE = TargetRules(level_assignment="range", borderness_negatives="off_level")

EVERY_SWITCH = [
    TargetRules(*switches, size_limits=(4.0, 8.0))
    for switches in product(
        ("mask", "box"), ("run", "extreme", "box", "none"), ("range", "all"), ("off_level", "none", "all")
    )
]


def segmentation(ids, *, stuff=(), crowds=()):
    """Every id is a thing but those named."""
    present = [identity for identity in np.unique(ids).tolist() if identity]
    labels = {identity: STUFF if identity in stuff else THING for identity in present}
    return PanopticSegmentation.from_ids(np.asarray(ids), labels, crowds=crowds)


def one_level(ids, stride=1, *, stuff=(), crowds=(), **rules):
    """The targets of a single level, whose range is everything."""
    truth = segmentation(ids, stuff=stuff, crowds=crowds)
    (level,) = location_targets(truth, ISTHING, (stride,), TargetRules(size_limits=(), **rules))
    return level


# -------------------------------------------------------------------------------------------------------- brute force


def brute_force_targets(truth, strides, rules):
    """The rows of the method told location by location: lists of (state, l t r b, border-ness), one a level."""
    ids = truth.ids
    height, width = ids.shape
    crowds = {segment.id for segment in truth.segments if segment.iscrowd}
    things = {
        segment.id: _tight_box(ids, segment.id)
        for segment in truth.segments
        if ISTHING[segment.label] and segment.id not in crowds
    }
    limits = [-1.0, *rules.size_limits, float("inf")]
    levels = []
    for level, stride in enumerate(strides):
        told = []
        for y in range(stride // 2, height, stride):
            for x in range(stride // 2, width, stride):
                here = int(ids[y, x])
                if here == 0 or here in crowds:
                    told.append((IGNORED, (0, 0, 0, 0), 0))
                    continue
                if rules.positives == "mask":
                    candidates = [here] if here in things else []
                else:
                    candidates = [thing for thing, box in things.items() if _holds(box, x + 0.5, y + 0.5)]
                    candidates.sort(key=lambda thing: _area(things[thing]))
                learnt = [
                    thing
                    for thing in candidates
                    if rules.level_assignment == "all"
                    or limits[level] < max(_ltrb(things[thing], x, y)) <= limits[level + 1]
                ]
                if learnt:
                    box = things[learnt[0]]
                    told.append((POSITIVE, _ltrb(box, x, y), _brute_force_borderness(ids, learnt[0], box, x, y, rules)))
                else:
                    taught = {"off_level": bool(candidates), "all": True, "none": False}[rules.borderness_negatives]
                    negative = taught and rules.borderness != "none"
                    told.append((NEGATIVE if negative else IGNORED, (0, 0, 0, 0), 0))
        levels.append(told)
    return levels


def _brute_force_borderness(ids, thing, box, x, y, rules):
    if rules.borderness == "none":
        return 1.0
    if ids[y, x] == thing:
        return brute_force_borderness(*brute_force_extents(ids, rules.borderness, y, x))
    return brute_force_box_borderness(x + 0.5, y + 0.5, box)


def _tight_box(ids, identity):
    pixels = [(i, j) for i, j in np.ndindex(*ids.shape) if ids[i, j] == identity]
    rows, columns = [i for i, _ in pixels], [j for _, j in pixels]
    return min(columns), min(rows), max(columns) + 1, max(rows) + 1


def _holds(box, x, y):
    return box[0] <= x < box[2] and box[1] <= y < box[3]


def _area(box):
    return (box[2] - box[0]) * (box[3] - box[1])


def _ltrb(box, x, y):
    return x - box[0], y - box[1], box[2] - x, box[3] - y


@st.composite
def truths(draw):
    """Rectangles painted over each other: occluded, split, one pixel large; stuff, crowds and void between them."""
    height, width = draw(st.integers(1, 22)), draw(st.integers(1, 22))
    ids = np.zeros((height, width), np.int32)
    identities = draw(st.permutations([3, 7, 250, 70_000, 2**24 - 1]))
    for identity in draw(st.lists(st.sampled_from([0, *identities]), max_size=7)):
        y, x = draw(st.integers(0, height - 1)), draw(st.integers(0, width - 1))
        ids[y : y + draw(st.integers(1, 14)), x : x + draw(st.integers(1, 14))] = identity
    present = set(np.unique(ids).tolist()) - {0}
    labels = {identity: draw(st.sampled_from([THING, STUFF, OTHER_THING])) for identity in identities}
    crowds = {identity for identity in present if draw(st.integers(0, 4)) == 0}
    shown = {identity: labels[identity] for identity in identities if identity in present}
    return PanopticSegmentation.from_ids(ids, shown, crowds=crowds)


@settings(max_examples=200, deadline=None)
@given(truth=truths(), strides=st.sampled_from([(1, 2, 4), (2, 4, 8), (3, 5, 7)]), rules=st.sampled_from(EVERY_SWITCH))
def test_targets_equal_the_rows_told_location_by_location(truth, strides, rules):
    levels = location_targets(truth, ISTHING, strides, rules)
    for level, stride, told in zip(levels, strides, brute_force_targets(truth, strides, rules), strict=True):
        shape = tuple(len(range(stride // 2, length, stride)) for length in truth.ids.shape)
        assert (level.state.shape, level.borderness.shape, level.ltrb.shape) == (shape, shape, (*shape, 4))
        assert (level.state.dtype, level.borderness.dtype, level.ltrb.dtype) == (np.int8, np.float32, np.float32)
        states, distances, borderness = ([entry[part] for entry in told] for part in range(3))
        assert level.state.ravel().tolist() == states
        assert level.ltrb.reshape(-1, 4).tolist() == [list(ltrb) for ltrb in distances]
        np.testing.assert_allclose(level.borderness.ravel(), borderness, rtol=0, atol=1e-6)


@settings(max_examples=50, deadline=None)
@given(truth=truths(), rules=st.sampled_from(EVERY_SWITCH))
def test_positives_lie_in_their_box_and_nothing_else_carries_a_target(truth, rules):
    for level in location_targets(truth, ISTHING, (2, 4, 8), rules):
        positive = level.state == POSITIVE
        assert (level.ltrb >= 0).all()
        assert (level.ltrb[positive][:, 2:] >= 1).all()
        assert (level.borderness[positive] > 0).all()
        assert (level.borderness <= 1).all()
        assert not level.ltrb[~positive].any()
        assert not level.borderness[~positive].any()


# ---------------------------------------------------------------------------------------------------------- locations


def test_locations_are_half_a_stride_in_and_only_where_the_image_is():
    assert level_grid(40, 8).tolist() == [4, 12, 20, 28, 36]
    assert level_grid(37, 8).tolist() == [4, 12, 20, 28, 36]
    assert level_grid(36, 8).tolist() == [4, 12, 20, 28]
    assert level_grid(64, 128).tolist() == []


def test_an_image_may_be_too_small_for_a_level():
    ids = np.ones((40, 70), np.int32)
    shapes = [level.state.shape for level in location_targets(segmentation(ids), ISTHING, STRIDES, TargetRules())]
    assert shapes == [(5, 9), (2, 4), (1, 2), (1, 1), (0, 1)]


def test_a_location_on_the_side_of_its_box_has_distance_0_and_still_some_borderness():
    ids = np.zeros((16, 16), np.int32)
    ids[4:8, 4:12] = 1
    for positives, borderness in product(("mask", "box"), ("run", "extreme", "box")):
        level = one_level(ids, 8, positives=positives, borderness=borderness)
        assert level.ltrb[0, 0].tolist() == [0, 0, 8, 4]
        assert level.borderness[0, 0] == pytest.approx(np.sqrt((0.5 / 7.5) * (0.5 / 3.5)))
        assert level.state.tolist() == [[POSITIVE, IGNORED], [IGNORED, IGNORED]]


# ------------------------------------------------------------------------------------------------------------- levels


@pytest.mark.parametrize("positives", ["mask", "box"])
@pytest.mark.parametrize(("level", "limit"), list(enumerate([64, 128, 256, 512])))
def test_what_lies_on_a_limit_belongs_to_the_lower_level(positives, level, limit):
    def states(length):
        # A bar as far to the right of each level's first location as ``length``.
        found = []
        for place, stride in enumerate(STRIDES):
            start = stride // 2
            ids = np.zeros((start + 1, start + length), np.int32)
            ids[start, start:] = 1
            levels = location_targets(segmentation(ids), ISTHING, STRIDES, replace(BY_SIZE, positives=positives))
            found.append(int(levels[place].state[0, 0]))
        return found

    at, beyond = [NEGATIVE] * 5, [NEGATIVE] * 5
    at[level], beyond[level + 1] = POSITIVE, POSITIVE
    assert states(limit) == at
    assert states(limit + 1) == beyond


def test_one_object_may_belong_to_two_levels():
    ids = np.ones((16, 104), np.int32)
    fine, coarse = location_targets(segmentation(ids), ISTHING, (8, 16), replace(BY_SIZE, size_limits=(64.0,)))
    # x = 4, 12 … 100: as far as 64 from both ends within 40 … 64.
    assert np.flatnonzero(fine.state[0] == POSITIVE).tolist() == [5, 6, 7]
    # x = 8, 24 … 88: 64 from an end and no more only at 40 and 56.
    assert np.flatnonzero(coarse.state[0] == NEGATIVE).tolist() == [2, 3]


def test_all_levels_learn_everything_when_told_so():
    ids = np.ones((200, 200), np.int32)
    for level in location_targets(segmentation(ids), ISTHING, STRIDES, TargetRules(level_assignment="all")):
        assert level.state.size
        assert (level.state == POSITIVE).all()


@pytest.mark.parametrize("assignment", ["range", "all"])
def test_limits_that_do_not_fit_the_levels_are_refused(assignment):
    rules = TargetRules(level_assignment=assignment, size_limits=(64.0, 128.0))
    with pytest.raises(ValueError, match="5 levels need 4 size limits, not 2"):
        location_targets(segmentation(np.ones((8, 8), np.int32)), ISTHING, STRIDES, rules)


# ------------------------------------------------------------------------------------- things, and what is not a thing


def test_a_thing_of_one_pixel_is_learnt_only_if_a_location_hits_it():
    ids = np.zeros((16, 16), np.int32)
    ids[4, 12], ids[5, 5] = 1, 2
    levels = location_targets(segmentation(ids), ISTHING, STRIDES, BY_SIZE)
    assert levels[0].state.tolist() == [[IGNORED, POSITIVE], [IGNORED, IGNORED]]
    assert levels[0].ltrb[0, 1].tolist() == [0, 0, 1, 1]
    assert levels[0].borderness[0, 1] == 1
    assert (levels[1].state == IGNORED).all()


@pytest.mark.parametrize("rules", EVERY_SWITCH)
def test_images_of_nothing_but_void_or_crowd_or_stuff_have_no_positives(rules):
    rules = replace(rules, size_limits=TargetRules().size_limits)
    ids = np.ones((70, 33), np.int32)
    taught = rules.borderness_negatives == "all" and rules.borderness != "none"
    for truth, state in (
        (segmentation(np.zeros_like(ids)), IGNORED),
        (segmentation(ids, crowds=(1,)), IGNORED),
        (segmentation(ids, stuff=(1,), crowds=(1,)), IGNORED),
        (segmentation(ids, stuff=(1,)), NEGATIVE if taught else IGNORED),
    ):
        for level in location_targets(truth, ISTHING, STRIDES, rules):
            assert (level.state == state).all()
            assert not level.ltrb.any()
            assert not level.borderness.any()


@pytest.mark.parametrize("shape", [(0, 5), (5, 0), (0, 0)])
def test_an_image_without_pixels_has_no_locations(shape):
    for rules in EVERY_SWITCH:
        level = one_level(np.zeros(shape, np.int32), positives=rules.positives, borderness=rules.borderness)
        assert (level.state.shape, level.ltrb.shape) == (shape, (*shape, 4))


def test_a_thing_behind_a_post_is_one_thing_with_two_runs():
    ids = np.array([[1, 1, 1, 2, 1, 1, 1, 1, 1]])
    run, extreme = (one_level(ids, borderness=kind) for kind in ("run", "extreme"))
    assert run.ltrb[0, 6].tolist() == extreme.ltrb[0, 6].tolist() == [6, 0, 3, 1]
    # Pixel 6 is the middle of its run of five, and 6.5 of 9 pixels into the whole.
    assert run.borderness[0, 6] == 1
    assert extreme.borderness[0, 6] == pytest.approx(np.sqrt(2.5 / 6.5))
    assert run.ltrb[0, 3].tolist() == [0, 0, 1, 1]


def test_a_run_ends_at_a_crowd_at_void_and_at_stuff_as_at_another_thing():
    for between in (0, 2, 3, 4):
        ids = np.array([[1, 1, 1, between, 1]])
        level = one_level(ids, stuff=(2,), crowds=(3,))
        np.testing.assert_allclose(level.borderness[0, :3], np.sqrt([0.5 / 2.5, 1, 0.5 / 2.5]))


def test_center_ness_peaks_off_an_l_and_borderness_on_it():
    ids = np.full((7, 7), 2, np.int32)
    ids[:, 0] = ids[6, :] = 1
    run = one_level(ids, stuff=(2,), borderness="run").borderness
    assert run[3, 0] == run[6, 3] == 1
    assert run[3, 3] == 0
    # The knee is at an end of both runs.
    assert run[6, 0] == pytest.approx(0.5 / 6.5)

    on_mask = one_level(ids, stuff=(2,), borderness="box").borderness
    assert on_mask[3, 0] == pytest.approx(np.sqrt(0.5 / 6.5))
    in_box = one_level(ids, stuff=(2,), borderness="box", positives="box").borderness
    assert np.unravel_index(in_box.argmax(), in_box.shape) == (3, 3)
    assert in_box[3, 3] == 1


# ------------------------------------------------------------------------------------------------ positives by the box


def test_where_boxes_overlap_the_smallest_is_learnt_and_the_first_among_equals():
    # The box of 1 is the whole image, those of 2 and 3 cross it in the middle row and column.
    ids = np.zeros((5, 5), np.int32)
    ids[0, 0] = ids[4, 4] = 1
    ids[2, 0] = ids[2, 4] = 2
    ids[0, 2] = ids[4, 2] = 3
    level = one_level(np.where(ids == 0, 9, ids), stuff=(9,), positives="box")
    assert level.ltrb[1, 1].tolist() == [1, 1, 4, 4]
    assert level.ltrb[2, 1].tolist() == [1, 0, 4, 1]
    assert level.ltrb[1, 2].tolist() == [0, 1, 1, 4]
    assert level.ltrb[2, 2].tolist() == [2, 0, 3, 1]


def test_a_larger_box_is_learnt_where_the_smaller_is_off_level():
    ids = np.ones((9, 40), np.int32)
    ids[2:7, 8:16] = 2
    truth, rules = segmentation(ids), replace(BY_SIZE, positives="box", size_limits=(16.0,))
    fine, coarse = location_targets(truth, ISTHING, (4, 8), rules)
    assert fine.ltrb[0, 2].tolist() == [2, 0, 6, 5]
    # The location (12, 4) lies on the small thing, which the finer level learns, in the box of the large one.
    assert coarse.ltrb[0, 1].tolist() == [12, 4, 28, 5]
    _, by_mask = location_targets(truth, ISTHING, (4, 8), replace(rules, positives="mask"))
    assert by_mask.state[0, 1] == NEGATIVE


def test_crowd_and_void_inside_a_box_teach_nothing():
    ids = np.array([[1, 1, 1], [1, 0, 2], [1, 3, 1]])
    level = one_level(ids, stuff=(3,), crowds=(2,), positives="box", borderness_negatives="all")
    assert level.state.tolist() == [[POSITIVE] * 3, [POSITIVE, IGNORED, IGNORED], [POSITIVE] * 3]
    # Off the mask the box is the border: its middle column, half a pixel above its lower side.
    assert level.borderness[2, 1] == pytest.approx(np.sqrt(0.5 / 2.5))


# --------------------------------------------------------------------------------------------------------- border-ness


def test_without_borderness_every_positive_counts_alike_and_nothing_is_negative():
    ids = np.array([[1, 1, 1, 1, 2]])
    level = one_level(ids, stuff=(2,), borderness="none", borderness_negatives="all")
    assert level.state.tolist() == [[POSITIVE] * 4 + [IGNORED]]
    assert level.borderness.tolist() == [[1, 1, 1, 1, 0]]


def test_an_unknown_borderness_is_refused():
    with pytest.raises(ValueError, match="not 'centre'"):
        one_level(np.ones((2, 2), np.int32), borderness="centre")


# ----------------------------------------------------------------------------------------------------------- semantics


def test_semantics_are_void_where_nothing_is_and_a_crowds_class_where_one_is():
    labels, weights = semantic_target(segmentation([[0, 1], [2, 3]], stuff=(2,), crowds=(3,)), ISTHING)
    assert labels.dtype == np.uint8
    assert labels.tolist() == [[255, THING], [STUFF, THING]]
    assert weights is None


def test_void_of_many_classes_is_the_greatest_value_of_a_wider_map():
    labels, _ = semantic_target(segmentation([[0, 1]]), np.ones(300, np.bool_))
    assert labels.dtype == np.uint16
    assert labels.tolist() == [[65535, THING]]


def test_only_pixels_of_small_things_count_more():
    # 1: a thing of 3 pixels; 2: of 4; 3: stuff of 1; 4: a crowd of 1; 0: void.
    ids = np.array([[1, 1, 1, 0], [2, 2, 2, 2], [3, 4, 0, 0]])
    truth = segmentation(ids, stuff=(3,), crowds=(4,))
    _, weights = semantic_target(truth, ISTHING, small_thing_weight=2.5, small_thing_area=4)
    assert weights.dtype == np.float32
    assert weights.tolist() == [[2.5, 2.5, 2.5, 1], [1, 1, 1, 1], [1, 1, 1, 1]]


@given(truth=truths(), area=st.integers(1, 60))
def test_semantic_targets_equal_the_rows_told_pixel_by_pixel(truth, area):
    labels, weights = semantic_target(truth, ISTHING, small_thing_weight=3.0, small_thing_area=area)
    segment_of = {segment.id: segment for segment in truth.segments}
    for (i, j), identity in np.ndenumerate(truth.ids):
        segment = segment_of.get(int(identity))
        if segment is None:
            assert (labels[i, j], weights[i, j]) == (255, 1)
            continue
        small = ISTHING[segment.label] and not segment.iscrowd and (truth.ids == identity).sum() < area
        assert (labels[i, j], weights[i, j]) == (segment.label, 3 if small else 1)


# --------------------------------------------------------------------------------------------------------- real photos


def test_photos_have_as_many_positives_as_were_counted_by_other_code(coco_mini):
    """The counts behind row 22 of docs/method.md, over 100 photos at a short side of 800.

    They give a limit to both its levels, as FCOS does. Distances are whole: limits half a pixel lower find the rest.
    """
    dataset = read_coco_panoptic(coco_mini / "annotations" / "panoptic_train2017.json")
    on_things, positives = 0, 0
    for record in dataset.records:
        truth = dataset.read_segmentation(record)
        ids = resample_ids(truth.ids, input_size(*truth.ids.shape, 800, 1333))
        shown = set(np.unique(ids).tolist())
        truth = PanopticSegmentation.from_ids(
            ids,
            {segment.id: segment.label for segment in truth.segments if segment.id in shown},
            crowds={segment.id for segment in truth.segments if segment.iscrowd},
        )
        above, from_limit_on = (
            location_targets(truth, dataset.categories.isthing, STRIDES, replace(BY_SIZE, size_limits=limits))
            for limits in ((64.0, 128.0, 256.0, 512.0), (63.5, 127.5, 255.5, 511.5))
        )
        for one, other in zip(above, from_limit_on, strict=True):
            on_things += np.count_nonzero(one.state != IGNORED)
            positives += np.count_nonzero((one.state == POSITIVE) | (other.state == POSITIVE))
    assert positives == 13_510
    assert on_things == pytest.approx(566_958, abs=1)
