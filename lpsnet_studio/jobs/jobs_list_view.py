"""The list of jobs in the window: chosen by mouse and keyboard, several at once, and moved in the queue."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from PySide6.QtCore import (
    QAbstractListModel,
    QItemSelection,
    QItemSelectionModel,
    QMimeData,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QSignalBlocker,
    Qt,
    Signal,
)
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QListView

from lpsnet_studio.jobs.job_row_view import ROW_ROLE, JobRowDelegate
from lpsnet_studio.jobs.jobs_list import JobRow, SectionRow, moved_place
from lpsnet_studio.labels import as_tip
from lpsnet_studio.theme import Theme

__all__ = ["JobsListModel", "JobsListView"]

_Index = QModelIndex | QPersistentModelIndex
_Row = SectionRow | JobRow
_MIME = "application/x-lpsnet-studio-job"
_CHOOSING = (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Enter)


def _identity(row: _Row) -> object:
    return row.folder if isinstance(row, JobRow) else row.section


class JobsListModel(QAbstractListModel):
    """The rows of the list.

    Attributes:
        rows: sections' titles and jobs.
        moved: a waiting job is dropped at a place of the queue, from 0.
    """

    moved = Signal(object, int)

    def __init__(self) -> None:
        super().__init__()
        self.rows: Sequence[_Row] = ()
        self._numbers: dict[Path, int] = {}

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 — Qt's own default
        """Returns how many rows there are."""
        return 0 if parent.isValid() else len(self.rows)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Returns the row itself, its words, or its tool tip."""
        if not index.isValid():
            return None
        row = self.rows[index.row()]
        if role == ROW_ROLE:
            return row
        if isinstance(row, SectionRow):
            if role == Qt.ItemDataRole.ToolTipRole:
                return as_tip(row.tip)
            return row.title if role == Qt.ItemDataRole.DisplayRole else None
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return row.name
            case Qt.ItemDataRole.AccessibleTextRole:
                return row.spoken
            case Qt.ItemDataRole.ToolTipRole:
                return as_tip(f"{row.name} · {row.look.word}\n{row.folder}\n{row.facts}")
        return None

    def flags(self, index: _Index) -> Qt.ItemFlag:
        """Says that titles cannot be chosen, and that what waits can be dragged."""
        if not index.isValid():
            return Qt.ItemFlag.ItemIsDropEnabled
        row = self.rows[index.row()]
        if isinstance(row, SectionRow):
            return Qt.ItemFlag.NoItemFlags
        chosen = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        return chosen | Qt.ItemFlag.ItemIsDragEnabled if row.place else chosen

    def show(self, rows: Sequence[_Row]) -> bool:
        """Shows rows; returns whether others are there, or in another order, so that what was chosen must be again."""
        before, after = self.rows, list(rows)
        if [_identity(row) for row in before] == [_identity(row) for row in after]:
            self.rows = after
            for at, (old, new) in enumerate(zip(before, after, strict=True)):
                if old is not new and old != new:
                    self.dataChanged.emit(self.index(at), self.index(at))
            return False
        self.beginResetModel()
        self.rows = after
        self._numbers = {row.folder: at for at, row in enumerate(after) if isinstance(row, JobRow)}
        self.endResetModel()
        return True

    def number_of(self, folder: Path) -> int | None:
        """Returns the row of a job; None if it is not shown."""
        return self._numbers.get(folder)

    # -------------------------------------------------------------------------------------------------------- dragging

    def supportedDropActions(self) -> Qt.DropAction:
        """Says that jobs are moved."""
        return Qt.DropAction.MoveAction

    def mimeTypes(self) -> list[str]:
        """Returns what may be dropped: a job of this list."""
        return [_MIME]

    def mimeData(self, indexes: Sequence[QModelIndex]) -> QMimeData:
        """Returns the first of the dragged jobs."""
        data = QMimeData()
        row = self.rows[indexes[0].row()]
        if isinstance(row, JobRow):
            data.setData(_MIME, str(row.folder).encode())
        return data

    def dropMimeData(self, data: QMimeData, action: Qt.DropAction, row: int, column: int, parent: _Index) -> bool:
        """Tells where a job was dropped; the rows change once the queue has."""
        if not data.hasFormat(_MIME):
            return False
        folder = Path(bytes(data.data(_MIME).data()).decode())
        before = parent.row() if parent.isValid() else len(self.rows) if row < 0 else row
        place = moved_place(self.rows, folder, before)
        if place is not None:
            self.moved.emit(folder, place)
        # True would let the view take the dragged row out.
        return False


class JobsListView(QListView):
    """The jobs, under the titles of their sections.

    Args:
        theme: gives colours and icons.

    Signals:
        chosen: folders of the jobs that are chosen now, as a tuple.
        entered: Enter was pressed on them.
        removal_wanted: Delete was pressed on them.
        moved: a waiting job is wanted at a place of the queue, from 0.
        menu_wanted: a menu about what is chosen, at a place of the screen.
    """

    chosen = Signal(tuple)
    entered = Signal()
    removal_wanted = Signal()
    moved = Signal(object, int)
    menu_wanted = Signal(QPoint)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.rows = JobsListModel()
        self._delegate = JobRowDelegate(theme)
        self._chosen: tuple[Path, ...] = ()
        self.setModel(self.rows)
        self.setItemDelegate(self._delegate)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMouseTracking(True)
        self.setDragDropMode(QAbstractItemView.DragDropMode.InternalMove)
        self.setDefaultDropAction(Qt.DropAction.MoveAction)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.setAccessibleName("Jobs")
        self.customContextMenuRequested.connect(lambda at: self.menu_wanted.emit(self.viewport().mapToGlobal(at)))
        self.rows.moved.connect(self.moved)
        self.selectionModel().selectionChanged.connect(lambda *_: self._tell())
        theme.changed.connect(self.viewport().update)

    @property
    def folders(self) -> tuple[Path, ...]:
        """The jobs that are chosen, from top to bottom."""
        # To ask for each index on its own takes twenty times as long.
        blocks = sorted((block.top(), block.bottom() + 1) for block in self.selectionModel().selection())
        rows = (row for begin, end in blocks for row in self.rows.rows[begin:end])
        return tuple(row.folder for row in rows if isinstance(row, JobRow))

    def show_rows(self, rows: Sequence[_Row]) -> None:
        """Shows rows; what was chosen stays so while it is among them, and so does the place in the list."""
        kept, place = self._chosen, self.verticalScrollBar().value()
        at = self.currentIndex().row()
        with QSignalBlocker(self.selectionModel()):
            is_another = self.rows.show(rows)
            if is_another:
                self._select(kept)
        if is_another:
            if kept and not self.folders:
                self.choose_near(at)
            self.verticalScrollBar().setValue(place)
            self.viewport().update()
            self._tell()

    def choose(self, folders: Iterable[Path]) -> None:
        """Chooses jobs, the first of them current."""
        folders = tuple(folders)
        with QSignalBlocker(self.selectionModel()):
            self._select(folders)
        if folders and (number := self.rows.number_of(folders[0])) is not None:
            self.scrollTo(self.rows.index(number))
        self.viewport().update()
        self._tell()

    def choose_near(self, number: int) -> None:
        """Chooses the job at a row, or the nearest after it, or else before."""
        jobs = [at for at, row in enumerate(self.rows.rows) if isinstance(row, JobRow)]
        if jobs:
            nearest = next((at for at in jobs if at >= number), jobs[-1])
            row = self.rows.rows[nearest]
            if isinstance(row, JobRow):
                self.choose([row.folder])

    def _select(self, folders: Sequence[Path]) -> None:
        selection = QItemSelection()
        numbers = [number for folder in folders if (number := self.rows.number_of(folder)) is not None]
        for begin, last in _blocks(numbers):
            selection.select(self.rows.index(begin), self.rows.index(last))
        self.selectionModel().select(selection, QItemSelectionModel.SelectionFlag.ClearAndSelect)
        if numbers:
            self.selectionModel().setCurrentIndex(
                self.rows.index(numbers[0]), QItemSelectionModel.SelectionFlag.NoUpdate
            )

    def _tell(self) -> None:
        folders = self.folders
        if folders != self._chosen:
            self._chosen = folders
            self.chosen.emit(folders)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Moves, opens, removes, or moves in the queue; where nothing is chosen, chooses the job it is at first."""
        is_alt = event.modifiers() == Qt.KeyboardModifier.AltModifier
        is_without_choice = not self.folders
        if is_without_choice and not is_alt and event.key() in _CHOOSING:
            # Tab makes a row current without choosing it, and Qt's keys then leave the only row as it is.
            self.choose_near(self.currentIndex().row())
        match event.key():
            case Qt.Key.Key_Up | Qt.Key.Key_Down if is_alt:
                self._move(-1 if event.key() == Qt.Key.Key_Up else 1)
            case Qt.Key.Key_Return | Qt.Key.Key_Enter:
                self.entered.emit()
            case Qt.Key.Key_Up | Qt.Key.Key_Down | Qt.Key.Key_Space if is_without_choice:
                event.accept()
            case Qt.Key.Key_Delete:
                self.removal_wanted.emit()
            case Qt.Key.Key_Home | Qt.Key.Key_End if not event.modifiers():
                self.choose_near(0 if event.key() == Qt.Key.Key_Home else len(self.rows.rows))
            case _:
                super().keyPressEvent(event)

    def _move(self, step: int) -> None:
        """Moves the current job in the queue, past the next one of it that is shown."""
        at = self.currentIndex().row()
        if at < 0:
            return
        row = self.rows.rows[at]
        if isinstance(row, JobRow):
            place = moved_place(self.rows.rows, row.folder, max(at - 1, 0) if step < 0 else at + 2)
            if place is not None:
                self.moved.emit(row.folder, place)


def _blocks(numbers: Iterable[int]) -> list[tuple[int, int]]:
    """Returns the first and the last of each block of numbers that follow one another."""
    blocks: list[tuple[int, int]] = []
    for number in sorted(numbers):
        if blocks and blocks[-1][1] == number - 1:
            blocks[-1] = (blocks[-1][0], number)
        else:
            blocks.append((number, number))
    return blocks
