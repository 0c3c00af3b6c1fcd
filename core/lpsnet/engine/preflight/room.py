"""Whether there is room for a run, in memory and on disk, and which settings would make it fit."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import torch

from lpsnet.config import Config
from lpsnet.engine.preflight.findings import Preflight
from lpsnet.engine.preflight.folders import free_bytes
from lpsnet.engine.preflight.memory import MemoryEstimate, estimate_training, free_memory
from lpsnet.engine.preflight.remedies import Remedy
from lpsnet.engine.samples import LARGEST_SAMPLE
from lpsnet.engine.schedule import Schedule
from lpsnet.sizes import size_words

__all__ = ["check_disk", "check_memory", "training_bytes_on_disk", "what_fits"]

_TIGHT = 0.85
"""From this share of what is free on, a run may fail all the same: the estimate is not exact."""
_SHARES_OF_SIDE = (0.8, 0.64, 0.5, 0.4, 0.32, 0.25)
_SIDE_STEP = 32
_EVENT_BYTES = 1200
"""A line of events.jsonl and the same figures for TensorBoard."""
_BYTES_A_SAMPLES_PIXEL = 2
"""A PNG of a photo under coloured segments; three without compression."""


def check_memory(
    found: Preflight, estimate: MemoryEstimate, device: torch.device, *, remedy: Callable[[int], str]
) -> tuple[int, int]:
    """Compares what is needed with what is free.

    Args:
        found: is told of it.
        estimate: what is needed.
        device: where.
        remedy: says which settings need no more than so many bytes; asked only if there is too little.

    Returns:
        What is needed and what is free, in bytes.
    """
    free, total = free_memory(device)
    needed = estimate.peak
    place = f"{device}" if device.type == "cuda" else "this machine"
    told = f"about {size_words(needed)} at the peak; {size_words(free)} of {size_words(total)} are free on {place}"
    if device.type == "cuda":
        told += "; an estimate that was not measured on CUDA"
    if needed > free:
        found.error("memory", told, remedy(int(free * _TIGHT)))
    elif needed > _TIGHT * free:
        found.warning("memory", f"{told}, which may be too little", remedy(int(free * _TIGHT)))
    else:
        found.fine("memory", told)
    return needed, free


def what_fits(
    config: Config,
    classes: int,
    room: int,
    *,
    taught: Sequence[tuple[int, int]],
    measured: Sequence[tuple[int, int]],
    processes: int,
    device: str,
    program: int,
) -> str:
    """Returns the settings that change least of a training and need no more than so many bytes, as ``field=value``."""
    for changed, words in _smaller(config, processes):
        estimate = estimate_training(
            changed,
            classes,
            taught=taught,
            measured=measured,
            processes=processes,
            device=device,
            program=program,
        )
        if estimate.peak <= room:
            return f"set {words}: about {size_words(estimate.peak)}"
    return "choose a smaller network, smaller pictures, or a machine with more memory"


def _smaller(config: Config, processes: int) -> Iterator[tuple[Config, str]]:
    """Yields configs that need less and less: first by parts, which change nothing else, then by smaller pictures."""
    training = config.training
    share = max(1, training.batch // processes)
    parts = [count for count in range(training.accumulate + 1, share + 1) if share % count == 0]
    for count in parts:
        changed = training.model_copy(update={"accumulate": count})
        yield config.model_copy(update={"training": changed}), f"training.accumulate={count}"
    most = max((training.accumulate, *parts))
    by_parts = training.model_copy(update={"accumulate": most})
    words = f"training.accumulate={most} and " if most > training.accumulate else ""
    whole = config.input.short_side
    sides = {round(whole * share / _SIDE_STEP) * _SIDE_STEP for share in _SHARES_OF_SIDE}
    for side in sorted((side for side in sides if _SIDE_STEP <= side < whole), reverse=True):
        smaller = {"training": by_parts, "input": config.input.scaled_to(side)}
        yield config.model_copy(update=smaller), f"{words}input.short_side={side}"


def training_bytes_on_disk(
    config: Config, estimate: MemoryEstimate, measured: Sequence[tuple[int, int]], processes: int
) -> int:
    """Estimates what a training leaves in its folder, and the neighbour that a file is while it is replaced.

    Args:
        config: every setting.
        estimate: of its memory.
        measured: heights and widths of the pictures it is measured on; none if it is not.
        processes: how many train together, on the CPU.
    """
    training = config.training
    network, learning = estimate.network // processes, estimate.learning // processes
    iterations = Schedule.for_batch(training.schedule, training.optimizer, training.batch).iterations
    checkpoints = network * (2 if measured else 1)
    state = network + learning
    samples = 0
    if measured:
        largest = min(LARGEST_SAMPLE[0] * LARGEST_SAMPLE[1], 2 * max(height * width for height, width in measured))
        evaluations = -(-iterations // training.evaluate_every)
        samples = evaluations * training.samples * largest * _BYTES_A_SAMPLES_PIXEL
    return checkpoints + 2 * state + samples + _EVENT_BYTES * (iterations // training.log_every + 1)


def check_disk(found: Preflight, folder: Path, needed: int, remedy: Remedy) -> tuple[int, int | None]:
    """Compares what will be written with the room that is left; returns both in bytes."""
    free = free_bytes(folder)
    if free is None:
        return needed, free
    told = f"about {size_words(needed)} will be written; {size_words(free)} are free there"
    if needed > free:
        found.error("disk", told, remedy)
    elif needed > _TIGHT * free:
        found.warning("disk", f"{told}, which may be too little", remedy)
    else:
        found.fine("disk", told)
    return needed, free
