"""What border-ness does to the order of the boxes, and the maps that show it; no Qt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args

from lpsnet.analysis.fates import Fate, fates, ranks
from lpsnet.borderness import BordernessKind
from lpsnet_studio.inference.vocabulary import Sight
from lpsnet_studio.inspector.wording import step_sentence
from lpsnet_studio.state import Result

__all__ = [
    "DIFFERENCES",
    "LEVELS",
    "TARGETS",
    "Ranked",
    "difference_of",
    "fate_sentence",
    "moved_words",
    "product_words",
    "ranked",
    "ranks_words",
    "row_of_owner",
    "summary",
]

LEVELS = tuple(Sight("borderness", level=level) for level in (3, 4, 5, 6, 7, 0))
"""Every level's prediction, and the greatest of all."""
_KINDS: tuple[BordernessKind, ...] = get_args(BordernessKind)
TARGETS = tuple(Sight("target", target=kind) for kind in _KINDS)
DIFFERENCES = tuple(Sight("difference", target=kind) for kind in _KINDS)


def difference_of(sight: Sight, level: int) -> Sight:
    """Returns the difference to the same target of another level's prediction; 0 for the greatest of all."""
    return Sight("difference", level=level, target=sight.target)


@dataclass(frozen=True, slots=True)
class Ranked:
    """One detection, and its place among all with and without border-ness.

    Attributes:
        detection: its row among the detections.
        label: class index.
        name: of the class.
        with_borderness: rank by class score × border-ness, 1 the best.
        without: rank by class score alone.
        class_score: softmax of the class at its location.
        borderness: predicted at its location.
        fate: what became of it.
        step: the merge step that pasted it; -1 if there is none.
        owner: of the segment that it founded; 0 if it owns none at the merge's end.
    """

    detection: int
    label: int
    name: str
    with_borderness: int
    without: int
    class_score: float
    borderness: float
    fate: Fate
    step: int
    owner: int

    @property
    def product(self) -> float:
        """Class score × border-ness."""
        return self.class_score * self.borderness

    @property
    def moved(self) -> int:
        """By how many places border-ness moves it up; below 0 where it moves it down."""
        return self.without - self.with_borderness


def ranked(result: Result) -> tuple[Ranked, ...]:
    """Returns the detections of a result by their rank with border-ness; none where no candidates are known."""
    candidates = result.candidates
    if candidates is None:
        return ()
    with_borderness, without = ranks(candidates)
    became = fates(candidates, result.trace)[candidates.kept()]
    steps = {step.detection: index for index, step in enumerate(result.trace.steps) if step.detection >= 0}
    found = candidates.detections()
    rows = []
    for detection in range(len(found)):
        step, fate = steps.get(detection, -1), Fate(int(became[detection]))
        label = int(found.labels[detection])
        rows.append(
            Ranked(
                detection,
                label,
                result.categories[label].name,
                int(with_borderness[detection]),
                int(without[detection]),
                float(found.class_scores[detection]),
                float(found.borderness[detection]),
                fate,
                step,
                result.trace.steps[step].owner if fate is Fate.KEPT else 0,
            )
        )
    return tuple(sorted(rows, key=lambda row: row.with_borderness))


def row_of_owner(rows: tuple[Ranked, ...], owner: int) -> Ranked | None:
    """Returns the detection that founded a segment."""
    return next((row for row in rows if owner and row.owner == owner), None)


def moved_words(row: Ranked) -> str:
    """Returns by how many places border-ness moves a detection, with a sign and in a word."""
    if row.moved == 0:
        return "= stays"
    return f"▲ {row.moved:,} up" if row.moved > 0 else f"▼ {-row.moved:,} down"


def ranks_words(row: Ranked) -> str:
    """Returns from which rank to which border-ness moves a detection."""
    return f"{row.without:,} → {row.with_borderness:,}"


def product_words(row: Ranked) -> str:
    """Returns how a detection's score comes about."""
    return f"{row.class_score:.2f} × {row.borderness:.2f} = {row.product:.2f}"


def summary(rows: tuple[Ranked, ...], *, in_force: bool) -> str:
    """Returns what border-ness does to the order of all detections, in a sentence or two.

    Args:
        rows: every detection.
        in_force: whether border-ness was used to rank them.
    """
    if not rows:
        return "No box became a detection at these settings, so there is nothing to rank."
    moved = [row for row in rows if row.moved]
    boxes = "box" if len(rows) == 1 else "boxes"
    verb = "moved" if in_force else "would move"
    off = "" if in_force else " It is off now."
    if not moved:
        return f"Border-ness {verb} none of {len(rows):,} {boxes}.{off}"
    most = max(moved, key=lambda row: (abs(row.moved), -row.with_borderness))
    largest = f"the largest: {most.name} from {most.without:,} to {most.with_borderness:,}"
    return f"Border-ness {verb} {len(moved):,} of {len(rows):,} {boxes}; {largest}.{off}"


def fate_sentence(result: Result, row: Ranked, full_size: tuple[int, int] | None = None) -> str:
    """Returns what became of a detection, and why.

    Args:
        result: whose detection it is.
        row: the detection.
        full_size: ``(H, W)`` of the picture, which a preview is smaller than.
    """
    if row.step < 0:
        score = float(result.detections.scores[row.detection])
        limit = result.settings.score_threshold
        return f"Its score {score:.2f} is below the score threshold {limit:.2f}, so it was not merged."
    sentence = step_sentence(result, row.step, full_size=full_size)
    if row.fate is Fate.COVERED:
        return f"{sentence} Later boxes won every pixel of it, so no segment is left."
    return sentence
