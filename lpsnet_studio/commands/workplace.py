"""What commands work with."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from PySide6.QtWidgets import QMainWindow, QWidget

from lpsnet_studio.availability import Mode
from lpsnet_studio.background import Background
from lpsnet_studio.browser.image_list import ImageList
from lpsnet_studio.canvas.view import CanvasView
from lpsnet_studio.chrome.notifications import Notifications
from lpsnet_studio.examination import Examination
from lpsnet_studio.session import Session
from lpsnet_studio.settings import Folders, Settings
from lpsnet_studio.state import Problem
from lpsnet_studio.theme import Theme

__all__ = ["Workplace"]


@dataclass(slots=True)
class Workplace:
    """What commands work with.

    Attributes:
        window: the dialogs' parent.
        session: what is open.
        examination: what is looked at beyond the result.
        canvas: where it is shown.
        images: the image list.
        theme: the look.
        settings: what is kept between runs.
        folders: where files are kept.
        notifications: where successes and failures are told.
        reset_layout: puts every panel back.
        show_panel: opens a panel by its name and brings it to the front; the keyboard stays where it is.
        enter_panel: the same, and gives it the keyboard.
        show_mode: shows the inspection, the annotation or jobs.
        areas: returns what the keyboard goes through area by area.
        background: what takes time is done there.
    """

    window: QMainWindow
    session: Session
    examination: Examination
    canvas: CanvasView
    images: ImageList
    theme: Theme
    settings: Settings
    folders: Folders
    notifications: Notifications
    reset_layout: Callable[[], None]
    show_panel: Callable[[str], None]
    enter_panel: Callable[[str], None]
    show_mode: Callable[[Mode], None]
    areas: Callable[[], Sequence[QWidget]]
    background: Background = field(init=False)

    def __post_init__(self) -> None:
        self.background = Background(self._fail_work, self.window)

    def fail(self, problem: Problem) -> None:
        """Tells everyone of a failure."""
        self.session.failed.emit(problem)

    def last_folder(self) -> str:
        """Returns where a file dialog begins."""
        return self.settings.preferences.last_folder or str(Path.home())

    def remember_folder(self, folder: Path) -> None:
        """Lets the next file dialog begin in a folder."""
        self.settings.change(last_folder=str(folder))

    def _fail_work(self, error: Exception) -> None:
        expected = isinstance(error, OSError | ValueError)
        details = "" if expected else "".join(traceback.format_exception(error))
        self.fail(Problem(str(error) if expected else f"Unexpected: {error!r}", details=details))
