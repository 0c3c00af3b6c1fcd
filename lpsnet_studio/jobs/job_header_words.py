"""What the head of a job says; no Qt."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lpsnet_studio.jobs.amounts import length_words
from lpsnet_studio.jobs.command import argv, environment, shell_text
from lpsnet_studio.jobs.job_words import pace_words, seconds_left, so_far_words, when_words
from lpsnet_studio.jobs.status import JobState, JobStatus

if TYPE_CHECKING:
    from lpsnet_studio.jobs.jobs import JobEntry

__all__ = ["command_words", "course_words", "progress_words", "sentence_words"]

_FIRST_IN_QUEUE = "It starts by itself once it can."
_IN_QUEUE = "It starts by itself once it can; Alt+Up in the list lets it start earlier."


def sentence_words(entry: JobEntry, *, is_first: bool = False) -> str:
    """Returns what became of a job as a sentence of its own.

    Args:
        entry: the job.
        is_first: whether it is the first of the queue.
    """
    words = entry.waiting or _beside_progress(entry.status)
    if not words:
        return ""
    sentence = f"{words[:1].upper()}{words[1:]}"
    if not sentence.endswith((".", "!", "?")):
        sentence += "."
    if not entry.waiting:
        return sentence
    return f"{sentence} {_FIRST_IN_QUEUE if is_first else _IN_QUEUE}"


def _beside_progress(status: JobStatus) -> str:
    """Returns what became of a job, without how far it is where that is told beside its progress."""
    is_progress = status.state is JobState.RUNNING and status.sentence.startswith(status.facts.so_far)
    return status.sentence.partition("; ")[2] if is_progress else status.sentence


def progress_words(status: JobStatus, now: float) -> str:
    """Returns how far a job is, how fast, and how long it will take."""
    left = seconds_left(status, now)
    ends = f"{length_words(left)} left, until {when_words(now + left, now)}" if left is not None else ""
    return " · ".join(words for words in (so_far_words(status), pace_words(status), ends) if words)


def course_words(entry: JobEntry, now: float) -> str:
    """Returns when a job began and ended, where it runs, and what it took."""
    status = entry.status
    words = []
    if status.started is not None:
        first = status.facts.first_started
        # The process is started before it reports that it has begun.
        is_resumed = first is not None and first < status.started
        if first is not None and is_resumed:
            words.append(f"Started {when_words(first, now)}")
        words.append(f"{'resumed' if is_resumed else 'Started'} {when_words(status.started, now)}")
        end = status.ended if status.ended is not None else now if status.state.is_alive else None
        if status.ended is not None:
            words.append(f"ended {when_words(status.ended, now)}")
        if end is not None and end > status.started:
            took = length_words(end - status.started)
            since = "since it was resumed" if is_resumed else "in all"
            words.append(f"{took} ago" if status.state.is_alive else f"{took} {since}")
    elif status.ended is not None:
        words.append(f"Ended {when_words(status.ended, now)}")
    device = entry.spec.device if entry.spec is not None else ""
    if device == "auto":
        device = "the best device there is"
    if status.state is JobState.QUEUED:
        words.append(f"will run on {device}" if device else "")
    elif device or status.host:
        words.append(f"on {device}" + (f" of {status.host}" if status.host else "") if device else f"on {status.host}")
    if status.pid is not None:
        words.append(f"process {status.pid}")
    if status.peak_rss:
        words.append(f"up to {status.peak_rss / 2**30:.1f} GiB of memory")
    line = " · ".join(word for word in words if word)
    return f"{line[:1].upper()}{line[1:]}"


def command_words(entry: JobEntry) -> str:
    """Returns the command that does the same in a terminal; empty if it is not known what was asked for."""
    if entry.spec is None:
        return ""
    try:
        return shell_text(argv(entry.spec), environment(entry.spec))
    except ValueError:
        return ""
