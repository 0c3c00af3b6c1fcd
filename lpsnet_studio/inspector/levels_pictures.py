"""Small pictures of the levels: the photo, dimmed, below a level's boxes or its border-ness; no Qt."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from lpsnet.maps import borderness_heat
from lpsnet_studio.canvas.candidate_pixels import draw_outlines
from lpsnet_studio.canvas.colormaps import Scale, colormap, levels_of, sampled
from lpsnet_studio.canvas.sampling import Grid
from lpsnet_studio.inspector.levels_model import ALL_LEVELS, LEVELS, Choice, Survey, TilePicture, scene_of

__all__ = ["level_pictures"]

Picture = NDArray[np.uint8]

_DIMMED = 0.45
"""Brightness of the photo below boxes."""
_HEAT_SHARE = 0.7
"""How much of a pixel is the colour of its border-ness; the rest is the photo's, which shows where one is."""
_SAMPLES = 3
"""Pixels of the photo that a picture's pixel is made of, along a side, at most: a large photo costs no more."""


def level_pictures(
    photo: Picture, survey: Survey, choice: Choice, shown: TilePicture, size: tuple[int, int]
) -> dict[int, Picture]:
    """Draws every level, and all of them together.

    Args:
        photo: RGB ``[H, W, 3]``.
        survey: the candidates of its result.
        choice: which boxes are drawn, level by level.
        shown: boxes, or border-ness, of which there is none to draw where the network did not run.
        size: height and width of a picture.

    Returns:
        RGB ``[height, width, 3]`` by level; :data:`~lpsnet_studio.inspector.levels_model.ALL_LEVELS` is all together.
    """
    small = _reduced(photo, size)
    if shown == "border-ness" and survey.result.borderness is not None:
        return {level: _with_heat(small, survey, level) for level in (ALL_LEVELS, *LEVELS)}
    dimmed = np.rint(small * _DIMMED).astype(np.uint8)
    return {level: _with_boxes(dimmed, survey, replace(choice, level=level)) for level in (ALL_LEVELS, *LEVELS)}


def _reduced(photo: Picture, size: tuple[int, int]) -> Picture:
    every = max(1, min(photo.shape[0] // (_SAMPLES * size[0]), photo.shape[1] // (_SAMPLES * size[1])))
    part = np.ascontiguousarray(photo[::every, ::every])
    return np.asarray(cv2.resize(part, size[::-1], interpolation=cv2.INTER_AREA), np.uint8)


def _with_boxes(dimmed: Picture, survey: Survey, choice: Choice) -> Picture:
    rows = survey.rows(choice)[: choice.most or None]
    picture = dimmed.copy()
    height, width = picture.shape[:2]
    scene = scene_of(survey, rows, choice.coloring, (height, width))
    # A box of the picture's own size keeps its sides inside.
    inside = np.clip(scene.boxes, 0, np.array([width - 1, height - 1] * 2, np.float32))
    draw_outlines(picture, inside, scene.colors, scene.palette)
    return picture


def _with_heat(small: Picture, survey: Survey, level: int) -> Picture:
    result = survey.result
    assert result.borderness is not None
    heat = borderness_heat(result.borderness, level or None, size=result.size)
    height, width = small.shape[:2]
    grid = Grid(0.0, 0.0, result.size[1] / width, result.size[0] / height, width, height)
    table = np.vstack((np.zeros((1, 3), np.uint8), colormap("magma")))
    colors = table[levels_of(sampled(heat, grid, smooth=True), Scale("magma"))]
    grey = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY)[:, :, None]
    return np.rint(_HEAT_SHARE * colors + (1 - _HEAT_SHARE) * grey).astype(np.uint8)
