"""The panel Levels in the window: what it draws, counts and lists, and how its clicks live beside those on segments."""

from __future__ import annotations

import gc
import weakref
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QContextMenuEvent, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from lpsnet.analysis.fates import Fate, LevelCounts
from lpsnet_studio.background import is_awaited
from lpsnet_studio.examination import Examination
from lpsnet_studio.inference.messages import Inspect, Probe, Probed
from lpsnet_studio.inspector.levels_bars import FateBars, bar_words
from lpsnet_studio.inspector.levels_panel import LevelsPanel
from lpsnet_studio.inspector.levels_tables import CountsModel
from lpsnet_studio.inspector.levels_tiles import LevelTiles
from lpsnet_studio.session import Session
from lpsnet_studio.tables.sorting import Order
from tests.studio.hand_made import CAR, PERSON, ListeningService, inspected, open_first
from tests.studio.inspector.levels_boxes import (
    BEYOND_CAP,
    CAR_BOX,
    FIRST,
    IOU,
    SECOND,
    SUPPRESSED,
    THIRD,
    answer_with_boxes,
    candidates,
    open_with_boxes,
)


@pytest.fixture
def panel(qapp: Any, session: Session, service: ListeningService, theme: Any, qtbot: Any) -> Any:
    """The panel by itself, in sight, with a result that it has looked at."""
    open_with_boxes(session, service)
    made = LevelsPanel(session, Examination(session), theme)
    qtbot.addWidget(made)
    made.resize(320, 700)
    made.show()
    wait_for(made, qtbot)
    return made


@pytest.fixture
def docked(window: Any, session: Session, service: ListeningService, qtbot: Any) -> Any:
    """The panel in its window, beside the canvas."""
    open_with_boxes(session, service)
    window.actions_by_id["panel_levels"].trigger()
    made = window.docks["levels"].widget().panel
    wait_for(made, qtbot)
    return made


def wait_for(panel: Any, qtbot: Any) -> None:
    qtbot.waitUntil(lambda: panel._survey is not None and not is_awaited(panel._drawing), timeout=5000)


def scene(panel: Any) -> Any:
    """Returns what the panel wants the canvas to show."""
    return panel._examination.candidates.scene


def click(window: Any, x: float, y: float) -> None:
    place = window.canvas.viewportTransform().map(QPointF(x + 0.5, y + 0.5)).toPoint()
    QTest.mouseClick(window.canvas.viewport(), Qt.MouseButton.LeftButton, pos=place)


def chosen(panel: Any) -> int:
    """Returns the candidate that is selected in the list."""
    return panel.boxes.candidate(panel.list.currentIndex().row())


# ------------------------------------------------------------------------------------------------------------- canvas


def test_survivors_lie_on_the_canvas_while_the_panel_is_in_sight(docked: Any, window: Any) -> None:
    assert len(window.canvas.stage.candidates.shown.boxes) == 5
    window.docks["levels"].hide()
    assert window.canvas.stage.candidates.shown is None
    window.docks["levels"].show()
    assert len(window.canvas.stage.candidates.shown.boxes) == 5


def test_opening_the_menu_of_the_canvas_picks_no_box(docked: Any, window: Any, session: Session) -> None:
    docked.choices.show_group("passed")
    click(window, 20, 30)
    first = chosen(docked)
    place = window.canvas.viewportTransform().map(QPointF(20.5, 30.5)).toPoint()
    opened = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, place, window.canvas.viewport().mapToGlobal(place))
    QApplication.sendEvent(window.canvas.viewport(), opened)
    window.canvas._menu.hide()
    assert session.selected == session.owner_at(20, 30) != 0
    assert chosen(docked) == first
    click(window, 20, 30)
    assert chosen(docked) != first, "a click goes on to the next box there"


def test_a_panel_that_is_not_shown_computes_and_asks_nothing(
    window: Any, session: Session, service: ListeningService, qtbot: Any
) -> None:
    open_with_boxes(session, service)
    panel = window.docks["levels"].widget().panel
    asked = len(service.posted)
    session.select(1)
    click(window, 20, 30)
    qtbot.wait(60)
    assert panel._survey is None
    assert not panel._background.unfinished
    assert scene(panel) is None
    assert len(service.posted) == asked


@pytest.mark.parametrize(("group", "count"), [("suppressed", 1), ("entered", 7), ("passed", 8), ("score", 1)])
def test_what_is_drawn_follows_the_choice(panel: Any, group: str, count: int) -> None:
    panel.choices.show_group(group)
    assert len(scene(panel).boxes) == panel.boxes.rowCount() == count
    assert panel.tiles._numbers[0] == str(count)


def test_one_level_is_drawn_at_the_press_of_a_key(panel: Any) -> None:
    panel.tiles.setFocus()
    QTest.keyClick(panel.tiles, Qt.Key.Key_Home)
    assert panel.tiles.level == 3
    assert panel.words.text() == "All 2 boxes of P3 are drawn."
    QTest.keyClick(panel.tiles, Qt.Key.Key_Right)
    assert panel.tiles.level == 4
    assert sorted(scene(panel).boxes.tolist()) == sorted(candidates().boxes[[FIRST, SECOND]].tolist())
    QTest.keyClick(panel.tiles, Qt.Key.Key_End)
    assert len(scene(panel).boxes) == 5


def test_the_best_are_drawn_if_there_are_too_many(panel: Any) -> None:
    panel.choices._take(most=2)
    assert panel.words.text() == "The best 2 of 5 boxes are drawn."
    assert scene(panel).boxes.tolist() == candidates().boxes[[SECOND, FIRST]].tolist()


def test_boxes_are_painted_over_the_photo_and_hidden_with_their_layer(
    docked: Any, window: Any, session: Session
) -> None:
    canvas = window.canvas
    session.change_layer("boxes", visible=False)
    with_boxes = canvas.picture()
    session.change_layer("candidates", visible=False)
    without = canvas.picture()
    assert with_boxes != without
    window.docks["levels"].hide()
    session.change_layer("candidates", visible=True)
    assert canvas.picture() == without


# ------------------------------------------------------------------------------------------------------------- clicks


def test_a_click_selects_the_segment_and_goes_through_the_boxes_there(
    docked: Any, window: Any, session: Session
) -> None:
    docked.pages.setCurrentIndex(1)
    click(window, 40, 40)
    owner = session.owner_at(40, 40)
    assert session.selected == owner > 0
    assert docked.pages.currentIndex() == 0
    first = chosen(docked)
    assert first == THIRD, "the smallest that holds the point"
    click(window, 40, 40)
    assert chosen(docked) == SECOND
    assert session.selected == owner
    click(window, 40, 40)
    assert chosen(docked) == first


def test_a_click_picks_no_box_that_is_hidden(docked: Any, window: Any, session: Session) -> None:
    session.change_view(overlays=False)
    click(window, 40, 40)
    assert session.selected > 0
    assert docked._facts is None or docked._facts.owner == session.selected, "the segment's own box at most"


def test_a_segment_selected_elsewhere_brings_its_box_once(
    panel: Any, session: Session, service: ListeningService, qtbot: Any
) -> None:
    step = next(step for step in session.result.trace.steps if step.detection == CAR_BOX)
    session.select(step.owner)
    assert chosen(panel) == CAR_BOX
    panel._select(THIRD)
    before = panel._survey
    session.change_settings(overlap_threshold=0.29)
    answer_with_boxes(session, service)
    qtbot.waitUntil(lambda: panel._survey is not before, timeout=5000)
    assert session.selected > 0
    assert chosen(panel) == THIRD, "the segment was selected all along"


def test_the_selected_box_has_arrows_and_its_suppressor_beside_it(docked: Any, window: Any) -> None:
    docked.choices.show_group("suppressed")
    docked._select(SUPPRESSED)
    suppressor, selected = window.canvas.stage.marked.marked
    assert selected.box == (11, 20, 33, 50)
    assert selected.location == (14, 28)
    assert selected.lengths == ("l 3.0", "t 8.0", "r 19.0", "b 22.0")
    assert suppressor.dashed
    assert suppressor.box == (10, 20, 32, 50)
    assert suppressor.text.endswith(f"IoU {IOU:.2f}")
    docked.facts.to_suppressor.click()
    (alone,) = window.canvas.stage.marked.marked
    assert alone.box == (10, 20, 32, 50)
    assert docked.facts.to_suppressor.isHidden()


def test_from_a_suppressor_there_is_a_way_back(docked: Any, window: Any, session: Session) -> None:
    docked.choices.show_group("suppressed")
    docked._select(SUPPRESSED)
    facts = docked.facts
    assert facts.back.isHidden()
    facts.to_suppressor.click()
    assert docked._facts.row == FIRST
    assert facts.back.isVisibleTo(docked)
    assert "<br>person 0.85 · P4" in facts.back.toolTip()
    facts.back.click()
    assert docked._facts.row == SUPPRESSED
    assert facts.back.isHidden(), "there is no further way back"
    docked._go_back()
    assert docked._facts.row == SUPPRESSED


@pytest.mark.parametrize("name", ["list", "tiles", "pages"])
def test_backspace_goes_back_wherever_in_the_panel_the_keyboard_is(docked: Any, window: Any, name: str) -> None:
    docked._select(SUPPRESSED)
    docked.facts.to_suppressor.click()
    docked._select(CAR_BOX)
    widget = getattr(docked, name)
    widget.setFocus()
    QTest.keyClick(widget, Qt.Key.Key_Backspace)
    assert docked._facts.row == SUPPRESSED, "the box that one came from, whatever was looked at in between"
    docked._select(CAR_BOX)
    QTest.keyClick(widget, Qt.Key.Key_Backspace)
    assert docked._facts.row == CAR_BOX, "once"


def test_the_keyboard_stays_on_the_way_there_and_back(docked: Any, window: Any) -> None:
    docked._select(SUPPRESSED)
    docked.facts.to_suppressor.setFocus()
    QTest.keyClick(docked.facts.to_suppressor, Qt.Key.Key_Space)
    assert docked._facts.row == FIRST
    assert docked.facts.back.hasFocus()
    QTest.keyClick(docked.facts.back, Qt.Key.Key_Space)
    assert docked._facts.row == SUPPRESSED
    assert docked.facts.to_suppressor.hasFocus()


def test_the_marked_box_is_painted_above_all_overlays(docked: Any, window: Any) -> None:
    stage = window.canvas.stage
    docked._select(CAR_BOX)
    side = window.canvas.viewportTransform().map(QPointF(60, 42)).toPoint()
    painted = window.canvas.viewport().grab().toImage()
    shades = [painted.pixelColor(side.x() + away, side.y()).getRgb()[:3] for away in range(-2, 3)]
    assert max(min(shade) for shade in shades) > 240, "white"
    assert min(max(shade) for shade in shades) < 15, "over black"
    assert stage.marked.zValue() > stage.boxes.zValue()


def test_arrow_keys_go_through_the_list(panel: Any) -> None:
    panel.list.setFocus()
    panel.list.selectRow(0)
    assert panel.facts.title.text().startswith("person 0.90")
    QTest.keyClick(panel.list, Qt.Key.Key_Down)
    assert panel.facts.title.text().startswith("person 0.80")
    QTest.keyClick(panel.list, Qt.Key.Key_Up)
    assert scene(panel).marked[0].box == (10, 20, 32, 50)


def test_the_pixel_of_the_location_is_asked_for(panel: Any, session: Session, service: ListeningService) -> None:
    panel._select(CAR_BOX)
    request = service.last(Probe)
    assert (request.x, request.y) == (67, 40)
    session.receive(Probed(request.request, request.image, 67, 40, (CAR, PERSON), (0.81, 0.12), (), ()))
    texts = {caption.text(): value.text() for caption, value in panel.facts.lines}
    assert texts["Pixel there"] == "car 0.81, person 0.12"


def test_a_merged_box_leads_to_its_step(panel: Any, session: Session) -> None:
    panel._select(THIRD)
    panel.facts.to_step.click()
    assert session.position == 3


def test_a_selection_stays_with_its_box_when_rows_move(
    panel: Any, session: Session, service: ListeningService, qtbot: Any
) -> None:
    panel.choices.show_group("cap")
    panel._select(BEYOND_CAP)
    found, before = candidates(), panel._survey
    rows = np.array([8, 0, 1, 2, 3, 4])
    fewer = type(found)(**{name: getattr(found, name)[rows] for name in type(found).__slots__})
    session.change_settings(class_threshold=0.2)
    answer_with_boxes(session, service, fewer)
    qtbot.waitUntil(lambda: panel._survey is not before, timeout=5000)
    assert panel._facts.row == 0
    assert panel._facts.level == 6


# -------------------------------------------------------------------------------------------------------------- counts


def test_the_table_counts_what_became_of_every_level(panel: Any) -> None:
    rows = {line[0]: line[1:] for line in (text.split("\t") for text in panel.counts.tsv().splitlines())}
    assert rows[""] == ["P3", "P4", "P5", "P6", "P7", "All"]
    assert rows["Boxes"] == ["4", "3", "1", "1", "0", "9"]
    assert rows["Kept"] == ["1", "2", "0", "0", "0", "3"]
    assert rows["NMS"] == ["0", "1", "0", "0", "0", "1"]
    assert rows["Size up to"] == ["64", "128", "256", "512", "∞", ""]
    assert rows["In range"] == ["4", "0", "0", "0", "0", "4"]
    assert rows["… survived"] == ["2", "0", "0", "0", "0", "2"]
    fates = [rows[name][-1] for name in ("Score", "Top-k", "NMS", "Cap", "Threshold", "Overlap", "Empty", "Covered")]
    assert fates == ["1", "1", "1", "1", "0", "1", "1", "0"]


def test_counts_are_sorted_by_a_level_and_copied_as_they_are_shown(panel: Any) -> None:
    panel.table.sort_by(Order(1, descending=True))
    numbers = [int(line.split("\t")[1]) for line in panel.counts.tsv().splitlines()[1:-1]]
    assert numbers == sorted(numbers, reverse=True)
    assert panel.counts.tsv().splitlines()[-1].startswith("Size up to"), "what has no number comes last"
    panel.table.copy_rows()
    assert QGuiApplication.clipboard().text() == panel.counts.tsv()
    panel.table.sort_by(Order())
    assert panel.counts.tsv().splitlines()[1].startswith("Locations")


def test_a_line_of_the_counts_leads_to_its_boxes(panel: Any) -> None:
    row = next(row for row in range(panel.counts.rowCount()) if panel.counts.fate(row) is Fate.OVERLAP)
    panel.table.activated.emit(panel.counts.index(row, 0))
    assert scene(panel).boxes.tolist() == candidates().boxes[[THIRD]].tolist()
    assert panel.choices.group.currentText() == "Overlap: discarded by the merge"


def test_the_list_is_sorted_by_every_column(panel: Any) -> None:
    panel.choices.show_group("passed")
    for column, expected in (
        (0, [3, 3, 3, 4, 4, 4, 5, 6]),
        (1, ["car"] * 3 + ["person"] * 5),
        (2, sorted(candidates().scores[candidates().dropped_at != 1].tolist())),
    ):
        panel.list.sort_by(Order(column))
        rows = [panel.boxes.candidate(row) for row in range(panel.boxes.rowCount())]
        found = candidates()
        names = ["person", "car"]
        keys = (found.level.tolist(), [names[label] for label in found.labels.tolist()], found.scores.tolist())
        assert [keys[column][row] for row in rows] == expected


def test_a_bar_is_shared_by_the_fates_and_none_is_too_thin_to_see(theme: Any) -> None:
    counts = np.zeros(9, np.int64)
    counts[[Fate.SCORE, Fate.TOP_K, Fate.NMS, Fate.KEPT]] = 20_000, 600, 400, 1
    level = LevelCounts(3, 100, counts, (0.0, 64.0), counts)
    parts = FateBars(theme).parts(level, 200.0)
    assert [fate for fate, _ in parts] == [Fate.TOP_K, Fate.NMS, Fate.KEPT]
    assert sum(width for _, width in parts) == pytest.approx(200)
    assert parts[2][1] >= 2
    assert parts[0][1] > parts[1][1]
    assert bar_words(level) == "P3, 1,001 above the class threshold: Top-k 600, NMS 400, Kept 1"
    nothing = LevelCounts(7, 0, np.zeros(9, np.int64), (512.0, float("inf")), np.zeros(9, np.int64))
    assert FateBars(theme).parts(nothing, 200.0) == []


# -------------------------------------------------------------------------------------------------------------- looks


def test_empty_states_say_what_to_do(session: Session, service: ListeningService, theme: Any, qtbot: Any) -> None:
    panel = LevelsPanel(session, Examination(session), theme)
    qtbot.addWidget(panel)
    panel.show()
    assert "Open an image" in panel.empty.text()
    open_first(session, service)
    session.receive(inspected(service.last(Inspect)))
    qtbot.waitUntil(lambda: "box oracle" in panel.empty.text(), timeout=2000)
    assert "Settings" in panel.empty.text()
    nothing = candidates()
    none = type(nothing)(**{name: getattr(nothing, name)[:0] for name in type(nothing).__slots__})
    session.change_settings(class_threshold=0.9)
    answer_with_boxes(session, service, none)
    qtbot.waitUntil(lambda: "No level proposed" in panel.empty.text(), timeout=2000)
    assert scene(panel) is None


def test_nothing_is_cut_off_at_the_width_of_a_dock(panel: Any, qtbot: Any) -> None:
    for width in (280, 320, 700):
        panel.resize(width, 700)
        qtbot.wait(1)
        page = panel._scroll.widget()
        assert page.width() <= panel._scroll.viewport().width()
        assert panel.table.horizontalScrollBar().maximum() == 0
        assert panel.list.horizontalScrollBar().maximum() == 0
        assert elided_cells(panel.table) == []
    assert not panel.table.isColumnHidden(6)


def elided_cells(table: Any) -> list[str]:
    """Returns the texts that their cells are too narrow for."""
    model, found = table.model(), []
    for row in range(model.rowCount()):
        for column in range(model.columnCount()):
            index = model.index(row, column)
            if table.isColumnHidden(column) or not index.data():
                continue
            icon = 0 if index.data(Qt.ItemDataRole.DecorationRole) is None else table.iconSize().width() + 4
            if table.fontMetrics().horizontalAdvance(index.data()) + icon + 6 > table.columnWidth(column):
                found.append(index.data())
    return found


def test_everything_is_reached_by_tab_and_has_a_name(panel: Any) -> None:
    controls = [panel.tiles, panel.choices.group, panel.choices.most, panel.choices.coloring]
    for control in [*controls, panel.list, panel.table, panel.bars, panel.legend, panel.pages, panel.facts]:
        assert control.accessibleName(), control
    for control in [*controls, panel.choices.heat, panel.list, panel.table, panel.pages]:
        assert control.focusPolicy() & Qt.FocusPolicy.TabFocus, control


def test_tiles_stand_in_one_row_where_there_is_room_and_a_portrait_is_no_tower(theme: Any, qtbot: Any) -> None:
    tiles = LevelTiles(theme)
    qtbot.addWidget(tiles)
    tiles.show()
    tiles.resize(300, tiles.height())
    narrow = tiles.height()
    tiles.resize(700, tiles.height())
    assert tiles.height() < narrow
    tiles.resize(300, tiles.height())
    tiles.set_shape((2000, 500))
    height, width = tiles.picture_size
    assert height / width == pytest.approx(4, rel=0.1)
    assert tiles.height() < 2 * 140


def test_titles_of_the_counts_without_a_result_are_there(qapp: Any) -> None:
    model = CountsModel()
    assert model.rowCount() == 0
    assert model.tsv().splitlines() == ["\tP3\tP4\tP5\tP6\tP7\tAll"]


def test_a_hidden_panel_holds_on_to_nothing_of_an_image_that_was_left(
    panel: Any, session: Session, service: ListeningService
) -> None:
    assert session.result is not None
    labels = weakref.ref(session.result.labels)
    panel.hide()
    session.open_index(1)
    gc.collect()
    assert labels() is None
