"""The image list, what of it is shown in which order, and the place in it; no Qt."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from typing import Any

from psygnal import Signal

from lpsnet_studio.arrangement import Query, arrange, worst_key
from lpsnet_studio.state import Entry, Measured, Review

__all__ = ["Gallery"]


class Gallery:
    """The image list and the place in it, observable.

    Entries keep their positions; a filter and a sorting decide which are shown in which order. The image that is open
    stays so whether the filter shows it or not.

    Attributes:
        entries: the image list.
        index: position of the current image in it; -1 if there is none.
        order: positions of the entries that are shown, in the order in which they are.
        filter_text: what the filter asks for, as it was typed; see :data:`~lpsnet_studio.arrangement.FILTER_HELP`.
        worst_first: whether the lowest PQ comes first.
        any_truth: whether any image of the list has ground truth.
    """

    entries_changed = Signal()
    entry_changed = Signal(int)
    """The position of an entry of which more is known now."""
    reviews_changed = Signal()
    """Of one or more entries it is known anew how far they have come, or what is said of them."""
    current_changed = Signal(int)
    order_changed = Signal()
    """Other images are shown, or in another order; follows :attr:`entries_changed` without being told again."""

    def __init__(self) -> None:
        super().__init__()
        self.entries: tuple[Entry, ...] = ()
        self.index = -1
        self.order: Sequence[int] = ()
        self.filter_text = ""
        self.worst_first = False
        self.any_truth = False
        self._query = Query()
        self._folded_names: tuple[str, ...] = ()

    @property
    def current(self) -> Entry | None:
        """The current image's entry."""
        return self.entries[self.index] if 0 <= self.index < len(self.entries) else None

    @property
    def truth_name(self) -> str:
        """What the current image is compared with, in sentence case."""
        return "Ground truth" if self.current is None else self.current.truth_name

    # ------------------------------------------------------------------------------------------------- what is shown

    def filter_entries(self, text: str) -> None:
        """Shows the images that fit what was typed."""
        self.filter_text, self._query = text, Query.parse(text)
        self.rearrange()

    def show_worst_first(self, on: bool) -> None:
        """Shows the images with the lowest PQ first, or all in their own order."""
        self.worst_first = on
        self.rearrange()

    @property
    def order_follows_results(self) -> bool:
        """Whether what is learnt of an image may change what is shown; :meth:`rearrange` then brings it up to date."""
        return self.worst_first or self._query.asks_for_results

    def rearrange(self) -> None:
        """Decides anew what is shown in which order."""
        order = arrange(self.entries, self._folded_names, self._query, worst_first=self.worst_first)
        if order != self.order:
            self.order = order
            self.order_changed.emit()

    def row_of(self, index: int) -> int:
        """Returns the place of an entry among those that are shown; -1 if it is not."""
        try:
            return self.order.index(index)
        except ValueError:
            return -1

    def neighbour(self, by: int) -> int:
        """Returns the position of the image that lies ``by`` places from the current one, as they are shown.

        At the ends it is the last one there. From an image that is not shown one goes to those around its place.

        Returns:
            The position; -1 if there is none but the current one.
        """
        if not self.order or by == 0:
            return -1
        row = self.row_of(self.index)
        if row < 0:
            row = self._place_of_hidden() - (by > 0)
        target = self.order[min(max(row + by, 0), len(self.order) - 1)]
        return -1 if target == self.index else target

    def next_with(self, reviews: Collection[Review]) -> int:
        """Returns the position of the next image that has come so far, as they are shown; behind the last is the first.

        Args:
            reviews: how far it must have come, one of these.

        Returns:
            The position; -1 if there is none but the current one.
        """
        row = self.row_of(self.index)
        begin = self._place_of_hidden() if row < 0 else row + 1
        coming = chain(self.order[begin:], self.order[:begin])
        return next((each for each in coming if self.entries[each].review in reviews and each != self.index), -1)

    def _place_of_hidden(self) -> int:
        """Returns how many of the shown images come before the current one, which is not among them."""
        if self.current is None:
            return 0
        if not self.worst_first:
            return bisect_left(self.order, self.index)
        own = (worst_key(self.current), self.index)
        return sum((worst_key(self.entries[index]), index) < own for index in self.order)

    # ------------------------------------------------------------------------------------------------ what is learnt

    def take_measured(self, index: int, measured: Measured) -> None:
        """Keeps in the list how good the result of an image was."""
        self._learn_of(index, measured=measured)

    def take_problem(self, index: int, sentence: str) -> None:
        """Keeps in the list why an image could not be read; one that is known stays, and opening it tries again."""
        if 0 <= index < len(self.entries) and not self.entries[index].problem:
            self._learn_of(index, problem=sentence, worth_retrying=True)

    def take_reviews(self, known: Mapping[int, tuple[Review, str]]) -> None:
        """Keeps in the list how far images have come, and what is said of them; told once, however many they are."""
        entries: list[Entry] | None = None
        for index, (review, note) in known.items():
            entry = self.entries[index]
            if (entry.review, entry.note) != (review, note):
                entries = list(self.entries) if entries is None else entries
                entries[index] = replace(entry, review=review, note=note)
        if entries is not None:
            self.entries = tuple(entries)
            self.reviews_changed.emit()

    def _take_entries(self, entries: Sequence[Entry]) -> None:
        """Replaces the list; what was filtered was another one."""
        self.entries = tuple(entries)
        self.index = -1
        self.any_truth = any(entry.source.truth is not None for entry in self.entries)
        self.filter_text, self._query = "", Query()
        self._folded_names = tuple(entry.name.casefold() for entry in self.entries)
        self.order = arrange(self.entries, self._folded_names, self._query, worst_first=self.worst_first)

    def _learn_of(self, index: int, **changes: Any) -> None:
        if not 0 <= index < len(self.entries):
            return
        entry = self.entries[index]
        learnt = replace(entry, **changes)
        if learnt != entry:
            self.entries = (*self.entries[:index], learnt, *self.entries[index + 1 :])
            self.entry_changed.emit(index)
