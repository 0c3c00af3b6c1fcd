"""A line that tells of a fault or a remark, by an icon and by its colour."""

from __future__ import annotations

from typing import Literal

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QWidget

from lpsnet_studio.theme import Theme

__all__ = ["MessageLine", "Tone"]

Tone = Literal["fault", "remark"]
_ICONS: dict[Tone, str] = {"fault": "discarded", "remark": "warning"}
_ICON_PIXELS = 14


class MessageLine(QWidget):
    """A sentence, wrapped, behind an icon.

    Args:
        tone: whether something is wrong, or merely rarely meant.
        theme: gives icon and colour.
    """

    def __init__(self, tone: Tone, theme: Theme) -> None:
        super().__init__()
        self._tone: Tone = tone
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
        self.follow(theme)

    def text(self) -> str:
        """Returns the sentence."""
        return self._words.text()

    def set_text(self, text: str) -> None:
        """Shows a sentence; the line is hidden while there is none."""
        self._words.setText(text)
        self.setAccessibleName(text)
        self.setVisible(bool(text))

    def follow(self, theme: Theme) -> None:
        """Takes icon and colour of a theme."""
        color = theme.palette.discarded if self._tone == "fault" else theme.palette.contested
        self._icon.setPixmap(theme.pixmap(_ICONS[self._tone], color, _ICON_PIXELS))
        palette = self._words.palette()
        palette.setColor(QPalette.ColorRole.WindowText, QColor(color))
        self._words.setPalette(palette)
