"""Preferences act at once, follow what is changed elsewhere, and are asked about before they are lost."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QMessageBox, QPushButton

from lpsnet_studio.chrome.preferences_dialog import PreferencesDialog
from lpsnet_studio.session import Session
from lpsnet_studio.settings import Folders, Preferences, Settings
from lpsnet_studio.theme import THEME_CHOICES
from lpsnet_studio.view_options import ViewOptions


@pytest.fixture
def dialog(window: Any) -> PreferencesDialog:
    window.actions_by_id["preferences"].trigger()
    return window.findChild(PreferencesDialog)


def answer(dialog: Any, words: str) -> None:
    """Presses a button of the question that is open."""
    (box,) = [box for box in dialog.findChildren(QMessageBox) if box.isVisible()]
    next(button for button in box.buttons() if button.text().replace("&", "") == words).click()


def test_a_change_acts_and_is_kept_at_once(
    dialog: PreferencesDialog, window: Any, session: Session, folders: Folders
) -> None:
    assert not dialog.isModal()
    dialog.theme_choice.setCurrentIndex(THEME_CHOICES.index("light"))
    dialog.theme_choice.activated.emit(THEME_CHOICES.index("light"))
    assert window._theme.name == "light"
    dialog.motion.click()
    dialog.prefetch.click()
    assert not session.view.motion
    assert not window.actions_by_id["prefetch"].isChecked()
    kept = Settings(folders.config).preferences
    assert (kept.theme, kept.motion, kept.prefetch) == ("light", False, False)


def test_it_follows_what_is_changed_elsewhere(dialog: PreferencesDialog, window: Any, session: Session) -> None:
    window.actions_by_id["light_theme"].trigger()
    assert dialog.theme_choice.currentData() == "light"
    session.change_view(motion=False)
    assert not dialog.motion.isChecked()
    window.commands.files.recently.remember(Path("/pictures"))
    assert "1 remembered" in {label.text() for label in dialog.findChildren(QLabel)}


def test_it_is_there_once_and_can_come_again(dialog: PreferencesDialog, window: Any, qtbot: Any) -> None:
    window.actions_by_id["preferences"].trigger()
    assert len(window.findChildren(PreferencesDialog)) == 1
    dialog.reject()
    qtbot.waitUntil(lambda: window.findChild(PreferencesDialog) is None)
    window._settings.change(prefetch=False)
    window.actions_by_id["preferences"].trigger()
    assert not window.findChild(PreferencesDialog).prefetch.isChecked()


def test_forgetting_asks_first(dialog: PreferencesDialog, window: Any) -> None:
    recently = window.commands.files.recently
    assert not dialog.forget.isEnabled()
    recently.remember(Path("/pictures"))
    dialog.forget.click()
    answer(window, "Cancel")
    assert len(recently.paths) == 1
    dialog.forget.click()
    answer(window, "Forget")
    assert recently.paths == []


def test_enter_closes_and_forgets_nothing(dialog: PreferencesDialog, window: Any, qtbot: Any) -> None:
    window.commands.files.recently.remember(Path("/pictures"))
    dialog.motion.setFocus()
    QTest.keyClick(dialog, Qt.Key.Key_Return)
    assert not dialog.isVisible()
    assert not window.findChildren(QMessageBox)


def test_resetting_asks_first_and_undoes_everything_kept(
    dialog: PreferencesDialog, window: Any, session: Session, folders: Folders
) -> None:
    window._settings.change(last_folder="/pictures", recent_paths=("/a",))
    session.change_view(motion=False, names=True)
    dialog.reset.click()
    answer(dialog, "Cancel")
    assert window._settings.preferences.last_folder == "/pictures"
    dialog.reset.click()
    answer(dialog, "Reset")
    assert session.view.motion
    assert not session.view.names
    kept = Settings(folders.config).preferences
    assert (kept.last_folder, kept.recent_paths, kept.names) == ("", (), Preferences().names)


def test_resetting_leaves_nothing_as_it_was(
    dialog: PreferencesDialog, window: Any, session: Session, folders: Folders
) -> None:
    inspection = window.commands.inspection
    session.change_settings(overlap_threshold=0.7)
    inspection.save_mine()
    session.change_layer("segments", opacity=0.11)
    session.move_layer("boxes", 0)
    window.commands.images.prefetch(False)
    window.panel.groups["Merge"].heading.click()
    window.panel.groups["Boxes"].heading.click()
    view, mine = session.view, dict(session.mine)
    dialog.reset.click()
    answer(dialog, "Reset")
    assert json.loads((folders.config / "preferences.json").read_text()) == {}
    assert session.view == ViewOptions()
    assert not session.mine
    assert window.images.lookahead._prefetches
    assert window.panel.folded == Preferences().folded_groups
    inspection.save_mine()
    assert Settings(folders.config).preferences.my_settings["overlap_threshold"] == 0.7
    session.undo()
    assert session.undo_words == "reset of preferences"
    session.undo()
    assert (session.view, dict(session.mine)) == (view, mine)


def test_folders_are_shown_and_failures_to_do_so_are_told(
    dialog: PreferencesDialog, session: Session, folders: Folders, monkeypatch: pytest.MonkeyPatch
) -> None:
    told, shown = [], []
    session.failed.connect(lambda problem: told.append((problem.sentence, problem.advice)))

    def show_url(url: QUrl) -> bool:
        shown.append(Path(url.toLocalFile()))
        return len(shown) == 1

    monkeypatch.setattr(QDesktopServices, "openUrl", show_url)
    buttons = {button.accessibleName(): button for button in dialog.findChildren(QPushButton)}
    for what in ("log", "log"):
        buttons[f"Open the folder of the {what}"].click()
    assert shown == [folders.state] * 2
    assert folders.state.is_dir()
    assert told == [("No file manager could be opened.", f"The folder is {folders.state}")]
    folders.cache.parent.mkdir(exist_ok=True, parents=True)
    if folders.cache.is_dir():
        folders.cache.rename(folders.cache.with_name("moved"))
    folders.cache.touch()
    buttons["Open the folder of the cache"].click()
    assert told[1][0].startswith(f"{folders.cache}: the folder cannot be made (")


def test_it_says_where_things_are_and_in_which_language(dialog: PreferencesDialog, folders: Folders) -> None:
    shown = {label.text() for label in dialog.findChildren(QLabel)}
    assert {str(folders.config), str(folders.state), str(folders.cache)} <= shown
    assert any("English" in text for text in shown)
    assert all(button.accessibleName() or button.text() for button in dialog.findChildren(QPushButton))
