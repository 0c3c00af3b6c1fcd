"""The boxes over a pixel, by descending score: which of them owns it, and what became of the others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHeaderView, QSizePolicy, QVBoxLayout, QWidget

from lpsnet_studio.inspector.levels_words import FATE_NAMES
from lpsnet_studio.inspector.overlays import step_color
from lpsnet_studio.inspector.probe_model import Covering
from lpsnet_studio.labels import as_tip
from lpsnet_studio.state import Result
from lpsnet_studio.tables.sorted_table import SortedTable, swatch_icon
from lpsnet_studio.tables.sorting import arranged
from lpsnet_studio.tables.table_model import TableModel

__all__ = ["BoxesTable", "BoxesTableModel"]

_COLUMNS = ("Box", "Score", "Level", "Fate")
_TITLES = ("Box", "Score", "Lvl", "Fate")
"""What there is room for in a narrow panel."""
_TIPS = (
    "Class of the box, with the number of the segment that it founded; ▸ marks the one that owns the pixel.",
    "What it was ranked by, 0 to 1.",
    "Pyramid level that it came from, P3 to P7.",
    "What became of it: its tool tip says why.",
)
_ROWS_IN_SIGHT = 6
_NAME, _SCORE, _LEVEL, _FATE = range(len(_COLUMNS))
_NAME_CHARACTERS = 9
"""How many of a class's name can be read even in a narrow panel."""


class BoxesTableModel(TableModel[Covering]):
    """The boxes over a pixel."""

    titles, spoken, tips, numbers = _TITLES, _COLUMNS, _TIPS, (_SCORE, _LEVEL)
    own_order = "descending scores"

    def __init__(self) -> None:
        super().__init__()
        self._result: Result | None = None
        self._boxes: Sequence[Covering] = ()
        self._shown: Sequence[Covering] = ()

    @property
    def shown(self) -> Sequence[Covering]:
        """The boxes; their own order is by descending score."""
        return self._shown

    def set_boxes(self, result: Result | None, boxes: Sequence[Covering]) -> None:
        """Shows boxes of a result."""
        self._result, self._boxes = result, boxes
        self._rearrange()

    def _arrange(self) -> None:
        # By their own order, none is told before it is seen.
        self._shown = self._boxes if self._order.column < 0 else arranged(self._boxes, self._order, _sort_value)

    def box(self, row: int) -> Covering:
        """Returns the box of a row."""
        return self._shown[row]

    def _text(self, box: Covering, column: int) -> str:
        match column:
            case 0:
                return box.name
            case 1:
                return f"{box.score:.2f}"
            case 2:
                return f"P{box.level}" if box.level else ""
        return FATE_NAMES[box.fate]

    def _cell(self, box: Covering, column: int, role: int) -> Any:
        assert self._result is not None
        match role:
            case Qt.ItemDataRole.DisplayRole:
                text = self._text(box, column)
                return f"▸ {text}" if box.is_owner and column == 0 else text
            case Qt.ItemDataRole.DecorationRole if column == 0:
                steps, categories = self._result.trace.steps, self._result.categories
                founded = steps[box.step] if box.owner else None
                return swatch_icon(categories[box.label].color if founded is None else step_color(founded, categories))
            case Qt.ItemDataRole.ToolTipRole:
                return as_tip(f"{box.name} · {FATE_NAMES[box.fate]}\n{box.reason}")
            case Qt.ItemDataRole.AccessibleTextRole:
                owner = ", owner" if box.is_owner else ""
                return f"{_COLUMNS[column]}: {self._text(box, column) or 'none'}{owner}"
        return None


class _FittedTable(SortedTable):
    """Gives what room there is to the names first: where it is little, levels are hidden, then fates are elided."""

    def __init__(self, model: BoxesTableModel) -> None:
        super().__init__(model, "Boxes over the pixel", "Descending score")
        header = self.horizontalHeader()
        header.setMinimumSectionSize(0)
        header.setSectionResizeMode(_NAME, QHeaderView.ResizeMode.Stretch)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.fit_columns({_SCORE: "0.00", _LEVEL: "P0", _FATE: "Threshold"})
        self._level, self._fate = self.columnWidth(_LEVEL), self.columnWidth(_FATE)

    @property
    def _least_name(self) -> int:
        """The width of a swatch, the mark of the owner and a few characters of a name."""
        return self.width_of(_NAME, f"▸ {'n' * _NAME_CHARACTERS}") + self.iconSize().width()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Shares the room out anew: it is less beside a scroll bar."""
        super().resizeEvent(event)
        room = self.viewport().width() - self._least_name - self.columnWidth(_SCORE)
        self.setColumnHidden(_LEVEL, room < self._level + self._fate)
        least = self.width_of(_FATE, "Kept")
        self.setColumnWidth(_FATE, min(max(room, least), self._fate))


class BoxesTable(QWidget):
    """The table of the boxes over a pixel, of which a few are in sight and the others are scrolled to.

    Attributes:
        chosen: a :class:`Covering` that the user clicked, or went to with the arrows.
        entered: likewise, with a double click or Enter.
    """

    chosen = Signal(object)
    entered = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.model = BoxesTableModel()
        self.table = _FittedTable(self.model)
        row = self.table.verticalHeader().defaultSectionSize()
        self.table.setFixedHeight(self.table.horizontalHeader().sizeHint().height() + _ROWS_IN_SIGHT * row + 6)
        self.table.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.table)
        self.table.current_row_changed.connect(lambda row: self.chosen.emit(self.model.box(row)))
        self.table.clicked.connect(lambda index: self.chosen.emit(self.model.box(index.row())))
        self.table.activated.connect(lambda index: self.entered.emit(self.model.box(index.row())))
        self.table.doubleClicked.connect(lambda index: self.entered.emit(self.model.box(index.row())))

    def set_boxes(self, result: Result | None, boxes: Sequence[Covering]) -> None:
        """Shows boxes of a result."""
        self.model.set_boxes(result, boxes)


def _sort_value(box: Covering, column: int) -> Any:
    match column:
        case 0:
            return box.name.casefold()
        case 1:
            return box.score
        case 2:
            return box.level or None
    return int(box.fate)
