"""A judgement says of every pixel what the metric says of the segments that hold it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from lpsnet.analysis.errors import ErrorPixel, Kind
from lpsnet.structures import PanopticSegmentation
from lpsnet_studio.inference.messages import Inspect
from lpsnet_studio.judgement import Judgement, VerdictsShown, judge, numbered, with_losses
from lpsnet_studio.session import Session
from tests.studio.hand_made import PERSON, ListeningService, inspected, open_first, truth


@pytest.fixture
def judgement(session: Session, service: ListeningService) -> Judgement:
    """Judges a merge that discarded the second person, and whose car the truth calls a person."""
    open_first(session, service)
    session.change_settings(overlap_threshold=0.0)
    session.receive(inspected(service.last(Inspect)))
    assert session.result is not None
    return with_losses(judge(session.result, truth()))


def test_rows_are_the_metrics(judgement: Judgement) -> None:
    quality = judgement.result.quality
    assert quality is not None
    of_kind = {kind: [row for row in judgement.rows if row.kind is kind] for kind in Kind}
    assert {(row.truth, row.prediction, row.iou) for row in of_kind[Kind.TP]} == {
        (match.truth, match.prediction, match.iou) for match in quality.matches
    }
    assert {row.truth for row in of_kind[Kind.FN]} == set(quality.false_negatives) != set()
    assert {row.prediction for row in of_kind[Kind.FP]} == set(quality.false_positives)


def test_every_missed_segment_has_a_place_where_it_was_lost(judgement: Judgement) -> None:
    missed = {row.truth for row in judgement.rows if row.kind is Kind.FN}
    assert judgement.losses is not None
    assert judgement.losses.keys() == missed
    (loss,) = [judgement.losses[each] for each in missed if judgement.losses[each].label == PERSON]
    assert loss.at == "overlap rule"


def test_every_region_is_that_of_its_row(judgement: Judgement) -> None:
    owners, ids = judgement.result.trace.owners, judgement.truth.ids
    for y, x in np.random.default_rng(3).integers(0, (60, 80), (500, 2)):
        place = int(judgement.regions[y, x])
        kinds = {
            row.kind: at
            for at, row in enumerate(judgement.rows, 1)
            if (row.kind in (Kind.TP, Kind.FP, Kind.IGNORED) and row.prediction == owners[y, x])
            or (row.kind in (Kind.FN, Kind.CROWD) and row.truth == ids[y, x])
        }
        order = (Kind.FP, Kind.FN, Kind.TP, Kind.IGNORED, Kind.CROWD)
        assert place == next((kinds[kind] for kind in order if kind in kinds), 0)
        marks = {Kind.FP: ErrorPixel.FP, Kind.FN: ErrorPixel.FN, Kind.TP: ErrorPixel.TP}
        if place and Kind.IGNORED not in kinds and not {Kind.FP, Kind.FN} <= kinds.keys():
            assert judgement.errors[y, x] == marks[judgement.rows[place - 1].kind]


def test_without_ground_truth_nothing_is_judged(judgement: Judgement) -> None:
    with pytest.raises(ValueError, match="without ground truth"):
        judge(replace(judgement.result, quality=None), truth())


def test_ids_are_numbered_however_large_they_are() -> None:
    ids = np.array([[0, 7, 70_000], [7, 12, 0]], np.int32)
    np.testing.assert_array_equal(numbered(ids, {7: 1, 70_000: 300}), [[0, 1, 300], [1, 0, 0]])
    assert numbered(np.zeros((2, 2), np.int32), {}).dtype == np.uint16


def test_an_empty_truth_is_judged() -> None:
    from lpsnet_studio.state import Result

    void = PanopticSegmentation.from_ids(np.zeros((60, 80), np.int32), {})
    made: Any = _result_against(void)
    assert isinstance(made, Result)
    judged = judge(made, void)
    assert {row.kind for row in judged.rows} == {Kind.IGNORED}
    assert set(np.unique(judged.errors)) <= {ErrorPixel.NONE, ErrorPixel.IGNORED}


def _result_against(other: PanopticSegmentation) -> Any:
    from lpsnet.metrics.panoptic_quality import image_quality
    from tests.studio.hand_made import CATEGORIES, trace

    service = ListeningService()
    session = Session(service)
    open_first(session, service)
    assert session.result is not None
    return replace(session.result, quality=image_quality(trace().segmentation(), other, len(CATEGORIES)))


def test_what_is_looked_at_ends_with_the_judgement(judgement: Judgement) -> None:
    shown = VerdictsShown()
    told: list[str] = []
    shown.changed.connect(lambda: told.append("judgement"))
    shown.looked_at_changed.connect(lambda: told.append("row"))
    shown.zoom_wanted.connect(lambda: told.append("zoom"))
    shown.show(judgement)
    shown.look_at(judgement.rows[0])
    shown.look_at(judgement.rows[0], zoom=True)
    shown.show(None)
    assert told == ["judgement", "row", "zoom", "judgement", "row"]
    assert shown.looked_at is None
