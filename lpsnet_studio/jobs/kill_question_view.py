"""Asks whether a job shall be killed, and says what is lost."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox, QWidget

from lpsnet_studio.jobs.job_deeds import loss_words

if TYPE_CHECKING:
    from lpsnet_studio.jobs.jobs import JobEntry

__all__ = ["ask_to_kill"]


def ask_to_kill(parent: QWidget, entry: JobEntry, kill: Callable[[], object]) -> QMessageBox:
    """Opens the question over a window, which goes on meanwhile, and returns it; Enter and Esc leave the job alone.

    Args:
        parent: of the question.
        entry: the job.
        kill: kills it.
    """
    box = QMessageBox(QMessageBox.Icon.Warning, "LPSNet Studio", f"Kill {entry.name}?", parent=parent)
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setInformativeText(loss_words(entry))
    box.addButton("Kill", QMessageBox.ButtonRole.DestructiveRole).clicked.connect(lambda _checked=False: kill())
    box.setDefaultButton(box.addButton(QMessageBox.StandardButton.Cancel))
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.open()
    return box
