"""What every tool is to the canvas, and the plain shapes that it asks to be drawn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from psygnal import Signal

from lpsnet_studio.annotator.editor import Editor
from lpsnet_studio.annotator.placed_mask import PlacedMask
from lpsnet_studio.annotator.strokes import BrushShape, Point

__all__ = ["NO_CLASS", "NO_MODIFIERS", "Cursor", "MaskShape", "Modifiers", "PathShape", "Preview", "Tool"]


@dataclass(frozen=True, slots=True)
class Modifiers:
    """Which keys are held while the mouse acts."""

    shift: bool = False
    ctrl: bool = False
    alt: bool = False


NO_MODIFIERS = Modifiers()
NO_CLASS = "Choose a class (Shift+C), or select a segment to paint"
"""What painting tools say while there is nothing that they could paint."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """The outline of a brush.

    Attributes:
        center: ``(x, y)`` in image coordinates.
        radius: in image pixels.
        shape: of the brush.
        erases: whether it takes away.
    """

    center: Point
    radius: float
    shape: BrushShape = "round"
    erases: bool = False


@dataclass(frozen=True, slots=True)
class PathShape:
    """A line through points in image coordinates.

    Attributes:
        points: ``(x, y)`` each.
        closed: whether the last point is joined with the first.
    """

    points: tuple[Point, ...]
    closed: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class MaskShape:
    """Pixels that would be painted.

    Attributes:
        region: the pixels.
        category: id of the class in whose colour they are shown; None for the accent.
    """

    region: PlacedMask
    category: int | None = None


Preview = Cursor | PathShape | MaskShape


class Tool:
    """What the mouse does. Coordinates are ``(x, y)`` of the image, and may lie outside it; nothing is modal.

    A subclass overrides what it needs. Every finished gesture is one edit of the editor, or a sentence that says why
    not; :meth:`cancel` leaves no trace of a gesture under way.

    Args:
        editor: of the image.

    Attributes:
        name: what the tool is called, for people.
    """

    name: ClassVar[str]
    changed = Signal()
    """The preview or the hint is another."""

    def __init__(self, editor: Editor) -> None:
        self.editor = editor

    @property
    def hint(self) -> str:
        """What the tool expects next, for the status bar."""
        raise NotImplementedError

    @property
    def preview(self) -> tuple[Preview, ...]:
        """What the canvas is to draw on top."""
        return ()

    def press(self, point: Point, modifiers: Modifiers = NO_MODIFIERS) -> None:
        """The left button went down."""

    def move(self, point: Point, modifiers: Modifiers = NO_MODIFIERS) -> None:
        """The mouse moved, whether or not the button is down."""

    def release(self, point: Point, modifiers: Modifiers = NO_MODIFIERS) -> None:
        """The left button went up."""

    def leave(self) -> None:
        """The mouse left the canvas."""

    def double_click(self, point: Point, modifiers: Modifiers = NO_MODIFIERS) -> None:
        """The left button was pressed twice; the first press and release came before."""

    def key(self, key: str) -> bool:
        """A key was pressed: ``enter``, ``backspace``, ``escape``, a digit or a sign.

        Returns:
            Whether the tool has taken it; otherwise it means what it means without the tool.
        """
        return key == "escape" and self.cancel()

    def cancel(self) -> bool:
        """Gives up the gesture under way without a trace; returns whether there was one."""
        return False
