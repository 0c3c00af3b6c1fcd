"""What is said as a project is opened: work that a Studio has left which was not closed, and who else has it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtWidgets import QMessageBox

from lpsnet_studio.annotate_telling import unfinished_words
from lpsnet_studio.annotator.edits import Edit, PixelPatch, SegmentInfo
from lpsnet_studio.annotator.project import FileFacts, Status
from lpsnet_studio.annotator.project_errors import ProjectBusy, ProjectReadOnly
from lpsnet_studio.annotator.reads import Unfinished
from lpsnet_studio.annotator.store import ProjectStore
from tests.studio.annotator.on_the_desk import CAR, LABELS, PERSON, SIZE, photos_in


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Two photos, both begun; nothing is open."""
    store = ProjectStore.create(tmp_path / "street", LABELS.to_json())
    numbers, _ = store.add_images(FileFacts.of(path) for path in photos_in(tmp_path / "photos"))
    ids = np.ones(SIZE, np.uint16)
    for number in numbers:
        store.start(number, ids, {1: SegmentInfo(PERSON)}, "a test")
    store.close()
    return tmp_path / "street"


def left_open(project: Path) -> None:
    """Edits the second image, and ends as a killed process does: without closing."""
    store = ProjectStore.open(project)
    ids = np.ones(SIZE, np.uint16)
    store.append(2, Edit("Relabel", PixelPatch.between(ids, ids, (0, 0)), {1: (SegmentInfo(PERSON), SegmentInfo(CAR))}))
    store.set_status(2, Status.IN_PROGRESS)
    assert store.flush(10)
    assert store._journal is not None
    store._journal.close()
    store._release()


def dialogs(window: Any) -> list[QMessageBox]:
    return [box for box in window.findChildren(QMessageBox) if box.isVisible()]


@pytest.fixture
def box(window: Any, qtbot: Any, project: Path) -> Iterator[QMessageBox]:
    """What is asked when the project is opened while somebody else has it."""
    other = ProjectStore.open(project)
    window.commands.annotate.open_folder(project)
    qtbot.waitUntil(lambda: len(dialogs(window)) == 1)
    yield dialogs(window)[0]
    other.close()


def test_what_a_killed_studio_left_is_said_once_and_shown(window: Any, qtbot: Any, project: Path) -> None:
    left_open(project)
    window.commands.annotate.open_folder(project)
    qtbot.waitUntil(lambda: window.notifications.texts != [])
    (words,) = window.notifications.texts
    assert words == "This project was not closed last time. Nothing that was finished is lost: 1 edit of 1.png."
    desk = window.annotation.desk
    qtbot.waitUntil(lambda: desk.place == "editing")
    assert desk.entry.file.path.name == "1.png"
    assert desk.editor.document.segments == {1: SegmentInfo(CAR)}
    assert desk.editor.history.undo_title == "Relabel"

    window.commands.images.previous_image()
    qtbot.waitUntil(lambda: desk.place == "editing" and desk.image == 1)
    window.annotation._telling._show_image(2)
    qtbot.waitUntil(lambda: desk.place == "editing" and desk.image == 2)

    for note in list(window.notifications.notes):
        note.dismiss()
    window.commands.annotate.close_project()
    qtbot.waitUntil(lambda: desk.store is None)
    window.commands.annotate.open_folder(project)
    qtbot.waitUntil(lambda: desk.store is not None)
    assert window.notifications.texts == []


@pytest.mark.parametrize(
    ("images", "words"),
    [
        ({4: 1}, "1 edit of a.png."),
        ({4: 12}, "12 edits of a.png."),
        ({3: 2, 4: 5}, "7 edits of 2 images, a.png last."),
        ({4: 0}, "what was done to a.png."),
    ],
)
def test_how_much_was_left_is_said(images: dict[int, int], words: str) -> None:
    assert unfinished_words(Unfinished("here", 0.0, images, 9), "a.png").endswith(f"is lost: {words}")


def test_a_project_that_somebody_else_has_is_opened_to_read_if_one_likes(
    window: Any, qtbot: Any, box: QMessageBox, project: Path
) -> None:
    assert box.text() == "street is in use"
    assert str(project) in box.informativeText()
    buttons = {button.text(): button for button in box.buttons()}
    assert set(buttons) == {"Open to read", "Cancel"}
    buttons["Open to read"].click()
    desk = window.annotation.desk
    qtbot.waitUntil(lambda: desk.place == "editing")
    assert desk.store.is_read_only
    assert not desk.can_edit
    assert window.annotation.bar.saved.text() == "Read only"


def test_a_project_of_which_nobody_knows_can_be_taken_over(window: Any, qtbot: Any, project: Path) -> None:
    desk = window.annotation.desk
    desk.busy_elsewhere.emit(project, ProjectBusy("it may be open elsewhere", is_certain=False))
    (box,) = dialogs(window)
    assert box.text() == "street may be in use"
    next(button for button in box.buttons() if button.text() == "Take over").click()
    qtbot.waitUntil(lambda: desk.store is not None)
    assert not desk.store.is_read_only


def test_a_project_that_cannot_be_written_is_opened_to_read(
    window: Any, qtbot: Any, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: ProjectStore, *arguments: Any) -> None:
        raise ProjectReadOnly("the disk is write-protected")

    monkeypatch.setattr(ProjectStore, "_open_to_write", refuse)
    window.commands.annotate.open_folder(project)
    desk = window.annotation.desk
    qtbot.waitUntil(lambda: desk.place == "editing")
    assert desk.store.is_read_only
    assert not desk.can_edit
