"""Preferences survive, bad files do no harm, and nothing touches the user's own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from lpsnet_studio.settings import Folders, Preferences, Settings, remembered


def test_what_is_changed_is_there_next_time(tmp_path: Path) -> None:
    changes = {
        "theme": "light",
        "speed": 2.0,
        "recent_paths": ("/b", "/a"),
        "layers": ({"kind": "boxes", "visible": False, "opacity": 0.7},),
        "my_settings": {"nms_iou": 0.5},
    }
    Settings(tmp_path).change(**changes)
    again = Settings(tmp_path)
    assert again.preferences == Preferences(**changes)
    assert set(json.loads((tmp_path / "preferences.json").read_text())) == set(changes)


def test_what_is_remembered_is_remembered_once_and_the_latest_first() -> None:
    assert remembered(("a", "b", "c"), "b", most=3) == ("b", "a", "c")
    assert remembered(("a", "b", "c"), "d", most=3) == ("d", "a", "b")


@pytest.mark.parametrize("content", ["{", "[]", "\x00"])
def test_an_unreadable_file_is_set_aside(tmp_path: Path, content: str) -> None:
    path = tmp_path / "preferences.json"
    path.write_text(content)
    assert Settings(tmp_path).preferences == Preferences()
    assert not path.exists()
    assert (tmp_path / "preferences.unreadable").read_text() == content


def test_values_of_the_wrong_kind_are_ignored(tmp_path: Path) -> None:
    strange = {
        "speed": "fast",
        "motion": "yes",
        "theme": 3,
        "names": True,
        "unknown": 1,
        "recent_paths": "/a",
        "recent_networks": ["/a", 3],
        "my_settings": [],
    }
    (tmp_path / "preferences.json").write_text(json.dumps(strange))
    assert Settings(tmp_path).preferences == Preferences(names=True)


def test_a_folder_that_cannot_be_made_is_no_failure(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    settings = Settings(blocked / "config")
    settings.change(theme="light")
    assert settings.preferences.theme == "light"
    assert "were not saved" in caplog.text


def test_window_places_come_back_and_an_older_layout_is_not_forced(
    qtbot: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from PySide6.QtCore import Qt
    from PySide6.QtWidgets import QDockWidget, QMainWindow

    def make() -> tuple[QMainWindow, QDockWidget]:
        window = QMainWindow()
        window.setObjectName("window")
        dock = QDockWidget("dock", window)
        dock.setObjectName("dock")
        window.addDockWidget(Qt.DockWidgetArea.LeftDockWidgetArea, dock)
        qtbot.addWidget(window)
        return window, dock

    settings = Settings(tmp_path)
    window, dock = make()
    assert not settings.restore_window(window)
    window.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, dock)
    settings.save_window(window)
    again, dock = make()
    assert settings.restore_window(again)
    assert again.dockWidgetArea(dock) == Qt.DockWidgetArea.RightDockWidgetArea
    monkeypatch.setattr("lpsnet_studio.settings.LAYOUT_VERSION", 99)
    newer, dock = make()
    assert not settings.restore_window(newer)
    assert newer.dockWidgetArea(dock) == Qt.DockWidgetArea.LeftDockWidgetArea


def test_folders_of_the_user_are_told_apart(tmp_path: Path) -> None:
    own = Folders.of_user()
    assert len({own.config, own.cache, own.state}) == 3 or own.config != own.cache
    under = Folders.under(tmp_path)
    assert all(tmp_path in folder.parents for folder in (under.config, under.cache, under.state))
