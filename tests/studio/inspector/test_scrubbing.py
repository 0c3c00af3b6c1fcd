"""A held key or button goes on stepping, and stops in the moment it is let go."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from lpsnet_studio.inspector import scrubbing
from lpsnet_studio.inspector.scrubbing import interval_after
from lpsnet_studio.session import Session
from tests.studio.hand_made import ListeningService, open_first


@pytest.fixture
def opened(
    window: Any, session: Session, service: ListeningService, monkeypatch: pytest.MonkeyPatch, qtbot: Any
) -> Any:
    monkeypatch.setattr(scrubbing, "_DELAY", 20)
    open_first(session, service)
    window.activateWindow()
    window.canvas.setFocus()
    qtbot.waitUntil(window.canvas.hasFocus)
    return window


def test_the_pace_is_steady_then_quickens_up_to_a_frame() -> None:
    assert [interval_after(seconds) for seconds in (0, 1, 2.5, 4, 60)] == [60, 60, 38, 17, 17]
    paces = [interval_after(tenth / 10) for tenth in range(60)]
    assert paces == sorted(paces, reverse=True)


@pytest.mark.parametrize("key", [Qt.Key.Key_Left, Qt.Key.Key_Comma])
def test_a_held_key_steps_until_it_is_let_go(opened: Any, session: Session, qtbot: Any, key: Qt.Key) -> None:
    QTest.keyPress(opened.canvas, key)
    assert session.position == 7
    qtbot.waitUntil(lambda: session.position <= 4, timeout=3000)
    QTest.keyRelease(opened.canvas, key)
    stopped = session.position
    assert not opened.timeline.scrubber.running
    qtbot.wait(150)
    assert session.position == stopped


def test_a_key_pressed_once_steps_once(opened: Any, session: Session, qtbot: Any) -> None:
    QTest.keyClick(opened.canvas, Qt.Key.Key_Left)
    qtbot.wait(150)
    assert session.position == 7


def test_the_other_key_turns_round(opened: Any, session: Session, qtbot: Any) -> None:
    session.seek(4)
    QTest.keyPress(opened.canvas, Qt.Key.Key_Left)
    qtbot.waitUntil(lambda: session.position <= 2, timeout=3000)
    QTest.keyPress(opened.canvas, Qt.Key.Key_Right)
    qtbot.waitUntil(lambda: session.position >= 6, timeout=3000)
    QTest.keyRelease(opened.canvas, Qt.Key.Key_Right)
    assert not opened.timeline.scrubber.running


def test_a_held_button_steps_until_it_is_let_go(opened: Any, session: Session, qtbot: Any) -> None:
    button = opened.timeline.buttons["step_back"]
    QTest.mousePress(button, Qt.MouseButton.LeftButton)
    assert session.position == 7
    qtbot.waitUntil(lambda: session.position <= 4, timeout=3000)
    QTest.mouseRelease(button, Qt.MouseButton.LeftButton)
    stopped = session.position
    qtbot.wait(150)
    assert session.position == stopped
    button.click()
    assert session.position == stopped - 1


def test_a_menu_does_not_hold(opened: Any, session: Session, qtbot: Any) -> None:
    opened.actions_by_id["step_back"].trigger()
    qtbot.wait(120)
    assert session.position == 7


def test_losing_the_focus_lets_go(opened: Any, session: Session, qtbot: Any) -> None:
    QTest.keyPress(opened.canvas, Qt.Key.Key_Left)
    assert opened.timeline.scrubber.running
    opened.segments.table.setFocus()
    assert not opened.timeline.scrubber.running
