"""What comes into the panoptic head: settings, boxes and label maps of any origin, checked and made uniform."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lpsnet.structures import Detections, Labels, Window, label_dtype, unlabelled

__all__ = ["as_label_map", "check_detections", "check_settings", "pixel_windows", "with_second_choice"]


def check_settings(
    score_threshold: float, overlap_threshold: float, conflict: str, stuff_limit: int, leftovers: str
) -> None:
    """Raises ValueError, naming the setting, if one is out of range."""
    for name, value in (("score_threshold", score_threshold), ("overlap_threshold", overlap_threshold)):
        if not 0 <= value <= 1:
            raise ValueError(f"{name} must lie between 0 and 1, not {value!r}")
    if stuff_limit < 0:
        raise ValueError(f"stuff_limit must not be negative, not {stuff_limit!r}")
    if conflict not in ("closest", "highest", "smallest"):
        raise ValueError(f"conflict must be one of closest, highest, smallest, not {conflict!r}")
    if leftovers not in ("void", "next_stuff"):
        raise ValueError(f"leftovers must be one of void, next_stuff, not {leftovers!r}")


def check_detections(detections: Detections, isthing: NDArray[np.bool_]) -> None:
    """Raises ValueError, naming the row, unless all are finite, by descending score and of thing classes."""
    boxes, labels, scores = detections.boxes, detections.labels, detections.scores
    broken = np.flatnonzero(~(np.isfinite(boxes).all(axis=1) & np.isfinite(scores)))
    if broken.size:
        raise ValueError(f"detection {broken[0]} is not finite: box {boxes[broken[0]]}, score {scores[broken[0]]}")
    if (np.diff(scores) > 0).any():
        raise ValueError("detections must come by descending score; Detections.from_boxes sorts them")
    alien = np.flatnonzero((labels < 0) | (labels >= len(isthing)))
    if alien.size:
        raise ValueError(f"detection {alien[0]} has class {labels[alien[0]]}, but there are {len(isthing)} classes")
    stuff = np.flatnonzero(~isthing[labels])
    if stuff.size:
        raise ValueError(f"detection {stuff[0]} has class {labels[stuff[0]]}, which is stuff; only things have boxes")


def as_label_map(labels: NDArray[np.integer[Any]], num_classes: int, name: str) -> Labels:
    """Returns a label map of any integer dtype in the dtype that its number of classes asks for.

    It is not copied if it has that dtype already.

    Raises:
        ValueError: if it is no ``[H, W]`` integer map, or holds a value that is neither a class, nor negative, nor the
            greatest of its dtype.
    """
    if labels.ndim != 2 or not np.issubdtype(labels.dtype, np.integer):
        raise ValueError(f"{name} must be whole numbers [H, W], not {labels.dtype} {list(labels.shape)}")
    nothing = np.iinfo(labels.dtype).max
    alien = (labels >= num_classes) & (labels != nothing)
    if alien.any():
        raise ValueError(
            f"{name} hold {labels[alien][0]}, which is neither one of the {num_classes} classes nor {nothing}, no class"
        )
    dtype = label_dtype(num_classes)
    if labels.dtype == dtype:
        return np.ascontiguousarray(labels)
    compact: Labels = labels.astype(dtype)
    compact[(labels == nothing) | (labels < 0)] = np.iinfo(dtype).max
    return compact


def with_second_choice(next_stuff: Labels | None, labels: Labels, isthing: NDArray[np.bool_]) -> Labels:
    """Returns the label map with every thing pixel's class replaced by its likeliest stuff class (method row 55).

    Raises:
        ValueError: if there is no ``next_stuff``, its shape differs, or it holds a thing class at such a pixel.
    """
    if next_stuff is None:
        raise ValueError('leftovers="next_stuff" needs the next_stuff map')
    next_stuff = as_label_map(next_stuff, len(isthing), "next_stuff")
    if next_stuff.shape != labels.shape:
        raise ValueError(f"next_stuff is {list(next_stuff.shape)}, but labels are {list(labels.shape)}")
    table = np.zeros(unlabelled(labels) + 1, np.bool_)
    table[: len(isthing)] = isthing
    chosen: Labels = np.where(table.take(labels), next_stuff, labels)
    if table.take(chosen).any():
        raise ValueError("next_stuff holds a thing class where labels do")
    return chosen


def pixel_windows(boxes: NDArray[np.float32], shape: tuple[int, ...]) -> list[Window]:
    """Returns for every box the pixels whose centre lies in it, as a window clipped to the image."""
    height, width = shape
    sides = np.ceil(boxes.reshape(-1, 4).astype(np.float64) - 0.5)
    x0, y0, x1, y1 = np.clip(sides, 0, [width, height, width, height]).astype(np.intp).T
    return list(zip(y0.tolist(), x0.tolist(), np.maximum(y0, y1).tolist(), np.maximum(x0, x1).tolist(), strict=True))
