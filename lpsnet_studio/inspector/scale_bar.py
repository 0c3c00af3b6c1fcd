"""The scale of a map: its colours, both ends to be dragged or typed, and the number under the mouse."""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QIcon,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QPolygonF,
    QValidator,
)
from PySide6.QtWidgets import QAbstractSpinBox, QDoubleSpinBox, QSizePolicy, QWidget

from lpsnet.maps import HeatMap
from lpsnet_studio.canvas.colormaps import ColormapName, Scale, colormap, levels_of
from lpsnet_studio.inspector.map_words import End, number_words, ticks
from lpsnet_studio.theme import Theme, caption_font, figure_font

__all__ = ["EndBox", "ScaleBar", "colormap_icon"]

_MARGIN = 10
_BAR_TOP, _BAR_HEIGHT = 18, 14
_HANDLE = 6
_NEAR = 12
"""Pixels within which a press takes hold of an end."""
_STEP, _PAGE = 0.01, 0.1
_KEYS = {
    Qt.Key.Key_Left: -_STEP,
    Qt.Key.Key_Down: -_STEP,
    Qt.Key.Key_Right: _STEP,
    Qt.Key.Key_Up: _STEP,
    Qt.Key.Key_PageDown: -_PAGE,
    Qt.Key.Key_PageUp: _PAGE,
}
_OWN_KEYS = (*_KEYS, Qt.Key.Key_Space, Qt.Key.Key_Home, Qt.Key.Key_End)


class ScaleBar(QWidget):
    """A bar of all that a map can hold, coloured as the map is; triangles below it are the ends of its colours.

    Arrow keys move the end that was moved last; Space goes to the other one. A double click resets both.

    Args:
        theme: gives the colours.

    Attributes:
        end_moved: which end the user moved, and where to.
        reset_wanted: both ends are to be where they were at first.
        active: the end that keys move.
    """

    end_moved = Signal(str, float)
    reset_wanted = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._heat: HeatMap | None = None
        self._scale = Scale()
        self._reading: tuple[float, str] | None = None
        self._held = False
        self.active: End = "high"
        self.setFont(figure_font(caption_font(self.font())))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Scale of the map")
        self.setToolTip(
            "Drag either end of the colours, or move it with the arrow keys; Space goes to the other end. "
            "A double click resets both."
        )
        theme.changed.connect(self.update)

    def set_map(self, heat: HeatMap, scale: Scale) -> None:
        """Shows the scale of a map."""
        self._heat, self._scale = heat, scale
        signed = heat.low < 0
        ends = (number_words(end, signed=signed) for end in (scale.low, scale.high))
        self.setAccessibleDescription("Colours from {} to {}".format(*ends))
        self.update()

    def set_reading(self, value: float | None, words: str = "") -> None:
        """Marks a number on the bar; None marks none."""
        reading = None if value is None else (value, words)
        if reading != self._reading:
            self._reading = reading
            self.update()

    @property
    def reading(self) -> str:
        """What is written at the mark; empty if there is none."""
        return "" if self._reading is None else self._reading[1]

    def sizeHint(self) -> QSize:
        """Returns room for the number above the bar, the bar, its ends and its ticks."""
        return QSize(240, _BAR_TOP + _BAR_HEIGHT + _HANDLE + 4 + self.fontMetrics().height())

    def minimumSizeHint(self) -> QSize:
        """Returns room for the ticks beside each other."""
        return QSize(160, self.sizeHint().height())

    def x_of(self, value: float) -> float:
        """Returns where a number lies across the widget."""
        assert self._heat is not None
        share = (value - self._heat.low) / (self._heat.high - self._heat.low)
        return _MARGIN + min(max(share, 0.0), 1.0) * (self.width() - 2 * _MARGIN)

    def value_at(self, x: float) -> float:
        """Returns which number lies at a place across the widget."""
        assert self._heat is not None
        share = (x - _MARGIN) / max(self.width() - 2 * _MARGIN, 1)
        return self._heat.low + min(max(share, 0.0), 1.0) * (self._heat.high - self._heat.low)

    # ----------------------------------------------------------------------------------------------------------- hands

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Takes hold of the nearer end."""
        if self._heat is None or event.button() != Qt.MouseButton.LeftButton:
            return
        x = event.position().x()
        low, high = self.x_of(self._scale.low), self.x_of(self._scale.high)
        # Ends that lie upon each other are told apart by the side that the press is on.
        self.active = "low" if abs(x - low) < abs(x - high) or (low == high and x < low) else "high"
        self._held = True
        self.update()
        if min(abs(x - low), abs(x - high)) > _NEAR:
            self.end_moved.emit(self.active, self.value_at(x))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Drags the end."""
        if self._held:
            self.end_moved.emit(self.active, round(self.value_at(event.position().x()), 2))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Lets go of the end."""
        self._held = False

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Resets both ends."""
        self._held = False
        self.reset_wanted.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Moves the end that was moved last, or goes to the other one."""
        by = _KEYS.get(Qt.Key(event.key()))
        if self._heat is None:
            super().keyPressEvent(event)
        elif event.key() == Qt.Key.Key_Space:
            self.active = "low" if self.active == "high" else "high"
            self.update()
        elif event.key() in (Qt.Key.Key_Home, Qt.Key.Key_End):
            at_start = event.key() == Qt.Key.Key_Home
            self.end_moved.emit(self.active, self._heat.low if at_start else self._heat.high)
        elif by is not None:
            now = self._scale.low if self.active == "low" else self._scale.high
            self.end_moved.emit(self.active, round(now + by, 2))
        else:
            super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        """Takes its keys before a shortcut of the window does."""
        is_key = event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent)
        if is_key and not event.modifiers() and event.key() in _OWN_KEYS:
            event.accept()
            return True
        return super().event(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Shows that it has the keys."""
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Shows that it has them no more."""
        super().focusOutEvent(event)
        self.update()

    # -------------------------------------------------------------------------------------------------------- painting

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paints colours, ends, ticks and the mark of the number under the mouse."""
        if self._heat is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        bar = QRectF(_MARGIN, _BAR_TOP, self.width() - 2 * _MARGIN, _BAR_HEIGHT)
        painter.drawImage(bar, self._ramp(max(round(bar.width() * self.devicePixelRatioF()), 1)))
        painter.setPen(QColor(self._theme.palette.line))
        painter.drawRect(bar)
        self._paint_ticks(painter, bar)
        for end, value in (("low", self._scale.low), ("high", self._scale.high)):
            self._paint_end(painter, bar, self.x_of(value), is_active=end == self.active and self.hasFocus())
        if self._reading is not None:
            self._paint_reading(painter, bar, *self._reading)

    def _ramp(self, width: int) -> QImage:
        """Returns a line of the bar's colours."""
        assert self._heat is not None
        values = np.linspace(self._heat.low, self._heat.high, width, dtype=np.float32)
        colors = np.ascontiguousarray(colormap(self._scale.colors)[levels_of(values, self._scale) - 1])
        return QImage(colors.data, width, 1, 3 * width, QImage.Format.Format_RGB888).copy()

    def _paint_ticks(self, painter: QPainter, bar: QRectF) -> None:
        assert self._heat is not None
        painter.setPen(QColor(self._theme.palette.dim))
        baseline = bar.bottom() + _HANDLE + 3 + painter.fontMetrics().ascent()
        for value, text in ticks(self._heat.low, self._heat.high):
            x, wide = self.x_of(value), painter.fontMetrics().horizontalAdvance(text)
            left = min(max(x - wide / 2, 0.0), self.width() - wide)
            painter.drawText(QPointF(left, baseline), text)

    def _paint_end(self, painter: QPainter, bar: QRectF, x: float, *, is_active: bool) -> None:
        palette = self._theme.palette
        top = bar.bottom() + 0.5
        painter.setPen(QPen(QColor(palette.panel), 1))
        painter.setBrush(QColor(palette.accent if is_active else palette.text))
        below = top + _HANDLE + 2
        corners = [QPointF(x, top - 3), QPointF(x + _HANDLE, below), QPointF(x - _HANDLE, below)]
        painter.drawPolygon(QPolygonF(corners))

    def _paint_reading(self, painter: QPainter, bar: QRectF, value: float, words: str) -> None:
        palette, x = self._theme.palette, self.x_of(value)
        for color, width in ((palette.panel, 4.0), (palette.text, 2.0)):
            painter.setPen(QPen(QColor(color), width))
            painter.drawLine(QPointF(x, bar.top() - 3), QPointF(x, bar.bottom()))
        wide = painter.fontMetrics().horizontalAdvance(words)
        left = min(max(x - wide / 2, 0.0), self.width() - wide)
        painter.setPen(QColor(palette.text))
        painter.drawText(QPointF(left, bar.top() - 6), words)


class EndBox(QDoubleSpinBox):
    """One end of a scale, typed; a comma is as good as a point.

    Args:
        name: for screen readers.
        tip: what it is.
    """

    def __init__(self, name: str, tip: str) -> None:
        super().__init__()
        self.setFont(figure_font(self.font()))
        self.setDecimals(2)
        self.setSingleStep(_STEP)
        self.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.setButtonSymbols(QAbstractSpinBox.ButtonSymbols.NoButtons)
        self.setKeyboardTracking(False)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setFixedWidth(56)
        self.setAccessibleName(name)
        self.setToolTip(tip)

    def textFromValue(self, value: float) -> str:
        """Returns what is shown."""
        return number_words(value, signed=self.minimum() < 0)

    def valueFromText(self, text: str) -> float:
        """Returns what was typed."""
        return float(_plain(text))

    def validate(self, text: str, position: int) -> object:
        """Accepts a number in range, and what may become one."""
        typed = _plain(text)
        if typed.strip("+-.0123456789"):
            return QValidator.State.Invalid, text, position
        try:
            is_in_range = self.minimum() <= float(typed) <= self.maximum()
        except ValueError:
            is_in_range = False
        state = QValidator.State.Acceptable if is_in_range else QValidator.State.Intermediate
        return state, text, position

    def show_value(self, heat: HeatMap, value: float) -> None:
        """Shows a number of a map without telling that it was typed."""
        self.blockSignals(True)
        self.setRange(heat.low, heat.high)
        self.setValue(value)
        self.blockSignals(False)


def _plain(text: str) -> str:
    return text.replace(",", ".").replace("\u2212", "-").strip()


def colormap_icon(name: ColormapName, size: QSize) -> QIcon:
    """Returns a small bar of a colour map's colours."""
    colors: Any = colormap(name)
    image = QImage(colors.data, len(colors), 1, 3 * len(colors), QImage.Format.Format_RGB888)
    return QIcon(QPixmap.fromImage(image.scaled(size)))
