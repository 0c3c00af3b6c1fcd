"""The norms of the layers that are added to the backbone."""

from __future__ import annotations

from typing import Literal

from torch import nn

__all__ = ["Norm", "group_count", "norm_layer"]

Norm = Literal["gn", "bn", "none"]


def group_count(channels: int) -> int:
    """Returns the number of groups of a group norm: the largest divisor of ``channels`` up to 32 and ``channels / 4``.

    From 128 channels on that is 32 wherever 32 divides them. A group keeps at least four channels, or all where there
    are fewer: one channel alone, in a 1×1 map of the pyramid pooling, would be normalised to nothing.
    """
    most = max(1, min(32, channels // 4))
    return next(groups for groups in range(most, 0, -1) if channels % groups == 0)


def norm_layer(norm: Norm, channels: int) -> nn.Module:
    """Returns a norm over ``channels`` channels; for ``none``, the identity."""
    if norm == "gn":
        return nn.GroupNorm(group_count(channels), channels)
    return nn.BatchNorm2d(channels) if norm == "bn" else nn.Identity()
