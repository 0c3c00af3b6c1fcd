"""What the last change of settings did: segments that came and went, quality before and after, time and stages."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from lpsnet.categories import Categories
from lpsnet_studio.effects import Effect
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
from lpsnet_studio.theme import Theme, caption_font, figure_font

__all__ = ["EffectView", "SegmentsLine"]

_NOTHING_YET = "What a change does is told here."
_SWATCH = 10
_GAP = 4
_SPACE = 8
Word = tuple[QColor | None, str]
"""A swatch, or none, and what stands behind it."""


class SegmentsLine(QWidget):
    """One line of swatches and names; what there is no room for is counted."""

    def __init__(self) -> None:
        super().__init__()
        self._words: Sequence[Word] = ()
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def set_words(self, words: Sequence[Word]) -> None:
        """Shows words in their order."""
        self._words = words
        self.setAccessibleName(", ".join(text for _, text in words))
        self.update()

    def sizeHint(self) -> QSize:
        """Returns the height of a line."""
        return QSize(80, self.fontMetrics().height() + 2)

    def shown(self) -> list[Word]:
        """Returns the words that there is room for, and how many are left out; of the first name at least a part."""
        metrics = self.fontMetrics()
        words, used = [], 0
        for index, (swatch, text) in enumerate(self._words):
            left = len(self._words) - index - 1
            reserve = metrics.horizontalAdvance(f"and {left} more") + _SPACE if left else 0
            room = self.width() - used - reserve - (_SWATCH + _GAP if swatch else 0)
            if index > 1 and metrics.horizontalAdvance(text) > room:
                return [*words, (None, f"and {left + 1} more")]
            shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, max(room, 0)) if index == 1 else text
            words.append((swatch, shown))
            used = self.width() - reserve - room + metrics.horizontalAdvance(shown) + _SPACE
        return words

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paints swatches and names."""
        painter = QPainter(self)
        metrics, x = self.fontMetrics(), 0
        for swatch, text in self.shown():
            if swatch is not None:
                box = QRect(x, (self.height() - _SWATCH) // 2, _SWATCH, _SWATCH)
                painter.fillRect(box, swatch)
                painter.setPen(self.palette().color(QPalette.ColorRole.Mid))
                painter.drawRect(box.adjusted(0, 0, -1, -1))
                x += _SWATCH + _GAP
            painter.setPen(self.palette().color(QPalette.ColorRole.WindowText))
            room = QRect(x, 0, self.width() - x, self.height())
            painter.drawText(room, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft), text)
            x += metrics.horizontalAdvance(text) + _SPACE


class EffectView(QWidget):
    """A calm place for what a change did: it keeps its height whatever it says, so that nothing moves below the mouse.

    Args:
        session: whose result it is.
        theme: gives the colours.

    Attributes:
        lost: segments that went, or that there is nothing to tell.
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
        self.rest, self.cost = ElidedLabel(), ElidedLabel()
        for label in (self.quality, self.change):
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setFont(figure_font(self.font()))
        for label in (self.rest, self.cost):
            label.setFont(caption_font(self.font()))
            label.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self.cost.setToolTip("How long the result took, and which stages ran for it.")
        row = QHBoxLayout()
        row.setSpacing(_SPACE)
        row.addWidget(self.quality)
        row.addWidget(self.change)
        row.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 8, 16, 8)
        layout.setSpacing(2)
        for widget in (self.lost, self.gained):
            layout.addWidget(widget)
        layout.addLayout(row)
        for widget in (self.rest, self.cost):
            layout.addWidget(widget)
        self.setFixedHeight(layout.sizeHint().height())
        layout.addStretch(1)
        session.result_changed.connect(self._show_all)
        theme.changed.connect(self._show_all)
        self._show_all()

    def _show_all(self) -> None:
        result, effect = self._session.result, self._session.effect
        self._show_segments(result, effect)
        self._show_quality(result, effect)
        self.cost.setText("" if result is None else cost_words(result.stages, result.seconds))
        told = "" if result is None or effect is None else spoken(effect, result.categories)
        # Class names are the user's: they are shown as they are, never as markup.
        tip = f"<span>{escape(told).replace(chr(10), '<br>')}</span>" if told else ""
        for widget in (self.lost, self.gained, self.quality, self.change):
            widget.setToolTip(tip)
        self.setAccessibleName("What the last change did")
        self.setAccessibleDescription(told)

    def _show_segments(self, result: Result | None, effect: Effect | None) -> None:
        if result is None or effect is None:
            self.lost.set_words(((None, _NOTHING_YET),))
            self.gained.hide()
            return
        lines = [
            _words(sign, labels, result.categories)
            for sign, labels in (("−", effect.lost), ("+", effect.gained))
            if labels
        ]
        lines = [*(lines or [[(None, unchanged_words(effect))]]), []]
        self.lost.set_words(lines[0])
        self.gained.set_words(lines[1])
        self.gained.setVisible(bool(lines[1]))

    def _show_quality(self, result: Result | None, effect: Effect | None) -> None:
        pq, _, rest = ("" if result is None else result.quality_words()).partition(" · ")
        difference = None if effect is None else quality_difference(effect)
        self.quality.setText(pq if difference is None else difference.values)
        self.change.setText("" if difference is None else difference.change)
        self.rest.setText(rest)
        for label in (self.quality, self.change, self.rest):
            label.setVisible(bool(label.text()))
        colors = self._theme.palette
        color = {-1: colors.discarded, 0: colors.dim, 1: colors.kept}[0 if difference is None else difference.sign]
        self.change.setStyleSheet(f"color: {color}")


def _words(sign: str, labels: Sequence[int], categories: Categories) -> list[Word]:
    named = [(QColor(*categories[label].color), words) for label, words in class_counts(labels, categories)]
    return [(None, f"{counted(sign, len(labels))}:"), *named]
