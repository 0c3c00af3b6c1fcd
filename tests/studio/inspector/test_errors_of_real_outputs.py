"""The panel Errors on what the demo network makes of a drawn scene."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from lpsnet.analysis.errors import ErrorPixel, Kind
from lpsnet.analysis.gains import biggest_gain
from lpsnet_studio.examination import Examination
from lpsnet_studio.inference.messages import (
    GainsWeighed,
    ImageOpened,
    Inspect,
    Inspected,
    ModelLoaded,
    OpenImage,
    WeighGains,
)
from lpsnet_studio.inspector.errors_panel import ErrorsPanel
from lpsnet_studio.session import Session
from lpsnet_studio.state import NetworkChoice
from tests.studio.hand_made import ListeningService, card, entries
from tests.studio.inspector.conftest import InspectScene


@pytest.fixture(scope="module")
def scene(inspect_scene: InspectScene) -> Any:
    """Returns an inspection whose network has run, and its scene."""
    return inspect_scene(2)


def _open(session: Session, service: ListeningService, scene: Any) -> None:
    inspection, drawn = scene
    session.load_model(NetworkChoice("demo"))
    session.receive(ModelLoaded(service.posted[-1].request, card()))
    session.set_entries(entries())
    asked, categories = service.last(OpenImage), inspection.categories
    session.receive(ImageOpened(asked.request, asked.image, drawn.image, drawn.segmentation, categories, True, "", 0.0))
    _answer(session, service, inspection)


def _answer(session: Session, service: ListeningService, inspection: Any) -> None:
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


def test_verdicts_losses_and_gains_of_a_scene(
    qtbot: Any, session: Session, service: ListeningService, theme: Any, scene: Any
) -> None:
    from lpsnet.oracle_gains import oracle_gains

    inspection, drawn = scene
    examination = Examination(session)
    panel = ErrorsPanel(session, examination, theme)
    qtbot.addWidget(panel)
    panel.resize(300, 760)
    panel.show()
    _open(session, service, scene)
    qtbot.waitUntil(lambda: examination.verdicts.judgement is not None)
    for threshold in (0.05, 0.9):
        session.change_settings(score_threshold=threshold)
        _answer(session, service, inspection)
        qtbot.waitUntil(
            lambda: (
                examination.verdicts.judgement.result is session.result
                and examination.verdicts.judgement.losses is not None
            )
        )
        judgement, quality = examination.verdicts.judgement, inspection.quality
        assert quality.counts.fn.sum() == panel.model.errors.counts["FN"]
        assert quality.counts.fp.sum() == panel.model.errors.counts["FP"]
        assert quality.counts.tp.sum() == panel.model.errors.counts["TP"]
        missed = [row.verdict.truth for row in panel.model.errors.rows if row.verdict.kind is Kind.FN]
        assert judgement.losses.keys() == set(missed)
        on_missed = np.isin(drawn.segmentation.ids, missed)
        marked = np.isin(judgement.errors, [ErrorPixel.FN, ErrorPixel.FP_AND_FN])
        np.testing.assert_array_equal(marked, on_missed)
        assert panel.quality._cells[0][0].text() == f"{100 * session.result.pq:.1f}"
    assert missed, "a threshold of 0.9 misses something"

    # On a slow machine the gains of the result before were asked for too.
    qtbot.waitUntil(
        lambda: service.count(WeighGains) > 0 and service.last(WeighGains).settings == session.result.settings
    )
    question, gains = service.last(WeighGains), oracle_gains(inspection)
    session.receive(GainsWeighed(question.request, question.image, question.settings, gains))
    assert panel.advice.text() == biggest_gain(gains, session.result.settings)
    assert len(panel.gains.bars) == 3
