"""What maps over the image are called, what their numbers say, and how the ends of their scale move; no Qt."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np

from lpsnet.borderness import BordernessKind
from lpsnet.categories import Categories
from lpsnet.maps import HeatMap
from lpsnet_studio.canvas.colormaps import COLORMAPS, ColormapName, Scale
from lpsnet_studio.inference.vocabulary import Sight

__all__ = [
    "COLORMAP_NAMES",
    "LEAST_SPAN",
    "End",
    "choices_of",
    "ends_that_fit",
    "grid_words",
    "legend_words",
    "map_title",
    "number_words",
    "reading_words",
    "ticks",
    "with_end_at",
]

End = Literal["low", "high"]
"""Which end of a scale."""
LEAST_SPAN = 0.01
"""How far apart the ends of a scale stay."""
_ENOUGH = 100_000
"""Numbers that are looked at to tell where nearly all lie."""
COLORMAP_NAMES: dict[ColormapName, str] = {
    "viridis": "Viridis",
    "magma": "Magma",
    "cividis": "Cividis, colour-blind safe",
    "difference": "Blue to red, white at 0",
}
_BORDERS: dict[BordernessKind, str] = {
    "run": "the ends of the unbroken run of the segment through the pixel",
    "extreme": "the segment's outermost pixels in its row and column",
    "box": "the segment's box",
}


def map_title(sight: Sight, categories: Categories) -> str:
    """Returns what a map is called."""
    match sight.kind:
        case "borderness":
            return f"Border-ness, P{sight.level}" if sight.level else "Border-ness, greatest of all levels"
        case "target":
            return f"Target, {sight.target}"
        case "difference":
            return f"{f'P{sight.level}' if sight.level else 'Greatest'} minus target, {sight.target}"
        case "class":
            return f"Probability of {_class_name(sight.label, categories)}"
        case "entropy":
            return "Entropy"
        case "margin":
            return "Margin"
        case "next_best":
            return "Next-best class"
        case "next_stuff":
            return "Likeliest stuff class"
        case "means":
            return "Mean probability of every class"


def legend_words(sight: Sight) -> str:
    """Returns what the numbers of a map are, in a sentence or two."""
    match sight.kind:
        case "borderness":
            return (
                "How well centred the box head takes a place to be in its object: 1 in the middle, 0 at the border."
                if sight.level
                else "The greatest prediction of P3 to P7 at each place, as the merge reads it by default."
            )
        case "target":
            return f"Border-ness by the ground truth, measured to {_BORDERS[sight.target]}. Only things have one."
        case "difference":
            return "Prediction minus target: above 0 the network says more than the ground truth, below 0 less."
        case "class":
            return f"Softmax probability, 0 to 1. {_GRID}"
        case "entropy":
            return f"Of the class probabilities, as a share of the most: 0 is certain, 1 knows nothing. {_GRID}"
        case "margin":
            return f"Likeliest class minus the next: near 0 the label could as well be another. {_GRID}"
        case "next_best":
            return f"The second likeliest class, in the colours of the classes. {_GRID}"
        case "next_stuff":
            return "The likeliest class of stuff at every pixel, whatever thing may be likelier there."
        case "means":
            return "Mean of each class's softmax probability over the image."


_GRID = "One cell is 4 × 4 pixels of the network's input."


def grid_words(heat: HeatMap) -> str:
    """Returns how fine a map is: cells across and down, and image pixels a cell."""
    height, width = heat.values.shape
    where = heat.placement
    across, down = _short(where.step_x), _short(where.step_y)
    size = f"{across} px" if across == down else f"{across} × {down} px"
    return f"{width:,} × {height:,} cells of {size}"


def _short(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0")


def number_words(number: float, *, signed: bool = False) -> str:
    """Returns a number with two digits, and its sign where numbers may be below 0."""
    rounded = round(number, 2) + 0.0
    if not signed:
        return f"{rounded:.2f}"
    return f"+{rounded:.2f}" if rounded > 0 else f"{rounded:.2f}".replace("-", "\u2212")


def reading_words(sight: Sight, heat: HeatMap, categories: Categories, x: int, y: int) -> str:
    """Returns what a map says at a pixel."""
    value = heat.at(x + 0.5, y + 0.5)
    if math.isnan(value):
        return "no thing here"
    if sight.kind in ("next_best", "next_stuff"):
        return _class_name(round(value), categories)
    return number_words(value, signed=heat.low < 0)


def _class_name(label: int, categories: Categories) -> str:
    return categories[label].name if 0 <= label < len(categories) else f"class {label}"


def choices_of(heat: HeatMap) -> tuple[ColormapName, ...]:
    """Returns the colour maps that fit a map's numbers, its own first."""
    names: list[ColormapName] = [name for name in COLORMAPS if name != "difference"]
    return ("difference", *names) if heat.low < 0 else tuple(names)


def ticks(low: float, high: float) -> tuple[tuple[float, str], ...]:
    """Returns numbers to write below a scale, evenly from one end to the other, and how they are written."""
    signed = low < 0
    values = [low + (high - low) * part / 4 for part in range(5)]
    return tuple((value, _tick_text(value, signed=signed)) for value in values)


def _tick_text(value: float, *, signed: bool) -> str:
    text = number_words(value, signed=signed)
    return text.rstrip("0").rstrip(".") if "." in text else text


def ends_that_fit(scale: Scale, heat: HeatMap) -> dict[str, float]:
    """Returns the ends between which nearly all numbers of a map lie, rounded outwards to two digits.

    One number in a hundred may lie beyond either. Colours around 0 keep white there.
    """
    every = max(heat.values.size // _ENOUGH, 1)
    numbers = heat.values.ravel()[::every]
    numbers = numbers[~np.isnan(numbers)]
    if not numbers.size:
        return {"low": heat.low, "high": heat.high}
    low, high = (float(number) for number in np.percentile(numbers, (1, 99)))
    if scale.colors == "difference" and heat.low < 0 < heat.high:
        return with_end_at(scale, heat, "high", math.ceil(100 * max(-low, high)) / 100)
    low = max(math.floor(100 * low) / 100, heat.low)
    high = min(max(math.ceil(100 * high) / 100, low + LEAST_SPAN), heat.high)
    return {"low": min(low, high - LEAST_SPAN), "high": high}


def with_end_at(scale: Scale, heat: HeatMap, end: End, value: float) -> dict[str, float]:
    """Returns what changes where one end of a scale is moved.

    The ends keep in order and within what the map can hold. Of colours around 0 both ends move, so that white stays
    at 0.

    Args:
        scale: before.
        heat: whose numbers are coloured.
        end: which end is moved.
        value: where it should go.
    """
    if scale.colors == "difference" and heat.low < 0 < heat.high:
        reach = min(max(abs(value), LEAST_SPAN), heat.high, -heat.low)
        return {"low": -reach, "high": reach}
    if end == "low":
        return {"low": min(max(value, heat.low), scale.high - LEAST_SPAN)}
    return {"high": max(min(value, heat.high), scale.low + LEAST_SPAN)}
