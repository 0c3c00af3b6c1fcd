"""Painting and erasing with a round or square brush."""

from __future__ import annotations

from lpsnet_studio.annotator.editor import Editor, Stroke
from lpsnet_studio.annotator.strokes import Point, brush_stroke
from lpsnet_studio.annotator.tools.base import NO_CLASS, NO_MODIFIERS, Cursor, Modifiers, Preview, Tool

__all__ = ["BrushTool", "EraserTool"]

_STEP = 1.25
"""By how much ``[`` and ``]`` change the radius."""


class BrushTool(Tool):
    """A drag paints into the selected segment, or begins a new one; Shift+click goes there straight from the last."""

    name = "Brush"
    erases = False

    def __init__(self, editor: Editor) -> None:
        super().__init__(editor)
        self._at: Point | None = None
        self._last: Point | None = None

    @property
    def hint(self) -> str:
        """What the tool expects next."""
        options = self.editor.options
        size = f"{options.shape} {options.radius:g} px, [ ] for its size"
        if words := self.waiting_words():
            return words
        words = self.editor.target_words
        return f"Drag to paint {words} ({size}); Shift+click draws a line" if words else NO_CLASS

    @property
    def preview(self) -> tuple[Preview, ...]:
        """The brush's outline."""
        if self._at is None:
            return ()
        options = self.editor.options
        return (Cursor(self._at, options.radius, options.shape, self.erases),)

    def press(self, point: Point, modifiers: Modifiers = NO_MODIFIERS) -> None:
        """Begins a stroke."""
        stroke = self.begin()
        if stroke is None:
            return
        options = self.editor.options
        way = [self._last, point] if modifiers.shift and self._last is not None else [point]
        for region in brush_stroke(way, options.radius, self.editor.document.size, options.shape):
            stroke.put(region)
        self._last = point
        self.move(point)

    def move(self, point: Point, modifiers: Modifiers = NO_MODIFIERS) -> None:
        """Paints the way that the brush went since."""
        stroke = self.editor.stroke
        if stroke is not None and self._last is not None and point != self._last:
            options = self.editor.options
            for region in brush_stroke([self._last, point], options.radius, self.editor.document.size, options.shape):
                stroke.put(region)
            self._last = point
        self._at = point
        self.changed.emit()

    def release(self, point: Point, modifiers: Modifiers = NO_MODIFIERS) -> None:
        """Ends the stroke as one step of undo."""
        if self.editor.stroke is not None:
            self.move(point)
            self.editor.stroke.finish()
            self.changed.emit()

    def leave(self) -> None:
        """Shows no outline."""
        self._at = None
        self.changed.emit()

    def key(self, key: str) -> bool:
        """``[`` and ``]`` change the size of the brush."""
        if key not in ("[", "]"):
            return super().key(key)
        radius = self.editor.options.radius
        self.editor.set_options(radius=round(radius * _STEP if key == "]" else radius / _STEP, 1))
        self.changed.emit()
        return True

    def cancel(self) -> bool:
        """Gives the stroke in hand up."""
        cancelled = self.editor.cancel_stroke()
        self.changed.emit()
        return cancelled

    def begin(self) -> Stroke | None:
        """Begins the stroke in the editor."""
        return self.editor.begin(self.name)

    def waiting_words(self) -> str:
        """What is said while the stroke in hand waits for something; empty otherwise."""
        stroke = self.editor.stroke
        doing = self.editor.elsewhere.doing if stroke is not None and stroke.waits else ""
        return f"The stroke shows as soon as this is done: {doing}" if doing else ""


class EraserTool(BrushTool):
    """A drag makes pixels void: those of the selected segments, or of any if none is selected."""

    name = "Eraser"
    erases = True

    @property
    def hint(self) -> str:
        """What the tool expects next."""
        if words := self.waiting_words():
            return words
        selection = self.editor.selection
        whose = "any segment" if not selection else "the selection"
        return f"Drag to erase {whose} ({self.editor.options.radius:g} px, [ ] for its size)"

    def begin(self) -> Stroke | None:
        """Begins the stroke in the editor."""
        return self.editor.begin(self.name, 0, self.editor.selection)
