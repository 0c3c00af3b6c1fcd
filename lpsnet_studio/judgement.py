"""A result judged against the ground truth, segment by segment, as panels and the canvas need it; no Qt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from psygnal import Signal

from lpsnet.analysis.errors import Kind, SegmentVerdict, error_map, judge_segments
from lpsnet.analysis.lost_where import Loss, lost_where
from lpsnet.structures import Int32, PanopticSegmentation
from lpsnet_studio.state import Result

__all__ = ["Judgement", "VerdictsShown", "judge", "numbered", "with_losses"]


@dataclass(frozen=True, slots=True, eq=False)
class Judgement:
    """A result against the ground truth.

    Attributes:
        result: what was judged, at full size.
        truth: what it was judged by.
        rows: a verdict on every match and every other segment, worst first.
        errors: ``[H, W]`` uint8, an :class:`~lpsnet.analysis.errors.ErrorPixel` for every pixel.
        regions: ``[H, W]`` uint8 or uint16, 1 + the place in ``rows`` of what is to be said of a pixel; 0 for nothing.
        losses: where missed segments were lost, by their id in the truth; None while that was not asked.
    """

    result: Result
    truth: PanopticSegmentation
    rows: tuple[SegmentVerdict, ...]
    errors: NDArray[np.uint8]
    regions: NDArray[np.uint16]
    losses: Mapping[int, Loss] | None = None


class VerdictsShown:
    """Which judgement lies over the image, and which of its verdicts is looked at.

    Attributes:
        judgement: None if nothing is to be drawn.
        looked_at: a verdict; None for none.
    """

    changed = Signal()
    looked_at_changed = Signal()
    zoom_wanted = Signal()
    """The canvas is to go to the verdict that is looked at."""

    def __init__(self) -> None:
        self.judgement: Judgement | None = None
        self.looked_at: SegmentVerdict | None = None

    def show(self, judgement: Judgement | None) -> None:
        """Lays a judgement over the image, or takes it away."""
        if judgement is not self.judgement:
            self.judgement = judgement
            self.changed.emit()
        if judgement is None:
            self.look_at(None)

    def look_at(self, verdict: SegmentVerdict | None, *, zoom: bool = False) -> None:
        """Marks the two segments of a verdict, or of none; ``zoom`` goes there."""
        if verdict != self.looked_at:
            self.looked_at = verdict
            self.looked_at_changed.emit()
        if zoom and verdict is not None:
            self.zoom_wanted.emit()


def judge(result: Result, truth: PanopticSegmentation, truth_areas: Mapping[int, float] | None = None) -> Judgement:
    """Judges a result; where segments were lost takes much longer and is left to :func:`with_losses`.

    Args:
        result: at full size.
        truth: what it is judged by.
        truth_areas: areas of its segments as its JSON states them, which the metric takes; None where it states none.

    Raises:
        ValueError: if the result has no quality, or another size than the truth.
    """
    if result.quality is None:
        raise ValueError("a result without ground truth cannot be judged")
    prediction, categories = result.trace.segmentation(), result.categories
    rows = judge_segments(prediction, truth, categories, result.quality, truth_areas=truth_areas)
    errors, regions = error_map(prediction, truth, rows), _regions(rows, prediction.ids, truth.ids)
    return Judgement(result, truth, rows, errors, regions)


def with_losses(judgement: Judgement) -> Judgement:
    """Returns a judgement that says where missed segments were lost too."""
    result = judgement.result
    losses = lost_where(
        judgement.rows,
        judgement.truth,
        result.categories,
        labels=result.labels,
        detections=result.detections,
        candidates=result.candidates,
        trace=result.trace,
        settings=result.settings,
    )
    return replace(judgement, losses={loss.truth: loss for loss in losses})


def _regions(rows: tuple[SegmentVerdict, ...], predicted: Int32, real: Int32) -> NDArray[np.uint16]:
    """Returns which row speaks for a pixel: a wrong prediction before a missed segment, and this before the others."""
    on_prediction = {row.prediction: place for place, row in enumerate(rows, 1) if row.kind in _PREDICTED}
    wrong = {row.prediction: place for place, row in enumerate(rows, 1) if row.kind is Kind.FP}
    missed = {row.truth: place for place, row in enumerate(rows, 1) if row.kind is Kind.FN}
    crowds = {row.truth: place for place, row in enumerate(rows, 1) if row.kind is Kind.CROWD}
    regions = numbered(predicted, on_prediction)
    for ids, chosen, over in ((real, crowds, False), (real, missed, True), (predicted, wrong, True)):
        if chosen:
            of_these = numbered(ids, chosen)
            np.copyto(regions, of_these, where=(of_these > 0) if over else (of_these > 0) & (regions == 0))
    return regions


_PREDICTED = (Kind.TP, Kind.FP, Kind.IGNORED)


def numbered(ids: Int32, numbers: Mapping[int, int]) -> NDArray[np.uint16]:
    """Returns ``[H, W]`` the number of each pixel's id, 0 where it has none.

    Args:
        ids: ``[H, W]``, none negative.
        numbers: by id, below 65,536.
    """
    table = np.zeros(1 + max(int(ids.max(initial=0)), *numbers, 0), np.uint16)
    for identity, number in numbers.items():
        table[identity] = number
    return table[ids]
