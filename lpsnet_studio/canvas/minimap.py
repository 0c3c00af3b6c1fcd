"""A small picture of the whole photo that shows which part of it the view shows."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QMouseEvent, QPainter, QPaintEvent, QPen, QPixmap
from PySide6.QtWidgets import QWidget

__all__ = ["Minimap"]

_LONGEST_SIDE = 160
_FRAME = 1


class Minimap(QWidget):
    """The whole photo, small; a click or drag in it moves the view there.

    Attributes:
        pressed: the mouse begins to move the view.
        wanted: the place, x and y in shares of the photo, that the view should have in its middle.
    """

    pressed = Signal()
    wanted = Signal(float, float)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("minimap")
        self.setAccessibleName("Minimap")
        self.setToolTip("Click or drag to move the view. M hides the minimap.")
        self.setCursor(Qt.CursorShape.CrossCursor)
        self._thumbnail = QPixmap()
        self._shown = QRectF()
        self.hide()

    def set_photo(self, pixels: NDArray[np.uint8] | None, size: tuple[int, int]) -> None:
        """Takes a photo, or a smaller version of it.

        Args:
            pixels: RGB ``[h, w, 3]``; None for none.
            size: ``(H, W)`` of the photo.
        """
        if pixels is None:
            self._thumbnail = QPixmap()
            return
        height, width = size
        scale = _LONGEST_SIDE / max(height, width)
        ratio = self.devicePixelRatioF()
        room = QSize(max(round(width * scale), 8), max(round(height * scale), 8))
        small = cv2.resize(
            pixels, (round(room.width() * ratio), round(room.height() * ratio)), interpolation=cv2.INTER_AREA
        )
        self._thumbnail = QPixmap.fromImage(
            QImage(small.data, small.shape[1], small.shape[0], small.strides[0], QImage.Format.Format_RGB888)
        )
        self._thumbnail.setDevicePixelRatio(ratio)
        self.setFixedSize(room.width() + 2 * _FRAME, room.height() + 2 * _FRAME)
        self.update()

    @property
    def has_photo(self) -> bool:
        """Whether there is something to show."""
        return not self._thumbnail.isNull()

    def set_shown(self, shown: QRectF) -> None:
        """Tells which part of the photo the view shows, in shares of its width and height."""
        if shown != self._shown:
            self._shown = QRectF(shown)
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paints the photo, dim where it is out of view."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), self.palette().mid())
        place = QRectF(self.rect()).adjusted(_FRAME, _FRAME, -_FRAME, -_FRAME)
        painter.drawPixmap(place.topLeft(), self._thumbnail)
        shown = QRectF(
            place.x() + self._shown.x() * place.width(),
            place.y() + self._shown.y() * place.height(),
            self._shown.width() * place.width(),
            self._shown.height() * place.height(),
        )
        painter.setClipRect(place)
        shade = QColor(0, 0, 0, 130)
        below, right = place.bottom() - shown.bottom(), place.right() - shown.right()
        painter.fillRect(QRectF(place.x(), place.y(), place.width(), shown.y() - place.y()), shade)
        painter.fillRect(QRectF(place.x(), shown.bottom(), place.width(), below), shade)
        painter.fillRect(QRectF(place.x(), shown.y(), shown.x() - place.x(), shown.height()), shade)
        painter.fillRect(QRectF(shown.right(), shown.y(), right, shown.height()), shade)
        # A very small part of the photo is still to be seen.
        least = shown.adjusted(*(-4, -4, 4, 4) if min(shown.width(), shown.height()) < 6 else (0, 0, 0, 0))
        for color, width in ((QColor(0, 0, 0), 3.0), (QColor(255, 255, 255), 1.5)):
            painter.setPen(QPen(color, width))
            painter.drawRect(least)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Moves the view to the place that was clicked."""
        if event.button() == Qt.MouseButton.LeftButton:
            self.pressed.emit()
            self._want(event.position())
        event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Moves the view along with the mouse."""
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._want(event.position())
        event.accept()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Is nothing that the canvas should hear of."""
        event.accept()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Is a click like any other."""
        self.mousePressEvent(event)

    def _want(self, place: QPointF) -> None:
        width, height = self.width() - 2 * _FRAME, self.height() - 2 * _FRAME
        across = min(max((place.x() - _FRAME) / max(width, 1), 0.0), 1.0)
        down = min(max((place.y() - _FRAME) / max(height, 1), 0.0), 1.0)
        self.wanted.emit(across, down)
