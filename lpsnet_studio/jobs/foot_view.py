"""The foot of the view that starts a job: how the form stands, the command that does the same, and the ways out."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QPalette, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QPushButton, QToolButton, QVBoxLayout, QWidget

from lpsnet_studio.jobs.command_line_view import CommandText
from lpsnet_studio.jobs.field_words import to_do_words
from lpsnet_studio.jobs.push_button_view import CopyButton, push_button
from lpsnet_studio.labels import ElidedLabel, as_tip
from lpsnet_studio.message_line import MessageLine
from lpsnet_studio.theme import Theme

__all__ = ["JobFoot"]

_MARGIN = 16
_WIDE = 640
"""Pixels from which on how the form stands and the buttons are on one line."""
_COPY_TIP = "Copy the command to the clipboard."
_START_TIP = "Start the job, or let it wait for its device (Ctrl+Enter)."


class JobFoot(QWidget):
    """Says what is to be mended and why there is no start yet, folds the command away, and has the buttons.

    Args:
        theme: gives icons and colours.

    Attributes:
        mend_asked: the user wants to see what is to be mended.
        remarks_asked: the user wants to see what is allowed but rarely meant.
        mend, remarks: say how much there is, and lead to it.
        reason: the first of what keeps the job from starting.
        question: whether to start in spite of errors; hidden while it is not asked.
        fold: shows or hides the command.
        command: the command's text.
        copy: copies it.
        start, cancel: the two ways out.
        anyway, back: answers to the question.
    """

    mend_asked = Signal()
    remarks_asked = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._is_lacking = False
        self._is_open: bool | None = None
        self.mend = _link("Go to what is to be filled in or mended.")
        self.remarks = _link("Go to what is allowed but rarely meant.")
        self.reason, self.question = ElidedLabel(), MessageLine("fault", theme)
        self.command = CommandText()
        self.copy = CopyButton(self.command.toPlainText, theme)
        self.fold = QToolButton()
        self.start = push_button("Start", _START_TIP)
        self.cancel = push_button("Cancel", "Leave; what is written here stays (Esc).")
        self.anyway = push_button("Start anyway", "Start in spite of what speaks against it.")
        self.back = push_button("Go back", "Mend it first.")
        self._line, self._buttons = QBoxLayout(QBoxLayout.Direction.TopToBottom), QHBoxLayout()
        self._state, self._opened = QWidget(), QWidget()
        self._lay_out()
        self.mend.clicked.connect(self.mend_asked)
        self.remarks.clicked.connect(self.remarks_asked)
        self.fold.clicked.connect(lambda: self._open(self._opened.isHidden(), by_hand=True))
        self._open(False)
        self.show_question("")
        self.follow(theme)

    def stops(self) -> tuple[QWidget, ...]:
        """Returns where Tab stops, in order."""
        return (
            *(self.command, self.copy, self.mend, self.remarks, self.fold),
            *(self.cancel, self.start, self.back, self.anyway),
        )

    def show_state(
        self, faults: Collection[str], lacking: Collection[str], reason: str, remarks: Sequence[str]
    ) -> None:
        """Shows what keeps the job from starting, or else what is remarkable about it.

        Args:
            faults: names of all that is to be mended or filled in.
            lacking: those of them that are merely empty.
            reason: the first of them, in a sentence.
            remarks: what is allowed but rarely meant.
        """
        self._is_lacking = set(faults) <= set(lacking)
        self.mend.setVisible(bool(faults))
        self.mend.setText(to_do_words(faults, lacking))
        self.remarks.setVisible(bool(remarks) and not faults)
        self.remarks.setText(f"{len(remarks)} remark" if len(remarks) == 1 else f"{len(remarks)} remarks")
        self.reason.setText(reason)
        self.start.setEnabled(not faults)
        self.start.setAccessibleDescription(reason)
        self.start.setToolTip(as_tip(reason or _START_TIP))
        self._show_sign()
        self._settle()

    def show_command(self, command: str, reason: str) -> None:
        """Shows what does the same in a terminal; it is copied only if it does.

        Args:
            command: as the form stands.
            reason: why that is not valid; empty if it is.
        """
        self.command.show_command(f"# not valid yet: {reason}\n{command}" if reason else command)
        self.copy.setEnabled(not reason)
        self.copy.setToolTip(as_tip(f"Not valid yet: {reason}" if reason else _COPY_TIP))

    def show_question(self, question: str) -> None:
        """Asks whether to start in spite of errors, or no longer asks."""
        self.question.set_text(question)
        self.reason.setVisible(not question)
        for widget in (self.back, self.anyway):
            widget.setVisible(bool(question))
        for widget in (self.fold, self.cancel, self.start):
            widget.setVisible(not question)
        self._settle()

    def offer_room(self, is_there: bool) -> None:
        """Shows the command where there is room for it, unless it was folded or unfolded by hand."""
        self.command.offer_room(is_there)
        if self._is_open is None:
            self._open(is_there)

    def follow(self, theme: Theme) -> None:
        """Takes icons and colours of a theme."""
        self.start.setIcon(theme.icon("play"))
        self.remarks.setIcon(theme.icon("warning", theme.palette.contested))
        self.question.follow(theme)
        self.copy.follow(theme)
        self._show_sign()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Puts how the form stands beside the buttons, or above them."""
        super().resizeEvent(event)
        self._settle()

    def minimumSizeHint(self) -> QSize:
        """Returns the room that is needed with the buttons below, also while they are beside."""
        inside = max(self._state.minimumSizeHint().width(), self._buttons.minimumSize().width())
        return QSize(inside + 2 * _MARGIN, super().minimumSizeHint().height())

    def _open(self, is_open: bool, *, by_hand: bool = False) -> None:
        if by_hand:
            self._is_open = is_open
        self._opened.setVisible(is_open)
        self.fold.setArrowType(Qt.ArrowType.DownArrow if is_open else Qt.ArrowType.RightArrow)
        self.fold.setAccessibleDescription("unfolded" if is_open else "folded")
        self.fold.setToolTip(f"{'Hide' if is_open else 'Show'} the command that does the same in a terminal.")

    def _show_sign(self) -> None:
        palette = self._theme.palette
        name, color = ("info", palette.dim) if self._is_lacking else ("discarded", palette.discarded)
        self.mend.setIcon(self._theme.icon(name, color))

    def _settle(self) -> None:
        is_wide = self.width() >= _WIDE
        directions = QBoxLayout.Direction
        self._line.setDirection(directions.LeftToRight if is_wide else directions.TopToBottom)
        says_something = not (self.mend.isHidden() and self.remarks.isHidden() and self.question.isHidden())
        self._state.setVisible(is_wide or says_something)

    def _lay_out(self) -> None:
        self.fold.setText("Command")
        self.fold.setAutoRaise(True)
        self.fold.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.fold.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.reason.setForegroundRole(QPalette.ColorRole.WindowText)
        opened = QHBoxLayout(self._opened)
        opened.setContentsMargins(0, 0, 0, 0)
        opened.setSpacing(8)
        opened.addWidget(self.command, 1)
        opened.addWidget(self.copy, 0, Qt.AlignmentFlag.AlignTop)
        state, buttons = QHBoxLayout(self._state), self._buttons
        state.setContentsMargins(0, 0, 0, 0)
        for widget in (self.mend, self.remarks):
            state.addWidget(widget)
        state.addWidget(self.reason, 1)
        state.addWidget(self.question, 1)
        state.addStretch(0)
        buttons.addWidget(self.fold)
        buttons.addStretch(1)
        for widget in (self.cancel, self.start, self.back, self.anyway):
            buttons.addWidget(widget)
        self._line.addWidget(self._state, 1)
        self._line.addLayout(buttons)
        for line in (state, buttons, self._line):
            line.setSpacing(8)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(_MARGIN, 8, _MARGIN, 8)
        layout.setSpacing(8)
        layout.addWidget(self._opened)
        layout.addLayout(self._line)


def _link(tip: str) -> QPushButton:
    button = push_button("", tip)
    button.setFlat(True)
    return button
