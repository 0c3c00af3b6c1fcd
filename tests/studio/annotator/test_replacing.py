"""A segmentation in the place of another: what is locked stays, and what the new one says nothing of, if it says so."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from lpsnet_studio.annotator.document import Document
from lpsnet_studio.annotator.edits import SegmentInfo
from lpsnet_studio.annotator.id_maps import IdMap
from lpsnet_studio.annotator.labels import LabelSet
from lpsnet_studio.annotator.replacing import Replacement
from tests.studio.annotator.editing import CAR, LABELS, PERSON, SEA, SKY, drawn


def _map(rows: tuple[str, ...], infos: Mapping[int, int | SegmentInfo]) -> IdMap:
    return IdMap(drawn(*rows), {n: i if isinstance(i, SegmentInfo) else SegmentInfo(i) for n, i in infos.items()})


def _laid(before: IdMap, new: IdMap, *, is_whole: bool, labels: LabelSet = LABELS) -> tuple[IdMap, tuple[str, ...]]:
    """Returns what becomes of an image, which undo takes back."""
    edit, told = Replacement(new, labels, "Import", is_whole=is_whole).edit_of(before)
    document = Document(before.ids, before.segments)
    document.read_as(labels.current)
    read = dict(document.segments)
    if edit is not None:
        document.apply(edit)
        assert document.is_consistent()
        after = IdMap(document.ids.copy(), dict(document.segments))
        document.revert(edit)
        assert np.array_equal(document.ids, before.ids)
        assert dict(document.segments) == read
        return after, told
    return before, told


def _rows(id_map: IdMap) -> list[str]:
    return ["".join("." if number == 0 else str(number) for number in row) for row in id_map.ids.tolist()]


def test_a_whole_one_makes_void_what_it_has_no_segment_for() -> None:
    before = _map(("1122",), {1: SKY, 2: PERSON})
    after, told = _laid(before, _map((".3..",), {3: CAR}), is_whole=True)
    assert (_rows(after), after.segments, told) == ([".3.."], {3: SegmentInfo(CAR)}, ())


def test_one_that_says_nothing_of_void_is_laid_over_what_is_there() -> None:
    before = _map(("1122", "1122"), {1: SKY, 2: PERSON})
    after, _ = _laid(before, _map((".11.", "...."), {1: CAR}), is_whole=False)
    assert _rows(after) == ["1332", "1122"]
    assert after.segments == {1: SegmentInfo(SKY), 2: SegmentInfo(PERSON), 3: SegmentInfo(CAR)}


@pytest.mark.parametrize("is_whole", [True, False])
def test_locked_segments_stay(is_whole: bool) -> None:
    locked = SegmentInfo(PERSON, locked=True)
    before = _map(("1122", "1122"), {1: locked, 2: CAR})
    after, _ = _laid(before, _map(("1111", "1111"), {1: CAR}), is_whole=is_whole)
    assert _rows(after) == (["1122", "1122"] if is_whole else ["1133", "1133"])
    assert after.segments[1] == locked
    assert len(after.segments) == 2


def test_stuff_joins_the_segment_of_its_class_and_none_that_is_locked() -> None:
    after, told = _laid(_map(("1.2.",), {1: SKY, 2: SEA}), _map((".3..",), {3: SKY}), is_whole=False)
    assert (_rows(after), after.segments, told) == (["112."], {1: SegmentInfo(SKY), 2: SegmentInfo(SEA)}, ())
    locked = SegmentInfo(SKY, locked=True)
    for is_whole in (True, False):
        before = _map(("1.2.",), {1: locked, 2: SEA})
        after, told = _laid(before, _map(("33.4",), {3: SKY, 4: CAR}), is_whole=is_whole)
        assert _rows(after) == ["1..4" if is_whole else "1.24"]
        assert after.segments[1] == locked
        assert told == ("sky is locked, and nothing joins it",)


@pytest.mark.parametrize("is_whole", [True, False])
def test_the_same_once_more_changes_nothing_even_if_its_class_was_merged_since(is_whole: bool) -> None:
    before = _map(("1122", "5544"), {1: PERSON, 2: SKY, 4: CAR, 5: SEA})
    new = _map(("11..", "..44"), {1: PERSON, 4: CAR})
    once, _ = _laid(before, new, is_whole=is_whole)
    edit, told = Replacement(new, LABELS, "Import", is_whole=is_whole).edit_of(once)
    assert (edit, told) == (None, ())
    merged = LABELS.merge(CAR, PERSON)
    now = IdMap(new.ids, {1: SegmentInfo(PERSON), 4: SegmentInfo(PERSON)})
    assert Replacement(now, merged, "Import", is_whole=is_whole).edit_of(once)[0] is None


def test_what_would_be_more_segments_than_an_image_may_have_is_refused() -> None:
    ids = (np.arange(65536) % 65536).reshape(256, 256).astype(np.uint16)
    before = IdMap(ids, {number: SegmentInfo(PERSON) for number in range(1, 65536)})
    new = IdMap(np.where(ids < 3, 1, 0).astype(np.uint16), {1: SegmentInfo(CAR)})
    with pytest.raises(ValueError, match="an image holds at most 65535 segments"):
        Replacement(new, LABELS, "Import", is_whole=False).edit_of(before)


_MAPS = hnp.arrays(np.uint16, (4, 5), elements=st.integers(0, 4))
_INFOS = st.builds(SegmentInfo, st.sampled_from([PERSON, CAR, SKY, SEA]), st.just(False), st.booleans())


@given(_MAPS, _MAPS, st.lists(_INFOS, min_size=4, max_size=4), st.lists(_INFOS, min_size=4, max_size=4), st.booleans())
def test_no_locked_pixel_changes_and_what_covers_nothing_leaves_all(
    old: np.ndarray, new: np.ndarray, known: list[SegmentInfo], given_infos: list[SegmentInfo], is_whole: bool
) -> None:
    before = IdMap(old, {int(n): known[n - 1] for n in np.unique(old) if n})
    what = IdMap(new, {int(n): given_infos[n - 1] for n in np.unique(new) if n})
    after, told = _laid(before, what, is_whole=is_whole)
    for number, info in before.segments.items():
        if info.locked:
            assert np.array_equal(after.ids == number, old == number)
            assert after.segments[number] == info
    if not is_whole:
        assert np.array_equal(after.ids[new == 0], old[new == 0])
    is_locked = np.isin(old, [number for number, info in before.segments.items() if info.locked])
    if not told:
        for number in what.segments:
            for place in np.argwhere((new == number) & ~is_locked):
                assert after.segments[int(after.ids[tuple(place)])].category == what.segments[number].category
