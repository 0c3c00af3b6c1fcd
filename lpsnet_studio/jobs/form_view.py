"""The form in which a training's config is written: searched, and checked at every edit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

from PySide6.QtCore import QEvent, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QPalette, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QFrame, QLabel, QLineEdit, QPushButton, QScrollArea, QVBoxLayout, QWidget

from lpsnet.config import preset_names
from lpsnet_studio.hairline import hairline
from lpsnet_studio.jobs.disk_look import Ask, at_once
from lpsnet_studio.jobs.field_editors import NumberBox, PathChooser, chosen_path, is_history
from lpsnet_studio.jobs.form import ConfigForm
from lpsnet_studio.jobs.group_view import GroupView, arrange
from lpsnet_studio.jobs.head_view import ConfigChooser, FormHead, chosen_config
from lpsnet_studio.jobs.row_view import FieldRow
from lpsnet_studio.message_line import MessageLine
from lpsnet_studio.theme import Theme

__all__ = ["ConfigFormView", "RemarkLine", "is_control", "is_search"]

_WIDE = 600
"""Pixels from which on a field's name and its editor stand beside each other."""
_LEAST_HEIGHT = 48
_NOTHING_FOUND = "No field has all of these words. Esc in the search shows all fields again."
_NOTHING_CHANGED = "Nothing is changed yet: the config is the preset or file that it starts from."


class RemarkLine(QWidget):
    """A remark on the config, with a button for each field that it names.

    Args:
        theme: gives icon and colour.
        remark: the sentence.
        fields: the fields that it names.
        go: leads to one of them.
    """

    def __init__(self, theme: Theme, remark: str, fields: Sequence[str], go: Callable[[str], None]) -> None:
        super().__init__()
        self.message = MessageLine("remark", theme)
        self.links = []
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 8, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.message)
        self.message.set_text(remark)
        for field in fields:
            link = QPushButton(field)
            link.setFlat(True)
            link.setAutoDefault(False)
            link.setToolTip(f"Go to {field}.")
            link.clicked.connect(lambda _checked=False, name=field: go(name))
            layout.addWidget(link, 0, Qt.AlignmentFlag.AlignLeft)
            self.links.append(link)


class ConfigFormView(QWidget):
    """Head and fields of the form.

    Ctrl+F, or “/” where no text is typed, goes to the search; undo and redo are the form's wherever the keyboard is.

    Args:
        form: what is written into.
        theme: gives icons and colours.
        presets: names to start from.
        choose_path: asks for the path of a field.
        choose_config: asks for a file to start from.
        title: what it is the form of; empty to leave that out.
        look: reads a preset or file that is chosen to start from.

    Attributes:
        head: presets and search.
        groups: by their dotted name.
        area: what the fields are scrolled in.
        stops_changed: emitted after Tab stops elsewhere.
    """

    stops_changed = Signal()

    def __init__(
        self,
        form: ConfigForm,
        theme: Theme,
        *,
        presets: Sequence[str] | None = None,
        choose_path: PathChooser = chosen_path,
        choose_config: ConfigChooser = chosen_config,
        title: str = "",
        look: Ask = at_once,
    ) -> None:
        super().__init__()
        self._form, self._theme = form, theme
        self.head = FormHead(
            form, theme, preset_names() if presets is None else presets, choose_config, title=title, look=look
        )
        self.groups = {group.name: GroupView(form, group, theme, choose_path) for group in form.groups}
        self._order = list(self.groups.values())
        self.area = QScrollArea()
        self._empty = QLabel()
        self._remarks = QVBoxLayout()
        self._remark_lines: list[RemarkLine] = []
        self._is_wide = False
        self._last_gone_to = ""
        self._building = QTimer(self)
        self._building.setSingleShot(True)
        self._building.timeout.connect(self._build_next)
        self._lay_out()
        self._connect()
        self._show_state()
        self._show_found()

    # ------------------------------------------------------------------------------------------------------- its parts

    def row(self, field: str) -> FieldRow:
        """Returns the row of a field.

        Raises:
            KeyError: if there is no such field now.
        """
        group = self.groups[self._form.fields[field].group]
        if not group.is_built:
            group.build()
            self._chain_stops()
        return group.rows[field]

    def build(self) -> None:
        """Makes all rows at once, which otherwise happens group by group while the window is idle."""
        for group in self.groups.values():
            group.build()
        self._building.stop()
        self._chain_stops()

    def go_to(self, field: str) -> None:
        """Scrolls to a field and gives it the keyboard, even if it is folded away or a search hides it."""
        row = self.row(field)
        group = self.groups[row.field.group]
        if not row.isVisibleTo(group):
            self.head.only_changed.setChecked(False)
            self.head.search.clear()
            group.fold(False)
        self._settle()
        row.editor.take_default_focus()
        self.area.ensureWidgetVisible(row, 0, 24)
        self._last_gone_to = field

    def go_to_fault(self) -> None:
        """Goes to the next field with a fault, from the one with the keyboard, or the last one gone to, and around."""
        order = [name for name in self._form.fields if name in self._form.faults]
        if not order:
            group = next(iter(self._form.faults), None)
            if group in self.groups:
                self.area.ensureWidgetVisible(self.groups[group], 0, 0)
            return
        focused = self.focusWidget()
        inside = [name for name, row in self._rows().items() if focused is not None and row.isAncestorOf(focused)]
        here, names = inside[0] if inside else self._last_gone_to, list(self._form.fields)
        after = [name for name in order if here in names and names.index(name) > names.index(here)]
        self.go_to((after or order)[0])

    def go_to_remarks(self) -> None:
        """Shows what is allowed but rarely meant, and gives the keyboard to the first field that it names."""
        self.area.verticalScrollBar().setValue(0)
        links = [link for line in self._remark_lines for link in line.links]
        if links:
            links[0].setFocus(Qt.FocusReason.OtherFocusReason)

    def show_all(self) -> None:
        """Shows every field again, from the first on."""
        self.head.search.clear()
        self.head.only_changed.setChecked(False)
        self.area.verticalScrollBar().setValue(0)

    def focus_search(self) -> None:
        """Gives the keyboard to the search."""
        self.head.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.head.search.selectAll()

    # --------------------------------------------------------------------------------------------------------- events

    def event(self, event: QEvent) -> bool:
        """Claims its keys before the window's shortcuts do."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and self._is_own(event):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Undoes, redoes, or goes to the search."""
        if event.matches(QKeySequence.StandardKey.Undo):
            self._form.undo()
        elif event.matches(QKeySequence.StandardKey.Redo) or is_control(event, Qt.Key.Key_Y):
            self._form.redo()
        elif self._is_own(event):
            self.focus_search()
        else:
            super().keyPressEvent(event)

    def showEvent(self, event: QShowEvent) -> None:
        """Makes the rows that are to be seen first, and the others soon after."""
        super().showEvent(event)
        if not all(group.is_built for group in self.groups.values()):
            self._building.start(0)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Lays the rows out for the room that there is."""
        super().resizeEvent(event)
        is_wide = self.width() >= _WIDE
        if is_wide != self._is_wide:
            self._is_wide = is_wide
            for group in self.groups.values():
                group.set_wide(is_wide)
            self._settle()

    def _is_own(self, event: QKeyEvent) -> bool:
        return is_history(event) or is_control(event, Qt.Key.Key_Y) or is_search(event, self.focusWidget())

    # --------------------------------------------------------------------------------------------------------- inside

    def _lay_out(self) -> None:
        page = QWidget()
        inside = QVBoxLayout(page)
        inside.setContentsMargins(16, 4, 16, 8)
        inside.setSpacing(4)
        self._remarks.setSpacing(4)
        inside.addLayout(self._remarks)
        self._empty.setWordWrap(True)
        self._empty.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        inside.addWidget(self._empty)
        for group in self.groups.values():
            inside.addWidget(group)
        inside.addStretch(1)
        self.area.setWidget(page)
        self.area.setWidgetResizable(True)
        self.area.setFrameShape(QFrame.Shape.NoFrame)
        self.area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.area.setMinimumHeight(_LEAST_HEIGHT)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.head)
        layout.addWidget(hairline())
        layout.addWidget(self.area, 1)

    def _connect(self) -> None:
        self._form.fields_changed.connect(self._take_fields)
        self._form.changed.connect(self._show_state)
        self.head.sought.connect(self._show_found)
        self.head.search.left.connect(self._leave_search)
        self._theme.changed.connect(self._follow)

    def _build_next(self) -> None:
        """Makes the rows of one more group."""
        waiting = [group for group in self.groups.values() if not group.is_built]
        if waiting:
            waiting[0].build()
        if len(waiting) > 1:
            self._building.start(0)
        else:
            self._chain_stops()

    def _take_fields(self) -> None:
        for group in self._form.groups:
            self.groups[group.name].set_group(group)
        self._chain_stops()

    def _show_state(self) -> None:
        for group in self.groups.values():
            group.show_state()
        self.head.show_state()
        self._show_remarks()
        if self.head.only_changed.isChecked() or self.head.search.text():
            self._show_found()

    def _show_found(self) -> None:
        query, only_changed = self.head.search.text(), self.head.only_changed.isChecked()
        is_sought = bool(query.split()) or only_changed
        found = {group.name: group for group in self._form.matching(query, only_changed=only_changed)}
        for name, group in self.groups.items():
            if is_sought and name in found:
                group.build()
            names = [field.name for field in found[name].fields] if name in found else []
            group.show_only(names if is_sought else None)
        self._arrange([self.groups[name] for name in dict.fromkeys([*found, *self.groups])] if is_sought else [])
        self._empty.setText(_NOTHING_FOUND if query.split() else _NOTHING_CHANGED)
        self._empty.setVisible(not found)

    def _arrange(self, sought: Sequence[GroupView]) -> None:
        """Puts the groups in the order of what is sought, or, without anything, in that of the config."""
        page = self.area.widget()
        layout = None if page is None else page.layout()
        assert isinstance(layout, QVBoxLayout)
        self._order = list(sought or self.groups.values())
        arrange(layout, self._empty, self._order)
        self._chain_stops()

    def _show_remarks(self) -> None:
        remarks = self._form.remarks
        if [line.message.text() for line in self._remark_lines] == list(remarks):
            return
        for line in self._remark_lines:
            line.hide()
            self._remarks.removeWidget(line)
            line.deleteLater()
        self._remark_lines = [
            RemarkLine(self._theme, remark, self._form.fields_named(remark), self.go_to) for remark in remarks
        ]
        for line in self._remark_lines:
            self._remarks.addWidget(line)

    def _leave_search(self) -> None:
        """Gives the keyboard to the first field that is shown."""
        rows = self._rows()
        shown = [name for group in self._order for name in group.order if rows[name].isVisibleTo(self)]
        if shown:
            rows[shown[0]].editor.take_default_focus()

    def _rows(self) -> dict[str, FieldRow]:
        return {name: row for group in self.groups.values() for name, row in group.rows.items()}

    def stops(self) -> tuple[QWidget, ...]:
        """Returns where Tab stops, in order."""
        return (
            *self.head.stops(),
            *(stop for line in self._remark_lines for stop in line.links),
            *(stop for group in self._order for stop in group.stops()),
        )

    def _chain_stops(self) -> None:
        """Lets Tab go from top to bottom, in whatever order the rows were made."""
        for first, second in pairwise(self.stops()):
            QWidget.setTabOrder(first, second)
        self.stops_changed.emit()

    def _settle(self) -> None:
        """Lets the layouts, from the rows outwards, take at once the room that is theirs now."""
        page = self.area.widget()
        layout = None if page is None else page.layout()
        if page is not None and layout is not None:
            for group in self.groups.values():
                group.settle()
            layout.activate()
            room = self.area.viewport().size()
            page.resize(room.width(), max(layout.totalHeightForWidth(room.width()), room.height()))

    def _follow(self) -> None:
        self.head.follow(self._theme)
        for group in self.groups.values():
            group.follow(self._theme)
        for line in self._remark_lines:
            line.message.follow(self._theme)


def is_control(event: QKeyEvent, key: Qt.Key) -> bool:
    """Whether a key was pressed together with Ctrl alone."""
    return event.key() == key and event.modifiers() == Qt.KeyboardModifier.ControlModifier


def is_search(event: QKeyEvent, focused: QWidget | None) -> bool:
    """Whether a key leads to the search: Ctrl+F, and “/” where that is not a letter like any other."""
    takes_text = isinstance(focused, QLineEdit) and not isinstance(focused, NumberBox)
    return event.matches(QKeySequence.StandardKey.Find) or (event.text() == "/" and not takes_text)
