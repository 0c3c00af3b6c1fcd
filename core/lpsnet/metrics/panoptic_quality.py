"""Panoptic quality (Kirillov et al., 2019), figure for figure as panopticapi computes it.

Per class, over a whole data set, ``SQ = ΣIoU / TP``, ``RQ = TP / (TP + FP/2 + FN/2)`` and ``PQ = SQ · RQ``.
The corners: pairs match above an IoU of 0.5 (strictly), which makes matches unique; ground-truth void is taken out of
a prediction's area, crowd is not; crowd is neither found nor missed; a prediction that lies by more than half on void
and on crowd of its class is no false positive, where of several crowds of a class only the last one counts.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Mapping, Sequence
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lpsnet.categories import Categories, Category
from lpsnet.formats.coco_panoptic import CocoPanopticDataset, PanopticFormatError, Record, read_coco_panoptic
from lpsnet.formats.id_png import read_id_png
from lpsnet.processes import called_by_many
from lpsnet.structures import Int32, PanopticSegmentation

__all__ = [
    "ClassQuality",
    "ImageQuality",
    "MeanQuality",
    "PanopticQuality",
    "QualityCounts",
    "SegmentMatch",
    "count_quality",
    "image_quality",
    "pair_records",
    "score_files",
    "shared_pixels",
]

Int64 = NDArray[np.int64]
Float64 = NDArray[np.float64]
_Pair = tuple[Record, Record]
"""An image of a ground truth and of its predictions."""
_WORTH_PROCESSES = 500
"""Images from which on processes save more time than their start costs, a third of a second."""
_AT_A_TIME = 16
"""Images that a process is handed at once: enough that handing over costs nothing, few enough to stop soon."""
_LARGE = 31 * 2**20
"""Bytes of a block of memory just below the largest that glibc's malloc would keep for further use."""


# ---------------------------------------------------------------------------------------------------------- one image


@dataclass(frozen=True, slots=True, eq=False)
class QualityCounts:
    """What panoptic quality is made of; counts of several images add up.

    Attributes:
        tp: ``[C]`` int64 matched pairs.
        fp: ``[C]`` int64 predictions without a match, less those that are ignored.
        fn: ``[C]`` int64 ground-truth segments without a match, crowds left out.
        iou: ``[C]`` float64 sum of the matched pairs' IoUs.
    """

    tp: Int64
    fp: Int64
    fn: Int64
    iou: Float64

    @classmethod
    def zeros(cls, num_classes: int) -> QualityCounts:
        """Returns the counts of no image."""
        tp, fp, fn = np.zeros((3, num_classes), np.int64)
        return cls(tp, fp, fn, np.zeros(num_classes))

    def __add__(self, other: QualityCounts) -> QualityCounts:
        return QualityCounts(self.tp + other.tp, self.fp + other.fp, self.fn + other.fn, self.iou + other.iou)


@dataclass(frozen=True, slots=True)
class SegmentMatch:
    """A ground-truth segment and the prediction that found it.

    Attributes:
        truth: id of the ground-truth segment.
        prediction: id of the predicted segment.
        iou: in (0.5, 1].
    """

    truth: int
    prediction: int
    iou: float


@dataclass(frozen=True, slots=True, eq=False)
class ImageQuality:
    """How a prediction of one image compares with its ground truth, segment by segment.

    Attributes:
        counts: summed by class.
        matches: the true positives.
        false_positives: ids of predictions that match nothing.
        false_negatives: ids of ground-truth segments that nothing matches.
        ignored: ids of predictions that match nothing but lie on void or crowd, and so cost nothing.
    """

    counts: QualityCounts
    matches: tuple[SegmentMatch, ...]
    false_positives: tuple[int, ...]
    false_negatives: tuple[int, ...]
    ignored: tuple[int, ...]


def count_quality(
    prediction: PanopticSegmentation,
    truth: PanopticSegmentation,
    num_classes: int,
    *,
    truth_areas: Mapping[int, float] | None = None,
) -> QualityCounts:
    """Returns the counts of :func:`image_quality` alone."""
    return image_quality(prediction, truth, num_classes, truth_areas=truth_areas).counts


def image_quality(
    prediction: PanopticSegmentation,
    truth: PanopticSegmentation,
    num_classes: int,
    *,
    truth_areas: Mapping[int, float] | None = None,
) -> ImageQuality:
    """Compares a prediction with the ground truth of its image.

    Args:
        prediction: its segments' labels index the same classes as the truth's.
        truth: ground truth; of several crowds of a class the last one in its order counts, as in panopticapi.
        num_classes: C.
        truth_areas: areas that stand for the counted ones, by id: panopticapi takes them from the JSON.

    Raises:
        ValueError: if the two have different sizes, or a label is not below C.
    """
    pred, real = _SegmentTable.of(prediction, num_classes), _SegmentTable.of(truth, num_classes)
    return _compare(real, pred, shared_pixels(prediction, truth, num_classes), num_classes, truth_areas)


def shared_pixels(prediction: PanopticSegmentation, truth: PanopticSegmentation, num_classes: int) -> Float64:
    """Counts the pixels that every pair of a true and a predicted segment shares: all that the metric looks at.

    Returns:
        ``[1 + S_truth, 1 + S_prediction]`` whole numbers, segments in their order; row and column 0 are void.

    Raises:
        ValueError: if the two have different sizes, or a label is not below C.
    """
    if prediction.ids.shape != truth.ids.shape:
        raise ValueError(
            f"a prediction of shape {prediction.ids.shape} cannot be compared with a truth of shape {truth.ids.shape}"
        )
    pred, real = _SegmentTable.of(prediction, num_classes), _SegmentTable.of(truth, num_classes)
    return _PairPixels.of(truth.ids, prediction.ids).by_segments(real, pred)


def _compare(
    real: _SegmentTable,
    pred: _SegmentTable,
    shared: Float64,
    num_classes: int,
    truth_areas: Mapping[int, float] | None,
) -> ImageQuality:
    """Judges segments by the ``[1 + S_truth, 1 + S_prediction]`` pixels that pairs share; row and column 0 are void."""
    void_overlap, overlaps = shared[0, 1:], shared[1:, 1:]
    pred_areas = shared[:, 1:].sum(axis=0)
    real_areas = shared[1:].sum(axis=1)
    if truth_areas:
        real_areas = np.array([truth_areas.get(int(i), a) for i, a in zip(real.ids, real_areas, strict=True)])

    unions = pred_areas[None, :] + real_areas[:, None] - overlaps - void_overlap[None, :]
    comparable = (real.labels[:, None] == pred.labels[None, :]) & ~real.crowd[:, None] & (overlaps > 0)
    ious = np.divide(overlaps, unions, out=np.zeros(overlaps.shape), where=comparable & (unions > 0))
    rows, columns = np.nonzero(ious > 0.5)

    missed = ~real.crowd
    missed[rows] = False
    unmatched = np.ones(len(pred.ids), np.bool_)
    unmatched[columns] = False
    forgiven = void_overlap + _overlap_with_last_crowd(real, pred, overlaps) > 0.5 * pred_areas
    wrong, ignored = unmatched & ~forgiven, unmatched & forgiven

    matched_ious = ious[rows, columns]
    counts = QualityCounts(
        tp=np.bincount(real.labels[rows], minlength=num_classes),
        fp=np.bincount(pred.labels[wrong], minlength=num_classes),
        fn=np.bincount(real.labels[missed], minlength=num_classes),
        iou=_bin_sums(real.labels[rows], matched_ious, num_classes),
    )
    pairs = zip(real.ids[rows].tolist(), pred.ids[columns].tolist(), matched_ious.tolist(), strict=True)
    return ImageQuality(
        counts,
        tuple(SegmentMatch(*pair) for pair in pairs),
        tuple(pred.ids[wrong].tolist()),
        tuple(real.ids[missed].tolist()),
        tuple(pred.ids[ignored].tolist()),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _SegmentTable:
    """Segments as columns: ids, labels and crowd flags ``[S]``."""

    ids: Int64
    labels: Int64
    crowd: NDArray[np.bool_]

    @classmethod
    def of(cls, segmentation: PanopticSegmentation, num_classes: int) -> _SegmentTable:
        segments = segmentation.segments
        labels = np.array([segment.label for segment in segments], np.int64)
        if len(labels) and not 0 <= labels.min() <= labels.max() < num_classes:
            raise ValueError(f"class indices must lie between 0 and {num_classes - 1}")
        return cls(
            np.array([segment.id for segment in segments], np.int64),
            labels,
            np.array([segment.iscrowd for segment in segments], np.bool_),
        )

    @classmethod
    def of_record(cls, record: Record, categories: Categories) -> _SegmentTable:
        """Returns the segments as a data set's JSON lists them."""
        segments = record.segments
        return cls(
            np.array([segment["id"] for segment in segments], np.int64),
            np.array([categories.index_of[segment["category_id"]] for segment in segments], np.int64),
            np.array([bool(segment.get("iscrowd", 0)) for segment in segments], np.bool_),
        )

    def row_of(self, ids: Int32) -> Int64:
        """Returns 1 + the row of each id in the table, 0 for void and for ids that are no segment."""
        if not len(self.ids):
            return np.zeros(ids.shape, np.int64)
        order = np.argsort(self.ids)
        place = np.minimum(np.searchsorted(self.ids, ids, sorter=order), len(order) - 1)
        rows = order[place]
        return np.where(self.ids[rows] == ids, rows + 1, 0)

    def describes(self, present: Int32) -> bool:
        """Returns whether the segments are just the ids that a map holds besides void."""
        return set(self.ids.tolist()) == set(present.tolist()) - {0}


@dataclass(frozen=True, slots=True, eq=False)
class _PairPixels:
    """How many pixels each pair of a true and a predicted id shares.

    Attributes:
        real: ``[P]`` true ids.
        pred: ``[P]`` predicted ids.
        pixels: ``[P]`` int64, > 0.
    """

    real: Int32
    pred: Int32
    pixels: Int64

    @classmethod
    def of(cls, real_ids: Int32, pred_ids: Int32) -> _PairPixels:
        """Counts runs of equal pairs in two id maps ``[H, W]``, which are far fewer than pixels."""
        real_ids, pred_ids = real_ids.reshape(-1), pred_ids.reshape(-1)
        begins = np.ones(real_ids.size, np.bool_)
        np.not_equal(real_ids[1:], real_ids[:-1], out=begins[1:])
        begins[1:] |= pred_ids[1:] != pred_ids[:-1]
        starts = np.flatnonzero(begins)
        lengths = np.diff(starts, append=real_ids.size)
        real_ids, pred_ids = real_ids[starts], pred_ids[starts]
        pairs = real_ids.astype(np.int64) << 32 | pred_ids
        order = np.argsort(pairs)
        pairs = pairs[order]
        firsts = np.flatnonzero(np.diff(pairs, prepend=pairs[:1] - 1))
        pixels = np.add.reduceat(lengths[order], firsts) if len(firsts) else lengths
        return cls(real_ids[order][firsts], pred_ids[order][firsts], pixels)

    def by_segments(self, real: _SegmentTable, pred: _SegmentTable) -> Float64:
        """Returns ``[1 + S_truth, 1 + S_prediction]`` pixels; row and column 0 are void and ids that are no segment."""
        width = 1 + len(pred.ids)
        bins = real.row_of(self.real) * width + pred.row_of(self.pred)
        return _bin_sums(bins, self.pixels, (1 + len(real.ids)) * width).reshape(-1, width)


def _bin_sums(bins: Int64, weights: NDArray[Any], count: int) -> Float64:
    """Returns ``[count]`` sums of the weights in each bin; of whole numbers they are exact up to 2⁵³."""
    return np.bincount(bins, weights, count).astype(np.float64, copy=False)


def _overlap_with_last_crowd(real: _SegmentTable, pred: _SegmentTable, overlaps: Float64) -> Float64:
    """Returns ``[S_prediction]`` pixels of each prediction on the last crowd of its class."""
    last = {int(real.labels[row]): row for row in np.flatnonzero(real.crowd)}
    return np.array(
        [overlaps[last[label], i] if label in last else 0.0 for i, label in enumerate(pred.labels.tolist())]
    )


# -------------------------------------------------------------------------------------------------------- a data set


@dataclass(frozen=True, slots=True)
class MeanQuality:
    """Quality averaged over the classes that occur.

    Attributes:
        pq: mean of the classes' PQ, in [0, 1]; NaN if no class occurs. It is not the product of the two others.
        sq: mean of their SQ.
        rq: mean of their RQ.
        n: how many classes occur.
    """

    pq: float
    sq: float
    rq: float
    n: int


@dataclass(frozen=True, slots=True)
class ClassQuality:
    """Quality of one class; all figures are 0 if it occurs neither in truth nor in predictions.

    Attributes:
        pq: in [0, 1].
        sq: mean IoU of its matched pairs; 0 if there is none.
        rq: its F1 score.
        tp: matched pairs.
        fp: false positives.
        fn: false negatives.
        iou: sum of the matched pairs' IoUs.
    """

    pq: float
    sq: float
    rq: float
    tp: int
    fp: int
    fn: int
    iou: float

    @property
    def n(self) -> int:
        """How many pairs and lone segments the figures rest on."""
        return self.tp + self.fp + self.fn


@dataclass(frozen=True, eq=False)
class PanopticQuality:
    """Panoptic quality of a data set.

    Attributes:
        counts: summed over its images; they are summed before anything is divided or averaged.
        categories: the classes.
        paired_by_name: whether predictions were found for their images by file names, because their ids did not fit.
    """

    counts: QualityCounts
    categories: Categories
    paired_by_name: bool = False

    @cached_property
    def per_class(self) -> tuple[tuple[Category, ClassQuality], ...]:
        """Each class with its figures."""
        figures = zip(*(column.tolist() for column in self._columns()), strict=True)
        return tuple((category, ClassQuality(*row)) for category, row in zip(self.categories, figures, strict=True))

    @property
    def all(self) -> MeanQuality:
        """Mean over things and stuff together."""
        return self._mean(np.ones(len(self.categories), np.bool_))

    @property
    def things(self) -> MeanQuality:
        """Mean over the thing classes."""
        return self._mean(self.categories.isthing)

    @property
    def stuff(self) -> MeanQuality:
        """Mean over the stuff classes."""
        return self._mean(~self.categories.isthing)

    def to_json(self) -> dict[str, Any]:
        """Returns the figures under panopticapi's names, classes under their ids, with ``counts`` added.

        A mean over no class is None.
        """
        means = {"All": self.all, "Things": self.things, "Stuff": self.stuff}
        return {
            **{name: {key: _none_if_nan(getattr(mean, key)) for key in _MEAN_KEYS} for name, mean in means.items()},
            "per_class": {
                str(category.id): {"pq": figures.pq, "sq": figures.sq, "rq": figures.rq}
                for category, figures in self.per_class
            },
            "counts": {
                str(category.id): {"tp": figures.tp, "fp": figures.fp, "fn": figures.fn, "iou": figures.iou}
                for category, figures in self.per_class
            },
        }

    def _columns(self) -> tuple[Float64, Float64, Float64, Int64, Int64, Int64, Float64]:
        """Returns ``[C]`` PQ, SQ, RQ and the counts."""
        counts = self.counts
        denominator = counts.tp + 0.5 * counts.fp + 0.5 * counts.fn
        pq, rq = (_divide(part, denominator) for part in (counts.iou, counts.tp))
        return pq, _divide(counts.iou, counts.tp), rq, counts.tp, counts.fp, counts.fn, counts.iou

    def _mean(self, chosen: NDArray[np.bool_]) -> MeanQuality:
        pq, sq, rq, tp, fp, fn, _ = self._columns()
        occurs = chosen & (tp + fp + fn > 0)
        n = int(occurs.sum())
        if n == 0:
            return MeanQuality(math.nan, math.nan, math.nan, 0)
        return MeanQuality(float(pq[occurs].mean()), float(sq[occurs].mean()), float(rq[occurs].mean()), n)


_MEAN_KEYS = ("pq", "sq", "rq", "n")


def _none_if_nan(value: float) -> float | None:
    return None if math.isnan(value) else value


def _divide(numerator: NDArray[Any], denominator: NDArray[Any]) -> Float64:
    """Returns the quotient, 0 where the denominator is 0."""
    result = np.zeros(len(numerator))
    np.divide(numerator, denominator, out=result, where=denominator > 0)
    return result


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
        tables.append(_SegmentTable.of_record(record, dataset.categories))
    pairs = _PairPixels.of(*maps)
    for dataset, record, table, present in zip(
        (truth, predictions), pair, tables, (pairs.real, pairs.pred), strict=True
    ):
        if not table.describes(present):
            dataset.read_segmentation(record)  # says in full what is wrong
    real, pred = tables
    return _compare(real, pred, pairs.by_segments(real, pred), len(truth.categories), pair[0].json_areas).counts


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
