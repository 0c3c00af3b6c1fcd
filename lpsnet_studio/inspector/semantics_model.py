"""The classes of a label map: how much of it each takes, and how they are found by typing; no Qt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lpsnet.categories import Categories
from lpsnet.maps import HeatMap
from lpsnet.structures import Labels
from lpsnet_studio.inference.vocabulary import Sight

__all__ = [
    "CERTAINTY",
    "MEANS",
    "ClassRow",
    "area_words",
    "class_rows",
    "class_shares",
    "found",
    "mean_words",
    "means_of",
]

CERTAINTY = (Sight("entropy"), Sight("margin"), Sight("next_best"))
"""The maps that are of no one class."""
MEANS = Sight("means")
"""Figures of every class."""


@dataclass(frozen=True, slots=True)
class ClassRow:
    """One class of the data set.

    Attributes:
        label: class index.
        name: of the class.
        color: RGB.
        isthing: whether it has countable objects.
        share: of the label map, 0 … 1; None until it is counted.
        mean: its mean probability over the image, 0 … 1; None until it is known.
    """

    label: int
    name: str
    color: tuple[int, int, int]
    isthing: bool
    share: float | None
    mean: float | None


def class_shares(labels: Labels, count: int) -> NDArray[np.float64]:
    """Returns which share of a label map ``[H, W]`` each of ``count`` classes takes, ``[count]``."""
    counts = np.bincount(labels.ravel(), minlength=count)
    return counts[:count] / max(labels.size, 1)


def means_of(means: HeatMap | None) -> NDArray[np.float32] | None:
    """Returns the mean probability of every class, ``[C]``, of :data:`MEANS`; None if they are not here."""
    return None if means is None else means.values[0]


def class_rows(
    categories: Categories,
    shares: NDArray[np.float64] | None,
    means: NDArray[np.floating] | None = None,
) -> tuple[ClassRow, ...]:
    """Returns every class, the largest areas first, then as in the data set.

    Args:
        categories: the classes.
        shares: of the label map, see :func:`class_shares`; None if they are not counted yet.
        means: mean probability of each; None if they are not known.
    """
    rows = [
        ClassRow(
            label,
            category.name,
            category.color,
            category.isthing,
            None if shares is None else float(shares[label]),
            None if means is None else float(means[label]),
        )
        for label, category in enumerate(categories)
    ]
    return tuple(sorted(rows, key=lambda row: -(row.share or 0.0)))


def found(rows: Sequence[ClassRow], typed: str) -> list[ClassRow]:
    """Returns the classes whose name holds what was typed.

    First come those that begin with it, then those a word of which does, then the others; within each, the order is
    kept. Nothing typed finds all.
    """
    wanted = " ".join(typed.casefold().split())
    if not wanted:
        return list(rows)
    matching = [(row, row.name.casefold()) for row in rows if wanted in row.name.casefold()]

    def nearness(pair: tuple[ClassRow, str]) -> int:
        name = pair[1]
        words = name.replace("-", " ").replace("_", " ").split()
        return 0 if name.startswith(wanted) else 1 if any(word.startswith(wanted) for word in words) else 2

    return [row for row, _ in sorted(matching, key=nearness)]


def area_words(share: float | None) -> str:
    """Returns an area as a share of the image in percent; a little is never told as nothing."""
    if share is None:
        return ""
    if share == 0:
        return "–"
    return f"{100 * share:.1f} %" if share >= 0.0005 else "< 0.1 %"


def mean_words(mean: float | None) -> str:
    """Returns a mean probability with the digits it deserves."""
    if mean is None:
        return ""
    return f"{mean:.3f}" if mean >= 0.0005 else "< 0.001"
