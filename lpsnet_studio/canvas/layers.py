"""What lies on the canvas: the photo, coloured index maps, outlines and boxes, each a graphics item over arrays.

The colours of an index map live in one buffer that Qt paints from directly, so that a change costs its window and
not the image.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QImage, QPainter, QPen, QTransform
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from lpsnet_studio.canvas.colors import IndexImage, Table, Window, outline, ring

__all__ = ["Box", "BoxLayer", "IndexLayer", "OutlineLayer", "PhotoLayer"]

_NEAREST_FROM = 2.0
"""Screen pixels per image pixel from which pixels are shown as squares."""
_OUTLINE_ALPHA = 0.75
"""Two pixels at three quarters make a line of one and a half."""


def _image_over(array: NDArray[Any], layout: QImage.Format) -> QImage:
    """Returns a picture that views an array of four bytes a pixel; the array must outlive it."""
    height, width = array.shape[:2]
    return QImage(array.data, width, height, array.strides[0], layout)


def _draw_scaled(painter: QPainter, exposed: QRectF, image: QImage) -> None:
    """Draws the exposed part of an image: smoothly when small, as squares when large."""
    smooth = painter.worldTransform().m11() < _NEAREST_FROM
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, smooth)
    part = exposed.toAlignedRect().adjusted(-1, -1, 1, 1).intersected(image.rect())
    painter.drawImage(QRectF(part), image, QRectF(part))


class _Layer(QGraphicsItem):
    """An item of the size of an array."""

    def __init__(self, parent: QGraphicsItem | None = None) -> None:
        super().__init__(parent)
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemUsesExtendedStyleOption)
        self._bounds = QRectF()

    def _set_bounds(self, bounds: QRectF) -> None:
        if bounds != self._bounds:
            self.prepareGeometryChange()
            self._bounds = bounds

    def boundingRect(self) -> QRectF:
        """Returns where the item paints."""
        return self._bounds


class PhotoLayer(_Layer):
    """The photo."""

    def __init__(self) -> None:
        super().__init__()
        self._pixels: NDArray[np.uint8] | None = None
        self._image = QImage()

    def set_pixels(self, pixels: NDArray[np.uint8] | None) -> None:
        """Shows RGB pixels ``[H, W, 3]``, or nothing."""
        if pixels is None:
            self._image, self._pixels = QImage(), None
            self._set_bounds(QRectF())
            return
        # Qt scales pictures of four bytes a pixel several times faster than those of three.
        self._pixels = cv2.cvtColor(pixels, cv2.COLOR_RGB2BGRA)
        self._image = _image_over(self._pixels, QImage.Format.Format_RGB32)
        self._set_bounds(QRectF(self._image.rect()))
        self.update()

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        """Paints the exposed part."""
        if not self._image.isNull():
            _draw_scaled(painter, option.exposedRect, self._image)


class IndexLayer(_Layer):
    """An index map in colours, anywhere over the photo."""

    def __init__(self, parent: QGraphicsItem) -> None:
        super().__init__(parent)
        self._picture: IndexImage | None = None
        self._image = QImage()

    @property
    def picture(self) -> IndexImage | None:
        """The map and its colours."""
        return self._picture

    def set_map(
        self, indices: NDArray[np.unsignedinteger[Any]] | None, table: Table, origin: tuple[int, int] = (0, 0)
    ) -> None:
        """Shows a map ``[H, W]``, or nothing; ``origin`` is the place (x, y) of its first pixel."""
        if indices is None:
            self._picture, self._image = None, QImage()
            self._set_bounds(QRectF())
            return
        self._picture = IndexImage(indices, table)
        self._image = _image_over(self._picture.buffer, QImage.Format.Format_ARGB32_Premultiplied)
        self.setPos(QPointF(*origin))
        self._set_bounds(QRectF(self._image.rect()))
        self.update()

    def set_table(self, table: Table) -> None:
        """Changes the colours."""
        if self._picture is not None:
            self._picture.set_table(table)
            self.update()

    def repaint_windows(self, windows: Sequence[Window]) -> None:
        """Recolours windows of the map that changed in place."""
        if self._picture is None:
            return
        for y0, x0, y1, x1 in windows:
            self._picture.recolor((y0, x0, y1, x1))
            self.update(QRectF(x0, y0, x1 - x0, y1 - y0))

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        """Paints the exposed part."""
        if not self._image.isNull():
            _draw_scaled(painter, option.exposedRect, self._image)


class OutlineLayer(_Layer):
    """Borders between the regions of an index map, of one width on the screen at any zoom.

    They are found in what the screen shows, at the screen's resolution: the cost is the screen's, not the image's.
    """

    def __init__(self, parent: QGraphicsItem) -> None:
        super().__init__(parent)
        self._indices: NDArray[np.unsignedinteger[Any]] | None = None
        self._table: Table = np.zeros(1, np.int32)
        self._selected = 0
        self._outlined = True

    def set_map(self, indices: NDArray[np.unsignedinteger[Any]] | None, table: Table) -> None:
        """Outlines a map ``[H, W]``, or nothing; a colour of the table that is transparent draws no line."""
        self._indices, self._table = indices, table
        self._set_bounds(QRectF() if indices is None else QRectF(0, 0, indices.shape[1], indices.shape[0]))
        self.update()

    def set_table(self, table: Table) -> None:
        """Changes the colours."""
        self._table = table
        self.update()

    def set_outlined(self, on: bool) -> None:
        """Shows or hides the lines between regions; the selected region's stays."""
        self._outlined = on
        self.update()

    def select(self, index: int) -> None:
        """Outlines one region in white over black; 0 for none."""
        self._selected = index
        self.update()

    def repaint_windows(self, windows: Sequence[Window]) -> None:
        """Tells where the map has changed in place."""
        for y0, x0, y1, x1 in windows:
            self.update(QRectF(x0 - 1, y0 - 1, x1 - x0 + 2, y1 - y0 + 2))

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        """Paints the lines in the exposed part."""
        if self._indices is None or not (self._outlined or self._selected):
            return
        transform = painter.worldTransform()
        ratio = max(1, round(painter.device().devicePixelRatioF()))
        visible = transform.mapRect(self._bounds).toAlignedRect()
        exposed = transform.mapRect(option.exposedRect).toAlignedRect().adjusted(-4, -4, 4, 4)
        target = exposed.intersected(visible)
        if target.isEmpty() or transform.m11() <= 0 or transform.m22() <= 0:
            return
        sampled = _sample(self._indices, transform, target, ratio)
        layers = [outline(sampled, self._table)] if self._outlined else []
        if self._selected:
            layers.append(ring(sampled == self._selected, ratio))
        painter.save()
        painter.resetTransform()
        for picture in layers:
            image = _image_over(picture, QImage.Format.Format_ARGB32_Premultiplied)
            image.setDevicePixelRatio(ratio)
            painter.drawImage(target.topLeft(), image)
        painter.restore()


def _sample(
    indices: NDArray[np.unsignedinteger[Any]], transform: QTransform, target: QRect, ratio: int
) -> NDArray[np.unsignedinteger[Any]]:
    """Returns the index at the centre of every device pixel of ``target``."""
    step_x, step_y = 1 / (transform.m11() * ratio), 1 / (transform.m22() * ratio)
    # A pixel's centre is at +0.5; OpenCV rounds to the nearest index, so that -0.5 makes it take the floor.
    x = (target.x() - transform.dx()) / transform.m11() + 0.5 * step_x - 0.5
    y = (target.y() - transform.dy()) / transform.m22() + 0.5 * step_y - 0.5
    return cv2.warpAffine(
        indices,
        np.array([[step_x, 0, x], [0, step_y, y]]),
        (target.width() * ratio, target.height() * ratio),
        flags=cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )


@dataclass(frozen=True, slots=True)
class Box:
    """A box to draw.

    Attributes:
        box: ``(x0, y0, x1, y1)`` in the overlays' pixels.
        text: beside its upper left corner; may be empty.
        color: RGB.
        dashed: whether its line is broken.
        strong: whether it is drawn thick, white over black.
    """

    box: tuple[float, float, float, float]
    text: str
    color: tuple[int, int, int]
    dashed: bool = False
    strong: bool = False


class BoxLayer(_Layer):
    """Boxes with a line of text each; lines and text keep their size on the screen."""

    _LEAST_WIDTH_FOR_TEXT = 28.0

    def __init__(self, parent: QGraphicsItem) -> None:
        super().__init__(parent)
        self._boxes: tuple[Box, ...] = ()

    def set_boxes(self, boxes: Sequence[Box], size: tuple[int, int]) -> None:
        """Shows boxes over an image of ``size`` (H, W)."""
        self._boxes = tuple(boxes)
        # Text may stand above the image's upper edge, and boxes may reach beyond it.
        margin = max(size)
        self._set_bounds(QRectF(-margin, -margin, size[1] + 2 * margin, size[0] + 2 * margin))
        self.update()

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        """Paints every box that reaches into the view."""
        transform = painter.worldTransform()
        view = QRectF(painter.viewport() if widget is None else widget.rect())
        painter.save()
        painter.resetTransform()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for box in self._boxes:
            x0, y0, x1, y1 = box.box
            frame = transform.mapRect(QRectF(x0, y0, x1 - x0, y1 - y0))
            # A rectangle without area meets nothing, and a line is wider than the box that it follows.
            if frame.adjusted(-3, -3, 3, 3).intersects(view):
                self._paint_box(painter, frame, box, view)
        painter.restore()

    def _paint_box(self, painter: QPainter, frame: QRectF, box: Box, view: QRectF) -> None:
        style = Qt.PenStyle.DashLine if box.dashed else Qt.PenStyle.SolidLine
        strokes = [(QColor(0, 0, 0, 160), 3.0), (QColor(*box.color), 1.5)]
        if box.strong:
            strokes = [(QColor(0, 0, 0), 5.0), (QColor(255, 255, 255), 2.0)]
        for color, width in strokes:
            pen = QPen(color, width, style)
            pen.setJoinStyle(Qt.PenJoinStyle.MiterJoin)
            painter.setPen(pen)
            painter.drawRect(frame)
        if box.text and (box.strong or frame.width() >= self._LEAST_WIDTH_FOR_TEXT):
            _paint_tag(painter, frame.topLeft(), box, view)


def _paint_tag(painter: QPainter, corner: QPointF, box: Box, view: QRectF) -> None:
    """Writes a box's text on its colour, above its upper edge, or below it at the top of the view."""
    font = painter.font()
    font.setPixelSize(11)
    painter.setFont(font)
    metrics = QFontMetricsF(font)
    height = metrics.height() + 2
    top = corner.y() - height if corner.y() >= height else corner.y()
    width = metrics.horizontalAdvance(box.text) + 8
    left = max(min(corner.x() - 0.75, view.width() - width), 0)
    tag = QRectF(left, top, width, height)
    background = QColor(255, 255, 255) if box.strong else QColor(*box.color)
    painter.fillRect(tag, background)
    dark = background.red() * 0.299 + background.green() * 0.587 + background.blue() * 0.114 > 140
    painter.setPen(QColor(0, 0, 0) if dark else QColor(255, 255, 255))
    painter.drawText(tag, Qt.AlignmentFlag.AlignCenter, box.text)
