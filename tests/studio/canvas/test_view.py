"""The canvas in a real widget: where a pixel of the photo lies on the screen, and what is painted there."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QWheelEvent
from PySide6.QtTest import QTest

from lpsnet_studio.canvas.boxes import Box
from lpsnet_studio.canvas.colors import color_table
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


def test_the_wheel_zooms_at_the_mouse(canvas: CanvasView) -> None:
    mouse = QPointF(_screen(canvas, 40, 10))
    before = canvas.zoom
    event = QWheelEvent(
        mouse,
        canvas.viewport().mapToGlobal(mouse),
        QPoint(),
        QPoint(0, 240),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    canvas.wheelEvent(event)
    assert canvas.zoom == pytest.approx(before * 1.25**2)
    assert canvas.pixel_at(mouse) == (40, 10)


def test_middle_drag_pans_and_fit_comes_back(canvas: CanvasView) -> None:
    start = _screen(canvas, 30, 20)
    QTest.mousePress(canvas.viewport(), Qt.MouseButton.MiddleButton, pos=start)
    QTest.mouseMove(canvas.viewport(), start + QPoint(50, 30))
    QTest.mouseRelease(canvas.viewport(), Qt.MouseButton.MiddleButton, pos=start + QPoint(50, 30))
    moved = _screen(canvas, 30, 20) - start
    assert abs(moved.x() - 50) <= 1
    assert abs(moved.y() - 30) <= 1
    canvas.fit()
    assert (_screen(canvas, 30, 20) - start).manhattanLength() <= 1


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
