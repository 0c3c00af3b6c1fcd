"""The trees of a scene, in metres."""

from __future__ import annotations

import math

import numpy as np

from lpsnet.scenes.arithmetic import cosine, sine
from lpsnet.scenes.canvas import Color, Pen, mix, shade
from lpsnet.scenes.chance import Chance

__all__ = ["draw_tree"]

_LEAVES: tuple[Color, ...] = (
    (72, 118, 52), (92, 138, 58), (56, 104, 60), (110, 140, 62), (64, 122, 74), (84, 110, 44), (168, 120, 48),
)  # fmt: skip
_BARK: Color = (92, 72, 56)
_SNOW: Color = (236, 241, 247)


def draw_tree(pen: Pen, chance: Chance, sun: float) -> None:
    """Draws a tree some 6 m high: a fir, a poplar or, most often, a round crown of many lit tufts."""
    leaf = shade(chance.pick(_LEAVES, (0.18, 0.18, 0.18, 0.15, 0.15, 0.11, 0.05)), chance.uniform(0.9, 1.1))
    kind = chance.pick(("round", "fir", "poplar"), (0.68, 0.18, 0.14))
    pen.stroke([(0, 0), (0.02, 2.6)], 0.36, _BARK, 0.2)
    if kind == "fir":
        _draw_fir(pen, mix(leaf, (40, 84, 60), 0.6), sun)
    else:
        _draw_crown(pen, chance, leaf, sun, (1.0, 2.6, 3.8) if kind == "poplar" else (2.0, 1.75, 4.1))


def _draw_crown(pen: Pen, chance: Chance, leaf: Color, sun: float, shape: tuple[float, float, float]) -> None:
    """Draws a crown ``shape`` (half width, half height, middle) of tufts in four tones, the brightest on top."""
    wide, tall, middle = shape
    # The nearer the tree, the more and the smaller tufts.
    count = 84 if pen.detail > 110 else 46 if pen.detail > 22 else 26 if pen.detail > 10 else 14
    growth = math.sqrt(46 / count)
    tufts = []
    for _ in range(count):
        angle, radius = chance.uniform(0, 360), math.sqrt(chance.random())
        tufts.append((wide * radius * cosine(angle), middle + tall * radius * sine(angle)))
    places = np.array(tufts)
    pen.ellipse(0, middle, wide, tall, shade(leaf, 0.62))
    sunward = sun * pen.sunward
    # Snow lies on the upper tufts, and more of it the higher they are.
    lying = [pen.snow * min(max(0.35 + 0.8 * (v - middle) / tall, 0.0), 0.95) for _, v in tufts]
    for tone, rise, size in ((0.68, -0.1, 0.62), (0.88, 0.1, 0.5), (1.08, 0.28, 0.34), (1.28, 0.4, 0.18)):
        scale = size * (0.5 + 0.25 * wide) * growth
        sizes = np.array([scale * chance.uniform(0.75, 1.25) for _ in tufts])
        tones = [shade(leaf, tone * chance.uniform(0.93, 1.07)) for _ in tufts]
        if pen.snow and tone > 1:
            bright = shade(_SNOW, 0.45 + 0.42 * tone)
            tones = [mix(color, bright, share) for color, share in zip(tones, lying, strict=True)]
        pen.discs(places + np.array([0.3 * sunward * rise, rise]), sizes, tones)
    pen.light(sun, 0.25)


def _draw_fir(pen: Pen, needles: Color, sun: float) -> None:
    """Draws seven skirts of branches, each lit on the sun's side."""
    sunward = sun * pen.sunward
    for step in range(7):
        low, half = 0.9 + 0.72 * step, 1.45 * (1 - step / 7.6)
        color = mix(shade(needles, 0.78 + 0.06 * step), _SNOW, 0.55 * pen.snow)
        for edge in (-half, half):
            pen.polygon([(edge, low), (0, low + 0.12), (0, low + 1.5)], color)
        pen.polygon([(0, low + 0.12), (sunward * half, low + 0.06), (0, low + 1.45)], shade(color, 1.14))
