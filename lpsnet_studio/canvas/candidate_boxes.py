"""Thousands of candidate boxes on the canvas as one item, and a few that stand out with arrows to their sides."""

from __future__ import annotations

from math import hypot

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QImage, QPainter, QPen, QPolygonF, QTransform
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from lpsnet_studio.canvas.candidate_pixels import Look, candidate_pixels
from lpsnet_studio.canvas.candidate_scene import CandidateScene, MarkedBox
from lpsnet_studio.canvas.layers import Layer, Sampler, view_of
from lpsnet_studio.canvas.sampling import Grid

__all__ = ["CandidateLayer", "MarkedBoxLayer"]

_TEXT_PIXELS = 11
_STEADY = 1e-6
"""By what part of a pixel boxes are moved where they are painted band by band: sides that lie between two pixels go to
the same one in every band, however coordinates are rounded."""
_HEAD = 7.0
_GAP = 4.0
_AWAY = ((-1, 0), (0, -1), (1, 0), (0, 1))
"""Which way is out of a box at its left, upper, right and lower side."""
_DARK, _BRIGHT = QColor(0, 0, 0), QColor(255, 255, 255)
_RIM, _PLATE = QColor(0, 0, 0, 190), QColor(0, 0, 0, 215)


class CandidateLayer(Layer):
    """Boxes without text in a few colours, and the dots of their locations; no marked ones.

    What was painted last is kept while the view stays, so that changes of other overlays cost no box.

    Args:
        parent: the item that it moves with.
    """

    def __init__(self, parent: QGraphicsItem) -> None:
        super().__init__(parent)
        self._scene: CandidateScene | None = None
        self._painted: tuple[Look, NDArray[np.int32]] | None = None

    @property
    def shown(self) -> CandidateScene | None:
        """What is shown."""
        return self._scene

    def set_scene(self, scene: CandidateScene | None) -> None:
        """Shows candidates, or nothing."""
        before, self._scene = self._scene, scene
        # Another selection makes another scene of the same boxes.
        is_same = scene is not None and before is not None and scene.boxes is before.boxes
        if not is_same or scene.colors is not before.colors:
            self._painted = None
            self._set_bounds(QRectF() if scene is None else _around(scene.size))
            self.update()

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        """Paints the boxes that reach into the view."""
        if self._scene is None or not len(self._scene.boxes):
            return
        ratio, view = painter.device().devicePixelRatioF(), view_of(painter, widget)
        transform = painter.worldTransform() * QTransform.fromScale(ratio, ratio)
        size = max(round(view.width() * ratio), 1), max(round(view.height() * ratio), 1)
        look = Look(transform.dx(), transform.dy(), transform.m11(), transform.m22(), *size, ratio)
        if self._painted is None or self._painted[0] != look:
            self._painted = look, candidate_pixels(self._scene, look)
        pixels = self._painted[1]
        image = QImage(pixels.data, *size, pixels.strides[0], QImage.Format.Format_ARGB32_Premultiplied)
        painter.save()
        painter.setWorldTransform(QTransform.fromScale(1 / ratio, 1 / ratio))
        painter.drawImage(QPointF(0, 0), image)
        painter.restore()

    def sampler(self) -> Sampler:
        """Returns what paints the boxes elsewhere, as they are now."""
        scene = self._scene

        def sample(grid: Grid, ratio: float) -> NDArray[np.int32] | None:
            if scene is None or not len(scene.boxes):
                return None
            across, down = 1 / grid.step_x, 1 / grid.step_y
            x, y = (round(-start, 6) + _STEADY for start in (grid.x * across, grid.y * down))
            return candidate_pixels(scene, Look(x, y, across, down, grid.width, grid.height, ratio))

        return sample


class MarkedBoxLayer(Layer):
    """A few boxes in white over black, so that they show on anything, with their texts and arrows to their sides.

    Args:
        parent: the item that it moves with.
    """

    def __init__(self, parent: QGraphicsItem) -> None:
        super().__init__(parent)
        self._marked: tuple[MarkedBox, ...] = ()
        self._font = QFont()
        self._font.setPixelSize(_TEXT_PIXELS)

    @property
    def marked(self) -> tuple[MarkedBox, ...]:
        """What is shown, the last on top."""
        return self._marked

    def set_marked(self, marked: tuple[MarkedBox, ...], size: tuple[int, int]) -> None:
        """Shows boxes over a photo of ``size`` (H, W)."""
        self._marked = marked
        self._set_bounds(_around(size) if marked else QRectF())
        self.update()

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        """Paints the boxes, and above all of them the texts."""
        transform, view = QTransform(painter.worldTransform()), view_of(painter, widget)
        painter.save()
        painter.resetTransform()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(self._font)
        for marked in self._marked:
            _paint_frame(painter, _frame_of(marked, transform), dashed=marked.dashed)
            if marked.location is not None:
                start, frame = transform.map(QPointF(*marked.location)), _frame_of(marked, transform)
                for end in _ends(start, frame):
                    _paint_arrow(painter, start, end)
                painter.setPen(QPen(_DARK, 1.5))
                painter.setBrush(_BRIGHT)
                painter.drawEllipse(start, 4.0, 4.0)
        for marked in self._marked:
            _write_beside(painter, marked, transform, view)
        painter.restore()


def _around(size: tuple[int, int]) -> QRectF:
    """Returns a photo's rectangle with room for the text around its boxes."""
    margin, (height, width) = max(size), size
    return QRectF(-margin, -margin, width + 2 * margin, height + 2 * margin)


def _frame_of(marked: MarkedBox, transform: QTransform) -> QRectF:
    x0, y0, x1, y1 = marked.box
    return transform.mapRect(QRectF(x0, y0, x1 - x0, y1 - y0))


def _paint_frame(painter: QPainter, frame: QRectF, *, dashed: bool) -> None:
    # The black below a broken line stays whole, so that it shows on white.
    style = Qt.PenStyle.DashLine if dashed else Qt.PenStyle.SolidLine
    for color, width, line in ((_DARK, 5.0, Qt.PenStyle.SolidLine), (_BRIGHT, 2.0, style)):
        pen = QPen(color, width, line)
        pen.setJoinStyle(Qt.PenJoinStyle.MiterJoin)
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(frame)


def _ends(start: QPointF, frame: QRectF) -> tuple[QPointF, QPointF, QPointF, QPointF]:
    """Returns where the arrows to the left, upper, right and lower side end."""
    return (
        QPointF(frame.left(), start.y()),
        QPointF(start.x(), frame.top()),
        QPointF(frame.right(), start.y()),
        QPointF(start.x(), frame.bottom()),
    )


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


def _write_beside(painter: QPainter, marked: MarkedBox, transform: QTransform, view: QRectF) -> None:
    """Writes a box's lengths outside the sides that its arrows point at, and its text above them.

    The text of a box without arrows stands below it: it belongs to a box that lies around the one with arrows.
    """
    frame = _frame_of(marked, transform)
    metrics = QFontMetricsF(painter.font())
    height = metrics.height() + 2
    above = frame.top() - height - _GAP
    if marked.location is not None:
        ends = _ends(transform.map(QPointF(*marked.location)), frame)
        for end, text, (across, down) in zip(ends, marked.lengths, _AWAY, strict=True):
            tag = QRectF(0, 0, metrics.horizontalAdvance(text) + 8, height)
            tag.moveCenter(end + QPointF((tag.width() / 2 + _GAP) * across, (height / 2 + _GAP) * down))
            _write(painter, _moved_into(tag, view), text)
        above -= height + _GAP / 2
    if marked.text:
        tag = QRectF(frame.left(), above, metrics.horizontalAdvance(marked.text) + 8, height)
        if marked.location is None:
            tag.moveTop(frame.bottom() + height + 2 * _GAP)
        _write(painter, _moved_into(tag, view), marked.text)


def _moved_into(tag: QRectF, view: QRectF) -> QRectF:
    """Returns a rectangle moved into the view, as far as it has room there."""
    left = max(min(tag.left(), view.right() - tag.width()), view.left())
    top = max(min(tag.top(), view.bottom() - tag.height()), view.top())
    return QRectF(left, top, tag.width(), tag.height())


def _write(painter: QPainter, tag: QRectF, text: str) -> None:
    painter.fillRect(tag, _PLATE)
    painter.setPen(_BRIGHT)
    painter.drawText(tag, Qt.AlignmentFlag.AlignCenter, text)
