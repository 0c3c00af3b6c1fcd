"""Hand-made network outputs for the tests of decoding."""

from __future__ import annotations

import torch
from torch import Tensor

from lpsnet.model.output import NetworkOutput

STRIDES = (8, 16, 32, 64, 128)
LEVELS = (3, 4, 5, 6, 7)


def padded(size: tuple[int, int]) -> tuple[int, int]:
    """The size after padding to multiples of 32."""
    return -(-size[0] // 32) * 32, -(-size[1] // 32) * 32


def make_output(logits: Tensor, image_size: tuple[int, int], fill_ltrb: float = 0.0, fill_border: float = 0.0):
    """One image's output around ``logits [C, h, w]``, with constant box distances and border-ness logits."""
    frame = padded(image_size)
    assert logits.shape[1:] == (frame[0] // 4, frame[1] // 4)
    shapes = [(-(-frame[0] // stride), -(-frame[1] // stride)) for stride in STRIDES]
    return NetworkOutput(
        ltrb=tuple(torch.full((1, 4, *shape), fill_ltrb) for shape in shapes),
        borderness_logits=tuple(torch.full((1, 1, *shape), fill_border) for shape in shapes),
        semantic_logits=logits[None],
        strides=STRIDES,
        levels=LEVELS,
        image_sizes=(image_size,),
        padded_size=frame,
    )


def blobs(classes: int, grid: tuple[int, int], seed: int) -> Tensor:
    """Logits ``[C, h, w]`` like a trained network's: large regions with soft borders, and a little noise."""
    generator = torch.Generator().manual_seed(seed)
    coarse = torch.randn(1, classes, max(grid[0] // 10, 1), max(grid[1] // 10, 1), generator=generator)
    smooth = torch.nn.functional.interpolate(coarse, size=grid, mode="bicubic", align_corners=False)[0]
    return 6 * smooth + 0.05 * torch.randn(classes, *grid, generator=generator)


def noise(classes: int, grid: tuple[int, int], seed: int) -> Tensor:
    """Logits ``[C, h, w]`` without any structure."""
    return torch.randn(classes, *grid, generator=torch.Generator().manual_seed(seed))
