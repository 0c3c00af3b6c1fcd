"""Photos and PNGs of a data set, read in threads a bounded number ahead."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np

from lpsnet.engine.data_check.json_faults import complaint_of
from lpsnet.formats.id_png import PanopticFormatError, read_id_png
from lpsnet.images import ImageError, read_image, read_image_size
from lpsnet.structures import PanopticSegmentation, Segment

__all__ = ["FilesAhead", "IdMap", "Progress", "StoppedError"]

_WAITING_PER_THREAD = 4
"""Files that wait for a thread: enough to keep it busy, few enough that memory does not grow with the data set."""

_Subject = TypeVar("_Subject")
_Outcome = TypeVar("_Outcome")
Progress = Callable[[int, int], None]
"""Is told how much is done, and of how much."""


class StoppedError(Exception):
    """The caller wants no more."""


@dataclass(frozen=True, slots=True, eq=False)
class IdMap:
    """What a PNG of ids holds.

    Attributes:
        segments: area and box of every id but void; their class means nothing.
        pixels: number of its pixels.
    """

    segments: Mapping[int, Segment]
    pixels: int

    @property
    def void(self) -> int:
        """Number of void pixels."""
        return self.pixels - sum(segment.area for segment in self.segments.values())


class FilesAhead:
    """Reads photos and PNGs in threads and hands the outcomes back in order.

    Leaving its block ends the threads; what they have not begun is dropped.

    Attributes:
        total: how many images and annotations there are, for ``progress``.

    Args:
        threads: how many.
        decode_photos: whether photos are decoded whole, or only their headers read.
        progress: told what is done, and of how many, in the thread that asks for the outcomes.
        should_stop: asked there before each outcome.
    """

    def __init__(
        self,
        threads: int,
        *,
        decode_photos: bool,
        progress: Progress | None,
        should_stop: Callable[[], bool] | None,
    ) -> None:
        self.total = 0
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="check-data")
        self._most_waiting = threads * _WAITING_PER_THREAD
        self._decode_photos = decode_photos
        self._progress, self._should_stop = progress, should_stop
        self._done = 0

    def __enter__(self) -> FilesAhead:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(cancel_futures=True)

    def photo(self, path: Path, size: tuple[int, int] | None) -> Future[str]:
        """Starts to read a photo of a stated ``(height, width)``; the outcome is why it cannot be read, or nothing."""
        return self._pool.submit(_photo_complaint, path, size, self._decode_photos)

    def png(self, path: Path, size: tuple[int, int] | None) -> Future[IdMap | str]:
        """Starts to read a PNG of a stated ``(height, width)``; the outcome is what it holds, or why it does not."""
        return self._pool.submit(_read_id_map, path, size)

    def in_order(
        self, begun: Iterator[tuple[_Subject, Future[_Outcome] | None]]
    ) -> Iterator[tuple[_Subject, _Outcome | None]]:
        """Yields what was begun with its outcome, or with None where no file is read.

        Raises:
            StoppedError: if the caller wants no more.
        """
        waiting: deque[tuple[_Subject, Future[_Outcome] | None]] = deque()
        for work in begun:
            waiting.append(work)
            if len(waiting) > self._most_waiting:
                subject, future = waiting.popleft()
                yield subject, self._wait(future)
        for subject, future in waiting:
            yield subject, self._wait(future)

    def _wait(self, future: Future[_Outcome] | None) -> _Outcome | None:
        if self._should_stop is not None and self._should_stop():
            raise StoppedError
        outcome = None if future is None else future.result()
        self._done += 1
        if self._progress is not None:
            self._progress(self._done, self.total)
        return outcome


def _photo_complaint(path: Path, size: tuple[int, int] | None, decode: bool) -> str:
    try:
        if decode:
            read_image(path, stated_size=size)
        else:
            read_image_size(path, stated_size=size)
    except ImageError as error:
        return complaint_of(error, path)
    return ""


def _read_id_map(path: Path, size: tuple[int, int] | None) -> IdMap | str:
    try:
        ids = read_id_png(path, size)
    except PanopticFormatError as error:
        return complaint_of(error, path)
    flat = ids.reshape(-1)
    # Every id begins a run somewhere, and runs are far fewer than pixels.
    present = np.unique(flat[np.flatnonzero(np.diff(flat, prepend=0))]).tolist()
    measured = PanopticSegmentation.from_ids(ids, {identity: 0 for identity in present if identity})
    return IdMap({segment.id: segment for segment in measured.segments}, ids.size)
