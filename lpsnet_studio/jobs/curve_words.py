"""What a chart of curves says in words and numbers."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from lpsnet_studio.jobs.curve_charts import Chart
from lpsnet_studio.jobs.curve_drawing import Axis
from lpsnet_studio.jobs.curve_ticks import duration

__all__ = ["absence_words", "axis_words", "damage_words", "note_words", "place_words", "value_words"]

_CPU = "load.cpu_percent"
_ONE_CORE = "CPU: 100 % is one core"
_NO_RUN = "Choose a run to see its curves."


def value_words(value: float, chart: Chart) -> str:
    """Returns a value with the digits it deserves: per cent with one, others with four that matter."""
    if not math.isfinite(value):
        return "—"
    if chart.unit == "%":
        return f"{value:.1f}"
    return f"{value:.2f}" if chart.unit == "GiB" else f"{value:.4g}"


def place_words(x: float, axis: Axis) -> str:
    """Returns a place on the axis."""
    return duration(x) if axis == "time" else f"{x:,.0f}"


def axis_words(chart: Chart, axis: Axis, *, is_log: bool) -> tuple[str, str]:
    """Returns what the two axes are called."""
    over = "Time since the start" if axis == "time" else "Pictures done" if chart.is_of_pictures else "Iteration"
    unit = f" in {chart.unit}" if chart.unit else ""
    return over, f"{chart.title}{unit}" + (", logarithmic" if is_log else "")


def note_words(names: Iterable[str], cores: Iterable[int | None]) -> str:
    """Returns what must be known to read figures; empty if they speak for themselves.

    Args:
        names: of the figures.
        cores: how many processor cores each run can use; None if that is not known.
    """
    if _CPU not in names:
        return ""
    known = set(cores)
    count = known.pop() if len(known) == 1 else None
    return f"{_ONE_CORE}." if count is None else f"{_ONE_CORE}; there {_cores_words(count)}."


def damage_words(counts: Mapping[str, int]) -> str:
    """Returns how many lines of runs could not be read; empty if all could.

    Args:
        counts: of such lines, by the run's name.
    """
    total = sum(counts.values())
    if not total:
        return ""
    of = f" of {', '.join(name for name, count in counts.items() if count)}" if len(counts) > 1 else ""
    lines = "1 line of the events" if total == 1 else f"{total:,} lines of the events"
    return f"{lines}{of} could not be read and {'is' if total == 1 else 'are'} left out."


def _cores_words(count: int) -> str:
    return "is one" if count == 1 else f"are {count:,}, so that {100 * count:,} % is all of them"


def absence_words(chart: Chart, runs: int, report_every: int | None) -> str:
    """Returns what to say where there is nothing to draw.

    Args:
        chart: what is looked at.
        runs: how many runs are chosen.
        report_every: iterations between two reports of them; None if that is not known.
    """
    if not runs:
        return _NO_RUN
    first = "the first iterations" if report_every is None else f"{report_every:,} iterations"
    return chart.absence.format("the first iteration" if report_every == 1 else first)
