"""From a picture to the network's input (method rows 5, 63, 66)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

__all__ = ["as_tensor", "input_size", "network_input", "normalise", "resize_picture"]

_SMALLEST_SIDE = 32


def input_size(height: int, width: int, short_side: int, long_side_cap: int | None = None) -> tuple[int, int]:
    """Returns the size of the network's input for a picture of ``height`` × ``width``.

    The shorter side becomes ``short_side``, unless the longer one would then exceed the cap. No side becomes less than
    32, the least the network takes: a picture more elongated than the cap allows is stretched.

    Args:
        height: of the picture, in pixels.
        width: of the picture, in pixels.
        short_side: wished for.
        long_side_cap: None for COCO's rule, 1333 at a short side of 800 and in proportion otherwise (method row 63).

    Raises:
        ValueError: if the picture has no pixel.
    """
    if height < 1 or width < 1:
        raise ValueError(f"a picture of {height}×{width} has no pixel")
    cap = round(1333 * short_side / 800) if long_side_cap is None else long_side_cap
    scale = min(short_side / min(height, width), cap / max(height, width))
    return max(_SMALLEST_SIDE, round(height * scale)), max(_SMALLEST_SIDE, round(width * scale))


def resize_picture(image: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    """Resizes a picture as the network's input is resized.

    Resizing is bilinear, antialiased where it shrinks: otherwise fine texture would alias into patterns that no other
    scale has, and the ImageNet weights and the detectors that the method builds on were trained on antialiased input.
    It runs on uint8, where torch has a vectorised kernel, and rounds as those detectors' input does.

    Args:
        image: RGB uint8 ``[H, W, 3]``.
        size: ``(height, width)`` wanted.

    Raises:
        ValueError: if the picture is not RGB uint8 ``[H, W, 3]``.
    """
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8:
        raise ValueError(f"a picture must be RGB uint8 [H, W, 3], not {image.dtype} {list(image.shape)}")
    if size == image.shape[:2]:
        return image
    resized = F.interpolate(as_tensor(image)[None], size=size, mode="bilinear", align_corners=False, antialias=True)
    return resized[0].permute(1, 2, 0).numpy()


def normalise(pixels: Tensor, mean: Sequence[float], std: Sequence[float]) -> Tensor:
    """Normalises colours.

    Args:
        pixels: RGB uint8 ``[3, h, w]``, on any device.
        mean: of RGB in [0, 1].
        std: of RGB in [0, 1].

    Returns:
        ``[3, h, w]`` float32, ``(value / 255 - mean) / std``.
    """
    gain = torch.tensor([1 / (255 * part) for part in std], device=pixels.device).view(3, 1, 1)
    shift = torch.tensor([-centre / part for centre, part in zip(mean, std, strict=True)], device=pixels.device).view(
        3, 1, 1
    )
    return torch.addcmul(shift, pixels.float(), gain)


def network_input(
    image: NDArray[np.uint8],
    short_side: int,
    long_side_cap: int | None,
    mean: Sequence[float],
    std: Sequence[float],
) -> Tensor:
    """Resizes and normalises a picture: see :func:`input_size`, :func:`resize_picture` and :func:`normalise`.

    Returns:
        ``[3, h, w]`` float32.

    Raises:
        ValueError: if the picture is not RGB uint8 ``[H, W, 3]``, or has no pixel.
    """
    size = input_size(image.shape[0], image.shape[1], short_side, long_side_cap)
    return normalise(as_tensor(resize_picture(image, size)), mean, std)


def as_tensor(image: NDArray[np.uint8]) -> Tensor:
    """Returns a picture ``[H, W, 3]`` as a tensor ``[3, H, W]`` of the same values; no copy if it is writable."""
    writable = image if image.flags.writeable else image.copy()
    return torch.from_numpy(np.ascontiguousarray(writable)).permute(2, 0, 1)
