"""Annotation projects on disk: one journaled edit, a project of 10,000 images, an image of 1,000 edits.

An edit is on the disk when its commit has come back (``synchronous=FULL``): beside it stands what this disk takes to
keep four kilobytes, since no commit can be quicker.
"""

from __future__ import annotations

import os
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

SIZE = 4000, 6000
EDITS, JOURNALED, IMAGES = 1000, 300, 10_000


def stroke(ids: NDArray[np.uint16], random: np.random.Generator, number: int) -> object:
    """Paints a wavy brush stroke of 50 points and radius 12 into an id map, and returns the edit."""
    import cv2

    from lpsnet_studio.annotator.edits import Edit, PixelPatch, SegmentInfo

    y, x = int(random.integers(100, SIZE[0] - 500)), int(random.integers(100, SIZE[1] - 900))
    points = np.stack([np.arange(50) * 12, 120 + 90 * np.sin(np.arange(50) / 6)], axis=1).astype(np.int32) + 60
    window = ids[y : y + 400, x : x + 760]
    after = cv2.polylines(window.copy(), [points], isClosed=False, color=number, thickness=25)
    edit = Edit("Brush", PixelPatch.between(window, after, (y, x)), {number: (None, SegmentInfo(1 + number % 80))})
    window[:] = after
    return edit


def journaled(folder: Path) -> list[tuple[str, str, str]]:
    """Returns what journaling edits on 24 megapixels takes, and what opening 1,000 of them does."""
    from lpsnet_studio.annotator.edits import SegmentInfo
    from lpsnet_studio.annotator.project import FileFacts
    from lpsnet_studio.annotator.store import ProjectStore

    random = np.random.default_rng(0)
    ids = np.repeat(np.repeat(random.integers(1, 60, (40, 60)).astype(np.uint16), 100, 0), 100, 1)
    store = ProjectStore.create(folder / "one")
    (image,), _ = store.add_images([FileFacts(folder / "picture.png", *SIZE, 0, 0)])
    begin = time.perf_counter()
    store.start(image, ids, {number: SegmentInfo(number) for number in range(1, 61)}).result(60)
    rows = [("a base of 24 megapixels begun and on the disk", _ms([time.perf_counter() - begin]), "")]
    asked, saved = [], []
    for number in range(JOURNALED):
        edit = stroke(ids, random, 100 + number)
        begin = time.perf_counter()
        ticket = store.append(image, edit)
        asked.append(time.perf_counter() - begin)
        ticket.result(60)
        saved.append(time.perf_counter() - begin)
    rows.append(("one stroke handed over, in the thread that draws", *_both(asked)))
    rows.append(("one stroke on the disk", *_both(saved)))
    for number in range(JOURNALED, EDITS):
        store.append(image, stroke(ids, random, 100 + number))
    store.flush_and_tidy(120)
    store.close()
    rows.append(
        (f"{EDITS:,} edits in the database", f"{(folder / 'one/project.sqlite').stat().st_size / 2**20:.1f} MiB", "")
    )
    rows.append((f"an image of {EDITS:,} edits read to its present state", *_read(folder / "one", image, ids)))
    with closing(sqlite3.connect(folder / "one/project.sqlite", isolation_level=None)) as connection:
        connection.execute("DELETE FROM bases WHERE sequence > 0")
    rows.append(("the same without newer bases", *_read(folder / "one", image, ids)))
    return rows


def _read(folder: Path, image: int, ids: NDArray[np.uint16]) -> tuple[str, str]:
    from lpsnet_studio.annotator.store import ProjectStore

    seconds = []
    for _ in range(3):
        with closing(ProjectStore.open(folder, read_only=True)) as store:
            begin = time.perf_counter()
            found = store.current(image)
            seconds.append(time.perf_counter() - begin)
            assert found is not None
            assert (found[0] == ids).all()
    return _both(seconds)


def opened(folder: Path) -> tuple[str, str, str]:
    """Returns what opening a project of 10,000 images takes, each begun."""
    from lpsnet_studio.annotator.bases import encode_ids
    from lpsnet_studio.annotator.project import FileFacts
    from lpsnet_studio.annotator.store import ProjectStore

    store = ProjectStore.create(folder / "many")
    store.add_images(FileFacts(folder / f"pictures/{number:06}.jpg", 480, 640, 0, 0) for number in range(IMAGES))
    store.close()
    ids = encode_ids(np.repeat(np.repeat(np.arange(1, 301, dtype=np.uint16).reshape(15, 20), 32, 0), 32, 1))
    with closing(sqlite3.connect(folder / "many/project.sqlite")) as connection, connection:
        connection.execute("INSERT INTO bases SELECT id, 0, ?, '{}', '' FROM images", (ids,))
        connection.execute("INSERT INTO edits SELECT NULL, id, 1, 0, 'Brush', 0.0, zeroblob(2000) FROM images")
    seconds = []
    for _ in range(7):
        begin = time.perf_counter()
        store = ProjectStore.open(folder / "many")
        seconds.append(time.perf_counter() - begin)
        assert len(store.entries) == IMAGES
        store.close()
    return (f"a project of {IMAGES:,} images opened", *_both(seconds))


def synced(folder: Path) -> list[float]:
    """Returns how long this disk takes to keep four kilobytes that are added to a file."""
    seconds = []
    with (folder / "file").open("wb", buffering=0) as stream:
        for _ in range(JOURNALED):
            begin = time.perf_counter()
            stream.write(bytes(4096))
            os.fsync(stream.fileno())
            seconds.append(time.perf_counter() - begin)
    return seconds


def _both(seconds: Sequence[float]) -> tuple[str, str]:
    return _ms([statistics.median(seconds)]), _ms([float(np.percentile(seconds, 95))])


def _ms(seconds: Sequence[float]) -> str:
    return f"{1e3 * seconds[0]:.3g} ms"


def main() -> None:
    """Prints the table."""
    from _machine import describe_machine, markdown_table

    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        rows = [*journaled(folder), opened(folder), ("four kilobytes kept by this disk", *_both(synced(folder)))]
    print(describe_machine())
    print(markdown_table([("what", "median", "p95"), *rows]))


if __name__ == "__main__":
    main()
