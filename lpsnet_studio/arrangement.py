"""Which images of a list are shown, and in which order; no Qt."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lpsnet_studio.state import UNREVIEWED, Entry, Review

__all__ = ["FILTER_HELP", "REVIEW_TOKENS", "Query", "arrange", "with_review", "worst_key"]

FILTER_HELP = (
    "Parts of a name, all of which must occur.\n"
    "pq<50, pq>90   images by their PQ in percent\n"
    "problem   images that could not be read\n"
    "unmeasured   images whose PQ is not known\n"
    "is:todo, is:in-progress, is:done, is:approved   images by how far they are annotated; of several, any\n"
    "is:unreviewed   images to do or in progress\n"
    "is:outside   images that the project does not have\n"
    "is:noted   images with a note"
)
"""What can be typed into the filter."""

_IS = "is:"
REVIEW_TOKENS: Mapping[Review, str] = {
    "todo": f"{_IS}todo",
    "in_progress": f"{_IS}in-progress",
    "done": f"{_IS}done",
    "approved": f"{_IS}approved",
    "outside": f"{_IS}outside",
}
"""What asks for images by how far they have come."""
_UNREVIEWED, _NOTED = f"{_IS}unreviewed", f"{_IS}noted"
_REVIEWS: Mapping[str, frozenset[Review]] = {
    **{token: frozenset({review}) for review, token in REVIEW_TOKENS.items()},
    _UNREVIEWED: UNREVIEWED,
}

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
        reviews: how far it must have come, one of these; nothing asks for nothing.
        noted: it must have a note.
    """

    words: tuple[str, ...] = ()
    below: float | None = None
    above: float | None = None
    problem: bool = False
    unmeasured: bool = False
    reviews: frozenset[Review] = frozenset()
    noted: bool = False

    @classmethod
    def parse(cls, text: str) -> Query:
        """Reads what was typed.

        A limit whose number has not been typed yet asks for nothing, and what begins with ``is:`` for whatever it may
        become.
        """
        words: list[str] = []
        below: float | None = None
        above: float | None = None
        problem = unmeasured = noted = False
        reviews: frozenset[Review] = frozenset()
        for token in text.casefold().split():
            limit = _LIMIT.fullmatch(token)
            if token == "problem":
                problem = True
            elif token == "unmeasured":
                unmeasured = True
            elif token == _IS:
                continue
            elif begun := _begun_reviews(token):
                reviews |= begun
            elif token.startswith(_IS) and _NOTED.startswith(token):
                noted = True
            elif limit is None:
                words.append(token)
            elif limit[2] and limit[1] == "<":
                below = float(limit[2]) if below is None else min(below, float(limit[2]))
            elif limit[2]:
                above = float(limit[2]) if above is None else max(above, float(limit[2]))
        return cls(tuple(words), below, above, problem, unmeasured, reviews, noted)

    @property
    def asks_for_results(self) -> bool:
        """Whether what is learnt of an image may change what is shown."""
        of_reviews = bool(self.reviews) or self.noted
        return of_reviews or self.below is not None or self.above is not None or self.problem or self.unmeasured

    def accepts(self, entry: Entry) -> bool:
        """Whether an entry is shown, its name left aside."""
        if (self.problem and not entry.problem) or (self.unmeasured and entry.measured is not None):
            return False
        if (self.reviews and entry.review not in self.reviews) or (self.noted and not entry.note):
            return False
        if self.below is None and self.above is None:
            return True
        if entry.measured is None:
            return False
        percent = 100 * entry.measured.pq
        return (self.below is None or percent < self.below) and (self.above is None or percent > self.above)


def _begun_reviews(token: str) -> frozenset[Review]:
    """Returns what the first letters of ``is:…`` may ask for; nothing if it is something else."""
    if not token.startswith(_IS):
        return frozenset()
    return frozenset().union(*(reviews for whole, reviews in _REVIEWS.items() if whole.startswith(token)))


def with_review(text: str, review: Review) -> str:
    """Returns a filter that asks for images which have come so far and no others; if it does already, for any."""
    tokens = text.split()
    asked = [token for token in tokens if token.casefold().startswith(_IS) and token.casefold() != _NOTED]
    others = [token for token in tokens if token not in asked]
    wanted = REVIEW_TOKENS[review]
    return " ".join(others if [token.casefold() for token in asked] == [wanted] else [*others, wanted])


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
