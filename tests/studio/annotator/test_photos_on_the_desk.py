"""The photo of the image on the desk: one that changed is told of once, and one shown otherwise than it is kept."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from lpsnet_studio.annotator.choices import actions_possible, why_not
from lpsnet_studio.annotator.desk import Desk
from lpsnet_studio.annotator.store import ProjectStore
from tests.studio.annotator.desks import begun_desk, undelayed_desk
from tests.studio.annotator.editing import PERSON

IDS = np.ones((6, 8), np.uint16)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = begun_desk(tmp_path, IDS, {1: PERSON})
    yield made
    assert not made.shut()


@pytest.fixture
def photo(tmp_path: Path, desk: Desk) -> Path:
    """The photo of the image on the desk, after another program has changed it."""
    path = tmp_path / "photos" / "0.png"
    pixels = np.random.default_rng(1).integers(0, 255, (6, 8, 3)).astype(np.uint8)
    Image.fromarray(pixels).save(path)
    return path


def _look_at(desk: Desk, photo: Path) -> list[str]:
    """Puts a photo on the desk once more; returns what was said."""
    said: list[str] = []
    desk.said.connect(said.append)
    desk.look_at(None)
    desk.look_at(photo)
    desk.said.disconnect(said.append)
    assert desk.place == "editing"
    return said


def _store(desk: Desk) -> ProjectStore:
    assert desk.store is not None
    return desk.store


def test_a_photo_that_changed_is_told_of_once(desk: Desk, photo: Path, tmp_path: Path) -> None:
    (said,) = _look_at(desk, photo)
    assert "0.png has changed since it was added" in said
    assert _look_at(desk, photo) == []
    folder = _store(desk).folder
    assert not desk.shut()
    desk.open_project(folder)
    assert _look_at(desk, photo) == [], "nor after the next start"
    Image.new("RGB", (8, 6), "red").save(photo)
    assert len(_look_at(desk, photo)) == 1, "it has changed again"


def test_a_project_that_is_only_read_tells_of_a_changed_photo_once_too(desk: Desk, photo: Path) -> None:
    reader = undelayed_desk()
    reader.open_project(_store(desk).folder, read_only=True)
    assert len(_look_at(reader, photo)) == 1
    assert _look_at(reader, photo) == []
    assert not reader.shut()
    assert len(_look_at(desk, photo)) == 1


def test_a_photo_shown_in_another_size_than_it_is_kept_in_takes_the_tools_away(desk: Desk, tmp_path: Path) -> None:
    photo = tmp_path / "photos" / "0.png"
    desk.take_shown(photo, (6, 8))
    assert desk.place == "editing"
    desk.take_shown(tmp_path / "photos" / "1.png", (8, 6))
    assert desk.place == "editing", "that is another photo, which was on the desk before"
    desk.take_shown(photo, (8, 6))
    assert (desk.place, desk.editor) == ("unreadable", None)
    assert desk.why_not.startswith("0.png is shown as 6 × 8 pixels, and the project keeps it as 8 × 6")
    possible = actions_possible(desk)
    assert not any(possible[name] for name in ("tool_brush", "start_empty", "start_from_truth"))
    assert why_not("tool_brush", desk) == why_not("start_empty", desk) == desk.why_not
    desk.look_again()
    desk.take_shown(photo, (6, 8))
    assert desk.place == "editing"


def test_a_photo_that_stands_on_its_head_takes_the_tools_away_too(desk: Desk, tmp_path: Path) -> None:
    """A data set annotates it as it is stored; a folder's list turns it, and it is as high and as wide then."""
    photo = tmp_path / "photos" / "turned.jpg"
    exif = Image.Exif()
    exif[0x0112] = 3
    Image.new("RGB", (8, 6)).save(photo, exif=exif)
    desk.add_images([photo], {photo: (6, 8)})
    desk.look_at(photo)
    assert desk.place == "not started"
    desk.take_shown(photo, (6, 8), is_turned=False)
    assert desk.place == "not started"
    desk.take_shown(photo, (6, 8), is_turned=True)
    assert desk.place == "unreadable"
    assert "turned as its EXIF orientation says" in desk.why_not


def test_an_image_that_is_taken_out_takes_all_that_was_done_on_it_along_but_not_its_file(
    desk: Desk, tmp_path: Path
) -> None:
    photo, folder = tmp_path / "photos" / "0.png", _store(desk).folder
    assert desk.editor is not None
    desk.editor.select([1])
    desk.editor.set_crowd(True)
    desk.take_out(1)
    assert (desk.place, desk.editor) == ("not in project", None)
    assert photo.is_file()
    assert [entry.id for entry in desk.entries] == [2, 3]
    assert not desk.shut()
    desk.open_project(folder)
    assert [entry.id for entry in desk.entries] == [2, 3]
    desk.add_images([photo])
    assert desk.place == "not started", "it comes back as any other photo"
    assert desk.image == 4


def test_a_photo_that_is_stored_on_its_side_now_is_of_another_size(desk: Desk, tmp_path: Path) -> None:
    """It has as many rows and columns in the file, but is shown turned."""
    photo = tmp_path / "photos" / "0.png"
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (8, 6)).save(photo, exif=exif)
    os.utime(photo, ns=(5, 5))
    desk.look_at(None)
    desk.look_at(photo)
    assert desk.place == "unreadable"
    assert "is 6 × 8 pixels now and was 8 × 6" in desk.why_not
