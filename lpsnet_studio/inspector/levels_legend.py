"""What the colours of candidate boxes mean: levels, or a scale of scores."""

from __future__ import annotations

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from lpsnet_studio.inspector.levels_model import LEVEL_COLORS, LEVELS, Coloring, score_palette
from lpsnet_studio.inspector.levels_words import level_name
from lpsnet_studio.theme import Theme, caption_font, figure_font

__all__ = ["LevelsLegend"]

_SWATCH = 12
_HEIGHT = 18


class LevelsLegend(QWidget):
    """One line: a square a level, or the colours from score 0 to the best score.

    Args:
        theme: gives the colour of the words.
    """

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._coloring: Coloring = "level"
        self._best = 1.0
        self.setFont(figure_font(caption_font(self.font())))
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self.update)
        self.set_coloring("level")

    def set_coloring(self, coloring: Coloring, best: float = 1.0) -> None:
        """Tells what the colours mean; ``best`` is the score that has the last one."""
        self._coloring, self._best = coloring, best
        meaning = "levels P3 to P7" if coloring == "level" else f"scores from 0 to {best:.2f}"
        self.setAccessibleName(f"Colours of {meaning}")
        self.update()

    def sizeHint(self) -> QSize:
        """Returns one line."""
        return QSize(120, _HEIGHT)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paints the line."""
        painter = QPainter(self)
        painter.setPen(QColor(self._theme.palette.dim))
        if self._coloring == "level":
            self._paint_levels(painter)
        else:
            self._paint_scores(painter)

    def _paint_levels(self, painter: QPainter) -> None:
        pitch = self.width() // len(LEVELS)
        for place, level in enumerate(LEVELS):
            left, top = place * pitch, (_HEIGHT - _SWATCH) // 2
            painter.fillRect(left, top, _SWATCH, _SWATCH, QColor(*LEVEL_COLORS[level]))
            words = QRect(left + _SWATCH + 4, 0, pitch - _SWATCH - 4, _HEIGHT)
            painter.drawText(words, Qt.AlignmentFlag.AlignVCenter, level_name(level))

    def _paint_scores(self, painter: QPainter) -> None:
        room = painter.fontMetrics().horizontalAdvance("score 0") + 8
        whole = QRect(0, 0, self.width(), _HEIGHT)
        painter.drawText(whole, Qt.AlignmentFlag.AlignVCenter, "score 0")
        last = f"{self._best:.2f}"
        painter.drawText(whole, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, last)
        palette = score_palette().tolist()
        bar = QRect(
            room,
            (_HEIGHT - _SWATCH) // 2,
            self.width() - room - painter.fontMetrics().horizontalAdvance(last) - 8,
            _SWATCH,
        )
        edges = [bar.left() + round(bar.width() * step / len(palette)) for step in range(len(palette) + 1)]
        for left, right, color in zip(edges, edges[1:], palette, strict=False):
            painter.fillRect(left, bar.top(), right - left, _SWATCH, QColor(*color))
