"""The command that does the same as a form, to be copied into a terminal."""

from __future__ import annotations

from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from lpsnet_studio.jobs.command import argv, environment, shell_text
from lpsnet_studio.jobs.foot_view import CommandText
from lpsnet_studio.jobs.push_button_view import CopyButton
from lpsnet_studio.jobs.spec import JobSpec
from lpsnet_studio.theme import Theme

__all__ = ["CommandLine", "command_words"]


def command_words(spec: JobSpec) -> str:
    """Returns the command of a job for a terminal; why there is none, as a comment, where its devices do not fit."""
    try:
        return shell_text(argv(spec), environment(spec))
    except ValueError as error:
        return f"# {error}"


class CommandLine(QWidget):
    """The command and a button that copies it.

    Args:
        theme: gives the icon.

    Attributes:
        text: the command.
        copy: copies it.
    """

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.text = CommandText()
        self.copy = CopyButton(self.text.toPlainText, theme)
        title = QLabel("The same in a terminal")
        title.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        above = QHBoxLayout()
        above.addWidget(title, 1)
        above.addWidget(self.copy)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 8, 16, 8)
        layout.setSpacing(8)
        layout.addLayout(above)
        layout.addWidget(self.text)
        theme.changed.connect(self._follow)

    def show_spec(self, spec: JobSpec) -> None:
        """Shows the command of a job."""
        self.text.show_command(command_words(spec))

    def _follow(self) -> None:
        self.copy.follow(self._theme)
