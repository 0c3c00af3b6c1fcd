"""What is said as a project is opened: what a Studio that was not closed has left, or that somebody else has it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtWidgets import QMessageBox

from lpsnet_studio.annotator.desk import Desk
from lpsnet_studio.annotator.project_errors import ProjectBusy
from lpsnet_studio.annotator.reads import Unfinished
from lpsnet_studio.chrome.notifications import NoteAction
from lpsnet_studio.chrome.question import ask
from lpsnet_studio.commands.workplace import Workplace

__all__ = ["AnnotateTelling", "unfinished_words"]


def unfinished_words(left: Unfinished, name: str) -> str:
    """Says what sessions that never closed have left.

    Args:
        left: what it is.
        name: of the image that was edited last.
    """
    images, edits = len(left.images), sum(left.images.values())
    what = f"{'1 edit' if edits == 1 else f'{edits} edits'} of " if edits else "what was done to "
    where = name if images == 1 else f"{images} images, {name} last"
    return f"This project was not closed last time. Nothing that was finished is lost: {what}{where}."


class AnnotateTelling:
    """Tells of projects as they are opened.

    Args:
        place: what commands work with.
        desk: where they are opened.
        show_image: shows an image of the project by its id.
    """

    def __init__(self, place: Workplace, desk: Desk, show_image: Callable[[int], object]) -> None:
        self._place, self._desk, self._show_image = place, desk, show_image
        desk.busy_elsewhere.connect(self._tell_busy)

    def tell_unfinished(self) -> None:
        """Says once what a Studio that was not closed has left in the project, and offers to show it."""
        store = self._desk.store
        left = None if store is None else store.unfinished()
        if store is None or left is None:
            return
        last = next(reversed(left.images))
        words = unfinished_words(left, store.entries[last].file.path.name)
        self._place.notifications.show_info(words, NoteAction("Show it", lambda: self._show_image(last)))
        store.settle_unfinished()

    def _tell_busy(self, folder: Path, busy: ProjectBusy) -> None:
        """Offers to look at a project that somebody else has open, or to take it over where nobody knows if they do."""
        open_project = self._desk.open_project
        state = "is in use" if busy.is_certain else "may be in use"
        box = ask(
            self._place.window,
            f"{folder.name} {state}",
            str(busy),
            "Open to read",
            lambda: open_project(folder, read_only=True),
        )
        if not busy.is_certain:
            take_over = box.addButton("Take over", QMessageBox.ButtonRole.DestructiveRole)
            take_over.clicked.connect(lambda _checked=False: open_project(folder, take_over=True))
