"""Chance that falls alike on every machine and with every version of numpy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

__all__ = ["Chance"]

Choice = TypeVar("Choice")
_BATCH = 32


class Chance:
    """Draws numbers from a seed.

    numpy promises that the raw bits of PCG64 never change, which it does not promise of the numbers that its
    ``Generator`` makes of them; and its normal distribution depends on the machine's logarithm. So the numbers are
    made here, of integers and multiplications by powers of two.

    Args:
        seed: ≥ 0.
        stream: streams of one seed are independent.

    Attributes:
        bits: the source, for arrays of noise.
    """

    def __init__(self, seed: int, stream: int = 0) -> None:
        self.bits = np.random.PCG64(np.random.SeedSequence(seed, spawn_key=(stream,)))
        self._ready: list[int] = []

    def _raw(self) -> int:
        if not self._ready:
            self._ready = np.asarray(self.bits.random_raw(_BATCH)).tolist()
        return self._ready.pop()

    def random(self) -> float:
        """Returns a number in [0, 1)."""
        return (self._raw() >> 11) * 2.0**-53

    def uniform(self, low: float, high: float) -> float:
        """Returns a number from ``low`` to ``high``."""
        return low + (high - low) * self.random()

    def falls(self, probability: float) -> bool:
        """Returns True with this probability."""
        return self.random() < probability

    def below(self, count: int) -> int:
        """Returns an integer in [0, ``count``), for counts under 2³²."""
        return (self._raw() >> 32) * count >> 32

    def seed(self) -> int:
        """Returns a seed for further chance."""
        return self._raw() >> 33

    def pick(self, choices: Sequence[Choice], weights: Sequence[float] | None = None) -> Choice:
        """Returns one of some choices, equally likely or by weights that sum to about 1."""
        if weights is None:
            return choices[self.below(len(choices))]
        left = self.random()
        for choice, weight in zip(choices, weights, strict=True):
            left -= weight
            if left < 0:
                return choice
        return choices[-1]

    def bytes(self, *shape: int) -> NDArray[np.uint8]:
        """Returns an array of integers in [0, 256)."""
        count = int(np.prod(shape))
        raw = np.asarray(self.bits.random_raw(-(-count // 8))).astype("<u8")
        return raw.view(np.uint8)[:count].reshape(shape)
