"""What the merge's actions do: events, speeds, the step that took a pixel."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from lpsnet.structures import InspectionSettings
from lpsnet_studio.inference.messages import Inspect
from lpsnet_studio.session import Session
from lpsnet_studio.view_options import SPEEDS
from tests.studio.hand_made import ListeningService, inspected, open_first, trace


@pytest.fixture
def opened(window: Any, session: Session, service: ListeningService) -> Any:
    open_first(session, service)
    window.canvas.setFocus()
    return window


def test_events_are_gone_to_and_their_lack_is_said(opened: Any, session: Session) -> None:
    session.seek(0)
    places = []
    for _ in range(3):
        QTest.keyClick(opened.canvas, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
        places.append(session.position)
    assert places == [2, 3, 3]
    assert opened.notifications.texts == ["No step was discarded or contested pixels after this one."]
    session.seek(8)
    opened.commands.merge.previous_event()
    assert session.position == 3
    opened.commands.merge.previous_event()
    opened.commands.merge.previous_event()
    assert session.position == 2
    assert opened.notifications.texts[-1] == "No step was discarded or contested pixels before this one."


def test_an_event_pauses_the_merge(opened: Any, session: Session) -> None:
    session.play(True)
    opened.commands.merge.next_event()
    assert not session.playing
    assert session.position == 2


def test_speeds_halve_and_double_within_their_range(opened: Any, session: Session) -> None:
    merge, seen = opened.commands.merge, []
    for _ in range(5):
        merge.faster()
        seen.append(session.view.speed)
    assert seen == [2.0, 4.0, 8.0, 8.0, 8.0]
    assert not opened.actions_by_id["faster"].isEnabled()
    for _ in range(6):
        merge.slower()
    assert session.view.speed == SPEEDS[0] == 0.5
    assert not opened.actions_by_id["slower"].isEnabled()


def test_the_step_of_the_pixel_under_the_mouse(opened: Any, session: Session) -> None:
    session.play(True)
    session.point(45, 30)
    QTest.keyClick(opened.canvas, Qt.Key.Key_G)
    assert session.position == 2
    assert not session.playing
    session.point(5, 5)
    QTest.keyClick(opened.canvas, Qt.Key.Key_G)
    assert session.position == 6
    assert opened.notifications.texts == []


def test_the_step_of_the_selected_segment_without_a_mouse(opened: Any, session: Session) -> None:
    session.point(-1, -1)
    session.select(3)
    opened.commands.merge.step_of_pixel()
    assert session.position == 4
    session.select(0)
    opened.commands.merge.step_of_pixel()
    assert session.position == 4
    assert opened.notifications.texts == ["Point at a pixel or select a segment, then ask for its step."]


def test_a_void_pixel_was_taken_by_no_step(opened: Any, session: Session, service: ListeningService) -> None:
    session.change_settings(stuff_limit=1700)
    session.receive(inspected(service.last(Inspect)))
    settings = InspectionSettings(stuff_limit=1700, conflict="smallest")
    assert trace(settings).owners[55, 70] == 0
    session.point(70, 55)
    before = session.position
    opened.commands.merge.step_of_pixel()
    assert session.position == before
    assert opened.notifications.texts == ["No step took this pixel: it is void."]


def test_without_a_merge_nothing_is_asked(window: Any, session: Session) -> None:
    window.commands.merge.step_of_pixel()
    assert window.notifications.texts == []


def test_contested_pixels_before_the_step_are_told_on_the_card(opened: Any, session: Session) -> None:
    session.seek(2)
    QTest.keyClick(opened.canvas, Qt.Key.Key_B)
    assert session.view.contested == "before"
    assert opened.timeline.card.sentence.text().endswith("as they were before this step.")
    QTest.keyClick(opened.canvas, Qt.Key.Key_B)
    assert "before this step" not in opened.timeline.card.sentence.text()
