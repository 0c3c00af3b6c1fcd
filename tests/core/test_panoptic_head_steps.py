from __future__ import annotations

import numpy as np
import pytest

from lpsnet.categories import Categories, Category
from lpsnet.panoptic_head import candidate_mask, contested_mask, explain_step, merge
from lpsnet.structures import BordernessLevel, BordernessMaps, Detections, MergeTrace

CATEGORIES = Categories(
    (
        Category(1, "person", True, (220, 20, 60)),
        Category(187, "sky", False, (70, 130, 180)),
        Category(193, "grass", False, (152, 251, 152)),
    )
)


@pytest.fixture
def trace() -> MergeTrace:
    """A row of people over sky: one kept, one kept after a dispute, one discarded, one without a person, the rest."""
    labels = np.full((3, 40), 1, np.uint8)
    labels[0] = 0
    labels[2, :3] = 2
    boxes = [(0, 0, 10, 1), (8, 0, 20, 1), (12, 0, 22, 1), (0, 1, 40, 2)]
    detections = Detections.from_boxes(np.array(boxes, np.float32), np.zeros(4, np.int32), [0.91, 0.8, 0.7, 0.6])
    # A prediction of 1 prefers the box that a pixel lies deeper in: the first at column 8, the second at column 9.
    ones = BordernessLevel(np.ones((3, 40), np.float32), 1.0, 0.5, 0)
    return merge(detections, labels, isthing=CATEGORIES.isthing, borderness=BordernessMaps((ones,)), stuff_limit=5)


def sentences(trace: MergeTrace) -> list[str]:
    return [explain_step(step, trace, CATEGORIES) for step in trace.steps]


def test_every_step_is_told_in_one_line(trace):
    assert sentences(trace) == [
        "person 0.91 · overlap 0.00 ≤ 0.30 · kept",
        "person 0.80 · overlap 0.17 ≤ 0.30 · kept · 2 contested pixels, 1 won from person #1",
        "person 0.70 · overlap 0.80 > 0.30 · discarded",
        "person 0.60 · no person pixel in the box · nothing to paste",
        "sky · 77 free pixels · kept",
        "grass · 3 free pixels · below the stuff limit, left void",
        "leftovers · 20 pixels of thing classes in no kept box · left void",
    ]


def test_each_rival_is_named_when_there_are_several():
    boxes = np.array([(0, 0, 10, 1), (20, 0, 30, 1), (9, 0, 21, 1)], np.float32)
    detections = Detections.from_boxes(boxes, np.zeros(3, np.int32), [0.9, 0.8, 0.7])
    trace = merge(detections, np.zeros((1, 30), np.uint8), isthing=CATEGORIES.isthing, conflict="highest")
    assert sentences(trace)[2:] == [
        "person 0.70 · overlap 0.17 ≤ 0.30 · kept"
        " · 2 contested pixels, 0 of 1 won from person #1, 0 of 1 won from person #2",
        "leftovers · every pixel of a thing class has found an owner",
    ]


def test_an_overlap_just_above_the_threshold_is_not_shown_as_equal_to_it():
    boxes = np.array([(0, 0, 301, 1), (0, 0, 1000, 1)], np.float32)
    detections = Detections.from_boxes(boxes, np.zeros(2, np.int32), [0.9, 0.8])
    trace = merge(detections, np.zeros((1, 1000), np.uint8), isthing=CATEGORIES.isthing)
    assert "overlap 0.301 > 0.300 · discarded" in sentences(trace)[1]


def test_adopted_pixels_are_told():
    trace = merge(
        Detections.from_boxes(np.zeros((0, 4), np.float32), np.zeros(0, np.int32), np.zeros(0, np.float32)),
        np.zeros((2, 1000), np.uint8),
        isthing=CATEGORIES.isthing,
        next_stuff=np.full((2, 1000), 1, np.uint8),
        leftovers="next_stuff",
        stuff_limit=0,
    )
    assert sentences(trace)[0] == "sky · 2,000 free pixels, 2,000 of them adopted from thing classes · kept"


def test_candidate_pixels_of_every_kind_of_step(trace):
    window, mask = candidate_mask(trace, 1)
    assert window == (0, 8, 1, 20)
    assert mask.all()
    window, mask = candidate_mask(trace, 3)
    assert window == (1, 0, 2, 40)
    assert not mask.any()
    window, mask = candidate_mask(trace, 4)
    assert window == (1, 0, 3, 40)
    assert mask.sum() == 77
    _, discarded_stuff = candidate_mask(trace, 5)
    assert np.argwhere(discarded_stuff).tolist() == [[2, 0], [2, 1], [2, 2]]
    _, left_over = candidate_mask(trace, 6)
    np.testing.assert_array_equal(left_over, (trace.labels == 0) & (trace.owners == 0))


def test_contested_pixels_and_whom_they_went_to(trace):
    window, contested, owners = contested_mask(trace, 1)
    assert window == (0, 8, 1, 20)
    assert np.flatnonzero(contested).tolist() == [0, 1]
    assert owners[0, :2].tolist() == [1, 2]
    # Of the discarded third box they are the pixels that spoke against it, and they stay where they were.
    window, contested, owners = contested_mask(trace, 2)
    assert contested[0].tolist() == [True] * 8 + [False] * 2
    assert set(owners[contested]) == {2}


def test_a_cursor_saves_the_replay(trace):
    cursor = trace.cursor()
    for _ in cursor.seek(2):
        pass
    replayed, given = contested_mask(trace, 1), contested_mask(trace, 1, cursor.owners)
    np.testing.assert_array_equal(replayed[1], given[1])
    np.testing.assert_array_equal(replayed[2], given[2])


@pytest.mark.parametrize("index", [-1, 7])
def test_a_step_that_is_not_there_is_refused(trace, index):
    with pytest.raises(IndexError, match=f"step {index} of 7"):
        candidate_mask(trace, index)
    with pytest.raises(IndexError, match=f"step {index} of 7"):
        contested_mask(trace, index)
