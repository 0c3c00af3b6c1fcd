"""The narrow bar at the very left: what the window shows."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMainWindow, QToolBar, QToolButton

from lpsnet_studio.theme import Theme, caption_font

__all__ = ["ModeBar"]

_WIDTH, _NARROW = 60, 34
_HEIGHT = 52
_LEAST_FOR_WORDS = 480
"""In a narrower window the icons stand alone."""


class ModeBar(QToolBar):
    """Icons with a small word, of which one is chosen.

    Args:
        window: at whose left it lies.
        modes: actions that exclude each other; their icon texts are the words.
        theme: colours what is chosen.
    """

    def __init__(self, window: QMainWindow, modes: Sequence[QAction], theme: Theme) -> None:
        super().__init__("Modes", window)
        self._theme, self._is_narrow = theme, False
        self.setObjectName("mode_bar")
        self.setMovable(False)
        self.setIconSize(QSize(20, 20))
        self.toggleViewAction().setEnabled(False)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        self.setAccessibleName("Modes")
        self.addActions(list(modes))
        self.buttons = [self.widgetForAction(action) for action in modes]
        """One for every mode, in their order."""
        for action, button in zip(modes, self.buttons, strict=True):
            assert isinstance(button, QToolButton)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.setAccessibleName(action.iconText())
            button.setFont(caption_font(self.font()))
        window.addToolBar(Qt.ToolBarArea.LeftToolBarArea, self)
        theme.changed.connect(self._show_theme)
        self._show_theme()
        self._lay_out()

    def fit_into(self, width: int) -> None:
        """Leaves the words out where the window is too narrow for them.

        Args:
            width: of the window.
        """
        is_narrow = width < _LEAST_FOR_WORDS
        if is_narrow != self._is_narrow:
            self._is_narrow = is_narrow
            self._lay_out()

    def _lay_out(self) -> None:
        style = Qt.ToolButtonStyle
        self.setToolButtonStyle(style.ToolButtonIconOnly if self._is_narrow else style.ToolButtonTextUnderIcon)
        size = QSize(_NARROW, _NARROW) if self._is_narrow else QSize(_WIDTH, _HEIGHT)
        for button in self.buttons:
            button.setFixedSize(size)

    def _show_theme(self) -> None:
        colors = self._theme.palette
        self.setStyleSheet(
            f"""
            QToolBar {{ border: none; border-right: 1px solid {colors.line}; padding: 0; spacing: 0; }}
            QToolButton {{ border: none; border-left: 3px solid transparent; border-radius: 0; padding: 6px 3px 4px 0;
                color: {colors.dim}; }}
            QToolButton:hover {{ background: {colors.raised}; color: {colors.text}; }}
            QToolButton:checked {{ border-left-color: {colors.accent}; color: {colors.text};
                background: {colors.panel}; }}
            QToolButton:focus {{ border: 1px solid {colors.accent}; border-left: 3px solid {colors.accent}; }}
            """
        )
