"""One field of a config in the form: its name, what edits it, what it is for, and what is wrong with it."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QLabel, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from lpsnet_studio.jobs.config_fields import FormField
from lpsnet_studio.jobs.field_editors import PathChooser, editor_of
from lpsnet_studio.jobs.form import ConfigForm
from lpsnet_studio.labels import ElidedLabel, as_tip
from lpsnet_studio.message_line import MessageLine
from lpsnet_studio.theme import Theme, caption_font

__all__ = ["FieldRow"]

_HEAD_WIDTH = 232
_CHANGED = "•"


class FieldRow(QWidget):
    """A field: above each other where there is little room, beside each other where there is more.

    Args:
        form: what is written into.
        field: which of its fields.
        theme: gives icons and colours.
        choose: asks for paths.
        wide: whether name and editor stand beside each other at first.

    Attributes:
        editor: edits the value.
        reset_button: is there while the value is changed.
        fault: what is wrong, below the editor.
        note: what comes of it together with other fields, where that is not what it says; below the editor, too.
    """

    def __init__(
        self, form: ConfigForm, field: FormField, theme: Theme, choose: PathChooser, *, wide: bool = False
    ) -> None:
        super().__init__()
        self._form, self._theme, self.field = form, theme, field
        self.editor = editor_of(field, choose)
        self.title = ElidedLabel(field.title)
        self.title.setBuddy(self.editor.inputs()[0])
        self.path = ElidedLabel(field.name)
        self.reset_button = self._make_reset_button()
        self.caption = QLabel()
        self.fault: MessageLine | None = None
        self.note: MessageLine | None = None
        self._head, self._body = QWidget(), QWidget()
        self._sides = QBoxLayout(QBoxLayout.Direction.TopToBottom, self)
        self._lay_out()
        self.set_wide(wide)
        self.editor.edited.connect(lambda value, goes_on: form.set(field.name, value, goes_on=goes_on))
        self.editor.finished.connect(self._finish)
        self.refresh()

    def stops(self) -> tuple[QWidget, ...]:
        """Returns where Tab stops, in order."""
        return (*self.editor.inputs(), self.reset_button)

    def set_wide(self, wide: bool) -> None:
        """Puts name and editor beside each other, or above each other."""
        directions = QBoxLayout.Direction
        self._sides.setDirection(directions.LeftToRight if wide else directions.TopToBottom)
        self._sides.setSpacing(16 if wide else 4)
        if wide:
            self._head.setFixedWidth(_HEAD_WIDTH)
        else:
            self._head.setMinimumWidth(0)
            self._head.setMaximumWidth(16_777_215)
        hint = self.field.hint
        hint = f"{hint[:1].upper()}{hint[1:]}." if hint else ""
        text = " ".join(part for part in (self.field.description, hint) if part) if wide else hint
        self.caption.setText(text)
        self.caption.setVisible(bool(text))

    def refresh(self) -> None:
        """Shows what the form says of the field."""
        form, name = self._form, self.field.name
        self.editor.show_value(form.value(name))
        changed = form.is_changed(name)
        self.title.setText(f"{self.field.title} {_CHANGED}" if changed else self.field.title)
        start = form.start_words(name) if changed else ""
        self.reset_button.setVisible(changed)
        self.reset_button.setToolTip(as_tip(f"Reset to {start}"))
        fault = form.faults.get(name, "")
        if fault and self.fault is None:
            self.fault = MessageLine("fault", self._theme)
            layout = self._body.layout()
            assert isinstance(layout, QVBoxLayout)
            layout.insertWidget(1, self.fault)
        if self.fault is not None:
            self.fault.set_tone("need" if name in form.lacking else "fault")
            if self.fault.text() != fault:
                self.fault.set_text(fault)
        note = form.note(name)
        self._show_note(note)
        told = ". ".join(part for part in (fault, note.rstrip("."), f"Changed from {start}" if changed else "") if part)
        for widget in self.editor.inputs():
            if widget.accessibleDescription() != told:
                widget.setAccessibleDescription(told)

    def follow(self, theme: Theme) -> None:
        """Takes icons and colours of a theme."""
        self.reset_button.setIcon(theme.icon("reset"))
        for line in (self.fault, self.note):
            if line is not None:
                line.follow(theme)

    def _show_note(self, note: str) -> None:
        if note and self.note is None:
            self.note = MessageLine("need", self._theme)
            layout = self._body.layout()
            assert isinstance(layout, QVBoxLayout)
            layout.insertWidget(1, self.note)
        if self.note is not None and self.note.text() != note:
            self.note.set_text(note)

    def _finish(self) -> None:
        """Ends the typing, and writes what was typed as the field has it."""
        self._form.finish()
        if self.field.name in self._form.fields:
            self.editor.show_value(self._form.value(self.field.name))

    def _reset(self) -> None:
        if self.reset_button.hasFocus():
            self.editor.take_default_focus()
        self._form.reset(self.field.name)

    def _make_reset_button(self) -> QToolButton:
        button = QToolButton()
        button.setAutoRaise(True)
        button.setIcon(self._theme.icon("reset"))
        button.setIconSize(QSize(14, 14))
        button.setFixedSize(20, 20)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.setAccessibleName(f"Reset {self.field.name}")
        keep_place = QSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        keep_place.setRetainSizeWhenHidden(True)
        button.setSizePolicy(keep_place)
        button.clicked.connect(self._reset)
        return button

    def _lay_out(self) -> None:
        for label in (self.path, self.caption):
            label.setFont(caption_font(self.font()))
            label.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self.caption.setTextFormat(Qt.TextFormat.PlainText)
        self.caption.setWordWrap(True)
        self.caption.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.title.setToolTip(as_tip(self.field.description))
        top = QHBoxLayout()
        top.setSpacing(4)
        top.addWidget(self.title, 1)
        top.addWidget(self.reset_button)
        head = QVBoxLayout(self._head)
        head.addLayout(top)
        head.addWidget(self.path)
        head.addStretch(1)
        body = QVBoxLayout(self._body)
        body.addWidget(self.editor)
        body.addWidget(self.caption)
        body.addStretch(1)
        for inside, gap in ((head, 0), (body, 2), (self._sides, 0)):
            inside.setContentsMargins(0, 0, 0, 0)
            inside.setSpacing(gap)
        self._sides.setContentsMargins(0, 3, 0, 5)
        self._sides.addWidget(self._head)
        self._sides.addWidget(self._body, 1)
