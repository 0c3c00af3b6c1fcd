"""How much memory a training or an evaluation will take at its peak, estimated before it is started.

The estimate follows the structure of what is held: the program itself, whose size is measured; parameters, gradients
and the optimiser's moments; what forward, losses and backward hold, traced operator by operator at the size of the
largest batch (:mod:`~lpsnet.engine.preflight.memory_trace`); and the batches that workers prepare. Scratch memory of
convolutions and what the allocator does not give back are not in it.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

import psutil
import torch

from lpsnet.config import Config, load_config
from lpsnet.data.transforms import input_size
from lpsnet.engine.optimizers import build_optimizer
from lpsnet.engine.preflight.memory_trace import HalfPrecision, MemoryTrace, held_bytes
from lpsnet.losses import semantic_loss
from lpsnet.model.lpsnet import BOX_STRIDES, DIVISOR, LPSNet, build_lpsnet

__all__ = [
    "MemoryEstimate",
    "estimate_evaluation",
    "estimate_training",
    "free_memory",
    "largest_input",
    "program_bytes",
    "taught_input",
]

Size = tuple[int, int]

_SMALLEST_SIDE = 32
_BATCHES_AHEAD = 2
"""As :mod:`lpsnet.data.stream` has workers prepare them."""
_BYTES_A_PICTURES_PIXEL = 48
"""What preparing or judging a picture holds for each of its pixels: RGB, ids, labels and their copies."""
_CGROUP = Path("/sys/fs/cgroup")


@dataclass(frozen=True, slots=True)
class MemoryEstimate:
    """What is held at the peak, in bytes.

    Attributes:
        program: Python, torch and what they bring with them; 0 on a CUDA device.
        network: parameters and buffers.
        learning: gradients and the optimiser's moments.
        activations: what forward, losses and backward hold beside these.
        pictures: batches that wait, and pictures in hand; 0 on a CUDA device.
        evaluation: what measuring holds beside program, network and learning; training waits meanwhile.
        saving: what writing a checkpoint holds beside them.
    """

    program: int
    network: int
    learning: int
    activations: int
    pictures: int
    evaluation: int
    saving: int

    @property
    def peak(self) -> int:
        """The most that is held at a time."""
        held = self.program + self.network + self.learning + self.pictures
        return held + max(self.activations, self.evaluation, self.saving)


# --------------------------------------------------------------------------------------------------------- input sizes


def taught_input(config: Config, sizes: Iterable[Size]) -> Size:
    """Returns the largest height and the largest width that pictures may have as they train.

    Both are met in one batch where some pictures are upright and others are not: each is padded to the other's side.

    Args:
        config: its input and augmentation are followed.
        sizes: heights and widths of the pictures, in pixels; at least one.
    """
    taught = [_taught_size(config, size) for size in set(sizes)]
    return max(height for height, _ in taught), max(width for _, width in taught)


def _taught_size(config: Config, size: Size) -> Size:
    changes = config.data.augmentation
    height, width = input_size(*size, config.input.short_side, config.input.long_side_cap)
    factor = changes.scale[1]
    if changes.long_side is not None:
        height, width = size
        factor = changes.long_side[1] / max(size)
    height, width = (max(_SMALLEST_SIDE, round(side * factor)) for side in (height, width))
    if changes.crop is not None:
        height, width = min(height, changes.crop[0]), min(width, changes.crop[1])
    return height, width


def largest_input(config: Config, sizes: Iterable[Size]) -> Size:
    """Returns the input of the most pixels among pictures that are worked on one by one, as an evaluation does."""
    inputs = (input_size(*size, config.input.short_side, config.input.long_side_cap) for size in set(sizes))
    return max(inputs, key=lambda size: size[0] * size[1])


# ---------------------------------------------------------------------------------------------------------- estimates


def estimate_training(
    config: Config,
    classes: int,
    *,
    taught: Sequence[Size],
    measured: Sequence[Size] = (),
    processes: int = 1,
    device: str = "cpu",
    program: int = 0,
) -> MemoryEstimate:
    """Estimates what a training holds at its peak: on the CPU all its processes, on CUDA one device.

    Args:
        config: every setting.
        classes: how many there are.
        taught: heights and widths of the pictures it learns from, in pixels.
        measured: of those it is measured on.
        processes: how many train together; the batch is shared among them.
        device: ``cpu`` or ``cuda``.
        program: see :func:`program_bytes`.
    """
    training, on_cuda = config.training, device == "cuda"
    model = _empty_network(config, classes)
    network = held_bytes(itertools.chain(model.parameters(), model.buffers()))
    gradients = held_bytes(parameter for parameter in model.parameters() if parameter.requires_grad)
    # With several processes, gradients travel in buckets that are as large together.
    learning = gradients * (1 + _moments(config) + (processes > 1))
    share = max(1, training.batch // processes // training.accumulate)
    height, width = taught_input(config, taught)
    peak = _traced_training(model, config, share, (height, width), on_cuda=on_cuda)
    evaluation = 0
    if measured:
        evaluation = _traced_inference(model, config, largest_input(config, measured), on_cuda=on_cuda)
        evaluation += 0 if on_cuda else _BYTES_A_PICTURES_PIXEL * max(h * w for h, w in measured)
    waiting = share * training.accumulate + config.data.workers * _BATCHES_AHEAD * share
    in_hand = max(1, config.data.workers) * _BYTES_A_PICTURES_PIXEL * max(h * w for h, w in taught)
    times = 1 if on_cuda else processes
    return MemoryEstimate(
        program=0 if on_cuda else times * program,
        network=times * network,
        learning=times * learning,
        activations=times * max(0, peak - network - gradients),
        pictures=0 if on_cuda else times * (waiting * _example_bytes(config, (height, width)) + in_hand),
        evaluation=times * evaluation,
        # The file is put together in memory, from copies in their customary order.
        saving=0 if on_cuda else 3 * network,
    )


def estimate_evaluation(
    config: Config,
    classes: int,
    *,
    measured: Sequence[Size],
    device: str = "cpu",
    program: int = 0,
) -> MemoryEstimate:
    """Estimates what an evaluation or a prediction holds at its peak.

    Args:
        config: its network and input are followed.
        classes: how many there are.
        measured: heights and widths of the pictures, in pixels.
        device: ``cpu`` or ``cuda``.
        program: see :func:`program_bytes`.
    """
    on_cuda = device == "cuda"
    model = _empty_network(config, classes)
    return MemoryEstimate(
        program=0 if on_cuda else program,
        network=held_bytes(itertools.chain(model.parameters(), model.buffers())),
        learning=0,
        activations=_traced_inference(model, config, largest_input(config, measured), on_cuda=on_cuda),
        pictures=0 if on_cuda else _BYTES_A_PICTURES_PIXEL * max(h * w for h, w in measured),
        evaluation=0,
        saving=0,
    )


def _empty_network(config: Config, classes: int) -> LPSNet:
    with torch.device("meta"):
        model = build_lpsnet(config.model, classes, load_backbone_weights=False)
    return model.to(memory_format=torch.channels_last)


def _moments(config: Config) -> int:
    """Returns how many numbers the optimiser keeps for each that is learnt."""
    optimizer = config.training.optimizer
    return 2 if optimizer.name == "adamw" else int(optimizer.momentum > 0)


def _traced_training(model: LPSNet, config: Config, pictures: int, size: Size, *, on_cuda: bool) -> int:
    """Returns the peak of an iteration's part, with parameters, buffers and gradients; the network keeps no gradient.

    Where an iteration has several parts, the gradients of the first ones are held during the others' forward.
    """
    trace = MemoryTrace(on_cuda=on_cuda)
    trace.hold(itertools.chain(model.parameters(), model.buffers()))
    model.train()
    precision = nullcontext() if config.training.precision == "fp32" else HalfPrecision(model)
    with trace:
        for _ in range(min(2, config.training.accumulate)):
            images = [torch.empty(3, *size, device="meta") for _ in range(pictures)]
            with precision:
                output = model(images)
            labels = torch.empty(pictures, *output.padded_size, dtype=torch.int16, device="meta")
            weights = None
            if config.loss.small_thing_weight > 1:
                weights = torch.empty(pictures, *output.padded_size, device="meta")
            # The other losses read few locations; which ones depends on the pictures.
            others = sum(level.sum() for level in (*output.ltrb, *output.borderness_logits))
            total = semantic_loss(output, labels, weights, config.loss.semantic_stride) + others
            del images, output, labels, weights, others
            total.backward()
            del total
    model.zero_grad(set_to_none=True)
    return trace.peak


def _traced_inference(model: LPSNet, config: Config, size: Size, *, on_cuda: bool) -> int:
    """Returns what a forward of one picture holds beside the network, and its class probabilities afterwards."""
    trace = MemoryTrace(on_cuda=on_cuda)
    model.eval()
    precision = nullcontext() if config.training.precision == "fp32" else HalfPrecision(model)
    with trace, torch.no_grad(), precision:
        output = model(torch.empty(1, 3, *size, device="meta"))
        output.semantic_logits.softmax(1)
    return trace.peak


def _example_bytes(config: Config, size: Size) -> int:
    """Returns what a picture takes in a batch, with its targets, see :class:`lpsnet.data.batches.TrainingBatch`."""
    height, width = (-(-side // DIVISOR) * DIVISOR for side in size)
    weighted = 4 if config.loss.small_thing_weight > 1 else 0
    locations = sum(-(-height // stride) * -(-width // stride) for stride in BOX_STRIDES)
    return height * width * (3 + 2 + weighted) + locations * (16 + 4 + 1)


# ------------------------------------------------------------------------------------------------------ what is there


def program_bytes() -> int:
    """Returns the resident memory of a process that trains before its own network is built: this one's.

    It does one iteration with the smallest network first, as torch brings in much of itself only when it computes.
    """
    smallest = ("model.backbone.name=resnet18", "model.backbone.width=0.25", "model.backbone.weights=null")
    config = load_config("demo", (*smallest, "model.channels=8", "model.semantic_head.channels=8"))
    with torch.random.fork_rng(devices=[]):
        model = build_lpsnet(config.model, 2).to(memory_format=torch.channels_last)
        optimizer = build_optimizer(model, config.training.optimizer)
        output = model(torch.zeros(2, 3, 64, 64))
        labels = torch.zeros(2, 64, 64, dtype=torch.int16)
        others = sum(level.sum() for level in (*output.ltrb, *output.borderness_logits))
        (semantic_loss(output, labels, None, 1) + others).backward()
        optimizer.step()
    return int(psutil.Process().memory_info().rss)


def free_memory(device: torch.device) -> tuple[int, int]:
    """Returns how many bytes are free, and how many there are in all, on a device or, for the CPU, on this machine.

    A control group's limit, as containers and clusters set it, counts as the machine's.
    """
    if device.type == "cuda":
        free, total = torch.cuda.mem_get_info(device)
        return int(free), int(total)
    memory = psutil.virtual_memory()
    limit, used = _group_bytes("memory.max"), _group_bytes("memory.current")
    if limit is None or used is None or limit > memory.total:
        return int(memory.available), int(memory.total)
    return min(int(memory.available), max(0, limit - used)), limit


def _group_bytes(name: str) -> int | None:
    try:
        return int((_CGROUP / name).read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None
