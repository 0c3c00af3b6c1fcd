"""Words that wrap where there is room for them, and are elided on one line where there is not."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import QLabel

from lpsnet_studio.labels import ElidedLabel

__all__ = ["FoldingLabel"]

_ALL_LINES = 16_777_215


class FoldingLabel(ElidedLabel):
    """Plain text on as many lines as it needs, or folded to one, whose tool tip says the whole.

    Args:
        most_lines: that it may have while it is not folded; None for as many as it needs.
    """

    def __init__(self, most_lines: int | None = None) -> None:
        super().__init__()
        self._most_lines = most_lines
        self._is_folded = False
        self.set_folded(False)

    @property
    def is_folded(self) -> bool:
        """Whether there is one line only."""
        return self._is_folded

    @property
    def shown(self) -> str:
        """The part of the text that there is room for."""
        return super().shown if self._is_folded else self.text()

    def set_folded(self, folded: bool) -> None:
        """Leaves one line, or as many as the text needs, which can then be selected."""
        self._is_folded = folded
        self.setWordWrap(not folded)
        interaction = Qt.TextInteractionFlag
        self.setTextInteractionFlags(interaction.NoTextInteraction if folded else interaction.TextSelectableByMouse)
        is_bounded = not folded and self._most_lines is not None
        lines = self.fontMetrics().lineSpacing() * (self._most_lines or 1) + 2
        self.setMaximumHeight(lines if is_bounded else _ALL_LINES)
        self.updateGeometry()

    def minimumSizeHint(self) -> QSize:
        """Returns the room of a few characters, or of the lines that the text wraps to."""
        return super().minimumSizeHint() if self._is_folded else QLabel.minimumSizeHint(self)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paints what there is room for."""
        if self._is_folded:
            super().paintEvent(event)
        else:
            QLabel.paintEvent(self, event)
