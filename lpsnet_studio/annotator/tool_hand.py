"""A tool in the hand: what the mouse does on the canvas, told to the tool that is chosen."""

from __future__ import annotations

from collections.abc import Callable

from lpsnet_studio.annotator.tools.base import Modifiers, Tool
from lpsnet_studio.canvas.hand import Grip

__all__ = ["ToolHand"]


class ToolHand:
    """Gives the canvas's mouse to a tool.

    Args:
        tool: returns the tool that is chosen; None while nothing can be edited.
        told: called after the tool has taken something.
    """

    def __init__(self, tool: Callable[[], Tool | None], told: Callable[[], None]) -> None:
        self._tool, self._told = tool, told

    def press(self, x: float, y: float, grip: Grip) -> None:
        """Begins a gesture."""
        self._tell(lambda tool: tool.press((x, y), _modifiers(grip)))

    def move(self, x: float, y: float, grip: Grip, *, is_down: bool) -> None:
        """Goes on with a gesture, or shows what it would do."""
        self._tell(lambda tool: tool.move((x, y), _modifiers(grip)))

    def release(self, x: float, y: float, grip: Grip) -> None:
        """Ends a gesture."""
        self._tell(lambda tool: tool.release((x, y), _modifiers(grip)))

    def double_click(self, x: float, y: float, grip: Grip) -> None:
        """Ends what takes several clicks."""
        self._tell(lambda tool: tool.double_click((x, y), _modifiers(grip)))

    def leave(self) -> None:
        """Shows no longer what the tool would do."""
        self._tell(lambda tool: tool.leave())

    def lose(self) -> None:
        """Gives up the gesture under way."""
        self._tell(lambda tool: tool.cancel())

    def _tell(self, act: Callable[[Tool], object]) -> None:
        tool = self._tool()
        if tool is not None:
            act(tool)
            self._told()


def _modifiers(grip: Grip) -> Modifiers:
    return Modifiers(shift=grip.shift, ctrl=grip.control, alt=grip.alt)
