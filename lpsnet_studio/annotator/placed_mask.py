"""A mask together with where it lies in the image: what every tool hands to the document; no Qt."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from lpsnet.structures import Window
from lpsnet_studio.annotator.extents import Box, measure

__all__ = ["Box", "Ids", "Mask", "PlacedMask", "clipped", "window_of_box"]

Ids = NDArray[np.integer[Any]]
"""``[H, W]`` segment numbers; 0 is void."""
Mask = NDArray[np.bool_]


def window_of_box(box: Box) -> Window:
    """Returns ``(y0, x0, y1, x1)`` of ``(x0, y0, x1, y1)``."""
    x0, y0, x1, y1 = box
    return y0, x0, y1, x1


def clipped(window: Window, size: tuple[int, int], margin: int = 0) -> Window:
    """Returns a window widened by ``margin`` on every side and cut off at the image's borders.

    Args:
        window: may reach beyond the image.
        size: ``(height, width)`` of the image.
        margin: in pixels.
    """
    y0, x0, y1, x1 = window
    height, width = size
    top, left = min(max(y0 - margin, 0), height), min(max(x0 - margin, 0), width)
    return top, left, max(min(y1 + margin, height), top), max(min(x1 + margin, width), left)


@dataclass(frozen=True, eq=False)
class PlacedMask:
    """Some pixels of an image.

    Attributes:
        mask: ``[h, w]``, true where a pixel is meant.
        origin: ``(y, x)`` of the mask's first pixel in the image.
    """

    mask: Mask
    origin: tuple[int, int] = (0, 0)

    @classmethod
    def nothing(cls) -> PlacedMask:
        """Returns the mask of no pixel."""
        return cls(np.zeros((0, 0), np.bool_))

    @classmethod
    def union(cls, parts: Iterable[PlacedMask]) -> PlacedMask:
        """Returns the pixels of any of several masks."""
        parts = [part for part in parts if part.mask.size]
        if not parts:
            return cls.nothing()
        corners = np.array([part.window for part in parts])
        y0, x0 = corners[:, :2].min(axis=0).tolist()
        y1, x1 = corners[:, 2:].max(axis=0).tolist()
        mask = np.zeros((y1 - y0, x1 - x0), np.bool_)
        for part in parts:
            top, left, bottom, right = part.window
            mask[top - y0 : bottom - y0, left - x0 : right - x0] |= part.mask
        return cls(mask, (y0, x0))

    @property
    def window(self) -> Window:
        """Where the mask lies, ``(y0, x0, y1, x1)``."""
        y, x = self.origin
        return y, x, y + self.mask.shape[0], x + self.mask.shape[1]

    @property
    def slices(self) -> tuple[slice, slice]:
        """The window as an index into a map of the whole image."""
        y0, x0, y1, x1 = self.window
        return slice(y0, y1), slice(x0, x1)

    @cached_property
    def area(self) -> int:
        """How many pixels are meant."""
        return int(np.count_nonzero(self.mask))

    @property
    def is_empty(self) -> bool:
        """Whether no pixel is meant."""
        return self.area == 0

    def of(self, image: NDArray[Any]) -> NDArray[Any]:
        """Returns the part of a map or picture of the whole image that lies in the window, as a view."""
        return image[self.slices]

    def by_value(self, values: NDArray[np.integer[Any]]) -> dict[int, PlacedMask]:
        """Returns the pixels of every value, each in a window of their own.

        Args:
            values: for the mask's window; those that occur differ by less than 65535.
        """
        meant = values[self.mask]
        if not meant.size:
            return {}
        lowest = int(meant.min())
        numbers = (values.astype(np.int32) - (lowest - 1)).astype(np.uint16)
        numbers *= self.mask
        parts = {}
        for number, extent in sorted(measure(numbers).items()):
            x0, y0, x1, y1 = extent.box
            mask = numbers[y0:y1, x0:x1] == number
            parts[number + lowest - 1] = PlacedMask(mask, (self.origin[0] + y0, self.origin[1] + x0))
        return parts

    def tight(self) -> PlacedMask:
        """Returns the same pixels in the smallest window."""
        if self.mask.size == 0:
            return PlacedMask.nothing()
        x, y, width, height = cv2.boundingRect(np.ascontiguousarray(self.mask).view(np.uint8))
        top, left = self.origin
        return PlacedMask(self.mask[y : y + height, x : x + width], (top + y, left + x))

    def within(self, window: Window) -> PlacedMask:
        """Returns the pixels that lie in a window."""
        y0, x0, y1, x1 = self.window
        top, left, bottom, right = max(y0, window[0]), max(x0, window[1]), min(y1, window[2]), min(x1, window[3])
        if top >= bottom or left >= right:
            return PlacedMask.nothing()
        return PlacedMask(self.mask[top - y0 : bottom - y0, left - x0 : right - x0], (top, left))

    def spread(self, window: Window) -> Mask:
        """Returns the mask laid into a window of another size; pixels beyond it are left out."""
        y0, x0, y1, x1 = window
        whole = np.zeros((y1 - y0, x1 - x0), np.bool_)
        part = self.within(window)
        if part.mask.size:
            top, left = part.origin
            whole[top - y0 : top - y0 + part.mask.shape[0], left - x0 : left - x0 + part.mask.shape[1]] = part.mask
        return whole

    def whole(self, size: tuple[int, int]) -> Mask:
        """Returns the mask of the whole image ``[H, W]``."""
        return self.spread((0, 0, *size))
