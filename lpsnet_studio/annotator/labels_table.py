"""The table of a project's classes: its model, and names and keys that are changed in their places."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QEvent, QModelIndex, QPoint, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QFont, QGuiApplication, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView

from lpsnet_studio.annotator.class_finding import find_classes
from lpsnet_studio.annotator.labels import Label, LabelSet
from lpsnet_studio.labels import as_tip
from lpsnet_studio.tables.sorted_table import SortedTable, swatch_icon
from lpsnet_studio.tables.sorting import Order, arranged
from lpsnet_studio.tables.table_model import Index, TableModel

__all__ = ["KEY", "KIND", "NAME", "LabelsModel", "LabelsTable"]

NAME, KIND, KEY = range(3)
_OWN_KEYS = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_F2, Qt.Key.Key_Delete)


class LabelsModel(TableModel[Label]):
    """The classes that the filter wants.

    Attributes:
        name_wanted: the id of a class, and what it is to be called.
        key_wanted: the id of a class, and the digit that is to pick it; empty for none.
        can_edit: whether names and keys can be changed.
    """

    titles = ("Class", "Kind", "Key")
    tips = (
        "A click makes it the class of new segments; a double click or F2 changes the name.",
        "Instances of things are told apart, stuff is one segment an image. A double click changes it.",
        "The digit that picks the class. A double click changes it.",
    )
    own_order = "the project's order"
    name_wanted = Signal(int, str)
    key_wanted = Signal(int, str)

    def __init__(self) -> None:
        super().__init__()
        self.can_edit = False
        self._labels, self._typed = LabelSet(), ""
        self._used: int | None = None
        self._shown: tuple[Label, ...] = ()

    @property
    def shown(self) -> tuple[Label, ...]:
        """The classes that the filter wants, as they are arranged."""
        return self._shown

    @property
    def is_whole(self) -> bool:
        """Whether all classes are shown in the project's order, so that one can be moved in it."""
        return not self._typed and self._order == Order()

    def show_labels(self, labels: LabelSet) -> None:
        """Shows the classes of a project."""
        if labels != self._labels:
            self._labels = labels
            self._rearrange()

    def show_used(self, category: int | None) -> None:
        """Marks the class of new segments."""
        if category != self._used:
            self._used = category
            if self._shown:
                self.dataChanged.emit(self.index(0, 0), self.index(len(self._shown) - 1, KEY))

    def filter_by(self, typed: str) -> None:
        """Shows the classes alone that fit what was typed."""
        if typed.strip() != self._typed:
            self._typed = typed.strip()
            self._rearrange()

    def row_of(self, identity: int) -> int:
        """Returns the row of a class; -1 if it is not shown."""
        return next((place for place, label in enumerate(self._shown) if label.id == identity), -1)

    def _arrange(self) -> None:
        wanted = {found.label.id for found in find_classes(self._typed, self._labels)}
        listed = [label for label in self._labels if label.id in wanted]
        self._shown = tuple(arranged(listed, self._order, _sort_value))

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Returns what can be done with a cell."""
        flags = super().flags(index)
        can_type = self.can_edit and index.isValid() and index.column() in (NAME, KEY)
        return flags | Qt.ItemFlag.ItemIsEditable if can_type else flags

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        """Asks for another name or key."""
        if role != Qt.ItemDataRole.EditRole or not index.isValid():
            return False
        label, typed = self._shown[index.row()], str(value).strip()
        if index.column() == NAME and typed != label.name:
            self.name_wanted.emit(label.id, typed)
        elif index.column() == KEY and typed != label.hotkey:
            self.key_wanted.emit(label.id, typed)
        return True

    def _text(self, row: Label, column: int) -> str:
        return (row.name, "thing" if row.isthing else "stuff", row.hotkey)[column]

    def _cell(self, row: Label, column: int, role: int) -> Any:
        match role:
            case Qt.ItemDataRole.DisplayRole | Qt.ItemDataRole.EditRole:
                return self._text(row, column)
            case Qt.ItemDataRole.DecorationRole if column == NAME:
                return swatch_icon(row.color)
            case Qt.ItemDataRole.FontRole if row.id == self._used and column == NAME:
                font = QFont(QGuiApplication.font())
                font.setBold(True)
                return font
            case Qt.ItemDataRole.AccessibleTextRole if row.id == self._used and column == NAME:
                return f"{row.name}, the class of new segments"
            case Qt.ItemDataRole.ToolTipRole:
                return as_tip(self._tip(row, column))
        return None

    def _tip(self, row: Label, column: int) -> str:
        about = [row.name, f"{self._text(row, KIND)}, id {row.id}" + f", {row.supercategory}" * bool(row.supercategory)]
        used = "New segments are of this class." if row.id == self._used else ""
        return "\n".join(filter(None, [*about, used, self.tips[column] if self.can_edit else ""]))


def _sort_value(label: Label, column: int) -> Any:
    return (label.name.casefold(), not label.isthing, label.hotkey or None)[column]


class LabelsTable(SortedTable):
    """The classes, one of which is the current one.

    Args:
        model: its rows.

    Attributes:
        used: the id of the class that is to be that of new segments.
        kind_wanted: the id of the class that is to become the other kind.
        delete_wanted: the current class is to be deleted.
        menu_wanted: where on the screen the context menu is to open.
        current_changed: another class may be the current one.
    """

    used = Signal(int)
    kind_wanted = Signal(int)
    delete_wanted = Signal()
    menu_wanted = Signal(QPoint)
    current_changed = Signal()

    def __init__(self, model: LabelsModel) -> None:
        super().__init__(model, "Classes", "The project's order")
        self._labels = model
        self._kept = 0
        triggers = QAbstractItemView.EditTrigger
        self.setEditTriggers(triggers.DoubleClicked | triggers.EditKeyPressed)
        self.horizontalHeader().setSectionResizeMode(NAME, QHeaderView.ResizeMode.Stretch)
        self.fit_columns({KIND: "thing", KEY: "0"})
        self.doubleClicked.connect(self._change_kind)
        model.modelAboutToBeReset.connect(self._keep_place)
        model.modelReset.connect(self._go_to_kept)
        self.current_row_changed.connect(lambda _row: self.current_changed.emit())

    @property
    def current(self) -> int:
        """The id of the class in the current row; 0 if there is none."""
        place = self.currentIndex().row()
        return self._labels.shown[place].id if 0 <= place < len(self._labels.shown) else 0

    def _go_to_kept(self) -> None:
        self.go_to(self._kept)

    def go_to(self, identity: int) -> None:
        """Makes a class the current one; none if it is not shown."""
        self.mark_row(self._labels.row_of(identity))
        self.current_changed.emit()

    def edit_name(self, identity: int) -> None:
        """Lets the user type the name of a class."""
        self.go_to(identity)
        place = self._labels.row_of(identity)
        if place >= 0:
            index = self._labels.index(place, NAME)
            self.setCurrentIndex(index)
            self.edit(index)

    def _keep_place(self) -> None:
        self._kept = self.current

    def _change_kind(self, index: QModelIndex) -> None:
        if index.column() == KIND:
            self.kind_wanted.emit(self._labels.shown[index.row()].id)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Uses the class that was clicked."""
        super().mouseReleaseEvent(event)
        index = self.indexAt(event.position().toPoint())
        if event.button() == Qt.MouseButton.LeftButton and index.isValid() and index == self.currentIndex():
            self.used.emit(self.current)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Asks for the context menu."""
        self.menu_wanted.emit(event.globalPos())

    def event(self, event: QEvent) -> bool:
        """Takes the table's own keys before shortcuts of the window do."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and _is_own(event):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Uses a class at Enter, deletes it at Delete; F2 types."""
        # The field in a cell passes on the Enter that ends typing.
        is_typing = self.state() == QAbstractItemView.State.EditingState
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            if self.current and not is_typing:
                self.used.emit(self.current)
        elif event.key() == Qt.Key.Key_Delete:
            self.delete_wanted.emit()
        else:
            super().keyPressEvent(event)

    def keyboardSearch(self, search: str) -> None:
        """Searches nothing: the field above does."""


def _is_own(event: QKeyEvent) -> bool:
    return event.key() in _OWN_KEYS and not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
