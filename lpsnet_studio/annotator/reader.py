"""A project that is only read, and may be opened to write by another Studio meanwhile; no Qt."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import TypeVar

from lpsnet_studio.annotator.database import ReadOnlyDatabase, open_to_read
from lpsnet_studio.annotator.journal import Reading
from lpsnet_studio.annotator.project_errors import ProjectBusy, ProjectError
from lpsnet_studio.annotator.project_lock import refusal_of

__all__ = ["Reader"]

T = TypeVar("T")

_TRIES = 5
"""How often something is read again because the database was changed meanwhile."""


class Reader:
    """Reads a project's database as it is at every moment. For one thread at a time.

    Args:
        path: of the database.

    Raises:
        ProjectError: in a sentence, if it cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._database = self._opened()

    def _opened(self) -> ReadOnlyDatabase:
        return open_to_read(self._path, is_free=not isinstance(refusal_of(self._path.parent), ProjectBusy))

    def read(self, reading: Reading[T]) -> T:
        """Returns what ``reading`` does, of one state of the database; it may be called again.

        Raises:
            ProjectError: in a sentence, if the database cannot be opened again, or does not come to rest.
            Exception: what ``reading`` raises.
        """
        for _ in range(_TRIES):
            database = self._database
            try:
                answer = reading(database.connection, ())
            except (sqlite3.Error, ValueError):
                if not database.is_outdated:
                    raise
            else:
                if not database.is_outdated:
                    return answer
            self._database = self._opened()
            database.close()
        raise ProjectError(f"{self._path} could not be read: it is changed again and again")

    def close(self) -> None:
        """Closes it."""
        self._database.close()
