"""What the filter understands, against the plainest reading of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lpsnet.structures import InspectionSettings
from lpsnet_studio.arrangement import FILTER_HELP, Query, arrange
from lpsnet_studio.inference.messages import ImageSource
from lpsnet_studio.state import Entry, Measured


def entry(name: str, pq: float | None = None, problem: str = "") -> Entry:
    measured = None if pq is None else Measured(pq, InspectionSettings(), "")
    return Entry(name, ImageSource(f"/{name}"), problem=problem, measured=measured)


ENTRIES = (
    entry("Street 10.jpg", 0.9),
    entry("street 2.jpg", 0.05),
    entry("park.png", None, "park.png: truncated"),
    entry("PARK street.png", 0.5),
    entry("pq.jpg"),
)


def shown(text: str, *, worst_first: bool = False) -> list[str]:
    names = [each.name.casefold() for each in ENTRIES]
    return [ENTRIES[index].name for index in arrange(ENTRIES, names, Query.parse(text), worst_first=worst_first)]


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("", (0, 1, 2, 3, 4)),
        ("   ", (0, 1, 2, 3, 4)),
        ("STREET", (0, 1, 3)),
        ("park STR", (3,)),
        ("pq<50", (1,)),
        ("pq<50.1", (1, 3)),
        ("pq>50", (0,)),
        ("PQ>4 pq<60", (1, 3)),
        ("pq<", (0, 1, 2, 3, 4)),
        ("pq", (4,)),
        ("pq<x", ()),
        ("problem", (2,)),
        ("unmeasured", (2, 4)),
        ("unmeasured pq", (4,)),
        ("unmeasured pq<50", ()),
        ("zebra", ()),
    ],
)
def test_what_is_typed_shortens_the_list(text: str, rows: tuple[int, ...]) -> None:
    assert shown(text) == [ENTRIES[row].name for row in rows]


def test_the_worst_comes_first_and_the_unknown_last_in_their_own_order() -> None:
    expected = ["street 2.jpg", "PARK street.png", "Street 10.jpg", "park.png", "pq.jpg"]
    assert shown("", worst_first=True) == expected
    assert shown("street", worst_first=True) == [name for name in expected if "street" in name.lower()]


@given(
    st.lists(st.tuples(st.text("abAB 1", min_size=1, max_size=4), st.none() | st.floats(0, 1)), max_size=12),
    st.text("abAB 1", max_size=5),
    st.booleans(),
)
def test_it_shows_exactly_what_fits(rows: list[tuple[str, float | None]], text: str, worst_first: bool) -> None:
    entries = [entry(name, pq) for name, pq in rows]
    order = arrange(entries, [each.name.casefold() for each in entries], Query.parse(text), worst_first=worst_first)
    fitting = [row for row, (name, _) in enumerate(rows) if all(w in name.lower() for w in text.lower().split())]
    assert sorted(order) == fitting
    if worst_first:
        assert list(order) == sorted(fitting, key=lambda row: (rows[row][1] is None, rows[row][1] or 0.0, row))
    else:
        assert list(order) == fitting


def test_every_word_of_the_help_is_understood() -> None:
    for token in ("pq<50", "pq>90", "problem", "unmeasured"):
        assert token in FILTER_HELP
        assert Query.parse(token) != Query()
        assert not Query.parse(token).words
