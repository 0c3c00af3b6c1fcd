"""The small form of an evaluation or a prediction: what is written, what is wrong with it, and the job; no Qt."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from psygnal import Signal
from pydantic import ValidationError

from lpsnet.config import Config, ScenesSource, apply_overrides, load_config, preset_names
from lpsnet.config.faults import faults_of
from lpsnet.run_directory import RunDirectory
from lpsnet_studio.jobs.batch_fields import FIELDS, BatchField, BatchKind
from lpsnet_studio.jobs.device_choice import devices_from, fault_of_devices
from lpsnet_studio.jobs.new_folder import fault_of_folder, proposed_folder
from lpsnet_studio.jobs.spec import EvaluateSpec, PredictSpec
from lpsnet_studio.jobs.training_form import is_panoptic_json

__all__ = ["BatchForm"]

_SCENES = re.compile(r"scenes:(\d+)\+(\d+)(?:@(\d+)x(\d+))?")
_SIZE = re.compile(r"\s*(\d+)\s*[x×]\s*(\d+)\s*")
_START: Mapping[str, Any] = {
    "data": "config",
    "first_seed": "900000",
    "count": "200",
    "device": "auto",
    "oracle_semantic": False,
    "oracle_boxes": False,
    "overlay": False,
    "inspections": False,
}


class BatchForm:
    """An evaluation or a prediction as it is being written: texts as they are typed, and switches.

    Args:
        kind: which of the two.
        root: the folder in which an output folder is proposed.
        is_taken: whether a job that has not begun will use a folder.

    Attributes:
        kind: which of the two.
        changed: emitted after a value became another.
    """

    changed = Signal()

    def __init__(self, kind: BatchKind, root: Path, is_taken: Callable[[Path], bool] = lambda _folder: False) -> None:
        self.kind: BatchKind = kind
        self._root, self._is_taken = root, is_taken
        self._values: dict[str, Any] = {each.name: _START.get(each.name, "") for each in self.all_fields}
        self._proposed = ""
        self._propose()

    # --------------------------------------------------------------------------------------------------- what it says

    @property
    def all_fields(self) -> tuple[BatchField, ...]:
        """Every field of this kind of job."""
        return tuple(each for each in FIELDS if self.kind in each.kinds)

    @property
    def fields(self) -> tuple[BatchField, ...]:
        """The fields that have a meaning as the others stand."""
        return tuple(each for each in self.all_fields if self._has_meaning(each.name))

    def value(self, name: str) -> Any:
        """Returns the value of a field: text, or true and false of a switch.

        Raises:
            KeyError: if there is no such field.
        """
        return self._values[name]

    @cached_property
    def faults(self) -> Mapping[str, str]:
        """What is wrong, a sentence each, by the name of the field."""
        told = {each.name: self._fault(each.name) for each in self.fields}
        return {name: fault for name, fault in told.items() if fault}

    def spec(self) -> EvaluateSpec | PredictSpec:
        """Returns the job as it is written; what is wrong in it is left out."""
        shared: dict[str, Any] = {
            "checkpoint": self._path("checkpoint"),
            "config": self._text("config") or None,
            "overrides": self._lines("overrides"),
            "out": self._path("out") or Path(),
            "oracle": ",".join(self._oracles),
            "device": next(iter(devices_from(self._text("device"))), "auto"),
            "images": self._path("images"),
            "pngs": self._path("pngs"),
            "stuff_limit": self._number("stuff_limit"),
        }
        if self.kind == "evaluate":
            return EvaluateSpec(data=self._data, limit=self._number("limit") or None, **shared)
        return PredictSpec(
            inputs=tuple(Path(line).expanduser() for line in self._lines("inputs")),
            overlay=self._values["overlay"],
            inspections=self._values["inspections"],
            **shared,
        )

    # -------------------------------------------------------------------------------------------------------- editing

    def set(self, name: str, value: Any) -> None:
        """Writes a value.

        Raises:
            KeyError: if there is no such field.
        """
        if self._values[name] == value:
            return
        self._values[name] = value
        if name in ("checkpoint", "config") and self._values["out"] == self._proposed:
            self._propose()
        self._tell()

    def take(self, spec: EvaluateSpec | PredictSpec) -> None:
        """Begins anew with another job's settings, in a folder of its own.

        Raises:
            ValueError: if it is of the other kind.
        """
        if spec.kind != self.kind:
            raise ValueError(f"a form for jobs of kind {self.kind} does not take one of kind {spec.kind}")
        oracles = spec.oracle.split(",")
        values = {each.name: _START.get(each.name, "") for each in self.all_fields}
        values |= {
            name: _typed(getattr(spec, name)) for name in ("checkpoint", "config", "images", "pngs", "stuff_limit")
        }
        values |= {"oracle_semantic": "semantic" in oracles, "oracle_boxes": "boxes" in oracles, "device": spec.device}
        values["overrides"] = "\n".join(spec.overrides)
        if isinstance(spec, EvaluateSpec):
            values |= {"limit": _typed(spec.limit), **_data_values(spec.data)}
        else:
            values |= {"overlay": spec.overlay, "inspections": spec.inspections}
            values["inputs"] = "\n".join(map(str, spec.inputs))
        self._values = values
        self._propose()
        self._tell()

    def renew_proposal(self) -> None:
        """Proposes another folder if the proposed one has been taken since; a typed one stays."""
        out = Path(self._proposed)
        if self._values["out"] == self._proposed and (out.exists() or self._is_taken(out)):
            self._propose()
            self._tell()

    # --------------------------------------------------------------------------------------------------------- inside

    def _tell(self) -> None:
        self.__dict__.pop("faults", None)
        self.changed.emit()

    def _propose(self) -> None:
        named = self._path("checkpoint")
        verb = {"evaluate": "evaluation", "predict": "predictions"}[self.kind]
        stem = self._text("config") if named is None else _run_name(named)
        name = f"{Path(stem).stem}-{verb}" if stem else verb
        self._proposed = self._values["out"] = str(proposed_folder(self._root, name, self._is_taken))

    def _has_meaning(self, name: str) -> bool:
        data = self._values.get("data")
        match name:
            case "annotations":
                return bool(data == "files")
            case "first_seed" | "count" | "size":
                return bool(data == "scenes")
            case "images" | "pngs" if self.kind == "evaluate":
                return bool(data != "scenes")
            case "images" | "pngs":
                return sum(line.lower().endswith(".json") for line in self._lines("inputs")) == 1
        return True

    def _fault(self, name: str) -> str:
        """Returns what is wrong with a field that has a meaning now."""
        match name:
            case "checkpoint":
                return self._fault_of_checkpoint()
            case "config":
                return self._fault_of_config()
            case "overrides":
                return self._fault_of_overrides()
            case "data":
                has_config = self._text("checkpoint") or self._text("config")
                unsaid = self._values["data"] == "config" and not has_config and len(self._oracles) == 2
                return "without a network it must be said what to measure on" if unsaid else ""
            case "annotations":
                text = self._text(name)
                return is_panoptic_json(Path(text).expanduser()) if text else "choose the COCO panoptic JSON file"
            case "first_seed" | "count" | "size":
                return self._fault_of_scenes(name)
            case "inputs":
                return self._fault_of_inputs()
            case "images" | "pngs":
                return _fault_of_existing_folder(self._text(name))
            case "limit":
                return _fault_of_number(self._text(name), least=1)
            case "stuff_limit":
                return _fault_of_number(self._text(name), least=0)
            case "out":
                return self._fault_of_out()
            case "device":
                return fault_of_devices(devices_from(self._text(name)), several=False)
        return ""

    def _fault_of_checkpoint(self) -> str:
        text = self._text("checkpoint")
        if not text:
            is_named = self._text("config") or (len(self._oracles) == 2 and not self._lines("overrides"))
            return "" if is_named else "choose a trained network, or name a config below for an untrained one"
        if self.kind == "predict" and self._text("config"):
            return "the checkpoint brings its own config: leave one of the two empty"
        path = Path(text).expanduser()
        try:
            if path.is_dir():
                run = RunDirectory(path)
                has_network = run.best.is_file() or run.latest.is_file()
                return "" if has_network else f"{path} holds no trained network yet"
            return "" if path.is_file() else f"{path}: there is no such file or folder"
        except (OSError, ValueError) as error:
            return f"{text} cannot be looked at ({error})"

    def _fault_of_config(self) -> str:
        text = self._text("config")
        if not text:
            return ""
        try:
            load_config(text)
        except (OSError, ValueError) as error:
            return str(error)
        return ""

    def _fault_of_overrides(self) -> str:
        lines = self._lines("overrides")
        if not lines:
            return ""
        content = self._base()
        try:
            apply_overrides(content, lines)
            Config.model_validate(content)
        except ValidationError as error:
            return "; ".join(str(fault) for fault in faults_of(error, Config)[:3])
        except ValueError as error:
            return str(error)
        return ""

    def _base(self) -> dict[str, Any]:
        """Returns the config that is changed, or one like it: a checkpoint's own is read at the start alone."""
        for source in (self._text("config"), _config_of(self._path("checkpoint")), preset_names()[0]):
            try:
                if source:
                    return load_config(source).model_dump(mode="json")
            except (OSError, ValueError):
                continue
        return {}

    def _fault_of_scenes(self, name: str) -> str:
        if name == "size":
            text = self._text("size")
            found = _SIZE.fullmatch(text)
            if text and found is None:
                return "a size reads HEIGHTxWIDTH, such as 384x512"
            sides = {} if found is None else {"height": int(found[1]), "width": int(found[2])}
            try:
                ScenesSource.model_validate({"first_seed": 0, "count": 1, **sides})
            except ValidationError as error:
                return "; ".join(str(fault) for fault in faults_of(error, ScenesSource))
            return ""
        text = self._text(name)
        return _fault_of_number(text, least=int(name == "count")) if text else "a whole number is needed"

    def _fault_of_inputs(self) -> str:
        paths = [Path(line).expanduser() for line in self._lines("inputs")]
        if not paths:
            return "name a picture, a folder of pictures or a COCO panoptic JSON file"
        lacking = [path for path in paths if not _exists(path)]
        if lacking:
            more = f", nor {len(lacking) - 1} more" if len(lacking) > 1 else ""
            return f"{lacking[0]} is not there{more}"
        if self._oracles and not all(path.suffix.lower() == ".json" for path in paths):
            return "what comes from ground truth needs it: give COCO panoptic JSON files alone"
        return ""

    def _fault_of_out(self) -> str:
        fault = fault_of_folder(self._text("out"), for_training=False)
        folder = self._path("out")
        if not fault and folder is not None and self._is_taken(folder):
            return f"another job in the queue will use {folder}: choose another folder"
        return fault

    @property
    def _oracles(self) -> Sequence[str]:
        return [name for name in ("semantic", "boxes") if self._values[f"oracle_{name}"]]

    @property
    def _data(self) -> str | None:
        if self._values["data"] == "files":
            return str(self._path("annotations") or "")
        if self._values["data"] == "config":
            return None
        size = _SIZE.fullmatch(self._text("size"))
        at = "" if size is None else f"@{size[1]}x{size[2]}"
        return f"scenes:{self._number('first_seed') or 0}+{self._number('count') or 1}{at}"

    def _text(self, name: str) -> str:
        return str(self._values[name]).strip()

    def _lines(self, name: str) -> tuple[str, ...]:
        return tuple(line.strip() for line in str(self._values[name]).splitlines() if line.strip())

    def _path(self, name: str) -> Path | None:
        text = self._text(name).replace("\0", "") if self._has_meaning(name) else ""
        return Path(text).expanduser() if text else None

    def _number(self, name: str) -> int | None:
        text = self._text(name)
        return int(text) if text.isascii() and text.isdigit() else None


def _typed(value: object | None) -> str:
    return "" if value is None else str(value)


def _data_values(data: str | None) -> dict[str, str]:
    """Returns the fields that say what is measured on."""
    if data is None:
        return {"data": "config"}
    scenes = _SCENES.fullmatch(data)
    if scenes is None:
        return {"data": "files", "annotations": data}
    size = "" if scenes[3] is None else f"{scenes[3]}x{scenes[4]}"
    return {"data": "scenes", "first_seed": scenes[1], "count": scenes[2], "size": size}


def _run_name(checkpoint: Path) -> str:
    """Returns what a network is called by: its run, or its file."""
    return checkpoint.parent.parent.name if checkpoint.parent.name == "checkpoints" else checkpoint.name


def _config_of(checkpoint: Path | None) -> str:
    """Returns the config of the run that a checkpoint lies in; empty if it lies in none."""
    if checkpoint is None:
        return ""
    for folder in (checkpoint, checkpoint.parent.parent):
        if _exists(folder / "config.yaml"):
            return str(folder / "config.yaml")
    return ""


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


def _fault_of_existing_folder(text: str) -> str:
    if not text:
        return ""
    try:
        return "" if Path(text).expanduser().is_dir() else f"{text}: there is no such folder"
    except (OSError, ValueError) as error:
        return f"{text} cannot be looked at ({error})"


def _fault_of_number(text: str, *, least: int) -> str:
    if not text:
        return ""
    is_whole = text.isascii() and text.isdigit() and len(text) < 16
    return "" if is_whole and int(text) >= least else f"a whole number from {least} on is needed, not {text}"
