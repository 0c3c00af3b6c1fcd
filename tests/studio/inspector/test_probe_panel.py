"""The panel Probe on a merge made by hand: what it follows, what it tells, and what it does not ask for."""

from __future__ import annotations

import gc
import weakref
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QStyle, QStyleOptionComboBox

from lpsnet_studio.examination import MOST_PINS, Examination
from lpsnet_studio.inference.messages import Failed, Inspect, OpenImage, Probe, Probed
from lpsnet_studio.inspector.probe_panel import ProbePanel
from lpsnet_studio.inspector.probe_widgets import FoldingSection
from lpsnet_studio.session import Session
from tests.studio.hand_made import CAR, HEIGHT, PERSON, SKY, WIDTH, ListeningService, inspected, open_first, opened


@pytest.fixture
def examination(session: Session) -> Examination:
    return Examination(session)


@pytest.fixture
def panel(session: Session, examination: Examination, theme: Any, qtbot: Any) -> ProbePanel:
    made = ProbePanel(session, examination, theme)
    qtbot.addWidget(made)
    made.resize(300, 900)
    made.show()
    return made


@pytest.fixture
def told(panel: ProbePanel, session: Session, service: ListeningService) -> ProbePanel:
    """The panel with an image whose merge is finished, and the mouse on the first person."""
    open_first(session, service)
    point(panel, session, 12, 30)
    return panel


def point(panel: ProbePanel, session: Session, x: int, y: int) -> None:
    session.point(x, y)
    panel.refresh()


def answer(session: Session, service: ListeningService) -> None:
    asked = service.last(Probe)
    session.receive(
        Probed(
            asked.request,
            asked.image,
            asked.x,
            asked.y,
            (CAR, PERSON, SKY),
            (0.6, 0.398, 0.002),
            (0.1, 0.8, 0.3, 0.2, 0.0),
            (3, 4, 5, 6, 7),
        )
    )


def change(session: Session, service: ListeningService, **settings: Any) -> None:
    session.change_settings(**settings)
    session.receive(inspected(service.last(Inspect)))


# --------------------------------------------------------------------------------------------------------- what is told


def test_the_pixel_under_the_mouse_is_told_in_full(told: ProbePanel, session: Session, service: ListeningService):
    answer(session, service)
    told.refresh()
    assert (told.column.value(), told.row.value()) == (12, 30)
    assert told._owner.text() == "Owner: person #1 · 0.90"
    assert told._truth.text() == "Ground truth: person"
    assert told._swatch.toolTip() == f"RGB {', '.join(map(str, session.picture.pixels[30, 12]))}"
    assert [(bar.name, bar.figure, bar.is_marked) for bar in told.classes.bars] == [
        ("car", "0.60", False),
        ("person", "0.40", True),
        ("sky", "< 0.01", False),
    ], "the pixel's label is that of the map that was merged"
    assert [(bar.name, bar.share) for bar in told.levels.bars if bar.is_marked] == [("P4", 0.8)]
    assert told.history.texts() == ["step 1: person #1 takes it"]
    assert told.boxes.model.tsv().splitlines()[1:] == ["person #1\t0.90\t\tKept"]


def test_a_contested_pixel_is_told_with_every_box_and_the_owner_marked(
    told: ProbePanel, session: Session, service: ListeningService
) -> None:
    point(told, session, 30, 30)
    steps = session.result.trace.steps
    assert [step.verdict for step in steps[:3]] == ["kept", "kept", "discarded"]
    assert len(told.history.texts()) == 3
    assert "contested by person #2" in told.history.texts()[1]
    assert told.history.texts()[2].endswith("discarded")
    model = told.boxes.model
    rows = [model.box(row) for row in range(model.rowCount())]
    assert [box.score for box in rows] == pytest.approx([0.9, 0.8, 0.7])
    owner = int(session.result.trace.owners[30, 30])
    assert [box.owner for box in rows if box.is_owner] == [owner]
    assert model.data(model.index(owner - 1, 0)).startswith("▸ person")
    assert told._boxes_note.text() == "3 detections"


def test_going_to_a_line_of_the_history_goes_to_its_step(told: ProbePanel, session: Session) -> None:
    point(told, session, 30, 30)
    place = told.history.visualItemRect(told.history.item(1)).center()
    QTest.mouseClick(told.history.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert session.position == 2
    told.history.setCurrentRow(0)
    QTest.keyClick(told.history, Qt.Key.Key_Return)
    assert session.position == 1
    told.refresh()
    assert told.history.texts()[0].startswith("▸ step 1")
    point(told, session, 70, 40)
    assert told._meanwhile.text() == f"At step 1 of {len(session.steps)}: not claimed yet"
    assert told._owner.text().startswith("Owner: car"), "the owner is that of the whole merge"


def test_choosing_a_box_selects_its_segment_and_draws_it(
    told: ProbePanel, session: Session, examination: Examination
) -> None:
    point(told, session, 30, 30)
    told.boxes.table.setCurrentIndex(told.boxes.model.index(1, 0))
    assert session.selected == 2
    (marked,) = examination.candidates.scene.marked
    assert marked.box == (28, 20, 50, 50)
    assert not marked.dashed
    told.boxes.table.setCurrentIndex(told.boxes.model.index(2, 0))
    assert session.selected == 0
    assert examination.candidates.scene.marked[0].dashed
    point(told, session, 12, 30)
    assert examination.candidates.scene is None, "it goes with its pixel"


def test_a_typed_pixel_is_told_until_the_mouse_points_at_another(told: ProbePanel, session: Session) -> None:
    told.column.setValue(70)
    told.row.setValue(40)
    told.refresh()
    assert told._owner.text().startswith("Owner: car")
    session.point(13, 30)
    told.refresh()
    assert told.column.value() == 13
    session.point(-1, -1)
    told.refresh()
    assert told.column.value() == 13, "the mouse goes to the panel to read"


def test_a_number_that_is_being_typed_is_not_overwritten(
    told: ProbePanel, session: Session, service: ListeningService
) -> None:
    told.activateWindow()
    told.column.setFocus()
    told.column.selectAll()
    QTest.keyClicks(told.column, "7")
    answer(session, service)
    told.refresh()
    QTest.keyClicks(told.column, "0")
    QTest.keyClick(told.column, Qt.Key.Key_Return)
    told.refresh()
    assert (told.reading.place, told.column.value()) == ((70, 30), 70)
    QTest.keyClick(told.column, Qt.Key.Key_Up)
    told.refresh()
    assert told.reading.place == (71, 30)


def test_everything_is_copied_as_text(told: ProbePanel, session: Session, service: ListeningService) -> None:
    answer(session, service)
    told.refresh()
    told.setFocus()
    QTest.keyClick(told, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    copied = QGuiApplication.clipboard().text()
    for part in (
        "Pixel x 12, y 30 · RGB ",
        "Owner: person #1 · 0.90",
        "person 0.40 (the pixel's label)",
        "P4 0.80 (greatest)",
        "person #1 0.90 · Kept · owner",
        "step 1: person #1 takes it",
    ):
        assert part in copied


# ------------------------------------------------------------------------------------------------------------ pins


def test_a_pin_stays_while_the_mouse_moves_and_can_be_removed(
    told: ProbePanel, session: Session, examination: Examination
) -> None:
    told.pin.click()
    point(told, session, 70, 40)
    assert examination.pins == ((12, 30),)
    assert told._owner.text().startswith("Owner: person #1")
    assert [choice.words for choice in told.pins.choices] == ["Under the mouse", "1 · person #1 · x 12, y 30"]
    told.pins.choices[0].click()
    told.refresh()
    assert told._owner.text().startswith("Owner: car")
    told.pin.click()
    told.refresh()
    assert len(examination.pins) == 2
    told.pins.removers[0].click()
    told.refresh()
    assert examination.pins == ((70, 40),)
    told.pin.click()
    told.refresh()
    assert not examination.pins
    assert told.pins.isHidden()


def test_a_pin_tells_what_changed_with_a_sign_and_a_word(
    told: ProbePanel, session: Session, service: ListeningService
) -> None:
    point(told, session, 40, 40)
    told.pin.click()
    told.refresh()
    before = list(told.history.texts())
    assert told._history_note.text().startswith("Nothing was changed yet")
    change(session, service, overlap_threshold=1.0)
    told.refresh()
    assert told._change.text() == "≠ Changed: person #2 → person #3"
    lines = told.history.texts()
    assert lines[0] == before[0], "what stays the same has no mark"
    assert lines[1] == f"− was · {before[1]}"
    assert lines[2].startswith("+ now · step 3: contested by person #3")
    assert told.pins.choices[1].words == "1 · changed: person #2 → person #3 · x 40, y 40"
    item = told.history.item(1)
    assert item.data(Qt.ItemDataRole.UserRole) == -1, "no step of now to go to"
    change(session, service, overlap_threshold=0.3)
    told.refresh()
    assert told._change.text() == "≠ Changed: person #3 → person #2"
    told.since.setCurrentIndex(1)
    told.refresh()
    assert told._change.isHidden(), "since it was pinned, it is as it was"
    assert told.history.texts() == before


def test_a_pin_whose_owner_has_another_number_only_does_not_say_changed(
    told: ProbePanel, session: Session, service: ListeningService
) -> None:
    change(session, service, overlap_threshold=1.0)
    point(told, session, 70, 40)
    told.pin.click()
    told.refresh()
    assert told._owner.text().startswith("Owner: car #4")
    change(session, service, overlap_threshold=0.3)
    told.refresh()
    assert told._owner.text().startswith("Owner: car #3")
    assert told.pins.choices[1].words == "1 · ≈ now car #3 · x 70, y 40"
    assert told._change.isHidden()
    told.resize(250, 600)
    assert "x 70, y 40" in told.pins.choices[1].toolTip()


def test_a_drag_is_one_change(told: ProbePanel, session: Session, service: ListeningService) -> None:
    point(told, session, 40, 40)
    told.pin.click()
    for settings in ({"overlap_threshold": 1.0}, {"stuff_limit": 1}, {"stuff_limit": 2}):
        session.change_settings(preview=True, **settings)
        session.receive(inspected(service.last(Inspect)))
    session.change_settings(stuff_limit=2)
    told.refresh()
    assert told._change.text() == "≠ Changed: person #2 → person #3"


def test_the_state_before_is_kept_while_the_panel_is_hidden_for_pins_alone(
    told: ProbePanel, session: Session, service: ListeningService, examination: Examination
) -> None:
    told.hide()
    change(session, service, overlap_threshold=1.0)
    assert told.reader._memory.before is None, "nobody asked for it"
    examination.pin((40, 40))
    change(session, service, overlap_threshold=0.3)
    told.show()
    assert told._change.text() == "≠ Changed: person #3 → person #2"


def test_the_button_is_not_left_down_where_no_more_can_be_pinned(told: ProbePanel, examination: Examination) -> None:
    for x in range(MOST_PINS):
        examination.pin((x % 60, x // 60))
    examination.choose(None)
    told.reader.look_at((40, 40))
    told.refresh()
    told.pin.click()
    assert told.pin.isChecked()
    QTest.qWait(60)
    assert not told.pin.isChecked()
    assert len(examination.pins) == MOST_PINS


def test_pins_go_with_their_image(told: ProbePanel, session: Session, service: ListeningService) -> None:
    told.pin.click()
    session.open_index(1)
    session.receive(opened(service.last(OpenImage)))
    session.receive(inspected(service.last(Inspect)))
    told.refresh()
    assert told.pins.isHidden()


# ------------------------------------------------------------------------------------------------ what cannot be told


def test_without_an_image_it_says_what_to_do(panel: ProbePanel, session: Session, service: ListeningService) -> None:
    assert panel._hint.text().startswith("Open an image")
    assert not panel.column.isEnabled()
    assert panel._sections.isHidden()
    open_first(session, service)
    panel.refresh()
    assert panel._hint.text().startswith("Point at a pixel")


def test_before_the_merge_is_here_the_rest_is_told(
    panel: ProbePanel, session: Session, service: ListeningService
) -> None:
    from tests.studio.hand_made import entries

    session.set_entries(entries())
    session.receive(opened(service.last(OpenImage)))
    point(panel, session, 12, 30)
    assert panel._truth.text() == "Ground truth: person"
    assert panel._owner.text().startswith("Owner: No network is loaded")
    assert panel.boxes.isHidden()
    panel.copy_text()
    assert "Ground truth: person" in QGuiApplication.clipboard().text()


def test_with_both_oracles_the_history_is_told_and_why_no_class_is(
    told: ProbePanel, session: Session, service: ListeningService
) -> None:
    change(session, service, box_oracle=True, semantic_oracle=True)
    told.refresh()
    session.receive(Failed(service.last(Probe).request, "not-possible", "The network has not run on this image."))
    told.refresh()
    told_why = "The network has not run on this image. Turn one of the oracles off to run it."
    assert told._classes_note.text() == told._levels_note.text() == told_why
    assert told.classes.isHidden()
    assert told.history.texts()
    count = service.count(Probe)
    point(told, session, 13, 30)
    assert service.count(Probe) == count, "what was refused for one pixel is refused for all"
    change(session, service, box_oracle=False)
    told.refresh()
    assert service.count(Probe) == count + 1


# --------------------------------------------------------------------------------------------------------------- cost


def test_hidden_it_costs_nothing(told: ProbePanel, session: Session, service: ListeningService) -> None:
    told.hide()
    count, reading = service.count(Probe), told.reading
    session.point(70, 40)
    change(session, service, overlap_threshold=0.9)
    assert not told._timer.isActive()
    assert service.count(Probe) == count
    assert told.reading is reading
    session.point(70, 41)
    told.show()
    assert told.column.value() == 70, "shown again, it tells of where the mouse is"


def test_many_moves_of_the_mouse_are_told_at_once(told: ProbePanel, session: Session, qtbot: Any) -> None:
    reads = []
    read, told.reader.read = told.reader.read, lambda: reads.append(1) or read()
    for x in range(40):
        session.point(x, 30)
    assert not reads
    qtbot.waitUntil(lambda: told.column.value() == 39)
    assert len(reads) == 1


@pytest.mark.parametrize("width", [250, 280, 340, 420])
def test_nothing_is_cut_off_at_the_right(
    told: ProbePanel, session: Session, service: ListeningService, width: int, qtbot: Any
) -> None:
    for place in ((70, 40), (40, 40), (12, 30)):
        told._examination.pin(place)
        told.refresh()
        answer(session, service)
    change(session, service, overlap_threshold=1.0)
    told.refresh()
    told.resize(width, 500)
    qtbot.waitUntil(lambda: told.widget().width() == told.viewport().width())
    qtbot.waitUntil(lambda: all(button.width() < 100 for button in told.pins.removers))
    assert told.minimumSizeHint().width() <= 250
    assert told.widget().minimumSizeHint().width() <= told.viewport().width()
    assert len(told.pins.removers) == 3
    room = told.viewport().width()
    option = QStyleOptionComboBox()
    told.since.initStyleOption(option)
    field = told.since.style().subControlRect(
        QStyle.ComplexControl.CC_ComboBox, option, QStyle.SubControl.SC_ComboBoxEditField, told.since
    )
    longest = max(told.since.fontMetrics().horizontalAdvance(told.since.itemText(index)) for index in (0, 1))
    assert longest <= field.width()
    for child in (told.copy, told.since, *told.pins.removers, told.history, told.boxes, told.classes, told.levels):
        assert 0 < child.mapTo(told.viewport(), child.rect().topRight()).x() < room


def test_headings_that_have_no_room_are_elided(told: ProbePanel, qtbot: Any) -> None:
    headings = [section.heading for section in told.findChildren(FoldingSection)]
    whole = [heading.text() for heading in headings]
    assert not any("…" in text for text in whole)
    for section in told.findChildren(FoldingSection):
        section.setFixedWidth(100)
    qtbot.waitUntil(lambda: all("…" in heading.text() for heading in headings))
    assert [heading.accessibleName() for heading in headings] == whole


@pytest.mark.parametrize(
    ("width", "has_levels", "has_whole_fates"), [(360, True, True), (240, False, True), (205, False, False)]
)
def test_in_a_narrow_panel_names_come_before_levels_and_fates(
    told: ProbePanel, width: int, has_levels: bool, has_whole_fates: bool, qtbot: Any
) -> None:
    table = told.boxes.table
    table.setFixedWidth(width)
    qtbot.waitUntil(lambda: table.width() == width)
    assert table.isColumnHidden(2) is not has_levels
    assert (table.columnWidth(3) == table.width_of(3, "Threshold")) is has_whole_fates
    assert table.columnWidth(3) >= table.width_of(3, "Kept")
    assert table.columnWidth(0) >= table.width_of(0, "▸ pedestria") + table.iconSize().width()
    assert sum(table.columnWidth(column) for column in range(4)) <= table.viewport().width()


def test_a_name_that_looks_like_markup_is_shown_as_it_is(told: ProbePanel) -> None:
    told._owner.setText("Owner: <b>person</b> #1")
    assert told._owner.textFormat() == Qt.TextFormat.PlainText
    assert told._hint.textFormat() == Qt.TextFormat.PlainText


def test_a_smaller_preview_is_read_at_the_same_place(
    told: ProbePanel, session: Session, service: ListeningService
) -> None:
    session.open_index(1)
    request = service.last(OpenImage)
    session.receive(opened(request, size=(2 * HEIGHT, 2 * WIDTH)))
    session.receive(inspected(service.last(Inspect)))
    point(told, session, 81, 81)
    assert told._owner.text() == "Owner: person #2 · 0.80"
    assert told.history.texts() == ["step 2: person #2 takes it", told.history.texts()[1]]
    told.boxes.table.setCurrentIndex(told.boxes.model.index(0, 0))
    (marked,) = told._examination.candidates.scene.marked
    assert marked.box == (56, 40, 100, 100), "in pixels of the photo"


@pytest.mark.parametrize("changed", [False, True])
def test_a_hidden_panel_holds_on_to_nothing_of_an_image_that_was_left(
    told: ProbePanel, session: Session, service: ListeningService, changed: bool
) -> None:
    assert session.result is not None
    assert told.boxes.model.rowCount()
    labels = weakref.ref(session.result.labels)
    told.hide()
    if changed:
        change(session, service, overlap_threshold=0.1)
    session.open_index(1)
    gc.collect()
    assert labels() is None
