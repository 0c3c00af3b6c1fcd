"""One thread that reads every run and works out what is drawn of them, so that the window never waits for a file."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from lpsnet_studio.jobs.curve_drawing import CurveDrawer, Drawing, Sight
from lpsnet_studio.jobs.curves import RunCurves

__all__ = ["CurveWorker"]

_PERIOD = 0.25
_SLICE = 128
_LONGEST_PAINT = 0.1
_SHORTEST_REST, _LONGEST_REST = 0.0005, 0.005


def _nobody(_drawing: Drawing) -> None:
    """Takes what is drawn while nobody looks."""


class CurveWorker:
    """Reads all runs in turns, a little of each at a time, and draws at most four times a second while someone looks.

    There is one thread for all, and it rests after every few lines for as long as they took: threads that parse JSON
    hold the interpreter's lock, and the window's event loop would wait for each of them in turn. While the window has
    much to do the lines take longer, and so does the rest. While it paints curves, nothing is read at all: painting
    gives the lock away hundreds of times, and would have to wait for it each time.
    """

    def __init__(self) -> None:
        self._drawn: Callable[[Drawing], object] = _nobody
        self._runs: dict[Path, RunCurves] = {}
        self._problems: dict[Path, str] = {}
        self._sight: Sight | None = None
        self._is_asked = False
        self._drawer = CurveDrawer()
        self._woken = threading.Condition()
        self._is_closed = False
        self._may_read = threading.Event()
        self._may_read.set()
        self._last: tuple[object, float] = (None, 0.0)
        self._thread = threading.Thread(target=self._work, name="curves", daemon=True)
        self._thread.start()

    def watch(self, runs: Iterable[RunCurves]) -> None:
        """Reads these runs from now on, and no others."""
        with self._woken:
            self._runs = {run.folder: run for run in runs}
            self._problems = {folder: text for folder, text in self._problems.items() if folder in self._runs}
            self._woken.notify()

    def show(self, sight: Sight | None, drawn: Callable[[Drawing], object] = _nobody) -> None:
        """Draws this from now on, at once and whenever it grows.

        Args:
            sight: what is looked at; None while nobody looks.
            drawn: takes every drawing, in the worker's thread.
        """
        with self._woken:
            # Whoever asks for the same again may have thrown away what was drawn.
            self._sight, self._drawn, self._is_asked = sight, drawn, sight is not None
            self._woken.notify()

    @contextlib.contextmanager
    def aside(self) -> Iterator[None]:
        """Reads nothing as long as this is entered, for a moment, by the GUI thread."""
        self._may_read.clear()
        try:
            yield
        finally:
            self._may_read.set()

    def close(self) -> None:
        """Ends the thread, soon."""
        with self._woken:
            self._is_closed = True
            self._woken.notify()

    def join(self, seconds: float) -> bool:
        """Waits until the thread has ended; False if that took too long."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def _work(self) -> None:
        while not self._is_closed:
            is_behind = self._read_for(_PERIOD / 5)
            is_due = self._draw_if_due()
            with self._woken:
                if not (is_behind or is_due or self._is_closed or self._is_asked):
                    self._woken.wait(_PERIOD)

    def _read_for(self, seconds: float) -> bool:
        """Reads on, run by run; returns whether any has more."""
        end = time.monotonic() + seconds
        behind = list(self._runs.values())
        while behind and time.monotonic() < end and not self._is_closed:
            behind = [run for run in behind if self._read(run)]
            if self._is_asked:
                break
        return bool(behind)

    def _read(self, run: RunCurves) -> bool:
        self._may_read.wait(_LONGEST_PAINT)
        start = time.perf_counter()
        try:
            has_more = run.read(_SLICE)
            self._problems.pop(run.folder, None)
        except Exception as error:  # whatever a damaged run makes of it: the others are still read
            self._problems[run.folder] = _problem_words(run.folder, error)
            return False
        time.sleep(min(max(time.perf_counter() - start, _SHORTEST_REST), _LONGEST_REST))
        return has_more

    def _draw_if_due(self) -> bool:
        """Draws if what is looked at is another, or has grown and the last drawing is old enough."""
        with self._woken:
            sight, drawn, runs = self._sight, self._drawn, tuple(self._runs.values())
            is_asked, self._is_asked = self._is_asked, False
        if sight is None:
            return False
        versions = tuple((run.folder, run.version) for run in runs if run.folder in sight.runs)
        state = (sight, versions, tuple(self._problems.values()))
        seen, when = self._last
        now = time.monotonic()
        if not is_asked and (state == seen or now - when < _PERIOD):
            return False
        self._last = (state, now)
        drawn(self._drawer.draw(sight, runs, self._problems.values()))
        return True


def _problem_words(folder: Path, error: Exception) -> str:
    """Returns why a run could not be read, in a sentence."""
    if not isinstance(error, OSError):
        return f"{folder} could not be read: {type(error).__name__}, {error}"
    cause = error.strerror or str(error)
    return f"{error.filename or folder} could not be read: {cause[:1].lower()}{cause[1:]}"
