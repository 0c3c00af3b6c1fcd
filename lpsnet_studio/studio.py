"""The running application: session, service and window, put together."""

from __future__ import annotations

import argparse
import logging
from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QWidget

from lpsnet_studio.chrome.crash_dialog import CrashReporter
from lpsnet_studio.chrome.notifications import NoteAction
from lpsnet_studio.diagnostics import anonymous
from lpsnet_studio.failures import Failures
from lpsnet_studio.freed_memory import FreedMemory
from lpsnet_studio.garbage import GarbageCollector
from lpsnet_studio.inference.client import InferenceClient
from lpsnet_studio.log import Crash, Log
from lpsnet_studio.main_window import MainWindow
from lpsnet_studio.session import Session
from lpsnet_studio.settings import Folders, Settings
from lpsnet_studio.state import Problem
from lpsnet_studio.theme import Theme
from lpsnet_studio.view_options import SPEEDS, ViewOptions, layers_from

__all__ = ["Studio"]

_log = logging.getLogger(__name__)


class Studio:
    """The running application: session, service and window, put together.

    Args:
        options: the command line, as :func:`lpsnet_studio.app.parse_arguments` reads it.
        folders: where files are kept.

    Attributes:
        session: what is open.
        client: the window's end of the service.
        window: the window.
    """

    def __init__(self, options: argparse.Namespace, folders: Folders) -> None:
        self._options = options
        settings = Settings(folders.config)
        preferences = settings.preferences
        theme = Theme()
        theme.choose(options.theme or preferences.theme)
        self.theme = theme
        self.client = InferenceClient()
        self.session = Session(self.client)
        self.session.restore_view(
            ViewOptions(
                layers=layers_from(preferences.layers),
                contours=preferences.contours,
                names=preferences.names,
                minimap=preferences.minimap,
                speed=min(SPEEDS, key=lambda speed: abs(speed - preferences.speed)),
                motion=preferences.motion,
            )
        )
        self.client.received.connect(self.session.receive)
        self.client.state_changed.connect(self.session.set_service_state)
        self.window = MainWindow(self.session, theme, settings, folders, options.device)
        self.window.closing.connect(self.client.close)
        self.client.received.connect(self.window.commands.help.service.take)
        self._freed_memory = FreedMemory(self.session, self.window)
        self._garbage: GarbageCollector | None = None

    def begin(self) -> None:
        """Starts the service and opens what the command line names; call it after the first paint."""
        self._garbage = GarbageCollector()
        self.client.start()
        options, commands = self._options, self.window.commands
        if options.demo or (options.render is not None and not options.paths):
            commands.files.show_demo()
            return
        if options.checkpoint is not None:
            commands.model.load_checkpoint(options.checkpoint)
        elif options.config is not None:
            commands.model.load_config(options.config)
        if options.paths:
            commands.files.open_paths(options.paths)

    def begin_after_first_paint(self) -> None:
        """Calls :meth:`begin` once the window has been painted."""
        self._watch = _FirstPaint(self.window, self.begin)

    def close(self) -> None:
        """Closes the window and ends the service, within some seconds."""
        self.window.close()
        self.client.close()
        if self._garbage is not None:
            self._garbage.stop()

    def guard(self, log: Log | None = None) -> Callable[[], None]:
        """Makes unexpected failures a window that says so, and tells of a crash of the run before.

        Args:
            log: where failures are written down; None if they are not.

        Returns:
            What takes the guard away again.
        """
        commands = self.window.commands.help
        reporter = CrashReporter(self.theme, commands.copy_diagnostics, commands.open_log, self.window)
        failures = Failures(reporter.tell, interrupted=self.window.close)
        commands.log, commands.failures = log, lambda: failures.known
        self.session.failed.connect(_log_problem)
        if log is not None and log.last_crash is not None:
            self._tell_crash(log.last_crash)
        return failures.watch()

    def _tell_crash(self, crash: Crash) -> None:
        self.window.notifications.show_warning(
            Problem(
                "The Studio crashed last time.",
                f"What it was doing, on {crash.when:%Y-%m-%d at %H:%M}, is kept in {anonymous(str(crash.path))}",
                crash.trace,
            ),
            NoteAction("Copy diagnostics", self.window.commands.help.copy_diagnostics),
            stays=True,
        )


def _log_problem(problem: Problem) -> None:
    """Writes down what the user was told."""
    _log.warning("told: %s", "\n".join(part for part in (problem.sentence, problem.details) if part))


class _FirstPaint(QObject):
    """Runs an action once a widget has been painted."""

    def __init__(self, widget: QWidget, action: Callable[[], None]) -> None:
        super().__init__(widget)
        self._action = action
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Runs the action after the paint that is about to happen."""
        if event.type() == QEvent.Type.Paint:
            watched.removeEventFilter(self)
            QTimer.singleShot(0, self._action)
        return False
