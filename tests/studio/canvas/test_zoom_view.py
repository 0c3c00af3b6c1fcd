"""The view that is zoomed and panned: what stays under the mouse, and the way back."""

from __future__ import annotations

from math import floor
from typing import Any

import pytest
from PySide6.QtCore import QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QGraphicsScene

from lpsnet_studio.canvas.zoom_view import ZoomView

HEIGHT, WIDTH = 40, 60


@pytest.fixture
def view(qtbot: Any) -> ZoomView:
    made = ZoomView()
    qtbot.addWidget(made)
    made.setScene(QGraphicsScene(made))
    made.resize(700, 500)
    made.show()
    qtbot.waitExposed(made)
    made.set_picture_size((HEIGHT, WIDTH))
    return made


def _screen(view: ZoomView, x: float, y: float) -> QPoint:
    return view.viewportTransform().map(QPointF(x + 0.5, y + 0.5)).toPoint()


def _pixel_at(view: ZoomView, position: QPointF) -> tuple[int, int]:
    inverse, _ = view.viewportTransform().inverted()
    place = inverse.map(position)
    return floor(place.x()), floor(place.y())


def test_middle_drag_pans_and_fit_comes_back(view: ZoomView) -> None:
    start = _screen(view, 30, 20)
    QTest.mousePress(view.viewport(), Qt.MouseButton.MiddleButton, pos=start)
    QTest.mouseMove(view.viewport(), start + QPoint(50, 30))
    QTest.mouseRelease(view.viewport(), Qt.MouseButton.MiddleButton, pos=start + QPoint(50, 30))
    moved = _screen(view, 30, 20) - start
    assert abs(moved.x() - 50) <= 1
    assert abs(moved.y() - 30) <= 1
    view.fit()
    assert (_screen(view, 30, 20) - start).manhattanLength() <= 1


# --------------------------------------------------------------------------------------------------------------- places


def test_jumps_can_be_gone_back_from_and_forward_to(view: ZoomView) -> None:
    fitted = view.place
    view.zoom_to(20.0)
    near = view.place
    view.zoom_to_rectangle(QRectF(40, 20, 4, 4))
    nearer = view.place
    view.go_back()
    assert view.place.is_near(near)
    view.go_back()
    assert view.place.is_near(fitted)
    assert view.place.fitted
    view.go_back()
    view.go_forward()
    view.go_forward()
    assert view.place.is_near(nearer)


def test_turns_of_the_wheel_that_follow_each_other_are_one_place(view: ZoomView) -> None:
    before = view.place
    for _ in range(5):
        view.zoom_by(1.25)
        view.pan_by(QPointF(20, 5))
    view.go_back()
    assert view.place.is_near(before)


def test_a_rectangle_that_is_zoomed_to_is_in_the_middle_and_whole(view: ZoomView) -> None:
    view.zoom_to_rectangle(QRectF(10, 20, 8, 12))
    shown = view.viewportTransform().mapRect(QRectF(10, 20, 8, 12))
    assert QRectF(view.viewport().rect()).contains(shown)
    assert shown.height() == pytest.approx(0.7 * view.viewport().height(), rel=0.02)
    assert (shown.center() - QPointF(view.viewport().rect().center())).manhattanLength() < 3


def test_the_middle_stays_when_the_window_changes_its_size(view: ZoomView) -> None:
    view.zoom_to_rectangle(QRectF(10, 20, 8, 12))
    middle = view.place
    view.resize(420, 380)
    assert view.place.is_near(middle)


# ------------------------------------------------------------------------------------------------- wheels and touchpads


def _wheel(view: ZoomView, at: QPointF, pixels: QPoint, angle: QPoint, modifiers: Any, phase: Any) -> QWheelEvent:
    none = Qt.MouseButton.NoButton
    return QWheelEvent(at, view.viewport().mapToGlobal(at), pixels, angle, none, modifiers, phase, False)


def test_the_wheel_zooms_at_the_mouse(view: ZoomView) -> None:
    mouse, before = QPointF(_screen(view, 40, 10)), view.zoom
    none, no_phase = Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase
    view.wheelEvent(_wheel(view, mouse, QPoint(), QPoint(0, 240), none, no_phase))
    assert view.zoom == pytest.approx(before * 1.25**2)
    assert _pixel_at(view, mouse) == (40, 10)


def test_parts_of_a_notch_add_up_to_a_notch(view: ZoomView) -> None:
    mouse, before = QPointF(_screen(view, 40, 10)), view.zoom
    for _ in range(8):
        event = _wheel(
            view,
            mouse,
            QPoint(),
            QPoint(0, 15),
            Qt.KeyboardModifier.NoModifier,
            Qt.ScrollPhase.NoScrollPhase,
        )
        view.wheelEvent(event)
    assert view.zoom == pytest.approx(before * 1.25)
    assert _pixel_at(view, mouse) == (40, 10)


def test_many_small_moves_lose_nothing(view: ZoomView) -> None:
    start, mouse = view.place, QPointF(600, 100)
    for _ in range(300):
        view.pan_by(QPointF(0.4, -0.3))
        view.zoom_by(1.003, mouse)
    for _ in range(300):
        view.zoom_by(1 / 1.003, mouse)
        view.pan_by(QPointF(-0.4, 0.3))
    assert view.place.x == pytest.approx(start.x, abs=1e-6)
    assert view.place.y == pytest.approx(start.y, abs=1e-6)


def test_two_fingers_pan_and_zoom_with_control(view: ZoomView) -> None:
    mouse, before, start = QPointF(_screen(view, 40, 10)), view.zoom, _screen(view, 30, 20)
    phase = Qt.ScrollPhase.ScrollUpdate
    view.wheelEvent(_wheel(view, mouse, QPoint(30, -12), QPoint(60, -24), Qt.KeyboardModifier.NoModifier, phase))
    assert view.zoom == before
    assert (_screen(view, 30, 20) - start - QPoint(30, -12)).manhattanLength() <= 1
    pixel = _pixel_at(view, mouse)
    view.wheelEvent(_wheel(view, mouse, QPoint(0, 30), QPoint(0, 120), Qt.KeyboardModifier.ControlModifier, phase))
    assert view.zoom == pytest.approx(before * 1.25)
    assert _pixel_at(view, mouse) == pixel


def test_a_pinch_zooms_at_the_fingers(view: ZoomView) -> None:
    from PySide6.QtGui import QNativeGestureEvent, QPointingDevice

    mouse, before = QPointF(_screen(view, 40, 10)), view.zoom
    device = QPointingDevice.primaryPointingDevice()
    event = QNativeGestureEvent(
        Qt.NativeGestureType.ZoomNativeGesture,
        device,
        2,
        mouse,
        mouse,
        view.viewport().mapToGlobal(mouse),
        0.5,
        QPointF(),
    )
    assert view.viewportEvent(event)
    assert view.zoom == pytest.approx(before * 1.5)
    assert _pixel_at(view, mouse) == (40, 10)
