"""The panoptic head (paper section 3.4): pastes boxes onto a semantic map, without a parameter to learn.

Boxes come by descending confidence. The mask of a box is the pixels of its class inside it. A mask that earlier ones
cover too much is discarded; otherwise its free pixels become its own, and the pixels it shares with earlier boxes go to
whoever the conflict strategy prefers. Stuff fills what is left.

Two masks can only share pixels of one class, for a pixel has one class. So every contested pixel lies between boxes of
the same class, and how much of a mask is covered never depends on who won: verdicts come first, then all contested
pixels are judged together.

The head needs boxes, a label map and nothing else of this network; border-ness maps are optional. It works on arrays of
numpy with OpenCV and knows no framework.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from lpsnet.borderness import box_borderness, sample_borderness
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
    label_dtype,
    unlabelled,
)

if TYPE_CHECKING:
    from lpsnet.categories import Categories

__all__ = ["Conflict", "Leftovers", "candidate_mask", "contested_mask", "explain_step", "merge"]

Conflict = Literal["closest", "highest", "smallest"]
Leftovers = Literal["void", "next_stuff"]
Mask = NDArray[np.uint8]
"""1 inside, 0 outside."""
Pixels = NDArray[np.intp]
"""``[n]`` positions in a flattened map."""

_PIXELS_AT_ONCE = 16384
"""Contested pixels judged together: few enough for their temporaries to stay in the processor's cache."""

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
    _check_settings(score_threshold, overlap_threshold, conflict, stuff_limit, leftovers)
    isthing = np.asarray(isthing, np.bool_).reshape(-1)
    labels = _as_label_map(labels, len(isthing), "labels")
    _check_detections(detections, isthing)
    second_choice = _second_choice(next_stuff, labels, isthing) if leftovers == "next_stuff" else None
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


# ------------------------------------------------------------------------------------------------------- what came in


def _check_settings(
    score_threshold: float, overlap_threshold: float, conflict: str, stuff_limit: int, leftovers: str
) -> None:
    for name, value in (("score_threshold", score_threshold), ("overlap_threshold", overlap_threshold)):
        if not 0 <= value <= 1:
            raise ValueError(f"{name} must lie between 0 and 1, not {value!r}")
    if stuff_limit < 0:
        raise ValueError(f"stuff_limit must not be negative, not {stuff_limit!r}")
    if conflict not in ("closest", "highest", "smallest"):
        raise ValueError(f"conflict must be one of closest, highest, smallest, not {conflict!r}")
    if leftovers not in ("void", "next_stuff"):
        raise ValueError(f"leftovers must be one of void, next_stuff, not {leftovers!r}")


def _check_detections(detections: Detections, isthing: NDArray[np.bool_]) -> None:
    boxes, labels, scores = detections.boxes, detections.labels, detections.scores
    broken = np.flatnonzero(~(np.isfinite(boxes).all(axis=1) & np.isfinite(scores)))
    if broken.size:
        raise ValueError(f"detection {broken[0]} is not finite: box {boxes[broken[0]]}, score {scores[broken[0]]}")
    if (np.diff(scores) > 0).any():
        raise ValueError("detections must come by descending score; Detections.from_boxes sorts them")
    alien = np.flatnonzero((labels < 0) | (labels >= len(isthing)))
    if alien.size:
        raise ValueError(f"detection {alien[0]} has class {labels[alien[0]]}, but there are {len(isthing)} classes")
    stuff = np.flatnonzero(~isthing[labels])
    if stuff.size:
        raise ValueError(f"detection {stuff[0]} has class {labels[stuff[0]]}, which is stuff; only things have boxes")


def _as_label_map(labels: NDArray[np.integer[Any]], num_classes: int, name: str) -> Labels:
    """Returns the map in the dtype of its number of classes, without a copy if it has it already; values checked."""
    if labels.ndim != 2 or not np.issubdtype(labels.dtype, np.integer):
        raise ValueError(f"{name} must be whole numbers [H, W], not {labels.dtype} {list(labels.shape)}")
    nothing = np.iinfo(labels.dtype).max
    no_class = (labels == nothing) | (labels < 0)
    alien = (labels >= num_classes) & ~no_class
    if alien.any():
        raise ValueError(
            f"{name} hold {labels[alien][0]}, which is neither one of the {num_classes} classes nor {nothing}, no class"
        )
    dtype = label_dtype(num_classes)
    if labels.dtype == dtype:
        return np.ascontiguousarray(labels)
    compact = labels.astype(dtype)
    compact[no_class] = np.iinfo(dtype).max
    return compact


def _second_choice(next_stuff: Labels | None, labels: Labels, isthing: NDArray[np.bool_]) -> Labels:
    """Returns the label map with every thing pixel's class replaced by its likeliest stuff class."""
    if next_stuff is None:
        raise ValueError('leftovers="next_stuff" needs the next_stuff map')
    next_stuff = _as_label_map(next_stuff, len(isthing), "next_stuff")
    if next_stuff.shape != labels.shape:
        raise ValueError(f"next_stuff is {list(next_stuff.shape)}, but labels are {list(labels.shape)}")
    table = np.zeros(unlabelled(labels) + 1, np.bool_)
    table[: len(isthing)] = isthing
    if (table[labels] & table[next_stuff]).any():
        raise ValueError("next_stuff holds a thing class where labels do")
    return np.where(table[labels], next_stuff, labels)


# ------------------------------------------------------------------------------------------------------- the merging


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
        self._windows = _pixel_windows(detections.boxes, labels.shape)
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
        x_low, y_low, x_high, y_high = (float(side) for side in self._detections.boxes[row])
        self.steps.append(
            MergeStep(
                kind=StepKind.DETECTION,
                label=label,
                detection=row,
                score=float(self._detections.scores[row]),
                box=(x_low, y_low, x_high, y_high),
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
        costs, least = _costs(
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


def _costs(
    conflict: Conflict,
    detections: Detections,
    borderness: BordernessMaps | None,
    pixels: Pixels,
    width: int,
    competitors: tuple[Pixels, Pixels],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Returns what each pixel would cost each of two competing detections; it goes to the lesser cost.

    Args:
        conflict: the strategy.
        detections: all boxes.
        borderness: the prediction that ``closest`` compares with.
        pixels: ``[n]`` contested pixels.
        width: width of the image.
        competitors: two times ``[n]`` rows of ``detections``.
    """
    boxes = detections.boxes.astype(np.float64)
    first, second = np.zeros(len(pixels)), np.zeros(len(pixels))
    if conflict == "smallest":
        areas = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
        first, second = areas[competitors[0]], areas[competitors[1]]
    if conflict == "closest" and borderness is not None:
        for begin in range(0, len(pixels), _PIXELS_AT_ONCE):
            part = slice(begin, begin + _PIXELS_AT_ONCE)
            row = pixels[part] // width
            x, y = pixels[part] - row * width + 0.5, row + 0.5
            rivals = competitors[0][part], competitors[1][part]
            for cost, rows, predicted in zip(
                (first, second), rivals, _predictions(borderness, detections, x, y, rivals), strict=True
            ):
                np.abs(box_borderness(x, y, boxes.take(rows, axis=0)) - predicted, out=cost[part])
    return first, second


def _predictions(
    borderness: BordernessMaps,
    detections: Detections,
    x: NDArray[np.floating[Any]],
    y: NDArray[np.floating[Any]],
    rivals: tuple[Pixels, Pixels],
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Returns the border-ness predicted at points, as it answers to each of two competing detections."""
    x32, y32 = x.astype(np.float32), y.astype(np.float32)
    if borderness.pooling == "own":
        one, other = (sample_borderness(borderness, x32, y32, detections.level[rows]) for rows in rivals)
        return one, other
    shared = sample_borderness(borderness, x32, y32)
    return shared, shared


def _equals(part: NDArray[Any], value: int) -> Mask:
    """Returns where a part of a map has a value."""
    mask: Mask = np.equal(part, value).view(np.uint8)
    return mask


def _pixel_windows(boxes: NDArray[np.float32], shape: tuple[int, ...]) -> list[Window]:
    """Returns for every box the pixels whose centre lies in it, as a window clipped to the image."""
    height, width = shape
    sides = np.ceil(boxes.reshape(-1, 4).astype(np.float64) - 0.5)
    x0, y0, x1, y1 = np.clip(sides, 0, [width, height, width, height]).astype(np.intp).T
    return list(zip(y0.tolist(), x0.tolist(), np.maximum(y0, y1).tolist(), np.maximum(x0, x1).tolist(), strict=True))


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


# ------------------------------------------------------------------------------------------------------ showing steps


def candidate_mask(trace: MergeTrace, index: int) -> tuple[Window, NDArray[np.bool_]]:
    """Returns the candidate pixels of a step, as a window and a mask in it.

    Those of a discarded stuff class leave out what it would have adopted: the trace does not know which pixels these
    were.

    Raises:
        IndexError: if there is no such step.
    """
    step = _step(trace, index)
    height, width = trace.labels.shape
    window: Window = (0, 0, height, width)
    if step.kind is StepKind.DETECTION:
        (window,) = _pixel_windows(np.array([step.box], np.float32), trace.labels.shape)
        y0, x0, y1, x1 = window
        return window, trace.labels[y0:y1, x0:x1] == step.label
    if step.kind is StepKind.LEFTOVERS:
        without_class_or_stuff = [unlabelled(trace.labels)]
        without_class_or_stuff += [other.label for other in trace.steps if other.kind is StepKind.STUFF]
        return window, (trace.owners == 0) & ~np.isin(trace.labels, without_class_or_stuff)
    if step.window is not None and step.delta is not None:
        return step.window, step.delta != 0
    return window, trace.labels == step.label


def contested_mask(
    trace: MergeTrace, index: int, owners: Owners | None = None
) -> tuple[Window, NDArray[np.bool_], Owners]:
    """Returns the candidate pixels of a step that others held before it, and who holds them after it.

    Args:
        trace: the merge.
        index: the step.
        owners: ``[H, W]`` owner map after the step, as a cursor at position ``index + 1`` has it; replayed from the
            trace if None.

    Returns:
        A window, where in it the pixels lie, and in the window the owner numbers after the step. Of a discarded
        detection they are the pixels that spoke against it.

    Raises:
        IndexError: if there is no such step.
    """
    step = _step(trace, index)
    window, candidates = candidate_mask(trace, index)
    y0, x0, y1, x1 = window
    after = (trace.owners_after(index + 1) if owners is None else owners)[y0:y1, x0:x1]
    if step.kind is not StepKind.DETECTION:
        return window, np.zeros_like(candidates), after
    before = after if step.delta is None else after ^ step.delta
    return window, candidates & (before != 0), after


def _step(trace: MergeTrace, index: int) -> MergeStep:
    if not 0 <= index < len(trace.steps):
        raise IndexError(f"step {index} of {len(trace.steps)}")
    return trace.steps[index]


def explain_step(step: MergeStep, trace: MergeTrace, categories: Categories) -> str:
    """Returns what happened at a step, in one line for a visitor.

    For instance ``person 0.91 · overlap 0.12 ≤ 0.30 · kept · 340 contested pixels, 120 won from person #2``, where #2
    is the owner number.
    """
    if step.kind is StepKind.LEFTOVERS:
        if step.verdict is Verdict.EMPTY:
            return "leftovers · every pixel of a thing class has found an owner"
        return f"leftovers · {_pixels(step.candidate_pixels, 'pixel')} of thing classes in no kept box · left void"
    name = categories[step.label].name
    if step.kind is StepKind.STUFF:
        adopted = f", {step.adopted_pixels:,} of them adopted from thing classes" if step.adopted_pixels else ""
        verdict = "kept" if step.verdict is Verdict.KEPT else "below the stuff limit, left void"
        return f"{name} · {_pixels(step.candidate_pixels, 'free pixel')}{adopted} · {verdict}"
    title = f"{name} {step.score:.2f}"
    if step.verdict is Verdict.EMPTY:
        return f"{title} · no {name} pixel in the box · nothing to paste"
    overlap, threshold = _told_apart(step.overlap, trace.overlap_threshold)
    if step.verdict is Verdict.DISCARDED:
        return f"{title} · overlap {overlap} > {threshold} · discarded"
    return " · ".join([f"{title} · overlap {overlap} ≤ {threshold} · kept", *_contest_words(step, name)])


def _contest_words(step: MergeStep, name: str) -> list[str]:
    if not step.contests:
        return []
    if len(step.contests) == 1:
        outcomes = [f"{contest.won:,} won from {name} #{contest.rival}" for contest in step.contests]
    else:
        outcomes = [
            f"{contest.won:,} of {contest.pixels:,} won from {name} #{contest.rival}" for contest in step.contests
        ]
    return [", ".join([_pixels(step.contested_pixels, "contested pixel"), *outcomes])]


def _pixels(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _told_apart(one: float, other: float) -> tuple[str, str]:
    """Writes two ratios with two digits, or as many more as it takes to tell them apart."""
    digits = 2
    while one != other and digits < 6 and f"{one:.{digits}f}" == f"{other:.{digits}f}":
        digits += 1
    return f"{one:.{digits}f}", f"{other:.{digits}f}"
