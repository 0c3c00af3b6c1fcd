"""The dialog New project: what is chosen is what is wanted, and why not is said while one types."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from lpsnet_studio.annotator.labels import LabelSet
from lpsnet_studio.annotator.new_project import ProjectChoices
from lpsnet_studio.annotator.new_project_view import NewProjectDialog
from lpsnet_studio.annotator.store import ProjectStore
from tests.studio.annotator.desks import undelayed_desk
from tests.studio.annotator.editing import LABELS


class Asked:
    """Stands in for the system's dialogs."""

    def __init__(self) -> None:
        self.answer = ""
        self.questions: list[tuple[str, str, bool]] = []

    def __call__(self, parent: Any, name: str, where: str, is_folder: bool) -> str:
        self.questions.append((name, where, is_folder))
        return self.answer


@pytest.fixture
def asked() -> Asked:
    return Asked()


@pytest.fixture
def dialog(tmp_path: Path, theme: Any, qtbot: Any, asked: Asked) -> NewProjectDialog:
    choices = ProjectChoices(
        tmp_path,
        "cats",
        LABELS,
        LabelSet(LABELS.labels[:1]),
        (tmp_path / "1.png", tmp_path / "2.png"),
        tmp_path / "2.png",
    )
    made = NewProjectDialog(None, undelayed_desk(), theme, choices, asked)
    made.wanted.connect(lambda *told: made.setProperty("told", told))
    made.show()
    return made


def test_what_is_chosen_is_wanted(dialog: NewProjectDialog, tmp_path: Path) -> None:
    assert dialog.preview.text() == "2 things and 2 stuff: person, car, sky, sea"
    assert dialog.images["listed"].text() == "All that are listed (2)"
    dialog.create_button.click()
    assert dialog.property("told") == (tmp_path / "cats", LABELS, (tmp_path / "1.png", tmp_path / "2.png"))
    assert not dialog.isVisible()


def test_other_classes_and_images(dialog: NewProjectDialog, tmp_path: Path) -> None:
    dialog.classes["dataset"].click()
    assert dialog.preview.text() == "1 thing and 0 stuff: person"
    dialog.images["current"].click()
    assert dialog.image_paths == (tmp_path / "2.png",)
    dialog.classes["none"].click()
    dialog.images["none"].click()
    assert (dialog.labels, dialog.image_paths) == (LabelSet(), ())
    assert dialog.create_button.isEnabled()


def test_classes_come_from_files_of_three_kinds(dialog: NewProjectDialog, tmp_path: Path, asked: Asked) -> None:
    path = tmp_path / "classes.json"
    dialog.classes["file"].click()
    assert not dialog.create_button.isEnabled()
    assert dialog.preview.text() == "Choose the file."
    for content in (
        [{"id": 3, "name": "dog", "isthing": 1, "supercategory": "animal", "color": [1, 2, 3]}],
        {"images": [], "annotations": [], "categories": [{"id": 3, "name": "dog", "isthing": 1}]},
        LabelSet().add("dog", isthing=True).to_json(),
    ):
        path.write_text(json.dumps(content))
        asked.answer = str(path)
        dialog.file.buttons[0].click()
        assert dialog.preview.text() == "1 thing and 0 stuff: dog"
        assert dialog.create_button.isEnabled()
    assert asked.questions[0] == ("A JSON file with classes", "", False)


def test_a_file_without_classes_is_told_in_a_sentence(dialog: NewProjectDialog, tmp_path: Path) -> None:
    path = tmp_path / "<b>none.json"
    path.write_text("{}")
    dialog.classes["file"].click()
    dialog.file.box.setText(str(path))
    dialog.file.edited.emit(str(path))
    assert dialog.objection.text() == f"{path}: holds no list of classes"
    assert not dialog.create_button.isEnabled()
    path.unlink()
    dialog.file.edited.emit(str(path))
    assert dialog.objection.text() == f"{path}: cannot be opened (No such file or directory)"
    dialog.classes["none"].click()
    assert dialog.objection.text() == ""
    assert dialog.create_button.isEnabled()


def test_why_it_cannot_be_made_is_said_while_one_types(dialog: NewProjectDialog, tmp_path: Path, qtbot: Any) -> None:
    ProjectStore.create(tmp_path / "cats" / "there").close()
    dialog.name.setText("")
    qtbot.keyClicks(dialog.name, "there")
    assert not dialog.create_button.isEnabled()
    dialog.where.box.setText("")
    qtbot.keyClicks(dialog.where.box, str(tmp_path / "cats"))
    qtbot.waitUntil(lambda: bool(dialog.objection.text()))
    assert "is an annotation project already" in dialog.objection.text()
    assert not dialog.create_button.isEnabled()
    qtbot.keyClicks(dialog.name, "2")
    qtbot.waitUntil(lambda: dialog.create_button.isEnabled())
    assert dialog.objection.text() == ""
    assert dialog.place.text().endswith("there2")
    dialog.name.clear()
    qtbot.keyClicks(dialog.name, "a/b")
    qtbot.waitUntil(lambda: "cannot" in dialog.objection.text() or "can hold" in dialog.objection.text())


def test_what_is_not_there_cannot_be_chosen_and_it_says_why(tmp_path: Path, theme: Any, qtbot: Any) -> None:
    dialog = NewProjectDialog(None, undelayed_desk(), theme, ProjectChoices(tmp_path))
    assert not dialog.classes["network"].isEnabled()
    assert "No network is loaded." in dialog.classes["network"].toolTip()
    assert not dialog.images["listed"].isEnabled()
    assert dialog.classes["file"].isChecked()
    assert dialog.images["none"].isChecked()
