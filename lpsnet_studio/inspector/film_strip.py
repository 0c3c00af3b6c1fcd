"""A strip of small pictures, one a merge step: what it pasted and what became of it."""

from __future__ import annotations

from collections import OrderedDict

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPoint, QRect, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QHelpEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QShowEvent,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from lpsnet.structures import MergeStep
from lpsnet_studio.background import Background, Task, is_awaited
from lpsnet_studio.inspector.overlays import step_color
from lpsnet_studio.inspector.step_pictures import step_picture
from lpsnet_studio.inspector.widgets import verdict_color
from lpsnet_studio.inspector.wording import step_tip, verdict_icon
from lpsnet_studio.labels import as_tip
from lpsnet_studio.session import Session
from lpsnet_studio.theme import Theme

__all__ = ["FilmStrip"]

_CELL = QSize(60, 42)
_GAP = 4
_BADGE = 16
_STILL_TO_COME = {"dark": 0.45, "light": 0.6}
"""How strong pictures of steps to come are; on a light ground fainter ones are washed out."""
_BATCH = 6
"""Pictures drawn in one go of the worker: few enough for what is no longer wanted to end soon."""
_REST_MILLISECONDS = 120
"""How long a result must rest before its pictures are drawn, so that a dragged slider draws none."""
_MOST_PICTURES = 600

_Key = tuple[object, ...]
_Drawn = list[tuple[_Key, NDArray[np.uint8]]]


class FilmStrip(QWidget):
    """Pictures of the merge steps with the current one in the middle; a click goes to a step.

    Pictures are drawn in a worker, only those in sight, and kept for as long as the photo is shown.

    Args:
        session: what is open.
        theme: gives icons and colours.

    Attributes:
        sought: the position that was asked for, 1 … number of steps.
    """

    sought = Signal(int)

    def __init__(self, session: Session, theme: Theme) -> None:
        super().__init__()
        self._session, self._theme = session, theme
        self._background = Background(self._fail, self)
        self._pictures: OrderedDict[_Key, QPixmap] = OrderedDict()
        self._drawing: Task | None = None
        self._has_failed = False
        self._scroll = 0
        self._was_clicked = False
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(_REST_MILLISECONDS)
        self._rest.timeout.connect(self._draw_missing)
        self.setFixedHeight(_CELL.height() + 2 * _GAP)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAccessibleName("Pictures of the merge steps")
        session.picture_changed.connect(self._forget_pictures)
        session.result_changed.connect(self._show_result)
        session.position_changed.connect(lambda *_: self.show_position())
        session.selection_changed.connect(lambda _owner: self.update())
        theme.changed.connect(self._forget_pictures)

    def sizeHint(self) -> QSize:
        """Returns the room of a few pictures."""
        return QSize(5 * (_CELL.width() + _GAP), self.height())

    # ---------------------------------------------------------------------------------------------------------- places

    def cell(self, index: int) -> QRect:
        """Returns where the picture of a step lies in the strip; it may be out of sight."""
        left = _GAP + index * (_CELL.width() + _GAP) - self._scroll
        return QRect(QPoint(left, _GAP), _CELL)

    def step_at(self, x: float) -> int:
        """Returns the index of the step at a place of the strip; -1 if there is none."""
        index = int((x + self._scroll - _GAP / 2) // (_CELL.width() + _GAP))
        return index if 0 <= index < len(self._session.steps) else -1

    def _in_sight(self) -> list[int]:
        """Returns the indices of the steps in sight, those nearest to the current one first."""
        pitch, count = _CELL.width() + _GAP, len(self._session.steps)
        first, last = max(self._scroll // pitch, 0), min((self._scroll + self.width()) // pitch + 1, count)
        current = self._session.position - 1
        return sorted(range(first, last), key=lambda index: abs(index - current))

    def show_position(self) -> None:
        """Moves the current step to the middle, unless it was clicked where it is.

        The strip begins with a whole picture wherever it is, and at its end all that it shows are whole.
        """
        if not self._was_clicked:
            pitch = _CELL.width() + _GAP
            whole = max((self.width() - _GAP) // pitch, 1)
            first = max(self._session.position - 1, 0) - whole // 2
            self._scroll = pitch * max(min(first, len(self._session.steps) - whole), 0)
        result, index = self._session.result, self._session.position - 1
        told = "" if result is None or index < 0 else step_tip(result, index)
        self.setAccessibleDescription(told)
        self.update()
        if self.isVisible() and not self._rest.isActive():
            self._draw_missing()

    # -------------------------------------------------------------------------------------------------------- pictures

    def _show_result(self) -> None:
        self._has_failed = False
        self._rest.start()
        self.show_position()

    def _forget_pictures(self) -> None:
        self._pictures.clear()
        self._has_failed = False
        if self._drawing is not None:
            self._background.withdraw(self._drawing)
        self._rest.start()
        self.update()

    def _key(self, step: MergeStep) -> _Key:
        """Returns what a picture depends on while the photo is the same.

        Semantics that changed give a box another number of candidates; so most pictures outlive a change of settings.
        """
        assert self._session.result is not None
        return step.kind, step.label, step.box, step.candidate_pixels, step.verdict, bool(step.contests), self._size()

    def _size(self) -> tuple[int, int]:
        ratio = self.devicePixelRatioF()
        return round(_CELL.height() * ratio), round(_CELL.width() * ratio)

    def _draw_missing(self) -> None:
        """Has the worker draw the next few pictures in sight."""
        picture, result = self._session.picture, self._session.result
        if self._has_failed or is_awaited(self._drawing) or picture is None or result is None or not self.isVisible():
            return
        steps, trace, photo, size = result.trace.steps, result.trace, picture.pixels, self._size()
        keys = {index: self._key(steps[index]) for index in self._in_sight()}
        missing = [index for index, key in keys.items() if key not in self._pictures][:_BATCH]
        if not missing:
            return
        colors = {index: _rgb(verdict_color(steps[index], self._theme.palette)) for index in missing}

        def draw() -> _Drawn:
            return [(keys[index], step_picture(photo, trace, index, colors[index], size)) for index in missing]

        def take(drawn: _Drawn) -> None:
            self._keep(drawn)
            self._draw_missing()

        self._drawing = self._background.run(draw, take)

    def _keep(self, drawn: _Drawn) -> None:
        for key, pixels in drawn:
            height, width = pixels.shape[:2]
            image = QImage(pixels.tobytes(), width, height, 4 * width, QImage.Format.Format_RGBA8888)
            pixmap = QPixmap.fromImage(image)
            pixmap.setDevicePixelRatio(self.devicePixelRatioF())
            self._pictures[key] = pixmap
        while len(self._pictures) > _MOST_PICTURES:
            self._pictures.popitem(last=False)
        self.update()

    def _fail(self, error: Exception) -> None:
        """Has a failure told once; until the next result the strip does without more pictures."""
        self._has_failed = True
        raise error

    # -------------------------------------------------------------------------------------------------------- painting

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paints the pictures in sight, those still to come faintly, and marks the current step."""
        result = self._session.result
        if result is None:
            return
        painter = QPainter(self)
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        founding = result.step_of(self._session.selected)
        for index in self._in_sight():
            step, place = result.trace.steps[index], self.cell(index)
            painter.setOpacity(1.0 if index < self._session.position else _STILL_TO_COME[self._theme.name])
            picture = self._pictures.get(self._key(step))
            painter.fillRect(place, QColor(self._theme.palette.raised))
            if picture is None:
                swatch = QRect(0, 0, 12, 12)
                swatch.moveCenter(place.center())
                painter.fillRect(swatch, QColor(*step_color(step, result.categories)))
            else:
                painter.drawPixmap(place, picture)
            self._paint_badge(painter, step, place)
            painter.setOpacity(1.0)
            if index == founding:
                self._frame(painter, place, self._theme.palette.accent, 2)
            if index == self._session.position - 1:
                self._frame(painter, place.adjusted(-2, -2, 2, 2), self._theme.palette.text, 2)
        if self.hasFocus():
            self._frame(painter, self.rect().adjusted(1, 1, -1, -1), self._theme.palette.accent, 1)

    def _paint_badge(self, painter: QPainter, step: MergeStep, place: QRect) -> None:
        """Paints the icon of a verdict into the lower right corner, on a ground of its own."""
        colors = self._theme.palette
        ground = QRect(place.right() - _BADGE + 1, place.bottom() - _BADGE + 1, _BADGE, _BADGE)
        painter.fillRect(ground, QColor(colors.panel))
        icon = self._theme.pixmap(verdict_icon(step), verdict_color(step, colors), 14)
        painter.drawPixmap(ground.adjusted(1, 1, -1, -1), icon)

    @staticmethod
    def _frame(painter: QPainter, place: QRect, color: str, width: int) -> None:
        painter.setPen(QPen(QColor(color), width))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        inset = width / 2
        painter.drawRect(QRectF(place).adjusted(inset, inset, -inset, -inset))

    # ---------------------------------------------------------------------------------------------------------- events

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Goes to the step under the mouse; the strip stays where it is meanwhile."""
        index = self.step_at(event.position().x())
        if index >= 0 and event.buttons() & Qt.MouseButton.LeftButton:
            self._was_clicked = True
            self.sought.emit(index + 1)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Scrubs through the pictures in sight."""
        self.mousePressEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        """Lets the strip follow the current step again."""
        self._was_clicked = False
        self.show_position()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Goes on without a click's place; the keys themselves are the merge's shortcuts."""
        self._was_clicked = False
        super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        """Tells of the step under the mouse."""
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            index, result = self.step_at(event.pos().x()), self._session.result
            tip = "" if index < 0 or result is None else as_tip(step_tip(result, index))
            QToolTip.showText(event.globalPos(), tip, self)
            return True
        return super().event(event)

    def resizeEvent(self, event: QEvent) -> None:
        """Keeps the current step in the middle."""
        self.show_position()

    def showEvent(self, event: QShowEvent) -> None:
        """Has the pictures drawn that were not wanted while the strip was hidden."""
        self._rest.start()


def _rgb(color: str) -> tuple[int, int, int]:
    red, green, blue, _ = QColor(color).getRgb()
    return int(red), int(green), int(blue)
