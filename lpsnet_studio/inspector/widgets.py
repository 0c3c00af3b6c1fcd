"""Small widgets that tell the merge: a strip of verdicts, a verdict, an overlap bar, a few lines of text."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QHelpEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QResizeEvent,
    QTextLayout,
    QTextOption,
)
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QStyle, QToolTip, QWidget

from lpsnet.structures import MergeStep, StepKind, Verdict
from lpsnet_studio.inspector.wording import step_tip, verdict_icon, verdict_words
from lpsnet_studio.labels import ElidedLabel, as_tip
from lpsnet_studio.state import Result
from lpsnet_studio.theme import Palette, Theme, caption_font, figure_font

__all__ = ["OverlapBar", "Paragraph", "VerdictChip", "VerdictStrip", "verdict_color"]


_STILL_TO_COME = 0.35
_STRIP_TIP = "Tall is kept, with a foot if it contested pixels; low is discarded, a dot is empty."


def verdict_color(step: MergeStep, palette: Palette) -> str:
    """Returns the colour of a step's verdict; contested wins over kept, and leftovers are no one's failure."""
    if step.verdict is Verdict.EMPTY or step.kind is StepKind.LEFTOVERS:
        return palette.dim
    if step.verdict is Verdict.DISCARDED:
        return palette.discarded
    return palette.contested if step.contests else palette.kept


class VerdictStrip(QWidget):
    """One mark a step: kept stands tall, discarded hangs low, empty is a dot. A click or a drag goes there.

    Below a slider of its width over the positions, a mark stands where the slider's handle does right after its step.

    Attributes:
        sought: the position that was asked for, 0 … number of steps.
    """

    sought = Signal(int)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._result: Result | None = None
        self._steps: Sequence[MergeStep] = ()
        self._position = 0
        self._drawn: QPixmap | None = None
        self._drawn_for: tuple[object, ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Verdicts of the merge steps")
        self.setToolTip(_STRIP_TIP)
        theme.changed.connect(self.update)

    def set_result(self, result: Result | None, position: int) -> None:
        """Shows the steps of a merge and the place among them."""
        self._result, self._position = result, position
        self._steps = () if result is None else result.trace.steps
        self.update()

    def sizeHint(self) -> QSize:
        """Returns a height of two lines of marks."""
        return QSize(200, 16)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Goes to the step under the mouse."""
        if self._steps and event.buttons() & Qt.MouseButton.LeftButton:
            self.sought.emit(self._position_at(event.position().x()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Scrubs."""
        self.mousePressEvent(event)

    def middle_of(self, position: int) -> float:
        """Returns where a position lies across the strip, 0 being left of the first mark."""
        return self._end() + position * self._pitch()

    def _end(self) -> float:
        """Returns how far from the strip's edges its first and last positions lie: half a slider's handle."""
        return self.style().pixelMetric(QStyle.PixelMetric.PM_SliderLength, None, self) / 2

    def _pitch(self) -> float:
        return max(self.width() - 2 * self._end(), 1.0) / max(len(self._steps), 1)

    def _position_at(self, x: float) -> int:
        """Returns the position nearest to a place of the strip."""
        return min(max(round((x - self._end()) / self._pitch()), 0), len(self._steps))

    def event(self, event: QEvent) -> bool:
        """Tells of the step under the mouse."""
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip and self._result is not None:
            index = max(self._position_at(event.pos().x()) - 1, 0)
            QToolTip.showText(event.globalPos(), as_tip(f"{step_tip(self._result, index)}\n{_STRIP_TIP}"), self)
            return True
        return super().event(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paints the marks, those still to come faint, and one below the current step."""
        if not self._steps:
            return
        painter = QPainter(self)
        pitch = self._pitch()
        done = round(self.middle_of(self._position) + pitch / 2)
        marks = self._marks()
        painter.setClipRect(0, 0, done, self.height())
        painter.drawPixmap(0, 0, marks)
        painter.setClipRect(done, 0, self.width() - done, self.height())
        painter.setOpacity(_STILL_TO_COME)
        painter.drawPixmap(0, 0, marks)
        if self._position:
            painter.setClipping(False)
            painter.setOpacity(1)
            width = max(_mark_width(pitch), 3.0)
            place = QRectF(self.middle_of(self._position) - width / 2, 14, width, 2)
            painter.fillRect(place, QColor(self._theme.palette.text))

    def _marks(self) -> QPixmap:
        """Returns the marks of all steps; they are drawn anew only when something of them changed."""
        drawn_for = (self._result, self.size(), self.devicePixelRatioF(), self._theme.name)
        if self._drawn is None or self._drawn_for != drawn_for:
            self._drawn, self._drawn_for = self._draw_marks(), drawn_for
        return self._drawn

    def _draw_marks(self) -> QPixmap:
        ratio = self.devicePixelRatioF()
        marks = QPixmap(self.size() * ratio)
        marks.setDevicePixelRatio(ratio)
        marks.fill(Qt.GlobalColor.transparent)
        painter = QPainter(marks)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        width = _mark_width(self._pitch())
        for index, step in enumerate(self._steps):
            painter.setBrush(QColor(verdict_color(step, self._theme.palette)))
            left = self.middle_of(index + 1) - width / 2
            if step.verdict is Verdict.KEPT:
                painter.drawRoundedRect(QRectF(left, 1, width, 9), 1, 1)
                if step.contests:
                    painter.drawRect(QRectF(left + width / 2 - 0.75, 10, 1.5, 3))
            elif step.verdict is Verdict.DISCARDED and step.kind is not StepKind.LEFTOVERS:
                painter.drawRoundedRect(QRectF(left, 8, width, 6), 1, 1)
            else:
                painter.drawEllipse(QPointF(left + width / 2, 8), 1.5, 1.5)
        painter.end()
        return marks


def _mark_width(pitch: float) -> float:
    return min(max(pitch - 1.5, 1.0), 10.0)


class OverlapBar(QWidget):
    """How much of a detection's candidate pixels earlier ones held, beside the threshold."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._overlap: float | None = None
        self._threshold = 0.0
        self.setFixedSize(96, 14)
        self.setAccessibleName("Overlap")
        self.setToolTip("Share of the candidate pixels that earlier boxes held; the mark is the overlap threshold.")
        theme.changed.connect(self.update)

    def set_overlap(self, overlap: float | None, threshold: float, words: str = "") -> None:
        """Shows a ratio, or nothing for a step that has none."""
        self._overlap, self._threshold = overlap, threshold
        self.setAccessibleDescription(words)
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


class VerdictChip(QWidget):
    """A verdict as icon and words in its colour."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._color = theme.palette.dim
        self._icon, self.words = QLabel(), ElidedLabel()
        self.words.setFont(figure_font(self.font()))
        self.setAccessibleName("Verdict")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(6, 1, 8, 1)
        layout.setSpacing(4)
        layout.addWidget(self._icon)
        layout.addWidget(self.words)

    def set_step(self, result: Result, step: MergeStep) -> None:
        """Shows the verdict of a step."""
        self._color = verdict_color(step, self._theme.palette)
        self._icon.setPixmap(self._theme.pixmap(verdict_icon(step), self._color))
        self.words.setText(verdict_words(result, step))
        self.setAccessibleDescription(self.words.text())
        self.update()

    def keep_whole(self, on: bool) -> None:
        """Has the verdict always shown whole, or lets it give way too."""
        self.setMinimumWidth(self.sizeHint().width() if on else 0)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paints an outline around icon and words."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(self._color), 1))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)


class Paragraph(QWidget):
    """Plain text on a fixed number of lines; what there is no room for is elided, and the tool tip says all of it.

    Args:
        lines: how many; the height follows from it and not from the text.
        caption: whether in the font of captions.
        grows: whether a text that needs more lines gets them, so that nothing of it is elided.
    """

    def __init__(self, lines: int, *, caption: bool = False, grows: bool = False) -> None:
        super().__init__()
        self._text, self._lines = "", 0
        self._least_lines, self._grows = lines, grows
        self.setFont(figure_font(caption_font(self.font()) if caption else self.font()))
        self.setForegroundRole(self.palette().ColorRole.PlaceholderText if caption else self.foregroundRole())
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.set_lines(lines)

    def set_lines(self, lines: int) -> None:
        """Sets on how many lines the text stands."""
        self._lines = lines
        self.setFixedHeight(lines * self.fontMetrics().lineSpacing())

    def text(self) -> str:
        """Returns the whole text."""
        return self._text

    def setText(self, text: str) -> None:
        """Shows a text."""
        if text != self._text:
            self._text = text
            self.setAccessibleName(text)
            self._grow()
            self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Wraps the text anew."""
        super().resizeEvent(event)
        self._grow()

    def _grow(self) -> None:
        if self._grows:
            self.set_lines(max(self._least_lines, len(self._starts())))

    def shown(self) -> list[str]:
        """Returns the lines as they are shown, the last one with an ellipsis if that is not all."""
        text, starts = self._unbroken(), self._starts()[: self._lines]
        ends = [*starts[1:], len(text)]
        lines = [text[start:end].strip() for start, end in zip(starts, ends, strict=True)]
        if lines:
            lines[-1] = self.fontMetrics().elidedText(lines[-1], Qt.TextElideMode.ElideRight, self.width())
        return lines

    def _unbroken(self) -> str:
        """Returns the text with its percent signs tied to their figures."""
        return self._text.replace(" %", "\u00a0%")

    def _starts(self) -> list[int]:
        """Returns where each line of the whole text begins, at the width that there is."""
        layout = QTextLayout(self._unbroken(), self.font())
        option = QTextOption()
        option.setWrapMode(QTextOption.WrapMode.WordWrap)
        layout.setTextOption(option)
        layout.beginLayout()
        starts = []
        while (line := layout.createLine()).isValid():
            line.setLineWidth(max(self.width(), 1))
            starts.append(line.textStart())
        layout.endLayout()
        return starts

    def event(self, event: QEvent) -> bool:
        """Tells the whole text where it is elided."""
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            if " ".join(" ".join(self.shown()).split()) != " ".join(self._text.split()):
                QToolTip.showText(event.globalPos(), as_tip(self._text), self)
            return True
        return super().event(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paints the lines."""
        painter = QPainter(self)
        painter.setPen(self.palette().color(self.foregroundRole()))
        spacing, ascent = self.fontMetrics().lineSpacing(), self.fontMetrics().ascent()
        for row, line in enumerate(self.shown()):
            painter.drawText(0, row * spacing + ascent, line)
