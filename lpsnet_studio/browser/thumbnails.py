"""Makes the thumbnails of the rows on screen in the background, and keeps the last ones in memory."""

from __future__ import annotations

import os
import threading
import time
import weakref
from collections import OrderedDict
from collections.abc import Callable, Sequence
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
_FAREWELL = 0.3
"""Seconds that closing waits for what is being made; most pictures take less."""


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
        self._memory = memory
        self._kept: OrderedDict[str, QPixmap] = OrderedDict()
        self._bytes = 0
        self._hopeless: set[str] = set()
        # One core stays free for the window, and decoding never takes more than two.
        threads = threads or max(1, min(2, (os.cpu_count() or 2) - 1))
        me, bring = weakref.ref(self), courier().bring
        self._makers = _Makers(
            store, threads, lambda path, outcome: bring(me, partial(Thumbnails._take, path=path, outcome=outcome))
        )

    def find(self, path: str) -> QPixmap | None:
        """Returns the thumbnail of a picture; None if it has not been made."""
        pixmap = self._kept.get(path)
        if pixmap is not None:
            self._kept.move_to_end(path)
        return pixmap

    def want(self, paths: Sequence[str]) -> None:
        """Has thumbnails made, the first first; whatever was wanted before is so no more."""
        missing = [path for path in paths if path not in self._kept and path not in self._hopeless]
        self._makers.want(missing)

    @property
    def is_idle(self) -> bool:
        """Whether everything that is wanted has been made."""
        return self._makers.are_idle

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
        """Makes no more; a picture that takes long to read, as on a dead share, is left to end with the program."""
        self._makers.close(_FAREWELL)

    def _take(self, path: str, outcome: object) -> None:
        self._makers.delivered(path)
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


class _Makers:
    """Threads that make what is wanted, and end when nothing is.

    They are daemons: the program would otherwise stay for as long as one of them is stuck in a decoder.

    Args:
        store: where thumbnails come from.
        threads: how many there may be at a time.
        deliver: takes a path and its thumbnail, or why there is none; called in one of the threads.
    """

    def __init__(self, store: ThumbnailStore, threads: int, deliver: Callable[[str, object], None]) -> None:
        self._store, self._most, self._deliver = store, threads, deliver
        self._lock = threading.Lock()
        self._wanted: list[str] = []
        self._under_way: set[str] = set()
        self._threads: set[threading.Thread] = set()
        self._has_pruned = False

    @property
    def are_idle(self) -> bool:
        """Whether everything that is wanted has been made and delivered."""
        return not self._wanted and not self._under_way

    def want(self, paths: Sequence[str]) -> None:
        """Has thumbnails made, the first first, and no others any more."""
        with self._lock:
            self._wanted = [path for path in paths if path not in self._under_way]
            for _ in range(min(len(self._wanted), self._most - len(self._threads))):
                thread = threading.Thread(target=self._work, name="thumbnails", daemon=True)
                self._threads.add(thread)
                thread.start()

    def delivered(self, path: str) -> None:
        """Notes that a path's outcome has been taken."""
        with self._lock:
            self._under_way.discard(path)

    def close(self, seconds: float) -> None:
        """Makes no more, and waits at most so long for what is being made."""
        with self._lock:
            self._wanted, self._most = [], 0
            threads = list(self._threads)
        deadline = time.monotonic() + seconds
        for thread in threads:
            thread.join(max(deadline - time.monotonic(), 0.0))

    def _work(self) -> None:
        """Makes what is wanted until nothing is."""
        if not self._has_pruned:
            self._has_pruned = True
            self._store.prune()
        while (path := self._next()) is not None:
            outcome: object
            try:
                outcome = _image(self._store.thumbnail(path))
            except Exception as error:  # a decoder may raise anything; the row says what
                outcome = str(error)
            self._deliver(path, outcome)

    def _next(self) -> str | None:
        with self._lock:
            if not self._wanted:
                self._threads.discard(threading.current_thread())
                return None
            path = self._wanted.pop(0)
            self._under_way.add(path)
            return path


def _image(pixels: NDArray[np.uint8]) -> QImage:
    height, width = pixels.shape[:2]
    # Four bytes a pixel is what screens take: the conversion is done here and not in the GUI thread.
    return QImage(pixels.data, width, height, 3 * width, QImage.Format.Format_RGB888).convertToFormat(
        QImage.Format.Format_RGB32
    )


def _bytes_of(pixmap: QPixmap) -> int:
    return pixmap.width() * pixmap.height() * 4
