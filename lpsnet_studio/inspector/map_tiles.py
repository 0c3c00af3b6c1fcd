"""Small pictures of maps, a press on one of which lays it over the image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QKeyEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QAbstractButton, QGridLayout, QSizePolicy, QWidget

from lpsnet_studio.inspector.map_pictures import fitted
from lpsnet_studio.labels import as_tip
from lpsnet_studio.theme import Theme, caption_font

__all__ = ["MapTile", "MapTiles", "TileWords"]

_GAP = 8
_PAD = 3
_HIGHEST = 84
"""Of a picture, in pixels."""


@dataclass(frozen=True, slots=True)
class TileWords:
    """What is said of a tile.

    Attributes:
        short: below its picture.
        name: the whole of it, for screen readers and the tool tip.
        state: in place of a picture, ``…`` while it is on its way.
        more: in the tool tip, below the name.
    """

    short: str
    name: str
    state: str = ""
    more: str = ""


class MapTile(QAbstractButton):
    """A small picture with a word below it; the one that lies over the image has a line of the accent around it."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._image: QImage | None = None
        self._proportion = 0.75
        self.words = TileWords("", "")
        self.setCheckable(True)
        self.setFont(caption_font(self.font()))
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self.update)

    def tell(self, words: TileWords) -> None:
        """Says something else of the tile."""
        if words != self.words:
            self.words = words
            self.setAccessibleName(words.name)
            self.setAccessibleDescription(words.more)
            self.setToolTip(as_tip("\n".join(part for part in (words.name, words.more) if part)))
            self.update()

    def set_picture(self, pixels: NDArray[np.int32] | None) -> None:
        """Shows premultiplied ARGB pixels ``[h, w]`` of the screen, or none."""
        self._image = None
        if pixels is not None:
            height, width = pixels.shape
            layout = QImage.Format.Format_ARGB32_Premultiplied
            self._image = QImage(pixels.data, width, height, pixels.strides[0], layout).copy()
        self.update()

    @property
    def has_picture(self) -> bool:
        """Whether there is a picture."""
        return self._image is not None

    def set_proportion(self, proportion: float) -> None:
        """Tells how high the image is for its width."""
        self._proportion = proportion
        self._take_height()

    def room(self) -> tuple[int, int]:
        """Returns the height and width that a picture has, in pixels of the screen."""
        ratio = self.devicePixelRatioF()
        width, height = self.width() - 2 * _PAD, self._picture_height()
        return max(round(height * ratio), 1), max(round(width * ratio), 1)

    def sizeHint(self) -> QSize:
        """Returns a width that three fit beside each other in a narrow dock."""
        return QSize(80, self._picture_height() + 2 * _PAD + self.fontMetrics().height() + 2)

    def minimumSizeHint(self) -> QSize:
        """Returns the least width that its word has room in."""
        return QSize(52, self.sizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Is as high as its width asks for."""
        super().resizeEvent(event)
        self._take_height()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Takes Enter for a press as well."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
        else:
            super().keyPressEvent(event)

    def _picture_height(self) -> int:
        wide = max(self.width() - 2 * _PAD, 1)
        return min(max(round(wide * self._proportion), 24), _HIGHEST)

    def _take_height(self) -> None:
        height = self.sizeHint().height()
        if height != self.height():
            self.setFixedHeight(height)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paints the picture, its frame and its word."""
        colors = self._theme.palette
        painter = QPainter(self)
        painter.setOpacity(1.0 if self.isEnabled() else 0.5)
        room = QRectF(_PAD, _PAD, self.width() - 2 * _PAD, self._picture_height())
        place = room
        if self._image is not None:
            ratio = self.devicePixelRatioF()
            height, width = fitted((self._image.height(), self._image.width()), (int(room.height()), int(room.width())))
            width, height = min(self._image.width() / ratio, width), min(self._image.height() / ratio, height)
            place = QRectF(room.center().x() - width / 2, room.center().y() - height / 2, width, height)
        painter.fillRect(place, QColor(colors.raised if self.underMouse() and self.isEnabled() else colors.window))
        if self._image is not None:
            painter.drawImage(place, self._image)
        elif self.words.state:
            painter.setPen(QColor(colors.dim))
            painter.drawText(room, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, self.words.state)
        self._paint_frame(painter, place)
        painter.setPen(QColor(colors.text if self.isChecked() else colors.dim))
        line = QRectF(0, room.bottom() + _PAD, self.width(), self.fontMetrics().height() + 2)
        word = self.fontMetrics().elidedText(self.words.short, Qt.TextElideMode.ElideRight, self.width())
        painter.drawText(line, Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignVCenter, word)

    def _paint_frame(self, painter: QPainter, place: QRectF) -> None:
        """Paints a thin line around the picture, a thick one if it is over the image, and one around both for focus."""
        colors = self._theme.palette
        painter.setBrush(Qt.BrushStyle.NoBrush)
        width = 3.0 if self.isChecked() else 1.0
        painter.setPen(QPen(QColor(colors.accent if self.isChecked() else colors.line), width))
        outside = (width - 1) / 2
        painter.drawRect(place.adjusted(-outside, -outside, outside, outside))
        if self.hasFocus():
            painter.setPen(QPen(QColor(colors.text), 1, Qt.PenStyle.DotLine))
            painter.drawRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5))


class MapTiles(QWidget):
    """Tiles in rows; arrow keys go from one to the next, Space or Enter lays one over the image or takes it away.

    Args:
        count: how many.
        columns: how many beside each other.
        theme: gives the colours.

    Attributes:
        pressed: which tile the user pressed.
        resized: their pictures have another size.
        tiles: in their order.
    """

    pressed = Signal(int)
    resized = Signal()

    def __init__(self, count: int, columns: int, theme: Theme) -> None:
        super().__init__()
        self.tiles: Sequence[MapTile] = [MapTile(theme) for _ in range(count)]
        layout = QGridLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setHorizontalSpacing(_GAP)
        layout.setVerticalSpacing(4)
        for at, tile in enumerate(self.tiles):
            layout.addWidget(tile, at // columns, at % columns, Qt.AlignmentFlag.AlignTop)
            tile.clicked.connect(lambda _checked=False, at=at: self.pressed.emit(at))
        for column in range(columns):
            layout.setColumnStretch(column, 1)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Tells that the pictures have another size."""
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self.resized.emit()
