"""The numbers behind curves, as a table that other programs read."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from lpsnet.formats.atomic import write_atomically
from lpsnet_studio.jobs.smoothing import Smoothed
from lpsnet_studio.jobs.track import Series

__all__ = ["NamedSeries", "write_table"]

_HEADER = ("run", "figure", "iteration", "time", "value", "smoothed")
_ROWS = 10_000


@dataclass(frozen=True, slots=True)
class NamedSeries:
    """One curve to be written.

    Attributes:
        run: what its run is called.
        series: its points.
    """

    run: str
    series: Series


def write_table(path: Path, curves: Iterable[NamedSeries], smoothing: float) -> None:
    """Writes every point of every curve as CSV, a row each, whole or not at all.

    Values are as reported, in [0, 1] and in bytes; time is in seconds since 1970; gaps are empty.

    Args:
        path: of the file.
        curves: one below the other.
        smoothing: weight of the past for the last column, 0 … 0.999.

    Raises:
        OSError: one sentence naming the file, if it cannot be written.
    """
    curves = tuple(curves)

    def write(stream: BinaryIO) -> None:
        text = io.TextIOWrapper(stream, encoding="utf-8", newline="")
        table = csv.writer(text)
        table.writerow(_HEADER)
        for curve in curves:
            for rows in _rows(curve, smoothing):
                table.writerows(rows)
        text.flush()
        text.detach()

    write_atomically(path, write)


def _rows(curve: NamedSeries, smoothing: float) -> Iterable[list[tuple[object, ...]]]:
    series, smoothed = curve.series, Smoothed(smoothing)
    for start in range(0, len(series.values), _ROWS):
        end = min(start + _ROWS, len(series.values))
        means = smoothed.follow(series.values[:end])[start:end].tolist()
        moments = zip(series.iterations[start:end].tolist(), series.times[start:end].tolist(), strict=True)
        values = zip(series.values[start:end].tolist(), means, strict=True)
        yield [
            (_plain(curve.run), series.name, f"{iteration:.10g}", f"{when:.3f}", _cell(value), _cell(mean))
            for (iteration, when), (value, mean) in zip(moments, values, strict=True)
        ]


def _plain(name: str) -> str:
    """Returns a run's name so that no spreadsheet takes it for a formula."""
    return f"'{name}" if name[:1] in ("=", "+", "-", "@", "\t", "\r") else name


def _cell(value: float) -> str:
    return "" if value != value else f"{value:.7g}"
