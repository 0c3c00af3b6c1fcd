"""The table of steps goes where it is asked, follows the merge, and says what to do when it is empty."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from lpsnet_studio.inspector.steps_model import COLUMNS
from lpsnet_studio.session import Session
from tests.studio.hand_made import ListeningService, open_first

FIELDS = [column.field for column in COLUMNS]


@pytest.fixture
def steps(window: Any, session: Session, service: ListeningService, qtbot: Any) -> Any:
    open_first(session, service)
    window.docks["steps"].raise_()
    qtbot.waitUntil(window.steps.table.isVisible)
    return window.steps


def selected(steps: Any) -> list[int]:
    return [steps.model.steps.shown[index.row()].index for index in steps.table.selectionModel().selectedRows()]


def shown(steps: Any) -> list[int]:
    return [row.index for row in steps.model.steps.shown]


def cell(steps: Any, row: int, field: str, role: Qt.ItemDataRole = Qt.ItemDataRole.DisplayRole) -> Any:
    return steps.model.index(row, FIELDS.index(field)).data(role)


def click_header(steps: Any, field: str) -> None:
    steps.table.horizontalHeader().sectionClicked.emit(FIELDS.index(field))


def test_a_row_goes_to_its_step_and_selects_its_segment_everywhere(steps: Any, window: Any, session: Session) -> None:
    steps.table.selectRow(1)
    assert session.position == 2
    assert session.selected == 2
    rows = window.segments.table.selectionModel().selectedRows()
    assert [window.segments.model.owner(row.row()) for row in rows] == [2]
    steps.table.selectRow(2)
    assert session.position == 3
    assert session.selected == 0, "a discarded box has no segment"
    assert selected(steps) == [2]


def test_the_arrow_keys_walk_through_the_rows_shown(steps: Any, session: Session) -> None:
    steps.chips.buttons["kept"].click()
    steps.table.setFocus()
    steps.table.selectRow(0)
    QTest.keyClick(steps.table, Qt.Key.Key_Down)
    QTest.keyClick(steps.table, Qt.Key.Key_Down)
    assert session.position == 4
    QTest.keyClick(steps.table, Qt.Key.Key_Up)
    assert session.position == 2
    QTest.keyClick(steps.table, Qt.Key.Key_Right)
    assert session.position == 3, "left and right step through the merge as they do on the canvas"
    assert selected(steps) == [], "the step is filtered out"


def test_enter_goes_to_the_row_once_more(steps: Any, session: Session) -> None:
    steps.table.selectRow(3)
    session.seek(8)
    session.select(0)
    session.select(3)
    assert selected(steps) == [3]
    QTest.keyClick(steps.table, Qt.Key.Key_Return)
    assert session.position == 4


def test_the_current_step_is_marked_and_followed(steps: Any, session: Session) -> None:
    for position in (3, 8, 1):
        session.seek(position)
        assert selected(steps) == [position - 1]
        marked = [row for row in range(8) if cell(steps, row, "index").startswith("▸")]
        assert marked == [position - 1]
        place = steps.table.visualRect(steps.model.index(position - 1, 0))
        assert steps.table.viewport().rect().contains(place.center())
    session.seek(0)
    assert selected(steps) == []


def test_a_segment_selected_elsewhere_shows_the_step_that_founded_it(steps: Any, session: Session) -> None:
    session.select(3)
    assert selected(steps) == [3]
    assert session.position == 8, "nothing is stepped"


def test_a_header_sorts_both_ways_and_back(steps: Any) -> None:
    header = steps.table.horizontalHeader()
    click_header(steps, "score")
    assert shown(steps) == [4, 3, 2, 1, 0, 5, 6, 7]
    assert header.sortIndicatorSection() == FIELDS.index("score")
    click_header(steps, "score")
    assert shown(steps) == [0, 1, 2, 3, 4, 5, 6, 7]
    assert header.sortIndicatorOrder() == Qt.SortOrder.DescendingOrder
    click_header(steps, "score")
    assert shown(steps) == list(range(8))
    assert header.sortIndicatorSection() == -1


def test_the_menu_sorts_for_the_keyboard(steps: Any) -> None:
    menu = steps.table.make_menu()
    choices = {action.text(): action for action in menu.actions() if action.text()}
    assert {"Copy the table", "Step order", *(column.title for column in COLUMNS)} <= set(choices)
    assert choices["Step order"].isChecked()
    choices["Candidates"].trigger()
    assert shown(steps)[:2] == [4, 7]
    again = {action.text(): action for action in steps.table.make_menu().actions()}
    assert again["Candidates"].isChecked()
    again["Step order"].trigger()
    assert shown(steps) == list(range(8))


def test_the_chips_count_and_filter(steps: Any) -> None:
    words = [button.accessibleName() for button in steps.chips.buttons.values()]
    assert words == ["All 8", "Kept 5", "Discarded 1", "Empty 1", "Contested 1"]
    assert "among the kept" in steps.chips.buttons["contested"].toolTip()
    steps.chips.buttons["contested"].click()
    assert shown(steps) == [1]
    assert steps.chips.buttons["contested"].isChecked()
    assert not steps.chips.buttons["all"].isChecked()


def test_the_chips_take_icons_where_words_have_no_room(steps: Any) -> None:
    steps.chips.resize(220, 24)
    assert steps.chips.brief
    assert [button.text() for button in steps.chips.buttons.values()] == ["All 8", "5", "1", "1", "1"]
    assert not steps.chips.buttons["kept"].icon().isNull()
    steps.chips.resize(600, 24)
    assert not steps.chips.brief
    assert steps.chips.buttons["kept"].text() == "Kept 5"


def test_the_class_filter_types_and_esc_clears_it(steps: Any, session: Session, qtbot: Any) -> None:
    session.select(1)
    steps.search.setFocus()
    QTest.keyClicks(steps.search, "car")
    qtbot.waitUntil(lambda: shown(steps) == [3, 4])
    assert steps.chips.buttons["all"].accessibleName() == "All 2"
    QTest.keyClick(steps.search, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: shown(steps) == list(range(8)))
    assert session.selected == 1, "Esc was for the line"


def test_nothing_found_says_what_to_do(steps: Any, qtbot: Any) -> None:
    steps.search.setText("zebra")
    qtbot.waitUntil(lambda: shown(steps) == [])
    assert steps._empty.isVisible()
    assert "Choose All and clear the class filter" in steps._empty.text()
    assert steps.search.isVisible()


def test_without_a_merge_it_says_why(window: Any, session: Session, service: ListeningService) -> None:
    assert "once an image has been inspected" in window.steps._empty.text()
    assert not window.steps.chips.isVisible()


def test_copy_takes_the_rows_shown(steps: Any) -> None:
    steps.chips.buttons["discarded"].click()
    QApplication.clipboard().clear()
    QTest.keyClick(steps.table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    titles, row = QApplication.clipboard().text().splitlines()
    assert titles.startswith("Step\tClass\tVerdict")
    assert row.startswith("3\tperson\tdiscarded")


def test_verdicts_are_told_by_word_and_icon_and_numbers_stand_right(steps: Any) -> None:
    steps.table.resize(600, 300)
    QApplication.processEvents()
    steps._fit_columns()
    assert [cell(steps, row, "verdict") for row in range(3)] == ["kept", "kept", "discarded"]
    icons = [cell(steps, row, "verdict", Qt.ItemDataRole.DecorationRole).pixmap(16).toImage() for row in range(3)]
    assert icons[0] != icons[1], "contested has a sign of its own"
    assert icons[1] != icons[2]
    alignment = cell(steps, 0, "candidates", Qt.ItemDataRole.TextAlignmentRole)
    assert alignment & Qt.AlignmentFlag.AlignRight
    for section in range(len(COLUMNS)):
        tip = steps.model.headerData(section, Qt.Orientation.Horizontal, Qt.ItemDataRole.ToolTipRole)
        assert tip.endswith(".")
    assert "Step 3 of 8: person 0.70" in cell(steps, 2, "name", Qt.ItemDataRole.ToolTipRole)
    assert cell(steps, 7, "verdict", Qt.ItemDataRole.AccessibleTextRole) == "Verdict: nothing is left, current step"


def test_a_hidden_table_is_filled_when_it_is_shown(window: Any, session: Session, service: ListeningService) -> None:
    window.docks["steps"].hide()
    open_first(session, service)
    assert len(window.steps.model.steps) == 0
    window.docks["steps"].show()
    window.docks["steps"].raise_()
    assert len(window.steps.model.steps) == 8
    session.seek(2)
    assert selected(window.steps) == [1]


def test_what_matters_most_is_in_sight_in_a_panel_of_320_pixels(
    qtbot: Any, theme: Any, session: Session, service: ListeningService
) -> None:
    from lpsnet_studio.inspector.steps_table import StepsTable

    steps = StepsTable(session, theme)
    qtbot.addWidget(steps)
    open_first(session, service)
    for width in (320, 300, 280):
        steps.resize(width, 200)
        steps.show()
        qtbot.waitExposed(steps)
        last = FIELDS.index("overlap")
        right = steps.table.columnViewportPosition(last) + steps.table.columnWidth(last)
        assert right <= steps.table.viewport().width()
    assert steps.model.brief
    assert cell(steps, 2, "verdict") == ""
    assert not cell(steps, 2, "verdict", Qt.ItemDataRole.DecorationRole).isNull()
    assert "Discarded" in cell(steps, 2, "verdict", Qt.ItemDataRole.ToolTipRole)
    assert "discarded" in cell(steps, 2, "verdict", Qt.ItemDataRole.AccessibleTextRole)
    assert "Verdict" in [action.text() for action in steps.table.make_menu().actions()]
    steps.resize(800, 200)
    assert cell(steps, 2, "verdict") == "discarded"


def test_the_current_row_stays_in_sight_when_the_room_shrinks(steps: Any, session: Session) -> None:
    session.seek(8)
    for height in (400, 130, 90):
        steps.table.resize(320, height)
        row = steps.table.visualRect(steps.model.index(7, 0))
        assert steps.table.viewport().rect().contains(row.center())
        assert row.bottom() <= steps.table.viewport().rect().bottom() + 1


def test_the_focus_is_visible_without_a_selection(steps: Any, session: Session, theme: Any) -> None:
    session.seek(0)
    for name in ("dark", "light"):
        theme.apply(name)
        for focused in (steps.search, steps.table):
            focused.setFocus()
            edge = steps.table.grab().toImage().pixelColor(0, 60).name()
            assert (edge == theme.palette.accent) == (focused is steps.table)
    theme.apply("dark")
