"""Messages at the lower right that never take the focus."""

from __future__ import annotations

from functools import partial
from typing import Literal

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QEnterEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QGridLayout, QLabel, QPlainTextEdit, QToolButton, QWidget

from lpsnet_studio.state import Problem
from lpsnet_studio.theme import Theme

__all__ = ["Notifications"]

_WIDTH = 380
_MARGIN = 12
_MOST = 4
_MILLISECONDS = {"info": 5000, "failure": 15000}
Kind = Literal["info", "failure"]


class _Note(QWidget):
    """One message; it stays while the mouse is on it or its details are open.

    Attributes:
        problem: what it tells of.
        text: what it says.
        gone: emitted when it is taken away.
    """

    gone = Signal()

    def __init__(self, problem: Problem, kind: Kind, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self.problem = problem
        self.text = _text(problem)
        self._details = QPlainTextEdit(problem.details)
        self._details.setReadOnly(True)
        self._details.setFixedHeight(140)
        self._details.hide()
        icon = QLabel()
        color = theme.palette.discarded if kind == "failure" else theme.palette.text
        icon.setPixmap(theme.pixmap("warning" if kind == "failure" else "info", color))
        text = QLabel(self.text)
        text.setWordWrap(True)
        text.setTextFormat(Qt.TextFormat.PlainText)
        text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        close = QToolButton()
        close.setIcon(theme.icon("close"))
        close.setAutoRaise(True)
        close.setToolTip("Close this message")
        close.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        close.clicked.connect(self.dismiss)
        layout = QGridLayout(self)
        layout.setContentsMargins(12, 8, 8, 8)
        layout.setHorizontalSpacing(8)
        layout.addWidget(icon, 0, 0, Qt.AlignmentFlag.AlignTop)
        layout.addWidget(text, 0, 1)
        layout.addWidget(close, 0, 2, Qt.AlignmentFlag.AlignTop)
        if problem.details:
            layout.addWidget(self._details_button(), 1, 1, Qt.AlignmentFlag.AlignLeft)
            layout.addWidget(self._details, 2, 1, 1, 2)
        layout.setColumnStretch(1, 1)
        self.setFixedWidth(_WIDTH)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_MILLISECONDS[kind])
        self._timer.timeout.connect(self.dismiss)
        self._timer.start()

    def _details_button(self) -> QToolButton:
        button = QToolButton()
        button.setText("Details")
        button.setCheckable(True)
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        button.toggled.connect(self._show_details)
        return button

    def dismiss(self) -> None:
        """Takes the message away."""
        self._timer.stop()
        self.hide()
        self.gone.emit()
        self.deleteLater()

    def renew(self) -> None:
        """Stays as long as a new message would."""
        if self._timer.isActive():
            self._timer.start()

    def enterEvent(self, event: QEnterEvent) -> None:
        """Stays while it is read."""
        self._timer.stop()

    def leaveEvent(self, event: QEvent) -> None:
        """Goes some time after it was read."""
        if not self._details.isVisible():
            self._timer.start()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paints a raised card."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(self._theme.palette.line)))
        painter.setBrush(QColor(self._theme.palette.raised))
        painter.drawRoundedRect(self.rect().adjusted(0, 0, -1, -1), 6, 6)

    def _show_details(self, on: bool) -> None:
        self._details.setVisible(on)
        self._timer.stop()
        self.adjustSize()


class Notifications(QObject):
    """Shows messages over the lower right corner of a widget.

    Args:
        over: the widget.
        theme: gives icons and colours.
    """

    def __init__(self, over: QWidget, theme: Theme) -> None:
        super().__init__(over)
        self._over, self._theme = over, theme
        self._notes: list[_Note] = []
        over.installEventFilter(self)

    @property
    def texts(self) -> list[str]:
        """What is shown now, the oldest first."""
        return [note.text for note in self._notes]

    def show_failure(self, problem: Problem) -> None:
        """Tells of a failure."""
        self._show(problem, "failure")

    def show_info(self, sentence: str) -> None:
        """Tells of a success."""
        self._show(Problem(sentence), "info")

    def keep_only_about(self, picture: str) -> None:
        """Takes away what is about other pictures than the one at this path."""
        for note in list(self._notes):
            if note.problem.picture not in ("", picture):
                note.dismiss()

    def _show(self, problem: Problem, kind: Kind) -> None:
        same = next((note for note in self._notes if note.text == _text(problem)), None)
        if same is not None:
            same.renew()
            return
        note = _Note(problem, kind, self._theme, self._over)
        note.installEventFilter(self)
        note.gone.connect(partial(self._forget, note))
        self._notes.append(note)
        while len(self._notes) > _MOST:
            self._notes[0].dismiss()
        note.adjustSize()
        note.show()
        note.raise_()
        self._place()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Keeps the messages in their corner."""
        if event.type() == QEvent.Type.Resize:
            self._place()
        return False

    def _forget(self, gone: _Note) -> None:
        self._notes = [note for note in self._notes if note is not gone]
        self._place()

    def _place(self) -> None:
        bottom = self._over.height() - _MARGIN
        for note in reversed(self._notes):
            bottom -= note.height()
            note.move(self._over.width() - note.width() - _MARGIN, bottom)
            bottom -= 8


def _text(problem: Problem) -> str:
    return f"{problem.sentence}\n{problem.advice}" if problem.advice else problem.sentence
