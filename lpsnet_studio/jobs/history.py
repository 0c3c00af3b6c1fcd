"""What the Studio knows of jobs between two starts: which run directories, and what waits; any number may write it."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from lpsnet.formats.atomic import write_atomically, write_failure
from lpsnet.formats.file_lock import locked_by_opening
from lpsnet_studio.jobs.json_numbers import finite
from lpsnet_studio.jobs.queue import moved
from lpsnet_studio.jobs.spec import JobSpec, TrainSpec, spec_from_json, spec_to_json

__all__ = ["Edit", "History", "HistoryFile", "KnownRun", "WaitingJob"]

_LOCK_PATIENCE = 5.0
_LOOK_EVERY = 0.02
_LARGEST_LIMIT = 2**31 - 1


@dataclass(frozen=True, slots=True)
class WaitingJob:
    """A job in the queue.

    Attributes:
        spec: what to do; its folder is absolute.
        listed: when it was asked for, seconds since 1970.
    """

    spec: JobSpec
    listed: float

    @property
    def folder(self) -> Path:
        """The run directory."""
        return self.spec.folder


@dataclass(frozen=True, slots=True)
class KnownRun:
    """A run directory that is listed.

    Attributes:
        folder: the run directory, absolute.
        listed: since when it is known, seconds since 1970.
        spec: what was last asked for from here; None if it was opened.
        taken: when it last left the queue, likewise; 0 if it never was there.
        is_starting: whether whoever took it from the queue has not said yet what came of that.
        problem: why it could not be started, in a sentence; empty if it could.
        told_end: which of its ends was told; empty if none was.
        is_seen: whether the end that was told was looked at.
    """

    folder: Path
    listed: float
    spec: JobSpec | None = None
    taken: float = 0.0
    is_starting: bool = False
    problem: str = ""
    told_end: str = ""
    is_seen: bool = True


@dataclass(frozen=True, slots=True)
class History:
    """All jobs that are known; each change returns another history.

    Attributes:
        runs: the run directories, the newest first.
        queue: the jobs that wait, the first to start first.
        revision: grows with every change that this program made or saw; files hold none.
    """

    runs: tuple[KnownRun, ...] = ()
    queue: tuple[WaitingJob, ...] = ()
    revision: int = 0

    def run(self, folder: Path) -> KnownRun | None:
        """Returns the run of a folder; None if it is not listed."""
        return next((run for run in self.runs if run.folder == folder), None)

    def waiting(self, folder: Path) -> WaitingJob | None:
        """Returns the job that waits for its start in a folder; None if none does."""
        return next((job for job in self.queue if job.folder == folder), None)

    def queued(self, spec: JobSpec, now: float) -> History:
        """Puts a job at the end of the queue.

        Raises:
            ValueError: in one sentence, if one waits for the same folder.
        """
        if self.waiting(spec.folder) is not None:
            raise ValueError(f"{spec.folder}: a job waits for its start here already")
        return replace(self, queue=(*self.queue, WaitingJob(spec, now)))

    def withdrawn(self, *folders: Path) -> History:
        """Takes jobs out of the queue."""
        gone = set(folders)
        return replace(self, queue=tuple(job for job in self.queue if job.folder not in gone))

    def reordered(self, folder: Path, place: int) -> History:
        """Puts a job at another place of the queue."""
        job = self.waiting(folder)
        return self if job is None else replace(self, queue=moved(self.queue, job, place))

    def taken(self, folder: Path, now: float) -> History:
        """Takes a job out of the queue to start it; its run is the newest then."""
        job = self.waiting(folder)
        if job is None:
            return self
        known = self.run(folder) or KnownRun(folder, job.listed)
        run = replace(known, spec=job.spec, taken=now, is_starting=True, problem="", is_seen=True)
        return self.withdrawn(folder)._with_first(run)

    def started(self, folder: Path, problem: str) -> History:
        """Notes what came of a start: nothing, or why there is no job now."""
        return self._with_run(folder, is_starting=False, problem=problem)

    def opened(self, folder: Path, told_end: str, now: float) -> History:
        """Lists a run directory as the newest, with the end that it had by then."""
        known = self.run(folder)
        return self._with_first(KnownRun(folder, now, told_end=told_end) if known is None else known)

    def forgotten(self, *folders: Path) -> History:
        """Leaves run directories out, and what waits for them."""
        gone = set(folders)
        return replace(self.withdrawn(*folders), runs=tuple(run for run in self.runs if run.folder not in gone))

    def listed_again(self, *removed: tuple[int, KnownRun]) -> History:
        """Puts runs that were left out where they were.

        Args:
            removed: each with the place that it had when all of them were there.
        """
        runs, there = list(self.runs), {run.folder for run in self.runs}
        for place, run in sorted(removed, key=lambda each: each[0]):
            if run.folder not in there:
                runs.insert(place, run)
        return replace(self, runs=tuple(runs))

    def told(self, folder: Path, end: str) -> History:
        """Notes that an end was told."""
        return self._with_run(folder, told_end=end, is_seen=False)

    def looked_at(self, folder: Path) -> History:
        """Notes that the end was looked at."""
        return self._with_run(folder, is_seen=True)

    def _with_first(self, run: KnownRun) -> History:
        return replace(self, runs=(run, *(other for other in self.runs if other.folder != run.folder)))

    def _with_run(self, folder: Path, **changes: Any) -> History:
        runs = (replace(run, **changes) if run.folder == folder else run for run in self.runs)
        return replace(self, runs=tuple(runs))


Edit = Callable[[History], History]
"""One change of the history, which can be made to any."""


class HistoryFile:
    """The file ``jobs.json``. Every change is made to what is there then, so that no other program's change is lost.

    What cannot be written is kept in memory and written with the next change. Any thread may call this.

    Args:
        path: of the file; its folder is made if need be.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._mutex = threading.Lock()
        self._known, self._version = History(), _NEVER_READ
        self._unwritten: tuple[Edit, ...] = ()
        self._problems: list[str] = []
        self._noted: set[str] = set()

    def read(self) -> History:
        """Returns what is known; what is damaged is set aside, and what cannot be read stays as it was known."""
        with self._mutex:
            if _version(self._path) == self._version:
                return self._known
            try:
                self._read_again()
            except OSError as error:
                self._note(f"{self._path} could not be read: {error.strerror or error}")
            return self._known

    @property
    def has_unwritten(self) -> bool:
        """Whether changes wait to be written, which the next one will try again."""
        return bool(self._unwritten)

    def change(self, decide: Callable[[History], Sequence[Edit]]) -> History:
        """Changes what is known, while no other program does.

        Args:
            decide: returns the changes to what is known at that moment.

        Returns:
            What is known then.

        Raises:
            ValueError: of ``decide`` or of a change; nothing is changed then.
        """
        with self._mutex:
            try:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                with _locked(self._path):
                    self._read_again()
                    return self._change(decide, write=True)
            except OSError as error:
                self._note(str(write_failure(self._path, error)) if error.strerror else str(error))
                return self._change(decide, write=False)

    def take_problems(self) -> tuple[str, ...]:
        """Returns what went wrong since this was last asked, in sentences; what stays wrong is told once."""
        with self._mutex:
            problems, self._problems = tuple(self._problems), []
            return problems

    def _change(self, decide: Callable[[History], Sequence[Edit]], *, write: bool) -> History:
        edits = tuple(decide(self._known))
        changed = _edited(self._known, edits)
        if changed == self._known and not (write and self._unwritten):
            return self._known
        changed = self._next(changed)
        if write:
            try:
                write_atomically(self._path, json.dumps(_to_json(changed), indent=1).encode())
                self._unwritten, self._version = (), _version(self._path)
                self._noted.clear()
            except OSError as error:
                self._note(str(error))
                write = False
        if not write:
            self._unwritten = (*self._unwritten, *edits)
        self._known = changed
        return changed

    def _read_again(self) -> None:
        """Reads the file unless it is as it was, and makes those changes to it that could not be written.

        Raises:
            OSError: if it is there and cannot be read.
        """
        version = _version(self._path)
        if version == self._version:
            return
        try:
            content: object = json.loads(self._path.read_bytes())
        except FileNotFoundError:
            content = {}
        except (ValueError, RecursionError):
            content = None
        is_damaged = not isinstance(content, dict)
        history, damaged = (History(), 0) if is_damaged else _from_json(content)
        if is_damaged or damaged:
            aside = self._set_aside()
            entries = "a damaged entry" if damaged == 1 else f"{damaged} damaged entries"
            what = "is damaged" if is_damaged else f"has {entries}"
            self._note(f"{self._path} {what}; what it was is kept as {aside.name}")
        for edit in self._unwritten:
            with contextlib.suppress(ValueError):
                history = edit(history)
        self._known, self._version = self._next(history), version

    def _next(self, history: History) -> History:
        return replace(history, revision=self._known.revision + 1)

    def _set_aside(self) -> Path:
        """Keeps a damaged file under another name, so that the next writing does not take it away."""
        aside = self._path.with_name(f"{self._path.stem}-damaged-{time.strftime('%Y%m%d-%H%M%S')}.json")
        write_atomically(aside, self._path.read_bytes())
        return aside

    def _note(self, problem: str) -> None:
        if problem not in self._noted:
            self._noted.add(problem)
            self._problems.append(problem)


_NEVER_READ = (-1,)


def _version(path: Path) -> tuple[int, ...]:
    """Returns what is another whenever the file is."""
    try:
        found = path.stat()
    except OSError:
        return ()
    return (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns)


def _edited(history: History, edits: Sequence[Edit]) -> History:
    for edit in edits:
        history = edit(history)
    return history


# ---------------------------------------------------------------------------------------------------------------- locks


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Keeps other programs from changing a file; where the disk knows no locks nobody is kept from it.

    Raises:
        OSError: in one sentence, if another holds it for long; or if the folder takes no file.
    """
    lock = path.with_suffix(".lock")
    with lock.open("ab") as stream:
        deadline = time.monotonic() + _LOCK_PATIENCE
        while not locked_by_opening(stream):
            if time.monotonic() > deadline:
                raise OSError(f"{path} is being written by another Studio, which does not come to an end")
            time.sleep(_LOOK_EVERY)
        yield


# ----------------------------------------------------------------------------------------------------------------- JSON


def _to_json(history: History) -> dict[str, Any]:
    runs = [
        {
            "folder": str(run.folder),
            "listed": run.listed,
            "spec": None if run.spec is None else spec_to_json(run.spec),
            "taken": run.taken,
            "is_starting": run.is_starting,
            "problem": run.problem,
            "told_end": run.told_end,
            "is_seen": run.is_seen,
        }
        for run in history.runs
    ]
    queue = [{"listed": job.listed, "spec": spec_to_json(job.spec)} for job in history.queue]
    return {"runs": runs, "queue": queue}


def _from_json(content: Mapping[str, Any]) -> tuple[History, int]:
    """Returns what a file says, and how many entries of it are damaged; of one folder the first counts."""
    damaged = 0
    runs: dict[Path, KnownRun] = {}
    queue: dict[Path, WaitingJob] = {}
    for name, read, into in (("runs", _run_from_json, runs), ("queue", _waiting_from_json, queue)):
        entries = content.get(name, [])
        if not isinstance(entries, list):
            damaged, entries = damaged + 1, []
        for entry in entries:
            try:
                item = read(entry)
                into.setdefault(item.folder, item)  # type: ignore[attr-defined]
            except (ValueError, TypeError, OverflowError):
                damaged += 1
    return History(tuple(runs.values()), tuple(queue.values())), damaged


def _run_from_json(entry: object) -> KnownRun:
    if not isinstance(entry, Mapping):
        raise TypeError
    folder = entry.get("folder")
    if not isinstance(folder, str) or "\0" in folder:
        raise TypeError
    spec: JobSpec | None = None
    if entry.get("spec") is not None:
        # A run is what its folder says; without what was asked for it is as good as one that was opened.
        with contextlib.suppress(ValueError):
            spec = spec_from_json(entry["spec"])
    _refuse_relative(Path(folder))
    return KnownRun(
        Path(folder),
        _seconds(entry.get("listed")),
        spec,
        _seconds(entry.get("taken")),
        entry.get("is_starting") is True,
        str(entry.get("problem") or ""),
        str(entry.get("told_end") or ""),
        entry.get("is_seen") is not False,
    )


def _waiting_from_json(entry: object) -> WaitingJob:
    if not isinstance(entry, Mapping):
        raise TypeError
    spec = spec_from_json(entry.get("spec"))
    _refuse_relative(spec.folder)
    if isinstance(spec, TrainSpec) and not spec.devices:
        raise ValueError
    for name in ("limit", "stuff_limit"):
        number = getattr(spec, name, None)
        if number is not None and not 0 <= number <= _LARGEST_LIMIT:
            raise ValueError
    return WaitingJob(spec, _seconds(entry.get("listed")))


def _refuse_relative(path: Path) -> None:
    """Refuses a path that means another folder wherever the Studio is started.

    Raises:
        ValueError: if it does.
    """
    if not path.is_absolute():
        raise ValueError


def _seconds(value: object) -> float:
    seconds = finite(value)
    return 0.0 if seconds is None else seconds
