"""Painting what an outline encloses: polygon, lasso, box; and filling what hangs together."""

from __future__ import annotations

import math

from lpsnet_studio.annotator.editor import Editor
from lpsnet_studio.annotator.strokes import Point
from lpsnet_studio.annotator.tools.base import NO_CLASS, NO_MODIFIERS, Modifiers, PathShape, Preview, Tool

__all__ = ["BoxTool", "FillTool", "LassoTool", "PolygonTool"]

_CLOSE = 6.0
"""Pixels within which a click on the first corner closes a polygon."""
_SAME = 1e-9


class PolygonTool(Tool):
    """Clicks set corners; a double click, Enter or a click on the first corner closes the polygon."""

    name = "Polygon"

    def __init__(self, editor: Editor) -> None:
        super().__init__(editor)
        self._corners: list[Point] = []
        self._at: Point | None = None
        self.closing_distance = _CLOSE
        """Image pixels within which a click meets the first corner; the canvas sets it by the zoom."""

    @property
    def hint(self) -> str:
        """What the tool expects next."""
        if not self._corners:
            words = self.editor.target_words
            return f"Click the first corner of what is to be painted as {words}" if words else NO_CLASS
        if len(self._corners) < 3:
            return "Click the next corner; Backspace takes the last one back, Esc gives up"
        return "Click the next corner; Enter or a double click closes the polygon"

    @property
    def preview(self) -> tuple[Preview, ...]:
        """The corners so far, and the way to the mouse."""
        if not self._corners:
            return ()
        end = [] if self._at is None else [self._at]
        return (PathShape((*self._corners, *end), closed=len(self._corners) >= 2),)

    def press(self, point: Point, modifiers: Modifiers = NO_MODIFIERS) -> None:
        """Sets a corner, or closes the polygon."""
        if len(self._corners) >= 3 and math.dist(point, self._corners[0]) <= self.closing_distance:
            self.close()
            return
        if not self._corners or math.dist(point, self._corners[-1]) > _SAME:
            self._corners.append(point)
        self.move(point)

    def move(self, point: Point, modifiers: Modifiers = NO_MODIFIERS) -> None:
        """Shows the way from the last corner to the mouse."""
        self._at = point
        self.changed.emit()

    def leave(self) -> None:
        """Shows the corners alone."""
        self._at = None
        self.changed.emit()

    def double_click(self, point: Point, modifiers: Modifiers = NO_MODIFIERS) -> None:
        """Closes the polygon; the first of the two presses has set its last corner."""
        self.close()

    def key(self, key: str) -> bool:
        """Enter closes, Backspace takes the last corner back."""
        if key == "enter" and self._corners:
            self.close()
            return True
        if key == "backspace" and self._corners:
            self._corners.pop()
            self.changed.emit()
            return True
        return super().key(key)

    def close(self) -> None:
        """Paints what the corners enclose; too few of them are kept and said so."""
        if len(self._corners) < 3:
            self.editor.refuse("A polygon needs at least three corners.")
            return
        corners, self._corners = self._corners, []
        self.editor.paint_polygon(corners, self.name)
        self.changed.emit()

    def cancel(self) -> bool:
        """Forgets the corners."""
        had, self._corners = bool(self._corners), []
        self.changed.emit()
        return had


class LassoTool(Tool):
    """A drag draws an outline; letting go paints what it encloses."""

    name = "Lasso"

    def __init__(self, editor: Editor) -> None:
        super().__init__(editor)
        self._way: list[Point] = []

    @property
    def hint(self) -> str:
        """What the tool expects next."""
        words = self.editor.target_words
        if self._way:
            return f"Let go to paint what is enclosed as {words or 'a new segment'}; Esc gives up"
        return f"Drag around what is to be painted as {words}" if words else NO_CLASS

    @property
    def preview(self) -> tuple[Preview, ...]:
        """The outline so far."""
        return (PathShape(tuple(self._way), closed=True),) if self._way else ()

    def press(self, point: Point, modifiers: Modifiers = NO_MODIFIERS) -> None:
        """Begins the outline."""
        self._way = [point]
        self.changed.emit()

    def move(self, point: Point, modifiers: Modifiers = NO_MODIFIERS) -> None:
        """Goes on with the outline."""
        if self._way and point != self._way[-1]:
            self._way.append(point)
            self.changed.emit()

    def release(self, point: Point, modifiers: Modifiers = NO_MODIFIERS) -> None:
        """Paints what is enclosed; a mere click paints nothing."""
        self.move(point)
        way, self._way = self._way, []
        if len(way) >= 3:
            self.editor.paint_polygon(way, self.name)
        self.changed.emit()

    def cancel(self) -> bool:
        """Forgets the outline."""
        had, self._way = bool(self._way), []
        self.changed.emit()
        return had


class BoxTool(Tool):
    """Two corners paint a box: clicked one after the other, or the ends of a drag.

    Attributes:
        corner: the first one; None before.
        opposite: where the second one would be.
        click_distance: image pixels within which the button is let go of where it went down; the canvas sets it by the
            zoom.
    """

    name = "Box"

    def __init__(self, editor: Editor) -> None:
        super().__init__(editor)
        self.corner: Point | None = None
        self.opposite: Point | None = None
        self.click_distance = 0.0
        self._pressed: Point | None = None

    @property
    def hint(self) -> str:
        """What the tool expects next."""
        words = self.editor.target_words
        if self.corner is not None:
            return f"Click the opposite corner, or let go there, to paint {words or 'a new segment'}; Esc gives up"
        return f"Drag from corner to corner, or click two corners, to paint {words}" if words else NO_CLASS

    @property
    def preview(self) -> tuple[Preview, ...]:
        """The box so far."""
        if self.corner is None or self.opposite is None or self.corner == self.opposite:
            return ()
        (ax, ay), (bx, by) = self.corner, self.opposite
        return (PathShape(((ax, ay), (bx, ay), (bx, by), (ax, by)), closed=True),)

    def press(self, point: Point, modifiers: Modifiers = NO_MODIFIERS) -> None:
        """Sets the first corner, or the second one."""
        self._pressed = point
        if self.corner is None:
            self.corner = point
        self.opposite = point
        self.changed.emit()

    def move(self, point: Point, modifiers: Modifiers = NO_MODIFIERS) -> None:
        """Moves the opposite corner."""
        if self.corner is not None:
            self.opposite = point
            self.changed.emit()

    def release(self, point: Point, modifiers: Modifiers = NO_MODIFIERS) -> None:
        """Takes the second corner, unless this was a mere click on the first."""
        pressed, self._pressed = self._pressed, None
        if self.corner is not None and pressed is not None:
            self.move(point)
            if math.dist(self.corner, point) > self.click_distance:
                self.take_corners(self.corner, point)
        self.changed.emit()

    def double_click(self, point: Point, modifiers: Modifiers = NO_MODIFIERS) -> None:
        """Is a press like any other."""
        self.press(point, modifiers)

    def take_corners(self, corner: Point, opposite: Point) -> None:
        """Paints the box between two corners."""
        self.corner = self.opposite = None
        self.editor.paint_box(corner, opposite, title=self.name)

    def cancel(self) -> bool:
        """Forgets the corner."""
        had, self.corner, self.opposite, self._pressed = self.corner is not None, None, None, None
        self.changed.emit()
        return had


class FillTool(Tool):
    """A click gives the selected segment everything that hangs together with the pixel and has its number."""

    name = "Fill"

    @property
    def hint(self) -> str:
        """What the tool expects next."""
        words = self.editor.target_words or "a new segment, whose class Shift+C chooses"
        return f"Click what is to become {words}; Ctrl+click picks the segment to fill with"

    def press(self, point: Point, modifiers: Modifiers = NO_MODIFIERS) -> None:
        """Fills, or with Ctrl picks the segment to fill with."""
        editor = self.editor
        number = editor.number_at(*point)
        if modifiers.ctrl:
            editor.select((number,) if number else ())
            self.changed.emit()
            return
        editor.fill_at(point, self.name)
        self.changed.emit()
