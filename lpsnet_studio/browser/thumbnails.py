"""Makes the thumbnails of the rows on screen in the background, and keeps the last ones in memory."""

from __future__ import annotations

import os
import threading
import weakref
from collections import OrderedDict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QImage, QPixmap

from lpsnet_studio.background import courier
from lpsnet_studio.browser.thumbnail_store import ThumbnailStore

__all__ = ["Thumbnails"]

_MEMORY = 32 * 2**20
"""Bytes of thumbnails that are kept in memory, more than a thousand."""


class Thumbnails(QObject):
    """Thumbnails by the path of their picture.

    What is wanted is told anew whenever the list is scrolled: what has left the screen is not made any more.

    Signals:
        made: a path, in the GUI thread: :meth:`find` has its thumbnail now.
        failed: a path and why its picture cannot be read, in the GUI thread.

    Args:
        store: where they come from.
        parent: Qt's owner.
        memory: bytes that are kept.
        threads: how many decode at a time; None for what leaves a core to the window.
    """

    made = Signal(str)
    failed = Signal(str, str)

    def __init__(
        self,
        store: ThumbnailStore,
        parent: QObject | None = None,
        memory: int = _MEMORY,
        threads: int | None = None,
    ) -> None:
        super().__init__(parent)
        self._store, self._memory = store, memory
        self._kept: OrderedDict[str, QPixmap] = OrderedDict()
        self._bytes = 0
        self._hopeless: set[str] = set()
        self._lock = threading.Lock()
        self._wanted: list[str] = []
        self._under_way: set[str] = set()
        self._workers = 0
        self._has_pruned = False
        # One core stays free for the window, and decoding never takes more than two.
        self._threads = threads or max(1, min(2, (os.cpu_count() or 2) - 1))
        self._pool = ThreadPoolExecutor(self._threads, thread_name_prefix="thumbnails")
        self._courier = courier()

    def find(self, path: str) -> QPixmap | None:
        """Returns the thumbnail of a picture; None if it has not been made."""
        pixmap = self._kept.get(path)
        if pixmap is not None:
            self._kept.move_to_end(path)
        return pixmap

    def want(self, paths: Sequence[str]) -> None:
        """Has thumbnails made, the first first; whatever was wanted before is so no more."""
        missing = [path for path in paths if path not in self._kept and path not in self._hopeless]
        with self._lock:
            self._wanted = [path for path in missing if path not in self._under_way]
            starting = max(min(len(self._wanted), self._threads - self._workers), 0)
            self._workers += starting
        for _ in range(starting):
            self._pool.submit(self._work, weakref.ref(self))

    @property
    def is_idle(self) -> bool:
        """Whether everything that is wanted has been made."""
        return not self._wanted and not self._under_way

    def forget(self, path: str) -> None:
        """Has the thumbnail of a picture made again when it is next wanted."""
        self._hopeless.discard(path)
        pixmap = self._kept.pop(path, None)
        if pixmap is not None:
            self._bytes -= _bytes_of(pixmap)

    def try_unreadable_again(self) -> None:
        """Gives pictures that could not be read another chance, as when another list is opened."""
        self._hopeless.clear()

    def close(self) -> None:
        """Makes no more, and waits for what is being made."""
        self.want(())
        self._threads = 0
        self._pool.shutdown()

    def _work(self, me: weakref.ref[QObject]) -> None:
        """Makes what is wanted until nothing is; runs in a thread of the pool."""
        if not self._has_pruned:
            self._has_pruned = True
            self._store.prune()
        while (path := self._next()) is not None:
            outcome: object
            try:
                outcome = _image(self._store.thumbnail(path))
            except Exception as error:  # a decoder may raise anything; the row says what
                outcome = str(error)
            self._courier.bring(me, partial(Thumbnails._take, path=path, outcome=outcome))

    def _next(self) -> str | None:
        with self._lock:
            if not self._wanted:
                self._workers -= 1
                return None
            path = self._wanted.pop(0)
            self._under_way.add(path)
            return path

    def _take(self, path: str, outcome: object) -> None:
        with self._lock:
            self._under_way.discard(path)
        if isinstance(outcome, QImage):
            self.forget(path)
            self._kept[path] = QPixmap.fromImage(outcome)
            self._bytes += _bytes_of(self._kept[path])
            while self._bytes > self._memory and len(self._kept) > 1:
                self.forget(next(iter(self._kept)))
            self.made.emit(path)
        else:
            self._hopeless.add(path)
            self.failed.emit(path, str(outcome))


def _image(pixels: NDArray[np.uint8]) -> QImage:
    height, width = pixels.shape[:2]
    # Four bytes a pixel is what screens take: the conversion is done here and not in the GUI thread.
    return QImage(pixels.data, width, height, 3 * width, QImage.Format.Format_RGB888).convertToFormat(
        QImage.Format.Format_RGB32
    )


def _bytes_of(pixmap: QPixmap) -> int:
    return pixmap.width() * pixmap.height() * 4
