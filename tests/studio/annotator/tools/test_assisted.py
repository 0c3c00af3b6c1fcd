from __future__ import annotations

import numpy as np

from lpsnet.panoptic_head import merge
from lpsnet.structures import Detections
from lpsnet_studio.annotator.assist import NetworkMaps
from lpsnet_studio.annotator.edits import SegmentInfo
from lpsnet_studio.annotator.tools.assist_box import AdoptTool, AssistBoxTool
from lpsnet_studio.annotator.tools.base import MaskShape
from tests.studio.annotator.editing import CAR, PERSON, SKY, EditorUnderTest


def maps() -> NetworkMaps:
    """Returns a scene of sky with a person and a car side by side, and what a merge of it discarded."""
    labels = np.full((10, 20), 2, np.uint8)
    labels[3:9, 2:8] = 0
    labels[5:9, 8:18] = 1
    boxes = np.array([[2, 3, 8, 9], [3, 3, 8, 9], [8, 5, 18, 9]], np.float32)
    detections = Detections.from_boxes(boxes, np.array([0, 0, 1], np.int32), np.array([0.9, 0.5, 0.8], np.float32))
    trace = merge(detections, labels, isthing=np.array([True, True, False, True]), stuff_limit=0)
    return NetworkMaps(labels, np.array([PERSON, CAR, SKY, 0]), trace=trace)


def sky() -> EditorUnderTest:
    return EditorUnderTest(np.ones((10, 20), np.uint16), {1: SKY})


def test_a_box_shows_its_mask_live_and_enter_takes_the_likeliest_class() -> None:
    editor, scene = sky(), maps()
    tool = AssistBoxTool(editor, scene)
    tool.press((1.0, 2.0))
    tool.move((9.0, 9.5))
    box, mask = tool.preview
    assert isinstance(mask, MaskShape)
    assert mask.category == PERSON
    assert mask.region.area == 36
    tool.move((19.0, 9.5))
    assert tool.choices == (CAR, PERSON)
    assert tool.region.area == 40
    tool.release((19.0, 9.5))
    assert "Enter makes it a car" in tool.hint
    assert editor.journal == []
    assert tool.key("enter")
    assert editor.categories() == {1: SKY, 2: CAR}
    assert editor.document.area(2) == 40
    assert editor.journal[0].title == "Assisted box"
    assert tool.preview == ()
    del box


def test_a_digit_takes_another_class_and_the_palette_any() -> None:
    editor = sky()
    tool = AssistBoxTool(editor, maps())
    tool.press((1.0, 2.0))
    tool.release((19.0, 9.5))
    assert not tool.key("3")
    assert tool.key("2")
    assert editor.categories() == {1: SKY, 2: PERSON}
    tool.press((8.5, 2.0))
    tool.release((19.0, 9.5))
    tool.accept(PERSON)
    assert editor.categories() == {1: SKY, 2: PERSON, 3: PERSON}


def test_a_box_without_a_thing_and_one_given_up_make_nothing() -> None:
    editor = sky()
    tool = AssistBoxTool(editor, maps())
    tool.press((1.0, 0.0))
    tool.release((19.0, 2.0))
    assert "finds no thing" in tool.hint
    assert not tool.key("enter")
    tool.double_click((5.0, 1.0))
    tool.press((1.0, 2.0))
    tool.move((9.0, 9.0))
    assert tool.key("escape")
    tool.release((9.0, 9.0))
    assert editor.journal == []
    tool.press((4.0, 4.0))
    tool.release((4.0, 4.0))
    assert tool.preview == ()


def test_two_clicks_draw_a_box_whose_mask_follows_the_mouse() -> None:
    editor = sky()
    tool = AssistBoxTool(editor, maps())
    tool.press((1.0, 2.0))
    tool.release((1.0, 2.0))
    assert tool.hint == "Click the opposite corner; Esc gives up"
    assert not tool.key("enter")
    tool.move((9.0, 9.5))
    assert tool.chosen == PERSON
    tool.move((19.0, 9.5))
    tool.press((19.0, 9.5))
    tool.release((19.0, 9.5))
    assert "Enter makes it a car" in tool.hint
    tool.move((2.0, 3.0))
    assert tool.region.area == 40, "the box stays as it is"
    tool.double_click((5.0, 5.0))
    assert editor.categories() == {1: SKY, 2: CAR}
    tool.press((1.0, 2.0))
    tool.release((1.0, 2.0))
    tool.move((9.0, 9.5))
    assert tool.key("escape")
    assert tool.preview == ()
    assert len(editor.journal) == 1


def test_before_the_network_has_seen_the_image_it_says_so() -> None:
    editor = sky()
    tool = AssistBoxTool(editor)
    assert tool.hint == "The network has not seen this image yet"
    tool.press((1.0, 1.0))
    tool.move((9.0, 9.0))
    tool.release((9.0, 9.0))
    assert editor.sentences == ["The network has not seen this image yet."]
    tool.maps = maps()
    assert tool.hint == "Drag a box around an instance, or click two corners"


def test_a_click_adopts_the_discarded_detection_under_it_once() -> None:
    editor, scene = sky(), maps()
    tool = AdoptTool(editor, scene)
    tool.move((4.5, 5.5))
    assert tool.hint == "Click to adopt this person (0.50)"
    (mask,) = tool.preview
    assert isinstance(mask, MaskShape)
    assert mask.region.area == 30
    tool.press((4.5, 5.5))
    assert editor.document.segments[2] == SegmentInfo(PERSON, score=0.5)
    assert editor.document.area(2) == 30
    assert tool.preview == ()
    tool.press((4.5, 5.5))
    tool.press((15.5, 6.5))
    assert editor.sentences == ["No discarded detection lies here."] * 2
    editor.undo()
    tool.press((4.5, 5.5))
    assert len(editor.journal) == 2
