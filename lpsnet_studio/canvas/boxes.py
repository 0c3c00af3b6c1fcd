"""Boxes on the canvas, each with a line of text that never covers another's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen, QTransform
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from lpsnet_studio.canvas.layers import Layer, view_of
from lpsnet_studio.canvas.placing import Rectangle, Room, place_tag

__all__ = ["Box", "BoxLayer"]

_LEAST_WIDTH_FOR_TEXT = 28.0
_TEXT_PIXELS = 11


@dataclass(frozen=True, slots=True)
class Box:
    """A box to draw.

    Attributes:
        box: ``(x0, y0, x1, y1)`` in the overlays' pixels.
        text: beside its upper left corner; may be empty.
        more: goes on after the text, and takes no part in finding its place: what comes and goes moves nothing.
        color: RGB.
        dashed: whether its line is broken.
        strong: whether it is drawn thick, white over black.
        pinned: whether its text is shown however small the box, over another's if there is no room left.
    """

    box: tuple[float, float, float, float]
    text: str
    color: tuple[int, int, int]
    dashed: bool = False
    strong: bool = False
    pinned: bool = False
    more: str = ""


class _Arrangement(NamedTuple):
    """What is drawn where, for one look of the view."""

    look: tuple[QTransform, QRectF]
    frames: tuple[tuple[Box, QRectF], ...]
    tags: tuple[tuple[Box, Rectangle], ...]


class BoxLayer(Layer):
    """Boxes with a line of text each; lines and text keep their size on the screen.

    A text that finds no room beside its box is left out, unless it is pinned. Those that come first are placed first,
    pinned or not, so that a text keeps its place while boxes are added behind it or another one is pinned.

    Args:
        parent: the item that it moves with.
        below: boxes whose texts this layer's are drawn over, and which have their room first.
    """

    def __init__(self, parent: QGraphicsItem, below: BoxLayer | None = None) -> None:
        super().__init__(parent)
        self._below = below
        self._boxes: tuple[Box, ...] = ()
        self._arranged: _Arrangement | None = None
        self._taken: tuple[Rectangle, ...] = ()
        self._font = QFont()
        self._font.setPixelSize(_TEXT_PIXELS)
        self._widths: dict[str, float] = {}

    def set_boxes(self, boxes: Sequence[Box], size: tuple[int, int]) -> None:
        """Shows boxes over an image of ``size`` (H, W); the text of earlier ones goes before that of later ones."""
        self._boxes = tuple(boxes)
        # Text may stand above the image's upper edge, and boxes may reach beyond it.
        margin = max(size)
        self._set_bounds(QRectF(-margin, -margin, size[1] + 2 * margin, size[0] + 2 * margin))
        self.rearrange()

    def keep_clear_of(self, taken: Sequence[Rectangle]) -> None:
        """Tells which rectangles of the view something else lies on."""
        if self._taken != tuple(taken):
            self._taken = tuple(taken)
            self.rearrange()

    def rearrange(self) -> None:
        """Places every text anew."""
        self._arranged = None
        self.update()

    def tags(self, transform: QTransform, view: QRectF) -> list[Rectangle]:
        """Returns where this layer's texts are in a view that maps by ``transform``."""
        return [rectangle for _, rectangle in self._arrange(transform, view).tags] if self.isVisible() else []

    def _arrange(self, transform: QTransform, view: QRectF) -> _Arrangement:
        look = (QTransform(transform), QRectF(view))
        if self._arranged is not None and self._arranged.look == look:
            return self._arranged
        below = [] if self._below is None else self._below.tags(transform, view)
        frames = []
        for box in self._boxes:
            x0, y0, x1, y1 = box.box
            frame = transform.mapRect(QRectF(x0, y0, x1 - x0, y1 - y0))
            # A rectangle without area meets nothing, and a line is wider than the box that it follows.
            if frame.adjusted(-3, -3, 3, 3).intersects(view):
                frames.append((box, frame))
        tags = self._place_tags(frames, Room([*self._taken, *below]), (view.width(), view.height()))
        self._arranged = _Arrangement(look, tuple(frames), tuple(tags))
        return self._arranged

    def _place_tags(
        self, frames: Sequence[tuple[Box, QRectF]], room: Room, edges: tuple[float, float]
    ) -> list[tuple[Box, Rectangle]]:
        """Returns where the texts go, in the order in which they are painted: pinned ones that found no room last."""
        tags, without_room = [], []
        for box, frame in frames:
            if not box.text:
                continue
            place = None
            if frame.width() >= _LEAST_WIDTH_FOR_TEXT:
                place = place_tag(_outer(frame), self._size_of(box.text), edges, room)
            if place is not None:
                tags.append((box, self._with_more(box, place, edges[0])))
            elif box.pinned:
                without_room.append((box, frame))
        for box, frame in without_room:
            place = place_tag(_outer(frame), self._size_of(box.text), edges, room, always=True)
            if place is not None:
                tags.append((box, self._with_more(box, place, edges[0])))
        return tags

    def _with_more(self, box: Box, place: Rectangle, right_edge: float) -> Rectangle:
        """Returns the place of a text with what goes on after it: to the right, as far as the view allows it."""
        if not box.more:
            return place
        x, y, _, height = place
        width, _ = self._size_of(box.text + box.more)
        return max(min(x, right_edge - width), 0.0), y, width, height

    def _size_of(self, text: str) -> tuple[float, float]:
        metrics = QFontMetricsF(self._font)
        if text not in self._widths:
            self._widths[text] = metrics.horizontalAdvance(text) + 8
        return self._widths[text], metrics.height() + 2

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        """Paints every box that reaches into the view."""
        if not self._boxes:
            return
        arranged = self._arrange(painter.worldTransform(), view_of(painter, widget))
        painter.save()
        painter.resetTransform()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for box, frame in arranged.frames:
            _paint_frame(painter, frame, box)
        painter.setFont(self._font)
        for box, place in arranged.tags:
            _paint_tag(painter, QRectF(*place), box)
        painter.restore()


def _outer(frame: QRectF) -> Rectangle:
    """Returns a frame with the half of its line that lies outside it."""
    return frame.x() - 0.75, frame.y(), frame.width() + 1.5, frame.height()


def _paint_frame(painter: QPainter, frame: QRectF, box: Box) -> None:
    style = Qt.PenStyle.DashLine if box.dashed else Qt.PenStyle.SolidLine
    strokes = [(QColor(0, 0, 0, 160), 3.0), (QColor(*box.color), 1.5)]
    if box.strong:
        strokes = [(QColor(0, 0, 0), 5.0), (QColor(255, 255, 255), 2.0)]
    for color, width in strokes:
        pen = QPen(color, width, style)
        pen.setJoinStyle(Qt.PenJoinStyle.MiterJoin)
        painter.setPen(pen)
        painter.drawRect(frame)


def _paint_tag(painter: QPainter, tag: QRectF, box: Box) -> None:
    """Writes a box's text on its colour."""
    background = QColor(255, 255, 255) if box.strong else QColor(*box.color)
    painter.fillRect(tag, background)
    dark = background.red() * 0.299 + background.green() * 0.587 + background.blue() * 0.114 > 140
    painter.setPen(QColor(0, 0, 0) if dark else QColor(255, 255, 255))
    painter.drawText(tag, Qt.AlignmentFlag.AlignCenter, box.text + box.more)
