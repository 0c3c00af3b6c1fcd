"""The timeline of one image as rows of a list; no Qt."""

from __future__ import annotations

from dataclasses import dataclass

from lpsnet_studio.annotator.edit_history import UNKNOWN_TITLE, EditHistory

__all__ = ["HistoryRow", "rows_of"]

_BEGINNING = "As it was begun"
_OLDEST = "Edits before this are no longer kept"


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """A state of the image.

    Attributes:
        position: how many edits are done in it.
        text: the edit that led to it.
        is_done: whether that edit is done, and not taken back.
        is_present: whether the image is in this state now.
    """

    position: int
    text: str
    is_done: bool
    is_present: bool

    @property
    def spoken(self) -> str:
        """The row for screen readers."""
        state = "the present state" if self.is_present else "done" if self.is_done else "undone"
        return f"{self.text}, {state}"


def rows_of(history: EditHistory) -> tuple[HistoryRow, ...]:
    """Returns every state that one can go to, the oldest first; the first row is the one without any edit."""
    now, first = history.position, history.first
    states = [(first, _OLDEST if first else _BEGINNING)]
    states += list(enumerate(history.titles[first:], first + 1))
    return tuple(
        HistoryRow(position, text or UNKNOWN_TITLE, position <= now, position == now) for position, text in states
    )
