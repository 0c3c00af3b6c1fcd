"""The place in a merge, and whether it is being played; no Qt."""

from __future__ import annotations

from collections.abc import Sequence

from lpsnet.structures import MergeStep, MergeTrace, Owners, StepKind, TraceCursor, Verdict, Window

__all__ = ["Playback", "event_after", "event_before", "is_event"]


class Playback:
    """The place in a merge: 0, where nothing is pasted, … the number of its steps.

    Attributes:
        position: how many steps are done.
        playing: whether the merge is being played.
    """

    def __init__(self) -> None:
        self._trace: MergeTrace | None = None
        self._cursor: TraceCursor | None = None
        self.position = 0
        self.playing = False

    @property
    def steps(self) -> tuple[MergeStep, ...]:
        """The steps of the merge; none without one."""
        return () if self._trace is None else self._trace.steps

    @property
    def owners(self) -> Owners | None:
        """``[H, W]`` owner map at the position; it changes in place. None without a merge."""
        return None if self._cursor is None else self._cursor.owners

    @property
    def current_step(self) -> MergeStep | None:
        """The step done last; None at the very beginning."""
        return self.steps[self.position - 1] if self.position > 0 else None

    def take(self, trace: MergeTrace) -> None:
        """Takes another merge: at its end if the one before was, else at the same number of steps."""
        at_end = self._trace is None or self.position == len(self.steps)
        self._trace, self._cursor = trace, trace.cursor()
        self.position = len(trace.steps) if at_end else min(self.position, len(trace.steps))
        for _ in self._cursor.seek(self.position):
            pass

    def forget(self) -> None:
        """Is without a merge again."""
        self._trace, self._cursor, self.position, self.playing = None, None, 0, False

    def seek(self, position: int) -> tuple[Window, ...] | None:
        """Goes to a position, or to the end nearest to it.

        Returns:
            The windows ``(y0, x0, y1, x1)`` in which owners may have changed; None if the position is as it was.
        """
        if self._cursor is None:
            return None
        position = min(max(position, 0), len(self.steps))
        if position == self.position:
            return None
        windows = tuple(self._cursor.seek(position))
        self.position = position
        return windows

    def owner_before(self, x: int, y: int) -> int:
        """Returns who owned a pixel before the step done last; 0 for nobody.

        Args:
            x: column in the owner map.
            y: row in the owner map.
        """
        owners, step = self.owners, self.current_step
        if owners is None:
            return 0
        changed = 0
        if step is not None and step.delta is not None and step.window is not None and _changes(step, x, y):
            y0, x0, _, _ = step.window
            changed = int(step.delta[y - y0, x - x0])
        return int(owners[y, x]) ^ changed

    def step_that_took(self, x: int, y: int) -> int:
        """Returns the index of the step by which a pixel came to its final owner; -1 if nobody owns it.

        Args:
            x: column in the owner map.
            y: row in the owner map.
        """
        if self._trace is None or self._trace.owners[y, x] == 0:
            return -1
        return next(index for index in reversed(range(len(self.steps))) if _changes(self.steps[index], x, y))


def is_event(step: MergeStep) -> bool:
    """Whether a step discarded what it could have pasted, or contested pixels; leftovers are never pasted."""
    is_discarded = step.verdict is Verdict.DISCARDED and step.kind is not StepKind.LEFTOVERS
    return is_discarded or bool(step.contests)


def event_before(steps: Sequence[MergeStep], position: int) -> int:
    """Returns the position right after the last event before ``position``; -1 if there is none."""
    return next((place for place in range(position - 1, 0, -1) if is_event(steps[place - 1])), -1)


def event_after(steps: Sequence[MergeStep], position: int) -> int:
    """Returns the position right after the first event behind ``position``; -1 if there is none."""
    return next((place for place in range(position + 1, len(steps) + 1) if is_event(steps[place - 1])), -1)


def _changes(step: MergeStep, x: int, y: int) -> bool:
    """Whether a step gave a pixel to another owner, which its delta tells without replaying the merge."""
    if step.window is None or step.delta is None:
        return False
    y0, x0, y1, x1 = step.window
    return y0 <= y < y1 and x0 <= x < x1 and bool(step.delta[y - y0, x - x0])
