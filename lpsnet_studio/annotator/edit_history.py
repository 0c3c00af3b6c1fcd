"""The timeline of one image: undo and redo without end, within a budget of bytes that all images share; no Qt."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from psygnal import Signal

from lpsnet_studio.annotator.document import Document
from lpsnet_studio.annotator.edits import Edit, SegmentInfo

__all__ = ["DEFAULT_BUDGET", "UNKNOWN_TITLE", "EditHistory", "FetchEdit", "HistoryBudget"]

DEFAULT_BUDGET = 256 * 2**20
"""Bytes that the edits of all images may take in memory."""

UNKNOWN_TITLE = "Earlier edit"
"""What an edit is called that was never read in this run."""

FetchEdit = Callable[[int], Edit]
"""Reads an edit of an image again, by its place in the timeline; raises OSError or ValueError if it cannot."""


@dataclass(slots=True)
class _Step:
    """A place in the timeline; its edit may be forgotten, its title is not."""

    title: str
    edit: Edit | None

    @property
    def nbytes(self) -> int:
        return 0 if self.edit is None else self.edit.nbytes


class HistoryBudget:
    """Bytes that the edits of all images share: what was looked at longest ago is forgotten first.

    Args:
        nbytes: how many; the edit that was made last in the image looked at is kept even if it alone takes more.
    """

    def __init__(self, nbytes: int = DEFAULT_BUDGET) -> None:
        self.nbytes = nbytes
        self._histories: dict[int, EditHistory] = {}
        """Every history by its identity, looked at longest ago first."""

    @property
    def used(self) -> int:
        """Bytes that edits take now."""
        return sum(history.nbytes for history in self._histories.values())

    def look_at(self, history: EditHistory) -> None:
        """Says that an image is looked at now, which makes it the last whose edits are forgotten."""
        self._histories.pop(id(history), None)
        self._histories[id(history)] = history
        self.keep()

    def release(self, history: EditHistory) -> None:
        """Says that an image is put away: its history counts no more."""
        self._histories.pop(id(history), None)

    def keep(self) -> None:
        """Forgets until what is left is within the budget."""
        excess = self.used - self.nbytes
        current = next(reversed(self._histories.values()), None)
        for history in list(self._histories.values()):
            if excess <= 0:
                return
            excess -= history.forget(excess, keep_newest=history is current)


class EditHistory:
    """What was done to one document, and what was undone.

    An edit that was forgotten for the budget's sake keeps its title and its place, and is fetched when undo or redo
    comes to it. Without a way to fetch it, undo ends there.

    Args:
        document: what the edits are of.
        budget: shared with the histories of other images; its own if None.
        fetch: reads a forgotten edit again, such as from the journal.
    """

    changed = Signal()
    """What can be undone or redone is another."""

    def __init__(self, document: Document, budget: HistoryBudget | None = None, fetch: FetchEdit | None = None) -> None:
        self.document = document
        self.fetch = fetch
        self._budget = HistoryBudget() if budget is None else budget
        self._steps: list[_Step] = []
        self._read: Callable[[SegmentInfo], SegmentInfo] = lambda info: info
        self._position = 0
        self._first = 0
        self._nbytes = 0
        self._budget.look_at(self)

    @classmethod
    def restored(
        cls,
        document: Document,
        edits: Sequence[Edit],
        done: int,
        *,
        base: int = 0,
        first: int = 0,
        titles: Sequence[str] = (),
        budget: HistoryBudget | None = None,
        fetch: FetchEdit | None = None,
    ) -> EditHistory:
        """Returns the history of a document that was worked on before.

        Args:
            document: as it is after ``done`` edits.
            edits: those from place ``base`` on, done and undone.
            done: how many edits of the whole timeline are done.
            base: how many are older than ``edits``; they are fetched when undo comes to them.
            first: how many of the oldest are nowhere kept any more.
            titles: of the older ones, from the oldest on, as far as they are known.
            budget: shared with the histories of other images.
            fetch: reads an edit by its place in the whole timeline.

        Raises:
            ValueError: if the counts do not fit together.
        """
        if not 0 <= first <= base <= base + len(edits) or not first <= done <= base + len(edits):
            raise ValueError(
                f"{done} edits cannot be done: {first} are gone, {base} are older than {len(edits)} others"
            )
        history = cls(document, budget, fetch)
        known = [*titles[:base], *[UNKNOWN_TITLE] * (base - len(titles))]
        history._steps = [*(_Step(title, None) for title in known), *(_Step(edit.title, edit) for edit in edits)]
        history._nbytes = sum(edit.nbytes for edit in edits)
        history._position, history._first = done, first
        history._budget.keep()
        return history

    def read_as(self, read: Callable[[SegmentInfo], SegmentInfo]) -> None:
        """Reads the tables of all edits in another way from now on, also of those that are fetched later."""
        self._read = read
        for step in self._steps:
            if step.edit is not None:
                step.edit = step.edit.read_as(read)

    # -------------------------------------------------------------------------------------------------------- timeline

    @property
    def position(self) -> int:
        """How many edits are done; those after it were undone."""
        return self._position

    @property
    def titles(self) -> tuple[str, ...]:
        """Of all edits, done and undone."""
        return tuple(step.title for step in self._steps)

    @property
    def undo_title(self) -> str:
        """What undo would take back; empty if nothing."""
        return self._steps[self._position - 1].title if self.can_undo else ""

    @property
    def redo_title(self) -> str:
        """What redo would make again; empty if nothing."""
        return self._steps[self._position].title if self.can_redo else ""

    @property
    def can_undo(self) -> bool:
        """Whether there is an edit to take back, in memory or within reach."""
        return self._position > 0 and self._is_within_reach(self._position - 1)

    @property
    def can_redo(self) -> bool:
        """Whether there is an edit to make again, in memory or within reach."""
        return self._position < len(self._steps) and self._is_within_reach(self._position)

    @property
    def first(self) -> int:
        """How many of the oldest edits are nowhere kept any more, so that undo ends at them."""
        return self._first

    def drop(self, first: int) -> None:
        """Says that the oldest edits are nowhere kept any more, up to ``first`` of them; done ones alone."""
        self._first = max(self._first, min(first, self._position))
        self.changed.emit()

    @property
    def nbytes(self) -> int:
        """Bytes that the edits in memory take."""
        return self._nbytes

    def record(self, edit: Edit) -> None:
        """Takes over an edit that was just made; what was undone before can no longer be redone."""
        self._nbytes -= sum(step.nbytes for step in self._steps[self._position :])
        del self._steps[self._position :]
        self._steps.append(_Step(edit.title, edit))
        self._position += 1
        self._nbytes += edit.nbytes
        self._look()

    def undo(self) -> Edit | None:
        """Takes back the edit made last, and returns it; None if there is none.

        Raises:
            OSError, ValueError: if it was forgotten and cannot be fetched, or does not belong to the document as it is;
                nothing is changed then.
            RuntimeError: while an edit is in the making.
        """
        if not self.can_undo:
            return None
        edit = self._edit_at(self._position - 1)
        self.document.revert(edit)
        self._position -= 1
        self._look()
        return edit

    def redo(self) -> Edit | None:
        """Makes the edit again that was undone last, and returns it; None if there is none. Raises as undo does."""
        if not self.can_redo:
            return None
        edit = self._edit_at(self._position)
        self.document.apply(edit)
        self._position += 1
        self._look()
        return edit

    def missing(self, *, redo: bool = False) -> int | None:
        """Returns the place of the edit that undo comes to next if it was forgotten, and can be fetched; else None.

        Args:
            redo: whether redo is meant.
        """
        place = self._position if redo else self._position - 1
        can = self.can_redo if redo else self.can_undo
        return place if can and self._steps[place].edit is None else None

    def put_back(self, place: int, edit: Edit) -> None:
        """Takes an edit that was forgotten, and was fetched, at its place in the timeline."""
        step = self._steps[place]
        if step.edit is None:
            step.edit, step.title = edit.read_as(self._read), edit.title
            self._nbytes += edit.nbytes

    def go_to(self, position: int) -> Iterable[Edit]:
        """Undoes or redoes until ``position`` edits are done, and yields each on the way.

        The way is made as the result is consumed; it ends early where an edit is out of reach.

        Raises:
            IndexError: if there are fewer edits.
        """
        if not 0 <= position <= len(self._steps):
            raise IndexError(f"edit {position} of {len(self._steps)}")
        while self._position != position:
            edit = self.undo() if self._position > position else self.redo()
            if edit is None:
                return
            yield edit

    def look(self) -> None:
        """Says that the image is looked at, so that its edits are forgotten last."""
        self._budget.look_at(self)

    def close(self) -> None:
        """Says that the image is put away."""
        self._budget.release(self)

    def forget(self, excess: int, *, keep_newest: bool = False) -> int:
        """Forgets edits: done ones from the oldest on, then undone ones from the one redone last on.

        Args:
            excess: bytes to win, if there are as many.
            keep_newest: whether the edit that undo takes back next is kept.

        Returns:
            How many bytes were won.
        """
        won = 0
        done = range(self._position - 1 if keep_newest else self._position)
        undone = range(len(self._steps) - 1, self._position - 1, -1)
        for place in (*done, *undone):
            if won >= excess:
                break
            won += self._steps[place].nbytes
            self._steps[place].edit = None
        self._nbytes -= won
        return won

    def _is_within_reach(self, place: int) -> bool:
        return place >= self._first and (self._steps[place].edit is not None or self.fetch is not None)

    def _edit_at(self, place: int) -> Edit:
        """Returns an edit from memory, or fetches it to keep it."""
        step = self._steps[place]
        if step.edit is None:
            assert self.fetch is not None
            self.put_back(place, self.fetch(place))
        assert step.edit is not None
        return step.edit

    def _look(self) -> None:
        self._budget.look_at(self)
        self.changed.emit()
