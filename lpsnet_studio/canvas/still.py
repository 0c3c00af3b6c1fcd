"""The canvas as it is at one moment, to be drawn at any resolution by another thread.

Pixels are sampled where they are wanted, band by band; lines and texts, which are quick, are painted when the still is
taken, on an image of their own or wherever they are to go.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from math import ceil
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRect, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QTransform
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem

from lpsnet_studio.canvas.candidate_boxes import CandidateLayer
from lpsnet_studio.canvas.curtain import CurtainLayer
from lpsnet_studio.canvas.layers import HeatLayer, IndexLayer, OutlineLayer, PhotoLayer, RingLayer, Sampler
from lpsnet_studio.canvas.sampling import Grid
from lpsnet_studio.canvas.stage import Stage

__all__ = ["Drawing", "DrawnPart", "PixelPart", "Still", "compose", "drawing_of", "runs_of", "take_still"]

_SAMPLED = (PhotoLayer, IndexLayer, HeatLayer, OutlineLayer, RingLayer, CurtainLayer, CandidateLayer)
_BAND = 256
"""Rows that are composed at a time."""
_REACH = 8
"""Rows around a band that lines in it may depend on, at a scale of 1."""


@dataclass(frozen=True, slots=True)
class PixelPart:
    """An overlay that is sampled.

    Attributes:
        sample: what it shows on a grid.
        transform: from its pixels to the still's.
        bounds: where it is, in its own pixels.
        opacity: 0 … 1.
    """

    sample: Sampler
    transform: QTransform
    bounds: QRectF
    opacity: float


@dataclass(frozen=True, slots=True)
class DrawnPart:
    """An overlay of lines and texts.

    Attributes:
        draw: paints it; in the GUI thread, and before anything changes.
    """

    draw: Callable[[QPainter], None]


@dataclass(frozen=True, slots=True)
class Drawing:
    """Lines and texts that were painted.

    Attributes:
        pixels: ``[H, W]``, ARGB, its alpha multiplied in.
        top: the row of the result at which they begin.
    """

    pixels: NDArray[np.int32]
    top: int = 0


@dataclass(frozen=True, slots=True)
class Still:
    """What the canvas shows.

    Attributes:
        size: ``(width, height)`` in pixels of the view, or of the photo if all of it is shown.
        parts: from the lowest to the highest.
    """

    size: tuple[int, int]
    parts: tuple[PixelPart | DrawnPart, ...]


@contextmanager
def take_still(stage: Stage, to_still: QTransform, size: tuple[int, int]) -> Iterator[Still]:
    """Yields what a stage shows now; its lines and texts must be painted before it is left.

    Args:
        stage: the scene.
        to_still: from the photo's pixels to the still's.
        size: ``(width, height)`` of the still.
    """
    taken = stage.taken
    stage.keep_clear_of(())
    try:
        items = stage.items(Qt.SortOrder.AscendingOrder)
        shown = (item for item in items if item.isVisible() and not item.boundingRect().isEmpty())
        yield Still(size, tuple(_part(item, to_still) for item in shown))
    finally:
        stage.keep_clear_of(taken)


def _part(item: QGraphicsItem, to_still: QTransform) -> PixelPart | DrawnPart:
    transform = item.sceneTransform() * to_still
    if isinstance(item, _SAMPLED):
        return PixelPart(item.sampler(), transform, QRectF(item.boundingRect()), item.effectiveOpacity())
    return DrawnPart(lambda painter: _draw(item, transform, painter))


def _draw(item: QGraphicsItem, transform: QTransform, painter: QPainter) -> None:
    option = QStyleOptionGraphicsItem()
    option.exposedRect = item.boundingRect()
    painter.save()
    painter.setOpacity(item.effectiveOpacity())
    painter.setWorldTransform(transform)
    item.paint(painter, option, None)
    painter.restore()


def runs_of(parts: Sequence[PixelPart | DrawnPart]) -> list[list[PixelPart] | list[DrawnPart]]:
    """Returns the parts with neighbours of one kind together, which can be drawn on one picture."""
    runs: list[list[Any]] = []
    for part in parts:
        if runs and type(runs[-1][0]) is type(part):
            runs[-1].append(part)
        else:
            runs.append([part])
    return runs


def drawing_of(draw: Callable[[QPainter], None], size: tuple[int, int], scale: int, top: int = 0) -> Drawing:
    """Paints lines and texts on nothing.

    Args:
        draw: paints them.
        size: ``(width, height)`` of what it paints on, as large as the view, for texts are placed by that.
        scale: pixels of the drawing per pixel of that.
        top: see :class:`Drawing`.
    """
    # Zeros cost nothing where nothing is painted: filling a picture of that size would hold the window up.
    pixels = np.zeros((size[1] * scale, size[0] * scale), np.int32)
    image = _image_on(pixels)
    image.setDevicePixelRatio(scale)
    painter = QPainter(image)
    draw(painter)
    painter.end()
    return Drawing(pixels, top)


def _image_on(pixels: NDArray[Any]) -> QImage:
    """Returns an image that paints on, and shows, an array of four bytes a pixel; which must live as long."""
    height, width = pixels.shape[:2]
    return QImage(pixels.data, width, height, pixels.strides[0], QImage.Format.Format_ARGB32_Premultiplied)


def compose(
    runs: Sequence[Sequence[PixelPart] | Drawing], size: tuple[int, int], scale: float, background: QColor
) -> NDArray[np.uint8]:
    """Draws pixel parts and drawings over each other; any thread may do that.

    Args:
        runs: from the lowest to the highest.
        size: ``(width, height)`` of the still.
        scale: pixels of the result per pixel of the still.
        background: what lies below; may be clear.

    Returns:
        RGBA ``[H, W, 4]``, its alpha not multiplied in.
    """
    width, height = (round(side * scale) for side in size)
    result = np.empty((height, width, 4), np.uint8)
    for top in range(0, height, _BAND):
        rows = min(_BAND, height - top)
        band = QImage(width, rows, QImage.Format.Format_ARGB32_Premultiplied)
        band.fill(background)
        painter = QPainter(band)
        for run in runs:
            if isinstance(run, Drawing):
                _draw_band(painter, run, top, rows)
            else:
                for part in run:
                    _paint_band(painter, part, QRect(0, top, width, rows), scale)
        painter.end()
        done = band.convertToFormat(QImage.Format.Format_RGBA8888)
        lines = np.frombuffer(done.constBits(), np.uint8).reshape(rows, done.bytesPerLine())
        result[top : top + rows] = lines[:, : 4 * width].reshape(rows, width, 4)
    return result


def _draw_band(painter: QPainter, drawing: Drawing, top: int, rows: int) -> None:
    """Draws the rows of a drawing that lie in a band."""
    first, last = max(top, drawing.top), min(top + rows, drawing.top + len(drawing.pixels))
    if first < last:
        painter.setOpacity(1.0)
        painter.drawImage(0, first - top, _image_on(drawing.pixels[first - drawing.top : last - drawing.top]))


def _paint_band(painter: QPainter, part: PixelPart, band: QRect, scale: float) -> None:
    transform = part.transform * QTransform.fromScale(scale, scale)
    reach = ceil(_REACH * scale)
    place = transform.mapRect(part.bounds).toAlignedRect()
    place = place.intersected(band.adjusted(-reach, -reach, reach, reach))
    if place.isEmpty() or not place.intersects(band):
        return
    step_x, step_y = 1 / transform.m11(), 1 / transform.m22()
    x, y = (place.x() - transform.dx()) * step_x, (place.y() - transform.dy()) * step_y
    pixels = part.sample(Grid(x, y, step_x, step_y, place.width(), place.height()), scale)
    if pixels is None:
        return
    painter.setOpacity(part.opacity)
    painter.drawImage(place.x() - band.x(), place.y() - band.y(), _image_on(pixels))
