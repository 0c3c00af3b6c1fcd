"""Thumbnails are made in the background, the ones on screen first, and found again on disk."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QThread

from lpsnet.images import ImageError
from lpsnet_studio.browser import thumbnail_store
from lpsnet_studio.browser.thumbnail_store import THUMBNAIL_SIZE, ThumbnailStore
from lpsnet_studio.browser.thumbnails import Thumbnails


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "photo.png"
    Image.new("RGB", (400, 300), (200, 40, 90)).save(path)
    return path


@pytest.fixture
def store(tmp_path: Path) -> ThumbnailStore:
    return ThumbnailStore(tmp_path / "cache" / "thumbnails")


def kept(tmp_path: Path) -> list[Path]:
    return sorted((tmp_path / "cache" / "thumbnails").glob("*"))


# -------------------------------------------------------------------------------------------------------------- on disk


def test_a_thumbnail_is_made_once(
    store: ThumbnailStore, photo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = store.thumbnail(str(photo))
    assert made.shape == (72, 96, 3)
    assert [path.suffix for path in kept(tmp_path)] == [".jpg"]
    monkeypatch.setattr(thumbnail_store, "read_thumbnail", lambda *_: pytest.fail("it is on disk"))
    found = store.thumbnail(str(photo))
    assert np.abs(found.astype(int) - made).max() <= 4
    assert found.flags.c_contiguous


def test_a_picture_that_changed_is_read_again(store: ThumbnailStore, photo: Path) -> None:
    store.thumbnail(str(photo))
    Image.new("RGB", (400, 300), (0, 0, 255)).save(photo)
    os.utime(photo, ns=(1, 1))
    assert tuple(store.thumbnail(str(photo))[5, 5]) == (0, 0, 255)


@pytest.mark.parametrize("content", [b"", b"no picture", b"\xff\xd8\xff\xe0 cut short"])
def test_a_damaged_cache_is_ignored_and_mended(
    store: ThumbnailStore, photo: Path, tmp_path: Path, content: bytes
) -> None:
    store.thumbnail(str(photo))
    kept(tmp_path)[0].write_bytes(content)
    assert tuple(store.thumbnail(str(photo))[5, 5]) == (200, 40, 90)
    assert kept(tmp_path)[0].stat().st_size > 300


def test_a_cache_of_wrong_size_is_ignored(store: ThumbnailStore, photo: Path, tmp_path: Path) -> None:
    store.thumbnail(str(photo))
    Image.new("RGB", (500, 500)).save(kept(tmp_path)[0])
    assert store.thumbnail(str(photo)).shape[:2] == THUMBNAIL_SIZE


def test_without_a_writable_folder_thumbnails_are_made_all_the_same(photo: Path) -> None:
    store = ThumbnailStore(photo / "not a folder")
    assert store.thumbnail(str(photo)).shape == (72, 96, 3)
    store.prune()


def test_a_broken_picture_leaves_nothing_behind(store: ThumbnailStore, tmp_path: Path) -> None:
    (tmp_path / "broken.png").write_bytes(b"x")
    with pytest.raises(ImageError, match=r"broken\.png"):
        store.thumbnail(str(tmp_path / "broken.png"))
    with pytest.raises(ImageError, match="there is no such file"):
        store.thumbnail(str(tmp_path / "missing.png"))
    assert kept(tmp_path) == []


def test_the_oldest_are_deleted_when_there_are_too_many(photo: Path, tmp_path: Path) -> None:
    store = ThumbnailStore(tmp_path / "cache" / "thumbnails", limit=2)
    for number in range(4):
        picture = tmp_path / f"{number}.png"
        picture.write_bytes(photo.read_bytes())
        before = set(kept(tmp_path))
        store.thumbnail(str(picture))
        (new,) = set(kept(tmp_path)) - before
        os.utime(new, (1000 + number, 1000 + number))
    store.prune()
    assert sorted(path.stat().st_mtime for path in kept(tmp_path)) == [1002, 1003]


# --------------------------------------------------------------------------------------------------- in the background


class SlowStore(ThumbnailStore):
    """Waits until it is let go, and notes who asked for what."""

    def __init__(self) -> None:
        super().__init__(Path())
        self.asked: list[str] = []
        self.threads: set[int] = set()
        self.go = threading.Event()

    def prune(self) -> None:
        pass

    def thumbnail(self, path: str) -> Any:
        self.asked.append(path)
        self.threads.add(threading.get_ident())
        assert self.go.wait(5)
        if "broken" in path:
            raise ImageError(f"{path}: truncated")
        return np.full((72, 96, 3), 77, np.uint8)


@pytest.fixture
def slow() -> SlowStore:
    return SlowStore()


@pytest.fixture
def thumbnails(qapp: Any, slow: SlowStore) -> Any:
    made = Thumbnails(slow, threads=1)
    yield made
    slow.go.set()
    made.close()


def test_they_are_made_in_another_thread_and_told_in_this_one(thumbnails: Thumbnails, slow: SlowStore, qtbot: Any):
    told: list[tuple[str, bool]] = []
    thumbnails.made.connect(lambda path: told.append((path, QThread.currentThread() is thumbnails.thread())))
    slow.go.set()
    thumbnails.want(["a", "b"])
    qtbot.waitUntil(lambda: len(told) == 2)
    assert told == [("a", True), ("b", True)]
    assert threading.get_ident() not in slow.threads
    pixmap = thumbnails.find("a")
    assert pixmap is not None
    assert pixmap.toImage().pixelColor(3, 3).getRgb()[:3] == (77, 77, 77)
    thumbnails.want(["a", "b"])
    qtbot.wait(30)
    assert slow.asked == ["a", "b"]


def test_what_has_left_the_screen_is_not_made(thumbnails: Thumbnails, slow: SlowStore, qtbot: Any) -> None:
    thumbnails.want([f"early {number}" for number in range(50)])
    qtbot.waitUntil(lambda: len(slow.asked) == 1)
    thumbnails.want(["late", "early 0"])
    slow.go.set()
    qtbot.waitUntil(lambda: thumbnails.find("late") is not None)
    qtbot.wait(30)
    assert slow.asked == ["early 0", "late"]


def test_a_broken_picture_is_told_once_until_it_is_forgotten(
    thumbnails: Thumbnails, slow: SlowStore, qtbot: Any
) -> None:
    told: list[tuple[str, str]] = []
    thumbnails.failed.connect(lambda path, sentence: told.append((path, sentence)))
    slow.go.set()
    thumbnails.want(["broken"])
    qtbot.waitUntil(lambda: bool(told))
    thumbnails.want(["broken"])
    qtbot.wait(30)
    assert told == [("broken", "broken: truncated")]
    thumbnails.forget("broken")
    thumbnails.want(["broken"])
    qtbot.waitUntil(lambda: len(told) == 2)


def test_memory_is_bounded_and_the_longest_unused_goes_first(slow: SlowStore, qtbot: Any) -> None:
    small = Thumbnails(slow, memory=3 * 72 * 96 * 4, threads=1)
    slow.go.set()
    small.want(["a", "b", "c"])
    qtbot.waitUntil(lambda: small.find("c") is not None)
    assert small.find("a") is not None
    small.want(["d"])
    qtbot.waitUntil(lambda: small.find("d") is not None)
    assert small.find("b") is None
    assert small.find("a") is not None
    small.close()


def test_closing_waits_for_what_is_being_made(thumbnails: Thumbnails, slow: SlowStore, qtbot: Any) -> None:
    thumbnails.want(["a", "b", "c"])
    qtbot.waitUntil(lambda: slow.asked == ["a"])
    slow.go.set()
    thumbnails.close()
    asked = len(slow.asked)
    assert asked <= 2
    thumbnails.want(["d"])
    qtbot.wait(30)
    assert len(slow.asked) == asked


def test_closing_does_not_wait_for_a_picture_that_is_stuck(qtbot: Any) -> None:
    slow = SlowStore()
    made = Thumbnails(slow, threads=1)
    made.want(["/stuck", "/never"])
    qtbot.waitUntil(lambda: slow.asked == ["/stuck"])
    started = time.monotonic()
    made.close()
    assert time.monotonic() - started < 2.0
    slow.go.set()
    qtbot.wait(50)
    assert slow.asked == ["/stuck"], "what waited is not begun"


def test_a_picture_that_is_stuck_does_not_keep_the_program() -> None:
    code = (
        "import time\n"
        "from PySide6.QtWidgets import QApplication\n"
        "from lpsnet_studio.browser.thumbnails import Thumbnails\n"
        "class Stuck:\n"
        "    asked = False\n"
        "    def prune(self): pass\n"
        "    def thumbnail(self, path):\n"
        "        Stuck.asked = True\n"
        "        time.sleep(60)\n"
        "app = QApplication([])\n"
        "made = Thumbnails(Stuck())\n"
        "made.want(['/stuck'])\n"
        "while not Stuck.asked: time.sleep(0.01)\n"
        "made.close()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, done.stderr
