"""The residual network: torchvision's blocks, C2 … C5 (paper section 3.1; method rows 1–4)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast
from urllib.error import URLError

from torch import Tensor, nn
from torchvision.models import get_model_weights
from torchvision.models.resnet import BasicBlock, Bottleneck
from torchvision.ops import FrozenBatchNorm2d

from lpsnet.config import expand_path
from lpsnet.model.tensor_files import read_tensors
from lpsnet.weight_files import WEIGHT_SUFFIXES

__all__ = ["ResNet", "load_pretrained"]

_BLOCKS: dict[str, tuple[type[BasicBlock] | type[Bottleneck], tuple[int, int, int, int]]] = {
    "resnet18": (BasicBlock, (2, 2, 2, 2)),
    "resnet34": (BasicBlock, (3, 4, 6, 3)),
    "resnet50": (Bottleneck, (3, 4, 6, 3)),
    "resnet101": (Bottleneck, (3, 4, 23, 3)),
}


class ResNet(nn.Module):
    """A ResNet without its classifier; its parameters bear torchvision's names.

    Args:
        name: ``resnet18``, ``resnet34``, ``resnet50`` or ``resnet101``.
        width: scales every channel count, which is rounded to a multiple of 8.
        frozen: norms are fixed affine maps, and stem and res2 take no gradient (method rows 3, 4).
        stride_in_1x1: a bottleneck strides in its first 1×1 convolution instead of its 3×3 (method row 2).

    Attributes:
        name: as given.
        out_channels: of C2, C3, C4 and C5, at strides 4, 8, 16 and 32.
    """

    def __init__(self, name: str, *, width: float = 1.0, frozen: bool = False, stride_in_1x1: bool = False) -> None:
        super().__init__()
        block, depths = _BLOCKS[name]
        norm: Callable[[int], nn.Module] = FrozenBatchNorm2d if frozen else nn.BatchNorm2d
        planes = [_scaled(channels, width) for channels in (64, 128, 256, 512)]
        self.name = name
        self.out_channels = tuple(channels * block.expansion for channels in planes)
        self.conv1 = nn.Conv2d(3, planes[0], kernel_size=7, stride=2, padding=3, bias=False)
        self.bn1 = norm(planes[0])
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(kernel_size=3, stride=2, padding=1)
        in_channels = (planes[0], *self.out_channels[:3])
        layers = [
            _stage(block, in_channels[i], planes[i], depths[i], stride=1 if i == 0 else 2, norm=norm) for i in range(4)
        ]
        self.layer1, self.layer2, self.layer3, self.layer4 = layers
        if stride_in_1x1:
            for layer in layers[1:]:
                _stride_in_first_convolution(layer)
        self._initialise()
        if frozen:
            self.conv1.requires_grad_(False)
            self.layer1.requires_grad_(False)

    def _initialise(self) -> None:
        """Kaiming for convolutions; live norms end a residual branch at 0, so that a block starts as the identity."""
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
            elif isinstance(module, BasicBlock | Bottleneck):
                last = module.bn3 if isinstance(module, Bottleneck) else module.bn2
                if isinstance(last, nn.BatchNorm2d):
                    nn.init.zeros_(last.weight)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Maps images ``[N, 3, H, W]`` to C2 … C5, ``[N, out_channels[i], H/4·2^-i, W/4·2^-i]``."""
        c1 = self.maxpool(self.relu(self.bn1(self.conv1(images))))
        c2 = self.layer1(c1)
        c3 = self.layer2(c2)
        c4 = self.layer3(c3)
        return c2, c3, c4, self.layer4(c4)


def load_pretrained(backbone: ResNet, weights: str) -> None:
    """Loads ImageNet weights into a backbone of full width.

    Args:
        backbone: changed in place.
        weights: a torchvision weights name such as ``IMAGENET1K_V1`` or ``DEFAULT``, or a local file
            (``.safetensors``, or ``.pth`` with tensors only) with torchvision's parameter names; a classifier in it is
            ignored, ``~`` and ``$VARIABLES`` in its path are replaced.

    Raises:
        OSError: if the file cannot be read or the weights cannot be downloaded.
        ValueError: if there are no such weights, or they do not fit.
    """
    state = _pretrained_state(backbone.name, weights)
    state = {key: value for key, value in state.items() if not key.startswith("fc.")}
    expected = backbone.state_dict()
    missing = [key for key in expected if key not in state and not key.endswith("num_batches_tracked")]
    misfit = [key for key in expected if key in state and state[key].shape != expected[key].shape]
    if missing or misfit:
        problem = f"lacks {missing[0]}" if missing else f"has another shape at {misfit[0]}"
        raise ValueError(f"backbone weights {weights} do not fit {backbone.name}: the file {problem}")
    backbone.load_state_dict(state, strict=False)


def _pretrained_state(name: str, weights: str) -> dict[str, Tensor]:
    path = expand_path(weights)
    if path.suffix in WEIGHT_SUFFIXES or path.is_file():
        return read_tensors(path)
    known = get_model_weights(name)
    if weights not in known.__members__:
        names = ", ".join(known.__members__)
        raise ValueError(f"torchvision has no {name} weights named {weights!r} and no such file exists: try {names}")
    try:
        return cast(dict[str, Tensor], known[weights].get_state_dict(progress=False, check_hash=True))
    except (URLError, OSError, RuntimeError) as error:
        raise OSError(
            f"the {name} weights {weights} could not be downloaded ({error}): set model.backbone.weights to a local "
            "file, or to null for a network without pretrained weights"
        ) from error


def _scaled(channels: int, width: float) -> int:
    """Multiples of 8 keep vectorised kernels on their fast path."""
    return max(8, round(channels * width / 8) * 8)


def _stage(
    block: type[Any], in_channels: int, planes: int, depth: int, *, stride: int, norm: Callable[[int], nn.Module]
) -> nn.Sequential:
    out_channels = planes * block.expansion
    shortcut = None
    if stride != 1 or in_channels != out_channels:
        projection = nn.Conv2d(in_channels, out_channels, kernel_size=1, stride=stride, bias=False)
        shortcut = nn.Sequential(projection, norm(out_channels))
    # torchvision derives a bottleneck's inner width from planes and base_width=64: planes it is.
    blocks = [block(in_channels, planes, stride, shortcut, norm_layer=norm)]
    blocks += [block(out_channels, planes, norm_layer=norm) for _ in range(1, depth)]
    return nn.Sequential(*blocks)


def _stride_in_first_convolution(layer: nn.Sequential) -> None:
    first = layer[0]
    if not isinstance(first, Bottleneck):
        raise ValueError("stride_in_1x1 needs bottleneck blocks: resnet50 or resnet101")
    first.conv1.stride, first.conv2.stride = (2, 2), (1, 1)
