"""Where words go on the canvas: tags beside boxes, names inside segments; none over another. Without Qt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["InnerPlaces", "Rectangle", "Room", "inner_places", "place_tag"]

_NEARLY = 0.9
"""Of the places in a region, those count that are at least this share as deep as the deepest."""
Rectangle = tuple[float, float, float, float]
"""``(x, y, width, height)`` on the screen."""


class Room:
    """Rectangles on the screen that are taken already."""

    def __init__(self, taken: Sequence[Rectangle] = ()) -> None:
        self._corners = np.zeros((max(2 * len(taken), 16), 4))
        self._count = 0
        for rectangle in taken:
            self.take(rectangle)

    def is_free(self, rectangle: Rectangle) -> bool:
        """Whether a rectangle meets none that is taken; to touch is not to meet."""
        x, y, width, height = rectangle
        x0, y0, x1, y1 = self._corners[: self._count].T
        return not np.any((x0 < x + width) & (x1 > x) & (y0 < y + height) & (y1 > y))

    def take(self, rectangle: Rectangle) -> None:
        """Takes a rectangle."""
        if self._count == len(self._corners):
            self._corners = np.concatenate([self._corners, np.zeros_like(self._corners)])
        x, y, width, height = rectangle
        self._corners[self._count] = x, y, x + width, y + height
        self._count += 1


def place_tag(
    frame: Rectangle, size: tuple[float, float], view: tuple[float, float], room: Room, *, always: bool = False
) -> Rectangle | None:
    """Returns where the tag of a box goes, and takes the room; None if there is none.

    Above the box at its left or right, else inside it at the top, else below it or inside it at the bottom.

    Args:
        frame: the box on the screen.
        size: width and height of the tag.
        view: width and height of the screen.
        room: what is taken.
        always: whether it goes to the best place even if there is no room.
    """
    places = _beside(frame, size, view)
    best = next((place for place in places if room.is_free(place)), places[0] if always and places else None)
    if best is not None:
        room.take(best)
    return best


def _beside(frame: Rectangle, size: tuple[float, float], view: tuple[float, float]) -> list[Rectangle]:
    """Returns the places of a tag, the best first; a box that reaches out of the view has them at its visible part."""
    x, y, width, height = frame
    tag_width, tag_height = size
    lefts = (x, x + width - tag_width) if width > tag_width else (x,)
    upper, lower = max(y, 0.0), min(y + height, view[1])
    tops = [upper - tag_height, upper]
    if lower - upper > 2 * tag_height:
        tops += [lower, lower - tag_height]
    places = []
    for top in tops:
        for left in lefts:
            inside = min(max(left, 0.0), max(view[0] - tag_width, 0.0))
            if 0 <= top <= view[1] - tag_height and (inside, top, *size) not in places:
                places.append((inside, top, *size))
    return places


@dataclass(frozen=True, slots=True)
class InnerPlaces:
    """A point of every region that lies deep inside it, in the middle of those that do.

    Attributes:
        index: ``[n]`` of the regions, ascending; 0 is none.
        x: ``[n]`` column of the point.
        y: ``[n]`` row of the point.
        depth: ``[n]`` how far the nearest pixel outside the region is, in pixels.
    """

    index: NDArray[np.intp]
    x: NDArray[np.intp]
    y: NDArray[np.intp]
    depth: NDArray[np.float32]


def inner_places(indices: NDArray[np.unsignedinteger[Any]]) -> InnerPlaces:
    """Returns for every region of an index map ``[H, W]`` a pixel that lies deep inside it.

    One distance transform serves all regions: to the nearest pixel that has a neighbour of another region.
    """
    height, width = indices.shape
    inner = np.zeros((height + 2, width + 2), np.uint8)
    inner[1:-1, 1:-1] = 1
    core = inner[1:-1, 1:-1]
    across, down = indices[:, 1:] == indices[:, :-1], indices[1:] == indices[:-1]
    core[:, 1:] &= across
    core[:, :-1] &= across
    core[1:] &= down
    core[:-1] &= down
    depth = cv2.distanceTransform(inner, cv2.DIST_L2, cv2.DIST_MASK_5)[1:-1, 1:-1].reshape(-1)
    flat = indices.reshape(-1)
    deepest = np.full(int(flat.max(initial=0)) + 1, -1, np.float32)
    np.maximum.at(deepest, flat, depth)
    hits = np.flatnonzero((depth >= _NEARLY * deepest[flat]) & (flat > 0))
    found, place = _middlemost(flat[hits].astype(np.intp), hits, width)
    return InnerPlaces(found, place % width, place // width, depth[place] + 1)


def _middlemost(
    index: NDArray[np.intp], place: NDArray[np.intp], width: int
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Returns of the places of every region the one nearest to their mean: along a ridge, not at its end."""
    x, y = place % width, place // width
    count = np.maximum(np.bincount(index), 1)
    away = (x - (np.bincount(index, x) / count)[index]) ** 2 + (y - (np.bincount(index, y) / count)[index]) ** 2
    order = np.lexsort((away, index))
    found, first = np.unique(index[order], return_index=True)
    return found, place[order][first]
