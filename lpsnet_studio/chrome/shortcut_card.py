"""Every shortcut on one card."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QGridLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from lpsnet_studio.actions.entry import MENUS
from lpsnet_studio.actions.table import ACTIONS

__all__ = ["ShortcutCard"]

_MOUSE = (
    ("Wheel", "Zoom at the mouse"),
    ("Middle drag", "Pan"),
    ("Space + left drag", "Pan"),
    ("Left click", "Select a segment"),
    ("Double click on a slider", "Reset it"),
)
_WHERE = (
    "Letters and digits act while the canvas, the image list, the segments or the timeline has the focus; arrows, Home "
    "and End step through the merge from the canvas, the segments and the timeline. A click in the settings leaves the "
    "focus where it is; Tab goes there, and keys then act on the control that has the focus."
)


class ShortcutCard(QDialog):
    """Lists every action that has a shortcut, and what the mouse does."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Keyboard and mouse")
        page = QWidget()
        columns = QGridLayout(page)
        columns.setContentsMargins(16, 16, 16, 16)
        columns.setHorizontalSpacing(48)
        columns.setVerticalSpacing(16)
        groups = [(name, self._shortcuts(name)) for name in MENUS] + [("Mouse", list(_MOUSE))]
        for place, (name, rows) in enumerate(group for group in groups if group[1]):
            columns.addLayout(self._group(name, rows), place // 2, place % 2, Qt.AlignmentFlag.AlignTop)
        scroll = QScrollArea()
        scroll.setWidget(page)
        scroll.setWidgetResizable(True)
        note = QLabel(_WHERE)
        note.setWordWrap(True)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(scroll)
        layout.addWidget(note)
        layout.addWidget(buttons)
        self.resize(760, 640)

    @staticmethod
    def _shortcuts(menu: str) -> list[tuple[str, str]]:
        native = QKeySequence.SequenceFormat.NativeText
        return [
            (" or ".join(QKeySequence(key).toString(native) for key in entry.keys), entry.text.rstrip("…"))
            for entry in ACTIONS
            if entry.menu == menu and entry.keys
        ]

    @staticmethod
    def _group(name: str, rows: list[tuple[str, str]]) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(16)
        title = QLabel(name)
        font = title.font()
        font.setBold(True)
        title.setFont(font)
        grid.addWidget(title, 0, 0, 1, 2)
        for row, (keys, text) in enumerate(rows, start=1):
            grid.addWidget(QLabel(keys), row, 0)
            grid.addWidget(QLabel(text), row, 1)
        grid.setColumnStretch(1, 1)
        return grid
