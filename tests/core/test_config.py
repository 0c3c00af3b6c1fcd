from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from lpsnet.config import Config, load_config, preset_names
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
        ("inspection.stuff_limit=-1", "inspection: stuff_limit must lie between"),
        ("inspection.threshold=1", "inspection: threshold is not a setting"),
        ("inspection=3", "inspection"),
    ],
)
def test_a_wrong_field_is_named_with_its_file(override: str, field: str) -> None:
    with pytest.raises(ValueError, match=r"coco_r50\.yaml with .*") as caught:
        load_config("coco_r50", [override])
    assert field in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("override", ["input.short_side", "=3", "a..b=3", "input.short_side={"])
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
        ("name: mine", "categories: Field required"),
    ],
)
def test_a_bad_file_is_one_sentence_with_its_name(tmp_path: Path, text: str, cause: str) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=r"mine\.yaml") as caught:
        load_config(path)
    assert cause in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"absent\.yaml"):
        load_config(tmp_path / "absent.yaml")


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


def test_a_long_side_takes_the_place_of_a_scale() -> None:
    assert load_config("mapillary_r50").data.augmentation.long_side == (500, 2200)
    with pytest.raises(ValueError, match=r"data\.augmentation: long_side takes the place of scale"):
        load_config("mapillary_r50", ["data.augmentation.scale=[0.5, 1]"])
    with pytest.raises(ValueError, match=r"long_side must be two growing numbers from 32 to 16384, not 900 and 500"):
        load_config("mapillary_r50", ["data.augmentation.long_side=[900, 500]"])
