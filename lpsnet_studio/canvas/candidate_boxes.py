"""Thousands of candidate boxes on the canvas as one item, and a few that stand out with arrows to their sides."""

from __future__ import annotations

from math import hypot
from typing import NamedTuple

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QImage, QPainter, QPen, QPolygonF, QTransform
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from lpsnet_studio.canvas.candidate_scene import CandidateScene, MarkedBox, runs
from lpsnet_studio.canvas.layers import Layer, view_of

__all__ = ["CandidateLayer"]

_THICK_UP_TO = 300
"""Boxes up to which lines are two pixels wide and not one: more of them would hide the photo."""
_DOT = 3.0
_TEXT_PIXELS = 11
_HEAD = 7.0
_LEAST_FOR_LENGTH = 24.0
"""Pixels of the view from which an arrow has its length written at it."""
_DARK, _BRIGHT = QColor(0, 0, 0), QColor(255, 255, 255)
_RIM = QColor(0, 0, 0, 190)


class _Group(NamedTuple):
    """Boxes of one colour that are painted at once."""

    color: QColor
    boxes: list[QRectF]
    locations: list[QPointF]


class _Painted(NamedTuple):
    """The picture of all boxes in one look of the view."""

    look: tuple[QTransform, QRectF, float]
    image: QImage


class CandidateLayer(Layer):
    """Boxes without text in a few colours, the dots of their locations, and marked boxes above them.

    What was painted last is kept while the view stays, so that changes of other overlays cost no box.

    Args:
        parent: the item that it moves with.
    """

    def __init__(self, parent: QGraphicsItem) -> None:
        super().__init__(parent)
        self._scene: CandidateScene | None = None
        self._groups: tuple[_Group, ...] | None = ()
        self._painted: _Painted | None = None
        self._font = QFont()
        self._font.setPixelSize(_TEXT_PIXELS)

    @property
    def shown(self) -> CandidateScene | None:
        """What is shown."""
        return self._scene

    def set_scene(self, scene: CandidateScene | None) -> None:
        """Shows candidates, or nothing."""
        before, self._scene = self._scene, scene
        is_same = scene is not None and before is not None and scene.boxes is before.boxes
        if not is_same or scene.colors is not before.colors or scene.palette is not before.palette:
            self._groups, self._painted = None, None
        if scene is None:
            self._set_bounds(QRectF())
        else:
            # Text may stand above the image's upper edge.
            margin, (height, width) = max(scene.size), scene.size
            self._set_bounds(QRectF(-margin, -margin, width + 2 * margin, height + 2 * margin))
        self.update()

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        """Paints the boxes that reach into the view, and the marked ones above them."""
        if self._scene is None:
            return
        transform, view = QTransform(painter.worldTransform()), view_of(painter, widget)
        painter.save()
        painter.resetTransform()
        if len(self._scene.boxes):
            painter.drawImage(view.topLeft(), self._picture(transform, view, painter.device().devicePixelRatioF()))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(self._font)
        for marked in self._scene.marked:
            _paint_marked(painter, marked, transform, view)
        painter.restore()

    def _picture(self, transform: QTransform, view: QRectF, ratio: float) -> QImage:
        """Returns the picture of all boxes; they are painted anew only when they or the view have changed."""
        look = (transform, QRectF(view), ratio)
        if self._painted is None or self._painted.look != look:
            size = QSize(max(round(view.width() * ratio), 1), max(round(view.height() * ratio), 1))
            image = QImage(size, QImage.Format.Format_ARGB32_Premultiplied)
            image.setDevicePixelRatio(ratio)
            image.fill(Qt.GlobalColor.transparent)
            painter = QPainter(image)
            painter.translate(-view.topLeft())
            painter.setWorldTransform(transform, True)
            self._paint_groups(painter, ratio)
            painter.end()
            self._painted = _Painted(look, image)
        return self._painted.image

    def _paint_groups(self, painter: QPainter, ratio: float) -> None:
        assert self._scene is not None
        if self._groups is None:
            self._groups = _groups(self._scene)
        width = (2.0 if len(self._scene.boxes) <= _THICK_UP_TO else 1.0) * ratio
        for group in self._groups:
            for thickness, points in ((width, False), (_DOT * ratio, True)):
                pen = QPen(group.color, thickness)
                pen.setCosmetic(True)
                pen.setCapStyle(Qt.PenCapStyle.SquareCap)
                pen.setJoinStyle(Qt.PenJoinStyle.MiterJoin)
                painter.setPen(pen)
                if points:
                    painter.drawPoints(group.locations)
                else:
                    painter.drawRects(group.boxes)


def _groups(scene: CandidateScene) -> tuple[_Group, ...]:
    boxes = np.concatenate((scene.boxes[:, :2], scene.boxes[:, 2:] - scene.boxes[:, :2]), axis=1).tolist()
    points = scene.locations.tolist()
    return tuple(
        _Group(
            QColor(*scene.palette[color].tolist()),
            [QRectF(*box) for box in boxes[start:end]],
            [QPointF(*point) for point in points[start:end]],
        )
        for color, start, end in runs(scene.colors)
    )


def _paint_marked(painter: QPainter, marked: MarkedBox, transform: QTransform, view: QRectF) -> None:
    """Paints a box in white over black, with its text, and arrows from its location to its sides."""
    x0, y0, x1, y1 = marked.box
    frame = transform.mapRect(QRectF(x0, y0, x1 - x0, y1 - y0))
    style = Qt.PenStyle.DashLine if marked.dashed else Qt.PenStyle.SolidLine
    # The black below a broken line stays whole, so that it shows on white.
    for color, width, line in ((_DARK, 5.0, Qt.PenStyle.SolidLine), (_BRIGHT, 2.0, style)):
        pen = QPen(color, width, line)
        pen.setJoinStyle(Qt.PenJoinStyle.MiterJoin)
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(frame)
    if marked.location is not None:
        _paint_arrows(painter, transform.map(QPointF(*marked.location)), frame, marked.lengths)
    if marked.text:
        metrics = QFontMetricsF(painter.font())
        tag = QRectF(0, 0, metrics.horizontalAdvance(marked.text) + 8, metrics.height() + 2)
        left = min(max(frame.left(), view.left()), view.right() - tag.width())
        above = frame.top() - tag.height() - 3
        top = above if above >= view.top() else min(max(frame.bottom() + 3, view.top()), view.bottom() - tag.height())
        tag.moveTo(max(left, view.left()), top)
        _write(painter, tag, marked.text)


def _paint_arrows(painter: QPainter, start: QPointF, frame: QRectF, lengths: tuple[str, ...]) -> None:
    """Paints an arrow to every side of a box from its location, with what is written at it, and the location's dot."""
    ends = (
        QPointF(frame.left(), start.y()),
        QPointF(start.x(), frame.top()),
        QPointF(frame.right(), start.y()),
        QPointF(start.x(), frame.bottom()),
    )
    for end in ends:
        _paint_arrow(painter, start, end)
    painter.setPen(QPen(_DARK, 1.5))
    painter.setBrush(_BRIGHT)
    painter.drawEllipse(start, 4.0, 4.0)
    metrics = QFontMetricsF(painter.font())
    for end, text in zip(ends, lengths, strict=True):
        if text and hypot(end.x() - start.x(), end.y() - start.y()) >= _LEAST_FOR_LENGTH:
            tag = QRectF(0, 0, metrics.horizontalAdvance(text) + 6, metrics.height())
            tag.moveCenter((start + end) / 2)
            _write(painter, tag, text)


def _paint_arrow(painter: QPainter, start: QPointF, end: QPointF) -> None:
    length = hypot(end.x() - start.x(), end.y() - start.y())
    if length < 1:
        return
    along = (end - start) / length
    across = QPointF(-along.y(), along.x())
    head = min(_HEAD, length)
    base = end - along * head
    for color, width in ((_RIM, 4.0), (_BRIGHT, 1.5)):
        painter.setPen(QPen(color, width))
        painter.drawLine(start, base)
    painter.setPen(QPen(_RIM, 1.0))
    painter.setBrush(_BRIGHT)
    painter.drawPolygon(QPolygonF([end, base + across * (head / 2), base - across * (head / 2)]))


def _write(painter: QPainter, tag: QRectF, text: str) -> None:
    painter.fillRect(tag, QColor(0, 0, 0, 200))
    painter.setPen(_BRIGHT)
    painter.drawText(tag, Qt.AlignmentFlag.AlignCenter, text)
