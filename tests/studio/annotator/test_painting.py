"""Shapes laid over each other, against a map painted pixel by pixel."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from lpsnet_studio.annotator.edits import SegmentInfo
from lpsnet_studio.annotator.painting import Overlap, Shape, paint
from lpsnet_studio.annotator.placed_mask import PlacedMask

SIZE = (5, 6)


def _shape(words: str, rows: slice, columns: slice, *, crowd: bool = False, part_of: object = None) -> Shape:
    mask = np.zeros(SIZE, bool)
    mask[rows, columns] = True
    return Shape(PlacedMask(mask).tight(), SegmentInfo(1, crowd), words, part_of)


def test_a_later_shape_wins_and_a_crowd_loses() -> None:
    painted = paint(
        [
            _shape("first", slice(0, 3), slice(0, 3)),
            _shape("second", slice(2, 5), slice(2, 5)),
            _shape("crowd", slice(0, 5), slice(0, 6), crowd=True),
        ],
        SIZE,
    )
    ids = painted.id_map.ids
    assert ids.dtype == np.uint16
    assert ids.tolist() == [
        [2, 2, 2, 1, 1, 1],
        [2, 2, 2, 1, 1, 1],
        [2, 2, 3, 3, 3, 1],
        [1, 1, 3, 3, 3, 1],
        [1, 1, 3, 3, 3, 1],
    ]
    assert painted.id_map.segments == {1: SegmentInfo(1, True), 2: SegmentInfo(1), 3: SegmentInfo(1)}
    assert painted.overlaps == (
        Overlap("first", "crowd", 9), Overlap("second", "crowd", 8), Overlap("second", "first", 1)
    )  # fmt: skip


def test_parts_of_one_segment_do_not_overlap_each_other() -> None:
    painted = paint(
        [
            _shape("group", slice(0, 2), slice(0, 2), part_of="g"),
            _shape("other", slice(0, 1), slice(0, 6)),
            _shape("more of the group", slice(1, 4), slice(0, 2), part_of="g"),
        ],
        SIZE,
    )
    assert painted.id_map.ids[:, :3].tolist() == [[2, 2, 2], [1, 1, 0], [1, 1, 0], [1, 1, 0], [0, 0, 0]]
    assert painted.overlaps == (Overlap("other", "group", 2),)


def test_a_segment_that_is_wholly_covered_is_named_and_not_in_the_table() -> None:
    painted = paint([_shape("below", slice(1, 2), slice(1, 3)), _shape("above", slice(0, 3), slice(0, 4))], SIZE)
    assert painted.hidden == ("below",)
    assert list(painted.id_map.segments) == [2]
    assert paint([], SIZE).id_map.ids.tolist() == np.zeros(SIZE).tolist()


@given(st.lists(st.tuples(hnp.arrays(np.bool_, SIZE), st.booleans(), st.sampled_from([None, "a", "b"])), max_size=6))
def test_the_map_is_that_of_painting_pixel_by_pixel(drawn: list[tuple[np.ndarray, bool, str | None]]) -> None:
    shapes = [
        Shape(PlacedMask(mask), SegmentInfo(1, crowd), str(place), None if key is None else (key, crowd))
        for place, (mask, crowd, key) in enumerate(drawn)
    ]
    painted = paint(shapes, SIZE)
    owner = np.full(SIZE, "", object)
    name: dict[object, str] = {}
    claimed: Counter[tuple[str, str]] = Counter()
    for shape in [s for s in shapes if s.info.iscrowd] + [s for s in shapes if not s.info.iscrowd]:
        words = shape.words if shape.part_of is None else name.setdefault(shape.part_of, shape.words)
        for row, column in np.argwhere(shape.mask.mask):
            if owner[row, column] not in ("", words):
                claimed[words, owner[row, column]] += 1
            owner[row, column] = words
    expected = {words for words in owner.ravel() if words}
    ids = painted.id_map.ids
    assert {number for number in np.unique(ids).tolist() if number} == set(painted.id_map.segments)
    pairs = set(zip(ids.ravel().tolist(), owner.ravel().tolist(), strict=True))
    assert len(pairs) == len({number for number, _ in pairs}) == len({words for _, words in pairs})
    assert all((number == 0) == (words == "") for number, words in pairs)
    assert {(o.winner, o.loser): o.pixels for o in painted.overlaps} == dict(claimed)
    assert set(painted.hidden) == {s.words if s.part_of is None else name[s.part_of] for s in shapes} - expected


def test_more_segments_than_an_image_may_have_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lpsnet_studio.annotator.painting.MOST_SEGMENTS", 2)
    shapes = [_shape(str(place), slice(0, 1), slice(0, 1)) for place in range(3)]
    with pytest.raises(ValueError, match="more than 2 segments"):
        paint(shapes, SIZE)
    assert list(paint(shapes[:2], SIZE).id_map.segments) == [2]
