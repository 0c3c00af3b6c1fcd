"""The class-agnostic box head, shared by P3 … P7 (paper section 3.2; method rows 12–14, 20)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor, nn

from lpsnet.model.norm import norm_layer
from lpsnet.model.precision import full_precision

__all__ = ["BoxHead"]

_LARGEST_EXPONENT = 8.0
"""exp(8) strides are more than any picture, and stay finite in half precision (method row 14)."""


class BoxHead(nn.Module):
    """Predicts for every location its distances to the box's four sides, and its border-ness.

    Args:
        channels: of the pyramid and of the tower.
        strides: one a level.
        layers: 3×3 convolutions in the tower.
        norm: after each of them.
        activation: ``exp``: ``ltrb = stride · exp(scale · x)``; ``relu``: ``ltrb = stride · relu(scale · x)``.
        borderness_prior: what the border-ness of every location is before training, in (0, 1).
    """

    def __init__(
        self,
        channels: int,
        strides: Sequence[int],
        *,
        layers: int = 4,
        norm: Literal["gn", "none"] = "gn",
        activation: Literal["exp", "relu"] = "exp",
        borderness_prior: float = 0.5,
    ) -> None:
        super().__init__()
        self.strides = tuple(strides)
        self.activation = activation
        tower: list[nn.Module] = []
        for _ in range(layers):
            tower += [nn.Conv2d(channels, channels, kernel_size=3, padding=1), norm_layer(norm, channels)]
            tower += [nn.ReLU(inplace=True)]
        self.tower = nn.Sequential(*tower)
        self.predict = nn.Conv2d(channels, 5, kernel_size=3, padding=1)
        self.scales = nn.Parameter(torch.ones(len(self.strides)))
        for module in self.modules():
            if isinstance(module, nn.Conv2d) and module.bias is not None:
                nn.init.normal_(module.weight, std=0.01)
                nn.init.zeros_(module.bias)
        assert self.predict.bias is not None
        with torch.no_grad():
            self.predict.bias[4] = -math.log((1 - borderness_prior) / borderness_prior)

    def forward(self, pyramid: Sequence[Tensor]) -> tuple[tuple[Tensor, ...], tuple[Tensor, ...]]:
        """Maps P3 … P7 to boxes and border-ness.

        Args:
            pyramid: per level ``[N, channels, h_l, w_l]``.

        Returns:
            Per level ltrb ``[N, 4, h_l, w_l]`` float32 in pixels, ≥ 0; per level border-ness logits
            ``[N, 1, h_l, w_l]`` float32.
        """
        ltrb, borderness_logits = [], []
        for level, (features, stride) in enumerate(zip(pyramid, self.strides, strict=True)):
            tower = self.tower(features)
            with full_precision(tower):
                raw = self.predict(tower.float())
            distance = self.scales[level].float() * raw[:, :4]
            if self.activation == "exp":
                ltrb.append(stride * distance.clamp(max=_LARGEST_EXPONENT).exp())
            else:
                ltrb.append(stride * distance.relu())
            borderness_logits.append(raw[:, 4:])
        return tuple(ltrb), tuple(borderness_logits)
