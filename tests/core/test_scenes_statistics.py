"""How hard the scenes are, and that the figures mean what they say."""

from __future__ import annotations

import numpy as np
import pytest

from lpsnet.scenes import draw_scene, scene_categories
from lpsnet.scenes.statistics import SceneStatistics, measure_scenes


def _check(found: SceneStatistics, slack: float) -> None:
    assert found.median_things >= 8
    assert found.small_share >= 0.20 - slack
    assert found.overlapping_share >= 0.30 - slack
    assert found.heavily_overlapping_share <= found.overlapping_share
    # Not silly either: most things are large enough, and apart enough, to be told.
    assert found.median_things <= 14
    assert found.small_share <= 0.5
    assert found.overlapping_share <= 0.5


def test_sixty_scenes_are_hard_enough_to_mean_something() -> None:
    _check(measure_scenes(range(60)), slack=0.04)


@pytest.mark.slow
def test_a_thousand_scenes_are_hard_enough_to_mean_something() -> None:
    found = measure_scenes(range(1000), processes=2)
    assert found.scenes == 1000
    _check(found, slack=0)
    assert found.silhouettes_overlapping_share >= 0.30


def test_figures_are_those_of_the_pictures_counted_by_brute_force() -> None:
    seeds = (3, 4, 7)
    counts, small, touching, heavily = [], 0, 0, 0
    for seed in seeds:
        segmentation = draw_scene(seed, 192, 256).segmentation
        things = [each for each in segmentation.segments if scene_categories()[each.label].isthing]
        counts.append(len(things))
        boxes = {}
        for thing in things:
            mask = segmentation.ids == thing.id
            small += int(mask.sum()) < 1024
            box = np.zeros_like(mask)
            box[mask.any(axis=1).nonzero()[0].min() : mask.any(axis=1).nonzero()[0].max() + 1] = True
            box[:, : mask.any(axis=0).nonzero()[0].min()] = False
            box[:, mask.any(axis=0).nonzero()[0].max() + 1 :] = False
            boxes[thing.id] = box
        for one in things:
            ious = [
                (boxes[one.id] & boxes[other.id]).sum() / (boxes[one.id] | boxes[other.id]).sum()
                for other in things
                if other.id != one.id and other.label == one.label
            ]
            touching += max(ious, default=0) > 0
            heavily += max(ious, default=0) > 0.1
    found = measure_scenes(seeds, 192, 256)
    assert (found.scenes, found.things, found.median_things) == (3, sum(counts), float(np.median(counts)))
    assert found.small_share == pytest.approx(small / sum(counts))
    assert found.overlapping_share == pytest.approx(touching / sum(counts))
    assert found.heavily_overlapping_share == pytest.approx(heavily / sum(counts))
    assert 0 < heavily < touching < sum(counts)


def test_several_processes_find_the_same() -> None:
    told: list[None] = []
    found = measure_scenes(range(12), 96, 128, processes=2, progress=lambda: told.append(None))
    assert found == measure_scenes(range(12), 96, 128)
    assert len(told) == 12


def test_no_scene_has_no_figures() -> None:
    with pytest.raises(ValueError, match="one scene or more"):
        measure_scenes([])
