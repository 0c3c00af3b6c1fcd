"""A drop says what it will do; what cannot be opened is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from lpsnet_studio.commands.drops import MOST_LOOKED_AT, judge_drop


@pytest.mark.parametrize(
    "name", ["photo.JPG", "panoptic.json", "net.safetensors", "net.pt", "mine.yaml", "no-suffix", "folder.pdf/"]
)
def test_what_can_be_opened_is_taken(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    if name.endswith("/"):
        path.mkdir()
    dropped = judge_drop([path])
    assert dropped.usable == (path,)
    assert dropped.words == f"Open {path.name}"
    assert dropped.complaint == ""


def test_what_cannot_is_named(tmp_path: Path) -> None:
    paths = [tmp_path / name for name in ("notes.pdf", "one.png", "two.png", "film.mp4")]
    dropped = judge_drop(paths)
    assert dropped.usable == (paths[1], paths[2])
    assert dropped.words == "Open 2 items"
    assert dropped.complaint.startswith("notes.pdf: not a picture")
    assert dropped.complaint.endswith("and 1 other is neither")


def test_text_and_links_are_no_files() -> None:
    dropped = judge_drop([])
    assert dropped.usable == ()
    assert dropped.complaint.startswith("Only files can be dropped here")


def test_the_disk_is_asked_about_few_names_and_not_about_telling_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Path] = []

    def is_dir(path: Path) -> bool:
        asked.append(path)
        raise OSError(112, "Host is down")

    monkeypatch.setattr(Path, "is_dir", is_dir)
    pictures = [tmp_path / f"{number}.png" for number in range(500)]
    films = [tmp_path / f"{number}.mp4" for number in range(500)]
    dropped = judge_drop([*pictures, *films])
    assert dropped.usable == tuple(pictures)
    assert asked == films[:MOST_LOOKED_AT]
