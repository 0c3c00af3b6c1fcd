"""The list of jobs as rows: in sections, each with its state and a line of facts, filtered; no Qt."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

from lpsnet_studio.jobs.job_words import KIND_WORDS, StateLook, facts_line, fraction_done, kind_of, look_of
from lpsnet_studio.jobs.status import JobState

if TYPE_CHECKING:
    from lpsnet_studio.jobs.jobs import JobEntry

__all__ = [
    "JobList",
    "JobRow",
    "Section",
    "SectionRow",
    "StateFilter",
    "first_looked_at",
    "moved_place",
    "section_of",
    "shortened",
]


_DAY = re.compile(r"-\d{4}-\d{2}-\d{2}(?=-\d+$|$)")


class Section(Enum):
    """Where a job is in the list."""

    WAITING = "Waiting"
    RUNNING = "Running"
    EARLIER = "Earlier"


class StateFilter(Enum):
    """Which jobs are wanted, by their states."""

    ALL = "All states"
    WAITING = "Waiting"
    RUNNING = "Running"
    FINISHED = "Finished"
    STOPPED = "Stopped"
    FAILED = "Failed or lost"

    @property
    def states(self) -> Collection[JobState]:
        """The states that it lets through."""
        return _STATES_OF_FILTER[self]


_STATES_OF_FILTER: dict[StateFilter, Collection[JobState]] = {
    StateFilter.ALL: tuple(JobState),
    StateFilter.WAITING: (JobState.QUEUED,),
    StateFilter.RUNNING: (JobState.STARTING, JobState.RUNNING, JobState.STOPPING),
    StateFilter.FINISHED: (JobState.FINISHED,),
    StateFilter.STOPPED: (JobState.STOPPED,),
    StateFilter.FAILED: (JobState.FAILED, JobState.LOST),
}


_ORDERS: dict[Section, str] = {
    Section.WAITING: "In the order in which they will start.",
    Section.RUNNING: "Those that were started last stand first.",
    Section.EARLIER: "Those that were active last stand first: by when they ended, or were last heard of.",
}


@dataclass(frozen=True, slots=True)
class SectionRow:
    """The title above the jobs of a section.

    Attributes:
        section: which.
        count: how many jobs follow.
    """

    section: Section
    count: int

    @property
    def title(self) -> str:
        """In words."""
        return f"{self.section.value} · {self.count:,}"

    @property
    def tip(self) -> str:
        """In which order its jobs are."""
        return _ORDERS[self.section]


@dataclass(frozen=True, slots=True)
class JobRow:
    """A job of the list.

    Attributes:
        folder: its run directory.
        kind: ``train``, ``evaluate`` or ``predict``.
        name: what it is called.
        state: how it is.
        facts: where it stands, on a line.
        fraction: how far it is, 0 … 1, while it lives; None otherwise, or if that is not known.
        place: of a waiting one, in the queue from 1; 0 of others.
        is_new: whether it has ended and nobody looked at it since.
    """

    folder: Path
    kind: str
    name: str
    state: JobState
    facts: str
    fraction: float | None
    place: int = 0
    is_new: bool = False

    @property
    def look(self) -> StateLook:
        """How its state is shown."""
        return look_of(self.state, is_in_queue=self.place > 0)

    @property
    def spoken(self) -> str:
        """The row as a sentence, for those who hear it."""
        news = ", not looked at yet" if self.is_new else ""
        return f"{KIND_WORDS[self.kind]} {self.name}, {self.look.word.lower()}{news}: {self.facts}"


def section_of(entry: JobEntry) -> Section:
    """Returns where a job is listed."""
    if entry.waiting:
        return Section.WAITING
    return Section.RUNNING if entry.status.state.is_alive else Section.EARLIER


class JobList:
    """Makes the rows of the list; those of jobs that have ended stay the same objects until their jobs change."""

    def __init__(self) -> None:
        self._kept: dict[Path, tuple[JobEntry, JobRow]] = {}
        self._day: tuple[int, ...] = ()

    def listed(
        self, entries: Iterable[JobEntry], now: float, query: str = "", wanted: StateFilter = StateFilter.ALL
    ) -> list[SectionRow | JobRow]:
        """Returns the rows, each section with jobs behind its title.

        Args:
            entries: the jobs, those that wait in the order of the queue.
            now: seconds since 1970.
            query: every word of it must occur in a job's name, path, kind or state.
            wanted: by state.
        """
        words, states, day = query.casefold().split(), wanted.states, time.localtime(now)[:3]
        # The day of an end is told only if it is not today.
        kept = self._kept if day == self._day else {}
        self._kept, self._day = {}, day
        by_section: dict[Section, list[tuple[float, JobRow]]] = {section: [] for section in Section}
        place = 0
        for entry in entries:
            section, known = section_of(entry), kept.get(entry.folder)
            place += section is Section.WAITING
            if known is not None and known[0] is entry and section is Section.EARLIER:
                row = known[1]
            else:
                row = _row(entry, now, place if section is Section.WAITING else 0)
            self._kept[entry.folder] = (entry, row)
            if row.state in states and all(word in _searched(row) for word in words):
                by_section[section].append((_latest_first(entry, section), row))
        rows: list[SectionRow | JobRow] = []
        for section, jobs in by_section.items():
            if jobs:
                jobs.sort(key=lambda job: job[0])
                rows += [SectionRow(section, len(jobs)), *(row for _key, row in jobs)]
        return rows


def _row(entry: JobEntry, now: float, place: int) -> JobRow:
    state = entry.status.state
    return JobRow(
        entry.folder,
        kind_of(entry),
        entry.name,
        state,
        facts_line(entry, now, place),
        fraction_done(entry.status) if state.is_alive and not entry.status.is_outlived else None,
        place,
        not entry.seen and not state.is_alive,
    )


def _latest_first(entry: JobEntry, section: Section) -> float:
    """Returns what the jobs of a section are sorted by; those with the same stay in their order."""
    if section is Section.WAITING:
        return 0.0
    if section is Section.RUNNING:
        return -(entry.listed if entry.status.started is None else entry.status.started)
    return -entry.last_active


def _searched(row: JobRow) -> str:
    return f"{row.name} {row.folder} {KIND_WORDS[row.kind]} {row.kind} {row.look.word}".casefold()


def first_looked_at(rows: Sequence[SectionRow | JobRow]) -> Path | None:
    """Returns which job of the list is looked at where none was chosen: one that runs, else the newest that began.

    Where all only wait it is the first of the queue; None of an empty list.
    """
    jobs = [row for row in rows if isinstance(row, JobRow)]
    of_interest = (row for is_it in (_is_alive, _has_begun, bool) for row in jobs if is_it(row))
    return next((row.folder for row in of_interest), None)


def shortened(name: str, fits: Callable[[str], bool]) -> str:
    """Returns a job's name without the day that its folder is called after, where the whole does not fit.

    Evaluation and prediction of one training, begun on one day, would else differ where the name is cut.
    """
    return name if fits(name) else _DAY.sub("…", name)


def _is_alive(row: JobRow) -> bool:
    return row.state.is_alive


def _has_begun(row: JobRow) -> bool:
    return not row.place


def moved_place(rows: Sequence[SectionRow | JobRow], folder: Path, before: int) -> int | None:
    """Returns the place in the queue, from 0, of a waiting job that is dropped before a row of the list.

    Args:
        rows: of the list.
        folder: of the job that is moved.
        before: number of the row that it comes before; the count of rows for behind all.

    Returns:
        None if the job does not wait, or stays where it is.
    """
    waiting = [(at, row) for at, row in enumerate(rows) if isinstance(row, JobRow) and row.place]
    old = next((row.place - 1 for _at, row in waiting if row.folder == folder), None)
    if old is None:
        return None
    following = next((row.place - 1 for at, row in waiting if at >= before), None)
    new = max(row.place for _at, row in waiting) if following is None else following
    new -= new > old
    return None if new == old else new
