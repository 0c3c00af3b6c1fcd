"""Copying a whole project to another folder, with what is not on the disk yet."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from lpsnet_studio.annotator.database import DATABASE
from lpsnet_studio.annotator.making import place_database
from lpsnet_studio.annotator.project import found_path, kept_path
from lpsnet_studio.annotator.project_errors import ProjectError
from lpsnet_studio.annotator.writes import Write

__all__ = ["copy_project", "refer_from"]


def copy_project(connection: sqlite3.Connection, pending: Sequence[Write], source: Path, folder: Path) -> None:
    """Copies a project; images are referred to where they are.

    Args:
        connection: to the project's database.
        pending: what is to be written to the copy as well.
        source: the project's folder.
        folder: of the copy; made if it is missing.

    Raises:
        ProjectError: if there is a project.
        sqlite3.Error: if it cannot be written; nothing is left then.
        OSError: likewise.
    """
    if os.path.lexists(folder / DATABASE):
        raise ProjectError(f"{folder} is an annotation project already: a copy needs a folder of its own")
    folder.mkdir(parents=True, exist_ok=True)
    with place_database(folder) as staged:
        copy = sqlite3.connect(staged, isolation_level=None)
        try:
            connection.backup(copy)
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


def refer_from(connection: sqlite3.Connection, source: Path, folder: Path) -> None:
    """Has the images of a database, which was in ``source``, be found from ``folder``."""
    rows = connection.execute("SELECT id, path, is_relative FROM images").fetchall()
    connection.executemany(
        "UPDATE images SET path = ?, is_relative = ? WHERE id = ?",
        [
            (*kept_path(folder, found_path(source, path, is_relative=bool(is_relative))), image)
            for image, path, is_relative in rows
        ],
    )
