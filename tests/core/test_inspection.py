"""The staged pipeline: what reruns, what does not, and what it refuses."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from lpsnet.categories import Categories, Category
from lpsnet.inspection import Inspection, MissingNetworkError, MissingTruthError, oracle_detections
from lpsnet.model.output import NetworkOutput
from lpsnet.structures import InspectionSettings, PanopticSegmentation, Segment, Stage

CATEGORIES = Categories(
    (
        Category(1, "sky", False, (80, 120, 200)),
        Category(2, "person", True, (220, 20, 60)),
        Category(3, "car", True, (0, 0, 142)),
    )
)
SIZE = (64, 96)


def _truth() -> PanopticSegmentation:
    ids = np.full(SIZE, 1, np.int32)
    ids[16:48, 8:40] = 2
    ids[16:48, 40:72] = 3
    ids[0:8, 80:96] = 4
    ids[56:, :] = 0
    return PanopticSegmentation(
        ids,
        (
            Segment(1, 0, int((ids == 1).sum()), (0, 0, 96, 56)),
            Segment(2, 1, 1024, (8, 16, 40, 48)),
            Segment(3, 1, 1024, (40, 16, 72, 48)),
            Segment(4, 2, 128, (80, 0, 96, 8), iscrowd=True),
        ),
    )


class _CountedNetwork:
    """A network whose output is drawn from a seed, and that remembers how often it ran."""

    def __init__(self) -> None:
        self.runs = 0

    def __call__(self, image: np.ndarray) -> NetworkOutput:
        self.runs += 1
        generator = torch.Generator().manual_seed(3)
        strides, sizes = (8, 16, 32), ((8, 12), (4, 6), (2, 3))
        return NetworkOutput(
            ltrb=tuple(8 * torch.rand((1, 4, *s), generator=generator) + 8 for s in sizes),
            borderness_logits=tuple(torch.randn((1, 1, *s), generator=generator) for s in sizes),
            semantic_logits=3 * torch.randn((1, 3, 16, 24), generator=generator),
            strides=strides,
            levels=(3, 4, 5),
            image_sizes=(SIZE,),
            padded_size=SIZE,
        )


@pytest.fixture
def network() -> _CountedNetwork:
    return _CountedNetwork()


@pytest.fixture
def inspection(network: _CountedNetwork) -> Inspection:
    image = np.zeros((*SIZE, 3), np.uint8)
    return Inspection(
        image, CATEGORIES, run_network=network, truth=_truth(), settings=InspectionSettings(stuff_limit=0)
    )


def _ran(inspection: Inspection, **changes: object) -> list[Stage]:
    return [r.stage for r in inspection.run(replace(inspection.settings, **changes)) if r.ran]  # type: ignore[arg-type]


def test_the_first_run_computes_every_stage(inspection: Inspection) -> None:
    assert inspection.missing_stages(inspection.settings) == set(Stage)
    assert _ran(inspection) == list(Stage)
    assert inspection.missing_stages(inspection.settings) == set()
    assert _ran(inspection) == []


@pytest.mark.parametrize(
    ("change", "reruns"),
    [
        ({"overlap_threshold": 0.6}, [Stage.MERGE, Stage.QUALITY]),
        ({"conflict": "smallest"}, [Stage.MERGE, Stage.QUALITY]),
        ({"score_threshold": 0.0}, [Stage.MERGE, Stage.QUALITY]),
        ({"stuff_limit": 9}, [Stage.MERGE, Stage.QUALITY]),
        ({"leftovers": "next_stuff"}, [Stage.MERGE, Stage.QUALITY]),
        ({"nms_iou": 0.3}, [Stage.DETECTIONS, Stage.MERGE, Stage.QUALITY]),
        ({"use_borderness": False}, [Stage.DETECTIONS, Stage.MERGE, Stage.QUALITY]),
        ({"box_oracle": True}, [Stage.DETECTIONS, Stage.MERGE, Stage.QUALITY]),
        ({"semantic_oracle": True}, [Stage.SEMANTICS, Stage.DETECTIONS, Stage.MERGE, Stage.QUALITY]),
    ],
)
def test_a_setting_reruns_its_stage_and_those_after_it(
    inspection: Inspection, network: _CountedNetwork, change: dict[str, object], reruns: list[Stage]
) -> None:
    inspection.run()
    assert inspection.missing_stages(replace(inspection.settings, **change)) == set(reruns)  # type: ignore[arg-type]
    assert _ran(inspection, **change) == reruns
    assert network.runs == 1


@pytest.mark.parametrize("change", [{"conflict": "highest"}, {"nms_iou": 0.4}, {"semantic_oracle": True}])
def test_a_staged_result_equals_a_fresh_one(inspection: Inspection, change: dict[str, object]) -> None:
    inspection.run()
    inspection.run(replace(inspection.settings, overlap_threshold=0.9, score_threshold=0.0))
    settings = replace(inspection.settings, **change)  # type: ignore[arg-type]
    inspection.run(settings)
    fresh = Inspection(inspection.image, CATEGORIES, run_network=_CountedNetwork(), truth=_truth(), settings=settings)
    fresh.run()
    np.testing.assert_array_equal(inspection.trace.owners, fresh.trace.owners)
    np.testing.assert_array_equal(inspection.labels, fresh.labels)
    np.testing.assert_array_equal(inspection.detections.boxes, fresh.detections.boxes)


def test_both_oracles_never_run_the_network(inspection: Inspection, network: _CountedNetwork) -> None:
    ran = _ran(inspection, semantic_oracle=True, box_oracle=True)
    assert Stage.NETWORK not in ran
    assert network.runs == 0
    assert inspection.candidates is None
    np.testing.assert_array_equal(inspection.trace.segmentation().ids > 0, np.isin(_truth().ids, (1, 2, 3)))
    assert inspection.quality is not None


def test_the_border_ness_of_the_oracle_concerns_the_merge_alone(inspection: Inspection) -> None:
    inspection.run(replace(inspection.settings, semantic_oracle=True, box_oracle=True))
    assert _ran(inspection, oracle_borderness="box") == [Stage.MERGE, Stage.QUALITY]


def test_truth_knows_no_second_choice_and_the_trace_says_so(inspection: Inspection) -> None:
    inspection.run(replace(inspection.settings, semantic_oracle=True, box_oracle=True, leftovers="next_stuff"))
    assert any("next-best" in note for note in inspection.trace.notes)


def test_stages_behind_the_last_one_asked_for_do_not_run(inspection: Inspection) -> None:
    assert [r.stage for r in inspection.run(through=Stage.MERGE)] == list(Stage)[:-1]
    assert inspection.quality is None
    assert _ran(inspection) == [Stage.QUALITY]


@pytest.mark.parametrize("conflict", ["highest", "smallest"])
def test_border_ness_that_no_rule_reads_cannot_spoil_a_merge(conflict: str) -> None:
    def broken(image: np.ndarray) -> NetworkOutput:
        output = _CountedNetwork()(image)
        logits = (output.borderness_logits[0].fill_(float("nan")), *output.borderness_logits[1:])
        return replace(output, borderness_logits=logits)

    settings = InspectionSettings(box_oracle=True, conflict=conflict, stuff_limit=0)  # type: ignore[arg-type]
    image = np.zeros((*SIZE, 3), np.uint8)
    Inspection(image, CATEGORIES, run_network=broken, truth=_truth(), settings=settings).run()


def test_oracle_boxes_leave_crowds_and_stuff_out() -> None:
    found = oracle_detections(_truth(), CATEGORIES)
    assert found.boxes.tolist() == [[8, 16, 40, 48], [40, 16, 72, 48]]
    assert found.labels.tolist() == [1, 1]
    assert found.scores.tolist() == [1, 1]


def test_an_output_computed_elsewhere_replaces_the_old_one(inspection: Inspection, network: _CountedNetwork) -> None:
    inspection.run()
    inspection.adopt_output(network(inspection.image), seconds=1.5)
    results = inspection.run()
    assert [r.stage for r in results if r.ran] == list(Stage)[1:]
    assert results[0].seconds == 1.5


def test_a_failure_keeps_what_was_done_before(inspection: Inspection, network: _CountedNetwork) -> None:
    inspection.run()
    boxed = inspection.trace
    with pytest.raises(ValueError, match="overlap_threshold"):
        inspection.run(replace(inspection.settings, overlap_threshold=2.0))
    assert inspection.trace is boxed
    assert network.runs == 1


def test_without_a_network_it_says_what_to_do() -> None:
    alone = Inspection(np.zeros((*SIZE, 3), np.uint8), CATEGORIES)
    with pytest.raises(MissingNetworkError, match="load one"):
        alone.run()


def test_an_oracle_without_truth_is_refused_and_changes_nothing(network: _CountedNetwork) -> None:
    alone = Inspection(np.zeros((*SIZE, 3), np.uint8), CATEGORIES, run_network=network)
    alone.run()
    before = alone.settings
    with pytest.raises(MissingTruthError, match="ground truth"):
        alone.run(InspectionSettings(box_oracle=True))
    assert alone.settings is before
    assert alone.quality is None


def test_truth_of_another_size_is_refused() -> None:
    with pytest.raises(ValueError, match="96×64"):
        Inspection(np.zeros((10, 20, 3), np.uint8), CATEGORIES, truth=_truth())


def test_without_truth_there_is_no_quality_stage(network: _CountedNetwork) -> None:
    alone = Inspection(np.zeros((*SIZE, 3), np.uint8), CATEGORIES, run_network=network)
    assert [r.stage for r in alone.run()] == list(Stage)[:-1]
    assert alone.missing_stages(alone.settings) == set()
