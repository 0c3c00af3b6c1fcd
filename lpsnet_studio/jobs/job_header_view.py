"""The head of a job: what became of it in a sentence, how far it is, where it lies, and what can be done with it."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontDatabase, QGuiApplication, QPalette
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QPushButton, QToolButton, QVBoxLayout, QWidget

from lpsnet_studio.flow_layout import FlowLayout
from lpsnet_studio.jobs.folding_label_view import FoldingLabel
from lpsnet_studio.jobs.job_deeds import DEED_WORDS, Deed, deeds_of, stop_tip, words_of
from lpsnet_studio.jobs.job_header_words import (
    command_words,
    course_words,
    progress_words,
    resume_words,
    sentence_words,
)
from lpsnet_studio.jobs.job_words import KIND_ICONS, KIND_WORDS, fraction_done, is_gone, kind_of, look_of
from lpsnet_studio.jobs.status import JobState
from lpsnet_studio.labels import ElidedLabel, as_tip
from lpsnet_studio.theme import Theme, caption_font, figure_font

if TYPE_CHECKING:
    from lpsnet_studio.jobs.jobs import JobEntry

__all__ = ["JobHeader", "StateChip"]

_NAME_PIXELS = 16
_MOST_SENTENCE_LINES = 3
_BAR_STEPS = 1000
_LINE = 22


def _plain_label() -> QLabel:
    label = QLabel()
    label.setTextFormat(Qt.TextFormat.PlainText)
    return label


def _small_button(name: str, tip: str) -> QToolButton:
    button = QToolButton()
    button.setAutoRaise(True)
    button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    button.setFixedHeight(_LINE)
    button.setAccessibleName(name)
    button.setToolTip(tip)
    return button


class StateChip(QWidget):
    """A state: its icon, its word, and its colour beside."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._icon, self._word = QLabel(), _plain_label()
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(4)
        line.addWidget(self._icon)
        line.addWidget(self._word)

    @property
    def text(self) -> str:
        """The word."""
        return self._word.text()

    def show_state(self, state: JobState, *, is_in_queue: bool) -> None:
        """Shows a state."""
        look = look_of(state, is_in_queue=is_in_queue)
        color = str(getattr(self._theme.palette, look.tone))
        self._icon.setPixmap(self._theme.pixmap(look.icon, color, 16))
        self._word.setText(look.word)
        self.setAccessibleName(f"State: {look.word}")
        palette = self._word.palette()
        palette.setColor(QPalette.ColorRole.WindowText, QColor(color))
        self._word.setPalette(palette)


class JobHeader(QWidget):
    """Shows one job's state, and offers what can be done with it.

    Where there is little room it is folded: what is said takes a line each, and where the job lies and how it was begun
    is behind a button.

    Args:
        theme: gives colours and icons.
        now: the clock, seconds since 1970.

    Signals:
        wanted: a :class:`Deed` was asked for.
        log_wanted: the first error of the log was.
        folder_wanted: the run directory, in the system's file manager.

    Attributes:
        buttons: by deed.
        details: shows and hides what is folded away.
        entry: the job that is shown.
        next_to_start: the run directory of the first job of the queue; None while none waits.
    """

    wanted = Signal(object)
    log_wanted = Signal()
    folder_wanted = Signal()

    def __init__(self, theme: Theme, now: Callable[[], float] = time.time) -> None:
        super().__init__()
        self._theme, self._now = theme, now
        self.entry: JobEntry | None = None
        self.next_to_start: Path | None = None
        self._asked: tuple[Path, object] | None = None
        self._is_roomy = True
        self._wants_details: bool | None = None
        """What the user chose; None to go by the room."""
        self._kind_icon, self.name, self.chip = QLabel(), ElidedLabel(), StateChip(theme)
        self.sentence, self.advice = FoldingLabel(_MOST_SENTENCE_LINES), FoldingLabel()
        self.bar, self.progress = QProgressBar(), ElidedLabel()
        self.path, self.course = ElidedLabel(), ElidedLabel()
        self.command, self.resuming = ElidedLabel(), ElidedLabel()
        self._begun_with, self._resumed_with = QLabel("Begun with"), QLabel("Resumed with")
        self.copy_path = _small_button("Copy the path", "Copy the path of the run directory.")
        self.show_folder = _small_button("Show in folder", "Show the run directory in the system's file manager.")
        self.copy_command = _small_button("Copy the command", "Copy the command that begins the same in a terminal.")
        self.copy_resuming = _small_button(
            "Copy the command that resumes it", "Copy the command that it was resumed with."
        )
        self.details = self._made_details()
        self.show_log = QPushButton("Show the log")
        self.show_log.setAutoDefault(True)
        self.show_log.setToolTip("Go to the first error in the log.")
        self.buttons = {deed: self._made_button(deed) for deed in Deed}
        self._prepare_words()
        self._lay_out()
        self._connect()
        self._follow()

    # ---------------------------------------------------------------------------------------------------------- making

    def _made_button(self, deed: Deed) -> QPushButton:
        button = QPushButton(DEED_WORDS[deed].label)
        # Enter presses it where the keyboard is on it.
        button.setAutoDefault(True)
        button.setToolTip(as_tip(DEED_WORDS[deed].tip))
        button.clicked.connect(lambda _checked=False: self._ask_for(deed))
        return button

    @staticmethod
    def _made_details() -> QToolButton:
        button = QToolButton()
        button.setText("Details")
        button.setCheckable(True)
        button.setAutoRaise(True)
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        button.setToolTip("Show all that is said of the job, when it ran, where it lies, and its command.")
        return button

    def _prepare_words(self) -> None:
        font = QFont(self.font())
        font.setPixelSize(_NAME_PIXELS)
        font.setBold(True)
        self.name.setFont(font)
        captions = (self._begun_with, self._resumed_with)
        for label in captions:
            label.setFont(caption_font(self.font()))
        for label in (self.advice, self.path, self.course, self.command, self.resuming, *captions):
            label.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        small = caption_font(self.font())
        self.path.setFont(small)
        self.course.setFont(figure_font(small))
        self.progress.setFont(figure_font(self.font()))
        fixed = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
        fixed.setPixelSize(small.pixelSize())
        self.command.setFont(fixed)
        self.resuming.setFont(fixed)
        self.bar.setTextVisible(False)
        self.bar.setFixedHeight(4)
        self.bar.setRange(0, _BAR_STEPS)
        self.bar.setAccessibleName("Progress")

    def _lay_out(self) -> None:
        title = self._line(self._kind_icon, self.name, self.chip, stretched=self.name)
        self._outcome = QWidget()
        outcome = QHBoxLayout(self._outcome)
        outcome.setContentsMargins(0, 0, 0, 0)
        outcome.setSpacing(8)
        outcome.addWidget(self.sentence, 1)
        outcome.addWidget(self.show_log, 0, Qt.AlignmentFlag.AlignTop)
        self._progress = QWidget()
        progress = QVBoxLayout(self._progress)
        progress.setContentsMargins(0, 0, 0, 0)
        progress.setSpacing(4)
        progress.addWidget(self.progress)
        progress.addWidget(self.bar)
        self._where = self._line(self.path, self.copy_path, self.show_folder, stretched=self.path)
        self._how = self._line(self._begun_with, self.command, self.copy_command, stretched=self.command)
        self._again = self._line(self._resumed_with, self.resuming, self.copy_resuming, stretched=self.resuming)
        offered = QWidget()
        flow = FlowLayout(offered, gap=8)
        for deed in Deed:
            flow.addWidget(self.buttons[deed])
        flow.addWidget(self.details)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 8, 16, 8)
        layout.setSpacing(4)
        for widget in (title, self._outcome, self.advice, self._progress, offered, self.course, self._where):
            layout.addWidget(widget)
        layout.addWidget(self._how)
        layout.addWidget(self._again)

    @staticmethod
    def _line(*widgets: QWidget, stretched: QWidget) -> QWidget:
        line = QWidget()
        layout = QHBoxLayout(line)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        for widget in widgets:
            layout.addWidget(widget, 1 if widget is stretched else 0)
        return line

    def _connect(self) -> None:
        self.copy_path.clicked.connect(lambda: self._copy(str(self.entry.folder) if self.entry else ""))
        self.copy_command.clicked.connect(lambda: self._copy(self.command.text()))
        self.copy_resuming.clicked.connect(lambda: self._copy(self.resuming.text()))
        self.show_folder.clicked.connect(lambda: self.folder_wanted.emit())
        self.show_log.clicked.connect(lambda: self.log_wanted.emit())
        self.details.clicked.connect(self._choose_details)
        self._theme.changed.connect(self._follow)

    def _follow(self) -> None:
        for button in (self.copy_path, self.copy_command, self.copy_resuming):
            button.setIcon(self._theme.icon("copy"))
        self.show_folder.setIcon(self._theme.icon("open-folder"))
        # The accent is for what is selected.
        palette = self.bar.palette()
        palette.setColor(QPalette.ColorRole.Highlight, QColor(self._theme.palette.dim))
        self.bar.setPalette(palette)
        if self.entry is not None:
            self.show_entry(self.entry)

    # --------------------------------------------------------------------------------------------------------- folding

    @property
    def is_folded(self) -> bool:
        """Whether only what matters most is shown."""
        return not (self._is_roomy if self._wants_details is None else self._wants_details)

    def set_roomy(self, roomy: bool) -> None:
        """Says whether there is room for everything; what the user chose goes before that."""
        self._is_roomy = roomy
        self._fold()

    def _choose_details(self, shown: bool) -> None:
        self._wants_details = shown
        self._fold()

    def _fold(self) -> None:
        folded = self.is_folded
        self.details.setChecked(not folded)
        self.details.setArrowType(Qt.ArrowType.RightArrow if folded else Qt.ArrowType.DownArrow)
        for label in (self.sentence, self.advice):
            if label.is_folded != folded:
                label.set_folded(folded)
        has_command = self.entry is not None and self.entry.spec is not None and not is_gone(self.entry)
        self.course.setVisible(not folded and bool(self.course.text()))
        self._where.setVisible(not folded)
        self._how.setVisible(not folded and has_command)
        is_resumed = has_command and bool(self.resuming.text())
        self._again.setVisible(not folded and is_resumed)
        self._begun_with.setVisible(is_resumed)

    # --------------------------------------------------------------------------------------------------------- showing

    def show_entry(self, entry: JobEntry) -> None:
        """Shows a job as it is now."""
        self.entry = entry
        status, kind, now = entry.status, kind_of(entry), self._now()
        self._kind_icon.setPixmap(self._theme.pixmap(KIND_ICONS[kind], size=20))
        self._kind_icon.setToolTip(KIND_WORDS[kind])
        self._kind_icon.setAccessibleName(KIND_WORDS[kind])
        self.name.setText(entry.name)
        self.chip.show_state(status.state, is_in_queue=bool(entry.waiting))
        self._show_outcome(entry)
        fraction = fraction_done(status)
        self._progress.setVisible(status.state.is_alive and not status.is_outlived)
        # An unknown length is an idle bar: Qt's own would move for ever.
        self.bar.setValue(0 if fraction is None else round(fraction * _BAR_STEPS))
        self.progress.setText(progress_words(status, now))
        self.path.setText(str(entry.folder))
        self.course.setText(course_words(entry, now))
        self.command.setText(command_words(entry))
        self.resuming.setText(resume_words(entry))
        self._fold()
        self._show_buttons(entry)

    def _show_outcome(self, entry: JobEntry) -> None:
        is_bad = entry.status.state in (JobState.FAILED, JobState.LOST)
        sentence = sentence_words(entry, is_first=entry.folder == self.next_to_start)
        self.sentence.setText(sentence)
        self._outcome.setVisible(bool(sentence))
        self.sentence.setToolTip(as_tip(sentence))
        palette = self.sentence.palette()
        colors = self._theme.palette
        palette.setColor(QPalette.ColorRole.WindowText, QColor(colors.discarded if is_bad else colors.text))
        self.sentence.setPalette(palette)
        self.show_log.setVisible(is_bad and not is_gone(entry))
        self.advice.setText(entry.status.advice)
        self.advice.setVisible(bool(entry.status.advice))

    def _show_buttons(self, entry: JobEntry) -> None:
        deeds = deeds_of(entry)
        waits = self._asked == (entry.folder, entry.status)
        if not waits:
            self._asked = None
        self.buttons[Deed.STOP].setToolTip(as_tip(stop_tip(entry)))
        words = words_of(Deed.RESUME, entry)
        self.buttons[Deed.RESUME].setText(words.label)
        self.buttons[Deed.RESUME].setToolTip(as_tip(words.tip))
        for deed, button in self.buttons.items():
            button.setVisible(deed in deeds and (deed is not Deed.FORGET or is_gone(entry)))
            button.setEnabled(not waits or deed.is_use or deed in (Deed.DUPLICATE, Deed.KILL))

    # ---------------------------------------------------------------------------------------------------------- asking

    def _ask_for(self, deed: Deed) -> None:
        if self.entry is None:
            return
        if deed in (Deed.STOP, Deed.RESUME, Deed.START_NOW, Deed.WITHDRAW):
            # Once is enough; the next status says what came of it.
            self._asked = (self.entry.folder, self.entry.status)
            self._show_buttons(self.entry)
        self.wanted.emit(deed)

    def allow_again(self) -> None:
        """Offers everything again, since what was asked for could not be done."""
        self._asked = None
        if self.entry is not None:
            self._show_buttons(self.entry)

    @staticmethod
    def _copy(text: str) -> None:
        if text:
            QGuiApplication.clipboard().setText(text)
