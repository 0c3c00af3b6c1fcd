"""The dialog Import: what it says before it does anything, what it does, and that undo takes it back."""

from __future__ import annotations

import json
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QObject

from lpsnet_studio.annotator.desk import Desk
from lpsnet_studio.annotator.edits import SegmentInfo
from lpsnet_studio.annotator.export_command import export_project
from lpsnet_studio.annotator.exporting import ExportFormat
from lpsnet_studio.annotator.id_maps import IdMap
from lpsnet_studio.annotator.import_view import ImportDialog
from lpsnet_studio.annotator.import_work import look_at, run_import
from lpsnet_studio.annotator.labels import LabelSet
from lpsnet_studio.annotator.placed_mask import PlacedMask
from lpsnet_studio.annotator.project import FileFacts, Status
from lpsnet_studio.annotator.store import ProjectStore
from lpsnet_studio.background import Background, courier
from tests.studio.annotator.desks import Later, begun_desk, photos_in
from tests.studio.annotator.editing import LABELS, PERSON, SEA, SKY

SIZE = (6, 8)


def _ids(person: int) -> np.ndarray[Any, Any]:
    ids = np.full(SIZE, 2, np.uint16)
    ids[:person, :2] = 1
    return ids


@pytest.fixture
def exported(tmp_path: Path) -> Path:
    """The export of another project of these photos and one more, with a class more."""
    photos = photos_in(tmp_path / "photos", 4, SIZE)
    labels = LABELS.add("kite", isthing=True)
    store = ProjectStore.create(tmp_path / "other", labels.to_json())
    store.add_images(FileFacts.of(photo) for photo in photos)
    kite = labels.by_name["kite"].id
    for image, second in ((1, SKY), (2, kite), (4, SKY)):
        infos = {1: PERSON, 2: second}
        store.start(image, _ids(3), {number: SegmentInfo(category) for number, category in infos.items()})
    path = export_project(store, ExportFormat.COCO_PANOPTIC, tmp_path / "photos" / "out", only_done=False).path
    store.close()
    return path


@pytest.fixture
def later() -> Later:
    return Later()


@pytest.fixture
def desk(tmp_path: Path, later: Later) -> Iterator[Desk]:
    made = begun_desk(tmp_path, _ids(1), {1: PERSON, 2: SEA})
    made.work = later
    yield made
    assert not made.shut()


@pytest.fixture
def dialog(desk: Desk, theme: Any, qapp: Any) -> ImportDialog:
    made = ImportDialog(None, desk, theme, ask=lambda *_: "")
    made.show()
    return made


def _look(dialog: ImportDialog, path: Path, photos: Path, later: Later) -> None:
    dialog.photos.show_path(str(photos))
    dialog.choose(path)
    assert dialog.told.text() == "Looking…"
    later.go_on()


def test_it_says_what_an_import_would_do(
    dialog: ImportDialog, later: Later, exported: Path, tmp_path: Path, desk: Desk
) -> None:
    assert not dialog.take.isEnabled()
    _look(dialog, exported, tmp_path / "photos", later)
    assert dialog.told.text().splitlines() == [
        "COCO panoptic: 3 images, 5 classes.",
        "2 of 3 images are in the project.",
        "1 of these was begun. It is changed by one edit, which undo takes back.",
        "Locked segments stay.",
        "4 of 5 classes are in the project; segments of others are left out unless they are added.",
    ]
    assert dialog.add_photos.text() == "Add 1 photo that the project does not have"
    assert not dialog.add_photos.isChecked()
    assert dialog.add_classes.text() == "Add 1 class that the project does not have"
    assert dialog.missing.text() == "kite"
    assert dialog.add_classes.isChecked()
    assert dialog.take.isEnabled()
    assert desk.labels == LABELS


def test_the_image_on_the_desk_is_changed_there_and_undo_takes_it_back(
    dialog: ImportDialog, later: Later, exported: Path, tmp_path: Path, desk: Desk
) -> None:
    editor, store = desk.editor, desk.store
    assert editor is not None
    assert store is not None
    _look(dialog, exported, tmp_path / "photos", later)
    dialog.take.click()
    assert dialog.working.isVisible()
    later.go_on()
    np.testing.assert_array_equal(editor.document.ids, _ids(3))
    assert desk.editor is editor
    assert editor.history.undo_title == "Import from COCO panoptic"
    desk.undo()
    np.testing.assert_array_equal(editor.document.ids, _ids(1))
    assert editor.document.segments[2].category == SEA
    desk.redo()
    np.testing.assert_array_equal(editor.document.ids, _ids(3))
    current = store.current(1)
    assert current is not None
    np.testing.assert_array_equal(current[0], _ids(3))
    assert desk.labels.by_name["kite"].isthing
    text = dialog.report.text.toPlainText().splitlines()
    assert text[0] == "2 images with 4 segments taken over from COCO panoptic."
    assert "1 class added to the project." in text


@pytest.mark.parametrize("is_done", [False, True])
def test_what_was_imported_is_in_progress_or_done_if_that_is_wanted(
    dialog: ImportDialog, later: Later, exported: Path, tmp_path: Path, desk: Desk, is_done: bool
) -> None:
    store = desk.store
    assert store is not None
    assert [entry.status for entry in desk.entries] == [Status.TODO] * 3
    assert dialog.call_done.isHidden()
    _look(dialog, exported, tmp_path / "photos", later)
    assert dialog.call_done.isVisible()
    assert not dialog.call_done.isChecked()
    dialog.call_done.setChecked(is_done)
    dialog.take.click()
    later.go_on()
    now = Status.DONE if is_done else Status.IN_PROGRESS
    assert [entry.status for entry in desk.entries] == [now, now, Status.TODO]
    assert not store.entries[3].is_started


def test_photos_are_added_if_that_is_wanted(
    dialog: ImportDialog, later: Later, exported: Path, tmp_path: Path, desk: Desk
) -> None:
    _look(dialog, exported, tmp_path / "photos", later)
    dialog.add_photos.setChecked(True)
    dialog.add_classes.setChecked(False)
    dialog.take.click()
    later.go_on()
    assert len(desk.entries) == 4
    text = dialog.report.text.toPlainText()
    assert "3 images with 5 segments taken over" in text
    assert "1 photo added to the project." in text
    assert "1 segment of kite left out: the project has no such label." in text
    assert desk.labels == LABELS


def test_an_image_that_was_not_begun_is_there_to_be_edited(
    dialog: ImportDialog, later: Later, exported: Path, tmp_path: Path, desk: Desk
) -> None:
    desk.look_at(tmp_path / "photos" / "1.png")
    later.go_on()
    assert desk.place == "not started"
    _look(dialog, exported, tmp_path / "photos", later)
    dialog.take.click()
    later.go_on()
    assert desk.place == "editing"
    assert desk.editor is not None
    np.testing.assert_array_equal(desk.editor.document.ids, _ids(3))
    loaded = desk.store.load(1)  # type: ignore[union-attr]
    assert loaded is not None
    assert [edit.title for edit in loaded.done_edits] == ["Import from COCO panoptic"]


def test_what_was_edited_meanwhile_is_replaced_by_one_edit_too(desk: Desk, exported: Path, tmp_path: Path) -> None:
    """Between the worker's look at the image and its edit the user edits it."""
    editor, store = desk.editor, desk.store
    assert editor is not None
    assert store is not None
    look = look_at(exported, tmp_path / "photos", desk.entries, desk.labels)
    between = [True]

    def deliver(call: Any) -> None:
        if between.pop() if between else False:
            editor.select([1])
            editor.delete("neighbours")
            assert (editor.document.ids == 2).all()
        call()

    desk.deliver = deliver
    run_import(desk, store, look, desk.labels, adds_photos=False, progress=lambda *_: None, cancelled=lambda: False)
    np.testing.assert_array_equal(editor.document.ids, _ids(3))
    assert editor.document.is_consistent()
    desk.undo()
    assert (editor.document.ids == 2).all()
    desk.undo()
    np.testing.assert_array_equal(editor.document.ids, _ids(1))


@pytest.mark.parametrize("is_let_go", [False, True])
def test_a_stroke_is_no_obstacle(desk: Desk, later: Later, exported: Path, tmp_path: Path, is_let_go: bool) -> None:
    """One in hand is given up; one that was let go of, and is still being settled, becomes an edit first."""
    editor, store = desk.editor, desk.store
    assert editor is not None
    assert store is not None
    editor.elsewhere.work = later
    editor.select([1])
    stroke = editor.begin("Brush")
    assert stroke is not None
    stroke.put(PlacedMask(np.ones((2, 2), np.bool_), (4, 4)))
    if is_let_go:
        editor.elsewhere.takes = lambda _milliseconds: True  # type: ignore[method-assign]
        assert stroke.finish() is None
        assert editor.elsewhere.doing
    look = look_at(exported, tmp_path / "photos", desk.entries, desk.labels)
    run_import(desk, store, look, desk.labels, adds_photos=False, progress=lambda *_: None, cancelled=lambda: False)
    later.go_on()
    np.testing.assert_array_equal(editor.document.ids, _ids(3))
    assert editor.document.is_consistent()
    assert editor.history.position == 1 + is_let_go
    current = store.current(1)
    assert current is not None
    np.testing.assert_array_equal(current[0], _ids(3))


def test_images_that_lie_elsewhere_are_changed_in_the_journal(desk: Desk, exported: Path, tmp_path: Path) -> None:
    desk.work = lambda work, done, **_: done(work())
    desk.look_at(None)
    store = desk.store
    assert store is not None
    look = look_at(exported, tmp_path / "photos", desk.entries, desk.labels)
    run_import(desk, store, look, desk.labels, adds_photos=False, progress=lambda *_: None, cancelled=lambda: False)
    current = store.current(1)
    assert current is not None
    assert IdMap(*current).ids.tolist() == _ids(3).tolist()
    store.set_cursor(1, 0)
    desk.look_at(tmp_path / "photos" / "0.png")
    assert desk.editor is not None
    assert desk.editor.history.can_redo


def test_overlaps_are_told_at_the_end(dialog: ImportDialog, later: Later, tmp_path: Path, desk: Desk) -> None:
    shapes = [
        {"label": "person", "shape_type": "rectangle", "points": [[0, 0], [4, 4]]},
        {"label": "<b>car</b>", "shape_type": "rectangle", "points": [[2, 2], [6, 6]]},
    ]
    path = tmp_path / "photos" / "1.json"
    path.write_text(json.dumps({"imagePath": "1.png", "imageHeight": 6, "imageWidth": 8, "shapes": shapes}))
    _look(dialog, path, Path(), later)
    assert dialog.missing.text() == "<b>car</b>"
    dialog.take.click()
    later.go_on()
    assert "1.png: <b>car</b> (shape 2) won 4 pixels over person (shape 1)" in dialog.report.text.toPlainText()


@pytest.mark.parametrize("content", ["{}", "no JSON", ""])
def test_what_is_no_annotation_is_told_in_a_sentence(
    dialog: ImportDialog, later: Later, tmp_path: Path, content: str
) -> None:
    path = tmp_path / "x.json"
    path.write_text(content)
    _look(dialog, path, Path(), later)
    assert dialog.objection.text().startswith(str(path))
    assert not dialog.take.isEnabled()


def test_what_concerns_none_of_the_images_is_not_imported(
    dialog: ImportDialog, later: Later, exported: Path, tmp_path: Path, desk: Desk
) -> None:
    desk.store.remove_images([1, 2, 3])  # type: ignore[union-attr]
    _look(dialog, exported, tmp_path / "photos", later)
    assert dialog.add_photos.isChecked()
    dialog.add_photos.setChecked(False)
    assert dialog.objection.text() == "None of its images is in the project."
    assert not dialog.take.isEnabled()
    desk.look_at(None)


def test_cancelling_tells_what_was_taken_over(
    dialog: ImportDialog, later: Later, exported: Path, tmp_path: Path
) -> None:
    _look(dialog, exported, tmp_path / "photos", later)
    dialog.take.click()
    dialog.reject()
    assert dialog.isVisible()
    later.go_on()
    assert "0 images with 0 segments taken over from COCO panoptic before it was cancelled." in (
        dialog.report.text.toPlainText()
    )
    dialog.report.close_button.click()
    assert not dialog.isVisible()


def test_nothing_is_imported_into_what_is_only_read(tmp_path: Path, theme: Any, qapp: Any, exported: Path) -> None:
    begun_desk(tmp_path, _ids(1), {1: PERSON, 2: SEA}).shut()
    desk = Desk(lambda work, done, **_: done(work()), lambda call: call())
    desk.open_project(tmp_path / "project", read_only=True)
    dialog = ImportDialog(None, desk, theme)
    dialog.choose(exported)
    assert "open to read" in dialog.objection.text()
    assert not dialog.take.isEnabled()
    desk.shut()


def test_with_threads_the_window_takes_the_edit(tmp_path: Path, theme: Any, qtbot: Any, exported: Path) -> None:
    """The worker waits for the window, which does the edit while it goes on."""
    owner = QObject()
    background = Background(pytest.fail, owner)
    desk = begun_desk(tmp_path, _ids(1), {1: PERSON, 2: SEA})
    here = weakref.ref(owner)
    desk.work, desk.deliver = background.run, lambda call: courier().bring(here, lambda _owner: call())
    dialog = ImportDialog(None, desk, theme)
    dialog.show()
    dialog.choose(exported)
    qtbot.waitUntil(dialog.take.isEnabled)
    dialog.take.click()
    qtbot.waitUntil(dialog.report.isVisible)
    assert desk.editor is not None
    np.testing.assert_array_equal(desk.editor.document.ids, _ids(3))
    assert LabelSet.from_json(desk.store.labels, "").by_name["kite"]  # type: ignore[union-attr]
    dialog.close()
    assert not desk.shut()
    assert background.wait(1000)
