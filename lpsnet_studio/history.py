"""Undo and redo of what the user turned: inspection settings, the user's own preset, the canvas's look; no Qt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lpsnet.structures import InspectionSettings
from lpsnet_studio.view_options import ViewOptions

__all__ = ["History", "Turned"]

_MOST = 200


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

    Changes of one gesture, such as a slider's drag, are one step.
    """

    def __init__(self) -> None:
        self._before: list[tuple[str, Turned]] = []
        self._after: list[tuple[str, Turned]] = []
        self._gesture = ""

    @property
    def undo_words(self) -> str:
        """What undo would take back; empty if nothing."""
        return self._before[-1][0] if self._before else ""

    @property
    def redo_words(self) -> str:
        """What redo would do again; empty if nothing."""
        return self._after[-1][0] if self._after else ""

    def note(self, words: str, before: Turned) -> None:
        """Takes note of a change that is about to be made; one of the same words belongs to the gesture under way.

        Args:
            words: what changes, for people.
            before: what is turned now.
        """
        if self._gesture != words:
            self.end_gesture(before)
            self._before.append((words, before))
            del self._before[:-_MOST]
            self._after.clear()
            self._gesture = words

    def end_gesture(self, now: Turned) -> None:
        """Lets the next change be a step of its own; a gesture that came back to where it began was none.

        Args:
            now: what is turned now.
        """
        if self._gesture and self._before and self._before[-1][1] == now:
            self._before.pop()
        self._gesture = ""

    def undo(self, now: Turned) -> Turned | None:
        """Returns what was turned before the last change; None if there was none."""
        return self._swap(self._before, self._after, now)

    def redo(self, now: Turned) -> Turned | None:
        """Returns what the last undo took back; None if there was none."""
        return self._swap(self._after, self._before, now)

    def clear(self) -> None:
        """Forgets everything."""
        self._before.clear()
        self._after.clear()
        self._gesture = ""

    def _swap(self, source: list[tuple[str, Turned]], target: list[tuple[str, Turned]], now: Turned) -> Turned | None:
        self.end_gesture(now)
        if not source:
            return None
        words, turned = source.pop()
        target.append((words, now))
        return turned
