"""People and dogs, and the small things of a street: balls and signs, in metres."""

from __future__ import annotations

import numpy as np

from lpsnet.scenes.arithmetic import cosine, sine
from lpsnet.scenes.canvas import Color, Pen, ellipse_points, mix, shade
from lpsnet.scenes.chance import Chance

__all__ = ["draw_ball", "draw_dog", "draw_person", "draw_rider", "draw_sign"]

_SKIN: tuple[Color, ...] = ((244, 208, 180), (226, 178, 142), (190, 136, 100), (140, 94, 66), (96, 64, 48))
_HAIR: tuple[Color, ...] = ((44, 32, 26), (92, 62, 38), (168, 124, 66), (30, 28, 30), (150, 148, 148), (128, 58, 34))
_CLOTHES: tuple[Color, ...] = (
    (200, 44, 52), (38, 92, 168), (240, 196, 66), (58, 140, 92), (236, 232, 226), (44, 46, 58), (226, 116, 60),
    (142, 74, 150), (84, 176, 190), (232, 136, 160), (120, 104, 84),
)  # fmt: skip
_TROUSERS: tuple[Color, ...] = ((42, 54, 86), (38, 38, 44), (112, 100, 84), (84, 92, 104), (146, 128, 96), (62, 74, 60))
_FUR: tuple[Color, ...] = ((156, 106, 58), (66, 52, 44), (214, 186, 140), (236, 230, 220), (44, 42, 44), (188, 130, 70))


class _Look:
    """What someone wears."""

    def __init__(self, chance: Chance) -> None:
        self.skin = chance.pick(_SKIN)
        self.hair = chance.pick(_HAIR)
        self.top = shade(chance.pick(_CLOTHES), chance.uniform(0.9, 1.08))
        self.bottom = chance.pick(_TROUSERS)
        self.shoes = shade(chance.pick(_TROUSERS), 0.6)
        self.dress = chance.falls(0.25)
        self.long_hair = chance.falls(0.45)
        self.backpack = chance.falls(0.25)
        self.pack_color = chance.pick(_CLOTHES)


def _head(pen: Pen, look: _Look, u: float, v: float, *, facing: float) -> None:
    """Draws head and hair around a point; ``facing`` runs from -1 (away) over 0 (profile) to 1 (towards us)."""
    if look.long_hair:
        pen.rounded([(u - 0.15, v - 0.24), (u + 0.15, v - 0.24), (u + 0.14, v + 0.12), (u - 0.14, v + 0.12)], look.hair)
    pen.rectangle(u - 0.05, v - 0.22, u + 0.05, v - 0.05, shade(look.skin, 0.86))
    pen.ellipse(u, v, 0.105, 0.135, look.skin)
    if facing < -0.3:
        pen.ellipse(u, v + 0.03, 0.112, 0.12, look.hair)
    else:
        pen.polygon(ellipse_points((u, v + 0.02), (0.118, 0.135), 10, 170), look.hair)
        pen.ellipse(u - 0.06, v + 0.05, 0.06, 0.09, look.hair)


def draw_person(pen: Pen, chance: Chance, sun: float) -> None:
    """Draws someone standing or walking, 1.75 m tall."""
    look = _Look(chance)
    stride = chance.uniform(0.02, 0.3)
    facing = chance.uniform(-1, 1)
    swing = 0.32 * stride
    for foot, tone in ((-stride, 0.8), (stride, 1.0)):
        leg = look.skin if look.dress else look.bottom
        knee = (0.62 * foot + 0.04, 0.48)
        pen.stroke([(0.06 if foot > 0 else -0.06, 0.92), knee, (foot, 0.08)], 0.17, shade(leg, tone), 0.11)
        pen.rounded(
            [(foot - 0.08, 0), (foot + 0.2, 0), (foot + 0.18, 0.07), (foot - 0.06, 0.12)], shade(look.shoes, tone)
        )
    sleeve = shade(look.top, 0.82)
    pen.stroke([(-0.19, 1.4), (-0.26 + 0.3 * swing, 1.14), (-0.22 + swing, 0.9)], 0.12, sleeve, 0.09)
    pen.ellipse(-0.22 + swing, 0.86, 0.05, 0.06, look.skin)
    if look.dress:
        pen.rounded([(-0.3, 0.52), (0.3, 0.52), (0.17, 1.05), (0.23, 1.48), (-0.23, 1.48), (-0.17, 1.05)], look.top)
    else:
        pen.rounded([(-0.19, 0.84), (0.19, 0.84), (0.18, 1.1), (0.25, 1.46), (-0.25, 1.46), (-0.18, 1.1)], look.top)
        pen.polygon([(-0.18, 0.86), (0.18, 0.86), (0.18, 0.91), (-0.18, 0.91)], shade(look.bottom, 0.8))
    if look.backpack and facing < 0.2:
        pen.rounded([(-0.18, 1.0), (0.18, 1.0), (0.17, 1.44), (-0.17, 1.44)], look.pack_color)
        pen.rounded([(-0.12, 1.04), (0.12, 1.04), (0.12, 1.2), (-0.12, 1.2)], shade(look.pack_color, 0.8))
    pen.stroke([(0.2, 1.4), (0.26 - 0.3 * swing, 1.14), (0.22 - swing, 0.9)], 0.12, shade(look.top, 0.92), 0.09)
    pen.ellipse(0.22 - swing, 0.86, 0.05, 0.06, look.skin)
    _head(pen, look, 0.0, 1.62, facing=facing)
    pen.light(sun, 0.2)


def draw_rider(pen: Pen, chance: Chance, sun: float) -> None:
    """Draws someone riding, to be placed on :func:`~lpsnet.scenes.vehicles.draw_bicycle`."""
    look = _Look(chance)
    hip, shoulder = (-0.2, 0.98), (0.06, 1.48)
    for foot, knee, tone in (((-0.02, 0.5), (0.16, 0.8), 0.78), ((0.02, 0.22), (0.14, 0.62), 1.0)):
        pen.stroke([hip, knee, foot], 0.16, shade(look.bottom, tone), 0.1)
        pen.rounded(
            [(foot[0] - 0.08, foot[1] - 0.08), (foot[0] + 0.18, foot[1] - 0.06), (foot[0] + 0.1, foot[1] + 0.06)],
            shade(look.shoes, tone),
        )
    pen.stroke([hip, shoulder], 0.3, look.top, 0.34)
    pen.stroke([(0.08, 1.46), (0.3, 1.2), (0.36, 1.04)], 0.11, shade(look.top, 0.84), 0.08)
    pen.ellipse(0.37, 1.03, 0.05, 0.05, look.skin)
    _head(pen, look, 0.14, 1.74, facing=0.4)
    if chance.falls(0.6):
        pen.polygon(ellipse_points((0.14, 1.77), (0.15, 0.15), 0, 180), look.pack_color)
    pen.light(sun, 0.2)


def draw_dog(pen: Pen, chance: Chance, sun: float) -> None:
    """Draws a dog from the side, 0.6 m at the shoulder."""
    fur = shade(chance.pick(_FUR), chance.uniform(0.9, 1.1))
    dark = shade(fur, 0.74)
    step = chance.uniform(0.02, 0.12)
    for hip, foot, color in (
        ((-0.3, 0.4), -0.36 - step, dark), ((0.24, 0.4), 0.2 + step, dark),
        ((-0.24, 0.4), -0.28 + step, fur), ((0.3, 0.4), 0.34 - step, fur),
    ):  # fmt: skip
        pen.stroke([hip, (foot - 0.03, 0.2), (foot, 0.04)], 0.13, color, 0.08)
        pen.ellipse(foot + 0.03, 0.03, 0.06, 0.03, color)
    pen.stroke([(-0.38, 0.55), (-0.52, 0.7), (-0.56, 0.86)], 0.09, fur, 0.05)
    pen.rounded([(-0.46, 0.36), (0.1, 0.34), (0.42, 0.34), (0.46, 0.62), (0.1, 0.64), (-0.42, 0.64)], fur)
    pen.stroke([(0.34, 0.56), (0.5, 0.78)], 0.24, fur, 0.2)
    pen.ellipse(0.54, 0.8, 0.15, 0.13, fur)
    pen.rounded([(0.58, 0.7), (0.8, 0.7), (0.8, 0.79), (0.6, 0.86)], fur)
    pen.ellipse(0.79, 0.77, 0.03, 0.03, (24, 22, 24))
    pen.ellipse(0.58, 0.84, 0.018, 0.018, (20, 18, 18))
    pen.rounded([(0.4, 0.9), (0.5, 0.93), (0.52, 0.7), (0.42, 0.66)], dark)
    if chance.falls(0.5):
        pen.ellipse(0.35, 0.5, 0.07, 0.1, mix(fur, (248, 244, 236), 0.7))
    pen.stroke([(0.36, 0.66), (0.48, 0.6)], 0.045, chance.pick(_CLOTHES))
    pen.light(sun, 0.2)


def draw_ball(pen: Pen, chance: Chance, sun: float) -> None:
    """Draws a ball with coloured panels, 0.44 m across."""
    start = chance.below(len(_CLOTHES))
    first, second = _CLOTHES[start], _CLOTHES[(start + 1 + chance.below(len(_CLOTHES) - 1)) % len(_CLOTHES)]
    turn, radius = chance.uniform(0, 360), 0.22
    pen.ellipse(0, radius, radius, radius, first)
    for third in (0, 120, 240):
        sector = ellipse_points((0, radius), (radius, radius), turn + third, turn + third + 60)
        pen.polygon(np.concatenate([[[0, radius]], sector]), second)
    pen.ellipse(0, radius, 0.05, 0.05, (246, 244, 238))
    pen.light(sun, 0.55)
    pen.ellipse(0.4 * radius * sun * pen.sunward, 1.5 * radius, 0.05, 0.035, (255, 255, 252))


def draw_sign(pen: Pen, chance: Chance, sun: float) -> None:
    """Draws a traffic sign on a pole, 2.6 m high."""
    pen.stroke([(0, 0), (0, 2.5)], 0.085, (140, 144, 150))
    red, white, blue, yellow = (200, 32, 38), (246, 244, 240), (30, 92, 178), (248, 196, 40)
    middle = (0.0, 2.2)
    kind = chance.below(5)
    if kind == 0:
        pen.polygon(_regular(middle, 0.4, 8, 22.5), white)
        pen.polygon(_regular(middle, 0.36, 8, 22.5), red)
        pen.rectangle(-0.24, 2.14, 0.24, 2.26, white)
    elif kind == 1:
        pen.polygon(_regular(middle, 0.46, 3, 90), red)
        pen.polygon(_regular(middle, 0.3, 3, 90), white)
        pen.rectangle(-0.03, 2.12, 0.03, 2.34, (36, 36, 38))
    elif kind == 2:
        pen.ellipse(*middle, 0.37, 0.37, red)
        pen.ellipse(*middle, 0.28, 0.28, white)
        pen.rectangle(-0.16, 2.1, -0.03, 2.3, (36, 36, 38))
        pen.rectangle(0.04, 2.1, 0.17, 2.3, (36, 36, 38))
    elif kind == 3:
        pen.rounded([(-0.35, 1.84), (0.35, 1.84), (0.35, 2.56), (-0.35, 2.56)], blue)
        pen.polygon([(-0.1, 1.98), (0.0, 1.98), (0.0, 2.42), (-0.1, 2.42)], white)
        pen.ellipse(0.04, 2.3, 0.13, 0.12, white)
        pen.ellipse(0.03, 2.3, 0.06, 0.05, blue)
    else:
        pen.polygon(_regular(middle, 0.46, 4, 0), white)
        pen.polygon(_regular(middle, 0.36, 4, 0), yellow)
    pen.light(sun, 0.15)


def _regular(middle: tuple[float, float], radius: float, corners: int, turn: float) -> list[tuple[float, float]]:
    """Returns a regular polygon."""
    angles = [turn + k * 360 / corners for k in range(corners)]
    return [(middle[0] + radius * cosine(angle), middle[1] + radius * sine(angle)) for angle in angles]
