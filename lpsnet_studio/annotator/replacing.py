"""One segmentation in the place of another, as one edit that undo takes back; locked segments stay; no Qt."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lpsnet_studio.annotator.edits import Edit, PixelPatch, SegmentInfo
from lpsnet_studio.annotator.extents import MOST_SEGMENTS, measure
from lpsnet_studio.annotator.id_maps import IdMap
from lpsnet_studio.annotator.labels import LabelSet

__all__ = ["Replacement", "replacing_edit"]


@dataclass(frozen=True, eq=False)
class Replacement:
    """What takes the place of whatever segments an image has.

    Segments keep their numbers, unless a segment that stays has them. One with the very pixels and class of a segment
    that stays is that one. Stuff joins the segment that has its class.

    Attributes:
        id_map: the segments.
        labels: the project's classes: those of segments are read as they are called today.
        title: what undo calls it.
        is_whole: whether what it has no segment for becomes void; otherwise that stays as it is.
    """

    id_map: IdMap
    labels: LabelSet
    title: str
    is_whole: bool = True

    def edit_of(self, before: IdMap) -> tuple[Edit | None, tuple[str, ...]]:
        """Returns the edit, None if nothing changes; and sentences about segments that were left out.

        Raises:
            ValueError: in a sentence, if the sizes differ, or there are more segments than an image may have.
        """
        before = IdMap(before.ids, _read(before.segments, self.labels))
        after, left_out = self._laid_over(before)
        return replacing_edit(before, after, self.title), left_out

    def _laid_over(self, before: IdMap) -> tuple[IdMap, tuple[str, ...]]:
        if before.ids.shape != self.id_map.ids.shape:
            raise ValueError(f"a map of {self.id_map.ids.shape} does not fit on one of {before.ids.shape}")
        stays = {number: info for number, info in before.segments.items() if info.locked or not self.is_whole}
        if not stays:
            return IdMap(self.id_map.ids, _read(self.id_map.segments, self.labels)), ()
        added = _read(self.id_map.segments, self.labels)
        number_of, barred = self._numbers(IdMap(before.ids, stays), added)
        numbers = number_of[self.id_map.ids]
        is_locked = np.zeros(MOST_SEGMENTS + 1, np.bool_)
        is_locked[[number for number, info in stays.items() if info.locked]] = True
        ids = before.ids if not self.is_whole else np.where(is_locked[before.ids], before.ids, 0)
        ids = np.where((numbers > 0) & ~is_locked[before.ids], numbers, ids).astype(np.uint16)
        new = {int(number_of[number]): info for number, info in added.items() if number_of[number]}
        occurs = np.zeros(MOST_SEGMENTS + 1, np.bool_)
        occurs[ids] = True
        infos = {number: info for number, info in {**new, **stays}.items() if occurs[number]}
        return IdMap(ids, infos), barred

    def _numbers(self, stays: IdMap, added: Mapping[int, SegmentInfo]) -> tuple[NDArray[np.uint16], tuple[str, ...]]:
        """Returns the number that each added one gets, 0 for none, and why those have none."""
        table = np.zeros(MOST_SEGMENTS + 1, np.uint16)
        twins, holders = _twins(stays, self.id_map.ids, added), self._holders(stays)
        free, barred = _free_numbers({*stays.segments, *added}), []
        for number, info in added.items():
            holder = holders.get(info.category) if self._is_stuff(info) else None
            if holder is not None and stays.segments[holder].locked:
                barred.append(f"{self.labels.name_of(info.category)} is locked, and nothing joins it")
            elif holder is not None:
                table[number] = holder
            elif number in twins:
                table[number] = twins[number]
            else:
                table[number] = next(free) if number in stays.segments else number
        return table, tuple(barred)

    def _holders(self, stays: IdMap) -> dict[int, int]:
        """Returns by class of stuff the segment that holds it: one that is not locked, and the largest of these."""
        areas = np.bincount(stays.ids.reshape(-1), minlength=MOST_SEGMENTS + 1)
        held = [(number, info) for number, info in stays.segments.items() if self._is_stuff(info)]
        held.sort(key=lambda entry: (not entry[1].locked, areas[entry[0]]))
        return {info.category: number for number, info in held}

    def _is_stuff(self, info: SegmentInfo) -> bool:
        label = self.labels.by_id.get(info.category)
        return label is not None and not label.isthing and not info.iscrowd


def replacing_edit(before: IdMap, after: IdMap, title: str) -> Edit | None:
    """Returns the edit that puts one segmentation in the place of another; None if they are the same.

    Raises:
        ValueError: if they differ in size.
    """
    patch = PixelPatch.between(before.ids, after.ids)
    changes = _changes(before.segments, after.segments)
    if patch.is_empty and not changes:
        return None
    return Edit(title, patch, changes, {} if patch.is_empty else _changes(measure(before.ids), measure(after.ids)))


def _changes(before: Mapping[int, Any], after: Mapping[int, Any]) -> dict[int, tuple[Any, Any]]:
    return {
        number: (before.get(number), after.get(number))
        for number in sorted(before.keys() | after.keys())
        if before.get(number) != after.get(number)
    }


def _read(segments: Mapping[int, SegmentInfo], labels: LabelSet) -> dict[int, SegmentInfo]:
    return {number: labels.current(info) for number, info in segments.items()}


def _free_numbers(taken: set[int]) -> Iterator[int]:
    """Yields numbers that no segment has: those above all of them first.

    Raises:
        ValueError: in a sentence, once there are none any more.
    """
    highest = max(taken, default=0)
    yield from range(highest + 1, MOST_SEGMENTS + 1)
    yield from (number for number in range(1, highest) if number not in taken)
    raise ValueError(f"an image holds at most {MOST_SEGMENTS} segments")


def _twins(stays: IdMap, ids: NDArray[np.uint16], added: Mapping[int, SegmentInfo]) -> dict[int, int]:
    """Returns which of the added segments have the very pixels and class of one that stays."""
    one_of = np.zeros(MOST_SEGMENTS + 1, np.uint16)
    one_of[ids] = stays.ids  # of several below one, any
    shared = np.bincount(ids[one_of[ids] == stays.ids], minlength=MOST_SEGMENTS + 1)
    areas = np.bincount(ids.reshape(-1), minlength=MOST_SEGMENTS + 1)
    held = np.bincount(stays.ids.reshape(-1), minlength=MOST_SEGMENTS + 1)
    twins = {}
    for number, info in added.items():
        other = int(one_of[number])
        known = stays.segments.get(other)
        if known is None or not shared[number] == areas[number] == held[other]:
            continue
        if (known.category, known.iscrowd) == (info.category, info.iscrowd):
            twins[number] = other
    return twins
