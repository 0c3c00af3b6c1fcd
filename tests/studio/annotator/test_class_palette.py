"""The palette in which a class is found by typing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QLineEdit, QMainWindow, QWidget

from lpsnet_studio.annotator.class_palette import ClassPalette, choose_class_of_new, relabel_by_palette
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
    read_only,
)


@pytest.fixture
def window(qtbot: Any) -> QWidget:
    made = QMainWindow()
    made.setCentralWidget(QLineEdit())
    made.resize(600, 500)
    qtbot.addWidget(made)
    made.show()
    qtbot.waitExposed(made)
    made.centralWidget().setFocus()
    return made


def test_enter_chooses_what_was_typed_and_the_focus_goes_back(window: QWidget, theme: Theme, qtbot: Any) -> None:
    palette = ClassPalette(window, LABELS, theme, "Class of new segments")
    chosen: list[int] = []
    palette.chosen.connect(chosen.append)
    qtbot.waitUntil(palette.editor.hasFocus)
    qtbot.keyClicks(palette.editor, "roa")
    assert [found.label.id for found in palette.found] == [ROAD]
    qtbot.keyClick(palette.editor, Qt.Key.Key_Return)
    assert chosen == [ROAD]
    assert palette.isHidden()
    assert window.centralWidget().hasFocus()  # type: ignore[attr-defined]


def test_arrows_move_and_escape_chooses_nothing(window: QWidget, theme: Theme, qtbot: Any) -> None:
    palette = ClassPalette(window, LABELS, theme, "Class", recent=(SKY,))
    chosen: list[int] = []
    palette.chosen.connect(chosen.append)
    assert [found.label.id for found in palette.found] == [SKY, PERSON, CAR, ROAD]
    for _ in range(9):
        qtbot.keyClick(palette.editor, Qt.Key.Key_Down)
    assert palette.list.currentRow() == 3
    qtbot.keyClick(palette.editor, Qt.Key.Key_Escape)
    assert palette.isHidden()
    assert chosen == []


def test_a_digit_chooses_before_anything_is_typed_and_is_a_letter_after(
    window: QWidget, theme: Theme, qtbot: Any
) -> None:
    palette = ClassPalette(window, LABELS.rename(CAR, "car 2"), theme, "Class", recent=(SKY, ROAD))
    chosen: list[int] = []
    palette.chosen.connect(chosen.append)
    qtbot.keyClicks(palette.editor, "car 2")
    assert chosen == []
    assert [found.label.id for found in palette.found] == [CAR]
    palette.editor.clear()
    qtbot.keyClick(palette.editor, Qt.Key.Key_3)
    assert chosen == [ROAD], "1 is the key of person, 2 of the class used last, 3 of the one before"


def test_a_click_chooses(window: QWidget, theme: Theme, qtbot: Any) -> None:
    palette = ClassPalette(window, LABELS, theme, "Class")
    with qtbot.waitSignal(palette.chosen) as told:
        place = palette.list.visualItemRect(palette.list.item(1)).center()
        qtbot.mouseClick(palette.list.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert told.args == [CAR]


def test_what_fits_nothing_is_said_and_cannot_be_chosen(window: QWidget, theme: Theme, qtbot: Any) -> None:
    palette = ClassPalette(window, LABELS, theme, "Class")
    chosen: list[int] = []
    palette.chosen.connect(chosen.append)
    qtbot.keyClicks(palette.editor, "zebra")
    assert palette.found == []
    assert palette.list.item(0).text() == "No class has such a name"
    qtbot.keyClick(palette.editor, Qt.Key.Key_Return)
    assert chosen == []
    assert not palette.isHidden()


@pytest.mark.parametrize("near", [QPoint(0, 0), QPoint(599, 499), QPoint(5000, 5000), None])
def test_it_lies_within_the_window(window: QWidget, theme: Theme, near: QPoint | None) -> None:
    palette = ClassPalette(window, LABELS, theme, "Class", near=None if near is None else window.mapToGlobal(near))
    assert window.rect().contains(palette.geometry())
    window.resize(250, 200)
    assert window.rect().contains(palette.geometry())


def test_relabelling_is_one_edit_and_leaves_out_the_class_there_is(
    window: QWidget, theme: Theme, tmp_path: Path, qtbot: Any
) -> None:
    desk = begun_desk(tmp_path)
    editor = editor_of(desk)
    editor.select([1, 2])
    palette = relabel_by_palette(window, desk, theme)
    assert palette is not None
    assert palette.title.text() == "Relabel 2 segments"
    assert PERSON not in [found.label.id for found in palette.found]
    qtbot.keyClicks(palette.editor, "car")
    qtbot.keyClick(palette.editor, Qt.Key.Key_Return)
    assert [editor.document.segments[number].category for number in (1, 2)] == [CAR, CAR]
    assert editor.history.titles == ("Relabel as car",)


def test_relabelling_nothing_is_refused_in_a_sentence(window: QWidget, theme: Theme, tmp_path: Path) -> None:
    desk = begun_desk(tmp_path)
    sentences: list[str] = []
    editor_of(desk).refused.connect(sentences.append)
    assert relabel_by_palette(window, desk, theme) is None
    assert sentences == ["Select a segment to relabel."]


def test_the_class_of_new_segments_is_chosen(window: QWidget, theme: Theme, tmp_path: Path, qtbot: Any) -> None:
    desk = begun_desk(tmp_path)
    palette = choose_class_of_new(window, desk, theme)
    assert palette is not None
    qtbot.keyClicks(palette.editor, "sky")
    qtbot.keyClick(palette.editor, Qt.Key.Key_Return)
    assert editor_of(desk).options.category == SKY


def test_it_stays_away_where_nothing_can_be_changed(window: QWidget, theme: Theme, tmp_path: Path) -> None:
    assert choose_class_of_new(window, desk_at_once(), theme) is None
    reading = read_only(begun_desk(tmp_path))
    editor_of(reading).select([1])
    assert relabel_by_palette(window, reading, theme) is None
    assert reading.shut() == ""
