"""Which files a project refers to, and what became of them."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from PIL import Image

from lpsnet.images import ImageError
from lpsnet_studio.annotator.project import FileFacts, FileState, compare_file, found_path, kept_path, real_place


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "cat.png"
    Image.new("RGB", (40, 30), "grey").save(path)
    return path


def test_a_picture_is_known_by_its_size_bytes_and_time(picture: Path) -> None:
    facts = FileFacts.of(picture)
    assert (facts.height, facts.width, facts.bytes) == (30, 40, picture.stat().st_size)
    assert facts.mtime_ns == picture.stat().st_mtime_ns
    assert compare_file(facts) == (FileState.SAME, "")


def test_a_copy_is_as_good_as_the_file(picture: Path) -> None:
    facts = FileFacts.of(picture)
    os.utime(picture, ns=(5, 5))
    state, sentence = compare_file(facts)
    assert state is FileState.TOUCHED
    assert sentence.startswith(str(picture))


def test_changed_pictures_are_told_apart(picture: Path) -> None:
    facts = FileFacts.of(picture)
    Image.new("RGB", (40, 30), "grey").save(picture, compress_level=0)
    assert compare_file(facts) == (
        FileState.CHANGED,
        f"{picture} has changed since it was added: look whether its segments still fit",
    )
    Image.new("RGB", (41, 30)).save(picture)
    state, sentence = compare_file(facts)
    assert state is FileState.RESIZED
    assert "is 41 × 30 pixels now and was 40 × 30 when it was added" in sentence
    picture.write_bytes(b"no picture any more")
    state, sentence = compare_file(facts)
    assert state is FileState.UNREADABLE
    assert str(picture) in sentence
    picture.unlink()
    state, sentence = compare_file(facts)
    assert state is FileState.MISSING
    assert sentence.startswith(f"{picture} is missing: its segments are kept")


def test_a_turned_photograph_has_the_size_that_its_data_set_gives(tmp_path: Path) -> None:
    path = tmp_path / "turned.jpg"
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (40, 30)).save(path, exif=exif)
    upright, as_stated = FileFacts.of(path), FileFacts.of(path, stated_size=(30, 40))
    assert (upright.height, upright.width) == (40, 30)
    assert (as_stated.height, as_stated.width) == (30, 40)
    os.utime(path, ns=(5, 5))
    assert compare_file(upright)[0] is FileState.TOUCHED
    assert compare_file(as_stated)[0] is FileState.TOUCHED


def test_what_is_no_picture_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match=r"none\.png"):
        FileFacts.of(tmp_path / "none.png")


def test_a_picture_beside_the_project_is_found_when_both_have_moved(tmp_path: Path) -> None:
    project = tmp_path / "set" / "project"
    for picture in (project / "a.png", tmp_path / "set" / "train" / "b.png"):
        kept, is_relative = kept_path(project, picture)
        assert is_relative
        assert found_path(project, kept, is_relative=True) == picture
        moved = tmp_path / "elsewhere" / "project"
        assert found_path(moved, kept, is_relative=True) == tmp_path / "elsewhere" / picture.relative_to(
            tmp_path / "set"
        )
    far = tmp_path / "far" / "c.png"
    assert kept_path(project, far) == (str(far), False)
    assert found_path(project, str(far), is_relative=False) == far


def test_a_picture_is_found_through_a_link_to_the_project(tmp_path: Path) -> None:
    """Beside the link there is nothing; beside the folder that it leads to there is."""
    picture = tmp_path / "data" / "photos" / "a.png"
    project = tmp_path / "data" / "project"
    picture.parent.mkdir(parents=True)
    picture.touch()
    project.mkdir()
    (tmp_path / "home").mkdir()
    link = tmp_path / "home" / "project"
    link.symlink_to(project)
    kept, _ = kept_path(project, picture)
    real = real_place(link)
    assert (real, real_place(project)) == (project, None)
    assert found_path(link, kept, is_relative=True, real=real) == picture
    beside = tmp_path / "home" / "photos" / "a.png"
    gone = found_path(link, kept_path(link, beside.with_name("b.png"))[0], is_relative=True, real=real)
    assert gone == beside.with_name("b.png"), "what is nowhere is missing where the project was opened"
    beside.parent.mkdir()
    beside.touch()
    assert found_path(link, kept, is_relative=True, real=real) == beside, "as it is called comes first"


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="names are any bytes only there")
def test_a_name_that_is_no_text_is_kept(tmp_path: Path) -> None:
    picture = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.png"))
    kept, is_relative = kept_path(tmp_path / "project", picture)
    assert kept == b"../caf\xe9.png"
    assert found_path(tmp_path / "project", kept, is_relative=is_relative) == picture
