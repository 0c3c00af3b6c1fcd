"""Colours of numbers: perceptual colour maps, and numbers turned into pixels through them, without Qt."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any, Literal, get_args

import cv2
import numpy as np
from numpy.typing import NDArray

from lpsnet.maps import HeatMap
from lpsnet_studio.canvas.colors import Table, color_table
from lpsnet_studio.canvas.sampling import Grid

__all__ = ["COLORMAPS", "ColormapName", "Scale", "colormap", "levels_of", "sampled", "scale_table"]

ColormapName = Literal["viridis", "magma", "cividis", "difference"]
"""Lightness grows evenly with the number; ``cividis`` looks the same to the colour-blind; ``difference`` is for numbers
around 0: blue below, white at the middle, red above."""
COLORMAPS: tuple[ColormapName, ...] = get_args(ColormapName)
_OPENCV = {"viridis": cv2.COLORMAP_VIRIDIS, "magma": cv2.COLORMAP_MAGMA, "cividis": cv2.COLORMAP_CIVIDIS}
_BELOW, _MIDDLE, _ABOVE = (26, 82, 156), (247, 247, 247), (168, 30, 45)
_STEPS = 256
_TO_XYZ = np.array(
    [(0.4124564, 0.3575761, 0.1804375), (0.2126729, 0.7151522, 0.072175), (0.0193339, 0.119192, 0.9503041)]
)
"""From linear sRGB (IEC 61966-2-1)."""
_DELTA = 6 / 29


@dataclass(frozen=True, slots=True)
class Scale:
    """How numbers are shown in colours.

    Attributes:
        colors: the colour map.
        low: the number that has its first colour; lower ones have it too.
        high: the number that has its last colour; greater ones have it too.
        smooth: whether to interpolate between cells, as the panoptic head reads them; else a cell is a square.
    """

    colors: ColormapName = "viridis"
    low: float = 0.0
    high: float = 1.0
    smooth: bool = True

    @classmethod
    def suited_to(cls, heat: HeatMap) -> Scale:
        """Returns the scale that shows all that a map can hold; numbers around 0 get the colours of a difference."""
        return cls("difference" if heat.low < 0 else "viridis", heat.low, heat.high)


@cache
def colormap(name: ColormapName) -> NDArray[np.uint8]:
    """Returns the RGB colours ``[256, 3]`` of a colour map, for the lowest number first."""
    if name == "difference":
        colors = _difference()
    else:
        ramp = np.arange(_STEPS, dtype=np.uint8)[:, None]
        colors = cv2.applyColorMap(ramp, _OPENCV[name])[:, 0, ::-1]
    made = np.ascontiguousarray(colors, np.uint8)
    made.setflags(write=False)
    return made


def _difference() -> NDArray[np.uint8]:
    """Returns a diverging map whose lightness falls evenly to both sides: a straight way in Lab to either end."""
    below, middle, above = _lab_of(np.array([_BELOW, _MIDDLE, _ABOVE]) / 255)
    share = np.linspace(-1, 1, _STEPS)[:, None]
    rgb = _rgb_of(middle + np.abs(share) * (np.where(share < 0, below, above) - middle))
    return np.rint(np.clip(rgb, 0, 1) * 255).astype(np.uint8)


# Not OpenCV's conversion: its first call makes tables for most of a tenth of a second.


def _lab_of(rgb: NDArray[np.float64]) -> NDArray[np.float64]:
    """Returns CIE L*a*b* (D65) of sRGB colours ``[n, 3]`` in [0, 1]."""
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    parts = linear @ _TO_XYZ.T / _TO_XYZ.sum(axis=1)
    root = np.where(parts > _DELTA**3, np.cbrt(parts), parts / (3 * _DELTA**2) + 4 / 29)
    x, y, z = root.T
    return np.stack((116 * y - 16, 500 * (x - y), 200 * (y - z)), axis=1)


def _rgb_of(lab: NDArray[np.float64]) -> NDArray[np.float64]:
    """Returns the sRGB colours of :func:`_lab_of`, not clipped."""
    y = (lab[:, 0] + 16) / 116
    root = np.stack((y + lab[:, 1] / 500, y, y - lab[:, 2] / 200), axis=1)
    parts = np.where(root > _DELTA, root**3, 3 * _DELTA**2 * (root - 4 / 29))
    linear = np.maximum((parts * _TO_XYZ.sum(axis=1)) @ np.linalg.inv(_TO_XYZ).T, 0)
    return np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)


def sampled(heat: HeatMap, grid: Grid, *, smooth: bool) -> NDArray[np.float32]:
    """Returns a map's numbers ``[height, width]`` at the centres of a grid's pixels; beyond an edge, its own.

    Args:
        heat: the map, placed over the image.
        grid: screen pixels and where in the image they lie.
        smooth: whether to interpolate between cells; else the nearest cell answers.
    """
    where = heat.placement
    across, down = grid.step_x / where.step_x, grid.step_y / where.step_y
    x = (grid.x + 0.5 * grid.step_x - where.x0) / where.step_x
    y = (grid.y + 0.5 * grid.step_y - where.y0) / where.step_y
    if smooth:
        return cv2.warpAffine(
            heat.values,
            np.array([[across, 0, x], [0, down, y]]),
            (grid.width, grid.height),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )
    rows = _nearest(y, down, grid.height, heat.values.shape[0])
    columns = _nearest(x, across, grid.width, heat.values.shape[1])
    return heat.values.take(rows, axis=0).take(columns, axis=1)


def _nearest(first: float, step: float, count: int, limit: int) -> NDArray[np.intp]:
    return np.clip(np.floor(first + step * np.arange(count) + 0.5), 0, limit - 1).astype(np.intp)


def levels_of(values: NDArray[np.float32], scale: Scale) -> NDArray[np.uint16]:
    """Returns which of the 256 colours each number has, counted from 1; 0 where there is no number."""
    span = scale.high - scale.low
    share = (values - scale.low) / span if span > 0 else np.where(values < scale.low, 0.0, 1.0)
    nothing = np.isnan(values)
    levels = np.clip(np.nan_to_num(share) * (_STEPS - 1) + 0.5, 0, _STEPS - 1).astype(np.uint16) + np.uint16(1)
    levels[nothing] = 0
    return levels


def scale_table(name: ColormapName) -> Table:
    """Returns the colours by the indices of :func:`levels_of`."""
    opacity: NDArray[np.floating[Any]] = np.ones(_STEPS + 1)
    opacity[0] = 0
    return color_table(np.vstack((np.zeros((1, 3), np.uint8), colormap(name))), opacity)
