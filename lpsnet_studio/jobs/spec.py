"""What a job is asked to do: one frozen value a job, to JSON and back."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

__all__ = ["EvaluateSpec", "JobSpec", "PredictSpec", "TrainSpec", "spec_from_json", "spec_to_json"]


@dataclass(frozen=True, slots=True)
class TrainSpec:
    """A training, or its continuation.

    Attributes:
        config: a preset's name or a YAML file; a resumed run keeps its own.
        overrides: changes to the config, each ``field=value``.
        run_dir: the folder of the run.
        devices: where to train: one of ``auto``, ``cpu``, ``cuda``, ``cuda:N``, or several ``cuda:N`` that train
            together; several ``cpu`` are as many processes on the processor.
        resume: whether to go on with the run that is there.
    """

    kind: ClassVar[str] = "train"
    config: str
    overrides: tuple[str, ...]
    run_dir: Path
    devices: tuple[str, ...] = ("auto",)
    resume: bool = False

    @property
    def folder(self) -> Path:
        """The run directory."""
        return self.run_dir

    @property
    def device(self) -> str:
        """Where it runs, for people."""
        return ", ".join(self.devices)


@dataclass(frozen=True, slots=True)
class EvaluateSpec:
    """A measurement on pictures with ground truth.

    Attributes:
        checkpoint: a trained network, or a run directory for its best one; None if both oracles stand for it.
        data: a COCO panoptic JSON, or ``scenes:SEED+COUNT``; None for what the config measures on.
        out: the folder for the predictions, which is the job's run directory.
        config: a preset or YAML file in place of the checkpoint's own; None for that.
        overrides: changes to the config, each ``field=value``.
        oracle: what is taken from ground truth: ``semantic``, ``boxes``, ``semantic,boxes``, or empty.
        limit: only so many pictures; None for all.
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.
        images: the folder of the photos; None to search it.
        pngs: the folder of the ground truth's PNGs; None to search it.
        stuff_limit: the smallest area of a stuff segment in pixels; None for the config's.
    """

    kind: ClassVar[str] = "evaluate"
    checkpoint: Path | None
    data: str | None
    out: Path
    config: str | None = None
    overrides: tuple[str, ...] = ()
    oracle: str = ""
    limit: int | None = None
    device: str = "auto"
    images: Path | None = None
    pngs: Path | None = None
    stuff_limit: int | None = None

    @property
    def folder(self) -> Path:
        """The run directory."""
        return self.out

    @property
    def devices(self) -> tuple[str, ...]:
        """Where it runs, as of a training: always one place."""
        return (self.device,)


@dataclass(frozen=True, slots=True)
class PredictSpec:
    """A segmentation of pictures.

    Attributes:
        inputs: pictures, folders of pictures, or COCO panoptic JSON files.
        out: the folder for the predictions, which is the job's run directory.
        checkpoint: a trained network, or a run directory for its best one; None for an untrained one.
        config: a preset or YAML file, for an untrained network; None with a checkpoint.
        overrides: changes to the config, each ``field=value``.
        overlay: whether to draw the segments over each picture too.
        inspections: whether to keep all that was found of each picture too.
        oracle: what is taken from ground truth: ``semantic``, ``boxes``, ``semantic,boxes``, or empty.
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.
        images: the folder of the photos of a JSON file; None to search it.
        pngs: the folder of the PNGs of a JSON file; None to search it.
        stuff_limit: the smallest area of a stuff segment in pixels; None for the config's.
    """

    kind: ClassVar[str] = "predict"
    inputs: tuple[Path, ...]
    out: Path
    checkpoint: Path | None = None
    config: str | None = None
    overrides: tuple[str, ...] = ()
    overlay: bool = False
    inspections: bool = False
    oracle: str = ""
    device: str = "auto"
    images: Path | None = None
    pngs: Path | None = None
    stuff_limit: int | None = None

    @property
    def folder(self) -> Path:
        """The run directory."""
        return self.out

    @property
    def devices(self) -> tuple[str, ...]:
        """Where it runs, as of a training: always one place."""
        return (self.device,)


JobSpec = TrainSpec | EvaluateSpec | PredictSpec
"""What a job is asked to do; :func:`spec_to_json` and :func:`spec_from_json` are each other's reverse."""

_KINDS: Mapping[str, type[JobSpec]] = {kind.kind: kind for kind in (TrainSpec, EvaluateSpec, PredictSpec)}


def spec_to_json(spec: JobSpec) -> dict[str, Any]:
    """Returns the object that a file holds."""
    fields = {field.name: _plain(getattr(spec, field.name)) for field in dataclasses.fields(spec)}
    return {"kind": spec.kind, **fields}


def spec_from_json(content: object) -> JobSpec:
    """Reads what :func:`spec_to_json` returned; unknown fields are left out, absent ones have their default.

    Raises:
        ValueError: in one sentence, naming the field that is missing or of another kind.
    """
    if not isinstance(content, Mapping):
        raise ValueError("a job is a JSON object with a kind and its fields")
    kind = _KINDS.get(str(content.get("kind")))
    if kind is None:
        raise ValueError(f"kind must be one of {', '.join(_KINDS)}, not {content.get('kind')!r}")
    values = {}
    for field in dataclasses.fields(kind):
        if field.name in content:
            try:
                values[field.name] = _READER_OF_TYPE[str(field.type)](content[field.name])
            except TypeError:
                raise ValueError(f"{field.name} of the {kind.kind} job cannot be {content[field.name]!r}") from None
        elif field.default is dataclasses.MISSING:
            raise ValueError(f"{field.name} of the {kind.kind} job is missing")
    return kind(**values)


def _plain(value: object) -> object:
    if isinstance(value, Path):
        return str(value)
    return [_plain(part) for part in value] if isinstance(value, tuple) else value


def _exactly(kind: type) -> Callable[[object], Any]:
    def read(value: object) -> object:
        if type(value) is not kind:
            raise TypeError
        return value

    return read


def _path(value: object) -> Path:
    if not isinstance(value, str) or not value or "\0" in value:
        raise TypeError
    return Path(value)


def _or_none(read: Callable[[object], Any]) -> Callable[[object], Any]:
    return lambda value: None if value is None else read(value)


def _list_of(read: Callable[[object], Any]) -> Callable[[object], Any]:
    def read_all(value: object) -> tuple[Any, ...]:
        if not isinstance(value, list):
            raise TypeError
        return tuple(read(part) for part in value)

    return read_all


_READER_OF_TYPE: Mapping[str, Callable[[object], Any]] = {
    "bool": _exactly(bool),
    "int | None": _or_none(_exactly(int)),
    "str": _exactly(str),
    "str | None": _or_none(_exactly(str)),
    "Path": _path,
    "Path | None": _or_none(_path),
    "tuple[str, ...]": _list_of(_exactly(str)),
    "tuple[Path, ...]": _list_of(_path),
}
"""What a field's value is read by: the reverse of what :func:`spec_to_json` does to it."""
