"""What a tool would do, drawn over the photo: outlines of brushes and shapes, and the pixels that would be painted."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from lpsnet_studio.annotator.tools.base import Cursor, MaskShape, PathShape, Preview
from lpsnet_studio.canvas.colors import color_table
from lpsnet_studio.canvas.layers import IndexLayer, Layer, RingLayer
from lpsnet_studio.canvas.sampling import IndexMap

__all__ = ["PreviewLayer"]

Color = tuple[int, int, int]

_DARK, _LIGHT, _ERASING = QColor(0, 0, 0, 200), QColor(255, 255, 255), QColor(255, 122, 122)
_WIDE, _NARROW = 3.0, 1.5
_DOT = 3.0
"""Radius of a corner's dot on the screen."""
_MASK_OPACITY = 0.55
_REACH = 6
"""Pixels of the screen that lines and dots reach beyond their points."""


class PreviewLayer(Layer):
    """The shapes of a tool, light over dark so that they show on anything, with lines as wide at any zoom.

    Args:
        parent: the photo.
        color_of: the colour of a class by its category id; of what has no class if that is None.
    """

    def __init__(self, parent: QGraphicsItem, color_of: Callable[[int | None], Color]) -> None:
        super().__init__(parent)
        self._color_of = color_of
        self._lines: tuple[Cursor | PathShape, ...] = ()
        self._masks: list[tuple[IndexLayer, RingLayer]] = []

    def show_previews(self, previews: Sequence[Preview], size: tuple[int, int], zoom: float) -> None:
        """Shows the shapes of now.

        Args:
            previews: in pixels of the photo.
            size: ``(H, W)`` of the photo.
            zoom: pixels of the screen per pixel of the photo.
        """
        height, width = size
        margin = max(height, width)  # a brush's outline may lie outside the photo
        self._set_bounds(QRectF(-margin, -margin, width + 2 * margin, height + 2 * margin) if height else QRectF())
        lines = tuple(each for each in previews if not isinstance(each, MaskShape))
        if lines != self._lines:
            reach = _REACH / max(zoom, 1e-6)
            for each in (*self._lines, *lines):
                self.update(_path(each).boundingRect().adjusted(-reach, -reach, reach, reach))
            self._lines = lines
        self._show_masks([each for each in previews if isinstance(each, MaskShape)])

    def _show_masks(self, shapes: Sequence[MaskShape]) -> None:
        while len(self._masks) < len(shapes):
            parent = self.parentItem()
            self._masks.append((IndexLayer(parent), RingLayer(parent)))
        for place, layers in enumerate(self._masks):
            _show_mask(*layers, shapes[place] if place < len(shapes) else None, self.zValue(), self._color_of)

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        """Paints the outlines."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for each in self._lines:
            path = _path(each)
            erases = isinstance(each, Cursor) and each.erases
            for color, width in ((_DARK, _WIDE), (_ERASING if erases else _LIGHT, _NARROW)):
                pen = QPen(color, width)
                pen.setCosmetic(True)
                painter.setPen(pen)
                painter.drawPath(path)
            if isinstance(each, PathShape) and not each.closed:
                _paint_corners(painter, each)


def _show_mask(
    fill: IndexLayer, ring: RingLayer, shape: MaskShape | None, z: float, color_of: Callable[[int | None], Color]
) -> None:
    fill.setVisible(shape is not None)
    ring.select(0)
    if shape is None:
        fill.set_map(None)
        ring.set_map(None)
        return
    source, origin = IndexMap(shape.region.mask.view(np.uint8)), shape.region.origin
    colors = np.array([(0, 0, 0), color_of(shape.category)], np.uint8)
    fill.set_table(color_table(colors, np.array([0.0, _MASK_OPACITY])))
    fill.set_map(source, (origin[1], origin[0]))
    ring.set_map(source)
    ring.setPos(QPointF(origin[1], origin[0]))
    ring.select(1)
    fill.setZValue(z - 1)
    ring.setZValue(z - 0.5)


def _path(shape: Cursor | PathShape) -> QPainterPath:
    """Returns the outline of a shape in pixels of the photo."""
    path = QPainterPath()
    if isinstance(shape, Cursor):
        x, y, radius = *shape.center, shape.radius
        around = QRectF(x - radius, y - radius, 2 * radius, 2 * radius)
        path.addEllipse(around) if shape.shape == "round" else path.addRect(around)
        return path
    if shape.points:
        path.moveTo(QPointF(*shape.points[0]))
        for point in shape.points[1:]:
            path.lineTo(QPointF(*point))
        if shape.closed:
            path.closeSubpath()
    return path


def _paint_corners(painter: QPainter, shape: PathShape) -> None:
    """Paints a dot at the first and the last point of a line that is still drawn."""
    scale = painter.worldTransform().m11()
    painter.setBrush(_LIGHT)
    pen = QPen(_DARK, 1)
    pen.setCosmetic(True)
    painter.setPen(pen)
    for point in dict.fromkeys((shape.points[0], shape.points[-1])) if shape.points else ():
        painter.drawEllipse(QPointF(*point), _DOT / scale, _DOT / scale)
    painter.setBrush(Qt.BrushStyle.NoBrush)
