"""The list of segments: swatch, name, score and share of the image; sorted by any of them."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QIcon, QPalette
from PySide6.QtWidgets import QHeaderView, QStackedLayout, QWidget

from lpsnet.structures import Segment
from lpsnet_studio.inspector.overlays import step_color
from lpsnet_studio.session import Session
from lpsnet_studio.state import Result
from lpsnet_studio.tables.sorted_table import SortedTable, swatch_icon
from lpsnet_studio.tables.sorting import arranged
from lpsnet_studio.tables.table_model import TableModel
from lpsnet_studio.texts import empty_state

__all__ = ["SegmentsList", "SegmentsModel"]

_NOTHING_YET = "Segments are listed here once an image has been inspected."
_COLUMNS = ("Segment", "Score", "Area")
_TIPS = (
    "Class of the segment, with its number for a thing.",
    "Of the box that the thing came from, 0 to 1.",
    "Share of the image.",
)


class SegmentsModel(TableModel[Segment]):
    """The final segments of a result; those not pasted yet at the merge position are dim."""

    titles, tips, numbers = _COLUMNS, _TIPS, (1, 2)

    def __init__(self) -> None:
        super().__init__()
        self._result: Result | None = None
        self._segments: tuple[Segment, ...] = ()
        self._founded: dict[int, int] = {}
        self._position = 0

    @property
    def shown(self) -> tuple[Segment, ...]:
        """The segments; their own order is that of the merge."""
        return self._segments

    def _arrange(self) -> None:
        segments = () if self._result is None else self._result.trace.segments
        self._segments = tuple(arranged(segments, self._order, self._sort_value))

    def _sort_value(self, segment: Segment, column: int) -> Any:
        assert self._result is not None
        if column == 0:
            return self._result.categories[segment.label].name.casefold(), segment.id
        return segment.score if column == 1 else segment.area

    def set_result(self, result: Result | None, position: int) -> None:
        """Shows a result."""
        self._result, self._position = result, position
        steps = () if result is None else result.trace.steps
        self._founded = {step.owner: index for index, step in enumerate(steps) if step.owner}
        self._rearrange()

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

    def _cell(self, segment: Segment, column: int, role: int) -> Any:
        assert self._result is not None
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return self._text(segment, column)
            case Qt.ItemDataRole.DecorationRole if column == 0:
                return self._swatch(self._result, segment)
            case Qt.ItemDataRole.ToolTipRole:
                return self._when_pasted(self._result, segment)
            case Qt.ItemDataRole.ForegroundRole if self._founded.get(segment.id, 0) >= self._position:
                return QGuiApplication.palette().color(QPalette.ColorRole.PlaceholderText)
        return None

    def _text(self, segment: Segment, column: int) -> str:
        assert self._result is not None
        if column == 0:
            category = self._result.categories[segment.label]
            return f"{category.name} #{segment.id}" if category.isthing else category.name
        if column == 1:
            return "" if segment.score is None else f"{segment.score:.2f}"
        height, width = self._result.size
        return _percent(segment.area / (height * width))

    def _when_pasted(self, result: Result, segment: Segment) -> str:
        """Says at which step of the merge the segment comes in, for one that is not on the canvas yet."""
        founded = self._founded.get(segment.id)
        if founded is None:
            return ""
        where = f"step {founded + 1} of {len(result.trace.steps)}"
        return f"Comes in at {where}" if founded >= self._position else f"Came in at {where}"

    def _swatch(self, result: Result, segment: Segment) -> QIcon:
        founded = self._founded.get(segment.id)
        neutral = (128, 128, 128)
        return swatch_icon(neutral if founded is None else step_color(result.trace.steps[founded], result.categories))


class SegmentsList(QWidget):
    """The segments of the current result; selecting one selects it everywhere, a double click goes to its step."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self.model = SegmentsModel()
        self.table = SortedTable(self.model, "Segments")
        header = self.table.horizontalHeader()
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.table.fit_columns({1: "0.00", 2: "< 0.1 %"})
        self._empty = empty_state(_NOTHING_YET)
        self.setMinimumSize(180, 60)
        self._stack = QStackedLayout(self)
        self._stack.addWidget(self._empty)
        self._stack.addWidget(self.table)
        session.result_changed.connect(self._show_result)
        session.position_changed.connect(lambda position, _windows: self.model.set_position(position))
        session.selection_changed.connect(self._show_selection)
        self.model.modelReset.connect(self._show_selected_again)
        self.table.current_row_changed.connect(lambda row: session.select(self.model.owner(row)))
        self.table.clicked.connect(lambda index: session.select(self.model.owner(index.row())))
        self.table.activated.connect(lambda index: self._go_to_step(index.row()))
        self.table.doubleClicked.connect(lambda index: self._go_to_step(index.row()))
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

    def _show_selected_again(self) -> None:
        self._show_selection(self._session.selected)

    def _show_selection(self, owner: int) -> None:
        self.table.mark_row(self.model.row_of(owner))

    def _go_to_step(self, row: int) -> None:
        """Goes to the step at which a segment comes in."""
        result = self._session.result
        index = -1 if result is None else result.step_of(self.model.owner(row))
        if index >= 0:
            self._session.play(False)
            self._session.seek(index + 1)


def _percent(share: float) -> str:
    """Returns a share in percent; of a segment, which has a pixel at least, never 0.0."""
    return f"{100 * share:.1f} %" if share >= 0.0005 else "< 0.1 %"
