"""A table whose rows are sorted by its columns and copied as text: what segments and steps have in common."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QEvent, QModelIndex, QSize, Qt, Signal
from PySide6.QtGui import QColor, QContextMenuEvent, QIcon, QKeyEvent, QKeySequence, QPixmap, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QApplication, QMenu, QTableView

from lpsnet_studio.tables.sorting import Order
from lpsnet_studio.tables.table_model import TableModel
from lpsnet_studio.theme import figure_font

__all__ = ["SortedTable", "swatch_icon"]

_ROW_HEIGHT = 24
_SWATCH = 12
_CELL_MARGINS = 12
_STYLE = """
    QTableView { border: 2px solid transparent; }
    QTableView:focus { border-color: palette(highlight); }
    QHeaderView::section { padding: 7px 3px 3px 3px; }
    QHeaderView::up-arrow, QHeaderView::down-arrow { subcontrol-origin: border; subcontrol-position: top center;
        width: 8px; height: 8px; }
"""


class SortedTable(QTableView):
    """A calm table: whole rows, no grid; Tab leaves it.

    A click on a header sorts ascending, descending, then not at all; the context menu does so for the keyboard. Copy
    puts the rows shown onto the clipboard.

    Args:
        model: gives the rows.
        name: for screen readers.
        own_order: what the order of the rows is called that no column sorts.

    Attributes:
        current_row_changed: the row that the user went to.
    """

    current_row_changed = Signal(int)

    def __init__(self, model: TableModel[Any], name: str, own_order: str = "Step order") -> None:
        super().__init__()
        self._own_order = own_order
        self._sorted = model
        self.setModel(model)
        self.setAccessibleName(name)
        self.setFont(figure_font(self.font()))
        self.setStyleSheet(_STYLE)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setIconSize(QSize(_SWATCH, _SWATCH))
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(_ROW_HEIGHT)
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setSectionsClickable(True)
        header.setSortIndicatorShown(True)
        header.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        header.sectionClicked.connect(lambda column: self.sort_by(self._sorted.order.clicked(column)))
        self.selectionModel().currentRowChanged.connect(lambda now, _before: self._tell(now))

    def sort_by(self, order: Order) -> None:
        """Puts the rows into an order."""
        self._sorted.sort_by(order)
        direction = Qt.SortOrder.DescendingOrder if order.descending else Qt.SortOrder.AscendingOrder
        self.horizontalHeader().setSortIndicator(order.column, direction)

    def fit_columns(self, widest: dict[int, str]) -> None:
        """Gives columns the width of their title, or of the longest text to expect in them."""
        for column, text in widest.items():
            self.setColumnWidth(column, self.width_of(column, text))

    def width_of(self, column: int, widest: str) -> int:
        """Returns the width that a column needs for its title and for a text."""
        title = str(self.model().headerData(column, Qt.Orientation.Horizontal))
        advance = self.fontMetrics().horizontalAdvance
        return max(advance(title), advance(widest)) + _CELL_MARGINS

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keeps the current row in sight, which a scroll bar that comes later would hide."""
        super().resizeEvent(event)
        if self.currentIndex().isValid():
            self.scrollTo(self.currentIndex())

    def mark_row(self, row: int) -> None:
        """Selects a row and scrolls to it without telling that the user did so; -1 selects none."""
        selection = self.selectionModel()
        selection.blockSignals(True)
        if row < 0:
            self.clearSelection()
            self.setCurrentIndex(QModelIndex())
        elif row != self.currentIndex().row() or not selection.hasSelection():
            column = max(self.currentIndex().column(), 0)
            self.setCurrentIndex(self.model().index(row, column))
            self.selectRow(row)
            self.scrollTo(self.model().index(row, column))
        selection.blockSignals(False)
        self.viewport().update()

    def copy_rows(self) -> None:
        """Puts the rows shown onto the clipboard, as a spreadsheet takes them."""
        QApplication.clipboard().setText(self._sorted.tsv())

    def event(self, event: QEvent) -> bool:
        """Takes the copy key for the table before a shortcut of the window does."""
        is_key = event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent)
        if is_key and event.matches(QKeySequence.StandardKey.Copy):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Copies; goes to the current row once more at Enter; moves as tables do otherwise."""
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy_rows()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.currentIndex().isValid():
            self.activated.emit(self.currentIndex())
        else:
            super().keyPressEvent(event)

    def moveCursor(self, action: QAbstractItemView.CursorAction, modifiers: Qt.KeyboardModifier) -> QModelIndex:
        """Goes to the first and the last row at Home and End; Qt would go along the row."""
        actions, rows = QAbstractItemView.CursorAction, self.model().rowCount()
        if action in (actions.MoveHome, actions.MoveEnd) and rows:
            return self.model().index(
                0 if action == actions.MoveHome else rows - 1, max(self.currentIndex().column(), 0)
            )
        return super().moveCursor(action, modifiers)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Offers to copy the rows, and the orders."""
        menu = self.make_menu()
        menu.exec(event.globalPos())
        menu.deleteLater()

    def make_menu(self) -> QMenu:
        """Returns the context menu: copy, and an entry for each column to sort by."""
        menu = QMenu(self)
        copy = menu.addAction("Copy the table")
        copy.setShortcut(QKeySequence.StandardKey.Copy)
        copy.triggered.connect(self.copy_rows)
        menu.addSection("Sort by")
        now = self._sorted.order
        for column in range(-1, self.model().columnCount()):
            title = self._title(column) if column >= 0 else self._own_order
            choice = menu.addAction(str(title))
            choice.setCheckable(True)
            choice.setChecked(now.column == column)
            wanted = now.clicked(column) if column >= 0 else Order()
            choice.triggered.connect(lambda _checked=False, order=wanted: self.sort_by(order))
        return menu

    def _title(self, column: int) -> Any:
        """Returns what a column is called, even if its header has no room to say so."""
        header = self.model().headerData
        spoken = header(column, Qt.Orientation.Horizontal, Qt.ItemDataRole.AccessibleTextRole)
        return spoken or header(column, Qt.Orientation.Horizontal)

    def _tell(self, now: QModelIndex) -> None:
        if now.isValid():
            self.current_row_changed.emit(now.row())


def swatch_icon(color: tuple[int, int, int]) -> QIcon:
    """Returns a square of a segment's colour; a selected row does not tint it."""
    swatch = QPixmap(_SWATCH, _SWATCH)
    swatch.fill(QColor(*color))
    icon = QIcon(swatch)
    icon.addPixmap(swatch, QIcon.Mode.Selected)
    return icon
