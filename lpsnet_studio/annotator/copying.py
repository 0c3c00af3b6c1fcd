"""Copying a whole project to another folder, with what is not on the disk yet, while it goes on being written."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from pathlib import Path

from lpsnet_studio.annotator.database import DATABASE, open_to_read, snapshot
from lpsnet_studio.annotator.journal import Journal
from lpsnet_studio.annotator.making import make_folder, place_database
from lpsnet_studio.annotator.project import found_path, kept_path, real_place
from lpsnet_studio.annotator.project_errors import ProjectError
from lpsnet_studio.annotator.writes import Write

__all__ = ["Bring", "copy_project", "from_disk", "from_journal", "refer_from"]

Bring = Callable[[sqlite3.Connection], Sequence[Write]]
"""Copies a database into another; returns what is to be written to that as well."""
_Apart = tuple[sqlite3.Connection, Sequence[Write]]
_PAGES = 64
"""Pages that are copied before whoever waits for the writing thread has their turn."""


def from_journal(journal: Journal, path: Path) -> Bring:
    """Copies a database that is being written, at ``path``: from a reader's view of it, in the thread that copies.

    Where there is no write-ahead log a reader keeps the writer out, and a file that was taken away has no readers. It
    is copied in the writing thread then, a few pages at a time, and what is written meanwhile is in the copy.
    """

    def look(connection: sqlite3.Connection, pending: Sequence[Write]) -> _Apart | None:
        # Here nothing can be written between the one and the other.
        with suppress(sqlite3.Error):
            if _has_log(connection) and journal.is_in_place:
                return snapshot(path), pending
        return None

    def bring(copy: sqlite3.Connection) -> Sequence[Write]:
        def copy_in_turns(connection: sqlite3.Connection, _pending: Sequence[Write]) -> Sequence[Write]:
            connection.backup(copy, pages=_PAGES, progress=lambda *_: journal.serve(), sleep=0.0)
            return journal.pending

        apart = journal.read(look)
        if apart is None:
            return journal.read(copy_in_turns)
        reader, pending = apart
        with closing(reader):
            reader.backup(copy)
        return pending

    return bring


def from_disk(path: Path) -> Bring:
    """Copies a database that is only read here."""

    def bring(copy: sqlite3.Connection) -> Sequence[Write]:
        with closing(open_to_read(path)) as database:
            database.connection.backup(copy)
        return ()

    return bring


def copy_project(bring: Bring, source: Path, folder: Path) -> None:
    """Copies a project; images are referred to where they are.

    Args:
        bring: copies its database.
        source: the project's folder.
        folder: of the copy; made if it is missing.

    Raises:
        ProjectError: if there is a project.
        sqlite3.Error: if it cannot be written; nothing is left then.
        OSError: likewise.
    """
    if os.path.lexists(folder / DATABASE):
        raise ProjectError(f"{folder} is an annotation project already: a copy needs a folder of its own")
    make_folder(folder)
    with place_database(folder) as staged:
        copy = sqlite3.connect(staged, isolation_level=None, check_same_thread=False)
        try:
            # The whole file is brought to the disk before it gets its name.
            copy.execute("PRAGMA synchronous = OFF")
            pending = bring(copy)
            copy.execute("PRAGMA journal_mode = DELETE")
            copy.execute("PRAGMA foreign_keys = ON")
            copy.execute("BEGIN IMMEDIATE")
            for write in pending:
                copy.execute("SAVEPOINT one")
                with suppress(ValueError, sqlite3.IntegrityError):  # it fits on nothing here either
                    write.perform(copy, 0)
                copy.execute("RELEASE one")
            refer_from(copy, source, folder)
            copy.execute("DELETE FROM sessions")
            copy.execute("COMMIT")
        finally:
            copy.close()


def _has_log(connection: sqlite3.Connection) -> bool:
    return str(connection.execute("PRAGMA journal_mode").fetchone()[0]).lower() == "wal"


def refer_from(connection: sqlite3.Connection, source: Path, folder: Path) -> None:
    """Has the images of a database, which was in ``source``, be found from ``folder``."""
    real = real_place(source)
    rows = connection.execute("SELECT id, path, is_relative FROM images").fetchall()
    connection.executemany(
        "UPDATE images SET path = ?, is_relative = ? WHERE id = ?",
        [
            (*kept_path(folder, found_path(source, path, is_relative=bool(is_relative), real=real)), image)
            for image, path, is_relative in rows
        ],
    )
