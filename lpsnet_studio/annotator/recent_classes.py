"""Which classes were used last, and which digit each of them keeps while that is so; no Qt."""

from __future__ import annotations

from dataclasses import dataclass, replace

from lpsnet_studio.annotator.labels import HOTKEYS, LabelSet

__all__ = ["RecentClasses"]


@dataclass(frozen=True, slots=True)
class RecentClasses:
    """Classes by their ids, at most one for each digit.

    Attributes:
        latest: the one that was used last first.
        places: the same, each in the place that it got first: a digit means the same class however often it is used.
    """

    latest: tuple[int, ...] = ()
    places: tuple[int, ...] = ()

    def used(self, category: int) -> RecentClasses:
        """Returns them after one more use; a new class takes the place of the one that was used longest ago."""
        latest = (category, *(other for other in self.latest if other != category))
        if category in self.places:
            return replace(self, latest=latest)
        if len(latest) <= len(HOTKEYS):
            return RecentClasses(latest, (*self.places, category))
        *kept, gone = latest
        return RecentClasses(tuple(kept), tuple(category if other == gone else other for other in self.places))

    def still_there(self, labels: LabelSet) -> RecentClasses:
        """Returns what these classes are called in a label set, without those that were deleted."""
        return RecentClasses(labels.still_there(self.latest), labels.still_there(self.places))
