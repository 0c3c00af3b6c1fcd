"""The two tables of the panel Levels: what became of each level's candidates, and the boxes that are drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt

from lpsnet.analysis.fates import Fate, LevelCounts
from lpsnet_studio.inspector.levels_model import FATE_COLORS, GROUPS, LEVEL_COLORS, LEVELS, Survey
from lpsnet_studio.inspector.levels_words import FATE_NAMES, FATE_TIPS, brief_count, level_name, range_words
from lpsnet_studio.inspector.sorted_table import swatch_icon
from lpsnet_studio.inspector.sorting import Order, arranged, as_tsv

__all__ = ["OWN_ORDER_TIP", "BoxesModel", "CountsModel"]

OWN_ORDER_TIP = "A click sorts, another turns round, a third goes back to the first order."
_Index = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()
_SURVIVORS = next(group.fates for group in GROUPS if group.name == "survivors")
_BOX_TITLES = ("Level", "Class", "Score", "Fate")
_BOX_TIPS = (
    "Pyramid level of the location that predicted the box.",
    "Its likeliest class, or another one above the class threshold.",
    "What it was ranked by.",
    "What became of it.",
)


@dataclass(frozen=True, slots=True)
class _Line:
    """A line of the counts: a number for every level, or a text."""

    name: str
    tip: str
    numbers: tuple[int, ...]
    texts: tuple[str, ...] = ()
    fate: Fate | None = None

    def text(self, place: int, *, brief: bool) -> str:
        """Returns what a cell says."""
        if self.texts:
            return self.texts[place]
        return brief_count(self.numbers[place]) if brief else str(self.numbers[place])


def _lines(levels: Sequence[LevelCounts]) -> tuple[_Line, ...]:
    def with_sum(numbers: Sequence[int]) -> tuple[int, ...]:
        return *numbers, sum(numbers)

    survivors = list(_SURVIVORS)
    return (
        _Line("Locations", "Locations that made a box or several.", with_sum([each.locations for each in levels])),
        _Line("Boxes", "Boxes that were considered.", with_sum([len(each) for each in levels])),
        *(
            _Line(FATE_NAMES[fate], FATE_TIPS[fate], with_sum([int(each.counts[fate]) for each in levels]), fate=fate)
            for fate in Fate
        ),
        _Line(
            "Size up to",
            "Largest distance from location to side that the level is meant for, in pixels of the network's input; "
            "what a finer level is meant for belongs to that one.",
            (),
            (*(range_words(each.size_range) for each in levels), ""),
        ),
        _Line(
            "In range",
            "Boxes of the size that their level is meant for.",
            with_sum([int(each.in_range.sum()) for each in levels]),
        ),
        _Line(
            "… survived",
            "Survivors of NMS of the size that their level is meant for.",
            with_sum([int(each.in_range[survivors].sum()) for each in levels]),
        ),
    )


class _PlainModel(QAbstractTableModel):
    """What both tables have in common: an order, titles, and cells as text."""

    titles: tuple[str, ...] = ()
    tips: tuple[str, ...] = ()

    def __init__(self) -> None:
        super().__init__()
        self._order = Order()

    @property
    def order(self) -> Order:
        """By which column the rows are sorted."""
        return self._order

    def sort_by(self, order: Order) -> None:
        """Puts the rows into an order."""
        self.beginResetModel()
        self._order = order
        self._arrange()
        self.endResetModel()

    def _arrange(self) -> None:
        raise NotImplementedError

    def columnCount(self, parent: _Index = _ROOT) -> int:
        """Returns how many columns there are."""
        return 0 if parent.isValid() else len(self.titles)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Returns the name of a column, and what it holds."""
        if orientation is not Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return self.titles[section]
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"{self.tips[section]}\n{OWN_ORDER_TIP}"
        return self._alignment(section) if role == Qt.ItemDataRole.TextAlignmentRole else None

    def flags(self, index: _Index) -> Qt.ItemFlag:
        """Lets every row be selected."""
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable

    def _alignment(self, column: int) -> Qt.AlignmentFlag:
        return Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft


class CountsModel(_PlainModel):
    """A line a fate and a column a level: what became of the candidates, with colours that explain the bars."""

    titles = ("", *(level_name(level) for level in LEVELS), "All")
    tips = ("What is counted.", *(f"Of P{level}." for level in LEVELS), "Of all levels.")

    def __init__(self) -> None:
        super().__init__()
        self._all: tuple[_Line, ...] = ()
        self._lines: tuple[_Line, ...] = ()

    def set_levels(self, levels: Sequence[LevelCounts]) -> None:
        """Shows the counts of P3 … P7."""
        self.beginResetModel()
        self._all = _lines(levels) if levels else ()
        self._arrange()
        self.endResetModel()

    def _arrange(self) -> None:
        self._lines = tuple(arranged(self._all, self._order, _line_value))

    def fate(self, row: int) -> Fate | None:
        """Returns the fate that a row counts, if it counts one."""
        return self._lines[row].fate if 0 <= row < len(self._lines) else None

    def tsv(self) -> str:
        """Returns the counts in full as tab-separated text with titles."""
        places = range(len(self.titles) - 1)
        return as_tsv(
            self.titles, [[line.name, *(line.text(place, brief=False) for place in places)] for line in self._lines]
        )

    def rowCount(self, parent: _Index = _ROOT) -> int:
        """Returns how many lines there are."""
        return 0 if parent.isValid() else len(self._lines)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Returns what a cell shows."""
        if not index.isValid():
            return None
        line, column = self._lines[index.row()], index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return line.text(column - 1, brief=True) if column else line.name
        if role == Qt.ItemDataRole.DecorationRole and not column and line.fate is not None:
            return swatch_icon(FATE_COLORS[line.fate])
        if role == Qt.ItemDataRole.ToolTipRole:
            whole = f"{self.titles[column]}: {line.numbers[column - 1]:,}\n" if column and line.numbers else ""
            return f"{whole}{line.tip}"
        return self._alignment(column) if role == Qt.ItemDataRole.TextAlignmentRole else None

    def _alignment(self, column: int) -> Qt.AlignmentFlag:
        side = Qt.AlignmentFlag.AlignRight if column else Qt.AlignmentFlag.AlignLeft
        return side | Qt.AlignmentFlag.AlignVCenter


def _line_value(line: _Line, column: int) -> Any:
    if not column:
        return line.name.casefold()
    return line.numbers[column - 1] if line.numbers else None


class BoxesModel(_PlainModel):
    """The candidates that are drawn, the best first, or sorted by any column; thousands cost no more than a few."""

    titles, tips = _BOX_TITLES, _BOX_TIPS

    def __init__(self) -> None:
        super().__init__()
        self._survey: Survey | None = None
        self._drawn = np.zeros(0, np.intp)
        self._rows = self._drawn

    def set_rows(self, survey: Survey | None, drawn: NDArray[np.intp]) -> None:
        """Shows candidates, the best first."""
        self.beginResetModel()
        self._survey, self._drawn = survey, drawn
        self._arrange()
        self.endResetModel()

    def _arrange(self) -> None:
        self._rows = self._drawn
        if self._survey is None or self._order.column < 0:
            return
        found = self._survey.candidates
        keys = (found.level, self._names_in_order()[found.labels], found.scores, self._survey.fates)
        key = keys[self._order.column][self._drawn].astype(np.float64)
        self._rows = self._drawn[np.argsort(-key if self._order.descending else key, kind="stable")]

    def _names_in_order(self) -> NDArray[np.intp]:
        """Returns the place of every class in the order of their names."""
        assert self._survey is not None
        names = [category.name.casefold() for category in self._survey.result.categories]
        places = np.empty(len(names), np.intp)
        places[sorted(range(len(names)), key=names.__getitem__)] = np.arange(len(names))
        return places

    def candidate(self, row: int) -> int:
        """Returns the candidate in a row of the table; -1 if there is no such row."""
        return int(self._rows[row]) if 0 <= row < len(self._rows) else -1

    def row_of(self, candidate: int) -> int:
        """Returns the row of a candidate; -1 if it is not shown."""
        return next(iter(np.flatnonzero(self._rows == candidate).tolist()), -1)

    def tsv(self) -> str:
        """Returns the boxes shown as tab-separated text with titles."""
        return as_tsv(self.titles, [[self._text(row, column) for column in range(4)] for row in self._rows.tolist()])

    def rowCount(self, parent: _Index = _ROOT) -> int:
        """Returns how many boxes there are."""
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Returns what a cell shows."""
        if not index.isValid() or self._survey is None:
            return None
        row, column = int(self._rows[index.row()]), index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return self._text(row, column)
        if role == Qt.ItemDataRole.DecorationRole and column == 0:
            return swatch_icon(LEVEL_COLORS.get(int(self._survey.candidates.level[row]), (128, 128, 128)))
        if role == Qt.ItemDataRole.DecorationRole and column == 3:
            return swatch_icon(FATE_COLORS[Fate(int(self._survey.fates[row]))])
        if role == Qt.ItemDataRole.ToolTipRole and column == 3:
            return FATE_TIPS[Fate(int(self._survey.fates[row]))]
        return self._alignment(column) if role == Qt.ItemDataRole.TextAlignmentRole else None

    def _text(self, row: int, column: int) -> str:
        assert self._survey is not None
        found = self._survey.candidates
        if column == 0:
            return level_name(int(found.level[row]))
        if column == 1:
            return self._survey.result.categories[int(found.labels[row])].name
        return f"{found.scores[row]:.2f}" if column == 2 else FATE_NAMES[Fate(int(self._survey.fates[row]))]

    def _alignment(self, column: int) -> Qt.AlignmentFlag:
        side = Qt.AlignmentFlag.AlignRight if column == 2 else Qt.AlignmentFlag.AlignLeft
        return side | Qt.AlignmentFlag.AlignVCenter
