"""The image list and the place in it; no Qt."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from psygnal import Signal

from lpsnet_studio.state import Entry, Measured

__all__ = ["Gallery"]


class Gallery:
    """The image list and the place in it, observable.

    Attributes:
        entries: the image list.
        index: position of the current image in it; -1 if there is none.
    """

    entries_changed = Signal()
    entry_changed = Signal(int)
    """The position of an entry of which more is known now."""
    current_changed = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.entries: tuple[Entry, ...] = ()
        self.index = -1

    @property
    def current(self) -> Entry | None:
        """The current image's entry."""
        return self.entries[self.index] if 0 <= self.index < len(self.entries) else None

    def take_measured(self, index: int, measured: Measured) -> None:
        """Keeps in the list how good the result of an image was."""
        self._learn_of(index, measured=measured)

    def _learn_of(self, index: int, **changes: Any) -> None:
        if not 0 <= index < len(self.entries):
            return
        entry = self.entries[index]
        learnt = replace(entry, **changes)
        if learnt != entry:
            self.entries = (*self.entries[:index], learnt, *self.entries[index + 1 :])
            self.entry_changed.emit(index)
