"""What must not be written is refused before anything is touched."""

from __future__ import annotations

from pathlib import Path

import pytest

from lpsnet_studio.saving import objection_to_name, objection_to_replacing


@pytest.mark.parametrize(("name", "ending"), [("a.json", ".json"), ("A.JSON", ".json"), ("b.png", ".png")])
def test_a_name_with_the_right_ending_is_fine(name: str, ending: str) -> None:
    assert objection_to_name(Path("/out") / name, ending) == ""


@pytest.mark.parametrize(("name", "ending"), [("a.png", ".json"), ("a.jpg", ".png"), ("a.pngy", ".png"), ("a", ".png")])
def test_a_name_with_another_ending_is_refused_by_name(name: str, ending: str) -> None:
    sentence = objection_to_name(Path("/out") / name, ending)
    assert sentence.startswith(f"/out/{name}: ")
    assert sentence.endswith(ending)


@pytest.mark.parametrize("name", ["why.txt", "why", "why.htm"])
def test_every_ending_that_a_name_may_have_is_told(name: str) -> None:
    path = Path("/out") / name
    assert (
        objection_to_name(path, ".html", ".pdf") == f"{path}: the name of what is saved here must end in .html or .pdf"
    )
    assert not objection_to_name(Path("/out/why.PDF"), ".html", ".pdf")


def test_a_file_that_is_open_is_not_replaced_whatever_it_is_called_by(tmp_path: Path) -> None:
    photo, other = tmp_path / "photo.png", tmp_path / "other.png"
    photo.touch()
    other.touch()
    (tmp_path / "link").symlink_to(tmp_path, target_is_directory=True)
    inputs = [str(tmp_path / "elsewhere" / "photo.png"), str(photo)]
    for target in (photo, tmp_path / "link" / "photo.png", tmp_path / "link" / ".." / "photo.png"):
        if target.exists():
            assert objection_to_replacing([other, target], inputs).startswith(str(target))
    assert objection_to_replacing([other, tmp_path / "new.png"], inputs) == ""
    assert objection_to_replacing([photo], [str(tmp_path / "gone" / "photo.png")]) == ""
