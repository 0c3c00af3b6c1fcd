"""Choosing segments by clicking them."""

from __future__ import annotations

from lpsnet_studio.annotator.strokes import Point
from lpsnet_studio.annotator.tools.base import NO_MODIFIERS, Modifiers, Tool

__all__ = ["SelectTool"]


class SelectTool(Tool):
    """A click selects, Ctrl+click adds or takes out, a click on void selects nothing."""

    name = "Select"

    @property
    def hint(self) -> str:
        """What the tool expects next."""
        count = len(self.editor.selection)
        if count == 0:
            return "Click a segment; Ctrl+click adds to the selection"
        what = self.editor.name(self.editor.selection[0]) if count == 1 else f"{count} segments"
        return f"{what} selected; Ctrl+click adds to the selection"

    def press(self, point: Point, modifiers: Modifiers = NO_MODIFIERS) -> None:
        """Selects what lies under the point."""
        number = self.editor.number_at(*point)
        if modifiers.ctrl:
            if number:
                self.editor.toggle(number)
        else:
            self.editor.select((number,) if number else ())
        self.changed.emit()
