"""The fields of an evaluation's or a prediction's form, in the order in which they stand there; no Qt."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Literal

__all__ = ["DATA_KINDS", "FIELDS", "BatchField", "BatchKind", "Editor"]

BatchKind = Literal["evaluate", "predict"]


class Editor(Enum):
    """What a field is edited with."""

    NETWORK = "a checkpoint, a run's folder, or one of the known runs"
    CONFIG = "a preset or YAML file"
    FILE = "a file"
    FOLDER = "a folder"
    PATHS = "files and folders, one a line"
    LINES = "text, one change a line"
    TEXT = "a line of text"
    NUMBER = "a whole number"
    SWITCH = "on or off"
    DATA = "what kind of data"
    DEVICE = "a device"


@dataclass(frozen=True, slots=True)
class BatchField:
    """One field of the form.

    Attributes:
        name: of the value.
        title: in words.
        description: what it is for, in a sentence.
        editor: what it is edited with.
        group: under which heading it stands.
        kinds: for which jobs it is there.
        example: shown while it is empty.
    """

    name: str
    title: str
    description: str
    editor: Editor
    group: str
    kinds: tuple[BatchKind, ...] = ("evaluate", "predict")
    example: str = ""


_EVALUATE: tuple[BatchKind, ...] = ("evaluate",)
_PREDICT: tuple[BatchKind, ...] = ("predict",)
_NETWORK, _PICTURES, _TRUTH, _RESULTS = "Network", "Pictures", "From ground truth", "Results"
FIELDS: tuple[BatchField, ...] = (
    BatchField("checkpoint", "Checkpoint", "A trained network, or a run for its best one.", Editor.NETWORK, _NETWORK),
    BatchField(
        "config",
        "Config",
        "A preset or YAML file in place of the checkpoint's own; alone, an untrained network.",
        Editor.CONFIG,
        _NETWORK,
        _EVALUATE,
        "the checkpoint's own",
    ),
    BatchField(
        "config",
        "Config",
        "A preset or YAML file, for an untrained network only.",
        Editor.CONFIG,
        _NETWORK,
        _PREDICT,
        "the checkpoint's own",
    ),
    BatchField(
        "overrides",
        "Changes",
        "Changes to the config, one FIELD=VALUE a line.",
        Editor.LINES,
        _NETWORK,
        example="input.short_side=882",
    ),
    BatchField("data", "Measure on", "Pictures with ground truth.", Editor.DATA, _PICTURES, _EVALUATE),
    BatchField(
        "annotations", "Annotations", "The COCO panoptic JSON file.", Editor.FILE, _PICTURES, _EVALUATE, "panoptic.json"
    ),
    BatchField("first_seed", "First seed", "Seed of the first scene.", Editor.NUMBER, _PICTURES, _EVALUATE),
    BatchField("count", "Scenes", "How many are drawn.", Editor.NUMBER, _PICTURES, _EVALUATE),
    BatchField(
        "size", "Size", "Height x width of a scene in pixels.", Editor.TEXT, _PICTURES, _EVALUATE, example="384x512"
    ),
    BatchField(
        "inputs",
        "Pictures",
        "Pictures, folders of pictures or COCO panoptic JSON files, one a line.",
        Editor.PATHS,
        _PICTURES,
        _PREDICT,
    ),
    BatchField(
        "images",
        "Photos",
        "The folder of the photos.",
        Editor.FOLDER,
        _PICTURES,
        example="searched beside the JSON file",
    ),
    BatchField(
        "pngs", "PNGs", "The folder of the ground truth's PNGs.", Editor.FOLDER, _PICTURES, example="as the JSON file"
    ),
    BatchField(
        "limit", "Limit", "Only so many pictures, from the first on.", Editor.NUMBER, _PICTURES, _EVALUATE, "all"
    ),
    BatchField(
        "oracle_semantic",
        "Semantics",
        "Takes the semantic map from ground truth: what is lost elsewhere shows.",
        Editor.SWITCH,
        _TRUTH,
    ),
    BatchField("oracle_boxes", "Boxes", "Takes the boxes from ground truth likewise.", Editor.SWITCH, _TRUTH),
    BatchField(
        "stuff_limit",
        "Stuff limit",
        "The smallest area of a stuff segment in pixels.",
        Editor.NUMBER,
        _TRUTH,
        example="as the config says, 0 with true semantics",
    ),
    BatchField("out", "Output folder", "Where the predictions go.", Editor.FOLDER, _RESULTS),
    BatchField("overlay", "Overlays", "Draws the segments over each picture too.", Editor.SWITCH, _RESULTS, _PREDICT),
    BatchField(
        "inspections",
        "Inspections",
        "Keeps all that was found of each picture, to be opened in Inspect.",
        Editor.SWITCH,
        _RESULTS,
        _PREDICT,
    ),
    BatchField("device", "Device", "Where it runs.", Editor.DEVICE, _RESULTS),
)
DATA_KINDS = (("config", "What the config measures on"), ("files", "COCO panoptic JSON"), ("scenes", "Drawn scenes"))
"""What ``data`` may be, and how it is called."""
