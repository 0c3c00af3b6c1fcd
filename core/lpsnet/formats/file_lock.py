"""Locks on files: one at a time writes, and who is asked of the system, never of what a file says."""

from __future__ import annotations

import errno
import os
import struct
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

__all__ = ["Holder", "holder_of", "locked_by_opening", "locked_by_process"]

_HELD_ALREADY = (errno.EACCES, errno.EAGAIN, errno.EDEADLK)
_FAR_BEHIND = 1 << 30
"""The byte that Windows locks: nobody else may read what is locked, so that it must lie behind what a file holds."""
_RECORD = {"linux": "hhqqi4x", "darwin": "qqihh"}
"""How fcntl(2) lays out ``struct flock``, by system."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Who has locked a file.

    Attributes:
        pid: the process on this machine; None where the system does not tell, as of a process of another machine.
    """

    pid: int | None


def locked_by_process(stream: IO[Any]) -> bool:
    """Locks a file for this process, until it closes the file or ends, however that ends.

    It is a POSIX record lock: processes that this one starts do not inherit it, so that one which outlives it keeps
    nobody out; and opening the file once more in this process, and closing that, gives it up.

    Args:
        stream: the file, open for writing.

    Returns:
        False if another process has it. A filing system that knows no locks keeps nobody out.
    """
    if sys.platform == "win32":
        return _windows_locked(stream)
    import fcntl

    return _is_taken(lambda: fcntl.lockf(stream, fcntl.LOCK_EX | fcntl.LOCK_NB))


def locked_by_opening(stream: IO[Any]) -> bool:
    """Locks a file for this opening of it, until it is closed: it keeps other threads of this process out as well.

    Who holds it is not told by :func:`holder_of`.

    Args:
        stream: the file.

    Returns:
        False if another opening has it. A filing system that knows no locks keeps nobody out.
    """
    if sys.platform == "win32":
        return _windows_locked(stream)
    import fcntl

    return _is_taken(lambda: fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB))


def holder_of(path: Path) -> Holder | None:
    """Returns who holds a file by :func:`locked_by_process`; None if nobody does, or there is no such file.

    A copy of a file is held by nobody. Do not ask of a file that this very process holds: that gives it up.

    Raises:
        OSError: if the file cannot be read, or its filing system knows no locks.
    """
    try:
        with path.open("r+b" if sys.platform == "win32" else "rb") as stream:
            return _holder_of(stream)
    except FileNotFoundError:
        return None


def _is_taken(lock: Any) -> bool:
    try:
        lock()
    except OSError as error:
        return error.errno not in _HELD_ALREADY
    return True


if sys.platform == "win32":
    import msvcrt

    def _windows_locked(stream: IO[Any]) -> bool:
        return _is_taken(lambda: _windows_lock(stream, msvcrt.LK_NBLCK))

    def _windows_lock(stream: IO[Any], mode: int) -> None:
        descriptor = stream.fileno()
        place = os.lseek(descriptor, 0, os.SEEK_CUR)
        os.lseek(descriptor, _FAR_BEHIND, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, mode, 1)
        finally:
            os.lseek(descriptor, place, os.SEEK_SET)

    def _holder_of(stream: IO[bytes]) -> Holder | None:
        if not _windows_locked(stream):
            return Holder(None)
        _windows_lock(stream, msvcrt.LK_UNLCK)
        return None

else:

    def _holder_of(stream: IO[bytes]) -> Holder | None:
        import fcntl

        layout = _RECORD.get(sys.platform)
        if layout is None:
            raise OSError(errno.ENOTSUP, f"{sys.platform} is not asked who holds a file")
        is_darwin = sys.platform == "darwin"
        whole = (0, 0, 0, fcntl.F_WRLCK, 0) if is_darwin else (fcntl.F_WRLCK, 0, 0, 0, 0)
        answer = struct.unpack(layout, fcntl.fcntl(stream, fcntl.F_GETLK, struct.pack(layout, *whole)))
        kind, pid = (answer[3], answer[2]) if is_darwin else (answer[0], answer[4])
        if kind == fcntl.F_UNLCK:
            return None
        # 0 stands for a process outside this container, less for one of another machine.
        return Holder(pid if pid > 0 else None)
