"""What was open is offered again, once it really was open; what is gone says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from lpsnet_studio.inference.messages import ImageSource, TruthSource
from lpsnet_studio.recent import Recent, RecentPath, origin_of, problems_of
from lpsnet_studio.settings import Settings
from lpsnet_studio.state import Entry


def _entries(*paths: str, json_path: str = "") -> list[Entry]:
    return [
        Entry(Path(path).name, ImageSource(path, TruthSource(json_path, number) if json_path else None))
        for number, path in enumerate(paths)
    ]


@pytest.mark.parametrize(
    ("paths", "json_path", "origin"),
    [
        (["/a/1.png"], "", "/a/1.png"),
        (["/a/1.png", "/a/2.png"], "", "/a"),
        (["/a/1.png", "/b/2.png"], "", "/a/1.png"),
        (["/a/1.png", "/a/2.png"], "/t/panoptic.json", "/t/panoptic.json"),
        (["/a/1.png"], "/t/panoptic.json", "/t/panoptic.json"),
    ],
)
def test_a_list_is_remembered_as_what_brings_it_back(paths: list[str], json_path: str, origin: str) -> None:
    assert origin_of(_entries(*paths, json_path=json_path)) == Path(origin)


def test_nothing_has_no_origin() -> None:
    assert origin_of([]) is None


def test_the_latest_stands_first_and_what_is_drawn_anew_is_left_out(tmp_path: Path) -> None:
    recent = Recent(Settings(tmp_path), left_out=tmp_path / "cache")
    told: list[int] = []
    recent.changed.connect(lambda: told.append(1))
    for name in ("a", "b", "a", "cache/scenes.json"):
        recent.remember(tmp_path / name)
    assert [item.path for item in recent.paths] == [tmp_path / "a", tmp_path / "b"]
    assert len(told) == 3
    assert [item.path.name for item in Recent(Settings(tmp_path), tmp_path / "cache").paths] == ["a", "b"]
    recent.clear()
    assert recent.paths == []
    assert Settings(tmp_path).preferences.recent_paths == ()


def test_what_is_gone_says_so_until_it_is_opened_again(tmp_path: Path) -> None:
    recent = Recent(Settings(tmp_path), left_out=tmp_path / "cache")
    (tmp_path / "here").mkdir()
    for name in ("gone", "here"):
        recent.remember(tmp_path / name)
    recent.take_problems(problems_of(str(item.path) for item in recent.paths))
    assert {item.name: item.problem for item in recent.paths} == {"here": "", "gone": "is not there any more"}
    recent.remember(tmp_path / "gone")
    assert recent.paths[0].problem == ""


def test_the_home_folder_is_shortened(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    assert RecentPath(tmp_path / "photos" / "one.png").folder == str(Path("~/photos"))
    assert RecentPath(Path("/data/one.png")).folder == str(Path("/data"))
    assert RecentPath(Path("/")).name == str(Path("/"))
