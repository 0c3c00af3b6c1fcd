"""Small widgets that tell the merge: a strip of verdicts, an overlap bar."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from lpsnet.structures import MergeStep, Verdict
from lpsnet_studio.theme import Palette, Theme

__all__ = ["OverlapBar", "VerdictStrip", "verdict_color"]


def verdict_color(step: MergeStep, palette: Palette) -> str:
    """Returns the colour of a step's verdict; contested wins over kept."""
    if step.verdict is Verdict.EMPTY:
        return palette.dim
    if step.verdict is Verdict.DISCARDED:
        return palette.discarded
    return palette.contested if step.contests else palette.kept


class VerdictStrip(QWidget):
    """One mark a step: kept stands tall, discarded hangs low, empty is a dot. A click or a drag goes there.

    Attributes:
        sought: the position that was asked for, 0 … number of steps.
    """

    sought = Signal(int)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._steps: Sequence[MergeStep] = ()
        self._position = 0
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Verdicts of the merge steps")
        self.setToolTip("Every step of the merge: tall is kept, low is discarded, a dot is empty.")
        theme.changed.connect(self.update)

    def set_steps(self, steps: Sequence[MergeStep], position: int) -> None:
        """Shows the steps and the place among them."""
        self._steps, self._position = steps, position
        self.update()

    def sizeHint(self) -> QSize:
        """Returns a height of two lines of marks."""
        return QSize(200, 16)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Goes to the step under the mouse."""
        if self._steps and event.buttons() & Qt.MouseButton.LeftButton:
            share = event.position().x() / max(self.width(), 1)
            self.sought.emit(min(max(int(share * len(self._steps)) + 1, 0), len(self._steps)))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Scrubs."""
        self.mousePressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paints the marks; those still to come are faint."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        pitch = self.width() / max(len(self._steps), 1)
        width = min(max(pitch - 1.5, 1.0), 10.0)
        for index, step in enumerate(self._steps):
            color = QColor(verdict_color(step, self._theme.palette))
            color.setAlphaF(1.0 if index < self._position else 0.35)
            painter.setBrush(color)
            left = (index + 0.5) * pitch - width / 2
            if step.verdict is Verdict.KEPT:
                painter.drawRoundedRect(QRectF(left, 1, width, 9), 1, 1)
            elif step.verdict is Verdict.DISCARDED:
                painter.drawRoundedRect(QRectF(left, 8, width, 6), 1, 1)
            else:
                painter.drawEllipse(QPointF(left + width / 2, 8), 1.5, 1.5)
        if self._position:
            painter.setBrush(QColor(self._theme.palette.text))
            painter.drawRect(QRectF((self._position - 0.5) * pitch - width / 2, 14, width, 2))


class OverlapBar(QWidget):
    """How much of a detection's candidate pixels earlier ones held, beside the threshold."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._overlap: float | None = None
        self._threshold = 0.0
        self.setFixedSize(120, 14)
        self.setToolTip("Share of the candidate pixels that earlier boxes held; the mark is the overlap threshold.")
        theme.changed.connect(self.update)

    def set_overlap(self, overlap: float | None, threshold: float) -> None:
        """Shows a ratio, or nothing for a step that has none."""
        self._overlap, self._threshold = overlap, threshold
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paints the bar."""
        if self._overlap is None:
            return
        colors = self._theme.palette
        painter = QPainter(self)
        trough = QRectF(0, 4, self.width(), 6)
        painter.fillRect(trough, QColor(colors.line))
        over = self._overlap > self._threshold
        filled = QRectF(trough)
        filled.setWidth(trough.width() * min(self._overlap, 1.0))
        painter.fillRect(filled, QColor(colors.discarded if over else colors.kept))
        painter.setPen(QPen(QColor(colors.text), 2))
        x = min(max(trough.width() * self._threshold, 1), trough.width() - 1)
        painter.drawLine(QPointF(x, 0), QPointF(x, 14))
