"""The log on the screen: it follows, is filtered, searched and copied, by mouse and by keyboard."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QLineEdit, QToolButton

from lpsnet_studio.jobs.log_levels import Level
from lpsnet_studio.jobs.log_view import LogView

ERROR = 'Traceback (most recent call last):\n  File "<b>x</b>.py", line 1\nKeyError: 1\n'


@pytest.fixture
def opened() -> list[Path]:
    return []


@pytest.fixture
def view(qtbot: Any, theme: Any, opened: list[Path]) -> Iterator[LogView]:
    made = LogView(theme, open_file=lambda path: opened.append(path) is None)
    qtbot.addWidget(made)
    made.resize(700, 400)
    made.show()
    yield made
    made.close_log()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "log.txt"
    made.write_text("".join(f"{number}: loss\n" for number in range(200)) + ERROR + "WARNING: <img src=x>\nend\n")
    return made


def show(qtbot: Any, view: LogView, path: Path, lines: int) -> None:
    view.show_log(path)
    qtbot.waitUntil(lambda: len(view.log) == lines)


def last_row_is_seen(view: LogView) -> bool:
    model = view.lines.model()
    return view.lines.viewport().rect().intersects(view.lines.visualRect(model.index(model.rowCount() - 1, 0)))


def test_what_is_missing_is_said(qtbot: Any, view: LogView, tmp_path: Path) -> None:
    assert view._state.text() == "Choose a job to read its log."
    assert not view.controls.opener.isEnabled()
    view.show_log(tmp_path / "log.txt")
    assert view._state.text() == "Nothing was written yet."
    (tmp_path / "log.txt").write_text("one\n")
    qtbot.waitUntil(lambda: len(view.log) == 1)
    assert view.lines.isVisible()


def test_it_follows_until_the_user_goes_elsewhere(qtbot: Any, view: LogView, path: Path) -> None:
    show(qtbot, view, path, 205)
    assert view.controls.follow.isChecked()
    assert last_row_is_seen(view)
    view.lines.verticalScrollBar().setValue(20)
    assert not view.controls.follow.isChecked()
    with path.open("a") as stream:
        stream.write("more\n" * 100)
    qtbot.waitUntil(lambda: len(view.log) == 305)
    assert view.lines.verticalScrollBar().value() == 20
    view.lines.setFocus()
    qtbot.keyClick(view.lines, Qt.Key.Key_End)
    assert view.controls.follow.isChecked()
    assert last_row_is_seen(view)
    with path.open("a") as stream:
        stream.write("more\n" * 100)
    qtbot.waitUntil(lambda: len(view.log) == 405)
    assert last_row_is_seen(view)


def test_filters_count_and_hide(qtbot: Any, view: LogView, path: Path) -> None:
    show(qtbot, view, path, 205)
    texts = {level: button.text() for level, button in view.controls.levels.items()}
    assert texts == {Level.INFO: "All 205", Level.WARNING: "Warnings 1", Level.ERROR: "Errors 1"}
    view.controls.levels[Level.ERROR].click()
    model = view.lines.model()
    assert "\n".join(model.index(row, 0).data() for row in range(model.rowCount())) + "\n" == ERROR
    path.write_text("=== started 2026-11-23 09:00:00: python -m lpsnet.cli train\nall is well\n")
    qtbot.waitUntil(lambda: len(view.log) == 2)
    assert view._state.text() == "No errors."
    assert not view.controls.first_error.isEnabled()


def test_searching_goes_round(qtbot: Any, view: LogView, path: Path) -> None:
    show(qtbot, view, path, 205)
    view.lines.setFocus()
    qtbot.keyClick(view.lines, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    assert view.focusWidget() is view.controls.search
    qtbot.keyClicks(view.controls.search, "7: LOSS")
    qtbot.waitUntil(lambda: view.controls.found.text() == "20 lines")
    qtbot.keyClick(view.controls.search, Qt.Key.Key_Return)
    assert view.controls.found.text() == "1 of 20"
    assert view.lines.currentIndex().data() == "7: loss"
    qtbot.keyClick(view.controls.search, Qt.Key.Key_F3)
    assert view.controls.found.text() == "2 of 20"
    for _ in range(2):
        qtbot.keyClick(view.controls.search, Qt.Key.Key_F3, Qt.KeyboardModifier.ShiftModifier)
    assert view.controls.found.text() == "20 of 20"
    with path.open("a") as stream:
        stream.write("7: Loss, unfinished")
    qtbot.waitUntil(lambda: view.controls.found.text() == "20 of 21")
    with path.open("a") as stream:
        stream.write(" no more\n7: loss\n")
    qtbot.waitUntil(lambda: view.controls.found.text() == "20 of 22")
    view.controls.search.setText("nowhere")
    qtbot.waitUntil(lambda: view.controls.found.text() == "not found")
    qtbot.keyClick(view.controls.search, Qt.Key.Key_Escape)
    assert view.controls.search.text() == ""
    assert view.focusWidget() is view.lines


def test_the_first_error_is_found_and_copied_as_it_was_written(qtbot: Any, view: LogView, path: Path) -> None:
    show(qtbot, view, path, 205)
    view.lines.setFocus()
    qtbot.keyClick(view.lines, Qt.Key.Key_E, Qt.KeyboardModifier.ControlModifier)
    assert view.lines.currentIndex().data() == "Traceback (most recent call last):"
    assert not view.controls.follow.isChecked()
    view._select_block()
    qtbot.keyClick(view.lines, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QGuiApplication.clipboard().text() + "\n" == ERROR


def test_a_wrapped_line_is_copied_whole(qtbot: Any, view: LogView, tmp_path: Path) -> None:
    path = tmp_path / "log.txt"
    path.write_text("x" * 1000 + "\n")
    show(qtbot, view, path, 1)
    view.controls.wrap.click()
    assert view.lines.model().rowCount() > 5
    view.lines.selectRow(1)
    assert view.lines.selected_text() == "x" * 1000
    view.resize(360, 400)
    narrow = view.lines.columns
    qtbot.waitUntil(lambda: view.lines.model().rowCount() == -(-1000 // narrow))


def test_what_was_left_out_is_said_and_loaded(qtbot: Any, view: LogView, tmp_path: Path) -> None:
    path = tmp_path / "log.txt"
    path.write_text(f"{'x' * 99}\n" * 60_000)
    view.show_log(path)
    qtbot.waitUntil(lambda: len(view.log) > 0)
    before, left_out = len(view.log), view.log.left_out
    assert view._left_out.text() == f"{left_out / 1000:.0f} kB before the first line were left out."
    view.lines.verticalScrollBar().setValue(10)
    qtbot.waitUntil(view._earlier.isEnabled)
    view._earlier.click()
    qtbot.waitUntil(lambda: len(view.log) == 60_000)
    assert view.lines.verticalScrollBar().value() == 10 + 60_000 - before
    assert not view._band.isVisible()


def test_the_file_is_opened_elsewhere(qtbot: Any, view: LogView, path: Path, opened: list[Path]) -> None:
    show(qtbot, view, path, 205)
    view.controls.opener.click()
    assert opened == [path]


def test_another_log_replaces_the_first(qtbot: Any, view: LogView, path: Path, tmp_path: Path) -> None:
    show(qtbot, view, path, 205)
    other = tmp_path / "other.txt"
    other.write_text("one\n")
    show(qtbot, view, other, 1)
    view.show_log(None)
    assert view._state.text() == "Choose a job to read its log."


def test_controls_have_names_and_tips_and_fit_a_narrow_window(qtbot: Any, view: LogView) -> None:
    for control in [*view.findChildren(QToolButton), *view.findChildren(QLineEdit)]:
        if not isinstance(control.parent(), QLineEdit):
            assert control.accessibleName()
            assert control.toolTip()
    assert view.minimumSizeHint().width() <= 360
