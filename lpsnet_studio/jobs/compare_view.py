"""What differs between two configs, as a table that can be copied."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QFont, QGuiApplication, QKeyEvent, QKeySequence, QPalette
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from lpsnet.config import Config
from lpsnet_studio.jobs.compare import ABSENT, ComparedField, as_text, compared, differing
from lpsnet_studio.labels import ElidedLabel, as_tip
from lpsnet_studio.theme import Theme, figure_font

__all__ = ["CompareTable", "CompareView"]

_NO_DIFFERENCE = "The two configs say the same in every field."
_DIFFERS = "≠"


class _Rows(QAbstractTableModel):
    """The rows: field, first config, second config; above each group of fields stands its name alone."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[ComparedField | str] = []
        self._names = ("", "")
        self._marks = False

    def show(self, rows: Sequence[ComparedField], names: tuple[str, str], *, marks: bool) -> None:
        """Takes rows, what the two configs are called, and whether those that differ are marked among others."""
        self.beginResetModel()
        self.rows = []
        for group, fields in groupby(rows, key=lambda row: row.group):
            self.rows += [group, *fields]
        self._names, self._marks = names, marks
        self.endResetModel()

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex = QModelIndex()) -> int:  # noqa: B008
        """Returns how many fields and groups there are."""
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: QModelIndex | QPersistentModelIndex = QModelIndex()) -> int:  # noqa: B008
        """Returns three."""
        return 0 if parent.isValid() else 3

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Returns the names of the columns."""
        if orientation is Qt.Orientation.Horizontal:
            name = ("Field", *self._names)[section]
            if role == Qt.ItemDataRole.DisplayRole:
                return name
            if role == Qt.ItemDataRole.ToolTipRole:
                return as_tip(name)
            if role == Qt.ItemDataRole.TextAlignmentRole:
                return Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        return None

    def flags(self, index: QModelIndex | QPersistentModelIndex) -> Qt.ItemFlag:
        """Returns that fields can be selected, and names of groups not."""
        is_group = index.isValid() and isinstance(self.rows[index.row()], str)
        return Qt.ItemFlag.ItemIsEnabled if is_group else super().flags(index)

    def data(self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Returns a group's name, a field's, or one of its two values, as words, tool tip and font."""
        row = self.rows[index.row()]
        if isinstance(row, str):
            return _of_group(row, role) if index.column() == 0 else None
        side = (row.title, row.here, row.there)[index.column()]
        text = ABSENT if side is None else side
        if role == Qt.ItemDataRole.DisplayRole:
            return f"{_DIFFERS} {text}" if self._marks and row.differs and index.column() == 0 else text
        if role == Qt.ItemDataRole.ToolTipRole:
            return as_tip(row.name if index.column() == 0 else text)
        if role == Qt.ItemDataRole.FontRole and side is None:
            font = QFont(QGuiApplication.font())
            font.setItalic(True)
            return font
        return None


def _of_group(name: str, role: int) -> Any:
    if role == Qt.ItemDataRole.DisplayRole:
        return name
    if role == Qt.ItemDataRole.FontRole:
        font = QFont(QGuiApplication.font())
        font.setBold(True)
        return font
    return None


class CompareTable(QTableView):
    """The table; Ctrl+C copies the selected rows.

    Args:
        copy: copies them.
    """

    def __init__(self, copy: Callable[[], None]) -> None:
        super().__init__()
        self._copy = copy
        self.setFont(figure_font(self.font()))
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setTabKeyNavigation(False)
        self.setShowGrid(False)
        self.setAlternatingRowColors(True)
        self.setWordWrap(False)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setAccessibleName("Fields of the two configs")
        self.setToolTip("Ctrl+C copies the selected rows.")
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(26)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Copies the selected rows, or moves among them."""
        if event.matches(QKeySequence.StandardKey.Copy):
            self._copy()
        else:
            super().keyPressEvent(event)


class CompareView(QWidget):
    """Two configs side by side: the fields that differ, or all of them.

    Args:
        theme: gives the icons.

    Attributes:
        table: a field a row.
        show_all: whether fields that say the same are shown too.
        copy: copies what is shown.
    """

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme, self._rows, self._names = theme, _Rows(), ("", "")
        self._compared: tuple[ComparedField, ...] = ()
        self.table = CompareTable(self._copy_selected)
        self.table.setModel(self._rows)
        for column in range(3):
            self.table.horizontalHeader().setSectionResizeMode(column, QHeaderView.ResizeMode.Stretch)
        self._state = ElidedLabel()
        self._state.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self._same = QLabel(_NO_DIFFERENCE)
        self._same.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._same.setWordWrap(True)
        self._same.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self.show_all = QCheckBox("All fields")
        self.show_all.setToolTip(f"Show fields that say the same too; {_DIFFERS} marks those that differ.")
        self.show_all.toggled.connect(self._show)
        self.copy = QPushButton("Copy")
        self.copy.setAutoDefault(False)
        self.copy.setAccessibleName("Copy the table")
        self.copy.setToolTip("Copy what is shown as text, a field a line.")
        self.copy.clicked.connect(lambda: self._copy(self.shown))
        theme.changed.connect(self._follow)
        self._follow()
        self._lay_out()

    def compare(self, here: Config, there: Config, names: tuple[str, str]) -> None:
        """Shows two configs.

        Args:
            here: the first.
            there: the second.
            names: what the two are called.
        """
        self._compared, self._names = compared(here, there), names
        self._show()

    @property
    def shown(self) -> tuple[ComparedField, ...]:
        """The fields that are shown."""
        return self._compared if self.show_all.isChecked() else differing(self._compared)

    def _show(self) -> None:
        rows = self.shown
        self._rows.show(rows, self._names, marks=self.show_all.isChecked())
        self.table.clearSpans()
        for place, row in enumerate(self._rows.rows):
            if isinstance(row, str):
                self.table.setSpan(place, 0, 1, 3)
        count = len(differing(self._compared))
        self._state.setText(f"{count} of {len(self._compared)} fields differ")
        self.table.setVisible(bool(rows))
        self._same.setVisible(not rows)
        self.copy.setEnabled(bool(rows))

    def _copy_selected(self) -> None:
        chosen = sorted({index.row() for index in self.table.selectedIndexes()})
        self._copy([row for row in map(self._rows.rows.__getitem__, chosen) if isinstance(row, ComparedField)])

    def _copy(self, rows: Sequence[ComparedField]) -> None:
        if rows:
            QGuiApplication.clipboard().setText(as_text(rows, *self._names))

    def _lay_out(self) -> None:
        above = QHBoxLayout()
        above.setSpacing(8)
        above.addWidget(self._state, 1)
        above.addWidget(self.show_all)
        above.addWidget(self.copy)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 8, 16, 8)
        layout.setSpacing(8)
        layout.addLayout(above)
        layout.addWidget(self.table, 1)
        layout.addWidget(self._same, 1)
        self._same.hide()

    def _follow(self) -> None:
        self.copy.setIcon(self._theme.icon("copy"))
