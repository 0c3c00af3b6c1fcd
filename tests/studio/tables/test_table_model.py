"""What every sorted table's model has in common: rows in an order, titles, sides, and a copy."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt

from lpsnet_studio.tables.sorting import Order, arranged
from lpsnet_studio.tables.table_model import TableModel, side

ROLES, ACROSS = Qt.ItemDataRole, Qt.Orientation.Horizontal


class Ages(TableModel[tuple[str, int]]):
    titles, spoken, tips, numbers = ("Who", "Age"), ("Name", "Age in years"), ("Who it is.", "How old."), (1,)
    own_order = "the order of arrival"

    def __init__(self) -> None:
        super().__init__()
        self._rows: list[tuple[str, int]] = []
        self._arrange()

    @property
    def shown(self) -> list[tuple[str, int]]:
        return self._rows

    def _arrange(self) -> None:
        self._rows = arranged([("Eve", 3), ("Bo", 9)], self._order, lambda row, column: row[column])

    def _text(self, row: tuple[str, int], column: int) -> str:
        return str(row[column])

    def _cell(self, row: tuple[str, int], column: int, role: int) -> Any:
        return self._text(row, column) if role == ROLES.DisplayRole else None


def test_rows_are_shown_and_copied_as_they_are_arranged() -> None:
    model, resets = Ages(), []
    model.modelReset.connect(lambda: resets.append(True))
    assert (model.rowCount(), model.columnCount()) == (2, 2)
    assert model.tsv() == "Name\tAge in years\nEve\t3\nBo\t9\n"
    model.sort_by(Order(1, descending=True))
    assert resets == [True]
    assert model.order == Order(1, descending=True)
    assert model.tsv() == "Name\tAge in years\nBo\t9\nEve\t3\n"
    assert model.index(0, 0).data() == "Bo"
    cell = model.index(0, 0)
    assert (model.rowCount(cell), model.columnCount(cell)) == (0, 0), "a table is no tree"
    assert model.data(model.index(9, 9)) is None


def test_titles_say_what_they_hold_and_numbers_stand_at_the_right() -> None:
    model = Ages()
    assert model.headerData(1, ACROSS) == "Age"
    assert model.headerData(1, ACROSS, ROLES.AccessibleTextRole) == "Age in years"
    assert model.headerData(1, ACROSS, ROLES.ToolTipRole) == (
        "How old.\nA click sorts, another turns round, a third goes back to the order of arrival."
    )
    assert model.headerData(1, Qt.Orientation.Vertical) is None
    for column, is_number in ((0, False), (1, True)):
        assert model.headerData(column, ACROSS, ROLES.TextAlignmentRole) == side(is_number)
        assert model.index(0, column).data(ROLES.TextAlignmentRole) == side(is_number).value
    assert side(True) & Qt.AlignmentFlag.AlignRight
    assert side(False) & Qt.AlignmentFlag.AlignLeft
