"""The commands that train one network on several machines, to be copied there."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QFontDatabase, QGuiApplication, QPalette
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from lpsnet_studio.jobs.command import nodes_text
from lpsnet_studio.jobs.spec import TrainSpec

__all__ = ["NodesDialog"]

_MOST_MACHINES = 64
_NEEDS = (
    "Run each command on its machine at about the same time. All must have the data under the same paths, and the "
    "first one's name must be reachable by the others."
)


class NodesDialog(QDialog):
    """Shows one command a machine.

    Args:
        parent: the window it belongs to.
        spec: the training.

    Attributes:
        machines: how many.
        first: the first machine's name.
        commands: the text.
        copy: copies it.
    """

    def __init__(self, parent: QWidget, spec: TrainSpec) -> None:
        super().__init__(parent)
        self._spec = spec
        self.setWindowTitle("Train on several machines")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.machines = QSpinBox()
        self.machines.setRange(2, _MOST_MACHINES)
        self.machines.setAccessibleName("Machines")
        self.machines.setToolTip("How many machines train together.")
        self.first = QLineEdit("HOST")
        self.first.setAccessibleName("First machine")
        self.first.setToolTip("Name or address of the first machine, as the others reach it.")
        self.commands = QPlainTextEdit()
        self.commands.setReadOnly(True)
        self.commands.setTabChangesFocus(True)
        self.commands.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.commands.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.commands.setAccessibleName("Commands, one a machine")
        self.commands.setToolTip("What is run on each machine.")
        needs = QLabel(_NEEDS)
        needs.setWordWrap(True)
        needs.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self.copy = QPushButton("Copy all")
        self.copy.setToolTip("Copy the commands to the clipboard.")
        self.copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(self.commands.toPlainText()))
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.addButton(self.copy, QDialogButtonBox.ButtonRole.ActionRole)
        buttons.rejected.connect(self.reject)
        form = QFormLayout()
        form.addRow("Machines", self.machines)
        form.addRow("First machine", self.first)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 16, 16, 16)
        layout.setSpacing(8)
        layout.addLayout(form)
        layout.addWidget(self.commands, 1)
        layout.addWidget(needs)
        layout.addWidget(buttons)
        self.resize(640, 360)
        self.machines.valueChanged.connect(self._show)
        self.first.textChanged.connect(self._show)
        self._show()

    def _show(self) -> None:
        first = self.first.text().strip() or "HOST"
        self.commands.setPlainText(nodes_text(self._spec, self.machines.value(), first))
