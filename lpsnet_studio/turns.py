"""Work for the GUI thread that is done piece by piece, so that the window answers in between."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QObject, QTimer

__all__ = ["Turns"]

_PAUSE = 5
"""Milliseconds between two turns: what was changed before is painted by then, not together with what comes next."""
_PATIENCE = 300
"""Milliseconds for which what is over soon is not shown at all: it would only flicker."""


class Turns(QObject):
    """Calls functions one after another, each in a turn of the event loop of its own.

    Keys, the mouse and painting come between them. What another image sets off in many panels would hold them up in
    one piece.

    Args:
        parent: Qt's owner; what still waits when that is deleted is never called.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._waiting: deque[Callable[[], object]] = deque()
        self._next = QTimer(self)
        self._next.setSingleShot(True)
        self._next.setInterval(_PAUSE)
        self._next.timeout.connect(self._take_one)
        self._patient: list[Callable[[], object]] = []
        self._patience = QTimer(self)
        self._patience.setSingleShot(True)
        self._patience.setInterval(_PATIENCE)
        self._patience.timeout.connect(self._lose_patience)

    def be_patient(self, call: Callable[[], object]) -> None:
        """Calls a function in its turn after a while, unless :meth:`wait` is asked to call it before."""
        if not self._patient:
            self._patience.start()
        if call not in self._patient:
            self._patient.append(call)

    def wait(self, call: Callable[[], object]) -> None:
        """Calls a function when its turn comes; once, however often it is asked for until then."""
        if call in self._patient:
            self._patient.remove(call)
        if call not in self._waiting:
            self._waiting.append(call)
            if not self._next.isActive():
                self._next.start()

    def let_go(self, *held: object) -> None:
        """Holds objects until their turns come: to free the pixels of a large photo takes longer than a frame."""
        for each in held:
            self.wait(partial(id, each))

    def _lose_patience(self) -> None:
        for call in tuple(self._patient):
            self.wait(call)

    def _take_one(self) -> None:
        call = self._waiting.popleft()
        if self._waiting:
            self._next.start()
        call()
