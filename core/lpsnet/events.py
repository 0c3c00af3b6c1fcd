"""What a run reports, one JSON object a line in ``events.jsonl``: written by the engine, read by anyone.

A run is a training, or a batch of pictures that is evaluated or predicted (``lpsnet evaluate`` and ``lpsnet predict``
with ``--events``).

Every line has ``event``, the name that its class below states, ``time``, seconds since 1970, and that class's fields.
A number that JSON lacks (infinite, or none at all) is null. For readers:

- A run is one file. A training begins with ``started``, and every process that goes on with it appends another
  ``started``. A process that ends in order appends ``stopped``. A file whose last event is another belongs to a process
  that lives or was killed.
- **Iterations may go back.** A killed run goes on from its last checkpoint, and does again what was done since. A
  ``started`` with ``iteration`` i therefore supersedes every earlier event of an iteration above i: readers drop those,
  as :func:`without_superseded` does.
- A batch begins with ``batch_started``, unless it failed before its first picture: then it appends ``stopped`` alone.
  Every picture that had its turn follows as ``picture_done``, in order, and after an evaluation ``evaluation_done``. A
  batch cannot be gone on with: another ``batch_started`` in the file begins anew, and supersedes the pictures and
  figures before it. On a full disk a batch goes on without its events, so that some pictures may be missing.
- Fields and events may be added in time: what is unknown is skipped, and an added field has a default.
- A line is complete once it ends with a newline. One that a killed process left unfinished is ended by the next
  process, and skipped as damaged.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import math
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from lpsnet.growing_file import GrowingFile

__all__ = [
    "EVENT_TYPES",
    "BatchStarted",
    "CheckpointSaved",
    "Evaluated",
    "EvaluationDone",
    "EventReader",
    "EventWriter",
    "Note",
    "PictureDone",
    "Progress",
    "RunEvent",
    "Started",
    "Stopped",
    "parse_event",
    "without_superseded",
]


# -------------------------------------------------------------------------------------------------------------- events


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEvent:
    """The base of every event.

    Attributes:
        event: its name in the file.
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
        iteration: iterations that are already done; what was reported of later ones before is superseded.
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
        gradient_norm: mean length of the gradient before clipping; not a number if no gradient was finite, as may
            happen with fp16.
        images_per_second: over all processes, without evaluations.
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
            ``pq_stuff``, … , and mean IoU of the semantic map, ``miou``; null where there is no class.
        images: how many it was measured on, those that could not be read or segmented left out.
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
    """The process ended in order; always its last event.

    Attributes:
        iteration: how many were done; all of them are saved unless the reason is ``failed``. Of a batch, how many
            pictures had their turn.
        reason: ``finished``, ``terminated`` (SIGTERM), ``interrupted`` (Ctrl+C) or ``failed``. A batch is finished once
            every picture had its turn and one succeeded.
        message: what failed, in a sentence; of a batch that goes on where single pictures fail, also what of it did.
    """

    event: ClassVar[str] = "stopped"
    iteration: int
    reason: str
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchStarted(RunEvent):
    """Pictures are about to be evaluated or predicted.

    Attributes:
        task: ``evaluate`` or ``predict``.
        network: the name of its config; empty where ground truth stands for both of its halves.
        data: the pictures, for people.
        pictures: how many will have their turn.
        device: where the network runs, for people; empty without one.
        checkpoint: the trained network's file; empty if it is untrained, or there is none.
    """

    event: ClassVar[str] = "batch_started"
    task: str
    network: str
    data: str
    pictures: int
    device: str
    checkpoint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureDone(RunEvent):
    """A picture had its turn.

    Its quality is that of :func:`lpsnet.metrics.panoptic_quality.image_quality` on this picture alone: the means are
    over the classes that occur in it, so those of a data set are not the means of its pictures'. The counts are over
    all classes, and add up to the data set's.

    Attributes:
        file_name: as the data set has it; a drawn scene's name.
        image_id: its id in the data set, or in the JSON file of the predictions.
        done: how many pictures had their turn by now, this one and those that failed included.
        pictures: how many will have.
        seconds: from the decoded picture to its panoptic segmentation (method row 68); not a number if it failed.
        pq: panoptic quality in [0, 1]; None if it was not measured, or no class occurs.
        sq: segmentation quality, likewise.
        rq: recognition quality, likewise.
        tp: pairs of segments that match; None if nothing was measured.
        fp: predicted segments without a match, less those that lie on void or crowd.
        fn: true segments without a match, crowds left out.
        problem: why it failed, in a sentence; empty if it did not.
    """

    event: ClassVar[str] = "picture_done"
    file_name: str
    image_id: int | str
    done: int
    pictures: int
    seconds: float = math.nan
    pq: float | None = None
    sq: float | None = None
    rq: float | None = None
    tp: int | None = None
    fp: int | None = None
    fn: int | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationDone(RunEvent):
    """What the evaluation of a batch came to.

    Attributes:
        figures: by name, None for what is over nothing or was not measured. In [0, 1]: those of :class:`Evaluated`;
            average precision ``box_ap``, ``box_ap50``, ``box_ap75``, ``box_small``, ``box_medium`` and ``box_large``,
            ``mask_ap``, …. Cost an image: ``ms``, ``ms_network`` and ``ms_post_processing``, medians in milliseconds;
            ``macs``; and ``peak_memory_bytes`` over all.
        images: how many pictures the figures are over.
        pictures: how many were to be measured.
        complete: whether every picture had its turn.
        seconds: how long all took.
        predictions: the COCO panoptic JSON file that was written; empty if there is none.
    """

    event: ClassVar[str] = "evaluation_done"
    figures: Mapping[str, float | None]
    images: int
    pictures: int
    complete: bool
    seconds: float
    predictions: str = ""


EVENT_TYPES: Mapping[str, type[RunEvent]] = {
    kind.event: kind
    for kind in (
        Started,
        Progress,
        Evaluated,
        CheckpointSaved,
        Note,
        Stopped,
        BatchStarted,
        PictureDone,
        EvaluationDone,
    )
}
"""The class of each event by its name."""


def without_superseded(events: Iterable[RunEvent]) -> list[RunEvent]:
    """Drops what a run has done again: iterations that had not been saved when it was killed, and earlier batches.

    Args:
        events: of one run, from its first on.

    Returns:
        The rest, in their order: the iterations of progress, evaluations and checkpoints never go back.
    """
    kept: list[RunEvent] = []
    for event in events:
        if isinstance(event, Started):
            kept = [earlier for earlier in kept if _stands_at(earlier, event.iteration)]
        elif isinstance(event, BatchStarted):
            kept = [earlier for earlier in kept if not isinstance(earlier, PictureDone | EvaluationDone)]
        kept.append(event)
    return kept


def _stands_at(event: RunEvent, iteration: int) -> bool:
    """Whether an event is still true once a run has gone back to an iteration; what opened and ended it always is."""
    return not isinstance(event, Progress | Evaluated | CheckpointSaved) or event.iteration <= iteration


# --------------------------------------------------------------------------------------------------- to and from lines

_JSON = json.JSONDecoder()


def parse_event(line: str | bytes) -> RunEvent | None:
    """Reads a line; None if it is damaged or of a kind that this version does not know."""
    try:
        content = _content(line)
        kind = EVENT_TYPES[content["event"]]
        readers = _READERS[kind]
        return kind(**{name: readers[name](value) for name, value in content.items() if name in readers})
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError, OverflowError):
        return None


def _content(line: str | bytes) -> Any:
    """Returns what a line holds, as :func:`json.loads` does; a third faster on lines as they are written."""
    try:
        text = line if isinstance(line, str) else line.decode()
        content, end = _JSON.raw_decode(text)
    except ValueError:
        return json.loads(line)
    return content if text[end:] in ("", "\n") else json.loads(line)


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {name: _plain(part) for name, part in value.items()}
    return value


def _number(value: object) -> float:
    if type(value) is float:  # nearly all of them are
        return value
    if value is None:
        return math.nan
    if type(value) is not int:
        raise TypeError
    return float(value)


def _exactly(kind: type) -> Callable[[object], Any]:
    def read(value: object) -> object:
        if type(value) is not kind:
            raise TypeError
        return value

    return read


def _or_none(read: Callable[[Any], Any]) -> Callable[[object], Any]:
    return lambda value: None if value is None else read(value)


def _identity(value: object) -> int | str:
    if type(value) is not int and type(value) is not str:
        raise TypeError
    return value


def _numbers(value: Mapping[str, object]) -> dict[str, float]:
    return {name: part if type(part) is float else _number(part) for name, part in value.items()}


def _numbers_or_none(value: Mapping[str, object]) -> dict[str, float | None]:
    return {name: _or_none(_number)(part) for name, part in value.items()}


def _texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(part, str) for part in value):
        raise TypeError
    return tuple(value)


_READER_OF_TYPE: Mapping[str, Callable[[Any], Any]] = {
    "bool": _exactly(bool),
    "float": _number,
    "float | None": _or_none(_number),
    "int": _exactly(int),
    "int | None": _or_none(_exactly(int)),
    "int | str": _identity,
    "str": _exactly(str),
    "Mapping[str, float]": _numbers,
    "Mapping[str, float | None]": _numbers_or_none,
    "tuple[str, ...]": _texts,
}
"""What a field's value is read by: the reverse of what :meth:`RunEvent.to_json` does to it."""

_READERS: Mapping[type[RunEvent], Mapping[str, Callable[[Any], Any]]] = {
    kind: {spec.name: _READER_OF_TYPE[str(spec.type)] for spec in dataclasses.fields(kind)}
    for kind in EVENT_TYPES.values()
}


# --------------------------------------------------------------------------------------------------------------- files


class EventWriter:
    """Appends events to a file, each whole or not at all.

    Args:
        path: of the file, which is made if need be; a line that a killed process left unfinished is ended first.

    Raises:
        OSError: one sentence naming the file, if it cannot be opened or written.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        except OSError as error:
            raise self._failure(error) from error
        length = os.fstat(self._descriptor).st_size
        os.lseek(self._descriptor, max(0, length - 1), os.SEEK_SET)
        if length and os.read(self._descriptor, 1) != b"\n":
            self._append(b"\n")

    def write(self, event: RunEvent) -> None:
        """Appends an event.

        Raises:
            OSError: one sentence naming the file, if it cannot be written, as on a full disk; it then holds whole
                lines as before.
        """
        self._append(json.dumps(event.to_json()).encode() + b"\n")

    def close(self) -> None:
        """Closes the file."""
        os.close(self._descriptor)

    def _append(self, content: bytes) -> None:
        """Writes ``content`` by one call wherever the disk takes it whole, so that a reader sees no half."""
        before = os.fstat(self._descriptor).st_size
        try:
            while content:
                content = content[os.write(self._descriptor, content) :]
        except OSError as error:
            with contextlib.suppress(OSError):
                os.ftruncate(self._descriptor, before)
            raise self._failure(error) from error

    def _failure(self, error: OSError) -> OSError:
        cause = error.strerror or str(error)
        failure = OSError(f"{self._path} could not be written: {cause[:1].lower()}{cause[1:]}")
        failure.errno = error.errno
        return failure


class EventReader:
    """Reads the events of a file that may still grow, each once; see :class:`~lpsnet.growing_file.GrowingFile`.

    Attributes:
        skipped: lines so far that were damaged or unknown.

    Args:
        path: of the file, which need not exist yet.
    """

    def __init__(self, path: Path) -> None:
        self._file = GrowingFile(path)
        self._counted_since = 0
        self.skipped = 0

    @property
    def restarts(self) -> int:
        """How often reading began again, as the file became shorter, another one took its place, or it was removed."""
        return self._file.restarts

    def read_new(self) -> Iterator[RunEvent]:
        """Yields the events that were finished since the last call; it can be stopped anywhere and gone on with.

        Raises:
            OSError: if the file is there and cannot be read.
        """
        for line in self._file.lines():
            event = self._event(line)
            if event is not None:
                yield event
        self._forget_before_restart()

    def read_lines(self, most: int) -> tuple[list[RunEvent], bool]:
        """Returns the events of the next lines, and whether there may be more: of damaged lines nothing else comes.

        Args:
            most: lines to read, whatever they hold.

        Raises:
            OSError: if the file is there and cannot be read.
        """
        new = self._file.read_new(most)
        self._forget_before_restart()
        return [event for line in new.lines if (event := self._event(line)) is not None], new.has_more

    def _event(self, line: bytes) -> RunEvent | None:
        self._forget_before_restart()
        event = parse_event(line) if line.endswith(b"\n") else None
        self.skipped += event is None and bool(line.strip())
        return event

    def _forget_before_restart(self) -> None:
        if self._counted_since != self._file.restarts:
            self._counted_since, self.skipped = self._file.restarts, 0
