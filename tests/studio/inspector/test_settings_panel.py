"""The settings panel turns every setting, and shows what cannot be turned and why."""

from __future__ import annotations

from dataclasses import asdict, fields, replace
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QWidget

from lpsnet.structures import InspectionSettings
from lpsnet_studio.history import History
from lpsnet_studio.inference.messages import Inspect
from lpsnet_studio.inspector.controls import ChoiceControl, CountControl, SwitchControl
from lpsnet_studio.inspector.setting_words import SETTINGS
from lpsnet_studio.inspector.settings_panel import SettingsPanel
from lpsnet_studio.inspector.value_slider import ValueSlider
from lpsnet_studio.session import Session
from lpsnet_studio.settings import Settings
from tests.studio.hand_made import ListeningService, inspected, open_first

FIELDS = [field.name for field in fields(InspectionSettings)]
OTHER: dict[str, Any] = {
    "class_threshold": 0.1,
    "use_borderness": False,
    "score_sqrt": True,
    "pre_nms_top_k": 500,
    "nms_iou": 0.45,
    "max_detections": 50,
    "box_oracle": True,
    "semantic_oracle": True,
    "oracle_borderness": "extreme",
    "score_threshold": 0.35,
    "overlap_threshold": 0.55,
    "conflict": "highest",
    "borderness_pooling": "own",
    "stuff_limit": 1500,
    "leftovers": "next_stuff",
}
"""For every field a value that is neither the default nor that of the hand-made network's config."""


@pytest.fixture
def panel(qtbot: Any, theme: Any, session: Session, service: ListeningService) -> Any:
    """A panel of its own with an image that has truth, all groups open, everything at its default."""
    made = SettingsPanel(session, theme)
    qtbot.addWidget(made)
    open_first(session, service)
    session.default_settings = InspectionSettings()
    session.change_settings(**asdict(InspectionSettings()))
    made.resize(300, 900)
    made.show()
    return made


def choose(control: Any, value: Any) -> None:
    """Does to a control what a user does with the keyboard or the mouse."""
    control.editor().setFocus()
    if isinstance(control, ValueSlider):
        control.box.setFocus()
        control.box.selectAll()
        QTest.keyClicks(control.box, str(value))
        QTest.keyClick(control.box, Qt.Key.Key_Return)
    elif isinstance(control, CountControl):
        control.box.selectAll()
        QTest.keyClicks(control.box, str(value))
        QTest.keyClick(control.box, Qt.Key.Key_Return)
    elif isinstance(control, SwitchControl):
        control.box.click()
    else:
        assert isinstance(control, ChoiceControl)
        QTest.keyClick(control.box, Qt.Key.Key_Home)
        for _ in range(control.box.findData(value)):
            QTest.keyClick(control.box, Qt.Key.Key_Down)


def test_every_setting_of_the_inspection_has_a_control(panel: Any) -> None:
    assert sorted(panel.controls) == sorted(FIELDS)
    assert sorted(OTHER) == sorted(FIELDS)
    for field, control in panel.controls.items():
        assert panel.isAncestorOf(control), field
        for editor in control.editors():
            assert editor.focusPolicy() & Qt.FocusPolicy.TabFocus, field
            assert editor.accessibleName(), field
            assert editor.toolTip(), field


def test_a_control_turns_its_setting_and_no_other_and_resets_it(panel: Any, session: Session) -> None:
    for field in FIELDS:
        session.change_settings(box_oracle=field == "oracle_borderness")
        control, before = panel.controls[field], session.settings
        assert control.editor().isEnabled(), field
        assert control.reset_button.isHidden(), field
        choose(control, OTHER[field])
        assert session.settings == replace(before, **{field: OTHER[field]}), field
        assert control.label.text() == f"{control.name} •"
        assert not control.reset_button.isHidden(), field
        assert control.reset_button.focusPolicy() & Qt.FocusPolicy.TabFocus
        assert "the default is" in control.editor().accessibleDescription()
        control.reset_button.setFocus()
        QTest.keyClick(control.reset_button, Qt.Key.Key_Space)
        assert session.settings == before, field
        assert control.label.text() == control.name
        assert control.reset_button.isHidden(), field


def test_a_double_click_on_the_name_resets(panel: Any, session: Session) -> None:
    for field in FIELDS:
        session.change_settings(box_oracle=field in ("box_oracle", "oracle_borderness"))
        session.change_settings(**{field: OTHER[field]})
        QTest.mouseDClick(panel.controls[field].label, Qt.MouseButton.LeftButton)
        assert getattr(session.settings, field) == getattr(InspectionSettings(), field), field


def test_a_tip_says_what_it_does_and_where_it_comes_from(panel: Any) -> None:
    references = {each.name: each.metadata["reference"] for each in fields(InspectionSettings)}
    for setting in SETTINGS:
        tip = panel.controls[setting.field].editor().toolTip()
        assert setting.does in tip
        assert setting.does.endswith(".")
        assert references[setting.field].lower() in tip.lower()


def test_the_overlap_slider_is_live(window: Any, session: Session, service: ListeningService) -> None:
    open_first(session, service)
    control = window.panel.controls["overlap_threshold"]
    control.slider.setSliderDown(True)
    control.slider.setValue(55)
    asked = service.last(Inspect)
    assert asked.settings.overlap_threshold == 0.55
    assert asked.preview
    session.receive(inspected(asked))
    control.slider.setSliderDown(False)
    assert not service.last(Inspect).preview
    assert control.box.text() == "0.55"


def test_a_double_click_on_the_slider_resets(window: Any, session: Session, service: ListeningService) -> None:
    open_first(session, service)
    session.change_settings(overlap_threshold=0.9)
    QTest.mouseDClick(window.panel.controls["overlap_threshold"].slider, Qt.MouseButton.LeftButton)
    assert session.settings.overlap_threshold == session.default_settings.overlap_threshold == 0.3


def test_undo_and_redo_go_by_gestures_and_say_what_they_do(
    window: Any, session: Session, service: ListeningService
) -> None:
    open_first(session, service)
    now = [100.0]
    session._history = History(lambda: now[0])
    panel = window.panel
    panel.groups["Boxes"].fold(False)
    undo, redo = window.actions_by_id["undo"], window.actions_by_id["redo"]
    slider = panel.controls["overlap_threshold"].slider
    slider.setSliderDown(True)
    for place in (31, 40, 50):
        slider.setValue(place)
    slider.setSliderDown(False)
    slider.setFocus()
    now[0] += 2
    for _ in range(3):
        QTest.keyClick(slider, Qt.Key.Key_Right)
    assert session.settings.overlap_threshold == 0.53
    choose(panel.controls["nms_iou"], 0.5)
    assert undo.text() == "Undo NMS IoU"
    undo.trigger()
    assert (undo.text(), redo.text()) == ("Undo overlap threshold", "Redo NMS IoU")
    undo.trigger()
    assert session.settings.overlap_threshold == 0.5
    undo.trigger()
    assert session.settings.overlap_threshold == 0.3
    assert panel.controls["overlap_threshold"].value() == 0.3
    redo.trigger()
    assert session.settings.overlap_threshold == 0.5
    choose(panel.controls["use_borderness"], False)
    assert (redo.text(), redo.isEnabled()) == ("Redo", False)


def test_a_drag_that_undo_interrupts_ends_where_undo_led(panel: Any, session: Session) -> None:
    slider = panel.controls["overlap_threshold"].slider
    slider.setSliderDown(True)
    slider.setValue(60)
    session.undo()
    slider.setSliderDown(False)
    assert session.settings.overlap_threshold == 0.3
    assert slider.value() == 30


def test_the_oracles_say_why_they_cannot_be_had(window: Any, session: Session, service: ListeningService) -> None:
    open_first(session, service, with_truth=False)
    box, group = window.panel.controls["box_oracle"].box, window.panel.groups["Oracles"]
    assert not box.isEnabled()
    assert "this image has none" in box.toolTip()
    assert "this image has none" in group.caption.text()
    assert not window.actions_by_id["box_oracle"].isEnabled()
    open_first(session, service)
    assert box.isEnabled()
    assert group.caption.isHidden()
    box.click()
    assert session.settings.box_oracle
    assert window.actions_by_id["box_oracle"].isChecked()


def test_what_has_no_effect_is_off_and_says_why(panel: Any, session: Session) -> None:
    controls = panel.controls
    session.change_settings(box_oracle=True)
    for field in ("nms_iou", "score_threshold", "borderness_pooling"):
        assert not controls[field].editor().isEnabled()
        assert "box oracle" in controls[field].editor().toolTip()
    assert "box oracle" in panel.groups["Boxes"].caption.text()
    session.change_settings(box_oracle=False)
    assert all(controls[field].editor().isEnabled() for field in ("nms_iou", "score_threshold", "borderness_pooling"))
    assert panel.groups["Boxes"].caption.isHidden()


def test_the_conflict_strategy_is_one_choice_in_panel_and_menu(
    window: Any, session: Session, service: ListeningService
) -> None:
    open_first(session, service)
    box = window.panel.controls["conflict"].box
    window.actions_by_id["conflict_highest"].trigger()
    assert session.settings.conflict == "highest"
    assert box.currentData() == "highest"
    box.activated.emit(box.findData("closest"))
    assert session.settings.conflict == "closest"
    assert window.actions_by_id["conflict_closest"].isChecked()
    assert not window.actions_by_id["conflict_highest"].isChecked()


def test_a_folded_group_says_how_much_it_hides_and_stays_folded(window: Any, session: Session, folders: Any) -> None:
    panel = window.panel
    panel.groups["Boxes"].fold(False)
    group = panel.groups["Merge"]
    session.change_settings(overlap_threshold=0.9, conflict="highest")
    assert group.heading.text() == "Merge · 2 changed"
    QTest.keyClick(group.heading, Qt.Key.Key_Space)
    assert group.is_folded
    assert not panel.controls["overlap_threshold"].isVisibleTo(panel)
    assert Settings(folders.config).preferences.folded_groups == ("Merge",)
    QTest.keyClick(group.heading, Qt.Key.Key_Space)
    assert not group.is_folded
    assert Settings(folders.config).preferences.folded_groups == ()


def test_the_stuff_limit_says_its_share_of_the_image(panel: Any, session: Session) -> None:
    session.change_settings(stuff_limit=48)
    assert panel.controls["stuff_limit"]._note.text() == "1.0 % of this image"
    assert panel.controls["stuff_limit"].box.text() == "48 px"


def test_the_wheel_scrolls_the_page_and_turns_no_knob(panel: Any, session: Session, qtbot: Any) -> None:
    from PySide6.QtCore import QPoint, QPointF
    from PySide6.QtGui import QWheelEvent
    from PySide6.QtWidgets import QApplication

    before = session.settings
    for field, control in panel.controls.items():
        for editor in control.editors():
            middle = QPointF(editor.rect().center())
            event = QWheelEvent(
                middle,
                editor.mapToGlobal(middle),
                QPoint(),
                QPoint(0, -120),
                Qt.MouseButton.NoButton,
                Qt.KeyboardModifier.NoModifier,
                Qt.ScrollPhase.NoScrollPhase,
                False,
            )
            QApplication.sendEvent(editor, event)
            assert session.settings == before, field


def test_nothing_is_cut_off_in_a_dock_of_300_pixels(panel: Any) -> None:
    assert panel.minimumSizeHint().width() <= 300
    page = panel.scroll.widget()
    for widget in page.findChildren(QWidget):
        if widget.isVisibleTo(page) and not isinstance(widget.parentWidget(), QComboBox):
            right = widget.mapTo(page, widget.rect().topRight()).x()
            assert right <= page.width(), widget
