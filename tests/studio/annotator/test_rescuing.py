"""Damaged databases: a sentence, and everything that can still be read in a new project."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from lpsnet_studio.annotator.project_errors import ProjectDamaged, ProjectError
from lpsnet_studio.annotator.rescuing import rescue
from lpsnet_studio.annotator.store import ProjectStore
from tests.studio.annotator.scripted_session import Sheet, make_pictures

PAGE = 4096


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project of two images with twelve edits each."""
    with closing(ProjectStore.create(tmp_path / "project", ["person", "road"])) as store:
        images, _ = store.add_images(make_pictures(tmp_path))
        for image in images:
            sheet = _sheet(image)
            store.start(image, sheet.states[0][0], sheet.states[0][1], "the network")
        for image in images:
            for edit in _edits(image):
                store.append(image, edit)
    return tmp_path / "project"


def _sheet(image: int) -> Sheet:
    sheet = Sheet.begun(image)
    for _ in _edits(image, sheet):
        pass
    return sheet


def _edits(image: int, sheet: Sheet | None = None) -> list:
    sheet, random = sheet or Sheet.begun(image), np.random.default_rng(image)
    return [sheet.paint(random, "Brush") for _ in range(12)]


def _change(project: Path, statement: str) -> None:
    with closing(sqlite3.connect(project / "project.sqlite", isolation_level=None)) as connection:
        connection.execute(statement)


def test_a_whole_project_is_rescued_wholly(project: Path, tmp_path: Path) -> None:
    found = rescue(project, tmp_path / "deep" / "new")
    assert (found.images, found.edits, found.lost) == (2, 24, ())
    with closing(ProjectStore.open(tmp_path / "deep" / "new")) as store:
        assert store.labels == ["person", "road"]
        for image in (1, 2):
            sheet = _sheet(image)
            np.testing.assert_array_equal((store.current(image) or (None,))[0], sheet.ids)
            assert store.file_state(image)[1] == ""


def test_edits_behind_a_damaged_one_are_lost_and_named(project: Path, tmp_path: Path) -> None:
    _change(project, "UPDATE edits SET content = x'0102' WHERE image = 1 AND sequence = 8")
    _change(project, "UPDATE bases SET ids = x'00' WHERE image = 2")
    found = rescue(project, tmp_path / "new")
    assert found.lost == (
        "../a.png: edits 8 … 12 are lost",
        "../b.png: its segmentation cannot be read, and has to be begun anew",
    )
    with closing(ProjectStore.open(tmp_path / "new")) as store:
        sheet = _sheet(1)
        sheet.done = 7
        np.testing.assert_array_equal((store.current(1) or (None,))[0], sheet.ids)
        assert store.load(2) is None
        assert store.damage() == []


def test_a_newer_base_saves_what_is_behind_a_damaged_edit(project: Path, tmp_path: Path) -> None:
    with closing(ProjectStore.open(project)) as store:
        store.set_cursor(1, 9)
        store.compact(1)
        assert store.flush_and_tidy(30)
        store.set_cursor(1, 11)
    _change(project, "DELETE FROM edits WHERE image = 1 AND sequence = 4")
    rescue(project, tmp_path / "new")
    with closing(ProjectStore.open(tmp_path / "new")) as store:
        assert (store.entries[1].first, store.entries[1].done, store.entries[1].last) == (9, 11, 12)
        sheet = _sheet(1)
        sheet.done = 11
        np.testing.assert_array_equal((store.current(1) or (None,))[0], sheet.ids)


def test_wherever_a_page_is_destroyed_there_is_a_sentence_or_a_project(project: Path, tmp_path: Path) -> None:
    content = (project / "project.sqlite").read_bytes()
    rescued = 0
    for page in range(1, len(content) // PAGE):
        damaged = tmp_path / f"damaged {page}"
        damaged.mkdir()
        hole = np.random.default_rng(page).bytes(PAGE)
        (damaged / "project.sqlite").write_bytes(content[: page * PAGE] + hole + content[(page + 1) * PAGE :])
        _open_and_load_all(damaged)
        try:
            found = rescue(damaged, tmp_path / f"new {page}")
        except ProjectDamaged as error:
            assert "no image can be read from it" in str(error)  # noqa: PT017 - either is right
            assert list((tmp_path / f"new {page}").iterdir()) == []
            continue
        rescued += 1
        with closing(ProjectStore.open(tmp_path / f"new {page}")) as store:
            assert len(store.entries) == found.images
            assert store.damage() == []
            for image in store.entries:
                store.load(image)
        shutil.rmtree(tmp_path / f"new {page}")
    assert rescued >= len(content) // PAGE // 2


def _open_and_load_all(project: Path) -> None:
    """Opens a damaged project: what cannot be read is told in a sentence, and by nothing else."""
    try:
        with closing(ProjectStore.open(project, read_only=True)) as store:
            for image in store.entries:
                store.load(image)
    except ProjectError as error:
        assert str(project / "project.sqlite") in str(error)  # noqa: PT017 - there may be none


def test_a_file_that_is_no_database_has_nothing_to_rescue(project: Path, tmp_path: Path) -> None:
    (project / "project.sqlite").write_bytes(bytes(10_000))
    with pytest.raises(ProjectDamaged, match=r"project\.sqlite is damaged"):
        ProjectStore.open(project)
    with pytest.raises(ProjectDamaged):
        rescue(project, tmp_path / "new")
    assert list((tmp_path / "new").iterdir()) == []
    with closing(ProjectStore.create(tmp_path / "there")), pytest.raises(ProjectError, match="a folder of its own"):
        rescue(project, tmp_path / "there")


def test_a_label_set_that_cannot_be_read_is_left_behind_and_said(project: Path, tmp_path: Path) -> None:
    for number, content in enumerate(('{"labels": [{"id": 1}]}', "no JSON")):
        with closing(sqlite3.connect(project / "project.sqlite", isolation_level=None)) as connection:
            connection.execute("UPDATE labels SET content = ?", (content,))
        found = rescue(project, tmp_path / f"new {number}")
        assert (found.images, found.edits, len(found.lost)) == (2, 24, 1)
        assert found.lost[0].startswith("The classes cannot be read (")
        with closing(ProjectStore.open(tmp_path / f"new {number}")) as store:
            assert store.labels is None
