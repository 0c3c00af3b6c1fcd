"""The list of segments says what is on the canvas, and when the rest comes."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from lpsnet_studio.inference.messages import Inspect
from lpsnet_studio.session import Session
from tests.studio.hand_made import ListeningService, inspected, open_first


def test_a_row_says_at_which_step_its_segment_comes_in(
    window: Any, session: Session, service: ListeningService
) -> None:
    open_first(session, service)
    assert session.result is not None
    trace, model = session.result.trace, window.segments.model
    session.seek(0)
    for row, segment in enumerate(trace.segments):
        index = model.index(row, 0)
        (step,) = [number for number, step in enumerate(trace.steps, start=1) if step.owner == segment.id]
        session.seek(step - 1)
        assert index.data(Qt.ItemDataRole.ToolTipRole) == f"Comes in at step {step} of {len(trace.steps)}"
        session.seek(step)
        assert index.data(Qt.ItemDataRole.ToolTipRole) == f"Came in at step {step} of {len(trace.steps)}"


@pytest.fixture
def segments(window: Any, session: Session, service: ListeningService) -> Any:
    open_first(session, service)
    return window.segments


def owners(segments: Any) -> list[int]:
    return [segments.model.owner(row) for row in range(segments.model.rowCount())]


def test_a_header_sorts_both_ways_and_back_and_the_selection_stays(segments: Any, session: Session) -> None:
    session.select(3)
    header = segments.table.horizontalHeader()
    for expected in ([3, 1, 2, 5, 4], [4, 5, 2, 1, 3], [1, 2, 3, 4, 5]):
        header.sectionClicked.emit(0)
        if expected[0] == 4:
            assert [segments.model.index(row, 0).data() for row in range(3)] == ["sky", "road", "person #2"]
        assert owners(segments) == expected
        rows = [index.row() for index in segments.table.selectionModel().selectedRows()]
        assert [segments.model.owner(row) for row in rows] == [3]
        assert session.selected == 3
    header.sectionClicked.emit(1)
    assert owners(segments) == [3, 2, 1, 4, 5], "stuff has no score and comes last"
    header.sectionClicked.emit(2)
    areas = [segment.area for segment in segments.model._segments]
    assert areas == sorted(areas)


def test_the_order_outlives_a_result(segments: Any, session: Session, service: ListeningService) -> None:
    segments.table.horizontalHeader().sectionClicked.emit(2)
    before = owners(segments)
    session.change_settings(overlap_threshold=0.31)
    session.receive(inspected(service.last(Inspect)))
    assert owners(segments) == before


def test_a_double_click_or_enter_goes_to_the_step_of_a_segment(segments: Any, session: Session) -> None:
    for row, position in ((2, 4), (0, 1)):
        segments.table.doubleClicked.emit(segments.model.index(row, 0))
        assert session.position == position
    session.seek(8)
    segments.table.selectRow(1)
    QTest.keyClick(segments.table, Qt.Key.Key_Return)
    assert session.position == 2
    assert session.selected == 2


def test_the_columns_fit_a_panel_of_usual_width(segments: Any) -> None:
    segments.table.setFixedWidth(300)
    widths = [segments.table.columnWidth(column) for column in range(3)]
    assert sum(widths[1:]) < 160
    for column, text in ((1, "0.00"), (2, "100.0 %")):
        assert widths[column] >= segments.table.fontMetrics().horizontalAdvance(text)


def test_the_list_is_copied_with_its_titles(segments: Any) -> None:
    QTest.keyClick(segments.table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    lines = QApplication.clipboard().text().splitlines()
    assert lines[0] == "Segment\tScore\tArea"
    assert lines[1] == "person #1\t0.90\t13.8 %"
    assert len(lines) == 6


def test_a_segment_of_few_pixels_has_an_area(segments: Any, session: Session) -> None:
    from dataclasses import replace

    result = session.result
    assert result is not None
    first, second, *rest = result.trace.segments
    tiny = (replace(first, area=4), replace(second, area=5), *rest)
    segments.model.set_result(replace(result, size=(100, 100), trace=replace(result.trace, segments=tiny)), 8)
    assert [segments.model.index(row, 2).data() for row in range(2)] == ["< 0.1 %", "0.1 %"]
