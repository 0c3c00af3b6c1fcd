"""How long after its start is the window on the screen?

A fresh process each time, under Xvfb where there is no display: from exec to the end of the first paint of the whole
window, median of several. A bare Qt window of the same run stands beside it. Budget: 1.0 s.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

from _display import with_display
from _machine import describe_machine, markdown_table

REPEATS = 7

WATCH = """
import os, time
from PySide6.QtCore import QEvent, QObject, QTimer
class Watch(QObject):
    def eventFilter(self, watched, event):
        if event.type() == QEvent.Type.Paint:
            QTimer.singleShot(0, done)
        return False
def done():
    print(time.time(), flush=True)
    os._exit(0)
"""
BARE = (
    WATCH
    + """
from PySide6.QtWidgets import QApplication, QMainWindow
application = QApplication([])
window = QMainWindow()
watch = Watch()
window.installEventFilter(watch)
window.show()
application.exec()
"""
)
STUDIO = (
    WATCH
    + """
import tempfile
from pathlib import Path
import lpsnet_studio.app as app
from lpsnet_studio.settings import Folders
home = Path(tempfile.mkdtemp())
Folders.of_user = classmethod(lambda cls: Folders.under(home))
app.clear_foreign_qt()
from lpsnet_studio.studio import Studio
watch = Watch()
Studio.begin_after_first_paint = lambda self: self.window.installEventFilter(watch)
app.main([])
"""
)


def seconds_to_paint(program: str) -> float:
    """Returns the seconds from starting a process to its first paint."""
    started = time.time()
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return float(done.stdout.split()[-1]) - started


def main() -> None:
    rows: list[list[object]] = [["window", "on the screen after, s", "times a bare Qt window"]]
    seconds: dict[str, list[float]] = {"bare Qt window": [], "LPSNet Studio": []}
    for program in (BARE, STUDIO):
        seconds_to_paint(program)
    for _ in range(REPEATS):
        seconds["bare Qt window"].append(seconds_to_paint(BARE))
        seconds["LPSNet Studio"].append(seconds_to_paint(STUDIO))
    bare = statistics.median(seconds["bare Qt window"])
    for name, taken in seconds.items():
        rows.append([name, statistics.median(taken), statistics.median(taken) / bare])
    print(describe_machine())
    print(markdown_table(rows))


if __name__ == "__main__":
    with_display()
    main()
