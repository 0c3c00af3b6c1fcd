"""A whole config: read from presets, YAML files and overrides, and checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Self

import yaml
from pydantic import BeforeValidator, Field, ValidationError, model_validator

from lpsnet.assets import resource, resources_folder
from lpsnet.categories import Categories
from lpsnet.config.frozen import Frozen
from lpsnet.config.network import InputConfig, ModelConfig
from lpsnet.config.paths import expand_path
from lpsnet.config.training import DataConfig, LossConfig, TargetConfig, TrainingConfig
from lpsnet.structures import InspectionSettings

__all__ = ["Config", "apply_overrides", "load_config", "parse_config", "preset_names"]


def _inspection_settings(value: object) -> object:
    """Builds the settings from a mapping that names only those which differ from the defaults."""
    if not isinstance(value, Mapping):
        return value
    known = InspectionSettings.__dataclass_fields__
    unknown = [str(name) for name in value if name not in known]
    if unknown:
        raise ValueError(f"{unknown[0]} is not a setting; the settings are {', '.join(known)}")
    return InspectionSettings(**value)


class Config(Frozen):
    """Everything that tells one LPSNet from another.

    Attributes:
        name: shown to people and stored in checkpoints.
        categories: a file name in ``resources/categories``, or a path; ``~`` and ``$VARIABLES`` are replaced in it.
        input: from picture to network input.
        model: the network.
        inspection: what happens after the network; a file names only what differs from the defaults.
        data: what it learns from and is measured on.
        targets: what each location shall predict.
        loss: what is made small.
        training: how long, and how.
    """

    name: str = Field(min_length=1)
    categories: str = Field(min_length=1)
    input: InputConfig = InputConfig()
    model: ModelConfig = ModelConfig()
    inspection: Annotated[InspectionSettings, BeforeValidator(_inspection_settings)] = InspectionSettings()
    data: DataConfig = DataConfig()
    targets: TargetConfig = TargetConfig()
    loss: LossConfig = LossConfig()
    training: TrainingConfig = TrainingConfig()

    @model_validator(mode="after")
    def _unlearnt_borderness_is_not_used(self) -> Self:
        if self.targets.borderness != "none":
            return self
        if self.inspection.use_borderness:
            raise ValueError("targets.borderness none leaves it unlearnt: set inspection.use_borderness=false too")
        if self.inspection.conflict == "closest":
            raise ValueError("targets.borderness none leaves it unlearnt: set inspection.conflict=highest too")
        return self

    def remarks(self) -> tuple[str, ...]:
        """Returns what is allowed but rarely meant, a sentence each."""
        return (*self._remarks_on_targets(), *self._remarks_on_schedule())

    def _remarks_on_targets(self) -> tuple[str, ...]:
        targets = self.targets
        lacking = "borderness" if targets.borderness == "none" else "borderness_negatives"
        if targets.level_assignment == "all" or "none" not in (targets.borderness, targets.borderness_negatives):
            return ()
        return (
            f"targets.level_assignment range with targets.{lacking} none: nothing teaches the levels that are not to "
            "learn a thing to keep silent about it, so that most of its boxes will be guesses; take "
            "level_assignment=all, or border-ness with negatives",
        )

    def _remarks_on_schedule(self) -> tuple[str, ...]:
        schedule = self.training.schedule
        late = [str(step) for step in schedule.steps if step >= schedule.iterations]
        if schedule.decay != "steps" or not late:
            return ()
        return (
            f"training.schedule.steps {', '.join(late)} come after the last of {schedule.iterations} iterations: "
            "the learning rate is not lowered there; set the steps along with the iterations",
        )

    def load_categories(self) -> Categories:
        """Reads the category file.

        Raises:
            OSError: naming the file, if there is none.
            ValueError: naming the file, if it does not hold categories, or a variable in its path that is not set.
        """
        path = expand_path(self.categories)
        if path.is_file():
            return Categories.load(path)
        shipped = sorted(file.name for file in (resources_folder() / "categories").glob("*.json"))
        if self.categories not in shipped:
            raise FileNotFoundError(
                f"categories {self.categories}: there is no such file; {', '.join(shipped)} come with this program"
            )
        return Categories.load(resource("categories", self.categories))


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
