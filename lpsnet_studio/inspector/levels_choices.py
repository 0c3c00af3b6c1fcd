"""Which candidate boxes are drawn, how many, and what their colours tell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QCheckBox, QComboBox, QGridLayout, QSizePolicy, QWidget

from lpsnet_studio.inspector.levels_model import GROUPS, MOST, Choice, TilePicture
from lpsnet_studio.texts import caption

__all__ = ["LevelsChoices"]

_APART_FROM = 4
"""Before this group of candidates stands a line: the ones after it are of one fate each."""


class _Box(QComboBox):
    """A choice that the wheel scrolls past instead of changing it."""

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Leaves the wheel to the page."""
        event.ignore()


class LevelsChoices(QWidget):
    """The choices with their names.

    Attributes:
        changed: the user chose something else to be drawn on the canvas, see :attr:`choice`.
        pictures_changed: likewise, to be shown in the small pictures.
        choice: what is drawn; its level is chosen elsewhere.
        heat: whether the small pictures show border-ness and not boxes.
    """

    changed = Signal()
    pictures_changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.choice = Choice()
        self.group = _choice("Boxes", "Which boxes are drawn and listed.", [(each.words, each.name) for each in GROUPS])
        self.group.insertSeparator(_APART_FROM)
        most = [(f"best {count:,}" if count else "all", count) for count in MOST]
        self.most = _choice("At most", "How many boxes are drawn and listed, the best-scored first.", most)
        self.coloring = _choice("Colour", "What a box's colour tells.", [("level", "level"), ("score", "score")])
        self.heat = QCheckBox("Border-ness in the small pictures")
        self.heat.setToolTip("Show the border-ness of each level in its small picture, in place of its boxes.")
        self.heat.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        layout = QGridLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setHorizontalSpacing(8)
        layout.setVerticalSpacing(2)
        layout.addWidget(self.heat, 0, 0, 1, 2)
        for column in (0, 1):
            layout.setColumnStretch(column, 1)
        self._add(layout, self.group, 1, 0, span=2)
        for column, box in enumerate((self.most, self.coloring)):
            self._add(layout, box, 3, column)
        self.most.setCurrentIndex(self.most.findData(self.choice.most))
        self.group.activated.connect(lambda _: self._take(group=self.group.currentData()))
        self.most.activated.connect(lambda _: self._take(most=self.most.currentData()))
        self.coloring.activated.connect(lambda _: self._take(coloring=self.coloring.currentData()))
        self.heat.clicked.connect(lambda _on: self.pictures_changed.emit())

    @property
    def pictures(self) -> TilePicture:
        """What the small pictures show."""
        return "border-ness" if self.heat.isChecked() and self.heat.isEnabled() else "boxes"

    def show_group(self, name: str) -> None:
        """Chooses which boxes are drawn, as the user does."""
        self.group.setCurrentIndex(self.group.findData(name))
        self._take(group=name)

    def set_level(self, level: int) -> None:
        """Takes the level that was chosen elsewhere."""
        self._take(level=level)

    def _take(self, **changes: Any) -> None:
        wanted = replace(self.choice, **changes)
        if wanted != self.choice:
            self.choice = wanted
            self.changed.emit()

    def _add(self, layout: QGridLayout, box: QComboBox, row: int, column: int, span: int = 1) -> None:
        name = caption(box.accessibleName())
        name.setBuddy(box)
        layout.addWidget(name, row, column, 1, span)
        layout.addWidget(box, row + 1, column, 1, span)


def _choice(name: str, tip: str, entries: Sequence[tuple[str, Any]]) -> QComboBox:
    box = _Box()
    for text, value in entries:
        box.addItem(text, value)
    box.setAccessibleName(name)
    box.setToolTip(tip)
    box.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    box.setMinimumContentsLength(5)
    box.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
    return box
