"""The timeline drives the merge, and canvas and card tell what it did."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from lpsnet_studio.canvas.sampling import Grid
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
        shown = opened.canvas.stage.segments.picture
        np.testing.assert_array_equal(shown.indices, trace.owners_after(position))
        np.testing.assert_array_equal(shown.sample(Grid.of_image(*shown.shape)), shown.indices)


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
    assert card.headline.text() == "Before the first of 8 steps: nothing is pasted yet"
    session.seek(2)
    assert card.headline.text() == "Step 2 of 8: paste person (score 0.80)"
    assert card.verdict.words.text() == "kept as person #2"
    assert card.sentence.text().startswith(
        "18 % of its 660 pixels are already taken by earlier boxes; that is within the limit of 30 %, "
        "so it is kept as person #2. "
    )
    assert "The 120 contested pixels stay with person #1, whose box is not larger." in card.sentence.text()
    session.seek(3)
    assert card.verdict.words.text() == "discarded"
    assert card.sentence.text().startswith("All (100 %) of its")
    session.seek(5)
    assert card.verdict.words.text() == "empty"


def test_the_strip_goes_where_it_is_clicked(opened: Any, session: Session) -> None:
    strip = opened.timeline.strip
    pitch = strip.width() / len(session.steps)
    QTest.mouseClick(strip, Qt.MouseButton.LeftButton, pos=strip.rect().center().__class__(int(2.5 * pitch), 8))
    assert session.position == 3


def test_contested_and_candidate_pixels_of_the_step_are_shown(opened: Any, session: Session) -> None:
    session.seek(2)
    step = opened.canvas.stage.step.picture
    kinds, counts = np.unique(step.indices, return_counts=True)
    seen = dict(zip(kinds.tolist(), counts.tolist(), strict=True))
    assert session.current_step is not None
    assert sum(counts) == 22 * 30
    won = session.current_step.contests[0].won
    assert seen.get(3, 0) == won
    session.seek(3)
    assert 2 in np.unique(opened.canvas.stage.step.picture.indices), "the pixels that spoke against it"


def test_a_click_selects_everywhere(opened: Any, session: Session) -> None:
    opened.canvas.clicked.emit(12, 30)
    assert session.selected == 1
    rows = opened.segments.table.selectionModel().selectedRows()
    assert [opened.segments.model.owner(row.row()) for row in rows] == [1]
    opened.segments.table.selectRow(2)
    assert session.selected == opened.segments.model.owner(2)
    QTest.keyClick(opened, Qt.Key.Key_Escape)
    assert session.selected == 0
