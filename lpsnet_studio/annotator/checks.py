"""What an annotator would rather know before an image is called done: gaps, specks, holes, doubles; no Qt.

A check looks at a snapshot, so that it can run outside the window's thread, and after an edit again at nothing but the
segments near it.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from lpsnet.structures import Window
from lpsnet_studio.annotator.edits import SegmentInfo
from lpsnet_studio.annotator.extents import Box, Extent, Numbers
from lpsnet_studio.annotator.labels import LabelSet
from lpsnet_studio.annotator.placed_mask import Mask, window_of_box
from lpsnet_studio.annotator.regions import segment_mask

__all__ = ["CheckOptions", "CheckReport", "Finding", "FindingKind", "Snapshot", "check"]


_CROSS = np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]], np.uint8)
"""A pixel and those that share a side with it."""


class FindingKind(enum.StrEnum):
    """What may be amiss, in the order in which it is listed."""

    UNLABELLED = "unlabelled pixels"
    CLASSLESS = "segments without a class"
    DUPLICATE_STUFF = "duplicate stuff"
    DISCONNECTED = "disconnected things"
    HOLES = "holes"
    SPECKS = "specks"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that may be amiss.

    Attributes:
        kind: what.
        number: of the segment; 0 for void.
        box: where to look, half-open ``(x0, y0, x1, y1)``.
        area: how many pixels are concerned.
        sentence: the same for people.
        others: further segments that it concerns.
    """

    kind: FindingKind
    number: int
    box: Box
    area: int
    sentence: str
    others: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class CheckOptions:
    """What counts as small.

    Attributes:
        speck_pixels: a part with fewer pixels is a speck.
    """

    speck_pixels: int = 16


class _Described(Protocol):
    """What a document tells of itself."""

    @property
    def ids(self) -> Numbers: ...
    @property
    def segments(self) -> Mapping[int, SegmentInfo]: ...
    @property
    def extents(self) -> Mapping[int, Extent]: ...


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """A segmentation as it is at one moment.

    Attributes:
        ids: ``[H, W]``; not a copy, so that it changes with the document that it is of.
        segments: what is known of every number.
        boxes: the tight half-open box of every number.
        labels: the classes.
    """

    ids: Numbers
    segments: Mapping[int, SegmentInfo]
    boxes: Mapping[int, Box]
    labels: LabelSet

    @classmethod
    def of(cls, document: _Described, labels: LabelSet) -> Snapshot:
        """Returns what a document holds now."""
        boxes = {number: extent.box for number, extent in document.extents.items()}
        return cls(document.ids, dict(document.segments), boxes, labels)

    def name(self, number: int) -> str:
        """Returns a segment's name for people, such as ``person #12``."""
        return f"{self.labels.name_of(self.segments[number].category)} #{number}"

    def has_class(self, number: int) -> bool:
        """Whether the class of a segment was not deleted since."""
        return self.labels.resolve(self.segments[number].category) > 0

    def is_thing(self, number: int) -> bool:
        """Whether a segment's class is a thing."""
        label = self.labels.by_id.get(self.segments[number].category)
        return label is not None and label.isthing


@dataclass(frozen=True)
class CheckReport:
    """What was found, in such a way that part of it can be looked at again.

    Attributes:
        of_segment: the findings of every segment that has some.
        of_void: unlabelled pixels, and the holes of segments that they make.
        of_table: what the table alone shows.
        boxes: where every segment was.
    """

    of_segment: Mapping[int, tuple[Finding, ...]] = field(default_factory=dict)
    of_void: tuple[Finding, ...] = ()
    of_table: tuple[Finding, ...] = ()
    boxes: Mapping[int, Box] = field(default_factory=dict)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Everything that was found, by kind and then by descending area."""
        order = list(FindingKind)
        of_segments = (finding for findings in self.of_segment.values() for finding in findings)
        everything = [*self.of_void, *self.of_table, *of_segments]
        return tuple(sorted(everything, key=lambda found: (order.index(found.kind), -found.area, found.number)))


def check(
    snapshot: Snapshot,
    options: CheckOptions = CheckOptions(),
    *,
    earlier: CheckReport | None = None,
    changed: Collection[Window] = (),
    relabelled: Collection[int] = (),
    cancelled: Callable[[], bool] = lambda: False,
) -> CheckReport | None:
    """Looks at a segmentation, or again at what changed of it.

    Args:
        snapshot: what to look at.
        options: what counts as small.
        earlier: what was found before; None to look at everything.
        changed: windows whose pixels may have changed since.
        relabelled: numbers whose entry in the table changed since.
        cancelled: asked before every segment.

    Returns:
        What was found; None if it was cancelled.
    """
    of_segment = {} if earlier is None else dict(earlier.of_segment)
    for number in set(of_segment) - snapshot.segments.keys():
        del of_segment[number]
    for number in snapshot.segments:
        box = snapshot.boxes[number]
        known = earlier is not None and earlier.boxes.get(number) == box and number not in relabelled
        if known and not _meets_any(box, changed):
            continue
        if cancelled():
            return None
        of_segment[number] = tuple(_findings_of_segment(snapshot, number, options))
    if cancelled():
        return None
    of_void = _void_again(snapshot, options, earlier, changed, relabelled)
    found = {number: findings for number, findings in of_segment.items() if findings}
    return CheckReport(found, of_void, tuple(_duplicate_stuff(snapshot)), snapshot.boxes)


def _void_again(
    snapshot: Snapshot,
    options: CheckOptions,
    earlier: CheckReport | None,
    changed: Collection[Window],
    relabelled: Collection[int],
) -> tuple[Finding, ...]:
    """Returns the findings of void; the earlier ones if neither pixels nor names of segments changed."""
    if earlier is not None and not changed and not relabelled:
        return earlier.of_void
    return tuple(_findings_of_void(snapshot, options))


def _meets_any(box: Box, windows: Collection[Window]) -> bool:
    y0, x0, y1, x1 = window_of_box(box)
    return any(y0 <= bottom and top <= y1 and x0 <= right and left <= x1 for top, left, bottom, right in windows)


def _findings_of_segment(snapshot: Snapshot, number: int, options: CheckOptions) -> Iterator[Finding]:
    box = snapshot.boxes[number]
    name = snapshot.name(number)
    region = segment_mask(snapshot.ids, number, box)
    _, areas, boxes = _parts(region.mask, region.origin, connectivity=8)
    if not snapshot.has_class(number):
        area = int(areas.sum())
        sentence = f"{name}: {_pixels(area)} without a class, void in exports."
        yield Finding(FindingKind.CLASSLESS, number, box, area, sentence)
    small = areas < options.speck_pixels
    small[np.argmax(areas)] = False
    if (count := int(small.sum())) > 0:
        area, largest = int(areas[small].sum()), int(np.argmax(np.where(small, areas, -1)))
        sentence = f"{name} has {_counted(count, 'speck', area)}."
        yield Finding(FindingKind.SPECKS, number, boxes[largest], area, sentence)
    parts = len(areas) - count
    if parts > 1 and snapshot.is_thing(number) and not snapshot.segments[number].iscrowd:
        rest = int(areas.sum() - areas.max())
        yield Finding(FindingKind.DISCONNECTED, number, box, rest, f"{name} is in {parts:,} parts.")


def _findings_of_void(snapshot: Snapshot, options: CheckOptions) -> Iterator[Finding]:
    """Yields every region of void, the small ones together as one finding, and the holes of segments that it makes."""
    parts, areas, boxes = _parts(snapshot.ids == 0, (0, 0), connectivity=4)
    yield from _unlabelled(areas, boxes, options)
    holes: dict[int, list[int]] = {}
    for part, box in enumerate(boxes):
        number = _encloser(snapshot.ids, parts, part + 1, box)
        if number:
            holes.setdefault(number, []).append(part)
    for number, of_number in holes.items():
        of_number.sort(key=lambda part: -int(areas[part]))
        area = int(areas[of_number].sum())
        sentence = f"{snapshot.name(number)} has {_counted(len(of_number), 'hole', area)}."
        yield Finding(FindingKind.HOLES, number, boxes[of_number[0]], area, sentence)


def _encloser(ids: Numbers, parts: NDArray[np.int32], part: int, box: Box) -> int:
    """Returns the one segment that lies all around a region of void; 0 if there is not one, or the image ends there."""
    height, width = ids.shape
    y0, x0, y1, x1 = window_of_box(box)
    if y0 == 0 or x0 == 0 or y1 == height or x1 == width:
        return 0
    within = parts[y0 - 1 : y1 + 1, x0 - 1 : x1 + 1] == part
    number = int(ids[y0 - 1, x0 + int(np.argmax(within[1, 1:-1]))])
    around = cv2.dilate(within.view(np.uint8), _CROSS).view(np.bool_) & ~within
    alone = bool((ids[y0 - 1 : y1 + 1, x0 - 1 : x1 + 1][around] == number).all())
    return number if alone else 0


def _unlabelled(areas: NDArray[np.int64], boxes: list[Box], options: CheckOptions) -> Iterator[Finding]:
    small = areas < options.speck_pixels
    for part in np.flatnonzero(~small).tolist():
        area = int(areas[part])
        yield Finding(FindingKind.UNLABELLED, 0, boxes[part], area, f"{_pixels(area)} are unlabelled.")
    if small.any():
        area, largest = int(areas[small].sum()), int(np.argmax(np.where(small, areas, -1)))
        sentence = f"{_pixels(area)} {'is' if area == 1 else 'are'} unlabelled."
        if (count := int(small.sum())) > 1:
            sentence = f"{_pixels(area)} are unlabelled in {count:,} specks."
        yield Finding(FindingKind.UNLABELLED, 0, boxes[largest], area, sentence)


def _duplicate_stuff(snapshot: Snapshot) -> Iterator[Finding]:
    """Yields every stuff class that more than one segment has."""
    of_class: dict[int, list[int]] = {}
    for number, info in snapshot.segments.items():
        if not snapshot.is_thing(number) and not info.iscrowd and info.category in snapshot.labels.by_id:
            of_class.setdefault(info.category, []).append(number)
    for numbers in of_class.values():
        if len(numbers) < 2:
            continue
        numbers = sorted(numbers, key=lambda number: -_box_area(snapshot.boxes[number]))
        name = snapshot.name(numbers[0]).rpartition(" #")[0]
        listed = ", ".join(f"#{number}" for number in numbers[:-1]) + f" and #{numbers[-1]}"
        second = snapshot.boxes[numbers[1]]
        sentence = f"{len(numbers):,} segments are {name}: {listed}."
        yield Finding(FindingKind.DUPLICATE_STUFF, numbers[1], second, _box_area(second), sentence, tuple(numbers))


def _parts(
    mask: Mask, origin: tuple[int, int], connectivity: int
) -> tuple[NDArray[np.int32], NDArray[np.int64], list[Box]]:
    """Returns the parts of a mask that do not touch each other, counted from 1: which is where, areas and boxes."""
    _, parts, stats, _ = cv2.connectedComponentsWithStats(
        np.ascontiguousarray(mask).view(np.uint8), connectivity=connectivity
    )
    top, left = origin
    boxes = [(left + x, top + y, left + x + w, top + y + h) for x, y, w, h, _ in stats[1:].tolist()]
    return parts, stats[1:, cv2.CC_STAT_AREA].astype(np.int64), boxes


def _box_area(box: Box) -> int:
    return (box[2] - box[0]) * (box[3] - box[1])


def _counted(count: int, noun: str, area: int) -> str:
    """Returns for instance ``a hole of 4 pixels`` or ``3 holes of 12 pixels in all``."""
    return f"a {noun} of {_pixels(area)}" if count == 1 else f"{count:,} {noun}s of {_pixels(area)} in all"


def _pixels(count: int) -> str:
    return f"{count:,} pixel{'' if count == 1 else 's'}"
