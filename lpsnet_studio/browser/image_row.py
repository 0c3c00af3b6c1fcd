"""Paints one row of the image list: thumbnail, name, PQ."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPoint, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QIcon, QPainter, QPixmap
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from lpsnet_studio.browser.image_model import Role
from lpsnet_studio.theme import Theme, caption_font, figure_font

__all__ = ["ROW_HEIGHT", "ImageRow"]

_THUMBNAIL = QSize(48, 36)
_GAP = 8
ROW_HEIGHT = _THUMBNAIL.height() + _GAP
"""Of every row, in pixels."""
_SMALL_THUMBNAIL = QSize(28, 21)
_ROOM_FOR_ONE_LINE = 192
"""In a narrower list the PQ stands under the name."""
_ROOM_FOR_THUMBNAIL = 144
"""In a narrower list the thumbnail is small."""
_ICON = 16


class ImageRow(QStyledItemDelegate):
    """Paints one row of the image list.

    Args:
        theme: the colours.
    """

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        """Returns one height for all."""
        return QSize(_THUMBNAIL.width(), ROW_HEIGHT)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Paints the row."""
        colors = self._theme.palette
        is_selected = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.save()
        if is_selected:
            painter.fillRect(option.rect, QColor(colors.accent))
        elif option.state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(option.rect, QColor(colors.raised if colors.raised != colors.panel else colors.window))
        inside = option.rect.adjusted(_GAP, 0, -_GAP, 0)
        size = _THUMBNAIL if option.rect.width() >= _ROOM_FOR_THUMBNAIL else _SMALL_THUMBNAIL
        frame = QRect(inside.topLeft() + QPoint(0, (inside.height() - size.height()) // 2), size)
        self._paint_thumbnail(painter, frame, index.data(Role.THUMBNAIL), index.data(Qt.ItemDataRole.DecorationRole))
        words = inside.adjusted(size.width() + _GAP, 0, 0, 0)
        self._paint_words(painter, option, words, index)
        painter.restore()

    def _paint_words(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        place: QRect,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        """Paints the name, and the PQ beside it or, where there is little room, under it."""
        colors = self._theme.palette
        is_selected = bool(option.state & QStyle.StateFlag.State_Selected)
        ink = QColor(colors.on_accent if is_selected else colors.text)
        name, pq = str(index.data(Qt.ItemDataRole.DisplayRole)), index.data(Role.PQ)
        is_faint = not is_selected and (pq == "—" or bool(index.data(Role.IS_STALE)))
        shade = QColor(colors.dim) if is_faint else ink
        painter.setFont(option.font)
        if pq is None:
            self._paint_text(painter, place, name, ink)
        elif option.rect.width() >= _ROOM_FOR_ONE_LINE:
            width = QFontMetrics(figure_font(option.font)).horizontalAdvance("100.0") + 2
            self._paint_text(painter, place.adjusted(0, 0, -width - _GAP, 0), name, ink)
            painter.setFont(figure_font(option.font))
            self._paint_text(painter, place.adjusted(place.width() - width, 0, 0, 0), pq, shade, right=True)
        else:
            middle = place.center().y()
            self._paint_text(painter, QRect(place.left(), middle - 17, place.width(), 18), name, ink)
            painter.setFont(figure_font(caption_font(option.font)))
            self._paint_text(painter, QRect(place.left(), middle + 1, place.width(), 16), f"PQ {pq}", shade)

    def _paint_thumbnail(self, painter: QPainter, frame: QRect, thumbnail: QPixmap | None, sign: QIcon | None) -> None:
        """Paints the picture, a blank where there is none yet, and the sign of a problem over it."""
        if thumbnail is None:
            painter.fillRect(frame, QColor(self._theme.palette.line))
        else:
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            place = QRect(QPoint(), thumbnail.size().scaled(frame.size(), Qt.AspectRatioMode.KeepAspectRatio))
            place.moveCenter(frame.center())
            painter.drawPixmap(place, thumbnail)
        if isinstance(sign, QIcon):
            place = QRect(frame.right() - _ICON + 1, frame.bottom() - _ICON + 1, _ICON, _ICON)
            painter.fillRect(place, QColor(self._theme.palette.panel))
            sign.paint(painter, place)

    @staticmethod
    def _paint_text(painter: QPainter, place: QRect, text: str, ink: QColor, *, right: bool = False) -> None:
        painter.setPen(ink)
        side = Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft
        shown = QFontMetrics(painter.font()).elidedText(text, Qt.TextElideMode.ElideMiddle, place.width())
        flags = side | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine
        painter.drawText(place, int(flags), shown)
