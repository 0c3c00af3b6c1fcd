"""Index maps turned into pixels through a colour table: the arithmetic of every overlay, without Qt."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["IndexImage", "color_table", "outline", "ring"]

Table = NDArray[np.int32]
"""``[n]``, one premultiplied ``0xAARRGGBB`` an index, in the machine's byte order: what Qt paints fastest."""
Window = tuple[int, int, int, int]
"""``(y0, x0, y1, x1)``, half-open, in pixels."""

_BYTE = 256


def color_table(colors: NDArray[np.uint8], opacity: NDArray[np.floating[Any]] | float = 1.0) -> Table:
    """Returns the table of RGB colours ``[n, 3]`` with an opacity in [0, 1] each, or one for all."""
    alpha = np.rint(np.broadcast_to(np.asarray(opacity, np.float64), len(colors)) * 255)
    red, green, blue = (np.rint(colors[:, channel] * alpha / 255).astype(np.uint32) for channel in range(3))
    return (alpha.astype(np.uint32) << 24 | red << 16 | green << 8 | blue).view(np.int32)


class IndexImage:
    """A map of indices and its picture, of which only what changed is painted again.

    Args:
        indices: ``[H, W]`` uint8 or uint16. The image keeps the array: whoever changes it says where, by
            :meth:`recolor`.
        table: a colour for every index; indices beyond it are transparent.

    Attributes:
        buffer: ``[H, W]`` int32, premultiplied ARGB.
    """

    def __init__(self, indices: NDArray[np.unsignedinteger[Any]], table: Table) -> None:
        self.indices = indices
        self.buffer: NDArray[np.int32] = np.empty(indices.shape, np.int32)
        self._table = _padded(table, indices.dtype)
        self.recolor()

    def set_table(self, table: Table) -> None:
        """Changes the colours of everything."""
        self._table = _padded(table, self.indices.dtype)
        self.recolor()

    def recolor(self, window: Window | None = None) -> None:
        """Paints a window again, or everything."""
        y0, x0, y1, x1 = window or (0, 0, *self.indices.shape)
        _look_up(self.indices[y0:y1, x0:x1], self._table, self.buffer[y0:y1, x0:x1])


def _padded(table: Table, dtype: np.dtype[Any]) -> Table:
    """Returns the table with an entry for every index that can occur."""
    size = _BYTE if dtype == np.uint8 else max(len(table), 1) + 1
    full = np.zeros(size, np.int32)
    full[: min(len(table), size)] = table[:size]
    return full


def _look_up(indices: NDArray[np.unsignedinteger[Any]], table: Table, out: NDArray[np.int32]) -> None:
    if indices.size == 0:
        return
    if indices.dtype == np.uint8:
        # OpenCV's look-up takes a fifth of numpy's time on bytes.
        out[...] = cv2.LUT(np.ascontiguousarray(indices), table.reshape(1, _BYTE))
    else:
        out[...] = np.take(table, indices, mode="clip")


def outline(indices: NDArray[np.unsignedinteger[Any]], table: Table) -> NDArray[np.int32]:
    """Returns a picture ``[H, W]`` of the borders between regions: two pixels at every border, each in its colour."""
    across = indices[:, 1:] != indices[:, :-1]
    down = indices[1:] != indices[:-1]
    border = np.zeros(indices.shape, np.bool_)
    border[:, 1:] |= across
    border[:, :-1] |= across
    border[1:] |= down
    border[:-1] |= down
    picture = np.zeros(indices.shape, np.int32)
    _look_up(indices, _padded(table, indices.dtype), picture)
    picture *= border
    return picture


def ring(inside: NDArray[np.bool_], scale: int = 1) -> NDArray[np.int32]:
    """Returns a picture ``[H, W]`` of a region's border: three pixels of white over five of black.

    Args:
        inside: ``[H, W]``.
        scale: device pixels per pixel.
    """
    mask = inside.astype(np.uint8)
    picture = np.zeros(inside.shape, np.int32)
    for color, out, into in ((0xFF000000, 3, 2), (0xFFFFFFFF, 2, 1)):
        band = cv2.dilate(mask, _square(out * scale)) != cv2.erode(mask, _square(into * scale))
        picture[band] = np.uint32(color).astype(np.int32)
    return picture


def _square(reach: int) -> NDArray[np.uint8]:
    return np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)
