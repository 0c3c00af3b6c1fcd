"""The table of a document's segments: its model, and how rows are marked, locked and gone to."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import groupby
from typing import Any

from PySide6.QtCore import (
    QEvent,
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    Qt,
    Signal,
)
from PySide6.QtGui import QContextMenuEvent, QIcon, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView

from lpsnet_studio.annotator.document_overlay import segment_color
from lpsnet_studio.annotator.labels import Color, LabelSet
from lpsnet_studio.annotator.segment_rows import (
    AREA,
    CROWD,
    LOCK,
    NAME,
    SCORE,
    SegmentRow,
    is_wanted,
    share_words,
    sort_value,
)
from lpsnet_studio.labels import as_tip
from lpsnet_studio.tables.sorted_table import SortedTable, swatch_icon
from lpsnet_studio.tables.sorting import arranged
from lpsnet_studio.tables.table_model import TableModel
from lpsnet_studio.theme import Theme

__all__ = ["SegmentsModel", "SegmentsTable"]

_MARK_WIDTH = 26
_LOCK_TIP = "Locked segments neither lose nor gain pixels. A click on the lock, or Space, turns it."


class SegmentsModel(TableModel[SegmentRow]):
    """The segments that the filter wants.

    Args:
        theme: gives the icons.
    """

    titles = ("Segment", "Area", "Score", "", "")
    spoken = ("Segment", "Area", "Score", "Crowd", "Lock")
    tips = (
        "Class of the segment, and its number.",
        "Share of the image.",
        "Of the detection that the segment came from, 0 to 1; none for what a person made.",
        "Crowd regions (COCO): many things of a class that are not told apart.",
        _LOCK_TIP,
    )
    numbers = (AREA, SCORE)
    own_order = "the order of the numbers"

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._rows: Sequence[SegmentRow] = ()
        self._shown: tuple[SegmentRow, ...] = ()
        self._place: dict[int, int] = {}
        self._labels = LabelSet()
        self._typed = ""
        self._swatches: dict[Color, QIcon] = {}
        self._marks: dict[str, QIcon] = {}

    @property
    def shown(self) -> tuple[SegmentRow, ...]:
        """The segments that the filter wants, as they are arranged."""
        return self._shown

    @property
    def numbers_shown(self) -> Collection[int]:
        """Their numbers."""
        return self._place.keys()

    def show_rows(self, rows: Sequence[SegmentRow], labels: LabelSet) -> None:
        """Shows other segments; the table keeps its place if they are the same ones in the same order."""
        self._rows, self._labels = rows, labels
        before = [row.number for row in self._shown]
        arranged_now = self._arranged()
        if before and before == [row.number for row in arranged_now]:
            self._shown = arranged_now
            self.dataChanged.emit(self.index(0, 0), self.index(len(before) - 1, LOCK))
        elif before or arranged_now:
            self._rearrange()

    def filter_by(self, typed: str) -> None:
        """Shows the segments alone that have every word that was typed."""
        if typed != self._typed:
            self._typed = typed
            self._rearrange()

    def follow_theme(self) -> None:
        """Takes the icons of another theme."""
        self._marks.clear()
        self.headerDataChanged.emit(Qt.Orientation.Horizontal, CROWD, LOCK)

    def row_of(self, number: int) -> int:
        """Returns the row of a segment; -1 if it is not shown."""
        return self._place.get(number, -1)

    def headerData(self, section: int, way: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Returns the title of a column; crowd and lock have a picture."""
        if role == Qt.ItemDataRole.DecorationRole and way is Qt.Orientation.Horizontal and section in (CROWD, LOCK):
            return self._theme.icon("crowd" if section == CROWD else "lock", self._theme.palette.dim)
        return super().headerData(section, way, role)

    def _arranged(self) -> tuple[SegmentRow, ...]:
        wanted = [row for row in self._rows if is_wanted(row, self._typed)]
        return tuple(arranged(wanted, self._order, sort_value))

    def _arrange(self) -> None:
        self._shown = self._arranged()
        self._place = {row.number: place for place, row in enumerate(self._shown)}

    def _text(self, row: SegmentRow, column: int) -> str:
        words = {
            NAME: row.name,
            AREA: share_words(row.share),
            SCORE: "" if row.score is None else f"{row.score:.2f}",
            CROWD: "crowd" if row.iscrowd else "",
            LOCK: "locked" if row.locked else "",
        }
        return words[column]

    def _cell(self, row: SegmentRow, column: int, role: int) -> Any:
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return self._text(row, column) if column not in (CROWD, LOCK) else None
            case Qt.ItemDataRole.AccessibleTextRole if column in (CROWD, LOCK):
                return self._text(row, column) or ("no crowd" if column == CROWD else "not locked")
            case Qt.ItemDataRole.DecorationRole:
                return self._picture(row, column)
            case Qt.ItemDataRole.ToolTipRole:
                return as_tip(_LOCK_TIP if column == LOCK else _tip(row))
        return None

    def _picture(self, row: SegmentRow, column: int) -> QIcon | None:
        if column == NAME:
            color = segment_color(self._labels, row.category, row.number)
            if color not in self._swatches:
                self._swatches[color] = swatch_icon(color)
            return self._swatches[color]
        if column == LOCK:
            return self._mark("lock") if row.locked else self._mark("unlock", is_faint=True)
        return self._mark("crowd") if column == CROWD and row.iscrowd else None

    def _mark(self, name: str, *, is_faint: bool = False) -> QIcon:
        """Returns an icon that can also be seen in a marked row."""
        if name not in self._marks:
            colors = self._theme.palette
            icon = QIcon(self._theme.pixmap(name, colors.line if is_faint else colors.text, 14))
            on_accent = f"#60{colors.on_accent[1:]}" if is_faint else colors.on_accent
            icon.addPixmap(self._theme.pixmap(name, on_accent, 14), QIcon.Mode.Selected)
            self._marks[name] = icon
        return self._marks[name]


def _tip(row: SegmentRow) -> str:
    marks = [row.kind if row.kind != "unknown" else "class not in the project"]
    marks += ["crowd region"] if row.iscrowd else []
    marks += ["locked"] if row.locked else []
    pixels = "1 pixel" if row.area == 1 else f"{row.area:,} pixels"
    return f"{row.name} · {', '.join(marks)}\n{pixels}, {share_words(row.share)} of the image"


class SegmentsTable(SortedTable):
    """The segments; rows are marked as files are, with Ctrl and Shift.

    Args:
        model: its rows.

    Attributes:
        marked: the user marked other rows: the numbers in them from the top, and whether that was by adding to the rows
            marked before or taking some out.
        lock_clicked: the number in the row whose lock was clicked.
        lock_pressed: the lock of all marked rows is to be turned.
        centre_wanted: the number in the row that Enter or a double click was on.
        menu_wanted: where on the screen the context menu is to open.
    """

    marked = Signal(tuple, bool)
    lock_clicked = Signal(int)
    lock_pressed = Signal()
    centre_wanted = Signal(int)
    menu_wanted = Signal(QPoint)

    def __init__(self, model: SegmentsModel) -> None:
        super().__init__(model, "Segments", "Number order")
        self._segments = model
        self._showing = self._adds = False
        self._kept: tuple[tuple[int, ...], int, int] = ((), 0, 0)
        self.locks_can_turn = True
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        header = self.horizontalHeader()
        header.setMinimumSectionSize(_MARK_WIDTH)
        header.setSectionResizeMode(NAME, QHeaderView.ResizeMode.Stretch)
        self.fit_columns({AREA: "< 0.1 %", SCORE: "0.00"})
        for column in (CROWD, LOCK):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.Fixed)
            self.setColumnWidth(column, _MARK_WIDTH)
        self.selectionModel().selectionChanged.connect(lambda _more, _less: self._tell_marked())
        # Qt's own "activated" comes at a single click on some desktops.
        self.doubleClicked.connect(lambda _index: self._want_centre())
        model.modelAboutToBeReset.connect(self._keep_place)
        model.modelReset.connect(self._find_place_again)

    @property
    def current_number(self) -> int:
        """The number in the row that the keyboard is on; 0 if it is on none."""
        place = self.currentIndex().row()
        return self._segments.shown[place].number if 0 <= place < len(self._segments.shown) else 0

    @property
    def marked_numbers(self) -> tuple[int, ...]:
        """The numbers in the rows that are marked, from the top."""
        places = sorted(index.row() for index in self.selectionModel().selectedRows())
        return tuple(self._segments.shown[place].number for place in places)

    def mark(self, numbers: Sequence[int], *, follows: bool = True) -> None:
        """Marks rows as the selection is elsewhere, without telling that the user did.

        Args:
            numbers: those that are not shown are left out.
            follows: whether to scroll to what is marked.
        """
        places = sorted(place for place in map(self._segments.row_of, numbers) if place >= 0)
        if self.marked_numbers == tuple(self._segments.shown[place].number for place in places):
            return
        chosen = QItemSelection()
        for _, run in groupby(enumerate(places), lambda pair: pair[1] - pair[0]):
            rows = [place for _, place in run]
            chosen.select(self._segments.index(rows[0], 0), self._segments.index(rows[-1], LOCK))
        self._showing = True
        self.selectionModel().select(chosen, QItemSelectionModel.SelectionFlag.ClearAndSelect)
        if places and self.currentIndex().row() not in places:
            self._put_keyboard_on(places[0])
        self._showing = False
        if follows and places:
            self.scrollTo(self.currentIndex())

    def _put_keyboard_on(self, place: int) -> None:
        index = self._segments.index(place, NAME)
        self.selectionModel().setCurrentIndex(index, QItemSelectionModel.SelectionFlag.NoUpdate)

    def _keep_place(self) -> None:
        self._kept = self.marked_numbers, self.current_number, self.verticalScrollBar().value()

    def _find_place_again(self) -> None:
        """Marks what was marked before all rows changed, and shows the part that was shown."""
        marked, current, scrolled = self._kept
        place = self._segments.row_of(current)
        if place >= 0:
            self._put_keyboard_on(place)
        self.mark(marked, follows=False)
        self.verticalScrollBar().setValue(scrolled)
        if self.currentIndex().isValid():
            self.scrollTo(self.currentIndex())

    def selectionCommand(
        self, index: QModelIndex | QPersistentModelIndex, event: QEvent | None = None
    ) -> QItemSelectionModel.SelectionFlag:
        """Notes whether what is marked is kept."""
        command = super().selectionCommand(index, event)
        self._adds = not command & QItemSelectionModel.SelectionFlag.Clear
        return command

    def _tell_marked(self) -> None:
        if not self._showing:
            self.marked.emit(self.marked_numbers, self._adds)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Turns a lock, or marks rows."""
        if not self._takes_lock(event):
            super().mousePressEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Turns a lock once more, or goes to a row."""
        if not self._takes_lock(event):
            super().mouseDoubleClickEvent(event)

    def _takes_lock(self, event: QMouseEvent) -> bool:
        index = self.indexAt(event.position().toPoint())
        is_plain = event.button() == Qt.MouseButton.LeftButton and not event.modifiers()
        if not (self.locks_can_turn and is_plain and index.isValid() and index.column() == LOCK):
            return False
        self.lock_clicked.emit(self._segments.shown[index.row()].number)
        event.accept()
        return True

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Asks for the context menu."""
        self.menu_wanted.emit(event.globalPos())

    def event(self, event: QEvent) -> bool:
        """Takes Space and Enter for the table before shortcuts of the window do."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and _is_own(event):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Turns locks at Space and goes to a row at Enter; letters stay with the window, whose tools they choose."""
        if event.key() == Qt.Key.Key_Space and not event.modifiers():
            self.lock_pressed.emit()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._want_centre()
        else:
            super().keyPressEvent(event)

    def _want_centre(self) -> None:
        if self.current_number:
            self.centre_wanted.emit(self.current_number)

    def keyboardSearch(self, search: str) -> None:
        """Searches nothing: the field above does."""


def _is_own(event: QKeyEvent) -> bool:
    keys = (Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Enter)
    return event.key() in keys and not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
