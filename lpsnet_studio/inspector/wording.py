"""What a merge step is called and how it is told, in the field's terms; no Qt."""

from __future__ import annotations

from lpsnet.categories import Categories
from lpsnet.panoptic_head import told_apart
from lpsnet.structures import Contest, MergeStep, MergeTrace, StepKind, Verdict

__all__ = ["contest_lines", "no_result_line", "pixel_line", "step_headline", "verdict_icon", "verdict_words"]

_ICONS = {Verdict.KEPT: "kept", Verdict.DISCARDED: "discarded", Verdict.EMPTY: "empty"}


def step_headline(step: MergeStep | None, categories: Categories) -> str:
    """Returns what a step pastes; None is the place before the first step."""
    if step is None:
        return "Nothing is pasted yet"
    if step.kind is StepKind.LEFTOVERS:
        return "Leftover pixels of thing classes"
    category = categories[step.label]
    if step.kind is StepKind.STUFF:
        return f"{category.name} (stuff)"
    number = f" #{step.owner}" if step.owner else ""
    return f"{category.name}{number} · {step.score:.2f}"


def verdict_words(step: MergeStep, trace: MergeTrace, stuff_limit: int) -> str:
    """Returns a step's verdict with its reason."""
    if step.kind is StepKind.LEFTOVERS:
        return "nothing is left" if step.candidate_pixels == 0 else "left void"
    if step.verdict is Verdict.EMPTY:
        return "empty: no pixel to paste"
    if step.kind is StepKind.STUFF:
        if step.verdict is Verdict.KEPT:
            return f"kept: at least {stuff_limit:,} pixels" if stuff_limit else "kept"
        return f"discarded: fewer than {stuff_limit:,} pixels"
    sign = "≤" if step.verdict is Verdict.KEPT else ">"
    overlap, threshold = told_apart(step.overlap, trace.overlap_threshold)
    return f"{step.verdict}: overlap {overlap} {sign} {threshold}"


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


def verdict_icon(step: MergeStep) -> str:
    """Returns the name of the icon that stands for a verdict."""
    return _ICONS[step.verdict]


def pixel_line(step: MergeStep) -> str:
    """Returns how many pixels a step could take, and how many of them were held; empty if the verdict says it all."""
    count = _pixels(step.candidate_pixels)
    if step.kind is StepKind.LEFTOVERS:
        return f"{count} of thing classes that no kept box covers" if step.candidate_pixels else ""
    if step.kind is StepKind.STUFF:
        adopted = f", {step.adopted_pixels:,} of them from thing classes" if step.adopted_pixels else ""
        return f"{count} of this class are free{adopted}"
    held = f", {step.overlap_pixels:,} of them held by earlier boxes" if step.overlap_pixels else ", all of them free"
    return f"{count} of this class in the box" + (held if step.candidate_pixels else "")


def contest_lines(step: MergeStep, categories: Categories) -> list[str]:
    """Returns a line for every rival: how many pixels were contested, and whom they went to."""
    return [_contest_line(step, contest, categories[step.label].name) for contest in step.contests]


def _contest_line(step: MergeStep, contest: Contest, name: str) -> str:
    rival, own = f"{name} #{contest.rival}", f"{name} #{step.owner}"
    contested = f"{_pixels(contest.pixels)} contested with {rival}"
    if contest.won == 0:
        return f"{contested}: all stay with {rival}"
    if contest.won == contest.pixels:
        return f"{contested}: all go to {own}"
    return f"{contested}: {contest.won:,} go to {own}, {contest.pixels - contest.won:,} stay with {rival}"


def _pixels(count: int) -> str:
    return f"{count:,} pixel" if count == 1 else f"{count:,} pixels"
