"""What is said of a job in few words: its state, where it stands, when it was; no Qt."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from lpsnet_studio.jobs.amounts import length_words
from lpsnet_studio.jobs.status import JobState, JobStatus

if TYPE_CHECKING:
    from lpsnet_studio.jobs.jobs import JobEntry

__all__ = [
    "KIND_ICONS",
    "KIND_WORDS",
    "STATES",
    "StateLook",
    "Tone",
    "facts_line",
    "fraction_done",
    "is_gone",
    "kind_of",
    "look_of",
    "pace_words",
    "percent",
    "seconds_left",
    "so_far_words",
    "when_words",
]

Tone = Literal["dim", "text", "kept", "contested", "discarded"]


@dataclass(frozen=True, slots=True)
class StateLook:
    """How a state is shown: always by its word and its icon, and by a colour beside.

    Attributes:
        word: in sentence case.
        icon: file name without suffix.
        tone: the palette's colour.
    """

    word: str
    icon: str
    tone: Tone


STATES: Mapping[JobState, StateLook] = {
    JobState.QUEUED: StateLook("Waiting", "job-waiting", "dim"),
    JobState.STARTING: StateLook("Starting", "job-waiting", "text"),
    JobState.RUNNING: StateLook("Running", "job-running", "text"),
    JobState.STOPPING: StateLook("Stopping", "job-stopping", "contested"),
    JobState.FINISHED: StateLook("Finished", "job-finished", "kept"),
    JobState.STOPPED: StateLook("Stopped", "job-stopped", "contested"),
    JobState.FAILED: StateLook("Failed", "job-failed", "discarded"),
    JobState.LOST: StateLook("Lost", "job-lost", "discarded"),
}
KIND_WORDS: Mapping[str, str] = {"train": "Training", "evaluate": "Evaluation", "predict": "Prediction"}
KIND_ICONS: Mapping[str, str] = {"train": "job-train", "evaluate": "job-evaluate", "predict": "job-predict"}
_NO_NUMBER = "—"
_END_OF_CAUSE = re.compile(r"; | \(|\. |\.$")
"""Where details follow."""
_NOT_STARTED = StateLook("Not started", "job-waiting", "dim")


def look_of(state: JobState, *, is_in_queue: bool) -> StateLook:
    """Returns how a state is shown; a run directory in which nothing was started need not wait for anything."""
    return _NOT_STARTED if state is JobState.QUEUED and not is_in_queue else STATES[state]


def kind_of(entry: JobEntry) -> str:
    """Returns ``train``, ``evaluate`` or ``predict``; what nothing is known of is taken for a training."""
    if entry.spec is not None:
        return entry.spec.kind
    return entry.status.facts.kind if entry.status.facts.kind in KIND_WORDS else "train"


def is_gone(entry: JobEntry) -> bool:
    """Whether the run directory is not there, so that nothing of the job can be read."""
    if entry.status.is_removed:
        return True
    return entry.status.state is JobState.LOST and entry.status.sentence == f"{entry.folder} is not there"


def percent(share: float | None) -> str:
    """Returns a figure of [0, 1] in per cent with one digit."""
    return _NO_NUMBER if share is None or not math.isfinite(share) else f"{100 * share:.1f}"


def when_words(moment: float, now: float) -> str:
    """Returns a moment in local time: of today its time alone, of this year without the year."""
    then, today = time.localtime(moment), time.localtime(now)
    if then[:3] == today[:3]:
        return time.strftime("%H:%M", then)
    if then[:3] == time.localtime(now - 86400)[:3]:
        return time.strftime("yesterday %H:%M", then)
    day = f"{then.tm_mday} {time.strftime('%b', then)}"
    return f"{day} {time.strftime('%H:%M', then)}" if then.tm_year == today.tm_year else f"{day} {then.tm_year}"


def fraction_done(status: JobStatus) -> float | None:
    """Returns how far a job is, 0 … 1; None if it is not known how much there is to do."""
    facts = status.facts
    return min(1.0, facts.iteration / facts.iterations) if facts.iterations > 0 else None


def _pictures_a_second(status: JobStatus) -> float:
    """Returns how fast a batch goes by its whole course so far; 0 if that is not known."""
    facts = status.facts
    if facts.started is None or facts.heard is None or facts.heard <= facts.started:
        return 0.0
    return facts.iteration / (facts.heard - facts.started)


def seconds_left(status: JobStatus, now: float) -> float | None:
    """Returns how long a running job will still take, in seconds; None if that is not known."""
    facts = status.facts
    if status.state is not JobState.RUNNING or facts.heard is None or facts.iterations <= facts.iteration:
        return None
    left = facts.eta_seconds
    if facts.kind in ("evaluate", "predict"):
        pace = _pictures_a_second(status)
        left = (facts.iterations - facts.iteration) / pace if pace else 0.0
    if not math.isfinite(left) or left <= 0:
        return None
    # A clock of another machine may be ahead.
    return max(left - max(now - facts.heard, 0.0), 1.0)


def pace_words(status: JobStatus) -> str:
    """Returns how fast a running job goes; empty if that is not known."""
    if status.state is not JobState.RUNNING:
        return ""
    is_batch = status.facts.kind in ("evaluate", "predict")
    pace = _pictures_a_second(status) if is_batch else status.facts.pace
    return f"{pace:.2g} images/s" if math.isfinite(pace) and pace > 0 else ""


def so_far_words(status: JobStatus) -> str:
    """Returns how many iterations or pictures are done, such as ``iteration 1,200 of 9,000``; empty before any."""
    facts = status.facts
    if not facts.iterations and not facts.iteration:
        return ""
    unit = "picture" if facts.unit == "pictures" else "iteration"
    if not facts.iterations:
        return f"{unit} {facts.iteration:,}"
    if facts.iteration >= facts.iterations and not status.state.is_alive:
        return f"{facts.iterations:,} {facts.unit}"
    return f"{unit} {facts.iteration:,} of {facts.iterations:,}"


def facts_line(entry: JobEntry, now: float, place: int = 0) -> str:
    """Returns where a job stands, on a line.

    Args:
        entry: the job.
        now: seconds since 1970.
        place: of a waiting one, in the queue from 1; 0 if it is in none.
    """
    status = entry.status
    if status.is_removed:
        when = "" if status.ended is None else f" · {when_words(status.ended, now)}"
        return f"its directory was removed while it ran{when}"
    if is_gone(entry):
        return "its run directory is not there"
    if status.is_outlived:
        return status.sentence
    if status.state is JobState.QUEUED:
        words = [f"No. {place} in the queue" if place else "", entry.waiting or status.sentence]
    elif status.state is JobState.STARTING:
        words = ["reads settings, network and data" if status.pid is not None else "is starting"]
    elif status.state.is_alive:
        left = seconds_left(status, now)
        words = [so_far_words(status), _pq_words(status), f"{length_words(left)} left" if left is not None else ""]
    else:
        ended = "" if status.ended is None else when_words(status.ended, now)
        words = [_cause_words(status), _pq_words(status), so_far_words(status), ended]
    return " · ".join(word for word in words if word) or status.sentence


def _cause_words(status: JobStatus) -> str:
    """Returns why a job failed, in as few words as its sentence has for that; empty if it did not, or says nothing."""
    if status.state is not JobState.FAILED:
        return ""
    return _END_OF_CAUSE.split(status.sentence.partition(": ")[2], maxsplit=1)[0]


def _pq_words(status: JobStatus) -> str:
    """Returns the quality: of a training that of its last evaluation, which is not that of its best network."""
    if status.facts.pq is None:
        return ""
    return f"{'last ' if status.facts.kind == 'train' else ''}PQ {percent(status.facts.pq)}"
