"""The plan of a scene and its truth, checked thing by thing."""

from __future__ import annotations

import numpy as np
import pytest

from lpsnet.scenes.canvas import Canvas
from lpsnet.scenes.compose import Plan, _paint, draw_silhouette, plan_scene

SEEDS = range(80)


def _grounds(plan: Plan) -> list[tuple[float, float, float, float]]:
    return [item.ground for item in plan.standing if not item.rides]


def _shared_area(a: tuple[float, float, float, float], b: tuple[float, float, float, float]) -> float:
    return max(min(a[1], b[1]) - max(a[0], b[0]), 0) * max(min(a[3], b[3]) - max(a[2], b[2]), 0)


def test_no_two_things_stand_inside_each_other_or_inside_a_house() -> None:
    for seed in SEEDS:
        plan = plan_scene(seed, 96, 128)
        grounds = _grounds(plan)
        for number, ground in enumerate(grounds):
            assert all(_shared_area(ground, other) == 0 for other in grounds[:number])
            for block in plan.street.blocks:
                x0, x1 = sorted((block.side * block.x, block.side * (block.x + block.width)))
                assert _shared_area(ground, (x0, x1, block.z0, block.z1)) == 0


def test_nobody_rides_without_a_bicycle() -> None:
    riders = 0
    for seed in SEEDS:
        plan = plan_scene(seed)
        places = {(item.x, item.z): number for number, item in enumerate(plan.standing) if item.name == "bicycle"}
        for number, item in enumerate(plan.standing):
            if item.rides:
                riders += 1
                assert places[item.x, item.z] < number, "a rider is painted over what is ridden"
    assert riders > 10


@pytest.mark.parametrize(("seed", "size"), [(0, (192, 256)), (4, (192, 256)), (8, (135, 240)), (17, (260, 180))])
def test_every_sample_belongs_to_the_last_silhouette_that_covers_it(seed: int, size: tuple[int, int]) -> None:
    """Each thing is drawn alone, and the silhouettes are laid over each other from far to near."""
    plan = plan_scene(seed, *size)
    canvas = Canvas(*size)
    _paint(canvas, plan)
    covered = np.zeros(canvas.ids.shape, np.uint8)
    for number, identity in enumerate(plan.identities):
        covered[draw_silhouette(plan, number)] = identity
    np.testing.assert_array_equal(canvas.ids[covered > 0], covered[covered > 0])
    things = [identity for identity in plan.identities if identity > 7]
    assert not np.isin(canvas.ids[covered == 0], things).any()
    assert len(things) == len(set(things)) >= 3


def test_every_thing_of_the_plan_can_be_found_in_the_truth() -> None:
    for seed in range(40):
        plan = plan_scene(seed)
        canvas = Canvas(plan.height, plan.width, colored=False)
        _paint(canvas, plan)
        areas = np.bincount(canvas.final_ids().reshape(-1), minlength=256)
        for number, (item, identity) in enumerate(zip(plan.standing, plan.identities, strict=True)):
            if item.name != "tree":
                whole = draw_silhouette(plan, number).sum() / 4
                # The plan was judged at one sample a pixel: a few pixels more or less.
                assert areas[identity] >= 45
                assert areas[identity] >= 0.25 * whole
