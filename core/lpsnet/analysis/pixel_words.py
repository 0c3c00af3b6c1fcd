"""The history of a pixel in words: one short sentence for every event, steps counted from 1 as a reader counts."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import TYPE_CHECKING

from lpsnet.analysis.pixel_history import Claim, PixelEvent, PixelEventKind
from lpsnet.panoptic_head import told_apart

if TYPE_CHECKING:
    from lpsnet.categories import Categories

__all__ = ["event_in_words", "history_in_words"]

_MOST_DIGITS = 6


def history_in_words(events: Iterable[PixelEvent], categories: Categories) -> tuple[str, ...]:
    """Returns a pixel's history, a sentence an event, as plain text.

    For instance ``step 3: person #2 takes it`` and ``step 9: contested by person #5, stays with #2: |0.41 − 0.44| <
    |0.18 − 0.44|``, where #2 is the owner number, 0.41 and 0.18 are the border-ness of the two boxes at the pixel, and
    0.44 is the predicted one.

    Args:
        events: see :func:`~lpsnet.analysis.pixel_history.history_of_pixel`.
        categories: the classes that were merged.
    """
    return tuple(event_in_words(event, categories) for event in events)


def event_in_words(event: PixelEvent, categories: Categories) -> str:
    """Returns one event of a pixel's history in a sentence; see :func:`history_in_words`."""
    name = categories[event.label].name if event.label >= 0 else ""
    return f"step {event.step + 1:,}: {_meaning(event, name)}"


def _meaning(event: PixelEvent, name: str) -> str:
    match event.kind:
        case PixelEventKind.CLAIMED:
            return f"{name} #{event.owner} takes it"
        case PixelEventKind.WON:
            return f"contested by {name} #{event.owner}, goes from #{event.before} to #{event.owner}{_reason(event)}"
        case PixelEventKind.LOST:
            return f"contested by {name} #{event.owner}, stays with #{event.before}{_reason(event)}"
        case PixelEventKind.DISCARDED:
            share, limit = _apart(100 * event.overlap, 100 * event.overlap_threshold, most_digits=4)
            taken = f"{share} % of its mask was already taken, above the limit of {limit} %"
            return f"inside the box of {name} {event.score:.2f}, but {taken}: discarded"
        case PixelEventKind.FILLED:
            return f"filled by {name}"
        case PixelEventKind.ADOPTED:
            return f"adopted by {name}, its likeliest stuff class"
        case PixelEventKind.BELOW_LIMIT:
            return f"{name} is below the stuff limit: it stays void"
        case PixelEventKind.LEFT_VOID:
            return "no segment claims it: void"
        case PixelEventKind.UNLABELLED:
            return "it has no class, so no segment can claim it: void"


def _reason(event: PixelEvent) -> str:
    """Returns what decided between two boxes, the winner's figures first; ties go to the earlier box (row 48)."""
    assert event.challenger is not None
    assert event.holder is not None
    won = event.kind is PixelEventKind.WON
    better, worse = (event.challenger, event.holder) if won else (event.holder, event.challenger)
    if event.conflict == "highest":
        figures, is_tie = _scores(better, worse), better.score == worse.score
    elif event.conflict == "smallest":
        figures, is_tie = _areas(better, worse), better.area == worse.area
    elif better.predicted is None or worse.predicted is None:
        return ": the predicted border-ness fits " + ("its box better" if won else "that box at least as well")
    else:
        figures, is_tie = _misfits(better, worse), better.misfit == worse.misfit
    return f": {figures}, and #{event.before} came first" if is_tie else f": {figures}"


def _scores(better: Claim, worse: Claim) -> str:
    one, other = told_apart(better.score, worse.score)
    return f"score {one} {'=' if better.score == worse.score else '>'} {other}"


def _areas(better: Claim, worse: Claim) -> str:
    one, other = _apart(better.area, worse.area, most_digits=2)
    return f"box area {one} {'=' if better.area == worse.area else '<'} {other} pixels"


def _misfits(better: Claim, worse: Claim) -> str:
    """Returns ``|0.41 − 0.44| < |0.18 − 0.44|``, with two digits or as many as the comparison needs to come out."""
    is_tie = better.misfit == worse.misfit
    digits = 2
    while digits < _MOST_DIGITS:
        one, other = _written_misfit(better, digits), _written_misfit(worse, digits)
        if (one == other) if is_tie else (one < other):
            break
        digits += 1
    sign = "=" if is_tie else "<"
    return f"{_difference(better, digits)} {sign} {_difference(worse, digits)}"


def _written_misfit(claim: Claim, digits: int) -> Decimal:
    """Returns what a reader would get who subtracts the written figures."""
    return abs(Decimal(f"{claim.borderness:.{digits}f}") - Decimal(f"{claim.predicted:.{digits}f}"))


def _difference(claim: Claim, digits: int) -> str:
    return f"|{claim.borderness:.{digits}f} − {claim.predicted:.{digits}f}|"


def _apart(one: float, other: float, *, most_digits: int) -> tuple[str, str]:
    """Returns two figures in whole numbers, or with as many digits as tell them apart."""
    digits = 0
    while one != other and digits < most_digits and f"{one:,.{digits}f}" == f"{other:,.{digits}f}":
        digits += 1
    return f"{one:,.{digits}f}", f"{other:,.{digits}f}"
