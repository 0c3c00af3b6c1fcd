"""Looks whether what was open before is still there; a network share that is gone may take a minute to say so."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from lpsnet_studio.background import Background, Task
from lpsnet_studio.recent import problems_of

__all__ = ["Presence"]


class Presence:
    """Looks in the background whether paths are still there, once at a time however often it is asked to.

    Args:
        background: where it looks.
        paths: tells which paths, each time anew.
        take: takes what :func:`~lpsnet_studio.recent.problems_of` found, in the GUI thread.
    """

    def __init__(
        self, background: Background, paths: Callable[[], Sequence[str]], take: Callable[[dict[str, str]], None]
    ) -> None:
        self._background, self._paths, self._take = background, paths, take
        self._task: Task | None = None
        self._once_more = False

    def look(self) -> None:
        """Looks now, or once more when the look that is under way has ended."""
        if self._task is not None and not self._task.ended:
            self._once_more = True
            return
        self._once_more = False
        self._task = self._background.run(partial(problems_of, self._paths()), self._found)

    def _found(self, problems: dict[str, str]) -> None:
        self._take(problems)
        if self._once_more:
            self.look()
