"""What the canvas says became of a step's pixels, against the merge's own account of it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lpsnet.panoptic_head import candidate_mask, contested_mask, merge
from lpsnet.structures import Detections, MergeTrace, StepKind, Verdict
from lpsnet_studio.canvas.sampling import Grid
from lpsnet_studio.inspector.step_pixels import (
    CANDIDATE,
    HELD_BEFORE,
    LOST,
    SPOKE_AGAINST,
    WON,
    StepPixels,
    step_tables,
)


def _merged(seed: int, threshold: float) -> MergeTrace:
    dice = np.random.default_rng(seed)
    labels = dice.integers(0, 3, (16, 20)).repeat(2, 0).repeat(2, 1).astype(np.uint8)
    corners = dice.integers(0, 30, (8, 2))
    boxes = np.concatenate([corners, corners + dice.integers(2, 24, (8, 2))], axis=1).astype(np.float32)
    found = Detections.from_boxes(
        boxes, dice.integers(0, 2, 8).astype(np.int32), np.sort(dice.random(8).astype(np.float32))[::-1].copy()
    )
    return merge(
        found,
        labels,
        isthing=np.array([True, True, False]),
        score_threshold=0.0,
        overlap_threshold=threshold,
        conflict="smallest",
        stuff_limit=0,
    )


@given(st.integers(0, 2**32 - 1), st.sampled_from([0.2, 1.0]))
@settings(max_examples=40)
def test_every_pixel_of_every_step_is_told_as_the_merge_tells_it(seed: int, threshold: float) -> None:
    trace = _merged(seed, threshold)
    for index, step in enumerate(trace.steps):
        if step.kind is not StepKind.DETECTION:
            continue
        owners = trace.owners_after(index + 1)
        window, candidates = candidate_mask(trace, index)
        _, held, after = contested_mask(trace, index, owners)
        y0, x0, y1, x1 = window
        before = trace.owners_after(index)[y0:y1, x0:x1]
        expected = candidates.astype(int) * CANDIDATE
        outcome = np.where(after == step.owner, WON, LOST) if step.verdict is Verdict.KEPT else SPOKE_AGAINST
        told = StepPixels(trace, index, owners, "after")
        assert told.origin == (x0, y0)
        np.testing.assert_array_equal(told.indices, np.where(held, outcome, expected))
        told = StepPixels(trace, index, owners, "before")
        np.testing.assert_array_equal(told.indices, np.where(held, HELD_BEFORE + before.astype(int), expected))


def test_on_a_grid_the_same_is_told_at_every_screen_pixel() -> None:
    trace = _merged(5, 1.0)
    index = next(index for index, step in enumerate(trace.steps) if step.contested_pixels)
    pixels = StepPixels(trace, index, trace.owners_after(index + 1), "after")
    shown = pixels.sample(Grid(0.0, 0.0, 0.5, 0.5, 2 * pixels.shape[1], 2 * pixels.shape[0]))
    np.testing.assert_array_equal(shown, pixels.indices.repeat(2, 0).repeat(2, 1))


@pytest.mark.parametrize("kind", [WON, LOST, SPOKE_AGAINST, HELD_BEFORE + 3])
def test_what_is_contested_is_told_apart_from_other_candidates(kind: int) -> None:
    plain, stripes = step_tables({3: (10, 90, 200)})
    assert plain[kind] != plain[CANDIDATE]
    assert (plain[kind] == stripes[kind]) == (kind in (WON, SPOKE_AGAINST)), "stripes mark what the box did not get"
    assert plain[0] == stripes[0] == 0
