"""Messages: in their corner, out of the way, counted, reachable by keyboard, and never in haste while they are read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QCursor, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QToolButton, QWidget

from lpsnet_studio.chrome.note import Note
from lpsnet_studio.chrome.notifications import NoteAction, Notifications
from lpsnet_studio.state import Problem


@pytest.fixture
def stage(qtbot: Any) -> QWidget:
    window = QWidget()
    qtbot.addWidget(window)
    window.resize(900, 600)
    window.show()
    qtbot.waitExposed(window)
    window.activateWindow()
    return window


@pytest.fixture
def notes(stage: QWidget, theme: Any) -> Notifications:
    return Notifications(stage, theme)


def button(note: Note, text: str) -> QToolButton:
    return next(each for each in note.findChildren(QToolButton) if each.text() == text)


def hurry(note: Note) -> None:
    """Lets a message's time run out now."""
    note._timer.stop()
    note._timer.timeout.emit()


def test_each_kind_is_told_by_a_word_too(notes: Notifications) -> None:
    notes.show_info("Saved")
    notes.show_warning(Problem("Old"))
    notes.show_failure(Problem("Broken", "Mend it."))
    assert [note.accessibleName() for note in notes.notes] == [
        "Note: Saved",
        "Warning: Old",
        "Failure: Broken\nMend it.",
    ]
    words = [[label.text() for label in note.findChildren(QLabel) if label.text()] for note in notes.notes]
    assert words == [["Note"], ["Warning"], ["Failure"]]


def test_what_is_said_again_is_counted(notes: Notifications) -> None:
    for _ in range(3):
        notes.show_failure(Problem("0.png: broken"))
    notes.show_info("0.png: broken")
    assert [(note.kind, note.count) for note in notes.notes] == [("failure", 3), ("info", 1)]
    assert any(label.text() == "Failure ×3" for label in notes.notes[0].findChildren(QLabel))


def test_three_are_seen_and_the_others_wait_behind_a_button(notes: Notifications) -> None:
    for number in range(6):
        notes.show_info(f"{number}")
    assert notes.texts == ["3", "4", "5"]
    assert not notes._more.isHidden()
    assert notes._more.text() == "3 more"
    notes._more.click()
    assert notes.texts == ["0", "1", "2"]
    for _ in range(3):
        notes.notes[-1].dismiss()
    assert len(notes.texts) == 3
    assert notes._more.isHidden()


def test_what_waits_behind_does_not_run_out_of_time(notes: Notifications) -> None:
    for number in range(4):
        notes.show_info(f"{number}")
    behind = next(note for note in notes._notes if note.isHidden())
    assert not behind._timer.isActive()
    notes.notes[0].dismiss()
    assert behind._timer.isActive()


@pytest.mark.parametrize("size", [(1360, 860), (480, 300), (300, 110), (200, 60)])
def test_they_stay_inside_and_never_on_each_other(stage: QWidget, notes: Notifications, size: tuple[int, int]) -> None:
    path = "/a/" + "folder_without_a_space_" * 12 + "/photo.png"
    for number in range(6):
        notes.show_failure(Problem(f"{path}: {number} is broken", "Mend it.", "details"), NoteAction("Retry", print))
    stage.resize(*size)
    places = [note.geometry() for note in notes.notes]
    assert places
    for place in places:
        assert stage.rect().contains(place) or size == (200, 60)
        assert place.right() < stage.width()
    assert not any(a.intersects(b) for a in places for b in places if a is not b)


@pytest.mark.parametrize(
    ("size", "width"), [((1360, 860), 360), ((700, 500), 280), ((330, 350), 200), ((210, 300), 186)]
)
def test_they_leave_most_of_the_image_free(
    stage: QWidget, notes: Notifications, size: tuple[int, int], width: int
) -> None:
    stage.resize(*size)
    path = "/home/someone/pictures/" + "of_the_last_journey_" * 9
    for number in range(4):
        notes.show_failure(Problem(f"{path}{number}.png: broken", "Mend it.", "trace"), NoteAction("Retry", print))
    assert 1 <= len(notes.notes) <= 3
    assert {note.width() for note in notes.notes} == {width}
    free = min(note.y() for note in notes.notes)
    assert size[1] - free <= max(0.4 * size[1], 100) + 13
    assert all(button(note, "Retry").isVisible() for note in notes.notes)
    for sentence in (note._sentence for note in notes.notes):
        assert sentence.document().textWidth() <= sentence.viewport().width(), "no line ends behind the scroll bar"


def test_details_have_more_room_than_messages(stage: QWidget, notes: Notifications) -> None:
    stage.resize(330, 350)
    notes.show_failure(Problem("Broken", details="trace\n" * 9))
    (note,) = notes.notes
    button(note, "Details").click()
    assert note.height() > 0.4 * 350
    assert stage.rect().contains(note.geometry())


def test_a_long_path_is_shown_whole(notes: Notifications) -> None:
    notes.show_info("/a/" + "folder_without_a_space_" * 8 + "/photo.png")
    (note,) = notes.notes
    assert note._sentence.document().idealWidth() <= note._sentence.viewport().width() + 1
    assert note._sentence.verticalScrollBar().maximum() == 0


def test_they_lie_above_what_has_its_place_there(stage: QWidget, notes: Notifications) -> None:
    minimap = QWidget(stage)
    minimap.setGeometry(QRect(740, 490, 150, 100))
    notes.keep_clear_of(minimap)
    notes.show_info("Saved")
    assert notes.notes[0].geometry().bottom() > 500, "it is not shown"
    minimap.show()
    assert not notes.notes[0].geometry().intersects(minimap.geometry())
    minimap.hide()
    assert notes.notes[0].geometry().bottom() > 500


def test_in_a_narrow_view_they_lie_above_what_is_at_the_left(stage: QWidget, notes: Notifications) -> None:
    minimap = QWidget(stage)
    minimap.setGeometry(QRect(12, 490, 160, 100))
    minimap.show()
    notes.keep_clear_of(minimap)
    notes.show_info("Saved")
    beside = notes.notes[0].geometry()
    assert beside.bottom() > 500
    stage.resize(450, 600)
    assert not notes.notes[0].geometry().intersects(minimap.geometry())
    stage.resize(300, 150)
    minimap.setGeometry(QRect(12, 80, 100, 60))
    assert stage.rect().contains(notes.notes[0].geometry()), "it is read, even where there is no room beside"


def test_they_stay_above_what_is_put_there_after_them(stage: QWidget, notes: Notifications) -> None:
    notes.show_info("Saved")
    cover = QWidget(stage)
    cover.setGeometry(stage.rect())
    cover.show()
    (note,) = notes.notes
    at = note.geometry().center()
    assert stage.childAt(at) is not cover
    assert note.isAncestorOf(stage.childAt(at))


def test_they_take_no_focus(stage: QWidget, notes: Notifications) -> None:
    typed = QToolButton(stage)
    typed.show()
    typed.setFocus()
    notes.show_failure(Problem("Broken", details="trace"), NoteAction("Retry", print))
    assert typed.hasFocus()


def test_the_keyboard_goes_to_the_newest_and_comes_back(stage: QWidget, notes: Notifications, qtbot: Any) -> None:
    before = QToolButton(stage)
    before.show()
    before.setFocus()
    for number in range(3):
        notes.show_info(f"{number}")
    notes.focus_newest()
    qtbot.waitUntil(notes.notes[2].hasFocus)
    notes.focus_newest()
    assert notes.notes[1].hasFocus()
    QTest.keyClick(notes.notes[1], Qt.Key.Key_Escape)
    assert notes.texts == ["0", "2"]
    assert before.hasFocus()


def test_enter_does_what_a_message_offers(stage: QWidget, notes: Notifications, qtbot: Any) -> None:
    done: list[str] = []
    notes.show_info("Saved", NoteAction("Show in folder", lambda: done.append("shown")))
    notes.focus_newest()
    QTest.keyClick(notes.notes[0], Qt.Key.Key_Return)
    assert done == ["shown"]
    assert notes.texts == []


def test_escape_on_a_button_of_it_closes_it_and_cancels_nothing_else(window: Any, qtbot: Any) -> None:
    cancelled: list[bool] = []
    window.actions_by_id["cancel"].triggered.connect(lambda: cancelled.append(True))
    window.activateWindow()
    window.notifications.show_failure(Problem("Broken", details="trace"))
    details = button(window.notifications.notes[0], "Details")
    details.setFocus()
    qtbot.waitUntil(details.hasFocus)
    QTest.keyClick(details, Qt.Key.Key_Escape)
    assert window.notifications.texts == []
    assert cancelled == []


def test_f8_reaches_the_newest_message(window: Any, qtbot: Any) -> None:
    window.activateWindow()
    window.notifications.show_info("Saved")
    window.canvas.setFocus()
    QTest.keyClick(window, Qt.Key.Key_F8)
    qtbot.waitUntil(window.notifications.notes[0].hasFocus)


def _focus(note: Note) -> None:
    note.setFocus()


def _open_details(note: Note) -> None:
    button(note, "Details").click()


@pytest.mark.parametrize("read", [_focus, _open_details])
def test_it_stays_while_it_is_read(notes: Notifications, read: Callable[[Note], None]) -> None:
    notes.show_failure(Problem("Broken", details="trace"))
    (note,) = notes.notes
    read(note)
    hurry(note)
    assert notes.texts == ["Broken"]
    assert note._timer.isActive(), "it goes later"


def test_it_goes_when_nobody_reads_it(notes: Notifications) -> None:
    notes.show_info("Saved")
    hurry(notes.notes[0])
    assert notes.texts == []


def test_a_pointer_that_only_rests_where_it_appeared_does_not_keep_it(
    notes: Notifications, monkeypatch: pytest.MonkeyPatch
) -> None:
    places = [QPoint(5, 5)]
    monkeypatch.setattr(QCursor, "pos", lambda: places[-1])
    notes.show_info("Saved")
    (note,) = notes.notes
    monkeypatch.setattr(note, "underMouse", lambda: True)
    places.append(QPoint(6, 5))
    hurry(note)
    assert notes.texts == ["Saved"], "someone points at it"
    assert note._timer.isActive()
    hurry(note)
    assert notes.texts == [], "the pointer was left there"


def test_one_that_stays_has_no_time(notes: Notifications) -> None:
    notes.show_warning(Problem("The Studio crashed last time."), stays=True)
    assert not notes.notes[0]._timer.isActive()


def test_details_open_in_place_and_are_copied_with_the_sentence(stage: QWidget, notes: Notifications) -> None:
    notes.show_failure(Problem("Broken", "Mend it.", "line 1\nline 2"))
    (note,) = notes.notes
    low = note.height()
    button(note, "Details").click()
    assert note.height() > low + 40
    assert stage.rect().contains(note.geometry())
    button(note, "Copy").click()
    assert QGuiApplication.clipboard().text() == "Broken\nMend it.\n\nline 1\nline 2"
    button(note, "Details").click()
    assert note.height() == low


def test_what_users_name_is_never_read_as_markup(notes: Notifications) -> None:
    notes.show_info("<b>bold</b>&amp;.png")
    assert notes.notes[0]._sentence.toPlainText() == "<b>bold</b>&amp;.png"


def test_the_theme_reaches_messages_that_are_shown(notes: Notifications, theme: Any) -> None:
    notes.show_failure(Problem("Broken"))
    theme.apply("light")
    assert theme.palette.discarded in notes.notes[0]._word.styleSheet()


def test_closed_messages_are_deleted(stage: QWidget, notes: Notifications, qtbot: Any) -> None:
    count = len(stage.findChildren(QWidget))
    for number in range(50):
        notes.show_failure(Problem(f"{number}", details="trace"), NoteAction("Retry", print))
    while notes.notes:
        notes.notes[0].dismiss()
    qtbot.waitUntil(lambda: len(stage.findChildren(QWidget)) == count)


def test_they_are_in_the_lower_right_corner(stage: QWidget, notes: Notifications) -> None:
    notes.show_info("Saved")
    assert notes.notes[0].geometry().bottomRight() == QPoint(stage.width() - 13, stage.height() - 13)
