from __future__ import annotations

from dataclasses import FrozenInstanceError, fields, replace

import numpy as np
import pytest

from lpsnet.structures import (
    Candidates,
    Detections,
    DropStage,
    InspectionSettings,
    MergeStep,
    MergeTrace,
    PanopticSegmentation,
    Segment,
    Stage,
    StepKind,
    Verdict,
    label_dtype,
    unlabelled,
)

# ------------------------------------------------------------------------------------------------------------ settings


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("class_threshold", -0.1, "class_threshold must lie between 0.0 and 1.0, not -0.1"),
        ("score_threshold", 1.01, "score_threshold must lie between 0.0 and 1.0, not 1.01"),
        ("overlap_threshold", float("nan"), "overlap_threshold must lie between 0.0 and 1.0, not nan"),
        ("nms_iou", "0.6", "nms_iou must be a number, not '0.6'"),
        ("nms_iou", True, "nms_iou must be a number, not True"),
        ("pre_nms_top_k", 0, "pre_nms_top_k must lie between 1 and 100000, not 0"),
        ("max_detections", 10.5, "max_detections must be a whole number, not 10.5"),
        ("stuff_limit", False, "stuff_limit must be a whole number, not False"),
        ("use_borderness", 1, "use_borderness must be true or false, not 1"),
        ("conflict", "loudest", "conflict must be one of closest, highest, smallest, not 'loudest'"),
        ("borderness_pooling", "mean", "borderness_pooling must be one of max, own, not 'mean'"),
        ("leftovers", None, "leftovers must be one of void, next_stuff, not None"),
        ("oracle_borderness", "", "oracle_borderness must be one of run, extreme, box, not ''"),
    ],
)
def test_a_bad_setting_is_named(field, value, message):
    with pytest.raises(ValueError, match=f"^{message}$"):
        InspectionSettings(**{field: value})


def test_settings_are_frozen_and_replaced_with_the_same_checks():
    settings = InspectionSettings()
    with pytest.raises(FrozenInstanceError):
        settings.nms_iou = 0.5  # type: ignore[misc]
    with pytest.raises(ValueError, match="nms_iou"):
        replace(settings, nms_iou=2.0)


def test_every_setting_says_where_it_comes_from():
    for spec in fields(InspectionSettings):
        assert Stage(spec.metadata["stage"])
        assert spec.metadata["reference"]


@pytest.mark.parametrize(
    ("changes", "stage"),
    [
        ({}, None),
        ({"semantic_oracle": True}, Stage.SEMANTICS),
        ({"box_oracle": True}, Stage.DETECTIONS),
        ({"nms_iou": 0.5}, Stage.DETECTIONS),
        ({"overlap_threshold": 0.4}, Stage.MERGE),
        ({"overlap_threshold": 0.4, "nms_iou": 0.5}, Stage.DETECTIONS),
        ({"stuff_limit": 0, "semantic_oracle": True, "nms_iou": 0.5}, Stage.SEMANTICS),
    ],
)
def test_the_first_stage_that_a_change_touches_is_found(changes, stage):
    settings = InspectionSettings()
    assert settings.first_stage_changed(replace(settings, **changes)) is stage
    assert replace(settings, **changes).first_stage_changed(settings) is stage


def test_only_both_oracles_together_spare_the_network():
    needed = {
        (semantic, box): InspectionSettings(semantic_oracle=semantic, box_oracle=box).needs_network
        for semantic in (False, True)
        for box in (False, True)
    }
    assert needed == {(False, False): True, (False, True): True, (True, False): True, (True, True): False}


# ------------------------------------------------------------------------------------------- labels and segmentations


@pytest.mark.parametrize(("num_classes", "dtype"), [(1, np.uint8), (254, np.uint8), (255, np.uint16), (400, np.uint16)])
def test_a_label_map_holds_its_classes_and_one_value_more(num_classes, dtype):
    assert label_dtype(num_classes) is dtype
    assert unlabelled(np.zeros((1, 1), dtype)) >= num_classes


def test_a_segmentation_gives_back_its_semantic_map():
    segmentation = PanopticSegmentation(
        np.array([[0, 7], [9, 7]], np.int32), (Segment(7, 2, 2, (1, 0, 2, 2)), Segment(9, 132, 1, (0, 1, 1, 2)))
    )
    assert segmentation.labels(133).tolist() == [[255, 2], [132, 2]]
    assert segmentation.labels(300).tolist() == [[65535, 2], [132, 2]]
    nothing = PanopticSegmentation(np.zeros((2, 3), np.int32), ())
    assert (nothing.labels(133) == 255).all()


# ---------------------------------------------------------------------------------------------------------- detections


def test_detections_of_any_detector_are_sorted_by_score_and_ties_keep_their_order():
    boxes = np.array([(0, 0, 2, 4), (1, 1, 1, 1), (2, 2, 3, 3)])
    detections = Detections.from_boxes(boxes, [5, 6, 7], [0.5, 0.9, 0.5])
    assert detections.labels.tolist() == [6, 5, 7]
    assert detections.location.tolist() == [[1, 1], [1, 2], [2.5, 2.5]]
    assert (detections.boxes.dtype, detections.scores.dtype) == (np.float32, np.float32)
    assert detections.class_scores.tolist() == detections.scores.tolist()
    assert len(Detections.from_boxes(np.zeros((0, 4)), [], [])) == 0


@pytest.mark.parametrize(
    ("boxes", "labels", "scores", "message"),
    [
        ([[0, 0, 1, 1]], [1, 2], [0.5], "1 boxes, 2 labels and 1 scores do not belong together"),
        ([[0, 0, np.nan, 1]], [1], [0.5], "every box must be finite"),
        ([[2, 0, 1, 1]], [1], [0.5], "x0 <= x1"),
        ([[0, 0, 1, 1]], [1], [1.5], r"every score must lie in \[0, 1\]"),
        ([[0, 0, 1, 1]], [1], [np.nan], r"every score must lie in \[0, 1\]"),
    ],
)
def test_detections_that_cannot_be_are_refused(boxes, labels, scores, message):
    with pytest.raises(ValueError, match=message):
        Detections.from_boxes(np.array(boxes), np.array(labels), np.array(scores))


def test_surviving_candidates_become_detections_by_descending_score():
    count = 4
    column = np.arange(count, dtype=np.float32)
    candidates = Candidates(
        boxes=np.stack([column, column, column + 1, column + 1], axis=1),
        labels=np.arange(count, dtype=np.int32),
        scores=np.array([0.3, 0.9, 0.7, 0.3], np.float32),
        class_scores=column / 10,
        borderness=column / 20,
        level=np.array([3, 4, 5, 6], np.uint8),
        location=np.stack([column, column], axis=1),
        dropped_at=np.array([DropStage.NONE, DropStage.NMS, DropStage.NONE, DropStage.NONE], np.uint8),
        suppressed_by=np.array([-1, 2, -1, -1], np.int32),
        iou=np.array([0, 0.8, 0, 0], np.float32),
    )
    assert len(candidates) == count
    assert candidates.kept().tolist() == [2, 0, 3]
    detections = candidates.detections()
    assert detections.labels.tolist() == [2, 0, 3]
    assert detections.level.tolist() == [5, 3, 6]
    assert detections.boxes[0].tolist() == [2, 2, 3, 3]


# -------------------------------------------------------------------------------------------------------------- traces


def step(owner: int, window: tuple[int, int, int, int], delta: list[list[int]]) -> MergeStep:
    return MergeStep(
        StepKind.STUFF, 0, -1, 0.0, None, 1, 0, 0.0, Verdict.KEPT, owner, window=window, delta=np.array(delta, np.uint8)
    )


@pytest.fixture
def trace() -> MergeTrace:
    """Two pastes of which the second takes a pixel from the first, and a step between them that changes nothing."""
    steps = (
        step(1, (0, 0, 1, 2), [[1, 1]]),
        MergeStep(StepKind.STUFF, 1, -1, 0.0, None, 1, 0, 0.0, Verdict.DISCARDED, 0),
        step(2, (0, 1, 1, 3), [[1 ^ 2, 2]]),
    )
    return MergeTrace(steps, np.array([[1, 2, 2]], np.uint8), np.zeros((1, 3), np.uint8), (), 0.3, "highest")


def test_a_cursor_walks_both_ways_and_names_what_changed(trace):
    cursor = trace.cursor()
    assert (cursor.position, cursor.owners.tolist()) == (3, [[1, 2, 2]])
    assert list(cursor.seek(1)) == [(0, 1, 1, 3)]
    assert (cursor.position, cursor.owners.tolist()) == (1, [[1, 1, 0]])
    assert list(cursor.seek(0)) == [(0, 0, 1, 2)]
    assert cursor.owners.tolist() == [[0, 0, 0]]
    assert list(cursor.seek(3)) == [(0, 0, 1, 2), (0, 1, 1, 3)]
    np.testing.assert_array_equal(cursor.owners, trace.owners)


def test_a_half_consumed_seek_leaves_the_cursor_where_it_came_to(trace):
    cursor = trace.cursor()
    next(cursor.seek(0))
    np.testing.assert_array_equal(cursor.owners, trace.owners_after(cursor.position))


def test_replaying_leaves_the_trace_itself_alone(trace):
    assert trace.owners_after(0).tolist() == [[0, 0, 0]]
    assert trace.owners.tolist() == [[1, 2, 2]]
    assert trace.segmentation().ids.dtype == np.int32


@pytest.mark.parametrize("position", [-1, 4])
def test_a_cursor_refuses_to_leave_the_trace(trace, position):
    with pytest.raises(IndexError, match=f"step {position} of 3"):
        list(trace.cursor().seek(position))
