"""How sure the semantic head is of what it says, cell by cell of its stride-4 grid.

All maps are read from one softmax, :func:`semantic_probabilities`, which the caller keeps and passes in. They cover
the cells that touch the image and leave the padding out. The centre of cell ``(i, j)`` is the point
``(4·j + 2, 4·i + 2)`` of the network's input; :func:`semantic_placement` says which point of the image that is. The
label of a pixel is decided by *logits* sampled between four centres (:mod:`~lpsnet.decoding.semantics`), and at the
right and lower border a cell of the padding takes part, so that a cell's best class need not be its pixels' label.
"""

from __future__ import annotations

from math import log
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from lpsnet.decoding.checks import SEMANTIC_STRIDE, input_scale, require_finite, require_single_image
from lpsnet.maps import MapPlacement
from lpsnet.model.output import NetworkOutput
from lpsnet.structures import Labels, label_dtype

__all__ = [
    "class_probability",
    "entropy",
    "margin",
    "next_best",
    "probabilities_at",
    "semantic_placement",
    "semantic_probabilities",
]

Float32 = NDArray[np.float32]

_LEAST = torch.finfo(torch.float32).tiny
"""Stands for smaller probabilities in a logarithm; what it is multiplied with is 0 there, or as good as."""


@torch.no_grad()
def semantic_probabilities(output: NetworkOutput) -> Tensor:
    """Returns the softmax of the semantic logits on the cells that touch the image, from which all maps are read.

    Args:
        output: of one image.

    Returns:
        ``[C, h, w]`` float32 on the output's device, where ``h`` and ``w`` are a quarter of the unpadded input's
        height and width, rounded up.

    Raises:
        ValueError: if ``output`` holds several images.
        NonFiniteOutput: if a semantic logit is NaN or infinite.
    """
    require_single_image(output)
    require_finite(output.semantic_logits, "semantic logits")
    height, width = (-(-side // SEMANTIC_STRIDE) for side in output.image_sizes[0])
    return output.semantic_logits[0, :, :height, :width].float().softmax(0)


def semantic_placement(output: NetworkOutput, *, size: tuple[int, int]) -> MapPlacement:
    """Returns where the cells of :func:`semantic_probabilities` lie over the original image.

    Args:
        output: of one image.
        size: ``(H, W)`` of the original image.

    Raises:
        ValueError: if ``output`` holds several images, or ``size`` is not positive.
    """
    require_single_image(output)
    scale_x, scale_y = input_scale(output, size)
    centre = SEMANTIC_STRIDE / 2
    return MapPlacement(centre / scale_x, centre / scale_y, SEMANTIC_STRIDE / scale_x, SEMANTIC_STRIDE / scale_y)


def class_probability(probabilities: Tensor, label: int) -> Float32:
    """Returns the probability of one class, ``[h, w]`` float32 in [0, 1].

    Args:
        probabilities: ``[C, h, w]``, see :func:`semantic_probabilities`.
        label: class index.

    Raises:
        ValueError: if there is no such class.
    """
    if not 0 <= label < len(probabilities):
        raise ValueError(f"there is no class {label}: the network knows {len(probabilities)}")
    return np.array(probabilities[label].cpu().numpy())


@torch.no_grad()
def entropy(probabilities: Tensor) -> Float32:
    """Returns the entropy of the class probabilities over its greatest possible value, ``−Σ p·ln p / ln C``.

    Args:
        probabilities: ``[C, h, w]``, see :func:`semantic_probabilities`.

    Returns:
        ``[h, w]`` float32 in [0, 1]: 0 where one class has it all, 1 where all are equally likely. 0 throughout if
        there is but one class.
    """
    total, logarithm = torch.zeros_like(probabilities[0]), torch.empty_like(probabilities[0])
    for plane in probabilities:  # class by class: all logarithms at once would not fit into the processor's cache
        torch.clamp(plane, min=_LEAST, out=logarithm)
        total.addcmul_(plane, logarithm.log_(), value=-1)
    if len(probabilities) > 1:
        total.div_(log(len(probabilities)))
    return total.clamp_(0, 1).cpu().numpy()


@torch.no_grad()
def margin(probabilities: Tensor) -> Float32:
    """Returns by how much the likeliest class leads: best minus second-best probability.

    Args:
        probabilities: ``[C, h, w]``, see :func:`semantic_probabilities`.

    Returns:
        ``[h, w]`` float32 in [0, 1]; the best itself if there is but one class.
    """
    best, second = _two_best(probabilities)
    return best.sub_(second).cpu().numpy()


@torch.no_grad()
def next_best(probabilities: Tensor) -> Labels:
    """Returns the second-best class of every cell; of equally likely ones the first is the better.

    Args:
        probabilities: ``[C, h, w]``, see :func:`semantic_probabilities`.

    Returns:
        ``[h, w]`` uint8 or uint16 class indices (:func:`lpsnet.structures.label_dtype`).

    Raises:
        ValueError: if there is but one class.
    """
    if len(probabilities) < 2:
        raise ValueError("a network of one class knows no second-best")
    best, second = _two_best(probabilities)
    labels = torch.zeros_like(best, dtype=torch.int16)
    for label in reversed(range(len(probabilities))):
        labels.masked_fill_(probabilities[label] == second, label)
    tied = best == second
    if tied.any():
        ranked = probabilities[:, tied].argsort(dim=0, descending=True, stable=True)
        labels[tied] = ranked[1].to(labels.dtype)
    return labels.cpu().numpy().astype(label_dtype(len(probabilities)))


def _two_best(probabilities: Tensor) -> tuple[Tensor, Tensor]:
    """Returns the greatest and the second-greatest probability ``[h, w]``; 0 for the latter of a single class."""
    best, second = torch.zeros_like(probabilities[0]), torch.zeros_like(probabilities[0])
    for plane in probabilities:
        torch.maximum(second, torch.minimum(best, plane), out=second)
        torch.maximum(best, plane, out=best)
    return best, second


@torch.no_grad()
def probabilities_at(output: NetworkOutput, size: tuple[int, int], x: int, y: int) -> Float32:
    """Returns the class probabilities of a pixel: the softmax of the logits sampled at its centre.

    Its first best class is the pixel's label in :func:`lpsnet.decoding.semantic_labels`.

    Args:
        output: of one image.
        size: ``(H, W)`` of the original image.
        x: column of the pixel, 0 … W - 1.
        y: row of the pixel, 0 … H - 1.

    Returns:
        ``[C]`` float32.

    Raises:
        ValueError: if ``output`` holds several images, ``size`` is not positive, or the pixel is outside.
    """
    require_single_image(output)
    scale_x, scale_y = input_scale(output, size)
    if not (0 <= x < size[1] and 0 <= y < size[0]):
        raise ValueError(f"({x}, {y}) is not a pixel of a {size[1]}×{size[0]} image")
    padded_height, padded_width = output.padded_size
    across = 2 * (x + 0.5) * scale_x / padded_width - 1
    down = 2 * (y + 0.5) * scale_y / padded_height - 1
    logits = output.semantic_logits.float()
    point = torch.tensor([[[[across, down]]]], device=logits.device)
    sampled = F.grid_sample(logits, point, mode="bilinear", padding_mode="border", align_corners=False)
    probabilities: NDArray[np.floating[Any]] = sampled[0, :, 0, 0].softmax(0).cpu().numpy()
    return probabilities.astype(np.float32, copy=False)
