"""LPSNet: backbone, pyramid, box head and semantic head in one pass (paper section 3)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lpsnet.config import ModelConfig
from lpsnet.model.backbone import ResNet, load_pretrained
from lpsnet.model.box_head import BoxHead
from lpsnet.model.output import NetworkOutput
from lpsnet.model.pyramid import FeaturePyramid
from lpsnet.model.semantic_head import SemanticHead

__all__ = ["BOX_LEVELS", "BOX_STRIDES", "DIVISOR", "LPSNet", "build_lpsnet"]

BOX_LEVELS = (3, 4, 5, 6, 7)
"""The pyramid levels that predict boxes."""
BOX_STRIDES = (8, 16, 32, 64, 128)
"""Pixels of the padded input between their locations."""
DIVISOR = 32
"""Both sides of the padded input are multiples of it (method row 65)."""
_SMALLEST_SIDE = 32


class LPSNet(nn.Module):
    """The network. It returns the same in training and in inference; losses and decoding are functions on that.

    Args:
        backbone: images to C2 … C5.
        pyramid: C2 … C5 to P2 … P7.
        box_head: P3 … P7 to boxes and border-ness.
        semantic_head: P2 … P5 to semantic logits.
    """

    def __init__(
        self, backbone: ResNet, pyramid: FeaturePyramid, box_head: BoxHead, semantic_head: SemanticHead
    ) -> None:
        super().__init__()
        self.backbone = backbone
        self.pyramid = pyramid
        self.box_head = box_head
        self.semantic_head = semantic_head

    def forward(self, images: Tensor | Sequence[Tensor]) -> NetworkOutput:
        """Runs the network.

        Args:
            images: normalised float images, ``[N, 3, H, W]`` or a sequence of ``[3, h, w]`` of any sizes from 32 up.
                They are padded with zeros at the right and bottom to one size, a multiple of 32.

        Returns:
            The raw output for N images, float32.

        Raises:
            ValueError: if there is no image, or one is not ``[3, h, w]`` with h and w of at least 32.
        """
        batch, sizes = _pad_to_batch(images)
        pyramid = self.pyramid(self.backbone(batch))
        semantic_logits = self.semantic_head(pyramid[:4])
        ltrb, borderness_logits = self.box_head(pyramid[1:])
        return NetworkOutput(
            ltrb=ltrb,
            borderness_logits=borderness_logits,
            semantic_logits=semantic_logits,
            strides=self.box_head.strides,
            levels=BOX_LEVELS,
            image_sizes=sizes,
            padded_size=(batch.shape[-2], batch.shape[-1]),
        )


def build_lpsnet(config: ModelConfig, num_classes: int, *, load_backbone_weights: bool = True) -> LPSNet:
    """Builds the network that ``config`` describes; random weights follow torch's seed.

    Args:
        config: the network's settings.
        num_classes: things and stuff together.
        load_backbone_weights: False leaves out the pretrained backbone weights that the config names, for a caller that
            loads a checkpoint next; the structure stays that of a pretrained network.

    Raises:
        OSError: if the backbone weights cannot be read or downloaded.
        ValueError: if they do not fit.
    """
    backbone = ResNet(
        config.backbone.name,
        width=config.backbone.width,
        frozen=config.backbone.frozen,
        stride_in_1x1=config.backbone.stride_in_1x1,
    )
    if load_backbone_weights and config.backbone.weights is not None:
        load_pretrained(backbone, config.backbone.weights)
    return LPSNet(
        backbone,
        FeaturePyramid(
            backbone.out_channels,
            config.channels,
            context=config.context,
            ppm_norm=config.ppm_norm,
            ppm_relu=config.ppm_relu,
        ),
        BoxHead(config.channels, BOX_STRIDES, **config.box_head.model_dump()),
        SemanticHead(
            config.channels,
            config.semantic_head.channels,
            num_classes,
            layers=config.semantic_head.layers,
            deformable=config.semantic_head.deformable,
            norm=config.semantic_head.norm,
        ),
    )


def _pad_to_batch(images: Tensor | Sequence[Tensor]) -> tuple[Tensor, tuple[tuple[int, int], ...]]:
    """Returns ``[N, 3, H, W]`` with H and W multiples of 32, and each image's size before padding."""
    if len(images) == 0:
        raise ValueError("the network needs at least one image")
    for image in images:
        if image.ndim != 3 or image.shape[0] != 3 or not image.is_floating_point():
            raise ValueError(f"an image must be float [3, H, W], not {image.dtype} {list(image.shape)}")
        if min(image.shape[1:]) < _SMALLEST_SIDE:
            height, width = image.shape[1:]
            raise ValueError(f"an image of {height}×{width} is too small: both sides must be at least {_SMALLEST_SIDE}")
    sizes = tuple((int(image.shape[1]), int(image.shape[2])) for image in images)
    height, width = (-(-max(side) // DIVISOR) * DIVISOR for side in zip(*sizes, strict=True))
    padded = [F.pad(image, (0, width - w, 0, height - h)) for image, (h, w) in zip(images, sizes, strict=True)]
    return torch.stack(padded), sizes
