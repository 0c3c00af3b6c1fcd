"""Where the canvas has looked, to go back and forward; no Qt."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import isclose

__all__ = ["Place", "Places"]

_MOST = 100


@dataclass(frozen=True, slots=True)
class Place:
    """Where the canvas looks.

    Attributes:
        zoom: screen pixels per image pixel.
        x: column of the image in the middle of the view.
        y: row of the image likewise.
        fitted: whether the whole photo is shown, and goes on being so when the window changes its size.
    """

    zoom: float
    x: float
    y: float
    fitted: bool

    def is_near(self, other: Place) -> bool:
        """Whether two places look the same: within a screen pixel, and one in a thousand in zoom."""
        if self.fitted and other.fitted:
            return True
        reach = 1.5 / max(self.zoom, 1e-9)
        near = abs(self.x - other.x) <= reach and abs(self.y - other.y) <= reach
        return near and isclose(self.zoom, other.zoom, rel_tol=1e-3)


class Places:
    """The places before and after the one that is shown.

    Args:
        on_change: called after :attr:`can_go_back` or :attr:`can_go_forward` has changed.
    """

    def __init__(self, on_change: Callable[[], None] = lambda: None) -> None:
        self._back: list[Place] = []
        self._forward: list[Place] = []
        self._on_change = on_change
        self._told = (False, False)

    @property
    def can_go_back(self) -> bool:
        """Whether there is a place before."""
        return bool(self._back)

    @property
    def can_go_forward(self) -> bool:
        """Whether there is a place after."""
        return bool(self._forward)

    def leave(self, place: Place) -> None:
        """Remembers a place that is about to be left for a new one; the oldest of many are forgotten."""
        self._forward.clear()
        if not self._back or not self._back[-1].is_near(place):
            self._back.append(place)
            del self._back[:-_MOST]
        self._tell()

    def back(self, now: Place) -> Place | None:
        """Returns the place before, and remembers the one that is left for :meth:`forward`."""
        found = _turn(now, self._back, self._forward)
        self._tell()
        return found

    def forward(self, now: Place) -> Place | None:
        """Returns the place that :meth:`back` left."""
        found = _turn(now, self._forward, self._back)
        self._tell()
        return found

    def clear(self) -> None:
        """Forgets every place."""
        self._back.clear()
        self._forward.clear()
        self._tell()

    def _tell(self) -> None:
        possible = (self.can_go_back, self.can_go_forward)
        if possible != self._told:
            self._told = possible
            self._on_change()


def _turn(now: Place, source: list[Place], target: list[Place]) -> Place | None:
    """Takes the last place of ``source`` that differs from where one is, and leaves where one is in ``target``."""
    while source:
        place = source.pop()
        if not place.is_near(now):
            target.append(now)
            return place
    return None
