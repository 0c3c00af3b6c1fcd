"""What a dialog shows while work goes on, and what it says when that is over."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QPlainTextEdit, QProgressBar, QPushButton, QVBoxLayout, QWidget

from lpsnet_studio.labels import ElidedLabel, as_tip
from lpsnet_studio.texts import as_caption, body

__all__ = ["ReportPage", "WorkingPage"]


class WorkingPage(QWidget):
    """How far the work is, and a button that ends it.

    Args:
        cancel_tip: what is left if it is cancelled.

    Attributes:
        cancel_wanted: the work is to end.
        title: what is done.
        bar: how far it is.
        name: what it is at.
        cancel: ends it.
    """

    cancel_wanted = Signal()

    def __init__(self, cancel_tip: str) -> None:
        super().__init__()
        self.title, self.name = body(), as_caption(ElidedLabel())
        self.bar = QProgressBar()
        self.bar.setAccessibleName("Progress")
        self.cancel = QPushButton("Cancel")
        self.cancel.setAutoDefault(False)
        self.cancel.setToolTip(as_tip(cancel_tip))
        self.cancel.clicked.connect(self._end)
        foot = QHBoxLayout()
        foot.addWidget(self.name, 1)
        foot.addWidget(self.cancel)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 16, 16, 16)
        layout.setSpacing(8)
        layout.addStretch(1)
        layout.addWidget(self.title)
        layout.addWidget(self.bar)
        layout.addStretch(1)
        layout.addLayout(foot)

    def begin(self, title: str) -> None:
        """Shows that work begins, of which nothing is known yet."""
        self.title.setText(title)
        self.bar.setRange(0, 0)
        self.name.setText("")
        self.cancel.setEnabled(True)
        self.cancel.setText("Cancel")

    def show_progress(self, done: int, total: int, name: str) -> None:
        """Shows how much is done, of how much, and what is next."""
        self.bar.setRange(0, max(total, 1))
        self.bar.setValue(done)
        self.bar.setFormat(f"{done:,} of {total:,}")
        self.name.setText(name)

    def _end(self) -> None:
        self.cancel.setEnabled(False)
        self.cancel.setText("Ending…")
        self.cancel_wanted.emit()


class ReportPage(QWidget):
    """What came of the work, in sentences.

    Args:
        show_folder: shows a folder in the system's file manager; returns whether it could.

    Attributes:
        closed: it was read.
        text: the sentences.
        folder: shows where it was written.
        close_button: ends reading.
    """

    closed = Signal()

    def __init__(self, show_folder: Callable[[Path], bool]) -> None:
        super().__init__()
        self._show_folder, self._place = show_folder, Path()
        self.text = QPlainTextEdit()
        self.text.setReadOnly(True)
        self.text.setTabChangesFocus(True)
        self.text.setAccessibleName("What came of it")
        self.text.setFrameShape(QPlainTextEdit.Shape.NoFrame)
        self.text.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.text.document().setDocumentMargin(16)
        self.folder, self.close_button = QPushButton("Show folder"), QPushButton("Close")
        self.folder.setAutoDefault(False)
        self.folder.clicked.connect(self._show)
        self.close_button.setDefault(True)
        self.close_button.clicked.connect(self.closed)
        foot = QHBoxLayout()
        foot.setContentsMargins(16, 8, 16, 16)
        foot.addWidget(self.folder)
        foot.addStretch(1)
        foot.addWidget(self.close_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.text, 1)
        layout.addLayout(foot)

    def show_report(self, sentences: Sequence[str], folder: Path | None = None) -> None:
        """Shows what came of it, and where; None for nowhere in particular."""
        self.text.setPlainText("\n\n".join(sentences))
        self.folder.setVisible(folder is not None)
        if folder is not None:
            self._place = folder
            self.folder.setToolTip(as_tip(str(folder)))
        self.close_button.setFocus()

    def _show(self) -> None:
        if not self._show_folder(self._place):
            self.folder.setEnabled(False)
            self.folder.setToolTip(as_tip(f"No file manager could be opened. The folder is {self._place}"))
