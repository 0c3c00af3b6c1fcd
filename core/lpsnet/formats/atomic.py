"""Writing files so that a full disk, a crash or a power loss never leaves half of them."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

__all__ = ["FileGroup", "refuse_folder", "write_atomically", "write_failure"]


def write_atomically(path: str | Path, content: bytes | Callable[[BinaryIO], None]) -> None:
    """Writes a whole file or nothing: a temporary neighbour is filled, forced to disk and renamed onto ``path``.

    A symbolic link at ``path`` is replaced, not followed, so that nothing outside its folder is written.

    Args:
        path: the file; its folder must exist.
        content: the bytes, or a function that writes them to the binary stream it is given.

    Raises:
        OSError: one sentence naming the file, if it could not be written (disk full, read-only, no folder). What stood
            at ``path`` before is then untouched. Other errors of ``content`` pass through, equally without a trace.
    """
    path = Path(path)
    staged = _stage(path, content)
    try:
        with _naming(path):
            staged.replace(path)
    except BaseException:
        _remove([staged])
        raise
    _sync_folders({path.parent})


class FileGroup:
    """Files that replace older ones together, and only once an index that names them is complete.

    A file whose place is free is written there at once; one that replaces another waits beside it under a hidden name.
    """

    def __init__(self) -> None:
        self._unwanted: list[Path] = []
        """What :meth:`discard` removes."""
        self._waiting: list[_Replacement] = []

    def add(self, path: Path, content: bytes) -> None:
        """Writes one file.

        Raises:
            OSError: one sentence naming the file, if it cannot be written or a folder stands in its place.
        """
        refuse_folder(path)
        if os.path.lexists(path):
            self._waiting.append(_Replacement(path, _stage(path, content), _hidden_neighbour(path)))
        else:
            write_atomically(path, content)
            self._unwanted.append(path)

    def publish(self, index: Path, content: bytes) -> None:
        """Puts every file in its place and the index last, or leaves all that stood there as it was.

        Args:
            index: the file that names the others.
            content: of the index.

        Raises:
            OSError: one sentence naming the file that cannot be written or replaced.
        """
        staged = _stage(index, content)
        try:
            for path in (*(replacement.path for replacement in self._waiting), index):
                refuse_folder(path)
            for replacement in self._waiting:
                replacement.perform()
            _sync_folders({replacement.path.parent for replacement in self._waiting})
            with _naming(index):
                staged.replace(index)
        finally:
            # The disk is asked, because an interruption may come just behind the call that put the index in its place.
            if os.path.lexists(staged):
                for replacement in self._waiting:
                    replacement.undo()
                _remove([staged])
            else:
                self._unwanted, self._waiting = [replacement.backup for replacement in self._waiting], []
                self.discard()
        _sync_folders({index.parent})

    def discard(self) -> None:
        """Removes what was written and is not published; older files stay as they were."""
        _remove([*self._unwanted, *(replacement.staged for replacement in self._waiting)])
        self._unwanted, self._waiting = [], []


@dataclass(frozen=True, slots=True)
class _Replacement:
    """A file that waits to replace another.

    Attributes:
        path: the file to be replaced.
        staged: the hidden neighbour that holds the new content.
        backup: the hidden name under which the old file is kept until all are replaced.
    """

    path: Path
    staged: Path
    backup: Path

    def perform(self) -> None:
        with _naming(self.path):
            with contextlib.suppress(FileNotFoundError):  # someone removed the older file meanwhile
                self.path.rename(self.backup)
            self.staged.replace(self.path)

    def undo(self) -> None:
        """Goes back from wherever :meth:`perform` was stopped, or does nothing if it was not begun."""
        with contextlib.suppress(OSError):
            if not os.path.lexists(self.staged):
                self.path.replace(self.staged)
        with contextlib.suppress(OSError):
            if os.path.lexists(self.backup):
                self.backup.replace(self.path)


def refuse_folder(path: Path) -> None:
    """Checks that no folder stands where a file is to be written.

    Raises:
        OSError: one sentence naming it.
    """
    if os.path.isdir(path) and not os.path.islink(path):  # noqa: PTH112, PTH114 - these do not raise on long names
        raise write_failure(path, IsADirectoryError(errno.EISDIR, "A folder has this name"))


def write_failure(path: Path, error: OSError) -> OSError:
    """Returns ``error`` as one sentence naming the file that could not be written."""
    cause = error.strerror or str(error)
    failure = OSError(f"{path} could not be written: {cause[:1].lower()}{cause[1:]}")
    failure.errno = error.errno
    return failure


@contextlib.contextmanager
def _naming(path: Path) -> Iterator[None]:
    """Lets errors name the file that is meant, whatever hidden neighbour they are about."""
    try:
        yield
    except OSError as error:
        raise write_failure(path, error) from error


def _hidden_neighbour(path: Path) -> Path:
    """Returns an unused name in the folder of ``path``; a short one, as the longest name allowed may stand there."""
    return path.with_name(f".{secrets.token_hex(8)}.tmp")


def _stage(path: Path, content: bytes | Callable[[BinaryIO], None]) -> Path:
    """Writes what is to replace ``path`` to a hidden neighbour, with its permissions, and returns that."""
    staged = _hidden_neighbour(path)
    try:
        with _naming(path):
            _write_through(staged, content)
            if path.is_file() and not path.is_symlink():
                staged.chmod(stat.S_IMODE(path.stat().st_mode))
    except BaseException:
        _remove([staged])
        raise
    return staged


def _write_through(path: Path, content: bytes | Callable[[BinaryIO], None]) -> None:
    with path.open("xb") as stream:
        if isinstance(content, bytes):
            stream.write(content)
        else:
            content(stream)
        stream.flush()
        os.fsync(stream.fileno())


def _remove(paths: Iterable[Path]) -> None:
    for path in paths:
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)


def _sync_folders(folders: Iterable[Path]) -> None:
    """Makes renames durable where the platform can (POSIX)."""
    if os.name != "posix":
        return
    for folder in folders:
        with contextlib.suppress(OSError):
            descriptor = os.open(folder, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
