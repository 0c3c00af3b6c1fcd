"""The modes of the window: inspection and annotation share the image and how it is looked at; all else is their own."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from lpsnet_studio.actions.table import ACTIONS
from lpsnet_studio.availability import actions_out_of_place
from lpsnet_studio.inference.messages import Inspect
from lpsnet_studio.session import Session
from lpsnet_studio.settings import Folders, Settings
from tests.studio.annotating import Annotating
from tests.studio.hand_made import AT_FIRST, ListeningService, inspected, open_first

OF_ANNOTATION = {"images", "annotation_segments", "annotation_classes", "annotation_checks", "annotation_history"}
"""The docks of that mode in a window that was never opened before."""


@pytest.fixture
def opened(window: Any, session: Session, service: ListeningService) -> Any:
    open_first(session, service)
    return window


def show(window: Any, mode: str) -> None:
    window.actions_by_id[f"{mode}_mode"].trigger()


def shown_docks(window: Any) -> set[str]:
    return {name for name, dock in window.docks.items() if not dock.isHidden()}


def test_image_place_and_selection_stay_whatever_is_shown_meanwhile(at_work: Annotating) -> None:
    window, session = at_work.window, at_work.session
    at_work.show("inspect")
    at_work.open_image(1)
    at_work.open_image(0)
    session.select(2)
    for _ in range(4):
        at_work.trigger("zoom_in")
    looked_at = window.canvas.place
    at_work.show("annotate")
    editor = at_work.editor
    editor.select((3, 1))
    at_work.trigger("tool_lasso")
    at_work.show("jobs")
    at_work.show("annotate")
    now = window.canvas.place
    assert (now.zoom, now.x, now.y) == (looked_at.zoom, looked_at.x, looked_at.y)
    assert at_work.editor is editor, "nothing was read again"
    assert editor.selection == (3, 1)
    at_work.show("inspect")
    now = window.canvas.place
    assert (now.zoom, now.x, now.y) == (looked_at.zoom, looked_at.x, looked_at.y)
    assert session.index == 0
    assert session.selected == 2
    at_work.show("annotate")
    assert editor.selection == (3, 1)
    assert window.actions_by_id["tool_lasso"].isChecked()


def test_a_fitted_image_stays_fitted(opened: Any, qtbot: Any) -> None:
    for mode in ("annotate", "inspect"):
        show(opened, mode)
        qtbot.wait(20)
        before = opened.canvas.zoom
        opened.actions_by_id["fit"].trigger()
        assert opened.canvas.zoom == before, mode


def test_each_mode_has_its_own_docks_and_the_images_are_in_both(opened: Any, qtbot: Any) -> None:
    assert shown_docks(opened) == AT_FIRST
    show(opened, "annotate")
    assert shown_docks(opened) == OF_ANNOTATION
    assert opened.annotation.bar.isVisible()
    assert not opened.timeline.isVisible()
    opened.docks["annotation_history"].close()
    opened.resizeDocks([opened.docks["annotation_segments"]], [400], Qt.Orientation.Horizontal)
    qtbot.waitUntil(lambda: opened.docks["annotation_segments"].width() == 400)
    show(opened, "inspect")
    assert shown_docks(opened) == AT_FIRST
    assert opened.timeline.isVisible()
    assert not opened.annotation.bar.isVisible()
    show(opened, "annotate")
    assert shown_docks(opened) == OF_ANNOTATION - {"annotation_history"}
    qtbot.waitUntil(lambda: opened.docks["annotation_segments"].width() == 400)
    opened.actions_by_id["reset_layout"].trigger()
    assert opened.modes.mode == "annotate"
    assert shown_docks(opened) == OF_ANNOTATION


def test_mode_and_docks_of_the_last_run_are_there_again(
    qtbot: Any, session: Session, theme: Any, folders: Folders
) -> None:
    from lpsnet_studio.main_window import MainWindow

    for run in range(3):
        made = MainWindow(session, theme, Settings(folders.config), folders)
        qtbot.addWidget(made)
        made.resize(1200, 800)
        made.show()
        qtbot.waitExposed(made)
        assert made.modes.mode == ("inspect" if run == 0 else "annotate")
        if run == 0:
            show(made, "annotate")
            made.docks["annotation_checks"].close()
        assert shown_docks(made) == OF_ANNOTATION - {"annotation_checks"}
        if run == 2:
            show(made, "inspect")
            assert shown_docks(made) == AT_FIRST
        made.close()


def test_a_panel_that_is_asked_for_brings_its_mode(opened: Any, qtbot: Any) -> None:
    for name, mode in (("annotation_checks", "annotate"), ("errors", "inspect"), ("annotation_classes", "annotate")):
        opened.actions_by_id[f"panel_{name}"].trigger()
        assert opened.modes.mode == mode
        assert opened.docks[name].isVisible()
    show(opened, "jobs")
    opened.actions_by_id["panel_annotation_history"].trigger()
    assert opened.modes.mode == "annotate"


def test_a_small_window_leaves_the_canvas_in_every_mode(opened: Any, qtbot: Any) -> None:
    opened.resize(400, 300)
    qtbot.waitUntil(lambda: opened.size().toTuple() == (400, 300))
    for mode in ("annotate", "inspect", "annotate"):
        show(opened, mode)
        assert not any(dock.isVisible() for dock in opened.docks.values()), mode
        qtbot.waitUntil(lambda: opened.canvas.height() > 50)
    opened.resize(1200, 800)
    qtbot.waitUntil(lambda: shown_docks(opened) == OF_ANNOTATION)


def test_actions_of_other_modes_wait_and_say_how_they_are_had(at_work: Annotating) -> None:
    window = at_work.window
    strange = actions_out_of_place("annotate")
    assert {"play", "curtain", "save_panoptic", "show_labels"} <= strange.keys()
    assert not any(window.actions_by_id[name].isEnabled() for name in strange)
    assert window.actions_by_id["reload_image"].isEnabled(), "the image is that of both"
    window.canvas.setFocus()
    QTest.keyClick(window, Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    assert "F2 shows it" in at_work.told
    at_work.show("inspect")
    tools = [action.id for action in ACTIONS if action.id.startswith("tool_")]
    assert len(tools) == 11
    assert not any(window.actions_by_id[name].isEnabled() for name in tools)
    window.canvas.setFocus()
    at_work.key("w")
    assert "F3 shows it" in at_work.told
    at_work.show("annotate")
    assert all(window.actions_by_id[name].isEnabled() for name in tools)


def test_the_image_is_never_opened_or_inspected_again_for_a_mode(at_work: Annotating) -> None:
    before = len(at_work.service.posted)
    for mode in ("inspect", "annotate", "jobs", "annotate", "inspect"):
        at_work.show(mode)
    assert len(at_work.service.posted) == before


def test_what_the_canvas_shows_belongs_to_the_mode(at_work: Annotating) -> None:
    canvas, stage = at_work.window.canvas, at_work.window.annotation.overlay.stage
    assert canvas.stage is stage
    at_work.show("inspect")
    inspection = canvas.stage
    assert inspection is not stage
    assert canvas.scene() is inspection
    at_work.session.inspect()
    at_work.show("annotate")
    before = at_work.editor.document.ids.copy()
    at_work.session.receive(inspected(at_work.service.last(Inspect)))
    assert canvas.stage is stage, "a result that comes now is shown when one looks at it"
    assert (at_work.editor.document.ids == before).all()


def test_a_comparison_ends_where_there_is_nothing_to_compare(opened: Any, session: Session) -> None:
    opened.actions_by_id["curtain"].trigger()
    assert session.view.comparison == "curtain"
    show(opened, "annotate")
    assert session.view.comparison == "off"


def test_playing_stops_where_it_cannot_be_seen(opened: Any, session: Session) -> None:
    session.seek(0)
    session.play(True)
    show(opened, "annotate")
    assert not session.playing
