from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from lpsnet_studio.annotator.assist import NetworkMaps
from lpsnet_studio.annotator.edits import SegmentInfo
from lpsnet_studio.annotator.labels import LabelSet
from lpsnet_studio.annotator.placed_mask import PlacedMask
from tests.studio.annotator.editing import CAR, LABELS, PERSON, SEA, SKY, EditorUnderTest, drawn


def region(*rows: str) -> PlacedMask:
    return PlacedMask(np.array([[sign == "x" for sign in row] for row in rows]))


# ------------------------------------------------------------------------------------------------------ whole segments


def test_merging_keeps_the_segment_that_was_selected_first() -> None:
    editor = EditorUnderTest(drawn("1122", "3322"), {1: PERSON, 2: CAR, 3: SKY})
    editor.select([2, 1, 3])
    edit = editor.merge()
    assert edit is not None
    assert edit.title == "Merge 3 segments"
    assert editor.rows() == ["2222", "2222"]
    assert editor.categories() == {2: CAR}
    assert editor.selection == (2,)
    editor.undo()
    assert editor.rows() == ["1122", "3322"]
    assert editor.categories() == {1: PERSON, 2: CAR, 3: SKY}


def test_splitting_gives_every_part_but_the_largest_a_number_of_its_own() -> None:
    editor = EditorUnderTest(drawn("11.1", "11.1", "...1", "1..."), {1: SegmentInfo(PERSON, score=0.5)})
    editor.select([1])
    edit = editor.split_parts()
    assert edit is not None
    assert edit.title == "Split into 3 parts"
    assert editor.rows() == ["11.2", "11.2", "...2", "3..."]
    assert editor.categories() == {1: PERSON, 2: PERSON, 3: PERSON}
    assert editor.document.segments[1].score == 0.5
    assert editor.document.segments[2].score is None
    assert editor.selection == (1, 2, 3)
    editor.select([1])
    assert editor.split_parts() is None
    assert editor.sentences == ["person #1 is in one part; draw a line to cut it."]


def test_a_cut_leaves_the_larger_half_its_number() -> None:
    editor = EditorUnderTest(drawn(*["1" * 9] * 4), {1: CAR})
    editor.select([1])
    assert editor.cut([(2.5, -1.0), (2.5, 5.0)]) is not None
    assert editor.categories() == {1: CAR, 2: CAR}
    assert editor.document.area(1) > editor.document.area(2) >= 8
    assert editor.cut([(0.0, 0.0), (1.0, 0.0)]) is None
    assert editor.sentences == ["Select a single segment to cut."]
    editor.select([1])
    assert editor.cut([(8.5, 0.5), (8.5, 1.5)]) is None
    assert editor.sentences[-1] == "The line does not cut through car #1."


def test_relabelled_things_stay_apart_and_relabelled_stuff_becomes_one() -> None:
    editor = EditorUnderTest(drawn("1122", "3344"), {1: PERSON, 2: PERSON, 3: SKY, 4: CAR})
    editor.select([1, 4])
    assert editor.relabel(CAR) is not None
    assert editor.categories() == {1: CAR, 2: PERSON, 3: SKY, 4: CAR}
    assert editor.recent[0] == CAR
    edit = editor.relabel(SKY)
    assert edit is not None
    assert edit.title == "Relabel as sky"
    assert editor.rows() == ["3322", "3333"]
    assert editor.categories() == {2: PERSON, 3: SKY}
    assert editor.selection == (3,)
    assert editor.relabel(SKY) is None
    assert editor.sentences == ["The selection is sky already."]
    assert editor.relabel(99) is None
    assert editor.sentences[-1] == "The label set holds no class 99."


def test_relabelling_drops_the_score_of_another_class() -> None:
    editor = EditorUnderTest(drawn("1"), {1: SegmentInfo(PERSON, score=0.9)})
    editor.select([1])
    editor.relabel(CAR)
    assert editor.document.segments[1] == SegmentInfo(CAR)


def test_deleting_to_the_neighbours_leaves_no_void() -> None:
    editor = EditorUnderTest(drawn("1112223", "1112223"), {1: SKY, 2: PERSON, 3: SEA})
    editor.select([2])
    editor.delete("neighbours")
    assert editor.categories() == {1: SKY, 3: SEA}
    assert (editor.document.ids != 0).all()
    assert editor.document.ids[0, 3] == 1
    assert editor.document.ids[0, 5] == 3
    editor.undo()
    editor.select([2])
    edit = editor.delete()
    assert edit is not None
    assert edit.title == "Delete segment"
    assert editor.rows() == ["111...3", "111...3"]
    assert editor.selection == ()


def test_of_two_that_are_deleted_neither_is_heir_of_the_other() -> None:
    editor = EditorUnderTest(drawn("1112233", "1112233"), {1: SKY, 2: PERSON, 3: CAR})
    editor.select([2, 3])
    editor.delete("neighbours")
    assert editor.rows() == ["1111111", "1111111"]


def test_deleting_everything_to_neighbours_leaves_void() -> None:
    editor = EditorUnderTest(drawn("12"), {1: SKY, 2: PERSON})
    editor.select([1, 2])
    assert editor.delete("neighbours") is not None
    assert editor.rows() == [".."]


def test_what_is_locked_neither_loses_nor_gains() -> None:
    editor = EditorUnderTest(drawn("1122", "1122"), {1: PERSON, 2: PERSON})
    editor.select([1])
    assert editor.set_locked(True) is not None
    assert editor.set_locked(True) is None
    commands: list[Callable[[], object]] = [
        lambda: editor.relabel(CAR),
        editor.delete,
        editor.split_parts,
        lambda: editor.grow(1),
        lambda: editor.shrink(1),
        editor.fill_holes,
        lambda: editor.cut([(1, 0), (1, 2)]),
        lambda: editor.paint(region("xx"), "Box"),
        lambda: editor.reshape(1, region("x")),
        lambda: editor.hand_over(region("..xx"), 2, 1),
    ]
    for command in commands:
        before = len(editor.sentences)
        assert command() is None
        assert "person #1 is locked" in editor.sentences[-1]
        assert len(editor.sentences) == before + 1
    editor.select([2])
    editor.paint(region("xxxx"), "Box")
    assert editor.rows() == ["1122", "1122"]
    editor.select([1, 2])
    assert editor.merge() is None
    editor.select([1])
    assert editor.set_locked(False) is not None
    assert len(editor.journal) == 2


def test_crowds_are_marked_and_unmarked() -> None:
    editor = EditorUnderTest(drawn("12"), {1: PERSON, 2: CAR})
    editor.select([1, 2])
    edit = editor.set_crowd(True)
    assert edit is not None
    assert edit.title == "Mark 2 segments as crowd"
    assert all(info.iscrowd for info in editor.document.segments.values())
    assert editor.set_crowd(True) is None
    editor.undo()
    assert not any(info.iscrowd for info in editor.document.segments.values())


def test_stuff_is_no_crowd() -> None:
    editor = EditorUnderTest(drawn("123"), {1: PERSON, 2: SKY, 3: SegmentInfo(SEA, iscrowd=True)})
    editor.select([1, 2])
    assert editor.set_crowd(True) is None
    assert editor.sentences == ["sky #2 is stuff: only things can be crowds."]
    editor.select([3])
    assert editor.set_crowd(False) is not None, "a mark that came from elsewhere can be taken away"
    editor.select([1])
    editor.set_crowd(True)
    editor.relabel(SKY)
    assert editor.rows() == ["223"], "a crowd that becomes stuff joins the segment that has the class"
    assert not any(info.iscrowd for info in editor.document.segments.values())


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        (lambda editor: editor.merge(), "Select two or more segments to merge."),
        (lambda editor: editor.delete(), "Select a segment to delete."),
        (lambda editor: editor.split_parts(), "Select a segment to split."),
        (lambda editor: editor.relabel(CAR), "Select a segment to relabel."),
        (lambda editor: editor.set_locked(True), "Select a segment first."),
        (lambda editor: editor.grow(2), "Select a segment to grow."),
        (lambda editor: editor.undo(), "There is nothing to undo."),
        (lambda editor: editor.redo(), "There is nothing to redo."),
        (lambda editor: editor.paint(region("x"), "Box"), "Choose a class for the new segment first."),
        (lambda editor: editor.new_instance(), "Choose a class for the new segment first."),
        (lambda editor: editor.adopt(region("x"), 99), "The label set holds no class 99."),
    ],
)
def test_what_cannot_be_done_is_said(command: Callable[[EditorUnderTest], object], sentence: str) -> None:
    editor = EditorUnderTest(drawn("12"), {1: PERSON, 2: SKY})
    assert command(editor) is None
    assert editor.sentences == [sentence]
    assert editor.journal == []


# -------------------------------------------------------------------------------------------------------------- shapes


def test_holes_are_filled_with_void_alone_unless_asked_otherwise() -> None:
    ids = drawn("1111111", "1..1221", "1..1221", "1111111")
    editor = EditorUnderTest(ids, {1: SKY, 2: PERSON})
    editor.select([1])
    assert editor.fill_holes() is not None
    assert editor.rows() == ["1111111", "1111221", "1111221", "1111111"]
    assert editor.fill_holes() is None
    assert editor.fill_holes(void_only=False) is not None
    assert editor.categories() == {1: SKY}


def test_specks_go_to_what_surrounds_them_or_to_void() -> None:
    ids = drawn("1112222", "1112212", "11122.2", "1112222")
    editor = EditorUnderTest(ids, {1: SKY, 2: SEA})
    editor.set_options(speck_pixels=3)
    assert editor.remove_specks() is not None
    assert editor.rows() == ["1112222", "1112222", "11122.2", "1112222"]
    assert editor.remove_specks() is None
    assert editor.sentences == ["No part has fewer than 3 pixels."]
    editor.undo()
    editor.select([1])
    editor.remove_specks("void")
    assert editor.rows()[1] == "11122.2"


def test_growing_goes_by_the_limits_and_shrinking_gives_to_the_neighbours() -> None:
    ids = drawn(".......", "..111..", "..11122", "..111..", ".......")
    editor = EditorUnderTest(ids, {1: CAR, 2: SEA})
    editor.select([1])
    editor.set_options(only_void=True)
    assert editor.grow(1) is not None
    assert editor.rows() == ["..111..", ".11111.", ".111122", ".11111.", "..111.."]
    editor.undo()
    editor.set_options(only_void=False)
    editor.grow(1)
    assert editor.rows()[2] == ".111112"
    editor.undo()
    assert editor.shrink(1) is not None
    assert editor.rows() == [".......", ".......", "...1222", ".......", "......."]
    assert editor.shrink(1) is None
    assert editor.sentences == ["car #1 is too thin to be shrunk by 1 pixel."]


def test_of_two_that_grow_into_each_other_the_first_selected_wins() -> None:
    editor = EditorUnderTest(drawn("1.2"), {1: CAR, 2: CAR})
    editor.select([2, 1])
    editor.grow(1)
    assert editor.rows() == ["122"]


def test_a_reshaped_segment_leaves_what_it_lost_to_what_lies_next_to_it() -> None:
    editor = EditorUnderTest(drawn("1111111..", "2211111..", "2222222.."), {1: CAR, 2: SKY})
    assert editor.reshape(1, region(".........", "...x.....", "...x.....")) is not None
    assert editor.rows()[0][:2] == "22"
    assert editor.rows()[0][6] == "."
    assert editor.rows()[1][:4] == "2221"
    assert editor.rows()[2] == "2221222.."
    assert editor.document.area(1) == 2
    assert editor.reshape(1, region("x").within((5, 5, 6, 6))) is None
    assert editor.sentences == ["Nothing would be left of it."]


def test_handing_over_takes_from_the_segment_that_was_scribbled_over() -> None:
    editor = EditorUnderTest(drawn("1111222233", "1111222233"), {1: PERSON, 2: PERSON, 3: SKY})
    editor.detection_boxes = {1: (0, 0, 6, 2), 2: (3, 0, 8, 2)}
    editor.select([1])
    contest = editor.contest(region("....x"))
    assert contest is not None
    assert (contest.giver, contest.receiver) == (2, 1)
    assert editor.hand_over(contest.pixels(editor.document.ids), 2, 1) is not None
    assert editor.rows() == ["1111112233", "1111112233"]
    assert editor.hand_over(region("....xx"), 2, 1) is None
    assert editor.contest(region("xx")) is None
    assert editor.sentences == [
        "The pixels belong to others by now: scribble again.",
        "Scribble over a segment that is to give pixels to person #1.",
    ]
    stuff = editor.contest(region("........x"))
    assert stuff is not None
    assert stuff.boxes == (), "the box of stuff says nothing"


def test_void_is_filled_from_the_nearest_as_proposed() -> None:
    editor = EditorUnderTest(drawn("1....2", "1....2"), {1: SKY, 2: SegmentInfo(SEA, locked=True)})
    proposal = editor.propose_nearest()
    assert editor.rows() == ["1....2", "1....2"]
    editor.new_instance(CAR)
    editor.paint(region(".x"), "Box")
    assert editor.fill_from_nearest(proposal) is not None
    assert editor.rows() == ["131112", "111112"]
    assert editor.fill_from_nearest(proposal) is None
    assert editor.sentences == ["No unlabelled pixel can be filled."]


def test_void_is_filled_for_no_other_segment_than_was_proposed() -> None:
    """Segments may be gone, or their numbers given anew, before somebody takes the proposal."""
    editor = EditorUnderTest(drawn("11..22"), {1: PERSON, 2: CAR})
    proposal = editor.propose_nearest()
    editor.select([2])
    editor.delete()
    assert editor.fill_from_nearest(proposal) is not None
    assert editor.rows() == ["111..."]
    editor.undo()
    editor.new_instance(SKY)
    editor.paint(region(".....x"), "Box")
    assert editor.categories() == {1: PERSON, 2: SKY}
    assert editor.fill_from_nearest(proposal) is not None
    assert editor.rows() == ["111..2"]
    editor.undo()
    editor.select([1])
    editor.set_locked(True)
    assert editor.fill_from_nearest(proposal) is None
    assert editor.sentences == ["No unlabelled pixel can be filled."]


def test_what_fills_void_is_found_in_the_image_as_it_was_when_it_was_asked_for() -> None:
    editor = EditorUnderTest(drawn("11..22"), {1: PERSON, 2: CAR})
    propose = editor.nearest_proposer(lambda ids: PlacedMask(ids == 0))
    editor.select([2])
    editor.delete()
    editor.select([1])
    editor.set_locked(True)
    proposal = propose()
    assert proposal.region.origin == (0, 2)
    assert proposal.values.tolist() == [[1, 2]]


def test_an_image_that_is_full_of_segments_gets_no_more_and_says_so() -> None:
    ids = np.ones((256, 257), np.uint16)
    ids[:, :256] = np.arange(256 * 256).reshape(256, 256)
    ids[0, 256] = 0
    editor = EditorUnderTest(ids, dict.fromkeys(range(1, 65536), PERSON))
    editor.set_options(category=CAR)
    maps = NetworkMaps(np.zeros_like(ids), np.array([SKY, SEA]), np.zeros(ids.shape, np.uint8))
    proposal = editor.propose_stuff(maps)
    assert proposal.region.area == 2
    for refused in (
        lambda: editor.begin("Brush"),
        lambda: editor.paint(region("..x"), "Box"),
        lambda: editor.adopt(region("..x"), PERSON),
        lambda: editor.fill_with_stuff(proposal, maps),
    ):
        refused()
        assert editor.sentences == ["An image holds at most 65,535 segments."]
        editor.sentences.clear()
    editor.select([1])
    assert editor.split_parts() is None
    assert editor.cut([(250.0, 128.0), (260.0, 128.0)]) is None
    assert editor.sentences == ["An image holds at most 65,535 segments."] * 2
    assert editor.journal == []
    assert np.array_equal(editor.document.ids, ids)
    assert len(editor.document.segments) == 65535


def test_nothing_joins_stuff_that_is_locked_nor_begins_it_a_second_time() -> None:
    editor = EditorUnderTest(drawn("1...2"), {1: SegmentInfo(SKY, locked=True), 2: PERSON})
    editor.set_options(category=SKY)
    assert editor.target_words == "sky #1"
    assert editor.paint(region("..x"), "Box") is None
    assert editor.adopt(region("..x"), SKY) is None
    assert editor.sentences == ["sky #1 is locked."] * 2
    editor.select([2])
    assert editor.relabel(SKY) is None
    assert editor.sentences[2:] == ["sky #1 is locked; unlock it to relabel others as that."]
    maps = NetworkMaps(np.zeros((1, 5), np.uint8), np.array([SKY, SEA]), np.array([[0, 0, 0, 1, 0]], np.uint8))
    assert editor.fill_with_stuff(editor.propose_stuff(maps), maps) is not None
    assert editor.rows() == ["1..32"]
    assert editor.categories() == {1: SKY, 2: PERSON, 3: SEA}


def test_void_is_filled_with_the_stuff_that_the_network_finds_next() -> None:
    editor = EditorUnderTest(drawn("1.....", "1....."), {1: SKY})
    next_stuff = np.array([[0, 0, 1, 1, 2, 255]] * 2, np.uint8)
    maps = NetworkMaps(np.zeros_like(next_stuff), np.array([SKY, SEA, 77]), next_stuff)
    proposal = editor.propose_stuff(maps)
    assert editor.fill_with_stuff(proposal, maps) is not None
    assert editor.rows() == ["1122..", "1122.."]
    assert editor.categories() == {1: SKY, 2: SEA}
    nothing = editor.propose_stuff(NetworkMaps(maps.labels, maps.category_of))
    assert nothing.region.is_empty


def test_adopting_makes_a_thing_and_lets_stuff_join() -> None:
    editor = EditorUnderTest(drawn("11..", "11.."), {1: SKY})
    assert editor.adopt(region("..xx"), PERSON, score=0.25) is not None
    assert editor.document.segments[2] == SegmentInfo(PERSON, score=0.25)
    assert editor.selection == (2,)
    editor.adopt(region("....", "..xx"), SKY)
    assert editor.rows() == ["1122", "1111"]
    editor.undo()
    editor.undo()
    assert editor.rows() == ["11..", "11.."]


# ------------------------------------------------------------------------------------------------- strokes and options


def test_a_stroke_is_one_step_however_often_it_paints() -> None:
    editor = EditorUnderTest(drawn("1...."), {1: CAR})
    editor.select([1])
    stroke = editor.begin("Brush")
    assert stroke is not None
    stroke.put(region(".x"))
    stroke.put(region("..x"))
    assert editor.rows() == ["111.."]
    assert editor.journal == []
    assert stroke.finish() is not None
    assert len(editor.journal) == 1
    editor.undo()
    assert editor.rows() == ["1...."]


def test_undo_while_a_stroke_is_in_hand_gives_up_the_stroke_alone() -> None:
    editor = EditorUnderTest(drawn("1...."), {1: CAR})
    editor.select([1])
    editor.paint(region(".x"), "Box")
    stroke = editor.begin("Brush")
    assert stroke is not None
    stroke.put(region("..x"))
    editor.undo()
    assert editor.rows() == ["11..."]
    assert not stroke.is_open
    editor.undo()
    assert editor.rows() == ["1...."]


def test_a_command_gives_up_the_stroke_in_hand() -> None:
    editor = EditorUnderTest(drawn("12."), {1: CAR, 2: CAR})
    editor.select([1, 2])
    stroke = editor.begin("Brush")
    assert stroke is not None
    stroke.put(region("..x"))
    editor.merge()
    assert editor.rows() == ["11."]


def test_painting_without_a_selection_begins_a_new_thing_and_goes_on_with_stuff() -> None:
    editor = EditorUnderTest(drawn("1...."), {1: SKY})
    editor.new_instance(PERSON)
    editor.paint(region(".x"), "Box")
    assert editor.selection == (2,)
    editor.new_instance()
    editor.paint(region("..x"), "Box")
    editor.new_instance(SKY)
    editor.paint(region("...x"), "Box")
    assert editor.rows() == ["1231."]
    assert editor.categories() == {1: SKY, 2: PERSON, 3: PERSON}
    assert editor.recent[:2] == (SKY, PERSON)


def test_painting_only_inside_a_segment() -> None:
    editor = EditorUnderTest(drawn("112.."), {1: CAR, 2: SKY})
    editor.set_options(only_inside=2)
    editor.select([1])
    editor.paint(region("xxxxx"), "Box")
    assert editor.rows() == ["111.."]
    assert editor.options.only_inside is None, "the segment inside which to paint is gone"


def test_options_stay_in_their_range_and_tell_of_changes() -> None:
    editor = EditorUnderTest(drawn("1"), {1: CAR})
    told = []
    editor.options_changed.connect(lambda: told.append(editor.options.radius))
    editor.set_options(radius=0.1)
    editor.set_options(radius=0.5)
    editor.set_options(radius=1e9)
    assert told == [0.5, 500.0]


def test_a_label_set_without_the_chosen_class_makes_it_unchosen() -> None:
    editor = EditorUnderTest(drawn("1"), {1: CAR})
    editor.use_category(CAR)
    editor.use_category(SKY)
    editor.labels = LABELS.delete(SKY)
    assert editor.recent == (CAR,)
    assert editor.options.category is None
    editor.labels = LabelSet()
    assert editor.name(1) == "unknown class #1"


def test_the_selection_knows_what_exists() -> None:
    editor = EditorUnderTest(drawn("12"), {1: CAR, 2: SKY})
    editor.select([2, 0, 9, 2, 1])
    assert editor.selection == (2, 1)
    editor.toggle(2)
    editor.toggle(2)
    assert editor.selection == (1, 2)
    assert [editor.number_at(x, 0.5) for x in (-0.1, 0.0, 1.99, 2.0)] == [0, 1, 2, 0]


def test_what_vanishes_by_another_hand_is_no_longer_selected() -> None:
    editor = EditorUnderTest(drawn("12"), {1: CAR, 2: SKY})
    editor.select([1, 2])
    editor.set_options(only_inside=2)
    with editor.document.draft("By another hand") as draft:
        draft.set_info(2, None)
        draft.finish()
    assert editor.selection == (1,)
    assert editor.options.only_inside is None


def test_a_step_that_cannot_be_undone_is_said_and_changes_nothing() -> None:
    editor = EditorUnderTest(drawn("12"), {1: CAR, 2: SKY})
    editor.select([1])
    editor.relabel(PERSON)

    def fail(place: int) -> None:
        raise OSError("the disk is gone")

    editor.history.fetch = fail  # type: ignore[assignment]
    editor.history.forget(10**9)
    assert editor.undo() is None
    assert editor.sentences == ["Cannot undo: the disk is gone"]
    assert editor.categories() == {1: PERSON, 2: SKY}


# ------------------------------------------------------------------------------------------------------- any sequence

COMMANDS: list[Callable[[EditorUnderTest], object]] = [
    lambda editor: editor.merge(),
    lambda editor: editor.split_parts(),
    lambda editor: editor.cut([(-1.0, 3.5), (6.0, 2.5), (12.0, 3.5)]),
    lambda editor: editor.relabel(SKY),
    lambda editor: editor.relabel(CAR),
    lambda editor: editor.delete(),
    lambda editor: editor.delete("neighbours"),
    lambda editor: editor.set_locked(True),
    lambda editor: editor.set_locked(False),
    lambda editor: editor.set_crowd(True),
    lambda editor: editor.fill_holes(),
    lambda editor: editor.fill_holes(void_only=False),
    lambda editor: editor.remove_specks(),
    lambda editor: editor.remove_specks("void"),
    lambda editor: editor.grow(1),
    lambda editor: editor.shrink(1),
    lambda editor: editor.adopt(region("......", "..xxx.", "..xxx."), PERSON),
    lambda editor: editor.adopt(region("......", "..xxx.", "..xxx."), SEA),
    lambda editor: editor.paint(region("xx....", "...xxx"), "Box"),
    lambda editor: editor.hand_over(region("xxxxxx", "......", "xxxxxx"), 2, 1),
    lambda editor: editor.fill_from_nearest(editor.propose_nearest()),
]


@settings(max_examples=80)
@given(
    hnp.arrays(np.uint16, (8, 11), elements=st.integers(0, 5)),
    st.lists(
        st.tuples(
            st.sampled_from(["command", "command", "command", "undo", "redo"]),
            st.integers(0, len(COMMANDS) - 1),
            st.lists(st.integers(1, 9), max_size=3),
            st.booleans(),
        ),
        max_size=12,
    ),
)
def test_any_sequence_of_commands_keeps_the_document_whole_and_is_undone_bit_for_bit(
    ids: NDArray[np.uint16], steps: list[tuple[str, int, list[int], bool]]
) -> None:
    categories = {1: PERSON, 2: SKY, 3: SEA, 4: CAR, 5: PERSON}
    present = {int(number) for number in np.unique(ids) if number}
    editor = EditorUnderTest(ids, {number: categories[number] for number in present})
    editor.use_category(CAR)
    segments = dict(editor.document.segments)
    for kind, which, numbers, only_void in steps:
        editor.set_options(only_void=only_void)
        editor.select(numbers)
        if kind == "undo":
            editor.undo()
        elif kind == "redo":
            editor.redo()
        else:
            told, said = len(editor.journal), len(editor.sentences)
            before = editor.document.ids.copy()
            made = COMMANDS[which](editor)
            assert len(editor.journal) == told + (made is not None)
            assert len(editor.sentences) == said + (made is None)
            if made is None:
                np.testing.assert_array_equal(editor.document.ids, before)
        assert editor.document.is_consistent()
        assert not editor.document.is_drafting
        assert set(editor.selection) <= set(editor.document.segments)
    while editor.history.can_undo:
        editor.undo()
    np.testing.assert_array_equal(editor.document.ids, ids)
    assert dict(editor.document.segments) == segments
