"""What becomes of segments when a class is merged, deleted or made of another kind: said before it is done; no Qt."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from lpsnet_studio.annotator.edits import SegmentInfo
from lpsnet_studio.annotator.labels import LabelSet

__all__ = ["LabelUsage", "fate_of_deletion", "fate_of_kind", "fate_of_merge"]


@dataclass(frozen=True)
class LabelUsage:
    """How many segments of every class there are, image by image.

    Attributes:
        images: for every image, the number of its segments by class id.
    """

    images: tuple[Mapping[int, int], ...] = ()

    @classmethod
    def count(cls, tables: Iterable[Iterable[SegmentInfo]], labels: LabelSet) -> LabelUsage:
        """Counts segments.

        Args:
            tables: the segments of every image.
            labels: tells which class a segment is of now.
        """
        return cls(tuple(Counter(labels.resolve(info.category) for info in table) for table in tables))

    def segments(self, identity: int) -> int:
        """Returns how many segments there are of a class."""
        return sum(image.get(identity, 0) for image in self.images)

    def images_with(self, identity: int) -> int:
        """Returns in how many images a class occurs."""
        return sum(image.get(identity, 0) > 0 for image in self.images)

    def images_with_several(self, identity: int) -> int:
        """Returns in how many images a class has more than one segment."""
        return sum(image.get(identity, 0) > 1 for image in self.images)

    def images_that_gain_several(self, identity: int, into: int) -> int:
        """Returns in how many images a class has segments, and more than one together with another class."""
        return sum(
            image.get(identity, 0) > 0 and image.get(identity, 0) + image.get(into, 0) > 1 for image in self.images
        )


def fate_of_merge(labels: LabelSet, identity: int, into: int, usage: LabelUsage) -> str:
    """Returns what becomes of the segments of a class that is merged into another."""
    gone, kept = labels[identity], labels[into]
    sentences = [_touched(labels, identity, usage, f"of class {kept.name}")]
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
    return _spoken(sentences, usage.segments(identity))


def fate_of_deletion(labels: LabelSet, identity: int, usage: LabelUsage) -> str:
    """Returns what becomes of the segments of a class that is deleted."""
    return _spoken([_touched(labels, identity, usage, "void")], usage.segments(identity))


def fate_of_kind(labels: LabelSet, identity: int, usage: LabelUsage) -> str:
    """Returns what becomes of the segments of a class that is turned from thing to stuff, or from stuff to thing."""
    label = labels[identity]
    instances = "an instance of a thing" if usage.segments(identity) == 1 else "instances of a thing"
    sentences = [_touched(labels, identity, usage, "stuff" if label.isthing else instances)]
    several = usage.images_with_several(identity)
    if several and label.isthing:
        sentences.append(
            f"{_images(several)} would then hold several segments of {label.name}, which the checks list as duplicates."
        )
    return _spoken(sentences, usage.segments(identity))


def _touched(labels: LabelSet, identity: int, usage: LabelUsage, becomes: str) -> str:
    """Returns how many segments a change touches, and in how many images, and what they become."""
    name, segments = labels[identity].name, usage.segments(identity)
    if not segments:
        return f"No image holds a segment of {name}."
    verb = "becomes" if segments == 1 else "become"
    count = "1 segment" if segments == 1 else f"{segments:,} segments"
    return f"{count} of {name} in {_images(usage.images_with(identity))} {verb} {becomes}."


def _images(count: int) -> str:
    return "1 image" if count == 1 else f"{count:,} images"


def _spoken(sentences: list[str], segments: int) -> str:
    """Returns the first sentence alone where nothing is touched: the others speak of what is."""
    return " ".join(sentences if segments else sentences[:1])
