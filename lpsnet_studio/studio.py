"""The running application: session, service and window, put together."""

from __future__ import annotations

import argparse
import logging
import sys
import threading
import traceback
from collections.abc import Callable
from types import TracebackType

from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QWidget

from lpsnet_studio.inference.client import InferenceClient
from lpsnet_studio.main_window import MainWindow
from lpsnet_studio.session import Session
from lpsnet_studio.settings import Folders, Settings
from lpsnet_studio.state import Problem
from lpsnet_studio.theme import Theme
from lpsnet_studio.view_options import SPEEDS, ViewOptions, layers_from

__all__ = ["Studio"]

_log = logging.getLogger("lpsnet_studio")


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

    def begin(self) -> None:
        """Starts the service and opens what the command line names; call it after the first paint."""
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

    def guard(self) -> None:
        """Makes unexpected failures a message and a log entry instead of the end."""

        def tell(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
            if issubclass(kind, KeyboardInterrupt):
                self.window.close()
                return
            details = "".join(traceback.format_exception(kind, error, trace))
            _log.error("unexpected failure\n%s", details)
            self.session.failed.emit(
                Problem(f"Unexpected: {error!r}", "You can go on; the log file holds the details.", details)
            )

        def log_thread(failure: threading.ExceptHookArgs) -> None:
            _log.error("unexpected failure in %s", failure.thread, exc_info=failure.exc_value)

        sys.excepthook = tell
        threading.excepthook = log_thread


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
