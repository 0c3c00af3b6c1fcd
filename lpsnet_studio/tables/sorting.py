"""The order of a table's rows: by any column, back to their own order at the third click; no Qt."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

__all__ = ["Order", "arranged", "as_tsv"]

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Order:
    """By which column rows are sorted, and which way.

    Attributes:
        column: -1 for the rows' own order.
        descending: whether the greatest comes first.
    """

    column: int = -1
    descending: bool = False

    def clicked(self, column: int) -> Order:
        """Returns the order after a click on a column: ascending, descending, the rows' own order."""
        if column != self.column:
            return Order(column)
        return Order() if self.descending else Order(column, descending=True)


def arranged(rows: Sequence[Row], order: Order, key: Callable[[Row, int], Any]) -> list[Row]:
    """Returns rows in an order. Equal ones keep theirs; those without a value come last either way.

    Args:
        rows: in their own order.
        order: the order wanted.
        key: gives the value of a row in a column, or None.
    """
    if order.column < 0:
        return list(rows)
    valued = [row for row in rows if key(row, order.column) is not None]
    valueless = [row for row in rows if key(row, order.column) is None]
    return sorted(valued, key=lambda row: key(row, order.column), reverse=order.descending) + valueless


def as_tsv(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Returns a table as tab-separated lines with a line of titles; a tab or a line end in a cell becomes a space."""
    return "".join("\t".join(" ".join(cell.split()) for cell in cells) + "\n" for cells in (titles, *rows))
