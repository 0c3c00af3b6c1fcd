"""The jobs that the Studio knows, observable: what runs, what waits, and how each came to its end; no Qt."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from psygnal import Signal

from lpsnet_studio.jobs.job_folder import JobFolder
from lpsnet_studio.jobs.launch import kill_tree, launch, stop_gently
from lpsnet_studio.jobs.spec import JobSpec, TrainSpec
from lpsnet_studio.jobs.status import JobState, JobStatus, read_status
from lpsnet_studio.state import Problem

__all__ = ["Do", "JobEntry", "Jobs"]


class Do(Protocol):
    """Runs work off the GUI thread and takes its result in it, as :meth:`lpsnet_studio.background.Background.run`."""

    def __call__(
        self, work: Callable[[], Any], done: Callable[[Any], None], *, title: str = "", cancellable: bool = True
    ) -> object: ...


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
    """

    folder: Path
    spec: JobSpec | None
    status: JobStatus
    name: str
    waiting: str = ""
    seen: bool = True


class Jobs:
    """What the Studio knows of its jobs. Signals come, and all is called, in the GUI thread; disks wait elsewhere.

    Attributes:
        changed: emitted after jobs came, went or changed their order.
        updated: emitted with a folder after something else about its entry changed.
        ended: emitted with an entry, once per end of a job.
        failed: emitted with a problem whose sentence names the folder, when something asked for could not be done.

    Args:
        state_folder: where the Studio keeps what it knows, made if need be.
        do: runs work off the GUI thread.
    """

    changed = Signal()
    updated = Signal(Path)
    ended = Signal(JobEntry)
    failed = Signal(Problem)

    def __init__(self, state_folder: Path, do: Do) -> None:
        self._state_folder, self._do = state_folder, do
        self._entries: tuple[JobEntry, ...] = ()

    @property
    def entries(self) -> tuple[JobEntry, ...]:
        """All jobs: those that wait in the order of the queue, then the others, newest first."""
        return self._entries

    @property
    def ended_while_away(self) -> tuple[JobEntry, ...]:
        """The jobs that came to their end while no window was open, as this one found them."""
        return ()

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
        return next((entry for entry in self._entries if entry.folder == folder), None)

    def add(self, spec: JobSpec) -> None:
        """Puts a job at the end of the queue; it starts at once if its device is free."""
        self._do(partial(self._launched, spec), self._take)

    def start_now(self, folder: Path) -> None:
        """Starts a job that waits at once, beside whatever runs on its device."""

    def open_run(self, path: Path) -> None:
        """Lists a run directory from anywhere, such as a copy of one from a cluster; a file in it stands for it."""
        self._do(lambda: (path.absolute(), None, read_status(path)), self._take)

    def forget(self, folder: Path) -> None:
        """Takes a job out of the list, and out of the queue; its files stay."""
        self._entries = tuple(entry for entry in self._entries if entry.folder != folder)
        self.changed.emit()

    def move(self, folder: Path, place: int) -> None:
        """Puts a job that waits at another place of the queue; 0 is the first."""

    def withdraw(self, folder: Path) -> None:
        """Takes a job that waits out of the queue."""

    def stop(self, folder: Path) -> None:
        """Asks a job to save what it has and end; one that waits is withdrawn."""
        self._do(lambda: stop_gently(JobFolder(folder)), lambda _asked: self.refresh())

    def kill(self, folder: Path) -> None:
        """Ends a job at once, with everything that it started."""
        self._do(lambda: kill_tree(JobFolder(folder)), lambda _none: self.refresh())

    def resume(self, folder: Path) -> None:
        """Puts the continuation of a training into the queue."""
        entry = self.entry(folder)
        devices = entry.spec.devices if entry is not None and isinstance(entry.spec, TrainSpec) else ("auto",)
        self.add(TrainSpec("", (), folder, devices, resume=True))

    def mark_seen(self, folder: Path) -> None:
        """Takes note that the end of a job was looked at."""

    def refresh(self) -> None:
        """Asks how all jobs are, off the GUI thread, and starts those that can start; the newest answer wins."""
        for entry in self._entries:
            self._do(partial(self._read, entry.folder, entry.spec), self._take)

    def close(self) -> None:
        """Tells nothing any more; jobs go on."""

    def _launched(self, spec: JobSpec) -> tuple[Path, JobSpec, JobStatus]:
        folder = Path(os.path.abspath(spec.folder))
        return (folder, spec, read_status(launch(spec).run_dir))

    def _read(self, folder: Path, spec: JobSpec | None) -> tuple[Path, JobSpec | None, JobStatus]:
        return (folder, spec, read_status(folder))

    def _take(self, found: tuple[Path, JobSpec | None, JobStatus]) -> None:
        folder, spec, status = found
        before = self.entry(folder)
        entry = JobEntry(folder, spec or status.spec, status, folder.name)
        if before is None:
            self._entries = (entry, *self._entries)
            self.changed.emit()
        elif before != entry:
            self._entries = tuple(entry if other.folder == folder else other for other in self._entries)
            self.updated.emit(folder)
            if before.status.state.is_alive and not status.state.is_alive and status.state is not JobState.QUEUED:
                self.ended.emit(dataclasses.replace(entry, seen=False))
