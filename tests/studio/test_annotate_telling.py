"""What is said as a project is opened: work that a Studio has left which was not closed, and who else has it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtWidgets import QMessageBox, QToolButton

from lpsnet_studio.annotator.edits import Edit, PixelPatch, SegmentInfo
from lpsnet_studio.annotator.project import FileFacts, Status
from lpsnet_studio.annotator.project_errors import ProjectBusy, ProjectReadOnly
from lpsnet_studio.annotator.store import ProjectStore
from lpsnet_studio.browser.listing import entries_of
from lpsnet_studio.settings import Folders
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


def test_what_a_killed_studio_left_is_said_and_shown(window: Any, qtbot: Any, project: Path) -> None:
    left_open(project)
    window.commands.annotate.open_folder(project)
    desk, line = window.annotation.desk, window.annotation.telling.card.unfinished
    qtbot.waitUntil(lambda: desk.place == "editing")
    assert line.isVisible()
    assert line.words.text() == "The Studio did not close this project last time: 1 edit on 1 image is there."
    assert desk.entry.file.path.name == "1.png", "the image that was edited last is opened"
    assert desk.editor.document.segments == {1: SegmentInfo(CAR)}
    assert desk.editor.history.undo_title == "Relabel"

    window.commands.images.previous_image()
    qtbot.waitUntil(lambda: desk.place == "editing" and desk.image == 1)
    line.show_button.click()
    qtbot.waitUntil(lambda: desk.place == "editing" and desk.image == 2)
    assert not line.isVisible()

    window.commands.annotate.close_project()
    qtbot.waitUntil(lambda: desk.store is None)
    window.commands.annotate.open_folder(project)
    qtbot.waitUntil(lambda: desk.place == "editing")
    assert not line.isVisible(), "it is said once"


def test_a_new_project_is_proposed_beside_the_images_but_never_beside_the_demos(
    window: Any, folders: Folders, tmp_path: Path
) -> None:
    session, choices = window.annotation._place.session, window.commands.annotate._choices
    window.annotation._place.remember_folder(tmp_path)
    assert (choices().where, choices().name) == (tmp_path, "annotations")
    session.set_entries(entries_of(photos_in(tmp_path / "street" / "monday")))
    assert (choices().where, choices().name) == (tmp_path / "street", "monday-annotations")
    session.set_entries(entries_of(photos_in(folders.cache / "demo" / "scenes")))
    assert (choices().where, choices().name) == (tmp_path, "annotations")


def test_an_image_of_the_project_that_is_not_listed_is_shown(window: Any, qtbot: Any, project: Path) -> None:
    window.commands.annotate.open_folder(project)
    desk, session = window.annotation.desk, window.annotation._place.session
    qtbot.waitUntil(lambda: desk.place == "editing")
    session.set_entries(session.entries[:1])
    window.commands.annotate.show_image(2)
    qtbot.waitUntil(lambda: desk.place == "editing" and desk.image == 2)
    assert len(session.entries) == 2


def test_the_card_does_what_it_offers(window: Any, qtbot: Any, project: Path) -> None:
    card, desk = window.annotation.telling.card, window.annotation.desk
    assert not card.isVisible(), "nothing is said while the window inspects"
    store = ProjectStore.open(project)
    store.remove_images([2])
    store.add_images([FileFacts.of(project.parent / "photos" / "1.png")])
    store.close()
    window.commands.annotate.open_folder(project)
    qtbot.waitUntil(lambda: desk.place == "editing")
    assert not card.isVisible()
    window.commands.images.next_image()
    qtbot.waitUntil(lambda: desk.place == "not started")
    assert card.sentence.text() == "This image has no segments yet. Begin with"
    assert not card.buttons["prediction"].isEnabled()
    assert not card.buttons["truth"].isEnabled()
    card.buttons["nothing"].click()
    qtbot.waitUntil(lambda: desk.place == "editing")
    window.commands.annotate.close_project()
    qtbot.waitUntil(lambda: desk.place == "no project")
    (again,) = [button for button in card.findChildren(QToolButton) if button.text() == "street"]
    again.click()
    qtbot.waitUntil(lambda: desk.place == "editing")
    window.modes.show("inspect")
    assert not card.isVisible()


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


@pytest.mark.parametrize("is_hopeless", [False, True])
def test_a_damaged_project_is_rescued_and_opened_or_it_says_why_not(
    window: Any, qtbot: Any, project: Path, is_hopeless: bool
) -> None:
    database = project / "project.sqlite"
    with closing(sqlite3.connect(database)) as connection:
        (size,) = connection.execute("PRAGMA page_size").fetchone()
        (page,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'sessions'").fetchone()
    content = bytearray(database.read_bytes())
    begin, end = (0, len(content)) if is_hopeless else ((page - 1) * size, page * size)
    content[begin:end] = b"\x07" * (end - begin)
    database.write_bytes(content)
    window.commands.annotate.open_folder(project)
    qtbot.waitUntil(lambda: len(dialogs(window)) == 1, timeout=10_000)
    (box,) = dialogs(window)
    assert "damaged" in box.text()
    next(button for button in box.buttons() if button.text() == "Rescue").click()
    desk, into = window.annotation.desk, project.with_name("street-rescued")
    notes = window.notifications
    qtbot.waitUntil(lambda: desk.store is not None or bool(notes.texts), timeout=10_000)
    if is_hopeless:
        qtbot.waitUntil(lambda: bool(notes.texts))
        assert desk.store is None
        assert str(project) in notes.texts[-1]
    else:
        qtbot.waitUntil(lambda: desk.store is not None and desk.store.folder == into, timeout=10_000)
        assert any(text.startswith(f"Rescued into {into}: images ") for text in notes.texts)
    assert bytes(content) == database.read_bytes(), "the damaged one stays as it is"
