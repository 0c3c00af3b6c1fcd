"""Memory that was freed goes back to the system once an image has been left, so that a long day costs no more than one.

Every image is looked at with arrays of some megabytes, made and freed by several threads. The C library of Linux keeps
what they free in arenas, one for each thread that allocates, and these grow for as long as the images go round though
nothing is held. Asking it to take arrays from the system one by one instead would cost every slider some milliseconds.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from functools import cache

from PySide6.QtCore import QObject, QTimer

from lpsnet_studio.background import Background, pass_on
from lpsnet_studio.session import Session

__all__ = ["FreedMemory", "give_back_freed_memory"]

QUIET = 1500
"""Milliseconds that an image has been open before what the one before it left behind is given back."""


@cache
def _malloc_trim() -> Callable[[int], int] | None:
    """Returns the C library's own function for it; None if it has none, as on other systems than Linux with glibc."""
    try:
        trim = ctypes.CDLL(None).malloc_trim
    except (AttributeError, OSError, TypeError):
        return None
    trim.argtypes, trim.restype = [ctypes.c_size_t], ctypes.c_int
    return trim


def give_back_freed_memory() -> bool:
    """Gives the system back what was freed; returns whether there was a way to ask for it.

    It takes a few milliseconds for a hundred megabytes, outside the interpreter's lock.
    """
    trim = _malloc_trim()
    if trim is None:
        return False
    trim(0)
    return True


class FreedMemory(QObject):
    """Gives back, a moment after another image came, what the one before it left behind.

    Args:
        session: whose images come and go.
        parent: Qt's owner.
        give_back: how.
    """

    def __init__(
        self, session: Session, parent: QObject | None = None, give_back: Callable[[], object] = give_back_freed_memory
    ) -> None:
        super().__init__(parent)
        self._background = Background(pass_on, self)
        self._quiet = QTimer(self)
        self._quiet.setSingleShot(True)
        self._quiet.setInterval(QUIET)
        self._quiet.timeout.connect(lambda: self._background.run(give_back, lambda _given: None))
        session.picture_changed.connect(self._restart)

    def _restart(self) -> None:
        self._quiet.start()
