"""Numbered markers on pixels, which keep their size on the screen."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPainterPath, QPen
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from lpsnet_studio.canvas.layers import Layer

__all__ = ["PinLayer"]

_RADIUS = 10.0
_HEIGHT = 26.0
"""From the pixel to the middle of the head."""
_TEXT_PIXELS = 11
_DARK, _LIGHT = QColor(12, 14, 18), QColor(255, 255, 255)


class PinLayer(Layer):
    """Pins whose tips stand in the middle of their pixels; the chosen one is light, the others are dark.

    Args:
        parent: the photo.
    """

    def __init__(self, parent: QGraphicsItem) -> None:
        super().__init__(parent)
        self._places: tuple[tuple[int, int], ...] = ()
        self._chosen: tuple[int, int] | None = None
        self._font = QFont()
        self._font.setPixelSize(_TEXT_PIXELS)
        self._font.setBold(True)

    def set_pins(
        self, places: Sequence[tuple[int, int]], chosen: tuple[int, int] | None, size: tuple[int, int]
    ) -> None:
        """Shows pins, numbered from 1.

        Args:
            places: x and y of their pixels.
            chosen: the one that stands out, above the others; None for none.
            size: ``(H, W)`` of the photo.
        """
        self._places, self._chosen = tuple(places), chosen
        # Heads keep their size on the screen, so that they may stand far above a small photo.
        margin = max(size) if places else 0
        self._set_bounds(QRectF(-margin, -margin, size[1] + 2 * margin, size[0] + 2 * margin))
        self.update()

    @property
    def places(self) -> tuple[tuple[int, int], ...]:
        """The pixels that have a pin, x and y."""
        return self._places

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        """Paints the pins."""
        transform = painter.worldTransform()
        painter.save()
        painter.resetTransform()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(self._font)
        numbered = list(enumerate(self._places, 1))
        for number, (x, y) in sorted(numbered, key=lambda pin: pin[1] == self._chosen):
            _paint_pin(painter, transform.map(QPointF(x + 0.5, y + 0.5)), number, (x, y) == self._chosen)
        painter.restore()


def _paint_pin(painter: QPainter, tip: QPointF, number: int, is_chosen: bool) -> None:
    fill, ink = (_LIGHT, _DARK) if is_chosen else (_DARK, _LIGHT)
    shape = _pin_shape(tip)
    for color, width in ((ink, 4.0), (fill, 1.0)) if is_chosen else ((ink, 3.0), (fill, 1.0)):
        painter.setPen(QPen(color, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin))
        painter.setBrush(fill)
        painter.drawPath(shape)
    head = QRectF(tip.x() - _RADIUS, tip.y() - _HEIGHT - _RADIUS, 2 * _RADIUS, 2 * _RADIUS)
    painter.setPen(ink)
    painter.drawText(head, Qt.AlignmentFlag.AlignCenter, str(number))


def _pin_shape(tip: QPointF) -> QPainterPath:
    """Returns a round head over a pixel, and a point that runs down to it."""
    head = QPainterPath()
    head.addEllipse(QPointF(tip.x(), tip.y() - _HEIGHT), _RADIUS, _RADIUS)
    point = QPainterPath(tip)
    point.lineTo(tip.x() - 0.6 * _RADIUS, tip.y() - _HEIGHT + 0.8 * _RADIUS)
    point.lineTo(tip.x() + 0.6 * _RADIUS, tip.y() - _HEIGHT + 0.8 * _RADIUS)
    point.closeSubpath()
    return head.united(point)
