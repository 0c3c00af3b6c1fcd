"""The keeper: a small process that starts a job's command, waits for its end, and writes down how that came.

``python -m lpsnet_studio.jobs.keeper RUN_DIR TOKEN`` runs what ``RUN_DIR/job/wanted-TOKEN.json`` asks for, which
becomes ``job.json`` once it is certain that no other keeper is at work there. It is in a session of its
own, and so is the command: neither ends with the window that started the keeper. SIGHUP is ignored; SIGTERM is passed
on to the command, which saves what it has, and the keeper goes on waiting. It knows neither torch nor Qt.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import FrameType
from typing import IO, Any

import psutil

from lpsnet.formats.file_lock import locked_by_process
from lpsnet_studio.jobs.command import shell_text
from lpsnet_studio.jobs.job_folder import LOG_HEADER, HowItEnded, JobFolder, JobProcesses, place_of
from lpsnet_studio.jobs.kernel_memory import memory_total, oom_kills, prefer_to_lose
from lpsnet_studio.jobs.load import LoadFile, LoadMeter
from lpsnet_studio.jobs.process_mark import ProcessMark, catches_sigterm

__all__ = ["EXIT_NOT_ITS_OWN", "EXIT_NOT_STARTED", "TOKEN_VARIABLE", "Keeper", "main"]

TOKEN_VARIABLE = "LPSNET_JOB"
"""Set for the command and all that it starts: by it they are found, whatever became of their parents."""
EXIT_NOT_STARTED = 1
"""The keeper's status if the command could not be started."""
EXIT_NOT_ITS_OWN = 3
"""The keeper's status if another one keeps a job in the run directory."""

_SAMPLE_EVERY = 2.0
_GIVEN_UP_AFTER = 600.0
"""Seconds after which a start that was asked for is taken to have ended."""
_FIRST_RETRY, _LONGEST_RETRY = 0.5, 30.0
_FOR_A_FILE = {"PYTHONUNBUFFERED": "1", "PYTHONIOENCODING": "utf-8", "COLUMNS": "200", "PYTHONSAFEPATH": "1"}
"""Output comes at once and in lines that are not wrapped, and nothing in the folder stands in for a library."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Keeps the job that the command line names; returns the exit status."""
    arguments = sys.argv[1:] if arguments is None else arguments
    if len(arguments) != 2 or not arguments[1].isalnum():
        _say("usage: python -m lpsnet_studio.jobs.keeper RUN_DIR TOKEN")
        return 2
    folder, token = JobFolder(Path(arguments[0])), arguments[1]
    try:
        with folder.lock.open("a+b") as lock:
            if not locked_by_process(lock):
                _say(f"{folder.run_dir}: another keeper keeps a job here")
                return EXIT_NOT_ITS_OWN
            folder.wanted(token).replace(folder.job)
            _remove_given_up(folder)
            return Keeper(folder, token).keep()
    except OSError as error:
        _say(f"{folder.run_dir}: no job can be kept here: {error}")
        return EXIT_NOT_STARTED


def _remove_given_up(folder: JobFolder) -> None:
    """Removes what starts asked for that ended before they came to hold the folder.

    One of the last minutes may be another Studio's, which learns in a moment that it was slower.
    """
    for path in folder.path.glob("wanted-*.json"):
        with contextlib.suppress(OSError):
            if abs(time.time() - path.stat().st_mtime) > _GIVEN_UP_AFTER:
                path.unlink()


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What ``job.json`` asks for.

    Raises:
        ValueError: from :meth:`read`, in a sentence, if it is damaged.
    """

    argv: list[str]
    environment: dict[str, str]
    cwd: str

    @classmethod
    def read(cls, folder: JobFolder) -> _Wanted:
        job = folder.read_job()
        argv, environment, cwd = (job.get(name) for name in ("argv", "environment", "cwd"))
        if not isinstance(argv, list) or not argv or not all(isinstance(word, str) for word in argv):
            raise ValueError(f"{folder.job} is missing or damaged: it names no command")
        if not isinstance(environment, dict) or not all(isinstance(value, str) for value in environment.values()):
            raise ValueError(f"{folder.job} is damaged: its variables cannot be read")
        if not isinstance(cwd, str):
            raise ValueError(f"{folder.job} is damaged: it names no folder to run in")
        return cls(argv, environment, cwd)


class Keeper:
    """Starts a command, waits for it, and writes what becomes of it.

    Args:
        folder: of the job; this process must hold its lock.
        token: of this start.
    """

    def __init__(self, folder: JobFolder, token: str) -> None:
        self._folder = folder
        self._token = token
        self._command: subprocess.Popen[bytes] | None = None
        self._asked_to_stop = False
        self._caught_sigterm = False
        self._oom_kills = oom_kills()

    def keep(self) -> int:
        """Runs the job to its end; returns the keeper's exit status.

        Raises:
            OSError: if the run directory cannot be written: then nothing was started.
        """
        self._take_signals()
        before, how_before = self._folder.read_processes(), self._folder.read_exit()
        self._folder.exit.unlink(missing_ok=True)
        self._folder.forget_stops()
        token = self._token
        try:
            wanted = _Wanted.read(self._folder)
            me = ProcessMark.of(os.getpid())
            place = place_of(self._folder.path)
            processes = JobProcesses(token, socket.gethostname(), time.time(), me, command=None, place=place)
            processes = processes.following(before, how_before)
            self._folder.write(self._folder.process, processes.to_json())
            self._command, log_offset = self._started(wanted)
        except (OSError, ValueError) as error:
            _say(str(error))
            self._write_how_it_ended(HowItEnded(token, time.time(), problem=str(error)))
            return EXIT_NOT_STARTED
        prefer_to_lose(self._command.pid)
        with contextlib.suppress(psutil.Error):
            processes = replace(processes, command=ProcessMark.of(self._command.pid), log_offset=log_offset)
        if self._asked_to_stop:
            self._pass_on_sigterm()
        meter = LoadMeter(self._command.pid)
        code = self._watched_to_its_end(self._command, meter, processes)
        self._write_how_it_ended(self._how_it_ended(token, code, meter))
        return 0

    # ------------------------------------------------------------------------------------------------------------ start

    def _started(self, wanted: _Wanted) -> tuple[subprocess.Popen[bytes], int]:
        """Starts the command; returns it, and where in the log its output begins.

        Raises:
            OSError: in one sentence, if it cannot be started.
        """
        variables = {**os.environ, **_FOR_A_FILE, **wanted.environment, TOKEN_VARIABLE: self._token}
        new_session: dict[str, Any] = {"start_new_session": True}
        if sys.platform == "win32":
            new_session = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW}
        with self._log() as log:
            offset = log.seek(0, os.SEEK_END)
            with contextlib.suppress(OSError):
                log.write(_header(wanted, begins_line=self._ends_with_line(offset)))
            try:
                command = subprocess.Popen(
                    wanted.argv,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    cwd=wanted.cwd,
                    env=variables,
                    **new_session,
                )
            except OSError as error:
                missing = wanted.cwd if not Path(wanted.cwd).is_dir() else wanted.argv[0]
                raise OSError(f"{missing}: {(error.strerror or str(error)).lower()}") from error
        return command, offset

    def _log(self) -> IO[bytes]:
        try:
            return self._folder.log.open("ab", buffering=0)
        except OSError as error:
            raise OSError(f"{self._folder.log} could not be written: {error.strerror}") from error

    def _ends_with_line(self, size: int) -> bool:
        if size == 0:
            return True
        with self._folder.log.open("rb") as stream:
            stream.seek(size - 1)
            return stream.read(1) == b"\n"

    # ---------------------------------------------------------------------------------------------------------- waiting

    def _watched_to_its_end(self, command: subprocess.Popen[bytes], meter: LoadMeter, processes: JobProcesses) -> int:
        """Waits, and samples the load meanwhile; returns the command's status as :class:`subprocess.Popen` tells it."""
        ended = threading.Event()

        def wait() -> None:
            _wait_without_taking(command)
            ended.set()

        threading.Thread(target=wait, name="waiting for the command", daemon=True).start()
        load = LoadFile(self._folder.load)
        is_announced = failed_before = False
        while True:
            self._caught_sigterm = self._caught_sigterm or catches_sigterm(command.pid) is True
            is_announced = is_announced or self._is_written(self._folder.process, processes.to_json())
            # Whatever goes wrong in measuring, someone must be there to take the exit status.
            try:
                load.append(meter.sample())
            except Exception as error:
                if not failed_before:
                    _say(f"the load could not be measured: {error!r}")
                failed_before = True
            if ended.wait(_SAMPLE_EVERY if is_announced else _FIRST_RETRY):
                return command.wait()

    def _how_it_ended(self, token: str, code: int, meter: LoadMeter) -> HowItEnded:
        return HowItEnded(
            token=token,
            time=time.time(),
            code=code if code >= 0 else None,
            signal=_signal_name(-code) if code < 0 else "",
            peak_rss=max(meter.peak_rss, _largest_child()),
            memory_total=memory_total(),
            oom_kills=max(0, oom_kills() - self._oom_kills),
        )

    def _write_how_it_ended(self, ended: HowItEnded) -> None:
        """Writes it, if need be again and again until the disk has room; gives up with the folder, or on SIGTERM."""
        pause = _FIRST_RETRY
        self._asked_to_stop = False
        while not self._is_written(self._folder.exit, ended.to_json()):
            until = time.monotonic() + pause
            while time.monotonic() < until:
                time.sleep(min(0.2, pause))
                if self._asked_to_stop or not self._folder.path.is_dir():
                    return
            pause = min(_LONGEST_RETRY, 2 * pause)

    def _is_written(self, path: Path, content: Mapping[str, Any]) -> bool:
        try:
            self._folder.write(path, content)
        except OSError as error:
            _say(str(error))
            return False
        return True

    # ---------------------------------------------------------------------------------------------------------- signals

    def _take_signals(self) -> None:
        if hasattr(signal, "SIGHUP"):
            signal.signal(signal.SIGHUP, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, self._asked)

    def _asked(self, _number: int, _frame: FrameType | None) -> None:
        self._asked_to_stop = True
        self._pass_on_sigterm()

    def _pass_on_sigterm(self) -> None:
        """Passes it on, unless the command has had its own, as when a machine shuts down: a second one ends it at once.

        A trainer saves at the first SIGTERM, and from then on no longer catches it.
        """
        if self._command is None or self._command.returncode is not None:
            return
        if not self._caught_sigterm or catches_sigterm(self._command.pid):
            # It looks first whether the command has ended: its number may be another's by then.
            with contextlib.suppress(OSError):
                self._command.send_signal(signal.SIGTERM)


def _wait_without_taking(command: subprocess.Popen[bytes]) -> None:
    """Waits for the end of a process and leaves its exit status, and with that its number, to another thread.

    Only the thread that takes signals takes it, so that a number is never signalled that was given back.
    """
    if sys.platform == "win32":
        command.wait()
        return
    with contextlib.suppress(ChildProcessError):
        os.waitid(os.P_PID, command.pid, os.WEXITED | os.WNOWAIT)


def _header(wanted: _Wanted, *, begins_line: bool) -> bytes:
    when = time.strftime("%Y-%m-%d %H:%M:%S")
    text = f"{LOG_HEADER}{when}: {shell_text(wanted.argv, wanted.environment)}\n"
    return ("" if begins_line else "\n").encode() + text.encode("utf-8", "backslashreplace")


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _largest_child() -> int:
    """Returns the most memory of the largest process that has ended, in bytes: it may have grown between samples."""
    if sys.platform == "win32":
        return 0
    import resource

    most = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


def _say(text: str) -> None:
    """Adds a line to the keeper's own log; a full disk keeps it from that, and from nothing else."""
    with contextlib.suppress(OSError, ValueError):
        sys.stderr.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')} {text}\n")
        sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
