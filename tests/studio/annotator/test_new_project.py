"""What a new project can be made of, and where it cannot be made; without Qt."""

from __future__ import annotations

from pathlib import Path

import pytest

from lpsnet_studio.annotator.labels import LabelSet
from lpsnet_studio.annotator.new_project import (
    folder_named,
    labels_words,
    objection_to_name,
    objection_to_project,
    typed_path,
)
from lpsnet_studio.annotator.store import ProjectStore
from tests.studio.annotator.editing import LABELS


def test_a_project_can_be_made_in_a_folder_that_is_there_or_not(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    assert objection_to_project(tmp_path / "there") == ""
    assert objection_to_project(tmp_path / "not" / "yet") == ""
    ProjectStore.create(tmp_path / "not" / "yet").close()


def test_why_it_cannot_is_said_in_a_sentence(tmp_path: Path) -> None:
    ProjectStore.create(tmp_path / "project").close()
    (tmp_path / "file").write_text("")
    assert objection_to_project(tmp_path / "project") == (
        f"{tmp_path / 'project'} is an annotation project already: open it, or give this one another name."
    )
    assert objection_to_project(tmp_path / "file") == f"{tmp_path / 'file'} is a file: give the project another name."
    assert objection_to_project(tmp_path / "file" / "in") == f"{tmp_path / 'file'} is a file, not a folder."
    assert objection_to_project(Path("here")) == "here: say where it lies from the top on."
    assert objection_to_project(tmp_path / "\0") != ""


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.access", lambda path, mode: False)
    assert objection_to_project(tmp_path / "a" / "b") == f"{tmp_path} cannot be written: choose another folder."


@pytest.mark.parametrize("name", ["", "  ", "a/b", "a\\b", "a:b", "a\nb", "..", "name.", "NUL"])
def test_no_project_has_a_name_that_no_folder_can_have(name: str) -> None:
    assert objection_to_name(name)


@pytest.mark.parametrize("name", ["annotations", "Straße 7", "写真", "a.b", ".hidden".removeprefix(".")])
def test_any_other_name_will_do(name: str) -> None:
    assert objection_to_name(name) == ""


def test_a_name_that_is_taken_gets_a_number(tmp_path: Path) -> None:
    assert folder_named(tmp_path, "a") == "a"
    (tmp_path / "a").mkdir()
    (tmp_path / "a-2").mkdir()
    assert folder_named(tmp_path, "a") == "a-3"


def test_classes_are_counted_and_the_first_named() -> None:
    assert labels_words(LABELS) == "2 things and 2 stuff: person, car, sky, sea"
    assert labels_words(LabelSet(LABELS.labels[:1])) == "1 thing and 0 stuff: person"
    assert labels_words(LabelSet()).startswith("No classes yet")
    many = LABELS
    for number in range(5):
        many = many.add(f"class {number}", isthing=False)
    assert labels_words(many) == "2 things and 7 stuff: person, car, sky, sea, class 0, class 1\u00a0…"


def test_the_home_is_known_by_its_sign() -> None:
    assert typed_path("~/a") == Path.home() / "a"
    assert typed_path("~nobody-of-this-name/a") == Path("~nobody-of-this-name/a")
