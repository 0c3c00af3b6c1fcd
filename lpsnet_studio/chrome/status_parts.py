"""Parts of the status bar that do something when they are clicked."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QEnterEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen

from lpsnet_studio.labels import ElidedLabel

__all__ = ["StatusPart"]


class StatusPart(ElidedLabel):
    """An elided label that can be clicked, and reached and pressed by keyboard.

    Attributes:
        clicked: emitted by a click, Enter or Space.

    Args:
        name: what it is, for those who do not see it.
    """

    clicked = Signal()

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = name
        self._is_hovered = False
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAccessibleName(name)

    def setText(self, text: str) -> None:
        """Shows a text, and tells it to those who do not see it; one without text is out of the way."""
        super().setText(text)
        self.setAccessibleName(f"{self._name}: {text}")
        self.setVisible(bool(text))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Takes the press, so that its release comes here too."""
        event.accept()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Acts on a click."""
        if event.button() == Qt.MouseButton.LeftButton and self.rect().contains(event.position().toPoint()):
            self.clicked.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Acts on Enter and Space."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.clicked.emit()
        else:
            super().keyPressEvent(event)

    def enterEvent(self, event: QEnterEvent) -> None:
        """Shows that it can be clicked."""
        self._hover(True)

    def leaveEvent(self, event: QEvent) -> None:
        """Shows it no more."""
        self._hover(False)

    def _hover(self, on: bool) -> None:
        self._is_hovered = on
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paints the text, under the mouse underlined, and a ring while it has the focus."""
        super().paintEvent(event)
        painter = QPainter(self)
        if self._is_hovered:
            text = self.contentsRect()
            width = min(self.fontMetrics().horizontalAdvance(self.shown), text.width())
            baseline = text.center().y() + self.fontMetrics().ascent() // 2 + 2
            painter.setPen(QPen(self.palette().placeholderText().color(), 1))
            painter.drawLine(text.left(), baseline, text.left() + width, baseline)
        if self.hasFocus():
            painter.setPen(QPen(self.palette().highlight().color(), 1))
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
