"""Reading a project: its folder stays as it is, and what another Studio writes meanwhile is seen; without a window."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from lpsnet_studio.annotator import database, store
from lpsnet_studio.annotator.desk import Desk
from lpsnet_studio.annotator.edits import SegmentInfo
from lpsnet_studio.annotator.lock_look import look_at_lock
from lpsnet_studio.annotator.placed_mask import PlacedMask
from lpsnet_studio.annotator.store import ProjectStore
from tests.studio.annotator.desks import begun_desk, undelayed_desk
from tests.studio.annotator.editing import LABELS

ROAD = LABELS.labels[0].id


def _ids() -> np.ndarray:
    ids = np.zeros((8, 8), np.uint16)
    ids[:4] = 1
    return ids


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[Desk]:
    desk = begun_desk(tmp_path, _ids(), {1: ROAD})
    assert desk.store is not None
    assert desk.store.flush(10)
    yield desk
    assert not desk.shut()


def _content(folder: Path) -> dict[str, tuple[bytes, int]]:
    return {file.name: (file.read_bytes(), file.stat().st_mtime_ns) for file in folder.iterdir()}


@pytest.mark.parametrize("on_network", [False, True])
def test_reading_a_project_that_nobody_writes_leaves_its_folder_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, on_network: bool
) -> None:
    monkeypatch.setattr(database, "is_on_network", lambda folder: on_network)
    desk = begun_desk(tmp_path, _ids(), {1: ROAD})
    assert not desk.shut()
    before = _content(tmp_path / "project")
    with closing(ProjectStore.open(tmp_path / "project", read_only=True)) as reader:
        assert (reader.current(1) or (None, {}))[1] == {1: SegmentInfo(ROAD)}
        reader.refresh()
        assert look_at_lock(reader.folder).is_free
        assert reader.damage() == []
        assert _content(tmp_path / "project") == before
    assert _content(tmp_path / "project") == before


@pytest.mark.parametrize("on_network", [False, True])
def test_a_project_that_is_opened_to_write_while_it_is_read_is_read_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, on_network: bool
) -> None:
    monkeypatch.setattr(database, "is_on_network", lambda folder: on_network)
    desk = begun_desk(tmp_path, _ids(), {1: ROAD})
    assert not desk.shut()
    with closing(ProjectStore.open(tmp_path / "project", read_only=True)) as reader:
        told: list[set[int]] = []
        reader.images_changed.connect(told.append)
        with closing(ProjectStore.open(tmp_path / "project")) as writer:
            writer.start(2, _ids(), {1: SegmentInfo(ROAD, iscrowd=True)}, "a test").result(10)
            assert (reader.current(2) or (None, {}))[1] == {1: SegmentInfo(ROAD, iscrowd=True)}
            writer.set_note(1, "the left edge").result(10)
            reader.refresh()
            assert told.pop() == {1, 2}
            assert reader.entries[1].note == "the left edge"
            reader.refresh()
            assert told == []
        # The log is in the database now, which somebody else writes for the second time.
        with closing(ProjectStore.open(tmp_path / "project")) as writer:
            writer.set_note(1, "the right edge").result(10)
            writer.remove_images([3]).result(10)
        reader.refresh()
        assert reader.entries[1].note == "the right edge"
        assert told == [{1, 3}]
        assert reader.damage() == []


_READS = """
import sys
from pathlib import Path
from lpsnet_studio.annotator.lock_look import look_at_lock
look = look_at_lock(Path(sys.argv[1]))
print(look.is_free, look.words)
"""


def test_looking_at_a_lock_takes_it_from_nobody(writer: Desk, tmp_path: Path) -> None:
    folder = tmp_path / "project"
    for _ in range(2):
        assert not look_at_lock(folder).is_free  # in this process, which would give its own lock up
        before = (folder / "project.lock").stat().st_mtime_ns
        done = subprocess.run(
            [sys.executable, "-c", _READS, str(folder)], capture_output=True, text=True, check=True, env={**os.environ}
        )
        assert done.stdout.startswith("False ")
        assert f"(process {os.getpid()})" in done.stdout
        assert (folder / "project.lock").stat().st_mtime_ns == before


def test_classes_notes_and_what_was_begun_are_seen_by_who_reads_along(writer: Desk, tmp_path: Path) -> None:
    reader = undelayed_desk()
    reader.open_project(tmp_path / "project", read_only=True)
    reader.look_at(tmp_path / "photos" / "1.png")
    assert reader.place == "not started"
    assert writer.store is not None
    assert reader.store is not None
    writer.store.start(2, _ids(), {1: SegmentInfo(ROAD)}, "a test")
    writer.change_labels(writer.labels.add("kiosk", isthing=True))
    writer.set_note("the left edge")
    assert writer.store.flush(10)
    told: list[object] = []
    reader.labels_changed.connect(lambda: told.append("labels"))
    for _ in range(2):
        reader.store.refresh()
        reader.take_labels()
    assert told == ["labels"]
    assert reader.labels == writer.labels
    assert reader.entries[0].note == "the left edge"
    assert reader.place == "editing"
    assert reader.editor is not None
    assert reader.editor.document.area(1) == 32
    assert not reader.can_edit
    assert not reader.shut()


def test_edits_on_the_image_on_the_desk_are_seen_by_who_reads_along(writer: Desk, tmp_path: Path) -> None:
    reader = undelayed_desk()
    reader.open_project(tmp_path / "project", read_only=True)
    reader.look_at(tmp_path / "photos" / "0.png")
    assert reader.store is not None
    assert writer.store is not None
    assert writer.editor is not None
    places: list[str] = []
    reader.place_changed.connect(lambda: places.append(reader.place))

    def paint(row: int) -> None:
        assert writer.editor is not None
        writer.editor.select([1])
        writer.editor.paint(PlacedMask(np.ones((1, 8), np.bool_), (row, 0)), "Brush")

    def seen() -> np.ndarray:
        """Returns what the reader shows once it has looked again."""
        assert writer.store is not None
        assert reader.store is not None
        assert writer.store.flush(10)
        reader.store.refresh()
        assert reader.editor is not None
        assert reader.editor.history.position == reader.entries[0].done
        return reader.editor.document.ids

    assert reader.editor is not None
    reader.editor.select([1])
    shown = reader.editor
    writer.set_note("no edit")
    seen()
    assert reader.editor is shown, "it is left alone while its segments are"
    paint(5)
    assert np.array_equal(seen(), writer.editor.document.ids)
    assert reader.editor.selection == (1,)
    assert places == ["editing"], "the image never goes away"
    writer.undo()
    paint(6)  # as many edits as before, and another
    assert np.array_equal(seen(), writer.editor.document.ids)
    assert reader.editor.document.ids[5:7, 0].tolist() == [0, 1]
    writer.undo()
    assert np.array_equal(seen(), _ids())
    writer.editor.select([1])
    writer.editor.delete()
    assert not seen().any()
    assert reader.editor.selection == ()
    assert not reader.can_edit
    assert not reader.shut()


def test_the_images_are_read_again_only_where_something_was_written(
    writer: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(ProjectStore.open(tmp_path / "project", read_only=True)) as reader:
        looked: list[Path] = []
        real = store.read_entries
        monkeypatch.setattr(
            store, "read_entries", lambda connection, folder: looked.append(folder) or real(connection, folder)
        )
        reader.refresh()
        assert looked == []
        writer.set_note("the left edge")
        assert writer.store is not None
        assert writer.store.flush(10)
        reader.refresh()
        reader.refresh()
        assert looked == [reader.folder]
        assert reader.entries[1].note == "the left edge"
