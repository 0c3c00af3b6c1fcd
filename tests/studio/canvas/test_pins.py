"""Pins stand on their pixels, keep their size on the screen, and the chosen one is light."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest

from lpsnet_studio.canvas.view import CanvasView
from lpsnet_studio.session import Session
from tests.studio.hand_made import ListeningService, open_first

SIZE = (40, 60)
GREY = 90


@pytest.fixture
def canvas(qtbot: Any, theme: Any) -> CanvasView:
    made = CanvasView()
    qtbot.addWidget(made)
    made.resize(500, 400)
    made.show()
    made.set_photo(np.full((*SIZE, 3), GREY, np.uint8))
    return made


def painted(canvas: CanvasView) -> np.ndarray:
    image = canvas.viewport().grab().toImage()
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return rows[:, : 4 * image.width()].reshape(image.height(), image.width(), 4)[..., :3].astype(int)


def tip(canvas: CanvasView, x: int, y: int) -> QPointF:
    return canvas.viewportTransform().map(QPointF(x + 0.5, y + 0.5))


def changed_around(canvas: CanvasView, before: np.ndarray) -> tuple[int, int, int, int]:
    rows, columns = np.nonzero((painted(canvas) != before).any(axis=2))
    return columns.min(), rows.min(), columns.max(), rows.max()


@pytest.mark.parametrize("zoom", [1.0, 4.0])
def test_a_pin_has_its_tip_on_its_pixel_and_its_size_at_any_zoom(canvas: CanvasView, zoom: float) -> None:
    canvas.zoom_to(zoom)
    before = painted(canvas)
    canvas.stage.pins.set_pins([(30, 20)], None, SIZE)
    left, top, right, bottom = changed_around(canvas, before)
    where = tip(canvas, 30, 20)
    assert abs((left + right) / 2 - where.x()) <= 1.5
    assert abs(bottom - where.y()) <= 3
    assert 20 <= right - left <= 26
    assert 36 <= bottom - top <= 42
    canvas.stage.pins.set_pins([], None, SIZE)
    np.testing.assert_array_equal(painted(canvas), before)


def test_the_chosen_pin_is_light_and_the_others_are_dark(canvas: CanvasView) -> None:
    canvas.stage.pins.set_pins([(10, 30), (50, 30)], (50, 30), SIZE)
    found = painted(canvas)
    shades = []
    for x in (10, 50):
        where = tip(canvas, x, 30)
        shades.append(found[round(where.y()) - 33, round(where.x())].mean())
    dark, light = shades
    assert dark < GREY - 40
    assert light > GREY + 100


def test_alt_and_a_click_pins_a_pixel_and_selects_nothing(
    window: Any, session: Session, service: ListeningService
) -> None:
    open_first(session, service)

    def click(x: int, y: int) -> None:
        place = window.canvas.viewportTransform().map(QPointF(x + 0.5, y + 0.5)).toPoint()
        alt, left = Qt.KeyboardModifier.AltModifier, Qt.MouseButton.LeftButton
        QTest.mouseClick(window.canvas.viewport(), left, alt, pos=place)

    click(12, 30)
    click(40, 40)
    click(-3, 10)
    assert session.selected == 0
    assert window.examination.pins == ((12, 30), (40, 40)), "what lies beside the photo cannot be pinned"
    assert window.examination.chosen == (40, 40)
    assert window.canvas.stage.pins.places == ((12, 30), (40, 40))
    assert window.docks["probe"].isVisible()
    window.actions_by_id["unpin_all"].trigger()
    assert window.canvas.stage.pins.places == ()


def test_removing_pins_is_offered_while_there_are_some(
    window: Any, session: Session, service: ListeningService
) -> None:
    open_first(session, service)
    action = window.actions_by_id["unpin_all"]
    assert not action.isEnabled()
    window.examination.pin((12, 30))
    assert action.isEnabled()
    action.trigger()
    assert action.isEnabled(), "once more brings it back"
    session.open_index(1)
    assert not action.isEnabled()


def test_pinning_leaves_the_keyboard_where_it_was(window: Any, session: Session, service: ListeningService) -> None:
    open_first(session, service)
    window.canvas.setFocus()
    session.point(12, 30)
    window.actions_by_id["pin_pixel"].trigger()
    assert window.canvas.hasFocus(), "the next pixel is pinned by P too"
