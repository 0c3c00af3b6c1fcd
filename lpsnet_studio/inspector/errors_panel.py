"""The result against the ground truth: its quality, every segment's verdict, and what would help most."""

from __future__ import annotations

from typing import get_args

from PySide6.QtCore import QSize, Qt, QTimer
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QFrame,
    QHBoxLayout,
    QScrollArea,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from lpsnet.analysis.errors import SegmentVerdict
from lpsnet.analysis.gains import biggest_gain
from lpsnet_studio.examination import Examination
from lpsnet_studio.inspector.errors_figures import GainBars, QualityTable
from lpsnet_studio.inspector.errors_judging import Judging
from lpsnet_studio.inspector.errors_model import ErrorFilter, gain_bars, quality_lines
from lpsnet_studio.inspector.errors_table import ErrorsTable, ErrorsTableModel
from lpsnet_studio.inspector.filter_chips import Chip, FilterChips
from lpsnet_studio.inspector.obstacles import obstacle_to_judging
from lpsnet_studio.inspector.widgets import Paragraph
from lpsnet_studio.judgement import Judgement
from lpsnet_studio.session import Session
from lpsnet_studio.texts import caption, empty_state
from lpsnet_studio.theme import Theme
from lpsnet_studio.view_options import ComparisonMode

__all__ = ["ErrorsPanel"]

_CHIPS = (
    Chip("all", "Every match and every other segment, worst first."),
    Chip("TP", "True positives: matches with an IoU above 0.5 and the right class.", title="TP"),
    Chip("FP", "False positives: predicted segments that match nothing.", title="FP"),
    Chip("FN", "False negatives: true segments that nothing matches.", title="FN"),
    Chip("ignored", "Predictions on void or crowd, and crowd itself: they cost nothing.", "void", "dim"),
)
_SHOW_MILLISECONDS, _GAINS_MILLISECONDS = 30, 400
_LEAST_TABLE = 120
_MARKS = "Mark what is right and wrong on the image (8)."
_MARKS_LATER = f"{_MARKS} While the curtain or the blink is on, they wait: only what differs changes then."
_CHOOSE = (
    "Select a row to see its segment on the image, and its counterpart in the ground truth dashed. Enter zooms to it."
)
_WEIGHING = "Measuring what true semantics and true boxes would gain …"
_LATER = "What ground truth would gain is measured once the result is here at full size."


class ErrorsPanel(QWidget):
    """Quality, verdicts and gains of the current image; everything is asked for while it is shown, and not before.

    Args:
        session: what is open.
        examination: what oracles would gain, and what is marked on the canvas.
        theme: gives colours and icons.

    Attributes:
        quality: PQ, SQ and RQ.
        marks: whether verdicts are marked on the image.
        curtain: whether the swipe curtain is on.
        blink: whether prediction and truth take turns.
        chips: which verdicts are listed.
        table: the verdicts.
        told: all that is known of the selected one.
        gains: what each choice of oracles would bring.
        advice: what would help most.
    """

    def __init__(self, session: Session, examination: Examination, theme: Theme) -> None:
        super().__init__()
        self._session, self._examination = session, examination
        self._judging = Judging(self)
        self._left_at: SegmentVerdict | None = None
        self.quality = QualityTable()
        self.marks = _toggle("Marks", _MARKS)
        self.curtain = _toggle("Curtain", "Prediction left, ground truth right of a line that you can drag (C).")
        self.blink = _toggle("Blink", "Let prediction and ground truth take turns; without motion, show the truth (T).")
        self.chips = FilterChips(_CHIPS, theme)
        self.model = ErrorsTableModel()
        self.table = ErrorsTable(self.model)
        self.table.setMinimumHeight(_LEAST_TABLE)
        self.told = Paragraph(3, caption=True, grows=True)
        self.gains = GainBars(theme)
        self.advice = Paragraph(3, grows=True)
        self._empty = empty_state()
        self._lay_out()
        self._soon, self._gains_soon = QTimer(self), QTimer(self)
        for timer, pause, act in (
            (self._soon, _SHOW_MILLISECONDS, self._show_all),
            (self._gains_soon, _GAINS_MILLISECONDS, self._ask_gains),
        ):
            timer.setSingleShot(True)
            timer.setInterval(pause)
            timer.timeout.connect(act)
        self._listen()
        self._show_view()
        self._show_all()

    # ----------------------------------------------------------------------------------------------------- composition

    def _lay_out(self) -> None:
        toggles = QHBoxLayout()
        toggles.setSpacing(16)
        for button in (self.marks, self.curtain, self.blink):
            toggles.addWidget(button)
        toggles.addStretch(1)
        page = QWidget()
        layout = QVBoxLayout(page)
        layout.setContentsMargins(12, 12, 12, 12)
        layout.setSpacing(8)
        layout.addWidget(self.quality)
        layout.addLayout(toggles)
        layout.addWidget(self.chips)
        layout.addWidget(self.table, 1)
        layout.addWidget(self.told)
        layout.addSpacing(4)
        for widget in (caption("Gain over the network alone, PQ"), self.gains, self.advice):
            layout.addWidget(widget)
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._scroll.setWidget(page)
        self._empty.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._stack = QStackedLayout(self)
        self._stack.addWidget(self._empty)
        self._stack.addWidget(self._scroll)

    def minimumSizeHint(self) -> QSize:
        """Returns a size that cuts nothing off at the right; what does not fit below is scrolled to."""
        return QSize(256, 80)

    def _listen(self) -> None:
        session, examination = self._session, self._examination
        session.picture_changed.connect(self._leave_picture)
        for signal in (
            session.result_changed,
            session.current_changed,
            session.entry_changed,
            session.model_changed,
        ):
            signal.connect(lambda *_: self._follow())
        session.view_changed.connect(self._show_view)
        session.selection_changed.connect(self._show_selection)
        examination.gains_changed.connect(self._show_gains)
        examination.verdicts.looked_at_changed.connect(self._mark_row)
        self._judging.judged.connect(self._show_judgement)
        self.marks.clicked.connect(lambda on: session.change_layer("verdicts", visible=on))
        self.curtain.clicked.connect(lambda on: self._compare("curtain" if on else "off"))
        self.blink.clicked.connect(lambda on: self._compare("blink" if on else "off"))
        self.chips.chosen.connect(self._filter)
        self.table.current_row_changed.connect(self._look_at)
        self.table.clicked.connect(lambda index: self._look_at(index.row()))
        self.table.activated.connect(lambda index: self._look_at(index.row(), zoom=True))
        self.table.doubleClicked.connect(lambda index: self._look_at(index.row(), zoom=True))
        self.model.modelReset.connect(self._mark_row)

    # --------------------------------------------------------------------------------------------------------- showing

    def showEvent(self, event: QShowEvent) -> None:
        """Shows what came while the panel was hidden."""
        super().showEvent(event)
        self._show_all()

    def hideEvent(self, event: QHideEvent) -> None:
        """Takes the marks off the image, and judges nothing that nobody sees."""
        super().hideEvent(event)
        self._soon.stop()
        self._gains_soon.stop()
        self._judging.forget()
        self._left_at = self._examination.verdicts.looked_at
        self._examination.verdicts.show(None)

    def setFocus(self, *reason: Qt.FocusReason) -> None:
        """Gives the keyboard to the table, or to the sentence that stands in its place."""
        (self.table if self._stack.currentIndex() else self._empty).setFocus(*reason)

    def _leave_picture(self) -> None:
        """Forgets what was said of another picture, lest it be told of this one, or held on to while hidden."""
        self._left_at = None
        self._judging.let_go()
        self._show_nothing()
        self._follow()

    def _show_nothing(self) -> None:
        self.model.set_judgement(None)
        self._show_counts()
        self._examination.verdicts.show(None)

    def _follow(self) -> None:
        """Follows the session a moment later, so that the picture comes first."""
        if self.isVisible() and not self._soon.isActive():
            self._soon.start()

    def _show_all(self) -> None:
        if not self.isVisible():
            return
        obstacle = obstacle_to_judging(self._session)
        self._empty.setText(obstacle)
        self._stack.setCurrentIndex(0 if obstacle else 1)
        result, truth, picture = self._session.result, self._session.truth, self._session.picture
        if obstacle or result is None or truth is None or picture is None:
            self._judging.forget()
            self._show_nothing()
            return
        self.quality.show_lines(quality_lines(result), result.figure)
        if result.size == truth.ids.shape:
            judgement = self._judging.want(result, truth, picture.truth_areas)
            if judgement is not None:
                self._show_judgement(judgement)
        self._show_gains()
        self._gains_soon.start()

    def _show_judgement(self, judgement: Judgement) -> None:
        if not self.isVisible() or judgement.result is not self._session.result:
            return
        looked_at = self._examination.verdicts.looked_at or self._left_at
        self._left_at = None
        self.model.set_judgement(judgement)
        self._show_counts()
        self._examination.verdicts.show(judgement)
        if looked_at is not None:
            at = self.model.errors.place_of(looked_at)
            same = self.model.errors.shown[at].verdict if at >= 0 else None
            self._examination.verdicts.look_at(same)
        self._mark_row()

    def _show_counts(self) -> None:
        self.chips.show_counts(self.model.errors.counts)

    def _show_view(self) -> None:
        view = self._session.view
        self.marks.setChecked(view.layer("verdicts").visible)
        self.marks.setToolTip(_MARKS if view.comparison == "off" else _MARKS_LATER)
        self.curtain.setChecked(view.comparison == "curtain")
        self.blink.setChecked(view.comparison == "blink")

    # ----------------------------------------------------------------------------------------------------------- gains

    def _ask_gains(self) -> None:
        if self.isVisible() and self._session.truth is not None:
            self._examination.want_gains()
            self._show_gains()

    def _show_gains(self) -> None:
        if not self.isVisible():
            return
        gains, problem = self._examination.gains, self._examination.gains_problem
        result = self._session.result
        if gains is not None and result is not None:
            self.gains.show_bars(gain_bars(gains, result.settings))
            self.advice.setText(biggest_gain(gains, result.settings))
        else:
            self.gains.show_bars(())
            self.advice.setText(problem or (_WEIGHING if self._session.is_current else _LATER))

    # --------------------------------------------------------------------------------------------------------- choices

    def _compare(self, mode: ComparisonMode) -> None:
        self._session.change_view(comparison=mode)

    def _filter(self, name: str) -> None:
        assert name in get_args(ErrorFilter)
        self.model.filter_by(name)  # type: ignore[arg-type]

    def _look_at(self, row: int, *, zoom: bool = False) -> None:
        """Marks the two segments of a row on the canvas, and goes there."""
        if not 0 <= row < len(self.model.errors.shown):
            return
        verdict = self.model.errors.shown[row].verdict
        self._examination.verdicts.look_at(verdict)
        self._session.select(verdict.prediction)
        if zoom:
            self._examination.verdicts.look_at(verdict, zoom=True)
        self._tell(row)

    def _show_selection(self, owner: int) -> None:
        """Goes to the row of a segment that was selected elsewhere."""
        looked_at = self._examination.verdicts.looked_at
        if not self.isVisible() or (looked_at is not None and looked_at.prediction == owner):
            return
        at = self.model.errors.place_of_prediction(owner) if owner else -1
        self._examination.verdicts.look_at(self.model.errors.shown[at].verdict if at >= 0 else None)

    def _mark_row(self) -> None:
        at = self.model.errors.place_of(self._examination.verdicts.looked_at)
        self.table.mark_row(at)
        self._tell(at)

    def _tell(self, row: int) -> None:
        self.told.setText(self.model.errors.shown[row].told if row >= 0 else _CHOOSE)


def _toggle(text: str, tip: str) -> QCheckBox:
    check = QCheckBox(text)
    check.setToolTip(tip)
    check.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return check
