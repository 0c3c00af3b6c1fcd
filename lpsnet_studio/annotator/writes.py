"""Everything that is written to a project: each write says by itself what is to be, so that it can be made again.

A commit that failed may have reached the disk all the same. No write depends on how often it was made, therefore:
edits carry their numbers, and a number that is there is replaced.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from lpsnet_studio.annotator.bases import encode_ids, encode_segments
from lpsnet_studio.annotator.edits import Edit, SegmentInfo
from lpsnet_studio.annotator.project import Status

__all__ = [
    "AddImages",
    "AppendEdit",
    "DropEdits",
    "KeepBase",
    "MoveCursor",
    "PutFile",
    "PutLabels",
    "PutMeta",
    "PutStatus",
    "RemoveImages",
    "SettleSessions",
    "StartImage",
    "Together",
    "Write",
    "parts_about",
]


class Write(Protocol):
    """A change of the database, made within a transaction that somebody else begins and commits."""

    def perform(self, connection: sqlite3.Connection, session: int) -> None:
        """Makes it; a second time it changes nothing.

        Raises:
            ValueError: in a sentence, if it does not fit on what is there; it is then never tried again.
            sqlite3.Error: if it cannot be written now.
        """
        ...


def parts_about(write: Write, image: int) -> list[Write]:
    """Returns what of a write is about one image's segmentation, in order."""
    if isinstance(write, Together):
        return [part for inner in write.writes for part in parts_about(inner, image)]
    return [write] if isinstance(write, StartImage | AppendEdit | MoveCursor) and write.image == image else []


@dataclass(frozen=True)
class Together:
    """Writes of which all are made or none."""

    writes: Sequence[Write]

    def perform(self, connection: sqlite3.Connection, session: int) -> None:
        """Makes them in order."""
        for write in self.writes:
            write.perform(connection, session)


@dataclass(frozen=True)
class AddImages:
    """Images that a project refers to from now on, each as a row of the table from ``id`` to ``position``."""

    rows: Sequence[tuple[int, str | bytes, bool, int, int, int, int, int]]

    def perform(self, connection: sqlite3.Connection, session: int) -> None:
        """Adds them, as nothing that was begun."""
        connection.executemany(
            """INSERT OR IGNORE INTO images (id, path, is_relative, height, width, mtime_ns, bytes, position)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?)""",
            self.rows,
        )


@dataclass(frozen=True)
class RemoveImages:
    """Images that leave the project, with all their edits; the files stay."""

    images: Sequence[int]

    def perform(self, connection: sqlite3.Connection, session: int) -> None:
        """Removes them."""
        connection.executemany("DELETE FROM images WHERE id = ?", [(image,) for image in self.images])


@dataclass(frozen=True)
class PutStatus:
    """How far an image has come, and the note about it."""

    image: int
    status: Status
    note: str

    def perform(self, connection: sqlite3.Connection, session: int) -> None:
        """Replaces both."""
        values = (self.status.value, self.note, self.image)
        connection.execute("UPDATE images SET status = ?, note = ? WHERE id = ?", values)


@dataclass(frozen=True)
class PutFile:
    """Another file, or the same one as it is now."""

    image: int
    path: str | bytes
    is_relative: bool
    mtime_ns: int
    bytes: int

    def perform(self, connection: sqlite3.Connection, session: int) -> None:
        """Replaces what is known of the file."""
        connection.execute(
            "UPDATE images SET path = ?, is_relative = ?, mtime_ns = ?, bytes = ? WHERE id = ?",
            (self.path, self.is_relative, self.mtime_ns, self.bytes, self.image),
        )


@dataclass(frozen=True)
class PutLabels:
    """The label set, as JSON can say it."""

    content: Any

    def perform(self, connection: sqlite3.Connection, session: int) -> None:
        """Replaces it."""
        text = json.dumps(self.content, ensure_ascii=False)
        connection.execute("INSERT OR REPLACE INTO labels (id, content) VALUES (1, ?)", (text,))


@dataclass(frozen=True)
class PutMeta:
    """Something to be remembered with the project, as JSON can say it."""

    key: str
    value: Any

    def perform(self, connection: sqlite3.Connection, session: int) -> None:
        """Replaces it."""
        text = json.dumps(self.value, ensure_ascii=False)
        connection.execute("INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)", (self.key, text))


@dataclass(frozen=True)
class SettleSessions:
    """Sessions that never closed are no longer told of."""

    up_to: int

    def perform(self, connection: sqlite3.Connection, session: int) -> None:
        """Forgets them; their edits stay."""
        connection.execute("DELETE FROM sessions WHERE id <= ? AND id <> ?", (self.up_to, session))


@dataclass(frozen=True)
class StartImage:
    """The segmentation that an image is edited from; whatever was there before is gone.

    Attributes:
        image: its id.
        ids: ``[H, W]``, not changed by anybody from now on.
        segments: the table.
        source: where it comes from, for people.
    """

    image: int
    ids: NDArray[np.uint16]
    segments: Mapping[int, SegmentInfo]
    source: str

    @cached_property
    def _content(self) -> tuple[bytes, str]:
        return encode_ids(self.ids), encode_segments(self.segments)

    def perform(self, connection: sqlite3.Connection, session: int) -> None:
        """Puts it in the place of every base and edit."""
        ids, segments = self._content
        connection.execute("DELETE FROM edits WHERE image = ?", (self.image,))
        connection.execute("DELETE FROM bases WHERE image = ?", (self.image,))
        row = (self.image, 0, ids, segments, self.source)
        connection.execute("INSERT INTO bases (image, sequence, ids, segments, source) VALUES (?, ?, ?, ?, ?)", row)
        connection.execute("UPDATE images SET done = 0, session = ? WHERE id = ?", (session, self.image))


@dataclass(frozen=True)
class AppendEdit:
    """A finished edit, which becomes number ``sequence`` of its image; what could be done again before is gone."""

    image: int
    sequence: int
    edit: Edit

    @cached_property
    def _content(self) -> bytes:
        return self.edit.to_bytes()

    def perform(self, connection: sqlite3.Connection, session: int) -> None:
        """Writes it behind the one before it.

        Raises:
            ValueError: if that one is not there.
        """
        content = self._content
        before = (self.image, self.sequence - 1)
        follows = connection.execute(
            "SELECT EXISTS (SELECT 1 FROM edits WHERE image = ?1 AND sequence = ?2) "
            "OR EXISTS (SELECT 1 FROM bases WHERE image = ?1 AND sequence = ?2)",
            before,
        ).fetchone()[0]
        if not follows:
            raise ValueError(f"edit {self.sequence} of image {self.image} follows none that is in the project")
        connection.execute("DELETE FROM edits WHERE image = ? AND sequence >= ?", (self.image, self.sequence))
        connection.execute("DELETE FROM bases WHERE image = ? AND sequence >= ?", (self.image, self.sequence))
        connection.execute(
            "INSERT INTO edits (image, sequence, session, title, time, content) VALUES (?, ?, ?, ?, ?, ?)",
            (self.image, self.sequence, session, self.edit.title, self.edit.when, content),
        )
        connection.execute(
            "UPDATE images SET done = ?, session = ?, status = CASE status WHEN 'todo' THEN 'in_progress' "
            "ELSE status END WHERE id = ?",
            (self.sequence, session, self.image),
        )


@dataclass(frozen=True)
class MoveCursor:
    """How many edits of an image are done, after undo or redo."""

    image: int
    done: int

    def perform(self, connection: sqlite3.Connection, session: int) -> None:
        """Sets it.

        Raises:
            ValueError: if edits would have to be taken back that are dropped.
        """
        oldest = connection.execute("SELECT min(sequence) FROM bases WHERE image = ?", (self.image,)).fetchone()[0]
        if oldest is None or self.done < oldest:
            raise ValueError(f"edit {self.done} of image {self.image} is not in the project")
        values = (self.done, session, self.image)
        connection.execute("UPDATE images SET done = ?, session = ? WHERE id = ?", values)


@dataclass(frozen=True)
class KeepBase:
    """The segmentation after edit ``sequence``, so that an image opens without the edits before.

    Attributes:
        image: its id.
        sequence: of the edit.
        edit: the row of that edit: where another has taken its number meanwhile, nothing is written.
        ids: PNG.
        segments: JSON.
        kept: how many bases an image has at most; those in between go, the oldest stays.
    """

    image: int
    sequence: int
    edit: int
    ids: bytes
    segments: str
    kept: int

    def perform(self, connection: sqlite3.Connection, session: int) -> None:
        """Writes it, if it still is what it says."""
        found = connection.execute(
            "SELECT id FROM edits WHERE image = ? AND sequence = ?", (self.image, self.sequence)
        ).fetchone()
        if found is None or found[0] != self.edit:
            return
        row = (self.image, self.sequence, self.ids, self.segments, "")
        connection.execute(
            "INSERT OR REPLACE INTO bases (image, sequence, ids, segments, source) VALUES (?,?,?,?,?)", row
        )
        sequences = [
            row[0]
            for row in connection.execute("SELECT sequence FROM bases WHERE image = ? ORDER BY sequence", (self.image,))
        ]
        surplus = sequences[1 : 1 + max(len(sequences) - self.kept, 0)]
        for sequence in surplus:
            connection.execute("DELETE FROM bases WHERE image = ? AND sequence = ?", (self.image, sequence))


@dataclass(frozen=True)
class DropEdits:
    """The oldest edits of an image, up to one that has a base: nobody can take them back any more."""

    image: int
    up_to: int

    def perform(self, connection: sqlite3.Connection, session: int) -> None:
        """Drops them, but nothing that was taken back meanwhile."""
        may_go = connection.execute(
            "SELECT done >= ?2 AND EXISTS (SELECT 1 FROM bases WHERE image = ?1 AND sequence = ?2) "
            "FROM images WHERE id = ?1",
            (self.image, self.up_to),
        ).fetchone()
        if may_go is None or not may_go[0]:
            return
        source = connection.execute(
            "SELECT source FROM bases WHERE image = ? ORDER BY sequence LIMIT 1", (self.image,)
        ).fetchone()
        connection.execute("DELETE FROM edits WHERE image = ? AND sequence <= ?", (self.image, self.up_to))
        connection.execute("DELETE FROM bases WHERE image = ? AND sequence < ?", (self.image, self.up_to))
        values = (source[0], self.image, self.up_to)
        connection.execute("UPDATE bases SET source = ? WHERE image = ? AND sequence = ?", values)
