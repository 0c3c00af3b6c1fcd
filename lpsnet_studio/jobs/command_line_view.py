"""The command that does the same as a form, to be copied into a terminal."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QFontDatabase
from PySide6.QtWidgets import QPlainTextEdit, QSizePolicy

from lpsnet_studio.jobs.command import argv, environment, shell_text
from lpsnet_studio.jobs.spec import JobSpec
from lpsnet_studio.theme import caption_font

__all__ = ["CommandText", "command_words"]

_MOST_LINES, _FEW_LINES = 5, 3


def command_words(spec: JobSpec) -> str:
    """Returns the command of a job for a terminal; why there is none, as a comment, where its devices do not fit."""
    try:
        return shell_text(argv(spec), environment(spec))
    except ValueError as error:
        return f"# {error}"


class CommandText(QPlainTextEdit):
    """A command that is read and selected, not written; Tab passes on from it."""

    def __init__(self) -> None:
        super().__init__()
        self._most_lines = _MOST_LINES
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

    def offer_room(self, is_there: bool) -> None:
        """Takes as many lines as it is good to see at once, or only a few."""
        self._most_lines = _MOST_LINES if is_there else _FEW_LINES
        self.updateGeometry()

    def sizeHint(self) -> QSize:
        """Returns room for the command on a few lines; longer ones are scrolled."""
        return QSize(120, self._height_of(min(max(round(self.document().size().height()), 1), self._most_lines)))

    def minimumSizeHint(self) -> QSize:
        """Returns room for one line."""
        return QSize(120, self._height_of(1))

    def _height_of(self, lines: int) -> int:
        around = 2 * (self.document().documentMargin() + self.frameWidth() + 1)
        return round(lines * self.fontMetrics().lineSpacing() + around)
