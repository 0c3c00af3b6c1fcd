"""The canvas follows the session, and tells it what is pointed at and clicked."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest

from lpsnet_studio.inference.messages import Inspect
from lpsnet_studio.inspector.step_pixels import HELD_BEFORE, LOST, WON
from lpsnet_studio.session import Session
from tests.studio.hand_made import ListeningService, inspected, open_first


@pytest.fixture
def opened(window: Any, session: Session, service: ListeningService) -> Any:
    open_first(session, service)
    return window


def _click(window: Any, x: float, y: float) -> None:
    place = window.canvas.viewportTransform().map(QPointF(x + 0.5, y + 0.5)).toPoint()
    QTest.mouseClick(window.canvas.viewport(), Qt.MouseButton.LeftButton, pos=place)


def test_layers_follow_the_view_in_order_visibility_and_opacity(opened: Any, session: Session) -> None:
    stage = opened.canvas.stage
    session.move_layer("labels", len(session.view.layers) - 1)
    assert stage.labels.zValue() > stage.boxes.zValue() > stage.void.zValue() > stage.segments.zValue()
    assert stage.segments.zValue() < stage.outlines.zValue() < stage.void.zValue()
    session.change_layer("void", visible=True, opacity=0.3)
    assert stage.void.isVisible()
    assert stage.void.opacity() == pytest.approx(0.3)
    session.undo()
    assert not stage.void.isVisible()


def test_the_bare_photo_has_nothing_over_it(opened: Any, session: Session) -> None:
    canvas = opened.canvas
    session.change_layer("void", visible=True)
    session.change_view(names=True)
    session.select(1)
    session.seek(2)
    session.change_view(overlays=False)
    shown = canvas.viewport().grab().toImage()
    canvas.stage.clear_overlays()
    assert canvas.viewport().grab().toImage() == shown
    assert canvas._caption.isHidden()


def test_an_opacity_is_changed_without_another_look_at_the_result(opened: Any, session: Session) -> None:
    picture = opened.canvas.stage.segments.picture
    session.change_layer("segments", opacity=0.9, goes_on=True)
    assert opened.canvas.stage.segments.picture is picture
    assert opened.canvas.stage.segments.opacity() == pytest.approx(0.9)


def test_contested_pixels_show_who_won_them_or_who_held_them(opened: Any, session: Session) -> None:
    session.seek(2)
    stage = opened.canvas.stage
    step = session.current_step
    assert step is not None
    after = stage.step.picture.indices
    assert ((after == WON) | (after == LOST)).sum() == step.overlap_pixels > 0
    assert "amber" in opened.canvas._caption.text()
    opened.actions_by_id["contested_before"].trigger()
    before = stage.step.picture.indices
    assert ((before == HELD_BEFORE + 1).sum(), (before > HELD_BEFORE + 1).sum()) == (step.overlap_pixels, 0)
    assert "before" in opened.canvas._caption.text()
    session.seek(1)
    assert opened.canvas._caption.isHidden(), "the first box contests nothing"


def test_a_click_on_a_segment_selects_it_and_one_on_void_or_beside_the_photo_selects_none(
    opened: Any, session: Session
) -> None:
    session.seek(3)
    _click(opened, 12, 30)
    assert session.selected == 1
    assert opened.canvas.stage.ring.isVisible()
    assert opened.segments.model.owner(opened.segments.table.currentIndex().row()) == 1
    _click(opened, 70, 5)
    assert session.selected == 0, "the sky is not pasted yet"
    assert not opened.canvas.stage.ring.isVisible()
    _click(opened, 12, 30)
    _click(opened, -2, 30)
    assert session.selected == 0


def test_pointing_names_and_lights_up_the_segment(opened: Any, session: Session) -> None:
    session.point(12, 30)
    assert opened.canvas._chip.text() == "person #1 · 0.90"
    assert opened.canvas.stage.glow.isVisible()
    session.seek(0)
    assert opened.canvas._chip.text() == "not claimed yet"
    assert not opened.canvas.stage.glow.isVisible()


def test_what_nobody_owns_is_void_only_at_the_end(opened: Any, session: Session, service: ListeningService) -> None:
    session.change_settings(stuff_limit=10_000)
    session.receive(inspected(service.last(Inspect)))
    session.seek(len(session.steps))
    session.point(70, 5)
    assert opened.canvas._chip.text() == opened.statusBar()._segment.text() == "void", "the sky is too small to stay"
    session.seek(len(session.steps) - 1)
    assert opened.canvas._chip.text() == opened.statusBar()._segment.text() == "not claimed yet"


def test_before_a_step_its_contested_pixels_are_named_by_who_held_them(
    opened: Any, session: Session, service: ListeningService
) -> None:
    session.change_settings(overlap_threshold=1.0)
    session.receive(inspected(service.last(Inspect)))
    session.seek(3)
    session.point(40, 40)
    chip, told = opened.canvas._chip, opened.statusBar()._segment
    assert chip.text() == told.text() == "person #3 · 0.70"
    opened.actions_by_id["contested_before"].trigger()
    assert chip.text() == told.text() == "person #2 · 0.80 before this step"
    session.point(12, 30)
    assert chip.text() == told.text() == "person #1 · 0.90", "the step did not contest it"
    session.point(40, 40)
    session.seek(2)
    assert chip.text() == told.text() == "person #2 · 0.80", "it was free before this step"


def test_only_what_stays_void_is_hatched(opened: Any, session: Session, service: ListeningService) -> None:
    session.change_settings(stuff_limit=10_000)
    session.receive(inspected(service.last(Inspect)))
    session.seek(0)
    hatched = opened.canvas.stage.void.picture.indices == 0
    assert 0 < hatched.sum() < hatched.size
    for position in range(len(session.steps) + 1):
        session.seek(position)
        assert not session.owners[hatched].any(), "nobody ever owns what is hatched"
    np.testing.assert_array_equal(hatched, session.owners == 0)


def test_only_what_is_done_has_a_box_and_the_selected_one_is_pinned(opened: Any, session: Session) -> None:
    boxes = opened.canvas.stage.boxes
    session.seek(2)
    assert len(boxes._boxes) == 1, "the current step's box is drawn by itself"
    session.seek(len(session.steps))
    assert len(boxes._boxes) == 5
    assert [box.dashed for box in boxes._boxes] == [False, False, True, False, True]
    session.select(2)
    assert [box.pinned for box in boxes._boxes] == [False, True, False, False, False]


def test_tags_say_which_segment_and_the_score_alone_where_it_is_named(opened: Any, session: Session) -> None:
    stage = opened.canvas.stage
    session.seek(4)
    assert [box.text for box in stage.boxes._boxes] == ["person #1 0.90", "person #2 0.80", ""]
    (current,) = stage.step_boxes._boxes
    assert (current.text, current.more) == ("car #3 0.60", " · kept")
    session.change_view(names=True)
    assert [box.text for box in stage.boxes._boxes] == ["0.90", "0.80", ""]
    assert stage.step_boxes._boxes[0].text == "0.60"
    session.seek(3)
    (current,) = stage.step_boxes._boxes
    assert (current.text, current.more) == ("person 0.70", " · discarded"), "what founds no segment has no name"


def test_names_follow_the_merge(opened: Any, session: Session, qtbot: Any) -> None:
    session.change_view(names=True)
    names = opened.canvas.stage.names
    qtbot.waitUntil(lambda: names._places is not None and set(names._places.index) >= {1, 2})
    session.seek(1)
    qtbot.waitUntil(lambda: names._places.index.tolist() == [1])
    assert names._texts[1] == ("person #1 · 0.90", "person #1", "#1")


def test_zooming_to_the_selected_segment_shows_it_whole_and_back_returns(opened: Any, session: Session) -> None:
    before = opened.canvas.place
    session.select(1)
    opened.actions_by_id["zoom_selected"].trigger()
    place = opened.canvas.place
    rows, columns = np.nonzero(session.owners == 1)
    assert place.x == pytest.approx((columns.min() + columns.max() + 1) / 2)
    assert place.y == pytest.approx((rows.min() + rows.max() + 1) / 2)
    opened.actions_by_id["view_back"].trigger()
    assert opened.canvas.place.is_near(before)
    opened.actions_by_id["view_forward"].trigger()
    assert opened.canvas.place.is_near(place)


def test_a_segment_that_is_not_pasted_yet_is_zoomed_to_where_it_will_be(opened: Any, session: Session) -> None:
    session.select(1)
    session.seek(0)
    opened.commands.view.zoom_selected()
    assert not opened.canvas.place.fitted


def test_the_view_is_copied_as_a_picture_and_its_size_is_told(opened: Any, session: Session) -> None:
    opened.actions_by_id["copy_view"].trigger()
    copied = QGuiApplication.clipboard().image()
    assert not copied.isNull()
    assert f"{copied.width():,} × {copied.height():,} pixels" in opened.notifications.texts[-1]
    opened.canvas.pan_by(QPointF(9000, 0))
    opened.actions_by_id["copy_view"].trigger()
    assert "out of view" in opened.notifications.texts[-1]
