"""How a job of the list is painted: its kind and name, its state in a word, a line of facts, and how far it is."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from lpsnet_studio.jobs.job_words import KIND_WORDS
from lpsnet_studio.jobs.jobs_list import JobRow, SectionRow, shortened
from lpsnet_studio.theme import Theme, caption_font, figure_font

__all__ = ["JOB_ROW_HEIGHT", "ROW_ROLE", "SECTION_HEIGHT", "JobRowDelegate"]

ROW_ROLE = Qt.ItemDataRole.UserRole + 1
"""Role under which the list's model holds a :class:`JobRow` or :class:`SectionRow`."""
JOB_ROW_HEIGHT, SECTION_HEIGHT = 56, 32
_ICON = 16
_SIDE, _GAP = 12, 8
_BAR = 3
_WORDY = 150
"""Pixels of a row from which there is room for the state's word beside the name."""


class JobRowDelegate(QStyledItemDelegate):
    """Paints the rows of the list.

    Args:
        theme: gives colours and icons.
    """

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        """Returns the height of a row; it takes the list's whole width."""
        is_section = isinstance(index.data(ROW_ROLE), SectionRow)
        return QSize(120, SECTION_HEIGHT if is_section else JOB_ROW_HEIGHT)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Paints a row."""
        row = index.data(ROW_ROLE)
        painter.save()
        if isinstance(row, SectionRow):
            self._paint_section(painter, option.rect, option.font, row)
        elif isinstance(row, JobRow):
            self._paint_job(painter, option, row)
        painter.restore()

    def _paint_section(self, painter: QPainter, rect: QRect, font: QFont, row: SectionRow) -> None:
        painter.setFont(caption_font(font))
        painter.setPen(QColor(self._theme.palette.dim))
        words = rect.adjusted(_SIDE, 0, -_SIDE, -6)
        painter.drawText(words, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignBottom, row.title)

    def _paint_job(self, painter: QPainter, option: QStyleOptionViewItem, row: JobRow) -> None:
        colors = self._theme.palette
        is_selected = bool(option.state & QStyle.StateFlag.State_Selected)
        if is_selected:
            painter.fillRect(option.rect, QColor(colors.accent))
        elif option.state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(option.rect, QColor(colors.raised if colors.raised != colors.panel else colors.window))
        text = colors.on_accent if is_selected else colors.text
        dim = colors.on_accent if is_selected else colors.dim
        tone = colors.on_accent if is_selected else str(getattr(colors, row.look.tone))
        inner = option.rect.adjusted(_SIDE, 8, -_SIDE, -8)
        line = QRect(inner.left(), inner.top(), inner.width(), 18)
        line.setRight(self._paint_state(painter, line, option.font, row, tone) - _GAP)
        self._paint_name(painter, line, option.font, row, text)
        self._paint_facts(painter, inner, option.font, row, dim)
        if row.fraction is not None:
            self._paint_bar(painter, option.rect, row.fraction, is_selected=is_selected)
        if option.state & QStyle.StateFlag.State_HasFocus and not is_selected:
            painter.setPen(QColor(colors.accent))
            painter.drawRect(option.rect.adjusted(0, 0, -1, -1))

    def _paint_state(self, painter: QPainter, line: QRect, font: QFont, row: JobRow, tone: str) -> int:
        """Paints icon and word of the state at the right, where it is narrow the icon; returns where they begin."""
        caption = caption_font(font)
        if line.width() < _WORDY:
            left = line.right() - _ICON
            painter.drawPixmap(left, line.top() + 1, self._theme.pixmap(row.look.icon, tone, _ICON))
            return left
        width = QFontMetrics(caption).horizontalAdvance(row.look.word)
        left = line.right() - width - _ICON - 4
        painter.drawPixmap(left, line.top() + 1, self._theme.pixmap(row.look.icon, tone, _ICON))
        painter.setFont(caption)
        painter.setPen(QColor(tone))
        words = QRect(line.right() - width, line.top(), width + 1, line.height())
        painter.drawText(words, Qt.AlignmentFlag.AlignVCenter, row.look.word)
        return left

    def _paint_name(self, painter: QPainter, line: QRect, font: QFont, row: JobRow, color: str) -> None:
        kind = {"train": "job-train", "evaluate": "job-evaluate", "predict": "job-predict"}[row.kind]
        painter.drawPixmap(line.left(), line.top() + 1, self._theme.pixmap(kind, color, _ICON))
        named = QFont(font)
        named.setBold(row.is_new)
        painter.setFont(named)
        painter.setPen(QColor(color))
        room = line.adjusted(_ICON + _GAP, 0, 0, 0)
        metrics = QFontMetrics(named)
        name = shortened(row.name, lambda text: metrics.horizontalAdvance(text) <= room.width())
        name = metrics.elidedText(name, Qt.TextElideMode.ElideMiddle, room.width())
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine, name)

    def _paint_facts(self, painter: QPainter, inner: QRect, font: QFont, row: JobRow, color: str) -> None:
        caption = figure_font(caption_font(font))
        painter.setFont(caption)
        painter.setPen(QColor(color))
        room = QRect(inner.left() + _ICON + _GAP, inner.top() + 20, inner.width() - _ICON - _GAP, 16)
        # Where names are cut short, the icon alone would tell an evaluation from a prediction.
        is_narrow, kind = inner.width() < _WORDY, KIND_WORDS[row.kind]
        words = f"{kind} · {row.facts}" if is_narrow and row.kind != "train" else row.facts
        facts = QFontMetrics(caption).elidedText(words, Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine, facts)

    def _paint_bar(self, painter: QPainter, rect: QRect, fraction: float, *, is_selected: bool) -> None:
        colors = self._theme.palette
        left = rect.left() + _SIDE + _ICON + _GAP
        whole = QRect(left, rect.bottom() - 6, rect.right() - _SIDE - left, _BAR)
        track = QColor(colors.on_accent)
        track.setAlphaF(0.3)
        painter.fillRect(whole, track if is_selected else QColor(colors.line))
        done = QRect(whole.left(), whole.top(), round(whole.width() * fraction), _BAR)
        painter.fillRect(done, QColor(colors.on_accent if is_selected else colors.dim))
