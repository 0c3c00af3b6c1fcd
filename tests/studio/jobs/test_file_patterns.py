"""What a chooser of files offers first."""

import pytest

from lpsnet_studio.jobs.file_patterns import file_patterns


@pytest.mark.parametrize(
    ("asked", "first"),
    [
        ("Checkpoint", "*.safetensors"),
        ("Path of a checkpoint whose fitting weights come first; null: none.", "*.pt"),
        ("torchvision's name of weights, a local file, or null: from scratch.", "*.pth"),
        ("The panoptic JSON file.", "*.json"),
        ("Annotations", "*.json"),
        ("Config", "*.yaml"),
        ("Pictures", "*.jpg"),
    ],
)
def test_what_is_asked_for_comes_before_everything(asked: str, first: str) -> None:
    patterns = file_patterns(asked).split(";;")
    assert first in patterns[0]
    assert patterns[1:] == ["All files (*)"]


def test_of_an_unknown_thing_everything_is_offered() -> None:
    assert file_patterns("Something else") == "All files (*)"
