"""A path that is typed or chosen from the disk."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QLineEdit, QPushButton, QWidget

__all__ = ["AskPath", "PathField", "ask_path"]

AskPath = Callable[[QWidget, str, str, bool], str]
"""Asks for a path: above which widget, what it is, where to begin, and whether it is a folder; empty is none."""


def ask_path(parent: QWidget, name: str, where: str, is_folder: bool) -> str:
    """Asks for the path of a file or folder; empty if none is chosen."""
    if is_folder:
        return QFileDialog.getExistingDirectory(parent, f"Choose {name.lower()}", where)
    return QFileDialog.getOpenFileName(parent, f"Choose {name.lower()}", where, "JSON (*.json);;All files (*)")[0]


class PathField(QWidget):
    """A line with a path, and buttons that open the system's dialogs.

    Args:
        name: what the path is, for people.
        ask: asks for a path.
        file: whether it may be a file.
        folder: whether it may be a folder.
        begins_at: where choosing begins while nothing is named.

    Attributes:
        edited: the path that was typed or chosen.
        box: the line.
        buttons: what opens the dialogs.
    """

    edited = Signal(str)

    def __init__(
        self, name: str, ask: AskPath = ask_path, *, file: bool = False, folder: bool = False, begins_at: str = ""
    ) -> None:
        super().__init__()
        self._name, self._ask, self._begins_at = name, ask, begins_at
        self.box = QLineEdit()
        self.box.setAccessibleName(name)
        self.box.textEdited.connect(self.edited)
        self.buttons: list[QPushButton] = []
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self.box, 1)
        for text, is_folder, is_wanted in (("File…", False, file), ("Folder…", True, folder)):
            if is_wanted:
                layout.addWidget(self._button(text, is_folder))
        self.setFocusProxy(self.box)

    @property
    def text(self) -> str:
        """The path, without blanks around it."""
        return self.box.text().strip()

    def show_path(self, path: str) -> None:
        """Shows a path without reporting it."""
        self.box.setText(path)

    def _button(self, text: str, is_folder: bool) -> QPushButton:
        button = QPushButton(text)
        button.setAutoDefault(False)
        button.setToolTip(f"Choose {self._name.lower()}: a {'folder' if is_folder else 'file'}.")
        button.setAccessibleName(f"{self._name}: {text.rstrip('…').lower()}")
        button.clicked.connect(lambda: self._take(self._ask(self, self._name, self.text or self._begins_at, is_folder)))
        self.buttons.append(button)
        return button

    def _take(self, path: str) -> None:
        if path:
            self.show_path(path)
            self.edited.emit(path)
