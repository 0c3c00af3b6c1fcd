"""All that a training is started with: its config, the folder of its run, and its devices; no Qt."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from psygnal import Signal

from lpsnet.config import expand_path, preset_names
from lpsnet_studio.jobs.device_choice import devices_from, fault_of_devices
from lpsnet_studio.jobs.disk_look import Ask, DiskLook, Question, at_once
from lpsnet_studio.jobs.field_words import value_words
from lpsnet_studio.jobs.form import ConfigForm, ReadConfig, read_config
from lpsnet_studio.jobs.new_folder import fault_of_folder, names_in, proposed_folder, typed_path
from lpsnet_studio.jobs.panoptic_file import Beside, folders_beside
from lpsnet_studio.jobs.spec import TrainSpec

__all__ = ["DEVICES", "RUN_DIR", "TrainingForm"]

RUN_DIR, DEVICES = "run_dir", "devices"
"""What the faults of the two are found by, beside the config's own fields."""
_ROOT = "root"
_FIRST_CHOICE = "demo"
_SCENES = "scenes.json"
_SCENES_TO_LEARN = {"first_seed": 100_000, "count": 6000}
_SCENES_TO_MEASURE = {"first_seed": 50_000, "count": 100}


class TrainingForm:
    """A training as it is being written.

    Args:
        root: the folder in which a run's folder is proposed.
        is_taken: whether a job that has not begun will use a folder.
        source: a preset or a YAML file to begin with; None for the smallest preset.
        ask: looks at the disk; what is wrong there is told once it has answered.

    Attributes:
        config: the settings of the run.
        changed: emitted after anything became another.

    Raises:
        OSError: naming the file, if ``source`` cannot be read.
        ValueError: in one sentence, if it is wrong.
    """

    changed = Signal()

    def __init__(
        self,
        root: Path,
        is_taken: Callable[[Path], bool] = lambda _folder: False,
        source: str | None = None,
        ask: Ask = at_once,
    ) -> None:
        self._root, self._is_taken = root, is_taken
        names = preset_names()
        first = source or (_FIRST_CHOICE if _FIRST_CHOICE in names else names[0])
        self.config = ConfigForm(first, beside={RUN_DIR: None, DEVICES: "auto"})
        self._proposed = ""
        self._name = ""
        self._source = self.config.source
        self._disk = DiskLook(ask)
        self._propose()
        self.config.changed.connect(self._follow_config)
        self._disk.changed.connect(self._follow_disk)
        self._look()

    # --------------------------------------------------------------------------------------------------- what it says

    @property
    def run_dir(self) -> str:
        """The folder of the run, as it is typed, or else proposed."""
        typed = self.config.beside(RUN_DIR)
        return self._proposed if typed is None else typed

    @property
    def devices(self) -> str:
        """The devices, as they are typed."""
        return self.config.beside(DEVICES) or ""

    @property
    def faults(self) -> Mapping[str, str]:
        """What is wrong, a sentence each: by field of the config, :data:`RUN_DIR` or :data:`DEVICES`."""
        folder = self._disk.answer(RUN_DIR, "") if self.run_dir.strip() else fault_of_folder("", for_training=True)
        if not folder and self._is_taken(self._folder()):
            folder = f"another job in the queue will use {self._folder()}: choose another folder"
        own = {RUN_DIR: folder, DEVICES: fault_of_devices(devices_from(self.devices), several=True)}
        return {name: fault for name, fault in own.items() if fault} | dict(self.config.faults)

    @property
    def lacking(self) -> frozenset[str]:
        """Those of :attr:`faults` that are merely empty."""
        own = {RUN_DIR: self.run_dir, DEVICES: self.devices}
        return self.config.lacking | {name for name, text in own.items() if not text.strip()}

    @property
    def data_words(self) -> str:
        """What it learns from and is measured on, in a sentence."""
        return f"Learns from {self._source_words('train')}, is measured on {self._source_words('val')}."

    def spec(self) -> TrainSpec:
        """Returns the training as it is written, faults and all."""
        overrides = self.config.overrides()
        return TrainSpec(self.config.source, overrides, self._folder(), devices_from(self.devices) or ("auto",))

    # -------------------------------------------------------------------------------------------------------- editing

    def set_run_dir(self, text: str) -> None:
        """Takes a typed folder."""
        self.config.set_beside(RUN_DIR, None if text == self._proposed else text, "folder of the run")

    def set_devices(self, text: str) -> None:
        """Takes typed devices, such as ``cuda:0, cuda:1``."""
        self.config.set_beside(DEVICES, text, "devices")

    def take(self, spec: TrainSpec, name: str = "", read: ReadConfig | None = None) -> None:
        """Begins anew with another training's settings, in a folder of its own; undo brings back what was written.

        Args:
            spec: the training to change.
            name: what it is called, from which the new folder's name is made; empty for its folder's name.
            read: its config, read before in a worker; None to read it here.

        Raises:
            OSError: naming the file, if its config cannot be read; nothing is changed.
            ValueError: in one sentence, if its config is wrong; nothing is changed.
        """
        beside = {RUN_DIR: None, DEVICES: ", ".join(spec.devices)}
        self.config.begin(read or read_config(spec.config, spec.overrides), beside)
        self._name, self._source = name or spec.run_dir.name, self.config.source
        self._propose()
        self._look()
        self.changed.emit()

    def begin_next(self) -> None:
        """Proposes a folder for the next training, named after a typed one, which the one that was started took."""
        typed = self.config.beside(RUN_DIR)
        if typed is not None:
            self._name = self._folder().name
            self._propose()
            self.config.forget_beside(RUN_DIR)

    def renew_proposal(self) -> None:
        """Proposes another folder if the proposed one has been taken since; a typed one stays."""
        self._look()
        self._replace_proposal()

    def move_root(self, root: Path) -> None:
        """Proposes folders elsewhere from now on; a typed one stays."""
        if root != self._root:
            self._root = root
            self._propose()
            self.changed.emit()
            self._look()

    def draw_scenes(self) -> None:
        """Lets it learn from and be measured on drawn scenes, as one step to undo."""
        values: dict[str, Any] = {"categories": _SCENES}
        for part, scenes in (("train", _SCENES_TO_LEARN), ("val", _SCENES_TO_MEASURE)):
            values[f"data.{part}.kind"] = "scenes"
            if self.config.fields.get(f"data.{part}.first_seed") is None:
                values |= {f"data.{part}.{name}": value for name, value in scenes.items()}
        self.config.set_several(values, "drawn scenes as data")

    def take_annotations(self, train: Path | None, val: Path | None) -> None:
        """Lets it learn from and be measured on COCO panoptic files, whose classes it takes, as one step to undo.

        Args:
            train: the JSON file to learn from; None to leave that as it is.
            val: the one to be measured on; None to leave that as it is, but not if it is drawn scenes.
        """
        values: dict[str, Any] = {}
        for part, path in (("train", train), ("val", val)):
            if path is not None:
                values |= {
                    f"data.{part}.kind": "coco_panoptic",
                    f"data.{part}.annotations": str(path),
                    f"data.{part}.images": None,
                    f"data.{part}.pngs": None,
                }
        if val is None and self.config.value("data.val.kind") == "scenes":
            values["data.val.kind"] = None  # they have other classes
        if train or val:
            self.config.set_several({**values, "categories": str(train or val)}, "COCO panoptic files as data")

    # --------------------------------------------------------------------------------------------------------- inside

    def _source_words(self, part: str) -> str:
        values = {name: self.config.value(name) for name in self.config.fields if name.startswith(f"data.{part}.")}
        match values.get(f"data.{part}.kind"):
            case "scenes":
                return f"{value_words(values.get(f'data.{part}.count'))} drawn scenes"
            case "coco_panoptic":
                name = Path(str(values.get(f"data.{part}.annotations") or "a file yet to be named")).name
                return f"{name}{self._folder_words(part)}"
        return "nothing"

    def _folder_words(self, part: str) -> str:
        """Returns which folders go with a file of annotations, as far as they are named or the disk has told."""
        beside: Beside = self._disk.answer(f"beside {part}", Beside())
        told = []
        for name, words, found in (("images", "photos", beside.images), ("pngs", "PNGs", beside.pngs)):
            folder = self.config.value(f"data.{part}.{name}") or found
            told += [f"{words} in {Path(str(folder)).name}"] if folder else []
        return f" with {' and '.join(told)}" if told else ""

    def _folder(self) -> Path:
        return typed_path(self.run_dir.strip().replace("\0", "") or ".")

    def _stem(self) -> str:
        source = Path(self.config.source)
        return self._name or (source.parent.name if source.name == "config.yaml" else source.stem)

    def _propose(self) -> None:
        there = self._disk.answer(_ROOT, frozenset())
        self._proposed = str(proposed_folder(self._root, self._without_day(), there, self._is_taken))

    def _replace_proposal(self) -> None:
        """Proposes another folder if the proposed one is there, as far as the disk has told, or taken."""
        folder = Path(self._proposed)
        is_there = folder.parent == self._root and folder.name in self._disk.answer(_ROOT, frozenset())
        if is_there or self._is_taken(folder):
            self._propose()
            self._look()
            self.changed.emit()

    def _look(self) -> None:
        self._looked_at = (self.run_dir, self._annotations())
        asked: dict[str, Question] = {
            _ROOT: (names_in, self._root),
            RUN_DIR: (_fault_of_run_dir, self.run_dir),
        }
        asked |= {f"beside {part}": (_folders_beside, text) for part, text in self._annotations().items()}
        self._disk.ask(asked)

    def _annotations(self) -> dict[str, str]:
        """Returns the files of annotations that are named, by what they are for."""
        named = {part: f"data.{part}.annotations" for part in ("train", "val")}
        texts = {part: self.config.value(field) for part, field in named.items() if field in self.config.fields}
        return {part: text for part, text in texts.items() if isinstance(text, str) and text.strip()}

    def _follow_disk(self) -> None:
        self._replace_proposal()
        self.changed.emit()

    def _without_day(self) -> str:
        """Returns what the folder is named after, without the day of an earlier run."""
        head, day, _ = _split_day(self._stem())
        return head.rstrip("-_.") if day and head.rstrip("-_.") else self._stem()

    def _follow_config(self) -> None:
        """Names the proposed folder after another preset."""
        if self.config.source != self._source:
            self._source, self._name = self.config.source, ""
            self._propose()
        if (self.run_dir, self._annotations()) != self._looked_at:
            self._look()
        self.changed.emit()


def _fault_of_run_dir(text: str) -> str:
    return fault_of_folder(text, for_training=True)


def _folders_beside(text: str) -> Beside:
    try:
        return folders_beside(expand_path(text.strip()))
    except ValueError:
        return Beside()


def _split_day(name: str) -> tuple[str, str, str]:
    """Returns what stands before, in and after a day such as ``2026-11-23`` in a name."""
    for start in range(len(name) - 9):
        day = name[start : start + 10]
        if day[4] == day[7] == "-" and (day[:4] + day[5:7] + day[8:]).isdigit():
            return name[:start], day, name[start + 10 :]
    return name, "", ""
