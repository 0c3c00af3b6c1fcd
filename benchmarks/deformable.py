"""Deformable convolution on the CPU: how much slower than a plain 3×3 convolution is it?

The semantic head's shapes at 800×1066, from P2 to P5, one image. Forward without bookkeeping for gradients, and forward
with backward to every input. Memory layout is channels-last, which the plain convolution likes best; offsets are drawn
with a standard deviation of one pixel. torchvision's operator is the peer; the results must agree within 1e-4.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from _machine import describe_machine, markdown_table, median_seconds
from torch import Tensor
from torchvision.ops import deform_conv2d

from lpsnet.model.deformable import deformable_conv2d

OUT_CHANNELS = 128
SHAPES = {
    "P2, first layer": (256, 200, 272),
    "P2, second layer": (128, 200, 272),
    "P3, first layer": (256, 100, 136),
    "P4, first layer": (256, 50, 68),
    "P5, first layer": (256, 25, 34),
}
REPEATS, PEER_REPEATS = 9, 2

Operator = Callable[[Tensor, Tensor, Tensor, Tensor], Tensor]


def plain(x: Tensor, _offset: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    return F.conv2d(x, weight, bias, padding=1)


def torchvisions(x: Tensor, offset: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    result: Tensor = deform_conv2d(x, offset, weight, bias, padding=1)
    return result


def make_inputs(channels: int, height: int, width: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    torch.manual_seed(0)
    return (
        torch.randn(1, channels, height, width).to(memory_format=torch.channels_last),
        torch.randn(1, 18, height, width).to(memory_format=torch.channels_last),
        (torch.randn(OUT_CHANNELS, channels, 3, 3) * (9 * channels) ** -0.5).to(memory_format=torch.channels_last),
        torch.randn(OUT_CHANNELS),
    )


def seconds(operator: Operator, inputs: tuple[Tensor, Tensor, Tensor, Tensor], repeats: int) -> tuple[float, float]:
    """Returns the time of a forward, and of a forward with its backward."""
    with torch.inference_mode():
        forward = median_seconds(lambda: operator(*inputs), repeats)
    leaves = [tensor.detach().requires_grad_() for tensor in inputs]
    grad = torch.randn_like(operator(*inputs))

    def both() -> None:
        torch.autograd.grad(operator(*leaves), leaves, grad, allow_unused=True)

    return forward, median_seconds(both, repeats)


def main() -> None:
    print(describe_machine(), "\n")
    rows = [["shape", "plain f", "ours f", "× plain", "torchvision f", "× plain"]]
    rows[0] += ["plain f+b", "ours f+b", "× plain", "torchvision f+b", "× plain", "largest difference"]
    for name, (channels, height, width) in SHAPES.items():
        inputs = make_inputs(channels, height, width)
        difference = (deformable_conv2d(*inputs) - torchvisions(*inputs)).abs().max().item()
        base = seconds(plain, inputs, REPEATS)
        ours = seconds(deformable_conv2d, inputs, REPEATS)
        peer = seconds(torchvisions, inputs, PEER_REPEATS)
        row: list[object] = [f"{name}: {channels}→{OUT_CHANNELS}, {height}×{width}"]
        for one in (0, 1):
            row += [base[one], ours[one], ours[one] / base[one], peer[one], peer[one] / base[one]]
        rows.append([*row, f"{difference:.1e}"])
    print(markdown_table(rows))
    print("\nSeconds. Budget: ours ≤ 3.5× plain forward, ≤ 4.5× forward + backward.")


if __name__ == "__main__":
    main()
