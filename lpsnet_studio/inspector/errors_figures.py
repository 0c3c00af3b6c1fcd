"""Figures of the panel Errors: the quality of the image in a small table, and what oracles would gain as bars."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QBrush, QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QGridLayout, QLabel, QSizePolicy, QWidget

from lpsnet_studio.inspector.errors_model import GainBar, QualityLine
from lpsnet_studio.texts import caption
from lpsnet_studio.theme import Theme, caption_font, figure_font

__all__ = ["GainBars", "QualityTable"]

_TITLES = ("", "PQ", "SQ", "RQ", "Classes")
_NAMES = ("All", "Things", "Stuff")
_TIP = "Panoptic, segmentation and recognition quality of this image in percent, averaged over the classes that occur."
_BAR_HEIGHT, _GAP, _BARS = 6, 8, 3


class QualityTable(QWidget):
    """PQ, SQ, RQ and the number of classes, of all classes, things and stuff."""

    def __init__(self) -> None:
        super().__init__()
        self.setToolTip(_TIP)
        layout = QGridLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setHorizontalSpacing(8)
        layout.setVerticalSpacing(2)
        self._titles: list[QLabel] = []
        for column, title in enumerate(_TITLES):
            self._titles.append(self._caption(title, right=column > 0))
            layout.addWidget(self._titles[-1], 0, column)
            layout.setColumnStretch(column, 1)
        self._cells: list[list[QLabel]] = []
        for row, name in enumerate(_NAMES, 1):
            layout.addWidget(self._caption(name, right=False), row, 0)
            cells = [QLabel() for _ in _TITLES[1:]]
            for column, cell in enumerate(cells, 1):
                cell.setFont(figure_font(self.font()))
                cell.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                layout.addWidget(cell, row, column)
            self._cells.append(cells)

    def _caption(self, text: str, *, right: bool) -> QLabel:
        label = caption(text)
        side = Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft
        label.setAlignment(side | Qt.AlignmentFlag.AlignVCenter)
        return label

    def show_lines(self, lines: Sequence[QualityLine], figure: str = "PQ") -> None:
        """Shows the quality of a result, and what it is called."""
        self._titles[1].setText(figure)
        for cells, line in zip(self._cells, lines, strict=False):
            for cell, text in zip(cells, (line.pq, line.sq, line.rq, line.classes), strict=True):
                cell.setText(text)
        told = [
            f"{line.name}: {figure} {line.pq}, SQ {line.sq}, RQ {line.rq}, {line.classes} classes" for line in lines
        ]
        self.setAccessibleName("Quality of this image")
        self.setAccessibleDescription(". ".join(told))


class GainBars(QWidget):
    """For each choice of oracles its name, PQ before → after, and a bar: the network's PQ, and what comes on top.

    Args:
        theme: gives the colours.
    """

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.bars: Sequence[GainBar] = ()
        self.setFont(figure_font(caption_font(self.font())))
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("What ground truth would gain")
        self.setToolTip("PQ of the network alone → with ground truth in the place of what it said.")
        theme.changed.connect(self.update)

    def show_bars(self, bars: Sequence[GainBar]) -> None:
        """Shows what each choice would bring."""
        self.bars = bars
        self.setAccessibleDescription(". ".join(f"{bar.name}: PQ {bar.words}" for bar in bars))
        self.update()

    def sizeHint(self) -> QSize:
        """Returns the height of the bars with their words."""
        return QSize(200, _BARS * self._pitch() - _GAP)

    def _pitch(self) -> int:
        return self.fontMetrics().height() + 2 + _BAR_HEIGHT + _GAP

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paints words and bars; what would come on top is bright, what would be lost is hatched."""
        painter, colors = QPainter(self), self._theme.palette
        height, width = self.fontMetrics().height(), self.width()
        for row, bar in enumerate(self.bars):
            top = row * self._pitch()
            line = QRectF(0, top, width, height)
            painter.setPen(QColor(colors.dim))
            painter.drawText(line, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, bar.name)
            painter.setPen(QColor(colors.text))
            painter.drawText(line, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, bar.words)
            trough = QRectF(0, top + height + 2, width, _BAR_HEIGHT)
            painter.fillRect(trough, QColor(colors.line))
            low, high = sorted((bar.before, bar.after))
            painter.fillRect(_part(trough, 0, low), QColor(colors.dim))
            if bar.after >= bar.before:
                painter.fillRect(_part(trough, low, high), QColor(colors.kept))
            else:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(QBrush(QColor(colors.discarded), Qt.BrushStyle.BDiagPattern))
                painter.drawRect(_part(trough, low, high))


def _part(trough: QRectF, start: float, end: float) -> QRectF:
    return QRectF(trough.x() + start * trough.width(), trough.y(), (end - start) * trough.width(), trough.height())
