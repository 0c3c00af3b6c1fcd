"""Who a contested pixel goes to (paper section 3.4, the special case; paper Table 5; method rows 48-52)."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from lpsnet.borderness import box_borderness, sample_borderness
from lpsnet.structures import BordernessMaps, Detections

__all__ = ["Conflict", "Pixels", "costs_of_competitors"]

Conflict = Literal["closest", "highest", "smallest"]
Pixels = NDArray[np.intp]
"""``[n]`` positions in a flattened map."""

_PIXELS_AT_ONCE = 16384
"""Contested pixels judged together: few enough for their temporaries to stay in the processor's cache."""


def costs_of_competitors(
    conflict: Conflict,
    detections: Detections,
    borderness: BordernessMaps | None,
    pixels: Pixels,
    width: int,
    competitors: tuple[Pixels, Pixels],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Returns what each pixel would cost each of two competing detections; it goes to the lesser cost.

    Args:
        conflict: the strategy.
        detections: all boxes.
        borderness: the prediction that ``closest`` compares with.
        pixels: ``[n]`` contested pixels.
        width: width of the image.
        competitors: two times ``[n]`` rows of ``detections``.
    """
    boxes = detections.boxes.astype(np.float64)
    first, second = np.zeros(len(pixels)), np.zeros(len(pixels))
    if conflict == "smallest":
        areas = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
        first, second = areas[competitors[0]], areas[competitors[1]]
    if conflict == "closest" and borderness is not None:
        for begin in range(0, len(pixels), _PIXELS_AT_ONCE):
            part = slice(begin, begin + _PIXELS_AT_ONCE)
            row = pixels[part] // width
            x, y = pixels[part] - row * width + 0.5, row + 0.5
            rivals = competitors[0][part], competitors[1][part]
            for cost, rows, predicted in zip(
                (first, second), rivals, _predictions(borderness, detections, x, y, rivals), strict=True
            ):
                np.abs(box_borderness(x, y, boxes.take(rows, axis=0)) - predicted, out=cost[part])
    return first, second


def _predictions(
    borderness: BordernessMaps,
    detections: Detections,
    x: NDArray[np.floating[Any]],
    y: NDArray[np.floating[Any]],
    rivals: tuple[Pixels, Pixels],
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Returns the border-ness predicted at points, as it answers to each of two competing detections."""
    x32, y32 = x.astype(np.float32), y.astype(np.float32)
    if borderness.pooling == "own":
        one, other = (sample_borderness(borderness, x32, y32, detections.level[rows]) for rows in rivals)
        return one, other
    shared = sample_borderness(borderness, x32, y32)
    return shared, shared
