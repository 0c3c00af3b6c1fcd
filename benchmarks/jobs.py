"""Four jobs of a million events each: how long until their curves are shown, and how long the window stands still.

    python benchmarks/jobs.py [--events 1000000] [--jobs 4]

Everything is measured in one window on a real display, while a timer ticks every 4 ms in its event loop: first while
all events are read, then while every job goes on writing, then while the user smooths, zooms, reads values off and
saves the chart. Torch, which the window never imports, is imported after that, to describe the machine.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from _display import with_display
from _machine import describe_machine, markdown_table
from _stalls import Stalls

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=1_000_000, help="events of each job")
    parser.add_argument("--jobs", type=int, default=4)
    options = parser.parse_args()
    with_display()
    with TemporaryDirectory() as folder:
        from tests.studio.jobs.run_files import write_long_run

        folders = [Path(folder, f"job-{number}") for number in range(options.jobs)]
        for number, run in enumerate(folders):
            write_long_run(run, options.events, spike_at=options.events // 3, phase=0.3 * number)
        size = sum((run / "events.jsonl").stat().st_size for run in folders) / 2**20
        table = markdown_table(measure(folders, options.events))
        print(f"{options.jobs} jobs of {options.events:,} events, {size:,.0f} MiB; {describe_machine()}\n")
        print(table)


def measure(folders: list[Path], events: int) -> list[list[Any]]:
    """Returns the rows of the table."""
    from PySide6.QtWidgets import QApplication

    application = QApplication([])
    from lpsnet_studio.background import Background
    from lpsnet_studio.garbage import GarbageCollector
    from lpsnet_studio.jobs.curve_worker import CurveWorker
    from lpsnet_studio.jobs.curves import RunCurves
    from lpsnet_studio.jobs.curves_view import CurvesView, ShownRun
    from lpsnet_studio.theme import Theme

    theme = Theme()
    theme.apply("dark")
    worker = CurveWorker()
    runs = [RunCurves(run) for run in folders]
    view = CurvesView(worker, Background(_fail), theme)
    view.resize(1100, 700)
    view.show()
    _events_for(application, 0.5)
    GarbageCollector(view)  # as the Studio does once it has started
    before = _resident()
    stalls = Stalls()
    rows: list[list[Any]] = [["while", "seconds", "longest stall beyond idle, ms", "idle, ms", "ticks"]]

    def take(what: str, action: Callable[[], None]) -> None:
        stalls.ticks = 0
        start = time.perf_counter()
        beyond = stalls.during(action)
        rows.append([what, time.perf_counter() - start, beyond, stalls.idle, stalls.ticks])

    def load() -> None:
        worker.watch(runs)
        view.set_runs([ShownRun(run, run.folder.name) for run in runs])
        _until(application, lambda: all(run.facts.iteration == events for run in runs))
        _until(application, lambda: len(_shown(view)) > 0 and all(n == events for n in _shown(view)))

    take("all events are read", load)
    rows.append(["memory for it, MiB", "", _resident() - before, "", ""])
    rows.append(["of which curves, MiB", "", sum(run.nbytes for run in runs) / 2**20, "", ""])
    take("every job writes on, 20 events/s", lambda: _write_on(application, folders, events))
    take("smoothing", lambda: _smooth(application, view))
    take("zooming", lambda: _zoom(application, view))
    take("reading off", lambda: _read_off(application, view, events))
    for name in ("chart.png", "chart.svg"):
        take(f"saving {name}", lambda path=folders[0].parent / name: _save(application, view, path))
    worker.close()
    worker.join(10)
    view.close()
    return rows


def _shown(view: Any) -> list[int]:
    return [len(curve.all_xs) for curve in view.plot.drawn.values()]


def _write_on(application: Any, folders: list[Path], events: int) -> None:
    from tests.studio.jobs.run_files import lines, progress

    for step in range(50):
        for run in folders:
            with (run / "events.jsonl").open("ab") as stream:
                at = events + 2 * step
                stream.write(lines(progress(at + more, 1.5, box=0.1, borderness=0.2, semantic=0.3) for more in (1, 2)))
        _events_for(application, 0.1)


def _smooth(application: Any, view: Any) -> None:
    for step in range(20):
        view.set_smoothing(0.04 * step)
        _events_for(application, 0.1)
    _until(application, lambda: view.is_current)


def _zoom(application: Any, view: Any) -> None:
    for _ in range(20):
        view.plot.zoom(1.3)
        _events_for(application, 0.1)
    view.plot.show_all()
    _until(application, lambda: view.is_current)


def _read_off(application: Any, view: Any, events: int) -> None:
    for step in range(50):
        view.plot.set_cursor(events * step / 50)
        _events_for(application, 0.02)


def _save(application: Any, view: Any, path: Path) -> None:
    done: list[bool] = []
    view.save(path, lambda: done.append(True))
    _until(application, lambda: bool(done))


def _events_for(application: Any, seconds: float) -> None:
    end = time.perf_counter() + seconds
    _until(application, lambda: time.perf_counter() >= end)


def _until(application: Any, done: Callable[[], bool]) -> None:
    from PySide6.QtCore import QEventLoop

    while not done():
        application.processEvents(
            QEventLoop.ProcessEventsFlag.AllEvents | QEventLoop.ProcessEventsFlag.WaitForMoreEvents
        )


def _resident() -> float:
    """Returns the memory in use, in MiB."""
    import psutil

    return psutil.Process().memory_info().rss / 2**20


def _fail(error: Exception) -> None:
    sys.exit(str(error))


if __name__ == "__main__":
    main()
