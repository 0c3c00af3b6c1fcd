"""A whole config: read from presets, YAML files and overrides, and checked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Self

import yaml
from pydantic import BeforeValidator, Field, ValidationError, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from lpsnet.assets import resource, resources_folder
from lpsnet.categories import Categories
from lpsnet.config.faults import faults_of, told
from lpsnet.config.frozen import Frozen
from lpsnet.config.network import InputConfig, ModelConfig
from lpsnet.config.overrides import apply_overrides
from lpsnet.config.paths import expand_path
from lpsnet.config.training import DataConfig, LossConfig, TargetConfig, TrainingConfig
from lpsnet.structures import InspectionSettings

__all__ = ["Config", "load_config", "parse_config", "preset_names"]

_BETWEEN_THE_PRIORS = 0.1
"""Below it a first border-ness is one for training on negatives, from it on one for training without."""
_GREATEST_SHARE_OF_ADAMW = 10
_FEWEST_SCALED_ITERATIONS = 10


def _inspection_settings(value: object) -> object:
    """Builds the settings from a mapping that names only those which differ from the defaults."""
    if not isinstance(value, Mapping):
        return value
    flaws = [flaw for name, each in value.items() if (flaw := _flaw_of_setting(str(name), each)) is not None]
    if flaws:
        raise ValidationError.from_exception_data("inspection", flaws)
    return InspectionSettings(**value)


def _flaw_of_setting(name: str, value: object) -> InitErrorDetails | None:
    """Returns what is wrong with one setting, under its own name."""
    if name not in InspectionSettings.__dataclass_fields__:
        return InitErrorDetails(type="extra_forbidden", loc=(name,), input=value)
    try:
        InspectionSettings(**{name: value})  # type: ignore[arg-type]
    except ValueError as error:
        reason = PydanticCustomError("value_error", "{reason}", {"reason": str(error).removeprefix(f"{name} ")})
        return InitErrorDetails(type=reason, loc=(name,), input=value)
    return None


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

    name: str = Field(min_length=1, description="Shown to people and stored in checkpoints.")
    categories: str = Field(
        min_length=1,
        description="A file of resources/categories, or the path of a JSON file with a list of categories.",
    )
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

    def to_yaml(self) -> str:
        """Returns every setting as YAML, which :func:`load_config` reads back from a file."""
        return yaml.safe_dump(self.model_dump(mode="json"), sort_keys=False, allow_unicode=True)

    def remarks(self) -> tuple[str, ...]:
        """Returns what is allowed but rarely meant, a sentence each."""
        return (*self._remarks_on_targets(), *self._remarks_on_steps(), *self._remarks_on_batch())

    def _remarks_on_targets(self) -> Iterator[str]:
        targets = self.targets
        if targets.level_assignment == "range" and not targets.has_negatives:
            lacking = "borderness" if targets.borderness == "none" else "borderness_negatives"
            yield (
                f"targets.level_assignment range with targets.{lacking} none: nothing teaches the levels that are not "
                "to learn a thing to keep silent about it, so that most of its boxes will be guesses; take "
                "level_assignment=all, or border-ness with negatives"
            )
        elif targets.borderness != "none":
            yield from self._remarks_on_prior()

    def _remarks_on_prior(self) -> Iterator[str]:
        targets, prior = self.targets, self.model.box_head.borderness_prior
        if targets.has_negatives and prior >= _BETWEEN_THE_PRIORS:
            yield (
                f"model.box_head.borderness_prior {prior:g} with targets.borderness_negatives "
                f"{targets.borderness_negatives}: the many negatives would own the first iterations; set "
                "model.box_head.borderness_prior=0.01 (method row 20)"
            )
        if not targets.has_negatives and prior < _BETWEEN_THE_PRIORS:
            yield (
                f"model.box_head.borderness_prior {prior:g} with targets.level_assignment {targets.level_assignment} "
                f"and targets.borderness_negatives {targets.borderness_negatives}: so low a start is meant for "
                "border-ness that is trained on negatives; without them set model.box_head.borderness_prior=0.5 "
                "(method row 20)"
            )

    def _remarks_on_steps(self) -> Iterator[str]:
        schedule = self.training.schedule
        late = [str(step) for step in schedule.steps if step >= schedule.iterations]
        if schedule.decay == "steps" and late:
            yield (
                f"training.schedule.steps {', '.join(late)} come after the last of {schedule.iterations} iterations: "
                "the learning rate is not lowered there; set the steps along with the iterations"
            )

    def _remarks_on_batch(self) -> Iterator[str]:
        schedule, optimizer = self.training.schedule, self.training.optimizer
        share = self.training.batch / schedule.batch
        if share == 1:
            return
        scaled = (
            f"training.batch {self.training.batch} with a schedule for batches of {schedule.batch} "
            "(training.schedule.batch) makes"
        )
        if optimizer.name == "adamw" and share > _GREATEST_SHARE_OF_ADAMW:
            yield (
                f"{scaled} the learning rate {optimizer.lr * share:g} instead of {optimizer.lr:g}: AdamW rarely bears "
                "as much; set training.schedule.batch to the same batch, and the learning rate and iterations for it"
            )
        iterations = schedule.iterations / share
        if iterations < _FEWEST_SCALED_ITERATIONS:
            yield (
                f"{scaled} {max(1, round(iterations))} iterations of {schedule.iterations}: too few to learn from; "
                "set training.schedule.iterations for training.schedule.batch"
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
        OSError: naming the file, if it cannot be read.
        ValueError: in one sentence that names the file, the overrides at fault and the wrong fields, if the preset or
            a field is unknown, a value is out of range, or the file is not YAML.
    """
    path = _config_path(name_or_path)
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise type(error)(_unreadable(path, error)) from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise ValueError(f"{path}: not YAML ({' '.join(str(error).split())})") from None
    if not isinstance(content, dict):
        raise ValueError(f"{path}: must hold fields such as name, categories, input and model")
    apply_overrides(content, overrides)
    try:
        return Config.model_validate(content)
    except ValidationError as error:
        faults = faults_of(error, Config)
        guilty = [override for override in overrides if any(fault.is_due_to(override) for fault in faults)]
        source = f"{path} with {', '.join(guilty)}" if guilty else str(path)
        raise ValueError(told(source, faults)) from None


def parse_config(content: Mapping[str, Any], source: str) -> Config:
    """Checks the fields of a config that has been read from ``source``.

    Raises:
        ValueError: in one sentence that names ``source`` and the wrong fields, the first few if there are many.
    """
    try:
        return Config.model_validate(content)
    except ValidationError as error:
        raise ValueError(told(source, faults_of(error, Config))) from None


def _config_path(name_or_path: str | Path) -> Path:
    path = Path(name_or_path)
    if path.suffix in (".yaml", ".yml") or len(path.parts) > 1:
        return path
    if path.name not in preset_names():
        raise ValueError(f"there is no preset {path.name!r}; the presets are {', '.join(preset_names())}")
    return resource("configs", f"{path.name}.yaml")


def _unreadable(path: Path, error: OSError) -> str:
    """Says why a config file cannot be read, and which preset may have been meant."""
    if not isinstance(error, FileNotFoundError):
        return f"config {path}: cannot be read ({error.strerror})"
    if path.stem in preset_names():
        return f"config {path}: there is no such file; the preset is called {path.stem}, without folder and ending"
    return f"config {path}: there is no such file; give a YAML file, or one of the presets {', '.join(preset_names())}"
