"""The levels as small pictures beside each other, of which one is chosen."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QRect, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QHelpEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from lpsnet_studio.inspector.levels_model import ALL_LEVELS, LEVELS
from lpsnet_studio.inspector.levels_words import level_name
from lpsnet_studio.labels import as_tip
from lpsnet_studio.theme import Theme, caption_font, figure_font

__all__ = ["LevelTiles"]

_ORDER = (*LEVELS, ALL_LEVELS)
_GAP = 8
_CAPTION = 18
_IN_ONE_ROW_FROM = 6 * 88 + 5 * _GAP
_TALLEST = 1.1
"""Height of a picture at most, as a multiple of its width: portrait photos stand between margins."""
_LEAST_SIDE = 24


class LevelTiles(QWidget):
    """P3 … P7 and all together, each a picture with its name and a number; clicks and arrow keys choose one.

    Args:
        theme: gives the colours.

    Attributes:
        chosen: the level that the user chose, or :data:`~lpsnet_studio.inspector.levels_model.ALL_LEVELS`.
        resized: the pictures have another size now, see :attr:`picture_size`.
        level: which one is chosen.
    """

    chosen = Signal(int)
    resized = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._pictures: Mapping[int, NDArray[np.uint8]] = {}
        self._numbers: Mapping[int, str] = {}
        self._tips: Mapping[int, str] = {}
        self._shape = (3, 4)
        self.level = ALL_LEVELS
        self.setFont(figure_font(caption_font(self.font())))
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Pyramid level")
        theme.changed.connect(self.update)
        self._settle()

    # -------------------------------------------------------------------------------------------------------- contents

    @property
    def picture_size(self) -> tuple[int, int]:
        """Height and width of a picture, in the screen's pixels."""
        tile, ratio = self._picture_place(0), self.devicePixelRatioF()
        return max(round(tile.height() * ratio), 1), max(round(tile.width() * ratio), 1)

    def set_shape(self, shape: tuple[int, int]) -> None:
        """Tells the photo's height and width."""
        if shape != self._shape:
            self._shape = shape
            self._settle()

    def set_pictures(self, pictures: Mapping[int, NDArray[np.uint8]]) -> None:
        """Shows RGB pictures ``[h, w, 3]`` by level; none where there is none."""
        self._pictures = pictures
        self.update()

    def set_words(self, numbers: Mapping[int, str], tips: Mapping[int, str]) -> None:
        """Writes a number below every picture, and says more of it under a resting mouse."""
        self._numbers, self._tips = numbers, tips
        self._describe()
        self.update()

    def set_level(self, level: int) -> None:
        """Shows which level is chosen."""
        self.level = level
        self._describe()
        self.update()

    def _describe(self) -> None:
        self.setAccessibleDescription(f"{level_name(self.level)}: {self._tips.get(self.level, 'no boxes yet')}")

    # ---------------------------------------------------------------------------------------------------------- places

    @property
    def _columns(self) -> int:
        return len(_ORDER) if self.width() >= _IN_ONE_ROW_FROM else len(_ORDER) // 2

    def _tile_size(self) -> QSize:
        width = max((self.width() - (self._columns - 1) * _GAP) // self._columns, _LEAST_SIDE)
        return QSize(width, self._picture_extent(width).height() + _CAPTION)

    def _picture_extent(self, width: int) -> QSize:
        """Returns how large a picture is in a tile: as wide, unless it were too tall."""
        high, wide = self._shape
        height = min(round(width * high / wide), round(width * _TALLEST))
        return QSize(min(width, max(round(height * wide / high), 1)), max(height, 1))

    def _tile(self, place: int) -> QRect:
        size, columns = self._tile_size(), self._columns
        row, column = divmod(place, columns)
        return QRect(column * (size.width() + _GAP), row * (size.height() + _GAP), size.width(), size.height())

    def _picture_place(self, place: int) -> QRect:
        tile = self._tile(place)
        size = self._picture_extent(tile.width())
        return QRect(tile.x() + (tile.width() - size.width()) // 2, tile.y(), size.width(), size.height())

    def _place_at(self, x: float, y: float) -> int:
        return next((place for place in range(len(_ORDER)) if self._tile(place).contains(round(x), round(y))), -1)

    def _settle(self) -> None:
        """Takes the height that the pictures need at this width."""
        rows = len(_ORDER) // self._columns
        self.setFixedHeight(rows * self._tile_size().height() + (rows - 1) * _GAP + 2)
        self.update()
        self.resized.emit()

    # ---------------------------------------------------------------------------------------------------------- events

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Makes the pictures as large as there is room for."""
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self._settle()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Chooses the level under the mouse."""
        place = self._place_at(event.position().x(), event.position().y())
        if event.button() == Qt.MouseButton.LeftButton and place >= 0:
            self._choose(place)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Goes from level to level."""
        place, columns = _ORDER.index(self.level), self._columns
        steps = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Up: -columns, Qt.Key.Key_Down: columns}
        ends = {Qt.Key.Key_Home: 0, Qt.Key.Key_End: len(_ORDER) - 1}
        key = Qt.Key(event.key())
        wanted = ends.get(key, place + steps.get(key, 0))
        if key not in steps and key not in ends:
            super().keyPressEvent(event)
        elif 0 <= wanted < len(_ORDER):
            self._choose(wanted)

    def _choose(self, place: int) -> None:
        if _ORDER[place] != self.level:
            self.set_level(_ORDER[place])
            self.chosen.emit(self.level)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Shows where the keyboard is."""
        super().focusInEvent(event)
        self.update()

    def event(self, event: QEvent) -> bool:
        """Tells of the level under a resting mouse."""
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            place = self._place_at(event.pos().x(), event.pos().y())
            if place >= 0:
                level = _ORDER[place]
                QToolTip.showText(event.globalPos(), as_tip(f"{level_name(level)}\n{self._tips.get(level, '')}"), self)
            return True
        return super().event(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paints pictures, names and numbers; a line below the chosen one's, and around it while it has the focus."""
        painter = QPainter(self)
        for place, level in enumerate(_ORDER):
            self._paint_tile(painter, place, level)

    def _paint_tile(self, painter: QPainter, place: int, level: int) -> None:
        colors, picture = self._theme.palette, self._picture_place(place)
        tile = self._tile(place)
        pixels = self._pictures.get(level)
        if pixels is None:
            painter.fillRect(picture, QColor(colors.line))
        else:
            height, width = pixels.shape[:2]
            image = QImage(pixels.data, width, height, pixels.strides[0], QImage.Format.Format_RGB888)
            painter.drawImage(picture, image)
        words = QRect(tile.x() + 2, picture.bottom() + 1, tile.width() - 4, _CAPTION)
        is_chosen = level == self.level
        painter.setPen(QColor(colors.text))
        painter.drawText(words, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, level_name(level))
        painter.setPen(QColor(colors.text if is_chosen else colors.dim))
        number = self._numbers.get(level, "")
        painter.drawText(words, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, number)
        if is_chosen:
            painter.fillRect(QRect(tile.x(), words.bottom(), tile.width(), 2), QColor(colors.accent))
            if self.hasFocus():
                painter.setPen(QPen(QColor(colors.accent), 2))
                painter.drawRect(picture.adjusted(1, 1, -1, -1))
