"""Fates and histories on what the demo network makes of a drawn scene."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from lpsnet.analysis.fates import Fate, count_by_level, fates, ranks
from lpsnet.analysis.pixel_history import history_of_pixel
from lpsnet.assets import demo_checkpoint
from lpsnet.engine.network import load_network
from lpsnet.inspection import Inspection
from lpsnet.scenes import draw_scene
from lpsnet.structures import InspectionSettings
from tests.core.analysis.plain_merge import PlainMerge

CROWDED = InspectionSettings(score_threshold=0.05, overlap_threshold=0.6, stuff_limit=500)
"""More boxes get through than by default, so that more of them meet."""


@pytest.fixture(scope="module")
def inspection() -> Inspection:
    checkpoint = demo_checkpoint()
    if checkpoint is None:
        pytest.skip("the demo network is not here")
    network = load_network(checkpoint=checkpoint, device="cpu")
    scene = draw_scene(2, 288, 384)
    found = Inspection(scene.image, network.categories, run_network=network.run, truth=scene.segmentation)
    found.run(CROWDED)
    return found


@pytest.mark.parametrize("conflict", ["closest", "highest", "smallest"])
def test_pixels_are_told_as_by_a_plain_merge(inspection, conflict):
    inspection.run(replace(CROWDED, conflict=conflict))
    trace, maps, rng = inspection.trace, inspection.borderness_maps(), np.random.default_rng(0)
    plain = PlainMerge(
        inspection.detections,
        inspection.labels,
        isthing=inspection.categories.isthing.tolist(),
        borderness=maps,
        next_stuff=None,
        score_threshold=CROWDED.score_threshold,
        overlap_threshold=CROWDED.overlap_threshold,
        conflict=conflict,
        stuff_limit=CROWDED.stuff_limit,
    )
    pixels = np.argwhere(np.ones_like(plain.contested)), np.argwhere(plain.contested)
    told = contested = 0
    for y, x in np.concatenate([rng.permutation(some)[:100] for some in pixels]).tolist():
        if plain.is_close_call(x, y):
            continue
        events = history_of_pixel(trace, inspection.detections, maps, x, y)
        expected = [(index, step.meaning, step.owner) for index, step in enumerate(plain.steps(x, y)) if step.meaning]
        assert [(event.step, event.kind, event.after) for event in events] == expected
        assert events[-1].after == trace.owners[y, x]
        told, contested = told + 1, contested + any(event.challenger is not None for event in events)
    assert told > 150
    assert contested > 50


def test_every_candidate_has_one_fate_and_every_thing_segment_one_candidate(inspection):
    inspection.run(CROWDED)
    candidates, trace = inspection.candidates, inspection.trace
    found = fates(candidates, trace)
    isthing = inspection.categories.isthing
    assert (found == Fate.KEPT).sum() == sum(isthing[segment.label] for segment in trace.segments)
    assert (found > Fate.CAP).sum() == len(inspection.detections)
    levels = count_by_level(candidates, found, inspection.borderness_maps().scale)
    np.testing.assert_array_equal(sum(level.counts for level in levels), np.bincount(found, minlength=len(Fate)))
    for level in levels:
        maps = next(entry for entry in inspection.borderness_maps().levels if entry.level == level.level)
        assert 0 < level.locations <= maps.values.size
        assert (level.in_range <= level.counts).all()


def test_with_borderness_in_force_the_first_ranks_count_up(inspection):
    inspection.run(CROWDED)
    with_borderness, without = ranks(inspection.candidates)
    assert with_borderness.tolist() == list(range(1, len(inspection.detections) + 1))
    assert sorted(without.tolist()) == with_borderness.tolist()
    assert (without != with_borderness).any()
