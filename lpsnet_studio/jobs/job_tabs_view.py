"""What is looked at of a job, or of several: curves, pictures, log, load, settings; only what is shown is read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtGui import QHideEvent, QShowEvent, QStandardItemModel
from PySide6.QtWidgets import QListView, QTabWidget, QWidget

from lpsnet_studio.background import Background, pass_on
from lpsnet_studio.jobs.batch_pictures_view import BatchPicturesView
from lpsnet_studio.jobs.curve_charts import CHARTS
from lpsnet_studio.jobs.curve_worker import CurveWorker
from lpsnet_studio.jobs.curves import RunCurves
from lpsnet_studio.jobs.curves_view import CurvesView, ShownRun
from lpsnet_studio.jobs.job_compare_view import JobCompareView
from lpsnet_studio.jobs.job_folder import JobFolder
from lpsnet_studio.jobs.job_settings_view import JobSettingsView
from lpsnet_studio.jobs.job_words import kind_of
from lpsnet_studio.jobs.log_view import LogView
from lpsnet_studio.jobs.run_settings import read_run_config
from lpsnet_studio.jobs.samples_view import SamplesView
from lpsnet_studio.jobs.spec import JobSpec
from lpsnet_studio.jobs.status import JobState
from lpsnet_studio.theme import Theme

if TYPE_CHECKING:
    from lpsnet_studio.jobs.jobs import JobEntry

__all__ = ["MOST_OVERLAID", "JobTabs", "tabs_for"]

MOST_OVERLAID = 7
"""Runs whose curves are shown above one another: there are no more colours to tell them apart by."""
_LEAST_PAGE = 200
"""Pixels of height below which no table or log is of use."""
_MOST_KEPT = 2 * MOST_OVERLAID
_TABS_OF_KIND: Mapping[str, tuple[str, ...]] = {
    "train": ("curves", "samples", "log", "load", "settings"),
    "evaluate": ("pictures", "curves", "log", "load", "settings"),
    "predict": ("pictures", "log", "load", "settings"),
}
_CHART_OF_SCOPE: Mapping[str, str] = {
    "train": "Losses",
    "evaluate": "Quality of pictures",
    "several": "Losses",
}
_CHARTS_OF_LOAD: Mapping[str, tuple[str, ...]] = {
    "train": ("Images per second", "Memory", "Load"),
    "evaluate": ("Time a picture", "Memory", "Load"),
    "predict": ("Time a picture", "Memory", "Load"),
}
_TITLES: Mapping[str, tuple[str, str]] = {
    "curves": ("Curves", "What it reported, over its iterations or over time."),
    "pictures": ("Pictures", "Its pictures as they are done, the worst first, and the figures over all."),
    "samples": ("Samples", "What it predicts for a few pictures, at each evaluation."),
    "log": ("Log", "What its processes wrote."),
    "load": ("Load", "How busy it keeps processor, memory and GPUs."),
    "settings": ("Settings", "Every setting of the run, and what it ran on."),
    "compare": ("Compare settings", "What differs between the settings of the two."),
}


def _scope_of(entries: Sequence[JobEntry]) -> str:
    return kind_of(entries[0]) if len(entries) == 1 else "several"


def _was_ever_started(entry: JobEntry) -> bool:
    """Whether there is anything to read of a job: one that waits may have been started before."""
    status = entry.status
    return status.state is not JobState.QUEUED or status.started is not None or status.facts.heard is not None


def tabs_for(entries: Sequence[JobEntry]) -> tuple[str, ...]:
    """Returns what can be looked at of these jobs."""
    if not entries:
        return ()
    if len(entries) == 1:
        return _TABS_OF_KIND[kind_of(entries[0])] if _was_ever_started(entries[0]) else ("settings",)
    return ("curves", "compare") if len(entries) == 2 else ("curves",)


class JobTabs(QTabWidget):
    """A tab a view; those that the jobs lack are hidden.

    Args:
        theme: gives colours and icons.

    Signals:
        picture_wanted: a picture of a batch, by its file name.
        failed: why a chart could not be saved, in a sentence.

    Attributes:
        tabs_used: the tab that was last looked at, by ``train``, ``evaluate``, ``predict`` and ``several``.
    """

    picture_wanted = Signal(str)
    failed = Signal(str)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.tabs_used: dict[str, str] = {}
        self._charts_used: dict[str, int] = {}
        self._entries: tuple[JobEntry, ...] = ()
        self._filled: object = None
        self._curves: dict[Path, RunCurves] = {}
        self._log_every: dict[Path, int | None] = {}
        self._worker = CurveWorker()
        self._background = Background(pass_on, self)
        self.curves = CurvesView(self._worker, self._background, theme)
        self.load = CurvesView(self._worker, self._background, theme)
        self.pictures, self.samples = BatchPicturesView(theme), SamplesView(theme)
        self.log, self.settings, self.compare = LogView(theme), JobSettingsView(), JobCompareView(theme)
        self._pages: dict[str, QWidget] = {
            "pictures": self.pictures,
            "curves": self.curves,
            "samples": self.samples,
            "log": self.log,
            "load": self.load,
            "settings": self.settings,
            "compare": self.compare,
        }
        self.setDocumentMode(True)
        self.tabBar().setAccessibleName("Views of the job")
        for key, page in self._pages.items():
            title, tip = _TITLES[key]
            at = self.addTab(page, title)
            self.setTabToolTip(at, tip)
            self.setTabVisible(at, False)
        self.load.axis_box.setCurrentIndex(self.load.axis_box.findData("time"))
        self._leave_only_load("train")
        self._theme = theme
        self._follow()
        theme.changed.connect(self._follow)
        self.currentChanged.connect(lambda _at: self._turn())
        self.curves.chart_box.currentIndexChanged.connect(self._note_chart)
        self.curves.failed.connect(self.failed)
        self.load.failed.connect(self.failed)
        self.pictures.opened.connect(self.picture_wanted)

    def _follow(self) -> None:
        """Draws flat tabs: Fusion's own cut off what hangs below the line."""
        colors = self._theme.palette
        self.setStyleSheet(f"""
            QTabWidget::pane {{ border: none; border-top: 1px solid {colors.line}; }}
            QTabBar::tab {{ color: {colors.dim}; background: transparent; border: none; padding: 6px 12px;
                border-bottom: 2px solid transparent; }}
            QTabBar::tab:hover {{ color: {colors.text}; }}
            QTabBar::tab:selected {{ color: {colors.text}; border-bottom-color: {colors.accent}; }}
            QTabBar:focus {{ background: {colors.raised}; }}
        """)

    def _leave_only_load(self, kind: str) -> None:
        """Lets the curves of the load of a kind of job be chosen alone."""
        box = self.load.chart_box
        model, view = box.model(), box.view()
        for at, chart in enumerate(CHARTS):
            is_load = chart.title in _CHARTS_OF_LOAD[kind]
            if isinstance(model, QStandardItemModel):
                model.item(at).setEnabled(is_load)
            if isinstance(view, QListView):
                view.setRowHidden(at, not is_load)
        if self.load.chart.title not in _CHARTS_OF_LOAD[kind]:
            box.setCurrentIndex(_chart_number("Load"))

    # --------------------------------------------------------------------------------------------------------- showing

    @property
    def key(self) -> str:
        """Which tab is shown; empty if none is."""
        page = self.currentWidget()
        is_shown = self.currentIndex() >= 0 and self.isTabVisible(self.currentIndex())
        return next((key for key, each in self._pages.items() if each is page), "") if is_shown else ""

    def least_height(self, width: int) -> int:
        """Returns how high it must be for what is shown to be of use, at a width."""
        page = self.currentWidget()
        if page is None or page.layout() is None:
            return self.minimumSizeHint().height()
        least = page.layout().minimumHeightForWidth(width)
        return self.tabBar().sizeHint().height() + max(least, _LEAST_PAGE)

    def show_entries(self, entries: Sequence[JobEntry]) -> None:
        """Shows a job, or several above one another."""
        before = _scope_of(self._entries) if self._entries else ""
        self._entries = tuple(entries)
        keys = tabs_for(self._entries)
        if keys:
            scope = _scope_of(self._entries)
            with QSignalBlocker(self):
                for at, key in enumerate(self._pages):
                    self.setTabVisible(at, key in keys)
                wanted = self.tabs_used.get(scope, keys[0])
                self.setCurrentWidget(self._pages[wanted if wanted in keys else keys[0]])
            if scope != before:
                self._offer_charts(scope)
        self._fill()

    def _offer_charts(self, scope: str) -> None:
        """Turns to the chart that was last looked at of jobs like these, and offers those that they have."""
        if scope in _CHART_OF_SCOPE:
            chart = self._charts_used.get(scope, _chart_number(_CHART_OF_SCOPE[scope]))
            with QSignalBlocker(self):
                self.curves.chart_box.setCurrentIndex(chart)
        if scope in _CHARTS_OF_LOAD:
            self._leave_only_load(scope)

    def show_tab(self, key: str) -> None:
        """Turns to a tab, if the job has it."""
        if key in tabs_for(self._entries):
            self.setCurrentWidget(self._pages[key])

    def show_first_error(self) -> None:
        """Turns to the log, at its first error."""
        self.show_tab("log")
        self.log.go_to_first_error()

    def close_tabs(self) -> None:
        """Ends all reading; called before the window goes."""
        self._worker.close()
        self.log.close_log()
        self.samples.close_samples()
        self.pictures.close_pictures()
        self.settings.close_settings()
        self.compare.close_comparison()
        self._worker.join(1.0)

    def _turn(self) -> None:
        if self._entries and self.key:
            self.tabs_used[_scope_of(self._entries)] = self.key
        self._fill()

    def _note_chart(self, number: int) -> None:
        if self._entries and number >= 0:
            self._charts_used[_scope_of(self._entries)] = number

    # --------------------------------------------------------------------------------------------------------- filling

    def _fill(self) -> None:
        """Has what is shown read, and nothing else."""
        if not self.isVisible() or not self._entries:
            self._filled = None
            self._worker.watch(())
            return
        facts = tuple((entry.folder, entry.name, entry.status.state.is_alive) for entry in self._entries)
        if self._filled == (self.key, facts):
            return
        self._filled = (self.key, facts)
        entry = self._entries[0]
        match self.key:
            case "curves" | "load":
                self._show_curves(self.curves if self.key == "curves" else self.load)
                return
            case "pictures":
                self.pictures.show_batch(JobFolder(entry.folder).events)
            case "samples":
                self.samples.show_run(entry.folder)
            case "log":
                self.log.show_log(JobFolder(entry.folder).log)
            case "settings":
                self.settings.show_settings((entry.folder, entry.spec))
            case "compare":
                self.compare.show_two(*self._entries[:2])
        self._worker.watch(())

    def _show_curves(self, view: CurvesView) -> None:
        runs = []
        for entry in self._entries[:MOST_OVERLAID]:
            # What was looked at last is last in the order, and kept the longest.
            curves = self._curves.pop(entry.folder, None) or RunCurves(entry.folder)
            self._curves[entry.folder] = curves
            runs.append(ShownRun(curves, entry.name, self._log_every.get(entry.folder)))
            if kind_of(entry) == "train" and not entry.status.facts.iteration and entry.folder not in self._log_every:
                self._find_out_log_every(entry)
        while len(self._curves) > _MOST_KEPT:
            del self._curves[next(iter(self._curves))]
        self._worker.watch(run.curves for run in runs)
        view.set_runs(runs)

    def _find_out_log_every(self, entry: JobEntry) -> None:
        """Reads after how many iterations a training reports, which its empty charts say."""
        folder, spec = entry.folder, entry.spec
        self._log_every[folder] = None

        def take(every: int | None) -> None:
            self._log_every[folder] = every
            if every is not None:
                self._filled = None
                self._fill()

        self._background.run(lambda: _read_log_every(folder, spec), take)

    def showEvent(self, event: QShowEvent) -> None:
        """Has what is shown read."""
        super().showEvent(event)
        self._fill()

    def hideEvent(self, event: QHideEvent) -> None:
        """Reads nothing that nobody sees."""
        super().hideEvent(event)
        self._fill()


def _read_log_every(folder: Path, spec: JobSpec | None) -> int | None:
    """Reads how many iterations lie between two reports of a training; None if its settings cannot be read."""
    try:
        return read_run_config(folder, spec).training.log_every
    except (OSError, ValueError):
        return None


def _chart_number(title: str) -> int:
    return next(at for at, chart in enumerate(CHARTS) if chart.title == title)
