"""What a training run reports, one JSON object a line in ``events.jsonl``: written by the engine, read by anyone.

Every line has ``event``, the name of one of the classes below in lower case, ``time``, seconds since 1970, and that
class's fields. Readers skip what they do not know, so that fields and events can be added; a line that is cut off is
read again once its rest has come.
"""

from __future__ import annotations

import dataclasses
import json
import math
import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

__all__ = [
    "EVENT_TYPES",
    "CheckpointSaved",
    "Evaluated",
    "EventReader",
    "EventWriter",
    "Note",
    "Progress",
    "RunEvent",
    "Started",
    "Stopped",
    "parse_event",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEvent:
    """The base of every event.

    Attributes:
        time: when it happened, seconds since 1970.
    """

    event: ClassVar[str] = ""
    time: float = field(default_factory=time.time)

    def to_json(self) -> dict[str, Any]:
        """Returns the object that a line holds; numbers that JSON lacks become null."""
        return {"event": self.event, **{name: _plain(value) for name, value in dataclasses.asdict(self).items()}}


@dataclass(frozen=True, slots=True, kw_only=True)
class Started(RunEvent):
    """A process began to train, for the first time or after an interruption.

    Attributes:
        config: its name.
        iteration: iterations that are already done.
        iterations: how many there will be.
        batch: pictures an iteration.
        processes: how many train together.
        device: what on, for people.
        train: the training data, for people.
        val: the data it is measured on, for people; empty if it is not.
    """

    event: ClassVar[str] = "started"
    config: str
    iteration: int
    iterations: int
    batch: int
    processes: int
    device: str
    train: str
    val: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress(RunEvent):
    """Some iterations were done.

    Attributes:
        iteration: how many are done.
        losses: mean over the iterations since the last such event, without weights: box, borderness, semantic; total
            is their weighted sum.
        lr: learning rate of the last of them.
        gradient_norm: mean length of the gradient before clipping.
        images_per_second: over all processes.
        eta_seconds: until the last iteration, at the pace of this process so far.
        memory_bytes: the most in use: on CUDA what torch had allocated, on the CPU the process's resident memory.
    """

    event: ClassVar[str] = "progress"
    iteration: int
    losses: Mapping[str, float]
    lr: float
    gradient_norm: float
    images_per_second: float
    eta_seconds: float
    memory_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluated(RunEvent):
    """The network was measured.

    Attributes:
        iteration: how many were done.
        figures: PQ, SQ and RQ in [0, 1] by name: ``pq``, ``sq``, ``rq`` for all classes, ``pq_things``, … , and
            ``pq_stuff``, … ; null where there is no class.
        images: how many it was measured on.
        seconds: how long that took.
        samples: predictions drawn as pictures, relative to the run directory.
    """

    event: ClassVar[str] = "evaluated"
    iteration: int
    figures: Mapping[str, float | None]
    images: int
    seconds: float
    samples: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckpointSaved(RunEvent):
    """The network was written.

    Attributes:
        iteration: how many were done.
        path: of the file, relative to the run directory.
        best: whether no earlier one had a higher PQ.
    """

    event: ClassVar[str] = "checkpoint"
    iteration: int
    path: str
    best: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Note(RunEvent):
    """Something to know.

    Attributes:
        text: a sentence.
        level: ``info`` or ``warning``.
    """

    event: ClassVar[str] = "note"
    text: str
    level: str = "info"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stopped(RunEvent):
    """The process ended; a run directory without this as its last event belongs to a process that lives or was killed.

    Attributes:
        iteration: how many were done and saved.
        reason: ``finished``, ``terminated`` (SIGTERM), ``interrupted`` (Ctrl+C) or ``failed``.
        message: what failed, in a sentence.
    """

    event: ClassVar[str] = "stopped"
    iteration: int
    reason: str
    message: str = ""


EVENT_TYPES: Mapping[str, type[RunEvent]] = {
    kind.event: kind for kind in (Started, Progress, Evaluated, CheckpointSaved, Note, Stopped)
}
"""The class of each event by its name."""


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {name: _plain(part) for name, part in value.items()}
    return value


def parse_event(line: str | bytes) -> RunEvent | None:
    """Reads a line; None if it is damaged or of a kind that this version does not know."""
    try:
        content = json.loads(line)
        kind = EVENT_TYPES[content.pop("event")]
        known = {spec.name for spec in dataclasses.fields(kind)}
        return kind(**{name: value for name, value in content.items() if name in known})
    except (ValueError, LookupError, TypeError, AttributeError):
        return None


class EventWriter:
    """Appends events to a file, each by one write, so that a reader never sees two mixed up.

    Args:
        path: of the file, which is made if need be; a line that a killed process left unfinished is ended first.
    """

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        with path.open("rb") as stream:
            stream.seek(0, os.SEEK_END)
            if stream.tell() and stream.seek(-1, os.SEEK_END) >= 0 and stream.read(1) != b"\n":
                os.write(self._descriptor, b"\n")

    def write(self, event: RunEvent) -> None:
        """Appends an event.

        Raises:
            OSError: if it cannot be written.
        """
        os.write(self._descriptor, json.dumps(event.to_json()).encode() + b"\n")

    def close(self) -> None:
        """Closes the file."""
        os.close(self._descriptor)


class EventReader:
    """Reads the events of a file that may still grow, each once.

    Attributes:
        skipped: lines so far that were damaged or unknown.

    Args:
        path: of the file, which need not exist yet.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = 0
        self.skipped = 0

    def read_new(self) -> Iterator[RunEvent]:
        """Yields the events that were finished since the last call; from the first on, if the file became shorter."""
        try:
            stream = self._path.open("rb")
        except FileNotFoundError:
            return
        with stream:
            if stream.seek(0, os.SEEK_END) < self._offset:
                self._offset = 0
            stream.seek(self._offset)
            for line in stream:
                if not line.endswith(b"\n"):
                    return
                self._offset += len(line)
                event = parse_event(line)
                if event is not None:
                    yield event
                elif line.strip():
                    self.skipped += 1
