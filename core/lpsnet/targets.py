"""What each location shall predict, derived from an id map and its segments (method rows 15–22, 27–31).

A location is the continuous point ``(stride // 2 + j·stride, stride // 2 + i·stride)`` of the network's input. The
things it may learn are those whose mask (or box, as FCOS) it lies on; a thing's box is the tight box of its mask.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise, repeat
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from lpsnet.borderness import BordernessKind, borderness_target, box_borderness
from lpsnet.structures import PanopticSegmentation

__all__ = [
    "IGNORED",
    "NEGATIVE",
    "POSITIVE",
    "LevelTargets",
    "TargetRules",
    "level_grid",
    "location_targets",
    "semantic_target",
]

POSITIVE, NEGATIVE, IGNORED = 1, 0, -1
"""The states of a location: learns a box and its border-ness, learns that its border-ness is 0, learns nothing."""

_NOT_A_THING, _UNTAUGHT = -1, -2
"""In place of a thing's row: stuff; void and crowds, of which nobody knows what they hold."""

Float32 = NDArray[np.float32]
Rows = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class TargetRules:
    """The switches of the assignment.

    Attributes:
        positives: ``mask``: locations on a thing's mask; ``box``: in its box, the smallest box first (Figure 7b; rows
            16, 17).
        borderness: which border the distances reach to (rows 28, 29; Figure 7a); ``none`` for a training that does
            without: every positive counts alike and nothing is negative.
        level_assignment: ``range``: where the largest distance falls into the level's range; ``all``: on every level
            (rows 21, 22).
        borderness_negatives: ``off_level``: locations of a thing that another level is to learn; ``all``: stuff too;
            ``none`` (row 22).
        size_limits: the largest distance that each level but the last learns, in input pixels (row 21).
    """

    positives: Literal["mask", "box"] = "mask"
    borderness: Literal["run", "extreme", "box", "none"] = "run"
    level_assignment: Literal["range", "all"] = "range"
    borderness_negatives: Literal["off_level", "none", "all"] = "off_level"
    size_limits: tuple[float, ...] = (64.0, 128.0, 256.0, 512.0)


@dataclass(frozen=True, slots=True, eq=False)
class LevelTargets:
    """The targets of one image's locations on one level.

    Attributes:
        ltrb: ``[h_l, w_l, 4]`` float32, distances ≥ 0 to the box's sides in input pixels; 0 where not positive.
        borderness: ``[h_l, w_l]`` float32 in [0, 1]; 0 where not positive.
        state: ``[h_l, w_l]`` int8, :data:`POSITIVE`, :data:`NEGATIVE` or :data:`IGNORED`.
    """

    ltrb: Float32
    borderness: Float32
    state: NDArray[np.int8]


def level_grid(length: int, stride: int) -> NDArray[np.int32]:
    """Returns the coordinates of a level's locations along an axis of ``length`` input pixels, ``[n]``."""
    return np.arange(stride // 2, length, stride, dtype=np.int32)


def location_targets(
    segmentation: PanopticSegmentation, isthing: NDArray[np.bool_], strides: Sequence[int], rules: TargetRules
) -> tuple[LevelTargets, ...]:
    """Derives the targets of every location of an image.

    Args:
        segmentation: ground truth at the size of the network's input.
        isthing: ``[C]``, whether each class is a thing.
        strides: of the levels, growing.
        rules: the switches.

    Returns:
        One entry a level, for the locations that lie in the image.

    Raises:
        ValueError: if there are not as many ranges as levels.
    """
    if len(rules.size_limits) != len(strides) - 1:
        raise ValueError(f"{len(strides)} levels need {len(strides) - 1} size limits, not {len(rules.size_limits)}")
    things = _Things.of(segmentation, isthing)
    kind: BordernessKind = "box" if rules.borderness == "none" else rules.borderness
    borderness = borderness_target(things.own_ids(), kind)
    limits = (0.0, *rules.size_limits, np.inf)
    ranges = pairwise(limits) if rules.level_assignment == "range" else repeat(None, len(strides))
    return tuple(
        _level_targets(things, borderness, stride, reach, rules) for stride, reach in zip(strides, ranges, strict=True)
    )


def semantic_target(
    segmentation: PanopticSegmentation,
    isthing: NDArray[np.bool_],
    *,
    small_thing_weight: float = 1.0,
    small_thing_area: int = 4096,
) -> tuple[NDArray[np.integer[Any]], Float32 | None]:
    """Returns what the semantic head shall say, and how much each pixel counts (method rows 19, 42).

    Args:
        segmentation: ground truth at the size of the network's input.
        isthing: ``[C]``, whether each class is a thing.
        small_thing_weight: of the pixels of things below ``small_thing_area``, against 1 elsewhere.
        small_thing_area: in pixels; crowds are never small.

    Returns:
        Class indices ``[H, W]`` with the dtype's greatest value on void; weights ``[H, W]`` float32, or None where all
        count 1.
    """
    labels = segmentation.labels(len(isthing))
    if small_thing_weight == 1.0:
        return labels, None
    weight_of = np.ones(int(segmentation.ids.max(initial=0)) + 1, np.float32)
    for segment in segmentation.segments:
        if isthing[segment.label] and not segment.iscrowd and segment.area < small_thing_area:
            weight_of[segment.id] = small_thing_weight
    return labels, weight_of[segmentation.ids]


# ------------------------------------------------------------------------------------------------------------- things


@dataclass(frozen=True, slots=True, eq=False)
class _Things:
    """The things of an image that can be learnt.

    Attributes:
        rows: ``[H, W]`` int32, the thing's row on its mask, else :data:`_NOT_A_THING` or :data:`_UNTAUGHT`.
        boxes: ``[K, 4]`` float32, tight boxes.
    """

    rows: Rows
    boxes: Float32

    @classmethod
    def of(cls, segmentation: PanopticSegmentation, isthing: NDArray[np.bool_]) -> _Things:
        row_of = np.full(int(segmentation.ids.max(initial=0)) + 1, _UNTAUGHT, np.int32)
        boxes: list[tuple[int, int, int, int]] = []
        for segment in segmentation.segments:
            if not isthing[segment.label]:
                row_of[segment.id] = _NOT_A_THING
            elif not segment.iscrowd:
                row_of[segment.id] = len(boxes)
                boxes.append(segment.box)
        return cls(row_of[segmentation.ids], np.array(boxes, np.float32).reshape(-1, 4))

    def own_ids(self) -> Rows:
        """Returns the id map of the things alone, 0 elsewhere."""
        return np.maximum(self.rows, _NOT_A_THING) + 1

    @property
    def areas(self) -> Float32:
        """Areas of the boxes, ``[K]``."""
        areas: Float32 = (self.boxes[:, 2] - self.boxes[:, 0]) * (self.boxes[:, 3] - self.boxes[:, 1])
        return areas


# ------------------------------------------------------------------------------------------------------------- levels


def _level_targets(
    things: _Things, borderness: Float32, stride: int, reach: tuple[float, float] | None, rules: TargetRules
) -> LevelTargets:
    """Derives one level's targets; ``reach`` are the ends of its range, None where every level learns every thing."""
    height, width = things.rows.shape
    y, x = level_grid(height, stride), level_grid(width, stride)
    here = things.rows[np.ix_(y, x)]
    if rules.positives == "mask":
        candidate = here
        assigned = _within_reach(candidate, _distances(things.boxes, candidate, x, y), reach)
    else:
        candidate, assigned = _smallest_boxes(things, x, y, reach)
        candidate = np.where(here == _UNTAUGHT, _UNTAUGHT, candidate)
        assigned = np.where(here == _UNTAUGHT, _UNTAUGHT, assigned)
    positive = assigned >= 0
    state = np.full(here.shape, IGNORED, np.int8)
    state[positive] = POSITIVE
    if rules.borderness != "none" and rules.borderness_negatives != "none":
        state[~positive & (candidate >= 0)] = NEGATIVE
        if rules.borderness_negatives == "all":
            state[candidate == _NOT_A_THING] = NEGATIVE
    ltrb = np.where(positive[..., None], _distances(things.boxes, assigned, x, y), np.float32(0))
    target = np.where(positive, borderness[np.ix_(y, x)], np.float32(0))
    strangers = positive & (assigned != here)
    if strangers.any():
        # Off its mask a location has no run of it: the distances go to the box's sides, as center-ness has them.
        rows, columns = np.nonzero(strangers)
        target[strangers] = box_borderness(
            x[columns].astype(np.float32), y[rows].astype(np.float32), things.boxes[assigned[strangers]]
        )
    return LevelTargets(ltrb, target, state)


def _distances(boxes: Float32, rows: Rows, x: Rows, y: Rows) -> Float32:
    """Returns l, t, r, b from every location to the box of its row, ``[h, w, 4]``; of no meaning where it has none."""
    if not len(boxes):
        return np.zeros((*rows.shape, 4), np.float32)
    box = boxes[np.maximum(rows, 0)]
    column, line = x.astype(np.float32)[None, :], y.astype(np.float32)[:, None]
    return np.stack((column - box[..., 0], line - box[..., 1], box[..., 2] - column, box[..., 3] - line), axis=-1)


def _within_reach(rows: Rows, distances: Float32, reach: tuple[float, float] | None) -> Rows:
    """Keeps the rows of locations whose largest distance lies in the level's range, FCOS's ``(low, high]``."""
    if reach is None:
        return rows
    farthest = distances.max(axis=-1)
    return np.where((farthest > reach[0]) & (farthest <= reach[1]), rows, _NOT_A_THING)


def _smallest_boxes(things: _Things, x: Rows, y: Rows, reach: tuple[float, float] | None) -> tuple[Rows, Rows]:
    """Returns for every location the smallest box around it, and the smallest within the level's range, ``[h, w]``."""
    candidate = np.full((len(y), len(x)), _NOT_A_THING, np.int32)
    assigned = candidate.copy()
    for row in np.argsort(-things.areas, kind="stable"):
        x0, y0, x1, y1 = things.boxes[row]
        window = np.s_[np.searchsorted(y, y0) : np.searchsorted(y, y1), np.searchsorted(x, x0) : np.searchsorted(x, x1)]
        mine = np.full(candidate[window].shape, row, np.int32)
        candidate[window] = row
        kept = _within_reach(mine, _distances(things.boxes, mine, x[window[1]], y[window[0]]), reach)
        assigned[window] = np.where(kept >= 0, kept, assigned[window])
    return candidate, assigned
