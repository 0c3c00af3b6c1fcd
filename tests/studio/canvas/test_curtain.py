"""Right of the curtain's edge there is photo and ground truth alone, left of it what was there before."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest

from lpsnet_studio.canvas.colors import color_table
from lpsnet_studio.canvas.curtain import CurtainEdge
from lpsnet_studio.canvas.sampling import Grid, IndexMap
from lpsnet_studio.canvas.view import CanvasView

HEIGHT, WIDTH = 40, 60
RED, GREEN = (255, 0, 0), (0, 255, 0)


@pytest.fixture
def canvas(qtbot: Any) -> CanvasView:
    """Shows a black photo, a red prediction everywhere, and a truth whose upper half is green."""
    made = CanvasView()
    qtbot.addWidget(made)
    made.resize(700, 500)
    made.show()
    qtbot.waitExposed(made)
    made.set_photo(np.zeros((HEIGHT, WIDTH, 3), np.uint8))
    made.stage.set_overlay_size((HEIGHT, WIDTH))
    made.stage.set_owners(np.ones((HEIGHT, WIDTH), np.uint8), {})
    made.stage.set_segment_colors(
        color_table(np.array([RED, RED], np.uint8)), color_table(np.zeros((2, 3), np.uint8), 0)
    )
    made.stage.show_layer("segments", True, 1.0)
    truth = np.zeros((HEIGHT, WIDTH), np.uint16)
    truth[:20] = 1
    made.stage.set_truth(IndexMap(truth))
    made.stage.curtain.set_colors(
        color_table(np.array([GREEN, GREEN], np.uint8), np.array([0.0, 1.0])), np.zeros(2, np.int32)
    )
    made.stage.curtain.set_look(1.0, lines=False)
    made.stage.curtain.show()
    return made


def _color(canvas: CanvasView, x: float, y: float) -> tuple[int, int, int]:
    place = canvas.viewportTransform().map(QPointF(x + 0.5, y + 0.5)).toPoint()
    return QColor(canvas.viewport().grab().toImage().pixel(place)).getRgb()[:3]


def test_the_edge_parts_prediction_and_truth(canvas: CanvasView) -> None:
    canvas.stage.curtain.draw_to(0.5)
    assert _color(canvas, 10, 10) == RED
    assert _color(canvas, 50, 10) == GREEN
    assert _color(canvas, 50, 30) == (0, 0, 0), "where the truth is void there is the photo, not the prediction"
    canvas.stage.curtain.draw_to(None)
    assert _color(canvas, 10, 10) == GREEN


def test_the_edge_stays_in_the_view_while_the_photo_moves(canvas: CanvasView) -> None:
    canvas.stage.curtain.draw_to(0.5)
    canvas.zoom_by(2.0)
    canvas.pan_by(QPointF(-60, 0))
    picture = canvas.viewport().grab().toImage()
    y = canvas.viewport().height() // 3
    assert QColor(picture.pixel(canvas.viewport().width() // 2 - 6, y)).getRgb()[:3] == RED
    assert QColor(picture.pixel(canvas.viewport().width() // 2 + 6, y)).getRgb()[:3] == GREEN


def test_a_copy_of_the_view_has_the_curtain_where_the_view_has_it(canvas: CanvasView) -> None:
    canvas.stage.curtain.draw_to(0.25)
    canvas.viewport().repaint()
    picture = canvas.picture()
    left = canvas.viewportTransform().map(QPointF(0, 0)).x()
    edge = round((0.25 * canvas.viewport().width() - left) * picture.devicePixelRatio())
    y = picture.height() // 4
    assert QColor(picture.pixel(edge - 5, y)).getRgb()[:3] == RED
    assert QColor(picture.pixel(edge + 5, y)).getRgb()[:3] == GREEN


def test_a_still_has_the_curtain_at_any_scale(canvas: CanvasView) -> None:
    canvas.stage.curtain.draw_to(0.25)
    canvas.viewport().repaint()
    edge = canvas.mapToScene(QPoint(round(0.25 * canvas.viewport().width()), 0)).x()
    colors = canvas.stage.curtain.sampler()(Grid(0.0, 0.0, 0.25, 0.25, 4 * WIDTH, 4 * HEIGHT), 1.0)
    assert colors is not None
    assert (colors[:, : round(4 * edge) - 3] == 0).all(), "nothing is painted over the prediction"
    green, photo = np.uint32(0xFF00FF00).astype(np.int32), np.uint32(0xFF000000).astype(np.int32)
    assert (colors[:80, round(4 * edge) + 3 :] == green).all()
    assert (colors[80:, round(4 * edge) + 3 :] == photo).all()
    canvas.stage.curtain.draw_to(None)
    whole = canvas.stage.curtain.sampler()(Grid.of_image(HEIGHT, WIDTH), 1.0)
    assert whole is not None
    assert (whole[:20] == green).all()


def test_the_true_segment_is_ringed_in_dashes(canvas: CanvasView) -> None:
    canvas.stage.curtain.draw_to(None)
    canvas.stage.truth_ring.select(1)
    picture = canvas.viewport().grab().toImage()
    # Below the border between the halves there is white in some places and none in others.
    y = canvas.viewportTransform().map(QPointF(0, 20)).toPoint().y()
    left, right = (canvas.viewportTransform().map(QPointF(x, 0)).toPoint().x() for x in (5, 55))
    bright = [
        any(QColor(picture.pixel(x, y + by)).getRgb()[:3] == (255, 255, 255) for by in (-2, -1, 0, 1))
        for x in range(left, right)
    ]
    assert 0.2 < np.mean(bright) < 0.8
    changes = np.count_nonzero(np.diff(bright))
    assert changes > 10


@pytest.fixture
def edge(canvas: CanvasView) -> CurtainEdge:
    made = CurtainEdge(canvas.viewport())
    made.show_curtain()
    return made


def test_arrows_move_the_edge_within_the_view(edge: CurtainEdge) -> None:
    moved: list[float] = []
    edge.moved.connect(moved.append)
    QTest.keyClick(edge, Qt.Key.Key_Right)
    assert edge.share > 0.5
    coarse = edge.share - 0.5
    QTest.keyClick(edge, Qt.Key.Key_Left, Qt.KeyboardModifier.ShiftModifier)
    assert 0 < 0.5 + coarse - edge.share < coarse / 2
    QTest.keyClick(edge, Qt.Key.Key_Home)
    assert edge.share == 0
    QTest.keyClick(edge, Qt.Key.Key_Left)
    assert edge.share == 0
    QTest.keyClick(edge, Qt.Key.Key_End)
    assert edge.share == 1
    assert moved == sorted(set(moved), key=moved.index)
    assert edge.geometry().right() <= edge.parentWidget().width()


def test_the_edge_is_dragged_by_its_handle(edge: CurtainEdge) -> None:
    start = QPoint(edge.width() // 2, 40)
    QTest.mousePress(edge, Qt.MouseButton.LeftButton, pos=start)
    QTest.mouseMove(edge, start + QPoint(70, 0))
    QTest.mouseRelease(edge, Qt.MouseButton.LeftButton)
    assert edge.share == pytest.approx(0.5 + 70 / edge.parentWidget().width(), abs=0.01)


def test_words_say_which_side_is_which(edge: CurtainEdge) -> None:
    assert edge.words == ("Prediction", "Ground truth")
    edge.show_side("Ground truth")
    assert edge.words == ("Ground truth", "")
    assert not edge.isVisible()
