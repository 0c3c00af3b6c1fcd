"""A line that tells of a fault, a need or a remark, by an icon and by its colour."""

from __future__ import annotations

from typing import Literal

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPalette, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QWidget

from lpsnet_studio.theme import Theme

__all__ = ["MessageLine", "Tone"]

Tone = Literal["fault", "need", "remark"]
_ICONS: dict[Tone, str] = {"fault": "discarded", "need": "info", "remark": "warning"}
_ICON_PIXELS = 14


class MessageLine(QWidget):
    """A sentence, wrapped, behind an icon.

    Args:
        tone: whether something is wrong, yet to be written, or merely rarely meant.
        theme: gives icon and colour.
    """

    def __init__(self, tone: Tone, theme: Theme) -> None:
        super().__init__()
        self._tone: Tone = tone
        self._theme = theme
        self._icon, self._words = QLabel(), QLabel()
        self._words.setTextFormat(Qt.TextFormat.PlainText)
        self._words.setWordWrap(True)
        self._words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._words.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(4)
        line.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        line.addWidget(self._words, 1)
        self.follow()

    def text(self) -> str:
        """Returns the sentence."""
        return self._words.text()

    def set_text(self, text: str) -> None:
        """Shows a sentence; the line is hidden while there is none."""
        self._words.setText(text)
        self.setAccessibleName(text)
        self.setVisible(bool(text))

    def set_tone(self, tone: Tone) -> None:
        """Tells of something of another kind from now on."""
        if tone != self._tone:
            self._tone = tone
            self.follow()

    def showEvent(self, event: QShowEvent) -> None:
        """Takes its colour again: where a scroll area was moved since, Qt has given back the one it began with."""
        super().showEvent(event)
        self.follow()

    def follow(self, theme: Theme | None = None) -> None:
        """Takes icon and colour of a theme; of the one that it has, as that is now, if None."""
        self._theme = theme = theme or self._theme
        palette = theme.palette
        color = {"fault": palette.discarded, "need": palette.dim, "remark": palette.contested}[self._tone]
        self._icon.setPixmap(theme.pixmap(_ICONS[self._tone], color, _ICON_PIXELS))
        colors = self._words.palette()
        colors.setColor(QPalette.ColorRole.WindowText, QColor(color))
        self._words.setPalette(colors)
