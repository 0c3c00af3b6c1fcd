"""The log of a job on the screen: a million lines scrolled, wrapped and searched, and ten thousand more a second.

Budgets: 16 ms from a scroll bar's move to the picture, and no turn of the event loop over 50 ms while lines come.
"""

from __future__ import annotations

import os
import resource
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

LINES, PER_SECOND, SECONDS = 1_000_000, 10_000, 5.0
SCROLLS = 200
_LINE = "{}: loss total 1.2, box 0.{:03d}; 12.3 images/s\n"


def turns(seconds: float, until: Callable[[], bool] = lambda: False) -> list[float]:
    """Returns how long each turn of the event loop took, in milliseconds, for some seconds or until something is so."""
    from PySide6.QtWidgets import QApplication

    taken, end = [0.0], time.perf_counter() + seconds
    while time.perf_counter() < end and not until():
        begin = time.perf_counter()
        QApplication.processEvents()
        taken.append(1e3 * (time.perf_counter() - begin))
        time.sleep(0.001)
    return taken


def write_steadily(path: Path, stopped: threading.Event) -> None:
    """Appends lines at an even pace."""
    number, begin = 0, time.monotonic()
    with path.open("a") as stream:
        while not stopped.is_set():
            stream.writelines(_LINE.format(number + extra, extra) for extra in range(PER_SECOND // 20))
            stream.flush()
            number += PER_SECOND // 20
            time.sleep(max(begin + number / PER_SECOND - time.monotonic(), 0.0))


def measure(folder: Path) -> list[tuple[str, str]]:
    """Returns what was measured, in words."""
    from PySide6.QtWidgets import QApplication

    from lpsnet_studio.jobs.log import FIRST_BYTES, LogFile
    from lpsnet_studio.jobs.log_view import LogView
    from lpsnet_studio.theme import Theme

    application = QApplication.instance() or QApplication(sys.argv)
    theme = Theme()
    theme.apply("dark")
    path = folder / "log.txt"
    path.write_text("".join(_LINE.format(number, number % 1000) for number in range(LINES)))
    begin = time.perf_counter()
    LogFile(path).read_new()
    figures = [
        (f"the last {FIRST_BYTES / 2**20:.0f} MiB, in a thread", f"{1e3 * (time.perf_counter() - begin):.0f} ms")
    ]
    view = LogView(theme)
    view.resize(1000, 700)
    view.show()
    view.show_log(path)
    view._file = LogFile(path, first_bytes=path.stat().st_size)
    turns(120, until=lambda: len(view.log) >= LINES)
    bar, scrolled = view.lines.verticalScrollBar(), []
    for step in range(SCROLLS):
        begin = time.perf_counter()
        bar.setValue(step * LINES // SCROLLS + 3)
        application.processEvents()
        view.lines.viewport().repaint()
        scrolled.append(1e3 * (time.perf_counter() - begin))
    figures.append((f"a jump in {len(view.log):,} lines", f"{statistics.median(scrolled):.1f} ms"))
    for words, act in (("wrapping them", view.controls.wrap.click), ("unwrapping them", view.controls.wrap.click)):
        begin = time.perf_counter()
        act()
        figures.append((words, f"{1e3 * (time.perf_counter() - begin):.0f} ms"))
    view.controls.search.setText("0.777")
    longest = max(turns(30, until=lambda: view.controls.found.text().startswith("1,000")))
    figures.append(("searching them: longest turn", f"{longest:.0f} ms"))
    figures.append(("memory, all in all", f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB"))
    stopped = threading.Event()
    writer = threading.Thread(target=write_steadily, args=(path, stopped))
    writer.start()
    longest = max(turns(SECONDS))
    stopped.set()
    writer.join()
    figures.append((f"{PER_SECOND:,} lines a second come: longest turn", f"{longest:.0f} ms"))
    view.close_log()
    return figures


def main() -> None:
    """Prints the table."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from _machine import describe_machine, markdown_table

    with tempfile.TemporaryDirectory() as folder:
        figures = measure(Path(folder))
    print(describe_machine())
    print(markdown_table([("what", "takes"), *figures]))


if __name__ == "__main__":
    main()
