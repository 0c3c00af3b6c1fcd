"""The order of the detections with and without border-ness, as a table."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QIcon, QPainter, QPalette
from PySide6.QtWidgets import (
    QHeaderView,
    QStackedWidget,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from lpsnet.analysis.fates import Fate
from lpsnet_studio.inspector.borderness_model import (
    Ranked,
    fate_sentence,
    moved_words,
    product_words,
    ranked,
    ranks_words,
    row_of_owner,
    summary,
)
from lpsnet_studio.inspector.overlays import step_color
from lpsnet_studio.inspector.widgets import Paragraph
from lpsnet_studio.labels import as_tip
from lpsnet_studio.session import Session
from lpsnet_studio.state import Result
from lpsnet_studio.tables.sorted_table import SortedTable, swatch_icon
from lpsnet_studio.tables.sorting import arranged
from lpsnet_studio.tables.table_model import Index, TableModel, side
from lpsnet_studio.texts import body
from lpsnet_studio.theme import caption_font

__all__ = ["Reranking", "RerankingModel"]

_TITLES = (
    "Box",
    "Moved",
    "Rank with border-ness",
    "Rank without border-ness",
    "Class score",
    "Border-ness",
    "Product",
)
_TIPS = (
    "Class of the detection, and below it class score × border-ness = product.",
    "By how many places border-ness moves it, and below from which rank to which.",
    "Its place by class score × border-ness; 1 is the best.",
    "Its place by the class score alone.",
    "Softmax of the class at its location.",
    "Predicted at its location.",
    "Class score × border-ness.",
)
_SHOWN = 2
"""Columns of their own; what the others hold stands on the second lines, and rows can be sorted by it all the same."""
_ROW_HEIGHT = 40
_PAD, _SWATCH = 4, 12
_GREY = (128, 128, 128)
_NOTHING_YET = "The order of the boxes is here once an image has been inspected."
_TRUE_BOXES = (
    "Boxes are those of the ground truth, which no border-ness ranks: turn the box oracle off to see the order."
)
_TRUE_BOXES_KEPT = (
    "This saved inspection holds the boxes of the ground truth, which no border-ness ranks: "
    "open the image itself with the network to see the order."
)
_CHOOSE = "Choose a row to see what became of its box."


class RerankingModel(TableModel[Ranked]):
    """The detections of a result, by their rank with border-ness unless they are sorted otherwise."""

    titles, tips, numbers = _TITLES, _TIPS, range(1, len(_TITLES))
    own_order = "the order of the rank with border-ness"

    def __init__(self) -> None:
        super().__init__()
        self._result: Result | None = None
        self._own: tuple[Ranked, ...] = ()
        self._rows: list[Ranked] = []

    @property
    def shown(self) -> list[Ranked]:
        """Every detection, as they are arranged."""
        return self._rows

    @property
    def rows(self) -> tuple[Ranked, ...]:
        """Every detection, by its rank with border-ness."""
        return self._own

    def set_result(self, result: Result | None) -> None:
        """Shows the detections of a result."""
        self._result = result
        self._own = () if result is None else ranked(result)
        self._rearrange()

    def _arrange(self) -> None:
        self._rows = arranged(self._own, self._order, _sort_value)

    def row(self, at: int) -> Ranked:
        """Returns the detection in a row."""
        return self._rows[at]

    def place_of(self, row: Ranked | None) -> int:
        """Returns in which row a detection stands; -1 if in none."""
        return -1 if row is None or row not in self._rows else self._rows.index(row)

    def _cell(self, row: Ranked, column: int, role: int) -> Any:
        assert self._result is not None
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return self._text(row, column)
            case Qt.ItemDataRole.UserRole:
                return ranks_words(row) if column else product_words(row)
            case Qt.ItemDataRole.DecorationRole if column == 0:
                return swatch_icon(_color(self._result, row))
            case Qt.ItemDataRole.AccessibleTextRole:
                return f"{self._text(row, column)}, {ranks_words(row) if column else product_words(row)}"
            case Qt.ItemDataRole.ToolTipRole:
                return as_tip(f"{self._text(row, 0)}\n{fate_sentence(self._result, row)}")
        return None

    def _text(self, row: Ranked, column: int) -> str:
        return (
            f"{row.name} #{row.owner}" if row.owner else f"{row.name}, {_IN_WORDS[row.fate]}",
            moved_words(row),
            f"{row.with_borderness:,}",
            f"{row.without:,}",
            f"{row.class_score:.2f}",
            f"{row.borderness:.2f}",
            f"{row.product:.2f}",
        )[column]


_IN_WORDS = {
    Fate.THRESHOLD: "below threshold",
    Fate.OVERLAP: "discarded",
    Fate.EMPTY: "empty",
    Fate.COVERED: "covered",
    Fate.KEPT: "kept",
}


def _sort_value(row: Ranked, column: int) -> Any:
    return (
        (row.name.casefold(), row.with_borderness),
        row.moved,
        row.with_borderness,
        row.without,
        row.class_score,
        row.borderness,
        row.product,
    )[column]


def _color(result: Result, row: Ranked) -> tuple[int, int, int]:
    return step_color(result.trace.steps[row.step], result.categories) if row.owner else _GREY


class _TwoLines(QStyledItemDelegate):
    """Paints a cell's text, and smaller below it the rest of the row's figures."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Paints both lines."""
        cell = QStyleOptionViewItem(option)
        self.initStyleOption(cell, index)
        words, icon, below = cell.text, QIcon(cell.icon), str(index.data(Qt.ItemDataRole.UserRole))
        cell.text, cell.icon = "", QIcon()
        cell.widget.style().drawControl(QStyle.ControlElement.CE_ItemViewItem, cell, painter, cell.widget)
        is_chosen = bool(cell.state & QStyle.StateFlag.State_Selected)
        where = side(index.column() > 0)
        place = cell.rect.adjusted(_PAD, _PAD, -_PAD, -_PAD)
        if not icon.isNull():
            icon.paint(painter, QRect(place.left(), place.top() + 2, _SWATCH, _SWATCH))
            place.setLeft(place.left() + _SWATCH + _PAD)
        upper, lower = QRect(place), QRect(place)
        upper.setHeight(cell.fontMetrics.height())
        lower.setTop(upper.bottom())
        painter.save()
        chosen, roles = cell.palette.highlightedText().color(), QPalette.ColorRole
        for line, text, font, role in (
            (upper, words, cell.font, roles.Text),
            (lower, below, caption_font(cell.font), roles.PlaceholderText),
        ):
            painter.setFont(font)
            painter.setPen(chosen if is_chosen else cell.palette.color(role))
            elided = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, line.width())
            painter.drawText(line, where, elided)
        painter.restore()

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """Returns room for two lines."""
        return QSize(120, _ROW_HEIGHT)


class Reranking(QWidget):
    """What border-ness does to the order of the boxes, in a sentence and as a table; a row selects its segment."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._shown_for: Result | None = None
        self._chosen: int = -1
        self.model = RerankingModel()
        self.table = SortedTable(self.model, "Detections with and without border-ness", "Best rank first")
        self.table.setItemDelegate(_TwoLines(self.table))
        self.table.verticalHeader().setDefaultSectionSize(_ROW_HEIGHT)
        self.table.horizontalHeader().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.table.fit_columns({1: "▼ 99 down"})
        for column in range(_SHOWN, len(_TITLES)):
            self.table.setColumnHidden(column, True)
        self.summary, self.detail = body(), Paragraph(4, caption=True)
        self._empty = body(_NOTHING_YET)
        self._lay_out()
        self.table.current_row_changed.connect(self._choose)
        self.table.clicked.connect(lambda index: self._choose(index.row()))
        self.model.modelReset.connect(self._mark)

    def _lay_out(self) -> None:
        self._empty.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._empty.setContentsMargins(12, 8, 12, 8)
        page = QWidget()
        layout = QVBoxLayout(page)
        layout.setContentsMargins(12, 8, 0, 8)
        layout.setSpacing(8)
        layout.addWidget(self.summary)
        layout.addWidget(self.table, 1)
        layout.addWidget(self.detail)
        self._stack = QStackedWidget()
        self._stack.addWidget(self._empty)
        self._stack.addWidget(page)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self._stack)

    def refresh(self) -> None:
        """Shows the detections of the result of now."""
        result = self._session.result
        if result is not self._shown_for:
            self._shown_for = result
            self._chosen = -1
            self.model.set_result(result)
        if result is None or result.candidates is None:
            self._empty.setText(_NOTHING_YET if result is None else self._why_unranked())
            self._stack.setCurrentIndex(0)
            return
        self._stack.setCurrentIndex(1)
        self.summary.setText(summary(self.model.rows, in_force=result.settings.use_borderness))
        self._mark()

    def _why_unranked(self) -> str:
        picture = self._session.picture
        return _TRUE_BOXES if picture is None or picture.kept is None else _TRUE_BOXES_KEPT

    def let_go(self) -> None:
        """Forgets the detections that it shows."""
        if self._shown_for is not None:
            self._shown_for, self._chosen = None, -1
            self.model.set_result(None)

    def _choose(self, at: int) -> None:
        """Selects the segment of a row's box; a box without one is told of, and nothing is selected."""
        row = self.model.row(at)
        self._chosen = row.detection
        self._session.select(row.owner)
        self._tell(row)

    def _mark(self) -> None:
        """Marks the row of the selected segment, or the one that the user went to if it has none."""
        rows, owner = self.model.rows, self._session.selected
        row = row_of_owner(rows, owner)
        if row is None and owner == 0:
            row = next((row for row in rows if row.detection == self._chosen and not row.owner), None)
        self._chosen = -1 if row is None else row.detection
        self.table.mark_row(self.model.place_of(row))
        self._tell(row)

    def _tell(self, row: Ranked | None) -> None:
        result, picture = self._session.result, self._session.picture
        if row is None or result is None:
            self.detail.setText(_CHOOSE)
            return
        size = None if picture is None else (picture.pixels.shape[0], picture.pixels.shape[1])
        self.detail.setText(f"{product_words(row)}. {fate_sentence(result, row, size)}")
