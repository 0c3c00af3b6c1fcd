"""The panel Levels on what the demo network makes of a drawn scene."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from lpsnet.analysis.fates import Fate
from lpsnet.inspection import Inspection
from lpsnet_studio.background import is_awaited
from lpsnet_studio.examination import Examination
from lpsnet_studio.inference.messages import Inspect, ModelLoaded, OpenImage
from lpsnet_studio.inspector.levels_model import GROUPS
from lpsnet_studio.inspector.levels_panel import LevelsPanel
from lpsnet_studio.session import Session
from lpsnet_studio.state import NetworkChoice
from tests.studio.hand_made import ListeningService, card, entries, inspected, opened
from tests.studio.inspector.conftest import InspectScene


@pytest.fixture(scope="module")
def inspection(inspect_scene: InspectScene) -> Inspection:
    found, _ = inspect_scene(32, with_truth=False)
    found.run(found.settings)
    return found


@pytest.fixture
def panel(inspection: Inspection, session: Session, service: ListeningService, theme: Any, qtbot: Any) -> Any:
    session.load_model(NetworkChoice("demo"))
    session.receive(ModelLoaded(service.posted[-1].request, card(settings=inspection.settings)))
    session.set_entries(entries(with_truth=False))
    image = opened(service.last(OpenImage))
    session.receive(replace(image, pixels=inspection.image, categories=inspection.categories))
    session.receive(
        replace(
            inspected(service.last(Inspect)),
            size=inspection.trace.owners.shape,
            labels=inspection.labels,
            trace=inspection.trace,
            candidates=inspection.candidates,
            borderness=inspection.borderness_maps(),
            detections=inspection.detections,
            quality=None,
        )
    )
    made = LevelsPanel(session, Examination(session), theme)
    qtbot.addWidget(made)
    made.resize(320, 800)
    made.show()
    qtbot.waitUntil(lambda: made._survey is not None and not is_awaited(made._drawing), timeout=10_000)
    return made


def iou(one: np.ndarray, other: np.ndarray) -> float:
    left, top = np.maximum(one[:2], other[:2])
    right, bottom = np.minimum(one[2:], other[2:])
    shared = max(right - left, 0) * max(bottom - top, 0)
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (one, other)]
    return float(shared / (sum(areas) - shared))


def test_every_box_is_drawn_in_one_group_of_a_single_fate(panel: Any) -> None:
    panel.choices._take(most=0)
    drawn = 0
    for group in GROUPS:
        panel.choices.show_group(group.name)
        count = panel.boxes.rowCount()
        assert len(panel._examination.candidates.scene.boxes) == count
        drawn += count if len(group.fates) == 1 else 0
    assert drawn == len(panel._survey.candidates) > 1000


def test_suppressed_boxes_name_a_better_one_of_their_class_that_overlaps_them(panel: Any) -> None:
    survey = panel._survey
    rows = np.flatnonzero(survey.fates == Fate.NMS)
    assert len(rows) > 50
    found = survey.candidates
    for row in rows[:: max(len(rows) // 40, 1)].tolist():
        panel._select(row)
        facts = panel._facts
        assert found.scores[facts.suppressor] >= found.scores[row]
        assert found.labels[facts.suppressor] == found.labels[row]
        own = iou(found.boxes[row].astype(float), found.boxes[facts.suppressor].astype(float))
        assert facts.iou == pytest.approx(own, abs=1e-3)
        assert own > survey.result.settings.nms_iou - 1e-3
        assert f"IoU {facts.iou:.2f}" in panel.facts.fate.text()
        assert not panel.facts.to_suppressor.isHidden()


def test_the_class_vector_is_the_softmax_at_the_location(panel: Any, inspection: Inspection) -> None:
    survey = panel._survey
    threshold = inspection.settings.class_threshold
    several = 0
    for row in np.flatnonzero(survey.fates > Fate.SCORE)[::25].tolist():
        classes = survey.classes_at(row)
        shares = [share for _, share in classes]
        assert shares == sorted(shares, reverse=True)
        assert sum(shares) <= 1 + 1e-5
        assert all(share > threshold for share in shares)
        assert (int(survey.candidates.labels[row]), float(survey.candidates.class_scores[row])) in classes
        assert len({label for label, _ in classes}) == len(classes)
        several += len(classes) > 1
    assert several > 0


def test_every_thing_of_the_result_leads_to_its_box_and_back(panel: Any, session: Session) -> None:
    things = [step for step in session.result.trace.steps if step.owner and step.detection >= 0]
    assert len(things) >= 3
    for step in things:
        session.select(step.owner)
        assert panel._facts.step == session.result.trace.steps.index(step)
        assert panel._facts.box == pytest.approx(step.box)
        assert f"#{step.owner}" in panel.facts.fate.text() or panel._facts.fate is Fate.COVERED


def test_pictures_of_the_levels_differ_where_the_levels_do(panel: Any, qtbot: Any) -> None:
    boxes = dict(panel.tiles._pictures)
    panel.choices.heat.click()
    qtbot.waitUntil(lambda: not is_awaited(panel._drawing), timeout=5000)
    heat = dict(panel.tiles._pictures)
    assert set(heat) == set(boxes) == {0, 3, 4, 5, 6, 7}
    assert any((heat[level] != boxes[level]).any() for level in heat)
    for level in (3, 4, 5, 6, 7):
        assert heat[0].sum(dtype=np.int64) > heat[level].sum(dtype=np.int64), "the greatest of all levels is brightest"
