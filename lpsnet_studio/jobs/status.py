"""How a job is, from the files of its run directory and the processes of this machine alone."""

from __future__ import annotations

import contextlib
import math
import re
import shutil
import socket
import sys
import time
from dataclasses import dataclass, field, replace
from enum import Enum
from pathlib import Path

import psutil

from lpsnet.formats.file_lock import Holder, holder_of
from lpsnet_studio.jobs.amounts import length_words
from lpsnet_studio.jobs.ending import Ending, Outcome, ending_of, ending_of_events
from lpsnet_studio.jobs.job_folder import HowItEnded, JobFolder, JobProcesses, StopAsked, read_tail
from lpsnet_studio.jobs.json_numbers import finite
from lpsnet_studio.jobs.process_mark import ProcessMark
from lpsnet_studio.jobs.run_facts import RunFacts, read_facts
from lpsnet_studio.jobs.spec import JobSpec, spec_from_json

__all__ = ["JobState", "JobStatus", "is_held_unseen", "living_command", "outliving", "read_status"]

_LOG_BYTES = 1 << 16
_START_PATIENCE = 60.0
"""Seconds after it was asked for that a job without processes is taken to be starting."""
_QUIET_AT_LEAST = 600.0
_QUIET_FACTOR = 10.0
"""A run elsewhere is given up after that many of its longest silences, and never sooner than ten minutes."""
_LEAST_ROOM = 1 << 16
"""Bytes that must be free for a keeper to write how its command ended."""
_UNWATCHED = "no keeper watches it, so that its exit status will not be known"
_STILL_RUN = "its processes still run"
_LOCK_WORDS = re.compile(r"process (\d+) of (.+)")


class JobState(Enum):
    """How a job is, in a word."""

    QUEUED = "queued"
    STARTING = "starting"
    RUNNING = "running"
    STOPPING = "stopping"
    FINISHED = "finished"
    STOPPED = "stopped"
    FAILED = "failed"
    LOST = "lost"

    @property
    def is_alive(self) -> bool:
        """Whether processes are at work, as far as is known."""
        return self in (JobState.STARTING, JobState.RUNNING, JobState.STOPPING)


@dataclass(frozen=True, slots=True)
class JobStatus:
    """How a job is.

    Attributes:
        state: in a word.
        sentence: in one sentence, as it goes on after the job's name.
        advice: what to do about it, in a sentence; may be empty.
        facts: where it stands by its events.
        spec: what was asked for; None if it was started by hand, or that is damaged.
        host: the machine that it was started on; empty if that is not known.
        is_here: whether that is this machine, so that it can be asked to stop and killed.
        leader: its first process, while that lives here; None otherwise.
        token: what that and all that it started bear in their variables; empty if no keeper started it.
        started: when it was last started, seconds since 1970; None if that is not known.
        ended: when it ended, likewise.
        first_started: when the first of its starts was, as their keepers noted; None if this is it, or not known.
        earlier_seconds: how long the starts before the last worked, likewise; None if that is not known.
        peak_rss: the most memory that it had, in bytes; 0 if that is not known.
        out_of_memory: whether it ended for lack of memory.
        is_outlived: whether its run directory tells nothing any more while its processes live on.
        is_removed: whether its processes were seen to end after its run directory had ceased to tell anything.
    """

    state: JobState
    sentence: str
    advice: str = ""
    facts: RunFacts = field(default_factory=RunFacts)
    spec: JobSpec | None = None
    host: str = ""
    is_here: bool = False
    leader: ProcessMark | None = None
    token: str = ""
    started: float | None = None
    ended: float | None = None
    first_started: float | None = None
    earlier_seconds: float | None = None
    peak_rss: int = 0
    out_of_memory: bool = False
    is_outlived: bool = False
    is_removed: bool = False

    @property
    def pid(self) -> int | None:
        """The number of its first process, while that lives here; None otherwise."""
        return None if self.leader is None else self.leader.pid


def read_status(run_dir: Path, now: float | None = None) -> JobStatus:
    """Reads how a job is; never raises for what it finds. It costs milliseconds, or more on a share: use a worker.

    Args:
        run_dir: the run directory, of a job of the Studio, or of a run that was started by hand or copied from
            elsewhere.
        now: seconds since 1970; None for the clock's.
    """
    now = time.time() if now is None else now
    try:
        if not run_dir.is_dir():
            return JobStatus(JobState.LOST, _not_there(run_dir), "Was it moved, or a disk not mounted?")
    except (OSError, ValueError) as error:
        cause = getattr(error, "strerror", None) or str(error)
        return JobStatus(JobState.LOST, f"{run_dir} cannot be read: {cause}", "Is its disk or its share within reach?")
    reading = _Reading(JobFolder(run_dir), now)
    if reading.was_gone_on_with_by_hand():
        return reading.by_hand()
    if reading.how is not None:
        return reading.ended(reading.how)
    if reading.processes is not None:
        return reading.of_processes(reading.processes)
    if reading.asked is not None:
        return reading.not_yet_there(reading.asked)
    return reading.by_hand()


def outliving(run_dir: Path, status: JobStatus, before: JobStatus) -> JobStatus:
    """Returns how a job is whose run directory tells nothing any more, as after ``rm -r``, while its processes live on.

    Args:
        run_dir: the run directory.
        status: how the job is by what is there now.
        before: how it was when it was read last.

    Returns:
        ``status`` where that is all: it tells of an end, or nothing was seen at work. Where the processes have ended
        since, that they did; nobody knows how.
    """
    is_told = status.state not in (JobState.LOST, JobState.QUEUED)
    if not is_told and before.is_removed:
        return before
    if is_told or before.leader is None:
        return status
    if not before.leader.is_alive:
        is_gone = status.sentence == _not_there(run_dir)
        return _removed(before) if is_gone or before.is_outlived else status
    words, advice = "what its directory held is gone", "They can save nothing any more. Kill ends them at once."
    if status.sentence == _not_there(run_dir):
        words = "its directory is gone"
    elif status.sentence.startswith(str(run_dir)):
        words, advice = status.sentence, "Kill ends them at once."
    sentence = f"{words}, {_STILL_RUN}"
    return replace(before, state=JobState.RUNNING, sentence=sentence, advice=advice, is_outlived=True)


def _removed(before: JobStatus) -> JobStatus:
    """Returns how a job is whose processes have ended, and whose run directory was removed while they were at work."""
    after = f" after {before.facts.so_far}" if before.facts.started is not None else ""
    words = f"ended{after}, and its directory was removed while it ran: how it ended is not known"
    return replace(
        before,
        state=JobState.LOST,
        sentence=words,
        advice="Start the same again with Duplicate." if before.spec is not None else "",
        leader=None,
        token="",
        ended=time.time(),
        is_outlived=False,
        is_removed=True,
    )


def living_command(folder: JobFolder) -> ProcessMark | None:
    """Returns the process that a job's signals go to, if it lives on this machine.

    That is the command that the keeper started, unless the folder is a copy of the one that it was started in; or the
    trainer that holds the run directory's lock.
    """
    processes = folder.read_processes()
    if processes is not None and (command := _command_of(folder, processes)) is not None:
        return command
    return _locking_trainer(folder)


class _Reading:
    """What the files of a job say, read once."""

    def __init__(self, folder: JobFolder, now: float) -> None:
        self._folder, self._now = folder, now
        job = folder.read_job()
        token, asked = job.get("token"), finite(job.get("asked"))
        self.asked = asked if isinstance(token, str) else None
        processes, how = folder.read_processes(), folder.read_exit()
        if self.asked is not None:
            # A start that was just asked for leaves the files of the one before for a moment.
            processes = processes if processes is not None and processes.token == token else None
            how = how if how is not None and how.token in (token, "") else None
        self.processes, self.how = processes, how
        self._spec: JobSpec | None = None
        with contextlib.suppress(ValueError):
            self._spec = spec_from_json(job.get("spec"))
        facts = read_facts(folder.events, since=self._since)
        self._facts = replace(facts, kind=self._spec.kind) if self._spec is not None and not facts.kind else facts

    @property
    def _since(self) -> float | None:
        """When the latest start was; what an earlier one said of its end is not about this one."""
        return self.processes.started if self.processes is not None else self.asked

    # ------------------------------------------------------------------------------------------ with the keeper's files

    def was_gone_on_with_by_hand(self) -> bool:
        """Whether the run went on without a keeper after the end that was written down, or that nobody saw."""
        if self.how is not None:
            known_end = self.how.time
            if self._facts.started is not None and self._facts.started > known_end:
                return True
        elif self.processes is not None and (command := self.processes.command) is not None:
            if _command_of(self._folder, self.processes) is not None:
                return False
            known_end = command.create_time + 1
        else:
            return False
        trainer = _locking_trainer(self._folder)
        return trainer is not None and trainer.create_time > known_end

    def ended(self, how: HowItEnded) -> JobStatus:
        """Tells of a job whose end was written down."""
        offset = 0 if self.processes is None else self.processes.log_offset
        log = read_tail(self._folder.log, _LOG_BYTES, from_offset=offset)
        stop = None if self.processes is None else self._folder.read_stop(self.processes.token)
        return self._after(ending_of(how, self._facts, log, stop), how.time, how.peak_rss)

    def of_processes(self, processes: JobProcesses) -> JobStatus:
        """Tells of a job that was started, and whose end was not written down."""
        if processes.host != socket.gethostname():
            return self._elsewhere(processes.host)
        is_copy = not self._folder.is_where_it_was_started(processes)
        if not is_copy and processes.command is not None and processes.command.is_alive:
            return self._running(processes, processes.command)
        if not is_copy and processes.keeper.is_alive:
            if processes.command is None:
                return self._told(JobState.STARTING, "is starting")
            return self._ending()
        # It may have been written since it was looked for.
        how = self._folder.read_exit()
        if how is not None and how.token == processes.token:
            return self.ended(how)
        ending = ending_of_events(self._facts)
        if ending is not None:
            return self._after(ending, self._facts.heard)
        return self._copied() if is_copy else self._lost()

    def not_yet_there(self, asked: float) -> JobStatus:
        """Tells of a job that was asked for, and whose processes nothing is known of."""
        if self._facts.started is not None and self._facts.started >= asked:
            return self.by_hand()
        if 0 <= self._now - asked < _START_PATIENCE:
            return self._told(JobState.STARTING, "is starting")
        words = read_tail(self._folder.keeper_log, _LOG_BYTES).strip().rpartition("\n")[2]
        return self._told(JobState.LOST, f"was never started: {words}" if words else "was never started")

    def _running(self, processes: JobProcesses, command: ProcessMark) -> JobStatus:
        stop = self._folder.read_stop(processes.token)
        facts = self._facts
        if stop is not None:
            return self._stopping(stop, command)
        if facts.started is None or facts.started < processes.started:
            return self._told(JobState.STARTING, "has started and reads its settings, network and data", command)
        keeper = "" if processes.keeper.is_alive else f"; {_UNWATCHED}"
        return self._told(JobState.RUNNING, _progress_words(facts) + keeper, command)

    def _stopping(self, stop: StopAsked, leader: ProcessMark, host: str | None = None) -> JobStatus:
        words = "was asked to stop"
        if stop.kill:
            words = "is being killed"
        elif self._facts.kind == "train":
            words = f"{words} after {self._facts.so_far} and saves what it has"
        return self._told(JobState.STOPPING, words, leader, host=host)

    def _ending(self) -> JobStatus:
        """Tells of a command that has ended while its keeper still lives to write that down."""
        if not self._disk_is_full():
            return self._told(JobState.STOPPING, "is ending")
        return self._told(
            JobState.STOPPING,
            "has ended, and how could not be written down yet: the disk is full",
            advice="It is written as soon as there is room.",
        )

    def _disk_is_full(self) -> bool:
        try:
            return shutil.disk_usage(self._folder.job.parent).free < _LEAST_ROOM
        except OSError:
            return False

    def _lost(self) -> JobStatus:
        when = f"; last heard of on {_date(self._facts.heard)}" if self._facts.heard is not None else ""
        return self._broken_off(
            f"ended{self._after_how_much} without saying why{when}: "
            "it was killed with its keeper, or the machine was restarted"
        )

    def _copied(self) -> JobStatus:
        return self._broken_off(f"was copied{self._after_how_much} while it ran; nothing runs in the copy")

    @property
    def _after_how_much(self) -> str:
        return f" after {self._facts.so_far}" if self._facts.started is not None else ""

    def _broken_off(self, sentence: str) -> JobStatus:
        advice = "Resume goes on from its last checkpoint." if self._facts.kind == "train" else ""
        return replace(self._told(JobState.LOST, sentence, advice=advice), ended=self._facts.heard)

    # ---------------------------------------------------------------------------------------------- by its events alone

    def by_hand(self) -> JobStatus:
        """Tells of a run that no keeper knows: one that was started by hand, or copied without its ``job/``."""
        ending = ending_of_events(self._facts)
        trainer = _locking_trainer(self._folder)
        if trainer is not None:
            here = socket.gethostname()
            if (stop := self._folder.read_stop(trainer.name)) is not None:
                return self._stopping(stop, trainer, host=here)
            words = _progress_words(self._facts) if ending is None else "is starting"
            state = JobState.RUNNING if ending is None and self._facts.heard is not None else JobState.STARTING
            return self._told(state, f"{words}; {_UNWATCHED}", trainer, host=here)
        if ending is not None:
            return self._after(ending, self._facts.heard)
        if self._facts.heard is None:
            return self._told(JobState.QUEUED, "nothing was started here yet")
        host = _locking_host(self._folder)
        if host == socket.gethostname() and not is_held_unseen(self._folder):
            return self._lost()
        return self._elsewhere(host)

    def _elsewhere(self, host: str) -> JobStatus:
        """Tells of a run on another machine, whose processes cannot be seen: by its events, as they arrive."""
        facts = self._facts
        ending = ending_of_events(facts)
        if ending is not None:
            return self._after(ending, facts.heard, host=host)
        machine = host or "another machine"
        if facts.heard is None:
            return self._told(JobState.STARTING, f"runs on {machine}, not heard of yet", host=host)
        silence = self._now - facts.heard
        if silence < max(_QUIET_AT_LEAST, _QUIET_FACTOR * facts.longest_silence):
            words = f"runs on {machine}, last heard {_ago(silence)}: {_progress_words(facts)}"
            return self._told(JobState.RUNNING, words, host=host)
        words = (
            f"was last heard {_ago(silence)} on {machine}, after {facts.so_far}: it was killed, or is copied no more"
        )
        return self._told(JobState.LOST, words, host=host)

    # ----------------------------------------------------------------------------------------------------------- shared

    def _after(self, ending: Ending, ended: float | None, peak_rss: int = 0, host: str | None = None) -> JobStatus:
        state = {
            Outcome.FINISHED: JobState.FINISHED,
            Outcome.STOPPED: JobState.STOPPED,
            Outcome.FAILED: JobState.FAILED,
        }[ending.outcome]
        status = self._told(state, ending.sentence, advice=ending.advice, host=host)
        return replace(status, ended=ended, peak_rss=peak_rss, out_of_memory=ending.out_of_memory)

    def _told(
        self,
        state: JobState,
        sentence: str,
        leader: ProcessMark | None = None,
        *,
        advice: str = "",
        host: str | None = None,
    ) -> JobStatus:
        started = self.processes.started if self.processes is not None else self._facts.started
        if host is None:
            host = self.processes.host if self.processes is not None else _locking_host(self._folder)
        is_kept = leader is not None and self.processes is not None and self.processes.command == leader
        return JobStatus(
            state,
            sentence,
            advice,
            facts=self._facts,
            spec=self._spec,
            host=host,
            is_here=host == socket.gethostname(),
            leader=leader,
            token=self.processes.token if is_kept and self.processes is not None else "",
            started=started,
            first_started=None if self.processes is None else self.processes.first_started,
            earlier_seconds=None if self.processes is None else self.processes.earlier_seconds,
        )


# ------------------------------------------------------------------------------------------------------------- the lock


def _command_of(folder: JobFolder, processes: JobProcesses) -> ProcessMark | None:
    """Returns the process that a keeper started for this very folder, if it lives on this machine."""
    command = processes.command
    if command is None or processes.host != socket.gethostname() or not command.is_alive:
        return None
    return command if folder.is_where_it_was_started(processes) else None


def _locking_trainer(folder: JobFolder) -> ProcessMark | None:
    """Returns the process that trains in a run directory, if it lives here and the system tells.

    Who holds the lock does. What is written in it may be about a process that has ended, or, in a copy, about one that
    trains in another folder.
    """
    words = _lock_words(folder)
    if words is None or words[1] != socket.gethostname():
        return None
    with contextlib.suppress(OSError, psutil.Error):
        holder = holder_of(folder.trainer_lock)
        # Windows tells only that somebody does; he has written who he is.
        pid = words[0] if holder == Holder(None) and sys.platform == "win32" else holder and holder.pid
        mark = ProcessMark.of(pid) if pid else None
        return mark if mark is not None and mark.is_alive else None
    return None


def is_held_unseen(folder: JobFolder) -> bool:
    """Whether somebody may train in a run directory whose process cannot be told, as on a disk without locks."""
    try:
        holder = holder_of(folder.trainer_lock)
    except OSError:
        return True
    return holder is not None and holder.pid is None


def _locking_host(folder: JobFolder) -> str:
    words = _lock_words(folder)
    return "" if words is None else words[1]


def _lock_words(folder: JobFolder) -> tuple[int, str] | None:
    """Returns the number and the machine of the process that last trained in a run directory, if its lock tells."""
    try:
        text = folder.trainer_lock.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    said = _LOCK_WORDS.fullmatch(text.strip())
    return None if said is None or len(said[1]) > 9 else (int(said[1]), said[2])


# ---------------------------------------------------------------------------------------------------------------- words


def _not_there(run_dir: Path) -> str:
    return f"{run_dir} is not there"


def _progress_words(facts: RunFacts) -> str:
    if not facts.iteration:
        return f"0 of {facts.iterations:,} {facts.unit}" if facts.iterations else "has begun"
    words = [facts.so_far]
    if facts.kind == "train" and math.isfinite(facts.pace) and facts.pace > 0:
        words.append(f"{facts.pace:.1f} images/s")
    if facts.kind == "train" and math.isfinite(facts.eta_seconds) and facts.eta_seconds > 0:
        words.append(f"{length_words(facts.eta_seconds)} left")
    return ", ".join(words)


def _ago(seconds: float) -> str:
    return "just now" if seconds < 5 else f"{length_words(seconds)} ago"


def _date(seconds: float) -> str:
    try:
        return time.strftime("%Y-%m-%d at %H:%M", time.localtime(seconds))
    except (OSError, OverflowError, ValueError):
        return "a day that no calendar has"
