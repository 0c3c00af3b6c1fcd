"""Undo, the clipboard and preferences."""

from __future__ import annotations

from lpsnet_studio.commands.workplace import Workplace

__all__ = ["EditCommands"]


class EditCommands:
    """Takes back, copies, and shows the preferences."""

    def __init__(self, place: Workplace) -> None:
        self._place = place

    def undo(self) -> None:
        """Takes back the last change of a setting or of the canvas's look."""
        self._place.session.undo()

    def redo(self) -> None:
        """Does again what undo took back."""
        self._place.session.redo()

    def copy_view(self) -> None:
        """Copies what the canvas shows to the clipboard."""
        raise NotImplementedError

    def preferences(self) -> None:
        """Shows what is kept between runs."""
        raise NotImplementedError
