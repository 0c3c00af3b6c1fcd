"""Ground truth on the canvas: coloured as the prediction where both agree, by curtain or by turns."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from lpsnet_studio.inference.messages import Inspect
from lpsnet_studio.inspector.overlays import step_color
from lpsnet_studio.inspector.truth_overlay import truth_colors
from lpsnet_studio.session import Session
from tests.studio.hand_made import CATEGORIES, ListeningService, inspected, open_first, truth


@pytest.fixture
def compared(window: Any, session: Session, service: ListeningService) -> Any:
    """A window on a merge that discarded the second person."""
    open_first(session, service)
    session.change_settings(overlap_threshold=0.0)
    session.receive(inspected(service.last(Inspect)))
    return window


def test_what_both_agree_on_has_one_colour(compared: Any, session: Session) -> None:
    result = session.result
    assert result is not None
    assert result.quality is not None
    colors = truth_colors(truth(), CATEGORIES, result)
    steps = {step.owner: step for step in result.trace.steps if step.owner}
    places = {segment.id: at for at, segment in enumerate(truth().segments, 1)}
    matches = {match.truth: match.prediction for match in result.quality.matches}
    assert matches
    for identity, owner in matches.items():
        assert tuple(colors[places[identity]]) == step_color(steps[owner], CATEGORIES)
    predicted = {step_color(step, CATEGORIES) for step in steps.values()}
    missed = [place for identity, place in places.items() if identity not in matches]
    assert missed
    assert not any(tuple(colors[place].tolist()) in predicted for place in missed)
    assert not colors[0].any()


def test_without_a_result_the_truth_has_colours_of_its_own() -> None:
    colors = truth_colors(truth(), CATEGORIES)
    assert len({tuple(color) for color in colors[1:].tolist()}) == len(truth().segments)


def test_the_curtain_comes_and_goes_with_its_edge(compared: Any, session: Session, qtbot: Any) -> None:
    stage, overlay = compared.canvas.stage, compared._overlays.truth
    session.change_view(comparison="curtain")
    qtbot.waitUntil(stage.curtain.isVisible)
    assert overlay.edge.isVisible()
    assert overlay.edge.words == ("Prediction", "Ground truth")
    ids = truth().ids
    places = {segment.id: at for at, segment in enumerate(truth().segments, 1)}
    np.testing.assert_array_equal(stage.curtain.truth.indices, np.vectorize(lambda each: places.get(each, 0))(ids))
    session.change_view(overlays=False)
    assert not stage.curtain.isVisible()
    assert not overlay.edge.isVisible()
    session.change_view(overlays=True)
    assert stage.curtain.isVisible()
    session.change_view(comparison="off")
    assert not stage.curtain.isVisible()
    assert overlay.edge.words == ("", "")


@pytest.mark.parametrize("comparison", ["curtain", "blink"])
def test_names_and_the_box_of_the_step_make_room_for_a_comparison(
    compared: Any, session: Session, comparison: str
) -> None:
    stage = compared.canvas.stage
    session.change_view(names=True)
    session.seek(1)
    assert stage.names.isVisible()
    assert stage.step_boxes.isVisible()
    session.change_view(comparison=comparison)
    assert not stage.names.isVisible()
    assert not stage.step_boxes.isVisible()
    session.seek(2)
    session.change_view(names=False)
    session.change_view(names=True)
    assert not stage.names.isVisible()
    assert not stage.step_boxes.isVisible()
    session.change_view(comparison="off")
    assert stage.names.isVisible()
    assert stage.step_boxes.isVisible()


def test_blinking_takes_turns(compared: Any, session: Session, qtbot: Any) -> None:
    stage, overlay = compared.canvas.stage, compared._overlays.truth
    session.change_view(comparison="blink")
    qtbot.waitUntil(stage.curtain.isVisible)
    assert overlay.edge.words[0] == "Ground truth"
    qtbot.waitUntil(lambda: not stage.curtain.isVisible(), timeout=2000)
    assert overlay.edge.words[0] == "Prediction"
    session.change_view(contours=False)
    assert not stage.curtain.isVisible(), "another look of the canvas does not begin the turn anew"
    qtbot.waitUntil(stage.curtain.isVisible, timeout=2000)
    session.change_view(comparison="off")
    qtbot.wait(700)
    assert not stage.curtain.isVisible()


def test_without_motion_the_truth_stays(compared: Any, session: Session, qtbot: Any) -> None:
    stage = compared.canvas.stage
    session.change_view(motion=False)
    session.change_view(comparison="blink")
    qtbot.waitUntil(stage.curtain.isVisible)
    for _ in range(8):
        qtbot.wait(100)
        assert stage.curtain.isVisible()


def test_a_picture_without_truth_has_no_curtain(compared: Any, session: Session, service: Any, qtbot: Any) -> None:
    from tests.studio.hand_made import entries, opened

    stage = compared.canvas.stage
    session.change_view(comparison="curtain")
    qtbot.waitUntil(stage.curtain.isVisible)
    session.set_entries(entries(with_truth=False))
    assert not stage.curtain.isVisible()
    session.receive(opened(service.posted[-1]))
    qtbot.wait(50)
    assert not stage.curtain.isVisible()
    assert stage.curtain.truth is None


def test_the_arrows_move_the_edge_and_not_the_merge(compared: Any, session: Session, qtbot: Any) -> None:
    from PySide6.QtCore import Qt
    from PySide6.QtTest import QTest

    edge = compared._overlays.truth.edge
    session.change_view(comparison="curtain")
    qtbot.waitUntil(edge.isVisible)
    compared.activateWindow()
    edge.setFocus()
    before = session.position
    QTest.keyClick(compared.windowHandle(), Qt.Key.Key_Left)
    assert edge.share < 0.5
    assert session.position == before
