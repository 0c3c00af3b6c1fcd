"""Pictures of evaluations in a table: a row an evaluation, the newest first, a column a picture."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
)

from lpsnet_studio.jobs.sample_pictures_view import SamplePictures
from lpsnet_studio.jobs.samples import EvaluationSamples, Sample, SampleSheet, picture_title
from lpsnet_studio.labels import as_tip
from lpsnet_studio.theme import Theme, caption_font, figure_font

__all__ = ["SamplesGrid", "SamplesModel"]

_CELL = QSize(208, 120)
_MARGIN, _LINE = 4, 2
_Index = QModelIndex | QPersistentModelIndex
_GONE = "not drawn"
_STYLE = "QHeaderView, QTableCornerButton::section { background: palette(base); border: none; }"


class SamplesModel(QAbstractTableModel):
    """The table of pictures; turned, it is one picture's row, the oldest evaluation first.

    Args:
        follows: the name of the picture whose row it is; None for the table of all.
    """

    def __init__(self, follows: str | None = None) -> None:
        super().__init__()
        self.sheet = SampleSheet()
        self.follows = follows

    def show(self, sheet: SampleSheet, follows: str | None = None) -> None:
        """Shows other pictures; nothing happens if they are the same."""
        if sheet == self.sheet and follows == self.follows:
            return
        self.beginResetModel()
        self.sheet, self.follows = sheet, follows
        self.endResetModel()

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 — Qt's own default
        """Returns how many evaluations there are, or the one row."""
        if parent.isValid() or not self.sheet.evaluations:
            return 0
        return len(self.sheet.evaluations) if self.follows is None else 1

    def columnCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008
        """Returns how many pictures there are, or the evaluations."""
        if parent.isValid():
            return 0
        return len(self.sheet.names) if self.follows is None else len(self.sheet.evaluations)

    def evaluation(self, index: _Index) -> EvaluationSamples:
        """Returns the evaluation of a cell."""
        evaluations = self.sheet.evaluations
        return evaluations[index.row()] if self.follows is None else evaluations[-1 - index.column()]

    def name(self, index: _Index) -> str:
        """Returns the picture's name in a cell."""
        return self.sheet.names[index.column()] if self.follows is None else self.follows

    def sample(self, index: _Index) -> Sample | None:
        """Returns what a cell shows; None if its evaluation has no such picture."""
        return self.evaluation(index).sample(self.name(index)) if index.isValid() else None

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Returns what a cell shows, in words."""
        if index.isValid() and role in (Qt.ItemDataRole.AccessibleTextRole, Qt.ItemDataRole.ToolTipRole):
            evaluation = self.evaluation(index)
            words = f"{picture_title(self.name(index))}, iteration {evaluation.iteration:,}, PQ {evaluation.pq_words}"
            return as_tip(words) if role == Qt.ItemDataRole.ToolTipRole else words
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Returns the iteration and its PQ beside a row, the picture's name above a column."""
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        is_evaluation = (orientation == Qt.Orientation.Vertical) == (self.follows is None)
        if not is_evaluation:
            return picture_title(self.sheet.names[section]) if self.follows is None else None
        evaluation = self.sheet.evaluations[section if self.follows is None else -1 - section]
        gap = "\n" if self.follows is None else "  "
        return f"{evaluation.iteration:,}{gap}PQ {evaluation.pq_words}"


class _Cell(QStyledItemDelegate):
    """Paints a picture, or why there is none."""

    def __init__(self, theme: Theme, model: SamplesModel, pictures: SamplePictures) -> None:
        super().__init__()
        self._theme, self._model, self._pictures = theme, model, pictures

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        """Paints the cell; the accent frames the one that the keys act on."""
        colors = self._theme.palette
        inside = option.rect.adjusted(_MARGIN, _MARGIN, -_MARGIN, -_MARGIN)
        sample = self._model.sample(index)
        picture = None if sample is None else self._pictures.find(sample)
        painter.save()
        # The table has filled what is selected with the accent, which would outshine the picture.
        painter.fillRect(option.rect, QColor(colors.panel))
        if picture is not None:
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            place = QRect(QPoint(), picture.size().scaled(inside.size(), Qt.AspectRatioMode.KeepAspectRatio))
            place.moveCenter(inside.center())
            painter.drawPixmap(place, picture)
        else:
            painter.fillRect(inside, QColor(colors.raised if colors.raised != colors.panel else colors.window))
            words = _GONE if sample is None else _short(self._pictures.problem(sample), sample)
            painter.setPen(QColor(colors.dim))
            painter.setFont(caption_font(option.font))
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(inside.adjusted(_MARGIN, 0, -_MARGIN, 0), int(flags), words)
        if option.state & QStyle.StateFlag.State_Selected:
            painter.setPen(QPen(QColor(colors.accent), _LINE))
            painter.drawRect(option.rect.adjusted(_LINE, _LINE, -_LINE, -_LINE))
        painter.restore()


class SamplesGrid(QTableView):
    """The table on the screen; what is visible is decoded, and what lies around it.

    Args:
        theme: gives colours.
        model: what is shown.
        pictures: decodes it.

    Signals:
        opened: a cell that was clicked, or on which Enter was pressed.
    """

    opened = Signal(QModelIndex)

    def __init__(self, theme: Theme, model: SamplesModel, pictures: SamplePictures) -> None:
        super().__init__()
        self._model, self._pictures = model, pictures
        self._cell = _Cell(theme, model, pictures)
        self.setModel(model)
        self.setItemDelegate(self._cell)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)
        self.setCornerButtonEnabled(False)
        for header, size in ((self.horizontalHeader(), _CELL.width()), (self.verticalHeader(), _CELL.height())):
            header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
            header.setDefaultSectionSize(size)
            header.setFont(figure_font(caption_font(self.font())))
            header.setSectionsClickable(False)
            header.setHighlightSections(False)
        self.setAccessibleName("Sample predictions")
        self.setStyleSheet(_STYLE)
        self._told: list[Sample] = []
        pictures.made.connect(lambda _sample: self.viewport().update())
        theme.changed.connect(self.viewport().update)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paints, and has decoded what is on the screen."""
        super().paintEvent(event)
        samples = self._samples_on_screen()
        if samples != self._told:
            self._told = samples
            self._pictures.want(samples)

    def want_again(self) -> None:
        """Has decoded what is on the screen, whatever was asked for elsewhere meanwhile."""
        self._told = []
        self.viewport().update()

    def _samples_on_screen(self) -> list[Sample]:
        rows = _seen(self.rowAt, self.viewport().height(), self._model.rowCount())
        columns = _seen(self.columnAt, self.viewport().width(), self._model.columnCount())
        cells = (self._model.index(row, column) for row in rows for column in columns)
        return [sample for cell in cells if (sample := self._model.sample(cell)) is not None]

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Opens the current cell at Enter and Space."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space) and self.currentIndex().isValid():
            self.opened.emit(self.currentIndex())
            event.accept()
            return
        super().keyPressEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Opens the cell that was clicked."""
        super().mouseReleaseEvent(event)
        index = self.indexAt(event.position().toPoint())
        if event.button() == Qt.MouseButton.LeftButton and index.isValid() and index == self.currentIndex():
            self.opened.emit(index)


def _short(problem: str, sample: Sample) -> str:
    """Returns what is wrong without the folders, which the row names."""
    return problem.replace(str(sample.path), sample.path.name)


def _seen(section_at: Callable[[int], int], length: int, count: int) -> range:
    """Returns the sections of a table that are visible."""
    if not count:
        return range(0)
    first, last = section_at(0), section_at(length - 1)
    return range(max(first, 0), (last if last >= 0 else count - 1) + 1)
