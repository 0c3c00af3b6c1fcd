"""Undo goes back the way that was come, gesture by gesture; redo goes it again."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from lpsnet.structures import InspectionSettings
from lpsnet_studio.history import History, Turned
from lpsnet_studio.view_options import ViewOptions

START = Turned(InspectionSettings(), ViewOptions())


def turned(value: float) -> Turned:
    return replace(START, settings=InspectionSettings(overlap_threshold=value))


def test_nothing_is_undone_where_nothing_was_done() -> None:
    history = History()
    assert (history.undo_words, history.redo_words) == ("", "")
    assert history.undo(START) is None
    assert history.redo(START) is None


def test_changes_of_one_gesture_are_one_step() -> None:
    history = History()
    history.note("overlap threshold", turned(0.1))
    history.note("overlap threshold", turned(0.2))
    history.end_gesture(turned(0.3))
    history.note("overlap threshold", turned(0.3))
    history.end_gesture(turned(0.4))
    assert history.undo(turned(0.4)) == turned(0.3)
    assert history.undo(turned(0.3)) == turned(0.1)
    assert history.undo(turned(0.1)) is None


class Clock:
    """Tells the seconds that a test says."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


def press(history: History, words: str, before: float, after: float) -> None:
    """Presses and lets go of an arrow key on a slider."""
    history.note(words, turned(before), goes_on=True)
    history.end_gesture(turned(after))


def test_presses_in_quick_succession_are_one_step() -> None:
    clock = Clock()
    history = History(clock)
    for index in range(5):
        press(history, "overlap threshold", index / 10, (index + 1) / 10)
        clock.seconds += 0.9
    clock.seconds += 0.2
    press(history, "overlap threshold", 0.5, 0.6)
    assert history.undo(turned(0.6)) == turned(0.5), "more than a second had passed"
    assert history.undo(turned(0.5)) == turned(0.0)
    assert history.undo(turned(0.0)) is None
    assert history.redo(turned(0.0)) == turned(0.5)


def test_a_key_held_long_and_pressed_again_is_one_step() -> None:
    clock = Clock()
    history = History(clock)
    history.note("overlap threshold", turned(0.1), goes_on=True)
    clock.seconds += 10
    history.note("overlap threshold", turned(0.2), goes_on=True)
    history.end_gesture(turned(0.3))
    clock.seconds += 0.5
    press(history, "overlap threshold", 0.3, 0.4)
    assert history.undo(turned(0.4)) == turned(0.1)


def test_another_setting_between_presses_parts_them() -> None:
    history = History(Clock())
    press(history, "overlap threshold", 0.1, 0.2)
    press(history, "score threshold", 0.2, 0.3)
    press(history, "overlap threshold", 0.3, 0.4)
    assert [history.undo(turned(value)) for value in (0.4, 0.3, 0.2)] == [turned(0.3), turned(0.2), turned(0.1)]


def test_what_is_done_at_once_is_no_press() -> None:
    history = History(Clock())
    press(history, "overlap threshold", 0.1, 0.2)
    history.note("overlap threshold", turned(0.2))
    history.end_gesture(turned(0.5))
    press(history, "overlap threshold", 0.5, 0.6)
    assert [history.undo(turned(value)) for value in (0.6, 0.5, 0.2)] == [turned(0.5), turned(0.2), turned(0.1)]


def test_a_press_after_undo_is_a_step_of_its_own() -> None:
    history = History(Clock())
    press(history, "overlap threshold", 0.1, 0.2)
    press(history, "score threshold", 0.2, 0.3)
    press(history, "score threshold", 0.3, 0.4)
    assert history.undo(turned(0.4)) == turned(0.2)
    press(history, "overlap threshold", 0.2, 0.5)
    assert history.redo_words == ""
    assert history.undo(turned(0.5)) == turned(0.2)
    assert history.undo(turned(0.2)) == turned(0.1)


def test_presses_that_lead_back_are_none() -> None:
    history = History(Clock())
    history.note("void", turned(0.0))
    history.end_gesture(turned(0.1))
    press(history, "overlap threshold", 0.1, 0.2)
    press(history, "overlap threshold", 0.2, 0.1)
    assert history.undo_words == "void"
    press(history, "overlap threshold", 0.1, 0.2)
    assert history.undo(turned(0.2)) == turned(0.1)
    assert history.undo(turned(0.1)) == turned(0.0)


def test_another_change_ends_a_gesture() -> None:
    history = History()
    history.note("overlap threshold", turned(0.1))
    history.note("score threshold", turned(0.2))
    assert history.undo(turned(0.3)) == turned(0.2)
    assert history.undo_words == "overlap threshold"


def test_a_gesture_that_came_back_was_none() -> None:
    history = History()
    history.note("overlap threshold", turned(0.1))
    history.note("overlap threshold", turned(0.5))
    history.end_gesture(turned(0.1))
    assert history.undo_words == ""


def test_a_new_change_takes_redo_away() -> None:
    history = History()
    history.note("a", turned(0.1))
    history.end_gesture(turned(0.2))
    assert history.undo(turned(0.2)) == turned(0.1)
    assert history.redo_words == "a"
    history.note("b", turned(0.1))
    assert history.redo_words == ""


def test_only_so_many_steps_are_kept_and_the_oldest_go_first() -> None:
    history = History()
    for index in range(1000):
        history.note("a", turned(index / 1000))
        history.end_gesture(turned((index + 1) / 1000))
    now, steps = turned(1.0), 0
    while (before := history.undo(now)) is not None:
        now, steps = before, steps + 1
    assert steps == 200
    assert now == turned(0.8)


STEPS = st.lists(
    st.tuples(
        st.sampled_from(("a", "b")), st.floats(0, 1), st.booleans(), st.sampled_from(("do", "press", "undo", "redo"))
    ),
    max_size=40,
)


@given(STEPS)
def test_undoing_all_restores_the_start_and_redoing_all_the_end(
    steps: list[tuple[str, float, bool, str]],
) -> None:
    history, now = History(), START
    for words, value, ends, what in steps:
        if what in ("do", "press"):
            if turned(value) == now:
                continue
            history.note(words, now, goes_on=what == "press")
            now = turned(value)
            if ends:
                history.end_gesture(now)
        else:
            now = (history.undo if what == "undo" else history.redo)(now) or now
    history.end_gesture(now)
    while (later := history.redo(now)) is not None:
        now = later
    end, way = now, []
    while (before := history.undo(now)) is not None:
        way.append(now)
        assert before != now, "no step does nothing"
        now = before
    assert now == START
    while (later := history.redo(now)) is not None:
        now = later
        assert now == way.pop()
    assert now == end
