"""Which segments of two id maps of an image meet, and on how many pixels: all that panoptic quality looks at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lpsnet.categories import Categories
from lpsnet.formats.coco_panoptic import Record
from lpsnet.structures import Int32, PanopticSegmentation

__all__ = ["PairPixels", "SegmentTable", "bin_sums"]

Int64 = NDArray[np.int64]
Float64 = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class SegmentTable:
    """Segments as columns.

    Attributes:
        ids: ``[S]`` in the map, not 0.
        labels: ``[S]`` class indices.
        crowd: ``[S]`` whether they stand for several objects.
    """

    ids: Int64
    labels: Int64
    crowd: NDArray[np.bool_]

    @classmethod
    def of(cls, segmentation: PanopticSegmentation, num_classes: int) -> SegmentTable:
        """Returns the segments of a segmentation.

        Raises:
            ValueError: if a label is not below ``num_classes``.
        """
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
    def of_record(cls, record: Record, categories: Categories) -> SegmentTable:
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
class PairPixels:
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
    def of(cls, real_ids: Int32, pred_ids: Int32) -> PairPixels:
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

    def by_segments(self, real: SegmentTable, pred: SegmentTable) -> Float64:
        """Returns ``[1 + S_truth, 1 + S_prediction]`` pixels; row and column 0 are void and ids that are no segment."""
        width = 1 + len(pred.ids)
        bins = real.row_of(self.real) * width + pred.row_of(self.pred)
        return bin_sums(bins, self.pixels, (1 + len(real.ids)) * width).reshape(-1, width)


def bin_sums(bins: Int64, weights: NDArray[Any], count: int) -> Float64:
    """Returns ``[count]`` sums of the weights in each bin; of whole numbers they are exact up to 2⁵³."""
    return np.bincount(bins, weights, count).astype(np.float64, copy=False)
