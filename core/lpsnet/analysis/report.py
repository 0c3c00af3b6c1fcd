"""Why an image's result is what it is: one page as plain data, for someone who was not there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from lpsnet.analysis.causes import Cause, likeliest_causes
from lpsnet.analysis.errors import Kind, Reason, SegmentVerdict, judge_segments, reason_words
from lpsnet.analysis.fates import Fate, LevelCounts
from lpsnet.analysis.gains import OracleGains
from lpsnet.analysis.lost_where import Loss, lost_where
from lpsnet.categories import Categories
from lpsnet.metrics.panoptic_quality import ImageQuality, MeanQuality, PanopticQuality
from lpsnet.overlay import render_overlay
from lpsnet.structures import (
    Candidates,
    Detections,
    InspectionSettings,
    Labels,
    MergeTrace,
    PanopticSegmentation,
    Segment,
    StepKind,
    Verdict,
)

__all__ = [
    "FATE_NAMES",
    "ErrorRow",
    "LevelRow",
    "MergeNumbers",
    "SettingChange",
    "Subject",
    "WhyPage",
    "level_rows",
    "merge_numbers",
    "setting_changes",
    "why_page",
]

Rgb = NDArray[np.uint8]

_WORST = 10
_PICTURE_SIDE = 416
_CROP_SIDE = 120
_CROP_LEAST = 48
"""Pixels of the image that a crop shows at least, so that its surroundings can be recognised."""
_MARGIN = 0.35
"""Of a segment's longer side, what a crop shows around it."""

FATE_NAMES: Mapping[Fate, str] = {
    Fate.SCORE: "class threshold",
    Fate.TOP_K: "top-k",
    Fate.NMS: "NMS",
    Fate.CAP: "cap",
    Fate.THRESHOLD: "score threshold",
    Fate.OVERLAP: "overlap rule",
    Fate.EMPTY: "no pixel",
    Fate.COVERED: "covered",
    Fate.KEPT: "kept",
}
"""What the ends of candidates are called in a table's head."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What was looked at.

    Attributes:
        file: the image's file name.
        network: name of the network, or of the checkpoint.
        trained: False if weights of it are random.
        device: where it ran; empty if that is of no interest.
        remarks: further things to say about the input, one a line.
    """

    file: str
    network: str
    trained: bool = True
    device: str = ""
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SettingChange:
    """A setting that differs from the network's own.

    Attributes:
        name: its name in words.
        value: what was in force.
        own: what the network asks for.
    """

    name: str
    value: str
    own: str


@dataclass(frozen=True, slots=True)
class LevelRow:
    """What became of the candidates of one pyramid level, or of all.

    Attributes:
        name: ``P3`` … ``P7``, or ``all``.
        locations: how many of its locations made a candidate.
        counts: candidates by :class:`~lpsnet.analysis.fates.Fate`, in its order.
    """

    name: str
    locations: int
    counts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class MergeNumbers:
    """The merge in numbers.

    Attributes:
        steps: how many it took.
        pasted: how many of them pasted a detection that was kept.
        discarded: detections that the overlap rule discarded.
        empty: detections without a pixel of their class.
        stuff: stuff classes that were filled in.
        small_stuff: stuff classes below the limit.
        contested: pixels that a kept detection disputed with earlier ones; counted at each dispute.
        changed_hands: how many of those the later detection won.
        void: share of the image that no segment holds, in [0, 1].
        segments: how many there are in the end.
        notes: what the head did differently from what was asked.
    """

    steps: int
    pasted: int
    discarded: int
    empty: int
    stuff: int
    small_stuff: int
    contested: int
    changed_hands: int
    void: float
    segments: int
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class ErrorRow:
    """One of the worst segments, with three small pictures of its place.

    Attributes:
        verdict: how it is judged.
        name: its class.
        words: what went wrong.
        lost: how a false negative was lost, see :class:`~lpsnet.analysis.lost_where.Loss`; empty otherwise.
        picture: RGB uint8, its place in the image.
        truth: the same place in the ground truth, the true segment outlined unless it only happens to lie there.
        prediction: likewise in the prediction.
    """

    verdict: SegmentVerdict
    name: str
    words: str
    lost: str
    picture: Rgb
    truth: Rgb
    prediction: Rgb


@dataclass(frozen=True, slots=True, eq=False)
class WhyPage:
    """The page.

    Attributes:
        subject: what was looked at.
        size: ``(H, W)`` of the image.
        picture: the image, made small.
        result: the prediction over it, likewise.
        truth: the ground truth over it, likewise; None if there is none.
        settings: what was in force.
        changes: settings that differ from the network's own.
        quality: means over all classes, things and stuff; empty without ground truth.
        levels: what became of the candidates, by level and in all; empty under the box oracle.
        merge: the merge in numbers.
        verdict_counts: segments by kind; empty without ground truth.
        errors: the worst, worst first.
        losses: where each false negative was lost.
        gains: what the oracles would bring; None if that was not measured.
        causes: the likeliest causes, most costly first.
    """

    subject: Subject
    size: tuple[int, int]
    picture: Rgb
    result: Rgb
    truth: Rgb | None
    settings: InspectionSettings
    changes: tuple[SettingChange, ...]
    quality: tuple[tuple[str, MeanQuality], ...]
    levels: tuple[LevelRow, ...]
    merge: MergeNumbers
    verdict_counts: tuple[tuple[Kind, int], ...]
    errors: tuple[ErrorRow, ...]
    losses: tuple[Loss, ...]
    gains: OracleGains | None
    causes: tuple[Cause, ...]


def why_page(
    subject: Subject,
    image: Rgb,
    categories: Categories,
    *,
    labels: Labels,
    detections: Detections,
    candidates: Candidates | None,
    trace: MergeTrace,
    settings: InspectionSettings,
    own_settings: InspectionSettings | None = None,
    levels: Sequence[LevelCounts] = (),
    truth: PanopticSegmentation | None = None,
    truth_areas: Mapping[int, float] | None = None,
    quality: ImageQuality | None = None,
    gains: OracleGains | None = None,
) -> WhyPage:
    """Makes the page of one image.

    Args:
        subject: what was looked at.
        image: RGB uint8 ``[H, W, 3]``.
        categories: the classes.
        labels: the label map that was merged.
        detections: the boxes that were merged.
        candidates: what they were chosen from; None under the box oracle.
        trace: the merge.
        settings: what was in force.
        own_settings: what the network asks for; None if that is not to be compared.
        levels: what ``count_by_level`` said.
        truth: ground truth, if there is one.
        truth_areas: areas of its segments as the JSON states them.
        quality: what ``image_quality`` said; needed with ``truth``.
        gains: what the oracles would bring, if that was measured.

    Raises:
        ValueError: if there is ground truth, but no quality.
    """
    if truth is not None and quality is None:
        raise ValueError("with ground truth, the page needs the quality against it")
    result = trace.segmentation()
    verdicts: tuple[SegmentVerdict, ...] = ()
    losses: tuple[Loss, ...] = ()
    if truth is not None and quality is not None:
        verdicts = judge_segments(result, truth, categories, quality, truth_areas=truth_areas)
        losses = lost_where(
            verdicts,
            truth,
            categories,
            labels=labels,
            detections=detections,
            candidates=candidates,
            trace=trace,
            settings=settings,
        )
    return WhyPage(
        subject=subject,
        size=(image.shape[0], image.shape[1]),
        picture=_small(image, _PICTURE_SIDE),
        result=_small(render_overlay(image, result, categories), _PICTURE_SIDE),
        truth=None if truth is None else _small(render_overlay(image, truth, categories), _PICTURE_SIDE),
        settings=settings,
        changes=setting_changes(settings, own_settings or settings),
        quality=_means(quality, categories),
        levels=level_rows(levels),
        merge=merge_numbers(trace),
        verdict_counts=tuple((kind, sum(row.kind is kind for row in verdicts)) for kind in Kind) if verdicts else (),
        errors=() if truth is None else _worst(verdicts, losses, image, result, truth, categories),
        losses=losses,
        gains=gains,
        causes=likeliest_causes(verdicts, losses, result, categories, settings, trained=subject.trained, gains=gains),
    )


# ------------------------------------------------------------------------------------------------------------- numbers


def setting_changes(settings: InspectionSettings, own: InspectionSettings) -> tuple[SettingChange, ...]:
    """Returns the settings that differ from the network's own."""
    return tuple(
        SettingChange(
            spec.name.replace("_", " "), _value(getattr(settings, spec.name)), _value(getattr(own, spec.name))
        )
        for spec in fields(settings)
        if getattr(settings, spec.name) != getattr(own, spec.name)
    )


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"{value:,}" if isinstance(value, int) else f"{value:g}" if isinstance(value, float) else str(value)


def level_rows(levels: Sequence[LevelCounts]) -> tuple[LevelRow, ...]:
    """Returns one row a level and one for all; none for none."""
    if not levels:
        return ()
    rows = [LevelRow(f"P{level.level}", level.locations, tuple(level.counts.tolist())) for level in levels]
    everything = tuple(sum(counts) for counts in zip(*(row.counts for row in rows), strict=True))
    return (*rows, LevelRow("all", sum(row.locations for row in rows), everything))


def merge_numbers(trace: MergeTrace) -> MergeNumbers:
    """Counts what a merge did."""
    boxes = [step for step in trace.steps if step.kind is StepKind.DETECTION]
    stuff = [step for step in trace.steps if step.kind is StepKind.STUFF]
    contests = [contest for step in boxes for contest in step.contests]
    return MergeNumbers(
        steps=len(trace.steps),
        pasted=sum(step.verdict is Verdict.KEPT for step in boxes),
        discarded=sum(step.verdict is Verdict.DISCARDED for step in boxes),
        empty=sum(step.verdict is Verdict.EMPTY for step in boxes),
        stuff=sum(step.verdict is Verdict.KEPT for step in stuff),
        small_stuff=sum(step.verdict is Verdict.DISCARDED for step in stuff),
        contested=sum(contest.pixels for contest in contests),
        changed_hands=sum(contest.won for contest in contests),
        void=float((trace.owners == 0).mean()) if trace.owners.size else 0.0,
        segments=len(trace.segments),
        notes=trace.notes,
    )


def _means(quality: ImageQuality | None, categories: Categories) -> tuple[tuple[str, MeanQuality], ...]:
    if quality is None:
        return ()
    of = PanopticQuality(quality.counts, categories)
    return ("all", of.all), ("things", of.things), ("stuff", of.stuff)


# ------------------------------------------------------------------------------------------------------------ pictures


def _worst(
    verdicts: Sequence[SegmentVerdict],
    losses: Sequence[Loss],
    image: Rgb,
    result: PanopticSegmentation,
    truth: PanopticSegmentation,
    categories: Categories,
) -> tuple[ErrorRow, ...]:
    """Returns the worst segments that cost anything, with their pictures."""
    lost = {loss.truth: loss.words for loss in losses}
    real = {segment.id: segment for segment in truth.segments}
    predicted = {segment.id: segment for segment in result.segments}
    rows = []
    for row in [row for row in verdicts if row.cost > 0][:_WORST]:
        place = _place(row, real, predicted, truth.ids.shape)
        # What lies there by chance is no counterpart to be pointed at.
        apart = row.reason in (Reason.MISSED, Reason.SPURIOUS, Reason.VOID)
        outlined_truth = 0 if apart and not row.of_truth else row.truth
        outlined_prediction = 0 if apart and row.of_truth else row.prediction
        rows.append(
            ErrorRow(
                verdict=row,
                name=categories[row.label].name,
                words=reason_words(row, categories),
                lost=lost.get(row.truth, "") if row.kind is Kind.FN else "",
                picture=_small(np.ascontiguousarray(image[place]), _CROP_SIDE, enlarge=True),
                truth=_outlined(image, truth, categories, place, outlined_truth),
                prediction=_outlined(image, result, categories, place, outlined_prediction),
            )
        )
    return tuple(rows)


def _place(
    row: SegmentVerdict, real: Mapping[int, Segment], predicted: Mapping[int, Segment], shape: tuple[int, ...]
) -> tuple[slice, slice]:
    """Returns the rows and columns around a segment, a square where the image has room."""
    x0, y0, x1, y1 = (real[row.truth] if row.of_truth else predicted[row.prediction]).box
    side = max(round((1 + 2 * _MARGIN) * max(x1 - x0, y1 - y0)), _CROP_LEAST)
    return _stretch((y0 + y1) // 2, side, shape[0]), _stretch((x0 + x1) // 2, side, shape[1])


def _stretch(middle: int, side: int, end: int) -> slice:
    """Returns a stretch of a length around a middle, moved into ``0 … end``."""
    side = min(side, end)
    start = min(max(middle - side // 2, 0), end - side)
    return slice(start, start + side)


def _outlined(
    image: Rgb, segmentation: PanopticSegmentation, categories: Categories, place: tuple[slice, slice], identity: int
) -> Rgb:
    """Returns a part of a segmentation over the image, one segment outlined in white over black."""
    part = PanopticSegmentation(np.ascontiguousarray(segmentation.ids[place]), segmentation.segments)
    drawn = render_overlay(np.ascontiguousarray(image[place]), part, categories, contours=False)
    drawn = _small(drawn, _CROP_SIDE, enlarge=True)
    own = np.equal(part.ids, identity).view(np.uint8)
    if not identity or not own.any():
        return drawn
    mask = cv2.resize(own, (drawn.shape[1], drawn.shape[0]), interpolation=cv2.INTER_NEAREST)
    outlines, _ = cv2.findContours(mask, cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    cv2.drawContours(drawn, outlines, -1, (0, 0, 0), 3)
    cv2.drawContours(drawn, outlines, -1, (255, 255, 255), 1)
    return drawn


def _small(picture: Rgb, side: int, *, enlarge: bool = False) -> Rgb:
    """Returns a picture whose longer side is ``side`` pixels, or shorter if it is not to be enlarged."""
    scale = side / max(picture.shape[:2])
    if scale >= 1 and not enlarge:
        return picture
    size = (max(round(picture.shape[1] * scale), 1), max(round(picture.shape[0] * scale), 1))
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_NEAREST
    return np.asarray(cv2.resize(picture, size, interpolation=how), np.uint8)
