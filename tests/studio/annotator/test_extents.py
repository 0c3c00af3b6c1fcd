"""Areas and boxes are those that counting pixel by pixel gives."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from lpsnet_studio.annotator.extents import Extent, joined, measure, tighten
from lpsnet_studio.annotator.settling import settled_extents

maps = arrays.arrays(
    np.uint16, arrays.array_shapes(min_dims=2, max_dims=2, max_side=12), elements=st.sampled_from([0, 1, 2, 3, 65535])
)


def counted(ids: np.ndarray, origin: tuple[int, int] = (0, 0)) -> dict[int, Extent]:
    """Counts pixel by pixel."""
    pixels: dict[int, list[tuple[int, int]]] = {}
    for (row, column), number in np.ndenumerate(ids):
        if number:
            pixels.setdefault(int(number), []).append((row + origin[0], column + origin[1]))
    return {
        number: Extent(
            len(found),
            (
                min(column for _, column in found),
                min(row for row, _ in found),
                max(column for _, column in found) + 1,
                max(row for row, _ in found) + 1,
            ),
        )
        for number, found in pixels.items()
    }


@given(maps, st.tuples(*[st.integers(0, 9)] * 2))
def test_measured_as_counted(ids: np.ndarray, origin: tuple[int, int]) -> None:
    assert measure(ids, origin) == counted(ids, origin)
    assert measure(np.asfortranarray(ids), origin) == counted(ids, origin)


def test_a_map_of_several_bands_is_measured_whole() -> None:
    ids = np.zeros((600, 40), np.uint16)
    ids[200:550, 3:9] = 4
    ids[10, 39] = 4
    ids[599, 0] = 2
    assert measure(ids) == {4: Extent(350 * 6 + 1, (3, 10, 40, 550)), 2: Extent(1, (0, 599, 1, 600))}


def test_nothing_is_measured_in_an_empty_map() -> None:
    assert measure(np.zeros((0, 5), np.uint16)) == {}
    assert measure(np.zeros((5, 5), np.uint16)) == {}


@given(maps)
def test_tightened_boxes_are_tight(ids: np.ndarray) -> None:
    height, width = ids.shape
    for number, extent in counted(ids).items():
        assert tighten(ids, number, (0, 0, width, height)) == extent.box


def test_a_box_without_a_pixel_cannot_be_tightened() -> None:
    with pytest.raises(ValueError, match="segment 3 has no pixel"):
        tighten(np.ones((40, 40), np.uint16), 3, (0, 0, 40, 40))


def test_joined_extents_are_around_both_parts() -> None:
    assert joined(Extent(3, (1, 2, 4, 5)), Extent(2, (0, 4, 2, 9))) == Extent(5, (0, 2, 4, 9))


@given(maps, st.data())
@settings(max_examples=150)
def test_what_settles_is_what_counting_again_gives(before: np.ndarray, data: st.DataObject) -> None:
    """Only some rectangles that share no pixel are told, and all that changed lies in them."""
    after = data.draw(arrays.arrays(np.uint16, before.shape, elements=st.sampled_from([0, 1, 2, 7])))
    cut = data.draw(st.integers(0, before.shape[0]))
    end = data.draw(st.integers(cut, before.shape[0]))
    after[end:] = before[end:]
    width = before.shape[1]
    parts = [
        ((0, 0, cut, width), before[:cut], after[:cut]),
        ((cut, 0, end, width), before[cut:end], after[cut:end]),
    ]
    known, expected = counted(before), counted(after)
    settled = settled_extents(after, known, parts)
    for number, (was, now) in settled.items():
        assert was == known.get(number)
        assert now == expected.get(number)
        assert was != now
    for number in (known.keys() | expected.keys()) - settled.keys():
        assert known.get(number) == expected.get(number)


def test_a_segment_that_moves_between_parts_and_keeps_area_and_box_does_not_settle() -> None:
    before = np.ones((2, 4), np.uint16)
    before[0, 1] = 0
    after = np.ones((2, 4), np.uint16)
    after[1, 2] = 0
    parts = [((0, 0, 1, 4), before[:1], after[:1]), ((1, 0, 2, 4), before[1:], after[1:])]
    assert settled_extents(after, counted(before), parts) == {}
