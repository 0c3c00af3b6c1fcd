"""The check of a whole data set: its JSON file, its photos, its PNGs."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Container
from pathlib import Path

from lpsnet.engine.data_check.annotations_check import AnnotationCheck
from lpsnet.engine.data_check.categories_check import ListedClasses, check_categories
from lpsnet.engine.data_check.files_ahead import FilesAhead, Progress, StoppedError
from lpsnet.engine.data_check.images_check import ImageCheck
from lpsnet.engine.data_check.json_faults import JsonFaults, complaint_of
from lpsnet.engine.data_check.tally import Tally
from lpsnet.formats.coco_panoptic import instances_complaint
from lpsnet.formats.data_report import DataFacts, DataReport, Fault, FaultKind, FaultLog
from lpsnet.formats.fields import FormatError, load_json

__all__ = ["check_coco_panoptic"]

_MOST_PER_KIND = 1000
_MOST_THREADS = 8
_NAMED = 5
"""How many categories a message names."""


def check_coco_panoptic(
    json_path: str | Path,
    *,
    images_dir: str | Path | None = None,
    pngs_dir: str | Path | None = None,
    decode_photos: bool = True,
    threads: int | None = None,
    most_per_kind: int = _MOST_PER_KIND,
    progress: Progress | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> DataReport:
    """Looks at everything in a panoptic data set and collects what is wrong with it; no fault keeps it from going on.

    Memory holds the JSON file's text, a few hundred bytes an image, and a few files in each thread.

    Args:
        json_path: the JSON file.
        images_dir: folder of the photos; by default searched as ``read_coco_panoptic`` searches it.
        pngs_dir: folder of the PNGs; by default the JSON's name without its suffix.
        decode_photos: whether photos are decoded whole, which finds truncated ones; else only their headers are read.
        threads: how many threads decode; by default one a processor, at most 8.
        most_per_kind: how many faults of a kind are kept; all are counted.
        progress: told in this thread how many images and annotations are done, and of how many together.
        should_stop: asked in this thread between files; once it says so, the report holds what was found until then.
    """
    started = time.perf_counter()
    path = Path(json_path)
    photos = Path(images_dir) if images_dir is not None else None
    pngs = Path(pngs_dir) if pngs_dir is not None else path.with_suffix("")
    log, facts, complete = FaultLog(most_per_kind), DataFacts(), True
    not_finite: list[str] = []
    try:
        content = load_json(path, streamed={"images", "annotations"}, not_finite=not_finite)
    except FormatError as error:
        log.add(Fault(FaultKind.UNREADABLE_JSON, path, "", complaint_of(error, path)))
    else:
        data = JsonFaults(content, log, has_not_finite=bool(not_finite))
        files = FilesAhead(
            threads or min(os.cpu_count() or 1, _MOST_THREADS),
            decode_photos=decode_photos,
            progress=progress,
            should_stop=should_stop,
        )
        with files:
            photos, facts, complete = _check_content(data, log, files, photos, pngs)
    seconds = time.perf_counter() - started
    return DataReport(path, photos, pngs, log.faults, log.counts, facts, seconds, complete)


def _check_content(
    data: JsonFaults, log: FaultLog, files: FilesAhead, photos: Path | None, pngs: Path
) -> tuple[Path | None, DataFacts, bool]:
    """Returns the folder of photos, the facts, and whether everything was looked at."""
    tally = Tally()
    listed_images, listed_annotations = data.top_level("images"), data.top_level("annotations")
    if complaint := instances_complaint(listed_annotations):
        # Every category and every annotation lacks what the format asks for: that is one fault.
        data.fault(FaultKind.TOP_LEVEL, "annotations", complaint)
        return photos, DataFacts(), True
    files.total = sum(len(values) for values in (listed_images, listed_annotations) if values is not None)
    for name, values in (("images", listed_images), ("annotations", listed_annotations)):
        if values is not None and not len(values):
            data.fault(FaultKind.LIST_EMPTY, name, "is empty")
    classes = check_categories(data)
    images = ImageCheck(data, log, listed_images, images_dir=photos, pngs=pngs)
    complete = True
    try:
        images.run(files, tally)
        if listed_annotations is not None:
            annotations = AnnotationCheck(data, log, listed_annotations, classes, images, pngs=pngs, tally=tally)
            annotations.run(files)
            if len(listed_annotations):
                images.warn_of_unannotated(annotations.homeless)
                _warn_of_unused(data, classes, annotations.used_classes)
        data.name_hidden_not_finite()
    except StoppedError:
        complete = False
    entries = {index: (entry.id, entry.name, bool(entry.isthing)) for index, entry in enumerate(classes.entries)}
    return images.folder, tally.facts(entries), complete


def _warn_of_unused(data: JsonFaults, classes: ListedClasses, used: Container[int]) -> None:
    unused = [entry.name for index, entry in enumerate(classes.entries) if index not in used]
    if not unused:
        return
    named = ", ".join(repr(name) for name in unused[:_NAMED])
    more = f" and {len(unused) - _NAMED:,} more" if len(unused) > _NAMED else ""
    message = f"has {len(unused):,} of {len(classes.entries):,} without a segment: {named}{more}"
    data.fault(FaultKind.CATEGORY_UNUSED, "categories", message)
