from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from lpsnet.panoptic_head import candidate_mask, contested_mask, merge
from lpsnet.structures import BordernessLevel, BordernessMaps, Detections, MergeTrace, StepKind, Verdict
from tests.core.brute_force import brute_force_merge

ISTHING = (True, False, True, False)
VOID = 255


@dataclass(frozen=True)
class Scene:
    detections: Detections
    labels: np.ndarray
    options: dict[str, Any]
    """What both the head and the brute force take."""
    next_stuff: np.ndarray | None

    def merge(self) -> MergeTrace:
        leftovers = "void" if self.next_stuff is None else "next_stuff"
        return merge(
            self.detections,
            self.labels,
            isthing=np.array(ISTHING),
            leftovers=leftovers,
            next_stuff=self.next_stuff,
            **self.options,
        )

    def brute_force(self, **changes: Any):
        arguments = {"detections": self.detections, "next_stuff": self.next_stuff, **self.options, **changes}
        return brute_force_merge(labels=self.labels, isthing=ISTHING, **arguments)


@st.composite
def scenes(draw, conflicts=("closest", "highest", "smallest")) -> Scene:
    """Small scenes of few classes and many boxes, so that most boxes dispute something."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    height, width, count = draw(st.integers(1, 11)), draw(st.integers(1, 11)), draw(st.integers(0, 7))
    labels = rng.choice(np.array([0, 0, 0, 0, 1, 2, 2, 3, VOID], np.uint8), (height, width))
    corners = rng.integers(-2, 2 * max(height, width) + 3, (count, 2, 2)) / 2
    boxes = np.concatenate([corners.min(axis=1), corners.max(axis=1)], axis=1)
    detections = Detections.from_boxes(boxes, rng.choice([0, 0, 2], count), rng.integers(1, 10, count) / 10)
    detections = replace(detections, level=rng.integers(0, 6, count).astype(np.uint8))
    levels = tuple(
        BordernessLevel(rng.random((rng.integers(1, 5), rng.integers(1, 5)), np.float32), stride, stride / 2, level)
        for level, stride in ((3, 2), (4, 4))
    )
    pooling = draw(st.sampled_from(["max", "own"]))
    options = {
        "borderness": draw(st.sampled_from([None, BordernessMaps(levels, (1.25, 0.8), pooling)])),
        "score_threshold": draw(st.sampled_from([0.0, 0.2, 0.5])),
        "overlap_threshold": draw(st.sampled_from([0.0, 0.3, 0.5, 0.8, 1.0])),
        "conflict": draw(st.sampled_from(conflicts)),
        "stuff_limit": draw(st.integers(0, 12)),
    }
    next_stuff = rng.choice(np.array([1, 3, VOID], np.uint8), (height, width)) if draw(st.booleans()) else None
    return Scene(detections, labels, options, next_stuff)


def agree(owners: np.ndarray, expected: np.ndarray, close_calls: np.ndarray) -> None:
    """Asserts equal owner maps, but for pixels whose two best boxes only rounding can tell apart."""
    np.testing.assert_array_equal(np.where(close_calls, expected, owners), expected)


@settings(max_examples=400)
@given(scenes())
def test_the_merge_equals_one_that_resolves_contested_pixels_at_the_end(scene):
    trace, slow = scene.merge(), scene.brute_force()
    agree(trace.owners, slow.owners, slow.close_calls)
    verdicts = tuple(str(step.verdict) for step in trace.steps if step.kind is StepKind.DETECTION)
    assert verdicts == slow.verdicts
    assert [step.label for step in trace.steps if step.owner] == list(slow.labels)


@given(scenes())
def test_segments_describe_the_owner_map(scene):
    trace = scene.merge()
    assert [segment.id for segment in trace.segments] == [owner for owner in np.unique(trace.owners) if owner]
    for segment in trace.segments:
        rows, columns = np.nonzero(trace.owners == segment.id)
        assert segment.area == len(rows)
        assert segment.box == (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
    np.testing.assert_array_equal(trace.segmentation().ids, trace.owners)


@given(scenes(), st.randoms(use_true_random=False))
def test_replaying_to_any_step_equals_merging_only_the_steps_before_it(scene, random):
    trace, cursor = scene.merge(), scene.merge().cursor()
    detections_done = sum(step.kind is StepKind.DETECTION for step in trace.steps)
    walk = [*range(len(trace.steps), -1, -1), *(random.randint(0, len(trace.steps)) for _ in range(8))]
    for position in walk:
        for _ in cursor.seek(position):
            pass
        first = min(position, detections_done)
        slow = scene.brute_force(detections=first_rows(scene.detections, first), with_stuff=False)
        expected = slow.owners
        for step in trace.steps[detections_done:position]:
            if step.owner:
                full = scene.brute_force()
                expected = np.where(full.owners == step.owner, full.owners, expected)
        agree(cursor.owners, expected, slow.close_calls)


def first_rows(detections: Detections, count: int) -> Detections:
    names = ("boxes", "labels", "scores", "class_scores", "borderness", "level", "location")
    return Detections(**{name: getattr(detections, name)[:count] for name in names})


@given(scenes(), st.randoms(use_true_random=False))
def test_the_windows_of_a_walk_cover_every_pixel_that_changed(scene, random):
    trace = scene.merge()
    cursor = trace.cursor()
    for _ in range(6):
        before = cursor.owners.copy()
        covered = np.zeros(before.shape, bool)
        for y0, x0, y1, x1 in cursor.seek(random.randint(0, len(trace.steps))):
            covered[y0:y1, x0:x1] = True
        assert covered[before != cursor.owners].all()


@given(scenes())
def test_what_a_step_shows_is_what_the_owner_maps_around_it_say(scene):
    trace = scene.merge()
    for index, step in enumerate(trace.steps):
        before, after = trace.owners_after(index), trace.owners_after(index + 1)
        (y0, x0, y1, x1), candidates = candidate_mask(trace, index)
        if step.kind is not StepKind.STUFF or step.verdict is Verdict.KEPT or not step.adopted_pixels:
            assert candidates.sum() == step.candidate_pixels
        window, contested, owners = contested_mask(trace, index)
        assert window == (y0, x0, y1, x1)
        np.testing.assert_array_equal(owners, after[y0:y1, x0:x1])
        if step.kind is StepKind.DETECTION:
            np.testing.assert_array_equal(contested, candidates & (before[y0:y1, x0:x1] != 0))
            assert contested.sum() == step.overlap_pixels
        else:
            assert not contested.any()
        if step.kind is StepKind.DETECTION and step.verdict is Verdict.KEPT:
            assert step.contested_pixels == step.overlap_pixels
            for contest in step.contests:
                disputed = contested & (before[y0:y1, x0:x1] == contest.rival)
                assert contest.pixels == disputed.sum() > 0
                assert contest.won == (owners[disputed] == step.owner).sum()
                assert next(other.label for other in trace.steps if other.owner == contest.rival) == step.label
        else:
            assert step.contests == ()


@given(scenes(conflicts=("highest",)))
def test_highest_is_keeping_the_non_intersecting_part(scene):
    trace = scene.merge()
    assert all(contest.won == 0 for step in trace.steps for contest in step.contests)
