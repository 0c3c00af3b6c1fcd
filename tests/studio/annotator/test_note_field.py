"""The note on an image is kept with that image, whichever way one leaves it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from lpsnet_studio.annotator.desk import Desk
from lpsnet_studio.annotator.note_field import NoteField
from lpsnet_studio.annotator.project import Status
from tests.studio.annotator.desks import photos_in, undelayed_desk
from tests.studio.annotator.editing import LABELS


@pytest.fixture
def photos(tmp_path: Path) -> list[Path]:
    return photos_in(tmp_path / "photos", 3, (6, 8))


@pytest.fixture
def desk(tmp_path: Path, photos: list[Path]) -> Iterator[Desk]:
    """A project of two of three photos, the first looked at."""
    made = undelayed_desk()
    made.new_project(tmp_path / "project", LABELS, photos[:2])
    made.look_at(photos[0])
    yield made
    assert not made.shut()


@pytest.fixture
def form(desk: Desk, qtbot: Any) -> QWidget:
    """A note and another field."""
    made = QWidget()
    layout = QVBoxLayout(made)
    layout.addWidget(QLineEdit())
    layout.addWidget(NoteField(desk))
    qtbot.addWidget(made)
    made.show()
    made.activateWindow()
    qtbot.waitUntil(made.isActiveWindow)
    note_of(made).setFocus()
    return made


def note_of(form: QWidget) -> NoteField:
    found = form.findChild(NoteField)
    assert found is not None
    return found


def notes(desk: Desk) -> list[str]:
    return [entry.note for entry in desk.entries]


def test_a_note_is_saved_when_the_field_is_left(form: QWidget, desk: Desk, qtbot: Any) -> None:
    qtbot.keyClicks(note_of(form), " look at the kite ")
    assert notes(desk) == ["", ""]
    form.findChild(QLineEdit).setFocus()  # type: ignore[union-attr]
    assert notes(desk) == ["look at the kite", ""]
    assert note_of(form).text() == "look at the kite"


@pytest.mark.parametrize("key", [Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Down])
def test_keys_leave_the_field_and_save(form: QWidget, desk: Desk, qtbot: Any, key: Qt.Key) -> None:
    left: list[bool] = []
    note_of(form).left.connect(lambda: left.append(True))
    qtbot.keyClicks(note_of(form), "fine")
    qtbot.keyClick(note_of(form), key)
    assert notes(desk) == ["fine", ""]
    assert left == [True]


def test_esc_takes_back_what_was_typed_and_cancels_nothing_else(form: QWidget, desk: Desk, qtbot: Any) -> None:
    desk.set_note("as it was")
    left: list[bool] = []
    note_of(form).left.connect(lambda: left.append(True))
    qtbot.keyClicks(note_of(form), "no ")
    qtbot.keyClick(note_of(form), Qt.Key.Key_Escape)
    assert note_of(form).text() == "as it was"
    assert left == [True]
    form.findChild(QLineEdit).setFocus()  # type: ignore[union-attr]
    assert notes(desk) == ["as it was", ""]


def test_a_note_goes_to_the_image_that_it_was_typed_for(
    form: QWidget, desk: Desk, qtbot: Any, photos: list[Path]
) -> None:
    qtbot.keyClicks(note_of(form), "of the first")
    desk.look_at(photos[1])
    assert note_of(form).text() == ""
    assert notes(desk) == ["of the first", ""]
    qtbot.keyClicks(note_of(form), "of the second")
    desk.look_at(photos[2])
    assert not note_of(form).isVisible(), "the project does not have it"
    assert notes(desk) == ["of the first", "of the second"]
    desk.look_at(photos[0])
    assert note_of(form).isVisible()
    assert note_of(form).text() == "of the first"


def test_typing_is_not_disturbed_by_what_happens_meanwhile(form: QWidget, desk: Desk, qtbot: Any) -> None:
    qtbot.keyClicks(note_of(form), "half a")
    desk.set_status(Status.IN_PROGRESS)
    desk.look_again()
    assert note_of(form).text() == "half a"
    qtbot.keyClicks(note_of(form), " note")
    note_of(form).save()
    assert notes(desk) == ["half a note", ""]
    desk.set_note("an import says this")
    assert note_of(form).text() == "an import says this"


def test_what_was_only_looked_at_is_not_written(form: QWidget, desk: Desk, photos: list[Path]) -> None:
    desk.set_note("two\nlines", 2)
    desk.look_at(photos[1])
    desk.look_at(photos[0])
    assert notes(desk) == ["", "two\nlines"]


def test_a_note_never_goes_to_another_project(
    form: QWidget, desk: Desk, qtbot: Any, tmp_path: Path, photos: list[Path]
) -> None:
    qtbot.keyClicks(note_of(form), "of the first project")
    desk.new_project(tmp_path / "other", LABELS, photos)
    assert notes(desk) == ["", "", ""]
    assert note_of(form).text() == ""


def test_a_project_that_is_only_read_says_why_nothing_can_be_said(form: QWidget, desk: Desk, qtbot: Any) -> None:
    desk.set_note("<b>fine</b>")
    assert desk.store is not None
    folder = desk.store.folder
    desk.close_project()
    assert not note_of(form).isVisible()
    desk.open_project(folder, read_only=True)
    assert note_of(form).isReadOnly()
    assert "open to read" in note_of(form).toolTip()
    assert "&lt;b&gt;fine&lt;/b&gt;" in note_of(form).toolTip()
