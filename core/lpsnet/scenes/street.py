"""The stuff of a scene: ground, shadows, buildings, trees and what lies at the horizon."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from lpsnet.scenes.canvas import Camera, Canvas, Color, Pen, Points, mix, shade
from lpsnet.scenes.weather import Weather, texture_ground

__all__ = [
    "Block",
    "Street",
    "cast_shadows",
    "choose_street",
    "draw_tree",
    "paint_block",
    "paint_ground",
    "paint_skyline",
]

SideKind = Literal["houses", "park", "canal"]
_FAR = 900.0

_WALLS: tuple[Color, ...] = (
    (196, 164, 132), (178, 98, 78), (222, 206, 178), (150, 140, 136), (206, 178, 120), (164, 178, 186),
    (214, 190, 182), (136, 96, 82), (232, 226, 214), (188, 140, 110), (120, 132, 146),
)  # fmt: skip
_ROOFS: tuple[Color, ...] = ((132, 66, 52), (92, 82, 84), (150, 88, 62), (70, 76, 86))
_LEAVES: tuple[Color, ...] = (
    (72, 118, 52), (92, 138, 58), (56, 104, 60), (110, 140, 62), (64, 122, 74), (84, 110, 44), (168, 120, 48),
)  # fmt: skip
_BARK: Color = (92, 72, 56)


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


@dataclass(frozen=True)
class Street:
    """What the ground looks like.

    Attributes:
        road: half the width of the road.
        pavement: outer edge of both pavements.
        sides: what lies left and right beyond the pavements.
        crossing: depth of a crossing road's near edge; None without one.
        water: for each side, from where to where the canal runs; None where there is none.
        blocks: the buildings, farthest first.
    """

    road: float
    pavement: float
    sides: tuple[SideKind, SideKind]
    crossing: float | None
    water: tuple[tuple[float, float] | None, tuple[float, float] | None]
    blocks: tuple[Block, ...]


def choose_street(rng: np.random.Generator) -> Street:
    """Draws the widths, what lies on either side, and the buildings."""
    road = float(rng.uniform(2.8, 4.4))
    pavement = road + float(rng.uniform(2.0, 3.6))
    kinds: tuple[SideKind, ...] = ("houses", "park", "canal")
    sides = (kinds[rng.choice(3, p=(0.5, 0.32, 0.18))], kinds[rng.choice(3, p=(0.5, 0.32, 0.18))])
    crossing = float(rng.uniform(13, 30)) if rng.random() < 0.4 else None
    water: list[tuple[float, float] | None] = []
    blocks: list[Block] = []
    for side, kind in zip((-1, 1), sides, strict=True):
        bank = pavement + float(rng.uniform(0.6, 1.6))
        canal = (bank, bank + float(rng.uniform(5, 9))) if kind == "canal" else None
        water.append(canal)
        if kind == "park":
            setback, start = pavement + float(rng.uniform(16, 26)), float(rng.uniform(25, 45))
        else:
            setback = canal[1] + 2.5 if canal else pavement + float(rng.uniform(0.0, 2.5))
            start = float(rng.uniform(5, 14))
        blocks += _row_of_blocks(side, setback, start, crossing, rng)
    blocks.sort(key=lambda block: -block.z0)
    return Street(road, pavement, sides, crossing, (water[0], water[1]), tuple(blocks))


def _row_of_blocks(side: int, x: float, start: float, crossing: float | None, rng: np.random.Generator) -> list[Block]:
    """Draws buildings along one side, leaving the crossing road free."""
    blocks, z = [], start
    tall = rng.random() < 0.5
    while z < 130:
        length = float(rng.uniform(8, 18))
        if crossing is not None and z < crossing + 9 and z + length > crossing - 2:
            z = crossing + 9.5
            crossing = None
            continue
        height = float(rng.uniform(9, 22) if tall and rng.random() < 0.7 else rng.uniform(4.5, 8.5))
        gable = float(rng.uniform(1.8, 3.4)) if height < 8.6 and rng.random() < 0.75 else 0.0
        width = float(rng.uniform(8, 13))
        blocks.append(Block(side, x, width, z, z + length, height, gable, int(rng.integers(2**31))))
        z += length + (float(rng.uniform(1.5, 7)) if rng.random() < 0.45 else 0.0)
    return blocks


# ------------------------------------------------------------------------------------------------------------- ground


def paint_ground(
    canvas: Canvas, camera: Camera, weather: Weather, street: Street, ids: dict[str, int], rng: np.random.Generator
) -> None:
    """Paints grass, water, pavements, roads, kerbs and markings, then gives them grain and haze."""
    grass = mix((104, 142, 66), (132, 136, 72), float(rng.random()))
    asphalt = mix((96, 97, 102), (122, 118, 116), float(rng.random()))
    slabs = mix((176, 170, 162), (190, 174, 156), float(rng.random()))
    everything = [(-50.0, camera.horizon + 0.6), (canvas.width + 50.0, camera.horizon + 0.6)]
    everything += [(canvas.width + 50.0, canvas.height + 50.0), (-50.0, canvas.height + 50.0)]
    canvas.polygon(everything, grass, ids["grass"])
    for side, canal in zip((-1, 1), street.water, strict=True):
        if canal is not None:
            _paint_canal(canvas, camera, weather, side, canal, ids, rng)
    if street.crossing is not None:
        z = street.crossing
        canvas.polygon(camera.ground_strip(-_FAR, _FAR, z - 1.8, z + 8.3), slabs, ids["pavement"])
    canvas.polygon(camera.ground_strip(-street.pavement, street.pavement, 0, _FAR), slabs, ids["pavement"])
    _paint_slab_joints(canvas, camera, street, shade(slabs, 0.88))
    for edge in (-street.road, street.road):
        canvas.polygon(camera.ground_strip(edge - 0.14, edge + 0.14, 0, _FAR), shade(slabs, 0.74), ids["pavement"])
    if street.crossing is not None:
        z = street.crossing
        canvas.polygon(camera.ground_strip(-_FAR, _FAR, z, z + 6.5), asphalt, ids["road"])
    canvas.polygon(camera.ground_strip(-street.road, street.road, 0, _FAR), asphalt, ids["road"])
    _paint_markings(canvas, camera, street, rng)
    roughness = {
        ids["grass"]: (13.0, 2.2),
        ids["road"]: (5.0, 0.7),
        ids["pavement"]: (4.5, 1.1),
        ids["water"]: (0.0, 1.0),
    }
    texture_ground(canvas, camera, weather, roughness, rng)


def _paint_slab_joints(canvas: Canvas, camera: Camera, street: Street, color: Color) -> None:
    z = camera.nearest
    while z < 26:
        for x0, x1 in ((-street.pavement, -street.road), (street.road, street.pavement)):
            canvas.polygon(camera.ground_strip(x0, x1, z, z + 0.035), color, None)
        z += 1.2


def _paint_markings(canvas: Canvas, camera: Camera, street: Street, rng: np.random.Generator) -> None:
    """Paints the broken centre line, and before a crossing road sometimes a zebra crossing."""
    white: Color = (226, 224, 216)
    zebra = street.crossing - 5.5 if street.crossing is not None else float(rng.uniform(8, 16))
    has_zebra = rng.random() < (0.8 if street.crossing is not None else 0.3)
    z = camera.nearest - float(rng.uniform(0, 5))
    while z < 120:
        on_zebra = has_zebra and zebra - 2.5 < z < zebra + 4
        on_crossing = street.crossing is not None and street.crossing - 2 < z < street.crossing + 7.5
        if not on_zebra and not on_crossing:
            canvas.polygon(camera.ground_strip(-0.08, 0.08, z, z + 2.2), white, None)
        z += 5.0
    if has_zebra:
        for x in np.arange(-street.road + 0.35, street.road - 0.5, 1.0):
            canvas.polygon(camera.ground_strip(float(x), float(x) + 0.5, zebra, zebra + 2.8), white, None)


def _paint_canal(
    canvas: Canvas,
    camera: Camera,
    weather: Weather,
    side: int,
    canal: tuple[float, float],
    ids: dict[str, int],
    rng: np.random.Generator,
) -> None:
    """Paints water between stone banks: it mirrors the sky, more so far away, broken by ripples."""
    near, far = sorted(side * edge for edge in canal)
    stone: Color = (142, 136, 128)
    canvas.polygon(camera.ground_strip(near - 0.5, far + 0.5, 0, _FAR), stone, ids["pavement"])
    outline = camera.ground_strip(near, far, 0, _FAR)
    canvas.polygon(outline, (60, 92, 104), ids["water"])
    window = canvas.window(outline)
    if window is None or not canvas.colored:
        return
    rows, columns = window
    own = canvas.ids[rows, columns] == ids["water"]
    y = (np.arange(rows.start, rows.stop, dtype=np.float32) + 0.5) / canvas.samples
    z = np.asarray(camera.focal * camera.height / np.maximum(y - camera.horizon, 0.5), np.float32)
    mirror = np.clip(0.35 + 0.5 * (1 - np.exp(-z / 25)), 0, 0.85)[:, None, None]
    sky = mix(weather.zenith, weather.horizon, 0.45)
    deep, bright = np.asarray((44, 82, 92), np.float32), np.asarray(sky, np.float32)
    surface = np.repeat(deep + (bright - deep) * mirror, columns.stop - columns.start, axis=1)
    ripples = _ripples(rng, z, columns.stop - columns.start)
    surface += ripples[:, :, None] * np.float32(11)
    canvas_patch = canvas.color[rows, columns]
    np.copyto(canvas_patch, np.clip(surface, 0, 255).astype(np.uint8), where=own[:, :, None])


def _ripples(rng: np.random.Generator, z: NDArray[np.float32], width: int) -> NDArray[np.float32]:
    """Returns ripples ``[rows, width]`` that are closer together the farther they are."""
    noise = rng.standard_normal((256, 24), np.float32)
    wide = cv2.resize(cv2.resize(noise, (96, 256), interpolation=cv2.INTER_CUBIC), (width, 512))
    texture: NDArray[np.float32] = np.asarray(wide, np.float32)
    return np.take(texture, np.round(z * 18).astype(int) % 512, axis=0)


def cast_shadows(canvas: Canvas, shadows: Sequence[Points], weather: Weather, ground: Sequence[int]) -> None:
    """Darkens the ground inside some polygons, with soft edges."""
    if not canvas.colored or not shadows:
        return
    mask = np.zeros((canvas.height, canvas.width), np.uint8)
    for shadow in shadows:
        corners = np.rint(np.clip(np.asarray(shadow), -30_000, 30_000) * 16).astype(np.int32)
        cv2.fillPoly(mask, [corners], 255, cv2.LINE_AA, 4)
    soft = cv2.GaussianBlur(mask, (0, 0), canvas.width / 320)
    large = cv2.resize(soft, (canvas.ids.shape[1], canvas.ids.shape[0]), interpolation=cv2.INTER_LINEAR)
    rows = np.flatnonzero(large.any(axis=1))
    if not len(rows):
        return
    band = slice(int(rows[0]), int(rows[-1]) + 1)
    carries = np.zeros(int(canvas.ids.max()) + 1, np.float32)
    carries[list(ground)] = weather.shadow / 255
    taken = (large[band] * carries[canvas.ids[band]])[:, :, None]
    # Shadows keep some of the sky's blue.
    light = 1 - taken * np.asarray((1.0, 1.0, 0.92), np.float32)
    canvas.color[band] = (canvas.color[band] * light).astype(np.uint8)


# ---------------------------------------------------------------------------------------------------------- buildings


def paint_skyline(
    canvas: Canvas, camera: Camera, weather: Weather, ids: dict[str, int], rng: np.random.Generator
) -> None:
    """Paints hazy towers and a line of trees where the ground ends."""
    base = camera.horizon + 1.5
    x = -10.0
    while x < canvas.width:
        width, height = rng.uniform(10, 34), rng.uniform(5, 30) * canvas.height / 384
        if rng.random() < 0.5:
            wall = mix(_WALLS[rng.integers(len(_WALLS))], weather.horizon, 0.72)
            corners = [(x, base), (x, base - height), (x + width, base - height), (x + width, base)]
            canvas.polygon(corners, wall, ids["building"])
            canvas.polygon(
                [
                    (x + 0.6 * width, base),
                    (x + 0.6 * width, base - height),
                    (x + width, base - height),
                    (x + width, base),
                ],
                shade(wall, 0.93),
                None,
            )
        x += width * rng.uniform(0.7, 1.5)
    steps = np.arange(-6, canvas.width + 7, 3.0)
    bumps = 5 + 2.2 * np.sin(steps / rng.uniform(9, 16)) + 1.6 * np.cumsum(rng.normal(0, 0.5, len(steps))) / 3
    bumps = np.clip(bumps + rng.uniform(-1.0, 1.0, len(steps)), 2, 14) * canvas.height / 384
    crest = [(float(sx), float(base - bump)) for sx, bump in zip(steps, bumps, strict=True)]
    leaf = mix((70, 104, 66), weather.horizon, 0.5)
    canvas.polygon([(crest[0][0], base), *crest, (crest[-1][0], base)], leaf, ids["tree"])


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
    rng = np.random.default_rng(block.seed)
    color = shade(_WALLS[rng.integers(len(_WALLS))], float(rng.uniform(0.9, 1.06)))
    roof = _ROOFS[rng.integers(len(_ROOFS))]
    street_light = 0.86 - 0.16 * block.side * weather.sun
    x0 = block.side * block.x
    street_wall = _Wall((x0, block.z0), (0.0, 1.0), block.z1 - block.z0)
    front_wall = _Wall((x0, block.z0), (float(block.side), 0.0), block.width)
    if block.gable:
        _paint_gable(canvas, camera, weather, block, (color, roof), identity)
    for wall, light in ((front_wall, 0.80 + 0.06 * weather.sun * block.side), (street_wall, street_light)):
        _paint_wall(canvas, camera, weather, wall, block, shade(color, light), identity, rng)
    if not block.gable:
        for wall in (front_wall, street_wall):
            trim = mix(shade(color, 0.66), *weather.haze(wall.depth(wall.length / 2)))
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
    rng: np.random.Generator,
) -> None:
    """Paints a wall with a plinth, rows of windows, and doors or shop windows on the ground floor."""
    middle = weather.haze(wall.depth(wall.length / 2))
    canvas.polygon(wall.quad(camera, 0, 0, wall.length, block.height), mix(color, *middle), identity)
    canvas.polygon(wall.quad(camera, 0, 0, wall.length, 0.5), mix(shade(color, 0.72), *middle), identity)
    floors = max(1, int(block.height // 2.9))
    columns = max(1, int(wall.length // float(rng.uniform(2.2, 3.2))))
    storey, bay = block.height / floors, wall.length / columns
    frame, glass = shade(color, 1.16), mix((52, 66, 84), weather.zenith, 0.3)
    shop = rng.random() < 0.35
    if camera.scale(wall.depth(wall.length)) * 1.5 < 3 and wall.along[1]:
        return
    for column in range(columns):
        u = (column + 0.5) * bay
        haze = weather.haze(wall.depth(u))
        for floor in range(floors):
            v = floor * storey
            if floor == 0 and column % 3 == 1:
                _pane(canvas, camera, wall, (u, 0.05, 0.55, 2.2), shade(color, 0.5), frame, haze)
            elif floor == 0 and shop:
                _pane(canvas, camera, wall, (u, 0.6, 0.42 * bay, 1.9), mix(glass, (250, 214, 150), 0.35), frame, haze)
            else:
                lit = (
                    mix(glass, (252, 214, 140), 0.75)
                    if rng.random() < 0.10
                    else shade(glass, float(rng.uniform(0.8, 1.3)))
                )
                _pane(canvas, camera, wall, (u, v + 0.95, 0.24 * bay, min(1.5, storey - 1.3)), lit, frame, haze)


def _pane(
    canvas: Canvas,
    camera: Camera,
    wall: _Wall,
    place: tuple[float, float, float, float],
    color: Color,
    frame: Color,
    haze: tuple[Color, float],
) -> None:
    """Paints a framed pane; ``place`` is its middle, sill, half width and height in metres of the wall."""
    u, v, half, height = place
    canvas.polygon(
        wall.quad(camera, u - half - 0.1, v - 0.1, u + half + 0.1, v + height + 0.1), mix(frame, *haze), None
    )
    canvas.polygon(wall.quad(camera, u - half, v, u + half, v + height), mix(color, *haze), None)
    sheen = wall.quad(camera, u - half, v + 0.55 * height, u + half, v + height)
    canvas.polygon(sheen, mix(shade(color, 1.18), *haze), None)


# -------------------------------------------------------------------------------------------------------------- trees


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
