"""Every setting is named, and what is said to have no effect has none."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest

from lpsnet.structures import InspectionSettings
from lpsnet_studio.inspector.setting_words import GROUPS, SETTINGS, idle_reasons, share_words, undo_words, value_words

FIELDS = [field.name for field in fields(InspectionSettings)]
BASE = InspectionSettings(stuff_limit=0, overlap_threshold=1.0, score_threshold=0.0)
OTHERS: dict[str, tuple[Any, ...]] = {
    "class_threshold": (0.0, 0.3),
    "use_borderness": (False,),
    "score_sqrt": (True,),
    "pre_nms_top_k": (1, 3),
    "nms_iou": (0.0, 1.0),
    "max_detections": (1, 2),
    "score_threshold": (0.5, 1.0),
    "oracle_borderness": ("extreme", "box"),
    "borderness_pooling": ("own",),
    "leftovers": ("next_stuff",),
}


def test_every_setting_is_described_once_in_the_order_of_the_pipeline() -> None:
    assert sorted(setting.field for setting in SETTINGS) == sorted(FIELDS)
    assert len({setting.name for setting in SETTINGS}) == len(FIELDS)
    groups = [GROUPS.index(setting.group) for setting in SETTINGS]
    assert groups == sorted(groups)


def test_choices_are_those_that_the_settings_accept() -> None:
    for setting in SETTINGS:
        for value, text in setting.choices:
            assert getattr(replace(BASE, **{setting.field: value}), setting.field) == value
            assert value_words(setting, value) == text
    offered = {setting.field: {value for value, _ in setting.choices} for setting in SETTINGS if setting.choices}
    hints = InspectionSettings.__annotations__
    for field, values in offered.items():
        assert all(f'"{value}"' in hints[field] or f"'{value}'" in hints[field] for value in values)
        assert hints[field].count(",") == len(values) - 1, "none is missing"


@pytest.mark.parametrize("box_oracle", [False, True])
@pytest.mark.parametrize("semantic_oracle", [False, True])
@pytest.mark.parametrize("conflict", ["closest", "highest"])
def test_what_is_idle_changes_nothing(box_oracle: bool, semantic_oracle: bool, conflict: Any) -> None:
    """Run for real on a small network's output: idle settings leave the owner map as it is, whatever their value."""
    torch = pytest.importorskip("torch")
    from lpsnet.inspection import Inspection
    from lpsnet.model.output import NetworkOutput
    from tests.studio.hand_made import CATEGORIES, HEIGHT, WIDTH, truth

    torch.manual_seed(3)
    shapes = [(8, 10), (4, 5), (2, 3), (1, 2), (1, 1)]
    output = NetworkOutput(
        ltrb=tuple(torch.rand(1, 4, *shape) * 40 for shape in shapes),
        borderness_logits=tuple(torch.randn(1, 1, *shape) for shape in shapes),
        semantic_logits=torch.randn(1, len(CATEGORIES), 16, 24) * 3,
        image_sizes=((HEIGHT, WIDTH),),
        padded_size=(64, 96),
        strides=(8, 16, 32, 64, 128),
        levels=(3, 4, 5, 6, 7),
    )
    image = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    base = replace(BASE, box_oracle=box_oracle, semantic_oracle=semantic_oracle, conflict=conflict)

    def owners(settings: InspectionSettings) -> np.ndarray:
        inspection = Inspection(image, CATEGORIES, run_network=lambda _image: output, truth=truth(), settings=settings)
        inspection.run()
        return inspection.trace.owners

    before = owners(base)
    idle = idle_reasons(base, has_picture=True, has_truth=True)
    assert idle.keys() <= OTHERS.keys()
    for field in idle:
        for value in OTHERS[field]:
            assert np.array_equal(owners(replace(base, **{field: value})), before), field


def test_oracles_without_truth_are_idle_and_nothing_else_is() -> None:
    reasons = idle_reasons(InspectionSettings(), has_picture=True, has_truth=False)
    assert set(reasons) == {"semantic_oracle", "box_oracle", "oracle_borderness"}
    assert all(reason.endswith(".") for reason in reasons.values())
    assert idle_reasons(InspectionSettings(), has_picture=True, has_truth=True).keys() == {"oracle_borderness"}


@pytest.mark.parametrize(
    ("pixels", "words"),
    [
        (0, "0 % of this image"),
        (1, "0.01 % of this image"),
        (50, "0.50 % of this image"),
        (410, "4.1 % of this image"),
        (2000, "20 % of this image"),
        (10_001, "more than this image"),
    ],
)
def test_pixels_as_a_share_of_the_image(pixels: int, words: str) -> None:
    assert share_words(pixels, (100, 100)) == words
    assert share_words(pixels, None) == ""


def test_a_tiny_share_is_no_nothing() -> None:
    assert share_words(1, (1000, 1000)) == "under 0.01 % of this image"


def test_undo_names_settings_as_in_a_sentence() -> None:
    assert undo_words("overlap_threshold") == "overlap threshold"
    assert undo_words("nms_iou") == "NMS IoU"
