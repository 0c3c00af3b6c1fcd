"""The jobs that the Studio knows, observable: what runs, what waits, and how each came to its end; no Qt."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from psygnal import Signal

from lpsnet_studio.jobs.history import History, KnownRun, WaitingJob
from lpsnet_studio.jobs.job_work import Calls, Found, JobWork, Look, is_being_started, plan_of
from lpsnet_studio.jobs.queue import Plan, Wait
from lpsnet_studio.jobs.spec import JobSpec
from lpsnet_studio.jobs.status import JobState, JobStatus
from lpsnet_studio.state import Problem

__all__ = ["STARTS_NEXT", "Do", "JobEntry", "Jobs", "names_of"]

STARTS_NEXT = "starts next"
"""Why a job has not started that nothing holds up."""
_PATIENCE = 10.0
"""Seconds after which an answer is no longer waited for before the next is asked for."""
_MOST_LOOKS = 4
_NEVER_LOOKED = Look(JobStatus(JobState.QUEUED, "has not answered yet"), 0, 0.0)


class Do(Protocol):
    """Runs work off the GUI thread and takes its result in it, as :meth:`lpsnet_studio.background.Background.run`."""

    def __call__(
        self, work: Callable[[], Any], done: Callable[[Any], None], *, title: str = "", cancellable: bool = True
    ) -> object:
        """Runs ``work`` elsewhere and ``done`` with its result here; see there for the rest."""


@dataclass(frozen=True, slots=True)
class JobEntry:
    """One job of the list.

    Attributes:
        folder: the run directory, absolute.
        spec: what was asked for; None if it was started by hand.
        status: how it is; ``QUEUED`` while it waits.
        name: for people; no other entry has it.
        waiting: why it has not started, such as ``waits for cuda:0``; empty if it does not wait.
        seen: whether its end was looked at; True while it has none.
        listed: when it was listed or last left the queue, seconds since 1970.
    """

    folder: Path
    spec: JobSpec | None
    status: JobStatus
    name: str
    waiting: str = ""
    seen: bool = True
    listed: float = 0.0

    @property
    def last_active(self) -> float:
        """When it last did anything: when it ended, else when it was last heard of, started or listed."""
        status = self.status
        moments = (status.ended, status.facts.heard, status.started)
        return next((moment for moment in moments if moment is not None), self.listed)


class Jobs:
    """What the Studio knows of its jobs. Signals come, and all is called, in the GUI thread; disks wait elsewhere.

    Attributes:
        changed: emitted after jobs came, went or changed their order; anything about them may be another then.
        updated: emitted with the folders of entries that changed, once for all of them, while the list is as it was.
        ended: emitted with an entry, when a job came to its end; of several Studios the first that sees
            it tells it.
        failed: emitted with a problem, when something asked for could not be done; its folder, and its sentence, say
            of which job, unless it is about the list as a whole.

    Args:
        state_folder: where the Studio keeps what it knows, made if need be.
        do: runs work off the GUI thread.
        auto_device: tells what the device ``auto`` means here; ``auto`` itself while that is not known.
        calls: what is asked of the machine.
    """

    changed = Signal()
    updated = Signal(tuple)
    ended = Signal(JobEntry)
    failed = Signal(Problem)

    def __init__(
        self,
        state_folder: Path,
        do: Do,
        *,
        auto_device: Callable[[], str] = lambda: "auto",
        calls: Calls | None = None,
    ) -> None:
        self._do, self._auto_device = do, auto_device
        self._calls = Calls() if calls is None else calls
        self._work = JobWork(state_folder, self._calls)
        self._history = History()
        self._looks: dict[Path, Look] = {}
        self._entries: tuple[JobEntry, ...] = ()
        self._by_folder: dict[Path, JobEntry] = {}
        self._names: tuple[History, dict[Path, str]] = (self._history, {})
        self._origins: dict[Path, tuple[KnownRun, JobStatus]] = {}
        """What the entry of a run was made of."""
        self._ended_while_away: tuple[Path, ...] = ()
        self._plan = Plan((), {})
        self._being_started: set[Path] = set()
        self._looking: dict[object, float] = {}
        self._line: deque[Callable[[], Found]] = deque()
        self._is_wanted_again = False
        self._is_read = self._is_closed = False

    @property
    def entries(self) -> tuple[JobEntry, ...]:
        """All jobs: those that wait in the order of the queue, then the others, newest first."""
        return self._entries

    @property
    def is_read(self) -> bool:
        """Whether it is known by now which jobs there are."""
        return self._is_read

    @property
    def ended_while_away(self) -> tuple[JobEntry, ...]:
        """The jobs that came to their end while no window was open, as this one found them when it began.

        They are told with :attr:`changed`, all together, and not by :attr:`ended`.
        """
        return tuple(entry for entry in self._entries if entry.folder in self._ended_while_away)

    @property
    def is_any_alive(self) -> bool:
        """Whether any job runs, as far as is known."""
        return any(entry.status.state.is_alive for entry in self._entries)

    @property
    def is_any_waiting(self) -> bool:
        """Whether any job waits in the queue."""
        return any(entry.waiting for entry in self._entries)

    def entry(self, folder: Path) -> JobEntry | None:
        """Returns the entry of a run directory; None if it is not listed."""
        return self._by_folder.get(folder)

    # ---------------------------------------------------------------------------------------------------- what is asked

    def add(self, spec: JobSpec) -> None:
        """Puts a job at the end of the queue; it starts at once if its device is free."""
        self._ask_in_order(partial(self._work.add, spec))

    def start_now(self, folder: Path) -> None:
        """Starts a job that waits at once, beside whatever runs on its device."""
        self._start(folder, beside=True)

    def open_run(self, path: Path) -> None:
        """Lists a run directory from anywhere, such as a copy of one from a cluster; a file in it stands for it.

        One that was just forgotten comes back to its place.
        """
        self._ask(partial(self._work.open_run, path))

    def forget(self, *folders: Path) -> None:
        """Takes jobs out of the list, and out of the queue; their files stay. One that runs here is not forgotten."""
        self._ask_in_order(partial(self._work.forget, *folders))

    def list_again(self, *folders: Path) -> None:
        """Puts jobs that were just forgotten back to their places in the list."""
        self._ask_in_order(partial(self._work.list_again, *folders))

    def move(self, folder: Path, place: int) -> None:
        """Puts a job that waits at another place of the queue; 0 is the first."""
        self._ask_in_order(partial(self._work.move, folder, place))

    def withdraw(self, *folders: Path) -> None:
        """Takes jobs that wait out of the queue."""
        self._ask_in_order(partial(self._work.withdraw, *folders))

    def stop(self, folder: Path) -> None:
        """Asks a job to save what it has and end; one that waits is withdrawn."""
        self._ask(partial(self._work.stop, folder))

    def kill(self, folder: Path) -> None:
        """Ends a job at once, with everything that it started; one that waits is withdrawn."""
        self._ask(partial(self._work.kill, folder), self._take_and_look)

    def resume(self, folder: Path) -> None:
        """Puts the continuation of a training into the queue."""
        entry = self.entry(folder)
        spec = None if entry is None else entry.spec
        resume = partial(self._work.resume, folder, spec)
        self._ask(resume, self._take_and_start, title="Queueing a job", cancellable=False)

    def mark_seen(self, folder: Path) -> None:
        """Takes note that the end of a job was looked at."""
        entry = self.entry(folder)
        if entry is not None and not entry.seen:
            self._ask_in_order(partial(self._work.mark_seen, folder))

    def refresh(self) -> None:
        """Asks how all jobs are, off the GUI thread, and starts those that can start; the newest answer wins.

        While an answer is still to come the next question waits for it, though not for ever.
        """
        now = self._calls.monotonic()
        if self._is_closed or len(self._looking) >= _MOST_LOOKS:
            return
        if any(now - since < _PATIENCE for since in self._looking.values()):
            self._is_wanted_again = True
            return
        question = object()
        self._looking[question] = now
        self._ask(self._work.look, self._take_look, ended=partial(self._looking.pop, question, None))

    def close(self) -> None:
        """Tells nothing any more; jobs go on."""
        self._is_closed = True

    # -------------------------------------------------------------------------------------------------- what comes back

    def _ask(
        self,
        work: Callable[[], Found],
        done: Callable[[Found], object] | None = None,
        *,
        ended: Callable[[], object] = lambda: None,
        title: str = "",
        cancellable: bool = True,
    ) -> None:
        """Has work done; ``ended`` is called before its result is taken, and also if it failed as nobody foresaw."""

        def outcome() -> Found | Exception:
            try:
                return work()
            except Exception as error:  # whatever it is, it is raised again where the window tells it
                return error

        def take(found: Found | Exception) -> None:
            ended()
            if isinstance(found, Exception):
                raise found
            if not self._is_closed:
                (done or self._take)(found)

        self._do(outcome, take, title=title, cancellable=cancellable)

    def _ask_in_order(self, work: Callable[[], Found]) -> None:
        """Has work done after all that was asked for in this way before; it waits for no run directory."""
        self._line.append(work)
        if len(self._line) == 1:
            self._ask_first_of_line()

    def _ask_first_of_line(self) -> None:
        words = "Keeping the list of jobs"
        self._ask(self._line[0], self._take_and_start, ended=self._leave_line, title=words, cancellable=False)

    def _leave_line(self) -> None:
        self._line.popleft()
        if self._line:
            self._ask_first_of_line()

    def _start(self, folder: Path, *, beside: bool = False) -> None:
        entry = self.entry(folder)
        if entry is None or folder in self._being_started:
            return
        self._being_started.add(folder)
        self._rebuild()
        start = partial(self._work.start, folder, self._auto_device(), beside=beside)
        ended = partial(self._being_started.discard, folder)
        self._ask(start, self._take_and_look, ended=ended, title=f"Starting {entry.name}", cancellable=False)

    def _take_look(self, found: Found) -> None:
        if not self._is_read:
            self._is_read, self._ended_while_away = True, found.ended
            found = replace(found, ended=())
        self._take_and_start(found)
        if self._is_wanted_again:
            self._is_wanted_again = False
            self.refresh()

    def _take_and_start(self, found: Found) -> None:
        self._take(found)
        for spec in self._plan.starts:
            self._start(spec.folder)

    def _take_and_look(self, found: Found) -> None:
        self._take(found)
        self.refresh()

    def _take(self, found: Found) -> None:
        """Takes whatever came of work: the one place where what is shown becomes another."""
        if found.history.revision >= self._history.revision:
            self._history = found.history
        for folder, look in found.looks.items():
            if look.number > self._looks.get(folder, _NEVER_LOOKED).number:
                self._looks[folder] = look
        self._rebuild()
        for folder in found.ended:
            entry = self.entry(folder)
            if entry is not None:
                self.ended.emit(entry)
        for problem in found.problems:
            self.failed.emit(problem)

    # ---------------------------------------------------------------------------------------------------- what is shown

    def _rebuild(self) -> None:
        """Works out the entries; those that are as they were stay the same objects, since there may be thousands."""
        before, history, now = self._by_folder, self._history, self._calls.now()
        listed = {run.folder for run in history.runs}
        self._looks = {folder: look for folder, look in self._looks.items() if folder in listed}
        self._plan = plan_of(history, self._looks, now, self._auto_device())
        if self._names[0] is not history:
            self._names = (history, _names_in(history))
        names = self._names[1]
        made = {job.folder: self._waiting_entry(job, names) for job in history.queue}
        origins: dict[Path, tuple[KnownRun, JobStatus]] = {}
        for run in history.runs:
            if run.folder not in made:
                status = self._looks.get(run.folder, _NEVER_LOOKED).status
                made[run.folder] = self._run_entry(run, status, names[run.folder], now)
                origins[run.folder] = (run, status)
        self._origins = origins
        other = {folder for folder, entry in made.items() if entry is not before.get(folder)}
        other = {folder for folder in other if made[folder] != before.get(folder)}
        self._by_folder = {folder: entry if folder in other else before[folder] for folder, entry in made.items()}
        self._entries = tuple(self._by_folder.values())
        if tuple(before) != tuple(made):
            self.changed.emit()
        elif other:
            self.updated.emit(tuple(folder for folder in made if folder in other))

    def _waiting_entry(self, job: WaitingJob, names: dict[Path, str]) -> JobEntry:
        name = names[job.folder]
        before = self._looks.get(job.folder, _NEVER_LOOKED).status
        facts, started, ended = before.facts, before.started, before.ended
        if job.folder in self._being_started:
            return JobEntry(job.folder, job.spec, JobStatus(JobState.STARTING, "is being started", facts=facts), name)
        wait = self._plan.waits.get(job.folder)
        words = STARTS_NEXT if wait is None else _wait_words(wait, names[wait.holder])
        first, earlier = before.first_started, before.earlier_seconds
        status = JobStatus(JobState.QUEUED, words, facts=facts, spec=job.spec, started=started, ended=ended)
        status = replace(status, first_started=first, earlier_seconds=earlier)
        return JobEntry(job.folder, job.spec, status, name, words)

    def _run_entry(self, run: KnownRun, status: JobStatus, name: str, now: float) -> JobEntry:
        before, origin = self._by_folder.get(run.folder), self._origins.get(run.folder)
        is_as_it_was = origin is not None and origin[0] is run and origin[1] is status and not run.is_starting
        if before is not None and is_as_it_was and before.name == name:
            return before
        if status.state in (JobState.QUEUED, JobState.LOST) or run.is_starting:
            status = _unstarted(run, status, now)
        spec = status.spec if status.spec is not None else run.spec
        return JobEntry(run.folder, spec, status, name, seen=run.is_seen, listed=max(run.listed, run.taken))


def names_of(folders: Iterable[Path]) -> dict[Path, str]:
    """Returns what run directories are called: their own names, with a number behind those that came later."""
    names: dict[Path, str] = {}
    used: set[str] = set()
    for folder in folders:
        own = folder.name or str(folder)
        name, number = own, 2
        while name in used:
            name, number = f"{own} ({number})", number + 1
        used.add(name)
        names.setdefault(folder, name)
    return names


def _names_in(history: History) -> dict[Path, str]:
    since = {job.folder: job.listed for job in history.queue} | {run.folder: run.listed for run in history.runs}
    return names_of(sorted(since, key=lambda folder: (since[folder], folder)))


def _wait_words(wait: Wait, name: str) -> str:
    return (
        f"waits for {wait.device}, where {name} runs" if wait.is_running else f"waits for {wait.device}, behind {name}"
    )


def _unstarted(run: KnownRun, status: JobStatus, now: float) -> JobStatus:
    """Returns the status of a run of which its folder does not tell all: that is not there before it starts."""
    if status.state.is_alive:
        return status
    if is_being_started(run, now):
        return JobStatus(JobState.STARTING, "is being started", facts=status.facts, spec=run.spec)
    if status.state not in (JobState.QUEUED, JobState.LOST):
        return status
    if run.problem:
        words = f"could not be started: {run.problem}"
        return replace(status, state=JobState.FAILED, sentence=words, advice="", spec=run.spec)
    if run.is_starting:
        words = "was to be started and never was: its Studio had ended, or its disk did not answer"
        return replace(status, state=JobState.FAILED, sentence=words, advice="Start it again.", spec=run.spec)
    return status
