"""What the canvas shows while nothing is open: what to do."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from lpsnet_studio.theme import caption_font

__all__ = ["Welcome"]

_OFFERED = ("open_image", "open_folder", "open_dataset", "show_demo")


class Welcome(QScrollArea):
    """Offers to open something or to show the demo; in a small window it is scrolled."""

    def __init__(self, actions: Mapping[str, QAction]) -> None:
        super().__init__()
        title = QLabel("See every step from pixels to panoptic segments")
        font = title.font()
        font.setPixelSize(20)
        title.setFont(font)
        title.setWordWrap(True)
        hint = QLabel("Drop an image, a folder, a COCO panoptic JSON file or a checkpoint anywhere in this window.")
        hint.setWordWrap(True)
        for label in (title, hint):
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        offers = QGridLayout()
        offers.setSpacing(8)
        for row, name in enumerate(_OFFERED):
            button = QToolButton()
            button.setDefaultAction(actions[name])
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
            button.setIconSize(QSize(20, 20))
            button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
            button.setMinimumSize(150, 36)
            keys = QLabel(actions[name].shortcut().toString(QKeySequence.SequenceFormat.NativeText))
            keys.setFont(caption_font(self.font()))
            offers.addWidget(button, row, 0)
            offers.addWidget(keys, row, 1)
        page = QWidget()
        layout = QVBoxLayout(page)
        layout.setContentsMargins(16, 16, 16, 16)
        layout.setSpacing(16)
        layout.addStretch(1)
        layout.addWidget(title)
        layout.addWidget(hint)
        holder = QWidget()
        holder.setLayout(offers)
        holder.setMaximumWidth(320)
        middle = QHBoxLayout()
        middle.addStretch(1)
        middle.addWidget(holder, 6)
        middle.addStretch(1)
        layout.addLayout(middle)
        layout.addStretch(2)
        self.setWidget(page)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
