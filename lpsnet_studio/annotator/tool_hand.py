"""A tool in the hand: what the mouse does on the canvas, told to the tool that is chosen."""

from __future__ import annotations

from collections.abc import Callable

from lpsnet_studio.annotator.toolbox import Toolbox
from lpsnet_studio.annotator.tools.base import Modifiers, Tool
from lpsnet_studio.annotator.tools.outlines import BoxTool, PolygonTool
from lpsnet_studio.canvas.hand import Grip

__all__ = ["ToolHand"]

_NEAR = 8.0
"""Pixels of the screen within which a click meets a corner."""
_STILL = 3.0
"""Pixels of the screen that the mouse may move in a click."""


class ToolHand:
    """Gives the canvas's mouse, and the keys that tools know, to the tool in the hand.

    Args:
        toolbox: which tool it is.
        otherwise: what a key means that the tool does not take; given its name.

    Attributes:
        keys: what tools know: Enter, Backspace, Escape, digits and brackets.
    """

    def __init__(self, toolbox: Toolbox, otherwise: Callable[[str], None]) -> None:
        self._toolbox, self._otherwise = toolbox, otherwise
        self.keys = frozenset(("enter", "backspace", "escape", "[", "]", *"0123456789"))

    def key(self, name: str) -> None:
        """Gives a key to the tool, and to others if it does not take it."""
        if not self._toolbox.key(name):
            self._otherwise(name)

    def press(self, x: float, y: float, grip: Grip) -> None:
        """Begins a gesture."""
        tool = self._toolbox.tool
        if isinstance(tool, PolygonTool):
            tool.closing_distance = _NEAR / grip.scale
        if isinstance(tool, BoxTool):
            tool.click_distance = _STILL / grip.scale
        self._toolbox.forget_told()
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
        if self._toolbox.tool is not None:
            act(self._toolbox.tool)


def _modifiers(grip: Grip) -> Modifiers:
    return Modifiers(shift=grip.shift, ctrl=grip.control, alt=grip.alt)
