"""Thumbnails on disk: made once a picture, found again as long as the file is the same; no Qt."""

from __future__ import annotations

import hashlib
import logging
import os
from contextlib import suppress
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from lpsnet.analysis.inspection_file import load_inspection
from lpsnet.images import read_thumbnail

__all__ = ["THUMBNAIL_SIZE", "ThumbnailStore"]

THUMBNAIL_SIZE = (72, 96)
"""``(H, W)`` that thumbnails fit into: twice what the list shows, so that they are crisp at 200 %."""
_LIMIT = 20_000
"""Thumbnails kept on disk, of some 4 kB each."""
_KEPT_AFTER_PRUNING = 15_000
_QUALITY = 88

_log = logging.getLogger(__name__)


class ThumbnailStore:
    """Reads thumbnails from a folder of its own, or makes them and leaves them there.

    Whatever is wrong with the folder or with a file in it, a thumbnail is made from its picture. Safe to use from
    several threads and by several programs at once.

    Args:
        folder: made when something is first written.
        limit: how many are kept.
    """

    def __init__(self, folder: Path, limit: int = _LIMIT) -> None:
        self._folder = folder
        self._limit = limit

    def thumbnail(self, path: str) -> NDArray[np.uint8]:
        """Returns the thumbnail of a picture, RGB uint8 ``[h, w, 3]``.

        Raises:
            ValueError: naming the picture or the saved inspection, if it cannot be read.
        """
        place = self._place_of(path)
        found = None if place is None else _read(place)
        if found is not None:
            return found
        made = _thumbnail_of_inspection(path) if path.lower().endswith(".npz") else read_thumbnail(path, THUMBNAIL_SIZE)
        if place is not None:
            _write(place, made)
        return made

    def prune(self) -> None:
        """Deletes the thumbnails that were made longest ago, if there are too many."""
        try:
            with os.scandir(self._folder) as entries:
                files = [(entry.stat().st_mtime_ns, entry.path) for entry in entries if entry.is_file()]
        except OSError:
            return
        if len(files) > self._limit:
            kept = min(self._limit, _KEPT_AFTER_PRUNING)
            for _, name in sorted(files)[: len(files) - kept]:
                with suppress(OSError):
                    Path(name).unlink()

    def _place_of(self, path: str) -> Path | None:
        """Returns where the thumbnail of a picture as it is now lies; None if the picture cannot be looked at."""
        try:
            status = Path(path).stat()
        except OSError:
            return None
        identity = f"{Path(path).absolute()}\0{status.st_mtime_ns}\0{status.st_size}\0{THUMBNAIL_SIZE}"
        return self._folder / f"{hashlib.sha256(identity.encode('utf-8', 'surrogateescape')).hexdigest()[:40]}.jpg"


def _thumbnail_of_inspection(path: str) -> NDArray[np.uint8]:
    pixels = load_inspection(path).image
    scale = min(THUMBNAIL_SIZE[0] / pixels.shape[0], THUMBNAIL_SIZE[1] / pixels.shape[1], 1.0)
    size = max(round(pixels.shape[1] * scale), 1), max(round(pixels.shape[0] * scale), 1)
    return np.ascontiguousarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)


def _read(place: Path) -> NDArray[np.uint8] | None:
    try:
        content = np.frombuffer(place.read_bytes(), np.uint8)
        pixels = cv2.imdecode(content, cv2.IMREAD_COLOR)
    except (OSError, cv2.error):
        return None
    fits = pixels is not None and pixels.shape[0] <= THUMBNAIL_SIZE[0] and pixels.shape[1] <= THUMBNAIL_SIZE[1]
    return np.ascontiguousarray(pixels[:, :, ::-1]) if fits else None


def _write(place: Path, pixels: NDArray[np.uint8]) -> None:
    """Leaves a thumbnail for the next time; a cache that cannot be written is only slower."""
    staged = place.with_suffix(f".{os.getpid()}-{id(pixels):x}")
    try:
        _, content = cv2.imencode(".jpg", pixels[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
        place.parent.mkdir(parents=True, exist_ok=True)
        staged.write_bytes(content.tobytes())
        staged.replace(place)
    except (OSError, cv2.error) as error:
        _log.debug("%s: the thumbnail was not kept (%s)", place, error)
        with suppress(OSError):
            staged.unlink()
