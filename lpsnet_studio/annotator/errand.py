"""What a panel has done outside the window's thread: one thing at a time, of which the newest counts."""

from __future__ import annotations

import threading
import time
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from PySide6.QtCore import QObject, QTimer, Signal
from shiboken6 import isValid

from lpsnet_studio.annotator.desk import Desk

__all__ = ["Errand", "Hold"]

T = TypeVar("T")

_WATCH_MILLISECONDS = 200
_TELL_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class _Failed:
    """Why work came to nothing, in a sentence."""

    sentence: str


class Hold:
    """One piece of work, as the thread that does it sees it.

    Args:
        tell: brings to the window's thread how far it is.
    """

    def __init__(self, tell: Callable[[int, int, str], None]) -> None:
        self._tell = tell
        self._cancelled = threading.Event()
        self._told = 0.0
        self.task: Any = None

    def cancel(self) -> None:
        """Asks the work to end; what comes of it is dropped."""
        self._cancelled.set()

    def cancelled(self) -> bool:
        """Whether it is to end; any thread may ask."""
        return self._cancelled.is_set() or self.was_withdrawn

    @property
    def was_withdrawn(self) -> bool:
        """Whether whoever does the work has given it up."""
        return bool(getattr(self.task, "cancelled", False))

    def progress(self, done: int, total: int, name: str) -> None:
        """Tells how much of it is done, not more often than one can see."""
        now = time.monotonic()
        if now - self._told >= _TELL_SECONDS or done == total:
            self._told = now
            self._tell(done, total, name)


class Errand(QObject):
    """Work that a panel waits for. What comes of it is told in the window's thread, and to no panel that is gone.

    Args:
        desk: does the work.
        parent: the panel.

    Attributes:
        changed: emitted as work begins, and after what came of it was told.
        withdrawn: somebody else has given the work up, as Esc in the window does; nothing comes of it.
        progressed: how much is done, of how much, and what is next.
    """

    changed = Signal()
    withdrawn = Signal()
    progressed = Signal(int, int, str)

    def __init__(self, desk: Desk, parent: QObject) -> None:
        super().__init__(parent)
        self._desk = desk
        self._hold: Hold | None = None
        self._watch = QTimer(self)
        self._watch.setInterval(_WATCH_MILLISECONDS)
        self._watch.timeout.connect(self._look_whether_it_was_withdrawn)

    @property
    def is_under_way(self) -> bool:
        """Whether there is something to wait for."""
        return self._hold is not None

    def begin(
        self,
        work: Callable[[Hold], T],
        done: Callable[[T], object],
        failed: Callable[[str], object],
        *,
        title: str = "",
        cancellable: bool = True,
    ) -> None:
        """Begins work in the place of what was begun before.

        Args:
            work: is given what says whether it is cancelled, and takes how far it is; holds no widget.
            done: takes what it returns.
            failed: takes the sentence of an OSError or ValueError.
            title: what the status bar says meanwhile; empty for nothing.
            cancellable: whether it may be given up at any moment; not so where something is written.
        """
        self.cancel()
        me, deliver = weakref.ref(self), self._desk.deliver
        hold = Hold(lambda *told: deliver(lambda: _for(me, lambda errand: errand._tell(hold, *told))))
        self._hold = hold
        self._watch.start()
        self.changed.emit()

        def run() -> T | _Failed:
            try:
                return work(hold)
            except (OSError, ValueError) as error:
                return _Failed(_sentence(error))

        def take(outcome: T | _Failed) -> None:
            _for(me, lambda errand: errand._take(hold, outcome, done, failed))

        hold.task = self._desk.work(run, take, title=title, cancellable=cancellable)

    def cancel(self) -> None:
        """Has the work end, if there is some, and its outcome dropped."""
        if self._hold is not None:
            self._hold.cancel()
            self._end()

    def ask_to_end(self) -> None:
        """Has the work end early, if there is some; what came of it until then is told."""
        if self._hold is not None:
            self._hold.cancel()

    def _end(self) -> None:
        self._hold = None
        self._watch.stop()
        self.changed.emit()

    def _tell(self, hold: Hold, done: int, total: int, name: str) -> None:
        if hold is self._hold:
            self.progressed.emit(done, total, name)

    def _take(self, hold: Hold, outcome: Any, done: Callable[[Any], object], failed: Callable[[str], object]) -> None:
        if hold is not self._hold:
            return
        self._hold = None
        self._watch.stop()
        if isinstance(outcome, _Failed):
            failed(outcome.sentence)
        else:
            done(outcome)
        self.changed.emit()

    def _look_whether_it_was_withdrawn(self) -> None:
        """Waits no longer for work that was given up, or that failed in a way that is told elsewhere."""
        hold = self._hold
        if hold is not None and (hold.was_withdrawn or getattr(hold.task, "ended", False)):
            self._end()
            if hold.was_withdrawn:
                self.withdrawn.emit()


def _sentence(error: OSError | ValueError) -> str:
    """Returns what an error says; those of the system name the file and the cause."""
    if isinstance(error, OSError) and error.strerror and error.filename:
        return f"{error.filename}: cannot be opened ({error.strerror})"
    return str(error)


def _for(reference: weakref.ref[Errand], call: Callable[[Errand], object]) -> None:
    errand = reference()
    if errand is not None and isValid(errand):
        call(errand)
