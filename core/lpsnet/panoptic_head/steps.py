"""What a step of a merge looks like, in pixels and in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from lpsnet.panoptic_head.inputs import pixel_windows
from lpsnet.structures import MergeStep, MergeTrace, Owners, StepKind, Verdict, Window, unlabelled

if TYPE_CHECKING:
    from lpsnet.categories import Categories

__all__ = ["candidate_mask", "contested_mask", "explain_step", "told_apart"]


def candidate_mask(trace: MergeTrace, index: int) -> tuple[Window, NDArray[np.bool_]]:
    """Returns the candidate pixels of a step, as a window and a mask in it.

    Those of a discarded stuff class leave out what it would have adopted: the trace does not know which pixels these
    were.

    Raises:
        IndexError: if there is no such step.
    """
    step = _step(trace, index)
    height, width = trace.labels.shape
    window: Window = (0, 0, height, width)
    if step.kind is StepKind.DETECTION:
        (window,) = pixel_windows(np.array([step.box], np.float32), trace.labels.shape)
        y0, x0, y1, x1 = window
        return window, trace.labels[y0:y1, x0:x1] == step.label
    if step.kind is StepKind.LEFTOVERS:
        without_class_or_stuff = [unlabelled(trace.labels)]
        without_class_or_stuff += [other.label for other in trace.steps if other.kind is StepKind.STUFF]
        return window, (trace.owners == 0) & ~np.isin(trace.labels, without_class_or_stuff)
    if step.window is not None and step.delta is not None:
        return step.window, step.delta != 0
    return window, trace.labels == step.label


def contested_mask(
    trace: MergeTrace, index: int, owners: Owners | None = None
) -> tuple[Window, NDArray[np.bool_], Owners]:
    """Returns the candidate pixels of a step that others held before it, and who holds them after it.

    Args:
        trace: the merge.
        index: the step.
        owners: ``[H, W]`` owner map after the step, as a cursor at position ``index + 1`` has it; replayed from the
            trace if None.

    Returns:
        A window, where in it the pixels lie, and in the window the owner numbers after the step. Of a discarded
        detection they are the pixels that spoke against it.

    Raises:
        IndexError: if there is no such step.
    """
    step = _step(trace, index)
    window, candidates = candidate_mask(trace, index)
    y0, x0, y1, x1 = window
    after = (trace.owners_after(index + 1) if owners is None else owners)[y0:y1, x0:x1]
    if step.kind is not StepKind.DETECTION:
        return window, np.zeros_like(candidates), after
    before = after if step.delta is None else after ^ step.delta
    return window, candidates & (before != 0), after


def _step(trace: MergeTrace, index: int) -> MergeStep:
    if not 0 <= index < len(trace.steps):
        raise IndexError(f"step {index} of {len(trace.steps)}")
    return trace.steps[index]


def explain_step(step: MergeStep, trace: MergeTrace, categories: Categories) -> str:
    """Returns what happened at a step, in one line for a visitor.

    For instance ``person 0.91 · overlap 0.12 ≤ 0.30 · kept · 340 contested pixels, 120 won from person #2``, where #2
    is the owner number.
    """
    if step.kind is StepKind.LEFTOVERS:
        if step.verdict is Verdict.EMPTY:
            return "leftovers · every pixel of a thing class has found an owner"
        return f"leftovers · {_pixels(step.candidate_pixels, 'pixel')} of thing classes in no kept box · left void"
    name = categories[step.label].name
    if step.kind is StepKind.STUFF:
        adopted = f", {step.adopted_pixels:,} of them adopted from thing classes" if step.adopted_pixels else ""
        verdict = "kept" if step.verdict is Verdict.KEPT else "below the stuff limit, left void"
        return f"{name} · {_pixels(step.candidate_pixels, 'free pixel')}{adopted} · {verdict}"
    title = f"{name} {step.score:.2f}"
    if step.verdict is Verdict.EMPTY:
        return f"{title} · no {name} pixel in the box · nothing to paste"
    overlap, threshold = told_apart(step.overlap, trace.overlap_threshold)
    if step.verdict is Verdict.DISCARDED:
        return f"{title} · overlap {overlap} > {threshold} · discarded"
    return " · ".join([f"{title} · overlap {overlap} ≤ {threshold} · kept", *_contest_words(step, name)])


def _contest_words(step: MergeStep, name: str) -> list[str]:
    if not step.contests:
        return []
    if len(step.contests) == 1:
        outcomes = [f"{contest.won:,} won from {name} #{contest.rival}" for contest in step.contests]
    else:
        outcomes = [
            f"{contest.won:,} of {contest.pixels:,} won from {name} #{contest.rival}" for contest in step.contests
        ]
    return [", ".join([_pixels(step.contested_pixels, "contested pixel"), *outcomes])]


def _pixels(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def told_apart(one: float, other: float) -> tuple[str, str]:
    """Returns two ratios written with two digits, or with as many more, up to six, as tell them apart."""
    digits = 2
    while one != other and digits < 6 and f"{one:.{digits}f}" == f"{other:.{digits}f}":
        digits += 1
    return f"{one:.{digits}f}", f"{other:.{digits}f}"
