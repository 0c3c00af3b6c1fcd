"""What became of every candidate box, from its location to its segment (method rows 33-36 and 46-53).

A candidate leaves the pipeline at one place and no other: on the way to a detection
(:class:`~lpsnet.structures.DropStage`), or in the merge. Here both halves are told as one.
"""

from __future__ import annotations

import enum
import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from lpsnet.structures import Candidates, MergeStep, MergeTrace, StepKind, Verdict
from lpsnet.targets import TargetRules

__all__ = [
    "CandidateFacts",
    "Fate",
    "LevelCounts",
    "candidate_facts",
    "count_by_level",
    "distances_to_sides",
    "fates",
    "fates_of_detections",
    "levels_by_size",
    "ranks",
]

FIRST_LEVEL = 3
"""The finest pyramid level: P3."""
SIZE_LIMITS = TargetRules().size_limits
"""The largest distance that P3 … P6 learn, in input pixels (method row 21)."""

Fates = NDArray[np.uint8]
"""``[K]``, a :class:`Fate` for every candidate."""


class Fate(enum.IntEnum):
    """Where a candidate box ended, in the order of the pipeline."""

    SCORE = 0
    """Its class probability did not exceed the class threshold (row 35)."""
    TOP_K = 1
    """Its level had better-scored candidates enough (row 35)."""
    NMS = 2
    """A better-scored box of its class overlapped it too much (row 36)."""
    CAP = 3
    """The image had better-scored detections enough (row 36)."""
    THRESHOLD = 4
    """It became a detection, but its score is below the score threshold of the merge (row 53)."""
    OVERLAP = 5
    """The merge discarded it: earlier masks had taken more of its own than the overlap threshold allows (row 47)."""
    EMPTY = 6
    """The merge found no pixel of its class in it (row 46)."""
    COVERED = 7
    """The merge kept it, but later boxes of its class won every pixel that it held (row 48)."""
    KEPT = 8
    """It owns a segment of the panoptic output."""


_FATE_OF_DROP = np.array([Fate.THRESHOLD, Fate.SCORE, Fate.TOP_K, Fate.NMS, Fate.CAP], np.uint8)
"""By :class:`~lpsnet.structures.DropStage`; a detection stays below the threshold until a merge step names it."""


def fates(candidates: Candidates, trace: MergeTrace) -> Fates:
    """Returns what became of every candidate, through post-processing and merge.

    Args:
        candidates: every box that was considered.
        trace: the merge of ``candidates.detections()``.

    Returns:
        ``[K]`` uint8, a :class:`Fate` each.

    Raises:
        ValueError: if the merge is not of these candidates' detections.
    """
    found = _FATE_OF_DROP[candidates.dropped_at]
    rows = candidates.kept()
    segments = {segment.id for segment in trace.segments}
    for step in _detection_steps(candidates, rows, trace):
        found[rows[step.detection]] = _fate_of_step(step, segments)
    return found


def fates_of_detections(count: int, trace: MergeTrace) -> Fates:
    """Returns what became of boxes that were merged without being chosen from candidates, as an oracle's are.

    Args:
        count: D, how many boxes there are.
        trace: their merge.

    Returns:
        ``[D]`` uint8, a :class:`Fate` each, none before ``THRESHOLD``.
    """
    found = np.full(count, Fate.THRESHOLD, np.uint8)
    segments = {segment.id for segment in trace.segments}
    for step in trace.steps:
        if step.kind is StepKind.DETECTION:
            found[step.detection] = _fate_of_step(step, segments)
    return found


def _fate_of_step(step: MergeStep, segments: set[int]) -> Fate:
    if step.verdict is Verdict.KEPT:
        return Fate.KEPT if step.owner in segments else Fate.COVERED
    return Fate.OVERLAP if step.verdict is Verdict.DISCARDED else Fate.EMPTY


def _detection_steps(candidates: Candidates, rows: NDArray[np.intp], trace: MergeTrace) -> list[MergeStep]:
    """Returns the steps that paste a detection, after a look at whether these are the candidates' detections."""
    steps = [step for step in trace.steps if step.kind is StepKind.DETECTION]
    labels, scores = candidates.labels[rows].tolist(), candidates.scores[rows].tolist()
    for step in steps:
        row = step.detection
        if row >= len(rows) or (step.label, step.score) != (labels[row], scores[row]):
            raise ValueError(f"the merge is of other boxes: its detection {row} is none of these candidates")
    return steps


# ------------------------------------------------------------------------------------------------------------- levels


@dataclass(frozen=True, slots=True, eq=False)
class LevelCounts:
    """What became of the candidates of one pyramid level.

    Attributes:
        level: pyramid level, 3 for P3 … 7 for P7.
        locations: number of its locations that made a candidate, each for one class or several.
        counts: ``[9]`` int64, number of its candidates by :class:`Fate`.
        size_range: the distances that the level is meant for, in input pixels: above the first, up to the second
            (method row 21).
        in_range: ``[9]`` int64, how many of ``counts`` are of the level's size range.
    """

    level: int
    locations: int
    counts: NDArray[np.int64]
    size_range: tuple[float, float]
    in_range: NDArray[np.int64]

    def __len__(self) -> int:
        return int(self.counts.sum())


def distances_to_sides(candidates: Candidates) -> NDArray[np.float32]:
    """Returns how far each candidate's sides lie from its location: l, t, r, b, ``[K, 4]`` in image pixels.

    Boxes were clipped to the image, and their distances with them.
    """
    return np.concatenate(
        (candidates.location - candidates.boxes[:, :2], candidates.boxes[:, 2:] - candidates.location), axis=1
    )


def levels_by_size(
    candidates: Candidates, scale: tuple[float, float], size_limits: Sequence[float] = SIZE_LIMITS
) -> NDArray[np.uint8]:
    """Returns the level that each candidate belongs to by its largest distance to a side (method row 21).

    Args:
        candidates: every box that was considered.
        scale: ``(sx, sy)``, pixels of the network's input per pixel of the original image.
        size_limits: the largest distance of each level but the last, in input pixels, growing.

    Returns:
        ``[K]`` uint8, 3 for P3 … 7 for P7.
    """
    limits = np.asarray(size_limits, np.float64)
    distances = distances_to_sides(candidates) * np.array([scale[0], scale[1]] * 2)
    sizes = distances.max(axis=1, initial=0.0)
    levels: NDArray[np.uint8] = (FIRST_LEVEL + np.searchsorted(limits, sizes, side="left")).astype(np.uint8)
    return levels


def count_by_level(
    candidates: Candidates,
    fates: Fates,
    scale: tuple[float, float] = (1.0, 1.0),
    size_limits: Sequence[float] = SIZE_LIMITS,
) -> tuple[LevelCounts, ...]:
    """Counts what became of the candidates of every level, and of those of the size that the level is meant for.

    Args:
        candidates: every box that was considered.
        fates: what became of each, see :func:`fates`.
        scale: ``(sx, sy)``, pixels of the network's input per pixel of the original image.
        size_limits: the largest distance of each level but the last, in input pixels, growing (method row 21).

    Returns:
        P3 … P7, also those without a candidate; as many levels as the size limits make.

    Raises:
        ValueError: if ``fates`` is of other candidates, or a candidate's level is none of these.
    """
    if len(fates) != len(candidates):
        raise ValueError(f"{len(fates)} fates do not belong to {len(candidates)} candidates")
    levels = candidates.level.astype(np.int64) - FIRST_LEVEL
    count = len(size_limits) + 1
    alien = np.flatnonzero((levels < 0) | (levels >= count))
    if alien.size:
        raise ValueError(f"candidate {alien[0]} is of level {candidates.level[alien[0]]}, which has no size range")
    fitting = levels_by_size(candidates, scale, size_limits) == candidates.level
    everything, in_range = (
        np.bincount(levels[rows] * len(Fate) + fates[rows], minlength=count * len(Fate)).reshape(count, -1)
        for rows in (slice(None), fitting)
    )
    points = np.ascontiguousarray(candidates.location, np.float32).view(np.uint64).reshape(-1)
    return tuple(
        LevelCounts(
            level=FIRST_LEVEL + index,
            locations=len(np.unique(points[levels == index])),
            counts=everything[index],
            size_range=size_range,
            in_range=in_range[index],
        )
        for index, size_range in enumerate(pairwise((0.0, *map(float, size_limits), math.inf)))
    )


# ------------------------------------------------------------------------------------------------------------ ranking


def ranks(candidates: Candidates) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Ranks the detections with and without border-ness (method row 32): 1 is the best, ties go to the earlier row.

    Whether border-ness was in force when the boxes were suppressed makes no difference to how the survivors are ranked
    here. Where it was, the first ranks simply count up.

    Returns:
        Ranks by class score × border-ness and by class score alone, each ``[D]`` int32 in the order of
        ``candidates.detections()``.
    """
    rows = candidates.kept()
    with_borderness = candidates.class_scores[rows] * candidates.borderness[rows]
    return _ranks(with_borderness, rows), _ranks(candidates.class_scores[rows], rows)


def _ranks(scores: NDArray[np.float32], rows: NDArray[np.intp]) -> NDArray[np.int32]:
    ranked = np.empty(len(rows), np.int32)
    ranked[np.lexsort((rows, -scores))] = np.arange(1, len(rows) + 1)
    return ranked


# -------------------------------------------------------------------------------------------------------- one by one


@dataclass(frozen=True, slots=True)
class CandidateFacts:
    """One candidate in full.

    Attributes:
        row: its row in the candidates.
        level: pyramid level, 3 for P3 … 7 for P7; 0 where it has none.
        location: x and y of the location that predicted it, in image pixels.
        box: xyxy in image pixels, clipped to the image.
        distances: l, t, r, b from the location to the box's sides, in image pixels.
        label: class index.
        class_score: class probability at the location.
        borderness: predicted border-ness of the location.
        product: class score × border-ness.
        score: what it was ranked by: the product, the class score, or the square root of either (method row 32).
        fate: what became of it.
        suppressor: row of the candidate that suppressed it; -1 unless NMS did.
        iou: IoU with that box; 0 unless NMS dropped it.
        detection: its row in the detections; -1 unless it became one.
        step: index of its step in the merge; -1 if it took none.
        owner: its number in the owner map; 0 unless the merge kept it.
    """

    row: int
    level: int
    location: tuple[float, float]
    box: tuple[float, float, float, float]
    distances: tuple[float, float, float, float]
    label: int
    class_score: float
    borderness: float
    product: float
    score: float
    fate: Fate
    suppressor: int
    iou: float
    detection: int
    step: int
    owner: int


def candidate_facts(candidates: Candidates, fates: Fates, trace: MergeTrace, row: int) -> CandidateFacts:
    """Returns all there is to say about one candidate.

    Args:
        candidates: every box that was considered.
        fates: what became of each, see :func:`fates`.
        trace: the merge of their detections.
        row: which candidate.

    Raises:
        IndexError: if there is no such candidate.
    """
    if not 0 <= row < len(candidates):
        raise IndexError(f"candidate {row} of {len(candidates)}")
    x, y = candidates.location[row].tolist()
    x0, y0, x1, y1 = candidates.boxes[row].tolist()
    class_score, borderness = float(candidates.class_scores[row]), float(candidates.borderness[row])
    detection = next(iter(np.flatnonzero(candidates.kept() == row).tolist()), -1)
    step = _step_of(trace, detection)
    return CandidateFacts(
        row=row,
        level=int(candidates.level[row]),
        location=(x, y),
        box=(x0, y0, x1, y1),
        distances=(x - x0, y - y0, x1 - x, y1 - y),
        label=int(candidates.labels[row]),
        class_score=class_score,
        borderness=borderness,
        product=class_score * borderness,
        score=float(candidates.scores[row]),
        fate=Fate(int(fates[row])),
        suppressor=int(candidates.suppressed_by[row]),
        iou=float(candidates.iou[row]),
        detection=detection,
        step=step,
        owner=trace.steps[step].owner if step >= 0 else 0,
    )


def _step_of(trace: MergeTrace, detection: int) -> int:
    """Returns the index of the step that pastes a detection; -1 if there is none."""
    if detection < 0:
        return -1
    return next((index for index, step in enumerate(trace.steps) if step.detection == detection), -1)
