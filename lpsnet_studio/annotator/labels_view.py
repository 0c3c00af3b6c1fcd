"""The panel Classes: the project's own classes, and what becomes of segments when they change, said before it does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QEvent, QObject, QPoint, Qt
from PySide6.QtGui import QAction, QColor, QKeyEvent
from PySide6.QtWidgets import QColorDialog, QFileDialog, QMenu, QStackedLayout, QToolButton, QVBoxLayout, QWidget

from lpsnet.assets import resource
from lpsnet.categories import Categories
from lpsnet_studio.annotator.class_palette import ClassPalette
from lpsnet_studio.annotator.desk import Desk
from lpsnet_studio.annotator.editor import Editor
from lpsnet_studio.annotator.editor_follower import EditorFollower, Wire
from lpsnet_studio.annotator.label_changes import Addition, Deletion, KindChange, LabelChange, Merge
from lpsnet_studio.annotator.label_fates import LabelUsage
from lpsnet_studio.annotator.labels import HOTKEYS, LabelSet
from lpsnet_studio.annotator.labels_table import LabelsModel, LabelsTable
from lpsnet_studio.annotator.new_class_bar import NewClassBar
from lpsnet_studio.annotator.place_words import read_only_words, why_empty
from lpsnet_studio.annotator.question_bar import QuestionBar
from lpsnet_studio.flow_layout import FlowLayout
from lpsnet_studio.hairline import hairline
from lpsnet_studio.labels import as_tip
from lpsnet_studio.search_field import SearchField
from lpsnet_studio.texts import empty_state
from lpsnet_studio.theme import Theme

__all__ = ["LabelsPanel"]

_NO_CLASSES = "The project has no classes yet. Add one, or load those of a data set."
_NONE_FITS = "No class fits. Esc in the field lists all again."
_DATA_SETS = (
    ("COCO panoptic", "coco_panoptic.json"),
    ("Cityscapes", "cityscapes.json"),
    ("Mapillary Vistas", "mapillary.json"),
    ("Drawn scenes", "scenes.json"),
)
Deed = Callable[[], object]


class LabelsPanel(QWidget):
    """The classes of the project. A click makes one the class of new segments.

    Args:
        desk: whose project it is.
        theme: gives the colours of the palette in which a class to merge into is found.

    Attributes:
        model: the classes.
        table: shows them.
        filter: part of a name that classes must have to be listed.
        question: what will become of segments, before it does.
        new_class: takes the name of a class that is to be added.
        buttons: what can be done, by name.
    """

    def __init__(self, desk: Desk, theme: Theme) -> None:
        super().__init__()
        self._desk, self._theme = desk, theme
        self._change: LabelChange | None = None
        self._asked = 0
        self.model = LabelsModel()
        self.table = LabelsTable(self.model)
        self.filter = SearchField("Filter classes", "Class or group", "Lists the classes alone that fit.")
        self.question = QuestionBar()
        self.new_class = NewClassBar(self._why_no_class)
        self._empty, self._none = empty_state(), empty_state()
        self.buttons = self._made_buttons()
        self._tips = {name: button.toolTip() for name, button in self.buttons.items()}
        self._lay_out()
        self._connect()
        desk.labels_changed.connect(self._show_labels)
        desk.project_changed.connect(self._show_labels)
        desk.entries_changed.connect(lambda _images: self._count_again())
        self._follower = EditorFollower(desk, self._wires, lambda: desk.show_in_turn(self._show_labels))

    def _made_buttons(self) -> dict[str, QToolButton]:
        deeds: tuple[tuple[str, str, str, Deed], ...] = (
            ("add", "Add…", "Add a class, once it has a name.", self.add),
            ("colour", "Colour…", "Choose another colour for the current class.", self.recolour),
            ("merge", "Merge…", "Make the segments of the current class those of another.", self.merge),
            ("delete", "Delete…", "Delete the current class; its segments stay, without a class.", self.delete),
            ("up", "Up", "Move the current class up in the list.", lambda: self.move(-1)),
            ("down", "Down", "Move the current class down in the list.", lambda: self.move(1)),
        )
        buttons = {}
        for name, text, tip, deed in deeds:
            buttons[name] = button = _button(text, tip)
            button.clicked.connect(lambda _checked=False, deed=deed: deed())
        buttons["load"] = load = _button("Load…", "Add the classes of a data set, or of a JSON file.")
        load.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        load.setMenu(self._load_menu(load))
        return buttons

    def _load_menu(self, parent: QWidget) -> QMenu:
        menu = QMenu(parent)
        for name, file in _DATA_SETS:
            action = menu.addAction(f"Classes of {name}")
            action.triggered.connect(lambda _checked=False, name=name, file=file: self._load_data_set(name, file))
        menu.addSeparator()
        menu.addAction("Classes of a JSON file…").triggered.connect(lambda _checked=False: self._choose_file())
        return menu

    def _lay_out(self) -> None:
        listed = QWidget()
        inner = QVBoxLayout(listed)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.setSpacing(0)
        head = QVBoxLayout()
        head.setContentsMargins(8, 8, 8, 4)
        head.addWidget(self.filter)
        self._rows = QStackedLayout()
        for widget in (self.table, self._none):
            widget.setMinimumHeight(1)  # a question below is read before the classes are
            self._rows.addWidget(widget)
        foot = QWidget()
        flow = FlowLayout(foot, 2)
        flow.setContentsMargins(4, 4, 4, 4)
        for button in self.buttons.values():
            flow.addWidget(button)
        inner.addLayout(head)
        inner.addLayout(self._rows, 1)
        for widget in (self.question, self.new_class, hairline(), foot):
            inner.addWidget(widget)
        self.setMinimumSize(200, 160)
        self._stack = QStackedLayout(self)
        self._stack.addWidget(self._empty)
        self._stack.addWidget(listed)

    def _connect(self) -> None:
        later = Qt.ConnectionType.QueuedConnection  # the field in the cell is closed first
        self.model.name_wanted.connect(self._rename, later)
        self.model.key_wanted.connect(self._give_key, later)
        self.table.used.connect(self._use)
        self.table.kind_wanted.connect(self.change_kind)
        self.table.delete_wanted.connect(self.delete)
        self.table.menu_wanted.connect(self._open_menu)
        self.table.current_changed.connect(self._show_possible)
        self.filter.textChanged.connect(self._filter)
        self.filter.installEventFilter(self)
        self.question.gone.connect(self._forget_question)
        self.new_class.wanted.connect(self._add)

    # ------------------------------------------------------------------------------------------------- what is shown

    def _wires(self, editor: Editor) -> tuple[Wire, ...]:
        return ((editor.options_changed, self._show_used),)

    def _show_labels(self) -> None:
        store = self._desk.store
        if store is None:
            self.question.take_away()
        if not self._can_edit:
            self.new_class.take_away()
        self.new_class.look_again()
        self._empty.setText(why_empty(self._desk))
        self._stack.setCurrentIndex(0 if store is None else 1)
        self.model.can_edit = self._can_edit
        self.model.show_labels(self._desk.labels)
        self._show_used()
        self._show_possible()
        self._count_again()

    def _show_used(self) -> None:
        editor = self._desk.editor
        self.model.show_used(None if editor is None else editor.options.category)

    def _show_possible(self) -> None:
        """Turns off what cannot be done now."""
        labels, current = self._desk.labels, self.table.current
        self._none.setText(_NONE_FITS if len(labels) else _NO_CLASSES)
        self._rows.setCurrentIndex(0 if self.model.shown else 1)
        place = self.model.row_of(current)
        can_move = self._can_edit and self.model.is_whole and place >= 0
        possible = {
            "add": self._can_edit,
            "load": self._can_edit,
            "colour": self._can_edit and place >= 0,
            "delete": self._can_edit and place >= 0,
            "merge": self._can_edit and place >= 0 and len(labels) > 1,
            "up": can_move and place > 0,
            "down": can_move and place < len(labels) - 1,
        }
        for name, button in self.buttons.items():
            button.setEnabled(possible[name])
            button.setToolTip(as_tip(read_only_words(self._desk) or self._tips[name]))

    @property
    def _can_edit(self) -> bool:
        return self._desk.store is not None and not self._desk.store.is_read_only

    def _filter(self, typed: str) -> None:
        self.model.filter_by(typed)
        self._show_possible()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Leaves the filter at Esc, which empties it, at Enter and at Down."""
        if watched is self.filter and event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            if event.key() == Qt.Key.Key_Escape:
                self.filter.clear()
            if event.key() in (Qt.Key.Key_Escape, Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Down):
                if not self.table.current and self.model.shown:
                    self.table.go_to(self.model.shown[0].id)
                self.table.setFocus(Qt.FocusReason.OtherFocusReason)
                return True
        return False

    # ------------------------------------------------------------------------------------------ what is done at once

    def _use(self, identity: int) -> None:
        editor = self._desk.editor
        if editor is not None and self._desk.can_edit and identity in editor.labels.by_id:
            editor.new_instance(identity)

    def _try(self, change: Callable[[LabelSet], LabelSet], reopened: Sequence[int] = ()) -> bool:
        """Makes a change, after which some images are not done any more, or says why there cannot be such classes."""
        if not self._can_edit:
            return False
        try:
            labels = change(self._desk.labels)
        except ValueError as error:
            self._tell(_as_sentence(error))
            return False
        self._desk.change_labels(labels, reopened)
        return True

    def add(self) -> None:
        """Lets the user name a class, which is added at the end once it has a name that no other has."""
        if self._can_edit:
            self.question.take_away()
            self.new_class.begin()

    def _why_no_class(self, name: str) -> str:
        """Returns why there cannot be another class of a name, in a sentence; nothing if there can."""
        if name in self._desk.labels.by_name:
            return f"There is a class {name} already."
        try:
            self._desk.labels.add(name, isthing=True)
        except ValueError as error:
            return _as_sentence(error)
        return ""

    def _add(self, name: str, isthing: bool) -> None:
        if self._try(lambda labels: labels.add(name, isthing=isthing)):
            self.new_class.take_away()
            self.filter.clear()
            self.table.go_to(self._desk.labels.by_name[name].id)
            self.table.setFocus(Qt.FocusReason.OtherFocusReason)

    def _rename(self, identity: int, name: str) -> None:
        taken = self._desk.labels.by_name.get(name)
        if taken is not None and taken.id != identity and identity in self._desk.labels.by_id:
            self._tell(f"There is a class {name} already; “Merge…” makes the two one.")
        elif identity in self._desk.labels.by_id:
            self._try(lambda labels: labels.rename(identity, name))

    def _give_key(self, identity: int, key: str) -> None:
        labels = self._desk.labels
        if identity in labels.by_id and self._try(lambda labels: labels.with_hotkey(identity, key)):
            holder = labels.by_hotkey.get(key)
            if holder is not None and holder.id != identity:
                self._tell(f"{key} picks {labels[identity].name} now, and {holder.name} no longer.")

    def recolour(self) -> None:
        """Lets the user choose another colour for the current class; nothing waits for it."""
        identity = self.table.current
        if not identity or not self._can_edit:
            return
        label = self._desk.labels[identity]
        dialog = QColorDialog(QColor(*label.color), self)
        dialog.setOption(QColorDialog.ColorDialogOption.DontUseNativeDialog)
        dialog.setWindowTitle(f"Colour of {label.name}")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.colorSelected.connect(partial(self._take_color, identity))
        dialog.open()

    def _take_color(self, identity: int, color: QColor) -> None:
        if identity in self._desk.labels.by_id:
            self._try(lambda labels: labels.recolor(identity, (color.red(), color.green(), color.blue())))

    def move(self, by: int) -> None:
        """Moves the current class in the order."""
        place = self.model.row_of(self.table.current)
        if place >= 0 and self.model.is_whole and 0 <= place + by < len(self._desk.labels):
            self._try(lambda labels: labels.move(self.table.current, place + by))

    # ------------------------------------------------------------------------------------------- what is said before

    def change_kind(self, identity: int) -> None:
        """Makes a thing of stuff or stuff of a thing; says what becomes of its segments first, if it has any."""
        self._ask(KindChange(identity))

    def delete(self) -> None:
        """Deletes the current class, once the user knows what becomes of its segments."""
        if self.table.current:
            self._ask(Deletion(self.table.current))

    def merge(self) -> None:
        """Lets the user find a class to merge the current one into, and says what becomes of its segments."""
        identity, labels = self.table.current, self._desk.labels
        if not identity or not self._can_edit or len(labels) < 2:
            return
        at = self.mapToGlobal(QPoint(8, 8))
        palette = ClassPalette(
            self.window(), labels, self._theme, f"Merge {labels[identity].name} into", besides=(identity,), near=at
        )
        palette.chosen.connect(lambda into: self._ask(Merge(identity, into)))

    def offer(self, categories: Categories, source: str) -> None:
        """Offers to add classes, such as those that the network knows.

        Args:
            categories: the classes.
            source: what they are of, for people.
        """
        self._offer(LabelSet.of(categories), source)

    def _offer(self, others: LabelSet, source: str) -> None:
        addition = Addition(others, source)
        if addition.is_possible(self._desk.labels):
            self._ask(addition)
        else:
            self._tell(addition.fate(self._desk.labels, LabelUsage()))

    def _load_data_set(self, name: str, file: str) -> None:
        self.load(resource("categories", file), name)

    def _choose_file(self) -> None:
        dialog = QFileDialog(self, "Load classes", "", "JSON files (*.json);;All files (*)")
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(lambda path: self.load(Path(path)))
        dialog.open()

    def load(self, path: Path, source: str = "") -> None:
        """Reads the classes of a JSON file and offers to add them.

        Args:
            path: the file.
            source: what they are of, for people; the file's name if empty.
        """
        if not self._can_edit:
            return
        token = self._next_question(None)
        self.question.wait(f"Reading {path.name}…")

        def take(read: LabelSet | str) -> None:
            if token != self._asked:
                return
            if isinstance(read, str):
                self._tell(read)
            else:
                self._offer(read, source or path.name)

        self._desk.work(lambda: _read_labels(path), take, title=f"reading {path.name}", cancellable=True)

    def _next_question(self, change: LabelChange | None) -> int:
        """Begins another question; what is still being found out for the one before counts no more."""
        self._asked += 1
        self._change = change
        return self._asked

    def _tell(self, sentence: str) -> None:
        self._next_question(None)
        self.question.tell(sentence)

    def _forget_question(self) -> None:
        self._next_question(None)

    def _count_again(self) -> None:
        """Asks anew what was asked, if the segments or classes that it is about are others now."""
        if self._change is not None:
            self._ask(self._change)

    def _ask(self, change: LabelChange) -> None:
        """Says what a change does, once that is known, and offers to make it."""
        labels, store = self._desk.labels, self._desk.store
        if store is None or not self._can_edit or not change.is_possible(labels):
            self.question.take_away()
            return
        self.new_class.take_away()
        token = self._next_question(change)
        if not change.counts:
            self._say_fate(change, LabelUsage())
            return
        if self.question.isHidden() or not self.question.act.isVisible():
            self.question.wait("Counting the segments of all images…")

        def count() -> LabelUsage | str:
            try:
                entries, tables = store.entries, store.segment_tables()
                known = ((entries[image], table.values()) for image, table in tables if image in entries)
                return LabelUsage.count(known, labels)
            except (OSError, ValueError) as error:
                return str(error)

        def take(counted: LabelUsage | str) -> None:
            if token != self._asked:
                return
            if isinstance(counted, str):
                self._tell(f"Nothing is changed, because the segments cannot be counted. {counted}")
            else:
                self._say_fate(change, counted)

        self._desk.work(count, take, title="counting segments", cancellable=True)

    def _say_fate(self, change: LabelChange, usage: LabelUsage) -> None:
        labels = self._desk.labels
        if isinstance(change, KindChange) and not usage.segments(change.identity):
            self.question.take_away()
            self._try(change.made)  # touches nothing, and is taken back as it was done
            return
        reopened = change.reopened(usage)
        self.question.ask(change.fate(labels, usage), change.verb(labels), lambda: self._try(change.made, reopened))

    # ------------------------------------------------------------------------------------------------------------ menu

    def _open_menu(self, place: QPoint) -> None:
        menu = self.make_menu()
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(place)

    def make_menu(self) -> QMenu:
        """Returns the context menu: what can be done with the current class, then copying and sorting."""
        menu, identity, labels = self.table.make_menu(), self.table.current, self._desk.labels
        if not identity:
            return menu
        menu.setToolTipsVisible(True)
        below, label, can = menu.actions()[0], labels[identity], self.buttons
        kind = "stuff" if label.isthing else "a thing"
        deeds: tuple[tuple[str, Deed, bool], ...] = (
            ("Use for new segments", lambda: self._use(identity), self._desk.can_edit),
            ("Rename", lambda: self.table.edit_name(identity), self._can_edit),
            ("Colour…", self.recolour, self._can_edit),
            (f"Make it {kind}…", lambda: self.change_kind(identity), self._can_edit),
            ("Merge into…", self.merge, can["merge"].isEnabled()),
            ("Delete…", self.delete, self._can_edit),
            ("Move up", lambda: self.move(-1), can["up"].isEnabled()),
            ("Move down", lambda: self.move(1), can["down"].isEnabled()),
        )
        for text, deed, is_possible in deeds:
            action = QAction(text, menu)
            action.setEnabled(is_possible)
            action.setToolTip(as_tip(read_only_words(self._desk)))
            action.triggered.connect(lambda _checked=False, deed=deed: deed())
            menu.insertAction(below, action)
        keys = self._key_menu(identity, menu)
        menu.insertMenu(below, keys)
        menu.insertSeparator(below)
        return menu

    def _key_menu(self, identity: int, parent: QMenu) -> QMenu:
        """Returns the digits, each with the class that has it."""
        menu, labels = QMenu("Digit that picks it", parent), self._desk.labels
        menu.setEnabled(self._can_edit)
        for key in ("", *HOTKEYS):
            holder = labels.by_hotkey.get(key)
            named = f"{key} ({holder.name})" if holder is not None and holder.id != identity else key or "None"
            action = menu.addAction(named.replace("&", "&&"))
            action.setCheckable(True)
            action.setChecked(labels[identity].hotkey == key)
            action.triggered.connect(lambda _checked=False, key=key: self._give_key(identity, key))
        return menu


def _button(text: str, tip: str) -> QToolButton:
    button = QToolButton()
    button.setText(text)
    button.setToolTip(tip)
    button.setAccessibleName(text.rstrip("…"))
    button.setAutoRaise(True)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return button


def _as_sentence(error: Exception) -> str:
    text = str(error)
    return f"{text[:1].upper()}{text[1:]}."


def _read_labels(path: Path) -> LabelSet | str:
    try:
        return LabelSet.load(path)
    except OSError as error:
        return f"{path} cannot be read: {error.strerror}."
    except ValueError as error:
        return f"{error}."
