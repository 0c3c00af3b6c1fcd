"""How it is told what a change of settings did; no Qt."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from lpsnet.categories import Categories
from lpsnet.structures import Stage, StageResult
from lpsnet_studio.effects import Effect

__all__ = ["Difference", "class_counts", "cost_words", "counted", "quality_difference", "spoken", "unchanged_words"]

_STAGES = {
    Stage.NETWORK: "network",
    Stage.SEMANTICS: "semantic map",
    Stage.DETECTIONS: "boxes",
    Stage.MERGE: "merge",
    Stage.QUALITY: "quality",
}


@dataclass(frozen=True, slots=True)
class Difference:
    """Panoptic quality before and after, for people.

    Attributes:
        values: both values in percent, such as ``PQ 61.3 → 63.0``.
        change: an arrow and the signed difference, such as ``▲ +1.7``; ``unchanged`` if there is none.
        sign: -1 for worse, 0 for the same, 1 for better.
    """

    values: str
    change: str
    sign: int


def counted(sign: str, count: int) -> str:
    """Returns how many segments came or went, such as ``−2 segments``."""
    return f"{sign}{count} segment" if count == 1 else f"{sign}{count} segments"


def class_counts(labels: Sequence[int], categories: Categories) -> list[tuple[int, str]]:
    """Returns every class that occurs with its name, the most frequent first; ``×2`` where it occurs more than once."""
    return [
        (label, categories[label].name if count == 1 else f"{categories[label].name} ×{count}")
        for label, count in Counter(labels).most_common()
    ]


def unchanged_words(effect: Effect) -> str:
    """Returns what to say where no segment came or went."""
    if effect.resized is None:
        return "No segment came or went"
    if effect.resized == 0:
        return "No segment changed"
    return f"No segment came or went · {effect.resized} grew or shrank"


def quality_difference(effect: Effect) -> Difference | None:
    """Returns panoptic quality before and after; None without ground truth on both sides."""
    if effect.pq_before is None or effect.pq_after is None:
        return None
    before, after = 100 * effect.pq_before, 100 * effect.pq_after
    # A reduced size measures a little differently: a drag shows where it is going, not the last digit.
    about = "≈ " if effect.resized is None else ""
    values = f"PQ {before:.1f} → {about}{after:.1f}"
    change = after - before
    if abs(change) < 0.005:
        return Difference(values, "unchanged", 0)
    amount = f"{abs(change):.1f}" if abs(change) >= 0.05 else f"{abs(change):.2f}"
    return Difference(values, f"▲ +{amount}", 1) if change > 0 else Difference(values, f"▼ −{amount}", -1)


def spoken(effect: Effect, categories: Categories) -> str:
    """Returns the whole effect in words, a line each: for tool tips and for those who listen."""
    lines = [
        f"{counted(sign, len(labels))}: {', '.join(words for _, words in class_counts(labels, categories))}"
        for sign, labels in (("−", effect.lost), ("+", effect.gained))
        if labels
    ]
    lines = lines or [unchanged_words(effect)]
    quality = quality_difference(effect)
    return "\n".join(lines if quality is None else [*lines, f"{quality.values} {quality.change}"])


def cost_words(stages: Sequence[StageResult], seconds: float) -> str:
    """Returns how long a result took, and which stages ran for it."""
    ran = ", ".join(_STAGES[result.stage] for result in stages if result.ran)
    took = f"{seconds:.1f} s" if seconds >= 1 else f"{1000 * seconds:.0f} ms"
    return f"{took}: {ran}" if ran else took
