"""Copying a project while one goes on editing it: nothing waits for that, and the copy is of one moment."""

from __future__ import annotations

import os
import shutil
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lpsnet_studio.annotator import copying, database
from lpsnet_studio.annotator.project_errors import ProjectError
from lpsnet_studio.annotator.store import ProjectStore
from tests.studio.annotator.scripted_session import Sheet, make_pictures
from tests.studio.annotator.test_project_database import _old_project


@pytest.fixture(params=["write-ahead log", "ordinary journal"])
def store(request: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ProjectStore]:
    monkeypatch.setattr(database, "is_on_network", lambda folder: request.param == "ordinary journal")
    made = ProjectStore.create(tmp_path / "project", retry_every=None)
    made.add_images(make_pictures(tmp_path))
    sheet = Sheet.begun(1)
    made.start(1, sheet.ids, sheet.segments, "the network")
    made.remember("ballast", "x" * 2_000_000)
    assert made.flush(10)
    yield made
    made.close(abandon=True)


class SlowStick:
    """Holds a copy up once it has begun, until it is let go."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.has_begun, self.go_on = threading.Event(), threading.Event()
        real = sqlite3.connect

        def connect(*arguments: Any, **options: Any) -> sqlite3.Connection:
            return real(*arguments, **options, factory=self._connection())

        monkeypatch.setattr(copying.sqlite3, "connect", connect)

    def _connection(self) -> type[sqlite3.Connection]:
        stick = self

        class Slow(sqlite3.Connection):
            def backup(self, target: Any, **options: Any) -> None:
                told = options.pop("progress", lambda *_: None)

                def progress(*step: int) -> None:
                    stick.has_begun.set()
                    if threading.current_thread().name.startswith("journal"):
                        time.sleep(0.01)  # each turn is a short one, however slow the stick is
                    else:
                        assert stick.go_on.wait(20)
                    told(*step)

                super().backup(target, **{"pages": 8, **options}, progress=progress)

        return Slow


def test_edits_are_on_the_disk_at_once_while_the_project_is_copied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for kind in ("wal", "delete"):
        with monkeypatch.context() as patches:
            patches.setattr(database, "is_on_network", lambda folder, kind=kind: kind == "delete")
            stick = SlowStick(patches)
            _edit_while_copying(tmp_path / kind, stick)


def _edit_while_copying(folder: Path, stick: SlowStick) -> None:
    folder.mkdir()
    store = ProjectStore.create(folder / "project", retry_every=None)
    store.add_images(make_pictures(folder))
    sheet, random = Sheet.begun(1), np.random.default_rng(0)
    store.start(1, sheet.ids, sheet.segments, "the network")
    store.remember("ballast", "x" * 2_000_000)
    assert store.flush(10)
    worker = threading.Thread(target=store.backup, args=(folder / "copy",))
    worker.start()
    assert stick.has_begun.wait(10)
    for _ in range(5):
        store.append(1, sheet.paint(random, "Brush")).result(5)
    assert store.waiting == 0
    assert store.load(1) is not None
    assert worker.is_alive()
    stick.go_on.set()
    worker.join(20)
    assert not worker.is_alive()
    store.close()
    with closing(ProjectStore.open(folder / "copy")) as copy:
        assert copy.damage() == []
        assert copy.remembered("ballast") == "x" * 2_000_000
        assert copy.entries[1].done in (0, 5)
        sheet.done = copy.entries[1].done
        np.testing.assert_array_equal((copy.current(1) or (None,))[0], sheet.ids)


def test_a_copy_has_what_is_not_on_the_disk_yet(store: ProjectStore, tmp_path: Path) -> None:
    def fail(moment: str) -> None:
        if moment == "before commit":
            raise OSError(28, "No space left on device")

    sheet, random = Sheet.begun(1), np.random.default_rng(0)
    store.append(1, sheet.paint(random, "Brush")).result(10)
    store.between = fail
    store.append(1, sheet.paint(random, "Brush"))
    store.set_note(1, "the left edge")
    assert not store.flush(10)
    store.backup(tmp_path / "copy")
    assert store.waiting == 2
    with closing(ProjectStore.open(tmp_path / "copy")) as copy:
        assert (copy.entries[1].done, copy.entries[1].note) == (2, "the left edge")
        np.testing.assert_array_equal((copy.current(1) or (None,))[0], sheet.ids)
    store.between = lambda moment: None


def test_a_project_that_is_only_read_is_copied_while_another_writes_it(store: ProjectStore, tmp_path: Path) -> None:
    with closing(ProjectStore.open(tmp_path / "project", read_only=True)) as reader:
        store.set_note(1, "written since").result(10)
        reader.backup(tmp_path / "copy")
    with closing(ProjectStore.open(tmp_path / "copy")) as copy:
        assert copy.entries[1].note == "written since"
        assert [file.path for file in _files(copy)] == [file.path for file in _files(store)]


def _files(store: ProjectStore) -> list[Any]:
    return [entry.file for entry in store.entries.values()]


def test_closing_the_project_ends_a_copy_in_the_writing_thread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "is_on_network", lambda folder: True)
    stick = SlowStick(monkeypatch)
    store = ProjectStore.create(tmp_path / "project", retry_every=None)
    store.remember("ballast", "x" * 20_000_000)
    assert store.flush(10)
    failed: list[str] = []
    worker = threading.Thread(target=lambda: failed.append(_refusal(lambda: store.backup(tmp_path / "copy"))))
    worker.start()
    assert stick.has_begun.wait(10)
    store.close()
    worker.join(10)
    assert "is closed" in failed[0]
    assert [file.name for file in (tmp_path / "copy").iterdir()] == []


def _refusal(call: Callable[[], object]) -> str:
    try:
        call()
    except ProjectError as error:
        return str(error)
    return ""


def test_the_names_of_all_folders_that_are_made_reach_the_disk(tmp_path: Path, synced: list[Path]) -> None:
    with closing(ProjectStore.create(tmp_path / "new" / "deep" / "project")) as store:
        assert {tmp_path, tmp_path / "new", tmp_path / "new" / "deep", store.folder} <= set(synced)
        synced.clear()
        store.backup(tmp_path / "copies" / "first")
        assert {tmp_path, tmp_path / "copies", tmp_path / "copies" / "first"} <= set(synced)


def test_another_file_in_the_place_of_the_database_is_not_taken_for_it(store: ProjectStore, tmp_path: Path) -> None:
    ProjectStore.create(tmp_path / "other").close()
    path = store.folder / "project.sqlite"
    # With everything in the database the log, which is found by name, does not happen to give it back.
    store._read(lambda connection, pending: connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall())
    path.rename(tmp_path / "taken away.sqlite")
    shutil.copyfile(tmp_path / "other" / "project.sqlite", path)
    store.backup(tmp_path / "copy")
    with closing(ProjectStore.open(tmp_path / "copy")) as copy:
        assert len(copy.entries) == len(store.entries) > 0
        assert copy.load(1) is not None


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="the system does not tell which file a descriptor is of")
def test_the_copy_of_an_older_version_has_its_name_on_the_disk_before_anything_is_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _old_project(tmp_path / "project.sqlite")
    synced: list[bool] = []
    real = os.fsync

    def fsync(descriptor: int) -> None:
        if Path(f"/proc/self/fd/{descriptor}").readlink() == tmp_path:
            synced.append((tmp_path / "project.version-1.sqlite").is_file())
        real(descriptor)

    def between(moment: str) -> None:
        assert moment != "migrating" or synced == [True]

    monkeypatch.setattr(os, "fsync", fsync)
    ProjectStore.open(tmp_path, between=between).close()
    assert synced
