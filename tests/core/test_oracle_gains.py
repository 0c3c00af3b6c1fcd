"""What the oracles bring: the figures of four fresh inspections, and nothing of the given one disturbed."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from lpsnet.analysis.gains import OracleGains, OracleResult, biggest_gain, gain_words
from lpsnet.categories import Categories, Category
from lpsnet.inspection import Inspection, MissingNetworkError, MissingTruthError
from lpsnet.metrics.panoptic_quality import MeanQuality, PanopticQuality
from lpsnet.model.cancellation import Cancelled
from lpsnet.model.output import NetworkOutput
from lpsnet.oracle_gains import oracle_gains
from lpsnet.structures import InspectionSettings, PanopticSegmentation
from tests.core.decoding_outputs import blobs, make_output

SIZE = (64, 96)
CATEGORIES = Categories(
    (
        Category(1, "sky", False, (80, 120, 200)),
        Category(2, "person", True, (9, 9, 9)),
        Category(3, "car", True, (1, 1, 1)),
    )
)


def _truth() -> PanopticSegmentation:
    ids = np.full(SIZE, 1, np.int32)
    ids[16:48, 8:40] = 2
    ids[16:48, 40:72] = 3
    return PanopticSegmentation.from_ids(ids, {1: 0, 2: 1, 3: 2})


def _network(image: np.ndarray) -> NetworkOutput:
    output = make_output(blobs(3, (16, 24), seed=5), SIZE, fill_ltrb=14.0)
    noisy = tuple(torch.randn(m.shape, generator=torch.Generator().manual_seed(1)) for m in output.borderness_logits)
    return replace(output, borderness_logits=noisy)


def _inspection(**options: object) -> Inspection:
    settings = InspectionSettings(stuff_limit=0, score_threshold=0.1)
    return Inspection(
        np.zeros((*SIZE, 3), np.uint8),
        CATEGORIES,
        settings=settings,
        **({"truth": _truth(), "run_network": _network} | options),  # type: ignore[arg-type]
    )


@pytest.mark.parametrize("areas", [None, {2: 900.0}])
def test_each_result_equals_that_of_a_fresh_inspection(areas: dict[int, float] | None) -> None:
    inspection = _inspection(truth_areas=areas)
    inspection.run(replace(inspection.settings, semantic_oracle=True))
    gains = oracle_gains(inspection)
    for result in gains.results:
        fresh = _inspection(truth_areas=areas)
        fresh.run(replace(fresh.settings, semantic_oracle=result.semantic_oracle, box_oracle=result.box_oracle))
        assert fresh.quality is not None
        quality = PanopticQuality(fresh.quality.counts, CATEGORIES)
        assert (result.all, result.things, result.stuff) == (quality.all, quality.things, quality.stuff)
    assert [r.name for r in gains.results] == ["network alone", "true semantics", "true boxes", "both true"]
    assert gains.both.all.pq > gains.as_it_is.all.pq


def test_the_given_inspection_is_not_disturbed() -> None:
    inspection = _inspection()
    inspection.run()
    before = (inspection.settings, inspection.labels, inspection.trace, inspection.detections, inspection.quality)
    oracle_gains(inspection)
    after = (inspection.settings, inspection.labels, inspection.trace, inspection.detections, inspection.quality)
    assert all(a is b for a, b in zip(before, after, strict=True))
    assert not any(result.ran for result in inspection.run())


def test_the_network_runs_no_second_time() -> None:
    runs = []

    def counted(image: np.ndarray) -> NetworkOutput:
        runs.append(1)
        return _network(image)

    inspection = _inspection(run_network=counted)
    inspection.run()
    oracle_gains(inspection)
    assert len(runs) == 1


def test_it_stops_between_results() -> None:
    inspection = _inspection()
    inspection.run()
    asked = iter([False, False, True])
    with pytest.raises(Cancelled):
        oracle_gains(inspection, should_stop=lambda: next(asked))
    assert next(asked, None) is None


def test_it_needs_truth_and_output() -> None:
    without_truth = _inspection(truth=None)
    without_truth.run()
    with pytest.raises(MissingTruthError, match="this image has none"):
        oracle_gains(without_truth)
    with pytest.raises(MissingNetworkError, match="has not run"):
        oracle_gains(_inspection())


def _gains(as_it_is: float, semantics: float, boxes: float, both: float) -> OracleGains:
    def result(pq: float, semantic: bool, box: bool) -> OracleResult:
        mean = MeanQuality(pq, pq, pq, 1)
        return OracleResult(semantic, box, mean, mean, mean)

    return OracleGains(
        result(as_it_is, False, False),
        result(semantics, True, False),
        result(boxes, False, True),
        result(both, True, True),
    )


@pytest.mark.parametrize(
    ("figures", "words"),
    [
        (
            (0.5, 0.642, 0.511, 0.9),
            "Of the two inputs, semantics would help most: true semantics +14.2, true boxes +1.1",
        ),
        ((0.5, 0.49, 0.6, 0.9), "Of the two inputs, boxes would help most: true semantics −1.0, true boxes +10.0"),
        ((0.5, 0.6, 0.6, 0.9), "Semantics and boxes would help alike: true semantics +10.0, true boxes +10.0"),
        ((0.5, 0.5, 0.4, 0.9), "Only semantics and boxes together would help: true semantics ±0.0, true boxes −10.0"),
    ],
)
def test_the_biggest_gain_in_words(figures: tuple[float, float, float, float], words: str) -> None:
    assert biggest_gain(_gains(*figures), InspectionSettings()) == f"{words}, both +40.0 PQ."


def test_a_perfect_image_needs_no_help() -> None:
    neither = "Neither true semantics nor true boxes would help this image"
    words = biggest_gain(_gains(1, 1, 1, 1), InspectionSettings())
    assert words == f"{neither}: true semantics ±0.0, true boxes ±0.0, both ±0.0 PQ."


def test_an_image_without_any_class_gains_nothing() -> None:
    gains = _gains(math.nan, math.nan, math.nan, math.nan)
    assert [gains.gain(result) for result in gains.results] == [0, 0, 0, 0]
    assert gain_words(0.00049) == "±0.0"


@pytest.mark.parametrize(
    ("semantic_oracle", "box_oracle", "now", "sentence"),
    [
        (True, False, 0.6, "Semantics are the ground truth's already; true boxes on top would bring +30.0 PQ."),
        (False, True, 0.5, "Boxes are the ground truth's already; true semantics on top would bring +40.0 PQ."),
        (True, True, 0.9, "Semantics and boxes are the ground truth's already: what is left is the panoptic head's."),
    ],
)
def test_an_oracle_that_is_on_is_not_said_to_help(
    semantic_oracle: bool, box_oracle: bool, now: float, sentence: str
) -> None:
    gains = _gains(0.4, 0.6, 0.5, 0.9)
    settings = InspectionSettings(semantic_oracle=semantic_oracle, box_oracle=box_oracle)
    assert biggest_gain(gains, settings) == sentence
    assert gains.in_force(settings).all.pq == now
    names = [gains.name_now(result, settings) for result in gains.results]
    assert names[0] == "network alone"
    assert [name.endswith(" (now)") for name in names] == [result.all.pq == now for result in gains.results]
