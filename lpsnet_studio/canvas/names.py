"""Names of segments, written inside them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from PySide6.QtCore import QObject, QPointF, QRectF, Qt, QTimer
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QTransform
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from lpsnet_studio.canvas.layers import Layer, view_of
from lpsnet_studio.canvas.placing import InnerPlaces, Rectangle, Room, inner_places
from lpsnet_studio.canvas.sampling import Grid, IndexMap

__all__ = ["NameLayer"]

_TEXT_PIXELS = 11
_LONGEST_SIDE = 400
"""Places are looked for in the map reduced to this many pixels on its longer side."""
_REST_MILLISECONDS = 40
"""Places are looked for at most that often while the map changes."""
_PLATE = QColor(12, 14, 18, 170)
_INK = QColor(255, 255, 255)
_SHIFTS = (0.0, 1.2, -1.2)
"""By how many of its heights a name may go down, where other words are in its place."""
_PROBES_ACROSS = np.linspace(-0.5, 0.5, 7)
_PROBES_DOWN = np.linspace(-0.5, 0.5, 3)


class NameLayer(Layer):
    """Writes on every region of an index map what it is called, where it fits, and never over other words.

    Places follow the map a moment later than the map changes, so that stepping does not wait for them.

    Args:
        parent: the item that it moves with.
        owner: lives as long as the scene does.
        taken: returns where other words are, given the transform to the screen and the view.
    """

    def __init__(
        self, parent: QGraphicsItem, owner: QObject, taken: Callable[[QTransform, QRectF], Sequence[Rectangle]]
    ) -> None:
        super().__init__(parent)
        self._taken = taken
        self._source: IndexMap | None = None
        self._texts: Mapping[int, Sequence[str]] = {}
        self._places: InnerPlaces | None = None
        self._first = 0
        self._font = QFont()
        self._font.setPixelSize(_TEXT_PIXELS)
        self._widths: dict[str, float] = {}
        self._timer = QTimer(owner)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_REST_MILLISECONDS)
        self._timer.timeout.connect(self._find_places)
        self.hide()

    def set_map(self, source: IndexMap | None, texts: Mapping[int, Sequence[str]]) -> None:
        """Follows a map, or nothing.

        Args:
            source: the map.
            texts: what a region is called, from the longest to the shortest that will do; the first that fits is
                written.
        """
        self._source, self._texts, self._places = source, texts, None
        self._set_size(*(0, 0) if source is None else source.shape)
        self.touch()

    def touch(self) -> None:
        """Tells that the map has changed in place."""
        if self.isVisible() and self._source is not None and not self._timer.isActive():
            self._timer.start()

    def prefer(self, index: int) -> None:
        """Places the name of one region before all others; 0 for none."""
        self._first = index
        self.update()

    def setVisible(self, on: bool) -> None:
        """Shows or hides the names; hidden ones are not looked for."""
        if on != self.isVisible():
            super().setVisible(on)
            self._places = None
            self.touch()

    def _find_places(self) -> None:
        if self._source is None or not self.isVisible():
            return
        height, width = self._source.shape
        step = max(max(height, width) / _LONGEST_SIDE, 1.0)
        rows, columns = max(int(height / step), 1), max(int(width / step), 1)
        grid = Grid(0.0, 0.0, width / columns, height / rows, columns, rows)
        found = inner_places(IndexMap(self._source.indices).sample(grid))
        x = ((found.x + 0.5) * grid.step_x).astype(np.intp)
        y = ((found.y + 0.5) * grid.step_y).astype(np.intp)
        self._places = InnerPlaces(found.index, x, y, found.depth * np.float32(step))
        self.update()

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        """Paints the names that fit."""
        if self._source is None or self._places is None:
            return
        transform, view = painter.worldTransform(), view_of(painter, widget)
        room = Room(self._taken(transform, view))
        height = QFontMetricsF(self._font).height() + 2
        painter.save()
        painter.resetTransform()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(self._font)
        places = self._places
        order = np.argsort(-places.depth - 1e9 * (places.index == self._first), kind="stable")
        for at in order.tolist():
            index = int(places.index[at])
            if not float(places.depth[at]) * transform.m11() * 2 > height * 0.7:
                continue
            middle = transform.map(QPointF(places.x[at] + 0.5, places.y[at] + 0.5))
            self._write(painter, index, middle, height, transform, view, room)
        painter.restore()

    def _write(
        self,
        painter: QPainter,
        index: int,
        middle: QPointF,
        height: float,
        transform: QTransform,
        view: QRectF,
        room: Room,
    ) -> None:
        for text in self._texts.get(index, ()):
            width = self._width_of(text)
            for shift in _SHIFTS:
                plate = QRectF(middle.x() - width / 2, middle.y() + (shift - 0.5) * height, width, height)
                rectangle = (plate.x(), plate.y(), width, height)
                if view.contains(plate) and room.is_free(rectangle) and self._holds(index, plate, transform):
                    room.take(rectangle)
                    self._paint_name(painter, plate, text)
                    return

    def _paint_name(self, painter: QPainter, plate: QRectF, text: str) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(_PLATE)
        painter.drawRoundedRect(plate, 3, 3)
        painter.setPen(_INK)
        painter.drawText(plate, Qt.AlignmentFlag.AlignCenter, text)

    def _holds(self, index: int, plate: QRectF, transform: QTransform) -> bool:
        """Whether a rectangle of the screen lies inside a region, by the look of 21 of its points."""
        assert self._source is not None
        indices = self._source.indices
        middle = plate.center()
        x = (middle.x() + _PROBES_ACROSS * plate.width() - transform.dx()) / transform.m11()
        y = (middle.y() + _PROBES_DOWN * plate.height() - transform.dy()) / transform.m22()
        if x[0] < 0 or y[0] < 0 or x[-1] >= indices.shape[1] or y[-1] >= indices.shape[0]:
            return False
        return bool((indices[y.astype(np.intp)[:, None], x.astype(np.intp)] == index).all())

    def _width_of(self, text: str) -> float:
        if text not in self._widths:
            self._widths[text] = QFontMetricsF(self._font).horizontalAdvance(text) + 10
        return self._widths[text]
