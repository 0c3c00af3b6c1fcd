"""Writes that fail at every point: the old data is whole, the new waits in its order, and is saved once that works."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from lpsnet_studio.annotator.edits import Edit, PixelPatch, SegmentInfo
from lpsnet_studio.annotator.project_errors import ProjectError
from lpsnet_studio.annotator.store import ProjectStore, is_project
from tests.studio.annotator import sqlite_faults as faults
from tests.studio.annotator.scripted_session import SIZE, Sheet, make_pictures, play, state_of, states

STROKES = 4
CALLS = 320
"""How often such a session calls upon the disk, at most."""
CODES = {"write": (faults.FULL, faults.IOERR_WRITE), "sync": (faults.IOERR_FSYNC,), "open": (faults.CANTOPEN,)}
IOERR = 10

needs_faults = pytest.mark.skipif(not faults.is_possible(), reason="Python's SQLite is no library of its own")


class FailingDisk:
    """Fails from the n-th call on until it is mended; what is written when it fails is torn."""

    def __init__(self, at: int) -> None:
        self.at = at
        self.calls = 0
        self.is_mended = False
        self.has_failed = False

    def __call__(self, what: str, whole: Callable[[], int], half: Callable[[], int]) -> int:
        self.calls += 1
        if self.calls < self.at or self.is_mended:
            return whole()
        self.has_failed = True
        half() if what == "write" else None
        codes = CODES.get(what, (IOERR,))
        return codes[self.at % len(codes)]

    def mend(self) -> None:
        self.is_mended = True


def _play(folder: Path, disk: FailingDisk) -> None:
    """Plays a session, mending the disk when somebody was told that it fails."""
    files, project, expected = make_pictures(folder), folder / "project", states(STROKES)
    with faults.intercepted(disk):
        store = _opened(project, disk)
        told: list[str] = []
        store.trouble.connect(told.append)

        def made(number: int, ticket: object) -> None:
            if not store.flush(10):
                assert str(project / "project.sqlite") in store.problem
                assert store.waiting > 0
                assert len(told) == len(set(told))
                assert store.problem == told[-1]
                disk.mend()
                store.retry()
                assert store.flush(10), store.problem
            assert store.problem == ""

        play(store, files, STROKES, made)
        assert store.waiting == 0
        assert state_of(store) == expected[-1]
        store.close()
    with closing(ProjectStore.open(project, read_only=True)) as again:
        assert state_of(again) == expected[-1]
        assert again.damage() == []


def _opened(project: Path, disk: FailingDisk) -> ProjectStore:
    """Makes and opens a project; where that fails nothing is left, or what can be opened."""
    try:
        return ProjectStore.create(project, {"version": 0}, retry_every=None)
    except ProjectError as error:
        sentence = str(error)
    assert str(project / "project.sqlite") in sentence
    assert not list(project.glob(".*"))
    disk.mend()
    if is_project(project):
        return ProjectStore.open(project, retry_every=None)
    return ProjectStore.create(project, {"version": 0}, retry_every=None)


@needs_faults
def test_a_disk_that_fails_at_a_few_points_loses_nothing(tmp_path: Path) -> None:
    _fail_at(range(3, CALLS, 29), tmp_path)


@needs_faults
@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_disk_that_fails_at_any_point_loses_nothing(tmp_path: Path) -> None:
    assert _fail_at(range(1, CALLS), tmp_path) > 150


def _fail_at(points: range, folder: Path) -> int:
    failed = 0
    for at in points:
        disk = FailingDisk(at)
        place = folder / str(at)
        place.mkdir()
        _play(place, disk)
        failed += disk.has_failed
        shutil.rmtree(place)
    return failed


@needs_faults
def test_files_that_a_share_no_longer_knows_are_opened_anew(tmp_path: Path) -> None:
    is_stale = [False]

    def share(what: str, whole: Callable[[], int], half: Callable[[], int]) -> int:
        if what == "open":
            is_stale[0] = False
        return faults.IOERR_WRITE if is_stale[0] and what == "write" else whole()

    with faults.intercepted(share), closing(ProjectStore.create(tmp_path / "project", retry_every=None)) as store:
        assert store.remember("view", 1).wait(10)
        is_stale[0] = True
        assert not store.remember("view", 2).wait(10)
        assert "the disk reports an error (write)" in store.problem
        store.retry()
        assert store.flush(10), store.problem
    with closing(ProjectStore.open(tmp_path / "project", read_only=True)) as again:
        assert again.remembered("view") == 2


@pytest.mark.parametrize("function", ["fsync", "replace", "open"])
def test_a_project_that_cannot_be_put_in_its_place_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, function: str
) -> None:
    def fail(*arguments: object, **options: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, function, fail)
    if function == "replace":
        monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(ProjectError, match=r"project\.sqlite could not be made: no space left on device"):
        ProjectStore.create(tmp_path / "project")
    monkeypatch.undo()
    assert not is_project(tmp_path / "project")
    ProjectStore.create(tmp_path / "project").close()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of half a megabyte."""
    place = tmp_path / "disk"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", str(place)]
    if not sys.platform.startswith("linux") or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("no disk can be mounted here")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def test_a_full_disk_keeps_the_old_and_what_waits_can_be_saved_elsewhere(small_disk: Path, tmp_path: Path) -> None:
    files = make_pictures(tmp_path)
    store = ProjectStore.create(small_disk / "project", retry_every=None)
    images, _ = store.add_images(files)
    sheet = Sheet.begun(1)
    store.start(images[0], sheet.ids, sheet.segments)
    assert store.flush(10)
    random = np.random.default_rng(1)
    filler = small_disk / "filler"
    filler.write_bytes(bytes(200_000))
    while store.flush(10):
        store.append(images[0], _noise(sheet, random))
    assert "the disk is full" in store.problem
    store.append(images[0], _noise(sheet, random))
    assert not store.flush(10)
    assert store.waiting == 2
    # What is not on the disk is read all the same.
    loaded = store.load(images[0])
    assert loaded is not None
    assert len(loaded.edits) == len(sheet.states) - 1
    with pytest.raises(ProjectError, match="the disk is full"):
        store.close()
    with closing(ProjectStore.open(small_disk / "project", read_only=True)) as on_disk:
        assert on_disk.entries[images[0]].done == len(sheet.states) - 3
    store.backup(tmp_path / "elsewhere")
    with closing(ProjectStore.open(tmp_path / "elsewhere")) as copy:
        ids, _ = copy.current(images[0]) or (None, None)
        np.testing.assert_array_equal(ids, sheet.ids)
        assert copy.entries[images[0]].file.path == files[0].path
    filler.unlink()
    store.close()
    with closing(ProjectStore.open(small_disk / "project")) as again:
        np.testing.assert_array_equal((again.current(images[0]) or (None,))[0], sheet.ids)


def _noise(sheet: Sheet, random: np.random.Generator) -> Edit:
    """Returns an edit that takes its bytes."""
    after = random.integers(1, 60_000, SIZE).astype(np.uint16)
    edit = Edit("Noise", PixelPatch.between(sheet.ids, after), {9: (None, SegmentInfo(1))})
    sheet.states.append((after, sheet.segments))
    sheet.done += 1
    return edit
