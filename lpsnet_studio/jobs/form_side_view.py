"""What stands beside the form of a new job, or, where there is little room, below it behind a heading that folds."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, Qt, QTimer, Signal
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QScrollArea, QToolButton, QVBoxLayout, QWidget

from lpsnet_studio.hairline import hairline
from lpsnet_studio.labels import ElidedLabel

__all__ = ["FormSide"]

_LEAST_WIDTH, _LEAST_HEIGHT = 240, 48
_MOST = 16_777_215


class FormSide(QWidget):
    """Scrolls its parts; below the form all but a heading is folded away, which says in a few words what there is.

    Args:
        title: what its parts are called together.
        parts: what is scrolled, each with its own heading, which is not repeated below one that says the same; no
            heading where that is empty.

    Attributes:
        folded: emitted after it was folded or unfolded, or put elsewhere.
        heading: folds and unfolds; hidden while it stands beside the form.
        sign: shows how the check stands.
        area: what the parts are scrolled in.
    """

    folded = Signal()

    def __init__(self, title: str, parts: Sequence[tuple[str, QWidget]]) -> None:
        super().__init__()
        self._is_folded, self._is_beside = True, False
        self.heading, self.sign, self._words = QToolButton(), QLabel(), ElidedLabel()
        self.area, self._top = QScrollArea(), QWidget()
        self._titles = {name: _bold(name) for name, _ in parts if name}
        self._lay_out(title, parts)
        self.heading.clicked.connect(lambda: self.fold(not self._is_folded))
        self._show_fold()

    @property
    def is_open(self) -> bool:
        """Whether its parts are shown."""
        return self._is_beside or not self._is_folded

    def set_beside(self, beside: bool) -> None:
        """Stands beside the form, where nothing is folded, or below it."""
        if beside != self._is_beside:
            self._is_beside = beside
            self._show_fold()
            self.folded.emit()

    def fold(self, on: bool) -> None:
        """Hides or shows the parts, while they stand below the form."""
        if on != self._is_folded:
            self._is_folded = on
            self._show_fold()
            self.folded.emit()

    def show_words(self, words: str) -> None:
        """Says beside the heading what there is."""
        self._words.setText(words)
        self._tell()

    def unfold(self) -> None:
        """Shows the parts, and scrolls to what has the keyboard as soon as it has."""
        self.fold(False)
        QTimer.singleShot(0, self, self._follow_keyboard)

    def changeEvent(self, event: QEvent) -> None:
        """Gives the heading as much room as the font needs."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self._show_fold()

    def _follow_keyboard(self) -> None:
        focused, inside = self.area.focusWidget(), self.area.widget()
        if focused is not None and inside is not None and inside.isAncestorOf(focused):
            self.area.ensureWidgetVisible(focused, 0, 24)

    def _show_fold(self) -> None:
        self._top.setVisible(not self._is_beside)
        for name, label in self._titles.items():
            label.setVisible(self._is_beside or name != self.heading.text())
        self.area.setVisible(self.is_open)
        self.setMaximumHeight(_MOST if self.is_open else self._top.sizeHint().height())
        self.heading.setArrowType(Qt.ArrowType.DownArrow if self.is_open else Qt.ArrowType.RightArrow)
        self._words.setVisible(not self.is_open)
        self.sign.setVisible(not self.is_open)
        self._tell()

    def _tell(self) -> None:
        """Tells those who hear the heading what others see of it."""
        said = ("unfolded" if self.is_open else "folded", "" if self.is_open else self._words.text())
        self.heading.setAccessibleDescription(", ".join(part for part in said if part))

    def _lay_out(self, title: str, parts: Sequence[tuple[str, QWidget]]) -> None:
        self.heading.setText(title)
        self.heading.setAutoRaise(True)
        self.heading.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.heading.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.heading.setToolTip(f"Fold or unfold: {title.lower()}.")
        font = self.heading.font()
        font.setBold(True)
        self.heading.setFont(font)
        self._words.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        line = QHBoxLayout()
        line.setContentsMargins(16, 2, 16, 2)
        line.setSpacing(8)
        line.addWidget(self.heading)
        line.addWidget(self.sign)
        line.addWidget(self._words, 1)
        line.addStretch(0)
        top = QVBoxLayout(self._top)
        top.setContentsMargins(0, 0, 0, 0)
        top.setSpacing(0)
        top.addWidget(hairline())
        top.addLayout(line)
        page = QWidget()
        inside = QVBoxLayout(page)
        inside.setContentsMargins(16, 8, 16, 8)
        inside.setSpacing(16)
        for name, part in parts:
            inside.addWidget(_titled(self._titles[name], part) if name else part)
        inside.addStretch(1)
        self.area.setWidget(page)
        self.area.setWidgetResizable(True)
        self.area.setFrameShape(QFrame.Shape.NoFrame)
        self.area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.area.setMinimumHeight(_LEAST_HEIGHT)
        self.setMinimumWidth(_LEAST_WIDTH)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._top)
        layout.addWidget(self.area, 1)


def _bold(text: str) -> QLabel:
    label = QLabel(text)
    font = label.font()
    font.setBold(True)
    label.setFont(font)
    return label


def _titled(title: QLabel, below: QWidget) -> QWidget:
    holder = QWidget()
    layout = QVBoxLayout(holder)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(4)
    layout.addWidget(title)
    layout.addWidget(below)
    return holder
