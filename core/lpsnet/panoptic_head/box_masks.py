"""The mask of a box as the head sees it before any other box is looked at."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from lpsnet.panoptic_head.inputs import pixel_windows
from lpsnet.structures import Detections, Labels, Window

__all__ = ["box_masks"]


def box_masks(detections: Detections, labels: Labels) -> Iterator[tuple[Window, NDArray[np.bool_]]]:
    """Yields the mask of every detection before conflicts: the pixels of its class inside its box (method row 46).

    This is what mask AP is measured on (method row 57). Masks of one class may share pixels, and none is left out for
    its score.

    Args:
        detections: boxes, in any order.
        labels: ``[H, W]`` class of every pixel.

    Yields:
        A window clipped to the image, empty if the box holds no pixel's centre, and the mask in it.
    """
    windows = pixel_windows(detections.boxes, labels.shape)
    for window, label in zip(windows, detections.labels.tolist(), strict=True):
        y0, x0, y1, x1 = window
        yield window, labels[y0:y1, x0:x1] == label
