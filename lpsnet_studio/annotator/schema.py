"""The tables of a project's database: every version there was, and the way from each to the newest.

A new database goes the whole way too, so that no version's statements are ever changed once they were released.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

__all__ = ["APPLICATION_ID", "VERSION", "create_at_version", "migrate", "version_of"]

APPLICATION_ID = 0x4C50_5341
"""What the header of a project's database says that it is: "LPSA"."""

_VERSION_1 = (
    "CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
    "CREATE TABLE labels (id INTEGER PRIMARY KEY CHECK (id = 1), content TEXT NOT NULL)",
    """CREATE TABLE images (
        id INTEGER PRIMARY KEY, path TEXT NOT NULL, is_relative INTEGER NOT NULL,
        height INTEGER NOT NULL, width INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, bytes INTEGER NOT NULL,
        position INTEGER NOT NULL, status TEXT NOT NULL DEFAULT 'todo'
            CHECK (status IN ('todo', 'in_progress', 'done', 'approved')))""",
    """CREATE TABLE bases (
        image INTEGER PRIMARY KEY REFERENCES images (id) ON DELETE CASCADE,
        ids BLOB NOT NULL, segments TEXT NOT NULL, source TEXT NOT NULL)""",
    """CREATE TABLE edits (
        image INTEGER NOT NULL REFERENCES images (id) ON DELETE CASCADE, sequence INTEGER NOT NULL,
        title TEXT NOT NULL, time REAL NOT NULL, content BLOB NOT NULL, PRIMARY KEY (image, sequence))""",
    """CREATE TABLE cursors (
        image INTEGER PRIMARY KEY REFERENCES images (id) ON DELETE CASCADE, done INTEGER NOT NULL)""",
    """CREATE TABLE session (
        id INTEGER PRIMARY KEY CHECK (id = 1), host TEXT NOT NULL, pid INTEGER NOT NULL, started REAL NOT NULL,
        opened REAL NOT NULL)""",
    f"PRAGMA application_id = {APPLICATION_ID}",
)

# A note for each image; several bases for each, so that a long journal opens at once and is undone to its beginning all
# the same; and what was done in which session, so that the work of one that never closed is found.
_VERSION_2 = (
    """CREATE TABLE sessions (
        id INTEGER PRIMARY KEY AUTOINCREMENT, host TEXT NOT NULL, pid INTEGER NOT NULL, started REAL NOT NULL,
        opened REAL NOT NULL)""",
    "INSERT INTO sessions (host, pid, started, opened) SELECT host, pid, started, opened FROM session",
    "DROP TABLE session",
    "ALTER TABLE images ADD COLUMN note TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE images ADD COLUMN done INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE images ADD COLUMN session INTEGER NOT NULL DEFAULT 0",
    "UPDATE images SET done = coalesce((SELECT done FROM cursors WHERE image = images.id), 0)",
    "DROP TABLE cursors",
    """CREATE TABLE new_bases (
        image INTEGER NOT NULL REFERENCES images (id) ON DELETE CASCADE, sequence INTEGER NOT NULL,
        ids BLOB NOT NULL, segments TEXT NOT NULL, source TEXT NOT NULL, PRIMARY KEY (image, sequence))""",
    "INSERT INTO new_bases SELECT image, 0, ids, segments, source FROM bases",
    "DROP TABLE bases",
    "ALTER TABLE new_bases RENAME TO bases",
    """CREATE TABLE new_edits (
        id INTEGER PRIMARY KEY AUTOINCREMENT, image INTEGER NOT NULL REFERENCES images (id) ON DELETE CASCADE,
        sequence INTEGER NOT NULL, session INTEGER NOT NULL, title TEXT NOT NULL, time REAL NOT NULL,
        content BLOB NOT NULL, UNIQUE (image, sequence))""",
    """INSERT INTO new_edits (image, sequence, session, title, time, content)
        SELECT image, sequence, 0, title, time, content FROM edits ORDER BY image, sequence""",
    "DROP TABLE edits",
    "ALTER TABLE new_edits RENAME TO edits",
)

_MIGRATIONS = (_VERSION_1, _VERSION_2)

VERSION = len(_MIGRATIONS)
"""The version that this program writes."""


def version_of(connection: sqlite3.Connection) -> int:
    """Returns the version of a database's tables; 0 if it has none.

    Raises:
        sqlite3.Error: if the file cannot be read, or is no database.
    """
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def migrate(connection: sqlite3.Connection, between: Callable[[str], None] = lambda moment: None) -> None:
    """Brings the tables to the newest version, all the way or not at all.

    Args:
        connection: to a database of any version up to :data:`VERSION`, empty ones included.
        between: told of each step before it is made.

    Raises:
        sqlite3.Error: if that cannot be written; everything is then as before.
    """
    _bring_to(connection, VERSION, between)


def create_at_version(connection: sqlite3.Connection, version: int) -> None:
    """Makes the tables as an older program did."""
    _bring_to(connection, version, lambda moment: None)


def _bring_to(connection: sqlite3.Connection, version: int, between: Callable[[str], None]) -> None:
    begin = version_of(connection)
    if begin >= version:
        return
    # Tables that others refer to are dropped and made anew, which is no loss of rows; off only works outside.
    connection.execute("PRAGMA foreign_keys = OFF")
    connection.execute("BEGIN IMMEDIATE")
    try:
        for number in range(begin, version):
            for statement in _MIGRATIONS[number]:
                between("migrating")
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {version}")
        between("before commit")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    finally:
        connection.execute("PRAGMA foreign_keys = ON")
