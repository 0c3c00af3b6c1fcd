"""What the window says of jobs outside their page: how many, how they ended, what goes on without it; no Qt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lpsnet_studio.jobs.job_deeds import Deed, deeds_of
from lpsnet_studio.jobs.jobs import STARTS_NEXT, JobEntry
from lpsnet_studio.jobs.status import JobState
from lpsnet_studio.state import Problem

__all__ = [
    "DEED_OF_ACTION",
    "actions_on_job",
    "alive",
    "away_words",
    "count_tip",
    "count_words",
    "ending_of",
    "held_up",
    "staying_words",
    "waiting",
    "why_not_on_job",
]

DEED_OF_ACTION: Mapping[str, tuple[Deed, ...]] = {
    "stop_job": (Deed.STOP, Deed.WITHDRAW),
    "kill_job": (Deed.KILL,),
    "resume_job": (Deed.RESUME,),
    "duplicate_job": (Deed.DUPLICATE,),
    "open_in_inspect": (Deed.INSPECT,),
    "show_pictures": (Deed.IMAGES,),
    "open_predictions": (Deed.DATASET,),
    "export_checkpoint": (Deed.EXPORT,),
}
"""Which of the deeds on a job make an action of the menu possible, by the action's id."""
_WHY_NOT: Mapping[str, str] = {
    "stop_job": "This job does not run here, or was asked to stop already.",
    "kill_job": "This job does not run on this machine.",
    "resume_job": "Only what ended before its last iteration, or before it had begun, can go on.",
    "duplicate_job": "This job was started by hand: what it was asked for is not known.",
    "open_in_inspect": "This job has saved no network yet.",
    "show_pictures": "Only an evaluation that has begun has pictures to show.",
    "open_predictions": "This job has predicted nothing yet.",
    "export_checkpoint": "This job has saved no network yet.",
}
_MOST_NAMED = 3


def alive(entries: Sequence[JobEntry]) -> list[JobEntry]:
    """Returns the jobs that run."""
    return [entry for entry in entries if entry.status.state.is_alive]


def waiting(entries: Sequence[JobEntry]) -> list[JobEntry]:
    """Returns the jobs that wait in the queue."""
    return [entry for entry in entries if entry.waiting]


def held_up(entries: Sequence[JobEntry]) -> list[JobEntry]:
    """Returns the jobs that wait for another one's end, and not merely for their own start."""
    return [entry for entry in waiting(entries) if entry.waiting != STARTS_NEXT]


def count_words(entries: Sequence[JobEntry]) -> str:
    """Returns how many jobs run and wait, for the status bar; empty if none does."""
    runs, waits = len(alive(entries)), len(waiting(entries))
    words = ["1 job" if runs == 1 else f"{runs} jobs"] if runs else []
    return " · ".join([*words, *([f"{waits} waiting"] if waits else [])])


def count_tip(entries: Sequence[JobEntry]) -> str:
    """Returns which jobs run and how far they are, a line each."""
    return "\n".join(f"{entry.name}: {entry.status.sentence}" for entry in alive(entries)[:_MOST_NAMED])


def ending_of(entry: JobEntry) -> Problem:
    """Returns how a job ended, and what to do about it."""
    after_name = ":" if entry.status.state is JobState.LOST else ""
    return Problem(f"{entry.name}{after_name} {entry.status.sentence.rstrip('.')}.", entry.status.advice)


def _how(entry: JobEntry) -> str:
    words = {JobState.FINISHED: "has finished", JobState.STOPPED: "has stopped", JobState.FAILED: "has failed"}
    return words.get(entry.status.state, "has ended")


def away_words(entries: Sequence[JobEntry]) -> str:
    """Returns what came to its end while no window was open, in a sentence; empty if nothing did."""
    named = [f"{entry.name} {_how(entry)}" for entry in entries[:_MOST_NAMED]]
    if len(entries) > _MOST_NAMED:
        named.append(f"{len(entries) - _MOST_NAMED} more have ended")
    return f"While you were away: {', '.join(named)}." if named else ""


def staying_words(entries: Sequence[JobEntry]) -> str:
    """Returns what becomes of jobs when the window is closed, in sentences; empty if there are none."""
    runs, waits = len(alive(entries)), len(waiting(entries))
    words = []
    if runs:
        words.append("1 job goes on without the Studio." if runs == 1 else f"{runs} jobs go on without the Studio.")
    if waits:
        start = "1 waiting job starts" if waits == 1 else f"{waits} waiting jobs start"
        words.append(f"{start} only while a Studio is open.")
    return " ".join(words)


def actions_on_job(entry: JobEntry | None) -> dict[str, bool]:
    """Returns by id which actions are possible on a job; none without one."""
    possible = set() if entry is None else set(deeds_of(entry))
    return {name: not possible.isdisjoint(deeds) for name, deeds in DEED_OF_ACTION.items()}


def why_not_on_job(name: str, entry: JobEntry | None, *, shows_jobs: bool) -> str:
    """Returns why an action on a job cannot be had, in a sentence; empty for any other action.

    Args:
        name: the action's id.
        entry: the job that is looked at; None if there is none.
        shows_jobs: whether jobs are shown.
    """
    if name not in DEED_OF_ACTION:
        return ""
    if not shows_jobs:
        return "Show the jobs first, and choose one."
    return "No job is chosen." if entry is None else _WHY_NOT[name]
