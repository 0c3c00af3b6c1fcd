"""The settings of two jobs side by side, read in the background."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QLabel, QStackedLayout, QWidget

from lpsnet.config import Config
from lpsnet_studio.background import Background, pass_on
from lpsnet_studio.jobs.compare_view import CompareView
from lpsnet_studio.jobs.run_settings import read_run_config
from lpsnet_studio.jobs.spec import JobSpec
from lpsnet_studio.theme import Theme

if TYPE_CHECKING:
    from lpsnet_studio.jobs.jobs import JobEntry

__all__ = ["JobCompareView"]

_READING = "Reading the settings of both…"
_Job = tuple[Path, JobSpec | None]


class JobCompareView(QWidget):
    """Shows what differs between the configs of two jobs.

    Args:
        theme: gives the icons.

    Attributes:
        view: the table.
        state: what is said in its place.
    """

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.view, self.state = CompareView(theme), QLabel()
        self.state.setTextFormat(Qt.TextFormat.PlainText)
        self.state.setWordWrap(True)
        self.state.setMargin(16)
        self.state.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.state.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self._stack = QStackedLayout(self)
        self._stack.addWidget(self.state)
        self._stack.addWidget(self.view)
        self._background = Background(pass_on, self)

    def show_two(self, here: JobEntry, there: JobEntry) -> None:
        """Compares two jobs; their configs are read anew."""
        self._background.cancel()
        names = (here.name, there.name)
        jobs: tuple[_Job, _Job] = ((here.folder, here.spec), (there.folder, there.spec))
        self.state.setText(_READING)
        self._stack.setCurrentWidget(self.state)
        self._background.run(lambda: _read_both(jobs), lambda found: self._take(found, names))

    def close_comparison(self) -> None:
        """Ends reading; called before the window goes."""
        self._background.cancel()
        self._background.wait(300)

    def _take(self, found: tuple[Config, Config] | str, names: tuple[str, str]) -> None:
        if isinstance(found, str):
            self.state.setText(found)
        else:
            self.view.compare(*found, names)
            self._stack.setCurrentWidget(self.view)


def _read_both(jobs: tuple[_Job, _Job]) -> tuple[Config, Config] | str:
    """Reads two configs; what cannot be read is told of in a sentence."""
    try:
        here, there = (read_run_config(folder, spec) for folder, spec in jobs)
    except (OSError, ValueError) as error:
        return str(error)
    return here, there
