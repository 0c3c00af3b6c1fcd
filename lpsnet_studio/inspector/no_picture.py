"""What stands in the middle of the canvas where a picture could not be opened: which one, why, and what to do."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QEvent, QObject, QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QTextLayout, QTextOption
from PySide6.QtWidgets import QWidget

from lpsnet_studio.canvas.view import CanvasView
from lpsnet_studio.session import Session
from lpsnet_studio.theme import ICON_SIZE, Theme

__all__ = ["NoPicture", "reason_of"]

_WIDTH = 300
_GAP = 8
_MARGIN = 16
_ROOM_FOR_NOTES = 144
"""Left free at the bottom of the canvas, where the same failure may be noted, as far as there is room."""
_CANCELLED = "Opening it was cancelled."
_ADVICE = "F5 tries again."


def reason_of(sentence: str, path: str) -> str:
    """Returns a sentence about a file without the path that it begins with, which people can read above it."""
    reason = sentence.removeprefix(path).removeprefix(":").strip() if path else sentence.strip()
    reason = reason or sentence.strip()
    reason = reason[:1].upper() + reason[1:]
    return reason if reason.endswith((".", "!", "?")) else f"{reason}."


class NoPicture(QWidget):
    """An icon, the file's name, the reason and what to do; hidden while there is a picture, or one on its way.

    Args:
        session: what is open.
        theme: gives the icon and the colours.
        canvas: where it stands.

    Attributes:
        words: name, reason and advice, as they are painted below each other; empty if there is nothing to tell.
    """

    def __init__(self, session: Session, theme: Theme, canvas: CanvasView) -> None:
        super().__init__(canvas.viewport())
        self._session, self._theme, self._view = session, theme, canvas.viewport()
        self.words: tuple[str, ...] = ()
        self.setObjectName("no_picture")
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()
        self._view.installEventFilter(self)
        for signal in (session.current_changed, session.entry_changed, session.picture_changed, session.busy_changed):
            signal.connect(lambda *_: self._follow())
        theme.changed.connect(self.update)
        self._follow()

    def _follow(self) -> None:
        words = self._words()
        if words != self.words:
            self.words = words
            self.setAccessibleName(" ".join(words))
            self._place()
            self.update()
        self.setVisible(bool(words))

    def _words(self) -> tuple[str, ...]:
        entry = self._session.current
        if entry is None or self._session.picture is not None or self._session.opening_picture:
            return ()
        if entry.problem:
            return Path(entry.name).name, reason_of(entry.problem, entry.source.path), _ADVICE
        return (Path(entry.name).name, _CANCELLED, _ADVICE) if self._session.cancelled else ()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Stays in the middle."""
        if event.type() == QEvent.Type.Resize:
            self._place()
        return False

    def _place(self) -> None:
        room = self._view.rect()
        width = max(min(_WIDTH, room.width() - 2 * _MARGIN), 1)
        self.resize(width, ICON_SIZE.height() + sum(_GAP + self._height(text, width) for text in self.words) + _GAP)
        spare = room.height() - self.height()
        self.move((room.width() - width) // 2, max(min(spare // 2, spare - _ROOM_FOR_NOTES), _GAP))

    def _height(self, text: str, width: int) -> int:
        layout = QTextLayout(text, self.font())
        layout.setTextOption(_wrapped())
        layout.beginLayout()
        lines = 0
        while (line := layout.createLine()).isValid():
            line.setLineWidth(width)
            lines += 1
        layout.endLayout()
        return lines * self.fontMetrics().lineSpacing()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paints the icon and the words, which are plain text."""
        colors = self._theme.palette
        painter = QPainter(self)
        icon = self._theme.pixmap("warning", colors.contested, ICON_SIZE.width())
        painter.drawPixmap((self.width() - ICON_SIZE.width()) // 2, 0, icon)
        top = ICON_SIZE.height()
        for place, text in enumerate(self.words):
            height = self._height(text, self.width())
            painter.setPen(colors.text if place < 2 else colors.dim)
            # A little more than the lines take, whose heights may be fractions of pixels.
            painter.drawText(QRectF(0, top + _GAP, self.width(), height + _GAP / 2), text, _wrapped())
            top += _GAP + height


def _wrapped() -> QTextOption:
    """Returns lines in the middle, broken between words, and within one that is longer than a line, as names are."""
    option = QTextOption(Qt.AlignmentFlag.AlignHCenter)
    option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
    return option
