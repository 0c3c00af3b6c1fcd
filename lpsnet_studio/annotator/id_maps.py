"""An id map with its table of segments, as it comes from a project and goes into one; no Qt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from lpsnet.structures import PanopticSegmentation
from lpsnet_studio.annotator.edits import SegmentInfo
from lpsnet_studio.annotator.extents import MOST_SEGMENTS, Numbers
from lpsnet_studio.annotator.labels import LabelSet

__all__ = ["IdMap", "Measured"]


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """The segments of an id map under a label set.

    Attributes:
        segmentation: of the segments that have a label, by ascending number; all else is void. Class indices are places
            in the set.
        strangers: numbers of the segments whose label was deleted, or never was there.
    """

    segmentation: PanopticSegmentation
    strangers: tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class IdMap:
    """Which segment each pixel of an image belongs to, and what is known of the segments.

    Attributes:
        ids: ``[H, W]`` uint16; 0 is void.
        segments: one entry for every number that occurs.
    """

    ids: Numbers
    segments: Mapping[int, SegmentInfo]

    def measured(self, labels: LabelSet) -> Measured:
        """Measures the segments under a label set.

        Segments without a pixel are passed over. A label that was merged into another is that one; segments of a label
        that was deleted become void.

        Raises:
            ValueError: if a number of the map has no entry.
        """
        place = {label.id: index for index, label in enumerate(labels)}
        numbers = self._occurring()
        if unknown := [number for number in numbers if number not in self.segments]:
            raise ValueError(f"number {unknown[0]} of the id map belongs to no segment")
        label_of = {number: labels.resolve(self.segments[number].category) for number in numbers}
        infos = {number: self.segments[number] for number in numbers if label_of[number]}
        strangers = tuple(number for number in numbers if not label_of[number])
        ids = self.ids
        if strangers:
            kept = np.arange(MOST_SEGMENTS + 1, dtype=np.uint16)
            kept[list(strangers)] = 0
            ids = kept[ids]
        segmentation = PanopticSegmentation.from_ids(
            ids,
            {number: place[label_of[number]] for number in infos},
            crowds={number for number, info in infos.items() if info.iscrowd},
            scores={number: info.score for number, info in infos.items() if info.score is not None},
        )
        return Measured(segmentation, strangers)

    def _occurring(self) -> list[int]:
        """Returns the numbers that occur, ascending, without void."""
        occurs = np.zeros(MOST_SEGMENTS + 1, np.bool_)
        occurs[self.ids] = True
        return [int(number) for number in np.flatnonzero(occurs) if number]
