"""What opening many images leaves behind: widgets, objects, timers, threads, handles, shared memory, temporary files.

A real window opens small drawn scenes with their truth, both oracles on, and in turn the same pictures as photos
without truth, which the network runs on. In between it does what people do: steps through the merge, drags a slider,
switches the theme, closes and opens panels and dialogs, and tells of things at the lower right. Every so often it is
left alone and counted. Exits with status 1 if something has grown beyond its bound, or if anything is left after
closing.
"""

from __future__ import annotations

import argparse
import gc
import getpass
import os
import shutil
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
from _display import open_studio, wait_until_shown, with_display
from _machine import describe_machine, markdown_table

SIZE = (64, 96)
SCENES = 12
SEED = 100
ROUND = 5
"""So many images of one kind are opened in a row."""
NOTE_EVERY, THEME_EVERY, DOCKS_EVERY, DIALOG_EVERY = 3, 5, 7, 2
TORCHS_OWN = {f"torchinductor_{getpass.getuser()}"}
"""Torch's cache, one folder for all its programs."""
DIALOGS = ("shortcuts", "about", "find_action", "preferences", "model_card")
ALLOWED = {
    "widgets": 4,
    "objects": 40,
    "timers": 2,
    "wrappers": 40,
    "threads": 2,
    "handles": 4,
    "window's blocks": 4,
    "service's blocks": 4,
    "window, MiB": 0.15,
    "service, MiB": 0.4,
}
"""How much each may grow from the first count to the last; memory by image, of which both processes keep some: the
window its thumbnail, up to 32 MiB of them, the service the stages of every image that it has room for. Wrappers are
Python's handles on objects of Qt, thumbnails left out."""


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--images", type=int, default=300, help="how many to open (300)")
    count = options.parse_args().images
    with tempfile.TemporaryDirectory(prefix="leaks-") as place:
        scratch = Path(place, "temporary")
        scratch.mkdir()
        os.environ["TMPDIR"] = tempfile.tempdir = str(scratch)
        before = _shared_memory()
        dataset, photos = _draw(Path(place, "pictures"), count)
        rows, left = _run(dataset, photos, count)
        left += [f"{name} in /dev/shm" for name in sorted(_shared_memory() - before)]
        left += [f"{path.name} among the temporary files" for path in scratch.iterdir() if path.name not in TORCHS_OWN]
    complaints = _growth(rows) + left
    print(describe_machine())
    print(f"{count} images of {SIZE[0]}×{SIZE[1]}; half of them with truth and oracles, half with the network\n")
    print(markdown_table([["after", *ALLOWED], *([images, *counts.values()] for images, counts in rows)]))
    print("\n" + ("\n".join(complaints) or "Nothing grew beyond its bound, and nothing was left."))
    return 1 if complaints else 0


# ------------------------------------------------------------------------------------------------------------ pictures


def _draw(folder: Path, count: int) -> tuple[Path, list[Path]]:
    """Draws some scenes and copies them under many names; returns the data set of half of them, and photos."""
    import cv2

    from lpsnet.formats.coco_panoptic_writer import CocoPanopticWriter
    from lpsnet.scenes import draw_scene, scene_categories

    scenes = [draw_scene(SEED + number, *SIZE) for number in range(min(SCENES, count))]
    images = folder / "scenes"
    images.mkdir(parents=True)
    with CocoPanopticWriter(folder / "annotations" / "panoptic_scenes.json", None, scene_categories()) as writer:
        for number in range(count // 2):
            scene = scenes[number % len(scenes)]
            name = f"scene-{number:04d}.png"
            cv2.imwrite(str(images / name), cv2.cvtColor(scene.image, cv2.COLOR_RGB2BGR))
            writer.add(number + 1, name, scene.segmentation)
    photos = folder / "photos"
    shutil.copytree(images, photos)
    while len(list(photos.iterdir())) < count - count // 2:
        shutil.copy(images / "scene-0000.png", photos / f"more-{len(list(photos.iterdir())):04d}.png")
    return folder / "annotations" / "panoptic_scenes.json", sorted(photos.iterdir())


# ------------------------------------------------------------------------------------------------------------- the run


def _run(dataset: Path, photos: list[Path], count: int) -> tuple[list[tuple[str, dict[str, Any]]], list[str]]:
    """Opens everything; returns the counts, and what is left after closing, in words."""
    from lpsnet_studio.failures import Failures
    from lpsnet_studio.state import NetworkChoice

    failures = Failures(lambda failure: print(failure.details, file=sys.stderr))
    stop_watching = failures.watch()
    marks = (50, 100, 200, 300) if count == 300 else (count // 2, 3 * count // 4, count)
    rows: list[tuple[str, dict[str, Any]]] = []
    studio, close = open_studio()
    studio.session.load_model(NetworkChoice("demo", short_side=SIZE[0]))
    studio.begin()
    for opened in _images(studio, dataset, photos, count):
        _do_what_people_do(studio, opened)
        if opened in marks:
            rows.append((f"{opened} images", _counts(studio)))
    children = psutil.Process().children(recursive=True)
    close()
    left = [f"process {child.pid} still runs" for child in psutil.wait_procs(children, timeout=5)[1]]
    _let_go()
    left += [
        f"thread {thread.name} still runs" for thread in threading.enumerate() if thread.name.startswith("service")
    ]
    left += [f"unexpected failure: {failure.words} ({failure.where})" for failure in failures.known]
    stop_watching()
    return rows, left


def _images(studio: Any, dataset: Path, photos: list[Path], count: int) -> Iterator[int]:
    """Opens image after image, now of the data set, now photos; yields how many have been."""
    from lpsnet_studio.render import wait_until

    opened = 0
    while opened < count:
        has_truth = opened // ROUND % 2 == 0
        studio.session.change_settings(semantic_oracle=has_truth, box_oracle=has_truth)
        before = studio.session.entries
        studio.window.commands.files.open_paths([dataset] if has_truth else photos)
        wait_until(lambda: studio.session.entries is not before, 60)  # noqa: B023
        for index in range(opened // (2 * ROUND) * ROUND, min((opened // (2 * ROUND) + 1) * ROUND, len(photos))):
            studio.session.open_index(index)
            wait_until_shown(studio)
            yield (opened := opened + 1)


def _do_what_people_do(studio: Any, turn: int) -> None:
    from lpsnet_studio.render import settle
    from lpsnet_studio.state import Problem

    session, window = studio.session, studio.window
    for position in (0, len(session.steps) // 2, len(session.steps)):
        session.seek(position)
    session.select(1)
    for share in (0.2, 0.4):
        session.change_settings(overlap_threshold=share, preview=True)
    session.change_settings(overlap_threshold=0.3)
    wait_until_shown(studio)
    if turn % NOTE_EVERY == 0:
        window.notifications.show_info(f"Opened {turn} images")
        window.notifications.show_failure(Problem(f"Number {turn} is not what it seems", details="a trace"))
    if turn % THEME_EVERY == 0:
        window.actions_by_id["light_theme"].trigger()
    if turn % DOCKS_EVERY == 0:
        for dock in window.docks.values():
            dock.toggleViewAction().trigger()
        settle()
        for dock in window.docks.values():
            dock.toggleViewAction().trigger()
    if turn % DIALOG_EVERY == 0:
        _open_and_close(window, DIALOGS[turn // DIALOG_EVERY % len(DIALOGS)])
    if turn % (10 * NOTE_EVERY) == 0:
        window.commands.help.copy_diagnostics()


def _open_and_close(window: Any, action: str) -> None:
    """Opens a dialog and closes it, whether or not it lets its caller wait."""
    from PySide6.QtCore import QTimer
    from PySide6.QtWidgets import QApplication, QDialog

    from lpsnet_studio.render import settle

    def close_dialogs() -> None:
        for widget in QApplication.topLevelWidgets():
            if isinstance(widget, QDialog) and widget.isVisible():
                widget.close()

    QTimer.singleShot(60, close_dialogs)
    window.actions_by_id[action].trigger()
    settle()


# -------------------------------------------------------------------------------------------------------------- counts


def _counts(studio: Any) -> dict[str, Any]:
    """Leaves the window alone, and counts what there is."""
    import shiboken6
    from PySide6.QtCore import QObject, QTimer
    from PySide6.QtGui import QPixmap
    from PySide6.QtWidgets import QApplication

    for note in list(studio.window.notifications.notes):
        note.dismiss()
    while studio.window.notifications.notes:
        studio.window.notifications.notes[0].dismiss()
    studio.session.select(0)
    _let_go()
    application = QApplication.instance()
    roots = [application, *(widget for widget in QApplication.topLevelWidgets() if widget.parent() is None)]
    objects = [each for root in roots for each in root.findChildren(QObject)]
    process = psutil.Process()
    ready = studio.window.commands.help.service.ready
    return {
        "widgets": len(QApplication.allWidgets()),
        "objects": len(objects),
        "timers": sum(isinstance(each, QTimer) for each in objects),
        "wrappers": sum(not isinstance(each, QPixmap) for each in shiboken6.getAllValidWrappers()),
        "threads": process.num_threads(),
        "handles": process.num_fds() if hasattr(process, "num_fds") else process.num_handles(),
        "window's blocks": _shared_blocks(os.getpid()),
        "service's blocks": _shared_blocks(ready.pid),
        "window, MiB": process.memory_info().rss / 2**20,
        "service, MiB": psutil.Process(ready.pid).memory_info().rss / 2**20,
    }


def _let_go() -> None:
    """Lets everything go that is about to."""
    from PySide6.QtCore import QCoreApplication, QEvent

    from lpsnet_studio.render import settle

    for _ in range(3):
        settle()
        gc.collect()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def _shared_blocks(pid: int) -> int:
    """Returns how many blocks of shared memory a process has open; 0 where that cannot be known."""
    folder = Path(f"/proc/{pid}/fd")
    return sum("memfd:" in _target(handle) for handle in folder.iterdir()) if folder.is_dir() else 0


def _target(handle: Path) -> str:
    try:
        return str(handle.readlink())
    except OSError:
        return ""


def _shared_memory() -> set[str]:
    folder = Path("/dev/shm")
    return {path.name for path in folder.iterdir()} if folder.is_dir() else set()


def _growth(rows: list[tuple[str, dict[str, Any]]]) -> list[str]:
    """Returns what has grown beyond its bound between the first count and the last, in words."""
    (first_name, first), (last_name, last) = rows[0], rows[-1]
    images = int(last_name.split()[0]) - int(first_name.split()[0])
    complaints = []
    for name, allowed in ALLOWED.items():
        bound = allowed * images if "MiB" in name else allowed
        if "MiB" in name:
            bound = max(bound, 12)
        if last[name] - first[name] > bound:
            complaints.append(f"{name} grew from {first[name]:.0f} to {last[name]:.0f}: at most {bound:.0f} is allowed")
    return complaints


if __name__ == "__main__":
    with_display()
    sys.exit(main())
