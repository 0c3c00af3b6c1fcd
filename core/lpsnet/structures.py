"""What travels between the stages of LPSNet: plain dataclasses over numpy arrays.

Dimension letters, used in every docstring of this package:

===  =============================================
N    images
L    pyramid levels
P    locations over all levels
C    classes (things and stuff together)
K    boxes
S    segments
H×W  pixels of the original image
h×w  cells of the stride-4 grid
===  =============================================

Boxes are ``xyxy``, half-open, float32, in pixels of the original image: a pixel ``(i, j)`` belongs to a box if
``x0 <= j + 0.5 < x1`` and ``y0 <= i + 0.5 < y1``. Images are RGB uint8 ``[H, W, 3]``. Scores lie in [0, 1].
Classes are contiguous indices into :class:`lpsnet.categories.Categories`. Ids and owner numbers are integers, 0 is
void.
"""

from __future__ import annotations

import enum
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "BordernessLevel",
    "BordernessMaps",
    "Candidates",
    "Contest",
    "Detections",
    "DropStage",
    "InspectionSettings",
    "MergeStep",
    "MergeTrace",
    "PanopticSegmentation",
    "Segment",
    "Stage",
    "StageResult",
    "StepKind",
    "TraceCursor",
    "Verdict",
    "label_dtype",
    "unlabelled",
]

Float32 = NDArray[np.float32]
Int32 = NDArray[np.int32]
Labels = NDArray[np.unsignedinteger[Any]]
"""``[H, W]`` class indices, uint8 or uint16 (:func:`label_dtype`); the largest value of the dtype is unlabelled."""
Owners = NDArray[np.unsignedinteger[Any]]
"""``[H, W]`` owner numbers, uint8 or uint16; 0 is void."""
Window = tuple[int, int, int, int]
"""``(y0, x0, y1, x1)``, half-open, in pixels."""


def label_dtype(num_classes: int) -> type[np.uint8] | type[np.uint16]:
    """Returns the smallest dtype of a label map that can hold ``num_classes`` classes and the unlabelled value."""
    return np.uint8 if num_classes < 255 else np.uint16


def unlabelled(labels: Labels) -> int:
    """Returns the value that marks a pixel without a class in ``labels``: the largest of its dtype."""
    return int(np.iinfo(labels.dtype).max)


# ------------------------------------------------------------------------------------------------------ segmentation


@dataclass(frozen=True, slots=True)
class Segment:
    """One segment of a panoptic segmentation.

    Attributes:
        id: its value in the id map, > 0.
        label: contiguous class index.
        area: number of its pixels.
        box: tight half-open box ``(x0, y0, x1, y1)`` of its pixels.
        iscrowd: whether it is a crowd region (COCO), which evaluation neither rewards nor punishes.
        score: confidence in [0, 1] of the detection it came from; None for stuff and ground truth.
    """

    id: int
    label: int
    area: int
    box: tuple[int, int, int, int]
    iscrowd: bool = False
    score: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class PanopticSegmentation:
    """A panoptic segmentation: every pixel belongs to one segment or to void.

    Attributes:
        ids: segment ids ``[H, W]`` int32; 0 is void.
        segments: one entry for every non-zero id, none without pixels.
    """

    ids: Int32
    segments: tuple[Segment, ...]

    @classmethod
    def from_ids(
        cls,
        ids: NDArray[np.integer[Any]],
        labels: Mapping[int, int],
        *,
        crowds: Collection[int] = (),
        scores: Mapping[int, float] | None = None,
    ) -> PanopticSegmentation:
        """Measures the segments of an id map.

        Args:
            ids: ``[H, W]`` segment ids; 0 is void.
            labels: class index of every id; the segments take this order.
            crowds: the ids of crowd regions.
            scores: scores of the ids that have one.

        Raises:
            ValueError: if an id of the map has no label, or a labelled id has no pixel.
        """
        present, areas, boxes = _measure(np.ascontiguousarray(ids, np.int32))
        row_of = {int(identity): row for row, identity in enumerate(present)}
        if strange := row_of.keys() - labels.keys():
            raise ValueError(f"id {min(strange)} of the id map belongs to no segment")
        if absent := labels.keys() - row_of.keys():
            raise ValueError(f"segment {min(absent)} has no pixel in the id map")
        segments = []
        for identity, label in labels.items():
            x0, y0, x1, y1 = boxes[row_of[identity]].tolist()
            area = int(areas[row_of[identity]])
            score = None if scores is None else scores.get(identity)
            segments.append(Segment(identity, label, area, (x0, y0, x1, y1), identity in crowds, score))
        return cls(np.ascontiguousarray(ids, np.int32), tuple(segments))

    def with_labels(self, table: NDArray[np.intp]) -> PanopticSegmentation:
        """Returns the same segments under other class indices: a segment of class ``c`` becomes ``table[c]``."""
        segments = tuple(replace(segment, label=int(table[segment.label])) for segment in self.segments)
        return PanopticSegmentation(self.ids, segments)

    def labels(self, num_classes: int) -> Labels:
        """Returns the semantic map ``[H, W]`` of the segments; void pixels carry the unlabelled value."""
        dtype = label_dtype(num_classes)
        table = np.full(int(self.ids.max(initial=0)) + 1, np.iinfo(dtype).max, dtype=dtype)
        for segment in self.segments:
            table[segment.id] = segment.label
        return table[self.ids]

    def thing_ids(self, isthing: NDArray[np.bool_]) -> Int32:
        """Returns the id map ``[H, W]`` with stuff and crowds set to void.

        Args:
            isthing: ``[C]``, whether each class is a thing.
        """
        table = np.zeros(int(self.ids.max(initial=0)) + 1, np.int32)
        for segment in self.segments:
            if isthing[segment.label] and not segment.iscrowd:
                table[segment.id] = segment.id
        return table[self.ids]


def _measure(ids: Int32) -> tuple[Int32, NDArray[np.int64], NDArray[np.int64]]:
    """Returns the non-zero ids ``[S]`` of an id map, their areas ``[S]`` and half-open boxes ``[S, 4]``.

    It works on horizontal runs, which are far fewer than pixels.
    """
    height, width = ids.shape
    begins = np.ones((height, width), np.bool_)
    np.not_equal(ids[:, 1:], ids[:, :-1], out=begins[:, 1:])
    starts = np.flatnonzero(begins)
    lengths = np.diff(starts, append=ids.size)
    values = ids.reshape(-1)[starts]
    occupied = values != 0
    starts, lengths = starts[occupied], lengths[occupied]
    present, segment = np.unique(values[occupied], return_inverse=True)
    areas = np.bincount(segment, lengths, len(present)).astype(np.int64)
    rows, columns = np.divmod(starts, max(width, 1))
    boxes = np.empty((len(present), 4), np.int64)
    boxes[:, :2], boxes[:, 2:] = max(height, width), 0
    np.minimum.at(boxes[:, 0], segment, columns)
    np.minimum.at(boxes[:, 1], segment, rows)
    np.maximum.at(boxes[:, 2], segment, columns + lengths)
    np.maximum.at(boxes[:, 3], segment, rows + 1)
    return present, areas, boxes


# -------------------------------------------------------------------------------------------------------- detections


class DropStage(enum.IntEnum):
    """Where a candidate box left the pipeline (notes on FCOS post-processing in docs/method.md, rows 35–36)."""

    NONE = 0
    """It became a detection."""
    SCORE = 1
    """Its class probability did not exceed the class threshold."""
    TOP_K = 2
    """Its level had better-scored candidates enough."""
    NMS = 3
    """A better-scored box of its class overlapped it too much; ``suppressed_by`` names it."""
    CAP = 4
    """The image had better-scored detections enough."""


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """Every box that was considered, and what became of it.

    There is one row for each location's likeliest thing class, and one for each further thing class of that location
    above the class threshold.

    Attributes:
        boxes: ``[K, 4]`` float32, clipped to the image.
        labels: ``[K]`` int32 class index.
        scores: ``[K]`` float32, what they were ranked by: class score × border-ness, or the class score alone.
        class_scores: ``[K]`` float32, softmax of the semantic logits sampled at the location.
        borderness: ``[K]`` float32, predicted border-ness of the location.
        level: ``[K]`` uint8 pyramid level, 3 for P3 … 7 for P7; 0 where it has none.
        location: ``[K, 2]`` float32, x and y of the location in pixels of the original image.
        dropped_at: ``[K]`` uint8, a :class:`DropStage`.
        suppressed_by: ``[K]`` int32, row of the box that suppressed it; -1 unless dropped by NMS.
        iou: ``[K]`` float32, IoU with that box; 0 unless dropped by NMS.
    """

    boxes: Float32
    labels: Int32
    scores: Float32
    class_scores: Float32
    borderness: Float32
    level: NDArray[np.uint8]
    location: Float32
    dropped_at: NDArray[np.uint8]
    suppressed_by: Int32
    iou: Float32

    def __len__(self) -> int:
        return len(self.scores)

    def kept(self) -> NDArray[np.intp]:
        """Returns the rows that became detections, by descending score; ties keep their order."""
        rows = np.flatnonzero(self.dropped_at == DropStage.NONE)
        return rows[np.argsort(-self.scores[rows], kind="stable")]

    def detections(self) -> Detections:
        """Returns the surviving candidates by descending score."""
        rows = self.kept()
        return Detections(
            boxes=self.boxes[rows],
            labels=self.labels[rows],
            scores=self.scores[rows],
            class_scores=self.class_scores[rows],
            borderness=self.borderness[rows],
            level=self.level[rows],
            location=self.location[rows],
        )


@dataclass(frozen=True, slots=True, eq=False)
class Detections:
    """Boxes with a class and a score, by descending score.

    Attributes:
        boxes: ``[K, 4]`` float32.
        labels: ``[K]`` int32 class index.
        scores: ``[K]`` float32.
        class_scores: ``[K]`` float32; equal to ``scores`` where the source knows only one score.
        borderness: ``[K]`` float32; 1 where the source has none.
        level: ``[K]`` uint8 pyramid level 3 … 7; 0 where it has none.
        location: ``[K, 2]`` float32, x and y in image pixels; the box's centre where the source has none.
    """

    boxes: Float32
    labels: Int32
    scores: Float32
    class_scores: Float32
    borderness: Float32
    level: NDArray[np.uint8]
    location: Float32

    def __len__(self) -> int:
        return len(self.scores)

    @classmethod
    def from_boxes(cls, boxes: Float32, labels: Int32, scores: Float32) -> Detections:
        """Wraps the boxes of any detector, sorted by descending score (ties keep their order).

        Args:
            boxes: ``[K, 4]`` xyxy in image pixels.
            labels: ``[K]`` contiguous class indices.
            scores: ``[K]`` in [0, 1].

        Raises:
            ValueError: if the lengths differ, a box is not finite or turned inside out, or a score is not in [0, 1].
        """
        boxes = np.asarray(boxes, np.float32).reshape(-1, 4)
        labels = np.asarray(labels, np.int32).reshape(-1)
        scores = np.asarray(scores, np.float32).reshape(-1)
        if not len(boxes) == len(labels) == len(scores):
            raise ValueError(
                f"{len(boxes)} boxes, {len(labels)} labels and {len(scores)} scores do not belong together"
            )
        if not np.isfinite(boxes).all() or (boxes[:, 2:] < boxes[:, :2]).any():
            raise ValueError("every box must be finite with x0 <= x1 and y0 <= y1")
        if not ((scores >= 0) & (scores <= 1)).all():
            raise ValueError("every score must lie in [0, 1]")
        order = np.argsort(-scores, kind="stable")
        boxes, labels, scores = boxes[order], labels[order], scores[order]
        return cls(
            boxes=boxes,
            labels=labels,
            scores=scores,
            class_scores=scores.copy(),
            borderness=np.ones_like(scores),
            level=np.zeros(len(scores), np.uint8),
            location=((boxes[:, :2] + boxes[:, 2:]) / 2).astype(np.float32),
        )


@dataclass(frozen=True, slots=True, eq=False)
class BordernessLevel:
    """The border-ness map of one pyramid level.

    Cell ``(i, j)`` lies at the continuous point ``(offset + j·stride, offset + i·stride)`` of the padded input.

    Attributes:
        values: ``[h_l, w_l]`` float32 in [0, 1].
        stride: pixels of the padded input from one location to the next.
        offset: position of the first location in the padded input; ``stride // 2`` in the network.
        level: pyramid level 3 … 7; 0 for a map at image resolution.
    """

    values: Float32
    stride: float
    offset: float
    level: int


@dataclass(frozen=True, slots=True, eq=False)
class BordernessMaps:
    """The border-ness maps of one image, and how an image pixel finds its place in them.

    Attributes:
        levels: one entry a level, finest first.
        scale: ``(sx, sy)``, pixels of the network's input per pixel of the original image.
        pooling: which level answers for a contested pixel: ``max`` over the levels, or the box's ``own`` (row 50).
    """

    levels: tuple[BordernessLevel, ...]
    scale: tuple[float, float] = (1.0, 1.0)
    pooling: Literal["max", "own"] = "max"


# ------------------------------------------------------------------------------------------------------------- merge


class StepKind(enum.StrEnum):
    """What a merge step pastes."""

    DETECTION = "detection"
    STUFF = "stuff"
    LEFTOVERS = "leftovers"


class Verdict(enum.StrEnum):
    """What became of a merge step."""

    KEPT = "kept"
    """It owns a segment (which later steps may still take pixels from)."""
    DISCARDED = "discarded"
    """A detection over the overlap threshold, stuff under the area limit, or thing pixels left void."""
    EMPTY = "empty"
    """It had no candidate pixel."""


@dataclass(frozen=True, slots=True)
class Contest:
    """The pixels that a kept detection disputed with one earlier detection of its class.

    Attributes:
        rival: owner number of the earlier detection.
        pixels: number of disputed pixels.
        won: how many of them went to the later detection.
    """

    rival: int
    pixels: int
    won: int


@dataclass(frozen=True, slots=True, eq=False)
class MergeStep:
    """One step of the panoptic head: a detection pasted, a stuff class filled in, or the leftovers counted.

    Attributes:
        kind: what is pasted.
        label: class index; -1 for the leftovers.
        detection: row in the Detections that were merged; -1 unless a detection.
        score: the detection's score; 0 otherwise.
        box: the detection's box; None otherwise.
        candidate_pixels: pixels of the class inside the box; for stuff, free pixels of the class anywhere; for the
            leftovers, free pixels of thing classes.
        overlap_pixels: how many candidate pixels an earlier detection held.
        overlap: ``overlap_pixels / candidate_pixels``, 0 if there is none; above the threshold the detection is
            discarded (paper section 3.4).
        verdict: what became of it.
        owner: its number in the owner map, > 0; 0 unless kept.
        contests: for a kept detection, what it disputed with whom (paper section 3.4, the special case).
        adopted_pixels: for stuff, how many of its candidate pixels came from leftover thing pixels (row 55's option).
        window: where ``delta`` lies; None if no pixel changed owner.
        delta: ``before XOR after`` of the owner map inside ``window``; None if no pixel changed owner.
    """

    kind: StepKind
    label: int
    detection: int
    score: float
    box: tuple[float, float, float, float] | None
    candidate_pixels: int
    overlap_pixels: int
    overlap: float
    verdict: Verdict
    owner: int
    contests: tuple[Contest, ...] = ()
    adopted_pixels: int = 0
    window: Window | None = None
    delta: Owners | None = None

    @property
    def contested_pixels(self) -> int:
        """Number of pixels that this detection disputed with earlier ones of its class."""
        return sum(contest.pixels for contest in self.contests)


@dataclass(frozen=True, slots=True, eq=False)
class MergeTrace:
    """A merge that can be replayed, step by step, in both directions.

    Attributes:
        steps: detections by descending score, then stuff classes by index, then the leftovers.
        owners: ``[H, W]`` uint8 or uint16, owner number of every pixel after the last step; 0 is void.
        labels: ``[H, W]`` the label map that was merged.
        segments: the final segments; ``Segment.id`` is the owner number. A kept detection that later lost all its
            pixels has none.
        overlap_threshold: the threshold that was in force.
        conflict: the strategy that decided contested pixels; may differ from the one asked for, see ``notes``.
        notes: what the head had to do differently from what was asked, in sentences.
    """

    steps: tuple[MergeStep, ...]
    owners: Owners
    labels: Labels
    segments: tuple[Segment, ...]
    overlap_threshold: float
    conflict: str
    notes: tuple[str, ...] = ()

    def segmentation(self) -> PanopticSegmentation:
        """Returns the result as a panoptic segmentation."""
        return PanopticSegmentation(self.owners.astype(np.int32), self.segments)

    def cursor(self) -> TraceCursor:
        """Returns a cursor that stands after the last step."""
        return TraceCursor(self)

    def owners_after(self, step: int) -> Owners:
        """Returns a fresh owner map as it was after ``step`` steps (0: nothing pasted yet)."""
        cursor = self.cursor()
        for _ in cursor.seek(step):
            pass
        return cursor.owners


class TraceCursor:
    """A position in a merge; moving by one step costs that step's delta, not the image.

    Attributes:
        owners: ``[H, W]`` owner map at the position. It changes in place as the cursor moves.
        position: number of steps done, 0 … ``len(trace.steps)``.
    """

    def __init__(self, trace: MergeTrace) -> None:
        self._trace = trace
        self.owners: Owners = trace.owners.copy()
        self.position = len(trace.steps)

    def seek(self, position: int) -> Iterator[Window]:
        """Moves to ``position`` and yields the windows in which pixels may have changed.

        The move is made as the iterator is consumed.

        Raises:
            IndexError: if ``position`` is not between 0 and the number of steps.
        """
        if not 0 <= position <= len(self._trace.steps):
            raise IndexError(f"step {position} of {len(self._trace.steps)}")
        while self.position != position:
            forward = position > self.position
            step = self._trace.steps[self.position if forward else self.position - 1]
            self.position += 1 if forward else -1
            if step.window is not None and step.delta is not None:
                y0, x0, y1, x1 = step.window
                view = self.owners[y0:y1, x0:x1]
                np.bitwise_xor(view, step.delta, out=view)
                yield step.window


# ---------------------------------------------------------------------------------------------------------- settings


class Stage(enum.StrEnum):
    """The stages of an inspection, in order."""

    NETWORK = "network"
    SEMANTICS = "semantics"
    DETECTIONS = "detections"
    MERGE = "merge"
    QUALITY = "quality"


def _field(default: Any, stage: Stage, reference: str, low: float | None = None, high: float | None = None) -> Any:
    """Declares a setting with the stage it first affects, where it comes from, and its range."""
    return field(default=default, metadata={"stage": stage, "reference": reference, "low": low, "high": high})


_CHOICES: dict[str, tuple[str, ...]] = {
    "borderness_pooling": ("max", "own"),
    "conflict": ("closest", "highest", "smallest"),
    "leftovers": ("void", "next_stuff"),
    "oracle_borderness": ("run", "extreme", "box"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class InspectionSettings:
    """Everything that can be turned after the network has run. Frozen: ``dataclasses.replace`` makes the next one.

    Each field's metadata names the first :class:`Stage` it affects, its source and its range.

    Raises:
        ValueError: naming the field, if a value is out of range or not one of its choices.
    """

    class_threshold: float = _field(0.05, Stage.DETECTIONS, "FCOS; method row 35", 0.0, 1.0)
    use_borderness: bool = _field(True, Stage.DETECTIONS, "paper section 3.2; method row 32")
    score_sqrt: bool = _field(False, Stage.DETECTIONS, "FCOS code; method row 32")
    pre_nms_top_k: int = _field(1000, Stage.DETECTIONS, "FCOS; method row 35", 1, 100_000)
    nms_iou: float = _field(0.6, Stage.DETECTIONS, "FCOS; method row 36", 0.0, 1.0)
    max_detections: int = _field(100, Stage.DETECTIONS, "FCOS; method row 36", 1, 10_000)
    box_oracle: bool = _field(False, Stage.DETECTIONS, "paper Table 6; method row 56")
    semantic_oracle: bool = _field(False, Stage.SEMANTICS, "paper Table 6; method row 56")
    oracle_borderness: Literal["run", "extreme", "box"] = _field("run", Stage.MERGE, "paper eq. 1; method row 28")
    score_threshold: float = _field(0.2, Stage.MERGE, "method row 53", 0.0, 1.0)
    overlap_threshold: float = _field(0.3, Stage.MERGE, "paper section 3.4; method row 47", 0.0, 1.0)
    conflict: Literal["closest", "highest", "smallest"] = _field(
        "closest", Stage.MERGE, "paper Table 5; method rows 48, 52"
    )
    borderness_pooling: Literal["max", "own"] = _field("max", Stage.MERGE, "method row 50")
    stuff_limit: int = _field(4096, Stage.MERGE, "method row 54", 0, 100_000_000)
    leftovers: Literal["void", "next_stuff"] = _field("void", Stage.MERGE, "method row 55")

    def __post_init__(self) -> None:
        for spec in fields(self):
            value = getattr(self, spec.name)
            choices = _CHOICES.get(spec.name)
            if choices is not None:
                if value not in choices:
                    raise ValueError(f"{spec.name} must be one of {', '.join(choices)}, not {value!r}")
                continue
            if isinstance(spec.default, bool):
                if not isinstance(value, bool):
                    raise ValueError(f"{spec.name} must be true or false, not {value!r}")
                continue
            low, high = spec.metadata["low"], spec.metadata["high"]
            integral = isinstance(spec.default, int)
            if isinstance(value, bool) or not isinstance(value, int if integral else (int, float)):
                raise ValueError(f"{spec.name} must be a {'whole number' if integral else 'number'}, not {value!r}")
            if not low <= value <= high:
                raise ValueError(f"{spec.name} must lie between {low} and {high}, not {value!r}")

    @property
    def needs_network(self) -> bool:
        """Whether any stage reads the network's output: with both oracles on, none does."""
        return not (self.semantic_oracle and self.box_oracle)

    def first_stage_changed(self, other: InspectionSettings) -> Stage | None:
        """Returns the earliest stage that ``other`` affects differently, or None if the two are equal."""
        order = list(Stage)
        changed = [
            Stage(spec.metadata["stage"])
            for spec in fields(self)
            if getattr(self, spec.name) != getattr(other, spec.name)
        ]
        return min(changed, key=order.index, default=None)


@dataclass(frozen=True, slots=True, eq=False)
class StageResult:
    """What one stage of an inspection did.

    Attributes:
        stage: which one.
        ran: whether it ran this time; False if its kept result was still valid.
        seconds: how long it took when it last ran.
    """

    stage: Stage
    ran: bool
    seconds: float
