"""The pictures that a run reads: whether they are there and sane, how large they are, and whether two sets overlap."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path

from lpsnet.categories import Categories
from lpsnet.config import DataSource, ScenesSource, expand_path
from lpsnet.data.sources import open_source
from lpsnet.engine.data_check import check_coco_panoptic
from lpsnet.engine.preflight.findings import Preflight
from lpsnet.engine.preflight.remedies import Remedy
from lpsnet.formats.coco_panoptic import FIRST_PHOTOS, find_photos, photos_not_found
from lpsnet.formats.data_report import DataReport
from lpsnet.formats.fields import ConfinedFolder, Fields, FormatError, load_json
from lpsnet.formats.id_png import read_id_png
from lpsnet.images import read_image_size

__all__ = ["Pictures", "check_overlap", "check_pictures"]

_WHOLE_JSON_BYTES = 40_000_000
"""A file up to this size is read just as the run will read it, which takes seconds."""
_SECONDS = 4.0
"""How long photos and PNGs of a set are looked at."""
_HEAD = 200
"""Annotated pictures of a larger one that are looked at, the first ones."""
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
    try:
        if path.stat().st_size > _WHOLE_JSON_BYTES:
            return _check_head(found, field, path, (folders[0], folders[1]), categories, source.limit)
        if categories is not None:
            open_source(source, categories)
        refusal = ""
    except (ValueError, OSError) as error:
        refusal = str(error)
    report = check_coco_panoptic(
        path,
        images_dir=folders[0],
        pngs_dir=folders[1],
        decode_photos=False,
        should_stop=_once_after(seconds),
        most_per_kind=_SHOWN,
    )
    _tell(found, field, report, refusal)
    try:
        return _listed(load_json(path, streamed={"images", "annotations"}), report.images_dir, source.limit)
    except (FormatError, OSError):
        return None


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


def _once_after(seconds: float) -> Callable[[], bool]:
    """Returns what says so once the time since it was first asked, which is when the JSON file was read, is over."""
    began: float | None = None

    def is_over() -> bool:
        nonlocal began
        began = began or time.monotonic()
        return time.monotonic() - began > seconds

    return is_over


def _tell(found: Preflight, field: str, report: DataReport, refusal: str) -> None:
    """Notes what the check of a set has found; what else it is refused for only where the check found no error."""
    told = [fault for fault in report.faults if fault.severity == "error"][:_SHOWN]
    _tell_errors(found, field, report.path, [str(fault) for fault in told], report.errors)
    remark = next((fault for fault in report.faults if fault.severity == "warning"), None)
    if remark is not None:
        others = report.warnings - 1
        said = f"{remark}" + (f"; and {others:,} more" if others else "")
        found.warning(field, said, Remedy.CHECK_DATA, path=report.path)
    if refusal and not told:
        found.error(field, refusal, Remedy.CHECK_DATA, path=report.path)
    if told or refusal:
        return
    facts = report.facts
    looked = f"{facts.images:,} images, {facts.annotated:,} of them annotated, all looked at"
    if not report.complete:
        looked = (
            f"stopped after {_SECONDS:g} s, with {facts.images:,} photos and {facts.annotated:,} annotations looked at "
            "and the rest skipped"
        )
    found.fine(field, f"{report.path}: {looked}")


def _tell_errors(found: Preflight, field: str, path: Path, sentences: Sequence[str], count: int) -> None:
    shown = sentences[:_SHOWN]
    for number, sentence in enumerate(shown, start=1):
        if number == len(shown) and count > number:
            found.error(field, sentence, Remedy.CHECK_DATA_FOR_MORE, path=path, count=f"{count - number:,}")
        else:
            found.error(field, sentence, Remedy.CHECK_DATA, path=path)


def _check_head(
    found: Preflight,
    field: str,
    path: Path,
    folders: tuple[Path | None, Path | None],
    categories: Categories | None,
    limit: int | None,
) -> Pictures | None:
    """Looks at the classes of a large set, at all its images' sizes, and at its first annotated pictures alone."""
    try:
        content = load_json(path, streamed={"images", "annotations"})
        own = Categories.from_json(content.items("categories"), str(path))
        if categories is not None and own.indices_in(categories) is None:
            raise ValueError(f"{path}: has classes that the network's categories lack; set categories to this file")
        pngs = folders[1] or path.with_suffix("")
        first = list(islice(content.objects("images"), FIRST_PHOTOS))
        photos, searched = (folders[0], ()) if folders[0] is not None else find_photos(path, first, pngs)
        if photos is None:
            raise ValueError(f"{path}: {photos_not_found(first[0].text('file_name') if first else '', searched)}")
        wrong = _wrong_files(content, photos, pngs)
        pictures = _listed(content, photos, limit)
    except (ValueError, OSError) as error:
        found.error(field, str(error), Remedy.CHECK_DATA, path=path)
        return None
    _tell_errors(found, field, path, wrong, len(wrong))
    if not wrong:
        told = f"{path.stat().st_size / 1e6:.0f} MB, of which the first {_HEAD} annotated pictures were looked at"
        found.fine(field, f"{path}: {told} and the rest skipped")
    return pictures


def _wrong_files(content: Fields, photos: Path, pngs: Path) -> list[str]:
    """Returns why the photos and PNGs of the first annotations cannot be read, a sentence each."""
    annotations = list(islice(content.objects("annotations"), _HEAD))
    wanted = {annotation.identity("image_id") for annotation in annotations}
    images = {image.identity("id"): image for image in content.objects("images") if image.value.get("id") in wanted}
    homes, wrong = (ConfinedFolder(photos), ConfinedFolder(pngs)), []
    for annotation in annotations:
        image = images.get(annotation.identity("image_id"))
        if image is None:
            wrong.append(str(annotation.refuse("image_id", "is not the id of an image")))
            continue
        for reading in (
            partial(read_image_size, homes[0].file(image, "file_name"), stated_size=_size(image)),
            partial(read_id_png, homes[1].file(annotation, "file_name"), size=_size(image)),
        ):
            try:
                reading()
            except (ValueError, OSError) as error:
                wrong.append(str(error))
    return wrong


def _listed(content: Fields, photos: Path | None, limit: int | None) -> Pictures | None:
    """Reads sizes and names of the images that a set lists; of a set with a limit perhaps some more than it uses."""
    sizes, names = set(), set()
    folder = os.path.realpath(photos if photos is not None else Path(content.source).parent)
    for entry in islice(content.objects("images"), limit):
        sizes.add(_size(entry))
        names.add(f"{folder}{os.sep}{entry.text('file_name')}")
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
