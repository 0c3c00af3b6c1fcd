"""What a view's pixels show of an image: index maps and photos sampled at the screen's resolution, without Qt.

Sampling costs what the screen costs, whatever the size of the image; nothing the size of the image is ever recoloured.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["Grid", "IndexMap", "IndexSource", "Pyramid", "extent_of", "halved"]

Indices = NDArray[np.unsignedinteger[Any]]
_SQUARES_FROM = 2.0
"""Screen pixels per image pixel from which image pixels are shown as squares."""
_SPARSE = 3
"""Image pixels per screen pixel from which it is quicker to fetch pixels one by one than whole rows."""
_LARGEST_SIDE = 32_766
"""The largest picture that OpenCV warps."""
_SMALLEST_LEVEL = 256
"""A picture whose longer side is no more than this is not halved again."""


@dataclass(frozen=True, slots=True)
class Grid:
    """A rectangle of screen pixels, and where in an image they lie.

    Attributes:
        x: column of the image at the left edge of the first screen pixel.
        y: row of the image at its upper edge.
        step_x: image pixels per screen pixel, across.
        step_y: likewise, down.
        width: in screen pixels.
        height: likewise.
    """

    x: float
    y: float
    step_x: float
    step_y: float
    width: int
    height: int

    @classmethod
    def of_image(cls, height: int, width: int) -> Grid:
        """Returns the grid whose pixels are the image's."""
        return cls(0.0, 0.0, 1.0, 1.0, width, height)

    def moved(self, x: float, y: float) -> Grid:
        """Returns the same screen pixels over an image whose origin lies at (x, y) of this one."""
        return replace(self, x=self.x - x, y=self.y - y)

    def scaled(self, factor_x: float, factor_y: float) -> Grid:
        """Returns the same screen pixels over an image with ``factor`` times as many pixels."""
        return replace(
            self,
            x=self.x * factor_x,
            y=self.y * factor_y,
            step_x=self.step_x * factor_x,
            step_y=self.step_y * factor_y,
        )

    def columns(self, width: int) -> NDArray[np.intp]:
        """Returns the column ``[width of the grid]`` under the centre of each screen pixel; beyond an edge, its own."""
        return _under(self.x, self.step_x, self.width, width)

    def rows(self, height: int) -> NDArray[np.intp]:
        """Returns the row ``[height of the grid]`` under the centre of each screen pixel; beyond an edge, its own."""
        return _under(self.y, self.step_y, self.height, height)

    def stripes(self, width: int) -> NDArray[np.bool_]:
        """Returns diagonal stripes ``[H, W]`` of a width in screen pixels, which move with the image."""
        # A quarter keeps the phase from tipping over where the image lies on whole or half pixels of the screen.
        across = np.arange(self.width) + int(np.floor(self.x / self.step_x + 0.25))
        down = np.arange(self.height) + int(np.floor(self.y / self.step_y + 0.25))
        return (across[None, :] + down[:, None]) // width % 2 == 0


def _under(start: float, step: float, count: int, limit: int) -> NDArray[np.intp]:
    centres = np.floor(start + (np.arange(count) + 0.5) * step)
    return np.clip(centres, 0, limit - 1).astype(np.intp)


def _at(array: NDArray[Any], grid: Grid) -> NDArray[Any]:
    """Returns what of an array ``[H, W, …]`` lies under the centre of every screen pixel."""
    rows, columns = grid.rows(array.shape[0]), grid.columns(array.shape[1])
    if not rows.size or not columns.size:
        return np.zeros((len(rows), len(columns), *array.shape[2:]), array.dtype)
    if columns[-1] - columns[0] >= _SPARSE * len(columns):
        return array[rows[:, None], columns]
    part = array[:, columns[0] : columns[-1] + 1]
    return np.ascontiguousarray(part.take(rows, axis=0).take(columns - columns[0], axis=1))


class IndexSource(Protocol):
    """What can be asked for the index under every screen pixel."""

    @property
    def shape(self) -> tuple[int, int]:
        """``(H, W)`` in its own pixels."""

    @property
    def indices(self) -> Indices:
        """``[H, W]``, one for each of its own pixels."""

    def sample(self, grid: Grid) -> Indices:
        """Returns the index ``[height, width]`` under the centre of every pixel of the grid."""


class IndexMap:
    """An index map that may change in place; several layers share what was sampled last.

    Args:
        indices: ``[H, W]`` uint8 or uint16, not copied. Whoever changes it says so, by :meth:`touch`.
    """

    def __init__(self, indices: Indices) -> None:
        self._indices = indices
        self._last: tuple[Grid, Indices] | None = None

    @property
    def shape(self) -> tuple[int, int]:
        """``(H, W)``."""
        return self._indices.shape[0], self._indices.shape[1]

    @property
    def indices(self) -> Indices:
        """The map itself."""
        return self._indices

    def touch(self) -> None:
        """Tells that the map has changed."""
        self._last = None

    def sample(self, grid: Grid) -> Indices:
        """Returns the index under the centre of every pixel of the grid."""
        if self._last is None or self._last[0] != grid:
            self._last = grid, _at(self._indices, grid)
        return self._last[1]


def extent_of(indices: Indices, index: int) -> tuple[int, int, int, int] | None:
    """Returns the window ``(y0, x0, y1, x1)`` that a region of an index map takes; None if it has no pixel."""
    x, y, width, height = cv2.boundingRect((indices == index).view(np.uint8))
    return (y, x, y + height, x + width) if width else None


def halved(pixels: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], ...]:
    """Returns a photo's smaller versions, each half as large as the one before, by averaging two by two.

    Args:
        pixels: RGB ``[H, W, 3]``.

    Returns:
        RGB pictures, the largest first; none if the photo is small.
    """
    levels = []
    while max(pixels.shape[:2]) > _SMALLEST_LEVEL:
        height, width = pixels.shape[:2]
        half = (max((width + 1) // 2, 1), max((height + 1) // 2, 1))
        pixels = cv2.resize(pixels, half, interpolation=cv2.INTER_AREA)
        levels.append(pixels)
    return tuple(levels)


class Pyramid:
    """A photo and its smaller versions, of which the one nearest to the screen's resolution is sampled.

    Args:
        pixels: RGB ``[H, W, 3]``, not copied.

    Attributes:
        pixels: the photo.
        levels: its smaller versions by :func:`halved`; while there are none, small views are sampled without averaging.
    """

    def __init__(self, pixels: NDArray[np.uint8]) -> None:
        self.pixels = pixels
        self.levels: tuple[NDArray[np.uint8], ...] = ()

    @property
    def smallest(self) -> NDArray[np.uint8]:
        """The smallest version there is."""
        return self.levels[-1] if self.levels else self.pixels

    def sample(self, grid: Grid) -> NDArray[np.uint8]:
        """Returns the photo on the grid, BGRA ``[height, width, 4]``: smooth where small, as squares where large."""
        step = max(grid.step_x, grid.step_y)
        if step <= 1 / _SQUARES_FROM:
            sampled = _at(self.pixels, grid)
        elif step > 1 and not self.levels:
            sampled = _warped(self.pixels, grid, cv2.INTER_NEAREST)
        else:
            level = min(max(round(np.log2(step)), 0), len(self.levels))
            chosen = self.levels[level - 1] if level else self.pixels
            factors = chosen.shape[1] / self.pixels.shape[1], chosen.shape[0] / self.pixels.shape[0]
            sampled = _warped(chosen, grid.scaled(*factors), cv2.INTER_LINEAR)
        return cv2.cvtColor(sampled, cv2.COLOR_RGB2BGRA)


def _warped(pixels: NDArray[np.uint8], grid: Grid, interpolation: int) -> NDArray[np.uint8]:
    """Returns a photo on a grid by one of OpenCV's interpolations, which look at nothing that is not shown."""
    height, width = pixels.shape[:2]
    rows, columns = grid.rows(height), grid.columns(width)
    top, left = max(rows[0] - 1, 0), max(columns[0] - 1, 0)
    part = pixels[top : rows[-1] + 2, left : columns[-1] + 2]
    if max(part.shape) > _LARGEST_SIDE:
        return _at(pixels, grid)
    # Between centres: the first screen pixel's centre, less the half pixel by which OpenCV counts from centres.
    x = grid.x - left + 0.5 * grid.step_x - 0.5
    y = grid.y - top + 0.5 * grid.step_y - 0.5
    return cv2.warpAffine(
        part,
        np.array([[grid.step_x, 0, x], [0, grid.step_y, y]]),
        (grid.width, grid.height),
        flags=interpolation | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
