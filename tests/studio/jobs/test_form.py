"""The form that makes a config: what it is told always agrees with what ``lpsnet train`` would read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lpsnet.config import Config, load_config, preset_names
from lpsnet_studio.jobs.config_fields import FieldKind, FormField
from lpsnet_studio.jobs.form import ConfigForm


@pytest.fixture
def form() -> ConfigForm:
    return ConfigForm("coco_r50")


def _any_value(field: FormField) -> st.SearchStrategy[Any]:
    """Draws what may be written in a field, most of it within its range."""
    low = 0 if field.bounds.low is None else field.bounds.low
    high = low + 2000 if field.bounds.high is None else field.bounds.high
    whole = st.integers(int(low), int(high))
    number = whole if field.is_whole else st.floats(low, high, allow_nan=False) | st.floats(low, low + 1e-4)
    match field.kind:
        case FieldKind.SWITCH:
            drawn: st.SearchStrategy[Any] = st.booleans()
        case FieldKind.CHOICE:
            drawn = st.sampled_from(field.choices)
        case FieldKind.NUMBER:
            drawn = number
        case FieldKind.NUMBERS:
            length = 3 if field.length is None else field.length
            least = 0 if field.length is None else length
            drawn = st.lists(number | st.integers(32, 900), min_size=least, max_size=length).map(sorted)
        case _:
            tricky = (
                "it's",
                'say "so"',
                "null",
                "yes",
                "1e3",
                "a: b",
                " x ",
                "# no",
                "täglich 📷",
                "a\nb",
                "=",
                "-",
                "~",
            )
            drawn = st.sampled_from(tricky) | st.text(min_size=1, max_size=12)
    return drawn | st.none() if field.is_optional else drawn


def _edit_validly(form: ConfigForm, data: st.DataObject, most: int) -> None:
    """Makes edits; what leaves a fault is taken back, but for what a new kind of source needs."""
    for _ in range(data.draw(st.integers(1, most))):
        name = data.draw(st.sampled_from(sorted(form.fields)))
        form.set(name, data.draw(_any_value(form.fields[name])))
        missing = [field for field, reason in form.faults.items() if reason == "must be given"]
        for field in missing:
            form.set(field, data.draw(_any_value(form.fields[field])))
        steps = 0
        while form.config is None:
            form.undo()
            steps += 1
            assert steps <= 1 + len(missing)


@settings(max_examples=60, deadline=None)
@given(data=st.data(), preset=st.sampled_from(preset_names()))
def test_the_command_makes_the_config_that_is_written_and_none_of_its_changes_is_idle(
    data: st.DataObject, preset: str
) -> None:
    form = ConfigForm(preset)
    _edit_validly(form, data, most=8)
    overrides = form.overrides()
    assert load_config(preset, overrides) == form.config
    assert len({override.partition("=")[0] for override in overrides}) == len(overrides)
    for left_out in range(len(overrides)):
        fewer = overrides[:left_out] + overrides[left_out + 1 :]
        try:
            assert load_config(preset, fewer) != form.config
        except ValueError:
            continue


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_undo_leads_back_and_redo_forth_again(data: st.DataObject) -> None:
    form = ConfigForm("demo")
    _edit_validly(form, data, most=5)
    written, words = form.overrides(), []
    while form.undo_words:
        words.append(form.undo_words)
        form.undo()
    assert form.config == load_config("demo")
    assert form.overrides() == ()
    while words:
        assert form.redo_words == words.pop()
        form.redo()
    assert form.overrides() == written


@settings(max_examples=60, deadline=None)
@given(text=st.text(min_size=1))
def test_any_text_comes_through_the_command_on_one_line(text: str) -> None:
    form = ConfigForm("demo")
    form.set_text("name", text)
    (override,) = form.overrides() or ("name=demo",)
    assert "\n" not in override
    assert load_config("demo", [override]).name == text


@pytest.mark.parametrize("preset", preset_names())
def test_a_form_begins_as_its_preset_without_a_change(preset: str) -> None:
    form = ConfigForm(preset)
    assert form.config == load_config(preset)
    assert (form.overrides(), form.changed_fields, form.faults, form.undo_words) == ((), (), {}, "")


def test_what_is_typed_is_read_as_the_field_means_it(form: ConfigForm) -> None:
    form.set_text("training.schedule.iterations", "12,000")
    form.set_text("training.schedule.warmup", "1e3")
    form.set_text("training.optimizer.lr", "2.5e-5")
    form.set_text("loss.box_weight", "0,5")
    form.set_text("training.schedule.steps", "[8000, 11000]")
    form.set_text("data.augmentation.crop", "384 × 512")
    assert form.overrides() == (
        "data.augmentation.crop=[384, 512]",
        "loss.box_weight=0.5",
        "training.optimizer.lr=2.5e-05",
        "training.schedule.iterations=12000",
        "training.schedule.steps=[8000, 11000]",
    )
    assert form.config is not None
    assert form.config.training.optimizer.lr == 2.5e-5


@pytest.mark.parametrize(
    ("field", "text", "reason"),
    [
        ("training.batch", "0", "must be 1 or more, not 0"),
        ("training.batch", "eight", 'must be a whole number, not "eight"'),
        ("training.optimizer.lr", "nan", "must be a finite number, not NaN"),
        ("training.optimizer.momentum", "1", "must be below 1, not 1.0"),
        ("inspection.nms_iou", "1.5", "must lie between 0.0 and 1.0, not 1.5"),
        ("inspection.nms_iou", "half", "must be a number, not 'half'"),
        ("name", "", "String should have at least 1 character"),
        ("input.mean", "1, 2", "value 3 is missing"),
        ("training.schedule.steps", "9, 3", "steps must grow"),
    ],
)
def test_a_wrong_value_is_told_at_its_field_and_nothing_typed_is_lost(
    form: ConfigForm, field: str, text: str, reason: str
) -> None:
    form.set_text(field, text)
    assert reason in form.faults[field]
    assert list(form.faults) == [field]
    assert form.config is None
    assert form.is_changed(field)
    form.reset(field)
    assert form.config == load_config("coco_r50")


def test_fields_that_do_not_belong_together_are_all_told(form: ConfigForm) -> None:
    form.set("input.long_side_cap", 700)
    assert set(form.faults) == {"input.short_side", "input.long_side_cap"}
    form.undo()
    form.set("targets.borderness", "none")
    assert set(form.faults) == {"targets.borderness", "inspection.use_borderness"}
    form.set("inspection.use_borderness", False)
    assert set(form.faults) == {"targets.borderness", "inspection.conflict"}
    form.set("inspection.conflict", "highest")
    assert form.faults == {}


def test_another_kind_of_data_brings_its_own_fields_and_the_former_ones_come_back(form: ConfigForm) -> None:
    news: list[str] = []
    form.fields_changed.connect(lambda: news.append("fields"))
    form.changed.connect(lambda: news.append("values"))
    form.set("data.train.limit", 10)
    form.set("data.train.kind", "scenes")
    assert news == ["values", "fields", "values"]
    assert form.faults == {"data.train.first_seed": "must be given", "data.train.count": "must be given"}
    assert form.value("data.train.first_seed") is None
    assert "data.train.annotations" not in form.fields
    form.set("data.train.first_seed", 0)
    form.set("data.train.count", 500)
    assert form.overrides() == ("data.train.kind=scenes", "data.train.first_seed=0", "data.train.count=500")
    form.set("data.train.kind", None)
    assert form.overrides() == ("data.train=null",)
    form.set("data.train.kind", "coco_panoptic")
    assert form.overrides() == ("data.train.limit=10",)
    form.set("data.train.kind", "scenes")
    assert form.value("data.train.count") == 500
    form.reset("data.train.count")
    assert form.faults == {"data.train.count": "must be given"}


def test_typing_in_one_field_is_undone_at_once(form: ConfigForm) -> None:
    for text in ("1", "12", "124"):
        form.set_text("training.batch", text, goes_on=True)
    form.finish()
    form.set_text("training.batch", "8", goes_on=True)
    form.undo()
    assert form.text("training.batch") == "124"
    form.undo()
    assert (form.text("training.batch"), form.undo_words) == ("16", "")
    for text in ("1", "16"):
        form.set_text("training.batch", text, goes_on=True)
    form.finish()
    assert form.undo_words == ""


def test_one_and_all_fields_are_reset_and_that_can_be_undone(form: ConfigForm) -> None:
    form.set("training.batch", 8)
    form.set("training.seed", 3)
    assert form.changed_fields == ("training.batch", "training.seed")
    form.reset("training.batch")
    assert form.overrides() == ("training.seed=3",)
    assert form.start_words("training.schedule.iterations") == "90,000"
    form.reset_all()
    assert form.overrides() == ()
    form.undo()
    assert form.overrides() == ("training.seed=3",)


def test_another_run_is_duplicated_with_changes(tmp_path: Path) -> None:
    file = tmp_path / "runs of May" / "config.yaml"
    file.parent.mkdir()
    ran = load_config("demo", ["training.batch=2", "training.start_from='a b.safetensors'"])
    file.write_text(ran.to_yaml(), encoding="utf-8")
    form = ConfigForm(file, ["training.seed=7"])
    assert (form.source, form.overrides()) == (str(file), ("training.seed=7",))
    form.set("training.start_from", None)
    assert load_config(file, form.overrides()) == form.config
    assert form.config is not None
    assert form.config.training.batch == 2


def test_starting_from_another_preset_is_undone_and_a_bad_file_changes_nothing(
    form: ConfigForm, tmp_path: Path
) -> None:
    form.set("training.batch", 8)
    form.start_from("demo")
    assert (form.config, form.overrides()) == (load_config("demo"), ())
    bad = tmp_path / "bad.yaml"
    bad.write_text("name: [", encoding="utf-8")
    for source, error in ((bad, ValueError), (tmp_path / "none.yaml", OSError), ("nothing", ValueError)):
        with pytest.raises(error, match=Path(source).stem):
            form.start_from(source)
    assert form.source == "demo"
    form.undo()
    assert (form.source, form.overrides()) == ("coco_r50", ("training.batch=8",))


def test_remarks_are_those_of_the_config_and_name_their_fields(form: ConfigForm) -> None:
    form.set("training.schedule.iterations", 70_000)
    (remark,) = form.remarks
    assert form.config is not None
    assert form.config.remarks() == (remark,)
    assert form.fields_named(remark) == ("training.schedule.steps",)
    form.set("training.batch", 0)
    assert form.remarks == ()


def test_unknown_fields_are_refused(form: ConfigForm) -> None:
    for use in (form.value, form.reset, lambda name: form.set(name, 1), lambda name: form.set_text(name, "1")):
        with pytest.raises(KeyError):
            use("training.bacth")


def test_every_field_of_every_kind_has_a_place_in_the_form() -> None:
    from lpsnet.config.fields import field_names

    form = ConfigForm("demo")
    seen = set(form.fields)
    for kind in ("coco_panoptic", "scenes"):
        form.set("data.train.kind", kind)
        form.set("data.val.kind", kind)
        seen |= set(form.fields)
    assert seen == set(field_names(Config))
