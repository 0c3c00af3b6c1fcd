"""The list of segments: swatch, name, score and share of the image."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, QSize, Qt
from PySide6.QtGui import QColor, QIcon, QPixmap
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QLabel, QSizePolicy, QStackedLayout, QTableView, QWidget

from lpsnet.structures import Segment
from lpsnet_studio.inspector.overlays import step_color
from lpsnet_studio.session import Session
from lpsnet_studio.state import Result

__all__ = ["SegmentsList", "SegmentsModel"]

_NOTHING_YET = "Segments are listed here once an image has been inspected."
_COLUMNS = ("Segment", "Score", "Area")
_Index = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()


class SegmentsModel(QAbstractTableModel):
    """The final segments of a result; those not pasted yet at the merge position are dim."""

    def __init__(self) -> None:
        super().__init__()
        self._result: Result | None = None
        self._segments: tuple[Segment, ...] = ()
        self._founded: dict[int, int] = {}
        self._position = 0

    def set_result(self, result: Result | None, position: int) -> None:
        """Shows a result."""
        self.beginResetModel()
        self._result, self._position = result, position
        self._segments = () if result is None else result.trace.segments
        steps = () if result is None else result.trace.steps
        self._founded = {step.owner: index for index, step in enumerate(steps) if step.owner}
        self.endResetModel()

    def set_position(self, position: int) -> None:
        """Tells how far the merge is."""
        self._position = position
        if self._segments:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self._segments) - 1, len(_COLUMNS) - 1))

    def owner(self, row: int) -> int:
        """Returns the owner number in a row; 0 if there is no such row."""
        return self._segments[row].id if 0 <= row < len(self._segments) else 0

    def row_of(self, owner: int) -> int:
        """Returns the row of an owner number; -1 if it has none."""
        return next((row for row, segment in enumerate(self._segments) if segment.id == owner), -1)

    def rowCount(self, parent: _Index = _ROOT) -> int:
        """Returns how many segments there are."""
        return 0 if parent.isValid() else len(self._segments)

    def columnCount(self, parent: _Index = _ROOT) -> int:
        """Returns how many columns there are."""
        return 0 if parent.isValid() else len(_COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Returns the name of a column."""
        if orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return _COLUMNS[section]
        return None

    def flags(self, index: _Index) -> Qt.ItemFlag:
        """Lets every segment be selected."""
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Returns what a cell shows."""
        if not index.isValid() or self._result is None:
            return None
        segment, column = self._segments[index.row()], index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return self._text(self._result, segment, column)
        if role == Qt.ItemDataRole.DecorationRole and column == 0:
            return self._swatch(self._result, segment)
        if role == Qt.ItemDataRole.ToolTipRole:
            return self._when_pasted(self._result, segment)
        if role == Qt.ItemDataRole.TextAlignmentRole and column:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        if role == Qt.ItemDataRole.ForegroundRole and self._founded.get(segment.id, 0) >= self._position:
            return QColor(128, 134, 142)
        return None

    def _text(self, result: Result, segment: Segment, column: int) -> str:
        if column == 0:
            category = result.categories[segment.label]
            return f"{category.name} #{segment.id}" if category.isthing else category.name
        if column == 1:
            return "" if segment.score is None else f"{segment.score:.2f}"
        height, width = result.size
        return f"{100 * segment.area / (height * width):.1f} %"

    def _when_pasted(self, result: Result, segment: Segment) -> str:
        """Says at which step of the merge the segment comes in, for one that is not on the canvas yet."""
        founded = self._founded.get(segment.id)
        if founded is None:
            return ""
        where = f"step {founded + 1} of {len(result.trace.steps)}"
        return f"Comes in at {where}" if founded >= self._position else f"Came in at {where}"

    def _swatch(self, result: Result, segment: Segment) -> QIcon:
        """Returns the segment's colour; a selected row does not tint it."""
        swatch = QPixmap(12, 12)
        founded = self._founded.get(segment.id)
        color = (128, 128, 128) if founded is None else step_color(result.trace.steps[founded], result.categories)
        swatch.fill(QColor(*color))
        icon = QIcon(swatch)
        icon.addPixmap(swatch, QIcon.Mode.Selected)
        return icon


class SegmentsList(QWidget):
    """The segments of the current result; selecting one selects it everywhere."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self.model = SegmentsModel()
        self.table = QTableView()
        self.table.setModel(self.model)
        self.table.setAccessibleName("Segments")
        self.table.setShowGrid(False)
        self.table.setTabKeyNavigation(False)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.verticalHeader().hide()
        self.table.verticalHeader().setDefaultSectionSize(24)
        self.table.setIconSize(QSize(12, 12))
        header = self.table.horizontalHeader()
        header.setHighlightSections(False)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(2, QHeaderView.ResizeMode.ResizeToContents)
        self._empty = QLabel(_NOTHING_YET)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty.setWordWrap(True)
        self._empty.setContentsMargins(16, 16, 16, 16)
        self._empty.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)
        self.setMinimumSize(180, 60)
        self._stack = QStackedLayout(self)
        self._stack.addWidget(self._empty)
        self._stack.addWidget(self.table)
        session.result_changed.connect(self._show_result)
        session.position_changed.connect(lambda position, _windows: self.model.set_position(position))
        session.selection_changed.connect(self._show_selection)
        self.table.selectionModel().currentRowChanged.connect(self._select)
        self._show_result()

    def _show_result(self) -> None:
        result = self._session.result
        self.model.set_result(result, self._session.position)
        if result is not None and not result.trace.segments:
            self._empty.setText("This image has no segment at these settings.")
        elif result is None:
            self._empty.setText(_NOTHING_YET)
        self._stack.setCurrentIndex(1 if result is not None and result.trace.segments else 0)
        self._show_selection(self._session.selected)

    def _show_selection(self, owner: int) -> None:
        row = self.model.row_of(owner)
        selection = self.table.selectionModel()
        selection.blockSignals(True)
        if row < 0:
            self.table.clearSelection()
            self.table.setCurrentIndex(QModelIndex())
        else:
            self.table.selectRow(row)
            self.table.scrollTo(self.model.index(row, 0))
        selection.blockSignals(False)
        self.table.viewport().update()

    def _select(self, current: QModelIndex, _previous: QModelIndex) -> None:
        if current.isValid():
            self._session.select(self.model.owner(current.row()))
