"""Whatever is painted, undone and made again: ids, table, areas and boxes belong together, and nothing is lost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray

from lpsnet.categories import Categories, Category
from lpsnet.structures import PanopticSegmentation
from lpsnet_studio.annotator.document import Document, Draft, Limits, SegmentInfo
from lpsnet_studio.annotator.edits import Edit, PixelPatch
from lpsnet_studio.annotator.extents import Extent

Ids = NDArray[np.integer]

THING, STUFF = SegmentInfo(18, score=0.5), SegmentInfo(149)
SIZES = [(6, 7), (3, 520), (515, 4), (260, 262)]
"""Inside one tile, and across several."""


def document_of(ids: Ids) -> Document:
    numbers = [int(number) for number in np.unique(ids) if number]
    return Document(ids, {number: SegmentInfo(number % 5 + 1) for number in numbers})


def start_map(size: tuple[int, int], rng: np.random.Generator) -> Ids:
    """Returns a map of a few blocks, some of them void."""
    coarse = rng.integers(0, 5, (-(-size[0] // 3), -(-size[1] // 40)))
    return np.kron(coarse, np.ones((3, 40), int))[: size[0], : size[1]]


def state(document: Document) -> tuple[bytes, dict[int, SegmentInfo], dict[int, Extent]]:
    return document.ids.tobytes(), dict(document.segments), dict(document.extents)


def some_mask(size: tuple[int, int], rng: np.random.Generator) -> tuple[NDArray[np.bool_], tuple[int, int]]:
    """Returns a mask that may reach beyond the image, or lie beside it, or be empty, and where it lies."""
    origin = (int(rng.integers(-9, size[0] + 3)), int(rng.integers(-9, size[1] + 3)))
    shape = (int(rng.integers(1, size[0] + 20)), int(rng.integers(1, size[1] + 20)))
    return rng.random(shape) < rng.choice([0.0, 0.02, 0.5, 1.0]), origin


class NaiveDraft:
    """What a draft must do, pixel by pixel and without remembering anything but the whole image."""

    def __init__(self, document: Document, limits: Limits) -> None:
        self.ids = document.ids.astype(int)
        self.segments = dict(document.segments)
        self.limits = limits

    def put(self, mask: NDArray[np.bool_], origin: tuple[int, int], number: int) -> int:
        count = 0
        if number and self.segments[number].locked:
            return 0
        for row, column in np.argwhere(mask) + origin:
            if not (0 <= row < self.ids.shape[0] and 0 <= column < self.ids.shape[1]):
                continue
            was = int(self.ids[row, column])
            only = self.limits.only_inside
            if was == number or (was and self.segments[was].locked) or (self.limits.only_void and was):
                continue
            if only is not None and was != only:
                continue
            self.ids[row, column] = number
            count += 1
        return count

    def set_info(self, number: int, info: SegmentInfo | None) -> None:
        if info is None:
            self.ids[self.ids == number] = 0
            self.segments.pop(number, None)
        else:
            self.segments[number] = info

    def left(self) -> dict[int, SegmentInfo]:
        return {number: info for number, info in self.segments.items() if (self.ids == number).any()}


def draft_at_random(document: Document, rng: np.random.Generator) -> tuple[Draft, NaiveDraft]:
    """Paints and changes the table at random, in a draft and naively, and compares them all the while."""
    limits = Limits(bool(rng.random() < 0.2), int(rng.integers(1, 8)) if rng.random() < 0.2 else None)
    draft, naive = document.draft("Random", limits), NaiveDraft(document, limits)
    for _ in range(rng.integers(0, 4)):
        number = int(rng.integers(0, 8))
        if number and (number not in document.segments or rng.random() < 0.3):
            info = SegmentInfo(int(rng.integers(1, 9)), locked=bool(rng.random() < 0.3))
            info = None if rng.random() < 0.2 else info
            draft.set_info(number, info)
            naive.set_info(number, info)
        if number and number not in document.segments:
            continue
        mask, origin = some_mask(document.size, rng)
        assert draft.put(mask, origin, number) == naive.put(mask, origin, number)
        assert document.segments == naive.segments
    np.testing.assert_array_equal(document.ids, naive.ids)
    return draft, naive


@given(st.sampled_from(SIZES[:3]), st.integers(0, 2**32 - 1))
@settings(max_examples=120)
def test_a_draft_paints_as_painting_pixel_by_pixel_does(size: tuple[int, int], seed: int) -> None:
    rng = np.random.default_rng(seed)
    document = document_of(start_map(size, rng))
    for _ in range(3):
        before = state(document)
        draft, naive = draft_at_random(document, rng)
        if rng.random() < 0.3:
            draft.cancel()
            assert state(document) == before
            continue
        edit = draft.finish()
        assert document.segments == naive.left()
        assert document.is_consistent()
        assert (edit is None) == (state(document) == before)


@given(st.sampled_from(SIZES), st.integers(0, 2**32 - 1), st.lists(st.sampled_from("eeeuurr"), max_size=20))
@settings(max_examples=80)
def test_any_edits_undos_and_redos_keep_everything_consistent(
    size: tuple[int, int], seed: int, deeds: list[str]
) -> None:
    rng = np.random.default_rng(seed)
    document = document_of(start_map(size, rng))
    states, edits, done = [state(document)], [], 0
    for deed in deeds:
        if deed == "e":
            draft, _ = draft_at_random(document, rng) if size[0] < 100 else (fast_draft(document, rng), None)
            edit = draft.finish()
            if edit is not None:
                edits[done:], states[done + 1 :] = [edit], [state(document)]
                done += 1
        elif deed == "u" and done:
            done -= 1
            document.revert(edits[done])
        elif deed == "r" and done < len(edits):
            document.apply(edits[done])
            done += 1
        assert state(document) == states[done]
        assert document.is_consistent()
    for edit in reversed(edits[:done]):
        document.revert(edit)
    assert state(document) == states[0]
    for edit in edits:
        document.apply(edit)
    assert state(document) == states[-1]


def fast_draft(document: Document, rng: np.random.Generator) -> Draft:
    draft = document.draft("Random")
    for _ in range(2):
        number = int(rng.integers(0, 8))
        if number and number not in document.segments:
            draft.set_info(number, THING)
        draft.put(*some_mask(document.size, rng), number)
    return draft


@given(st.sampled_from(SIZES), st.integers(0, 2**32 - 1))
@settings(max_examples=40)
def test_a_journal_of_bytes_leads_another_document_to_the_same(size: tuple[int, int], seed: int) -> None:
    rng = np.random.default_rng(seed)
    start = start_map(size, rng)
    document, again, bare = document_of(start), document_of(start), document_of(start)
    for _ in range(5):
        edit = fast_draft(document, rng).finish()
        if edit is not None:
            again.apply(Edit.from_bytes(edit.to_bytes()))
            bare.apply(replace(edit, extents={}))
    assert state(again) == state(document) == state(bare)


@given(st.sampled_from(SIZES), st.integers(0, 2**32 - 1))
@settings(max_examples=40)
def test_every_pixel_that_changes_is_told(size: tuple[int, int], seed: int) -> None:
    """A picture that is painted again only where told shows what the document holds, drafts and undo included."""
    rng = np.random.default_rng(seed)
    document = document_of(start_map(size, rng))
    shown = document.ids.copy()

    def paint(windows: tuple[tuple[int, int, int, int], ...]) -> None:
        for y0, x0, y1, x1 in windows:
            shown[y0:y1, x0:x1] = document.ids[y0:y1, x0:x1]

    document.painted.connect(paint)
    for _ in range(4):
        draft = fast_draft(document, rng)
        np.testing.assert_array_equal(shown, document.ids)
        edit = draft.finish() if rng.random() < 0.7 else draft.cancel()
        np.testing.assert_array_equal(shown, document.ids)
        if edit is not None:
            document.revert(edit)
            np.testing.assert_array_equal(shown, document.ids)


# ------------------------------------------------------------------------------------------------------ single strokes


def two_segments() -> Document:
    """Segment 1 above, segment 2 below, one row of void between them: five rows of eight."""
    ids = np.zeros((5, 8), np.uint8)
    ids[:2], ids[3:] = 1, 2
    return Document(ids, {1: THING, 2: STUFF})


def whole(document: Document) -> NDArray[np.bool_]:
    return np.ones(document.size, bool)


def finished(draft: Draft) -> Edit:
    edit = draft.finish()
    assert edit is not None
    return edit


def test_a_stroke_is_one_edit_with_its_title_its_table_and_its_extents() -> None:
    document = two_segments()
    draft = document.draft("Brush")
    draft.set_info(3, SegmentInfo(5))
    assert draft.put(np.ones((2, 2), bool), (0, 0), 3) == 4
    assert draft.put(np.ones((2, 2), bool), (0, 1), 3) == 2
    edit = finished(draft)
    assert edit.title == "Brush"
    assert edit.segments == {3: (None, SegmentInfo(5))}
    assert edit.extents == {
        1: (Extent(16, (0, 0, 8, 2)), Extent(10, (3, 0, 8, 2))),
        3: (None, Extent(6, (0, 0, 3, 2))),
    }
    assert edit.patch.window == (0, 0, 2, 3)


def test_areas_and_boxes_follow_when_the_stroke_ends_pixels_at_once() -> None:
    document = two_segments()
    draft = document.draft("Eraser")
    draft.put(np.ones((1, 8), bool), (0, 0), 0)
    assert not document.ids[0].any()
    assert document.area(1) == 16
    draft.finish()
    assert (document.area(1), document.box(1)) == (8, (0, 1, 8, 2))


def test_a_segment_without_pixels_vanishes_and_comes_back_by_undo() -> None:
    document = two_segments()
    draft = document.draft("Relabel")
    draft.put(document.ids == 1, (0, 0), 2)
    edit = finished(draft)
    assert set(document.segments) == {2}
    assert edit.segments == {1: (THING, None)}
    assert document.area(1) == 0
    with pytest.raises(KeyError):
        document.box(1)
    document.revert(edit)
    assert document.segments == {1: THING, 2: STUFF}
    assert document.box(1) == (0, 0, 8, 2)


def test_a_segment_that_never_got_a_pixel_leaves_no_edit() -> None:
    document = two_segments()
    draft = document.draft("New instance")
    draft.set_info(9, THING)
    assert draft.finish() is None
    assert set(document.segments) == {1, 2}


def test_what_is_painted_over_again_leaves_no_edit() -> None:
    document = two_segments()
    draft = document.draft("Brush")
    draft.put(whole(document), (0, 0), 2)
    draft.put(document.ids > 0, (0, 0), 1)
    draft.cancel()
    draft = document.draft("Brush")
    draft.put(np.ones((2, 8), bool), (0, 0), 2)
    draft.put(np.ones((2, 8), bool), (0, 0), 1)
    assert draft.finish() is None


def test_taking_a_segment_away_makes_its_pixels_void_locked_or_not() -> None:
    document = two_segments()
    for locked in (False, True):
        draft = document.draft("Delete")
        draft.set_info(1, replace(THING, locked=locked))
        draft.put(np.ones((1, 8), bool), (2, 0), 1)
        draft.set_info(1, None)
        assert not (document.ids == 1).any()
        with pytest.raises(ValueError, match="segment 1 does not exist"):
            draft.put(whole(document), (0, 0), 1)
        edit = finished(draft)
        assert set(document.segments) == {2}
        document.revert(edit)


def test_a_change_of_the_table_alone_is_an_edit() -> None:
    document = two_segments()
    draft = document.draft("Lock")
    draft.set_info(1, replace(THING, locked=True))
    edit = finished(draft)
    assert edit.patch.is_empty
    assert edit.segments == {1: (THING, replace(THING, locked=True))}
    document.revert(edit)
    assert document.segments[1] == THING


@settings(max_examples=30, deadline=None)
@given(st.sampled_from(SIZES), st.integers(0, 2**31))
def test_a_number_for_each_pixel_paints_as_number_by_number_does(size: tuple[int, int], seed: int) -> None:
    rng = np.random.default_rng(seed)
    ids = start_map(size, rng)
    one, other = document_of(ids), document_of(ids)
    known = [0, *one.segments]
    height, width = size[0] + 4, size[1] + 3
    mask, numbers = rng.random((height, width)) < 0.5, rng.choice(known, (height, width))
    limits = Limits(only_void=bool(rng.integers(2)))
    edits = []
    for document, at_once in ((one, True), (other, False)):
        with document.draft("Heirs", limits) as draft:
            if len(known) > 2:
                draft.set_info(known[1], replace(document.segments[known[1]], locked=True))
            if at_once:
                count = draft.put_numbers(mask, (-2, -1), numbers)
            else:
                # A pixel is painted once alone, so that only its own number tells whether it may be.
                counted = sum(draft.put(mask & (numbers == number), (-2, -1), number) for number in known)
                assert counted == count
            edits.append(draft.finish())
    assert state(one) == state(other)
    assert one.is_consistent()
    if edits[0] is not None:
        assert edits[0].patch == edits[1].patch
    with one.draft("Heirs") as draft, pytest.raises(ValueError, match="segment 99 does not exist"):
        draft.put_numbers(np.ones((1, 1), np.bool_), (0, 0), np.full((1, 1), 99))


def test_several_entries_are_told_once() -> None:
    document = document_of(np.array([[1, 2, 3]]))
    told: list[int] = []
    document.segments_changed.connect(lambda: told.append(1))
    with document.draft("Delete") as draft:
        draft.set_infos({1: None, 2: STUFF, 3: None})
        assert told == [1]
        assert document.ids.tolist() == [[0, 2, 0]]
        with pytest.raises(ValueError, match="is 1 to"):
            draft.set_infos({2: None, 0: STUFF})
        assert dict(document.segments) == {2: STUFF}


def test_a_twin_goes_its_own_way() -> None:
    document = document_of(np.array([[1, 2, 3]]))
    before, twin = state(document), document.twin()
    with twin.draft("Delete") as draft:
        draft.set_info(1, None)
        edit = draft.finish()
    assert state(document) == before
    assert edit is not None
    document.apply(edit)
    assert state(document) == state(twin)
    assert document.is_consistent()


def test_a_locked_segment_neither_loses_nor_gains_pixels() -> None:
    document = two_segments()
    draft = document.draft("Lock")
    draft.set_info(1, replace(THING, locked=True))
    draft.finish()
    draft = document.draft("Brush")
    assert draft.put(whole(document), (0, 0), 1) == 0
    assert draft.put(whole(document), (0, 0), 2) == 8
    assert draft.put(whole(document), (0, 0), 0) == 24
    assert (document.ids[:2] == 1).all()


def test_many_locked_segments_are_kept_as_few_are() -> None:
    ids = np.arange(40).reshape(4, 10)
    document = Document(ids, {number: SegmentInfo(1, locked=number % 2 == 1) for number in range(1, 40)})
    draft = document.draft("Eraser")
    assert draft.put(whole(document), (0, 0), 0) == 19
    assert set(np.unique(document.ids)) == {0, *range(1, 40, 2)}


def test_limits_keep_the_brush_over_void_or_inside_a_segment() -> None:
    document = two_segments()
    draft = document.draft("Brush", Limits(only_void=True))
    assert draft.put(whole(document), (0, 0), 2) == 8
    draft.cancel()
    draft = document.draft("Brush", Limits(only_inside=1))
    assert draft.put(whole(document), (0, 0), 2) == 16
    draft.cancel()
    draft = document.draft("Brush", Limits(only_void=True, only_inside=1))
    assert draft.put(whole(document), (0, 0), 2) == 0


def test_what_is_selected_after_an_edit_exists() -> None:
    document = two_segments()
    draft = document.draft("Merge 2 segments")
    draft.put(document.ids == 1, (0, 0), 2)
    edit = draft.finish(selected=(1, 2))
    assert edit is not None
    assert edit.selected == (2,)


# -------------------------------------------------------------------------------------------------------- one at a time


def test_only_one_edit_is_in_the_making() -> None:
    document = two_segments()
    edit = finished_stroke(document)
    draft = document.draft("Lasso")
    assert document.is_drafting
    for deed in (lambda: document.draft("Brush"), lambda: document.apply(edit), lambda: document.revert(edit)):
        with pytest.raises(RuntimeError, match="'Lasso' is not finished"):
            deed()
    draft.cancel()
    assert not document.is_drafting
    document.revert(edit)


def finished_stroke(document: Document) -> Edit:
    draft = document.draft("Brush")
    draft.put(np.ones((1, 3), bool), (2, 0), 2)
    return finished(draft)


def test_a_draft_that_is_over_paints_no_more() -> None:
    document = two_segments()
    draft = document.draft("Brush")
    draft.finish()
    before = state(document)
    for deed in (
        lambda: draft.put(whole(document), (0, 0), 1),
        lambda: draft.set_info(1, STUFF),
        lambda: draft.finish(),
    ):
        with pytest.raises(RuntimeError, match="'Brush' is over"):
            deed()
    draft.cancel()
    assert state(document) == before


def test_a_command_that_fails_half_way_leaves_the_document_as_it_was() -> None:
    document = two_segments()
    before = state(document)

    def fail() -> None:
        with document.draft("Split") as draft:
            draft.set_info(5, THING)
            draft.put(whole(document), (0, 0), 5)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert state(document) == before
    assert not document.is_drafting


def test_a_finished_draft_stays_finished_when_its_block_ends() -> None:
    document = two_segments()
    with document.draft("Brush") as draft:
        draft.put(whole(document), (0, 0), 2)
        assert draft.finish() is not None
    assert set(document.segments) == {2}


@pytest.mark.parametrize("number", [-1, 0, 65536])
def test_there_is_no_entry_for_a_number_that_cannot_be(number: int) -> None:
    draft = two_segments().draft("New instance")
    with pytest.raises(ValueError, match="1 to 65535"):
        draft.set_info(number, THING)


# ------------------------------------------------------------------------------------------------------- signals


def heard(document: Document) -> list[str]:
    """Returns the names of the signals in the order in which they are told from now on."""
    names: list[str] = []
    document.painted.connect(lambda windows: names.append("painted"))
    document.segments_changed.connect(lambda: names.append("segments"))
    document.changed.connect(lambda edit: names.append(edit.title))
    return names


def test_signals_of_a_stroke_of_undo_and_of_a_cancelled_stroke() -> None:
    document = two_segments()
    names = heard(document)
    edit = finished_stroke(document)
    assert names == ["painted", "segments", "Brush"]
    names.clear()
    document.revert(edit)
    assert names == ["painted", "segments", "Brush"]
    names.clear()
    draft = document.draft("Lasso")
    draft.put(whole(document), (0, 0), 1)
    draft.cancel()
    assert names == ["painted", "segments", "painted"]


def test_a_new_segment_is_told_before_its_first_pixel_is() -> None:
    """Whoever colours the pixels must know the class by then."""
    document = two_segments()
    names = heard(document)
    with document.draft("Brush") as draft:
        draft.set_info(7, THING)
        assert document.segments[7] == THING
        assert names == ["segments"]
        draft.put(whole(document), (0, 0), 7)
        assert names == ["segments", "painted"]


def test_undo_tells_the_inverse() -> None:
    document = two_segments()
    edit = finished_stroke(document)
    told: list[Edit] = []
    document.changed.connect(told.append)
    document.revert(edit)
    document.apply(edit)
    assert told == [edit.inverse(), edit]


# ---------------------------------------------------------------------------------------------- edits that do not fit


def an_edit(**changes: object) -> Edit:
    """Returns an edit that makes the void row of :func:`two_segments` a part of segment 2, but for the changes."""
    before, after = np.zeros((1, 8), np.uint16), np.full((1, 8), 2, np.uint16)
    known = {"title": "Fill", "patch": PixelPatch.between(before, after, (2, 0))}
    return Edit(**(known | changes))  # type: ignore[arg-type]


def test_the_edit_itself_fits() -> None:
    document = two_segments()
    document.apply(an_edit())
    assert document.is_consistent()
    assert document.box(2) == (0, 2, 8, 5)


@pytest.mark.parametrize(
    ("edit", "why"),
    [
        (lambda: an_edit(segments={2: (THING, STUFF)}), "segment 2 is not as it was"),
        (lambda: an_edit(segments={7: (THING, STUFF)}), "segment 7 is not as it was"),
        (lambda: an_edit(segments={1: (None, STUFF)}), "segment 1 is not as it was"),
        (lambda: an_edit(extents={2: (Extent(3, (0, 0, 1, 3)), None)}), "segment 2 is not as it was"),
        (lambda: an_edit(segments={2: (STUFF, None)}), "segment 2 would have pixels and no entry"),
        (lambda: an_edit(segments={9: (None, STUFF)}), "segment 9 would have an entry and no pixels"),
        (
            lambda: an_edit(
                patch=PixelPatch.between(np.full((1, 8), 9, np.uint16), np.zeros((1, 8), np.uint16), (2, 0))
            ),
            "segment 9 would have pixels and no entry",
        ),
        (
            lambda: an_edit(patch=PixelPatch.between(np.ones((2, 8), np.uint16), np.zeros((2, 8), np.uint16))),
            "segment 1 would have an entry and no pixels",
        ),
        (
            lambda: an_edit(patch=PixelPatch.between(np.ones((6, 8), np.uint16), np.zeros((6, 8), np.uint16))),
            "beyond the image of 8×5 pixels",
        ),
    ],
)
def test_an_edit_that_does_not_follow_is_refused_and_changes_nothing(edit: Callable[[], Edit], why: str) -> None:
    document = two_segments()
    before, names = state(document), heard(document)
    with pytest.raises(ValueError, match=why):
        document.apply(edit())
    assert state(document) == before
    assert document.is_consistent()
    assert not names


def test_an_edit_is_not_made_twice_nor_taken_back_twice() -> None:
    document = two_segments()
    edit = finished_stroke(document)
    with pytest.raises(ValueError, match="does not follow"):
        document.apply(edit)
    document.revert(edit)
    with pytest.raises(ValueError, match="does not follow"):
        document.revert(edit)


# ------------------------------------------------------------------------------------------------------- ids and table


def test_ids_are_a_copy_that_only_drafts_write() -> None:
    given_ids = np.ones((3, 4), np.uint16)
    document = Document(given_ids, {1: THING})
    given_ids[:] = 0
    assert (document.ids == 1).all()
    with pytest.raises(ValueError, match="read-only"):
        document.ids[0, 0] = 2
    with pytest.raises(TypeError):
        document.segments[2] = THING  # type: ignore[index]
    assert document.ids.dtype == np.uint16
    assert document.ids.flags.c_contiguous
    assert document.size == (3, 4)


@given(
    arrays.arrays(
        st.sampled_from([np.uint8, np.int32, np.int64, np.uint32]),
        arrays.array_shapes(min_dims=2, max_dims=2, max_side=6),
        elements=st.sampled_from([0, 1, 5, 100]),
    )
)
def test_ids_keep_their_numbers_where_they_can(ids: Ids) -> None:
    document = document_of(np.asfortranarray(ids))
    np.testing.assert_array_equal(document.ids, ids)
    assert document.ids.flags.c_contiguous
    assert dict(document.number_of) == {number: number for number in document.segments}
    assert document.is_consistent()


@given(
    arrays.arrays(
        np.int64,
        arrays.array_shapes(min_dims=2, max_dims=2, max_side=6),
        elements=st.sampled_from([0, 3, 65535, 65536, 2**24 - 1, 2**40]),
    )
)
def test_large_ids_are_numbered_anew_in_the_order_of_the_table(ids: Ids) -> None:
    present = [int(number) for number in np.unique(ids) if number][::-1]
    document = Document(ids, {identity: SegmentInfo(identity) for identity in present})
    large = ids.max() > 65535
    expected = {identity: place if large else identity for place, identity in enumerate(present, start=1)}
    assert dict(document.number_of) == expected
    for identity, number in expected.items():
        np.testing.assert_array_equal(document.ids == number, ids == identity)
        assert document.segments[number].category == identity
    assert document.is_consistent()


@pytest.mark.parametrize(
    ("ids", "segments", "why"),
    [
        ([[0, 4]], {}, "id 4 of the id map belongs to no segment"),
        ([[0, 70000]], {5: THING}, "id 70000 of the id map belongs to no segment"),
        ([[0, 3]], {70000: THING}, "id 3 of the id map belongs to no segment"),
        ([[0, 0]], {4: THING}, "segment 4 has no pixel"),
        ([[0, 70000]], {70000: THING, 80000: THING}, "segment 80000 has no pixel"),
        ([[0, -1]], {}, "-1"),
        ([[0, 0]], {0: THING}, "0 is void"),
        ([[0, 0]], {-3: THING}, "above 0"),
        ([[0.0, 1.0]], {1: THING}, "whole numbers"),
        ([0, 1], {1: THING}, r"\[H, W\]"),
    ],
)
def test_ids_and_table_must_belong_together(ids: list[list[float]], segments: dict[int, SegmentInfo], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        Document(np.array(ids), segments)


def test_an_image_holds_at_most_65535_segments() -> None:
    ids = np.arange(65536).reshape(256, 256)
    document = Document(ids, dict.fromkeys(range(1, 65536), THING))
    with pytest.raises(ValueError, match="at most 65535"):
        document.new_number()
    draft = document.draft("Delete")
    draft.set_info(77, None)
    draft.finish()
    assert document.new_number() == 77
    with pytest.raises(ValueError, match="at most 65535 segments, not 65536"):
        Document(np.arange(1, 65537).reshape(256, 256), dict.fromkeys(range(1, 65537), THING))


def test_new_numbers_are_above_all_that_exist() -> None:
    assert document_of(np.zeros((2, 2), int)).new_number() == 1
    assert document_of(np.array([[0, 3, 9]])).new_number() == 10


def test_an_image_without_pixels_is_a_document_too() -> None:
    document = Document(np.zeros((0, 5), np.uint16), {})
    assert document.draft("Brush").put(np.ones((3, 3), bool), (0, 0), 0) == 0
    assert document.is_consistent()


def test_an_inconsistent_document_would_be_found_out() -> None:
    """What the tests above rely on."""
    for spoil in (
        lambda document: document._sheet.segments.pop(1),
        lambda document: document._sheet.extents.pop(1),
        lambda document: document._sheet.extents.update({1: Extent(15, (0, 0, 8, 2))}),
        lambda document: document._sheet.extents.update({1: Extent(16, (0, 0, 8, 3))}),
        lambda document: document._sheet.ids.fill(1),
    ):
        document = two_segments()
        assert document.is_consistent()
        spoil(document)
        assert not document.is_consistent()


# ------------------------------------------------------------------------------------------------------- segmentation

CATEGORIES = Categories(
    (
        Category(149, "grass", False, (0, 200, 0)),
        Category(18, "dog", True, (200, 0, 0)),
        *(Category(number, f"class {number}", True, (number, 0, 0)) for number in range(1, 6)),
    )
)


@given(arrays.arrays(np.uint16, arrays.array_shapes(min_dims=2, max_dims=2, max_side=9), elements=st.integers(0, 5)))
def test_a_segmentation_goes_in_and_comes_out(ids: Ids) -> None:
    document = document_of(ids)
    segmentation = document.to_segmentation(CATEGORIES)
    labels = {number: CATEGORIES.index_of[number % 5 + 1] for number in sorted(document.segments)}
    expected = PanopticSegmentation.from_ids(ids, labels)
    assert segmentation.segments == expected.segments
    np.testing.assert_array_equal(segmentation.ids, expected.ids)
    assert segmentation.ids.dtype == np.int32
    again = Document.from_segmentation(segmentation, CATEGORIES)
    assert state(again) == state(document)


def test_scores_and_crowds_survive_and_locks_are_left_behind() -> None:
    ids = np.array([[1, 2, 2]])
    document = Document(ids, {1: SegmentInfo(18, iscrowd=True, locked=True), 2: SegmentInfo(149, score=0.25)})
    crowd, scored = document.to_segmentation(CATEGORIES).segments
    assert (crowd.iscrowd, crowd.score, crowd.label) == (True, None, 1)
    assert (scored.iscrowd, scored.score, scored.label) == (False, 0.25, 0)
    again = Document.from_segmentation(document.to_segmentation(CATEGORIES), CATEGORIES)
    assert again.segments == {1: SegmentInfo(18, iscrowd=True), 2: SegmentInfo(149, score=0.25)}


def test_segments_of_a_segmentation_come_by_number() -> None:
    document = Document(np.array([[5, 2, 9]]), {9: THING, 2: STUFF, 5: THING})
    assert [segment.id for segment in document.to_segmentation(CATEGORIES).segments] == [2, 5, 9]


def test_a_segmentation_is_a_copy() -> None:
    document = two_segments()
    segmentation = document.to_segmentation(CATEGORIES)
    draft = document.draft("Eraser")
    draft.put(whole(document), (0, 0), 0)
    assert (segmentation.ids[:2] == 1).all()


def test_a_class_that_the_label_set_lacks_is_named() -> None:
    document = Document(np.ones((1, 1), int), {1: SegmentInfo(77)})
    with pytest.raises(ValueError, match="segment 1 has category 77, which the label set does not hold"):
        document.to_segmentation(CATEGORIES)
