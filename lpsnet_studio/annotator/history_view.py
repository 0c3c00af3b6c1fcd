"""The panel History: what was done to the image on the desk, and what was undone; a click goes there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractListModel, QEvent, QModelIndex, QPersistentModelIndex, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QFont, QGuiApplication, QIcon, QKeyEvent, QMouseEvent, QPalette, QPixmap
from PySide6.QtWidgets import QListView, QStackedLayout, QWidget

from lpsnet_studio.annotator.desk import Desk
from lpsnet_studio.annotator.editor import Editor
from lpsnet_studio.annotator.editor_follower import EditorFollower, Wire
from lpsnet_studio.annotator.history_rows import HistoryRow, rows_of
from lpsnet_studio.annotator.place_words import why_empty
from lpsnet_studio.labels import as_tip
from lpsnet_studio.texts import empty_state
from lpsnet_studio.theme import Theme

__all__ = ["HistoryList", "HistoryModel", "HistoryPanel"]

_MARK = 12
_GO = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space)
_ROOT = QModelIndex()


class HistoryModel(QAbstractListModel):
    """The states of an image.

    Args:
        theme: gives the icon of the present one.
    """

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._present, self._other = QIcon(), QIcon()
        self.shown: Sequence[HistoryRow] = ()
        self.follow_theme()

    def follow_theme(self) -> None:
        """Takes the icon of another theme."""
        colors = self._theme.palette
        self._present = QIcon(self._theme.pixmap("next", colors.text, _MARK))
        self._present.addPixmap(self._theme.pixmap("next", colors.on_accent, _MARK), QIcon.Mode.Selected)
        nothing = QPixmap(_MARK, _MARK)
        nothing.fill(Qt.GlobalColor.transparent)
        self._other = QIcon(nothing)
        self._tell_changed()

    def show_rows(self, rows: Sequence[HistoryRow]) -> None:
        """Shows other states; what they have in common with those before keeps its place."""
        before = [(row.position, row.text) for row in self.shown]
        now = [(row.position, row.text) for row in rows]
        same = next((place for place, pair in enumerate(zip(before, now, strict=False)) if pair[0] != pair[1]), None)
        kept = min(len(before), len(now)) if same is None else same
        if kept < len(before):
            self.beginRemoveRows(_ROOT, kept, len(before) - 1)
            self.shown = self.shown[:kept]
            self.endRemoveRows()
        if kept < len(now):
            self.beginInsertRows(_ROOT, kept, len(now) - 1)
            self.shown = rows
            self.endInsertRows()
        self.shown = rows
        self._tell_changed()

    def _tell_changed(self) -> None:
        if self.shown:
            self.dataChanged.emit(self.index(0), self.index(len(self.shown) - 1))

    @property
    def present(self) -> int:
        """The row of the present state; -1 if there is none."""
        return next((place for place, row in enumerate(self.shown) if row.is_present), -1)

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex = _ROOT) -> int:
        """Returns how many states there are."""
        return 0 if parent.isValid() else len(self.shown)

    def data(self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Returns what a row shows."""
        if not index.isValid():
            return None
        row = self.shown[index.row()]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return row.text
            case Qt.ItemDataRole.AccessibleTextRole:
                return row.spoken
            case Qt.ItemDataRole.ToolTipRole:
                return as_tip(f"{row.spoken}\n" + ("" if row.is_present else "A click goes there."))
            case Qt.ItemDataRole.DecorationRole:
                return self._present if row.is_present else self._other
            case Qt.ItemDataRole.ForegroundRole if not row.is_done:
                return QGuiApplication.palette().color(QPalette.ColorRole.PlaceholderText)
            case Qt.ItemDataRole.FontRole if row.is_present:
                font = QFont(QGuiApplication.font())
                font.setBold(True)
                return font
        return None


class HistoryList(QListView):
    """States in a list; arrows move over them, a click, Enter or Space goes to one.

    Attributes:
        wanted: the row that the user wants to go to.
    """

    wanted = Signal(int)

    def __init__(self, model: HistoryModel) -> None:
        super().__init__()
        self.setModel(model)
        self.setAccessibleName("History of this image")
        self.setUniformItemSizes(True)
        self.setIconSize(QSize(_MARK, _MARK))
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setStyleSheet(
            "QListView { border: 2px solid transparent; } QListView:focus { border-color: palette(highlight); }"
            "QListView::item { padding: 3px 6px; }"
        )

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Goes to the row that was clicked."""
        super().mouseReleaseEvent(event)
        index = self.indexAt(event.position().toPoint())
        if event.button() == Qt.MouseButton.LeftButton and index.isValid() and index == self.currentIndex():
            self.wanted.emit(index.row())

    def event(self, event: QEvent) -> bool:
        """Takes the keys that go to a row before shortcuts of the window do."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and _goes(event):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Goes to the row that the keyboard is on, or moves."""
        if _goes(event) and self.currentIndex().isValid():
            self.wanted.emit(self.currentIndex().row())
        else:
            super().keyPressEvent(event)

    def keyboardSearch(self, search: str) -> None:
        """Searches nothing: letters choose tools."""


def _goes(event: QKeyEvent) -> bool:
    return event.key() in _GO and not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier


class HistoryPanel(QWidget):
    """The timeline of the image on the desk. Nothing is lost by going back: it ends with the next edit alone.

    Args:
        desk: what is annotated.
        theme: gives the icon.

    Attributes:
        model: the states.
        list: shows them.
    """

    def __init__(self, desk: Desk, theme: Theme) -> None:
        super().__init__()
        self._desk = desk
        self._shown: Editor | None = None
        self.model = HistoryModel(theme)
        self.list = HistoryList(self.model)
        self._empty = empty_state()
        self.setMinimumSize(160, 80)
        self._stack = QStackedLayout(self)
        self._stack.addWidget(self._empty)
        self._stack.addWidget(self.list)
        self._due = QTimer(self)
        self._due.setSingleShot(True)
        self._due.timeout.connect(self.show_history)
        self.list.wanted.connect(self._go_to)
        theme.changed.connect(self.model.follow_theme)
        self._follower = EditorFollower(desk, self._wires, lambda: desk.show_in_turn(self.show_history))

    def _wires(self, editor: Editor) -> tuple[Wire, ...]:
        return ((editor.history.changed, self._show_soon),)

    def _show_soon(self) -> None:
        """Shows the timeline once one is where one goes."""
        self._due.start()

    def show_history(self) -> None:
        """Shows the timeline as it is now."""
        self._due.stop()
        editor = self._shown = self._desk.editor
        self._empty.setText(why_empty(self._desk))
        self._stack.setCurrentIndex(0 if editor is None else 1)
        self.model.show_rows(() if editor is None else rows_of(editor.history))
        if self.model.present >= 0:
            self.list.setCurrentIndex(self.model.index(self.model.present))
            self.list.scrollTo(self.list.currentIndex())

    def _go_to(self, place: int) -> None:
        if not self._desk.can_edit:
            self._desk.say_read_only()
        elif self._desk.editor is self._shown and 0 <= place < len(self.model.shown):  # not a list of the image before
            self._desk.go_to(self.model.shown[place].position)
            self.show_history()
