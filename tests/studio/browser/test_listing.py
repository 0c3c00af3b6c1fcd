"""What a path is, and which images it lists."""

from __future__ import annotations

from pathlib import Path

import pytest

from lpsnet_studio.browser.listing import entries_of, kind_of, list_folder


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.JPG", "image"),
        ("a.json", "dataset"),
        ("a.safetensors", "checkpoint"),
        ("a.pth", "checkpoint"),
        ("a", "image"),
    ],
)
def test_a_path_tells_by_its_name_what_it_is(tmp_path: Path, name: str, kind: str) -> None:
    assert kind_of(tmp_path / name) == kind


def test_a_folder_is_listed_in_natural_order(tmp_path: Path) -> None:
    for name in ("img10.png", "img2.JPG", "notes.txt", ".hidden.png"):
        (tmp_path / name).write_bytes(b"x")
    assert kind_of(tmp_path) == "folder"
    assert [entry.name for entry in list_folder(tmp_path)] == ["img2.JPG", "img10.png"]


def test_a_folder_without_pictures_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=rf"{tmp_path}: this folder holds no picture"):
        list_folder(tmp_path)


def test_entries_keep_the_order_given() -> None:
    entries = entries_of([Path("/b.png"), Path("/a.png")])
    assert [(entry.name, entry.source.path) for entry in entries] == [("b.png", "/b.png"), ("a.png", "/a.png")]
