"""The three losses of LPSNet (paper section 3.5; method rows 23–26, 42).

They are functions of the network's output and of targets. What they are divided by is counted beforehand, over every
picture of an iteration wherever it is worked through, so that neither the number of processes nor that of the parts of
an iteration changes the gradient.

Letters: N images, P locations over all levels, C classes, h×w the stride-4 grid.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Self

import torch
import torch.nn.functional as F
from torch import Tensor

from lpsnet.data.batches import BatchTargets
from lpsnet.model.output import NetworkOutput
from lpsnet.targets import IGNORED, POSITIVE

__all__ = ["Losses", "Normalisers", "box_losses", "compute_losses", "count_normalisers"]

_VOID = -1


@dataclass(frozen=True, slots=True)
class Normalisers:
    """What the losses are divided by (method rows 24, 25).

    Attributes:
        positives: locations that learn a box.
        borderness: sum of their border-ness.
        pixels: pixels that learn a class, each with its weight.
    """

    positives: float
    borderness: float
    pixels: float

    def as_tensor(self) -> Tensor:
        """``[3]`` float64, in the order of the fields; sums over parts and processes are sums of these."""
        return torch.tensor([self.positives, self.borderness, self.pixels], dtype=torch.float64)

    @classmethod
    def of_iteration(cls, sums: Tensor, processes: int) -> Self:
        """Returns what each process divides by, that the mean over processes be the loss over all pictures.

        Args:
            sums: :meth:`as_tensor` added up over all parts and processes.
            processes: how many there are; their gradients are averaged.
        """
        # At least 1, as FCOS: an iteration without positives must not divide by 0.
        return cls(*(max(value, 1.0) / processes for value in sums.tolist()))


@dataclass(frozen=True, slots=True, eq=False)
class Losses:
    """The losses of a batch, scalars, without their weights.

    Attributes:
        box: -log IoU or generalised IoU over positive locations.
        borderness: binary cross entropy over positive and negative locations.
        semantic: cross entropy over labelled pixels.
    """

    box: Tensor
    borderness: Tensor
    semantic: Tensor

    def total(self, *, box_weight: float, borderness_weight: float, semantic_weight: float) -> Tensor:
        """Returns the weighted sum (method row 26)."""
        return box_weight * self.box + borderness_weight * self.borderness + semantic_weight * self.semantic


def count_normalisers(targets: BatchTargets, *, semantic_stride: int = 1) -> Normalisers:
    """Counts what the losses of a batch contribute to the normalisers."""
    positive = targets.state == POSITIVE
    labelled = targets.labels[:, ::semantic_stride, ::semantic_stride] != _VOID
    if targets.pixel_weights is None:
        pixels = float(labelled.sum())
    else:
        pixels = float(targets.pixel_weights[:, ::semantic_stride, ::semantic_stride][labelled].double().sum())
    return Normalisers(float(positive.sum()), float(targets.borderness[positive].double().sum()), pixels)


def compute_losses(
    output: NetworkOutput,
    targets: BatchTargets,
    normalisers: Normalisers,
    *,
    box_loss: Literal["iou", "giou"] = "iou",
    weigh_boxes_by_borderness: bool = True,
    semantic_stride: int = 1,
) -> Losses:
    """Compares the network's output with the targets.

    Every loss depends on the output of every image, whether it has positives or not: a process whose share has none
    still takes part in averaging the gradients.

    Args:
        output: for N images.
        targets: of the same images.
        normalisers: see :meth:`Normalisers.of_iteration`.
        box_loss: ``iou``: -log IoU with FCOS's smoothing by one pixel; ``giou``: 1 - generalised IoU (row 23).
        weigh_boxes_by_borderness: whether a positive counts as much as its border-ness (row 24).
        semantic_stride: every so many rows and columns of the input are compared.
    """
    ltrb = torch.cat([level.flatten(2) for level in output.ltrb], dim=2).transpose(1, 2)
    logits = torch.cat([level.flatten(1) for level in output.borderness_logits], dim=1)
    positive = targets.state == POSITIVE
    each = box_losses(ltrb[positive], targets.ltrb[positive], box_loss)
    if weigh_boxes_by_borderness:
        box = (each * targets.borderness[positive]).sum() / normalisers.borderness
    else:
        box = each.sum() / normalisers.positives
    learnt = targets.state != IGNORED
    borderness = F.binary_cross_entropy_with_logits(logits[learnt], targets.borderness[learnt], reduction="sum")
    return Losses(
        box=box,
        borderness=borderness / normalisers.positives,
        semantic=_semantic_loss(output, targets, semantic_stride) / normalisers.pixels,
    )


def box_losses(predicted: Tensor, target: Tensor, kind: Literal["iou", "giou"]) -> Tensor:
    """Compares boxes around the same points.

    Args:
        predicted: ``[K, 4]``, l, t, r, b ≥ 0 in input pixels: the smoothing of -log IoU takes them to be pixels.
        target: ``[K, 4]`` likewise.
        kind: which loss.

    Returns:
        ``[K]``.
    """
    inner, outer = torch.minimum(predicted, target), torch.maximum(predicted, target)
    intersection = _area(inner)
    union = _area(predicted) + _area(target) - intersection
    if kind == "iou":
        return torch.log((union + 1) / (intersection + 1))
    enclosing = _area(outer).clamp(min=1e-6)
    return 1 - intersection / union.clamp(min=1e-6) + (enclosing - union) / enclosing


def _area(ltrb: Tensor) -> Tensor:
    return (ltrb[:, 0] + ltrb[:, 2]) * (ltrb[:, 1] + ltrb[:, 3])


def _semantic_loss(output: NetworkOutput, targets: BatchTargets, stride: int) -> Tensor:
    """Returns the weighted sum of the cross entropies of the pixels that are compared."""
    height, width = output.padded_size
    logits = _at_pixels(output.semantic_logits, (height, width), stride)
    labels = targets.labels[:, ::stride, ::stride].long()
    if targets.pixel_weights is None:
        return F.cross_entropy(logits, labels, ignore_index=_VOID, reduction="sum")
    each = F.cross_entropy(logits, labels, ignore_index=_VOID, reduction="none")
    return (each * targets.pixel_weights[:, ::stride, ::stride]).sum()


def _at_pixels(logits: Tensor, size: tuple[int, int], stride: int) -> Tensor:
    """Samples stride-4 logits bilinearly at the centres of every ``stride``-th pixel, as labels are read."""
    if stride == 1:
        return F.interpolate(logits, size=size, mode="bilinear", align_corners=False)
    rows, columns = (
        _interpolation(cells, length, stride, logits) for cells, length in zip(logits.shape[2:], size, strict=True)
    )
    return rows @ logits @ columns.T


def _interpolation(cells: int, length: int, stride: int, like: Tensor) -> Tensor:
    """Returns the matrix ``[n, cells]`` that samples ``cells`` values, spread over ``length`` pixels, at n of them."""
    centres = torch.arange(0, length, stride, device=like.device, dtype=like.dtype) + 0.5
    place = (centres * (cells / length) - 0.5).clamp(0, cells - 1)
    distance = (place[:, None] - torch.arange(cells, device=like.device, dtype=like.dtype)).abs()
    return (1 - distance).clamp(min=0)


def sum_of(parts: Sequence[Normalisers]) -> Tensor:
    """Returns the normalisers of several batches added up, ``[3]`` float64."""
    return torch.stack([part.as_tensor() for part in parts]).sum(0)
