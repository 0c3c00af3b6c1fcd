"""Which project is wanted while several are being opened, so that the slower one never takes its place; no Qt."""

from __future__ import annotations

import os
import threading
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from lpsnet_studio.annotator.store import ProjectStore

__all__ = ["Openings"]


class Openings:
    """Openings of projects that are under way, of which only the newest is wanted.

    What is opened and not wanted any more is closed again. Two of one folder wait for each other, since a project is
    opened once at a time.
    """

    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self._newest = 0
        self._wanted: Path | None = None
        self._folders: dict[Path, threading.Lock] = defaultdict(threading.Lock)
        self._not_taken: dict[Path, ProjectStore] = {}

    def begin(self, folder: Path) -> int:
        """Wants a project from now on; returns the number of the opening, 0 if that is under way already."""
        with self._mutex:
            if self._wanted == _key(folder):
                return 0
            self._wanted = _key(folder)
            self._newest += 1
            return self._newest

    def withdraw(self) -> None:
        """Wants none of those any more that are under way."""
        with self._mutex:
            self._wanted = None
            self._newest += 1

    def open(self, number: int, folder: Path, open_it: Callable[[], ProjectStore]) -> ProjectStore | None:
        """Opens a project for an opening, outside the window's thread; None if it is not wanted any more.

        Raises:
            Exception: what ``open_it`` raises.
        """
        with self._lock_of(folder):
            self._close(folder)
            store = open_it()
            with self._mutex:
                if number == self._newest:
                    self._not_taken[_key(folder)] = store
                    return store
            store.close()
            return None

    def take(self, number: int, folder: Path) -> bool:
        """Ends an opening; returns whether what came of it is wanted, and the caller's from now on."""
        with self._mutex:
            if number != self._newest:
                return False
            self._wanted = None
            self._not_taken.pop(_key(folder), None)
            return True

    def clear(self) -> None:
        """Closes what was opened for those that are not wanted; waits for the disk."""
        with self._mutex:
            folders = [folder for folder in self._not_taken if folder != self._wanted]
        for folder in folders:
            with self._lock_of(folder):
                if folder != self._wanted:
                    self._close(folder)

    def _lock_of(self, folder: Path) -> threading.Lock:
        with self._mutex:
            return self._folders[_key(folder)]

    def _close(self, folder: Path) -> None:
        with self._mutex:
            store = self._not_taken.pop(_key(folder), None)
        if store is not None:
            with suppress(OSError):  # nothing was changed in it
                store.close()


def _key(folder: Path) -> Path:
    return Path(os.path.abspath(folder))  # noqa: PTH100 - it is not looked at in the window's thread
