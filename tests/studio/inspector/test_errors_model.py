"""The rows of the panel Errors: worst first, filtered, sorted, and told in words."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from lpsnet.analysis.errors import Kind
from lpsnet.analysis.gains import OracleGains, OracleResult
from lpsnet.analysis.lost_where import LostAt
from lpsnet.metrics.panoptic_quality import MeanQuality, PanopticQuality
from lpsnet.structures import InspectionSettings
from lpsnet_studio.inference.messages import Inspect
from lpsnet_studio.inspector.errors_model import (
    COLUMNS,
    ErrorsModel,
    cell_text,
    gain_bars,
    kind_meaning,
    kind_words,
    quality_lines,
    region_words,
)
from lpsnet_studio.judgement import Judgement, judge, with_losses
from lpsnet_studio.session import Session
from lpsnet_studio.tables.sorting import Order
from tests.studio.hand_made import ListeningService, inspected, open_first, truth


@pytest.fixture
def judgement(session: Session, service: ListeningService) -> Judgement:
    """Judges a merge that discarded the second person."""
    open_first(session, service)
    session.change_settings(overlap_threshold=0.0)
    session.receive(inspected(service.last(Inspect)))
    assert session.result is not None
    return with_losses(judge(session.result, truth()))


@pytest.fixture
def model(judgement: Judgement) -> ErrorsModel:
    made = ErrorsModel()
    made.set_judgement(judgement)
    return made


def test_rows_are_listed_worst_first_and_counted(model: ErrorsModel, judgement: Judgement) -> None:
    assert [row.verdict for row in model.shown] == list(judgement.rows)
    assert model.shown[0].verdict.kind in (Kind.FN, Kind.FP)
    counts = model.counts
    assert counts["all"] == len(judgement.rows) == sum(count for name, count in counts.items() if name != "all")
    assert counts["FN"] == 1


def test_a_filter_lets_its_kind_pass_alone(model: ErrorsModel) -> None:
    model.filter_by("TP")
    assert {row.verdict.kind for row in model.shown} == {Kind.TP}
    assert len(model.shown) == model.counts["TP"]
    model.filter_by("ignored")
    assert not model.shown


def test_crowd_goes_with_what_is_ignored(judgement: Judgement) -> None:
    model = ErrorsModel()
    first = judgement.rows[0]
    model.set_judgement(replace(judgement, rows=(replace(first, kind=Kind.CROWD), replace(first, kind=Kind.IGNORED))))
    assert model.counts["ignored"] == 2


@pytest.mark.parametrize("column", range(len(COLUMNS)))
def test_every_column_sorts_both_ways_and_back(model: ErrorsModel, column: int) -> None:
    own = list(model.shown)
    model.sort_by(Order(column))
    ascending = [cell_text(row, column) for row in model.shown]
    model.sort_by(Order(column, descending=True))
    assert sorted(cell_text(row, column) for row in model.shown) == sorted(ascending)
    model.sort_by(Order())
    assert model.shown == own


def test_ious_sort_as_numbers(model: ErrorsModel) -> None:
    model.sort_by(Order(2))
    ious = [row.iou for row in model.shown if row.iou is not None]
    assert ious == sorted(ious)


def test_a_row_says_what_went_wrong_where_it_was_lost_and_what_that_costs(model: ErrorsModel) -> None:
    told = model.shown[0].told
    assert told.startswith("person: ")
    assert ". Discarded by the overlap rule: " in told
    assert told.count("overlap rule") == 1
    assert "Mending it alone would bring +" in told
    assert cell_text(model.shown[0], 0) == "○ FN"


def test_a_stage_that_its_words_leave_out_is_named(judgement: Judgement) -> None:
    missed = judgement.rows[0]
    assert judgement.losses is not None
    losses = {missed.truth: replace(judgement.losses[missed.truth], at=LostAt.NMS, words="a better box was near")}
    model = ErrorsModel()
    model.set_judgement(replace(judgement, losses=losses))
    assert " Lost at NMS: a better box was near. " in model.shown[0].told


def test_kinds_have_a_word_and_a_meaning_each() -> None:
    assert len({kind_words(kind) for kind in Kind}) == len({kind_meaning(kind) for kind in Kind}) == len(Kind)
    assert all(kind.value in kind_words(kind) for kind in Kind)


def test_the_row_of_a_segment_is_found_after_another_setting(model: ErrorsModel, judgement: Judgement) -> None:
    missed = judgement.rows[0]
    moved = replace(judgement, rows=(*judgement.rows[1:], replace(missed, iou=0.2, cost=0.0)))
    model.set_judgement(moved)
    assert model.place_of(missed) == len(judgement.rows) - 1
    assert model.place_of(replace(missed, truth=999)) == -1
    assert model.place_of(None) == -1
    found = next(row for row in judgement.rows if row.kind is Kind.TP)
    assert model.shown[model.place_of_prediction(found.prediction)].verdict == found
    assert model.place_of_prediction(999) == -1


def test_the_table_is_copied_with_titles(model: ErrorsModel) -> None:
    lines = model.tsv().splitlines()
    assert lines[0].split("\t") == list(COLUMNS)
    assert len(lines) == 1 + len(model.shown)


def test_words_on_the_canvas_are_numbered_as_the_regions_are(judgement: Judgement) -> None:
    short, named = region_words(judgement, named=False), region_words(judgement, named=True)
    assert short.keys() == named.keys() == set(range(1, len(judgement.rows) + 1))
    for place, row in enumerate(judgement.rows, 1):
        assert kind_words(row.kind) in short[place][0]
        assert named[place][-1] == short[place][0]
        assert len(named[place][0]) > len(short[place][0])


def test_quality_is_written_for_all_things_and_stuff(judgement: Judgement) -> None:
    result = judgement.result
    assert result.quality is not None
    quality = PanopticQuality(result.quality.counts, result.categories)
    lines = quality_lines(result)
    assert [line.name for line in lines] == ["All", "Things", "Stuff"]
    for line, mean in zip(lines, (quality.all, quality.things, quality.stuff), strict=True):
        assert (line.pq, line.sq, line.rq) == tuple(f"{100 * value:.1f}" for value in (mean.pq, mean.sq, mean.rq))
        assert line.classes == str(mean.n)
    assert quality_lines(None) == quality_lines(replace(result, quality=None)) == ()


def _oracle(pq: float, *, semantic: bool = False, box: bool = False) -> OracleResult:
    mean: Any = MeanQuality(pq, pq, pq, 3)
    return OracleResult(semantic, box, mean, mean, mean)


def test_gains_are_told_before_and_after() -> None:
    gains = OracleGains(
        _oracle(0.521), _oracle(0.663, semantic=True), _oracle(0.5, box=True), _oracle(1.0, semantic=True, box=True)
    )
    bars = gain_bars(gains, InspectionSettings(semantic_oracle=True))
    assert [bar.name for bar in bars] == ["True semantics (now)", "True boxes", "Both true"]
    assert [bar.words for bar in bars] == ["52.1 → 66.3 (+14.2)", "52.1 → 50.0 (−2.1)", "52.1 → 100.0 (+47.9)"]


def test_gains_where_no_class_occurs_are_none() -> None:
    nothing = _oracle(float("nan"))
    bars = gain_bars(OracleGains(nothing, nothing, nothing, nothing), InspectionSettings())
    assert {bar.words for bar in bars} == {"0.0 → 0.0 (±0.0)"}
