"""Choices with counts, of which one is on: in words, in icons where these have no room, else on several lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QIcon, QPalette, QResizeEvent
from PySide6.QtWidgets import QButtonGroup, QSizePolicy, QToolButton, QWidget

from lpsnet_studio.theme import Theme, caption_font, figure_font

__all__ = ["Chip", "FilterChips"]

_ICON, _GAP = 14, 4
_STYLE = """
    QToolButton { border: 1px solid palette(mid); border-radius: 4px; padding: 2px 5px; background: transparent; }
    QToolButton:hover { background: palette(button); }
    QToolButton:checked { background: palette(highlight); color: palette(highlighted-text); }
    QToolButton:focus { border-color: palette(text); }
"""


@dataclass(frozen=True, slots=True)
class Chip:
    """One choice.

    Attributes:
        name: in the program, and with a capital for people.
        tip: one sentence about what it lets pass.
        icon: stands for the words where there is little room; empty for a choice that keeps its words.
        color: which colour of the palette the icon has.
        apart: whether a line sets it apart from those before it, which it overlaps.
        title: for people, where that is not the name with a capital.
    """

    name: str
    tip: str
    icon: str = ""
    color: str = "text"
    apart: bool = False
    title: str = ""


class FilterChips(QWidget):
    """Choices of which one is on; Tab and arrow keys go from one to the next. All of them are whole at any width.

    Args:
        chips: the choices; the first is on.
        theme: gives icons and colours.

    Attributes:
        chosen: the name of the choice that the user turned on.
        buttons: by name.
        brief: whether icons stand for words.
    """

    chosen = Signal(str)

    def __init__(self, chips: Sequence[Chip], theme: Theme) -> None:
        super().__init__()
        self._chips, self._theme = chips, theme
        self._counts: Mapping[str, int] = dict.fromkeys((chip.name for chip in chips), 0)
        self.brief = False
        self.buttons: dict[str, QToolButton] = {}
        self._dividers: dict[str, QWidget] = {}
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setStyleSheet(_STYLE)
        group = QButtonGroup(self)
        for chip in chips:
            if chip.apart:
                self._dividers[chip.name] = _divider(self)
            button = self.buttons[chip.name] = QToolButton(self)
            button.setCheckable(True)
            button.setFont(figure_font(caption_font(self.font())))
            button.setIconSize(QSize(_ICON, _ICON))
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.clicked.connect(lambda _checked=False, name=chip.name: self.chosen.emit(name))
            group.addButton(button)
        self.buttons[chips[0].name].setChecked(True)
        theme.changed.connect(self._show)
        self._show()

    def show_counts(self, counts: Mapping[str, int]) -> None:
        """Tells how many rows each choice would let pass."""
        self._counts = counts
        self._show()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Says it in words where there is room for them."""
        if event.size().width() != event.oldSize().width():
            self._show()

    def sizeHint(self) -> QSize:
        """Returns the room of all choices on one line."""
        return QSize(self._width(), self.height())

    def minimumSizeHint(self) -> QSize:
        """Returns no width: what has no room goes to another line rather than widening the panel."""
        return QSize(0, self.height())

    def _show(self) -> None:
        self._write(brief=False)
        if self._width() > self.width():
            self._write(brief=True)
        self._arrange()

    def _write(self, *, brief: bool) -> None:
        self.brief = brief
        for chip in self._chips:
            button, words = self.buttons[chip.name], self._words(chip)
            has_icon = self.brief and bool(chip.icon)
            button.setText(f"{self._counts[chip.name]:,}" if has_icon else words)
            button.setIcon(self._icon(chip) if has_icon else QIcon())
            style = Qt.ToolButtonStyle.ToolButtonTextBesideIcon if has_icon else Qt.ToolButtonStyle.ToolButtonTextOnly
            button.setToolButtonStyle(style)
            button.setAccessibleName(words)
            button.setToolTip(f"{words}\n{chip.tip}")

    def _words(self, chip: Chip) -> str:
        return f"{chip.title or chip.name.capitalize()} {self._counts[chip.name]:,}"

    def _width(self) -> int:
        """Returns how wide all choices are beside each other."""
        widths = [self._lead(chip) + self.buttons[chip.name].sizeHint().width() for chip in self._chips]
        return sum(widths) + _GAP * (len(widths) - 1)

    def _lead(self, chip: Chip) -> int:
        """Returns the room of the line before a choice, if it has one."""
        return self._dividers[chip.name].width() + _GAP if chip.apart else 0

    def _arrange(self) -> None:
        """Puts the choices beside each other, on as many lines as it takes."""
        x = y = 0
        line = max(button.sizeHint().height() for button in self.buttons.values())
        for chip in self._chips:
            lead, width = self._lead(chip), self.buttons[chip.name].sizeHint().width()
            if x and x + lead + width > self.width():
                x, y = 0, y + line + _GAP
            if chip.apart:
                divider = self._dividers[chip.name]
                divider.setVisible(x > 0)
                divider.move(x, y + (line - _ICON) // 2)
            x += lead if x else 0
            self.buttons[chip.name].setGeometry(x, y, width, line)
            x += width + _GAP
        self.setFixedHeight(y + line)

    def _icon(self, chip: Chip) -> QIcon:
        """Returns a choice's icon in its colour, and in that of text on the accent while it is on."""
        icon = QIcon(self._theme.pixmap(chip.icon, getattr(self._theme.palette, chip.color), _ICON))
        icon.addPixmap(
            self._theme.pixmap(chip.icon, self._theme.palette.on_accent, _ICON), QIcon.Mode.Normal, QIcon.State.On
        )
        return icon


def _divider(parent: QWidget) -> QWidget:
    line = QWidget(parent)
    line.setFixedSize(1, _ICON)
    line.setAutoFillBackground(True)
    line.setBackgroundRole(QPalette.ColorRole.Mid)
    return line
