"""A line inside a panel in which a new class is named, before there is any."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QLineEdit

from lpsnet_studio.annotator.passing_bar import PassingBar
from lpsnet_studio.texts import body

__all__ = ["NewClassBar"]


class NewClassBar(PassingBar):
    """Takes the name of a class that is to be added, once it can be one; Esc takes the line away with nothing added.

    Args:
        why_not: says why a class cannot have a name, in a sentence; empty if it can.

    Attributes:
        wanted: the name, and whether it is a thing.
        name: what was typed.
        is_stuff: whether it is stuff.
        sentence: why there cannot be such a class.
        act: adds it.
    """

    wanted = Signal(str, bool)

    def __init__(self, why_not: Callable[[str], str]) -> None:
        super().__init__()
        self._why_not = why_not
        self.name, self.sentence = QLineEdit(), body()
        self.name.setPlaceholderText("Name of the new class")
        self.name.setAccessibleName("Name of the new class")
        self.is_stuff = QCheckBox("Stuff")
        self.is_stuff.setToolTip("Stuff is one segment an image; instances of things are told apart.")
        self.act.setText("Add")
        self.name.textChanged.connect(self.look_again)
        self.name.returnPressed.connect(self._tell_wanted)
        self.act.clicked.connect(self._tell_wanted)
        self._lay_out((self.name, self.sentence), beside=(self.is_stuff,))

    def begin(self) -> None:
        """Shows the line, and gives it the keyboard; what was typed stays if it is there already."""
        if self.isHidden():
            self.name.clear()
            self.is_stuff.setChecked(False)
        self.look_again()
        self._come()
        self.name.setFocus(Qt.FocusReason.OtherFocusReason)

    def look_again(self) -> None:
        """Says whether there can be a class of the name: the classes may be others now."""
        name = self.name.text().strip()
        reason = self._why_not(name) if name else ""
        self.sentence.setText(reason)
        self.sentence.setVisible(bool(reason))
        self.name.setAccessibleDescription(reason)
        self.act.setEnabled(bool(name) and not reason)

    def _tell_wanted(self) -> None:
        if self.act.isEnabled():
            self.wanted.emit(self.name.text().strip(), not self.is_stuff.isChecked())
