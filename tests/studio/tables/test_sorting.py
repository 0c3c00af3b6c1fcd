"""Rows are sorted by any column, stably, and come back to their own order."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from lpsnet_studio.tables.sorting import Order, arranged, as_tsv

ROWS = st.lists(st.tuples(st.none() | st.integers(0, 5), st.none() | st.integers(0, 5)), max_size=12)


def test_the_third_click_goes_back() -> None:
    first = Order().clicked(2)
    second = first.clicked(2)
    assert (first, second, second.clicked(2)) == (Order(2), Order(2, descending=True), Order())
    assert second.clicked(1) == Order(1)


@given(ROWS, st.integers(0, 1), st.booleans())
def test_sorting_is_stable_and_rows_without_a_value_come_last(
    rows: list[tuple[int | None, int | None]], column: int, descending: bool
) -> None:
    numbered = [(*row, place) for place, row in enumerate(rows)]
    found = arranged(numbered, Order(column, descending=descending), lambda row, at: row[at])
    assert sorted(row[2] for row in found) == list(range(len(rows)))
    for one, other in pairwise(found):
        mine, yours = one[column], other[column]
        if mine is None:
            assert yours is None
        elif yours is not None:
            assert mine >= yours if descending else mine <= yours
        if mine == yours:
            assert one[2] < other[2]


def test_no_order_is_the_rows_own() -> None:
    assert arranged([3, 1, 2], Order(), lambda row, _column: row) == [3, 1, 2]


def test_tabs_and_line_ends_in_cells_do_not_break_the_table() -> None:
    assert as_tsv(["Class", "Score"], [["a\tb\nc", "0.5"]]) == "Class\tScore\na b c\t0.5\n"
