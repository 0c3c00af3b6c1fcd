"""What the network is built from, and what it takes in."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from lpsnet.config.frozen import Frozen

__all__ = ["BackboneConfig", "BoxHeadConfig", "InputConfig", "ModelConfig", "SemanticHeadConfig"]

Rgb = tuple[float, float, float]
Positive = Annotated[float, Field(gt=0)]
_SMALLEST_SIDE, _LARGEST_SIDE, _LARGEST_CAP = 32, 8192, 16384


class InputConfig(Frozen):
    """How a picture becomes the network's input (method rows 5, 63, 64, 66)."""

    short_side: int = Field(
        default=800, ge=_SMALLEST_SIDE, le=_LARGEST_SIDE, description="Pixels of the shorter side after resizing."
    )
    long_side_cap: int | None = Field(
        default=None,
        ge=_SMALLEST_SIDE,
        le=_LARGEST_CAP,
        description="Most pixels of the longer side, no fewer than short_side; null: 1333 at 800, in proportion.",
    )
    mean: Rgb = Field(default=(0.485, 0.456, 0.406), description="Subtracted from RGB in [0, 1]; ImageNet's.")
    std: tuple[Positive, Positive, Positive] = Field(
        default=(0.229, 0.224, 0.225), description="Divides RGB after the mean is gone; ImageNet's."
    )

    @model_validator(mode="after")
    def _cap_is_not_below_the_short_side(self) -> Self:
        if self.long_side_cap is not None and self.long_side_cap < self.short_side:
            raise ValueError(f"long_side_cap {self.long_side_cap} is below short_side {self.short_side}")
        return self

    def scaled_to(self, short_side: int) -> InputConfig:
        """Returns the input at another short side, a cap of the long side in proportion.

        Raises:
            ValueError: if the short side is out of range.
        """
        cap = self.long_side_cap
        if cap is not None:
            cap = min(max(round(cap * short_side / self.short_side), short_side), _LARGEST_CAP)
        if not _SMALLEST_SIDE <= short_side <= _LARGEST_SIDE:
            raise ValueError(f"input.short_side must lie in {_SMALLEST_SIDE} … {_LARGEST_SIDE}, not {short_side}")
        return self.model_copy(update={"short_side": short_side, "long_side_cap": cap})


class BackboneConfig(Frozen):
    """The residual network (paper section 3.1; method rows 1–4)."""

    name: Literal["resnet18", "resnet34", "resnet50", "resnet101"] = Field(
        default="resnet50", description="Which residual network."
    )
    width: float = Field(default=1.0, ge=0.25, le=1.0, description="Scales all channels; below 1 only from scratch.")
    weights: str | None = Field(
        default=None,
        min_length=1,
        description="torchvision's name of weights, a local file (with ~ and $VARIABLES), or null: from scratch.",
    )
    stride_in_1x1: bool = Field(default=False, description="Stride in the 1×1, as Caffe's ResNet (row 2).")
    freeze: bool | None = Field(
        default=None,
        description="Fix norms, stem and res2 (rows 3, 4); null: if there are weights.",
    )

    @model_validator(mode="after")
    def _belongs_together(self) -> Self:
        if self.weights is not None and self.width != 1.0:
            raise ValueError(f"width {self.width} has no pretrained weights: set weights to null or width to 1")
        if self.weights is None and self.freeze:
            raise ValueError("freeze would fix random numbers where weights is null: leave it null or false")
        if self.stride_in_1x1 and self.name in ("resnet18", "resnet34"):
            raise ValueError(f"stride_in_1x1 means nothing in {self.name}, which has no 1×1 convolution in its blocks")
        return self

    @property
    def frozen(self) -> bool:
        """Whether norms, stem and res2 stay as loaded."""
        return self.weights is not None if self.freeze is None else self.freeze


class BoxHeadConfig(Frozen):
    """The class-agnostic box head (paper section 3.2; method rows 12–14, 20)."""

    layers: int = Field(default=4, ge=1, le=8, description="Convolutions before the predictions.")
    norm: Literal["gn", "none"] = Field(default="gn", description="Norm after each of them.")
    activation: Literal["exp", "relu"] = Field(default="exp", description="From the raw value to a distance (row 14).")
    borderness_prior: float = Field(
        default=0.5,
        gt=0,
        lt=1,
        description="Border-ness before training (row 20); take 0.01 with negatives.",
    )


class SemanticHeadConfig(Frozen):
    """The semantic head (paper section 3.3; method rows 38–41)."""

    channels: int = Field(default=128, ge=8, le=1024, description="Channels of its layers (row 38).")
    layers: int = Field(default=2, ge=1, le=8, description="Convolutions on each level (row 38).")
    deformable: bool = Field(default=True, description="Deformable convolutions instead of plain ones (row 38).")
    norm: Literal["gn", "none"] = Field(default="gn", description="Norm after each of them (row 40).")


class ModelConfig(Frozen):
    """The network."""

    backbone: BackboneConfig = BackboneConfig()
    channels: int = Field(default=256, ge=8, le=1024, description="Channels of P2–P7 and of the box head (row 6).")
    context: Literal["ppm", "gap", "none"] = Field(default="ppm", description="Added to the C5 lateral (Table 5).")
    ppm_norm: Literal["gn", "bn", "none"] = Field(default="gn", description="Norm inside the pyramid pooling (row 8).")
    ppm_relu: bool = Field(default=False, description="ReLU after the pyramid pooling's last convolution (row 8).")
    box_head: BoxHeadConfig = BoxHeadConfig()
    semantic_head: SemanticHeadConfig = SemanticHeadConfig()
