"""Which detection of the network each segment came from, and so which box it may reach in; no Qt."""

from __future__ import annotations

from collections.abc import Mapping
from math import isclose

from lpsnet.structures import MergeStep, StepKind
from lpsnet_studio.annotator.assist import Corners, NetworkMaps
from lpsnet_studio.annotator.edits import SegmentInfo

__all__ = ["boxes_of_detections"]

_SAME_SCORE = 1e-6
"""Scores come from 32 bits and are kept in a database."""


def boxes_of_detections(maps: NetworkMaps | None, segments: Mapping[int, SegmentInfo]) -> dict[int, Corners]:
    """Returns the boxes of the detections that segments came from, by number.

    A segment came from the detection of its class and its score, whether the merge kept that or a person adopted it.
    Where several are alike in both, it is the one that the merge gave its number; else nothing is known of it.

    Args:
        maps: what the network says of the image; None if it has said nothing.
        segments: number -> what is known of it.
    """
    if maps is None or maps.trace is None:
        return {}
    steps = [step for step in maps.trace.steps if step.kind is StepKind.DETECTION and step.box is not None]
    found = {number: _step_of(number, info, steps, maps) for number, info in segments.items()}
    return {number: step.box for number, step in found.items() if step is not None and step.box is not None}


def _step_of(number: int, info: SegmentInfo, steps: list[MergeStep], maps: NetworkMaps) -> MergeStep | None:
    if info.score is None:
        return None
    alike = [
        step
        for step in steps
        if int(maps.category_of[step.label]) == info.category and isclose(step.score, info.score, abs_tol=_SAME_SCORE)
    ]
    return alike[0] if len(alike) == 1 else next((step for step in alike if step.owner == number), None)
