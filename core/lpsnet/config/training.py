"""How a network is trained: on what, towards which targets, with which losses, and for how long."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from lpsnet.config.frozen import Frozen

__all__ = [
    "AugmentationConfig",
    "DataConfig",
    "DataSource",
    "LossConfig",
    "OptimizerConfig",
    "PanopticSource",
    "ScenesSource",
    "ScheduleConfig",
    "TargetConfig",
    "TrainingConfig",
]

Share = Annotated[float, Field(ge=0, le=1)]


# --------------------------------------------------------------------------------------------------------------- data


class ScenesSource(Frozen):
    """Procedural scenes, drawn as they are asked for."""

    kind: Literal["scenes"] = Field(default="scenes", description="Drawn scenes.")
    first_seed: int = Field(ge=0, description="Seed of the first scene; the others follow one by one.")
    count: int = Field(ge=1, description="Number of scenes.")
    height: int = Field(default=384, ge=64, le=4096, description="Height of every scene, in pixels.")
    width: int = Field(default=512, ge=64, le=4096, description="Width of every scene, in pixels.")


class PanopticSource(Frozen):
    """A folder in COCO panoptic format; ``~`` and ``$VARIABLES`` are replaced in its paths."""

    kind: Literal["coco_panoptic"] = Field(default="coco_panoptic", description="Pictures and ground truth in files.")
    annotations: str = Field(min_length=1, description="The panoptic JSON file.")
    images: str | None = Field(
        default=None, min_length=1, description="Folder of the photos; null: searched beside the JSON file."
    )
    pngs: str | None = Field(default=None, min_length=1, description="Folder of the PNGs; null: the JSON file's name.")
    limit: int | None = Field(default=None, ge=1, description="Only so many images, from the first on; null: all.")


DataSource = Annotated[ScenesSource | PanopticSource, Field(discriminator="kind")]


class AugmentationConfig(Frozen):
    """What is done to a picture at random before it trains (method rows 62–64)."""

    flip: Share = Field(default=0.5, description="Share of the pictures that are mirrored.")
    scale: tuple[float, float] = Field(
        default=(1.0, 1.0), description="The input's size is multiplied by a number drawn from this range, in 0.1 … 10."
    )
    long_side: tuple[int, int] | None = Field(
        default=None,
        description="The longer side is drawn from this range of input pixels instead, in 32 … 16384; null: it is not.",
    )
    crop: tuple[int, int] | None = Field(
        default=None,
        description="Height and width cut out at a random place, in input pixels, each 32 or more; null: the whole.",
    )
    color: Share = Field(default=0.0, description="Strongest change of brightness, contrast and saturation.")

    @model_validator(mode="after")
    def _makes_pictures(self) -> Self:
        low, high = self.scale
        if not 0.1 <= low <= high <= 10:
            raise ValueError(f"scale must be two growing numbers from 0.1 to 10, not {low:g} and {high:g}")
        if self.long_side is not None:
            shortest, longest = self.long_side
            if not 32 <= shortest <= longest <= 16384:
                raise ValueError(
                    f"long_side must be two growing numbers from 32 to 16384, not {shortest} and {longest}"
                )
            if self.scale != (1.0, 1.0):
                raise ValueError("long_side takes the place of scale: give one of the two")
        if self.crop is not None and min(self.crop) < 32:
            raise ValueError(f"crop must be at least 32 pixels high and wide, not {self.crop[0]}×{self.crop[1]}")
        return self


class DataConfig(Frozen):
    """What a network learns from and is measured on."""

    train: DataSource | None = Field(default=None, description="Where training pictures come from.")
    val: DataSource | None = Field(default=None, description="Where it is measured; null: it is not.")
    augmentation: AugmentationConfig = AugmentationConfig()
    workers: int = Field(default=2, ge=0, le=64, description="Processes that prepare pictures, for each trainer.")


# --------------------------------------------------------------------------------------------------- targets, losses


class TargetConfig(Frozen):
    """What each location shall predict (paper sections 3.2 and 3.5; method rows 16–22, 27–31)."""

    positives: Literal["mask", "box"] = Field(default="mask", description="Where a thing is learnt (Figure 7b).")
    borderness: Literal["run", "extreme", "box", "none"] = Field(
        default="run", description="What border-ness measures (row 28, Figure 7a); none: it is not learnt."
    )
    level_assignment: Literal["range", "all"] = Field(
        default="all", description="Each thing on every level, or on that of its size alone (row 22)."
    )
    borderness_negatives: Literal["off_level", "none", "all"] = Field(
        default="none", description="Where border-ness is learnt to be 0 (row 22)."
    )
    size_limits: tuple[float, float, float, float] = Field(
        default=(64.0, 128.0, 256.0, 512.0),
        description="Largest distance to a box's side on P3 … P6, input pixels, growing (row 21).",
    )

    @property
    def has_negatives(self) -> bool:
        """Whether border-ness is learnt to be 0 anywhere: no location is off its level where every level learns all."""
        if self.borderness == "none":
            return False
        return self.borderness_negatives == "all" or (
            self.borderness_negatives == "off_level" and self.level_assignment == "range"
        )

    @model_validator(mode="after")
    def _limits_grow(self) -> Self:
        limits = (0.0, *self.size_limits)
        if any(not math.isfinite(high) or high <= low for low, high in pairwise(limits)):
            raise ValueError("size_limits must grow from above 0")
        return self


class LossConfig(Frozen):
    """The three losses and their weights (paper section 3.5; method rows 23–26, 42)."""

    box: Literal["iou", "giou"] = Field(default="iou", description="-log IoU, or generalised IoU (row 23).")
    weigh_boxes_by_borderness: bool = Field(default=True, description="A central location counts more (row 24).")
    box_weight: float = Field(default=1.0, ge=0, description="Weight of the box loss in the sum (row 26).")
    borderness_weight: float = Field(default=1.0, ge=0, description="Weight of the border-ness loss (row 26).")
    semantic_weight: float = Field(default=1.0, ge=0, description="Weight of the semantic loss; 0.7 on COCO (row 26).")
    semantic_stride: int = Field(
        default=1, ge=1, le=4, description="The semantic loss reads every so many pixels of the input (row 42)."
    )
    small_thing_weight: float = Field(
        default=1.0, ge=1, le=100, description="How much a pixel of a small thing counts in the semantic loss."
    )
    small_thing_area: int = Field(default=4096, ge=1, description="Below so many input pixels a thing is small.")


# ------------------------------------------------------------------------------------------- optimisation and schedule


class OptimizerConfig(Frozen):
    """What changes the parameters (paper section 4; method rows 58, 60)."""

    name: Literal["sgd", "adamw"] = Field(default="sgd", description="Which optimiser; AdamW from scratch.")
    lr: float = Field(default=0.01, gt=0, description="Learning rate at the schedule's batch.")
    momentum: float = Field(default=0.9, ge=0, lt=1, description="Momentum of SGD.")
    weight_decay: float = Field(
        default=1e-4, ge=0, description="Weight decay; not applied to norms and biases (row 60)."
    )
    clip_norm: float | None = Field(
        default=None, gt=0, description="Norm that longer gradients are cut to; null: as they come."
    )


class ScheduleConfig(Frozen):
    """How long, and how the learning rate goes (paper section 4; method rows 58, 59, 61, 62).

    The numbers are those for ``batch``; a training with another one takes them in proportion.
    """

    batch: int = Field(default=16, ge=1, description="Pictures an iteration that the other numbers here are meant for.")
    iterations: int = Field(default=90_000, ge=1, description="How many there are, at ``batch``.")
    decay: Literal["steps", "cosine"] = Field(default="steps", description="How the learning rate falls.")
    steps: tuple[int, ...] = Field(
        default=(60_000, 80_000),
        description="Iterations after which the learning rate is multiplied by ``gamma``, growing.",
    )
    gamma: float = Field(default=0.1, gt=0, le=1, description="What the learning rate is multiplied by at each step.")
    warmup: int = Field(
        default=1000, ge=0, description="Iterations over which the learning rate grows to its full height (row 59)."
    )
    warmup_factor: float = Field(default=0.001, gt=0, le=1, description="Share of that height that it starts from.")

    @model_validator(mode="after")
    def _steps_grow(self) -> Self:
        if any(late <= early for early, late in pairwise(self.steps)):
            raise ValueError("steps must grow")
        return self


class TrainingConfig(Frozen):
    """How a network is trained."""

    batch: int = Field(default=16, ge=1, description="Pictures an iteration, over all processes.")
    accumulate: int = Field(default=1, ge=1, description="Parts that an iteration's pictures are worked through in.")
    precision: Literal["fp32", "bf16", "fp16"] = Field(
        default="fp32", description="Number format that the network computes in; fp16 needs CUDA."
    )
    seed: int = Field(default=0, ge=0, description="Seed of the first weights and of every random choice.")
    optimizer: OptimizerConfig = OptimizerConfig()
    schedule: ScheduleConfig = ScheduleConfig()
    start_from: str | None = Field(
        default=None, min_length=1, description="Path of a checkpoint whose fitting weights come first; null: none."
    )
    log_every: int = Field(default=20, ge=1, description="Iterations between two events with losses.")
    checkpoint_every: int = Field(default=1000, ge=1, description="Iterations between two checkpoints.")
    evaluate_every: int = Field(default=5000, ge=1, description="Iterations between two evaluations.")
    samples: int = Field(default=4, ge=0, le=64, description="Predictions that an evaluation leaves as pictures.")
