"""What can be asked of the pixels of one segment, always within its box: parts, holes, borders, neighbours; no Qt.

A segment's pixels hang together across corners (8-connected), what surrounds it does not (4-connected), so that a
closed outline always has an inside.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from lpsnet.structures import Window
from lpsnet_studio.annotator.placed_mask import Box, Ids, Mask, PlacedMask, clipped, window_of_box
from lpsnet_studio.annotator.strokes import Point

__all__ = [
    "connected_parts",
    "grow",
    "holes_of",
    "nearest_fill",
    "reached_from",
    "region_at",
    "segment_mask",
    "shrink",
    "specks_of",
    "split_by_line",
    "void_holes_of",
]

_FIRST_MARGIN = 32
"""Pixels around a region in which its nearest neighbours are looked for at first."""
_FIRST_REACH = 256
"""Pixels around a point in which what hangs together with it is looked for at first."""
_VOID = 1 << 16
"""What stands for void where 0 means that nothing is known; more than any segment's number."""
_SHORTEST_STRETCH = 1e-6
"""Pixels; a shorter stretch of a line has no sides to speak of."""


def segment_mask(ids: Ids, number: int, box: Box) -> PlacedMask:
    """Returns the pixels of a segment.

    Args:
        ids: ``[H, W]``.
        number: of the segment.
        box: half-open box that holds all of its pixels.
    """
    y0, x0, y1, x1 = window_of_box(box)
    return PlacedMask(ids[y0:y1, x0:x1] == number, (y0, x0))


def connected_parts(region: PlacedMask, connectivity: int = 8) -> tuple[PlacedMask, ...]:
    """Returns the parts of a region that do not touch each other, by descending area.

    Args:
        region: any pixels.
        connectivity: 8 if pixels that share a corner touch, 4 if they must share a side.
    """
    if region.mask.size == 0:
        return ()
    count, parts, stats, _ = cv2.connectedComponentsWithStats(_bytes(region.mask), connectivity=connectivity)
    top, left = region.origin
    found = []
    for part in range(1, count):
        x, y, width, height, _ = stats[part].tolist()
        found.append(PlacedMask(parts[y : y + height, x : x + width] == part, (top + y, left + x)))
    areas = stats[1:, cv2.CC_STAT_AREA]
    return tuple(found[index] for index in np.argsort(-areas, kind="stable"))


def specks_of(region: PlacedMask, fewer_than: int) -> tuple[PlacedMask, ...]:
    """Returns the parts of a region that have fewer pixels than ``fewer_than``, its largest part never among them."""
    return tuple(part for part in connected_parts(region)[1:] if part.area < fewer_than)


def split_by_line(region: PlacedMask, line: Sequence[Point]) -> tuple[PlacedMask, PlacedMask] | None:
    """Cuts a region along a drawn line.

    The pieces on one side of the line are one half, those on the other side the other; parts that the line does not
    cut through stay with the larger half. No pixel is lost: those under the line go to the nearest piece.

    Args:
        region: the pixels to cut.
        line: ``(x, y)`` points in image coordinates; may begin and end anywhere.

    Returns:
        The larger half and the smaller one; None if the line does not cut through the region.
    """
    region = region.tight()
    if region.is_empty or len(line) < 2:
        return None
    cut = _drawn(line, region)
    count, pieces = cv2.connectedComponents(_bytes(region.mask & ~cut), connectivity=4)
    side_of = _side_of_pieces(pieces, count, cut, line, region.origin)
    if not (side_of > 0).any() or not (side_of < 0).any():
        return None
    sides = side_of[pieces]
    under_line = region.mask & (pieces == 0)
    nearest, _ = _nearest_values(np.where(sides != 0, pieces, 0), under_line)
    sides[under_line] = side_of[nearest]
    halves = [sides > 0, sides < 0]
    halves.sort(key=lambda half: -np.count_nonzero(half))
    halves[0] = region.mask & ~halves[1]
    larger, smaller = (PlacedMask(half, region.origin).tight() for half in halves)
    return larger, smaller


def holes_of(region: PlacedMask) -> tuple[PlacedMask, ...]:
    """Returns what a region encloses without holding it, hole by hole, by descending area."""
    if region.mask.size == 0:
        return ()
    outside = np.ones((region.mask.shape[0] + 2, region.mask.shape[1] + 2), np.uint8)
    outside[1:-1, 1:-1] = ~region.mask
    cv2.floodFill(outside, None, (0, 0), 0, flags=4)
    return connected_parts(PlacedMask(outside[1:-1, 1:-1].view(np.bool_), region.origin), connectivity=4)


def void_holes_of(ids: Ids, number: int, box: Box) -> tuple[PlacedMask, ...]:
    """Returns the holes of a segment in which there is nothing but void.

    Arguments are those of :func:`segment_mask`.
    """
    holes = holes_of(segment_mask(ids, number, box))
    return tuple(hole for hole in holes if not hole.of(ids)[hole.mask].any())


def grow(region: PlacedMask, radius: float, size: tuple[int, int]) -> PlacedMask:
    """Returns a region with every pixel of the image whose centre is at most ``radius`` from one of its centres."""
    region = region.tight()
    if region.is_empty:
        return region
    window = clipped(region.window, size, int(radius) + 1)
    return PlacedMask(_distances_to(region.spread(window)) <= radius, window[:2]).tight()


def shrink(region: PlacedMask, radius: float, size: tuple[int, int]) -> PlacedMask:
    """Returns the pixels of a region that are farther than ``radius`` from every other pixel of the image.

    The border of the image takes nothing away: what reaches it goes on beyond it.
    """
    region = region.tight()
    if region.is_empty:
        return region
    window = clipped(region.window, size, 1)
    mask = region.spread(window)
    if mask.all():
        return PlacedMask(mask, window[:2])
    return PlacedMask(_distances_to(~mask) > radius, window[:2]).tight()


def nearest_fill(
    ids: Ids, region: PlacedMask, barred: Collection[int] = (), *, void_counts: bool = False
) -> tuple[PlacedMask, Ids]:
    """Says which segment every pixel of a region would go to if it went to the nearest one.

    Args:
        ids: ``[H, W]``; the region's own numbers do not count.
        region: the pixels to give away.
        barred: numbers that may get none.
        void_counts: whether a pixel becomes void if void is what is nearest to it.

    Returns:
        The pixels that found a segment, and the numbers for its window. Empty where the image holds none to go to.
        Distances are OpenCV's 5 × 5 chamfer ones, which are at most 2 % off.
    """
    region = region.tight()
    numbers = np.zeros(region.mask.shape, ids.dtype)
    found = np.zeros(region.mask.shape, np.bool_)
    no_source = np.zeros(_VOID + 1, np.bool_)
    no_source[[0, *barred]] = True
    if void_counts:
        no_source[0] = False
    top, left = region.origin
    for part in _parts_to_search(region, ids.shape):
        values = _nearest_to(part, region, ids, no_source)
        if values is None:
            continue
        y, x = part.origin[0] - top, part.origin[1] - left
        height, width = part.mask.shape
        np.copyto(numbers[y : y + height, x : x + width], values, where=part.mask, casting="unsafe")
        found[y : y + height, x : x + width] |= part.mask
    return PlacedMask(found, region.origin), numbers


def _parts_to_search(region: PlacedMask, size: tuple[int, ...]) -> tuple[PlacedMask, ...]:
    """Returns the parts of a region, or all of it as one where its parts' surroundings have more pixels than it has."""
    parts = connected_parts(region)
    searched = sum(
        (part.mask.shape[0] + 2 * _FIRST_MARGIN) * (part.mask.shape[1] + 2 * _FIRST_MARGIN) for part in parts
    )
    y0, x0, y1, x1 = clipped(region.window, (size[0], size[1]), _FIRST_MARGIN)
    return parts if searched <= (y1 - y0) * (x1 - x0) else (region,)


def _nearest_to(
    part: PlacedMask, region: PlacedMask, ids: Ids, no_source: NDArray[np.bool_]
) -> NDArray[np.int32] | None:
    """Returns, in a part's window, the number nearest to each pixel of the part; None if there is none to go to.

    The window that is searched grows until nothing beyond it could be nearer than what was found.

    Args:
        part: the pixels that look for a number.
        region: everything that is given away, whose numbers do not count.
        ids: ``[H, W]``.
        no_source: ``[1 + _VOID]``, which numbers do not count.
    """
    margin = _FIRST_MARGIN
    while True:
        window = clipped(part.window, ids.shape, margin)
        y0, x0, y1, x1 = window
        inside = ids[y0:y1, x0:x1]
        sources = ~no_source[inside] & ~region.spread(window)
        everywhere = window == (0, 0, *ids.shape)
        if sources.any():
            values = np.where(sources, inside, 0).astype(np.int32)
            values[sources & (inside == 0)] = _VOID
            nearest, distances = _nearest_values(values, part.spread(window))
            farthest = float(distances.max())
            if everywhere or farthest <= margin:
                whole = np.zeros(part.mask.shape, np.int32)
                whole[part.mask] = np.where(nearest == _VOID, 0, nearest)
                return whole
            margin = int(farthest) + 1
            continue
        if everywhere:
            return None
        margin *= 4


def region_at(ids: Ids, x: float, y: float, window: Window | None = None) -> PlacedMask:
    """Returns the pixels that hang together with the one under a point and have its number: what a fill would fill.

    Args:
        ids: ``[H, W]``.
        x: in image coordinates.
        y: likewise.
        window: where the number occurs, if that is known; the whole image if None.

    Returns:
        The pixels, across sides alone; none if the point lies outside the image.
    """
    height, width = ids.shape
    y0, x0, y1, x1 = window or (0, 0, height, width)
    row, column = int(np.floor(y)), int(np.floor(x))
    if not (y0 <= row < y1 and x0 <= column < x1):
        return PlacedMask.nothing()
    reach = _FIRST_REACH
    while True:
        top, left = max(row - reach, y0), max(column - reach, x0)
        bottom, right = min(row + reach + 1, y1), min(column + reach + 1, x1)
        same = (ids[top:bottom, left:right] == ids[row, column]).view(np.uint8)
        _, _, _, (across, down, w, h) = cv2.floodFill(same, None, (column - left, row - top), 2, flags=4)
        a, b, c, d = top + down, left + across, top + down + h, left + across + w
        found = PlacedMask(same[down : down + h, across : across + w] == 2, (a, b))
        goes_on = (a == top > y0, b == left > x0, c == bottom < y1, d == right < x1)
        if not any(goes_on):
            return found
        reach *= 4


def reached_from(region: PlacedMask, seeds: PlacedMask) -> PlacedMask:
    """Returns the pixels of a region that hang together, across sides, with one that is also a seed."""
    begun = seeds.spread(region.window) & region.mask
    if not begun.any():
        return PlacedMask.nothing()
    count, parts = cv2.connectedComponents(_bytes(region.mask), connectivity=4)
    reached = np.zeros(count, np.bool_)
    reached[parts[begun]] = True
    return PlacedMask(reached[parts], region.origin).tight()


# ------------------------------------------------------------------------------------------------------------- helpers


def _bytes(mask: Mask) -> NDArray[np.uint8]:
    return np.ascontiguousarray(mask).view(np.uint8)


def _drawn(line: Sequence[Point], region: PlacedMask) -> Mask:
    """Returns the pixels under a line in a region's window, unbroken across corners."""
    drawn = np.zeros(region.mask.shape, np.uint8)
    top, left = region.origin
    corners = np.floor(np.asarray(line, np.float64)).astype(np.int32) - np.array([left, top], np.int32)
    cv2.polylines(drawn, [corners.reshape(-1, 1, 2)], isClosed=False, color=1, thickness=1, lineType=cv2.LINE_8)
    return drawn.view(np.bool_)


def _side_of_pieces(
    pieces: NDArray[np.int32], count: int, cut: Mask, line: Sequence[Point], origin: tuple[int, int]
) -> NDArray[np.int8]:
    """Returns for every piece on which side of the line it lies: 1 left, -1 right, 0 if it does not touch the line.

    The pixels of a piece that touch the line vote, each for the side of the nearest stretch of the line.
    """
    touching = cv2.dilate(cut.view(np.uint8), np.ones((3, 3), np.uint8)).view(np.bool_) & (pieces > 0)
    rows, columns = np.nonzero(touching)
    if len(rows) == 0:
        return np.zeros(count, np.int8)
    centres = np.stack([columns + origin[1] + 0.5, rows + origin[0] + 0.5], axis=1)
    votes = np.bincount(pieces[touching], np.sign(_signed_offsets(centres, np.asarray(line, np.float64))), count)
    return np.sign(votes).astype(np.int8)


def _signed_offsets(points: NDArray[np.float64], line: NDArray[np.float64]) -> NDArray[np.float64]:
    """Returns ``[n]``, how far each point lies to the left of the nearest stretch of a line; negative on its right."""
    nearest = np.full(len(points), np.inf)
    offsets = np.zeros(len(points))
    for begin, end in pairwise(line):
        way = end - begin
        length = float(np.hypot(*way))
        if length < _SHORTEST_STRETCH:
            continue
        along = np.clip((points - begin) @ way / length**2, 0.0, 1.0)
        gaps = points - begin
        distances = np.hypot(*(gaps - along[:, None] * way).T)
        closer = distances < nearest
        nearest[closer] = distances[closer]
        offsets[closer] = ((gaps[:, 0] * way[1] - gaps[:, 1] * way[0]) / length)[closer]
    return offsets


def _distances_to(mask: Mask) -> NDArray[np.float32]:
    """Returns the distance of every pixel to the nearest pixel of a mask, exact between centres."""
    distances: NDArray[np.float32] = cv2.distanceTransform(_bytes(~mask), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return distances


def _nearest_values(values: NDArray[np.int32], wanted: Mask) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Returns, for every wanted pixel ``[n]``, the non-zero value that is nearest to it, and how far that is.

    The nearest pixel of a value always lies on the border of what has values, so that nothing else is looked at.
    """
    known = values != 0
    rim = known & cv2.dilate((~known).view(np.uint8), np.ones((3, 3), np.uint8)).view(np.bool_)
    distances, places = cv2.distanceTransformWithLabels(
        (~rim).view(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5, labelType=cv2.DIST_LABEL_PIXEL
    )
    table = np.zeros(int(places.max()) + 1, np.int32)
    table[places[rim]] = values[rim]
    return table[places[wanted]], distances[wanted]
