"""Handing contested pixels from one instance to another by scribbling over them."""

from __future__ import annotations

from lpsnet_studio.annotator.editor import Editor
from lpsnet_studio.annotator.placed_mask import PlacedMask
from lpsnet_studio.annotator.strokes import Point, brush_stroke
from lpsnet_studio.annotator.tools.base import NO_MODIFIERS, Modifiers, PathShape, Preview, Tool

__all__ = ["ScribbleTool"]

_RADIUS = 1.5


class ScribbleTool(Tool):
    """A scribble over another segment hands the selected one the disputed pixels that it reaches there."""

    name = "Hand over"

    def __init__(self, editor: Editor) -> None:
        super().__init__(editor)
        self._way: list[Point] = []

    @property
    def hint(self) -> str:
        """What the tool expects next."""
        if not self.editor.selection:
            return "Click the segment that is to get pixels"
        receiver = self.editor.name(self.editor.selection[0])
        return f"Scribble over what belongs to {receiver}; Ctrl+click chooses another segment"

    @property
    def preview(self) -> tuple[Preview, ...]:
        """The scribble so far."""
        return (PathShape(tuple(self._way)),) if self._way else ()

    def press(self, point: Point, modifiers: Modifiers = NO_MODIFIERS) -> None:
        """Begins the scribble, or chooses the segment that gets the pixels."""
        if modifiers.ctrl or not self.editor.selection:
            number = self.editor.number_at(*point)
            self.editor.select((number,) if number else ())
        else:
            self._way = [point]
        self.changed.emit()

    def move(self, point: Point, modifiers: Modifiers = NO_MODIFIERS) -> None:
        """Goes on with the scribble."""
        if self._way and point != self._way[-1]:
            self._way.append(point)
            self.changed.emit()

    def release(self, point: Point, modifiers: Modifiers = NO_MODIFIERS) -> None:
        """Hands over what the scribble reaches."""
        self.move(point)
        way, self._way = self._way, []
        if way:
            regions = brush_stroke(way, _RADIUS, self.editor.document.size)
            self.editor.hand_over(PlacedMask.union(regions))
        self.changed.emit()

    def cancel(self) -> bool:
        """Forgets the scribble."""
        had, self._way = bool(self._way), []
        self.changed.emit()
        return had
