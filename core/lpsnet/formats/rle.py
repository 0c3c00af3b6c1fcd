"""COCO's run-length encoding of masks: runs of background and mask in turn, down the columns from left to right.

Only the window of a mask is looked at, however large the image is. Counts that others wrote are checked before anything
is made of them: pycocotools takes them as they are, and writes beyond the image where they say so.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lpsnet.structures import Window

__all__ = ["encode_mask", "mask_of_counts", "unpack_counts"]

_FIRST_SIGN = 48
"""The character that stands for 0; a character holds five bits, and in the sixth whether more follow."""
_MORE, _NEGATIVE, _BITS = 0x20, 0x10, 5
_LONGEST = 7
"""Characters of the longest count that an image of 65535 × 65535 pixels can have."""


def encode_mask(window: Window, mask: NDArray[np.bool_], shape: tuple[int, int]) -> bytes:
    """Returns the ``counts`` of COCO's compressed run-length encoding of a mask in an image.

    Args:
        window: where the mask lies.
        mask: ``[y1 - y0, x1 - x0]``.
        shape: ``(height, width)`` of the image.
    """
    from pycocotools import mask as coco_mask

    height, width = shape
    y0, x0, _, x1 = window
    columns = np.zeros((x1 - x0, mask.shape[0] + 2), np.int8)
    columns[:, 1:-1] = mask.T
    column, row = np.nonzero(np.diff(columns, axis=1))
    edges = (x0 + column) * height + y0 + row
    # Runs that end at the foot of one column and go on at the head of the next are one run.
    joined = np.flatnonzero(edges[1:-1:2] == edges[2::2]) * 2 + 1
    edges = np.delete(edges, np.concatenate([joined, joined + 1]))
    end = [] if len(edges) and edges[-1] == height * width else [height * width]
    counts = np.diff(edges, prepend=0, append=end)
    encoded = coco_mask.frPyObjects({"size": [height, width], "counts": counts.tolist()}, height, width)
    return bytes(encoded["counts"])


def unpack_counts(packed: bytes) -> NDArray[np.int64]:
    """Returns the lengths of the runs that compressed ``counts`` hold; whether they fit an image is not looked at.

    Raises:
        ValueError: in words that go on from the name of the field, if they are not such counts.
    """
    values = np.frombuffer(packed, np.uint8).astype(np.int64) - _FIRST_SIGN
    if not len(values):
        return np.zeros(0, np.int64)
    if int(values.min()) < 0 or int(values.max()) >= 2 * _MORE:
        raise ValueError("holds characters that no run-length encoding has")
    ends = np.flatnonzero(values & _MORE == 0)
    starts = np.concatenate([[0], ends[:-1] + 1])
    if not len(ends) or ends[-1] != len(values) - 1:
        raise ValueError("is cut short")
    lengths = ends - starts + 1
    if int(lengths.max()) > _LONGEST:
        raise ValueError("holds a run longer than any image")
    place = np.arange(len(values)) - np.repeat(starts, lengths)
    steps: NDArray[np.int64] = np.add.reduceat((values & (_MORE - 1)) << (_BITS * place), starts)
    steps -= np.where(values[ends] & _NEGATIVE, np.int64(1) << (_BITS * lengths), 0)
    # From the fourth on, a count is given by how it differs from the one before the last.
    steps[1::2] = np.cumsum(steps[1::2])
    steps[2::2] = np.cumsum(steps[2::2])
    return steps


def mask_of_counts(counts: NDArray[np.integer[Any]], shape: tuple[int, int]) -> tuple[Window, NDArray[np.bool_]]:
    """Returns the tight window of a mask, and the mask in it; an empty window at the origin if it has no pixel.

    Args:
        counts: lengths of the runs, the first of background.
        shape: ``(height, width)`` of the image.

    Raises:
        ValueError: in words that go on from the name of the field, if the runs do not fill the image exactly.
    """
    height, width = shape
    if len(counts) and int(counts.min()) < 0:
        raise ValueError("holds a run of less than no pixels")
    edges = np.cumsum(counts, dtype=np.int64)
    total = int(edges[-1]) if len(edges) else 0
    if total != height * width:
        raise ValueError(f"covers {total} pixels, but its image has {width} × {height}")
    starts, ends = edges[0 : len(edges) - 1 : 2], edges[1::2]
    occupied = ends > starts
    starts, ends = starts[occupied], ends[occupied]
    if not len(starts):
        return (0, 0, 0, 0), np.zeros((0, 0), np.bool_)
    x0, x1 = int(starts[0]) // height, (int(ends[-1]) - 1) // height + 1
    changes = np.zeros((x1 - x0) * height + 1, np.int8)
    np.add.at(changes, starts - x0 * height, np.int8(1))
    np.add.at(changes, ends - x0 * height, np.int8(-1))
    columns = np.cumsum(changes[:-1], dtype=np.int8).reshape(x1 - x0, height).view(np.bool_)
    rows = np.flatnonzero(columns.any(axis=0))
    y0, y1 = int(rows[0]), int(rows[-1]) + 1
    return (y0, x0, y1, x1), np.ascontiguousarray(columns[:, y0:y1].T)
