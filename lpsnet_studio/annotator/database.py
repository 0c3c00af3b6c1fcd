"""Opening the database of a project: so that what is committed is on the disk, wherever the folder lies.

A write-ahead log needs memory that processes share, which folders on a network do not give: there the journal is an
ordinary one. ``synchronous=FULL`` has every commit wait for the disk in both.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

from lpsnet_studio.annotator.project_errors import ProjectError, cause_of, damaged, kind_of
from lpsnet_studio.annotator.schema import APPLICATION_ID, VERSION, migrate, version_of

__all__ = [
    "DATABASE",
    "ReadOnlyDatabase",
    "checked_version",
    "is_on_network",
    "open_to_read",
    "open_to_write",
    "snapshot",
]

DATABASE = "project.sqlite"
"""The one file of a project, within its folder."""

_WAIT_FOR_READERS = 5.0
"""Seconds that a commit waits for others that are reading, where there is no write-ahead log."""
_LARGEST_LOG = 64 * 2**20
"""Bytes that the write-ahead log keeps when it is emptied."""
_NETWORK = frozenset(
    {"nfs", "nfs4", "cifs", "smb", "smb2", "smb3", "smbfs", "afs", "afpfs", "webdav", "davfs", "ncpfs", "9p", "drvfs"}
    | {"fuse.sshfs", "fuse.rclone", "fuse.s3fs", "fuse.gcsfuse", "ceph", "fuse.ceph", "glusterfs", "fuse.glusterfs"}
    | {"lustre", "beegfs", "gpfs", "vboxsf", "prl_fs"}
)
"""Kinds of filing systems, as the system calls them."""
_HEAD, _APPLICATION_ID = 100, slice(68, 72)
"""Of a database file: the bytes before everything else, and those among them that say whose it is."""
_BROKEN = ("CORRUPT", "NOTADB")


def open_to_write(path: Path, *, create: bool = False, on_network: bool | None = None) -> sqlite3.Connection:
    """Opens a database for one thread at a time, to be written in transactions that the caller begins.

    Args:
        path: of the database.
        create: whether it may be new.
        on_network: whether processes cannot share memory there; None to look.

    Raises:
        sqlite3.Error: if it cannot be opened, is damaged, or cannot be written.
        ProjectError: in a sentence, if it is something else than a project's database.
        OSError: if it cannot be read.
    """
    if not create:
        _refuse_foreign(path)
    connection = _connect(path, "rwc" if create else "rw")
    try:
        if on_network is None:
            on_network = is_on_network(path.parent)
        _choose_journal(connection, "DELETE" if on_network else "WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute(f"PRAGMA journal_size_limit = {_LARGEST_LOG}")
        if sys.platform == "darwin":
            # There fsync leaves what is written in the drive's own memory.
            connection.execute("PRAGMA fullfsync = ON")
            connection.execute("PRAGMA checkpoint_fullfsync = ON")
    except BaseException:
        connection.close()
        raise
    return connection


def checked_version(connection: sqlite3.Connection, path: Path) -> int:
    """Returns the version of a project's tables.

    Raises:
        ProjectError: in a sentence, if it is no project's database, is damaged, or a newer program's.
    """
    try:
        version = version_of(connection)
        application = int(connection.execute("PRAGMA application_id").fetchone()[0])
    except sqlite3.Error as error:
        if kind_of(error) in _BROKEN:
            raise damaged(path, error) from error
        raise ProjectError(f"{path} could not be read: {cause_of(error)}") from error
    if application != APPLICATION_ID or version < 1:
        raise ProjectError(f"{path} is not the database of an annotation project")
    if version > VERSION:
        raise ProjectError(
            f"{path} was written by a newer LPSNet Studio (version {version} of its tables, and this one knows up to "
            f"{VERSION}): open it with that one"
        )
    return version


def snapshot(path: Path) -> sqlite3.Connection:
    """Opens a database with a write-ahead log as it is now: what is written from now on is not seen, and not held up.

    Raises:
        sqlite3.Error: if it cannot be read.
    """
    connection = _connect(path, "ro")
    try:
        connection.execute("BEGIN")
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except BaseException:
        connection.close()
        raise
    return connection


class ReadOnlyDatabase:
    """A connection that only reads, and the copy that it reads from if there had to be one.

    Args:
        connection: to the database, or to the copy.
        copy: the copy's folder.
        at_rest: the file, if it is read as one that nobody changes.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        copy: tempfile.TemporaryDirectory[str] | None = None,
        *,
        at_rest: Path | None = None,
    ) -> None:
        self.connection = connection
        self._copy = copy
        self._at_rest = at_rest
        self._before = None if at_rest is None else _state_of(at_rest)

    @property
    def is_copy(self) -> bool:
        """Whether what others write from now on is not seen."""
        return self._copy is not None

    @property
    def is_outdated(self) -> bool:
        """Whether the file was changed that is read as one that nobody changes: what was read may not fit together."""
        return self._at_rest is not None and _state_of(self._at_rest) != self._before

    def close(self) -> None:
        """Closes it, and removes the copy."""
        self.connection.close()
        if self._copy is not None:
            self._copy.cleanup()


def open_to_read(path: Path, *, is_free: bool = False) -> ReadOnlyDatabase:
    """Opens a project's database without changing it, even in a folder that cannot be written.

    A log that was left behind in a write-protected folder, and tables of an older version, are read from a copy. Beside
    a database that is being written, or has a log, SQLite keeps two files of its own, by which readers and the writer
    know of each other; where it is at rest nothing in the folder is touched.

    Args:
        path: of the database.
        is_free: whether nobody has the project open to be changed.

    Raises:
        ProjectError: in a sentence, if it cannot be read, is damaged, or a newer program's.
    """
    try:
        if not path.is_file():
            raise ProjectError(f"{path.parent} is not an annotation project: it has no {path.name}")
        database = _opened_at_rest(path) if is_free and not _has_leftovers(path) else _opened_in_place(path)
    except sqlite3.Error as error:
        if kind_of(error) in _BROKEN:
            raise damaged(path, error) from error
        raise ProjectError(f"{path} could not be read: {cause_of(error)}") from error
    except OSError as error:
        raise ProjectError(f"{path} could not be read: {cause_of(error)}") from error
    try:
        if checked_version(database.connection, path) == VERSION:
            return database
        newer = _migrated_copy(database.connection)
    except BaseException:
        database.close()
        raise
    database.close()
    return newer


def is_on_network(folder: Path) -> bool:
    """Whether a folder is another machine's, or is reached by way of one, so that memory cannot be shared over it."""
    import psutil

    try:
        place = os.path.realpath(folder)
        if place.startswith("\\\\"):
            return True
        best, kind = "", ""
        for partition in psutil.disk_partitions(all=True):
            mount = partition.mountpoint.rstrip("/\\")
            if len(mount) >= len(best) and (place == mount or place.startswith((f"{mount}/", f"{mount}\\"))):
                best, kind = mount, f"{partition.fstype},{partition.opts if os.name == 'nt' else ''}"
    except (OSError, psutil.Error):
        return False
    return kind.partition(",")[0].lower() in _NETWORK or "remote" in kind


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    return sqlite3.connect(
        f"{path.absolute().as_uri()}?{'immutable=1&mode=ro' if mode == 'immutable' else f'mode={mode}'}",
        uri=True,
        isolation_level=None,
        timeout=_WAIT_FOR_READERS,
        check_same_thread=False,
    )


def _refuse_foreign(path: Path) -> None:
    """Looks at the head of a file, before SQLite is let near what may be another program's database."""
    with path.open("rb") as stream:
        head = stream.read(_HEAD)
    if head[:16] != b"SQLite format 3\0":
        raise damaged(path, ValueError("it does not begin as a database does"))
    if int.from_bytes(head[_APPLICATION_ID], "big") != APPLICATION_ID:
        raise ProjectError(f"{path} is not the database of an annotation project")


def _choose_journal(connection: sqlite3.Connection, wanted: str) -> None:
    """Sets how the database keeps what is not yet in it; an ordinary journal where a write-ahead log does not work."""
    with suppress(sqlite3.OperationalError):
        answer = connection.execute(f"PRAGMA journal_mode = {wanted}").fetchone()
        # Until something is read a database whose log cannot be opened only seems to work.
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if answer is not None and str(answer[0]).upper() == wanted:
            return
    # Exclusively locked, a log is read without memory that is shared.
    connection.execute("PRAGMA locking_mode = EXCLUSIVE")
    connection.execute("PRAGMA journal_mode = DELETE")
    connection.execute("PRAGMA locking_mode = NORMAL")
    connection.execute("SELECT count(*) FROM sqlite_master").fetchone()


def _opened_at_rest(path: Path) -> ReadOnlyDatabase:
    database = ReadOnlyDatabase(_connect(path, "immutable"), at_rest=path)
    try:
        version_of(database.connection)
        database.connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except BaseException:
        database.close()
        raise
    return database


def _has_leftovers(path: Path) -> bool:
    """Whether there is a log or a journal, in which there may be what the database lacks."""
    return any(_size_of(path.with_name(f"{path.name}-{kind}")) for kind in ("wal", "journal"))


def _size_of(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _state_of(path: Path) -> tuple[int, ...]:
    """Returns what is another once a database is written."""
    try:
        status = path.stat()
    except OSError:
        return ()
    return status.st_ino, status.st_size, status.st_mtime_ns, _has_leftovers(path)


def _opened_in_place(path: Path) -> ReadOnlyDatabase:
    connection = _connect(path, "ro")
    try:
        version_of(connection)
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        return ReadOnlyDatabase(connection)
    except sqlite3.Error as error:
        connection.close()
        if kind_of(error) not in ("CANTOPEN", "READONLY", "PROTOCOL", "IOERR"):
            raise
    log = path.with_name(f"{path.name}-wal")
    if not log.is_file() or log.stat().st_size == 0:
        return ReadOnlyDatabase(_connect(path, "immutable"), at_rest=path)
    copy = tempfile.TemporaryDirectory(prefix="lpsnet-project-")
    try:
        for file in (path, log):
            shutil.copyfile(file, Path(copy.name) / file.name)
        return ReadOnlyDatabase(_connect(Path(copy.name) / path.name, "rw"), copy)
    except BaseException:
        copy.cleanup()
        raise


def _migrated_copy(connection: sqlite3.Connection) -> ReadOnlyDatabase:
    copy = tempfile.TemporaryDirectory(prefix="lpsnet-project-")
    try:
        newer = _connect(Path(copy.name) / DATABASE, "rwc")
        connection.backup(newer)
        migrate(newer)
        return ReadOnlyDatabase(newer, copy)
    except BaseException:
        copy.cleanup()
        raise
