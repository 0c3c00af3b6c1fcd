"""A question inside a panel: what will happen in a sentence, and a button that does it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QHBoxLayout, QPushButton, QVBoxLayout, QWidget
from shiboken6 import isValid

from lpsnet_studio.hairline import hairline
from lpsnet_studio.labels import as_tip
from lpsnet_studio.texts import body

__all__ = ["QuestionBar"]

_LONGEST_VERB = 28


class QuestionBar(QWidget):
    """Says a sentence, and offers what can be done about it; Esc takes it away. Nothing else is held up by it.

    Attributes:
        gone: it was taken away, or what it offered was done.
        sentence: what will happen.
        act: does it.
        cancel: takes the question away.
    """

    gone = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._deed: Callable[[], object] = lambda: None
        self._before: QWidget | None = None
        self.sentence = body()
        self.act, self.cancel = QPushButton(), QPushButton("Cancel")
        for button in (self.act, self.cancel):
            button.setAutoDefault(False)
        self.act.clicked.connect(self._do)
        self.cancel.clicked.connect(self.take_away)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addStretch(1)
        for button in (self.act, self.cancel):
            buttons.addWidget(button)
        inner = QVBoxLayout()
        inner.setContentsMargins(8, 8, 8, 8)
        inner.setSpacing(8)
        inner.addWidget(self.sentence)
        inner.addLayout(buttons)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addWidget(hairline())
        outer.addLayout(inner)
        self.hide()

    def ask(self, sentence: str, verb: str, deed: Callable[[], object]) -> None:
        """Asks; Cancel has the keyboard.

        Args:
            sentence: what will happen.
            verb: on the button that does it.
            deed: what is done.
        """
        self._deed = deed
        shown = verb if len(verb) <= _LONGEST_VERB else f"{verb[: _LONGEST_VERB - 1].rstrip()}…"
        self.act.setText(shown.replace("&", "&&"))
        self.act.setToolTip(as_tip(verb))
        self._say(sentence, offers=True, cancel="Cancel")

    def wait(self, sentence: str) -> None:
        """Says what is looked up before the question can be asked."""
        self._say(sentence, offers=False, cancel="Cancel")

    def tell(self, sentence: str) -> None:
        """Says something that nothing can be done about."""
        self._say(sentence, offers=False, cancel="Close")

    def _say(self, sentence: str, *, offers: bool, cancel: str) -> None:
        if self.isHidden():
            self._before = QApplication.focusWidget()
        takes_focus = self.isHidden() or self._has_focus()
        self.sentence.setText(sentence)
        self.act.setVisible(offers)
        self.act.setAccessibleDescription(sentence)
        self.cancel.setText(cancel)
        self.cancel.setAccessibleDescription(sentence)
        self.show()
        if takes_focus:
            self.cancel.setFocus(Qt.FocusReason.OtherFocusReason)

    def take_away(self) -> None:
        """Takes the question away, with nothing done; the keyboard goes back where it was."""
        if not self.isHidden():
            had_focus = self._has_focus()
            self._deed = lambda: None
            self.hide()
            if had_focus and self._before is not None and isValid(self._before):
                self._before.setFocus(Qt.FocusReason.OtherFocusReason)
            self.gone.emit()

    def _has_focus(self) -> bool:
        return self.act.hasFocus() or self.cancel.hasFocus()

    def _do(self) -> None:
        deed = self._deed
        self.take_away()
        deed()

    def event(self, event: QEvent) -> bool:
        """Claims Esc before the window's shortcuts do."""
        is_escape = isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape
        if event.type() == QEvent.Type.ShortcutOverride and is_escape:
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Takes the question away at Esc."""
        if event.key() == Qt.Key.Key_Escape:
            self.take_away()
        else:
            super().keyPressEvent(event)
