"""The table of actions: nothing without a tip, no key twice where both act, everything carries out what it says."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QToolBar, QWidget

from lpsnet.assets import resource
from lpsnet_studio.actions.build import _connect, handler_of
from lpsnet_studio.actions.entry import MENUS
from lpsnet_studio.actions.table import ACTIONS
from lpsnet_studio.availability import Mode, actions_out_of_place
from lpsnet_studio.session import Session
from tests.studio.hand_made import ListeningService, entries, open_first


def test_every_action_is_complete() -> None:
    assert len({entry.id for entry in ACTIONS}) == len(ACTIONS)
    for entry in ACTIONS:
        assert entry.tip.endswith("."), entry.id
        assert entry.menu in MENUS
        if entry.icon:
            assert resource("icons", f"{entry.icon}.svg").read_text().count("currentColor") >= 1


@pytest.mark.parametrize("mode", ["inspect", "annotate", "jobs"])
def test_no_key_is_taken_twice(mode: Mode) -> None:
    """Actions of different modes may share a key: only one of them can ever be had."""
    elsewhere = actions_out_of_place(mode)
    acting = [entry for entry in ACTIONS if entry.id not in elsewhere]
    keys = Counter(QKeySequence(key).toString() for entry in acting for key in entry.keys)
    assert [key for key, count in keys.items() if count > 1] == []
    assert all(keys)


def test_no_key_is_the_system_s_own() -> None:
    """Ctrl+Alt is AltGr on Windows, where it types letters, and several desktops keep it for themselves."""
    taken = {"Alt+F4", "Ctrl+Esc", "Alt+Tab", "Ctrl+Tab", "Alt+Space", "Shift+F10", "Ctrl+W", "Ctrl+X", "Ctrl+V"}
    taken |= {"Ctrl+C", "Ctrl+A", "F10", "Menu", "Print", "Tab", "Shift+Tab", "Space", "Return"}
    for entry in ACTIONS:
        for key in entry.keys:
            assert "Ctrl+Alt" not in key, entry.id
            assert key not in taken, entry.id
            assert "Meta" not in key, entry.id


def test_no_key_is_taken_from_the_menus(window: Any) -> None:
    mnemonics = [action.text().split("&")[1][0].upper() for action in window.menuBar().actions()]
    assert len(set(mnemonics)) == len(mnemonics) == len(MENUS)
    assert not {f"Alt+{letter}" for letter in mnemonics} & {key for entry in ACTIONS for key in entry.keys}


def test_no_two_things_have_one_name(window: Any) -> None:
    names = [entry.text.rstrip("…") for entry in ACTIONS]
    assert len(set(names)) == len(names), "whoever finds actions by typing, or reads the card, sees names alone"
    titles = {dock.windowTitle() for dock in window.docks.values()}
    overlays = {row.name for row in window.layers.layers.rows.values()}
    assert not titles & overlays
    for menu in (action.menu() for action in window.menuBar().actions()):
        listed = [action.text().replace("&", "") for action in menu.actions() if not action.isSeparator()]
        assert len(set(listed)) == len(listed), menu.title()


def test_layers_are_called_alike_in_menu_and_panel(window: Any) -> None:
    for kind, row in window.layers.layers.rows.items():
        assert row.name == window.actions_by_id[f"show_{kind}"].text()


def test_every_panel_is_shown_and_hidden_from_the_menu_of_panels(window: Any) -> None:
    view = next(action.menu() for action in window.menuBar().actions() if "View" in action.text())
    panels = next(action.menu() for action in view.actions() if action.menu() is not None)
    assert [action.text() for action in panels.actions()] == [dock.windowTitle() for dock in window.docks.values()]
    levels = panels.actions()[[*window.docks].index("levels")]
    levels.trigger()
    assert not window.docks["levels"].isHidden()
    levels.trigger()
    assert window.docks["levels"].isHidden()


def test_every_action_of_the_toolbar_is_reached_in_a_narrow_window(window: Any, qtbot: Any) -> None:
    toolbar = window.findChild(QToolBar)
    window.resize(1000, 700)
    qtbot.waitUntil(lambda: window.width() == 1000)
    extension = toolbar.findChild(QWidget, "qt_toolbar_ext_button")
    assert not extension.isVisible(), "all have room at 1000 pixels"
    window.resize(300, 200)
    qtbot.waitUntil(extension.isVisible)


def test_words_are_written_alike() -> None:
    for entry in ACTIONS:
        assert entry.text[0].isupper(), entry.id
        assert entry.text == entry.text.strip(), entry.id
        assert "..." not in entry.text, "an ellipsis is one character"
        assert entry.tip.count("\n") == 0, entry.id
        assert entry.tip[0].isupper(), entry.id


def test_letters_and_digits_never_act_everywhere() -> None:
    bare = [entry.id for entry in ACTIONS for key in entry.keys if len(key) == 1 and entry.context == "window"]
    assert bare == []


def test_every_action_is_in_a_menu_and_calls_its_handler(window: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    listed = {action.objectName() for menu in window.menuBar().actions() for action in menu.menu().actions()}
    assert {entry.id for entry in ACTIONS} <= listed

    class Recorder:
        def __init__(self) -> None:
            self.calls: list[tuple[Any, ...]] = []

        def __call__(self, *arguments: Any) -> None:
            self.calls.append(arguments)

    for entry in ACTIONS:
        assert callable(handler_of(window.commands, entry)), entry.id
        if entry.kind == "submenu":
            continue
        action = window.actions_by_id[entry.id]
        action.triggered.disconnect()
        recorder = Recorder()
        _connect(action, recorder, entry)
        action.setEnabled(True)
        action.trigger()
        expected = (entry.value,) if entry.value else (action.isChecked(),) if entry.checkable else ()
        assert recorder.calls == [expected], entry.id


def test_letters_type_while_someone_types(window: Any, session: Session, qtbot: Any) -> None:
    session.set_entries(entries())
    editor = QLineEdit(window)
    editor.show()
    editor.setFocus()
    qtbot.waitUntil(editor.hasFocus)
    QTest.keyClicks(editor, "dad3k")
    assert editor.text() == "dad3k"
    assert session.index == 0


def test_a_and_d_go_through_the_list(window: Any, session: Session) -> None:
    session.set_entries(entries())
    window.canvas.setFocus()
    QTest.keyClick(window.canvas, Qt.Key.Key_D)
    QTest.keyClick(window.canvas, Qt.Key.Key_D)
    assert session.index == 2
    window.images.view.setFocus()
    QTest.keyClick(window.images.view, Qt.Key.Key_A)
    assert session.index == 1
    assert window.images.view.currentIndex().row() == 1


def test_digits_switch_overlays(window: Any, session: Session, service: ListeningService) -> None:
    open_first(session, service)
    QTest.keyClick(window.canvas, Qt.Key.Key_1)
    assert session.view.shows("labels")
    assert window.canvas.stage.labels.isVisible()
    QTest.keyClick(window.canvas, Qt.Key.Key_3)
    assert not window.canvas.stage.segments.isVisible()
    QTest.keyClick(window.canvas, Qt.Key.Key_2)
    assert not window.canvas.stage.boxes.isVisible()


def test_the_card_lists_every_shortcut(window: Any, qtbot: Any) -> None:
    from PySide6.QtWidgets import QLabel

    from lpsnet_studio.chrome.shortcut_card import ShortcutCard

    card = ShortcutCard(window)
    qtbot.addWidget(card)
    shown = {label.text() for label in card.findChildren(QLabel)}
    assert {entry.text.rstrip("…") for entry in ACTIONS if entry.keys} <= shown


def test_the_canvas_has_a_menu_that_knows_where_it_was_opened(
    window: Any, session: Session, service: ListeningService, qtbot: Any
) -> None:
    from PySide6.QtCore import QEvent, QPointF
    from PySide6.QtGui import QContextMenuEvent
    from PySide6.QtWidgets import QApplication, QMenu

    open_first(session, service)
    canvas = window.canvas
    middle = canvas.viewport().rect().center()
    x, y = canvas.pixel_at(QPointF(middle))
    canvas.hovered.emit(x, y)
    reason = QContextMenuEvent.Reason.Mouse
    QApplication.sendEvent(canvas.viewport(), QContextMenuEvent(reason, middle, canvas.viewport().mapToGlobal(middle)))
    menu = canvas.findChild(QMenu)
    qtbot.waitUntil(menu.isVisible)
    assert session.selected == session.owner_at(x, y) != 0
    QApplication.sendEvent(canvas.viewport(), QEvent(QEvent.Type.Leave))
    assert session.pointed is not None
    assert {entry.id for entry in ACTIONS if entry.on_canvas and "inspect" in entry.canvas_modes} == {
        action.objectName() for action in menu.actions() if action.objectName()
    }
    window.actions_by_id["step_of_pixel"].trigger()
    assert session.current_step is not None
    assert session.current_step.owner == session.selected
    menu.hide()
    canvas._leave_if_outside()
    assert session.pointed is None or canvas.viewport().underMouse()


def test_keys_of_what_cannot_be_had_say_why(window: Any, session: Session, service: ListeningService) -> None:
    QTest.keyClick(window, Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    assert any("No image is open." in text for text in window.notifications.texts)
    open_first(session, service, with_truth=False)
    window.canvas.setFocus()
    QTest.keyClick(window.canvas, Qt.Key.Key_M, Qt.KeyboardModifier.ControlModifier)
    assert any("ground truth" in text for text in window.notifications.texts)
