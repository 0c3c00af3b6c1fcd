"""How the places of a slider stand for values; no Qt."""

from __future__ import annotations

from bisect import bisect_left
from typing import Protocol

__all__ = ["PixelScale", "Scale", "ShareScale"]


class Scale(Protocol):
    """Places 0 … ``last`` of a slider and their values."""

    @property
    def last(self) -> int:
        """The greatest place."""

    def value(self, place: int) -> float:
        """Returns what a place stands for."""

    def place(self, value: float) -> int:
        """Returns the place nearest to a value."""


class ShareScale:
    """0.00, 0.01 … 1.00."""

    last = 100

    def value(self, place: int) -> float:
        """Returns a share of one."""
        return place / self.last

    def place(self, value: float) -> int:
        """Returns the place nearest to a share."""
        return round(value * self.last)


class PixelScale:
    """0, then numbers of pixels with two figures at most, equally far apart by their ratio: 1 … 10 million."""

    def __init__(self, decades: int = 7, to_a_decade: int = 20) -> None:
        powers = (10 ** (step / to_a_decade) for step in range(decades * to_a_decade + 1))
        self._values = [0, *sorted({int(float(f"{power:.1e}")) for power in powers})]

    @property
    def last(self) -> int:
        """The greatest place."""
        return len(self._values) - 1

    def value(self, place: int) -> int:
        """Returns a number of pixels."""
        return self._values[place]

    def place(self, value: float) -> int:
        """Returns the place nearest to a number of pixels."""
        above = min(bisect_left(self._values, value), self.last)
        below = max(above - 1, 0)
        return above if self._values[above] - value <= value - self._values[below] else below
