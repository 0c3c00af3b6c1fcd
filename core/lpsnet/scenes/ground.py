"""The ground of a scene: roads, pavements, lawns and water, and what light and weather make of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from lpsnet.scenes.arithmetic import blurred, periodic_noise
from lpsnet.scenes.canvas import Camera, Canvas, Color, Points, mix, shade
from lpsnet.scenes.chance import Chance
from lpsnet.scenes.street import Street
from lpsnet.scenes.weather import Picture, Weather

__all__ = ["finish_ground", "paint_ground"]

_FAR = 900.0
_SNOW: Color = (233, 238, 246)
_TILE, _FEATURE = 512, 64
"""Side of the noise tile, and of its coarsest feature, in texels."""


def paint_ground(
    canvas: Canvas, camera: Camera, weather: Weather, street: Street, ids: Mapping[str, int], chance: Chance
) -> None:
    """Paints grass, water, pavements, roads, kerbs and markings in flat colours."""
    grass = mix(mix((104, 142, 66), (132, 136, 72), chance.random()), _SNOW, 0.93 * weather.snow)
    asphalt = mix(mix((96, 97, 102), (122, 118, 116), chance.random()), _SNOW, 0.38 * weather.snow)
    slabs = mix(mix((176, 170, 162), (190, 174, 156), chance.random()), _SNOW, 0.7 * weather.snow)
    edge = 50.0 + canvas.width
    everything = [(-edge, camera.horizon + 0.6), (2 * edge, camera.horizon + 0.6)]
    everything += [(2 * edge, 2.0 * canvas.height), (-edge, 2.0 * canvas.height)]
    canvas.polygon(everything, grass, ids["grass"])
    for side, canal in zip((-1, 1), street.water, strict=True):
        if canal is not None:
            near, far = sorted(side * edge for edge in canal)
            stone = mix((142, 136, 128), _SNOW, 0.6 * weather.snow)
            canvas.polygon(camera.ground_strip(near - 0.5, far + 0.5, 0, _FAR), stone, ids["pavement"])
            canvas.polygon(camera.ground_strip(near, far, 0, _FAR), (44, 82, 92), ids["water"])
    if street.crossing is not None:
        z = street.crossing
        canvas.polygon(camera.ground_strip(-_FAR, _FAR, z - 1.8, z + 8.3), slabs, ids["pavement"])
    canvas.polygon(camera.ground_strip(-street.pavement, street.pavement, 0, _FAR), slabs, ids["pavement"])
    _paint_slab_joints(canvas, camera, street, shade(slabs, 0.88), ids["pavement"])
    for kerb in (-street.road, street.road):
        canvas.polygon(camera.ground_strip(kerb - 0.14, kerb + 0.14, 0, _FAR), shade(slabs, 0.74), ids["pavement"])
    if street.crossing is not None:
        z = street.crossing
        canvas.polygon(camera.ground_strip(-_FAR, _FAR, z, z + 6.5), asphalt, ids["road"])
    canvas.polygon(camera.ground_strip(-street.road, street.road, 0, _FAR), asphalt, ids["road"])
    _paint_markings(canvas, camera, street, mix((226, 224, 216), asphalt, 0.45 * weather.snow), ids["road"], chance)


def _paint_slab_joints(canvas: Canvas, camera: Camera, street: Street, color: Color, pavement: int) -> None:
    z = camera.nearest
    while z < 26:
        for x0, x1 in ((-street.pavement, -street.road), (street.road, street.pavement)):
            canvas.polygon(camera.ground_strip(x0, x1, z, z + 0.035), color, pavement)
        z += 1.2


def _paint_markings(canvas: Canvas, camera: Camera, street: Street, white: Color, road: int, chance: Chance) -> None:
    """Paints the broken centre line, and before a crossing road sometimes a zebra crossing."""
    zebra = street.crossing - 5.5 if street.crossing is not None else chance.uniform(8, 16)
    has_zebra = chance.falls(0.8 if street.crossing is not None else 0.3)
    z = camera.nearest - chance.uniform(0, 5)
    while z < 120:
        on_zebra = has_zebra and zebra - 2.5 < z < zebra + 4
        on_crossing = street.crossing is not None and street.crossing - 2 < z < street.crossing + 7.5
        if not on_zebra and not on_crossing:
            canvas.polygon(camera.ground_strip(-0.08, 0.08, z, z + 2.2), white, road)
        z += 5.0
    x = -street.road + 0.35
    while has_zebra and x < street.road - 0.5:
        canvas.polygon(camera.ground_strip(x, x + 0.5, zebra, zebra + 2.8), white, road)
        x += 1.0


# ---------------------------------------------------------------------------------------------- light and weather on it


@dataclass(frozen=True)
class _Surface:
    """How one kind of ground takes the light.

    Attributes:
        grain: strength of its texture in grey levels.
        metres: size of the texture's coarsest feature.
        soak: how much darker it is when wet.
        mirror: how much it mirrors when wet.
    """

    grain: float
    metres: float
    soak: float = 0.0
    mirror: float = 0.0


_SURFACES = {
    "grass": _Surface(13.0, 2.2, 0.12, 0.0),
    "road": _Surface(5.0, 0.7, 0.34, 0.62),
    "pavement": _Surface(4.5, 1.1, 0.26, 0.34),
}
_WATER_MIRROR = 0.62


def finish_ground(
    canvas: Canvas,
    camera: Camera,
    weather: Weather,
    ids: Mapping[str, int],
    *,
    shadows: Sequence[Points],
    pools: Sequence[Points],
    mirrored: NDArray[np.uint8] | None,
    chance: Chance,
) -> None:
    """Gives flat ground its grain, mirror images, shadows and haze, at the picture's final resolution.

    Args:
        canvas: holds sky and ground, nothing upright yet.
        camera: for the perspective.
        weather: for light and haze.
        ids: of the stuff classes.
        shadows: outlines in pixels.
        pools: outlines in pixels of what lamps shine on.
        mirrored: the whole picture ``[H, W, 3]`` as the ground would mirror it; None where nothing mirrors.
        chance: source of chance.
    """
    offset = chance.below(_TILE)
    if not canvas.colored:
        return
    top = min(max(int(camera.horizon) + 1, 0), canvas.height - 1)
    kinds = canvas.ids[top * canvas.samples :: canvas.samples, :: canvas.samples]
    rows = np.arange(top, canvas.height, dtype=np.float64) + 0.5
    z = camera.focal * camera.height / np.maximum(rows - camera.horizon, 0.25)
    columns = np.arange(canvas.width, dtype=np.float64) + 0.5 - camera.vanishing_x
    x = (columns * (1 / camera.focal) * z[:, None]).astype(np.float32)
    picture: Picture = canvas.final_color()[top:].astype(np.float32)
    picture += _grain(kinds, x, z, ids, canvas.height, offset)[:, :, None]
    if weather.wet or (kinds == ids["water"]).any():
        _wet(picture, kinds, x, z, weather, ids, mirrored if mirrored is None else mirrored[top:])
    if shadows:
        carries = _table(dict.fromkeys((ids[name] for name in _SURFACES), weather.shadow / 255))
        taken = _soft(shadows, canvas, canvas.width // 128)[top:] * carries[kinds]
        # Shadows keep some of the sky's blue.
        picture *= 1 - taken[:, :, None] * np.asarray((1.0, 1.0, 0.92), np.float32)
    share = weather.hazes(np.minimum(z, 2000.0))[:, None, None]
    picture += (np.asarray(weather.horizon, np.float32) - picture) * share
    canvas.replace_color(top, np.clip(picture, 0, 255).astype(np.uint8))
    if pools and weather.dark:
        canvas.replace_glow(
            top, np.minimum(_soft(pools, canvas, canvas.width // 24)[top:] * np.float32(0.75), 150).astype(np.uint8)
        )


def _table(values: Mapping[int, float]) -> NDArray[np.float32]:
    """Returns a value for every id, 0 for those that are not given."""
    table = np.zeros(256, np.float32)
    for identity, value in values.items():
        table[identity] = value
    return table


def _grain(
    kinds: NDArray[np.uint8],
    x: NDArray[np.float32],
    z: NDArray[np.float64],
    ids: Mapping[str, int],
    height: int,
    offset: int,
) -> NDArray[np.float32]:
    """Returns texture in perspective, in grey levels; the larger the picture, the finer."""
    sharpness = max(height / 384, 1.0)
    texels = _table({ids[name]: _FEATURE * sharpness / kind.metres for name, kind in _SURFACES.items()})[kinds]
    strength = _table({ids[name]: kind.grain for name, kind in _SURFACES.items()})[kinds]
    tile = periodic_noise(1, _TILE, _TILE // _FEATURE, 6)
    depth = np.minimum(z, 400.0).astype(np.float32)[:, None]
    # Far to the left becomes positive, so that cutting off the fraction never turns its direction.
    across = ((x + np.float32(1000)) * texels).astype(np.int32) + offset & (_TILE - 1)
    ahead = (depth * texels).astype(np.int32) & (_TILE - 1)
    fade = np.clip(np.float32(1.4) - depth / np.float32(60), 0.15, 1)
    return np.asarray(tile.take(ahead * _TILE + across) * strength * fade, np.float32)


def _wet(
    picture: Picture,
    kinds: NDArray[np.uint8],
    x: NDArray[np.float32],
    z: NDArray[np.float64],
    weather: Weather,
    ids: Mapping[str, int],
    mirrored: NDArray[np.uint8] | None,
) -> None:
    """Lets water, and in rain the streets, mirror what stands above them; ripples and puddles break the image."""
    depth = np.minimum(z, 400.0).astype(np.float32)[:, None]
    tile = periodic_noise(2, _TILE, _TILE // _FEATURE, 4)
    along = (depth * np.float32(150)).astype(np.int32) & (_TILE - 1)
    ripples = tile.take(along * _TILE + (((x + 1000) * np.float32(22)).astype(np.int32) & (_TILE - 1)))
    water = kinds == ids["water"]
    picture += (ripples * water)[:, :, None] * np.float32(6)
    if weather.wet:
        soak = _table({ids[name]: weather.wet * kind.soak for name, kind in _SURFACES.items()})
        picture *= 1 - soak[kinds][:, :, None]
    if mirrored is None:
        return
    shares = {ids[name]: weather.wet * kind.mirror for name, kind in _SURFACES.items()}
    share = _table({**shares, ids["water"]: _WATER_MIRROR})[kinds]
    patches = ((depth * np.float32(21)).astype(np.int32) & (_TILE - 1)) * _TILE
    puddles = tile.take(patches + (((x + 1000) * np.float32(21)).astype(np.int32) & (_TILE - 1)))
    share *= np.where(water, np.float32(1), np.clip(np.float32(0.62) + puddles * np.float32(0.3), 0.25, 1))
    # Seen at a flatter angle, water mirrors more.
    share *= np.clip(np.float32(0.72) + depth / np.float32(60), 0, 1.3)
    # Small waves smear a mirror image from top to bottom.
    smeared = blurred(mirrored, max(len(picture) // 90, 1), max(len(picture) // 18, 3))
    picture += (smeared - picture) * np.minimum(share, 0.9)[:, :, None]


def _soft(outlines: Sequence[Points], canvas: Canvas, side: int) -> NDArray[np.float32]:
    """Returns a map ``[H, W]`` of filled outlines 0 … 255, smeared over boxes of a side."""
    mask = np.zeros((canvas.height, canvas.width), np.uint8)
    for outline in outlines:
        corners = np.rint(np.clip(np.asarray(outline), -30_000, 30_000) * 16).astype(np.int32)
        cv2.fillConvexPoly(mask, corners, (255,), cv2.LINE_AA, 4)
    return blurred(mask, max(side, 1), max(side // 2, 1))
