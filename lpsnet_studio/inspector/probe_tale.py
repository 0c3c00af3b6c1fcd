"""What the merge made of a pixel, remembered so that a later result can be compared with it; no Qt.

Owner numbers and steps move when another box is discarded, so a line of the one history is recognised in the other by
the box or the stuff class that it is about.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from lpsnet.analysis.pixel_history import PixelEvent, PixelEventKind, history_of_pixel
from lpsnet.analysis.pixel_words import event_in_words
from lpsnet.structures import InspectionSettings, MergeStep
from lpsnet_studio.state import Result

__all__ = [
    "Mark",
    "Memory",
    "Party",
    "Tale",
    "TaleLine",
    "ToldLine",
    "compared",
    "ending_of",
    "marked_words",
    "owner_change",
    "renumbered",
    "tale_of",
]

Mark = Literal["", "figures", "was", "now"]
"""How a line compares with the history before: the same, the same with other figures, gone, or new."""
_ALIKE = 2e-3
"""Sides of one box, in shares of the image, differ by less: a smaller preview and the full size clip it alike."""
_MARKS: dict[Mark, str] = {"": "", "figures": "≈ figures · ", "was": "− was · ", "now": "+ now · "}
_NUMBERS = re.compile(r"^step [\d,]+: |#\d+")


@dataclass(frozen=True, slots=True)
class Party:
    """Whatever may own a pixel, known by what stays the same while settings change.

    Attributes:
        label: class index; -1 for the leftovers.
        box: of a thing, in shares of the image; None for stuff and leftovers.
        origin: pyramid level of a thing and the x and y of the location that predicted it, in shares of the image; None
            for stuff and leftovers, and for boxes that no location predicted.
    """

    label: int
    box: tuple[float, float, float, float] | None = None
    origin: tuple[int, float, float] | None = None

    def is_same(self, other: Party) -> bool:
        """Whether both are one detection, or one stuff class."""
        if self.label != other.label or (self.box is None) != (other.box is None):
            return False
        if self.box is None or other.box is None:
            return True
        if self.origin is not None and other.origin is not None:
            return self.origin[0] == other.origin[0] and _are_near(self.origin[1:], other.origin[1:])
        return _are_near(self.box, other.box)


def _are_near(some: Sequence[float], others: Sequence[float]) -> bool:
    return all(abs(one - another) < _ALIKE for one, another in zip(some, others, strict=True))


@dataclass(frozen=True, slots=True)
class TaleLine:
    """One event of a pixel's history.

    Attributes:
        step: index of the step.
        words: in a sentence.
        kind: what the step meant for the pixel.
        party: whom it is about.
        holder: who held the pixel before; None for nobody.
    """

    step: int
    words: str
    kind: PixelEventKind
    party: Party
    holder: Party | None

    def means_the_same(self, other: TaleLine) -> bool:
        """Whether both tell that the same happened to the pixel, whatever the figures."""
        is_contest = self.kind in (PixelEventKind.WON, PixelEventKind.LOST)
        return self.kind is other.kind and (not is_contest or _are_same(self.holder, other.holder))


@dataclass(frozen=True, slots=True)
class Tale:
    """What a merge made of a pixel.

    Attributes:
        owner: who owns it at the end; None for void.
        owner_words: the same in words.
        lines: its history.
    """

    owner: Party | None
    owner_words: str
    lines: tuple[TaleLine, ...]

    @property
    def name(self) -> str:
        """The owner without its score."""
        return self.owner_words.split(" · ")[0]


@dataclass(frozen=True, slots=True)
class ToldLine:
    """A line of the history as it is shown.

    Attributes:
        mark: how it compares with the history before.
        words: in a sentence.
        step: index of the step in the result of now; -1 for a line that is history.
    """

    mark: Mark
    words: str
    step: int


def tale_of(result: Result, column: int, row: int, next_stuff: int | None = None) -> Tale:
    """Tells what a merge made of a pixel.

    Args:
        result: whose merge it is.
        column: of the pixel, in the result's own size.
        row: likewise.
        next_stuff: the stuff class that is likeliest at the pixel, where that is known.

    Raises:
        IndexError: if the pixel lies outside the image.
    """
    asked = next_stuff if result.settings.leftovers == "next_stuff" else None
    events = history_of_pixel(result.trace, result.detections, result.borderness, column, row, next_stuff=asked)
    founders = {step.owner: step for step in result.trace.steps if step.owner}
    return replace(ending_of(result, column, row), lines=tuple(_line(result, founders, event) for event in events))


def ending_of(result: Result, column: int, row: int) -> Tale:
    """Tells who owns a pixel at the end, without its history."""
    owner = int(result.trace.owners[row, column])
    founder = result.trace.steps[result.step_of(owner)] if owner else None
    return Tale(None if founder is None else _party(result, founder), result.describe(owner) or "void", ())


def _line(result: Result, founders: dict[int, MergeStep], event: PixelEvent) -> TaleLine:
    return TaleLine(
        step=event.step,
        words=event_in_words(event, result.categories),
        kind=event.kind,
        party=_party(result, result.trace.steps[event.step]),
        holder=_party(result, founders[event.before]) if event.before else None,
    )


def _party(result: Result, step: MergeStep) -> Party:
    if step.box is None:
        return Party(step.label)
    height, width = result.size
    x0, y0, x1, y1 = step.box
    box, level = (x0 / width, y0 / height, x1 / width, y1 / height), int(result.detections.level[step.detection])
    x, y = result.detections.location[step.detection].tolist()
    return Party(step.label, box, (level, x / width, y / height) if level else None)


def _are_same(one: Party | None, other: Party | None) -> bool:
    return one is other if one is None or other is None else one.is_same(other)


# --------------------------------------------------------------------------------------------------- before and after


def compared(before: Tale | None, now: Tale) -> tuple[ToldLine, ...]:
    """Returns the history of now, each line marked by how it compares with the one before; gone ones stand between.

    Args:
        before: None if there is nothing to compare with.
        now: the history to tell.
    """
    if before is None:
        return tuple(ToldLine("", line.words, line.step) for line in now.lines)
    return tuple(_merged(before.lines, now.lines, _partners(before.lines, now.lines)))


def _partners(before: Sequence[TaleLine], now: Sequence[TaleLine]) -> dict[int, int]:
    """Returns which line of before each line of now goes on from; of several about one party the first is first."""
    free = list(range(len(before)))
    partners = {}
    for index, line in enumerate(now):
        partner = next((other for other in free if before[other].party.is_same(line.party)), None)
        if partner is not None:
            free.remove(partner)
            partners[index] = partner
    return partners


def _merged(before: Sequence[TaleLine], now: Sequence[TaleLine], partners: dict[int, int]) -> Iterator[ToldLine]:
    gone = [index for index in range(len(before)) if index not in partners.values()]
    for index, line in enumerate(now):
        partner = partners.get(index)
        if partner is None:
            yield ToldLine("now", line.words, line.step)
            continue
        while gone and gone[0] < partner:
            yield ToldLine("was", before[gone.pop(0)].words, -1)
        old = before[partner]
        if old.means_the_same(line):
            yield ToldLine("" if _bare(old.words) == _bare(line.words) else "figures", line.words, line.step)
        else:
            yield ToldLine("was", old.words, -1)
            yield ToldLine("now", line.words, line.step)
    yield from (ToldLine("was", before[index].words, -1) for index in gone)


def _bare(words: str) -> str:
    """Returns a sentence without the numbers of steps and owners, which move for reasons of no other pixel's."""
    return _NUMBERS.sub("", words)


def marked_words(line: ToldLine) -> str:
    """Returns a line with the sign and the word of its mark."""
    return f"{_MARKS[line.mark]}{line.words}"


def owner_change(before: Tale | None, now: Tale) -> str:
    """Returns who owned a pixel and who owns it, as ``person #2 → void``; empty if it is the same."""
    if before is None or _are_same(before.owner, now.owner):
        return ""
    return f"{before.name} → {now.name}"


def renumbered(before: Tale | None, now: Tale) -> str:
    """Returns what an owner is called now that stayed what it was; empty if its number stayed too, or it is another."""
    if before is None or before.name == now.name or not _are_same(before.owner, now.owner):
        return ""
    return now.name


class Memory:
    """Keeps the result that was there before the last change of settings.

    A drag is one change: all of its results are compared with the state before it.

    Attributes:
        before: that result; None if nothing was changed, or nobody wanted it kept.
    """

    def __init__(self) -> None:
        self.before: Result | None = None
        self._settings: InspectionSettings | None = None

    def begin(self, shown: Result | None, settings: InspectionSettings) -> None:
        """Takes the state before a change.

        Args:
            shown: the result on the screen; None if there is none yet.
            settings: what was asked for until now. The result of these is the state before the change even if it comes
                later.
        """
        self.before, self._settings = shown, settings

    def take(self, result: Result) -> None:
        """Takes a result that came."""
        is_late = self.before is not None and result.settings == self._settings != self.before.settings
        if is_late:
            self.before = result

    def forget(self) -> None:
        """Forgets everything, as for another image or another network."""
        self.before = self._settings = None
