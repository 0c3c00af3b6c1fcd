"""What became of every candidate pixel of a merge step, found at the screen's resolution; no Qt."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lpsnet.panoptic_head.inputs import pixel_windows
from lpsnet.structures import MergeTrace, Owners, Verdict
from lpsnet_studio.canvas.colors import Table, color_table
from lpsnet_studio.canvas.sampling import Grid, IndexMap
from lpsnet_studio.view_options import ContestedPixels

__all__ = ["CANDIDATE", "HELD_BEFORE", "LOST", "SPOKE_AGAINST", "WON", "StepPixels", "step_tables"]

CANDIDATE, SPOKE_AGAINST, WON, LOST = 1, 2, 3, 4
"""A pixel of the class in the box; one held already, of a discarded box; one won from its holder; one left to it."""
HELD_BEFORE = 8
"""Plus the number of the owner that held the pixel before the step."""

_COLORS = np.array([(0, 0, 0), (255, 255, 255), (230, 60, 50), (255, 190, 40), (255, 190, 40)], np.uint8)
_OPACITY = np.array([0.0, 0.35, 0.75, 0.85, 0.75])
_STRIPES_OPACITY = np.array([0.0, 0.35, 0.75, 0.85, 0.15])
_BEFORE_OPACITY = 0.9
_BEFORE_WHITENESS = 0.6


class StepPixels:
    """The pixels of a detection's step, as an index map of the step's window.

    Args:
        trace: the merge.
        index: the step, of a detection.
        owners: ``[H, W]`` owner map right after the step, not copied.
        contested: whether contested pixels tell what became of them, or who held them before.

    Attributes:
        origin: column and row of the window's first pixel.
    """

    def __init__(self, trace: MergeTrace, index: int, owners: Owners, contested: ContestedPixels) -> None:
        step = trace.steps[index]
        assert step.box is not None, "only detections have a window of their own"
        ((y0, x0, y1, x1),) = pixel_windows(np.array([step.box], np.float32), trace.labels.shape)
        self.origin = (x0, y0)
        self._step, self._contested = step, contested
        self._labels = IndexMap(trace.labels[y0:y1, x0:x1])
        self._after = IndexMap(owners[y0:y1, x0:x1])
        self._delta = None if step.delta is None else IndexMap(step.delta)

    @property
    def shape(self) -> tuple[int, int]:
        """``(H, W)`` of the window."""
        return self._labels.shape

    @property
    def indices(self) -> NDArray[np.uint16]:
        """``[H, W]`` what became of every pixel of the window."""
        return self.sample(Grid.of_image(*self.shape))

    def sample(self, grid: Grid) -> NDArray[np.uint16]:
        """Returns what became of the pixel under the centre of every pixel of the grid."""
        step = self._step
        candidates = self._labels.sample(grid) == step.label
        pixels = candidates.astype(np.uint16)
        if not step.overlap_pixels:
            return pixels
        after = self._after.sample(grid)
        before = after if self._delta is None else after ^ self._delta.sample(grid)
        held = candidates & (before != 0)
        if self._contested == "before":
            np.copyto(pixels, before.astype(np.uint16) + HELD_BEFORE, where=held)
        elif step.verdict is Verdict.KEPT:
            np.copyto(pixels, np.where(after == step.owner, np.uint16(WON), np.uint16(LOST)), where=held)
        else:
            np.copyto(pixels, np.uint16(SPOKE_AGAINST), where=held)
        return pixels


def step_tables(owner_colors: Mapping[int, tuple[int, int, int]]) -> tuple[Table, Table]:
    """Returns the colours of :class:`StepPixels` and those of every other stripe.

    What was won is amber, what was not is striped with it; what others held before has their colour, striped with a
    lighter one.

    Args:
        owner_colors: RGB of every owner.
    """
    size = HELD_BEFORE + max(owner_colors, default=0) + 1
    colors, stripes = np.zeros((size, 3), np.uint8), np.zeros((size, 3), np.uint8)
    opacity, stripes_opacity = np.zeros(size), np.zeros(size)
    colors[: len(_COLORS)] = stripes[: len(_COLORS)] = _COLORS
    opacity[: len(_COLORS)], stripes_opacity[: len(_COLORS)] = _OPACITY, _STRIPES_OPACITY
    for owner, color in owner_colors.items():
        colors[HELD_BEFORE + owner] = color
        stripes[HELD_BEFORE + owner] = _lighter(color)
    opacity[HELD_BEFORE:] = stripes_opacity[HELD_BEFORE:] = _BEFORE_OPACITY
    return color_table(colors, opacity), color_table(stripes, stripes_opacity)


def _lighter(color: Any) -> NDArray[np.uint8]:
    values = np.asarray(color, np.float64)
    return np.rint(values + (255 - values) * _BEFORE_WHITENESS).astype(np.uint8)
