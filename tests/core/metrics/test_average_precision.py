"""Average precision against pycocotools on files, and values worked out by hand."""

from __future__ import annotations

import contextlib
import io
import json
import math
import pickle
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from pycocotools import mask as coco_mask
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from lpsnet.categories import Categories, Category
from lpsnet.metrics.average_precision import (
    AveragePrecision,
    PrecisionFigures,
    encode_box_masks,
    encode_mask,
)
from lpsnet.panoptic_head.box_masks import box_masks
from lpsnet.structures import Detections, PanopticSegmentation

CATEGORIES = Categories(
    (
        Category(1, "person", True, (220, 20, 60)),
        Category(2, "grass", False, (0, 200, 0)),
        Category(5, "car", True, (0, 0, 142)),
        Category(9, "cat", True, (90, 90, 0)),
    )
)
PERSON, GRASS, CAR, CAT = range(4)
Image = tuple[PanopticSegmentation, Detections, np.ndarray]


def added(images: dict[int, Image]) -> AveragePrecision:
    evaluation = AveragePrecision(CATEGORIES)
    for image_id, (truth, detections, labels) in images.items():
        evaluation.add(image_id, truth, detections, encode_box_masks(detections, labels))
    return evaluation


def detections(*rows: tuple[tuple[float, float, float, float], int, float]) -> Detections:
    boxes, labels, scores = zip(*rows, strict=True) if rows else ((), (), ())
    return Detections.from_boxes(np.array(boxes, np.float32), np.array(labels), np.array(scores))


def squares(*places: tuple[int, int, int], side: int = 10) -> PanopticSegmentation:
    """Returns squares of pixels, each (x, y, class), numbered from 1, on void."""
    ids = np.zeros((60, 80), np.int32)
    for number, (x, y, _) in enumerate(places, start=1):
        ids[y : y + side, x : x + side] = number
    return PanopticSegmentation.from_ids(ids, {n: label for n, (_, _, label) in enumerate(places, start=1)})


def box_of(x: float, y: float, side: float = 10) -> tuple[float, float, float, float]:
    return x, y, x + side, y + side


# ------------------------------------------------------------------------------------------------- pycocotools on files


def draw_image(seed: int) -> Image:
    """Draws rectangles of all sizes, some of them crowds, and detections near them, some of them astray."""
    rng = np.random.default_rng(seed)
    height, width = int(rng.integers(150, 220)), int(rng.integers(150, 260))
    ids = np.zeros((height, width), np.int32)
    for number in range(1, 15):
        side = rng.integers(4, 140, 2)
        y, x = rng.integers(-20, height), rng.integers(-20, width)
        ids[max(y, 0) : y + side[0], max(x, 0) : x + side[1]] = number * 1000
    present = [int(i) for i in np.unique(ids) if i]
    truth = PanopticSegmentation.from_ids(
        ids, {i: int(rng.integers(0, 4)) for i in present}, crowds={i for i in present if rng.random() < 0.15}
    )
    rows = []
    for segment in truth.segments:
        for _ in range(int(rng.integers(0, 4))):
            box = np.array(segment.box) + rng.normal(0, 1 + 0.03 * math.sqrt(segment.area), 4)
            label = segment.label if rng.random() < 0.8 else int(rng.choice([PERSON, CAR, CAT]))
            if label != GRASS:
                x0, y0 = np.minimum(box[:2], box[2:])
                x1, y1 = np.maximum(box[:2], box[2:])
                rows.append(((x0, y0, x1, y1), label, round(float(rng.random()), 1)))
    labels = truth.labels(4)
    noise = rng.random(labels.shape) < 0.1
    labels[noise] = rng.integers(0, 4, int(noise.sum()))
    return truth, detections(*rows), labels


def write_coco(folder: Path, images: dict[int, Image]) -> tuple[Path, dict[str, Path]]:
    """Writes ground truth and both kinds of results as COCO's instance JSON, with masks encoded from whole bitmaps."""
    annotations, results = [], {"bbox": [], "segm": []}

    def rle(mask: np.ndarray) -> dict[str, object]:
        encoded = coco_mask.encode(np.asfortranarray(mask, np.uint8))
        return {"size": encoded["size"], "counts": encoded["counts"].decode()}

    for image_id, (truth, guesses, labels) in images.items():
        for segment in truth.segments:
            if segment.label != GRASS:
                x0, y0, x1, y1 = segment.box
                annotations.append(
                    {
                        "id": len(annotations) + 1,
                        "image_id": image_id,
                        "category_id": CATEGORIES[segment.label].id,
                        "bbox": [x0, y0, x1 - x0, y1 - y0],
                        "area": segment.area,
                        "iscrowd": int(segment.iscrowd),
                        "segmentation": rle(truth.ids == segment.id),
                    }
                )
        for row, (window, mask) in enumerate(box_masks(guesses, labels)):
            full = np.zeros(labels.shape, np.uint8)
            full[window[0] : window[2], window[1] : window[3]] = mask
            x0, y0, x1, y1 = guesses.boxes[row].tolist()
            common = {
                "image_id": image_id,
                "category_id": CATEGORIES[int(guesses.labels[row])].id,
                "score": float(guesses.scores[row]),
            }
            results["bbox"].append({**common, "bbox": [x0, y0, x1 - x0, y1 - y0]})
            results["segm"].append({**common, "segmentation": rle(full)})
    truth_json = folder / "truth.json"
    listed = [{"id": i, "height": t.ids.shape[0], "width": t.ids.shape[1]} for i, (t, _, _) in images.items()]
    categories = [{"id": entry.id, "name": entry.name} for entry in CATEGORIES if entry.isthing]
    truth_json.write_text(
        json.dumps({"info": {}, "images": listed, "annotations": annotations, "categories": categories})
    )
    paths = {kind: folder / f"{kind}.json" for kind in results}
    for kind, path in paths.items():
        path.write_text(json.dumps(results[kind]))
    return truth_json, paths


def official_figures(truth_json: Path, results_json: Path, kind: str) -> tuple[list[float], dict[int, float]]:
    """Returns the first six of pycocotools' twelve figures, and the AP of every class by its id."""
    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO(str(truth_json))
        evaluation = COCOeval(truth, truth.loadRes(str(results_json)), kind)
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    precision = evaluation.eval["precision"][:, :, :, 0, -1]
    per_class = {}
    for index, category in enumerate(evaluation.params.catIds):
        known = precision[:, :, index][precision[:, :, index] > -1]
        per_class[int(category)] = float(known.mean()) if known.size else math.nan
    return [math.nan if figure == -1 else float(figure) for figure in evaluation.stats[:6]], per_class


def as_list(figures: PrecisionFigures) -> list[float]:
    return [figures.ap, figures.ap50, figures.ap75, figures.small, figures.medium, figures.large]


def test_figures_equal_pycocotools_on_files(tmp_path: Path) -> None:
    images = {image_id: draw_image(image_id) for image_id in (30, 4, 11, 200, 7, 8)}
    quality = added(images).result()
    truth_json, results = write_coco(tmp_path, images)
    for kind, figures in (("bbox", quality.box), ("segm", quality.mask)):
        expected, per_class = official_figures(truth_json, results[kind], kind)
        assert 0.05 < expected[0] < 0.95
        assert as_list(figures) == pytest.approx(expected, abs=1e-12, nan_ok=True)
        for category, box, mask in quality.per_class:
            ours = box.ap if kind == "bbox" else mask.ap
            assert ours == pytest.approx(per_class[category.id], abs=1e-12, nan_ok=True)


def test_truth_found_perfectly_scores_one(coco_mini: Path) -> None:
    from lpsnet.formats.coco_panoptic import read_coco_panoptic

    dataset = read_coco_panoptic(coco_mini / "annotations" / "panoptic_val2017.json")
    evaluation = AveragePrecision(dataset.categories)
    for record in dataset.records[:6]:
        truth = dataset.read_segmentation(record)
        things = [s for s in truth.segments if dataset.categories[s.label].isthing and not s.iscrowd]
        found = Detections.from_boxes(
            np.array([s.box for s in things]), np.array([s.label for s in things]), np.ones(len(things))
        )
        height, width = truth.ids.shape
        masks = []
        for s in things:
            x0, y0, x1, y1 = s.box
            masks.append(encode_mask((y0, x0, y1, x1), truth.ids[y0:y1, x0:x1] == s.id, (height, width)))
        evaluation.add(record.image_id, truth, found, masks)
    quality = evaluation.result()
    for figures in (quality.box, quality.mask):
        assert (figures.ap, figures.ap50, figures.ap75) == pytest.approx((1.0, 1.0, 1.0), abs=1e-12)


# ---------------------------------------------------------------------------------------------------------- by hand


def test_precision_by_hand() -> None:
    truth = squares((0, 0, PERSON), (20, 0, PERSON), (40, 0, CAR))
    # In order of score: a person found, a person missed by everyone's box, the second person found.
    found = detections((box_of(0, 0), PERSON, 0.9), (box_of(20, 40), PERSON, 0.8), (box_of(20, 0), PERSON, 0.7))
    quality = added({1: (truth, found, truth.labels(4))}).result()
    # Up to a recall of 0.5 (51 of 101 points) precision is 1, beyond it 2/3; the car, never found, has 0.
    person = (51 * 1 + 50 * 2 / 3) / 101
    assert quality.box.ap == pytest.approx(person / 2)
    assert quality.mask.ap == pytest.approx(person / 2)
    assert (quality.box.small, math.isnan(quality.box.large)) == (pytest.approx(person / 2), True)
    names = [category.name for category, _, _ in quality.per_class]
    assert names == ["person", "car", "cat"]
    ap = [box.ap for _, box, _ in quality.per_class]
    assert ap == pytest.approx([person, 0, math.nan], nan_ok=True)


def test_thresholds_by_hand() -> None:
    truth = squares((10, 10, PERSON))
    shifted = detections((box_of(12, 10), PERSON, 0.9))  # 8 of 12 columns shared: IoU 2/3
    box = added({1: (truth, shifted, truth.labels(4))}).result().box
    assert (box.ap50, box.ap75, box.ap) == pytest.approx((1.0, 0.0, 4 / 10), abs=1e-12)


def test_a_crowd_is_neither_found_nor_missed() -> None:
    ids = np.zeros((40, 40), np.int32)
    ids[:, :20] = 1
    crowd = PanopticSegmentation.from_ids(ids, {1: PERSON}, crowds={1})
    inside = detections((box_of(2, 2), PERSON, 0.9), (box_of(5, 9), PERSON, 0.8))
    quality = added({1: (crowd, inside, crowd.labels(4))}).result()
    assert all(math.isnan(value) for value in as_list(quality.box) + as_list(quality.mask))
    plain = squares((0, 0, PERSON))
    quality = added({1: (crowd, inside, crowd.labels(4)), 2: (plain, detections(), plain.labels(4))}).result()
    assert (quality.box.ap, quality.mask.ap) == (0.0, 0.0)
    found = detections((box_of(0, 0), PERSON, 0.1))
    quality = added({1: (crowd, inside, crowd.labels(4)), 2: (plain, found, plain.labels(4))}).result()
    assert (quality.box.ap, quality.mask.ap) == pytest.approx((1.0, 1.0), abs=1e-12)


def test_empty_images_are_no_crash() -> None:
    nothing = PanopticSegmentation.from_ids(np.zeros((5, 4), np.int32), {})
    stuff = PanopticSegmentation.from_ids(np.ones((5, 4), np.int32), {1: GRASS})
    labels = np.full((5, 4), PERSON, np.uint8)
    evaluation = added({1: (nothing, detections(), labels), 2: (stuff, detections(), labels)})
    assert all(math.isnan(value) for value in as_list(evaluation.result().box))
    assert evaluation.result().to_json()["per_class"]["1"]["mask"]["ap"] is None
    assert all(math.isnan(value) for value in as_list(AveragePrecision(CATEGORIES).result().mask))
    astray = detections(((0, 0, 4, 5), PERSON, 0.5), ((1.1, 1.1, 1.2, 1.2), CAR, 0.4))
    evaluation.add(3, stuff, astray, encode_box_masks(astray, labels))
    assert math.isnan(evaluation.result().box.ap)
    person = squares((0, 0, PERSON))
    evaluation.add(4, person, detections(), [])
    assert evaluation.result().box.ap == 0.0
    assert json.loads(json.dumps(evaluation.result().to_json()))["box"]["ap"] == 0.0


def test_only_the_best_hundred_of_a_class_count() -> None:
    truth = squares((10, 10, PERSON))
    astray = [(box_of(40, 40), PERSON, 0.9)] * 100
    last = detections(*astray, (box_of(10, 10), PERSON, 0.5))
    assert added({1: (truth, last, truth.labels(4))}).result().box.ap == 0.0
    within = detections(*astray[1:], (box_of(10, 10), PERSON, 0.5))
    assert added({1: (truth, within, truth.labels(4))}).result().box.ap == pytest.approx(1 / 100)


# ------------------------------------------------------------------------------------------------------------- parts


def test_parts_from_other_processes_join_to_the_same_figures() -> None:
    images = {image_id: draw_image(image_id) for image_id in range(5)}
    whole = added(images).result()
    first = added({i: images[i] for i in (4, 1)})
    first.merge(pickle.loads(pickle.dumps(added({i: images[i] for i in (3, 0, 2)}))))
    assert len(first) == 5
    assert first.result().to_json() == whole.to_json()


def test_what_is_kept_of_an_image_is_a_few_kilobytes() -> None:
    rng = np.random.default_rng(0)
    ids = np.kron(np.arange(1, 31).reshape(5, 6), np.ones((40, 40), np.int32))
    truth = PanopticSegmentation.from_ids(ids, {int(i): int(rng.choice([PERSON, CAR, CAT])) for i in range(1, 31)})
    corners = rng.uniform(0, 200, (100, 2))
    boxes = np.concatenate([corners, corners + 40], axis=1)
    guesses = Detections.from_boxes(boxes, rng.choice([PERSON, CAR, CAT], 100), rng.random(100))
    evaluation = AveragePrecision(CATEGORIES)
    masks = encode_box_masks(guesses, truth.labels(4))
    evaluation.add(0, truth, guesses, masks)
    before = len(pickle.dumps(evaluation))
    for image_id in range(1, 11):
        evaluation.add(image_id, truth, guesses, masks)
    assert (len(pickle.dumps(evaluation)) - before) / 10 < 5000


def test_what_does_not_belong_together_is_refused() -> None:
    truth = squares((0, 0, PERSON))
    labels = truth.labels(4)
    one = detections((box_of(0, 0), PERSON, 0.9))
    masks = encode_box_masks(one, labels)
    evaluation = added({7: (truth, one, labels)})
    with pytest.raises(ValueError, match="image 7 was added before"):
        evaluation.add(7, truth, one, masks)
    with pytest.raises(ValueError, match="0 masks do not belong to 1 detections"):
        evaluation.add(8, truth, one, [])
    with pytest.raises(ValueError, match="class 1 is no thing"):
        evaluation.add(8, truth, detections((box_of(0, 0), GRASS, 0.9)), masks)
    with pytest.raises(ValueError, match="image 7 is in both parts"):
        evaluation.merge(added({6: (truth, one, labels), 7: (truth, one, labels)}))
    with pytest.raises(ValueError, match="different classes"):
        evaluation.merge(AveragePrecision(Categories(CATEGORIES.entries[:2])))
    assert len(evaluation) == 1


# ------------------------------------------------------------------------------------------------------------- masks


@settings(max_examples=200, deadline=None)
@given(hnp.arrays(np.bool_, hnp.array_shapes(min_dims=2, max_dims=2, max_side=7)), st.data())
def test_run_lengths_of_a_window_equal_those_of_the_whole_image(mask: np.ndarray, data: st.DataObject) -> None:
    above, left, below, right = (data.draw(st.integers(0, 3)) for _ in range(4))
    image = np.pad(mask, ((above, below), (left, right)))
    window = (above, left, above + mask.shape[0], left + mask.shape[1])
    assert encode_mask(window, mask, image.shape) == coco_mask.encode(np.asfortranarray(image, np.uint8))["counts"]


def test_an_empty_window_is_an_empty_mask() -> None:
    counts = encode_mask((3, 8, 3, 8), np.zeros((0, 0), bool), (3, 8))
    assert coco_mask.decode({"size": [3, 8], "counts": counts}).sum() == 0
