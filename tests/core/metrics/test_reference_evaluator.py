"""panopticapi as evaluator: the same figures where it is installed, one clear sentence where it is not."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from lpsnet.categories import Categories, Category
from lpsnet.formats.coco_panoptic import CocoPanopticWriter, PanopticFormatError
from lpsnet.formats.fields import load_json
from lpsnet.metrics import reference_evaluator
from lpsnet.metrics.reference_evaluator import score_with_panopticapi
from lpsnet.metrics.score_files import score_files
from lpsnet.structures import PanopticSegmentation

CATEGORIES = Categories((Category(1, "person", True, (220, 20, 60)), Category(2, "grass", False, (0, 200, 0))))


def write(path: Path, *maps: list[list[int]], crowds: tuple[int, ...] = ()) -> Path:
    with CocoPanopticWriter(path, None, CATEGORIES) as writer:
        for number, ids in enumerate(maps):
            present = sorted({identity for row in ids for identity in row} - {0})
            labels = {identity: identity % 2 for identity in present}
            segmentation = PanopticSegmentation.from_ids(np.array(ids), labels, crowds=set(crowds) & set(present))
            writer.add(number, f"{number}.jpg", segmentation)
    return path


def test_without_panopticapi_one_sentence_says_where_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "panopticapi", None)
    monkeypatch.delitem(sys.modules, "panopticapi.evaluation", raising=False)
    with pytest.raises(ValueError, match=r"panopticapi is not installed.*https://github\.com/cocodataset/panopticapi"):
        score_with_panopticapi(tmp_path / "gt.json", tmp_path / "pred.json")


def test_figures_are_those_of_the_built_in_evaluator(tmp_path: Path) -> None:
    pytest.importorskip("panopticapi")
    truth = write(tmp_path / "gt.json", [[1, 1, 1, 2, 2, 0], [4, 4, 4, 4, 6, 6]], [[2, 2, 2, 1, 1, 1]], crowds=(6,))
    predicted = write(tmp_path / "pred.json", [[1, 1, 0, 2, 3, 3], [8, 8, 8, 8, 6, 6]], [[2, 2, 1, 1, 1, 1]])
    calls: list[tuple[int, int]] = []
    reference = score_with_panopticapi(truth, predicted, progress=lambda done, total: calls.append((done, total)))
    assert calls == [(1, 2), (2, 2)]
    ours = score_files(truth, predicted)
    assert reference.to_json() == ours.to_json()
    assert reference.counts.tp.sum() > 0
    assert reference.counts.fp.sum() > 0


def test_figures_are_those_of_panopticapi_on_the_whole(shared_data: Path) -> None:
    pytest.importorskip("panopticapi")
    golden = load_json(shared_data / "golden" / "panoptic_quality.json").value
    quality = score_with_panopticapi(
        shared_data / "data" / "coco-mini" / "annotations" / "panoptic_val2017.json",
        shared_data / "golden" / "panoptic_val2017_pred.json",
    ).to_json()
    for name in ("All", "Things", "Stuff"):
        assert quality[name] == pytest.approx(golden[name], abs=1e-9)


def test_predictions_that_are_numbered_anew_are_found_by_file_names_here_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[tuple[object, str, object, str]] = []

    def count(_: int, pairs: Any, *__: object) -> Counter[int]:
        for real, found in pairs:
            names = (Path(entry["file_name"]).name for entry in (real, found))
            given.append((real["image_id"], next(names), found["image_id"], next(names)))
        return Counter()

    class Totals(Counter[int]):
        def __missing__(self, key: int) -> SimpleNamespace:
            return SimpleNamespace(tp=1, fp=0, fn=0, iou=1.0)

    evaluator = SimpleNamespace(PQStat=Totals, pq_compute_single_core=count)
    monkeypatch.setattr(reference_evaluator, "_panopticapi", lambda: evaluator)
    truth = write(tmp_path / "gt.json", [[1, 1, 1, 2, 2, 2]], [[2, 2, 2, 1, 1, 1]])
    predicted = write(tmp_path / "pred.json", [[1, 1, 1, 2, 2, 2]], [[2, 2, 2, 1, 1, 1]])
    text = predicted.read_text(encoding="utf-8")
    for number in (0, 1):
        text = text.replace(f'"id": {number}, "file_name"', f'"id": 7{number}, "file_name"')
        text = text.replace(f'"image_id": {number}', f'"image_id": 7{number}')
    predicted.write_text(text, encoding="utf-8")
    assert score_with_panopticapi(truth, predicted).paired_by_name
    assert given == [(number, f"{number}.png", number, f"{number}.png") for number in (0, 1)]
    assert not score_with_panopticapi(truth, truth).paired_by_name


def test_truth_without_areas_is_counted(tmp_path: Path) -> None:
    pytest.importorskip("panopticapi")
    truth = write(tmp_path / "gt.json", [[1, 1, 1, 2, 2, 2]])
    predicted = write(tmp_path / "pred.json", [[1, 1, 2, 2, 2, 2]])
    truth.write_text(truth.read_text(encoding="utf-8").replace('"area"', '"Area"'), encoding="utf-8")
    assert score_with_panopticapi(truth, predicted).to_json() == score_files(truth, predicted).to_json()


def test_what_panopticapi_refuses_names_the_image(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("panopticapi")
    truth = write(tmp_path / "gt.json", [[1, 1, 2]])
    predicted = write(tmp_path / "pred.json", [[1, 1, 2]])
    png = next((tmp_path / "pred").glob("*.png"))
    png.write_bytes(png.read_bytes()[:50])
    with pytest.raises(PanopticFormatError, match=r"pred\.json: panopticapi refuses image 0"):
        score_with_panopticapi(truth, predicted)
    assert capfd.readouterr() == ("", "")
