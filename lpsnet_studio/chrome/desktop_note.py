"""A message of the desktop, for when the window is not looked at."""

from __future__ import annotations

import html
import shutil

from PySide6.QtCore import QObject, QProcess, QTimer
from PySide6.QtWidgets import QSystemTrayIcon, QWidget

__all__ = ["DesktopNote"]

_SHOWN_MILLISECONDS = 10_000
_APPLICATION = "LPSNet Studio"


class DesktopNote(QObject):
    """Tells something through the desktop's own messages, where it has any; a desktop without them says nothing.

    Args:
        window: whose icon stands beside the message.
    """

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._tray: QSystemTrayIcon | None = None
        self._hiding = QTimer(self)
        self._hiding.setSingleShot(True)
        self._hiding.setInterval(_SHOWN_MILLISECONDS)
        self._hiding.timeout.connect(self._hide)

    def show(self, title: str, text: str) -> bool:
        """Shows a message; False if the desktop has no way to.

        Args:
            title: a few words.
            text: a sentence, taken as it is written.
        """
        if QSystemTrayIcon.isSystemTrayAvailable() and QSystemTrayIcon.supportsMessages():
            if self._tray is None:
                self._tray = QSystemTrayIcon(self._window.windowIcon(), self)
            self._tray.show()
            self._tray.showMessage(title, text, self._window.windowIcon(), _SHOWN_MILLISECONDS)
            self._hiding.start()
            return True
        program = shutil.which("notify-send")
        if program is None:
            return False
        # Its text may hold markup; a name that begins with a dash is no option.
        words = ["--app-name", _APPLICATION, "--", title, html.escape(text, quote=False)]
        started = QProcess.startDetached(program, words)
        return bool(started[0] if isinstance(started, tuple) else started)

    def _hide(self) -> None:
        if self._tray is not None:
            self._tray.hide()
