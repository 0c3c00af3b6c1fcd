"""How busy a job keeps the machine: the samples that its keeper takes, as curves."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from pathlib import Path

from lpsnet.growing_file import GrowingFile
from lpsnet_studio.jobs.track import Series, Track

__all__ = ["LOAD_PREFIX", "LoadCurves"]

_MOST_LINES = 2000
LOAD_PREFIX = "load."
"""Of the names of figures that samples of the load hold."""
_DEEPEST = 8
"""Objects and lists inside one another that figures are looked for in."""


class LoadCurves:
    """Reads a job's ``load.jsonl`` piece by piece: an object a line, with ``time`` and figures by name.

    Every number beside the time becomes a curve, ``load.`` before its name; those of an object or a list inside, as of
    several GPUs, carry its name and their place: ``load.gpus.0.percent``. What lies deeper than any sample is left out.

    Args:
        path: of the file, which need not exist yet.
    """

    def __init__(self, path: Path) -> None:
        self._file = GrowingFile(path)
        self._track = Track()
        self._generation = 0

    @property
    def names(self) -> tuple[str, ...]:
        """The figures that there are."""
        return self._track.names

    @property
    def nbytes(self) -> int:
        """Memory that the curves take."""
        return self._track.nbytes

    @property
    def begun(self) -> float:
        """When the first sample was, seconds since 1970; not a number before any."""
        times, _iterations = self._track.moments
        return float(times[0]) if len(times) else math.nan

    def read(self, limit: int = _MOST_LINES) -> bool:
        """Reads on, and returns whether anything was found.

        Args:
            limit: lines to read at most.

        Raises:
            OSError: if the file is there and cannot be read.
        """
        new = self._file.read_new(limit)
        if new.is_anew:
            self._generation += 1
            self._track = Track()
        for line in new.lines:
            if (sample := _sample(line)) is not None:
                time, figures = sample
                self._track.extend([time], [time], [figures])
        return bool(new.lines) or new.is_anew

    def series(self, name: str) -> Series:
        """Returns a figure's curve; its iterations are its times.

        Raises:
            KeyError: if it was never reported.
        """
        series = self._track.series(name)
        return Series(name, series.iterations, series.times, series.values, series.generation + self._generation)


def _sample(line: bytes) -> tuple[float, Mapping[str, float]] | None:
    """Reads a line; None if it is damaged."""
    try:
        content = json.loads(line)
        time = content.pop("time")
    except (ValueError, LookupError, AttributeError, TypeError, RecursionError):
        return None
    if not _is_number(time) or not math.isfinite(time):
        return None
    return float(time), {f"{LOAD_PREFIX}{name}": value for name, value in _numbers(content)}


def _numbers(content: object, name: str = "", depth: int = 0) -> Iterator[tuple[str, float]]:
    """Yields the numbers inside, each with the way to it."""
    if _is_number(content):
        yield name, float(content)  # type: ignore[arg-type]
    elif isinstance(content, Mapping | list) and depth < _DEEPEST:
        for key, part in content.items() if isinstance(content, Mapping) else enumerate(content):
            yield from _numbers(part, f"{name}.{key}" if name else str(key), depth + 1)


def _is_number(value: object) -> bool:
    """Whether it is a number that an array can hold."""
    return isinstance(value, float) or (isinstance(value, int) and not isinstance(value, bool) and abs(value) < 1 << 63)
