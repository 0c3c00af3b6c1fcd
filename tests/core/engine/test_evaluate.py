"""Evaluation against pycocotools on files, pixel sets, known figures of the oracles, and itself done another way."""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from pycocotools import mask as coco_mask
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from lpsnet.categories import Categories, Category
from lpsnet.config import ScenesSource
from lpsnet.data.sources import LabelledPicture, PictureSource, open_source
from lpsnet.engine import evaluate as evaluating
from lpsnet.engine.evaluate import SweepRequest, evaluate, evaluate_network
from lpsnet.engine.evaluation import Evaluation
from lpsnet.engine.evaluation_setup import EvaluationSetup, parse_data, parse_sweep
from lpsnet.engine.network import load_network
from lpsnet.events import PictureDone
from lpsnet.formats.coco_panoptic import CocoPanopticWriter, read_coco_panoptic
from lpsnet.inspection import Inspection
from lpsnet.metrics.panoptic_quality import QualityCounts, image_quality
from lpsnet.metrics.score_files import score_files
from lpsnet.model.complexity import measure_complexity
from lpsnet.model.output import NetworkOutput
from lpsnet.panoptic_head.box_masks import box_masks
from lpsnet.scenes import scene_categories
from lpsnet.structures import InspectionSettings, PanopticSegmentation
from tests.core.engine.informed_network import informed_network

SMALL = ["input.short_side=64", "model.backbone.width=0.25", "model.channels=32"]
SETTINGS = InspectionSettings(score_threshold=0.4, stuff_limit=16)
CATEGORIES = Categories((Category(3, "ball", True, (200, 0, 0)), Category(8, "grass", False, (0, 200, 0))))
BALL, GRASS = 0, 1


@dataclass(frozen=True, eq=False)
class Listed:
    """Pictures that are there, and reasons why others are not."""

    listed: Sequence[LabelledPicture | Exception]
    categories: Categories
    files: Iterator[Path] = field(default_factory=lambda: iter(()))
    name: str = "a few pictures"

    def __len__(self) -> int:
        return len(self.listed)

    def identity(self, index: int) -> tuple[str, int | str]:
        picture = self.listed[index]
        return (f"lost {index}", -index) if isinstance(picture, Exception) else (picture.name, picture.image_id)

    def read(self, index: int) -> LabelledPicture:
        picture = self.listed[index]
        if isinstance(picture, Exception):
            raise picture
        return picture


@cache
def scenes() -> tuple[LabelledPicture, ...]:
    source = open_source(ScenesSource(first_seed=40, count=4, height=96, width=128), scene_categories())
    return tuple(source.read(index) for index in range(len(source)))


@cache
def hazy() -> Callable[[NDArray[np.uint8]], NetworkOutput]:
    return informed_network(scenes(), scene_categories(), haze=2.0)


def evaluated(**options: object) -> Evaluation:
    given = {"source": Listed(scenes(), scene_categories()), "run_network": hazy(), "settings": SETTINGS, **options}
    return evaluate(given.pop("run_network"), given.pop("source"), given.pop("settings"), **given)  # type: ignore[arg-type]


def figures(evaluation: Evaluation) -> Mapping[str, object]:
    """All that does not depend on the machine."""
    content = evaluation.to_json()
    return {name: content[name] for name in ("panoptic", "average_precision", "semantics", "images", "sweep")}


def drawn(*balls: tuple[int, int], seed: int = 0, crowds: Sequence[int] = ()) -> LabelledPicture:
    """Returns squares of 10 pixels, numbered from 1, on grass, number 9, with a void corner."""
    ids = np.full((64, 96), 9, np.int32)
    for number, (x, y) in enumerate(balls, start=1):
        ids[y : y + 10, x : x + 10] = number
    ids[56:, 80:] = 0
    labels = dict.fromkeys(range(1, len(balls) + 1), BALL) | {9: GRASS}
    truth = PanopticSegmentation.from_ids(ids, labels, crowds=crowds)
    image = np.random.default_rng(seed).integers(0, 256, (64, 96, 3), dtype=np.uint8)
    return LabelledPicture(f"drawn{seed}.png", seed, image, truth)


# ------------------------------------------------------------------------------------------------------------- figures


def inspected(picture: LabelledPicture, settings: InspectionSettings = SETTINGS) -> Inspection:
    inspection = Inspection(
        picture.image, scene_categories(), run_network=hazy(), truth=picture.truth, settings=settings
    )
    inspection.run()
    return inspection


def coco_figures(folder: Path, kind: str) -> tuple[float, ...]:
    """What pycocotools prints for the scenes' detections, truth and detections read from files."""
    isthing = scene_categories().isthing
    annotations, found = [], []
    for picture in scenes():
        size = {"height": picture.image.shape[0], "width": picture.image.shape[1]}
        for segment in picture.truth.segments:
            if isthing[segment.label]:
                rle = coco_mask.encode(np.asfortranarray(picture.truth.ids == segment.id))
                x0, y0, x1, y1 = segment.box
                annotations.append(
                    {
                        "id": len(annotations) + 1,
                        "image_id": picture.image_id,
                        "category_id": segment.label,
                        "bbox": [x0, y0, x1 - x0, y1 - y0],
                        "area": segment.area,
                        "iscrowd": 0,
                        "segmentation": {"size": [size["height"], size["width"]], "counts": rle["counts"].decode()},
                    }
                )
        inspection = inspected(picture)
        masks = box_masks(inspection.detections, inspection.labels)
        for row, (window, part) in enumerate(masks):
            whole = np.zeros(picture.image.shape[:2], np.uint8, order="F")
            whole[window[0] : window[2], window[1] : window[3]] = part
            rle = coco_mask.encode(whole)
            x0, y0, x1, y1 = inspection.detections.boxes[row].tolist()
            own = {"segmentation": {"size": rle["size"], "counts": rle["counts"].decode()}}
            own = {"bbox": [x0, y0, x1 - x0, y1 - y0]} if kind == "bbox" else own
            found.append(
                {
                    "image_id": picture.image_id,
                    "category_id": int(inspection.detections.labels[row]),
                    "score": float(inspection.detections.scores[row]),
                    **own,
                }
            )
    truth = {
        "info": {},
        "images": [{"id": picture.image_id, "height": 96, "width": 128} for picture in scenes()],
        "annotations": annotations,
        "categories": [{"id": int(label)} for label in np.flatnonzero(isthing)],
    }
    (folder / "truth.json").write_text(json.dumps(truth))
    (folder / "found.json").write_text(json.dumps(found))
    with contextlib.redirect_stdout(io.StringIO()):
        coco = COCO(str(folder / "truth.json"))
        evaluation = COCOeval(coco, coco.loadRes(str(folder / "found.json")), kind)
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    return tuple(evaluation.stats[:6].tolist())


def test_average_precision_is_pycocotools_own_from_files(tmp_path: Path) -> None:
    detection = evaluated().detection
    for kind, ours in (("bbox", detection.box), ("segm", detection.mask)):
        expected = np.array(coco_figures(tmp_path, kind))
        found = np.array([ours.ap, ours.ap50, ours.ap75, ours.small, ours.medium, ours.large])
        assert 0.05 < ours.ap < 0.98
        np.testing.assert_allclose(np.nan_to_num(found, nan=-1), expected, atol=1e-9)


def test_mean_iou_is_that_of_pixel_sets() -> None:
    evaluation = evaluated()
    ious = []
    for label in range(len(scene_categories())):
        intersection = union = true_pixels = 0
        for picture in scenes():
            truth = picture.truth.labels(len(scene_categories()))
            inside = truth < len(scene_categories())
            predicted = inspected(picture).labels
            intersection += int(((predicted == label) & (truth == label)).sum())
            union += int((((predicted == label) | (truth == label)) & inside).sum())
            true_pixels += int((truth == label).sum())
        if true_pixels:
            ious.append(intersection / union)
    assert evaluation.semantics.mean == pytest.approx(np.mean(ious), abs=1e-12)
    assert 0.2 < evaluation.semantics.mean < 0.999


def write_truth(folder: Path, pictures: Sequence[LabelledPicture], categories: Categories) -> Path:
    with CocoPanopticWriter(folder / "panoptic.json", None, categories) as writer:
        for picture in pictures:
            writer.add(picture.image_id, picture.name, picture.truth)
    return folder / "panoptic.json"


def test_panoptic_quality_is_that_of_the_predictions_in_files(tmp_path: Path) -> None:
    truth = write_truth(tmp_path / "truth", scenes(), scene_categories())
    writer = CocoPanopticWriter(tmp_path / "found" / "panoptic.json", None, scene_categories())
    evaluation = evaluated(writer=writer)
    assert evaluation.predictions == tmp_path / "found" / "panoptic.json"
    scored = score_files(truth, evaluation.predictions)
    assert scored.to_json() == evaluation.panoptic.to_json()
    assert 0.1 < scored.things.pq < 0.99
    assert 0.1 < scored.stuff.pq < 0.99


def test_every_picture_is_judged_as_it_is_by_itself_and_the_counts_add_up() -> None:
    predictions: list[tuple[LabelledPicture, PanopticSegmentation]] = []
    told: list[PictureDone] = []
    evaluation = evaluated(
        on_prediction=lambda picture, prediction: predictions.append((picture, prediction)), on_done=told.append
    )
    total = QualityCounts.zeros(len(scene_categories()))
    for (picture, prediction), row in zip(predictions, evaluation.pictures, strict=True):
        own = image_quality(prediction, picture.truth, len(scene_categories()))
        total += own.counts
        assert (row.image_id, row.file_name) == (picture.image_id, picture.name)
        assert (row.tp, row.fp, row.fn) == (
            len(own.matches),
            len(own.false_positives),
            len(own.false_negatives),
        )
        of_classes = class_figures(own.counts)
        for name in ("pq", "sq", "rq"):
            assert getattr(row, name) == pytest.approx(np.mean([figures[name] for figures in of_classes]))
    for name in ("tp", "fp", "fn"):
        assert np.array_equal(getattr(total, name), getattr(evaluation.panoptic.counts, name))
        assert sum(getattr(row, name) for row in evaluation.pictures) == getattr(total, name).sum() > 0
    np.testing.assert_allclose(total.iou, evaluation.panoptic.counts.iou)
    for row, event in zip(evaluation.pictures, told, strict=True):
        assert {name: event.to_json()[name] for name in asdict(row)} == asdict(row)
    assert evaluation.to_json()["pictures"] == [asdict(row) for row in evaluation.pictures]
    assert [event.seconds for event in told] == list(evaluation.cost.durations.total)


def class_figures(counts: QualityCounts) -> list[dict[str, float]]:
    """The definition, class by class, of those that occur."""
    return [
        {
            "pq": iou / (tp + fp / 2 + fn / 2),
            "sq": iou / tp if tp else 0.0,
            "rq": tp / (tp + fp / 2 + fn / 2),
        }
        for tp, fp, fn, iou in zip(counts.tp, counts.fp, counts.fn, counts.iou, strict=True)
        if tp + fp + fn
    ]


def test_a_picture_with_nothing_to_judge_has_no_quality() -> None:
    picture = drawn((5, 5))
    nothing = replace(picture, truth=PanopticSegmentation.from_ids(np.zeros((64, 96), np.int32), {}))
    settings = replace(SETTINGS, semantic_oracle=True, box_oracle=True)
    evaluation = evaluate(None, Listed([nothing], CATEGORIES), settings)
    assert [asdict(row) for row in evaluation.pictures] == [
        {
            "image_id": 0,
            "file_name": "drawn0.png",
            "pq": None,
            "sq": None,
            "rq": None,
            "tp": 0,
            "fp": 0,
            "fn": 0,
        }
    ]


def test_the_figures_by_name_are_those_of_the_report() -> None:
    evaluation = evaluated()
    report, found = evaluation.to_json(), evaluation.figures
    for suffix, name in (("", "All"), ("_things", "Things"), ("_stuff", "Stuff")):
        for figure in ("pq", "sq", "rq"):
            assert found[f"{figure}{suffix}"] == report["panoptic"][name][figure]
    for kind in ("box", "mask"):
        for figure, value in report["average_precision"][kind].items():
            assert found[f"{kind}_{figure}"] == value
    assert found["miou"] == report["semantics"]["miou"]
    assert found["ms"] == report["cost"]["ms_per_image"]["total"]["median"]
    assert found["peak_memory_bytes"] is None
    assert "box_ap" not in evaluated(average_precision=False).figures


def test_areas_of_the_truth_are_those_that_its_json_states() -> None:
    picture = drawn((5, 5), (40, 20))
    stated = replace(picture, truth_areas={1: 250})
    run = informed_network([picture], CATEGORIES, haze=0)
    own = evaluate(run, Listed([picture], CATEGORIES), SETTINGS).panoptic
    other = evaluate(run, Listed([stated], CATEGORIES), SETTINGS).panoptic
    assert (int(own.counts.tp[BALL]), int(other.counts.tp[BALL])) == (2, 1)


def test_both_oracles_find_everything_that_does_not_touch() -> None:
    source = Listed([drawn((5, 5), (40, 20)), drawn((70, 30), seed=1)], CATEGORIES)
    settings = InspectionSettings(semantic_oracle=True, box_oracle=True, stuff_limit=0)
    evaluation = evaluate(None, source, settings)
    precision = evaluation.detection
    found = [evaluation.panoptic.all.pq, evaluation.semantics.mean, precision.box.ap, precision.mask.ap]
    assert found == pytest.approx([1, 1, 1, 1])
    limited = evaluate(None, source, replace(settings, stuff_limit=6000))
    assert limited.panoptic.stuff.pq == 0
    assert limited.panoptic.things.pq == 1


def test_crowds_are_neither_found_nor_missed() -> None:
    picture = drawn((5, 5), (40, 20), crowds=[2])
    settings = InspectionSettings(semantic_oracle=True, box_oracle=True, stuff_limit=0)
    evaluation = evaluate(None, Listed([picture], CATEGORIES), settings)
    found = [evaluation.panoptic.all.pq, evaluation.detection.box.ap, evaluation.detection.mask.ap]
    assert found == pytest.approx([1, 1, 1])


def test_the_score_threshold_changes_no_average_precision() -> None:
    high = evaluated(settings=replace(SETTINGS, score_threshold=0.95))
    assert high.detection.to_json() == evaluated().detection.to_json()
    assert high.panoptic.things.pq < evaluated().panoptic.things.pq


# --------------------------------------------------------------------------------------------------------------- sweep


@pytest.mark.parametrize(
    ("setting", "values"),
    [
        ("score_threshold", (0.1, 0.4, 0.7)),
        ("nms_iou", (0.9, 0.1)),
        ("stuff_limit", (0, 200)),
        ("conflict", ("highest", "smallest")),
    ],
)
def test_a_sweep_gives_what_each_value_alone_gives(setting: str, values: tuple[float | str, ...]) -> None:
    evaluation = evaluated(sweep=SweepRequest(setting, values))
    assert {**figures(evaluation), "sweep": None} == figures(evaluated())
    assert evaluation.sweep is not None
    for point, value in zip(evaluation.sweep.points, values, strict=True):
        alone = evaluated(settings=replace(SETTINGS, **{setting: value}))  # type: ignore[arg-type]
        assert point.value == value
        assert point.quality.to_json() == alone.panoptic.to_json()


def test_a_sweep_runs_the_network_once_a_picture() -> None:
    calls = 0

    def counted(image: NDArray[np.uint8]) -> NetworkOutput:
        nonlocal calls
        calls += 1
        return hazy()(image)

    evaluation = evaluated(run_network=counted, sweep=SweepRequest("class_threshold", (0.1, 0.3, 0.5)))
    assert calls == len(scenes())
    assert evaluation.sweep is not None
    best = evaluation.sweep.best
    assert best is not None
    assert best.quality.all.pq == max(point.quality.all.pq for point in evaluation.sweep.points)


@pytest.mark.parametrize("value", [2, "often", None])
def test_a_value_out_of_range_is_refused_before_anything_runs(value: object) -> None:
    with pytest.raises(ValueError, match="score_threshold must"):
        evaluated(sweep=SweepRequest("score_threshold", (0.1, value)), source=Listed([], CATEGORIES))  # type: ignore[arg-type]


# ---------------------------------------------------------------------------------------------- when things go wrong


def test_a_bad_picture_is_named_and_the_others_go_on(caplog: pytest.LogCaptureFixture) -> None:
    listed = [*scenes()[:2], ValueError("/photos/x.jpg: truncated"), KeyError("surprise"), *scenes()[2:]]
    told: list[PictureDone] = []
    evaluation = evaluated(source=Listed(listed, scene_categories()), on_done=told.append)
    assert evaluation.failures == (
        "/photos/x.jpg: truncated",
        "picture 4 of a few pictures: KeyError: 'surprise'",
    )
    assert (evaluation.measured, evaluation.wanted, evaluation.complete) == (4, 6, True)
    assert {**figures(evaluation), "images": 4} == figures(evaluated())
    assert [(event.file_name, event.image_id, event.done) for event in told] == [
        ("scene 40", 40, 1),
        ("scene 41", 41, 2),
        ("lost 2", -2, 3),
        ("lost 3", -3, 4),
        ("scene 42", 42, 5),
        ("scene 43", 43, 6),
    ]
    assert tuple(event.problem for event in told if event.problem) == evaluation.failures
    assert {event.pictures for event in told} == {6}
    assert "surprise" in caplog.text


def failing_at(number: int, error: Exception) -> Callable[[NDArray[np.uint8]], NetworkOutput]:
    calls = iter(range(100))

    def run(image: NDArray[np.uint8]) -> NetworkOutput:
        if next(calls) == number:
            raise error
        return hazy()(image)

    return run


def test_a_picture_that_the_network_fails_on_leaves_no_trace() -> None:
    evaluation = evaluated(run_network=failing_at(1, MemoryError()))
    assert evaluation.failures == ("scene 41: not enough memory; try a smaller input, such as input.short_side=480",)
    rest = [scenes()[0], *scenes()[2:]]
    assert figures(evaluation) == figures(evaluated(source=Listed(rest, scene_categories())))
    assert len(evaluation.cost.durations.total) == evaluation.measured == 3


def test_a_dead_cuda_device_ends_the_evaluation() -> None:
    told: list[PictureDone] = []
    lost = failing_at(1, RuntimeError("CUDA error: an illegal memory access"))
    evaluation = evaluated(run_network=lost, on_done=told.append)
    assert (evaluation.measured, evaluation.complete) == (1, False)
    assert evaluation.failures[1:] == ("the CUDA device failed: 2 more were not tried",)
    assert [bool(event.problem) for event in told] == [False, True]


def test_a_killed_reading_process_leaves_the_evaluation_incomplete(monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(loader: Iterator[LabelledPicture]) -> Iterator[LabelledPicture]:
        yield from islice(loader, 2)
        raise ChildProcessError("killed")

    monkeypatch.setattr(evaluating, "prepared_by", killed)
    evaluation = evaluated()
    assert (evaluation.measured, evaluation.complete) == (2, False)
    assert "a process that reads pictures was killed" in evaluation.failures[0]


def test_average_precision_is_left_out_where_it_is_not_asked_for() -> None:
    evaluation = evaluated(average_precision=False)
    assert evaluation.detection is None
    assert figures(evaluation) == {**figures(evaluated()), "average_precision": None}


def test_every_prediction_is_given_away_and_what_is_done_with_it_may_fail() -> None:
    given: list[tuple[str, PanopticSegmentation]] = []
    listed = [scenes()[0], ValueError("gone"), scenes()[1]]
    evaluated(
        source=Listed(listed, scene_categories()),
        sweep=SweepRequest("score_threshold", (0.9,)),
        on_prediction=lambda picture, prediction: given.append((picture.name, prediction)),
    )
    assert [name for name, _ in given] == ["scene 40", "scene 41"]
    inspection = Inspection(scenes()[0].image, scene_categories(), run_network=hazy(), settings=SETTINGS)
    inspection.run()
    assert np.array_equal(given[0][1].ids, inspection.trace.segmentation().ids)

    def full_disk(_picture: LabelledPicture, _prediction: PanopticSegmentation) -> None:
        raise OSError("the disk is full")

    with pytest.raises(OSError, match="the disk is full"):
        evaluated(on_prediction=full_disk)


def test_two_pictures_of_one_id_are_not_both_counted() -> None:
    evaluation = evaluated(source=Listed([scenes()[0], scenes()[0]], scene_categories()))
    assert evaluation.measured == 1
    assert evaluation.failures == ("scene 40: image 40 was added before",)


def test_stopping_gives_the_figures_so_far() -> None:
    done: list[PictureDone] = []
    evaluation = evaluated(on_done=done.append, should_stop=lambda: len(done) == 2)
    assert not evaluation.complete
    assert (evaluation.measured, evaluation.failures) == (2, ())
    assert figures(evaluation) == figures(evaluated(source=Listed(scenes()[:2], scene_categories())))


def test_stopping_inside_the_network_is_no_failure() -> None:
    asked = iter([False, False, True])
    evaluation = evaluated(run_network=failing_at(1, ValueError("cancelled")), should_stop=lambda: next(asked))
    assert (evaluation.measured, evaluation.failures, evaluation.complete) == (1, (), False)


def test_predictions_that_cannot_be_written_cost_no_figures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    original, added = CocoPanopticWriter.add, iter(range(10))

    def full_disk(self: CocoPanopticWriter, *words: object, **names: object) -> Path:
        if next(added) == 2:
            raise OSError("/out/scene.png could not be written: the disk is full")
        return original(self, *words, **names)  # type: ignore[arg-type]

    monkeypatch.setattr(CocoPanopticWriter, "add", full_disk)
    writer = CocoPanopticWriter(tmp_path / "out" / "panoptic.json", None, scene_categories())
    evaluation = evaluated(writer=writer)
    assert figures(evaluation) == figures(evaluated())
    assert evaluation.predictions is None
    assert evaluation.failures == ("no predictions are written: /out/scene.png could not be written: the disk is full",)
    assert list(tmp_path.rglob("*.png")) == []


def test_nothing_measured_is_said_in_json_that_every_reader_takes() -> None:
    evaluation = evaluated(source=Listed([ValueError("gone")], scene_categories()))
    content = json.loads(json.dumps(evaluation.to_json(), allow_nan=False))
    assert content["images"] == 0
    assert content["panoptic"]["All"]["pq"] is None
    assert content["average_precision"]["box"]["ap"] is None
    assert content["semantics"]["miou"] is None
    assert content["cost"]["ms_per_image"]["total"] == {"median": None, "mean": None}


# ---------------------------------------------------------------------------------------------------------------- cost


def test_warming_up_is_not_timed_and_every_picture_is() -> None:
    calls: list[int] = []

    def counted(image: NDArray[np.uint8]) -> NetworkOutput:
        calls.append(int(image.sum()))
        return hazy()(image)

    cost = evaluated(run_network=counted, warm_ups=3).cost
    first = int(scenes()[0].image.sum())
    assert calls[:4] == [first] * 4
    assert len(calls) == 3 + len(scenes())
    durations = cost.durations
    assert len(durations.total) == len(durations.network) == len(scenes())
    assert all(0 < network < total for network, total in zip(durations.network, durations.total, strict=True))
    told = durations.to_json()
    assert told["total"]["mean"] == pytest.approx(told["network"]["mean"] + told["post_processing"]["mean"])
    assert cost.padded_sizes == {(96, 128): 4}


def test_multiply_adds_are_the_mean_over_the_sizes_that_ran() -> None:
    network = load_network(config="demo", overrides=SMALL)
    wide = drawn((5, 5), seed=3)
    tall = replace(wide, name="tall", image_id=4, image=wide.image[:, :64], truth=_cropped(wide.truth, 64))
    many = network.categories
    evaluation = evaluate_network(network, Listed([wide, tall], many), network.config.inspection)
    sizes = {(64, 96), (64, 64)}
    assert set(evaluation.cost.padded_sizes) == sizes
    expected = sum(measure_complexity(network.model, size).macs for size in sizes) / 2
    assert evaluation.cost.macs == expected
    assert evaluation.cost.peak_bytes is not None
    assert evaluation.cost.peak_bytes > 4 * network.parameters
    assert evaluation.network is not None
    assert not evaluation.network.trained


def _cropped(truth: PanopticSegmentation, width: int) -> PanopticSegmentation:
    ids = np.ascontiguousarray(truth.ids[:, :width])
    return PanopticSegmentation.from_ids(ids, {segment.id: segment.label for segment in truth.segments})


def test_oracles_alone_have_no_network_to_cost_anything() -> None:
    settings = InspectionSettings(semantic_oracle=True, box_oracle=True)
    evaluation = evaluate_network(None, Listed([drawn((5, 5))], CATEGORIES), settings)
    assert evaluation.network is None
    assert evaluation.cost.macs is None
    assert evaluation.cost.durations.network == (0.0,)


def test_pictures_read_by_another_process_give_the_same_figures() -> None:
    source = open_source(ScenesSource(first_seed=40, count=4, height=96, width=128), scene_categories())
    assert figures(evaluated(source=source, workers=1)) == figures(evaluated())


# --------------------------------------------------------------------------------------------------------------- setup


def test_what_to_measure_on_reads_as_people_write_it() -> None:
    assert parse_data("some/where.json").model_dump()["annotations"] == "some/where.json"
    assert parse_data("scenes:900000+200") == ScenesSource(first_seed=900_000, count=200)
    assert parse_data("scenes:5+2@96x160") == ScenesSource(first_seed=5, count=2, height=96, width=160)


@pytest.mark.parametrize("text", ["scenes:", "scenes:5", "scenes:5-2", "scenes:5+2@96", "scenes:5+2@3x5", "scenes:5+0"])
def test_scenes_that_cannot_be_drawn_are_refused_in_a_sentence(text: str) -> None:
    with pytest.raises(ValueError, match="scenes:") as caught:
        parse_data(text)
    assert "\n" not in str(caught.value)


def test_a_sweep_reads_as_people_write_it() -> None:
    assert parse_sweep("score_threshold=0.1, 0.2,0.1") == SweepRequest("score_threshold", (0.1, 0.2))
    assert parse_sweep("inspection.stuff_limit=0,64") == SweepRequest("stuff_limit", (0, 64))
    assert parse_sweep("conflict=closest,highest") == SweepRequest("conflict", ("closest", "highest"))


@pytest.mark.parametrize(
    "text", ["score_threshold", "score_threshold=", "nonsense=1", "box_oracle=true", "nms_iou=[1,", "stuff_limit=[1]"]
)
def test_a_sweep_that_cannot_be_read_is_refused_in_a_sentence(text: str) -> None:
    with pytest.raises(ValueError, match="--sweep") as caught:
        parse_sweep(text)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("options", "limit"),
    [
        ({}, 64),
        ({"oracles": frozenset({"boxes"})}, 64),
        ({"oracles": frozenset({"semantic"})}, 0),
        ({"oracles": frozenset({"semantic", "boxes"})}, 0),
        ({"oracles": frozenset({"semantic"}), "stuff_limit": 30}, 30),
        ({"oracles": frozenset({"semantic"}), "overrides": [*SMALL, "inspection.stuff_limit=20"]}, 20),
        ({"stuff_limit": 0}, 0),
    ],
)
def test_the_semantic_oracle_keeps_small_stuff_unless_told_otherwise(options: dict[str, object], limit: int) -> None:
    given = {"config": "demo", "overrides": SMALL, "data": "scenes:1+1@64x64", **options}
    assert EvaluationSetup.create(**given).settings.stuff_limit == limit  # type: ignore[arg-type]


def test_both_oracles_take_the_classes_of_the_data(tmp_path: Path) -> None:
    truth = write_truth(tmp_path, [drawn((5, 5))], CATEGORIES)
    (tmp_path / "images").mkdir()
    dataset = read_coco_panoptic(truth)
    (tmp_path / "images" / dataset.records[0].file_name).write_bytes(b"")
    both = frozenset({"semantic", "boxes"})
    setup = EvaluationSetup.create(data=str(truth), oracles=both)
    assert [entry.name for entry in setup.source.categories] == ["ball", "grass"]
    assert setup.network is None
    drawn_scenes: PictureSource = EvaluationSetup.create(data="scenes:1+1@64x64", oracles=both).source
    assert drawn_scenes.categories == scene_categories()


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({}, "say which network"),
        ({"oracles": frozenset({"boxes"})}, "say which network"),
        ({"oracles": frozenset({"semantic", "boxes"})}, "say what to measure on"),
        ({"oracles": frozenset({"semantic", "boxes"}), "overrides": ["input.short_side=64"]}, "--set changes a config"),
        ({"config": "demo", "overrides": ["data.val=null"]}, "config demo names none"),
    ],
)
def test_what_is_not_said_is_asked_for(options: dict[str, object], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        EvaluationSetup.create(**options)  # type: ignore[arg-type]
