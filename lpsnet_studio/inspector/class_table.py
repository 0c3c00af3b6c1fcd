"""The classes with their areas and mean probabilities, found by typing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHeaderView, QLineEdit, QVBoxLayout, QWidget

from lpsnet_studio.inspector.semantics_model import ClassRow, area_words, found, mean_words
from lpsnet_studio.labels import as_tip
from lpsnet_studio.tables.sorted_table import SortedTable, swatch_icon
from lpsnet_studio.tables.sorting import arranged
from lpsnet_studio.tables.table_model import TableModel
from lpsnet_studio.texts import body

__all__ = ["ClassTable", "ClassTableModel"]

_TITLES = ("Class", "Area", "Mean p")
_SPOKEN = ("Class", "Area in the label map", "Mean probability")
_TIPS = (
    "Choose a class to see its probability over the image.",
    "Share of the label map's pixels.",
    "Mean of the class's probability over the image's cells of the stride-4 grid.",
)
_REST_MILLISECONDS = 150
"""How long a row has to be the current one before its map is asked for: arrow keys pass many."""
_NONE_FOUND = "No class is called so. Esc shows all again."


class ClassTableModel(TableModel[ClassRow]):
    """Classes, those with the largest areas first unless they are sorted otherwise."""

    titles, spoken, tips, numbers = _TITLES, _SPOKEN, _TIPS, (1, 2)
    own_order = "the largest areas first"

    def __init__(self) -> None:
        super().__init__()
        self._own: Sequence[ClassRow] = ()
        self._rows: list[ClassRow] = []
        self._typed = ""

    @property
    def shown(self) -> list[ClassRow]:
        """The classes found."""
        return self._rows

    def find(self, typed: str) -> None:
        """Shows only the classes that are called so."""
        self._typed = typed
        self._rearrange()

    def set_rows(self, rows: Sequence[ClassRow]) -> None:
        """Shows other classes, or other figures of the same."""
        if rows != self._own:
            self._own = rows
            self._rearrange()

    def _arrange(self) -> None:
        self._rows = arranged(found(self._own, self._typed), self._order, _sort_value)

    def _text(self, row: ClassRow, column: int) -> str:
        return (row.name, area_words(row.share), mean_words(row.mean))[column]

    def label(self, at: int) -> int:
        """Returns the class in a row."""
        return self._rows[at].label

    def place_of(self, label: int) -> int:
        """Returns in which row a class stands; -1 if in none."""
        return next((at for at, row in enumerate(self._rows) if row.label == label), -1)

    def _cell(self, row: ClassRow, column: int, role: int) -> Any:
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return self._text(row, column)
            case Qt.ItemDataRole.DecorationRole if column == 0:
                return swatch_icon(row.color)
            case Qt.ItemDataRole.ToolTipRole:
                return as_tip(f"{row.name}, {'thing' if row.isthing else 'stuff'}")
        return None


def _sort_value(row: ClassRow, column: int) -> Any:
    return (row.name.casefold(), row.share, row.mean)[column]


class _Finder(QLineEdit):
    """A field for a part of a name; Down goes to the table, Escape empties it."""

    went_down = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Leaves at Down, starts anew at Escape."""
        if event.key() == Qt.Key.Key_Down:
            self.went_down.emit()
        elif event.key() == Qt.Key.Key_Escape and self.text():
            self.clear()
        else:
            super().keyPressEvent(event)


class ClassTable(QWidget):
    """A field to find a class by typing, above the classes; Enter chooses the first of those found.

    Attributes:
        chosen: the class that the user chose.
        field: where a part of a name is typed.
        table: the classes.
    """

    chosen = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.model = ClassTableModel()
        self.field = _Finder()
        self.field.setPlaceholderText("Find a class")
        self.field.setClearButtonEnabled(True)
        self.field.setAccessibleName("Find a class")
        self.field.setToolTip("Type a part of a name; Enter shows the probability of the first class found.")
        self.table = SortedTable(self.model, "Classes", "Largest area first")
        self.table.horizontalHeader().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.table.fit_columns({1: "< 0.1 %", 2: "< 0.001"})
        self.none_found = body(_NONE_FOUND)
        self._label = -1
        self._resting = QTimer(self)
        self._resting.setSingleShot(True)
        self._resting.setInterval(_REST_MILLISECONDS)
        self._resting.timeout.connect(self._choose_current)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        for widget in (self.field, self.none_found, self.table):
            layout.addWidget(widget)
        layout.setStretchFactor(self.table, 1)
        self.none_found.hide()
        self.field.textChanged.connect(self._find)
        self.field.returnPressed.connect(lambda: self._choose(0))
        self.field.went_down.connect(self._go_to_table)
        self.table.current_row_changed.connect(lambda _row: self._resting.start())
        self.table.clicked.connect(lambda index: self._choose(index.row()))
        self.table.activated.connect(lambda index: self._choose(index.row()))
        self.model.modelReset.connect(self._mark_again)

    def set_rows(self, rows: Sequence[ClassRow]) -> None:
        """Shows classes."""
        self.model.set_rows(rows)

    def mark(self, label: int) -> None:
        """Marks the class whose probability lies over the image; -1 for none."""
        self._label = label
        if not self._resting.isActive():
            self.table.mark_row(self.model.place_of(label))

    def _mark_again(self) -> None:
        self.mark(self._label)

    def _find(self, typed: str) -> None:
        self.model.find(typed)
        self.none_found.setVisible(bool(typed.strip()) and self.model.rowCount() == 0)

    def _go_to_table(self) -> None:
        self.table.setFocus()
        if not self.table.currentIndex().isValid() and self.model.rowCount():
            self.table.selectRow(0)

    def _choose_current(self) -> None:
        self._choose(self.table.currentIndex().row())

    def _choose(self, at: int) -> None:
        self._resting.stop()
        if 0 <= at < self.model.rowCount():
            self._label = self.model.label(at)
            self.chosen.emit(self._label)
