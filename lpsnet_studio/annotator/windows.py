"""Windows of an image that are to be painted again, joined until they are few; no Qt."""

from __future__ import annotations

from collections.abc import Iterable

from lpsnet.structures import Window

__all__ = ["join_windows", "union"]

_MOST = 12
"""Windows that are told at most: each costs the canvas a call, whatever its size."""
_WASTE = 1.25
"""How much larger than its two parts together a joined window may be."""


def union(first: Window, second: Window) -> Window:
    """Returns the smallest window around two."""
    return min(first[0], second[0]), min(first[1], second[1]), max(first[2], second[2]), max(first[3], second[3])


def join_windows(windows: Iterable[Window]) -> tuple[Window, ...]:
    """Returns a few windows that cover what the given ones cover, and hardly more unless they would be many.

    Neighbours are joined where that wastes little. Where more than a dozen are left, they are joined by bands.
    """
    joined = _join_neighbours(sorted(windows))
    joined = _join_neighbours(sorted(joined, key=lambda window: (window[1], window[0])))
    if len(joined) <= _MOST:
        return tuple(joined)
    joined.sort()
    size = -(-len(joined) // _MOST)
    return tuple(_around(joined[start : start + size]) for start in range(0, len(joined), size))


def _join_neighbours(windows: Iterable[Window]) -> list[Window]:
    """Joins every window with the one before it where little is wasted."""
    joined: list[Window] = []
    for window in windows:
        if joined:
            both = union(joined[-1], window)
            if _area(both) <= _WASTE * (_area(joined[-1]) + _area(window)):
                joined[-1] = both
                continue
        joined.append(window)
    return joined


def _around(windows: list[Window]) -> Window:
    around = windows[0]
    for window in windows[1:]:
        around = union(around, window)
    return around


def _area(window: Window) -> int:
    return (window[2] - window[0]) * (window[3] - window[1])
