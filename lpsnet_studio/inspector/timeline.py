"""The merge as time: play, step, scrub, and a card that tells what the current step did."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, QTimer
from PySide6.QtGui import QAction, QColor, QPixmap
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QSlider, QToolButton, QVBoxLayout, QWidget

from lpsnet.structures import StepKind
from lpsnet_studio.inspector.overlays import step_color
from lpsnet_studio.inspector.widgets import OverlapBar, VerdictStrip, verdict_color
from lpsnet_studio.inspector.wording import (
    contest_lines,
    no_result_line,
    pixel_line,
    step_headline,
    verdict_icon,
    verdict_words,
)
from lpsnet_studio.labels import ElidedLabel
from lpsnet_studio.session import Session
from lpsnet_studio.theme import Theme, caption_font, figure_font

__all__ = ["StepCard", "Timeline"]

_STEP_MILLISECONDS = 350
_BUTTONS = ("first_step", "step_back", "play", "step_forward", "last_step")


class StepCard(QWidget):
    """One step in words: what was pasted, the overlap against the threshold, the verdict, contested pixels.

    Args:
        session: what is open.
        theme: gives icons and colours.
    """

    def __init__(self, session: Session, theme: Theme) -> None:
        super().__init__()
        self._session, self._theme = session, theme
        self._swatch, self._icon, self._headline, self._verdict = QLabel(), QLabel(), ElidedLabel(), ElidedLabel()
        self._overlap = OverlapBar(theme)
        self._pixels, self._contests = QLabel(), QLabel()
        bold = self._headline.font()
        bold.setBold(True)
        self._headline.setFont(bold)
        for label in (self._pixels, self._contests):
            label.setFont(caption_font(self.font()))
            label.setForegroundRole(label.foregroundRole())
            label.setWordWrap(True)
            label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        first = QHBoxLayout()
        first.setSpacing(8)
        for widget in (self._swatch, self._headline, self._icon, self._verdict, self._overlap):
            first.addWidget(widget)
        first.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addLayout(first)
        layout.addWidget(self._pixels)
        layout.addWidget(self._contests)
        self.setMinimumHeight(20 + 2 * 16)

    def refresh(self) -> None:
        """Shows the step at the session's position."""
        result, step = self._session.result, self._session.current_step
        for widget in (self._swatch, self._icon, self._verdict, self._overlap):
            widget.setVisible(step is not None)
        self._contests.setText("")
        if result is None:
            self._headline.setText("")
            entry = self._session.current
            self._pixels.setText(no_result_line("" if entry is None else entry.problem, self._session.cancelled))
            return
        self._headline.setText(step_headline(step, result.categories))
        if step is None:
            self._pixels.setText("Boxes are pasted by descending score, then stuff is filled in.")
            return
        swatch = QPixmap(12, 12)
        swatch.fill(QColor(*step_color(step, result.categories)))
        self._swatch.setPixmap(swatch)
        color = verdict_color(step, self._theme.palette)
        self._icon.setPixmap(self._theme.pixmap(verdict_icon(step), color))
        self._verdict.setText(verdict_words(step, result.trace, result.settings.stuff_limit))
        is_detection = step.kind is StepKind.DETECTION and step.candidate_pixels > 0
        self._overlap.set_overlap(step.overlap if is_detection else None, result.trace.overlap_threshold)
        self._overlap.setVisible(is_detection)
        self._pixels.setText(pixel_line(step))
        self._contests.setText("\n".join(contest_lines(step, result.categories)))


class Timeline(QWidget):
    """The merge timeline under the canvas.

    Args:
        session: what is open.
        theme: gives icons and colours.
        actions: by id; the buttons carry those of the merge.
    """

    def __init__(self, session: Session, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("timeline")
        self._session, self._theme = session, theme
        self._timer = QTimer(self)
        self._timer.setInterval(_STEP_MILLISECONDS)
        self._timer.timeout.connect(self._advance)
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setAccessibleName("Merge step")
        self.slider.setToolTip("Scrub through the steps of the merge.")
        self.strip = VerdictStrip(theme)
        self._place = QLabel()
        self._place.setFont(figure_font(self.font()))
        self._place.setMinimumWidth(self._place.fontMetrics().horizontalAdvance("000 / 000"))
        self._place.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.card = StepCard(session, theme)
        self._buttons = QHBoxLayout()
        self._buttons.setSpacing(0)
        self._lay_out()
        self.slider.valueChanged.connect(session.seek)
        self.strip.sought.connect(session.seek)
        self.strip.sought.connect(lambda _position: session.play(False))
        self.slider.sliderPressed.connect(lambda: session.play(False))
        session.result_changed.connect(self._show_result)
        session.position_changed.connect(lambda *_: self._show_position())
        session.playing_changed.connect(self._run)
        for signal in (session.current_changed, session.entry_changed, session.busy_changed):
            signal.connect(lambda *_: self._show_lack())
        theme.changed.connect(self.card.refresh)
        self._show_result()

    def _lay_out(self) -> None:
        scrub = QVBoxLayout()
        scrub.setSpacing(0)
        scrub.addWidget(self.slider)
        scrub.addWidget(self.strip)
        top = QHBoxLayout()
        top.setSpacing(8)
        top.addLayout(self._buttons)
        top.addLayout(scrub, 1)
        top.addWidget(self._place)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 6, 12, 6)
        layout.setSpacing(4)
        layout.addLayout(top)
        layout.addWidget(self.card)

    def add_buttons(self, actions: dict[str, QAction]) -> None:
        """Puts the merge's actions at the left, as buttons."""
        for name in _BUTTONS:
            button = QToolButton()
            button.setDefaultAction(actions[name])
            button.setAutoRaise(True)
            button.setIconSize(QSize(20, 20))
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            self._buttons.addWidget(button)

    def _show_result(self) -> None:
        steps = self._session.steps
        self.slider.blockSignals(True)
        self.slider.setRange(0, len(steps))
        self.slider.blockSignals(False)
        self.slider.setEnabled(bool(steps))
        self._show_position()

    def _show_position(self) -> None:
        steps, position = self._session.steps, self._session.position
        self.slider.blockSignals(True)
        self.slider.setValue(position)
        self.slider.blockSignals(False)
        self.strip.set_steps(steps, position)
        self._place.setText(f"{position} / {len(steps)}" if steps else "")
        self.card.refresh()

    def _show_lack(self) -> None:
        """Says why there is no merge; a merge that is shown stays as it is."""
        if self._session.result is None:
            self.card.refresh()

    def _run(self, playing: bool) -> None:
        if playing:
            self._timer.start()
        else:
            self._timer.stop()

    def _advance(self) -> None:
        self._session.seek(self._session.position + 1)
        if self._session.position >= len(self._session.steps):
            self._session.play(False)
