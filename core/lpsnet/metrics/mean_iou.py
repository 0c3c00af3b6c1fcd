"""Mean intersection over union of semantic maps, summed over the pixels of a data set before anything is divided.

Which classes the mean is over differs in the field where a class is predicted but occurs nowhere in the ground truth:
here, as in detectron2, it is left out; MMSegmentation and the Cityscapes scripts count it with an IoU of 0. Where a
ground truth holds every class the three agree.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lpsnet.categories import Categories, Category
from lpsnet.panoptic_head.inputs import as_label_map
from lpsnet.structures import Labels, unlabelled

__all__ = ["ClassIoU", "MeanIoU", "SemanticCounts", "count_semantics"]


@dataclass(frozen=True, slots=True, eq=False)
class SemanticCounts:
    """What mean IoU is made of; counts of several images add up.

    Attributes:
        confusion: ``[C, C + 1]`` int64 pixels of each class of the truth (row) that were given each class (column);
            the last column holds those that were given none.
    """

    confusion: NDArray[np.int64]

    @classmethod
    def zeros(cls, num_classes: int) -> SemanticCounts:
        """Returns the counts of no image."""
        return cls(np.zeros((num_classes, num_classes + 1), np.int64))

    def __add__(self, other: SemanticCounts) -> SemanticCounts:
        return SemanticCounts(self.confusion + other.confusion)

    @property
    def intersection(self) -> NDArray[np.int64]:
        """``[C]`` pixels whose class was found."""
        return np.diagonal(self.confusion)

    @property
    def truth(self) -> NDArray[np.int64]:
        """``[C]`` pixels of the truth."""
        pixels: NDArray[np.int64] = self.confusion.sum(axis=1)
        return pixels

    @property
    def prediction(self) -> NDArray[np.int64]:
        """``[C]`` predicted pixels, less those where the truth is void."""
        pixels: NDArray[np.int64] = self.confusion[:, :-1].sum(axis=0)
        return pixels


def count_semantics(prediction: Labels, truth: Labels, num_classes: int) -> SemanticCounts:
    """Compares a predicted semantic map with the ground truth of its image.

    A pixel has no class where its map holds the greatest value of its dtype, or a negative one; the dtypes may differ.
    Where the truth has none (void), the prediction is not looked at; where only the prediction has none, the pixel is
    missed by the truth's class. Crowd regions keep their class (method row 19): nothing but void is left out.

    Args:
        prediction: ``[H, W]`` class indices, any integer dtype.
        truth: ``[H, W]`` class indices, any integer dtype, as :meth:`PanopticSegmentation.labels` gives them.
        num_classes: C.

    Raises:
        ValueError: if the two have different shapes, or a value is neither a class nor stands for none.
    """
    if prediction.shape != truth.shape:
        raise ValueError(
            f"a prediction of shape {prediction.shape} cannot be compared with a truth of shape {truth.shape}"
        )
    prediction = as_label_map(prediction, num_classes, "predicted labels").reshape(-1)
    truth = as_label_map(truth, num_classes, "true labels").reshape(-1)
    labelled = truth != unlabelled(truth)
    column = np.minimum(prediction[labelled], num_classes).astype(np.intp)
    pairs = truth[labelled].astype(np.intp) * (num_classes + 1) + column
    confusion = np.bincount(pairs, minlength=num_classes * (num_classes + 1))
    return SemanticCounts(confusion.astype(np.int64, copy=False).reshape(num_classes, num_classes + 1))


@dataclass(frozen=True, slots=True)
class ClassIoU:
    """Intersection over union of one class.

    Attributes:
        iou: in [0, 1]; NaN if the truth holds no pixel of the class.
        intersection: pixels whose class was found.
        truth: pixels of the truth.
        prediction: predicted pixels, less those where the truth is void.
    """

    iou: float
    intersection: int
    truth: int
    prediction: int


@dataclass(frozen=True, eq=False)
class MeanIoU:
    """Mean IoU of a data set.

    Attributes:
        counts: summed over its images.
        categories: the classes.

    Raises:
        ValueError: if there are not as many classes in both.
    """

    counts: SemanticCounts
    categories: Categories

    def __post_init__(self) -> None:
        counted = len(self.counts.confusion)
        if counted != len(self.categories):
            raise ValueError(f"counts of {counted} classes do not belong to {len(self.categories)} categories")

    @cached_property
    def per_class(self) -> tuple[tuple[Category, ClassIoU], ...]:
        """Each class with its figures."""
        counts = self.counts
        intersection, truth, prediction = counts.intersection, counts.truth, counts.prediction
        iou = np.full(len(truth), np.nan)
        np.divide(intersection, truth + prediction - intersection, out=iou, where=truth > 0)
        columns: Sequence[list[Any]] = [column.tolist() for column in (iou, intersection, truth, prediction)]
        return tuple(
            (category, ClassIoU(*figures))
            for category, figures in zip(self.categories, zip(*columns, strict=True), strict=True)
        )

    @property
    def mean(self) -> float:
        """Mean IoU over all classes that occur in the truth, things and stuff alike; NaN if none does."""
        occurring = self._occurring
        return math.fsum(occurring) / len(occurring) if occurring else math.nan

    @property
    def n(self) -> int:
        """How many classes occur in the truth."""
        return len(self._occurring)

    @cached_property
    def _occurring(self) -> list[float]:
        return [figures.iou for _, figures in self.per_class if figures.truth]

    def to_json(self) -> dict[str, Any]:
        """Returns the figures, classes under their ids; what is over no class or pixel is None."""
        return {
            "miou": self.mean if self.n else None,
            "n": self.n,
            "per_class": {
                str(category.id): figures.iou if figures.truth else None for category, figures in self.per_class
            },
        }
