"""Thousands of candidate boxes turned into pixels of the view, without Qt.

OpenCV draws all boxes of a colour in one call from an array; with an object of Qt's for every box, making the objects
alone would take longer than a frame.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from lpsnet_studio.canvas.candidate_scene import CandidateScene, runs
from lpsnet_studio.canvas.colors import color_table

__all__ = ["Look", "candidate_pixels", "draw_outlines"]

_THICK_UP_TO = 300
"""Boxes up to which lines are two pixels wide and not one: more of them would hide the photo."""
_THICK, _THIN, _DOT = 2, 1, 3
_BEYOND = 16
"""Pixels outside the view to which sides that lie further out are drawn in: nobody sees either."""
_CORNERS = [0, 1, 2, 1, 2, 3, 0, 3]


class Look(NamedTuple):
    """How a view shows the photo.

    Attributes:
        x: where the photo's left edge lies, in device pixels of the view.
        y: likewise, its upper edge.
        scale_x: device pixels per pixel of the photo, across.
        scale_y: likewise, down.
        width: of the view, in device pixels.
        height: likewise.
        ratio: device pixels per pixel of the view.
    """

    x: float
    y: float
    scale_x: float
    scale_y: float
    width: int
    height: int
    ratio: float = 1.0


def candidate_pixels(scene: CandidateScene, look: Look) -> NDArray[np.int32]:
    """Returns boxes and the dots of their locations, premultiplied ARGB ``[height, width]``, clear between them."""
    picture = np.zeros((look.height, look.width), np.int32)
    scale, origin = np.array([look.scale_x, look.scale_y]), np.array([look.x, look.y])
    boxes = scene.boxes * np.tile(scale, 2) + np.tile(origin, 2)
    shown = (boxes[:, :2] < (look.width + _BEYOND, look.height + _BEYOND)).all(1) & (boxes[:, 2:] > -_BEYOND).all(1)
    limits = np.tile([look.width, look.height], 2) + _BEYOND
    table = color_table(scene.palette)
    thickness = max(round((_THICK if len(scene.boxes) <= _THICK_UP_TO else _THIN) * look.ratio), 1)
    channels = picture.view(np.uint8).reshape(look.height, look.width, 4)
    seen = np.clip(boxes[shown], -_BEYOND, limits)
    draw_outlines(channels, seen, scene.colors[shown], table.view(np.uint8).reshape(-1, 4), thickness)
    _dot(picture, scene.locations * scale + origin, table[scene.colors], max(round(_DOT * look.ratio), 1))
    return picture


def draw_outlines(
    picture: NDArray[np.uint8],
    boxes: NDArray[np.floating[Any]],
    colors: NDArray[np.intp],
    palette: NDArray[np.uint8],
    thickness: int = 1,
) -> None:
    """Draws the sides of boxes into a picture, in their order.

    Args:
        picture: ``[H, W, channels]``, changed in place.
        boxes: ``[K, 4]`` xyxy in its pixels; a side is drawn on the pixels that it runs through.
        colors: ``[K]`` row of ``palette``.
        palette: ``[n, channels]``.
        thickness: of the sides, in pixels.
    """
    corners = np.floor(boxes).astype(np.int32)[:, _CORNERS].reshape(-1, 4, 1, 2)
    values = palette.tolist()
    for color, start, end in runs(colors):
        cv2.polylines(picture, corners[start:end], True, values[color], thickness)


def _dot(picture: NDArray[np.int32], points: NDArray[np.floating[Any]], colors: NDArray[np.int32], side: int) -> None:
    """Draws squares around points, in their order, as far as they lie in the picture."""
    height, width = picture.shape
    first = np.floor(points - (side - 1) / 2).astype(np.int64)
    inside = (first > -side).all(1) & (first[:, 0] < width) & (first[:, 1] < height)
    first, colors = first[inside], colors[inside]
    for down in range(side):
        for across in range(side):
            columns, rows = first[:, 0] + across, first[:, 1] + down
            seen = (columns >= 0) & (columns < width) & (rows >= 0) & (rows < height)
            picture[rows[seen], columns[seen]] = colors[seen]
