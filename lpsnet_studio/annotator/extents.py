"""How large every segment of an id map is, and where: measured once, then followed; no Qt."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from lpsnet.structures import Window

__all__ = ["MOST_SEGMENTS", "Box", "Extent", "Numbers", "Part", "joined", "measure", "tighten"]

Numbers = NDArray[np.uint16]
"""``[H, W]`` segment numbers; 0 is void."""
Box = tuple[int, int, int, int]
"""``(x0, y0, x1, y1)``, half-open, in pixels."""

Part = tuple[Window, Numbers, Numbers]
"""A window of the image, and the numbers in it before and after."""

MOST_SEGMENTS = int(np.iinfo(np.uint16).max)

_BAND = 256
"""Rows that are measured at a time, so that what is kept meanwhile stays small."""
_FIRST_LOOK = 8
"""Rows or columns that are looked at first for a segment's edge; each further look is twice as wide."""


@dataclass(frozen=True, slots=True)
class Extent:
    """How many pixels a segment has, and where.

    Attributes:
        area: number of its pixels, > 0.
        box: tight half-open box ``(x0, y0, x1, y1)`` of its pixels.
    """

    area: int
    box: Box


def measure(ids: Numbers, origin: tuple[int, int] = (0, 0)) -> dict[int, Extent]:
    """Returns the extent of every number but 0 that occurs in a part of an id map.

    It works on horizontal runs, which are far fewer than pixels.

    Args:
        ids: ``[h, w]`` numbers.
        origin: row and column of the part's first pixel in the whole map.
    """
    height, width = ids.shape
    if not ids.size:
        return {}
    lowest, highest, _, _ = cv2.minMaxLoc(ids)
    if lowest == highest:
        y0, x0 = origin
        return {int(lowest): Extent(ids.size, (x0, y0, x0 + width, y0 + height))} if lowest else {}
    found: dict[int, Extent] = {}
    for top in range(0, height, _BAND):
        for number, extent in _measure_band(ids[top : top + _BAND], origin[0] + top, origin[1]):
            known = found.get(number)
            found[number] = extent if known is None else joined(known, extent)
    return found


def joined(first: Extent, second: Extent) -> Extent:
    """Returns the extent of two parts of a segment that share no pixel."""
    a, b = first.box, second.box
    return Extent(
        first.area + second.area,
        (min(a[0], b[0]), min(a[1], b[1]), max(a[2], b[2]), max(a[3], b[3])),
    )


def _measure_band(ids: Numbers, top: int, left: int) -> list[tuple[int, Extent]]:
    """Returns the numbers of a band that begins at row ``top`` and column ``left``, and their extents."""
    height, width = ids.shape
    begins = np.ones((height, width), np.bool_)
    np.not_equal(ids[:, 1:], ids[:, :-1], out=begins[:, 1:])
    starts = np.flatnonzero(begins)
    values = ids.reshape(-1)[starts]
    lengths = np.diff(starts, append=ids.size)
    occupied = values != 0
    if not occupied.all():
        starts, values, lengths = starts[occupied], values[occupied], lengths[occupied]
    rows, columns = np.divmod(starts, width)
    order = np.argsort(values, kind="stable")
    values = values[order]
    firsts = np.flatnonzero(np.diff(values, prepend=0))
    if not len(firsts):
        return []
    rows, columns, lengths = rows[order], columns[order], lengths[order]
    areas = np.add.reduceat(lengths, firsts)
    x0, x1 = np.minimum.reduceat(columns, firsts) + left, np.maximum.reduceat(columns + lengths, firsts) + left
    y0, y1 = np.minimum.reduceat(rows, firsts) + top, np.maximum.reduceat(rows, firsts) + top + 1
    boxes = np.stack([x0, y0, x1, y1], axis=1).tolist()
    return [
        (number, Extent(area, tuple(box)))
        for number, area, box in zip(values[firsts].tolist(), areas.tolist(), boxes, strict=True)
    ]


def tighten(ids: Numbers, number: int, box: Box) -> Box:
    """Returns the tight box of a number that occurs in ``box`` and nowhere else.

    It looks from the edges inwards and stops at the first pixel it meets, so that a box that is tight costs its rim.

    Raises:
        ValueError: if the number does not occur in the box.
    """
    x0, y0, x1, y1 = box
    y0 = y0 + _first_met(ids[y0:y1, x0:x1], number)
    y1 = y1 - _first_met(ids[y0:y1, x0:x1][::-1], number)
    x0 = x0 + _first_met(ids[y0:y1, x0:x1].T, number)
    x1 = x1 - _first_met(ids[y0:y1, x0:x1].T[::-1], number)
    return x0, y0, x1, y1


def _first_met(ids: Numbers, number: int) -> int:
    """Returns the first row of a part of an id map in which a number occurs."""
    start, look = 0, _FIRST_LOOK
    while start < len(ids):
        met = (ids[start : start + look] == number).any(axis=1)
        if met.any():
            return start + int(met.argmax())
        start, look = start + look, 2 * look
    raise ValueError(f"segment {number} has no pixel where it was looked for")
