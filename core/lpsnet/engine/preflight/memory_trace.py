"""How much memory a computation holds at most, found without doing it.

It runs on torch's ``meta`` device, where tensors have a size and no content. Every operator is seen, forward and
backward: its results count from then until nothing holds them, be it the program or the gradient's graph. What
convolutions, deformable ones above all, need for themselves while they run is added; of other operators it is small.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from lpsnet.model.deformable import DeformableConv2d
from lpsnet.model.lpsnet import LPSNet

__all__ = ["HalfPrecision", "MemoryTrace", "held_bytes"]

_CONVOLUTION = ("aten::convolution", "aten::convolution_backward")
_DEFORMABLE = ("torchvision::deform_conv2d", "torchvision::_deform_conv2d_backward")
_CPU_BLOCK_BYTES = 16 * 2**20
"""Columns that the CPU's deformable convolution holds at a time, see :mod:`lpsnet.model.deformable`."""
_BLOCKS_FORWARD, _BLOCKS_BACKWARD = 2, 4
"""How many tensors of that size it holds: columns and their product; and in the backward pass both gradients."""


class MemoryTrace(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Counts the bytes that tensors made in its block hold.

    Attributes:
        bytes: held now.
        peak: the most that were ever held.

    Args:
        on_cuda: whether operators hold what CUDA's do while they run, instead of what the CPU's do.
    """

    def __init__(self, *, on_cuda: bool = False) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.bytes = 0
        self.peak = 0
        self._on_cuda = on_cuda
        self._known: weakref.WeakSet[Any] = weakref.WeakSet()

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Runs an operator and notes what it returns."""
        results = func(*args, **(kwargs or {}))
        for leaf in tree_leaves(results):
            if isinstance(leaf, Tensor):
                self._note(leaf.untyped_storage())
        own = self._workspace(str(func.name()).split(".")[0], args, results)
        self.peak = max(self.peak, self.bytes + own)
        return results

    def hold(self, tensors: Any) -> None:
        """Counts tensors that were made before."""
        for tensor in tensors:
            self._note(tensor.untyped_storage())
        self.peak = max(self.peak, self.bytes)

    def _note(self, storage: Any) -> None:
        if storage in self._known:
            return
        self._known.add(storage)
        size = storage.nbytes()
        self.bytes += size
        weakref.finalize(storage, self._release, size)

    def _release(self, size: int) -> None:
        self.bytes -= size

    def _workspace(self, name: str, args: tuple[Any, ...], results: Any) -> int:
        """Returns what an operator holds for itself while it runs."""
        if name in _CONVOLUTION and not self._on_cuda:
            # oneDNN works on layouts of its own: maps are copied into them, and results out of them.
            maps = (args[0], args[1]) if name == _CONVOLUTION[1] else (args[0], results)
            return held_bytes(maps)
        if name not in _DEFORMABLE:
            return 0
        backward = name == _DEFORMABLE[1]
        x, weight, offset = args[1:4] if backward else args[:3]
        columns = x.shape[1] * weight.shape[2:].numel() * offset.shape[-2:].numel() * x.element_size()
        if self._on_cuda:
            return int(columns * x.shape[0])
        return int(min(columns, _CPU_BLOCK_BYTES) * (_BLOCKS_BACKWARD if backward else _BLOCKS_FORWARD))


class HalfPrecision(TorchFunctionMode):
    """What autocast does to a network, which knows no ``meta`` device: convolutions and linear layers of 16 bits.

    Args:
        model: its layers that :mod:`lpsnet.model.precision` keeps in full precision stay so.
    """

    def __init__(self, model: LPSNet) -> None:
        super().__init__()
        kept: list[nn.Module] = [model.box_head.predict, model.semantic_head.classify]
        kept += [module.offset for module in model.modules() if isinstance(module, DeformableConv2d)]
        self._kept = {id(layer.weight) for layer in kept}
        self._halves: dict[int, Tensor] = {}

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Calls a function of torch, with numbers of 16 bits where autocast would."""
        if func in (torch.conv2d, F.linear) and id(args[1]) not in self._kept:
            x, weight, bias = (*args, None)[:3]
            args = (x.to(torch.bfloat16), self._half(weight), None if bias is None else self._half(bias), *args[3:])
        return func(*args, **(kwargs or {}))

    def _half(self, parameter: Tensor) -> Tensor:
        """Autocast keeps the 16 bits of a weight, which five levels share."""
        if id(parameter) not in self._halves:
            self._halves[id(parameter)] = parameter.to(torch.bfloat16)
        return self._halves[id(parameter)]


def held_bytes(tensors: Any) -> int:
    """Returns how many bytes tensors hold together."""
    return sum(tensor.numel() * tensor.element_size() for tensor in tensors)
