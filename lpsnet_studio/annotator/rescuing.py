"""What can still be read of a project whose database is damaged, brought into a new one."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import tempfile
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lpsnet_studio.annotator.bases import decode_ids, decode_segments
from lpsnet_studio.annotator.copying import refer_from
from lpsnet_studio.annotator.database import DATABASE
from lpsnet_studio.annotator.edits import Edit
from lpsnet_studio.annotator.labels import LabelSet
from lpsnet_studio.annotator.making import explained, make_folder, place_database
from lpsnet_studio.annotator.project_errors import ProjectDamaged, ProjectError
from lpsnet_studio.annotator.schema import VERSION, migrate, version_of

__all__ = ["Rescued", "rescue"]

_TABLES = ("images", "bases", "edits")
_MOST_ROWS = 20_000_000


@dataclass(frozen=True, slots=True)
class Rescued:
    """What came out of a damaged project.

    Attributes:
        images: how many images.
        edits: how many edits.
        lost: what did not, in sentences.
    """

    images: int
    edits: int
    lost: tuple[str, ...]


def rescue(folder: Path, into: Path) -> Rescued:
    """Makes a new project of what can still be read of another, which is left as it is.

    Each image gets the newest state that can be reached from a base over edits that are whole.

    Args:
        folder: of the damaged project; nobody may have it open.
        into: folder of the new one, made if it is missing.

    Raises:
        ProjectDamaged: if nothing can be read.
        ProjectError: in a sentence, if the new one cannot be written, or there is a project already.
    """
    folder, into = (Path(os.path.abspath(place)) for place in (folder, into))  # noqa: PTH100
    if os.path.lexists(into / DATABASE):
        raise ProjectError(f"{into} is an annotation project already: what is rescued needs a folder of its own")
    with tempfile.TemporaryDirectory(prefix="lpsnet-rescue-") as place, explained(into / DATABASE, "could not be made"):
        damaged = Path(place) / DATABASE
        for ending in ("", "-wal", "-journal"):
            with suppress(FileNotFoundError):
                shutil.copyfile(folder / f"{DATABASE}{ending}", Path(place) / f"{DATABASE}{ending}")
        make_folder(into)
        source = sqlite3.connect(damaged, isolation_level=None)
        try:
            with place_database(into) as staged:
                return _rescued(source, staged, folder, into)
        finally:
            source.close()


def _rescued(source: sqlite3.Connection, staged: Path, folder: Path, into: Path) -> Rescued:
    with suppress(sqlite3.Error):
        if 0 < version_of(source) < VERSION:
            migrate(source)
    new = sqlite3.connect(staged, isolation_level=None)
    try:
        migrate(new)
        new.execute("PRAGMA foreign_keys = OFF")
        new.execute("BEGIN IMMEDIATE")
        lost = [sentence for table in _TABLES for sentence in _bring_rows(source, new, table)]
        for table in ("labels", "meta"):
            lost += _bring_small(source, new, table)
        lost += _mend_labels(new)
        images = new.execute("SELECT count(*) FROM images").fetchone()[0]
        if images == 0:
            raise ProjectDamaged(f"{folder / DATABASE} is damaged: no image can be read from it")
        lost += _mend(new)
        refer_from(new, folder, into)
        new.execute("COMMIT")
        return Rescued(images, new.execute("SELECT count(*) FROM edits").fetchone()[0], tuple(lost))
    finally:
        new.close()


def _bring_rows(source: sqlite3.Connection, new: sqlite3.Connection, table: str) -> list[str]:
    """Copies every row that can be read, one by one: a damaged page takes its own with it and no others."""
    numbers: set[int] = set()
    # Where a table cannot be walked through from one end it may be from the other, or by its index.
    for order in ("", "ORDER BY rowid DESC", "ORDER BY image, sequence", "ORDER BY image DESC, sequence DESC"):
        with suppress(sqlite3.Error):
            for (number,) in source.execute(f"SELECT rowid FROM {table} {order}"):
                numbers.add(number)
    lost = 0
    for number in range(1, min(max(numbers, default=0), _MOST_ROWS) + 1):
        try:
            row = source.execute(f"SELECT * FROM {table} WHERE rowid = ?", (number,)).fetchone()
            if row is not None:
                new.execute(f"INSERT OR IGNORE INTO {table} VALUES ({', '.join('?' * len(row))})", row)
            lost += row is None and number in numbers
        except (sqlite3.Error, UnicodeDecodeError):
            lost += 1
    return [f"{lost} rows of the table {table!r} cannot be read"] if lost else []


def _bring_small(source: sqlite3.Connection, new: sqlite3.Connection, table: str) -> list[str]:
    try:
        for row in source.execute(f"SELECT * FROM {table}").fetchall():
            new.execute(f"INSERT OR REPLACE INTO {table} VALUES (?, ?)", row)
    except (sqlite3.Error, UnicodeDecodeError):
        return [f"the table {table!r} cannot be read"]
    return []


def _mend_labels(new: sqlite3.Connection) -> list[str]:
    """Leaves no label set that cannot be read: segments keep the numbers of their classes."""
    for (content,) in new.execute("SELECT content FROM labels").fetchall():
        try:
            LabelSet.from_json(json.loads(content) or {"labels": []}, "the label set")
        except (ValueError, TypeError) as error:
            new.execute("DELETE FROM labels")
            return [f"The classes cannot be read ({error}), and have to be made anew"]
    return []


def _mend(new: sqlite3.Connection) -> list[str]:
    """Leaves each image with one unbroken row of edits behind a base that is whole; returns what had to go."""
    bases, edits = _whole_bases(new), _whole_edits(new)
    lost = []
    for image, path, done in new.execute("SELECT id, path, done FROM images").fetchall():
        name = os.fsdecode(path)
        last = new.execute("SELECT max(sequence) FROM edits WHERE image = ?", (image,)).fetchone()[0] or 0
        reach = {base: _reach(base, edits[image]) for base in bases[image]}
        if not reach:
            if last or new.execute("SELECT 1 FROM bases WHERE image = ?", (image,)).fetchone():
                lost.append(f"{name}: its segmentation cannot be read, and has to be begun anew")
            new.execute("DELETE FROM edits WHERE image = ?", (image,))
            new.execute("DELETE FROM bases WHERE image = ?", (image,))
            new.execute("UPDATE images SET done = 0, status = 'todo' WHERE id = ?", (image,))
            continue
        base = max(reach, key=lambda sequence: (reach[sequence], -sequence))
        end = reach[base]
        if end < max(last, done):
            lost.append(f"{name}: edits {end + 1} … {max(last, done)} are lost")
        new.execute("DELETE FROM edits WHERE image = ? AND (sequence <= ? OR sequence > ?)", (image, base, end))
        for sequence in new.execute("SELECT sequence FROM bases WHERE image = ?", (image,)).fetchall():
            if sequence[0] not in bases[image] or not base <= sequence[0] <= end:
                new.execute("DELETE FROM bases WHERE image = ? AND sequence = ?", (image, *sequence))
        new.execute("UPDATE images SET done = ? WHERE id = ?", (min(max(done, base), end), image))
    for table in ("bases", "edits"):
        orphans = new.execute(f"DELETE FROM {table} WHERE image NOT IN (SELECT id FROM images)").rowcount
        if orphans:
            lost.append(f"{orphans} rows of the table {table!r} belong to images that cannot be read")
    return lost


def _reach(base: int, edits: set[int]) -> int:
    while base + 1 in edits:
        base += 1
    return base


def _whole_bases(new: sqlite3.Connection) -> dict[int, set[int]]:
    found: dict[int, set[int]] = defaultdict(set)
    for image, sequence, ids, segments in new.execute("SELECT image, sequence, ids, segments FROM bases"):
        if _is_whole(lambda ids=ids, segments=segments: (decode_ids(ids), decode_segments(segments))):
            found[image].add(sequence)
    return found


def _whole_edits(new: sqlite3.Connection) -> dict[int, set[int]]:
    found: dict[int, set[int]] = defaultdict(set)
    for image, sequence, content in new.execute("SELECT image, sequence, content FROM edits"):
        if _is_whole(lambda content=content: Edit.from_bytes(content)):
            found[image].add(sequence)
    return found


def _is_whole(read: Any) -> bool:
    try:
        read()
    except (ValueError, TypeError):
        return False
    return True
