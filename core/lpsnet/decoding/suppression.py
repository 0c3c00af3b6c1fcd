"""Greedy non-maximum suppression that says who suppressed whom (method row 36)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["pairwise_iou", "suppress_greedily"]

Float32 = NDArray[np.float32]
Rows = NDArray[np.intp]

_BLOCK = 64
"""Boxes decided together; it only trades the number of numpy calls against the size of their arrays."""


def suppress_greedily(boxes: Float32, threshold: float) -> tuple[Rows, Float32]:
    """Suppresses every box that overlaps a better surviving one by more than ``threshold``.

    The kept boxes are those of ``torchvision.ops.nms``, which does not tell what suppressed the others, unless an IoU
    equals the threshold to float32 rounding: torchvision compares with the threshold in double precision.

    Args:
        boxes: ``[K, 4]`` of one class, best first.
        threshold: IoU in [0, 1]; the comparison is strict and made in float32.

    Returns:
        ``[K]`` the row of the best surviving box that suppressed each box, −1 for those kept; and ``[K]`` float32 the
        IoU with it, 0 for those kept.
    """
    suppressor = np.full(len(boxes), -1, np.intp)
    overlap = np.zeros(len(boxes), np.float32)
    limit = np.float32(threshold)
    waiting = np.arange(len(boxes))
    while len(waiting):
        block, waiting = waiting[:_BLOCK], waiting[_BLOCK:]
        iou = pairwise_iou(boxes[block], boxes[block])
        exceeds = np.triu(iou > limit, 1)
        for row in np.flatnonzero(exceeds.any(axis=1)):
            if suppressor[block[row]] < 0:
                hit = exceeds[row] & (suppressor[block] < 0)
                suppressor[block[hit]] = block[row]
                overlap[block[hit]] = iou[row, hit]

        survivors = block[suppressor[block] < 0]
        iou = pairwise_iou(boxes[survivors], boxes[waiting])
        exceeds = iou > limit
        hit = exceeds.any(axis=0)
        first = exceeds.argmax(axis=0)[hit]
        suppressor[waiting[hit]] = survivors[first]
        overlap[waiting[hit]] = iou[first, np.flatnonzero(hit)]
        waiting = waiting[~hit]
    return suppressor, overlap


def pairwise_iou(boxes: Float32, others: Float32) -> Float32:
    """Returns the IoU ``[A, B]`` of ``boxes [A, 4]`` with ``others [B, 4]``; 0 where both are empty."""
    x0, y0, x1, y1 = boxes.T[:, :, None]
    u0, v0, u1, v1 = others.T[:, None, :]
    intersection = np.maximum(np.minimum(x1, u1) - np.maximum(x0, u0), 0)
    intersection *= np.maximum(np.minimum(y1, v1) - np.maximum(y0, v0), 0)
    union = (x1 - x0) * (y1 - y0) + (u1 - u0) * (v1 - v0) - intersection
    iou: Float32 = np.divide(intersection, union, out=np.zeros_like(union), where=union > 0)
    return iou
