"""With which settings a run works, in words: every field, what differs from its preset, and what it ran on; no Qt."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lpsnet.config import Config, load_config, preset_names
from lpsnet.run_directory import RunDirectory
from lpsnet_studio.jobs.compare import ComparedField, compared
from lpsnet_studio.jobs.spec import EvaluateSpec, JobSpec, PredictSpec, TrainSpec

__all__ = [
    "EnvironmentLine",
    "RunSettings",
    "asked_lines",
    "environment_lines",
    "found_settings",
    "read_run_config",
    "read_settings",
]

_MOST_LINES = 200


@dataclass(frozen=True, slots=True)
class EnvironmentLine:
    """One thing about the machine that a run was started on.

    Attributes:
        name: in words.
        value: as it was noted.
    """

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class RunSettings:
    """The settings of a run.

    Attributes:
        fields: every field beside the preset's: ``here`` is the run's value, ``there`` the preset's.
        preset: what they are held against; empty if there is nothing to hold them against.
        environment: what the latest start ran on.
        starts: how often it was started.
        problem: why there are no fields, in a sentence; empty if there are.
        asked: what an evaluation or a prediction was asked for; empty for a training, whose fields tell all.
    """

    fields: tuple[ComparedField, ...] = ()
    preset: str = ""
    environment: tuple[EnvironmentLine, ...] = ()
    starts: int = 0
    problem: str = ""
    asked: tuple[EnvironmentLine, ...] = ()


def read_run_config(folder: Path, spec: JobSpec | None) -> Config:
    """Reads the config of a job: what its run directory holds, or what it was asked for with.

    Raises:
        OSError: if there is none.
        ValueError: in one sentence, if it is damaged.
    """
    run = RunDirectory(folder)
    if run.config.is_file() or spec is None:
        return run.read_config()
    if isinstance(spec, TrainSpec):
        return load_config(spec.config, spec.overrides)
    if spec.config is not None:
        return load_config(spec.config, spec.overrides)
    raise FileNotFoundError(f"{_checkpoint_words(spec)} holds its settings, not the folder of the job")


def _checkpoint_words(spec: EvaluateSpec | PredictSpec) -> str:
    return f"The checkpoint {spec.checkpoint}" if spec.checkpoint is not None else "The ground truth"


def read_settings(folder: Path, spec: JobSpec | None) -> RunSettings:
    """Reads the settings of a job; never raises for what its folder holds. It takes a while: use a worker."""
    entries = RunDirectory(folder).read_environments()
    environment = environment_lines(entries[-1]) if entries else ()
    try:
        config = read_run_config(folder, spec)
    except (OSError, ValueError) as error:
        return RunSettings((), "", environment, len(entries), str(error), asked_lines(spec))
    preset = _preset_of(config, spec)
    base = config if preset is None else load_config(preset)
    return RunSettings(compared(config, base), preset or "", environment, len(entries), asked=asked_lines(spec))


def asked_lines(spec: JobSpec | None) -> tuple[EnvironmentLine, ...]:
    """Returns what an evaluation or a prediction was asked for, a line each; nothing of a training."""
    if not isinstance(spec, EvaluateSpec | PredictSpec):
        return ()
    oracles = {"semantic": "semantic", "boxes": "boxes", "semantic,boxes": "semantic and boxes", "": "none"}
    lines = [("Checkpoint", str(spec.checkpoint) if spec.checkpoint is not None else _no_checkpoint(spec))]
    if spec.config is not None:
        lines.append(("Config", spec.config))
    if isinstance(spec, EvaluateSpec):
        lines.append(("Data", spec.data or "what its config measures on"))
    else:
        lines.append(("Pictures", "\n".join(str(path) for path in spec.inputs)))
    lines += [("Photos", str(spec.images))] if spec.images is not None else []
    lines += [("PNGs", str(spec.pngs))] if spec.pngs is not None else []
    lines.append(("Oracles", oracles.get(spec.oracle, spec.oracle)))
    if isinstance(spec, EvaluateSpec):
        lines.append(("Pictures at most", "all" if spec.limit is None else f"{spec.limit:,}"))
    else:
        lines += [("Overlays", "yes" if spec.overlay else "no"), ("Inspections", "yes" if spec.inspections else "no")]
    stuff_limit = "as in its config" if spec.stuff_limit is None else f"{spec.stuff_limit:,} px"
    lines += [("Smallest stuff area", stuff_limit), ("Device", spec.device), ("Folder", str(spec.out))]
    lines += [("Changed", override) for override in spec.overrides]
    return tuple(EnvironmentLine(name, value) for name, value in lines)


def _no_checkpoint(spec: EvaluateSpec | PredictSpec) -> str:
    is_all_true = set(spec.oracle.split(",")) == {"semantic", "boxes"}
    return "none: both oracles stand for it" if is_all_true else "none: untrained"


def _preset_of(config: Config, spec: JobSpec | None) -> str | None:
    """Returns the preset or file that a config was made from, as far as that can still be found out."""
    asked = spec.config if spec is not None else None
    for name in (asked, config.name):
        if name and name in preset_names():
            return name
    return asked if asked and Path(asked).is_file() else None


def found_settings(fields: Iterable[ComparedField], query: str, *, only_differing: bool) -> tuple[ComparedField, ...]:
    """Returns the fields in whose name, words, group or value every word of a query occurs."""
    words = query.casefold().split()
    return tuple(
        field
        for field in fields
        if field.here is not None
        and (field.differs or not only_differing)
        and all(word in f"{field.name} {field.title} {field.group} {field.here}".casefold() for word in words)
    )


def environment_lines(entry: Mapping[str, Any]) -> tuple[EnvironmentLine, ...]:
    """Returns what was noted of a start, a line each; what is inside others carries the way to it."""
    lines: list[EnvironmentLine] = []

    def take(value: Any, name: str) -> None:
        if isinstance(value, Mapping):
            for key, part in value.items():
                take(part, f"{name} {key}".strip())
        elif isinstance(value, list):
            lines.append(EnvironmentLine(_words(name), " ".join(str(part) for part in value)))
        else:
            lines.append(EnvironmentLine(_words(name), "not known" if value is None else str(value)))

    take(entry, "")
    return tuple(lines[:_MOST_LINES])


def _words(name: str) -> str:
    words = name.replace("_", " ").strip()
    return f"{words[:1].upper()}{words[1:]}"
