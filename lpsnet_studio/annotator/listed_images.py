"""The image list as the open project knows it: how far each image has come, and where one goes next; no Qt."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable

from lpsnet_studio.annotator.desk import Desk
from lpsnet_studio.annotator.project import ImageEntry, Status
from lpsnet_studio.inference.messages import ImageSource
from lpsnet_studio.session import Session
from lpsnet_studio.state import UNREVIEWED, Entry, Review

__all__ = ["TO_APPROVE", "ListedImages", "listed_entries"]

TO_APPROVE: frozenset[Review] = frozenset({"done"})
"""What waits for a reviewer."""
_REVIEWS: dict[Status, Review] = {
    Status.TODO: "todo",
    Status.IN_PROGRESS: "in_progress",
    Status.DONE: "done",
    Status.APPROVED: "approved",
}
_NO_PROJECT: tuple[Review, str] = ("", "")
_OUTSIDE: tuple[Review, str] = ("outside", "")


def listed_entries(images: Iterable[ImageEntry]) -> list[Entry]:
    """Returns a project's images as a list shows them: each turned as the project keeps it."""
    files = (image.file for image in images)
    return [Entry(file.path.name, ImageSource(str(file.path), stated_size=file.stated_size)) for file in files]


class ListedImages:
    """Keeps the session's image list told of the project's images.

    Args:
        session: whose list it is.
        desk: where the project is open.
    """

    def __init__(self, session: Session, desk: Desk) -> None:
        self._session, self._desk = session, desk
        self._images: tuple[int, ...] = ()
        """By place in the list: the image's id in the project, 0 for none."""
        self._places: dict[int, list[int]] = {}
        self._known: frozenset[int] = frozenset()
        session.entries_changed.connect(self._tell_all)
        desk.project_changed.connect(self._tell_all)
        desk.entries_changed.connect(self._tell_changed)
        desk.place_changed.connect(self._read_ahead)
        session.reviews_changed.connect(self._read_ahead)
        self._tell_all()

    def image_at(self, index: int) -> int:
        """Returns the id in the project of the image at a place of the list; 0 if it has none."""
        return self._images[index] if 0 <= index < len(self._images) else 0

    def coming(self) -> list[int]:
        """Returns the places in the list that one is likely to go to next, the likeliest first.

        Who looks at an image that is done is likely to review, and goes to the next that is; others go to the next that
        is not. Both may go to the neighbour.
        """
        session = self._session
        reviews = session.current is not None and session.current.review in ("done", "approved")
        wanted = session.next_with(TO_APPROVE if reviews else UNREVIEWED)
        return [index for index in dict.fromkeys((wanted, session.neighbour(1))) if index >= 0]

    def hidden(self, reviews: Collection[Review]) -> int:
        """Returns how many images have come so far that the list does not show."""
        session, shown = self._session, set(self._session.order)
        return sum(
            entry.review in reviews and index not in shown and index != session.index
            for index, entry in enumerate(session.entries)
        )

    def _read_ahead(self) -> None:
        """Has what comes next read once the image that is open is on the desk."""
        desk = self._desk
        is_there = desk.place in ("editing", "not started") and desk.image == self.image_at(self._session.index)
        for index in self.coming()[:1] if is_there else ():
            desk.read_ahead(self.image_at(index))

    # ---------------------------------------------------------------------------------------------------------- telling

    def _tell_all(self) -> None:
        """Tells of every image of the list, in one pass."""
        entries, session = self._desk.entries, self._session
        # Texts, since making and comparing paths would take a second breath for ten thousand images.
        images = {str(entry.file.path): entry.id for entry in entries}
        self._images = tuple(images.get(os.path.abspath(entry.source.path), 0) for entry in session.entries)  # noqa: PTH100
        self._places, self._known = {}, frozenset(entry.id for entry in entries)
        for index, image in enumerate(self._images):
            self._places.setdefault(image, []).append(index)
        session.take_reviews(self._known_at(range(len(self._images))))

    def _tell_changed(self, images: Collection[int]) -> None:
        """Tells of some of the project's images; every stroke comes here."""
        now = {} if self._desk.store is None else self._desk.store.entries
        if not self._known.issuperset(images) or any(image not in now for image in images):
            self._tell_all()
            return
        self._session.take_reviews(self._known_at([index for image in images for index in self._places.get(image, ())]))

    def _known_at(self, places: Collection[int]) -> dict[int, tuple[Review, str]]:
        """Returns by place in the list how far its image has come, and what is said of it."""
        store = self._desk.store
        if store is None:
            return dict.fromkeys(places, _NO_PROJECT)
        entries = store.entries
        found = ((index, entries.get(self._images[index])) for index in places)
        return {index: _OUTSIDE if entry is None else (_REVIEWS[entry.status], entry.note) for index, entry in found}
