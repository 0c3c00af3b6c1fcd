"""What differs between two configs."""

from __future__ import annotations

import pytest

from lpsnet.config import load_config, preset_names
from lpsnet_studio.jobs.compare import as_text, compared, differing
from lpsnet_studio.jobs.form import ConfigForm


def test_only_what_differs_is_told_with_its_words() -> None:
    here = load_config("coco_r50")
    there = load_config("coco_r50", ["training.batch=8", "model.backbone.freeze=true", "input.long_side_cap=1400"])
    rows = differing(compared(here, there))
    assert [(row.name, row.group, row.title, row.here, row.there) for row in rows] == [
        ("input.long_side_cap", "Input", "Long side cap", "not set", "1,400"),
        ("model.backbone.freeze", "Model · Backbone", "Freeze", "not set", "on"),
        ("training.batch", "Training", "Batch", "16", "8 (180,000 iterations of 8 pictures, learning rate 0.5 ×)"),
    ]


def test_fields_that_only_one_kind_of_data_has_are_told_as_absent_in_the_other() -> None:
    rows = {row.name: row for row in compared(load_config("coco_r50"), load_config("demo"))}
    assert (rows["data.train.annotations"].there, rows["data.train.count"].here) == (None, None)
    assert rows["data.train.count"].there == "6,000"
    assert (rows["data.train.limit"].here, rows["data.train.limit"].differs) == ("not set", True)
    without = {row.name: row for row in compared(load_config("demo"), load_config("demo", ["data.val=null"]))}
    assert (without["data.val.kind"].here, without["data.val.kind"].there) == ("scenes", "not set")
    assert without["data.val.count"].there is None


@pytest.mark.parametrize("one", preset_names())
@pytest.mark.parametrize("other", preset_names())
def test_two_configs_differ_exactly_in_what_would_turn_one_into_the_other(one: str, other: str) -> None:
    rows = compared(load_config(one), load_config(other))
    differ = {row.name for row in differing(rows)}
    form, there = ConfigForm(one), ConfigForm(other)
    assert {row.name for row in rows} == set(form.fields) | set(there.fields)
    for name in form.fields.keys() & there.fields.keys():
        assert (name in differ) == (form.value(name) != there.value(name))
    assert form.fields.keys() ^ there.fields.keys() <= differ


def test_rows_as_text_for_a_spreadsheet() -> None:
    rows = differing(compared(load_config("demo"), load_config("demo", ["data.val=null", "name='a\tb'"])))
    assert as_text(rows, "mine", "yours").splitlines() == [
        "Field\tmine\tyours",
        "name\tdemo\ta b",
        "data.val.kind\tscenes\tnot set",
        "data.val.first_seed\t50,000\tno such field",
        "data.val.count\t100\tno such field",
        "data.val.height\t384\tno such field",
        "data.val.width\t512\tno such field",
    ]


def test_iterations_are_told_as_the_batch_makes_them() -> None:
    asked = ["training.schedule.batch=4", "training.schedule.iterations=30"]
    here, there = (load_config("demo", [*asked, f"training.batch={batch}"]) for batch in (4, 2))
    rows = {row.name: row for row in compared(here, there)}
    scaled = "60 iterations of 2 pictures, learning rate 0.5 ×"
    assert rows["training.schedule.iterations"].here == "30"
    assert rows["training.schedule.iterations"].there == f"30 ({scaled})"
    assert [(row.name, row.there) for row in differing(rows.values())] == [("training.batch", f"2 ({scaled})")]
