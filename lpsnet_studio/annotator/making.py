"""Making a project's database, whole or not at all, and the sessions that open it."""

from __future__ import annotations

import json
import os
import secrets
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from lpsnet_studio.annotator.database import DATABASE, open_to_write
from lpsnet_studio.annotator.journal import Moment
from lpsnet_studio.annotator.project_errors import ProjectError, ProjectReadOnly, cause_of, damaged, kind_of
from lpsnet_studio.annotator.project_lock import Occupant
from lpsnet_studio.annotator.schema import migrate

__all__ = ["EndSession", "begin_session", "explained", "keep_older", "make_folder", "new_database", "place_database"]


@contextmanager
def explained(path: Path, what: str) -> Iterator[None]:
    """Turns what the database or the system raises into a sentence.

    Raises:
        ProjectError: naming ``path``, ``what`` could not be done with it, and why; ProjectReadOnly if the file alone is
            write-protected.
    """
    try:
        yield
    except ProjectError:
        raise
    except sqlite3.Error as error:
        if kind_of(error) in ("CORRUPT", "NOTADB"):
            raise damaged(path, error) from error
        kind = ProjectReadOnly if kind_of(error) == "READONLY" else ProjectError
        raise kind(f"{path} {what}: {cause_of(error)}") from error
    except OSError as error:
        raise ProjectError(f"{path} {what}: {cause_of(error)}") from error
    except ValueError as error:  # what should be JSON is not
        raise damaged(path, error) from error


def make_folder(folder: Path) -> None:
    """Makes a folder, and those above it that are missing; their names are on the disk then, as its content will be.

    Raises:
        OSError: if it cannot be made.
    """
    new = [folder, *folder.parents]
    new = new[: next((place for place, each in enumerate(new) if each.is_dir()), len(new))]
    folder.mkdir(parents=True, exist_ok=True)
    for made in reversed(new):
        with suppress(OSError):  # it is there all the same
            _sync(made.parent)


@contextmanager
def place_database(folder: Path) -> Iterator[Path]:
    """Gives a name to write a database under, and puts it in its place once it is whole and closed.

    Raises:
        OSError: if it cannot be put there; nothing is left then.
    """
    staged = folder / f".{secrets.token_hex(8)}.tmp"
    try:
        yield staged
        _sync(staged)
        staged.replace(folder / DATABASE)
        with suppress(OSError):
            _sync(folder)
    finally:
        for leftover in (staged, *(staged.with_name(f"{staged.name}-{kind}") for kind in ("journal", "wal", "shm"))):
            with suppress(OSError):
                leftover.unlink()


def new_database(folder: Path, labels: Any, between: Moment) -> None:
    """Makes the database of a project.

    Raises:
        sqlite3.Error: if it cannot be written; nothing is left then.
        OSError: likewise.
    """
    with place_database(folder) as staged:
        connection = open_to_write(staged, create=True, on_network=True)
        try:
            migrate(connection, between)
            if labels is not None:
                text = json.dumps(labels, ensure_ascii=False)
                connection.execute("INSERT INTO labels (id, content) VALUES (1, ?)", (text,))
        finally:
            connection.close()
        between("placing")


def keep_older(connection: sqlite3.Connection, version: int, folder: Path) -> None:
    """Copies a database of an older version beside itself, before it is brought to the newest.

    Raises:
        sqlite3.Error: if that cannot be written; nothing is left then.
        OSError: likewise.
    """
    kept = folder / f"project.version-{version}.sqlite"
    staged = folder / f".{secrets.token_hex(8)}.tmp"
    try:
        copy = sqlite3.connect(staged, isolation_level=None)
        try:
            connection.backup(copy)
            copy.execute("PRAGMA journal_mode = DELETE")
        finally:
            copy.close()
        _sync(staged)
        staged.replace(kept)
        with suppress(OSError):
            _sync(folder)
    finally:
        with suppress(OSError):
            staged.unlink()


def begin_session(connection: sqlite3.Connection) -> int:
    """Writes who opens a project; returns the row, which stays if that never closes it.

    Raises:
        sqlite3.Error: if it cannot be written.
    """
    here = Occupant.here()
    row = connection.execute(
        "INSERT INTO sessions (host, pid, started, opened) VALUES (?, ?, ?, ?)",
        (here.host, here.pid, here.started, time.time()),
    ).lastrowid
    assert row is not None
    return row


class EndSession:
    """The last write of a session: it closed the project."""

    def perform(self, connection: sqlite3.Connection, session: int) -> None:
        """Forgets the session."""
        connection.execute("DELETE FROM sessions WHERE id = ?", (session,))


def _sync(path: Path) -> None:
    """Has what was written to a file, or the names in a folder, reach the disk."""
    if os.name != "posix" and path.is_dir():
        return
    descriptor = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
