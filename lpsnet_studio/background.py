"""Work outside the GUI thread whose result comes back to it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, QRunnable, Qt, QThreadPool, Signal

__all__ = ["Background"]


class _Work(QRunnable):
    """One piece of work; it reports itself with what came of it."""

    def __init__(self, work: Callable[[], Any], report: Callable[[object, object], None]) -> None:
        super().__init__()
        self.setAutoDelete(False)
        self._work, self._report = work, report

    def run(self) -> None:
        """Works, in a thread of the pool."""
        try:
            outcome = self._work()
        except Exception as error:  # whatever it is, the GUI thread tells it
            self._report(self, error)
        else:
            self._report(self, (outcome,))


class Background(QObject):
    """Runs functions in a thread pool of its own.

    Args:
        failed: takes the exception of work that failed, in the GUI thread.
        parent: Qt's owner.
    """

    _done = Signal(object, object)

    def __init__(self, failed: Callable[[Exception], None], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._failed = failed
        self._pool = QThreadPool(self)
        self._waiting: dict[_Work, Callable[[Any], None]] = {}
        self._done.connect(self._deliver, Qt.ConnectionType.QueuedConnection)

    def run(self, work: Callable[[], Any], done: Callable[[Any], None]) -> None:
        """Runs ``work`` in a thread and ``done`` with its result in the GUI thread."""
        task = _Work(work, self._done.emit)
        self._waiting[task] = done
        self._pool.start(task)

    def wait(self, milliseconds: int) -> bool:
        """Waits until everything is done; False if that took too long."""
        return self._pool.waitForDone(milliseconds)

    def _deliver(self, task: _Work, outcome: Exception | tuple[Any]) -> None:
        done = self._waiting.pop(task)
        if isinstance(outcome, Exception):
            self._failed(outcome)
        else:
            done(*outcome)
