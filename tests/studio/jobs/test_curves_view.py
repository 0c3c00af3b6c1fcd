"""The chart of curves in a window."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lpsnet_studio.jobs.curves import RunCurves
from tests.studio.jobs.run_files import evaluated, lines, progress, started, write_run

COUNT = 1_000_000
SPIKE = 333_333


@pytest.fixture
def worker() -> Iterator[Any]:
    from lpsnet_studio.jobs.curve_worker import CurveWorker

    made = CurveWorker()
    yield made
    made.close()
    assert made.join(10)


@pytest.fixture
def view(qtbot: Any, worker: Any, theme: Any) -> Any:
    from lpsnet_studio.background import Background, pass_on
    from lpsnet_studio.jobs.curves_view import CurvesView

    made = CurvesView(worker, Background(pass_on), theme)
    qtbot.addWidget(made)
    made.resize(900, 600)
    made.show()
    return made


def _show(qtbot: Any, view: Any, worker: Any, *folders: Path) -> list[RunCurves]:
    from lpsnet_studio.jobs.curves_view import ShownRun

    runs = [RunCurves(folder) for folder in folders]
    worker.watch(runs)
    view.set_runs([ShownRun(run, run.folder.name, 20) for run in runs])
    qtbot.waitUntil(lambda: {key[0] for key in view.plot.drawn} == set(folders), timeout=10_000)
    return runs


def _run(folder: Path, level: float = 1.0) -> Path:
    return write_run(folder, [started(), *(progress(at, level * at, box=1.0) for at in range(20, 420, 20))])


def test_a_single_spike_among_a_million_is_drawn(qtbot: Any, theme: Any) -> None:
    from lpsnet_studio.jobs.curve_drawing import CurveDrawer, Sight
    from lpsnet_studio.jobs.curves_plot import STYLES, CurveLook, CurvesPlot

    class Long:
        """A run of a million iterations, made at once."""

        folder, names, facts = Path("long"), ("loss.total",), RunCurves(Path("none")).facts

        def begun(self, names: Any) -> float:
            return 0.0

        def series(self, name: str) -> Any:
            from lpsnet_studio.jobs.track import Series

            values = np.ones(COUNT, np.float32)
            values[SPIKE] = 50.0
            return Series(name, np.arange(COUNT, dtype=np.float64), np.arange(COUNT, dtype=np.float64), values, 0)

    plot = CurvesPlot(theme)
    qtbot.addWidget(plot)
    plot.resize(800, 400)
    plot.show()
    sight = Sight((Path("long"),), ("loss.total",), pixels=plot.pixels)
    drawing = CurveDrawer().draw(sight, [Long()])  # type: ignore[list-item]
    assert len(drawing.curves[0].xs) < 4 * plot.pixels
    plot.show_drawing(drawing, {(Path("long"), "loss.total"): CurveLook(0, STYLES[0])}, frozenset())
    curve = plot._curves[Path("long"), "loss.total"]
    assert 50.0 in curve.raw.getData()[1]
    box = plot.getViewBox()
    assert box.viewRange()[1][1] > 50
    image = plot.grab().toImage()
    at = plot.mapFromScene(box.mapViewToScene(_point(SPIKE, 25.0)))
    colors = {image.pixelColor(at.x() + step, at.y()).name() for step in (-2, -1, 0, 1, 2)}
    assert "#56b4e9" in colors


def _point(x: float, y: float) -> Any:
    from PySide6.QtCore import QPointF

    return QPointF(x, y)


def test_what_grows_is_drawn_while_it_grows(qtbot: Any, view: Any, worker: Any, tmp_path: Path) -> None:
    _show(qtbot, view, worker, _run(tmp_path / "a"))
    with (tmp_path / "a" / "events.jsonl").open("ab") as stream:
        stream.write(lines([progress(500, 3.0)]))
    key = (tmp_path / "a", "loss.total")
    qtbot.waitUntil(lambda: view.plot.drawn[key].xs[-1] == 500, timeout=5000)


def test_a_run_that_has_ended_is_drawn_again_where_it_is_shown_anew(
    qtbot: Any, view: Any, worker: Any, tmp_path: Path
) -> None:
    _show(qtbot, view, worker, _run(tmp_path / "a"))
    drawn: list[object] = []
    take = view.take
    view.take = lambda drawing: (drawn.append(drawing), take(drawing))
    for _ in range(2):
        _show(qtbot, view, worker, tmp_path / "a")
        qtbot.waitUntil(lambda: view.is_current, timeout=5000)
    view.hide()
    view.show()
    _show(qtbot, view, worker, tmp_path / "a")
    qtbot.waitUntil(lambda: view.is_current, timeout=5000)
    qtbot.wait(300)
    assert 3 <= len(drawn) <= 9, "and not on and on"


def test_runs_lie_above_one_another_in_colours_of_their_own(qtbot: Any, view: Any, worker: Any, tmp_path: Path) -> None:
    _show(qtbot, view, worker, _run(tmp_path / "a"), _run(tmp_path / "b", 2.0))
    rows = view.legend.rows
    assert [row.name for row in rows] == ["a · total", "a · box", "b · total", "b · box"]
    assert rows[0].color == rows[1].color != rows[2].color
    assert rows[0].style == rows[2].style != rows[1].style
    color = rows[2].color
    _show(qtbot, view, worker, tmp_path / "b")
    qtbot.waitUntil(lambda: view.legend.rows[0].name == "total", timeout=5000)
    _show(qtbot, view, worker, tmp_path / "b", _run(tmp_path / "c"))
    qtbot.waitUntil(lambda: view.legend.rows[0].name == "b · total", timeout=5000)
    assert view.legend.rows[0].color == color, "a run that stays keeps its colour"


def test_each_curve_of_the_only_run_has_a_colour_and_dashes_of_its_own(
    qtbot: Any, view: Any, worker: Any, tmp_path: Path
) -> None:
    losses = {"box": 0.4, "borderness": 0.3, "semantic": 0.2}
    first, second = (
        write_run(tmp_path / name, [started(), *(progress(at, 1.0, **losses) for at in (20, 40))]) for name in "ab"
    )
    _show(qtbot, view, worker, first)
    rows = view.legend.rows
    assert [row.name for row in rows] == ["total", "box", "border-ness", "semantic"]
    assert len({row.color for row in rows}) == 4
    assert len({row.style for row in rows}) == 4
    qtbot.waitUntil(lambda: len(view.plot.drawn) == 4)
    for row in rows:
        curve = view.plot._curves[row.key]
        assert curve.smooth.opts["pen"].color().name() == row.color
        assert curve.smooth.opts["pen"].style() == row.style
    _show(qtbot, view, worker, first, second)
    colors = {row.key[0]: {other.color for other in view.legend.rows if other.key[0] == row.key[0]} for row in rows}
    assert colors == {first: {rows[0].color}}, "of several, the colour is the run's"
    assert len({row.color for row in view.legend.rows}) == 2


def test_values_are_read_off_at_the_cursor(qtbot: Any, view: Any, worker: Any, tmp_path: Path) -> None:
    _show(qtbot, view, worker, _run(tmp_path / "a"))
    view.set_smoothing(0.0)
    qtbot.waitUntil(lambda: not len(next(iter(view.plot.drawn.values())).smooth_xs), timeout=5000)
    assert (view.legend.rows[0].value, view.legend.rows[0].at) == ("400", "400")
    view.plot.set_cursor(109.0)
    assert (view.legend.rows[0].value, view.legend.rows[0].at) == ("100", "100")
    view.plot.set_cursor(111.0)
    assert (view.legend.rows[0].value, view.legend.rows[0].at) == ("120", "120")


def test_a_chart_is_asked_for_in_the_width_that_it_comes_to_have(
    qtbot: Any, view: Any, worker: Any, tmp_path: Path
) -> None:
    """Axes take their width from the chart as soon as they are shown, which is after it was asked for."""
    _show(qtbot, view, worker, _run(tmp_path / "a"))
    qtbot.waitUntil(lambda: view.is_current, timeout=5000)
    asked: list[int] = []
    view.plot.sight_changed.connect(lambda: asked.append(view.plot.pixels))
    before = view.plot.pixels
    view.plot._y_axis.setWidth(100)
    qtbot.waitUntil(lambda: before - 36 in asked)
    qtbot.waitUntil(lambda: view.is_current, timeout=5000)
    assert view._drawing.sight.pixels == before - 36


def test_the_keyboard_zooms_and_shows_everything_again(qtbot: Any, view: Any, worker: Any, tmp_path: Path) -> None:
    from PySide6.QtCore import Qt

    _show(qtbot, view, worker, _run(tmp_path / "a"))
    assert view.plot.sight is None
    qtbot.keyClick(view.plot, Qt.Key.Key_Plus)
    low, high = view.plot.sight
    assert 20 < low < high < 400
    qtbot.keyClick(view.plot, Qt.Key.Key_Home)
    assert view.plot.sight is None
    assert view.plot.getViewBox().viewRange()[0] == [20, 400]


def test_the_wheel_zooms_where_the_cursor_is(qtbot: Any, view: Any, worker: Any, tmp_path: Path) -> None:
    from PySide6.QtCore import QPoint, Qt
    from PySide6.QtGui import QWheelEvent
    from PySide6.QtWidgets import QApplication

    _show(qtbot, view, worker, _run(tmp_path / "a"))
    x, y = 115.0, 200.0
    at = view.plot.mapFromScene(view.plot.getViewBox().mapViewToScene(_point(x, y)))
    viewport = view.plot.viewport()
    for _ in range(3):
        wheel = QWheelEvent(
            _point(at.x(), at.y()),
            _point(*viewport.mapToGlobal(at).toTuple()),
            QPoint(),
            QPoint(0, 120),
            Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QApplication.sendEvent(viewport, wheel)
    low, high = view.plot.sight
    assert 20 < low < x < high < 400
    assert (x - low) / (high - low) == pytest.approx((x - 20) / 380, abs=0.01)
    qtbot.waitUntil(lambda: view.is_current and view._drawing.sight.low == low, timeout=5000)
    assert view._drawing.sight.high == high


def test_a_drag_zooms_into_a_rectangle_and_a_double_click_out_again(
    qtbot: Any, view: Any, worker: Any, tmp_path: Path
) -> None:
    from PySide6.QtCore import Qt

    _show(qtbot, view, worker, _run(tmp_path / "a"))
    box, viewport = view.plot.getViewBox(), view.plot.viewport()
    qtbot.wait(50)
    first, last = (view.plot.mapFromScene(box.mapViewToScene(_point(*at))) for at in ((100.0, 300.0), (200.0, 150.0)))
    qtbot.mousePress(viewport, Qt.MouseButton.LeftButton, pos=first)
    _drag(viewport, first, last)
    qtbot.mouseRelease(viewport, Qt.MouseButton.LeftButton, pos=last)
    (x0, x1), (y0, y1) = view.plot.getViewBox().viewRange()
    assert (x0, x1) == pytest.approx((100, 200), abs=2)
    assert (y0, y1) == pytest.approx((150, 300), abs=4)
    assert view.plot.sight == (x0, x1)
    qtbot.mouseDClick(viewport, Qt.MouseButton.LeftButton, pos=first)
    qtbot.mouseRelease(viewport, Qt.MouseButton.LeftButton, pos=first)
    assert view.plot.sight is None
    assert box.viewRange()[0] == [20, 400]


def _drag(viewport: Any, first: Any, last: Any) -> None:
    """Moves the mouse with its left button held, which pytest-qt cannot."""
    from PySide6.QtCore import QEvent, Qt
    from PySide6.QtGui import QMouseEvent
    from PySide6.QtWidgets import QApplication

    for step in range(1, 9):
        at = first + (last - first) * (step / 8)
        event = QMouseEvent(
            QEvent.Type.MouseMove,
            _point(at.x(), at.y()),
            _point(*viewport.mapToGlobal(at).toTuple()),
            Qt.MouseButton.NoButton,
            Qt.MouseButton.LeftButton,
            Qt.KeyboardModifier.NoModifier,
        )
        QApplication.sendEvent(viewport, event)


def test_the_legend_hides_a_curve(qtbot: Any, view: Any, worker: Any, tmp_path: Path) -> None:
    from PySide6.QtCore import Qt

    _show(qtbot, view, worker, _run(tmp_path / "a"))
    view.legend.topLevelItem(1).setCheckState(0, Qt.CheckState.Unchecked)
    assert set(view.plot.drawn) == {(tmp_path / "a", "loss.total")}


def test_a_narrow_legend_keeps_the_names(qtbot: Any, view: Any, worker: Any, tmp_path: Path) -> None:
    _show(qtbot, view, worker, _run(tmp_path / "a"))
    hidden = {}
    for width in (1200, 700, 360):
        view.resize(width, 600)
        hidden[width] = [view.legend.isColumnHidden(column) for column in range(4)]
        assert view.legend.columnWidth(0) >= 120
    assert hidden[1200] == hidden[700] == [False] * 4
    assert not hidden[360][1]  # the value
    assert hidden[360][3]  # where that is


def test_where_there_is_nothing_the_chart_says_what_comes(qtbot: Any, view: Any, worker: Any, tmp_path: Path) -> None:
    from lpsnet_studio.jobs.curves_view import ShownRun

    assert view.plot._words.text() == "Choose a run to see its curves."
    run = RunCurves(write_run(tmp_path / "a", [started()]))
    worker.watch([run])
    view.set_runs([ShownRun(run, "a", 20)])
    assert view.plot._words.text() == "No losses yet. The first come after 20 iterations."


def test_points_are_saved_as_a_table(qtbot: Any, view: Any, worker: Any, tmp_path: Path) -> None:
    folder = write_run(tmp_path / "a", [started(), progress(20, 3.0), progress(40, float("nan")), evaluated(40, 0.5)])
    _show(qtbot, view, worker, folder)
    view.set_smoothing(0.0)
    done: list[bool] = []
    view.save(tmp_path / "out.csv", lambda: done.append(True))
    qtbot.waitUntil(lambda: bool(done), timeout=5000)
    rows = list(csv.reader((tmp_path / "out.csv").open()))
    assert rows[0] == ["run", "figure", "iteration", "time", "value", "smoothed"]
    assert [row[1:3] + row[4:] for row in rows[1:]] == [["loss.total", "20", "3", "3"], ["loss.total", "40", "", ""]]


@pytest.mark.parametrize(("name", "head"), [("out.png", b"\x89PNG"), ("out.svg", b"<?xml")])
def test_the_chart_is_saved_as_a_picture(
    qtbot: Any, view: Any, worker: Any, tmp_path: Path, name: str, head: bytes
) -> None:
    _show(qtbot, view, worker, _run(tmp_path / "a"))
    done: list[bool] = []
    view.save(tmp_path / name, lambda: done.append(True))
    qtbot.waitUntil(lambda: bool(done), timeout=5000)
    content = (tmp_path / name).read_bytes()
    assert content.startswith(head)
    color = view.legend.rows[0].color
    from PySide6.QtCore import Qt
    from PySide6.QtGui import QImageReader

    reader = QImageReader(str(tmp_path / name))
    if name.endswith("svg"):
        assert b"Iteration" in content
        assert b"<clipPath" in content  # what is beyond the axes is not seen
        reader.setScaledSize(reader.size().scaled(2 * view.plot.width(), 10_000, Qt.AspectRatioMode.KeepAspectRatio))
    image = reader.read()
    assert image.width() == 2 * view.plot.width()
    assert image.pixelColor(40, 2 * view.plot.height() + 44).name() == color  # its line in the legend


def test_a_saved_picture_ends_its_curves_at_the_axes(qtbot: Any, view: Any, worker: Any, tmp_path: Path) -> None:
    from lpsnet.images import read_image

    _show(qtbot, view, worker, _run(tmp_path / "a"))
    view.plot.getViewBox().setYRange(1e3, 2e3, padding=0)  # far above all that it has
    done: list[bool] = []
    view.save(tmp_path / "out.png", lambda: done.append(True))
    qtbot.waitUntil(lambda: bool(done), timeout=5000)
    pixels = read_image(tmp_path / "out.png")
    color = view.legend.rows[0].color
    curve = (pixels == [int(color[at : at + 2], 16) for at in (1, 3, 5)]).all(axis=2)
    assert not curve[: 2 * view.plot.height()].any()
    assert curve[2 * view.plot.height() :].any()  # its line in the legend


def test_a_file_that_cannot_be_written_is_told(qtbot: Any, view: Any, worker: Any, tmp_path: Path) -> None:
    _show(qtbot, view, worker, _run(tmp_path / "a"))
    told: list[str] = []
    view.failed.connect(told.append)
    for name in ("out.png", "out.csv"):
        view.save(tmp_path / "nowhere" / name, lambda: told.append("done"))
    qtbot.waitUntil(lambda: len(told) == 2, timeout=5000)
    assert "done" not in told
    assert {
        name for name in ("out.png", "out.csv") if any(f"{name} could not be written" in word for word in told)
    } == {
        "out.png",
        "out.csv",
    }


def test_a_run_that_cannot_be_read_says_so_and_leaves_the_others_be(
    qtbot: Any, view: Any, worker: Any, tmp_path: Path
) -> None:
    from lpsnet_studio.jobs.curves_view import ShownRun

    class Damaged(RunCurves):
        def read(self, limit: int = 500) -> bool:
            raise RecursionError("too deep")

    runs = [Damaged(tmp_path / "bad"), RunCurves(_run(tmp_path / "good"))]
    worker.watch(runs)
    view.set_runs([ShownRun(run, run.folder.name) for run in runs])
    qtbot.waitUntil(lambda: {key[0] for key in view.plot.drawn} == {tmp_path / "good"}, timeout=5000)
    qtbot.waitUntil(view.problem.isVisible, timeout=5000)
    assert view.problem.text() == f"{tmp_path / 'bad'} could not be read: RecursionError, too deep"


def test_no_event_is_read_while_curves_are_painted(worker: Any, tmp_path: Path) -> None:
    import time

    run = RunCurves(_run(tmp_path / "a"))
    with worker.aside():
        worker.watch([run])
        time.sleep(0.03)
        assert run.version == 0
    end = time.monotonic() + 5
    while run.version == 0 and time.monotonic() < end:
        time.sleep(0.005)
    assert run.version > 0


def test_a_hidden_view_takes_the_worker_from_no_other(
    qtbot: Any, view: Any, worker: Any, theme: Any, tmp_path: Path
) -> None:
    """What a view is about to ask for once it is hidden must not end the drawing of the one in its place."""
    from lpsnet_studio.background import Background, pass_on
    from lpsnet_studio.jobs.curves_view import CurvesView

    _show(qtbot, view, worker, _run(tmp_path / "a"))
    other = CurvesView(worker, Background(pass_on), theme)
    qtbot.addWidget(other)
    view.hide()
    other.show()
    _show(qtbot, other, worker, tmp_path / "a")
    qtbot.waitUntil(lambda: other.is_current, timeout=5000)
    view.plot.sight_changed.emit()
    qtbot.waitUntil(lambda: not view._asking.isActive())
    with (tmp_path / "a" / "events.jsonl").open("ab") as stream:
        stream.write(lines([progress(500, 3.0)]))
    key = (tmp_path / "a", "loss.total")
    qtbot.waitUntil(lambda: other.plot.drawn[key].xs[-1] == 500, timeout=5000)


def test_nothing_is_drawn_while_nobody_looks(qtbot: Any, view: Any, worker: Any, tmp_path: Path) -> None:
    _show(qtbot, view, worker, _run(tmp_path / "a"))
    view.hide()
    assert worker._sight is None
