"""Opening projects from the desk: what was wanted last is what is open, and nothing else stays locked; without Qt."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from lpsnet_studio.annotator.desk import Desk
from lpsnet_studio.annotator.store import ProjectStore, is_project
from tests.studio.annotator.desks import Later, begun_desk, photos_in, undelayed_desk
from tests.studio.annotator.editing import LABELS


@pytest.fixture
def later() -> Later:
    return Later()


@pytest.fixture
def desk(later: Later) -> Iterator[Desk]:
    made = Desk(later, lambda call: call())
    yield made
    assert not made.shut()


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path, Path]:
    a, b, c = (tmp_path / name for name in "abc")
    for folder in (a, b, c):
        ProjectStore.create(folder, LABELS.to_json()).close()
    return a, b, c


def _told(desk: Desk) -> list[Any]:
    told: list[Any] = []
    desk.told.connect(told.append)
    desk.busy_elsewhere.connect(lambda folder, busy: told.append(busy))
    desk.damaged.connect(lambda folder, error: told.append(error))
    return told


def _is_free(folder: Path) -> bool:
    ProjectStore.open(folder).close()
    return True


@pytest.mark.parametrize("is_done_first", [False, True])
def test_the_project_that_was_wanted_last_is_open_and_no_other_stays_locked(
    desk: Desk, later: Later, folders: tuple[Path, Path, Path], is_done_first: bool
) -> None:
    told, (a, b, _) = _told(desk), folders
    desk.open_project(a)
    desk.open_project(b)
    (open_a, take_a), (open_b, take_b) = later.waiting
    later.waiting = []
    if is_done_first:
        opened = open_a()
        take_b(open_b())
        take_a(opened)
    else:
        take_b(open_b())
        take_a(open_a())
    later.go_on()
    assert desk.store is not None
    assert desk.store.folder == b
    assert not desk.store.is_read_only
    assert _is_free(a)
    assert told == []


def test_what_was_opened_before_it_was_not_wanted_any_more_is_closed(
    desk: Desk, later: Later, folders: tuple[Path, Path, Path]
) -> None:
    a, b, _ = folders
    desk.open_project(a)
    (open_a, take_a) = later.waiting.pop()
    opened = open_a()
    desk.open_project(b)
    take_a(opened)
    assert desk.store is None
    later.go_on()
    assert desk.store is not None
    assert desk.store.folder == b
    assert _is_free(a)


def test_a_project_is_opened_once_however_often_it_is_asked_for(
    desk: Desk, later: Later, folders: tuple[Path, Path, Path]
) -> None:
    told, (a, b, _) = _told(desk), folders
    desk.open_project(a)
    desk.open_project(a)
    assert len(later.waiting) == 1
    later.go_on()
    assert desk.store is not None
    assert desk.store.folder == a
    # There and back, faster than the disk: the first opening has the folder still, until the last one begins.
    desk.open_project(b)
    desk.open_project(a)
    desk.open_project(b)
    opened = [(take, work()) for work, take in later.waiting]
    later.waiting = []
    for take, outcome in reversed(opened):
        take(outcome)
    later.go_on()
    assert desk.store.folder == b
    assert not desk.store.is_read_only
    assert _is_free(a)
    assert told == []


def test_closing_the_project_withdraws_what_is_being_opened(
    desk: Desk, later: Later, folders: tuple[Path, Path, Path]
) -> None:
    a, b, _ = folders
    desk.open_project(a)
    later.go_on()
    desk.open_project(b)
    desk.close_project()
    later.go_on()
    assert desk.store is None
    assert desk.place == "no project"
    assert _is_free(a)
    assert _is_free(b)


def test_what_cannot_be_made_is_said_although_another_is_wanted_now(
    desk: Desk, later: Later, folders: tuple[Path, Path, Path]
) -> None:
    told, (a, b, _) = _told(desk), folders
    desk.new_project(a, LABELS)
    desk.open_project(b)
    later.go_on()
    assert desk.store is not None
    assert desk.store.folder == b
    assert [problem.sentence for problem in told] == [f"{a} is an annotation project already: open it"]


def test_ending_the_program_closes_what_nobody_took(later: Later, folders: tuple[Path, Path, Path]) -> None:
    desk = Desk(later, lambda call: call())
    desk.open_project(folders[0])
    work, _ = later.waiting.pop()
    work()
    assert not desk.shut()
    assert _is_free(folders[0])
    desk.open_project(folders[1])
    work, _ = later.waiting.pop()
    assert not desk.shut()
    work()
    assert _is_free(folders[1])


@pytest.mark.parametrize("content", ['{"labels": [{"id": 1}]}', '{"labels": 3}', "no JSON"])
def test_a_damaged_label_set_is_told_and_the_project_can_be_rescued(tmp_path: Path, content: str) -> None:
    desk = begun_desk(tmp_path, _ids(), {1: LABELS.labels[0].id})
    desk.close_project()
    folder = tmp_path / "project"
    with closing(sqlite3.connect(folder / "project.sqlite", isolation_level=None)) as connection:
        connection.execute("UPDATE labels SET content = ?", (content,))
    told = _told(desk)
    desk.open_project(folder)
    assert desk.store is None
    assert desk.place == "no project"
    assert len(told) == 1
    assert str(folder) in str(told[0])
    assert "damaged" in str(told[0])
    said: list[str] = []
    desk.said.connect(said.append)
    desk.rescue(folder, tmp_path / "rescued")
    assert "The classes cannot be read" in said[0]
    assert desk.place == "editing"
    assert desk.editor is not None
    assert desk.editor.document.area(1) == 16
    assert not desk.shut()


def _ids() -> Any:
    import numpy as np

    ids = np.zeros((8, 8), np.uint16)
    ids[:4, :4] = 1
    return ids


def test_pictures_that_cannot_be_read_are_told_when_a_project_is_made_of_them(tmp_path: Path) -> None:
    desk = undelayed_desk()
    told = _told(desk)
    photos = photos_in(tmp_path / "photos", 2, (8, 8))
    broken = [tmp_path / "photos" / "broken.png", tmp_path / "photos" / "gone.png"]
    broken[0].write_bytes(b"no picture")
    desk.new_project(tmp_path / "project", LABELS, [photos[0], *broken, photos[1]])
    assert is_project(tmp_path / "project")
    assert [entry.file.path for entry in desk.entries] == photos
    assert len(told) == 1
    assert told[0].sentence.startswith(f"Not added: {broken[0]}")
    assert told[0].sentence.endswith(" and 1 more")
    assert str(broken[1]) in told[0].details
    assert not desk.shut()
