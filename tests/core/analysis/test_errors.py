"""Segments judged: against a count mask by mask, the metric's own counts, and cases worked by hand."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lpsnet.analysis.errors import (
    ErrorPixel,
    Kind,
    Reason,
    SegmentVerdict,
    error_map,
    judge_segments,
    mean_quality,
    reason_words,
)
from lpsnet.categories import Categories, Category
from lpsnet.metrics.panoptic_quality import PanopticQuality, image_quality
from lpsnet.structures import PanopticSegmentation

CATEGORIES = Categories(
    (
        Category(1, "road", False, (128, 64, 128)),
        Category(2, "person", True, (220, 20, 60)),
        Category(3, "car", True, (0, 0, 142)),
        Category(4, "bus", True, (0, 60, 100)),
    )
)
ROAD, PERSON, CAR, BUS = range(4)


def judged(
    prediction: PanopticSegmentation, truth: PanopticSegmentation, areas: dict[int, float] | None = None
) -> tuple[SegmentVerdict, ...]:
    quality = image_quality(prediction, truth, len(CATEGORIES), truth_areas=areas)
    return judge_segments(prediction, truth, CATEGORIES, quality, truth_areas=areas)


def runs(*parts: tuple[int, int]) -> np.ndarray:
    """One row of pixels: (id, length) after (id, length)."""
    return np.concatenate([np.full(length, identity, np.int32) for identity, length in parts])[None, :]


def segmentation(ids: np.ndarray, labels: dict[int, int], crowds: Sequence[int] = ()) -> PanopticSegmentation:
    return PanopticSegmentation.from_ids(ids, labels, crowds=crowds)


def of_kind(rows: Sequence[SegmentVerdict], kind: Kind) -> list[SegmentVerdict]:
    return [row for row in rows if row.kind is kind]


# ------------------------------------------------------------------------------------------------------ any two maps


@st.composite
def pairs(draw: st.DrawFn) -> tuple[PanopticSegmentation, PanopticSegmentation]:
    cells = st.lists(st.integers(0, 6), min_size=24, max_size=24)
    truth_ids = np.array(draw(cells)).reshape(4, -1).repeat(2, axis=0)
    changed = np.reshape(draw(st.lists(st.booleans(), min_size=truth_ids.size, max_size=truth_ids.size)), (8, -1))
    prediction_ids = np.where(changed, draw(st.integers(0, 6)), truth_ids) * draw(st.sampled_from([1, 70_001]))

    def labelled(ids: np.ndarray, crowded: bool) -> PanopticSegmentation:
        order = draw(st.permutations([int(i) for i in np.unique(ids) if i]))
        crowds = [i for i in order if crowded and draw(st.integers(0, 3)) == 0]
        return segmentation(ids, {i: draw(st.integers(0, 2)) for i in order}, crowds)

    return labelled(prediction_ids, crowded=False), labelled(truth_ids, crowded=True)


@settings(max_examples=80, deadline=None)
@given(pairs())
def test_every_segment_is_judged_once_and_as_the_metric_counts_it(
    pair: tuple[PanopticSegmentation, PanopticSegmentation],
) -> None:
    prediction, truth = pair
    quality = image_quality(prediction, truth, len(CATEGORIES))
    rows = judge_segments(prediction, truth, CATEGORIES, quality)
    assert {(r.truth, r.prediction, r.iou) for r in of_kind(rows, Kind.TP)} == {
        (m.truth, m.prediction, m.iou) for m in quality.matches
    }
    assert sorted(r.prediction for r in of_kind(rows, Kind.FP)) == sorted(quality.false_positives)
    assert sorted(r.truth for r in of_kind(rows, Kind.FN)) == sorted(quality.false_negatives)
    assert sorted(r.prediction for r in of_kind(rows, Kind.IGNORED)) == sorted(quality.ignored)
    assert sorted(r.truth for r in of_kind(rows, Kind.CROWD)) == sorted(s.id for s in truth.segments if s.iscrowd)
    true, predicted = [r for r in rows if r.of_truth], [r for r in rows if not r.of_truth or r.kind is Kind.TP]
    assert sorted(r.truth for r in true) == sorted(s.id for s in truth.segments)
    assert sorted(r.prediction for r in predicted) == sorted(s.id for s in prediction.segments)


@settings(max_examples=60, deadline=None)
@given(pairs())
def test_counterparts_equal_those_found_mask_by_mask(pair: tuple[PanopticSegmentation, PanopticSegmentation]) -> None:
    prediction, truth = pair
    void = truth.ids == 0

    def iou(true: int, found: int) -> float:
        t, p = truth.ids == true, prediction.ids == found
        return float((t & p).sum() / (t | (p & ~void)).sum())

    labels = {s.id: s.label for s in prediction.segments}
    true_labels = {s.id: s.label for s in truth.segments}
    for row in judged(prediction, truth):
        if row.truth and row.prediction:
            assert row.iou == pytest.approx(iou(row.truth, row.prediction))
            assert (row.truth_label, row.prediction_label) == (true_labels[row.truth], labels[row.prediction])
        others = [iou(row.truth, p) for p in labels] if row.of_truth else [iou(t, row.prediction) for t in true_labels]
        if row.reason not in (Reason.SPLIT, Reason.MERGED, Reason.MATCHED):
            assert row.iou == pytest.approx(max(others, default=0.0))
        if row.reason is Reason.WRONG_CLASS:
            assert row.iou > 0.1
            assert row.truth_label != row.prediction_label
        if row.reason in (Reason.POOR_MASK, Reason.SPLIT, Reason.MERGED):
            assert row.truth_label == row.prediction_label
        if row.reason in (Reason.MISSED, Reason.SPURIOUS):
            assert row.iou <= 0.1


@settings(max_examples=60, deadline=None)
@given(pairs())
def test_the_cost_of_a_false_positive_is_what_erasing_it_from_the_map_brings(
    pair: tuple[PanopticSegmentation, PanopticSegmentation],
) -> None:
    prediction, truth = pair

    def pq(of: PanopticSegmentation) -> float:
        figure = PanopticQuality(image_quality(of, truth, len(CATEGORIES)).counts, CATEGORIES).all.pq
        return 1.0 if math.isnan(figure) else figure

    before = pq(prediction)
    for row in of_kind(judged(prediction, truth), Kind.FP):
        rest = {s.id: s.label for s in prediction.segments if s.id != row.prediction}
        erased = segmentation(np.where(prediction.ids == row.prediction, 0, prediction.ids), rest)
        assert row.cost == pytest.approx(pq(erased) - before, abs=1e-12)


@settings(max_examples=60, deadline=None)
@given(pairs())
def test_costs_equal_the_mean_over_classes_written_out(pair: tuple[PanopticSegmentation, PanopticSegmentation]) -> None:
    rows = judged(*pair)

    def pq(kept: Sequence[SegmentVerdict]) -> float:
        ious, lone = defaultdict(list), defaultdict(int)
        for row in kept:
            if row.kind is Kind.TP:
                ious[row.label].append(row.iou)
            elif row.kind in (Kind.FP, Kind.FN):
                lone[row.label] += 1
        classes = ious.keys() | lone.keys()
        return sum(sum(ious[c]) / (len(ious[c]) + lone[c] / 2) for c in classes) / len(classes) if classes else 1.0

    def perfect(row: SegmentVerdict) -> SegmentVerdict:
        return SegmentVerdict(Kind.TP, Reason.MATCHED, row.truth, 1, row.label, row.label, 1, 1, 1.0, 1.0, 0.0)

    for row in rows:
        rest = [r for r in rows if r is not row]
        if row.kind is Kind.TP:
            assert row.cost == pytest.approx(pq([*rest, perfect(row)]) - pq(rows), abs=1e-12)
        if row.kind is Kind.FN:
            same = [r for r in rest if (r.kind, r.truth, r.prediction) == (Kind.FP, row.truth, row.prediction)]
            mended = [*(r for r in rest if r not in same), perfect(row)]
            assert row.cost == pytest.approx(pq(mended) - pq(rows), abs=1e-12)
        if row.kind in (Kind.IGNORED, Kind.CROWD):
            assert row.cost == 0


@settings(max_examples=60, deadline=None)
@given(pairs())
def test_the_map_paints_what_lies_at_each_pixel(pair: tuple[PanopticSegmentation, PanopticSegmentation]) -> None:
    prediction, truth = pair
    rows = judged(prediction, truth)
    painted = error_map(prediction, truth, rows)
    assert painted.dtype == np.uint8
    of_prediction = {r.prediction: r.kind for r in rows if not r.of_truth or r.kind is Kind.TP}
    of_truth = {r.truth: r.kind for r in rows if r.of_truth}
    for at in np.ndindex(truth.ids.shape):
        found, real = of_prediction.get(int(prediction.ids[at])), of_truth.get(int(truth.ids[at]))
        if found is Kind.FP or real is Kind.FN:
            wanted = {(True, True): ErrorPixel.FP_AND_FN, (True, False): ErrorPixel.FP, (False, True): ErrorPixel.FN}[
                found is Kind.FP, real is Kind.FN
            ]
        elif found is Kind.IGNORED or (found is None and real is Kind.CROWD):
            wanted = ErrorPixel.IGNORED
        else:
            wanted = ErrorPixel.TP if found is Kind.TP else ErrorPixel.NONE
        assert painted[at] == wanted


# --------------------------------------------------------------------------------------------------- worked by hand


def test_a_bus_found_as_a_car_is_one_error_seen_from_two_sides() -> None:
    truth = segmentation(runs((1, 60), (2, 40)), {1: ROAD, 2: BUS})
    prediction = segmentation(runs((1, 70), (2, 30)), {1: ROAD, 2: CAR})
    missed, wrong, road = judged(prediction, truth)
    assert (missed.kind, missed.reason, missed.truth, missed.prediction) == (Kind.FN, Reason.WRONG_CLASS, 2, 2)
    assert missed.iou == 0.75
    assert reason_words(missed, CATEGORIES) == reason_words(wrong, CATEGORIES) == "bus found as car, IoU 0.75"
    assert (wrong.kind, wrong.label, wrong.area, wrong.cover) == (Kind.FP, CAR, 30, 1.0)
    # Road 60/70, bus 0, car 0; mending the bus leaves road and bus 1; erasing the car leaves road and bus 0.
    assert missed.cost == pytest.approx((60 / 70 + 1) / 2 - 60 / 70 / 3)
    assert wrong.cost == pytest.approx(60 / 70 / 2 - 60 / 70 / 3)
    assert (road.kind, road.cost) == (Kind.TP, pytest.approx(10 / 70 / 3))


def test_a_mask_of_half_the_segment_is_poor() -> None:
    truth = segmentation(runs((1, 100)), {1: PERSON})
    (missed, wrong) = judged(segmentation(runs((1, 43), (0, 57)), {1: PERSON}), truth)
    assert {missed.kind, wrong.kind} == {Kind.FN, Kind.FP}
    assert missed.reason is wrong.reason is Reason.POOR_MASK
    assert reason_words(missed, CATEGORIES) == "poor mask, IoU 0.43"
    assert missed.cost == 1.0  # its FP goes with it


def test_one_person_in_three_pieces_is_split() -> None:
    truth = segmentation(runs((1, 100)), {1: PERSON})
    rows = judged(segmentation(runs((1, 30), (2, 40), (3, 30)), {1: PERSON, 2: PERSON, 3: PERSON}), truth)
    assert [row.reason for row in rows] == [Reason.SPLIT] * 4
    (missed,) = of_kind(rows, Kind.FN)
    assert (missed.prediction, missed.iou) == (2, 0.4)
    assert {row.truth for row in of_kind(rows, Kind.FP)} == {1}


def test_a_piece_beside_the_match_is_split_too() -> None:
    truth = segmentation(runs((1, 100)), {1: PERSON})
    rows = judged(segmentation(runs((1, 80), (2, 20)), {1: PERSON, 2: PERSON}), truth)
    assert [(row.kind, row.reason) for row in rows] == [(Kind.FP, Reason.SPLIT), (Kind.TP, Reason.MATCHED)]


def test_two_people_in_one_segment_are_merged() -> None:
    truth = segmentation(runs((1, 50), (2, 50)), {1: PERSON, 2: PERSON})
    rows = judged(segmentation(runs((7, 100)), {7: PERSON}), truth)
    assert [row.reason for row in rows] == [Reason.MERGED] * 3
    assert {row.prediction for row in of_kind(rows, Kind.FN)} == {7}
    words = {reason_words(row, CATEGORIES) for row in rows}
    assert words == {"merged with another person, IoU 0.50", "merged: covers several of class person, IoU 0.50"}


def test_missed_says_what_lies_there_and_spurious_too() -> None:
    truth = segmentation(runs((1, 190), (2, 10)), {1: ROAD, 2: PERSON})
    prediction = segmentation(runs((1, 10), (2, 190)), {1: CAR, 2: ROAD})
    rows = judged(prediction, truth)
    assert reason_words(of_kind(rows, Kind.FN)[0], CATEGORIES) == "missed, 100 % of it is road"
    assert reason_words(of_kind(rows, Kind.FP)[0], CATEGORIES) == "spurious, 100 % of it is road"


def test_what_the_prediction_left_void_is_said_so() -> None:
    truth = segmentation(runs((1, 90), (2, 10)), {1: ROAD, 2: PERSON})
    (missed, road) = judged(segmentation(runs((1, 90), (0, 10)), {1: ROAD}), truth)
    assert (missed.reason, missed.prediction, missed.prediction_label) == (Reason.VOID, 0, -1)
    assert reason_words(missed, CATEGORIES) == "left void"
    assert road.iou == 1


def test_void_of_the_truth_leaves_the_union_and_excuses() -> None:
    truth = segmentation(runs((1, 40), (0, 60)), {1: PERSON})
    prediction = segmentation(runs((1, 70), (2, 30)), {1: PERSON, 2: CAR})
    matched, ignored = judged(prediction, truth)
    assert (matched.kind, matched.iou, matched.prediction_area) == (Kind.TP, 1.0, 70)
    assert (ignored.kind, ignored.reason, ignored.cost) == (Kind.IGNORED, Reason.VOID, 0)
    assert error_map(prediction, truth, (matched, ignored)).tolist() == [[1] * 70 + [4] * 30]


def test_a_crowd_excuses_its_class_alone() -> None:
    truth = segmentation(runs((1, 100)), {1: PERSON}, crowds=[1])
    prediction = segmentation(runs((1, 40), (2, 40), (0, 20)), {1: PERSON, 2: CAR})
    rows = judged(prediction, truth)
    assert [(row.kind, row.reason, row.label) for row in rows] == [
        (Kind.FP, Reason.WRONG_CLASS, CAR),
        (Kind.CROWD, Reason.CROWD, PERSON),
        (Kind.IGNORED, Reason.CROWD, PERSON),
    ]
    assert error_map(prediction, truth, rows).tolist() == [[4] * 40 + [2] * 40 + [4] * 20]


def test_areas_of_the_json_are_gone_by() -> None:
    truth = segmentation(runs((1, 100)), {1: PERSON})
    prediction = segmentation(runs((1, 100)), {1: PERSON})
    (row,) = judged(prediction, truth, {1: 150.0})
    assert (row.iou, row.truth_area) == (pytest.approx(100 / 150), 150)


def test_worst_comes_first() -> None:
    truth = segmentation(runs((1, 100), (2, 50), (3, 10), (4, 40)), {1: ROAD, 2: PERSON, 3: PERSON, 4: CAR})
    prediction = segmentation(runs((1, 90), (0, 10), (2, 40), (0, 20), (4, 40)), {1: ROAD, 2: PERSON, 4: CAR})
    rows = judged(prediction, truth)
    assert [(row.kind, row.truth) for row in rows] == [
        (Kind.FN, 3),
        (Kind.TP, 2),
        (Kind.TP, 1),
        (Kind.TP, 4),
    ]
    assert rows[-1].cost == 0


def test_nothing_at_all_is_perfect() -> None:
    empty = PanopticSegmentation(np.zeros((2, 3), np.int32), ())
    assert judged(empty, empty) == ()
    assert error_map(empty, empty, ()).tolist() == [[0, 0, 0]] * 2
    assert mean_quality(image_quality(empty, empty, len(CATEGORIES)).counts) == 1
