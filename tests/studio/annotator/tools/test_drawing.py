from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from lpsnet_studio.annotator import elsewhere
from lpsnet_studio.annotator.edits import SegmentInfo
from lpsnet_studio.annotator.strokes import Point
from lpsnet_studio.annotator.tools.base import NO_MODIFIERS, Cursor, MaskShape, Modifiers, PathShape, Tool
from lpsnet_studio.annotator.tools.brush import BrushTool, EraserTool
from lpsnet_studio.annotator.tools.cut import CutTool
from lpsnet_studio.annotator.tools.outlines import BoxTool, FillTool, LassoTool, PolygonTool
from lpsnet_studio.annotator.tools.scribble import ScribbleTool
from lpsnet_studio.annotator.tools.select import SelectTool
from tests.studio.annotator.editing import CAR, PERSON, SEA, SKY, EditorUnderTest, drawn

CTRL, SHIFT = Modifiers(ctrl=True), Modifiers(shift=True)


def blank(height: int = 20, width: int = 30) -> EditorUnderTest:
    """Returns an image of void with one pixel of car in its corner, which is selected."""
    ids = np.zeros((height, width), np.uint16)
    ids[0, 0] = 1
    editor = EditorUnderTest(ids, {1: CAR})
    editor.select([1])
    return editor


def drag(tool: Tool, *way: Point, modifiers: Modifiers = NO_MODIFIERS) -> None:
    tool.press(way[0], modifiers)
    for point in way[1:]:
        tool.move(point, modifiers)
    tool.release(way[-1], modifiers)


# -------------------------------------------------------------------------------------------------------------- select


def test_clicks_select_and_ctrl_adds_and_takes_out() -> None:
    editor = EditorUnderTest(drawn("123."), {1: CAR, 2: PERSON, 3: SKY})
    tool = SelectTool(editor)
    tool.press((0.5, 0.5))
    assert editor.selection == (1,)
    assert tool.hint.startswith("car #1 selected")
    tool.press((2.5, 0.5), CTRL)
    tool.press((1.5, 0.5), CTRL)
    assert editor.selection == (1, 3, 2)
    assert tool.hint.startswith("3 segments selected")
    tool.press((2.5, 0.5), CTRL)
    tool.press((3.5, 0.5), CTRL)
    assert editor.selection == (1, 2)
    tool.press((3.5, 0.5))
    assert editor.selection == ()
    assert "Click a segment" in tool.hint
    assert editor.journal == []


# --------------------------------------------------------------------------------------------------------------- brush


def test_a_drag_of_the_brush_is_one_step() -> None:
    editor = blank()
    editor.set_options(radius=2.0)
    tool = BrushTool(editor)
    assert "car #1" in tool.hint
    drag(tool, (5.0, 5.0), (15.0, 5.0), (15.0, 15.0))
    assert len(editor.journal) == 1
    assert editor.journal[0].title == "Brush"
    ids = editor.document.ids
    assert (ids[4:6, 5:15] == 1).all()
    assert (ids[5:15, 14:16] == 1).all()
    assert ids[10, 10] == 0
    tool.move((3.0, 3.0))
    assert tool.preview == (Cursor((3.0, 3.0), 2.0),)
    tool.leave()
    assert tool.preview == ()


def test_it_paints_while_it_is_dragged_and_escape_takes_all_of_it_back() -> None:
    editor = blank()
    tool = BrushTool(editor)
    editor.set_options(radius=3.0)
    tool.press((10.0, 10.0))
    tool.move((20.0, 10.0))
    assert editor.document.ids[10, 15] == 1
    assert tool.key("escape")
    assert editor.document.area(1) == 1
    assert editor.document.ids.sum() == 1
    tool.move((25.0, 10.0))
    tool.release((25.0, 10.0))
    assert editor.journal == []
    assert not tool.key("escape"), "there is nothing left to give up"


def test_shift_click_paints_straight_from_the_last_point() -> None:
    editor = blank()
    editor.set_options(radius=1.0)
    tool = BrushTool(editor)
    drag(tool, (2.5, 10.5))
    tool.press((25.5, 10.5), SHIFT)
    tool.release((25.5, 10.5))
    assert (editor.document.ids[10, 2:26] == 1).all()
    assert len(editor.journal) == 2


def test_brackets_change_the_size() -> None:
    editor = blank()
    tool = BrushTool(editor)
    editor.set_options(radius=10.0)
    assert tool.key("]")
    assert editor.options.radius == 12.5
    assert tool.key("[")
    assert editor.options.radius == 10.0
    assert not tool.key("x")


def test_without_a_selection_the_brush_begins_a_new_segment_or_says_what_is_missing() -> None:
    editor = blank()
    editor.select(())
    editor.set_options(radius=2.0)
    tool = BrushTool(editor)
    assert tool.hint == "Choose a class (Shift+C), or select a segment to paint"
    drag(tool, (5.0, 5.0), (9.0, 5.0))
    assert editor.sentences == ["Choose a class for the new segment first."]
    editor.use_category(PERSON)
    assert "Drag to paint a new person" in tool.hint
    drag(tool, (5.0, 5.0), (9.0, 5.0))
    assert editor.categories() == {1: CAR, 2: PERSON}
    drag(tool, (15.0, 5.0), (19.0, 5.0))
    assert editor.categories() == {1: CAR, 2: PERSON}, "the next stroke goes on with it"


def test_the_eraser_takes_from_the_selection_or_from_any() -> None:
    ids = np.ones((10, 20), np.uint16)
    ids[:, 10:] = 2
    editor = EditorUnderTest(ids, {1: SKY, 2: SEA})
    editor.set_options(radius=2.0)
    tool = EraserTool(editor)
    editor.select([1])
    drag(tool, (5.0, 5.0), (15.0, 5.0))
    assert (editor.document.ids[4:6, 4:10] == 0).all()
    assert (editor.document.ids[:, 10:] == 2).all()
    editor.select(())
    drag(tool, (15.0, 5.0), (16.0, 5.0))
    assert editor.document.ids[5, 15] == 0
    assert [edit.title for edit in editor.journal] == ["Eraser", "Eraser"]
    assert tool.preview == (Cursor((16.0, 5.0), 2.0, erases=True),)


def test_the_eraser_leaves_what_is_locked() -> None:
    editor = EditorUnderTest(drawn("1122"), {1: SKY, 2: SEA})
    editor.select([1])
    editor.set_locked(True)
    editor.select(())
    drag(EraserTool(editor), (0.5, 0.5), (3.5, 0.5))
    assert editor.rows() == ["11.."]


# ------------------------------------------------------------------------------------------------------------ outlines


@pytest.mark.parametrize("ending", ["enter", "double click", "first corner"])
def test_a_polygon_is_closed_in_three_ways(ending: str) -> None:
    editor = blank()
    tool = PolygonTool(editor)
    for corner in [(5.0, 5.0), (15.0, 5.0), (15.0, 12.0)]:
        tool.press(corner)
        tool.release(corner)
    tool.press((5.0, 12.0))
    if ending == "enter":
        assert tool.key("enter")
    elif ending == "double click":
        tool.press((5.0, 12.0))
        tool.double_click((5.0, 12.0))
    else:
        tool.press((6.0, 6.0))
    assert (editor.document.ids[5:12, 5:15] == 1).all()
    assert editor.document.area(1) == 71
    assert [edit.title for edit in editor.journal] == ["Polygon"]
    assert tool.preview == ()


def test_a_polygons_corners_can_be_taken_back_and_given_up() -> None:
    editor = blank()
    tool = PolygonTool(editor)
    assert tool.hint == "Click the first corner of what is to be painted as car #1"
    tool.press((5.0, 5.0))
    tool.press((25.0, 5.0))
    assert "Backspace" in tool.hint
    assert tool.key("backspace")
    tool.move((9.0, 9.0))
    assert tool.preview == (PathShape(((5.0, 5.0), (9.0, 9.0))),)
    tool.key("enter")
    assert editor.sentences == ["A polygon needs at least three corners."]
    assert tool.key("escape")
    assert not tool.key("escape")
    assert not tool.key("enter"), "without corners, Enter is no business of the tool's"
    assert editor.journal == []


def test_a_lasso_paints_what_it_goes_around() -> None:
    editor = blank()
    tool = LassoTool(editor)
    drag(tool, (5.0, 5.0), (15.0, 5.0), (15.0, 12.0), (5.0, 12.0))
    assert editor.document.area(1) == 71
    drag(tool, (20.0, 5.0))
    tool.press((1.0, 1.0))
    tool.move((9.0, 1.0))
    assert tool.cancel()
    tool.release((9.0, 9.0))
    assert len(editor.journal) == 1


def test_a_box_paints_its_pixels_whichever_corner_comes_first() -> None:
    editor = blank()
    tool = BoxTool(editor)
    tool.press((15.0, 12.0))
    tool.move((5.0, 5.0))
    assert tool.preview == (PathShape(((15.0, 12.0), (5.0, 12.0), (5.0, 5.0), (15.0, 5.0)), closed=True),)
    tool.release((5.0, 5.0))
    assert editor.document.area(1) == 71
    tool.press((3.0, 3.0))
    assert tool.key("escape")
    tool.release((9.0, 9.0))
    assert len(editor.journal) == 1


def test_a_box_is_painted_between_two_clicks_as_well() -> None:
    editor = blank()
    tool = BoxTool(editor)
    tool.click_distance = 1.0
    assert tool.hint == "Drag from corner to corner, or click two corners, to paint car #1"
    tool.press((5.0, 5.0))
    tool.release((5.5, 5.0))
    assert tool.hint.startswith("Click the opposite corner")
    tool.move((9.0, 8.0))
    assert tool.preview == (PathShape(((5.0, 5.0), (9.0, 5.0), (9.0, 8.0), (5.0, 8.0)), closed=True),)
    tool.double_click((5.0, 5.5))
    tool.release((5.0, 5.5))
    assert editor.journal == [], "a double click is one corner"
    tool.press((15.0, 12.0))
    tool.release((15.0, 12.0))
    assert editor.document.area(1) == 71
    assert tool.preview == ()
    drag(tool, (3.0, 3.0))
    assert tool.key("escape")
    assert not tool.key("escape")
    tool.move((9.0, 9.0))
    tool.release((9.0, 9.0))
    assert len(editor.journal) == 1


@pytest.mark.parametrize("kind", [BrushTool, PolygonTool, LassoTool, BoxTool, FillTool])
def test_hints_name_what_would_be_painted(kind: type[Tool]) -> None:
    editor = EditorUnderTest(drawn("12."), {1: CAR, 2: SKY})
    tool = kind(editor)
    assert "Shift+C" in tool.hint
    for category, words in ((PERSON, "a new person"), (SKY, "sky #2"), (SEA, "a new sea")):
        editor.use_category(category)
        assert words in tool.hint, "stuff joins the segment that has it"
    editor.select([1])
    assert "car #1" in tool.hint


def test_a_stroke_that_paints_nothing_says_why_once() -> None:
    editor = EditorUnderTest(drawn("1122....", "1122...."), {1: CAR, 2: SegmentInfo(SKY, locked=True)})
    editor.set_options(radius=0.5)
    brush, eraser = BrushTool(editor), EraserTool(editor)

    def said(tool: Tool, *columns: float) -> str:
        drag(tool, *((column, 0.5) for column in columns))
        (sentence,) = editor.sentences
        editor.sentences.clear()
        return sentence

    editor.select([1])
    assert said(brush, 2.5, 3.5) == "Nothing was painted: sky #2 is locked (Y unlocks)."
    assert said(brush, 0.5, 1.5) == "Nothing was painted: car #1 has these pixels already."
    assert said(brush, -9.0, -8.0) == "Nothing was painted: no pixel of the image lies there."
    assert "selected segments alone lose pixels" in said(eraser, 2.5, 3.5)
    editor.set_options(only_inside=1)
    assert said(brush, 0.5, 1.5).startswith("Nothing was painted: it is only painted inside car #1, which has these")
    editor.select(())
    editor.use_category(PERSON)
    assert "it is only painted inside car #1 (I lets" in said(brush, 4.5, 5.5)
    assert said(eraser, 4.5, 5.5) == "Nothing was erased: void has these pixels already."
    assert said(eraser, 2.5, 3.5) == "Nothing was erased: sky #2 is locked (Y unlocks)."
    editor.set_options(only_inside=None, only_void=True)
    assert "it is only painted over void" in said(brush, 0.5, 1.5)
    assert editor.journal == []
    drag(brush, (3.5, 0.5), (5.5, 0.5))
    assert len(editor.journal) == 1
    assert editor.sentences == [], "where something was painted, nothing is said"


@pytest.mark.parametrize(("category", "way_out"), [(CAR, "N begins another."), (SKY, "I lets it be painted anywhere.")])
def test_another_segment_is_offered_of_things_alone(category: int, way_out: str) -> None:
    editor = EditorUnderTest(drawn("11.."), {1: category})
    editor.set_options(radius=0.5, only_inside=1)
    editor.select([1])
    drag(BrushTool(editor), (0.5, 0.5), (1.5, 0.5))
    assert editor.sentences[-1].endswith(f"which has these pixels; {way_out}")


def test_painting_tools_keep_to_the_limits() -> None:
    editor = EditorUnderTest(drawn("12..", "12.."), {1: CAR, 2: SKY})
    editor.select([1])
    editor.set_options(only_void=True)
    drag(BoxTool(editor), (0.0, 0.0), (4.0, 1.0))
    assert editor.rows() == ["1211", "12.."]
    drag(BoxTool(editor), (0.0, 0.0), (4.0, 1.0))
    assert editor.sentences == [
        "Nothing was painted: it is only painted over void (X lets it be painted over segments)."
    ]


def test_a_fill_takes_what_hangs_together_and_ctrl_picks() -> None:
    editor = EditorUnderTest(drawn("1.2..", "1.2..", "112.2"), {1: CAR, 2: SKY})
    tool = FillTool(editor)
    tool.press((0.5, 0.5), CTRL)
    assert editor.selection == (1,)
    tool.press((1.5, 0.5))
    assert editor.rows() == ["112..", "112..", "112.2"]
    tool.press((4.5, 2.5))
    assert editor.rows()[2] == "112.1"
    tool.press((9.0, 9.0))
    assert [edit.title for edit in editor.journal] == ["Fill", "Fill"]


# ---------------------------------------------------------------------------------------------------- cut and scribble


def test_a_cut_finds_the_segment_under_the_line_and_shift_keeps_it_straight() -> None:
    ids = np.zeros((12, 20), np.uint16)
    ids[2:10, 2:18] = 1
    editor = EditorUnderTest(ids, {1: CAR})
    tool = CutTool(editor)
    drag(tool, (8.5, 0.5), (3.0, 6.0), (8.5, 11.5), modifiers=SHIFT)
    assert editor.categories() == {1: CAR, 2: CAR}
    assert (editor.document.ids[2:10, 10:18] == 1).all()
    assert (editor.document.ids[2:10, 2:7] == 2).all()
    assert editor.journal[0].title == "Cut in two"


def test_a_cut_that_misses_is_said_and_one_given_up_is_not_made() -> None:
    editor = EditorUnderTest(drawn("111", "111"), {1: CAR})
    tool = CutTool(editor)
    editor.select([1])
    tool.press((1.5, -1.0))
    tool.move((1.5, 3.0))
    assert len(tool.preview) == 1
    assert tool.key("escape")
    tool.release((1.5, 3.0))
    drag(tool, (0.5, 0.5), (1.5, 0.5))
    assert editor.sentences == ["The line does not cut through car #1."]
    assert editor.journal == []


def test_a_scribble_hands_over_what_both_boxes_dispute() -> None:
    ids = np.ones((10, 30), np.uint16)
    ids[:, 15:] = 2
    editor = EditorUnderTest(ids, {1: PERSON, 2: PERSON})
    editor.detection_boxes = {1: (0, 0, 20, 10), 2: (10, 0, 30, 10)}
    tool = ScribbleTool(editor)
    assert tool.hint == "Click the segment that is to get pixels"
    drag(tool, (5.0, 5.0))
    assert editor.selection == (1,)
    assert "belongs to person #1" in tool.hint
    before = editor.document.ids.copy()
    drag(tool, (17.0, 5.0), (18.0, 5.0))
    assert np.array_equal(editor.document.ids, before)
    (mask,) = tool.preview
    assert isinstance(mask, MaskShape)
    assert (mask.region.area, mask.category) == (50, PERSON)
    assert tool.hint == "Enter hands 50 pixels of person #2 to person #1; a further scribble adds, Esc leaves them"
    assert tool.key("escape")
    assert tool.preview == ()
    assert not tool.key("enter")
    drag(tool, (17.0, 5.0), (18.0, 5.0))
    drag(tool, (22.0, 2.0), (22.0, 2.5))
    (more,) = tool.preview
    assert isinstance(more, MaskShape)
    assert more.region.area > 50
    tool.press((25.0, 5.0))
    assert tool.cancel()
    tool.release((27.0, 5.0))
    drag(tool, (17.0, 5.0), (18.0, 5.0))
    assert tool.key("enter")
    assert (editor.document.ids[:, :20] == 1).all()
    assert (editor.document.ids[:, 21:] == 2).all()
    assert editor.journal[0].title == "Hand over pixels"
    assert len(editor.journal) == 1
    assert tool.hint.startswith("Scribble over what belongs to person #1")


def test_what_a_scribble_reaches_is_looked_for_elsewhere_and_dropped_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(elsewhere, "AT_ONCE", -1.0)
    ids = np.ones((10, 30), np.uint16)
    ids[:, 15:] = 2
    editor = EditorUnderTest(ids, {1: PERSON, 2: PERSON})
    waiting: list[Callable[[], None]] = []
    editor.elsewhere.work = lambda work, done, **_: waiting.append(lambda: done(work()))
    editor.select([1])
    tool = ScribbleTool(editor)
    for given_up in (True, False):
        drag(tool, (17.0, 5.0), (18.0, 5.0))
        assert tool.preview == ()
        if given_up:
            tool.cancel()
        waiting.pop()()
        assert bool(tool.preview) is not given_up


@pytest.mark.parametrize(
    "kind", [SelectTool, BrushTool, EraserTool, PolygonTool, LassoTool, BoxTool, FillTool, CutTool, ScribbleTool]
)
def test_no_tool_minds_what_happens_outside_the_image(kind: type[Tool]) -> None:
    editor = blank()
    tool = kind(editor)
    told = []
    tool.changed.connect(lambda: told.append(1))
    for point in [(-50.0, -50.0), (500.0, 5.0), (5.0, 500.0), (0.0, 20.0), (30.0, 0.0)]:
        drag(tool, point, (point[0] - 3, point[1] + 1), (point[0] + 2, point[1] - 4))
        tool.double_click(point)
    tool.leave()
    tool.cancel()
    assert tool.hint
    assert tool.name
    assert told
    assert editor.document.is_consistent()
    assert not editor.document.is_drafting
