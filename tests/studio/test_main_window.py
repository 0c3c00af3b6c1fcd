"""The window keeps the keys where the focus is, and offers only what can act."""

from __future__ import annotations

import gc
import threading
import weakref
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMessageBox, QWidget

from lpsnet_studio.chrome.shortcut_card import ShortcutCard
from lpsnet_studio.inference.messages import ModelLoaded
from lpsnet_studio.main_window import MainWindow
from lpsnet_studio.session import Session
from lpsnet_studio.settings import Folders, Settings
from lpsnet_studio.state import NetworkChoice
from lpsnet_studio.theme import Theme
from tests.studio.hand_made import ListeningService, card, entries, open_first


def _click(widget: QWidget) -> None:
    QTest.mouseClick(widget, Qt.MouseButton.LeftButton, pos=QPoint(8, widget.height() // 2))


@pytest.fixture
def opened(window: Any, session: Session, service: ListeningService, qtbot: Any) -> Any:
    open_first(session, service)
    window.activateWindow()
    window.canvas.setFocus()
    qtbot.waitUntil(window.canvas.hasFocus)
    return window


def test_a_click_in_the_settings_leaves_the_keys_to_the_canvas(opened: Any, session: Session) -> None:
    panel = opened.panel
    overlap, score = panel.controls["overlap_threshold"].slider, panel.controls["score_threshold"].slider
    for control in (overlap, score, panel.controls["semantic_oracle"].box, panel.scroll.viewport()):
        _click(control)
        assert opened.canvas.hasFocus()
    for control in (overlap, panel.controls["conflict"].box, panel.controls["box_oracle"].box):
        assert control.focusPolicy() & Qt.FocusPolicy.TabFocus, "the keyboard comes there"
    before = session.settings
    QTest.keyClick(opened.focusWidget(), Qt.Key.Key_Home)
    assert session.settings == before
    assert session.position == 0


def test_the_keys_act_in_the_segments_and_tab_leaves_them(opened: Any, session: Session, qtbot: Any) -> None:
    table = opened.segments.table
    table.setFocus()
    table.selectRow(0)
    session.seek(len(session.steps))
    QTest.keyClick(table, Qt.Key.Key_Left)
    assert session.position == len(session.steps) - 1
    QTest.keyClick(table, Qt.Key.Key_Home)
    assert session.position == 0
    labels = session.view.shows("labels")
    QTest.keyClick(table, Qt.Key.Key_1)
    assert session.view.shows("labels") is not labels
    QTest.keyClick(table, Qt.Key.Key_Tab)
    assert not table.hasFocus()


def test_the_banner_takes_a_second_line_where_one_does_not_suffice_and_no_third(
    window: Any, session: Session, service: ListeningService, qtbot: Any
) -> None:
    open_first(session, service)
    session.load_model(NetworkChoice("hand-made"))
    session.receive(ModelLoaded(service.posted[-1].request, card(trained=False)))
    banner = window.findChild(object, "banner")
    qtbot.waitUntil(banner.isVisible)
    qtbot.wait(20)
    heights = []
    for words in (1, 40, 200, 1000, 2):
        banner.text.setText("word " * words)
        qtbot.wait(20)
        heights.append(banner.height())
    one_line, two_lines = heights[0], heights[1]
    assert one_line < two_lines < 2 * one_line
    assert heights == [one_line, two_lines, two_lines, two_lines, one_line]


def test_only_what_can_act_is_offered(window: Any, session: Session, service: ListeningService) -> None:
    def offered(*names: str) -> list[bool]:
        return [window.actions_by_id[name].isEnabled() for name in names]

    looking = ("fit", "zoom_in", "zoom_out", "zoom_actual", "show_labels", "show_boxes", "show_segments")
    stepping = ("play", "first_step", "step_back", "step_forward", "last_step")
    assert not any(offered(*looking, *stepping, "previous_image", "next_image", "save_panoptic"))
    open_first(session, service)
    assert all(offered(*looking, *stepping))
    last = len(session.entries) - 1
    for index, expected in ((0, [False, True]), (1, [True, True]), (last, [True, False])):
        session.open_index(index)
        assert offered("previous_image", "next_image") == expected
    session.set_entries(entries()[:1])
    assert offered("previous_image", "next_image") == [False, False]
    session.set_entries([])
    assert not any(offered(*looking, *stepping))


def test_the_card_says_where_keys_act(window: Any, qtbot: Any) -> None:
    from PySide6.QtWidgets import QLabel

    shown = ShortcutCard(window)
    qtbot.addWidget(shown)
    assert any("the segments" in label.text() for label in shown.findChildren(QLabel))


def test_a_drag_is_told_what_a_drop_would_do(window: Any, tmp_path: Path, qtbot: Any) -> None:
    def dragged(path: Path) -> QMimeData:
        mime = QMimeData()
        mime.setUrls([QUrl.fromLocalFile(str(path))])
        return mime

    def enter(mime: QMimeData) -> QDragEnterEvent:
        event = QDragEnterEvent(
            QPoint(50, 50), Qt.DropAction.CopyAction, mime, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
        )
        window.dragEnterEvent(event)
        return event

    hint, photo, film = window._drop_hint, dragged(tmp_path / "photo.png"), dragged(tmp_path / "film.mp4")
    assert enter(photo).isAccepted()
    assert hint.isVisible()
    assert hint.words == "Open photo.png"
    window.dragLeaveEvent(None)
    assert not hint.isVisible()
    assert enter(film).isAccepted()
    assert hint.words.startswith("film.mp4: not a picture")
    window.dropEvent(
        QDropEvent(
            QPointF(50, 50), Qt.DropAction.CopyAction, film, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
        )
    )
    assert not hint.isVisible()
    assert window.notifications.texts[0].startswith("film.mp4: not a picture")


def test_closing_waits_for_a_file_that_is_being_written(window: Any, qtbot: Any) -> None:
    written = threading.Event()
    background = window.commands._place.background
    background.run(lambda: written.wait(5), lambda _: None, title="saving", cancellable=False)
    window.close()
    assert window.isVisible()
    (box,) = window.findChildren(QMessageBox)
    assert "still being saved" in box.text()
    box.reject()
    window.close()
    assert window.isVisible()
    written.set()
    qtbot.waitUntil(lambda: not window.isVisible())


def test_a_maximised_window_is_so_again_after_the_full_screen(window: Any, qtbot: Any) -> None:
    window.showMaximized()
    qtbot.waitUntil(window.isMaximized)
    window.actions_by_id["full_screen"].trigger()
    qtbot.waitUntil(window.isFullScreen)
    window.actions_by_id["full_screen"].trigger()
    qtbot.waitUntil(lambda: not window.isFullScreen())
    assert window.isMaximized()


def test_closing_does_not_wait_for_what_is_stuck(window: Any, qtbot: Any) -> None:
    go_on = threading.Event()
    task = window.commands._place.background.run(lambda: go_on.wait(20), lambda _: None, title="listing photos")
    window.close()
    assert not window.isVisible()
    assert task.cancelled
    assert not task.ended
    go_on.set()


def test_what_the_window_works_on_is_shown_and_can_be_withdrawn(window: Any, qtbot: Any) -> None:
    background, bar = window.commands._place.background, window.statusBar()
    go_on = threading.Event()
    told: list[bool] = []
    background.run(lambda: go_on.wait(5), told.append, title="listing photos")
    qtbot.waitUntil(bar._bar.isVisible, timeout=3000)
    assert bar._step.text() == "listing photos"
    bar._cancel.click()
    assert not bar._bar.isVisible()
    go_on.set()
    assert background.wait(1000)
    qtbot.wait(20)
    assert told == []


@pytest.mark.parametrize("key", [Qt.Key.Key_Tab, Qt.Key.Key_Backtab])
def test_tab_goes_only_where_it_can_be_seen(opened: Any, key: Qt.Key) -> None:
    reached = set()
    for _ in range(60):
        focus = opened.focusWidget()
        top = focus.mapTo(opened, QPoint(0, 0))
        assert opened.rect().adjusted(-1, -1, 1, 10_000).contains(top), (type(focus), focus.accessibleName())
        reached.add(focus)
        QTest.keyClick(focus, key)
    assert {opened.canvas, opened.segments.table, opened.images.view} <= reached


def test_keys_of_the_view_act_in_the_panels_too_and_f6_comes_to_them(opened: Any, qtbot: Any) -> None:
    opened.actions_by_id["panel_errors"].trigger()
    errors = opened.docks["errors"].widget().panel
    qtbot.waitUntil(lambda: errors.isAncestorOf(opened.focusWidget()) or opened.focusWidget() is errors)
    before = opened._session.view.comparison
    QTest.keyClick(opened.focusWidget(), Qt.Key.Key_C)
    assert opened._session.view.comparison != before
    assert errors in opened.areas()
    opened.canvas.setFocus()
    for _ in opened.areas():
        opened.actions_by_id["next_area"].trigger()
        if errors.isAncestorOf(opened.focusWidget()):
            break
    else:
        raise AssertionError("F6 never came to the panel")


def _opened_and_closed(folders: Folders) -> tuple[weakref.ref[Any], ...]:
    service = ListeningService()
    session, theme = Session(service), Theme()
    window = MainWindow(session, theme, Settings(folders.config), folders)
    window.show()
    open_first(session, service)
    window.close()
    window.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    return weakref.ref(window), weakref.ref(session), weakref.ref(theme)


def test_nothing_keeps_a_window_that_is_gone(qtbot: Any, folders: Folders) -> None:
    left = _opened_and_closed(folders)
    # What its threads were finding out still comes back.
    qtbot.waitUntil(lambda: gc.collect() >= 0 and all(gone() is None for gone in left), timeout=5000)
