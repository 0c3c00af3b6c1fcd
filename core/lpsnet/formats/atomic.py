"""Writing a file so that a full disk, a crash or a power loss never leaves half of it."""

from __future__ import annotations

import contextlib
import itertools
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

__all__ = ["write_atomically", "write_failure"]

_counter = itertools.count()


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
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{next(_counter)}.tmp")
    try:
        _write_through(temporary, content)
        if path.is_file() and not path.is_symlink():
            temporary.chmod(stat.S_IMODE(path.stat().st_mode))
        temporary.replace(path)
        _sync_folder(path.parent)
    except BaseException as error:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise write_failure(path, error) from error
        raise


def write_failure(path: Path, error: OSError) -> OSError:
    """Returns ``error`` as one sentence naming the file that could not be written."""
    cause = error.strerror or str(error)
    failure = OSError(f"{path} could not be written: {cause[:1].lower()}{cause[1:]}")
    failure.errno = error.errno
    return failure


def _write_through(path: Path, content: bytes | Callable[[BinaryIO], None]) -> None:
    with path.open("xb") as stream:
        if isinstance(content, bytes):
            stream.write(content)
        else:
            content(stream)
        stream.flush()
        os.fsync(stream.fileno())


def _sync_folder(folder: Path) -> None:
    """Makes a rename durable where the platform can (POSIX)."""
    if os.name != "posix":
        return
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
