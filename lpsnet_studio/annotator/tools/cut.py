"""Cutting a segment in two along a drawn line."""

from __future__ import annotations

from itertools import pairwise

from lpsnet_studio.annotator.editor import Editor
from lpsnet_studio.annotator.strokes import Point
from lpsnet_studio.annotator.tools.base import NO_MODIFIERS, Modifiers, PathShape, Preview, Tool

__all__ = ["CutTool"]


class CutTool(Tool):
    """A drag across a segment cuts it; without a selection, the segment that the line covers most."""

    name = "Cut"

    def __init__(self, editor: Editor) -> None:
        super().__init__(editor)
        self._line: list[Point] = []

    @property
    def hint(self) -> str:
        """What the tool expects next."""
        if self._line:
            return "Let go beyond the segment to cut it; Esc gives up"
        if len(self.editor.selection) == 1:
            return f"Drag a line across {self.editor.name(self.editor.selection[0])}"
        return "Drag a line across the segment to cut"

    @property
    def preview(self) -> tuple[Preview, ...]:
        """The line so far."""
        return (PathShape(tuple(self._line)),) if self._line else ()

    def press(self, point: Point, modifiers: Modifiers = NO_MODIFIERS) -> None:
        """Begins the line."""
        self._line = [point]
        self.changed.emit()

    def move(self, point: Point, modifiers: Modifiers = NO_MODIFIERS) -> None:
        """Goes on with the line; with Shift held it stays straight."""
        if self._line and point != self._line[-1]:
            if modifiers.shift:
                del self._line[1:]
            self._line.append(point)
            self.changed.emit()

    def release(self, point: Point, modifiers: Modifiers = NO_MODIFIERS) -> None:
        """Cuts."""
        self.move(point, modifiers)
        line, self._line = self._line, []
        if len(line) >= 2:
            if len(self.editor.selection) != 1:
                number = self._under(line)
                self.editor.select((number,) if number else ())
            self.editor.cut(line)
        self.changed.emit()

    def cancel(self) -> bool:
        """Forgets the line."""
        had, self._line = bool(self._line), []
        self.changed.emit()
        return had

    def _under(self, line: list[Point]) -> int:
        """Returns the segment that lies under most of a line; 0 if none does."""
        lengths: dict[int, int] = {}
        for (ax, ay), (bx, by) in pairwise(line):
            steps = max(1, round(max(abs(bx - ax), abs(by - ay))))
            for step in range(steps):
                number = self.editor.number_at(ax + (bx - ax) * step / steps, ay + (by - ay) * step / steps)
                lengths[number] = lengths.get(number, 0) + 1
        lengths.pop(0, None)
        return max(lengths, key=lambda number: lengths[number], default=0)
