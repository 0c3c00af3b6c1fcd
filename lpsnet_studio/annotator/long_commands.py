"""Which commands are done outside the thread that edits, and when; no Qt."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

from lpsnet_studio.annotator.editor_core import EditorCore
from lpsnet_studio.annotator.edits import Edit

__all__ = ["may_take_long"]

C = TypeVar("C", bound=EditorCore)
P = ParamSpec("P")


def may_take_long(
    doing: str, milliseconds: Callable[Concatenate[C, P], float], *, waits: bool = False
) -> Callable[[Callable[Concatenate[C, P], Edit | None]], Callable[Concatenate[C, P], Edit | None]]:
    """Lets a command be done outside the thread that edits where it would take long; it then returns None.

    Args:
        doing: what it does, in words such as ``deleting segments``.
        milliseconds: given what the command is given, about how many it takes.
        waits: whether it waits for whatever is computed, as what was drawn by hand does; others wait for the end of a
            stroke alone, and are refused otherwise.
    """

    def wrap(command: Callable[Concatenate[C, P], Edit | None]) -> Callable[Concatenate[C, P], Edit | None]:
        @wraps(command)
        def act(self: C, *args: P.args, **kwargs: P.kwargs) -> Edit | None:
            if self.elsewhere.finishes or (waits and self.elsewhere.doing):
                self.do_when_free(lambda: act(self, *args, **kwargs), is_kept=waits)
                return None
            if self.is_busy():
                return None
            if self.elsewhere.takes(milliseconds(self, *args, **kwargs)):
                self.do_elsewhere(doing, lambda twin: command(twin, *args, **kwargs))
                return None
            return command(self, *args, **kwargs)

        return act

    return wrap
