"""What the last change of settings did: segments that came and went, quality before and after, time and stages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from html import escape

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from lpsnet.categories import Categories
from lpsnet.overlay import Color
from lpsnet_studio.effects import Effect, Part
from lpsnet_studio.inspector.effect_words import (
    class_counts,
    cost_words,
    counted,
    quality_difference,
    spoken,
    unchanged_words,
)
from lpsnet_studio.labels import ElidedLabel
from lpsnet_studio.session import Session
from lpsnet_studio.state import Result
from lpsnet_studio.texts import as_caption
from lpsnet_studio.theme import Theme, figure_font

__all__ = ["EffectView", "SegmentsLine", "Word"]

_NOTHING_YET = "Turn a setting to see what it changes."
_REST_TIP = "Averaged over the classes that occur, so PQ is not SQ × RQ."
_SWATCH = 10
_GAP = 4
_SPACE = 8
_MOST_COLORS = 3


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a line.

    Attributes:
        text: the word.
        colors: of the swatch before it, side by side where the segments have several; empty for none.
        count: how many segments it stands for.
    """

    text: str
    colors: tuple[Color, ...] = ()
    count: int = 0


class SegmentsLine(QWidget):
    """One line of swatches and names; the segments that there is no room to name are counted."""

    def __init__(self) -> None:
        super().__init__()
        self._words: Sequence[Word] = ()
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def set_words(self, words: Sequence[Word]) -> None:
        """Shows words in their order."""
        self._words = words
        self.setAccessibleName(", ".join(word.text for word in words))
        self.update()

    def sizeHint(self) -> QSize:
        """Returns the height of a line."""
        return QSize(80, self.fontMetrics().height() + 2)

    def shown(self) -> list[Word]:
        """Returns the words that there is room for, and how many segments are left out; of the first name a part."""
        metrics = self.fontMetrics()
        words: list[Word] = []
        used = 0
        for index, word in enumerate(self._words):
            left = sum(later.count for later in self._words[index + 1 :])
            reserve = metrics.horizontalAdvance(f"and {left} more") + _SPACE if left else 0
            room = self.width() - used - reserve - (_SWATCH + _GAP if word.colors else 0)
            if index > 1 and metrics.horizontalAdvance(word.text) > room:
                return [*words, Word(f"and {left + word.count} more")]
            shown = (
                metrics.elidedText(word.text, Qt.TextElideMode.ElideRight, max(room, 0)) if index == 1 else word.text
            )
            words.append(replace(word, text=shown))
            used = self.width() - reserve - room + metrics.horizontalAdvance(shown) + _SPACE
        return words

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paints swatches and names."""
        painter = QPainter(self)
        metrics, x = self.fontMetrics(), 0
        for word in self.shown():
            if word.colors:
                self._paint_swatch(painter, QRect(x, (self.height() - _SWATCH) // 2, _SWATCH, _SWATCH), word.colors)
                x += _SWATCH + _GAP
            painter.setPen(self.palette().color(QPalette.ColorRole.WindowText))
            room = QRect(x, 0, self.width() - x, self.height())
            painter.drawText(room, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft), word.text)
            x += metrics.horizontalAdvance(word.text) + _SPACE

    def _paint_swatch(self, painter: QPainter, box: QRect, colors: Sequence[Color]) -> None:
        """Paints the colours of the first few segments side by side."""
        several = colors[:_MOST_COLORS]
        edges = [box.left() + box.width() * place // len(several) for place in range(len(several) + 1)]
        for color, left, right in zip(several, edges, edges[1:], strict=False):
            painter.fillRect(QRect(left, box.top(), right - left, box.height()), QColor(*color))
        painter.setPen(self.palette().color(QPalette.ColorRole.Mid))
        painter.drawRect(box.adjusted(0, 0, -1, -1))


class EffectView(QWidget):
    """A calm place for what a change did: one line while there is nothing to tell, then as high as a change needs.

    From the first change on an image it keeps its height whatever it says, so that nothing moves below the mouse.

    Args:
        session: whose result it is.
        theme: gives the colours.

    Attributes:
        lost: segments that went; or that none did, or how to see what a change does.
        gained: segments that came.
        quality: PQ, and what it was before.
        change: by how much it changed.
        rest: SQ and RQ.
        cost: the time that the result took, and the stages that ran.
    """

    def __init__(self, session: Session, theme: Theme) -> None:
        super().__init__()
        self._session, self._theme = session, theme
        self.lost, self.gained = SegmentsLine(), SegmentsLine()
        self.quality, self.change = QLabel(), QLabel()
        self.rest, self.cost = as_caption(ElidedLabel()), as_caption(ElidedLabel())
        for label in (self.quality, self.change):
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setFont(figure_font(self.font()))
        self.cost.setToolTip("How long the result took, and which stages ran for it.")
        self.rest.setToolTip(_REST_TIP)
        self.rest.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._lay_out()
        session.result_changed.connect(self._show_all)
        theme.changed.connect(self._show_all)
        self._show_all()

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(_SPACE)
        row.addWidget(self.quality)
        row.addWidget(self.change)
        row.addWidget(self.rest, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 6, 16, 6)
        layout.setSpacing(2)
        for widget in (self.lost, self.gained):
            layout.addWidget(widget)
        layout.addLayout(row)
        layout.addWidget(self.cost)
        layout.addStretch(1)

    def _show_all(self) -> None:
        result, effect = self._session.result, self._session.effect
        self._show_segments(result, effect)
        self.cost.setText("" if result is None else cost_words(result.stages, result.seconds))
        self._show_quality(result, effect)
        told = "" if result is None or effect is None else spoken(effect, result.categories, result.figure)
        # Class names are the user's: they are shown as they are, never as markup.
        tip = f"<span>{escape(told).replace(chr(10), '<br>')}</span>" if told else ""
        for widget in (self.lost, self.gained, self.quality, self.change):
            widget.setToolTip(tip)
        self.setAccessibleName("What the last change did")
        self.setAccessibleDescription(told)
        if result is not None or self._session.current is None:
            self._fit_height(effect)

    def _fit_height(self, effect: Effect | None) -> None:
        """Takes the room of what is shown; of both lines of segments once there is a change to tell of."""
        lines = [self.lost, self.gained] if effect is not None else [self.lost] if self.lost.isVisibleTo(self) else []
        figures = [label for label in (self.quality, self.cost) if label.text()]
        heights = [widget.sizeHint().height() for widget in (*lines, *figures)]
        layout = self.layout()
        assert layout is not None
        margins = layout.contentsMargins()
        self.setFixedHeight(sum(heights) + layout.spacing() * (len(heights) - 1) + margins.top() + margins.bottom())

    def _show_segments(self, result: Result | None, effect: Effect | None) -> None:
        self.lost.setVisible(effect is not None or result is None or not result.quality_words())
        if result is None or effect is None:
            self.lost.set_words((Word(_NOTHING_YET),))
            self.gained.hide()
            return
        lines = [
            _words(sign, parts, result.categories) for sign, parts in (("−", effect.went), ("+", effect.came)) if parts
        ]
        lines = [*(lines or [[Word(unchanged_words(effect))]]), []]
        self.lost.set_words(lines[0])
        self.gained.set_words(lines[1])
        self.gained.setVisible(bool(lines[1]))

    def _show_quality(self, result: Result | None, effect: Effect | None) -> None:
        pq, _, rest = ("" if result is None else result.quality_words()).partition(" · ")
        difference = None if effect is None or result is None else quality_difference(effect, result.figure)
        self.quality.setText(pq if difference is None else difference.values)
        self.change.setText("" if difference is None else difference.change)
        self.rest.setText(rest)
        for label in (self.quality, self.change, self.rest, self.cost):
            label.setVisible(bool(label.text()))
        colors = self._theme.palette
        color = {-1: colors.discarded, 0: colors.dim, 1: colors.kept}[0 if difference is None else difference.sign]
        self.change.setStyleSheet(f"color: {color}")


def _words(sign: str, parts: Sequence[Part], categories: Categories) -> list[Word]:
    named = [Word(each.words, each.colors, each.count) for each in class_counts(parts, categories)]
    return [Word(f"{counted(sign, len(parts))}:"), *named]
