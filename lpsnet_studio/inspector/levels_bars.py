"""What became of each level's candidates, as a bar a level."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QHelpEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from lpsnet.analysis.fates import Fate, LevelCounts
from lpsnet_studio.inspector.levels_model import FATE_COLORS
from lpsnet_studio.inspector.levels_words import FATE_NAMES, level_name
from lpsnet_studio.labels import as_tip
from lpsnet_studio.theme import Theme, caption_font, figure_font

__all__ = ["FateBars", "bar_words"]

_ROW = 20
_BAR = 10
_LEAST_PART = 2.0
"""Pixels that a fate which befell any box takes at least, so that it can be seen."""
_SHOWN = tuple(fate for fate in Fate if fate is not Fate.SCORE)


def bar_words(counts: LevelCounts) -> str:
    """Says what became of a level's candidates above the class threshold."""
    told = [f"{FATE_NAMES[fate]} {int(counts.counts[fate]):,}" for fate in _SHOWN if counts.counts[fate]]
    passed = _passed(counts)
    return f"{level_name(counts.level)}, {passed:,} above the class threshold: {', '.join(told) or 'none'}"


def _passed(counts: LevelCounts) -> int:
    return len(counts) - int(counts.counts[Fate.SCORE])


class FateBars(QWidget):
    """A line a level: how its candidates above the class threshold share the fates, and how many they are.

    Those below are far more than all others, and would leave a bar of one colour; the table counts them.

    Args:
        theme: gives the colours.
    """

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._levels: Sequence[LevelCounts] = ()
        self.setFont(figure_font(caption_font(self.font())))
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("What became of the boxes above the class threshold")
        theme.changed.connect(self.update)

    def set_levels(self, levels: Sequence[LevelCounts]) -> None:
        """Shows the counts of P3 … P7."""
        self._levels = levels
        self.setAccessibleDescription("; ".join(bar_words(counts) for counts in levels))
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        """Returns room for every line."""
        return QSize(120, _ROW * max(len(self._levels), 1))

    def parts(self, counts: LevelCounts, width: float) -> list[tuple[Fate, float]]:
        """Returns how wide every fate's part of a bar is; they fill ``width``, each as its share, but for the least."""
        total = _passed(counts)
        there = [fate for fate in _SHOWN if counts.counts[fate]]
        if not total:
            return []
        least = min(_LEAST_PART, width / len(there))
        room = width - least * len(there)
        return [(fate, least + room * int(counts.counts[fate]) / total) for fate in there]

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paints the lines."""
        colors = self._theme.palette
        painter = QPainter(self)
        metrics = painter.fontMetrics()
        name_width, number_width = metrics.horizontalAdvance("P0") + 8, metrics.horizontalAdvance("00,000") + 8
        for row, counts in enumerate(self._levels):
            line = QRect(0, row * _ROW, self.width(), _ROW)
            painter.setPen(QColor(colors.text))
            painter.drawText(line, Qt.AlignmentFlag.AlignVCenter, level_name(counts.level))
            painter.setPen(QColor(colors.dim))
            side = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
            painter.drawText(line, side, f"{_passed(counts):,}")
            bar = QRectF(name_width, line.y() + (_ROW - _BAR) / 2, self.width() - name_width - number_width, _BAR)
            painter.fillRect(bar, QColor(colors.line))
            left = bar.left()
            for fate, width in self.parts(counts, bar.width()):
                painter.fillRect(QRectF(left, bar.top(), width, _BAR), QColor(*FATE_COLORS[fate]))
                left += width

    def event(self, event: QEvent) -> bool:
        """Tells the numbers of the level under a resting mouse."""
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            row = event.pos().y() // _ROW
            if 0 <= row < len(self._levels):
                QToolTip.showText(event.globalPos(), as_tip(bar_words(self._levels[row])), self)
            return True
        return super().event(event)
