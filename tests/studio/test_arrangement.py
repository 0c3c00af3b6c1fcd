"""What the filter understands, against the plainest reading of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lpsnet.structures import InspectionSettings
from lpsnet_studio.arrangement import FILTER_HELP, REVIEW_TOKENS, Query, arrange, with_review
from lpsnet_studio.inference.messages import ImageSource
from lpsnet_studio.state import REVIEW_WORDS, Entry, Measured, Review


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
    for token in ("pq<50", "pq>90", "problem", "unmeasured", "is:unreviewed", "is:noted", *REVIEW_TOKENS.values()):
        assert token in FILTER_HELP
        assert Query.parse(token) != Query()
        assert not Query.parse(token).words


REVIEWED: tuple[tuple[str, Review, str], ...] = (
    ("a.png", "todo", ""),
    ("b.png", "in_progress", "look at the kite"),
    ("c.png", "done", ""),
    ("is.png", "approved", "fine"),
    ("e.png", "outside", ""),
    ("f.png", "", ""),
)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("is:todo", "a"),
        ("is:in-progress", "b"),
        ("IS:Done", "c"),
        ("is:approved", "is"),
        ("is:outside", "e"),
        ("is:unreviewed", "a b"),
        ("is:todo is:done", "a c"),
        ("is:noted", "b is"),
        ("is:noted is:approved", "is"),
        ("is:todo png", "a"),
        ("is:todo b", ""),
        ("is:", "a b c is e f"),
        ("is:app", "is"),
        ("is:t", "a"),
        ("is:no", "b is"),
        ("is:nothing", ""),
        ("is", "is"),
    ],
)
def test_images_are_found_by_how_far_they_have_come(text: str, names: str) -> None:
    entries = [Entry(name, ImageSource(f"/{name}"), review=review, note=note) for name, review, note in REVIEWED]
    order = arrange(entries, [name for name, _, _ in REVIEWED], Query.parse(text), worst_first=False)
    assert [entries[index].name.removesuffix(".png") for index in order] == names.split()


def test_how_far_images_have_come_may_change_what_is_shown() -> None:
    assert Query.parse("is:todo").asks_for_results
    assert Query.parse("is:noted").asks_for_results
    assert not Query.parse("is:").asks_for_results


def test_every_state_that_is_shown_can_be_asked_for() -> None:
    assert REVIEW_TOKENS.keys() == REVIEW_WORDS.keys()


@pytest.mark.parametrize(
    ("text", "review", "after"),
    [
        ("", "todo", "is:todo"),
        ("Street", "done", "Street is:done"),
        ("is:todo Street", "done", "Street is:done"),
        ("is:todo is:done", "done", "is:done"),
        ("is:unr", "in_progress", "is:in-progress"),
        ("is:noted", "done", "is:noted is:done"),
        ("Street is:DONE", "done", "Street"),
        ("is:done", "done", ""),
    ],
)
def test_one_state_at_a_time_is_chosen_and_let_go_beside_what_was_typed(text: str, review: Review, after: str) -> None:
    assert with_review(text, review) == after
