"""What is read of a project: the images, one image's segmentation and edits, and what a session before has left."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lpsnet_studio.annotator.bases import decode_ids, decode_segments
from lpsnet_studio.annotator.edits import Edit, SegmentInfo
from lpsnet_studio.annotator.project import FileFacts, ImageEntry, Status, found_path, real_place
from lpsnet_studio.annotator.schema import migrate
from lpsnet_studio.annotator.writes import Write, parts_about

__all__ = [
    "KeptImage",
    "LoadedImage",
    "Unfinished",
    "change_table",
    "kept_edits",
    "kept_image",
    "read_entries",
    "read_labels",
    "read_meta",
    "read_unfinished",
    "replay",
    "with_pending",
]

_COLUMNS = """SELECT images.id, path, is_relative, height, width, mtime_ns, bytes, position, status, note, done,
    (SELECT min(sequence) FROM bases WHERE image = images.id),
    coalesce((SELECT max(sequence) FROM edits WHERE image = images.id), 0),
    coalesce((SELECT id FROM edits WHERE image = images.id ORDER BY sequence DESC LIMIT 1), 0)
    FROM images ORDER BY position, images.id"""

_STATUSES = {status.value: status for status in Status}


@dataclass(frozen=True)
class LoadedImage:
    """One image's segmentation, and the edits from there on.

    Attributes:
        ids: ``[H, W]``, an array of its own: the base.
        segments: its table.
        base: how many edits it already has in it; the older ones are had from ``ProjectStore.earlier_edits``.
        edits: every edit behind the base, in order, those to be done again included.
        done: how many edits make up the present state; at least ``base``.
        first: how many of the oldest edits were dropped.
        source: where the segmentation came from, for people.
        titles: of the edits up to the base; empty for those that were dropped.
    """

    ids: NDArray[np.uint16]
    segments: dict[int, SegmentInfo]
    base: int
    edits: tuple[Edit, ...]
    done: int
    first: int
    source: str
    titles: tuple[str, ...] = ()

    @property
    def done_edits(self) -> tuple[Edit, ...]:
        """The edits that lead from the base to the present state."""
        return self.edits[: self.done - self.base]


@dataclass(frozen=True, slots=True)
class KeptImage:
    """The same as it lies in the database: to be read in one thread, and unpacked in another."""

    ids: bytes
    segments: str
    base: int
    edits: tuple[tuple[int, bytes], ...]
    done: int
    first: int
    source: str
    titles: tuple[str, ...]

    def unpacked(self) -> LoadedImage:
        """Returns it.

        Raises:
            ValueError: in a sentence, if the base or an edit that is done is damaged. A damaged edit that could be
                done again is left out, with those behind it.
        """
        edits: list[Edit] = []
        for sequence, content in self.edits:
            try:
                if sequence != self.base + len(edits) + 1:
                    raise ValueError(f"edit {self.base + len(edits) + 1} is missing")
                edits.append(Edit.from_bytes(content))
            except ValueError:
                if sequence <= self.done:
                    raise
                break
        if self.base + len(edits) < self.done:
            raise ValueError(f"edit {self.base + len(edits) + 1} is missing")
        ids, segments = decode_ids(self.ids), decode_segments(self.segments)
        return LoadedImage(ids, segments, self.base, tuple(edits), self.done, self.first, self.source, self.titles)

    def table(self) -> dict[int, SegmentInfo]:
        """Returns the segments of the present state, without their pixels.

        Raises:
            ValueError: in a sentence, if the base or an edit that is done is damaged.
        """
        segments = decode_segments(self.segments)
        for sequence, content in self.edits:
            if sequence <= self.done:
                change_table(segments, Edit.from_bytes(content))
        return segments


@dataclass(frozen=True, slots=True)
class Unfinished:
    """What sessions that never closed have left: everything up to the stroke that was in hand.

    Attributes:
        host: the machine of the newest of them.
        opened: when it opened the project, seconds since 1970.
        images: image -> how many of its edits those sessions made; the one that was edited last comes last.
        up_to: the newest of those sessions.
    """

    host: str
    opened: float
    images: dict[int, int]
    up_to: int


def replay(ids: NDArray[np.uint16], segments: dict[int, SegmentInfo], edits: Sequence[Edit]) -> None:
    """Makes edits on an id map and a segment table, in place."""
    for edit in edits:
        edit.patch.apply(ids)
        change_table(segments, edit)


def change_table(segments: dict[int, SegmentInfo], edit: Edit) -> None:
    """Makes an edit on a segment table, in place."""
    for number, (_, after) in edit.segments.items():
        if after is None:
            segments.pop(number, None)
        else:
            segments[number] = after


def read_entries(connection: sqlite3.Connection, folder: Path) -> Iterator[ImageEntry]:
    """Yields the images in the order of the list."""
    real = real_place(folder)
    for (
        number,
        path,
        is_relative,
        height,
        width,
        mtime,
        size,
        position,
        status,
        note,
        done,
        first,
        last,
        newest,
    ) in connection.execute(_COLUMNS):
        file = FileFacts(found_path(folder, path, is_relative=bool(is_relative), real=real), height, width, mtime, size)
        known = _STATUSES.get(status, Status.TODO)
        yield ImageEntry(number, file, position, known, note, first, done, max(last, done), newest)


def read_labels(connection: sqlite3.Connection) -> Any:
    """Returns the label set, as JSON says it; None if there is none."""
    row = connection.execute("SELECT content FROM labels").fetchone()
    return None if row is None else json.loads(row[0])


def read_meta(connection: sqlite3.Connection) -> dict[str, Any]:
    """Returns everything that is remembered with the project."""
    return {key: json.loads(value) for key, value in connection.execute("SELECT key, value FROM meta")}


def read_unfinished(connection: sqlite3.Connection, session: int) -> Unfinished | None:
    """Returns what sessions other than this one have left; None if they all closed, or changed nothing."""
    sessions = connection.execute(
        "SELECT id, host, opened FROM sessions WHERE id <> ? ORDER BY id DESC", (session,)
    ).fetchall()
    if not sessions:
        return None
    rows = connection.execute(
        """SELECT images.id, (SELECT count(*) FROM edits WHERE image = images.id AND session IN
            (SELECT id FROM sessions WHERE id <> ?1)) AS made,
            coalesce((SELECT max(id) FROM edits WHERE image = images.id), 0) AS newest
        FROM images WHERE session IN (SELECT id FROM sessions WHERE id <> ?1) OR made > 0 ORDER BY newest""",
        (session,),
    )
    images = {image: made for image, made, _ in rows}
    return Unfinished(sessions[0][1], sessions[0][2], images, sessions[0][0]) if images else None


def kept_image(connection: sqlite3.Connection, image: int) -> KeptImage | None:
    """Returns an image's newest base that is not ahead of its present state, and the edits from there on."""
    with_base = connection.execute(
        """SELECT bases.ids, segments, bases.sequence, done,
            (SELECT min(sequence) FROM bases WHERE image = images.id),
            (SELECT source FROM bases WHERE image = images.id ORDER BY sequence LIMIT 1)
        FROM images JOIN bases ON bases.image = images.id AND bases.sequence <= images.done
        WHERE images.id = ? ORDER BY bases.sequence DESC LIMIT 1""",
        (image,),
    ).fetchone()
    if with_base is None:
        return None
    ids, segments, base, done, first, source = with_base
    edits = tuple(
        connection.execute(
            "SELECT sequence, content FROM edits WHERE image = ? AND sequence > ? ORDER BY sequence", (image, base)
        )
    )
    titles = [""] * base
    for sequence, title in connection.execute(
        "SELECT sequence, title FROM edits WHERE image = ? AND sequence <= ?", (image, base)
    ):
        titles[sequence - 1] = title
    return KeptImage(ids, segments, base, edits, done, first, source, tuple(titles))


def kept_edits(connection: sqlite3.Connection, image: int, begin: int, end: int) -> list[tuple[int, bytes]]:
    """Returns the edits ``begin + 1 … end`` of an image as they are kept."""
    return connection.execute(
        "SELECT sequence, content FROM edits WHERE image = ? AND sequence > ? AND sequence <= ? ORDER BY sequence",
        (image, begin, end),
    ).fetchall()


def with_pending(connection: sqlite3.Connection, image: int, pending: Sequence[Write]) -> sqlite3.Connection:
    """Returns a database that holds one image as it will be once everything that waits is written.

    That is the connection itself if nothing waits which is about the image; else one in memory, so that it works where
    nothing can be written.
    """
    writes = [part for write in pending for part in parts_about(write, image)]
    if not writes:
        return connection
    beside = sqlite3.connect(":memory:", isolation_level=None)
    migrate(beside)
    beside.execute("PRAGMA foreign_keys = OFF")
    for table, key in (("images", "id"), ("bases", "image"), ("edits", "image")):
        rows = connection.execute(f"SELECT * FROM {table} WHERE {key} = ?", (image,)).fetchall()
        if rows:
            beside.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * len(rows[0]))})", rows)
    beside.execute(
        "INSERT OR IGNORE INTO images (id, path, is_relative, height, width, mtime_ns, bytes, position) "
        "VALUES (?, '', 0, 0, 0, 0, 0, 0)",
        (image,),
    )
    for write in writes:
        with suppress(ValueError):  # it will be refused
            write.perform(beside, 0)
    return beside
