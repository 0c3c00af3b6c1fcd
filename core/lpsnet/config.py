"""Every setting of the method, checked on construction; presets live in ``resources/configs``.

A setting that a table or figure of the paper ablates, or that the paper leaves open, is a field here and names its
row of docs/method.md. No config object reaches the network's modules: they take plain keyword arguments.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from lpsnet.assets import resource, resources_folder
from lpsnet.categories import Categories
from lpsnet.structures import InspectionSettings

__all__ = [
    "BackboneConfig",
    "BoxHeadConfig",
    "Config",
    "InputConfig",
    "ModelConfig",
    "SemanticHeadConfig",
    "apply_overrides",
    "load_config",
    "parse_config",
    "preset_names",
]

Rgb = tuple[float, float, float]
Positive = Annotated[float, Field(gt=0)]
_SMALLEST_SIDE, _LARGEST_SIDE, _LARGEST_CAP = 32, 8192, 16384


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())


class InputConfig(_Frozen):
    """How a picture becomes the network's input (method rows 5, 63, 64, 66)."""

    short_side: int = Field(
        default=800, ge=_SMALLEST_SIDE, le=_LARGEST_SIDE, description="Pixels of the shorter side after resizing."
    )
    long_side_cap: int | None = Field(
        default=None,
        ge=_SMALLEST_SIDE,
        le=_LARGEST_CAP,
        description="Most pixels of the longer side; null: 1333 at 800, in proportion.",
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


class BackboneConfig(_Frozen):
    """The residual network (paper section 3.1; method rows 1–4)."""

    name: Literal["resnet18", "resnet34", "resnet50", "resnet101"] = "resnet50"
    width: float = Field(default=1.0, ge=0.25, le=1.0, description="Scales all channels; below 1 only from scratch.")
    weights: str | None = Field(
        default=None,
        min_length=1,
        description="torchvision's name of weights, a local file, or null: from scratch.",
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


class BoxHeadConfig(_Frozen):
    """The class-agnostic box head (paper section 3.2; method rows 12–14, 20)."""

    layers: int = Field(default=4, ge=1, le=8)
    norm: Literal["gn", "none"] = "gn"
    activation: Literal["exp", "relu"] = Field(default="exp", description="From raw value to distance (row 14).")
    borderness_prior: float = Field(
        default=0.01,
        gt=0,
        lt=1,
        description="Border-ness before training (row 20); 0.5 without negatives.",
    )


class SemanticHeadConfig(_Frozen):
    """The semantic head (paper section 3.3; method rows 38–41)."""

    channels: int = Field(default=128, ge=8, le=1024)
    layers: int = Field(default=2, ge=1, le=8)
    deformable: bool = True
    norm: Literal["gn", "none"] = "gn"


class ModelConfig(_Frozen):
    """The network."""

    backbone: BackboneConfig = BackboneConfig()
    channels: int = Field(default=256, ge=8, le=1024, description="Channels of P2–P7 and of the box head (row 6).")
    context: Literal["ppm", "gap", "none"] = Field(default="ppm", description="Added to the C5 lateral (Table 5).")
    ppm_norm: Literal["gn", "bn", "none"] = Field(default="gn", description="Norm inside the pyramid pooling (row 8).")
    ppm_relu: bool = Field(default=False, description="ReLU after the pyramid pooling's last convolution (row 8).")
    box_head: BoxHeadConfig = BoxHeadConfig()
    semantic_head: SemanticHeadConfig = SemanticHeadConfig()


def _inspection_settings(value: object) -> object:
    """Builds the settings from a mapping that names only those which differ from the defaults."""
    if not isinstance(value, Mapping):
        return value
    known = InspectionSettings.__dataclass_fields__
    unknown = [str(name) for name in value if name not in known]
    if unknown:
        raise ValueError(f"{unknown[0]} is not a setting; the settings are {', '.join(known)}")
    return InspectionSettings(**value)


class Config(_Frozen):
    """Everything that tells one LPSNet from another.

    Attributes:
        name: shown to people and stored in checkpoints.
        categories: a file name in ``resources/categories``, or a path.
        input: from picture to network input.
        model: the network.
        inspection: what happens after the network; a file names only what differs from the defaults.
    """

    name: str = Field(min_length=1)
    categories: str = Field(min_length=1)
    input: InputConfig = InputConfig()
    model: ModelConfig = ModelConfig()
    inspection: Annotated[InspectionSettings, BeforeValidator(_inspection_settings)] = InspectionSettings()

    def load_categories(self) -> Categories:
        """Reads the category file.

        Raises:
            OSError: if there is none.
            ValueError: naming the file, if it does not hold categories.
        """
        path = Path(self.categories)
        return Categories.load(path if path.is_file() else resource("categories", self.categories))


def preset_names() -> tuple[str, ...]:
    """Returns the names that :func:`load_config` knows, sorted."""
    return tuple(sorted(path.stem for path in (resources_folder() / "configs").glob("*.yaml")))


def load_config(name_or_path: str | Path, overrides: Sequence[str] = ()) -> Config:
    """Reads a preset or a YAML file.

    Args:
        name_or_path: a preset's name, such as ``coco_r50``, or the path of a ``.yaml`` file.
        overrides: settings that win over the file, such as ``input.short_side=882`` or
            ``model.backbone.weights=null``; the value is YAML.

    Raises:
        OSError: if the file cannot be read.
        ValueError: in one sentence that names the file and the field, if the preset or a field is unknown, a value is
            out of range, or the file is not YAML.
    """
    path = _config_path(name_or_path)
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ValueError(f"{path}: not YAML ({' '.join(str(error).split())})") from None
    if not isinstance(content, dict):
        raise ValueError(f"{path}: must hold fields such as name, categories, input and model")
    apply_overrides(content, overrides)
    source = f"{path} with {', '.join(overrides)}" if overrides else str(path)
    return parse_config(content, source)


def parse_config(content: Mapping[str, Any], source: str) -> Config:
    """Checks the fields of a config that has been read from ``source``.

    Raises:
        ValueError: in one sentence that names ``source`` and the first wrong field.
    """
    try:
        return Config.model_validate(content)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        field = ".".join(str(part) for part in first["loc"]) or "the file"
        known = first["type"] != "extra_forbidden"
        reason = first["msg"].removeprefix("Value error, ") if known else "there is no such field"
        more = f" (and {error.error_count() - 1} more)" if error.error_count() > 1 else ""
        raise ValueError(f"{source}: {field}: {reason}{more}") from None


def apply_overrides(content: dict[str, Any], overrides: Sequence[str]) -> None:
    """Sets dotted fields, such as ``input.short_side=882``, of a config's content in place.

    Whether a field exists, and its value, are checked with the rest by :func:`parse_config`.

    Raises:
        ValueError: naming the override, if it does not read ``field=value`` with a YAML value.
    """
    for override in overrides:
        _apply_override(content, override)


def _config_path(name_or_path: str | Path) -> Path:
    path = Path(name_or_path)
    if path.suffix in (".yaml", ".yml") or len(path.parts) > 1:
        return path
    if path.name not in preset_names():
        raise ValueError(f"there is no preset {path.name!r}; the presets are {', '.join(preset_names())}")
    return resource("configs", f"{path.name}.yaml")


def _apply_override(content: dict[str, Any], override: str) -> None:
    key, equals, text = override.partition("=")
    names = key.strip().split(".")
    if not equals or not all(names):
        raise ValueError(f"an override reads field=value, such as input.short_side=882, not {override!r}")
    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError:
        raise ValueError(f"override {override!r}: the value is not YAML") from None
    node = content
    for name in names[:-1]:
        if not isinstance(node.get(name), dict):
            node[name] = {}
        node = node[name]
    node[names[-1]] = value
