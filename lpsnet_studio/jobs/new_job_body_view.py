"""The two bodies of the view that starts a job: a training's forms, and the form of an evaluation or a prediction.

Both are asked the same: what is written, what is wrong with it, and where a thing is that someone talks about.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from PySide6.QtWidgets import QWidget

from lpsnet_studio.jobs.batch_fields import BatchKind
from lpsnet_studio.jobs.batch_form import BatchForm
from lpsnet_studio.jobs.batch_form_view import BatchFormView
from lpsnet_studio.jobs.device_view import DeviceChooser
from lpsnet_studio.jobs.disk_look import Ask, at_once
from lpsnet_studio.jobs.field_editors import PathChooser, chosen_path
from lpsnet_studio.jobs.form import ReadConfig, read_config
from lpsnet_studio.jobs.form_view import ConfigFormView
from lpsnet_studio.jobs.head_view import ConfigChooser, chosen_config
from lpsnet_studio.jobs.path_line_view import AskPath, asked_path
from lpsnet_studio.jobs.preflight import Finding
from lpsnet_studio.jobs.spec import EvaluateSpec, JobSpec, PredictSpec, TrainSpec
from lpsnet_studio.jobs.training_form import DEVICES, RUN_DIR, TrainingForm
from lpsnet_studio.jobs.training_form_view import TrainingPlaceView
from lpsnet_studio.theme import Theme

__all__ = ["Asks", "BatchBody", "Body", "TrainingBody"]


@dataclass(frozen=True, slots=True)
class Asks:
    """What asks for files.

    Attributes:
        path: for a path of a job.
        field: for the path of a config's field.
        config: for a config to start from.
    """

    path: AskPath = asked_path
    field: PathChooser = chosen_path
    config: ConfigChooser = chosen_config


class Body(Protocol):
    """What the view that starts a job asks of its form.

    Attributes:
        main: the form.
        side: what stands beside it, above the findings; None for nothing.
        devices: chooses where it runs.
        side_title: what the side and the findings below it are called together.
        has_search: whether its fields can be searched.
    """

    main: QWidget
    side: TrainingPlaceView | None
    devices: DeviceChooser
    side_title: str
    has_search: bool

    def on_change(self, call: Callable[[], object]) -> None:
        """Calls this after every edit."""

    @property
    def faults(self) -> Mapping[str, str]:
        """What is wrong, by name."""

    @property
    def lacking(self) -> Collection[str]:
        """The names among the faults of what is merely empty."""

    @property
    def remarks(self) -> Sequence[str]:
        """What is allowed but rarely meant, a sentence each."""

    @property
    def side_words(self) -> str:
        """What is written at the side, in a few words."""

    def spec(self) -> JobSpec:
        """Returns the job as it is written."""

    def read(self, spec: JobSpec) -> Any:
        """Reads what is needed to begin with another job's settings; called in a worker.

        Raises:
            OSError: naming the file, if it cannot be read.
            ValueError: in one sentence, if it is wrong, or the job of another kind.
        """

    def take(self, spec: JobSpec, name: str, read: Any) -> None:
        """Begins anew with another job's settings, once they are read."""

    def place_of(self, finding: Finding) -> Callable[[], None] | None:
        """Returns what leads to what a finding is about; None if that is nowhere here."""

    def title_of(self, name: str) -> str:
        """Returns what the thing with a fault is called."""

    def go_to_fault(self) -> None:
        """Gives the keyboard to a field with a fault."""

    def go_to_remarks(self) -> None:
        """Shows what is allowed but rarely meant."""

    def undo(self) -> None:
        """Takes back the last edit."""

    def redo(self) -> None:
        """Makes again the edit that undo took back."""

    def focus_search(self) -> None:
        """Gives the keyboard to the search, where there is one."""

    def show_all(self) -> None:
        """Shows every field again, whatever was searched for."""

    def stops(self) -> Sequence[QWidget]:
        """Returns where Tab stops in the form, its side left out."""

    def on_stops(self, call: Callable[[], object]) -> None:
        """Calls this after Tab stops elsewhere."""

    def renew_proposal(self) -> None:
        """Proposes another folder if the proposed one has been taken since."""

    def begin_next(self) -> None:
        """Proposes a folder for the next job, for the one that was started took the one that is written."""

    def move_root(self, root: Path) -> None:
        """Proposes folders elsewhere from now on."""


class _FormBody:
    """What is asked of either form alike."""

    form: TrainingForm | BatchForm

    def on_change(self, call: Callable[[], object]) -> None:
        """Calls this after every edit."""
        self.form.changed.connect(call)

    @property
    def faults(self) -> Mapping[str, str]:
        """What is wrong, by name."""
        return self.form.faults

    @property
    def lacking(self) -> Collection[str]:
        """The names among the faults of what is merely empty."""
        return self.form.lacking

    def renew_proposal(self) -> None:
        """Proposes another folder if the proposed one has been taken since."""
        self.form.renew_proposal()

    def begin_next(self) -> None:
        """Proposes a folder for the next job, for the one that was started took the one that is written."""
        self.form.begin_next()

    def move_root(self, root: Path) -> None:
        """Proposes folders elsewhere from now on."""
        self.form.move_root(root)


class TrainingBody(_FormBody):
    """The forms of a training.

    Args:
        root: the folder in which a run's folder is proposed.
        is_taken: whether a job that has not begun will use a folder.
        theme: gives icons and colours.
        asks: asks for files.
        title: what it is the form of.
        look: looks at the disk, for the newest that is asked.
        work: looks at the disk, for everything that is asked.

    Attributes:
        form: what is written into.
        config: the form of the settings.
        place: folder, data and devices.
    """

    def __init__(
        self,
        root: Path,
        is_taken: Callable[[Path], bool],
        theme: Theme,
        asks: Asks,
        title: str,
        look: Ask = at_once,
        work: Ask = at_once,
    ) -> None:
        self.form: TrainingForm = TrainingForm(root, is_taken, ask=look)
        self.config = ConfigFormView(
            self.form.config,
            theme,
            choose_path=asks.field,
            choose_config=asks.config,
            title=title,
            look=work,
        )
        self.place = TrainingPlaceView(self.form, theme, asks.path, work)
        self.main: QWidget = self.config
        self.side: TrainingPlaceView | None = self.place
        self.side_title = "Folder, data, devices, check"
        self.has_search = True
        self.devices = self.place.devices

    @property
    def remarks(self) -> Sequence[str]:
        """What is allowed but rarely meant, a sentence each."""
        return self.form.config.remarks

    @property
    def side_words(self) -> str:
        """Folder and devices."""
        return f"{Path(self.form.run_dir).name} · {self.form.devices}"

    def spec(self) -> JobSpec:
        """Returns the training as it is written."""
        return self.form.spec()

    def read(self, spec: JobSpec) -> ReadConfig:
        """Reads another training's config; called in a worker.

        Raises:
            OSError: naming the file, if it cannot be read.
            ValueError: in one sentence, if it is wrong, or the job no training.
        """
        if not isinstance(spec, TrainSpec):
            raise ValueError(f"a training does not begin with the settings of a job of kind {spec.kind}")
        return read_config(spec.config, spec.overrides)

    def take(self, spec: JobSpec, name: str, read: ReadConfig) -> None:
        """Begins anew with another training's settings, once they are read."""
        assert isinstance(spec, TrainSpec)
        self.form.take(spec, name, read)

    def place_of(self, finding: Finding) -> Callable[[], None] | None:
        """Returns what leads to a field, the folder or the devices; a fault of the whole, to a field that it names."""
        if finding.about == "device":
            return lambda: self.place.go_to(DEVICES)
        if finding.about == str(self.form.spec().run_dir):
            return lambda: self.place.go_to(RUN_DIR)
        config = self.form.config
        inside = [name for name in config.fields if name.startswith(f"{finding.about}.")]
        named = config.fields_named(f"{finding.sentence} {finding.remedy}") if finding.level != "fine" else ()
        exact = [finding.about] if finding.about in config.fields else []
        field = next(iter([*exact, *inside, *named]), None)
        return None if field is None else lambda: self._go_to(field)

    def title_of(self, name: str) -> str:
        """Returns what the thing with a fault is called."""
        return {RUN_DIR: "Folder of the run", DEVICES: "Devices"}.get(name, name)

    def go_to_fault(self) -> None:
        """Gives the keyboard to a field with a fault."""
        own = [name for name in (RUN_DIR, DEVICES) if name in self.faults]
        if own:
            self.place.go_to(own[0])
        else:
            self.config.go_to_fault()

    def go_to_remarks(self) -> None:
        """Shows what is allowed but rarely meant."""
        self.config.go_to_remarks()

    def undo(self) -> None:
        """Takes back the last edit."""
        self.form.config.undo()

    def redo(self) -> None:
        """Makes again the edit that undo took back."""
        self.form.config.redo()

    def focus_search(self) -> None:
        """Gives the keyboard to the search."""
        self.config.focus_search()

    def show_all(self) -> None:
        """Shows every field again, whatever was searched for."""
        self.config.show_all()

    def stops(self) -> Sequence[QWidget]:
        """Returns where Tab stops in the form."""
        return self.config.stops()

    def on_stops(self, call: Callable[[], object]) -> None:
        """Calls this after Tab stops elsewhere."""
        self.config.stops_changed.connect(call)

    def _go_to(self, field: str) -> None:
        if field in self.form.config.fields:
            self.config.go_to(field)


class BatchBody(_FormBody):
    """The form of an evaluation or a prediction.

    Args:
        kind: which of the two.
        root: the folder in which an output folder is proposed.
        is_taken: whether a job that has not begun will use a folder.
        runs: returns runs whose network may be taken, each a name and a path.
        theme: gives icons and colours.
        asks: asks for files.
        title: what it is the form of.
        look: looks at the disk.

    Attributes:
        form: what is written into.
        view: the form as it is filled in.
    """

    def __init__(
        self,
        kind: BatchKind,
        root: Path,
        is_taken: Callable[[Path], bool],
        runs: Callable[[], Sequence[tuple[str, Path]]],
        theme: Theme,
        asks: Asks,
        title: str,
        look: Ask = at_once,
    ) -> None:
        self.form: BatchForm = BatchForm(kind, root, is_taken, look)
        self.view = BatchFormView(self.form, theme, runs, asks.path, title)
        self.main: QWidget = self.view
        self.side: TrainingPlaceView | None = None
        self.side_title = "Check before the start"
        self.has_search = False
        self.devices = self.view.devices

    @property
    def remarks(self) -> Sequence[str]:
        """Nothing: what is rarely meant is found by the check alone."""
        return ()

    @property
    def side_words(self) -> str:
        """Nothing: all of it is in the form."""
        return ""

    def spec(self) -> JobSpec:
        """Returns the job as it is written."""
        return self.form.spec()

    def read(self, spec: JobSpec) -> None:
        """Reads nothing: the job says all of it.

        Raises:
            ValueError: in one sentence, if it is of another kind.
        """
        if spec.kind != self.form.kind:
            raise ValueError(f"a form for jobs of kind {self.form.kind} does not take one of kind {spec.kind}")

    def take(self, spec: JobSpec, name: str, read: None) -> None:
        """Begins anew with another job's settings."""
        assert not isinstance(spec, TrainSpec)
        self.form.take(spec)

    def propose_network(self, run: Path) -> None:
        """Names a run whose network is taken, unless a network or a config is named already."""
        if not self.form.value("checkpoint") and not self.form.value("config"):
            self.form.set("checkpoint", str(run))

    def place_of(self, finding: Finding) -> Callable[[], None] | None:
        """Returns what leads to the field that a finding is about."""
        name = self._name_of(finding)
        if name is None or name not in [each.name for each in self.form.fields]:
            return None
        return lambda: self.view.go_to(name)

    def title_of(self, name: str) -> str:
        """Returns what the field with a fault is called."""
        return next((each.title for each in self.form.all_fields if each.name == name), "")

    def go_to_fault(self) -> None:
        """Gives the keyboard to the first field with a fault."""
        self.view.go_to(next(iter(self.faults)))

    def go_to_remarks(self) -> None:
        """Does nothing: there are none."""

    def undo(self) -> None:
        """Takes back the last edit."""
        self.form.undo()

    def redo(self) -> None:
        """Makes again the edit that undo took back."""
        self.form.redo()

    def focus_search(self) -> None:
        """Does nothing: there is none."""

    def show_all(self) -> None:
        """Does nothing: all of them are shown."""

    def stops(self) -> Sequence[QWidget]:
        """Returns where Tab stops in the form."""
        return self.view.stops()

    def on_stops(self, call: Callable[[], object]) -> None:
        """Never calls: it stops where it did."""

    def _name_of(self, finding: Finding) -> str | None:
        spec, about = self.form.spec(), finding.about
        by_value = {str(spec.out): "out", str(spec.checkpoint): "checkpoint", str(spec.config): "config"}
        if about in by_value:
            return by_value[about]
        if isinstance(spec, PredictSpec) and any(about.startswith(str(path)) for path in spec.inputs):
            return "inputs"
        if isinstance(spec, EvaluateSpec) and about.startswith("data"):
            return "annotations" if self.form.value("data") == "files" else "data"
        # A run is named by its folder, and found fault with by the checkpoint in it.
        if spec.checkpoint is not None and about.startswith(f"{spec.checkpoint}"):
            return "checkpoint"
        return about if about in ("checkpoint", "device", "inputs") else None
