"""A card over a window with a list that is shortened by typing: something is found, and the card is gone again."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QApplication,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QStyledItemDelegate,
    QVBoxLayout,
    QWidget,
)

from lpsnet_studio.theme import Theme

__all__ = ["MARGIN", "SearchPalette"]

MARGIN = 8
"""Pixels around what the card holds."""
_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
_RADIUS = 8


class SearchPalette(QWidget):
    """Enter chooses the current line and a click any line; Esc closes the card, as does the keyboard going elsewhere.

    Its kinds fill the list, say what choosing a line does, and where the card lies.

    Args:
        window: it lies over this one.
        theme: gives the colours.
        page: how many lines Page Up and Page Down go.

    Attributes:
        editor: where one types.
        list: what fits.
    """

    def __init__(self, window: QWidget, theme: Theme, page: int) -> None:
        super().__init__(window)
        self._theme = theme
        self._steps = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_PageDown: page, Qt.Key.Key_PageUp: -page}
        self._before = QApplication.focusWidget()
        self.editor, self.list = QLineEdit(), QListWidget()
        self.editor.setClearButtonEnabled(True)
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

    def _open(self, *lines: QWidget, row: QStyledItemDelegate) -> None:
        """Opens the card, with its lines one above the other; ``row`` paints what is in the list."""
        self.list.setItemDelegate(row)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(MARGIN, MARGIN, MARGIN, MARGIN)
        layout.setSpacing(4)
        for line in lines:
            layout.addWidget(line)
        self.editor.textChanged.connect(self._find)
        self.editor.installEventFilter(self)
        self.list.itemClicked.connect(self._choose)
        self.parentWidget().installEventFilter(self)
        self._find("")
        self.show()
        self.raise_()
        self.editor.setFocus(Qt.FocusReason.PopupFocusReason)

    def _find(self, typed: str) -> None:
        self.list.clear()
        self._fill(typed)
        self.list.setCurrentRow(0)
        self._place()

    def _fill(self, typed: str) -> None:
        """Fills the list, which is empty, with what fits what is typed."""
        raise NotImplementedError

    def _choose(self, item: QListWidgetItem | None) -> None:
        """Does what a line is for, if it can be chosen."""
        raise NotImplementedError

    def _place(self) -> None:
        """Puts the card where it belongs in its window."""
        raise NotImplementedError

    def _picked_by(self, event: QKeyEvent) -> QListWidgetItem | None:
        """Returns the line that a key chooses by itself; None if it chooses none."""
        return None

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
        key, picked = Qt.Key(event.key()), self._picked_by(event)
        if key not in (*self._steps, *_ENTER, Qt.Key.Key_Escape) and picked is None:
            return False
        if event.type() == QEvent.Type.ShortcutOverride:
            event.accept()
        elif event.type() == QEvent.Type.KeyPress:
            if key == Qt.Key.Key_Escape:
                self.dismiss()
            elif picked is not None or key in _ENTER:
                self._choose(picked or self.list.currentItem())
            else:
                last = self.list.count() - 1
                self.list.setCurrentRow(min(max(self.list.currentRow() + self._steps[key], 0), last))
        return True

    def dismiss(self) -> None:
        """Goes away and gives the focus back."""
        if self.isHidden():
            return
        had_focus = self.isAncestorOf(QApplication.focusWidget() or self.window())
        self.hide()
        if had_focus and self._before is not None:
            self._before.setFocus()
        self.deleteLater()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paints a raised card."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(self._theme.palette.dim)))
        painter.setBrush(QColor(self._theme.palette.raised))
        painter.drawRoundedRect(self.rect().adjusted(0, 0, -1, -1), _RADIUS, _RADIUS)
