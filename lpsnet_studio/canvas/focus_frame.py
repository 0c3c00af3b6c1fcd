"""A frame that tells those who work with the keyboard where it acts."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QFocusEvent, QPainter, QPaintEvent, QRegion, QResizeEvent
from PySide6.QtWidgets import QAbstractScrollArea, QWidget

__all__ = ["FocusFrame"]

_WIDTH = 2
_BY_KEYBOARD = (
    Qt.FocusReason.TabFocusReason,
    Qt.FocusReason.BacktabFocusReason,
    Qt.FocusReason.ShortcutFocusReason,
)


class FocusFrame(QWidget):
    """A frame in the accent, inside a view's edges, while the view has the focus and got it by keyboard.

    A focus that the mouse or the program gave shows nothing: one knows where one has clicked.

    Args:
        view: what is framed.
    """

    def __init__(self, view: QAbstractScrollArea) -> None:
        super().__init__(view.viewport())
        self._view, self._was_shown = view, False
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()
        view.installEventFilter(self)
        view.viewport().installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follows the view's focus and size."""
        kind = event.type()
        if kind == QEvent.Type.FocusIn and watched is self._view and isinstance(event, QFocusEvent):
            # A window that comes back gives the focus as it was.
            if event.reason() != Qt.FocusReason.ActiveWindowFocusReason:
                self._was_shown = event.reason() in _BY_KEYBOARD
            self._show(self._was_shown)
        elif kind == QEvent.Type.FocusOut and watched is self._view:
            self._show(False)
        elif kind == QEvent.Type.MouseButtonPress and watched is not self._view:
            self._was_shown = False
            self._show(False)
        elif kind == QEvent.Type.Resize and watched is not self._view and self.isVisible():
            self.setGeometry(self._view.viewport().rect())
        return False

    def _show(self, on: bool) -> None:
        if on:
            self.setGeometry(self._view.viewport().rect())
            self.raise_()
        self.setVisible(on)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Leaves what is inside the frame alone."""
        inside = self.rect().adjusted(_WIDTH, _WIDTH, -_WIDTH, -_WIDTH)
        self.setMask(QRegion(self.rect()).subtracted(QRegion(inside)))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paints the frame."""
        QPainter(self).fillRect(self.rect(), self.palette().highlight())
