"""Esc in a line of a panel belongs to that line before it belongs to the window, where it cancels."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent

__all__ = ["claims_escape"]


def claims_escape(event: QEvent) -> bool:
    """Accepts the event with which Qt asks a widget whether it wants Esc before the shortcuts do.

    Returns:
        Whether it was that event: the widget's ``event`` returns True for it, and gets Esc as a key press.
    """
    asks = event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent)
    if not (asks and event.key() == Qt.Key.Key_Escape):
        return False
    event.accept()
    return True
