"""The field for what the annotator or the reviewer says of an image."""

from __future__ import annotations

from collections.abc import Collection

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QLineEdit

from lpsnet_studio.annotator.desk import Desk
from lpsnet_studio.escape import claims_escape
from lpsnet_studio.labels import as_tip

__all__ = ["NoteField"]

_TIP = "A note on this image, kept with the project. The list shows images with notes if is:noted is typed above it."


class NoteField(QLineEdit):
    """One line about the image on the desk, saved when one leaves it: the field, or the image.

    Enter and Down leave it, Esc takes back what was typed.

    Signals:
        left: the keyboard belongs elsewhere again.

    Args:
        desk: what is annotated.
    """

    left = Signal()

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._store, self._image = desk.store, desk.image
        self.setPlaceholderText("Note")
        self.setAccessibleName("Note on this image")
        desk.place_changed.connect(self._follow_place)
        desk.entries_changed.connect(self._follow_entries)
        self._show_note()

    def begin(self) -> None:
        """Gives the keyboard to the field."""
        self.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.selectAll()

    def save(self) -> None:
        """Keeps what was typed, of the image that it was typed for."""
        if self.isModified() and self._image and self._desk.store is self._store:
            self.setModified(False)
            self._desk.set_note(self.text().strip(), self._image)

    def _follow_place(self) -> None:
        if (self._desk.store, self._desk.image) != (self._store, self._image):
            self.save()
            self._store, self._image = self._desk.store, self._desk.image
            self._show_note()

    def _follow_entries(self, images: Collection[int]) -> None:
        """Shows what another has said meanwhile, unless one is just typing."""
        if self._image in images and not self.isModified():
            self._show_note()

    def _show_note(self) -> None:
        entry, store = self._desk.entry, self._store
        self.setVisible(entry is not None)
        note = "" if entry is None else entry.note
        if note != self.text():
            self.setText(note)
            self.setCursorPosition(0)
        self.setModified(False)
        reason = "" if store is None else store.read_only_because
        if self.isReadOnly() != bool(reason):  # Qt styles it anew whether or not it changes
            self.setReadOnly(bool(reason))
        self.setToolTip(as_tip("\n".join(part for part in (note, reason or _TIP) if part)))

    # ----------------------------------------------------------------------------------------------------------- events

    def event(self, event: QEvent) -> bool:
        """Keeps Esc from the window, where it cancels."""
        return claims_escape(event) or super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Leaves the field at Esc, Down and Enter."""
        match event.key():
            case Qt.Key.Key_Escape:
                self._show_note()
                self.left.emit()
            case Qt.Key.Key_Down | Qt.Key.Key_Return | Qt.Key.Key_Enter:
                self.save()
                self.left.emit()
            case _:
                super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Saves, also where only a menu or another window takes the keyboard."""
        super().focusOutEvent(event)
        self.save()
