"""What stands where in a scene: cars in their lanes, people on pavements, nothing inside anything else."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial

from lpsnet.scenes.arithmetic import between
from lpsnet.scenes.beings import draw_ball, draw_dog, draw_person, draw_rider, draw_sign
from lpsnet.scenes.buildings import Block
from lpsnet.scenes.canvas import Camera, Pen
from lpsnet.scenes.chance import Chance
from lpsnet.scenes.street import Street
from lpsnet.scenes.trees import draw_tree
from lpsnet.scenes.vehicles import View, draw_bicycle, draw_bus, draw_car

__all__ = ["Footprint", "Standing", "choose_camera", "choose_standing"]

_MOST = 200
"""The ids of the canvas are bytes; no street comes near."""
Ground = tuple[float, float, float, float]
"""A rectangle in metres: x from and to, z from and to."""


@dataclass(frozen=True)
class Footprint:
    """The ground that something takes, as seen from its foot, in metres.

    Attributes:
        half_width: to the left and to the right.
        before: towards the camera.
        behind: away from it.
    """

    half_width: float
    before: float
    behind: float


@dataclass(frozen=True)
class Standing:
    """Something upright that stands on the ground.

    Attributes:
        name: its class.
        x: of its foot, in metres.
        z: likewise.
        draw: draws it with a pen, a source of chance and the side of the sun.
        footprint: the ground it takes.
        shadow: width and height in metres of what casts its shadow, before ``size``.
        size: factor on its measures.
        mirrored: whether it looks to the left.
        seed: of its look.
        beams: whether its lamps shine towards us.
        rides: whether it is on top of what was placed just before it.
    """

    name: str
    x: float
    z: float
    draw: Callable[[Pen, Chance, float], None]
    footprint: Footprint
    shadow: tuple[float, float]
    size: float = 1.0
    mirrored: bool = False
    seed: int = 0
    beams: bool = False
    rides: bool = False

    @property
    def ground(self) -> Ground:
        """The ground it takes."""
        reach = self.footprint
        return self.x - reach.half_width, self.x + reach.half_width, self.z - reach.before, self.z + reach.behind


def _meet(first: Ground, second: Ground) -> bool:
    """Returns whether two grounds share a part; bumper to bumper is allowed."""
    return first[0] < second[1] and second[0] < first[1] and first[2] < second[3] and second[2] < first[3]


def choose_camera(height: int, width: int, street: Street, chance: Chance) -> Camera:
    """Draws where the camera stands and looks."""
    # Wide pictures see more to the sides, tall ones more above and below: the focal length goes by the area.
    side = width * math.sqrt(height / width * 4 / 3)
    return Camera(
        focal=chance.uniform(0.78, 1.05) * side,
        x=chance.uniform(-0.75, 0.75) * street.road,
        height=chance.uniform(1.7, 2.9),
        horizon=chance.uniform(0.36, 0.5) * height,
        vanishing_x=chance.uniform(0.32, 0.68) * width,
        bottom=float(height),
    )


def choose_standing(camera: Camera, street: Street, chance: Chance) -> list[Standing]:
    """Draws trees and things, the nearer ones last, so that no two stand inside each other or inside a house."""
    walls = [_ground_of(block) for block in street.blocks]
    taken: list[Standing] = []
    fits = False
    for item in _Planner(camera, street, chance).everything():
        # Who rides comes with what was placed just before, or not at all.
        if not item.rides:
            fits = not any(_meet(item.ground, other) for other in (*walls, *(other.ground for other in taken)))
        if fits and len(taken) < _MOST:
            taken.append(replace(item, seed=chance.seed()))
    # Sorting keeps the order of what is equally far: riders stay in front of what they ride.
    return sorted(taken, key=lambda item: -item.z)


def _ground_of(block: Block) -> Ground:
    x0, x1 = sorted((block.side * block.x, block.side * (block.x + block.width)))
    return x0, x1, block.z0, block.z1


_CAR_END, _CAR_SIDE = Footprint(0.95, 0.1, 4.4), Footprint(2.2, 0.9, 0.9)
_BUS_END, _BUS_SIDE = Footprint(1.32, 0.1, 10.6), Footprint(5.35, 1.3, 1.3)


@dataclass(frozen=True)
class _Planner:
    """Draws where things would like to stand.

    Attributes:
        camera: what it draws for.
        street: likewise.
        chance: source of chance.
    """

    camera: Camera
    street: Street
    chance: Chance

    def everything(self) -> Iterator[Standing]:
        """Draws trees, then groups of things."""
        yield from self._trees()
        kinds: dict[str, tuple[float, Callable[[], Iterator[Standing]]]] = {
            "car": (0.25, self._cars),
            "bus": (0.09, self._buses),
            "person": (0.21, self._people),
            "bicycle": (0.13, self._bicycles),
            "dog": (0.12, self._dog),
            "ball": (0.09, self._ball),
            "sign": (0.11, self._sign),
        }
        weights = [weight for weight, _ in kinds.values()]
        for _ in range(10 + self.chance.below(8)):
            place = kinds[self.chance.pick(tuple(kinds), weights)][1]
            yield from place()

    def _depth(self, low: float, high: float) -> float:
        """Draws a depth so that near and far are equally likely per picture height."""
        low = max(low, 1.12 * self.camera.nearest)
        return between(low, max(high, 1.05 * low), self.chance.random())

    def _side(self) -> int:
        return self.chance.pick((-1, 1))

    def _on_pavement(self) -> float:
        return self._side() * self.chance.uniform(self.street.road + 0.5, self.street.pavement - 0.4)

    def _on_open_ground(self) -> float:
        """Draws a place from lawn to lawn; where houses or water begin at the pavement, it ends there."""
        left, right = (self.street.pavement + (4.0 if kind == "park" else -0.3) for kind in self.street.sides)
        return self.chance.uniform(-left, right)

    def _trees(self) -> Iterator[Standing]:
        chance, street = self.chance, self.street
        places: list[tuple[float, float]] = []
        for side, kind in zip((-1, 1), street.sides, strict=True):
            if kind == "park":
                places += [
                    (side * (street.pavement + chance.uniform(1.2, 22)), between(9, 80, chance.random()))
                    for _ in range(6 + chance.below(10))
                ]
            elif chance.falls(0.55):
                z, gap = chance.uniform(9, 16), chance.uniform(8, 14)
                while z < 90:
                    places.append((side * (street.pavement - 0.5), z))
                    z += gap
        for x, z in places:
            if street.crossing is None or not street.crossing - 2.5 < z < street.crossing + 9:
                size, mirrored = chance.uniform(0.75, 1.35), chance.falls(0.5)
                yield Standing("tree", x, z, draw_tree, Footprint(0.3, 0.3, 0.3), (3.0, 5.0), size, mirrored)

    def _vehicle(self, name: str, foot: tuple[float, float], view: View) -> Standing:
        car, side = name == "car", view == "side"
        draw = partial(draw_car if car else draw_bus, view=view)
        footprint = (_CAR_SIDE if side else _CAR_END) if car else (_BUS_SIDE if side else _BUS_END)
        shadow = ((4.4, 1.45) if side else (1.9, 1.45)) if car else ((10.5, 3.1) if side else (2.6, 3.1))
        mirrored = side and self.chance.falls(0.5)
        return Standing(name, *foot, draw, footprint, shadow, mirrored=mirrored, beams=view == "front")

    def _driving(self, name: str, low: float, high: float) -> Iterator[Standing]:
        """Places a vehicle on the crossing road or in the lane it drives on."""
        street, chance = self.street, self.chance
        if street.crossing is not None and chance.falls(0.4):
            z = street.crossing + chance.pick((1.7, 4.9))
            yield self._vehicle(name, (chance.uniform(-1.1, 1.1) * (street.pavement + 4), z), "side")
            return
        away = chance.falls(0.5)
        x = (1 if away else -1) * street.road / 2 + chance.uniform(-0.3, 0.3)
        yield self._vehicle(name, (x, self._depth(low, high)), "rear" if away else "front")

    def _cars(self) -> Iterator[Standing]:
        """Places a car in traffic, or a row of parked ones at the kerb."""
        if self.chance.falls(0.68):
            yield from self._driving("car", 5.5, 32.0)
            return
        side, z = self._side(), self._depth(6.0, 20.0)
        for _ in range(2 + self.chance.below(2)):
            yield self._vehicle("car", (side * (self.street.road - 1.0), z), "rear" if side > 0 else "front")
            z += self.chance.uniform(5.0, 6.4)

    def _buses(self) -> Iterator[Standing]:
        yield from self._driving("bus", 9.5, 40.0)

    def _person(self, foot: tuple[float, float], size: float) -> Standing:
        return Standing(
            "person", *foot, draw_person, Footprint(0.22, 0.2, 0.2), (0.6, 1.75), size, self.chance.falls(0.5)
        )

    def _people(self) -> Iterator[Standing]:
        """Places one to four people together, mostly on a pavement."""
        chance = self.chance
        x = self._on_pavement() if chance.falls(0.75) else self._on_open_ground()
        z = self._depth(5.0, 17.0)
        for _ in range(chance.pick((1, 2, 3, 4), (0.54, 0.32, 0.11, 0.03))):
            size = chance.uniform(0.62, 0.75) if chance.falls(0.14) else chance.uniform(0.9, 1.08)
            yield self._person((x, z + chance.uniform(-0.5, 0.5)), size)
            x += chance.uniform(0.55, 0.9)

    def _bicycle(self, foot: tuple[float, float], *, mirrored: bool) -> Standing:
        return Standing("bicycle", *foot, draw_bicycle, Footprint(0.9, 0.12, 0.12), (1.75, 1.0), mirrored=mirrored)

    def _bicycles(self) -> Iterator[Standing]:
        """Places a ridden bicycle at the edge of the road, or up to three parked ones on a pavement."""
        chance = self.chance
        if chance.falls(0.5):
            x = self._side() * (self.street.road - chance.uniform(0.5, 1.4))
            foot, mirrored = (x, self._depth(5.5, 16.0)), chance.falls(0.5)
            yield self._bicycle(foot, mirrored=mirrored)
            reach = Footprint(0.3, 0.12, 0.12)
            yield Standing("person", *foot, draw_rider, reach, (0.6, 1.9), mirrored=mirrored, rides=True)
            return
        x, z, gap = self._on_pavement(), self._depth(5.5, 14.0), chance.uniform(0.6, 1.2)
        for number in range(chance.pick((1, 2, 3), (0.5, 0.35, 0.15))):
            yield self._bicycle((x + number * gap, z + 0.3 * number), mirrored=False)

    def _small(self) -> float:
        """Draws where something small is: on pavement or grass, sometimes on the road."""
        return self._on_pavement() if self.chance.falls(0.6) else self._on_open_ground()

    def _dog(self) -> Iterator[Standing]:
        foot, size = (self._small(), self._depth(4.5, 10.5)), self.chance.uniform(0.8, 1.15)
        yield Standing("dog", *foot, draw_dog, Footprint(0.6, 0.2, 0.2), (1.2, 0.9), size, self.chance.falls(0.5))

    def _ball(self) -> Iterator[Standing]:
        foot, size = (self._small(), self._depth(4.0, 8.0)), self.chance.uniform(0.95, 1.5)
        yield Standing("ball", *foot, draw_ball, Footprint(0.25, 0.2, 0.2), (0.45, 0.45), size)

    def _sign(self) -> Iterator[Standing]:
        """Places a sign at the kerb."""
        foot = (self._side() * (self.street.road + 0.45), self._depth(5.5, 18.0))
        size = self.chance.uniform(0.9, 1.1)
        yield Standing("sign", *foot, draw_sign, Footprint(0.1, 0.1, 0.1), (0.3, 2.6), size)
