"""How long the window stands still while one annotates 24 megapixels: every kind of edit, in the whole window.

    python benchmarks/annotate_window.py [--only WORDS] [--repeats 7]

A project of two images of 6000×4000 and one of 2000×1500 is opened in the Studio; the large ones have 300 segments with
wavy borders, and the second of them 1,000. What is timed is from the mouse event or the command until the window has
painted what it did, with every panel and the journal behind it. A timer of 4 ms ticks in the window meanwhile: its
longest gap is how long the window stood still, and stands beside that of an idle Qt program at the same time. Budgets:
16 ms a segment of a brush stroke and at most 1.2 times the same on 2000×1500; 30 ms undo and redo; no gap over 50 ms.
"""

from __future__ import annotations

import argparse
import gc
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import cv2
import numpy as np
from _display import open_studio, with_display
from _machine import describe_machine, markdown_table
from _stalls import IDLE, TICK
from annotate_commands import speckled
from annotate_edits import LARGE, SMALL, wavy_map
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

STALL_BUDGET, STROKE_BUDGET, STEP_BUDGET = 50, 16, 30
MANY = 1000
THING, STUFF = 1, 2
MIDDLE = 150
"""A segment in the middle of the maps."""
STEP = 40.0
"""Image pixels from one position of the mouse to the next."""
REST = 0.15
"""Seconds for which the window is let alone after every deed, so that what it put off is counted, too."""

Deed = Callable[[], object]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--only", default="", help="measure the rows alone whose name has these words; several with commas"
    )
    parser.add_argument("--repeats", type=int, default=7)
    options = parser.parse_args()
    with_display()
    with TemporaryDirectory() as home:
        folder = Path(home)
        make_project(folder / "project", photos(folder / "photos"))
        studio, close = open_studio()
        try:
            studio.begin()
            bench = Bench(studio, options.repeats, options.only)
            bench.run(folder / "project")
        finally:
            close()
    print(describe_machine())
    print(f"numpy {np.__version__}, OpenCV {cv2.__version__}; times in ms\n")
    for table in bench.tables():
        print(markdown_table(table), "\n")


# ---------------------------------------------------------------------------------------------------------- project


def photos(folder: Path) -> list[Path]:
    """Returns a large photo, another, and a small one."""
    folder.mkdir()
    rng, paths = np.random.default_rng(0), []
    for name, size in (("large", LARGE), ("many", LARGE), ("small", SMALL)):
        coarse = rng.integers(0, 255, (40, 60, 3)).astype(np.uint8)
        paths.append(folder / f"{name}.jpg")
        cv2.imwrite(str(paths[-1]), cv2.resize(coarse, size[::-1], interpolation=cv2.INTER_CUBIC))
    return paths


def many_map() -> NDArray[np.uint16]:
    """Returns a map of 1,000 segments of which each is in several parts."""
    ids = wavy_map(LARGE).astype(np.int32)
    _, width = LARGE
    column = np.arange(width) * 4 // width
    return ((ids * 4 + column) % MANY + 1).astype(np.uint16)


def make_project(folder: Path, paths: list[Path]) -> None:
    from lpsnet_studio.annotator.edits import SegmentInfo
    from lpsnet_studio.annotator.labels import Label, LabelSet
    from lpsnet_studio.annotator.project import FileFacts
    from lpsnet_studio.annotator.store import ProjectStore

    labels = LabelSet((Label(THING, "thing", (200, 0, 0), True), Label(STUFF, "stuff", (0, 0, 200), False)))
    store = ProjectStore.create(folder, labels.to_json())
    images, _ = store.add_images([FileFacts.of(path) for path in paths])
    for image, ids in zip(images, (speckled(LARGE), many_map(), wavy_map(SMALL)), strict=True):
        store.start(image, ids, {int(number): SegmentInfo(THING) for number in np.unique(ids) if number}, "drawn")
    store.flush(60)
    store.close()


# ---------------------------------------------------------------------------------------------------------- measuring


@dataclass
class Gaps:
    """The gaps between the ticks of a timer in the window's event loop, one longest gap for every deed."""

    longest: list[float] = field(default_factory=list)
    busiest: list[float] = field(default_factory=list)
    """The most that the window's thread computed between two ticks: what is its own of the gap, whatever else runs."""

    def __post_init__(self) -> None:
        from PySide6.QtCore import QTimer

        self.begin()
        self._timer = QTimer()
        self._timer.timeout.connect(self._tick)
        self._timer.start(TICK)

    def _tick(self) -> None:
        now, busy = time.perf_counter(), time.thread_time()
        self._now, self._last = max(self._now, 1000 * (now - self._last)), now
        self._busy, self._busy_last = max(self._busy, 1000 * (busy - self._busy_last)), busy

    def begin(self) -> None:
        """Begins to measure a deed."""
        self._now, self._last = 0.0, time.perf_counter()
        self._busy, self._busy_last = 0.0, time.thread_time()

    def end(self) -> None:
        """Notes the longest gap of the deed."""
        self._tick()
        self.longest.append(self._now)
        self.busiest.append(self._busy)

    def stop(self) -> None:
        """Ticks no more."""
        self._timer.stop()


@contextmanager
def idle_beside() -> Iterator[Callable[[], float]]:
    """Lets an idle Qt program run; gives what ends it and returns its longest gap."""
    idle = subprocess.Popen([sys.executable, "-c", IDLE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert idle.stdin is not None
    assert idle.stdout is not None
    idle.stdout.readline()
    ended: list[float] = []

    def end() -> float:
        if not ended:
            idle.stdin.write("\n")  # type: ignore[union-attr]
            idle.stdin.flush()  # type: ignore[union-attr]
            ended.append(float(idle.stdout.readline()))  # type: ignore[union-attr]
            idle.wait()
        return ended[0]

    try:
        yield end
    finally:
        end()


class Painted:
    """Says when the canvas has painted."""

    def __init__(self, viewport: Any) -> None:
        from PySide6.QtCore import QEvent, QObject

        class Filter(QObject):
            count = 0

            def eventFilter(self, _watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
                self.count += event.type() == QEvent.Type.Paint
                return False

        self._filter = Filter()
        viewport.installEventFilter(self._filter)

    @property
    def count(self) -> int:
        """How often it has."""
        return self._filter.count


class Bench:
    """Opens images and acts on them.

    Args:
        studio: the running application.
        repeats: how often everything is done.
        only: measure the rows alone whose names have this.
    """

    def __init__(self, studio: Any, repeats: int, only: str) -> None:
        from PySide6.QtWidgets import QApplication

        self.application = QApplication.instance()
        self.studio, self.window, self.repeats, self.only = studio, studio.window, repeats, only
        self.desk = self.window.annotation.desk
        self.canvas, self.painted = self.window.canvas, Painted(self.window.canvas.viewport())
        self.rows: list[list[Any]] = []
        self.memory: list[list[Any]] = []
        self.brush: dict[str, float] = {}
        self._ticking = Gaps()

    # ------------------------------------------------------------------------------------------------------- events

    def spin(self, done: Callable[[], bool], seconds: float = 300) -> None:
        """Lets the window work until something is so."""
        from PySide6.QtCore import QEventLoop

        end = time.perf_counter() + seconds
        flags = QEventLoop.ProcessEventsFlag.AllEvents | QEventLoop.ProcessEventsFlag.WaitForMoreEvents
        while not done():
            # The timers of the gaps wake it every 4 ms; a limit of its own would have it spin and take the processor.
            self.application.processEvents(flags)
            if time.perf_counter() > end:
                sys.exit(f"waited {seconds} s in vain")

    def rest(self, seconds: float = REST) -> None:
        """Lets the window work for a while."""
        end = time.perf_counter() + seconds
        self.spin(lambda: time.perf_counter() >= end)

    def mouse(self, kind: str, x: float, y: float) -> None:
        """Sends a mouse event at a point of the image."""
        from PySide6.QtCore import QEvent, QPointF, Qt
        from PySide6.QtGui import QMouseEvent

        transform = self.canvas.viewportTransform()
        at = transform.map(QPointF(x, y))
        viewport, left, none = self.canvas.viewport(), Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton
        event = QMouseEvent(
            {"press": QEvent.Type.MouseButtonPress, "move": QEvent.Type.MouseMove}.get(
                kind, QEvent.Type.MouseButtonRelease
            ),
            at,
            QPointF(viewport.mapToGlobal(at.toPoint())),
            none if kind == "move" else left,
            none if kind == "release" else left,
            Qt.KeyboardModifier.NoModifier,
        )
        self.application.sendEvent(viewport, event)

    # ------------------------------------------------------------------------------------------------------- measuring

    @property
    def editor(self) -> Any:
        """Of the image on the desk."""
        return self.desk.editor

    def is_wanted(self, name: str) -> bool:
        """Whether a row is to be measured."""
        return any(words in name for words in self.only.split(","))

    def measure(
        self,
        name: str,
        prepare: Deed,
        act: Deed,
        done: Callable[[], bool] | None = None,
        undo: bool = True,
        repeats: int = 0,
        budget: float = STALL_BUDGET,
    ) -> None:
        """Adds a row: how long until it was done and painted, and how long the window stood still."""
        if not self.is_wanted(name):
            return
        times, gaps = [], Gaps()
        with idle_beside() as end:
            for _ in range(repeats or self.repeats):
                prepare()
                self.rest()
                before = self.painted.count
                gaps.begin()
                started = time.perf_counter()
                act()
                self.spin(done or (lambda: self.painted.count > before))  # noqa: B023
                times.append(1000 * (time.perf_counter() - started))
                self.rest()
                gaps.end()
                if undo:
                    self.desk.undo()
                    self.rest()
            idle = end()
        gaps.stop()
        self._add(name, times, gaps, idle, budget)

    def _add(self, name: str, times: list[float], gaps: Gaps, idle: float, budget: float) -> None:
        middle, most = statistics.median, max
        stalls, busy = gaps.longest, gaps.busiest
        figures = [middle(times), most(times), middle(stalls), most(stalls), idle, middle(busy), most(busy)]
        self.rows.append([name, *figures, budget])
        print(name, [round(figure, 1) for figure in figures], file=sys.stderr, flush=True)

    def edit(self, name: str, numbers: list[int], command: Callable[[Any], object], repeats: int = 0) -> None:
        """Adds the row of a command on some segments."""

        def act() -> None:
            command(self.editor)

        before: list[int] = [0]

        def prepare() -> None:
            self.editor.select(numbers)
            before[0] = self.editor.history.position

        self.measure(name, prepare, act, lambda: self.editor.history.position > before[0], repeats=repeats)

    def tables(self) -> list[list[list[Any]]]:
        """Returns what was measured."""
        header = [
            "what, on 6000×4000",
            "until painted, median",
            "largest",
            "window stood still, median",
            "largest",
            "idle program's longest",
            "window's thread computed, median",
            "largest",
            "budget",
        ]
        tables = [[header, *self.rows]]
        if len(self.brush) == 2:
            large, small = self.brush["large"], self.brush["small"]
            tables.append(
                [
                    ["a segment of the brush, until painted", "6000×4000", "2000×1500", "ratio (≤ 1.2)"],
                    ["median", large, small, large / small],
                ]
            )
        if self.memory:
            tables.append([["edits", "RSS gained, MiB", "edits in memory, MiB (≤ 256)"], *self.memory])
        return tables

    # ------------------------------------------------------------------------------------------------------------ acts

    def run(self, project: Path) -> None:
        """Measures everything."""
        self.window.commands.annotate.open_folder(project)
        self.spin(lambda: self.desk.place == "editing" and self._is_shown())
        self.rest(3)
        self.large()
        self.strokes("large")
        self.steps()
        self.switch()
        self.open("many.jpg")
        self.many()
        self.open("small.jpg")
        self.strokes("small")
        if self.is_wanted("memory"):
            self.open("large.jpg")
            self.remember()

    def _is_shown(self) -> bool:
        size = self.window.annotation.overlay.stage.size
        return self.editor is not None and size == self.editor.document.size

    def open(self, name: str) -> None:
        """Opens an image and waits until it can be edited."""
        self.act_open(name)
        self.spin(lambda: self._is_open(name))
        self.rest(2)

    def act_open(self, name: str) -> None:
        """Opens an image."""
        session = self.studio.session
        names = [entry.name for entry in session.entries]
        session.open_index(names.index(name))

    def _is_open(self, name: str) -> bool:
        session = self.studio.session
        is_it = session.current is not None and session.current.name == name
        return is_it and self.desk.place == "editing" and self._is_shown()

    def large(self) -> None:
        """Commands on 300 segments."""
        self._void = (np.argwhere(self.editor.document.ids[::8, ::8] == 0)[0] * 8).tolist()
        all_numbers = list(self.editor.document.segments)
        odd = [number for number in all_numbers if number % 2]
        self.edit("relabel", [MIDDLE], lambda editor: editor.relabel(STUFF))
        self.edit("merge 2", [MIDDLE, MIDDLE + 1], lambda editor: editor.merge())
        self.edit("merge 150", odd, lambda editor: editor.merge())
        self.edit("delete to void", [MIDDLE], lambda editor: editor.delete())
        self.edit("delete 150 to void", odd, lambda editor: editor.delete())
        self.edit("delete to neighbours", [MIDDLE], lambda editor: editor.delete("neighbours"))
        self.edit("delete 150 to neighbours", odd, lambda editor: editor.delete("neighbours"), repeats=3)
        self.edit("fill holes of one", [self._holed()], lambda editor: editor.fill_holes())
        self.edit("fill holes of all", all_numbers, lambda editor: editor.fill_holes())
        self.edit("remove specks of all", [], lambda editor: editor.remove_specks(), repeats=3)
        self.edit("grow by 5", [MIDDLE], lambda editor: editor.grow(5))
        self.edit("fill a region of void", [MIDDLE], self._fill_void)
        self.edit("lasso around most of the image", [MIDDLE], self._lasso)
        self.edit("box over all of the image", [MIDDLE], self._box)

    def _holed(self) -> int:
        """Returns a segment with a hole."""
        editor = self.editor
        from lpsnet_studio.annotator.regions import void_holes_of

        for number in editor.document.segments:
            if void_holes_of(editor.document.ids, number, editor.document.box(number)):
                return int(number)
        sys.exit("no segment has a hole")

    def _fill_void(self, _editor: Any) -> None:
        y, x = self._void
        self.window.annotation.toolbox.choose("fill")
        self.mouse("press", x + 0.5, y + 0.5)
        self.mouse("release", x + 0.5, y + 0.5)

    def _lasso(self, _editor: Any) -> None:
        height, width = LARGE
        turns = np.linspace(0, 2 * np.pi, 60, endpoint=False)
        self.window.annotation.toolbox.choose("lasso")
        xs, ys = width / 2 + width / 2.2 * np.cos(turns), height / 2 + height / 2.2 * np.sin(turns)
        self.mouse("press", xs[0], ys[0])
        for x, y in zip(xs, ys, strict=True):
            self.mouse("move", x, y)
            self.application.processEvents()
        self.mouse("release", xs[-1], ys[-1])

    def _box(self, _editor: Any) -> None:
        height, width = LARGE
        self.window.annotation.toolbox.choose("box")
        self.mouse("press", 1.0, 1.0)
        self.mouse("move", width - 1.0, height - 1.0)
        self.mouse("release", width - 1.0, height - 1.0)

    def strokes(self, which: str) -> None:
        """Strokes at full size, where a screen pixel is an image pixel, and then a wide one over the whole image."""
        if self.is_wanted("brush at 100 %"):
            self.canvas.zoom_to(1.0)
            self.brush[which] = self._segments(which, 20.0)
            self.canvas.fit()
            self.rest(0.5)
        if which == "large":
            self._whole_stroke("end of a stroke of 20 px", 20.0, (0.45, 0.55))
            self._whole_stroke("end of a stroke of 500 px over all", 500.0, (0.05, 0.95))

    def _segments(self, which: str, radius: float) -> float:
        times, gaps = [], Gaps()
        self.editor.select([MIDDLE])
        self.window.annotation.toolbox.choose("brush")
        self.editor.set_options(radius=radius)
        self.rest(0.5)
        with idle_beside() as end:
            for _ in range(3):
                height, width = self.editor.document.size
                x, y = width / 2 - 300, height / 2 - 150
                self.mouse("press", x, y)
                self.rest(0.2)
                gaps.begin()
                for step in range(30):
                    x, y = x + STEP / 2, y + (5 if step % 2 else 3)
                    before, started = self.painted.count, time.perf_counter()
                    self.mouse("move", x, y)
                    self.spin(lambda: self.painted.count > before)  # noqa: B023
                    times.append(1000 * (time.perf_counter() - started))
                    self.rest(0.016)
                gaps.end()
                self.mouse("release", x, y)
                self.rest(0.3)
                self.desk.undo()
            idle = end()
        gaps.stop()
        size = "6000×4000" if which == "large" else "2000×1500"
        name = f"segment of the brush at 100 %, {size}"
        self._add(name, times, gaps, idle, STROKE_BUDGET)
        return statistics.median(times)

    def _whole_stroke(self, name: str, radius: float, reach: tuple[float, float]) -> None:
        height, width = self.editor.document.size
        position = [0]

        def prepare() -> None:
            position[0] = self.editor.history.position
            self.editor.select([MIDDLE])
            self.window.annotation.toolbox.choose("brush")
            self.editor.set_options(radius=radius)
            self.mouse("press", width * reach[0], height * reach[0])
            for row in range(3):
                for column in range(9):
                    across = reach[0] + (reach[1] - reach[0]) * column / 8
                    down = reach[0] + (reach[1] - reach[0]) * row / 2
                    self.mouse("move", width * across, height * down)
                    self.application.processEvents()

        def act() -> None:
            self.mouse("release", width * reach[1], height * reach[1])

        self.measure(name, prepare, act, lambda: self.editor.history.position > position[0])

    def steps(self) -> None:
        """Undo and redo."""
        odd = [number for number in self.editor.document.segments if number % 2]
        for name, numbers, command in (
            ("a merge of 2", [MIDDLE, MIDDLE + 1], lambda editor: editor.merge()),
            ("a merge of 150", odd, lambda editor: editor.merge()),
        ):
            if not self.is_wanted("undo") and not self.is_wanted("redo"):
                return
            before = self.editor.history.position
            self.editor.select(numbers)
            command(self.editor)
            self.spin(lambda: self.editor.history.position > before)  # noqa: B023
            self.rest(0.5)
            self.measure(f"undo of {name}", self.desk.redo, self.desk.undo, undo=False, budget=STEP_BUDGET)
            self.measure(f"redo of {name}", self.desk.undo, self.desk.redo, undo=False, budget=STEP_BUDGET)
            self.desk.undo()
            self.rest(0.5)
        if self.is_wanted("undo forgotten"):
            self._forgotten()

    def _forgotten(self) -> None:
        before = self.editor.history.position

        def prepare() -> None:
            self.editor.select([MIDDLE])
            self.editor.grow(2)
            self.spin(lambda: self.editor.history.position > before)
            self.desk.store.flush(10)
            self.editor.history.forget(2**40)

        done = lambda: self.editor.history.position == before  # noqa: E731
        self.measure("undo forgotten edit", prepare, self.desk.undo, done, undo=False, budget=STEP_BUDGET)

    def switch(self) -> None:
        """Goes to the image of 1,000 segments and back."""
        if not self.is_wanted("switch"):
            return
        for name in ("many.jpg", "large.jpg"):
            self.measure(
                f"switch to {name.removesuffix('.jpg')}",
                lambda other="large.jpg" if name == "many.jpg" else "many.jpg": self.open(other),
                lambda name=name: self.act_open(name),
                lambda name=name: self._is_open(name),
                undo=False,
                repeats=3,
            )

    def many(self) -> None:
        """Commands on 1,000 segments."""
        self.edit("1,000 segments: relabel", [MIDDLE], lambda editor: editor.relabel(STUFF))
        self.edit("1,000 segments: relabel 500", list(range(1, 501)), lambda editor: editor.relabel(STUFF), repeats=3)
        self.edit("1,000 segments: delete", [MIDDLE], lambda editor: editor.delete())
        self.edit("1,000 segments: lock 1,000", list(range(1, MANY + 1)), lambda editor: editor.set_locked(True))
        self.measure("1,000 segments: select all", lambda: self.editor.select(()), self._select_all, undo=False)

    def _select_all(self) -> None:
        self.editor.select(range(1, MANY + 1))

    def remember(self) -> None:
        """Makes 1,000 edits by hand, and says what they take."""
        rng, before = np.random.default_rng(4), _resident()
        self.window.annotation.toolbox.choose("brush")
        self.editor.set_options(radius=25.0)
        height, width = self.editor.document.size
        for count in range(1, MANY + 1):
            self.editor.select([int(rng.integers(1, 301))])
            x, y = float(rng.uniform(0.1, 0.8) * width), float(rng.uniform(0.1, 0.9) * height)
            self.mouse("press", x, y)
            for _ in range(4):
                x, y = x + float(rng.uniform(-60, 60)), y + float(rng.uniform(-60, 60))
                self.mouse("move", x, y)
            self.mouse("release", x, y)
            self.application.processEvents()
            if count in (100, 300, MANY):
                self.desk.store.flush(60)
                self.rest(1)
                gc.collect()
                history = self.editor.history.nbytes / 2**20
                self.memory.append([count, (_resident() - before) / 2**20, history])


def _resident() -> int:
    import psutil

    return int(psutil.Process(os.getpid()).memory_info().rss)


if __name__ == "__main__":
    main()
