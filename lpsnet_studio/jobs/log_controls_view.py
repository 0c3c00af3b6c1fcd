"""The controls above a log: what it shows, and what is searched for in it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QLabel, QToolButton, QWidget

from lpsnet_studio.flow_layout import FlowLayout
from lpsnet_studio.jobs.log_levels import Level
from lpsnet_studio.search_field import SearchField
from lpsnet_studio.theme import Theme, caption_font, figure_font

__all__ = ["TOOL_STYLE", "LogControls", "LogSearch", "tool_button"]

TOOL_STYLE = """
    QToolButton { border: 1px solid palette(mid); border-radius: 4px; padding: 3px 6px; background: transparent; }
    QToolButton:hover { background: palette(button); }
    QToolButton:checked { background: palette(highlight); color: palette(highlighted-text); }
    QToolButton:focus { border-color: palette(text); }
    QToolButton:disabled { border-color: transparent; }
"""
"""How small buttons of the room look."""
_ICON = QSize(14, 14)
_SEARCH_TIP = "Search the lines that are shown, in capitals or not (Ctrl+F).\nEnter or F3: next; Esc: clear."
_LEVELS = (
    (Level.INFO, "All", "Show every line."),
    (Level.WARNING, "Warnings", "Show warnings and errors alone."),
    (Level.ERROR, "Errors", "Show errors alone; a traceback counts as one."),
)


def tool_button(words: str, tip: str, *, checkable: bool = False) -> QToolButton:
    """Returns a small button that the keyboard reaches."""
    button = QToolButton()
    button.setText(words)
    button.setAccessibleName(words)
    button.setToolTip(tip)
    button.setCheckable(checkable)
    button.setFont(figure_font(caption_font(button.font())))
    button.setIconSize(_ICON)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return button


class LogSearch(SearchField):
    """Takes what is searched for: Enter goes to the next place, Shift+Enter to the one before, Esc ends searching.

    Attributes:
        wanted: emitted with 1 for the next place, -1 for the one before.
    """

    wanted = Signal(int)

    def __init__(self) -> None:
        super().__init__("Search the log", "Search", _SEARCH_TIP)
        self.setMinimumWidth(104)
        self.setMaximumWidth(168)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Goes from place to place, and leaves the field."""
        match event.key():
            case Qt.Key.Key_Escape:
                self.clear()
                self.left.emit()
            case Qt.Key.Key_Return | Qt.Key.Key_Enter:
                is_back = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
                self.wanted.emit(-1 if is_back else 1)
            case Qt.Key.Key_Down:
                self.left.emit()
            case _:
                super().keyPressEvent(event)


class LogControls(QWidget):
    """Filter, search, and switches; on several lines where the window is narrow.

    Args:
        theme: gives icons.

    Attributes:
        levels: the buttons of the filter.
        search: what is searched for.
        found: where among the places found the current one is.
        backward, forward: go from place to place.
        first_error: goes to the first error.
        follow, wrap: switches.
        opener: opens the file elsewhere.
        level_chosen: what the filter lets pass from now on.
    """

    level_chosen = Signal(object)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.setStyleSheet(TOOL_STYLE)
        flow = FlowLayout(self)
        group = QButtonGroup(self)
        self.levels: dict[Level, QToolButton] = {}
        for level, words, tip in _LEVELS:
            button = self.levels[level] = tool_button(words, tip, checkable=True)
            button.clicked.connect(self._emitting(level))
            group.addButton(button)
            flow.addWidget(button)
        self.levels[Level.INFO].setChecked(True)
        self.first_error = tool_button("First error", "Go to the first error (Ctrl+E).")
        self.follow = tool_button("Follow", "Stay at the end while lines come (End).", checkable=True)
        self.wrap = tool_button("Wrap", "Break lines that are too long for the window.", checkable=True)
        self.opener = tool_button("Open file", "Open the log in the system's editor.")
        self.search, self.found = LogSearch(), QLabel()
        self.backward = tool_button("", "Previous place found (Shift+F3).")
        self.forward = tool_button("", "Next place found (F3).")
        self.backward.setAccessibleName("Previous place found")
        self.forward.setAccessibleName("Next place found")
        self.found.setFont(figure_font(caption_font(self.font())))
        self.found.setTextFormat(Qt.TextFormat.PlainText)
        for widget in (self.first_error, self.follow, self.wrap, self.opener):
            flow.addWidget(widget)
        flow.addWidget(self._search_group())
        self.follow.setChecked(True)
        theme.changed.connect(self._show_icons)
        self._show_icons()
        self.show_found("")

    def _search_group(self) -> QWidget:
        """Returns what belongs to searching, which goes to another line together."""
        group = QWidget()
        line = QHBoxLayout(group)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(4)
        for widget in (self.search, self.backward, self.forward, self.found):
            line.addWidget(widget)
        return group

    def show_counts(self, lines: int, warnings: int, errors: int) -> None:
        """Says how many of each there are."""
        counts = {Level.INFO: lines, Level.WARNING: warnings, Level.ERROR: errors}
        for level, words, _ in _LEVELS:
            text = f"{words} {counts[level]:,}"
            if self.levels[level].text() != text:
                self.levels[level].setText(text)
                self.levels[level].setAccessibleName(text)
        self.first_error.setEnabled(errors > 0)

    def show_found(self, words: str) -> None:
        """Says which of the places found is current; empty while nothing is searched for."""
        self.found.setText(words)
        self.found.setVisible(bool(words))
        for button in (self.backward, self.forward):
            button.setEnabled(bool(words))

    def _emitting(self, level: Level) -> Callable[[], None]:
        return lambda: self.level_chosen.emit(level)

    def _show_icons(self) -> None:
        self.backward.setIcon(self._theme.icon("previous"))
        self.forward.setIcon(self._theme.icon("next"))
