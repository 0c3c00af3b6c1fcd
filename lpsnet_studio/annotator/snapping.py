"""Refining a segment's border by the colours of the photo (GrabCut: Rother et al., 2004); no Qt."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from lpsnet_studio.annotator.placed_mask import Mask, PlacedMask, clipped

__all__ = ["snap_edge"]

_MOST_PIXELS = 400_000
"""A larger crop is judged at a smaller scale: GrabCut takes some 2 s a megapixel."""
_ITERATIONS = 4
_SHARE = 0.02
"""Of a segment: smaller pieces of it, and smaller holes in it, are no finding but noise."""
_PINHOLE = 16
"""Pixels of a hole that is always noise."""
_CONTEXT = 3
"""How many widths of the band around the segment the colours of the background are learnt from."""


def snap_edge(
    picture: NDArray[np.uint8],
    region: PlacedMask,
    band: int = 8,
    *,
    cancelled: Callable[[], bool] = lambda: False,
) -> PlacedMask | None:
    """Moves the border of a region to where the colours part, by at most ``band`` pixels.

    What lies deeper in the region than the band stays in it, what is farther away stays out.

    Args:
        picture: ``[H, W, 3]`` RGB, the whole image.
        region: the pixels whose border is to be refined.
        band: how far the border may move, in pixels, at least 1.
        cancelled: asked between iterations.

    Returns:
        The refined region; the same if there is nothing to learn colours from; None if it was cancelled.

    Raises:
        ValueError: if the band is less than a pixel wide.
    """
    if band < 1:
        raise ValueError(f"the band must be at least a pixel wide, not {band}")
    region = region.tight()
    if region.is_empty:
        return region
    window = clipped(region.window, picture.shape[:2], band * (1 + _CONTEXT))
    y0, x0, y1, x1 = window
    crop, mask = picture[y0:y1, x0:x1], region.spread(window)
    uncertain = _near_border(mask, band)
    scale = min(1.0, (_MOST_PIXELS / mask.size) ** 0.5)
    verdict = _cut_by_colour(_scaled(crop, scale, cv2.INTER_AREA), _hints(mask, uncertain, scale), cancelled)
    if verdict is None:
        return None
    if scale < 1:
        verdict = cv2.resize(verdict, (mask.shape[1], mask.shape[0]), interpolation=cv2.INTER_LINEAR)
    refined = np.where(uncertain, verdict >= 0.5, mask)
    return PlacedMask(_without_pinholes(_without_scraps(refined, mask), mask), (y0, x0)).tight()


def _near_border(mask: Mask, band: int) -> Mask:
    """Returns the pixels within ``band`` of a mask's border; the edge of the crop is no border."""
    inside = cv2.distanceTransform(mask.view(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    outside = cv2.distanceTransform((~mask).view(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    near: Mask = (inside <= band) & (outside <= band)
    return near


def _hints(mask: Mask, uncertain: Mask, scale: float) -> NDArray[np.uint8]:
    """Returns what GrabCut is told of every pixel: certain within and without, likely in the band."""
    hints = np.where(mask, cv2.GC_FGD, cv2.GC_BGD).astype(np.uint8)
    hints[uncertain & mask] = cv2.GC_PR_FGD
    hints[uncertain & ~mask] = cv2.GC_PR_BGD
    return _scaled(hints, scale, cv2.INTER_NEAREST)


def _scaled(image: NDArray[np.uint8], scale: float, interpolation: int) -> NDArray[np.uint8]:
    image = np.ascontiguousarray(image)
    if scale == 1:
        return image
    size = tuple(max(1, round(side * scale)) for side in image.shape[1::-1])
    resized: NDArray[np.uint8] = cv2.resize(image, size, interpolation=interpolation)
    return resized


def _cut_by_colour(
    crop: NDArray[np.uint8], hints: NDArray[np.uint8], cancelled: Callable[[], bool]
) -> NDArray[np.float32] | None:
    """Returns 1 where GrabCut finds the segment and 0 elsewhere; None if it was cancelled."""
    within = (hints == cv2.GC_FGD) | (hints == cv2.GC_PR_FGD)
    if within.any() and not within.all():
        cv2.setRNGSeed(0)
        background, foreground = np.zeros((1, 65)), np.zeros((1, 65))
        for iteration in range(_ITERATIONS):
            if cancelled():
                return None
            mode = cv2.GC_INIT_WITH_MASK if iteration == 0 else cv2.GC_EVAL
            cv2.grabCut(crop, hints, None, background, foreground, 1, mode)
        within = (hints == cv2.GC_FGD) | (hints == cv2.GC_PR_FGD)
    return within.astype(np.float32)


def _without_scraps(refined: Mask, before: Mask) -> Mask:
    """Returns of every part of the mask before what is left of it: the largest piece, and others of some size."""
    _, parts_before = cv2.connectedComponents(_bytes(before), connectivity=8)
    count, pieces, stats, _ = cv2.connectedComponentsWithStats(_bytes(refined), connectivity=8)
    areas = stats[:, cv2.CC_STAT_AREA]
    held = before & refined
    pairs = np.unique(np.stack([parts_before[held], pieces[held]], axis=1), axis=0)
    kept = np.zeros(count, np.bool_)
    for part in np.unique(pairs[:, 0]):
        of_part = pairs[pairs[:, 0] == part, 1]
        kept[of_part[areas[of_part] >= _SHARE * areas[of_part].sum()]] = True
        kept[of_part[areas[of_part].argmax()]] = True
    kept[0] = False
    remaining: Mask = kept[pieces]
    return remaining


def _without_pinholes(refined: Mask, before: Mask) -> Mask:
    """Returns the mask with small holes filled, unless the mask before had a hole there."""
    _, gaps, stats, _ = cv2.connectedComponentsWithStats(_bytes(~np.pad(refined, 1)), connectivity=4)
    surroundings, gaps = gaps[0, 0], gaps[1:-1, 1:-1]
    is_pinhole = stats[:, cv2.CC_STAT_AREA] <= max(_PINHOLE, _SHARE * np.count_nonzero(refined))
    is_pinhole[[0, surroundings]] = False
    _, gaps_before = cv2.connectedComponents(_bytes(~np.pad(before, 1)), connectivity=4)
    was_hole = (gaps_before != gaps_before[0, 0])[1:-1, 1:-1] & ~before
    is_pinhole[np.unique(gaps[was_hole])] = False
    filled: Mask = refined | is_pinhole[gaps]
    return filled


def _bytes(mask: Mask) -> NDArray[np.uint8]:
    return np.ascontiguousarray(mask).view(np.uint8)
