"""Jobs: starting and ending them, and what becomes of their results."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Literal, Protocol, TypeVar

from PySide6.QtWidgets import QFileDialog

from lpsnet_studio import demo
from lpsnet_studio.background import Task, is_awaited
from lpsnet_studio.chrome.question import ask
from lpsnet_studio.commands.destination import Destination
from lpsnet_studio.commands.files import FileCommands
from lpsnet_studio.commands.model import ModelCommands
from lpsnet_studio.commands.workplace import Workplace
from lpsnet_studio.jobs.job_deeds import Deed
from lpsnet_studio.jobs.jobs import JobEntry, Jobs
from lpsnet_studio.jobs.results import (
    DrawnScenes,
    Pictures,
    PicturesOnDisk,
    called,
    checkpoint_of,
    data_of,
    export_checkpoint,
    network_of,
    photos_of,
    pictures_of,
    predictions_of,
    with_predictions,
    with_qualities,
    with_stand_ins,
)
from lpsnet_studio.jobs.spec import EvaluateSpec, JobSpec, PredictSpec
from lpsnet_studio.state import Entry, NetworkChoice, Problem

__all__ = ["JobCommands", "JobsPlace"]

_T = TypeVar("_T")
_CHECKPOINT_SUFFIX = ".safetensors"
JobKind = Literal["train", "evaluate", "predict"]
Prepared = Callable[[Sequence[Entry]], Sequence[Entry]]


class JobsPlace(Protocol):
    """Where jobs are shown."""

    @property
    def jobs(self) -> Jobs:
        """What is known of them."""

    @property
    def shown(self) -> JobEntry | None:
        """The job that is looked at now; None if there is none, or they are not shown."""

    def begin_new(self, kind: JobKind) -> None:
        """Shows the form of a new job."""

    def show_job(self, folder: Path) -> None:
        """Shows a job; one that is not listed yet, as soon as it is."""

    def do(self, deed: Deed) -> None:
        """Does something with the job that is looked at."""


@dataclass(frozen=True, slots=True)
class _Listing:
    """What is to become the image list.

    Attributes:
        pictures: where they are.
        prepared: what is made of them.
        first: returns which of that is opened.
        network: what it was done with; None if that is not here.
        no_network: why it is not, in a sentence.
    """

    pictures: Pictures
    prepared: Prepared = tuple
    first: Callable[[Sequence[Entry]], int] = lambda _entries: 0
    network: NetworkChoice | None = None
    no_network: str = ""


@dataclass(frozen=True, slots=True)
class _Network:
    """The network of a run, to be looked at.

    Attributes:
        checkpoint: it.
        called: what it is called, for people.
        pictures: those that the run is measured on; None if there are none.
        no_pictures: why there are none, in a sentence; may be empty.
    """

    checkpoint: Path
    called: str
    pictures: Pictures | None
    no_pictures: str = ""


@dataclass(frozen=True, slots=True)
class _Inputs:
    """Pictures that were predicted.

    Attributes:
        paths: where they are.
        network: what they were predicted with; None if that is not here.
        no_network: why it is not, in a sentence.
    """

    paths: tuple[Path, ...]
    network: NetworkChoice | None
    no_network: str


class JobCommands:
    """Starts and ends jobs, and opens what they found.

    Args:
        place: what commands work with.
        model: loads networks.
        files: opens pictures.

    Attributes:
        room: where jobs are shown; set by who shows them, before any command.
    """

    room: JobsPlace

    def __init__(self, place: Workplace, model: ModelCommands, files: FileCommands) -> None:
        self._place, self._model, self._files = place, model, files
        self._destination = Destination(place)
        self._looking: Task | None = None
        self._awaited: _Network | None = None
        """What was asked for from its job, until it is loaded."""
        place.session.model_changed.connect(self._tell_loaded)

    # ------------------------------------------------------------------------------------------------ starting, ending

    def new_training(self) -> None:
        """Shows the form of a new training."""
        self.room.begin_new("train")

    def new_evaluation(self) -> None:
        """Shows the form of a new evaluation."""
        self.room.begin_new("evaluate")

    def new_prediction(self) -> None:
        """Shows the form of a new prediction."""
        self.room.begin_new("predict")

    def open_run(self) -> None:
        """Asks for a run directory and lists it."""
        place = self._place
        name = QFileDialog.getExistingDirectory(place.window, "Open run directory", place.last_folder())
        if name:
            place.remember_folder(Path(name).parent)
            self.room.jobs.open_run(Path(name))
            self.room.show_job(Path(name).absolute())

    def stop(self) -> None:
        """Asks the job that is shown to save what it has and end; takes one that waits out of the queue."""
        entry = self.room.shown
        if entry is not None:
            self.room.do(Deed.WITHDRAW if entry.waiting else Deed.STOP)

    def kill(self) -> None:
        """Asks, then ends the job that is shown."""
        self.room.do(Deed.KILL)

    def resume(self) -> None:
        """Goes on with the training that is shown."""
        self.room.do(Deed.RESUME)

    def duplicate(self) -> None:
        """Shows the form of a new job with the settings of the one that is shown."""
        self.room.do(Deed.DUPLICATE)

    # -------------------------------------------------------------------------------------------------------- using

    def use(self, kind: str, folder: Path, picture: str = "") -> None:
        """Does with a job's results what its page asks for.

        Args:
            kind: ``inspect``, ``images``, ``dataset`` or ``export``.
            folder: the run directory.
            picture: the file name of the picture that is wanted of ``images``, as the job reported it; empty for none.
        """
        entry = self.room.jobs.entry(folder)
        if entry is None:
            return
        match Deed(kind):
            case Deed.INSPECT:
                self._look(partial(_network_and_data, entry), self._open_network)
            case Deed.IMAGES if isinstance(entry.spec, PredictSpec):
                self._look(partial(_inputs, entry.spec), self._open_inputs)
            case Deed.IMAGES:
                self._look(partial(_measured_pictures, entry, picture), self._show_worst)
            case Deed.DATASET:
                self._look(partial(_predicted_pictures, entry), self._show_predictions)
            case Deed.EXPORT:
                wanted = partial(checkpoint_of, entry.folder, entry.spec)
                self._look(wanted, partial(self._ask_where_to_export, entry))

    def open_in_inspect(self) -> None:
        """Loads the network of the job that is shown, and the pictures that it is measured on."""
        self.room.do(Deed.INSPECT)

    def show_pictures(self) -> None:
        """Lists the pictures of the evaluation that is shown, the worst first."""
        self.room.do(Deed.IMAGES)

    def open_predictions(self) -> None:
        """Opens what the job that is shown predicted."""
        self.room.do(Deed.DATASET)

    def export_checkpoint(self) -> None:
        """Asks for a file and writes the network of the job that is shown there."""
        self.room.do(Deed.EXPORT)

    def _tell_loaded(self) -> None:
        """Says which network is here: those of two runs from one preset look alike."""
        awaited, model = self._awaited, self._place.session.model
        if awaited is not None and model is not None:
            self._awaited = None
            if Path(model.origin) == awaited.checkpoint:
                self._place.notifications.show_info(f"Loaded {awaited.called}.")

    def _open_network(self, found: _Network) -> None:
        self._place.show_mode("inspect")
        self._awaited = found
        self._model.load_checkpoint(found.checkpoint)
        if self._place.session.current is not None:
            return
        if found.pictures is not None:
            self._list(_Listing(found.pictures))
        else:
            no_pictures = found.no_pictures
            self._place.notifications.show_info(
                no_pictures or "This run is measured on no pictures: open some to inspect."
            )

    def _show_worst(self, listing: _Listing) -> None:
        self._place.session.show_worst_first(True)
        self._bring_network(listing.network, listing.no_network)
        self._list(listing)

    def _open_inputs(self, inputs: _Inputs) -> None:
        self._place.show_mode("inspect")
        # Opening pictures has an untrained network built where none is on its way.
        self._bring_network(inputs.network, inputs.no_network)
        self._files.open_paths(inputs.paths)

    def _bring_network(self, network: NetworkChoice | None, no_network: str) -> None:
        """Loads the network that pictures were measured or predicted with, or says why not; one that is here stays."""
        session = self._place.session
        if session.model is not None or session.loading_model is not None:
            return
        if network is not None:
            self._model.load(replace(network, device=self._model.device))
        else:
            self._place.notifications.show_warning(Problem(no_network))

    def _show_predictions(self, listing: _Listing) -> None:
        self._bring_network(listing.network, listing.no_network)
        self._list(listing)
        self._place.notifications.show_info(
            "Predictions are opened in the place of ground truth: figures say how far the network of now agrees with "
            "them, not how good it is."
        )

    def _ask_where_to_export(self, entry: JobEntry, checkpoint: Path) -> None:
        place = self._place
        # Beside the run, not in it: what is in a run directory is its own.
        proposed = entry.folder.parent / f"{entry.folder.name}-{checkpoint.stem}{_CHECKPOINT_SUFFIX}"
        name, _ = QFileDialog.getSaveFileName(
            place.window, "Export checkpoint", str(proposed), "Checkpoints (*.safetensors)"
        )
        if name:
            self._export_as(checkpoint, Path(name))

    def _export_as(self, checkpoint: Path, target: Path) -> None:
        """Gives a name that has none its suffix, and asks where another file has that name: the dialog could not."""
        if target.suffix.lower() == _CHECKPOINT_SUFFIX:
            self.export_to(checkpoint, target)
            return
        target = target.with_name(f"{target.name}{_CHECKPOINT_SUFFIX}")
        if target.exists() and target.resolve() != checkpoint.resolve():
            ask(
                self._place.window,
                f"Replace {target.name}?",
                f"{target} is there already. Exporting replaces it.",
                "Replace",
                partial(self.export_to, checkpoint, target),
            )
        else:
            self.export_to(checkpoint, target)

    def export_to(self, checkpoint: Path, target: Path) -> None:
        """Writes a network where others find it; nothing that is open here or lies in a run is replaced."""
        place = self._place
        place.remember_folder(target.parent)
        if not self._destination.may_write((target,), _CHECKPOINT_SUFFIX):
            return
        if target.exists() and target.resolve() == checkpoint.resolve():
            place.fail(Problem(f"{target} is the checkpoint itself.", "Nothing was exported: choose another name."))
            return
        place.background.run_task(
            lambda task: export_checkpoint(checkpoint, target, task.report),
            self._destination.tell_saved,
            title=f"exporting {target.name}",
        )

    # ------------------------------------------------------------------------------------------------------- opening

    def _look(self, work: Callable[[], _T], done: Callable[[_T], None]) -> None:
        """Reads what is there of a run off the GUI thread; what was asked for before is not wanted any more."""
        if self._looking is not None and is_awaited(self._looking):
            self._place.background.withdraw(self._looking)
        self._looking = self._place.background.run(work, done, title="reading the run")

    def _list(self, listing: _Listing) -> None:
        """Makes pictures the image list; scenes are drawn first, and until they are there the job stays in sight."""
        if isinstance(listing.pictures, DrawnScenes):
            wanted = listing.pictures
            scenes = demo.Scenes(self._place.folders.cache, wanted.first_seed, wanted.count, wanted.size)
            if not scenes.json_path.is_file():
                words = f"{wanted.count:,} scenes are drawn first. They are shown once all of them are there."
                self._place.notifications.show_info(words)
            self._files.open_scenes(scenes, listing.prepared, listing.first, lambda: self._place.show_mode("inspect"))
        else:
            self._place.show_mode("inspect")
            self._files.open_listed(
                listing.pictures.json_path, listing.pictures.images, listing.prepared, listing.first
            )


def _network_and_data(entry: JobEntry) -> _Network:
    """Returns the network of a run, the pictures that it is measured on, and why there are none."""
    checkpoint = checkpoint_of(entry.folder, entry.spec).absolute()
    words = called(checkpoint, entry.name)
    try:
        pictures = data_of(entry.folder, entry.spec)
    except (OSError, ValueError) as error:
        return _Network(checkpoint, words, None, str(error))
    if isinstance(pictures, PicturesOnDisk) and not pictures.json_path.is_file():
        return _Network(
            checkpoint, words, None, f"{pictures.json_path}: the pictures that this run is measured on are not here"
        )
    return _Network(checkpoint, words, pictures)


def _measured_pictures(entry: JobEntry, wanted: str) -> _Listing:
    """Returns what an evaluation found of each picture, and opens the one whose name is wanted, else the worst.

    Raises:
        OSError: if a file cannot be read.
        ValueError: in one sentence, if there is nothing to list.
    """
    pictures = pictures_of(entry.folder)
    ids = {picture.file_name: identity for identity, picture in pictures.items()}
    return _Listing(
        _evaluated(entry),
        lambda entries: with_qualities(entries, pictures, entry.name),
        lambda entries: _place_of(entries, ids.get(wanted)),
        *_network(entry.spec),
    )


def _inputs(spec: PredictSpec) -> _Inputs:
    return _Inputs(spec.inputs, *_network(spec))


def _network(spec: JobSpec | None) -> tuple[NetworkChoice | None, str]:
    """Returns the network that pictures were measured or predicted with, or why that is not here."""
    try:
        return network_of(spec), ""
    except ValueError as error:
        return None, str(error)


def _place_of(entries: Sequence[Entry], image_id: int | str | None) -> int:
    """Returns the place of an image; 0 where it is not."""
    truths = (entry.source.truth for entry in entries)
    return next((place for place, truth in enumerate(truths) if truth and truth.image_id == image_id), 0)


def _predicted_pictures(entry: JobEntry) -> _Listing:
    """Returns what a run predicted.

    Raises:
        OSError: if a file cannot be read.
        ValueError: in one sentence, if there is nothing to list.
    """
    predictions = predictions_of(entry.folder)
    network, no_network = _network(entry.spec)
    if not isinstance(entry.spec, EvaluateSpec):
        found = PicturesOnDisk(predictions, photos_of(entry.spec))
        return _Listing(
            found, lambda entries: with_stand_ins(entries, entry.name), network=network, no_network=no_network
        )
    pictures = pictures_of(entry.folder)
    return _Listing(
        _evaluated(entry),
        lambda entries: with_predictions(entries, pictures, predictions, entry.name),
        network=network,
        no_network=no_network,
    )


def _evaluated(entry: JobEntry) -> Pictures:
    """Returns the pictures of an evaluation.

    Raises:
        OSError: if a file cannot be read.
        ValueError: in one sentence, if they are not known or not here.
    """
    if not isinstance(entry.spec, EvaluateSpec):
        raise ValueError(f"{entry.folder}: it is not known which pictures were measured here")
    found = data_of(entry.folder, entry.spec)
    if found is None:
        raise ValueError(f"{entry.folder}: it is not known which pictures were measured here")
    if isinstance(found, PicturesOnDisk) and not found.json_path.is_file():
        raise ValueError(f"{found.json_path}: the data set that was measured is not here")
    return found
