"""What the models of sorted tables have in common: an order, titles with their tips, and cells by row."""

from __future__ import annotations

from collections.abc import Container, Sequence
from typing import Any, Generic, TypeVar

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt

from lpsnet_studio.tables.sorting import Order, as_tsv

__all__ = ["Index", "TableModel", "side"]

Index = QModelIndex | QPersistentModelIndex
"""Where a cell is; for the root, nowhere."""
Row = TypeVar("Row")
_ROOT = QModelIndex()


def side(is_number: bool) -> Qt.AlignmentFlag:
    """Returns where a cell's text stands: numbers at the right, words at the left."""
    across = Qt.AlignmentFlag.AlignRight if is_number else Qt.AlignmentFlag.AlignLeft
    return across | Qt.AlignmentFlag.AlignVCenter


class TableModel(QAbstractTableModel, Generic[Row]):
    """Rows in an order below titles. A table of its own gives titles, rows and cells.

    Attributes:
        titles: of the columns, as there is room for.
        spoken: the same in full, for screen readers and copies; empty if the titles are.
        tips: what each column holds, in a sentence.
        numbers: the columns that hold numbers.
        own_order: to what a third click goes back, in words.
    """

    titles: Sequence[str] = ()
    spoken: Sequence[str] = ()
    tips: Sequence[str] = ()
    numbers: Container[int] = ()
    own_order = "the order of the merge"

    def __init__(self) -> None:
        super().__init__()
        self._order = Order()

    @property
    def shown(self) -> Sequence[Row]:
        """The rows, as they are arranged."""
        raise NotImplementedError

    @property
    def order(self) -> Order:
        """By which column the rows are sorted."""
        return self._order

    def sort_by(self, order: Order) -> None:
        """Puts the rows into an order."""
        self._order = order
        self._rearrange()

    def _rearrange(self) -> None:
        """Arranges the rows, and tells tables that all of them may have changed."""
        self.beginResetModel()
        self._arrange()
        self.endResetModel()

    def _arrange(self) -> None:
        raise NotImplementedError

    def _text(self, row: Row, column: int) -> str:
        """Returns what a cell says."""
        raise NotImplementedError

    def _cell(self, row: Row, column: int, role: int) -> Any:
        """Returns what a cell shows beside its place, by one of Qt's roles."""
        raise NotImplementedError

    def tsv(self) -> str:
        """Returns the rows shown as tab-separated text with titles."""
        columns = range(len(self.titles))
        return as_tsv(self.spoken or self.titles, [[self._text(row, at) for at in columns] for row in self.shown])

    def rowCount(self, parent: Index = _ROOT) -> int:
        """Returns how many rows are shown."""
        return 0 if parent.isValid() else len(self.shown)

    def columnCount(self, parent: Index = _ROOT) -> int:
        """Returns how many columns there are."""
        return 0 if parent.isValid() else len(self.titles)

    def headerData(self, section: int, way: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Returns the title of a column, and what it holds."""
        if way is not Qt.Orientation.Horizontal:
            return None
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return self.titles[section]
            case Qt.ItemDataRole.AccessibleTextRole if self.spoken:
                return self.spoken[section]
            case Qt.ItemDataRole.ToolTipRole:
                return f"{self.tips[section]}\n{self._sort_tip}"
            case Qt.ItemDataRole.TextAlignmentRole:
                return side(section in self.numbers)
        return None

    @property
    def _sort_tip(self) -> str:
        return f"A click sorts, another turns round, a third goes back to {self.own_order}."

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Returns what a cell shows."""
        if not index.isValid():
            return None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return side(index.column() in self.numbers)
        return self._cell(self.shown[index.row()], index.column(), role)
