"""The merge of boxes and a semantic map (paper section 3.4).

Two masks can only share pixels of one class, for a pixel has one class. So every contested pixel lies between boxes of
the same class, and how much of a mask is covered never depends on who won: verdicts come first, then all contested
pixels are judged together.

Work is done on one-byte maps inside each box; only contested pixels meet a floating-point number.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from lpsnet.panoptic_head.contests import Conflict, Pixels, costs_of_competitors
from lpsnet.panoptic_head.inputs import (
    as_label_map,
    check_detections,
    check_settings,
    pixel_windows,
    with_second_choice,
)
from lpsnet.structures import (
    BordernessMaps,
    Contest,
    Detections,
    Labels,
    MergeStep,
    MergeTrace,
    Owners,
    Segment,
    StepKind,
    Verdict,
    Window,
    unlabelled,
)

__all__ = ["Leftovers", "merge"]

Leftovers = Literal["void", "next_stuff"]
Mask = NDArray[np.uint8]
"""1 inside, 0 outside."""

_BANDS = 16
"""Horizontal bands in which stuff is counted, so that a class is looked for only where it is."""


def merge(
    detections: Detections,
    labels: Labels,
    *,
    isthing: NDArray[np.bool_],
    borderness: BordernessMaps | None = None,
    next_stuff: Labels | None = None,
    score_threshold: float = 0.2,
    overlap_threshold: float = 0.3,
    conflict: Conflict = "closest",
    stuff_limit: int = 4096,
    leftovers: Leftovers = "void",
) -> MergeTrace:
    """Merges boxes and a semantic map into a panoptic segmentation (paper section 3.4; method rows 45-55).

    Args:
        detections: boxes of thing classes, by descending score.
        labels: ``[H, W]`` class of every pixel. Where it holds the greatest value of its dtype, or a negative one, the
            pixel has no class and stays void. Any integer dtype.
        isthing: ``[C]``, whether each class is a thing.
        borderness: predicted border-ness, read at contested pixels only; needed by ``closest``, which falls back to
            ``highest`` without it and says so in the trace's notes.
        next_stuff: ``[H, W]`` likeliest stuff class of every pixel, needed by ``leftovers="next_stuff"``.
        score_threshold: detections whose score is below it take no step; one at the threshold does (method row 53).
        overlap_threshold: a detection is discarded if a greater share of its mask is taken; at the threshold it is kept
            (method row 47).
        conflict: who gets a contested pixel (method rows 48 and 52): the box whose own border-ness there is ``closest``
            to the predicted one, the one with the ``highest`` confidence, or the one of ``smallest`` area. Ties go to
            the higher confidence.
        stuff_limit: a stuff class with fewer pixels stays void (method row 54).
        leftovers: what becomes of thing pixels that no kept box holds (method row 55): ``void``, or ``next_stuff``.

    Returns:
        The trace: steps, final owner map and segments.

    Raises:
        ValueError: naming the cause, if an argument is out of range, shapes differ, a detection is not finite, not in
            order or not of a thing class, or a label is not a class.
    """
    check_settings(score_threshold, overlap_threshold, conflict, stuff_limit, leftovers)
    isthing = np.asarray(isthing, np.bool_).reshape(-1)
    labels = as_label_map(labels, len(isthing), "labels")
    check_detections(detections, isthing)
    second_choice = with_second_choice(next_stuff, labels, isthing) if leftovers == "next_stuff" else None
    notes: tuple[str, ...] = ()
    if conflict == "closest" and (borderness is None or not borderness.levels):
        conflict = "highest"
        notes = ("without border-ness maps, contested pixels go to the box of highest confidence",)

    confident = int(np.count_nonzero(detections.scores >= score_threshold))
    merging = _Merging(detections, labels, most_owners=confident + int(np.count_nonzero(~isthing)))
    for row in range(confident):
        merging.paste(row, overlap_threshold)
    merging.settle_disputes(conflict, borderness)
    merging.fill_stuff(isthing, second_choice, stuff_limit)
    return merging.trace(overlap_threshold, conflict, notes)


@dataclass(frozen=True, slots=True, eq=False)
class _Dispute:
    """The contested pixels of one kept detection.

    Attributes:
        step: the detection's step.
        local: where they lie in the step's window, flattened.
        pixels: where they lie in the image, flattened.
    """

    step: int
    local: Pixels
    pixels: Pixels


class _Merging:
    """A merge under way.

    Attributes:
        steps: what was done so far. Deltas of kept detections lack their contested pixels until these are settled.
        owners: ``[H, W]`` owner map; contested pixels stay with their first owner until settled.
    """

    def __init__(self, detections: Detections, labels: Labels, most_owners: int) -> None:
        if most_owners > np.iinfo(np.uint16).max:
            raise ValueError(f"{most_owners} boxes and stuff classes are more than an owner map can tell apart")
        self.steps: list[MergeStep] = []
        self.owners: Owners = np.zeros(labels.shape, np.uint8 if most_owners <= 255 else np.uint16)
        self._labels = labels
        self._detections = detections
        self._boxes = [(x0, y0, x1, y1) for x0, y0, x1, y1 in detections.boxes.tolist()]
        self._windows = pixel_windows(detections.boxes, labels.shape)
        self._disputes: list[_Dispute] = []
        self._row_of_owner: list[int] = [-1]
        self._areas: list[int] = [0]

    def paste(self, row: int, overlap_threshold: float) -> None:
        """Judges one detection and, if it is kept, gives it the free pixels of its mask."""
        window = y0, x0, y1, x1 = self._windows[row]
        label = int(self._detections.labels[row])
        held = self.owners[y0:y1, x0:x1]
        mask = _equals(self._labels[y0:y1, x0:x1], label)
        taken = mask & (held != 0)
        candidates, overlap_pixels = cv2.countNonZero(mask), cv2.countNonZero(taken)
        overlap = overlap_pixels / max(candidates, 1)
        verdict, owner, delta = Verdict.KEPT, 0, None
        if candidates == 0:
            verdict = Verdict.EMPTY
        elif overlap > overlap_threshold:
            verdict = Verdict.DISCARDED
        else:
            owner = self._new_owner(row, candidates - overlap_pixels)
            delta = self._give(held, mask ^ taken, owner)
            if overlap_pixels:
                self._dispute(taken, window)
        self.steps.append(
            MergeStep(
                kind=StepKind.DETECTION,
                label=label,
                detection=row,
                score=float(self._detections.scores[row]),
                box=self._boxes[row],
                candidate_pixels=candidates,
                overlap_pixels=overlap_pixels,
                overlap=overlap,
                verdict=verdict,
                owner=owner,
                window=None if delta is None else window,
                delta=delta,
            )
        )

    def _new_owner(self, row: int, area: int) -> int:
        self._row_of_owner.append(row)
        self._areas.append(area)
        return len(self._areas) - 1

    def _give(self, held: Owners, free: Mask, owner: int) -> Owners:
        """Writes the owner into the free pixels of a part of the owner map and returns the part's delta."""
        delta: Owners = np.multiply(free, owner, dtype=self.owners.dtype)
        np.bitwise_or(held, delta, out=held)
        return delta

    def _dispute(self, taken: Mask, window: Window) -> None:
        """Remembers the contested pixels of the detection whose step comes next."""
        y0, x0, _, x1 = window
        width = self.owners.shape[1]
        local = np.flatnonzero(taken.view(np.bool_))
        pixels = local + local // (x1 - x0) * (width - (x1 - x0)) + (y0 * width + x0)
        self._disputes.append(_Dispute(len(self.steps), local, pixels))

    def settle_disputes(self, conflict: Conflict, borderness: BordernessMaps | None) -> None:
        """Gives every contested pixel to the box of least cost, and enters each decision into its step.

        The steps are gone through in order, each against the best box before it, so that the owner map at a step is
        what merging only the steps up to it would give.
        """
        if not self._disputes:
            return
        pixels = np.concatenate([dispute.pixels for dispute in self._disputes])
        sizes = [len(dispute.pixels) for dispute in self._disputes]
        challengers = np.repeat([self.steps[dispute.step].detection for dispute in self._disputes], sizes)
        owners = self.owners.reshape(-1)
        first_owners = np.array(self._row_of_owner).take(owners.take(pixels))
        costs, least = costs_of_competitors(
            conflict, self._detections, borderness, pixels, self.owners.shape[1], (challengers, first_owners)
        )
        least_cost = np.empty(owners.size)
        least_cost[pixels] = least
        for dispute, cost in zip(self._disputes, np.split(costs, np.cumsum(sizes)[:-1]), strict=True):
            self._settle(dispute, cost, owners, least_cost)

    def _settle(
        self, dispute: _Dispute, cost: NDArray[np.float64], owners: Owners, least_cost: NDArray[np.float64]
    ) -> None:
        step = self.steps[dispute.step]
        holders = owners.take(dispute.pixels)
        won = np.flatnonzero(cost < least_cost.take(dispute.pixels))
        lost_to_us, won_pixels = holders[won], dispute.pixels[won]
        owners[won_pixels] = step.owner
        least_cost[won_pixels] = cost[won]
        if won.size:
            assert step.delta is not None
            step.delta.reshape(-1)[dispute.local[won]] = lost_to_us ^ self.owners.dtype.type(step.owner)
        disputed_with, won_from = np.bincount(holders), np.bincount(lost_to_us, minlength=len(self._areas))
        self._areas[step.owner] += len(won)
        for rival in np.flatnonzero(won_from):
            self._areas[rival] -= int(won_from[rival])
        contests = tuple(
            Contest(int(rival), int(disputed_with[rival]), int(won_from[rival]))
            for rival in np.flatnonzero(disputed_with)
        )
        self.steps[dispute.step] = replace(step, contests=contests)

    def fill_stuff(self, isthing: NDArray[np.bool_], second_choice: Labels | None, stuff_limit: int) -> None:
        """Fills in every stuff class that is large enough, then counts the thing pixels that stay void."""
        num_classes = len(isthing)
        counts = _count_by_band(self._labels, num_classes)
        own = counts.sum(axis=0)
        left_over = int(own[isthing].sum()) - sum(self._areas)
        source = self._labels
        if second_choice is not None:
            source = np.where(self.owners == 0, second_choice, self._labels)
            counts = _count_by_band(source, num_classes)
        pixels = counts.sum(axis=0)
        band_height = _band_height(self._labels.shape[0])
        for label in np.flatnonzero(~isthing & (pixels > 0)):
            bands = np.flatnonzero(counts[:, label])
            rows = slice(int(bands[0]) * band_height, (int(bands[-1]) + 1) * band_height)
            adopted = int(pixels[label] - own[label])
            if self._fill(source, int(label), rows, int(pixels[label]), adopted, stuff_limit):
                left_over -= adopted
        verdict = Verdict.DISCARDED if left_over else Verdict.EMPTY
        self.steps.append(MergeStep(StepKind.LEFTOVERS, -1, -1, 0.0, None, left_over, 0, 0.0, verdict, 0))

    def _fill(self, source: Labels, label: int, rows: slice, pixels: int, adopted: int, stuff_limit: int) -> bool:
        """Pastes one stuff class, found in some rows of the source, unless it is too small; returns whether it was."""
        step = MergeStep(
            StepKind.STUFF, label, -1, 0.0, None, pixels, 0, 0.0, Verdict.DISCARDED, 0, adopted_pixels=adopted
        )
        if pixels >= stuff_limit:
            mask = _equals(source[rows], label)
            x, y, width, height = cv2.boundingRect(mask)
            window = (rows.start + y, x, rows.start + y + height, x + width)
            owner = self._new_owner(-1, pixels)
            held = self.owners[window[0] : window[2], window[1] : window[3]]
            delta = self._give(held, mask[y : y + height, x : x + width], owner)
            step = replace(step, verdict=Verdict.KEPT, owner=owner, window=window, delta=delta)
        self.steps.append(step)
        return step.verdict is Verdict.KEPT

    def trace(self, overlap_threshold: float, conflict: Conflict, notes: tuple[str, ...]) -> MergeTrace:
        """Returns what was done, in the smallest dtype that holds the owner numbers."""
        kept = [step for step in self.steps if step.owner]
        if len(kept) <= 255 and self.owners.dtype != np.uint8:
            self.owners = self.owners.astype(np.uint8)
            self.steps = [
                step if step.delta is None else replace(step, delta=step.delta.astype(np.uint8)) for step in self.steps
            ]
        return MergeTrace(
            steps=tuple(self.steps),
            owners=self.owners,
            labels=self._labels,
            segments=tuple(self._segment(step) for step in kept if self._areas[step.owner]),
            overlap_threshold=overlap_threshold,
            conflict=conflict,
            notes=notes,
        )

    def _segment(self, step: MergeStep) -> Segment:
        assert step.window is not None
        y0, x0, y1, x1 = step.window
        box = (x0, y0, x1, y1)
        if step.kind is StepKind.DETECTION:
            x, y, width, height = cv2.boundingRect(_equals(self.owners[y0:y1, x0:x1], step.owner))
            box = (x0 + x, y0 + y, x0 + x + width, y0 + y + height)
        score = step.score if step.kind is StepKind.DETECTION else None
        return Segment(step.owner, step.label, self._areas[step.owner], box, score=score)


def _equals(part: NDArray[Any], value: int) -> Mask:
    """Returns where a part of a map has a value."""
    mask: Mask = np.equal(part, value).view(np.uint8)
    return mask


def _band_height(height: int) -> int:
    return -(-height // _BANDS)


def _count_by_band(labels: Labels, num_classes: int) -> NDArray[np.int64]:
    """Counts the pixels of every class in horizontal bands of the image, ``[bands, C]``."""
    step = _band_height(labels.shape[0])
    classes = min(num_classes, unlabelled(labels))
    counts = np.zeros((_BANDS, num_classes), np.int64)
    for band in range(_BANDS):
        rows = labels[band * step : (band + 1) * step]
        if rows.size:
            counts[band, :classes] = cv2.calcHist([rows], [0], None, [classes], [0, classes]).reshape(-1)
    return counts
