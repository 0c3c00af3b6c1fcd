"""The pictures of a batch as they are done, the worst first, under what the evaluation came to."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent, QKeyEvent, QPalette, QShowEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QGridLayout,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from lpsnet.events import EvaluationDone, PictureDone
from lpsnet_studio.background import Background, Task, is_awaited, pass_on
from lpsnet_studio.jobs.batch_pictures import BatchPictures, BatchSheet, cost_lines, qualities
from lpsnet_studio.jobs.job_words import percent
from lpsnet_studio.labels import ElidedLabel, as_tip
from lpsnet_studio.theme import Theme, caption_font, figure_font

__all__ = ["BatchPicturesView", "EvaluationFigures", "PicturesTable"]

_Index = QModelIndex | QPersistentModelIndex
_INTERVAL = 1000
"""Milliseconds between two looks at the file, while the table is on the screen."""
_COLUMNS = ("File name", "PQ", "TP", "FP", "FN", "Problem")
_TIPS = (
    "As the data set has it.",
    "Panoptic quality of this picture alone, in per cent.",
    "Pairs of segments that match.",
    "Predicted segments without a match.",
    "True segments without a match.",
    "Why the picture failed.",
)
_NOTHING = "No picture had its turn yet. They come here as they are done"
_WORST_FIRST = ", the worst first"
_NONE_FOUND = "No picture has these words in its name."
_QUALITY_TIPS = (
    "Panoptic quality: SQ times RQ, in per cent.",
    "Segmentation quality: mean IoU of the segments that match, in per cent.",
    "Recognition quality: F1 of the segments, in per cent.",
)


class _Pictures(QAbstractTableModel):
    """A picture a row."""

    def __init__(self) -> None:
        super().__init__()
        self.pictures: Sequence[PictureDone] = ()

    def show(self, pictures: Sequence[PictureDone]) -> None:
        """Shows pictures."""
        self.beginResetModel()
        self.pictures = pictures
        self.endResetModel()

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 — Qt's own default
        """Returns how many pictures there are."""
        return 0 if parent.isValid() else len(self.pictures)

    def columnCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008
        """Returns how many facts of each."""
        return 0 if parent.isValid() else len(_COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Returns what a column is called, and what it means."""
        if orientation is not Qt.Orientation.Horizontal:
            return None
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return _COLUMNS[section]
            case Qt.ItemDataRole.ToolTipRole:
                return _TIPS[section]
            case Qt.ItemDataRole.TextAlignmentRole:
                return _alignment(section)
        return None

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Returns a fact of a picture."""
        if not index.isValid():
            return None
        picture, column = self.pictures[index.row()], index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return _cell(picture, column)
        if role == Qt.ItemDataRole.ToolTipRole and column in (0, len(_COLUMNS) - 1):
            return as_tip(_cell(picture, column))
        return _alignment(column) if role == Qt.ItemDataRole.TextAlignmentRole else None


def _alignment(column: int) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignRight if 0 < column < len(_COLUMNS) - 1 else Qt.AlignmentFlag.AlignLeft
    return side | Qt.AlignmentFlag.AlignVCenter


def _cell(picture: PictureDone, column: int) -> str:
    match column:
        case 0:
            return picture.file_name
        case 1:
            return percent(picture.pq)
        case 5:
            return picture.problem
    count = (picture.tp, picture.fp, picture.fn)[column - 2]
    return "—" if count is None else f"{count:,}"


class PicturesTable(QTableView):
    """The table of pictures.

    Signals:
        opened: Enter or a double click on a picture, by its file name.
    """

    opened = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.rows = _Pictures()
        self.setModel(self.rows)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)
        self.setWordWrap(False)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setFont(figure_font(self.font()))
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.verticalHeader().setDefaultSectionSize(self.fontMetrics().lineSpacing() + 8)
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        for column in range(1, 5):
            header.resizeSection(column, 56)
        self.show_quality(True)
        self.setToolTip("Enter or a double click shows a picture in Inspect.")
        self.doubleClicked.connect(lambda index: self._open(index.row()))

    def show_pictures(self, pictures: Sequence[PictureDone]) -> None:
        """Shows pictures; the one that is current stays so, and so does the place in the table."""
        current, place = self.current, self.verticalScrollBar().value()
        self.rows.show(pictures)
        # What failed comes first.
        has_problems = bool(pictures) and bool(pictures[0].problem)
        self.setColumnHidden(len(_COLUMNS) - 1, not has_problems)
        self.horizontalHeader().setSectionResizeMode(
            len(_COLUMNS) - 1, QHeaderView.ResizeMode.Stretch if has_problems else QHeaderView.ResizeMode.Fixed
        )
        if current is not None:
            at = next((at for at, picture in enumerate(pictures) if picture.done == current.done), None)
            self.setCurrentIndex(self.rows.index(at, 0) if at is not None else QModelIndex())
        self.verticalScrollBar().setValue(place)

    def show_quality(self, shown: bool) -> None:
        """Shows how good each picture is, or leaves that out where none is measured."""
        for column in range(1, len(_COLUMNS) - 1):
            self.setColumnHidden(column, not shown)
        self.setAccessibleName(f"Pictures{_WORST_FIRST}" if shown else "Pictures")

    @property
    def current(self) -> PictureDone | None:
        """The current picture."""
        row = self.currentIndex().row()
        return self.rows.pictures[row] if 0 <= row < len(self.rows.pictures) else None

    def _open(self, row: int) -> None:
        if 0 <= row < len(self.rows.pictures):
            self.opened.emit(self.rows.pictures[row].file_name)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Opens the current picture, or moves."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._open(self.currentIndex().row())
        else:
            super().keyPressEvent(event)


class EvaluationFigures(QWidget):
    """PQ, SQ and RQ over all classes, things and stuff, and the other figures under them."""

    def __init__(self) -> None:
        super().__init__()
        grid = QGridLayout()
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(24)
        grid.setVerticalSpacing(4)
        self.cells: list[list[QLabel]] = []
        for column, (name, tip) in enumerate(zip(("PQ", "SQ", "RQ"), _QUALITY_TIPS, strict=True), 1):
            caption = self._caption(name)
            caption.setToolTip(tip)
            caption.setAlignment(Qt.AlignmentFlag.AlignRight)
            grid.addWidget(caption, 0, column)
        for row, over in enumerate(("All classes", "Things", "Stuff"), 1):
            grid.addWidget(self._caption(over), row, 0)
            self.cells.append([QLabel() for _figure in range(3)])
            for column, cell in enumerate(self.cells[-1], 1):
                cell.setFont(figure_font(self.font()))
                cell.setAlignment(Qt.AlignmentFlag.AlignRight)
                cell.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
                grid.addWidget(cell, row, column)
        self.others = QLabel()
        self.others.setTextFormat(Qt.TextFormat.PlainText)
        self.others.setWordWrap(True)
        self.others.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.others.setAlignment(Qt.AlignmentFlag.AlignTop)
        line = QHBoxLayout(self)
        line.setContentsMargins(8, 0, 8, 0)
        line.setSpacing(32)
        line.addLayout(grid)
        line.addWidget(self.others, 1)

    def _caption(self, words: str) -> QLabel:
        caption = QLabel(words)
        caption.setFont(caption_font(self.font()))
        caption.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        return caption

    def show_figures(self, done: EvaluationDone) -> None:
        """Shows what an evaluation came to."""
        for row, quality in zip(self.cells, qualities(done), strict=True):
            for cell, words, name in zip(row, (quality.pq, quality.sq, quality.rq), ("PQ", "SQ", "RQ"), strict=True):
                cell.setText(words)
                cell.setAccessibleName(f"{name}, {quality.over.lower()}: {words}")
        self.others.setText("\n".join(cost_lines(done)))


class BatchPicturesView(QWidget):
    """Shows the pictures of one batch at a time, and reads on while it can be seen.

    Signals:
        opened: a picture is wanted in Inspect, by its file name.
    """

    opened = Signal(str)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._batch: BatchPictures | None = None
        self.sheet = BatchSheet()
        self.figures, self.table, self.search = EvaluationFigures(), PicturesTable(), QLineEdit()
        self._count, self._state = ElidedLabel(), QLabel()
        self._background = Background(pass_on, self)
        self._reading: Task | None = None
        self._finding: Task | None = None
        self._timer = QTimer(self, interval=_INTERVAL)
        self._timer.timeout.connect(self._read)
        self.search.setPlaceholderText("Find a picture")
        self.search.setAccessibleName("Find a picture")
        self.search.setToolTip("Only pictures whose file name has these words.")
        self.search.setClearButtonEnabled(True)
        self.search.setMaximumWidth(220)
        self.search.textChanged.connect(lambda _text: self._show())
        self.table.opened.connect(self.opened)
        self._count.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self._state.setWordWrap(True)
        self._state.setTextFormat(Qt.TextFormat.PlainText)
        self._state.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._state.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        above = QHBoxLayout()
        above.addWidget(self._count, 1)
        above.addWidget(self.search)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 8, 8, 8)
        layout.setSpacing(8)
        layout.addWidget(self.figures)
        layout.addLayout(above)
        layout.addWidget(self.table, 1)
        layout.addWidget(self._state, 1)
        self._show()

    def show_batch(self, events: Path | None) -> None:
        """Shows the pictures of a batch from now on, by its events; None for none. Again it changes nothing."""
        if events == (None if self._batch is None else self._batch.path):
            return
        self._background.cancel()
        self._reading = self._finding = None
        self._batch = None if events is None else BatchPictures(events)
        self.sheet = BatchSheet()
        self._show()
        self._read()

    def close_pictures(self) -> None:
        """Ends reading; called before the window goes."""
        self._timer.stop()
        self._background.cancel()
        self._background.wait(300)

    def showEvent(self, event: QShowEvent) -> None:
        """Reads on."""
        super().showEvent(event)
        self._timer.start()
        self._read()

    def hideEvent(self, event: QHideEvent) -> None:
        """Reads nothing that nobody sees."""
        super().hideEvent(event)
        self._timer.stop()

    def _read(self) -> None:
        if self._batch is not None and self.isVisible() and not is_awaited(self._reading):
            batch = self._batch
            self._reading = self._background.run(lambda: _read_kindly(batch), self._take)

    def _take(self, found: BatchSheet | str) -> None:
        if isinstance(found, str):
            self._say(found)
        elif found is not self.sheet:
            self.sheet = found
            self._show()
            if found.has_more:
                self._timer.start(0)
            elif self._timer.interval() != _INTERVAL:
                self._timer.start(_INTERVAL)

    def _show(self) -> None:
        words, pictures = self.search.text().casefold().split(), self.sheet.pictures
        if self._finding is not None:
            self._background.withdraw(self._finding)
        if words:
            self._finding = self._background.run(lambda: _having(pictures, words), self._show_found)
        else:
            self._show_found(pictures)
        self.figures.setVisible(self.sheet.done is not None)
        if self.sheet.done is not None:
            self.figures.show_figures(self.sheet.done)
        self._count.setText(_count_words(self.sheet))

    def _show_found(self, pictures: Sequence[PictureDone]) -> None:
        has_quality = self.sheet.has_quality
        self.table.show_quality(has_quality)
        self.table.show_pictures(pictures)
        nothing = f"{_NOTHING}{_WORST_FIRST if has_quality else ''}."
        self._say("" if pictures else _NONE_FOUND if self.sheet.pictures else nothing)

    def _say(self, words: str) -> None:
        self._state.setText(words)
        self._state.setVisible(bool(words))
        self.table.setVisible(not words)
        self.search.setEnabled(bool(self.sheet.pictures))


def _having(pictures: Sequence[PictureDone], words: Sequence[str]) -> list[PictureDone]:
    """Returns the pictures in whose name every word occurs."""
    return [picture for picture in pictures if all(word in picture.file_name.casefold() for word in words)]


def _read_kindly(batch: BatchPictures) -> BatchSheet | str:
    """Reads on; a file that cannot be read is told of in a sentence."""
    try:
        return batch.read()
    except OSError as error:
        return f"{batch.path} could not be read: {error.strerror or error}"


def _count_words(sheet: BatchSheet) -> str:
    if not sheet.pictures:
        return ""
    total = f" of {sheet.total:,}" if sheet.total else ""
    order = _WORST_FIRST if sheet.is_measured else ""
    failed = f"; {sheet.failed:,} failed" if sheet.failed else ""
    return f"{len(sheet.pictures):,}{total} pictures done{order}{failed}"
