"""A project that is open: what it says at once, what it keeps, and what the next one to open it finds."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lpsnet_studio.annotator.edits import Edit, PixelPatch, SegmentInfo
from lpsnet_studio.annotator.project import FileFacts, FileState, Status
from lpsnet_studio.annotator.project_errors import ProjectBusy, ProjectDamaged, ProjectError, ProjectReadOnly
from lpsnet_studio.annotator.store import ProjectStore, is_project
from tests.studio.annotator.scripted_session import SIZE, Sheet, make_pictures, play, state_of, states
from tests.studio.annotator.test_project_database import _old_project

STROKES = 6


@pytest.fixture
def files(tmp_path: Path) -> list[FileFacts]:
    return make_pictures(tmp_path)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ProjectStore]:
    made = ProjectStore.create(tmp_path / "project", {"version": 0}, retry_every=None)
    yield made
    made.close(abandon=True)


@pytest.fixture
def image(store: ProjectStore, files: list[FileFacts]) -> int:
    """An image that was begun."""
    image = store.add_images(files[:1])[0][0]
    sheet = Sheet.begun(1)
    store.start(image, sheet.ids, sheet.segments, "the network")
    return image


def _strokes(store: ProjectStore, image: int, count: int, sheet: Sheet | None = None) -> Sheet:
    sheet, random = sheet or Sheet.begun(1), np.random.default_rng(3)
    for number in range(count):
        store.append(image, sheet.paint(random, f"Stroke {number}"))
    return sheet


def test_a_session_is_found_again_step_by_step(tmp_path: Path, files: list[FileFacts]) -> None:
    expected = states(STROKES)
    store = ProjectStore.create(tmp_path / "project", {"version": 0})
    assert state_of(store) == expected[0]
    play(store, files, STROKES, lambda number, ticket: _expect(state_of(store), expected[number]))
    store.close()
    with closing(ProjectStore.open(tmp_path / "project")) as again:
        assert state_of(again) == expected[-1]
        assert again.unfinished() is None
    assert sorted(file.name for file in (tmp_path / "project").iterdir()) == ["project.lock", "project.sqlite"]


def _expect(found: object, expected: object) -> None:
    assert found == expected


def test_a_ticket_says_when_the_disk_has_it(store: ProjectStore, image: int) -> None:
    held, go_on = threading.Event(), threading.Event()

    def wait(moment: str) -> None:
        if moment == "before commit":
            held.set()
            assert go_on.wait(10)

    store.flush()
    store.between = wait
    told: list[bool] = []
    ticket = store.append(image, Sheet.begun(1).paint(np.random.default_rng(0), "Brush"))
    ticket.then(lambda done: told.append(done.is_saved))
    assert held.wait(10)
    assert not ticket.is_saved
    assert store.waiting == 1
    assert store.entries[image].done == 1
    with pytest.raises(TimeoutError):
        ticket.result(0.01)
    go_on.set()
    ticket.result(10)
    assert store.flush(10)
    assert ticket.is_saved
    assert store.waiting == 0
    assert told == [True]
    ticket.then(lambda done: told.append(done.is_saved))
    assert told == [True, True]


def test_undo_and_redo_are_kept_and_a_new_edit_takes_the_place_of_what_was_undone(
    store: ProjectStore, image: int, tmp_path: Path
) -> None:
    sheet = _strokes(store, image, 5)
    store.set_cursor(image, 2)
    loaded = store.load(image)
    assert loaded is not None
    assert (loaded.base, loaded.done, loaded.first, loaded.source) == (0, 2, 0, "the network")
    assert [edit.title for edit in loaded.done_edits] == ["Stroke 0", "Stroke 1"]
    assert [edit.title for edit in loaded.edits[loaded.done - loaded.base :]] == ["Stroke 2", "Stroke 3", "Stroke 4"]
    sheet.done = 2
    store.append(image, sheet.paint(np.random.default_rng(9), "Lasso"))
    store.close()
    with closing(ProjectStore.open(tmp_path / "project")) as again:
        loaded = again.load(image)
        assert loaded is not None
        assert [edit.title for edit in loaded.edits] == ["Stroke 0", "Stroke 1", "Lasso"]
        np.testing.assert_array_equal((again.current(image) or (None,))[0], sheet.ids)
        assert [edit.title for edit in again.earlier_edits(image, 1, 3)] == ["Stroke 1", "Lasso"]


def test_the_segments_of_all_images_are_counted_without_their_pixels(
    store: ProjectStore, image: int, files: list[FileFacts]
) -> None:
    store.add_images(files)
    sheet = _strokes(store, image, 4)
    store.set_cursor(image, 3)
    sheet.done = 3
    assert dict(store.segment_tables()) == {image: sheet.segments}


def test_a_project_that_is_closed_is_one_file_even_while_others_read_it(
    store: ProjectStore, image: int, tmp_path: Path
) -> None:
    sheet = _strokes(store, image, 4)
    assert store.flush(10)
    (tmp_path / "copy").mkdir()
    with closing(ProjectStore.open(tmp_path / "project", read_only=True)):
        store.close()
        shutil.copyfile(tmp_path / "project" / "project.sqlite", tmp_path / "copy" / "project.sqlite")
    with closing(ProjectStore.open(tmp_path / "copy")) as copy:
        np.testing.assert_array_equal((copy.current(image) or (None,))[0], sheet.ids)


@pytest.mark.parametrize("cursor", [-1, 4, 100])
def test_a_cursor_stays_among_the_edits(store: ProjectStore, image: int, cursor: int) -> None:
    _strokes(store, image, 3)
    with pytest.raises(ValueError, match=r"a\.png has edits 0 … 3, not"):
        store.set_cursor(image, cursor)
    assert store.entries[image].done == 3


def test_what_cannot_be_is_refused_before_it_is_written(store: ProjectStore, files: list[FileFacts]) -> None:
    image = store.add_images(files[:1])[0][0]
    edit = Sheet.begun(1).paint(np.random.default_rng(0), "Brush")
    with pytest.raises(ValueError, match="has no segmentation to edit yet"):
        store.append(image, edit)
    with pytest.raises(ValueError, match="has no segmentation to edit yet"):
        store.set_labels({"version": 1}, [(image, edit)])
    assert store.labels == {"version": 0}
    for ids in (np.zeros(SIZE, np.int32), np.zeros((3, 4), np.uint16)):
        with pytest.raises(ValueError, match=r"is 32 × 24 pixels; an id map of .* does not fit"):
            store.start(image, ids, {})
    assert store.load(image) is None
    assert store.current(image) is None
    with pytest.raises(KeyError):
        store.set_status(99, Status.DONE)


def test_the_same_file_is_one_image(store: ProjectStore, files: list[FileFacts]) -> None:
    assert store.add_images([files[0]])[0] == [1]
    assert store.add_images([*files, files[1]])[0] == [1, 2, 2]
    assert [entry.position for entry in store.entries.values()] == [0, 1]


def test_an_id_is_never_given_twice(store: ProjectStore, files: list[FileFacts], tmp_path: Path) -> None:
    walked = store.entries
    store.add_images(files)
    assert dict(walked) == {}
    store.remove_images([2])
    assert list(store.entries) == [1]
    store.close()
    with closing(ProjectStore.open(tmp_path / "project")) as again:
        assert list(again.entries) == [1]
        assert again.add_images(files)[0] == [1, 3]


def test_removing_an_image_takes_its_edits(store: ProjectStore, image: int) -> None:
    _strokes(store, image, 2)
    store.remove_images([image])
    assert store.load(image) is None
    assert store.damage() == []


def test_status_and_note_are_kept(store: ProjectStore, image: int, tmp_path: Path) -> None:
    changed: list[set[int]] = []
    store.images_changed.connect(changed.append)
    assert store.entries[image].status is Status.TODO
    _strokes(store, image, 1)
    assert store.entries[image].status is Status.IN_PROGRESS
    store.set_status(image, Status.APPROVED)
    store.set_note(image, "Two dogs → one? 'yes'")
    _strokes(store, image, 1)
    assert changed == [{image}] * 4
    store.close()
    with closing(ProjectStore.open(tmp_path / "project")) as again:
        assert again.entries[image].status is Status.APPROVED
        assert again.entries[image].note == "Two dogs → one? 'yes'"


def test_labels_and_the_edits_they_ask_for_are_saved_together(
    store: ProjectStore, image: int, files: list[FileFacts], tmp_path: Path
) -> None:
    sheet = Sheet.begun(1)
    edits = [(image, sheet.paint(np.random.default_rng(seed), "Merge classes")) for seed in (1, 2)]
    assert store.flush()
    stopped = [True]

    def fail(moment: str) -> None:
        if moment == "before commit" and stopped[0]:
            raise OSError(5, "Input/output error")

    store.between = fail
    store.set_labels({"version": 1}, edits)
    assert not store.flush(10)
    with closing(ProjectStore.open(tmp_path / "project", read_only=True)) as on_disk:
        assert (on_disk.labels, on_disk.entries[image].done) == ({"version": 0}, 0)
    loaded = store.load(image)
    assert loaded is not None
    assert loaded.done == 2  # what waits is read
    stopped[0] = False
    assert store.flush(10)
    with closing(ProjectStore.open(tmp_path / "project", read_only=True)) as on_disk:
        assert (on_disk.labels, on_disk.entries[image].done) == ({"version": 1}, 2)


@pytest.mark.parametrize("moment", ["before begin", "begun", "written", "before commit", "committed"])
def test_a_failure_at_any_step_keeps_the_order_and_repeats_nothing(
    store: ProjectStore, image: int, tmp_path: Path, moment: str
) -> None:
    assert store.flush()
    is_broken, told, counts = [True], [], []

    def fail(found: str) -> None:
        if found == moment and is_broken[0]:
            raise OSError(28, "No space left on device")

    store.between = fail
    store.trouble.connect(told.append)
    store.saved_changed.connect(lambda waiting, problem: counts.append((waiting, bool(problem))))
    sheet = _strokes(store, image, 1)
    assert not store.flush(10)
    _strokes(store, image, 3, sheet)
    assert not store.flush(10)
    is_broken[0] = False
    assert store.flush(10)
    store.set_cursor(image, 3).result(10)
    assert store.remember("view", 1).wait(10)
    assert len(told) == 1
    assert "could not be written: no space left on device; nothing is lost" in told[0]
    assert (1, True) in counts
    assert counts[-1] == (0, False)
    sheet.done = 3
    store.close()
    with closing(ProjectStore.open(tmp_path / "project")) as again:
        loaded = again.load(image)
        assert loaded is not None
        assert len(loaded.edits) == 4
        np.testing.assert_array_equal((again.current(image) or (None,))[0], sheet.ids)


def test_what_failed_is_tried_again_by_itself(tmp_path: Path) -> None:
    failures = [3]

    def fail(moment: str) -> None:
        if moment == "before commit" and failures[0]:
            failures[0] -= 1
            raise OSError(28, "No space left on device")

    with closing(ProjectStore.create(tmp_path / "project", retry_every=0.02)) as store:
        store.between = fail
        saved = threading.Event()
        store.remember("view", 1).then(lambda ticket: saved.set())
        assert saved.wait(10)
        assert failures == [0]
        assert store.problem == ""


def test_a_slot_that_fails_keeps_nothing_from_the_disk(
    store: ProjectStore, image: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    reported: list[object] = []
    monkeypatch.setattr(threading, "excepthook", lambda arguments: reported.append(arguments.exc_type))

    def fail(*arguments: object) -> None:
        raise RuntimeError("a mistake of the window's")

    store.saved_changed.connect(fail)
    store.remember("view", 1).then(fail)
    assert store.flush(10)
    assert store.remember("view", 2).wait(10)
    assert reported


def test_a_database_that_was_taken_away_is_noticed_and_saved_elsewhere(
    store: ProjectStore, image: int, tmp_path: Path
) -> None:
    sheet = _strokes(store, image, 2)
    assert store.flush(10)
    (tmp_path / "project" / "project.sqlite").rename(tmp_path / "away.sqlite")
    _strokes(store, image, 1, sheet)
    assert not store.flush(10)
    assert "it is no longer there" in store.problem
    store.backup(tmp_path / "rescued")
    with closing(ProjectStore.open(tmp_path / "rescued")) as copy:
        np.testing.assert_array_equal((copy.current(image) or (None,))[0], sheet.ids)
    shutil.copyfile(tmp_path / "away.sqlite", tmp_path / "project" / "project.sqlite")
    assert not store.flush(10)
    assert "another file is in its place" in store.problem
    (tmp_path / "away.sqlite").replace(tmp_path / "project" / "project.sqlite")
    assert store.flush(10)


# ---------------------------------------------------------------------------------------------------- who else is there

_ANOTHER = """
import sys
from pathlib import Path
from lpsnet_studio.annotator.project_errors import ProjectBusy
from lpsnet_studio.annotator.store import ProjectStore
folder = Path(sys.argv[1])
try:
    ProjectStore.open(folder)
except ProjectBusy as busy:
    print(busy.pid, flush=True)
store = ProjectStore.open(folder, read_only=True)
print(store.entries[1].done, store.current(1)[0].sum(), flush=True)
sys.stdin.readline()
store.refresh()
print(store.entries[1].done, store.current(1)[0].sum(), flush=True)
try:
    store.set_note(1, "mine")
except OSError as error:
    print(type(error).__name__, error)
"""


def test_another_studio_reads_while_this_one_writes(store: ProjectStore, image: int, tmp_path: Path) -> None:
    sheet = _strokes(store, image, 2)
    assert store.flush(10)
    command = [sys.executable, "-c", _ANOTHER, str(tmp_path / "project")]
    other = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert other.stdout is not None
    assert int(other.stdout.readline()) == os.getpid()
    assert other.stdout.readline() == f"2 {sheet.ids.sum()}\n"
    _strokes(store, image, 1, sheet)
    assert store.flush(10)
    answer, _ = other.communicate("\n", timeout=30)
    assert answer.splitlines() == [
        f"3 {sheet.ids.sum()}",
        f"ProjectReadOnly {tmp_path / 'project'} is open to read: nothing can be changed",
    ]
    with pytest.raises(ProjectBusy):
        ProjectStore.open(tmp_path / "project")


@pytest.mark.parametrize(
    "change",
    [
        lambda store: store.add_images([]),
        lambda store: store.remove_images([1]),
        lambda store: store.set_status(1, Status.DONE),
        lambda store: store.set_note(1, ""),
        lambda store: store.set_labels({}),
        lambda store: store.remember("view", 1),
        lambda store: store.start(1, np.zeros(SIZE, np.uint16), {}),
        lambda store: store.append(1, Edit("Nothing", PixelPatch(), {1: (None, SegmentInfo(1))})),
        lambda store: store.set_cursor(1, 0),
    ],
)
def test_reading_changes_nothing(
    store: ProjectStore, image: int, tmp_path: Path, change: Callable[[ProjectStore], object]
) -> None:
    assert store.flush(10)
    with closing(ProjectStore.open(tmp_path / "project", read_only=True)) as reader:
        assert reader.is_read_only
        before = dict(reader.entries)
        with pytest.raises(ProjectReadOnly, match="open to read"):
            change(reader)
        assert dict(reader.entries) == before
        assert reader.flush()
    store.close()
    with pytest.raises(ProjectReadOnly, match="is closed"):
        change(store)


def test_what_a_crash_has_left_is_told_until_it_is_settled(
    store: ProjectStore, image: int, files: list[FileFacts], tmp_path: Path
) -> None:
    store.add_images(files)
    _strokes(store, image, 3)
    assert store.flush(10)
    crashed = tmp_path / "crashed"
    crashed.mkdir()
    for ending in ("", "-wal"):
        shutil.copyfile(tmp_path / f"project/project.sqlite{ending}", crashed / f"project.sqlite{ending}")
    for attempt in range(2):
        with closing(ProjectStore.open(crashed)) as again:
            left = again.unfinished()
            assert left is not None
            assert left.images == {image: 3}
            if attempt == 0:
                again.set_note(image, "seen, and not settled")
                continue
            again.settle_unfinished()
            assert again.unfinished() is None
    with closing(ProjectStore.open(crashed)) as again:
        assert again.unfinished() is None
        assert again.entries[image].done == 3


def test_a_session_that_did_nothing_leaves_nothing_to_tell(store: ProjectStore, tmp_path: Path) -> None:
    crashed = tmp_path / "crashed"
    crashed.mkdir()
    for ending in ("", "-wal"):
        shutil.copyfile(tmp_path / f"project/project.sqlite{ending}", crashed / f"project.sqlite{ending}")
    with closing(ProjectStore.open(crashed)) as again:
        assert again.unfinished() is None


def test_an_older_project_is_opened_beside_a_copy_of_what_it_was(tmp_path: Path) -> None:
    project = tmp_path / "project"
    project.mkdir()
    _old_project(project / "project.sqlite")
    before = (project / "project.sqlite").read_bytes()
    with closing(ProjectStore.open(project, read_only=True)) as reader:
        assert reader.entries[5].done == 2
    with closing(ProjectStore.open(project)) as store:
        assert (store.entries[5].first, store.entries[5].done, store.entries[5].last) == (0, 2, 3)
        assert store.labels == ["cat"]
        assert store.add_images([])[0] == []
    assert (project / "project.version-1.sqlite").stat().st_size == len(before)


# ---------------------------------------------------------------------------------------------------- files and folders


def test_only_a_folder_with_a_project_is_opened(tmp_path: Path, store: ProjectStore) -> None:
    assert is_project(tmp_path / "project")
    assert not is_project(tmp_path)
    for read_only in (False, True):
        with pytest.raises(ProjectError, match=r"is not an annotation project: it has no project\.sqlite"):
            ProjectStore.open(tmp_path, read_only=read_only)
    with pytest.raises(ProjectBusy):
        ProjectStore.create(tmp_path / "project")
    store.close()
    with pytest.raises(ProjectError, match="is an annotation project already"):
        ProjectStore.create(tmp_path / "project")
    assert list(tmp_path.glob(".*")) == []


def test_an_image_that_moved_is_found_again(
    store: ProjectStore, image: int, files: list[FileFacts], tmp_path: Path
) -> None:
    assert store.file_state(image) == (FileState.SAME, "")
    moved = files[0].path.rename(tmp_path / "renamed.png")
    assert store.file_state(image)[0] is FileState.MISSING
    store.set_file(image, FileFacts.of(moved))
    assert store.file_state(image)[0] is FileState.SAME
    from PIL import Image

    Image.new("RGB", (5, 5)).save(tmp_path / "small.png")
    with pytest.raises(ValueError, match=r"small\.png is 5 × 5 pixels, and renamed\.png was 32 × 24"):
        store.set_file(image, FileFacts.of(tmp_path / "small.png"))
    store.close()
    with closing(ProjectStore.open(tmp_path / "project")) as again:
        assert again.entries[image].file.path == moved


def test_project_and_pictures_move_together(store: ProjectStore, image: int, tmp_path: Path) -> None:
    store.close()
    new = tmp_path / "elsewhere"
    new.mkdir()
    shutil.move(tmp_path / "project", new / "project")
    shutil.move(tmp_path / "a.png", new / "a.png")
    with closing(ProjectStore.open(new / "project")) as again:
        assert again.file_state(image) == (FileState.SAME, "")


def test_a_damaged_edit_is_told_of_in_a_sentence(store: ProjectStore, image: int, tmp_path: Path) -> None:
    import sqlite3

    _strokes(store, image, 3)
    store.set_cursor(image, 2)
    store.close()
    path = tmp_path / "project" / "project.sqlite"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("UPDATE edits SET content = x'00' WHERE sequence = 3")
    with closing(ProjectStore.open(tmp_path / "project")) as again:
        loaded = again.load(image)
        assert loaded is not None
        assert len(loaded.edits) == 2  # one that could only be done again is no loss to stop at
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("DELETE FROM edits WHERE sequence = 1")
    with (
        closing(ProjectStore.open(tmp_path / "project")) as again,
        pytest.raises(ProjectDamaged, match=r"what is kept of a\.png cannot be read: edit 1 is missing"),
    ):
        again.load(image)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("DELETE FROM edits")
    with (
        closing(ProjectStore.open(tmp_path / "project")) as again,
        pytest.raises(ProjectDamaged, match=r"what is kept of a\.png cannot be read: edit 1 is missing"),
    ):
        again.load(image)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("UPDATE labels SET content = '{'")
    for read_only in (False, True):
        with pytest.raises(ProjectDamaged, match="is damaged"):
            ProjectStore.open(tmp_path / "project", read_only=read_only)


@settings(max_examples=25)
@given(
    st.lists(
        st.tuples(st.sampled_from(["stroke", "undo", "redo", "compact", "reopen"]), st.integers(0, 2**16)), max_size=25
    )
)
def test_any_session_is_found_again_and_undone_to_its_beginning(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, int]]
) -> None:
    folder = tmp_path_factory.mktemp("any")
    store = ProjectStore.create(folder / "project")
    image = store.add_images(make_pictures(folder)[:1])[0][0]
    sheet = Sheet.begun(1)
    store.start(image, sheet.ids, sheet.segments)
    for step, seed in steps:
        if step == "stroke":
            store.append(image, sheet.paint(np.random.default_rng(seed), "Brush"))
        elif step == "compact":
            store.compact(image)
        elif step == "reopen":
            store.close()
            store = ProjectStore.open(folder / "project")
        else:
            sheet.done = min(max(sheet.done + (-1 if step == "undo" else 1), 0), sheet.last)
            store.set_cursor(image, sheet.done)
    for done in (sheet.done, sheet.last, 0):
        sheet.done = done
        store.set_cursor(image, done)
        ids, segments = store.current(image) or (None, None)
        np.testing.assert_array_equal(ids, sheet.ids)
        assert segments == sheet.segments
    store.close()


def test_whatever_is_accepted_while_a_project_closes_is_on_the_disk(tmp_path: Path) -> None:
    for number in range(12):
        store = ProjectStore.create(tmp_path / str(number), retry_every=None)
        accepted, refused = [], []

        def write(store: ProjectStore = store, accepted: list = accepted, refused: list = refused) -> None:
            while not refused:
                try:
                    accepted.append(store.remember("count", len(accepted)))
                except ProjectReadOnly as error:
                    refused.append(str(error))
                time.sleep(0.0002)

        writer = threading.Thread(target=write)
        writer.start()
        time.sleep(0.001 * number)
        store.close()
        writer.join(10)
        assert all(ticket.is_saved for ticket in accepted)
        assert refused[0] in (f"{store.folder} is being closed", f"{store.folder} is closed")
        with closing(ProjectStore.open(tmp_path / str(number))) as again:
            assert again.remembered("count") == (len(accepted) - 1 if accepted else None)


def test_a_project_that_could_not_be_closed_is_edited_on(store: ProjectStore, image: int) -> None:
    def fail(moment: str) -> None:
        if moment == "before commit":
            raise OSError(28, "No space left on device")

    assert store.flush(10)
    store.between = fail
    store.set_note(image, "the left edge")
    with pytest.raises(ProjectError, match="no space left"):
        store.close()
    assert not store.is_read_only
    assert store.read_only_because == ""
    store.between = lambda moment: None
    store.set_note(image, "the right edge").result(10)
    store.close()
    assert store.is_read_only
