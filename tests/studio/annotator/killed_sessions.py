"""Plays the scripted session many times, each in a process of its own that dies at a moment it was given.

``python -m tests.studio.annotator.killed_sessions FOLDER`` reads ``FOLDER/plans.json``: a list of plans, each
``[kind, number]`` of a call by which SQLite writes ("io", or "network" where there is no write-ahead log), which is
left half done, or of a named step of the writing thread ("moment"). Play ``n`` leaves its project, and ``told.txt`` of
what it had been told, in ``FOLDER/n``.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import cv2

from lpsnet_studio.annotator import database
from lpsnet_studio.annotator.store import ProjectStore
from tests.studio.annotator.scripted_session import make_pictures, play
from tests.studio.annotator.sqlite_faults import intercepted, torn_kill

STROKES = 14


def main(folder: Path) -> None:
    """Plays every plan, one after another."""
    cv2.setNumThreads(1)
    plans = json.loads((folder / "plans.json").read_text())
    for number, (kind, count) in enumerate(plans):
        place = folder / str(number)
        place.mkdir()
        # Forked, so that what is imported is imported once; nothing has a thread or a connection here.
        child = os.fork()
        if child == 0:
            try:
                _Play(place, kind, count).run()
            except BaseException as error:
                (place / "failed.txt").write_text(repr(error))
                os._exit(1)
            os._exit(0)
        os.waitpid(child, 0)


class _Play:
    def __init__(self, folder: Path, kind: str, count: int) -> None:
        self._folder = folder
        self._kind, self._left = kind, count
        self._told = os.open(folder / "told.txt", os.O_CREAT | os.O_WRONLY | os.O_APPEND)
        self._is_inside = False

    def run(self) -> None:
        """Plays the session, to its end if the moment does not come."""
        with ExitStack() as stack:
            if self._kind == "network":
                database.is_on_network = lambda folder: True
            if self._kind != "moment":
                stack.enter_context(intercepted(self._io))
            store = ProjectStore.create(self._folder / "project", {"version": 0}, between=self._moment)
            self._say("step 0")
            play(store, make_pictures(self._folder), STROKES, self._made)
            store.close()
            self._say("closed")

    def _made(self, number: int, ticket: Any) -> None:
        """Waits for the disk, as the next stroke takes longer than that; tells what is saved."""
        if ticket is not None:
            ticket.result(30)
        self._say(f"step {number}")

    def _say(self, text: str) -> None:
        os.write(self._told, f"{text}\n".encode())

    def _moment(self, moment: str) -> None:
        self._is_inside = moment in ("begun", "written", "before commit", "migrating")
        if self._kind == "moment":
            self._count(lambda: os.kill(os.getpid(), signal.SIGKILL), moment)

    def _io(self, what: str, whole: Callable[[], int], half: Callable[[], int]) -> int:
        if self._kind != "moment":
            self._count(lambda: torn_kill(half), what)
        return whole()

    def _count(self, end: Callable[[], object], what: str) -> None:
        self._left -= 1
        if self._left == 0:
            self._say(f"killed {what} {'inside' if self._is_inside else 'outside'}")
            end()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
