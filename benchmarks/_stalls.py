"""How long the window's event loop stands still, beside that of an idle Qt program at the same time."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable

__all__ = ["IDLE", "TICK", "Stalls"]

TICK = 4
"""Milliseconds between two ticks."""
IDLE = f"""
import sys, time
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QMainWindow
application = QApplication([])
window = QMainWindow()
window.show()
last, largest = time.perf_counter(), 0.0
def tick():
    global last, largest
    now = time.perf_counter()
    largest, last = max(largest, now - last), now
timer = QTimer()
timer.timeout.connect(tick)
def begin():
    global last
    last = time.perf_counter()
    timer.start({TICK})
    print("ready", flush=True)
QTimer.singleShot(500, begin)
import threading
def stop():
    sys.stdin.readline()
    print(1000 * largest, flush=True)
    import os
    os._exit(0)
threading.Thread(target=stop, daemon=True).start()
application.exec()
"""


class Stalls:
    """The gaps between the ticks of a timer in the window's event loop, in milliseconds.

    Attributes:
        longest: the longest of them.
        idle: the longest that an idle Qt program saw at the same time.
        ticks: how many ticks there were.
    """

    def __init__(self) -> None:
        from PySide6.QtCore import QTimer

        self.longest = 0.0
        self.idle = 0.0
        self.ticks = 0
        self._last = time.perf_counter()
        self._timer = QTimer()
        self._timer.timeout.connect(self._tick)

    def _tick(self) -> None:
        now = time.perf_counter()
        self.longest, self._last = max(self.longest, 1000 * (now - self._last)), now
        self.ticks += 1

    def during(self, action: Callable[[], None]) -> float:
        """Returns by how much the longest stall while ``action`` lets events happen exceeds an idle program's."""
        idle = subprocess.Popen([sys.executable, "-c", IDLE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert idle.stdin is not None
        assert idle.stdout is not None
        idle.stdout.readline()
        self.longest, self._last = 0.0, time.perf_counter()
        self._timer.start(TICK)
        action()
        self._timer.stop()
        idle.stdin.write("\n")
        idle.stdin.flush()
        self.idle = float(idle.stdout.readline())
        idle.wait()
        return self.longest - self.idle
