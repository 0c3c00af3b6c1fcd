"""The field that shortens the image list."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeyEvent
from PySide6.QtWidgets import QLineEdit

from lpsnet_studio.arrangement import FILTER_HELP
from lpsnet_studio.search_field import SearchField
from lpsnet_studio.theme import Theme

__all__ = ["FilterField"]


class FilterField(SearchField):
    """A text field that hands the keyboard back to the list: Down goes there, Esc clears the filter and goes there.

    Args:
        theme: gives the icon.
    """

    def __init__(self, theme: Theme) -> None:
        super().__init__("Filter images", "", f"Shortens the list (Ctrl+F).\n{FILTER_HELP}\nEsc clears it.")
        self._theme = theme
        self.show_examples("pq<50, unmeasured")
        self._icon = QAction(self)
        self.addAction(self._icon, QLineEdit.ActionPosition.LeadingPosition)
        theme.changed.connect(self._show_icon)
        self._show_icon()

    def show_examples(self, examples: str) -> None:
        """Says while it is empty what can be typed beside a name."""
        self.setPlaceholderText(f"Filter: name, {examples}")

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
