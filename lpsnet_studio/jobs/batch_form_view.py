"""The form of an evaluation or a prediction as it is filled in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QPalette, QResizeEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QCheckBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from lpsnet.config import preset_names
from lpsnet_studio.hairline import hairline
from lpsnet_studio.jobs.batch_fields import DATA_KINDS, BatchField, Editor
from lpsnet_studio.jobs.batch_form import BatchForm
from lpsnet_studio.jobs.device_view import DeviceChooser
from lpsnet_studio.jobs.field_editors import ChoiceEditor, TextBox, is_history
from lpsnet_studio.jobs.head_view import form_title, show_history, tool_button
from lpsnet_studio.jobs.path_line_view import AskPath, PathLine, asked_path
from lpsnet_studio.labels import as_tip
from lpsnet_studio.message_line import MessageLine
from lpsnet_studio.theme import Theme, caption_font

__all__ = ["BatchFormView", "BatchRow"]

_WIDE = 600
"""Pixels from which on a field's name and its editor stand beside each other."""
_HEAD_WIDTH = 136
_LEAST_HEIGHT = 48
_LEAST_LINES, _MOST_LINES = {Editor.LINES: 1, Editor.PATHS: 2}, 6
_NUMBER_WIDTH = 120


class _LineEditor(QWidget):
    """A line of text, or a number."""

    edited = Signal(object, bool)
    finished = Signal()

    def __init__(self, field: BatchField) -> None:
        super().__init__()
        self.box = TextBox()
        self.box.setPlaceholderText(field.example)
        self.box.textEdited.connect(lambda text: self.edited.emit(text, True))
        self.box.editingFinished.connect(self.finished)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.box, 1)
        if field.editor is Editor.NUMBER and len(field.example) < 12:
            self.box.setMaximumWidth(_NUMBER_WIDTH)
            layout.addStretch(0)

    def show_value(self, value: Any) -> None:
        """Shows a text without reporting it."""
        if self.box.text() != value:
            self.box.setText(value)

    def inputs(self) -> tuple[QWidget, ...]:
        """Returns the line."""
        return (self.box,)


class _LinesBox(QPlainTextEdit):
    """Lines of text that leave undo and redo to the form."""

    left = Signal()

    def event(self, event: QEvent) -> bool:
        """Keeps what would be its own undo for the form."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and is_history(event):
            event.ignore()
            return False
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Types, but for undo and redo."""
        if is_history(event):
            event.ignore()
        else:
            super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Tells that someone is done with typing."""
        super().focusOutEvent(event)
        self.left.emit()


class _LinesEditor(QWidget):
    """Several lines of text, as high as they need up to some; of paths, with buttons that add one."""

    edited = Signal(object, bool)
    finished = Signal()

    def __init__(self, field: BatchField, ask: AskPath) -> None:
        super().__init__()
        self.box = _LinesBox()
        self.box.setTabChangesFocus(True)
        self.box.setPlaceholderText(field.example)
        self.box.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.box.textChanged.connect(self._fit)
        self.box.textChanged.connect(lambda: self.edited.emit(self.box.toPlainText(), True))
        self.box.left.connect(self.finished)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self.box, 1)
        self.buttons: list[QPushButton] = []
        if field.editor is Editor.PATHS:
            for text, is_folder in (("Add file…", False), ("Add folder…", True)):
                button = QPushButton(text)
                button.setAutoDefault(False)
                button.setToolTip(f"Add a {'folder of pictures' if is_folder else 'picture or a COCO panoptic JSON'}.")
                button.clicked.connect(lambda _=False, kind=is_folder: self._add(ask(self, field.title, "", kind)))
                layout.addWidget(button, 0, Qt.AlignmentFlag.AlignTop)
                self.buttons.append(button)
        self._least = _LEAST_LINES[field.editor]
        self._fit()

    def show_value(self, value: Any) -> None:
        """Shows lines without reporting them."""
        if self.box.toPlainText() != value:
            blocked = self.box.blockSignals(True)
            self.box.setPlainText(value)
            self.box.blockSignals(blocked)
            self._fit()

    def inputs(self) -> tuple[QWidget, ...]:
        """Returns the text and the buttons."""
        return (self.box, *self.buttons)

    def _fit(self) -> None:
        lines = min(max(self.box.blockCount(), self._least), _MOST_LINES)
        around = 2 * (self.box.document().documentMargin() + self.box.frameWidth() + 1)
        self.box.setFixedHeight(round(lines * self.box.fontMetrics().lineSpacing() + around))

    def _add(self, path: str) -> None:
        if path:
            self.finished.emit()
            self.box.setPlainText("\n".join([*self.box.toPlainText().splitlines(), path]))
            self.finished.emit()


class _SwitchEditor(QWidget):
    """On or off; what it does stands beside it."""

    edited = Signal(object, bool)
    finished = Signal()

    def __init__(self, field: BatchField) -> None:
        super().__init__()
        self.box = QCheckBox(field.title)
        self.box.clicked.connect(lambda on: self.edited.emit(on, False))
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.box)

    def show_value(self, value: Any) -> None:
        """Ticks it or not."""
        self.box.setChecked(value is True)

    def inputs(self) -> tuple[QWidget, ...]:
        """Returns the box."""
        return (self.box,)


_Editor = _LineEditor | _LinesEditor | _SwitchEditor | ChoiceEditor | PathLine | DeviceChooser


class BatchRow(QWidget):
    """A field: its name, what edits it, what it is for, and what is wrong with it.

    Args:
        field: which.
        editor: edits it.
        theme: gives icon and colour of the fault.
    """

    def __init__(self, field: BatchField, editor: _Editor, theme: Theme) -> None:
        super().__init__()
        self.field, self.editor, self.fault = field, editor, MessageLine("fault", theme)
        self.fault.set_text("")
        is_switch = field.editor is Editor.SWITCH
        self._title = QLabel("" if is_switch else field.title)
        self._title.setBuddy(editor.inputs()[0])
        self._caption = caption = QLabel(field.description)
        caption.setTextFormat(Qt.TextFormat.PlainText)
        caption.setWordWrap(True)
        caption.setFont(caption_font(self.font()))
        caption.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        caption.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        body = QVBoxLayout()
        body.setSpacing(2)
        body.addWidget(editor)
        body.addWidget(self.fault)
        body.addWidget(caption)
        self._sides = QBoxLayout(QBoxLayout.Direction.TopToBottom, self)
        self._sides.setContentsMargins(0, 4, 0, 4)
        self._sides.addWidget(self._title, 0, Qt.AlignmentFlag.AlignTop)
        self._sides.addLayout(body, 1)
        for widget in editor.inputs():
            if not isinstance(widget, QPushButton) and not widget.accessibleName():
                widget.setAccessibleName(field.title)
            if not widget.toolTip():
                widget.setToolTip(as_tip(field.description))

    def set_wide(self, wide: bool) -> None:
        """Puts name and editor beside each other, or above each other."""
        directions = QBoxLayout.Direction
        self._sides.setDirection(directions.LeftToRight if wide else directions.TopToBottom)
        self._sides.setSpacing(16 if wide else 2)
        self._title.setVisible(wide or bool(self._title.text()))
        self._title.setMinimumWidth(_HEAD_WIDTH if wide else 0)

    def show_state(self, value: Any, fault: str, *, is_lacking: bool = False, off: str = "", example: str = "") -> None:
        """Shows a value, and what is said of it.

        Args:
            value: of the field.
            fault: what is wrong, or needed; empty for nothing.
            is_lacking: whether it is merely empty.
            off: why it cannot be filled in; empty if it can.
            example: what is taken where it is empty.
        """
        self.editor.show_value(value)
        self.editor.setEnabled(not off)
        self._caption.setText(off or self.field.description)
        if isinstance(self.editor, PathLine):
            self.editor.propose("" if off else example)
        self.fault.set_tone("need" if is_lacking else "fault")
        if self.fault.text() != fault:
            self.fault.set_text(fault)
        said = fault or off or (f"empty: {example}" if example and not value else "")
        for widget in self.editor.inputs():
            if not isinstance(widget, QPushButton) and widget.accessibleDescription() != said:
                widget.setAccessibleDescription(said)


class BatchFormView(QWidget):
    """The rows, in groups.

    Args:
        form: what is written into.
        theme: gives icons and colours.
        runs: returns runs whose network may be taken, each a name and a path.
        ask: asks for paths.
        title: what it is the form of.

    Attributes:
        undo, redo: take edits back.
        rows: by the name of their field.
        area: what they are scrolled in.
    """

    def __init__(
        self,
        form: BatchForm,
        theme: Theme,
        runs: Callable[[], Sequence[tuple[str, Path]]],
        ask: AskPath = asked_path,
        title: str = "",
    ) -> None:
        super().__init__()
        self._form, self._theme, self._runs, self._ask = form, theme, runs, ask
        self.rows = {each.name: BatchRow(each, self._editor(each), theme) for each in form.all_fields}
        self.undo, self.redo = tool_button("Undo", form.undo), tool_button("Redo", form.redo)
        self.area = QScrollArea()
        self._lay_out(title)
        for name, row in self.rows.items():
            self._write(name, row.editor)
        form.changed.connect(self.show_state)
        theme.changed.connect(self._follow)
        self._follow()
        self.show_state()

    def show_state(self) -> None:
        """Shows the fields that have a meaning, what is wrong with them, and what can be taken back."""
        show_history(self.undo, self.redo, self._form.undo_words, self._form.redo_words)
        form, names = self._form, [each.name for each in self._form.fields]
        faults, lacking = form.faults, form.lacking
        for name, row in self.rows.items():
            row.setVisible(name in names)
            row.show_state(
                form.value(name),
                faults.get(name, ""),
                is_lacking=name in lacking,
                off=form.off(name),
                example=form.example(name),
            )

    def go_to(self, name: str) -> None:
        """Scrolls to a field and gives it the keyboard."""
        row = self.rows[name]
        first = row.editor.inputs()[0]
        first.setFocus(Qt.FocusReason.OtherFocusReason)
        if isinstance(first, QLineEdit):
            first.selectAll()
        self.area.ensureWidgetVisible(row, 0, 24)

    @property
    def devices(self) -> DeviceChooser:
        """Chooses where it runs."""
        chooser = self.rows["device"].editor
        assert isinstance(chooser, DeviceChooser)
        return chooser

    def stops(self) -> tuple[QWidget, ...]:
        """Returns where Tab stops, in order."""
        return (self.undo, self.redo, *(widget for row in self.rows.values() for widget in row.editor.inputs()))

    def chain_stops(self) -> None:
        """Lets Tab go from top to bottom."""
        for first, second in pairwise(self.stops()):
            QWidget.setTabOrder(first, second)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Lays the rows out for the room that there is."""
        super().resizeEvent(event)
        for row in self.rows.values():
            row.set_wide(self.width() >= _WIDE)

    def _editor(self, field: BatchField) -> _Editor:
        match field.editor:
            case Editor.NETWORK:
                named = lambda: [(name, str(path)) for name, path in self._runs()]  # noqa: E731
                return PathLine(field.title, self._ask, file=True, folder=True, known=named)
            case Editor.CONFIG:
                presets = [(name, name) for name in preset_names()]
                line = PathLine(field.title, self._ask, file=True, known=lambda: presets, known_title="Presets")
                line.propose(field.example)
                return line
            case Editor.FILE | Editor.FOLDER:
                is_file = field.editor is Editor.FILE
                line = PathLine(field.title, self._ask, file=is_file, folder=not is_file)
                line.propose(field.example)
                return line
            case Editor.PATHS | Editor.LINES:
                return _LinesEditor(field, self._ask)
            case Editor.SWITCH:
                return _SwitchEditor(field)
            case Editor.DATA:
                return ChoiceEditor(DATA_KINDS)
            case Editor.DEVICE:
                return DeviceChooser(several=False)
        return _LineEditor(field)

    def _write(self, name: str, editor: _Editor) -> None:
        """Has the form take what is edited; paths and devices do not say of themselves that more is to follow."""
        goes_on = isinstance(editor, PathLine | DeviceChooser)
        editor.edited.connect(lambda value, more=goes_on: self._form.set(name, value, goes_on=more))
        editor.finished.connect(self._form.finish)

    def _lay_out(self, title: str) -> None:
        page = QWidget()
        inside = QVBoxLayout(page)
        inside.setContentsMargins(16, 8, 16, 8)
        inside.setSpacing(0)
        for group, fields in groupby(self._form.all_fields, key=lambda field: field.group):
            heading = QLabel(group)
            font = heading.font()
            font.setBold(True)
            heading.setFont(font)
            heading.setContentsMargins(0, 8, 0, 4)
            inside.addWidget(heading)
            for field in fields:
                inside.addWidget(self.rows[field.name])
        inside.addStretch(1)
        self.area.setWidget(page)
        self.area.setWidgetResizable(True)
        self.area.setFrameShape(QFrame.Shape.NoFrame)
        self.area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.area.setMinimumHeight(_LEAST_HEIGHT)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        top = QHBoxLayout()
        top.setContentsMargins(16, 8, 16, 8)
        top.setSpacing(8)
        top.addWidget(form_title(title), 1)
        top.addWidget(self.undo)
        top.addWidget(self.redo)
        layout.addLayout(top)
        layout.addWidget(hairline())
        layout.addWidget(self.area, 1)
        self.chain_stops()

    def _follow(self) -> None:
        self.undo.setIcon(self._theme.icon("undo"))
        self.redo.setIcon(self._theme.icon("redo"))
        for row in self.rows.values():
            row.fault.follow(self._theme)
