"""The preset bar: which preset is on, and what its actions do."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from lpsnet.structures import InspectionSettings
from lpsnet_studio.inference.messages import Inspect
from lpsnet_studio.session import Session
from lpsnet_studio.settings import Settings
from tests.studio.hand_made import ListeningService, open_first

CONFIG = InspectionSettings(stuff_limit=0, conflict="smallest")


def on(window: Any) -> set[str]:
    return {name for name, button in window.panel.presets.buttons.items() if button.isChecked()}


def test_a_press_turns_every_knob_at_once_and_undo_turns_them_back(
    window: Any, session: Session, service: ListeningService
) -> None:
    open_first(session, service)
    bar = window.panel.presets
    assert on(window) == set()
    assert bar.state.text() == "As the network's config asks"
    session.change_settings(overlap_threshold=0.9, box_oracle=True)
    assert bar.state.text() == "Changed: 1 setting, with the box oracle"
    asked = service.count(Inspect)
    QTest.mouseClick(bar.buttons["paper"], Qt.MouseButton.LeftButton)
    assert session.settings == InspectionSettings(stuff_limit=0, box_oracle=True), "oracles are never part of a preset"
    assert service.count(Inspect) <= asked + 1
    assert on(window) == {"paper"}
    assert bar.state.text() == "Paper, with the box oracle"
    assert window.actions_by_id["undo"].text() == "Undo preset Paper"
    window.actions_by_id["undo"].trigger()
    assert session.settings == replace(CONFIG, overlap_threshold=0.9, box_oracle=True)
    window.actions_by_id["preset_fcos"].trigger()
    assert session.settings.score_sqrt
    assert on(window) == {"fcos"}
    session.change_settings(nms_iou=0.5)
    assert on(window) == set()


def test_the_state_names_the_oracles_that_are_on(window: Any, session: Session, service: ListeningService) -> None:
    open_first(session, service)
    state = window.panel.presets.state
    session.change_settings(box_oracle=True, semantic_oracle=True)
    assert state.text() == "As the network's config asks, with the box oracle and the semantic oracle"
    session.change_settings(box_oracle=False)
    assert state.text() == "As the network's config asks, with the semantic oracle"
    session.change_settings(semantic_oracle=False, oracle_borderness="box")
    assert state.text() == "As the network's config asks, with another border-ness of the box oracle"


def test_a_press_on_the_preset_that_is_on_leaves_it_on(window: Any, session: Session, service: Any) -> None:
    open_first(session, service)
    for _ in range(2):
        QTest.mouseClick(window.panel.presets.buttons["paper"], Qt.MouseButton.LeftButton)
        assert on(window) == {"paper"}


def test_without_settings_of_my_own_the_action_says_how_to_make_them(
    window: Any, session: Session, service: ListeningService
) -> None:
    open_first(session, service)
    QTest.mouseClick(window.panel.presets.buttons["mine"], Qt.MouseButton.LeftButton)
    assert session.settings == CONFIG
    assert on(window) == set()
    assert "Save as my settings" in window.notifications.texts[0]


def test_my_settings_are_kept_between_runs_and_saving_over_them_can_be_undone(
    window: Any, session: Session, service: ListeningService, folders: Any
) -> None:
    open_first(session, service)
    session.change_settings(overlap_threshold=0.45, box_oracle=True)
    window.actions_by_id["save_mine"].trigger()
    kept = Settings(folders.config).preferences.my_settings
    assert kept["overlap_threshold"] == 0.45
    assert "box_oracle" not in kept
    assert on(window) == {"mine"}
    session.change_settings(overlap_threshold=0.8)
    window.actions_by_id["save_mine"].trigger()
    assert Settings(folders.config).preferences.my_settings["overlap_threshold"] == 0.8
    assert "undo brings them back" in window.notifications.texts[-1]
    window.actions_by_id["undo"].trigger()
    assert Settings(folders.config).preferences.my_settings["overlap_threshold"] == 0.45
    assert session.settings.overlap_threshold == 0.8
    window.actions_by_id["preset_mine"].trigger()
    assert session.settings.overlap_threshold == 0.45


def test_settings_of_another_version_are_taken_as_far_as_they_hold(
    qtbot: Any, theme: Any, session: Session, service: ListeningService, folders: Any
) -> None:
    from lpsnet_studio.main_window import MainWindow

    folders.config.mkdir(parents=True)
    content = {"my_settings": {"overlap_threshold": 0.4, "nms_iou": 7, "colour": "red"}}
    (folders.config / "preferences.json").write_text(json.dumps(content))
    window = MainWindow(session, theme, Settings(folders.config), folders)
    qtbot.addWidget(window)
    open_first(session, service)
    window.actions_by_id["preset_mine"].trigger()
    assert session.settings == replace(CONFIG, overlap_threshold=0.4)
    (sentence,) = window.notifications.texts
    assert "nms_iou must lie between 0.0 and 1.0, not 7" in sentence
    assert "colour is no setting of a preset" in sentence
    window.close()


def test_reset_goes_to_the_config_and_leaves_the_oracles_alone(
    window: Any, session: Session, service: ListeningService
) -> None:
    open_first(session, service)
    session.change_settings(overlap_threshold=0.9, box_oracle=True, conflict="highest")
    window.actions_by_id["reset_settings"].trigger()
    assert session.settings == replace(CONFIG, box_oracle=True), "the demo shows nothing without its box oracle"
    assert window.panel.presets.state.text() == "As the network's config asks, with the box oracle"
    window.actions_by_id["undo"].trigger()
    assert session.settings == replace(CONFIG, overlap_threshold=0.9, box_oracle=True, conflict="highest")
