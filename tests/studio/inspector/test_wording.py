"""What is said of a step agrees with what the core's tools say of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lpsnet.panoptic_head import explain_step
from lpsnet.structures import StepKind, Verdict
from lpsnet_studio.inspector.wording import pixel_line, verdict_words
from tests.studio import hand_made


@pytest.mark.parametrize(("overlap", "written"), [(0.3001, "0.3001 > 0.3000"), (0.304, "0.304 > 0.300")])
def test_an_overlap_just_over_the_threshold_is_told_apart_from_it(overlap: float, written: str) -> None:
    trace = replace(hand_made.trace(), overlap_threshold=0.3)
    step = next(step for step in trace.steps if step.verdict is Verdict.DISCARDED)
    step = replace(step, overlap=overlap)
    assert verdict_words(step, trace, 0) == f"discarded: overlap {written}"
    assert f"overlap {written}" in explain_step(step, trace, hand_made.CATEGORIES)


def test_no_leftovers_are_said_once() -> None:
    trace = hand_made.trace()
    step = next(step for step in trace.steps if step.kind is StepKind.LEFTOVERS)
    none, some = replace(step, candidate_pixels=0), replace(step, candidate_pixels=1)
    assert verdict_words(none, trace, 0) == "nothing is left"
    assert pixel_line(none) == ""
    assert pixel_line(some) == "1 pixel of thing classes that no kept box covers"
