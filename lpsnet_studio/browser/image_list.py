"""The list of images; choosing one opens it."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtWidgets import QLabel, QListView, QStackedLayout, QVBoxLayout, QWidget

from lpsnet_studio.session import Session
from lpsnet_studio.state import Entry
from lpsnet_studio.theme import Theme, caption_font

__all__ = ["ImageList", "ImageListModel"]

_Index = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()


class ImageListModel(QAbstractListModel):
    """The session's image list."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._entries: tuple[Entry, ...] = ()

    def set_entries(self, entries: tuple[Entry, ...]) -> None:
        """Shows another list."""
        self.beginResetModel()
        self._entries = entries
        self.endResetModel()

    def set_entry(self, row: int, entry: Entry) -> None:
        """Shows what is known now of one image."""
        self._entries = (*self._entries[:row], entry, *self._entries[row + 1 :])
        self.dataChanged.emit(self.index(row, 0), self.index(row, 0))

    def rowCount(self, parent: _Index = _ROOT) -> int:
        """Returns how many images there are."""
        return 0 if parent.isValid() else len(self._entries)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Returns what a row shows."""
        if not index.isValid():
            return None
        entry = self._entries[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return entry.name
        if role == Qt.ItemDataRole.DecorationRole and entry.problem:
            return self._theme.icon("warning", self._theme.palette.contested)
        if role == Qt.ItemDataRole.ToolTipRole:
            return "\n".join(part for part in (entry.source.path, self._size(entry), entry.problem) if part)
        return None

    @staticmethod
    def _size(entry: Entry) -> str:
        return "" if entry.size is None else f"{entry.size[1]} × {entry.size[0]} pixels"


class ImageList(QWidget):
    """The image list with its count.

    Args:
        session: what is open.
        theme: gives icons.

    Attributes:
        view: the list itself, where letter keys act too.
    """

    def __init__(self, session: Session, theme: Theme) -> None:
        super().__init__()
        self._session = session
        self.model = ImageListModel(theme)
        self.view = QListView()
        self.view.setModel(self.model)
        self.view.setUniformItemSizes(True)
        self.view.setAccessibleName("Images")
        self.view.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self._count = QLabel()
        self._count.setFont(caption_font(self.font()))
        self._count.setContentsMargins(8, 4, 8, 6)
        empty = QLabel("No image is open. Open or drop an image, a folder or a COCO panoptic data set.")
        empty.setContentsMargins(16, 16, 16, 16)
        empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        empty.setWordWrap(True)
        listed = QWidget()
        layout = QVBoxLayout(listed)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.view)
        layout.addWidget(self._count)
        self._stack = QStackedLayout(self)
        self._stack.addWidget(empty)
        self._stack.addWidget(listed)
        session.entries_changed.connect(self._show_entries)
        session.entry_changed.connect(lambda row: self.model.set_entry(row, session.entries[row]))
        session.current_changed.connect(self._show_current)
        self.view.selectionModel().currentRowChanged.connect(self._open)
        self.view.clicked.connect(self._retry)
        self.view.activated.connect(self._retry)
        self._show_entries()

    def _show_entries(self) -> None:
        entries = self._session.entries
        self.model.set_entries(entries)
        self._stack.setCurrentIndex(1 if entries else 0)
        self._show_current(self._session.index)

    def _show_current(self, index: int) -> None:
        count = len(self._session.entries)
        self._count.setText(f"{index + 1:,} of {count:,}" if index >= 0 else f"{count:,} images")
        place = self.model.index(index, 0) if index >= 0 else QModelIndex()
        if place != self.view.currentIndex():
            self.view.setCurrentIndex(place)

    def _open(self, current: QModelIndex, _previous: QModelIndex) -> None:
        if current.isValid() and current.row() != self._session.index:
            self._session.open_index(current.row())

    def _retry(self, chosen: QModelIndex) -> None:
        if chosen.row() == self._session.index:
            self._session.retry()
