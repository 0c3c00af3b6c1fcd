"""What each location shall predict, derived from an id map and its segments (method rows 15–22, 27–31).

A location is the continuous point ``(stride // 2 + j·stride, stride // 2 + i·stride)`` of the network's input; what a
map says of it is read at the pixel under it. It may learn the thing on whose mask it lies, as the paper has it, or
one in whose box it lies, as FCOS has it. A thing's box is the tight box of its mask.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise, repeat
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from lpsnet.borderness import borderness_from_extents, borderness_target_at
from lpsnet.structures import Labels, PanopticSegmentation

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

_STUFF, _UNKNOWN = -1, 0
"""In place of a thing's number. Unknown are void and crowds: what is there, one by one, nobody says (row 19)."""

Float32 = NDArray[np.float32]
Numbers = NDArray[np.int32]
"""Which thing, 1 … K in the order of the segments; or :data:`_STUFF`, or :data:`_UNKNOWN`."""


@dataclass(frozen=True, slots=True)
class TargetRules:
    """The switches of the assignment.

    Attributes:
        positives: ``mask``: locations on a thing's mask; ``box``: locations in its box, and where boxes overlap the
            smallest one's, the first among equals (Figure 7b; rows 16, 17).
        borderness: which border the distances reach to (rows 28, 29; Figure 7a); ``none`` for a training without
            border-ness: every positive counts alike and nothing is negative.
        level_assignment: ``range``: a location learns a thing if its largest distance to the box's sides falls into
            the level's range; ``all``: on every level (rows 21, 22).
        borderness_negatives: ``off_level``: locations on a thing (or in its box) that are out of the level's range;
            ``all``: those on stuff too; ``none`` (row 22).
        size_limits: the largest distance that each level but the last learns, in input pixels, growing (row 21).
    """

    positives: Literal["mask", "box"] = "mask"
    borderness: Literal["run", "extreme", "box", "none"] = "run"
    level_assignment: Literal["range", "all"] = "all"
    borderness_negatives: Literal["off_level", "none", "all"] = "none"
    size_limits: tuple[float, ...] = (64.0, 128.0, 256.0, 512.0)


@dataclass(frozen=True, slots=True, eq=False)
class LevelTargets:
    """The targets of one image's locations on one level.

    Attributes:
        ltrb: ``[h_l, w_l, 4]`` float32, distances ≥ 0 from the location to the box's sides in input pixels; 0 where
            not positive.
        borderness: ``[h_l, w_l]`` float32 in (0, 1], that of the pixel under the location; 0 where not positive.
        state: ``[h_l, w_l]`` int8, :data:`POSITIVE`, :data:`NEGATIVE` or :data:`IGNORED`.
    """

    ltrb: Float32
    borderness: Float32
    state: NDArray[np.int8]


def level_grid(length: int, stride: int) -> NDArray[np.int32]:
    """Returns the coordinates of a level's locations along an axis of ``length`` input pixels, ``[n]`` (row 15)."""
    return np.arange(stride // 2, length, stride, dtype=np.int32)


def location_targets(
    segmentation: PanopticSegmentation, isthing: NDArray[np.bool_], strides: Sequence[int], rules: TargetRules
) -> tuple[LevelTargets, ...]:
    """Derives the targets of every location of an image.

    Args:
        segmentation: ground truth at the size of the network's input, without its padding.
        isthing: ``[C]``, whether each class is a thing.
        strides: of the levels, growing.
        rules: the switches.

    Returns:
        One entry a level, for the locations that lie in the image; a level may have none.

    Raises:
        ValueError: if the size limits do not make as many ranges as there are levels, or the border-ness is unknown.
    """
    if len(rules.size_limits) != len(strides) - 1:
        raise ValueError(f"{len(strides)} levels need {len(strides) - 1} size limits, not {len(rules.size_limits)}")
    things = _Things.of(segmentation, isthing)
    everything = (0.0, np.inf)
    ranges: Iterable[tuple[float, float]] = repeat(everything, len(strides))
    if rules.level_assignment == "range":
        ranges = pairwise((0.0, *rules.size_limits, np.inf))
    return tuple(_level_targets(things, stride, reach, rules) for stride, reach in zip(strides, ranges, strict=True))


def semantic_target(
    segmentation: PanopticSegmentation,
    isthing: NDArray[np.bool_],
    *,
    small_thing_weight: float = 1.0,
    small_thing_area: int = 4096,
) -> tuple[Labels, Float32 | None]:
    """Returns what the semantic head shall say, and how much each pixel counts (method rows 19, 42).

    Args:
        segmentation: ground truth at the size of the network's input.
        isthing: ``[C]``, whether each class is a thing.
        small_thing_weight: of the pixels of things below ``small_thing_area``, against 1 elsewhere.
        small_thing_area: in input pixels; crowds are never small.

    Returns:
        Class indices ``[H, W]`` with the dtype's greatest value on void, crowds under their class; weights ``[H, W]``
        float32, or None where all count 1.
    """
    labels = segmentation.labels(len(isthing))
    if small_thing_weight == 1.0:
        return labels, None
    is_small = np.zeros(int(segmentation.ids.max(initial=0)) + 1, np.bool_)
    for segment in segmentation.segments:
        is_small[segment.id] = isthing[segment.label] and not segment.iscrowd and segment.area < small_thing_area
    return labels, np.where(is_small[segmentation.ids], np.float32(small_thing_weight), np.float32(1))


# ------------------------------------------------------------------------------------------------------------- things


@dataclass(frozen=True, slots=True, eq=False)
class _Things:
    """The things of an image that can be learnt.

    Attributes:
        numbers: ``[H, W]``, on every pixel.
        boxes: ``[1 + K, 4]`` float32, the tight box of every number; that of 0 stands for no thing.
    """

    numbers: Numbers
    boxes: Float32

    @classmethod
    def of(cls, segmentation: PanopticSegmentation, isthing: NDArray[np.bool_]) -> _Things:
        # COCO's ids go up to 2^24: a table of zeros costs only the pages of it that are written or read.
        number_of = np.zeros(int(segmentation.ids.max(initial=0)) + 1, np.int32)
        boxes = [(0, 0, 0, 0)]
        for segment in segmentation.segments:
            if segment.iscrowd:
                continue
            if isthing[segment.label]:
                number_of[segment.id] = len(boxes)
                boxes.append(segment.box)
            else:
                number_of[segment.id] = _STUFF
        return cls(number_of[segmentation.ids], np.array(boxes, np.float32))

    def distances(self, numbers: Numbers, x: NDArray[Any], y: NDArray[Any]) -> Float32:
        """Returns l, t, r, b from points to the boxes of things, of no meaning where there is no thing.

        Args:
            numbers: ``[h, w]``, whose box at every point.
            x: ``[w]``, columns of the points.
            y: ``[h]``, their rows.

        Returns:
            ``[h, w, 4]`` float32, in pixels.
        """
        x0, y0, x1, y1 = np.moveaxis(self.boxes[np.maximum(numbers, 0)], -1, 0)
        column, line = np.asarray(x, np.float32)[None, :], np.asarray(y, np.float32)[:, None]
        return np.stack((column - x0, line - y0, x1 - column, y1 - line), axis=-1)


# ------------------------------------------------------------------------------------------------------------- levels


def _level_targets(things: _Things, stride: int, reach: tuple[float, float], rules: TargetRules) -> LevelTargets:
    """Derives the targets of one level, which learns what is within ``reach``."""
    height, width = things.numbers.shape
    x, y = level_grid(width, stride), level_grid(height, stride)
    here = things.numbers[np.ix_(y, x)]
    if rules.positives == "mask":
        candidate = here
        learnt = np.where(_in_reach(things.distances(here, x, y).max(axis=-1), reach), here, 0)
    else:
        candidate, learnt = _in_smallest_box(things, here, x, y, reach)
    positive = learnt > 0
    state = np.where(_is_negative(candidate, rules), np.int8(NEGATIVE), np.int8(IGNORED))
    state[positive] = POSITIVE
    borderness = _borderness(things, learnt, here, x, y, rules.borderness)
    return LevelTargets(
        ltrb=np.where(positive[..., None], things.distances(learnt, x, y), np.float32(0)),
        borderness=np.where(positive, borderness, np.float32(0)),
        state=state,
    )


def _in_reach(farthest: NDArray[np.floating[Any]], reach: tuple[float, float]) -> NDArray[np.bool_]:
    """Returns whether largest distances lie in a level's range."""
    # FCOS counts a limit to both levels; here what lies on it belongs to the lower level alone.
    return (reach[0] < farthest) & (farthest <= reach[1])


def _in_smallest_box(
    things: _Things, here: Numbers, x: Numbers, y: Numbers, reach: tuple[float, float]
) -> tuple[Numbers, Numbers]:
    """Returns whose box is the smallest around every location, and the smallest of those in reach, ``[h, w]``.

    Where there is no box the first says what is ``here`` and the second 0. What is unknown stays so inside a box, too.
    """
    around, learnt = here.copy(), np.zeros_like(here)
    for number in _largest_first(things.boxes):
        x0, y0, x1, y1 = things.boxes[number]
        lines, columns = slice(*np.searchsorted(y, (y0, y1))), slice(*np.searchsorted(x, (x0, x1)))
        farthest = np.maximum.outer(
            np.maximum(y[lines] - y0, y1 - y[lines]), np.maximum(x[columns] - x0, x1 - x[columns])
        )
        around[lines, columns] = number
        learnt[lines, columns][_in_reach(farthest, reach)] = number
    unknown = here == _UNKNOWN
    around[unknown], learnt[unknown] = _UNKNOWN, 0
    return around, learnt


def _largest_first(boxes: Float32) -> NDArray[np.intp]:
    """Returns the numbers of things by falling area of their boxes, the later first among equals."""
    width, height = (boxes[1:, 2:] - boxes[1:, :2]).T
    return 1 + np.argsort(width * height, kind="stable")[::-1]


def _is_negative(candidate: Numbers, rules: TargetRules) -> NDArray[np.bool_]:
    """Returns where border-ness is learnt to be 0 unless a thing is learnt, ``[h, w]``."""
    if rules.borderness == "none" or rules.borderness_negatives == "none":
        return np.zeros(candidate.shape, np.bool_)
    return candidate > 0 if rules.borderness_negatives == "off_level" else candidate != _UNKNOWN


def _borderness(
    things: _Things,
    learnt: Numbers,
    here: Numbers,
    x: Numbers,
    y: Numbers,
    kind: Literal["run", "extreme", "box", "none"],
) -> Float32:
    """Returns the border-ness in the thing it learns of the pixel under every location, ``[h, w]``."""
    if kind == "none":
        return np.ones(learnt.shape, np.float32)
    in_box = borderness_from_extents(*np.moveaxis(things.distances(learnt, x + 0.5, y + 0.5), -1, 0))
    if kind == "box":
        return in_box
    # Off the mask of what it learns no run of that mask goes through a location: there the box's sides are the border.
    return np.where(learnt == here, borderness_target_at(things.numbers, y, x, kind), in_box)
