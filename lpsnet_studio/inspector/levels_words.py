"""The panel Levels in words: sizes, counts, fates and why a box ended where it did; no Qt."""

from __future__ import annotations

from math import isinf

from lpsnet.analysis.fates import CandidateFacts, Fate
from lpsnet_studio.inference.messages import Probed
from lpsnet_studio.inspector.levels_model import ALL_LEVELS, GROUPS, Choice, Survey
from lpsnet_studio.state import Result

__all__ = [
    "FACT_TIPS",
    "FATE_NAMES",
    "FATE_TIPS",
    "brief_count",
    "drawn_words",
    "fact_lines",
    "fate_sentence",
    "level_name",
    "pixels",
    "range_words",
    "title_of",
]

_CLASSES_TOLD = 4
FACT_TIPS = {
    "Score": "The class's probability at the location times the border-ness predicted there.",
    "Location": "The point of the level's grid that predicted the box, in pixels of the image.",
    "l, t, r, b": "How far left, upper, right and lower side lie from the location; boxes end at the image's edge.",
    "Box": "Left, top, right and bottom in pixels of the image.",
    "Size": "The largest distance from the location to a side, and the sizes that the level is meant for.",
    "Class vector": "The things of the class vector at the location: the likeliest, and all above the class threshold.",
    "Pixel there": "The likeliest classes of the pixel at the location. Pixels are read by their logits, boxes by the "
    "softmax at the exact point, so that the two differ where classes meet.",
}
"""What each line of :func:`fact_lines` holds."""

FATE_NAMES: dict[Fate, str] = {
    Fate.SCORE: "Score",
    Fate.TOP_K: "Top-k",
    Fate.NMS: "NMS",
    Fate.CAP: "Cap",
    Fate.THRESHOLD: "Threshold",
    Fate.OVERLAP: "Overlap",
    Fate.EMPTY: "Empty",
    Fate.COVERED: "Covered",
    Fate.KEPT: "Kept",
}
_FATES: dict[Fate, str] = {
    Fate.SCORE: "below the class threshold",
    Fate.TOP_K: "beyond the level's top-k",
    Fate.NMS: "suppressed by NMS",
    Fate.CAP: "beyond the image's cap",
    Fate.THRESHOLD: "below the merge's score threshold",
    Fate.OVERLAP: "discarded for overlap",
    Fate.EMPTY: "without a pixel of the class",
    Fate.COVERED: "covered by later boxes",
    Fate.KEPT: "kept",
}
"""What boxes that met a fate are, in a sentence."""
FATE_TIPS: dict[Fate, str] = {
    Fate.SCORE: "Dropped: the class probability did not exceed the class threshold.",
    Fate.TOP_K: "Dropped: the level had better-scored candidates enough.",
    Fate.NMS: "Dropped: a better-scored box of the class overlapped it too much.",
    Fate.CAP: "Dropped: the image had better-scored detections enough.",
    Fate.THRESHOLD: "A detection whose score is below the score threshold of the merge.",
    Fate.OVERLAP: "A detection that the merge discarded: earlier masks held too much of it.",
    Fate.EMPTY: "A detection in which the merge found no pixel of its class.",
    Fate.COVERED: "A detection that the merge kept, until later boxes won all its pixels.",
    Fate.KEPT: "A detection that owns a segment of the result.",
}


def level_name(level: int) -> str:
    """Returns what a level is called."""
    return "All" if level == ALL_LEVELS else f"P{level}"


def brief_count(count: int) -> str:
    """Returns a count in four characters at most, rounded to the nearest, for narrow columns."""
    if count < 1000:
        return str(count)
    for unit, name in ((1000, "k"), (1_000_000, "M")):
        tenths, whole = (count * 10 + unit // 2) // unit, (count + unit // 2) // unit
        if tenths < 100:
            return f"{tenths / 10:.1f}{name}"
        if whole < 1000:  # else 999,950 would be 1000k, one character more than 1.0M
            return f"{whole}{name}"
    return f"{(count + 500_000_000) // 1_000_000_000}G"


def range_words(size_range: tuple[float, float]) -> str:
    """Returns the largest distance that a level is meant for, in input pixels."""
    return "∞" if isinf(size_range[1]) else f"{size_range[1]:.0f}"


def pixels(length: float) -> str:
    """Returns a length in pixels with the digits it deserves."""
    return f"{length:.1f}" if abs(length) < 100 else f"{length:.0f}"


def drawn_words(choice: Choice, drawn: int, survey: Survey) -> str:
    """Says how many boxes are drawn, and of how many; where there is none to draw, what became of the others."""
    of_level = "" if choice.level == ALL_LEVELS else f" of {level_name(choice.level)}"
    counts = survey.fate_counts(choice.level)
    there = int(counts[list(choice.fates)].sum())
    if not there:
        return _elsewhere_words(of_level, counts.tolist())
    if drawn < there:
        return f"The best {drawn:,} of {there:,} boxes{of_level} are drawn."
    return f"The only box{of_level} is drawn." if there == 1 else f"All {there:,} boxes{of_level} are drawn."


def _elsewhere_words(of_level: str, counts: list[int]) -> str:
    """Says that no box of a choice is there, what became of most of the others, and how to see them."""
    count = sum(counts)
    if not count:
        return f"No box{of_level} in this image."
    fate = max(Fate, key=lambda each: counts[each])
    group = next(group.words for group in GROUPS if group.fates == {fate})
    advice = f"draw “{group}” to see"
    if counts[fate] < count:
        return f"No such box{of_level}. {counts[fate]:,} of {count:,} are {_FATES[fate]}: {advice} them."
    if count == 1:
        return f"The only box{of_level} is {_FATES[fate]}: {advice} it."
    return f"All {count:,} boxes{of_level} are {_FATES[fate]}: {advice} them."


def fate_sentence(survey: Survey, facts: CandidateFacts) -> str:
    """Says what became of a candidate, and by which figures."""
    result, settings = survey.result, survey.result.settings
    match facts.fate:
        case Fate.SCORE:
            return (
                f"Dropped: its class probability {facts.class_score:.3f} does not exceed the class threshold "
                f"{settings.class_threshold:.2f}."
            )
        case Fate.TOP_K:
            return f"Dropped: P{facts.level} had {settings.pre_nms_top_k:,} better-scored candidates."
        case Fate.NMS:
            return _suppressed(survey, facts)
        case Fate.CAP:
            return f"Dropped: the image had {settings.max_detections:,} better-scored detections."
        case Fate.THRESHOLD:
            return (
                f"Detection {facts.detection + 1}, but its score {facts.score:.2f} is below the merge's threshold "
                f"{settings.score_threshold:.2f}."
            )
        case _:
            return _merged(result, facts)


def _suppressed(survey: Survey, facts: CandidateFacts) -> str:
    other = survey.candidates
    name = survey.result.categories[int(other.labels[facts.suppressor])].name
    return (
        f"Suppressed by the {name} of P{other.level[facts.suppressor]} with score "
        f"{other.scores[facts.suppressor]:.2f}: IoU {facts.iou:.2f}, above {survey.result.settings.nms_iou:.2f}."
    )


def _merged(result: Result, facts: CandidateFacts) -> str:
    """Says what the merge made of a detection."""
    step, number = result.trace.steps[facts.step], facts.step + 1
    if facts.fate is Fate.OVERLAP:
        return (
            f"Discarded at step {number}: earlier masks held {step.overlap:.2f} of its pixels, more than "
            f"{result.trace.overlap_threshold:.2f}."
        )
    if facts.fate is Fate.EMPTY:
        return f"Empty at step {number}: no pixel of its class lies in it."
    if facts.fate is Fate.COVERED:
        return f"Kept at step {number}, but later boxes won all its pixels."
    return f"Kept at step {number}: it owns {result.categories[facts.label].name} #{facts.owner}."


def title_of(survey: Survey, facts: CandidateFacts) -> str:
    """Names a candidate: class, score and level."""
    return f"{survey.result.categories[facts.label].name} {facts.score:.2f} · {level_name(facts.level)}"


def fact_lines(survey: Survey, facts: CandidateFacts, probed: Probed | None) -> tuple[tuple[str, str], ...]:
    """Returns what there is to say about a candidate beside its fate, as pairs of name and text.

    Args:
        survey: the candidates.
        facts: of one of them.
        probed: what the network says at the pixel of its location; None while that is not known.
    """
    x0, y0, x1, y1 = facts.box
    left, top, right, bottom = (pixels(length) for length in facts.distances)
    return (
        ("Score", _score_words(survey.result, facts)),
        ("Location", f"x {pixels(facts.location[0])}, y {pixels(facts.location[1])}"),
        ("l, t, r, b", f"{left}, {top}, {right}, {bottom} px"),
        ("Box", f"{pixels(x0)}, {pixels(y0)} to {pixels(x1)}, {pixels(y1)}"),
        ("Size", _size_words(survey, facts)),
        ("Class vector", _class_words(survey.result, survey.classes_at(facts.row))),
        ("Pixel there", _pixel_words(survey.result, probed)),
    )


def _score_words(result: Result, facts: CandidateFacts) -> str:
    """Says how the score came about, with border-ness or without it (method row 32)."""
    product = f"class {facts.class_score:.3f} × border-ness {facts.borderness:.3f} = {facts.product:.3f}"
    if result.settings.use_borderness:
        return f"{product}; ranked by its root {facts.score:.3f}" if result.settings.score_sqrt else product
    root = "the root of the class score" if result.settings.score_sqrt else "the class score alone"
    return f"{product}; ranked by {root}, {facts.score:.3f}"


def _size_words(survey: Survey, facts: CandidateFacts) -> str:
    """Says whether the box is of the size that its level is meant for (method row 21)."""
    longest = survey.longest_side(facts.row)
    counts = next((each for each in survey.levels if each.level == facts.level), None)
    if counts is None:
        return f"{pixels(longest)} px of the input"
    low, high = counts.size_range
    fits = "in" if low < longest <= high else "outside"
    return f"{pixels(longest)} px of the input, {fits} the range of {level_name(facts.level)}: {_span_words(low, high)}"


def _span_words(low: float, high: float) -> str:
    if isinf(high):
        return f"above {low:.0f}"
    return f"up to {high:.0f}" if low <= 0 else f"{low:.0f} to {high:.0f}"


def _pixel_words(result: Result, probed: Probed | None) -> str:
    """Names the likeliest classes of a pixel with their probabilities."""
    if probed is None:
        return "asking the network …"
    return _class_words(result, tuple(zip(probed.classes, probed.probabilities, strict=True)))


def _class_words(result: Result, classes: tuple[tuple[int, float], ...]) -> str:
    """Names classes with their probabilities, the first few of them."""
    return ", ".join(f"{result.categories[label].name} {share:.2f}" for label, share in classes[:_CLASSES_TOLD])
