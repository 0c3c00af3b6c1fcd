"""Every segment of a prediction and of its ground truth, as panoptic quality judges it, and what went wrong with it.

The verdicts are those of :func:`lpsnet.metrics.panoptic_quality.image_quality`. What is added is the counterpart, the
segment on the other side that overlaps best whatever its class, a reason in a few terms of the field, and the price.

Two segments are taken to lie at the same place above an IoU of 0.1, the level below which TIDE (Bolya et al., 2020)
counts a detection as background. A segment lies *mostly* in another if more than half of its pixels do.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from lpsnet.categories import Categories
from lpsnet.metrics.panoptic_quality import ImageQuality, QualityCounts, shared_pixels
from lpsnet.panoptic_head.steps import told_apart
from lpsnet.structures import Int32, PanopticSegmentation, Segment

__all__ = [
    "SAME_PLACE_IOU",
    "ErrorPixel",
    "Kind",
    "Reason",
    "SegmentVerdict",
    "error_map",
    "judge_segments",
    "mean_quality",
    "reason_words",
    "worst_first",
]

Float64 = NDArray[np.float64]
Flags = NDArray[np.bool_]

SAME_PLACE_IOU = 0.1
"""IoU above which two segments are taken to lie at the same place."""


class Kind(enum.StrEnum):
    """How panoptic quality counts a segment."""

    TP = "TP"
    """A true and a predicted segment that match: one row for the two."""
    FP = "FP"
    """A predicted segment that matches nothing."""
    FN = "FN"
    """A true segment that nothing matches."""
    IGNORED = "ignored"
    """A predicted segment that matches nothing but lies mostly on void or on crowd of its class; it costs nothing."""
    CROWD = "crowd"
    """A true crowd region, which is neither found nor missed."""


class Reason(enum.StrEnum):
    """Why a segment counts as it does."""

    MATCHED = "matched"
    """An IoU above 0.5 with a segment of its class."""
    WRONG_CLASS = "wrong class"
    """The counterpart is at the same place, under another class."""
    POOR_MASK = "poor mask"
    """The counterpart is of its class and at the same place, but their IoU is 0.5 or less."""
    SPLIT = "split"
    """Several predictions of the class lie mostly in one true segment and cover most of it together."""
    MERGED = "merged"
    """One prediction covers most of several true segments of its class."""
    MISSED = "missed"
    """No prediction at the place of a true segment."""
    SPURIOUS = "spurious"
    """No true segment at the place of a prediction."""
    VOID = "void"
    """An ignored prediction that lies mostly on void, or a true segment that the prediction mostly left void."""
    CROWD = "crowd"
    """A crowd region, or a prediction that only crowd of its class excuses."""


@dataclass(frozen=True, slots=True)
class SegmentVerdict:
    """One segment, judged.

    Its *subject* is a prediction for FP and IGNORED, a true segment for FN and CROWD, both for TP.

    Attributes:
        kind: how the metric counts it.
        reason: why.
        truth: id of the true segment: the subject or its counterpart; 0 if there is none.
        prediction: likewise of the predicted one.
        truth_label: class index of ``truth``; -1 if there is none.
        prediction_label: likewise of ``prediction``.
        truth_area: pixels of ``truth``, as the metric takes them; 0 if there is none.
        prediction_area: pixels of ``prediction``, void of the truth included.
        iou: of the two, as the metric computes it: void of the truth is left out of the union. 0 without counterpart.
        cover: share of the subject's pixels that the counterpart covers; of the truth's for TP. In [0, 1].
        cost: what mending this segment alone would add to the image's PQ, in [0, 1]; see :func:`judge_segments`.
    """

    kind: Kind
    reason: Reason
    truth: int
    prediction: int
    truth_label: int
    prediction_label: int
    truth_area: int
    prediction_area: int
    iou: float
    cover: float
    cost: float

    @property
    def of_truth(self) -> bool:
        """Whether the subject is a true segment, rather than a prediction."""
        return self.kind in (Kind.TP, Kind.FN, Kind.CROWD)

    @property
    def label(self) -> int:
        """Class index of the subject."""
        return self.truth_label if self.of_truth else self.prediction_label

    @property
    def area(self) -> int:
        """Pixels of the subject."""
        return self.truth_area if self.of_truth else self.prediction_area


class ErrorPixel(enum.IntEnum):
    """The values of :func:`error_map`."""

    NONE = 0
    TP = 1
    FP = 2
    FN = 3
    IGNORED = 4
    FP_AND_FN = 5


# ----------------------------------------------------------------------------------------------------------- verdicts


def judge_segments(
    prediction: PanopticSegmentation,
    truth: PanopticSegmentation,
    categories: Categories,
    quality: ImageQuality,
    *,
    truth_areas: Mapping[int, float] | None = None,
) -> tuple[SegmentVerdict, ...]:
    """Returns one verdict for every match and every other segment, in the order of :func:`worst_first`.

    The cost of a row is exact: the image's PQ, the mean over the classes that occur in it, is computed again with the
    row mended. Mending turns a TP's IoU into 1, takes an FP away, and gives an FN a prediction of IoU 1; where an FN
    and an FP are each other's counterparts, the FP goes with it, being the same error seen from the other side. Costs
    of several rows therefore do not add up to what mending all of them would bring.

    Args:
        prediction: of the same size as the truth.
        truth: ground truth.
        categories: the classes of both.
        quality: what ``image_quality`` said about the two.
        truth_areas: what ``image_quality`` was given.

    Raises:
        ValueError: if the two have different sizes, or a label is not a class.
    """
    pairs = _Pairs.of(prediction, truth, len(categories), truth_areas)
    rows = [*_matched(pairs, quality), *_wrong(pairs, quality), *_missed(pairs, quality)]
    rows += [*_ignored(pairs, quality), *_crowds(pairs)]
    return worst_first(_priced(rows, quality.counts))


def worst_first(verdicts: Sequence[SegmentVerdict]) -> tuple[SegmentVerdict, ...]:
    """Orders rows: FP and FN by descending cost, then area; TP by ascending IoU; then what costs nothing, by area."""

    def key(row: SegmentVerdict) -> tuple[float, ...]:
        if row.kind in (Kind.FP, Kind.FN):
            return (0, -row.cost, -row.area, row.truth, row.prediction)
        if row.kind is Kind.TP:
            return (1, row.iou, -row.area, row.truth, row.prediction)
        return (2, -row.area, row.truth, row.prediction)

    return tuple(sorted(verdicts, key=key))


def reason_words(row: SegmentVerdict, categories: Categories) -> str:
    """Returns the reason in a few words, such as ``bus found as car, IoU 0.62``."""

    def name(label: int) -> str:
        return categories[label].name if label >= 0 else "nothing"

    iou = f"IoU {told_apart(row.iou, 0.5)[0]}"
    share = f"{100 * row.cover:.0f} %"
    match row.reason:
        case Reason.MATCHED:
            return iou
        case Reason.WRONG_CLASS:
            return f"{name(row.truth_label)} found as {name(row.prediction_label)}, {iou}"
        case Reason.POOR_MASK:
            return f"poor mask, {iou}"
        case Reason.SPLIT:
            if row.of_truth:
                return f"split: found in several pieces, the best of {iou}"
            return f"split: one of several pieces of one {name(row.truth_label)}, {iou}"
        case Reason.MERGED:
            if row.of_truth:
                return f"merged with another {name(row.label)}, {iou}"
            return f"merged: covers several of class {name(row.label)}, {iou}"
        case Reason.MISSED:
            return f"missed, {share} of it is {name(row.prediction_label)}" if row.prediction else "missed"
        case Reason.SPURIOUS:
            return f"spurious, {share} of it is {name(row.truth_label)}" if row.truth else "spurious"
        case Reason.VOID:
            return "left void" if row.of_truth else "mostly on void"
        case Reason.CROWD:
            return "crowd" if row.of_truth else f"on a crowd of class {name(row.label)}"


@dataclass(frozen=True, slots=True, eq=False)
class _Pairs:
    """The segments of both sides and how they overlap; T true ones, P predicted ones.

    Attributes:
        truth: ``T`` segments.
        prediction: ``P`` segments.
        overlaps: ``[T, P]`` shared pixels.
        ious: ``[T, P]`` whatever the classes.
        truth_areas: ``[T]`` as the metric takes them.
        prediction_areas: ``[P]``.
        counted_areas: ``[P]`` without void of the truth.
        counted_truth: ``[T]`` pixels in the map, which ``truth_areas`` may belie.
        left_void: ``[T]`` pixels that no prediction holds.
        alike: ``[T, P]`` whether both are of one class and the true one is no crowd.
    """

    truth: tuple[Segment, ...]
    prediction: tuple[Segment, ...]
    overlaps: Float64
    ious: Float64
    truth_areas: Float64
    prediction_areas: Float64
    counted_areas: Float64
    counted_truth: Float64
    left_void: Float64
    alike: Flags

    @classmethod
    def of(
        cls,
        prediction: PanopticSegmentation,
        truth: PanopticSegmentation,
        num_classes: int,
        truth_areas: Mapping[int, float] | None,
    ) -> _Pairs:
        shared = shared_pixels(prediction, truth, num_classes)
        overlaps, void = shared[1:, 1:], shared[0, 1:]
        pixels = shared[1:].sum(axis=1)
        stated = truth_areas or {}
        pairs = zip(truth.segments, pixels.tolist(), strict=True)
        areas = np.array([stated.get(segment.id, counted) for segment, counted in pairs], np.float64)
        counted = shared[:, 1:].sum(axis=0) - void
        unions = areas[:, None] + counted[None, :] - overlaps
        return cls(
            truth.segments,
            prediction.segments,
            overlaps,
            np.divide(overlaps, unions, out=np.zeros(overlaps.shape), where=(overlaps > 0) & (unions > 0)),
            areas,
            counted + void,
            counted,
            pixels,
            shared[1:, 0],
            np.array(
                [[t.label == p.label and not t.iscrowd for p in prediction.segments] for t in truth.segments], np.bool_
            ).reshape(overlaps.shape),
        )

    @property
    def pieces(self) -> Flags:
        """``[T, P]``, whether the prediction lies mostly in the true segment of its class."""
        mostly: Flags = self.overlaps > 0.5 * self.counted_areas[None, :]
        return self.alike & mostly

    @property
    def swallowed(self) -> Flags:
        """``[T, P]``, whether the true segment lies mostly in the prediction of its class."""
        mostly: Flags = self.overlaps > 0.5 * self.counted_truth[:, None]
        return self.alike & mostly

    @property
    def split(self) -> Flags:
        """``[T]``, whether several pieces cover most of the true segment."""
        pieces = self.pieces
        covered = np.where(pieces, self.overlaps, 0).sum(axis=1)
        found: Flags = (pieces.sum(axis=1) > 1) & (covered > 0.5 * self.counted_truth)
        return found

    def row(self, kind: Kind, reason: Reason, t: int | None, p: int | None) -> SegmentVerdict:
        """Returns the verdict on a pair, one of which may be missing; its price is still to be found."""
        both = t is not None and p is not None
        whole = self.counted_truth[t] if kind in (Kind.TP, Kind.FN, Kind.CROWD) else self.prediction_areas[p]
        return SegmentVerdict(
            kind=kind,
            reason=reason,
            truth=0 if t is None else self.truth[t].id,
            prediction=0 if p is None else self.prediction[p].id,
            truth_label=-1 if t is None else self.truth[t].label,
            prediction_label=-1 if p is None else self.prediction[p].label,
            truth_area=0 if t is None else round(float(self.truth_areas[t])),
            prediction_area=0 if p is None else round(float(self.prediction_areas[p])),
            iou=float(self.ious[t, p]) if both else 0.0,
            cover=float(self.overlaps[t, p] / whole) if both else 0.0,
            cost=0.0,
        )


def _matched(pairs: _Pairs, quality: ImageQuality) -> Iterator[SegmentVerdict]:
    truth, prediction = _positions(pairs.truth), _positions(pairs.prediction)
    for match in quality.matches:
        yield pairs.row(Kind.TP, Reason.MATCHED, truth[match.truth], prediction[match.prediction])


def _wrong(pairs: _Pairs, quality: ImageQuality) -> Iterator[SegmentVerdict]:
    """Yields the false positives."""
    position, pieces, swallowed, split = _positions(pairs.prediction), pairs.pieces, pairs.swallowed, pairs.split
    for identity in quality.false_positives:
        p = position[identity]
        if swallowed[:, p].sum() > 1:
            yield pairs.row(Kind.FP, Reason.MERGED, _best(pairs.ious[:, p], swallowed[:, p]), p)
        elif (of := pieces[:, p] & split).any():
            yield pairs.row(Kind.FP, Reason.SPLIT, _best(pairs.ious[:, p], of), p)
        else:
            t = _best(pairs.ious[:, p])
            yield pairs.row(Kind.FP, _reason(pairs, t, p, Reason.SPURIOUS), t, p)


def _missed(pairs: _Pairs, quality: ImageQuality) -> Iterator[SegmentVerdict]:
    """Yields the false negatives."""
    position, pieces, swallowed, split = _positions(pairs.truth), pairs.pieces, pairs.swallowed, pairs.split
    merging = swallowed.sum(axis=0) > 1
    for identity in quality.false_negatives:
        t = position[identity]
        if (by := swallowed[t] & merging).any():
            yield pairs.row(Kind.FN, Reason.MERGED, t, _best(pairs.ious[t], by))
        elif split[t]:
            yield pairs.row(Kind.FN, Reason.SPLIT, t, _best(pairs.ious[t], pieces[t]))
        else:
            p = _best(pairs.ious[t])
            reason = _reason(pairs, t, p, Reason.MISSED)
            if reason is Reason.MISSED and pairs.left_void[t] > 0.5 * pairs.counted_truth[t]:
                reason = Reason.VOID
            yield pairs.row(Kind.FN, reason, t, p)


def _ignored(pairs: _Pairs, quality: ImageQuality) -> Iterator[SegmentVerdict]:
    position = _positions(pairs.prediction)
    for identity in quality.ignored:
        p = position[identity]
        on_void = 1 - pairs.counted_areas[p] / pairs.prediction_areas[p]
        reason = Reason.VOID if on_void > 0.5 else Reason.CROWD
        yield pairs.row(Kind.IGNORED, reason, _best(pairs.ious[:, p]), p)


def _crowds(pairs: _Pairs) -> Iterator[SegmentVerdict]:
    for t, segment in enumerate(pairs.truth):
        if segment.iscrowd:
            yield pairs.row(Kind.CROWD, Reason.CROWD, t, _best(pairs.ious[t]))


def _reason(pairs: _Pairs, t: int | None, p: int | None, nothing_there: Reason) -> Reason:
    if t is None or p is None or pairs.ious[t, p] <= SAME_PLACE_IOU:
        return nothing_there
    return Reason.POOR_MASK if pairs.truth[t].label == pairs.prediction[p].label else Reason.WRONG_CLASS


def _best(ious: Float64, among: Flags | None = None) -> int | None:
    """Returns where the greatest IoU above 0 stands, the first of equals; None if there is none."""
    ious = ious if among is None else np.where(among, ious, 0)
    return int(ious.argmax()) if ious.max(initial=0) > 0 else None


def _positions(segments: Sequence[Segment]) -> dict[int, int]:
    return {segment.id: position for position, segment in enumerate(segments)}


# -------------------------------------------------------------------------------------------------------------- price


def mean_quality(counts: QualityCounts) -> float:
    """Returns the PQ of counts, the mean over the classes that occur, in [0, 1]; 1 if none does: nothing is wrong."""
    lone = 0.5 * (counts.fp + counts.fn)
    occurs = counts.tp + lone > 0
    return float((counts.iou[occurs] / (counts.tp + lone)[occurs]).mean()) if occurs.any() else 1.0


def _priced(rows: Sequence[SegmentVerdict], counts: QualityCounts) -> list[SegmentVerdict]:
    before = mean_quality(counts)
    own_counterpart = {row.prediction: row.truth for row in rows if row.kind is Kind.FP}
    priced = []
    for row in rows:
        after = QualityCounts(counts.tp.copy(), counts.fp.copy(), counts.fn.copy(), counts.iou.copy())
        if row.kind is Kind.TP:
            after.iou[row.truth_label] += 1 - row.iou
        elif row.kind is Kind.FP:
            after.fp[row.prediction_label] -= 1
        elif row.kind is Kind.FN:
            after.fn[row.truth_label] -= 1
            after.tp[row.truth_label] += 1
            after.iou[row.truth_label] += 1
            if row.prediction and own_counterpart.get(row.prediction) == row.truth:
                after.fp[row.prediction_label] -= 1
        else:
            priced.append(row)
            continue
        priced.append(replace(row, cost=max(mean_quality(after) - before, 0.0)))
    return priced


# ---------------------------------------------------------------------------------------------------------------- map


def error_map(
    prediction: PanopticSegmentation, truth: PanopticSegmentation, verdicts: Sequence[SegmentVerdict]
) -> NDArray[np.uint8]:
    """Returns an :class:`ErrorPixel` for every pixel ``[H, W]``.

    A pixel is FP or FN if a segment of that kind lies there, on its side, or both; else IGNORED if an ignored
    prediction does, or crowd that nothing was predicted for; else TP if a matched prediction does.

    Args:
        prediction: of the same size as the truth.
        truth: ground truth.
        verdicts: on all segments of both.
    """
    predicted = {row.prediction: _CODES[row.kind] for row in verdicts if not row.of_truth or row.kind is Kind.TP}
    real = {row.truth: _CODES[row.kind] for row in verdicts if row.kind in (Kind.FN, Kind.CROWD)}
    of_prediction, of_truth = _painted(prediction.ids, predicted), _painted(truth.ids, real)
    return _PAIR_CODE[of_prediction, of_truth]


_CODES = {
    Kind.TP: ErrorPixel.TP,
    Kind.FP: ErrorPixel.FP,
    Kind.FN: ErrorPixel.FN,
    Kind.IGNORED: ErrorPixel.IGNORED,
    Kind.CROWD: ErrorPixel.IGNORED,
}


def _pair_code() -> NDArray[np.uint8]:
    """Returns ``[6, 6]``: the value of a pixel by what lies there in the prediction and in the truth."""
    table = np.zeros((len(ErrorPixel), len(ErrorPixel)), np.uint8)
    table[:] = np.arange(len(ErrorPixel))[:, None]
    table[ErrorPixel.NONE, ErrorPixel.IGNORED] = ErrorPixel.IGNORED
    table[:, ErrorPixel.FN] = ErrorPixel.FN
    table[ErrorPixel.FP, ErrorPixel.FN] = ErrorPixel.FP_AND_FN
    return table


_PAIR_CODE = _pair_code()


def _painted(ids: Int32, values: Mapping[int, ErrorPixel]) -> NDArray[np.uint8]:
    """Returns ``[H, W]`` the value of each pixel's id, 0 where it has none."""
    table = np.zeros(1 + max(int(ids.max(initial=0)), *values, 0), np.uint8)
    for identity, value in values.items():
        table[identity] = value
    return table[ids]
