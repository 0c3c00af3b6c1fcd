"""Panoptic quality (Kirillov et al., 2019), figure for figure as panopticapi computes it.

Per class, over a whole data set, ``SQ = ΣIoU / TP``, ``RQ = TP / (TP + FP/2 + FN/2)`` and ``PQ = SQ · RQ``.
The corners: pairs match above an IoU of 0.5 (strictly), which makes matches unique; ground-truth void is taken out of
a prediction's area, crowd is not; crowd is neither found nor missed; a prediction that lies by more than half on void
and on crowd of its class is no false positive, where of several crowds of a class only the last one counts.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lpsnet.categories import Categories, Category
from lpsnet.metrics.segment_overlaps import PairPixels, SegmentTable, bin_sums
from lpsnet.structures import PanopticSegmentation

__all__ = [
    "ClassQuality",
    "ImageQuality",
    "MeanQuality",
    "PanopticQuality",
    "QualityCounts",
    "SegmentMatch",
    "compare_segments",
    "count_quality",
    "image_quality",
    "shared_pixels",
]

Int64 = NDArray[np.int64]
Float64 = NDArray[np.float64]

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
    pred, real = SegmentTable.of(prediction, num_classes), SegmentTable.of(truth, num_classes)
    return compare_segments(real, pred, shared_pixels(prediction, truth, num_classes), num_classes, truth_areas)


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
    pred, real = SegmentTable.of(prediction, num_classes), SegmentTable.of(truth, num_classes)
    return PairPixels.of(truth.ids, prediction.ids).by_segments(real, pred)


def compare_segments(
    real: SegmentTable,
    pred: SegmentTable,
    shared: Float64,
    num_classes: int,
    truth_areas: Mapping[int, float] | None,
) -> ImageQuality:
    """Judges segments by the pixels that they share.

    Args:
        real: the ground truth's.
        pred: the prediction's.
        shared: ``[1 + S_truth, 1 + S_prediction]`` as :func:`shared_pixels` returns them; row and column 0 are void.
        num_classes: C.
        truth_areas: see :func:`image_quality`.
    """
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
        iou=bin_sums(real.labels[rows], matched_ious, num_classes),
    )
    pairs = zip(real.ids[rows].tolist(), pred.ids[columns].tolist(), matched_ious.tolist(), strict=True)
    return ImageQuality(
        counts,
        tuple(SegmentMatch(*pair) for pair in pairs),
        tuple(pred.ids[wrong].tolist()),
        tuple(real.ids[missed].tolist()),
        tuple(pred.ids[ignored].tolist()),
    )


def _overlap_with_last_crowd(real: SegmentTable, pred: SegmentTable, overlaps: Float64) -> Float64:
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
