"""Labels of the panels, all plain text: the body, captions, and what stands in the place of what is not there."""

from __future__ import annotations

from typing import TypeVar

from PySide6.QtCore import Qt
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QLabel, QSizePolicy

from lpsnet_studio.theme import caption_font

__all__ = ["as_caption", "body", "caption", "empty_state"]

AnyLabel = TypeVar("AnyLabel", bound=QLabel)


def body(text: str = "") -> QLabel:
    """Returns a label on as many lines as its text needs."""
    label = QLabel(text)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    return label


def as_caption(label: AnyLabel) -> AnyLabel:
    """Gives a label the size and the colour of captions; returns it."""
    label.setFont(caption_font(label.font()))
    label.setForegroundRole(QPalette.ColorRole.PlaceholderText)
    return label


def caption(text: str = "", *, wraps: bool = False) -> QLabel:
    """Returns a caption on one line, or on as many as its text needs."""
    label = as_caption(body(text))
    label.setWordWrap(wraps)
    return label


def empty_state(text: str = "") -> QLabel:
    """Returns what says, in the middle of a panel of any size, why there is nothing to see and what to do."""
    label = body(text)
    label.setAlignment(Qt.AlignmentFlag.AlignCenter)
    label.setContentsMargins(16, 16, 16, 16)
    label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)
    return label
