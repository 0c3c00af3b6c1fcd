"""The canvas: a photo with overlays, zoom and pan. It knows arrays and colours, not networks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QFrame, QGraphicsScene, QGraphicsView, QLabel, QWidget

from lpsnet_studio.canvas.colors import Table, Window
from lpsnet_studio.canvas.layers import Box, BoxLayer, IndexLayer, OutlineLayer, PhotoLayer, _Layer

__all__ = ["CanvasView"]

_STEP = 1.25
"""Zoom factor of one notch of the wheel."""
_LARGEST = 64.0
_MARGIN = 12
"""Pixels kept free around a fitted photo."""


class _Overlays(_Layer):
    """Holds the overlays, scaled from their own pixels to the photo's."""

    def paint(self, *_: Any) -> None:
        """Paints nothing of its own."""


class CanvasView(QGraphicsView):
    """A photo with overlays.

    The wheel zooms at the mouse; the middle button, or the left one while Space is held, pans.

    Attributes:
        labels: the semantic map.
        segments: who owns each pixel.
        step: pixels of one merge step, above the segments.
        outlines: borders of the segments.
        boxes: boxes and their texts.
        step_boxes: the box of one merge step, above all.
        hovered: the pixel of the photo under the mouse, x and y, whichever of the two moved; outside the photo the
            numbers are outside it too.
        left: the mouse has left the canvas.
        clicked: the pixel of the photo that was clicked with the left button.
        zoom_changed: screen pixels per image pixel.
    """

    hovered = Signal(int, int)
    left = Signal()
    clicked = Signal(int, int)
    zoom_changed = Signal(float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        scene = QGraphicsScene(self)
        self.setScene(scene)
        self.setObjectName("canvas")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTransformationAnchor(QGraphicsView.ViewportAnchor.NoAnchor)
        self.setResizeAnchor(QGraphicsView.ViewportAnchor.NoAnchor)
        self.setViewportUpdateMode(QGraphicsView.ViewportUpdateMode.MinimalViewportUpdate)
        self.setOptimizationFlag(QGraphicsView.OptimizationFlag.DontSavePainterState)
        self.setAccessibleName("Canvas")
        self._photo = PhotoLayer()
        scene.addItem(self._photo)
        self._overlays = _Overlays(self._photo)
        self.labels = IndexLayer(self._overlays)
        self.segments = IndexLayer(self._overlays)
        self.outlines = OutlineLayer(self._overlays)
        self.step = IndexLayer(self._overlays)
        self.boxes = BoxLayer(self._overlays)
        self.step_boxes = BoxLayer(self._overlays)
        self._size = (0, 0)
        self._fitted = True
        self._space = False
        self._pan_from: QPoint | None = None
        self._mouse: QPointF | None = None
        self._chip = QLabel(self.viewport())
        self._chip.setObjectName("chip")
        self._chip.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._chip.hide()

    # -------------------------------------------------------------------------------------------------------- contents

    def set_photo(self, pixels: NDArray[np.uint8] | None) -> None:
        """Shows RGB pixels ``[H, W, 3]``, or nothing, without overlays; a photo of another size is fitted."""
        self.clear_overlays()
        self._photo.set_pixels(pixels)
        size = (0, 0) if pixels is None else (pixels.shape[0], pixels.shape[1])
        height, width = size
        # Room to pan the photo to any place of the view.
        self.setSceneRect(QRectF(-4 * width - 4000, -4 * height - 4000, 9 * width + 8000, 9 * height + 8000))
        if size != self._size:
            self._size = size
            self.fit()

    def clear_overlays(self) -> None:
        """Takes every overlay away."""
        empty = np.zeros(1, np.int32)
        for layer in (self.labels, self.segments, self.step):
            layer.set_map(None, empty)
        self.outlines.set_map(None, empty)
        self.boxes.set_boxes((), (0, 0))
        self.step_boxes.set_boxes((), (0, 0))
        self.set_chip("")

    def set_overlay_size(self, size: tuple[int, int]) -> None:
        """Tells the size (H, W) of the overlays' arrays, which are stretched over the photo."""
        height, width = size
        if height and width and self._size[0]:
            transform = self._overlays.transform()
            transform.reset()
            transform.scale(self._size[1] / width, self._size[0] / height)
            self._overlays.setTransform(transform)

    def set_segment_map(self, owners: NDArray[np.unsignedinteger[Any]] | None, fill: Table, line: Table) -> None:
        """Shows who owns each pixel; the array may change in place, see :meth:`repaint_segments`."""
        self.segments.set_map(owners, fill)
        self.outlines.set_map(owners, line)

    def repaint_segments(self, windows: Sequence[Window]) -> None:
        """Shows what changed in place in the segment map."""
        self.segments.repaint_windows(windows)
        self.outlines.repaint_windows(windows)

    def set_boxes(self, boxes: Sequence[Box], size: tuple[int, int]) -> None:
        """Shows boxes over overlays of ``size`` (H, W)."""
        self.boxes.set_boxes(boxes, size)

    def set_chip(self, text: str) -> None:
        """Writes a few words beside the mouse; empty text hides them."""
        self._chip.setVisible(bool(text))
        if text:
            self._chip.setText(text)
            self._chip.adjustSize()
            self._place_chip(self.viewport().mapFromGlobal(self.cursor().pos()))

    # ------------------------------------------------------------------------------------------------------------ zoom

    @property
    def zoom(self) -> float:
        """Screen pixels per image pixel."""
        return self.transform().m11()

    def fit(self) -> None:
        """Shows the whole photo, and goes on doing so when the window changes its size."""
        self._fitted = True
        height, width = self._size
        if not height or not width:
            return
        room = self.viewport().size()
        scale = min(max(room.width() - 2 * _MARGIN, 16) / width, max(room.height() - 2 * _MARGIN, 16) / height)
        self._set_zoom(min(scale, _LARGEST))
        self.centerOn(width / 2, height / 2)
        self._report_hovered()

    def zoom_to(self, scale: float) -> None:
        """Zooms about the middle of the view to ``scale`` screen pixels per image pixel."""
        self.zoom_by(scale / self.zoom)

    def zoom_by(self, factor: float, at: QPointF | None = None) -> None:
        """Zooms by a factor; the image stays where it is at ``at``, in the view's pixels; None for its middle."""
        if not self._size[0]:
            return
        pivot = at if at is not None else QPointF(self.viewport().rect().center())
        before = self._to_scene(pivot)
        height, width = self._size
        smallest = min(1.0, 32 / max(height, width))
        self._fitted = False
        self._set_zoom(min(max(self.zoom * factor, smallest), _LARGEST))
        after = self._to_scene(pivot)
        middle = self._to_scene(QPointF(self.viewport().rect().center()))
        self.centerOn(middle + before - after)
        self._report_hovered()

    def zoom_in(self) -> None:
        """Zooms in by one notch."""
        self.zoom_by(_STEP)

    def zoom_out(self) -> None:
        """Zooms out by one notch."""
        self.zoom_by(1 / _STEP)

    def pixel_at(self, position: QPointF) -> tuple[int, int]:
        """Returns the photo's pixel, x and y, at a place of the viewport; outside the photo it lies outside it."""
        point = self._to_scene(position)
        return int(np.floor(point.x())), int(np.floor(point.y()))

    def _to_scene(self, position: QPointF) -> QPointF:
        inverse, _ = self.viewportTransform().inverted()
        return inverse.map(position)

    def _set_zoom(self, scale: float) -> None:
        self.resetTransform()
        self.scale(scale, scale)
        self.zoom_changed.emit(scale)

    # ---------------------------------------------------------------------------------------------------------- events

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zooms at the mouse."""
        self._mouse = event.position()
        notches = event.angleDelta().y() / 120
        if notches:
            self.zoom_by(_STEP**notches, event.position())
        event.accept()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keeps a fitted photo fitted."""
        super().resizeEvent(event)
        if self._fitted:
            self.fit()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begins to pan, or reports a click."""
        pans = event.button() == Qt.MouseButton.MiddleButton
        pans = pans or (event.button() == Qt.MouseButton.LeftButton and self._space)
        if pans:
            self._pan_from = event.position().toPoint()
            self.viewport().setCursor(Qt.CursorShape.ClosedHandCursor)
        elif event.button() == Qt.MouseButton.LeftButton:
            self.clicked.emit(*self.pixel_at(event.position()))
        event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Pans, or reports the pixel under the mouse."""
        self._mouse = event.position()
        if self._pan_from is not None:
            place = event.position().toPoint()
            moved, self._pan_from = place - self._pan_from, place
            self._fitted = False
            middle = self._to_scene(QPointF(self.viewport().rect().center()))
            self.centerOn(middle - QPointF(moved) / self.zoom)
        self._report_hovered()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Ends panning."""
        if self._pan_from is not None:
            self._pan_from = None
            self._show_cursor()
        event.accept()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Is a click like any other."""
        self.mousePressEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Space makes the left button pan while it is held."""
        if event.key() == Qt.Key.Key_Space:
            if not event.isAutoRepeat():
                self._space = True
                self._show_cursor()
            event.accept()
            return
        event.ignore()

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        """Ends what Space began."""
        if event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            self._space = False
            self._show_cursor()
        event.ignore()

    def focusOutEvent(self, event: QEvent) -> None:
        """Forgets a held Space, whose release goes elsewhere."""
        self._space = False
        self._show_cursor()
        super().focusOutEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        """Reports that the mouse is gone."""
        self._mouse = None
        self._chip.hide()
        self.left.emit()
        super().leaveEvent(event)

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        """Repaints everything: the tags of boxes keep to the view, so that moved pixels would show them twice."""
        super().scrollContentsBy(dx, dy)
        self.viewport().update()

    def drawBackground(self, painter: QPainter, rect: QRectF) -> None:
        """Fills the surroundings of the photo."""
        painter.fillRect(rect, QColor(self.palette().window().color()))

    def _report_hovered(self) -> None:
        """Reports the pixel under the mouse, after either has moved."""
        if self._mouse is not None:
            self.hovered.emit(*self.pixel_at(self._mouse))
            self._place_chip(self._mouse.toPoint())

    def _show_cursor(self) -> None:
        self.viewport().setCursor(Qt.CursorShape.OpenHandCursor if self._space else Qt.CursorShape.ArrowCursor)

    def _place_chip(self, mouse: QPoint) -> None:
        if self._chip.isVisible():
            room, size = self.viewport().rect(), self._chip.size()
            right, below = mouse.x() + 14, mouse.y() + 16
            x = right if right + size.width() < room.width() else mouse.x() - 8 - size.width()
            y = below if below + size.height() < room.height() else mouse.y() - 8 - size.height()
            self._chip.move(x, y)
