"""Records of bytes that are written to be read years later: named, versioned, checked; no Qt."""

from __future__ import annotations

import struct
import zlib

import numpy as np
from numpy.typing import NDArray

__all__ = ["ByteReader", "open_record", "sealed_record"]

_HEAD = struct.Struct("<4sBxxxIQ")
"""Name, version, checksum of the packed content, number of its unpacked bytes."""
_MOST_BYTES = 2**40
_QUICK = 1
"""Level of compression: a stroke is journaled while the next one is drawn."""


def sealed_record(magic: bytes, version: int, content: bytes) -> bytes:
    """Returns content, packed, behind its name, version and checksum."""
    packed = zlib.compress(content, _QUICK)
    return _HEAD.pack(magic, version, zlib.crc32(packed), len(content)) + packed


def open_record(magic: bytes, version: int, record: bytes, what: str) -> bytes:
    """Returns the content of a record.

    Args:
        magic: the four bytes that it begins with.
        version: the newest that is understood.
        record: the bytes.
        what: names it in a refusal.

    Raises:
        ValueError: in a sentence, if the record is damaged, cut short, something else, or of a newer version.
    """
    if len(record) < _HEAD.size or record[:4] != magic:
        raise ValueError(f"these bytes are not {what} of an annotation project")
    _, written, checksum, length = _HEAD.unpack_from(record)
    if written > version:
        raise ValueError(f"{what} was written by a newer version of LPSNet Studio (format {written}; known: {version})")
    packed = record[_HEAD.size :]
    if written < 1 or length > _MOST_BYTES or zlib.crc32(packed) != checksum:
        raise ValueError(f"{what} is damaged: its checksum does not match")
    try:
        unpacking = zlib.decompressobj()
        content = unpacking.decompress(packed, length + 1)
    except zlib.error as error:
        raise ValueError(f"{what} is damaged: it cannot be unpacked ({error})") from None
    if len(content) != length:
        raise ValueError(f"{what} is damaged: it is not as long as it says")
    return content


class ByteReader:
    """Reads numbers from bytes, one after another.

    Args:
        content: the bytes.
        what: names them in a refusal.
    """

    def __init__(self, content: bytes, what: str) -> None:
        self._content = content
        self._what = what
        self._place = 0

    def numbers(self, dtype: str, count: int) -> NDArray[np.unsignedinteger]:
        """Returns the next ``count`` numbers as an array of their own.

        Raises:
            ValueError: if the bytes end before.
        """
        size = np.dtype(dtype).itemsize * count
        if self._place + size > len(self._content):
            raise self.refusal("ends too early")
        numbers = np.frombuffer(self._content, dtype, count, self._place).copy()
        self._place += size
        return numbers

    def finish(self) -> None:
        """Says that everything must have been read.

        Raises:
            ValueError: if bytes are left.
        """
        if self._place != len(self._content):
            raise self.refusal("goes on after its end")

    def refusal(self, why: str) -> ValueError:
        """Returns what to raise where the bytes say what cannot be."""
        return ValueError(f"{self._what} is damaged: it {why}")
