"""A merge told pixel by pixel from the rows of docs/method.md, that histories of pixels are held against.

Nothing here imports the code under test. It knows no holder and no challenger: at every step it asks anew which of all
kept boxes so far the pixel belongs to.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from lpsnet.structures import BordernessMaps, Detections
from tests.core.brute_force import brute_force_box_borderness, brute_force_sample

CLOSE_CALL = 1e-5
"""Costs that lie nearer than this may be told apart differently by another way of rounding."""


@dataclass(frozen=True)
class PlainStep:
    """What a step means for the pixel.

    Attributes:
        meaning: in a word of the method; empty if the pixel is none of the step's.
        owner: number of the pixel's owner after the step; 0 is void.
        rival: owner number of the box that it was contested with; 0 if it was not.
    """

    meaning: str
    owner: int
    rival: int = 0


class PlainMerge:
    """A merge whose pixels can be asked for one at a time.

    Attributes:
        contested: ``[H, W]`` bool, pixels in the masks of several kept boxes.
    """

    def __init__(
        self,
        detections: Detections,
        labels: np.ndarray,
        *,
        isthing: Sequence[bool],
        borderness: BordernessMaps | None,
        next_stuff: np.ndarray | None,
        score_threshold: float,
        overlap_threshold: float,
        conflict: str,
        stuff_limit: int,
    ) -> None:
        self._detections, self._labels, self._isthing = detections, labels, isthing
        self._borderness, self._next_stuff = borderness, next_stuff
        self._conflict = "highest" if conflict == "closest" and borderness is None else conflict
        self._owner_of_row: dict[int, int] = {}
        self._verdicts: list[str] = []
        taken, self.contested = np.zeros(labels.shape, bool), np.zeros(labels.shape, bool)
        self._masks = [self._mask(row) for row in range(int((detections.scores >= score_threshold).sum()))]  # row 53
        for row, mask in enumerate(self._masks):
            if not mask.any():
                self._verdicts.append("empty")
            elif (mask & taken).sum() / mask.sum() > overlap_threshold:  # row 47
                self._verdicts.append("discarded")
            else:
                self._verdicts.append("kept")
                self._owner_of_row[row] = len(self._owner_of_row) + 1
                self.contested |= mask & taken
                taken |= mask
        self._taken = taken
        self._stuff = self._stuff_sizes()
        big = [label for label, size in self._stuff.items() if size >= stuff_limit]  # row 54
        self._owner_of_stuff = {label: len(self._owner_of_row) + 1 + place for place, label in enumerate(big)}

    def _mask(self, row: int) -> np.ndarray:
        """Row 46: pixels of the class whose centre lies in the box."""
        x0, y0, x1, y1 = self._detections.boxes[row].astype(float)
        height, width = self._labels.shape
        x, y = np.arange(width) + 0.5, np.arange(height) + 0.5
        inside = ((y0 <= y) & (y < y1))[:, None] & ((x0 <= x) & (x < x1))
        return inside & (self._labels == self._detections.labels[row])

    def _stuff_at(self, i: int, j: int) -> int | None:
        """Rows 54 and 55: the stuff class that a pixel in no kept box goes to, if any."""
        label = int(self._labels[i, j])
        if label >= len(self._isthing) or not self._isthing[label]:
            return label if label < len(self._isthing) else None
        if self._next_stuff is None or self._next_stuff[i, j] >= len(self._isthing):
            return None
        return int(self._next_stuff[i, j])

    def _stuff_sizes(self) -> dict[int, int]:
        free = [self._stuff_at(i, j) for i, j in zip(*np.nonzero(~self._taken), strict=True)]
        return {label: free.count(label) for label in sorted({label for label in free if label is not None})}

    def cost(self, row: int, x: int, y: int) -> float:
        """Rows 48, 50 and 52: what it costs to give a pixel to a box; the cheapest gets it, the first among equals."""
        box = self._detections.boxes[row].astype(float)
        if self._conflict == "smallest":
            return (box[2] - box[0]) * (box[3] - box[1])
        if self._conflict == "highest":
            return -float(self._detections.scores[row])
        assert self._borderness is not None
        level = int(self._detections.level[row]) if self._borderness.pooling == "own" else 0
        predicted = brute_force_sample(self._borderness, x + 0.5, y + 0.5, level)
        return abs(brute_force_box_borderness(x + 0.5, y + 0.5, box) - predicted)

    def is_close_call(self, x: int, y: int) -> bool:
        """Whether rounding may decide who the pixel goes to."""
        rows = [row for row in self._owner_of_row if self._masks[row][y, x]]
        costs = sorted(self.cost(row, x, y) for row in rows) if self._conflict == "closest" else []
        return any(abs(one - other) < CLOSE_CALL for one, other in pairwise(costs))

    def steps(self, x: int, y: int) -> list[PlainStep]:
        """Returns every step of the merge as the pixel in column ``x`` and row ``y`` lives through it."""
        told: list[PlainStep] = []
        competing: list[int] = []
        owner = 0
        for row, verdict in enumerate(self._verdicts):
            if not self._masks[row][y, x]:
                told.append(PlainStep("", owner))
            elif verdict == "discarded":
                told.append(PlainStep("discarded", owner))
            else:
                rival, before = owner, bool(competing)
                competing.append(row)
                best = min(competing, key=lambda candidate: self.cost(candidate, x, y))
                owner = self._owner_of_row[best]
                meaning = "claimed" if not before else "won" if best == row else "lost"
                told.append(PlainStep(meaning, owner, rival))
        stuff = None if owner else self._stuff_at(y, x)
        own = int(self._labels[y, x])
        for label in self._stuff:
            meaning = ""
            if label == stuff:
                owner = self._owner_of_stuff.get(label, 0)
                meaning = "below limit" if not owner else "filled" if label == own else "adopted"
            told.append(PlainStep(meaning, owner))
        is_thing = own < len(self._isthing) and self._isthing[own]
        nothing = "" if owner else "left void" if is_thing else "" if own < len(self._isthing) else "unlabelled"
        return [*told, PlainStep(nothing, owner)]
