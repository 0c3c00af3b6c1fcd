"""What is done on a copy outside the thread: the same edits, one at a time, refused meanwhile, and given up at will."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from lpsnet_studio.annotator import elsewhere
from lpsnet_studio.annotator.assist import NetworkMaps
from lpsnet_studio.annotator.editor import Editor
from lpsnet_studio.annotator.history_walk import HistoryWalk
from lpsnet_studio.annotator.placed_mask import PlacedMask
from lpsnet_studio.annotator.store import ProjectStore
from lpsnet_studio.annotator.strokes import brush_stroke
from tests.studio.annotator.editing import CAR, PERSON, SEA, SKY, EditorUnderTest, drawn
from tests.studio.annotator.on_the_desk import begun_desk, editor_of

CLASSES = {1: PERSON, 2: CAR, 3: SKY, 4: PERSON, 5: SEA}


class Task:
    """Work as a thread's owner sees it."""

    def __init__(self) -> None:
        self.cancelled = self.ended = False
        self.fractions: list[float] = []

    def cancel(self) -> None:
        self.cancelled = True

    def report(self, fraction: float) -> None:
        self.fractions.append(fraction)


class Later:
    """Work that is done when one says so."""

    def __init__(self) -> None:
        self.waiting: list[tuple[Task, Callable[[], Any], Callable[[Any], None]]] = []
        self.titles: list[str] = []

    def __call__(self, work: Any, done: Any, *, title: str = "", cancellable: bool = True) -> Task:
        task = Task()
        self.titles.append(title)
        self.waiting.append((task, work, done))
        return task

    def go_on(self) -> list[Task]:
        tasks = []
        while self.waiting:
            task, work, done = self.waiting.pop(0)
            outcome = work()
            task.ended = True
            if not task.cancelled:
                done(outcome)
            tasks.append(task)
        return tasks


@pytest.fixture(autouse=True)
def everything_takes_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(elsewhere, "AT_ONCE", -1.0)


@pytest.fixture
def later() -> Later:
    return Later()


def an_editor(later: Any = None, ids: NDArray[np.uint16] | None = None) -> EditorUnderTest:
    if ids is None:
        ids = drawn("1122..", "1122.3", "44.233", "44.555")
    editor = EditorUnderTest(ids, {int(n): CLASSES[int(n)] for n in np.unique(ids) if n})
    editor.elsewhere.work = later
    return editor


COMMANDS: list[Callable[[Editor], Any]] = [
    lambda editor: editor.merge(),
    lambda editor: editor.split_parts(),
    lambda editor: editor.cut([(-1, 1.5), (9, 1.5)]),
    lambda editor: editor.relabel(CAR),
    lambda editor: editor.relabel(SEA),
    lambda editor: editor.delete(),
    lambda editor: editor.delete("neighbours"),
    lambda editor: editor.fill_holes(),
    lambda editor: editor.remove_specks(),
    lambda editor: editor.grow(1),
    lambda editor: editor.shrink(1),
    lambda editor: editor.paint(PlacedMask(np.ones((3, 2), np.bool_), (1, 2)), "Paint"),
    lambda editor: editor.paint_polygon([(0, 0), (5, 0.5), (3, 4)], "Polygon"),
    lambda editor: editor.paint_box((1, 1), (4, 3), title="Box"),
    lambda editor: editor.fill_at((4.5, 0.5), "Fill"),
    lambda editor: editor.adopt(PlacedMask(np.ones((2, 2), np.bool_), (0, 3)), SEA),
    lambda editor: editor.hand_over(PlacedMask(np.ones((1, 4), np.bool_), (1, 1)), 2, 1),
    lambda editor: editor.reshape(next(iter(editor.document.segments), 1), PlacedMask(np.ones((2, 2), np.bool_))),
    lambda editor: editor.fill_from_nearest(editor.propose_nearest()),
    lambda editor: editor.fill_with_stuff(*stuff(editor)),
]


def stuff(editor: Editor) -> Any:
    shape = editor.document.size
    maps = NetworkMaps(np.zeros(shape, np.uint8), np.array([PERSON, SKY]), np.ones(shape, np.uint8))
    return editor.propose_stuff(maps), maps


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.integers(0, len(COMMANDS) - 1), st.lists(st.integers(1, 5), max_size=3)), max_size=4),
    st.randoms(use_true_random=False),
)
def test_every_command_makes_the_same_edit_elsewhere(deeds: list[tuple[int, list[int]]], lot: Any) -> None:
    ids = np.array([[lot.choice([0, 1, 1, 2, 3, 4, 5]) for _ in range(7)] for _ in range(6)], np.uint16)
    later = Later()
    here, there = an_editor(None, ids), an_editor(later, ids)
    for which, numbers in deeds:
        for editor in (here, there):
            editor.select(numbers)
            editor.use_category(PERSON)
        COMMANDS[which](here)
        COMMANDS[which](there)
        later.go_on()
        assert np.array_equal(here.document.ids, there.document.ids)
        assert dict(here.document.segments) == dict(there.document.segments)
        assert dict(here.document.extents) == dict(there.document.extents)
        assert (here.selection, here.sentences) == (there.selection, there.sentences)
        assert here.options.category == there.options.category
        assert here.history.titles == there.history.titles
        assert len(there.journal) == there.history.position
    while there.history.can_undo:
        there.undo()
    assert np.array_equal(there.document.ids, ids)


def test_nothing_else_is_edited_meanwhile(later: Later) -> None:
    editor = an_editor(later)
    before = editor.rows()
    editor.select([1, 2])
    assert editor.merge() is None
    assert editor.elsewhere.doing == "merging segments"
    attempts: list[Callable[[], Any]] = [
        editor.delete,
        editor.undo,
        editor.redo,
        lambda: editor.set_locked(True),
    ]
    for attempt in attempts:
        assert attempt() is None
        assert editor.sentences.pop() == (
            "The Studio is still merging segments: wait a moment, or press Esc to give that up."
        )
    assert editor.rows() == before
    editor.select([5])  # which is no edit
    (task,) = later.go_on()
    assert task.fractions == [0.0]
    assert [edit.title for edit in editor.journal] == ["Merge 2 segments"]
    assert editor.selection == (1,)
    assert not editor.sentences
    assert editor.undo() is not None


def test_what_is_given_up_changes_nothing(later: Later) -> None:
    editor = an_editor(later)
    before = editor.rows()
    editor.select([1, 2])
    editor.merge()
    assert editor.give_up()
    assert not editor.elsewhere.doing
    assert not editor.give_up()
    editor.select([5])
    editor.delete()
    assert len(later.go_on()) == 2
    assert [edit.title for edit in editor.journal] == ["Delete segment"]
    assert editor.undo() is not None
    assert editor.rows() == before


def test_work_that_others_withdraw_is_no_longer_waited_for(later: Later) -> None:
    editor = an_editor(later)
    editor.select([1, 2])
    editor.merge()
    editor.elsewhere.when_free(lambda: pytest.fail("this was to follow what was withdrawn"))
    later.waiting[0][0].cancel()
    assert not editor.elsewhere.doing
    editor.select([5])
    editor.delete()
    later.go_on()
    assert [edit.title for edit in editor.journal] == ["Delete segment"]


def test_what_nobody_waits_for_is_not_computed_to_its_end(later: Later) -> None:
    editor = an_editor(later)
    editor.select([1, 2, 3])
    reached = []
    editor.do_elsewhere("counting", lambda twin: [(reached.append(step), twin.report(step)) for step in range(3)])
    later.waiting[0][0].cancel()
    later.go_on()
    assert reached == [0]


def test_deeds_wait_for_each_other(later: Later) -> None:
    editor = an_editor(later)

    def merge(*numbers: int) -> None:
        editor.select(numbers)
        editor.merge()

    for pair in ((1, 4), (2, 3)):
        editor.elsewhere.when_free(lambda pair=pair: merge(*pair))
    later.go_on()
    assert editor.history.titles == ("Merge 2 segments",) * 2
    assert editor.categories() == {1: PERSON, 2: CAR, 5: SEA}


def test_deeds_keep_their_order_and_one_that_fails_stops_no_other(later: Later) -> None:
    waits = elsewhere.Elsewhere(later)
    done: list[str] = []

    def first() -> None:
        done.append("first")
        waits.when_free(lambda: done.append("of the first"))

    def fails() -> None:
        raise OSError("the disk is gone")

    waits.begin("counting", lambda _report: None, lambda _outcome: None)
    for deed in (first, lambda: done.append("second"), fails, lambda: done.append("third")):
        waits.when_free(deed)
    with pytest.raises(OSError, match="gone"):
        later.go_on()
    assert done == ["first", "of the first", "second"]
    waits.when_free(lambda: done.append("fourth"))
    assert done[3:] == ["third", "fourth"]


def test_a_stroke_ends_elsewhere_and_is_never_lost(later: Later) -> None:
    editor, plain = an_editor(later), an_editor()

    def stroke(editor: Editor) -> Any:
        editor.select([1])
        made = editor.begin("Brush")
        assert made is not None
        for region in brush_stroke([(0, 0), (5, 3)], 1.0, editor.document.size):
            made.put(region)
        return made.finish()

    assert stroke(plain) is not None
    for end in (later.go_on, editor.give_up):
        assert stroke(editor) is None
        assert later.titles[-1] == ""
        assert not editor.cancel_stroke()
        end()
        assert not editor.elsewhere.doing
        later.go_on()
        assert editor.rows() == plain.rows()
        assert editor.journal[-1].patch == plain.journal[-1].patch
        assert editor.document.extents == plain.document.extents
        editor.undo()
    assert editor.history.titles == ("Brush",)


def dab(editor: Editor, row: int, column: int) -> Any:
    """Begins a stroke and paints a single pixel."""
    made = editor.begin("Brush")
    assert made is not None
    made.put(PlacedMask(np.ones((1, 1), np.bool_), (row, column)))
    return made


def test_a_stroke_that_is_being_finished_is_kept_and_finished_on_demand(later: Later) -> None:
    editor = an_editor(later)
    told: list[int] = []
    editor.elsewhere.kept_changed.connect(lambda: told.append(editor.elsewhere.kept))
    editor.select([1])
    dab(editor, 0, 4).finish()
    dab(editor, 0, 5).finish()
    assert editor.elsewhere.kept == 2
    editor.merge()
    assert editor.is_busy()
    assert editor.sentences == ["The Studio is still finishing the stroke: wait a moment."], "Esc gives none of it up"
    editor.elsewhere.finish()
    assert (editor.rows()[0], editor.history.titles, editor.elsewhere.kept) == ("112211", ("Brush", "Brush"), 0)
    later.go_on()
    assert editor.sentences[1:] == ["Select two or more segments to merge."], "what waited is done right after it"
    assert len(editor.journal) == 2
    assert told == [1, 2, 1, 0]


def test_what_can_be_given_up_is_not_finished_with_the_strokes(later: Later) -> None:
    editor = an_editor(later)
    editor.select([2, 3])
    editor.merge()
    editor.elsewhere.finish()
    assert (editor.elsewhere.doing, editor.elsewhere.kept) == ("merging segments", 0)
    later.go_on()
    assert len(editor.journal) == 1


@pytest.mark.parametrize("end", ["in time", "given up", "left"])
def test_strokes_that_are_drawn_meanwhile_are_painted_afterwards(later: Later, end: str) -> None:
    editor = an_editor(later)
    editor.select([1])
    dab(editor, 0, 4).finish()
    for row, column in ((0, 5), (1, 4)):
        stroke = dab(editor, row, column)
        assert stroke.waits
        assert stroke.finish() is None
    in_hand = dab(editor, 2, 2)
    assert editor.stroke is in_hand
    assert editor.rows() == ["11221.", "1122.3", "44.233", "44.555"]
    if end == "left":
        assert not editor.give_up()
        assert not in_hand.is_open
    else:
        if end == "given up":
            assert not editor.elsewhere.give_up()
        later.go_on()
        in_hand.put(PlacedMask(np.ones((1, 1), np.bool_), (3, 2)))
        in_hand.finish()
        later.go_on()
    last = "." if end == "left" else "1"
    assert editor.rows() == ["112211", "112213", f"44{last}233", f"44{last}555"]
    assert len(editor.journal) == (3 if end == "left" else 4)
    assert not editor.sentences
    assert editor.stroke is None
    while editor.history.can_undo:
        editor.undo()
    assert editor.rows() == an_editor().rows()


def test_new_instances_that_are_drawn_meanwhile_stay_apart(later: Later) -> None:
    editor = an_editor(later)
    editor.select([2, 3])
    editor.merge()
    for row, column, begins in ((0, 4, True), (1, 4, True), (1, 5, False)):
        if begins:
            editor.new_instance(CAR)
        dab(editor, row, column).finish()
    later.go_on()
    assert editor.rows()[:2] == ["11226.", "112277"]
    assert editor.selection == (7,)


@pytest.mark.parametrize("end", ["in time", "given up", "withdrawn"])
def test_what_is_drawn_during_a_long_command_is_painted_into_what_was_selected_then(later: Later, end: str) -> None:
    editor = an_editor(later)
    editor.select([2, 3])
    editor.merge()
    editor.select([1])
    dab(editor, 0, 4).finish()
    editor.paint_box((4, 1), (5, 2), title="Box")
    editor.select([5])
    editor.undo()
    assert [sentence[:29] for sentence in editor.sentences] == ["The Studio is still merging s"]
    if end == "given up":
        assert editor.elsewhere.give_up()
    if end == "withdrawn":
        later.waiting[0][0].cancel()
        editor.elsewhere.catch_up()
        assert editor.elsewhere.doing == "finishing the stroke"
    later.go_on()
    assert editor.document.ids[0, 4] == editor.document.ids[1, 4] == 1
    assert editor.history.titles == (*(["Merge 2 segments"] if end == "in time" else []), "Brush", "Box")


def test_what_is_done_right_after_a_stroke_waits_for_its_end(later: Later) -> None:
    editor = an_editor(later)
    editor.select([1])
    dab(editor, 0, 4).finish()
    editor.undo()
    editor.select([5])
    editor.set_locked(True)
    later.go_on()
    assert editor.rows() == an_editor().rows()
    assert editor.selection == (5,), "what was selected meanwhile is meant"
    assert editor.document.segments[5].locked
    assert not editor.sentences


def test_forgotten_edits_are_read_elsewhere(later: Later) -> None:
    editor = an_editor(later)
    for number in (1, 2, 3):
        editor.select([number])
        editor.delete()
        later.go_on()
    after, kept = editor.rows(), list(editor.journal)
    editor.history.forget(10**9)
    editor.history.fetch = kept.__getitem__
    assert editor.undo() is None
    assert editor.elsewhere.doing == "reading an earlier edit"
    later.go_on()
    assert editor.history.position == 2
    walk = HistoryWalk(editor, 0, lambda go_on: go_on(), lambda: None)
    walk.go_on()
    later.go_on()
    assert editor.history.position == 0
    HistoryWalk(editor, 3, lambda go_on: go_on(), lambda: None).go_on()
    assert editor.rows() == after

    def fails(place: int) -> Any:
        raise OSError("the disk is gone")

    editor.history.forget(10**9)
    editor.history.fetch = fails
    editor.undo()
    later.go_on()
    assert editor.sentences == ["Cannot undo: the disk is gone"]
    assert editor.history.position == 3


def test_a_long_way_is_made_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    editor = an_editor()
    for number in (1, 2, 3, 4):
        editor.select([number])
        editor.delete()
    monkeypatch.setattr("lpsnet_studio.annotator.history_walk._SECONDS", 1e-9)
    waiting: list[Callable[[], None]] = []
    places = []
    walk = HistoryWalk(editor, 0, waiting.append, lambda: places.append(editor.history.position))
    walk.go_on()
    while waiting:
        waiting.pop(0)()
    assert places[-1] == 0
    assert len(places) >= 4
    HistoryWalk(editor, 4, waiting.append, lambda: None).go_on()
    editor.redo()  # somebody interferes, and the way ends there
    reached = editor.history.position
    while waiting:
        waiting.pop(0)()
    assert editor.history.position == reached


def test_another_image_ends_what_is_computed_and_keeps_what_was_drawn(tmp_path: Path, later: Later) -> None:
    desk = begun_desk(tmp_path)
    said: list[str] = []
    desk.said.connect(said.append)
    editor = editor_of(desk)
    editor.elsewhere.work = later
    editor.select([1, 2])
    editor.merge()
    desk.look_at(None)
    assert said == ["Given up, as another image was opened meanwhile: merging segments."]
    later.go_on()
    assert not editor.history.can_undo
    desk.look_at(tmp_path / "photos" / "0.png")
    editor = editor_of(desk)
    editor.elsewhere.work = later
    editor.select([1])
    stroke = editor.begin("Brush")
    assert stroke is not None
    for region in brush_stroke([(0, 0), (9, 9)], 2.0, editor.document.size):
        stroke.put(region)
    assert stroke.finish() is None
    assert not desk.shut()
    store = ProjectStore.open(tmp_path / "project")
    assert [entry.done for entry in store.entries.values()] == [1, 0]
    store.close()


def test_the_journal_follows_edits_that_are_read_elsewhere(tmp_path: Path, later: Later) -> None:
    desk = begun_desk(tmp_path)
    editor = editor_of(desk)
    for number in (1, 2):
        editor.select([number])
        editor.delete()
    editor.elsewhere.work = later
    assert desk.store is not None
    desk.store.flush(10)
    editor.history.forget(10**9)
    desk.go_to(0)
    later.go_on()
    assert editor.history.position == 0
    assert desk.entry is not None
    assert desk.entry.done == 0
    assert not desk.shut()
