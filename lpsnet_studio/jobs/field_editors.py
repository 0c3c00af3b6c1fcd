"""What a field of a config is edited with: one small widget for every kind of field."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QWheelEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFileDialog,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QSizePolicy,
    QWidget,
)

from lpsnet_studio.jobs.config_fields import Bounds, FieldKind, FormField
from lpsnet_studio.jobs.field_words import number_from, numbers_from, value_text
from lpsnet_studio.jobs.file_patterns import file_patterns
from lpsnet_studio.labels import as_tip
from lpsnet_studio.theme import figure_font

__all__ = [
    "ChoiceEditor",
    "FieldEditor",
    "NumberBox",
    "NumbersEditor",
    "OptionalEditor",
    "PathEditor",
    "SwitchEditor",
    "TextBox",
    "TextEditor",
    "chosen_path",
    "editor_of",
    "is_history",
]

PathChooser = Callable[[QWidget, FormField, str], str]
"""Asks for a path: above which widget, for which field, where to begin; an empty answer is none."""
_LEAST_WIDTH = 56
_NUMBER_WIDTH = 120
_NOT_SET = "Not set"


class FieldEditor(QWidget):
    """Edits one field's value.

    Attributes:
        edited: what the user wrote or chose, as :meth:`~lpsnet_studio.jobs.form.ConfigForm.set` takes it, and whether
            more is to follow, as while someone types.
        finished: the user is done with typing.
    """

    edited = Signal(object, bool)
    finished = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.line = QHBoxLayout(self)
        self.line.setContentsMargins(0, 0, 0, 0)
        self.line.setSpacing(4)

    def inputs(self) -> tuple[QWidget, ...]:
        """Returns what the keyboard goes to, the first one first."""
        raise NotImplementedError

    def show_value(self, value: Any) -> None:
        """Shows a value without reporting it; what someone types stays as it is typed if it means this value."""
        raise NotImplementedError

    def take_default_focus(self) -> None:
        """Gives the keyboard to what edits the value."""
        first = self.inputs()[0]
        first.setFocus(Qt.FocusReason.OtherFocusReason)
        if isinstance(first, QLineEdit):
            first.selectAll()


class TextBox(QLineEdit):
    """One line of text that leaves undo and redo to the form."""

    def __init__(self) -> None:
        super().__init__()
        self.setMinimumWidth(_LEAST_WIDTH)

    def event(self, event: QEvent) -> bool:
        """Keeps what would be the line's own undo for the form."""
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


class NumberBox(TextBox):
    """A number that is typed, or stepped with Up, Down, Page Up, Page Down, and with the wheel while it has the focus.

    Args:
        bounds: stepping stays within them; typing may leave them, and is then told what is wrong.
        is_whole: whether steps are whole ones.
    """

    def __init__(self, bounds: Bounds, *, is_whole: bool) -> None:
        super().__init__()
        self._bounds, self._is_whole = bounds, is_whole
        self.setFont(figure_font(self.font()))
        self.setMaximumWidth(_NUMBER_WIDTH)

    def number(self) -> int | float | str:
        """Returns the number that is typed, or the text if it is none."""
        return number_from(self.text(), is_whole=self._is_whole)

    def show_number(self, value: Any) -> None:
        """Shows a number; one that is being typed stays as it is typed."""
        if not (self.hasFocus() and self.number() == value):
            self.setText(value_text(value))

    def step(self, count: int) -> None:
        """Goes so many steps up; a step is a tenth of the number's power of ten, and one at least if it is whole."""
        value = self.number()
        if isinstance(value, str):
            return
        size = 10.0 ** (math.floor(math.log10(abs(value))) - 1) if value else 0.01
        stepped = value + count * (max(round(size), 1) if self._is_whole else size)
        stepped = self._within(float(f"{stepped:.12g}"))
        text = value_text(round(stepped) if self._is_whole else stepped)
        if text != self.text():
            self.setText(text)
            self.textEdited.emit(text)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Steps, or types; “/”, which no number has, is left to the search."""
        keys = {Qt.Key.Key_Up: 1, Qt.Key.Key_Down: -1, Qt.Key.Key_PageUp: 10, Qt.Key.Key_PageDown: -10}
        if event.key() in keys and not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
            self.step(keys[Qt.Key(event.key())])
        elif event.text() == "/":
            event.ignore()
        else:
            super().keyPressEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Steps while it has the focus, else leaves the wheel to the page."""
        notches = round(event.angleDelta().y() / 120)
        if not self.hasFocus():
            event.ignore()
        elif notches:
            self.step(notches)

    def _within(self, value: float) -> float:
        """Returns a number brought into the range, or the present one where its edge itself is out of range."""
        low, high, bounds = self._bounds.low, self._bounds.high, self._bounds
        here = self.number()
        if low is not None and (value < low or (bounds.above_low and value == low)):
            value = float(here) if bounds.above_low else low
        if high is not None and (value > high or (bounds.below_high and value == high)):
            value = float(here) if bounds.below_high else high
        return value


class TextEditor(FieldEditor):
    """A line of text."""

    def __init__(self, field: FormField) -> None:
        super().__init__()
        self.box = TextBox()
        self.line.addWidget(self.box, 1)
        _report_typing(self, self.box, lambda: self.box.text())

    def inputs(self) -> tuple[QWidget, ...]:
        """Returns the line."""
        return (self.box,)

    def show_value(self, value: Any) -> None:
        """Shows a text."""
        if self.box.text() != value_text(value):
            self.box.setText(value_text(value))


class PathEditor(TextEditor):
    """A path that is typed, or chosen from the files.

    Attributes:
        button: asks for it.
    """

    def __init__(self, field: FormField, choose: PathChooser) -> None:
        super().__init__(field)
        self._field, self._choose = field, choose
        self.button = QPushButton("Choose…")
        self.button.setAutoDefault(False)
        self.button.setAccessibleName(f"Choose {field.name}")
        what = "folder" if field.kind is FieldKind.FOLDER else "file"
        self.button.setToolTip(f"Choose a {what}.")
        self.button.clicked.connect(self._ask)
        self.line.addWidget(self.button)

    def inputs(self) -> tuple[QWidget, ...]:
        """Returns the line and the button."""
        return (self.box, self.button)

    def _ask(self) -> None:
        path = self._choose(self, self._field, self.box.text())
        if path:
            self.edited.emit(path, False)


class NumberEditor(FieldEditor):
    """One number."""

    def __init__(self, field: FormField) -> None:
        super().__init__()
        self.box = NumberBox(field.bounds, is_whole=field.is_whole)
        self.line.addWidget(self.box, 1)
        self.line.addStretch(0)
        _report_typing(self, self.box, self.box.number)

    def inputs(self) -> tuple[QWidget, ...]:
        """Returns the box."""
        return (self.box,)

    def show_value(self, value: Any) -> None:
        """Shows a number, or what was typed instead of one."""
        self.box.show_number(value)


class NumbersEditor(FieldEditor):
    """A fixed count of numbers, a box each."""

    def __init__(self, field: FormField) -> None:
        super().__init__()
        self.boxes = [NumberBox(field.bounds, is_whole=field.is_whole) for _ in range(field.length or 0)]
        for box in self.boxes:
            self.line.addWidget(box, 1)
            _report_typing(self, box, lambda: [each.number() for each in self.boxes])
        self.line.addStretch(0)

    def inputs(self) -> tuple[QWidget, ...]:
        """Returns the boxes."""
        return tuple(self.boxes)

    def show_value(self, value: Any) -> None:
        """Shows the numbers; boxes without one are empty."""
        numbers: Sequence[Any] = value if isinstance(value, list) else ()
        for place, box in enumerate(self.boxes):
            box.show_number(numbers[place] if place < len(numbers) else "")


class ListEditor(FieldEditor):
    """As many numbers as one likes, on one line with commas between."""

    def __init__(self, field: FormField) -> None:
        super().__init__()
        self._is_whole = field.is_whole
        self.box = TextBox()
        self.box.setFont(figure_font(self.box.font()))
        self.line.addWidget(self.box, 1)
        _report_typing(self, self.box, self._numbers)

    def inputs(self) -> tuple[QWidget, ...]:
        """Returns the line."""
        return (self.box,)

    def show_value(self, value: Any) -> None:
        """Shows the numbers."""
        if not (self.box.hasFocus() and self._numbers() == value):
            self.box.setText(value_text(value))

    def _numbers(self) -> list[int | float | str]:
        return numbers_from(self.box.text(), is_whole=self._is_whole)


class SwitchEditor(FieldEditor):
    """On or off."""

    def __init__(self, field: FormField) -> None:
        super().__init__()
        self.box = QCheckBox()
        self.line.addWidget(self.box, 1)
        self.box.clicked.connect(lambda on: self.edited.emit(on, False))
        self.box.toggled.connect(self._tell)
        self._tell(False)

    def inputs(self) -> tuple[QWidget, ...]:
        """Returns the box that is ticked."""
        return (self.box,)

    def show_value(self, value: Any) -> None:
        """Ticks the box or not."""
        self.box.setChecked(value is True)

    def _tell(self, on: bool) -> None:
        self.box.setText("On" if on else "Off")


class _ChoiceBox(QComboBox):
    """A choice that the wheel changes only while it has the focus, and that leaves “/” to the search."""

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Leaves the wheel to the page unless the box has the focus."""
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Chooses, but for “/”."""
        if event.text() == "/":
            event.ignore()
        else:
            super().keyPressEvent(event)


class ChoiceEditor(FieldEditor):
    """One of several values.

    Args:
        choices: each with what it is called.
    """

    def __init__(self, choices: Sequence[tuple[Any, str]]) -> None:
        super().__init__()
        self._values = [value for value, _ in choices]
        self.box = _ChoiceBox()
        self.box.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.box.addItems([words for _, words in choices])
        self.box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.box.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.line.addWidget(self.box)
        self.line.addStretch(1)
        self.box.activated.connect(lambda index: self.edited.emit(self._values[index], False))

    def inputs(self) -> tuple[QWidget, ...]:
        """Returns the box."""
        return (self.box,)

    def show_value(self, value: Any) -> None:
        """Shows a choice; one that is none of them leaves the box empty."""
        same = [place for place, each in enumerate(self._values) if each is value or each == value]
        self.box.setCurrentIndex(same[0] if same else -1)


class OptionalEditor(FieldEditor):
    """A switch for “not set”, and what edits the value while it is set; the value comes back when it is set again.

    Args:
        inner: edits the value.
        empty: what is written when it is set for the first time.

    Attributes:
        unset: is ticked while there is no value.
    """

    def __init__(self, inner: FieldEditor, empty: Any) -> None:
        super().__init__()
        self.inner, self._last = inner, empty
        self.unset = QCheckBox(_NOT_SET)
        self.unset.setToolTip("Ticked: the field is null.")
        takes_all = isinstance(inner, TextEditor | ListEditor)
        self.line.addWidget(inner, 1 if takes_all else 0)
        self.line.addWidget(self.unset)
        if not takes_all:
            self.line.addStretch(1)
        inner.edited.connect(self.edited)
        inner.finished.connect(self.finished)
        self.unset.clicked.connect(self._turn)

    def inputs(self) -> tuple[QWidget, ...]:
        """Returns what edits the value, and the switch."""
        return (*self.inner.inputs(), self.unset)

    def show_value(self, value: Any) -> None:
        """Shows a value, or that there is none."""
        self.unset.setChecked(value is None)
        self.inner.setEnabled(value is not None)
        self.inner.show_value(value)
        if value is not None:
            self._last = value

    def take_default_focus(self) -> None:
        """Gives the keyboard to the value, or to the switch while there is none."""
        if self.inner.isEnabled():
            self.inner.take_default_focus()
        else:
            self.unset.setFocus(Qt.FocusReason.OtherFocusReason)

    def _turn(self, is_unset: bool) -> None:
        self.edited.emit(None if is_unset else self._last, False)
        if not is_unset:
            self.inner.take_default_focus()


def editor_of(field: FormField, choose: PathChooser) -> FieldEditor:
    """Returns what edits a field."""
    unset: list[tuple[Any, str]] = [(None, _NOT_SET.lower())] if field.is_optional else []
    if field.kind is FieldKind.CHOICE:
        editor: FieldEditor = ChoiceEditor([*unset, *((each, each) for each in field.choices)])
    elif field.kind is FieldKind.SWITCH and field.is_optional:
        editor = ChoiceEditor([*unset, (True, "on"), (False, "off")])
    else:
        editor = _plain_editor(field, choose)
        if field.is_optional:
            editor = OptionalEditor(editor, [] if field.kind is FieldKind.NUMBERS else "")
    _name(editor, field)
    return editor


def _plain_editor(field: FormField, choose: PathChooser) -> FieldEditor:
    match field.kind:
        case FieldKind.SWITCH:
            return SwitchEditor(field)
        case FieldKind.NUMBER:
            return NumberEditor(field)
        case FieldKind.NUMBERS:
            return ListEditor(field) if field.length is None else NumbersEditor(field)
        case FieldKind.FILE | FieldKind.FOLDER:
            return PathEditor(field, choose)
    return TextEditor(field)


def _name(editor: FieldEditor, field: FormField) -> None:
    """Gives what edits a field its names for people who hear them, and what it is for as tool tip."""
    inputs = editor.inputs()
    boxes = [each for each in inputs if isinstance(each, TextBox)]
    for widget in inputs:
        if isinstance(widget, QPushButton):
            continue
        number = f"{boxes.index(widget) + 1} of {len(boxes)}" if widget in boxes and len(boxes) > 1 else ""
        is_unset = isinstance(widget, QCheckBox) and widget.text() == _NOT_SET
        said = "not set" if is_unset else number
        widget.setAccessibleName(" ".join(part for part in (field.title, said, f"({field.name})") if part))
        if not is_unset:
            widget.setToolTip(as_tip("\n".join(part for part in (field.description, field.hint, field.name) if part)))


def chosen_path(parent: QWidget, field: FormField, where: str) -> str:
    """Asks for the path of a file or folder; empty if none is chosen."""
    if field.kind is FieldKind.FOLDER:
        return QFileDialog.getExistingDirectory(parent, f"Choose {field.name}", where)
    return QFileDialog.getOpenFileName(parent, f"Choose {field.name}", where, file_patterns(field.description))[0]


def _report_typing(editor: FieldEditor, box: QLineEdit, read: Callable[[], Any]) -> None:
    box.textEdited.connect(lambda _text: editor.edited.emit(read(), True))
    box.editingFinished.connect(editor.finished)


def is_history(event: QKeyEvent) -> bool:
    """Whether a key asks for undo or redo."""
    return event.matches(QKeySequence.StandardKey.Undo) or event.matches(QKeySequence.StandardKey.Redo)
