"""The trees of a scene, in metres."""

from __future__ import annotations

import numpy as np

from lpsnet.scenes.canvas import Color, Pen, mix, shade

__all__ = ["draw_tree"]

_LEAVES: tuple[Color, ...] = (
    (72, 118, 52), (92, 138, 58), (56, 104, 60), (110, 140, 62), (64, 122, 74), (84, 110, 44), (168, 120, 48),
)  # fmt: skip
_BARK: Color = (92, 72, 56)


def draw_tree(pen: Pen, rng: np.random.Generator, sun: float) -> None:
    """Draws a tree some 6 m high: a fir, a poplar or, most often, a round crown of many lit tufts."""
    leaf = shade(
        _LEAVES[rng.choice(len(_LEAVES), p=(0.18, 0.18, 0.18, 0.15, 0.15, 0.11, 0.05))], float(rng.uniform(0.9, 1.1))
    )
    kind = int(rng.choice(3, p=(0.68, 0.18, 0.14)))
    pen.stroke([(0, 0), (0.02, 2.6)], 0.36, _BARK, 0.2)
    if kind == 1:
        _draw_fir(pen, mix(leaf, (40, 84, 60), 0.6), sun)
        return
    wide, tall, middle = (1.0, 2.6, 3.8) if kind == 2 else (2.0, 1.75, 4.1)
    count = 46
    angles, radii = rng.uniform(0, 2 * np.pi, count), np.sqrt(rng.uniform(0, 1, count))
    tufts = np.stack([wide * radii * np.cos(angles), middle + tall * radii * np.sin(angles)], axis=1)
    pen.ellipse(0, middle, wide, tall, shade(leaf, 0.62))
    for tone, rise, size in ((0.68, -0.1, 0.62), (0.88, 0.1, 0.5), (1.08, 0.28, 0.34), (1.28, 0.4, 0.18)):
        sizes = size * (0.5 + 0.25 * wide) * rng.uniform(0.75, 1.25, count)
        tones = tone * rng.uniform(0.93, 1.07, count)
        pen.discs(tufts + np.array([0.3 * sun * rise, rise]), sizes, [shade(leaf, float(value)) for value in tones])
    pen.light(sun, 0.25)


def _draw_fir(pen: Pen, needles: Color, sun: float) -> None:
    """Draws seven skirts of branches, each lit on the sun's side."""
    for step in range(7):
        low, half = 0.9 + 0.72 * step, 1.45 * (1 - step / 7.6)
        color = shade(needles, 0.78 + 0.06 * step)
        pen.polygon([(-half, low), (0.0, low + 0.12), (half, low), (0, low + 1.5)], color)
        pen.polygon([(0, low + 0.12), (sun * half, low + 0.06), (0, low + 1.45)], shade(color, 1.14))
