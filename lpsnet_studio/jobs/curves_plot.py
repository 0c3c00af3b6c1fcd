"""Curves of runs over one axis: drawn, zoomed into, and read off under a cursor."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, Qt, QTimer, Signal
from PySide6.QtGui import QBrush, QColor, QKeyEvent, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QLabel, QWidget

from lpsnet_studio.jobs.curve_colors import run_color
from lpsnet_studio.jobs.curve_drawing import Drawing, DrawnCurve
from lpsnet_studio.jobs.curve_ticks import duration, duration_spacing, log_ticks, whole_ticks
from lpsnet_studio.theme import Palette, Theme

__all__ = ["STYLES", "CurveLook", "CurvesPlot", "blend"]

STYLES = (Qt.PenStyle.SolidLine, Qt.PenStyle.DashLine, Qt.PenStyle.DotLine, Qt.PenStyle.DashDotLine)
"""Of the first figure of a chart, the second, … ; then they come again."""
Aside = Callable[[], AbstractContextManager[object]]
_LEAST_SIZE = (160, 200)
"""Below which nothing can be read off."""
_FEW_POINTS = 100
_RAW_SHARE = 0.38
_ROOM = 0.04
_STEP = 0.01
_PIXELS_OF_TICK = 32
_TURN = 0.01


def blend(first: str, second: str, share: float) -> QColor:
    """Returns ``share`` of one colour over another; opaque, as many lines of transparent ones take long to draw."""
    one, other = QColor(first), QColor(second)
    return QColor(
        *(round(a * share + b * (1 - share)) for a, b in zip(one.getRgb()[:3], other.getRgb()[:3], strict=True))
    )


@dataclass(frozen=True, slots=True)
class CurveLook:
    """How a curve looks.

    Attributes:
        number: of its colour.
        style: of its figure.
    """

    number: int
    style: Qt.PenStyle


class _FigureAxis(pg.AxisItem):
    """An axis of plain numbers, of whole ones, of time or of logarithms, all in words people use."""

    def __init__(self, orientation: str) -> None:
        super().__init__(orientation)
        self.kind = "plain"
        self.enableAutoSIPrefix(False)

    def tickValues(self, low: float, high: float, size: float) -> list[tuple[float, list[float]]]:
        """Returns where ticks are, coarse ones first, each kind with its spacing."""
        if self.kind == "log":
            return [(1.0, log_ticks(low, high, max(2, int(size / _PIXELS_OF_TICK))))]
        if self.kind == "time":
            spacing = duration_spacing(high - low, size)
            return [(spacing, (np.arange(math.ceil(low / spacing), high / spacing + 1e-9) * spacing).tolist())]
        ticks = super().tickValues(low, high, size)[:2]
        return whole_ticks(ticks, low, high) if self.kind == "whole" else ticks

    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:
        """Returns what ticks say."""
        if self.kind == "log":
            return [f"{10.0**value:.6g}" for value in values]
        if self.kind == "time":
            return [duration(value) for value in values]
        digits = max(0, -math.floor(math.log10(spacing) + 1e-9)) if spacing > 0 else 0
        if digits > 4:
            return [f"{value:.4g}" for value in values]
        return [f"{value:,.{digits}f}" for value in values]


class _Curve:
    """One figure of one run on the plot: the reported values, thin, and the smoothed ones above them."""

    def __init__(self, plot: pg.PlotItem) -> None:
        # What comes is thinned out and clipped already: doing so again whenever the range changes costs a frame.
        self.raw, self.smooth = (pg.PlotDataItem(connect="finite") for _ in range(2))
        self.drawn: DrawnCurve | None = None
        for level, item in enumerate((self.raw, self.smooth)):
            item.setZValue(level)
            plot.addItem(item)

    def remove_from(self, plot: pg.PlotItem) -> None:
        plot.removeItem(self.raw)
        plot.removeItem(self.smooth)

    def show(self, drawn: DrawnCurve, look: CurveLook, theme: Theme) -> None:
        """Draws what changed."""
        self.drawn = drawn
        color, is_smoothed = run_color(look.number, theme.name), len(drawn.smooth_xs) > 0
        faded = blend(color, theme.palette.panel, _RAW_SHARE)
        is_few = len(drawn.xs) <= _FEW_POINTS
        raw = QPen(faded) if is_smoothed else _pen(color, look.style, 1.5 if is_few else 1.0)
        raw.setCosmetic(True)
        spot = faded if is_smoothed else QColor(color)
        self.raw.setData(
            drawn.xs,
            drawn.ys,
            pen=raw,
            antialias=is_few,
            symbol="o" if is_few else None,
            symbolSize=4,
            symbolPen=None,
            symbolBrush=spot,
        )
        self.smooth.setData(drawn.smooth_xs, drawn.smooth_ys, pen=_pen(color, look.style, 2.0), antialias=is_few)

    def set_visible(self, visible: bool) -> None:
        self.raw.setVisible(visible)
        self.smooth.setVisible(visible)


class CurvesPlot(pg.PlotWidget):
    """Draws drawings; knows nothing of files.

    The wheel zooms where the cursor is, a drag zooms into a rectangle, the middle button moves; a double click, 0 or
    Home shows everything. The arrow keys move the cursor, + and - zoom.

    Args:
        theme: gives the colours.
        aside: is entered while it paints, so that other threads can stand aside.
        parent: Qt's owner.

    Attributes:
        sight_changed: emitted once another part of the axis is looked at, or the width is another.
        cursor_moved: the place on the axis that is read off; None once it is left.
    """

    sight_changed = Signal()
    cursor_moved = Signal(object)

    def __init__(self, theme: Theme, aside: Aside = nullcontext, parent: QWidget | None = None) -> None:
        self._aside = aside
        self._x_axis, self._y_axis = _FigureAxis("bottom"), _FigureAxis("left")
        super().__init__(parent, axisItems={"bottom": self._x_axis, "left": self._y_axis}, useOpenGL=False)
        self._theme = theme
        self._curves: dict[tuple[Path, str], _Curve] = {}
        self._looks: Mapping[tuple[Path, str], CurveLook] = {}
        self._hidden: frozenset[tuple[Path, str]] = frozenset()
        self._zoom: tuple[tuple[float, float], tuple[float, float]] | None = None
        self._cursor_x: float | None = None
        self._waiting: list[tuple[tuple[Path, str], DrawnCurve]] = []
        self._turns = QTimer(self, singleShot=True, interval=0)
        self._turns.timeout.connect(self._show_some)
        self._line = pg.InfiniteLine(angle=90, movable=False)
        self._spots = pg.ScatterPlotItem(size=7)
        self._words = QLabel(self)
        self._words.setTextFormat(Qt.TextFormat.PlainText)
        self._words.setWordWrap(True)
        self._words.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._words.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._prepare()
        theme.changed.connect(self._apply_theme)
        self._apply_theme()

    def _prepare(self) -> None:
        box, item = self.getViewBox(), self.getPlotItem()
        item.setMenuEnabled(False)
        item.hideButtons()
        box.setMenuEnabled(False)
        box.disableAutoRange()
        box.setMouseMode(pg.ViewBox.RectMode)
        box.setDefaultPadding(0)
        # The widget's own width tells less: axes that come and go take theirs from the same.
        box.sigResized.connect(lambda _box: self.sight_changed.emit())
        box.sigRangeChangedManually.connect(lambda _mask: self._keep_zoom())
        self._y_axis.setWidth(64)
        for marker in (self._line, self._spots):
            marker.setZValue(10)
            marker.hide()
            self.addItem(marker, ignoreBounds=True)
        self.scene().sigMouseMoved.connect(self._follow_mouse)
        self.scene().sigMouseClicked.connect(lambda event: self.show_all() if event.double() else None)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Curves")
        self.setToolTip("")
        self.setFrameShape(pg.QtWidgets.QFrame.Shape.NoFrame)
        self.setMinimumSize(*_LEAST_SIZE)

    # --------------------------------------------------------------------------------------------------------- showing

    def show_drawing(
        self, drawing: Drawing, looks: Mapping[tuple[Path, str], CurveLook], hidden: frozenset[tuple[Path, str]]
    ) -> None:
        """Shows a drawing; curves that are the same objects as before cost nothing.

        Args:
            drawing: the curves.
            looks: of each.
            hidden: curves that are not shown.
        """
        plot = self.getPlotItem()
        self._set_kinds("time" if drawing.sight.axis == "time" else "whole", "log" if drawing.sight.is_log else "plain")
        now = {(curve.run, curve.name): curve for curve in drawing.curves}
        for key in self._curves.keys() - now.keys():
            self._curves.pop(key).remove_from(plot)
        has_new_looks = looks != self._looks
        self._looks, self._hidden = dict(looks), hidden
        self._waiting = [
            (key, drawn)
            for key, drawn in now.items()
            if has_new_looks or key not in self._curves or self._curves[key].drawn is not drawn
        ]
        for key, curve in self._curves.items():
            curve.set_visible(key not in hidden)
        self._show_some()

    def _show_some(self) -> None:
        """Shows curves that wait for it, as many as there is time for; the others once events had their turn."""
        plot, end = self.getPlotItem(), time.perf_counter() + _TURN
        with self._aside():
            while self._waiting and time.perf_counter() < end:
                key, drawn = self._waiting.pop(0)
                curve = self._curves.get(key) or self._curves.setdefault(key, _Curve(plot))
                curve.show(drawn, self._looks[key], self._theme)
                curve.set_visible(key not in self._hidden)
        if self._waiting:
            self._turns.start()
        else:
            self._set_range()
            self._mark()

    def say(self, words: str) -> None:
        """Shows a sentence in place of curves; none if it is empty."""
        self._words.setText(words)
        self._words.setVisible(bool(words))
        self.getPlotItem().setVisible(not words)

    def set_axes(self, x: str, y: str) -> None:
        """Names both axes."""
        self._x_axis.setLabel(x)
        self._y_axis.setLabel(y)

    @property
    def drawn(self) -> dict[tuple[Path, str], DrawnCurve]:
        """The curves that can be seen."""
        shown = self._curves.items()
        seen = ((key, curve.drawn) for key, curve in shown if key in self._looks and key not in self._hidden)
        return {key: drawn for key, drawn in seen if drawn is not None}

    @property
    def sight(self) -> tuple[float, float] | None:
        """The part of the axis that the user zoomed to; None for the whole."""
        return None if self._zoom is None else self._zoom[0]

    @property
    def cursor(self) -> float | None:
        """The place of the axis that is read off; None for the ends of curves."""
        return self._cursor_x

    @property
    def pixels(self) -> int:
        """Width of what is drawn."""
        return max(1, round(self.getViewBox().width()))

    def _set_kinds(self, x: str, y: str) -> None:
        if (x, y) != (self._x_axis.kind, self._y_axis.kind):
            self._x_axis.kind, self._y_axis.kind = x, y
            for axis in (self._x_axis, self._y_axis):
                axis.picture = None
                axis.update()

    def _apply_theme(self) -> None:
        palette: Palette = self._theme.palette
        self.setBackground(palette.panel)
        for axis in (self._x_axis, self._y_axis):
            axis.setPen(palette.line)
            axis.setTextPen(palette.dim)
            axis.setStyle(tickLength=-4, tickTextOffset=6, maxTickLevel=1)
        self.getPlotItem().showGrid(x=True, y=True, alpha=0.6)
        self._line.setPen(pg.mkPen(palette.dim, width=1))
        self.getViewBox().rbScaleBox.setPen(pg.mkPen(palette.accent))
        self.getViewBox().rbScaleBox.setBrush(pg.mkBrush(None))
        self._words.setStyleSheet(f"color: {palette.dim}; background: transparent;")
        for key, curve in self._curves.items():
            if curve.drawn is not None and key in self._looks:
                curve.show(curve.drawn, self._looks[key], self._theme)
        self._mark()

    # --------------------------------------------------------------------------------------------------------- zooming

    def show_all(self) -> None:
        """Shows the whole of every curve."""
        self._zoom = None
        self._set_range()
        self.sight_changed.emit()

    def zoom(self, factor: float) -> None:
        """Zooms in (above 1) or out along the axis, around the cursor or the middle."""
        low, high = self.getViewBox().viewRange()[0]
        center = (low + high) / 2 if self._cursor_x is None else self._cursor_x
        self.getViewBox().setXRange(center - (center - low) / factor, center + (high - center) / factor, padding=0)
        self._keep_zoom()

    def _keep_zoom(self) -> None:
        (x0, x1), (y0, y1) = self.getViewBox().viewRange()
        self._zoom = ((x0, x1), (y0, y1))
        self.sight_changed.emit()

    def _set_range(self) -> None:
        """Shows everything, unless the user zoomed."""
        curves = list(self.drawn.values())
        extents = [curve.extent for curve in curves if curve.extent is not None]
        if self._zoom is not None or not extents:
            return
        low, high = min(low for low, _ in extents), max(high for _, high in extents)
        bounds = [_bounds(values) for curve in curves for values in (curve.ys, curve.smooth_ys)]
        bottom = min((low for low, _ in bounds), default=math.inf)
        top = max((high for _, high in bounds), default=-math.inf)
        box = self.getViewBox()
        box.setXRange(*_with_room(low, high, 0.0), padding=0)
        if math.isfinite(bottom) and math.isfinite(top):
            box.setYRange(*_with_room(bottom, top, _ROOM), padding=0)

    # ------------------------------------------------------------------------------------------------------ reading off

    def set_cursor(self, x: float | None) -> None:
        """Reads curves off at a place of the axis; None to read their ends."""
        self._cursor_x = x
        self._mark()
        self.cursor_moved.emit(x)

    def _mark(self) -> None:
        """Draws the cursor, and a spot on every curve where it is read off."""
        x = self._cursor_x
        self._line.setVisible(x is not None)
        self._spots.setVisible(x is not None)
        if x is None:
            return
        self._line.setValue(x)
        spots, is_log = [], self._y_axis.kind == "log"
        for key, curve in self.drawn.items():
            point = curve.nearest(x)
            value = math.nan if point is None else point.smoothed
            if point is None or not math.isfinite(value) or (is_log and value <= 0):
                continue
            color = run_color(self._looks[key].number, self._theme.name)
            at = (point.x, math.log10(value) if is_log else value)
            spots.append({"pos": at, "brush": _spot_brush(color), "pen": _spot_pen(self._theme.palette.panel)})
        self._spots.setData(spots)

    def _follow_mouse(self, position: Any) -> None:
        box = self.getViewBox()
        is_inside = box.sceneBoundingRect().contains(position)
        self.set_cursor(box.mapSceneToView(position).x() if is_inside else None)

    # ------------------------------------------------------------------------------------------------------- Qt's calls

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paints while others stand aside."""
        with self._aside():
            super().paintEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        """Leaves the cursor."""
        super().leaveEvent(event)
        self.set_cursor(None)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keeps the words in the middle."""
        super().resizeEvent(event)
        if hasattr(self, "_words"):
            self._words.setGeometry(self.rect().adjusted(16, 16, -16, -16))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Zooms, resets and moves the cursor."""
        low, high = self.getViewBox().viewRange()[0]
        key, step = event.key(), _STEP * (high - low)
        if key in (Qt.Key.Key_0, Qt.Key.Key_Home):
            self.show_all()
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self.zoom(1.25)
        elif key == Qt.Key.Key_Minus:
            self.zoom(0.8)
        elif key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            start = (low + high) / 2 if self._cursor_x is None else self._cursor_x
            self.set_cursor(min(max(start + (step if key == Qt.Key.Key_Right else -step), low), high))
        elif key == Qt.Key.Key_Escape and self._cursor_x is not None:
            self.set_cursor(None)
        else:
            event.ignore()


# pyqtgraph keeps a picture of a spot for every pen and every brush that is another object.
@cache
def _spot_brush(color: str) -> QBrush:
    return QBrush(QColor(color))


@cache
def _spot_pen(color: str) -> QPen:
    return pg.mkPen(color)


def _pen(color: str, style: Qt.PenStyle, width: float) -> QPen:
    pen = QPen(QColor(color))
    pen.setWidthF(width)
    pen.setStyle(style)
    pen.setCosmetic(True)
    return pen


def _bounds(values: np.ndarray) -> tuple[float, float]:
    finite = values[np.isfinite(values)]
    return (float(finite.min()), float(finite.max())) if len(finite) else (math.inf, -math.inf)


def _with_room(low: float, high: float, share: float) -> tuple[float, float]:
    """Returns a range a little larger, or one around a single value."""
    if high <= low:
        room = abs(low) * 0.1 or 0.5
        return low - room, high + room
    return low - share * (high - low), high + share * (high - low)
