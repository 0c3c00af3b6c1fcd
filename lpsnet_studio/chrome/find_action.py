"""A palette over the window in which an action is found by typing a part of its name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPersistentModelIndex, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QAction, QColor, QKeyEvent, QKeySequence, QPainter, QPaintEvent, QPalette, QPen
from PySide6.QtWidgets import (
    QApplication,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from lpsnet_studio.chrome.finding import find_actions, why_not_now
from lpsnet_studio.session import Session
from lpsnet_studio.theme import Theme, caption_font

__all__ = ["FindAction"]

_WIDTH, _HEIGHT, _TOP, _MARGIN = 560, 420, 64, 8
_ROW = 44
_AROUND = 3 * _MARGIN
_NAME = Qt.ItemDataRole.UserRole
_KEYS = Qt.ItemDataRole.UserRole + 1
_CAPTION = Qt.ItemDataRole.UserRole + 2
_STEPS = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_PageDown: 6, Qt.Key.Key_PageUp: -6}


class FindAction(QWidget):
    """Lists the actions that fit what is typed; Enter carries one out, Esc closes.

    Args:
        window: it lies over this one.
        actions: by id.
        session: says why an action cannot be had.
        theme: gives the colours.
        latest: ids of the actions that were found before, the latest first.

    Attributes:
        chosen: emitted with an action's id before it is carried out.
        editor: where one types.
        list: what fits.
    """

    chosen = Signal(str)

    def __init__(
        self, window: QWidget, actions: Mapping[str, QAction], session: Session, theme: Theme, latest: Sequence[str]
    ) -> None:
        super().__init__(window)
        self._actions, self._session, self._theme, self._latest = actions, session, theme, latest
        self._before = QApplication.focusWidget()
        self.editor = QLineEdit()
        self.editor.setPlaceholderText("Type what you want to do")
        self.editor.setAccessibleName("Find action")
        self.editor.setClearButtonEnabled(True)
        self.editor.setMinimumHeight(32)
        self.list = QListWidget()
        self.list.setAccessibleName("Actions")
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setItemDelegate(_Row(theme, self.list))
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(_MARGIN, _MARGIN, _MARGIN, _MARGIN)
        layout.addWidget(self.editor)
        layout.addWidget(self.list)
        self.editor.textChanged.connect(self._fill)
        self.editor.installEventFilter(self)
        self.list.itemClicked.connect(self._carry_out)
        window.installEventFilter(self)
        self._fill("")
        self.show()
        self.raise_()
        self.editor.setFocus(Qt.FocusReason.PopupFocusReason)

    def _fill(self, typed: str) -> None:
        self.list.clear()
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
        self.list.setCurrentRow(0)
        self._place()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Takes the keys that move and choose before shortcuts do, closes with the focus, and follows the window."""
        if watched is self.editor and isinstance(event, QKeyEvent):
            return self._take_key(event)
        if watched is self.editor and event.type() == QEvent.Type.FocusOut and self.window().isActiveWindow():
            self.dismiss()
        if watched is self.parent() and event.type() == QEvent.Type.Resize:
            self._place()
        return False

    def _take_key(self, event: QKeyEvent) -> bool:
        key = Qt.Key(event.key())
        chooses = key in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if key not in (*_STEPS, Qt.Key.Key_Escape) and not chooses:
            return False
        if event.type() == QEvent.Type.ShortcutOverride:
            event.accept()
        elif event.type() == QEvent.Type.KeyPress:
            if key == Qt.Key.Key_Escape:
                self.dismiss()
            elif chooses:
                self._carry_out(self.list.currentItem())
            else:
                last = self.list.count() - 1
                self.list.setCurrentRow(min(max(self.list.currentRow() + _STEPS[key], 0), last))
        return True

    def _carry_out(self, item: QListWidgetItem | None) -> None:
        action = self._actions.get(item.data(_NAME) or "") if item is not None else None
        if action is None or not action.isEnabled():
            return
        middle = self.mapToGlobal(QPoint(_MARGIN, _MARGIN))
        self.dismiss()
        self.chosen.emit(action.objectName())
        menu = action.menu()
        if isinstance(menu, QWidget):
            menu.popup(middle)
        else:
            action.trigger()

    def dismiss(self) -> None:
        """Goes away and gives the focus back."""
        if self.isHidden():
            return
        had_focus = self.isAncestorOf(QApplication.focusWidget() or self.window())
        self.hide()
        if had_focus and self._before is not None:
            self._before.setFocus()
        self.deleteLater()

    def _place(self) -> None:
        room: QRect = self.parentWidget().rect()
        width = min(_WIDTH, room.width() - 2 * _MARGIN)
        top = min(_TOP, max(room.height() - _HEIGHT, _MARGIN))
        wanted = self.editor.minimumHeight() + _AROUND + _ROW * self.list.count()
        height = min(wanted, _HEIGHT, room.height() - top - _MARGIN)
        self.setGeometry((room.width() - width) // 2, top, width, height)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paints a raised card."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(self._theme.palette.dim)))
        painter.setBrush(QColor(self._theme.palette.raised))
        painter.drawRoundedRect(self.rect().adjusted(0, 0, -1, -1), 8, 8)


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
