"""Cars, buses and bicycles, in metres."""

from __future__ import annotations

from typing import Literal

from lpsnet.scenes.arithmetic import cosine, sine
from lpsnet.scenes.canvas import Color, Pen, ellipse_points, mix, shade, smooth
from lpsnet.scenes.chance import Chance

__all__ = ["View", "draw_bicycle", "draw_bus", "draw_car"]

View = Literal["side", "front", "rear"]

_PAINTS: tuple[Color, ...] = (
    (186, 36, 40), (36, 78, 150), (226, 226, 228), (38, 40, 46), (128, 134, 142), (228, 178, 44),
    (44, 122, 98), (214, 98, 44), (98, 158, 196), (88, 32, 52), (196, 190, 176),
)  # fmt: skip
_LIVERIES: tuple[Color, ...] = ((214, 52, 46), (240, 190, 44), (44, 112, 178), (64, 150, 96), (236, 236, 232))
_GLASS: Color = (54, 70, 86)
_TYRE: Color = (28, 28, 32)


def _wheel(pen: Pen, u: float, radius: float) -> None:
    pen.ellipse(u, radius, radius, radius, _TYRE)
    pen.ellipse(u, radius, 0.62 * radius, 0.62 * radius, (164, 168, 174))
    pen.ellipse(u, radius, 0.22 * radius, 0.22 * radius, (92, 96, 102))


def draw_car(pen: Pen, chance: Chance, sun: float, view: View) -> None:
    """Draws a car, 4.3 m long, 1.8 m wide and 1.45 m high."""
    paint = shade(chance.pick(_PAINTS), chance.uniform(0.9, 1.1))
    if view == "side":
        _draw_car_side(pen, chance, paint)
    else:
        _draw_car_end(pen, paint, rear=view == "rear")
    pen.light(sun)


def _draw_car_side(pen: Pen, chance: Chance, paint: Color) -> None:
    estate = chance.falls(0.4)
    back = -1.85 if estate else -1.25
    roof = [(back, 1.05), (back + 0.35, 1.42), (0.35, 1.46), (1.05, 1.0)]
    body = [
        (-2.14, 0.4),
        (-2.16, 0.82),
        (-1.95, 1.0),
        *roof,
        (1.9, 0.88),
        (2.14, 0.7),
        (2.16, 0.4),
        (2.05, 0.24),
        (-2.05, 0.24),
    ]
    pen.rounded(body, paint)
    pen.polygon([(-2.1, 0.24), (2.1, 0.24), (2.14, 0.46), (-2.14, 0.46)], shade(paint, 0.7))
    pen.polygon([(-2.05, 0.86), (1.75, 0.82), (1.75, 0.85), (-2.05, 0.9)], shade(paint, 1.3))
    pen.polygon(smooth([(back + 0.12, 1.02), (back + 0.42, 1.34), (-0.22, 1.37), (-0.22, 0.98)], 1), _GLASS)
    pen.polygon(smooth([(-0.12, 0.98), (-0.12, 1.37), (0.3, 1.37), (0.86, 0.98)], 1), _GLASS)
    pen.polygon([(0.05, 1.0), (0.3, 1.35), (0.42, 1.3), (0.18, 1.0)], mix(_GLASS, (210, 226, 238), 0.5))
    pen.polygon([(-0.19, 0.3), (-0.15, 0.3), (-0.15, 0.98), (-0.19, 0.98)], shade(paint, 0.72))
    pen.rectangle(-0.45, 0.8, -0.26, 0.84, shade(paint, 0.55))
    pen.ellipse(2.0, 0.72, 0.13, 0.09, (250, 244, 214), 255)
    pen.rectangle(-2.15, 0.74, -2.03, 0.92, (176, 30, 34), 220)
    for u in (-1.32, 1.34):
        pen.ellipse(u, 0.36, 0.43, 0.43, shade(paint, 0.35))
        _wheel(pen, u, 0.34)


def _draw_car_end(pen: Pen, paint: Color, *, rear: bool) -> None:
    for u in (-0.7, 0.7):
        pen.rounded([(u - 0.13, 0), (u + 0.13, 0), (u + 0.13, 0.5), (u - 0.13, 0.5)], _TYRE)
    outline = [(-0.88, 0.22), (-0.93, 0.6), (-0.88, 0.9), (-0.68, 1.38), (-0.45, 1.47)]
    pen.rounded(outline + [(-u, v) for u, v in reversed(outline)], paint)
    pen.rounded([(-0.86, 0.2), (0.86, 0.2), (0.9, 0.42), (-0.9, 0.42)], shade(paint, 0.62))
    pen.polygon(smooth([(-0.74, 0.93), (-0.58, 1.36), (0.58, 1.36), (0.74, 0.93)], 1), _GLASS)
    pen.polygon([(-0.5, 0.97), (-0.28, 1.33), (-0.02, 1.33), (-0.24, 0.97)], mix(_GLASS, (214, 228, 240), 0.4))
    lamp: Color = (186, 32, 34) if rear else (252, 246, 220)
    for u in (-0.7, 0.7):
        pen.ellipse(u, 0.74, 0.16, 0.09, shade(paint, 0.6))
        pen.ellipse(u, 0.74, 0.13, 0.07, lamp, 255)
    if not rear:
        pen.rounded([(-0.42, 0.55), (0.42, 0.55), (0.36, 0.72), (-0.36, 0.72)], (36, 38, 42))
    pen.rectangle(-0.26, 0.46, 0.26, 0.57, (236, 232, 214))


def draw_bus(pen: Pen, chance: Chance, sun: float, view: View) -> None:
    """Draws a city bus, 10.5 m long, 2.5 m wide and 3.1 m high."""
    livery = chance.pick(_LIVERIES)
    if view == "side":
        _draw_bus_side(pen, livery)
    else:
        _draw_bus_end(pen, livery, rear=view == "rear")
    pen.light(sun, 0.2)


def _draw_bus_side(pen: Pen, livery: Color) -> None:
    pen.rounded([(-5.25, 0.35), (-5.25, 3.0), (-5.1, 3.1), (5.1, 3.1), (5.25, 2.9), (5.3, 0.35)], livery)
    pen.rectangle(-5.2, 0.35, 5.2, 0.75, shade(livery, 0.68))
    pen.rectangle(-5.15, 1.2, 5.1, 1.32, shade(livery, 1.35))
    for k in range(8):
        u = -4.95 + 1.18 * k
        pen.rounded([(u, 1.5), (u + 1.02, 1.5), (u + 1.02, 2.65), (u, 2.65)], _GLASS)
        pen.polygon(
            [(u + 0.15, 1.55), (u + 0.5, 2.6), (u + 0.75, 2.6), (u + 0.4, 1.55)], mix(_GLASS, (206, 222, 236), 0.35)
        )
    for u in (-0.4, 3.9):
        pen.rectangle(u, 0.45, u + 1.05, 2.6, shade(_GLASS, 0.85))
        pen.rectangle(u + 0.49, 0.45, u + 0.56, 2.6, shade(livery, 0.8))
    pen.rectangle(2.2, 2.75, 4.6, 2.98, (38, 34, 30))
    pen.rectangle(2.4, 2.8, 4.3, 2.93, (250, 176, 48), 230)
    for u in (-3.3, 2.9):
        pen.ellipse(u, 0.48, 0.58, 0.56, shade(livery, 0.4))
        _wheel(pen, u, 0.48)


def _draw_bus_end(pen: Pen, livery: Color, *, rear: bool) -> None:
    for u in (-0.95, 0.95):
        pen.rounded([(u - 0.18, 0), (u + 0.18, 0), (u + 0.18, 0.7), (u - 0.18, 0.7)], _TYRE)
    pen.rounded([(-1.24, 0.3), (-1.27, 2.7), (-1.1, 3.1), (1.1, 3.1), (1.27, 2.7), (1.24, 0.3)], livery)
    pen.rectangle(-1.2, 0.32, 1.2, 0.66, shade(livery, 0.66))
    top, bottom = (2.55, 1.7) if rear else (2.6, 1.15)
    pen.rounded([(-1.1, bottom), (1.1, bottom), (1.12, top), (-1.12, top)], _GLASS)
    pen.polygon(
        [(-0.7, bottom + 0.05), (-0.2, top - 0.05), (0.25, top - 0.05), (-0.25, bottom + 0.05)],
        mix(_GLASS, (210, 226, 238), 0.35),
    )
    pen.rectangle(-0.85, 2.68, 0.85, 2.98, (36, 32, 30))
    pen.rectangle(-0.6, 2.75, 0.6, 2.92, (250, 178, 52), 230)
    lamp: Color = (190, 34, 36) if rear else (252, 246, 222)
    for u in (-0.95, 0.95):
        pen.ellipse(u, 0.86, 0.17, 0.11, lamp, 255)
        if not rear:
            pen.stroke([(u * 1.3, 2.7), (u * 1.47, 2.45)], 0.06, (40, 40, 44))
            pen.rounded([(u * 1.38, 1.95), (u * 1.56, 1.95), (u * 1.56, 2.45), (u * 1.38, 2.45)], (34, 34, 38))
    pen.rectangle(-0.3, 0.48, 0.3, 0.6, (236, 232, 214))


def draw_bicycle(pen: Pen, chance: Chance, sun: float) -> None:
    """Draws a bicycle from the side, 1.75 m long; its truth covers the wheels whole, as annotators draw them."""
    paint = chance.pick(_PAINTS)
    radius, rear, front = 0.35, -0.52, 0.54
    for u in (rear, front):
        pen.veil(ellipse_points((u, radius), (radius, radius)), (150, 152, 156), 0.28)
        turn = chance.uniform(0, 30)
        for spoke in range(0, 180, 30):
            du, dv = radius * cosine(turn + spoke), radius * sine(turn + spoke)
            pen.stroke([(u - du, radius - dv), (u + du, radius + dv)], 0.012, (196, 198, 202))
        rim = ellipse_points((u, radius), (radius - 0.025, radius - 0.025))
        pen.stroke(rim, 0.055, _TYRE)
    crank, saddle, head = (-0.08, 0.33), (-0.2, 0.86), (0.36, 0.84)
    for start, end in (
        (saddle, crank),
        (crank, head),
        (saddle, head),
        ((rear, radius), crank),
        ((rear, radius), saddle),
    ):
        pen.stroke([start, end], 0.05, paint)
    pen.stroke([(front, radius), head, (0.33, 1.0)], 0.05, shade(paint, 0.85))
    pen.stroke([(0.2, 1.04), (0.33, 1.02), (0.46, 0.98)], 0.045, (44, 44, 48))
    pen.rounded([(-0.38, 0.9), (-0.06, 0.9), (-0.1, 0.97), (-0.36, 0.98)], (36, 34, 36))
    pen.ellipse(*crank, 0.09, 0.09, (70, 72, 78))
    pen.stroke([crank, (crank[0] + 0.12, crank[1] - 0.12)], 0.035, (52, 54, 58))
    pen.light(sun, 0.15)
