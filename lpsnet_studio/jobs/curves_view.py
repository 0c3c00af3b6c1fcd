"""The curves of a run, or of several above one another, with all that can be chosen about them."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from PySide6.QtCore import QSignalBlocker, Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent, QPalette, QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QMenu,
    QSlider,
    QSplitter,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from lpsnet_studio.background import Background, courier
from lpsnet_studio.flow_layout import FlowLayout
from lpsnet_studio.jobs.curve_charts import CHARTS, Chart, word_of
from lpsnet_studio.jobs.curve_colors import colors_of_runs, run_color
from lpsnet_studio.jobs.curve_drawing import Axis, Drawing, DrawnCurve, Sight
from lpsnet_studio.jobs.curve_table import NamedSeries, write_table
from lpsnet_studio.jobs.curve_words import (
    absence_words,
    axis_words,
    damage_words,
    note_words,
    place_words,
    value_words,
)
from lpsnet_studio.jobs.curve_worker import CurveWorker
from lpsnet_studio.jobs.curves import RunCurves
from lpsnet_studio.jobs.curves_legend_view import CurveLegend, LegendRow
from lpsnet_studio.jobs.curves_picture_view import record, save_picture
from lpsnet_studio.jobs.curves_plot import STYLES, CurveLook, CurvesPlot
from lpsnet_studio.jobs.smoothing import MOST_SMOOTHING
from lpsnet_studio.theme import Theme, caption_font

__all__ = ["CurvesView", "ShownRun"]

_PLACES = 100
_TALL, _WIDE = 440, 440
"""Pixels below which there is no room for the legend under the chart, and from which there is beside it."""
_BESIDE, _BELOW = 256, (400, 140)
"""Width of the legend beside the chart; heights of both where it lies below."""
_SETTLE = 40
_FILTERS = {"png": "PNG picture (*.png)", "svg": "SVG picture (*.svg)", "csv": "Table of all points (*.csv)"}
_Key = tuple[Path, str]


@dataclass(frozen=True, slots=True)
class ShownRun:
    """A run that is looked at.

    Attributes:
        curves: what it reported; someone has the worker watch it.
        name: what it is called.
        report_every: iterations between two of its reports; None if that is not known.
    """

    curves: RunCurves
    name: str
    report_every: int | None = None


class CurvesView(QWidget):
    """One chart at a time, its legend below or beside it, and what is chosen above it.

    It asks the worker for what fits its width, and only while it can be seen.

    Args:
        worker: reads the runs.
        background: writes files.
        theme: gives colours and icons.

    Attributes:
        failed: a sentence, if a file could not be written.
        note: what must be known to read the figures.
    """

    failed = Signal(str)

    def __init__(
        self, worker: CurveWorker, background: Background, theme: Theme, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._worker, self._background, self._theme = worker, background, theme
        self._runs: tuple[ShownRun, ...] = ()
        self._colors: dict[Path, int] = {}
        self._chosen: dict[str, bool] = {}
        self._weights: dict[str, float] = {}
        self._hidden: set[_Key] = set()
        self._drawing: Drawing | None = None
        self.chart_box, self.axis_box, self.log_box = QComboBox(), QComboBox(), QCheckBox("Logarithmic")
        self.smoothing_slider, self.smoothing_box = QSlider(Qt.Orientation.Horizontal), QDoubleSpinBox()
        self.reset_button, self.export_button = QToolButton(), QToolButton()
        self.problem, self.note = QLabel(), QLabel()
        self.plot, self.legend = CurvesPlot(theme, worker.aside), CurveLegend()
        self._asking = QTimer(self, singleShot=True, interval=_SETTLE)
        self._prepare_choices()
        self._prepare_buttons()
        self._lay_out()
        self._connect()
        self._refresh()

    # ---------------------------------------------------------------------------------------------------------- making

    def _prepare_choices(self) -> None:
        for chart in CHARTS:
            self.chart_box.addItem(chart.title)
        for axis, words in (("iteration", "Over iterations"), ("time", "Over time")):
            self.axis_box.addItem(words, axis)
        self.smoothing_slider.setRange(0, _PLACES)
        self.smoothing_slider.setMinimumWidth(48)
        self.smoothing_box.setRange(0.0, MOST_SMOOTHING)
        self.smoothing_box.setDecimals(3)
        self.smoothing_box.setSingleStep(0.05)
        self._show_smoothing()
        for widget, name, tip in (
            (self.chart_box, "Chart", "Which figures are drawn."),
            (self.axis_box, "Axis", "Draw over iterations, or over the time since the run began."),
            (
                self.log_box,
                "Logarithmic",
                "Draw values on a logarithmic axis; those that are not above 0 are left out.",
            ),
            (self.smoothing_slider, "Smoothing", "Weight of what came before, from 0 (nothing is smoothed)."),
            (self.smoothing_box, "Smoothing, exactly", "Weight of what came before, 0 to 0.999."),
        ):
            widget.setAccessibleName(name)
            widget.setToolTip(tip)
            widget.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def _prepare_buttons(self) -> None:
        menu = QMenu(self.export_button)
        menu.addAction("Picture…", lambda: self._ask_where("png", "svg"))
        menu.addAction("Numbers…", lambda: self._ask_where("csv"))
        self.export_button.setMenu(menu)
        self.export_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        for button, name, tip in (
            (self.reset_button, "Show everything", "Show the whole of every curve (0, Home, or a double click)."),
            (self.export_button, "Save the chart", "Save the chart as a picture, or every point as a table."),
        ):
            button.setAccessibleName(name)
            button.setToolTip(tip)
            button.setAutoRaise(True)
            button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        for words in (self.problem, self.note):
            words.setTextFormat(Qt.TextFormat.PlainText)
            words.setWordWrap(True)
        self.note.setFont(caption_font(self.font()))
        self.note.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self._apply_theme()

    def _lay_out(self) -> None:
        smoothing, caption = QWidget(), QLabel("&Smoothing")
        caption.setBuddy(self.smoothing_slider)
        beside = QHBoxLayout(smoothing)
        beside.setContentsMargins(0, 0, 0, 0)
        for widget in (caption, self.smoothing_slider, self.smoothing_box):
            beside.addWidget(widget)
        line = FlowLayout(gap=8)
        for widget in (self.chart_box, self.axis_box, self.log_box, smoothing, self.reset_button, self.export_button):
            line.addWidget(widget)
        self.halves = QSplitter(Qt.Orientation.Vertical)
        self.halves.setChildrenCollapsible(False)
        self.halves.addWidget(self.plot)
        self.halves.addWidget(self.legend)
        self.halves.setStretchFactor(0, 1)
        self.halves.setSizes(list(_BELOW))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 8, 8, 8)
        layout.setSpacing(8)
        layout.addLayout(line)
        layout.addWidget(self.problem)
        layout.addWidget(self.note)
        layout.addWidget(self.halves, 1)

    def _connect(self) -> None:
        self.chart_box.currentIndexChanged.connect(lambda _at: self._turn_to_chart())
        self.axis_box.currentIndexChanged.connect(lambda _at: self._turn_axis())
        self.log_box.toggled.connect(lambda _on: self._turn_axis())
        self.smoothing_slider.valueChanged.connect(lambda place: self.set_smoothing(place * MOST_SMOOTHING / _PLACES))
        self.smoothing_box.valueChanged.connect(self.set_smoothing)
        self.reset_button.clicked.connect(self.plot.show_all)
        self.plot.sight_changed.connect(self._asking.start)
        self.plot.cursor_moved.connect(lambda _x: self._show_legend())
        self.legend.toggled.connect(self._toggle)
        self._asking.timeout.connect(self._ask)
        self._theme.changed.connect(self._apply_theme)

    def _apply_theme(self) -> None:
        self.reset_button.setIcon(self._theme.icon("fit"))
        self.export_button.setIcon(self._theme.icon("save-overlay"))
        self.problem.setStyleSheet(f"color: {self._theme.palette.discarded};")
        if self._drawing is not None:
            self._show_legend()

    # -------------------------------------------------------------------------------------------------------- choosing

    @property
    def chart(self) -> Chart:
        """What is drawn."""
        return CHARTS[self.chart_box.currentIndex()]

    @property
    def smoothing(self) -> float:
        """Weight of the past, 0 … 0.999."""
        return self.smoothing_box.value()

    @property
    def is_current(self) -> bool:
        """Whether what is drawn is what was asked for."""
        return self._drawing is not None and self._drawing.sight == self._sight() and not self._asking.isActive()

    def set_runs(self, runs: Sequence[ShownRun]) -> None:
        """Draws these runs, above one another; a run keeps its colour while it stays."""
        folders = [run.curves.folder for run in runs]
        is_another = set(folders).isdisjoint(shown.curves.folder for shown in self._runs)
        self._runs = tuple(runs)
        self._colors = colors_of_runs(folders, self._colors)
        self._hidden = {key for key in self._hidden if key[0] in folders}
        if is_another:
            self.plot.show_all()
        self._refresh()

    def set_smoothing(self, weight: float) -> None:
        """Smooths the curves of this chart, by a weight of the past of 0 … 0.999."""
        self._weights[self.chart.title] = weight
        self._show_smoothing()
        self._asking.start()

    def _show_smoothing(self) -> None:
        weight = self._weights.get(self.chart.title, self.chart.smoothing)
        with QSignalBlocker(self.smoothing_slider), QSignalBlocker(self.smoothing_box):
            self.smoothing_box.setValue(weight)
            self.smoothing_slider.setValue(round(weight * _PLACES / MOST_SMOOTHING))

    def _turn_to_chart(self) -> None:
        self._show_smoothing()
        self.plot.show_all()
        self._refresh()

    def _turn_axis(self) -> None:
        self.plot.show_all()
        self._ask()

    def _toggle(self, key: object, shown: bool) -> None:
        run, name = key if isinstance(key, tuple) else (Path(), "")
        (self._hidden.discard if shown else self._hidden.add)((run, name))
        self._chosen[name] = shown or self._is_chosen(name)
        self._show_drawing()
        self._ask()

    def _is_chosen(self, name: str) -> bool:
        return self._chosen.get(name, not self.chart.shown or name in self.chart.shown)

    def _is_shown(self, key: _Key) -> bool:
        return key not in self._hidden and self._is_chosen(key[1])

    # ---------------------------------------------------------------------------------------------------------- asking

    def _sight(self) -> Sight:
        known = [name for run in self._runs for name in run.curves.names]
        names = self.chart.names(known)
        axis: Axis = "time" if self.axis_box.currentData() == "time" else "iteration"
        low, high = self.plot.sight or (None, None)
        return Sight(
            tuple(run.curves.folder for run in self._runs),
            names,
            axis,
            self.smoothing,
            self.log_box.isChecked(),
            self.plot.pixels,
            low,
            high,
        )

    def _refresh(self) -> None:
        """Begins anew: what was drawn is of something else."""
        self._drawing = None
        self._show_drawing()
        self._ask()

    def _ask(self) -> None:
        self._asking.stop()
        if not self.isVisible():
            return  # another view may have asked the worker since this one was hidden
        me, bring = weakref.ref(self), courier().bring
        self._worker.show(self._sight(), lambda drawing: bring(me, lambda view: view.take(drawing)))

    def take(self, drawing: Drawing) -> None:
        """Shows what the worker drew, unless something else is looked at by now."""
        if not self.isVisible() or drawing.sight.runs != tuple(run.curves.folder for run in self._runs):
            return
        sight = self._sight()
        if sight.names != drawing.sight.names:
            self._ask()  # a figure came that was not there before
        if (sight.axis, sight.is_log) == (drawing.sight.axis, drawing.sight.is_log):
            self._drawing = drawing
            self._show_drawing()

    # --------------------------------------------------------------------------------------------------------- showing

    def _curves(self) -> tuple[DrawnCurve, ...]:
        if self._drawing is None:
            return ()
        return tuple(curve for curve in self._drawing.curves if self.chart.holds(curve.name))

    def _looks(self) -> dict[_Key, CurveLook]:
        """Returns how each looks: dashes tell the figure, colours the run; where there is only one, both the figure."""
        curves, is_one_run = self._curves(), len(self._runs) == 1
        names = dict.fromkeys(curve.name for curve in curves)
        numbers = {name: number for number, name in enumerate(names)}
        looks = {}
        for curve in curves:
            number = numbers[curve.name]
            color = number if is_one_run else self._colors.get(curve.run, 0)
            looks[curve.run, curve.name] = CurveLook(color, STYLES[number % len(STYLES)])
        return looks

    def _show_drawing(self) -> None:
        curves = self._curves()
        is_empty = not any(len(curve.all_xs) for curve in curves)
        every = next((run.report_every for run in self._runs if run.report_every is not None), None)
        self.plot.say(absence_words(self.chart, len(self._runs), every) if is_empty else "")
        problems = self._drawing.problems if self._drawing is not None else ()
        self.problem.setText("\n".join(problems))
        self.problem.setVisible(bool(problems))
        self._show_note([curve.name for curve in curves])
        if self._drawing is not None:
            hidden = frozenset((c.run, c.name) for c in curves if not self._is_shown((c.run, c.name)))
            drawing = Drawing(self._drawing.sight, curves, self._drawing.names)
            self.plot.show_drawing(drawing, self._looks(), hidden)
            words = axis_words(self.chart, drawing.sight.axis, is_log=drawing.sight.is_log)
            self.plot.set_axes(*words)
        self._show_legend()

    def _show_note(self, names: Sequence[str]) -> None:
        notes = (
            note_words(names, [run.curves.cores for run in self._runs]),
            damage_words({run.name: run.curves.facts.damaged for run in self._runs}),
        )
        self.note.setText(" ".join(words for words in notes if words))
        self.note.setVisible(bool(self.note.text()))

    def _show_legend(self) -> None:
        looks, cursor = self._looks(), self.plot.cursor
        self.legend.show_rows([self._row(curve, looks[curve.run, curve.name], cursor) for curve in self._curves()])

    def _row(self, curve: DrawnCurve, look: CurveLook, cursor: float | None) -> LegendRow:
        point = curve.last() if cursor is None else curve.nearest(cursor)
        is_smoothed = len(curve.smooth_xs) > 0 and point is not None
        axis = self._drawing.sight.axis if self._drawing is not None else "iteration"
        name = next((run.name for run in self._runs if run.curves.folder == curve.run), curve.run.name)
        return LegendRow(
            (curve.run, curve.name),
            f"{name} · {word_of(curve.name)}" if len(self._runs) > 1 else word_of(curve.name),
            run_color(look.number, self._theme.name),
            look.style,
            self._is_shown((curve.run, curve.name)),
            "—" if point is None else value_words(point.value, self.chart),
            value_words(point.smoothed, self.chart) if is_smoothed and point is not None else "",
            "" if point is None else place_words(point.x, axis),
        )

    # ---------------------------------------------------------------------------------------------------------- saving

    def _ask_where(self, *kinds: str) -> None:
        filters = ";;".join(_FILTERS[kind] for kind in kinds)
        name, used = QFileDialog.getSaveFileName(self, "Save the chart", f"{self.chart.title}.{kinds[0]}", filters)
        if name:
            path = Path(name)
            kind = next((kind for kind in kinds if _FILTERS[kind] == used), kinds[0])
            self.save(path if path.suffix.lower().lstrip(".") in kinds else path.with_name(f"{path.name}.{kind}"))

    def save(self, path: Path, done: Callable[[], object] = lambda: None) -> None:
        """Writes what is seen as PNG or SVG, or every point of it as CSV, as the file's name ends.

        Args:
            path: of the file.
            done: called once it is there.
        """
        kind = path.suffix.lower()
        write = self._table_writer(path) if kind == ".csv" else self._picture_writer(path, is_svg=kind == ".svg")

        def tell(problem: str) -> None:
            if problem:
                self.failed.emit(problem)
            else:
                done()

        self._background.run(lambda: _problem_of(write), tell, title=f"Saving {path.name}", cancellable=False)

    def _table_writer(self, path: Path) -> Callable[[], None]:
        shown = [curve for curve in self._curves() if self._is_shown((curve.run, curve.name))]
        runs = {run.curves.folder: run for run in self._runs}
        curves = [
            NamedSeries(runs[curve.run].name, runs[curve.run].curves.series(curve.name))
            for curve in shown
            if curve.run in runs
        ]
        return partial(write_table, path, curves, self.smoothing)

    def _picture_writer(self, path: Path, *, is_svg: bool) -> Callable[[], None]:
        recording = record(self.plot, self.legend.rows, self._theme.palette)
        return partial(save_picture, path, recording, is_svg=is_svg)

    # ------------------------------------------------------------------------------------------------------- Qt's calls

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Puts the legend beside the chart where there is more width than height for it."""
        super().resizeEvent(event)
        is_beside = self.height() < _TALL and self.width() >= _WIDE
        orientation = Qt.Orientation.Horizontal if is_beside else Qt.Orientation.Vertical
        if orientation != self.halves.orientation():
            self.halves.setOrientation(orientation)
            self.halves.setSizes([self.width() - _BESIDE, _BESIDE] if is_beside else list(_BELOW))

    def showEvent(self, event: QShowEvent) -> None:
        """Asks for what is looked at."""
        super().showEvent(event)
        self._asking.start()

    def hideEvent(self, event: QHideEvent) -> None:
        """Lets the worker rest."""
        super().hideEvent(event)
        self._worker.show(None)


def _problem_of(write: Callable[[], None]) -> str:
    """Writes a file; returns the sentence that says why it could not be, or nothing."""
    try:
        write()
    except OSError as error:
        return str(error)
    return ""
