"""Segments drawn over their image: the category's colour for stuff, a shade of it for every thing."""

from __future__ import annotations

import colorsys
from collections.abc import Mapping
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from lpsnet.categories import Categories
from lpsnet.structures import PanopticSegmentation

__all__ = ["render_overlay", "segment_colors", "thing_color"]

Color = tuple[int, int, int]

_GOLDEN = 0.6180339887498949
_PLASTIC = 0.7548776662466927
_HUE_SPREAD = 0.14
_LIGHTNESS_SPREAD = 0.36
_CONTOUR_WHITENESS = 0.45


def segment_colors(
    segmentation: PanopticSegmentation, categories: Categories, identities: Mapping[int, int] | None = None
) -> dict[int, Color]:
    """Returns the RGB colour of every segment by id.

    A stuff segment has its category's colour. A thing varies around it (:func:`thing_color`), so that neighbours of
    one class can be told apart; the colour depends on category and id alone and survives every edit.

    Args:
        segmentation: whose segments are coloured.
        categories: the classes of its labels.
        identities: by segment id, what a thing's shade follows instead of the id, where ids are given anew each time;
            a segment that is not in it follows its id.
    """
    identities = identities or {}
    return {
        segment.id: (
            thing_color(categories[segment.label].color, identities.get(segment.id, segment.id))
            if categories[segment.label].isthing
            else categories[segment.label].color
        )
        for segment in segmentation.segments
    }


@lru_cache(maxsize=4096)
def thing_color(base: Color, identity: int) -> Color:
    """Returns a colour near ``base``, up to 25° away in hue and lighter or darker, that belongs to an id.

    Hue and lightness follow two low-discrepancy sequences in the id: consecutive ids differ most.
    """
    hue, lightness, saturation = colorsys.rgb_to_hls(*(part / 255 for part in base))
    hue += (identity * _GOLDEN % 1.0 - 0.5) * _HUE_SPREAD
    # Very dark and very light classes are moved inwards, or there would be no room to vary.
    lightness = min(max(lightness, 0.34), 0.68) + (identity * _PLASTIC % 1.0 - 0.5) * _LIGHTNESS_SPREAD
    red, green, blue = colorsys.hls_to_rgb(hue % 1.0, lightness, max(saturation, 0.4))
    return round(red * 255), round(green * 255), round(blue * 255)


def render_overlay(
    image: NDArray[np.uint8],
    segmentation: PanopticSegmentation,
    categories: Categories,
    *,
    opacity: float = 0.5,
    contours: bool = True,
    identities: Mapping[int, int] | None = None,
) -> NDArray[np.uint8]:
    """Draws a segmentation over its image.

    Args:
        image: RGB uint8 ``[H, W, 3]``.
        segmentation: of the same size. Void shows the image as it is.
        categories: the classes of its labels.
        opacity: of the fill, 0 … 1.
        contours: whether to draw the borders of segments, about 1.5 pixels on each 1,000 of the longer side.
        identities: what the shades of things follow; see :func:`segment_colors`.

    Returns:
        RGB uint8 ``[H, W, 3]``.

    Raises:
        ValueError: if the sizes differ, or the opacity is out of range.
    """
    ids = segmentation.ids
    if image.shape[:2] != ids.shape:
        raise ValueError(f"an image of shape {image.shape[:2]} cannot carry a segmentation of shape {ids.shape}")
    if not 0 <= opacity <= 1:
        raise ValueError(f"opacity must lie between 0 and 1, not {opacity!r}")
    rows, palette = _indexed(segmentation, segment_colors(segmentation, categories, identities))
    fill = palette[rows]
    alpha = np.where(rows > 0, np.float32(opacity), np.float32(0))
    drawn = image + (fill.astype(np.float32) - image) * alpha[:, :, None]
    if contours:
        strength = _contour_strength(rows)[:, :, None]
        bright = fill + (255 - fill.astype(np.float32)) * _CONTOUR_WHITENESS
        drawn += (bright - drawn) * strength
    return np.rint(drawn).astype(np.uint8)


def _indexed(
    segmentation: PanopticSegmentation, segment_color: Mapping[int, Color]
) -> tuple[NDArray[np.intp], NDArray[np.uint8]]:
    """Returns the map ``[H, W]`` of segment numbers in order of id, 0 for void, and their colours ``[1 + S, 3]``."""
    colors = {0: (0, 0, 0), **segment_color}
    ids = np.array(sorted(colors), np.int32)
    palette = np.array([colors[int(identity)] for identity in ids], np.uint8)
    return np.searchsorted(ids, segmentation.ids), palette


def _contour_strength(rows: NDArray[np.intp]) -> NDArray[np.float32]:
    """Returns ``[H, W]`` in [0, 1]: how much of each pixel the contours cover; none on void."""
    edge = np.zeros(rows.shape, np.uint8)
    across, down = rows[:, 1:] != rows[:, :-1], rows[1:] != rows[:-1]
    edge[:, 1:] |= across
    edge[:, :-1] |= across
    edge[1:] |= down
    edge[:-1] |= down
    extra = round(max(rows.shape) / 1000) - 1
    if extra > 0:
        disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * extra + 1, 2 * extra + 1))
        cv2.dilate(edge, disc, dst=edge)
    strength = np.asarray(cv2.GaussianBlur(edge.astype(np.float32), (0, 0), 0.5))
    return np.where(rows > 0, np.minimum(strength, np.float32(1)), np.float32(0))
