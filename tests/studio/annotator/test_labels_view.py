"""The panel Classes: changed in place, and what becomes of segments said before."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QColorDialog, QLineEdit

from lpsnet_studio.annotator.class_palette import ClassPalette
from lpsnet_studio.annotator.desk import Desk
from lpsnet_studio.annotator.labels_table import KEY, KIND, NAME
from lpsnet_studio.annotator.labels_view import LabelsPanel
from lpsnet_studio.annotator.project import Status
from lpsnet_studio.annotator.store import ProjectStore
from lpsnet_studio.tables.sorting import Order
from lpsnet_studio.theme import Theme
from tests.studio.annotator.on_the_desk import (
    CAR,
    LABELS,
    PERSON,
    ROAD,
    SKY,
    begun_desk,
    desk_at_once,
    editor_of,
    photos_in,
    read_only,
)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return begun_desk(tmp_path)


@pytest.fixture
def panel(desk: Desk, theme: Theme, qtbot: Any) -> LabelsPanel:
    made = LabelsPanel(desk, theme)
    qtbot.addWidget(made)
    made.resize(300, 400)
    made.show()
    qtbot.waitExposed(made)
    return made


def _place(panel: LabelsPanel, identity: int, column: int = NAME) -> QPoint:
    return panel.table.visualRect(panel.model.index(panel.model.row_of(identity), column)).center()


def _click(qtbot: Any, panel: LabelsPanel, identity: int, column: int = NAME, *, twice: bool = False) -> None:
    click = qtbot.mouseDClick if twice else qtbot.mouseClick
    click(panel.table.viewport(), Qt.MouseButton.LeftButton, pos=_place(panel, identity, column))


def _type(qtbot: Any, panel: LabelsPanel, text: str) -> None:
    """Types into the cell that is being changed."""
    field = panel.table.viewport().findChild(QLineEdit)
    assert field is not None
    field.selectAll()
    qtbot.keyClicks(field, text)
    qtbot.keyClick(field, Qt.Key.Key_Return)


def _names(panel: LabelsPanel) -> list[str]:
    return [label.name for label in panel.model.shown]


def _hold_work(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Lets work wait until the returned function is called."""
    waiting: list[tuple[Any, Any]] = []
    monkeypatch.setattr(desk, "work", lambda work, done, **_: waiting.append((work, done)))

    def go_on() -> None:
        while waiting:
            work, done = waiting.pop(0)
            done(work())

    return go_on


def test_a_click_and_enter_choose_the_class_of_new_segments(panel: LabelsPanel, desk: Desk, qtbot: Any) -> None:
    editor = editor_of(desk)
    _click(qtbot, panel, CAR)
    assert editor.options.category == CAR
    qtbot.keyClick(panel.table, Qt.Key.Key_Down)
    assert editor.options.category == CAR
    qtbot.keyClick(panel.table, Qt.Key.Key_Return)
    assert editor.options.category == ROAD
    font = panel.model.index(panel.model.row_of(ROAD), NAME).data(Qt.ItemDataRole.FontRole)
    assert font.bold()
    assert panel.model.index(panel.model.row_of(CAR), NAME).data(Qt.ItemDataRole.FontRole) is None


@pytest.mark.parametrize("way", ["click", "enter"])
def test_the_class_that_is_chosen_is_the_one_of_the_next_stroke_whatever_was_selected(
    panel: LabelsPanel, desk: Desk, qtbot: Any, way: str
) -> None:
    editor = editor_of(desk)
    other = next(number for number, info in editor.document.segments.items() if info.category != CAR)
    editor.select([other])
    if way == "click":
        _click(qtbot, panel, CAR)
    else:
        panel.table.go_to(CAR)
        qtbot.keyClick(panel.table, Qt.Key.Key_Return)
    assert (editor.target.number, editor.target.category) == (None, CAR)
    assert editor.target_words == "a new car"


def test_names_and_keys_are_changed_in_their_places(panel: LabelsPanel, desk: Desk, qtbot: Any) -> None:
    _click(qtbot, panel, CAR)
    qtbot.keyClick(panel.table, Qt.Key.Key_F2)
    _type(qtbot, panel, "automobile")
    qtbot.waitUntil(lambda: desk.labels[CAR].name == "automobile")
    assert panel.table.current == CAR
    _click(qtbot, panel, CAR, KEY)
    _click(qtbot, panel, CAR, KEY, twice=True)
    _type(qtbot, panel, "1")
    qtbot.waitUntil(lambda: desk.labels[CAR].hotkey == "1")
    assert desk.labels[PERSON].hotkey == "", "a key picks one class"
    assert panel.question.sentence.text() == "1 picks automobile now, and person no longer."
    panel.question.cancel.click()
    panel._give_key(CAR, "2")
    assert not panel.question.isVisible(), "nobody has lost it"


def test_a_name_that_is_taken_and_a_key_that_is_none_are_refused(panel: LabelsPanel, desk: Desk, qtbot: Any) -> None:
    before = desk.labels
    _click(qtbot, panel, CAR)
    qtbot.keyClick(panel.table, Qt.Key.Key_F2)
    _type(qtbot, panel, "person")
    qtbot.waitUntil(panel.question.isVisible)
    assert panel.question.sentence.text() == "There is a class person already; “Merge…” makes the two one."
    assert not panel.question.act.isVisible()
    qtbot.keyClick(panel.question.cancel, Qt.Key.Key_Escape)
    assert not panel.question.isVisible()
    panel._give_key(CAR, "x")
    assert "digit" in panel.question.sentence.text()
    assert desk.labels == before


def test_a_class_is_added_once_it_is_named(panel: LabelsPanel, desk: Desk, qtbot: Any) -> None:
    panel.filter.setText("car")
    panel.buttons["add"].click()
    bar = panel.new_class
    assert bar.name.hasFocus()
    assert not bar.act.isEnabled()
    assert len(desk.labels) == 4, "nothing is added before it has a name"
    qtbot.keyClicks(bar.name, "kite")
    qtbot.keyClick(bar.name, Qt.Key.Key_Return)
    assert _names(panel)[-1] == "kite"
    assert desk.labels.by_name["kite"].isthing
    assert panel.table.current == desk.labels.by_name["kite"].id
    assert panel.table.hasFocus()
    assert not bar.isVisible()
    panel.buttons["add"].click()
    assert bar.name.text() == ""
    bar.name.setText("grass")
    bar.is_stuff.setChecked(True)
    bar.act.click()
    assert not desk.labels.by_name["grass"].isthing


@pytest.mark.parametrize(
    ("name", "why"), [("person", "There is a class person already."), ("a\u200bb", "cannot be seen")]
)
def test_a_name_that_no_new_class_can_have_is_said_while_it_is_typed_and_adds_nothing(
    panel: LabelsPanel, desk: Desk, qtbot: Any, name: str, why: str
) -> None:
    bar = panel.new_class
    panel.table.setFocus()
    panel.add()
    bar.name.setText(name)
    assert why in bar.sentence.text()
    assert bar.sentence.isVisible()
    assert not bar.act.isEnabled()
    qtbot.keyClick(bar.name, Qt.Key.Key_Return)
    assert bar.isVisible(), "what was typed can be changed"
    assert desk.labels == LABELS
    bar.name.setText("kite")
    assert not bar.sentence.isVisible()
    desk.change_labels(desk.labels.rename(CAR, "kite"))
    assert bar.sentence.text() == "There is a class kite already.", "it follows the classes"
    qtbot.keyClick(bar.name, Qt.Key.Key_Escape)
    assert not bar.isVisible()
    assert panel.table.hasFocus()
    assert len(desk.labels) == 4


def test_the_colour_is_chosen_without_holding_anything_up(panel: LabelsPanel, desk: Desk) -> None:
    panel.table.go_to(CAR)
    panel.buttons["colour"].click()
    dialog = panel.findChild(QColorDialog)
    assert dialog is not None
    assert dialog.currentColor().getRgb()[:3] == LABELS[CAR].color
    dialog.setCurrentColor(QColor(1, 2, 3))
    dialog.accept()
    assert desk.labels[CAR].color == (1, 2, 3)
    assert editor_of(desk).labels[CAR].color == (1, 2, 3)


def test_classes_move_in_the_project_s_order_alone(panel: LabelsPanel, desk: Desk) -> None:
    panel.table.go_to(CAR)
    panel.buttons["down"].click()
    assert _names(panel) == ["person", "road", "car", "sky & clouds"]
    assert panel.table.current == CAR
    panel.buttons["up"].click()
    panel.buttons["up"].click()
    assert [label.id for label in desk.labels] == [CAR, PERSON, ROAD, SKY]
    assert not panel.buttons["up"].isEnabled()
    panel.table.sort_by(Order(0))
    assert not panel.buttons["up"].isEnabled()
    panel.table.go_to(ROAD)
    assert not panel.buttons["up"].isEnabled()


def test_deleting_says_first_what_becomes_of_the_segments(panel: LabelsPanel, desk: Desk, qtbot: Any) -> None:
    editor = editor_of(desk)
    panel.table.go_to(PERSON)
    qtbot.keyClick(panel.table, Qt.Key.Key_Delete)
    assert panel.question.sentence.text().startswith("2 segments of person in 1 image keep their pixels and lose ")
    assert panel.question.act.text() == "Delete person"
    assert panel.question.cancel.hasFocus()
    assert PERSON in desk.labels.by_id
    panel.question.act.click()
    assert PERSON not in desk.labels.by_id
    assert sorted(editor.document.segments) == [1, 2, 3, 4]
    assert editor.name(1) == "person (deleted) #1"
    assert editor.history.titles == ()
    assert not panel.question.isVisible()


def test_an_image_that_was_called_done_is_in_progress_again_where_pixels_lose_their_class(
    panel: LabelsPanel, desk: Desk
) -> None:
    panel.table.go_to(PERSON)
    panel.buttons["delete"].click()
    assert "approved" not in panel.question.sentence.text()
    for status in (Status.DONE, Status.APPROVED):
        desk.set_status(status)
        assert "1 image that is done or approved" in panel.question.sentence.text(), "it follows what happens"
    panel.question.cancel.click()
    assert desk.entry is not None
    assert desk.entry.status is Status.APPROVED
    desk.change_labels(desk.labels.merge(CAR, PERSON))
    assert desk.entry.status is Status.APPROVED, "a merge leaves no pixel without a class"
    panel.table.go_to(PERSON)
    panel.buttons["delete"].click()
    panel.question.act.click()
    assert desk.entry.status is Status.IN_PROGRESS
    assert desk.store is not None
    assert desk.store.flush(10)
    with_other = ProjectStore.open(desk.store.folder, read_only=True)
    assert with_other.entries[desk.image].status is Status.IN_PROGRESS
    with_other.close()


def test_nothing_is_deleted_at_escape(panel: LabelsPanel, desk: Desk, qtbot: Any) -> None:
    panel.table.setFocus()
    panel.table.go_to(PERSON)
    panel.buttons["delete"].click()
    qtbot.keyClick(panel.question.cancel, Qt.Key.Key_Escape)
    assert desk.labels == LABELS
    assert panel.table.hasFocus()


def test_merging_finds_the_class_by_typing_and_says_first_what_happens(
    panel: LabelsPanel, desk: Desk, qtbot: Any
) -> None:
    panel.table.go_to(PERSON)
    panel.buttons["merge"].click()
    palette = panel.window().findChild(ClassPalette)
    assert palette is not None
    assert PERSON not in [found.label.id for found in palette.found]
    qtbot.keyClicks(palette.editor, "road")
    qtbot.keyClick(palette.editor, Qt.Key.Key_Return)
    assert panel.question.sentence.text().startswith("2 segments of person in 1 image become of class road. 1 image ")
    panel.question.act.click()
    assert desk.labels.resolve(PERSON) == ROAD
    assert editor_of(desk).document.segments[1].category == ROAD


def test_a_kind_is_changed_at_once_where_no_segment_is_touched(panel: LabelsPanel, desk: Desk, qtbot: Any) -> None:
    _click(qtbot, panel, SKY, KIND)
    _click(qtbot, panel, SKY, KIND, twice=True)
    assert desk.labels[SKY].isthing
    assert not panel.question.isVisible()
    _click(qtbot, panel, PERSON, KIND)
    _click(qtbot, panel, PERSON, KIND, twice=True)
    assert desk.labels[PERSON].isthing
    assert "become stuff" in panel.question.sentence.text()
    panel.question.act.click()
    assert not desk.labels[PERSON].isthing


def test_segments_are_counted_elsewhere_and_nothing_can_be_done_until_then(
    panel: LabelsPanel, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = _hold_work(desk, monkeypatch)
    panel.table.go_to(PERSON)
    panel.buttons["delete"].click()
    assert panel.question.sentence.text() == "Counting the segments of all images…"
    assert not panel.question.act.isVisible()
    panel.table.go_to(CAR)
    panel.buttons["delete"].click()
    go_on()
    assert panel.question.sentence.text().startswith("1 segment of car in 1 image keeps"), "the newest question counts"
    panel.buttons["delete"].click()
    panel.question.cancel.click()
    go_on()
    assert not panel.question.isVisible()


def test_a_question_is_read_whole_where_there_is_little_room(panel: LabelsPanel, qtbot: Any) -> None:
    panel.resize(200, 250)
    panel.table.go_to(PERSON)
    panel.buttons["delete"].click()
    label = panel.question.sentence
    qtbot.waitUntil(lambda: label.height() >= label.heightForWidth(label.width()) > 60)


def test_what_is_said_follows_what_is_edited_meanwhile(panel: LabelsPanel, desk: Desk) -> None:
    panel.table.go_to(PERSON)
    panel.buttons["delete"].click()
    editor_of(desk).select([1])
    editor_of(desk).delete()
    assert panel.question.sentence.text().startswith("1 segment of person in 1 image keeps ")
    desk.change_labels(desk.labels.delete(PERSON))
    assert not panel.question.isVisible()


def test_a_count_that_fails_is_told_and_changes_nothing(
    panel: LabelsPanel, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> Any:
        raise OSError("the disk is gone")

    monkeypatch.setattr(desk.store, "segment_tables", fail)
    panel.table.go_to(PERSON)
    panel.buttons["delete"].click()
    assert "the disk is gone" in panel.question.sentence.text()
    assert not panel.question.act.isVisible()


def test_classes_of_a_coco_json_are_added_after_they_were_counted(
    panel: LabelsPanel, desk: Desk, tmp_path: Path
) -> None:
    file = tmp_path / "own.json"
    records = [
        {"id": 1, "name": "person", "isthing": 1, "color": [1, 2, 3]},
        {"id": 50, "name": "kite", "isthing": 1, "color": [4, 5, 6]},
    ]
    file.write_text(json.dumps({"categories": records}), encoding="utf-8")
    panel.load(file)
    assert panel.question.sentence.text() == (
        "1 class of own.json is new, 1 is there already and stays as it is. No segment changes."
    )
    panel.question.act.click()
    assert desk.labels[50].name == "kite"
    assert desk.labels[PERSON] == LABELS[PERSON]
    panel.load(file)
    assert panel.question.sentence.text() == "All 2 classes of own.json are there already."


def test_files_that_hold_no_classes_are_told_in_a_sentence(panel: LabelsPanel, desk: Desk, tmp_path: Path) -> None:
    panel.load(tmp_path / "absent.json")
    assert panel.question.sentence.text() == f"{tmp_path / 'absent.json'} cannot be read: No such file or directory."
    broken = tmp_path / "broken.json"
    broken.write_text("{", encoding="utf-8")
    panel.load(broken)
    assert panel.question.sentence.text().startswith(f"{broken}: not JSON")
    assert desk.labels == LABELS


def test_every_data_set_of_the_menu_can_be_loaded(panel: LabelsPanel) -> None:
    menu = panel.buttons["load"].menu()
    sets = [
        action for action in menu.actions() if action.text().startswith("Classes of") and "JSON" not in action.text()
    ]
    assert len(sets) == 4
    for action in sets:
        action.trigger()
        assert panel.question.act.isVisible(), action.text()


def test_an_empty_set_says_what_to_do_next(theme: Theme, qtbot: Any, tmp_path: Path) -> None:
    from lpsnet_studio.annotator.labels import LabelSet

    desk = desk_at_once()
    panel = LabelsPanel(desk, theme)
    qtbot.addWidget(panel)
    assert "Open a project" in panel._empty.text()
    desk.new_project(tmp_path / "project", LabelSet(), photos_in(tmp_path / "photos"))
    assert panel._none.text().startswith("The project has no classes yet.")
    panel.show()
    panel.buttons["load"].menu().actions()[0].trigger()
    panel.question.act.click()
    assert len(desk.labels) == 133
    assert desk.labels.by_name["person"].id == 1
    assert desk.shut() == ""


def test_the_filter_finds_classes(panel: LabelsPanel, qtbot: Any) -> None:
    panel.filter.setFocus()
    qtbot.keyClicks(panel.filter, "sky")
    assert _names(panel) == ["sky & clouds"]
    qtbot.keyClick(panel.filter, Qt.Key.Key_Down)
    assert panel.table.current == SKY
    assert not panel.buttons["up"].isEnabled()
    qtbot.keyClick(panel.filter, Qt.Key.Key_Escape)
    assert len(_names(panel)) == 4


def test_the_menu_does_what_it_says(panel: LabelsPanel, desk: Desk) -> None:
    panel.table.go_to(SKY)
    actions = {action.text(): action for action in panel.make_menu().actions()}
    actions["Use for new segments"].trigger()
    assert editor_of(desk).options.category == SKY
    actions["Make it a thing…"].trigger()
    assert desk.labels[SKY].isthing
    keys = {action.text(): action for action in actions["Digit that picks it"].menu().actions()}  # type: ignore[attr-defined]
    assert "1 (person)" in keys
    keys["5"].trigger()
    assert desk.labels[SKY].hotkey == "5"
    actions["Move up"].trigger()
    assert desk.labels.labels[2].id == SKY


def test_a_project_that_is_read_only_is_shown_and_not_changed(desk: Desk, theme: Theme, qtbot: Any) -> None:
    reading = read_only(desk)
    panel = LabelsPanel(reading, theme)
    qtbot.addWidget(panel)
    panel.show()
    panel.table.go_to(PERSON)
    assert not any(button.isEnabled() for button in panel.buttons.values())
    assert not panel.model.flags(panel.model.index(0, NAME)) & Qt.ItemFlag.ItemIsEditable
    panel.table.delete_wanted.emit()
    assert not panel.question.isVisible()
    assert reading.store is not None
    assert reading.store.read_only_because in panel.buttons["add"].toolTip()
    assert reading.shut() == ""


def test_names_are_plain_text(panel: LabelsPanel, desk: Desk) -> None:
    desk.change_labels(desk.labels.rename(PERSON, "<i>a</i>&b"))
    index = panel.model.index(panel.model.row_of(PERSON), NAME)
    assert index.data() == "<i>a</i>&b"
    assert "&lt;i&gt;" in index.data(Qt.ItemDataRole.ToolTipRole)
    panel.table.go_to(PERSON)
    panel.buttons["delete"].click()
    assert panel.question.sentence.textFormat() == Qt.TextFormat.PlainText
    assert panel.question.act.text() == "Delete <i>a</i>&&b"
