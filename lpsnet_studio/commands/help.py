"""Where to find what, and what to send when something breaks."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, qVersion
from PySide6.QtGui import QAction, QGuiApplication
from PySide6.QtWidgets import QDialog

from lpsnet_studio.commands.workplace import Workplace
from lpsnet_studio.diagnostics import Diagnostics, ServiceWatch
from lpsnet_studio.failures import Failure
from lpsnet_studio.log import Log
from lpsnet_studio.paths import show_folder
from lpsnet_studio.settings import remembered
from lpsnet_studio.state import Problem

__all__ = ["HelpCommands"]


class HelpCommands:
    """Shows cards, and gathers what a report needs.

    Attributes:
        service: what is known of the inference service.
        log: the log files; None if nothing is logged to files.
        failures: returns the unexpected failures of this run.
    """

    def __init__(self, place: Workplace) -> None:
        self._place = place
        self.service = ServiceWatch(place.session)
        self.log: Log | None = None
        self.failures: Callable[[], list[Failure]] = list

    def show_shortcuts(self) -> None:
        """Shows the card of shortcuts."""
        from lpsnet_studio.chrome.shortcut_card import ShortcutCard

        _open(ShortcutCard(self._place.window))

    def find_action(self) -> None:
        """Lets the user type what to do."""
        from lpsnet_studio.chrome.find_action import FindAction

        place = self._place
        if (open_already := place.window.findChild(FindAction)) is not None:
            open_already.dismiss()
        actions = {action.objectName(): action for action in place.window.findChildren(QAction)}
        palette = FindAction(
            place.window, actions, place.session, place.theme, place.settings.preferences.recent_actions
        )
        palette.chosen.connect(self._remember_action)

    def _remember_action(self, name: str) -> None:
        latest = remembered(self._place.settings.preferences.recent_actions, name)
        self._place.settings.change(recent_actions=latest)

    def copy_diagnostics(self) -> None:
        """Copies what a report needs to the clipboard."""
        QGuiApplication.clipboard().setText(self.diagnostics())
        self._place.notifications.show_info("Diagnostics copied: paste them into your report.")

    def diagnostics(self) -> str:
        """Returns what a report needs, as Markdown."""
        log = self.log
        crash = None if log is None else log.last_crash
        place = self._place
        folders = (place.folders.config, place.folders.cache, place.folders.state)
        known = Diagnostics(place.session, self.service, log, self._screens(), self.failures(), crash, folders)
        return known.report()

    def open_log(self) -> None:
        """Shows the folder of the log files."""
        folder = self._place.folders.state if self.log is None else self.log.folder
        if not folder.is_dir():
            self._place.fail(Problem(f"{folder}: there are no log files", "The folder could not be written to."))
        elif not show_folder(folder):
            self._place.fail(Problem("No file manager could be opened.", f"The log files are in {folder}"))

    def about(self) -> None:
        """Shows version and licences."""
        from lpsnet_studio.chrome.about import About

        _open(About(self._place.theme, self.copy_diagnostics, self._place.window))

    def focus_message(self) -> None:
        """Gives the keyboard to the newest message."""
        self._place.notifications.focus_newest()

    def _screens(self) -> dict[str, str]:
        """Returns what the window system says, by name."""
        window = self._place.window
        facts = {
            "Qt": qVersion(),
            "Platform": QGuiApplication.platformName(),
            "Theme": self._place.theme.name,
            "Window": f"{window.width()}×{window.height()}, scale {window.devicePixelRatioF():g}",
        }
        for number, screen in enumerate(QGuiApplication.screens(), start=1):
            size = screen.size()
            facts[f"Screen {number}"] = (
                f"{size.width()}×{size.height()}, scale {screen.devicePixelRatio():g}, "
                f"{screen.logicalDotsPerInch():.0f} dpi, {screen.refreshRate():.0f} Hz"
            )
        return facts


def _open(dialog: QDialog) -> None:
    """Shows a dialog that is deleted once it is closed."""
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.open()
