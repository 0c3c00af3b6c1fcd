"""The other side of a comparison: ground truth over the photo, drawn back like a curtain, or all at once.

What lies under the curtain is hidden, not mixed with: the photo is painted again below the truth's colours. The whole
is composed once for what the screen shows, so that moving the curtain's edge costs one copy of pixels.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QObject, QPointF, QRect, QRectF, QSize, QSizeF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QFont,
    QFontMetricsF,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QTransform,
)
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

from lpsnet_studio.canvas.chip import Chip
from lpsnet_studio.canvas.colors import Table, colored, outline
from lpsnet_studio.canvas.layers import Layer, PhotoLayer, RingLayer, Sampler, view_of
from lpsnet_studio.canvas.sampling import Grid, IndexMap

__all__ = ["CurtainEdge", "CurtainLayer", "DashedRing", "SideWords"]

_EMPTY: Table = np.zeros(1, np.int32)
_DASH = 6.0
_OUTLINE_WIDTH = 2
_EDGE_WIDTH = 24
_GRIP = QSize(18, 36)
_STEP, _FINE_STEP = 0.02, 0.0025
"""By what share of the view an arrow moves the edge, and together with Shift."""
_MARGIN = 12
_WHITE, _BLACK = QColor(255, 255, 255), QColor(0, 0, 0)
_PLATE = QColor(12, 14, 18, 215)
_WORD_PIXELS = 13
_WORD_ROOM = QSizeF(16, 8)
"""What a plate is larger than the words on it."""


class CurtainLayer(Layer):
    """Photo and ground truth, from an edge in the view to its right, or everywhere.

    Args:
        photo: what lies below the truth's colours.
    """

    def __init__(self, photo: PhotoLayer) -> None:
        super().__init__(photo)
        self._photo = photo
        self._source: IndexMap | None = None
        self._fill, self._line = _EMPTY, _EMPTY
        self._strength, self._has_lines = 0.5, True
        self._share: float | None = None
        self._edge = 0.0
        self._composed: tuple[QRect, Grid, QImage] | None = None
        self.hide()

    @property
    def truth(self) -> IndexMap | None:
        """The segments of the truth."""
        return self._source

    def set_truth(self, source: IndexMap | None) -> None:
        """Takes the segments of a truth of the photo's size, or nothing."""
        self._source = source
        self._set_size(*(0, 0) if source is None else source.shape)
        self._compose_again()

    def set_colors(self, fill: Table, line: Table) -> None:
        """Colours the segments and their outlines."""
        self._fill, self._line = fill, line
        self._compose_again()

    def set_look(self, strength: float, *, lines: bool) -> None:
        """Tells how strong the colours are, in [0, 1], and whether segments are outlined."""
        if (strength, lines) != (self._strength, self._has_lines):
            self._strength, self._has_lines = strength, lines
            self._compose_again()

    def draw_to(self, share: float | None) -> None:
        """Puts the edge at a share of the view's width from the left; None covers everything."""
        if share != self._share:
            self._share = share
            self.update()

    def _compose_again(self) -> None:
        self._composed = None
        self.update()

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        """Paints what lies right of the edge, and the edge."""
        whole = self._exposed(painter, self._bounds, widget)
        if self._source is None or self._photo.pyramid is None or whole is None:
            return
        if self._composed is None or self._composed[:2] != (whole.place, whole.grid):
            self._composed = whole.place, whole.grid, self._composer()(whole.grid, whole.ratio)
        edge = self.edge_on(painter, widget) * whole.ratio
        place = whole.place
        painter.save()
        painter.setWorldTransform(QTransform.fromScale(1 / whole.ratio, 1 / whole.ratio))
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
        left = min(max(round(edge) if self._share is not None else place.left(), place.left()), place.right() + 1)
        shown = QRect(left, place.top(), place.right() + 1 - left, place.height())
        if not shown.isEmpty():
            painter.drawImage(shown.topLeft(), self._composed[2], shown.translated(-place.topLeft()))
        if self._share is not None:
            self._paint_edge(painter, edge, place, whole.ratio)
        painter.restore()

    def edge_on(self, painter: QPainter, widget: QWidget | None) -> float:
        """Returns where the edge lies, in pixels of what is painted on; in a picture it keeps its place."""
        transform = painter.worldTransform()
        if widget is not None and self._share is not None:
            self._edge = (self._share * widget.width() - transform.dx()) / transform.m11()
        return self._edge * transform.m11() + transform.dx()

    def _composer(self) -> Callable[[Grid, float], QImage]:
        """Returns what puts photo and truth together on a grid, as they are now, in any thread."""
        assert self._source is not None
        assert self._photo.pyramid is not None
        source, pyramid, strength = self._source, self._photo.pyramid, self._strength
        fill, line = self._fill, self._line if self._has_lines else None

        def compose(grid: Grid, ratio: float) -> QImage:
            indices = source.sample(grid)
            picture = _image(pyramid.sample(grid).view(np.int32)[..., 0], QImage.Format.Format_RGB32).copy()
            painter = QPainter(picture)
            painter.setOpacity(strength)
            painter.drawImage(0, 0, _image(colored(indices, fill), QImage.Format.Format_ARGB32_Premultiplied))
            if line is not None:
                lines = outline(indices, line, _OUTLINE_WIDTH * max(round(ratio), 1))
                painter.setOpacity(1)
                painter.drawImage(0, 0, _image(lines, QImage.Format.Format_ARGB32_Premultiplied))
            painter.end()
            return picture

        return compose

    def sampler(self) -> Sampler:
        """Returns what paints the curtain elsewhere, as it is now; its edge keeps its place in the photo."""
        if self._source is None or self._photo.pyramid is None:
            return lambda _grid, _ratio: None
        compose, edge = self._composer(), self._edge if self._share is not None else None

        def sample(grid: Grid, ratio: float) -> NDArray[np.int32]:
            picture = compose(grid, ratio)
            pixels = np.frombuffer(picture.constBits(), np.int32).reshape(grid.height, grid.width).copy()
            if edge is not None:
                place = round((edge - grid.x) / grid.step_x)
                pixels[:, : max(place, 0)] = 0
                for color, width in ((_BLACK, 3.0), (_WHITE, 1.0)):
                    start = round(place - width * ratio / 2)
                    band = slice(max(start, 0), max(start + max(round(width * ratio), 1), 0))
                    pixels[:, band] = np.uint32(color.rgb()).astype(np.int32)
            return pixels

        return sample

    def _paint_edge(self, painter: QPainter, edge: float, place: QRect, ratio: float) -> None:
        for color, width in ((_BLACK, 3.0), (_WHITE, 1.0)):
            band = QRectF(round(edge) - width * ratio / 2, place.top(), width * ratio, place.height())
            painter.fillRect(band.intersected(QRectF(place)), color)


def _image(pixels: NDArray[np.int32], layout: QImage.Format) -> QImage:
    height, width = pixels.shape
    return QImage(pixels.data, width, height, pixels.strides[0], layout)


class SideWords(Layer):
    """Says in pictures of the canvas which side is which; on the screen the edge's own words do.

    Args:
        curtain: whose sides they are.
    """

    def __init__(self, curtain: CurtainLayer) -> None:
        super().__init__(curtain.parentItem())
        self._curtain = curtain
        self._words = "", ""
        self._font = QFont()
        self._font.setPixelSize(_WORD_PIXELS)
        self.hide()

    def set_size(self, height: int, width: int) -> None:
        """Lies over a photo of a size."""
        self._set_size(height, width)

    def say(self, left: str, right: str) -> None:
        """Takes what is said left and right of the edge; with nothing at the right, the left is said of everything."""
        self._words = left, right
        self.setVisible(bool(left or right))

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        """Paints the words at the lower end of the edge, each on its side as far as that is in the picture."""
        if widget is not None:
            return
        plates = self._plates(view_of(painter, None).size(), self._curtain.edge_on(painter, None))
        painter.save()
        painter.resetTransform()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(self._font)
        for words, plate in plates:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(_PLATE)
            painter.drawRoundedRect(plate, 4, 4)
            painter.setPen(_WHITE)
            painter.drawText(plate, Qt.AlignmentFlag.AlignCenter, words)
        painter.restore()

    def _plates(self, view: QSizeF, edge: float) -> list[tuple[str, QRectF]]:
        """Returns what is written where in a view."""
        left, right = self._words
        low = view.height() - _MARGIN
        if not right:
            return [(left, self._plate(left, view.width() / 2, low, 0.5))]
        plates = []
        if edge > 0:
            plates.append((left, self._plate(left, min(edge, view.width()) - _MARGIN, low, 1.0)))
        if edge < view.width():
            plates.append((right, self._plate(right, max(edge, 0.0) + _MARGIN, low, 0.0)))
        return plates

    def _plate(self, words: str, x: float, low: float, share: float) -> QRectF:
        """Returns the plate of words whose share of its width lies left of ``x``."""
        metrics = QFontMetricsF(self._font)
        width = metrics.horizontalAdvance(words) + _WORD_ROOM.width()
        height = metrics.height() + _WORD_ROOM.height()
        return QRectF(x - share * width, low - height, width, height)


class DashedRing(RingLayer):
    """The border of a region of the truth, dashed, so that it is not taken for the selected segment's."""

    def _lines(self, source: IndexMap, grid: Grid, ratio: float) -> NDArray[np.int32] | None:
        picture = super()._lines(source, grid, ratio)
        if picture is not None:
            picture[_gaps(grid, _DASH * ratio)] = 0
        return picture


def _gaps(grid: Grid, length: float) -> NDArray[np.bool_]:
    """Returns every other square ``[H, W]`` of a turned checkerboard, which cuts lines of nearly every direction."""
    across = np.arange(grid.width)[None, :] + np.floor(grid.x / grid.step_x + 0.25)
    down = np.arange(grid.height)[:, None] + np.floor(grid.y / grid.step_y + 0.25)
    columns, rows = np.floor((across + down / 2) / length), np.floor((down - across / 2) / length)
    gaps: NDArray[np.bool_] = (columns + rows) % 2 == 0
    return gaps


class CurtainEdge(QWidget):
    """The edge's handle: dragged, or moved by arrow keys while it has the focus; with Shift in small steps.

    Args:
        view: the canvas's viewport.

    Attributes:
        moved: the share of the view's width that lies left of the edge.
        said: what is said left and right of the edge.
        share: as ``moved``.
    """

    moved = Signal(float)
    said = Signal(str, str)

    def __init__(self, view: QWidget) -> None:
        super().__init__(view)
        self._view = view
        self.share = 0.5
        self._grabbed_at: float | None = None
        self._left, self._right = Chip(view), Chip(view)
        self.setCursor(Qt.CursorShape.SplitHCursor)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Edge of the swipe curtain")
        self.setToolTip("Left of it the prediction, right of it the ground truth. Drag it, or use the arrow keys.")
        view.installEventFilter(self)
        self.hide()

    def show_curtain(self, truth: str = "Ground truth") -> None:
        """Shows the handle with what lies at its sides; right of it the truth, or what stands in its place."""
        self._say("Prediction", truth)
        self.show()
        self.raise_()
        self._place()

    def show_side(self, words: str) -> None:
        """Hides the handle and says in its place which side is seen everywhere; empty text says nothing."""
        self.hide()
        self._say(words, "")
        self._place()

    def _say(self, left: str, right: str) -> None:
        self._left.say(left)
        self._right.say(right)
        self.said.emit(left, right)

    def move_to(self, share: float) -> None:
        """Puts the edge at a share of the view's width."""
        share = min(max(share, 0.0), 1.0)
        if share != self.share:
            self.share = share
            self._place()
            self.moved.emit(share)

    @property
    def words(self) -> tuple[str, str]:
        """What is said left and right of the edge."""
        return self._left.whole, self._right.whole

    def _place(self) -> None:
        room = self._view.rect()
        x = round(self.share * room.width())
        left = min(max(x - _EDGE_WIDTH // 2, 0), max(room.width() - _EDGE_WIDTH, 0))
        self.setGeometry(left, 0, _EDGE_WIDTH, room.height())
        low = room.height() - self._left.height() - _MARGIN
        if self.isHidden():
            self._left.move((room.width() - self._left.width()) // 2, low)
            return
        self._left.move(x - _MARGIN - self._left.width(), low)
        self._right.move(x + _MARGIN, low)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Keeps its share of a view that changes its size."""
        if event.type() == QEvent.Type.Resize:
            self._place()
        return False

    def event(self, event: QEvent) -> bool:
        """Takes the arrow keys before a shortcut of the canvas does."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and _target(event, 0.5) >= 0:
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Moves the edge."""
        target = _target(event, self.share)
        if target >= 0:
            self.move_to(target)
        else:
            event.ignore()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Takes hold of the edge."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._grabbed_at = event.globalPosition().x() - self.share * self._view.width()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Drags the edge."""
        if self._grabbed_at is not None:
            self.move_to((event.globalPosition().x() - self._grabbed_at) / max(self._view.width(), 1))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Lets go of the edge."""
        self._grabbed_at = None

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Shows that it has the keyboard."""
        self.update()
        super().focusInEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Shows that it has the keyboard no more."""
        self.update()
        super().focusOutEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paints the grip; the edge itself is the canvas's."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        x = self.share * self._view.width() - self.x()
        grip = QRectF(0, 0, _GRIP.width(), _GRIP.height())
        grip.moveCenter(QRectF(x, 0, 0, self.height()).center())
        focused = self.hasFocus()
        painter.setPen(QPen(self.palette().highlight().color() if focused else _BLACK, 2 if focused else 1))
        painter.setBrush(_WHITE)
        painter.drawRoundedRect(grip, 6, 6)
        painter.setPen(QPen(QColor(30, 32, 36), 1.5))
        for by in (-3, 3):
            middle = grip.center()
            tip = QPointF(middle.x() + 1.9 * by, middle.y())
            for way in (-4, 4):
                painter.drawLine(tip, QPointF(middle.x() + by / 2, middle.y() + way))


def _target(event: QKeyEvent, share: float) -> float:
    """Returns where a key would put the edge; negative if it does nothing here."""
    modifiers = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
    if modifiers not in (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier):
        return -1.0
    step = _FINE_STEP if modifiers == Qt.KeyboardModifier.ShiftModifier else _STEP
    places = {
        Qt.Key.Key_Left: share - step,
        Qt.Key.Key_Right: share + step,
        Qt.Key.Key_Home: 0.0,
        Qt.Key.Key_End: 1.0,
    }
    place = places.get(Qt.Key(event.key()))
    return -1.0 if place is None else min(max(place, 0.0), 1.0)
