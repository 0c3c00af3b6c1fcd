"""What a run's events say of where it stands, from the two ends of a file that may be of any size."""

from __future__ import annotations

import functools
import math
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from lpsnet.events import (
    BatchStarted,
    CheckpointSaved,
    Evaluated,
    EvaluationDone,
    PictureDone,
    Progress,
    RunEvent,
    Started,
    Stopped,
    parse_event,
)
from lpsnet.run_directory import RunDirectory
from lpsnet_studio.jobs.job_folder import read_tail

__all__ = ["RunFacts", "facts_of", "read_facts"]

_HEAD_BYTES = 1 << 14
_TAIL_BYTES = 1 << 17
_MOST_SCANNED = 1 << 22
"""Of a file up to that size all beginnings of processes are looked for, which takes a millisecond or two."""
_BEFORE_START = 1 << 13
"""Bytes before a beginning in which the event before it is looked for."""
_STARTED = re.compile(rb'"event": ?"started"')


@dataclass(frozen=True, slots=True)
class RunFacts:
    """Where a run stands; of a batch, pictures take the place of iterations.

    Attributes:
        kind: ``train``, ``evaluate``, ``predict``, or empty if nothing is known.
        iteration: how many iterations or pictures are done.
        iterations: how many there will be; 0 if that is not known.
        saved: at which iteration a training was last saved; 0 if never, as far as is known.
        pq: of the latest evaluation, in [0, 1]; None if there is none.
        pace: images a second, of the latest progress; 0 if there is none.
        eta_seconds: until the end, likewise.
        started: when the latest process that reported here began; None if it is not known.
        heard: when the latest event was; None if there is none.
        longest_silence: the longest time between two of the latest events, in seconds.
        stopped: how the latest process ended, if it said so.
        device: where the latest process works, such as ``cuda:0``; empty if it did not say.
        first_started: when the first process of a training that reported here began; None if it is not known.
        earlier_seconds: how long its processes before the latest worked, each from its beginning to its last event;
            None if that is not known.
        has_network: whether a network that it trained lies in its run directory, whatever its events tell.
    """

    kind: str = ""
    iteration: int = 0
    iterations: int = 0
    saved: int = 0
    pq: float | None = None
    pace: float = 0.0
    eta_seconds: float = 0.0
    started: float | None = None
    heard: float | None = None
    longest_silence: float = 0.0
    stopped: Stopped | None = None
    device: str = ""
    first_started: float | None = None
    earlier_seconds: float | None = None
    has_network: bool = False

    @property
    def unit(self) -> str:
        """What is counted."""
        return "pictures" if self.kind in ("evaluate", "predict") else "iterations"

    @property
    def so_far(self) -> str:
        """How far it is, in words, such as ``120 of 400 iterations``."""
        return (
            f"{self.iteration:,} of {self.iterations:,} {self.unit}"
            if self.iterations
            else f"{self.iteration:,} {self.unit}"
        )


def read_facts(path: Path, since: float | None = None) -> RunFacts:
    """Reads where a run stands from both ends of its events, and looks for its network; nothing without events.

    Args:
        path: of the events.
        since: when a new process was started: what an earlier one said of its own end is left out.
    """
    try:
        found = path.stat()
        facts = _facts_of_file(path, (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns))
    except OSError:
        return RunFacts()
    run = RunDirectory(path.parent)
    facts = replace(facts, has_network=run.best.is_file() or run.latest.is_file())
    return _without_earlier_end(facts, since)


@functools.lru_cache(maxsize=512)
def _facts_of_file(path: Path, _version: tuple[int, ...]) -> RunFacts:
    """Reads where a run stands from a file as it is; of most files that are looked at again nothing has changed.

    Raises:
        OSError: if it cannot be read.
    """
    with path.open("rb") as stream:
        head = stream.read(_HEAD_BYTES).decode("utf-8", "replace")
        size = stream.seek(0, os.SEEK_END)
    standing = _Standing()
    if size > _TAIL_BYTES:
        standing.take_first(next((event for event in _events(head) if isinstance(event, Started | BatchStarted)), None))
    if _TAIL_BYTES < size <= _MOST_SCANNED:
        standing.take_sittings(_starts_in(path, size - _TAIL_BYTES))
    for event in _events(read_tail(path, _TAIL_BYTES)):
        standing.take(event)
    if size > _MOST_SCANNED:
        return replace(standing.facts, earlier_seconds=None)
    return standing.facts


def facts_of(events: Iterable[RunEvent], since: float | None = None) -> RunFacts:
    """Returns where a run stands after its events; see :func:`read_facts`."""
    standing = _Standing()
    for event in events:
        standing.take(event)
    return _without_earlier_end(standing.facts, since)


class _Standing:
    """Where a run stands after some events.

    Attributes:
        facts: that.
    """

    def __init__(self) -> None:
        self.facts = RunFacts()

    def take_first(self, event: RunEvent | None) -> None:
        """Takes what began the run, behind which events are left out: their silence is not the run's."""
        if event is not None:
            self.take(event)
            self.facts = replace(self.facts, heard=None)

    def take_sittings(self, events: Iterable[RunEvent]) -> None:
        """Takes what began later processes, and what came just before each; what lies between is left out."""
        for event in events:
            self.take(event)
        self.facts = replace(self.facts, heard=None, longest_silence=0.0)

    def take(self, event: RunEvent) -> None:
        """Takes the next event."""
        last_heard = self.facts.heard
        self._hear(event)
        facts = self.facts
        if isinstance(event, Started):
            facts = replace(
                facts,
                earlier_seconds=_worked_before(facts, last_heard),
                kind="train",
                iteration=event.iteration,
                iterations=event.iterations,
                saved=event.iteration,
                started=event.time,
                stopped=None,
                longest_silence=0.0,
                device=_device_of(event),
                first_started=event.time if facts.first_started is None else facts.first_started,
            )
        elif isinstance(event, BatchStarted):
            facts = RunFacts(
                event.task,
                iterations=event.pictures,
                started=event.time,
                heard=facts.heard,
                device=_device_of(event),
            )
        elif isinstance(event, Progress):
            facts = replace(
                facts, iteration=event.iteration, pace=event.images_per_second, eta_seconds=event.eta_seconds
            )
        elif isinstance(event, PictureDone):
            facts = replace(facts, iteration=event.done, iterations=event.pictures)
        elif isinstance(event, CheckpointSaved):
            facts = replace(facts, saved=event.iteration)
        elif isinstance(event, Evaluated | EvaluationDone):
            facts = replace(facts, pq=event.figures.get("pq"))
        elif isinstance(event, Stopped):
            facts = replace(facts, iteration=event.iteration, stopped=event)
        self.facts = facts

    def _hear(self, event: RunEvent) -> None:
        before = self.facts.heard
        if math.isfinite(event.time):
            silence = 0.0 if before is None else event.time - before
            longest = max(self.facts.longest_silence, silence)
            self.facts = replace(self.facts, heard=event.time, longest_silence=longest)


def _worked_before(facts: RunFacts, last_heard: float | None) -> float:
    """Returns how long all processes have worked when another one begins.

    Args:
        facts: as they stood before that.
        last_heard: the last event before it; None if there was none, or that is not known.
    """
    if facts.started is None:
        return 0.0
    latest = 0.0 if last_heard is None else max(last_heard - facts.started, 0.0)
    return (facts.earlier_seconds or 0.0) + latest


def _starts_in(path: Path, size: int) -> Iterable[RunEvent]:
    """Yields what began each process but the first, behind the event before it, in the first bytes of a file."""
    with path.open("rb") as stream:
        content = stream.read(size) + stream.readline()
    for found in list(_STARTED.finditer(content))[1:]:
        begin = content.rfind(b"\n", 0, found.start()) + 1
        end = content.find(b"\n", begin)
        lines = content[max(begin - _BEFORE_START, 0) : max(end, begin)].decode("utf-8", "replace").split("\n")
        before = [event for line in lines[:-1] if (event := parse_event(line)) is not None]
        yield from before[-1:]
        if (event := parse_event(lines[-1])) is not None:
            yield event


def _device_of(event: Started | BatchStarted) -> str:
    """Returns the device that an event names before it says why that was chosen."""
    return event.device.partition(" ")[0]


def _without_earlier_end(facts: RunFacts, since: float | None) -> RunFacts:
    """Leaves out what a process said of its end that had been there before ``since``."""
    is_earlier = since is not None and facts.stopped is not None and facts.stopped.time < since
    return replace(facts, stopped=None) if is_earlier else facts


def _events(text: str) -> Iterable[RunEvent]:
    return (event for line in text.split("\n") if (event := parse_event(line)) is not None)
