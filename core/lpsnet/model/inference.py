"""Making a trained network as fast as it can be without changing what it computes."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_weights
from torchvision.ops import FrozenBatchNorm2d

from lpsnet.model.lpsnet import LPSNet

__all__ = ["prepare_for_inference"]


def prepare_for_inference(network: LPSNet) -> LPSNet:
    """Folds batch norms into the convolutions before them and lays weights out channels-last, in place.

    The result equals the network's in evaluation mode within float32 rounding. There is no way back: a network prepared
    so is neither trained nor saved.

    Returns:
        ``network`` itself, in evaluation mode.
    """
    network.eval().requires_grad_(False)
    for parent in network.modules():
        for (_, convolution), (name, norm) in pairwise(list(parent.named_children())):
            if isinstance(convolution, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d | FrozenBatchNorm2d):
                _fold(convolution, norm)
                parent.add_module(name, nn.Identity())
    return network.to(memory_format=torch.channels_last)


def _fold(convolution: nn.Conv2d, norm: nn.BatchNorm2d | FrozenBatchNorm2d) -> None:
    assert norm.running_mean is not None
    assert norm.running_var is not None
    weight, bias = fuse_conv_bn_weights(
        convolution.weight, convolution.bias, norm.running_mean, norm.running_var, norm.eps, norm.weight, norm.bias
    )
    convolution.weight = nn.Parameter(weight.detach(), requires_grad=False)
    convolution.bias = nn.Parameter(bias.detach(), requires_grad=False)
