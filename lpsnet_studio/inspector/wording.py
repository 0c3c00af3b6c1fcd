"""What a merge step is called and how it is told, to a visitor and in the field's terms; no Qt."""

from __future__ import annotations

from dataclasses import replace

from lpsnet.panoptic_head import explain_step, told_apart
from lpsnet.structures import MergeStep, StepKind, Verdict
from lpsnet_studio.state import Result

__all__ = [
    "leftovers_words",
    "no_result_line",
    "overlap_words",
    "step_details",
    "step_headline",
    "step_sentence",
    "step_tip",
    "verdict_icon",
    "verdict_words",
]

_ICONS = {Verdict.KEPT: "kept", Verdict.DISCARDED: "discarded", Verdict.EMPTY: "empty"}
_LEFTOVERS = {"void": "leftovers stay void", "next_stuff": "leftovers go to their likeliest stuff class"}
_START = "Boxes are pasted by descending score, then stuff classes fill what is free."
_AS_BEFORE = "The canvas shows the contested pixels as they were before this step."


def step_headline(result: Result, index: int) -> str:
    """Returns what a step pastes; -1 is the place before the first step."""
    steps = result.trace.steps
    if index < 0:
        return f"Before the first of {len(steps):,} steps: nothing is pasted yet"
    step, place = steps[index], f"Step {index + 1:,} of {len(steps):,}"
    if step.kind is StepKind.LEFTOVERS:
        return f"{place}: count leftover pixels of thing classes"
    name = result.categories[step.label].name
    if step.kind is StepKind.STUFF:
        return f"{place}: fill in {name}"
    return f"{place}: paste {name} (score {step.score:.2f})"


def verdict_words(result: Result, step: MergeStep) -> str:
    """Returns a step's verdict in two or three words."""
    if step.kind is StepKind.LEFTOVERS:
        return leftovers_words(step.candidate_pixels)
    if step.verdict is Verdict.KEPT and step.kind is StepKind.DETECTION:
        return f"kept as {_named(result, step, step.owner)}"
    return str(step.verdict)


def leftovers_words(count: int) -> str:
    """Returns what became of so many leftover pixels of thing classes: nobody judged them, so it is no verdict."""
    return "left void" if count else "nothing is left"


def verdict_icon(step: MergeStep) -> str:
    """Returns the name of the icon that stands for a verdict; contested pixels and leftovers have their own."""
    if step.kind is StepKind.LEFTOVERS:
        return "void"
    return "contested" if step.contests else _ICONS[step.verdict]


def overlap_words(result: Result, step: MergeStep) -> str:
    """Returns a detection's overlap beside the threshold, as ``0.12 ≤ 0.30``; empty where there is none."""
    if step.kind is not StepKind.DETECTION or step.candidate_pixels == 0:
        return ""
    threshold = result.trace.overlap_threshold
    overlap, limit = told_apart(step.overlap, threshold)
    return f"{overlap} {'>' if step.overlap > threshold else '≤'} {limit}"


def step_sentence(result: Result, index: int, *, before: bool = False, full_size: tuple[int, int] | None = None) -> str:
    """Returns what a step did and why; pixels are the picture's, those of a preview marked as ``≈``.

    Args:
        result: whose merge it is.
        index: the step; -1 is the place before the first one.
        before: whether the canvas shows contested pixels as they were before the step.
        full_size: ``(H, W)`` of the picture, which a preview is smaller than; None for that of the result.
    """
    if index < 0:
        return " ".join([_start(result), *(f"{note[:1].upper()}{note[1:]}." for note in result.trace.notes)])
    step = _at_full_size(result, result.trace.steps[index], full_size)
    if step.kind is StepKind.LEFTOVERS:
        return _leftovers_sentence(result, step)
    if step.kind is StepKind.STUFF:
        return _stuff_sentence(result, step)
    parts = [_judgement(result, step)]
    if step.contests:
        parts.append(_contest_sentence(result, step))
        parts += [_AS_BEFORE] if before else []
    return " ".join(parts)


def _start(result: Result) -> str:
    """Returns how the merge will go about it, or why it begins with stuff."""
    if any(step.kind is StepKind.DETECTION for step in result.trace.steps):
        return _START
    if not len(result.detections):
        return "There are no boxes: only stuff classes follow."
    threshold = result.settings.score_threshold
    shown = f"{threshold:.2f}" if round(threshold, 2) == threshold else f"{threshold:.4g}"
    return f"No box reaches the score threshold {shown}: only stuff classes follow."


def step_details(result: Result, index: int, *, full_size: tuple[int, int] | None = None) -> str:
    """Returns the figures behind a step: box, level, how the score came about, pixels, every rival.

    Args:
        result: whose merge it is.
        index: the step; -1 is the place before the first one, which has none.
        full_size: as for :func:`step_sentence`.
    """
    if index < 0:
        return ""
    step = _at_full_size(result, result.trace.steps[index], full_size)
    pixels = _pixels(result, step.candidate_pixels, "candidate pixel")
    if step.kind is StepKind.LEFTOVERS:
        return f"{pixels} · {_LEFTOVERS[result.settings.leftovers]}"
    if step.kind is StepKind.STUFF:
        adopted = [f"{_count(result, step.adopted_pixels)} adopted from thing classes"] if step.adopted_pixels else []
        return " · ".join([pixels, *adopted, f"stuff limit {result.settings.stuff_limit:,}"])
    assert step.box is not None
    x0, y0, x1, y1 = step.box
    level = int(result.detections.level[step.detection])
    parts = [
        f"{pixels}, {_count(result, step.overlap_pixels)} held",
        *(
            f"{_count(result, contest.won)} of {_count(result, contest.pixels)} won from #{contest.rival}"
            for contest in step.contests
        ),
        _score_words(result, step),
        f"level P{level}" if level else "",
        f"box {_about(result)}{x0:.0f}, {y0:.0f} to {x1:.0f}, {y1:.0f}",
    ]
    return " · ".join(part for part in parts if part)


def step_tip(result: Result, index: int) -> str:
    """Returns a step in one line, as the core's tools tell it."""
    steps = result.trace.steps
    told = explain_step(steps[index], result.trace, result.categories)
    return f"Step {index + 1:,} of {len(steps):,}: {told}{' · counted in a smaller preview' if result.preview else ''}"


def no_result_line(problem: str, cancelled: bool) -> str:
    """Returns why there is no merge to tell of.

    Args:
        problem: why the image cannot be opened, in a sentence; empty if nothing is known against it.
        cancelled: whether the user withdrew the request.
    """
    if problem:
        return problem
    if cancelled:
        return "Cancelled. Select the image again to run it."
    return "The merge is shown here once an image has been inspected."


def _judgement(result: Result, step: MergeStep) -> str:
    """Says why a detection was kept, discarded or empty (paper section 3.4; method row 47)."""
    name = result.categories[step.label].name
    if step.verdict is Verdict.EMPTY:
        return f"No pixel in its box is labelled {name}, so there is nothing to paste."
    count = _pixels(result, step.candidate_pixels)
    if step.overlap_pixels == 0:
        held = f"None of its {count} is taken by an earlier box"
        return f"{held}, so it is kept as {_named(result, step, step.owner)} with all of them."
    share, limit = _percents(step.overlap, result.trace.overlap_threshold)
    if step.overlap_pixels == step.candidate_pixels:
        share = f"All ({share})"
    elif share == "0 %":
        share = "Less than 1 %"
    taken = f"{share} of its {count} {'is' if step.overlap_pixels == 1 else 'are'} already taken by earlier boxes"
    if step.verdict is Verdict.DISCARDED:
        return f"{taken}; that is above the limit of {limit}, so it is discarded."
    return f"{taken}; that is within the limit of {limit}, so it is kept as {_named(result, step, step.owner)}."


def _contest_sentence(result: Result, step: MergeStep) -> str:
    """Says where the contested pixels went, and by which rule (method rows 48 and 52)."""
    contested, won = step.contested_pixels, sum(contest.won for contest in step.contests)
    rivals = _listed([f"#{contest.rival}" for contest in step.contests])
    rival = f"{result.categories[step.label].name} {rivals}"
    own, several = f"#{step.owner}", len(step.contests) > 1
    those = f"The {_pixels(result, contested, 'contested pixel')}"
    if won == 0:
        return f"{those} {_verb(contested, 'stay')} with {rival}{_reason(result, won=False, several=several)}."
    if won == contested:
        went = f"{those} {_verb(contested, 'go', 'goes')} from {rival} to {own}"
        return f"{went}{_reason(result, won=True, several=several)}."
    left = contested - won
    went = f"{_count(result, won)} {_verb(won, 'go', 'goes')} to {own}"
    split = f"Of {_pixels(result, contested)} contested with {rival}, {went}"
    return f"{split}{_reason(result, won=True, several=several)}; {_count(result, left)} {_verb(left, 'stay')}."


def _reason(result: Result, *, won: bool, several: bool) -> str:
    """Returns by which rule contested pixels went to the later box or stayed with the earlier ones."""
    trace = result.trace
    if trace.conflict == "closest":
        if won:
            return ", where the predicted border-ness fits its box better"
        whose = "their boxes" if several else "that box"
        return f": the predicted border-ness fits {whose} at least as well"
    if trace.conflict == "smallest":
        if won:
            return ", whose box is smaller"
        return ", whose boxes are not larger" if several else ", whose box is not larger"
    fallback = " (there is no border-ness to compare with)" if result.settings.conflict == "closest" else ""
    return f", which came first with {'higher or equal scores' if several else 'a higher or equal score'}{fallback}"


def _stuff_sentence(result: Result, step: MergeStep) -> str:
    """Says why a stuff class was filled in or not (method rows 54 and 55)."""
    limit = result.settings.stuff_limit
    count, own = _pixels(result, step.candidate_pixels), step.candidate_pixels - step.adopted_pixels
    if step.verdict is Verdict.DISCARDED:
        those = f"{count} of this class {_verb(step.candidate_pixels, 'are', 'is')} free"
        return f"Only {those}; that is below the stuff limit of {limit:,}, so {_it(step.candidate_pixels)} void."
    reached = f"; that reaches the stuff limit of {limit:,}, so they are filled in" if limit else " and filled in"
    if not step.adopted_pixels:
        return f"{count} of this class {_verb(step.candidate_pixels, 'are', 'is')} free{reached}."
    adopted = f"{_count(result, step.adopted_pixels)} leftover thing pixels whose likeliest stuff class it is"
    return f"{_pixels(result, own)} of this class and {adopted} are free{reached}."


def _leftovers_sentence(result: Result, step: MergeStep) -> str:
    if step.candidate_pixels == 0:
        return "Every pixel of a thing class has found an owner."
    those = f"{_pixels(result, step.candidate_pixels)} of thing classes {_verb(step.candidate_pixels, 'lie', 'lies')}"
    refused = " and in no stuff class that was filled in" if result.settings.leftovers == "next_stuff" else ""
    return f"{those} in no kept box{refused}, so {_it(step.candidate_pixels)} void."


def _score_words(result: Result, step: MergeStep) -> str:
    """Says how a detection's score came about (method row 32)."""
    settings, found, row = result.settings, result.detections, step.detection
    if settings.box_oracle:
        return "box of the ground truth"
    class_score, borderness = float(found.class_scores[row]), float(found.borderness[row])
    if not settings.use_borderness:
        product = f"class score {class_score:.2f}"
    else:
        product = f"class score {class_score:.2f} × border-ness {borderness:.2f}"
    if settings.score_sqrt:
        return f"√({product}) = {step.score:.2f}"
    return product if not settings.use_borderness else f"{product} = {step.score:.2f}"


def _named(result: Result, step: MergeStep, owner: int) -> str:
    return f"{result.categories[step.label].name} #{owner}"


def _percents(one: float, other: float) -> tuple[str, str]:
    """Returns two shares in percent, with as many digits as tell them apart, up to four."""
    digits = 0
    while one != other and digits < 4 and f"{100 * one:.{digits}f}" == f"{100 * other:.{digits}f}":
        digits += 1
    return f"{100 * one:.{digits}f} %", f"{100 * other:.{digits}f} %"


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _at_full_size(result: Result, step: MergeStep, full_size: tuple[int, int] | None) -> MergeStep:
    """Returns a step with counts and box in the pixels of the picture, as the settings' limits are.

    A preview counts in its own, smaller size, and against a limit made smaller in proportion. Where rounding would move
    a count to the other side of the limit, it stays on the side on which it was judged.
    """
    if not result.preview or full_size is None:
        return step
    down, across = full_size[0] / result.size[0], full_size[1] / result.size[1]
    candidates = round(step.candidate_pixels * down * across)
    if step.kind is StepKind.STUFF:
        limit = result.settings.stuff_limit
        candidates = max(candidates, limit) if step.verdict is Verdict.KEPT else min(candidates, limit - 1)
    return replace(
        step,
        box=None if step.box is None else tuple(side * (across, down)[n % 2] for n, side in enumerate(step.box)),
        candidate_pixels=candidates,
        overlap_pixels=round(step.overlap_pixels * down * across),
        adopted_pixels=min(round(step.adopted_pixels * down * across), candidates),
        contests=tuple(
            replace(contest, pixels=round(contest.pixels * down * across), won=round(contest.won * down * across))
            for contest in step.contests
        ),
    )


def _about(result: Result) -> str:
    """Returns the sign before figures that were not counted in the picture itself."""
    return "≈ " if result.preview else ""


def _count(result: Result, count: int) -> str:
    return f"{_about(result) if count else ''}{count:,}"


def _pixels(result: Result, count: int, noun: str = "pixel") -> str:
    return f"{_count(result, count)} {noun if count == 1 else f'{noun}s'}"


def _verb(count: int, plural: str, singular: str = "") -> str:
    return (singular or f"{plural}s") if count == 1 else plural


def _it(count: int) -> str:
    return "it stays" if count == 1 else "they stay"
