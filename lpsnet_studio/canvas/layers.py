"""What lies on the canvas: the photo, coloured index maps and outlines, each a graphics item over arrays.

Every layer samples its array at the screen's resolution when it is painted, so that a change costs what the screen
costs and not what the image costs, and a layer that is hidden costs nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import ceil
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRect, QRectF
from PySide6.QtGui import QColor, QImage, QPainter, QPen, QTransform
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from lpsnet.maps import HeatMap
from lpsnet_studio.canvas.colormaps import Scale, levels_of, sampled, scale_table
from lpsnet_studio.canvas.colors import Table, Window, colored, outline, ring, rings
from lpsnet_studio.canvas.sampling import Grid, IndexMap, IndexSource, Pyramid

__all__ = [
    "HeatLayer",
    "IndexLayer",
    "Layer",
    "OutlineLayer",
    "PhotoLayer",
    "PixelGrid",
    "RingLayer",
    "Sampler",
    "view_of",
]

Sampler = Callable[[Grid, float], "NDArray[Any] | None"]
"""From a grid, and how many of its pixels are one of the view, to premultiplied ARGB of four bytes a pixel, at full
opacity; None if there is nothing. It knows a layer as it was when it was made, and any thread may call it."""

_OUTLINE_WIDTH = 1.5
_MOST_RINGS = 4
"""More regions are ringed together."""
_OUTLINE_REACH = 4
"""Pixels of the view around a change in which lines may have changed."""
_STRIPE = 5.0
_GRID_FROM = 16.0
"""Screen pixels per image pixel from which the borders of pixels are drawn."""
_GRID_COLOR = QColor(128, 128, 128, 90)
_EMPTY: Table = np.zeros(1, np.int32)


class _Exposed(NamedTuple):
    """The screen pixels that a layer has to paint.

    Attributes:
        place: in device pixels of the view.
        grid: where in the layer's image they lie.
        ratio: device pixels per pixel of the view.
    """

    place: QRect
    grid: Grid
    ratio: float


def view_of(painter: QPainter, widget: QWidget | None) -> QRectF:
    """Returns the rectangle that is painted on, in its own coordinates; ``widget`` is None for a picture."""
    if widget is not None:
        return QRectF(widget.rect())
    device = painter.device()
    ratio = device.devicePixelRatioF()
    return QRectF(0, 0, device.width() / ratio, device.height() / ratio)


class Layer(QGraphicsItem):
    """An item of the size of an array."""

    def __init__(self, parent: QGraphicsItem | None = None) -> None:
        super().__init__(parent)
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemUsesExtendedStyleOption)
        self._bounds = QRectF()

    def _set_bounds(self, bounds: QRectF) -> None:
        if bounds != self._bounds:
            self.prepareGeometryChange()
            self._bounds = bounds

    def _set_size(self, height: int, width: int) -> None:
        self._set_bounds(QRectF(0, 0, width, height))
        self.update()

    def boundingRect(self) -> QRectF:
        """Returns where the item paints."""
        return self._bounds

    def _exposed(self, painter: QPainter, exposed: QRectF, widget: QWidget | None, reach: int = 0) -> _Exposed | None:
        """Returns the screen pixels to paint, with ``reach`` pixels more around them; None if there are none."""
        ratio = painter.device().devicePixelRatioF()
        transform = painter.worldTransform() * QTransform.fromScale(ratio, ratio)
        if transform.m11() <= 0 or transform.m22() <= 0:
            return None
        view = view_of(painter, widget)
        screen = QRectF(view.x() * ratio, view.y() * ratio, view.width() * ratio, view.height() * ratio)
        reach = ceil(reach * ratio)
        place = transform.mapRect(exposed).toAlignedRect().adjusted(-reach, -reach, reach, reach)
        place = place.intersected(transform.mapRect(self._bounds).toAlignedRect())
        place = place.intersected(screen.toAlignedRect().adjusted(-reach, -reach, reach, reach))
        if place.isEmpty():
            return None
        step_x, step_y = 1 / transform.m11(), 1 / transform.m22()
        x, y = (place.x() - transform.dx()) * step_x, (place.y() - transform.dy()) * step_y
        return _Exposed(place, Grid(x, y, step_x, step_y, place.width(), place.height()), ratio)


def _paint_pixels(painter: QPainter, exposed: _Exposed, pixels: NDArray[Any], layout: QImage.Format) -> None:
    """Paints pixels of four bytes each, one to a device pixel."""
    height, width = pixels.shape[:2]
    image = QImage(pixels.data, width, height, pixels.strides[0], layout)
    painter.save()
    painter.setWorldTransform(QTransform.fromScale(1 / exposed.ratio, 1 / exposed.ratio))
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
    painter.drawImage(exposed.place.topLeft(), image)
    painter.restore()


def _nothing(_grid: Grid, _ratio: float) -> None:
    """Samples a layer that shows nothing."""


def _heat_colors(heat: HeatMap, scale: Scale, classes: Table | None, grid: Grid) -> NDArray[np.int32]:
    if classes is not None:
        return colored(sampled(heat, grid, smooth=False).astype(np.uint16), classes)
    return colored(levels_of(sampled(heat, grid, smooth=scale.smooth), scale), scale_table(scale.colors))


class PhotoLayer(Layer):
    """The photo. What was painted last is kept, so that overlays change without sampling it again."""

    def __init__(self) -> None:
        super().__init__()
        self._pyramid: Pyramid | None = None
        self._painted: tuple[QRect, Grid, NDArray[np.uint8]] | None = None

    @property
    def pyramid(self) -> Pyramid | None:
        """The photo and its smaller versions."""
        return self._pyramid

    def set_pyramid(self, pyramid: Pyramid | None) -> None:
        """Shows a photo, or nothing."""
        self._pyramid = pyramid
        self._set_size(*(0, 0) if pyramid is None else pyramid.pixels.shape[:2])
        self.refine()

    def refine(self) -> None:
        """Samples the photo again, now that it has smaller versions."""
        self._painted = None
        self.update()

    def sampler(self) -> Sampler:
        """Returns what paints the photo elsewhere."""
        pyramid = self._pyramid
        return lambda grid, _ratio: None if pyramid is None else pyramid.sample(grid)

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        """Paints the exposed part."""
        # All that the view shows, not the exposed part alone: the next change to be painted is elsewhere.
        whole = self._exposed(painter, self._bounds, widget)
        if self._pyramid is None or whole is None:
            return
        if self._painted is None or self._painted[:2] != (whole.place, whole.grid):
            self._painted = whole.place, whole.grid, self._pyramid.sample(whole.grid)
        _paint_pixels(painter, whole, self._painted[2], QImage.Format.Format_RGB32)


class IndexLayer(Layer):
    """An index map in colours, anywhere over the photo."""

    def __init__(self, parent: QGraphicsItem) -> None:
        super().__init__(parent)
        self._source: IndexSource | None = None
        self._table, self._stripes = _EMPTY, _EMPTY
        self._is_striped = False

    @property
    def picture(self) -> IndexSource | None:
        """The map."""
        return self._source

    def set_map(self, source: IndexSource | None, origin: tuple[int, int] = (0, 0)) -> None:
        """Shows a map, or nothing; ``origin`` is the place (x, y) of its first pixel."""
        self._source = source
        self.setPos(QPointF(*origin))
        self._set_size(*(0, 0) if source is None else source.shape)

    def set_table(self, table: Table, stripes: Table | None = None) -> None:
        """Changes the colours.

        Args:
            table: a colour for every index; indices beyond it are clear.
            stripes: the colours in every other one of diagonal stripes, whose width on the screen is always the same.
        """
        self._table, self._is_striped = table, stripes is not None
        self._stripes = table if stripes is None else stripes
        self.update()

    def repaint_windows(self, windows: Sequence[Window]) -> None:
        """Tells where the map has changed in place."""
        for y0, x0, y1, x1 in windows:
            self.update(QRectF(x0, y0, x1 - x0, y1 - y0))

    def colors(self, grid: Grid, ratio: float = 1.0) -> NDArray[np.int32]:
        """Returns what is painted on a grid: premultiplied ARGB ``[height, width]``, at full opacity of the layer."""
        if self._source is None:
            return np.zeros((grid.height, grid.width), np.int32)
        return self._painted(self._source, self._tables, grid, ratio)

    @property
    def _tables(self) -> tuple[Table, Table | None]:
        return self._table, self._stripes if self._is_striped else None

    def _painted(
        self, source: IndexSource, tables: tuple[Table, Table | None], grid: Grid, ratio: float
    ) -> NDArray[np.int32]:
        """Returns a map on a grid; of the layer itself nothing is read that changes."""
        indices, (table, stripes) = source.sample(grid), tables
        plain = colored(indices, table)
        if stripes is not None:
            np.copyto(plain, colored(indices, stripes), where=grid.stripes(max(round(_STRIPE * ratio), 1)))
        return plain

    def sampler(self) -> Sampler:
        """Returns what paints the map elsewhere, as it is now."""
        if self._source is None:
            return _nothing
        source, tables = IndexMap(self._source.indices.copy()), self._tables
        return lambda grid, ratio: self._painted(source, tables, grid, ratio)

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        """Paints the exposed part."""
        exposed = self._exposed(painter, option.exposedRect, widget)
        if self._source is not None and exposed is not None:
            pixels = self.colors(exposed.grid, exposed.ratio)
            _paint_pixels(painter, exposed, pixels, QImage.Format.Format_ARGB32_Premultiplied)


class HeatLayer(Layer):
    """Numbers in colours over the photo, wherever the cells that hold them lie."""

    def __init__(self, parent: QGraphicsItem) -> None:
        super().__init__(parent)
        self._heat: HeatMap | None = None
        self._scale = Scale()
        self._classes: Table | None = None

    @property
    def heat(self) -> HeatMap | None:
        """What is shown."""
        return self._heat

    def set_heat(self, heat: HeatMap | None, scale: Scale, size: tuple[int, int], classes: Table | None = None) -> None:
        """Shows a map over a photo of ``size`` (H, W), or nothing.

        Args:
            heat: the map.
            scale: how its numbers are coloured.
            size: of the photo.
            classes: the colours of class indices where its numbers are such; ``scale`` is not looked at then.
        """
        self._heat, self._scale, self._classes = heat, scale, classes
        self._set_size(*(0, 0) if heat is None else size)

    def colors(self, grid: Grid) -> NDArray[np.int32]:
        """Returns what is painted on a grid: premultiplied ARGB ``[height, width]``, at full opacity of the layer."""
        if self._heat is None:
            return np.zeros((grid.height, grid.width), np.int32)
        return _heat_colors(self._heat, self._scale, self._classes, grid)

    def sampler(self) -> Sampler:
        """Returns what paints the map elsewhere."""
        heat, scale, classes = self._heat, self._scale, self._classes
        return lambda grid, _ratio: None if heat is None else _heat_colors(heat, scale, classes, grid)

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        """Paints the exposed part."""
        exposed = self._exposed(painter, option.exposedRect, widget)
        if self._heat is not None and exposed is not None:
            _paint_pixels(painter, exposed, self.colors(exposed.grid), QImage.Format.Format_ARGB32_Premultiplied)


class _LinesLayer(Layer):
    """Lines found in what the screen shows of an index map, so that their width is the same at any zoom."""

    def __init__(self, parent: QGraphicsItem) -> None:
        super().__init__(parent)
        self._source: IndexMap | None = None

    def set_map(self, source: IndexMap | None) -> None:
        """Follows a map, or nothing."""
        self._source = source
        self._set_size(*(0, 0) if source is None else source.shape)

    def repaint_windows(self, windows: Sequence[Window]) -> None:
        """Tells where the map has changed in place."""
        scale = self.sceneTransform().m11()
        view = self.scene().views()[0] if self.scene() and self.scene().views() else None
        zoom = scale * (1.0 if view is None else view.transform().m11())
        reach = _OUTLINE_REACH / zoom if zoom > 0 else _OUTLINE_REACH
        for y0, x0, y1, x1 in windows:
            self.update(QRectF(x0, y0, x1 - x0, y1 - y0).adjusted(-reach, -reach, reach, reach))

    def _lines(self, source: IndexMap, grid: Grid, ratio: float) -> NDArray[np.int32] | None:
        """Returns the lines on a grid, premultiplied ARGB ``[height, width]``; None if there are none."""
        raise NotImplementedError

    def sampler(self) -> Sampler:
        """Returns what paints the lines elsewhere, along the regions of now."""
        if self._source is None:
            return _nothing
        source = IndexMap(self._source.indices.copy())
        return lambda grid, ratio: self._lines(source, grid, ratio)

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        """Paints the lines in the exposed part."""
        exposed = self._exposed(painter, option.exposedRect, widget, _OUTLINE_REACH)
        if self._source is None or exposed is None:
            return
        pixels = self._lines(self._source, exposed.grid, exposed.ratio)
        if pixels is not None:
            _paint_pixels(painter, exposed, pixels, QImage.Format.Format_ARGB32_Premultiplied)


class OutlineLayer(_LinesLayer):
    """Borders between the regions of an index map."""

    def __init__(self, parent: QGraphicsItem) -> None:
        super().__init__(parent)
        self._table = _EMPTY

    def set_table(self, table: Table) -> None:
        """Changes the colours; one that is clear draws no line."""
        self._table = table
        self.update()

    def _lines(self, source: IndexMap, grid: Grid, ratio: float) -> NDArray[np.int32]:
        return _outlines(source.sample(grid), self._table, ratio)

    def sampler(self) -> Sampler:
        """Returns what paints the lines elsewhere, as they are now."""
        if self._source is None:
            return _nothing
        source, table = IndexMap(self._source.indices.copy()), self._table
        return lambda grid, ratio: _outlines(source.sample(grid), table, ratio)


def _outlines(indices: NDArray[Any], table: Table, ratio: float) -> NDArray[np.int32]:
    return outline(indices, table, 2 * max(round(_OUTLINE_WIDTH * ratio / 2), 1))


class RingLayer(_LinesLayer):
    """The borders of chosen regions, in white over black, so that they show on anything."""

    def __init__(self, parent: QGraphicsItem) -> None:
        super().__init__(parent)
        self._chosen: tuple[int, ...] = ()
        self.hide()

    def select(self, *indices: int) -> None:
        """Rings regions; 0, or no index, rings none."""
        self._chosen = tuple(index for index in indices if index)
        self.setVisible(bool(self._chosen))
        self.update()

    def _lines(self, source: IndexMap, grid: Grid, ratio: float) -> NDArray[np.int32] | None:
        indices, picture = source.sample(grid), None
        if len(self._chosen) > _MOST_RINGS:
            return rings(indices, self._chosen, ratio)
        for chosen in self._chosen:
            inside = indices == chosen
            if inside.any():
                one = ring(inside, ratio)
                picture = one if picture is None else np.where(one != 0, one, picture)
        return picture


class PixelGrid(Layer):
    """The borders of the photo's pixels, once they are large."""

    def set_size(self, height: int, width: int) -> None:
        """Tells the photo's size."""
        self._set_size(height, width)

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        """Paints the lines in the exposed part."""
        if painter.worldTransform().m11() < _GRID_FROM:
            return
        part = option.exposedRect.toAlignedRect().intersected(self._bounds.toRect())
        painter.save()
        pen = QPen(_GRID_COLOR)
        pen.setCosmetic(True)
        painter.setPen(pen)
        for x in range(part.left(), part.right() + 2):
            painter.drawLine(x, part.top(), x, part.bottom() + 1)
        for y in range(part.top(), part.bottom() + 2):
            painter.drawLine(part.left(), y, part.right() + 1, y)
        painter.restore()
