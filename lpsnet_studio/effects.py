"""What a change of settings did to a result; no Qt."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lpsnet.structures import InspectionSettings, MergeStep, Segment
from lpsnet_studio.state import Result, shade_of

__all__ = ["Comparison", "Effect", "Part", "Summary", "compare", "summarize"]

_LEAST_IOU = 0.5
"""Two boxes of one class that have more in common than this are taken for the same object, as metrics do."""


@dataclass(frozen=True, slots=True)
class Part:
    """One segment as it is remembered: owner numbers move when another box is discarded, so they say nothing.

    Attributes:
        label: class index.
        box: of a thing, the detection's, in shares of the image, so that a result of reduced size says the same; None
            for stuff, which is known by its class alone.
        area: pixels.
        shade: what the shade of a thing follows; 0 for stuff.
    """

    label: int
    box: tuple[float, float, float, float] | None
    area: int
    shade: int = 0


@dataclass(frozen=True, slots=True)
class Summary:
    """What is remembered of a result, to compare the next one with.

    Attributes:
        settings: what it was computed with.
        size: ``(H, W)`` that it was computed at.
        parts: its segments.
        pq: panoptic quality, 0 … 1; None without ground truth.
    """

    settings: InspectionSettings
    size: tuple[int, int]
    parts: tuple[Part, ...]
    pq: float | None


@dataclass(frozen=True, slots=True)
class Effect:
    """What became of a result.

    Attributes:
        came: segments that came, sorted by class.
        went: segments that went, sorted by class.
        resized: how many of the others grew or shrank; None if the two results are of different sizes.
        pq_before: 0 … 1; None without ground truth.
        pq_after: likewise.
    """

    came: tuple[Part, ...]
    went: tuple[Part, ...]
    resized: int | None
    pq_before: float | None
    pq_after: float | None

    @property
    def gained(self) -> tuple[int, ...]:
        """Class indices of segments that came, sorted."""
        return tuple(part.label for part in self.came)

    @property
    def lost(self) -> tuple[int, ...]:
        """Class indices of segments that went, sorted."""
        return tuple(part.label for part in self.went)


class Comparison:
    """Compares what follows a change of settings with what was there before it.

    A drag is one change: all of its results are compared with the state before it.

    Attributes:
        effect: what the last change did, as far as its results are here; None if nothing was changed.
    """

    def __init__(self) -> None:
        self.effect: Effect | None = None
        self._before: Summary | None = None
        self._settings_before: InspectionSettings | None = None

    def begin(self, shown: Result | None, settings: InspectionSettings) -> None:
        """Takes the state before a change.

        Args:
            shown: the result on the screen; None if there is none yet.
            settings: what is asked for now. The result of these is the state before the change even if it comes later.
        """
        self._before = None if shown is None else summarize(shown)
        self._settings_before = settings

    def take(self, result: Result) -> None:
        """Takes a result that came."""
        if self._settings_before is None:
            return
        after = summarize(result)
        if self._before is not None:
            self.effect = compare(self._before, after)
        if result.settings == self._settings_before != self._settings_of_before():
            self._before = after

    def forget(self) -> None:
        """Forgets everything, as for another image or another network."""
        self.effect = self._before = self._settings_before = None

    def _settings_of_before(self) -> InspectionSettings | None:
        return None if self._before is None else self._before.settings


def summarize(result: Result) -> Summary:
    """Returns what a later result of the same image is compared with."""
    founders = {step.owner: step for step in result.trace.steps if step.owner}
    parts = tuple(
        _part(segment, founders[segment.id], result.size) for segment in result.trace.segments if segment.id in founders
    )
    return Summary(result.settings, result.size, parts, result.pq)


def compare(before: Summary, after: Summary) -> Effect:
    """Returns what changed from one result to another of the same image and network.

    Stuff is the same if its class is. Things are paired class by class: the same box first, then the boxes that have
    most in common, as other candidates of one object take each other's place when NMS or scores change.
    """
    pairs = _pairs(before.parts, after.parts)
    came = _parts_without(after.parts, {later for _, later in pairs})
    went = _parts_without(before.parts, {earlier for earlier, _ in pairs})
    resized = None
    if before.size == after.size:
        resized = sum(before.parts[earlier].area != after.parts[later].area for earlier, later in pairs)
    return Effect(came, went, resized, before.pq, after.pq)


def _part(segment: Segment, founder: MergeStep, size: tuple[int, int]) -> Part:
    if founder.box is None:
        return Part(segment.label, None, segment.area)
    height, width = size
    x0, y0, x1, y1 = founder.box
    return Part(segment.label, (x0 / width, y0 / height, x1 / width, y1 / height), segment.area, shade_of(founder))


def _pairs(before: tuple[Part, ...], after: tuple[Part, ...]) -> list[tuple[int, int]]:
    """Returns the indices of the segments that are the same before and after."""
    pairs = []
    for label in {part.label for part in before} & {part.label for part in after}:
        earlier = [index for index, part in enumerate(before) if part.label == label]
        later = [index for index, part in enumerate(after) if part.label == label]
        if before[earlier[0]].box is None:
            pairs.append((earlier[0], later[0]))
        else:
            ious = _ious(_boxes(before, earlier), _boxes(after, later))
            pairs += [(earlier[row], later[column]) for row, column in _best_first(ious)]
    return pairs


def _best_first(ious: NDArray[np.float64]) -> list[tuple[int, int]]:
    """Pairs rows with columns, each once, those with most in common first; ties go to the earlier ones."""
    pairs: list[tuple[int, int]] = []
    free_rows, free_columns = np.ones(ious.shape[0], np.bool_), np.ones(ious.shape[1], np.bool_)
    rows, columns = np.nonzero(ious > _LEAST_IOU)
    for place in np.argsort(-ious[rows, columns], kind="stable"):
        row, column = int(rows[place]), int(columns[place])
        if free_rows[row] and free_columns[column]:
            free_rows[row] = free_columns[column] = False
            pairs.append((row, column))
    return pairs


def _boxes(parts: tuple[Part, ...], indices: list[int]) -> NDArray[np.float64]:
    return np.array([parts[index].box for index in indices], np.float64).reshape(-1, 4)


def _ious(first: NDArray[np.float64], second: NDArray[np.float64]) -> NDArray[np.float64]:
    """Returns ``[M, N]``, intersection over union of every two boxes."""
    corner = np.maximum(first[:, None, :2], second[None, :, :2])
    opposite = np.minimum(first[:, None, 2:], second[None, :, 2:])
    shared = np.clip(opposite - corner, 0, None).prod(axis=2)
    areas = [(boxes[:, 2:] - boxes[:, :2]).prod(axis=1) for boxes in (first, second)]
    union = areas[0][:, None] + areas[1][None] - shared
    return np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)


def _parts_without(parts: tuple[Part, ...], paired: set[int]) -> tuple[Part, ...]:
    left = (part for index, part in enumerate(parts) if index not in paired)
    return tuple(sorted(left, key=lambda part: part.label))
