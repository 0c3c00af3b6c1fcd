"""One image of a project, read before anybody looks at it; no Qt."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import Any

from lpsnet_studio.annotator.opened_image import OpenedImage, open_image
from lpsnet_studio.annotator.store import ProjectStore

__all__ = ["ReadAhead"]


class _Reading:
    """An image that is being read ahead, or was.

    Attributes:
        image: its id.
        lock: held by whoever reads it.
        is_stale: whether it has changed since, or is not wanted any more.
        opened: what was read; None until it is, and if it could not be.
    """

    def __init__(self, image: int) -> None:
        self.image = image
        self.lock = threading.Lock()
        self.is_stale = False
        self.opened: OpenedImage | None = None


class ReadAhead:
    """Keeps one image ready to be edited, so that going on to it does not wait for the disk.

    Whatever changes the image in the project meanwhile makes what was read void: it is read anew when it is opened.
    A project that is only read may be changed by another Studio without a word, and nothing of it is kept.

    Args:
        work: does something outside the thread that asks, as a desk's does.
    """

    def __init__(self, work: Callable[..., Any]) -> None:
        self._work = work
        self._store: ProjectStore | None = None
        self._mutex = threading.Lock()
        self._reading: _Reading | None = None

    def follow(self, store: ProjectStore | None) -> None:
        """Turns to another project; what was read of the one before is let go."""
        self._let_go()
        self._store = store
        if store is not None:
            store.images_changed.connect(self._forget)
            store.dropped.connect(self._forget_dropped)

    def prepare(self, image: int) -> None:
        """Reads an image in the place of the one that is ready; nothing if it is that one, or was never started."""
        store = self._store
        if store is None or store.is_read_only:
            return
        entry, reading = store.entries.get(image), self._reading
        if entry is None or not entry.is_started:
            return
        if reading is not None and reading.image == image:
            return
        self._let_go()
        wanted = self._reading = _Reading(image)

        def read() -> None:
            with wanted.lock:
                if not wanted.is_stale:
                    wanted.opened = _opened_quietly(store, image)

        self._work(read, lambda _nothing: None)

    def open(self, store: ProjectStore, image: int) -> OpenedImage | None:
        """Returns an image as :func:`open_image` does: what is ready of it, else read now; waits for the disk.

        Raises:
            ProjectError: in a sentence, if it cannot be read.
        """
        ready = self._take(store, image)
        return open_image(store, image) if ready is None else ready

    def _take(self, store: ProjectStore, image: int) -> OpenedImage | None:
        """Returns what is ready of an image, or will be in a moment; nobody else gets it any more."""
        reading = self._reading
        if reading is None or store is not self._store or reading.image != image:
            return None
        with reading.lock:  # held while it is being read
            opened, reading.opened = reading.opened, None
            with self._mutex:
                is_stale, reading.is_stale = reading.is_stale, True
                if self._reading is reading:
                    self._reading = None
        return None if is_stale else opened

    def _let_go(self) -> None:
        with self._mutex:
            if self._reading is not None:
                self._reading.is_stale = True
                self._reading = None

    def _forget(self, images: Iterable[int]) -> None:
        """Makes void what was read of images that changed; called in the thread that changed them."""
        with self._mutex:
            if self._reading is not None and self._reading.image in images:
                self._reading.is_stale = True
                self._reading = None

    def _forget_dropped(self, image: int, _first: int) -> None:
        self._forget((image,))


def _opened_quietly(store: ProjectStore, image: int) -> OpenedImage | None:
    """Opens an image; whoever looks at it is told why it cannot be read."""
    try:
        return open_image(store, image)
    except (OSError, ValueError):
        return None
