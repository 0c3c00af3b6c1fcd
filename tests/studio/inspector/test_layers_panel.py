"""The panel of overlays: shows the view as it is, and changes it by mouse and keyboard."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from lpsnet_studio.inspector.layers_panel import LayersPanel
from lpsnet_studio.inspector.legend import legend_of
from lpsnet_studio.session import Session
from tests.studio.hand_made import CATEGORIES, ListeningService, open_first


@pytest.fixture
def panel(qtbot: Any, session: Session, theme: Any) -> LayersPanel:
    made = LayersPanel(session, theme)
    qtbot.addWidget(made)
    made.resize(300, 640)
    made.show()
    qtbot.waitExposed(made)
    return made


def _listed(panel: LayersPanel) -> list[str]:
    rows = sorted(panel.layers.rows.values(), key=lambda row: row.geometry().top())
    return [row.kind for row in rows]


def test_the_highest_overlay_is_listed_first(panel: LayersPanel, session: Session) -> None:
    assert _listed(panel) == [layer.kind for layer in reversed(session.view.layers)]
    session.move_layer("labels", len(session.view.layers) - 1)
    panel.layers.layout().activate()
    assert _listed(panel)[0] == "labels"
    assert not panel.layers.rows["labels"].up.isEnabled()
    assert panel.layers.rows["labels"].down.isEnabled()


def test_rows_show_the_view_and_change_it(panel: LayersPanel, session: Session) -> None:
    row = panel.layers.rows["void"]
    assert not row.check.isChecked()
    assert not row.opacity.slider.isEnabled()
    row.check.click()
    assert session.view.layer("void").visible
    assert row.opacity.slider.isEnabled()
    row.opacity.slider.setValue(30)
    assert session.view.layer("void").opacity == pytest.approx(0.3)
    session.change_layer("void", opacity=0.8)
    assert row.opacity.slider.value() == 80
    session.change_view(overlays=False)
    assert not row.opacity.slider.isEnabled()


def test_a_dragged_opacity_is_undone_as_one(panel: LayersPanel, session: Session) -> None:
    slider = panel.layers.rows["segments"].opacity.slider
    slider.setSliderDown(True)
    for value in (55, 60, 72):
        slider.setValue(value)
    slider.setSliderDown(False)
    assert session.view.layer("segments").opacity == pytest.approx(0.72)
    session.undo()
    assert session.view.layer("segments").opacity == pytest.approx(0.5)


def test_a_double_click_resets_the_opacity(panel: LayersPanel, session: Session) -> None:
    session.change_layer("segments", opacity=0.9)
    QTest.mouseDClick(panel.layers.rows["segments"].opacity.slider, Qt.MouseButton.LeftButton)
    assert session.view.layer("segments").opacity == pytest.approx(0.5)


@pytest.mark.parametrize("where", ["check", "slider", "up"])
def test_alt_and_arrows_move_the_row_that_has_the_focus(
    panel: LayersPanel, session: Session, where: str, qtbot: Any
) -> None:
    row = panel.layers.rows["segments"]
    widget = {"check": row.check, "slider": row.opacity.slider, "up": row.up}[where]
    panel.activateWindow()
    widget.setFocus()
    qtbot.waitUntil(widget.hasFocus)
    before = [layer.kind for layer in session.view.layers]
    QTest.keyClick(widget, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    place = before.index("segments")
    assert [layer.kind for layer in session.view.layers] == [
        *before[:place],
        before[place + 1],
        "segments",
        *before[place + 2 :],
    ]
    assert widget.hasFocus()
    assert session.view.layer("segments").opacity == pytest.approx(0.5)
    QTest.keyClick(widget, Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier)
    assert [layer.kind for layer in session.view.layers] == before


def test_the_focus_stays_in_a_row_that_has_come_to_the_top(panel: LayersPanel, session: Session, qtbot: Any) -> None:
    row = panel.layers.rows["candidates"]
    panel.activateWindow()
    row.up.setFocus()
    qtbot.waitUntil(row.up.hasFocus)
    QTest.keyClick(row.up, Qt.Key.Key_Space)
    assert session.view.layers[-1].kind == "candidates"
    assert row.down.hasFocus()


def test_buttons_move_a_row_by_one(panel: LayersPanel, session: Session) -> None:
    lowest, second, *between, last, highest = (layer.kind for layer in session.view.layers)
    panel.layers.rows[highest].down.click()
    assert [layer.kind for layer in session.view.layers] == [lowest, second, *between, highest, last]
    panel.layers.rows[lowest].up.click()
    assert [layer.kind for layer in session.view.layers] == [second, lowest, *between, highest, last]


@pytest.mark.parametrize(("dragged", "below"), [("boxes", "segments"), ("labels", "boxes"), ("void", "void")])
def test_a_row_is_dragged_to_where_it_is_let_go(panel: LayersPanel, session: Session, dragged: str, below: str) -> None:
    listed = _listed(panel)
    grip, target = panel.layers.rows[dragged].grip, panel.layers.rows[below]
    start = grip.rect().center()
    lower_half = target.mapTo(panel.layers, QPoint(0, target.height() - 4))
    end = grip.mapFrom(panel.layers, lower_half) if grip is not None else start
    QTest.mousePress(grip, Qt.MouseButton.LeftButton, pos=start)
    QTest.mouseMove(grip, QPoint(start.x(), end.y()))
    panel.grab()
    QTest.mouseRelease(grip, Qt.MouseButton.LeftButton, pos=QPoint(start.x(), end.y()))
    expected = [kind for kind in listed if kind != dragged]
    expected.insert(listed.index(below) if dragged == below else expected.index(below) + 1, dragged)
    assert [layer.kind for layer in reversed(session.view.layers)] == expected


def test_checks_show_and_change_what_is_drawn_beside_the_overlays(panel: LayersPanel, session: Session) -> None:
    for name, check in (("contours", panel.contours), ("names", panel.names), ("minimap", panel.minimap)):
        before = getattr(session.view, name)
        assert check.isChecked() == before
        check.click()
        assert getattr(session.view, name) == (not before)
    panel.bare.click()
    assert not session.view.overlays
    assert not panel.contours.isEnabled()
    session.undo()
    assert not panel.bare.isChecked()


def test_the_legend_has_the_classes_of_the_result(
    panel: LayersPanel, session: Session, service: ListeningService
) -> None:
    assert not panel.legend.isVisible()
    assert panel._empty.isVisible()
    open_first(session, service)
    assert panel.legend.isVisible()
    assert not panel._empty.isVisible()
    lines = {name: (color, count) for name, color, count in panel.legend.lines}
    assert set(lines) == {"person", "car", "sky", "road"}
    assert lines["person"] == (CATEGORIES[0].color, 2)
    assert panel.legend.sizeHint().height() >= 4 * 16
    assert legend_of(None) == ()


def test_a_legend_of_133_classes_is_scrolled_by_the_panel(panel: LayersPanel) -> None:
    panel.legend.show()
    panel.legend.set_lines(tuple((f"class {n}", (n, 0, 255 - n), n) for n in range(133)))
    panel.widget().layout().activate()
    panel.widget().adjustSize()
    assert panel.verticalScrollBar().maximum() > 133 * 16 - panel.height()
    assert panel.horizontalScrollBar().maximum() == 0


def test_every_control_can_be_reached_and_says_what_it_is(panel: LayersPanel) -> None:
    for row in panel.layers.rows.values():
        for control in (row.check, row.opacity.slider, row.up, row.down):
            assert control.accessibleName()
            assert control.toolTip()
            assert control.focusPolicy() & Qt.FocusPolicy.TabFocus
