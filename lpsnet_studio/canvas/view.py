"""The canvas: a photo with overlays, and words over it. It knows arrays and colours, not networks."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QFocusEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QFrame, QGraphicsView, QMenu, QWidget

from lpsnet_studio.canvas.chip import Chip
from lpsnet_studio.canvas.focus_frame import FocusFrame
from lpsnet_studio.canvas.hand import Grip, Hand, key_name
from lpsnet_studio.canvas.minimap import Minimap
from lpsnet_studio.canvas.stage import Stage
from lpsnet_studio.canvas.zoom_view import ZoomView

__all__ = ["CanvasView"]

_MARGIN = 12
"""Pixels kept free around what lies in a corner of the view."""


@dataclass(slots=True)
class _Words:
    """What is written over one stage."""

    chip: str = ""
    caption: str = ""
    longest_caption: str = ""


class CanvasView(ZoomView):
    """A photo with overlays, zoomed and panned.

    There may be several stages of one photo, each with overlays of its own, of which one is shown.

    Attributes:
        stage: what is shown.
        minimap: the whole photo, small, where it does not fit the view.
        hovered: the pixel of the photo under the mouse, x and y, whichever of the two moved; outside the photo the
            numbers are outside it too.
        left: the mouse has left the canvas.
        clicked: the pixel of the photo that was clicked with the left button.
        marked: the pixel that was clicked so with Alt.
        menu_opened: the pixel where the mouse opens the menu.
    """

    hovered = Signal(int, int)
    left = Signal()
    clicked = Signal(int, int)
    marked = Signal(int, int)
    menu_opened = Signal(int, int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.stage = Stage(self)
        self._stages = [self.stage]
        self._words = {self.stage: _Words()}
        self.setScene(self.stage)
        self.setObjectName("canvas")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setViewportUpdateMode(QGraphicsView.ViewportUpdateMode.MinimalViewportUpdate)
        self.setOptimizationFlag(QGraphicsView.OptimizationFlag.DontSavePainterState)
        self.setAccessibleName("Canvas")
        self._menu: QMenu | None = None
        self._mouse: QPointF | None = None
        self._hand: Hand | None = None
        self._is_held = False
        """Whether the left button went down for the hand."""
        self._chip, self._caption, self._longest_caption = (Chip(self.viewport()) for _ in range(3))
        self._focus_frame = FocusFrame(self)
        self.minimap = Minimap(self.viewport())
        self._wants_minimap = True
        self.minimap.pressed.connect(self.leave_place)
        self.minimap.wanted.connect(self._follow_minimap)
        self.stage.refined.connect(self._fill_minimap)
        self.moved.connect(self._show_part)
        self.moved.connect(self._report_hovered)

    def set_hand(self, hand: Hand | None) -> None:
        """Gives the left button to a hand, or back: clicks then select as before, and are reported as such."""
        self._lose()
        self._hand = hand
        self.set_resting_cursor(Qt.CursorShape.ArrowCursor if hand is None else Qt.CursorShape.CrossCursor)

    # -------------------------------------------------------------------------------------------------------- contents

    def add_stage(self) -> Stage:
        """Returns another stage of the same photo, without overlays; :meth:`show_stage` shows it."""
        stage = Stage(self)
        stage.share_photo(self._stages[0])
        stage.refined.connect(self._fill_minimap)
        self._stages.append(stage)
        self._words[stage] = _Words()
        return stage

    def show_stage(self, stage: Stage | None = None) -> None:
        """Shows another stage, at the same place and zoom; None for the first."""
        self.stage = stage or self._stages[0]
        self.setScene(self.stage)
        self._look_at(self._looked_at)
        self._show_words()

    def set_photo(self, pixels: NDArray[np.uint8] | None) -> None:
        """Shows RGB pixels ``[H, W, 3]``, or nothing, without overlays.

        A photo of the size of the one before is shown at the same place, so that the two can be compared; another is
        fitted.
        """
        first, *others = self._stages
        first.set_photo(pixels)
        for stage in others:
            stage.share_photo(first)
        self._words = {stage: _Words() for stage in self._stages}
        self._show_words()
        self._fill_minimap()
        if pixels is not None:
            self.set_picture_size(self.stage.size)

    def set_chip(self, text: str, stage: Stage | None = None) -> None:
        """Writes a few words beside the mouse while a stage is shown, the first if none is named; empty hides them."""
        self._words[stage or self._stages[0]].chip = text
        self._chip.say(self._words[self.stage].chip)
        self._chip.place_beside(self.viewport().mapFromGlobal(self.cursor().pos()))

    def set_caption(self, text: str) -> None:
        """Writes a few words at the top of the view while the first stage is shown; empty text hides them."""
        self._words[self._stages[0]].caption = text
        self._show_caption()

    def reserve_caption(self, text: str) -> None:
        """Keeps the room of the longest caption to come free, so that no words move when captions come and go."""
        self._words[self._stages[0]].longest_caption = text
        self._show_caption()

    def _show_caption(self) -> None:
        words = self._words[self.stage]
        self._caption.say(words.caption)
        self._longest_caption.hold(words.longest_caption)
        self._place_furniture()

    def _show_words(self) -> None:
        self._chip.say(self._words[self.stage].chip)
        self._show_caption()

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

    def _follow_minimap(self, across: float, down: float) -> None:
        height, width = self.picture_size
        self.follow(across * width, down * height)

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

    # ---------------------------------------------------------------------------------------------------------- events

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zooms or pans; the pixel under the mouse changes with either."""
        self._mouse = event.position()
        super().wheelEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Puts what lies over the photo where it belongs in the new size."""
        super().resizeEvent(event)
        self._show_part()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begins to pan, or reports a click."""
        super().mousePressEvent(event)
        if event.button() != Qt.MouseButton.LeftButton or self.pans_with(event.button()):
            return
        if self._hand is not None:
            self._is_held = True
            self._hand.press(*self._point_at(event), self._grip(event))
            return
        told = self.marked if event.modifiers() & Qt.KeyboardModifier.AltModifier else self.clicked
        told.emit(*self.pixel_at(event.position()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Pans, or reports the pixel under the mouse."""
        self._mouse = event.position()
        super().mouseMoveEvent(event)
        if not self.is_panning:
            self._report_hovered()
            if self._hand is not None:
                self._hand.move(*self._point_at(event), self._grip(event), is_down=self._is_held)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Ends panning, or what the hand began."""
        super().mouseReleaseEvent(event)
        if self._is_held and event.button() == Qt.MouseButton.LeftButton and self._hand is not None:
            self._is_held = False
            self._hand.release(*self._point_at(event), self._grip(event))

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Is a click like any other, unless a hand knows better."""
        if self._hand is None or event.button() != Qt.MouseButton.LeftButton or self.pans_with(event.button()):
            super().mouseDoubleClickEvent(event)
            return
        self._is_held = True
        self._hand.double_click(*self._point_at(event), self._grip(event))

    def event(self, event: QEvent) -> bool:
        """Keeps keys that the hand takes from being shortcuts."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and self._is_for_hand(event):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Gives the hand its keys."""
        if self._hand is not None and self._is_for_hand(event):
            self._hand.key(key_name(event))
            event.accept()
            return
        super().keyPressEvent(event)

    def _is_for_hand(self, event: QKeyEvent) -> bool:
        return self._hand is not None and key_name(event) in self._hand.keys

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Lets go what cannot be ended: a held Space, and a held button whose release another window gets."""
        super().focusOutEvent(event)
        if event.reason() in (Qt.FocusReason.ActiveWindowFocusReason, Qt.FocusReason.PopupFocusReason):
            self._lose()

    def _lose(self) -> None:
        if self._is_held and self._hand is not None:
            self._hand.lose()
        self._is_held = False

    def _point_at(self, event: QMouseEvent) -> tuple[float, float]:
        point = self._to_scene(event.position())
        return point.x(), point.y()

    def _grip(self, event: QMouseEvent) -> Grip:
        return Grip.of(event, self.zoom)

    def set_menu(self, menu: QMenu) -> None:
        """Takes the menu of the right button; while it is open, the mouse counts as where it was opened."""
        self._menu = menu
        menu.aboutToHide.connect(lambda: QTimer.singleShot(0, self, self._leave_if_outside))

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Reports where the mouse opens the menu, and opens it."""
        if self._menu is None or not self.picture_size[0]:
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
        if self._hand is not None and not self._is_held:
            self._hand.leave()

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
