"""Buttons with words on them."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QPushButton

from lpsnet_studio.theme import Theme

__all__ = ["CopyButton", "push_button"]

_COPIED_MILLISECONDS = 1500


def push_button(text: str, tip: str) -> QPushButton:
    """Returns a button that Enter presses only where the keyboard is on it."""
    button = QPushButton(text)
    button.setAutoDefault(False)
    button.setToolTip(tip)
    return button


class CopyButton(QPushButton):
    """Copies a command, and says for a moment that it did.

    Args:
        command: returns what is copied.
        theme: gives the icon.
    """

    def __init__(self, command: Callable[[], str], theme: Theme) -> None:
        super().__init__("Copy")
        self._command = command
        self.setAutoDefault(False)
        self.setAccessibleName("Copy command")
        self.setToolTip("Copy the command to the clipboard.")
        self._calm = QTimer(self)
        self._calm.setSingleShot(True)
        self._calm.setInterval(_COPIED_MILLISECONDS)
        self._calm.timeout.connect(lambda: self.setText("Copy"))
        self.clicked.connect(self._copy)
        self.follow(theme)

    def follow(self, theme: Theme) -> None:
        """Takes the icon of a theme."""
        self.setIcon(theme.icon("copy"))

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self._command())
        self.setText("Copied")
        self._calm.start()
