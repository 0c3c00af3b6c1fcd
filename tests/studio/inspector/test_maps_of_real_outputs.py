"""The panels Border-ness and Semantics on what the demo network makes of a drawn scene."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from lpsnet.analysis.fates import Fate
from lpsnet.maps import HeatMap
from lpsnet_studio.examination import Examination
from lpsnet_studio.inference.messages import (
    ImageOpened,
    Inspect,
    Inspected,
    Look,
    ModelLoaded,
    OpenImage,
    Seen,
    Sight,
)
from lpsnet_studio.inspector.borderness_model import LEVELS
from lpsnet_studio.inspector.borderness_panel import BordernessPanel
from lpsnet_studio.inspector.semantics_panel import SemanticsPanel
from lpsnet_studio.session import Session
from lpsnet_studio.state import NetworkChoice
from tests.studio.hand_made import ListeningService, card, entries
from tests.studio.inspector.conftest import InspectScene


@pytest.fixture(scope="module")
def inspected(inspect_scene: InspectScene) -> Any:
    return inspect_scene(2)


def answer(session: Session, service: ListeningService, inspection: Any) -> None:
    from lpsnet import decoding
    from lpsnet.maps import borderness_heat

    output, size = inspection.output, inspection.size
    probabilities = decoding.semantic_probabilities(output)
    where = decoding.semantic_placement(output, size=size)
    for look in [request for request in service.posted if isinstance(request, Look)]:
        service.posted.remove(look)
        sight: Sight = look.sight
        if sight.kind == "borderness":
            heat = borderness_heat(decoding.borderness_maps(output, size=size), sight.level or None, size=size)
        elif sight.kind == "means":
            heat = HeatMap(probabilities.mean(dim=(1, 2)).numpy()[None], where, "means")
        else:
            heat = HeatMap(decoding.class_probability(probabilities, sight.label), where, "probability")
        session.receive(Seen(look.request, look.image, sight, heat))


def open_scene(session: Session, service: ListeningService, inspected: Any) -> None:
    inspection, scene = inspected
    session.load_model(NetworkChoice("demo"))
    session.receive(ModelLoaded(service.posted[-1].request, card()))
    session.set_entries(entries())
    asked, categories = service.last(OpenImage), inspection.categories
    session.receive(ImageOpened(asked.request, asked.image, scene.image, scene.segmentation, categories, True, "", 0.0))
    wanted = service.last(Inspect)
    stages = inspection.run(wanted.settings)
    session.receive(
        Inspected(
            request=wanted.request,
            image=wanted.image,
            settings=wanted.settings,
            stages=stages,
            preview=False,
            size=inspection.size,
            labels=inspection.labels,
            candidates=inspection.candidates,
            borderness=inspection.borderness_maps(),
            detections=inspection.detections,
            trace=inspection.trace,
            quality=inspection.quality,
            seconds=0.0,
        )
    )


def test_levels_ranks_and_classes_of_a_scene(
    qtbot: Any, session: Session, service: ListeningService, theme: Any, inspected: Any
) -> None:
    examination = Examination(session)
    panel, semantics = (kind(session, examination, theme) for kind in (BordernessPanel, SemanticsPanel))
    for widget in (panel, semantics):
        qtbot.addWidget(widget)
        widget.resize(300, 760)
    open_scene(session, service, inspected)
    inspection, _ = inspected

    panel.show()
    answer(session, service, inspection)
    panel.refresh()
    assert all(tile.has_picture for tile in panel.levels.tiles)
    levels = [examination.map_of(sight) for sight in LEVELS]
    assert max(float(heat.values.max()) for heat in levels[:-1]) >= float(levels[-1].values.max()) - 1e-6
    panel.pages.setCurrentIndex(1)
    rows = panel.reranking.model.rows
    assert len(rows) == len(inspection.detections)
    products = [row.product for row in rows]
    assert products == sorted(products, reverse=True)
    assert sorted(row.without for row in rows) == list(range(1, len(rows) + 1))
    assert {row.owner for row in rows if row.fate is Fate.KEPT} == {
        segment.id for segment in inspection.trace.segments if inspection.categories[segment.label].isthing
    }
    panel.hide()

    semantics.show()
    qtbot.waitUntil(lambda: semantics._shares is not None)
    answer(session, service, inspection)
    semantics.refresh()
    model = semantics.classes.model
    first = model.label(0)
    assert first == np.bincount(inspection.labels.ravel()).argmax()
    semantics.classes.field.returnPressed.emit()
    answer(session, service, inspection)
    semantics.refresh()
    assert examination.shown == Sight("class", label=first)
    heat = examination.shown_map
    assert heat is not None
    inside = np.argwhere(inspection.labels == first)[len(inspection.labels)]
    session.point(int(inside[1]), int(inside[0]))
    assert semantics.section.bar.reading == f"{heat.at(inside[1] + 0.5, inside[0] + 0.5):.2f}"
