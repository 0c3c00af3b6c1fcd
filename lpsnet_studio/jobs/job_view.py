"""One job, or several that are compared: the head above, what can be looked at below, or what to do instead."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QLabel, QPushButton, QStackedLayout, QVBoxLayout, QWidget

from lpsnet_studio.jobs.job_header_view import JobHeader
from lpsnet_studio.jobs.job_tabs_view import MOST_OVERLAID, JobTabs
from lpsnet_studio.jobs.job_words import is_gone
from lpsnet_studio.labels import as_tip
from lpsnet_studio.theme import Theme

if TYPE_CHECKING:
    from lpsnet_studio.jobs.jobs import JobEntry

__all__ = ["JobView"]

_NOTHING = "Choose a job in the list to see how it goes.\nSeveral, with Ctrl or Shift, are shown above one another."
_GONE = (
    "Nothing of this job can be read while its run directory is not there. Mount its disk or move it back, "
    "and look again; or open it from its new place."
)


class JobView(QWidget):
    """Shows what is chosen in the list.

    Args:
        theme: gives colours and icons.
        now: the clock, seconds since 1970.

    Signals:
        look_wanted: whether the run directory is there again.
        open_wanted: a run directory is to be opened from its new place.

    Attributes:
        header: the head of the one job.
        tabs: what can be looked at.
        entries: the jobs that are shown.
    """

    look_wanted = Signal()
    open_wanted = Signal()

    def __init__(self, theme: Theme, now: Callable[[], float] = time.time) -> None:
        super().__init__()
        self.entries: tuple[JobEntry, ...] = ()
        self.header, self.tabs, self.several = JobHeader(theme, now), JobTabs(theme), QLabel()
        self.several.setTextFormat(Qt.TextFormat.PlainText)
        self.several.setWordWrap(True)
        self.several.setContentsMargins(16, 8, 16, 8)
        self.message = QLabel()
        self.message.setTextFormat(Qt.TextFormat.PlainText)
        self.message.setWordWrap(True)
        self.message.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.message.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self.look_again, self.open_elsewhere = QPushButton("Look again"), QPushButton("Open run directory…")
        self.look_again.setToolTip("Ask again whether the run directory is there.")
        self.open_elsewhere.setToolTip("List the run directory from its new place.")
        self.look_again.clicked.connect(lambda: self.look_wanted.emit())
        self.open_elsewhere.clicked.connect(lambda: self.open_wanted.emit())
        self.header.log_wanted.connect(self.tabs.show_first_error)
        self._lay_out()
        self.show_entries(())

    def _lay_out(self) -> None:
        self._body = QWidget()
        self._instead = QWidget()
        instead = QVBoxLayout(self._instead)
        instead.setContentsMargins(32, 16, 32, 16)
        instead.setSpacing(8)
        instead.addStretch(1)
        instead.addWidget(self.message)
        for button in (self.look_again, self.open_elsewhere):
            instead.addWidget(button, 0, Qt.AlignmentFlag.AlignHCenter)
        instead.addStretch(2)
        self._stack = QStackedLayout(self._body)
        self._stack.addWidget(self.tabs)
        self._stack.addWidget(self._instead)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.header)
        layout.addWidget(self.several)
        layout.addWidget(self._body, 1)

    def show_entries(self, entries: Sequence[JobEntry]) -> None:
        """Shows no job, one, or several, as they are now."""
        self.entries = tuple(entries)
        one = self.entries[0] if len(self.entries) == 1 else None
        gone = one is not None and is_gone(one)
        self.header.setVisible(one is not None)
        if one is not None:
            self.header.show_entry(one)
        self.several.setVisible(len(self.entries) > 1)
        self.several.setText(_several_words(self.entries))
        self.several.setToolTip(as_tip("\n".join(entry.name for entry in self.entries)))
        self.message.setText(_GONE if gone else _NOTHING)
        self.look_again.setVisible(gone)
        self.open_elsewhere.setVisible(gone)
        self._stack.setCurrentWidget(self.tabs if self.entries and not gone else self._instead)
        self.tabs.show_entries(() if gone else self.entries)

    def close_view(self) -> None:
        """Ends all reading; called before the window goes."""
        self.tabs.close_tabs()


def _several_words(entries: Sequence[JobEntry]) -> str:
    shown = entries[:MOST_OVERLAID]
    words = f"{len(entries):,} jobs, their curves above one another"
    if len(shown) < len(entries):
        words += f": the first {len(shown)} of them, more cannot be told apart"
    return f"{words}." if len(entries) != 2 else f"{words}. “Compare settings” shows what differs."
