"""The buildings of a scene, near and at the horizon."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

from lpsnet.scenes.arithmetic import sine
from lpsnet.scenes.canvas import Camera, Canvas, Color, mix, shade
from lpsnet.scenes.chance import Chance
from lpsnet.scenes.weather import Weather

__all__ = ["Block", "paint_block", "paint_skyline"]

_WALLS: tuple[Color, ...] = (
    (196, 164, 132), (178, 98, 78), (222, 206, 178), (150, 140, 136), (206, 178, 120), (164, 178, 186),
    (214, 190, 182), (136, 96, 82), (232, 226, 214), (188, 140, 110), (120, 132, 146),
)  # fmt: skip
_ROOFS: tuple[Color, ...] = ((132, 66, 52), (92, 82, 84), (150, 88, 62), (70, 76, 86))
_SNOW: Color = (234, 239, 246)
_LAMP: Color = (255, 226, 160)


@dataclass(frozen=True)
class Block:
    """A building: a box along the street.

    Attributes:
        side: -1 left of the street, 1 right of it.
        x: distance of its street wall from the street's middle.
        width: away from the street.
        z0: depth of its nearer end.
        z1: depth of its farther end.
        height: of the walls.
        gable: height of a pitched roof; 0 for a flat one.
        seed: of its look.
    """

    side: int
    x: float
    width: float
    z0: float
    z1: float
    height: float
    gable: float
    seed: int


def paint_skyline(canvas: Canvas, camera: Camera, weather: Weather, ids: dict[str, int], chance: Chance) -> None:
    """Paints hazy towers and a line of trees where the ground ends."""
    base, unit = camera.horizon + 1.5 * canvas.height / 384, canvas.height / 384
    x = -10.0 * unit
    while x < canvas.width:
        width, height = chance.uniform(10, 34) * unit, chance.uniform(5, 30) * unit
        if chance.falls(0.5):
            wall = mix(chance.pick(_WALLS), *weather.haze(4 * weather.clarity))
            canvas.polygon(_upright(x, x + width, base, height), wall, ids["building"])
            canvas.polygon(_upright(x + 0.6 * width, x + width, base, height), shade(wall, 0.93), ids["building"])
        x += width * chance.uniform(0.7, 1.5)
    wave, drift = chance.uniform(170, 300), 0.0
    crest = []
    for step in range(math.ceil(canvas.width / (3 * unit)) + 5):
        drift += chance.uniform(-0.45, 0.45)
        bump = 5 + 2.2 * sine(step * wave / 9) + drift + chance.uniform(-1.0, 1.0)
        crest.append((3 * unit * (step - 2), base - unit * min(max(bump, 2.0), 14.0)))
    leaf = mix(mix((70, 104, 66), (226, 232, 238), 0.6 * weather.snow), *weather.haze(1.2 * weather.clarity))
    for (x0, y0), (x1, y1) in pairwise(crest):
        canvas.polygon([(x0, base), (x0, y0), (x1, y1), (x1, base)], leaf, ids["tree"])


def _upright(x0: float, x1: float, base: float, height: float) -> list[tuple[float, float]]:
    return [(x0, base), (x0, base - height), (x1, base - height), (x1, base)]


@dataclass(frozen=True)
class _Wall:
    """A vertical rectangle: ``origin`` on the ground, running by ``along`` per metre of u."""

    origin: tuple[float, float]
    along: tuple[float, float]
    length: float

    def quad(self, camera: Camera, u0: float, v0: float, u1: float, v1: float) -> list[tuple[float, float]]:
        (x, z), (dx, dz) = self.origin, self.along
        return camera.points(
            [
                (x + dx * u0, v0, z + dz * u0),
                (x + dx * u1, v0, z + dz * u1),
                (x + dx * u1, v1, z + dz * u1),
                (x + dx * u0, v1, z + dz * u0),
            ]
        )

    def depth(self, u: float) -> float:
        return self.origin[1] + self.along[1] * u


def paint_block(canvas: Canvas, camera: Camera, weather: Weather, block: Block, identity: int) -> None:
    """Paints one building: the wall that faces us, the wall along the street, windows, doors and the roof."""
    chance = Chance(block.seed)
    color = shade(chance.pick(_WALLS), chance.uniform(0.9, 1.06))
    roof = mix(chance.pick(_ROOFS), _SNOW, 0.85 * weather.snow)
    street_light = 0.86 - 0.16 * block.side * weather.sun
    x0 = block.side * block.x
    street_wall = _Wall((x0, block.z0), (0.0, 1.0), block.z1 - block.z0)
    front_wall = _Wall((x0, block.z0), (float(block.side), 0.0), block.width)
    if block.gable:
        _paint_gable(canvas, camera, weather, block, (color, roof), identity)
    for wall, light in ((front_wall, 0.80 + 0.06 * weather.sun * block.side), (street_wall, street_light)):
        _paint_wall(canvas, camera, weather, wall, block, shade(color, light), identity, chance)
    if not block.gable:
        for wall in (front_wall, street_wall):
            trim = mix(mix(shade(color, 0.66), _SNOW, 0.9 * weather.snow), *weather.haze(wall.depth(wall.length / 2)))
            canvas.polygon(wall.quad(camera, 0, block.height - 0.1, wall.length, block.height + 0.45), trim, identity)


def _paint_gable(
    canvas: Canvas,
    camera: Camera,
    weather: Weather,
    block: Block,
    colors: tuple[Color, Color],
    identity: int,
) -> None:
    """Paints a pitched roof whose ridge runs along the street, and the gable end that faces us."""
    wall, roof = colors
    s, h, ridge = block.side, block.height, block.height + block.gable
    x0, xm, x1 = s * (block.x - 0.35), s * (block.x + block.width / 2), s * (block.x + block.width + 0.35)
    z0, z1 = block.z0 - 0.3, block.z1 + 0.3
    lit = 0.95 - 0.22 * s * weather.sun
    slope = camera.points([(x0, h - 0.1, z0), (x0, h - 0.1, z1), (xm, ridge, z1), (xm, ridge, z0)])
    canvas.polygon(slope, mix(shade(roof, lit), *weather.haze((z0 + z1) / 2)), identity)
    far_slope = camera.points([(x1, h - 0.1, z0), (xm, ridge, z0), (xm, ridge, z0 + 0.5), (x1, h - 0.1, z0 + 0.5)])
    canvas.polygon(far_slope, mix(shade(roof, 0.7), *weather.haze(z0)), identity)
    gable = camera.points(
        [(s * block.x, h, block.z0), (xm, ridge - 0.2, block.z0), (s * (block.x + block.width), h, block.z0)]
    )
    canvas.polygon(gable, mix(shade(wall, 0.8), *weather.haze(block.z0)), identity)


def _paint_wall(
    canvas: Canvas,
    camera: Camera,
    weather: Weather,
    wall: _Wall,
    block: Block,
    color: Color,
    identity: int,
    chance: Chance,
) -> None:
    """Paints a wall with a plinth, rows of windows, and doors or shop windows on the ground floor."""
    middle = weather.haze(wall.depth(wall.length / 2))
    canvas.polygon(wall.quad(camera, 0, 0, wall.length, block.height), mix(color, *middle), identity)
    canvas.polygon(wall.quad(camera, 0, 0, wall.length, 0.5), mix(shade(color, 0.72), *middle), identity)
    floors = max(1, int(block.height // 2.9))
    columns = max(1, int(wall.length // chance.uniform(2.2, 3.2)))
    storey, bay = block.height / floors, wall.length / columns
    frame, glass = shade(color, 1.16), mix((52, 66, 84), weather.zenith, 0.3)
    shop = chance.falls(0.35)
    if camera.scale(wall.depth(wall.length)) * canvas.samples * 0.75 < 3 and wall.along[1]:
        return
    painter = _WallPainter(canvas, camera, weather, wall, identity, frame)
    lit_share = 0.42 if weather.dark else 0.10
    for column in range(columns):
        u = (column + 0.5) * bay
        for floor in range(floors):
            lit, tone = chance.falls(lit_share), chance.uniform(0.8, 1.3)
            if floor == 0 and column % 3 == 1:
                painter.pane((u, 0.05, 0.55, 2.2), shade(color, 0.5))
                if weather.dark:
                    painter.lamp(u, 2.65)
            elif floor == 0 and shop:
                painter.pane((u, 0.6, 0.42 * bay, 1.9), mix(glass, (250, 214, 150), 0.35), 200)
            else:
                pane = (u, floor * storey + 0.95, 0.24 * bay, min(1.5, storey - 1.3))
                painter.pane(pane, mix(glass, (252, 214, 140), 0.75) if lit else shade(glass, tone), 190 if lit else 0)


@dataclass(frozen=True)
class _WallPainter:
    """Paints what is in a wall and belongs to its building."""

    canvas: Canvas
    camera: Camera
    weather: Weather
    wall: _Wall
    identity: int
    frame: Color

    def pane(self, place: tuple[float, float, float, float], color: Color, glow: int = 0) -> None:
        """Paints a framed pane; ``place`` is its middle, sill, half width and height in metres of the wall."""
        u, v, half, height = place
        haze = self.weather.haze(self.wall.depth(u))
        self._rectangle(u - half - 0.1, v - 0.1, u + half + 0.1, v + height + 0.1, mix(self.frame, *haze))
        self._rectangle(u - half, v, u + half, v + height, mix(color, *haze), glow)
        if self.camera.scale(self.wall.depth(u)) * self.canvas.samples > 14:
            self._rectangle(u - half, v + 0.55 * height, u + half, v + height, mix(shade(color, 1.18), *haze), glow)

    def lamp(self, u: float, v: float) -> None:
        """Paints a lit lamp above a door."""
        self._rectangle(u - 0.16, v - 0.12, u + 0.16, v + 0.12, _LAMP, 255)

    def _rectangle(self, u0: float, v0: float, u1: float, v1: float, color: Color, glow: int = 0) -> None:
        self.canvas.polygon(self.wall.quad(self.camera, u0, v0, u1, v1), color, self.identity, glow)
