"""What became of every candidate, against a plain retelling, and on cases worked out by hand."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lpsnet.analysis.fates import (
    Fate,
    candidate_facts,
    count_by_level,
    distances_to_sides,
    fates,
    fates_of_detections,
    levels_by_size,
    ranks,
)
from lpsnet.panoptic_head import merge
from lpsnet.structures import BordernessLevel, BordernessMaps, Candidates, DropStage, MergeTrace
from tests.core.brute_force import brute_force_merge

PERSON, SKY, CAR = range(3)
ISTHING = np.array([True, False, True])


def candidates_of(
    boxes, labels, class_scores, borderness, dropped_at, *, level=None, location=None, by_borderness=True
) -> Candidates:
    boxes = np.asarray(boxes, np.float32).reshape(-1, 4)
    class_scores, borderness = np.asarray(class_scores, np.float32), np.asarray(borderness, np.float32)
    centres = (boxes[:, :2] + boxes[:, 2:]) / 2
    return Candidates(
        boxes=boxes,
        labels=np.asarray(labels, np.int32),
        scores=class_scores * borderness if by_borderness else class_scores.copy(),
        class_scores=class_scores,
        borderness=borderness,
        level=np.full(len(boxes), 3, np.uint8) if level is None else np.asarray(level, np.uint8),
        location=centres if location is None else np.asarray(location, np.float32).reshape(-1, 2),
        dropped_at=np.asarray(dropped_at, np.uint8),
        suppressed_by=np.full(len(boxes), -1, np.int32),
        iou=np.zeros(len(boxes), np.float32),
    )


def merged(candidates: Candidates, labels: np.ndarray, **options) -> MergeTrace:
    return merge(candidates.detections(), labels, isthing=ISTHING, **options)


@pytest.fixture
def every_fate() -> tuple[Candidates, MergeTrace]:
    """Nine candidates in a picture of 10 × 10 persons, one for each fate in the order of :class:`Fate`.

    Border-ness is predicted 0 everywhere, so that a pixel goes to the box at whose border it lies: of the covered box,
    which is one column wide, the column is the left border of the kept one.
    """
    boxes = [
        (0, 0, 4, 4),
        (0, 0, 4, 4),
        (0, 0, 4, 4),
        (0, 0, 4, 4),
        (0, 0, 4, 4),
        (3, 0, 9, 10),
        (0, 0, 9, 9),
        (4, 0, 5, 10),
        (4.49, 0, 10, 10),
    ]
    labels = [PERSON] * 6 + [CAR] + [PERSON] * 2
    drops = [DropStage.SCORE, DropStage.TOP_K, DropStage.NMS, DropStage.CAP] + [DropStage.NONE] * 5
    scores = [0.01, 0.3, 0.3, 0.3, 0.19, 0.5, 0.4, 0.9, 0.8]
    candidates = candidates_of(boxes, labels, scores, [1.0] * 9, drops)
    nothing = BordernessMaps((BordernessLevel(np.zeros((10, 10), np.float32), 1.0, 0.5, 0),))
    return candidates, merged(candidates, np.zeros((10, 10), np.uint8), borderness=nothing)


def test_each_fate_is_told_apart(every_fate):
    assert fates(*every_fate).tolist() == list(Fate)


def test_a_fate_is_a_byte_each(every_fate):
    found = fates(*every_fate)
    assert found.dtype == np.uint8
    assert found.shape == (9,)


def test_boxes_that_no_candidates_are_known_of_have_the_same_fates_in_the_merge(every_fate):
    candidates, trace = every_fate
    rows = candidates.kept()
    known = fates(candidates, trace)[rows]
    np.testing.assert_array_equal(fates_of_detections(len(rows), trace), known)
    assert set(known.tolist()) == {Fate.THRESHOLD, Fate.OVERLAP, Fate.EMPTY, Fate.COVERED, Fate.KEPT}
    assert fates_of_detections(len(rows), trace).dtype == np.uint8


def test_a_merge_of_other_boxes_is_refused(every_fate):
    _, trace = every_fate
    others = candidates_of([(0, 0, 1, 1)], [PERSON], [0.9], [1.0], [DropStage.NONE])
    with pytest.raises(ValueError, match="detection 1 is none of these candidates"):
        fates(others, trace)


@st.composite
def pipelines(draw):
    """Random candidates of a small picture, some dropped before the merge, and the merge's options."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    count, height, width = draw(st.integers(0, 14)), draw(st.integers(1, 9)), draw(st.integers(1, 9))
    corners = rng.integers(0, 2 * max(height, width) + 1, (count, 2, 2)) / 2
    boxes = np.concatenate([corners.min(axis=1), corners.max(axis=1)], axis=1)
    candidates = candidates_of(
        boxes,
        rng.choice([PERSON, PERSON, CAR], count),
        rng.integers(1, 11, count) / 10,
        rng.integers(1, 11, count) / 10,
        rng.choice([0, 0, 0, 1, 2, 3, 4], count),
        level=rng.integers(3, 8, count),
        by_borderness=draw(st.booleans()),
    )
    options = {
        "score_threshold": draw(st.sampled_from([0.0, 0.2, 0.5])),
        "overlap_threshold": draw(st.sampled_from([0.0, 0.3, 0.5, 1.0])),
        "conflict": draw(st.sampled_from(["highest", "smallest"])),
        "stuff_limit": draw(st.integers(0, 9)),
    }
    return candidates, rng.choice([PERSON, PERSON, SKY, CAR], (height, width)).astype(np.uint8), options


@settings(max_examples=200)
@given(pipelines())
def test_fates_follow_from_drops_and_from_a_plain_merge(pipeline):
    candidates, labels, options = pipeline
    slow = brute_force_merge(candidates.detections(), labels, isthing=ISTHING.tolist(), **options)
    best_first = sorted(
        (row for row in range(len(candidates)) if candidates.dropped_at[row] == DropStage.NONE),
        key=lambda row: (-candidates.scores[row], row),
    )
    verdicts, owner, expected = list(slow.verdicts), 0, [Fate(max(int(drop) - 1, 0)) for drop in candidates.dropped_at]
    for row in best_first:
        if candidates.scores[row] < options["score_threshold"]:
            expected[row] = Fate.THRESHOLD
            continue
        verdict = verdicts.pop(0)
        owner += verdict == "kept"
        expected[row] = {"empty": Fate.EMPTY, "discarded": Fate.OVERLAP}.get(
            verdict, Fate.KEPT if (slow.owners == owner).any() else Fate.COVERED
        )
    assert fates(candidates, merged(candidates, labels, **options)).tolist() == expected


@given(pipelines())
def test_a_candidate_in_full_agrees_with_its_rows(pipeline):
    candidates, labels, options = pipeline
    trace = merged(candidates, labels, **options)
    found = fates(candidates, trace)
    kept = candidates.kept().tolist()
    for row in range(len(candidates)):
        facts = candidate_facts(candidates, found, trace, row)
        assert (facts.row, facts.fate, facts.label) == (row, found[row], candidates.labels[row])
        assert facts.detection == (kept.index(row) if row in kept else -1)
        assert (facts.step >= 0) == (facts.fate > Fate.THRESHOLD)
        assert (facts.owner > 0) == (facts.fate >= Fate.COVERED)
        if facts.step >= 0:
            assert trace.steps[facts.step].detection == facts.detection
            assert trace.steps[facts.step].box == facts.box
        if facts.owner:
            assert trace.steps[facts.step].owner == facts.owner
        assert facts.product == pytest.approx(facts.class_score * facts.borderness)
        np.testing.assert_allclose(facts.distances, distances_to_sides(candidates)[row], atol=1e-6)


def test_a_suppressed_candidate_names_its_suppressor():
    candidates = candidates_of(
        [(0, 0, 8, 8), (0, 0, 8, 6)], [PERSON] * 2, [0.9, 0.8], [0.5, 0.5], [DropStage.NONE, DropStage.NMS]
    )
    candidates.suppressed_by[1], candidates.iou[1] = 0, 0.75
    trace = merged(candidates, np.zeros((8, 8), np.uint8))
    facts = candidate_facts(candidates, fates(candidates, trace), trace, 1)
    assert (facts.fate, facts.suppressor, facts.iou) == (Fate.NMS, 0, 0.75)
    assert (facts.detection, facts.step, facts.owner) == (-1, -1, 0)


@pytest.mark.parametrize("row", [-1, 9])
def test_a_candidate_that_is_not_there_is_refused(every_fate, row):
    candidates, trace = every_fate
    with pytest.raises(IndexError, match=f"candidate {row} of 9"):
        candidate_facts(candidates, fates(candidates, trace), trace, row)


# ------------------------------------------------------------------------------------------------------------- levels


def test_a_size_at_the_limit_belongs_to_the_lower_level():
    # Twice as wide in the input as in the image: 32 image pixels to a side are 64 of the input.
    boxes = [(0, 0, 32, 1), (0, 0, 33, 1), (0, 0, 1, 64), (0, 0, 1, 65), (0, 0, 600, 1)]
    candidates = candidates_of(
        boxes, [PERSON] * 5, [0.5] * 5, [1.0] * 5, [DropStage.SCORE] * 5, location=np.zeros((5, 2))
    )
    assert levels_by_size(candidates, (2.0, 1.0)).tolist() == [3, 4, 3, 4, 7]
    assert levels_by_size(candidates, (1.0, 1.0), (32, 64, 128, 256)).tolist() == [3, 4, 4, 5, 7]


def test_a_location_counts_once_for_all_its_classes():
    candidates = candidates_of(
        [(0, 0, 4, 4)] * 3,
        [PERSON, CAR, PERSON],
        [0.5, 0.4, 0.3],
        [1.0] * 3,
        [0, 0, 0],
        location=[(2, 2), (2, 2), (2, 3)],
    )
    counts = count_by_level(candidates, np.full(3, Fate.KEPT, np.uint8))
    assert [level.locations for level in counts] == [2, 0, 0, 0, 0]
    assert [len(level) for level in counts] == [3, 0, 0, 0, 0]


def test_levels_say_their_size_ranges():
    counts = count_by_level(candidates_of([], [], [], [], []), np.zeros(0, np.uint8))
    assert [level.level for level in counts] == [3, 4, 5, 6, 7]
    assert [level.size_range for level in counts] == [(0, 64), (64, 128), (128, 256), (256, 512), (512, math.inf)]


@given(pipelines(), st.sampled_from([(1.0, 1.0), (20.0, 10.0)]))
def test_levels_count_every_candidate_once(pipeline, scale):
    candidates, labels, options = pipeline
    found = fates(candidates, merged(candidates, labels, **options))
    everything, fitting = Counter(), Counter()
    for row, (x0, y0, x1, y1) in enumerate(candidates.boxes.tolist()):
        (x, y), level, fate = candidates.location[row].tolist(), int(candidates.level[row]), int(found[row])
        size = max((x - x0) * scale[0], (x1 - x) * scale[0], (y - y0) * scale[1], (y1 - y) * scale[1])
        low, high = {3: (-1, 64), 4: (64, 128), 5: (128, 256), 6: (256, 512), 7: (512, math.inf)}[level]
        everything[level, fate] += 1
        fitting[level, fate] += low < size <= high
    for level in count_by_level(candidates, found, scale):
        assert level.counts.tolist() == [everything[level.level, fate] for fate in Fate]
        assert level.in_range.tolist() == [fitting[level.level, fate] for fate in Fate]


def test_counts_of_other_candidates_are_refused(every_fate):
    candidates, _ = every_fate
    with pytest.raises(ValueError, match="3 fates do not belong to 9 candidates"):
        count_by_level(candidates, np.zeros(3, np.uint8))


def test_a_candidate_without_a_level_is_refused():
    candidates = candidates_of([(0, 0, 4, 4)], [PERSON], [0.5], [1.0], [0], level=[0])
    with pytest.raises(ValueError, match="candidate 0 is of level 0"):
        count_by_level(candidates, np.zeros(1, np.uint8))


# ------------------------------------------------------------------------------------------------------------ ranking


def test_ranks_with_and_without_borderness():
    # Products 0.45, 0.40, 0.48 and one that is not ranked; class scores 0.9, 0.8, 0.6.
    candidates = candidates_of(
        [(0, 0, 4, 4)] * 4, [PERSON] * 4, [0.9, 0.8, 0.6, 1.0], [0.5, 0.5, 0.8, 1.0], [0, 0, 0, DropStage.NMS]
    )
    assert candidates.kept().tolist() == [2, 0, 1]
    with_borderness, without = ranks(candidates)
    assert with_borderness.tolist() == [1, 2, 3]
    assert without.tolist() == [3, 1, 2]


@given(pipelines())
def test_ranks_are_those_of_a_plain_sort_with_ties_by_row(pipeline):
    candidates, _, _ = pipeline
    kept = candidates.kept().tolist()
    for found, scores in zip(
        ranks(candidates), (candidates.class_scores * candidates.borderness, candidates.class_scores), strict=True
    ):
        order = sorted(kept, key=lambda row: (-scores[row], row))
        assert found.tolist() == [order.index(row) + 1 for row in kept]
