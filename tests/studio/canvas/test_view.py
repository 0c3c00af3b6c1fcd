"""The canvas in a real widget: where a pixel of the photo lies on the screen, and what is painted there."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QAction, QColor, QFocusEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from lpsnet_studio.canvas.boxes import Box
from lpsnet_studio.canvas.colors import color_table
from lpsnet_studio.canvas.hand import Grip
from lpsnet_studio.canvas.sampling import IndexMap
from lpsnet_studio.canvas.view import CanvasView

HEIGHT, WIDTH = 40, 60


@pytest.fixture
def canvas(qtbot: Any) -> CanvasView:
    made = CanvasView()
    qtbot.addWidget(made)
    made.resize(700, 500)
    made.show()
    qtbot.waitExposed(made)
    pixels = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    pixels[:, :, 0] = np.arange(WIDTH) * 4
    pixels[:, :, 1] = (np.arange(HEIGHT) * 6)[:, None]
    made.set_photo(pixels)
    return made


def _screen(canvas: CanvasView, x: float, y: float) -> QPoint:
    return canvas.viewportTransform().map(QPointF(x + 0.5, y + 0.5)).toPoint()


def _color(canvas: CanvasView, x: float, y: float) -> tuple[int, int, int]:
    place = _screen(canvas, x, y)
    return QColor(canvas.viewport().grab().toImage().pixel(place)).getRgb()[:3]


def _show_owners(canvas: CanvasView, owners: np.ndarray, table: np.ndarray) -> None:
    canvas.stage.set_owners(owners, {})
    canvas.stage.set_segment_colors(table, table)


def test_a_photo_is_fitted_and_its_pixels_are_where_the_mouse_finds_them(canvas: CanvasView) -> None:
    for x, y in ((0, 0), (59, 39), (30, 20), (0, 39)):
        assert canvas.pixel_at(QPointF(_screen(canvas, x, y))) == (x, y)
        assert _color(canvas, x, y) == (4 * x, 6 * y, 0)
    assert canvas.viewport().rect().contains(_screen(canvas, 59, 39))


def test_the_mouse_reports_pixels_of_the_photo(canvas: CanvasView, qtbot: Any) -> None:
    hovered, clicked = [], []
    canvas.hovered.connect(lambda x, y: hovered.append((x, y)))
    canvas.clicked.connect(lambda x, y: clicked.append((x, y)))
    QTest.mouseMove(canvas.viewport(), _screen(canvas, 12, 7))
    QTest.mouseMove(canvas.viewport(), _screen(canvas, 13, 7))
    qtbot.waitUntil(lambda: (13, 7) in hovered)
    QTest.mouseClick(canvas.viewport(), Qt.MouseButton.LeftButton, pos=_screen(canvas, 5, 30))
    assert clicked == [(5, 30)]


def test_space_makes_the_left_button_pan_instead_of_click(canvas: CanvasView) -> None:
    clicked = []
    canvas.clicked.connect(lambda x, y: clicked.append((x, y)))
    start = _screen(canvas, 30, 20)
    QTest.keyPress(canvas, Qt.Key.Key_Space)
    QTest.mousePress(canvas.viewport(), Qt.MouseButton.LeftButton, pos=start)
    QTest.mouseMove(canvas.viewport(), start + QPoint(40, 0))
    QTest.mouseRelease(canvas.viewport(), Qt.MouseButton.LeftButton, pos=start + QPoint(40, 0))
    QTest.keyRelease(canvas, Qt.Key.Key_Space)
    assert clicked == []
    assert abs((_screen(canvas, 30, 20) - start).x() - 40) <= 1


def test_what_changes_in_place_is_painted_once_its_window_is_told(canvas: CanvasView) -> None:
    owners = np.zeros((HEIGHT, WIDTH), np.uint8)
    table = color_table(np.array([(0, 0, 0), (10, 250, 20)], np.uint8), np.array([0.0, 1.0]))
    canvas.stage.set_overlay_size((HEIGHT, WIDTH))
    _show_owners(canvas, owners, table)
    assert _color(canvas, 20, 20) == (80, 120, 0)
    owners[15:25, 15:25] = 1
    canvas.stage.repaint_segments([(15, 15, 25, 25)])
    assert _color(canvas, 20, 20) == (10, 250, 20)
    assert _color(canvas, 30, 20) == (120, 120, 0)


def test_overlays_of_half_the_size_are_stretched_over_the_photo(canvas: CanvasView) -> None:
    owners = np.zeros((HEIGHT // 2, WIDTH // 2), np.uint8)
    owners[5:10, 5:10] = 1
    table = color_table(np.array([(0, 0, 0), (10, 250, 20)], np.uint8), np.array([0.0, 1.0]))
    canvas.stage.set_overlay_size(owners.shape)
    _show_owners(canvas, owners, table)
    assert _color(canvas, 15, 15) == (10, 250, 20)
    assert _color(canvas, 22, 15) == (88, 90, 0)


def test_the_selected_region_is_ringed_in_white(canvas: CanvasView) -> None:
    owners = np.zeros((HEIGHT, WIDTH), np.uint8)
    owners[10:30, 20:40] = 1
    table = color_table(np.zeros((2, 3), np.uint8), 0.0)
    canvas.stage.set_overlay_size((HEIGHT, WIDTH))
    _show_owners(canvas, owners, table)
    canvas.stage.select(1)
    image = canvas.viewport().grab().toImage()
    edge = canvas.viewportTransform().map(QPointF(20, 20)).toPoint()
    found = {QColor(image.pixel(edge.x() + shift, edge.y())).name() for shift in range(-3, 4)}
    assert "#ffffff" in found
    assert "#000000" in found


def test_a_box_is_drawn_along_its_edges(canvas: CanvasView) -> None:
    canvas.stage.set_overlay_size((HEIGHT, WIDTH))
    canvas.stage.set_boxes([Box((10, 10, 30, 30), "", (255, 0, 255))], (HEIGHT, WIDTH))
    edge = canvas.viewportTransform().map(QPointF(10, 20)).toPoint()
    image = canvas.viewport().grab().toImage()
    shades = [QColor(image.pixel(edge.x() + shift, edge.y())).getRgb()[:3] for shift in (-1, 0)]
    assert any(red > 150 and blue > 150 for red, _, blue in shades)


def test_without_a_photo_everything_is_harmless(qtbot: Any) -> None:
    canvas = CanvasView()
    qtbot.addWidget(canvas)
    canvas.set_photo(None)
    canvas.fit()
    canvas.zoom_in()
    canvas.stage.set_owners(None, {})
    canvas.grab()


def _is_as_if_painted_afresh(canvas: CanvasView) -> bool:
    """Whether what the screen shows by now, scrolled and patched, is what one painting of everything shows."""
    screen = canvas.window().screen().grabWindow(canvas.viewport().winId()).toImage()
    fresh = canvas.viewport().grab().toImage()
    return screen.convertToFormat(fresh.format()) == fresh


def test_panning_leaves_no_trails_of_tags(canvas: CanvasView, qtbot: Any) -> None:
    canvas.stage.set_overlay_size((HEIGHT, WIDTH))
    canvas.stage.set_boxes(
        [Box((2, 2, 30, 30), "car", (0, 90, 255)), Box((20, 5, 58, 38), "bus", (0, 255, 0))], (HEIGHT, WIDTH)
    )
    canvas.zoom_by(1.25**6)
    qtbot.waitUntil(lambda: _is_as_if_painted_afresh(canvas))
    place = QPoint(350, 250)
    QTest.mousePress(canvas.viewport(), Qt.MouseButton.MiddleButton, pos=place)
    for step in range(1, 6):
        QTest.mouseMove(canvas.viewport(), place - QPoint(12 * step, 5 * step))
        qtbot.wait(20)
        assert _is_as_if_painted_afresh(canvas)
    QTest.mouseRelease(canvas.viewport(), Qt.MouseButton.MiddleButton, pos=place)


def test_a_box_outside_the_view_leaves_no_tag_at_its_edge(canvas: CanvasView) -> None:
    canvas.stage.set_overlay_size((HEIGHT, WIDTH))
    canvas.zoom_by(8)
    bare = canvas.viewport().grab().toImage()
    canvas.stage.set_boxes([Box((0, 18, 8, 22), "car", (255, 0, 255))], (HEIGHT, WIDTH))
    assert canvas.viewport().grab().toImage() == bare
    canvas.stage.set_boxes([Box((0, 18, 30, 22), "car", (255, 0, 255))], (HEIGHT, WIDTH))
    assert canvas.viewport().grab().toImage() != bare


def test_the_pixel_under_a_resting_mouse_is_reported_after_every_zoom_and_fit(canvas: CanvasView) -> None:
    reported: list[tuple[int, int]] = []
    mouse = _screen(canvas, 12, 7)
    QTest.mouseMove(canvas.viewport(), mouse)
    canvas.hovered.connect(lambda x, y: reported.append((x, y)))
    for move in (lambda: canvas.zoom_by(4), canvas.zoom_out, canvas.fit):
        reported.clear()
        move()
        assert reported[-1:] == [canvas.pixel_at(QPointF(mouse))]
    canvas.leaveEvent(QEvent(QEvent.Type.Leave))
    reported.clear()
    canvas.zoom_in()
    assert reported == []


def test_a_turn_of_the_wheel_tells_where_the_mouse_is(canvas: CanvasView) -> None:
    reported: list[tuple[int, int]] = []
    canvas.hovered.connect(lambda x, y: reported.append((x, y)))
    mouse = QPointF(_screen(canvas, 40, 10))
    none, no_button = Qt.KeyboardModifier.NoModifier, Qt.MouseButton.NoButton
    place, turn, phase = canvas.viewport().mapToGlobal(mouse), QPoint(0, 240), Qt.ScrollPhase.NoScrollPhase
    canvas.wheelEvent(QWheelEvent(mouse, place, QPoint(), turn, no_button, none, phase, False))
    assert set(reported) == {(40, 10)}


# ---------------------------------------------------------------------------------------------------- order and opacity


RED = color_table(np.array([(0, 0, 0), (255, 0, 0)], np.uint8), np.array([0.0, 1.0]))
GREEN = color_table(np.array([(0, 0, 0), (0, 255, 0)], np.uint8), np.array([0.0, 1.0]))


def _cover_with_labels_and_segments(canvas: CanvasView) -> None:
    ones = np.ones((HEIGHT, WIDTH), np.uint8)
    canvas.stage.set_overlay_size((HEIGHT, WIDTH))
    canvas.stage.labels.set_table(RED)
    canvas.stage.labels.set_map(IndexMap(ones))
    _show_owners(canvas, ones, GREEN)
    canvas.stage.outlines.hide()
    for kind in ("labels", "segments"):
        canvas.stage.show_layer(kind, True, 1.0)


def test_overlays_lie_in_the_order_they_are_put_into(canvas: CanvasView) -> None:
    _cover_with_labels_and_segments(canvas)
    assert _color(canvas, 30, 20) == (0, 255, 0)
    canvas.stage.set_order(("segments", "boxes", "labels", "void"))
    assert _color(canvas, 30, 20) == (255, 0, 0)


@pytest.mark.parametrize("opacity", [0.0, 0.25, 0.5, 1.0])
def test_an_overlay_covers_by_its_opacity(canvas: CanvasView, opacity: float) -> None:
    _cover_with_labels_and_segments(canvas)
    canvas.stage.show_layer("labels", False, 1.0)
    canvas.stage.show_layer("segments", True, opacity)
    expected = ((1 - opacity) * 120, (1 - opacity) * 120 + opacity * 255, 0)
    assert np.abs(np.subtract(_color(canvas, 30, 20), expected)).max() <= 2
    assert canvas.stage.segments.isVisible() == (opacity > 0)


def test_void_is_striped_where_nobody_is_and_only_there(canvas: CanvasView) -> None:
    owners = np.ones((HEIGHT, WIDTH), np.uint8)
    owners[10:30, 20:40] = 0
    canvas.stage.set_overlay_size((HEIGHT, WIDTH))
    _show_owners(canvas, owners, color_table(np.zeros((2, 3), np.uint8), 0.0))
    bare = canvas.viewport().grab().toImage()
    canvas.stage.show_layer("void", True, 1.0)
    striped = canvas.viewport().grab().toImage()
    inside = canvas.viewportTransform().mapRect(QRectF(20, 10, 20, 20)).toRect()
    row = inside.center().y()
    light = [QColor(striped.pixel(x, row)).lightness() > 128 for x in range(inside.left() + 2, inside.right() - 2)]
    runs = np.diff(np.flatnonzero(np.diff(np.array(light, int))))
    assert set(runs.tolist()) == {5}, "stripes of a constant width on the screen"
    outside = _screen(canvas, 5, 5)
    assert striped.pixel(outside) == bare.pixel(outside)
    canvas.zoom_by(3)
    owners[:] = 1
    canvas.stage.repaint_segments([(0, 0, HEIGHT, WIDTH)])
    here = canvas.viewport().rect().center()
    whole = canvas.viewport().grab().toImage().pixel(here)
    canvas.stage.show_layer("void", False, 1.0)
    assert canvas.viewport().grab().toImage().pixel(here) == whole, "nothing is void any more"


def test_the_segment_under_the_mouse_is_lighter(canvas: CanvasView) -> None:
    owners = np.ones((HEIGHT, WIDTH), np.uint8)
    owners[:, 30:] = 2
    canvas.stage.set_overlay_size((HEIGHT, WIDTH))
    _show_owners(canvas, owners, color_table(np.zeros((3, 3), np.uint8), 0.0))
    before = _color(canvas, 10, 20), _color(canvas, 50, 20)
    canvas.stage.light_up(2)
    assert _color(canvas, 10, 20) == before[0]
    assert sum(_color(canvas, 50, 20)) > sum(before[1]) + 60
    canvas.stage.light_up(0)
    assert _color(canvas, 50, 20) == before[1]


def test_names_stand_inside_their_segments_and_never_meet(canvas: CanvasView, qtbot: Any) -> None:
    owners = np.zeros((HEIGHT, WIDTH), np.uint8)
    owners[:20, :30], owners[:20, 30:], owners[20:23, :] = 1, 2, 3
    owners[30:32, 50:52] = 4
    canvas.stage.set_overlay_size((HEIGHT, WIDTH))
    table = color_table(np.zeros((5, 3), np.uint8), 0.0)
    canvas.stage.set_owners(owners, {index: ("a long name", f"#{index}") for index in range(1, 5)})
    canvas.stage.set_segment_colors(table, table)
    written: list[tuple[int, QRectF]] = []
    holds = canvas.stage.names._holds

    def note(index: int, plate: QRectF, transform: Any) -> bool:
        fits = holds(index, plate, transform)
        if fits:
            written.append((index, plate))
        return fits

    canvas.stage.names._holds = note
    canvas.stage.names.setVisible(True)
    qtbot.waitUntil(lambda: canvas.stage.names._places is not None)
    written.clear()
    canvas.viewport().grab()
    assert {index for index, _ in written} == {1, 2, 3}, "four pixels have no room for a name"
    for index, plate in written:
        for corner in (plate.topLeft(), plate.topRight(), plate.bottomLeft(), plate.bottomRight()):
            x, y = canvas.pixel_at(corner)
            assert owners[y, x] == index
        assert not any(plate.intersects(other) for at, other in written if at != index)


def test_hidden_names_are_not_looked_for(canvas: CanvasView, qtbot: Any) -> None:
    canvas.stage.set_owners(np.ones((HEIGHT, WIDTH), np.uint8), {1: ("one",)})
    qtbot.wait(80)
    assert canvas.stage.names._places is None


def _tags(canvas: CanvasView) -> dict[str, tuple[float, ...]]:
    canvas.viewport().grab()
    return {box.text: place for box, place in canvas.stage.boxes._arranged.tags}


def test_a_pinned_text_is_shown_however_full_it_is_and_moves_no_other(canvas: CanvasView) -> None:
    canvas.stage.set_overlay_size((HEIGHT, WIDTH))
    crowd = [Box((10, 10, 14, 12), f"person {n}", (200, 0, 0)) for n in range(6)]
    last = Box((10, 10, 14, 12), "the chosen one", (0, 0, 200))
    canvas.stage.set_boxes([*crowd, last], (HEIGHT, WIDTH))
    before = _tags(canvas)
    assert "the chosen one" not in before
    canvas.stage.set_boxes([*crowd, dataclasses.replace(last, pinned=True)], (HEIGHT, WIDTH))
    after = _tags(canvas)
    assert list(after)[-1] == "the chosen one", "it is painted over the others"
    assert {text: after[text] for text in before} == before


def test_a_text_keeps_its_place_while_boxes_are_added_and_its_own_is_done(canvas: CanvasView) -> None:
    canvas.stage.set_overlay_size((HEIGHT, WIDTH))
    rng = np.random.default_rng(3)
    corners = rng.uniform((0, 0), (WIDTH - 20, HEIGHT - 16), (150, 2))
    boxes = [Box((x, y, x + 18, y + 14), f"car #{n} 0.50", (0, 0, 200)) for n, (x, y) in enumerate(corners)]
    places: dict[str, tuple[float, ...]] = {}
    overlapping = 0
    for count, box in enumerate(boxes):
        current = dataclasses.replace(box, pinned=True, strong=True, more=" · kept")
        canvas.stage.set_boxes(boxes[:count], (HEIGHT, WIDTH))
        canvas.stage.set_step_boxes([current], (HEIGHT, WIDTH))
        shown = _tags(canvas)
        assert places.items() <= shown.items(), "none of those that were there has moved"
        ((_, place),) = canvas.stage.step_boxes._arranged.tags
        fits = canvas.stage.boxes.tags(canvas.viewportTransform(), QRectF(canvas.viewport().rect()))
        places = shown
        canvas.stage.set_boxes(boxes[: count + 1], (HEIGHT, WIDTH))
        done = _tags(canvas).get(box.text)
        if done is None:
            overlapping += 1
            assert any(QRectF(*place).intersects(QRectF(*other)) for other in fits)
        else:
            at_the_edge = place[0] + place[2] >= canvas.viewport().width() - 0.01
            assert done[1] == place[1]
            assert done[0] >= place[0] if at_the_edge else done[0] == place[0]
    assert 0 < overlapping < len(boxes)


def test_no_word_moves_when_a_caption_comes_whose_room_was_reserved(canvas: CanvasView) -> None:
    canvas.stage.set_overlay_size((HEIGHT, WIDTH))
    canvas.zoom_by(1.5)
    canvas.stage.set_boxes([Box((20, 9, 40, 30), "car #1 0.90", (0, 0, 200))], (HEIGHT, WIDTH))
    canvas.pan_by(QPointF(0, 14 - _screen(canvas, 20, 9).y()))
    free = _tags(canvas)
    canvas.reserve_caption("12,345 contested pixels: held by earlier boxes, which speaks against this one")
    before = _tags(canvas)
    canvas.set_caption("12,345 contested pixels: held by earlier boxes, which speaks against this one")
    assert _tags(canvas) == before != free
    assert canvas._longest_caption.geometry() == canvas._caption.geometry()
    assert canvas._longest_caption.isHidden()


@pytest.mark.parametrize("reason", ["TabFocusReason", "BacktabFocusReason", "ShortcutFocusReason"])
def test_the_focus_is_framed_where_the_keyboard_brought_it_and_moves_nothing(
    canvas: CanvasView, qtbot: Any, reason: str
) -> None:
    accent = canvas.palette().highlight().color()
    before = canvas.place
    QApplication.sendEvent(canvas, QFocusEvent(QEvent.Type.FocusIn, getattr(Qt.FocusReason, reason)))
    shown = canvas.viewport().grab().toImage()
    width, height = shown.width(), shown.height()
    for x, y in ((0, 0), (width - 1, 0), (1, height // 2), (width // 2, height - 1)):
        assert shown.pixelColor(x, y) == accent
    assert shown.pixelColor(3, 3) != accent
    assert canvas.place == before
    QTest.mouseClick(canvas.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(5, 5))
    assert canvas._focus_frame.isHidden(), "one knows where one has clicked"


def test_the_focus_of_the_mouse_is_not_framed_and_a_window_comes_back_as_it_was(canvas: CanvasView) -> None:
    def take(kind: QEvent.Type, reason: Qt.FocusReason) -> bool:
        QApplication.sendEvent(canvas, QFocusEvent(kind, reason))
        return not canvas._focus_frame.isHidden()

    reasons = Qt.FocusReason
    assert not take(QEvent.Type.FocusIn, reasons.MouseFocusReason)
    assert not take(QEvent.Type.FocusIn, reasons.OtherFocusReason)
    assert take(QEvent.Type.FocusIn, reasons.TabFocusReason)
    assert not take(QEvent.Type.FocusOut, reasons.ActiveWindowFocusReason)
    assert take(QEvent.Type.FocusIn, reasons.ActiveWindowFocusReason)
    canvas.resize(500, 400)
    assert canvas._focus_frame.size() == canvas.viewport().size()
    assert not take(QEvent.Type.FocusOut, reasons.TabFocusReason)


# ------------------------------------------------------------------------------------------------------- another photo


def test_a_photo_of_the_same_size_is_shown_at_the_same_place_and_another_is_fitted(canvas: CanvasView) -> None:
    canvas.zoom_by(5)
    place = canvas.place
    canvas.set_photo(None)
    canvas.set_photo(np.zeros((HEIGHT, WIDTH, 3), np.uint8))
    assert canvas.place.is_near(place)
    canvas.go_back()
    assert canvas.place.fitted, "and where one came from is still known"
    canvas.set_photo(np.zeros((HEIGHT, WIDTH + 1, 3), np.uint8))
    assert canvas.place.fitted
    canvas.go_back()
    assert canvas.place.fitted, "places of another size mean nothing here"


# ------------------------------------------------------------------------------------------------- minimap and pictures


def test_the_minimap_shows_where_one_is_only_while_something_is_out_of_view(canvas: CanvasView) -> None:
    assert canvas.minimap.isHidden()
    canvas.zoom_by(6)
    assert canvas.minimap.isVisible()
    geometry = canvas.minimap.geometry()
    assert geometry.left() == canvas.viewport().height() - geometry.bottom() - 1 == 12
    canvas.show_minimap(False)
    assert canvas.minimap.isHidden()
    canvas.show_minimap(True)
    canvas.fit()
    assert canvas.minimap.isHidden()


def test_a_click_in_the_minimap_goes_there_and_can_be_gone_back_from(canvas: CanvasView) -> None:
    canvas.zoom_by(8)
    before = canvas.place
    canvas._gesture.stop()
    size = canvas.minimap.size()
    QTest.mouseClick(canvas.minimap, Qt.MouseButton.LeftButton, pos=QPoint(size.width() // 4, size.height() // 4))
    assert abs(canvas.place.x - WIDTH / 4) < 1
    assert abs(canvas.place.y - HEIGHT / 4) < 1
    canvas.go_back()
    assert canvas.place.is_near(before)


def test_a_large_photo_is_shown_at_once_and_refined_in_the_background(canvas: CanvasView, qtbot: Any) -> None:
    large = np.zeros((1500, 1400, 3), np.uint8)
    large[::2, ::2] = large[1::2, 1::2] = 200
    with qtbot.waitSignal(canvas.stage.refined, timeout=5000):
        canvas.set_photo(large)
        assert {_color(canvas, x, 700)[0] for x in range(600, 640)} <= {0, 200}
        assert not canvas.minimap.has_photo
    assert canvas.minimap.has_photo
    assert abs(_color(canvas, 700, 700)[0] - 100) < 30


def test_the_picture_of_the_view_is_what_the_view_shows_of_the_photo(canvas: CanvasView) -> None:
    canvas.set_chip("car")
    canvas.set_caption("contested")
    canvas.stage.set_overlay_size((HEIGHT, WIDTH))
    canvas.stage.set_boxes([Box((20, 10, 40, 30), "", (255, 0, 255))], (HEIGHT, WIDTH))
    picture = canvas.picture()
    part = canvas.viewportTransform().mapRect(QRectF(0, 0, WIDTH, HEIGHT))
    assert abs(picture.width() - part.width()) <= 2
    assert abs(picture.height() - part.height()) <= 2
    canvas.set_chip("")
    canvas.set_caption("")
    shown = canvas.viewport().grab().toImage()
    left, top = round(part.left() + 0.499), round(part.top() + 0.499)
    places = [(x, y) for x in range(0, picture.width(), 23) for y in range(0, picture.height(), 17)]
    assert all(picture.pixel(x, y) == shown.pixel(left + x, top + y) for x, y in places)


def test_there_is_no_picture_of_a_photo_out_of_view(canvas: CanvasView) -> None:
    canvas.pan_by(QPointF(5000, 0))
    assert canvas.picture().isNull()


# --------------------------------------------------------------------------------------------------------------- scales


AT_A_SCALE = """
import numpy as np
from PySide6.QtCore import QPointF
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication
application = QApplication([])
from lpsnet_studio.canvas.colors import color_table
from lpsnet_studio.canvas.view import CanvasView
canvas = CanvasView()
canvas.resize(501, 401)
canvas.show()
pixels = np.zeros((40, 60, 3), np.uint8)
pixels[:, :, 0], pixels[:, :, 1] = np.arange(60) * 4, (np.arange(40) * 6)[:, None]
canvas.set_photo(pixels)
owners = np.zeros((40, 60), np.uint8)
owners[10:30, 20:40] = 1
canvas.stage.set_overlay_size((40, 60))
canvas.stage.set_owners(owners, {})
table = color_table(np.array([(0, 0, 0), (0, 0, 255)], np.uint8), np.array([0.0, 1.0]))
canvas.stage.set_segment_colors(table, table)
ratio = canvas.devicePixelRatioF()
for zoom in (1.0, 3.7):
    canvas.zoom_by(zoom)
    image = canvas.viewport().grab().toImage()
    for y, x in np.ndindex(40, 60):
        place = canvas.viewportTransform().map(QPointF(x + 0.5, y + 0.5))
        if canvas.viewport().rect().adjusted(3, 3, -3, -3).contains(place.toPoint()):
            seen = QColor(image.pixel(int(place.x() * ratio), int(place.y() * ratio))).getRgb()[:3]
            wanted = (0, 0, 255) if owners[y, x] else (4 * x, 6 * y, 0)
            covered = canvas.minimap.isVisible() and canvas.minimap.geometry().contains(place.toPoint())
            assert covered or seen == wanted, (zoom, x, y, seen, wanted)
            assert canvas.pixel_at(place) == (x, y)
picture = canvas.picture()
assert picture.devicePixelRatio() == ratio
print(ratio, picture.width())
"""


@pytest.mark.parametrize("scale", ["1.5", "2"])
def test_every_pixel_is_where_it_belongs_at_any_scale_of_the_screen(scale: str) -> None:
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "QT_SCALE_FACTOR": scale}
    done = subprocess.run(
        [sys.executable, "-c", AT_A_SCALE], capture_output=True, text=True, check=False, env=environment, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"{float(scale)} ")


class _Notes:
    """A hand that writes down what it is told."""

    def __init__(self) -> None:
        self.told: list[tuple[Any, ...]] = []
        self.keys = {"enter", "escape", "5"}

    def key(self, name: str) -> None:
        self.told.append(("key", name))

    def press(self, x: float, y: float, grip: Grip) -> None:
        self.told.append(("press", int(x), int(y), grip.shift, grip.control, grip.alt))

    def move(self, x: float, y: float, grip: Grip, *, is_down: bool) -> None:
        self.told.append(("move", int(x), int(y), is_down))

    def release(self, x: float, y: float, grip: Grip) -> None:
        self.told.append(("release", int(x), int(y)))

    def double_click(self, x: float, y: float, grip: Grip) -> None:
        self.told.append(("double click", int(x), int(y)))

    def leave(self) -> None:
        self.told.append(("leave",))

    def lose(self) -> None:
        self.told.append(("lose",))


def test_a_hand_gets_the_left_button_and_nothing_is_selected(canvas: CanvasView) -> None:
    clicked, hand = [], _Notes()
    canvas.clicked.connect(lambda x, y: clicked.append((x, y)))
    canvas.set_hand(hand)
    view, left = canvas.viewport(), Qt.MouseButton.LeftButton
    QTest.mousePress(view, left, Qt.KeyboardModifier.ControlModifier, _screen(canvas, 5, 30))
    QTest.mouseMove(view, _screen(canvas, 9, 31))
    QTest.mouseRelease(view, left, pos=_screen(canvas, 9, 31))
    QTest.mouseDClick(view, left, pos=_screen(canvas, 12, 7))
    told = [each for each in hand.told if each[0] not in ("leave", "move") or each[-1]]
    assert told[:3] == [("press", 5, 30, False, True, False), ("move", 9, 31, True), ("release", 9, 31)]
    assert ("double click", 12, 7) in told
    assert not clicked
    canvas.set_hand(None)
    QTest.mouseClick(view, left, pos=_screen(canvas, 5, 30))
    assert clicked == [(5, 30)]


def test_panning_passes_a_hand_by(canvas: CanvasView) -> None:
    hand = _Notes()
    canvas.set_hand(hand)
    view, start = canvas.viewport(), _screen(canvas, 30, 20)
    QTest.keyPress(canvas, Qt.Key.Key_Space)
    QTest.mousePress(view, Qt.MouseButton.LeftButton, pos=start)
    QTest.mouseMove(view, start + QPoint(40, 0))
    QTest.mouseRelease(view, Qt.MouseButton.LeftButton, pos=start + QPoint(40, 0))
    QTest.keyRelease(canvas, Qt.Key.Key_Space)
    QTest.mousePress(view, Qt.MouseButton.MiddleButton, pos=start)
    QTest.mouseRelease(view, Qt.MouseButton.MiddleButton, pos=start)
    assert not [each for each in hand.told if each[0] in ("press", "release")]


def test_a_stroke_whose_end_goes_elsewhere_is_lost_and_not_ended(canvas: CanvasView) -> None:
    hand = _Notes()
    canvas.set_hand(hand)
    QTest.mousePress(canvas.viewport(), Qt.MouseButton.LeftButton, pos=_screen(canvas, 5, 30))
    QApplication.sendEvent(canvas, QFocusEvent(QEvent.Type.FocusOut, Qt.FocusReason.ActiveWindowFocusReason))
    QTest.mouseRelease(canvas.viewport(), Qt.MouseButton.LeftButton, pos=_screen(canvas, 5, 30))
    assert hand.told[-1] == ("lose",)


def test_the_mouse_looks_like_a_tool_while_there_is_a_hand(canvas: CanvasView) -> None:
    canvas.set_hand(_Notes())
    assert canvas.viewport().cursor().shape() == Qt.CursorShape.CrossCursor
    QTest.keyPress(canvas, Qt.Key.Key_Space)
    assert canvas.viewport().cursor().shape() == Qt.CursorShape.OpenHandCursor
    QTest.keyRelease(canvas, Qt.Key.Key_Space)
    assert canvas.viewport().cursor().shape() == Qt.CursorShape.CrossCursor
    canvas.set_hand(None)
    assert canvas.viewport().cursor().shape() == Qt.CursorShape.ArrowCursor


def test_keys_of_a_hand_are_no_shortcuts_and_others_are(canvas: CanvasView, qtbot: Any) -> None:
    hand, triggered = _Notes(), []
    for key in ("5", "6", "Ctrl+5", "Esc"):
        action = QAction(key, canvas)
        action.setShortcut(key)
        action.triggered.connect(lambda _checked=False, key=key: triggered.append(key))
        canvas.addAction(action)
    canvas.activateWindow()
    canvas.setFocus()
    qtbot.waitUntil(canvas.hasFocus)
    canvas.set_hand(hand)
    for key, modifier in (
        (Qt.Key.Key_5, "NoModifier"),
        (Qt.Key.Key_6, "NoModifier"),
        (Qt.Key.Key_5, "ControlModifier"),
    ):
        QTest.keyClick(canvas.window().windowHandle(), key, Qt.KeyboardModifier[modifier])
    QTest.keyClick(canvas.window().windowHandle(), Qt.Key.Key_Escape)
    QTest.keyClick(canvas.window().windowHandle(), Qt.Key.Key_Return)
    assert hand.told == [("key", "5"), ("key", "escape"), ("key", "enter")]
    assert triggered == ["6", "Ctrl+5"]
    canvas.set_hand(None)
    QTest.keyClick(canvas.window().windowHandle(), Qt.Key.Key_5)
    assert triggered[-1] == "5"


def test_another_stage_of_the_photo_has_overlays_and_words_of_its_own(canvas: CanvasView) -> None:
    red = color_table(np.array([(0, 0, 0), (255, 0, 0)], np.uint8), np.array([0.0, 1.0]))
    owners = np.ones((HEIGHT, WIDTH), np.uint8)
    first, other = canvas.stage, canvas.add_stage()
    other.set_owners(owners, {})
    other.set_segment_colors(red, red)
    for kind in ("segments",):
        other.show_layer(kind, on=True, opacity=1.0)
    canvas.set_caption("of the first")
    canvas.zoom_to_rectangle(QRectF(10, 10, 8, 8))
    place, before = canvas.place, _color(canvas, 12, 12)
    canvas.show_stage(other)
    assert canvas.place == place
    assert _color(canvas, 12, 12) == (255, 0, 0)
    assert not canvas._caption.isVisible()
    canvas.set_chip("of the first")
    canvas.set_chip("of the other", other)
    assert canvas._chip.text() == "of the other"
    canvas.show_stage()
    assert canvas.stage is first
    assert _color(canvas, 12, 12) == before
    assert canvas._caption.text() == "of the first"
    assert canvas._chip.text() == "of the first"


def test_all_stages_show_the_next_photo_and_share_its_smaller_versions(canvas: CanvasView, qtbot: Any) -> None:
    other = canvas.add_stage()
    pixels = np.full((1500, 1200, 3), 90, np.uint8)
    canvas.set_photo(pixels)
    assert other.size == (1500, 1200)
    assert other.photo.pyramid is canvas.stage.photo.pyramid
    refined = []
    other.refined.connect(lambda: refined.append(True))
    qtbot.waitUntil(lambda: bool(refined))
    canvas.set_photo(pixels[:100])
    assert other.size == (100, 1200)
