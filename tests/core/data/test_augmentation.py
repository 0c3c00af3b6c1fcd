"""Augmentation: picture and ids stay one on the other whatever happens to them, and colours follow their formula."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from lpsnet.data.augmentation import Augmentation, augmented, recoloured, resample_ids
from lpsnet.data.transforms import input_size
from lpsnet.structures import PanopticSegmentation
from lpsnet.targets import TargetRules, location_targets

STEP = 8
"""Grey levels from one pixel of the ruler to the next."""
SIDES = st.integers(4, 30)


def ruler(height: int, width: int) -> tuple[np.ndarray, PanopticSegmentation]:
    """A picture whose red tells the column and whose green the row; every pixel is a segment, its label its place."""
    rows, columns = np.mgrid[:height, :width]
    wave = 128 + 60 * np.sin(columns / 5) + 60 * np.cos(rows / 4)
    image = np.stack([STEP * columns + 4, STEP * rows + 4, wave], axis=2).astype(np.uint8)
    # Ids as large as COCO's, and not in reading order.
    places = rows * width + columns
    ids = (2**24 - 1 - 7 * places).astype(np.int32)
    order = range(height * width)
    return image, PanopticSegmentation.from_ids(ids, {2**24 - 1 - 7 * place: place for place in order})


def measured(image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The place in the ruler that every pixel shows, as rows and columns in pixels, centres at whole numbers."""
    return (image[..., 1].astype(float) - 4) / STEP, (image[..., 0].astype(float) - 4) / STEP


def change(seed: int, height: int, width: int, how: Augmentation) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Returns the changed ruler, and the row and column that its ids come from."""
    image, truth = augmented(*ruler(height, width), how, np.random.default_rng(seed))
    assert image.flags.c_contiguous
    assert truth.ids.flags.c_contiguous
    assert image.shape[:2] == truth.ids.shape
    labels = np.zeros(len(truth.segments) + 1, int)
    for segment in truth.segments:
        labels[segment.id] = segment.label
    rows, columns = np.divmod(labels[truth.ids], width)
    return image, rows, columns


# ----------------------------------------------------------------------------------------------------------- resampling


@given(SIDES, SIDES, st.integers(1, 70), st.integers(1, 70))
def test_an_id_is_the_one_under_the_pixels_centre(height: int, width: int, new_height: int, new_width: int) -> None:
    ids = np.arange(height * width, dtype=np.int32).reshape(height, width)
    resampled = resample_ids(ids, (new_height, new_width))
    assert resampled.dtype == np.int32
    for axis, (full, length) in enumerate([(height, new_height), (width, new_width)]):
        found = np.divmod(resampled, width)[axis].take(0, axis=1 - axis)
        for index, source in enumerate(found.tolist()):
            centre = (index + Fraction(1, 2)) * Fraction(full, length)
            assert source <= centre <= source + 1  # on a border between two pixels either is the nearest


def test_ids_of_the_wanted_size_stay_the_same_map() -> None:
    ids = np.arange(6, dtype=np.int32).reshape(2, 3)
    assert resample_ids(ids, (2, 3)) is ids


@settings(max_examples=150, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    height=SIDES,
    width=SIDES,
    short_side=st.integers(32, 90),
    flip=st.sampled_from([0.0, 0.5, 1.0]),
    low=st.floats(0.3, 1.0),
    crop=st.none() | st.tuples(st.integers(32, 80), st.integers(32, 80)),
)
def test_picture_and_ids_stay_aligned(
    seed: int,
    height: int,
    width: int,
    short_side: int,
    flip: float,
    low: float,
    crop: tuple[int, int] | None,
) -> None:
    how = Augmentation(short_side, None, flip=flip, scale=(low, 1.5), crop=crop)
    image, rows, columns = change(seed, height, width, how)
    for shown, stated in zip(measured(image), (rows, columns), strict=True):
        # Within half a pixel: of the picture where it grows, of the result where it shrinks (it never does here, but
        # for the 32 pixels that the network needs); grey levels are rounded.
        assert np.abs(shown - stated).max() <= 0.5 + 1 / STEP


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32), height=st.integers(24, 30), width=st.integers(24, 30), flip=st.booleans())
def test_they_stay_aligned_where_a_picture_shrinks(seed: int, height: int, width: int, flip: bool) -> None:
    tall = np.repeat(np.repeat(np.arange(height), 5)[:, None], 5 * width, axis=1)
    wide = np.repeat(np.repeat(np.arange(width), 5)[None, :], 5 * height, axis=0)
    image = np.stack([STEP * wide, STEP * tall, 0 * tall], axis=2).astype(np.uint8)
    ids = (1 + tall * width + wide).astype(np.int32)
    truth = PanopticSegmentation.from_ids(ids, {i: i - 1 for i in range(1, height * width + 1)})
    how = Augmentation(60, None, flip=float(flip), scale=(0.6, 1.0), crop=(40, 40))
    small, left = augmented(image, truth, how, np.random.default_rng(seed))
    labels = np.array([0, *(segment.label for segment in left.segments)])[left.ids]
    for channel, stated in ((1, labels // width), (0, labels % width)):
        # A result's pixel covers at most 5 · 30 / 36 pixels, less than one block, and half of it is 0.42 blocks; at a
        # border the filter sees one side only.
        assert np.abs(small[..., channel] / STEP - stated).max() <= 1.0
        assert np.abs(small[..., channel] / STEP - stated).mean() <= 0.3


# ------------------------------------------------------------------------------------------------------------- cropping


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    height=st.integers(20, 30),
    width=st.integers(20, 30),
    short_side=st.integers(32, 60),
    factor=st.floats(0.7, 1.4),
    crop=st.tuples(st.integers(32, 60), st.integers(32, 60)),
)
def test_a_crop_is_a_part_of_the_enlarged_picture(
    seed: int, height: int, width: int, short_side: int, factor: float, crop: tuple[int, int]
) -> None:
    scale = (factor, factor)
    whole, *_ = change(seed, height, width, Augmentation(short_side, None, scale=scale))
    part, *sources = change(seed, height, width, Augmentation(short_side, None, scale=scale, crop=crop))
    assert part.shape[:2] == (min(crop[0], whole.shape[0]), min(crop[1], whole.shape[1]))
    windows = [(int(source.min()), int(source.max() - source.min() + 1)) for source in sources]
    for (_, length), full, resized, kept in zip(windows, (height, width), whole.shape, part.shape, strict=False):
        assert abs(length - full * kept / resized) <= 0.5  # proportions hold within half a pixel at either end
    expected, inner = seen_in(whole, part.shape, (height, width), windows)
    np.testing.assert_allclose(part[inner], expected[inner], atol=3)  # of 256 levels


@settings(max_examples=20, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    size=st.tuples(st.integers(100, 300), st.integers(100, 300)),
    crop=st.tuples(st.integers(32, 70), st.integers(32, 70)),
)
def test_a_crop_is_a_part_of_the_shrunk_picture(seed: int, size: tuple[int, int], crop: tuple[int, int]) -> None:
    rows, columns = np.mgrid[: size[0], : size[1]]
    wave = np.stack([128 + 60 * np.sin(columns / 30) + 60 * np.cos(rows / 25)] * 3, axis=2).astype(np.uint8)
    truth = PanopticSegmentation.from_ids(np.ones(size, np.int32), {1: 0})
    whole, _ = augmented(wave, truth, Augmentation(64, 100), np.random.default_rng(seed))
    part, _ = augmented(wave, truth, Augmentation(64, 100, crop=crop), np.random.default_rng(seed))
    assert part.shape[:2] == (min(crop[0], whole.shape[0]), min(crop[1], whole.shape[1]))
    windows = []
    for share, full, resized, kept in zip(
        np.random.default_rng(seed).random(4)[2:], size, whole.shape, part.shape, strict=False
    ):
        length = round(full * kept / resized)
        windows.append((int(share * (full - length + 1)), length))
    expected, inner = seen_in(whole, part.shape, size, windows)
    np.testing.assert_allclose(part[inner], expected[inner], atol=6)


def seen_in(
    whole: np.ndarray, size: tuple[int, ...], full: tuple[int, int], windows: list[tuple[int, int]]
) -> tuple[np.ndarray, tuple[slice, slice]]:
    """Reads a resized picture where a window of the original lies, and returns where that is no matter of borders."""
    seen, inner = whole.astype(float), []
    for axis, (begin, length) in enumerate(windows):
        ratio = whole.shape[axis] / full[axis]
        place = (begin + (np.arange(size[axis]) + 0.5) * length / size[axis]) * ratio - 0.5
        before = np.clip(np.floor(place).astype(int), 0, whole.shape[axis] - 2)
        share = np.clip(place - before, 0, 1).reshape([-1 if k == axis else 1 for k in range(3)])
        seen = seen.take(before, axis) * (1 - share) + seen.take(before + 1, axis) * share
        margin = int(np.ceil(max(ratio, 1)))
        inner.append(slice(margin, size[axis] - margin))
    return seen, (inner[0], inner[1])


@given(st.integers(0, 2**32), st.integers(40, 60), st.integers(40, 60), st.floats(1, 2))
@settings(max_examples=40, deadline=None)
def test_crops_have_one_size_where_pictures_are_big_enough(seed: int, height: int, width: int, factor: float) -> None:
    how = Augmentation(40, None, flip=0.5, scale=(1, factor), crop=(37, 33))
    image = np.zeros((height, width, 3), np.uint8)
    truth = PanopticSegmentation.from_ids(np.ones((height, width), np.int32), {1: 0})
    assert augmented(image, truth, how, np.random.default_rng(seed))[0].shape == (37, 33, 3)


def test_every_place_is_cut_out_alike() -> None:
    """Of 12 pixels 8 are kept: 5 places, of which none is rarer than the others."""
    image, truth = ruler(12, 12)
    how = Augmentation(48, None, crop=(32, 32))
    chance = np.random.default_rng(0)
    begins = []
    for _ in range(500):
        _, part = augmented(image, truth, how, chance)
        labels = [segment.label for segment in part.segments]
        begins.append((min(labels) // 12, min(label % 12 for label in labels)))
    for axis in range(2):
        counts = np.bincount([begin[axis] for begin in begins], minlength=5)
        assert len(counts) == 5
        assert counts.min() >= 70
        assert counts.max() <= 135


# --------------------------------------------------------------------------------------------------------------- colour


def test_colours_stay_where_nothing_changes_them() -> None:
    image = np.random.default_rng(1).integers(0, 256, (40, 50, 3), dtype=np.uint8)
    np.testing.assert_array_equal(recoloured(image, np.ones(3)), image)
    truth = PanopticSegmentation.from_ids(np.ones((40, 50), np.int32), {1: 0})
    still, _ = augmented(image, truth, Augmentation(40, None, color=0), np.random.default_rng(0))
    np.testing.assert_array_equal(still, image)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.tuples(*[st.floats(0, 2)] * 3))
def test_colours_follow_the_formula(seed: int, tone: tuple[float, float, float]) -> None:
    image = np.random.default_rng(seed).integers(0, 256, (7, 5, 3), dtype=np.uint8)
    brightness, contrast, saturation = tone
    mean = sum(int(value) for value in image.flatten()) / image.size
    expected = np.empty(image.shape)
    for place in np.ndindex(image.shape[:2]):
        red, green, blue = (float(value) for value in image[place])
        grey = 0.299 * red + 0.587 * green + 0.114 * blue
        for channel, value in enumerate((red, green, blue)):
            saturated = grey + saturation * (value - grey)
            expected[(*place, channel)] = brightness * (mean + contrast * (saturated - mean))
    np.testing.assert_allclose(recoloured(image, np.array(tone)), expected.clip(0, 255), atol=1)  # fixed point, rounded


def test_colours_change_no_more_than_is_said() -> None:
    image = np.full((32, 32, 3), 100, np.uint8)
    truth = PanopticSegmentation.from_ids(np.ones((32, 32), np.int32), {1: 0})
    values = [
        int(augmented(image, truth, Augmentation(32, None, color=0.2), np.random.default_rng(seed))[0][0, 0, 0])
        for seed in range(300)
    ]
    assert 80 <= min(values) < 83
    assert 117 < max(values) <= 120


# --------------------------------------------------------------------------------------------------------------- truths


def test_targets_are_of_the_mirrored_picture() -> None:
    ids = np.zeros((64, 128), np.int32)
    ids[16:48, 8:72] = 5
    truth = PanopticSegmentation.from_ids(ids, {5: 0})
    image = np.zeros((64, 128, 3), np.uint8)
    isthing = np.array([True])
    rules = TargetRules(level_assignment="all", borderness="box")
    still, turned = (
        location_targets(
            augmented(image, truth, Augmentation(64, 128, flip=flip), np.random.default_rng(0))[1],
            isthing,
            (8, 16, 32, 64, 128),
            rules,
        )[0]
        for flip in (0.0, 1.0)
    )
    np.testing.assert_array_equal(turned.state, still.state[:, ::-1])
    np.testing.assert_array_equal(turned.ltrb, still.ltrb[:, ::-1][..., [2, 1, 0, 3]])
    assert still.ltrb[2, 1].tolist() == [4, 4, 60, 28]
    assert turned.ltrb[2, 14].tolist() == [60, 4, 4, 28]


def test_half_of_the_pictures_are_mirrored() -> None:
    image, truth = ruler(8, 8)
    turned = [
        augmented(image, truth, Augmentation(32, None, flip=0.5), np.random.default_rng(seed))[0][0, 0, 0] > 30
        for seed in range(200)
    ]
    assert 70 < sum(turned) < 130


def test_segments_keep_class_crowd_and_order_and_what_is_cut_off_is_gone() -> None:
    ids = np.zeros((64, 64), np.int32)
    ids[:, :8], ids[:32, 8:60], ids[32:, 8:60] = 16_000_000, 3, 900
    truth = PanopticSegmentation.from_ids(ids, {900: 4, 16_000_000: 2, 3: 7}, crowds={900})
    how = Augmentation(64, None, crop=(64, 32))
    for seed in range(20):
        _, part = augmented(np.zeros((64, 64, 3), np.uint8), truth, how, np.random.default_rng(seed))
        begin = int(np.random.default_rng(seed).random(4)[3] * 33)  # the fourth number drawn places the columns
        expected = [(4, True), (7, False)] if begin >= 8 else [(4, True), (2, False), (7, False)]
        assert [(segment.label, segment.iscrowd) for segment in part.segments] == expected
        assert [segment.id for segment in part.segments] == list(range(1, len(expected) + 1))
        labels = np.array([-1, *(segment.label for segment in part.segments)])[part.ids]
        source = np.select([ids == 900, ids == 3, ids == 16_000_000], [4, 7, 2], -1)[:, begin : begin + 32]
        np.testing.assert_array_equal(labels, source)


@pytest.mark.parametrize("size", [(1, 1), (1, 900), (700, 1), (2, 3), (31, 31)])
@pytest.mark.parametrize("crop", [None, (64, 64)])
def test_the_smallest_and_the_longest_pictures_pass(size: tuple[int, int], crop: tuple[int, int] | None) -> None:
    image = np.full((*size, 3), 77, np.uint8)
    for labels in ({}, {1: 0}):
        truth = PanopticSegmentation.from_ids(np.full(size, len(labels), np.int32), labels)
        how = Augmentation(64, None, flip=1, scale=(0.5, 2), crop=crop, color=0.5)
        for seed in range(5):
            changed, left = augmented(image, truth, how, np.random.default_rng(seed))
            assert min(changed.shape[:2]) >= 32
            assert len(left.segments) == len(labels)
            assert changed.shape[:2] == left.ids.shape
            if crop is not None:
                assert max(changed.shape[:2]) <= 64


# --------------------------------------------------------------------------------------------------------------- chance


@given(st.integers(0, 2**32), st.floats(0.5, 1), st.booleans())
@settings(max_examples=30, deadline=None)
def test_a_switch_changes_what_it_says_and_nothing_else(seed: int, low: float, color: bool) -> None:
    """Whether a picture is mirrored, and how it is scaled, does not hang on the other switches."""

    def sizes_and_turn(how: Augmentation) -> tuple[tuple[int, ...], bool]:
        image, _ = augmented(*ruler(16, 20), how, np.random.default_rng(seed))
        return image.shape, bool(image[0, 0, 0] > image[0, -1, 0])

    assume(low < 1)
    plain = sizes_and_turn(Augmentation(48, None, flip=0.5, scale=(low, 1)))
    assert sizes_and_turn(Augmentation(48, None, flip=0.5, scale=(low, 1), color=0.2 * color)) == plain
    assert sizes_and_turn(Augmentation(48, None, flip=0.5, scale=(1, 1)))[1] == plain[1]
    height, width = input_size(16, 20, 48)
    assert low * height - 1 <= plain[0][0] <= height
    assert low * width - 1 <= plain[0][1] <= width


@pytest.mark.parametrize("size", [(20, 30), (30, 20)])
def test_the_longer_side_is_drawn_evenly_from_its_range(size: tuple[int, int]) -> None:
    how = Augmentation(64, None, long_side=(40, 90))
    image, truth = np.zeros((*size, 3), np.uint8), PanopticSegmentation.from_ids(np.ones(size, np.int32), {1: 0})
    sizes = [augmented(image, truth, how, np.random.default_rng(seed))[0].shape[:2] for seed in range(300)]
    longer = np.array([max(shape) for shape in sizes])
    assert longer.min() >= 40
    assert longer.max() <= 90
    assert abs(longer.mean() - 65) < 3  # the mean of 300 even draws strays by 0.8
    assert all(abs(min(shape) - max(32.0, max(shape) * 2 / 3)) <= 1 for shape in sizes)
    assert all((shape[0] > shape[1]) == (size[0] > size[1]) for shape in sizes if shape[0] != shape[1])
