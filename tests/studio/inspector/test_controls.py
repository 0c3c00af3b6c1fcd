"""The parts of a control: scales, boxes that numbers are typed in, and what a hand does from start to end."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from lpsnet_studio.inspector.scales import PixelScale, ShareScale


@given(st.integers(0, 100_000_000))
def test_the_nearest_place_of_a_number_of_pixels_is_found(pixels: int) -> None:
    scale = PixelScale()
    values = [scale.value(place) for place in range(scale.last + 1)]
    chosen = scale.value(scale.place(pixels))
    assert abs(chosen - pixels) == min(abs(value - pixels) for value in values)


def test_places_of_pixels_grow_evenly_by_ratio() -> None:
    scale = PixelScale()
    values = [scale.value(place) for place in range(scale.last + 1)]
    assert values[:6] == [0, 1, 2, 3, 4, 5]
    assert values[-1] == 10_000_000
    assert values == sorted(set(values))
    ratios = [later / earlier for earlier, later in pairwise(values) if earlier >= 20]
    assert max(ratios) < 1.2
    assert [scale.place(value) for value in values] == list(range(scale.last + 1))


def test_shares_go_by_hundredths() -> None:
    scale = ShareScale()
    assert [scale.value(place) for place in (0, 35, 100)] == [0.0, 0.35, 1.0]
    assert [scale.place(share) for share in (0.0, 0.354, 0.356, 1.0)] == [0, 35, 36, 100]


@pytest.fixture
def reports() -> list[tuple[Any, bool]]:
    return []


@pytest.fixture
def slider(qtbot: Any, theme: Any, reports: list[tuple[Any, bool]]) -> Any:
    from lpsnet_studio.inspector.value_slider import ShareSlider

    made = ShareSlider("Overlap threshold", "What it does.", theme)
    made.set_default(0.3)
    made.set_value(0.3)
    made.resize(268, made.sizeHint().height())
    qtbot.addWidget(made)
    made.show()
    made.changed.connect(lambda value, goes_on: reports.append((value, goes_on)))
    return made


def test_keys_step_by_a_hundredth_and_a_page_is_five(slider: Any, reports: list[tuple[Any, bool]]) -> None:
    for key, expected in (
        (Qt.Key.Key_Right, 0.31),
        (Qt.Key.Key_PageUp, 0.36),
        (Qt.Key.Key_Left, 0.35),
        (Qt.Key.Key_PageDown, 0.3),
        (Qt.Key.Key_End, 1.0),
        (Qt.Key.Key_Home, 0.0),
    ):
        reports.clear()
        QTest.keyClick(slider.slider, key)
        assert reports == [(expected, True), (expected, False)]


def test_a_key_that_is_held_is_one_gesture(slider: Any, reports: list[tuple[Any, bool]]) -> None:
    for _ in range(3):
        QTest.keyPress(slider.slider, Qt.Key.Key_Right)
    assert reports == [(0.31, True), (0.32, True), (0.33, True)]
    QTest.keyRelease(slider.slider, Qt.Key.Key_Right)
    assert reports[3:] == [(0.33, False)]


def test_a_drag_reports_on_its_way_and_once_at_its_end(slider: Any, reports: list[tuple[Any, bool]]) -> None:
    inner = slider.slider
    middle = inner.height() // 2
    start = QPoint(round(0.3 * (inner.width() - 12)) + 6, middle)
    QTest.mousePress(inner, Qt.MouseButton.LeftButton, pos=start)
    for x in (start.x() + 30, start.x() + 60):
        QTest.mouseMove(inner, QPoint(x, middle))
    QTest.mouseRelease(inner, Qt.MouseButton.LeftButton, pos=QPoint(start.x() + 60, middle))
    assert len(reports) >= 2
    assert all(goes_on for _, goes_on in reports[:-1])
    assert reports[-1] == (slider.value(), False)
    assert slider.value() > 0.4


@pytest.mark.parametrize(
    ("typed", "value", "shown"),
    [
        ("0.35", 0.35, "0.35"),
        ("0,5", 0.5, "0.50"),
        ("0.4555", 0.4555, "0.4555"),
        (".1", 0.1, "0.10"),
        ("1", 1.0, "1.00"),
    ],
)
def test_a_share_is_typed_exactly(
    slider: Any, reports: list[tuple[Any, bool]], typed: str, value: float, shown: str
) -> None:
    slider.box.selectAll()
    QTest.keyClicks(slider.box, typed)
    assert reports == [], "nothing is reported while someone types"
    QTest.keyClick(slider.box, Qt.Key.Key_Return)
    assert reports[-1] == (value, False)
    assert slider.value() == value
    assert slider.box.text() == shown
    assert slider.slider.value() == round(100 * value)


@pytest.mark.parametrize("typed", ["2", "-1", "abc", "1e-2", "0.5.5", "1.01"])
def test_what_is_no_share_cannot_be_typed(slider: Any, typed: str) -> None:
    slider.box.selectAll()
    QTest.keyClicks(slider.box, typed)
    QTest.keyClick(slider.box, Qt.Key.Key_Return)
    assert 0 <= slider.value() <= 1
    assert slider.box.text() == slider.words(slider.value())


def test_a_value_between_two_places_stays_exact(slider: Any, reports: list[tuple[Any, bool]]) -> None:
    slider.set_value(0.3456)
    assert reports == []
    assert slider.value() == 0.3456
    assert slider.box.text() == "0.3456"
    assert slider.slider.value() == 35


def test_stepping_in_a_box_is_one_gesture_that_settles(
    slider: Any, reports: list[tuple[Any, bool]], qtbot: Any
) -> None:
    for _ in range(3):
        QTest.keyClick(slider.box, Qt.Key.Key_Up)
    assert [goes_on for _, goes_on in reports] == [True] * 3
    qtbot.waitUntil(lambda: reports[-1] == (0.33, False), timeout=2000)


def test_a_value_from_elsewhere_ends_a_gesture_silently(
    slider: Any, reports: list[tuple[Any, bool]], qtbot: Any
) -> None:
    QTest.keyClick(slider.box, Qt.Key.Key_Up)
    slider.set_value(0.3)
    qtbot.wait(600)
    assert reports == [(0.31, True)]


def test_percent_is_shown_and_typed_in_percent(qtbot: Any, theme: Any) -> None:
    from lpsnet_studio.inspector.value_slider import ShareSlider

    made = ShareSlider("Opacity", "What it does.", theme, percent=True)
    qtbot.addWidget(made)
    made.set_default(0.5)
    made.set_value(0.5)
    assert made.box.text() == "50 %"
    made.box.selectAll()
    QTest.keyClicks(made.box, "75")
    QTest.keyClick(made.box, Qt.Key.Key_Return)
    assert made.value() == 0.75


def test_tab_reaches_a_value_before_the_way_back_from_it(qtbot: Any, theme: Any) -> None:
    """As the settings panel puts them together: within a page, beside each other."""
    from PySide6.QtWidgets import QVBoxLayout, QWidget

    from lpsnet_studio.inspector.controls import control_of
    from lpsnet_studio.inspector.setting_words import SETTINGS

    page = QWidget()
    qtbot.addWidget(page)
    layout = QVBoxLayout(page)
    controls = [control_of(setting, theme) for setting in SETTINGS]
    for control in controls:
        layout.addWidget(control)
    expected = [widget for control in controls for widget in (*control.editors(), control.reset_button)]
    found, widget = [], page.nextInFocusChain()
    while widget is not page:
        found += [widget] if widget in expected else []
        widget = widget.nextInFocusChain()
    assert found == expected
    assert next(each for each in controls if each.name == "NMS IoU").reset_button.accessibleName() == "Reset NMS IoU"
