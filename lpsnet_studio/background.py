"""Work outside the GUI thread whose result comes back to it, with its progress on the way."""

from __future__ import annotations

import threading
import time
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

from PySide6.QtCore import QObject, Qt, Signal
from shiboken6 import isValid

__all__ = ["Background", "Cancelled", "Courier", "Task", "Working", "courier", "is_awaited", "pass_on"]


class Courier(QObject):
    """Brings calls from any thread into the GUI thread.

    There is one, and it outlives every window, so that a thread that ends late always has someone to tell. Threads are
    Python's: a pool of Qt's, deleted with its window, waits for its threads while it holds the interpreter's lock,
    and these wait for the lock.
    """

    _arrived = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._arrived.connect(_call, Qt.ConnectionType.QueuedConnection)

    def bring(self, receiver: weakref.ref[QObject], call: Callable[[Any], object], *, is_last: bool = False) -> None:
        """Calls ``call(receiver)`` in the GUI thread, unless the receiver is gone by then.

        Args:
            receiver: in the GUI thread.
            call: what to do with it.
            is_last: whether the calling thread ends with this. The GUI thread then waits for its very end: a thread
                that still held the last reference to an object of Qt's would destroy that in the wrong thread.
        """
        self._arrived.emit((receiver, call, threading.current_thread() if is_last else None))


def _call(message: tuple[weakref.ref[QObject], Callable[[Any], object], threading.Thread | None]) -> None:
    reference, call, thread = message
    if thread is not None:
        thread.join()
    receiver = reference()
    if receiver is not None and isValid(receiver):
        call(receiver)


@cache
def courier() -> Courier:
    """Returns the courier; the first call comes from the GUI thread."""
    return Courier()


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
        ended: whether its thread has nothing more to do, withdrawn or not, and the GUI thread knows.
        fraction: how far it is, 0 … 1; negative if unknown.
    """

    def __init__(self, title: str, *, cancellable: bool, on_progress: Callable[[], None]) -> None:
        self.title, self.cancellable = title, cancellable
        self.fraction = -1.0
        self._on_progress = on_progress
        self._cancelled, self._ended = threading.Event(), False

    @property
    def cancelled(self) -> bool:
        """Whether the user withdrew it."""
        return self._cancelled.is_set()

    @property
    def ended(self) -> bool:
        """Whether its thread has nothing more to do, and the GUI thread knows."""
        return self._ended

    def end(self) -> None:
        """Says that its thread has nothing more to do; called in the GUI thread."""
        self._ended = True

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


@dataclass(eq=False)
class _Work:
    """Work under way, and who takes its result."""

    task: Task
    done: Callable[[Any], None]
    ended: Callable[[], object]
    thread: threading.Thread | None = None


def is_awaited(task: Task | None) -> bool:
    """Whether there is a task whose outcome is still to come: it was not withdrawn, and none was told."""
    return task is not None and not task.cancelled and not task.ended


def pass_on(error: Exception) -> None:
    """Lets a failure in the background be seen where every other is; for owners that show none themselves."""
    raise error


class Background(QObject):
    """Runs functions, each in a thread of its own, so that none waits for one that is stuck, as on a dead share.

    Threads of work that can be withdrawn end with the program; it waits for the others.

    What comes of work is told in the GUI thread, in this order: its task has ended, so that :func:`is_awaited` is no
    longer true of it; its result or its failure is taken, unless it was withdrawn; ``ended`` is called, whatever came
    of it. So an owner that does one thing at a time asks :func:`is_awaited` before it begins, and goes on in ``ended``.

    Args:
        failed: takes the exception of work that failed, in the GUI thread.
        parent: Qt's owner.

    Attributes:
        busy_changed: emitted, in the GUI thread, after :attr:`busy` may have changed.
    """

    busy_changed = Signal()

    def __init__(self, failed: Callable[[Exception], None], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._failed = failed
        self._waiting: list[_Work] = []
        self._courier = courier()

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
        self,
        work: Callable[[], Any],
        done: Callable[[Any], None],
        *,
        ended: Callable[[], object] = lambda: None,
        title: str = "",
        cancellable: bool = True,
    ) -> Task:
        """Runs ``work`` in a thread and ``done`` with its result in the GUI thread.

        Args:
            work: what is to be done.
            done: takes its result; never called once the task is cancelled.
            ended: called last, whatever came of it: a result, a failure, or nothing because it was withdrawn.
            title: what to tell the user while it lasts; empty to tell nothing.
            cancellable: whether its result may be thrown away; not so if it is a file that is being written.
        """
        return self.run_task(lambda _task: work(), done, ended=ended, title=title, cancellable=cancellable)

    def run_task(
        self,
        work: Callable[[Task], Any],
        done: Callable[[Any], None],
        *,
        ended: Callable[[], object] = lambda: None,
        title: str,
        cancellable: bool = True,
    ) -> Task:
        """Does the same for work that says how far it is: it is given its :class:`Task`."""
        me, bring = weakref.ref(self), self._courier.bring
        task = Task(title, cancellable=cancellable, on_progress=partial(bring, me, Background._tell_progress))
        running = _Work(task, done, ended)

        def run() -> None:
            outcome: Exception | tuple[Any]
            try:
                outcome = (work(task),)
            except Exception as error:  # whatever it is, the GUI thread tells it
                outcome = error
            bring(me, lambda background: background._deliver(running, outcome), is_last=True)

        self._waiting.append(running)
        running.thread = threading.Thread(target=run, name=f"background {title}".rstrip(), daemon=cancellable)
        running.thread.start()
        self.busy_changed.emit()
        return task

    def withdraw(self, task: Task) -> None:
        """Withdraws one piece of work, if it can be."""
        task.cancel()
        self.busy_changed.emit()

    def cancel(self) -> bool:
        """Withdraws all work that can be; returns whether the user knew of any of it."""
        withdrawn = [work.task for work in self._waiting if work.task.cancellable and not work.task.cancelled]
        for task in withdrawn:
            task.cancel()
        self.busy_changed.emit()
        return any(task.title for task in withdrawn)

    def wait(self, milliseconds: int) -> bool:
        """Waits until everything is done; False if that took too long."""
        deadline = time.monotonic() + milliseconds / 1000
        threads = [work.thread for work in self._waiting if work.thread is not None]
        for thread in threads:
            thread.join(max(deadline - time.monotonic(), 0))
        return not any(thread.is_alive() for thread in threads)

    def _deliver(self, work: _Work, outcome: Exception | tuple[Any]) -> None:
        self._waiting.remove(work)
        work.task.end()
        self.busy_changed.emit()
        try:
            if not (work.task.cancelled or isinstance(outcome, Cancelled)):
                self._tell(work, outcome)
        finally:
            work.ended()

    def _tell(self, work: _Work, outcome: Exception | tuple[Any]) -> None:
        if isinstance(outcome, Exception):
            self._failed(outcome)
        else:
            work.done(*outcome)

    def _tell_progress(self) -> None:
        self.busy_changed.emit()
