"""What a data set holds, counted image by image."""

from __future__ import annotations

import heapq
from array import array
from collections import Counter
from collections.abc import Mapping

import numpy as np

from lpsnet.formats.coco_panoptic import ImageId
from lpsnet.formats.data_report import ClassFacts, DataFacts, SmallThing

__all__ = ["Tally"]

_SMALLEST = 10
"""How many of the smallest things are kept."""


class Tally:
    """Counts images, segments by class index, void, and the smallest things.

    Attributes:
        images: number of images that are listed.
        annotated: number of those with an annotation.
        segments: number of segments that are no crowds, by class index.
        crowds: number of crowd regions, by class index.
        pixels: of segments and crowds, by class index.
    """

    def __init__(self) -> None:
        self.images = 0
        self.annotated = 0
        self.segments: Counter[int] = Counter()
        self.crowds: Counter[int] = Counter()
        self.pixels: Counter[int] = Counter()
        self._widths: tuple[int, int] | None = None
        self._heights: tuple[int, int] | None = None
        self._void = array("d")
        self._void_most: tuple[float, ImageId | None] = (-1.0, None)
        self._smallest: list[tuple[int, int, SmallThing]] = []
        self._things = 0

    def add_size(self, height: int, width: int) -> None:
        """Takes down the size of an image in pixels."""
        self._widths = _widened(self._widths, width)
        self._heights = _widened(self._heights, height)

    def add_void(self, share: float, image_id: ImageId | None) -> None:
        """Takes down the share of void in an image, in [0, 1]."""
        self._void.append(share)
        if share > self._void_most[0]:
            self._void_most = share, image_id

    def add_thing(self, thing: SmallThing) -> None:
        """Keeps a thing if it is among the smallest; of equals those that came first."""
        self._things += 1
        # The least of the heap is the first to go: the largest, and of equals the last that came.
        entry = (-thing.area, -self._things, thing)
        if len(self._smallest) < _SMALLEST:
            heapq.heappush(self._smallest, entry)
        else:
            heapq.heappushpop(self._smallest, entry)

    def facts(self, classes: Mapping[int, tuple[int, str, bool]]) -> DataFacts:
        """Returns what was counted; ``classes`` holds id, name and isthing of each class index."""
        return DataFacts(
            images=self.images,
            annotated=self.annotated,
            classes=tuple(
                ClassFacts(*entry, self.segments[index], self.crowds[index], self.pixels[index])
                for index, entry in classes.items()
            ),
            widths=self._widths,
            heights=self._heights,
            void_median=float(np.median(self._void)) if self._void else None,
            void_most=self._void_most[0] if self._void else None,
            void_most_image=self._void_most[1],
            smallest_things=tuple(thing for _, _, thing in sorted(self._smallest, reverse=True)),
        )


def _widened(ends: tuple[int, int] | None, value: int) -> tuple[int, int]:
    return (min(ends[0], value), max(ends[1], value)) if ends else (value, value)
