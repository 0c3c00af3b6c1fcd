"""The field that shortens the image list."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QAction, QKeyEvent
from PySide6.QtWidgets import QLineEdit

from lpsnet_studio.arrangement import FILTER_HELP
from lpsnet_studio.theme import Theme

__all__ = ["FilterField"]


class FilterField(QLineEdit):
    """A text field that hands the keyboard back to the list: Down goes there, Esc clears the filter and goes there.

    Signals:
        left: the keyboard belongs to the list again.

    Args:
        theme: gives the icon.
    """

    left = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.show_examples("pq<50, unmeasured")
        self.setAccessibleName("Filter images")
        self.setToolTip(f"Shortens the list (Ctrl+F).\n{FILTER_HELP}\nEsc clears it.")
        self.setClearButtonEnabled(True)
        self._icon = QAction(self)
        self.addAction(self._icon, QLineEdit.ActionPosition.LeadingPosition)
        theme.changed.connect(self._show_icon)
        self._show_icon()

    def show_examples(self, examples: str) -> None:
        """Says while it is empty what can be typed beside a name."""
        self.setPlaceholderText(f"Filter: name, {examples}")

    def event(self, event: QEvent) -> bool:
        """Keeps Esc from the window, where it cancels."""
        is_escape = isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape
        if event.type() == QEvent.Type.ShortcutOverride and is_escape:
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Leaves the field at Esc, Down and Enter."""
        match event.key():
            case Qt.Key.Key_Escape:
                self.clear()
                self.left.emit()
            case Qt.Key.Key_Down | Qt.Key.Key_Return | Qt.Key.Key_Enter:
                self.left.emit()
            case _:
                super().keyPressEvent(event)

    def _show_icon(self) -> None:
        self._icon.setIcon(self._theme.icon("find", self._theme.palette.dim))
