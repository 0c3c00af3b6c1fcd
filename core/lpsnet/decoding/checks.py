"""What every decoding function demands of its input."""

from __future__ import annotations

import torch
from torch import Tensor

from lpsnet.model.output import NetworkOutput

__all__ = ["SEMANTIC_STRIDE", "NonFiniteOutput", "input_scale", "require_finite", "require_single_image"]

SEMANTIC_STRIDE = 4
"""Pixels of the padded input per cell of the semantic grid."""


class NonFiniteOutput(ValueError):  # noqa: N818 - what it is, not that it is an error, is the news
    """The network returned NaN or infinite values, so nothing can be decoded from it."""


def require_single_image(output: NetworkOutput) -> None:
    """Checks that ``output`` holds one image.

    Raises:
        ValueError: if it holds none or several.
    """
    if len(output) != 1:
        raise ValueError(f"decoding takes the output of one image, not of {len(output)}: pass output[n]")


def require_finite(values: Tensor, name: str) -> None:
    """Checks that ``values`` holds neither NaN nor infinity.

    Args:
        values: any shape.
        name: what to call it in the error.

    Raises:
        NonFiniteOutput: naming the map and the number of bad values.
    """
    # A sum is one fast pass, and cannot be finite if a term is not; it may overflow though, so it only acquits.
    if torch.isfinite(values.detach().sum(dtype=torch.float32)):
        return
    bad = int((~torch.isfinite(values)).sum())
    if bad:
        raise NonFiniteOutput(f"{bad} of {values.numel()} values of the {name} are NaN or infinite")


def input_scale(output: NetworkOutput, size: tuple[int, int]) -> tuple[float, float]:
    """Returns ``(sx, sy)``: pixels of the network's unpadded input per pixel of the original image.

    Args:
        output: of one image.
        size: ``(H, W)`` of the original image.

    Raises:
        ValueError: if ``size`` is not positive.
    """
    height, width = size
    if height < 1 or width < 1:
        raise ValueError(f"an image of {height}×{width} pixels has nothing to decode")
    input_height, input_width = output.image_sizes[0]
    return input_width / width, input_height / height
