"""Edits survive their journey through bytes, and damaged ones are refused in a sentence."""

from __future__ import annotations

import json
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lpsnet_studio.annotator.byte_records import sealed_record
from lpsnet_studio.annotator.edits import Edit, Extent, PixelPatch, SegmentInfo

scores = st.none() | st.floats(0, 1)
infos = st.builds(SegmentInfo, st.integers(1, 2**40), st.booleans(), st.booleans(), scores)
extents = st.builds(Extent, st.integers(1, 10**9), st.tuples(*[st.integers(0, 10**6)] * 4))
numbers = st.integers(1, 65535)


def patch_of(seed: int) -> PixelPatch:
    rng = np.random.default_rng(seed)
    before, after = rng.integers(0, rng.integers(1, 50), (2, 20, 300)).astype(np.uint16)
    return PixelPatch.between(before, after, (3, 5))


edits = st.builds(
    Edit,
    title=st.text(max_size=40) | st.just("half a pair \ud83d"),
    patch=st.integers(0, 1000).map(patch_of),
    segments=st.dictionaries(numbers, st.tuples(st.none() | infos, st.none() | infos), max_size=5),
    extents=st.dictionaries(numbers, st.tuples(st.none() | extents, st.none() | extents), max_size=5),
    selected=st.lists(numbers, max_size=4).map(tuple),
    when=st.floats(0, 1e11),
)


@given(edits)
@settings(max_examples=120)
def test_bytes_are_the_edit(edit: Edit) -> None:
    record = edit.to_bytes()
    again = Edit.from_bytes(record)
    assert again == edit
    assert again.to_bytes() == record
    assert again.nbytes == edit.nbytes


@given(edits)
@settings(max_examples=60)
def test_an_inverse_swaps_before_and_after(edit: Edit) -> None:
    inverse = edit.inverse()
    assert inverse.inverse() == edit
    assert inverse.segments == {number: (after, before) for number, (before, after) in edit.segments.items()}
    ids = np.zeros((40, 400), np.uint16)
    edit.patch.apply(ids)
    inverse.patch.apply(ids)
    assert not ids.any()


def an_edit() -> Edit:
    return Edit(
        "Merge 2 segments",
        patch_of(1),
        {3: (SegmentInfo(18, score=0.5), None), 4: (None, SegmentInfo(18, iscrowd=True))},
        {3: (Extent(5, (0, 0, 3, 2)), None)},
        (4,),
        1234.5,
    )


def test_no_bit_of_a_journaled_edit_can_flip_unseen() -> None:
    record = an_edit().to_bytes()
    for place in range(len(record)):
        if 5 <= place < 8:  # bytes that mean nothing
            continue
        damaged = bytearray(record)
        damaged[place] ^= 1 << place % 8
        with pytest.raises(ValueError, match=r"\ban edit\b"):
            Edit.from_bytes(bytes(damaged))


def test_an_edit_cut_short_is_refused() -> None:
    record = an_edit().to_bytes()
    for end in range(len(record)):
        with pytest.raises(ValueError, match=r"\ban edit\b"):
            Edit.from_bytes(record[:end])


def test_a_patch_is_no_edit() -> None:
    with pytest.raises(ValueError, match="are not an edit of an annotation project"):
        Edit.from_bytes(an_edit().patch.to_bytes())


def with_head(**changes: object) -> bytes:
    """Returns an edit whose table says something else, behind a right checksum."""
    head = {"title": "Brush", "when": 1.0, "selected": [], "segments": [], "extents": []} | changes
    text = json.dumps({key: value for key, value in head.items() if value is not ...}).encode()
    return sealed_record(b"LPSe", 1, struct.pack("<I", len(text)) + text + PixelPatch().content())


def test_a_table_that_says_nothing_strange_is_read() -> None:
    assert Edit.from_bytes(with_head()) == Edit("Brush", when=1.0)


@pytest.mark.parametrize(
    "changes",
    [
        {"title": 5},
        {"title": ...},
        {"when": "today"},
        {"when": True},
        {"when": float("nan")},
        {"when": 10**400},
        {"selected": [0]},
        {"selected": [65536]},
        {"selected": 7},
        {"segments": [[1, None]]},
        {"segments": [[1, [5, 0, 0], None]]},
        {"segments": [[1, [0, 0, 0, None], None]]},
        {"segments": [[1, [5, 2, 0, None], None]]},
        {"segments": [[1, [5, 0, 0, 1.5], None]]},
        {"segments": [[1, [5, 0, 0, "high"], None]]},
        {"segments": [[1, [5, 0, 0, True], None]]},
        {"segments": [[1.0, None, None]]},
        {"segments": [[True, None, None]]},
        {"segments": {"1": None}},
        {"extents": [[1, [5, 0, 0, 1], None]]},
        {"extents": [[1, [5, -1, 0, 1, 1], None]]},
        {"extents": [[1, [5, 0.5, 0, 1, 1], None]]},
        {"extents": ...},
    ],
)
def test_a_table_that_cannot_be_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="an edit is damaged: it holds a table that cannot be read"):
        Edit.from_bytes(with_head(**changes))


def test_a_head_that_is_no_json_or_no_object_is_refused() -> None:
    for text in (b"{", b"[]", b"null", b"\xff"):
        record = sealed_record(b"LPSe", 1, struct.pack("<I", len(text)) + text + PixelPatch().content())
        with pytest.raises(ValueError, match="an edit is damaged"):
            Edit.from_bytes(record)


def test_a_head_longer_than_the_record_is_refused() -> None:
    with pytest.raises(ValueError, match="an edit is damaged: it ends too early"):
        Edit.from_bytes(sealed_record(b"LPSe", 1, struct.pack("<I", 2**32 - 1)))


def test_what_follows_an_edit_is_refused() -> None:
    head = json.dumps({"title": "", "when": 0.0, "selected": [], "segments": [], "extents": []}).encode()
    content = struct.pack("<I", len(head)) + head + PixelPatch().content() + b"?"
    with pytest.raises(ValueError, match="goes on after its end"):
        Edit.from_bytes(sealed_record(b"LPSe", 1, content))


@pytest.mark.parametrize("category", [0, -1, True, 1.0, "person", None])
def test_a_segment_needs_a_category(category: object) -> None:
    with pytest.raises(ValueError, match="category"):
        SegmentInfo(category)  # type: ignore[arg-type]


@pytest.mark.parametrize("score", [-0.1, 1.1, float("nan"), float("inf")])
def test_a_score_lies_between_0_and_1(score: float) -> None:
    with pytest.raises(ValueError, match="score"):
        SegmentInfo(1, score=score)


def test_an_edit_counts_its_pixels_and_its_table() -> None:
    empty, pixels = Edit("Brush"), Edit("Brush", patch_of(2))
    assert pixels.nbytes - empty.nbytes == pixels.patch.nbytes
    table = Edit("Brush", segments={number: (None, SegmentInfo(1)) for number in range(1, 101)})
    assert table.nbytes >= empty.nbytes + 100 * 100
