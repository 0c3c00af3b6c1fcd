"""Annotation in the window: mouse and keys reach the document of the image on the canvas, and nothing else does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QContextMenuEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QLineEdit, QMessageBox

from lpsnet_studio.actions.table import ACTIONS
from lpsnet_studio.annotator import elsewhere
from lpsnet_studio.annotator.class_palette import ClassPalette
from lpsnet_studio.annotator.edits import SegmentInfo
from lpsnet_studio.annotator.project import Status
from lpsnet_studio.annotator.store import ProjectStore
from lpsnet_studio.inference.messages import Failed, Inspect, OpenImage
from lpsnet_studio.session import Session
from lpsnet_studio.settings import Folders, Settings
from tests.studio.annotating import CONTROL, PERSON, ROAD, SKY, Annotating, annotating, photos_in
from tests.studio.hand_made import ListeningService, entries, inspected, open_first, opened

LEFT, NONE, SHIFT = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier
ALT = Qt.KeyboardModifier.AltModifier


def hint(window: Any) -> str:
    return str(window.statusBar()._hint.text())


def chip(window: Any) -> str:
    return str(window.canvas._chip.whole)


def stroke(at_work: Annotating) -> None:
    """Paints a stroke of the brush into the sky."""
    at_work.key("b")
    at_work.editor.set_options(radius=3.0)
    at_work.drag((60, 10), (66, 10), (70, 12))


# -------------------------------------------------------------------------------------------------- what one sees first


def test_without_a_project_the_tools_wait_and_words_say_what_to_do(
    window: Any, session: Session, service: ListeningService
) -> None:
    open_first(session, service)
    window.actions_by_id["annotate_mode"].trigger()
    assert "project" in hint(window)
    assert not window.actions_by_id["tool_brush"].isEnabled()
    window.canvas.setFocus()
    QTest.keyClick(window.canvas, "b")
    assert "No project is open" in window.notifications.texts[-1]
    for button in (LEFT, Qt.MouseButton.RightButton):
        QTest.mousePress(window.canvas.viewport(), button, NONE, QPoint(200, 200))
        QTest.mouseRelease(window.canvas.viewport(), button, NONE, QPoint(200, 200))
    assert session.selected == 0, "clicks select nothing of the inspection"


def test_looking_again_brings_photo_and_segments_of_a_missing_file_back(at_work: Annotating) -> None:
    photo, moved = at_work.photos[1], at_work.photos[1].with_name("moved")
    at_work.store.start(at_work.desk.image + 1, np.ones((60, 80), np.uint16), {1: SegmentInfo(SKY)}, "a test")
    photo.rename(moved)
    at_work.session.open_index(1)
    request = at_work.service.last(OpenImage)
    at_work.session.receive(Failed(request.request, "bad-input", f"{photo}: the file does not exist"))
    at_work.wait_for("unreadable")
    moved.rename(photo)
    asked = at_work.service.count(OpenImage)
    at_work.window.annotation.telling.card.buttons["again"].click()
    assert at_work.service.count(OpenImage) == asked + 1
    at_work.answer()
    at_work.wait_for("editing")
    assert at_work.session.picture is not None
    stage = at_work.window.annotation.overlay.stage
    assert np.array_equal(stage.owners.indices, at_work.editor.document.ids)
    at_work.window.annotation.telling.card.look_again_wanted.emit()
    assert at_work.service.count(OpenImage) == asked + 1, "a photo that is there is not read again"


def test_an_image_that_the_project_lacks_can_be_added(at_work: Annotating, tmp_path: Path) -> None:
    (other,) = photos_in(tmp_path / "others", 1)
    at_work.session.set_entries([*at_work.session.entries, *entries(1)])
    at_work.open_image(3)
    at_work.wait_for("not in project")
    assert "not in the project" in hint(at_work.window)
    assert not at_work.window.actions_by_id["start_empty"].isEnabled()
    at_work.desk.add_images([other])
    at_work.qtbot.waitUntil(lambda: len(at_work.desk.entries) == 4, timeout=10_000)


def test_a_begun_image_shows_its_segments_and_the_hint_of_the_tool(at_work: Annotating) -> None:
    stage = at_work.window.annotation.overlay.stage
    assert len(at_work.persons) == 2
    assert np.array_equal(stage.owners.indices, at_work.editor.document.ids)
    assert hint(at_work.window) == at_work.window.annotation.toolbox.hint != ""
    at_work.key("l")
    lasso = hint(at_work.window)
    assert lasso == at_work.window.annotation.toolbox.hint
    at_work.key("k")
    assert "across" in hint(at_work.window) != lasso
    at_work.show("jobs")
    assert hint(at_work.window) == ""
    at_work.show("inspect")
    assert "click selects" in hint(at_work.window)
    at_work.show("annotate")
    assert "across" in hint(at_work.window)


def test_the_segments_are_there_again_after_the_photo_was_read_again(at_work: Annotating) -> None:
    stage = at_work.window.annotation.overlay.stage
    at_work.trigger("reload_image")
    assert stage.size == (0, 0)
    at_work.session.receive(opened(at_work.service.last(OpenImage)))
    assert np.array_equal(stage.owners.indices, at_work.editor.document.ids)
    at_work.key("v")
    at_work.click(15, 40)
    assert at_work.editor.selection == (at_work.persons[0],)


def test_a_photo_of_another_size_shows_none_of_the_segments(at_work: Annotating) -> None:
    at_work.trigger("reload_image")
    at_work.session.receive(opened(at_work.service.last(OpenImage), size=(30, 40)))
    stage = at_work.window.annotation.overlay.stage
    assert stage.size == (30, 40)
    assert stage.owners is None or not np.any(stage.owners)


# --------------------------------------------------------------------------------------------------------------- mouse


def test_clicks_select_and_a_stroke_is_one_edit_that_shows_while_it_is_drawn(at_work: Annotating) -> None:
    left, right = at_work.persons
    at_work.click(15, 40)
    assert at_work.editor.selection == (left,)
    at_work.click(45, 40, CONTROL)
    assert at_work.editor.selection == (left, right)
    at_work.click(15, 40)
    document = at_work.editor.document
    before, area = document.ids.copy(), document.area(left)
    at_work.key("b")
    at_work.editor.set_options(radius=3.0)
    at_work.press(20, 10)
    at_work.hover(30, 10)
    assert document.ids[10, 25] == left
    assert at_work.titles == []
    at_work.release(30, 10)
    assert at_work.titles == ["Brush"]
    assert document.area(left) > area
    assert np.all(document.ids[document.ids != before] == left)
    assert at_work.window.actions_by_id["undo"].text() == "Undo Brush"
    at_work.wait_until_saved()
    assert at_work.store.entries[at_work.desk.image].last == 1


def test_only_the_left_button_draws_and_space_lets_it_pan(at_work: Annotating) -> None:
    at_work.click(15, 40)
    at_work.key("b")
    view, canvas = at_work.window.canvas.viewport(), at_work.window.canvas
    middle = canvas.place
    for button in (Qt.MouseButton.MiddleButton, Qt.MouseButton.RightButton):
        QTest.mousePress(view, button, NONE, at_work.at(20, 10))
        at_work.hover(40, 14)
        QTest.mouseRelease(view, button, NONE, view.rect().center())
    assert at_work.titles == []
    assert canvas.place != middle, "the middle button pans"
    canvas.fit()
    QTest.keyPress(canvas, Qt.Key.Key_Space)
    at_work.press(20, 10)
    QTest.mouseMove(view, at_work.at(20, 10) + QPoint(60, 20))
    QTest.mouseRelease(view, LEFT, NONE, at_work.at(20, 10))
    QTest.keyRelease(canvas, Qt.Key.Key_Space)
    assert at_work.titles == []
    canvas.fit()
    at_work.drag((20, 10), (30, 12))
    assert at_work.titles == ["Brush"]


def test_the_wheel_zooms_in_the_middle_of_a_stroke(at_work: Annotating) -> None:
    at_work.click(15, 40)
    at_work.key("b")
    at_work.editor.set_options(radius=2.0)
    view, canvas = at_work.window.canvas.viewport(), at_work.window.canvas
    at_work.press(40, 10)
    zoom, place = canvas.zoom, QPointF(at_work.at(40, 10))
    wheel = QWheelEvent(
        place,
        QPointF(view.mapToGlobal(place.toPoint())),
        QPoint(),
        QPoint(0, 120),
        LEFT,
        NONE,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(view, wheel)
    assert canvas.zoom > zoom
    at_work.hover(46, 10)
    at_work.release(46, 10)
    assert at_work.titles == ["Brush"]
    assert at_work.editor.document.ids[10, 43] == at_work.persons[0]


def test_the_menu_of_the_canvas_is_that_of_the_mode_and_paints_nothing(at_work: Annotating) -> None:
    canvas = at_work.window.canvas
    at_work.key("b")
    place = at_work.at(15, 40)
    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, place, canvas.viewport().mapToGlobal(place))
    QApplication.sendEvent(canvas.viewport(), event)
    menu = canvas._menu
    at_work.qtbot.waitUntil(menu.isVisible)
    offered = {action.objectName() for action in menu.actions() if action.objectName()}
    assert offered == {entry.id for entry in ACTIONS if entry.on_canvas and "annotate" in entry.canvas_modes}
    assert {"merge_segments", "relabel", "copy_view"} <= offered
    menu.hide()
    assert at_work.titles == []
    at_work.show("inspect")
    assert canvas._menu is not menu


def test_the_chip_names_what_is_under_the_mouse_but_not_under_a_stroke(at_work: Annotating) -> None:
    window, (left, _) = at_work.window, at_work.persons
    at_work.hover(15, 40)
    assert chip(window) == f"person #{left}"
    assert f"person #{left}" in window.statusBar().text
    at_work.click(15, 40)
    at_work.key(Qt.Key.Key_Delete)
    at_work.hover(16, 40)
    assert chip(window) == ""
    assert "void" in window.statusBar().text
    at_work.hover(60, 5)
    assert chip(window) == f"sky #{at_work.only(SKY)}"
    at_work.click(60, 5)
    at_work.key("b")
    at_work.press(60, 5)
    at_work.hover(62, 5)
    assert chip(window) == ""
    at_work.release(62, 5)
    at_work.hover(64, 5)
    assert chip(window).startswith("sky")
    at_work.show("inspect")
    at_work.hover(15, 40)
    assert "person" in window.statusBar().text, "the inspection has not lost it"


def test_what_is_under_the_mouse_is_named_again_once_it_was_painted(at_work: Annotating) -> None:
    window, (left, _) = at_work.window, at_work.persons
    at_work.hover(15, 40)
    at_work.click(15, 40)
    at_work.key(Qt.Key.Key_Delete)
    assert "void" in window.statusBar().text
    assert chip(window) == ""
    at_work.key(Qt.Key.Key_Z, CONTROL)
    assert f"person #{left}" in window.statusBar().text
    assert chip(window) == f"person #{left}"
    at_work.editor.select((at_work.only(SKY),))
    at_work.key("b")
    at_work.press(15, 40)
    sky = at_work.only(SKY)
    assert f"sky #{sky}" in window.statusBar().text
    at_work.release(15, 40)
    assert chip(window) == f"sky #{sky}"


def test_the_bar_shows_what_the_next_stroke_paints(at_work: Annotating) -> None:
    button, editor, (left, _) = at_work.window.annotation.bar.options.category, at_work.editor, at_work.persons
    assert button.text() == " Choose a class"
    at_work.key("r")
    at_work.click(15, 40)
    at_work.key(Qt.Key.Key_Escape)
    editor.select((left,))
    assert button.text() == f" person, into #{left}"
    assert f"person #{left}" in hint(at_work.window)
    button.click()
    (palette,) = at_work.window.findChildren(ClassPalette)
    QTest.keyClicks(palette.editor, "car")
    QTest.keyClick(palette.editor, Qt.Key.Key_Return)
    assert button.text() == " New car"
    assert "a new car" in hint(at_work.window)
    at_work.window.canvas.setFocus()
    at_work.key("n")
    assert button.text() == " New car"
    before = set(editor.document.segments)
    at_work.drag((60, 3), (66, 9))
    (new,) = editor.document.segments.keys() - before
    assert editor.document.segments[new].category == 3
    assert button.text() == f" car, into #{new}"
    at_work.key(Qt.Key.Key_Z, CONTROL)
    assert button.text() == " New car"
    editor.use_category(SKY)
    assert button.text() == f" sky, into #{at_work.only(SKY)}"


def test_strokes_in_quick_succession_are_all_painted(at_work: Annotating, monkeypatch: pytest.MonkeyPatch) -> None:
    at_work.click(15, 40)
    at_work.key("b")
    at_work.editor.set_options(radius=2.0)
    monkeypatch.setattr(elsewhere, "AT_ONCE", -1.0)
    told = list(at_work.window.notifications.texts)
    for row in (4, 9, 14, 19):
        at_work.drag((50, row), (60, row), (70, row))
    at_work.key("r")
    at_work.drag((50, 22), (70, 26))
    at_work.qtbot.waitUntil(lambda: at_work.titles == ["Brush"] * 4 + ["Box"], timeout=10_000)
    left, ids = at_work.persons[0], at_work.editor.document.ids
    assert all((ids[row, 50:70] == left).all() for row in (4, 9, 14, 19, 24))
    assert list(at_work.window.notifications.texts) == told
    at_work.wait_until_saved()
    assert at_work.store.entries[at_work.desk.image].last == 5


def test_escape_gives_a_proposal_up_before_it_is_there_and_keeps_the_selection(at_work: Annotating) -> None:
    at_work.click(15, 40)
    at_work.key(Qt.Key.Key_Delete)
    at_work.click(45, 40)
    selected = at_work.editor.selection
    at_work.trigger("fill_void_nearest")
    at_work.key(Qt.Key.Key_Escape)
    assert at_work.editor.selection == selected
    at_work.qtbot.wait(200)
    assert at_work.window.annotation.toolbox.tool.preview == ()
    assert at_work.titles == ["Delete segment"]


def test_the_status_bar_says_why_a_stroke_paints_nothing_until_the_next_one(at_work: Annotating) -> None:
    at_work.click(15, 40)
    at_work.key("b")
    at_work.key("x")
    at_work.editor.set_options(radius=2.0)
    at_work.drag((60, 5), (64, 5))
    assert hint(at_work.window).startswith("Nothing was painted: it is only painted over void")
    assert at_work.told == hint(at_work.window)
    at_work.press(60, 5)
    assert hint(at_work.window).startswith("Drag to paint person")
    at_work.release(60, 5)
    assert hint(at_work.window).startswith("Nothing was painted")
    at_work.key("x")
    assert hint(at_work.window) == "Only over void: off"
    at_work.drag((60, 5), (64, 5))
    assert hint(at_work.window).startswith("Drag to paint person")
    assert at_work.titles == ["Brush"]


def test_void_hides_little_where_there_is_much(at_work: Annotating) -> None:
    void = at_work.window.annotation.overlay.stage.void

    def opacity() -> float:
        return float((int(void._tables[0][0]) >> 24) & 255) / 255

    assert opacity() == pytest.approx(0.8, abs=0.01)
    at_work.editor.select(at_work.editor.document.segments)
    at_work.key(Qt.Key.Key_Delete)
    assert opacity() == pytest.approx(0.12, abs=0.01)
    at_work.key(Qt.Key.Key_Z, CONTROL)
    assert opacity() == pytest.approx(0.8, abs=0.01)


# ---------------------------------------------------------------------------------------------------------------- keys


def test_letters_take_tools_and_the_bar_shows_which(at_work: Annotating) -> None:
    window, toolbox = at_work.window, at_work.window.annotation.toolbox
    for action in ACTIONS:
        if action.id.startswith("tool_"):
            (letter,) = action.keys
            at_work.key(letter.lower())
            assert toolbox.name == action.value
            checked = [name for name, each in window.actions_by_id.items() if each.isChecked() and "tool_" in name]
            assert checked == [action.id]


def test_letters_are_typed_where_someone_types(at_work: Annotating) -> None:
    field = at_work.window.annotation.segments.filter
    assert isinstance(field, QLineEdit)
    field.setFocus()
    at_work.qtbot.waitUntil(field.hasFocus)
    QTest.keyClicks(field, "bcj5[aq-")
    assert field.text() == "bcj5[aq-"
    at_work.editor.select(at_work.persons)
    at_work.keys([Qt.Key.Key_Home, Qt.Key.Key_Delete])
    assert field.text() == "cj5[aq-"
    assert at_work.window.annotation.toolbox.name == "select"
    assert at_work.titles == []


def test_digits_pick_recent_classes_for_what_is_selected_or_for_what_comes_next(at_work: Annotating) -> None:
    editor, (left, _) = at_work.editor, at_work.persons
    at_work.key("1")
    assert "No class has the digit 1 yet" in at_work.told
    editor.use_category(ROAD)
    editor.use_category(3)
    for _ in range(3):
        at_work.key("1")
        assert editor.options.category == ROAD, "it keeps its digit, whatever was used since"
    assert at_work.titles == []
    at_work.click(15, 40)
    at_work.key("2")
    assert at_work.titles == ["Relabel as car"]
    assert editor.document.segments[left].category == 3


def test_a_digit_of_a_class_is_its_own_whatever_was_used_last(at_work: Annotating) -> None:
    at_work.desk.change_labels(at_work.desk.labels.with_hotkey(SKY, "4"))
    at_work.editor.use_category(ROAD)
    at_work.key("4")
    assert at_work.editor.options.category == SKY


def test_brackets_change_the_brush_and_tell_its_size(at_work: Annotating) -> None:
    at_work.click(15, 40)
    at_work.key("b")
    before, words = at_work.editor.options.radius, hint(at_work.window)
    at_work.keys("]]")
    assert at_work.editor.options.radius > before
    assert hint(at_work.window) != words
    at_work.keys("[[")
    assert at_work.editor.options.radius == pytest.approx(before, abs=0.2)


def test_escape_gives_up_the_stroke_then_the_selection_and_leaves_the_inspection(at_work: Annotating) -> None:
    at_work.session.select(2)
    at_work.click(15, 40)
    at_work.key("b")
    before = at_work.editor.document.ids.copy()
    at_work.press(60, 10)
    at_work.hover(66, 10)
    at_work.key(Qt.Key.Key_Escape)
    assert np.array_equal(at_work.editor.document.ids, before)
    at_work.hover(70, 10)
    at_work.release(70, 10)
    assert at_work.titles == []
    assert len(at_work.editor.selection) == 1
    at_work.key(Qt.Key.Key_Escape)
    assert at_work.editor.selection == ()
    at_work.key(Qt.Key.Key_Escape)
    assert at_work.session.selected == 2


def test_escape_lets_go_from_a_panel_too(at_work: Annotating) -> None:
    at_work.session.select(2)
    at_work.key("p")
    for corner in ((60, 5), (70, 5), (70, 12)):
        at_work.click(*corner)
    at_work.click(15, 40)
    table = at_work.window.annotation.segments.table
    table.setFocus()
    at_work.qtbot.waitUntil(table.hasFocus)
    at_work.editor.select(at_work.persons)
    at_work.key(Qt.Key.Key_Escape)
    assert not at_work.window.annotation.toolbox.tool.preview
    assert len(at_work.editor.selection) == 2
    at_work.key(Qt.Key.Key_Escape)
    assert at_work.editor.selection == ()
    assert at_work.session.selected == 2


@pytest.mark.parametrize("place", ["segments.table", "checks.tree", "history.list", "classes.table", "bar.status"])
def test_the_keys_of_the_canvas_act_from_the_panels_too(at_work: Annotating, place: str) -> None:
    editor, room = at_work.editor, at_work.window.annotation
    panel, name = place.split(".")
    editor.select([at_work.only(ROAD)])
    at_work.trigger("delete_segment")  # so that there is something to find
    if panel != "bar":
        at_work.trigger(f"panel_annotation_{panel}")
    widget = getattr(getattr(room, panel), name)
    at_work.qtbot.waitUntil(lambda: widget.isVisible() and (panel != "checks" or bool(room.checks.findings)))
    editor.select(at_work.persons)
    widget.setFocus()
    at_work.qtbot.waitUntil(widget.hasFocus)
    at_work.key("b")
    assert room.toolbox.name == "brush"
    before = editor.options.radius
    at_work.key("]")
    assert editor.options.radius > before
    at_work.key("j")
    assert at_work.titles[1:] == ["Merge 2 segments"]
    editor.use_category(ROAD)
    at_work.key("1")
    assert at_work.titles[-1] == "Relabel as road"
    editor.select(())
    at_work.key("4")
    assert "No class has the digit 4" in at_work.told
    editor.select([at_work.only(SKY)])
    if panel != "classes":
        at_work.key(Qt.Key.Key_Delete)
        assert at_work.titles[-1].startswith("Delete")
    at_work.key("q")
    assert at_work.store.entries[at_work.desk.image].status is Status.DONE or at_work.session.index == 1
    at_work.key("a")
    assert at_work.session.index == 0


@pytest.mark.parametrize("name", ["segments.table", "classes.table", "checks.tree", "history.list"])
def test_home_end_and_the_arrows_are_those_of_the_list_that_has_the_keyboard(at_work: Annotating, name: str) -> None:
    editor, room = at_work.editor, at_work.window.annotation
    editor.select([at_work.only(ROAD)])
    at_work.trigger("delete_segment")
    panel, part = name.split(".")
    at_work.trigger(f"panel_annotation_{panel}")
    view = getattr(getattr(room, panel), part)
    at_work.qtbot.waitUntil(lambda: view.isVisible() and view.model().rowCount() > 0)
    editor.select(())
    view.setFocus()
    at_work.qtbot.waitUntil(view.hasFocus)
    told = list(at_work.window.notifications.texts)
    rows = view.model().rowCount()
    at_work.keys([Qt.Key.Key_Home, Qt.Key.Key_Home])
    assert view.currentIndex().row() == 0
    at_work.keys([Qt.Key.Key_Left, Qt.Key.Key_Left, Qt.Key.Key_End, Qt.Key.Key_End])
    if panel != "checks":  # whose rows lie in each other
        assert view.currentIndex().row() == rows - 1
    at_work.keys([Qt.Key.Key_Right] * 8)
    assert list(at_work.window.notifications.texts) == told, "none is said to belong to the inspection"


def test_panels_that_are_asked_for_take_no_room_from_the_images(at_work: Annotating) -> None:
    window = at_work.window
    window.resize(900, 600)
    at_work.qtbot.waitUntil(lambda: window.width() == 900)
    at_work.qtbot.wait(50)
    names = ("segments", "classes", "checks", "history")
    images = window.docks["images"].width()
    column = window.docks["annotation_segments"].width()
    for name in (*names, *names):
        at_work.trigger(f"panel_annotation_{name}")
        at_work.qtbot.wait(20)
        assert window.docks["images"].width() == images
        assert window.docks[f"annotation_{name}"].width() == column
    window.resize(1360, 860)
    at_work.qtbot.waitUntil(lambda: window.width() == 1360)
    at_work.trigger("panel_annotation_classes")
    at_work.qtbot.waitUntil(lambda: window.docks["annotation_classes"].width() >= 340)
    assert window.docks["images"].width() >= images


def test_where_painting_may_go_is_said_as_it_changes(at_work: Annotating) -> None:
    editor, person = at_work.editor, at_work.persons[0]
    at_work.key("b")
    at_work.key("x")
    assert (editor.options.only_void, hint(at_work.window)) == (True, "Only over void: on")
    at_work.key("x")
    assert (editor.options.only_void, hint(at_work.window)) == (False, "Only over void: off")
    editor.select(())
    at_work.key("i")
    assert editor.options.only_inside is None
    assert at_work.told == "Select a segment first: it is painted inside that one alone then."
    editor.select([person])
    at_work.key("i")
    assert (editor.options.only_inside, hint(at_work.window)) == (person, f"Only inside person #{person}: on")
    editor.select(())
    at_work.key("i")
    assert (editor.options.only_inside, hint(at_work.window)) == (None, "Only inside: off")
    editor.set_options(radius=3.0)
    assert hint(at_work.window).startswith("Choose a class"), "what the tool expects next is said again"


def test_a_radius_that_was_typed_gives_the_keyboard_back_to_the_image(at_work: Annotating) -> None:
    at_work.key("b")
    radius = at_work.window.annotation.bar.options.radius
    radius.setFocus()
    radius.selectAll()
    at_work.keys(["7", Qt.Key.Key_Return])
    assert at_work.editor.options.radius == 7
    at_work.key("e")
    assert at_work.window.annotation.toolbox.name == "eraser"


def test_panels_that_are_asked_for_give_the_keyboard_to_their_lists(at_work: Annotating) -> None:
    window, room = at_work.window, at_work.window.annotation
    lists = {
        Qt.Key.Key_7: room.segments.table,
        Qt.Key.Key_8: room.classes.table,
        Qt.Key.Key_0: room.history.list,
    }
    panels = (room.segments, room.classes, room.history)
    at_work.qtbot.waitUntil(lambda: all(panel.model.rowCount() for panel in panels))
    for key, place in lists.items():
        window.canvas.setFocus()
        at_work.key(key, ALT)
        at_work.qtbot.waitUntil(place.hasFocus)
    window.canvas.setFocus()
    at_work.key(Qt.Key.Key_7, ALT)
    at_work.qtbot.waitUntil(room.segments.table.hasFocus)
    at_work.key(Qt.Key.Key_Down)
    at_work.key(Qt.Key.Key_Down)
    assert len(at_work.editor.selection) == 1


def test_keys_merge_split_and_delete_and_are_taken_back(at_work: Annotating) -> None:
    editor, (left, right) = at_work.editor, at_work.persons
    at_work.click(15, 40)
    at_work.click(45, 40, CONTROL)
    at_work.key("j")
    assert at_work.persons == [left]
    at_work.key("k")
    at_work.drag((30, 10), (30, 58))
    assert len(at_work.persons) == 2
    at_work.key(Qt.Key.Key_Z, CONTROL)
    assert at_work.persons == [left]
    editor.set_options(radius=2.0)
    at_work.key("e")
    at_work.drag((30, 15), (30, 55))
    at_work.key("j", ALT)
    assert len(at_work.persons) == 2
    assert at_work.titles == ["Merge 2 segments", "Eraser", "Split into 2 parts"]
    at_work.key(Qt.Key.Key_Delete)
    assert at_work.persons == []
    for _ in range(4):
        at_work.key(Qt.Key.Key_Z, CONTROL)
    assert at_work.persons == [left, right]
    at_work.key(Qt.Key.Key_Z, CONTROL | SHIFT)
    assert at_work.persons == [left]


def test_a_command_that_cannot_be_says_why(at_work: Annotating) -> None:
    at_work.key("j")
    assert at_work.told.startswith("Merge segments: Select at least two segments first")
    at_work.key(Qt.Key.Key_Delete)
    assert "Select a segment first" in at_work.told
    at_work.click(15, 40)
    at_work.key("j", ALT)
    assert "is in one part" in at_work.told
    at_work.key("y")
    at_work.key(Qt.Key.Key_Delete)
    assert "is locked" in at_work.told
    assert at_work.titles == ["Lock segment"]


def test_the_palette_relabels_and_goes_with_the_mode(at_work: Annotating) -> None:
    at_work.click(15, 40)
    left = at_work.persons[0]
    at_work.key("c")
    (palette,) = at_work.window.findChildren(ClassPalette)
    QTest.keyClicks(palette.editor, "car")
    QTest.keyClick(palette.editor, Qt.Key.Key_Return)
    assert at_work.editor.document.segments[left].category == 3
    at_work.window.canvas.setFocus()
    at_work.key("c", SHIFT)
    at_work.show("inspect")
    at_work.qtbot.waitUntil(
        lambda: not any(each.isVisible() for each in at_work.window.findChildren(ClassPalette)), timeout=2000
    )
    assert at_work.editor.options.category == 3


def test_the_selected_segments_are_zoomed_to(at_work: Annotating) -> None:
    action, canvas = at_work.window.actions_by_id["zoom_selected"], at_work.window.canvas
    at_work.session.select(1)
    assert not action.isEnabled()
    at_work.click(65, 40)
    at_work.key("z")
    box = at_work.editor.document.box(at_work.editor.selection[0])
    assert canvas.place.x == pytest.approx((box[0] + box[2]) / 2)
    assert canvas.place.y == pytest.approx((box[1] + box[3]) / 2)
    at_work.key(Qt.Key.Key_Escape)
    assert not action.isEnabled()
    at_work.show("inspect")
    assert action.isEnabled()


# ---------------------------------------------------------------------------------------------------------------- undo


def test_undo_takes_back_edits_here_and_settings_there(at_work: Annotating) -> None:
    session, actions = at_work.session, at_work.window.actions_by_id
    stroke(at_work)
    assert "Choose a class" in at_work.told
    at_work.key("v")
    at_work.show("inspect")
    before = session.settings
    session.change_settings(overlap_threshold=0.9)
    words = actions["undo"].text()
    assert "Brush" not in words
    at_work.show("annotate")
    at_work.window.canvas.setFocus()
    assert at_work.titles == [], "no class was chosen for it"
    assert not actions["undo"].isEnabled()
    at_work.key(Qt.Key.Key_Z, CONTROL)
    assert session.settings.overlap_threshold == 0.9
    at_work.click(15, 40)
    stroke(at_work)
    assert actions["undo"].text() == "Undo Brush"
    at_work.key(Qt.Key.Key_Z, CONTROL)
    assert at_work.titles == []
    assert (actions["redo"].text(), actions["redo"].isEnabled()) == ("Redo Brush", True)
    assert session.settings.overlap_threshold == 0.9
    at_work.show("inspect")
    assert actions["undo"].text() == words
    at_work.window.canvas.setFocus()
    at_work.key(Qt.Key.Key_Z, CONTROL)
    assert session.settings == before
    at_work.show("annotate")
    at_work.key(Qt.Key.Key_Y, CONTROL)
    assert at_work.titles == ["Brush"]


def test_undo_never_goes_to_another_image(at_work: Annotating) -> None:
    at_work.click(15, 40)
    stroke(at_work)
    first = at_work.editor.document.ids.copy()
    at_work.open_image(1)
    at_work.wait_for("not started")
    assert not at_work.window.actions_by_id["undo"].isEnabled()
    at_work.begin()
    assert at_work.window.annotation.toolbox.name == "brush", "the tool stays in the hand"
    at_work.key(Qt.Key.Key_Z, CONTROL)
    at_work.key("v")
    at_work.click(15, 40)
    stroke(at_work)
    for _ in range(3):
        at_work.key(Qt.Key.Key_Z, CONTROL)
    assert at_work.titles == []
    assert at_work.session.index == 1
    at_work.open_image(0)
    at_work.wait_for("editing")
    assert np.array_equal(at_work.editor.document.ids, first)
    assert at_work.titles == ["Brush"]
    at_work.key(Qt.Key.Key_Z, CONTROL)
    assert at_work.titles == []
    assert at_work.window.actions_by_id["redo"].text() == "Redo Brush"


def test_undo_in_the_middle_of_a_stroke_takes_only_that_back(at_work: Annotating) -> None:
    at_work.click(15, 40)
    stroke(at_work)
    after = at_work.editor.document.ids.copy()
    at_work.press(20, 10)
    at_work.hover(30, 10)
    at_work.key(Qt.Key.Key_Z, CONTROL)
    assert np.array_equal(at_work.editor.document.ids, after)
    at_work.release(30, 10)
    assert at_work.titles == ["Brush"]


# --------------------------------------------------------------------------------------- what comes in between


def test_a_stroke_in_hand_does_not_come_along_to_another_image(at_work: Annotating) -> None:
    at_work.click(15, 40)
    at_work.key("b")
    before = at_work.editor.document.ids.copy()
    at_work.press(60, 10)
    at_work.hover(66, 10)
    at_work.key("d")
    at_work.answer()
    at_work.wait_for("not started")
    at_work.hover(70, 10)
    at_work.release(70, 10)
    at_work.begin()
    assert at_work.titles == []
    at_work.open_image(0)
    at_work.wait_for("editing")
    assert np.array_equal(at_work.editor.document.ids, before)
    assert at_work.titles == []
    at_work.hover(50, 10)
    at_work.hover(60, 10)
    assert np.array_equal(at_work.editor.document.ids, before), "no button is held"


@pytest.mark.parametrize("how", ["inspect_mode", "jobs_mode", "close_project", "start_empty", "dialog"])
def test_a_stroke_in_hand_is_given_up_by_whatever_takes_the_canvas(at_work: Annotating, how: str) -> None:
    at_work.click(15, 40)
    at_work.key("b")
    editor = at_work.editor
    before = editor.document.ids.copy()
    at_work.press(60, 10)
    at_work.hover(66, 10)
    if how == "dialog":
        dialog = QDialog(at_work.window)
        dialog.open()
        at_work.qtbot.waitUntil(lambda: editor.stroke is None)
        dialog.close()
    else:
        at_work.trigger(how)
    assert editor.stroke is None
    assert np.array_equal(editor.document.ids, before)
    assert not editor.history.can_undo
    at_work.qtbot.waitUntil(lambda: at_work.desk.place != "reading")


def test_a_result_that_comes_meanwhile_changes_nothing_but_what_tools_know(at_work: Annotating) -> None:
    at_work.click(15, 40)
    at_work.key("b")
    document, toolbox = at_work.editor.document, at_work.window.annotation.toolbox
    at_work.press(60, 10)
    at_work.hover(66, 10)
    drawn, maps, tool = document.ids.copy(), toolbox.maps, toolbox.tool
    at_work.session.inspect()
    at_work.session.receive(inspected(at_work.service.last(Inspect)))
    assert toolbox.maps is not maps
    assert toolbox.tool is tool
    assert at_work.editor.stroke is not None
    assert np.array_equal(document.ids, drawn)
    at_work.release(66, 10)
    assert at_work.titles == ["Brush"]
    assert np.array_equal(at_work.window.annotation.overlay.stage.owners.indices, document.ids)


def test_a_discarded_detection_is_adopted_by_a_click_and_the_editor_knows_every_box(at_work: Annotating) -> None:
    editor, (left, right) = at_work.editor, at_work.persons
    steps = [step for step in at_work.session.result.trace.steps if step.box is not None]
    boxes = {(round(step.score, 3)): tuple(step.box) for step in steps}
    assert editor.detection_boxes == {
        number: boxes[round(info.score, 3)] for number, info in editor.document.segments.items() if info.score
    }
    assert {left, right} <= editor.detection_boxes.keys()
    at_work.key("o")
    at_work.hover(45, 40)
    at_work.click(45, 40)
    assert at_work.titles == ["Adopt a detection"]
    (adopted,) = set(at_work.persons) - {left, right} or {right}
    assert editor.detection_boxes[adopted] == (29, 21, 50, 50), "that of the detection that was discarded"
    at_work.key(Qt.Key.Key_Z, CONTROL)
    assert editor.detection_boxes[right] == (28, 20, 50, 50)
    at_work.session.result_changed.emit()
    at_work.trigger("reload_image")
    assert editor.detection_boxes == {}


def test_layers_are_those_that_a_document_has(at_work: Annotating) -> None:
    stage = at_work.window.annotation.overlay.stage
    assert stage.segments.isVisible()
    at_work.trigger("show_segments")
    assert not stage.segments.isVisible()
    at_work.trigger("show_segments")
    at_work.trigger("hide_overlays")
    assert not stage.segments.isVisible()
    at_work.trigger("hide_overlays")
    assert stage.segments.isVisible()
    assert not stage.labels.isVisible()


# ------------------------------------------------------------------------------------------------------ projects


def test_a_project_that_is_only_read_is_looked_at_and_not_changed(at_work: Annotating) -> None:
    at_work.click(15, 40)
    stroke(at_work)
    at_work.reopen(read_only=True)
    window, before = at_work.window, at_work.editor.document.ids.copy()
    assert hint(window) == "", "the line over the canvas says it"
    line = window.annotation.telling.card.read_only
    at_work.qtbot.waitUntil(lambda: line.words.text().startswith("Read only. "))
    assert window.annotation.bar.saved.text() == "Read only"
    assert not window.actions_by_id["tool_brush"].isEnabled()
    window.canvas.setFocus()
    at_work.key("b")
    assert "nothing can be changed" in at_work.told
    at_work.drag((60, 10), (66, 10))
    for key in (Qt.Key.Key_Delete, "2", "["):
        at_work.key(key)
    at_work.key(Qt.Key.Key_Z, CONTROL)
    assert np.array_equal(at_work.editor.document.ids, before)
    assert not window.actions_by_id["undo"].isEnabled()
    for name in ("start_empty", "mark_done", "add_to_project", "import_annotations"):
        assert not window.actions_by_id[name].isEnabled(), name
    assert window.actions_by_id["export_annotations"].isEnabled()
    at_work.hover(15, 40)
    assert chip(window).startswith("person")
    at_work.reopen()
    assert at_work.titles == ["Brush"]


def test_the_next_window_opens_the_project_and_its_images(
    at_work: Annotating, qtbot: Any, theme: Any, folders: Folders
) -> None:
    from lpsnet_studio.main_window import MainWindow

    at_work.click(15, 40)
    stroke(at_work)
    at_work.editor.select(())
    drawn = at_work.editor.document.ids.copy()
    at_work.window.close()
    assert not at_work.window.isVisible()
    service = ListeningService()
    session = Session(service)
    made = MainWindow(session, theme, Settings(folders.config), folders)
    qtbot.addWidget(made)
    made.show()
    desk = made.annotation.desk
    qtbot.waitUntil(lambda: desk.place == "editing", timeout=10_000)
    assert made.modes.mode == "annotate"
    assert [entry.source.path for entry in session.entries] == [str(path) for path in at_work.photos]
    assert np.array_equal(desk.editor.document.ids, drawn)
    assert desk.editor.history.can_undo
    assert desk.store.unfinished() is None, "the window before has closed the project"
    made.close()


def test_whoever_inspects_is_asked_for_no_project(
    at_work: Annotating, qtbot: Any, theme: Any, folders: Folders
) -> None:
    from lpsnet_studio.main_window import MainWindow

    at_work.show("inspect")
    at_work.window.close()
    made = MainWindow(Session(ListeningService()), theme, Settings(folders.config), folders)
    qtbot.addWidget(made)
    made.show()
    qtbot.wait(100)
    assert made.annotation.desk.store is None
    made.close()


class _FullDisk:
    """Stands in the way of every write to the database."""

    def __init__(self) -> None:
        self.is_full = True

    def __call__(self, moment: str) -> None:
        if self.is_full and moment == "begun":
            raise OSError(28, "No space left on device")


def test_closing_with_unsaved_edits_asks_and_loses_nothing(at_work: Annotating) -> None:
    window, disk = at_work.window, _FullDisk()
    at_work.click(15, 40)
    at_work.wait_until_saved()
    assert not window.isWindowModified()
    at_work.store.between = disk
    stroke(at_work)
    drawn = at_work.editor.document.ids.copy()
    at_work.qtbot.waitUntil(lambda: bool(at_work.desk.save_problem), timeout=10_000)
    at_work.qtbot.waitUntil(window.isWindowModified)
    assert "not saved" in window.annotation.bar.saved.text()
    window.close()
    assert window.isVisible()
    (box,) = window.findChildren(QMessageBox)
    assert "not saved" in box.text()
    assert "no space left" in box.informativeText()
    box.reject()
    assert window.isVisible()
    assert np.array_equal(at_work.editor.document.ids, drawn)
    at_work.window.canvas.setFocus()
    at_work.drag((20, 10), (30, 10))
    assert at_work.titles == ["Brush", "Brush"], "one can go on"
    drawn = at_work.editor.document.ids.copy()
    disk.is_full = False
    window.close()
    at_work.qtbot.waitUntil(lambda: not window.isVisible(), timeout=10_000)
    store = ProjectStore.open(at_work.project)
    try:
        loaded = store.load(1)
        assert loaded is not None
        assert loaded.done == 2
        assert store.entries[1].status is Status.IN_PROGRESS
    finally:
        store.close()
    from lpsnet_studio.annotator.opened_image import open_image

    store = ProjectStore.open(at_work.project, read_only=True)
    try:
        again = open_image(store, 1)
        assert again is not None
        assert np.array_equal(again.document.ids, drawn)
    finally:
        store.close()


def test_closing_all_the_same_gives_up_what_cannot_be_saved_and_nothing_else(at_work: Annotating) -> None:
    window = at_work.window
    at_work.click(15, 40)
    stroke(at_work)
    at_work.wait_until_saved()
    at_work.store.between = _FullDisk()
    at_work.drag((20, 10), (30, 10))
    at_work.qtbot.waitUntil(lambda: bool(at_work.desk.save_problem), timeout=10_000)
    window.close()
    (box,) = window.findChildren(QMessageBox)
    next(button for button in box.buttons() if button.text() == "Close without saving").click()
    at_work.qtbot.waitUntil(lambda: not window.isVisible())
    store = ProjectStore.open(at_work.project)
    try:
        loaded = store.load(1)
        assert loaded is not None
        assert loaded.done == 1
    finally:
        store.close()


def test_a_class_of_the_data_set_that_the_project_lacks_is_left_out_and_told(
    window: Any, session: Session, service: ListeningService, qtbot: Any, tmp_path: Path
) -> None:
    at_work = annotating(window, session, service, qtbot, tmp_path)
    at_work.desk.change_labels(at_work.desk.labels.delete(PERSON))
    at_work.open_image(1)
    at_work.wait_for("not started")
    at_work.begin()
    assert "2 person" in at_work.told
    assert at_work.persons == []
