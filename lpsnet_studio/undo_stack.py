"""What undo and redo go through: states before each step, with what the step was; no Qt."""

from __future__ import annotations

from typing import Generic, TypeVar

__all__ = ["UndoStack"]

State = TypeVar("State")


class UndoStack(Generic[State]):
    """Steps that were made, and steps that were undone.

    When a step begins, and what belongs to the one before, is for its owner to say.

    Args:
        most: how many steps are kept; older ones are forgotten.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._before: list[tuple[str, State]] = []
        self._after: list[tuple[str, State]] = []

    @property
    def undo_words(self) -> str:
        """What undo would take back; empty if nothing."""
        return self._before[-1][0] if self._before else ""

    @property
    def redo_words(self) -> str:
        """What redo would do again; empty if nothing."""
        return self._after[-1][0] if self._after else ""

    def begin(self, words: str, before: State) -> None:
        """Begins a step; what was undone cannot be done again from here on.

        Args:
            words: what the step is, for people.
            before: the state before it.
        """
        self._before.append((words, before))
        del self._before[: -self._most]
        self._after.clear()

    def drop_if_undone(self, now: State) -> bool:
        """Forgets the last step if it came back to where it began; returns whether it did."""
        came_back = bool(self._before) and self._before[-1][1] == now
        if came_back:
            self._before.pop()
        return came_back

    def undo(self, now: State) -> State | None:
        """Returns the state before the last step; None if there was none."""
        return self._swap(self._before, self._after, now)

    def redo(self, now: State) -> State | None:
        """Returns the state that the last undo left; None if there was none."""
        return self._swap(self._after, self._before, now)

    def clear(self) -> None:
        """Forgets everything."""
        self._before.clear()
        self._after.clear()

    @staticmethod
    def _swap(source: list[tuple[str, State]], target: list[tuple[str, State]], now: State) -> State | None:
        if not source:
            return None
        words, state = source.pop()
        target.append((words, now))
        return state
