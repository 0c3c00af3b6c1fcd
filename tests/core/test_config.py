from __future__ import annotations

import subprocess
import sys
from itertools import permutations
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lpsnet.config import Config, PanopticSource, ScenesSource, load_config, parse_config, preset_names
from lpsnet.config.fields import field_names, group_names
from lpsnet.structures import InspectionSettings


def test_there_are_five_presets() -> None:
    assert preset_names() == ("cityscapes_r50", "coco_r101", "coco_r50", "demo", "mapillary_r50")


@pytest.mark.parametrize("name", preset_names())
def test_a_preset_survives_the_round_trip_through_json(name: str) -> None:
    config = load_config(name)
    assert config.name == name
    assert Config.model_validate_json(config.model_dump_json()) == config


def test_presets_hold_the_papers_settings() -> None:
    coco, cityscapes = load_config("coco_r50"), load_config("cityscapes_r50")
    assert (coco.input.short_side, coco.input.long_side_cap) == (800, None)
    assert coco.inspection == InspectionSettings()
    assert (cityscapes.input.short_side, cityscapes.input.long_side_cap) == (1024, 2048)
    assert cityscapes.inspection.stuff_limit == 2048
    assert load_config("coco_r101").model.backbone.name == "resnet101"
    assert load_config("demo").model.backbone.weights is None


def test_coco_has_133_classes() -> None:
    categories = load_config("coco_r50").load_categories()
    assert (len(categories), int(categories.isthing.sum())) == (133, 80)


def test_overrides_win_over_the_file() -> None:
    config = load_config(
        "coco_r50",
        ["input.short_side=882", "model.backbone.weights=null", "model.context=gap", "inspection.conflict=smallest"],
    )
    assert config.input.short_side == 882
    assert config.model.backbone.weights is None
    assert config.model.context == "gap"
    assert config.inspection.conflict == "smallest"


def test_norms_are_frozen_exactly_with_pretrained_weights_unless_said_otherwise() -> None:
    assert load_config("coco_r50").model.backbone.frozen
    assert not load_config("coco_r50", ["model.backbone.weights=null"]).model.backbone.frozen
    assert not load_config("coco_r50", ["model.backbone.freeze=false"]).model.backbone.frozen


@pytest.mark.parametrize(
    ("override", "field"),
    [
        ("input.short_side=8", "input.short_side"),
        ("input.short_sid=800", "input.short_sid: there is no such field"),
        ("input.long_side_cap=700", "input: long_side_cap 700 is below short_side 800"),
        ("input.std=[1, 0, 1]", "input.std.1"),
        ("model.context=aspp", "model.context"),
        ("model.backbone.name=vgg16", "model.backbone.name"),
        ("model.backbone.width=0.5", "model.backbone: width 0.5 has no pretrained weights"),
        ("model.semantic_head.layers=0", "model.semantic_head.layers"),
        ("inspection.stuff_limit=-1", "inspection.stuff_limit: must lie between"),
        ("inspection.threshold=1", "inspection.threshold: there is no such field"),
        ("inspection=3", "inspection: must hold fields, such as inspection.class_threshold, and is 3"),
        ("input=3", "input: must hold fields, such as input.short_side, and is 3"),
        ("training.optimizer.lr=.inf", "training.optimizer.lr"),
        ("training.batch.size=3", 'training.batch: must be a whole number, not {"size": 3}'),
    ],
)
def test_a_wrong_field_is_named_with_its_file(override: str, field: str) -> None:
    with pytest.raises(ValueError, match=r"coco_r50\.yaml with .*") as caught:
        load_config("coco_r50", [override])
    assert field in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("override", "meant"),
    [
        ("trainng.batch=4", "training.batch"),
        ("training.lr=0.1", "training.optimizer.lr"),
        ("training.steps=[3]", "training.schedule.steps"),
        ("batch=4", "training.batch or training.schedule.batch"),
        ("data.val.anotations=x.json", "data.val.annotations"),
        ("trainng={batch: 4, seed: 5}", "training"),
        ("inspection.overlap=0.5", "inspection.overlap_threshold"),
    ],
)
def test_a_field_that_is_not_there_is_answered_with_the_nearest(override: str, meant: str) -> None:
    with pytest.raises(ValueError, match="there is no such field") as caught:
        load_config("coco_r50", [override])
    assert str(caught.value).endswith(f"; did you mean {meant}?")


def test_a_field_unlike_any_is_answered_without_a_guess() -> None:
    with pytest.raises(ValueError, match=r"zzz: there is no such field$"):
        load_config("coco_r50", ["zzz=4"])


def test_every_wrong_field_is_told_at_once_up_to_six() -> None:
    wrong = ["training.batch=0", "training.seed=-1", "model.context=aspp", "inspection.nms_iou=2", "loss.box=l1"]
    with pytest.raises(ValueError, match=r"coco_r50\.yaml with") as caught:
        load_config("coco_r50", [*wrong, "input.short_side=882"])
    for override in wrong:
        assert f"{override.partition('=')[0]}: " in str(caught.value)
    assert "882" not in str(caught.value)
    with pytest.raises(ValueError, match=r"; and 2 more$"):
        load_config("coco_r50", [*wrong, "training.samples=-1", "data.workers=-1", "name=''"])


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("input.short_side=882", "training.batch=0"),
        ("input.mean=[0, 0, 0]", "input.long_side_cap=100"),
        ("training.seed=3", "trainng.batch=4"),
        ("training.batch=2", "data.train.kind=scenes"),
        ("inspection.score_sqrt=true", "targets.borderness=none"),
    ],
)
def test_only_the_override_at_fault_is_named(right: str, wrong: str) -> None:
    with pytest.raises(ValueError, match=r"coco_r50\.yaml with") as caught:
        load_config("coco_r50", [right, wrong])
    assert f"coco_r50.yaml with {wrong}: " in str(caught.value)


def test_a_fault_of_the_file_blames_no_override(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("name: mine\ncategories: scenes.json\ntraining: {batch: 0}\n")
    with pytest.raises(ValueError, match=r"mine\.yaml: training\.batch: .* not 0$"):
        load_config(path, ["training.seed=3", "input.short_side=882"])


def test_a_field_of_the_other_kind_of_data_says_how_to_switch() -> None:
    sentence = (
        "data.train.annotations: belongs to data.train.kind coco_panoptic, and data.train.kind is scenes: "
        "set data.train.kind=coco_panoptic to switch"
    )
    with pytest.raises(ValueError, match=sentence):
        load_config("demo", ["data.train.annotations=x.json"])


@pytest.mark.parametrize(
    ("override", "sentence"),
    [
        ("data.train.kind=folder", 'data.train.kind: must be scenes or coco_panoptic, not "folder"'),
        ("data.train={count: 3}", "data.train.kind: must be given: scenes or coco_panoptic"),
        ("data.train.kind=coco_panoptic", "data.train.annotations: must be given"),
        ("data.train.limit=0", "data.train.limit: belongs to data.train.kind coco_panoptic"),
    ],
)
def test_a_wrong_source_of_data_is_named_as_it_is_written(override: str, sentence: str) -> None:
    with pytest.raises(ValueError, match="data") as caught:
        load_config("demo", [override])
    assert sentence in str(caught.value)


def test_another_kind_of_data_drops_the_fields_of_the_former_in_any_order() -> None:
    overrides = ["data.train.kind=coco_panoptic", "data.train.annotations=mine.json", "data.train.limit=9"]
    for order in permutations(overrides):
        assert load_config("demo", order).data.train == PanopticSource(annotations="mine.json", limit=9)
    back = ["data.val.kind=scenes", "data.val.first_seed=3", "data.val.count=2"]
    assert load_config("coco_r50", back).data.val == ScenesSource(first_seed=3, count=2)
    assert load_config("demo", ["data.train.kind=scenes"]) == load_config("demo")


def test_a_field_that_is_asked_for_is_never_dropped() -> None:
    overrides = ["data.train.count=3", "data.train.annotations=x.json", "data.train.kind=coco_panoptic"]
    for order in permutations(overrides):
        with pytest.raises(ValueError, match=r"data\.train\.count: belongs to data\.train\.kind scenes"):
            load_config("demo", order)


@pytest.mark.parametrize("override", ["input.short_side", "=3", "a..b=3", "input.short_side={", "name=2024-13-45"])
def test_a_malformed_override_is_named(override: str) -> None:
    with pytest.raises(ValueError, match="override"):
        load_config("coco_r50", [override])


def test_freezing_random_weights_is_refused() -> None:
    with pytest.raises(ValueError, match=r"model\.backbone: freeze"):
        load_config("demo", ["model.backbone.freeze=true"])


def test_a_basic_block_has_no_1x1_to_stride_in() -> None:
    with pytest.raises(ValueError, match="stride_in_1x1 means nothing in resnet18"):
        load_config("demo", ["model.backbone.stride_in_1x1=true"])


def test_an_unknown_preset_is_answered_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match="there is no preset 'coco_r52'; the presets are cityscapes_r50, coco_r101"):
        load_config("coco_r52")


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("name: [", "not YAML"),
        ("- a\n- b", "must hold fields"),
        ("", "must hold fields"),
        ("name: 2024-13-45", "not YAML (month must be in 1..12)"),
        ("name: mine\ncategories: scenes.json\nzzz: &loop {a: *loop}", "there is no such field"),
        ("name: mine\ncategories: scenes.json\ninput: &loop [*loop]", "input: must hold fields"),
        ("name: mine\ncategories: scenes.json\n3: 4", "3: "),
        ("name: {2024-01-02: 3}\ncategories: scenes.json", "name: must be text"),
        ("name: mine", "categories: must be given"),
    ],
)
def test_a_bad_file_is_one_sentence_with_its_name(tmp_path: Path, text: str, cause: str) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=r"mine\.yaml") as caught:
        load_config(path)
    assert cause in str(caught.value)
    assert "\n" not in str(caught.value)


_ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


def _answer(content: dict[str, object]) -> str:
    """What is said about a config's content; empty if it is right."""
    try:
        parse_config(content, "mine.yaml")
    except ValueError as error:
        return str(error)
    return ""


@settings(max_examples=50)
@given(
    st.dictionaries(st.sampled_from([*field_names(Config), *group_names(Config), "data.zzz"]), _ANYTHING, max_size=4)
)
def test_whatever_is_wrong_is_one_sentence(changes: dict[str, object]) -> None:
    content = load_config("demo").model_dump(mode="json")
    for name, value in changes.items():
        node = content
        for part in name.split(".")[:-1]:
            node[part] = node[part] if isinstance(node.get(part), dict) else {}
            node = node[part]
        node[name.rpartition(".")[2]] = value
    answer = _answer(content)
    assert answer.startswith("mine.yaml: ") or not answer
    assert "\n" not in answer


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "absent.yaml"
    with pytest.raises(FileNotFoundError) as caught:
        load_config(path)
    assert str(caught.value) == (
        f"config {path}: there is no such file; give a YAML file, or one of the presets {', '.join(preset_names())}"
    )


def test_a_preset_written_as_a_file_is_answered_with_its_name() -> None:
    with pytest.raises(FileNotFoundError, match="the preset is called coco_r50, without folder and ending"):
        load_config("configs/coco_r50.yaml")


def test_a_folder_is_no_config(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r"cannot be read \(") as caught:
        load_config(tmp_path)
    assert str(caught.value).startswith(f"config {tmp_path}: ")


def test_settings_never_import_torch() -> None:
    code = "import sys, lpsnet.config as c; c.load_config('coco_r50'); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_paths_of_categories_and_first_weights_know_home_and_variables(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MINE", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    classes = '[{"id": 4, "name": "cat", "isthing": 1, "color": [1, 2, 3]}]'
    (tmp_path / "classes.json").write_text(classes)
    for path in ("$MINE/classes.json", "~/classes.json"):
        assert [entry.name for entry in load_config("demo", [f"categories={path}"]).load_categories()] == ["cat"]
    monkeypatch.delenv("MINE")
    with pytest.raises(ValueError, match="the environment variable MINE is not set"):
        load_config("demo", ["categories=$MINE/classes.json"]).load_categories()


def test_missing_categories_are_named_with_those_that_come_along() -> None:
    config = load_config("demo", ["categories=street/train.json"])
    with pytest.raises(FileNotFoundError, match=r"street/train\.json: there is no such file; .*coco_panoptic\.json, "):
        config.load_categories()


def test_steps_after_the_end_of_a_schedule_are_remarked_upon() -> None:
    (remark,) = load_config("coco_r50", ["training.schedule.iterations=60000"]).remarks()
    assert remark.startswith("training.schedule.steps 60000, 80000 come after the last of 60000 iterations")
    assert not load_config("coco_r50", ["training.schedule.iterations=80001"]).remarks()
    cosine = ["training.schedule.iterations=60000", "training.schedule.decay=cosine"]
    assert not load_config("coco_r50", cosine).remarks()
    assert not any(load_config(name).remarks() for name in preset_names())


def test_a_batch_that_leaves_next_to_nothing_of_a_schedule_is_remarked_upon() -> None:
    (short,) = load_config(
        "coco_r50", ["training.schedule.iterations=100", "training.schedule.steps=[]", "training.batch=256"]
    ).remarks()
    assert "makes 6 iterations of 100" in short
    (fast,) = load_config("demo", ["training.batch=64"]).remarks()
    assert "training.batch 64" in fast
    assert "the learning rate 0.016 instead of 0.001: AdamW" in fast
    assert not load_config("demo", ["training.batch=40"]).remarks()
    assert not load_config("demo", ["training.batch=64", "training.schedule.batch=64"]).remarks()
    assert not load_config("demo", ["training.schedule.iterations=3"]).remarks()


def test_a_first_borderness_that_does_not_suit_its_negatives_is_remarked_upon() -> None:
    low, even = "model.box_head.borderness_prior=0.01", "model.box_head.borderness_prior=0.5"
    for negatives in ("none", "off_level"):
        unopposed = ["targets.level_assignment=all", f"targets.borderness_negatives={negatives}"]
        (remark,) = load_config("demo", unopposed).remarks()
        assert remark.startswith(
            f"model.box_head.borderness_prior 0.01 with targets.level_assignment all and targets.borderness_negatives "
            f"{negatives}:"
        )
        assert not load_config("demo", [*unopposed, even]).remarks()
        unlearnt = ["targets.borderness=none", "inspection.use_borderness=false", "inspection.conflict=highest"]
        assert not load_config("demo", [*unopposed, *unlearnt]).remarks()
    by_size = ["targets.level_assignment=range", "targets.borderness_negatives=off_level"]
    for opposed in (by_size, ["targets.borderness_negatives=all"]):
        (remark,) = load_config("coco_r50", [*opposed, even]).remarks()
        assert remark.startswith("model.box_head.borderness_prior 0.5 with targets.borderness_negatives")
        assert not load_config("coco_r50", [*opposed, low]).remarks()


@pytest.mark.parametrize("name", preset_names())
def test_a_config_survives_the_round_trip_through_yaml(name: str, tmp_path: Path) -> None:
    config = load_config(name, ["data.train.kind=coco_panoptic", "data.train.annotations='straße: 猫.json'"])
    path = tmp_path / "resolved.yaml"
    path.write_text(config.to_yaml(), encoding="utf-8")
    assert load_config(path) == config


def test_a_long_side_takes_the_place_of_a_scale() -> None:
    assert load_config("mapillary_r50").data.augmentation.long_side == (500, 2200)
    with pytest.raises(ValueError, match=r"data\.augmentation: long_side takes the place of scale"):
        load_config("mapillary_r50", ["data.augmentation.scale=[0.5, 1]"])
    with pytest.raises(ValueError, match=r"long_side must be two growing numbers from 32 to 16384, not 900 and 500"):
        load_config("mapillary_r50", ["data.augmentation.long_side=[900, 500]"])
