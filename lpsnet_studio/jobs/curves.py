"""What a run has reported so far: its curves as arrays, and the latest facts, read from its folder as it grows."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

import numpy as np

from lpsnet.events import (
    BatchStarted,
    CheckpointSaved,
    Evaluated,
    EvaluationDone,
    EventReader,
    Note,
    PictureDone,
    Progress,
    RunEvent,
    Started,
    Stopped,
)
from lpsnet.run_directory import RunDirectory
from lpsnet_studio.jobs.load_curves import LOAD_PREFIX, LoadCurves
from lpsnet_studio.jobs.track import Series, Track

__all__ = ["LOAD_FILE", "LatestFacts", "RunCurves"]

LOAD_FILE = Path("job", "load.jsonl")
_SLICE = 500
_MOST_NOTES = 200
_MOST_COUNT = 1 << 53
"""Where float64 ceases to tell counts apart; a line with more is damaged."""
_CORES = f"{LOAD_PREFIX}cores"
_MOST_CORES = 1 << 20
_LOSS = "loss."
_PICTURE = "picture."
_Event = TypeVar("_Event")


@dataclass(frozen=True, slots=True)
class LatestFacts:
    """What is known of a run now: of a training, or of a batch of pictures that is evaluated or predicted.

    Attributes:
        started: how the process that was last begun began to train; None before any.
        batch: how a batch began; None before, and of a training.
        begun: when the first process began, seconds since 1970; not a number before that.
        reported: when the last event was.
        iteration: iterations that are done; of a batch, pictures that had their turn.
        iterations: how many there will be.
        eta_seconds: until the last of them, as a training last said, or at the pace of a batch so far; not a number
            if it is not known.
        images_per_second: likewise.
        memory_bytes: of a training, likewise.
        best: the evaluation with the highest PQ.
        latest: the last evaluation.
        notes: the last of what was to know, oldest first.
        samples: evaluations that have pictures of predictions, oldest first.
        checkpoints: that were written, oldest first; the run may have removed old ones since.
        evaluation: what the evaluation of a batch came to; None before its end.
        failures: the last pictures of a batch that failed, oldest first.
        stopped: how the last process ended, if it ended in order.
        damaged: lines that could not be read.
    """

    started: Started | None = None
    batch: BatchStarted | None = None
    begun: float = math.nan
    reported: float = math.nan
    iteration: int = 0
    iterations: int = 0
    eta_seconds: float = math.nan
    images_per_second: float = math.nan
    memory_bytes: float = math.nan
    best: Evaluated | None = None
    latest: Evaluated | None = None
    notes: tuple[Note, ...] = ()
    samples: tuple[Evaluated, ...] = ()
    checkpoints: tuple[CheckpointSaved, ...] = ()
    evaluation: EvaluationDone | None = None
    failures: tuple[PictureDone, ...] = ()
    stopped: Stopped | None = None
    damaged: int = 0


@dataclass(slots=True)
class _Log:
    """Events that are few, as they stand now."""

    evaluations: list[Evaluated] = field(default_factory=list)
    checkpoints: list[CheckpointSaved] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)

    def go_back(self, iteration: int) -> None:
        self.evaluations = [event for event in self.evaluations if event.iteration <= iteration]
        self.checkpoints = [event for event in self.checkpoints if event.iteration <= iteration]


class RunCurves:
    """Reads a run's ``events.jsonl`` and ``job/load.jsonl`` piece by piece, from any thread but one at a time.

    Others may ask for facts and series meanwhile: what they are given does not change under their hands.

    Figures are called ``loss.total``, … , ``lr``, ``gradient_norm``, ``images_per_second`` and ``memory_bytes``, at
    every progress; ``pq``, ``pq_things``, … , ``miou``, at every evaluation; ``picture.pq``, ``picture.sq``,
    ``picture.rq`` and ``picture.seconds``, at every picture of a batch, whose number is its iteration;
    ``load.cpu_percent``, … , as they come.

    Attributes:
        facts: what is known now.
        version: another number after every reading that found something.

    Args:
        folder: the run's, which need not exist yet.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.version = 0
        self._load = LoadCurves(folder / LOAD_FILE)
        self._reader = EventReader(RunDirectory(folder).events)
        self._generation = 0
        self._begin_again()

    def _begin_again(self) -> None:
        self._restarts = self._reader.restarts
        self._generation += 1
        self._progress, self._evaluations, self._pictures = Track(), Track(), Track()
        self._log = _Log()
        self.facts = LatestFacts()

    # --------------------------------------------------------------------------------------------------------- reading

    def read(self, limit: int = _SLICE) -> bool:
        """Reads on, and returns whether more is waiting.

        It begins again if the file became shorter or another one took its place.

        Args:
            limit: lines to read at most.

        Raises:
            OSError: if a file is there and cannot be read.
        """
        is_longer = self._load.read()
        found, has_more = self._reader.read_lines(limit)
        if self._reader.restarts != self._restarts:
            self._begin_again()
            self.version += 1
        events = [event for event in found if _is_plausible(event)]
        damaged = self._reader.skipped
        if events or damaged != self.facts.damaged:
            self._take(events)
            self.facts = replace(self.facts, damaged=damaged)
        if events or is_longer:
            self.version += 1
        return is_longer or has_more

    def _take(self, events: Sequence[RunEvent]) -> None:
        for kind, group in itertools.groupby(events, key=type):
            if kind is Progress:
                self._take_progress([event for event in group if isinstance(event, Progress)])
            elif kind is PictureDone:
                self._take_pictures([event for event in group if isinstance(event, PictureDone)])
            else:
                for event in group:
                    self._take_rare(event)
        if events:
            self.facts = replace(self.facts, reported=events[-1].time)

    def _take_progress(self, events: Sequence[Progress]) -> None:
        for rising in _rising(events, lambda event: event.iteration):
            rows = [_progress_row(event) for event in rising]
            self._progress.extend([event.iteration for event in rising], [event.time for event in rising], rows)
        last = events[-1]
        self.facts = replace(
            self.facts,
            iteration=last.iteration,
            eta_seconds=last.eta_seconds,
            images_per_second=last.images_per_second,
            memory_bytes=last.memory_bytes,
            stopped=None,
        )

    def _take_pictures(self, events: Sequence[PictureDone]) -> None:
        for rising in _rising(events, lambda event: event.done):
            rows = [_picture_row(event) for event in rising]
            self._pictures.extend([event.done for event in rising], [event.time for event in rising], rows)
        last, begun = events[-1], self.facts.begun
        rate = last.done / (last.time - begun) if last.time > begun else math.nan
        failures = (*self.facts.failures, *(event for event in events if event.problem))
        self.facts = replace(
            self.facts,
            iteration=last.done,
            iterations=last.pictures,
            images_per_second=rate,
            eta_seconds=(last.pictures - last.done) / rate if rate > 0 else math.nan,
            failures=failures[-_MOST_NOTES:],
            stopped=None,
        )

    def _take_rare(self, event: RunEvent) -> None:
        if isinstance(event, Started):
            self._start(event)
        elif isinstance(event, Evaluated):
            self._evaluations.extend([event.iteration], [event.time], [event.figures])
            self._log.evaluations.append(event)
            self._tell_evaluations()
        elif isinstance(event, CheckpointSaved):
            self._log.checkpoints.append(event)
            self.facts = replace(self.facts, checkpoints=tuple(self._log.checkpoints))
        elif isinstance(event, Note):
            self._log.notes = [*self._log.notes, event][-_MOST_NOTES:]
            self.facts = replace(self.facts, notes=tuple(self._log.notes))
        elif isinstance(event, BatchStarted):
            self._pictures.go_back(-1)
            self.facts = LatestFacts(batch=event, begun=event.time, iterations=event.pictures, notes=self.facts.notes)
        elif isinstance(event, EvaluationDone):
            self.facts = replace(self.facts, evaluation=event)
        elif isinstance(event, Stopped):
            self.facts = replace(self.facts, iteration=event.iteration, stopped=event, eta_seconds=math.nan)

    def _start(self, event: Started) -> None:
        """Goes on from a beginning, and drops what a killed process had done beyond it."""
        self._progress.go_back(event.iteration)
        self._evaluations.go_back(event.iteration)
        self._log.go_back(event.iteration)
        self.facts = replace(
            self.facts,
            started=event,
            begun=event.time if math.isnan(self.facts.begun) else self.facts.begun,
            iteration=event.iteration,
            iterations=event.iterations,
            eta_seconds=math.nan,
            images_per_second=math.nan,
            checkpoints=tuple(self._log.checkpoints),
            stopped=None,
        )
        self._tell_evaluations()

    def _tell_evaluations(self) -> None:
        evaluations = self._log.evaluations
        measured = [event for event in evaluations if _pq(event) is not None]
        self.facts = replace(
            self.facts,
            best=max(measured, key=lambda event: _pq(event) or 0.0, default=None),
            latest=evaluations[-1] if evaluations else None,
            samples=tuple(event for event in evaluations if event.samples),
        )

    # --------------------------------------------------------------------------------------------------------- asking

    @property
    def _tracks(self) -> tuple[Track | LoadCurves, ...]:
        return self._progress, self._evaluations, self._pictures, self._load

    @property
    def names(self) -> tuple[str, ...]:
        """The figures that there are."""
        return tuple(name for track in self._tracks for name in track.names)

    @property
    def nbytes(self) -> int:
        """Memory that the curves take."""
        return sum(track.nbytes for track in self._tracks)

    def begun(self, names: Iterable[str]) -> float:
        """Returns when time begins in a chart of figures, seconds since 1970; not a number before anything is known.

        That is when the first process began to work; where its load is among them, when that was first looked at, as
        processes are at work for a while before they report.
        """
        is_of_load = any(name.startswith(LOAD_PREFIX) for name in names)
        return float(np.fmin(self.facts.begun, self._load.begun)) if is_of_load else self.facts.begun

    @property
    def cores(self) -> int | None:
        """How many processor cores its processes can use; None if that was not noted."""
        if _CORES not in self._load.names:
            return None
        counts = self._load.series(_CORES).values
        known = counts[np.isfinite(counts)]
        return int(known[-1]) if len(known) and 0 < known[-1] < _MOST_CORES else None

    def series(self, name: str) -> Series:
        """Returns a figure's curve as it is now; load has the iteration that was under way, or 0.

        Raises:
            KeyError: if it was never reported.
        """
        if name in self._load.names:
            return self._at_iterations(self._load.series(name))
        track = next(
            (track for track in (self._progress, self._evaluations, self._pictures) if name in track.names), None
        )
        if track is None:
            raise KeyError(name)
        series = track.series(name)
        return replace(series, generation=series.generation + (self._generation << 32))

    def _at_iterations(self, load: Series) -> Series:
        times, iterations = self._progress.moments
        if not len(times):
            return replace(load, iterations=np.zeros(len(load.times)))
        return replace(load, iterations=np.maximum.accumulate(np.interp(load.times, times, iterations)))


def _is_plausible(event: RunEvent) -> bool:
    if isinstance(event, Progress):  # nearly all of them are
        return -_MOST_COUNT < event.iteration < _MOST_COUNT and -_MOST_COUNT < event.memory_bytes < _MOST_COUNT
    counts = (getattr(event, name, 0) for name in ("iteration", "iterations", "done", "pictures", "memory_bytes"))
    return all(abs(count) < _MOST_COUNT for count in counts)


def _rising(events: Sequence[_Event], count: Callable[[_Event], int]) -> list[list[_Event]]:
    """Divides events where their count goes back, as it does if the line that said so was damaged."""
    parts = [[events[0]]]
    for event in events[1:]:
        if count(event) < count(parts[-1][-1]):
            parts.append([])
        parts[-1].append(event)
    return parts


def _progress_row(event: Progress) -> dict[str, float | None]:
    return {
        **{f"{_LOSS}{name}": value for name, value in event.losses.items()},
        "lr": event.lr,
        "gradient_norm": event.gradient_norm,
        "images_per_second": event.images_per_second,
        "memory_bytes": event.memory_bytes,
    }


def _picture_row(event: PictureDone) -> dict[str, float | None]:
    figures = {"pq": event.pq, "sq": event.sq, "rq": event.rq, "seconds": event.seconds}
    return {f"{_PICTURE}{name}": value for name, value in figures.items()}


def _pq(event: Evaluated) -> float | None:
    pq = event.figures.get("pq")
    return None if pq is None or not math.isfinite(pq) else pq
