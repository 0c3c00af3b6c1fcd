"""Where an axis has its ticks, and what they say."""

from __future__ import annotations

import math
from collections.abc import Sequence

__all__ = ["duration", "duration_spacing", "log_ticks", "whole_ticks"]

_SECONDS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400)
_DAY = 86400
_FEWEST_PIXELS = 90
_MOST_SINGLE = 20
_ROUND = (0.1, 0.2, 0.5, 1, 2, 5, 10)


def duration(seconds: float) -> str:
    """Returns a length of time in its two greatest units: ``45 s``, ``20 min``, ``3 h 20 min``, ``2 d 6 h``."""
    whole = round(seconds)
    if whole < 0:
        return f"−{duration(-seconds)}"
    for size, unit, smaller, small_unit in ((_DAY, "d", 3600, "h"), (3600, "h", 60, "min"), (60, "min", 1, "s")):
        if whole >= size:
            rest = whole % size // smaller
            return f"{whole // size} {unit}" + (f" {rest} {small_unit}" if rest else "")
    return f"{whole} s"


def duration_spacing(seconds: float, pixels: float) -> float:
    """Returns how many seconds apart ticks stand so that their words have room."""
    least = seconds * _FEWEST_PIXELS / max(pixels, 1.0)
    for spacing in _SECONDS:
        if spacing >= least:
            return float(spacing)
    return float(math.ceil(least / _DAY) * _DAY)


def log_ticks(low: float, high: float, most: int) -> list[float]:
    """Returns the decimal logarithms of round values between two logarithms.

    Args:
        low: logarithm of the lowest value in sight.
        high: of the highest.
        most: about as many ticks have room.
    """
    if not high > low or not math.isfinite(high - low):
        return []
    decades = range(math.floor(low), math.ceil(high) + 1)
    for digits in ((1, 2, 3, 4, 5, 6, 7, 8, 9), (1, 2, 5), (1,)):
        ticks = [decade + math.log10(digit) for decade in decades for digit in digits]
        ticks = [tick for tick in ticks if low <= tick <= high]
        if len(ticks) <= most:
            break
    else:
        step = -(-len(decades) // max(most, 1))
        ticks = [float(decade) for decade in decades if decade % step == 0 and low <= decade <= high]
    return ticks if len(ticks) >= 3 else _linear_ticks(10.0**low, 10.0**high, most) or ticks


def whole_ticks(
    ticks: Sequence[tuple[float, Sequence[float]]], low: float, high: float
) -> list[tuple[float, list[float]]]:
    """Returns ticks of what is counted, of which there is no half.

    Args:
        ticks: places with their spacing, the coarse ones first.
        low: the lowest value in sight.
        high: the highest.
    """
    whole = [(spacing, list(places)) for spacing, places in ticks if spacing >= 1 and spacing == round(spacing)]
    if whole or not high - low < _MOST_SINGLE:
        return whole
    return [(1.0, [float(at) for at in range(math.ceil(low), math.floor(high) + 1)])]


def _linear_ticks(low: float, high: float, most: int) -> list[float]:
    """Returns the logarithms of evenly spaced round values, by closer ones where none of the wider ones is in sight."""
    least = (high - low) / max(most, 1)
    power = 10.0 ** math.floor(math.log10(least)) if least > 0 else 0.0
    if not power:
        return []
    widest = next(place for place, factor in enumerate(_ROUND) if factor * power >= least)
    for factor in _ROUND[widest::-1]:
        step = factor * power
        places = range(math.ceil(low / step), math.floor(high / step) + 1)
        if ticks := [math.log10(at * step) for at in places if at > 0]:
            return ticks
    return []
