"""Work that is asked for at every keystroke and done once they pause, outside the GUI thread."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, QTimer

from lpsnet_studio.background import Background, pass_on

__all__ = ["CalmWork"]

_CALM_MILLISECONDS = 120


class CalmWork(QObject):
    """Does the newest of what it is asked for; what was asked before it and not begun is never done.

    Work that hangs, as on a dead share, holds nothing back that is asked for later.

    Args:
        parent: Qt's owner.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._background = Background(pass_on, self)
        self._wanted: tuple[Callable[[], Any], Callable[[Any], None]] | None = None
        self._calm = QTimer(self)
        self._calm.setSingleShot(True)
        self._calm.setInterval(_CALM_MILLISECONDS)
        self._calm.timeout.connect(self._begin)

    def ask(self, work: Callable[[], Any], done: Callable[[Any], None]) -> None:
        """Does this soon in a thread, unless it is asked for something else until then.

        Args:
            work: what takes long.
            done: takes what came of it, in the GUI thread.
        """
        self._wanted = (work, done)
        self._calm.start()

    def _begin(self) -> None:
        if self._wanted is not None:
            (work, done), self._wanted = self._wanted, None
            self._background.run(work, done)
