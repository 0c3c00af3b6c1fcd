"""The panel Segments: the same selection as the editor, locks, the filter, and what the menu does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QLabel

from lpsnet_studio.annotator.desk import Desk
from lpsnet_studio.annotator.segment_rows import LOCK, NAME
from lpsnet_studio.annotator.segments_view import SegmentsPanel
from lpsnet_studio.tables.sorting import Order
from lpsnet_studio.theme import Theme
from tests.studio.annotator.on_the_desk import begun_desk, desk_at_once, editor_of, photos_in, read_only

CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return begun_desk(tmp_path)


@pytest.fixture
def panel(desk: Desk, theme: Theme, qtbot: Any) -> SegmentsPanel:
    made = SegmentsPanel(desk, theme)
    qtbot.addWidget(made)
    made.resize(300, 400)
    made.show()
    qtbot.waitExposed(made)
    return made


def _place(panel: SegmentsPanel, number: int, column: int = NAME) -> QPoint:
    return panel.table.visualRect(panel.model.index(panel.model.row_of(number), column)).center()


def _click(
    qtbot: Any, panel: SegmentsPanel, number: int, keys: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier
) -> None:
    qtbot.mouseClick(panel.table.viewport(), Qt.MouseButton.LeftButton, keys, _place(panel, number))


def _numbers(panel: SegmentsPanel) -> list[int]:
    return [row.number for row in panel.model.shown]


def _action(panel: SegmentsPanel, text: str) -> QAction:
    return next(action for action in panel.make_menu().actions() if action.text() == text)


def test_rows_are_selected_as_files_are_and_the_editor_follows(panel: SegmentsPanel, desk: Desk, qtbot: Any) -> None:
    editor = editor_of(desk)
    _click(qtbot, panel, 3)
    assert editor.selection == (3,)
    _click(qtbot, panel, 1, CTRL)
    assert editor.selection == (3, 1)
    _click(qtbot, panel, 3, CTRL)
    assert editor.selection == (1,)
    _click(qtbot, panel, 4)
    assert editor.selection == (4,)
    _click(qtbot, panel, 2, SHIFT)
    assert editor.selection == (4, 2, 3), "the one selected first is the one that others are merged into"


def test_what_the_editor_selects_is_marked_and_tells_it_nothing_back(panel: SegmentsPanel, desk: Desk) -> None:
    editor = editor_of(desk)
    told: list[tuple[int, ...]] = []
    editor.selection_changed.connect(lambda: told.append(editor.selection))
    editor.select([4, 1])
    assert panel.table.marked_numbers == (1, 4)
    editor.select([])
    assert panel.table.marked_numbers == ()
    assert told == [(4, 1), ()]


def test_the_selection_outlives_sorting_filtering_and_edits(panel: SegmentsPanel, desk: Desk, qtbot: Any) -> None:
    editor = editor_of(desk)
    editor.select([3, 2])
    panel.table.sort_by(Order(1, descending=True))
    assert _numbers(panel) == [4, 1, 3, 2]
    assert panel.table.marked_numbers == (3, 2)
    panel.filter.setText("person")
    assert _numbers(panel) == [1, 2]
    assert editor.selection == (3, 2)
    _click(qtbot, panel, 1, CTRL)
    assert editor.selection == (3, 2, 1), "what the filter hides stays selected"
    panel.filter.clear()
    editor.set_locked(True)
    qtbot.waitUntil(lambda: all(row.locked for row in panel.model.shown if row.number != 4))
    assert set(panel.table.marked_numbers) == {1, 2, 3}
    _click(qtbot, panel, 4)
    assert editor.selection == (4,)


def test_a_click_on_the_lock_turns_it_and_selects_nothing(panel: SegmentsPanel, desk: Desk, qtbot: Any) -> None:
    editor = editor_of(desk)
    qtbot.mouseClick(panel.table.viewport(), Qt.MouseButton.LeftButton, pos=_place(panel, 3, LOCK))
    assert editor.locked() == {3}
    assert editor.selection == ()
    editor.select([1, 2])
    qtbot.mouseClick(panel.table.viewport(), Qt.MouseButton.LeftButton, pos=_place(panel, 2, LOCK))
    assert editor.locked() == {1, 2, 3}, "the lock of a selected segment is that of all"
    assert len(editor.history.titles) == 2


def test_space_turns_the_locks_of_all_that_is_selected(panel: SegmentsPanel, desk: Desk, qtbot: Any) -> None:
    editor = editor_of(desk)
    editor.select([1, 4])
    qtbot.keyClick(panel.table, Qt.Key.Key_Space)
    assert editor.locked() == {1, 4}
    qtbot.keyClick(panel.table, Qt.Key.Key_Space)
    assert editor.locked() == set()


def test_the_keyboard_stays_on_its_row_when_a_lock_turns(panel: SegmentsPanel, desk: Desk, qtbot: Any) -> None:
    panel.table.setFocus()
    panel.table.sort_by(Order(LOCK))
    _click(qtbot, panel, 4)
    qtbot.keyClick(panel.table, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: _numbers(panel)[0] == 4)
    assert panel.table.current_number == 4
    qtbot.keyClick(panel.table, Qt.Key.Key_Down)
    assert editor_of(desk).selection == (1,)


def test_enter_and_a_double_click_centre_a_segment(panel: SegmentsPanel, qtbot: Any) -> None:
    wanted: list[int] = []
    panel.centre_wanted.connect(wanted.append)
    _click(qtbot, panel, 2)
    qtbot.keyClick(panel.table, Qt.Key.Key_Return)
    _click(qtbot, panel, 4)
    qtbot.mouseDClick(panel.table.viewport(), Qt.MouseButton.LeftButton, pos=_place(panel, 4))
    assert wanted == [2, 4]


def test_edits_and_undo_are_shown_with_the_unlabelled_pixels(panel: SegmentsPanel, desk: Desk, qtbot: Any) -> None:
    editor = editor_of(desk)
    editor.select([4])
    editor.delete()
    qtbot.waitUntil(lambda: _numbers(panel) == [1, 2, 3])
    assert (panel.counts.text(), panel.void.text()) == ("3 segments", "2,070 pixels (86.2 %) unlabelled")
    desk.undo()
    qtbot.waitUntil(lambda: _numbers(panel) == [1, 2, 3, 4])
    assert (panel.counts.text(), panel.void.text()) == ("4 segments", "1,470 pixels (61.3 %) unlabelled")


def test_a_stroke_in_the_making_is_shown_once_it_is_finished(panel: SegmentsPanel, desk: Desk, qtbot: Any) -> None:
    editor = editor_of(desk)
    editor.use_category(1)
    stroke = editor.begin("Brush")
    assert stroke is not None
    qtbot.wait(20)
    assert _numbers(panel) == [1, 2, 3, 4]
    stroke.cancel()
    qtbot.wait(20)
    assert _numbers(panel) == [1, 2, 3, 4]


def test_the_menu_does_what_it_says(panel: SegmentsPanel, desk: Desk) -> None:
    editor = editor_of(desk)
    editor.select([2, 1])
    _action(panel, "Merge 2 segments into person #2").trigger()
    assert sorted(editor.document.segments) == [2, 3, 4]
    editor.select([3])
    _action(panel, "Split into parts").trigger()
    assert sorted(editor.document.segments) == [2, 3, 4, 5]
    editor.select([3])
    _action(panel, "Select all of its class").trigger()
    assert editor.selection == (3, 5)
    _action(panel, "Mark as crowd").trigger()
    assert all(editor.document.segments[number].iscrowd for number in (3, 5))
    _action(panel, "Lock").trigger()
    _action(panel, "Unlock").trigger()
    editor.select([3])
    _action(panel, "Delete, to neighbours").trigger()
    assert sorted(editor.document.segments) == [2, 4, 5]
    editor.select([5])
    _action(panel, "Delete").trigger()
    assert sorted(editor.document.segments) == [2, 4]


def test_the_menu_offers_only_what_can_be_done(panel: SegmentsPanel, desk: Desk) -> None:
    enabled = {action.text(): action.isEnabled() for action in panel.make_menu().actions() if action.text()}
    assert not enabled["Merge"]
    assert not enabled["Delete"]
    assert enabled["Copy the table"]
    editor_of(desk).select([1])
    enabled = {action.text(): action.isEnabled() for action in panel.make_menu().actions() if action.text()}
    assert enabled["Delete"]
    assert not enabled["Merge"]


def test_escape_and_down_leave_the_filter(panel: SegmentsPanel, qtbot: Any) -> None:
    panel.filter.setFocus()
    qtbot.keyClicks(panel.filter, "zebra")
    assert _numbers(panel) == []
    assert any("No segment fits “zebra”" in label.text() for label in panel.findChildren(QLabel) if label.isVisible())
    qtbot.keyClick(panel.filter, Qt.Key.Key_Escape)
    assert _numbers(panel) == [1, 2, 3, 4]
    qtbot.waitUntil(panel.table.hasFocus)


def _empty_words(panel: SegmentsPanel) -> str:
    return next(label.text() for label in panel.findChildren(QLabel) if label.isVisibleTo(panel) and label.wordWrap())


def test_an_empty_panel_says_what_to_do_next(theme: Theme, qtbot: Any, tmp_path: Path) -> None:
    desk = desk_at_once()
    panel = SegmentsPanel(desk, theme)
    qtbot.addWidget(panel)
    assert "Open a project" in _empty_words(panel)
    photos = photos_in(tmp_path / "photos")
    desk.new_project(tmp_path / "project", begun_desk(tmp_path / "other").labels, photos)
    assert "Choose an image" in _empty_words(panel)
    desk.look_at(photos[0])
    assert "no segments yet" in _empty_words(panel)
    desk.begin_empty()
    assert "Nothing is labelled yet" in _empty_words(panel)
    assert desk.shut() == ""


def test_another_image_brings_its_own_segments(panel: SegmentsPanel, desk: Desk, tmp_path: Path, qtbot: Any) -> None:
    first = editor_of(desk)
    desk.look_at(tmp_path / "photos" / "1.png")
    assert _numbers(panel) == []
    desk.look_at(tmp_path / "photos" / "0.png")
    assert _numbers(panel) == [1, 2, 3, 4]
    first.select([1])
    assert panel.table.marked_numbers == (), "the editor before is listened to no more"


def test_what_is_read_only_can_be_looked_at_and_says_why(desk: Desk, theme: Theme, qtbot: Any) -> None:
    reading = read_only(desk)
    panel = SegmentsPanel(reading, theme)
    qtbot.addWidget(panel)
    panel.resize(300, 400)
    panel.show()
    told: list[str] = []
    reading.said.connect(told.append)
    qtbot.mouseClick(panel.table.viewport(), Qt.MouseButton.LeftButton, pos=_place(panel, 3, LOCK))
    assert editor_of(reading).selection == (3,)
    assert told == [], "who looks is told nothing"
    qtbot.keyClick(panel.table, Qt.Key.Key_Space)
    assert editor_of(reading).locked() == set()
    assert reading.store is not None
    assert told == [reading.store.read_only_because] != [""]
    assert not _action(panel, "Lock").isEnabled()
    assert reading.store.read_only_because in _action(panel, "Lock").toolTip()
    assert reading.shut() == ""


def test_names_are_plain_text(theme: Theme, qtbot: Any, tmp_path: Path) -> None:
    desk = begun_desk(tmp_path)
    panel = SegmentsPanel(desk, theme)
    qtbot.addWidget(panel)
    desk.change_labels(desk.labels.rename(3, "<b>car</b> & co"))
    panel.show_segments()
    index = panel.model.index(panel.model.row_of(3), NAME)
    assert index.data() == "<b>car</b> & co #3"
    assert "&lt;b&gt;" in index.data(Qt.ItemDataRole.ToolTipRole)
    editor_of(desk).select([3, 1])
    assert _action(panel, "Merge 2 segments into <b>car</b> && co #3")


def test_a_thousand_segments_can_all_be_selected(theme: Theme, qtbot: Any, tmp_path: Path) -> None:
    from lpsnet.structures import PanopticSegmentation

    desk = begun_desk(tmp_path)
    panel = SegmentsPanel(desk, theme)
    qtbot.addWidget(panel)
    panel.resize(300, 400)
    panel.show()
    ids = np.arange(1, 2401, dtype=np.int32).reshape(40, 60)
    desk.begin_from(
        PanopticSegmentation.from_ids(ids, dict.fromkeys(range(1, 2401), 0)), desk.labels.to_categories(), "a test"
    )
    assert len(panel.model.shown) == 2400
    panel.table.setFocus()
    panel.table.selectAll()
    assert len(editor_of(desk).selection) == 2400
    editor_of(desk).select([2000])
    assert panel.table.current_number == 2000
    assert panel.table.visualRect(panel.table.currentIndex()).intersects(panel.table.viewport().rect())


def test_rows_that_are_still_of_the_image_before_select_nothing(
    panel: SegmentsPanel, desk: Desk, qtbot: Any, tmp_path: Path
) -> None:
    waiting: list[Any] = []
    desk.in_turn = waiting.append
    desk.look_at(None)
    desk.look_at(tmp_path / "photos" / "0.png")
    _click(qtbot, panel, 2)
    assert editor_of(desk).selection == ()
    waiting[-1]()
    _click(qtbot, panel, 3)
    assert editor_of(desk).selection == (3,)
