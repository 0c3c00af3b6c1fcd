"""The demo's scenes are drawn elsewhere, once, into a cache that does not grow."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from lpsnet.formats.coco_panoptic import read_coco_panoptic
from lpsnet.images import read_image
from lpsnet_studio import demo

SIZE = (96, 128)


def test_scenes_drawn_elsewhere_are_those_drawn_here(tmp_path: Path) -> None:
    told: list[float] = []
    there = demo.Scenes(tmp_path / "there", 40, 2, SIZE)
    here = demo.Scenes(tmp_path / "here", 40, 2, SIZE)
    assert demo.draw_elsewhere(there, told.append) == there.json_path
    assert told == [0.5, 1.0]
    demo.draw(here, lambda _share: None)
    one, other = read_coco_panoptic(there.json_path), read_coco_panoptic(here.json_path)
    assert [record.file_name for record in one.records] == ["scene-000040.png", "scene-000041.png"]
    assert one.categories == demo.categories()
    for first, second in zip(one.records, other.records, strict=True):
        assert first.size == SIZE
        assert (one.read_segmentation(first).ids == other.read_segmentation(second).ids).all()
        assert (read_image(first.image_path) == read_image(second.image_path)).all()


def test_what_lies_in_the_cache_is_not_drawn_again(tmp_path: Path) -> None:
    scenes = demo.Scenes(tmp_path, 3, 1, SIZE)
    demo.draw(scenes, lambda _share: None)
    before = scenes.json_path.stat().st_mtime_ns
    told: list[float] = []
    assert demo.draw_elsewhere(scenes, told.append) == scenes.json_path
    assert told == []
    assert scenes.json_path.stat().st_mtime_ns == before


def test_withdrawn_drawing_leaves_no_process_and_no_data_set(tmp_path: Path) -> None:
    scenes = demo.Scenes(tmp_path, 3, 50, SIZE)

    def withdraw(_share: float) -> None:
        raise InterruptedError

    before = set(psutil.Process().children())
    with pytest.raises(InterruptedError):
        demo.draw_elsewhere(scenes, withdraw)
    assert set(psutil.Process().children()) <= before
    assert not scenes.json_path.exists()


def test_a_folder_that_cannot_be_written_is_said_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "demo").write_text("in the way")
    with pytest.raises(OSError, match="The scenes could not be drawn: ") as caught:
        demo.draw_elsewhere(demo.Scenes(tmp_path, 3, 1, SIZE), lambda _share: None)
    assert "\n" not in str(caught.value)


def test_the_cache_keeps_the_latest_sets_and_the_one_that_is_shown(tmp_path: Path) -> None:
    sets = [demo.Scenes(tmp_path, seed, 1, SIZE) for seed in range(5)]
    for age, scenes in enumerate(sets):
        scenes.json_path.parent.mkdir(parents=True)
        os.utime(scenes.folder, (1000 + age, 1000 + age))
    demo.forget_older(tmp_path, sets[0].json_path, most=2)
    assert [scenes.folder.exists() for scenes in sets] == [True, False, False, True, True]


def test_another_generator_or_size_draws_to_another_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scenes = demo.Scenes(tmp_path, 1, 1, SIZE)
    folder = scenes.folder
    assert demo.Scenes(tmp_path, 1, 1, (64, 64)).folder != folder
    monkeypatch.setattr(demo, "_generator", lambda: "newer")
    assert scenes.folder != folder


def test_the_drawing_process_needs_neither_qt_nor_torch() -> None:
    code = (
        "import sys, lpsnet_studio.demo, lpsnet.scenes\n"
        "assert not {'PySide6', 'torch'} & set(sys.modules), set(sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_complaint_in_no_known_letters_is_still_told_and_no_console_opens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started, popen = [], subprocess.Popen
    code = "import sys; sys.stderr.buffer.write(b'no room on \\xff\\xfe'); sys.exit(1)"

    def complain(_command: list[str], **options: object) -> object:
        started.append(options)
        return popen([sys.executable, "-c", code], **{**options, "creationflags": 0})

    monkeypatch.setattr(subprocess, "Popen", complain)
    monkeypatch.setattr(demo, "_NO_CONSOLE", 0x08000000)
    with pytest.raises(OSError, match="The scenes could not be drawn: no room on \ufffd"):
        demo.draw_elsewhere(demo.Scenes(tmp_path, 3, 1, SIZE), lambda _share: None)
    assert started[0]["creationflags"] == 0x08000000
