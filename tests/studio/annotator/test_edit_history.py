"""Undo and redo without end: each image its own timeline, all images one budget of bytes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lpsnet_studio.annotator.document import Document, SegmentInfo
from lpsnet_studio.annotator.edit_history import DEFAULT_BUDGET, UNKNOWN_TITLE, EditHistory, HistoryBudget
from lpsnet_studio.annotator.edits import Edit

SIZE = (30, 40)


class Journal:
    """The edits of one image as the project keeps them: bytes, by their place."""

    def __init__(self) -> None:
        self.records: list[bytes] = []
        self.read: list[int] = []

    def append(self, place: int, edit: Edit) -> None:
        self.records[place:] = [edit.to_bytes()]

    def fetch(self, place: int) -> Edit:
        self.read.append(place)
        return Edit.from_bytes(self.records[place])


def document() -> Document:
    return Document(np.ones(SIZE, np.uint16), {1: SegmentInfo(1)})


def stroke(history: EditHistory, rng: np.random.Generator, title: str = "Brush") -> Edit:
    """Paints noise, which takes about a byte a pixel, and records it."""
    with history.document.draft(title) as draft:
        number = history.document.new_number() if rng.random() < 0.3 else 1
        if number > 1:
            draft.set_info(number, SegmentInfo(2))
        draft.put(rng.random(SIZE) < 0.5, (0, 0), number)
        draft.put(rng.random(SIZE) < 0.2, (0, 0), 0)
        edit = draft.finish()
    assert edit is not None
    history.record(edit)
    return edit


def seen(history: EditHistory) -> tuple[bytes, dict[int, SegmentInfo]]:
    return history.document.ids.tobytes(), dict(history.document.segments)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(5)


def test_nothing_is_undone_where_nothing_was_done() -> None:
    history = EditHistory(document())
    assert (history.can_undo, history.can_redo, history.undo_title, history.redo_title) == (False, False, "", "")
    assert history.undo() is None
    assert history.redo() is None


def test_titles_say_what_undo_and_redo_would_do(rng: np.random.Generator) -> None:
    history = EditHistory(document())
    stroke(history, rng, "Brush")
    second = stroke(history, rng, "Lasso")
    assert (history.undo_title, history.redo_title) == ("Lasso", "")
    assert history.undo() is second
    assert (history.undo_title, history.redo_title) == ("Brush", "Lasso")
    assert history.titles == ("Brush", "Lasso")
    assert history.redo() is second


def test_a_new_edit_ends_what_could_be_redone(rng: np.random.Generator) -> None:
    history = EditHistory(document())
    stroke(history, rng)
    stroke(history, rng, "Lasso")
    history.undo()
    last = stroke(history, rng, "Polygon")
    assert history.titles == ("Brush", "Polygon")
    assert not history.can_redo
    assert history.nbytes == sum(step.edit.nbytes for step in history._steps if step.edit) > last.nbytes


def test_every_change_is_told(rng: np.random.Generator) -> None:
    history = EditHistory(document())
    told: list[tuple[bool, bool]] = []
    history.changed.connect(lambda: told.append((history.can_undo, history.can_redo)))
    stroke(history, rng)
    history.undo()
    history.redo()
    assert told == [(True, False), (False, True), (True, False)]


def test_going_to_a_place_passes_every_edit_on_the_way(rng: np.random.Generator) -> None:
    history = EditHistory(document())
    states = [seen(history)]
    for _ in range(5):
        stroke(history, rng)
        states.append(seen(history))
    assert len(list(history.go_to(1))) == 4
    assert seen(history) == states[1]
    assert len(list(history.go_to(4))) == 3
    assert seen(history) == states[4]
    with pytest.raises(IndexError, match="edit 6 of 5"):
        list(history.go_to(6))


@given(
    st.integers(0, 2**32 - 1), st.lists(st.sampled_from("eeeeuurrabc"), max_size=40), st.sampled_from([0, 6000, 10**9])
)
@settings(max_examples=80)
def test_any_way_through_three_images_undoes_to_their_starts(seed: int, deeds: list[str], nbytes: int) -> None:
    rng = np.random.default_rng(seed)
    budget = HistoryBudget(nbytes)
    journals = [Journal() for _ in range(3)]
    histories = [EditHistory(document(), budget, journal.fetch) for journal in journals]
    states = [[seen(history)] for history in histories]
    current = 0
    for deed in deeds:
        history, known = histories[current], states[current]
        place = history.position
        if deed == "e":
            journals[current].append(place, stroke(history, rng))
            known[place + 1 :] = [seen(history)]
        elif deed == "u":
            assert (history.undo() is not None) == (place > 0)
        elif deed == "r":
            assert (history.redo() is not None) == (place < len(known) - 1)
        else:
            current = "abc".index(deed)
            histories[current].look()
        assert seen(histories[current]) == states[current][histories[current].position]
        held = sum(history.nbytes for history in histories)
        assert held == budget.used == sum(step.nbytes for history in histories for step in history._steps)
        newest = histories[current]._steps[histories[current].position - 1].nbytes if histories[current].position else 0
        assert held <= max(nbytes, newest)
    for history, known in zip(histories, states, strict=True):
        list(history.go_to(0))
        assert seen(history) == known[0]
        list(history.go_to(len(known) - 1))
        assert seen(history) == known[-1]


def test_the_image_looked_at_longest_ago_is_forgotten_first_and_its_oldest_edits_before_others(
    rng: np.random.Generator,
) -> None:
    budget = HistoryBudget()
    first, second = (EditHistory(document(), budget, Journal().fetch) for _ in range(2))
    for history in (first, second):
        for _ in range(3):
            stroke(history, rng)
    budget.nbytes = budget.used - 1
    budget.keep()
    assert [step.edit is None for step in first._steps] == [True, False, False]
    assert all(step.edit is not None for step in second._steps)
    first.look()
    budget.nbytes = budget.used - 1
    budget.keep()
    assert [step.edit is None for step in second._steps] == [True, False, False]
    budget.nbytes = 0
    budget.keep()
    assert [step.edit is None for step in first._steps] == [True, True, False]
    assert [step.edit is None for step in second._steps] == [True, True, True]


def test_the_newest_edit_is_kept_even_if_it_alone_is_over_the_budget(rng: np.random.Generator) -> None:
    history = EditHistory(document(), HistoryBudget(1))
    start = seen(history)
    stroke(history, rng)
    assert history.can_undo
    history.undo()
    assert seen(history) == start


def test_without_a_journal_undo_ends_where_the_budget_forgot(rng: np.random.Generator) -> None:
    history = EditHistory(document(), HistoryBudget(1))
    stroke(history, rng)
    after = seen(history)
    stroke(history, rng)
    assert history.undo() is not None
    assert seen(history) == after
    assert not history.can_undo
    assert (history.undo_title, history.undo()) == ("", None)


def test_edits_undone_are_forgotten_after_those_done_and_the_next_one_last(rng: np.random.Generator) -> None:
    history = EditHistory(document(), fetch=Journal().fetch)
    for _ in range(4):
        stroke(history, rng)
    list(history.go_to(2))
    for expected in ([True, False, False, False], [True, True, False, False], [True, True, False, True], [True] * 4):
        assert history.forget(1) > 0
        assert [step.edit is None for step in history._steps] == expected
    assert history.nbytes == 0
    assert history.forget(1) == 0


def test_a_forgotten_edit_is_fetched_once(rng: np.random.Generator) -> None:
    journal = Journal()
    history = EditHistory(document(), fetch=journal.fetch)
    start = seen(history)
    journal.append(0, stroke(history, rng))
    history.forget(10**9)
    history.undo()
    history.redo()
    history.undo()
    assert journal.read == [0]
    assert seen(history) == start


@pytest.mark.parametrize("error", [OSError("the disk does not answer"), ValueError("an edit is damaged")])
def test_an_edit_that_cannot_be_fetched_changes_nothing(rng: np.random.Generator, error: Exception) -> None:
    def fetch(place: int) -> Edit:
        raise error

    history = EditHistory(document(), fetch=fetch)
    stroke(history, rng)
    history.forget(10**9)
    before = (seen(history), history.position, history.nbytes)
    with pytest.raises(type(error), match=str(error)):
        history.undo()
    assert (seen(history), history.position, history.nbytes) == before
    assert history.can_undo


def test_undo_waits_for_the_stroke_in_hand(rng: np.random.Generator) -> None:
    history = EditHistory(document())
    stroke(history, rng)
    draft = history.document.draft("Lasso")
    with pytest.raises(RuntimeError, match="not finished"):
        history.undo()
    assert history.position == 1
    draft.cancel()
    assert history.undo() is not None


def test_an_image_put_away_counts_no_more(rng: np.random.Generator) -> None:
    budget = HistoryBudget()
    history = EditHistory(document(), budget)
    stroke(history, rng)
    assert budget.used > 0
    history.close()
    history.close()
    assert budget.used == 0


def test_the_budget_is_256_mebibytes_unless_said_otherwise() -> None:
    assert HistoryBudget().nbytes == DEFAULT_BUDGET == 256 * 1024 * 1024


# ----------------------------------------------------------------------------------------------------------- next start


def worked_on(
    rng: np.random.Generator, count: int
) -> tuple[EditHistory, Journal, list[tuple[bytes, dict[int, SegmentInfo]]]]:
    journal = Journal()
    history = EditHistory(document(), fetch=journal.fetch)
    states = [seen(history)]
    for place in range(count):
        journal.append(place, stroke(history, rng, f"Stroke {place + 1}"))
        states.append(seen(history))
    return history, journal, states


def test_a_timeline_goes_on_after_a_restart(rng: np.random.Generator) -> None:
    old, journal, states = worked_on(rng, 6)
    list(old.go_to(4))
    history = EditHistory.restored(
        old.document, [journal.fetch(place) for place in (3, 4, 5)], 4, base=3, titles=["Stroke 1"], fetch=journal.fetch
    )
    assert history.titles == ("Stroke 1", UNKNOWN_TITLE, UNKNOWN_TITLE, "Stroke 4", "Stroke 5", "Stroke 6")
    assert (history.undo_title, history.redo_title) == ("Stroke 4", "Stroke 5")
    list(history.go_to(6))
    assert seen(history) == states[6]
    list(history.go_to(0))
    assert seen(history) == states[0]
    assert history.titles == tuple(f"Stroke {place}" for place in range(1, 7))


def test_undo_ends_at_edits_that_are_nowhere_kept(rng: np.random.Generator) -> None:
    old, journal, states = worked_on(rng, 4)
    history = EditHistory.restored(old.document, [], 4, base=4, first=2, fetch=journal.fetch)
    assert len(list(history.go_to(0))) == 2
    assert seen(history) == states[2]
    assert not history.can_undo
    assert history.can_redo


def test_edits_can_be_dropped_while_the_image_is_open(rng: np.random.Generator) -> None:
    history, _, states = worked_on(rng, 3)
    history.drop(2)
    history.drop(1)
    assert history.first == 2
    list(history.go_to(0))
    assert seen(history) == states[2]
    history.drop(3)
    assert history.can_redo


def test_a_restored_timeline_keeps_to_the_budget(rng: np.random.Generator) -> None:
    old, journal, _ = worked_on(rng, 5)
    edits = [journal.fetch(place) for place in range(5)]
    budget = HistoryBudget(edits[-1].nbytes)
    history = EditHistory.restored(old.document, edits, 5, budget=budget, fetch=journal.fetch)
    assert budget.used == history.nbytes <= budget.nbytes


@pytest.mark.parametrize(("done", "base", "first"), [(-1, 0, 0), (3, 0, 0), (1, 2, 2), (2, 1, 2)])
def test_counts_of_a_timeline_must_fit_together(rng: np.random.Generator, done: int, base: int, first: int) -> None:
    old, journal, _ = worked_on(rng, 2)
    edits = [journal.fetch(place) for place in range(2)][base:]
    with pytest.raises(ValueError, match="cannot be done"):
        EditHistory.restored(old.document, edits, done, base=base, first=first)


def test_what_is_read_otherwise_from_some_moment_on_is_undone_and_redone_so_also_where_it_was_forgotten(
    rng: np.random.Generator,
) -> None:
    journal = Journal()
    history = EditHistory(document(), HistoryBudget(1), journal.fetch)
    states = [seen(history)]
    for place in range(6):
        journal.append(place, stroke(history, rng))
        states.append(seen(history))

    def merged(info: SegmentInfo) -> SegmentInfo:
        return SegmentInfo(7) if info.category == 2 else info

    used = history.nbytes
    history.document.read_as(merged)
    history.read_as(merged)
    assert history.nbytes == used
    for position in (6, 0, 6, 3):
        list(history.go_to(position))
        ids, segments = states[position]
        assert seen(history) == (ids, {number: merged(info) for number, info in segments.items()})
    assert journal.read
    assert history.document.is_consistent()


def test_nothing_is_read_otherwise_while_an_edit_is_in_the_making() -> None:
    made = document()
    with made.draft("Brush"), pytest.raises(RuntimeError, match="Brush"):
        made.read_as(lambda info: SegmentInfo(9))
    assert made.segments[1] == SegmentInfo(1)
