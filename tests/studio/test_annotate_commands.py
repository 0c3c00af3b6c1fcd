"""What the actions of annotation projects hand on."""

from __future__ import annotations

from pathlib import Path

import pytest

from lpsnet.config import apply_overrides
from lpsnet_studio.commands.annotate import overrides_to_train_on


@pytest.mark.parametrize("folder", ["/data/set #2", "/data/a: b", "/data/{x}", "/data/it's", "/data/[1, 2]", "/data/é"])
def test_a_training_is_on_the_folder_of_the_project_whatever_it_is_called(folder: str) -> None:
    config = {
        "categories": None,
        "data": {"train": {"kind": "demo", "annotations": None, "images": None}, "val": {"kind": "demo"}},
    }
    apply_overrides(config, overrides_to_train_on(Path(folder) / "panoptic.json", Path(folder)))
    assert config == {
        "categories": f"{folder}/panoptic.json",
        "data": {
            "train": {"kind": "coco_panoptic", "annotations": f"{folder}/panoptic.json", "images": folder},
            "val": None,
        },
    }


def test_photos_without_a_folder_in_common_are_not_looked_for_in_one() -> None:
    assert not any(
        text.startswith("data.train.images") for text in overrides_to_train_on(Path("/a/panoptic.json"), None)
    )
