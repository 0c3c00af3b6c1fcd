"""Panoptic quality against a mask-by-mask count, and values worked out by hand."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lpsnet.categories import Categories, Category
from lpsnet.metrics.panoptic_quality import PanopticQuality, QualityCounts, SegmentMatch, count_quality, image_quality
from lpsnet.structures import PanopticSegmentation

CATEGORIES = Categories(
    (
        Category(1, "person", True, (220, 20, 60)),
        Category(2, "grass", False, (0, 200, 0)),
        Category(5, "car", True, (0, 0, 142)),
    )
)


# ------------------------------------------------------------------------------------------------------- brute force


def count_mask_by_mask(
    prediction: PanopticSegmentation, truth: PanopticSegmentation, num_classes: int, areas: dict[int, int]
) -> tuple[list[int], list[int], list[int], list[float]]:
    """Counts as panopticapi's rules read, with one boolean mask a segment."""
    tp, fp, fn, iou = ([0] * num_classes for _ in range(4))
    void = truth.ids == 0
    matched_truth, matched_prediction = set(), set()
    for real in truth.segments:
        for guess in prediction.segments:
            mask, other = truth.ids == real.id, prediction.ids == guess.id
            shared = int((mask & other).sum())
            if real.iscrowd or real.label != guess.label or shared == 0:
                continue
            union = int(other.sum()) + areas[real.id] - shared - int((other & void).sum())
            if shared / union > 0.5:
                tp[real.label] += 1
                iou[real.label] += shared / union
                matched_truth.add(real.id)
                matched_prediction.add(guess.id)
    last_crowd = {}
    for real in truth.segments:
        if real.iscrowd:
            last_crowd[real.label] = real.id
        elif real.id not in matched_truth:
            fn[real.label] += 1
    for guess in prediction.segments:
        if guess.id in matched_prediction:
            continue
        other = prediction.ids == guess.id
        excused = int((other & void).sum())
        if guess.label in last_crowd:
            excused += int((other & (truth.ids == last_crowd[guess.label])).sum())
        if not excused / int(other.sum()) > 0.5:
            fp[guess.label] += 1
    return tp, fp, fn, iou


@st.composite
def id_maps(draw: st.DrawFn, cells: int) -> np.ndarray:
    """Blocky maps, so that matches, halves and crowds all occur."""
    coarse = draw(st.lists(st.integers(0, 6), min_size=cells, max_size=cells))
    return np.array(coarse).reshape(4, -1).repeat(2, axis=0)


@st.composite
def pairs(draw: st.DrawFn) -> tuple[PanopticSegmentation, PanopticSegmentation]:
    truth_ids = draw(id_maps(24))
    changed = draw(st.lists(st.booleans(), min_size=truth_ids.size, max_size=truth_ids.size))
    noise = draw(st.integers(0, 6))
    prediction_ids = np.where(np.reshape(changed, truth_ids.shape), noise, truth_ids)
    scale = draw(st.sampled_from([1, 70_001]))

    def label(ids: np.ndarray, crowded: bool) -> PanopticSegmentation:
        present = [int(i) for i in np.unique(ids) if i]
        order = draw(st.permutations(present))
        labels = {i: draw(st.integers(0, 2)) for i in order}
        crowds = {i for i in order if crowded and draw(st.integers(0, 3)) == 0}
        return PanopticSegmentation.from_ids(ids, labels, crowds=crowds)

    return label(prediction_ids * scale, crowded=False), label(truth_ids, crowded=True)


@settings(max_examples=300, deadline=None)
@given(pairs())
def test_counts_equal_a_mask_by_mask_count(pair: tuple[PanopticSegmentation, PanopticSegmentation]) -> None:
    prediction, truth = pair
    areas = {segment.id: segment.area for segment in truth.segments}
    tp, fp, fn, iou = count_mask_by_mask(prediction, truth, 3, areas)
    quality = image_quality(prediction, truth, 3)
    assert quality.counts.tp.tolist() == tp
    assert quality.counts.fp.tolist() == fp
    assert quality.counts.fn.tolist() == fn
    np.testing.assert_allclose(quality.counts.iou, iou, rtol=0, atol=1e-12)
    verdicts = [match.prediction for match in quality.matches] + [*quality.false_positives, *quality.ignored]
    assert sorted(verdicts) == sorted(segment.id for segment in prediction.segments)
    assert len(quality.false_positives) == sum(fp)
    assert len(quality.false_negatives) == sum(fn)


@settings(max_examples=60, deadline=None)
@given(pairs())
def test_truth_against_itself_is_perfect(pair: tuple[PanopticSegmentation, PanopticSegmentation]) -> None:
    truth = pair[0]
    quality = PanopticQuality(count_quality(truth, truth, 3), CATEGORIES)
    assert quality.all.n == len({segment.label for segment in truth.segments})
    if quality.all.n:
        assert (quality.all.pq, quality.all.sq, quality.all.rq) == (1.0, 1.0, 1.0)


# -------------------------------------------------------------------------------------------------------- by hand


def row(*runs: tuple[int, int]) -> np.ndarray:
    """Returns one row of pixels from (id, length) runs."""
    return np.concatenate([np.full(length, identity) for identity, length in runs])[None]


def test_a_match_needs_more_than_half() -> None:
    truth = PanopticSegmentation.from_ids(row((1, 20), (2, 10)), {1: 0, 2: 1})
    half = PanopticSegmentation.from_ids(row((7, 10), (8, 20)), {7: 0, 8: 1})
    quality = image_quality(half, truth, 3)
    assert quality.matches == ()
    assert quality.false_positives == (7, 8)
    assert quality.false_negatives == (1, 2)
    more = PanopticSegmentation.from_ids(row((7, 11), (8, 19)), {7: 0, 8: 1})
    assert image_quality(more, truth, 3).matches == (SegmentMatch(1, 7, 11 / 20), SegmentMatch(2, 8, 10 / 19))


def test_void_leaves_the_union_but_crowd_does_not() -> None:
    prediction = PanopticSegmentation.from_ids(row((9, 20)), {9: 0})
    beside_void = PanopticSegmentation.from_ids(row((1, 8), (0, 12)), {1: 0})
    assert image_quality(prediction, beside_void, 3).matches == (SegmentMatch(1, 9, 1.0),)
    beside_crowd = PanopticSegmentation.from_ids(row((1, 8), (2, 12)), {1: 0, 2: 0}, crowds={2})
    quality = image_quality(prediction, beside_crowd, 3)
    assert quality.matches == ()
    assert quality.ignored == (9,)
    assert quality.false_negatives == (1,)


def test_a_false_positive_is_forgiven_above_half_on_void_and_crowd_of_its_class() -> None:
    truth = PanopticSegmentation.from_ids(row((0, 4), (2, 2), (3, 6)), {2: 0, 3: 1}, crowds={2})
    for width, forgiven in ((4, True), (6, True), (11, True), (12, False)):
        prediction = PanopticSegmentation.from_ids(row((9, width), (0, 12 - width)), {9: 0})
        assert image_quality(prediction, truth, 3).ignored == ((9,) if forgiven else ())
    other_class = PanopticSegmentation.from_ids(row((9, 9), (0, 3)), {9: 2})
    assert image_quality(other_class, truth, 3).false_positives == (9,)


def test_of_several_crowds_of_a_class_the_last_one_counts() -> None:
    ids = row((1, 5), (2, 5))
    prediction = PanopticSegmentation.from_ids(row((9, 5), (0, 5)), {9: 0})
    last_elsewhere = PanopticSegmentation.from_ids(ids, {1: 0, 2: 0}, crowds={1, 2})
    last_under_it = PanopticSegmentation.from_ids(ids, {2: 0, 1: 0}, crowds={1, 2})
    assert image_quality(prediction, last_elsewhere, 3).false_positives == (9,)
    assert image_quality(prediction, last_under_it, 3).ignored == (9,)


def test_areas_of_the_truth_can_come_from_the_json() -> None:
    segmentation = PanopticSegmentation.from_ids(row((1, 10)), {1: 0})
    assert image_quality(segmentation, segmentation, 3, truth_areas={1: 16}).matches == (SegmentMatch(1, 1, 10 / 16),)
    assert image_quality(segmentation, segmentation, 3, truth_areas={1: 20}).false_negatives == (1,)


def test_figures_by_hand_and_means_over_classes_that_occur() -> None:
    counts = QualityCounts(np.array([2, 0, 0]), np.array([1, 0, 0]), np.array([3, 1, 0]), np.array([1.5, 0, 0]))
    quality = PanopticQuality(counts, CATEGORIES)
    person = quality.per_class[0][1]
    assert (person.pq, person.sq, person.rq, person.n) == (1.5 / 4, 0.75, 0.5, 6)
    assert (quality.things.pq, quality.things.n) == (0.375, 1)
    assert (quality.stuff.pq, quality.stuff.sq, quality.stuff.n) == (0.0, 0.0, 1)
    assert (quality.all.pq, quality.all.n) == (0.1875, 2)
    twice = PanopticQuality(counts + counts, CATEGORIES)
    assert twice.all == quality.all
    assert twice.per_class[0][1].n == 12


def test_no_segment_at_all_is_not_a_crash() -> None:
    empty = PanopticSegmentation.from_ids(np.zeros((3, 4), np.int32), {})
    quality = PanopticQuality(count_quality(empty, empty, 3), CATEGORIES)
    assert quality.all.n == 0
    assert math.isnan(quality.all.pq)
    assert quality.to_json()["All"] == {"pq": None, "sq": None, "rq": None, "n": 0}
    assert json.loads(json.dumps(quality.to_json()))["counts"]["1"] == {"tp": 0, "fp": 0, "fn": 0, "iou": 0.0}


def test_what_cannot_be_compared_is_refused() -> None:
    small, large = (PanopticSegmentation.from_ids(np.ones((3, side), np.int32), {1: 2}) for side in (4, 5))
    with pytest.raises(ValueError, match=r"shape \(3, 4\) cannot be compared with a truth of shape \(3, 5\)"):
        count_quality(small, large, 3)
    with pytest.raises(ValueError, match="between 0 and 1"):
        count_quality(small, small, 2)
