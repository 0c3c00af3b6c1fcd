"""Maps of numbers that lie over an image: where their cells are, and the border-ness seen as such maps.

Positions are continuous points of the original image: the centre of the pixel in column ``j`` is at ``j + 0.5``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lpsnet.borderness import BordernessKind, borderness_everywhere, borderness_target, sample_borderness
from lpsnet.structures import BordernessLevel, BordernessMaps, PanopticSegmentation

__all__ = [
    "HeatMap",
    "MapPlacement",
    "borderness_difference_heat",
    "borderness_heat",
    "borderness_target_heat",
]

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class MapPlacement:
    """Where a grid lies over an image: the centre of cell ``(i, j)`` is ``(x0 + j·step_x, y0 + i·step_y)``.

    Attributes:
        x0: of the centres of the first column, in pixels of the original image.
        y0: of the centres of the first row.
        step_x: from one column to the next, > 0.
        step_y: from one row to the next, > 0.

    The default is the image's own grid: a cell is a pixel.
    """

    x0: float = 0.5
    y0: float = 0.5
    step_x: float = 1.0
    step_y: float = 1.0

    def centres(self, shape: tuple[int, int]) -> tuple[Float64, Float64]:
        """Returns the centres' x ``[w]`` and y ``[h]`` of a grid of ``shape`` ``(h, w)``."""
        columns, rows = (np.arange(count, dtype=np.float64) for count in (shape[1], shape[0]))
        return self.x0 + self.step_x * columns, self.y0 + self.step_y * rows

    def rectangle(self, shape: tuple[int, int]) -> tuple[float, float, float, float]:
        """Returns ``(left, top, right, bottom)`` of what the cells cover, half a step around every centre.

        It may reach beyond the image, which then cuts it off.
        """
        left, top = self.x0 - self.step_x / 2, self.y0 - self.step_y / 2
        return left, top, left + self.step_x * shape[1], top + self.step_y * shape[0]

    def cell_at(self, x: float, y: float, shape: tuple[int, int]) -> tuple[int, int]:
        """Returns row and column of the cell whose centre is nearest to a point, clamped to the grid."""
        row, column = np.floor((y - self.y0) / self.step_y + 0.5), np.floor((x - self.x0) / self.step_x + 0.5)
        return int(np.clip(row, 0, shape[0] - 1)), int(np.clip(column, 0, shape[1] - 1))


@dataclass(frozen=True, slots=True, eq=False)
class HeatMap:
    """One number a cell, to be shown in colours over an image.

    Attributes:
        values: ``[h, w]`` float32; NaN where there is nothing to say, which is shown as nothing.
        placement: where the cells lie.
        name: what the numbers are, for people.
        low: the least that the numbers can be.
        high: the greatest that they can be.
    """

    values: Float32
    placement: MapPlacement
    name: str
    low: float = 0.0
    high: float = 1.0

    def at(self, x: float, y: float) -> float:
        """Returns the value of the cell nearest to a point of the image; may be NaN."""
        shape = self.values.shape[0], self.values.shape[1]
        return float(self.values[self.placement.cell_at(x, y, shape)])


# -------------------------------------------------------------------------------------------------------- border-ness


def borderness_heat(maps: BordernessMaps, level: int | None = None, *, size: tuple[int, int] | None = None) -> HeatMap:
    """Returns the border-ness of one level on its own grid, or the greatest of all levels on the finest one's.

    Args:
        maps: of one image.
        level: 3 for P3 … 7 for P7, or 0 for a map at image resolution; None for the greatest of all levels, each read
            bilinearly at the finest level's points, as the panoptic head reads it (method row 50).
        size: ``(H, W)`` of the original image, to leave out the cells in the padding that no pixel is read from; None
            for whole maps.

    Raises:
        ValueError: if there is no map of the level, or a map without cells.
    """
    if not maps.levels:
        raise ValueError("there is no border-ness map")
    if level is None:
        finest = maps.levels[0]
        placement = _placement(finest, maps.scale)
        shape = _shape_on_image(finest, placement, size)
        x, y = (axis.ravel() for axis in np.meshgrid(*placement.centres(shape)))
        return HeatMap(sample_borderness(maps, x, y).reshape(shape), placement, "Border-ness, greatest of all levels")
    for entry in maps.levels:
        if entry.level == level:
            placement = _placement(entry, maps.scale)
            height, width = _shape_on_image(entry, placement, size)
            values = np.ascontiguousarray(entry.values[:height, :width], np.float32)
            return HeatMap(values, placement, f"Border-ness, P{level}" if level else "Border-ness of the ground truth")
    held = ", ".join(f"P{entry.level}" for entry in maps.levels)
    raise ValueError(f"there is no border-ness map of level {level}, only of {held}")


def borderness_target_heat(truth: PanopticSegmentation, isthing: NDArray[np.bool_], kind: BordernessKind) -> HeatMap:
    """Returns what the border-ness of every pixel of a thing should be (paper eq. 1), at image resolution.

    Args:
        truth: the ground truth.
        isthing: ``[C]``; stuff, crowds and void have no border-ness, their pixels are NaN.
        kind: see :mod:`lpsnet.borderness`.

    Raises:
        ValueError: if ``kind`` is unknown.
    """
    ids = truth.thing_ids(isthing)
    values = borderness_target(ids, kind)
    values[ids == 0] = np.nan
    return HeatMap(values, MapPlacement(), f"Border-ness target, {kind}")


def borderness_difference_heat(maps: BordernessMaps, target: HeatMap, level: int | None = None) -> HeatMap:
    """Returns prediction minus target at every pixel, the prediction as the panoptic head would read it there.

    Args:
        maps: the prediction.
        target: see :func:`borderness_target_heat`; where it is NaN, the difference is.
        level: which level's map is read; None for the greatest of all.

    Raises:
        ValueError: if there is no map, none of the level, or one without cells.
    """
    height, width = target.values.shape
    difference = borderness_everywhere(maps, (height, width), level) - target.values
    whose = "greatest of all levels" if level is None else f"P{level}"
    return HeatMap(difference, target.placement, f"{whose} minus {target.name}", low=-1.0)


def _placement(entry: BordernessLevel, scale: tuple[float, float]) -> MapPlacement:
    """Returns where a level's locations lie: at ``offset + j·stride`` of the padded input."""
    (scale_x, scale_y), offset, stride = scale, entry.offset, entry.stride
    return MapPlacement(offset / scale_x, offset / scale_y, stride / scale_x, stride / scale_y)


def _shape_on_image(entry: BordernessLevel, placement: MapPlacement, size: tuple[int, int] | None) -> tuple[int, int]:
    """Returns how many rows and columns of a map the pixels of the image are read from."""
    height, width = entry.values.shape
    if size is None:
        return height, width
    last_row = np.ceil((size[0] - 0.5 - placement.y0) / placement.step_y)
    last_column = np.ceil((size[1] - 0.5 - placement.x0) / placement.step_x)
    return min(height, max(int(last_row), 0) + 1), min(width, max(int(last_column), 0) + 1)
