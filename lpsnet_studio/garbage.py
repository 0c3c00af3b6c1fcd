"""Python's collector of reference cycles, kept to the GUI thread.

Left alone, it runs in whichever thread happens to allocate. An object of Qt's that it finds there is destroyed in the
wrong thread, with its timers still in the right one, and the program crashes at the next tick.
"""

from __future__ import annotations

import gc

from PySide6.QtCore import QObject, QTimer

__all__ = ["GarbageCollector"]

_INTERVAL = 1000
"""Milliseconds between two looks at how much there may be to collect."""


class GarbageCollector(QObject):
    """Collects cycles in the GUI thread as often as Python itself would have, and nowhere else.

    What is there when it begins is taken to stay, modules above all: it is never looked through again, so that a full
    collection costs a fraction of what it would.

    Args:
        parent: Qt's owner.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        gc.disable()
        gc.freeze()
        self._timer = QTimer(self)
        self._timer.setInterval(_INTERVAL)
        self._timer.timeout.connect(self.collect_if_due)
        self._timer.start()

    def collect_if_due(self) -> int:
        """Collects the oldest generation whose turn it is; returns how many objects that found, 0 if none was due."""
        due = (generation for generation in (2, 1, 0) if gc.get_count()[generation] > gc.get_threshold()[generation])
        generation = next(due, None)
        return 0 if generation is None else gc.collect(generation)

    def stop(self) -> None:
        """Leaves the collector to itself again."""
        self._timer.stop()
        gc.unfreeze()
        gc.enable()
