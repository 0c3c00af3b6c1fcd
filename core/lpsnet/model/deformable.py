"""Deformable convolution v1, fast and trainable on the CPU (paper section 3.3; method rows 38, 39).

torchvision's operator is 12 to 19 times as slow as a plain convolution on a CPU. Here the image is a table with one row
of channels a pixel; a bilinear sample is a weighted sum of four rows, which ``embedding_bag`` computes at memory speed,
and what follows is a matrix product. Output locations are worked through in blocks, so that the columns (0.5 GB for P2
at 800×1066) are never held: the backward pass samples them again, block by block.

Letters: I input channels, O output channels, T taps of the kernel, R rows of the table (pixels), B locations
of a block.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torchvision.ops import deform_conv2d

from lpsnet.model.cancellation import check_cancelled
from lpsnet.model.precision import full_precision

__all__ = ["DeformableConv2d", "deformable_conv2d"]

_BLOCK_BYTES = 16 * 2**20
"""Size of a block's columns. Less costs more meetings of threads; past 32 MiB malloc maps fresh pages each time."""


class DeformableConv2d(nn.Module):
    """A square deformable convolution that predicts its own offsets, which start at zero.

    Args:
        in_channels: of the input.
        out_channels: of the output.
        kernel_size: odd; the output has the input's size.
    """

    def __init__(self, in_channels: int, out_channels: int, kernel_size: int = 3) -> None:
        super().__init__()
        self.padding = kernel_size // 2
        self.offset = nn.Conv2d(in_channels, 2 * kernel_size**2, kernel_size, padding=self.padding)
        self.weight = nn.Parameter(torch.empty(out_channels, in_channels, kernel_size, kernel_size))
        self.bias = nn.Parameter(torch.zeros(out_channels))
        nn.init.kaiming_normal_(self.weight)
        nn.init.zeros_(self.offset.weight)
        assert self.offset.bias is not None
        nn.init.zeros_(self.offset.bias)

    def forward(self, x: Tensor) -> Tensor:
        """Maps ``[N, in_channels, h, w]`` to ``[N, out_channels, h, w]``, float32 under autocast too."""
        with full_precision(x):
            x = x.to(self.weight.dtype)
            return deformable_conv2d(x, self.offset(x), self.weight, self.bias, self.padding)


def deformable_conv2d(x: Tensor, offset: Tensor, weight: Tensor, bias: Tensor | None, padding: int = 1) -> Tensor:
    """Convolves with every tap displaced by its own offset; stride and dilation are 1.

    On the CPU it works as this module describes, elsewhere it is torchvision's operator; the two agree within float32
    rounding, in values and in gradients. Samples outside the image are zero, as in a zero-padded convolution.

    Args:
        x: ``[N, I, H, W]``.
        offset: ``[N, 2·T, h, w]``: dy and dx of the first tap, then of the second, …, in pixels.
        weight: ``[O, I, kh, kw]`` with ``T = kh · kw``.
        bias: ``[O]``, or None.
        padding: pixels on each side; ``h = H + 2·padding - kh + 1``, and w likewise.

    Returns:
        ``[N, O, h, w]`` in the dtype of ``weight``; half precision is computed as float32.

    Raises:
        ValueError: if the shapes do not belong together.
    """
    _check_shapes(x, offset, weight, padding)
    with full_precision(x):
        dtype = torch.promote_types(weight.dtype, torch.float32)
        x, offset, weight = x.to(dtype), offset.to(dtype), weight.to(dtype)
        bias = bias if bias is None else bias.to(dtype)
        if x.device.type != "cpu":
            result: Tensor = deform_conv2d(x, offset, weight, bias, padding=padding)
        else:
            result = _DeformableConvolution.apply(x, offset, weight, bias, padding)
        return result


def _check_shapes(x: Tensor, offset: Tensor, weight: Tensor, padding: int) -> None:
    kernel = weight.shape[2:]
    size = [x.shape[2 + axis] + 2 * padding - kernel[axis] + 1 for axis in (0, 1)]
    expected = [x.shape[0], 2 * kernel.numel(), *size]
    if list(offset.shape) != expected:
        raise ValueError(f"offset must be {expected} for x {list(x.shape)}, not {list(offset.shape)}")
    if weight.shape[1] != x.shape[1]:
        raise ValueError(f"weight expects {weight.shape[1]} input channels, x has {x.shape[1]}")


class _DeformableConvolution(torch.autograd.Function):
    """The CPU path. Nothing but its inputs is kept for the backward pass."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, offset: Tensor, weight: Tensor, bias: Tensor | None, padding: int) -> Tensor:
        ctx.save_for_backward(x, offset, weight)
        ctx.padding = padding
        size = offset.shape[2:]
        kernel = _as_matrix(weight)
        result = x.new_empty(x.shape[0], size.numel(), weight.shape[0])
        for block in _blocks(x, offset, weight, padding):
            columns = _sample(block.table, *_corners(block.positions + block.offset, block.image_size))
            result[block.image, block.rows] = _product(columns.view(-1, kernel.shape[1]), kernel, bias)
        return _as_map(result, size)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        x, offset, weight = ctx.saved_tensors
        kernel = _as_matrix(weight)
        transposed = kernel.t().contiguous()
        taps = weight.shape[2] * weight.shape[3]
        grad_rows, grad_kernel = _as_rows(grad), torch.zeros_like(kernel)
        grad_x = x.new_zeros(x.shape[0], x.shape[2] * x.shape[3], x.shape[1])
        grad_offset = torch.empty_like(_as_rows(offset))
        for block in _blocks(x, offset, weight, ctx.padding):
            grad_block = grad_rows[block.image, block.rows]
            with torch.enable_grad():
                displacement = block.offset.detach().requires_grad_()
                indices, weights = _corners(block.positions + displacement, block.image_size)
                columns = _sample(block.table, indices, weights)
            grad_columns = _product(grad_block, transposed).view(-1, x.shape[1])
            (grad_displacement,) = torch.autograd.grad(columns, displacement, grad_columns)
            grad_offset[block.image, block.rows] = grad_displacement.view(-1, 2 * taps)
            grad_kernel += _outer_product(grad_block, columns.detach().view(-1, kernel.shape[1]))
            _scatter(grad_x[block.image], indices, weights.detach(), grad_columns)
        grad_weight = grad_kernel.view(weight.shape[0], *weight.shape[2:], weight.shape[1]).permute(0, 3, 1, 2)
        grad_bias = grad_rows.sum((0, 1)) if ctx.needs_input_grad[3] else None
        return _as_map(grad_x, x.shape[2:]), _as_map(grad_offset, offset.shape[2:]), grad_weight, grad_bias, None


@dataclass(frozen=True, slots=True, eq=False)
class _Block:
    """Some output locations of one image.

    Attributes:
        image: its index in the batch.
        rows: the block among the image's output locations.
        image_size: H and W.
        table: ``[R, I]``, the pixels of the image.
        positions: ``[B, T, 2]``, y and x of every tap without displacement, in pixels of the image.
        offset: ``[B, T, 2]``, the displacements.
    """

    image: int
    rows: slice
    image_size: tuple[int, int]
    table: Tensor
    positions: Tensor
    offset: Tensor


def _blocks(x: Tensor, offset: Tensor, weight: Tensor, padding: int) -> Iterator[_Block]:
    """Yields the blocks of all images; ends with :class:`Cancelled` between two of them."""
    kernel_height, kernel_width = weight.shape[2:]
    taps = kernel_height * kernel_width
    tables, offsets = _as_rows(x), _as_rows(offset)
    tap_grid = _grid(kernel_height, kernel_width, x) - padding
    locations = _grid(offset.shape[2], offset.shape[3], x)
    length = max(16, _BLOCK_BYTES // (taps * x.shape[1] * x.element_size()))
    for image in range(x.shape[0]):
        for start in range(0, len(locations), length):
            check_cancelled()
            rows = slice(start, start + length)
            yield _Block(
                image=image,
                rows=rows,
                image_size=(x.shape[2], x.shape[3]),
                table=tables[image],
                positions=locations[rows, None] + tap_grid,
                offset=offsets[image, rows].view(-1, taps, 2),
            )


def _corners(positions: Tensor, image_size: tuple[int, int]) -> tuple[Tensor, Tensor]:
    """Returns the four pixels around every position, and how much each counts.

    The weights are ``fraction`` and ``1 - fraction`` rather than ``1 - |distance|``: only they have the right
    derivative where a position falls on a pixel, as all do while offsets are zero.

    Args:
        positions: ``[B, T, 2]``, y and x in pixels.
        image_size: H and W.

    Returns:
        Rows of the table ``[B·T, 4]`` int32, always valid; weights ``[B·T, 4]``, 0 for a corner outside the image.
    """
    image_height, image_width = image_size
    y, weight_y = _neighbours(positions[..., 0], image_height)
    x, weight_x = _neighbours(positions[..., 1], image_width)
    rows = y[..., :, None] * image_width + x[..., None, :]
    return rows.view(-1, 4), (weight_y[..., :, None] * weight_x[..., None, :]).view(-1, 4)


def _neighbours(positions: Tensor, length: int) -> tuple[Tensor, Tensor]:
    """Returns the two pixels around positions on one axis, ``[…, 2]`` int32, always valid, and their weights."""
    # Two pixels outside no neighbour is inside and no derivative is left; and the integers below cannot overflow.
    positions = positions.clamp(-2, length + 1)
    low = positions.detach().floor()
    fraction = positions - low
    weight_low = (1 - fraction) * ((low >= 0) & (low < length))
    weight_high = fraction * ((low >= -1) & (low < length - 1))
    low = low.to(torch.int32)
    pixels = torch.stack((low.clamp(0, length - 1), (low + 1).clamp(0, length - 1)), dim=-1)
    return pixels, torch.stack((weight_low, weight_high), dim=-1)


def _sample(table: Tensor, rows: Tensor, weights: Tensor) -> Tensor:
    """Returns the weighted sums of rows of ``table [R, I]``: the columns ``[B·T, I]``."""
    return F.embedding_bag(rows, table, per_sample_weights=weights, mode="sum")


def _scatter(grad_table: Tensor, rows: Tensor, weights: Tensor, grad_columns: Tensor) -> None:
    """Adds to ``grad_table [R, I]`` what :func:`_sample` passes back: every row gathers the columns that used it."""
    used, order = rows.view(-1).sort()
    first, last = int(used[0]), int(used[-1])
    starts = torch.searchsorted(used, torch.arange(first, last + 1, dtype=used.dtype), out_int32=True)
    columns = (order // 4).to(torch.int32)
    grad_table[first : last + 1] += F.embedding_bag(
        columns, grad_columns, starts, per_sample_weights=weights.view(-1)[order], mode="sum"
    )


def _product(rows: Tensor, matrix: Tensor, bias: Tensor | None = None) -> Tensor:
    """Returns ``rows [B, K] · matrix [M, K]ᵀ + bias``.

    It is asked for as a 1×1 convolution over one line of pixels because oneDNN's convolution runs up to twice as fast
    as the BLAS behind a matrix product (MKL on processors that are not Intel's); the stride, over an axis of length 1,
    is what makes torch choose it on one thread too.
    """
    pixels = rows.view(1, 1, *rows.shape).permute(0, 3, 1, 2)
    product = F.conv2d(pixels, matrix[:, :, None, None], bias, stride=(2, 1))
    return product.permute(0, 2, 3, 1).reshape(len(rows), len(matrix))


def _outer_product(left: Tensor, right: Tensor) -> Tensor:
    """Returns ``left [B, M]ᵀ · right [B, K]``, as a convolution for the reason given at :func:`_product`."""
    pixels = right.view(1, right.shape[0], 1, right.shape[1])
    matrix = left.t().contiguous()
    return F.conv2d(pixels, matrix[:, :, None, None], stride=(2, 1)).view(left.shape[1], right.shape[1])


def _grid(height: int, width: int, like: Tensor) -> Tensor:
    """Returns y and x of every cell, ``[height · width, 2]``."""
    y, x = (torch.arange(length, dtype=like.dtype) for length in (height, width))
    return torch.cartesian_prod(y, x)


def _as_matrix(weight: Tensor) -> Tensor:
    """``[O, I, kh, kw]`` to ``[O, T·I]``."""
    return weight.permute(0, 2, 3, 1).reshape(weight.shape[0], -1)


def _as_rows(features: Tensor) -> Tensor:
    """``[N, C, h, w]`` to ``[N, h·w, C]``, contiguous; no copy if ``features`` is channels-last."""
    return features.permute(0, 2, 3, 1).reshape(features.shape[0], -1, features.shape[1]).contiguous()


def _as_map(rows: Tensor, size: torch.Size) -> Tensor:
    """``[N, h·w, C]`` to ``[N, C, h, w]``, channels-last."""
    return rows.view(rows.shape[0], *size, rows.shape[2]).permute(0, 3, 1, 2)
