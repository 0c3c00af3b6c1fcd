"""Changes of the classes that cannot be taken back by hand: what each does, and what it is said to do before; no Qt."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

from lpsnet_studio.annotator.label_fates import LabelUsage, fate_of_deletion, fate_of_kind, fate_of_merge
from lpsnet_studio.annotator.labels import Label, LabelSet

__all__ = ["Addition", "Deletion", "KindChange", "LabelChange", "Merge"]


class LabelChange(Protocol):
    """A change that is told before it is made."""

    @property
    def counts(self) -> bool:
        """Whether the segments of all images are counted first."""

    def is_possible(self, labels: LabelSet) -> bool:
        """Whether the classes that it is about are there."""

    def verb(self, labels: LabelSet) -> str:
        """Returns what stands on the button that makes it."""

    def fate(self, labels: LabelSet, usage: LabelUsage) -> str:
        """Returns what it will do, in sentences."""

    def reopened(self, usage: LabelUsage) -> tuple[int, ...]:
        """Returns the images, by id, that are not done any more after it."""

    def made(self, labels: LabelSet) -> LabelSet:
        """Returns the classes after it."""


@dataclass(frozen=True, slots=True)
class Deletion:
    """A class is deleted; its segments stay, without a class."""

    identity: int
    counts: bool = True

    def is_possible(self, labels: LabelSet) -> bool:
        """Whether the class is there."""
        return self.identity in labels.by_id

    def verb(self, labels: LabelSet) -> str:
        """Returns what stands on the button."""
        return f"Delete {labels[self.identity].name}"

    def fate(self, labels: LabelSet, usage: LabelUsage) -> str:
        """Returns what becomes of the segments."""
        return fate_of_deletion(labels, self.identity, usage)

    def reopened(self, usage: LabelUsage) -> tuple[int, ...]:
        """Returns the images that have pixels without a class then."""
        return tuple(image.entry.id for image in usage.of(self.identity))

    def made(self, labels: LabelSet) -> LabelSet:
        """Returns the classes without it."""
        return labels.delete(self.identity)


@dataclass(frozen=True, slots=True)
class Merge:
    """The segments of a class become those of another, and the class is gone."""

    identity: int
    into: int
    counts: bool = True

    def is_possible(self, labels: LabelSet) -> bool:
        """Whether both classes are there."""
        return self.identity in labels.by_id and self.into in labels.by_id and self.identity != self.into

    def verb(self, labels: LabelSet) -> str:
        """Returns what stands on the button."""
        return f"Merge into {labels[self.into].name}"

    def fate(self, labels: LabelSet, usage: LabelUsage) -> str:
        """Returns what becomes of the segments."""
        return fate_of_merge(labels, self.identity, self.into, usage)

    def reopened(self, usage: LabelUsage) -> tuple[int, ...]:
        """Returns none: every pixel keeps a class."""
        return ()

    def made(self, labels: LabelSet) -> LabelSet:
        """Returns the classes without the one that is merged."""
        return labels.merge(self.identity, self.into)


@dataclass(frozen=True, slots=True)
class KindChange:
    """A thing becomes stuff, or stuff a thing."""

    identity: int
    counts: bool = True

    def is_possible(self, labels: LabelSet) -> bool:
        """Whether the class is there."""
        return self.identity in labels.by_id

    def verb(self, labels: LabelSet) -> str:
        """Returns what stands on the button."""
        return "Make it stuff" if labels[self.identity].isthing else "Make it a thing"

    def fate(self, labels: LabelSet, usage: LabelUsage) -> str:
        """Returns what becomes of the segments."""
        return fate_of_kind(labels, self.identity, usage)

    def reopened(self, usage: LabelUsage) -> tuple[int, ...]:
        """Returns none: every pixel keeps a class."""
        return ()

    def made(self, labels: LabelSet) -> LabelSet:
        """Returns the classes with it as the other kind."""
        return labels.change_kind(self.identity, isthing=not labels[self.identity].isthing)


@dataclass(frozen=True, slots=True)
class Addition:
    """Classes of another set are added; those whose names are there stay as they are.

    Attributes:
        others: the classes.
        source: what they are of, for people.
    """

    others: LabelSet
    source: str
    counts: bool = False

    def is_possible(self, labels: LabelSet) -> bool:
        """Whether any of them is new."""
        return bool(self._new(labels))

    def verb(self, labels: LabelSet) -> str:
        """Returns what stands on the button."""
        return f"Add {_classes(len(self._new(labels)))}"

    def fate(self, labels: LabelSet, usage: LabelUsage) -> str:
        """Returns how many are new, and that no segment changes."""
        new = self._new(labels)
        known = len(self.others) - len(new)
        if not new:
            return f"All {_classes(known)} of {self.source} are there already."
        verb = "is" if len(new) == 1 else "are"
        there = ", 1 is there already and stays as it is" if known == 1 else ""
        there = f", {known:,} are there already and stay as they are" if known > 1 else there
        return f"{_classes(len(new))} of {self.source} {verb} new{there}. No segment changes."

    def reopened(self, usage: LabelUsage) -> tuple[int, ...]:
        """Returns none: every pixel keeps a class."""
        return ()

    def made(self, labels: LabelSet) -> LabelSet:
        """Returns the classes with the new ones at the end; ids and keys are kept where nothing else ever had them."""
        for label in self._new(labels):
            is_free = label.id not in labels.by_id and label.id not in labels.moved
            added = replace(
                label,
                id=label.id if is_free else labels.next_id,
                hotkey="" if label.hotkey in labels.by_hotkey else label.hotkey,
            )
            labels = replace(labels, labels=(*labels.labels, added))
        return labels

    def _new(self, labels: LabelSet) -> list[Label]:
        return [label for label in self.others if label.name not in labels.by_name]


def _classes(count: int) -> str:
    return "1 class" if count == 1 else f"{count:,} classes"
