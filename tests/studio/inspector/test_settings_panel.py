"""The settings panel turns the session's settings, and shows what cannot be turned and why."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from lpsnet_studio.inference.messages import Inspect
from lpsnet_studio.session import Session
from tests.studio.hand_made import ListeningService, inspected, open_first


def test_the_overlap_slider_is_live(window: Any, session: Session, service: ListeningService) -> None:
    open_first(session, service)
    slider = window.panel.overlap.slider
    slider.setSliderDown(True)
    slider.setValue(55)
    asked = service.last(Inspect)
    assert asked.settings.overlap_threshold == 0.55
    assert asked.preview
    session.receive(inspected(asked))
    slider.setSliderDown(False)
    slider.sliderReleased.emit()
    assert not service.last(Inspect).preview
    assert window.panel.overlap._value.text() == "0.55"


def test_a_double_click_resets(window: Any, session: Session, service: ListeningService) -> None:
    open_first(session, service)
    session.change_settings(overlap_threshold=0.9)
    QTest.mouseDClick(window.panel.overlap.slider, Qt.MouseButton.LeftButton)
    assert session.settings.overlap_threshold == session.default_settings.overlap_threshold == 0.3


def test_the_oracles_say_why_they_cannot_be_had(window: Any, session: Session, service: ListeningService) -> None:
    open_first(session, service, with_truth=False)
    panel = window.panel
    assert not panel.box_oracle.isEnabled()
    assert "this image has none" in panel._reason.text()
    assert not window.actions_by_id["box_oracle"].isEnabled()
    open_first(session, service)
    assert panel.box_oracle.isEnabled()
    assert panel._reason.isHidden()
    panel.box_oracle.click()
    assert session.settings.box_oracle
    assert window.actions_by_id["box_oracle"].isChecked()


def test_the_conflict_strategy_is_one_choice_in_panel_and_menu(
    window: Any, session: Session, service: ListeningService
) -> None:
    open_first(session, service)
    window.actions_by_id["conflict_highest"].trigger()
    assert session.settings.conflict == "highest"
    assert window.panel.conflict.currentData() == "highest"
    window.panel.conflict.activated.emit(window.panel.conflict.findData("closest"))
    assert session.settings.conflict == "closest"
    assert window.actions_by_id["conflict_closest"].isChecked()
    assert not window.actions_by_id["conflict_highest"].isChecked()


def test_the_quality_is_shown_where_there_is_truth(window: Any, session: Session, service: ListeningService) -> None:
    open_first(session, service)
    assert window.panel._quality.text().startswith("PQ ")
    assert not window.panel._quality.isHidden()
