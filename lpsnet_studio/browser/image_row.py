"""Paints one row of the image list: thumbnail, name, and PQ or how far the image has come."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPoint, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QIcon, QPainter, QPixmap, QRegion
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from lpsnet_studio.browser.image_model import Role
from lpsnet_studio.browser.review_counts import review_icon
from lpsnet_studio.session import Session
from lpsnet_studio.state import Review
from lpsnet_studio.theme import ICON_SIZE, Theme, caption_font, figure_font

__all__ = ["ROW_HEIGHT", "ImageRow", "shared_ending"]

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
_FOCUS_INSET, _FOCUS_LINE = 2, 2


def shared_ending(names: Sequence[str]) -> str:
    """Returns what all names end with, from a point, dash, underscore, slash or space on; empty if nothing is shared.

    Of every name something is left without it.
    """
    if len(names) < 2:
        return ""
    # Spelt backwards and sorted, the outermost two share no more than all do.
    backwards = [name[:0:-1] for name in names]
    pairs = zip(min(backwards), max(backwards), strict=False)
    ending = "".join(one for one, _ in takewhile(lambda pair: pair[0] == pair[1], pairs))[::-1]
    begin = next((place for place, letter in enumerate(ending) if letter in ".-_/ "), len(ending))
    return ending[begin:]


class ImageRow(QStyledItemDelegate):
    """Paints one row of the image list. No room is spent on what all names end with, such as ``.jpg``.

    Args:
        session: whose images are listed.
        theme: the colours.
    """

    def __init__(self, session: Session, theme: Theme) -> None:
        super().__init__()
        self._session, self._theme = session, theme
        self._ending = ""
        session.entries_changed.connect(self._compare_names)
        self._compare_names()

    def _compare_names(self) -> None:
        self._ending = shared_ending([entry.name for entry in self._session.entries])

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
        review = index.data(Role.REVIEW)
        if review:
            words = self._paint_review(painter, words, review, is_selected=is_selected)
        self._paint_words(painter, option, words, index)
        if option.state & QStyle.StateFlag.State_HasFocus:
            self._paint_focus(painter, option.rect, QColor(colors.on_accent if is_selected else colors.accent))
        painter.restore()

    @staticmethod
    def _paint_focus(painter: QPainter, row: QRect, ink: QColor) -> None:
        """Frames the row that the keys act on; the selection alone looks the same wherever the keys go."""
        frame = row.adjusted(_FOCUS_INSET, _FOCUS_INSET, -_FOCUS_INSET, -_FOCUS_INSET)
        within = frame.adjusted(_FOCUS_LINE, _FOCUS_LINE, -_FOCUS_LINE, -_FOCUS_LINE)
        painter.setClipRegion(QRegion(frame) - QRegion(within))
        painter.fillRect(frame, ink)

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
        pq = index.data(Role.PQ)
        name = str(index.data(Qt.ItemDataRole.DisplayRole)).removesuffix(self._ending)
        is_faint = not is_selected and (pq == "—" or bool(index.data(Role.IS_STALE)))
        shade = QColor(colors.dim) if is_faint else ink
        painter.setFont(option.font)
        if pq is None:
            self._paint_name(painter, place, name, ink)
        elif option.rect.width() >= _ROOM_FOR_ONE_LINE:
            figure = QFontMetrics(figure_font(option.font))
            width = max(figure.horizontalAdvance("100.0"), figure.horizontalAdvance(pq)) + 2
            self._paint_name(painter, place.adjusted(0, 0, -width - _GAP, 0), name, ink)
            painter.setFont(figure_font(option.font))
            self._paint_figure(painter, place, pq, shade, Qt.AlignmentFlag.AlignRight)
        else:
            middle = place.center().y()
            self._paint_name(painter, QRect(place.left(), middle - 17, place.width(), 18), name, ink)
            painter.setFont(figure_font(caption_font(option.font)))
            under = QRect(place.left(), middle + 1, place.width(), 16)
            words = f"{index.data(Role.FIGURE)} {pq}"
            is_short = painter.fontMetrics().horizontalAdvance(words) <= under.width()
            self._paint_figure(painter, under, words if is_short else pq, shade, Qt.AlignmentFlag.AlignLeft)

    def _paint_review(self, painter: QPainter, place: QRect, review: Review, *, is_selected: bool) -> QRect:
        """Paints at the right how far the image has come; returns the room that is left."""
        sign = QRect(QPoint(), ICON_SIZE)
        sign.moveCenter(place.center())
        sign.moveRight(place.right())
        review_icon(self._theme, review, on_accent=is_selected).paint(painter, sign)
        return place.adjusted(0, 0, -ICON_SIZE.width() - _GAP // 2, 0)

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
    def _paint_name(painter: QPainter, place: QRect, name: str, ink: QColor) -> None:
        """Paints a name; where room is short its end is kept, which tells numbered images apart."""
        painter.setPen(ink)
        shown = QFontMetrics(painter.font()).elidedText(name, Qt.TextElideMode.ElideLeft, place.width())
        flags = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine
        painter.drawText(place, int(flags), shown)

    @staticmethod
    def _paint_figure(painter: QPainter, place: QRect, text: str, ink: QColor, side: Qt.AlignmentFlag) -> None:
        """Paints a figure, of which nothing may be left out."""
        painter.setPen(ink)
        flags = side | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine | Qt.TextFlag.TextDontClip
        painter.drawText(place, int(flags), text)
