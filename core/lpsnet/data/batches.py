"""Batches for training: pictures padded to one size, with their targets as tensors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from lpsnet.targets import IGNORED, LevelTargets

__all__ = ["BatchTargets", "TrainingBatch", "TrainingExample", "collate", "level_sizes"]


@dataclass(frozen=True, slots=True, eq=False)
class TrainingExample:
    """One picture, ready to train.

    Attributes:
        name: of the picture, for messages.
        image: RGB uint8 ``[3, h, w]``.
        levels: the targets of its locations, one entry a level.
        labels: ``[h, w]`` int16 class index, -1 on void.
        pixel_weights: ``[h, w]`` float32, how much each pixel counts; None if all count 1.
    """

    name: str
    image: Tensor
    levels: tuple[LevelTargets, ...]
    labels: Tensor
    pixel_weights: Tensor | None


@dataclass(frozen=True, slots=True, eq=False)
class BatchTargets:
    """The targets of N padded pictures; P locations, level after level, in reading order.

    Attributes:
        ltrb: ``[N, P, 4]`` float32, input pixels.
        borderness: ``[N, P]`` float32 in [0, 1].
        state: ``[N, P]`` int8, see :mod:`lpsnet.targets`; padding is ignored.
        labels: ``[N, H, W]`` int16 class index of the padded pictures; -1 on void and padding.
        pixel_weights: ``[N, H, W]`` float32; None if all pixels count 1.
    """

    ltrb: Tensor
    borderness: Tensor
    state: Tensor
    labels: Tensor
    pixel_weights: Tensor | None

    def to(self, device: torch.device) -> Self:
        """Returns the same targets on another device."""
        weights = self.pixel_weights
        return type(self)(
            ltrb=self.ltrb.to(device),
            borderness=self.borderness.to(device),
            state=self.state.to(device),
            labels=self.labels.to(device),
            pixel_weights=None if weights is None else weights.to(device),
        )


@dataclass(frozen=True, slots=True, eq=False)
class TrainingBatch:
    """What one forward and backward pass works on.

    Attributes:
        names: of the pictures.
        images: per picture RGB uint8 ``[3, h, w]``; the network pads them.
        targets: of the padded pictures.
    """

    names: tuple[str, ...]
    images: tuple[Tensor, ...]
    targets: BatchTargets


def level_sizes(padded_size: tuple[int, int], strides: Sequence[int]) -> tuple[tuple[int, int], ...]:
    """Returns the size of the network's output on each level: beyond the backbone's strides, halves rounded up."""
    height, width = padded_size
    return tuple((-(-height // stride), -(-width // stride)) for stride in strides)


def collate(examples: Sequence[TrainingExample], strides: Sequence[int], divisor: int) -> TrainingBatch:
    """Joins examples of any sizes, padded at the right and bottom as the network pads them.

    Args:
        examples: at least one.
        strides: of the levels.
        divisor: both sides of the padded size are multiples of it.
    """
    height, width = (-(-max(example.image.shape[axis] for example in examples) // divisor) * divisor for axis in (1, 2))
    sizes = level_sizes((height, width), strides)

    def joined(name: str, value: float) -> Tensor:
        return torch.stack(
            [_flattened([getattr(level, name) for level in example.levels], sizes, value) for example in examples]
        )

    weighted = any(example.pixel_weights is not None for example in examples)
    weights = [_padded(_weights(example), (height, width), 0) for example in examples] if weighted else None
    targets = BatchTargets(
        ltrb=joined("ltrb", 0),
        borderness=joined("borderness", 0),
        state=joined("state", IGNORED),
        labels=torch.stack([_padded(example.labels, (height, width), -1) for example in examples]),
        pixel_weights=None if weights is None else torch.stack(weights),
    )
    return TrainingBatch(
        tuple(example.name for example in examples), tuple(example.image for example in examples), targets
    )


def _weights(example: TrainingExample) -> Tensor:
    if example.pixel_weights is not None:
        return example.pixel_weights
    return torch.ones(example.labels.shape, dtype=torch.float32)


def _padded(plane: Tensor, size: tuple[int, int], value: float) -> Tensor:
    return F.pad(plane, (0, size[1] - plane.shape[1], 0, size[0] - plane.shape[0]), value=value)


def _flattened(levels: Sequence[NDArray[Any]], sizes: Sequence[tuple[int, int]], value: float) -> Tensor:
    """Pads every level ``[h_l, w_l, …]`` to its size and joins them: ``[P, …]``."""
    parts = []
    for level, (height, width) in zip(levels, sizes, strict=True):
        part = np.full((height, width, *level.shape[2:]), value, level.dtype)
        part[: level.shape[0], : level.shape[1]] = level
        parts.append(torch.from_numpy(part).flatten(0, 1))
    return torch.cat(parts)
