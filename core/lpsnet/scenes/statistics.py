"""How hard the drawn scenes are: how many things they hold, how small these are, and how often they overlap."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain, combinations
from statistics import median

import numpy as np

from lpsnet.processes import called_by_many
from lpsnet.scenes.compose import Plan, draw_silhouette, draw_truth, plan_scene, scene_categories
from lpsnet.structures import Segment

__all__ = ["SMALL_AREA", "SceneStatistics", "measure_scenes"]

SMALL_AREA = 32 * 32
"""What COCO calls small: an area under 32² pixels."""
_HEAVY = 0.1
"""Boxes that overlap by more than this, as intersection over union, are said to overlap heavily."""


@dataclass(frozen=True, slots=True)
class SceneStatistics:
    """Figures over some scenes. Areas and boxes are those of visible pixels; shares are of all things, 0 … 1.

    Attributes:
        scenes: number of scenes.
        things: number of things in all of them.
        median_things: median number of things in a scene.
        small_share: things with a visible area under 32² pixels.
        overlapping_share: things whose box intersects the box of another thing of their class. This is what makes them
            hard for a network that segments with boxes: the pixels there are its class's in both boxes.
        heavily_overlapping_share: things whose box does so with an intersection over union of more than 0.1.
        silhouettes_overlapping_share: things whose silhouette, drawn as if nothing stood before it, shares a pixel with
            the silhouette of another thing of their class: one of the two hides a part of the other.
    """

    scenes: int
    things: int
    median_things: float
    small_share: float
    overlapping_share: float
    heavily_overlapping_share: float
    silhouettes_overlapping_share: float


@dataclass(frozen=True, slots=True)
class _Thing:
    """One thing of a scene, as the statistics see it."""

    small: bool
    overlapping: bool
    heavily: bool
    silhouette: bool


def measure_scenes(
    seeds: Sequence[int],
    height: int = 384,
    width: int = 512,
    *,
    processes: int = 1,
    progress: Callable[[], None] = lambda: None,
) -> SceneStatistics:
    """Measures how hard some scenes are; the weather plays no part, for it leaves the truth as it is.

    Args:
        seeds: of the scenes, one or more.
        height: of the scenes, in pixels.
        width: likewise.
        processes: how many draw at once.
        progress: called after every scene.

    Raises:
        ValueError: if there is no seed, or as :func:`~lpsnet.scenes.draw_scene` does.
    """
    if not seeds:
        raise ValueError("statistics need one scene or more")
    counts: list[int] = []
    things: list[_Thing] = []
    for found in called_by_many(partial(_measure_scene, height=height, width=width), seeds, processes):
        counts.append(len(found))
        things += found
        progress()

    def share(holds: Callable[[_Thing], bool]) -> float:
        return sum(map(holds, things)) / max(len(things), 1)

    return SceneStatistics(
        scenes=len(counts),
        things=len(things),
        median_things=float(median(counts)),
        small_share=share(lambda thing: thing.small),
        overlapping_share=share(lambda thing: thing.overlapping),
        heavily_overlapping_share=share(lambda thing: thing.heavily),
        silhouettes_overlapping_share=share(lambda thing: thing.silhouette),
    )


def _measure_scene(seed: int, height: int, width: int) -> list[_Thing]:
    segments = draw_truth(seed, height, width).segments
    isthing = scene_categories().isthing
    things = [segment for segment in segments if isthing[segment.label]]
    touching = _pairs(things, lambda one, other: _box_iou(one, other) > 0)
    heavily = _pairs(things, lambda one, other: _box_iou(one, other) > _HEAVY)
    hidden = _overlapping_silhouettes(plan_scene(seed, height, width))
    return [
        _Thing(thing.area < SMALL_AREA, thing.id in touching, thing.id in heavily, thing.id in hidden)
        for thing in things
    ]


def _pairs(things: Sequence[Segment], related: Callable[[Segment, Segment], bool]) -> set[int]:
    """Returns the ids of things that are related to another one of their class."""
    pairs = (pair for pair in combinations(things, 2) if pair[0].label == pair[1].label and related(*pair))
    return {thing.id for thing in chain.from_iterable(pairs)}


def _box_iou(one: Segment, other: Segment) -> float:
    """Returns the intersection over union of two half-open boxes."""
    (ax0, ay0, ax1, ay1), (bx0, by0, bx1, by1) = one.box, other.box
    width, height = min(ax1, bx1) - max(ax0, bx0), min(ay1, by1) - max(ay0, by0)
    if width <= 0 or height <= 0:
        return 0.0
    shared = width * height
    return shared / ((ax1 - ax0) * (ay1 - ay0) + (bx1 - bx0) * (by1 - by0) - shared)


def _overlapping_silhouettes(plan: Plan) -> set[int]:
    """Returns the ids of things whose whole silhouette shares a sample with another one's of their class."""
    drawn = {
        identity: (item.name, draw_silhouette(plan, number))
        for number, (item, identity) in enumerate(zip(plan.standing, plan.identities, strict=True))
        if item.name != "tree"
    }
    found: set[int] = set()
    for (one, (name, first)), (other, (other_name, second)) in combinations(drawn.items(), 2):
        if name == other_name and bool(np.any(first & second)):
            found |= {one, other}
    return found
