"""One step of the merge in words: what it pasted, its verdict and why, and the figures behind it."""

from __future__ import annotations

from PySide6.QtGui import QColor, QPixmap, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from lpsnet_studio.inspector.overlays import step_color
from lpsnet_studio.inspector.widgets import OverlapBar, Paragraph, VerdictChip
from lpsnet_studio.inspector.wording import (
    no_result_line,
    overlap_words,
    step_details,
    step_headline,
    step_sentence,
)
from lpsnet_studio.labels import ElidedLabel
from lpsnet_studio.session import Session
from lpsnet_studio.theme import Theme, caption_font, figure_font

__all__ = ["StepCard"]

_HEAD_HEIGHT = 24
_LEAST_WIDTH_FOR_OVERLAP = 520
_LEAST_WIDTH_FOR_VERDICT = 360


class StepCard(QWidget):
    """One step in words. Its height is the same at every step, so that the photo stays where it is.

    Args:
        session: what is open.
        theme: gives icons and colours.

    Attributes:
        headline: which step it is and what it pastes.
        verdict: the verdict.
        sentence: what happened and why, or why there is no merge.
        details: the figures.
    """

    def __init__(self, session: Session, theme: Theme) -> None:
        super().__init__()
        self._session, self._theme = session, theme
        self.setAccessibleName("Current merge step")
        self._swatch, self.headline, self.verdict = QLabel(), ElidedLabel(), VerdictChip(theme)
        self._overlap, self._ratio = OverlapBar(theme), QLabel()
        self.sentence, self.details = Paragraph(2), Paragraph(1, caption=True)
        bold = figure_font(self.headline.font())
        bold.setBold(True)
        self.headline.setFont(bold)
        self._ratio.setFont(figure_font(caption_font(self.font())))
        head = QWidget()
        head.setFixedHeight(_HEAD_HEIGHT)
        first = QHBoxLayout(head)
        first.setContentsMargins(0, 0, 0, 0)
        first.setSpacing(8)
        for widget in (self._swatch, self.headline, self.verdict, self._overlap, self._ratio):
            first.addWidget(widget)
        first.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        for part in (head, self.sentence, self.details):
            layout.addWidget(part)

    def set_room(self, *, lines: int, figures: bool) -> None:
        """Sets the height: how many lines the sentence has, and whether the figures are shown."""
        self.sentence.set_lines(lines)
        self.details.setVisible(figures)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Shares the width out anew."""
        self._make_room()

    def _make_room(self) -> None:
        """Leaves out the overlap, which the sentence tells too, where there is little room; the verdict goes last."""
        has_room = self.width() >= _LEAST_WIDTH_FOR_OVERLAP
        for widget in (self._overlap, self._ratio):
            widget.setVisible(bool(self._ratio.text()) and has_room)
        self.verdict.keep_whole(self.width() >= _LEAST_WIDTH_FOR_VERDICT)

    def refresh(self) -> None:
        """Shows the step at the session's position."""
        result, step = self._session.result, self._session.current_step
        for widget in (self._swatch, self.verdict):
            widget.setVisible(result is not None and step is not None)
        ratio = "" if result is None or step is None else overlap_words(result, step)
        self._ratio.setText(ratio)
        if result is None:
            entry = self._session.current
            self.headline.setText("")
            self.sentence.setText(no_result_line("" if entry is None else entry.problem, self._session.cancelled))
            self.details.setText("")
            self._make_room()
            return
        index, picture = self._session.position - 1, self._session.picture
        size = None if picture is None else (picture.pixels.shape[0], picture.pixels.shape[1])
        is_before = self._session.view.contested == "before"
        self.headline.setText(step_headline(result, index))
        self.sentence.setText(step_sentence(result, index, before=is_before, full_size=size))
        self.details.setText(step_details(result, index, full_size=size))
        if step is None:
            self._make_room()
            return
        swatch = QPixmap(12, 12)
        swatch.fill(QColor(*step_color(step, result.categories)))
        self._swatch.setPixmap(swatch)
        self.verdict.set_step(result, step)
        self._make_room()
        self._overlap.set_overlap(step.overlap if ratio else None, result.trace.overlap_threshold, ratio)
