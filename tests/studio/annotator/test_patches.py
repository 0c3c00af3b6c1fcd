"""A patch leads from one id map to another and back, exactly, from memory and from bytes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from lpsnet_studio.annotator.byte_records import sealed_record
from lpsnet_studio.annotator.patches import TILE, PixelPatch, tiles_of

Numbers = NDArray[np.uint16]

KINDS = ("uniform", "bands", "disc", "half", "three", "ten", "noise")


def painted(kind: str, shape: tuple[int, int], rng: np.random.Generator) -> Numbers:
    """Returns an id map that is written in one form or another."""
    rows, columns = np.indices(shape)
    maps = {
        "uniform": lambda: np.full(shape, 7),
        "bands": lambda: rows // 5,
        "disc": lambda: np.hypot(rows - shape[0] / 2, columns - shape[1] / 2) < min(shape) / 3,
        "half": lambda: 9 * (rng.random(shape) < 0.5),
        "three": lambda: rng.integers(0, 3, shape),
        "ten": lambda: rng.integers(0, 10, shape),
        "noise": lambda: rng.integers(0, 65536, shape),
    }
    return maps[kind]().astype(np.uint16)


@st.composite
def pairs(draw: st.DrawFn) -> tuple[Numbers, Numbers, tuple[int, int]]:
    """Two id maps of one size, and where they lie in the image: inside one tile, or across several."""
    shape = draw(st.sampled_from([(1, 1), (7, 9), (3, 2 * TILE + 8), (TILE + 3, 4), (TILE, TILE)]))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    before, after = (painted(draw(st.sampled_from(KINDS)), shape, rng) for _ in range(2))
    if draw(st.booleans()):
        after = np.where(rng.random(shape) < draw(st.sampled_from([0.001, 0.1, 0.9])), after, before)
    origin = (draw(st.integers(0, TILE + 9)), draw(st.integers(0, TILE + 9)))
    return before, after, origin


def in_image(part: Numbers, origin: tuple[int, int]) -> Numbers:
    """Returns an image of 5s with the part in its place."""
    image = np.full((origin[0] + part.shape[0] + 2, origin[1] + part.shape[1] + 3), 5, np.uint16)
    image[origin[0] : origin[0] + part.shape[0], origin[1] : origin[1] + part.shape[1]] = part
    return image


@given(pairs())
@settings(max_examples=150)
def test_a_patch_leads_there_and_back_and_touches_nothing_else(
    pair: tuple[Numbers, Numbers, tuple[int, int]],
) -> None:
    before, after, origin = pair
    patch = PixelPatch.between(before, after, origin)
    was, becomes = in_image(before, origin), in_image(after, origin)
    ids = was.copy()
    patch.apply(ids)
    np.testing.assert_array_equal(ids, becomes)
    patch.revert(ids)
    np.testing.assert_array_equal(ids, was)
    assert patch == PixelPatch.between(after, before, origin)
    assert patch.is_empty == np.array_equal(before, after)


@given(pairs())
@settings(max_examples=100)
def test_its_windows_are_few_and_hold_all_that_changed(pair: tuple[Numbers, Numbers, tuple[int, int]]) -> None:
    before, after, origin = pair
    patch = PixelPatch.between(before, after, origin)
    changed = in_image(before, origin) != in_image(after, origin)
    rows, columns = np.nonzero(changed)
    if len(rows):
        assert patch.window == (rows.min(), columns.min(), rows.max() + 1, columns.max() + 1)
    else:
        assert patch.window == (0, 0, 0, 0)
    for y0, x0, y1, x1 in patch.windows:
        changed[y0:y1, x0:x1] = False
    assert not changed.any()
    assert len(patch.windows) <= 12


@given(pairs())
@settings(max_examples=150)
def test_bytes_are_the_patch(pair: tuple[Numbers, Numbers, tuple[int, int]]) -> None:
    patch = PixelPatch.between(*pair)
    again = PixelPatch.from_bytes(patch.to_bytes())
    assert again == patch
    assert again.to_bytes() == patch.to_bytes()
    ids = in_image(pair[0], pair[2])
    again.apply(ids)
    np.testing.assert_array_equal(ids, in_image(pair[1], pair[2]))


@given(pairs())
@settings(max_examples=60)
def test_its_parts_are_the_numbers_before_and_after(pair: tuple[Numbers, Numbers, tuple[int, int]]) -> None:
    before, after, origin = pair
    was, becomes = in_image(before, origin), in_image(after, origin)
    covered = np.zeros(was.shape, np.int64)
    for (y0, x0, y1, x1), old, new in PixelPatch.between(before, after, origin).parts(was):
        np.testing.assert_array_equal(old, was[y0:y1, x0:x1])
        np.testing.assert_array_equal(new, becomes[y0:y1, x0:x1])
        covered[y0:y1, x0:x1] += 1
    assert covered.max() <= 1
    np.testing.assert_array_equal(was[covered == 0], becomes[covered == 0])


@pytest.mark.parametrize(
    ("kind", "most"),
    [
        ("uniform", 1e-3),
        ("bands", 0.02),
        ("disc", 0.03),
        ("half", 0.13),
        ("three", 0.26),
        ("ten", 0.51),
        ("noise", 2.01),
    ],
)
def test_a_patch_takes_the_bytes_that_its_pixels_need(kind: str, most: float) -> None:
    side = 4 * TILE
    ids = painted(kind, (side, side), np.random.default_rng(1))
    patch = PixelPatch.between(np.zeros_like(ids), ids)
    per_tile_beside = 600 * 16
    assert patch.nbytes - per_tile_beside <= most * side * side


def test_a_patch_that_reaches_beyond_the_image_changes_nothing() -> None:
    patch = PixelPatch.between(np.zeros((300, 300), np.uint16), np.ones((300, 300), np.uint16))
    ids = np.zeros((300, 299), np.uint16)
    with pytest.raises(ValueError, match="300×300, beyond the image of 299×300 pixels"):
        patch.apply(ids)
    assert not ids.any()


def test_only_maps_of_uint16_numbers_are_compared_and_changed() -> None:
    small, wide = np.zeros((2, 2), np.uint16), np.zeros((2, 2), np.int32)
    with pytest.raises(ValueError, match="int32"):
        PixelPatch.between(small, wide)
    with pytest.raises(ValueError, match="cannot be compared"):
        PixelPatch.between(small, small[:1])
    with pytest.raises(ValueError, match="int32"):
        PixelPatch.between(small, small + 1).apply(wide)


@given(st.tuples(*[st.integers(0, 2000)] * 2), st.tuples(*[st.integers(1, 700)] * 2))
def test_tiles_cover_a_window_once(corner: tuple[int, int], size: tuple[int, int]) -> None:
    covered = np.zeros(size, np.int64)
    for y0, x0, y1, x1 in tiles_of((*corner, corner[0] + size[0], corner[1] + size[1])):
        assert y0 // TILE == (y1 - 1) // TILE
        assert x0 // TILE == (x1 - 1) // TILE
        covered[y0 - corner[0] : y1 - corner[0], x0 - corner[1] : x1 - corner[1]] += 1
    assert (covered == 1).all()


# ------------------------------------------------------------------------------------------------------------- damage


def some_patch() -> PixelPatch:
    rng = np.random.default_rng(3)
    before = painted("bands", (40, TILE + 40), rng)
    after = before.copy()
    after[:, :TILE] ^= painted("ten", (40, TILE), rng)
    after[10:30, TILE + 5 :] = 77
    return PixelPatch.between(before, after)


def test_no_bit_can_flip_unseen() -> None:
    record = some_patch().to_bytes()
    for place in range(len(record)):
        damaged = bytearray(record)
        damaged[place] ^= 1 << place % 8
        if 5 <= place < 8:  # bytes that mean nothing
            continue
        with pytest.raises(ValueError, match=r"patch"):
            PixelPatch.from_bytes(bytes(damaged))


def test_a_patch_cut_short_or_made_longer_is_refused() -> None:
    record = some_patch().to_bytes()
    for end in range(len(record)):
        with pytest.raises(ValueError, match=r"patch"):
            PixelPatch.from_bytes(record[:end])
    with pytest.raises(ValueError, match="damaged"):
        PixelPatch.from_bytes(record + b"\0")


@given(st.binary(max_size=200))
def test_bytes_that_are_no_patch_are_refused(record: bytes) -> None:
    with pytest.raises(ValueError, match=r"patch"):
        PixelPatch.from_bytes(record)


@given(st.data())
@settings(max_examples=200)
def test_damage_behind_a_right_checksum_is_refused_or_is_another_patch(data: st.DataObject) -> None:
    content = bytearray(some_patch().content())
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, min(len(content), 120) - 1) | st.integers(0, len(content) - 1))
        content[place] = data.draw(st.integers(0, 255))
    content = content[: data.draw(st.sampled_from([len(content), len(content), len(content) // 2]))]
    try:
        patch = PixelPatch.from_bytes(sealed_record(b"LPSp", 1, bytes(content)))
    except ValueError:
        return
    assert PixelPatch.from_bytes(patch.to_bytes()) == patch
    ids = np.zeros((40, TILE + 40), np.uint16)
    if patch.fits(ids.shape):
        patch.apply(ids)
        patch.revert(ids)
        assert not ids.any()


def forged(*heads: tuple[int, ...], values: bytes = b"", after: bytes = b"") -> bytes:
    """Returns a patch of tiles that say something else than they hold, behind a right checksum.

    A head is row, column, height, width, form (0: runs; 1, 2, 4: bits; 16: plain), number of values, number of codes.
    """
    tiles = b"".join(np.array(head, "<u4").tobytes() + values for head in heads)
    return sealed_record(b"LPSp", 1, len(heads).to_bytes(4, "little") + tiles + after)


ONE_RUN = b"\x07\0" + b"\x05\0"
"""Six pixels that change by 7."""


def test_a_patch_made_by_hand_is_read() -> None:
    patch = PixelPatch.from_bytes(forged((0, 0, 2, 3, 0, 1, 1), values=ONE_RUN))
    assert patch == PixelPatch.between(np.zeros((2, 3), np.uint16), np.full((2, 3), 7, np.uint16))


@pytest.mark.parametrize(
    ("record", "why"),
    [
        (forged((0, 0, 2, 3, 0, 1, 1), values=ONE_RUN, after=b"?"), "goes on after its end"),
        (forged((0, 0, 2, 4, 0, 1, 1), values=ONE_RUN), "runs that do not fill their tile"),
        (forged((0, 0, 1, 5, 0, 1, 1), values=ONE_RUN), "runs that do not fill their tile"),
        (forged((0, 0, 2, 3, 0, 0, 0)), "runs that do not fill their tile"),
        (forged((0, 0, 0, 3, 0, 0, 0)), "a tile of 3×0 pixels"),
        (forged((0, 0, 1, 257, 16, 257, 0), values=bytes(514)), "a tile of 257×1 pixels"),
        (forged((0, 0, 257, 1, 16, 257, 0), values=bytes(514)), "a tile of 1×257 pixels"),
        (forged((0, 0, 2, 3, 0, 1, 2), values=bytes(6)), "parts do not belong together"),
        (forged((0, 0, 1, 1, 0, 2, 2), values=bytes(8)), "parts do not belong together"),
        (forged((0, 0, 2, 3, 16, 5, 0), values=bytes(10)), "parts do not belong together"),
        (forged((0, 0, 2, 3, 16, 6, 1), values=bytes(13)), "parts do not belong together"),
        (forged((0, 0, 2, 3, 1, 3, 1), values=bytes(7)), "parts do not belong together"),
        (forged((0, 0, 2, 5, 1, 2, 1), values=bytes(5)), "parts do not belong together"),
        (forged((0, 0, 2, 3, 3, 8, 3), values=bytes(19)), "parts do not belong together"),
        (forged((0, 0, 2, 3, 0, 1, 1), values=ONE_RUN[:3]), "ends too early"),
        (sealed_record(b"LPSp", 1, (2**32 - 1).to_bytes(4, "little")), "ends too early"),
        (sealed_record(b"LPSp", 1, b""), "ends too early"),
    ],
)
def test_a_patch_that_says_what_cannot_be_is_refused(record: bytes, why: str) -> None:
    with pytest.raises(ValueError, match=f"a patch is damaged: it .*{why}"):
        PixelPatch.from_bytes(record)


def test_windows_stay_few_where_many_tiles_changed_far_apart() -> None:
    before = np.zeros((6 * TILE, 6 * TILE), np.uint16)
    after = before.copy()
    after[::TILE, ::TILE] = 1
    patch = PixelPatch.between(before, after)
    assert 1 < len(patch.windows) <= 12
    for y0, x0, y1, x1 in patch.windows:
        after[y0:y1, x0:x1] = 0
    assert not after.any()


def test_a_newer_version_says_so() -> None:
    record = sealed_record(b"LPSp", 2, some_patch().content())
    with pytest.raises(
        ValueError, match=r"a patch was written by a newer version of LPSNet Studio \(format 2; known: 1\)"
    ):
        PixelPatch.from_bytes(record)


@pytest.mark.parametrize("length", [5, 9_999_999, 10_000_001, 2**62, 2**64 - 1])
def test_a_record_that_unpacks_to_another_length_than_it_says_is_refused(length: int) -> None:
    record = bytearray(sealed_record(b"LPSp", 1, bytes(10_000_000)))
    record[12:20] = length.to_bytes(8, "little")
    with pytest.raises(ValueError, match="a patch is damaged"):
        PixelPatch.from_bytes(bytes(record))
