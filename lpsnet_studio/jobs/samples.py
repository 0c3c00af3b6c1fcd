"""The pictures that a training's evaluations leave: predictions beside their ground truth, one folder an evaluation.

Each evaluation draws the first pictures of the same data, so that a picture's name, ``00`` or ``01``, stands for the
same photo in all of them, and the photo can be followed as the network learns.
"""

from __future__ import annotations

import os
import re
import time
from bisect import bisect_left
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from lpsnet.events import Evaluated, Started, parse_event
from lpsnet.growing_file import GrowingFile
from lpsnet.images import IMAGE_SUFFIXES, natural_key
from lpsnet.run_directory import RunDirectory

__all__ = ["EvaluationSamples", "RunSamples", "Sample", "SampleSheet", "picture_title"]

_FOLDER = re.compile(r"iteration-(\d{1,12})$")
_STEP_LINES = 50_000
"""Of the events that are looked through at a time: a tenth of a second."""
_HEADS = (b'"event": "evaluated"', b'"event":"evaluated"', b'"event": "started"', b'"event":"started"')
_SETTLED = 3_000_000_000
_MOST_EVALUATIONS = 5_000
_MOST_IN_FOLDER = 500


@dataclass(frozen=True, slots=True)
class Sample:
    """One picture of an evaluation. A picture that was written anew is another one.

    Attributes:
        path: of the file, which may be gone.
        name: of the picture in all evaluations, the file's without its ending.
        changed: when it was written, in nanoseconds since 1970; 0 if it is gone.
    """

    path: Path
    name: str
    changed: int = 0


@dataclass(frozen=True, slots=True)
class EvaluationSamples:
    """The pictures of one evaluation.

    Attributes:
        iteration: how many were done.
        pq: in [0, 1]; None if it was not told, or there is none.
        samples: by name.
    """

    iteration: int
    pq: float | None
    samples: tuple[Sample, ...]

    def sample(self, name: str) -> Sample | None:
        """Returns the picture of a name; None if this evaluation has none."""
        return next((sample for sample in self.samples if sample.name == name), None)

    @property
    def pq_words(self) -> str:
        """Its PQ for people, in percent."""
        return "—" if self.pq is None else f"{100 * self.pq:.1f}"


@dataclass(frozen=True, slots=True)
class SampleSheet:
    """All pictures of a training as they are now.

    Attributes:
        evaluations: newest first.
        names: of the pictures, in order.
        problem: why folders cannot be read, in a sentence; empty if they can.
    """

    evaluations: tuple[EvaluationSamples, ...] = ()
    names: tuple[str, ...] = ()
    problem: str = ""

    def row_of(self, iteration: int) -> int:
        """Returns which of the evaluations has an iteration, or the next older one; the last if all are newer."""
        newest_first = [-evaluation.iteration for evaluation in self.evaluations]
        return min(bisect_left(newest_first, -iteration), max(len(newest_first) - 1, 0))


def picture_title(name: str) -> str:
    """Returns what a picture is called, for people: a training numbers them from 0, people do from 1."""
    return f"Picture {int(name) + 1}" if name.isascii() and name.isdecimal() else f"Picture {name}"


class RunSamples:
    """Looks through a run directory for the pictures of its evaluations; one call at a time.

    Args:
        run_dir: which need not exist yet.
    """

    def __init__(self, run_dir: Path) -> None:
        self.run_dir = run_dir
        self._figures = _Figures(RunDirectory(run_dir).events)
        self._folders: dict[Path, tuple[int, tuple[Sample, ...]]] = {}

    def read(self) -> SampleSheet:
        """Returns what is there. A folder is listed again only after something was written into it."""
        with suppress(OSError):
            self._figures.read_on()
        try:
            folders = self._evaluation_folders()
        except FileNotFoundError:
            return SampleSheet()
        except OSError as error:
            return SampleSheet(problem=f"{self.run_dir / 'samples'}: cannot be read: {error.strerror or error}")
        evaluations = []
        for iteration, folder in folders[:_MOST_EVALUATIONS]:
            drawn = self._samples_in(folder, self._figures.drawn.get(iteration, ()))
            if drawn and iteration not in self._figures.superseded:
                evaluations.append(EvaluationSamples(iteration, self._figures.pq.get(iteration), drawn))
        names = sorted({sample.name for evaluation in evaluations for sample in evaluation.samples}, key=natural_key)
        return SampleSheet(tuple(evaluations), tuple(names))

    def _evaluation_folders(self) -> list[tuple[int, Path]]:
        """Returns the folders that look like an evaluation's, the newest first."""
        found = []
        with os.scandir(RunDirectory(self.run_dir).all_samples) as entries:
            for entry in entries:
                matched = _FOLDER.match(entry.name)
                if matched and entry.is_dir():
                    found.append((int(matched[1]), Path(entry.path)))
        return sorted(found, reverse=True)

    def _samples_in(self, folder: Path, told: tuple[str, ...]) -> tuple[Sample, ...]:
        """Returns the pictures of a folder, and those that the events tell of and that are gone."""
        try:
            changed = folder.stat().st_mtime_ns
            known = self._folders.get(folder)
            if known is None or known[0] != changed:
                known = (changed, tuple(_pictures_in(folder)))
                # Clocks of file systems are coarse: what was written just now may not be all of its moment.
                if time.time_ns() - changed > _SETTLED:
                    self._folders[folder] = known
        except OSError:
            known = (0, ())
        there = {sample.name for sample in known[1]}
        gone = [Sample(folder / name, Path(name).stem) for name in told if Path(name).stem not in there]
        return tuple(sorted([*known[1], *gone], key=lambda sample: natural_key(sample.name)))


def _pictures_in(folder: Path) -> Iterator[Sample]:
    with os.scandir(folder) as entries:
        found = [entry for entry in entries if Path(entry.name).suffix.lower() in IMAGE_SUFFIXES]
    for entry in sorted(found, key=lambda entry: natural_key(entry.name))[:_MOST_IN_FOLDER]:
        with suppress(OSError):
            yield Sample(Path(entry.path), Path(entry.name).stem, entry.stat().st_mtime_ns)


class _Figures:
    """What the events tell of evaluations; other events, which are many more, are passed over unread.

    Attributes:
        pq: by iteration.
        drawn: the names of the files that were drawn, by iteration.
        superseded: iterations that a killed run had measured and went back before.
    """

    def __init__(self, path: Path) -> None:
        self._file = GrowingFile(path)
        self._forget()

    def _forget(self) -> None:
        self.pq: dict[int, float | None] = {}
        self.drawn: dict[int, tuple[str, ...]] = {}
        self.superseded: set[int] = set()

    def read_on(self) -> None:
        """Reads what was added.

        Raises:
            OSError: if the file is there and cannot be read.
        """
        has_more = True
        while has_more:
            new = self._file.read_new(_STEP_LINES)
            has_more = new.has_more
            if new.is_anew:
                self._forget()
            for line in new.lines:
                if line[:80].lstrip().startswith(b"{") and any(head in line for head in _HEADS):
                    self._take(line)

    def _take(self, line: bytes) -> None:
        event = parse_event(line)
        if isinstance(event, Evaluated):
            self.pq[event.iteration] = event.figures.get("pq")
            folder = f"samples/iteration-{event.iteration:07d}"
            drawn = [Path(sample.replace("\\", "/")) for sample in event.samples]
            # A name that leads elsewhere is nobody's sample.
            self.drawn[event.iteration] = tuple(path.name for path in drawn if path.parent.as_posix() == folder)
            self.superseded.discard(event.iteration)
        elif isinstance(event, Started):
            gone = [iteration for iteration in self.pq if iteration > event.iteration]
            self.superseded.update(gone)
            for iteration in gone:
                del self.pq[iteration]
                self.drawn.pop(iteration, None)
