"""Work outside the GUI thread whose result comes back to it, with its progress on the way."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QObject, Qt, QThreadPool, Signal

__all__ = ["Background", "Cancelled", "Task", "Working"]


class Cancelled(Exception):  # noqa: N818 — it is no error
    """The user withdrew the work; it ends without a word."""


@dataclass(frozen=True, slots=True)
class Working:
    """What is being worked on, for people.

    Attributes:
        step: in words.
        fraction: 0 … 1; negative if unknown.
        cancellable: whether cancelling has any effect.
    """

    step: str
    fraction: float
    cancellable: bool


class Task:
    """One piece of work, as those who do it see it.

    Attributes:
        title: in words; empty if nobody needs to know of it.
        cancellable: whether its result may be thrown away.
        cancelled: whether the user withdrew it.
        fraction: how far it is, 0 … 1; negative if unknown.
    """

    def __init__(self, title: str, *, cancellable: bool, on_progress: Callable[[], None]) -> None:
        self.title, self.cancellable = title, cancellable
        self.fraction = -1.0
        self._on_progress = on_progress
        self._cancelled = threading.Event()

    @property
    def cancelled(self) -> bool:
        """Whether the user withdrew it."""
        return self._cancelled.is_set()

    def cancel(self) -> None:
        """Withdraws it, if it can be."""
        if self.cancellable:
            self._cancelled.set()

    def report(self, fraction: float) -> None:
        """Says how far the work is; any thread may call this.

        Raises:
            Cancelled: if the user withdrew it.
        """
        if self.cancelled:
            raise Cancelled
        self.fraction = fraction
        self._on_progress()


class _Work:
    """Work in a thread of the pool; it reports itself with what came of it."""

    # No QRunnable: PySide keeps one that does not delete itself for ever, with everything that its work refers to.

    def __init__(self, task: Task, work: Callable[[Task], Any], report: Callable[[object, object], None]) -> None:
        self.task = task
        self._work, self._report = work, report

    def run(self) -> None:
        """Works, in a thread of the pool."""
        try:
            outcome = self._work(self.task)
        except Exception as error:  # whatever it is, the GUI thread tells it
            self._report(self, error)
        else:
            self._report(self, (outcome,))


class Background(QObject):
    """Runs functions in a thread pool of its own.

    Args:
        failed: takes the exception of work that failed, in the GUI thread.
        parent: Qt's owner.

    Attributes:
        busy_changed: emitted, in the GUI thread, after :attr:`busy` may have changed.
    """

    busy_changed = Signal()
    _done = Signal(object, object)
    _progressed = Signal()

    def __init__(self, failed: Callable[[Exception], None], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._failed = failed
        self._pool = QThreadPool(self)
        self._waiting: dict[_Work, Callable[[Any], None]] = {}
        self._done.connect(self._deliver, Qt.ConnectionType.QueuedConnection)
        self._progressed.connect(self.busy_changed, Qt.ConnectionType.QueuedConnection)

    @property
    def busy(self) -> Working | None:
        """The oldest work under way that has a title; None if there is none."""
        named = (work.task for work in self._waiting if work.task.title and not work.task.cancelled)
        task = next(named, None)
        return None if task is None else Working(task.title, task.fraction, task.cancellable)

    @property
    def unfinished(self) -> list[str]:
        """The titles of work that must not be thrown away."""
        return [work.task.title for work in self._waiting if not work.task.cancellable]

    def run(
        self, work: Callable[[], Any], done: Callable[[Any], None], *, title: str = "", cancellable: bool = True
    ) -> Task:
        """Runs ``work`` in a thread and ``done`` with its result in the GUI thread.

        Args:
            work: what is to be done.
            done: takes its result; never called once the task is cancelled.
            title: what to tell the user while it lasts; empty to tell nothing.
            cancellable: whether its result may be thrown away; not so if it is a file that is being written.
        """
        return self.run_task(lambda _task: work(), done, title=title, cancellable=cancellable)

    def run_task(
        self, work: Callable[[Task], Any], done: Callable[[Any], None], *, title: str, cancellable: bool = True
    ) -> Task:
        """Does the same for work that says how far it is: it is given its :class:`Task`."""
        task = Task(title, cancellable=cancellable, on_progress=self._progressed.emit)
        running = _Work(task, work, self._done.emit)
        self._waiting[running] = done
        self._pool.start(running.run)
        self.busy_changed.emit()
        return task

    def cancel(self) -> None:
        """Withdraws all work that can be."""
        for work in self._waiting:
            work.task.cancel()
        self.busy_changed.emit()

    def wait(self, milliseconds: int) -> bool:
        """Waits until everything is done; False if that took too long."""
        return self._pool.waitForDone(milliseconds)

    def _deliver(self, work: _Work, outcome: Exception | tuple[Any]) -> None:
        done = self._waiting.pop(work)
        self.busy_changed.emit()
        if work.task.cancelled or isinstance(outcome, Cancelled):
            return
        if isinstance(outcome, Exception):
            self._failed(outcome)
        else:
            done(*outcome)
