"""The foot of the form: how the config stands, and the command that does the same."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QFontDatabase, QPalette
from PySide6.QtWidgets import QHBoxLayout, QPlainTextEdit, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from lpsnet_studio.jobs.form import ConfigForm
from lpsnet_studio.jobs.push_button_view import CopyButton
from lpsnet_studio.labels import ElidedLabel
from lpsnet_studio.theme import Theme, caption_font

__all__ = ["FormFoot"]

_LEAST_LINES, _MOST_LINES = 2, 5


class CommandText(QPlainTextEdit):
    """A command that is read and selected, not written; Tab passes on from it."""

    def __init__(self) -> None:
        super().__init__()
        self.setReadOnly(True)
        self.setTabChangesFocus(True)
        self.setWordWrapMode(self.wordWrapMode().WrapAtWordBoundaryOrAnywhere)
        font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
        font.setPixelSize(caption_font(self.font()).pixelSize())
        self.setFont(font)
        self.setAccessibleName("Equivalent command")
        self.setToolTip("What does the same in a terminal.")
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.document().documentLayout().documentSizeChanged.connect(lambda _size: self.updateGeometry())

    def show_command(self, text: str) -> None:
        """Shows a command; what is selected stays if the command does."""
        if text != self.toPlainText():
            self.setPlainText(text)

    def sizeHint(self) -> QSize:
        """Returns room for the command on a few lines; longer ones are scrolled."""
        lines = min(max(round(self.document().size().height()), _LEAST_LINES), _MOST_LINES)
        around = 2 * (self.document().documentMargin() + self.frameWidth() + 1)
        return QSize(120, round(lines * self.fontMetrics().lineSpacing() + around))

    def minimumSizeHint(self) -> QSize:
        """Returns the same: it never has less room."""
        return self.sizeHint()


class FormFoot(QWidget):
    """Says how many fields are changed, what is to be mended, and the command.

    Args:
        form: what is written.
        theme: gives the icons.
        command: returns the command that the form stands for.

    Attributes:
        mend_asked: the user wants to see the next field with a fault.
        remarks_asked: the user wants to see the remarks.
        command: the command's text.
        copy: copies it.
        mend, remarks: say what there is, and lead to it.
    """

    mend_asked = Signal()
    remarks_asked = Signal()

    def __init__(self, form: ConfigForm, theme: Theme, command: Callable[[], str]) -> None:
        super().__init__()
        self._form, self._told = form, command
        self.command = CommandText()
        self.copy = CopyButton(self.command.toPlainText, theme)
        self.mend = _link("Go to the next field with a fault.", self.mend_asked.emit)
        self.remarks = _link("Go to what is allowed but rarely meant.", self.remarks_asked.emit)
        self.state = ElidedLabel()
        self.state.setToolTip("How many fields differ from the preset or file.")
        self.state.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        above = QHBoxLayout()
        for widget in (self.mend, self.remarks, self.state):
            above.addWidget(widget)
        above.addStretch(1)
        above.addWidget(self.copy)
        above.setSpacing(8)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 8, 16, 8)
        layout.setSpacing(8)
        layout.addLayout(above)
        layout.addWidget(self.command)
        self.follow(theme)
        self.show_state()

    def stops(self) -> tuple[QWidget, ...]:
        """Returns where Tab stops, in order."""
        return (self.mend, self.remarks, self.copy, self.command)

    def show_state(self) -> None:
        """Shows how the config stands, and its command."""
        faults, remarks, changed = len(self._form.faults), len(self._form.remarks), len(self._form.changed_fields)
        self.mend.setVisible(bool(faults))
        self.mend.setText(f"{faults} to mend")
        self.remarks.setVisible(bool(remarks))
        self.remarks.setText(f"{remarks} remark" if remarks == 1 else f"{remarks} remarks")
        self.state.setText(f"{changed} changed" if changed else "Nothing changed")
        self.command.show_command(self._told())

    def follow(self, theme: Theme) -> None:
        """Takes icons of a theme."""
        self.mend.setIcon(theme.icon("discarded", theme.palette.discarded))
        self.remarks.setIcon(theme.icon("warning", theme.palette.contested))
        self.copy.follow(theme)


def _link(tip: str, press: Callable[[], None]) -> QPushButton:
    button = QPushButton()
    button.setFlat(True)
    button.setAutoDefault(False)
    button.setToolTip(tip)
    button.clicked.connect(lambda: press())
    return button
