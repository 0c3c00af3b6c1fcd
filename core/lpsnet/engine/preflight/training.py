"""Whether a training can work."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import torch

from lpsnet.categories import Categories
from lpsnet.config import Config, load_config
from lpsnet.engine.devices import choose_device
from lpsnet.engine.preflight.findings import Estimates, Preflight
from lpsnet.engine.preflight.folders import check_run_directory
from lpsnet.engine.preflight.memory import estimate_training, program_bytes
from lpsnet.engine.preflight.pictures import Pictures, check_overlap, check_pictures
from lpsnet.engine.preflight.remedies import Remedy
from lpsnet.engine.preflight.room import check_disk, check_memory, training_bytes_on_disk, what_fits
from lpsnet.engine.preflight.weights import check_first_weights
from lpsnet.engine.schedule import scaled_words
from lpsnet.run_directory import RunDirectory

__all__ = ["check_device", "check_training"]


def check_training(
    config: str | Path | None,
    overrides: Sequence[str],
    run_dir: Path,
    *,
    resume: bool = False,
    device: str = "auto",
    processes: int = 1,
) -> Preflight:
    """Looks ahead at a training as ``lpsnet train`` would start it. Nothing is written, nothing downloaded.

    Args:
        config: a preset or YAML file; None of a run that goes on.
        overrides: changes to it.
        run_dir: folder of the run.
        resume: whether the run in the folder goes on.
        device: see :func:`lpsnet.engine.devices.choose_device`.
        processes: how many train together.
    """
    found, directory = Preflight(), RunDirectory(run_dir)
    settings = _settings(found, directory, config, overrides, resume=resume)
    check_run_directory(found, directory, resume=resume)
    place = check_device(found, device)
    if settings is None:
        return found
    for remark in settings.remarks():
        found.warning("config", remark)
    _check_sharing(found, settings, place, processes)
    _tell_length(found, settings)
    categories = _categories(found, settings)
    taught = _taught(found, settings, categories)
    measured = None
    if settings.data.val is not None:
        measured = check_pictures(found, "data.val", settings.data.val, categories)
    else:
        found.warning("data.val", "names no pictures: the network is not measured as it learns", "set data.val")
    if taught is not None and measured is not None:
        check_overlap(found, taught, measured)
    if not resume or not directory.has_progress:
        check_first_weights(found, settings, categories)
    if taught is not None and categories is not None and place is not None:
        _check_room(found, settings, len(categories), directory, place, taught, measured, processes)
    return found


def _settings(
    found: Preflight, directory: RunDirectory, config: str | Path | None, overrides: Sequence[str], *, resume: bool
) -> Config | None:
    try:
        if resume:
            if config is not None or overrides:
                raise ValueError("a resumed run keeps its settings: neither a config nor changes to it can be given")
            settings = directory.read_config()
        elif config is None:
            raise ValueError("say what to train: --config NAME, or --resume with the --run-dir of a run")
        else:
            settings = load_config(config, overrides)
    except (ValueError, OSError) as error:
        found.error("config", str(error))
        return None
    found.fine("config", f"{settings.name} is valid")
    return settings


def check_device(found: Preflight, device: str) -> torch.device | None:
    """Looks whether a device exists; None if it does not."""
    try:
        place, reason = choose_device(device)
    except ValueError as error:
        found.error("device", str(error), Remedy.OTHER_DEVICE)
        return None
    found.fine("device", f"{place} ({reason})")
    return place


def _check_sharing(found: Preflight, config: Config, place: torch.device | None, processes: int) -> None:
    """Looks whether the batch can be shared, and computed in the precision that is asked for."""
    training = config.training
    parts = processes * training.accumulate
    if training.batch % parts:
        near = max(parts, round(training.batch / parts) * parts)
        found.error(
            "training.batch",
            f"{training.batch} cannot be shared by {processes} processes in {training.accumulate} parts",
            f"set training.batch={near}, a multiple of {parts}",
        )
    if place is None:
        return
    if training.precision == "fp16" and place.type != "cuda":
        found.error("training.precision", f"fp16 needs CUDA, not {place}", "set training.precision=bf16 or fp32")
    if place.type == "cuda" and processes > torch.cuda.device_count():
        count = torch.cuda.device_count()
        told = f"{processes} processes want a GPU each, and there are {count}"
        found.error("device", told, Remedy.FEWER_PROCESSES, count=count)


def _tell_length(found: Preflight, config: Config) -> None:
    """Says how long the batch makes a schedule that is meant for another."""
    scaled, schedule = scaled_words(config.training), config.training.schedule
    if scaled:
        meant = f"the {schedule.iterations:,} that are asked for are of {schedule.batch}"
        found.fine("training.schedule.iterations", f"{scaled}: {meant}")


def _categories(found: Preflight, config: Config) -> Categories | None:
    try:
        categories = config.load_categories()
    except (ValueError, OSError) as error:
        found.error("categories", str(error), "set categories to your annotations' JSON file")
        return None
    things = int(categories.isthing.sum())
    found.fine("categories", f"{config.categories}: {things} things, {len(categories) - things} stuff classes")
    return categories


def _taught(found: Preflight, config: Config, categories: Categories | None) -> Pictures | None:
    if config.data.train is None:
        found.error("data.train", "says no data to train on", "set data.train.annotations=FILE.json")
        return None
    return check_pictures(found, "data.train", config.data.train, categories)


def _check_room(
    found: Preflight,
    config: Config,
    classes: int,
    directory: RunDirectory,
    place: torch.device,
    taught: Pictures,
    measured: Pictures | None,
    processes: int,
) -> None:
    sizes, val = sorted(taught.sizes), [] if measured is None else sorted(measured.sizes)
    program = 0 if place.type == "cuda" else program_bytes()
    estimate = estimate_training(
        config, classes, taught=sizes, measured=val, processes=processes, device=place.type, program=program
    )
    remedy = partial(
        what_fits,
        config,
        classes,
        taught=sizes,
        measured=val,
        processes=processes,
        device=place.type,
        program=program,
    )
    needed, free = check_memory(found, estimate, place, remedy=lambda room: remedy(room))
    times = 1 if place.type == "cuda" else processes
    on_disk = training_bytes_on_disk(config, estimate, val, times)
    found.estimates = Estimates(needed, free, *check_disk(found, directory.path, on_disk, Remedy.ROOM_FOR_RUN))
