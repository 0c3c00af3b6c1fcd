"""The small form of an evaluation or a prediction: what is written, what is wrong with it, and the job; no Qt."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from psygnal import Signal
from pydantic import ValidationError

from lpsnet.config import ScenesSource
from lpsnet.config.faults import faults_of
from lpsnet_studio.jobs.batch_disk import DISK_FAULTS, fault_of_overrides, folders_of
from lpsnet_studio.jobs.batch_fields import FIELDS, BatchField, BatchKind
from lpsnet_studio.jobs.device_choice import devices_from, fault_of_devices
from lpsnet_studio.jobs.disk_look import Ask, DiskLook, Question, at_once
from lpsnet_studio.jobs.form_history import FormHistory
from lpsnet_studio.jobs.new_folder import fault_of_folder, names_in, proposed_folder, typed_path
from lpsnet_studio.jobs.panoptic_file import Beside
from lpsnet_studio.jobs.spec import EvaluateSpec, PredictSpec

__all__ = ["BatchForm"]

_SCENES = re.compile(r"scenes:(\d+)\+(\d+)(?:@(\d+)x(\d+))?")
_ROOT, _BESIDE = "root", "beside"
_FOLDERS = ("images", "pngs")
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


@dataclass(frozen=True, slots=True)
class _Written:
    """Everything that undo brings back: values, the output folder None while it is proposed, and what is put away."""

    values: Mapping[str, Any]
    parked: Mapping[str, str]


class BatchForm:
    """An evaluation or a prediction as it is being written: texts as they are typed, and switches.

    Args:
        kind: which of the two.
        root: the folder in which an output folder is proposed.
        is_taken: whether a job that has not begun will use a folder.
        ask: looks at the disk; what is wrong there is told once it has answered.

    Attributes:
        kind: which of the two.
        changed: emitted after a value became another.
    """

    changed = Signal()

    def __init__(
        self,
        kind: BatchKind,
        root: Path,
        is_taken: Callable[[Path], bool] = lambda _folder: False,
        ask: Ask = at_once,
    ) -> None:
        self.kind: BatchKind = kind
        self._root, self._is_taken = root, is_taken
        self._values: dict[str, Any] = {each.name: _START.get(each.name, "") for each in self.all_fields}
        self._proposed = ""
        self._parked: dict[str, str] = {}
        self._history: FormHistory[_Written] = FormHistory()
        self._disk = DiskLook(ask)
        self._propose()
        self._disk.changed.connect(self._follow_disk)
        self._look()

    # --------------------------------------------------------------------------------------------------- what it says

    @property
    def all_fields(self) -> tuple[BatchField, ...]:
        """Every field of this kind of job."""
        return tuple(each for each in FIELDS if self.kind in each.kinds)

    @property
    def fields(self) -> tuple[BatchField, ...]:
        """The fields that have a meaning as the others stand."""
        return tuple(each for each in self.all_fields if self._has_meaning(each.name))

    def off(self, name: str) -> str:
        """Returns why a field that is there cannot be filled in as the others stand, in a sentence; empty if it can."""
        is_off = name in _FOLDERS and self._values.get("data") == "config" and not self._values[name]
        return "The config names its own folders; choose COCO panoptic JSON above to name others." if is_off else ""

    def example(self, name: str) -> str:
        """Returns what is taken where a field is empty: a folder that was found, or else what the field says."""
        beside: Beside = self._disk.answer(_BESIDE, Beside())
        found = {"images": beside.images, "pngs": beside.pngs}.get(name)
        return str(found) if found else next(each.example for each in self.all_fields if each.name == name)

    def value(self, name: str) -> Any:
        """Returns the value of a field: text, or true and false of a switch.

        Raises:
            KeyError: if there is no such field.
        """
        return self._values[name]

    @cached_property
    def faults(self) -> Mapping[str, str]:
        """What is wrong, a sentence each, by the name of the field."""
        told = {each.name: self._fault(each.name) or self._disk.answer(each.name, "") for each in self.fields}
        return {name: fault for name, fault in told.items() if fault}

    @property
    def lacking(self) -> frozenset[str]:
        """Those of :attr:`faults` that are of fields in which nothing is written yet."""
        return frozenset(name for name in self.faults if not self._text(name))

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
            inputs=tuple(typed_path(line) for line in self._lines("inputs")),
            overlay=self._values["overlay"],
            inspections=self._values["inspections"],
            **shared,
        )

    # -------------------------------------------------------------------------------------------------------- editing

    def set(self, name: str, value: Any, *, goes_on: bool = False) -> None:
        """Writes a value.

        Args:
            name: of the field.
            value: text, or true and false of a switch.
            goes_on: while someone types: all of it, up to :meth:`finish`, is undone at once.

        Raises:
            KeyError: if there is no such field.
        """
        if self._values[name] == value:
            return
        self._history.note(
            next(each.title for each in self.all_fields if each.name == name), self._written, goes_on=goes_on
        )
        is_proposed = self._is_proposed
        self._values[name] = value
        if name == "data":
            self._park_folders()
        if name in ("checkpoint", "config") and is_proposed:
            self._propose()
        self._tell()

    def finish(self) -> None:
        """Lets the next edit be a step of its own."""
        self._history.end_typing(self._written)

    @property
    def undo_words(self) -> str:
        """What undo would take back; empty if nothing."""
        return self._history.undo_words

    @property
    def redo_words(self) -> str:
        """What redo would do again; empty if nothing."""
        return self._history.redo_words

    def undo(self) -> None:
        """Takes back the last edit."""
        self._bring_back(self._history.undo(self._written))

    def redo(self) -> None:
        """Makes again the edit that undo took back."""
        self._bring_back(self._history.redo(self._written))

    def take(self, spec: EvaluateSpec | PredictSpec) -> None:
        """Begins anew with another job's settings, in a folder of its own; undo brings back what was written.

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
        self._history.note("settings of another job", self._written)
        self._values, self._parked = values, {}
        self._propose()
        self._tell()

    def begin_next(self) -> None:
        """Proposes a folder for the next job, for the one that was started took the one that is written."""
        self._propose()
        self._tell()

    def renew_proposal(self) -> None:
        """Looks at the disk again, and proposes another folder if the proposed one is taken; a typed one stays."""
        self._look()
        if self._replace_proposal():
            self._tell()

    def move_root(self, root: Path) -> None:
        """Proposes folders elsewhere from now on; a typed one stays."""
        if root != self._root:
            self._root = root
            if self._is_proposed:
                self._propose()
            self._tell()

    # --------------------------------------------------------------------------------------------------------- inside

    @property
    def _is_proposed(self) -> bool:
        return bool(self._values["out"] == self._proposed)

    @property
    def _written(self) -> _Written:
        return _Written(self._values | ({"out": None} if self._is_proposed else {}), dict(self._parked))

    def _bring_back(self, written: _Written | None) -> None:
        if written is not None:
            self._values, self._parked = dict(written.values), dict(written.parked)
            if self._values["out"] is None:
                self._propose()
            self._tell()

    def _tell(self) -> None:
        self._look()
        self.__dict__.pop("faults", None)
        self.changed.emit()

    def _park_folders(self) -> None:
        """Puts the named folders away while the config names its own, and brings them back."""
        if self._values["data"] == "config":
            self._parked = {name: self._values[name] for name in _FOLDERS}
            self._values |= dict.fromkeys(_FOLDERS, "")
        else:
            self._values |= self._parked
            self._parked = {}

    def _propose(self) -> None:
        named = self._path("checkpoint")
        verb = {"evaluate": "evaluation", "predict": "predictions"}[self.kind]
        stem = self._text("config") if named is None else _run_name(named)
        name = f"{Path(stem).stem}-{verb}" if stem else verb
        there = self._disk.answer(_ROOT, frozenset())
        self._proposed = self._values["out"] = str(proposed_folder(self._root, name, there, self._is_taken))

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
                return bool(self._annotations())
        return True

    def _fault(self, name: str) -> str:
        """Returns what is wrong with a field that has a meaning now, whatever the disk says."""
        match name:
            case "checkpoint":
                return self._fault_of_checkpoint()
            case "data":
                has_config = self._text("checkpoint") or self._text("config")
                unsaid = self._values["data"] == "config" and not has_config and len(self._oracles) == 2
                return "without a network it must be said what to measure on" if unsaid else ""
            case "annotations":
                return "" if self._text(name) else "choose the COCO panoptic JSON file"
            case "first_seed" | "count" | "size":
                return self._fault_of_scenes(name)
            case "inputs":
                return self._fault_of_inputs()
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
        if not self._text("checkpoint"):
            is_named = self._text("config") or (len(self._oracles) == 2 and not self._lines("overrides"))
            return "" if is_named else "choose a trained network, or name a config below for an untrained one"
        if self.kind == "predict" and self._text("config"):
            return "the checkpoint brings its own config: leave one of the two empty"
        return ""

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
        lines = self._lines("inputs")
        if not lines:
            return "name a picture, a folder of pictures or a COCO panoptic JSON file"
        if self._oracles and not all(Path(line).suffix.lower() == ".json" for line in lines):
            return "what comes from ground truth needs it: give COCO panoptic JSON files alone"
        return ""

    def _fault_of_out(self) -> str:
        if not self._text("out"):
            return fault_of_folder("", for_training=False)
        folder = self._path("out")
        if folder is not None and self._is_taken(folder):
            return f"another job in the queue will use {folder}: choose another folder"
        return ""

    # ------------------------------------------------------------------------------------------------------- the disk

    def _look(self) -> None:
        """Asks the disk about everything that is typed and means something now."""
        texts = {each.name: self._text(each.name) for each in self.fields}
        asked: dict[str, Question] = {_ROOT: (names_in, self._root)}
        for name, look in DISK_FAULTS.items():
            if texts.get(name):
                asked[name] = (look, texts[name])
        if annotations := self._annotations():
            asked[_BESIDE] = (folders_of, annotations)
        if self._lines("overrides"):
            asked["overrides"] = (
                fault_of_overrides,
                self._lines("overrides"),
                self._text("config"),
                self._path("checkpoint"),
            )
        self._disk.ask(asked)

    def _annotations(self) -> str:
        """Returns the one file of annotations that is named; empty if that is none."""
        if self.kind == "evaluate":
            return self._text("annotations") if self._has_meaning("annotations") else ""
        files = [line for line in self._lines("inputs") if line.lower().endswith(".json")]
        return files[0] if len(files) == 1 else ""

    def _follow_disk(self) -> None:
        self._replace_proposal()
        self.__dict__.pop("faults", None)
        self.changed.emit()

    def _replace_proposal(self) -> bool:
        """Proposes another folder if the proposed one is there, as far as the disk has told, or taken."""
        out = Path(self._proposed)
        is_there = out.parent == self._root and out.name in self._disk.answer(_ROOT, frozenset())
        if not self._is_proposed or not (is_there or self._is_taken(out)):
            return False
        self._propose()
        self._look()
        return True

    # --------------------------------------------------------------------------------------------------------- values

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
        return typed_path(text) if text else None

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


def _fault_of_number(text: str, *, least: int) -> str:
    if not text:
        return ""
    is_whole = text.isascii() and text.isdigit() and len(text) < 16
    return "" if is_whole and int(text) >= least else f"a whole number from {least} on is needed, not {text}"
