"""Which pixels an edit changed: exact, small, and quick to take back; no Qt.

A patch is the exclusive-or of the id map before and after, so that the same patch leads there and back. It is kept by
tiles of 256×256 pixels, each cropped to what changed in it and written in the smallest of three forms: runs, a few bits
a pixel with a palette, or the plain numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from lpsnet.structures import Window
from lpsnet_studio.annotator.byte_records import ByteReader, open_record, sealed_record
from lpsnet_studio.annotator.extents import Numbers, Part
from lpsnet_studio.annotator.windows import join_windows, union

__all__ = ["TILE", "PixelPatch", "changed_part", "tiles_of"]

TILE = 256
"""Side of a tile, in pixels: its numbers stay in a core's own cache."""

_RUNS, _PLAIN = 0, 16
"""Forms of a tile; any other is the number of bits a pixel takes, which point into a palette."""
_PACKED_ITEM = {1: np.dtype("V16"), 2: np.dtype("V8"), 4: np.dtype("V4")}
"""What one packed byte stands for, by the bits a pixel takes: the numbers of eight, four or two pixels."""
_CODES_OF_BYTE = {
    bits: (np.arange(256)[:, None] >> np.arange(8 - bits, -1, -bits)) & (2**bits - 1) for bits in _PACKED_ITEM
}
"""``[256, 8 / bits]``, the codes of the pixels that a byte packs, first pixel first."""
_LEAST_RUN = 32
"""Pixels that a run must have on average: shorter ones take long to make again, one by one."""
_OVERHEAD = 8
"""Bytes that another form takes at least beside its pixels."""
_OBJECT_BYTES = 500
"""What a tile takes in memory beside its numbers."""
_MAGIC, _VERSION = b"LPSp", 1


@dataclass(frozen=True, slots=True, eq=False)
class _Tile:
    """What changed inside a window of at most 256×256 pixels.

    Attributes:
        window: where.
        form: how it is written.
        values: uint16; the runs' exclusive-or values, the palette, or ``[h·w]`` the plain values.
        codes: the runs' lengths less one, uint16; the packed codes, uint8; or nothing.
    """

    window: Window
    form: int
    values: NDArray[np.uint16]
    codes: NDArray[np.unsignedinteger]

    @property
    def nbytes(self) -> int:
        return self.values.nbytes + self.codes.nbytes + _OBJECT_BYTES

    def difference(self) -> Numbers:
        """Returns the exclusive-or of the two maps inside the window."""
        y0, x0, y1, x1 = self.window
        pixels = (y1 - y0) * (x1 - x0)
        if self.form == _RUNS:
            flat = np.repeat(self.values, self.codes.astype(np.intp) + 1)
        elif self.form == _PLAIN:
            flat = self.values
        else:
            table = self.values[_CODES_OF_BYTE[self.form]].view(_PACKED_ITEM[self.form]).reshape(256)
            flat = table.take(self.codes, mode="clip").view(np.uint16)[:pixels]
        return flat.reshape(y1 - y0, x1 - x0)

    def same_as(self, other: _Tile) -> bool:
        return (self.window, self.form) == (other.window, other.form) and all(
            np.array_equal(mine, its) for mine, its in ((self.values, other.values), (self.codes, other.codes))
        )


def tiles_of(window: Window) -> Iterator[Window]:
    """Yields the parts of a window that fall into each tile of the image's grid of 256×256."""
    y0, x0, y1, x1 = window
    for top in range(y0 - y0 % TILE, y1, TILE):
        for left in range(x0 - x0 % TILE, x1, TILE):
            yield max(y0, top), max(x0, left), min(y1, top + TILE), min(x1, left + TILE)


class PixelPatch:
    """Which pixels of an id map changed, and between which numbers. Immutable.

    Two patches of the same two maps are equal.
    """

    def __init__(self, tiles: Iterable[_Tile] = ()) -> None:
        self._tiles = tuple(tiles)

    @classmethod
    def between(cls, before: Numbers, after: Numbers, origin: tuple[int, int] = (0, 0)) -> PixelPatch:
        """Returns what leads from one part of an id map to another and back.

        Args:
            before: ``[h, w]`` uint16 numbers.
            after: ``[h, w]`` uint16 numbers.
            origin: row and column of the part's first pixel in the image.

        Raises:
            ValueError: if the parts differ in size or are not uint16.
        """
        if before.shape != after.shape or before.ndim != 2:
            raise ValueError(f"parts of {before.shape} and {after.shape} pixels cannot be compared")
        if not before.dtype == after.dtype == np.uint16:
            raise ValueError(f"an id map holds uint16 numbers, not {before.dtype} and {after.dtype}")
        top, left = origin
        tiles = tiles_of((top, left, top + before.shape[0], left + before.shape[1]))
        windows = ((y0 - top, x0 - left, y1 - top, x1 - left) for y0, x0, y1, x1 in tiles)
        parts = (
            ((y0 + top, x0 + left, y1 + top, x1 + left), before[y0:y1, x0:x1], after[y0:y1, x0:x1])
            for y0, x0, y1, x1 in windows
        )
        return cls.of_parts(part for part in map(changed_part, parts) if part is not None)

    @classmethod
    def of_parts(cls, parts: Iterable[Part]) -> PixelPatch:
        """Returns what leads from the numbers before to those after.

        Args:
            parts: as :func:`changed_part` crops them, inside one tile each, by ascending window.
        """
        return cls(_encoded(part) for part in parts)

    @property
    def is_empty(self) -> bool:
        """Whether no pixel changed."""
        return not self._tiles

    @cached_property
    def window(self) -> Window:
        """The smallest window around what changed; all zero if nothing did."""
        if self.is_empty:
            return 0, 0, 0, 0
        around = self._tiles[0].window
        for tile in self._tiles[1:]:
            around = union(around, tile.window)
        return around

    @cached_property
    def windows(self) -> tuple[Window, ...]:
        """A few windows that cover what changed: what is to be painted again."""
        return join_windows(tile.window for tile in self._tiles)

    @cached_property
    def nbytes(self) -> int:
        """What the patch takes in memory."""
        return sum(tile.nbytes for tile in self._tiles)

    def apply(self, ids: Numbers) -> None:
        """Leads the map before to the map after, in place.

        Raises:
            ValueError: if the patch reaches beyond the map, or the map is not uint16; nothing is changed then.
        """
        if ids.dtype != np.uint16:
            raise ValueError(f"an id map holds uint16 numbers, not {ids.dtype}")
        if not self.fits(ids.shape):
            y1, x1 = self.window[2:]
            raise ValueError(f"an edit reaches to {x1}×{y1}, beyond the image of {ids.shape[1]}×{ids.shape[0]} pixels")
        for tile in self._tiles:
            y0, x0, y1, x1 = tile.window
            view = ids[y0:y1, x0:x1]
            np.bitwise_xor(view, tile.difference(), out=view)

    def revert(self, ids: Numbers) -> None:
        """Leads the map after back to the map before, in place; raises as :meth:`apply` does."""
        self.apply(ids)

    def parts(self, ids: Numbers) -> Iterator[Part]:
        """Yields where the patch changes a map, and copies of the numbers there as they are and as they would be."""
        for tile in self._tiles:
            y0, x0, y1, x1 = tile.window
            now = ids[y0:y1, x0:x1].copy()
            yield tile.window, now, now ^ tile.difference()

    def fits(self, size: tuple[int, ...]) -> bool:
        """Whether the patch lies inside an image of ``(height, width)``."""
        return self.window[2] <= size[0] and self.window[3] <= size[1]

    def to_bytes(self) -> bytes:
        """Returns the patch as a record of its own."""
        return sealed_record(_MAGIC, _VERSION, self.content())

    @classmethod
    def from_bytes(cls, record: bytes) -> PixelPatch:
        """Reads a patch from its record.

        Raises:
            ValueError: in a sentence, if it is damaged, cut short, or of a newer version.
        """
        reader = ByteReader(open_record(_MAGIC, _VERSION, record, "a patch"), "a patch")
        patch = cls.read(reader)
        reader.finish()
        return patch

    def content(self) -> bytes:
        """Returns the patch as a part of a record."""
        parts = [len(self._tiles).to_bytes(4, "little")]
        for tile in self._tiles:
            y0, x0, y1, x1 = tile.window
            head = np.array([y0, x0, y1 - y0, x1 - x0, tile.form, len(tile.values), len(tile.codes)], "<u4")
            codes = tile.codes if tile.codes.dtype == np.uint8 else tile.codes.astype("<u2")
            parts += [head.tobytes(), tile.values.astype("<u2").tobytes(), codes.tobytes()]
        return b"".join(parts)

    @classmethod
    def read(cls, reader: ByteReader) -> PixelPatch:
        """Reads a patch that is a part of a record.

        Raises:
            ValueError: in a sentence, if it says what cannot be.
        """
        (count,) = reader.numbers("<u4", 1).tolist()
        return cls([_read_tile(reader) for _ in range(count)])

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, PixelPatch):
            return NotImplemented
        return len(self._tiles) == len(other._tiles) and all(
            mine.same_as(its) for mine, its in zip(self._tiles, other._tiles, strict=True)
        )

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"PixelPatch({len(self._tiles)} tiles, window={self.window}, {self.nbytes} bytes)"


def changed_part(part: Part) -> Part | None:
    """Returns a part cropped to the pixels that changed; None if none did."""
    (top, left, _, _), before, after = part
    x, y, width, height = cv2.boundingRect((before != after).view(np.uint8))
    if not width:
        return None
    window = (top + y, left + x, top + y + height, left + x + width)
    return window, before[y : y + height, x : x + width], after[y : y + height, x : x + width]


def _encoded(part: Part) -> _Tile:
    """Returns what changed in a part in the smallest form that is quick to make again."""
    window, before, after = part
    flat = np.bitwise_xor(before, after).reshape(-1)
    ends = np.append(np.flatnonzero(flat[1:] != flat[:-1]), len(flat) - 1)
    values = flat[ends]
    palette = np.flatnonzero(np.bincount(values)).astype(np.uint16)
    bits = next((bits for bits in _PACKED_ITEM if len(palette) <= 2**bits), _PLAIN)
    least_bytes = len(flat) * bits // 8 + _OVERHEAD
    if 4 * len(ends) <= least_bytes and len(ends) <= len(flat) // _LEAST_RUN + 1:
        return _Tile(window, _RUNS, values, (np.diff(ends, prepend=-1) - 1).astype(np.uint16))
    if bits == _PLAIN:
        return _Tile(window, _PLAIN, flat, np.empty(0, np.uint8))
    return _Tile(window, bits, *_packed(flat, palette, bits))


def _packed(
    flat: NDArray[np.uint16], palette: NDArray[np.uint16], bits: int
) -> tuple[NDArray[np.uint16], NDArray[np.uint8]]:
    """Returns the palette, filled up, and the codes of the pixels, several a byte."""
    per_byte = 8 // bits
    code_of = np.zeros(int(palette[-1]) + 1, np.uint8)
    code_of[palette] = np.arange(len(palette))
    codes = np.zeros(-(-len(flat) // per_byte) * per_byte, np.uint8)
    codes[: len(flat)] = code_of[flat]
    shifts = np.arange(8 - bits, -1, -bits, dtype=np.uint8)
    packed = np.bitwise_or.reduce(codes.reshape(-1, per_byte) << shifts, axis=1)
    filled = np.zeros(2**bits, np.uint16)
    filled[: len(palette)] = palette
    return filled, packed


def _read_tile(reader: ByteReader) -> _Tile:
    """Reads one tile, refusing what cannot be."""
    y0, x0, height, width, form, values_count, codes_count = reader.numbers("<u4", 7).tolist()
    pixels = height * width
    if not (1 <= height <= TILE and 1 <= width <= TILE):
        raise reader.refusal(f"holds a tile of {width}×{height} pixels")
    if form == _RUNS:
        expected = codes_count == values_count <= pixels
    elif form == _PLAIN:
        expected = (values_count, codes_count) == (pixels, 0)
    else:
        expected = form in _PACKED_ITEM and (values_count, codes_count) == (2**form, -(-pixels * form // 8))
    if not expected:
        raise reader.refusal("holds a tile whose parts do not belong together")
    values = reader.numbers("<u2", values_count).astype(np.uint16)
    if form != _RUNS:
        return _Tile((y0, x0, y0 + height, x0 + width), form, values, reader.numbers("<u1", codes_count))
    lengths = reader.numbers("<u2", codes_count).astype(np.uint16)
    if int(lengths.sum(dtype=np.int64)) + len(lengths) != pixels:
        raise reader.refusal("holds runs that do not fill their tile")
    return _Tile((y0, x0, y0 + height, x0 + width), form, values, lengths)
