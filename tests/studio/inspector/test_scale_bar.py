"""The ends of a scale are dragged, typed and moved by keys, and the number under the mouse is marked."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest

from lpsnet.maps import HeatMap, MapPlacement
from lpsnet_studio.canvas.colormaps import Scale, colormap
from lpsnet_studio.inspector.scale_bar import EndBox, ScaleBar

LEFT = Qt.MouseButton.LeftButton


def heat(low: float = 0.0) -> HeatMap:
    return HeatMap(np.zeros((2, 2), np.float32), MapPlacement(), "map", low=low)


@pytest.fixture
def bar(qtbot: Any, theme: Any) -> ScaleBar:
    made = ScaleBar(theme)
    qtbot.addWidget(made)
    made.resize(220, made.sizeHint().height())
    made.set_map(heat(), Scale("magma", 0.2, 0.8))
    made.show()
    return made


@pytest.fixture
def moves(bar: ScaleBar) -> list[tuple[str, float]]:
    heard: list[tuple[str, float]] = []
    bar.end_moved.connect(lambda end, value: heard.append((end, value)))
    return heard


def at(bar: ScaleBar, value: float) -> QPoint:
    return QPoint(round(bar.x_of(value)), bar.height() // 2)


def test_places_and_numbers_belong_to_each_other(bar: ScaleBar) -> None:
    for value in (0.0, 0.35, 1.0):
        assert bar.value_at(bar.x_of(value)) == pytest.approx(value)
    assert (bar.value_at(-50), bar.value_at(900)) == (0, 1)


def test_the_nearer_end_is_dragged(bar: ScaleBar, moves: list[tuple[str, float]]) -> None:
    for start, end in ((0.25, "low"), (0.7, "high")):
        moves.clear()
        QTest.mousePress(bar, LEFT, Qt.KeyboardModifier.NoModifier, at(bar, start))
        QTest.mouseMove(bar, at(bar, 0.5))
        QTest.mouseRelease(bar, LEFT, Qt.KeyboardModifier.NoModifier, at(bar, 0.5))
        assert moves[-1] == (end, pytest.approx(0.5, abs=0.01))
        QTest.mouseMove(bar, at(bar, 0.9))
        assert moves[-1][1] == pytest.approx(0.5, abs=0.01), "let go of"


def test_a_press_near_an_end_takes_hold_without_moving_it(bar: ScaleBar, moves: list[tuple[str, float]]) -> None:
    QTest.mousePress(bar, LEFT, Qt.KeyboardModifier.NoModifier, at(bar, 0.2) + QPoint(5, 0))
    assert moves == []
    assert bar.active == "low"


def test_ends_upon_each_other_can_be_pulled_apart(bar: ScaleBar, moves: list[tuple[str, float]]) -> None:
    bar.set_map(heat(), Scale("magma", 0.5, 0.5))
    for value, end in ((0.4, "low"), (0.6, "high")):
        QTest.mouseClick(bar, LEFT, Qt.KeyboardModifier.NoModifier, at(bar, value))
        assert moves[-1][0] == end


def test_keys_move_an_end_and_go_to_the_other(bar: ScaleBar, moves: list[tuple[str, float]]) -> None:
    QTest.keyClick(bar, Qt.Key.Key_Left)
    QTest.keyClick(bar, Qt.Key.Key_PageUp)
    QTest.keyClick(bar, Qt.Key.Key_Space)
    QTest.keyClick(bar, Qt.Key.Key_Right)
    QTest.keyClick(bar, Qt.Key.Key_Home)
    assert moves == [("high", 0.79), ("high", 0.9), ("low", 0.21), ("low", 0.0)]


def test_a_double_click_resets(bar: ScaleBar) -> None:
    heard: list[bool] = []
    bar.reset_wanted.connect(lambda: heard.append(True))
    QTest.mouseDClick(bar, LEFT, Qt.KeyboardModifier.NoModifier, at(bar, 0.5))
    assert heard == [True]


def test_colours_run_between_the_ends_and_stay_beyond_them(bar: ScaleBar) -> None:
    image = bar.grab().toImage().convertToFormat(QImage.Format.Format_RGB888)

    def painted(value: float) -> list[int]:
        color = image.pixelColor(round(bar.x_of(value)), 25)
        return [color.red(), color.green(), color.blue()]

    magma = colormap("magma").astype(int)
    assert np.abs(np.array(painted(0.1)) - magma[0]).max() <= 3
    assert np.abs(np.array(painted(0.9)) - magma[255]).max() <= 3
    assert np.abs(np.array(painted(0.5)) - magma[128]).max() <= 12


def test_the_number_under_the_mouse_is_marked_where_it_lies(bar: ScaleBar) -> None:
    before = bar.grab().toImage()
    bar.set_reading(0.6, "0.60")
    after = bar.grab().toImage()
    x = round(bar.x_of(0.6))
    assert bar.reading == "0.60"
    assert before.pixelColor(x, 25) != after.pixelColor(x, 25)
    bar.set_reading(None)
    assert bar.grab().toImage() == before


def test_an_end_is_typed_with_a_comma_and_a_sign(qtbot: Any) -> None:
    box = EndBox("Lower end", "where the colours begin")
    qtbot.addWidget(box)
    box.show_value(heat(-1.0), -0.5)
    heard: list[float] = []
    box.valueChanged.connect(heard.append)
    assert box.text() == "\u22120.50"
    for typed, expected in (("-0,25", -0.25), ("0.5", 0.5)):
        box.selectAll()
        QTest.keyClicks(box, typed)
        QTest.keyClick(box, Qt.Key.Key_Return)
        assert heard[-1] == expected
    box.selectAll()
    QTest.keyClicks(box, "x7")
    QTest.keyClick(box, Qt.Key.Key_Return)
    assert heard == [-0.25, 0.5], "letters are not taken, and 7 is beyond what the map can hold"
