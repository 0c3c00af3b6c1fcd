"""What every setting of the inspection is called, what it does, and why it may have no effect; no Qt."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any, Literal

from lpsnet.structures import InspectionSettings
from lpsnet_studio.inference.messages import Kept

__all__ = [
    "GROUPS",
    "SETTINGS",
    "Group",
    "Setting",
    "idle_reasons",
    "name_of",
    "share_words",
    "undo_words",
    "value_words",
]

Group = Literal["Boxes", "Merge", "Oracles"]
GROUPS: tuple[Group, ...] = ("Boxes", "Merge", "Oracles")
Kind = Literal["share", "count", "pixels", "switch", "choice"]

_NO_TRUTH = "The oracles need ground truth, and this image has none. Open a COCO panoptic data set."
_NO_PICTURE = "The oracles need an image with ground truth."
_NOT_KEPT = "This is a saved inspection: what this would need of the network was not kept."
_TRUE_BOXES = "The box oracle is on: the boxes are the ground truth's, and nothing chooses among the network's."


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting as people meet it.

    Attributes:
        field: of :class:`~lpsnet.structures.InspectionSettings`.
        name: in the field's terms.
        does: what it does, in one sentence.
        group: where in the pipeline it belongs.
        kind: share of one, whole number, area in pixels, on or off, or one of several.
        choices: the values of a choice with their names.
    """

    field: str
    name: str
    does: str
    group: Group
    kind: Kind
    choices: tuple[tuple[str, str], ...] = ()

    @property
    def reference(self) -> str:
        """Where it comes from: the paper's section or the method's row."""
        return str(next(spec.metadata["reference"] for spec in fields(InspectionSettings) if spec.name == self.field))

    @property
    def tip(self) -> str:
        """What it does and where it comes from."""
        source = self.reference
        return f"{self.does}\n{source[0].upper()}{source[1:]}."


SETTINGS = (
    Setting(
        "class_threshold",
        "Class threshold",
        "A location proposes a box of every thing class that is more probable there than this.",
        "Boxes",
        "share",
    ),
    Setting(
        "use_borderness",
        "Border-ness in the score",
        "A box scores the probability of its class times the border-ness at its location, instead of the former alone.",
        "Boxes",
        "switch",
    ),
    Setting(
        "score_sqrt",
        "Square root of the score",
        "Boxes score the square root of that, as in FCOS's code: their order stays, but thresholds mean another score.",
        "Boxes",
        "switch",
    ),
    Setting("pre_nms_top_k", "Top k of a level", "Only so many boxes of each level go into NMS.", "Boxes", "count"),
    Setting(
        "nms_iou",
        "NMS IoU",
        "A box is suppressed if it and a better one of its class have a greater intersection over union than this.",
        "Boxes",
        "share",
    ),
    Setting("max_detections", "Cap of the image", "After NMS only so many boxes are left.", "Boxes", "count"),
    Setting("score_threshold", "Score threshold", "Boxes that score less are not merged.", "Merge", "share"),
    Setting(
        "overlap_threshold",
        "Overlap threshold",
        "A box is discarded if more than this share of its candidate pixels is held already.",
        "Merge",
        "share",
    ),
    Setting(
        "conflict",
        "Contested pixels go to",
        "Who gets a pixel that lies in two kept boxes of its class.",
        "Merge",
        "choice",
        (("closest", "Closest border-ness"), ("highest", "Higher score"), ("smallest", "Smaller box")),
    ),
    Setting(
        "borderness_pooling",
        "Border-ness pooling",
        "Which of the levels says what border-ness is predicted at a contested pixel.",
        "Merge",
        "choice",
        (("max", "Greatest of all levels"), ("own", "Level of the box")),
    ),
    Setting(
        "stuff_limit",
        "Stuff limit",
        "A stuff class that has fewer pixels left than this is discarded.",
        "Merge",
        "pixels",
    ),
    Setting(
        "leftovers",
        "Leftover thing pixels",
        "What becomes of pixels of thing classes that no kept box covers.",
        "Merge",
        "choice",
        (("void", "Stay void"), ("next_stuff", "Likeliest stuff class")),
    ),
    Setting(
        "semantic_oracle",
        "Semantic oracle",
        "Merge on the semantic map of the ground truth instead of the network's.",
        "Oracles",
        "switch",
    ),
    Setting(
        "box_oracle",
        "Box oracle",
        "Merge the boxes of the ground truth instead of the network's.",
        "Oracles",
        "switch",
    ),
    Setting(
        "oracle_borderness",
        "Border-ness of the box oracle",
        "How far the ground truth's borders are: along the run of a mask, to its outermost pixels, or to its box.",
        "Oracles",
        "choice",
        (("run", "Run of the mask"), ("extreme", "Outermost pixels"), ("box", "Sides of the box")),
    ),
)
"""Every setting, in the order of the pipeline."""


def name_of(field: str) -> str:
    """Returns what a field is called.

    Raises:
        StopIteration: if it is no setting.
    """
    return next(setting.name for setting in SETTINGS if setting.field == field)


def undo_words(field: str) -> str:
    """Returns what a field is called after “Undo”.

    Raises:
        StopIteration: if it is no setting.
    """
    name = name_of(field)
    return f"{name[0].lower()}{name[1:]}" if name[1].islower() else name


def value_words(setting: Setting, value: Any) -> str:
    """Returns a value as people read it."""
    if setting.kind == "share":
        return f"{value:.2f}" if round(value, 2) == value else f"{value:.4g}"
    if setting.kind == "switch":
        return "on" if value else "off"
    if setting.kind == "choice":
        return dict(setting.choices)[value]
    return f"{value:,} px" if setting.kind == "pixels" else f"{value:,}"


def share_words(pixels: int, size: tuple[int, int] | None) -> str:
    """Returns how much of an image of ``(H, W)`` so many pixels are; empty without an image."""
    if size is None:
        return ""
    share = 100 * pixels / (size[0] * size[1])
    if share > 100:
        return "more than this image"
    digits = 0 if share >= 10 or pixels == 0 else 1 if share >= 1 else 2
    shown = f"{share:.{digits}f}" if pixels == 0 or share >= 0.01 else "under 0.01"
    return f"{shown} % of this image"


def idle_reasons(
    settings: InspectionSettings, *, has_picture: bool, has_truth: bool, kept: Kept | None = None
) -> dict[str, str]:
    """Returns by field why it has no effect now, in a sentence; what has one is left out.

    Args:
        settings: as the current image can have them.
        has_picture: whether an image is open.
        has_truth: whether it has ground truth.
        kept: what is known of it if it is a saved inspection.
    """
    reasons = dict(_idle(settings, "" if has_truth else _NO_TRUTH if has_picture else _NO_PICTURE))
    if kept is not None:
        reasons |= {setting.field: _NOT_KEPT for setting in SETTINGS if setting.field not in kept.live}
    return reasons


def _idle(settings: InspectionSettings, no_truth: str) -> Iterator[tuple[str, str]]:
    contested_elsewhere = settings.conflict != "closest"
    by_strategy = "Contested pixels go by another strategy, so border-ness is not asked."
    if no_truth:
        for field in ("semantic_oracle", "box_oracle", "oracle_borderness"):
            yield field, no_truth
    elif not settings.box_oracle:
        yield "oracle_borderness", "The box oracle is off: border-ness is the network's."
    elif contested_elsewhere:
        yield "oracle_borderness", by_strategy
    if settings.box_oracle:
        for setting in SETTINGS:
            if setting.group == "Boxes":
                yield setting.field, _TRUE_BOXES
        yield "score_threshold", "The box oracle is on: boxes of the ground truth score 1."
    if contested_elsewhere:
        yield "borderness_pooling", by_strategy
    elif settings.box_oracle:
        yield "borderness_pooling", "The box oracle is on: border-ness is the ground truth's, which has no levels."
    if not settings.needs_network:
        yield "leftovers", "Both oracles are on: ground-truth semantics know no second choice."
