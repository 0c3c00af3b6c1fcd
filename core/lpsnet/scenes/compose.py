"""From a seed to a picture and its panoptic truth."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from lpsnet.assets import resource
from lpsnet.categories import Categories
from lpsnet.scenes.arithmetic import cosine, sine
from lpsnet.scenes.buildings import paint_block, paint_skyline
from lpsnet.scenes.canvas import Camera, Canvas, Pen, Points
from lpsnet.scenes.chance import Chance
from lpsnet.scenes.finish import finish_picture
from lpsnet.scenes.ground import finish_ground, paint_ground
from lpsnet.scenes.plan import Standing, choose_camera, choose_standing
from lpsnet.scenes.street import Street, choose_street
from lpsnet.scenes.weather import WEATHERS, Weather, choose_weather, paint_sky
from lpsnet.structures import PanopticSegmentation

__all__ = ["Plan", "Scene", "draw_scene", "draw_silhouette", "draw_truth", "plan_scene", "scene_categories"]

_MIN_VISIBLE_PIXELS = 60
_MIN_VISIBLE_SHARE = 0.35
_ROUGH_PIXELS = 384 * 512
"""Whether a thing can be seen is judged in a picture of at most this size, so that every large one holds the same."""


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """A drawn picture and its truth.

    Attributes:
        image: RGB uint8 ``[H, W, 3]``.
        segmentation: labels index :func:`scene_categories`; every pixel belongs to a segment.
    """

    image: NDArray[np.uint8]
    segmentation: PanopticSegmentation


@dataclass(frozen=True)
class Plan:
    """What a scene will show, before a pixel is drawn.

    Attributes:
        seed: it was drawn from.
        height: of the picture, in pixels.
        width: likewise.
        weather: its light and weather.
        street: its ground and houses.
        camera: what it is seen with.
        standing: trees and things from far to near, which is the order they are painted in.
    """

    seed: int
    height: int
    width: int
    weather: Weather
    street: Street
    camera: Camera
    standing: tuple[Standing, ...]

    @property
    def identities(self) -> tuple[int, ...]:
        """The segment id of each of :attr:`standing`: that of its class for trees, one of its own for a thing."""
        stuff, identities = _stuff_ids(), []
        following = max(stuff.values())
        for item in self.standing:
            if item.name not in stuff:
                following += 1
            identities.append(stuff.get(item.name, following))
        return tuple(identities)


@cache
def scene_categories() -> Categories:
    """Returns the 14 classes of the drawn scenes: 7 of stuff, then 7 of things."""
    return Categories.load(resource("categories", "scenes.json"))


@cache
def _stuff_ids() -> dict[str, int]:
    """Returns the segment id of each stuff class: one segment each."""
    return {entry.name: entry.id for entry in scene_categories() if not entry.isthing}


def draw_scene(seed: int, height: int = 384, width: int = 512, *, weather: str | None = None) -> Scene:
    """Draws the street scene of a seed: the same picture and the same truth on every machine.

    Things of which less than about 35 % or 60 pixels would be seen are left out: nobody could find them. In pictures
    larger than 384 × 512 it is 60 pixels of a picture of that area, so that they show the same things.

    Args:
        seed: ≥ 0; the same seed and size give the same scene.
        height: of the picture, in pixels; 64 or more.
        width: likewise.
        weather: one of :data:`~lpsnet.scenes.weather.WEATHERS`; None leaves it to the seed. It changes the picture and
            never the truth.

    Raises:
        ValueError: if the seed is negative, a side too short, or the weather unknown.
    """
    plan = plan_scene(seed, height, width, weather=weather)
    canvas = Canvas(height, width, glowing=plan.weather.dark)
    chance = _paint(canvas, plan)
    return Scene(finish_picture(canvas, plan.weather, chance), _truth(canvas, plan))


def draw_truth(seed: int, height: int = 384, width: int = 512) -> PanopticSegmentation:
    """Draws the truth of :func:`draw_scene` alone, which is faster.

    Raises:
        ValueError: as :func:`draw_scene` does.
    """
    plan = plan_scene(seed, height, width)
    canvas = Canvas(height, width, colored=False)
    _paint(canvas, plan)
    return _truth(canvas, plan)


def draw_silhouette(plan: Plan, number: int) -> NDArray[np.bool_]:
    """Draws one of :attr:`Plan.standing` alone, at the scene's own two samples a pixel.

    Returns:
        Bool ``[2·H, 2·W]``: what would be seen of it if nothing stood before it.
    """
    canvas = Canvas(plan.height, plan.width, colored=False)
    _draw(canvas, plan.camera, plan.weather, plan.standing[number], 1)
    return np.asarray(canvas.ids == 1)


def plan_scene(seed: int, height: int = 384, width: int = 512, *, weather: str | None = None) -> Plan:
    """Plans the scene of a seed; the arguments and errors are those of :func:`draw_scene`."""
    if seed < 0:
        raise ValueError(f"a scene's seed must be 0 or more, not {seed}")
    if min(height, width) < 64:
        raise ValueError(f"a scene needs 64 × 64 pixels or more, not {width} × {height}")
    if weather is not None and weather not in WEATHERS:
        raise ValueError(f"the weather must be one of {', '.join(WEATHERS)}, not {weather!r}")
    # Weather has a stream of its own, so that asking for another one changes nothing else.
    chance = Chance(seed)
    chosen, street = choose_weather(Chance(seed, stream=2), weather), choose_street(chance)
    camera = choose_camera(height, width, street, chance)
    standing = choose_standing(camera, street, chance)
    seen = _discernible(standing, height, width, camera, chosen)
    return Plan(seed, height, width, chosen, street, camera, tuple(seen))


def _discernible(
    standing: Sequence[Standing], height: int, width: int, camera: Camera, weather: Weather
) -> list[Standing]:
    """Returns what can be found: silhouettes are drawn first, and what would hardly be seen is left out."""
    factor = min(math.sqrt(_ROUGH_PIXELS / (height * width)), 1.0)
    rough = Canvas(round(height * factor), round(width * factor), colored=False, samples=1)
    small = camera.scaled(factor)
    whole: list[int] = []
    for number, item in enumerate(standing, start=1):
        _draw(rough, small, weather, item, number)
        whole.append(int(np.count_nonzero(rough.ids == number)))
    seen = np.bincount(rough.ids.reshape(-1), minlength=len(standing) + 1)[1:]
    kept: list[Standing] = []
    fits = False
    for item, area, visible in zip(standing, whole, seen.tolist(), strict=True):
        # Nobody rides on what was left out just before.
        may_stay = fits or not item.rides
        fits = may_stay and (visible >= _MIN_VISIBLE_PIXELS and visible >= _MIN_VISIBLE_SHARE * area)
        if fits or item.name == "tree":
            kept.append(item)
    return kept


def _truth(canvas: Canvas, plan: Plan) -> PanopticSegmentation:
    names = {identity: name for name, identity in _stuff_ids().items()}
    names.update(zip(plan.identities, (item.name for item in plan.standing), strict=True))
    index = {entry.name: position for position, entry in enumerate(scene_categories())}
    ids = canvas.final_ids()
    present = np.flatnonzero(np.bincount(ids.reshape(-1)))
    return PanopticSegmentation.from_ids(ids, {int(identity): index[names[int(identity)]] for identity in present})


# ----------------------------------------------------------------------------------------------------------- painting


def _paint(canvas: Canvas, plan: Plan) -> Chance:
    """Paints everything from far to near; returns the chance that is left for finishing the picture."""
    camera, weather, street, ids = plan.camera, plan.weather, plan.street, _stuff_ids()
    # Clouds and ground need different amounts of chance in different weather: neither may change the skyline.
    paint_sky(canvas, camera, weather, ids["sky"], Chance(plan.seed, stream=3))
    paint_ground(canvas, camera, weather, street, ids, Chance(plan.seed, stream=4))
    mirrored = _mirror_image(canvas, plan) if canvas.colored else None
    chance = Chance(plan.seed, stream=5)
    finish_ground(
        canvas,
        camera,
        weather,
        ids,
        shadows=[_shadow(camera, weather, item) for item in plan.standing],
        pools=_pools(plan) if weather.dark else (),
        mirrored=mirrored,
        chance=chance,
    )
    paint_skyline(canvas, camera, weather, ids, Chance(plan.seed, stream=6))
    for block in street.blocks:
        paint_block(canvas, camera, weather, block, ids["building"])
    for item, identity in zip(plan.standing, plan.identities, strict=True):
        _draw(canvas, camera, weather, item, identity)
    return chance


def _draw(canvas: Canvas, camera: Camera, weather: Weather, item: Standing, identity: int) -> None:
    pen = Pen(
        canvas,
        camera,
        (item.x, item.z),
        identity,
        haze=weather.haze(item.z),
        mirrored=item.mirrored,
        size=item.size,
        snow=weather.snow,
    )
    item.draw(pen, Chance(item.seed), weather.sun)


def _mirror_image(canvas: Canvas, plan: Plan) -> NDArray[np.uint8] | None:
    """Returns what still water in the street's plane would mirror, ``[H, W, 3]``; None if nothing is wet enough."""
    if not plan.weather.wet and not any(plan.street.water):
        return None
    mirror = Canvas(plan.height, plan.width, samples=1)
    horizon = max(int(plan.camera.horizon), 1)
    rows = np.clip(2 * horizon - np.arange(plan.height), 0, horizon - 1)
    mirror.color[:] = canvas.color[:: canvas.samples, :: canvas.samples][rows]
    camera = plan.camera.mirrored()
    for block in plan.street.blocks:
        paint_block(mirror, camera, plan.weather, block, _stuff_ids()["building"])
    for item, identity in zip(plan.standing, plan.identities, strict=True):
        _draw(mirror, camera, plan.weather, item, identity)
    return mirror.color


def _shadow(camera: Camera, weather: Weather, item: Standing) -> Points:
    """Returns the picture of an object's shadow: an ellipse on the ground, drawn away from the sun."""
    width, height = (side * item.size for side in item.shadow)
    reach = -weather.sun * height * (0.9 - 0.6 * weather.sun_height)
    half_x = 0.56 * width + abs(reach) / 2
    return _ground_ellipse(camera, (item.x + reach / 2, item.z), (half_x, max(0.22 * width, 0.16)))


def _pools(plan: Plan) -> list[Points]:
    """Returns the pictures of the ground that lamps shine on: before houses, and before cars that come towards us."""
    pools = []
    for block in plan.street.blocks:
        x = block.side * (plan.street.pavement - 0.8)
        z = block.z0 + 2.0
        while z < min(block.z1, 60.0):
            pools.append(_ground_ellipse(plan.camera, (x, z), (2.0, 1.5)))
            z += 8.0
    beams = [item for item in plan.standing if item.beams]
    return pools + [_ground_ellipse(plan.camera, (item.x, item.z - 1.8), (1.3, 1.7)) for item in beams]


def _ground_ellipse(camera: Camera, middle: tuple[float, float], radii: tuple[float, float]) -> Points:
    nearest = 0.5 * camera.nearest
    return [
        camera.point(middle[0] + radii[0] * cosine(turn), 0.0, max(middle[1] + radii[1] * sine(turn), nearest))
        for turn in range(0, 360, 15)
    ]
