"""What panoptic quality is made of, image by image and small enough to keep for ten thousand; no Qt."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lpsnet.categories import Categories
from lpsnet.metrics.panoptic_quality import QualityCounts

__all__ = ["ClassTally", "pooled_pq"]


@dataclass(frozen=True, slots=True, eq=False)
class ClassTally:
    """The counts of the classes that occur in one image; those of several images may be pooled.

    Attributes:
        columns: ``[5, K]`` float64, a column a class: id, true positives, false positives, false negatives, and the sum
            of the true positives' IoUs. Ids and not indices: networks order the same classes differently.
    """

    columns: NDArray[np.float64]

    @classmethod
    def of(cls, counts: QualityCounts, categories: Categories) -> ClassTally:
        """Returns the tally of counts that go by the indices of ``categories``."""
        present = np.flatnonzero(counts.tp + counts.fp + counts.fn)
        ids = np.array([categories[int(index)].id for index in present], np.float64)
        parts = (counts.tp[present], counts.fp[present], counts.fn[present], counts.iou[present])
        return cls(np.vstack([ids, *(part.astype(np.float64) for part in parts)]))


def pooled_pq(tallies: Iterable[ClassTally]) -> float | None:
    """Returns the panoptic quality of images taken together, as a data set's is computed; None without any class.

    The counts of each class are summed over the images before ``PQ = ΣIoU / (TP + FP/2 + FN/2)``, and the classes that
    occur are averaged; this is not the mean of the images' own PQ.
    """
    kept = [tally.columns for tally in tallies]
    if not kept:
        return None
    columns = np.concatenate(kept, axis=1)
    if columns.shape[1] == 0:
        return None
    _, place = np.unique(columns[0], return_inverse=True)
    tp, fp, fn, iou = (np.bincount(place, weights=row) for row in columns[1:])
    return float(np.mean(iou / (tp + 0.5 * fp + 0.5 * fn)))
