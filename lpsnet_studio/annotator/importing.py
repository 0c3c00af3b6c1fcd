"""Takes over annotations that other programs have made, and tells what became of them; no Qt, meant for a worker.

Classes are known by their names. Where shapes overlap, a later one wins over an earlier one and any other over a crowd;
who claimed what is told.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from lpsnet.formats.file_names import name_key
from lpsnet_studio.annotator.id_maps import IdMap
from lpsnet_studio.annotator.import_sources import ImportSource, SourceClass, SourceImage, open_source
from lpsnet_studio.annotator.labels import LabelSet, readable_name
from lpsnet_studio.annotator.painting import Overlap

__all__ = [
    "ImportReport",
    "ImportedImage",
    "LabelMatch",
    "import_annotations",
    "match_labels",
    "open_source",
    "pair_images",
    "with_missing_labels",
]

_TOLD = 5
"""How many things of one kind a report names."""


@dataclass(frozen=True, slots=True)
class LabelMatch:
    """Which label of a project each class of a source is.

    Attributes:
        label_of: by the class's name.
        missing: the classes that the project has no label for, in the order of the source.
        other_kind: names of classes that are stuff there and a thing here, or the other way round; the project decides.
    """

    label_of: Mapping[str, int]
    missing: tuple[SourceClass, ...] = ()
    other_kind: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class ImportedImage:
    """One image's annotations as a project takes them.

    Attributes:
        source: what they were there.
        id_map: the segments.
    """

    source: SourceImage
    id_map: IdMap

    @property
    def size(self) -> tuple[int, int]:
        """``(height, width)``."""
        height, width = self.id_map.ids.shape
        return height, width


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import took over, and what not.

    Attributes:
        spoken: what people call the format.
        images: how many images were taken over.
        segments: how many segments these have.
        overlaps: names of images, and which of their shapes claimed the same pixels.
        skipped: names of images or files, and what was left out of them, and why.
        unknown: names of classes without a label -> how many of their segments were left out.
        other_kind: as of :class:`LabelMatch`.
        was_cancelled: whether it was stopped; the images that are counted are taken over even so.
    """

    spoken: str
    images: int
    segments: int
    overlaps: tuple[tuple[str, Overlap], ...] = ()
    skipped: tuple[tuple[str, str], ...] = ()
    unknown: Mapping[str, int] = field(default_factory=dict)
    other_kind: tuple[str, ...] = ()
    was_cancelled: bool = False

    def sentences(self, most: int = _TOLD) -> list[str]:
        """Returns what people should know; the first says what was taken over.

        Args:
            most: how many overlaps and skipped things are named; of the others it is said how many they are.
        """
        stopped = " before it was cancelled" if self.was_cancelled else ""
        what = f"{_counted(self.images, 'image')} with {_counted(self.segments, 'segment')}"
        told = [f"{what} taken over from {self.spoken}{stopped}."]
        for name, count in sorted(self.unknown.items()):
            told.append(f"{_counted(count, 'segment')} of {name} left out: the project has no such label.")
        if self.other_kind:
            told.append(f"Things there and stuff here, or the other way round: {', '.join(self.other_kind)}.")
        told += [f"{name}: {why}" for name, why in self.skipped[:most]]
        told += _more(len(self.skipped) - most, "thing was left out", "things were left out")
        told += [
            f"{name}: {overlap.winner} won {_counted(overlap.pixels, 'pixel')} over {overlap.loser}"
            for name, overlap in self.overlaps[:most]
        ]
        return told + _more(len(self.overlaps) - most, "overlap", "overlaps")


def match_labels(classes: Sequence[SourceClass], labels: LabelSet) -> LabelMatch:
    """Finds the label of each class: that of the very name, else the only one that differs in case or blanks alone."""
    loosely: dict[str, list[int]] = {}
    for label in labels:
        loosely.setdefault(_key(label.name), []).append(label.id)
    label_of: dict[str, int] = {}
    missing: list[SourceClass] = []
    for entry in classes:
        exact, similar = labels.by_name.get(readable_name(entry.name)), loosely.get(_key(entry.name), [])
        if exact is not None:
            label_of[entry.name] = exact.id
        elif len(similar) == 1:
            label_of[entry.name] = similar[0]
        else:
            missing.append(entry)
    other_kind = [
        entry.name
        for entry in classes
        if entry.name in label_of
        and entry.isthing is not None
        and entry.isthing != labels[label_of[entry.name]].isthing
    ]
    return LabelMatch(label_of, tuple(missing), tuple(other_kind))


def with_missing_labels(classes: Sequence[SourceClass], labels: LabelSet) -> LabelSet:
    """Returns a label set to which the classes that have no label are added, with their colours and kinds.

    A class of which the source does not say whether it is a thing becomes one: its shapes are told apart there.
    """
    for entry in match_labels(classes, labels).missing:
        name = readable_name(entry.name)
        if name not in labels.by_name:
            isthing = entry.isthing is not False
            labels = labels.add(name, isthing=isthing, color=entry.color, supercategory=entry.supercategory)
    return labels


def pair_images(theirs: Sequence[str], ours: Sequence[str]) -> dict[int, int]:
    """Returns which image of a project each image of a source is, by places in the lists; some may be of none.

    Names are compared from the end on, folders included; where one is shorter, it must fit the other's end, and no
    third one's. A name that fits none so is compared without heed to case and to how accents are written, as some
    systems do; there, too, exactly one must fit.

    Args:
        theirs: names of the source's images.
        ours: names or paths of the project's.
    """
    exactly = _fitting([_parts(name) for name in theirs], [_parts(name) for name in ours])
    spoken_for = {mine for fitting in exactly for mine in fitting}
    others = [place for place, fitting in enumerate(exactly) if not fitting]
    loosely = _fitting([_parts(name_key(theirs[place])) for place in others], [_parts(name_key(name)) for name in ours])
    found = [*enumerate(exactly)]
    found += [
        (place, fitting) for place, fitting in zip(others, loosely, strict=True) if spoken_for.isdisjoint(fitting)
    ]
    wanted: dict[int, list[int]] = {}
    for place, fitting in found:
        if len(fitting) == 1:
            wanted.setdefault(fitting[0], []).append(place)
    return {places[0]: mine for mine, places in wanted.items() if len(places) == 1}


def _fitting(theirs: Sequence[Sequence[str]], ours: Sequence[Sequence[str]]) -> list[list[int]]:
    """Returns for each name in parts the places of those that end alike, as far as the shorter of the two goes."""
    lengths = {len(parts) for parts in theirs}
    by_end: dict[tuple[str, ...], list[int]] = {}
    whole: dict[tuple[str, ...], list[int]] = {}
    for place, parts in enumerate(ours):
        whole.setdefault(tuple(parts), []).append(place)
        for length in lengths:
            if length < len(parts):
                by_end.setdefault(tuple(parts[-length:]), []).append(place)
    return [
        [
            *by_end.get(tuple(parts), ()),
            *(place for begin in range(len(parts)) for place in whole.get(tuple(parts[begin:]), ())),
        ]
        for parts in theirs
    ]


def import_annotations(
    source: ImportSource,
    labels: LabelSet,
    take: Callable[[ImportedImage], Sequence[str] | None],
    *,
    only: Callable[[SourceImage], bool] = lambda image: True,
    progress: Callable[[int, int, str], None] = lambda done, total, name: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> ImportReport:
    """Reads the annotations of each image and hands them over.

    An image that cannot be read, or is not taken, is skipped and reported, the others go on.

    Args:
        source: what :func:`open_source` has opened.
        labels: of the project; classes without a label are left out. Add them first with :func:`with_missing_labels`.
        take: takes an image over into the project, and may return what it left out and why; raises ValueError or
            OSError with a sentence if it does not.
        only: whether an image is to be imported.
        progress: told before each image, and at the end: how many are done, of how many, and the name of the next.
        cancelled: asked before each image.
    """
    match = match_labels(source.classes, labels)
    chosen = [image for image in source.images if only(image)]
    overlaps: list[tuple[str, Overlap]] = []
    skipped = list(source.problems)
    unknown: Counter[str] = Counter()
    images = segments = 0
    was_cancelled = False
    for index, image in enumerate(chosen):
        was_cancelled = cancelled()
        if was_cancelled:
            break
        progress(index, len(chosen), image.name)
        try:
            found = source.read(image, match.label_of.get, labels)
            left_out = take(ImportedImage(image, found.id_map))
        except (OSError, ValueError) as error:
            skipped.append((image.name, str(error)))
            continue
        images += 1
        segments += len(found.id_map.segments)
        unknown.update(found.unknown)
        overlaps += [(image.name, overlap) for overlap in found.overlaps]
        skipped += [(image.name, why) for why in (*found.skipped, *(left_out or ()))]
    else:
        progress(len(chosen), len(chosen), "")
    return ImportReport(
        source.spoken,
        images,
        segments,
        tuple(overlaps),
        tuple(skipped),
        dict(unknown),
        match.other_kind,
        was_cancelled,
    )


def _key(name: str) -> str:
    return readable_name(name).casefold()


def _parts(name: str) -> list[str]:
    return [part for part in name.replace("\\", "/").split("/") if part] or [name]


def _more(count: int, one: str, several: str) -> list[str]:
    return [f"{count} more {one if count == 1 else several}."] if count > 0 else []


def _counted(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
