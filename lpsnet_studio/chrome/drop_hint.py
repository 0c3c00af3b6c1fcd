"""What lies over the canvas while something is dragged over the window: what a drop would do."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from lpsnet_studio.theme import Theme

__all__ = ["DropHint"]

_INSET = 8
_FRAME = 2


class DropHint(QWidget):
    """A frame with one sentence over a widget; it is never in the way of the mouse.

    Args:
        over: the widget.
        theme: gives the colours.

    Attributes:
        words: what it says.
    """

    def __init__(self, over: QWidget, theme: Theme) -> None:
        super().__init__(over)
        self._theme = theme
        self.words, self._welcome = "", True
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        over.installEventFilter(self)
        self.hide()

    def show_words(self, words: str, *, welcome: bool) -> None:
        """Shows the frame.

        Args:
            words: what a drop would do, or why it would do nothing.
            welcome: whether it would do anything.
        """
        self.words, self._welcome = words, welcome
        self.setGeometry(self.parentWidget().rect())
        self.show()
        self.raise_()
        self.update()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Covers the widget whatever its size."""
        if event.type() == QEvent.Type.Resize and self.isVisible():
            self.setGeometry(self.parentWidget().rect())
        return False

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paints a veil, a frame in the accent or, where nothing can be opened, a broken one, and the sentence."""
        colors = self._theme.palette
        veil, frame = QColor(colors.window), QColor(colors.accent if self._welcome else colors.contested)
        veil.setAlpha(225)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), veil)
        style = Qt.PenStyle.SolidLine if self._welcome else Qt.PenStyle.DashLine
        painter.setPen(QPen(frame, _FRAME, style))
        inside = QRectF(self.rect()).adjusted(_INSET, _INSET, -_INSET, -_INSET)
        painter.drawRoundedRect(inside, 6, 6)
        font = painter.font()
        font.setPixelSize(16)
        painter.setFont(font)
        painter.setPen(QColor(colors.text))
        flags = Qt.AlignmentFlag.AlignCenter.value | Qt.TextFlag.TextWordWrap.value
        painter.drawText(inside.adjusted(16, 16, -16, -16), flags, self.words)
