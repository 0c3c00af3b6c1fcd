"""The panel Segments: what the image on the desk is made of, to be selected, locked, found and changed."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QKeyEvent
from PySide6.QtWidgets import QMenu, QStackedLayout, QVBoxLayout, QWidget

from lpsnet_studio.annotator.class_palette import relabel_by_palette
from lpsnet_studio.annotator.desk import Desk
from lpsnet_studio.annotator.editor import Editor
from lpsnet_studio.annotator.editor_follower import EditorFollower, Wire
from lpsnet_studio.annotator.place_words import read_only_words, why_empty
from lpsnet_studio.annotator.segment_rows import chosen_after, count_words, rows_of, set_locked, void_words
from lpsnet_studio.annotator.segments_table import SegmentsModel, SegmentsTable
from lpsnet_studio.flow_layout import FlowLayout
from lpsnet_studio.hairline import hairline
from lpsnet_studio.labels import as_tip
from lpsnet_studio.search_field import SearchField
from lpsnet_studio.texts import caption, empty_state
from lpsnet_studio.theme import Theme

__all__ = ["SegmentsPanel"]

_NOTHING_LABELLED = "Nothing is labelled yet. Choose a class and paint, or draw a box."


class SegmentsPanel(QWidget):
    """The segments of the image on the desk. What is marked here is selected there, and the other way round.

    Args:
        desk: what is annotated.
        theme: gives the icons.

    Attributes:
        centre_wanted: the number of a segment that is to be brought into the middle of the canvas.
        model: the rows.
        table: shows them.
        filter: words that segments must have to be listed.
        counts: how many segments there are.
        void: how many pixels no segment has.
    """

    centre_wanted = Signal(int)

    def __init__(self, desk: Desk, theme: Theme) -> None:
        super().__init__()
        self._desk, self._theme = desk, theme
        self._shown: Editor | None = None
        self.model = SegmentsModel(theme)
        self.table = SegmentsTable(self.model)
        self.filter = SearchField(
            "Filter segments",
            "Class, #number, thing, crowd…",
            "Lists the segments alone that have every word: of their name, or thing, stuff, crowd, locked.",
        )
        self.counts, self.void = caption(), caption()
        self._empty, self._none_wanted = empty_state(), empty_state()
        self._lay_out()
        self._due = QTimer(self)
        self._due.setSingleShot(True)
        self._due.timeout.connect(self.show_segments)
        self.filter.textChanged.connect(self._filter)
        self.filter.installEventFilter(self)
        self.table.marked.connect(self._select)
        self.table.lock_clicked.connect(self._turn_lock)
        self.table.lock_pressed.connect(self._turn_locks)
        self.table.centre_wanted.connect(self.centre_wanted)
        self.table.menu_wanted.connect(self._open_menu)
        theme.changed.connect(self.model.follow_theme)
        self._follower = EditorFollower(desk, self._wires, lambda: desk.show_in_turn(self.show_segments))

    def _lay_out(self) -> None:
        listed = QWidget()
        self._wanted = QStackedLayout()
        for widget in (self.table, self._none_wanted):
            self._wanted.addWidget(widget)
        inner = QVBoxLayout(listed)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.setSpacing(0)
        head, foot = QVBoxLayout(), QVBoxLayout()
        head.setContentsMargins(8, 8, 8, 4)
        head.addWidget(self.filter)
        foot.setContentsMargins(8, 4, 8, 6)
        figures = FlowLayout(gap=8)
        for figure in (self.counts, self.void):
            figures.addWidget(figure)
        foot.addLayout(figures)
        inner.addLayout(head)
        inner.addLayout(self._wanted, 1)
        inner.addWidget(hairline())
        inner.addLayout(foot)
        self.setMinimumSize(180, 120)
        self._stack = QStackedLayout(self)
        self._stack.addWidget(self._empty)
        self._stack.addWidget(listed)

    # ------------------------------------------------------------------------------------------------- what is shown

    def _wires(self, editor: Editor) -> tuple[Wire, ...]:
        return (
            (editor.document.segments_changed, self._show_soon),
            (editor.labels_changed, self._show_soon),
            (editor.selection_changed, self._show_selection),
        )

    def _show_soon(self) -> None:
        """Shows the segments once whatever goes on is over: a walk through the history is many steps."""
        editor = self._desk.editor
        if editor is not None and not editor.document.is_drafting:
            self._due.start()

    def show_segments(self) -> None:
        """Shows the segments as they are now."""
        self._due.stop()
        editor = self._shown = self._desk.editor
        self._empty.setText(why_empty(self._desk) or _NOTHING_LABELLED)
        self._stack.setCurrentIndex(1 if editor is not None and editor.document.segments else 0)
        self.table.locks_can_turn = self._desk.can_edit
        if editor is None:
            self.model.show_rows((), self._desk.labels)
        elif not editor.document.is_drafting:
            self.model.show_rows(rows_of(editor), editor.labels)
        self._show_selection()

    def _show_selection(self) -> None:
        editor = self._desk.editor
        if editor is None:
            return
        self.table.mark(editor.selection)
        shown = len(self.model.shown)
        self._wanted.setCurrentIndex(0 if shown else 1)
        self._none_wanted.setText(f"No segment fits “{self.filter.text().strip()}”. Esc in the field lists all again.")
        self.counts.setText(count_words(editor, shown))
        self.void.setText(void_words(editor))

    def _filter(self, typed: str) -> None:
        self.model.filter_by(typed)
        self._show_selection()

    # ------------------------------------------------------------------------------------------------ what is done here

    def _select(self, marked: tuple[int, ...], adds: bool) -> None:
        editor = self._desk.editor
        if editor is not None and editor is self._shown:  # the rows may still be those of the image before
            editor.select(chosen_after(editor.selection, marked, self.model.numbers_shown, adds=adds))

    def _centre(self) -> None:
        if self.table.current_number:
            self.centre_wanted.emit(self.table.current_number)

    def _turn_lock(self, number: int) -> None:
        """Turns the lock of a segment, and with it those of all selected ones if it is one of them."""
        editor = self._desk.editor
        if editor is None or not self._desk.can_edit or number not in editor.document.segments:
            return
        numbers = editor.selection if number in editor.selection else (number,)
        set_locked(editor, numbers, not editor.document.segments[number].locked)

    def _turn_locks(self) -> None:
        """Locks what is selected, or unlocks it if all of it is locked."""
        editor = self._desk.editor
        if not self._desk.can_edit:
            self._desk.say_read_only()
        elif editor is not None and editor.selection:
            is_locked = all(editor.document.segments[number].locked for number in editor.selection)
            set_locked(editor, editor.selection, not is_locked)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Leaves the filter at Esc, which empties it, at Enter and at Down."""
        if watched is self.filter and event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            if event.key() == Qt.Key.Key_Escape:
                self.filter.clear()
            if event.key() in (Qt.Key.Key_Escape, Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Down):
                self.table.setFocus(Qt.FocusReason.OtherFocusReason)
                return True
        return False

    # ------------------------------------------------------------------------------------------------------------ menu

    def _open_menu(self, place: QPoint) -> None:
        menu = self.make_menu()
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(place)

    def make_menu(self) -> QMenu:
        """Returns the context menu: what can be done to the selected segments, then copying and sorting."""
        menu = self.table.make_menu()
        editor = self._desk.editor
        if editor is None:
            return menu
        menu.setToolTipsVisible(True)
        below, chosen = menu.actions()[0], editor.selection
        for text, tip, deed, at_least in self._deeds(editor):
            action = QAction(text.replace("&", "&&"), menu)
            action.setToolTip(as_tip(read_only_words(self._desk) or tip))
            action.setEnabled(self._desk.can_edit and len(chosen) >= at_least)
            action.triggered.connect(lambda _checked=False, deed=deed: deed())
            menu.insertAction(below, action)
        menu.insertSeparator(below)
        for text, deed, is_possible in (
            ("Centre on the canvas", self._centre, bool(self.table.current_number)),
            ("Select all of its class", self._select_class, bool(chosen)),
        ):
            action = QAction(text, menu)
            action.setEnabled(is_possible)
            action.triggered.connect(lambda _checked=False, deed=deed: deed())
            menu.insertAction(below, action)
        menu.insertSeparator(below)
        return menu

    def _deeds(self, editor: Editor) -> list[tuple[str, str, Callable[[], object], int]]:
        """Returns what can be done to the selection: text, tip, deed, and how many segments it takes."""
        chosen = editor.selection
        infos = [editor.document.segments[number] for number in chosen]
        is_locked = bool(infos) and all(info.locked for info in infos)
        is_crowd = bool(infos) and all(info.iscrowd for info in infos)
        into = f" into {editor.name(chosen[0])}" if len(chosen) > 1 else ""
        many = f" {len(chosen)} segments" if len(chosen) > 1 else ""
        return [
            (f"Merge{many}{into}", "Make the selected segments one, of the class of the first.", editor.merge, 2),
            ("Split into parts", "Make every part that touches no other a segment.", editor.split_parts, 1),
            ("Change the class…", "Choose another class for the selected segments.", self._relabel, 1),
            (f"Delete{many}", "Leave the pixels to nobody.", lambda: editor.delete("void"), 1),
            (
                f"Delete{many}, to neighbours",
                "Give each pixel to the nearest segment.",
                lambda: editor.delete("neighbours"),
                1,
            ),
            (
                "Unlock" if is_locked else "Lock",
                "Locked segments neither lose nor gain pixels.",
                lambda: editor.set_locked(not is_locked),
                1,
            ),
            (
                "Mark as no crowd" if is_crowd else "Mark as crowd",
                "Crowd regions (COCO) hold many things of a class that are not told apart.",
                lambda: editor.set_crowd(not is_crowd),
                1,
            ),
        ]

    def _relabel(self) -> None:
        relabel_by_palette(self.window(), self._desk, self._theme)

    def _select_class(self) -> None:
        """Selects the segments of the class of the first selected one, that one first."""
        editor = self._desk.editor
        if editor is None or not editor.selection:
            return
        first, segments = editor.selection[0], editor.document.segments
        same = (number for number, info in segments.items() if info.category == segments[first].category)
        editor.select((first, *same))
