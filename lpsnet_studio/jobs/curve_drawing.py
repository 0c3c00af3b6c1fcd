"""What is drawn of the curves of some runs: few points that look like all, and the exact figures behind them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from lpsnet_studio.jobs.curve_charts import scale_of
from lpsnet_studio.jobs.curves import RunCurves
from lpsnet_studio.jobs.decimation import extremes, within
from lpsnet_studio.jobs.smoothing import Smoothed
from lpsnet_studio.jobs.track import Series

__all__ = ["Axis", "CurveDrawer", "Drawing", "DrawnCurve", "Exact", "Sight"]

Axis = Literal["iteration", "time"]
_MARGIN = 0.5
_MOST_BUCKETS = 4000
"""Of all curves together: what is painted within the time that the window may stand still."""
_FEWEST_BUCKETS = 150


@dataclass(frozen=True, slots=True)
class Sight:
    """What the user looks at.

    Attributes:
        runs: folders of the runs, in their order.
        names: figures of each.
        axis: what curves are drawn over: iterations, or seconds since the run began.
        smoothing: weight of the past, 0 … 0.999.
        is_log: whether values are drawn as their decimal logarithm.
        pixels: width of the plot.
        low: first place in sight; None with ``high`` for the whole run.
        high: last place in sight.
    """

    runs: tuple[Path, ...] = ()
    names: tuple[str, ...] = ()
    axis: Axis = "iteration"
    smoothing: float = 0.0
    is_log: bool = False
    pixels: int = 800
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Exact:
    """One point of a curve.

    Attributes:
        x: on the axis.
        value: in the unit shown, never its logarithm; not a number at a gap.
        smoothed: likewise; the value itself where nothing is smoothed.
    """

    x: float
    value: float
    smoothed: float


@dataclass(frozen=True, slots=True, eq=False)
class DrawnCurve:
    """One figure of one run, ready to be drawn.

    Attributes:
        run: its folder.
        name: of the figure.
        xs: (n,) float64 of the points to draw.
        ys: (n,) float64, as drawn: logarithms on a logarithmic axis.
        smooth_xs: (m,) of the smoothed curve; empty if nothing is smoothed.
        smooth_ys: (m,).
        all_xs: (N,) of all points there are, for :meth:`nearest`.
        values: (N,) as reported.
        means: (N,) smoothed.
    """

    run: Path
    name: str
    xs: NDArray[np.float64]
    ys: NDArray[np.float64]
    smooth_xs: NDArray[np.float64]
    smooth_ys: NDArray[np.float64]
    all_xs: NDArray[np.float64]
    begun: float
    values: NDArray[np.float32]
    means: NDArray[np.float32]

    @property
    def extent(self) -> tuple[float, float] | None:
        """First and last place of the whole curve; None if it is empty."""
        return (self.all_xs[0] - self.begun, self.all_xs[-1] - self.begun) if len(self.all_xs) else None

    def nearest(self, x: float) -> Exact | None:
        """Returns the point that is nearest along the axis; None if there is none."""
        if not len(self.all_xs):
            return None
        after = int(np.searchsorted(self.all_xs, x + self.begun))
        candidates = [at for at in (after - 1, after) if 0 <= at < len(self.all_xs)]
        return self._exact(min(candidates, key=lambda at: abs(self.all_xs[at] - self.begun - x)))

    def last(self) -> Exact | None:
        """Returns the last point; None if there is none."""
        return self._exact(len(self.all_xs) - 1) if len(self.all_xs) else None

    def _exact(self, at: int) -> Exact:
        scale = scale_of(self.name)
        return Exact(float(self.all_xs[at] - self.begun), float(self.values[at]) * scale, float(self.means[at]) * scale)


@dataclass(frozen=True, slots=True)
class Drawing:
    """Everything in sight, as it was at one moment.

    Attributes:
        sight: what was asked for.
        curves: a run's figures side by side, runs in their order; those that there are.
        names: figures that each run has, whatever is in sight.
        problems: a sentence each for runs that could not be read.
    """

    sight: Sight
    curves: tuple[DrawnCurve, ...]
    names: dict[Path, tuple[str, ...]]
    problems: tuple[str, ...] = ()


class CurveDrawer:
    """Works out drawings; what did not change since the last one is the same object again."""

    def __init__(self) -> None:
        self._smoothed: dict[tuple[Path, str], tuple[int, Smoothed]] = {}
        self._drawn: dict[tuple[Path, str], tuple[object, DrawnCurve]] = {}

    def draw(self, sight: Sight, runs: Iterable[RunCurves], problems: Iterable[str] = ()) -> Drawing:
        """Returns what is to be drawn now.

        Args:
            sight: what is looked at.
            runs: all that are known; those in sight are drawn.
            problems: sentences to pass on.
        """
        by_folder = {run.folder: run for run in runs}
        shown = [by_folder[folder] for folder in sight.runs if folder in by_folder]
        names = {run.folder: run.names for run in shown}
        wanted = [(run, name) for run in shown for name in sight.names if name in names[run.folder]]
        self._forget_all_but({(run.folder, name) for run, name in wanted})
        room = max(_FEWEST_BUCKETS, _MOST_BUCKETS // max(len(wanted), 1))
        fitting = replace(sight, pixels=min(sight.pixels, room))
        curves = tuple(self._curve(run, name, fitting) for run, name in wanted)
        return Drawing(sight, curves, names, tuple(problems))

    def _forget_all_but(self, kept: set[tuple[Path, str]]) -> None:
        self._smoothed = {key: value for key, value in self._smoothed.items() if key in kept}
        self._drawn = {key: value for key, value in self._drawn.items() if key in kept}

    def _curve(self, run: RunCurves, name: str, sight: Sight) -> DrawnCurve:
        series, begun = run.series(name), run.begun(sight.names)
        key = (run.folder, name)
        look = (sight.axis, sight.smoothing, sight.is_log, sight.pixels, sight.low, sight.high)
        state = (series.generation, len(series.values), begun, look)
        known = self._drawn.get(key)
        if known is None or known[0] != state or name.startswith("load."):
            means = self._means(key, series, sight.smoothing)
            known = self._drawn[key] = (state, _drawn(run.folder, series, means, begun, sight))
        return known[1]

    def _means(self, key: tuple[Path, str], series: Series, weight: float) -> NDArray[np.float32]:
        """Returns the smoothed curve, which costs what was added since the last time."""
        if weight == 0:
            self._smoothed.pop(key, None)
            return series.values
        generation, smoothed = self._smoothed.get(key, (None, None))
        if smoothed is None or generation != series.generation or smoothed.weight != weight:
            smoothed = Smoothed(weight)
        self._smoothed[key] = (series.generation, smoothed)
        return smoothed.follow(series.values)


def _drawn(run: Path, series: Series, means: NDArray[np.float32], begun: float, sight: Sight) -> DrawnCurve:
    is_time = sight.axis == "time"
    all_xs = series.times if is_time else series.iterations
    start = (begun if np.isfinite(begun) else float(all_xs[0])) if is_time and len(all_xs) else 0.0
    points, buckets = slice(0, len(all_xs)), max(sight.pixels, 1)
    if sight.low is not None and sight.high is not None:
        margin = _MARGIN * (sight.high - sight.low)
        points = within(all_xs, sight.low - margin + start, sight.high + margin + start)
        buckets = round(buckets * (1 + 2 * _MARGIN))
    xs, ys = _thinned(all_xs[points], series.values[points], buckets)
    smooth_xs = smooth_ys = np.empty(0)
    if sight.smoothing > 0:
        smooth_xs, smooth_ys = _thinned(all_xs[points], means[points], buckets)
    scale = scale_of(series.name)
    return DrawnCurve(
        run,
        series.name,
        xs - start,
        _as_drawn(ys, scale, sight.is_log),
        smooth_xs - start,
        _as_drawn(smooth_ys, scale, sight.is_log),
        all_xs,
        start,
        series.values,
        means,
    )


def _thinned(xs: NDArray, values: NDArray, buckets: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    kept = extremes(values, buckets)
    return xs[kept], values[kept].astype(np.float64)


def _as_drawn(values: NDArray[np.float64], scale: float, is_log: bool) -> NDArray[np.float64]:
    """Returns values in the unit shown; those that have no logarithm are gaps on a logarithmic axis."""
    scaled = np.where(np.isfinite(values), values * scale, np.nan)
    if not is_log:
        return scaled
    return np.log10(np.where(scaled > 0, scaled, np.nan))
