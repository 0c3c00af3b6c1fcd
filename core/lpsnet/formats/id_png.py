"""Segment ids as the colours of a PNG: ``R + 256·G + 65536·B``, 0 is void."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from kornia_rs.io import decode_image_png_u8
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from lpsnet.formats.fields import FormatError, read_file
from lpsnet.structures import Int32

__all__ = ["MAX_ID", "PanopticFormatError", "encode_id_png", "ids_from_rgb", "read_id_png", "rgb_from_ids"]

MAX_ID = 2**24 - 1
"""The largest id that three bytes hold."""
_WIDTH = 16
"""Offset of the width in a PNG file; the height follows."""
_BIT_DEPTH = 24
"""Offset of the bit depth in a PNG file; Pillow cuts deeper channels to 8 bits without a word."""
_EIGHT_BITS_OF_RGB = b"\x08\x02"
"""Bit depth and kind of colour of a PNG of ids."""
_PNG_BEGIN = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"
_PNG_END = b"\0\0\0\0IEND\xaeB`\x82"


class PanopticFormatError(FormatError):
    """A panoptic data set is not what its format says; the message names the file and the field."""


def ids_from_rgb(rgb: NDArray[np.uint8]) -> Int32:
    """Returns the ids ``[H, W]`` int32 of an RGB image ``[H, W, 3]``: ``R + 256·G + 65536·B``."""
    red, green, blue = (rgb[:, :, channel].astype(np.int32) for channel in range(3))
    return red | green << 8 | blue << 16


def rgb_from_ids(ids: NDArray[np.integer[Any]]) -> NDArray[np.uint8]:
    """Returns the RGB image ``[H, W, 3]`` of ids ``[H, W]`` from 0 to :data:`MAX_ID`.

    Raises:
        ValueError: if an id is outside that range.
    """
    if ids.size and (int(ids.min()) < 0 or int(ids.max()) > MAX_ID):
        raise ValueError(f"segment ids must lie between 0 and {MAX_ID} to be written as a PNG")
    wide = ids.astype(np.uint32)
    return np.stack([wide & 255, wide >> 8 & 255, wide >> 16], axis=2).astype(np.uint8)


def read_id_png(path: Path, size: tuple[int, int] | None = None) -> Int32:
    """Reads the ids ``[H, W]`` of a PNG.

    Args:
        path: the file.
        size: ``(height, width)`` that it must have; checked before it is decoded.

    Raises:
        PanopticFormatError: naming the file, if it is missing, damaged, not RGB with 8 bits, or of another size.
    """
    try:
        content = read_file(path)
        ids = _decode_ordinary(content, size)
        if ids is not None:
            return ids
        _verify_checksums(content)
        with Image.open(BytesIO(content)) as image:
            width, height = image.size
            if size is not None and (height, width) != size:
                expected = f"{size[1]} × {size[0]}"
                raise PanopticFormatError(f"{path}: is {width} × {height} pixels, but its image is {expected}")
            if image.format != "PNG" or image.mode != "RGB":
                kind = f"{image.format} of mode {image.mode}"
                raise PanopticFormatError(f"{path}: must be an RGB PNG that holds ids, not {kind}")
            if content[_BIT_DEPTH] != 8:
                depth = f"{content[_BIT_DEPTH]} bits a channel"
                raise PanopticFormatError(f"{path}: must be a PNG of ids with 8 bits a channel, not {depth}")
            return ids_from_rgb(np.asarray(image))
    except PanopticFormatError:
        raise
    except FileNotFoundError:
        raise PanopticFormatError(f"{path}: this PNG of segment ids is missing") from None
    except Exception as error:  # decoders raise anything on damaged data
        cause = "no known image" if isinstance(error, UnidentifiedImageError) else _cause(error)
        raise PanopticFormatError(f"{path}: the PNG is truncated, damaged or unreadable ({cause})") from error


def _decode_ordinary(content: bytes, size: tuple[int, int] | None) -> Int32 | None:
    """Returns the ids of a whole RGB PNG with 8 bits, or None: then Pillow, which is slower, finds out what it is.

    Kornia's decoder takes a quarter of the time of OpenCV's and Pillow's, and refuses a PNG that is damaged. It holds
    Python's lock all the while, as theirs do not: who wants to use several cores needs processes.
    """
    width, height = (int.from_bytes(content[at : at + 4], "big") for at in (_WIDTH, _WIDTH + 4))
    whole = content.startswith(_PNG_BEGIN) and content.endswith(_PNG_END)
    if not whole or content[_BIT_DEPTH : _BIT_DEPTH + 2] != _EIGHT_BITS_OF_RGB:
        return None
    if (size is not None and (height, width) != size) or width * height > (Image.MAX_IMAGE_PIXELS or 0):
        return None
    try:
        rgb = decode_image_png_u8(content, (height, width), "rgb")
    except Exception:  # it raises nothing more particular, and Pillow's words are better
        return None
    ids: Int32 = cv2.cvtColor(rgb, cv2.COLOR_RGB2RGBA).view("<i4")[:, :, 0]
    return np.bitwise_and(ids, MAX_ID, out=ids)


def _verify_checksums(content: bytes) -> None:
    """Raises what Pillow raises for a damaged chunk; when it decodes, it passes over the checksums of the pixels."""
    with Image.open(BytesIO(content)) as image:
        if image.format == "PNG":
            image.verify()


def _cause(error: Exception) -> str:
    """Returns what went wrong, without the file's name that an OSError may repeat."""
    return (isinstance(error, OSError) and error.strerror) or str(error)


def encode_id_png(ids: NDArray[np.integer[Any]]) -> bytes:
    """Returns ids ``[H, W]`` as the content of a PNG file.

    Raises:
        ValueError: if an id is outside 0 … :data:`MAX_ID`, or the map has no pixel.
    """
    if not ids.size:
        raise ValueError(f"an id map of shape {ids.shape} has no pixel")
    _, buffer = cv2.imencode(".png", np.ascontiguousarray(rgb_from_ids(ids)[:, :, ::-1]))
    return buffer.tobytes()
