"""The desk: which image of which project is edited, and that nothing of it is lost on the way; without Qt."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from lpsnet.categories import Categories, Category
from lpsnet.structures import PanopticSegmentation
from lpsnet_studio.annotator.checks import FindingKind, Snapshot, check
from lpsnet_studio.annotator.desk import Desk
from lpsnet_studio.annotator.edits import SegmentInfo
from lpsnet_studio.annotator.id_maps import IdMap
from lpsnet_studio.annotator.import_work import _change
from lpsnet_studio.annotator.labels import LabelSet
from lpsnet_studio.annotator.project import Status
from lpsnet_studio.annotator.replacing import Replacement
from lpsnet_studio.annotator.store import ProjectStore

SIZE = (24, 32)
CLASSES = Categories(
    (
        Category(7, "person", True, (220, 20, 60)),
        Category(9, "road", False, (128, 64, 128)),
        Category(11, "kite", True, (1, 2, 3)),
    )
)


class Later:
    """Work that is done when one says so."""

    def __init__(self) -> None:
        self.waiting: list[tuple[Callable[[], Any], Callable[[Any], None]]] = []

    def __call__(self, work: Any, done: Any, *, title: str = "", cancellable: bool = True) -> None:
        self.waiting.append((work, done))

    def go_on(self) -> None:
        while self.waiting:
            work, done = self.waiting.pop(0)
            done(work())


@pytest.fixture
def later() -> Later:
    return Later()


@pytest.fixture
def desk(later: Later) -> Iterator[Desk]:
    made = Desk(later, lambda call: call())
    made.problems = []  # type: ignore[attr-defined]
    made.told.connect(made.problems.append)  # type: ignore[attr-defined]
    yield made
    assert not made.shut()


@pytest.fixture
def photos(tmp_path: Path) -> list[Path]:
    folder = tmp_path / "photos"
    folder.mkdir()
    paths = [folder / f"{name}.png" for name in "abc"]
    for path in paths:
        Image.fromarray(np.zeros((*SIZE, 3), np.uint8)).save(path)
    return paths


def _labels() -> LabelSet:
    return LabelSet.of(Categories(CLASSES.entries[:2]))


def _segmentation() -> PanopticSegmentation:
    ids = np.zeros(SIZE, np.int32)
    ids[4:12, 4:12], ids[12:, :] = 1, 2
    ids[:3, 20:] = 3
    return PanopticSegmentation.from_ids(ids, {1: 0, 2: 1, 3: 2})


@pytest.fixture
def begun(desk: Desk, later: Later, photos: list[Path], tmp_path: Path) -> Desk:
    desk.new_project(tmp_path / "project", _labels(), photos)
    later.go_on()
    desk.look_at(photos[0])
    later.go_on()
    assert desk.place == "not started"
    desk.begin_from(_segmentation(), CLASSES, "the network")
    later.go_on()
    assert desk.place == "editing"
    return desk


def test_without_a_project_or_an_image_it_says_which_is_missing(desk: Desk, later: Later, photos: list[Path]) -> None:
    assert desk.place == "no project"
    desk.new_project(photos[0].parent.parent / "project", _labels(), photos[:1])
    later.go_on()
    assert desk.place == "no image"
    desk.look_at(photos[1])
    assert desk.place == "not in project"
    desk.add_images(photos[1:])
    later.go_on()
    assert desk.place == "not started"


def test_classes_are_found_by_name_and_those_without_are_left_out_and_named(
    desk: Desk, later: Later, photos: list[Path], tmp_path: Path
) -> None:
    said: list[str] = []
    desk.said.connect(said.append)
    desk.new_project(tmp_path / "project", _labels(), photos)
    later.go_on()
    desk.look_at(photos[0])
    later.go_on()
    desk.begin_from(_segmentation(), CLASSES, "the network")
    later.go_on()
    assert desk.editor is not None
    assert [info.category for info in desk.editor.document.segments.values()] == [7, 9]
    np.testing.assert_array_equal(desk.editor.document.ids, np.where(_segmentation().ids == 3, 0, _segmentation().ids))
    assert said == ["Left out, because the project has no such classes: 1 kite."]


def test_undo_is_kept_for_each_image_and_never_goes_to_another(begun: Desk, later: Later, photos: list[Path]) -> None:
    editor = begun.editor
    assert editor is not None
    before = editor.document.ids.copy()
    editor.select([1])
    editor.delete()
    begun.look_at(photos[1])
    later.go_on()
    begun.undo()
    begun.begin_empty()
    later.go_on()
    begun.undo()
    assert not begun.editor.document.ids.any()  # type: ignore[union-attr]
    begun.look_at(photos[0])
    later.go_on()
    again = begun.editor
    assert again is not None
    assert again is not editor
    assert 1 not in again.document.segments
    begun.undo()
    np.testing.assert_array_equal(again.document.ids, before)
    begun.redo()
    assert 1 not in again.document.segments


def test_what_was_done_and_undone_is_there_at_the_next_start(begun: Desk, later: Later, photos: list[Path]) -> None:
    editor = begun.editor
    assert editor is not None
    editor.select([1])
    editor.delete()
    editor.select([2])
    editor.delete()
    begun.undo()
    expected = editor.document.ids.copy()
    folder = begun.store.folder  # type: ignore[union-attr]
    begun.close_project()
    later.go_on()
    assert begun.place == "no project"
    begun.open_project(folder)
    later.go_on()
    assert begun.editor is not None
    np.testing.assert_array_equal(begun.editor.document.ids, expected)
    begun.redo()
    assert not begun.editor.document.segments
    begun.go_to(0)
    assert set(begun.editor.document.segments) == {1, 2}


def test_an_image_that_is_edited_is_in_progress(begun: Desk) -> None:
    assert begun.entry is not None
    assert begun.entry.status is Status.TODO
    assert begun.store is not None
    assert begun.store.flush(10)
    moments: list[str] = []
    begun.store.between = moments.append
    begun.editor.select([1])  # type: ignore[union-attr]
    begun.editor.delete()  # type: ignore[union-attr]
    assert begun.entry.status is Status.IN_PROGRESS
    assert begun.store.flush(10)
    assert moments.count("written") == 1  # the edit says so itself
    begun.set_status(Status.DONE)
    begun.undo()
    assert begun.entry.status is Status.DONE


def _change_twice_and_undo_once(desk: Desk) -> None:
    editor = desk.editor
    assert editor is not None
    editor.select([1])
    editor.set_locked(True)
    editor.select([2])
    editor.delete()
    desk.undo()


@pytest.mark.parametrize("change", [lambda labels: labels.delete(7), lambda labels: labels.merge(7, 9)])
def test_opening_an_image_after_a_class_is_gone_edits_nothing_and_keeps_what_can_be_redone(
    begun: Desk, later: Later, photos: list[Path], change: Callable[[LabelSet], LabelSet]
) -> None:
    _change_twice_and_undo_once(begun)
    assert begun.entry is not None
    entry = begun.entry
    begun.look_at(photos[1])
    later.go_on()
    begun.change_labels(change(begun.labels))
    for photo in (photos[0], photos[1], photos[0]):
        begun.look_at(photo)
        later.go_on()
    assert begun.entry == entry
    assert begun.editor is not None
    assert set(begun.editor.document.segments) == {1, 2}
    assert begun.editor.history.titles == ("Lock segment", "Delete segment")
    begun.redo()
    assert set(begun.editor.document.segments) == {1}
    begun.undo()
    begun.undo()
    assert not begun.editor.document.segments[1].locked


def test_a_class_that_is_merged_has_been_the_other_in_all_that_is_undone_and_redone(
    begun: Desk, later: Later, photos: list[Path]
) -> None:
    _change_twice_and_undo_once(begun)
    merged = begun.labels.merge(7, 9)
    for labels, name in ((merged, "road"), (merged.add("tram", isthing=True).merge(9, 10), "tram")):
        begun.change_labels(labels)
        for _ in range(2):  # as it is in memory, and as it is read from the disk
            seen = []
            for step in (begun.undo, begun.redo, begun.redo, begun.undo):
                step()
                assert begun.editor is not None
                seen.append([begun.editor.name(number) for number in begun.editor.document.segments])
            both = [f"{name} #1", f"{name} #2"]
            assert [sorted(names) for names in seen] == [both, both, both[:1], both]
            begun.look_at(photos[1])
            later.go_on()
            begun.look_at(photos[0])
            later.go_on()


@pytest.mark.parametrize(
    ("change", "classes"),
    [(lambda labels: labels.merge(7, 9), {1: "road", 2: "road"}), (lambda labels: labels.delete(7), {2: "road"})],
)
def test_what_is_shown_of_merged_and_deleted_classes_is_what_is_exported_and_checked(
    begun: Desk, change: Callable[[LabelSet], LabelSet], classes: dict[int, str]
) -> None:
    begun.change_labels(change(begun.labels))
    editor, store = begun.editor, begun.store
    assert editor is not None
    assert store is not None
    labels, segments = begun.labels, editor.document.segments
    assert {number: editor.category_name(info.category) for number, info in segments.items()} == {
        1: "person (deleted)",
        **classes,
    }
    current = store.current(begun.image)
    assert current is not None
    exported = IdMap(*current).measured(labels).segmentation
    assert {segment.id: labels.labels[segment.label].name for segment in exported.segments} == classes
    report = check(Snapshot.of(editor.document, labels))
    assert report is not None
    without = {found.number for found in report.findings if found.kind is FindingKind.CLASSLESS}
    assert without == {1, 2} - classes.keys()


def test_an_import_on_an_open_image_whose_class_was_merged_since_is_one_edit(begun: Desk) -> None:
    begun.change_labels(begun.labels.merge(7, 9))
    store, editor = begun.store, begun.editor
    assert store is not None
    assert editor is not None
    current = store.current(begun.image)
    assert current is not None
    after = IdMap(np.full_like(current[0], 5), {5: SegmentInfo(9)})
    anew = Replacement(after, begun.labels, "Import")
    edit, _ = anew.edit_of(IdMap(*current))
    assert edit is not None
    assert begun.entry is not None
    _change(begun, store, begun.image, edit, anew, (begun.entry.done, begun.entry.last))
    assert dict(editor.document.segments) == {5: SegmentInfo(9)}
    assert (editor.recent, editor.options.category) == ((), None)
    begun.undo()
    assert set(editor.document.segments) == {1, 2}


@pytest.mark.parametrize("with_nothing", [True, False])
def test_an_image_that_was_begun_begins_anew_by_one_edit_that_undo_takes_back(
    begun: Desk, later: Later, photos: list[Path], with_nothing: bool
) -> None:
    """What an import, a prediction or the truth has put there is no edit, and would be gone by a slip of the mouse."""
    assert begun.entry is not None
    assert begun.entry.last == 0
    before = begun.editor.document.ids.copy()  # type: ignore[union-attr]
    begun.set_status(Status.APPROVED)
    begun.editor.use_category(9)  # type: ignore[union-attr]
    whole = PanopticSegmentation.from_ids(np.full(SIZE, 4, np.int32), {4: 0})
    start = begun.begin_empty if with_nothing else lambda: begun.begin_from(whole, CLASSES, "the ground truth")
    start()
    later.go_on()
    editor = begun.editor
    assert editor is not None
    assert np.unique(editor.document.ids).tolist() == [0 if with_nothing else 4]
    assert editor.history.titles == ("Start from nothing" if with_nothing else "Start from the ground truth",)
    assert (begun.entry.done, begun.entry.last) == (1, 1)
    assert (editor.recent, editor.options.category) == ((9,), 9), "nobody has chosen the classes that came with it"
    begun.undo()
    np.testing.assert_array_equal(editor.document.ids, before)
    begun.look_at(photos[1])
    begun.look_at(photos[0])
    later.go_on()
    np.testing.assert_array_equal(begun.editor.document.ids, before)  # type: ignore[union-attr]


def test_what_begins_anew_as_it_is_makes_no_edit_and_says_so(begun: Desk, later: Later) -> None:
    said: list[str] = []
    begun.said.connect(said.append)
    begun.begin_from(_segmentation(), CLASSES, "the ground truth")
    later.go_on()
    assert begun.entry is not None
    assert begun.entry.last == 0
    assert "This image is what it would start with: the ground truth." in said


def test_the_class_of_new_segments_stays_chosen_as_the_one_that_it_was_merged_into(
    begun: Desk, later: Later, photos: list[Path]
) -> None:
    assert begun.editor is not None
    begun.editor.use_category(7)
    begun.change_labels(begun.labels.merge(7, 9))
    assert begun.editor.options.category == 9
    assert begun.editor.recent == (9,)
    begun.change_labels(begun.labels.delete(9))
    assert begun.editor.options.category is None


def test_only_the_newest_image_comes_on_the_desk(begun: Desk, later: Later, photos: list[Path]) -> None:
    begun.look_at(photos[1])
    begun.look_at(photos[2])
    assert len(later.waiting) == 2
    later.waiting.reverse()
    later.go_on()
    assert begun.entry is not None
    assert begun.entry.file.path == photos[2]


def test_an_image_that_is_gone_is_said_and_its_segments_are_kept(begun: Desk, later: Later, photos: list[Path]) -> None:
    begun.look_at(photos[1])
    later.go_on()
    content = photos[0].read_bytes()
    photos[0].unlink()
    begun.look_at(photos[0])
    later.go_on()
    assert begun.place == "unreadable"
    assert "missing" in begun.why_not
    photos[0].write_bytes(content)
    begun.look_at(photos[0])
    later.go_on()
    assert begun.place == "editing"
    assert set(begun.editor.document.segments) == {1, 2}  # type: ignore[union-attr]


def test_a_project_that_somebody_else_has_is_said_and_can_be_read(
    desk: Desk, later: Later, photos: list[Path], tmp_path: Path
) -> None:
    busy: list[Any] = []
    desk.busy_elsewhere.connect(lambda folder, error: busy.append((folder, str(error))))
    other = ProjectStore.create(tmp_path / "project", _labels().to_json())
    try:
        desk.open_project(tmp_path / "project")
        later.go_on()
        assert desk.store is None
        assert busy[0][0] == tmp_path / "project"
        desk.open_project(tmp_path / "project", read_only=True)
        later.go_on()
        assert desk.store is not None
        assert not desk.can_edit
        desk.change_labels(LabelSet())
        assert len(desk.labels) == 2
        assert desk.problems  # type: ignore[attr-defined]
    finally:
        other.close()


def test_tools_stay_as_they_are_set_from_image_to_image(begun: Desk, later: Later, photos: list[Path]) -> None:
    begun.editor.set_options(radius=33.0, only_void=True, only_inside=1)  # type: ignore[union-attr]
    begun.editor.use_category(9)  # type: ignore[union-attr]
    begun.look_at(photos[1])
    later.go_on()
    begun.begin_empty()
    later.go_on()
    assert begun.editor is not None
    options = begun.editor.options
    assert (options.radius, options.only_void, options.only_inside, options.category) == (33.0, True, None, 9)
    assert begun.editor.recent == (9,)


def test_a_project_that_cannot_be_opened_leaves_the_desk_empty_and_says_why(
    desk: Desk, later: Later, tmp_path: Path
) -> None:
    desk.open_project(tmp_path)
    later.go_on()
    assert desk.place == "no project"
    assert str(tmp_path) in desk.problems[0].sentence  # type: ignore[attr-defined]


def test_undo_ends_where_the_journal_has_dropped_the_oldest_edits(begun: Desk) -> None:
    assert begun.store is not None
    assert begun.editor is not None
    begun.store.journal_bytes = 500
    for step in range(12):
        begun.editor.select([2])
        begun.editor.set_locked(step % 2 == 0)
        if step % 6 == 5:
            begun.store.compact(begun.image)
            assert begun.store.flush_and_tidy(10)
    history = begun.editor.history
    assert 0 < history.first < 12
    begun.go_to(0)
    assert history.position == history.first


@pytest.mark.parametrize("by_desk", [False, True])
def test_what_is_shown_is_what_is_kept_where_edits_are_dropped_while_one_undoes(
    later: Later, photos: list[Path], tmp_path: Path, by_desk: bool
) -> None:
    told_later: list[Callable[[], object]] = []
    desk, said = Desk(later, told_later.append), []
    desk.said.connect(said.append)
    desk.new_project(tmp_path / "project", _labels(), photos)
    later.go_on()
    desk.look_at(photos[0])
    later.go_on()
    desk.begin_from(_segmentation(), CLASSES, "the network")
    later.go_on()
    store, editor = desk.store, desk.editor
    assert store is not None
    assert editor is not None
    said.clear()
    for step in range(13):
        editor.select([2])
        editor.set_locked(step % 2 == 0)
        if step % 6 == 5:
            store.compact(1)
            assert store.flush_and_tidy(10)
    store.journal_bytes = 500
    store.compact(1)
    assert store.flush_and_tidy(10)
    first = store.entries[1].first
    assert first
    assert editor.history.first == 0  # it was not told yet
    for _ in range(13):
        if desk.editor is editor:
            desk.undo() if by_desk else editor.undo()
    later.go_on()
    assert desk.editor is not None
    assert desk.editor.history.position == store.entries[1].done == first
    assert desk.editor.history.first == first
    assert bool(said) != by_desk
    desk.editor.select([1])
    desk.editor.set_crowd(True)
    kept = store.current(1)
    assert kept is not None
    assert kept[1] == dict(desk.editor.document.segments)
    assert not desk.shut()


def test_the_history_of_an_image_has_its_titles_again(begun: Desk, later: Later, photos: list[Path]) -> None:
    assert begun.store is not None
    assert begun.editor is not None
    begun.editor.select([2])
    begun.editor.set_locked(True)
    begun.editor.set_locked(False)
    titles = begun.editor.history.titles
    begun.store.compact(begun.image)
    assert begun.store.flush_and_tidy(10)
    begun.look_at(photos[1])
    later.go_on()
    begun.look_at(photos[0])
    later.go_on()
    assert begun.editor.history.titles == titles


def test_a_damaged_project_is_told_and_what_can_be_read_of_it_becomes_another(
    begun: Desk, later: Later, tmp_path: Path
) -> None:
    damaged, said = [], []
    begun.damaged.connect(lambda folder, error: damaged.append((folder, str(error))))
    begun.said.connect(said.append)
    folder = begun.store.folder  # type: ignore[union-attr]
    begun.close_project()
    later.go_on()
    whole = (folder / "project.sqlite").read_bytes()
    rescued = 0
    for page in range(1, len(whole) // 4096):
        content = whole[: page * 4096] + b"\xff" * 4096 + whole[(page + 1) * 4096 :]
        (folder / "project.sqlite").write_bytes(content)
        damaged.clear()
        begun.open_project(folder)
        later.go_on()
        if damaged:
            assert damaged[0][0] == folder
            assert begun.place == "no project"
            said.clear()
            content = (folder / "project.sqlite").read_bytes()
            begun.rescue(folder, tmp_path / f"rescued-{page}")
            later.go_on()
            rescued += begun.store is not None and begun.store.folder == tmp_path / f"rescued-{page}"
            assert bool(said) == (begun.store is not None)
            assert (folder / "project.sqlite").read_bytes() == content
        begun.close_project()
        later.go_on()
    assert rescued


def test_a_copy_of_the_project_has_everything_and_the_project_stays_open(
    begun: Desk, later: Later, tmp_path: Path
) -> None:
    begun.editor.select([1])  # type: ignore[union-attr]
    begun.editor.delete()  # type: ignore[union-attr]
    folder = begun.store.folder  # type: ignore[union-attr]
    begun.copy_project(tmp_path / "copy")
    later.go_on()
    assert begun.store is not None
    assert begun.store.folder == folder
    copy = ProjectStore.open(tmp_path / "copy")
    try:
        assert [entry.last for entry in copy.entries.values()] == [1, 0, 0]
    finally:
        copy.close()
