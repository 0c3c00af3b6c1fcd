"""Jobs in the window: in the place of the image, which comes back as it was."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMainWindow, QVBoxLayout, QWidget
from shiboken6 import isValid

from lpsnet_studio.availability import actions_of_image
from lpsnet_studio.chrome.finding import WHY_NOT
from lpsnet_studio.chrome.mode_bar import ModeBar
from lpsnet_studio.chrome.note import NoteAction
from lpsnet_studio.chrome.status_bar import StatusBar
from lpsnet_studio.commands.jobs import JobCommands
from lpsnet_studio.commands.workplace import Workplace
from lpsnet_studio.docks import Docks
from lpsnet_studio.jobs import job_notices
from lpsnet_studio.jobs.job_deeds import Deed
from lpsnet_studio.jobs.jobs import JobEntry, Jobs
from lpsnet_studio.jobs.jobs_watch import JobsWatch
from lpsnet_studio.jobs.spec import JobSpec
from lpsnet_studio.jobs_forms import JobForms
from lpsnet_studio.jobs_telling import JobTelling

if TYPE_CHECKING:
    from lpsnet_studio.jobs.jobs_page import JobsPage
    from lpsnet_studio.jobs.new_job_view import JobKind, NewJobView

__all__ = ["JobsRoom"]

_HIDDEN = "The image is not shown: show the inspection first."
_WORDS = {"inspect_mode": "Inspect", "jobs_mode": "Jobs"}
"""What the modes are called in the bar, by the ids of their actions, in their order."""


class JobsRoom(QObject):
    """Shows jobs, or the form of a new one, in the place of the image, and brings that back as it was.

    The page and the forms are made when they are first shown.

    Args:
        place: what commands work with.
        docks: the panels around the image, put away while jobs are shown.
        stage: the image and what belongs to it.
        view: the part of it that messages lie over.

    Attributes:
        mode_changed: emitted after something else is shown.
        choice_changed: emitted after another job is looked at, or something about it changed.
        jobs: what is known of jobs.
        forms: those of new jobs.
        telling: what is told of jobs wherever the user is.
        mode: ``inspect`` or ``jobs``.
        middle: the window's central widget.
    """

    mode_changed = Signal()
    choice_changed = Signal()

    def __init__(self, place: Workplace, docks: Docks, stage: QWidget, view: QWidget) -> None:
        super().__init__(place.window)
        self._place, self._docks, self._stage, self._view = place, docks, stage, view
        self._window: QMainWindow = place.window
        self._page: JobsPage | None = None
        self._form: NewJobView | None = None
        self._use: Callable[[str, Path, str], None] = lambda _kind, _folder, _picture: None
        self._focus: QWidget | None = None
        self.mode = "inspect"
        self.watch = JobsWatch(place.folders.state, self, auto_device=self._auto_device)
        self.jobs: Jobs = self.watch.jobs
        self.forms = JobForms(place, self.jobs)
        self.forms.made.connect(self._add_to_area)
        self.forms.closed.connect(lambda: self.show_form(None))
        self.forms.added.connect(self.show_job)
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
        self.telling = JobTelling(self._place, self.jobs, bar, self._to_jobs)
        commands.room = self
        for name, words in _WORDS.items():
            actions[name].setIconText(words)
        self.bar = ModeBar(self._window, [actions[name] for name in _WORDS], self._place.theme)
        self._show_checked()
        self._place.session.entries_changed.connect(self._follow_image)
        self.jobs.changed.connect(self._tell_choice)
        self.jobs.updated.connect(self._tell_choice)
        self._tell_choice()

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

    def _tell_choice(self) -> None:
        self.choice_changed.emit()

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
            self._page.side.list.chosen.connect(lambda _folders: self._tell_choice())
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
        looked_at, form = self.shown, self.forms.of(kind)
        self.show_mode("jobs")
        self.show_form(form)
        self.forms.begin(form, like, looked_at)

    def show_form(self, form: NewJobView | None) -> None:
        """Shows a form in the place of the page, or the page again."""
        self._form = form
        shown = form or self._made_page()
        for widget in (*self.forms.all, self._page):
            if widget is not None and widget is not shown:
                widget.hide()
        shown.show()
        self._give_keyboard()
        self._tell_choice()

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
                # It is seen where the keyboard is, without Tab.
                self._window.setAttribute(Qt.WidgetAttribute.WA_KeyboardFocusChange)
                widget.setFocus(Qt.FocusReason.ShortcutFocusReason)
                return

    def _auto_device(self) -> str:
        """Returns what the device ``auto`` means here, as far as the service has told."""
        devices = self._place.session.devices
        usable = [device.name for device in devices if not device.problem]
        return next((name for name in usable if name.startswith("cuda")), "cpu") if usable else "auto"

    def _to_jobs(self) -> NoteAction | None:
        return None if self.mode == "jobs" else NoteAction("Show jobs", self._actions["jobs_mode"].trigger)

    def close(self) -> None:
        """Looks after jobs no more; they go on, which is said when it happens for the first time."""
        self.telling.tell_at_closing()
        if self._page is not None:
            self._page.close_page()
        self.watch.close()
