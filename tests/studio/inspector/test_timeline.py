"""The timeline drives the merge, and canvas and card tell what it did."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from lpsnet_studio.session import Session
from tests.studio.hand_made import ListeningService, open_first


@pytest.fixture
def opened(window: Any, session: Session, service: ListeningService) -> Any:
    open_first(session, service)
    return window


def test_scrubbing_shows_every_position_as_the_trace_replays_it(opened: Any, session: Session) -> None:
    assert session.result is not None
    trace, slider = session.result.trace, opened.timeline.slider
    for position in (0, 2, 5, 1, len(trace.steps), 3):
        slider.setValue(position)
        shown = opened.canvas.segments.picture
        np.testing.assert_array_equal(shown.indices, trace.owners_after(position))
        painted = shown.buffer.copy()
        shown.recolor()
        np.testing.assert_array_equal(painted, shown.buffer)


def test_playing_comes_to_the_end_and_stops(opened: Any, session: Session, qtbot: Any) -> None:
    opened.timeline._timer.setInterval(1)
    QTest.keyClick(opened.canvas, Qt.Key.Key_K)
    assert session.playing
    assert session.position <= 1
    qtbot.waitUntil(lambda: not session.playing, timeout=5000)
    assert session.position == len(session.steps)
    assert not opened.actions_by_id["play"].isChecked()


def test_arrows_step_while_the_canvas_has_the_focus(opened: Any, session: Session) -> None:
    opened.canvas.setFocus()
    end = len(session.steps)
    QTest.keyClick(opened.canvas, Qt.Key.Key_Left)
    assert session.position == end - 1
    QTest.keyClick(opened.canvas, Qt.Key.Key_Home)
    assert session.position == 0
    QTest.keyClick(opened.canvas, Qt.Key.Key_Right)
    assert session.position == 1
    QTest.keyClick(opened.canvas, Qt.Key.Key_End)
    assert session.position == end


def test_the_card_tells_what_a_step_did(opened: Any, session: Session) -> None:
    card = opened.timeline.card
    session.seek(0)
    assert card._headline.text() == "Nothing is pasted yet"
    session.seek(2)
    assert card._headline.text() == "person #2 · 0.80"
    assert card._verdict.text() == "kept: overlap 0.18 ≤ 0.30"
    assert card._pixels.text() == "660 pixels of this class in the box, 120 of them held by earlier boxes"
    assert "120 pixels contested with person #1" in card._contests.text()
    session.seek(3)
    assert card._verdict.text().startswith("discarded: overlap 1.00 > 0.30")
    session.seek(5)
    assert card._verdict.text() == "empty: no pixel to paste"


def test_the_strip_goes_where_it_is_clicked(opened: Any, session: Session) -> None:
    strip = opened.timeline.strip
    pitch = strip.width() / len(session.steps)
    QTest.mouseClick(strip, Qt.MouseButton.LeftButton, pos=strip.rect().center().__class__(int(2.5 * pitch), 8))
    assert session.position == 3


def test_contested_and_candidate_pixels_of_the_step_are_shown(opened: Any, session: Session) -> None:
    session.seek(2)
    step = opened.canvas.step.picture
    kinds, counts = np.unique(step.indices, return_counts=True)
    seen = dict(zip(kinds.tolist(), counts.tolist(), strict=True))
    assert session.current_step is not None
    assert sum(counts) == 22 * 30
    won = session.current_step.contests[0].won
    assert seen.get(3, 0) == won
    session.seek(3)
    assert 2 in np.unique(opened.canvas.step.picture.indices), "the pixels that spoke against it"


def test_a_click_selects_everywhere(opened: Any, session: Session) -> None:
    opened.canvas.clicked.emit(12, 30)
    assert session.selected == 1
    rows = opened.segments.table.selectionModel().selectedRows()
    assert [opened.segments.model.owner(row.row()) for row in rows] == [1]
    opened.segments.table.selectRow(2)
    assert session.selected == opened.segments.model.owner(2)
    QTest.keyClick(opened, Qt.Key.Key_Escape)
    assert session.selected == 0
