"""What the tools of an editor are set to, and what they would paint; no Qt."""

from __future__ import annotations

from dataclasses import dataclass

from lpsnet_studio.annotator.draft import Limits
from lpsnet_studio.annotator.strokes import BrushShape

__all__ = ["EditorOptions", "Target"]


@dataclass(frozen=True, slots=True)
class EditorOptions:
    """What the tools are set to.

    Attributes:
        radius: of brush and eraser in pixels, 0.5 … 500.
        shape: of brush and eraser.
        only_void: whether painting tools leave every segment as it is.
        only_inside: number of the segment inside which alone painting tools paint; None for anywhere.
        category: the class of new segments; None if none was chosen yet.
        speck_pixels: parts with fewer pixels are specks.
        snap_band: how far "snap edge" may move a border, in pixels.
    """

    radius: float = 12.0
    shape: BrushShape = "round"
    only_void: bool = False
    only_inside: int | None = None
    category: int | None = None
    speck_pixels: int = 16
    snap_band: int = 8

    @property
    def limits(self) -> Limits:
        """Where painting tools may paint."""
        return Limits(self.only_void, self.only_inside)


@dataclass(frozen=True, slots=True)
class Target:
    """What painting tools paint next.

    Attributes:
        number: of the segment that gains the pixels; None for a new one.
        category: its class; None if none was chosen yet, so that nothing can be painted.
    """

    number: int | None
    category: int | None
