"""A line inside a panel in which a new class is named, before there is any."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QCheckBox, QHBoxLayout, QLineEdit, QPushButton, QVBoxLayout, QWidget
from shiboken6 import isValid

from lpsnet_studio.hairline import hairline
from lpsnet_studio.texts import body

__all__ = ["NewClassBar"]


class NewClassBar(QWidget):
    """Takes the name of a class that is to be added, once it can be one; Esc takes the line away with nothing added.

    Args:
        why_not: says why a class cannot have a name, in a sentence; empty if it can.

    Attributes:
        wanted: the name, and whether it is a thing.
        name: what was typed.
        is_stuff: whether it is stuff.
        sentence: why there cannot be such a class.
        act: adds it.
        cancel: takes the line away.
    """

    wanted = Signal(str, bool)

    def __init__(self, why_not: Callable[[str], str]) -> None:
        super().__init__()
        self._why_not = why_not
        self._before: QWidget | None = None
        self.name, self.sentence = QLineEdit(), body()
        self.name.setPlaceholderText("Name of the new class")
        self.name.setAccessibleName("Name of the new class")
        self.is_stuff = QCheckBox("Stuff")
        self.is_stuff.setToolTip("Stuff is one segment an image; instances of things are told apart.")
        self.act, self.cancel = QPushButton("Add"), QPushButton("Cancel")
        for button in (self.act, self.cancel):
            button.setAutoDefault(False)
        self.name.textChanged.connect(self.look_again)
        self.name.returnPressed.connect(self._tell_wanted)
        self.act.clicked.connect(self._tell_wanted)
        self.cancel.clicked.connect(self.take_away)
        self._lay_out()
        self.hide()

    def _lay_out(self) -> None:
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addWidget(self.is_stuff)
        buttons.addStretch(1)
        for button in (self.act, self.cancel):
            buttons.addWidget(button)
        inner = QVBoxLayout()
        inner.setContentsMargins(8, 8, 8, 8)
        inner.setSpacing(8)
        for widget in (self.name, self.sentence):
            inner.addWidget(widget)
        inner.addLayout(buttons)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addWidget(hairline())
        outer.addLayout(inner)

    def begin(self) -> None:
        """Shows the line, and gives it the keyboard; what was typed stays if it is there already."""
        if self.isHidden():
            self._before = QApplication.focusWidget()
            self.name.clear()
            self.is_stuff.setChecked(False)
        self.look_again()
        self.show()
        self.name.setFocus(Qt.FocusReason.OtherFocusReason)

    def look_again(self) -> None:
        """Says whether there can be a class of the name: the classes may be others now."""
        name = self.name.text().strip()
        reason = self._why_not(name) if name else ""
        self.sentence.setText(reason)
        self.sentence.setVisible(bool(reason))
        self.name.setAccessibleDescription(reason)
        self.act.setEnabled(bool(name) and not reason)

    def take_away(self) -> None:
        """Takes the line away; the keyboard goes back where it was."""
        if self.isHidden():
            return
        focus = QApplication.focusWidget()
        had_focus = focus is not None and self.isAncestorOf(focus)
        self.hide()
        if had_focus and self._before is not None and isValid(self._before):
            self._before.setFocus(Qt.FocusReason.OtherFocusReason)

    def _tell_wanted(self) -> None:
        if self.act.isEnabled():
            self.wanted.emit(self.name.text().strip(), not self.is_stuff.isChecked())

    def event(self, event: QEvent) -> bool:
        """Claims Esc before the window's shortcuts do."""
        is_escape = isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape
        if event.type() == QEvent.Type.ShortcutOverride and is_escape:
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Takes the line away at Esc."""
        if event.key() == Qt.Key.Key_Escape:
            self.take_away()
        else:
            super().keyPressEvent(event)
