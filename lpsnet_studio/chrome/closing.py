"""Lets the window close once what is being saved is saved."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox, QWidget

from lpsnet_studio.background import Background

__all__ = ["ask_to_wait"]


def ask_to_wait(parent: QWidget, background: Background, then: Callable[[], object]) -> QMessageBox:
    """Says that a file is still being written, and goes on when it is, unless the user decides to stay.

    Args:
        parent: the window that is to be closed.
        background: where the file is written.
        then: closes the window.

    Returns:
        The dialog, which is open now.
    """
    box = QMessageBox(QMessageBox.Icon.Information, "LPSNet Studio", "A file is still being saved.", parent=parent)
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setInformativeText("The window closes as soon as it is written.")
    box.addButton("Keep the window open", QMessageBox.ButtonRole.RejectRole)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)

    def look() -> None:
        if not background.unfinished:
            box.accept()
            then()

    background.busy_changed.connect(look)
    box.finished.connect(lambda _result: background.busy_changed.disconnect(look))
    box.open()
    return box
