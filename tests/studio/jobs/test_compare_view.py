"""The table of what differs between two configs."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication

from lpsnet.config import load_config
from lpsnet_studio.jobs.compare_view import CompareView
from lpsnet_studio.theme import Theme


@pytest.fixture
def view(qtbot: Any, theme: Theme) -> CompareView:
    made = CompareView(theme)
    qtbot.addWidget(made)
    made.resize(360, 400)
    there = load_config("demo", ["training.batch=8", "training.seed=1", "data.val=null"])
    made.compare(load_config("demo"), there, ("first", "second"))
    made.show()
    return made


def _cells(view: CompareView) -> list[tuple[Any, ...]]:
    model = view.table.model()
    return [tuple(model.index(row, column).data() for column in range(3)) for row in range(model.rowCount())]


def test_only_what_differs_is_shown_group_by_group(view: CompareView) -> None:
    assert _cells(view) == [
        ("Data · Validation", None, None),
        ("Kind", "scenes", "not set"),
        ("First seed", "50,000", "no such field"),
        ("Count", "100", "no such field"),
        ("Height", "384", "no such field"),
        ("Width", "512", "no such field"),
        ("Training", None, None),
        ("Batch", "4", "8 (2,000 iterations of 8 pictures, learning rate 2 ×)"),
        ("Seed", "0", "1"),
    ]
    header = view.table.model()
    assert [header.headerData(place, Qt.Orientation.Horizontal) for place in range(3)] == ["Field", "first", "second"]


def test_all_fields_are_shown_with_a_mark_at_those_that_differ(view: CompareView, qtbot: Any) -> None:
    qtbot.keyClick(view.show_all, Qt.Key.Key_Space)
    cells = _cells(view)
    assert ("Iterations", "4,000", "4,000 (2,000 iterations of 8 pictures, learning rate 2 ×)") in cells
    marked = [cell[0] for cell in cells if str(cell[0]).startswith("≠")]
    assert marked == ["≠ Kind", "≠ First seed", "≠ Count", "≠ Height", "≠ Width", "≠ Batch", "≠ Seed"]


def test_the_table_and_selected_rows_are_copied_as_text(view: CompareView, qtbot: Any) -> None:
    qtbot.mouseClick(view.copy, Qt.MouseButton.LeftButton)
    assert QGuiApplication.clipboard().text().splitlines()[-2:] == [
        "training.batch\t4\t8 (2,000 iterations of 8 pictures, learning rate 2 ×)",
        "training.seed\t0\t1",
    ]
    view.table.selectRow(7)
    qtbot.keyClick(view.table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert (
        QGuiApplication.clipboard().text()
        == "Field\tfirst\tsecond\ntraining.batch\t4\t8 (2,000 iterations of 8 pictures, learning rate 2 ×)"
    )


def test_equal_configs_are_said_to_be_equal(view: CompareView) -> None:
    view.compare(load_config("demo"), load_config("demo"), ("one", "same"))
    assert not view.table.isVisibleTo(view)
    assert view._same.isVisibleTo(view)
    assert not view.copy.isEnabled()
    assert view._state.text().startswith("0 of ")


def test_it_fits_a_narrow_dock(view: CompareView) -> None:
    assert view.minimumSizeHint().width() <= 360
