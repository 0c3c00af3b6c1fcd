"""The lines of a log on the screen: a table of one column whose rows have one height, however many there are.

A table is asked for no row that is not on the screen. A line that is wrapped is several rows.
"""

from __future__ import annotations

import html
from dataclasses import dataclass

from PySide6.QtCore import (
    QAbstractTableModel,
    QEvent,
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QRect,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontDatabase,
    QFontMetrics,
    QGuiApplication,
    QHelpEvent,
    QKeyEvent,
    QKeySequence,
    QPainter,
    QResizeEvent,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QToolTip,
)

from lpsnet_studio.jobs.log import JobLog
from lpsnet_studio.jobs.log_levels import Level, is_continued
from lpsnet_studio.jobs.log_rows import ChangedRows, LogRows
from lpsnet_studio.theme import Theme

__all__ = ["LogLines", "LogModel", "log_font"]

_SIGN, _GAP, _LEADING = 14, 8, 4
_LONGEST_TIP = 2000
_ICONS = {Level.WARNING: ("warning", "contested"), Level.ERROR: ("discarded", "discarded")}
"""The icon of a level, and its colour in the palette."""
_SPOKEN = {Level.INFO: "", Level.WARNING: "Warning: ", Level.ERROR: "Error: ", Level.MARK: "Section: "}

_Index = QModelIndex | QPersistentModelIndex


def log_font(base: QFont) -> QFont:
    """Returns the system's font of fixed width, as large as another."""
    font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
    font.setPixelSize(max(base.pixelSize() - 1, 11))
    return font


class LogModel(QAbstractTableModel):
    """The rows of a log for Qt; one column.

    Args:
        rows: what is shown.
    """

    def __init__(self, rows: LogRows) -> None:
        super().__init__()
        self.rows = rows
        self._count = len(rows)

    def show(self, log: JobLog, least: Level, columns: int) -> None:
        """Shows other lines, or the same in another way."""
        self.beginResetModel()
        self.rows.show(log, least, columns)
        self._count = len(self.rows)
        self.endResetModel()

    def tell(self, change: ChangedRows) -> None:
        """Tells Qt, step by step, of rows that have changed already; it looks at none of them in between."""
        if change.anew:
            self.beginResetModel()
            self._count = len(self.rows)
            self.endResetModel()
            return
        self._tell_removed(self._count - change.removed_last, change.removed_last)
        self._tell_removed(0, change.removed_first)
        self._tell_added(0, change.added_first)
        self._tell_added(self._count, change.added_last)

    def _tell_removed(self, first: int, rows: int) -> None:
        if rows:
            self.beginRemoveRows(QModelIndex(), first, first + rows - 1)
            self._count -= rows
            self.endRemoveRows()

    def _tell_added(self, first: int, rows: int) -> None:
        if rows:
            self.beginInsertRows(QModelIndex(), first, first + rows - 1)
            self._count += rows
            self.endInsertRows()

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 — Qt's own default
        """Returns how many there are."""
        return 0 if parent.isValid() else self._count

    def columnCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008
        """Returns the one."""
        return 0 if parent.isValid() else 1

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Returns a row's text; for screen readers with its level before it."""
        if not 0 <= index.row() < len(self.rows):
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return self.rows.text(index.row())
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{_SPOKEN[self.level(index.row())]}{self.rows.text(index.row())}"
        return None

    def begins_block(self, row: int) -> bool:
        """Whether a row begins what belongs together, as the first of a traceback does."""
        log = self.rows.log
        return self.rows.begins_line(row) and not is_continued(log.codes[self.rows.number(row) - log.first])

    def level(self, row: int) -> Level:
        """Returns what a row's line is."""
        return self.rows.log.level(self.rows.number(row))


class _LogRow(QStyledItemDelegate):
    """Paints a row: the sign of its level, and its text, in which what is searched for stands out."""

    def __init__(self, theme: Theme, model: LogModel, font: QFont) -> None:
        super().__init__()
        self._theme, self._model = theme, model
        self.font, self._bold = font, QFont(font)
        self._bold.setBold(True)
        self.metrics = QFontMetrics(font)
        self.letter = self.metrics.horizontalAdvance("0" * 100) / 100
        self.words = ""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        """Paints the row."""
        colors, row, rect = self._theme.palette, index.row(), option.rect
        level = self._model.level(row)
        is_selected = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.save()
        if is_selected:
            painter.fillRect(rect, QColor(colors.accent))
        elif level == Level.MARK:
            painter.fillRect(rect, QColor(colors.window if colors.window != colors.panel else colors.raised))
        icon, color = _ICONS.get(level, ("", "dim" if level == Level.MARK else "text"))
        ink = colors.on_accent if is_selected else getattr(colors, color)
        if icon and self._model.begins_block(row):
            top = rect.top() + (rect.height() - _SIGN) // 2
            painter.drawPixmap(rect.left() + _LEADING, top, self._theme.pixmap(icon, ink, _SIGN))
        elif icon:
            painter.fillRect(QRect(rect.left() + _LEADING + _SIGN // 2, rect.top(), 1, rect.height()), QColor(ink))
        place = rect.adjusted(_LEADING + _SIGN + _GAP // 2, 0, -_LEADING, 0)
        painter.setFont(self._bold if level == Level.MARK else self.font)
        self._paint_text(painter, place, str(index.data()), QColor(ink), QColor(colors.dim))
        if option.state & QStyle.StateFlag.State_HasFocus and not is_selected:
            painter.setPen(QColor(colors.accent))
            painter.drawRect(rect.adjusted(0, 0, -1, -1))
        painter.restore()

    def _paint_text(self, painter: QPainter, place: QRect, text: str, ink: QColor, mark: QColor) -> None:
        room = max(place.width(), 0)
        # Of a long line Qt would measure every letter to find the few that have room.
        shown = text[: int(room / max(self.letter, 1.0)) + 2]
        if len(shown) * self.letter > room or not shown.isascii():
            shown = self.metrics.elidedText(shown, Qt.TextElideMode.ElideRight, room)
        if self.words:
            mark.setAlpha(110)
            for begin in _places_of(self.words, shown):
                left = place.left() + self.metrics.horizontalAdvance(shown[:begin])
                width = self.metrics.horizontalAdvance(shown[begin : begin + len(self.words)])
                painter.fillRect(QRect(left, place.top() + 1, width, place.height() - 2), mark)
        painter.setPen(ink)
        flags = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine
        painter.drawText(place, int(flags | Qt.TextFlag.TextDontClip), shown)


def _places_of(words: str, text: str) -> list[int]:
    """Returns where words begin in a text, in any case of letters; none where folding changes how long it is."""
    folded, wanted = text.casefold(), words.casefold()
    if len(folded) != len(text):
        return []
    places, begin = [], folded.find(wanted)
    while begin >= 0:
        places.append(begin)
        begin = folded.find(wanted, begin + len(wanted))
    return places


@dataclass(frozen=True, slots=True)
class _Kept:
    """What must look the same after rows changed."""

    current: int | None
    top: int


class LogLines(QTableView):
    """The list. It stays at the end of a log that grows until the user goes elsewhere.

    Args:
        theme: gives colours and signs.

    Signals:
        follow_changed: whether it stays at the end.
        columns_changed: how many letters have room in a row.
    """

    follow_changed = Signal(bool)
    columns_changed = Signal(int)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.lines = LogModel(LogRows(JobLog()))
        self._row = _LogRow(theme, self.lines, log_font(self.font()))
        self.follows = True
        self._is_program = False
        self.setModel(self.lines)
        self.setItemDelegate(self._row)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        # By rows: however many are added before, those on the screen are found again.
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerItem)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)
        self.setWordWrap(False)
        self.setAccessibleName("Log")
        self.horizontalHeader().hide()
        self.horizontalHeader().setMinimumSectionSize(1)
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        header = self.verticalHeader()
        header.hide()
        header.setMinimumSectionSize(1)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header.setDefaultSectionSize(self._row.metrics.height() + 2)
        self.verticalScrollBar().valueChanged.connect(self._note_scrolling)
        theme.changed.connect(self.viewport().update)

    # ------------------------------------------------------------------------------------------------------------ rows

    @property
    def columns(self) -> int:
        """Letters that have room in a row."""
        room = self.viewport().width() - 2 * _LEADING - _SIGN - _GAP // 2
        # One less: a row that is full must not be cut for a fraction of a pixel.
        return max(int(room / max(self._row.letter, 1.0)) - 1, 8)

    @property
    def current_line(self) -> int | None:
        """The number of the line that the keys act on; None if there is none."""
        row = self.currentIndex().row()
        return self.lines.rows.number(row) if 0 <= row < len(self.lines.rows) else None

    def show_log(self, log: JobLog, least: Level, columns: int) -> None:
        """Shows a log, or the same in another way; the line that was current stays so, if it is shown."""
        kept = self._kept()
        self._is_program = True
        self.lines.show(log, least, columns)
        self._is_program = False
        self._restore(kept)

    def take(self, change: ChangedRows) -> None:
        """Shows rows that have changed already; the place on the screen stays, or the end does."""
        bar = self.verticalScrollBar()
        top = 0 if change.anew else max(bar.value() - change.removed_first + change.added_first, 0)
        self._is_program = True
        self.lines.tell(change)
        if self.follows:
            self.scrollToBottom()
        else:
            bar.setValue(top)
        self._is_program = False
        self.viewport().update()

    def _kept(self) -> _Kept:
        row = self.rowAt(0)
        top = self.lines.rows.number(row) if 0 <= row < len(self.lines.rows) else 0
        return _Kept(self.current_line, top)

    def _restore(self, kept: _Kept) -> None:
        if self.follows:
            self.go_to_end()
        elif kept.current is not None:
            self.go_to_line(kept.current)
        else:
            self.verticalScrollBar().setValue(self.lines.rows.row_of(kept.top))

    # ---------------------------------------------------------------------------------------------------------- places

    def set_follows(self, follows: bool) -> None:
        """Stays at the end from now on, or no longer."""
        if follows:
            self._is_program = True
            self.scrollToBottom()
            self._is_program = False
        if follows != self.follows:
            self.follows = follows
            self.follow_changed.emit(follows)

    def go_to_end(self) -> None:
        """Goes to the last row and stays at the end."""
        self.set_follows(True)

    def go_to_line(self, number: int) -> None:
        """Makes a line current and shows it with some of those around it."""
        row = self.lines.rows.row_of(number)
        if row >= len(self.lines.rows):
            return
        self.set_follows(False)
        index = self.lines.index(row, 0)
        self.setCurrentIndex(index)
        self.scrollTo(index, QAbstractItemView.ScrollHint.PositionAtCenter)

    def mark_words(self, words: str) -> None:
        """Lets words stand out; empty to let none."""
        self._row.words = words
        self.viewport().update()

    def _note_scrolling(self, value: int) -> None:
        if not self._is_program:
            is_at_end = value >= self.verticalScrollBar().maximum()
            if is_at_end != self.follows:
                self.follows = is_at_end
                self.follow_changed.emit(is_at_end)

    # ------------------------------------------------------------------------------------------------------------ copy

    def selected_text(self) -> str:
        """Returns the selected lines, each whole."""
        numbers: set[int] = set()
        for piece in self.selectionModel().selection():
            numbers.update(map(self.lines.rows.number, range(piece.top(), piece.bottom() + 1)))
        return "\n".join(map(self.lines.rows.log.text, sorted(numbers)))

    def select_lines(self, first: int, last: int) -> None:
        """Selects lines from one number to another."""
        rows = self.lines.rows
        begin, end = rows.row_of(first), rows.row_of(last + 1) - 1
        if begin <= end:
            model, parent = self.selectionModel(), self.lines
            chosen = QItemSelection(parent.index(begin, 0), parent.index(end, 0))
            model.select(chosen, QItemSelectionModel.SelectionFlag.ClearAndSelect)

    def copy(self) -> None:
        """Puts the selected lines on the clipboard."""
        if text := self.selected_text():
            QGuiApplication.clipboard().setText(text)

    # ---------------------------------------------------------------------------------------------------------- events

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Goes to the first and the last row at Home and End; copies; other keys go on as in any list."""
        is_plain = event.modifiers() in (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ControlModifier)
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy()
        elif event.key() == Qt.Key.Key_End and is_plain:
            self._make_current(len(self.lines.rows) - 1)
            self.go_to_end()
        elif event.key() == Qt.Key.Key_Home and is_plain:
            self.set_follows(False)
            self._make_current(0)
        else:
            super().keyPressEvent(event)
            return
        event.accept()

    def _make_current(self, row: int) -> None:
        if 0 <= row < len(self.lines.rows):
            self.setCurrentIndex(self.lines.index(row, 0))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Says how many letters have room, and stays at the end if it is there."""
        self._is_program = True
        super().resizeEvent(event)
        if self.follows:
            self.scrollToBottom()
        self._is_program = False
        if event.size().width() != event.oldSize().width():
            self.columns_changed.emit(self.columns)

    def sizeHintForRow(self, row: int) -> int:
        """Returns one height for all."""
        return self.verticalHeader().defaultSectionSize()

    def minimumSizeHint(self) -> QSize:
        """Returns the room of a few lines."""
        return QSize(120, 4 * self.verticalHeader().defaultSectionSize())

    def viewportEvent(self, event: QEvent) -> bool:
        """Shows a line that was cut whole, as plain text, while the mouse rests on it."""
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            row = self.rowAt(event.pos().y())
            text = self.lines.rows.text(row) if row >= 0 else ""
            is_cut = self._row.metrics.horizontalAdvance(text[: 4 * self.columns]) > self.viewport().width() - 2 * _GAP
            QToolTip.showText(event.globalPos(), _as_plain(text[:_LONGEST_TIP]) if is_cut else "", self)
            return True
        return super().viewportEvent(event)


def _as_plain(text: str) -> str:
    """Returns text for a tooltip that is taken for nothing but text, and wrapped."""
    return f"<p style='white-space: pre-wrap'>{html.escape(text)}</p>" if text else ""
