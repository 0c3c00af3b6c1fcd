"""Jobs in the window: in the place of the image, which comes back as it was."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMainWindow, QWidget

from lpsnet_studio.chrome.finding import WHY_NOT
from lpsnet_studio.chrome.note import NoteAction
from lpsnet_studio.chrome.status_bar import StatusBar
from lpsnet_studio.commands.jobs import JobCommands
from lpsnet_studio.commands.workplace import Workplace
from lpsnet_studio.jobs import job_notices
from lpsnet_studio.jobs.job_deeds import Deed
from lpsnet_studio.jobs.jobs import JobEntry, Jobs
from lpsnet_studio.jobs.jobs_watch import JobsWatch
from lpsnet_studio.jobs.spec import JobSpec
from lpsnet_studio.jobs_forms import JobForms
from lpsnet_studio.jobs_telling import JobTelling
from lpsnet_studio.modes import Modes

if TYPE_CHECKING:
    from lpsnet_studio.jobs.jobs_page import JobsPage
    from lpsnet_studio.jobs.new_job_view import JobKind, NewJobView

__all__ = ["JobsRoom"]


class JobsRoom(QObject):
    """Shows jobs, or the form of a new one, in the place of the image, and brings that back as it was.

    The page and the forms are made when they are first shown.

    Args:
        place: what commands work with.
        modes: shows them, in its area.

    Attributes:
        choice_changed: emitted after another job is looked at, or something about it changed.
        jobs: what is known of jobs.
        forms: those of new jobs.
        telling: what is told of jobs wherever the user is.
    """

    choice_changed = Signal()

    def __init__(self, place: Workplace, modes: Modes) -> None:
        super().__init__(place.window)
        self._place, self._modes = place, modes
        self._window: QMainWindow = place.window
        self._page: JobsPage | None = None
        self._form: NewJobView | None = None
        self._use: Callable[[str, Path, str], None] = lambda _kind, _folder, _picture: None
        self.watch = JobsWatch(place.folders.state, self, auto_device=self._auto_device)
        self.jobs: Jobs = self.watch.jobs
        self.forms = JobForms(place, self.jobs)
        self.forms.made.connect(self._add_to_area)
        self.forms.closed.connect(lambda: self.show_form(None))
        self.forms.added.connect(self.show_job)
        modes.add("jobs", self._enter, self._leave)

    def attach(self, actions: Mapping[str, QAction], bar: StatusBar, commands: JobCommands) -> None:
        """Takes what is made after it: the actions, the status bar and the commands.

        Args:
            actions: by id.
            bar: where the number of jobs stands.
            commands: what the actions do.
        """
        self._actions, self._use = actions, commands.use
        self.telling = JobTelling(self._place, self.jobs, bar, self._to_jobs)
        commands.room = self
        self.jobs.changed.connect(self._tell_choice)
        self.jobs.updated.connect(self._tell_choice)
        self._tell_choice()

    def _enter(self) -> None:
        self.show_form(self._form)
        self.watch.show_page(True)

    def _leave(self) -> None:
        self.watch.show_page(False)

    @property
    def _is_shown(self) -> bool:
        return self._modes.mode == "jobs"

    def show_choices(self) -> None:
        """Shows which actions on jobs can be had; others stay as they are."""
        entry = self.shown
        for name, possible in job_notices.actions_on_job(entry).items():
            action = self._actions[name]
            action.setEnabled(possible)
            action.setProperty(WHY_NOT, job_notices.why_not_on_job(name, entry, shows_jobs=self._is_shown))

    @property
    def areas(self) -> list[QWidget]:
        """What the keyboard goes to besides the bar, while jobs are shown."""
        shown = self._form or self._page
        return [] if shown is None else [shown]

    # ------------------------------------------------------------------------------------------------------------ page

    @property
    def shown(self) -> JobEntry | None:
        """The one job that is looked at now; None if there is none, or something else is shown."""
        if not self._is_shown or self._page is None or self._form is not None or len(self._page.chosen) != 1:
            return None
        return self._page.chosen[0]

    def show_job(self, folder: Path) -> None:
        """Shows a job; one that is not listed yet, as soon as it is."""
        self._modes.show("jobs")
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
        layout = self._modes.area.layout()
        assert layout is not None
        layout.addWidget(widget)
        widget.hide()

    def begin_new(self, kind: JobKind, like: JobSpec | None = None, origin: str = "") -> None:
        """Shows the form of a new job.

        Args:
            kind: ``train``, ``evaluate`` or ``predict``.
            like: a job whose settings it begins with; None for what was written there last, with the network of the
                training that is looked at where none is named.
            origin: where these settings come from, in a sentence that the form says; empty for nothing.
        """
        looked_at, form = self.shown, self.forms.of(kind)
        self._modes.show("jobs")
        self.show_form(form)
        self.forms.begin(form, like, looked_at)
        if like is not None:
            form.tell_origin(origin)

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
        return None if self._is_shown else NoteAction("Show jobs", self._actions["jobs_mode"].trigger)

    def close(self) -> None:
        """Looks after jobs no more; they go on, which is said when it happens for the first time."""
        self.telling.tell_at_closing()
        if self._page is not None:
            self._page.close_page()
        self.watch.close()
