"""Shapes that overlap, turned into an id map that cannot; no Qt."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable
from dataclasses import dataclass

import numpy as np

from lpsnet_studio.annotator.edits import SegmentInfo
from lpsnet_studio.annotator.extents import MOST_SEGMENTS
from lpsnet_studio.annotator.id_maps import IdMap
from lpsnet_studio.annotator.placed_mask import PlacedMask

__all__ = ["Overlap", "Painted", "Shape", "paint"]


@dataclass(frozen=True, slots=True, eq=False)
class Shape:
    """Some pixels that are to become a segment, or a part of one.

    Attributes:
        mask: which pixels.
        info: what is known of the segment.
        words: what people call it, such as ``dog (shape 3)``.
        part_of: shapes with the same are parts of one segment; None for a segment of its own.
    """

    mask: PlacedMask
    info: SegmentInfo
    words: str
    part_of: Hashable = None


@dataclass(frozen=True, slots=True)
class Overlap:
    """Pixels that two shapes claimed.

    Attributes:
        winner: the shape that has them.
        loser: the shape that has not.
        pixels: how many.
    """

    winner: str
    loser: str
    pixels: int


@dataclass(frozen=True, slots=True, eq=False)
class Painted:
    """An image's shapes as an id map.

    Attributes:
        id_map: segments without a pixel are not in its table.
        overlaps: between shapes of different segments, in the order in which they came about.
        hidden: what people call the segments of which others left no pixel, or that had none.
    """

    id_map: IdMap
    overlaps: tuple[Overlap, ...]
    hidden: tuple[str, ...]


def paint(shapes: Iterable[Shape], size: tuple[int, int]) -> Painted:
    """Lays shapes over each other: a later one wins over an earlier one, and any other over a crowd.

    Args:
        shapes: in the order of their file.
        size: ``(height, width)`` of the image.

    Raises:
        ValueError: if there are more segments than an image may have.
    """
    ids = np.zeros(size, np.uint16)
    infos: dict[int, SegmentInfo] = {}
    words: dict[int, str] = {}
    number_of: dict[Hashable, int] = {}
    claimed: Counter[tuple[int, int]] = Counter()
    for shape in sorted(shapes, key=lambda shape: not shape.info.iscrowd):  # sorting keeps the order of equals
        number = number_of.get(shape.part_of, 0)
        if not number or shape.part_of is None:
            number = len(infos) + 1
            if number > MOST_SEGMENTS:
                raise ValueError(f"it has more than {MOST_SEGMENTS} segments")
            infos[number], words[number] = shape.info, shape.words
            number_of[shape.part_of] = number
        region = shape.mask.of(ids)
        beneath = np.bincount(region[shape.mask.mask])
        for other in np.flatnonzero(beneath).tolist():
            if other not in (0, number):
                claimed[number, other] += int(beneath[other])
        region[shape.mask.mask] = number
    present = set(np.flatnonzero(np.bincount(ids.reshape(-1), minlength=1)).tolist()) if ids.size else set()
    kept = {number: info for number, info in infos.items() if number in present}
    hidden = tuple(words[number] for number in infos if number not in present)
    overlaps = tuple(Overlap(words[above], words[below], pixels) for (above, below), pixels in claimed.items())
    return Painted(IdMap(ids, kept), overlaps, hidden)
