"""What the panel Probe is put together from: bars, the history of a pixel, and the list of pins."""

from __future__ import annotations

import re
from collections.abc import Sequence

from PySide6.QtCore import QEvent, QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QHelpEvent, QPainter, QPaintEvent, QPalette, QResizeEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QFrame,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QRadioButton,
    QSizePolicy,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QToolButton,
    QToolTip,
    QVBoxLayout,
    QWidget,
)

from lpsnet_studio.inspector.probe_model import Bar, Place
from lpsnet_studio.inspector.probe_tale import ToldLine, marked_words
from lpsnet_studio.labels import as_tip
from lpsnet_studio.theme import ICON_SIZE, Theme, caption_font, figure_font

__all__ = ["Bars", "FoldingSection", "HistoryView", "PinList"]

_ROW = 18
_MARK_WIDTH, _SWATCH, _FIGURE_WIDTH, _GAP = 12, 10, 58, 6
_NAME_SHARE = 0.42
_PADDING = 4
_LEAST_CHARACTERS = 9
_WAS_TIP = "So it was with the settings before: there is no such step in this merge."
_GO_TIP = "A click, or Enter, goes to this step of the merge."


class _Heading(QToolButton):
    """A heading that is elided where it has no room, and never makes the panel wider."""

    def __init__(self, title: str) -> None:
        super().__init__()
        self._title = title
        self.setFont(caption_font(self.font()))
        self.setAccessibleName(title)
        self.setToolTip(as_tip(f"{title}\nFold or unfold {title.split(' · ')[0].lower()}."))
        self.setAutoRaise(True)
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.setText(title)
        self._around = self.sizeHint().width() - self.fontMetrics().horizontalAdvance(title)

    def sizeHint(self) -> QSize:
        """Returns the room of the whole title, elided or not."""
        shown, whole = (self.fontMetrics().horizontalAdvance(text) for text in (self.text(), self._title))
        return super().sizeHint() + QSize(whole - shown, 0)

    def minimumSizeHint(self) -> QSize:
        """Returns the room of the arrow and a few characters."""
        return QSize(self.fontMetrics().averageCharWidth() * _LEAST_CHARACTERS, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Elides."""
        super().resizeEvent(event)
        room = self.width() - self._around
        self.setText(self.fontMetrics().elidedText(self._title, Qt.TextElideMode.ElideRight, room))


class FoldingSection(QWidget):
    """Widgets below a heading that folds them away.

    Args:
        title: of the heading.
        widgets: what is folded.
    """

    def __init__(self, title: str, widgets: Sequence[QWidget]) -> None:
        super().__init__()
        self.heading = _Heading(title)
        self.heading.clicked.connect(lambda: self.fold(not self.is_folded))
        self._body = QWidget()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addWidget(self.heading)
        layout.addWidget(self._body)
        body = QVBoxLayout(self._body)
        body.setContentsMargins(0, 0, 0, 6)
        body.setSpacing(4)
        for widget in widgets:
            body.addWidget(widget)
        self.fold(False)

    @property
    def is_folded(self) -> bool:
        """Whether the heading is all that is shown."""
        return self._body.isHidden()

    def fold(self, on: bool) -> None:
        """Folds the widgets away, or shows them."""
        self._body.setHidden(on)
        self.heading.setArrowType(Qt.ArrowType.RightArrow if on else Qt.ArrowType.DownArrow)
        self.heading.setAccessibleDescription("folded" if on else "unfolded")


class Bars(QWidget):
    """Named shares of one, a bar each; those that stand out have a ▸ before their name.

    Args:
        name: for screen readers.
        rows: how many there is room for; the height follows from it and never from what is shown.
        mark: what a ▸ means.
        theme: gives the colours.
    """

    def __init__(self, name: str, rows: int, mark: str, theme: Theme) -> None:
        super().__init__()
        self._mark, self._theme = mark, theme
        self._bars: tuple[Bar, ...] = ()
        self.setAccessibleName(name)
        self.setFont(figure_font(self.font()))
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.set_rows(rows)
        theme.changed.connect(self.update)

    def set_rows(self, rows: int) -> None:
        """Keeps room for a number of bars."""
        self.setFixedHeight(rows * _ROW)

    def set_bars(self, bars: Sequence[Bar]) -> None:
        """Shows bars, from top to bottom."""
        if self._bars != tuple(bars):
            self._bars = tuple(bars)
            self.setAccessibleDescription("; ".join(self._words(bar) for bar in bars))
            self.update()

    @property
    def bars(self) -> tuple[Bar, ...]:
        """What is shown."""
        return self._bars

    def _words(self, bar: Bar) -> str:
        return f"{bar.name} {bar.figure}{f', {self._mark}' if bar.is_marked else ''}"

    def event(self, event: QEvent) -> bool:
        """Tells the whole of the bar under the mouse."""
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            index = event.pos().y() // _ROW
            text = self._words(self._bars[index]) if 0 <= index < len(self._bars) else ""
            QToolTip.showText(event.globalPos(), as_tip(text), self)
            return True
        return super().event(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paints the bars."""
        painter = QPainter(self)
        for index, bar in enumerate(self._bars):
            self._paint_bar(painter, QRect(0, index * _ROW, self.width(), _ROW), bar)

    def _paint_bar(self, painter: QPainter, row: QRect, bar: Bar) -> None:
        colors, middle = self._theme.palette, Qt.AlignmentFlag.AlignVCenter
        painter.setPen(QColor(colors.text))
        if bar.is_marked:
            painter.drawText(row, middle | Qt.AlignmentFlag.AlignLeft, "▸")
        left = _MARK_WIDTH
        if bar.color is not None:
            painter.fillRect(QRect(left, row.center().y() - _SWATCH // 2, _SWATCH, _SWATCH), QColor(*bar.color))
            left += _SWATCH + _GAP
        name = QRect(left, row.y(), round(row.width() * _NAME_SHARE) - left, row.height())
        text = self.fontMetrics().elidedText(bar.name, Qt.TextElideMode.ElideRight, name.width())
        painter.drawText(name, middle | Qt.AlignmentFlag.AlignLeft, text)
        start = name.right() + _GAP
        trough = QRectF(start, row.y() + 6, max(row.width() - _FIGURE_WIDTH - start, 1), 6)
        painter.fillRect(trough, QColor(colors.line))
        trough.setWidth(trough.width() * min(max(bar.share, 0.0), 1.0))
        painter.fillRect(trough, QColor(colors.dim))
        painter.drawText(row, middle | Qt.AlignmentFlag.AlignRight, bar.figure)


# ------------------------------------------------------------------------------------------------------------ history


class _Wrapped(QStyledItemDelegate):
    """Gives every line the height that its words need at the list's width."""

    def __init__(self, view: QListWidget) -> None:
        super().__init__(view)
        self._view = view

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        """Returns the room of a line."""
        width = self._view.viewport().width()
        text = _unbroken(index.data(Qt.ItemDataRole.DisplayRole))
        flags = int(Qt.TextFlag.TextWordWrap) | int(Qt.AlignmentFlag.AlignLeft)
        room = QRect(0, 0, max(width - 4 * _PADDING, 1), 10_000)
        return QSize(width, self._view.fontMetrics().boundingRect(room, flags, text).height() + 2 * _PADDING)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Paints a line, dim if it is history."""
        self.initStyleOption(option, index)
        option.text = ""
        style = self._view.style()
        style.drawControl(style.ControlElement.CE_ItemViewItem, option, painter, self._view)
        is_chosen = bool(option.state & style.StateFlag.State_Selected)
        role = QPalette.ColorRole.HighlightedText if is_chosen else QPalette.ColorRole.Text
        if not is_chosen and index.data(Qt.ItemDataRole.UserRole) < 0:
            role = QPalette.ColorRole.PlaceholderText
        painter.setPen(option.palette.color(role))
        painter.setFont(self._view.font())
        flags = int(Qt.TextFlag.TextWordWrap) | int(Qt.AlignmentFlag.AlignLeft)
        room = option.rect.adjusted(2 * _PADDING, _PADDING, -2 * _PADDING, -_PADDING)
        painter.drawText(room, flags, _unbroken(index.data(Qt.ItemDataRole.DisplayRole)))


def _unbroken(text: str) -> str:
    """Returns a sentence whose differences and shares no line end falls into."""
    return re.sub(r"\|(?=\d)", "|\u2060", text.replace(" − ", "\u00a0−\u00a0").replace(" %", "\u00a0%"))


class HistoryView(QListWidget):
    """The history of a pixel, a line an event; a click on one goes to its step. It is as high as its lines.

    Attributes:
        sought: index of the step of a line that was clicked, or entered.
    """

    sought = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self._told: tuple[tuple[ToldLine, ...], int] = ((), -1)
        self.setAccessibleName("History of the pixel")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFont(figure_font(self.font()))
        self.setItemDelegate(_Wrapped(self))
        self.setResizeMode(QListWidget.ResizeMode.Adjust)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setStyleSheet("QListWidget:focus { border: 1px solid palette(highlight); } QListWidget { outline: none; }")
        self.itemClicked.connect(self._go)
        self.itemActivated.connect(self._go)

    def set_lines(self, lines: Sequence[ToldLine], current: int) -> None:
        """Shows a history.

        Args:
            lines: its events.
            current: index of the step that the canvas shows, which is marked by a ▸; -1 for none.
        """
        if self._told == (tuple(lines), current):
            return
        chosen = self.currentRow()
        self._told = (tuple(lines), current)
        self.clear()
        for line in lines:
            item = QListWidgetItem(f"{'▸ ' if 0 <= line.step == current else ''}{marked_words(line)}")
            item.setData(Qt.ItemDataRole.UserRole, line.step)
            item.setToolTip(_GO_TIP if line.step >= 0 else _WAS_TIP)
            self.addItem(item)
        if self.hasFocus() and 0 <= chosen < self.count():
            self.setCurrentRow(chosen)
        self._fit()

    def texts(self) -> list[str]:
        """Returns the lines as they are shown."""
        return [self.item(row).text() for row in range(self.count())]

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Wraps the lines anew."""
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self.scheduleDelayedItemsLayout()
            self._fit()

    def _fit(self) -> None:
        self.setFixedHeight(sum(self.sizeHintForRow(row) for row in range(self.count())) + 2 * self.frameWidth() + 2)

    def _go(self, item: QListWidgetItem) -> None:
        step = item.data(Qt.ItemDataRole.UserRole)
        if step >= 0:
            self.sought.emit(step)


# --------------------------------------------------------------------------------------------------------------- pins


class _Choice(QRadioButton):
    """One pixel that may be told of; words that have no room are elided, and the tool tip has them all."""

    def __init__(self) -> None:
        super().__init__()
        self._words = ""
        self.setFont(figure_font(self.font()))
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def say(self, words: str, tip: str) -> None:
        """Writes what is chosen by it."""
        self._words = words
        self.setAccessibleName(words)
        self.setToolTip(as_tip(f"{words}\n{tip}"))
        self._show()

    @property
    def words(self) -> str:
        """The whole of what is written."""
        return self._words

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Elides."""
        super().resizeEvent(event)
        self._show()

    def _show(self) -> None:
        shown = self.fontMetrics().elidedText(self._words, Qt.TextElideMode.ElideRight, max(self.width() - 26, 20))
        self.setText(shown.replace("&", "&&"))


class PinList(QWidget):
    """The pixel under the mouse and the pins, of which one is told of; every pin can be removed.

    Args:
        theme: gives the icons.

    Attributes:
        chosen: the pin that the user chose; None for the pixel under the mouse.
        removed: the pin that the user wants to be rid of.
    """

    chosen = Signal(object)
    removed = Signal(object)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._places: tuple[Place, ...] = ()
        self._group = QButtonGroup(self)
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(0)
        self._mouse = _Choice()
        self._mouse.say("Under the mouse", "Tell of the pixel that the mouse points at.")
        self._mouse.clicked.connect(lambda: self.chosen.emit(None))
        self._group.addButton(self._mouse)
        self._layout.addWidget(self._mouse)
        self._rows: list[tuple[_Choice, QToolButton, QWidget]] = []
        theme.changed.connect(self._show_icons)

    @property
    def choices(self) -> list[_Choice]:
        """The pixel under the mouse and the pins, in their order."""
        return [self._mouse, *(choice for choice, _, _ in self._rows)]

    @property
    def removers(self) -> list[QToolButton]:
        """The button of every pin that removes it."""
        return [button for _, button, _ in self._rows]

    def set_pins(self, places: Sequence[Place], words: Sequence[str], chosen: Place | None) -> None:
        """Shows the pins.

        Args:
            places: column and row of each.
            words: what each is called.
            chosen: the one that is told of; None for the pixel under the mouse.
        """
        self._places = tuple(places)
        had_focus = any(button.hasFocus() for button in self.removers)
        while len(self._rows) < len(places):
            self._add_row()
        while len(self._rows) > len(places):
            self._drop_row()
        if had_focus and not any(button.hasFocus() for button in self.removers):
            self.choices[-1].setFocus()
        for number, ((choice, button, _), text) in enumerate(zip(self._rows, words, strict=True), 1):
            choice.say(text, "Tell of this pin.")
            button.setToolTip(f"Remove pin {number}")
            button.setAccessibleName(f"Remove pin {number}")
        shown = -1 if chosen is None else self._places.index(chosen)
        self.choices[shown + 1].setChecked(True)

    def _add_row(self) -> None:
        index = len(self._rows)
        choice, button, row = _Choice(), QToolButton(), QWidget()
        button.setAutoRaise(True)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.setIcon(self._theme.icon("close"))
        button.setIconSize(ICON_SIZE * 0.7)
        layout = QHBoxLayout(row)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(choice, 1)
        layout.addWidget(button)
        choice.clicked.connect(lambda: self.chosen.emit(self._places[index]))
        button.clicked.connect(lambda: self.removed.emit(self._places[index]))
        self._group.addButton(choice)
        self._layout.addWidget(row)
        self._rows.append((choice, button, row))

    def _drop_row(self) -> None:
        choice, _, row = self._rows.pop()
        self._group.removeButton(choice)
        self._layout.removeWidget(row)
        row.hide()
        row.deleteLater()

    def _show_icons(self) -> None:
        for button in self.removers:
            button.setIcon(self._theme.icon("close"))
