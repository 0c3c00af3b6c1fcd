"""Figures reported at the same moments, in arrays that grow at their end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Growing", "Series", "Track"]

_LEAST_ROOM = 64


class Growing:
    """An array to which values are added at its end, in constant time each.

    Args:
        dtype: of the values.
    """

    def __init__(self, dtype: type[np.floating]) -> None:
        self._room: NDArray = np.empty(0, dtype)
        self._length = 0

    def __len__(self) -> int:
        return self._length

    @property
    def values(self) -> NDArray:
        """What there is now: a view that stays as it is, whatever is added or dropped later."""
        return self._room[: self._length]

    def extend(self, values: NDArray) -> None:
        """Adds values at the end."""
        length = self._length + len(values)
        if length > len(self._room):
            room = np.empty(max(length, 2 * len(self._room), _LEAST_ROOM), self._room.dtype)
            room[: self._length] = self.values
            self._room = room
        self._room[self._length : length] = values
        self._length = length

    def cut(self, length: int) -> None:
        """Keeps the first ``length`` values. Those who hold a view of the others keep these."""
        if length < self._length:
            self._room, self._length = self._room[:length].copy(), length


@dataclass(frozen=True, slots=True)
class Series:
    """One curve, as it was when it was asked for.

    Attributes:
        name: of the figure.
        iterations: (n,) float64, never going back.
        times: (n,) float64, seconds since 1970, never going back either.
        values: (n,) float32; not a number where there is none.
        generation: another one whenever values that were there before have gone.
    """

    name: str
    iterations: NDArray[np.float64]
    times: NDArray[np.float64]
    values: NDArray[np.float32]
    generation: int


class Track:
    """Figures of one kind of event: all of them have its iteration and its time.

    Attributes:
        generation: counts how often values were dropped.
    """

    def __init__(self) -> None:
        self._iterations, self._times = Growing(np.float64), Growing(np.float64)
        self._values: dict[str, Growing] = {}
        self.generation = 0

    def __len__(self) -> int:
        return len(self._times)

    @property
    def names(self) -> tuple[str, ...]:
        """The figures that there were at any time, in the order of their first appearance."""
        return tuple(self._values)

    @property
    def moments(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """When each was, seconds since 1970, and at which iteration."""
        times = self._times.values
        return times, self._iterations.values[: len(times)]

    @property
    def nbytes(self) -> int:
        """Memory in use, without room kept for growth."""
        return sum(column.values.nbytes for column in (self._iterations, self._times, *self._values.values()))

    def extend(
        self, iterations: Sequence[float], times: Sequence[float], rows: Sequence[Mapping[str, float | None]]
    ) -> None:
        """Adds moments at the end.

        Args:
            iterations: of each, never going back among themselves; those that are there and lie later are dropped, as
                what was reported before a run went back.
            times: of each, seconds since 1970.
            rows: the figures of each by name; one that is left out or None is a gap.
        """
        if not rows:
            return
        self.go_back(iterations[0])
        before = len(self)
        names = rows[0].keys() if all(row.keys() == rows[0].keys() for row in rows) else _all_names(rows)
        for name in names:
            if name not in self._values:
                self._values[name] = Growing(np.float32)
                self._values[name].extend(np.full(before, np.nan, np.float32))
        with np.errstate(over="ignore"):
            for name, column in self._values.items():
                column.extend(np.array([row.get(name) for row in rows], np.float64).astype(np.float32))
        self._iterations.extend(np.asarray(iterations, np.float64))
        self._times.extend(self._never_back(times))

    def _never_back(self, times: Sequence[float]) -> NDArray[np.float64]:
        """Returns times that go on from the last; one that is not known or was set back stands still."""
        latest = self._times.values[-1] if len(self._times) else -np.inf
        known = np.fmax(np.asarray(times, np.float64), latest)
        known[0] = np.nan_to_num(known[0], neginf=0.0)
        return np.fmax.accumulate(known)

    def go_back(self, iteration: float) -> None:
        """Drops what was reported of later iterations."""
        kept = int(np.searchsorted(self._iterations.values, iteration, side="right"))
        if kept < len(self):
            self.generation += 1
            for column in (self._iterations, self._times, *self._values.values()):
                column.cut(kept)

    def series(self, name: str) -> Series:
        """Returns a figure's curve as it is now.

        Raises:
            KeyError: if it was never reported.
        """
        times, iterations = self.moments
        values = self._values[name].values
        length = min(len(times), len(iterations), len(values))
        return Series(name, iterations[:length], times[:length], values[:length], self.generation)


def _all_names(rows: Sequence[Mapping[str, float | None]]) -> dict[str, None]:
    return dict.fromkeys(name for row in rows for name in row)
