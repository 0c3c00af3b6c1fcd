"""What stands where in a scene, drawn from a seed, and its panoptic truth."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial

import numpy as np
from numpy.typing import NDArray

from lpsnet.assets import resource
from lpsnet.categories import Categories
from lpsnet.scenes.beings import draw_ball, draw_dog, draw_person, draw_rider, draw_sign
from lpsnet.scenes.buildings import paint_block, paint_skyline
from lpsnet.scenes.canvas import Camera, Canvas, Pen
from lpsnet.scenes.street import Street, cast_shadows, choose_street, paint_ground
from lpsnet.scenes.trees import draw_tree
from lpsnet.scenes.vehicles import draw_bicycle, draw_bus, draw_car
from lpsnet.scenes.weather import Weather, choose_weather, grade, paint_sky
from lpsnet.structures import PanopticSegmentation

__all__ = ["Scene", "draw_scene", "scene_categories"]

_MIN_VISIBLE_PIXELS = 60
_MIN_VISIBLE_SHARE = 0.35
_GROUND = ("road", "pavement", "grass")


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
class Standing:
    """Something upright that stands on the ground.

    Attributes:
        name: its class.
        x: of its foot, in metres.
        z: likewise.
        draw: draws it with a pen, a source of chance and the side of the sun.
        size: factor on its measures.
        spread: width and height of its shadow in metres, before ``size``.
        mirrored: whether it looks to the left.
        seed: of its look.
        nudge: order among things of the same depth.
    """

    name: str
    x: float
    z: float
    draw: Callable[[Pen, np.random.Generator, float], None]
    size: float
    spread: tuple[float, float]
    mirrored: bool
    seed: int
    nudge: float = 0.0


@cache
def scene_categories() -> Categories:
    """Returns the 14 classes of the drawn scenes: 7 of stuff, then 7 of things."""
    return Categories.load(resource("categories", "scenes.json"))


def draw_scene(seed: int, height: int = 384, width: int = 512) -> Scene:
    """Draws the street scene of a seed.

    Things of which less than about 35 % or 60 pixels would be seen are left out: nobody could find them.

    Args:
        seed: ≥ 0; the same seed and size give the same scene.
        height: of the picture, in pixels; 64 or more.
        width: likewise.

    Raises:
        ValueError: if a side is too short.
    """
    if min(height, width) < 64:
        raise ValueError(f"a scene needs 64 × 64 pixels or more, not {width} × {height}")
    plan_rng, paint_seed = np.random.default_rng(seed), np.random.SeedSequence(seed).spawn(1)[0]
    weather, street = choose_weather(plan_rng), choose_street(plan_rng)
    camera = _choose_camera(height, width, street, plan_rng)
    standing = _choose_standing(camera, street, plan_rng)
    standing = _discernible(standing, Canvas(height, width, colored=False), camera, weather)

    canvas = Canvas(height, width)
    rng = np.random.default_rng(paint_seed)
    _paint_background(canvas, camera, weather, street, standing, rng)
    numbers = _paint_standing(canvas, standing, camera, weather)
    image = grade(canvas.final_color(), weather, rng)
    return Scene(image, _truth(canvas.final_ids(), numbers))


def _stuff_ids() -> dict[str, int]:
    """Returns the segment id of each stuff class: one segment each."""
    return {entry.name: entry.id for entry in scene_categories() if not entry.isthing}


def _truth(ids: NDArray[np.int32], numbers: dict[int, str]) -> PanopticSegmentation:
    names = {**{identity: name for name, identity in _stuff_ids().items()}, **numbers}
    index = {entry.name: position for position, entry in enumerate(scene_categories())}
    return PanopticSegmentation.from_ids(ids, {int(i): index[names[int(i)]] for i in np.unique(ids)})


# ----------------------------------------------------------------------------------------------------------- planning


def _choose_camera(height: int, width: int, street: Street, rng: np.random.Generator) -> Camera:
    return Camera(
        focal=float(rng.uniform(0.78, 1.05)) * width * (height / width * 4 / 3) ** 0.5,
        x=float(rng.uniform(-0.75, 0.75)) * street.road,
        height=float(rng.uniform(1.7, 2.9)),
        horizon=float(rng.uniform(0.36, 0.5)) * height,
        vanishing_x=float(rng.uniform(0.32, 0.68)) * width,
        bottom=float(height),
    )


def _choose_standing(camera: Camera, street: Street, rng: np.random.Generator) -> list[Standing]:
    """Draws trees and things; the nearer ones come last."""
    standing = [*_choose_trees(street, rng)]
    names = ("car", "bus", "person", "bicycle", "dog", "ball", "sign")
    for _ in range(int(rng.integers(7, 16))):
        name = str(rng.choice(names, p=(0.26, 0.08, 0.26, 0.14, 0.10, 0.07, 0.09)))
        standing += _PLACE[name](camera, street, rng)
    return sorted(standing, key=lambda item: (-item.z, item.nudge))


def _depth(camera: Camera, low: float, high: float, rng: np.random.Generator) -> float:
    """Draws a depth so that near and far are equally likely per picture height."""
    low = max(low, 1.12 * camera.nearest)
    return float(np.exp(rng.uniform(np.log(low), np.log(max(high, 1.05 * low)))))


def _choose_trees(street: Street, rng: np.random.Generator) -> list[Standing]:
    trees: list[Standing] = []

    def plant(x: float, z: float) -> None:
        size = float(rng.uniform(0.75, 1.35))
        trees.append(
            Standing("tree", x, z, draw_tree, size, (3.0, 5.0), bool(rng.random() < 0.5), int(rng.integers(2**31)))
        )

    for side, kind in zip((-1, 1), street.sides, strict=True):
        if kind == "park":
            for _ in range(int(rng.integers(6, 16))):
                plant(side * float(street.pavement + rng.uniform(1.2, 22)), float(np.exp(rng.uniform(2.2, 4.4))))
        elif rng.random() < 0.55:
            z, gap = float(rng.uniform(9, 16)), float(rng.uniform(8, 14))
            while z < 90:
                plant(side * (street.pavement - 0.5), z)
                z += gap
    crossing = street.crossing
    return [tree for tree in trees if crossing is None or not crossing - 2.5 < tree.z < crossing + 9]


def _on_pavement(street: Street, rng: np.random.Generator) -> float:
    side = float(rng.choice((-1, 1)))
    return side * float(rng.uniform(street.road + 0.5, street.pavement - 0.4))


def _on_open_ground(street: Street, rng: np.random.Generator) -> float:
    """Draws a place from lawn to lawn; where houses or water begin at the pavement, it ends there."""
    left, right = (street.pavement + (4.0 if kind == "park" else -0.3) for kind in street.sides)
    return float(rng.uniform(-left, right))


def _one(
    name: str,
    foot: tuple[float, float],
    draw: Callable[[Pen, np.random.Generator, float], None],
    spread: tuple[float, float],
    rng: np.random.Generator,
    *,
    size: float = 1.0,
    mirrored: bool | None = None,
    nudge: float = 0.0,
) -> Standing:
    facing = bool(rng.random() < 0.5) if mirrored is None else mirrored
    return Standing(name, foot[0], foot[1], draw, size, spread, facing, int(rng.integers(2**31)), nudge)


def _place_traffic(
    name: str,
    draw: Callable[..., None],
    spread: tuple[float, float],
    camera: Camera,
    street: Street,
    rng: np.random.Generator,
) -> list[Standing]:
    """Places a vehicle in the lane it drives on, on the crossing road, or in a row of parked ones."""
    lane = street.road / 2
    far = 60.0 if name == "bus" else 48.0
    near = 9.5 if name == "bus" else 5.5
    if street.crossing is not None and rng.random() < 0.45:
        z = street.crossing + float(rng.choice((1.7, 4.9)))
        foot = (float(rng.uniform(-1.1, 1.1)) * (street.pavement + 4), z)
        return [_one(name, foot, partial(draw, view="side"), (4.4 if name == "car" else 10.5, 1.5), rng)]
    if name == "car" and rng.random() < 0.4:
        side = float(rng.choice((-1, 1)))
        z = _depth(camera, 6.0, 30.0, rng)
        view = "rear" if side > 0 else "front"
        foot_x = side * (street.road - 1.0)
        return [
            _one(name, (foot_x, z + 5.3 * k), partial(draw, view=view), spread, rng)
            for k in range(int(rng.integers(1, 4)))
        ]
    away = rng.random() < 0.5
    foot = ((lane if away else -lane) + float(rng.uniform(-0.3, 0.3)), _depth(camera, near, far, rng))
    return [_one(name, foot, partial(draw, view="rear" if away else "front"), spread, rng)]


def _place_people(camera: Camera, street: Street, rng: np.random.Generator) -> list[Standing]:
    """Places one to three people together, mostly on a pavement."""
    x = _on_pavement(street, rng) if rng.random() < 0.75 else _on_open_ground(street, rng)
    z = _depth(camera, 6.0, 32.0, rng)
    people = []
    for k in range(int(rng.choice((1, 2, 3), p=(0.6, 0.28, 0.12)))):
        size = float(rng.uniform(0.62, 0.75) if rng.random() < 0.14 else rng.uniform(0.9, 1.08))
        foot = (x + k * float(rng.uniform(0.35, 0.75)), z + float(rng.uniform(-0.35, 0.35)))
        people.append(_one("person", foot, draw_person, (0.6, 1.75), rng, size=size))
    return people


def _place_bicycles(camera: Camera, street: Street, rng: np.random.Generator) -> list[Standing]:
    """Places a ridden bicycle at the edge of the road, or up to three parked ones on a pavement."""
    if rng.random() < 0.45:
        side = float(rng.choice((-1, 1)))
        foot = (side * (street.road - float(rng.uniform(0.5, 1.4))), _depth(camera, 6.0, 22.0, rng))
        mirrored = bool(rng.random() < 0.5)
        return [
            _one("bicycle", foot, draw_bicycle, (1.75, 1.0), rng, mirrored=mirrored),
            _one("person", foot, draw_rider, (0.6, 1.9), rng, mirrored=mirrored, nudge=0.5),
        ]
    x, z = _on_pavement(street, rng), _depth(camera, 6.0, 20.0, rng)
    gap = float(rng.uniform(0.5, 1.1))
    count = int(rng.choice((1, 2, 3), p=(0.5, 0.3, 0.2)))
    return [
        _one("bicycle", (x + k * gap, z + 0.25 * k), draw_bicycle, (1.75, 1.0), rng, mirrored=False)
        for k in range(count)
    ]


def _place_small(
    name: str,
    draw: Callable[[Pen, np.random.Generator, float], None],
    spread: tuple[float, float],
    reach: tuple[float, float],
    sizes: tuple[float, float],
    camera: Camera,
    street: Street,
    rng: np.random.Generator,
) -> list[Standing]:
    """Places a dog or a ball anywhere on pavement or grass, sometimes on the road."""
    x = _on_pavement(street, rng) if rng.random() < 0.6 else _on_open_ground(street, rng)
    foot = (x, _depth(camera, *reach, rng))
    return [_one(name, foot, draw, spread, rng, size=float(rng.uniform(*sizes)))]


def _place_sign(camera: Camera, street: Street, rng: np.random.Generator) -> list[Standing]:
    """Places a sign at the kerb."""
    foot = (float(rng.choice((-1, 1))) * (street.road + 0.45), _depth(camera, 6.0, 26.0, rng))
    return [_one("sign", foot, draw_sign, (0.3, 2.6), rng, size=float(rng.uniform(0.9, 1.1)), mirrored=False)]


_PLACE: dict[str, Callable[[Camera, Street, np.random.Generator], list[Standing]]] = {
    "car": partial(_place_traffic, "car", draw_car, (1.9, 1.45)),
    "bus": partial(_place_traffic, "bus", draw_bus, (2.6, 3.1)),
    "person": _place_people,
    "bicycle": _place_bicycles,
    "dog": partial(_place_small, "dog", draw_dog, (1.2, 0.9), (5.5, 14.0), (0.75, 1.15)),
    "ball": partial(_place_small, "ball", draw_ball, (0.45, 0.45), (5.0, 10.0), (0.9, 1.5)),
    "sign": _place_sign,
}


# ----------------------------------------------------------------------------------------------------------- painting


def _discernible(standing: list[Standing], canvas: Canvas, camera: Camera, weather: Weather) -> list[Standing]:
    """Returns what can be found: silhouettes are drawn first, and what would hardly be seen is left out."""
    whole: list[int] = []
    for number, item in enumerate(standing, start=1):
        _draw(canvas, camera, weather, item, number)
        whole.append(int(np.count_nonzero(canvas.ids == number)))
    seen = np.bincount(canvas.ids.reshape(-1), minlength=len(standing) + 1)[1:]
    return [
        item
        for item, area, visible in zip(standing, whole, seen.tolist(), strict=True)
        if item.name == "tree" or (visible >= _MIN_VISIBLE_PIXELS and visible >= _MIN_VISIBLE_SHARE * area)
    ]


def _draw(canvas: Canvas, camera: Camera, weather: Weather, item: Standing, identity: int) -> None:
    pen = Pen(
        canvas,
        camera,
        (item.x, item.z),
        identity,
        haze=weather.haze(item.z),
        mirrored=item.mirrored,
        size=item.size,
    )
    item.draw(pen, np.random.default_rng(item.seed), weather.sun)


def _paint_background(
    canvas: Canvas,
    camera: Camera,
    weather: Weather,
    street: Street,
    standing: list[Standing],
    rng: np.random.Generator,
) -> None:
    ids = _stuff_ids()
    paint_sky(canvas, camera, weather, ids["sky"], rng)
    paint_ground(canvas, camera, weather, street, ids, rng)
    shadows = [_shadow(camera, weather, item) for item in standing]
    cast_shadows(canvas, shadows, weather, [ids[name] for name in _GROUND])
    paint_skyline(canvas, camera, weather, ids, rng)
    for block in street.blocks:
        paint_block(canvas, camera, weather, block, ids["building"])


def _shadow(camera: Camera, weather: Weather, item: Standing) -> NDArray[np.float64]:
    """Returns the picture of an object's shadow: an ellipse on the ground, drawn away from the sun."""
    width, height = (side * item.size for side in item.spread)
    reach = -weather.sun * height * (0.9 - 0.6 * weather.sun_height)
    turns = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    half_x = 0.56 * width + abs(reach) / 2
    x = item.x + reach / 2 + half_x * np.cos(turns)
    z = item.z + max(0.22 * width, 0.16) * np.sin(turns)
    return np.array(
        [camera.point(float(a), 0.0, max(float(b), 0.5 * camera.nearest)) for a, b in zip(x, z, strict=True)]
    )


def _paint_standing(canvas: Canvas, standing: list[Standing], camera: Camera, weather: Weather) -> dict[int, str]:
    """Paints everything upright from far to near and returns the class of each thing's id."""
    stuff = _stuff_ids()
    numbers: dict[int, str] = {}
    identity = max(stuff.values())
    for item in standing:
        if item.name in stuff:
            _draw(canvas, camera, weather, item, stuff[item.name])
            continue
        identity += 1
        numbers[identity] = item.name
        _draw(canvas, camera, weather, item, identity)
    return numbers
