"""Every kind of picture a user may hold, opened right or refused in one sentence."""

from __future__ import annotations

import json
import os
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps

from lpsnet.images import (
    ImageError,
    is_left_unturned,
    list_images,
    natural_key,
    read_image,
    read_image_size,
    read_thumbnail,
)


@pytest.fixture
def photo() -> np.ndarray:
    """A smooth gradient with one odd corner: every mirroring and turn of it looks different."""
    y, x = np.mgrid[0:40, 0:64]
    image = np.stack([x * 4, y * 6, 255 - x * 2], axis=2).astype(np.uint8)
    image[:5, :9] = (255, 0, 0)
    return image


def test_rgb_png_is_read_exactly(tmp_path: Path, photo: np.ndarray) -> None:
    Image.fromarray(photo).save(tmp_path / "a.png")
    result = read_image(tmp_path / "a.png")
    assert result.dtype == np.uint8
    assert result.flags.c_contiguous
    np.testing.assert_array_equal(result, photo)
    assert read_image_size(tmp_path / "a.png") == (40, 64)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied_unless_told_otherwise(tmp_path: Path, photo: np.ndarray, orientation: int) -> None:
    image = Image.fromarray(photo)
    exif = image.getexif()
    exif[0x0112] = orientation
    path = tmp_path / "turned.png"
    image.save(path, exif=exif)
    with Image.open(path) as stored:
        expected = np.asarray(ImageOps.exif_transpose(stored))
    np.testing.assert_array_equal(read_image(path), expected)
    assert read_image_size(path) == expected.shape[:2]
    np.testing.assert_array_equal(read_image(path, apply_exif=False), photo)
    assert read_image_size(path, apply_exif=False) == (40, 64)


@pytest.mark.parametrize(
    ("orientation", "stated_size", "rotated"),
    [(6, (40, 64), False), (6, (64, 40), True), (3, (40, 64), False), (1, (40, 64), False)],
)
def test_stated_size_decides_over_exif(
    tmp_path: Path, photo: np.ndarray, orientation: int, stated_size: tuple[int, int], rotated: bool
) -> None:
    image = Image.fromarray(photo)
    exif = image.getexif()
    exif[0x0112] = orientation
    image.save(tmp_path / "turned.png", exif=exif)
    expected = np.rot90(photo, -1) if rotated else photo
    np.testing.assert_array_equal(read_image(tmp_path / "turned.png", stated_size=stated_size), expected)
    is_left = is_left_unturned(tmp_path / "turned.png", stated_size)
    assert is_left == (orientation != 1 and not rotated)


def test_picture_of_another_size_than_stated_is_refused(tmp_path: Path, photo: np.ndarray) -> None:
    Image.fromarray(photo).save(tmp_path / "a.png")
    for stated in ((64, 40), (40, 63)):
        with pytest.raises(ImageError, match=r"a\.png: is 64 × 40 pixels, but its data set says"):
            read_image(tmp_path / "a.png", stated_size=stated)


@pytest.mark.parametrize(("bits", "suffix"), [(10, "png"), (12, "png"), (14, "tif"), (16, "png"), (16, "tif")])
def test_deep_grey_is_scaled_by_its_depth(tmp_path: Path, bits: int, suffix: str) -> None:
    full = 2**bits - 1
    values = np.linspace(0, full, 64 * 40).reshape(40, 64).astype(np.uint16)
    path = tmp_path / f"deep.{suffix}"
    Image.fromarray(values).save(path)
    result = read_image(path)
    expected = np.rint(values / full * 255).astype(np.uint8)
    np.testing.assert_array_equal(result, np.stack([expected] * 3, axis=2))


def test_sixteen_bit_colour_keeps_its_high_bytes(tmp_path: Path) -> None:
    values = np.array([[[0, 255, 256], [65535, 32768, 4096]]], np.uint16)
    path = tmp_path / "deep.png"
    path.write_bytes(_png(values, color_type=2, depth=16))
    np.testing.assert_array_equal(read_image(path), values >> 8)


def test_floating_point_grey(tmp_path: Path) -> None:
    values = np.linspace(0, 1, 100, dtype=np.float32).reshape(10, 10)
    Image.fromarray(values).save(tmp_path / "unit.tif")
    np.testing.assert_array_equal(read_image(tmp_path / "unit.tif")[..., 0], np.rint(values * 255))
    Image.fromarray(values * 1000).save(tmp_path / "wide.tif")
    with pytest.raises(ImageError, match=r"wide\.tif.*floating-point values outside"):
        read_image(tmp_path / "wide.tif")


def test_grey_and_bilevel_repeat_over_the_channels(tmp_path: Path, photo: np.ndarray) -> None:
    Image.fromarray(photo[..., 0]).save(tmp_path / "grey.png")
    np.testing.assert_array_equal(read_image(tmp_path / "grey.png"), np.stack([photo[..., 0]] * 3, axis=2))
    bilevel = photo[..., 0] > 100
    Image.fromarray(bilevel).save(tmp_path / "bits.png")
    np.testing.assert_array_equal(read_image(tmp_path / "bits.png")[..., 1], bilevel * 255)


def test_transparency_is_composited_over_white(tmp_path: Path) -> None:
    pixels = np.array([[[10, 20, 30, 255], [10, 20, 30, 0], [0, 0, 0, 51]]], np.uint8)
    Image.fromarray(pixels).save(tmp_path / "alpha.png")
    np.testing.assert_array_equal(read_image(tmp_path / "alpha.png"), [[[10, 20, 30], [255] * 3, [204] * 3]])
    grey = np.array([[[9, 255], [9, 0]]], np.uint8)
    Image.fromarray(grey, "LA").save(tmp_path / "grey_alpha.png")
    np.testing.assert_array_equal(read_image(tmp_path / "grey_alpha.png"), [[[9] * 3, [255] * 3]])


def test_palette_with_and_without_transparency(tmp_path: Path) -> None:
    image = Image.fromarray(np.array([[0, 1, 2]], np.uint8), "P")
    image.putpalette([255, 0, 0, 0, 255, 0, 0, 0, 255])
    image.save(tmp_path / "palette.png")
    np.testing.assert_array_equal(read_image(tmp_path / "palette.png"), [[[255, 0, 0], [0, 255, 0], [0, 0, 255]]])
    image.save(tmp_path / "clear.png", transparency=1)
    np.testing.assert_array_equal(read_image(tmp_path / "clear.png"), [[[255, 0, 0], [255] * 3, [0, 0, 255]]])


def test_cmyk_jpeg(tmp_path: Path, photo: np.ndarray) -> None:
    Image.fromarray(photo).convert("CMYK").save(tmp_path / "print.jpg", quality=95)
    difference = np.abs(read_image(tmp_path / "print.jpg").astype(int) - photo)
    assert np.median(difference) < 6


@pytest.mark.parametrize("suffix", ["jpg", "png", "tif", "webp", "bmp", "gif"])
def test_truncated_file_is_refused(tmp_path: Path, suffix: str) -> None:
    rng = np.random.default_rng(0)
    path = tmp_path / f"cut.{suffix}"
    Image.fromarray(rng.integers(0, 255, (64, 64, 3), np.uint8)).save(path)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(ImageError, match=rf"cut\.{suffix}: .*(truncated|damaged)") as caught:
        read_image(path)
    assert "\n" not in str(caught.value)


def test_empty_missing_folder_and_text_are_refused(tmp_path: Path) -> None:
    (tmp_path / "empty.jpg").touch()
    (tmp_path / "notes.jpg").write_text("not a picture", encoding="utf-8")
    (tmp_path / "folder.jpg").mkdir()
    for name, cause in {
        "empty.jpg": "the file is empty",
        "missing.jpg": "there is no such file",
        "folder.jpg": "is a folder, not an image",
        "notes.jpg": "not an image of a known format",
    }.items():
        for read in (read_image, read_image_size):
            with pytest.raises(ImageError, match=cause) as caught:
                read(tmp_path / name)
            assert str(caught.value).startswith(str(tmp_path / name))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes with names are POSIX")
@pytest.mark.timeout(20)
def test_a_pipe_and_a_device_are_refused_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jpg")
    (tmp_path / "device.jpg").symlink_to("/dev/zero")
    for name in ("pipe.jpg", "device.jpg"):
        for read in (read_image, read_image_size):
            with pytest.raises(ImageError, match="is a pipe or a device, not an image") as caught:
                read(tmp_path / name)
            assert str(caught.value).startswith(f"{tmp_path / name}: ")


def test_huge_picture_is_refused_by_its_header(tmp_path: Path) -> None:
    path = tmp_path / "huge.png"
    path.write_bytes(_png_header(30_000, 30_000))
    limit = Image.MAX_IMAGE_PIXELS
    with pytest.raises(ImageError, match=r"huge\.png: 30000 × 30000 pixels are more than the limit of 150 megapixels"):
        read_image(path)
    assert limit == Image.MAX_IMAGE_PIXELS


def test_limit_can_be_set(tmp_path: Path, photo: np.ndarray) -> None:
    Image.fromarray(photo).save(tmp_path / "a.png")
    with pytest.raises(ImageError, match=r"64 × 40 pixels are more than the limit of 0\.002 megapixels"):
        read_image(tmp_path / "a.png", max_pixels=2000)
    assert read_image(tmp_path / "a.png", max_pixels=64 * 40).shape == (40, 64, 3)


def test_folder_is_listed_in_natural_order_without_hidden_files(tmp_path: Path) -> None:
    for name in ("img10.png", "IMG2.jpg", "img1.JPEG", ".hidden.png", "notes.txt", "img2b.tif"):
        (tmp_path / name).touch()
    (tmp_path / "folder.png").mkdir()
    assert [path.name for path in list_images(tmp_path)] == ["img1.JPEG", "IMG2.jpg", "img2b.tif", "img10.png"]
    with pytest.raises(ImageError, match="nowhere: the folder cannot be listed"):
        list_images(tmp_path / "nowhere")


def test_natural_key_orders_any_mixture() -> None:
    names = ["b", "10", "9", "a10b2", "a10b10", "a9", "", "1a"]
    assert sorted(names, key=natural_key) == ["", "1a", "9", "10", "a9", "a10b2", "a10b10", "b"]


def test_real_photos_have_the_size_their_data_set_states(coco_mini: Path) -> None:
    content = json.loads((coco_mini / "annotations" / "panoptic_val2017.json").read_text(encoding="utf-8"))
    for entry in content["images"][:5]:
        path = coco_mini / "val2017" / entry["file_name"]
        assert read_image(path, apply_exif=False).shape == (entry["height"], entry["width"], 3)
        assert read_image_size(path, apply_exif=False) == (entry["height"], entry["width"])


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _png_header(width: int, height: int, color_type: int = 2, depth: int = 8) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, depth, color_type, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", b"")


def _png(values: np.ndarray, color_type: int, depth: int) -> bytes:
    height, width = values.shape[:2]
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)
    header = _png_header(width, height, color_type, depth)
    return header[: -len(_chunk(b"IDAT", b""))] + _chunk(b"IDAT", zlib.compress(rows)) + _chunk(b"IEND", b"")


# ---------------------------------------------------------------------------------------------------------- thumbnails


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", [".png", ".jpg"])
def test_a_thumbnail_is_the_picture_made_small(
    tmp_path: Path, photo: np.ndarray, orientation: int, suffix: str
) -> None:
    large = Image.fromarray(photo).resize((640, 400), Image.Resampling.BICUBIC)
    exif = large.getexif()
    exif[0x0112] = orientation
    path = tmp_path / f"turned{suffix}"
    large.save(path, exif=exif, **({"quality": 95} if suffix == ".jpg" else {}))
    small = read_thumbnail(path, (72, 96))
    upright = read_image(path)
    height, width = upright.shape[:2]
    assert small.shape == ((60, 96, 3) if width > height else (72, 45, 3))
    expected = np.asarray(Image.fromarray(upright).resize(small.shape[1::-1], Image.Resampling.BOX), np.int32)
    assert np.abs(small - expected).mean() < 3


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "CMYK", "I;16", "F"])
def test_a_thumbnail_of_any_kind_looks_like_its_picture(tmp_path: Path, photo: np.ndarray, mode: str) -> None:
    path = tmp_path / "any.tif"
    grey = Image.fromarray(photo).convert("L")
    if mode == "I;16":
        Image.fromarray(np.asarray(grey).astype(np.uint16) * 200).save(path)
    elif mode == "F":
        Image.fromarray(np.asarray(grey).astype(np.float32)).save(path)
    else:
        Image.fromarray(photo).convert(mode).save(path)
    small = read_thumbnail(path, (20, 32))
    assert small.shape == (20, 32, 3)
    assert small.dtype == np.uint8
    assert small.flags.c_contiguous
    expected = np.asarray(Image.fromarray(read_image(path)).resize((32, 20), Image.Resampling.BOX), np.int32)
    assert np.abs(small - expected).mean() < 2


def test_a_small_picture_is_its_own_thumbnail_and_a_thin_one_keeps_a_pixel(tmp_path: Path, photo: np.ndarray) -> None:
    Image.fromarray(photo).save(tmp_path / "small.png")
    np.testing.assert_array_equal(read_thumbnail(tmp_path / "small.png", (72, 96)), photo)
    Image.new("RGB", (3000, 2)).save(tmp_path / "thin.png")
    assert read_thumbnail(tmp_path / "thin.png", (72, 96)).shape == (1, 96, 3)


def test_a_picture_that_cannot_be_read_has_no_thumbnail(tmp_path: Path, photo: np.ndarray) -> None:
    path = tmp_path / "cut.jpg"
    Image.fromarray(photo).save(path)
    path.write_bytes(path.read_bytes()[:400])
    for broken in (path, tmp_path / "missing.png", tmp_path):
        with pytest.raises(ImageError, match=broken.name):
            read_thumbnail(broken, (72, 96))
