"""What was found in a data set: its faults, each with file and field, its facts, and both as plain text."""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any, Literal

__all__ = [
    "ClassFacts",
    "DataFacts",
    "DataReport",
    "Fault",
    "FaultKind",
    "FaultLog",
    "Severity",
    "SmallThing",
    "format_report",
    "report_lines",
]

Severity = Literal["error", "warning"]


class FaultKind(enum.Enum):
    """What can be wrong with a panoptic data set.

    An error is what the readers refuse, so that the data set or a part of it cannot be used. A warning is what they
    accept although it is hardly meant, or says that training will learn nothing from it.

    Attributes:
        severity: error or warning.
        title: heading of its faults.
    """

    UNREADABLE_JSON = "error", "JSON file that cannot be read"
    TOP_LEVEL = "error", "top-level fields that are missing or wrong"
    NOT_FINITE = "error", "numbers that are not finite"
    FOLDER_MISSING = "error", "folders that are missing"
    CATEGORY = "error", "fields of categories that are missing or wrong"
    CATEGORY_TWICE = "error", "category ids that appear twice"
    IMAGE = "error", "fields of images that are missing or wrong"
    IMAGE_TWICE = "error", "image ids that appear twice"
    ANNOTATION = "error", "fields of annotations that are missing or wrong"
    ANNOTATION_UNKNOWN_IMAGE = "error", "annotations of unknown images"
    ANNOTATION_TWICE = "error", "images that are annotated twice"
    SEGMENT = "error", "fields of segments that are missing or wrong"
    SEGMENT_TWICE = "error", "segment ids that appear twice in an image"
    SEGMENT_UNKNOWN_CATEGORY = "error", "segments of unknown categories"
    OUTSIDE = "error", "file names that leave their folder"
    PHOTO_MISSING = "error", "photos that are missing"
    PHOTO_WRONG = "error", "photos that are damaged, unreadable or of another size"
    PNG_MISSING = "error", "PNGs that are missing"
    PNG_WRONG = "error", "PNGs that are damaged, hold no ids or are of another size"
    PNG_SHARED = "error", "PNGs that two images share"
    SEGMENT_WITHOUT_PIXELS = "error", "segments without a pixel in their PNG"
    ID_WITHOUT_SEGMENT = "error", "PNGs with ids that the JSON file does not list"

    LIST_EMPTY = "warning", "lists that are empty"
    CATEGORY_NAME_TWICE = "warning", "category names that appear twice"
    CATEGORY_UNUSED = "warning", "lists with categories that have no segment"
    PHOTO_TWICE = "warning", "photos that are listed twice"
    IMAGE_SMALL = "warning", "images that are extremely small"
    IMAGE_NOT_ANNOTATED = "warning", "images without an annotation"
    IMAGE_ALL_VOID = "warning", "images that are void everywhere"
    IMAGE_ALL_CROWD = "warning", "images of crowds alone"
    STUFF_CROWD = "warning", "crowds of a stuff class"
    AREA_DIFFERS = "warning", "areas that are not those of the PNG"
    BOX_DIFFERS = "warning", "boxes that are not tight around the pixels of the PNG"

    def __init__(self, severity: Severity, title: str) -> None:
        self.severity: Severity = severity
        self.title = title


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong.

    Attributes:
        kind: what kind of fault it is, which also says whether it is an error or a warning.
        file: the file that holds it, or the folder that is missing.
        field: the field of the JSON file that is wrong, or that names the photo or PNG that is; its full name, such as
            ``annotations[3].segments_info[0].id``. Empty for a whole file.
        message: what is wrong, in words that go on from the file's name and name the field.
        image_id: the image's id in the data set; None where it belongs to no image, or to one whose id is unknown.
    """

    kind: FaultKind
    file: Path
    field: str
    message: str
    image_id: int | str | None = None

    @property
    def severity(self) -> Severity:
        """Whether it is an error or a warning."""
        return self.kind.severity

    def __str__(self) -> str:
        return f"{self.file}: {self.message}"

    def to_json(self) -> dict[str, Any]:
        """Returns the fault as JSON has it: ``kind`` in lower case, ``severity``, and the other fields by name."""
        return {
            "kind": self.kind.name.lower(),
            "severity": self.severity,
            "file": str(self.file),
            "field": self.field,
            "message": self.message,
            "image_id": self.image_id,
        }


class FaultLog:
    """Collects faults: counts all, and keeps so many of each kind.

    Args:
        most_per_kind: how many of a kind are kept.
    """

    def __init__(self, most_per_kind: int) -> None:
        self._most = most_per_kind
        self._kept: dict[FaultKind, list[Fault]] = {}
        self._counts: dict[FaultKind, int] = {}

    def add(self, fault: Fault) -> None:
        """Counts a fault, and keeps it if few of its kind were found yet."""
        self._counts[fault.kind] = self._counts.get(fault.kind, 0) + 1
        kept = self._kept.setdefault(fault.kind, [])
        if len(kept) < self._most:
            kept.append(fault)

    @property
    def counts(self) -> Mapping[FaultKind, int]:
        """How many of each kind were found, in the order of the kinds."""
        return {kind: self._counts[kind] for kind in FaultKind if kind in self._counts}

    @property
    def faults(self) -> tuple[Fault, ...]:
        """Those that were kept, by kind, and within a kind as they were found."""
        return tuple(fault for kind in FaultKind for fault in self._kept.get(kind, ()))


@dataclass(frozen=True, slots=True)
class ClassFacts:
    """What a data set holds of one class.

    Attributes:
        id: the data set's id of the category.
        name: of the category.
        isthing: whether it is a thing.
        segments: number of its segments that are no crowds.
        crowds: number of its crowd regions.
        pixels: of all its segments and crowds whose PNGs could be read.
    """

    id: int
    name: str
    isthing: bool
    segments: int
    crowds: int
    pixels: int


@dataclass(frozen=True, slots=True)
class SmallThing:
    """One of the smallest things.

    Attributes:
        area: its pixels in the PNG.
        image_id: the image that shows it.
        segment_id: its id in that image.
        name: of its class.
    """

    area: int
    image_id: int | str
    segment_id: int
    name: str


@dataclass(frozen=True, slots=True)
class DataFacts:
    """Facts worth knowing of a data set, as far as it could be read.

    Attributes:
        images: number of images that are listed.
        annotated: number of images with an annotation.
        classes: one entry a category, in the order of the file.
        widths: of the narrowest and the widest image in pixels; None if no size is known.
        heights: likewise.
        void_median: median share of void among the pixels of an image, in [0, 1]; None if no PNG could be read.
        void_most: the largest such share; None likewise.
        void_most_image: id of the image that has it.
        smallest_things: the smallest things that are no crowds, by ascending area.
    """

    images: int = 0
    annotated: int = 0
    classes: tuple[ClassFacts, ...] = ()
    widths: tuple[int, int] | None = None
    heights: tuple[int, int] | None = None
    void_median: float | None = None
    void_most: float | None = None
    void_most_image: int | str | None = None
    smallest_things: tuple[SmallThing, ...] = ()

    @property
    def things(self) -> int:
        """Number of segments of thing classes that are no crowds."""
        return sum(entry.segments for entry in self.classes if entry.isthing)

    @property
    def stuff(self) -> int:
        """Number of segments of stuff classes."""
        return sum(entry.segments for entry in self.classes if not entry.isthing)

    @property
    def crowds(self) -> int:
        """Number of crowd regions."""
        return sum(entry.crowds for entry in self.classes)

    @property
    def segments(self) -> int:
        """Number of things, stuff segments and crowd regions together."""
        return self.things + self.stuff + self.crowds

    @property
    def unused(self) -> tuple[ClassFacts, ...]:
        """The classes without any segment."""
        return tuple(entry for entry in self.classes if not entry.segments + entry.crowds)


@dataclass(frozen=True, slots=True)
class DataReport:
    """What was found in a data set.

    Attributes:
        path: its JSON file.
        images_dir: the folder of photos; None if none was found.
        pngs_dir: the folder of PNGs.
        faults: by kind, errors first, and within a kind as they were found; of a frequent kind not all are kept.
        counts: how many faults of each kind were found, kept or not.
        facts: as far as the data set could be read.
        seconds: how long it took.
        complete: whether everything was looked at; False if it was stopped.
    """

    path: Path
    images_dir: Path | None
    pngs_dir: Path
    faults: tuple[Fault, ...] = ()
    counts: Mapping[FaultKind, int] = field(default_factory=dict)
    facts: DataFacts = DataFacts()
    seconds: float = 0.0
    complete: bool = True

    @property
    def errors(self) -> int:
        """Number of errors, those that were not kept included."""
        return self._count("error")

    @property
    def warnings(self) -> int:
        """Number of warnings, those that were not kept included."""
        return self._count("warning")

    @property
    def exit_status(self) -> int:
        """1 if there is an error, else 0: warnings are no reason to fail."""
        return int(self.errors > 0)

    def of(self, kind: FaultKind) -> tuple[Fault, ...]:
        """Returns the faults of one kind that were kept."""
        return tuple(fault for fault in self.faults if fault.kind is kind)

    def to_json(self) -> dict[str, Any]:
        """Returns the report for programs.

        Returns:
            ``path``, ``images_dir``, ``pngs_dir``, ``complete``, ``seconds``, ``errors`` and ``warnings`` are the
            attributes of those names; ``counts`` says how many faults of each kind were found, by the kind's name in
            lower case; ``faults`` are those that were kept, see :meth:`Fault.to_json`; ``facts`` holds the attributes
            of :class:`DataFacts`. What is not known is None.
        """
        return {
            "path": str(self.path),
            "images_dir": None if self.images_dir is None else str(self.images_dir),
            "pngs_dir": str(self.pngs_dir),
            "complete": self.complete,
            "seconds": self.seconds,
            "errors": self.errors,
            "warnings": self.warnings,
            "counts": {kind.name.lower(): number for kind, number in self.counts.items()},
            "faults": [fault.to_json() for fault in self.faults],
            "facts": asdict(self.facts),
        }

    def _count(self, severity: Severity) -> int:
        return sum(number for kind, number in self.counts.items() if kind.severity == severity)


# --------------------------------------------------------------------------------------------------------- as text

_SHOWN = 10
_SHOWN_SMALL = 3
_SEVERITY_WORDS: Mapping[Severity, tuple[str, str]] = {"error": ("error", "errors"), "warning": ("warning", "warnings")}


def format_report(report: DataReport, *, shown: int = _SHOWN) -> str:
    """Returns a report as plain text; see :func:`report_lines`."""
    return "\n".join(report_lines(report, shown=shown))


def report_lines(report: DataReport, *, shown: int = _SHOWN) -> Iterator[str]:
    """Yields a report line by line: its faults under headings, the facts if there are any, and what it comes to.

    Whatever files and classes are called, a line is one line and holds nothing that a terminal would obey.

    Args:
        report: the report.
        shown: the most faults of a kind that are printed; how many more there are is said.
    """
    facts = (*_fact_lines(report), "") if report.facts != DataFacts() else ()
    for line in (*_fault_lines(report, shown), *facts, _verdict(report)):
        yield _printable(line)


def _fault_lines(report: DataReport, shown: int) -> Iterator[str]:
    for kind, group in groupby(report.faults, key=lambda fault: fault.kind):
        number = report.counts[kind]
        yield f"{kind.severity.capitalize()}: {kind.title} ({number:,})"
        faults = list(group)[:shown]
        yield from (f"  {fault}" for fault in faults)
        if number > len(faults):
            yield f"  … and {number - len(faults):,} more"
        yield ""


def _fact_lines(report: DataReport) -> Iterator[str]:
    facts = report.facts
    rows = [
        ("data set", str(report.path)),
        ("photos", str(report.images_dir) if report.images_dir is not None else "not found"),
        ("PNGs", str(report.pngs_dir)),
        ("images", f"{facts.images:,}, of which {facts.annotated:,} annotated"),
        ("segments", f"{facts.segments:,}: {facts.things:,} things, {facts.stuff:,} stuff, {facts.crowds:,} crowds"),
    ]
    if facts.widths and facts.heights:
        sizes = f"{_range(facts.widths)} wide, {_range(facts.heights)} high (pixels)"
        rows.append(("sizes", sizes))
    if facts.void_median is not None and facts.void_most is not None:
        most = f"at most {facts.void_most:.1%} (image {facts.void_most_image!r})"
        rows.append(("void", f"{facts.void_median:.1%} of an image in the median, {most}"))
    if facts.smallest_things:
        smallest = (
            f"{thing.name} of {thing.area:,} px (segment {thing.segment_id} of image {thing.image_id!r})"
            for thing in facts.smallest_things[:_SHOWN_SMALL]
        )
        rows.append(("smallest things", ", ".join(smallest)))
    yield from _columns(rows)
    if facts.classes:
        yield ""
        yield from _class_lines(facts.classes)


def _class_lines(classes: Sequence[ClassFacts]) -> Iterator[str]:
    """Yields a table of the classes that have segments, the most frequent first, and how many have none."""
    used = sorted(
        (entry for entry in classes if entry.segments + entry.crowds),
        key=lambda entry: (-entry.segments - entry.crowds, -entry.pixels, entry.id),
    )
    total = sum(entry.pixels for entry in used)
    header = ("class", "id", "kind", "segments", "crowds", "share of pixels")
    rows = [
        (
            _printable(entry.name),
            str(entry.id),
            "thing" if entry.isthing else "stuff",
            f"{entry.segments:,}",
            f"{entry.crowds:,}",
            f"{entry.pixels / total:.2%}" if total else "",
        )
        for entry in used
    ]
    widths = [max(len(row[column]) for row in (header, *rows)) for column in range(len(header))]
    for row in (header, *rows):
        cells = (
            cell.ljust(width) if column in (0, 2) else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        yield "  ".join(cells).rstrip()
    if unused := len(classes) - len(used):
        yield f"{unused:,} of {len(classes):,} classes have no segment"


def _columns(rows: Sequence[tuple[str, str]]) -> Iterator[str]:
    width = max(len(name) for name, _ in rows)
    return (f"{name:<{width}}  {value}" for name, value in rows)


def _range(ends: tuple[int, int]) -> str:
    return f"{ends[0]:,}" if ends[0] == ends[1] else f"{ends[0]:,} to {ends[1]:,}"


def _verdict(report: DataReport) -> str:
    found = " and ".join(_counted(number, severity) for number, severity in _found(report))
    stopped = "" if report.complete else "; stopped before everything was looked at"
    return f"{found or 'No fault'} in {report.seconds:.1f} s{stopped}"


def _found(report: DataReport) -> Iterator[tuple[int, Severity]]:
    if report.errors:
        yield report.errors, "error"
    if report.warnings:
        yield report.warnings, "warning"


def _counted(number: int, severity: Severity) -> str:
    return f"{number:,} {_SEVERITY_WORDS[severity][number != 1]}"


def _printable(text: str) -> str:
    """Returns a text on one line without control characters, as Python would write them."""
    if text.isprintable():
        return text
    return "".join(sign if sign.isprintable() else repr(sign)[1:-1] for sign in text)
