"""Every shortcut on one card."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtGui import QGuiApplication, QKeySequence, QPalette
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from lpsnet_studio.actions.entry import MENUS
from lpsnet_studio.actions.table import ACTIONS
from lpsnet_studio.theme import caption_font

__all__ = ["ShortcutCard", "in_columns"]

_Group = tuple[str, list[tuple[str, str]]]
"""A heading, and below it keys and what they do."""
_COLUMNS = 4
_HEADING_ROWS = 2
"""What a heading and the space above it take, in rows."""
_MOUSE = (
    ("Wheel", "Zoom at the mouse"),
    ("Middle drag, Space + drag", "Pan"),
    ("Click", "Select a segment"),
    ("Right click", "Select it and offer more"),
    ("Double click", "Reset a slider"),
    ("Drop", "Open what is dropped"),
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
        across = QHBoxLayout(page)
        across.setContentsMargins(16, 16, 16, 8)
        across.setSpacing(28)
        groups = [(name, self._shortcuts(name)) for name in MENUS] + [("Mouse", list(_MOUSE))]
        for column in in_columns([group for group in groups if group[1]], _COLUMNS):
            down = QVBoxLayout()
            down.setSpacing(16)
            for name, rows in column:
                down.addLayout(self._group(name, rows))
            down.addStretch(1)
            across.addLayout(down, 1)
        scroll = QScrollArea()
        scroll.setWidget(page)
        scroll.setWidgetResizable(True)
        note = QLabel(_WHERE)
        note.setWordWrap(True)
        note.setContentsMargins(16, 0, 16, 0)
        note.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(scroll)
        layout.addWidget(note)
        layout.addWidget(buttons)
        room = (self.screen() or QGuiApplication.primaryScreen()).availableGeometry().size()
        around = layout.sizeHint() - scroll.sizeHint()
        self.resize((page.sizeHint() + around.grownBy(scroll.contentsMargins())).boundedTo(room * 0.95))

    @staticmethod
    def _shortcuts(menu: str) -> list[tuple[str, str]]:
        native = QKeySequence.SequenceFormat.NativeText
        return [
            (" or ".join(QKeySequence(key).toString(native) for key in entry.keys), entry.text.rstrip("…"))
            for entry in ACTIONS
            if entry.menu == menu and entry.keys
        ]

    @staticmethod
    def _group(name: str, rows: list[tuple[str, str]]) -> QVBoxLayout:
        down = QVBoxLayout()
        down.setSpacing(3)
        title = QLabel(name)
        font = title.font()
        font.setBold(True)
        title.setFont(font)
        down.addWidget(title)
        for keys, text in rows:
            shown = QLabel(keys)
            shown.setFont(caption_font(shown.font()))
            shown.setForegroundRole(QPalette.ColorRole.PlaceholderText)
            across = QHBoxLayout()
            across.setSpacing(16)
            across.addWidget(QLabel(text), 1)
            across.addWidget(shown)
            down.addLayout(across)
        return down


def in_columns(groups: Sequence[_Group], count: int) -> list[list[_Group]]:
    """Spreads groups over columns in their order, so that the longest column is as short as it can be."""
    heights = [len(rows) + _HEADING_ROWS for _, rows in groups]
    limit = max(heights, default=0)
    while len(columns := _filled(groups, heights, limit)) > count:
        limit += 1
    return columns


def _filled(groups: Sequence[_Group], heights: Sequence[int], limit: int) -> list[list[_Group]]:
    """Fills one column after the other up to a height."""
    columns: list[list[_Group]] = []
    filled = limit
    for group, height in zip(groups, heights, strict=True):
        if filled + height > limit:
            columns.append([])
            filled = 0
        columns[-1].append(group)
        filled += height
    return columns
