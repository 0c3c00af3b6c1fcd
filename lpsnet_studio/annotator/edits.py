"""One reversible edit of a segmentation: a patch of pixels, and what became of the segment table; no Qt."""

from __future__ import annotations

import json
import math
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, TypeVar

from lpsnet_studio.annotator.byte_records import ByteReader, open_record, sealed_record
from lpsnet_studio.annotator.extents import MOST_SEGMENTS, Extent
from lpsnet_studio.annotator.patches import PixelPatch

__all__ = ["Edit", "Extent", "PixelPatch", "SegmentInfo"]

_MAGIC, _VERSION = b"LPSe", 1
_ENTRY_BYTES = 400
"""What one entry of a table takes in memory, about."""


@dataclass(frozen=True, slots=True)
class SegmentInfo:
    """What is known of a segment beside its pixels.

    Attributes:
        category: the label set's category id, > 0. Never a class index: label sets change.
        iscrowd: whether it is a crowd region (COCO).
        locked: whether it neither loses nor gains pixels by painting.
        score: confidence in [0, 1] of the detection it came from; None for stuff and whatever a person made.

    Raises:
        ValueError: if the category or the score is none.
    """

    category: int
    iscrowd: bool = False
    locked: bool = False
    score: float | None = None

    def __post_init__(self) -> None:
        if isinstance(self.category, bool) or not isinstance(self.category, int) or self.category <= 0:
            raise ValueError(f"a segment's category is an id above 0, not {self.category!r}")
        if self.score is not None and not (math.isfinite(self.score) and 0 <= self.score <= 1):
            raise ValueError(f"a segment's score lies in [0, 1], not {self.score!r}")

    def to_json(self) -> list[Any]:
        """Returns ``[category, iscrowd, locked, score]``."""
        return [self.category, int(self.iscrowd), int(self.locked), self.score]

    @classmethod
    def from_json(cls, value: Any) -> SegmentInfo:
        """Reads ``[category, iscrowd, locked, score]``.

        Raises:
            ValueError: if it is anything else.
        """
        if not isinstance(value, list) or len(value) != 4:
            raise ValueError(f"a segment is written as four values, not {value!r}")
        category, iscrowd, locked, score = value
        if iscrowd not in (0, 1) or locked not in (0, 1):
            raise ValueError(f"a segment's marks are 0 or 1, not {iscrowd!r} and {locked!r}")
        if score is not None and (isinstance(score, bool) or not isinstance(score, int | float)):
            raise ValueError(f"a segment's score is a number, not {score!r}")
        return cls(category, bool(iscrowd), bool(locked), None if score is None else float(score))


T = TypeVar("T")
Infos = tuple[SegmentInfo | None, SegmentInfo | None]
Extents = tuple[Extent | None, Extent | None]


@dataclass(frozen=True)
class Edit:
    """One step of undo: what one drag, one command or one import changed.

    Attributes:
        title: what it is called in the Edit menu and in the history, such as ``Brush`` or ``Merge 3 segments``.
        patch: the pixels that changed.
        segments: for every segment whose entry in the table changed: before and after; None where it does not exist.
        extents: for every segment whose pixels changed: area and box before and after; None where it does not exist.
            A document measures what is not given.
        selected: numbers of the segments that are selected after it.
        when: seconds since the epoch.
    """

    title: str
    patch: PixelPatch = field(default_factory=PixelPatch)
    segments: Mapping[int, Infos] = field(default_factory=dict)
    extents: Mapping[int, Extents] = field(default_factory=dict)
    selected: tuple[int, ...] = ()
    when: float = field(default_factory=time.time)

    @cached_property
    def nbytes(self) -> int:
        """What the edit takes in memory, about."""
        return (
            self.patch.nbytes + _ENTRY_BYTES * (1 + len(self.segments) + len(self.extents)) + sys.getsizeof(self.title)
        )

    def inverse(self) -> Edit:
        """Returns the edit that takes this one back."""
        return Edit(
            self.title,
            self.patch,
            {number: (after, before) for number, (before, after) in self.segments.items()},
            {number: (after, before) for number, (before, after) in self.extents.items()},
            self.selected,
            self.when,
        )

    def read_as(self, read: Callable[[SegmentInfo], SegmentInfo]) -> Edit:
        """Returns the edit with every entry of its table read in a way, such as by the classes of today."""
        infos = {
            number: (None if before is None else read(before), None if after is None else read(after))
            for number, (before, after) in self.segments.items()
        }
        return self if infos == self.segments else replace(self, segments=infos)

    def to_bytes(self) -> bytes:
        """Returns the edit as it is journaled."""
        head = {
            "title": self.title,
            "when": self.when,
            "selected": list(self.selected),
            "segments": [
                [number, *(None if info is None else info.to_json() for info in pair)]
                for number, pair in self.segments.items()
            ],
            "extents": [
                [number, *(None if extent is None else [extent.area, *extent.box] for extent in pair)]
                for number, pair in self.extents.items()
            ],
        }
        text = json.dumps(head, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode(
            errors="surrogatepass"
        )
        return sealed_record(_MAGIC, _VERSION, len(text).to_bytes(4, "little") + text + self.patch.content())

    @classmethod
    def from_bytes(cls, record: bytes) -> Edit:
        """Reads an edit from its bytes.

        Raises:
            ValueError: in a sentence, if they are damaged, cut short, or of a newer version.
        """
        reader = ByteReader(open_record(_MAGIC, _VERSION, record, "an edit"), "an edit")
        (length,) = reader.numbers("<u4", 1).tolist()
        text = reader.numbers("<u1", length).tobytes()
        try:
            title, when, selected, segments, extents = _read_head(json.loads(text))
        except (ValueError, TypeError, KeyError, OverflowError, RecursionError) as error:
            raise reader.refusal(f"holds a table that cannot be read ({error})") from None
        patch = PixelPatch.read(reader)
        reader.finish()
        return cls(title, patch, segments, extents, selected, when)


def _read_head(head: Any) -> tuple[str, float, tuple[int, ...], dict[int, Infos], dict[int, Extents]]:
    """Reads everything of an edit but its pixels."""
    title, when = head["title"], head["when"]
    if not isinstance(title, str) or isinstance(when, bool) or not isinstance(when, int | float) or when != when:
        raise ValueError(f"its title is {title!r}, its time {when!r}")
    selected = tuple(_number(value) for value in head["selected"])
    segments = {
        _number(number): (_optional(before, SegmentInfo.from_json), _optional(after, SegmentInfo.from_json))
        for number, before, after in head["segments"]
    }
    extents = {
        _number(number): (_optional(before, _extent), _optional(after, _extent))
        for number, before, after in head["extents"]
    }
    return title, float(when), selected, segments, extents


def _number(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MOST_SEGMENTS:
        raise ValueError(f"{value!r} is not a segment's number")
    return value


def _extent(value: Any) -> Extent:
    if not isinstance(value, list) or len(value) != 5 or not all(type(part) is int and part >= 0 for part in value):
        raise ValueError(f"{value!r} is not an area and a box")
    area, x0, y0, x1, y1 = value
    return Extent(area, (x0, y0, x1, y1))


def _optional(value: Any, read: Callable[[Any], T]) -> T | None:
    return None if value is None else read(value)
