"""What an unexpected failure looks like: one window that says so, beside which work can go on."""

from __future__ import annotations

import logging
from collections.abc import Callable

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QFontDatabase
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from lpsnet_studio.failures import STORM, Failure
from lpsnet_studio.theme import Theme, caption_font

__all__ = ["CrashDialog", "CrashReporter"]

_log = logging.getLogger(__name__)

_MOST_IN_DETAILS = 8
_GO_ON = "You can go on: what is open stays open. If the window misbehaves, close it and start it again."
_SUSPENDED = (
    f"It came {STORM} times within a second. It is counted in the log from now on and will not be shown again "
    "before the next start."
)


class CrashDialog(QDialog):
    """Tells of unexpected failures without keeping anyone from working; all of them in this one window.

    Args:
        theme: gives icons and colours.
        copy_diagnostics: puts what a report needs into the clipboard.
        open_log: shows the folder of the log files.
        parent: the window.
    """

    def __init__(
        self,
        theme: Theme,
        copy_diagnostics: Callable[[], object],
        open_log: Callable[[], object],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._failures: list[Failure] = []
        self.setWindowTitle("Unexpected failure")
        self.setModal(False)
        self.setAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating)
        self.setMinimumSize(280, 180)
        icon = QLabel()
        icon.setPixmap(theme.pixmap("warning", theme.palette.discarded, size=20))
        title = QLabel("Something went wrong inside the Studio.")
        title.setWordWrap(True)
        font = title.font()
        font.setBold(True)
        title.setFont(font)
        self._what, self._advice, self._others = QLabel(), QLabel(_GO_ON), QLabel()
        for label in (self._what, self._advice, self._others):
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            label.setWordWrap(True)
            label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        self._others.setStyleSheet(f"color: {theme.palette.dim}")
        self._others.hide()
        self._details = QPlainTextEdit()
        self._details.setReadOnly(True)
        self._details.setTabChangesFocus(True)
        self._details.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self._details.setFont(caption_font(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)))
        self._details.setAccessibleName("Details")
        self._details.hide()
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(icon, 0, Qt.AlignmentFlag.AlignTop)
        head.addWidget(title, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 16, 16, 16)
        column.setSpacing(8)
        column.addLayout(head)
        column.addWidget(self._what)
        column.addWidget(self._advice)
        column.addWidget(self._others)
        column.addWidget(self._details, 1)
        column.addStretch(0)
        column.addLayout(self._buttons(copy_diagnostics, open_log))
        self.resize(520, self.sizeHint().height())

    def _buttons(self, copy_diagnostics: Callable[[], object], open_log: Callable[[], object]) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(8)
        for text, tip, act in (
            ("Details", "Show where in the program it happened", self._show_details),
            ("Copy diagnostics", "Copy what a report needs to the clipboard", lambda: copy_diagnostics()),
            ("Open log folder", "Show the log files in the file manager", lambda: open_log()),
            ("Close", "Close this window; the Studio goes on", self.close),
        ):
            button = QPushButton(text)
            button.setToolTip(tip)
            button.setAutoDefault(False)
            button.setMinimumWidth(40)
            button.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
            if act == self._show_details:
                button.setCheckable(True)
                button.toggled.connect(act)
                row.addWidget(button)
                row.addStretch(1)
                continue
            button.clicked.connect(act)
            row.addWidget(button)
        return row

    @property
    def words(self) -> str:
        """What the window says now."""
        return "\n".join(label.text() for label in (self._what, self._advice, self._others) if label.text())

    def tell(self, failure: Failure) -> None:
        """Says what failed last, how often, and what else has since the window was opened."""
        if failure not in self._failures:
            self._failures.append(failure)
        times = f" ({failure.count} times)" if failure.count > 1 else ""
        self._what.setText(f"{failure.words}{times}\n{failure.where}")
        self._advice.setText(_SUSPENDED if failure.suspended else _GO_ON)
        others = len(self._failures) - 1
        self._others.setText("" if others == 0 else f"And {others} other {'failure' if others == 1 else 'failures'}.")
        self._others.setVisible(others > 0)
        if self._details.isVisible():
            self._fill_details()

    def _show_details(self, on: bool) -> None:
        self._fill_details()
        self._details.setVisible(on)
        self.adjustSize()
        self.resize(max(520, self.width()), max(420, self.height()) if on else self.sizeHint().height())

    def _fill_details(self) -> None:
        newest = self._failures[: -_MOST_IN_DETAILS - 1 : -1]
        text = "\n".join(failure.details for failure in newest)
        if text != self._details.toPlainText():
            self._details.setPlainText(text)


class CrashReporter(QObject):
    """Shows failures of any thread in the window's own, when it is next idle.

    Nothing is shown while the exception is still on its way: it may come from the middle of painting.

    Args:
        theme: gives icons and colours.
        copy_diagnostics: puts what a report needs into the clipboard.
        open_log: shows the folder of the log files.
        window: the window.
    """

    _arrived = Signal(object)

    def __init__(
        self,
        theme: Theme,
        copy_diagnostics: Callable[[], object],
        open_log: Callable[[], object],
        window: QWidget,
    ) -> None:
        super().__init__(window)
        self._make = lambda: CrashDialog(theme, copy_diagnostics, open_log, window)
        self.dialog: CrashDialog | None = None
        self._arrived.connect(self._show, Qt.ConnectionType.QueuedConnection)

    def tell(self, failure: Failure) -> None:
        """Shows a failure soon; may be called from any thread."""
        self._arrived.emit(failure)

    def _show(self, failure: Failure) -> None:
        try:
            if self.dialog is None:
                self.dialog = self._make()
                self.dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
                self.dialog.destroyed.connect(self._forget)
            self.dialog.tell(failure)
            self.dialog.show()
        except Exception:
            _log.exception("an unexpected failure could not be shown")

    def _forget(self) -> None:
        self.dialog = None
