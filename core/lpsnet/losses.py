"""The three losses of LPSNet (paper section 3.5; method rows 23–26, 42).

They are functions of the network's output and of targets. What they are divided by is counted first, over all pictures
of an iteration: neither how many processes share these nor in how many parts they are worked through changes the
gradient.

Letters: N images, P locations over all levels, C classes, K boxes, H×W pixels of the padded input, h×w the stride-4
grid.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, Self

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from lpsnet.data.batches import BatchTargets
from lpsnet.model.output import NetworkOutput
from lpsnet.targets import IGNORED, POSITIVE

__all__ = ["Losses", "Normalisers", "box_losses", "compute_losses", "count_normalisers", "semantic_loss", "sum_of"]

_VOID = -1
_SMALLEST_AREA = 1e-6
"""In place of an area of 0 under a fraction, in square pixels."""


@dataclass(frozen=True, slots=True)
class Normalisers:
    """What the losses are divided by (method rows 24, 25, 42).

    Attributes:
        positives: locations that learn a box.
        borderness: sum of their border-ness.
        pixels: pixels that learn a class, each counted with its weight.
    """

    positives: float
    borderness: float
    pixels: float

    def as_tensor(self) -> Tensor:
        """Returns the three in order, ``[3]`` float64 on the CPU, to be added up over parts and processes."""
        return torch.tensor([self.positives, self.borderness, self.pixels], dtype=torch.float64)

    @classmethod
    def of_iteration(cls, sums: Tensor, processes: int) -> Self:
        """Returns what each process divides by for the mean over the processes to be the loss over all pictures.

        Args:
            sums: ``[3]``, :meth:`as_tensor` added up over all parts and processes; each is taken to be at least 1.
            processes: how many there are, at least 1; their gradients are averaged.
        """
        # FCOS has the floor for positives; border-ness can sum to 0 with positives there, where these touch their box.
        return cls(*(max(value, 1.0) / processes for value in sums.tolist()))


@dataclass(frozen=True, slots=True, eq=False)
class Losses:
    """The losses of a batch: scalars, not yet weighted against each other.

    Attributes:
        box: -log IoU or 1 - generalised IoU, over positive locations (rows 23, 24).
        borderness: binary cross entropy, over positive and negative locations (row 25).
        semantic: cross entropy, over pixels that are not void (row 42).
    """

    box: Tensor
    borderness: Tensor
    semantic: Tensor

    def total(self, *, box_weight: float, borderness_weight: float, semantic_weight: float) -> Tensor:
        """Returns their weighted sum (row 26)."""
        return box_weight * self.box + borderness_weight * self.borderness + semantic_weight * self.semantic


# --------------------------------------------------------------------------------------------------------- normalisers


def count_normalisers(targets: BatchTargets, *, semantic_stride: int = 1) -> Normalisers:
    """Counts what a batch adds to the normalisers of its iteration.

    Args:
        targets: of the batch.
        semantic_stride: as :func:`compute_losses` has it.
    """
    positive = targets.state == POSITIVE
    labelled = targets.labels[:, ::semantic_stride, ::semantic_stride] != _VOID
    if targets.pixel_weights is None:
        pixels = float(labelled.sum())
    else:
        pixels = float(targets.pixel_weights[:, ::semantic_stride, ::semantic_stride][labelled].double().sum())
    return Normalisers(
        positives=float(positive.sum()),
        borderness=float(targets.borderness[positive].double().sum()),
        pixels=pixels,
    )


def sum_of(parts: Iterable[Normalisers]) -> Tensor:
    """Adds up what several batches count.

    Args:
        parts: the counts of each; none at all add up to 0.

    Returns:
        ``[3]`` float64 on the CPU, as :meth:`Normalisers.as_tensor`: to be added up over the processes, then given to
        :meth:`Normalisers.of_iteration`.
    """
    return sum((part.as_tensor() for part in parts), start=torch.zeros(3, dtype=torch.float64))


# -------------------------------------------------------------------------------------------------------------- losses


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

    Every tensor of the output gets a gradient, if only of zeros, whatever the targets: a process without any positive
    still takes part in averaging the gradients.

    Args:
        output: for N images.
        targets: of the same images.
        normalisers: what each sum is divided by, see :meth:`Normalisers.of_iteration`.
        box_loss: which of :func:`box_losses` (row 23).
        weigh_boxes_by_borderness: whether a positive counts as much as its target border-ness, else all alike (row 24).
        semantic_stride: the semantic loss reads every so many rows and columns of the padded input, from the first on,
            at the centres of their pixels.
    """
    ltrb = torch.cat([level.flatten(2) for level in output.ltrb], dim=2).transpose(1, 2)
    logits = torch.cat([level.flatten(1) for level in output.borderness_logits], dim=1)
    positive = targets.state == POSITIVE
    box = box_losses(ltrb[positive], targets.ltrb[positive], box_loss)
    if weigh_boxes_by_borderness:
        box = box * targets.borderness[positive]
    learnt = targets.state != IGNORED
    borderness = F.binary_cross_entropy_with_logits(logits[learnt], targets.borderness[learnt], reduction="sum")
    return Losses(
        box=box.sum() / (normalisers.borderness if weigh_boxes_by_borderness else normalisers.positives),
        borderness=borderness / normalisers.positives,
        semantic=semantic_loss(output, targets.labels, targets.pixel_weights, semantic_stride) / normalisers.pixels,
    )


def box_losses(predicted: Tensor, target: Tensor, kind: Literal["iou", "giou"]) -> Tensor:
    """Compares boxes, two by two around the same point (method row 23).

    Args:
        predicted: ``[K, 4]``, l, t, r, b ≥ 0 in input pixels.
        target: ``[K, 4]`` likewise.
        kind: ``iou``: -log IoU as FCOS has it, with one square pixel added to intersection and union; ``giou``:
            1 - generalised IoU.

    Returns:
        ``[K]``, ≥ 0; 0 where the boxes are the same and not empty.
    """
    intersection = _area(torch.minimum(predicted, target))
    union = _area(predicted) + _area(target) - intersection
    if kind == "iou":
        return torch.log((union + 1) / (intersection + 1))
    enclosing = _area(torch.maximum(predicted, target))
    iou = intersection / union.clamp(min=_SMALLEST_AREA)
    return 1 - iou + (enclosing - union) / enclosing.clamp(min=_SMALLEST_AREA)


def _area(ltrb: Tensor) -> Tensor:
    """Returns the areas of boxes ``[K, 4]`` in square pixels, ``[K]``."""
    return (ltrb[:, 0] + ltrb[:, 2]) * (ltrb[:, 1] + ltrb[:, 3])


# ------------------------------------------------------------------------------------------------------- semantic loss


def semantic_loss(output: NetworkOutput, labels: Tensor, pixel_weights: Tensor | None, stride: int) -> Tensor:
    """Returns the weighted sum of the cross entropies of all pixels that are read.

    Args:
        output: for N images.
        labels: ``[N, H, W]`` class index, -1 on void.
        pixel_weights: ``[N, H, W]``; None if all pixels count 1.
        stride: see :func:`compute_losses`.
    """
    images = len(output)
    centres = _pixel_centres(output.padded_size, stride, output.semantic_logits)
    logits = output.semantic_logits.chunk(images)
    read = labels[:, ::stride, ::stride].chunk(images)
    weights: Sequence[Tensor | None] = [None] * images
    if pixel_weights is not None:
        weights = pixel_weights[:, ::stride, ::stride].chunk(images)
    # An image's logits at full size are 16 times the network's output. Worked out anew for the gradient, those of only
    # one image are ever held.
    sums = [
        checkpoint(_cross_entropy_at, *image, centres, use_reentrant=False, preserve_rng_state=False)
        for image in zip(logits, read, weights, strict=True)
    ]
    return torch.stack(sums).sum()


def _cross_entropy_at(logits: Tensor, labels: Tensor, weights: Tensor | None, points: Tensor) -> Tensor:
    """Samples an image's logits at points and adds up their cross entropies.

    Args:
        logits: ``[1, C, h, w]``.
        labels: ``[1, n, m]`` class index, -1 on void.
        weights: ``[1, n, m]``; None if all pixels count 1.
        points: ``[1, n, m, 2]``, see :func:`_pixel_centres`.
    """
    # A network in channels-last order would have the large map in that order too, which softmax is slow on.
    small = logits.contiguous()
    large = F.grid_sample(small, points, mode="bilinear", padding_mode="border", align_corners=False)
    if weights is None:
        return F.cross_entropy(large, labels.long(), ignore_index=_VOID, reduction="sum")
    return (F.cross_entropy(large, labels.long(), ignore_index=_VOID, reduction="none") * weights).sum()


def _pixel_centres(size: tuple[int, int], stride: int, like: Tensor) -> Tensor:
    """Returns the centres of the pixels in every ``stride``-th row and column, for :func:`F.grid_sample`.

    Args:
        size: height and width in pixels.
        stride: at least 1.
        like: gives dtype and device.

    Returns:
        ``[1, n, m, 2]``, x and y, from -1 at the left and upper edge to 1 at the right and lower one.
    """
    y, x = (
        (torch.arange(0, side, stride, dtype=torch.float64, device=like.device) + 0.5) * (2 / side) - 1 for side in size
    )
    return torch.stack(torch.meshgrid(x, y, indexing="xy"), dim=-1).to(like.dtype)[None]
