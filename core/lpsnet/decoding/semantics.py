"""From semantic logits to a label map of the original image (method row 45).

The label of a pixel is the argmax of one bilinear sample of the stride-4 logits at the pixel's centre. Bilinear weights
are convex, so where the four corners of a grid cell agree on the largest class, so does every pixel inside; only the
other cells, along the borders of things, need arithmetic. ``[C, H, W]`` is never formed.

Words used here: the *grid* is the ``[h, w]`` lattice of stride-4 samples; a *cell* is the square between four
neighbouring samples, so there are ``(h + 1) × (w + 1)`` of them, those at the rim lying half outside.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lpsnet.decoding.checks import SEMANTIC_STRIDE, input_scale, require_finite, require_single_image
from lpsnet.model.output import NetworkOutput
from lpsnet.structures import Labels, label_dtype

__all__ = ["next_best_stuff", "semantic_labels"]

_CPU_CHUNK_BYTES = 8 << 20
"""More than a cache holds: every operator waits for its slowest thread, which on a busy machine costs far more."""
_ACCELERATOR_CHUNK_BYTES = 256 << 20
_TILE_ROWS = 32
"""Fewest rows of a tile, unless the image has fewer."""
_SPARSE_LIMIT = 0.75
"""Share of pixels in mixed cells above which interpolating everything is the faster way."""


@torch.no_grad()
def semantic_labels(output: NetworkOutput, *, size: tuple[int, int]) -> Labels:
    """Returns the likeliest class of every pixel of the original image.

    Args:
        output: of one image.
        size: ``(H, W)`` of the original image.

    Returns:
        ``[H, W]`` uint8 or uint16 class indices; no pixel is unlabelled.

    Raises:
        ValueError: if ``output`` holds several images.
        NonFiniteOutput: if a logit is NaN or infinite.
    """
    logits = _checked_logits(output)
    return _sampled_argmax(logits, output, size)


@torch.no_grad()
def next_best_stuff(output: NetworkOutput, *, size: tuple[int, int], isthing: NDArray[np.bool_]) -> Labels:
    """Returns the likeliest *stuff* class of every pixel: what leftover thing pixels may turn into (method row 55).

    Args:
        output: of one image.
        size: ``(H, W)`` of the original image.
        isthing: ``[C]``, whether each class is a thing.

    Returns:
        ``[H, W]`` uint8 or uint16 class indices, sampled as in :func:`semantic_labels`.

    Raises:
        ValueError: if ``output`` holds several images, there is no stuff class, or ``isthing`` is not ``[C]``.
        NonFiniteOutput: if a logit is NaN or infinite.
    """
    logits = _checked_logits(output)
    if isthing.shape != (len(logits),):
        raise ValueError(f"{isthing.size} class kinds do not belong to {len(logits)} classes")
    stuff = np.flatnonzero(~isthing)
    if not len(stuff):
        raise ValueError("every class is a thing: there is no stuff class to fall back on")
    chosen = _sampled_argmax(logits[torch.from_numpy(stuff).to(logits.device)], output, size)
    classes: Labels = np.array(stuff, dtype=label_dtype(len(logits)))
    return classes[chosen]


def _checked_logits(output: NetworkOutput) -> Tensor:
    """Returns the semantic logits ``[C, h, w]`` of the one image in float32."""
    require_single_image(output)
    require_finite(output.semantic_logits, "semantic logits")
    return output.semantic_logits[0].float()


@dataclass(frozen=True, slots=True, eq=False)
class _Axis:
    """How the pixels of one image axis fall on the grid.

    Attributes:
        cell: ``[n]`` the cell of each pixel; cell k lies between samples ``k − 1`` and ``k``.
        fraction: ``[n]`` float32 in [0, 1), the pixel's place inside its cell.
        low: ``[cells]`` the sample at the cell's lower end, clamped to the grid.
        high: ``[cells]`` the sample at its upper end, clamped to the grid.
        first: ``[cells]`` the first pixel of each cell.
        pixels: ``[cells]`` how many pixels each cell has; 0 where the image is smaller than the grid.
    """

    cell: NDArray[np.intp]
    fraction: NDArray[np.float32]
    low: NDArray[np.intp]
    high: NDArray[np.intp]
    first: NDArray[np.intp]
    pixels: NDArray[np.intp]

    @classmethod
    def of(cls, pixels: int, scale: float, samples: int) -> _Axis:
        """Places ``pixels`` pixel centres, ``scale`` input pixels apart, on ``samples`` grid samples."""
        position = (np.arange(pixels) + 0.5) * (scale / SEMANTIC_STRIDE) - 0.5
        below = np.floor(position)
        cell = below.astype(np.intp) + 1
        cells = np.arange(samples + 1)
        first = np.searchsorted(cell, cells, side="left")
        return cls(
            cell=cell,
            fraction=(position - below).astype(np.float32),
            low=np.maximum(cells - 1, 0),
            high=np.minimum(cells, samples - 1),
            first=first,
            pixels=np.searchsorted(cell, cells, side="right") - first,
        )

    def ends(self, pixels: slice, device: torch.device) -> tuple[Tensor, Tensor, Tensor]:
        """Returns the lower sample, the upper sample and the fraction of some pixels, as tensors."""
        cell = self.cell[pixels]
        low, high, fraction = (
            torch.from_numpy(part) for part in (self.low[cell], self.high[cell], self.fraction[pixels])
        )
        return low.to(device), high.to(device), fraction.to(device)

    def pieces(self, most: int) -> _Pieces:
        """Cuts the pixels of every cell into runs of at most ``most``."""
        pixels = np.arange(len(self.cell))
        first = pixels[(pixels - self.first[self.cell]) % most == 0]
        last = np.append(first[1:], len(pixels)) - 1
        return _Pieces(self.cell[first], first, last, min(most, int(self.pixels.max())))


@dataclass(frozen=True, slots=True, eq=False)
class _Pieces:
    """Runs of pixels of an image axis, each within one cell.

    Attributes:
        cell: ``[pieces]`` the cell of each.
        first: ``[pieces]`` the first pixel of each.
        last: ``[pieces]`` the last pixel of each.
        longest: the number of pixels of the longest.
    """

    cell: NDArray[np.intp]
    first: NDArray[np.intp]
    last: NDArray[np.intp]
    longest: int

    def padded(self, which: NDArray[np.intp]) -> NDArray[np.intp]:
        """Returns the pixels ``[k, longest]`` of some pieces; the last one is repeated where a piece is shorter."""
        pixels: NDArray[np.intp] = self.first[which, None] + np.arange(self.longest)
        return np.minimum(pixels, self.last[which, None], out=pixels)


def _sampled_argmax(logits: Tensor, output: NetworkOutput, size: tuple[int, int]) -> Labels:
    """Returns the argmax ``[H, W]`` over the channels of ``logits [C, h, w]``, sampled at every pixel centre."""
    scale_x, scale_y = input_scale(output, size)
    rows = _Axis.of(size[0], scale_y, logits.shape[1])
    columns = _Axis.of(size[1], scale_x, logits.shape[2])
    channels_last = logits.permute(1, 2, 0).contiguous()
    if logits.device.type != "cpu":
        return _dense_argmax(channels_last, rows, columns, _ACCELERATOR_CHUNK_BYTES)

    corners = _argmax(channels_last)
    corners = np.pad(corners, 1, mode="edge")
    top_left = corners[:-1, :-1]
    mixed = (top_left != corners[:-1, 1:]) | (top_left != corners[1:, :-1]) | (top_left != corners[1:, 1:])
    pixels = np.outer(rows.pixels, columns.pixels)
    if pixels[mixed].sum() > _SPARSE_LIMIT * pixels.sum():
        return _dense_argmax(channels_last, rows, columns, _CPU_CHUNK_BYTES)
    # np.take gives rows in memory order, which everything behind this works faster on.
    labels: Labels = np.take(top_left[rows.cell], columns.cell, axis=1)
    _resolve_cells(labels, channels_last, rows, columns, mixed)
    return labels


def _argmax(scores: Tensor) -> Labels:
    """Returns the argmax over the last axis in the smallest dtype."""
    return scores.argmax(-1).cpu().numpy().astype(label_dtype(scores.shape[-1]))


def _dense_argmax(grid: Tensor, rows: _Axis, columns: _Axis, chunk_bytes: int) -> Labels:
    """Interpolates every pixel, a tile of the image at a time: first along the columns, then along the rows.

    Args:
        grid: ``[h, w, C]`` float32.
        rows: where image rows lie.
        columns: where image columns lie.
        chunk_bytes: rough memory of a tile.
    """
    height, width, classes = len(rows.cell), len(columns.cell), grid.shape[-1]
    labels = np.empty((height, width), label_dtype(classes))
    # Tiles of many rows share most of what was interpolated along the columns.
    tile_width = max(1, min(width, chunk_bytes // (_TILE_ROWS * classes * 4)))
    tile_height = max(1, chunk_bytes // (tile_width * classes * 4))
    for x in range(0, width, tile_width):
        left, right, across = columns.ends(slice(x, x + tile_width), grid.device)
        for y in range(0, height, tile_height):
            upper, lower, down = rows.ends(slice(y, y + tile_height), grid.device)
            start = int(upper[0])
            lines = grid[start : int(lower[-1]) + 1]
            lines = torch.lerp(lines.index_select(1, left), lines.index_select(1, right), across[:, None])
            above, below = lines.index_select(0, upper - start), lines.index_select(0, lower - start)
            values = torch.lerp(above, below, down[:, None, None])
            labels[y : y + tile_height, x : x + tile_width] = _argmax(values)
    return labels


def _resolve_cells(labels: Labels, grid: Tensor, rows: _Axis, columns: _Axis, mixed: NDArray[np.bool_]) -> None:
    """Interpolates the pixels of the marked cells exactly and writes their labels.

    Args:
        labels: ``[H, W]``, changed in place.
        grid: ``[h, w, C]`` float32.
        rows: where image rows lie.
        columns: where image columns lie.
        mixed: ``[h + 1, w + 1]``, the cells to resolve.
    """
    width, classes = grid.shape[1:]
    table = grid.view(-1, classes)
    most = max(1, _CPU_CHUNK_BYTES // (classes * 4))
    # Where the image is far larger than the grid, one cell alone would fill the memory: it is taken piece by piece.
    across = columns.pieces(most)
    down = rows.pieces(max(1, most // across.longest))
    piece_y, piece_x = np.nonzero(mixed[np.ix_(down.cell, across.cell)])
    chunk = max(1, most // (across.longest * down.longest))
    for start in range(0, len(piece_y), chunk):
        py, px = piece_y[start : start + chunk], piece_x[start : start + chunk]
        y, x, cy, cx = down.padded(py), across.padded(px), down.cell[py], across.cell[px]
        fy, fx = rows.fraction[y][:, :, None], columns.fraction[x][:, None, :]
        weights = np.stack(((1 - fy) * (1 - fx), (1 - fy) * fx, fy * (1 - fx), fy * fx), axis=-1)
        corners = np.stack(
            [r[cy] * width + c[cx] for r in (rows.low, rows.high) for c in (columns.low, columns.high)], axis=1
        )
        with torch.autocast("cpu", enabled=False):
            values = torch.bmm(torch.from_numpy(weights.reshape(len(py), -1, 4)), table[torch.from_numpy(corners)])
        labels[y[:, :, None], x[:, None, :]] = _argmax(values).reshape(len(py), down.longest, across.longest)
