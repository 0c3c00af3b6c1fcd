"""Slow, plain re-tellings of the method, pixel by pixel, that the fast code is held against.

Nothing here imports the code under test; the structures are all they share.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor, sqrt
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from lpsnet.structures import BordernessLevel, BordernessMaps, Detections

Box = Sequence[float]
Pixel = tuple[int, int]


# -------------------------------------------------------------------------------------------------------- border-ness


def brute_force_borderness(left: float, top: float, right: float, bottom: float) -> float:
    """Eq. 1; 0 on or outside a border."""
    if min(left, top, right, bottom) <= 0:
        return 0.0
    return sqrt(min(left, right) / max(left, right) * (min(top, bottom) / max(top, bottom)))


def brute_force_extents(ids: NDArray[np.integer], kind: str, row: int, column: int) -> tuple[float, ...]:
    """Distances from one pixel's centre to the left, upper, right and lower border of its segment."""
    height, width = ids.shape
    mine = ids[row, column]

    def walk(row_step: int, column_step: int) -> float:
        i, j, steps = row, column, 0
        while (
            0 <= i + row_step < height and 0 <= j + column_step < width and ids[i + row_step, j + column_step] == mine
        ):
            i, j, steps = i + row_step, j + column_step, steps + 1
        return steps + 0.5

    if kind == "run":
        return walk(0, -1), walk(-1, 0), walk(0, 1), walk(1, 0)
    if kind == "extreme":
        columns = [j for j in range(width) if ids[row, j] == mine]
        rows = [i for i in range(height) if ids[i, column] == mine]
    else:
        members = [(i, j) for i in range(height) for j in range(width) if ids[i, j] == mine]
        rows, columns = [i for i, _ in members], [j for _, j in members]
    return (
        column + 0.5 - min(columns),
        row + 0.5 - min(rows),
        max(columns) + 1 - (column + 0.5),
        max(rows) + 1 - (row + 0.5),
    )


def brute_force_box_borderness(x: float, y: float, box: Box) -> float:
    """Border-ness of a point with respect to a box."""
    x0, y0, x1, y1 = (float(side) for side in box)
    return brute_force_borderness(x - x0, y - y0, x1 - x, y1 - y)


def brute_force_sample(maps: BordernessMaps, x: float, y: float, level: int = 0) -> float:
    """Predicted border-ness at a point of the image."""
    own = [entry for entry in maps.levels if level and entry.level == level]
    return max(_bilinear(entry, x * maps.scale[0], y * maps.scale[1]) for entry in own or maps.levels)


def _bilinear(entry: BordernessLevel, x: float, y: float) -> float:
    height, width = entry.values.shape
    u = min(max((x - entry.offset) / entry.stride, 0), width - 1)
    v = min(max((y - entry.offset) / entry.stride, 0), height - 1)
    total = 0.0
    for i, row_weight in ((floor(v), 1 - (v - floor(v))), (floor(v) + 1, v - floor(v))):
        for j, column_weight in ((floor(u), 1 - (u - floor(u))), (floor(u) + 1, u - floor(u))):
            if row_weight and column_weight:
                total += row_weight * column_weight * float(entry.values[i, j])
    return total


# -------------------------------------------------------------------------------------------------------------- merge


@dataclass(frozen=True)
class BruteForceMerge:
    """What a plain merge finds.

    Attributes:
        owners: ``[H, W]`` int64, owner number of every pixel; 0 is void.
        verdicts: one word for every detection at or above the score threshold.
        labels: class of every owner, by owner number - 1.
        close_calls: ``[H, W]`` bool, contested pixels that rounding could have given to another box.
    """

    owners: NDArray[np.int64]
    verdicts: tuple[str, ...]
    labels: tuple[int, ...]
    close_calls: NDArray[np.bool_]


def brute_force_merge(
    detections: Detections,
    labels: NDArray[np.integer],
    *,
    isthing: Sequence[bool],
    borderness: BordernessMaps | None = None,
    next_stuff: NDArray[np.integer] | None = None,
    score_threshold: float = 0.2,
    overlap_threshold: float = 0.3,
    conflict: Literal["closest", "highest", "smallest"] = "closest",
    stuff_limit: int = 4096,
    with_stuff: bool = True,
) -> BruteForceMerge:
    """The panoptic head of the paper's section 3.4 in sets of pixels, contested pixels resolved at the very end.

    Args:
        detections: boxes by descending score.
        labels: ``[H, W]`` classes; anything that is not one of them is void.
        isthing: whether each class is a thing.
        borderness: predicted border-ness; without it ``closest`` means ``highest``.
        next_stuff: the stuff class that leftover thing pixels take; they stay void if None.
        score_threshold: detections below it are passed over.
        overlap_threshold: a mask with a greater share taken is discarded.
        conflict: who gets contested pixels.
        stuff_limit: smaller stuff stays void.
        with_stuff: whether to go on to stuff after the detections.
    """
    height, width = labels.shape
    masks: list[set[Pixel]] = []
    kept_rows: list[int] = []
    taken: set[Pixel] = set()
    verdicts = []
    for row in range(len(detections)):
        if detections.scores[row] < score_threshold:
            continue
        mask = _mask_of(detections.boxes[row], int(detections.labels[row]), labels)
        if not mask:
            verdicts.append("empty")
        elif len(mask & taken) / len(mask) > overlap_threshold:
            verdicts.append("discarded")
        else:
            verdicts.append("kept")
            kept_rows.append(row)
            masks.append(mask)
            taken |= mask

    owners = np.zeros((height, width), np.int64)
    close_calls = np.zeros((height, width), bool)
    for i, j in taken:
        competitors = [number for number, mask in enumerate(masks) if (i, j) in mask]
        if len(competitors) == 1:
            owners[i, j] = competitors[0] + 1
            continue
        rows = [kept_rows[number] for number in competitors]
        costs = [_cost(conflict, detections, borderness, row, i, j) for row in rows]
        winner = costs.index(min(costs))
        owners[i, j] = competitors[winner] + 1
        if conflict == "closest" and borderness is not None:
            own = [brute_force_box_borderness(j + 0.5, i + 0.5, detections.boxes[row]) for row in rows]
            close_calls[i, j] = any(
                cost - costs[winner] < 1e-5 and mine != own[winner] for cost, mine in zip(costs, own, strict=True)
            )

    owner_labels = [int(detections.labels[row]) for row in kept_rows]
    stuff = _stuff_areas(labels, isthing, next_stuff, taken) if with_stuff else {}
    for label, area in sorted(stuff.items()):
        if len(area) >= stuff_limit:
            owner_labels.append(label)
            for pixel in area:
                owners[pixel] = len(owner_labels)
    return BruteForceMerge(owners, tuple(verdicts), tuple(owner_labels), close_calls)


def _mask_of(box: Box, label: int, labels: NDArray[np.integer]) -> set[Pixel]:
    x0, y0, x1, y1 = (float(side) for side in box)
    height, width = labels.shape
    rows = [i for i in range(height) if y0 <= i + 0.5 < y1]
    columns = [j for j in range(width) if x0 <= j + 0.5 < x1]
    return {(i, j) for i in rows for j in columns if labels[i, j] == label}


def _cost(conflict: str, detections: Detections, borderness: BordernessMaps | None, row: int, i: int, j: int) -> float:
    x0, y0, x1, y1 = (float(side) for side in detections.boxes[row])
    if conflict == "smallest":
        return (x1 - x0) * (y1 - y0)
    if conflict == "highest" or borderness is None:
        return float(row)
    level = int(detections.level[row]) if borderness.pooling == "own" else 0
    predicted = brute_force_sample(borderness, j + 0.5, i + 0.5, level)
    return abs(brute_force_box_borderness(j + 0.5, i + 0.5, (x0, y0, x1, y1)) - predicted)


def _stuff_areas(
    labels: NDArray[np.integer],
    isthing: Sequence[bool],
    next_stuff: NDArray[np.integer] | None,
    taken: set[Pixel],
) -> dict[int, list[Pixel]]:
    """The pixels of every stuff class that has any."""
    areas: dict[int, list[Pixel]] = {}
    for i, j in np.ndindex(*labels.shape):
        here = int(labels[i, j])
        if here < len(isthing) and isthing[here] and (i, j) not in taken and next_stuff is not None:
            here = int(next_stuff[i, j])
        if here < len(isthing) and not isthing[here]:
            areas.setdefault(here, []).append((i, j))
    return areas
