"""The pictures that a run reads: whether they are there and sane, how large they are, and whether two sets overlap."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from lpsnet.categories import Categories
from lpsnet.config import DataSource, PanopticSource, ScenesSource, expand_path
from lpsnet.data.sources import open_source
from lpsnet.engine.data_check import check_coco_panoptic
from lpsnet.engine.preflight.findings import Preflight
from lpsnet.formats.data_report import DataReport
from lpsnet.formats.fields import Fields, FormatError, load_json

__all__ = ["Pictures", "check_overlap", "check_pictures"]

_WHOLE_JSON_BYTES = 40_000_000
"""A file up to this size is read just as the run will read it, which takes seconds."""
_SECONDS = 4.0
"""How long photos and PNGs of a set are looked at."""
_SHOWN = 3
"""How many faults of a set are told."""


@dataclass(frozen=True, slots=True)
class Pictures:
    """What is known of a set of pictures.

    Attributes:
        sizes: the heights and widths that occur, in pixels.
        names: of the files, each with its folder; or of the scenes.
    """

    sizes: frozenset[tuple[int, int]]
    names: frozenset[str]


def check_pictures(
    found: Preflight, field: str, source: DataSource, categories: Categories | None, *, seconds: float = _SECONDS
) -> Pictures | None:
    """Looks at a set of pictures; None if it cannot be read at all.

    Args:
        found: is told of it.
        field: which of the config's sources it is, such as ``data.train``.
        source: where the pictures come from.
        categories: what is learnt; None leaves open whether it fits.
        seconds: how long photos and PNGs are looked at, after the JSON file was read.
    """
    if isinstance(source, ScenesSource):
        return _check_scenes(found, field, source, categories)
    try:
        path = expand_path(source.annotations)
        folders = [None if folder is None else expand_path(folder) for folder in (source.images, source.pngs)]
    except ValueError as error:
        found.error(f"{field}.annotations", str(error), f"set the variable, or {field}.annotations=FILE.json")
        return None
    if not path.is_file():
        found.error(f"{field}.annotations", f"{path}: there is no such file", f"set {field}.annotations=FILE.json")
        return None
    refused = categories is not None and not _opens(found, field, source, categories, path)
    deadline: list[float] = []
    report = check_coco_panoptic(
        path,
        images_dir=folders[0],
        pngs_dir=folders[1],
        decode_photos=False,
        should_stop=_once_after(seconds, deadline),
        most_per_kind=_SHOWN,
    )
    _tell(found, field, report, is_refused=refused)
    return _listed(path, report.images_dir, source.limit)


def _check_scenes(found: Preflight, field: str, source: ScenesSource, categories: Categories | None) -> Pictures | None:
    if categories is not None:
        try:
            found.fine(field, open_source(source, categories).name)
        except ValueError as error:
            found.error(field, str(error), "set categories=scenes.json")
            return None
    seeds = range(source.first_seed, source.first_seed + source.count)
    size = (source.height, source.width)
    return Pictures(frozenset({size}), frozenset(f"scene {seed} of {size[0]} × {size[1]}" for seed in seeds))


def _opens(found: Preflight, field: str, source: PanopticSource, categories: Categories, path: Path) -> bool:
    """Opens the set as the run will; of one so large that this takes long, only the classes are compared."""
    try:
        if path.stat().st_size <= _WHOLE_JSON_BYTES:
            open_source(source, categories)
            return True
        content = load_json(path, streamed={"images", "annotations"})
        own = Categories.from_json(content.items("categories"), str(path))
        if own.indices_in(categories) is None:
            raise ValueError(f"{path}: has classes that the network's categories lack")
    except (ValueError, OSError) as error:
        found.error(field, str(error), f"see lpsnet check-data {path}")
        return False
    found.fine(
        field, f"{path}: {path.stat().st_size / 1e6:.0f} MB; its annotations were not all read here, only the first"
    )
    return True


def _once_after(seconds: float, deadline: list[float]) -> Callable[[], bool]:
    """Returns what says so once the time since it was first asked, which is when the JSON file was read, is over."""

    def is_over() -> bool:
        if not deadline:
            deadline.append(time.monotonic() + seconds)
        return time.monotonic() > deadline[0]

    return is_over


def _tell(found: Preflight, field: str, report: DataReport, *, is_refused: bool) -> None:
    told = [fault for fault in report.faults if fault.severity == "error"][:_SHOWN]
    remedy = f"see lpsnet check-data {report.path}"
    more = report.errors - len(told)
    for fault in told:
        found.error(field, str(fault), remedy + (f", which tells of {more:,} errors more" if more > 0 else ""))
    remark = next((fault for fault in report.faults if fault.severity == "warning"), None)
    if remark is not None:
        others = report.warnings - 1
        found.warning(field, f"{remark}" + (f"; and {others:,} more" if others else ""), remedy)
    if told or is_refused:
        return
    facts = report.facts
    looked = f"{facts.images:,} images, {facts.annotated:,} of them annotated, all looked at"
    if not report.complete:
        looked = (
            f"stopped after {_SECONDS:g} s, with {facts.images:,} photos and {facts.annotated:,} annotations looked at "
            "and the rest skipped"
        )
    found.fine(field, f"{report.path}: {looked}")


def _listed(path: Path, photos: Path | None, limit: int | None) -> Pictures | None:
    """Reads sizes and names of the images that a set lists; of a set with a limit perhaps some more than it uses."""
    try:
        content = load_json(path, streamed={"images", "annotations"})
        sizes, names = set(), set()
        folder = os.path.realpath(photos if photos is not None else path.parent)
        for number, entry in enumerate(content.objects("images")):
            if limit is not None and number >= limit:
                break
            sizes.add(_size(entry))
            names.add(f"{folder}{os.sep}{entry.text('file_name')}")
    except (FormatError, OSError):
        return None
    return Pictures(frozenset(sizes), frozenset(names)) if sizes else None


def _size(entry: Fields) -> tuple[int, int]:
    largest = 1 << 20
    return entry.whole("height", 1, largest), entry.whole("width", 1, largest)


def check_overlap(found: Preflight, taught: Pictures, measured: Pictures) -> None:
    """Warns if pictures are both learnt from and measured on."""
    both = taught.names & measured.names
    if both:
        some = next(iter(sorted(both)))
        found.warning(
            "data.val",
            f"{len(both):,} of {len(measured.names):,} pictures are trained on too, such as {some}: figures measured "
            "on them say nothing of other pictures",
            "set data.val to other pictures",
        )
