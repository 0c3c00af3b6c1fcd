"""Undo and redo, against a list of all states and a place in it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lpsnet_studio.undo_stack import UndoStack


@given(st.lists(st.one_of(st.integers(), st.sampled_from(["undo", "redo"])), max_size=30), st.integers(1, 5))
def test_it_goes_back_and_forth_as_through_a_list(deeds: list[int | str], most: int) -> None:
    stack: UndoStack[int] = UndoStack(most)
    states, place = [0], 0
    for deed in deeds:
        if deed == "undo":
            expected = states[place - 1] if place else None
            assert stack.undo(states[place]) == expected
            place = max(place - 1, 0)
        elif deed == "redo":
            expected = states[place + 1] if place + 1 < len(states) else None
            assert stack.redo(states[place]) == expected
            place = min(place + 1, len(states) - 1)
        elif isinstance(deed, int):
            stack.begin(f"to {deed}", states[place])
            states = [*states[: place + 1], deed][-most - 1 :]
            place = len(states) - 1
        assert stack.undo_words == (f"to {states[place]}" if place else "")
        assert stack.redo_words == (f"to {states[place + 1]}" if place + 1 < len(states) else "")


def test_a_step_that_came_back_is_none() -> None:
    stack: UndoStack[int] = UndoStack(9)
    assert not stack.drop_if_undone(1)
    stack.begin("there", 1)
    assert not stack.drop_if_undone(2)
    assert stack.drop_if_undone(1)
    assert stack.undo_words == ""


def test_what_is_forgotten_is_gone_both_ways() -> None:
    stack: UndoStack[int] = UndoStack(9)
    for state in (1, 2):
        stack.begin("on", state)
    stack.undo(3)
    stack.clear()
    assert (stack.undo(2), stack.redo(2)) == (None, None)
