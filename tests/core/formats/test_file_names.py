"""File names of photos' names: one file each, on every filing system."""

from __future__ import annotations

import unicodedata

import pytest

from lpsnet.formats import file_names
from lpsnet.formats.file_names import UniqueNames


def _given(*photos: str) -> list[str]:
    names, given = UniqueNames(), []
    for photo in photos:
        name = names.free(photo, ".png")
        names.take(name)
        given.append(name)
    return given


@pytest.mark.parametrize(
    ("photos", "expected"),
    [
        (("a/1.jpg", "b\\1.PNG", "1-2.jpg", "1.tif"), ["1.png", "1-2.png", "1-2-2.png", "1-3.png"]),
        (("Straße.jpg", "STRASSE.jpg"), ["Straße.png", "STRASSE-2.png"]),
        ((".jpg", "a.b.jpg", "x/"), [".jpg.png", "a.b.png", "x.png"]),
        (('"\n\t.jpg',), ['"\n\t.png']),
    ],
)
def test_photos_get_names_of_their_own(photos: tuple[str, ...], expected: list[str]) -> None:
    assert _given(*photos) == expected


def test_photos_of_one_name_in_many_folders_do_not_count_from_the_beginning_each(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    compared: list[str] = []
    monkeypatch.setattr(file_names, "name_key", lambda name: compared.append(name) or name)
    names = _given(*(f"{number}/rgb.png" for number in range(500)))
    assert names == ["rgb.png", *(f"rgb-{number}.png" for number in range(2, 501))]
    assert len(compared) <= 4 * 500


def test_a_name_that_was_not_taken_is_free_still() -> None:
    names = UniqueNames()
    names.take("a.png")
    assert [names.free("a.jpg", ".png") for _ in range(3)] == ["a-2.png"] * 3


def test_accents_written_in_two_ways_are_one_name() -> None:
    one, other = (unicodedata.normalize(form, "é.jpg") for form in ("NFC", "NFD"))
    assert one != other
    assert _given(one, other)[1].endswith("-2.png")


def test_long_names_are_cut_so_that_a_number_fits_behind() -> None:
    names = _given("ü" * 125 + ".jp2", "ü" * 125 + ".jpg", "\udcff" * 90 + ".jpg")
    assert names == ["ü" * 125 + ".png", "ü" * 124 + "-2.png", "\udcff" * 83 + ".png"]
    assert all(len(name.encode("utf-8", "surrogatepass")) <= 255 for name in names)


def test_a_name_that_was_not_taken_stays_free() -> None:
    names = UniqueNames()
    assert names.free("a.jpg", ".png") == names.free("a.jpg", ".png") == "a.png"
    assert "A.png" not in names
    names.take("a.png")
    assert "A.png" in names
