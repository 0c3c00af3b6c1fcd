"""A palette over the window in which a class is found by typing a part of its name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QCursor, QKeyEvent, QPainter, QPalette
from PySide6.QtWidgets import (
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from lpsnet_studio.annotator.class_finding import FoundClass, find_classes
from lpsnet_studio.annotator.desk import Desk
from lpsnet_studio.annotator.labels import LabelSet
from lpsnet_studio.labels import ElidedLabel, as_tip
from lpsnet_studio.search_palette import MARGIN, SearchPalette
from lpsnet_studio.texts import as_caption
from lpsnet_studio.theme import Theme, caption_font

__all__ = ["ClassPalette", "choose_class_of_new", "relabel_by_palette"]

_WIDTH, _HEIGHT, _ROW, _PAGE = 300, 380, 28, 8
_SWATCH = 12
_FOUND = Qt.ItemDataRole.UserRole
_BEGINS = Qt.ItemDataRole.UserRole + 1


class ClassPalette(SearchPalette):
    """Lists the classes that fit what is typed, recent ones first; Enter or a digit chooses one, Esc closes.

    Args:
        window: it lies over this one.
        labels: the classes.
        theme: gives the colours.
        title: what is chosen for, in a few words.
        recent: ids of the classes that were used last, the latest first.
        digits: that pick classes, by their ids; by default the recent ones in their order.
        besides: ids of classes that cannot be chosen.
        near: where on the screen it opens; the middle of the window if that is outside of it.

    Attributes:
        chosen: the id of the class that was chosen; the palette is closed then.
    """

    chosen = Signal(int)

    def __init__(
        self,
        window: QWidget,
        labels: LabelSet,
        theme: Theme,
        title: str,
        *,
        recent: Sequence[int] = (),
        digits: Mapping[int, str] | None = None,
        besides: Iterable[int] = (),
        near: QPoint | None = None,
    ) -> None:
        super().__init__(window, theme, _PAGE)
        self._labels, self._recent, self._besides = labels, tuple(recent), frozenset(besides)
        self._digits = digits
        self._corner = None if near is None else window.mapFromGlobal(near)
        self.title = as_caption(ElidedLabel(title))
        self.editor.setPlaceholderText("Type a class, or press its digit")
        self.editor.setAccessibleName(title)
        self.editor.setMinimumHeight(30)
        self.list.setAccessibleName("Classes")
        self.list.setUniformItemSizes(True)
        self._open(self.title, self.editor, self.list, row=_Row(theme, self.list))

    @property
    def found(self) -> list[FoundClass]:
        """The classes that are listed."""
        items = (self.list.item(place) for place in range(self.list.count()))
        return [item.data(_FOUND) for item in items if item.data(_FOUND) is not None]

    def _fill(self, typed: str) -> None:
        found = find_classes(typed, self._labels, self._recent, self._besides, self._digits)
        for place, each in enumerate(found):
            item = QListWidgetItem(each.label.name)
            item.setData(_FOUND, each)
            item.setData(_BEGINS, place > 0 and found[place - 1].is_recent and not each.is_recent and not typed)
            item.setData(Qt.ItemDataRole.AccessibleTextRole, _spoken(each))
            item.setToolTip(as_tip(_spoken(each)))
            self.list.addItem(item)
        if not found:
            item = QListWidgetItem(
                "No class has such a name" if typed.strip() else "There are no classes: the panel Classes adds some"
            )
            item.setFlags(Qt.ItemFlag.NoItemFlags)
            self.list.addItem(item)

    def _picked_by(self, event: QKeyEvent) -> QListWidgetItem | None:
        """Returns the class that a digit picks before anything is typed."""
        digit = "" if self.editor.text() or _is_command(event) else event.text()
        items = (self.list.item(place) for place in range(self.list.count())) if digit else ()
        return next((item for item in items if item.data(_FOUND) and item.data(_FOUND).digit == digit), None)

    def _choose(self, item: QListWidgetItem | None) -> None:
        found = None if item is None else item.data(_FOUND)
        if found is None:
            return
        category = found.label.id
        self.dismiss()
        self.chosen.emit(category)

    def _place(self) -> None:
        room: QRect = self.parentWidget().rect().adjusted(MARGIN, MARGIN, -MARGIN, -MARGIN)
        around = self.title.sizeHint().height() + self.editor.minimumHeight() + 3 * MARGIN + 4
        width = min(_WIDTH, room.width())
        height = min(around + _ROW * self.list.count(), _HEIGHT, room.height())
        corner = self._corner
        if corner is None or not room.contains(corner):
            corner = QPoint((room.width() - width) // 2 + MARGIN, (room.height() - _HEIGHT) // 2)
        # The list may shrink and grow as one types; what is typed stays where it is.
        lowest = room.bottom() + 1 - min(_HEIGHT, room.height())
        left = min(max(corner.x(), room.left()), room.right() + 1 - width)
        self.setGeometry(left, min(max(corner.y(), room.top()), max(lowest, room.top())), width, height)


class _Row(QStyledItemDelegate):
    """A class's colour, name, kind and digit."""

    def __init__(self, theme: Theme, parent: QObject) -> None:
        super().__init__(parent)
        self._theme = theme

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        """Returns the room of a line."""
        return QSize(0, _ROW)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Paints one class, below a hairline where those begin that were not used lately."""
        colors, found = self._theme.palette, index.data(_FOUND)
        is_chosen = bool(option.state & QStyle.StateFlag.State_Selected) and found is not None
        if is_chosen:
            painter.fillRect(option.rect, QColor(colors.accent))
        if index.data(_BEGINS):
            painter.fillRect(QRect(option.rect.left(), option.rect.top(), option.rect.width(), 1), QColor(colors.line))
        inside = option.rect.adjusted(8, 0, -8, 0)
        if found is None:
            painter.setPen(option.palette.color(QPalette.ColorRole.PlaceholderText))
            _elided(painter, inside, index.data())
            return
        middle = inside.center().y()
        painter.fillRect(inside.left(), middle - _SWATCH // 2, _SWATCH, _SWATCH, QColor(*found.label.color))
        painter.setFont(caption_font(option.font))
        painter.setPen(QColor(colors.on_accent if is_chosen else colors.dim))
        right = inside.adjusted(0, 0, -18, 0)
        if not found.label.isthing:
            painter.drawText(right, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, "stuff")
        painter.setFont(option.font)
        painter.drawText(inside, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, found.digit)
        painter.setPen(QColor(colors.on_accent if is_chosen else colors.text))
        _elided(painter, inside.adjusted(_SWATCH + 8, 0, -56, 0), index.data())


def relabel_by_palette(window: QWidget, desk: Desk, theme: Theme, near: QPoint | None = None) -> ClassPalette | None:
    """Lets the user choose another class for the selected segments.

    Args:
        window: the palette lies over this one.
        desk: whose editor's selection it is.
        theme: gives the colours.
        near: where on the screen; the mouse's place if None.

    Returns:
        The palette; None if nothing can be relabelled, which is said where something is selected in vain.
    """
    editor = desk.editor
    if editor is None or not desk.can_edit:
        return None
    chosen = editor.selection
    if not chosen:
        editor.refuse("Select a segment to relabel.")
        return None
    what = editor.name(chosen[0]) if len(chosen) == 1 else f"{len(chosen)} segments"
    present = {editor.document.segments[number].category for number in chosen}
    palette = ClassPalette(
        window,
        editor.labels,
        theme,
        f"Relabel {what}",
        recent=editor.recent,
        digits=editor.digits,
        besides=present if len(present) == 1 else (),
        near=QCursor.pos() if near is None else near,
    )
    palette.chosen.connect(lambda category: editor.relabel(category) if desk.editor is editor else None)
    return palette


def choose_class_of_new(window: QWidget, desk: Desk, theme: Theme, near: QPoint | None = None) -> ClassPalette | None:
    """Lets the user choose the class of the segment that the next stroke begins, whatever is selected.

    Arguments and result are those of :func:`relabel_by_palette`.
    """
    editor = desk.editor
    if editor is None or not desk.can_edit:
        return None
    palette = ClassPalette(
        window,
        editor.labels,
        theme,
        "Class of new segments",
        recent=editor.recent,
        digits=editor.digits,
        near=QCursor.pos() if near is None else near,
    )
    palette.chosen.connect(lambda category: editor.new_instance(category) if desk.editor is editor else None)
    return palette


def _is_command(event: QKeyEvent) -> bool:
    return bool(event.modifiers() & ~(Qt.KeyboardModifier.KeypadModifier | Qt.KeyboardModifier.ShiftModifier))


def _spoken(found: FoundClass) -> str:
    """Returns a class for screen readers: name, kind, group and digit."""
    label = found.label
    parts = [label.name, "thing" if label.isthing else "stuff", label.supercategory]
    return ", ".join([*filter(None, parts), *([f"digit {found.digit}"] if found.digit else [])])


def _elided(painter: QPainter, rect: QRect, text: str) -> None:
    shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, rect.width())
    painter.drawText(rect, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, shown)
