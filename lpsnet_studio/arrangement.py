"""Which images of a list are shown, and in which order; no Qt."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from lpsnet_studio.state import Entry

__all__ = ["FILTER_HELP", "Query", "arrange", "worst_key"]

FILTER_HELP = (
    "Parts of a name, all of which must occur.\n"
    "pq<50, pq>90   images by their PQ in percent\n"
    "problem   images that could not be read\n"
    "unmeasured   images whose PQ is not known"
)
"""What can be typed into the filter."""

_LIMIT = re.compile(r"pq([<>])(\d+(?:\.\d*)?)?")


@dataclass(frozen=True, slots=True)
class Query:
    """What the filter asks for; everything must hold.

    Attributes:
        words: parts of the name, in lower case.
        below: the PQ must be less, in percent; None for no such limit.
        above: the PQ must be more, in percent.
        problem: the image must have one.
        unmeasured: its PQ must be unknown.
    """

    words: tuple[str, ...] = ()
    below: float | None = None
    above: float | None = None
    problem: bool = False
    unmeasured: bool = False

    @classmethod
    def parse(cls, text: str) -> Query:
        """Reads what was typed; a limit whose number has not been typed yet asks for nothing."""
        words: list[str] = []
        below: float | None = None
        above: float | None = None
        problem = unmeasured = False
        for token in text.casefold().split():
            limit = _LIMIT.fullmatch(token)
            if token == "problem":
                problem = True
            elif token == "unmeasured":
                unmeasured = True
            elif limit is None:
                words.append(token)
            elif limit[2] and limit[1] == "<":
                below = float(limit[2]) if below is None else min(below, float(limit[2]))
            elif limit[2]:
                above = float(limit[2]) if above is None else max(above, float(limit[2]))
        return cls(tuple(words), below, above, problem, unmeasured)

    @property
    def asks_for_results(self) -> bool:
        """Whether what is learnt of an image may change what is shown."""
        return self.below is not None or self.above is not None or self.problem or self.unmeasured

    def accepts(self, entry: Entry) -> bool:
        """Whether an entry is shown, its name left aside."""
        if (self.problem and not entry.problem) or (self.unmeasured and entry.measured is not None):
            return False
        if self.below is None and self.above is None:
            return True
        if entry.measured is None:
            return False
        percent = 100 * entry.measured.pq
        return (self.below is None or percent < self.below) and (self.above is None or percent > self.above)


def arrange(entries: Sequence[Entry], folded_names: Sequence[str], query: Query, *, worst_first: bool) -> Sequence[int]:
    """Returns the positions of the entries that are shown, in the order in which they are shown.

    Args:
        entries: the list.
        folded_names: their names, casefolded once for all: this runs at every keystroke.
        query: what is asked for.
        worst_first: whether they are sorted by PQ, the lowest first and the unknown last, not kept in their own order.
    """
    shown: Sequence[int] = range(len(entries))
    for word in query.words:
        shown = [index for index in shown if word in folded_names[index]]
    if query.asks_for_results:
        shown = [index for index in shown if query.accepts(entries[index])]
    if worst_first:
        shown = sorted(shown, key=lambda index: worst_key(entries[index]))
    return shown


def worst_key(entry: Entry) -> tuple[bool, float]:
    """Returns a sort key that puts the lowest PQ first and the unknown last."""
    return (True, 0.0) if entry.measured is None else (False, entry.measured.pq)
