"""What the head of a job says; no Qt."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from lpsnet_studio.jobs.amounts import length_words
from lpsnet_studio.jobs.command import argv, environment, shell_text
from lpsnet_studio.jobs.job_words import pace_words, seconds_left, so_far_words, when_words
from lpsnet_studio.jobs.spec import JobSpec, TrainSpec
from lpsnet_studio.jobs.status import JobState, JobStatus

if TYPE_CHECKING:
    from lpsnet_studio.jobs.jobs import JobEntry

__all__ = ["command_words", "course_words", "progress_words", "resume_words", "sentence_words"]

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
            # As it was told before it was resumed: by its launch, not by its first event.
            first = first if status.first_started is None else min(first, status.first_started)
            words.append(f"Started {when_words(first, now)}")
        words.append(f"{'resumed at' if is_resumed else 'Started'} {when_words(status.started, now)}")
        end = status.ended if status.ended is not None else now if status.state.is_alive else None
        if status.ended is not None:
            words.append(f"ended {when_words(status.ended, now)}")
        if end is not None and end > status.started:
            words.append(_length_words(status, end - status.started, is_resumed=is_resumed))
    elif status.ended is not None:
        words.append(f"Ended {when_words(status.ended, now)}")
    words.append(_place_words(entry))
    if status.pid is not None:
        words.append(f"process {status.pid}")
    if status.peak_rss:
        words.append(f"up to {status.peak_rss / 2**30:.1f} GiB of memory")
    line = " · ".join(word for word in words if word)
    return f"{line[:1].upper()}{line[1:]}"


def _place_words(entry: JobEntry) -> str:
    """Returns where a job runs or ran: on the device that it reported, where it was left the choice."""
    status, asked = entry.status, "" if entry.spec is None else entry.spec.device
    if status.state is JobState.QUEUED:
        best = "the best device that is there"
        return f"will run on {best if asked == 'auto' else _device_words(asked)}" if asked else ""
    told = status.facts.device if asked in ("", "auto", "cuda") else ""
    device = told or ("" if asked == "auto" else asked)
    parts = [_device_words(device), status.host]
    return f"on {', '.join(part for part in parts if part)}" if any(parts) else ""


def _device_words(device: str) -> str:
    return "the CPU" if device == "cpu" else device


def _length_words(status: JobStatus, seconds: float, *, is_resumed: bool) -> str:
    """Returns how long the latest process has worked, and all together where there were others before."""
    took = length_words(seconds)
    if not is_resumed:
        return f"{took} ago" if status.state.is_alive else f"{took} in all"
    before = _seconds_before(status)
    total = "" if before is None else f", {length_words(before + seconds)} in all"
    return f"{took} ago{total}" if status.state.is_alive else f"{took} since then{total}"


def _seconds_before(status: JobStatus) -> float | None:
    """Returns how long all processes before the latest have worked; None if that is not known."""
    if status.earlier_seconds is not None:
        return status.earlier_seconds
    facts = status.facts
    if facts.earlier_seconds is None or facts.started is None or status.started is None:
        return None
    has_reported = facts.started >= status.started
    last = 0.0 if has_reported or facts.heard is None else max(facts.heard - facts.started, 0.0)
    return facts.earlier_seconds + last


def command_words(entry: JobEntry) -> str:
    """Returns the command that begins the same in a terminal; empty if it is not known what was asked for.

    Of a training that was resumed before anything was known of it, the command that resumes it is all there is.
    """
    return "" if entry.spec is None else _command_of(_first_of(entry.spec))


def resume_words(entry: JobEntry) -> str:
    """Returns the command that a training was resumed with; empty if :func:`command_words` is that, or it was not."""
    spec = entry.spec
    return "" if spec is None or _first_of(spec) == spec else _command_of(spec)


def _first_of(spec: JobSpec) -> JobSpec:
    """Returns what a run was begun with, as far as that is known."""
    return replace(spec, resume=False) if isinstance(spec, TrainSpec) and spec.config else spec


def _command_of(spec: JobSpec) -> str:
    try:
        return shell_text(argv(spec), environment(spec))
    except ValueError:
        return ""
