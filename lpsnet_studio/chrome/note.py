"""One message on a card."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import QEvent, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QCursor,
    QFontDatabase,
    QGuiApplication,
    QHideEvent,
    QKeyEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QShowEvent,
    QTextOption,
)
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QSizePolicy,
    QTextEdit,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from lpsnet_studio.state import Problem
from lpsnet_studio.theme import Theme, caption_font

__all__ = ["WIDTH", "Note", "NoteAction", "NoteKind"]

NoteKind = Literal["info", "warning", "failure"]

_WORDS: dict[NoteKind, str] = {"info": "Note", "warning": "Warning", "failure": "Failure"}
_MILLISECONDS: dict[NoteKind, int] = {"info": 5000, "warning": 10_000, "failure": 15_000}
WIDTH = 360
"""Of a message, where there is room for it."""
_DETAILS_HEIGHT = 140
_LEAST_DETAILS_HEIGHT = 40
_LEAST_TEXT_HEIGHT = 20


@dataclass(frozen=True, slots=True)
class NoteAction:
    """What a message offers to do.

    Attributes:
        text: on the button.
        act: what it does; the message goes afterwards.
    """

    text: str
    act: Callable[[], object]


class _Sentence(QTextEdit):
    """Plain text that can be selected, wraps even inside long paths, and is scrolled where there is no room for it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.setReadOnly(True)
        self.setPlainText(text)
        self.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.viewport().setAutoFillBackground(False)
        self.document().setDocumentMargin(0)

    def needed_height(self, width: int) -> int:
        """Returns the height at which nothing has to be scrolled."""
        self.document().setTextWidth(width)
        needed = max(_LEAST_TEXT_HEIGHT, round(self.document().size().height()) + 2)
        # Beside a scroll bar lines are shorter.
        self.document().setTextWidth(self.viewport().width())
        return needed


class Note(QWidget):
    """One message. It goes by itself, but not while it is hovered, has the focus, or shows its details.

    Args:
        problem: what it tells of.
        kind: how grave it is.
        theme: gives icons and colours.
        parent: what it lies on.
        action: what it offers to do; None for nothing.
        stays: whether it waits to be closed.

    Attributes:
        problem: what it tells of.
        kind: how grave it is.
        text: what it says.
        count: how often it was said.
        gone: emitted when it is taken away, with whether it had the focus.
        resized: emitted when it needs another height.
    """

    gone = Signal(bool)
    resized = Signal()

    def __init__(
        self,
        problem: Problem,
        kind: NoteKind,
        theme: Theme,
        parent: QWidget,
        action: NoteAction | None = None,
        *,
        stays: bool = False,
    ) -> None:
        super().__init__(parent)
        self.problem, self.kind, self.count = problem, kind, 1
        self.text = f"{problem.sentence}\n{problem.advice}" if problem.advice else problem.sentence
        self._theme, self._action, self._stays = theme, action, stays
        self._details: QPlainTextEdit | None = None
        self.setObjectName("note")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAccessibleName(f"{_WORDS[kind]}: {self.text}")
        self._icon, self._word = QLabel(), QLabel(_WORDS[kind])
        self._word.setFont(caption_font(self.font()))
        self._close = self._button("", "Close this message", self.dismiss)
        self._close.setAccessibleName("Close this message")
        self._sentence = _Sentence(self.text)
        self._lay_out()
        self.show_theme()
        self._pointer = QCursor.pos()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_MILLISECONDS[kind])
        self._timer.timeout.connect(self._go_unless_read)

    # ----------------------------------------------------------------------------------------------------- composition

    def _lay_out(self) -> None:
        head, foot = QHBoxLayout(), QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(self._icon)
        head.addWidget(self._word, 1)
        head.addWidget(self._close)
        if self._action is not None:
            foot.addWidget(self._button(self._action.text, "", self._act))
        if self.problem.details:
            opener = self._button("Details", "Show what a report needs", self._show_details)
            opener.setCheckable(True)
            foot.addWidget(opener)
            self._copy = self._button("Copy", "Copy this message with its details", self._copy_all)
            self._copy.hide()
            foot.addWidget(self._copy)
        foot.addStretch(1)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(12, 8, 8, 8)
        self._column.setSpacing(4)
        self._column.addLayout(head)
        self._column.addWidget(self._sentence)
        if foot.count() > 1:
            self._column.addLayout(foot)

    def _button(self, text: str, tip: str, act: Callable[..., object]) -> QToolButton:
        button = QToolButton()
        button.setText(text)
        button.setToolTip(tip)
        button.setAutoRaise(not text)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.clicked.connect(act)
        return button

    def show_theme(self) -> None:
        """Takes the theme's colours."""
        colors = self._theme.palette
        color = {"info": colors.dim, "warning": colors.contested, "failure": colors.discarded}[self.kind]
        self._icon.setPixmap(self._theme.pixmap("info" if self.kind == "info" else "warning", color))
        self._word.setStyleSheet(f"color: {color}")
        self._close.setIcon(self._theme.icon("close"))
        self.update()

    def fit(self, width: int, height: int) -> None:
        """Takes the size that its text needs, but not more than there is room for; what does not fit is scrolled."""
        margins = self._column.contentsMargins()
        self.setFixedWidth(min(width, WIDTH))
        needed = self._sentence.needed_height(self.width() - margins.left() - margins.right())
        details = 0 if self._details is None else _DETAILS_HEIGHT
        excess = self._height_with(needed, details) - height
        if excess > 0 and details:
            details = max(_LEAST_DETAILS_HEIGHT, details - excess)
            excess = self._height_with(needed, details) - height
        if excess > 0:
            self._height_with(max(_LEAST_TEXT_HEIGHT, needed - excess), details)
        self.resize(self.width(), self._column.sizeHint().height())

    def _height_with(self, sentence: int, details: int) -> int:
        """Gives its parts their heights; returns the height that it has then."""
        self._sentence.setFixedHeight(sentence)
        if self._details is not None:
            self._details.setFixedHeight(details)
        self._column.activate()
        return self._column.sizeHint().height()

    # ------------------------------------------------------------------------------------------------------- behaviour

    def renew(self, problem: Problem) -> None:
        """Says once more what it says, and stays as long as a new message would."""
        self.problem = problem
        self.count += 1
        self._word.setText(f"{_WORDS[self.kind]} ×{self.count}")
        self.setAccessibleName(f"{_WORDS[self.kind]}, {self.count} times: {self.text}")
        if self._timer.isActive():
            self._let_time_run()

    def _let_time_run(self) -> None:
        self._pointer = QCursor.pos()
        self._timer.start()

    def dismiss(self) -> None:
        """Takes the message away."""
        had_focus = self.has_focus()
        self._timer.stop()
        self.hide()
        self.gone.emit(had_focus)
        self.deleteLater()

    @property
    def is_open(self) -> bool:
        """Whether it shows its details."""
        return self._details is not None

    def has_focus(self) -> bool:
        """Whether it, or anything on it, has the keyboard."""
        focused = QApplication.focusWidget()
        return focused is not None and (focused is self or self.isAncestorOf(focused))

    def _go_unless_read(self) -> None:
        """Goes, unless someone reads it: a pointer that rests where it appeared was left there by chance."""
        is_pointed_at = self.underMouse() and QCursor.pos() != self._pointer
        if is_pointed_at or self.has_focus() or self._details is not None:
            self._let_time_run()
        else:
            self.dismiss()

    def _act(self) -> None:
        assert self._action is not None
        self._action.act()
        self.dismiss()

    def _show_details(self, on: bool) -> None:
        if on:
            self._details = QPlainTextEdit(self.problem.details)
            self._details.setReadOnly(True)
            self._details.setTabChangesFocus(True)
            self._details.setFont(caption_font(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)))
            self._details.setAccessibleName("Details")
            self._column.addWidget(self._details)
            self._details.show()
        elif self._details is not None:
            self._column.removeWidget(self._details)
            self._details.hide()
            self._details.deleteLater()
            self._details = None
        self._copy.setVisible(on)
        self.resized.emit()

    def _copy_all(self) -> None:
        QGuiApplication.clipboard().setText(f"{self.text}\n\n{self.problem.details}")

    # ---------------------------------------------------------------------------------------------------------- events

    def showEvent(self, event: QShowEvent) -> None:
        """Lets its time run; while it is hidden behind others, or the window is, it does not."""
        if not self._stays:
            self._let_time_run()

    def hideEvent(self, event: QHideEvent) -> None:
        """Keeps its time for when it is seen again."""
        self._timer.stop()

    def event(self, event: QEvent) -> bool:
        """Keeps Escape, which closes it while it has the focus, from cancelling what is computed."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            if event.key() == Qt.Key.Key_Escape:
                event.accept()
                return True
        elif event.type() in (QEvent.Type.FocusIn, QEvent.Type.FocusOut):
            self.update()
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape closes it; Enter does what it offers."""
        if event.key() == Qt.Key.Key_Escape:
            self.dismiss()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.hasFocus() and self._action is not None:
            self._act()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paints a raised card, ringed while it has the focus."""
        colors = self._theme.palette
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(colors.accent if self.hasFocus() else colors.line), 2 if self.hasFocus() else 1))
        painter.setBrush(QColor(colors.raised))
        painter.drawRoundedRect(self.rect().adjusted(1, 1, -1, -1), 6, 6)
