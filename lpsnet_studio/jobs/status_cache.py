"""How many jobs are, read often: what has come to its end is read again only after its files have changed."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

from lpsnet.run_directory import RunDirectory
from lpsnet_studio.jobs.job_folder import JobFolder
from lpsnet_studio.jobs.status import JobState, JobStatus, outliving

__all__ = ["StatusCache"]

_PATIENCE = 10.0
_BREATH = 0.0005
_LONGEST = 300
_ENDS = (JobState.FINISHED, JobState.STOPPED, JobState.FAILED)


class StatusCache:
    """Reads statuses for any number of threads; a folder that does not answer holds up none but the first.

    Args:
        read: reads the status of one run directory.
        clock: tells seconds.
    """

    def __init__(self, read: Callable[[Path], JobStatus], clock: Callable[[], float] = time.monotonic) -> None:
        self._read, self._clock = read, clock
        self._mutex = threading.Lock()
        self._last: dict[Path, tuple[tuple[object, ...], JobStatus]] = {}
        self._since: dict[Path, float] = {}
        """Since when a folder is being read."""

    def statuses(self, folders: Iterable[Path]) -> dict[Path, JobStatus]:
        """Returns how the jobs of some run directories are.

        One that another thread reads already is as it was, after a while with the sentence that it does not answer;
        left out if nothing is known of it.
        """
        found = {folder: self._status(folder) for folder in folders}
        return {folder: status for folder, status in found.items() if status is not None}

    def last(self, folder: Path) -> JobStatus | None:
        """Returns how one was when it was read last, from memory; None if it never was."""
        with self._mutex:
            last = self._last.get(folder)
        return None if last is None else last[1]

    def status_now(self, folder: Path) -> JobStatus:
        """Returns how one is, whatever is remembered of it."""
        version = _version(folder)
        status = self._told(folder)
        self._remember(folder, version, status)
        return status

    def _told(self, folder: Path) -> JobStatus:
        """Reads the status of one; whatever goes wrong in that concerns this one alone, and no other of the list."""
        try:
            status = self._read(folder)
        except Exception as error:
            status = JobStatus(JobState.LOST, f"{folder} could not be understood: {error!r}"[:_LONGEST])
        # What is remembered is all that tells of processes whose run directory was removed.
        before = self.last(folder)
        return status if before is None else outliving(folder, status, before)

    def _status(self, folder: Path) -> JobStatus | None:
        with self._mutex:
            since = self._since.get(folder)
            last = self._last.get(folder)
            if since is None:
                self._since[folder] = self._clock()
        if since is not None:
            return self._silent(folder, last, self._clock() - since)
        try:
            version = _version(folder)
            if last is not None and last[0] == version and _is_final(last[1]):
                return last[1]
            status = self._told(folder)
            self._remember(folder, version, status)
            # Reading many at once, as at the start, holds the interpreter's lock, which the window waits for.
            time.sleep(_BREATH)
            return status
        finally:
            with self._mutex:
                del self._since[folder]

    def _remember(self, folder: Path, version: tuple[object, ...], status: JobStatus) -> None:
        with self._mutex:
            self._last[folder] = (version, status)

    def _silent(self, folder: Path, last: tuple[object, JobStatus] | None, seconds: float) -> JobStatus | None:
        if last is None or seconds < _PATIENCE:
            return None if last is None else last[1]
        advice = "Is its disk or its share within reach?"
        return replace(last[1], sentence=f"{folder} does not answer", advice=advice)


def _is_final(status: JobStatus) -> bool:
    """Whether only its files can make it another; of a job elsewhere the words tell for how long it is silent."""
    return status.state in _ENDS or (status.state is JobState.LOST and status.is_here)


def _version(folder: Path) -> tuple[object, ...]:
    """Returns what is another whenever the files that a status is read from are."""
    files, run = JobFolder(folder), RunDirectory(folder)
    paths = (files.events, files.job, files.process, files.exit, files.trainer_lock, run.latest, run.best)
    return tuple(_stamp(path) for path in paths)


def _stamp(path: Path) -> tuple[int, ...]:
    try:
        found = os.stat(path)  # noqa: PTH116 - twice as fast, and there are a thousand of them
    except OSError:
        return ()
    return (found.st_ino, found.st_size, found.st_mtime_ns)
