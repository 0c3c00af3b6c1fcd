"""The table of steps agrees with the trace, and filters and orders it; without Qt."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from lpsnet.structures import StepKind, Verdict
from lpsnet_studio.inspector.steps_model import COLUMNS, FILTERS, StepsModel, cell_text
from lpsnet_studio.tables.sorting import Order
from tests.studio import hand_made
from tests.studio.inspector.test_wording import result_of

FIELDS = [column.field for column in COLUMNS]


@pytest.fixture
def model() -> StepsModel:
    made = StepsModel()
    made.set_result(result_of(hand_made.trace()))
    return made


def column_of(field: str) -> int:
    return FIELDS.index(field)


def test_it_needs_no_qt() -> None:
    code = "import sys; sys.modules['PySide6'] = None; import lpsnet_studio.inspector.steps_model"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_row_says_of_its_step_what_the_owner_maps_say(model: StepsModel) -> None:
    trace = hand_made.trace()
    assert [row.index for row in model.shown] == list(range(len(trace.steps)))
    for row, step in zip(model.shown, trace.steps, strict=True):
        before, after = trace.owners_after(row.index), trace.owners_after(row.index + 1)
        changed = int(np.count_nonzero(before != after))
        assert row.gained == (changed if step.owner else None)
        assert row.final == (int(np.count_nonzero(trace.owners == step.owner)) if step.owner else None)
        assert (row.candidates, row.owner) == (step.candidate_pixels, step.owner)
        assert row.verdict == ("nothing is left" if row.kind is StepKind.LEFTOVERS else step.verdict)
        assert (row.score is None) == (row.kind is not StepKind.DETECTION)


def test_pixels_gained_count_those_won_from_others() -> None:
    settings = replace(result_of(hand_made.trace()).settings, conflict="smallest")
    found = hand_made.detections()
    # The second person's box is made narrower, hence smaller: it wins what it disputes.
    boxes = found.boxes.copy()
    boxes[1, 2] = 45
    from lpsnet.panoptic_head import merge

    trace = merge(
        replace(found, boxes=boxes),
        hand_made.labels(),
        isthing=hand_made.CATEGORIES.isthing,
        conflict="smallest",
        stuff_limit=0,
    )
    model = StepsModel()
    model.set_result(replace(result_of(trace), settings=settings))
    row = model.shown[1]
    assert (row.contested, row.gained) == (120, 510)
    assert row.gained == np.count_nonzero(trace.owners_after(1) != trace.owners_after(2))


def test_the_filters_let_pass_what_they_count(model: StepsModel) -> None:
    assert model.counts == {"all": 8, "kept": 5, "discarded": 1, "empty": 1, "contested": 1}
    for name in FILTERS:
        model.filter_by(name)
        assert len(model.shown) == model.counts[name]
    model.filter_by("contested")
    assert [row.index for row in model.shown] == [1]
    model.filter_by("discarded", "PERS")
    assert [row.index for row in model.shown] == [2]
    assert model.counts == {"all": 3, "kept": 2, "discarded": 1, "empty": 0, "contested": 1}
    model.filter_by("all", " ")
    assert len(model.shown) == 8


def test_places_are_of_the_rows_shown(model: StepsModel) -> None:
    model.filter_by(text="car")
    assert [model.place_of(index) for index in range(8)] == [-1, -1, -1, 0, 1, -1, -1, -1]


def test_filters_and_order_outlive_a_result(model: StepsModel) -> None:
    model.filter_by("kept")
    model.sort_by(Order(column_of("final"), descending=True))
    model.set_result(result_of(hand_made.trace()))
    assert [row.name for row in model.shown] == ["sky", "road", "person", "person", "car"]
    assert [row.index for row in model.shown[2:4]] == [0, 1]
    model.sort_by(Order())
    assert [row.index for row in model.shown] == [0, 1, 3, 5, 6]
    model.set_result(None)
    assert len(model) == len(model.shown) == 0


@pytest.mark.parametrize("field", FIELDS)
def test_every_column_can_be_sorted_by(model: StepsModel, field: str) -> None:
    model.sort_by(Order(column_of(field)))
    values = [getattr(row, field) for row in model.shown if getattr(row, field) is not None]
    assert values == sorted(values)


def test_cells_have_the_digits_they_deserve(model: StepsModel) -> None:
    shown = {column.field: cell_text(model.shown[1], column) for column in COLUMNS}
    assert shown == {
        "index": "2",
        "name": "person #2",
        "verdict": "kept",
        "score": "0.80",
        "overlap": "0.18",
        "contested": "120",
        "gained": "540",
        "final": "540",
        "candidates": "660",
        "level": "",
        "kind": "detection",
    }
    assert cell_text(replace(model.shown[1], level=5), COLUMNS[column_of("level")]) == "P5"
    assert cell_text(replace(model.shown[1], final=1234567), COLUMNS[column_of("final")]) == "1,234,567"


def test_the_rows_shown_are_copied_for_a_spreadsheet(model: StepsModel) -> None:
    model.filter_by("discarded")
    titles, only = model.tsv().splitlines()
    assert titles.split("\t") == [column.title for column in COLUMNS]
    cells = dict(zip(FIELDS, only.split("\t"), strict=True))
    assert cells["index"] == "3"
    assert cells["overlap"] == "1"
    assert cells["gained"] == ""
    model.filter_by("all")
    big = replace(model.shown[5], candidates=2_000_000)
    model.shown[:] = [big]
    assert "\t2000000\t" in model.tsv()


def test_verdicts_are_those_of_the_head(model: StepsModel) -> None:
    assert {row.verdict for row in model.shown[:-1]} == set(Verdict)


def test_leftovers_are_no_discarded_box() -> None:
    painted = hand_made.labels()
    trace = hand_made.trace()
    left = replace(trace.steps[-1], candidate_pixels=painted.size, verdict=Verdict.DISCARDED)
    model = StepsModel()
    model.set_result(result_of(replace(trace, steps=(*trace.steps[:-1], left))))
    assert model.counts["discarded"] == 1
    assert cell_text(model.shown[-1], COLUMNS[column_of("verdict")]) == "left void"
