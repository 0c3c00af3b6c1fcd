"""A view that is zoomed and panned, and that finds the way back to where it has looked."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QInputDevice, QKeyEvent, QMouseEvent, QNativeGestureEvent, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QGraphicsView, QWidget

from lpsnet_studio.canvas.places import Place, Places

__all__ = ["ZoomView"]

_STEP = 1.25
"""Zoom factor of one notch of the wheel."""
_LARGEST = 64.0
_MARGIN = 12
"""Pixels kept free around a fitted picture."""
_PART_OF_VIEW = 0.7
"""How much of the view a rectangle that is zoomed to takes."""
_SETTLED_MILLISECONDS = 600
"""Turns of the wheel and drags that follow each other within this are one move to go back from."""


class ZoomView(QGraphicsView):
    """A view of a picture that lies at its scene's origin, at any zoom and place.

    The wheel zooms at the mouse; the middle button, or the left one while Space is held, pans; on a touchpad two
    fingers pan, and zoom by pinching or with Ctrl.

    Attributes:
        places: where it has looked.
        moved: it has been made to look at a place, be it the same.
        zoom_changed: screen pixels per image pixel.
        places_changed: whether there are places to go back or forward to.
    """

    moved = Signal()
    zoom_changed = Signal(float)
    places_changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMouseTracking(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTransformationAnchor(QGraphicsView.ViewportAnchor.NoAnchor)
        self.setResizeAnchor(QGraphicsView.ViewportAnchor.NoAnchor)
        self._size = (0, 0)
        self._fitted = True
        self._looked_at = QPointF()
        self._space = False
        self._pan_from: QPoint | None = None
        self._resting_cursor = Qt.CursorShape.ArrowCursor
        self.places = Places(self.places_changed.emit)
        self._gesture = QTimer(self)
        self._gesture.setSingleShot(True)
        self._gesture.setInterval(_SETTLED_MILLISECONDS)

    @property
    def picture_size(self) -> tuple[int, int]:
        """``(H, W)`` of the picture; zeros before the first."""
        return self._size

    def set_picture_size(self, size: tuple[int, int]) -> None:
        """Takes the ``(H, W)`` of a picture.

        One of the size of the one before is shown at the same place; another is fitted, and places are forgotten.
        """
        if size == self._size:
            return
        self._size = height, width = size
        # Room to pan the picture to any place of the view.
        self.setSceneRect(QRectF(-4 * width - 4000, -4 * height - 4000, 9 * width + 8000, 9 * height + 8000))
        self.places.clear()
        self._gesture.stop()
        self._fit()

    # ------------------------------------------------------------------------------------------------------------ zoom

    @property
    def zoom(self) -> float:
        """Screen pixels per image pixel."""
        return self.transform().m11()

    def fit(self) -> None:
        """Shows the whole picture, and goes on doing so when the window changes its size."""
        self.leave_place()
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
        self.leave_place()
        self.zoom_by(scale / self.zoom)

    def zoom_to_rectangle(self, rectangle: QRectF) -> None:
        """Shows a rectangle of the picture as large as the view allows, with something of its surroundings."""
        if not self._size[0]:
            return
        self.leave_place()
        room = self.viewport().size()
        across = room.width() * _PART_OF_VIEW / max(rectangle.width(), 1)
        down = room.height() * _PART_OF_VIEW / max(rectangle.height(), 1)
        self._fitted = False
        self._set_zoom(min(max(min(across, down), self._smallest), _LARGEST))
        self._look_at(rectangle.center())

    def zoom_by(self, factor: float, at: QPointF | None = None) -> None:
        """Zooms by a factor; the picture stays where it is at ``at``, in the view's pixels; None for its middle."""
        if not self._size[0]:
            return
        self._note_gesture()
        away = QPointF() if at is None else at - self._view_middle
        before = self._looked_at + away / self.zoom
        self._fitted = False
        self._set_zoom(min(max(self.zoom * factor, self._smallest), _LARGEST))
        self._look_at(before - away / self.zoom)

    def zoom_in(self) -> None:
        """Zooms in by one notch."""
        self.zoom_by(_STEP)

    def zoom_out(self) -> None:
        """Zooms out by one notch."""
        self.zoom_by(1 / _STEP)

    def pan_by(self, moved: QPointF) -> None:
        """Moves the picture by pixels of the view."""
        if not self._size[0]:
            return
        self._note_gesture()
        self._fitted = False
        self._look_at(self._looked_at - moved / self.zoom)

    def follow(self, x: float, y: float) -> None:
        """Puts a place of the picture into the middle of the view: one of several moves that follow each other."""
        self._fitted = False
        self._gesture.start()
        self._look_at(QPointF(x, y))

    def _look_at(self, place: QPointF) -> None:
        """Puts a place of the picture into the middle of the view.

        Qt scrolls by whole pixels. The place itself is remembered, or many small moves would add up what is lost.
        """
        room = self.sceneRect()
        x = min(max(place.x(), room.left()), room.right())
        y = min(max(place.y(), room.top()), room.bottom())
        self._looked_at = QPointF(x, y)
        self.centerOn(self._looked_at)
        self.moved.emit()

    def _set_zoom(self, scale: float) -> None:
        self.resetTransform()
        self.scale(scale, scale)
        self.zoom_changed.emit(scale)

    @property
    def _smallest(self) -> float:
        """The least zoom: the picture is still to be seen."""
        return min(1.0, 32 / max(*self._size, 1))

    @property
    def _view_middle(self) -> QPointF:
        return QPointF(self.viewport().width() / 2, self.viewport().height() / 2)

    # --------------------------------------------------------------------------------------------------------- history

    @property
    def place(self) -> Place:
        """Where the view looks."""
        return Place(self.zoom, self._looked_at.x(), self._looked_at.y(), self._fitted)

    def go_back(self) -> None:
        """Goes to where the view looked before the last jump, or the last turns of the wheel and drags."""
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

    def leave_place(self) -> None:
        """Remembers where the view looks, before it is made to look elsewhere."""
        if self._size[0]:
            self.places.leave(self.place)
            self._gesture.start()

    def _note_gesture(self) -> None:
        """Remembers where the view looks, before the first of several moves that follow each other."""
        if not self._gesture.isActive():
            self.leave_place()
        self._gesture.start()

    # ---------------------------------------------------------------------------------------------------------- events

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zooms at the mouse; two fingers on a touchpad pan, and zoom with Ctrl."""
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
        """Keeps a fitted picture fitted, and the middle of any other view where it is."""
        super().resizeEvent(event)
        if self._fitted:
            self._fit()
        else:
            self._look_at(self._looked_at)

    def pans_with(self, button: Qt.MouseButton) -> bool:
        """Whether a button of the mouse pans now."""
        return button == Qt.MouseButton.MiddleButton or (button == Qt.MouseButton.LeftButton and self._space)

    @property
    def is_panning(self) -> bool:
        """Whether the mouse drags the picture."""
        return self._pan_from is not None

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begins to pan."""
        if self.pans_with(event.button()):
            self._pan_from = event.position().toPoint()
            self.viewport().setCursor(Qt.CursorShape.ClosedHandCursor)
        event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Pans."""
        if self._pan_from is not None:
            place = event.position().toPoint()
            moved, self._pan_from = place - self._pan_from, place
            self.pan_by(QPointF(moved))

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

    def set_resting_cursor(self, shape: Qt.CursorShape) -> None:
        """Chooses how the mouse looks while it does not pan."""
        self._resting_cursor = shape
        if self._pan_from is None:
            self._show_cursor()

    def _show_cursor(self) -> None:
        self.viewport().setCursor(Qt.CursorShape.OpenHandCursor if self._space else self._resting_cursor)


def _is_touchpad(event: QWheelEvent) -> bool:
    """Whether fingers on a touchpad send the event: pixels to scroll by, in phases, are nothing that a wheel has."""
    has_phases = event.phase() != Qt.ScrollPhase.NoScrollPhase and not event.pixelDelta().isNull()
    return has_phases or event.device().type() == QInputDevice.DeviceType.TouchPad
