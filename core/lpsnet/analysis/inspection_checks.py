"""What the arrays of an inspection file must hold, and the sentence where they do not."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import fields
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from lpsnet.analysis.inspection_arrays import (
    ARRAYS,
    KINDS,
    OPTIONAL_PARTS,
    VERDICTS,
    Arrays,
    ArraySpec,
    unpack_candidates,
)
from lpsnet.structures import DropStage, PanopticSegmentation, StepKind, Verdict, unlabelled

__all__ = ["Layout", "Refuse", "check_layout", "check_values", "expected_arrays"]

Layout = Mapping[str, tuple[np.dtype[Any], tuple[int, ...]]]
"""Dtype and shape of every array by its name."""
Refuse = Callable[[str, str], NoReturn]
"""Raises that a field is wrong; is given its name and the complaint that goes on from it."""

_ROUNDING = 1e-4
"""By how much float32 may carry a probability or a ratio beyond its range."""


def expected_arrays(parts: Collection[str]) -> tuple[ArraySpec, ...]:
    """Returns the arrays of an inspection that has these of the optional parts."""
    absent = set(OPTIONAL_PARTS) - set(parts)
    return tuple(spec for spec in ARRAYS if spec.part not in absent)


def check_layout(layout: Layout, parts: Collection[str], num_classes: int, refuse: Refuse) -> dict[str, int]:
    """Checks that every array is there, of its dtype and of a shape that goes with the others'.

    Args:
        layout: what the file holds.
        parts: the optional parts that it should hold.
        num_classes: C.
        refuse: called with the first fault.

    Returns:
        What each letter of :data:`lpsnet.analysis.inspection_arrays.DIMENSIONS` stands for, where an array says so.
    """
    sides: dict[str, int] = {"C": num_classes}
    for spec in expected_arrays(parts):
        if spec.name not in layout:
            refuse(spec.name, "is missing")
        dtype, shape = layout[spec.name]
        if dtype.name not in spec.dtypes:
            refuse(spec.name, f"must be {' or '.join(spec.dtypes)}, not {dtype.name}")
        if len(shape) == len(spec.shape):
            for letter, side in zip(spec.shape, shape, strict=True):
                if isinstance(letter, str):
                    sides.setdefault(letter, side)
        wanted = tuple(sides.get(side, 0) if isinstance(side, str) else side for side in spec.shape)
        if shape != wanted:
            known = ", ".join(f"{side} = {sides[side]}" for side in spec.shape if side in sides)
            refuse(spec.name, f"must be {spec.shape_words}{f' with {known}' if known else ''}, not {list(shape)}")
    if not sides["H"] or not sides["W"]:
        refuse("image", "has no pixel")
    return sides


def check_values(arrays: Arrays, parts: Collection[str], sides: Mapping[str, int], refuse: Refuse) -> None:
    """Checks what the arrays of a checked layout hold: ranges, and that they belong together.

    Args:
        arrays: as :func:`check_layout` found them.
        parts: the optional parts.
        sides: what :func:`check_layout` returned.
        refuse: called with the first fault.
    """
    for spec in expected_arrays(parts):
        _check_range(spec, arrays[spec.name], sides, refuse)
    _check_detections(arrays, refuse)
    if "candidates" in parts:
        _check_candidates(arrays, refuse)
    _check_labels(arrays["merge.labels"], sides["C"], refuse)
    _check_steps(arrays, refuse)
    _check_deltas(arrays, refuse)
    _check_contests(arrays, refuse)
    _check_segments("merge", arrays["merge.owners"], arrays, refuse)
    if "borderness" in parts:
        _check_borderness(arrays, refuse)
    if "truth" in parts:
        _check_segments("truth", arrays["truth.ids"], arrays, refuse)
    if "quality" in parts:
        _check_quality(arrays, parts, refuse)


def _check_range(spec: ArraySpec, values: NDArray[Any], sides: Mapping[str, int], refuse: Refuse) -> None:
    if values.dtype.kind == "f":
        if spec.may_be_nan:
            values = values[~np.isnan(values)]
        _refuse_first(~np.isfinite(values), values, spec.name, "is not finite", refuse)
    if spec.low is not None:
        _refuse_first(values < spec.low, values, spec.name, f"is less than {spec.low:g}", refuse)
    if spec.high is not None:
        slack = _ROUNDING if values.dtype.kind == "f" else 0
        _refuse_first(values > spec.high + slack, values, spec.name, f"is more than {spec.high:g}", refuse)
    if spec.below:
        _refuse_first(values >= sides[spec.below], values, spec.name, f"is not below {sides[spec.below]}", refuse)


def _refuse_first(wrong: NDArray[np.bool_], values: NDArray[Any], name: str, complaint: str, refuse: Refuse) -> None:
    """Refuses the first wrong value of an array, if there is one; the complaint goes on from the value."""
    if not wrong.any():
        return
    flat = int(np.argmax(wrong))
    place = ", ".join(str(index) for index in np.unravel_index(flat, wrong.shape))
    refuse(f"{name}[{place}]", f"is {values.reshape(-1)[flat]}, which {complaint}")


def _check_detections(arrays: Arrays, refuse: Refuse) -> None:
    scores = arrays["detections.scores"]
    rising = np.append(False, np.diff(scores) > 0)
    _refuse_first(rising, scores, "detections.scores", "is more than the score before it", refuse)


def _check_candidates(arrays: Arrays, refuse: Refuse) -> None:
    """Checks that just those dropped by NMS name the box that suppressed them, and that the kept are the detections."""
    names = arrays["candidates.suppressed_by"]
    wrong = (names >= 0) != (arrays["candidates.dropped_at"] == DropStage.NMS)
    _refuse_first(wrong, names, "candidates.suppressed_by", "does not go with candidates.dropped_at", refuse)
    kept = unpack_candidates(arrays).detections()
    for column in fields(kept):
        if not np.array_equal(getattr(kept, column.name), arrays[f"detections.{column.name}"]):
            refuse(f"detections.{column.name}", "does not hold the candidates that were kept, best first")


def _check_labels(labels: NDArray[Any], num_classes: int, refuse: Refuse) -> None:
    alien = (labels >= num_classes) & (labels != unlabelled(labels))
    _refuse_first(alien, labels, "merge.labels", f"is not below {num_classes}", refuse)


def _check_steps(arrays: Arrays, refuse: Refuse) -> None:
    """Checks that steps of each kind say what steps of that kind can say, and of detections what these say."""
    kinds, owners = arrays["merge.steps.kind"], arrays["merge.steps.owner"]
    of_detection = kinds == KINDS.index(StepKind.DETECTION)
    checks = (
        ("detection", (arrays["merge.steps.detection"] >= 0) != of_detection, "merge.steps.kind"),
        ("label", (arrays["merge.steps.label"] < 0) != (kinds == KINDS.index(StepKind.LEFTOVERS)), "merge.steps.kind"),
        ("owner", (owners > 0) != (arrays["merge.steps.verdict"] == VERDICTS.index(Verdict.KEPT)), "its verdict"),
    )
    for name, wrong, other in checks:
        field = f"merge.steps.{name}"
        _refuse_first(wrong, arrays[field], field, f"does not go with {other}", refuse)
    rows = arrays["merge.steps.detection"][of_detection]
    if len(set(rows.tolist())) < len(rows):
        refuse("merge.steps.detection", "holds a detection twice")
    for name in ("label", "score", "box"):
        column = "boxes" if name == "box" else f"{name}s"
        if not np.array_equal(arrays[f"merge.steps.{name}"][of_detection], arrays[f"detections.{column}"][rows]):
            refuse(f"merge.steps.{name}", f"does not go with detections.{column}")
    kept = np.sort(owners[owners > 0])
    _refuse_first(np.append(False, np.diff(kept) == 0), kept, "merge.steps.owner", "is there twice", refuse)


def _check_deltas(arrays: Arrays, refuse: Refuse) -> None:
    """Checks that the steps' deltas, done one after the other, lead from an empty owner map to the last one."""
    windows, deltas, owners = arrays["merge.steps.window"], arrays["merge.deltas"], arrays["merge.owners"]
    if deltas.dtype != owners.dtype:
        refuse("merge.deltas", f"must be {owners.dtype.name} like merge.owners, not {deltas.dtype.name}")
    height, width = owners.shape
    y0, x0, y1, x1 = windows.T.astype(np.int64)
    outside = (y0 > y1) | (x0 > x1) | (y1 > height) | (x1 > width)
    hollow = windows.any(axis=1) & ((y0 == y1) | (x0 == x1))
    for wrong, complaint in ((outside, "lies outside the image"), (hollow, "holds no pixel")):
        if wrong.any():
            row = int(np.argmax(wrong))
            refuse(f"merge.steps.window[{row}]", f"is {windows[row].tolist()}, which {complaint}")
    sizes = (y1 - y0) * (x1 - x0)
    if sizes.sum() != len(deltas):
        refuse("merge.deltas", f"holds {len(deltas)} cells, but the steps' windows {sizes.sum()}")
    replayed, begin = np.zeros_like(owners), 0
    for (top, left, bottom, right), size in zip(windows.tolist(), sizes.tolist(), strict=True):
        view = replayed[top:bottom, left:right]
        np.bitwise_xor(view, deltas[begin : begin + size].reshape(view.shape), out=view)
        begin += size
    if not np.array_equal(replayed, owners):
        refuse("merge.deltas", "do not lead to merge.owners")


def _check_contests(arrays: Arrays, refuse: Refuse) -> None:
    steps, rivals = arrays["merge.contests.step"], arrays["merge.contests.rival"]
    falling = np.append(False, np.diff(steps) < 0)
    _refuse_first(falling, steps, "merge.contests.step", "is less than the one before it", refuse)
    strange = ~np.isin(rivals, arrays["merge.steps.owner"])
    _refuse_first(strange, rivals, "merge.contests.rival", "is the owner number of no step", refuse)
    pixels, won = arrays["merge.contests.pixels"], arrays["merge.contests.won"]
    _refuse_first(won > pixels, won, "merge.contests.won", "is more than were disputed", refuse)


def _check_segments(part: str, ids: NDArray[Any], arrays: Arrays, refuse: Refuse) -> None:
    """Checks that the segments are those of the id map, each with its own area and box."""
    listed = arrays[f"{part}.segments.id"].tolist()
    if len(set(listed)) < len(listed):
        refuse(f"{part}.segments.id", "holds an id twice")
    try:
        measured = PanopticSegmentation.from_ids(ids, dict.fromkeys(listed, 0)).segments
    except ValueError as error:
        refuse(f"{part}.segments.id", f"does not go with its map: {error}")
    for name, true in (("area", [each.area for each in measured]), ("box", [list(each.box) for each in measured])):
        field = f"{part}.segments.{name}"
        _check_equal(arrays[field].tolist(), true, field, refuse)


def _check_equal(stated: Sequence[Any], true: Sequence[Any], field: str, refuse: Refuse) -> None:
    for row, (one, other) in enumerate(zip(stated, true, strict=True)):
        if one != other:
            refuse(f"{field}[{row}]", f"is {one}, but the map says {other}")


def _check_borderness(arrays: Arrays, refuse: Refuse) -> None:
    cells = int(arrays["borderness.shape"].astype(np.int64).prod(axis=1).sum())
    values, strides = arrays["borderness.values"], arrays["borderness.stride"]
    if cells != len(values):
        refuse("borderness.values", f"holds {len(values)} cells, but borderness.shape {cells}")
    _refuse_first(strides <= 0, strides, "borderness.stride", "is not above 0", refuse)


def _check_quality(arrays: Arrays, parts: Collection[str], refuse: Refuse) -> None:
    """Checks that the segments which the quality speaks of are there."""
    if "truth" not in parts:
        refuse("quality", "needs the ground truth, which is missing")
    of_truth, of_merge = arrays["truth.segments.id"], arrays["merge.segments.id"]
    for name, known, whose in (
        ("matches.truth", of_truth, "ground truth"),
        ("false_negatives", of_truth, "ground truth"),
        ("matches.prediction", of_merge, "result"),
        ("false_positives", of_merge, "result"),
        ("ignored", of_merge, "result"),
    ):
        ids = arrays[f"quality.{name}"]
        _refuse_first(~np.isin(ids, known), ids, f"quality.{name}", f"is no segment of the {whose}", refuse)
