"""Several processes that train one network, as torchrun starts them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

import torch
import torch.distributed as dist
from torch import Tensor

from lpsnet.engine.devices import choose_device

__all__ = ["PeerFailedError", "Processes", "joined_processes"]


_T = TypeVar("_T")


class PeerFailedError(ValueError):
    """Another process failed; the sentence says which, and why."""


@dataclass(frozen=True, slots=True)
class Processes:
    """This process among those that train together.

    Attributes:
        rank: its number, from 0.
        count: how many there are.
        device: where this one works.
        device_reason: why there, in words.
    """

    rank: int
    count: int
    device: torch.device
    device_reason: str

    @property
    def is_first(self) -> bool:
        """Whether it is the one that writes files and reports."""
        return self.rank == 0

    def sum(self, values: Tensor) -> Tensor:
        """Returns the sum over all processes, on the CPU; every process must call it."""
        if self.count == 1:
            return values.cpu()
        summed = values.to(self.device) if self.device.type == "cuda" else values.clone()
        dist.all_reduce(summed)
        return summed.cpu()

    def gathered(self, own: _T) -> list[_T]:
        """Returns what each process has, by rank; every process must call it."""
        if self.count == 1:
            return [own]
        everyone = [own] * self.count
        dist.all_gather_object(everyone, own)
        return everyone

    def copy_from_first(self, tensors: Iterable[Tensor]) -> None:
        """Overwrites tensors with those of the first process; every process must call it, with as many."""
        if self.count > 1:
            for tensor in tensors:
                dist.broadcast(tensor, src=0)

    @contextmanager
    def failing_together(self) -> Iterator[None]:
        """Ends a block on every process if it failed on one, which the others would otherwise wait for in vain.

        Every process must come here; the block itself must not make them meet.

        Raises:
            Exception: what the block raised here.
            PeerFailedError: if it failed elsewhere only.
        """
        failure: Exception | None = None
        try:
            yield
        except Exception as error:
            failure = error
        sentences = self.gathered("" if failure is None else " ".join(str(failure).split()) or type(failure).__name__)
        if failure is not None:
            raise failure
        for rank, sentence in enumerate(sentences):
            if sentence:
                raise PeerFailedError(f"process {rank}: {sentence}")


@contextmanager
def joined_processes(device: str = "auto") -> Iterator[Processes]:
    """Joins the processes that torchrun started, or is alone without it.

    Args:
        device: see :func:`lpsnet.engine.devices.choose_device`; under torchrun ``auto`` and ``cuda`` give every process
            of a machine the GPU of its local number.

    Raises:
        ValueError: if the device does not exist.
    """
    count = int(os.environ.get("WORLD_SIZE", "1"))
    local = int(os.environ.get("LOCAL_RANK", "0"))
    place, reason = choose_device(device)
    if count > 1 and place.type == "cuda" and device in ("auto", "cuda"):
        place, reason = choose_device(f"cuda:{local}")
    if place.type == "cuda":
        torch.cuda.set_device(place)
    if count == 1:
        yield Processes(0, 1, place, reason)
        return
    dist.init_process_group("nccl" if place.type == "cuda" else "gloo")
    yield Processes(dist.get_rank(), count, place, reason)
    # Not after a failure: to leave the others in order, they would have to be where this process is. The end of the
    # process ends its connections.
    dist.destroy_process_group()
