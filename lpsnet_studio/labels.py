"""A label that gives way: what it has no room for is elided, and its tool tip says all of it."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QHelpEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QToolTip

__all__ = ["ElidedLabel"]

_LEAST_CHARACTERS = 9


class ElidedLabel(QLabel):
    """One line of plain text that may be given less room than it needs; :meth:`text` is always the whole."""

    def __init__(self, text: str = "") -> None:
        super().__init__(text)
        self.setTextFormat(Qt.TextFormat.PlainText)

    @property
    def shown(self) -> str:
        """The part of the text that there is room for, with an ellipsis if that is not all."""
        width = self.contentsRect().width()
        return self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, width)

    def minimumSizeHint(self) -> QSize:
        """Returns the room of a few characters, or of the text where that is less."""
        whole, margins = super().minimumSizeHint(), self.contentsMargins()
        few = self.fontMetrics().averageCharWidth() * _LEAST_CHARACTERS + margins.left() + margins.right()
        return QSize(min(whole.width(), few), whole.height())

    def event(self, event: QEvent) -> bool:
        """Tells the whole text where it is elided, above the label's own tool tip."""
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip and self.shown != self.text():
            parts = [part for part in (self.text(), self.toolTip()) if part]
            QToolTip.showText(event.globalPos(), "\n".join(parts), self)
            return True
        return super().event(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paints what there is room for."""
        painter = QPainter(self)
        self.style().drawItemText(
            painter,
            self.contentsRect(),
            self.alignment().value,
            self.palette(),
            self.isEnabled(),
            self.shown,
            self.foregroundRole(),
        )
