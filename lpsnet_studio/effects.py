"""What a change of settings did to a result; no Qt."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from lpsnet.structures import InspectionSettings, MergeStep, StepKind
from lpsnet_studio.state import Result

__all__ = ["Effect", "Summary", "compare", "summarize"]

Kept = tuple[StepKind, int, tuple[float, ...]]
"""What stays the same of a segment while settings change: its kind, its class, and for a thing its box."""


@dataclass(frozen=True, slots=True)
class Summary:
    """What is remembered of a result, to compare the next one with.

    Attributes:
        image: which image it is of.
        settings: what it was computed with.
        segments: how often each segment is there.
        pq: panoptic quality, 0 … 1; None without ground truth.
    """

    image: str
    settings: InspectionSettings
    segments: Counter[Kept]
    pq: float | None


@dataclass(frozen=True, slots=True)
class Effect:
    """What became of a result.

    Attributes:
        gained: class indices of segments that came, sorted.
        lost: class indices of segments that went, sorted.
        pq_before: 0 … 1; None without ground truth.
        pq_after: likewise.
    """

    gained: tuple[int, ...]
    lost: tuple[int, ...]
    pq_before: float | None
    pq_after: float | None


def summarize(result: Result, image: str) -> Summary:
    """Returns what a later result of the same image is compared with."""
    founders = [step for step in result.trace.steps if step.owner]
    height, width = result.size
    return Summary(image, result.settings, Counter(_kept(step, height, width) for step in founders), result.pq)


def compare(before: Summary, after: Summary) -> Effect:
    """Returns what changed from one result to another of the same image and network."""
    gained, lost = after.segments - before.segments, before.segments - after.segments
    return Effect(_classes(gained), _classes(lost), before.pq, after.pq)


def _kept(step: MergeStep, height: int, width: int) -> Kept:
    """Names a segment by shares of the image, so that a preview of reduced size says the same."""
    box = step.box or ()
    sides = (width, height, width, height)
    return step.kind, step.label, tuple(round(value / side, 3) for value, side in zip(box, sides, strict=False))


def _classes(segments: Counter[Kept]) -> tuple[int, ...]:
    return tuple(sorted(label for _, label, _ in segments.elements()))
