"""What a network costs: multiply-adds and parameters by part, and the peak memory of one forward."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

import psutil
import torch
from torch import Tensor, nn

from lpsnet.model.deformable import DeformableConv2d
from lpsnet.model.lpsnet import LPSNet

__all__ = ["Complexity", "PartCost", "measure_complexity", "with_peak_memory"]

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class PartCost:
    """What one part of the network costs.

    Attributes:
        part: its name.
        macs: multiply-adds of its convolutions (the deformable ones counted) and linear layers, for one image.
        parameters: how many numbers it holds that are learnt or were; buffers of frozen norms are not counted.
    """

    part: str
    macs: int
    parameters: int


@dataclass(frozen=True, slots=True)
class Complexity:
    """What a network costs at one input size.

    Attributes:
        size: ``(height, width)`` of the input before padding.
        parts: backbone, FPN, context, P6 + P7, box head, semantic head.
        peak_bytes: the most memory in use during the forward, weights included: on the CPU the resident memory of the
            whole process, on CUDA what torch had allocated; None on ``meta``.
    """

    size: tuple[int, int]
    parts: tuple[PartCost, ...]
    peak_bytes: int | None

    @property
    def macs(self) -> int:
        """Multiply-adds of the whole network."""
        return sum(part.macs for part in self.parts)

    @property
    def parameters(self) -> int:
        """Parameters of the whole network."""
        return sum(part.parameters for part in self.parts)


def measure_complexity(model: LPSNet, size: tuple[int, int]) -> Complexity:
    """Runs one image through the network, in evaluation mode, and counts what that costs.

    Norms, activations, resizing and the panoptic head are not counted (method section on cost: published figures of
    this kind count multiply-adds of convolutions and linear layers).

    Args:
        model: on any device; on ``meta`` only counting is possible, and costs no time.
        size: ``(height, width)`` of the input, which the network pads.

    Raises:
        ValueError: if the size is below 32×32.
    """
    device = next(model.parameters()).device
    images = torch.zeros(1, 3, *size, device=device)
    with _counting_macs(model) as macs:
        _, peak_bytes = with_peak_memory(lambda: _forward(model, images), device)
    parameters: Counter[str] = Counter()
    for name, parameter in model.named_parameters():
        parameters[_part_of(name)] += parameter.numel()
    return Complexity(size, tuple(PartCost(part, macs[part], parameters[part]) for part in _PARTS), peak_bytes)


_PARTS = {
    "backbone": ("backbone.",),
    "FPN": ("pyramid.laterals.", "pyramid.outputs."),
    "context": ("pyramid.context.",),
    "P6 + P7": ("pyramid.p6.", "pyramid.p7."),
    "box head": ("box_head.",),
    "semantic head": ("semantic_head.",),
}
"""Each part of the network and how the names of its modules begin."""


def _part_of(name: str) -> str:
    return next(part for part, prefixes in _PARTS.items() if f"{name}.".startswith(prefixes))


@contextmanager
def _counting_macs(model: LPSNet) -> Iterator[Counter[str]]:
    """Counts the multiply-adds of every forward inside the block, by part."""
    macs: Counter[str] = Counter()

    def counting(part: str) -> Callable[[nn.Module, tuple[Tensor, ...], Tensor], None]:
        def count(layer: nn.Module, _inputs: tuple[Tensor, ...], output: Tensor) -> None:
            # A number of the output takes one multiply-add for each weight of its channel.
            weight = layer.weight
            assert isinstance(weight, Tensor)
            macs[part] += output.numel() * weight[0].numel()

        return count

    handles = [
        layer.register_forward_hook(counting(_part_of(name)))
        for name, layer in model.named_modules()
        if isinstance(layer, nn.Conv2d | nn.Linear | DeformableConv2d)
    ]
    try:
        yield macs
    finally:
        for handle in handles:
            handle.remove()


def _forward(model: LPSNet, images: Tensor) -> None:
    training = model.training
    model.eval()
    try:
        with torch.inference_mode():
            model(images)
    finally:
        model.train(training)


def with_peak_memory(work: Callable[[], _T], device: torch.device) -> tuple[_T, int | None]:
    """Does ``work`` and returns its result and the most memory in use meanwhile.

    Args:
        work: what computes on ``device``.
        device: on the CPU this process's resident memory is watched, on CUDA what torch allocates; on ``meta`` nothing.
    """
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
        return work(), torch.cuda.max_memory_allocated(device)
    if device.type == "meta":
        return work(), None
    return _with_resident_peak(work)


def _with_resident_peak(work: Callable[[], _T]) -> tuple[_T, int]:
    """Samples this process's resident memory 200 times a second while it does ``work``."""
    process = psutil.Process()
    peak = process.memory_info().rss
    finished = threading.Event()

    def sample() -> None:
        nonlocal peak
        while not finished.wait(0.005):
            peak = max(peak, process.memory_info().rss)

    sampler = threading.Thread(target=sample, name="memory sampler", daemon=True)
    sampler.start()
    try:
        result = work()
    finally:
        finished.set()
        sampler.join()
    return result, max(peak, process.memory_info().rss)
