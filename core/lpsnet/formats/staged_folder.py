"""A folder that is made beside another and takes its place whole, or not at all.

Where files that belong together have the names of older ones, no order of renaming them is safe against a power loss
in between. A folder can be swapped in one step: on Linux and macOS by an exchange of two names, so that at any moment
the one or the other stands there, whole. Elsewhere the older one is set aside first; should that be where it ends, the
next export to the same place, and :func:`clear_leftovers`, put it back.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import hashlib
import os
import secrets
import shutil
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from lpsnet.formats.atomic import write_failure
from lpsnet.formats.file_lock import locked_by_opening

__all__ = ["StagedFolder", "clear_leftovers"]

_NEW, _OLD, _LOCK = "new", "old", "lock"
_EXCHANGE = 2
"""RENAME_EXCHANGE of Linux and RENAME_SWAP of macOS."""
_HERE = -100
"""AT_FDCWD of Linux."""
_NO_EXCHANGE = (errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EXDEV)


class StagedFolder:
    """Makes a hidden folder beside ``target``, into which the new content is written, and swaps it in.

    As a context manager it publishes at the end and discards on an error. Leftovers of runs that were killed are
    cleared first.

    Args:
        target: the folder; a symbolic link to it is followed. Those above it are made.

    Raises:
        OSError: one sentence naming the folder that cannot be written to.
    """

    def __init__(self, target: str | Path) -> None:
        self.target = Path(os.path.realpath(target))
        self._made_folders: list[Path] = []
        self._done = False
        self._lock: IO[bytes] | None = None
        self._container = self.target.with_name(f"{_begin_of_name(self.target)}{secrets.token_hex(6)}.tmp")
        self.path = self._container / _NEW
        try:
            with _naming(self.target):
                self._make_parents()
                clear_leftovers(self.target)
                self._container.mkdir()
                self._lock = (self._container / _LOCK).open("xb")
                locked_by_opening(self._lock)
                self.path.mkdir()
        except BaseException:
            self.discard()
            raise

    def publish(self) -> Path:
        """Puts the new folder in the place of the older one, and returns that; doing it twice does nothing.

        Raises:
            OSError: one sentence naming the folder, if it cannot be replaced; the older one stays as it was.
            ValueError: if it has been discarded.
        """
        if self._done and not self.target.is_dir():
            raise ValueError(f"{self.target}: what was written for it has been discarded")
        if self._done:
            return self.target
        try:
            with _naming(self.target):
                if self.target.is_dir():
                    self.path.chmod(stat.S_IMODE(self.target.stat().st_mode))
                _sync_tree(self.path)
                self._swap()
        except BaseException:
            self.discard()
            raise
        for folder in (*(made.parent for made in self._made_folders), self.target.parent):
            _sync_folder(folder)
        self._made_folders = []
        self.discard()
        return self.target

    def discard(self) -> None:
        """Removes what was written and is not published, and the folders that were made for it."""
        if self._done:
            return
        self._done = True
        if self._lock is not None:
            self._lock.close()  # Windows does not remove what is open
        _put_back(self._container, self.target)
        shutil.rmtree(self._container, ignore_errors=True)
        for folder in reversed(self._made_folders):
            with contextlib.suppress(OSError):  # others may have put files into it
                folder.rmdir()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.publish()
        else:
            self.discard()

    def _make_parents(self) -> None:
        missing = [folder for folder in self.target.parents if not folder.exists()]
        self._made_folders.extend(reversed(missing))
        self.target.parent.mkdir(parents=True, exist_ok=True)

    def _swap(self) -> None:
        if os.path.lexists(self.target) and not self.target.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, "A file has this name")
        if self.target.is_dir() and _exchange(self.path, self.target):
            return
        if self.target.is_dir():
            self.target.rename(self._container / _OLD)
        try:
            self.path.rename(self.target)
        except BaseException:
            _put_back(self._container, self.target)
            raise


def clear_leftovers(target: str | Path) -> None:
    """Removes what killed runs have left beside a folder, and puts the folder back where one was stopped in the swap.

    What a run that goes on has written there is left alone. Nothing is raised: what cannot be removed stays.
    """
    target = Path(os.path.realpath(target))
    begin = _begin_of_name(target)
    try:
        with os.scandir(target.parent) as entries:
            containers = [Path(entry.path) for entry in entries if entry.name.startswith(begin) and entry.is_dir()]
    except OSError:
        return
    for container in containers:
        if _is_abandoned(container):
            _put_back(container, target)
            shutil.rmtree(container, ignore_errors=True)


def _begin_of_name(target: Path) -> str:
    """Returns how the names of the hidden folders for a target begin; short, whatever length its own name has."""
    return f".{hashlib.sha256(os.fsencode(target.name)).hexdigest()[:12]}-"


def _is_abandoned(container: Path) -> bool:
    try:
        with (container / _LOCK).open("rb") as stream:
            return locked_by_opening(stream)
    except FileNotFoundError:
        return True
    except OSError:
        return False


def _put_back(container: Path, target: Path) -> None:
    """Gives a folder that was set aside its place again, if nothing has taken it."""
    with contextlib.suppress(OSError):
        if not os.path.lexists(target):
            (container / _OLD).rename(target)


def _exchange(first: Path, second: Path) -> bool:
    """Exchanges the names of two folders in one step; False where the system or the filing system cannot.

    Raises:
        OSError: if it can, and refuses.
    """
    try:
        library: Any = ctypes.CDLL(None, use_errno=True) if sys.platform in ("linux", "darwin") else None
        names = os.fsencode(first), os.fsencode(second)
        if sys.platform == "linux":
            failed = library.renameat2(_HERE, names[0], _HERE, names[1], _EXCHANGE)
        elif sys.platform == "darwin":
            failed = library.renamex_np(names[0], names[1], _EXCHANGE)
        else:
            return False
    except (AttributeError, OSError):  # a C library that is older, or none
        return False
    if not failed:
        return True
    number = ctypes.get_errno()
    if number in _NO_EXCHANGE:
        return False
    raise OSError(number, os.strerror(number))


def _sync_tree(folder: Path) -> None:
    """Makes a folder durable whose files are so already."""
    for place, _, _ in os.walk(folder):
        _sync_folder(Path(place))


def _sync_folder(folder: Path) -> None:
    if os.name != "posix":
        return
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


@contextlib.contextmanager
def _naming(target: Path) -> Iterator[None]:
    """Lets errors name the folder that is meant, whatever hidden neighbour they are about."""
    try:
        yield
    except OSError as error:
        raise write_failure(target, error) from error
