"""The files of a job in its run directory: where they are, and reading them whatever state they are in.

``job/`` is written by the Studio and by the keeper, beside what ``lpsnet`` itself writes::

    job.json       what was asked for: spec, command, variables, folder, time, program version
    process.json   which processes do it, on which machine, since when; of the latest start
    stop-NAME.json that a start, or a process that nobody keeps, was asked to stop, how and when
    exit.json      how it ended; of the latest start
    log.txt        output of the command, a header line each start
    load.jsonl     processor, memory and GPUs, a line every two seconds
    keeper.txt     what the keeper itself had to say; empty as a rule
    .lock          held by the keeper
"""

from __future__ import annotations

import contextlib
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from lpsnet.formats.atomic import write_atomically
from lpsnet.formats.file_lock import holder_of
from lpsnet.run_directory import RunDirectory
from lpsnet_studio.jobs.json_numbers import finite
from lpsnet_studio.jobs.process_mark import ProcessMark

__all__ = ["LOG_HEADER", "HowItEnded", "JobFolder", "JobProcesses", "StopAsked", "place_of", "read_tail"]

LOG_HEADER = "=== started "
"""What the line begins with by which the keeper separates starts in the log."""

_LARGEST_CODE = 2**32
_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")


@dataclass(frozen=True, slots=True)
class JobProcesses:
    """What ``process.json`` says of the latest start.

    Attributes:
        token: a name that no other start has; the command and all that it starts carry it as ``LPSNET_JOB``.
        host: the machine.
        started: when, seconds since 1970.
        keeper: the process that waits for the command.
        command: the command's process; None before it is there.
        log_offset: where in the log its output begins, in bytes.
        place: which folder ``job/`` was then, as :func:`place_of` tells it; a copy of it is another. None if that is
            not known.
        first_started: when the first of all starts here was, seconds since 1970; None if this is the first, or that is
            not known.
        earlier_seconds: how long all earlier starts worked; None if that is not known.
    """

    token: str
    host: str
    started: float
    keeper: ProcessMark
    command: ProcessMark | None
    log_offset: int = 0
    place: tuple[int, int] | None = None
    first_started: float | None = None
    earlier_seconds: float | None = None

    def to_json(self) -> dict[str, Any]:
        """Returns the object that the file holds."""
        return {
            "token": self.token,
            "host": self.host,
            "started": self.started,
            "keeper": self.keeper.to_json(),
            "command": None if self.command is None else self.command.to_json(),
            "log_offset": self.log_offset,
            "place": self.place,
            "first_started": self.first_started,
            "earlier_seconds": self.earlier_seconds,
        }

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> JobProcesses | None:
        """Reads what :meth:`to_json` returned; None if it is damaged."""
        keeper = ProcessMark.from_json(content.get("keeper"))
        token, host, offset = content.get("token"), content.get("host"), content.get("log_offset", 0)
        started = finite(content.get("started"))
        if keeper is None or started is None or not isinstance(token, str) or not isinstance(host, str):
            return None
        if not token.isalnum():
            return None
        offset = offset if type(offset) is int and offset >= 0 else 0
        command = ProcessMark.from_json(content.get("command"))
        place = _place_from_json(content.get("place"))
        first, earlier = finite(content.get("first_started")), finite(content.get("earlier_seconds"))
        return cls(token, host, started, keeper, command, offset, place, first, earlier)

    def following(self, before: JobProcesses | None, ended: HowItEnded | None) -> JobProcesses:
        """Returns the same start with what is known of those before it.

        Args:
            before: what was written of the latest of them; None if there was none.
            ended: how that ended; None if nobody saw it.
        """
        if before is None:
            return self
        first = before.started if before.first_started is None else before.first_started
        earlier = 0.0 if before.first_started is None else before.earlier_seconds
        is_its_end = ended is not None and ended.token == before.token
        if earlier is None or ended is None or not is_its_end:
            return replace(self, first_started=first)
        return replace(self, first_started=first, earlier_seconds=earlier + max(ended.time - before.started, 0.0))


@dataclass(frozen=True, slots=True)
class StopAsked:
    """What ``stop-NAME.json`` says: that somebody was asked to end.

    Attributes:
        token: of the start that is meant, or the name of the process that nobody keeps.
        time: when, seconds since 1970.
        kill: whether it was killed, instead of asked to save what it has.
    """

    token: str
    time: float
    kill: bool

    def to_json(self) -> dict[str, Any]:
        """Returns the object that the file holds."""
        return {"token": self.token, "time": self.time, "kill": self.kill}


@dataclass(frozen=True, slots=True)
class HowItEnded:
    """What ``exit.json`` says of the latest start.

    Attributes:
        token: of the start that is meant; empty if the keeper had not come to choose one.
        time: when, seconds since 1970.
        code: the exit status; None if a signal ended it, or it was never started.
        signal: the name of the signal that ended it; empty if none did.
        problem: why it could not be started, in a sentence; empty if it was.
        peak_rss: the most memory of all its processes together, in bytes, as far as was sampled.
        memory_total: of the machine, or what its control group may have, in bytes.
        oom_kills: how often the kernel killed for lack of memory meanwhile, as far as is known.
    """

    token: str
    time: float
    code: int | None = None
    signal: str = ""
    problem: str = ""
    peak_rss: int = 0
    memory_total: int = 0
    oom_kills: int = 0

    def to_json(self) -> dict[str, Any]:
        """Returns the object that the file holds."""
        return {name: getattr(self, name) for name in self.__slots__}

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> HowItEnded | None:
        """Reads what :meth:`to_json` returned; None if it is damaged."""
        time = finite(content.get("time"))
        code = content.get("code")
        if time is None or (code is not None and (type(code) is not int or abs(code) > _LARGEST_CODE)):
            return None
        words = {name: str(content.get(name) or "") for name in ("token", "signal", "problem")}
        counts = {name: int(finite(content.get(name)) or 0) for name in ("peak_rss", "memory_total", "oom_kills")}
        return cls(time=time, code=code, **words, **counts)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class JobFolder:
    """Where everything of a job is.

    Attributes:
        run_dir: the run directory.
    """

    run_dir: Path

    @property
    def path(self) -> Path:
        """The folder for what the Studio and the keeper write."""
        return self.run_dir / "job"

    @property
    def job(self) -> Path:
        """What was asked for."""
        return self.path / "job.json"

    def wanted(self, token: str) -> Path:
        """What is asked for by a start that has not come to hold the folder yet; it becomes :attr:`job` then."""
        return self.path / f"wanted-{token}.json"

    @property
    def process(self) -> Path:
        """Which processes do it."""
        return self.path / "process.json"

    def stop(self, token: str) -> Path:
        """That a start, or a process that nobody keeps, was asked to stop."""
        return self.path / f"stop-{token}.json"

    @property
    def exit(self) -> Path:
        """How it ended."""
        return self.path / "exit.json"

    @property
    def log(self) -> Path:
        """Output of the command, over all starts."""
        return self.path / "log.txt"

    @property
    def load(self) -> Path:
        """How busy it keeps the machine."""
        return self.path / "load.jsonl"

    @property
    def keeper_log(self) -> Path:
        """What the keeper itself had to say."""
        return self.path / "keeper.txt"

    @property
    def lock(self) -> Path:
        """What the keeper holds while it lives."""
        return self.path / ".lock"

    @property
    def events(self) -> Path:
        """What happened, as the command tells it."""
        return RunDirectory(self.run_dir).events

    @property
    def trainer_lock(self) -> Path:
        """Who trains in the run directory."""
        return RunDirectory(self.run_dir).lock

    def read_job(self) -> Mapping[str, Any]:
        """Returns what was asked for; empty if that is not there or damaged."""
        return _read_object(self.job)

    def read_processes(self) -> JobProcesses | None:
        """Returns which processes do it; None if that is not there or damaged."""
        return JobProcesses.from_json(_read_object(self.process))

    def is_where_it_was_started(self, processes: JobProcesses) -> bool:
        """Whether processes that ``process.json`` tells of belong to this folder, and not to one it is a copy of.

        A renamed folder is the same; and where a filing system numbers its folders anew, the keeper holds its lock.
        """
        if processes.place is not None and processes.place == place_of(self.path):
            return True
        try:
            holder = holder_of(self.lock)
        except OSError:
            return False
        return holder is not None and holder.pid in (processes.keeper.pid, None)

    def note_stop(self, asked: StopAsked) -> bool:
        """Notes that somebody is asked to stop; of all who do so at once, one alone succeeds.

        Returns:
            False if that is noted already.

        Raises:
            OSError: if it cannot be noted.
        """
        self.path.mkdir(exist_ok=True)
        path = self.stop(asked.token)
        try:
            path.touch(exist_ok=False)
        except FileExistsError:
            return False
        # That the file is there says enough: a full disk may take no more of it.
        with contextlib.suppress(OSError):
            path.write_text(json.dumps(asked.to_json()), encoding="utf-8")
        return True

    def forget_stops(self) -> None:
        """Forgets what was noted of earlier starts."""
        for path in self.path.glob("stop-*.json"):
            path.unlink(missing_ok=True)

    def read_stop(self, token: str) -> StopAsked | None:
        """Returns whether a start was asked to stop; None if not. A file that is damaged says that it was."""
        path = self.stop(token)
        try:
            written = path.stat().st_mtime
        except (OSError, ValueError):
            return None
        content = _read_object(path)
        time = finite(content.get("time"))
        return StopAsked(token, written if time is None else time, content.get("kill") is True)

    def read_exit(self) -> HowItEnded | None:
        """Returns how it ended; None if it has not, or that is damaged."""
        return HowItEnded.from_json(_read_object(self.exit))

    def write(self, path: Path, content: Mapping[str, Any]) -> None:
        """Writes one of the files, whole or not at all.

        Raises:
            OSError: one sentence naming it, if it cannot be written.
        """
        write_atomically(path, json.dumps(content, indent=1).encode())


def place_of(folder: Path) -> tuple[int, int] | None:
    """Returns what no other folder of this machine has as long as this one is there; None if it is not."""
    try:
        found = folder.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def read_tail(path: Path, most: int, *, from_offset: int = 0) -> str:
    """Returns the end of a text file that may be of any size; empty if it cannot be read.

    Args:
        path: of the file.
        most: bytes to read.
        from_offset: what lies before is left out, unless the file is shorter by now.

    Returns:
        The text without the escape sequences of terminals; a line that would be cut at the start is left out.
    """
    try:
        with path.open("rb") as stream:
            size = stream.seek(0, os.SEEK_END)
            begin = max(from_offset if from_offset <= size else 0, size - most)
            cut = begin > from_offset
            stream.seek(begin)
            content = stream.read(most)
    except OSError:
        return ""
    if cut and (end_of_line := content.find(b"\n")) >= 0:
        content = content[end_of_line + 1 :]
    return _ESCAPES.sub("", content.decode("utf-8", "replace")).replace("\r\n", "\n").replace("\r", "\n")


def _place_from_json(content: object) -> tuple[int, int] | None:
    if isinstance(content, list) and len(content) == 2 and all(type(number) is int for number in content):
        return content[0], content[1]
    return None


def _read_object(path: Path) -> Mapping[str, Any]:
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}
