"""Id maps and segment tables as a project keeps them: a 16-bit PNG, which any tool can read, and JSON beside it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from lpsnet_studio.annotator.edits import SegmentInfo

__all__ = ["decode_ids", "decode_segments", "encode_ids", "encode_segments"]

_MOST_PIXELS = 2**30


def encode_ids(ids: NDArray[np.uint16]) -> bytes:
    """Returns an id map ``[H, W]`` as a 16-bit PNG.

    Raises:
        ValueError: if it is of another kind, or empty.
    """
    if ids.ndim != 2 or ids.dtype != np.uint16 or ids.size == 0:
        raise ValueError(f"an id map is uint16 [H, W], not {ids.dtype} {list(ids.shape)}")
    # Level 1: a map of 24 megapixels takes 0.3 s, and two thirds of the bytes of zlib's own at the same level.
    is_written, content = cv2.imencode(".png", ids, [cv2.IMWRITE_PNG_COMPRESSION, 1])
    if not is_written:
        raise ValueError(f"an id map of {ids.shape[1]} × {ids.shape[0]} pixels could not be packed")
    return content.tobytes()


def decode_ids(content: bytes) -> NDArray[np.uint16]:
    """Reads an id map ``[H, W]``.

    Raises:
        ValueError: in a sentence, if it is damaged.
    """
    # OpenCV says nothing of a picture that is cut short: its last chunk is looked for, and its size before it is made.
    if content[:8] != b"\x89PNG\r\n\x1a\n" or content[-8:-4] != b"IEND" or content[24:26] != b"\x10\x00":
        raise ValueError("the id map is damaged: it is no whole 16-bit PNG")
    if int.from_bytes(content[16:20], "big") * int.from_bytes(content[20:24], "big") > _MOST_PIXELS:
        raise ValueError("the id map is damaged: its size cannot be")
    try:
        ids = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error as error:
        raise ValueError(f"the id map is damaged ({error.err})") from None
    if ids is None or ids.dtype != np.uint16 or ids.ndim != 2:
        raise ValueError("the id map is damaged: it cannot be unpacked")
    return np.ascontiguousarray(ids, np.uint16)


def encode_segments(segments: Mapping[int, SegmentInfo]) -> str:
    """Returns a segment table as JSON: number -> category, crowd, locked, score."""
    return json.dumps({str(number): info.to_json() for number, info in segments.items()}, separators=(",", ":"))


def decode_segments(content: str) -> dict[int, SegmentInfo]:
    """Reads a segment table.

    Raises:
        ValueError: in a sentence, if it is damaged.
    """
    try:
        entries: Any = json.loads(content)
        return {int(number): SegmentInfo.from_json(value) for number, value in entries.items()}
    except (ValueError, TypeError, AttributeError) as error:
        raise ValueError(f"the segment table is damaged ({error})") from None
