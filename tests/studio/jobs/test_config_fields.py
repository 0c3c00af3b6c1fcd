"""The config's fields, read from its models."""

from __future__ import annotations

import pytest

from lpsnet.config import load_config, preset_names
from lpsnet_studio.jobs.config_fields import Bounds, FieldGroup, FieldKind, flat, groups_of, matching, nested, sources
from lpsnet_studio.jobs.field_words import as_override, group_title, title_of, value_text, value_words

KINDS = {"data.train": "coco_panoptic", "data.val": "scenes"}


@pytest.fixture(scope="module")
def groups() -> tuple[FieldGroup, ...]:
    return groups_of(KINDS)


def _names(groups: tuple[FieldGroup, ...]) -> list[str]:
    return [field.name for group in groups for field in group.fields]


def test_kinds_come_from_the_types(groups: tuple[FieldGroup, ...]) -> None:
    fields = {field.name: field for group in groups for field in group.fields}
    assert fields["model.backbone.stride_in_1x1"].kind is FieldKind.SWITCH
    assert (fields["model.backbone.freeze"].kind, fields["model.backbone.freeze"].is_optional) == (
        FieldKind.SWITCH,
        True,
    )
    assert fields["targets.positives"].choices == ("mask", "box")
    assert fields["training.optimizer.momentum"].bounds == Bounds(0, 1, below_high=True)
    assert fields["input.std"].bounds == Bounds(0, above_low=True)
    assert (fields["input.std"].length, fields["training.schedule.steps"].length) == (3, None)
    assert fields["inspection.stuff_limit"].bounds == Bounds(0, 100_000_000)
    assert fields["inspection.stuff_limit"].is_whole
    assert fields["inspection.conflict"].choices == ("closest", "highest", "smallest")
    assert fields["data.train.kind"].chooses
    assert fields["data.train.kind"].is_optional


def test_paths_are_told_from_other_text(groups: tuple[FieldGroup, ...]) -> None:
    by_kind = {
        kind: {field.name for group in groups for field in group.fields if field.kind is kind}
        for kind in (FieldKind.FILE, FieldKind.FOLDER, FieldKind.TEXT)
    }
    assert by_kind == {
        FieldKind.FILE: {"categories", "model.backbone.weights", "data.train.annotations", "training.start_from"},
        FieldKind.FOLDER: {"data.train.images", "data.train.pngs"},
        FieldKind.TEXT: {"name"},
    }


def test_every_field_says_what_it_is_for(groups: tuple[FieldGroup, ...]) -> None:
    assert [field.name for group in groups for field in group.fields if not field.description] == []
    assert [group.name for group in groups if not group.description] == []


@pytest.mark.parametrize(
    ("bounds", "words"),
    [
        (Bounds(), ""),
        (Bounds(32, 8192), "32 … 8,192"),
        (Bounds(0, 100_000_000), "0 … 100,000,000"),
        (Bounds(1), "1 or more"),
        (Bounds(0, above_low=True), "above 0"),
        (Bounds(0, 1, above_low=True), "above 0, 1 or less"),
        (Bounds(0, 1, below_high=True), "0 or more, below 1"),
        (Bounds(high=0.5), "0.5 or less"),
    ],
)
def test_ranges_in_words(bounds: Bounds, words: str) -> None:
    assert bounds.words == words


@pytest.mark.parametrize("preset", preset_names())
@pytest.mark.parametrize("without", ["", "data.train", "data.val"])
def test_content_taken_apart_is_put_together_again(preset: str, without: str) -> None:
    config = load_config(preset, [f"{without}=null"] if without else [])
    content = config.model_dump(mode="json")
    values = flat(content)
    assert nested(values) == content
    assert (f"{without}.kind" in values) == bool(without)
    assert all(not isinstance(value, dict) for value in values.values())


def test_sources_are_what_has_kinds() -> None:
    assert sources() == {"data.train": ("scenes", "coco_panoptic"), "data.val": ("scenes", "coco_panoptic")}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("training.batch", ["training.batch"]),
        ("learning rate full HEIGHT", ["training.schedule.warmup"]),
        ("adamw", ["training.optimizer.name"]),
        ("backbone freeze", ["model.backbone.freeze"]),
        ("freeze nonsense", []),
    ],
)
def test_every_word_of_a_search_is_found_in_name_title_or_description(
    groups: tuple[FieldGroup, ...], query: str, found: list[str]
) -> None:
    left = _names(matching(groups, query))
    assert left[: len(found)] == found
    assert bool(left) == bool(found)
    brute = [
        field.name
        for group in groups
        for field in group.fields
        if all(
            word in f"{field.name} {field.title} {group.title} {field.description} {' '.join(field.choices)}".lower()
            for word in query.lower().split()
        )
    ]
    assert left == brute


def test_a_search_may_be_kept_to_some_fields(groups: tuple[FieldGroup, ...]) -> None:
    assert matching(groups, "") == groups
    assert _names(matching(groups, "batch", ["training.batch", "name"])) == ["training.batch"]
    assert matching(groups, "", []) == ()


def test_words() -> None:
    assert title_of("training.optimizer.lr") == "Learning rate"
    assert title_of("inspection.pre_nms_top_k") == "Pre NMS top k"
    assert group_title("model.box_head") == "Model · Box head"
    assert [value_words(each) for each in (None, True, 90_000, [1, 2], "", 0.5)] == [
        "not set",
        "on",
        "90,000",
        "1, 2",
        "empty",
        "0.5",
    ]
    assert [value_text(each) for each in (None, 90_000, 1.0, 1e-5, [0.5, 2.0], "x")] == [
        "",
        "90000",
        "1",
        "1e-05",
        "0.5, 2",
        "x",
    ]
    assert as_override("loss.box_weight", 1e-05) == "loss.box_weight=1.0e-05"
    assert as_override("name", "it's 5") == "name=it's 5"
    assert as_override("name", "null") == "name='null'"
