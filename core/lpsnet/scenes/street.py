"""The ground of a scene: the street's plan, roads, pavements, lawns, water and the shadows on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from lpsnet.scenes.buildings import Block
from lpsnet.scenes.canvas import Camera, Canvas, Color, Points, mix, shade
from lpsnet.scenes.weather import Weather, texture_ground

__all__ = ["SideKind", "Street", "cast_shadows", "choose_street", "paint_ground"]

SideKind = Literal["houses", "park", "canal"]
_FAR = 900.0


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
