"""PNGs of ids: both decoders give the same ids, and only a whole file is taken."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image

from lpsnet.formats import id_png
from lpsnet.formats.id_png import MAX_ID, PanopticFormatError, encode_id_png, read_id_png, rgb_from_ids

SIGNATURE = b"\x89PNG\r\n\x1a\n"
IDS = np.array([[0, 1, 255, 256], [65535, 65536, MAX_ID, 70_001], [7, 7, 7, 0]], np.int32)


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(data: bytes, *, extra: bytes = b"") -> bytes:
    header = struct.pack(">IIBBBBB", IDS.shape[1], IDS.shape[0], 8, 2, 0, 0, 0)
    return SIGNATURE + chunk(b"IHDR", header) + extra + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def rows(ids: np.ndarray) -> bytes:
    return b"".join(b"\0" + row.tobytes() for row in rgb_from_ids(ids))


@settings(max_examples=60, deadline=None)
@given(hnp.arrays(np.int32, hnp.array_shapes(min_dims=2, max_dims=2, max_side=9), elements=st.integers(0, MAX_ID)))
def test_what_is_written_is_read(tmp_path_factory: pytest.TempPathFactory, ids: np.ndarray) -> None:
    path = tmp_path_factory.mktemp("png") / "ids.png"
    path.write_bytes(encode_id_png(ids))
    read = read_id_png(path, size=ids.shape)
    np.testing.assert_array_equal(read, ids)
    assert read.dtype == np.int32
    assert read.flags.c_contiguous


@pytest.mark.parametrize(
    "extra",
    [
        b"",
        chunk(b"eXIf", b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"),
        chunk(b"tRNS", b"\0\x01\0\0\0\0"),
        chunk(b"gAMA", struct.pack(">I", 220_000)),
    ],
    ids=["plain", "rotated by EXIF", "transparent colour", "gamma"],
)
def test_ids_do_not_depend_on_what_else_a_file_says_nor_on_the_decoder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, extra: bytes
) -> None:
    path = tmp_path / "ids.png"
    path.write_bytes(png(zlib.compress(rows(IDS)), extra=extra))
    np.testing.assert_array_equal(read_id_png(path, size=IDS.shape), IDS)
    monkeypatch.setattr(id_png, "_decode_ordinary", lambda content, size: None)
    np.testing.assert_array_equal(read_id_png(path, size=IDS.shape), IDS)


def test_an_interlaced_file_is_read(tmp_path: Path) -> None:
    one_pixel = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 1)
    content = (
        SIGNATURE + chunk(b"IHDR", one_pixel) + chunk(b"IDAT", zlib.compress(b"\0\x05\x01\0")) + chunk(b"IEND", b"")
    )
    (tmp_path / "ids.png").write_bytes(content)
    assert read_id_png(tmp_path / "ids.png").tolist() == [[261]]


@pytest.mark.parametrize(
    "content",
    [
        png(zlib.compress(rows(IDS)))[:-30] + png(zlib.compress(rows(IDS)))[-12:],
        png(zlib.compress(rows(IDS))[:12]),
        png(b"\x78\x9cno compressed stream"),
        png(zlib.compress(rows(IDS).replace(b"\0", b"\x09", 1))),
    ],
    ids=["cut inside", "cut stream", "no stream", "unknown filter"],
)
def test_a_damaged_file_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "ids.png"
    path.write_bytes(content)
    with pytest.raises(PanopticFormatError, match=r"ids\.png: the PNG is truncated, damaged or unreadable"):
        read_id_png(path, size=IDS.shape)


def test_no_flipped_bit_changes_an_id(tmp_path: Path) -> None:
    path, whole, refused = tmp_path / "ids.png", encode_id_png(IDS), 0
    for bit in range(0, 8 * len(whole), 5):  # five and eight share no factor: every bit of a byte has its turn
        content = bytearray(whole)
        content[bit // 8] ^= 1 << bit % 8
        path.write_bytes(content)
        try:
            np.testing.assert_array_equal(read_id_png(path, size=IDS.shape), IDS)
        except PanopticFormatError:
            refused += 1
    assert refused > len(whole)


def test_size_depth_and_colour_are_checked(tmp_path: Path) -> None:
    path = tmp_path / "ids.png"
    path.write_bytes(encode_id_png(IDS))
    with pytest.raises(PanopticFormatError, match="is 4 × 3 pixels, but its image is 3 × 4"):
        read_id_png(path, size=(4, 3))
    Image.fromarray(np.zeros((3, 4, 4), np.uint8)).save(path)
    with pytest.raises(PanopticFormatError, match="must be an RGB PNG that holds ids, not PNG of mode RGBA"):
        read_id_png(path)
    assert id_png._decode_ordinary(b"", None) is None
