"""Undo and redo of what the user turned: inspection settings, the user's own preset, the canvas's look; no Qt."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from lpsnet.structures import InspectionSettings
from lpsnet_studio.undo_stack import UndoStack
from lpsnet_studio.view_options import ViewOptions

__all__ = ["History", "Turned"]

_MOST = 200
_RESUMED_WITHIN = 1.0
"""Seconds within which a gesture that begins anew goes on with the one before."""


@dataclass(frozen=True, slots=True)
class Turned:
    """Everything that undo brings back.

    Attributes:
        settings: of the inspection.
        view: of the canvas.
        mine: the user's own preset, field by field; empty if there is none.
    """

    settings: InspectionSettings
    view: ViewOptions
    mine: Mapping[str, Any] = field(default_factory=dict)


class History:
    """What was turned before, and what was undone.

    Changes of one gesture, such as a slider's drag, are one step. A gesture of the same words that follows within a
    second, such as the next press of an arrow key, belongs to that step.

    Args:
        clock: tells seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._steps: UndoStack[Turned] = UndoStack(_MOST)
        self._gesture = ""
        self._goes_on = False
        self._resumable: tuple[str, float] | None = None
        """What the gesture that was ended last was called, and when that was; None if nothing may go on with it."""

    @property
    def undo_words(self) -> str:
        """What undo would take back; empty if nothing."""
        return self._steps.undo_words

    @property
    def redo_words(self) -> str:
        """What redo would do again; empty if nothing."""
        return self._steps.redo_words

    def note(self, words: str, before: Turned, *, goes_on: bool = False) -> None:
        """Takes note of a change that is about to be made; one of the same words belongs to the gesture under way.

        Args:
            words: what changes, for people.
            before: what is turned now.
            goes_on: whether more is to follow, as of a drag or of a key that is pressed.
        """
        if self._gesture != words:
            self.end_gesture(before)
            if not (goes_on and self._is_resumed(words)):
                self._steps.begin(words, before)
            self._gesture, self._resumable = words, None
        self._goes_on = goes_on

    def _is_resumed(self, words: str) -> bool:
        """Whether a gesture goes on with the one before."""
        if self._resumable is None:
            return False
        resumable, ended = self._resumable
        return resumable == words and self._clock() - ended <= _RESUMED_WITHIN

    def end_gesture(self, now: Turned) -> None:
        """Lets the next change be a step of its own; a gesture that came back to where it began was none.

        Args:
            now: what is turned now.
        """
        if self._gesture and self._steps.undo_words:
            came_back = self._steps.drop_if_undone(now)
            self._resumable = (self._gesture, self._clock()) if self._goes_on and not came_back else None
        self._gesture = ""

    def undo(self, now: Turned) -> Turned | None:
        """Returns what was turned before the last change; None if there was none."""
        self._end_for_good(now)
        return self._steps.undo(now)

    def redo(self, now: Turned) -> Turned | None:
        """Returns what the last undo took back; None if there was none."""
        self._end_for_good(now)
        return self._steps.redo(now)

    def clear(self) -> None:
        """Forgets everything."""
        self._steps.clear()
        self._gesture, self._resumable = "", None

    def _end_for_good(self, now: Turned) -> None:
        """Ends the gesture under way; none goes on with it."""
        self.end_gesture(now)
        self._resumable = None
