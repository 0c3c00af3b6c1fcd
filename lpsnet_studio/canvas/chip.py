"""A few words over the canvas, which the mouse passes through."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QLabel, QWidget

__all__ = ["Chip"]


class Chip(QLabel):
    """A few words over a view: beside the mouse, or at the top."""

    def __init__(self, view: QWidget) -> None:
        super().__init__(view)
        self._view = view
        self._whole = ""
        self.setObjectName("chip")
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()

    def say(self, text: str) -> None:
        """Writes a few words; empty text hides them."""
        self._whole = text
        self.setVisible(bool(text))
        if text:
            self.setText(text)
            self.adjustSize()

    def hold(self, text: str) -> None:
        """Takes a few words without showing them, so that it has their size."""
        self._whole = text
        self.setText(text)

    @property
    def whole(self) -> str:
        """The words, though they may be shown elided."""
        return self._whole

    def place_beside(self, mouse: QPoint) -> None:
        """Goes beside the mouse, within the view."""
        room, size = self._view.rect(), self.size()
        right, below = mouse.x() + 14, mouse.y() + 16
        x = right if right + size.width() < room.width() else mouse.x() - 8 - size.width()
        y = below if below + size.height() < room.height() else mouse.y() - 8 - size.height()
        self.move(x, y)

    def place_at_top(self, width: int) -> None:
        """Goes to the middle of the view's upper edge, with what fits into a width."""
        self.setText(self.fontMetrics().elidedText(self._whole, Qt.TextElideMode.ElideRight, width))
        self.adjustSize()
        self.move(max((self._view.width() - self.width()) // 2, 0), 8)
