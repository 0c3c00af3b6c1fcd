"""The arrays of an inspection file: what each is called, what it holds, and how an inspection becomes them.

:data:`ARRAYS` is the format's one description: files are written, checked and documented by it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from math import isnan
from typing import Any, Literal, cast

import numpy as np
from numpy.typing import NDArray

from lpsnet.analysis.saved_inspection import SavedInspection
from lpsnet.metrics.panoptic_quality import ImageQuality, QualityCounts, SegmentMatch
from lpsnet.structures import (
    BordernessLevel,
    BordernessMaps,
    Candidates,
    Contest,
    Detections,
    MergeStep,
    Segment,
    StepKind,
    Verdict,
    Window,
)

__all__ = [
    "ARRAYS",
    "DIMENSIONS",
    "KINDS",
    "OPTIONAL_PARTS",
    "VERDICTS",
    "ArraySpec",
    "Arrays",
    "array_table",
    "pack",
    "parts_of",
    "unpack_areas",
    "unpack_borderness",
    "unpack_candidates",
    "unpack_detections",
    "unpack_quality",
    "unpack_segments",
    "unpack_steps",
]

Array = NDArray[Any]
Arrays = Mapping[str, Array]

DIMENSIONS = {
    "H": "rows of the image",
    "W": "columns of the image",
    "C": "classes",
    "K": "candidates",
    "D": "detections",
    "S": "steps of the merge",
    "G": "contests",
    "X": "cells of the steps' windows together",
    "M": "segments of the result",
    "L": "border-ness maps",
    "V": "cells of the border-ness maps together",
    "T": "segments of the ground truth",
    "A": "areas that the ground truth's JSON states",
    "P": "pairs of a true and a predicted segment that match",
    "F": "false positives",
    "N": "false negatives",
    "I": "predictions that are ignored",
}
"""What the letters in the arrays' shapes count."""

OPTIONAL_PARTS = ("candidates", "borderness", "truth", "truth_areas", "quality")
"""Parts that an inspection may lack; all arrays of a part are there, or none."""

KINDS = tuple(StepKind)
VERDICTS = tuple(Verdict)


@dataclass(frozen=True, slots=True)
class ArraySpec:
    """One array of the file.

    Attributes:
        name: in the file; what precedes the first dot is its part.
        dtypes: what it may be; more than one where the number of classes or owners decides.
        shape: letters of :data:`DIMENSIONS`, and numbers.
        meaning: for people.
        low: the least value allowed; None for any.
        high: the greatest value allowed; None for any.
        below: a dimension that every value must stay below; empty for none.
        may_be_nan: whether NaN stands for a value that is missing.
    """

    name: str
    dtypes: tuple[str, ...]
    shape: tuple[str | int, ...]
    meaning: str
    low: float | None = None
    high: float | None = None
    below: str = ""
    may_be_nan: bool = False

    @property
    def part(self) -> str:
        """The part of the inspection that it belongs to."""
        return self.name.partition(".")[0]

    @property
    def shape_words(self) -> str:
        """The shape as it is written: ``[K, 4]``."""
        return f"[{', '.join(str(side) for side in self.shape)}]"


def _spec(
    name: str,
    dtype: str,
    shape: str,
    meaning: str,
    *,
    low: float | None = None,
    high: float | None = None,
    below: str = "",
    may_be_nan: bool = False,
) -> ArraySpec:
    sides = tuple(int(side) if side.isdigit() else side for side in shape.split())
    return ArraySpec(name, tuple(dtype.split("|")), sides, meaning, low, high, below, may_be_nan)


def _boxes(part: str, rows: str) -> tuple[ArraySpec, ...]:
    """Returns what candidates and detections have in common."""
    return (
        _spec(f"{part}.boxes", "float32", f"{rows} 4", "x0, y0, x1, y1 in image pixels, half-open"),
        _spec(f"{part}.labels", "int32", rows, "class index", low=0, below="C"),
        _spec(f"{part}.scores", "float32", rows, "what they are ranked by", low=0, high=1),
        _spec(f"{part}.class_scores", "float32", rows, "class probability at the location", low=0, high=1),
        _spec(f"{part}.borderness", "float32", rows, "border-ness predicted at the location", low=0, high=1),
        _spec(f"{part}.level", "uint8", rows, "pyramid level, 3 for P3 … 7 for P7; 0 for none", high=7),
        _spec(f"{part}.location", "float32", f"{rows} 2", "x and y of the location in image pixels"),
    )


def _segments(part: str, rows: str, identity: str) -> tuple[ArraySpec, ...]:
    return (
        _spec(f"{part}.segments.id", "int32", rows, identity, low=1),
        _spec(f"{part}.segments.label", "int32", rows, "class index", low=0, below="C"),
        _spec(f"{part}.segments.area", "int64", rows, "number of pixels", low=1),
        _spec(f"{part}.segments.box", "int32", f"{rows} 4", "tight box x0, y0, x1, y1, half-open", low=0),
        _spec(f"{part}.segments.iscrowd", "bool", rows, "whether it is a crowd region"),
        _spec(f"{part}.segments.score", "float64", rows, "score; NaN for none", low=0, high=1, may_be_nan=True),
    )


ARRAYS: tuple[ArraySpec, ...] = (
    _spec("image", "uint8", "H W 3", "the image, RGB"),
    *_boxes("candidates", "K"),
    _spec("candidates.dropped_at", "uint8", "K", "0 kept, 1 score, 2 top-k, 3 NMS, 4 cap", high=4),
    _spec(
        "candidates.suppressed_by", "int32", "K", "row of the box that suppressed it; −1 for none", low=-1, below="K"
    ),
    _spec("candidates.iou", "float32", "K", "IoU with that box; 0 for none", low=0, high=1),
    *_boxes("detections", "D"),
    _spec("merge.labels", "uint8|uint16", "H W", "class index of every pixel; the dtype's greatest value is no class"),
    _spec("merge.owners", "uint8|uint16", "H W", "owner number of every pixel after the last step; 0 is void"),
    _spec("merge.steps.kind", "uint8", "S", "0 detection, 1 stuff, 2 leftovers", high=len(KINDS) - 1),
    _spec("merge.steps.label", "int32", "S", "class index; −1 for the leftovers", low=-1, below="C"),
    _spec("merge.steps.detection", "int32", "S", "row in detections; −1 for no detection", low=-1, below="D"),
    _spec("merge.steps.score", "float64", "S", "the detection's score; 0 for no detection", low=0, high=1),
    _spec("merge.steps.box", "float64", "S 4", "the detection's box; 0 for no detection"),
    _spec("merge.steps.candidate_pixels", "int64", "S", "pixels that it could take", low=0),
    _spec("merge.steps.overlap_pixels", "int64", "S", "how many of them were taken before", low=0),
    _spec("merge.steps.overlap", "float64", "S", "their share", low=0, high=1),
    _spec("merge.steps.verdict", "uint8", "S", "0 kept, 1 discarded, 2 empty", high=len(VERDICTS) - 1),
    _spec("merge.steps.owner", "int32", "S", "its owner number; 0 unless kept", low=0),
    _spec("merge.steps.adopted_pixels", "int64", "S", "of stuff: pixels taken over from leftover things", low=0),
    _spec("merge.steps.window", "int32", "S 4", "y0, x0, y1, x1 of its delta; all 0 for none", low=0),
    _spec("merge.contests.step", "int32", "G", "the step that disputed pixels; ascending", low=0, below="S"),
    _spec("merge.contests.rival", "int32", "G", "owner number of the earlier detection", low=1),
    _spec("merge.contests.pixels", "int64", "G", "disputed pixels", low=0),
    _spec("merge.contests.won", "int64", "G", "how many went to the later one", low=0),
    _spec("merge.deltas", "uint8|uint16", "X", "owners before XOR after, window by window, each row by row"),
    *_segments("merge", "M", "owner number"),
    _spec(
        "borderness.level", "int32", "L", "pyramid level, 3 for P3 … 7 for P7; 0 for image resolution", low=0, high=7
    ),
    _spec("borderness.stride", "float64", "L", "pixels of the padded input between two locations"),
    _spec("borderness.offset", "float64", "L", "the first location in the padded input"),
    _spec("borderness.shape", "int32", "L 2", "rows and columns of each map", low=1),
    _spec("borderness.values", "float32", "V", "the maps, one after the other, each row by row", low=0, high=1),
    _spec("truth.ids", "int32", "H W", "segment id of every pixel; 0 is void", low=0),
    *_segments("truth", "T", "id in truth.ids"),
    _spec("truth_areas.id", "int64", "A", "id of a segment of the ground truth", low=0),
    _spec("truth_areas.area", "float64", "A", "its area as the JSON states it", low=0),
    _spec("quality.tp", "int64", "C", "matched pairs", low=0),
    _spec("quality.fp", "int64", "C", "false positives", low=0),
    _spec("quality.fn", "int64", "C", "false negatives", low=0),
    _spec("quality.iou", "float64", "C", "sum of the matched pairs' IoUs", low=0),
    _spec("quality.matches.truth", "int64", "P", "id of the true segment", low=1),
    _spec("quality.matches.prediction", "int64", "P", "owner number of the predicted segment", low=1),
    _spec("quality.matches.iou", "float64", "P", "their IoU", low=0, high=1),
    _spec("quality.false_positives", "int64", "F", "owner numbers that match nothing", low=1),
    _spec("quality.false_negatives", "int64", "N", "ids that nothing matches", low=1),
    _spec("quality.ignored", "int64", "I", "owner numbers that lie on void or crowd", low=1),
)
"""Every array of an inspection file but ``about``, which holds the JSON."""


def array_table() -> str:
    """Returns the arrays and the letters of their shapes as two Markdown tables."""
    lines = ["| array | dtype | shape | what it holds |", "|---|---|---|---|"]
    for spec in ARRAYS:
        dtype = " or ".join(spec.dtypes)
        lines.append(f"| `{spec.name}` | {dtype} | `{spec.shape_words}` | {spec.meaning} |")
    lines += ["", "| letter | counts |", "|---|---|"]
    lines += [f"| {letter} | {what} |" for letter, what in DIMENSIONS.items()]
    return "\n".join(lines) + "\n"


# ------------------------------------------------------------------------------------------- an inspection to arrays


def parts_of(saved: SavedInspection) -> tuple[str, ...]:
    """Returns which of the parts that an inspection may lack it has."""
    return tuple(part for part in OPTIONAL_PARTS if getattr(saved, part) is not None)


def pack(saved: SavedInspection) -> dict[str, Array]:
    """Returns the arrays of an inspection by their names, in the order of :data:`ARRAYS`."""
    packed: dict[str, Array] = {"image": saved.image}
    if saved.candidates is not None:
        packed |= _columns("candidates", saved.candidates)
    packed |= _columns("detections", saved.detections)
    packed |= dict(_merge_arrays(saved))
    if saved.borderness is not None:
        packed |= _borderness_arrays(saved.borderness)
    if saved.truth is not None:
        packed |= {"truth.ids": saved.truth.ids, **_segment_arrays("truth", saved.truth.segments)}
    if saved.truth_areas is not None:
        areas = saved.truth_areas
        packed["truth_areas.id"] = np.array(list(areas), np.int64)
        packed["truth_areas.area"] = np.array(list(areas.values()), np.float64)
    if saved.quality is not None:
        packed |= _quality_arrays(saved.quality)
    return {name: np.ascontiguousarray(values) for name, values in packed.items()}


def _columns(part: str, rows: Candidates | Detections) -> dict[str, Array]:
    return {f"{part}.{column.name}": getattr(rows, column.name) for column in fields(rows)}


def _merge_arrays(saved: SavedInspection) -> Iterator[tuple[str, Array]]:
    trace = saved.trace
    steps = trace.steps
    yield "merge.labels", trace.labels
    yield "merge.owners", trace.owners
    yield "merge.steps.kind", np.array([KINDS.index(step.kind) for step in steps], np.uint8)
    for name, dtype in _STEP_COLUMNS.items():
        yield f"merge.steps.{name}", np.array([getattr(step, name) for step in steps], dtype)
    boxes = [step.box or (0.0, 0.0, 0.0, 0.0) for step in steps]
    yield "merge.steps.box", np.array(boxes, np.float64).reshape(-1, 4)
    yield "merge.steps.verdict", np.array([VERDICTS.index(step.verdict) for step in steps], np.uint8)
    windows = [step.window or (0, 0, 0, 0) for step in steps]
    yield "merge.steps.window", np.array(windows, np.int32).reshape(-1, 4)
    contests = [(number, contest) for number, step in enumerate(steps) for contest in step.contests]
    yield "merge.contests.step", np.array([number for number, _ in contests], np.int32)
    for name, dtype in (("rival", np.int32), ("pixels", np.int64), ("won", np.int64)):
        yield f"merge.contests.{name}", np.array([getattr(contest, name) for _, contest in contests], dtype)
    deltas = [step.delta.reshape(-1) for step in steps if step.delta is not None]
    yield "merge.deltas", np.concatenate([np.empty(0, trace.owners.dtype), *deltas])
    yield from _segment_arrays("merge", trace.segments).items()


_STEP_COLUMNS: dict[str, type[np.generic]] = {
    "label": np.int32,
    "detection": np.int32,
    "score": np.float64,
    "candidate_pixels": np.int64,
    "overlap_pixels": np.int64,
    "overlap": np.float64,
    "owner": np.int32,
    "adopted_pixels": np.int64,
}
"""Columns of the steps that are numbers already."""


def _segment_arrays(part: str, segments: Sequence[Segment]) -> dict[str, Array]:
    scores = [np.nan if segment.score is None else segment.score for segment in segments]
    return {
        f"{part}.segments.id": np.array([segment.id for segment in segments], np.int32),
        f"{part}.segments.label": np.array([segment.label for segment in segments], np.int32),
        f"{part}.segments.area": np.array([segment.area for segment in segments], np.int64),
        f"{part}.segments.box": np.array([segment.box for segment in segments], np.int32).reshape(-1, 4),
        f"{part}.segments.iscrowd": np.array([segment.iscrowd for segment in segments], np.bool_),
        f"{part}.segments.score": np.array(scores, np.float64),
    }


def _borderness_arrays(maps: BordernessMaps) -> dict[str, Array]:
    levels = maps.levels
    values = [level.values.reshape(-1) for level in levels]
    return {
        "borderness.level": np.array([level.level for level in levels], np.int32),
        "borderness.stride": np.array([level.stride for level in levels], np.float64),
        "borderness.offset": np.array([level.offset for level in levels], np.float64),
        "borderness.shape": np.array([level.values.shape for level in levels], np.int32).reshape(-1, 2),
        "borderness.values": np.concatenate([np.empty(0, np.float32), *values]),
    }


def _quality_arrays(quality: ImageQuality) -> dict[str, Array]:
    matches = quality.matches
    return {
        "quality.tp": quality.counts.tp,
        "quality.fp": quality.counts.fp,
        "quality.fn": quality.counts.fn,
        "quality.iou": quality.counts.iou,
        "quality.matches.truth": np.array([match.truth for match in matches], np.int64),
        "quality.matches.prediction": np.array([match.prediction for match in matches], np.int64),
        "quality.matches.iou": np.array([match.iou for match in matches], np.float64),
        "quality.false_positives": np.array(quality.false_positives, np.int64),
        "quality.false_negatives": np.array(quality.false_negatives, np.int64),
        "quality.ignored": np.array(quality.ignored, np.int64),
    }


# ------------------------------------------------------------------------------------------- arrays to an inspection


def unpack_candidates(arrays: Arrays) -> Candidates:
    """Returns the candidates of checked arrays."""
    return Candidates(**{column.name: arrays[f"candidates.{column.name}"] for column in fields(Candidates)})


def unpack_detections(arrays: Arrays) -> Detections:
    """Returns the detections of checked arrays."""
    return Detections(**{column.name: arrays[f"detections.{column.name}"] for column in fields(Detections)})


def unpack_steps(arrays: Arrays) -> tuple[MergeStep, ...]:
    """Returns the steps of the merge of checked arrays."""
    contests: list[list[Contest]] = [[] for _ in arrays["merge.steps.kind"]]
    for step, rival, pixels, won in _rows(arrays, "merge.contests", ("step", "rival", "pixels", "won")):
        contests[step].append(Contest(rival, pixels, won))
    deltas, begin, steps = arrays["merge.deltas"], 0, []
    columns = ("kind", "verdict", "box", "window", *_STEP_COLUMNS)
    for number, (kind, verdict, box, sides, *figures) in enumerate(_rows(arrays, "merge.steps", columns)):
        y0, x0, y1, x1 = sides
        window: Window | None = (y0, x0, y1, x1) if any(sides) else None
        end = begin + (y1 - y0) * (x1 - x0)
        step = MergeStep(
            kind=KINDS[kind],
            verdict=VERDICTS[verdict],
            box=tuple(box) if KINDS[kind] is StepKind.DETECTION else None,
            contests=tuple(contests[number]),
            window=window,
            delta=None if window is None else deltas[begin:end].reshape(y1 - y0, x1 - x0),
            **dict(zip(_STEP_COLUMNS, figures, strict=True)),
        )
        steps.append(step)
        begin = end
    return tuple(steps)


def unpack_segments(arrays: Arrays, part: str) -> tuple[Segment, ...]:
    """Returns the segments of the merge or of the truth, of checked arrays."""
    columns = ("id", "label", "area", "box", "iscrowd", "score")
    return tuple(
        Segment(identity, label, area, tuple(box), iscrowd, None if isnan(score) else score)
        for identity, label, area, box, iscrowd, score in _rows(arrays, f"{part}.segments", columns)
    )


def unpack_borderness(arrays: Arrays, scale: tuple[float, float], pooling: Literal["max", "own"]) -> BordernessMaps:
    """Returns the border-ness maps of checked arrays."""
    shapes = arrays["borderness.shape"]
    ends = np.cumsum(shapes.astype(np.int64).prod(axis=1))
    values = np.split(arrays["borderness.values"], ends[:-1]) if len(ends) else []
    levels = tuple(
        BordernessLevel(flat.reshape(shape), stride, offset, level)
        for flat, (shape, stride, offset, level) in zip(
            values, _rows(arrays, "borderness", ("shape", "stride", "offset", "level")), strict=True
        )
    )
    return BordernessMaps(levels, scale, pooling)


def unpack_areas(arrays: Arrays) -> dict[int, float]:
    """Returns the areas that the ground truth's JSON states, of checked arrays."""
    return dict(_rows(arrays, "truth_areas", ("id", "area")))


def unpack_quality(arrays: Arrays) -> ImageQuality:
    """Returns the quality of checked arrays."""
    counts = QualityCounts(*(arrays[f"quality.{name}"] for name in ("tp", "fp", "fn", "iou")))
    matches = tuple(SegmentMatch(*row) for row in _rows(arrays, "quality.matches", ("truth", "prediction", "iou")))
    wrong, missed, ignored = (
        tuple(cast("list[int]", arrays[f"quality.{name}"].tolist()))
        for name in ("false_positives", "false_negatives", "ignored")
    )
    return ImageQuality(counts, matches, wrong, missed, ignored)


def _rows(arrays: Arrays, part: str, columns: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    """Yields the rows of some columns as plain Python values."""
    return zip(*(arrays[f"{part}.{column}"].tolist() for column in columns), strict=True)
