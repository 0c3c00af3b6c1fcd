"""The two tables of the panel Levels: what became of each level's candidates, and the boxes that are drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt

from lpsnet.analysis.fates import Fate, LevelCounts
from lpsnet_studio.inspector.levels_model import FATE_COLORS, GROUPS, LEVEL_COLORS, LEVELS, Survey
from lpsnet_studio.inspector.levels_words import FATE_NAMES, FATE_TIPS, brief_count, level_name, range_words
from lpsnet_studio.tables.sorted_table import swatch_icon
from lpsnet_studio.tables.sorting import arranged
from lpsnet_studio.tables.table_model import TableModel

__all__ = ["BoxesModel", "CountsModel"]

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


class CountsModel(TableModel[_Line]):
    """A line a fate and a column a level: what became of the candidates, with colours that explain the bars."""

    titles = ("", *(level_name(level) for level in LEVELS), "All")
    tips = ("What is counted.", *(f"Of P{level}." for level in LEVELS), "Of all levels.")
    numbers = range(1, 2 + len(LEVELS))
    own_order = "the first order"

    def __init__(self) -> None:
        super().__init__()
        self._all: tuple[_Line, ...] = ()
        self._lines: tuple[_Line, ...] = ()

    def set_levels(self, levels: Sequence[LevelCounts]) -> None:
        """Shows the counts of P3 … P7."""
        self._all = _lines(levels) if levels else ()
        self._rearrange()

    @property
    def shown(self) -> tuple[_Line, ...]:
        """The lines; their own order is that of the pipeline."""
        return self._lines

    def _arrange(self) -> None:
        self._lines = tuple(arranged(self._all, self._order, _line_value))

    def fate(self, row: int) -> Fate | None:
        """Returns the fate that a row counts, if it counts one."""
        return self._lines[row].fate if 0 <= row < len(self._lines) else None

    def _text(self, line: _Line, column: int) -> str:
        return line.text(column - 1, brief=False) if column else line.name

    def _cell(self, line: _Line, column: int, role: int) -> Any:
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return line.text(column - 1, brief=True) if column else line.name
            case Qt.ItemDataRole.DecorationRole if not column and line.fate is not None:
                return swatch_icon(FATE_COLORS[line.fate])
            case Qt.ItemDataRole.ToolTipRole:
                whole = f"{self.titles[column]}: {line.numbers[column - 1]:,}\n" if column and line.numbers else ""
                return f"{whole}{line.tip}"
        return None


def _line_value(line: _Line, column: int) -> Any:
    if not column:
        return line.name.casefold()
    return line.numbers[column - 1] if line.numbers else None


class BoxesModel(TableModel[int]):
    """The candidates that are drawn, the best first, or sorted by any column; thousands cost no more than a few."""

    titles, tips, numbers = _BOX_TITLES, _BOX_TIPS, (2,)
    own_order = "the first order"

    def __init__(self) -> None:
        super().__init__()
        self._survey: Survey | None = None
        self._drawn = np.zeros(0, np.intp)
        self._rows = self._drawn

    def set_rows(self, survey: Survey | None, drawn: NDArray[np.intp]) -> None:
        """Shows candidates, the best first."""
        self._survey, self._drawn = survey, drawn
        self._rearrange()

    @property
    def shown(self) -> NDArray[np.intp]:
        """The candidates drawn; their own order is the best first."""
        return self._rows

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

    def _cell(self, row: int, column: int, role: int) -> Any:
        assert self._survey is not None
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return self._text(row, column)
            case Qt.ItemDataRole.DecorationRole if column == 0:
                return swatch_icon(LEVEL_COLORS.get(int(self._survey.candidates.level[row]), (128, 128, 128)))
            case Qt.ItemDataRole.DecorationRole if column == 3:
                return swatch_icon(FATE_COLORS[Fate(int(self._survey.fates[row]))])
            case Qt.ItemDataRole.ToolTipRole if column == 3:
                return FATE_TIPS[Fate(int(self._survey.fates[row]))]
        return None

    def _text(self, row: int, column: int) -> str:
        assert self._survey is not None
        found = self._survey.candidates
        if column == 0:
            return level_name(int(found.level[row]))
        if column == 1:
            return self._survey.result.categories[int(found.labels[row])].name
        return f"{found.scores[row]:.2f}" if column == 2 else FATE_NAMES[Fate(int(self._survey.fates[row]))]
