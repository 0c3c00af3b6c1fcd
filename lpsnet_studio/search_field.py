"""A line into which something is typed that is searched for."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Signal
from PySide6.QtWidgets import QLineEdit

from lpsnet_studio.escape import claims_escape

__all__ = ["SearchField"]


class SearchField(QLineEdit):
    """Keeps Esc from the window, where it cancels; what Esc, Enter and Down do, its kinds say.

    Args:
        name: what is searched, for people.
        placeholder: shown while it is empty.
        tip: what can be done.

    Attributes:
        left: the keyboard belongs to what is searched again.
    """

    left = Signal()

    def __init__(self, name: str, placeholder: str, tip: str) -> None:
        super().__init__()
        self.setPlaceholderText(placeholder)
        self.setAccessibleName(name)
        self.setToolTip(tip)
        self.setClearButtonEnabled(True)

    def event(self, event: QEvent) -> bool:
        """Claims Esc before the window's shortcuts do."""
        return claims_escape(event) or super().event(event)
