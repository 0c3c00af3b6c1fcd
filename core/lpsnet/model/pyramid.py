"""Feature pyramid with image context: FPN, pyramid pooling, P6 and P7 (paper section 3.1; method rows 6–11)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lpsnet.model.norm import Norm, norm_layer

__all__ = ["Context", "FeaturePyramid", "GlobalContext", "PyramidPooling"]

Context = Literal["ppm", "gap", "none"]


class PyramidPooling(nn.Module):
    """Pyramid pooling over C5: the mean over 1, 2×2, 3×3 and 6×6 regions, joined to C5 (method rows 7, 8).

    Args:
        in_channels: of C5; a branch has a quarter of them.
        out_channels: of the result.
        norm: after each branch's 1×1 convolution and after the last one.
        relu: whether a ReLU ends it; the paper adds the result to a lateral that has none.
    """

    bins = (1, 2, 3, 6)

    def __init__(self, in_channels: int, out_channels: int, *, norm: Norm = "gn", relu: bool = False) -> None:
        super().__init__()
        branch = in_channels // 4
        self.branches = nn.ModuleList(
            nn.Sequential(
                nn.AdaptiveAvgPool2d(size),
                nn.Conv2d(in_channels, branch, kernel_size=1, bias=norm == "none"),
                norm_layer(norm, branch),
                nn.ReLU(inplace=True),
            )
            for size in self.bins
        )
        joined = in_channels + branch * len(self.bins)
        self.join = nn.Conv2d(joined, out_channels, kernel_size=3, padding=1, bias=norm == "none")
        self.norm = norm_layer(norm, out_channels)
        self.activation: nn.Module = nn.ReLU(inplace=True) if relu else nn.Identity()

    def forward(self, c5: Tensor) -> Tensor:
        """Maps C5 ``[N, in_channels, h, w]`` to ``[N, out_channels, h, w]``."""
        size = c5.shape[-2:]
        pooled = [
            F.interpolate(branch(c5), size=size, mode="bilinear", align_corners=False) for branch in self.branches
        ]
        joined: Tensor = self.join(torch.cat([c5, *pooled], dim=1))
        activated: Tensor = self.activation(self.norm(joined))
        return activated


class GlobalContext(nn.Module):
    """The mean of C5 through one linear layer, the same at every location (paper Table 5, GAP; method row 10)."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.linear = nn.Linear(in_channels, out_channels)

    def forward(self, c5: Tensor) -> Tensor:
        """Maps C5 ``[N, in_channels, h, w]`` to ``[N, out_channels, 1, 1]``."""
        context: Tensor = self.linear(c5.mean(dim=(2, 3)))
        return context[:, :, None, None]


class FeaturePyramid(nn.Module):
    """C2 … C5 to P2 … P7, all of one channel count.

    Laterals and outputs have a bias and neither norm nor ReLU (method row 6). Context is added to the C5 lateral, so
    that P5 and the whole top-down path see it (method row 9).

    Args:
        in_channels: of C2, C3, C4 and C5.
        channels: of every output.
        context: what is added to the C5 lateral.
        ppm_norm: norm inside the pyramid pooling.
        ppm_relu: whether a ReLU ends the pyramid pooling.
    """

    def __init__(
        self,
        in_channels: Sequence[int],
        channels: int,
        *,
        context: Context = "ppm",
        ppm_norm: Norm = "gn",
        ppm_relu: bool = False,
    ) -> None:
        super().__init__()
        self.laterals = nn.ModuleList(nn.Conv2d(width, channels, kernel_size=1) for width in in_channels)
        self.outputs = nn.ModuleList(nn.Conv2d(channels, channels, kernel_size=3, padding=1) for _ in in_channels)
        self.context: PyramidPooling | GlobalContext | None = None
        if context == "ppm":
            self.context = PyramidPooling(in_channels[-1], channels, norm=ppm_norm, relu=ppm_relu)
        elif context == "gap":
            self.context = GlobalContext(in_channels[-1], channels)
        self.p6 = nn.Conv2d(channels, channels, kernel_size=3, stride=2, padding=1)
        self.p7 = nn.Conv2d(channels, channels, kernel_size=3, stride=2, padding=1)
        for module in self.modules():
            if isinstance(module, nn.Conv2d | nn.Linear):
                nn.init.kaiming_uniform_(module.weight, a=1)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)

    def forward(self, features: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """Maps C2 … C5 to P2 … P7, ``[N, channels, h_l, w_l]`` at strides 4 … 128."""
        inner: Tensor = self.laterals[-1](features[-1])
        if self.context is not None:
            inner = inner + self.context(features[-1])
        pyramid = [self.outputs[-1](inner)]
        for lateral, output, feature in reversed(
            list(zip(self.laterals[:-1], self.outputs[:-1], features[:-1], strict=True))
        ):
            side: Tensor = lateral(feature)
            # To the lateral's size rather than by 2: C5 of an odd C4 is not half as large.
            inner = side + F.interpolate(inner, size=side.shape[-2:], mode="nearest")
            pyramid.insert(0, output(inner))
        p6 = self.p6(pyramid[-1])
        return (*pyramid, p6, self.p7(F.relu(p6)))
