"""Inspections for the tests of what is kept of one: drawn at random, of the demo network, and compared bit for bit."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np

from lpsnet.analysis.saved_inspection import SavedInspection
from lpsnet.borderness import segment_borderness_maps
from lpsnet.categories import Categories, Category
from lpsnet.metrics.panoptic_quality import image_quality
from lpsnet.panoptic_head import merge
from lpsnet.structures import (
    BordernessLevel,
    BordernessMaps,
    Candidates,
    DropStage,
    InspectionSettings,
    PanopticSegmentation,
    Stage,
    label_dtype,
)


def random_inspection(seed: int) -> SavedInspection:
    """An inspection whose boxes, labels and maps are noise, merged for real; what it lacks is up to the seed."""
    random = np.random.default_rng(seed)
    classes = int(random.choice([2, 9, 300]))
    isthing = random.random(classes) < 0.6
    isthing[0] = True
    categories = Categories(
        tuple(
            Category(3 * index + 1, f"класс {index}", bool(thing), tuple(random.integers(0, 256, 3).tolist()), "группа")
            for index, thing in enumerate(isthing)
        )
    )
    size = int(random.integers(1, 40)), int(random.integers(1, 40))
    labels = _blocks(random, size, min(classes, 4)).astype(label_dtype(classes))
    labels[random.random(size) < 0.1] = np.iinfo(labels.dtype).max
    candidates = _candidates(random, size, isthing)
    maps = _borderness(random) if random.random() < 0.8 else None
    settings = InspectionSettings(
        score_threshold=float(random.random() / 9),
        overlap_threshold=float(random.random()),
        conflict=str(random.choice(["closest", "highest", "smallest"])),  # type: ignore[arg-type]
        stuff_limit=int(random.integers(0, 20)),
    )
    detections = candidates.detections()
    trace = merge(
        detections,
        labels,
        isthing=isthing,
        borderness=maps,
        score_threshold=settings.score_threshold,
        overlap_threshold=settings.overlap_threshold,
        conflict=settings.conflict,
        stuff_limit=settings.stuff_limit,
    )
    truth = _truth(random, size, classes) if random.random() < 0.7 else None
    areas = {segment.id: float(segment.area) for segment in truth.segments} if truth and random.random() < 0.5 else None
    has_quality = truth is not None and random.random() < 0.8
    return SavedInspection(
        image=random.integers(0, 256, (*size, 3), np.uint8),
        categories=categories,
        settings=settings,
        candidates=candidates if random.random() < 0.8 else None,
        detections=detections,
        trace=trace,
        borderness=maps,
        truth=truth,
        truth_areas=areas or None,
        quality=image_quality(trace.segmentation(), truth, classes, truth_areas=areas) if has_quality else None,
        seconds={stage: float(random.random()) for stage in Stage if random.random() < 0.7},
        network={"origin": "сеть.safetensors"} if random.random() < 0.5 else {},
        versions={"lpsnet": "0.1.0"},
        name="улица.png" if random.random() < 0.5 else "",
    )


def _candidates(random: np.random.Generator, size: tuple[int, int], isthing: np.ndarray) -> Candidates:
    count = int(random.integers(0, 30))
    corners = np.sort(random.random((count, 2, 2)) * (size[1], size[0]), axis=1).reshape(count, 4).astype(np.float32)
    scores, borderness = random.random((2, count), np.float32)
    dropped = random.choice(5, count, p=[0.6, 0.1, 0.1, 0.1, 0.1]).astype(np.uint8)
    by_nms = dropped == DropStage.NMS
    return Candidates(
        boxes=corners,
        labels=random.choice(np.flatnonzero(isthing)[:3], count).astype(np.int32),
        scores=scores * borderness,
        class_scores=scores,
        borderness=borderness,
        level=random.integers(3, 8, count).astype(np.uint8),
        location=random.random((count, 2), np.float32) * 40,
        dropped_at=dropped,
        suppressed_by=np.where(by_nms, random.integers(0, max(count, 1), count), -1).astype(np.int32),
        iou=np.where(by_nms, random.random(count), 0).astype(np.float32),
    )


def _borderness(random: np.random.Generator) -> BordernessMaps:
    if random.random() < 0.2:
        return segment_borderness_maps(random.integers(0, 3, (9, 5)))
    levels = tuple(
        BordernessLevel(
            random.random(tuple(random.integers(1, 9, 2).tolist()), np.float32), float(stride), stride / 2, level
        )
        for level, stride in ((3, 8), (4, 16), (5, 32))[: int(random.integers(1, 4))]
    )
    return BordernessMaps(levels, (float(random.random()) + 0.1, 1 / 3), str(random.choice(["max", "own"])))  # type: ignore[arg-type]


def _truth(random: np.random.Generator, size: tuple[int, int], classes: int) -> PanopticSegmentation:
    ids = np.ascontiguousarray(_blocks(random, size, 4) * 70_000, np.int32)
    present = [int(identity) for identity in np.unique(ids) if identity]
    random.shuffle(present)
    labels = {identity: int(random.integers(0, classes)) for identity in present}
    crowds = {identity for identity in present if random.random() < 0.2}
    return PanopticSegmentation.from_ids(ids, labels, crowds=crowds)


def _blocks(random: np.random.Generator, size: tuple[int, int], values: int) -> np.ndarray:
    """Whole numbers below ``values`` in blocks of 4×4 pixels."""
    blocks = random.integers(0, values, (-(-size[0] // 4), -(-size[1] // 4)))
    return np.kron(blocks, np.ones((4, 4), np.int64))[: size[0], : size[1]]


def differences(one: Any, other: Any, where: str = "") -> list[str]:
    """Names every place in which two values differ: by type, dtype, shape or any bit."""
    if type(one) is not type(other):
        return [f"{where}: {type(one).__name__} is not {type(other).__name__}"]
    if isinstance(one, np.ndarray):
        same = one.dtype == other.dtype and one.shape == other.shape and one.tobytes() == other.tobytes()
        return [] if same else [f"{where}: {one.dtype} {one.shape} is not {other.dtype} {other.shape}, or in bits"]
    if is_dataclass(one):
        names = [field.name for field in fields(one)]
        return [
            fault
            for name in names
            for fault in differences(getattr(one, name), getattr(other, name), f"{where}.{name}")
        ]
    if isinstance(one, dict):
        keys = differences(list(one), list(other), f"{where} keys")
        return keys or [fault for key in one for fault in differences(one[key], other[key], f"{where}[{key}]")]
    if isinstance(one, tuple | list):
        if len(one) != len(other):
            return [f"{where}: {len(one)} is not {len(other)} long"]
        pairs = enumerate(zip(one, other, strict=True))
        return [fault for index, pair in pairs for fault in differences(*pair, f"{where}[{index}]")]
    return [] if one == other else [f"{where}: {one!r} is not {other!r}"]
