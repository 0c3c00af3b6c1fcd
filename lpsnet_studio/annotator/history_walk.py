"""The way to another state of an image, made in parts so that the window does something else in between; no Qt."""

from __future__ import annotations

import time
from collections.abc import Callable

from lpsnet_studio.annotator.editor import Editor

__all__ = ["HistoryWalk"]

_SECONDS = 0.025
"""For how long one goes before something else may be done."""


class HistoryWalk:
    """Undoes or redoes until so many edits are done; ends early where one is out of reach, or somebody interferes.

    Args:
        editor: of the image.
        end: how many edits are to be done.
        later: calls a function once whatever else waits was done.
        paused: called whenever a part of the way is made.

    Attributes:
        is_stepping: whether a part of the way is being made.
    """

    def __init__(
        self, editor: Editor, end: int, later: Callable[[Callable[[], None]], None], paused: Callable[[], object]
    ) -> None:
        self._editor, self._end, self._later, self._paused = editor, end, later, paused
        self.is_stepping = False

    def go_on(self) -> None:
        """Goes a part of the way, and has the rest done later."""
        if not self._editor.is_busy():
            self._go_on_from(self._editor.history.position)

    def _go_on_from(self, start: int) -> None:
        editor, history, until = self._editor, self._editor.history, time.monotonic() + _SECONDS
        if history.position != start:
            return
        at = start
        self.is_stepping = True
        while at != self._end:
            after = at - 1 if at > self._end else at + 1
            (editor.undo if after < at else editor.redo)()
            if history.position != after:
                break
            at = after
            if time.monotonic() >= until:
                break
        self.is_stepping = False
        self._paused()
        if at == self._end:
            return
        if editor.elsewhere.doing:  # reading the edit that is the next step
            editor.elsewhere.when_free(lambda: self._go_on_from(after))
        elif at == after == history.position:
            self._later(lambda: self._go_on_from(at))
