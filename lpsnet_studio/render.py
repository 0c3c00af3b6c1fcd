"""Drives the window without a screen: opens, steps the merge, leaves pictures and the COCO export in a folder.

It goes the way a user goes, through the same window, session and service.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from PySide6.QtCore import QEventLoop, QTimer

from lpsnet.structures import MergeStep, Verdict
from lpsnet_studio.state import Problem
from lpsnet_studio.studio import Studio

__all__ = ["RenderError", "render", "settle", "wait_until"]

_SIZE = (1360, 860)
_SECONDS_TO_OPEN = 180.0
_SECONDS_TO_SAVE = 60.0
_POLL_MILLISECONDS = 20
_SETTLE_MILLISECONDS = 80


class RenderError(Exception):
    """The pictures could not be made; the message is one sentence."""


def wait_until(ready: Callable[[], bool], seconds: float) -> bool:
    """Lets events happen until ``ready()``; False if that took longer than ``seconds``."""
    loop, poll, limit = QEventLoop(), QTimer(), QTimer()
    poll.setInterval(_POLL_MILLISECONDS)
    poll.timeout.connect(lambda: loop.quit() if ready() else None)
    limit.setSingleShot(True)
    limit.timeout.connect(loop.quit)
    poll.start()
    limit.start(round(1000 * seconds))
    if not ready():
        loop.exec()
    poll.stop()
    limit.stop()
    return ready()


def settle() -> None:
    """Lets the window lay itself out."""
    loop = QEventLoop()
    QTimer.singleShot(_SETTLE_MILLISECONDS, loop.quit)
    loop.exec()


def render(studio: Studio, folder: Path) -> list[Path]:
    """Renders what the studio's options name; returns the files made.

    Raises:
        RenderError: if something could not be opened or saved.
        OSError: if the folder cannot be made.
    """
    folder.mkdir(parents=True, exist_ok=True)
    problems: list[Problem] = []
    studio.session.failed.connect(problems.append)
    try:
        studio.window.resize(*_SIZE)
        studio.window.show()
        studio.begin()
        session = studio.session
        wait_until(lambda: (session.is_current and session.busy is None) or bool(problems), _SECONDS_TO_OPEN)
        _raise_if(problems)
        if not session.is_current:
            raise RenderError(f"nothing could be shown within {_SECONDS_TO_OPEN:.0f} s")
        return [*_pictures(studio, folder), *_exports(studio, folder, problems)]
    finally:
        studio.close()


def _raise_if(problems: list[Problem]) -> None:
    if problems:
        raise RenderError(" ".join(part for part in (problems[0].sentence, problems[0].advice) if part))


def _pictures(studio: Studio, folder: Path) -> Iterator[Path]:
    """Takes pictures of the merge under way, of the finished one, of the semantic map and of the other theme."""
    session = studio.session
    for name, position in _places(session.steps):
        session.seek(position)
        yield _grab(studio, folder / f"{name}.png")
    session.seek(len(session.steps))
    yield _grab(studio, folder / "finished.png")
    session.change_layer("labels", visible=True)
    session.change_layer("segments", visible=False)
    yield _grab(studio, folder / "labels.png")
    session.change_layer("labels", visible=False)
    session.change_layer("segments", visible=True)
    studio.theme.apply("light" if studio.theme.name == "dark" else "dark")
    yield _grab(studio, folder / f"finished-{studio.theme.name}.png")


def _places(steps: tuple[MergeStep, ...]) -> Iterator[tuple[str, int]]:
    """Yields the telling places of a merge: its start, and the first contested, discarded and middle step."""
    yield "step-000", 0
    contested = next((index for index, step in enumerate(steps) if step.contests), None)
    discarded = next((index for index, step in enumerate(steps) if step.verdict is Verdict.DISCARDED), None)
    for position in sorted({index + 1 for index in (contested, discarded, len(steps) // 2) if index is not None}):
        yield f"step-{position:03d}", position


def _grab(studio: Studio, path: Path) -> Path:
    settle()
    if not studio.window.grab().save(str(path)):
        raise RenderError(f"{path}: the picture could not be written")
    return path


def _exports(studio: Studio, folder: Path, problems: list[Problem]) -> Iterator[Path]:
    json_path, overlay = folder / "panoptic.json", folder / "overlay.png"
    for path in (json_path, overlay):
        path.unlink(missing_ok=True)
    studio.window.commands.saving.save_panoptic_to(json_path)
    studio.window.commands.saving.save_overlay_to(overlay)
    wait_until(lambda: (json_path.exists() and overlay.exists()) or bool(problems), _SECONDS_TO_SAVE)
    _raise_if(problems)
    for path in (json_path, overlay):
        if not path.exists():
            raise RenderError(f"{path}: was not written within {_SECONDS_TO_SAVE:.0f} s")
    yield json_path
    yield from sorted(json_path.with_suffix("").glob("*.png"))
    yield overlay
