"""The canvas: a photo with overlays, zoom and pan. It knows arrays and colours, not networks."""

from __future__ import annotations

from math import ceil, floor

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QImage,
    QInputDevice,
    QKeyEvent,
    QMouseEvent,
    QNativeGestureEvent,
    QPainter,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QFrame, QGraphicsView, QMenu, QWidget

from lpsnet_studio.canvas.chip import Chip
from lpsnet_studio.canvas.focus_frame import FocusFrame
from lpsnet_studio.canvas.minimap import Minimap
from lpsnet_studio.canvas.places import Place, Places
from lpsnet_studio.canvas.stage import Stage

__all__ = ["CanvasView"]

_STEP = 1.25
"""Zoom factor of one notch of the wheel."""
_LARGEST = 64.0
_MARGIN = 12
"""Pixels kept free around a fitted photo, and around what lies in a corner of the view."""
_PART_OF_VIEW = 0.7
"""How much of the view a rectangle that is zoomed to takes."""
_SETTLED_MILLISECONDS = 600
"""Turns of the wheel and drags that follow each other within this are one move to go back from."""


class CanvasView(QGraphicsView):
    """A photo with overlays.

    The wheel zooms at the mouse; the middle button, or the left one while Space is held, pans; on a touchpad two
    fingers pan, and zoom by pinching or with Ctrl.

    Attributes:
        stage: what is shown.
        places: where it has looked.
        minimap: the whole photo, small, where it does not fit the view.
        hovered: the pixel of the photo under the mouse, x and y, whichever of the two moved; outside the photo the
            numbers are outside it too.
        left: the mouse has left the canvas.
        clicked: the pixel of the photo that was clicked with the left button.
        marked: the pixel that was clicked so with Alt.
        menu_opened: the pixel where the mouse opens the menu.
        zoom_changed: screen pixels per image pixel.
        places_changed: whether there are places to go back or forward to.
    """

    hovered = Signal(int, int)
    left = Signal()
    clicked = Signal(int, int)
    marked = Signal(int, int)
    menu_opened = Signal(int, int)
    zoom_changed = Signal(float)
    places_changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.stage = Stage(self)
        self.setScene(self.stage)
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
        self._menu: QMenu | None = None
        self._size = (0, 0)
        self._fitted = True
        self._looked_at = QPointF()
        self._space = False
        self._pan_from: QPoint | None = None
        self._mouse: QPointF | None = None
        self.places = Places(self.places_changed.emit)
        self._gesture = QTimer(self)
        self._gesture.setSingleShot(True)
        self._gesture.setInterval(_SETTLED_MILLISECONDS)
        self._chip, self._caption, self._longest_caption = (Chip(self.viewport()) for _ in range(3))
        self._focus_frame = FocusFrame(self)
        self.minimap = Minimap(self.viewport())
        self._wants_minimap = True
        self.minimap.pressed.connect(self._leave_place)
        self.minimap.wanted.connect(self._look_at_share)
        self.stage.refined.connect(self._fill_minimap)

    # -------------------------------------------------------------------------------------------------------- contents

    def set_photo(self, pixels: NDArray[np.uint8] | None) -> None:
        """Shows RGB pixels ``[H, W, 3]``, or nothing, without overlays.

        A photo of the size of the one before is shown at the same place, so that the two can be compared; another is
        fitted.
        """
        self.stage.set_photo(pixels)
        self.set_chip("")
        self._longest_caption.hold("")
        self.set_caption("")
        height, width = self.stage.size
        self._fill_minimap()
        if pixels is None or self._size == (height, width):
            return
        self._size = (height, width)
        # Room to pan the photo to any place of the view.
        self.setSceneRect(QRectF(-4 * width - 4000, -4 * height - 4000, 9 * width + 8000, 9 * height + 8000))
        self.places.clear()
        self._gesture.stop()
        self._fit()

    def set_chip(self, text: str) -> None:
        """Writes a few words beside the mouse; empty text hides them."""
        self._chip.say(text)
        self._chip.place_beside(self.viewport().mapFromGlobal(self.cursor().pos()))

    def set_caption(self, text: str) -> None:
        """Writes a few words at the top of the view; empty text hides them."""
        self._caption.say(text)
        self._place_furniture()

    def reserve_caption(self, text: str) -> None:
        """Keeps the room of the longest caption to come free, so that no words move when captions come and go."""
        self._longest_caption.hold(text)
        self._place_furniture()

    def show_minimap(self, on: bool) -> None:
        """Shows the minimap where the photo does not fit the view, or never."""
        self._wants_minimap = on
        self._show_part()

    @property
    def part_in_view(self) -> QRect:
        """What of the photo is in view, in whole pixels of the view, else everything would be a little out of place."""
        photo = self.viewportTransform().mapRect(self.stage.photo.boundingRect())
        part = photo.intersected(QRectF(self.viewport().rect()))
        left, top = ceil(part.left() - 1e-6), ceil(part.top() - 1e-6)
        return QRect(left, top, floor(part.right() + 1e-6) - left, floor(part.bottom() + 1e-6) - top)

    def picture(self) -> QImage:
        """Returns what of the photo is in view, with its overlays, at the screen's resolution; null without any."""
        part, ratio = self.part_in_view, self.devicePixelRatioF()
        if part.isEmpty():
            return QImage()
        image = QImage(part.size() * ratio, QImage.Format.Format_RGB32)
        image.setDevicePixelRatio(ratio)
        image.fill(self.palette().window().color())
        painter = QPainter(image)
        self.stage.keep_clear_of(())
        self.render(painter, QRectF(0, 0, part.width(), part.height()), part)
        painter.end()
        self._place_furniture()
        return image

    # ------------------------------------------------------------------------------------------------------------ zoom

    @property
    def zoom(self) -> float:
        """Screen pixels per image pixel."""
        return self.transform().m11()

    def fit(self) -> None:
        """Shows the whole photo, and goes on doing so when the window changes its size."""
        self._leave_place()
        self._fit()

    def _fit(self) -> None:
        self._fitted = True
        height, width = self._size
        if not height or not width:
            return
        room = self.viewport().size()
        scale = min(max(room.width() - 2 * _MARGIN, 16) / width, max(room.height() - 2 * _MARGIN, 16) / height)
        self._set_zoom(min(scale, _LARGEST))
        self._look_at(QPointF(width / 2, height / 2))

    def zoom_to(self, scale: float) -> None:
        """Zooms about the middle of the view to ``scale`` screen pixels per image pixel."""
        self._leave_place()
        self.zoom_by(scale / self.zoom)

    def zoom_to_rectangle(self, rectangle: QRectF) -> None:
        """Shows a rectangle of the photo as large as the view allows, with something of its surroundings."""
        if not self._size[0]:
            return
        self._leave_place()
        room = self.viewport().size()
        across = room.width() * _PART_OF_VIEW / max(rectangle.width(), 1)
        down = room.height() * _PART_OF_VIEW / max(rectangle.height(), 1)
        self._fitted = False
        self._set_zoom(min(max(min(across, down), self._smallest), _LARGEST))
        self._look_at(rectangle.center())

    def zoom_by(self, factor: float, at: QPointF | None = None) -> None:
        """Zooms by a factor; the image stays where it is at ``at``, in the view's pixels; None for its middle."""
        if not self._size[0]:
            return
        self._note_gesture()
        away = QPointF() if at is None else at - self._view_middle
        before = self._looked_at + away / self.zoom
        self._fitted = False
        self._set_zoom(min(max(self.zoom * factor, self._smallest), _LARGEST))
        self._look_at(before - away / self.zoom)

    @property
    def _smallest(self) -> float:
        """The least zoom: the photo is still to be seen."""
        return min(1.0, 32 / max(*self._size, 1))

    def pan_by(self, moved: QPointF) -> None:
        """Moves the photo by pixels of the view."""
        if not self._size[0]:
            return
        self._note_gesture()
        self._fitted = False
        self._look_at(self._looked_at - moved / self.zoom)

    @property
    def _view_middle(self) -> QPointF:
        return QPointF(self.viewport().width() / 2, self.viewport().height() / 2)

    def _look_at(self, place: QPointF) -> None:
        """Puts a place of the photo into the middle of the view.

        Qt scrolls by whole pixels. The place itself is remembered, or many small moves would add up what is lost.
        """
        room = self.sceneRect()
        x = min(max(place.x(), room.left()), room.right())
        y = min(max(place.y(), room.top()), room.bottom())
        self._looked_at = QPointF(x, y)
        self.centerOn(self._looked_at)
        self._show_part()
        self._report_hovered()

    def zoom_in(self) -> None:
        """Zooms in by one notch."""
        self.zoom_by(_STEP)

    def zoom_out(self) -> None:
        """Zooms out by one notch."""
        self.zoom_by(1 / _STEP)

    # --------------------------------------------------------------------------------------------------------- history

    @property
    def place(self) -> Place:
        """Where the canvas looks."""
        return Place(self.zoom, self._looked_at.x(), self._looked_at.y(), self._fitted)

    def go_back(self) -> None:
        """Goes to where the canvas looked before the last jump, or the last turns of the wheel and drags."""
        self._go(self.places.back(self.place))

    def go_forward(self) -> None:
        """Goes to where :meth:`go_back` came from."""
        self._go(self.places.forward(self.place))

    def _go(self, place: Place | None) -> None:
        self._gesture.stop()
        if place is None:
            return
        if place.fitted:
            self._fit()
            return
        self._fitted = False
        self._set_zoom(place.zoom)
        self._look_at(QPointF(place.x, place.y))

    def _leave_place(self) -> None:
        """Remembers where the canvas looks, before it is made to look elsewhere."""
        if self._size[0]:
            self.places.leave(self.place)
            self._gesture.start()

    def _note_gesture(self) -> None:
        """Remembers where the canvas looks, before the first of several moves that follow each other."""
        if not self._gesture.isActive():
            self._leave_place()
        self._gesture.start()

    # --------------------------------------------------------------------------------------------------------- minimap

    def _fill_minimap(self) -> None:
        pyramid = self.stage.photo.pyramid
        # A large photo's thumbnail waits for its smaller versions.
        is_ready = pyramid is not None and (bool(pyramid.levels) or max(self.stage.size) <= 256)
        self.minimap.set_photo(pyramid.smallest if pyramid is not None and is_ready else None, self.stage.size)
        self._show_part()

    def _show_part(self) -> None:
        """Shows in the minimap which part of the photo is in view; hides it when that is everything, or no room."""
        height, width = self.stage.size
        view = QRectF(self.viewport().rect())
        photo = self.viewportTransform().mapRect(QRectF(0, 0, width, height))
        has_room = view.width() >= 2 * self.minimap.width() and view.height() >= 2 * self.minimap.height()
        is_partial = width > 0 and not view.adjusted(-1, -1, 1, 1).contains(photo)
        shown = self._wants_minimap and self.minimap.has_photo and is_partial and has_room
        self.minimap.setVisible(shown)
        if shown:
            part = view.intersected(photo)
            across, down = photo.width(), photo.height()
            self.minimap.set_shown(
                QRectF(
                    (part.x() - photo.x()) / across,
                    (part.y() - photo.y()) / down,
                    part.width() / across,
                    part.height() / down,
                )
            )
        self._place_furniture()

    def _look_at_share(self, across: float, down: float) -> None:
        height, width = self._size
        self._fitted = False
        self._gesture.start()
        self._look_at(QPointF(across * width, down * height))

    def _place_furniture(self) -> None:
        """Puts the minimap at the lower left and the caption at the top; boxes and names leave them free."""
        room = self.viewport().rect()
        self.minimap.move(_MARGIN, room.height() - self.minimap.height() - _MARGIN)
        for caption in (self._caption, self._longest_caption):
            caption.place_at_top(max(room.width() - 4 * _MARGIN, 1))
        shown = [widget.geometry() for widget in (self.minimap, self._caption) if widget.isVisibleTo(self)]
        if self._longest_caption.whole:
            shown.append(self._longest_caption.geometry())
        self.stage.keep_clear_of([(place.x(), place.y(), place.width(), place.height()) for place in shown])

    # ------------------------------------------------------------------------------------------------------ coordinates

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
        """Zooms at the mouse; two fingers on a touchpad pan, and zoom with Ctrl."""
        self._mouse = event.position()
        zooms = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        if _is_touchpad(event) and not zooms:
            delta = event.pixelDelta()
            self.pan_by(QPointF(delta if not delta.isNull() else event.angleDelta() / 2))
        else:
            # High-resolution wheels send parts of a notch, which add up to the same zoom.
            notches = event.angleDelta().y() / 120
            if notches:
                self.zoom_by(_STEP**notches, event.position())
        event.accept()

    def viewportEvent(self, event: QEvent) -> bool:
        """Zooms by a pinch, at the fingers."""
        if isinstance(event, QNativeGestureEvent) and event.gestureType() == Qt.NativeGestureType.ZoomNativeGesture:
            self.zoom_by(max(1.0 + event.value(), 0.1), event.position())
            event.accept()
            return True
        return super().viewportEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keeps a fitted photo fitted, and the middle of any other view where it is."""
        super().resizeEvent(event)
        if self._fitted:
            self._fit()
        else:
            self._look_at(self._looked_at)
        self._show_part()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begins to pan, or reports a click."""
        pans = event.button() == Qt.MouseButton.MiddleButton
        pans = pans or (event.button() == Qt.MouseButton.LeftButton and self._space)
        if pans:
            self._pan_from = event.position().toPoint()
            self.viewport().setCursor(Qt.CursorShape.ClosedHandCursor)
        elif event.button() == Qt.MouseButton.LeftButton:
            told = self.marked if event.modifiers() & Qt.KeyboardModifier.AltModifier else self.clicked
            told.emit(*self.pixel_at(event.position()))
        event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Pans, or reports the pixel under the mouse."""
        self._mouse = event.position()
        if self._pan_from is not None:
            place = event.position().toPoint()
            moved, self._pan_from = place - self._pan_from, place
            self.pan_by(QPointF(moved))
        else:
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

    def set_menu(self, menu: QMenu) -> None:
        """Takes the menu of the right button; while it is open, the mouse counts as where it was opened."""
        self._menu = menu
        menu.aboutToHide.connect(lambda: QTimer.singleShot(0, self, self._leave_if_outside))

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Reports where the mouse opens the menu, and opens it."""
        if self._menu is None or not self._size[0]:
            return
        if event.reason() is QContextMenuEvent.Reason.Mouse:
            self.menu_opened.emit(*self.pixel_at(QPointF(event.pos())))
        self._menu.popup(event.globalPos())

    def _leave_if_outside(self) -> None:
        if not self.viewport().underMouse():
            self._leave()

    def leaveEvent(self, event: QEvent) -> None:
        """Reports that the mouse is gone."""
        if self._menu is None or not self._menu.isVisible():
            self._leave()
        super().leaveEvent(event)

    def _leave(self) -> None:
        self._mouse = None
        self._chip.hide()
        self.left.emit()

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
            self._chip.place_beside(self._mouse.toPoint())

    def _show_cursor(self) -> None:
        self.viewport().setCursor(Qt.CursorShape.OpenHandCursor if self._space else Qt.CursorShape.ArrowCursor)


def _is_touchpad(event: QWheelEvent) -> bool:
    """Whether fingers on a touchpad send the event: pixels to scroll by, in phases, are nothing that a wheel has."""
    has_phases = event.phase() != Qt.ScrollPhase.NoScrollPhase and not event.pixelDelta().isNull()
    return has_phases or event.device().type() == QInputDevice.DeviceType.TouchPad
