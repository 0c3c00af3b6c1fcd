"""A path that is typed, chosen from the disk, or taken from a short list of what is known."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QMenu, QPushButton, QWidget

from lpsnet_studio.jobs.field_editors import TextBox
from lpsnet_studio.jobs.file_patterns import file_patterns
from lpsnet_studio.labels import as_tip

__all__ = ["AskPath", "PathLine", "asked_path"]

AskPath = Callable[[QWidget, str, str, bool], str]
"""Asks for a path: above which widget, what it is, where to begin, and whether it is a folder; empty is none."""


class PathLine(QWidget):
    """A line of text with buttons that fill it.

    Args:
        name: what the path is, for people.
        ask: asks for a path.
        file: whether it may be a file.
        folder: whether it may be a folder.
        known: returns what is offered, each a name and what it stands for; None to offer nothing.
        known_title: what these are.

    Attributes:
        edited: what is typed or chosen.
        finished: the user is done with typing, or has chosen.
        box: the line.
        buttons: what fills it.
    """

    edited = Signal(str)
    finished = Signal()

    def __init__(
        self,
        name: str,
        ask: AskPath,
        *,
        file: bool = False,
        folder: bool = False,
        known: Callable[[], Sequence[tuple[str, str]]] | None = None,
        known_title: str = "Runs",
    ) -> None:
        super().__init__()
        self._name, self._ask, self._known, self._known_title = name, ask, known, known_title
        self.box = TextBox()
        self.box.setAccessibleName(name)
        self.box.textEdited.connect(self.edited)
        self.box.editingFinished.connect(self.finished)
        self.buttons: list[QPushButton] = []
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self.box, 1)
        if file:
            self._add("File…", f"Choose {name.lower()}: a file.", False)
        if folder:
            self._add("Folder…", f"Choose {name.lower()}: a folder.", True)
        self.menu = QMenu(self)
        self.menu.setToolTipsVisible(True)
        if known is not None:
            self.menu.aboutToShow.connect(self._fill)
            self._add(known_title, f"Take one of the {known_title.lower()} that are known.").setMenu(self.menu)
        for button in self.buttons:
            layout.addWidget(button)

    def show_value(self, text: str) -> None:
        """Shows a path without reporting it."""
        if self.box.text() != text:
            self.box.setText(text)

    def propose(self, text: str) -> None:
        """Shows what is taken while the line is empty; choosing begins there if that is a path."""
        self.box.setPlaceholderText(text)

    def inputs(self) -> tuple[QWidget, ...]:
        """Returns what the keyboard goes to, in order."""
        return (self.box, *self.buttons)

    def _add(self, text: str, tip: str, is_folder: bool | None = None) -> QPushButton:
        button = QPushButton(text)
        button.setAutoDefault(False)
        button.setToolTip(tip)
        button.setAccessibleName(f"{self._name}: {text.rstrip('…').lower()}")
        if is_folder is not None:
            button.clicked.connect(lambda: self._take(self._ask(self, self._name, self._where(), is_folder)))
        self.buttons.append(button)
        return button

    def _fill(self) -> None:
        self.menu.clear()
        known = () if self._known is None else self._known()
        for name, text in known:
            action = self.menu.addAction(name.replace("&", "&&"))
            action.setToolTip(as_tip(text))
            action.triggered.connect(lambda _checked=False, text=text: self._take(text))
        if not known:
            self.menu.addAction(f"No {self._known_title.lower()} yet").setEnabled(False)

    def _where(self) -> str:
        """Returns where choosing begins: at what is typed, or else at what is proposed."""
        proposed = self.box.placeholderText()
        return self.box.text() or (proposed if Path(proposed).is_absolute() else "")

    def _take(self, text: str) -> None:
        if text:
            self.finished.emit()
            self.show_value(text)
            self.edited.emit(text)
            self.finished.emit()


def asked_path(parent: QWidget, name: str, where: str, is_folder: bool) -> str:
    """Asks for the path of a file or folder; empty if none is chosen."""
    if is_folder:
        return QFileDialog.getExistingDirectory(parent, f"Choose {name.lower()}", where)
    return QFileDialog.getOpenFileName(parent, f"Choose {name.lower()}", where, file_patterns(name))[0]
