"""A disk that fails, or a process that dies, at any one of the calls by which SQLite writes.

The methods of SQLite's own layer over the system are replaced in the library that Python uses, by way of ctypes.
"""

from __future__ import annotations

import ctypes
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ctypes.util import find_library
from typing import Any

__all__ = ["CANTOPEN", "FULL", "IOERR_FSYNC", "IOERR_WRITE", "OK", "Fault", "intercepted", "is_possible", "torn_kill"]

OK, FULL, CANTOPEN, IOERR_WRITE, IOERR_FSYNC = 0, 13, 14, 778, 1034

Call = Callable[[str, Callable[[], int], Callable[[], int]], int]
"""Is given what is about to be done ("open", "write", "sync", "truncate", "delete"), a function that does it, and one
that does half of it; returns SQLite's result code."""
Fault = Call

_FILE = ctypes.c_void_p
# Names are passed on as the addresses that they are: SQLite keeps them.
_OPEN = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, _FILE, ctypes.c_int, ctypes.c_void_p)
_DELETE = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int)
_WRITE = ctypes.CFUNCTYPE(ctypes.c_int, _FILE, ctypes.c_void_p, ctypes.c_int, ctypes.c_int64)
_TRUNCATE = ctypes.CFUNCTYPE(ctypes.c_int, _FILE, ctypes.c_int64)
_SYNC = ctypes.CFUNCTYPE(ctypes.c_int, _FILE, ctypes.c_int)
_METHODS = 18
"""Pointers in the newest ``sqlite3_io_methods``, behind its version number."""
_READ_ONLY = 0x1


class _Methods(ctypes.Structure):
    _fields_ = (("version", ctypes.c_int), ("calls", ctypes.c_void_p * _METHODS))


class _System(ctypes.Structure):
    _fields_ = (
        ("version", ctypes.c_int),
        ("file_size", ctypes.c_int),
        ("longest_path", ctypes.c_int),
        ("next", ctypes.c_void_p),
        ("name", ctypes.c_char_p),
        ("data", ctypes.c_void_p),
        ("open", ctypes.c_void_p),
        ("delete", ctypes.c_void_p),
    )


def _system() -> _System | None:
    import sqlite3

    name = find_library("sqlite3")
    try:
        library = ctypes.CDLL(name) if name else None
        if library is None:
            return None
        library.sqlite3_libversion.restype = ctypes.c_char_p
        with open("/proc/self/maps") as maps:  # noqa: PTH123 - it is the copy that Python has loaded, or none
            if os.path.basename(name or "") not in maps.read():  # noqa: PTH119
                return None
        if library.sqlite3_libversion().decode() != sqlite3.sqlite_version:
            return None
        library.sqlite3_vfs_find.restype = ctypes.POINTER(_System)
        return library.sqlite3_vfs_find(None).contents
    except (OSError, AttributeError, ValueError):
        return None


def is_possible() -> bool:
    """Whether Python's SQLite is a library that can be reached."""
    return _system() is not None


@contextmanager
def intercepted(call: Call) -> Iterator[None]:
    """Has every call by which SQLite writes go through ``call``, for the files that are opened meanwhile."""
    system = _system()
    assert system is not None
    original_open, original_delete = _OPEN(system.open), _DELETE(system.delete)
    kept: list[Any] = []
    tables: dict[int, _Methods] = {}

    def methods_of(address: int) -> _Methods:
        if address in tables:
            return tables[address]
        own = _Methods.from_buffer_copy(_Methods.from_address(address))
        write, truncate, sync = _WRITE(own.calls[2]), _TRUNCATE(own.calls[3]), _SYNC(own.calls[4])

        def on_write(file: int, content: int, amount: int, offset: int) -> int:
            return call(
                "write", lambda: write(file, content, amount, offset), lambda: write(file, content, amount // 2, offset)
            )

        def on_truncate(file: int, size: int) -> int:
            return call("truncate", lambda: truncate(file, size), lambda: OK)

        def on_sync(file: int, flags: int) -> int:
            return call("sync", lambda: sync(file, flags), lambda: OK)

        wrapped = _WRITE(on_write), _TRUNCATE(on_truncate), _SYNC(on_sync)
        for index, function in zip((2, 3, 4), wrapped, strict=True):
            own.calls[index] = ctypes.cast(function, ctypes.c_void_p).value
        kept.extend((wrapped, own, write, truncate, sync))
        tables[address] = own
        return own

    def on_open(vfs: int, name: int, file: int, flags: int, answer: int) -> int:
        def really() -> int:
            code = original_open(vfs, name, file, flags, answer)
            place = ctypes.c_void_p.from_address(file)
            if code == OK and place.value and not flags & _READ_ONLY:
                place.value = ctypes.addressof(methods_of(place.value))
            return code

        return really() if flags & _READ_ONLY else call("open", really, lambda: OK)

    def on_delete(vfs: int, name: int, sync_folder: int) -> int:
        return call("delete", lambda: original_delete(vfs, name, sync_folder), lambda: OK)

    replaced = _OPEN(on_open), _DELETE(on_delete)
    before = system.open, system.delete
    system.open, system.delete = (ctypes.cast(function, ctypes.c_void_p).value for function in replaced)
    _for_ever.append((kept, replaced))
    try:
        yield
    finally:
        system.open, system.delete = before


_for_ever: list[Any] = []
"""What SQLite may still call: a file that was opened meanwhile keeps its methods."""


def torn_kill(half: Callable[[], int]) -> int:
    """Does half of a write, and ends this process as ``kill -9`` does."""
    half()
    os.kill(os.getpid(), signal.SIGKILL)
    return OK
