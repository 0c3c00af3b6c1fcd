"""Looks at the jobs from the first paint until the window closes: often while something goes on, else now and then."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, QTimer

from lpsnet_studio.background import Background, pass_on
from lpsnet_studio.jobs.job_work import Calls
from lpsnet_studio.jobs.jobs import Jobs

__all__ = ["JobsWatch"]

_LIVELY = 1000
_CALM = 5000
_QUIET = 30_000


class JobsWatch(QObject):
    """Has the jobs refreshed, and owns the threads that this takes.

    Args:
        state_folder: where the Studio keeps what it knows of jobs.
        parent: Qt's owner.
        auto_device: see :class:`~lpsnet_studio.jobs.jobs.Jobs`.
        calls: likewise.

    Attributes:
        jobs: what is watched.
        background: what works for it; its titles tell of what must come to its end before the window may close.
    """

    def __init__(
        self,
        state_folder: Path,
        parent: QObject | None = None,
        *,
        auto_device: Callable[[], str] = lambda: "auto",
        calls: Calls | None = None,
    ) -> None:
        super().__init__(parent)
        self.background = Background(pass_on, self)
        self.jobs = Jobs(state_folder, self.background.run, auto_device=auto_device, calls=calls)
        self._is_shown = False
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._look)
        # Not before the event loop has painted the window.
        self._timer.start(0)
        self.jobs.changed.connect(self._keep_pace)
        self.jobs.updated.connect(self._keep_pace)

    @property
    def interval(self) -> int:
        """How many milliseconds lie between two looks."""
        if self.jobs.is_any_alive or self._is_shown:
            return _LIVELY
        return _CALM if self.jobs.is_any_waiting else _QUIET

    def show_page(self, is_shown: bool) -> None:
        """Takes note whether the jobs are on the screen: then they are looked at at once, and often."""
        self._is_shown = is_shown
        if self._timer.isActive():
            self._timer.start(0 if is_shown else self.interval)

    def close(self, milliseconds: int = 3000) -> bool:
        """Looks no more, and leaves all jobs alone.

        Args:
            milliseconds: to wait for what is being written or started.

        Returns:
            Whether nothing of that is left.
        """
        self._timer.stop()
        self.jobs.changed.disconnect(self._keep_pace, missing_ok=True)
        self.jobs.updated.disconnect(self._keep_pace, missing_ok=True)
        self.jobs.close()
        self.background.cancel()
        return not self.background.unfinished or self.background.wait(milliseconds)

    def _look(self) -> None:
        self._keep_pace()
        self.jobs.refresh()

    def _keep_pace(self) -> None:
        if self._timer.isActive() and self._timer.interval() != self.interval:
            self._timer.setInterval(self.interval)
