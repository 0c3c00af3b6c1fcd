"""One job, or several that are compared: the head above, what can be looked at below, or what to do instead."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QPalette, QResizeEvent
from PySide6.QtWidgets import QFrame, QLabel, QPushButton, QScrollArea, QStackedLayout, QVBoxLayout, QWidget

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
_OUTLIVED = "Nothing of this job can be read any more. If its disk was away, look again once it is back."
_REMOVED = "Its run directory was removed while it ran, so that nothing of this job can be read any more."

_ROOMY = 640
"""Pixels of height from which the head of a job shows everything."""


class _Column(QVBoxLayout):
    """What is above and what is below it, never less high than both need at the width that there is.

    Args:
        above: as high as it needs to be.
        least_below: how high the rest must be at a width.
    """

    def __init__(self, parent: QWidget, above: Sequence[QWidget], least_below: Callable[[int], int]) -> None:
        super().__init__(parent)
        self._above, self._least_below = above, least_below

    def hasHeightForWidth(self) -> bool:
        """Returns that it can be of any height, so that a scroll area gives it all that it has."""
        return False

    def minimumSize(self) -> QSize:
        """Returns what everything needs at the width that there is."""
        least, width = super().minimumSize(), self.parentWidget().width()
        heights = (_height_at(widget, width) for widget in self._above if not widget.isHidden())
        return QSize(least.width(), sum(heights) + self._least_below(width))


class JobView(QWidget):
    """Shows what is chosen in the list; where there is little room, less of the head, and all of it scrolls.

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
        scroll: moves everything, where there is too little room.
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
        for button in (self.look_again, self.open_elsewhere):
            button.setAutoDefault(True)
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
        inside = QWidget()
        column = _Column(inside, (self.header, self.several), self._least_of_body)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.header)
        column.addWidget(self.several)
        column.addWidget(self._body, 1)
        self.scroll = QScrollArea()
        self.scroll.setWidgetResizable(True)
        self.scroll.setFrameShape(QFrame.Shape.NoFrame)
        self.scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.scroll.setWidget(inside)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.scroll)

    def _least_of_body(self, width: int) -> int:
        if self._stack.currentWidget() is self.tabs:
            return self.tabs.least_height(width)
        return _height_at(self._instead, width)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Folds the head where there is little room."""
        super().resizeEvent(event)
        self.header.set_roomy(self.height() >= _ROOMY)

    def show_entries(self, entries: Sequence[JobEntry]) -> None:
        """Shows no job, one, or several, as they are now."""
        self.entries = tuple(entries)
        one = self.entries[0] if len(self.entries) == 1 else None
        is_outlived = one is not None and one.status.is_outlived
        gone = is_outlived or (one is not None and is_gone(one))
        self.header.setVisible(one is not None)
        if one is not None:
            self.header.show_entry(one)
        self.several.setVisible(len(self.entries) > 1)
        self.several.setText(_several_words(self.entries))
        self.several.setToolTip(as_tip("\n".join(entry.name for entry in self.entries)))
        is_removed = one is not None and one.status.is_removed
        self.message.setText(_REMOVED if is_removed else _OUTLIVED if is_outlived else _GONE if gone else _NOTHING)
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


def _height_at(widget: QWidget, width: int) -> int:
    """Returns how high a widget is at a width."""
    return widget.heightForWidth(width) if widget.hasHeightForWidth() else widget.sizeHint().height()
