"""A row of choices with counts, of which one is on; it takes as many lines as its width asks for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QButtonGroup, QSizePolicy, QToolButton, QWidget

from lpsnet_studio.theme import caption_font, figure_font

__all__ = ["FilterChips"]

_GAP = 4


class FilterChips(QWidget):
    """Choices of which one is on; arrow keys go from one to the next.

    Args:
        choices: name of each choice with the sentence that tells what it lets pass.

    Attributes:
        chosen: the name of the choice that the user turned on.
        buttons: by name.
    """

    chosen = Signal(str)

    def __init__(self, choices: Sequence[tuple[str, str]]) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._group = QButtonGroup(self)
        self.buttons: dict[str, QToolButton] = {}
        for name, tip in choices:
            button = QToolButton(self)
            button.setCheckable(True)
            button.setAutoExclusive(True)
            button.setFont(figure_font(caption_font(self.font())))
            button.setToolTip(tip)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.clicked.connect(lambda _checked=False, name=name: self.chosen.emit(name))
            self._group.addButton(button)
            self.buttons[name] = button
        next(iter(self.buttons.values())).setChecked(True)
        self.show_counts(dict.fromkeys(self.buttons, 0))

    def show_counts(self, counts: Mapping[str, int]) -> None:
        """Tells how many rows each choice would let pass."""
        for name, button in self.buttons.items():
            button.setText(f"{name.capitalize()} {counts[name]:,}")
            button.setAccessibleName(f"{name.capitalize()}: {counts[name]:,} steps")
        self._place()

    def choose(self, name: str) -> None:
        """Turns a choice on as if the user had."""
        self.buttons[name].click()

    def minimumSizeHint(self) -> QSize:
        """Returns the room of the widest choice."""
        return QSize(max(button.sizeHint().width() for button in self.buttons.values()), 0)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Places the choices anew."""
        self._place()

    def _place(self) -> None:
        left, top, height = 0, 0, 0
        for button in self.buttons.values():
            size = button.sizeHint()
            if left and left + size.width() > self.width():
                left, top = 0, top + size.height() + _GAP
            button.setGeometry(left, top, size.width(), size.height())
            left, height = left + size.width() + _GAP, top + size.height()
        if self.height() != height:
            self.setFixedHeight(height)
