"""The pixels of what the hand draws: brush strokes, polygons and boxes, each in its own box of the image; no Qt.

Points are ``(x, y)`` in continuous image coordinates: pixel ``(i, j)`` is the square from ``(j, i)`` to
``(j + 1, i + 1)``, and belongs to a shape if its centre does. Whatever reaches beyond the image is cut off.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from lpsnet.structures import Window
from lpsnet_studio.annotator.placed_mask import Mask, PlacedMask, clipped

__all__ = ["BrushShape", "Point", "box_mask", "brush_segment", "brush_stroke", "polygon_mask"]

Point = tuple[float, float]
"""``(x, y)`` in image coordinates."""
BrushShape = Literal["round", "square"]
Float64 = NDArray[np.float64]

_LEAST_RADIUS = 0.5
_HALF_DIAGONAL = math.sqrt(0.5)
"""Of a pixel: a wider brush covers the centre of whatever pixel it passes."""
_FARTHEST = 1e7
_LONGEST_PIECE = 512.0
"""Longer strokes are painted in pieces: the box of a slanted line grows with the square of its length."""


def brush_segment(
    start: Point, end: Point, radius: float, size: tuple[int, int], shape: BrushShape = "round"
) -> PlacedMask:
    """Returns the pixels that a brush covers on its straight way from one point to another.

    They are those whose centres lie within ``radius`` of the way, and never fewer than the unbroken line of pixels
    under it: a brush of one pixel paints the pixel it points at.

    Args:
        start: where the way begins; equal to ``end`` for a dab.
        end: where it ends.
        radius: in pixels, at least 0.5; half the side of a square brush.
        size: ``(height, width)`` of the image.
        shape: of the brush.

    Raises:
        ValueError: if the radius is too small, or a coordinate is not finite.
    """
    _check(radius, start, end)
    (ax, ay), (bx, by) = start, end
    reach = max(radius, 1.0)
    window = _around(min(ax, bx) - reach, min(ay, by) - reach, max(ax, bx) + reach, max(ay, by) + reach, size)
    y0, x0, y1, x1 = window
    rows = np.arange(y0, y1) + 0.5
    first, last = _capsule(rows, start, end, radius) if shape == "round" else _swept_square(rows, start, end, radius)
    columns = np.arange(x0, x1) + 0.5
    mask: Mask = (columns >= first[:, None]) & (columns <= last[:, None])
    if radius < _HALF_DIAGONAL:
        _add_line(mask, start, end, (y0, x0))
    return PlacedMask(mask, (y0, x0))


def brush_stroke(
    points: Sequence[Point], radius: float, size: tuple[int, int], shape: BrushShape = "round"
) -> Iterator[PlacedMask]:
    """Yields the pixels of a stroke through several points, piece by piece; a single point is a dab.

    Raises:
        ValueError: as :func:`brush_segment` does.
    """
    if len(points) == 1:
        yield brush_segment(points[0], points[0], radius, size, shape)
    for (ax, ay), (bx, by) in pairwise(points):
        pieces = max(1, math.ceil(math.hypot(bx - ax, by - ay) / _LONGEST_PIECE))
        for piece in range(pieces):
            near, far = piece / pieces, (piece + 1) / pieces
            begin = (ax + near * (bx - ax), ay + near * (by - ay))
            end = (ax + far * (bx - ax), ay + far * (by - ay))
            yield brush_segment(begin, end, radius, size, shape)


def polygon_mask(points: Sequence[Point], size: tuple[int, int]) -> PlacedMask:
    """Returns the pixels inside a closed polygon, by the even-odd rule: where it crosses itself are holes.

    A centre exactly on a left or upper edge is inside, on a right or lower edge outside, so that polygons that share an
    edge share no pixel.

    Raises:
        ValueError: if a coordinate is not finite.
    """
    corners = np.asarray(points, np.float64).reshape(-1, 2)
    if not np.isfinite(corners).all():
        raise ValueError("a polygon's corners must be finite")
    if len(corners) < 3:
        return PlacedMask.nothing()
    (left, top), (right, bottom) = corners.min(axis=0), corners.max(axis=0)
    y0, x0, y1, x1 = window = _around(left, top, right, bottom, size)
    if y0 == y1 or x0 == x1:
        return PlacedMask.nothing()
    rows, crossings = _edge_crossings(corners, window)
    columns = np.clip(np.ceil(crossings - 0.5), x0, x1).astype(np.intp) - x0
    width = x1 - x0 + 1
    flips = np.zeros((y1 - y0, width), np.uint8)
    np.bitwise_xor.at(flips, (rows - y0, columns), 1)
    inside = np.bitwise_xor.accumulate(flips[:, :-1], axis=1, out=flips[:, :-1])
    return PlacedMask(np.ascontiguousarray(inside).view(np.bool_), (y0, x0)).tight()


def box_mask(corner: Point, opposite: Point, size: tuple[int, int]) -> PlacedMask:
    """Returns the pixels of the box between two opposite corners: ``x0 <= j + 0.5 < x1``, likewise for rows."""
    (ax, ay), (bx, by) = corner, opposite
    if not all(map(math.isfinite, (ax, ay, bx, by))):
        raise ValueError("a box's corners must be finite")
    y0, x0, y1, x1 = (math.ceil(side - 0.5) for side in (min(ay, by), min(ax, bx), max(ay, by), max(ax, bx)))
    top, left, bottom, right = clipped((y0, x0, y1, x1), size)
    return PlacedMask(np.ones((bottom - top, right - left), np.bool_), (top, left))


def _check(radius: float, *points: Point) -> None:
    if not (math.isfinite(radius) and radius >= _LEAST_RADIUS):
        raise ValueError(f"a brush's radius must be at least {_LEAST_RADIUS} pixels, not {radius!r}")
    if not all(abs(coordinate) <= _FARTHEST for point in points for coordinate in point):
        raise ValueError("a stroke's points must be finite, and not millions of pixels away")


def _around(left: float, top: float, right: float, bottom: float, size: tuple[int, int]) -> Window:
    """Returns the window of every pixel that a rectangle touches, cut off at the image's borders."""
    return clipped((math.floor(top), math.floor(left), math.floor(bottom) + 1, math.floor(right) + 1), size)


def _capsule(rows: Float64, start: Point, end: Point, radius: float) -> tuple[Float64, Float64]:
    """Returns the least and the greatest x, row by row, of the points within a radius of a straight way.

    The capsule is convex, so that a row meets it in one interval: the hull of the intervals in the two end discs and in
    the rectangle between them.
    """
    firsts, lasts = [], []
    for x, y in (start, end):
        squares = radius * radius - (rows - y) ** 2
        half = np.sqrt(np.maximum(squares, 0.0))
        firsts.append(np.where(squares >= 0, x - half, np.inf))
        lasts.append(np.where(squares >= 0, x + half, -np.inf))
    (ax, ay), (bx, by) = start, end
    length = math.hypot(bx - ax, by - ay)
    if length > 0:
        nx, ny = -(by - ay) / length * radius, (bx - ax) / length * radius
        corners = [(ax + nx, ay + ny), (bx + nx, by + ny), (bx - nx, by - ny), (ax - nx, ay - ny)]
        first, last = _convex_rows(rows, corners)
        firsts.append(first)
        lasts.append(last)
    return np.minimum.reduce(firsts), np.maximum.reduce(lasts)


def _swept_square(rows: Float64, start: Point, end: Point, radius: float) -> tuple[Float64, Float64]:
    """Returns the least and the greatest x, row by row, of a square that is swept along a straight way."""
    firsts, lasts = [], []
    corners = [[(x + dx, y + dy) for dx, dy in _SQUARE * radius] for x, y in (start, end)]
    hulls = [*corners, *([corners[0][i], corners[0][i - 1], corners[1][i - 1], corners[1][i]] for i in range(4))]
    for hull in hulls:
        first, last = _convex_rows(rows, hull)
        firsts.append(first)
        lasts.append(last)
    return np.minimum.reduce(firsts), np.maximum.reduce(lasts)


_SQUARE: Float64 = np.array([(-1.0, -1.0), (1.0, -1.0), (1.0, 1.0), (-1.0, 1.0)])


def _convex_rows(rows: Float64, corners: Sequence[Point]) -> tuple[Float64, Float64]:
    """Returns the least and the greatest x at which each row meets a convex polygon, where it does."""
    first, last = np.full(len(rows), np.inf), np.full(len(rows), -np.inf)
    for (ax, ay), (bx, by) in zip(corners, [*corners[1:], corners[0]], strict=True):
        meets = (rows >= min(ay, by)) & (rows <= max(ay, by))
        if ay == by:
            one, other = np.full(len(rows), min(ax, bx)), np.full(len(rows), max(ax, bx))
        else:
            one = other = ax + (np.clip(rows, min(ay, by), max(ay, by)) - ay) / (by - ay) * (bx - ax)
        first = np.where(meets, np.minimum(first, one), first)
        last = np.where(meets, np.maximum(last, other), last)
    return first, last


def _add_line(mask: Mask, start: Point, end: Point, origin: tuple[int, int]) -> None:
    """Adds the unbroken line of the pixels from one point to another to a mask.

    These are the two pointed at, and along the way's longer side the one that it passes at each centre: no centre is
    farther from the way than half a pixel's diagonal. (``cv2.line`` bends a line that it cuts off at a border.)
    """
    way = np.subtract(end, start)
    major = int(abs(way[1]) > abs(way[0]))
    minor = 1 - major
    size, corner = mask.shape[::-1], origin[::-1]
    least, greatest = sorted((start[major], end[major]))
    steps = np.arange(max(math.floor(least), corner[major]), min(math.floor(greatest) + 1, corner[major] + size[major]))
    share = (np.clip(steps + 0.5, least, greatest) - start[major]) / (way[major] or 1.0)
    passed = np.empty((len(steps) + 2, 2), np.intp)
    passed[:2] = np.floor([start, end])
    passed[2:, major], passed[2:, minor] = steps, np.floor(start[minor] + share * way[minor])
    columns, rows = (passed - corner).T
    inside = (columns >= 0) & (columns < size[0]) & (rows >= 0) & (rows < size[1])
    mask[rows[inside], columns[inside]] = True


def _edge_crossings(corners: Float64, window: Window) -> tuple[NDArray[np.intp], Float64]:
    """Returns the rows of the window at whose centres an edge of the polygon crosses, and at which x."""
    y0, _, y1, _ = window
    begins, ends = corners, np.roll(corners, -1, axis=0)
    falling = begins[:, 1] > ends[:, 1]
    upper, lower = np.where(falling[:, None], ends, begins), np.where(falling[:, None], begins, ends)
    first = np.clip(np.ceil(upper[:, 1] - 0.5), y0, y1).astype(np.intp)
    count = np.clip(np.ceil(lower[:, 1] - 0.5), y0, y1).astype(np.intp) - first
    edge = np.repeat(np.arange(len(corners)), count)
    within = np.arange(len(edge)) - np.repeat(np.cumsum(count) - count, count)
    rows = first[edge] + within
    share = (rows + 0.5 - upper[edge, 1]) / (lower[edge, 1] - upper[edge, 1])
    return rows, upper[edge, 0] + share * (lower[edge, 0] - upper[edge, 0])
