"""Undo and redo of edits of a form; no Qt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from lpsnet.config import Config
from lpsnet_studio.undo_stack import UndoStack

__all__ = ["FormHistory", "Written"]

State = TypeVar("State")
_MOST = 500


@dataclass(frozen=True, slots=True)
class Written:
    """Everything that undo brings back of a config's form.

    Attributes:
        source: the preset or file that the form started from.
        start: what it says.
        values: what is written in the form, by field.
        beside: what is written beside the config, by name.
    """

    source: str
    start: Config
    values: Mapping[str, Any]
    beside: Mapping[str, str | None] = field(default_factory=dict)


class FormHistory(Generic[State]):
    """What was written before, and what was undone; typing in one field, up to its end, is one step."""

    def __init__(self) -> None:
        self._steps: UndoStack[State] = UndoStack(_MOST)
        self._typing = ""

    @property
    def undo_words(self) -> str:
        """What undo would take back; empty if nothing."""
        return self._steps.undo_words

    @property
    def redo_words(self) -> str:
        """What redo would do again; empty if nothing."""
        return self._steps.redo_words

    def note(self, words: str, before: State, *, goes_on: bool = False) -> None:
        """Takes note of an edit that is about to be made.

        Args:
            words: what is edited, for people.
            before: what is written now.
            goes_on: whether more of the same is to follow, as while someone types.
        """
        if not goes_on or self._typing != words:
            self._steps.begin(words, before)
        self._typing = words if goes_on else ""

    def end_typing(self, now: State) -> None:
        """Lets the next edit be a step of its own; typing that came back to where it began was none."""
        if self._typing:
            self._steps.drop_if_undone(now)
        self._typing = ""

    def undo(self, now: State) -> State | None:
        """Returns what was written before the last edit; None if there was none."""
        self.end_typing(now)
        return self._steps.undo(now)

    def redo(self, now: State) -> State | None:
        """Returns what the last undo took back; None if there was none."""
        self.end_typing(now)
        return self._steps.redo(now)
