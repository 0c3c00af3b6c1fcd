"""The dialog Export: what it offers, what it writes, and that nothing is lost when it is cancelled or fails."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lpsnet_studio.annotator import elsewhere
from lpsnet_studio.annotator.desk import Desk
from lpsnet_studio.annotator.edits import SegmentInfo
from lpsnet_studio.annotator.export_folder import ExportFormat
from lpsnet_studio.annotator.export_view import ExportDialog
from lpsnet_studio.annotator.placed_mask import PlacedMask
from lpsnet_studio.annotator.project import Status
from tests.studio.annotator.desks import Later, begun_desk, photos_in, undelayed_desk
from tests.studio.annotator.editing import LABELS, PERSON, SKY


@pytest.fixture
def later() -> Later:
    return Later()


@pytest.fixture
def desk(tmp_path: Path, later: Later) -> Iterator[Desk]:
    ids = np.full((6, 8), 2, np.uint16)
    ids[:2, :2] = 1
    made = begun_desk(tmp_path, ids, {1: PERSON, 2: SKY})
    made.work = later
    yield made
    assert not made.shut()


@pytest.fixture
def shown() -> list[Path]:
    return []


@pytest.fixture
def dialog(desk: Desk, theme: Any, qapp: Any, shown: list[Path], tmp_path: Path) -> ExportDialog:
    def show(folder: Path) -> bool:
        shown.append(folder)
        return False

    made = ExportDialog(None, desk, theme, "", lambda *_: str(tmp_path / "chosen"), show)
    made.show()
    return made


def _rest(dialog: ExportDialog, later: Later, qtbot: Any) -> None:
    """Lets typing pause and the disk be looked at."""
    qtbot.waitUntil(lambda: not dialog._calm.isActive())
    later.go_on()


def test_it_says_how_many_images_are_done_and_annotated(dialog: ExportDialog, desk: Desk, theme: Any) -> None:
    assert dialog.finished_only.text() == "Those that are done or approved (0)"
    assert not dialog.finished_only.isEnabled()
    assert dialog.everything.text() == "All that were annotated (1 of 3)"
    assert dialog.everything.isChecked()
    desk.set_status(Status.DONE, 2)
    assert desk.entries[1].status is Status.TODO, "what was never begun is not called done, and so not missed here"
    assert "No annotated image is done yet." in dialog.finished_only.toolTip()
    desk.set_status(Status.DONE)
    again = ExportDialog(None, desk, theme)
    assert again.finished_only.text() == "Those that are done or approved (1)"
    assert again.finished_only.isChecked()


def test_a_stroke_that_is_being_finished_is_exported_too(
    dialog: ExportDialog, desk: Desk, later: Later, qtbot: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(elsewhere, "AT_ONCE", -1.0)
    editor, told = desk.editor, []
    assert editor is not None
    assert desk.store is not None
    assert desk.store.flush(10)
    editor.elsewhere.work = later
    desk.saved_changed.connect(lambda: told.append(desk.unsaved))
    editor.select([1])
    stroke = editor.begin("Brush")
    assert stroke is not None
    stroke.put(PlacedMask(np.ones((6, 4), np.bool_), (0, 0)))
    assert stroke.finish() is None
    assert desk.unsaved == 1
    assert told == [1], "the bar says that it is being saved"
    qtbot.waitUntil(lambda: not dialog._calm.isActive())
    dialog._take_fault("")  # the folder was looked at, and nothing else was done meanwhile
    dialog.export.click()
    assert editor.history.titles == ("Brush",)
    later.go_on()
    written = json.loads((tmp_path / "project-coco-panoptic" / "panoptic.json").read_text())
    areas = sorted(segment["area"] for segment in written["annotations"][0]["segments_info"])
    assert areas == [24, 24]


@pytest.mark.parametrize(("kind", "json_name"), [(kind, kind.json_name) for kind in ExportFormat])
def test_what_is_chosen_is_written_and_told(
    dialog: ExportDialog,
    later: Later,
    qtbot: Any,
    tmp_path: Path,
    shown: list[Path],
    kind: ExportFormat,
    json_name: str,
) -> None:
    dialog.kind.setCurrentIndex(list(ExportFormat).index(kind))
    assert not dialog.export.isEnabled()
    _rest(dialog, later, qtbot)
    dialog.export.click()
    assert dialog.working.isVisible()
    later.go_on()
    out = tmp_path / f"project-{kind}"
    assert len(json.loads((out / json_name).read_text())["images"]) == 1
    assert dialog.report.text.toPlainText().startswith("1 image with ")
    assert str(out / json_name) in dialog.report.text.toPlainText()
    dialog.report.folder.click()
    assert shown == [out]
    assert not dialog.report.folder.isEnabled()
    dialog.report.close_button.click()
    assert not dialog.isVisible()


def test_it_is_proposed_outside_of_the_photos_and_where_it_was_last(
    later: Later, theme: Any, qtbot: Any, tmp_path: Path
) -> None:
    desk = undelayed_desk()
    photos = photos_in(tmp_path / "street", 2, (6, 8))
    desk.new_project(tmp_path / "street" / "work" / "project", LABELS, photos)
    assert desk.store is not None
    desk.store.start(1, np.ones((6, 8), np.uint16), {1: SegmentInfo(SKY)}, "a test")
    desk.work = later
    dialog = ExportDialog(None, desk, theme)
    assert dialog.out.text == str(tmp_path / "project-coco-panoptic")
    dialog.out.show_path(str(tmp_path / "deep" / "mine"))
    dialog.out.edited.emit(dialog.out.text)
    _rest(dialog, later, qtbot)
    dialog.export.click()
    later.go_on()
    again = ExportDialog(None, desk, theme)
    assert again.out.text == str(tmp_path / "deep" / "mine")
    again.kind.setCurrentIndex(1)
    assert again.out.text == str(tmp_path / "deep" / "project-coco-instances")
    assert not desk.shut()


def test_a_folder_with_other_things_is_objected_to(
    dialog: ExportDialog, later: Later, qtbot: Any, tmp_path: Path
) -> None:
    (tmp_path / "chosen").mkdir()
    (tmp_path / "chosen" / "thesis.txt").write_text("")
    dialog.out.buttons[0].click()
    _rest(dialog, later, qtbot)
    assert "holds what no COCO panoptic export has made (thesis.txt)" in dialog.objection.text()
    assert not dialog.export.isEnabled()
    dialog.kind.setCurrentIndex(1)
    assert dialog.out.text == str(tmp_path / "chosen")
    dialog.out.show_path("here")
    dialog.out.edited.emit("here")
    _rest(dialog, later, qtbot)
    assert dialog.objection.text() == "here: say where it lies from the top on."


def test_a_cancelled_export_leaves_the_earlier_one(
    dialog: ExportDialog, later: Later, qtbot: Any, tmp_path: Path
) -> None:
    _rest(dialog, later, qtbot)
    dialog.export.click()
    later.go_on()
    before = (tmp_path / "project-coco-panoptic" / "panoptic.json").read_bytes()
    dialog._pages.setCurrentWidget(dialog._form)
    dialog.export.click()
    dialog.reject()
    assert dialog.isVisible()
    assert dialog.working.cancel.text() == "Ending…"
    later.go_on()
    assert dialog.objection.text().startswith("Cancelled: nothing was written")
    assert dialog.export.isVisible()
    assert (tmp_path / "project-coco-panoptic" / "panoptic.json").read_bytes() == before
    dialog.close()
    assert not dialog.isVisible()


def test_it_does_not_close_while_it_writes(dialog: ExportDialog, later: Later, qtbot: Any) -> None:
    _rest(dialog, later, qtbot)
    dialog.export.click()
    assert not dialog.close()
    assert dialog.isVisible()
    later.go_on()


def test_a_failure_is_told_in_its_sentence(dialog: ExportDialog, desk: Desk, later: Later, qtbot: Any) -> None:
    _rest(dialog, later, qtbot)
    desk.change_labels(desk.labels.__class__())
    dialog.export.click()
    later.go_on()
    assert dialog.objection.text() == "Nothing to export: the project has no labels."
    assert dialog.export.isVisible()


def test_a_project_without_annotations_has_nothing_to_export(tmp_path: Path, theme: Any, qapp: Any) -> None:
    desk = Desk(lambda work, done, **_: done(work()), lambda call: call())
    desk.new_project(tmp_path / "empty", desk.labels)
    dialog = ExportDialog(None, desk, theme)
    assert dialog.objection.text() == "There is nothing to export: no image was annotated yet."
    assert not dialog.export.isEnabled()
    assert not desk.shut()
