"""Presets set what the method says, leave the oracles alone, and survive preferences of another version."""

from __future__ import annotations

from dataclasses import fields, replace

from hypothesis import given
from hypothesis import strategies as st

from lpsnet.config import load_config
from lpsnet.structures import InspectionSettings
from lpsnet_studio.presets import (
    ORACLE_FIELDS,
    PRESETS,
    active_presets,
    changed_fields,
    field_by_field,
    flaws_of,
    preset_changes,
)

SHARES = st.floats(0, 1)
SETTINGS = st.builds(
    InspectionSettings,
    class_threshold=SHARES,
    use_borderness=st.booleans(),
    score_sqrt=st.booleans(),
    pre_nms_top_k=st.integers(1, 100_000),
    nms_iou=SHARES,
    max_detections=st.integers(1, 10_000),
    box_oracle=st.booleans(),
    semantic_oracle=st.booleans(),
    oracle_borderness=st.sampled_from(("run", "extreme", "box")),
    score_threshold=SHARES,
    overlap_threshold=SHARES,
    conflict=st.sampled_from(("closest", "highest", "smallest")),
    borderness_pooling=st.sampled_from(("max", "own")),
    stuff_limit=st.integers(0, 100_000_000),
    leftovers=st.sampled_from(("void", "next_stuff")),
)


def test_the_paper_is_the_method_with_the_stuff_limit_of_the_data_set() -> None:
    changes = preset_changes("paper", load_config("cityscapes_r50").inspection)
    assert changes == {
        "class_threshold": 0.05,
        "use_borderness": True,
        "score_sqrt": False,
        "pre_nms_top_k": 1000,
        "nms_iou": 0.6,
        "max_detections": 100,
        "score_threshold": 0.2,
        "overlap_threshold": 0.3,
        "conflict": "closest",
        "borderness_pooling": "max",
        "stuff_limit": 2048,
        "leftovers": "void",
    }
    assert preset_changes("paper", load_config("coco_r50").inspection)["stuff_limit"] == 4096


def test_a_config_that_is_not_the_papers_does_not_change_what_the_paper_says() -> None:
    config = InspectionSettings(use_borderness=False, conflict="highest", overlap_threshold=0.5, stuff_limit=7)
    assert active_presets(config, config) == ()
    papers = replace(config, **preset_changes("paper", config))
    assert (papers.use_borderness, papers.conflict, papers.overlap_threshold) == (True, "closest", 0.3)
    assert papers.stuff_limit == 7


def test_fcos_differs_from_the_paper_by_the_square_root_alone() -> None:
    config = InspectionSettings()
    paper, fcos = preset_changes("paper", config), preset_changes("fcos", config)
    assert {name for name in paper if paper[name] != fcos[name]} == {"score_sqrt"}
    assert fcos["score_sqrt"] is True


@given(settings=SETTINGS, config=SETTINGS, mine=SETTINGS)
def test_a_preset_is_on_once_it_was_chosen_and_leaves_the_oracles_alone(
    settings: InspectionSettings, config: InspectionSettings, mine: InspectionSettings
) -> None:
    kept = field_by_field(mine)
    assert flaws_of(kept) == ()
    for name in PRESETS:
        turned = replace(settings, **preset_changes(name, config, kept))
        assert name in active_presets(turned, config, kept)
        assert [getattr(turned, field) for field in ORACLE_FIELDS] == [
            getattr(settings, field) for field in ORACLE_FIELDS
        ]
        others = {field.name for field in fields(InspectionSettings)} - set(ORACLE_FIELDS)
        assert set(preset_changes(name, config, kept)) == others


def test_what_another_version_kept_is_taken_as_far_as_it_holds() -> None:
    config = InspectionSettings(stuff_limit=64, nms_iou=0.5)
    kept = {
        "overlap_threshold": 0.4,
        "nms_iou": float("nan"),
        "colour": 3,
        "conflict": "loudest",
        "stuff_limit": 10.5,
        "use_borderness": 1,
        "box_oracle": True,
        "leftovers": ["void"],
    }
    changes = preset_changes("mine", config, kept)
    assert changes == field_by_field(config) | {"overlap_threshold": 0.4}
    flaws = flaws_of(kept)
    assert len(flaws) == 7
    assert "colour is no setting of a preset" in flaws
    assert "conflict must be one of closest, highest, smallest, not 'loudest'" in flaws


def test_mine_is_not_on_where_there_is_none() -> None:
    settings = InspectionSettings()
    assert active_presets(settings, settings) == ("paper",)
    assert active_presets(settings, settings, field_by_field(settings)) == ("paper", "mine")


def test_changed_fields_are_those_that_differ_from_the_config() -> None:
    config = InspectionSettings()
    assert changed_fields(config, config) == ()
    turned = replace(config, leftovers="next_stuff", class_threshold=0.1, box_oracle=True)
    assert changed_fields(turned, config) == ("class_threshold", "box_oracle", "leftovers")
