"""The semantic head, shared by P2 … P5 (paper section 3.3; method rows 38–41)."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lpsnet.model.deformable import DeformableConv2d
from lpsnet.model.norm import norm_layer
from lpsnet.model.precision import full_precision

__all__ = ["SemanticHead"]


class SemanticHead(nn.Module):
    """Deformable convolutions on each level, brought to the finest level's size, joined and classified.

    Args:
        in_channels: of the pyramid.
        channels: of the last two layers; earlier ones keep ``in_channels``.
        num_classes: things and stuff together.
        layers: convolutions on each level.
        deformable: whether they are deformable.
        norm: after each of them.
        num_levels: how many levels are joined.
    """

    def __init__(
        self,
        in_channels: int,
        channels: int,
        num_classes: int,
        *,
        layers: int = 2,
        deformable: bool = True,
        norm: Literal["gn", "none"] = "gn",
        num_levels: int = 4,
    ) -> None:
        super().__init__()
        widths = [in_channels] * max(1, layers - 1) + [channels] * min(2, layers)
        convolution = DeformableConv2d if deformable else _plain_convolution
        stack: list[nn.Module] = []
        for width, next_width in itertools.pairwise(widths):
            stack += [convolution(width, next_width), norm_layer(norm, next_width), nn.ReLU(inplace=True)]
        self.tower = nn.Sequential(*stack)
        self.classify = nn.Conv2d(channels * num_levels, num_classes, kernel_size=1)
        nn.init.normal_(self.classify.weight, std=0.01)
        assert self.classify.bias is not None
        nn.init.zeros_(self.classify.bias)

    def forward(self, pyramid: Sequence[Tensor]) -> Tensor:
        """Maps P2 … P5, ``[N, in_channels, h_l, w_l]``, to logits ``[N, num_classes, h, w]`` float32 at P2's size."""
        size = pyramid[0].shape[-2:]
        towers = [self.tower(features) for features in pyramid]
        towers[1:] = [F.interpolate(tower, size=size, mode="bilinear", align_corners=False) for tower in towers[1:]]
        joined = torch.cat(towers, dim=1)
        with full_precision(joined):
            logits: Tensor = self.classify(joined.float())
        return logits


def _plain_convolution(in_channels: int, out_channels: int) -> nn.Conv2d:
    convolution = nn.Conv2d(in_channels, out_channels, kernel_size=3, padding=1)
    nn.init.kaiming_normal_(convolution.weight)
    assert convolution.bias is not None
    nn.init.zeros_(convolution.bias)
    return convolution
