"""The bar over the canvas while one annotates: tools, what they are set to, how far the image is, and what is saved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QComboBox, QHBoxLayout, QToolButton, QVBoxLayout, QWidget

from lpsnet_studio.annotator.desk import Desk
from lpsnet_studio.annotator.note_field import NoteField
from lpsnet_studio.annotator.project import Status
from lpsnet_studio.annotator.tool_options_view import ToolOptions
from lpsnet_studio.annotator.toolbox import Toolbox
from lpsnet_studio.flow_layout import FlowLayout
from lpsnet_studio.hairline import hairline
from lpsnet_studio.labels import ElidedLabel, as_tip
from lpsnet_studio.theme import Theme, caption_font

__all__ = ["STATUS_WORDS", "AnnotateBar"]

STATUS_WORDS: Mapping[Status, str] = {
    Status.TODO: "To do",
    Status.IN_PROGRESS: "In progress",
    Status.DONE: "Done",
    Status.APPROVED: "Approved",
}
"""How far an image has come, for people."""
_LEAST_NOTE = 72
_LEAST_ABOUT = 280
"""What note, state and status need beside the tools."""


class AnnotateBar(QWidget):
    """Lies over the canvas in the mode Annotate.

    Args:
        desk: what is annotated.
        toolbox: the tool in the hand.
        theme: gives the colours.

    Attributes:
        options: of the tool.
        status: how far the image has come.
        note: what is said of it.
        saved: whether everything is on the disk.
    """

    def __init__(self, desk: Desk, toolbox: Toolbox, theme: Theme) -> None:
        super().__init__()
        self._desk, self._theme = desk, theme
        self.options = ToolOptions(desk, toolbox)
        self.status = QComboBox()
        for status, words in STATUS_WORDS.items():
            self.status.addItem(words, status.value)
        self.status.setAccessibleName("How far this image has come")
        self.status.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.status.activated.connect(self._set_status)
        self.note = NoteField(desk)
        self.note.setMinimumWidth(_LEAST_NOTE)
        self.saved = ElidedLabel()
        self.saved.setFont(caption_font(self.font()))
        self.saved.setMinimumHeight(28)
        self._tools = QWidget()
        FlowLayout(self._tools, 2)
        self._about = QWidget()
        about = QHBoxLayout(self._about)
        about.setContentsMargins(0, 0, 0, 0)
        about.setSpacing(12)
        about.addWidget(self.note, 1)
        about.addWidget(self.saved)
        about.addWidget(self.status)
        self._top = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._top.setSpacing(4)
        self._top.addWidget(self._tools)
        self._top.addWidget(self._about, 1, Qt.AlignmentFlag.AlignTop)
        inner = QVBoxLayout(self)
        inner.setContentsMargins(8, 4, 8, 0)
        inner.setSpacing(4)
        inner.addLayout(self._top)
        inner.addWidget(self.options)
        inner.addWidget(hairline())
        desk.place_changed.connect(self.show_place)
        desk.entries_changed.connect(lambda _images: self.show_place())
        desk.saved_changed.connect(self.show_saved)
        theme.changed.connect(self.show_saved)
        self.show_place()

    def add_actions(self, actions: Sequence[QAction]) -> None:
        """Adds a button for each action that takes a tool into the hand."""
        layout = self._tools.layout()
        assert layout is not None
        for action in actions:
            button = QToolButton()
            button.setDefaultAction(action)
            button.setAutoRaise(True)
            button.setIconSize(QSize(20, 20))
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            layout.addWidget(button)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Puts what is said of the image below the tools where both have no room beside each other."""
        super().resizeEvent(event)
        is_narrow = self.width() < self._tools.sizeHint().width() + _LEAST_ABOUT
        directions = QBoxLayout.Direction
        self._top.setDirection(directions.TopToBottom if is_narrow else directions.LeftToRight)

    def show_place(self) -> None:
        """Shows how far the image on the desk has come."""
        entry, store = self._desk.entry, self._desk.store
        self.status.setVisible(entry is not None)
        if entry is not None and store is not None:
            self.status.setCurrentIndex(self.status.findData(entry.status.value))
            self.status.setEnabled(not store.is_read_only)
            why = store.read_only_because or "How far this image has come; Q calls it done and goes on."
            self.status.setToolTip(as_tip(why))
        self.show_saved()

    def show_saved(self) -> None:
        """Says whether everything is on the disk."""
        desk, colors = self._desk, self._theme.palette
        store = desk.store
        color, tip = colors.dim, ""
        if store is None:
            text = ""
        elif store.is_read_only:
            text, tip = "Read only", store.read_only_because
        elif desk.save_problem:
            text, tip, color = f"{desk.unsaved} not saved", desk.save_problem, colors.discarded
        elif desk.unsaved:
            text = "Saving…"
        else:
            text, tip = "All saved", f"Every finished edit is in {store.folder}"
        self.saved.setText(text)
        self.saved.setToolTip(as_tip(tip))
        self.saved.setStyleSheet(f"color: {color}")
        self.saved.setVisible(bool(text))

    def _set_status(self, index: int) -> None:
        self._desk.set_status(Status(self.status.itemData(index)))
        self.show_place()
