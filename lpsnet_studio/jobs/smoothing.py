"""Smoothing of curves by an exponential mean that owes nothing to its start."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lpsnet_studio.jobs.track import Growing

__all__ = ["MOST_SMOOTHING", "Smoothed"]

MOST_SMOOTHING = 0.999
_BLOCK = 64


class Smoothed:
    """The exponential mean of a curve that grows, divided by what its weights sum to so far.

    With weight w, value n of the curve's finite ones is smoothed to ``Σ wᵏ x[n−k] / Σ wᵏ``, k = 0 … n: the mean that
    TensorBoard shows. Values that are not finite are gaps, and no part of any mean.

    Args:
        weight: of the past, 0 (nothing is smoothed) … :data:`MOST_SMOOTHING`.
    """

    def __init__(self, weight: float) -> None:
        self.weight = min(max(weight, 0.0), MOST_SMOOTHING)
        self._means = Growing(np.float32)
        self._sum = 0.0
        self._finite = 0

    def follow(self, values: NDArray) -> NDArray[np.float32]:
        """Returns the smoothed curve, (n,) as ``values``.

        Args:
            values: those of the last call and whatever came after them, which alone costs time.
        """
        fresh = np.asarray(values[len(self._means) :], np.float64)
        is_finite = np.isfinite(fresh)
        means = np.full(len(fresh), np.nan)
        means[is_finite] = self._means_of(fresh[is_finite])
        self._means.extend(means.astype(np.float32))
        return self._means.values

    def _means_of(self, finite: NDArray[np.float64]) -> NDArray[np.float64]:
        """Returns the means at values that follow the ones before, all of them finite."""
        if not len(finite):
            return finite
        sums = _discounted_sums(finite, self.weight, self._sum)
        counts = self._finite + np.arange(1, len(finite) + 1, dtype=np.float64)
        self._sum, self._finite = float(sums[-1]), self._finite + len(finite)
        if self.weight == 0:
            return sums
        return sums * ((1 - self.weight) / -np.expm1(counts * np.log(self.weight)))


def _discounted_sums(values: NDArray[np.float64], weight: float, before: float) -> NDArray[np.float64]:
    """Returns s with ``s[i] = weight * s[i − 1] + values[i]``, ``s[−1] = before``.

    A block's sums are those of its own values, one product of matrices for all blocks, and what the sum before it has
    shrunk to; the sums before the blocks are of the same kind, with ``weight`` to the power of a block's length.
    """
    blocks = -(-len(values) // _BLOCK)
    if blocks <= 1:
        return _one_by_one(values, weight, before)
    padded = np.zeros(blocks * _BLOCK)
    padded[: len(values)] = values
    steps = np.arange(_BLOCK)
    ago = steps[:, None] - steps
    own = padded.reshape(blocks, _BLOCK) @ np.where(ago >= 0, weight ** np.maximum(ago, 0), 0.0).T
    at_ends = _discounted_sums(own[:, -1], weight**_BLOCK, before)
    at_starts = np.concatenate(([before], at_ends[:-1]))
    return (own + at_starts[:, None] * weight ** (steps + 1)).reshape(-1)[: len(values)]


def _one_by_one(values: NDArray[np.float64], weight: float, before: float) -> NDArray[np.float64]:
    sums = np.empty(len(values))
    for at, value in enumerate(values.tolist()):
        before = weight * before + value
        sums[at] = before
    return sums
