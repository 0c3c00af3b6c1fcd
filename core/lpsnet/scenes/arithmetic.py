"""Arithmetic that gives the same bits on every machine.

Additions, multiplications, divisions and square roots are fixed by IEEE 754, whatever the processor; exponentials,
sines and powers are not, for every library and every vector unit rounds them its own way, and the order in which an
array is summed differs too. So the scenes use the four operations on single numbers and element by element, integers
for every sum over pixels, and these functions, which are made of the four operations alone.
"""

from __future__ import annotations

import math
from functools import cache
from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = [
    "between",
    "blurred",
    "cosine",
    "exponential",
    "logarithm",
    "periodic_noise",
    "sine",
    "unrepeated_noise",
]

Number = TypeVar("Number", float, NDArray[np.float64])

_LN2 = 0.6931471805599453
_RADIAN = math.pi / 180


def exponential(x: Number) -> Number:
    """Returns e to the power of ``x``, a number or an array, |x| ≤ 500; right to 12 digits."""
    small = x / 1024
    total = small * 0 + 1
    for divisor in range(9, 0, -1):
        total = 1 + small * total / divisor
    for _ in range(10):
        total = total * total
    return total


def logarithm(x: float) -> float:
    """Returns the natural logarithm of ``x`` > 0; right to 14 digits."""
    mantissa, exponent = math.frexp(x)
    ratio = (mantissa - 1) / (mantissa + 1)
    square, total = ratio * ratio, 0.0
    for odd in range(35, 0, -2):
        total = total * square + 1 / odd
    return 2 * ratio * total + exponent * _LN2


def sine(degrees: float) -> float:
    """Returns the sine of an angle in degrees; right to 15 digits, and exact at right angles."""
    quarter, rest = divmod(degrees % 360.0, 90.0)
    angle = (90.0 - rest if quarter % 2 else rest) * _RADIAN
    square, total = angle * angle, 0.0
    for even in range(18, 0, -2):
        total = (1.0 + total) * -square / (even * (even + 1))
    value = 1.0 if angle == 90.0 * _RADIAN else angle * (1.0 + total)
    return -value if quarter >= 2 else value


def cosine(degrees: float) -> float:
    """Returns the cosine of an angle in degrees; as :func:`sine`."""
    return sine(degrees + 90.0)


def between(low: float, high: float, share: float) -> float:
    """Returns the number a share of the way from ``low`` to ``high`` by ratio: both are > 0."""
    return exponential(logarithm(low) + (logarithm(high) - logarithm(low)) * share)


def blurred(mask: NDArray[np.uint8], across: int, down: int) -> NDArray[np.float32]:
    """Returns a map smeared twice over boxes of odd sides, which is nearly a bell.

    Args:
        mask: ``[H, W]`` or ``[H, W, C]``, 0 … 255.
        across: columns of the box.
        down: rows of the box.

    Returns:
        The same shape, 0 … 255.
    """
    size, area, fine = (across | 1, down | 1), (across | 1) * (down | 1), 16
    once = cv2.boxFilter(mask, cv2.CV_32S, size, normalize=False)
    once = once * fine // area
    twice = cv2.boxFilter(once, cv2.CV_32S, size, normalize=False)
    return np.asarray(twice // area, np.float32) * np.float32(1 / fine)


# -------------------------------------------------------------------------------------------------------------- noise

_WEIGHT_BITS = 8


@cache
def _spline_taps(length: int, cells: int, *, wraps: bool) -> tuple[NDArray[np.intp], NDArray[np.int32]]:
    """Returns for each of ``length`` positions over a row of knots the four that matter, ``[4, length]``, and weights.

    The weights are those of a cubic B-spline in 256ths.
    """
    position = (np.arange(length, dtype=np.int64) * cells << _WEIGHT_BITS) // length
    first, rest = position >> _WEIGHT_BITS, position & ((1 << _WEIGHT_BITS) - 1)
    t = rest / (1 << _WEIGHT_BITS)
    s = 1 - t
    parts = np.stack([s * s * s, 4 - 3 * t * t * (2 - t), 4 - 3 * s * s * (2 - s), t * t * t]) / 6
    knots = first + np.arange(4)[:, None]
    return (knots % cells if wraps else knots), np.rint(parts * (1 << _WEIGHT_BITS)).astype(np.int32)


def _between_knots(grid: NDArray[np.int32], height: int, width: int, *, wraps: bool) -> NDArray[np.int32]:
    """Returns a smooth surface ``[height, width]`` through a grid of knots, three larger either way if unwrapped."""
    rest = 0 if wraps else 3
    rows, down = _spline_taps(height, grid.shape[0] - rest, wraps=wraps)
    columns, across = _spline_taps(width, grid.shape[1] - rest, wraps=wraps)
    tall = sum(grid[rows[tap]] * down[tap][:, None] for tap in range(4)) >> _WEIGHT_BITS
    return np.asarray(sum(tall[:, columns[tap]] * across[tap] for tap in range(4)) >> _WEIGHT_BITS, np.int32)


_KNOT_SPREAD = (1 << 15) / math.sqrt(12) * 151 / 315
"""Standard deviation of one octave's surface: that of knots uniform in ±2¹⁴, times the mean squared weight of the
spline, 151/315, which is met once down and once across."""


def _fractal(
    bits: np.random.PCG64, height: int, width: int, cells: tuple[int, int], octaves: int, *, wraps: bool
) -> NDArray[np.float32]:
    total = np.zeros((height, width), np.int32)
    rest = 0 if wraps else 3
    for octave in range(octaves):
        rows, columns = (cells[0] << octave) + rest, (cells[1] << octave) + rest
        raw = np.asarray(bits.random_raw(rows * columns)) >> np.uint64(49)
        knots = raw.astype(np.int32).reshape(rows, columns) - (1 << 14)
        total += _between_knots(knots, height, width, wraps=wraps) >> octave
    # Octaves are independent, so that their variances add up.
    spread = _KNOT_SPREAD * math.sqrt(sum(1 / 4**octave for octave in range(octaves)))
    return total.astype(np.float32) / np.float32(spread)


@cache
def periodic_noise(seed: int, side: int, cells: int, octaves: int) -> NDArray[np.float32]:
    """Returns a tile of smooth noise ``[side, side]`` that continues itself, with mean 0 and spread about 1.

    Args:
        seed: another one, another tile.
        side: of the tile.
        cells: features of the coarsest octave along either side.
        octaves: each next one is half as large and half as strong.
    """
    tile = _fractal(np.random.PCG64(seed), side, side, (cells, cells), octaves, wraps=True)
    tile.flags.writeable = False
    return tile


def unrepeated_noise(
    bits: np.random.PCG64, height: int, width: int, cells: tuple[int, int], octaves: int
) -> NDArray[np.float32]:
    """Returns smooth noise ``[height, width]`` with mean 0 and spread about 1, as :func:`periodic_noise`.

    Args:
        bits: the source.
        height: rows.
        width: columns.
        cells: features of the coarsest octave down and across.
        octaves: their number.
    """
    return _fractal(bits, height, width, cells, octaves, wraps=False)
