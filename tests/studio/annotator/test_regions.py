from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from lpsnet_studio.annotator import regions
from lpsnet_studio.annotator.placed_mask import PlacedMask, clipped

SIZE = (9, 11)
masks = hnp.arrays(np.bool_, SIZE)
maps = hnp.arrays(np.uint16, SIZE, elements=st.integers(0, 3))


def drawn(*rows: str) -> NDArray[np.uint16]:
    """Returns a map from rows of digits; a dot is void."""
    return np.array([[0 if sign == "." else int(sign) for sign in row] for row in rows], np.uint16)


def neighbours(y: int, x: int, connectivity: int) -> Iterator[tuple[int, int]]:
    for dy in (-1, 0, 1):
        for dx in (-1, 0, 1):
            if (dy or dx) and (connectivity == 8 or not (dy and dx)):
                yield y + dy, x + dx


def flood(mask: NDArray[np.bool_], y: int, x: int, connectivity: int) -> set[tuple[int, int]]:
    """Returns the pixels of a mask that hang together with one of them, found one by one."""
    reached, waiting = {(y, x)}, [(y, x)]
    while waiting:
        for place in neighbours(*waiting.pop(), connectivity):
            inside = 0 <= place[0] < mask.shape[0] and 0 <= place[1] < mask.shape[1]
            if inside and mask[place] and place not in reached:
                reached.add(place)
                waiting.append(place)
    return reached


def parts_of(mask: NDArray[np.bool_], connectivity: int) -> set[frozenset[tuple[int, int]]]:
    return {frozenset(flood(mask, int(y), int(x), connectivity)) for y, x in np.argwhere(mask)}


def pixels(region: PlacedMask) -> frozenset[tuple[int, int]]:
    return frozenset((int(y) + region.origin[0], int(x) + region.origin[1]) for y, x in np.argwhere(region.mask))


@settings(max_examples=30)
@given(masks, st.sampled_from([4, 8]), st.tuples(st.integers(0, 9), st.integers(0, 9)))
def test_connected_parts_are_those_found_pixel_by_pixel(
    mask: NDArray[np.bool_], connectivity: int, origin: tuple[int, int]
) -> None:
    found = regions.connected_parts(PlacedMask(mask, origin), connectivity)
    moved = {frozenset((y + origin[0], x + origin[1]) for y, x in part) for part in parts_of(mask, connectivity)}
    assert {pixels(part) for part in found} == moved
    areas = [part.area for part in found]
    assert areas == sorted(areas, reverse=True)


def test_specks_are_the_small_parts_and_never_the_largest() -> None:
    ids = drawn("11..1", "11...", "....1", ".1..1")
    specks = regions.specks_of(regions.segment_mask(ids, 1, (0, 0, 5, 4)), 2)
    assert {pixels(speck) for speck in specks} == {frozenset({(0, 4)}), frozenset({(3, 1)})}
    alone = regions.segment_mask(drawn("1....", "....1"), 1, (0, 0, 5, 2))
    assert len(regions.specks_of(alone, 100)) == 1


@settings(max_examples=30)
@given(masks)
def test_holes_are_what_cannot_be_reached_from_outside(mask: NDArray[np.bool_]) -> None:
    framed = np.pad(~mask, 1, constant_values=True)
    outside = flood(framed, 0, 0, 4)
    enclosed = framed.copy()
    for place in outside:
        enclosed[place] = False
    assert {pixels(hole) for hole in regions.holes_of(PlacedMask(mask))} == parts_of(enclosed[1:-1, 1:-1], 4)


def test_a_hole_that_holds_another_segment_is_no_void_hole() -> None:
    ids = drawn("1111111", "1..1.21", "1111111")
    box = (0, 0, 7, 3)
    assert len(regions.holes_of(regions.segment_mask(ids, 1, box))) == 2
    (hole,) = regions.void_holes_of(ids, 1, box)
    assert pixels(hole) == {(1, 1), (1, 2)}


def reach(mask: NDArray[np.bool_], radius: float) -> NDArray[np.bool_]:
    """Returns the pixels at most a radius from one of a mask's."""
    rows, columns = np.mgrid[: mask.shape[0], : mask.shape[1]]
    near = np.zeros_like(mask)
    for y, x in np.argwhere(mask):
        near |= (rows - y) ** 2 + (columns - x) ** 2 <= radius * radius
    return near


@settings(max_examples=30)
@given(masks, st.sampled_from([1, 2, 2.5, 5]))
def test_growing_and_shrinking_go_by_the_distance_of_centres(mask: NDArray[np.bool_], radius: float) -> None:
    y0, x0 = 3, 2
    part = PlacedMask(mask[y0:, x0:], (y0, x0))
    alone = part.whole(SIZE)
    np.testing.assert_array_equal(regions.grow(part, radius, SIZE).whole(SIZE), reach(alone, radius))
    np.testing.assert_array_equal(regions.shrink(part, radius, SIZE).whole(SIZE), alone & ~reach(~alone, radius))


def test_the_border_of_the_image_shrinks_nothing() -> None:
    mask = np.ones(SIZE, np.bool_)
    assert regions.shrink(PlacedMask(mask), 4, SIZE).area == mask.size
    left_half = np.ones((9, 8), np.bool_)
    assert regions.shrink(PlacedMask(left_half), 2, SIZE).window == (0, 0, 9, 6)


@settings(max_examples=30)
@given(maps, hnp.arrays(np.bool_, SIZE), st.sampled_from([(), (1,), (2, 3)]))
def test_pixels_go_to_the_nearest_segment(
    ids: NDArray[np.uint16], chosen: NDArray[np.bool_], barred: tuple[int, ...]
) -> None:
    sources = (ids != 0) & ~chosen & ~np.isin(ids, barred)
    given_to, numbers = regions.nearest_fill(ids, PlacedMask(chosen), barred)
    if not chosen.any() or not sources.any():
        assert given_to.is_empty
        return
    assert pixels(given_to) == pixels(PlacedMask(chosen))
    places = np.argwhere(sources)
    for y, x in np.argwhere(given_to.mask):
        number = numbers[y, x]
        y, x = y + given_to.origin[0], x + given_to.origin[1]
        distances = np.hypot(places[:, 0] - y, places[:, 1] - x)
        of_number = ids[sources] == number
        assert distances[of_number].min() <= 1.03 * distances.min()


@settings(max_examples=40)
@given(maps, masks, st.booleans())
def test_the_nearest_segment_is_the_same_part_by_part_and_all_at_once(
    ids: NDArray[np.uint16], chosen: NDArray[np.bool_], void_counts: bool
) -> None:
    ways = []
    for all_at_once in (False, True):
        with pytest.MonkeyPatch.context() as patch:
            parts = (lambda region: (region,) * bool(region.area)) if all_at_once else regions.connected_parts
            patch.setattr(regions, "_parts_to_search", lambda region, _size, parts=parts: parts(region))
            ways.append(regions.nearest_fill(ids, PlacedMask(chosen), void_counts=void_counts))
    (one, first), (other, second) = ways
    assert pixels(one) == pixels(other)
    sources = ~chosen & ((ids != 0) | void_counts)
    places = np.argwhere(sources)
    for y, x in np.argwhere(one.mask):
        away = []
        for numbers in (first, second):
            holds = ids[sources] == numbers[y, x]
            distances = np.hypot(places[:, 0] - y - one.origin[0], places[:, 1] - x - one.origin[1])
            away.append(distances[holds].min())
        assert max(away) <= 1.03 * min(away)


def test_many_parts_far_apart_are_searched_one_by_one() -> None:
    region = np.zeros((2000, 2000), np.bool_)
    region[5, 5] = region[1990, 1990] = True
    assert len(regions._parts_to_search(PlacedMask(region), region.shape)) == 2
    region[::40, ::40] = True
    (whole,) = regions._parts_to_search(PlacedMask(region), region.shape)
    assert whole.area == region.sum()


def test_the_nearest_segment_is_found_however_far_it_is() -> None:
    ids = np.zeros((40, 900), np.uint16)
    ids[:, 800:] = 7
    region = PlacedMask(np.ones((3, 3), np.bool_), (10, 10))
    given_to, numbers = regions.nearest_fill(ids, region)
    assert given_to.area == 9
    assert (numbers == 7).all()


def test_what_lies_farther_than_the_first_look_may_still_be_nearest() -> None:
    ids = np.zeros((120, 120), np.uint16)
    ids[50 + 31, 50 + 31] = 1
    ids[50, 50 + 38] = 2
    assert regions.nearest_fill(ids, PlacedMask(np.ones((1, 1), np.bool_), (50, 50)))[1].tolist() == [[2]]


def test_void_gets_what_lies_next_to_it_if_it_counts() -> None:
    ids = np.full((3, 30), 5, np.uint16)
    ids[:, 10:20], ids[:, 20:] = 7, 0
    region = regions.segment_mask(ids, 7, (10, 0, 20, 3))
    assert (regions.nearest_fill(ids, region)[1] == 5).all()
    numbers = regions.nearest_fill(ids, region, void_counts=True)[1]
    assert (numbers[:, :4] == 5).all()
    assert (numbers[:, 6:] == 0).all()
    everything = regions.nearest_fill(ids, region, barred={5}, void_counts=True)[1]
    assert (everything == 0).all()


@settings(max_examples=60)
@given(maps, st.floats(-2, 13), st.floats(-2, 11), st.sampled_from([1, 256]))
def test_a_fill_reaches_what_hangs_together_across_sides(
    ids: NDArray[np.uint16], x: float, y: float, first_reach: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(regions, "_FIRST_REACH", first_reach)
        found = regions.region_at(ids, x, y)
    row, column = math.floor(y), math.floor(x)
    if not (0 <= row < SIZE[0] and 0 <= column < SIZE[1]):
        assert found.is_empty
    else:
        assert pixels(found) == flood(ids == ids[row, column], row, column, 4)


@settings(max_examples=30)
@given(masks, masks)
def test_what_is_reached_hangs_together_with_a_seed(mask: NDArray[np.bool_], seeds: NDArray[np.bool_]) -> None:
    found = regions.reached_from(PlacedMask(mask), PlacedMask(seeds))
    expected: set[tuple[int, int]] = set()
    for y, x in np.argwhere(mask & seeds):
        expected |= flood(mask, int(y), int(x), 4)
    assert pixels(found) == expected


@settings(max_examples=30)
@given(masks, st.lists(st.tuples(st.floats(-3, 14), st.floats(-3, 12)), min_size=2, max_size=5))
def test_a_cut_loses_no_pixel(mask: NDArray[np.bool_], line: list[tuple[float, float]]) -> None:
    halves = regions.split_by_line(PlacedMask(mask), line)
    assume(halves is not None)
    assert halves is not None
    larger, smaller = halves
    assert larger.area >= smaller.area > 0
    assert not (larger.whole(SIZE) & smaller.whole(SIZE)).any()
    np.testing.assert_array_equal(larger.whole(SIZE) | smaller.whole(SIZE), mask)


@settings(max_examples=30)
@given(st.floats(-0.9, 11.9), st.floats(-0.9, 11.9))
def test_a_straight_cut_through_a_full_region_separates_its_two_sides(top: float, bottom: float) -> None:
    region = PlacedMask(np.ones(SIZE, np.bool_))
    line = [(top, -1.0), (bottom, 10.0)]
    halves = regions.split_by_line(region, line)
    assume(halves is not None)
    assert halves is not None
    rows, columns = np.mgrid[: SIZE[0], : SIZE[1]]
    crossing = top + (rows + 0.5 + 1) / 11 * (bottom - top)
    offsets = (columns + 0.5 - crossing) * 11 / math.hypot(11, bottom - top)
    left, right = sorted((half.whole(SIZE) for half in halves), key=lambda half: float(offsets[half].mean()))
    assert not left[offsets > 1.5].any()
    assert not right[offsets < -1.5].any()


def test_a_cut_through_both_arms_leaves_two_halves_and_what_it_does_not_touch_with_the_larger() -> None:
    ids = drawn(
        "1111111111..1",
        "11......11..1",
        "11......11..1",
        "11......11..1",
        "1111111111..1",
        "1111111111..1",
    )
    region = regions.segment_mask(ids, 1, (0, 0, 13, 6))
    halves = regions.split_by_line(region, [(-1.0, 2.5), (10.5, 2.5)])
    assert halves is not None
    larger, smaller = halves
    assert larger.whole(ids.shape)[:, 12].all(), "the bar on the right is not cut"
    assert not larger.whole(ids.shape)[:2, :10].any()
    assert smaller.whole(ids.shape)[:2, :10].sum() == 14
    assert not smaller.whole(ids.shape)[3:].any()


@pytest.mark.parametrize(
    "line",
    [
        [(2.5, 2.5), (4.5, 2.5)],
        [(-3.0, 2.5), (4.5, 2.5)],
        [(20.5, -1.0), (20.5, 9.0)],
        [(2.5, 2.5)],
        [],
    ],
)
def test_a_line_that_does_not_go_through_cuts_nothing(line: list[tuple[float, float]]) -> None:
    assert regions.split_by_line(PlacedMask(np.ones((6, 10), np.bool_)), line) is None


def test_a_closed_line_cuts_out_its_inside() -> None:
    loop = [(3.5, 3.5), (9.5, 3.5), (9.5, 9.5), (3.5, 9.5), (3.5, 3.5)]
    size = (13, 17)
    halves = regions.split_by_line(PlacedMask(np.ones(size, np.bool_)), loop)
    assert halves is not None
    assert halves[1].whole(size)[4:9, 4:9].all()
    assert halves[1].area <= 49


def test_nothing_comes_of_nothing() -> None:
    nothing = PlacedMask.nothing()
    ids = np.zeros(SIZE, np.uint16)
    assert regions.connected_parts(nothing) == regions.holes_of(nothing) == ()
    assert regions.grow(nothing, 3, SIZE).is_empty
    assert regions.shrink(nothing, 3, SIZE).is_empty
    assert regions.nearest_fill(ids, nothing)[0].is_empty
    assert regions.nearest_fill(ids, PlacedMask(np.ones(SIZE, np.bool_)))[0].is_empty
    assert regions.split_by_line(nothing, [(0, 0), (9, 9)]) is None


@settings(max_examples=30)
@given(masks, st.integers(0, 5), st.integers(0, 5))
def test_a_placed_mask_keeps_its_pixels_whatever_its_window(mask: NDArray[np.bool_], y: int, x: int) -> None:
    placed = PlacedMask(mask, (y, x))
    size = (SIZE[0] + 6, SIZE[1] + 6)
    whole = placed.whole(size)
    assert whole.sum() == placed.area
    np.testing.assert_array_equal(placed.tight().whole(size), whole)
    np.testing.assert_array_equal(PlacedMask.union([placed, PlacedMask.nothing(), placed]).whole(size), whole)
    part = placed.within((4, 2, 9, 9)).whole(size)
    np.testing.assert_array_equal(part[4:9, 2:9], whole[4:9, 2:9])
    assert part.sum() == whole[4:9, 2:9].sum()
    assert clipped((-3, 2, 99, 9), size, 4) == (0, 0, size[0], 13)


@settings(max_examples=30)
@given(masks, maps)
def test_a_placed_mask_is_parted_by_values(mask: NDArray[np.bool_], values: NDArray[np.uint16]) -> None:
    parts = PlacedMask(mask, (2, 3)).by_value(values)
    assert set(parts) == set(np.unique(values[mask]).tolist())
    for value, part in parts.items():
        whole = part.whole((SIZE[0] + 2, SIZE[1] + 3))
        np.testing.assert_array_equal(whole[2:, 3:], mask & (values == value))
        assert part.window == part.tight().window
