"""Paints one row of the image list: thumbnail, name, PQ."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPoint, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QIcon, QPainter, QPixmap
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from lpsnet_studio.browser.image_model import Role
from lpsnet_studio.theme import Theme, caption_font, figure_font

__all__ = ["ImageRow"]

_THUMBNAIL = QSize(48, 36)
_GAP = 8
_HEIGHT = _THUMBNAIL.height() + _GAP
_ROOM_FOR_ONE_LINE = 192
"""In a narrower list the PQ stands under the name."""
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
        return QSize(_THUMBNAIL.width(), _HEIGHT)

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
        frame = QRect(inside.topLeft() + QPoint(0, _GAP // 2), _THUMBNAIL)
        self._paint_thumbnail(painter, frame, index.data(Role.THUMBNAIL), index.data(Qt.ItemDataRole.DecorationRole))
        ink = QColor(colors.on_accent if is_selected else colors.text)
        dim = ink if is_selected else QColor(colors.dim)
        words = inside.adjusted(_THUMBNAIL.width() + _GAP, 0, 0, 0)
        name, pq = str(index.data(Qt.ItemDataRole.DisplayRole)), index.data(Role.PQ)
        is_faint = pq == "—" or bool(index.data(Role.IS_STALE))
        if pq is None:
            self._paint_text(painter, words, name, ink)
        elif option.rect.width() >= _ROOM_FOR_ONE_LINE:
            painter.setFont(figure_font(option.font))
            width = QFontMetrics(painter.font()).horizontalAdvance("100.0")
            self._paint_text(
                painter, words.adjusted(words.width() - width, 0, 0, 0), pq, dim if is_faint else ink, right=True
            )
            painter.setFont(option.font)
            self._paint_text(painter, words.adjusted(0, 0, -width - _GAP, 0), name, ink)
        else:
            middle = words.center().y()
            self._paint_text(painter, QRect(words.left(), middle - 17, words.width(), 18), name, ink)
            painter.setFont(figure_font(caption_font(option.font)))
            below = QRect(words.left(), middle + 1, words.width(), 16)
            self._paint_text(painter, below, f"PQ {pq}", dim if is_faint or not is_selected else ink)
        painter.restore()

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
