"""Panoptic quality of predictions in files: which image belongs to which, and counting them by several processes."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from lpsnet.formats.coco_panoptic import CocoPanopticDataset, PanopticFormatError, Record, read_coco_panoptic
from lpsnet.formats.id_png import read_id_png
from lpsnet.metrics.panoptic_quality import PanopticQuality, QualityCounts, compare_segments
from lpsnet.metrics.segment_overlaps import PairPixels, SegmentTable
from lpsnet.processes import called_by_many

__all__ = ["pair_records", "score_files"]

_Pair = tuple[Record, Record]
"""An image of a ground truth and of its predictions."""
_WORTH_PROCESSES = 500
"""Images from which on processes save more time than their start costs, a third of a second."""
_AT_A_TIME = 16
"""Images that a process is handed at once: enough that handing over costs nothing, few enough to stop soon."""
_LARGE = 31 * 2**20
"""Bytes of a block of memory just below the largest that glibc's malloc would keep for further use."""


def score_files(
    gt_json: str | Path,
    pred_json: str | Path,
    *,
    gt_dir: str | Path | None = None,
    pred_dir: str | Path | None = None,
    progress: Callable[[int, int], None] | None = None,
    processes: int = 1,
) -> PanopticQuality:
    """Measures predictions in COCO panoptic files against ground truth in such files.

    Areas of ground-truth segments are taken from the JSON where it gives them, as panopticapi does. Predictions for
    further images are not looked at.

    Args:
        gt_json: ground truth.
        pred_json: predictions; annotations are enough, images and categories are taken from the ground truth. Image
            ids of their own are made good by file names, see ``reference`` of ``read_coco_panoptic``.
        gt_dir: folder of the ground truth's PNGs; by default the JSON's name without its suffix.
        pred_dir: likewise for the predictions.
        progress: told how many images are done, and of how many, always in the caller's thread.
        processes: how many read and count at a time; fewer than 500 images are counted in this one. The figures do not
            depend on it. As they are spawned, a script must hide what it does from them behind
            ``if __name__ == "__main__"``.

    Raises:
        PanopticFormatError: naming file and field, if a file is malformed, an annotated image has no prediction, or
            the ground truth annotates no image.
        ValueError: if ``processes`` is less than 1.
        ChildProcessError: if a process ends before its time.
    """
    if processes < 1:
        raise ValueError(f"processes must be 1 or more, not {processes}")
    truth = read_coco_panoptic(gt_json, pngs_dir=gt_dir)
    predictions = read_coco_panoptic(pred_json, pngs_dir=pred_dir, reference=truth)
    pairs = pair_records(truth, predictions)
    counts = QualityCounts.zeros(len(truth.categories))
    with closing(_count_pairs(truth, predictions, pairs, processes)) as of_images:
        for done, of_image in enumerate(of_images, start=1):
            counts += of_image
            if progress is not None:
                progress(done, len(pairs))
    return PanopticQuality(counts, truth.categories, predictions.paired_by_name)


def _count_pairs(
    truth: CocoPanopticDataset, predictions: CocoPanopticDataset, pairs: Sequence[_Pair], processes: int
) -> Generator[QualityCounts, None, None]:
    """Yields the counts of each image in order, by several processes if that is worthwhile.

    Threads would wait for each other: the decoder of PNGs, which takes most of the time, holds Python's lock.
    """
    if processes == 1 or len(pairs) < _WORTH_PROCESSES:
        _keep_freed_memory()
        yield from map(partial(_count_files, truth, predictions), pairs)
        return
    # With every few images a process is told what holds for all, and nothing of the others.
    truth, predictions = (replace(dataset, records=(), header={}) for dataset in (truth, predictions))
    count = partial(_count_some, truth, predictions)
    some = [pairs[start : start + _AT_A_TIME] for start in range(0, len(pairs), _AT_A_TIME)]
    try:
        with closing(called_by_many(count, some, processes)) as of_some:
            for counts in of_some:
                yield from counts
    except BrokenProcessPool:
        raise ChildProcessError(
            "a process that counts images ended before its time, most likely because memory ran out; fewer processes "
            "need less"
        ) from None


def _count_some(
    truth: CocoPanopticDataset, predictions: CocoPanopticDataset, pairs: Sequence[_Pair]
) -> list[QualityCounts]:
    _keep_freed_memory()
    return [_count_files(truth, predictions, pair) for pair in pairs]


def _keep_freed_memory() -> None:
    """Lets the memory of one image be used for the next.

    glibc takes the size of blocks that were freed as a sign of what is worth keeping. Until a large one was, it gives
    the pages of every image back and asks for new ones, which takes nearly as long as decoding and counting.
    """
    np.empty(_LARGE, np.uint8)


def _count_files(truth: CocoPanopticDataset, predictions: CocoPanopticDataset, pair: _Pair) -> QualityCounts:
    """Returns the counts of one image. Nothing of a segment is measured but what the pairs of ids tell."""
    maps, tables = [], []
    for dataset, record in zip((truth, predictions), pair, strict=True):
        assert record.png_path is not None
        maps.append(read_id_png(record.png_path, size=record.size))
        tables.append(SegmentTable.of_record(record, dataset.categories))
    pairs = PairPixels.of(*maps)
    for dataset, record, table, present in zip(
        (truth, predictions), pair, tables, (pairs.real, pairs.pred), strict=True
    ):
        if not table.describes(present):
            dataset.read_segmentation(record)  # says in full what is wrong
    real, pred = tables
    return compare_segments(real, pred, pairs.by_segments(real, pred), len(truth.categories), pair[0].json_areas).counts


def pair_records(truth: CocoPanopticDataset, predictions: CocoPanopticDataset) -> list[_Pair]:
    """Returns every annotated image of a ground truth with its prediction.

    Raises:
        PanopticFormatError: naming the file, if an image has no prediction, or none is annotated.
    """
    annotated = [record for record in truth.records if record.png_path is not None]
    if not annotated:
        raise PanopticFormatError(f"{truth.path}: annotations is empty, so there is nothing to measure against")
    missing = [record.image_id for record in annotated if record.image_id not in predictions.by_id]
    if missing:
        others = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        raise PanopticFormatError(f"{predictions.path}: annotations has no prediction for image {missing[0]!r}{others}")
    return [(record, predictions.by_id[record.image_id]) for record in annotated]
