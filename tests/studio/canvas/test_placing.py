"""Where words go: none over another, names where a region is deepest."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from lpsnet_studio.canvas.placing import Room, inner_places, place_tag

sides = st.integers(0, 200).map(float)
rectangles = st.tuples(sides, sides, st.integers(1, 60).map(float), st.integers(1, 60).map(float))


def _meet(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return (
        one[0] < other[0] + other[2]
        and other[0] < one[0] + one[2]
        and one[1] < other[1] + other[3]
        and other[1] < one[1] + one[3]
    )


@given(st.lists(rectangles, max_size=40), rectangles)
def test_room_is_free_where_no_rectangle_is(taken: list[tuple[float, ...]], asked: tuple[float, ...]) -> None:
    assert Room(taken).is_free(asked) == (not any(_meet(asked, rectangle) for rectangle in taken))


frames = st.tuples(st.integers(-80, 260), st.integers(-80, 260), st.integers(0, 150), st.integers(0, 150))


@given(st.lists(frames, min_size=1, max_size=25), st.lists(rectangles, max_size=5))
@settings(max_examples=60)
def test_tags_lie_in_the_view_and_never_over_each_other(
    boxes: list[tuple[int, ...]], taken: list[tuple[float, ...]]
) -> None:
    room, placed = Room(taken), list(taken)
    for box in boxes:
        tag = place_tag(tuple(map(float, box)), (40.0, 15.0), (240.0, 200.0), room)
        if tag is not None:
            assert not any(_meet(tag, other) for other in placed)
            assert 0 <= tag[0] <= 200
            assert 0 <= tag[1] <= 185
            placed.append(tag)


def test_a_tag_stands_above_its_box_or_inside_it_at_the_top_of_the_view() -> None:
    assert place_tag((50, 60, 80, 40), (40, 15), (300, 200), Room()) == (50, 45, 40, 15)
    assert place_tag((50, 4, 80, 60), (40, 15), (300, 200), Room()) == (50, 4, 40, 15)


def test_a_tag_gives_way_to_the_other_side_and_is_dropped_last() -> None:
    room = Room([(50.0, 45.0, 40.0, 15.0)])
    assert place_tag((50, 60, 90, 60), (40, 15), (300, 200), room) == (100, 45, 40, 15)
    assert place_tag((50, 60, 90, 60), (40, 15), (300, 200), Room([(0.0, 0.0, 300.0, 200.0)])) is None


@given(st.integers(0, 2**32 - 1), st.integers(1, 5))
@settings(max_examples=40)
def test_names_go_where_a_region_is_deep(seed: int, blobs: int) -> None:
    dice = np.random.default_rng(seed)
    indices = np.zeros((24, 30), np.uint8)
    for index in range(1, blobs + 1):
        y, x = dice.integers(0, 24), dice.integers(0, 30)
        indices[y : y + dice.integers(1, 14), x : x + dice.integers(1, 16)] = index
    places = inner_places(indices)
    np.testing.assert_array_equal(places.index, [index for index in np.unique(indices) if index])
    padded = np.pad(indices.astype(int), 1, constant_values=-1)
    for index, x, y in zip(places.index, places.x, places.y, strict=True):
        assert indices[y, x] == index
        outside = np.argwhere(padded != index) - 1
        own = np.argwhere(indices == index)
        depths = np.sqrt(((own[:, None] - outside[None]) ** 2).sum(-1)).min(1)
        here = depths[(own == (y, x)).all(1)][0]
        # Nine tenths of the deepest will do; to the nearest pixel at the rim, not beyond it, is a pixel less.
        assert here >= depths.max() * 0.85 - 1.0


def test_along_a_ridge_the_name_goes_to_its_middle() -> None:
    indices = np.zeros((20, 60), np.uint8)
    indices[8:11, 5:55] = 1
    places = inner_places(indices)
    assert places.x.tolist() in ([29], [30])
    assert places.y.tolist() == [9]


def test_void_alone_has_no_place() -> None:
    assert inner_places(np.zeros((5, 5), np.uint16)).index.size == 0
