"""Small pictures of what merge steps pasted: the photo around a box, the candidate pixels tinted; no Qt."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from lpsnet.panoptic_head import candidate_mask
from lpsnet.structures import MergeStep, MergeTrace, StepKind

__all__ = ["step_picture"]

Box = tuple[float, float, float, float]
Color = tuple[int, int, int]

_TINT = 0.5
_DIMMED = 0.45
"""Brightness of what is no candidate, so that the candidates stand out without their colour too."""
_MARGIN = 0.18
"""What is shown around a box, as a share of its longer side."""
_LEAST_SIDE = 24.0
_SAMPLES = 3
"""Source pixels a picture's pixel is made of, along a side, at most: a large photo costs no more than a small one."""


def step_picture(
    photo: NDArray[np.uint8], trace: MergeTrace, index: int, color: Color, size: tuple[int, int]
) -> NDArray[np.uint8]:
    """Draws what a step had to paste.

    Args:
        photo: RGB ``[H, W, 3]``.
        trace: the merge, of the photo's size or a reduced one.
        index: the step.
        color: RGB of its verdict.
        size: height and width of the picture.

    Returns:
        RGBA ``[height, width, 4]``; transparent where the view goes beyond the photo.

    Raises:
        IndexError: if there is no such step.
    """
    if not 0 <= index < len(trace.steps):
        raise IndexError(f"step {index} of {len(trace.steps)}")
    height, width = trace.labels.shape
    view = _view_of(trace.steps[index], (height, width), size)
    scale_y, scale_x = photo.shape[0] / height, photo.shape[1] / width
    drawn = _resampled(photo, (view[0] * scale_x, view[1] * scale_y, view[2] * scale_x, view[3] * scale_y), size)
    share = _candidates(trace, index, view, size)[:, :, None]
    lit = drawn[:, :, :3] * (_DIMMED + (1 - _DIMMED) * share)
    lit += (np.array(color, np.float32) - lit) * (_TINT * share)
    return np.rint(np.dstack([lit, drawn[:, :, 3]])).astype(np.uint8)


def _view_of(step: MergeStep, shape: tuple[int, int], size: tuple[int, int]) -> Box:
    """Returns the part of the map that a picture shows, of the picture's proportions.

    A box or the extent of a stuff class has some room around it and is moved into the image where it can be; a step
    that pasted nothing of no box shows all of the image.
    """
    height, width = shape
    x0, y0, x1, y1 = step.box or (0.0, 0.0, float(width), float(height))
    if step.box is None and step.window is not None:
        y0, x0, y1, x1 = step.window
    margin = 2 * _MARGIN * max(x1 - x0, y1 - y0)
    wide = min(max(x1 - x0 + margin, _LEAST_SIDE), max(width, x1 - x0))
    high = min(max(y1 - y0 + margin, _LEAST_SIDE), max(height, y1 - y0))
    proportion = size[1] / size[0]
    wide, high = max(wide, high * proportion), max(high, wide / proportion)
    left, top = _moved_in((x0 + x1 - wide) / 2, wide, width), _moved_in((y0 + y1 - high) / 2, high, height)
    return left, top, left + wide, top + high


def _moved_in(start: float, length: float, whole: float) -> float:
    """Returns where a stretch begins that lies inside the whole if it can, else around its middle."""
    return (whole - length) / 2 if length >= whole else min(max(start, 0.0), whole - length)


def _candidates(trace: MergeTrace, index: int, view: Box, size: tuple[int, int]) -> NDArray[np.float32]:
    """Returns ``[height, width]``: which share of a picture's pixel the candidates cover, 0 … 1."""
    step = trace.steps[index]
    if step.kind is not StepKind.DETECTION and step.delta is None:
        # These look at the whole map: at a part of its pixels, which says the same at this size.
        every = _stride(trace.labels.shape[0] / size[0], trace.labels.shape[1] / size[1])
        trace = replace(trace, labels=trace.labels[::every, ::every], owners=trace.owners[::every, ::every])
        view = (view[0] / every, view[1] / every, view[2] / every, view[3] / every)
    (y0, x0, _, _), mask = candidate_mask(trace, index)
    moved = (view[0] - x0, view[1] - y0, view[2] - x0, view[3] - y0)
    share: NDArray[np.float32] = _resampled(mask.view(np.uint8), moved, size)[:, :, 0]
    return share


def _stride(*ratios: float) -> int:
    return max(1, int(min(ratios) / _SAMPLES))


def _resampled(source: NDArray[np.uint8], view: Box, size: tuple[int, int]) -> NDArray[np.float32]:
    """Returns a view of a map at another size, as float ``[height, width, channels + 1]``.

    The last channel is 255 where the view lies in the map, and 0 beyond it, as are the others.
    """
    planes = source.reshape(*source.shape[:2], -1)
    out = np.zeros((*size, planes.shape[2] + 1), np.float32)
    x0, y0, x1, y1 = view
    rows = slice(max(int(np.floor(y0)), 0), min(int(np.ceil(y1)), planes.shape[0]))
    columns = slice(max(int(np.floor(x0)), 0), min(int(np.ceil(x1)), planes.shape[1]))
    per_row, per_column = size[0] / (y1 - y0), size[1] / (x1 - x0)
    top, bottom = round((rows.start - y0) * per_row), round((rows.stop - y0) * per_row)
    left, right = round((columns.start - x0) * per_column), round((columns.stop - x0) * per_column)
    if rows.start >= rows.stop or columns.start >= columns.stop or top >= bottom or left >= right:
        return out
    every_row, every_column = _stride(1 / per_row), _stride(1 / per_column)
    part = np.ascontiguousarray(planes[rows, columns][::every_row, ::every_column])
    enlarges = bottom - top > part.shape[0]
    how = cv2.INTER_LINEAR if enlarges else cv2.INTER_AREA
    resized = cv2.resize(part.astype(np.float32), (right - left, bottom - top), interpolation=how)
    inner = out[max(top, 0) : bottom, max(left, 0) : right]
    begin_y, begin_x = max(-top, 0), max(-left, 0)
    inner[:, :, :-1] = resized.reshape(bottom - top, right - left, -1)[
        begin_y : begin_y + inner.shape[0], begin_x : begin_x + inner.shape[1]
    ]
    inner[:, :, -1] = 255
    return out
