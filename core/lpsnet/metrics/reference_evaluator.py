"""Panoptic quality counted by panopticapi itself, where it is installed.

panopticapi is COCO's own evaluator. :func:`lpsnet.metrics.score_files.score_files` gives the same figures faster;
this is for those who want to hear them from the source.
"""

from __future__ import annotations

import contextlib
import importlib
import io
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from lpsnet.categories import Categories
from lpsnet.formats.coco_panoptic import CocoPanopticDataset, PanopticFormatError, Record, read_coco_panoptic
from lpsnet.metrics.panoptic_quality import PanopticQuality, QualityCounts
from lpsnet.metrics.score_files import pair_records

__all__ = ["score_with_panopticapi"]


def score_with_panopticapi(
    gt_json: str | Path,
    pred_json: str | Path,
    *,
    gt_dir: str | Path | None = None,
    pred_dir: str | Path | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> PanopticQuality:
    """Measures predictions in COCO panoptic files as ``score_files`` does, but lets panopticapi decode and count.

    The JSON files are read and checked by this project, so that no name in them leads out of its folder, and counts
    are divided and averaged by :class:`PanopticQuality`; both are not where evaluators differ. One process is used.

    Args:
        gt_json: ground truth.
        pred_json: predictions.
        gt_dir: folder of the ground truth's PNGs; by default the JSON's name without its suffix.
        pred_dir: likewise for the predictions.
        progress: told how many images are done, and of how many.

    Raises:
        PanopticFormatError: as ``score_files``, or naming the image that panopticapi refuses.
        ValueError: if panopticapi is not installed.
    """
    evaluator = _panopticapi()
    truth = read_coco_panoptic(gt_json, pngs_dir=gt_dir)
    predictions = read_coco_panoptic(pred_json, pngs_dir=pred_dir, reference=truth)
    pairs = pair_records(truth, predictions)
    categories = {entry["id"]: entry for entry in truth.categories.to_json()}
    totals = evaluator.PQStat()
    for done, (real, predicted) in enumerate(pairs, start=1):
        annotations = _annotation(real, _areas(truth, real)), _annotation(predicted, {})
        try:
            with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
                totals += evaluator.pq_compute_single_core(0, [annotations], "", "", categories)
        except Exception as error:  # it raises whatever its decoder or its look-ups raise
            raise PanopticFormatError(
                f"{predictions.path}: panopticapi refuses image {real.image_id!r} ({error})"
            ) from error
        if progress is not None:
            progress(done, len(pairs))
    return PanopticQuality(_counts(totals, truth.categories), truth.categories, predictions.paired_by_name)


def _panopticapi() -> Any:
    try:
        return importlib.import_module("panopticapi.evaluation")
    except ImportError:
        raise ValueError(
            "panopticapi is not installed, and the package index does not hold it: install it with pip from its git "
            "repository, https://github.com/cocodataset/panopticapi, or use the built-in evaluator, whose figures are "
            "the same"
        ) from None


def _areas(truth: CocoPanopticDataset, record: Record) -> Mapping[int, float]:
    """Returns the areas of true segments; panopticapi asks the JSON for them and does not count."""
    areas = record.json_areas
    if len(areas) < len(record.segments):
        counted = {segment.id: float(segment.area) for segment in truth.read_segmentation(record).segments}
        return counted | areas
    return areas


def _annotation(record: Record, areas: Mapping[int, float]) -> dict[str, Any]:
    segments = [
        {
            "id": segment["id"],
            "category_id": segment["category_id"],
            "iscrowd": int(bool(segment.get("iscrowd", 0))),
            "area": areas.get(segment["id"], 0),
        }
        for segment in record.segments
    ]
    return {"image_id": record.image_id, "file_name": str(record.png_path), "segments_info": segments}


def _counts(totals: Any, categories: Categories) -> QualityCounts:
    of_class = [totals[category.id] for category in categories]
    tp, fp, fn = (np.array([getattr(one, name) for one in of_class], np.int64) for name in ("tp", "fp", "fn"))
    return QualityCounts(tp, fp, fn, np.array([one.iou for one in of_class], np.float64))
