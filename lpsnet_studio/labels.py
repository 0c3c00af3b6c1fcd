"""Text as it is written: a label that gives way, whose tool tip says what is elided, and tool tips without markup."""

from __future__ import annotations

import html

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QHelpEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QToolTip

__all__ = ["ElidedLabel", "as_tip"]

_LEAST_CHARACTERS = 9


def as_tip(text: str) -> str:
    """Returns plain text as a tool tip in which no file's or class's name is taken for markup."""
    return f"<qt>{html.escape(text)}</qt>".replace("\n", "<br>") if text else ""


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
            QToolTip.showText(event.globalPos(), self._whole_tip(), self)
            return True
        return super().event(event)

    def _whole_tip(self) -> str:
        """Returns the whole text above the label's own tool tip, which may be markup already."""
        whole, own = as_tip(self.text()), self.toolTip()
        if own and not own.startswith("<qt>"):
            own = as_tip(own)
        return "<br>".join(part for part in (whole, own) if part)

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
