"""A line inside a panel that comes when it is needed, and then gives the keyboard back."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QHBoxLayout, QPushButton, QVBoxLayout, QWidget
from shiboken6 import isValid

from lpsnet_studio.escape import claims_escape
from lpsnet_studio.hairline import hairline

__all__ = ["PassingBar"]


class PassingBar(QWidget):
    """Has one button that acts and one that takes the line away, as Esc does. Nothing else is held up by it.

    Attributes:
        gone: it was taken away.
        act: does what the line is for.
        cancel: takes it away.
    """

    gone = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._before: QWidget | None = None
        self.act, self.cancel = QPushButton(), QPushButton("Cancel")
        for button in (self.act, self.cancel):
            button.setAutoDefault(False)
        self.cancel.clicked.connect(self.take_away)
        self.hide()

    def _lay_out(self, lines: Iterable[QWidget], beside: Iterable[QWidget] = ()) -> None:
        """Puts lines one above the other, and under them the buttons, with what stands beside these."""
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        for widget in beside:
            buttons.addWidget(widget)
        buttons.addStretch(1)
        for button in (self.act, self.cancel):
            buttons.addWidget(button)
        inner = QVBoxLayout()
        inner.setContentsMargins(8, 8, 8, 8)
        inner.setSpacing(8)
        for widget in lines:
            inner.addWidget(widget)
        inner.addLayout(buttons)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addWidget(hairline())
        outer.addLayout(inner)

    def _come(self) -> None:
        """Shows the line, and keeps who has the keyboard if it was not there already."""
        if self.isHidden():
            self._before = QApplication.focusWidget()
        self.show()

    def take_away(self) -> None:
        """Takes the line away, with nothing done; the keyboard goes back where it was."""
        if self.isHidden():
            return
        had_focus = self._has_focus()
        self.hide()
        if had_focus and self._before is not None and isValid(self._before):
            self._before.setFocus(Qt.FocusReason.OtherFocusReason)
        self.gone.emit()

    def _has_focus(self) -> bool:
        focus = QApplication.focusWidget()
        return focus is not None and self.isAncestorOf(focus)

    def event(self, event: QEvent) -> bool:
        """Claims Esc before the window's shortcuts do."""
        return claims_escape(event) or super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Takes the line away at Esc."""
        if event.key() == Qt.Key.Key_Escape:
            self.take_away()
        else:
            super().keyPressEvent(event)
