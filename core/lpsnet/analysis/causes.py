"""The likeliest causes of what is wrong with one image's result, the most costly first, each with its evidence.

Six rules, each priced in PQ of this image. They look at the same errors from several sides, so their prices overlap and
do not add up:

1. *Untrained network.* Some of its weights are random; nothing else needs explaining. It comes first at no price.
2. *Semantics*, *boxes*: what PQ rises by if the ground truth's take their place (paper Table 6); neither is a cause
   where it is the ground truth's already.
3. *Panoptic head*: what PQ lacks even if both are true.
4. *Lost at a stage*: what finding every segment that was lost there would bring, one by one.
5. *False positives*: what erasing those would bring that are not the other side of a missed segment.
6. *Loose masks*: what the found segments lack to an IoU of 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lpsnet.analysis.errors import Kind, SegmentVerdict, reason_words
from lpsnet.analysis.gains import OracleGains, gain_words
from lpsnet.analysis.lost_where import Loss, LostAt
from lpsnet.categories import Categories
from lpsnet.structures import InspectionSettings, PanopticSegmentation

__all__ = ["Cause", "likeliest_causes"]

_UNNOTICED = 0.0005
"""A price that disappears when percent are written with one digit."""
_EXAMPLES = 5

_TITLES = {
    LostAt.SEMANTICS: "Missed because their pixels are labelled otherwise",
    LostAt.CLASS: "Missed because the boxes around them are of other classes",
    LostAt.BOX: "Missed by the box head",
    LostAt.SCORE: "Lost at the class threshold",
    LostAt.TOP_K: "Lost at the top-k of their level",
    LostAt.NMS: "Suppressed by NMS",
    LostAt.CAP: "Lost at the cap on detections",
    LostAt.THRESHOLD: "Lost at the score threshold",
    LostAt.OVERLAP: "Discarded by the overlap rule",
    LostAt.CONTEST: "Lost to other boxes at contested pixels",
    LostAt.BOX_SIDES: "Missed because their boxes are off",
    LostAt.NEIGHBOURS: "Missed among others of their class that fill their boxes",
    LostAt.STUFF_LIMIT: "Below the stuff limit",
    LostAt.LEFTOVERS: "Spoilt by adopted leftovers",
}


@dataclass(frozen=True, slots=True)
class Cause:
    """One cause.

    Attributes:
        title: what it is, in a few words.
        cost: PQ of this image that it costs, in [0, 1]; None where it has no price.
        evidence: sentences with figures, the most telling first.
    """

    title: str
    cost: float | None
    evidence: tuple[str, ...]


def likeliest_causes(
    verdicts: Sequence[SegmentVerdict],
    losses: Sequence[Loss],
    prediction: PanopticSegmentation,
    categories: Categories,
    settings: InspectionSettings,
    *,
    trained: bool = True,
    gains: OracleGains | None = None,
) -> tuple[Cause, ...]:
    """Returns the causes, most costly first; none whose price disappears at one digit of percent.

    Args:
        verdicts: on all segments; empty without ground truth.
        losses: of the false negatives among them.
        prediction: what was judged.
        categories: the classes.
        settings: what was in force.
        trained: whether the network is.
        gains: what the oracles would bring; None if that was not measured.
    """
    priced = [*_of_oracles(gains, settings), *_of_stages(verdicts, losses, categories)]
    priced += [*_of_false_positives(verdicts, prediction, categories), *_of_loose_masks(verdicts, categories)]
    noticed = [cause for cause in priced if cause.cost is not None and cause.cost >= _UNNOTICED]
    ordered = sorted(noticed, key=lambda cause: -(cause.cost or 0.0))
    return (*_of_training(trained), *ordered)


def _of_training(trained: bool) -> list[Cause]:
    if trained:
        return []
    return [Cause("The network is untrained", None, ("Weights of it are random: what it finds is chance.",))]


def _of_oracles(gains: OracleGains | None, settings: InspectionSettings) -> list[Cause]:
    if gains is None:
        return []
    now = gains.in_force(settings)
    semantics, boxes = gains.gain(gains.with_semantics(now), now), gains.gain(gains.with_boxes(now), now)
    priced, told = [], []
    if not now.semantic_oracle:
        priced.append(("Semantics", semantics))
        told.append(f"by {gain_words(semantics)} with true labels")
    if not now.box_oracle:
        priced.append(("Boxes", boxes))
        told.append(f"by {gain_words(boxes)} with true boxes")
    figures = f"PQ changes {' and '.join(told)}."
    left = 1 - gains.both.all.pq if gains.both.all.n else 0.0
    even = f"Even with true labels and true boxes PQ is {100 * gains.both.all.pq:.1f}."
    return [*(Cause(title, cost, (figures,)) for title, cost in priced), Cause("Panoptic head", left, (even,))]


def _of_stages(verdicts: Sequence[SegmentVerdict], losses: Sequence[Loss], categories: Categories) -> list[Cause]:
    cost_of = {row.truth: row.cost for row in verdicts if row.kind is Kind.FN}
    causes = []
    for at in LostAt:
        there = sorted((loss for loss in losses if loss.at is at), key=lambda loss: -cost_of[loss.truth])
        if there:
            lines = [
                f"{_place(categories[loss.label].name, *loss.center)}, {loss.area:,} pixels: {loss.words}."
                for loss in there
            ]
            title = f"{_TITLES[at]}: {_counted(len(there), 'segment')}"
            causes.append(Cause(title, sum(cost_of[loss.truth] for loss in there), _shortened(lines)))
    return causes


def _of_false_positives(
    verdicts: Sequence[SegmentVerdict], prediction: PanopticSegmentation, categories: Categories
) -> list[Cause]:
    missed = {(row.truth, row.prediction) for row in verdicts if row.kind is Kind.FN}
    alone = [row for row in verdicts if row.kind is Kind.FP and (row.truth, row.prediction) not in missed]
    if not alone:
        return []
    segments = {segment.id: segment for segment in prediction.segments}
    lines = []
    for row in sorted(alone, key=lambda row: -row.cost):
        segment = segments[row.prediction]
        x0, y0, x1, y1 = segment.box
        score = "" if segment.score is None else f", score {segment.score:.2f}"
        where = _place(categories[row.label].name, (x0 + x1) / 2, (y0 + y1) / 2)
        lines.append(f"{where}, {row.area:,} pixels{score}: {reason_words(row, categories)}.")
    title = f"False positives of their own: {_counted(len(alone), 'segment')}"
    return [Cause(title, sum(row.cost for row in alone), _shortened(lines))]


def _of_loose_masks(verdicts: Sequence[SegmentVerdict], categories: Categories) -> list[Cause]:
    found = [row for row in verdicts if row.kind is Kind.TP]
    if not found:
        return []
    mean = sum(row.iou for row in found) / len(found)
    lines = [f"{_counted(len(found), 'found segment')} with a mean IoU of {mean:.2f}."]
    lines += [
        f"{categories[row.label].name}, {row.area:,} pixels: {reason_words(row, categories)}."
        for row in sorted(found, key=lambda row: -row.cost)[:3]
    ]
    return [Cause("Loose masks of found segments", sum(row.cost for row in found), tuple(lines))]


def _place(name: str, x: float, y: float) -> str:
    return f"{name} at ({x:.0f}, {y:.0f})"


def _shortened(lines: Sequence[str]) -> tuple[str, ...]:
    if len(lines) <= _EXAMPLES:
        return tuple(lines)
    return (*lines[:_EXAMPLES], f"And {len(lines) - _EXAMPLES} more.")


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
