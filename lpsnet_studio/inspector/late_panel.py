"""A panel that is not there before it is looked at."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

from PySide6.QtCore import Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

__all__ = ["LatePanel"]


class LatePanel(QWidget):
    """Makes a panel as it is first shown: building those that nobody opens would keep every start waiting.

    Args:
        make: builds the panel, as things stand then.
    """

    def __init__(self, make: Callable[[], QWidget]) -> None:
        super().__init__()
        self._make = make
        self._made: QWidget | None = None
        self._inner = QVBoxLayout(self)
        self._inner.setContentsMargins(0, 0, 0, 0)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # keeps the place where Tab will come to what it makes

    @property
    def panel(self) -> QWidget:
        """What is shown; it is made if it is not there yet."""
        if self._made is None:
            self._made = self._make()
            in_turn = [_stop_before(self), *_in_turn(self._made)]
            self._inner.addWidget(self._made)
            for before, after in pairwise(in_turn):
                QWidget.setTabOrder(before, after)
            self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            self.setFocusProxy(self._made)
        return self._made

    def showEvent(self, event: QShowEvent) -> None:
        """Makes the panel."""
        super().showEvent(event)
        if self._made is None:
            self.panel.show()
            self._inner.activate()  # it has its place at once, as one that was there before


def _stop_before(widget: QWidget) -> QWidget:
    """Returns the last widget before another at which Tab stops."""
    each = widget.previousInFocusChain()
    while each is not widget and not each.focusPolicy() & Qt.FocusPolicy.TabFocus:
        each = each.previousInFocusChain()
    return each


def _in_turn(panel: QWidget) -> list[QWidget]:
    """Returns what Tab goes through in a panel that lies in no window yet."""
    chain, each = [panel], panel.nextInFocusChain()
    while each is not panel:
        chain.append(each)
        each = each.nextInFocusChain()
    return [stop for stop in chain if stop.focusPolicy() & Qt.FocusPolicy.TabFocus]
