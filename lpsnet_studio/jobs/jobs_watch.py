"""Looks at the jobs again and again while the window is open: often while something goes on, else now and then."""

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
        failed: takes failures that nobody foresaw, in the GUI thread.
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
        failed: Callable[[Exception], None] = pass_on,
        auto_device: Callable[[], str] = lambda: "auto",
        calls: Calls | None = None,
    ) -> None:
        super().__init__(parent)
        self.background = Background(failed, self)
        self.jobs = Jobs(state_folder, self.background.run, auto_device=auto_device, calls=calls)
        self._is_looked_at = False
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._look)
        self.jobs.changed.connect(self._keep_pace)
        self.jobs.updated.connect(self._keep_pace)

    @property
    def interval(self) -> int:
        """How many milliseconds lie between two looks."""
        if self.jobs.is_any_alive or self._is_looked_at:
            return _LIVELY
        return _CALM if self.jobs.is_any_waiting else _QUIET

    def start(self) -> None:
        """Looks at once, and from then on."""
        self._timer.start(self.interval)
        self.jobs.refresh()

    def look_closely(self, is_looked_at: bool) -> None:
        """Takes note whether the jobs are on the screen; then they are looked at at once, and often."""
        self._is_looked_at = is_looked_at
        if self._timer.isActive():
            if is_looked_at:
                self.jobs.refresh()
            self._keep_pace()

    def stop(self, milliseconds: int = 3000) -> bool:
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
        self.jobs.refresh()

    def _keep_pace(self) -> None:
        if self._timer.isActive() and self._timer.interval() != self.interval:
            self._timer.setInterval(self.interval)
