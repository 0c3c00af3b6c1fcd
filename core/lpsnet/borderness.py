"""Border-ness (paper eq. 1): how central a pixel is inside its mask, as a target and as the head's yardstick.

With ``l, t, r, b`` the distances from a pixel to the four borders of its mask,

    border-ness = sqrt( min(l, r) / max(l, r) · min(t, b) / max(t, b) )

What "the border of the mask" is, is a choice (method row 28): the end of the contiguous run through the pixel
(``run``), the outermost pixel of the segment in that row or column (``extreme``), or the side of the segment's tight
box (``box``, which makes it FCOS's center-ness). Distances run from the pixel's centre to the outer edge of the last
pixel, so they are never below 0.5 (method row 30).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from lpsnet.structures import BordernessLevel, BordernessMaps

__all__ = [
    "BordernessKind",
    "Extents",
    "borderness_by_level",
    "borderness_everywhere",
    "borderness_from_extents",
    "borderness_target",
    "borderness_target_at",
    "box_borderness",
    "box_extents",
    "extreme_extents",
    "run_extents",
    "sample_borderness",
    "segment_borderness_maps",
]

BordernessKind = Literal["run", "extreme", "box"]
Ids = NDArray[np.integer[Any]]
Float32 = NDArray[np.float32]
Floating = NDArray[np.floating[Any]]
Extents = tuple[Float32, Float32, Float32, Float32]
"""``(l, t, r, b)``, each ``[H, W]`` float32, in pixels, >= 0.5."""

_POINTS_AT_ONCE = 16384
"""Points sampled together: few enough for their temporaries to stay in the processor's cache."""


# ----------------------------------------------------------------------------------------------- distances to borders


@dataclass(frozen=True, slots=True, eq=False)
class _Runs:
    """The maximal runs of equal ids along the rows of a map, in reading order.

    Attributes:
        shape: ``(height, width)`` of the map.
        row: ``[R]``, row of each run.
        first: ``[R]``, column of its first pixel.
        last: ``[R]``, column of its last pixel.
        segment: ``[R]``, its id as a rank among the ids of the map, 0 … S - 1.
    """

    shape: tuple[int, int]
    row: NDArray[np.intp]
    first: NDArray[np.intp]
    last: NDArray[np.intp]
    segment: NDArray[np.intp]

    @classmethod
    def along_rows(cls, ids: Ids) -> _Runs:
        height, width = ids.shape
        begins_here = np.ones((height, width), dtype=np.bool_)
        np.not_equal(ids[:, 1:], ids[:, :-1], out=begins_here[:, 1:])
        begin = np.flatnonzero(begins_here)
        end = np.append(begin[1:], ids.size)
        row, first = np.divmod(begin, max(width, 1))
        _, segment = np.unique(ids.reshape(-1)[begin], return_inverse=True)
        return cls((height, width), row, first, first + (end - begin) - 1, segment)

    def spread(self, per_run: NDArray[np.intp]) -> Float32:
        """Gives every pixel the value of its run: ``[R]`` to ``[H, W]``."""
        return np.repeat(per_run.astype(np.float32), self.last - self.first + 1).reshape(self.shape)

    def extents(self, first: NDArray[np.intp], last: NDArray[np.intp]) -> tuple[Float32, Float32]:
        """Returns every pixel's distance to the left edge of column ``first`` and the right edge of column ``last``."""
        centre = np.arange(self.shape[1], dtype=np.float32) + np.float32(0.5)
        return centre - self.spread(first), self.spread(last + 1) - centre


def _span(
    group: NDArray[np.intp], low: NDArray[np.intp], high: NDArray[np.intp]
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Returns, for every entry, the least ``low`` and the greatest ``high`` of its group."""
    if not group.size:
        return low, high
    order = np.argsort(group, kind="stable")
    opens_group = np.diff(group[order], prepend=-1) != 0
    begin = np.flatnonzero(opens_group)
    rank = np.empty_like(group)
    rank[order] = np.cumsum(opens_group) - 1
    return np.minimum.reduceat(low[order], begin)[rank], np.maximum.reduceat(high[order], begin)[rank]


def _row_extents(ids: Ids, kind: BordernessKind) -> tuple[Float32, Float32]:
    """Returns the distances to the left and the right border, ``[H, W]`` each."""
    runs = _Runs.along_rows(ids)
    if kind == "run":
        return runs.extents(runs.first, runs.last)
    if kind == "extreme":
        return runs.extents(*_span(runs.row * len(runs.row) + runs.segment, runs.first, runs.last))
    return runs.extents(*_span(runs.segment, runs.first, runs.last))


def _check_id_map(ids: Ids) -> None:
    if ids.ndim != 2 or not np.issubdtype(ids.dtype, np.integer):
        raise ValueError(f"an id map must be whole numbers [H, W], not {ids.dtype} {list(ids.shape)}")


def _extents(ids: Ids, kind: BordernessKind) -> Extents:
    _check_id_map(ids)
    left, right = _row_extents(ids, kind)
    top, bottom = _row_extents(_transposed(ids), kind)
    return left, _transposed(top), right, _transposed(bottom)


def _transposed(array: NDArray[Any]) -> NDArray[Any]:
    """Returns a contiguous transpose; OpenCV's is several times faster than a strided copy, and knows no 64-bit ids."""
    bits = np.dtype(f"u{array.itemsize}" if array.itemsize < 4 else f"f{array.itemsize}")
    if array.size == 0:
        return array.T
    return cv2.transpose(np.ascontiguousarray(array).view(bits)).view(array.dtype)


def run_extents(ids: Ids) -> Extents:
    """Returns the distances to the ends of the contiguous run of equal ids through each pixel (method rows 28-30).

    Args:
        ids: ``[H, W]`` segment ids of any integer dtype; touching segments must differ. The image's border counts as a
            mask border.

    Returns:
        ``(l, t, r, b)``, each ``[H, W]`` float32, >= 0.5; meaningful where the id is not 0.

    Raises:
        ValueError: if ``ids`` is not a two-dimensional integer map.
    """
    return _extents(ids, "run")


def extreme_extents(ids: Ids) -> Extents:
    """Returns the distances to the outermost pixel of the same id in each pixel's row and column (method row 28, D2).

    Holes and occluders are bridged. Arguments, result and errors are those of :func:`run_extents`.
    """
    return _extents(ids, "extreme")


def box_extents(ids: Ids) -> Extents:
    """Returns the distances to the sides of the tight box of each pixel's segment (method row 28, D3: center-ness).

    Arguments, result and errors are those of :func:`run_extents`.
    """
    return _extents(ids, "box")


# -------------------------------------------------------------------------------------------------------- border-ness


def _balance(one: Floating, other: Floating) -> Floating:
    """Returns the lesser distance over the greater, in [0, 1]; 0 where a distance is not above 0."""
    tiny = np.finfo(one.dtype).tiny
    balance: Floating = np.maximum(np.minimum(one, other), 0) / np.maximum(np.maximum(one, other), tiny)
    return balance


def borderness_from_extents(left: Floating, top: Floating, right: Floating, bottom: Floating) -> Floating:
    """Returns eq. 1 of the distances to the four borders: 1 in the middle, falling to 0 at a border.

    The root covers both factors, as in FCOS's center-ness (method row 27).

    Args:
        left: distances of any shape, float; one that is not above 0 makes the border-ness 0. So with the others.
        top: to the upper border.
        right: to the right border.
        bottom: to the lower border.
    """
    borderness: Floating = np.sqrt(_balance(left, right) * _balance(top, bottom))
    return borderness


def borderness_target(ids: Ids, kind: BordernessKind = "run") -> Float32:
    """Returns what the network learns to predict (paper section 3.2): the border-ness of every pixel in its segment.

    Args:
        ids: ``[H, W]`` segment ids of any integer dtype; 0 is void.
        kind: which border the distances reach to; see this module's introduction.

    Returns:
        ``[H, W]`` float32 in (0, 1] on segments, 0 on void.

    Raises:
        ValueError: if ``ids`` is not a two-dimensional integer map, or ``kind`` is unknown.
    """
    if kind not in ("run", "extreme", "box"):
        raise ValueError(f"border-ness must be one of run, extreme, box, not {kind!r}")
    target = borderness_from_extents(*_extents(ids, kind)).astype(np.float32, copy=False)
    target[ids == 0] = 0.0
    return target


def borderness_target_at(
    ids: Ids, rows: NDArray[np.integer[Any]], columns: NDArray[np.integer[Any]], kind: Literal["run", "extreme"] = "run"
) -> Float32:
    """Returns :func:`borderness_target` where some rows and columns cross, for the cost of these rows and columns.

    Args:
        ids: ``[H, W]`` segment ids of any integer dtype; 0 is void.
        rows: ``[h]``, which rows.
        columns: ``[w]``, which columns.
        kind: which border the distances reach to. A tight box is not known from some rows and columns alone: see
            :func:`box_borderness`.

    Returns:
        ``[h, w]`` float32.

    Raises:
        ValueError: if ``ids`` is not a two-dimensional integer map, or ``kind`` is neither of the two.
    """
    if kind not in ("run", "extreme"):
        raise ValueError(f"border-ness at some rows and columns must be run or extreme, not {kind!r}")
    _check_id_map(ids)
    left, right = _row_extents(ids[rows], kind)
    top, bottom = _row_extents(_transposed(ids[:, columns]), kind)
    here = left[:, columns], top[:, rows].T, right[:, columns], bottom[:, rows].T
    target = borderness_from_extents(*here).astype(np.float32, copy=False)
    target[ids[np.ix_(rows, columns)] == 0] = 0.0
    return target


def segment_borderness_maps(ids: Ids, kind: BordernessKind = "run") -> BordernessMaps:
    """Returns the target of a ground truth in place of a prediction: one map at image resolution (the box oracle).

    Arguments and errors are those of :func:`borderness_target`.
    """
    return BordernessMaps((BordernessLevel(borderness_target(ids, kind), stride=1.0, offset=0.5, level=0),))


def box_borderness(x: Floating, y: Floating, boxes: Floating) -> Floating:
    """Returns the border-ness of points with respect to boxes, eq. 1 with a box's sides as borders (method row 48).

    Args:
        x: ``[n]`` horizontal positions of the points; the centre of a pixel in column j is at j + 0.5.
        y: ``[n]`` vertical positions.
        boxes: ``[n, 4]`` or ``[4]``, xyxy in the same units.

    Returns:
        ``[n]`` in [0, 1]; 0 at points outside their box and for boxes without area.
    """
    return borderness_from_extents(x - boxes[..., 0], y - boxes[..., 1], boxes[..., 2] - x, boxes[..., 3] - y)


# ----------------------------------------------------------------------------------------------- reading a prediction


def sample_borderness(
    maps: BordernessMaps, x: Floating, y: Floating, level: NDArray[np.integer[Any]] | None = None
) -> Float32:
    """Reads the predicted border-ness at points of the image, bilinearly, clamped at the maps' borders (method row 50).

    Args:
        maps: the maps of the image.
        x: ``[n]`` horizontal positions in pixels of the original image; the centre of column j is at j + 0.5.
        y: ``[n]`` vertical positions.
        level: ``[n]`` pyramid level whose map answers; where that is 0 or has no map, and everywhere if ``level`` is
            None, the greatest value over all maps does.

    Returns:
        ``[n]`` float32.

    Raises:
        ValueError: if there is no map, or one has no cell.
    """
    if not maps.levels or any(entry.values.size == 0 for entry in maps.levels):
        raise ValueError("border-ness can only be sampled from maps that have cells")
    sampled = np.empty(len(x), np.float32)
    for begin in range(0, len(x), _POINTS_AT_ONCE):
        part = slice(begin, begin + _POINTS_AT_ONCE)
        input_x, input_y = x[part] * maps.scale[0], y[part] * maps.scale[1]
        sampled[part] = _greatest(maps.levels, input_x, input_y)
    if level is not None:
        for entry in maps.levels:
            if entry.level:
                mine = np.flatnonzero(level == entry.level)
                sampled[mine] = _bilinear(entry, x[mine] * maps.scale[0], y[mine] * maps.scale[1])
    return sampled


def borderness_everywhere(maps: BordernessMaps, size: tuple[int, int], level: int | None = None) -> Float32:
    """Reads the predicted border-ness at every pixel's centre; the values are those of :func:`sample_borderness`.

    A grid of points needs each row's and each column's place in the maps once only.

    Args:
        maps: the maps of the image.
        size: ``(H, W)`` of the original image.
        level: the pyramid level whose map answers; None for the greatest value over all maps.

    Returns:
        ``[H, W]`` float32.

    Raises:
        ValueError: if there is no map, none of that level, or one has no cell.
    """
    levels = tuple(entry for entry in maps.levels if level is None or entry.level == level)
    if not levels or any(entry.values.size == 0 for entry in levels):
        which = "" if level is None else f" of level {level}"
        raise ValueError(f"border-ness can only be read from maps{which} that have cells")
    x = (np.arange(size[1], dtype=np.float64) + 0.5) * maps.scale[0]
    y = (np.arange(size[0], dtype=np.float64) + 0.5) * maps.scale[1]
    everywhere = _resampled(levels[0], x, y)
    for entry in levels[1:]:
        np.maximum(everywhere, _resampled(entry, x, y), out=everywhere)
    return everywhere


def borderness_by_level(maps: BordernessMaps, x: float, y: float) -> tuple[float, ...]:
    """Reads the predicted border-ness at one point of the image, level by level; see :func:`sample_borderness`."""
    at_x, at_y = np.array([x], np.float32), np.array([y], np.float32)
    return tuple(float(sample_borderness(BordernessMaps((level,), maps.scale), at_x, at_y)[0]) for level in maps.levels)


def _greatest(levels: tuple[BordernessLevel, ...], x: Floating, y: Floating) -> Float32:
    greatest = _bilinear(levels[0], x, y)
    for entry in levels[1:]:
        np.maximum(greatest, _bilinear(entry, x, y), out=greatest)
    return greatest


def _bilinear(entry: BordernessLevel, x: Floating, y: Floating) -> Float32:
    """Samples one map at points of the padded input."""
    values = _with_neighbours(entry)
    height, width = values.shape
    row, below = _cells(y, entry, height)
    column, beyond = _cells(x, entry, width)
    cell = row * width + column
    flat = values.reshape(-1)
    upper = _blend(flat.take(cell), flat[1:].take(cell), beyond)
    lower = _blend(flat[width:].take(cell), flat[width + 1 :].take(cell), beyond)
    return _blend(upper, lower, below)


def _resampled(entry: BordernessLevel, x: Floating, y: Floating) -> Float32:
    """Samples one map where columns ``x [W]`` and rows ``y [H]`` of the padded input cross."""
    values = _with_neighbours(entry)
    row, below = _cells(y, entry, values.shape[0])
    column, beyond = _cells(x, entry, values.shape[1])
    stretched = _blend(values[:, column], values[:, column + 1], beyond)
    return _blend(stretched[row], stretched[row + 1], below[:, None])


def _with_neighbours(entry: BordernessLevel) -> Float32:
    """Returns a map's values with at least two rows and two columns, which a single one is repeated for."""
    values = np.ascontiguousarray(entry.values, np.float32)
    height, width = values.shape
    if height > 1 and width > 1:
        return values
    return np.pad(values, ((0, int(height == 1)), (0, int(width == 1))), mode="edge")


def _cells(position: Floating, entry: BordernessLevel, count: int) -> tuple[NDArray[np.intp], Float32]:
    """Returns along one axis the cell before each position, never the last, and how far it lies towards the next."""
    place = position * (1 / entry.stride) - entry.offset / entry.stride
    np.clip(place, 0, count - 1, out=place)
    before = np.minimum(np.floor(place), count - 2)
    return before.astype(np.intp), (place - before).astype(np.float32, copy=False)


def _blend(one: Float32, other: Float32, share: Float32) -> Float32:
    return one + (other - one) * share
