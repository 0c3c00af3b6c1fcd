"""Undo, the clipboard and preferences."""

from __future__ import annotations

from typing import Protocol

from PySide6.QtGui import QGuiApplication

from lpsnet_studio.commands.files import FileCommands
from lpsnet_studio.commands.images import ImageCommands
from lpsnet_studio.commands.workplace import Workplace

__all__ = ["EditCommands"]


class Timeline(Protocol):
    """What can be undone and redone."""

    def undo(self) -> None:
        """Takes back what was done last."""

    def redo(self) -> None:
        """Does again what was taken back last."""


class EditCommands:
    """Takes back, copies, and shows the preferences."""

    def __init__(self, place: Workplace, files: FileCommands, images: ImageCommands) -> None:
        self._place, self._files, self._images = place, files, images
        self.of_segments: Timeline | None = None
        """What undo and redo act on while segments are corrected; set by who corrects them."""

    def undo(self) -> None:
        """Takes back the last edit of the image's segments, or the last change of a setting or of the canvas's look."""
        (self.of_segments or self._place.session).undo()

    def redo(self) -> None:
        """Does again what undo took back."""
        (self.of_segments or self._place.session).redo()

    def copy_view(self) -> None:
        """Copies what the canvas shows of the photo, overlays and all, to the clipboard."""
        picture = self._place.canvas.picture()
        if picture.isNull():
            self._place.notifications.show_info("Nothing was copied: the photo is out of view. F brings it back.")
            return
        QGuiApplication.clipboard().setImage(picture)
        self._place.notifications.show_info(f"Copied the view: {picture.width():,} × {picture.height():,} pixels")

    def preferences(self) -> None:
        """Shows what is kept between runs; once it is shown, brings it to the front."""
        from lpsnet_studio.chrome.preferences_dialog import PreferencesDialog

        place = self._place
        dialog = place.window.findChild(PreferencesDialog)
        if dialog is None:
            dialog = PreferencesDialog(
                place.window,
                place.settings,
                place.session,
                place.theme,
                self._files.recently,
                place.folders,
                self._files.clear_recent,
                self._images.prefetch,
            )
        dialog.show()
        dialog.raise_()
        dialog.activateWindow()
