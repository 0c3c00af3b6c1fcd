"""Which points of a long curve need to be drawn so that it looks as if all were."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["extremes", "within"]


def within(xs: NDArray, low: float, high: float) -> slice:
    """Returns the points of a curve between two places, and one more on either side that leads the line there.

    Args:
        xs: (n,), never going back.
        low: the first place.
        high: the last place.
    """
    first = int(np.searchsorted(xs, low, side="left")) - 1
    last = int(np.searchsorted(xs, high, side="right")) + 1
    return slice(max(first, 0), max(min(last, len(xs)), 0))


def extremes(values: NDArray, buckets: int) -> NDArray[np.intp]:
    """Returns which points to draw, ascending: of each run of neighbours the lowest and the highest, and both ends.

    No spike is lost, however narrow. A run without any finite value is kept by one point that is a gap.

    Args:
        values: (n,) of the curve; what is not finite is a gap.
        buckets: how many runs the curve is divided into; best one a pixel.
    """
    length = len(values)
    if length <= 2 * max(buckets, 1):
        return np.arange(length)
    size = -(-length // buckets)
    whole = length // size * size
    starts = np.arange(0, whole, size)
    blocks = values[:whole].reshape(-1, size)
    if np.isfinite(blocks.sum()):
        lows, highs = starts + blocks.argmin(axis=1), starts + blocks.argmax(axis=1)
    else:
        is_gap = ~np.isfinite(blocks)
        lows = starts + np.where(is_gap, np.inf, blocks).argmin(axis=1)
        highs = starts + np.where(is_gap, -np.inf, blocks).argmax(axis=1)
    rest = values[whole:]
    ends = [0, length - 1]
    if np.isfinite(rest).any():
        ends += [whole + int(np.nanargmin(rest)), whole + int(np.nanargmax(rest))]
    return np.unique(np.concatenate((lows, highs, np.array(ends, np.intp))))
