"""What the panel Levels knows: every candidate's fate, which of them are drawn, and which one a click means; no Qt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from lpsnet.analysis.fates import CandidateFacts, Fate, LevelCounts, candidate_facts, count_by_level, fates
from lpsnet.structures import Candidates
from lpsnet_studio.canvas.candidate_scene import CandidateScene, MarkedBox, painting_order
from lpsnet_studio.canvas.colormaps import colormap
from lpsnet_studio.state import Result

__all__ = [
    "ALL_LEVELS",
    "FATE_COLORS",
    "GROUPS",
    "LEVELS",
    "LEVEL_COLORS",
    "MOST",
    "Choice",
    "Coloring",
    "Group",
    "Identity",
    "Picker",
    "Survey",
    "TilePicture",
    "Trail",
    "scene_of",
    "score_palette",
    "stretch_of",
]

RGB = tuple[int, int, int]
ALL_LEVELS = 0
LEVELS = (3, 4, 5, 6, 7)
LEVEL_COLORS: dict[int, RGB] = {
    3: (86, 180, 233),
    4: (0, 190, 140),
    5: (240, 228, 66),
    6: (240, 150, 40),
    7: (225, 130, 190),
}
"""Told apart by the colour-blind too, and bright enough for a photo."""
FATE_COLORS: dict[Fate, RGB] = {
    Fate.SCORE: (112, 118, 128),
    Fate.TOP_K: (170, 174, 182),
    Fate.NMS: (68, 119, 190),
    Fate.CAP: (102, 204, 238),
    Fate.THRESHOLD: (178, 78, 160),
    Fate.OVERLAP: (238, 102, 119),
    Fate.EMPTY: (140, 86, 60),
    Fate.COVERED: (214, 190, 76),
    Fate.KEPT: (52, 158, 76),
}
Coloring = Literal["level", "score"]
"""Which of the two a box's colour tells."""
TilePicture = Literal["boxes", "border-ness"]
"""What the small pictures of the levels show over the photo."""
MOST = (100, 500, 2000, 0)
"""How many boxes may be drawn; 0 is all."""
_SCORE_STEPS = 32
_LEAST_BEST = 1e-6
_MOST_LEFT = 50
"""Boxes that one can go back to."""
_SAME_PLACE = 1e-3
"""Locations nearer than this, as a share of the image, are one: they lie eight pixels of the input apart, or more."""


@dataclass(frozen=True, slots=True)
class Group:
    """Candidates that can be drawn together.

    Attributes:
        name: in the program.
        words: for people.
        fates: what became of them.
    """

    name: str
    words: str
    fates: frozenset[Fate]


GROUPS: tuple[Group, ...] = (
    Group("survivors", "Survivors of NMS", frozenset(Fate) - {Fate.SCORE, Fate.TOP_K, Fate.NMS, Fate.CAP}),
    Group("suppressed", "NMS: suppressed by a better box", frozenset({Fate.NMS})),
    Group("entered", "Before NMS", frozenset(Fate) - {Fate.SCORE, Fate.TOP_K}),
    Group("passed", "All above the class threshold", frozenset(Fate) - {Fate.SCORE}),
    Group("score", "Score: below the class threshold", frozenset({Fate.SCORE})),
    Group("top_k", "Top-k: beyond the level's best", frozenset({Fate.TOP_K})),
    Group("cap", "Cap: beyond the image's best", frozenset({Fate.CAP})),
    Group("threshold", "Threshold: below the merge's", frozenset({Fate.THRESHOLD})),
    Group("overlap", "Overlap: discarded by the merge", frozenset({Fate.OVERLAP})),
    Group("empty", "Empty: no pixel of their class", frozenset({Fate.EMPTY})),
    Group("covered", "Covered: lost all pixels later", frozenset({Fate.COVERED})),
    Group("kept", "Kept: own a segment", frozenset({Fate.KEPT})),
)


@dataclass(frozen=True, slots=True)
class Choice:
    """What of the candidates is shown.

    Attributes:
        level: 3 for P3 … 7 for P7, or :data:`ALL_LEVELS`.
        group: name of one of :data:`GROUPS`.
        most: how many boxes may be drawn, the best first; 0 for all.
        coloring: what colours tell.
    """

    level: int = ALL_LEVELS
    group: str = "survivors"
    most: int = 500
    coloring: Coloring = "level"

    @property
    def fates(self) -> frozenset[Fate]:
        """What became of the candidates that are shown."""
        return next(group.fates for group in GROUPS if group.name == self.group)


@dataclass(frozen=True, slots=True)
class Identity:
    """What stays the same about a candidate while settings change: rows move when a threshold does.

    Attributes:
        level: pyramid level.
        label: class index.
        x: of its location, as a share of the image's width.
        y: likewise, of its height.
    """

    level: int
    label: int
    x: float
    y: float


class Survey:
    """What became of the candidates of one result.

    Args:
        result: with candidates.

    Attributes:
        result: what was surveyed.
        candidates: its candidates, in pixels of the result.
        fates: ``[K]`` uint8, a :class:`~lpsnet.analysis.fates.Fate` each.
        levels: the counts of P3 … P7.
        ranked: ``[K]`` every row, by descending score; ties keep their order.
    """

    def __init__(self, result: Result) -> None:
        assert result.candidates is not None
        self.result = result
        self.candidates: Candidates = result.candidates
        self.fates = fates(self.candidates, result.trace)
        self._scale = (1.0, 1.0) if result.borderness is None else result.borderness.scale
        self.levels: tuple[LevelCounts, ...] = count_by_level(self.candidates, self.fates, self._scale)
        self.ranked: NDArray[np.intp] = np.argsort(-self.candidates.scores, kind="stable")

    @property
    def best_score(self) -> float:
        """The greatest score of the image, to which the colours of scores reach."""
        return max(float(self.candidates.scores.max(initial=0.0)), _LEAST_BEST)

    def rows(self, choice: Choice) -> NDArray[np.intp]:
        """Returns the candidates that a choice means, the best first, however many there are."""
        wanted = np.zeros(len(Fate), np.bool_)
        wanted[list(choice.fates)] = True
        chosen = wanted[self.fates]
        if choice.level != ALL_LEVELS:
            chosen &= self.candidates.level == choice.level
        return self.ranked[chosen[self.ranked]]

    def fate_counts(self, level: int) -> NDArray[np.intp]:
        """Returns how many candidates of a level, or of :data:`ALL_LEVELS`, met each fate."""
        chosen = self.fates if level == ALL_LEVELS else self.fates[self.candidates.level == level]
        return np.bincount(chosen, minlength=len(Fate))

    def facts(self, row: int) -> CandidateFacts:
        """Returns all there is to say about one candidate."""
        return candidate_facts(self.candidates, self.fates, self.result.trace, row)

    def longest_side(self, row: int) -> float:
        """Returns the largest distance from a candidate's location to a side, in pixels of the network's input."""
        left, top, right, bottom = self.facts(row).distances
        return max(left * self._scale[0], top * self._scale[1], right * self._scale[0], bottom * self._scale[1])

    def classes_at(self, row: int) -> tuple[tuple[int, float], ...]:
        """Returns what is known of the class vector at a candidate's location, the likeliest class first.

        Every class that made a box there has its probability: the likeliest thing, and each other thing above the class
        threshold.
        """
        found = self.candidates
        here = (found.level == found.level[row]) & (found.location == found.location[row]).all(axis=1)
        rows = np.flatnonzero(here)
        rows = rows[np.argsort(-found.class_scores[rows], kind="stable")]
        return tuple(zip(found.labels[rows].tolist(), found.class_scores[rows].tolist(), strict=True))

    def identity_of(self, row: int) -> Identity:
        """Returns what stays the same about a candidate while settings change."""
        height, width = self.result.size
        x, y = self.candidates.location[row].tolist()
        return Identity(int(self.candidates.level[row]), int(self.candidates.labels[row]), x / width, y / height)

    def row_of(self, identity: Identity) -> int:
        """Returns the row of a candidate that another result knew too; -1 if it is none of these."""
        height, width = self.result.size
        x, y = self.candidates.location.T / np.array([[width], [height]], np.float32)
        same = (self.candidates.level == identity.level) & (self.candidates.labels == identity.label)
        same &= (np.abs(x - identity.x) < _SAME_PLACE) & (np.abs(y - identity.y) < _SAME_PLACE)
        return next(iter(np.flatnonzero(same).tolist()), -1)

    def row_of_owner(self, owner: int) -> int:
        """Returns the candidate whose segment has an owner number; -1 for stuff, void and what is not there."""
        step = self.result.step_of(owner)
        detection = self.result.trace.steps[step].detection if step >= 0 else -1
        return int(self.candidates.kept()[detection]) if detection >= 0 else -1


class Trail:
    """The boxes from which one went to those that suppressed them, to go back to."""

    def __init__(self) -> None:
        self._left: list[Identity] = []

    def leave(self, identity: Identity) -> None:
        """Takes note of a box that is left; of the same one only once in a row."""
        if self._left[-1:] != [identity]:
            self._left = [*self._left, identity][-_MOST_LEFT:]

    def row(self, survey: Survey) -> int:
        """Returns the box to go back to, the one left last that there still is; -1 for none."""
        rows = (survey.row_of(identity) for identity in reversed(self._left))
        return next((row for row in rows if row >= 0), -1)

    def back(self, survey: Survey) -> int:
        """Returns the same, and forgets it."""
        row = self.row(survey)
        while self._left and survey.row_of(self._left.pop()) != row:
            pass
        return row

    def forget(self) -> None:
        """Forgets every box."""
        self._left = []


class Picker:
    """Which box a click means: the smallest that holds the point; clicks on the same place go through all of them."""

    def __init__(self) -> None:
        self._place: tuple[int, int] | None = None
        self._found: list[int] = []
        self._at = -1

    def pick(self, survey: Survey, drawn: Sequence[int] | NDArray[np.intp], place: tuple[int, int]) -> int:
        """Returns the row of the candidate that a click means; -1 if no drawn box holds the point.

        Args:
            survey: the candidates.
            drawn: the rows of those that are drawn, the best first.
            place: the pixel that was clicked, in pixels of the result.
        """
        rows = np.asarray(drawn, np.intp)
        boxes = survey.candidates.boxes[rows]
        x, y = place[0] + 0.5, place[1] + 0.5
        holds = (boxes[:, 0] <= x) & (x < boxes[:, 2]) & (boxes[:, 1] <= y) & (y < boxes[:, 3])
        areas = ((boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1]))[holds]
        found = rows[holds][np.argsort(areas, kind="stable")].tolist()
        goes_on = place == self._place and found == self._found
        self._at = (self._at + 1) % len(found) if goes_on and found else 0
        self._place, self._found = place, found
        return found[self._at] if found else -1


def score_palette() -> NDArray[np.uint8]:
    """Returns the RGB colours ``[32, 3]`` of scores from 0 to the best of the image."""
    places = np.linspace(0, 255, _SCORE_STEPS).round().astype(np.intp)
    return np.ascontiguousarray(colormap("viridis")[places])


_SCORE_PALETTE = score_palette()
_LEVEL_PALETTE = np.array([LEVEL_COLORS[level] for level in LEVELS], np.uint8)


def scene_of(
    survey: Survey,
    drawn: NDArray[np.intp],
    coloring: Coloring,
    size: tuple[int, int],
    marked: tuple[MarkedBox, ...] = (),
) -> CandidateScene:
    """Returns candidates as the canvas paints them.

    Args:
        survey: the candidates.
        drawn: the rows to draw.
        coloring: what colours tell.
        size: ``(H, W)`` of the photo, which a result of a reduced size is stretched over.
        marked: boxes that stand out, in the photo's pixels.
    """
    found = survey.candidates
    scores = found.scores[drawn]
    if coloring == "score":
        colors = np.clip(scores / survey.best_score * _SCORE_STEPS, 0, _SCORE_STEPS - 1).astype(np.intp)
    else:
        colors = np.clip(found.level[drawn].astype(np.intp) - LEVELS[0], 0, len(LEVELS) - 1)
    order = painting_order(scores, colors)
    rows = drawn[order]
    stretch = stretch_of(survey.result, size)
    return CandidateScene(
        boxes=found.boxes[rows] * np.tile(stretch, 2),
        locations=found.location[rows] * stretch,
        colors=colors[order],
        palette=_SCORE_PALETTE if coloring == "score" else _LEVEL_PALETTE,
        size=size,
        marked=marked,
        key=_key_of(survey, coloring),
    )


def _key_of(survey: Survey, coloring: Coloring) -> tuple[tuple[str, RGB], ...]:
    """Returns what a legend says of the boxes' colours."""
    if coloring == "level":
        return tuple((f"P{level}", LEVEL_COLORS[level]) for level in LEVELS)
    steps = ((0.0, 0), (0.5, _SCORE_STEPS // 2), (1.0, _SCORE_STEPS - 1))
    colors = ((share, tuple(_SCORE_PALETTE[step].tolist())) for share, step in steps)
    return tuple((f"score {share * survey.best_score:.2f}", (red, green, blue)) for share, (red, green, blue) in colors)


def stretch_of(result: Result, size: tuple[int, int]) -> NDArray[np.float32]:
    """Returns the photo's pixels per pixel of a result, across and down."""
    return np.array([size[1] / result.size[1], size[0] / result.size[0]], np.float32)
