"""Both oracles over the real validation photos, beside a merge written here from the paper alone."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from lpsnet.cli import app

Figures = dict[str, float]


def _ids(path: Path) -> np.ndarray:
    rgb = np.asarray(Image.open(path).convert("RGB")).astype(np.int64)
    return rgb[..., 0] + 256 * rgb[..., 1] + 65536 * rgb[..., 2]


def _to_run_ends(ids: np.ndarray, axis: int, backwards: bool) -> np.ndarray:
    """Distance from each pixel's centre to the outer edge of its run, walking one way along one axis."""
    line = np.moveaxis(ids, axis, 0)
    line = line[::-1] if backwards else line
    distance = np.full(line.shape, 0.5)
    for here in range(len(line) - 2, -1, -1):
        same = line[here] == line[here + 1]
        distance[here] = np.where(same, distance[here + 1] + 1, 0.5)
    distance = distance[::-1] if backwards else distance
    return np.moveaxis(distance, 0, axis)


def _run_borderness(ids: np.ndarray) -> np.ndarray:
    right, left = _to_run_ends(ids, 1, False), _to_run_ends(ids, 1, True)
    below, above = _to_run_ends(ids, 0, False), _to_run_ends(ids, 0, True)
    across = np.minimum(left, right) / np.maximum(left, right)
    along = np.minimum(above, below) / np.maximum(above, below)
    return np.sqrt(across * along)


def _box_borderness(shape: tuple[int, int], box: tuple[int, int, int, int]) -> np.ndarray:
    x0, y0, x1, y1 = box
    y, x = np.mgrid[: shape[0], : shape[1]] + 0.5
    left, right, above, below = x - x0, x1 - x, y - y0, y1 - y
    with np.errstate(divide="ignore", invalid="ignore"):
        product = (
            np.minimum(left, right) / np.maximum(left, right) * np.minimum(above, below) / np.maximum(above, below)
        )
    return np.sqrt(np.maximum(product, 0))


def _merge_from_paper(truth: np.ndarray, segments: list[dict], things: set[int]) -> tuple[np.ndarray, dict[int, int]]:
    """Section 3.4 with ground-truth boxes and semantics: discard first, then hand contested pixels out at the end."""
    category = np.zeros(truth.shape, np.int64)
    for segment in segments:
        category[truth == segment["id"]] = segment["category_id"]
    non_crowd = [s for s in segments if s["category_id"] in things and not s["iscrowd"]]
    predicted = _run_borderness(np.where(np.isin(truth, [s["id"] for s in non_crowd]), truth, 0))

    occupied = np.zeros(truth.shape, bool)
    kept: list[tuple[np.ndarray, np.ndarray, int]] = []
    for segment in non_crowd:
        ys, xs = np.nonzero(truth == segment["id"])
        box = (xs.min(), ys.min(), xs.max() + 1, ys.max() + 1)
        mask = np.zeros(truth.shape, bool)
        mask[box[1] : box[3], box[0] : box[2]] = True
        mask &= category == segment["category_id"]
        if (mask & occupied).sum() / mask.sum() > 0.3:
            continue
        occupied |= mask
        kept.append(
            (
                mask,
                np.abs(_box_borderness(truth.shape, box).astype(np.float32) - predicted.astype(np.float32)),
                segment["category_id"],
            )
        )

    result = np.zeros(truth.shape, np.int64)
    best = np.full(truth.shape, np.inf)
    classes: dict[int, int] = {}
    for number, (mask, difference, category_id) in enumerate(kept, start=1):
        wins = mask & (difference < best)
        result[wins] = number
        best[wins] = difference[wins]
        classes[number] = category_id
    for category_id in np.unique(category[result == 0]):
        if category_id and category_id not in things:
            number = len(classes) + 1
            result[(category == category_id) & (result == 0)] = number
            classes[number] = int(category_id)
    return result, classes


def _quality(pairs: list[tuple[np.ndarray, list[dict], np.ndarray, dict[int, int]]], classes: set[int]) -> float:
    """Panoptic quality as panopticapi defines it, mask by mask, averaged over ``classes`` that occur."""
    sums: dict[int, list[float]] = defaultdict(lambda: [0.0, 0, 0, 0])
    for truth, segments, predicted, predicted_class in pairs:
        void = truth == 0
        crowd = {s["category_id"]: truth == s["id"] for s in segments if s["iscrowd"]}
        matched_truth, matched_prediction = set(), set()
        for s in segments:
            if s["iscrowd"]:
                continue
            g = truth == s["id"]
            for number in np.unique(predicted[g]):
                if predicted_class.get(int(number)) != s["category_id"]:
                    continue
                p = predicted == number
                common = (p & g).sum()
                iou = common / (p.sum() + s["area"] - common - (p & void).sum())
                if iou > 0.5:
                    sums[s["category_id"]][0] += iou
                    sums[s["category_id"]][1] += 1
                    matched_truth.add(s["id"])
                    matched_prediction.add(int(number))
        for s in segments:
            if not s["iscrowd"] and s["id"] not in matched_truth:
                sums[s["category_id"]][3] += 1
        for number, c in predicted_class.items():
            p = predicted == number
            if number in matched_prediction or not p.any():
                continue
            excused = (p & void).sum() + ((p & crowd[c]).sum() if c in crowd else 0)
            if excused / p.sum() <= 0.5:
                sums[c][2] += 1
    qualities = [i / (tp + fp / 2 + fn / 2) for c, (i, tp, fp, fn) in sums.items() if c in classes and tp + fp + fn]
    return 100 * float(np.mean(qualities))


@pytest.fixture(scope="module")
def predicted_by_command_line(coco_mini: Path, tmp_path_factory: pytest.TempPathFactory) -> Figures:
    """What ``lpsnet predict`` and ``lpsnet score`` say about both oracles at stuff limit 0."""
    out = tmp_path_factory.mktemp("oracles")
    truth = coco_mini / "annotations" / "panoptic_val2017.json"
    run = CliRunner()
    done = run.invoke(
        app, ["predict", str(truth), "--oracle", "semantic,boxes", "--stuff-limit", "0", "--out", str(out)]
    )
    assert done.exit_code == 0, done.output
    figures = out / "pq.json"
    scored = run.invoke(
        app, ["score", "--gt", str(truth), "--pred", str(out / "panoptic.json"), "--json", str(figures)]
    )
    assert scored.exit_code == 0, scored.output
    content = json.loads(figures.read_text())
    return {name: 100 * content[name]["pq"] for name in ("All", "Things", "Stuff")}


def test_both_oracles_reach_the_ceiling_of_the_head(predicted_by_command_line: Figures) -> None:
    assert predicted_by_command_line["Things"] >= 91
    assert predicted_by_command_line["Stuff"] >= 99.9


def test_both_oracles_equal_a_merge_written_from_the_paper(coco_mini: Path, predicted_by_command_line: Figures) -> None:
    content = json.loads((coco_mini / "annotations" / "panoptic_val2017.json").read_text())
    things = {c["id"] for c in content["categories"] if c["isthing"]}
    pairs = []
    for annotation in content["annotations"]:
        truth = _ids(coco_mini / "annotations" / "panoptic_val2017" / annotation["file_name"])
        predicted, classes = _merge_from_paper(truth, annotation["segments_info"], things)
        pairs.append((truth, annotation["segments_info"], predicted, classes))
    assert predicted_by_command_line["Things"] == pytest.approx(_quality(pairs, things), abs=0.05)
    stuff = {c["id"] for c in content["categories"]} - things
    assert predicted_by_command_line["Stuff"] == pytest.approx(_quality(pairs, stuff), abs=0.05)
