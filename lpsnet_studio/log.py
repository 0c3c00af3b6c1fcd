"""What the Studio writes down about itself: rotating log files, and the trace that a hard crash leaves; no Qt.

Every running Studio writes files of its own: the first ``studio.log`` and ``service.log``, a second one beside it
``studio-2.log`` and ``service-2.log``. Which of them are taken is known from locks that the system releases however a
Studio ends, so that no two ever write to, or rotate, the same file.
"""

from __future__ import annotations

import contextlib
import errno
import faulthandler
import logging
import os
import sys
from dataclasses import dataclass
from datetime import datetime
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import IO

__all__ = ["SERVICE_LOGGER", "Crash", "Log", "tail_of"]

SERVICE_LOGGER = "lpsnet_studio.service"
"""The logger of what the inference service says; it has a file of its own."""

_log = logging.getLogger(__name__)

_MOST_STUDIOS = 8
_STUDIO_BYTES, _SERVICE_BYTES = 2_000_000, 1_000_000
_OLDER_FILES = 2
_LONGEST_ENTRY = 20_000
_LONGEST_TRACE = 40_000
_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
_CRASH, _LAST_CRASH = "crash.txt", "last-crash.txt"
_NO_LOCKS_HERE = {errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS}
"""What some network folders answer: there the first place is taken without a lock."""


@dataclass(frozen=True, slots=True)
class Crash:
    """A hard crash of an earlier run.

    Attributes:
        path: the file that holds its trace.
        when: it happened, local time.
        trace: what each thread was doing.
    """

    path: Path
    when: datetime
    trace: str


class Log:
    """The log files of one running Studio.

    Without a writable folder everything goes to the terminal alone. Whatever lies in the folder, none of it is a
    reason to raise.

    Args:
        folder: where the files lie; made if it is not there.

    Attributes:
        folder: where the files lie.
        studio: the Studio's log file; None if none can be written.
        service: what the inference service said; None if none can be written.
        last_crash: the crash of an earlier run that nobody was told of yet; None if there was none.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.studio: Path | None = None
        self.service: Path | None = None
        self.last_crash: Crash | None = None
        self._number = 0
        self._lock: IO[str] | None = None
        self._crash_file: IO[str] | None = None
        self._handlers: list[tuple[logging.Logger, logging.Handler]] = []
        self._show_warnings_in_terminal()
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._open_files()
        except OSError as error:
            _log.warning("%s: no log file can be written (%s)", folder, error)
            return
        try:
            self.last_crash = _find_crash(folder, self._number)
        except OSError as error:
            _log.warning("%s: the trace of an earlier crash cannot be kept (%s)", folder, error)

    def _show_warnings_in_terminal(self) -> None:
        root = logging.getLogger()
        root.setLevel(logging.INFO)
        logging.captureWarnings(True)
        terminal = logging.StreamHandler()
        terminal.setLevel(logging.WARNING)
        self._add(root, terminal)

    def _open_files(self) -> None:
        self._number, self._lock = _take_place(self.folder)
        studio, service = (self.folder / _numbered(name, self._number) for name in ("studio.log", "service.log"))
        own, its = _RotatingFile(studio, _STUDIO_BYTES), _RotatingFile(service, _SERVICE_BYTES)
        speaker = logging.getLogger(SERVICE_LOGGER)
        speaker.propagate = False
        self._add(logging.getLogger(), own)
        self._add(speaker, its)
        self.studio, self.service = studio, service

    def _add(self, logger: logging.Logger, handler: logging.Handler) -> None:
        handler.setFormatter(_Bounded(_FORMAT))
        logger.addHandler(handler)
        self._handlers.append((logger, handler))

    def catch_crashes(self) -> None:
        """Has a hard crash, such as a segmentation fault, leave a trace for the next start to find."""
        if self.studio is not None:
            with contextlib.suppress(OSError):
                self._crash_file = self._crash_path.open("w", encoding="utf-8")
                faulthandler.enable(self._crash_file)
                return
        with contextlib.suppress(OSError, RuntimeError):  # a Studio without a terminal has nowhere to leave it
            faulthandler.enable()

    @property
    def _crash_path(self) -> Path:
        return self.folder / _numbered(_CRASH, self._number)

    def close(self) -> None:
        """Lets go of the files; another Studio may then write to them."""
        if self._crash_file is not None:
            faulthandler.disable()
            self._crash_file.close()
            with contextlib.suppress(OSError):
                self._crash_path.unlink()
            self._crash_file = None
        for logger, handler in self._handlers:
            logger.removeHandler(handler)
            handler.close()
        self._handlers.clear()
        logging.getLogger(SERVICE_LOGGER).propagate = True
        logging.captureWarnings(False)
        if self._lock is not None:
            self._lock.close()
            self._lock = None


class _Bounded(logging.Formatter):
    """Writes entries of a bounded length: one that is too long keeps its beginning and its end."""

    def format(self, record: logging.LogRecord) -> str:
        """Returns the entry."""
        text = super().format(record)
        if len(text) <= _LONGEST_ENTRY:
            return text
        half = _LONGEST_ENTRY // 2
        return f"{text[:half]}\n… {len(text) - 2 * half} characters left out …\n{text[-half:]}"


class _RotatingFile(RotatingFileHandler):
    """A file of a bounded size with its predecessors; once it cannot be written it says so once, in the terminal."""

    def __init__(self, path: Path, most_bytes: int) -> None:
        super().__init__(
            path, maxBytes=most_bytes, backupCount=_OLDER_FILES, encoding="utf-8", errors="backslashreplace"
        )
        self._has_complained = False

    def handleError(self, record: logging.LogRecord) -> None:
        """Says that an entry could not be written."""
        if not self._has_complained and sys.stderr is not None:
            self._has_complained = True
            sys.stderr.write(f"{self.baseFilename}: the log cannot be written ({sys.exc_info()[1]})\n")


def tail_of(path: Path | None, lines: int) -> list[str]:
    """Returns the last lines of a log file; those of its predecessor complete them; none if there is no such file."""
    found: list[str] = []
    for file in [] if path is None else [path, path.with_name(f"{path.name}.1")]:
        with contextlib.suppress(OSError), file.open("rb") as stream:
            stream.seek(max(0, stream.seek(0, os.SEEK_END) - 200 * lines - _LONGEST_ENTRY))
            found = stream.read().decode("utf-8", "replace").splitlines() + found
        if len(found) >= lines:
            break
    return found[-lines:]


def _numbered(name: str, number: int) -> str:
    """Returns what the Studio of a number calls a file: ``crash.txt``, ``crash-2.txt`` and so on."""
    stem, dot, suffix = name.partition(".")
    return name if number == 1 else f"{stem}-{number}{dot}{suffix}"


def _take_place(folder: Path) -> tuple[int, IO[str]]:
    """Returns the first number that no running Studio has, and the open file that keeps others from taking it.

    Raises:
        OSError: if all are taken, or the folder cannot be written to.
    """
    obstacle: OSError | None = None
    for number in range(1, _MOST_STUDIOS + 1):
        try:
            lock = _try_to_lock(folder, number)
        except OSError as error:
            obstacle = error
        else:
            if lock is not None:
                return number, lock
    raise obstacle or OSError(f"{_MOST_STUDIOS} Studios already write there")


def _try_to_lock(folder: Path, number: int) -> IO[str] | None:
    """Returns the open file that keeps a number from others; None if a running Studio has it.

    Raises:
        OSError: if there can be no such file.
    """
    stream = (folder / f"studio-{number}.lock").open("a", encoding="utf-8")
    try:
        _lock_file(stream)
    except OSError as error:
        if error.errno not in _NO_LOCKS_HERE:
            stream.close()
            return None
    return stream


def _lock_file(stream: IO[str]) -> None:
    """Locks a file for this process until it is closed.

    Raises:
        OSError: if another process has it.
    """
    if sys.platform == "win32":
        import msvcrt

        msvcrt.locking(stream.fileno(), msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _find_crash(folder: Path, own: int) -> Crash | None:
    """Returns the newest crash of earlier runs; its trace is kept in one file, the others are deleted.

    A Studio that starts or runs beside this one has its number, and what lies there is its own to tell or to write.

    Args:
        folder: where the traces lie.
        own: the number of the Studio that asks.

    Raises:
        OSError: if a trace can be neither moved nor read.
    """
    traces: list[tuple[float, Path]] = []
    with contextlib.ExitStack() as locks:
        for number in range(1, _MOST_STUDIOS + 1):
            path = folder / _numbered(_CRASH, number)
            if not path.is_file() or not path.stat().st_size:
                continue
            if number != own:
                lock = _try_to_lock(folder, number)
                if lock is None:
                    continue
                locks.enter_context(lock)
            traces.append((path.stat().st_mtime, path))
        return _keep_newest(folder / _LAST_CRASH, [path for _, path in sorted(traces)])


def _keep_newest(kept: Path, traces: list[Path]) -> Crash | None:
    """Moves the newest of the traces, which is the last one, to where it is kept; deletes the others."""
    if not traces:
        return None
    for path in traces:
        path.replace(kept)
    with kept.open(encoding="utf-8", errors="replace") as stream:
        trace = stream.read(_LONGEST_TRACE)
    return Crash(kept, datetime.fromtimestamp(kept.stat().st_mtime), trace)
