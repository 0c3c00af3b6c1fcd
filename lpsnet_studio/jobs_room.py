"""Jobs in the window: in the place of the image, in the status bar, and on the desktop when they end."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMainWindow, QVBoxLayout, QWidget
from shiboken6 import isValid

from lpsnet_studio.availability import actions_of_image
from lpsnet_studio.background import Background, Task, pass_on
from lpsnet_studio.chrome.desktop_note import DesktopNote
from lpsnet_studio.chrome.finding import WHY_NOT
from lpsnet_studio.chrome.mode_bar import ModeBar
from lpsnet_studio.chrome.note import NoteAction
from lpsnet_studio.chrome.status_bar import StatusBar
from lpsnet_studio.commands.jobs import JobCommands
from lpsnet_studio.commands.workplace import Workplace
from lpsnet_studio.docks import Docks
from lpsnet_studio.jobs import job_notices
from lpsnet_studio.jobs.job_deeds import Deed, deeds_of
from lpsnet_studio.jobs.jobs import JobEntry, Jobs
from lpsnet_studio.jobs.jobs_watch import JobsWatch
from lpsnet_studio.jobs.results import begun_anew
from lpsnet_studio.jobs.spec import JobSpec
from lpsnet_studio.jobs.status import JobState

if TYPE_CHECKING:
    from lpsnet_studio.jobs.jobs_page import JobsPage
    from lpsnet_studio.jobs.new_job_view import JobKind, NewJobView

__all__ = ["JobsRoom"]

_TITLE = "LPSNet Studio"
_ROOT = Path.home() / "lpsnet-runs"
"""Where folders of jobs are proposed before there was one."""
_HIDDEN = "The image is not shown: show the inspection first."
_WORDS = {"inspect_mode": "Inspect", "jobs_mode": "Jobs"}
"""What the modes are called in the bar, by the ids of their actions, in their order."""


class JobsRoom(QObject):
    """Shows jobs in the place of the image and brings that back as it was; tells of jobs wherever the user is.

    The page and the form of a new job are made when they are first shown.

    Args:
        place: what commands work with.
        docks: the panels around the image, put away while jobs are shown.
        stage: the image and what belongs to it.
        view: the part of it that messages lie over.

    Attributes:
        mode_changed: emitted after something else is shown.
        choice_changed: emitted after another job is looked at, or something about it changed.
        jobs: what is known of jobs.
        mode: ``inspect`` or ``jobs``.
        middle: the window's central widget.
    """

    mode_changed = Signal()
    choice_changed = Signal()

    def __init__(self, place: Workplace, docks: Docks, stage: QWidget, view: QWidget) -> None:
        super().__init__(place.window)
        self._place, self._docks, self._stage, self._view = place, docks, stage, view
        self._window: QMainWindow = place.window
        self._desktop = DesktopNote(place.window)
        self._page: JobsPage | None = None
        self._form: NewJobView | None = None
        self._forms: dict[str, NewJobView] = {}
        self._has_told_away = False
        self._background = Background(pass_on, self)
        self._prefilling: Task | None = None
        self._use: Callable[[str, Path, str], None] = lambda _kind, _folder, _picture: None
        self._focus: QWidget | None = None
        self.mode = "inspect"
        self.watch = JobsWatch(place.folders.state, self, auto_device=self._auto_device)
        self.jobs: Jobs = self.watch.jobs
        self.middle = QWidget()
        layout = QVBoxLayout(self.middle)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(stage)
        self._area = QWidget()
        self._area.hide()
        self._area_layout = QVBoxLayout(self._area)
        self._area_layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._area)

    def attach(self, actions: Mapping[str, QAction], bar: StatusBar, commands: JobCommands) -> None:
        """Takes what is made after it: the actions, the status bar and the commands.

        Args:
            actions: by id.
            bar: where the number of jobs stands.
            commands: what the actions do.
        """
        self._actions, self._status_bar, self._use = actions, bar, commands.use
        commands.room = self
        for name, words in _WORDS.items():
            actions[name].setIconText(words)
        self.bar = ModeBar(self._window, [actions[name] for name in _WORDS], self._place.theme)
        self._show_checked()
        session = self._place.session
        session.entries_changed.connect(self._follow_image)
        self.jobs.changed.connect(self._show_count)
        self.jobs.updated.connect(lambda _folders: self._show_count())
        self.jobs.ended.connect(self._tell_ended)
        self.jobs.failed.connect(lambda problem: session.failed.emit(problem))
        self._show_count()

    # ----------------------------------------------------------------------------------------------------------- modes

    def restore(self) -> None:
        """Shows what the last run showed last."""
        if self._place.settings.preferences.mode == "jobs":
            self.show_mode("jobs")

    def show_mode(self, mode: str) -> None:
        """Shows ``jobs`` or ``inspect``; image, zoom, selection and what is computed stay."""
        if mode != self.mode:
            before, self._focus = self._focus, self._window.focusWidget()
            self.mode = mode
            if mode == "jobs":
                self._show_jobs()
            else:
                self._show_image()
            if before is not None and isValid(before) and before.isVisible():
                before.setFocus()
            self._place.settings.change(mode=mode)
            self.mode_changed.emit()
        self._show_checked()

    def _show_jobs(self) -> None:
        self._place.session.play(False)
        self._docks.put_away()
        self._stage.hide()
        self._area.show()
        self._place.notifications.lie_over(self._area)
        self._status_bar.show_image_parts(False)
        self.show_form(self._form)
        self.watch.show_page(True)

    def _show_image(self) -> None:
        self._area.hide()
        self._stage.show()
        self._docks.bring_back()
        self._place.notifications.lie_over(self._view)
        self._status_bar.show_image_parts(True)
        self._allow_actions_of_image(True)
        self.watch.show_page(False)

    def show_choices(self) -> None:
        """Shows which actions on jobs can be had, and none on the image while that is not shown; others stay so."""
        entry, shows_jobs = self.shown, self.mode == "jobs"
        for name, possible in job_notices.actions_on_job(entry).items():
            action = self._actions[name]
            action.setEnabled(possible)
            action.setProperty(WHY_NOT, job_notices.why_not_on_job(name, entry, shows_jobs=shows_jobs))
        if shows_jobs:
            self._allow_actions_of_image(False)

    def _allow_actions_of_image(self, on: bool) -> None:
        for name in actions_of_image():
            self._actions[name].setProperty(WHY_NOT, "" if on else _HIDDEN)
            self._actions[name].setEnabled(on)

    @property
    def areas(self) -> list[QWidget]:
        """What the keyboard goes to besides the bar, while jobs are shown."""
        shown = self._form or self._page
        return [] if shown is None else [shown]

    def _show_checked(self) -> None:
        """Shows which mode it is, also after a click on the one that is shown already."""
        for name in _WORDS:
            self._actions[name].setChecked(name == f"{self.mode}_mode")

    def _follow_image(self) -> None:
        """Shows the images that were just opened: whoever opens some wants to see them."""
        if self._place.session.entries:
            self.show_mode("inspect")

    # ------------------------------------------------------------------------------------------------------------ page

    @property
    def shown(self) -> JobEntry | None:
        """The one job that is looked at now; None if there is none, or something else is shown."""
        if self.mode != "jobs" or self._page is None or self._form is not None or len(self._page.chosen) != 1:
            return None
        return self._page.chosen[0]

    def show_job(self, folder: Path) -> None:
        """Shows a job; one that is not listed yet, as soon as it is."""
        self.show_mode("jobs")
        self.show_form(None)
        self._made_page().show_job(folder)

    def do(self, deed: Deed) -> None:
        """Does something with the job that is looked at."""
        if self.shown is not None:
            self._made_page().do(deed)

    def _made_page(self) -> JobsPage:
        if self._page is None:
            from lpsnet_studio.jobs.jobs_page import JobsPage

            self._page = JobsPage(self.jobs, self._place.theme)
            self._page.new_wanted.connect(self.begin_new)
            self._page.duplicate_wanted.connect(lambda spec: self.begin_new(spec.kind, spec))
            self._page.use_wanted.connect(self._use)
            self._page.side.list.chosen.connect(lambda _folders: self.choice_changed.emit())
            self._add_to_area(self._page)
        return self._page

    def _add_to_area(self, widget: QWidget) -> None:
        self._area_layout.addWidget(widget)
        widget.hide()

    def begin_new(self, kind: JobKind, like: JobSpec | None = None) -> None:
        """Shows the form of a new job.

        Args:
            kind: ``train``, ``evaluate`` or ``predict``.
            like: a job whose settings it begins with; None for what was written there last, with the network of the
                training that is looked at where none is named.
        """
        looked_at = self.shown
        if kind not in self._forms:
            from lpsnet_studio.jobs.new_job_view import NewJobView

            form = NewJobView(kind, self._place.theme, root=self._root, runs=self._runs, is_taken=self._is_taken)
            form.wanted.connect(self._add)
            form.closed.connect(lambda: self.show_form(None))
            self._forms[kind] = form
            self._add_to_area(form)
            for button in (form.start, form.cancel, form.anyway, form.back):
                self._place.notifications.keep_clear_of(button)
        self.show_mode("jobs")
        self.show_form(self._forms[kind])
        if like is not None:
            entry = self.jobs.entry(like.folder)
            self._prefill(self._forms[kind], like, "" if entry is None else entry.name)
        elif looked_at is not None and Deed.INSPECT in deeds_of(looked_at):
            self._forms[kind].propose_network(looked_at.folder)

    def _prefill(self, form: NewJobView, like: JobSpec, name: str) -> None:
        """Begins a form with a job's settings, once the disk has told which these are; only the newest counts."""
        if self._prefilling is not None:
            self._background.withdraw(self._prefilling)
        self._prefilling = self._background.run(partial(begun_anew, like), lambda spec: form.prefill(spec, name))

    @property
    def _root(self) -> Path:
        """Where folders of jobs are proposed: beside the one that was used last."""
        return Path(self._place.settings.preferences.jobs_folder or _ROOT)

    def show_form(self, form: NewJobView | None) -> None:
        """Shows a form in the place of the page, or the page again."""
        self._form = form
        shown = form or self._made_page()
        for widget in (*self._forms.values(), self._page):
            if widget is not None and widget is not shown:
                widget.hide()
        shown.show()
        self._give_keyboard()
        self.choice_changed.emit()

    def _give_keyboard(self) -> None:
        """Gives the keyboard to the list of jobs, or to the first of what is shown that takes it."""
        page = self._made_page()
        shown = self._form or page
        focused = self._window.focusWidget()
        if not shown.isVisible() or (focused is not None and shown.isAncestorOf(focused)):
            return
        for widget in (page.side.list, *shown.findChildren(QWidget)):
            by_tab = bool(widget.focusPolicy() & Qt.FocusPolicy.TabFocus)
            if by_tab and widget.isEnabled() and widget.isVisible():
                widget.setFocus(Qt.FocusReason.OtherFocusReason)
                return

    def _runs(self) -> list[tuple[str, Path]]:
        """Returns the runs whose network can be used, by name."""
        return [(entry.name, entry.folder) for entry in self.jobs.entries if Deed.INSPECT in deeds_of(entry)]

    def _is_taken(self, folder: Path) -> bool:
        entry = self.jobs.entry(folder)
        return entry is not None and (bool(entry.waiting) or entry.status.state.is_alive)

    def _add(self, spec: JobSpec) -> None:
        self.jobs.add(spec)
        self._place.settings.change(jobs_folder=str(spec.folder.absolute().parent))
        for form in self._forms.values():
            form.move_root(self._root)
        self.show_job(spec.folder.absolute())

    def _auto_device(self) -> str:
        """Returns what the device ``auto`` means here, as far as the service has told."""
        devices = self._place.session.devices
        usable = [device.name for device in devices if not device.problem]
        return next((name for name in usable if name.startswith("cuda")), "cpu") if usable else "auto"

    # --------------------------------------------------------------------------------------------------------- telling

    def _show_count(self) -> None:
        entries = self.jobs.entries
        self._status_bar.show_jobs(job_notices.count_words(entries), job_notices.count_tip(entries))
        self.choice_changed.emit()
        self._tell_once()
        self._tell_away()

    def _tell_once(self) -> None:
        """Says, the first time that there is a job, what becomes of it without the window."""
        told, entries = self._place.settings.preferences, self.jobs.entries
        running, waits = job_notices.alive(entries), job_notices.waiting(entries)
        if running and not told.told_jobs_go_on:
            self._place.settings.change(told_jobs_go_on=True)
            self._place.notifications.show_info("Jobs go on when the Studio is closed; the next start finds them.")
        if waits and not told.told_queue_waits:
            self._place.settings.change(told_queue_waits=True)
            self._place.notifications.show_info("Waiting jobs start only while a Studio is open.")

    def _tell_away(self) -> None:
        """Says once, in one message, what came to its end while no window was open."""
        away = self.jobs.ended_while_away
        if away and not self._has_told_away:
            self._has_told_away = True
            self._place.notifications.show_info(job_notices.away_words(away), self._to_jobs())

    def _tell_ended(self, entry: JobEntry) -> None:
        problem, notifications = job_notices.ending_of(entry), self._place.notifications
        if entry.status.state in (JobState.FAILED, JobState.LOST):
            notifications.show_failure(problem, self._to_jobs())
        elif entry.status.state is JobState.STOPPED:
            notifications.show_warning(problem, self._to_jobs())
        else:
            notifications.show_info(problem.sentence, self._to_jobs())
        if not self._window.isActiveWindow():
            self._desktop.show(_TITLE, problem.sentence)

    def _to_jobs(self) -> NoteAction | None:
        return None if self.mode == "jobs" else NoteAction("Show jobs", self._actions["jobs_mode"].trigger)

    def close(self) -> None:
        """Looks after jobs no more; they go on, which is said when it happens for the first time."""
        words = job_notices.staying_words(self.jobs.entries)
        if words and not self._place.settings.preferences.told_at_closing:
            self._place.settings.change(told_at_closing=True)
            self._desktop.show(_TITLE, words)
        if self._page is not None:
            self._page.close_page()
        self.watch.close()
