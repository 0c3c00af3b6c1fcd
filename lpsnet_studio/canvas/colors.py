"""Index maps turned into pixels through a colour table: the arithmetic of every overlay, without Qt."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["Table", "Window", "color_table", "colored", "outline", "ring", "rings"]

Table = NDArray[np.int32]
"""``[n]``, one premultiplied ``0xAARRGGBB`` an index, in the machine's byte order: what Qt paints fastest."""
Window = tuple[int, int, int, int]
"""``(y0, x0, y1, x1)``, half-open, in pixels."""

_BYTE = 256
_NONE = np.iinfo(np.uint16).max
"""What stands for no chosen region where the least index is looked for."""


def color_table(colors: NDArray[np.uint8], opacity: NDArray[np.floating[Any]] | float = 1.0) -> Table:
    """Returns the table of RGB colours ``[n, 3]`` with an opacity in [0, 1] each, or one for all."""
    alpha = np.rint(np.broadcast_to(np.asarray(opacity, np.float64), len(colors)) * 255)
    red, green, blue = (np.rint(colors[:, channel] * alpha / 255).astype(np.uint32) for channel in range(3))
    return (alpha.astype(np.uint32) << 24 | red << 16 | green << 8 | blue).view(np.int32)


def colored(indices: NDArray[np.unsignedinteger[Any]], table: Table) -> NDArray[np.int32]:
    """Returns the picture ``[H, W]``, premultiplied ARGB, of indices ``[H, W]``; those beyond the table are clear."""
    padded = _padded(table, indices.dtype)
    if indices.size == 0:
        return np.zeros(indices.shape, np.int32)
    if indices.dtype == np.uint8:
        # OpenCV's look-up takes a fifth of numpy's time on bytes.
        return cv2.LUT(np.ascontiguousarray(indices), padded.reshape(1, _BYTE))
    return np.take(padded, indices, mode="clip")


def _padded(table: Table, dtype: np.dtype[Any]) -> Table:
    """Returns the table with an entry for every index that can occur."""
    size = _BYTE if dtype == np.uint8 else max(len(table), 1) + 1
    full = np.zeros(size, np.int32)
    full[: min(len(table), size)] = table[:size]
    return full


def outline(indices: NDArray[np.unsignedinteger[Any]], table: Table, width: int = 2) -> NDArray[np.int32]:
    """Returns a picture ``[H, W]`` of the borders between regions, each side in its own colour.

    Args:
        indices: ``[H, W]``.
        table: a colour for every index.
        width: of a border with both its sides, in pixels; even.
    """
    border = np.zeros(indices.shape, np.uint8)
    across, down = indices[:, 1:] != indices[:, :-1], indices[1:] != indices[:-1]
    border[:, 1:] |= across
    border[:, :-1] |= across
    border[1:] |= down
    border[:-1] |= down
    if width > 2:
        border = cv2.dilate(border, _square(width // 2 - 1))
    picture = colored(indices, table)
    picture *= border
    return picture


def ring(inside: NDArray[np.bool_], scale: float = 1.0) -> NDArray[np.int32]:
    """Returns a picture ``[H, W]`` of a region's border: three pixels of white over five of black.

    Args:
        inside: ``[H, W]``.
        scale: device pixels per pixel.
    """
    mask = inside.astype(np.uint8)
    picture = np.zeros(inside.shape, np.int32)
    for color, out, into in ((0xFF000000, 3, 2), (0xFFFFFFFF, 2, 1)):
        band = cv2.dilate(mask, _square(round(out * scale))) != cv2.erode(mask, _square(round(into * scale)))
        picture[band] = np.uint32(color).astype(np.int32)
    return picture


def rings(indices: NDArray[np.unsignedinteger[Any]], chosen: Collection[int], scale: float = 1.0) -> NDArray[np.int32]:
    """Returns a picture ``[H, W]`` of the borders of many regions as :func:`ring` draws one, white before black.

    It takes the time of a few regions, however many are chosen.

    Args:
        indices: ``[H, W]`` uint8 or uint16.
        chosen: indices above 0.
        scale: device pixels per pixel.
    """
    is_chosen = np.zeros(int(np.iinfo(indices.dtype).max) + 1, np.bool_)
    is_chosen[list(chosen)] = True
    inside = is_chosen[indices]
    held = np.where(inside, indices, 0).astype(np.uint16)
    least = np.where(inside, indices, _NONE).astype(np.uint16)
    picture = np.zeros(indices.shape, np.int32)
    for color, out, into in ((0xFF000000, 3, 2), (0xFFFFFFFF, 2, 1)):
        around, within = _square(round(out * scale)), _square(round(into * scale))
        lowest, highest = cv2.erode(least, around), cv2.dilate(held, around)
        # Deep inside a region is where nothing else lies within the inner reach; there only others' borders show.
        deep = inside & (cv2.erode(held, within) == cv2.dilate(held, within))
        band = (highest > 0) & ~(deep & (lowest == held) & (highest == held))
        picture[band] = np.uint32(color).astype(np.int32)
    return picture


def _square(reach: int) -> NDArray[np.uint8]:
    return np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)
