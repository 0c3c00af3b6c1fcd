"""How it is told what a change of settings did; no Qt."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from lpsnet.categories import Categories
from lpsnet.overlay import Color, thing_color
from lpsnet.structures import Stage, StageResult
from lpsnet_studio.effects import Effect, Part

__all__ = [
    "ClassCount",
    "Difference",
    "class_counts",
    "cost_words",
    "counted",
    "quality_difference",
    "spoken",
    "unchanged_words",
]

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
        change: an arrow and the signed difference of the two values as they are shown, such as ``▲ +1.7``;
            ``unchanged`` if there is none.
        sign: -1 for worse, 0 for the same, 1 for better.
    """

    values: str
    change: str
    sign: int


@dataclass(frozen=True, slots=True)
class ClassCount:
    """The segments of one class that came or went.

    Attributes:
        words: the class's name; with ``×2`` where it occurs more than once.
        count: how many they are.
        colors: the colours that they have or had on the canvas, one each.
    """

    words: str
    count: int
    colors: tuple[Color, ...]


def counted(sign: str, count: int) -> str:
    """Returns how many segments came or went, such as ``−2 segments``."""
    return f"{sign}{count} segment" if count == 1 else f"{sign}{count} segments"


def class_counts(parts: Sequence[Part], categories: Categories) -> list[ClassCount]:
    """Returns every class that occurs, the most frequent first."""
    counts = Counter(part.label for part in parts).most_common()
    return [
        ClassCount(
            categories[label].name if count == 1 else f"{categories[label].name} ×{count}",
            count,
            tuple(_color_of(part, categories) for part in parts if part.label == label),
        )
        for label, count in counts
    ]


def unchanged_words(effect: Effect) -> str:
    """Returns what to say where no segment came or went."""
    if effect.resized is None:
        return "No segment came or went"
    if effect.resized == 0:
        return "No segment changed"
    return f"No segment came or went · {effect.resized} grew or shrank"


def quality_difference(effect: Effect, figure: str = "PQ") -> Difference | None:
    """Returns panoptic quality before and after; None without ground truth on both sides.

    Args:
        effect: of the last change.
        figure: what the quality is called.
    """
    if effect.pq_before is None or effect.pq_after is None:
        return None
    before, after = 100 * effect.pq_before, 100 * effect.pq_after
    # A reduced size measures a little differently: a drag shows where it is going, not the last digit.
    about = "≈ " if effect.resized is None else ""
    values = f"{figure} {before:.1f} → {about}{after:.1f}"
    change = float(f"{after:.1f}") - float(f"{before:.1f}")
    if abs(change) >= 0.05:
        return Difference(values, f"▲ +{change:.1f}", 1) if change > 0 else Difference(values, f"▼ −{-change:.1f}", -1)
    if abs(after - before) < 0.005:
        return Difference(values, "unchanged", 0)
    return Difference(values, "▲ < 0.1", 1) if after > before else Difference(values, "▼ < 0.1", -1)


def spoken(effect: Effect, categories: Categories, figure: str = "PQ") -> str:
    """Returns the whole effect in words, a line each: for tool tips and for those who listen.

    Args:
        effect: of the last change.
        categories: the classes of its segments.
        figure: what the quality is called.
    """
    lines = [
        f"{counted(sign, len(parts))}: {', '.join(each.words for each in class_counts(parts, categories))}"
        for sign, parts in (("−", effect.went), ("+", effect.came))
        if parts
    ]
    lines = lines or [unchanged_words(effect)]
    quality = quality_difference(effect, figure)
    return "\n".join(lines if quality is None else [*lines, f"{quality.values} {quality.change}"])


def cost_words(stages: Sequence[StageResult], seconds: float) -> str:
    """Returns how long a result took, and which stages ran for it, if any had to."""
    ran = ", ".join(_STAGES[result.stage] for result in stages if result.ran)
    if not ran:
        return "kept from before"
    took = f"{seconds:.1f} s" if seconds >= 1 else f"{1000 * seconds:.0f} ms"
    return f"{took}: {ran}"


def _color_of(part: Part, categories: Categories) -> Color:
    """Returns a segment's colour as lists and canvas show it."""
    category = categories[part.label]
    return thing_color(category.color, part.shade) if category.isthing else category.color
