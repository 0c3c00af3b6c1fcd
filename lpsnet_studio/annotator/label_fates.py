"""What becomes of segments when a class is merged, deleted or made of another kind: said before it is done; no Qt."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from lpsnet_studio.annotator.edits import SegmentInfo
from lpsnet_studio.annotator.labels import LabelSet
from lpsnet_studio.annotator.project import ImageEntry, Status

__all__ = ["FINISHED", "ImageUsage", "LabelUsage", "fate_of_deletion", "fate_of_kind", "fate_of_merge"]

FINISHED = (Status.DONE, Status.APPROVED)
"""Of images that nobody looks at again unless told to."""
_NAMED = 3
"""Images that are named, of those where locked segments are."""


@dataclass(frozen=True, slots=True)
class ImageUsage:
    """How many segments of every class an image has.

    Attributes:
        entry: the image.
        segments: the number of its segments by class id.
        locked: of those that are locked, likewise.
    """

    entry: ImageEntry
    segments: Mapping[int, int]
    locked: Mapping[int, int]

    def has(self, identity: int, at_least: int = 1) -> bool:
        """Whether it has so many segments of a class."""
        return self.segments.get(identity, 0) >= at_least


@dataclass(frozen=True)
class LabelUsage:
    """How many segments of every class there are, image by image."""

    images: tuple[ImageUsage, ...] = ()

    @classmethod
    def count(cls, tables: Iterable[tuple[ImageEntry, Collection[SegmentInfo]]], labels: LabelSet) -> LabelUsage:
        """Counts segments.

        Args:
            tables: images, and the segments of each.
            labels: tells which class a segment is of now.
        """
        return cls(
            tuple(
                ImageUsage(
                    entry,
                    Counter(labels.resolve(info.category) for info in table),
                    Counter(labels.resolve(info.category) for info in table if info.locked),
                )
                for entry, table in tables
            )
        )

    def of(self, identity: int) -> tuple[ImageUsage, ...]:
        """Returns the images in which a class occurs."""
        return tuple(image for image in self.images if image.has(identity))

    def segments(self, identity: int) -> int:
        """Returns how many segments there are of a class."""
        return sum(image.segments[identity] for image in self.of(identity))

    def images_with(self, identity: int) -> int:
        """Returns in how many images a class occurs."""
        return len(self.of(identity))

    def images_with_several(self, identity: int) -> int:
        """Returns in how many images a class has more than one segment."""
        return sum(image.has(identity, 2) for image in self.images)

    def images_that_gain_several(self, identity: int, into: int) -> int:
        """Returns in how many images a class has segments, and more than one together with another class."""
        return sum(image.segments[identity] + image.segments.get(into, 0) > 1 for image in self.of(identity))


def fate_of_merge(labels: LabelSet, identity: int, into: int, usage: LabelUsage) -> str:
    """Returns what becomes of the segments of a class that is merged into another."""
    gone, kept = labels[identity], labels[into]
    sentences = [_touched(labels, identity, usage, f"{_become(identity, usage)} of class {kept.name}")]
    several = usage.images_that_gain_several(identity, into)
    if several and not kept.isthing:
        sentences.append(
            f"{_images(several)} would then hold several segments of {kept.name}, which is stuff: "
            f"the checks list them as duplicates."
        )
    if gone.isthing and not kept.isthing:
        sentences.append(f"{kept.name} is stuff: its instances are not told apart.")
    if kept.isthing and not gone.isthing:
        sentences.append(f"{kept.name} is a thing: each of these segments then counts as one instance.")
    sentences.append(_finished(identity, usage, "stays so", "stay so"))
    sentences.append("This is for good: Ctrl+Z does not undo it.")
    return _spoken(sentences, usage.segments(identity))


def fate_of_deletion(labels: LabelSet, identity: int, usage: LabelUsage) -> str:
    """Returns what becomes of the segments of a class that is deleted."""
    alone = usage.segments(identity) == 1
    fate = "keeps its pixels and loses its class" if alone else "keep their pixels and lose their class"
    sentences = [
        _touched(labels, identity, usage, f"{fate}: void in exports until relabelled (C). Ctrl+Z does not undo this"),
        _locked(identity, usage),
        _finished(identity, usage, "goes back to in progress", "go back to in progress"),
    ]
    return _spoken(sentences, usage.segments(identity))


def fate_of_kind(labels: LabelSet, identity: int, usage: LabelUsage) -> str:
    """Returns what becomes of the segments of a class that is turned from thing to stuff, or from stuff to thing."""
    label = labels[identity]
    instances = "an instance of a thing" if usage.segments(identity) == 1 else "instances of a thing"
    other_kind = "stuff" if label.isthing else instances
    sentences = [_touched(labels, identity, usage, f"{_become(identity, usage)} {other_kind}")]
    several = usage.images_with_several(identity)
    if several and label.isthing:
        sentences.append(
            f"{_images(several)} would then hold several segments of {label.name}, which the checks list as duplicates."
        )
    sentences.append(_finished(identity, usage, "stays so", "stay so"))
    return _spoken(sentences, usage.segments(identity))


def _touched(labels: LabelSet, identity: int, usage: LabelUsage, fate: str) -> str:
    """Returns how many segments a change touches, and in how many images, and what becomes of them."""
    name, segments = labels[identity].name, usage.segments(identity)
    if not segments:
        return f"No image holds a segment of {name}."
    count = "1 segment" if segments == 1 else f"{segments:,} segments"
    return f"{count} of {name} in {_images(usage.images_with(identity))} {fate}."


def _become(identity: int, usage: LabelUsage) -> str:
    return "becomes" if usage.segments(identity) == 1 else "become"


def _locked(identity: int, usage: LabelUsage) -> str:
    """Returns how many of the segments are locked, and where; nothing if none is."""
    images = [image for image in usage.of(identity) if image.locked.get(identity)]
    count = sum(image.locked[identity] for image in images)
    if not count:
        return ""
    names = ", ".join(image.entry.file.path.name for image in images[:_NAMED])
    more = f" and {len(images) - _NAMED:,} more" if len(images) > _NAMED else ""
    are = "is" if count == 1 else "are"
    return f"{count:,} of them {are} locked ({names}{more})."


def _finished(identity: int, usage: LabelUsage, one: str, several: str) -> str:
    """Returns how many of the images were called done, and what becomes of that; nothing if none was."""
    count = sum(image.entry.status in FINISHED for image in usage.of(identity))
    if not count:
        return ""
    if count == 1:
        return f"1 image that is done or approved {one}."
    return f"{count:,} images that are done or approved {several}."


def _images(count: int) -> str:
    return "1 image" if count == 1 else f"{count:,} images"


def _spoken(sentences: list[str], segments: int) -> str:
    """Returns the first sentence alone where nothing is touched: the others speak of what is."""
    return " ".join(filter(None, sentences if segments else sentences[:1]))
