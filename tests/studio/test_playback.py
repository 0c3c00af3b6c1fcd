"""The place in a merge: which step took a pixel, and which steps are events."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from lpsnet.panoptic_head import merge
from lpsnet.structures import Detections, MergeTrace, Verdict
from lpsnet_studio.playback import Playback, event_after, event_before, is_event
from tests.studio import hand_made

HEIGHT, WIDTH = 40, 50


def random_trace(seed: int) -> MergeTrace:
    """Merges twelve boxes of two thing classes that overlap a lot, so that pixels change hands more than once."""
    rng = np.random.default_rng(seed)
    corners = rng.integers(0, (WIDTH - 20, HEIGHT - 16), (12, 2))
    sides = rng.integers(6, (24, 20), (12, 2))
    boxes = np.concatenate([corners, corners + sides], axis=1).astype(np.float32)
    found = Detections.from_boxes(
        boxes, rng.integers(0, 2, 12).astype(np.int32), rng.uniform(0.3, 1, 12).astype(np.float32)
    )
    labels = rng.choice([0, 0, 0, 1, 2, 3], (HEIGHT // 4, WIDTH // 5)).repeat(4, axis=0).repeat(5, axis=1)
    return merge(
        found,
        labels,
        isthing=hand_made.CATEGORIES.isthing,
        overlap_threshold=0.9,
        conflict="smallest",
        stuff_limit=200,
    )


def step_that_took(trace: MergeTrace, x: int, y: int) -> int:
    """Looks at the owner map after every step."""
    final = trace.owners[y, x]
    if final == 0:
        return -1
    return max(index for index in range(len(trace.steps)) if trace.owners_after(index)[y, x] != final)


@pytest.mark.parametrize("seed", range(6))
def test_the_step_that_took_a_pixel_is_found_without_a_replay(seed: int) -> None:
    trace = random_trace(seed)
    playback = Playback()
    playback.take(trace)
    playback.seek(3)
    rng = np.random.default_rng(seed)
    found = []
    for x, y in zip(rng.integers(0, WIDTH, 120).tolist(), rng.integers(0, HEIGHT, 120).tolist(), strict=True):
        found.append(playback.step_that_took(x, y))
        assert found[-1] == step_that_took(trace, x, y)
    assert len(set(found)) > 4
    assert playback.position == 3, "asking does not move"


@pytest.mark.parametrize("seed", range(3))
def test_who_owned_a_pixel_before_a_step_is_who_owned_it_after_the_one_before(seed: int) -> None:
    trace = random_trace(seed)
    playback = Playback()
    playback.take(trace)
    for position in range(len(trace.steps), 0, -1):
        playback.seek(position)
        before = trace.owners_after(position - 1)
        told = [[playback.owner_before(x, y) for x in range(WIDTH)] for y in range(HEIGHT)]
        np.testing.assert_array_equal(told, before)
    playback.seek(0)
    assert playback.owner_before(0, 0) == 0


def test_some_pixels_change_hands_and_some_stay_void() -> None:
    """What the comparison above rests on: the random merges hold both."""
    contested = sum(contest.won for seed in range(6) for step in random_trace(seed).steps for contest in step.contests)
    assert contested > 100
    assert any((random_trace(seed).owners == 0).any() for seed in range(6))


def test_without_a_merge_no_step_took_anything() -> None:
    assert Playback().step_that_took(0, 0) == -1


def test_leftovers_are_no_event() -> None:
    """They are counted, not judged, whether some stay void or none is left."""
    leftovers = replace(hand_made.trace().steps[-1], candidate_pixels=9, verdict=Verdict.DISCARDED)
    assert not is_event(leftovers)


def test_events_are_found_both_ways() -> None:
    steps = hand_made.trace().steps
    assert [index for index, step in enumerate(steps) if is_event(step)] == [1, 2]
    assert [event_after(steps, position) for position in range(9)] == [2, 2, 3, -1, -1, -1, -1, -1, -1]
    assert [event_before(steps, position) for position in range(9)] == [-1, -1, -1, 2, 3, 3, 3, 3, 3]
    assert event_after((), 0) == event_before((), 0) == -1
