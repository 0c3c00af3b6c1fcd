"""At which stage a true segment was lost: the last place where something that could have found it still was.

A thing is found by a box and the pixels of its class inside. So its loss is followed along the candidates that lie
around it (box IoU of 0.5 and more), through post-processing and merge (method rows 32-53): of those whose mask would
match, or of all if none would, the one that came furthest tells where the last chance went. If even that one owns a
segment, the mask is to blame, and is made again with true labels, with the true box, and without rivals, to see which
of them would have made it match.

A stuff segment needs labels and area alone (method row 54).
"""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from lpsnet.analysis.errors import Kind, SegmentVerdict
from lpsnet.analysis.fates import Fate, fates, fates_of_detections
from lpsnet.categories import Categories
from lpsnet.panoptic_head.inputs import pixel_windows
from lpsnet.panoptic_head.steps import told_apart
from lpsnet.structures import (
    Candidates,
    Detections,
    InspectionSettings,
    Int32,
    Labels,
    MergeStep,
    MergeTrace,
    PanopticSegmentation,
    Segment,
    StepKind,
    Verdict,
)

__all__ = ["NEAR_IOU", "Loss", "LostAt", "lost_where"]

Flags = NDArray[np.bool_]

NEAR_IOU = 0.5
"""Box IoU from which on a candidate could have found a thing."""


class LostAt(enum.StrEnum):
    """The stage at which a true segment was lost, in the order of the pipeline."""

    SEMANTICS = "semantics"
    """The label map is to blame: the segment's pixels, in the box if it has one, carry other classes."""
    CLASS = "class"
    """Boxes lie around it, but none under its class: the class vector at their locations names another."""
    BOX = "box"
    """No candidate lies around it, or each one fits another thing of its class better."""
    SCORE = "class threshold"
    """Its class probability did not exceed the class threshold (row 35)."""
    TOP_K = "top-k"
    """Its level had better-scored candidates enough (row 35)."""
    NMS = "NMS"
    """A better-scored box of its class suppressed it (row 36)."""
    CAP = "cap"
    """The image had better-scored detections enough (row 36)."""
    THRESHOLD = "score threshold"
    """Its score is below the score threshold of the merge (row 53)."""
    OVERLAP = "overlap rule"
    """The merge discarded it, as earlier boxes held too much of its mask (row 47)."""
    CONTEST = "contested pixels"
    """Its mask alone would match, but other boxes of its class hold too much of it (row 48)."""
    BOX_SIDES = "box sides"
    """It owns a segment, whose box cuts the thing or reaches into others of its class."""
    NEIGHBOURS = "neighbours"
    """Others of its class fill its box: not even its true box with true labels would make a mask that matches."""
    STUFF_LIMIT = "stuff limit"
    """The stuff class has fewer pixels than the limit (row 54)."""
    LEFTOVERS = "leftovers"
    """The stuff class adopted too many leftover pixels of things (row 55)."""


_DROPPED = {
    Fate.SCORE: LostAt.SCORE,
    Fate.TOP_K: LostAt.TOP_K,
    Fate.NMS: LostAt.NMS,
    Fate.CAP: LostAt.CAP,
    Fate.THRESHOLD: LostAt.THRESHOLD,
    Fate.OVERLAP: LostAt.OVERLAP,
    Fate.EMPTY: LostAt.SEMANTICS,
}


@dataclass(frozen=True, slots=True)
class Loss:
    """Where one true segment was lost, with the figures that show it.

    Attributes:
        truth: id of the true segment.
        label: its class index.
        area: its pixels.
        center: x and y of the middle of its box, in image pixels.
        at: the stage.
        words: why, in one sentence with figures, without a full stop; class names stand in it as they are.
        labelled: share of its pixels that the label map gives its class, in [0, 1].
        candidate: row of the candidate that came furthest, of the detection under the box oracle; -1 if there is none.
        box_iou: IoU of that candidate's box with the segment's, or of the closest of its class if none is near.
        score: what the candidate was ranked by; 0 if there is none.
        mask_iou: IoU with the segment that the candidate's mask, or the label map of stuff, would have without rivals;
            void of the truth is left out of the union.
    """

    truth: int
    label: int
    area: int
    center: tuple[float, float]
    at: LostAt
    words: str
    labelled: float
    candidate: int = -1
    box_iou: float = 0.0
    score: float = 0.0
    mask_iou: float = 0.0


def lost_where(
    verdicts: Sequence[SegmentVerdict],
    truth: PanopticSegmentation,
    categories: Categories,
    *,
    labels: Labels,
    detections: Detections,
    candidates: Candidates | None,
    trace: MergeTrace,
    settings: InspectionSettings,
) -> tuple[Loss, ...]:
    """Returns where every false negative was lost, in the order of the verdicts.

    Args:
        verdicts: on all segments of the merge's result and the truth.
        truth: ground truth.
        categories: the classes.
        labels: ``[H, W]`` the label map that was merged.
        detections: the boxes that were merged.
        candidates: what they were chosen from; None under the box oracle.
        trace: the merge.
        settings: what was in force.

    Raises:
        ValueError: if the merge is not of these candidates' detections.
    """
    segments = {segment.id: segment for segment in truth.segments}
    scene = _Scene(truth, truth.labels(len(categories)), labels, categories, settings, trace)
    chances = _Chances.of(candidates, detections, trace)
    things = [s for s in truth.segments if categories[s.label].isthing and not s.iscrowd]
    claimed = {row.prediction for row in verdicts if row.kind is Kind.TP}
    return tuple(
        _lost_thing(scene, segments[row.truth], things, chances, claimed)
        if categories[row.truth_label].isthing
        else _lost_stuff(scene, segments[row.truth])
        for row in verdicts
        if row.kind is Kind.FN
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Scene:
    """What a mask is made of and measured against."""

    truth: PanopticSegmentation
    true_labels: Labels
    labels: Labels
    categories: Categories
    settings: InspectionSettings
    trace: MergeTrace

    def labelled(self, segment: Segment) -> float:
        """Returns the share of a true segment's pixels that the label map gives its class."""
        x0, y0, x1, y1 = segment.box
        own = self.truth.ids[y0:y1, x0:x1] == segment.id
        right = own & (self.labels[y0:y1, x0:x1] == segment.label)
        return float(right.sum() / own.sum())

    def iou(self, segment: Segment, box: Sequence[float] | None, labels: Labels) -> float:
        """Returns the IoU of a true segment with the pixels of its class in a box, or anywhere, by a label map."""
        height, width = labels.shape
        y0, x0, y1, x1 = 0, 0, height, width
        if box is not None:
            ((y0, x0, y1, x1),) = pixel_windows(np.array([box], np.float32), labels.shape)
        ids = self.truth.ids[y0:y1, x0:x1]
        mask = labels[y0:y1, x0:x1] == segment.label
        return _iou(ids, mask, segment)

    def mask_ious(self, segment: Segment, boxes: NDArray[np.float32]) -> NDArray[np.float64]:
        """Returns the IoU ``[K]`` of a true segment with the pixels that the label map gives its class in each box."""
        mask = self.labels == segment.label
        windows = np.array(pixel_windows(boxes, self.labels.shape), np.intp).reshape(-1, 4)
        counted, shared = (
            _sums_in(windows, mask & chosen) for chosen in (self.truth.ids != 0, self.truth.ids == segment.id)
        )
        ious: NDArray[np.float64] = shared / (counted + segment.area - shared)
        return ious

    def iou_of_owner(self, segment: Segment, owner: int) -> float:
        """Returns the IoU of a true segment with what an owner holds in the end."""
        return _iou(self.truth.ids, self.trace.owners == owner, segment)


def _sums_in(windows: NDArray[np.intp], mask: Flags) -> NDArray[np.int64]:
    """Returns how many pixels of a mask lie in each window ``[K, 4]``."""
    sums = cv2.integral(mask.view(np.uint8)).astype(np.int64)
    y0, x0, y1, x1 = windows.T
    inside: NDArray[np.int64] = sums[y1, x1] - sums[y0, x1] - sums[y1, x0] + sums[y0, x0]
    return inside


def _iou(ids: Int32, mask: Flags, segment: Segment) -> float:
    """Returns the IoU of a mask with a true segment; void of the truth is left out of the union."""
    shared = int((mask & (ids == segment.id)).sum())
    return shared / (int((mask & (ids != 0)).sum()) + segment.area - shared)


# ------------------------------------------------------------------------------------------------------------- things


@dataclass(frozen=True, slots=True, eq=False)
class _Chances:
    """The boxes that could have found something, and what became of each: candidates, or detections of an oracle.

    Attributes:
        boxes: ``[K, 4]``.
        labels: ``[K]``.
        scores: ``[K]``.
        fate: ``[K]``, a :class:`~lpsnet.analysis.fates.Fate`.
        owner: ``[K]`` number in the owner map; 0 unless the merge kept it.
        steps: the merge's step of each row that took one.
        candidates: where suppression is told; None for an oracle.
    """

    boxes: NDArray[np.float32]
    labels: Int32
    scores: NDArray[np.float32]
    fate: NDArray[np.uint8]
    owner: Int32
    steps: dict[int, MergeStep] = field(default_factory=dict)
    candidates: Candidates | None = None

    @classmethod
    def of(cls, candidates: Candidates | None, detections: Detections, trace: MergeTrace) -> _Chances:
        found = candidates if candidates is not None else detections
        rows = candidates.kept() if candidates is not None else np.arange(len(detections))
        steps = {int(rows[step.detection]): step for step in trace.steps if step.kind is StepKind.DETECTION}
        fate = fates(candidates, trace) if candidates is not None else fates_of_detections(len(detections), trace)
        owner = np.zeros(len(found), np.int32)
        for row, step in steps.items():
            owner[row] = step.owner
        return cls(found.boxes, found.labels, found.scores, fate, owner, steps, candidates)

    def least_score(self, furthest: Fate, among: Flags | None = None) -> float:
        """Returns the least score of those that came as far as a fate, 1 if none did."""
        came: Flags = self.fate >= furthest
        return float(self.scores[came if among is None else came & among].min(initial=1.0))


def _lost_thing(
    scene: _Scene, segment: Segment, things: Sequence[Segment], chances: _Chances, claimed: set[int]
) -> Loss:
    """Follows the candidates around a thing to where the last of them went."""
    overlap = _box_ious(chances.boxes, segment)
    near = overlap >= NEAR_IOU
    alike = chances.labels == segment.label
    rest = ~np.isin(chances.owner, list(claimed)) if claimed else np.ones(len(overlap), np.bool_)
    fitting = near & _fits_best(chances, overlap, segment, things)
    rows = np.flatnonzero(fitting & alike & rest)
    if not len(rows):
        return _never_boxed(scene, segment, chances, overlap, near & alike, np.flatnonzero(fitting & ~alike & rest))
    mask_ious = scene.mask_ious(segment, chances.boxes[rows])
    # A box that was covered went as far as one that owns a segment: the merge had judged both.
    reached = np.minimum(chances.fate[rows], Fate.COVERED).astype(np.int64)
    place = int(np.lexsort((-overlap[rows], -reached, mask_ious <= 0.5))[0])
    last, mask_iou = int(rows[place]), float(mask_ious[place])
    at, words = _verdict_on(scene, segment, chances, last, float(overlap[last]))
    if chances.fate[last] < Fate.EMPTY and mask_iou <= 0.5:
        words += f"; even if kept, its mask would reach an IoU of {mask_iou:.2f} only"
    return Loss(
        segment.id,
        segment.label,
        segment.area,
        _center(segment),
        at,
        words,
        scene.labelled(segment),
        last,
        float(overlap[last]),
        float(chances.scores[last]),
        mask_iou,
    )


def _fits_best(chances: _Chances, overlap: NDArray[np.float64], segment: Segment, things: Sequence[Segment]) -> Flags:
    """Returns ``[K]`` whether no other true thing fits a box better; for boxes of the class, no other of the class."""
    fits = np.ones(len(overlap), np.bool_)
    for other in things:
        if other is not segment:
            judged = chances.labels == segment.label if other.label != segment.label else np.zeros_like(fits)
            fits &= judged | (_box_ious(chances.boxes, other) <= overlap)
    return fits


def _never_boxed(
    scene: _Scene,
    segment: Segment,
    chances: _Chances,
    overlap: NDArray[np.float64],
    others_boxes: Flags,
    other_class: NDArray[np.intp],
) -> Loss:
    """Tells why no candidate of a thing's class lies around it."""
    name, labelled = scene.categories[segment.label].name, scene.labelled(segment)
    alike = np.flatnonzero(chances.labels == segment.label)
    closest = int(alike[overlap[alike].argmax()]) if len(alike) else -1
    box_iou = float(overlap[closest]) if closest >= 0 else 0.0
    if len(other_class):
        furthest = np.lexsort((-overlap[other_class], -chances.fate[other_class].astype(np.int64)))
        best = int(other_class[furthest[0]])
        other, share = scene.categories[int(chances.labels[best])].name, f"{100 * labelled:.0f} %"
        likely = "is likeliest, but not likely" if chances.fate[best] == Fate.SCORE else "is what the box is taken for"
        at = LostAt.CLASS
        words = f"a box fits, IoU {overlap[best]:.2f}, but {other} {likely}; {share} of its pixels are labelled {name}"
    elif others_boxes.any():
        at, words = LostAt.BOX, f"every box around it finds another {name}, or fits one better"
    elif box_iou > 0:
        below, near = told_apart(box_iou, NEAR_IOU)
        at, words = LostAt.BOX, f"no candidate within IoU {near}, the closest has {below}: the box head missed it"
    else:
        at, words = LostAt.BOX, f"no candidate of class {name} touches it: the box head missed it"
    return Loss(segment.id, segment.label, segment.area, _center(segment), at, words, labelled, -1, box_iou)


def _verdict_on(scene: _Scene, segment: Segment, chances: _Chances, row: int, box_iou: float) -> tuple[LostAt, str]:
    """Returns where a candidate around a thing ended, and why."""
    fate, settings = Fate(int(chances.fate[row])), scene.settings
    name, score = scene.categories[segment.label].name, float(chances.scores[row])
    found = f"best candidate IoU {box_iou:.2f}"
    match fate:
        case Fate.SCORE:
            assert chances.candidates is not None
            low, limit = told_apart(float(chances.candidates.class_scores[row]), settings.class_threshold)
            words = f"{found}, its class probability {low} does not exceed the class threshold {limit}"
        case Fate.TOP_K:
            assert chances.candidates is not None
            level = chances.candidates.level
            low, least = told_apart(score, chances.least_score(Fate.NMS, level == level[row]))
            words = (
                f"{found}, not among the best {settings.pre_nms_top_k:,} of P{level[row]}: "
                f"it scores {low}, the last of them {least}"
            )
        case Fate.NMS:
            assert chances.candidates is not None
            better = float(chances.scores[chances.candidates.suppressed_by[row]])
            high, limit = told_apart(float(chances.candidates.iou[row]), settings.nms_iou)
            words = f"{found}, suppressed by NMS: IoU {high} > {limit} with a {name} of score {better:.2f}"
        case Fate.CAP:
            low, least = told_apart(score, chances.least_score(Fate.THRESHOLD))
            words = (
                f"{found}, not among the best {settings.max_detections:,} detections: "
                f"it scores {low}, the last of them {least}"
            )
        case Fate.THRESHOLD:
            low, limit = told_apart(score, settings.score_threshold)
            words = f"below the score threshold: best candidate scores {low} < {limit}"
        case Fate.OVERLAP:
            high, limit = _percents(chances.steps[row].overlap, scene.trace.overlap_threshold)
            words = f"discarded by the overlap rule: {high} > {limit} of its mask was taken"
        case Fate.EMPTY:
            words = f"its box was kept to the end, IoU {box_iou:.2f}, but no pixel in it is labelled {name}"
        case Fate.COVERED | Fate.KEPT:
            return _blame_of_mask(scene, segment, chances, row, box_iou)
    return _DROPPED[fate], words


def _blame_of_mask(scene: _Scene, segment: Segment, chances: _Chances, row: int, box_iou: float) -> tuple[LostAt, str]:
    """Returns what kept a box that owns a segment from matching: rivals, labels or its own sides."""
    name, box = scene.categories[segment.label].name, chances.boxes[row].tolist()
    now = scene.iou_of_owner(segment, int(chances.owner[row]))
    alone = scene.iou(segment, box, scene.labels)
    true_labels = scene.iou(segment, box, scene.true_labels)
    true_box = scene.iou(segment, segment.box, scene.labels)
    both_true = scene.iou(segment, segment.box, scene.true_labels)
    if alone > 0.5:
        return LostAt.CONTEST, f"other boxes of class {name} hold its pixels: IoU {now:.2f}, alone it had {alone:.2f}"
    if both_true <= 0.5:
        least = f"even its true box with true labels reaches {both_true:.2f} only"
        return LostAt.NEIGHBOURS, f"others of class {name} fill its box: IoU {now:.2f}, {least}"
    if true_labels >= true_box:
        labelled = 100 * scene.labelled(segment)
        return LostAt.SEMANTICS, (
            f"its box was kept, but {labelled:.0f} % of its pixels are labelled {name}: "
            f"IoU {now:.2f}, with true labels {true_labels:.2f}"
        )
    return (
        LostAt.BOX_SIDES,
        f"its box was kept, but is off, IoU {box_iou:.2f}: mask IoU {now:.2f}, with the true box {true_box:.2f}",
    )


def _box_ious(boxes: NDArray[np.float32], segment: Segment) -> NDArray[np.float64]:
    """Returns the IoU ``[K]`` of boxes with a true segment's box."""
    x0, y0, x1, y1 = segment.box
    left, top, right, bottom = boxes.astype(np.float64).T
    shared = np.maximum(np.minimum(right, x1) - np.maximum(left, x0), 0)
    shared *= np.maximum(np.minimum(bottom, y1) - np.maximum(top, y0), 0)
    ious: NDArray[np.float64] = shared / ((right - left) * (bottom - top) + (x1 - x0) * (y1 - y0) - shared)
    return ious


def _center(segment: Segment) -> tuple[float, float]:
    x0, y0, x1, y1 = segment.box
    return (x0 + x1) / 2, (y0 + y1) / 2


def _percents(one: float, other: float) -> tuple[str, str]:
    """Returns two shares in percent, whole or with as many digits, up to four, as tell them apart."""
    digits = 0
    while one != other and digits < 4 and f"{100 * one:.{digits}f}" == f"{100 * other:.{digits}f}":
        digits += 1
    return f"{100 * one:.{digits}f} %", f"{100 * other:.{digits}f} %"


# -------------------------------------------------------------------------------------------------------------- stuff


def _lost_stuff(scene: _Scene, segment: Segment) -> Loss:
    """Tells whether labels, the limit or adopted leftovers cost a stuff segment its match."""
    name, labelled = scene.categories[segment.label].name, scene.labelled(segment)
    mask_iou = scene.iou(segment, None, scene.labels)
    steps = [step for step in scene.trace.steps if step.kind is StepKind.STUFF and step.label == segment.label]
    at = LostAt.SEMANTICS
    words = f"{100 * labelled:.0f} % of its pixels are labelled {name}, and all that are overlap it by {mask_iou:.2f}"
    if steps and mask_iou > 0.5:
        (step,) = steps
        if step.verdict is Verdict.DISCARDED:
            at = LostAt.STUFF_LIMIT
            words = f"its {step.candidate_pixels:,} pixels are below the stuff limit of {scene.settings.stuff_limit:,}"
        else:
            at = LostAt.LEFTOVERS
            words = (
                f"it adopted {step.adopted_pixels:,} leftover pixels of things; alone it had an IoU of {mask_iou:.2f}"
            )
    return Loss(segment.id, segment.label, segment.area, _center(segment), at, words, labelled, mask_iou=mask_iou)
