"""Asks before something that cannot be undone."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox, QWidget

__all__ = ["ask"]


def ask(parent: QWidget, question: str, consequence: str, verb: str, act: Callable[[], object]) -> QMessageBox:
    """Asks whether to do something; Cancel is what Enter and Esc choose. Returns at once.

    Args:
        parent: the window it belongs to.
        question: in one line.
        consequence: what will happen.
        verb: on the button that does it.
        act: what is done if the user wants it.

    Returns:
        The dialog, which is open now.
    """
    box = QMessageBox(QMessageBox.Icon.Question, "LPSNet Studio", question, parent=parent)
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setInformativeText(consequence)
    box.addButton(verb, QMessageBox.ButtonRole.DestructiveRole).clicked.connect(lambda _checked=False: act())
    box.setDefaultButton(box.addButton(QMessageBox.StandardButton.Cancel))
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.open()
    return box
