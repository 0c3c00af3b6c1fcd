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
_LAST_CRASH = "last-crash.txt"
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

    Without a writable folder everything goes to the terminal alone.

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
        self.last_crash = _find_crash(folder)

    def _show_warnings_in_terminal(self) -> None:
        root = logging.getLogger()
        root.setLevel(logging.INFO)
        logging.captureWarnings(True)
        terminal = logging.StreamHandler()
        terminal.setLevel(logging.WARNING)
        self._add(root, terminal)

    def _open_files(self) -> None:
        number, self._lock = _take_place(self.folder)
        ending = "" if number == 1 else f"-{number}"
        studio, service = self.folder / f"studio{ending}.log", self.folder / f"service{ending}.log"
        self._crash_path = self.folder / f"crash{ending}.txt"
        self._add(logging.getLogger(), _RotatingFile(studio, _STUDIO_BYTES))
        speaker = logging.getLogger(SERVICE_LOGGER)
        speaker.propagate = False
        self._add(speaker, _RotatingFile(service, _SERVICE_BYTES))
        self.studio, self.service = studio, service

    def _add(self, logger: logging.Logger, handler: logging.Handler) -> None:
        handler.setFormatter(_Bounded(_FORMAT))
        logger.addHandler(handler)
        self._handlers.append((logger, handler))

    def catch_crashes(self) -> None:
        """Has a hard crash, such as a segmentation fault, leave a trace for the next start to find."""
        if self.studio is None:
            faulthandler.enable()
            return
        with contextlib.suppress(OSError):
            self._crash_file = self._crash_path.open("w", encoding="utf-8")
            faulthandler.enable(self._crash_file)

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
        if not self._has_complained:
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


def _take_place(folder: Path) -> tuple[int, IO[str]]:
    """Returns the first number that no running Studio has, and the open file that keeps others from taking it.

    Raises:
        OSError: if all are taken, or the folder cannot be written to.
    """
    for number in range(1, _MOST_STUDIOS + 1):
        stream = (folder / f"studio-{number}.lock").open("a", encoding="utf-8")
        try:
            _lock_file(stream)
        except OSError as error:
            if error.errno in _NO_LOCKS_HERE:
                return number, stream
            stream.close()
        else:
            return number, stream
    raise OSError(f"{_MOST_STUDIOS} Studios already write there")


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


def _find_crash(folder: Path) -> Crash | None:
    """Returns the newest crash of earlier runs; its trace is kept in one file, the others are deleted."""
    traces = [path for path in folder.glob("crash*.txt") if path.stat().st_size]
    kept = folder / _LAST_CRASH
    for path in sorted(traces, key=lambda path: path.stat().st_mtime):
        path.replace(kept)
    if not traces:
        return None
    with kept.open(encoding="utf-8", errors="replace") as stream:
        trace = stream.read(_LONGEST_TRACE)
    return Crash(kept, datetime.fromtimestamp(kept.stat().st_mtime), trace)
