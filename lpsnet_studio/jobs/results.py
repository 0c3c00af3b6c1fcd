"""What of a run can be used: its network, the pictures that it was measured on, what it predicted; no Qt.

Everything that reads a file here may wait for a disk: call it in a worker thread.
"""

from __future__ import annotations

import json
import re
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lpsnet.events import EventReader, PictureDone, without_superseded
from lpsnet.run_directory import RunDirectory
from lpsnet.structures import InspectionSettings
from lpsnet_studio.jobs.spec import EvaluateSpec, JobSpec, PredictSpec, TrainSpec
from lpsnet_studio.state import Entry, Measured, NetworkChoice

if TYPE_CHECKING:
    from lpsnet.config import Config, DataSource

__all__ = [
    "DrawnScenes",
    "Pictures",
    "PicturesOnDisk",
    "begun_anew",
    "called",
    "checkpoint_of",
    "data_of",
    "export_checkpoint",
    "find_checkpoint",
    "network_of",
    "photos_of",
    "pictures_of",
    "predictions_of",
    "with_predictions",
    "with_qualities",
    "with_stand_ins",
]

_SCENES = re.compile(r"scenes:(?P<first_seed>\d+)\+(?P<count>\d+)(?:@(?P<height>\d+)x(?P<width>\d+))?")
_SCENE_SIZE = 384, 512
_LONGEST_HEADER = 100 * 2**20
"""Bytes; the limit of the format itself."""
_LOOK_EVERY = 0.1
_NO_CONSOLE = getattr(subprocess, "CREATE_NO_WINDOW", 0)
"""Keeps Windows from opening a console."""


@dataclass(frozen=True, slots=True)
class PicturesOnDisk:
    """Pictures with ground truth in files.

    Attributes:
        json_path: a COCO panoptic JSON.
        images: the folder of the photos; None to search it.
        limit: only so many pictures, from the first on; None for all.
    """

    json_path: Path
    images: Path | None = None
    limit: int | None = None


@dataclass(frozen=True, slots=True)
class DrawnScenes:
    """Pictures with ground truth that are drawn.

    Attributes:
        first_seed: of the first scene; the others follow it.
        count: how many.
        size: ``(H, W)`` in pixels.
    """

    first_seed: int
    count: int
    size: tuple[int, int] = _SCENE_SIZE


Pictures = PicturesOnDisk | DrawnScenes
"""The pictures that a run is measured on."""


def begun_anew(spec: JobSpec) -> JobSpec:
    """Returns what begins another job with a job's settings: a training's are those that its run directory holds."""
    config = RunDirectory(spec.folder).config
    if isinstance(spec, TrainSpec) and config.is_file():
        return replace(spec, config=str(config), overrides=(), resume=False)
    return spec


# ------------------------------------------------------------------------------------------------------------ network


def checkpoint_of(folder: Path, spec: JobSpec | None) -> Path:
    """Returns the network of a run: what a training found best, or what was evaluated or predicted with.

    Args:
        folder: the run directory.
        spec: what was asked for; None if that is not known.

    Raises:
        ValueError: in one sentence, if there is none.
    """
    found = find_checkpoint(folder, spec)
    if found is None:
        raise ValueError(f"{folder}: no network was saved in this run yet")
    return found


def find_checkpoint(folder: Path, spec: JobSpec | None) -> Path | None:
    """Returns the same as :func:`checkpoint_of`, but None if there is none."""
    if isinstance(spec, EvaluateSpec | PredictSpec):
        given = spec.checkpoint
        if given is None or not given.is_dir():
            return given
        folder = given
    run = RunDirectory(folder)
    return next((path for path in (run.best, run.latest) if path.is_file()), None)


def called(checkpoint: Path, name: str) -> str:
    """Returns what a network of a run is called, for example ``the best network of fourth (iteration 40)``.

    Args:
        checkpoint: it.
        name: of the run, for people.
    """
    which = "best" if checkpoint.name == RunDirectory(checkpoint.parent.parent).best.name else "latest"
    try:
        card = _noted_in(checkpoint, "card")
    except (OSError, ValueError):
        card = {}
    iteration = card.get("iteration") if isinstance(card, dict) else None
    return f"the {which} network of {name}" + (f" (iteration {iteration:,})" if type(iteration) is int else "")


def network_of(spec: JobSpec | None) -> NetworkChoice:
    """Returns the network that pictures were measured or predicted with, untrained where the job's was.

    Raises:
        ValueError: in one sentence, if it is not here any more, or not known.
    """
    if not isinstance(spec, EvaluateSpec | PredictSpec) or (spec.checkpoint is None and spec.config is None):
        raise ValueError("It is not known which network this was done with: load the one to compare with.")
    if spec.checkpoint is not None:
        found = find_checkpoint(spec.folder, spec)
        if found is None or not found.is_file():
            raise ValueError(f"{spec.checkpoint}: the network that this was done with is not here any more.")
        return NetworkChoice(checkpoint=str(found))
    config = str(spec.config)
    if config.lower().endswith((".yaml", ".yml")) and not Path(config).is_file():
        raise ValueError(f"{config}: the config of the network that this was done with is not here any more.")
    return NetworkChoice(config=config)


def export_checkpoint(checkpoint: Path, target: Path, report: Callable[[float], None]) -> Path:
    """Writes a network as one file with its config, classes and model card, in a process of its own.

    Args:
        checkpoint: the trained network.
        target: the file to write; what is there stays as it is until the new one is whole.
        report: called about ten times a second with a negative share; whatever it raises ends the export.

    Returns:
        ``target``.

    Raises:
        OSError: one sentence, if it could not be written.
    """
    command = [
        sys.executable,
        "-P",
        "-m",
        "lpsnet.cli",
        "export",
        "--checkpoint",
        str(checkpoint),
        "--out",
        str(target),
    ]
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=said, creationflags=_NO_CONSOLE
        )
        try:
            while process.poll() is None:
                report(-1.0)
                time.sleep(_LOOK_EVERY)
        except BaseException:
            process.kill()
            process.wait()
            raise
        said.seek(0)
        complaint = said.read().decode("utf-8", "replace").strip()
    if process.returncode != 0:
        cause = complaint.splitlines()[-1] if complaint else f"it ended with status {process.returncode}"
        cause = cause.removeprefix("lpsnet: ").removeprefix("error: ")
        names_it_already = cause.startswith(f"{target} ")
        raise OSError(cause if names_it_already else f"{target} was not written: {cause}")
    return target


# ----------------------------------------------------------------------------------------------------------- pictures


def data_of(folder: Path, spec: JobSpec | None) -> Pictures | None:
    """Returns the pictures that a run is measured on; None if it is on none.

    Args:
        folder: the run directory.
        spec: what was asked for; None for a training that was started by hand.

    Raises:
        OSError: if a file that says so cannot be read.
        ValueError: in one sentence, if what it says is damaged.
    """
    if isinstance(spec, PredictSpec):
        return None
    if not isinstance(spec, EvaluateSpec):
        return _pictures(RunDirectory(folder).read_config().data.val)
    if spec.data is not None:
        found = _parsed(spec.data)
    else:
        config = _config_of(spec)
        found = None if config is None else _pictures(config.data.val)
    if isinstance(found, PicturesOnDisk):
        found = replace(found, images=spec.images or found.images, limit=spec.limit or found.limit)
    elif found is not None and spec.limit is not None:
        found = replace(found, count=min(found.count, spec.limit))
    return found


def _parsed(text: str) -> Pictures:
    scenes = _SCENES.fullmatch(text)
    if scenes is None:
        return PicturesOnDisk(Path(text))
    size = _SCENE_SIZE if scenes["height"] is None else (int(scenes["height"]), int(scenes["width"]))
    return DrawnScenes(int(scenes["first_seed"]), int(scenes["count"]), size)


def _pictures(source: DataSource | None) -> Pictures | None:
    if source is None:
        return None
    if source.kind == "scenes":
        return DrawnScenes(source.first_seed, source.count, (source.height, source.width))
    from lpsnet.config import expand_path

    images = None if source.images is None else expand_path(source.images)
    return PicturesOnDisk(expand_path(source.annotations), images, source.limit)


def _config_of(spec: EvaluateSpec) -> Config | None:
    """Returns the config that says what an evaluation is on, where its command does not."""
    from lpsnet.config import load_config, parse_config

    if spec.config is not None:
        return load_config(spec.config, spec.overrides)
    if spec.checkpoint is None:
        return None
    checkpoint = checkpoint_of(spec.out, spec)
    return parse_config(_noted_in(checkpoint, "config"), f"{checkpoint}: config")


def _noted_in(checkpoint: Path, name: str) -> Any:
    """Reads the config or the card of a checkpoint from its file's header alone, not the tensors nor what knows them.

    Raises:
        OSError: if it cannot be read.
        ValueError: in one sentence, if it is damaged.
    """
    try:
        with checkpoint.open("rb") as stream:
            (length,) = struct.unpack("<Q", stream.read(8))
            if length > _LONGEST_HEADER:
                raise ValueError("too long")
            return json.loads(json.loads(stream.read(length))["__metadata__"][name])
    except (struct.error, ValueError, LookupError, TypeError, RecursionError):
        raise ValueError(f"{checkpoint}: its {name} cannot be read; it is not an LPSNet checkpoint") from None


# ---------------------------------------------------------------------------------------------- qualities, predictions


def pictures_of(folder: Path) -> dict[int | str, PictureDone]:
    """Returns what a run reported of its pictures, by their ids; what it did again counts once.

    Raises:
        OSError: if its events cannot be read.
        ValueError: in one sentence, if it has reported of none.
    """
    run = RunDirectory(folder)
    events = without_superseded(EventReader(run.events).read_new())
    pictures = {event.image_id: event for event in events if isinstance(event, PictureDone)}
    if not pictures:
        raise ValueError(f"{folder}: no picture has been measured here yet")
    return pictures


def with_qualities(
    entries: Sequence[Entry], pictures: Mapping[int | str, PictureDone], evaluation: str
) -> tuple[Entry, ...]:
    """Returns the images of a data set that were evaluated, with the PQ that was found, the worst first.

    Those without a PQ stand at the end, in the order of the data set, and those that failed say why.

    Args:
        entries: the images of the data set.
        pictures: what the evaluation found, by the ids of the data set.
        evaluation: its name, for people.
    """
    found = []
    for entry in entries:
        picture = None if entry.source.truth is None else pictures.get(entry.source.truth.image_id)
        if picture is None:
            continue
        if picture.pq is not None:
            measured = Measured(picture.pq, InspectionSettings(), "", origin=evaluation)
            found.append(replace(entry, measured=measured))
        elif picture.problem and not entry.problem:
            found.append(replace(entry, problem=picture.problem, worth_retrying=True))
        else:
            found.append(entry)
    return tuple(sorted(found, key=lambda entry: (1.0 if entry.measured is None else 0.0, _pq(entry))))


def _pq(entry: Entry) -> float:
    return 0.0 if entry.measured is None else entry.measured.pq


def predictions_of(folder: Path) -> Path:
    """Returns the data set that a run predicted.

    Raises:
        ValueError: in one sentence, if there is none yet.
    """
    path = folder / "panoptic.json"
    if not path.is_file():
        raise ValueError(f"{folder}: no predictions are here yet; they are written when the job ends")
    return path


def with_predictions(
    entries: Sequence[Entry], pictures: Mapping[int | str, PictureDone], json_path: Path, name: str
) -> tuple[Entry, ...]:
    """Returns the images of a data set that were predicted, with the predictions in the place of the ground truth.

    Args:
        entries: the images of the data set.
        pictures: what was reported of them, by the ids of the data set.
        json_path: the predictions.
        name: of the job that made them, for people.
    """
    found = []
    for entry in entries:
        truth = entry.source.truth
        picture = None if truth is None else pictures.get(truth.image_id)
        if truth is not None and picture is not None and not picture.problem:
            source = replace(entry.source, truth=replace(truth, json_path=str(json_path)))
            found.append(replace(entry, source=source, measured=None))
    return with_stand_ins(found, name)


def with_stand_ins(entries: Sequence[Entry], name: str) -> tuple[Entry, ...]:
    """Returns images whose ground truth is what a job predicted, each saying so.

    Args:
        entries: the images.
        name: of the job, for people.
    """
    return tuple(replace(entry, stand_in=f"the predictions of {name}") for entry in entries)


def photos_of(spec: JobSpec | None) -> Path | None:
    """Returns the folder of the photos that a prediction was made from; None if that is to be searched."""
    if not isinstance(spec, PredictSpec):
        return None
    return spec.images or _folder_of_inputs(spec.inputs)


def _folder_of_inputs(inputs: Sequence[Path]) -> Path | None:
    """Returns the folder in which all inputs lie, if they lie in one."""
    if len(inputs) == 1 and inputs[0].suffix.lower() == ".json":
        return _photos_beside(inputs[0])
    folders = {path if path.is_dir() else path.parent for path in inputs}
    return folders.pop() if len(folders) == 1 else None


def _photos_beside(json_path: Path) -> Path | None:
    """Returns where the photos of a data set lie; None where they are not found."""
    from lpsnet.formats.coco_panoptic import read_coco_panoptic

    try:
        return read_coco_panoptic(json_path).images_dir
    except (OSError, ValueError):
        return None
