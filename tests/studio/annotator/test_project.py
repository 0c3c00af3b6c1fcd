"""Which files a project refers to, and what became of them."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from PIL import Image

from lpsnet.images import ImageError
from lpsnet_studio.annotator.project import FileFacts, FileState, compare_file, found_path, kept_path


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


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="names are any bytes only there")
def test_a_name_that_is_no_text_is_kept(tmp_path: Path) -> None:
    picture = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.png"))
    kept, is_relative = kept_path(tmp_path / "project", picture)
    assert kept == b"../caf\xe9.png"
    assert found_path(tmp_path / "project", kept, is_relative=is_relative) == picture
