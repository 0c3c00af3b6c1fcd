"""The list of rows: keys that rest open an image, and what is on screen is told."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QModelIndex, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView

from lpsnet_studio.browser.image_row import ROW_HEIGHT

__all__ = ["ImageView"]

_REST = 120
"""Milliseconds after the last arrow key until its row is opened: a held key does not open all that it passes."""
_MORE_ROWS = 6
"""Rows below and above the screen whose thumbnails are made beforehand."""

_FOCUS_LINE = 2


class ImageView(QTableView):
    """A list whose current row is chosen by mouse and keyboard.

    Qt's own list asks the model for each of ten thousand rows whenever it lays itself out; its table, whose rows have
    one height, for none.

    Signals:
        chosen: a row that the user wants open.
        on_screen: the rows that are visible, then those around them; whenever that may have changed.
    """

    chosen = Signal(QModelIndex)
    on_screen = Signal(list)

    def __init__(self) -> None:
        super().__init__()
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)
        self.setMouseTracking(True)
        self.horizontalHeader().hide()
        self.horizontalHeader().setMinimumSectionSize(1)
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.verticalHeader().setDefaultSectionSize(ROW_HEIGHT)
        # Scrolling moves what is painted already; a frame around the list must not go with it.
        self.verticalScrollBar().valueChanged.connect(lambda _value: self.viewport().update())
        self.setAccessibleName("Images")
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(_REST)
        self._rest.timeout.connect(lambda: self._choose(self.currentIndex()))
        self._told: Sequence[int] = ()
        self._is_told_by_program = False

    def show_row(self, row: int) -> None:
        """Marks a row that is open already; -1 marks none."""
        place = self.model().index(row, 0) if row >= 0 else QModelIndex()
        if place != self.currentIndex():
            self._is_told_by_program = True
            self.setCurrentIndex(place)
            self._is_told_by_program = False
            self.scrollTo(place)
        if row < 0:
            self.clearSelection()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Lets the first arrow key open its row at once, and those that follow soon only the row where they rest."""
        if event.isAutoRepeat() and not self._rest.isActive():
            self._rest.start()
        super().keyPressEvent(event)

    def moveCursor(self, action: QAbstractItemView.CursorAction, modifiers: Qt.KeyboardModifier) -> QModelIndex:
        """Goes to the first and the last row at Home and End; a table would go along the row."""
        actions, rows = QAbstractItemView.CursorAction, self.model().rowCount()
        if action in (actions.MoveHome, actions.MoveEnd) and rows:
            return self.model().index(0 if action == actions.MoveHome else rows - 1, 0)
        return super().moveCursor(action, modifiers)

    def currentChanged(self, current: QModelIndex, previous: QModelIndex) -> None:
        """Tells the row that was chosen, at once or when the key rests."""
        super().currentChanged(current, previous)
        if self._is_told_by_program:
            self._rest.stop()
        elif self._rest.isActive():
            self._rest.start()
        else:
            self._rest.start()
            self._choose(current)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paints, and tells what is on screen if that is another thing now."""
        super().paintEvent(event)
        if self.hasFocus() and not self.visualRect(self.currentIndex()).intersects(self.viewport().rect()):
            self._paint_focus()
        rows = self._rows_on_screen()
        if rows != self._told:
            self._told = rows
            self.on_screen.emit(rows)

    def _paint_focus(self) -> None:
        """Frames the whole list while the row that bears the frame is out of sight, or there is none."""
        painter = QPainter(self.viewport())
        painter.setPen(QPen(self.palette().highlight(), 2 * _FOCUS_LINE))
        painter.drawRect(self.viewport().rect())

    def tell_again(self) -> None:
        """Tells what is on screen once more at the next paint, whatever was told."""
        self._told = ()
        self.viewport().update()

    def _rows_on_screen(self) -> list[int]:
        count = self.model().rowCount()
        if count == 0:
            return []
        begin, last = max(self.rowAt(0), 0), self.rowAt(self.viewport().height() - 1)
        end = last + 1 if last >= 0 else count
        around = [*range(end, min(end + _MORE_ROWS, count)), *range(max(begin - _MORE_ROWS, 0), begin)]
        return [*range(begin, end), *around]

    def _choose(self, index: QModelIndex) -> None:
        if index.isValid():
            self.chosen.emit(index)
