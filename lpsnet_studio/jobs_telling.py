"""What the window tells of jobs wherever the user is: how many there are, how they ended, what goes on without it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject

from lpsnet_studio.chrome.desktop_note import DesktopNote
from lpsnet_studio.chrome.note import NoteAction
from lpsnet_studio.chrome.status_bar import StatusBar
from lpsnet_studio.commands.workplace import Workplace
from lpsnet_studio.jobs import job_notices
from lpsnet_studio.jobs.jobs import JobEntry, Jobs
from lpsnet_studio.jobs.status import JobState
from lpsnet_studio.state import Problem

__all__ = ["JobTelling"]

_TITLE = "LPSNet Studio"


class JobTelling(QObject):
    """Tells in the status bar, over the image and on the desktop.

    Args:
        place: what commands work with.
        jobs: what is told of.
        bar: where their number stands.
        to_jobs: returns what a message offers that leads to the jobs; None while they are shown.

    Attributes:
        desktop: what tells it while another program is in front.
    """

    def __init__(self, place: Workplace, jobs: Jobs, bar: StatusBar, to_jobs: Callable[[], NoteAction | None]) -> None:
        super().__init__(place.window)
        self._place, self._jobs, self._bar, self._to_jobs = place, jobs, bar, to_jobs
        self._has_told_away = False
        self.desktop = DesktopNote(place.window)
        jobs.changed.connect(self._follow)
        jobs.updated.connect(self._follow)
        jobs.ended.connect(self._tell_ended)
        jobs.failed.connect(self._tell_failed)
        self._follow()

    def _follow(self) -> None:
        entries = self._jobs.entries
        self._bar.show_jobs(job_notices.count_words(entries), job_notices.count_tip(entries))
        self._tell_once()
        self._tell_away()

    def _tell_once(self) -> None:
        """Says, the first time that there is a job, what becomes of it without the window."""
        told, entries = self._place.settings.preferences, self._jobs.entries
        running, waits = job_notices.alive(entries), job_notices.held_up(entries)
        if running and not told.told_jobs_go_on:
            self._place.settings.change(told_jobs_go_on=True)
            self._place.notifications.show_info("Jobs go on when the Studio is closed; the next start finds them.")
        if waits and not told.told_queue_waits:
            self._place.settings.change(told_queue_waits=True)
            self._place.notifications.show_info("Waiting jobs start only while a Studio is open.")

    def _tell_away(self) -> None:
        """Says once, in one message, what came to its end while no window was open."""
        away = self._jobs.ended_while_away
        if away and not self._has_told_away:
            self._has_told_away = True
            self._place.notifications.show_info(job_notices.away_words(away), self._to_jobs())

    def _tell_ended(self, entry: JobEntry) -> None:
        problem, notifications = job_notices.ending_of(entry), self._place.notifications
        if entry.status.state in (JobState.FAILED, JobState.LOST):
            notifications.show_failure(problem, self._to_jobs())
        else:
            # A stop that was asked for is no warning.
            words = " ".join(part for part in (problem.sentence, problem.advice) if part)
            notifications.show_info(words, self._to_jobs())
        if not self._place.window.isActiveWindow():
            self.desktop.show(_TITLE, problem.sentence)

    def _tell_failed(self, problem: Problem) -> None:
        self._place.session.failed.emit(problem)

    def tell_at_closing(self) -> None:
        """Says which jobs go on without the window, when that happens for the first time."""
        words = job_notices.staying_words(self._jobs.entries)
        if words and not self._place.settings.preferences.told_at_closing:
            self._place.settings.change(told_at_closing=True)
            self.desktop.show(_TITLE, words)
