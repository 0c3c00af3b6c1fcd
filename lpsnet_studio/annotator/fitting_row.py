"""Controls on one line, of which the less important ones are left out where there is no room for all."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLayout, QSizePolicy, QWidget

__all__ = ["FittingRow"]


class FittingRow(QWidget):
    """Shows as many of its controls beside each other as there is room for, by their ranks.

    Args:
        gap: pixels between two.

    Attributes:
        left_out_changed: other controls are left out now.
    """

    left_out_changed = Signal()

    def __init__(self, gap: int) -> None:
        super().__init__()
        self._ranks: dict[QWidget, int] = {}
        self._wanted: set[QWidget] = set()
        self._gap = gap
        self.left_out: tuple[QWidget, ...] = ()
        """The controls that are wanted and have no room, in their order."""
        self._line = QHBoxLayout(self)
        self._line.setContentsMargins(0, 0, 0, 0)
        self._line.setSpacing(gap)
        self._line.setSizeConstraint(QLayout.SizeConstraint.SetNoConstraint)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def add(self, control: QWidget, rank: int, *, stretch: int = 0) -> None:
        """Adds a control at the end; those of the lowest ranks are shown first."""
        self._ranks[control] = rank
        self._wanted.add(control)
        self._line.addWidget(control, stretch, Qt.AlignmentFlag.AlignVCenter)

    def add_stretch(self) -> None:
        """Leaves the room that is left here."""
        self._line.addStretch(1)

    def rank(self, control: QWidget, rank: int) -> None:
        """Makes a control more important, or less."""
        if self._ranks[control] != rank:
            self._ranks[control] = rank
            self.fit()

    def want(self, control: QWidget, on: bool) -> None:
        """Says whether a control is to be there at all; :meth:`fit` shows it."""
        (self._wanted.add if on else self._wanted.discard)(control)

    def fit(self) -> None:
        """Shows what has room."""
        room, shown = self.width() + self._gap, set()
        for control in sorted(self._ranks, key=lambda each: self._ranks[each]):
            needed = _least_width(control) + self._gap
            if control in self._wanted and needed <= room:
                shown.add(control)
                room -= needed
        for control in self._ranks:
            control.setVisible(control in shown)
        before, self.left_out = self.left_out, tuple(each for each in self._ranks if each in self._wanted - shown)
        if self.left_out != before:
            self.left_out_changed.emit()

    def sizeHint(self) -> QSize:
        """Returns the height of the highest control, whether or not it has room."""
        heights = (max(control.sizeHint().height(), control.minimumHeight()) for control in self._ranks)
        return QSize(0, max(heights, default=0))

    def minimumSizeHint(self) -> QSize:
        """Returns that any width will do."""
        return self.sizeHint()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Shows what has room now."""
        super().resizeEvent(event)
        self.fit()


def _least_width(control: QWidget) -> int:
    if control.minimumWidth() > 0:
        return control.minimumWidth()
    return control.sizeHint().width()
