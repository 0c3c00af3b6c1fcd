"""What can be wrong with a project, each in one sentence that names the file and the cause."""

from __future__ import annotations

import errno
import sqlite3
from pathlib import Path

__all__ = ["ProjectBusy", "ProjectDamaged", "ProjectError", "ProjectReadOnly", "cause_of", "damaged", "kind_of"]


class ProjectError(OSError):
    """A project cannot be read or written; the message is one sentence."""


class ProjectReadOnly(ProjectError):  # noqa: N818 - it is said as it is
    """A project cannot be written, but can be opened to read."""


class ProjectBusy(ProjectReadOnly):
    """Somebody else has the project open; it can be opened to read.

    Attributes:
        host: the machine; empty if nobody says.
        pid: the process there; 0 if nobody says.
        user: who started it; may be empty.
        since: seconds since 1970; 0 if nobody says.
        is_certain: False where the filing system knows no locks, and the other may have crashed: it may be taken over.
    """

    def __init__(
        self, message: str, *, host: str = "", pid: int = 0, user: str = "", since: float = 0.0, is_certain: bool = True
    ) -> None:
        super().__init__(message)
        self.host = host
        self.pid = pid
        self.user = user
        self.since = since
        self.is_certain = is_certain


class ProjectDamaged(ProjectError):  # noqa: N818
    """The database of a project is damaged; what is still readable can be rescued."""


_CAUSES = {
    "FULL": "the disk is full",
    "READONLY": "it is write-protected",
    "BUSY": "another program is using it",
    "LOCKED": "another program is using it",
    "CANTOPEN": "it cannot be opened",
    "CORRUPT": "it is damaged",
    "NOTADB": "it is no database, or is damaged",
    "NOMEM": "there is not enough memory",
    "TOOBIG": "one edit is larger than a database can keep",
    "PROTOCOL": "the filing system does not lock it as a database needs",
}


def kind_of(error: BaseException) -> str:
    """Returns what kind of failure this is: errors of one kind are told of once.

    SQLite's primary result code without its prefix ("FULL", "IOERR"), the symbol of an error of the system ("ENOSPC"),
    or the exception's name.
    """
    if isinstance(error, sqlite3.Error):
        name = getattr(error, "sqlite_errorname", None)
        return str(name).split("_")[1] if name else type(error).__name__
    if isinstance(error, OSError) and error.errno is not None:
        return errno.errorcode.get(error.errno, str(error.errno))
    return type(error).__name__


def cause_of(error: BaseException) -> str:
    """Returns the cause of a failure for people, without a capital and without a full stop."""
    kind = kind_of(error)
    if isinstance(error, sqlite3.Error):
        if kind == "IOERR":
            detail = str(getattr(error, "sqlite_errorname", "")).removeprefix("SQLITE_IOERR").strip("_").lower()
            return f"the disk reports an error ({detail or 'input or output'})"
        return _CAUSES.get(kind, str(error))
    if isinstance(error, MemoryError):
        return "there is not enough memory"
    words = (isinstance(error, OSError) and error.strerror) or str(error) or type(error).__name__
    return f"{words[:1].lower()}{words[1:]}"


def damaged(path: Path, error: BaseException) -> ProjectDamaged:
    """Returns the sentence about a database that is damaged."""
    return ProjectDamaged(f"{path} is damaged ({error}): what can still be read may be rescued into a new project")
