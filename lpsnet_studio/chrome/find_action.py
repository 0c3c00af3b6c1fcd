"""A palette over the window in which an action is found by typing a part of its name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QAction, QColor, QKeySequence, QPainter, QPalette
from PySide6.QtWidgets import (
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from lpsnet_studio.chrome.finding import find_actions, why_not_now
from lpsnet_studio.search_palette import MARGIN, SearchPalette
from lpsnet_studio.session import Session
from lpsnet_studio.theme import Theme, caption_font

__all__ = ["FindAction"]

_WIDTH, _HEIGHT, _TOP = 560, 420, 64
_ROW, _PAGE = 44, 6
_AROUND = 3 * MARGIN
_NAME = Qt.ItemDataRole.UserRole
_KEYS = Qt.ItemDataRole.UserRole + 1
_CAPTION = Qt.ItemDataRole.UserRole + 2


class FindAction(SearchPalette):
    """Lists the actions that fit what is typed; Enter carries one out, Esc closes.

    Args:
        window: it lies over this one.
        actions: by id.
        session: says why an action cannot be had.
        theme: gives the colours.
        latest: ids of the actions that were found before, the latest first.

    Attributes:
        chosen: emitted with an action's id before it is carried out.
    """

    chosen = Signal(str)

    def __init__(
        self, window: QWidget, actions: Mapping[str, QAction], session: Session, theme: Theme, latest: Sequence[str]
    ) -> None:
        super().__init__(window, theme, _PAGE)
        self._actions, self._session, self._latest = actions, session, latest
        self.editor.setPlaceholderText("Type what you want to do")
        self.editor.setAccessibleName("Find action")
        self.editor.setMinimumHeight(32)
        self.list.setAccessibleName("Actions")
        self._open(self.editor, self.list, row=_Row(theme, self.list))

    def _fill(self, typed: str) -> None:
        for entry in find_actions(typed, self._latest):
            action = self._actions[entry.id]
            item = QListWidgetItem(action.text().replace("&&", "&").rstrip("…"))
            item.setData(_NAME, entry.id)
            item.setData(_KEYS, action.shortcut().toString(QKeySequence.SequenceFormat.NativeText))
            caption = entry.tip if action.isEnabled() else why_not_now(action, self._session)
            item.setData(_CAPTION, f"{entry.menu} · {caption}")
            item.setToolTip(caption)
            if not action.isEnabled():
                item.setFlags(item.flags() & ~Qt.ItemFlag.ItemIsEnabled)
            self.list.addItem(item)
        if self.list.count() == 0:
            item = QListWidgetItem("No action has such a name")
            item.setData(_CAPTION, "Try another word, or fewer letters.")
            item.setFlags(Qt.ItemFlag.NoItemFlags)
            self.list.addItem(item)

    def _choose(self, item: QListWidgetItem | None) -> None:
        action = self._actions.get(item.data(_NAME) or "") if item is not None else None
        if action is None or not action.isEnabled():
            return
        middle = self.mapToGlobal(QPoint(MARGIN, MARGIN))
        self.dismiss()
        self.chosen.emit(action.objectName())
        menu = action.menu()
        if isinstance(menu, QWidget):
            menu.popup(middle)
        else:
            action.trigger()

    def _place(self) -> None:
        room: QRect = self.parentWidget().rect()
        width = min(_WIDTH, room.width() - 2 * MARGIN)
        top = min(_TOP, max(room.height() - _HEIGHT, MARGIN))
        wanted = self.editor.minimumHeight() + _AROUND + _ROW * self.list.count()
        height = min(wanted, _HEIGHT, room.height() - top - MARGIN)
        self.setGeometry((room.width() - width) // 2, top, width, height)


class _Row(QStyledItemDelegate):
    """An action's name and keys, and below what it does or why it cannot be done."""

    def __init__(self, theme: Theme, parent: QObject) -> None:
        super().__init__(parent)
        self._theme = theme

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        """Returns the room of two lines."""
        return QSize(0, _ROW)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Paints one action."""
        colors, state = self._theme.palette, option.state
        is_chosen = bool(state & QStyle.StateFlag.State_Selected)
        is_possible = bool(state & QStyle.StateFlag.State_Enabled)
        if is_chosen:
            painter.fillRect(option.rect, QColor(colors.accent if is_possible else colors.line))
        off = option.palette.color(QPalette.ColorGroup.Disabled, QPalette.ColorRole.Text)
        main = QColor(colors.on_accent if is_chosen else colors.text) if is_possible else off
        side = QColor(colors.on_accent) if is_chosen and is_possible else QColor(colors.dim)
        inside = option.rect.adjusted(8, 5, -8, -5)
        keys = index.data(_KEYS) or ""
        painter.setFont(option.font)
        painter.setPen(side)
        painter.drawText(inside, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop, keys)
        room = inside.width() - painter.fontMetrics().horizontalAdvance(keys) - 16
        painter.setPen(main)
        _elided(painter, inside, Qt.AlignmentFlag.AlignTop, index.data(), room)
        painter.setFont(caption_font(option.font))
        painter.setPen(side)
        _elided(painter, inside, Qt.AlignmentFlag.AlignBottom, index.data(_CAPTION) or "", inside.width())


def _elided(painter: QPainter, rect: QRect, alignment: Qt.AlignmentFlag, text: str, room: int) -> None:
    shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, room)
    painter.drawText(rect, alignment | Qt.AlignmentFlag.AlignLeft, shown)
