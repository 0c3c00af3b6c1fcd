"""What was open before, to be opened again; no Qt."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from psygnal import Signal

from lpsnet_studio.paths import path_words
from lpsnet_studio.settings import Settings, remembered
from lpsnet_studio.state import Entry

__all__ = ["Recent", "RecentPath", "origin_of", "problems_of"]

_MOST = 10


@dataclass(frozen=True, slots=True)
class RecentPath:
    """Something that was open before.

    Attributes:
        path: its own.
        problem: why it cannot be opened now, in words; empty if nothing is known against it.
    """

    path: Path
    problem: str = ""

    @property
    def name(self) -> str:
        """What it is called."""
        return self.path.name or str(self.path)

    @property
    def folder(self) -> str:
        """Where it lies, with the home folder as ``~``."""
        return path_words(self.path.parent)


def origin_of(entries: Sequence[Entry]) -> Path | None:
    """Returns what to open to have an image list again.

    That is the data set, the one picture, or the folder that all pictures lie in, whether or not it holds others too.
    Of pictures from several folders it is the first one.
    """
    if not entries:
        return None
    truth = entries[0].source.truth
    if truth is not None:
        return Path(truth.json_path)
    first = Path(entries[0].source.path)
    # Strings, not paths: of ten thousand images these would take the window's time.
    folder = os.path.dirname(entries[0].source.path)  # noqa: PTH120
    share_folder = all(os.path.dirname(entry.source.path) == folder for entry in entries)  # noqa: PTH120
    return first.parent if len(entries) > 1 and share_folder else first


class Recent:
    """What was open before, the latest first, observable.

    Args:
        settings: where it is kept.
        left_out: a folder whose files are never remembered: what is drawn anew needs no remembering.
    """

    changed = Signal()

    def __init__(self, settings: Settings, left_out: Path) -> None:
        self._settings = settings
        self._left_out = left_out
        self._problems: dict[str, str] = {}

    @property
    def paths(self) -> list[RecentPath]:
        """What was open before, with what :meth:`take_problems` was told last."""
        kept = self._settings.preferences.recent_paths
        return [RecentPath(Path(path), self._problems.get(path, "")) for path in kept]

    def remember(self, path: Path) -> None:
        """Puts something that has been opened at the front."""
        absolute = path.absolute()
        if absolute.is_relative_to(self._left_out):
            return
        kept = remembered(self._settings.preferences.recent_paths, str(absolute), _MOST)
        self._problems.pop(str(absolute), None)
        if kept != self._settings.preferences.recent_paths:
            self._settings.change(recent_paths=kept)
            self.changed.emit()

    def clear(self) -> None:
        """Forgets everything."""
        self._settings.change(recent_paths=())
        self.changed.emit()

    def take_problems(self, problems: dict[str, str]) -> None:
        """Takes what :func:`problems_of` found."""
        if problems != self._problems:
            self._problems = problems
            self.changed.emit()


def problems_of(paths: Iterable[str]) -> dict[str, str]:
    """Returns why paths cannot be opened, for those that cannot; meant for a worker: a network share may be slow."""
    found = {}
    for path in paths:
        try:
            if not Path(path).exists():
                found[path] = "is not there any more"
        except OSError as error:
            found[path] = f"cannot be reached ({error.strerror})"
    return found
