"""The history of one pixel through a merge: which steps wanted it, who got it, and what decided (method rows 46-55).

Only the steps' windows and deltas are looked at, and of each no more than the one pixel.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

import numpy as np

from lpsnet.borderness import box_borderness, sample_borderness
from lpsnet.structures import BordernessMaps, Detections, MergeStep, MergeTrace, StepKind, Verdict, unlabelled

__all__ = ["Claim", "PixelEvent", "PixelEventKind", "history_of_pixel"]


class PixelEventKind(enum.StrEnum):
    """What a merge step meant for one of its candidate pixels."""

    CLAIMED = "claimed"
    """A kept detection took it while it was free."""
    WON = "won"
    """A kept detection contested it and won it from its holder (row 48)."""
    LOST = "lost"
    """A kept detection contested it, and it stayed with its holder (row 48)."""
    DISCARDED = "discarded"
    """It is in the mask of a detection that was discarded as a whole (row 47)."""
    FILLED = "filled"
    """Its class is stuff, and it was filled in (row 54)."""
    ADOPTED = "adopted"
    """Its class is a thing in no kept box; the stuff class that is likeliest there adopted it (row 55's option)."""
    BELOW_LIMIT = "below limit"
    """The stuff class that would have taken it has too few pixels (row 54)."""
    LEFT_VOID = "left void"
    """Its class is a thing, and no segment has claimed it (row 55)."""
    UNLABELLED = "unlabelled"
    """It has no class, so no step could claim it."""


@dataclass(frozen=True, slots=True)
class Claim:
    """What one of two competing detections has to show for a contested pixel.

    Attributes:
        owner: its owner number.
        step: index of its step.
        detection: its row in the detections.
        score: its score, which ``highest`` goes by.
        area: area of its box in square pixels, which ``smallest`` goes by.
        borderness: eq. 1 at the pixel's centre with the sides of its box as borders, which ``closest`` goes by.
        predicted: the border-ness predicted there, which ``closest`` compares with; with the pooling ``own`` that of
            its level (row 50). None without maps.
    """

    owner: int
    step: int
    detection: int
    score: float
    area: float
    borderness: float
    predicted: float | None

    @property
    def misfit(self) -> float | None:
        """How far its own border-ness is from the predicted one: ``closest`` prefers the least. None without maps."""
        return None if self.predicted is None else abs(self.borderness - self.predicted)


@dataclass(frozen=True, slots=True)
class PixelEvent:
    """One step in the history of a pixel.

    Attributes:
        step: index of the step in the trace, from 0.
        kind: what the step meant for the pixel.
        label: class index of what was pasted; -1 for the leftovers.
        owner: number of the step's segment; 0 where it has none.
        before: owner number of the pixel before the step; 0 is void.
        after: owner number after the step.
        score: the detection's score; 0 for stuff and leftovers.
        overlap: share of the detection's mask that was taken already; 0 for stuff and leftovers.
        overlap_threshold: the share above which a detection is discarded.
        candidate_pixels: all candidate pixels of the step; those of stuff are what the stuff limit is held against.
        conflict: the strategy that decides contested pixels.
        challenger: what the later of two competing detections had to show; None unless the pixel was contested.
        holder: what the earlier one had to show, which held the pixel before.
    """

    step: int
    kind: PixelEventKind
    label: int
    owner: int
    before: int
    after: int
    score: float
    overlap: float
    overlap_threshold: float
    candidate_pixels: int
    conflict: str
    challenger: Claim | None = None
    holder: Claim | None = None


def history_of_pixel(
    trace: MergeTrace,
    detections: Detections,
    maps: BordernessMaps | None,
    x: int,
    y: int,
    *,
    next_stuff: int | None = None,
) -> tuple[PixelEvent, ...]:
    """Returns what every merge step meant for a pixel that was among its candidate pixels, in order.

    A pixel is contested as the method has it: a challenger competes with the best box before it, which is the pixel's
    holder; so each contest lies between two.

    Args:
        trace: the merge.
        detections: the boxes that were merged.
        maps: the border-ness maps that the merge compared with, for what ``closest`` went by; None leaves the predicted
            values out.
        x: column of the pixel.
        y: row of the pixel.
        next_stuff: the stuff class that is likeliest at the pixel. The trace does not know it where that class is too
            small to adopt the pixel (row 55's option); without it the history lacks this one event.

    Returns:
        The events; at least one. The last one's ``after`` is the pixel's owner in ``trace.owners``.

    Raises:
        IndexError: if the pixel lies outside the image.
        ValueError: if the merge is of other detections.
    """
    height, width = trace.labels.shape
    if not (0 <= x < width and 0 <= y < height):
        raise IndexError(f"pixel ({x}, {y}) lies outside the image of {width}×{height}")
    return tuple(_History(trace, detections, maps, x, y).events(next_stuff))


class _History:
    """The history of a pixel as it is written."""

    def __init__(self, trace: MergeTrace, detections: Detections, maps: BordernessMaps | None, x: int, y: int) -> None:
        self._trace = trace
        self._detections = detections
        self._maps = maps
        self._x, self._y = x, y
        self._label = int(trace.labels[y, x])
        # Every stuff class that has a pixel takes a step, so a class without one is no stuff.
        neither = {step.label for step in trace.steps if step.kind is StepKind.STUFF} | {unlabelled(trace.labels)}
        self._is_thing = self._label not in neither
        self._step_of_owner = {step.owner: index for index, step in enumerate(trace.steps) if step.owner}
        self._predictions: dict[int, float] = {}

    def events(self, next_stuff: int | None) -> list[PixelEvent]:
        """Returns every event, in order."""
        found, owner = [], 0
        for index, step in enumerate(self._trace.steps):
            before, owner = owner, owner ^ self._delta(step)
            kind = self._kind(step, before, owner, next_stuff)
            if kind is not None:
                found.append(self._event(index, step, kind, before, owner))
        return found

    def _delta(self, step: MergeStep) -> int:
        """Returns what the step's delta holds at the pixel; 0 changes nothing."""
        if step.window is None or step.delta is None:
            return 0
        y0, x0, y1, x1 = step.window
        inside = y0 <= self._y < y1 and x0 <= self._x < x1
        return int(step.delta[self._y - y0, self._x - x0]) if inside else 0

    def _kind(self, step: MergeStep, before: int, after: int, next_stuff: int | None) -> PixelEventKind | None:
        """Returns what the step meant for the pixel; None if that was not among its candidate pixels."""
        if step.kind is StepKind.DETECTION:
            return self._kind_of_detection(step, before, after)
        if before:
            return None
        if step.kind is StepKind.STUFF:
            return self._kind_of_stuff(step, after, next_stuff)
        if self._is_thing:
            return PixelEventKind.LEFT_VOID
        return PixelEventKind.UNLABELLED if self._label == unlabelled(self._trace.labels) else None

    def _kind_of_detection(self, step: MergeStep, before: int, after: int) -> PixelEventKind | None:
        if step.label != self._label or not self._is_within(step):
            return None
        if step.verdict is Verdict.DISCARDED:
            return PixelEventKind.DISCARDED
        if not before:
            return PixelEventKind.CLAIMED
        return PixelEventKind.WON if after == step.owner else PixelEventKind.LOST

    def _kind_of_stuff(self, step: MergeStep, after: int, next_stuff: int | None) -> PixelEventKind | None:
        own = step.label == self._label
        if after:
            return PixelEventKind.FILLED if own else PixelEventKind.ADOPTED
        would_adopt = self._is_thing and step.adopted_pixels > 0 and step.label == next_stuff
        return PixelEventKind.BELOW_LIMIT if own or would_adopt else None

    def _is_within(self, step: MergeStep) -> bool:
        """Whether the pixel's centre lies in the step's half-open box (row 46)."""
        assert step.box is not None
        x0, y0, x1, y1 = step.box
        return x0 <= self._x + 0.5 < x1 and y0 <= self._y + 0.5 < y1

    def _event(self, index: int, step: MergeStep, kind: PixelEventKind, before: int, after: int) -> PixelEvent:
        contested = kind in (PixelEventKind.WON, PixelEventKind.LOST)
        return PixelEvent(
            step=index,
            kind=kind,
            label=step.label,
            owner=step.owner,
            before=before,
            after=after,
            score=step.score,
            overlap=step.overlap,
            overlap_threshold=self._trace.overlap_threshold,
            candidate_pixels=step.candidate_pixels,
            conflict=self._trace.conflict,
            challenger=self._claim(index) if contested else None,
            holder=self._claim(self._step_of_owner[before]) if contested else None,
        )

    def _claim(self, index: int) -> Claim:
        """Returns what the detection of a step has to show for the pixel."""
        step = self._trace.steps[index]
        row = step.detection
        found = self._detections
        if row >= len(found) or (step.label, step.score) != (int(found.labels[row]), float(found.scores[row])):
            raise ValueError(f"the merge is of other detections: its detection {row} is none of these")
        box = found.boxes[row].astype(np.float64)
        x, y = np.array([self._x + 0.5]), np.array([self._y + 0.5])
        return Claim(
            owner=step.owner,
            step=index,
            detection=row,
            score=step.score,
            area=float((box[2] - box[0]) * (box[3] - box[1])),
            borderness=float(box_borderness(x, y, box)[0]),
            predicted=self._predicted(int(found.level[row])),
        )

    def _predicted(self, level: int) -> float | None:
        """Returns the border-ness predicted at the pixel's centre, as it answers to a box of a level (row 50)."""
        if self._maps is None or not self._maps.levels:
            return None
        answering = level if self._maps.pooling == "own" else 0
        if answering not in self._predictions:
            x, y = np.array([self._x + 0.5], np.float32), np.array([self._y + 0.5], np.float32)
            self._predictions[answering] = float(sample_borderness(self._maps, x, y, np.array([answering]))[0])
        return self._predictions[answering]
