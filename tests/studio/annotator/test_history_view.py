"""The panel History: what was done and undone, and going there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt

from lpsnet_studio.annotator.desk import Desk
from lpsnet_studio.annotator.edit_history import UNKNOWN_TITLE
from lpsnet_studio.annotator.history_rows import rows_of
from lpsnet_studio.annotator.history_view import HistoryPanel
from lpsnet_studio.theme import Theme
from tests.studio.annotator.on_the_desk import begun_desk, desk_at_once, editor_of, read_only


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """Three edits, the last of them undone."""
    made = begun_desk(tmp_path)
    editor = editor_of(made)
    editor.select([1, 2])
    editor.merge()
    editor.relabel(3)
    editor.delete()
    made.undo()
    return made


@pytest.fixture
def panel(desk: Desk, theme: Theme, qtbot: Any) -> HistoryPanel:
    made = HistoryPanel(desk, theme)
    qtbot.addWidget(made)
    made.resize(300, 200)
    made.show()
    qtbot.waitExposed(made)
    return made


def _click(qtbot: Any, panel: HistoryPanel, place: int) -> None:
    where = panel.list.visualRect(panel.model.index(place)).center()
    qtbot.mouseClick(panel.list.viewport(), Qt.MouseButton.LeftButton, pos=where)


def test_rows_say_what_is_done_and_where_one_is(desk: Desk) -> None:
    rows = rows_of(editor_of(desk).history)
    assert [row.spoken for row in rows] == [
        "As it was begun, done",
        "Merge 2 segments, done",
        "Relabel as car, the present state",
        "Delete segment, undone",
    ]


def test_what_is_no_longer_kept_cannot_be_gone_to(desk: Desk) -> None:
    history = editor_of(desk).history
    history.drop(1)
    rows = rows_of(history)
    assert [row.position for row in rows] == [1, 2, 3]
    assert rows[0].text == "Edits before this are no longer kept"


def test_an_edit_without_a_title_has_a_name(desk: Desk) -> None:
    history = editor_of(desk).history
    history._steps[0].title = ""
    assert rows_of(history)[1].text == UNKNOWN_TITLE


def test_a_click_goes_there_and_back(panel: HistoryPanel, desk: Desk, qtbot: Any) -> None:
    editor = editor_of(desk)
    before = editor.document.ids.copy()
    _click(qtbot, panel, 0)
    assert editor.history.position == 0
    assert sorted(editor.document.segments) == [1, 2, 3, 4]
    assert panel.model.present == 0
    _click(qtbot, panel, 3)
    assert editor.history.position == 3
    assert 1 not in editor.document.segments
    _click(qtbot, panel, 2)
    np.testing.assert_array_equal(editor.document.ids, before)
    assert desk.entry is not None
    assert desk.entry.done == 2, "the journal knows where one is"


def test_arrows_only_look_and_enter_goes(panel: HistoryPanel, desk: Desk, qtbot: Any) -> None:
    history = editor_of(desk).history
    panel.list.setFocus()
    qtbot.keyClick(panel.list, Qt.Key.Key_Up)
    assert history.position == 2
    qtbot.keyClick(panel.list, Qt.Key.Key_Return)
    assert history.position == 1


def test_edits_and_undo_are_followed(panel: HistoryPanel, desk: Desk, qtbot: Any) -> None:
    desk.undo()
    qtbot.waitUntil(lambda: panel.model.present == 1)
    assert [row.is_done for row in panel.model.shown] == [True, True, False, False]
    editor_of(desk).select([3])
    editor_of(desk).set_locked(True)
    qtbot.waitUntil(lambda: [row.text for row in panel.model.shown][2:] == ["Lock segment"])
    assert panel.model.rowCount() == 3


def test_another_image_has_its_own_history(panel: HistoryPanel, desk: Desk, tmp_path: Path) -> None:
    desk.look_at(tmp_path / "photos" / "1.png")
    assert panel.model.rowCount() == 0
    desk.begin_empty()
    assert [row.text for row in panel.model.shown] == ["As it was begun"]
    desk.look_at(tmp_path / "photos" / "0.png")
    assert panel.model.rowCount() == 4


def test_a_history_that_is_read_only_is_shown_and_not_changed(desk: Desk, theme: Theme, qtbot: Any) -> None:
    reading = read_only(desk)
    panel = HistoryPanel(reading, theme)
    qtbot.addWidget(panel)
    panel.resize(300, 200)
    panel.show()
    told: list[str] = []
    reading.said.connect(told.append)
    _click(qtbot, panel, 0)
    assert editor_of(reading).history.position == 2
    assert reading.store is not None
    assert told == [reading.store.read_only_because]
    assert reading.shut() == ""


def test_without_an_image_it_says_what_to_do(theme: Theme, qtbot: Any) -> None:
    panel = HistoryPanel(desk_at_once(), theme)
    qtbot.addWidget(panel)
    assert "Open a project" in panel._empty.text()


def test_a_list_that_is_still_of_the_image_before_leads_nowhere(
    panel: HistoryPanel, desk: Desk, qtbot: Any, tmp_path: Path
) -> None:
    waiting: list[Any] = []
    desk.in_turn = waiting.append
    first = tmp_path / "photos" / "0.png"
    desk.look_at(None)
    desk.look_at(first)
    position = editor_of(desk).history.position
    _click(qtbot, panel, 0)
    assert editor_of(desk).history.position == position > 0
    waiting[-1]()
    _click(qtbot, panel, 0)
    assert editor_of(desk).history.position == 0
