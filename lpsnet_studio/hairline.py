"""The line between two parts of a panel."""

from __future__ import annotations

from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QWidget

__all__ = ["hairline"]


def hairline() -> QWidget:
    """Returns a line of one pixel, as wide as there is room."""
    line = QWidget()
    line.setBackgroundRole(QPalette.ColorRole.Mid)
    line.setAutoFillBackground(True)
    line.setFixedHeight(1)
    return line
