"""Where true segments were lost: one hand-made scene a stage, and the demo network on drawn scenes."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from lpsnet.analysis.errors import Kind, judge_segments
from lpsnet.analysis.fates import Fate, fates
from lpsnet.analysis.lost_where import Loss, LostAt, lost_where
from lpsnet.assets import demo_checkpoint
from lpsnet.categories import Categories, Category
from lpsnet.engine.network import load_network
from lpsnet.formats.coco_panoptic import read_coco_panoptic
from lpsnet.inspection import Inspection, oracle_detections
from lpsnet.metrics.panoptic_quality import image_quality
from lpsnet.panoptic_head import merge
from lpsnet.scenes import draw_scene
from lpsnet.structures import Candidates, Detections, DropStage, InspectionSettings, PanopticSegmentation

CATEGORIES = Categories(
    (
        Category(1, "road", False, (128, 64, 128)),
        Category(2, "person", True, (220, 20, 60)),
        Category(3, "car", True, (0, 0, 142)),
        Category(4, "grass", False, (0, 142, 0)),
    )
)
ROAD, PERSON, CAR, GRASS = range(4)
SETTINGS = InspectionSettings(stuff_limit=0, conflict="highest")
Box = tuple[int, int, int, int]


@dataclass(frozen=True)
class Row:
    """One candidate."""

    box: Box
    score: float = 0.9
    label: int = PERSON
    dropped_at: DropStage = DropStage.NONE
    suppressed_by: int = -1
    iou: float = 0.0


def candidates(*rows: Row) -> Candidates:
    boxes = np.array([row.box for row in rows], np.float32).reshape(-1, 4)
    scores = np.array([row.score for row in rows], np.float32)
    return Candidates(
        boxes=boxes,
        labels=np.array([row.label for row in rows], np.int32),
        scores=scores,
        class_scores=scores,
        borderness=np.ones_like(scores),
        level=np.full(len(rows), 4, np.uint8),
        location=(boxes[:, :2] + boxes[:, 2:]) / 2,
        dropped_at=np.array([row.dropped_at for row in rows], np.uint8),
        suppressed_by=np.array([row.suppressed_by for row in rows], np.int32),
        iou=np.array([row.iou for row in rows], np.float32),
    )


def painted(*areas: tuple[Box, int], size: tuple[int, int] = (40, 100)) -> np.ndarray:
    """A map that is 0 but for some boxes, later ones over earlier ones."""
    canvas = np.zeros(size, np.int32)
    for (x0, y0, x1, y1), value in areas:
        canvas[y0:y1, x0:x1] = value
    return canvas


def truth_of(*areas: tuple[Box, int, int]) -> PanopticSegmentation:
    """Road with id 1 everywhere, and segments (box, id, label) on it."""
    ids = painted(*((box, identity - 1) for box, identity, _ in areas)) + 1
    return PanopticSegmentation.from_ids(ids, {1: ROAD, **{identity: label for _, identity, label in areas}})


def losses(
    truth: PanopticSegmentation,
    found: Candidates | None,
    labels: np.ndarray | None = None,
    settings: InspectionSettings = SETTINGS,
    detections: Detections | None = None,
) -> dict[int, Loss]:
    """Merges, judges and returns the losses by true id."""
    labels = truth.labels(len(CATEGORIES)) if labels is None else labels.astype(np.uint8)
    detections = found.detections() if found is not None else detections
    assert detections is not None
    trace = merge(
        detections,
        labels,
        isthing=CATEGORIES.isthing,
        score_threshold=settings.score_threshold,
        overlap_threshold=settings.overlap_threshold,
        conflict="highest",
        stuff_limit=settings.stuff_limit,
    )
    result = trace.segmentation()
    rows = judge_segments(result, truth, CATEGORIES, image_quality(result, truth, len(CATEGORIES)))
    found_losses = lost_where(
        rows,
        truth,
        CATEGORIES,
        labels=labels,
        detections=detections,
        candidates=found,
        trace=trace,
        settings=settings,
    )
    assert [loss.truth for loss in found_losses] == [row.truth for row in rows if row.kind is Kind.FN]
    return {loss.truth: loss for loss in found_losses}


ONE_PERSON = truth_of(((10, 10, 30, 30), 2, PERSON))
RIGHT, FAIR, FAR = (10, 10, 30, 30), (10, 10, 30, 26), (60, 10, 80, 30)


def test_what_is_found_is_not_lost() -> None:
    assert losses(ONE_PERSON, candidates(Row(RIGHT))) == {}


def test_no_box_around_it() -> None:
    loss = losses(ONE_PERSON, candidates(Row((10, 10, 20, 20)), Row(FAR, label=CAR)))[2]
    assert (loss.at, loss.candidate, loss.box_iou) == (LostAt.BOX, -1, 0.25)
    assert loss.words == "no candidate within IoU 0.50, the closest has 0.25: the box head missed it"
    assert (loss.area, loss.center, loss.labelled) == (400, (20.0, 20.0), 1.0)


@pytest.mark.parametrize("found", [candidates(), candidates(Row(FAR))], ids=["none at all", "elsewhere"])
def test_no_box_near_it(found: Candidates) -> None:
    loss = losses(ONE_PERSON, found)[2]
    assert loss.at is LostAt.BOX
    assert loss.words == "no candidate of class person touches it: the box head missed it"


def test_boxes_of_another_class_alone() -> None:
    found = candidates(Row(FAIR, label=CAR), Row(RIGHT, 0.03, CAR, DropStage.SCORE))
    loss = losses(ONE_PERSON, found)[2]
    assert loss.at is LostAt.CLASS
    assert (
        loss.words
        == "a box fits, IoU 0.80, but car is what the box is taken for; 100 % of its pixels are labelled person"
    )
    loss = losses(ONE_PERSON, candidates(Row(RIGHT, 0.03, CAR, DropStage.SCORE)), painted((FAIR, PERSON)))[2]
    assert (
        loss.words
        == "a box fits, IoU 1.00, but car is likeliest, but not likely; 80 % of its pixels are labelled person"
    )


@pytest.mark.parametrize(
    ("rows", "at", "words"),
    [
        (
            (Row(FAIR, 0.049, dropped_at=DropStage.SCORE),),
            LostAt.SCORE,
            "best candidate IoU 0.80, its class probability 0.049 does not exceed the class threshold 0.050",
        ),
        (
            (Row(FAR, 0.304), Row(FAIR, 0.3, dropped_at=DropStage.TOP_K)),
            LostAt.TOP_K,
            "best candidate IoU 0.80, not among the best 1,000 of P4: it scores 0.300, the last of them 0.304",
        ),
        (
            (Row((0, 0, 60, 40), 0.95), Row(FAIR, 0.7, dropped_at=DropStage.NMS, suppressed_by=0, iou=0.71)),
            LostAt.NMS,
            "best candidate IoU 0.80, suppressed by NMS: IoU 0.71 > 0.60 with a person of score 0.95",
        ),
        (
            (Row(FAR, 0.35), Row(FAIR, 0.3, dropped_at=DropStage.CAP), Row(FAR, 0.4)),
            LostAt.CAP,
            "best candidate IoU 0.80, not among the best 100 detections: it scores 0.30, the last of them 0.35",
        ),
        ((Row(FAIR, 0.12),), LostAt.THRESHOLD, "below the score threshold: best candidate scores 0.12 < 0.18"),
    ],
    ids=lambda value: value.value if isinstance(value, LostAt) else "",
)
def test_each_way_to_drop_a_box(rows: tuple[Row, ...], at: LostAt, words: str) -> None:
    # The person that suppresses lies on another one, so that it does not find this one.
    truth = truth_of(((0, 0, 60, 40), 3, PERSON), (RIGHT, 2, PERSON))
    loss = losses(truth, candidates(*rows), settings=replace(SETTINGS, score_threshold=0.18))[2]
    assert (loss.at, loss.words, loss.candidate) == (at, words, [row.box for row in rows].index(FAIR))
    assert loss.box_iou == pytest.approx(0.8)
    assert loss.mask_iou == pytest.approx(0.8)


def test_the_candidate_that_came_furthest_tells() -> None:
    rows = (
        Row(RIGHT, 0.6, dropped_at=DropStage.NMS, suppressed_by=1, iou=0.8),
        Row(FAIR, 0.15),
        Row(RIGHT, 0.04, dropped_at=DropStage.SCORE),
    )
    loss = losses(ONE_PERSON, candidates(*rows))[2]
    assert (loss.at, loss.candidate) == (LostAt.THRESHOLD, 1)


def test_a_box_that_could_not_match_tells_less_than_one_that_could() -> None:
    truth = truth_of(((10, 10, 30, 30), 2, PERSON), ((30, 10, 50, 30), 3, PERSON))
    wide = Row((10, 10, 50, 30), 0.9)
    loss = losses(truth, candidates(wide, Row(RIGHT, 0.8, dropped_at=DropStage.NMS, suppressed_by=0, iou=0.65)))[2]
    assert (loss.at, loss.candidate, loss.mask_iou) == (LostAt.NMS, 1, 1.0)
    assert losses(truth, candidates(wide))[2].at is LostAt.BOX_SIDES


def test_a_mask_that_would_not_have_matched_is_said_so() -> None:
    labels = painted(((10, 10, 18, 30), PERSON))
    loss = losses(ONE_PERSON, candidates(Row(RIGHT, 0.1)), labels)[2]
    assert loss.at is LostAt.THRESHOLD
    assert loss.words.endswith("0.10 < 0.20; even if kept, its mask would reach an IoU of 0.40 only")


def test_discarded_by_the_overlap_rule() -> None:
    truth = truth_of(((10, 10, 30, 30), 2, PERSON), ((30, 10, 50, 30), 3, PERSON))
    found = candidates(Row((20, 10, 50, 30), 0.9), Row(RIGHT, 0.8))
    loss = losses(truth, found)[2]
    assert (loss.at, loss.candidate) == (LostAt.OVERLAP, 1)
    assert loss.words == "discarded by the overlap rule: 50 % > 30 % of its mask was taken"


def test_no_pixel_of_its_class_in_its_box() -> None:
    loss = losses(ONE_PERSON, candidates(Row(RIGHT)), painted())[2]
    assert loss.at is LostAt.SEMANTICS
    assert loss.words == "its box was kept to the end, IoU 1.00, but no pixel in it is labelled person"
    assert loss.labelled == 0


def test_too_few_pixels_of_its_class_in_its_box() -> None:
    loss = losses(ONE_PERSON, candidates(Row(RIGHT)), painted(((10, 10, 18, 30), PERSON)))[2]
    assert loss.at is LostAt.SEMANTICS
    assert loss.words == (
        "its box was kept, but 40 % of its pixels are labelled person: IoU 0.40, with true labels 1.00"
    )


def test_its_box_cuts_it() -> None:
    truth = truth_of(((10, 10, 50, 30), 2, PERSON))
    loss = losses(truth, candidates(Row((10, 10, 30, 30))), painted(((10, 10, 50, 28), PERSON)))[2]
    assert loss.at is LostAt.BOX_SIDES
    assert loss.words == "its box was kept, but is off, IoU 0.50: mask IoU 0.45, with the true box 0.90"


def test_neighbours_of_its_class_fill_its_box() -> None:
    truth = truth_of((RIGHT, 2, PERSON), ((12, 10, 22, 30), 3, PERSON))
    loss = losses(truth, candidates(Row(RIGHT)))[2]
    assert loss.at is LostAt.NEIGHBOURS
    assert loss.words == (
        "others of class person fill its box: IoU 0.50, even its true box with true labels reaches 0.50 only"
    )


def test_rivals_hold_its_pixels() -> None:
    truth = truth_of(((10, 10, 30, 30), 2, PERSON), ((30, 10, 50, 30), 3, PERSON))
    found = candidates(Row((18, 10, 50, 30), 0.9), Row(RIGHT, 0.8))
    loss = losses(truth, found, settings=replace(SETTINGS, overlap_threshold=0.7))[2]
    assert loss.at is LostAt.CONTEST
    assert loss.words == "other boxes of class person hold its pixels: IoU 0.40, alone it had 1.00"


def test_all_its_pixels_taken_after_it_was_kept() -> None:
    truth = truth_of(((10, 10, 30, 30), 2, PERSON), ((30, 10, 50, 30), 3, PERSON))
    found = candidates(Row((10, 10, 50, 30), 0.9), Row(RIGHT, 0.8))
    loss = losses(truth, found, settings=replace(SETTINGS, overlap_threshold=1.0))[2]
    assert (loss.at, loss.candidate) == (LostAt.CONTEST, 1)


def test_a_box_that_found_another_person_is_no_evidence_for_this_one() -> None:
    inner = (12, 12, 28, 28)
    truth = truth_of((RIGHT, 2, PERSON), (inner, 3, PERSON))
    found = candidates(Row(inner, 0.9), Row(inner, 0.4, dropped_at=DropStage.NMS, suppressed_by=0, iou=1.0))
    loss = losses(truth, found)[2]
    assert (loss.at, loss.candidate) == (LostAt.BOX, -1)
    assert loss.words == "every box around it finds another person, or fits one better"


def test_stuff_that_is_labelled_otherwise() -> None:
    truth = truth_of(((10, 10, 30, 30), 2, GRASS))
    loss = losses(truth, candidates(), painted(((10, 10, 18, 30), GRASS)))[2]
    assert (loss.at, loss.mask_iou) == (LostAt.SEMANTICS, 0.4)
    assert loss.words == "40 % of its pixels are labelled grass, and all that are overlap it by 0.40"


def test_stuff_below_the_limit() -> None:
    truth = truth_of(((10, 10, 30, 30), 2, GRASS))
    loss = losses(truth, candidates(), settings=replace(SETTINGS, stuff_limit=4096))[2]
    assert (loss.at, loss.words) == (LostAt.STUFF_LIMIT, "its 400 pixels are below the stuff limit of 4,096")


def test_boxes_of_the_truth_are_followed_without_candidates() -> None:
    truth = truth_of(((10, 10, 30, 30), 2, PERSON), ((60, 10, 80, 30), 3, CAR))
    boxes = oracle_detections(truth, CATEGORIES)
    lost = losses(truth, None, painted(((60, 10, 80, 30), CAR)), detections=boxes)
    assert set(lost) == {2}
    assert (lost[2].at, lost[2].candidate) == (LostAt.SEMANTICS, 0)


def test_true_boxes_on_true_labels_never_blame_either(coco_mini: Path) -> None:
    dataset = read_coco_panoptic(coco_mini / "annotations" / "panoptic_val2017.json")
    settings = InspectionSettings(semantic_oracle=True, box_oracle=True)
    stages = Counter[LostAt]()
    for record in dataset.records[:20]:
        truth = dataset.read_segmentation(record)
        image = np.zeros((*truth.ids.shape, 3), np.uint8)
        inspection = Inspection(image, dataset.categories, truth=truth, truth_areas=record.json_areas)
        stages.update(loss.at for loss in run_and_lose(inspection, settings))
    assert set(stages) <= {LostAt.OVERLAP, LostAt.CONTEST, LostAt.NEIGHBOURS, LostAt.STUFF_LIMIT, LostAt.BOX}
    assert stages[LostAt.OVERLAP] > stages[LostAt.BOX]
    assert stages[LostAt.NEIGHBOURS] > 0


# ------------------------------------------------------------------------------------------------- the demo network


@pytest.fixture(scope="module", params=[90_001, 90_002])
def inspection(request: pytest.FixtureRequest) -> Inspection:
    network, scene = load_network(checkpoint=demo_checkpoint(), device="cpu"), draw_scene(request.param)
    return Inspection(
        scene.image,
        network.categories,
        run_network=network.run,
        truth=scene.segmentation,
        settings=network.config.inspection,
    )


def run_and_lose(inspection: Inspection, settings: InspectionSettings) -> tuple[Loss, ...]:
    inspection.run(settings)
    assert inspection.truth is not None
    assert inspection.quality is not None
    categories = inspection.categories
    rows = judge_segments(
        inspection.trace.segmentation(),
        inspection.truth,
        categories,
        inspection.quality,
    )
    lost = lost_where(
        rows,
        inspection.truth,
        categories,
        labels=inspection.labels,
        detections=inspection.detections,
        candidates=inspection.candidates,
        trace=inspection.trace,
        settings=settings,
    )
    assert sorted(loss.truth for loss in lost) == sorted(inspection.quality.false_negatives)
    return lost


CHANGES: dict[str, object] = {
    "nms_iou": 0.02,
    "score_threshold": 0.9,
    "max_detections": 3,
    "class_threshold": 1.0,
    "stuff_limit": 40_000,
    "overlap_threshold": 0.05,
}


@pytest.mark.parametrize(
    ("setting", "stage"),
    [
        ("nms_iou", LostAt.NMS),
        ("score_threshold", LostAt.THRESHOLD),
        ("max_detections", LostAt.CAP),
        ("class_threshold", LostAt.SCORE),
        ("stuff_limit", LostAt.STUFF_LIMIT),
        ("overlap_threshold", LostAt.OVERLAP),
    ],
)
def test_a_strict_setting_loses_segments_of_the_demo_network_at_its_stage(
    inspection: Inspection, setting: str, stage: LostAt
) -> None:
    usual = InspectionSettings(score_threshold=0.2, stuff_limit=0)
    lost = run_and_lose(inspection, replace(usual, **{setting: CHANGES[setting]}))  # type: ignore[arg-type]
    assert stage in {loss.at for loss in lost}
    assert inspection.candidates is not None
    ended = fates(inspection.candidates, inspection.trace)
    stage_of = {Fate.NMS: LostAt.NMS, Fate.CAP: LostAt.CAP, Fate.THRESHOLD: LostAt.THRESHOLD, Fate.SCORE: LostAt.SCORE}
    for loss in lost:
        if loss.candidate >= 0:
            assert loss.at is stage_of.get(Fate(int(ended[loss.candidate])), loss.at)
            _merge_alone(inspection, loss)


def _merge_alone(inspection: Inspection, loss: Loss) -> None:
    """Merges the candidate's box alone, and finds the mask of which the loss tells the IoU."""
    assert inspection.candidates is not None
    assert inspection.truth is not None
    row = [loss.candidate]
    found = inspection.candidates
    box = Detections.from_boxes(found.boxes[row], found.labels[row], found.scores[row])
    isthing = inspection.categories.isthing
    alone = merge(box, inspection.labels, isthing=isthing, score_threshold=0.0, conflict="highest")
    mask, real = alone.owners == 1, inspection.truth.ids == loss.truth
    assert alone.steps[0].owner in (0, 1)
    expected = (mask & real).sum() / (mask | real).sum() if alone.steps[0].owner else 0.0
    assert loss.mask_iou == pytest.approx(expected)
