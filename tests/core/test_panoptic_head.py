from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from lpsnet.panoptic_head import merge
from lpsnet.structures import BordernessLevel, BordernessMaps, Detections, StepKind, Verdict

PERSON, SKY, CAR, GRASS = range(4)
ISTHING = np.array([True, False, True, False])
VOID = 255


def detect(*rows: tuple[tuple[float, ...], int, float]) -> Detections:
    """Detections of (box, label, score)."""
    return Detections.from_boxes(
        np.array([box for box, _, _ in rows], np.float32).reshape(-1, 4),
        np.array([label for _, label, _ in rows], np.int32),
        np.array([score for _, _, score in rows], np.float32),
    )


def paint(height: int, width: int, label: int = PERSON) -> np.ndarray:
    return np.full((height, width), label, np.uint8)


def flat_borderness(shape: tuple[int, int], value: float) -> BordernessMaps:
    return BordernessMaps((BordernessLevel(np.full(shape, value, np.float32), 1.0, 0.5, 0),))


# ------------------------------------------------------------------------------------------------ discarding, row 47


@pytest.mark.parametrize(("taken", "verdict"), [(30, Verdict.KEPT), (31, Verdict.DISCARDED)])
def test_an_overlap_of_thirty_percent_is_kept_and_thirty_one_is_not(taken, verdict):
    first, second = ((0, 0, taken, 1), PERSON, 0.9), ((0, 0, 100, 1), PERSON, 0.8)
    step = merge(detect(first, second), paint(1, 100), isthing=ISTHING).steps[1]
    assert (step.candidate_pixels, step.overlap_pixels, step.overlap) == (100, taken, taken / 100)
    assert step.verdict is verdict


def test_the_share_is_of_the_current_mask_not_of_the_union():
    # 4 of the later box's 10 pixels are taken: 0.4 of itself, though only 0.04 of the union.
    trace = merge(detect(((0, 0, 94, 1), PERSON, 0.9), ((90, 0, 100, 1), PERSON, 0.8)), paint(1, 100), isthing=ISTHING)
    assert trace.steps[1].verdict is Verdict.DISCARDED
    assert (trace.owners[0, 94:] == 0).all()


def test_a_box_of_another_class_takes_nothing_and_loses_nothing():
    labels = paint(4, 4)
    labels[:, 2:] = CAR
    trace = merge(detect(((0, 0, 4, 4), PERSON, 0.9), ((0, 0, 4, 4), CAR, 0.8)), labels, isthing=ISTHING)
    assert [step.overlap_pixels for step in trace.steps[:2]] == [0, 0]
    assert trace.owners.tolist() == [[1, 1, 2, 2]] * 4


def test_a_mask_is_the_pixels_whose_centre_lies_in_the_half_open_box():
    trace = merge(detect(((1.5, 0.5, 3.5, 1.5), PERSON, 0.9)), paint(3, 6), isthing=ISTHING)
    assert trace.owners.tolist() == [[0, 1, 1, 0, 0, 0], [0] * 6, [0] * 6]


def test_a_box_beside_the_image_or_without_its_class_is_empty():
    rows = [
        ((50, 50, 60, 60), PERSON, 0.9),
        ((-9, -9, -1, -1), PERSON, 0.8),
        ((0, 0, 9, 9), CAR, 0.7),
        ((2, 2, 2, 2), PERSON, 0.6),
    ]
    trace = merge(detect(*rows), paint(9, 9), isthing=ISTHING)
    assert [step.verdict for step in trace.steps[:4]] == [Verdict.EMPTY] * 4
    assert trace.segments == ()


def test_boxes_that_reach_far_beyond_the_image_are_clipped():
    trace = merge(detect(((-1e30, -1e30, 1e30, 1e30), PERSON, 0.9)), paint(3, 3), isthing=ISTHING)
    assert (trace.owners == 1).all()
    assert trace.segments[0].box == (0, 0, 3, 3)


def test_a_score_at_the_threshold_takes_a_step_and_one_below_does_not():
    scores = detect(((0, 0, 1, 1), PERSON, 0.5), ((1, 0, 2, 1), PERSON, 0.25), ((2, 0, 3, 1), PERSON, 0.24))
    trace = merge(scores, paint(1, 3), isthing=ISTHING, score_threshold=0.25)
    assert [step.detection for step in trace.steps if step.kind is StepKind.DETECTION] == [0, 1]


# ------------------------------------------------------------------------------------------- contested pixels, row 48


def two_people_over_an_l() -> tuple[Detections, np.ndarray]:
    """A lying L of one class: the first box holds its leg, the second its foot, and both want the two knee pixels."""
    labels = paint(6, 12, SKY)
    labels[:, :2] = PERSON
    labels[5, :] = PERSON
    return detect(((0, 0, 2, 6), PERSON, 0.9), ((0, 5, 12, 6), PERSON, 0.8)), labels


def test_the_knee_of_an_l_goes_to_the_box_whose_borderness_is_closest():
    # At the knee (5, 0): leg b = sqrt(0.5/1.5 · 0.5/5.5) = 0.174, foot b = sqrt(0.5/11.5 · 1) = 0.209.
    # At the knee (5, 1): leg b = sqrt(0.5/1.5 · 0.5/5.5) = 0.174, foot b = sqrt(1.5/10.5 · 1) = 0.378.
    detections, labels = two_people_over_an_l()
    leg, foot = (0.5 / 1.5 * 0.5 / 5.5) ** 0.5, [(0.5 / 11.5) ** 0.5, (1.5 / 10.5) ** 0.5]
    for predicted, winners in [(0.0, [1, 1]), (0.2, [2, 1]), (1.0, [2, 2])]:
        trace = merge(detections, labels, isthing=ISTHING, borderness=flat_borderness(labels.shape, predicted))
        assert winners == [1 + (abs(foot[column] - predicted) < abs(leg - predicted)) for column in (0, 1)]
        assert trace.owners[5, :2].tolist() == winners
        (contest,) = trace.steps[1].contests
        assert (contest.rival, contest.pixels, contest.won) == (1, 2, winners.count(2))
        assert {segment.id: segment.area for segment in trace.segments if segment.id < 3} == {
            1: 12 - winners.count(2),
            2: 10 + winners.count(2),
        }


def test_the_other_strategies_ask_for_confidence_or_for_area():
    detections, labels = two_people_over_an_l()
    maps = flat_borderness(labels.shape, 1.0)
    assert merge(detections, labels, isthing=ISTHING, borderness=maps, conflict="highest").owners[5, 0] == 1
    # Both boxes cover 12 pixels: a tie, and the more confident one keeps.
    assert merge(detections, labels, isthing=ISTHING, borderness=maps, conflict="smallest").owners[5, 0] == 1
    smaller = detect(((0, 0, 2, 6), PERSON, 0.9), ((0, 5, 11, 6), PERSON, 0.8))
    assert merge(smaller, labels, isthing=ISTHING, borderness=maps, conflict="smallest").owners[5, 0] == 2


def test_the_level_of_each_box_answers_when_pooling_asks_for_its_own():
    detections, labels = two_people_over_an_l()
    detections.level[:] = [3, 4]
    # P3 predicts what the leg has at the knee, P4 something the foot has nowhere: each box is asked by its own level.
    leg = np.float32((0.5 / 1.5 * 0.5 / 5.5) ** 0.5)
    levels = tuple(
        BordernessLevel(np.full(labels.shape, value, np.float32), 1.0, 0.5, level)
        for level, value in ((3, leg), (4, 1.0))
    )
    own = merge(detections, labels, isthing=ISTHING, borderness=BordernessMaps(levels, pooling="own"))
    greatest = merge(detections, labels, isthing=ISTHING, borderness=BordernessMaps(levels, pooling="max"))
    assert own.owners[5, :2].tolist() == [1, 1]
    assert greatest.owners[5, :2].tolist() == [2, 2]


@pytest.mark.parametrize("maps", [None, BordernessMaps(())])
def test_closest_without_maps_falls_back_to_highest_and_says_so(maps):
    detections, labels = two_people_over_an_l()
    trace = merge(detections, labels, isthing=ISTHING, borderness=maps)
    assert trace.conflict == "highest"
    assert trace.notes == ("without border-ness maps, contested pixels go to the box of highest confidence",)
    assert trace.owners[5, :2].tolist() == [1, 1]
    assert merge(detections, labels, isthing=ISTHING, conflict="highest").notes == ()


def test_a_kept_detection_that_loses_every_pixel_has_no_segment():
    # The first box is one pixel; the second, whose border-ness there fits the prediction better, takes it.
    detections = detect(((0, 0, 1, 1), PERSON, 0.9), ((0, 0, 10, 1), PERSON, 0.8))
    trace = merge(detections, paint(1, 10), isthing=ISTHING, borderness=flat_borderness((1, 10), 0.0))
    assert [step.verdict for step in trace.steps[:2]] == [Verdict.KEPT, Verdict.KEPT]
    assert [(segment.id, segment.area) for segment in trace.segments] == [(2, 10)]
    assert trace.owners.tolist() == [[2] * 10]


def test_with_an_overlap_threshold_of_one_a_wholly_covered_box_is_kept_but_changes_nothing():
    detections = detect(((0, 0, 4, 4), PERSON, 0.9), ((0, 0, 4, 4), PERSON, 0.8))
    trace = merge(detections, paint(4, 4), isthing=ISTHING, overlap_threshold=1.0, conflict="highest")
    assert trace.steps[1].verdict is Verdict.KEPT
    assert trace.steps[1].contested_pixels == 16
    assert (trace.owners == 1).all()
    assert len(trace.segments) == 1


# ----------------------------------------------------------------------------------- stuff and leftovers, rows 54-55


@pytest.mark.parametrize(("limit", "verdict"), [(8, Verdict.KEPT), (9, Verdict.DISCARDED)])
def test_stuff_below_the_limit_stays_void(limit, verdict):
    labels = paint(2, 4, GRASS)
    trace = merge(detect(), labels, isthing=ISTHING, stuff_limit=limit)
    step, leftovers = trace.steps
    assert (step.kind, step.label, step.candidate_pixels, step.verdict) == (StepKind.STUFF, GRASS, 8, verdict)
    assert (trace.owners == int(verdict is Verdict.KEPT)).all()
    assert (leftovers.kind, leftovers.verdict) == (StepKind.LEFTOVERS, Verdict.EMPTY)


def test_stuff_comes_by_class_index_after_the_boxes_with_tight_windows():
    labels = paint(40, 30, VOID)
    labels[30:35, 3:9] = SKY
    labels[2:4, 20:22] = GRASS
    labels[10:12, 10:12] = PERSON
    trace = merge(detect(((9, 9, 13, 13), PERSON, 0.9)), labels, isthing=ISTHING, stuff_limit=0)
    assert [(step.kind, step.label, step.owner) for step in trace.steps] == [
        (StepKind.DETECTION, PERSON, 1),
        (StepKind.STUFF, SKY, 2),
        (StepKind.STUFF, GRASS, 3),
        (StepKind.LEFTOVERS, -1, 0),
    ]
    assert [(s.id, s.label, s.area, s.box, s.score) for s in trace.segments] == [
        (1, PERSON, 4, (10, 10, 12, 12), pytest.approx(0.9)),
        (2, SKY, 30, (3, 30, 9, 35), None),
        (3, GRASS, 4, (20, 2, 22, 4), None),
    ]
    assert trace.steps[2].window == (2, 20, 4, 22)
    assert trace.owners[labels == VOID].max() == 0


def test_leftover_thing_pixels_stay_void_and_are_counted():
    labels = paint(2, 6)
    trace = merge(detect(((0, 0, 2, 2), PERSON, 0.9)), labels, isthing=ISTHING, stuff_limit=0)
    assert trace.steps[-1].candidate_pixels == 8
    assert trace.steps[-1].verdict is Verdict.DISCARDED
    assert (trace.owners[:, 2:] == 0).all()


def test_leftover_thing_pixels_go_to_their_next_best_stuff_if_asked():
    labels = paint(2, 6)
    labels[:, 5] = SKY
    next_stuff = paint(2, 6, SKY)
    next_stuff[:, 3] = GRASS
    trace = merge(
        detect(((0, 0, 2, 2), PERSON, 0.9)),
        labels,
        isthing=ISTHING,
        next_stuff=next_stuff,
        leftovers="next_stuff",
        stuff_limit=3,
    )
    sky, grass, leftovers = trace.steps[1:]
    assert (sky.candidate_pixels, sky.adopted_pixels, sky.verdict) == (6, 4, Verdict.KEPT)
    assert (grass.candidate_pixels, grass.adopted_pixels, grass.verdict) == (2, 2, Verdict.DISCARDED)
    assert (leftovers.candidate_pixels, leftovers.verdict) == (2, Verdict.DISCARDED)
    assert trace.owners.tolist() == [[1, 1, 2, 0, 2, 2]] * 2


def test_next_stuff_without_a_map_is_refused():
    with pytest.raises(ValueError, match="needs the next_stuff map"):
        merge(detect(), paint(2, 2), isthing=ISTHING, leftovers="next_stuff")


# ------------------------------------------------------------------------------------------------- dtypes and limits


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int32, np.int64])
def test_any_integer_label_map_gives_the_same_merge(dtype):
    detections, labels = two_people_over_an_l()
    labels[0, 5:] = VOID
    expected = merge(detections, labels, isthing=ISTHING, stuff_limit=0)
    wide = labels.astype(dtype)
    wide[labels == VOID] = np.iinfo(dtype).max
    trace = merge(detections, wide, isthing=ISTHING, stuff_limit=0)
    np.testing.assert_array_equal(trace.owners, expected.owners)
    assert trace.segments == expected.segments


def test_negative_labels_are_void():
    labels = np.array([[-1, SKY, -100]])
    assert merge(detect(), labels, isthing=ISTHING, stuff_limit=0).owners.tolist() == [[0, 1, 0]]


def test_more_than_255_kept_boxes_need_and_get_16_bit_owners():
    boxes = np.array([(j, i, j + 1, i + 1) for i in range(16) for j in range(20)], np.float32)
    detections = Detections.from_boxes(boxes, np.zeros(320, np.int32), np.linspace(1, 0.5, 320, dtype=np.float32))
    labels = paint(17, 20)
    labels[16] = SKY
    trace = merge(detections, labels, isthing=ISTHING, stuff_limit=0)
    assert trace.owners.dtype == np.uint16
    np.testing.assert_array_equal(trace.owners[:16].reshape(-1), np.arange(1, 321))
    assert (trace.owners[16] == 321).all()
    assert all(step.delta is None or step.delta.dtype == np.uint16 for step in trace.steps)
    np.testing.assert_array_equal(trace.owners_after(300)[:15].reshape(-1), np.arange(1, 301))
    assert (trace.owners_after(300)[15:] == 0).all()


def test_owners_shrink_to_8_bits_when_few_of_many_boxes_are_kept():
    count = 400
    detections = Detections.from_boxes(
        np.tile([0, 0, 4, 4], (count, 1)), np.zeros(count, np.int32), np.linspace(1, 0.5, count)
    )
    trace = merge(detections, paint(4, 4), isthing=ISTHING)
    assert trace.owners.dtype == np.uint8
    assert trace.steps[0].delta is not None
    assert trace.steps[0].delta.dtype == np.uint8
    assert (trace.owners_after(0) == 0).all()


def test_many_classes_fit_16_bit_labels():
    isthing = np.arange(400) < 300
    labels = np.full((4, 6), 350, np.uint16)
    labels[:2] = 299
    labels[0, 0] = 65535
    trace = merge(detect(((0, 0, 6, 2), 299, 0.9)), labels, isthing=isthing, stuff_limit=0)
    assert [(segment.label, segment.area) for segment in trace.segments] == [(299, 11), (350, 12)]
    assert trace.owners[0, 0] == 0


def test_the_greatest_8_bit_label_is_void_even_among_more_classes():
    labels = np.array([[VOID, 254, 254]], np.uint8)
    trace = merge(detect(), labels, isthing=np.zeros(400, bool), stuff_limit=0)
    assert trace.owners.tolist() == [[0, 1, 1]]


def test_an_image_without_pixels_merges_to_nothing():
    trace = merge(detect(((0, 0, 3, 3), PERSON, 0.9)), np.zeros((0, 5), np.uint8), isthing=ISTHING)
    assert [step.verdict for step in trace.steps] == [Verdict.EMPTY, Verdict.EMPTY]


def test_the_callers_arrays_are_left_as_they_were():
    detections, labels = two_people_over_an_l()
    before = labels.copy()
    merge(detections, labels, isthing=ISTHING, borderness=flat_borderness(labels.shape, 0.3), stuff_limit=0)
    np.testing.assert_array_equal(labels, before)


# ---------------------------------------------------------------------------------------------------------- bad input


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"score_threshold": 1.5}, "score_threshold must lie between 0 and 1, not 1.5"),
        ({"overlap_threshold": float("nan")}, "overlap_threshold must lie between 0 and 1, not nan"),
        ({"stuff_limit": -1}, "stuff_limit must not be negative"),
        ({"conflict": "loudest"}, "conflict must be one of closest, highest, smallest, not 'loudest'"),
        ({"leftovers": "sky"}, "leftovers must be one of void, next_stuff, not 'sky'"),
        (
            {"leftovers": "next_stuff", "next_stuff": paint(1, 1, SKY)},
            r"next_stuff is \[1, 1\], but labels are \[4, 4\]",
        ),
        ({"leftovers": "next_stuff", "next_stuff": paint(4, 4, CAR)}, "next_stuff holds a thing class"),
    ],
)
def test_settings_out_of_range_are_named(changes, message):
    with pytest.raises(ValueError, match=message):
        merge(detect(), paint(4, 4), isthing=ISTHING, **changes)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (((0, 0, 1, 1), SKY, 0.5), "detection 0 has class 1, which is stuff; only things have boxes"),
        (((0, 0, 1, 1), 4, 0.5), "detection 0 has class 4, but there are 4 classes"),
        (((0, 0, 1, 1), -1, 0.5), "detection 0 has class -1, but there are 4 classes"),
    ],
)
def test_detections_of_no_thing_class_are_refused(row, message):
    with pytest.raises(ValueError, match=message):
        merge(detect(row), paint(2, 2), isthing=ISTHING)


def test_broken_and_unsorted_detections_are_refused():
    detections = detect(((0, 0, 1, 1), PERSON, 0.9), ((0, 0, 1, 1), PERSON, 0.5))
    detections.boxes[1, 2] = np.nan
    with pytest.raises(ValueError, match="detection 1 is not finite"):
        merge(detections, paint(2, 2), isthing=ISTHING)
    unsorted = detect(((0, 0, 1, 1), PERSON, 0.9), ((0, 0, 1, 1), PERSON, 0.5))
    unsorted.scores[:] = unsorted.scores[::-1].copy()
    with pytest.raises(ValueError, match="by descending score"):
        merge(unsorted, paint(2, 2), isthing=ISTHING)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (np.full((2, 2), 7, np.uint8), "labels hold 7, which is neither one of the 4 classes nor 255"),
        (np.full((2, 2), 255, np.int64), "labels hold 255, which is neither one of the 4 classes nor 9223"),
        (np.zeros((2, 2), np.float32), r"labels must be whole numbers \[H, W\], not float32 \[2, 2\]"),
        (np.zeros(4, np.uint8), r"labels must be whole numbers \[H, W\], not uint8 \[4\]"),
    ],
)
def test_label_maps_that_hold_something_else_are_refused(labels, message):
    with pytest.raises(ValueError, match=message):
        merge(detect(), labels, isthing=ISTHING)


# --------------------------------------------------------------------------------------------------------- portability

ANOTHER_NETWORK = """
import sys
for absent in ("torch", "torchvision", "pycocotools", "pydantic", "PySide6"):
    sys.modules[absent] = None
import numpy as np
from lpsnet.panoptic_head import merge
from lpsnet.structures import Detections

labels = np.full((8, 8), 2, np.int64)          # its argmax, stuff class 2 ...
labels[1:6, 1:6] = 0                           # ... and two animals of thing class 0
detections = Detections.from_boxes([[1, 1, 4, 6], [4, 1, 6, 6], [0, 0, 8, 8]], [0, 0, 1], [0.7, 0.9, 0.8])
trace = merge(detections, labels, isthing=np.array([True, True, False]), stuff_limit=1)
print([(segment.label, segment.area, segment.box) for segment in trace.segments])
print(sorted({name.split(".")[1] for name in sys.modules if name.startswith("lpsnet.")}))
"""


def test_the_head_runs_on_another_networks_arrays_with_nothing_else_of_this_package():
    done = subprocess.run(
        [sys.executable, "-c", ANOTHER_NETWORK], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    segments, rooms = done.stdout.splitlines()
    assert segments == "[(0, 10, (4, 1, 6, 6)), (0, 15, (1, 1, 4, 6)), (2, 39, (0, 0, 8, 8))]"
    assert rooms == "['borderness', 'panoptic_head', 'structures']"
