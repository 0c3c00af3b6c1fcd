"""Images that were moved are found again by the way to them, else by their names; never one for another."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from lpsnet_studio.annotator.missing_images import find_missing
from lpsnet_studio.annotator.project import FileFacts, ImageEntry

SIZE = (6, 8)


def _photo(path: Path, seed: int = 0, size: tuple[int, int] = SIZE) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 255, (*size, 3)).astype(np.uint8)
    pixels[: seed % 5] = 0  # so that no two are of as many bytes
    Image.fromarray(pixels).save(path)
    return path


def _entries(*photos: Path) -> list[ImageEntry]:
    return [ImageEntry(number, FileFacts.of(photo), number) for number, photo in enumerate(photos, start=1)]


def _found(entries: list[ImageEntry], folder: Path) -> dict[int, Path]:
    return {image: file.path for image, file in find_missing(entries, folder).files.items()}


@pytest.fixture
def moved(tmp_path: Path) -> tuple[list[ImageEntry], Path]:
    """Three photos, two of one name, and the folder that their folder became."""
    old, new = tmp_path / "old" / "photos", tmp_path / "elsewhere" / "pictures"
    entries = _entries(_photo(old / "a" / "1.png", 1), _photo(old / "b" / "1.png", 2), _photo(old / "2.png", 3))
    new.parent.mkdir()
    shutil.move(old, new)
    return entries, new


def test_images_are_found_by_the_way_to_them(moved: tuple[list[ImageEntry], Path]) -> None:
    entries, new = moved
    looked = find_missing(entries, new)
    assert {image: file.path for image, file in looked.files.items()} == {
        1: new / "a" / "1.png",
        2: new / "b" / "1.png",
        3: new / "2.png",
    }
    assert looked.sentences() == [f"Found 3 of 3 missing images in {new}."]


def test_images_are_found_by_name_and_size_anywhere_below(moved: tuple[list[ImageEntry], Path]) -> None:
    entries, new = moved
    assert _found(entries, new.parent.parent) == {1: new / "a" / "1.png", 2: new / "b" / "1.png", 3: new / "2.png"}


def test_names_on_other_systems_may_differ_in_case(tmp_path: Path) -> None:
    entries = _entries(_photo(tmp_path / "old" / "IMG.png"))
    (tmp_path / "new" / "deep").mkdir(parents=True)
    (tmp_path / "old" / "IMG.png").rename(tmp_path / "new" / "deep" / "img.PNG")
    assert _found(entries, tmp_path / "new") == {1: tmp_path / "new" / "deep" / "img.PNG"}


def test_a_file_of_other_pixels_or_of_another_image_is_not_taken(tmp_path: Path) -> None:
    first, second = _photo(tmp_path / "a" / "1.png", 1), _photo(tmp_path / "b" / "1.png", 2)
    entries = _entries(first, second)
    second.unlink()
    looked = find_missing(entries, first.parent)
    assert (looked.files, looked.missing) == ({}, ("1.png",)), "it is another image of the project"
    _photo(tmp_path / "c" / "1.png", 2, size=(8, 6))
    looked = find_missing(entries, tmp_path / "c")
    assert (looked.files, looked.missing) == ({}, ("1.png",))
    assert looked.sentences()[1] == "Not found: 1.png."


def test_a_file_that_several_images_could_be_is_given_to_the_one_of_as_many_bytes_alone(tmp_path: Path) -> None:
    first, second = _photo(tmp_path / "a" / "1.png", 1), _photo(tmp_path / "b" / "1.png", 2)
    entries = _entries(first, second)
    first.unlink()
    (tmp_path / "new").mkdir()
    second.rename(tmp_path / "new" / "1.png")
    looked = find_missing(entries, tmp_path / "new")
    assert {image: file.path for image, file in looked.files.items()} == {2: tmp_path / "new" / "1.png"}
    assert looked.unclear == ("1.png",)
    _photo(tmp_path / "new" / "1.png", 3)
    looked = find_missing(entries, tmp_path / "new")
    assert (looked.files, looked.unclear) == ({}, ("1.png", "1.png"))


def test_copies_are_not_chosen_from(tmp_path: Path) -> None:
    entries = _entries(_photo(tmp_path / "old" / "1.png", 1))
    for name in ("x", "y"):
        (tmp_path / "new" / name).mkdir(parents=True)
        shutil.copy(tmp_path / "old" / "1.png", tmp_path / "new" / name)
    (tmp_path / "old" / "1.png").unlink()
    looked = find_missing(entries, tmp_path / "new")
    assert (looked.files, looked.unclear) == ({}, ("1.png",))
    assert looked.sentences()[1] == "Left out, because several would fit: 1.png."


def test_a_project_that_lacks_nothing_and_a_search_that_is_stopped_find_nothing(
    tmp_path: Path, moved: tuple[list[ImageEntry], Path]
) -> None:
    entries, new = moved
    whole = _entries(_photo(tmp_path / "there.png"))
    assert find_missing(whole, tmp_path).sentences() == ["No image of the project is missing."]
    assert not find_missing(entries, new, cancelled=lambda: True).files


def test_a_photo_that_is_not_turned_is_found_as_it_is_stated(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    old, new = tmp_path / "old.jpg", tmp_path / "new"
    Image.new("RGB", (8, 6)).save(old, exif=exif)
    entries = [ImageEntry(1, FileFacts.of(old, stated_size=(6, 8)), 0)]
    new.mkdir()
    old.rename(new / "old.jpg")
    assert find_missing(entries, new).files[1].stated_size == (6, 8)
