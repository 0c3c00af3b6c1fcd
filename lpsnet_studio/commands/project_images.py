"""The images of an annotation project: found again after they were moved, and taken out."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QFileDialog

from lpsnet_studio.annotator.desk import Desk
from lpsnet_studio.annotator.listed_images import ListedImages, listed_entries
from lpsnet_studio.annotator.missing_images import FoundImages, find_missing
from lpsnet_studio.annotator.project import ImageEntry, difference_of
from lpsnet_studio.annotator.store import ProjectStore
from lpsnet_studio.background import Task
from lpsnet_studio.chrome.question import ask
from lpsnet_studio.commands.workplace import Workplace

__all__ = ["ProjectImages"]


class ProjectImages:
    """Finds images again that are missing, and takes images out.

    Args:
        place: what commands work with.
        desk: has the project open.
        listed: which image of the project each of the list is.
    """

    def __init__(self, place: Workplace, desk: Desk, listed: ListedImages) -> None:
        self._place, self._desk, self._listed = place, desk, listed

    def find_missing(self) -> None:
        """Asks in which folder the images are to be looked for whose files are not where they were."""
        store = self._desk.store
        name = QFileDialog.getExistingDirectory(
            self._place.window, "Find the missing images in a folder", self._place.last_folder()
        )
        if not name or store is None:
            return
        folder = Path(name).absolute()
        self._place.remember_folder(folder)
        entries = tuple(store.entries.values())

        def look(task: Task) -> FoundImages:
            return find_missing(
                entries,
                folder,
                progress=lambda done, total: task.report(done / max(total, 1)),
                cancelled=lambda: task.cancelled,
            )

        self._place.background.run_task(
            look, lambda found: self._take_found(store, found), title="finding missing images"
        )

    def _take_found(self, store: ProjectStore, found: FoundImages) -> None:
        if store is not self._desk.store:
            return
        session = self._place.session
        images = [self._listed.image_at(index) for index in range(len(session.entries))]
        if found.files:
            self._desk.use_files(found.files)
        if not found.files.keys().isdisjoint(images):
            now = {image: listed_entries([store.entries[image]])[0] for image in found.files}
            listed = [now.get(image, entry) for image, entry in zip(images, session.entries, strict=True)]
            session.set_entries(listed, session.index)
        self._place.notifications.show_info(" ".join(found.sentences()))

    def show_as_kept(self) -> bool:
        """Has the list show the image that is open as the project keeps it; returns whether it was shown otherwise."""
        session, entry = self._place.session, self._desk.entry
        if entry is None or session.picture is None:
            return False
        (kept,), (height, width) = listed_entries([entry]), session.picture.pixels.shape[:2]
        source = session.entries[session.index].source
        is_turned = source.truth is None and source.stated_size is None
        if not difference_of(entry.file, (height, width), is_turned=is_turned):
            return False
        if source == kept.source:
            # The file was another when it was read.
            self._place.images.reload(session.index)
            return True
        listed = list(session.entries)
        listed[session.index] = kept
        session.set_entries(listed, session.index)
        return True

    def take_out(self) -> None:
        """Takes the image that is open out of the project; asks first."""
        store, entry, editor = self._desk.store, self._desk.entry, self._desk.editor
        if store is None or entry is None:
            self._place.notifications.show_info("The project does not have this image.")
        elif editor is not None:
            self._ask_to_take_out(store, entry, len(editor.document.segments))
        else:
            image = entry.id
            self._place.background.run(
                lambda: store.count_segments(image), lambda count: self._ask_to_take_out(store, entry, count)
            )

    def _ask_to_take_out(self, store: ProjectStore, entry: ImageEntry, segments: int) -> None:
        ask(
            self._place.window,
            f"Take {entry.file.path.name} out of the project?",
            f"{_loss_words(entry, segments)} The file {entry.file.path} stays as it is.",
            "Take out",
            lambda: self._take_out(store, entry.id),
        )

    def _take_out(self, store: ProjectStore, image: int) -> None:
        if store is not self._desk.store:
            return
        session = self._place.session
        images = [self._listed.image_at(index) for index in range(len(session.entries))]
        index = session.index
        self._desk.take_out(image)
        if image in images and all(images):
            # The list is the project's.
            entries = [entry for entry, each in zip(session.entries, images, strict=True) if each != image]
            session.set_entries(entries, min(index, len(entries) - 1))


def _loss_words(entry: ImageEntry, segments: int) -> str:
    """Returns what is lost with an image."""
    if not entry.is_started and not entry.note:
        return "Nothing was done on it yet."
    parts = ["1 segment" if segments == 1 else f"{segments:,} segments"] if entry.is_started else []
    if entry.note:
        parts.append("the note on it")
    if entry.last:
        parts.append("all that could be undone")
    words = ", ".join(parts[:-1]) + (" and " if len(parts) > 1 else "") + parts[-1]
    is_one = len(parts) == 1 and (segments == 1 or not entry.is_started)
    return f"{words[:1].upper()}{words[1:]} {'is' if is_one else 'are'} lost, and undo does not bring that back."
