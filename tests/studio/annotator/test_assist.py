from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from lpsnet.panoptic_head import merge
from lpsnet.structures import Detections, MergeTrace, StepKind, Verdict
from lpsnet_studio.annotator import assist
from lpsnet_studio.annotator.placed_mask import PlacedMask

SIZE = (9, 12)
labels_maps = hnp.arrays(np.uint8, SIZE, elements=st.sampled_from([0, 1, 2, 3, 255]))
corners = st.tuples(*[st.floats(-4, 15)] * 4)


def inside(box: assist.Corners) -> NDArray[np.bool_]:
    rows, columns = np.mgrid[: SIZE[0], : SIZE[1]]
    x0, x1 = sorted(np.float32([box[0], box[2]]).astype(float))
    y0, y1 = sorted(np.float32([box[1], box[3]]).astype(float))
    return (x0 <= columns + 0.5) & (columns + 0.5 < x1) & (y0 <= rows + 0.5) & (rows + 0.5 < y1)


@settings(max_examples=60)
@given(labels_maps, st.integers(0, 3), corners)
def test_a_box_gets_the_pixels_of_its_class_inside_it(
    labels: NDArray[np.uint8], label: int, box: assist.Corners
) -> None:
    found = assist.box_pixels(labels, label, box)
    np.testing.assert_array_equal(found.whole(SIZE), inside(box) & (labels == label))


@settings(max_examples=60)
@given(labels_maps, corners)
def test_the_likeliest_class_is_the_one_with_most_pixels(labels: NDArray[np.uint8], box: assist.Corners) -> None:
    allowed = np.array([True, False, True, True])
    shares = assist.classes_in_box(labels, box, allowed)
    counted = {label: int((inside(box) & (labels == label)).sum()) for label in (0, 2, 3)}
    assert {share.label: share.pixels for share in shares} == {k: n for k, n in counted.items() if n}
    assert [share.pixels for share in shares] == sorted((share.pixels for share in shares), reverse=True)
    assert all(abs(share.share - share.pixels / inside(box).sum()) < 1e-9 for share in shares)


def merged() -> MergeTrace:
    """Returns a merge of three boxes of one class, of which the second covers the first, and of a speck of stuff."""
    labels = np.full((8, 10), 1, np.uint8)
    labels[2:6, 1:7] = 0
    labels[0, 0] = 2
    boxes = np.array([[1, 2, 7, 6], [1, 2, 5, 6], [5, 2, 7, 6]], np.float32)
    detections = Detections.from_boxes(boxes, np.zeros(3, np.int32), np.array([0.9, 0.6, 0.8], np.float32))
    return merge(detections, labels, isthing=np.array([True, False, False]), stuff_limit=2)


def test_what_the_merge_discarded_is_offered_with_the_pixels_it_would_have_had() -> None:
    trace = merged()
    steps = assist.discarded_steps(trace)
    assert [step.kind for step in steps] == [StepKind.DETECTION, StepKind.DETECTION, StepKind.STUFF]
    assert all(step.verdict is Verdict.DISCARDED for step in steps)
    ids = trace.owners.astype(np.uint16)
    narrow, left, stuff = (assist.pixels_of_step(trace.labels, step, ids) for step in steps)
    assert narrow.window == (2, 5, 6, 7)
    assert left.window == (2, 1, 6, 5)
    assert stuff.window == (0, 0, 1, 1)
    held = ids.copy()
    held[0, 0] = 9
    assert assist.pixels_of_step(trace.labels, steps[2], held).is_empty


def test_a_click_finds_the_discarded_detections_under_it_by_score() -> None:
    trace = merged()
    assert [round(step.score, 1) for step in assist.discarded_under(trace, 6.5, 3.5)] == [0.8]
    assert [round(step.score, 1) for step in assist.discarded_under(trace, 1.0, 2.0)] == [0.6]
    assert assist.discarded_under(trace, 8.5, 3.5) == ()
    assert assist.discarded_under(trace, -1, 3) == ()


def test_a_scribble_hands_over_the_disputed_pixels_it_hangs_together_with() -> None:
    ids = np.zeros((6, 20), np.uint16)
    ids[:, :8] = 1
    ids[:, 8:] = 2
    ids[:, 12] = 0
    scribble = PlacedMask(np.ones((1, 2), np.bool_), (2, 8))
    handed = assist.contested_pixels(ids, 2, [(0, 1, 15, 5)], scribble, giver_box=(8, 0, 20, 6))
    expected = np.zeros_like(ids, np.bool_)
    expected[1:5, 8:12] = True
    np.testing.assert_array_equal(handed.whole(ids.shape), expected)


def test_a_scribble_never_takes_most_of_a_segment_nor_far_away_stuff() -> None:
    ids = np.full((60, 200), 2, np.uint16)
    ids[20:40, 20:40] = 1
    scribble = PlacedMask(np.ones((3, 20), np.bool_), (30, 40))
    road = (0, 0, 200, 60)
    near = assist.contested_pixels(ids, 2, [], scribble, giver_box=road)
    rows, columns = np.mgrid[:60, :200]
    distances = np.hypot(np.maximum(abs(rows - 31) - 1, 0), np.maximum(np.maximum(40 - columns, columns - 59), 0))
    np.testing.assert_array_equal(near.whole(ids.shape), (distances <= 10) & (ids == 2))
    most = assist.contested_pixels(ids, 2, [road, road], scribble, giver_box=road)
    np.testing.assert_array_equal(most.whole(ids.shape), near.whole(ids.shape))


def test_a_scribble_outside_the_dispute_hands_over_what_it_covers() -> None:
    ids = np.full((4, 10), 2, np.uint16)
    ids[:, 0] = 1
    scribble = PlacedMask(np.ones((1, 9), np.bool_), (1, 0))
    handed = assist.contested_pixels(ids, 2, [(0, 0, 1, 4)], scribble, giver_box=(1, 0, 10, 4))
    assert handed.window == (1, 1, 2, 9)
    assert assist.contested_pixels(ids, 3, [(0, 0, 5, 4)], scribble, giver_box=(1, 0, 10, 4)).is_empty


@settings(max_examples=40)
@given(hnp.arrays(np.bool_, SIZE), labels_maps)
def test_void_is_proposed_the_likeliest_stuff(void: NDArray[np.bool_], next_stuff: NDArray[np.uint8]) -> None:
    allowed = np.array([True, True, False, True])
    proposal = assist.void_from_stuff(PlacedMask(void), next_stuff, allowed)
    parts = proposal.by_value()
    assert set(parts) == set(np.unique(next_stuff[void & np.isin(next_stuff, [0, 1, 3])]).tolist())
    for label, part in parts.items():
        np.testing.assert_array_equal(part.whole(SIZE), void & (next_stuff == label))
    everything = assist.void_from_stuff(PlacedMask(void), next_stuff)
    assert everything.region.area == (void & (next_stuff != 255)).sum()


def test_void_is_proposed_the_nearest_segment_that_may_grow() -> None:
    ids = np.zeros((3, 9), np.uint16)
    ids[:, 0], ids[:, 4], ids[:, 8] = 1, 2, 3
    void = PlacedMask(ids == 0)
    parts = assist.void_from_nearest(void, ids).by_value()
    assert parts[1].whole(ids.shape)[0].nonzero()[0].tolist()[0] == 1
    assert sum(part.area for part in parts.values()) == void.area
    assert set(assist.void_from_nearest(void, ids, barred={2}).by_value()) == {1, 3}
    assert assist.void_from_nearest(void, np.zeros_like(ids)).region.is_empty
