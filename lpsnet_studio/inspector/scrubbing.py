"""Going through the steps for as long as a key or a button is held."""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtGui import QAction, QKeyEvent
from PySide6.QtWidgets import QToolButton, QWidget

__all__ = ["HoldButton", "Scrubber", "interval_after"]

_DELAY = 300
_SLOWEST, _FASTEST = 60, 17
"""Milliseconds from one step to the next; the fastest is one step a frame of a usual screen."""
_STEADY_SECONDS, _EASING_SECONDS = 1.0, 3.0


def interval_after(seconds: float) -> int:
    """Returns how many milliseconds to wait for the next step once steps have run for some seconds.

    The pace is steady for a second, then quickens over three more, and never exceeds one step a frame.
    """
    share = min(max((seconds - _STEADY_SECONDS) / _EASING_SECONDS, 0.0), 1.0)
    return round(_SLOWEST + (_FASTEST - _SLOWEST) * share)


class Scrubber(QObject):
    """Repeats a step while something is held, and stops in the moment it is let go.

    A key's own repetition is not used: its events queue up where painting is slower, and steps would go on after the
    key was let go.

    Attributes:
        running: whether something is held.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.running = False
        self._step: Callable[[], None] | None = None
        self._pressed_key = 0
        self._held_key = 0
        self._began = 0.0
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._go_on)
        self._forget = QTimer(self)
        self._forget.setSingleShot(True)
        self._forget.setInterval(0)
        self._forget.timeout.connect(self._forget_press)

    def repeat(self, action: QAction) -> None:
        """Lets an action's shortcut repeat it for as long as the key is held on a widget that is watched."""
        action.setAutoRepeat(False)
        action.triggered.connect(lambda: self._hold_key(action))

    def watch(self, widget: QWidget) -> None:
        """Notices the keys of a widget that may have the focus while the action's shortcut is held."""
        widget.installEventFilter(self)

    def hold(self, step: Callable[[], None]) -> None:
        """Repeats a step, after a short delay, until :meth:`release`."""
        self._step, self.running = step, True
        self._began = time.monotonic() + _DELAY / 1000
        self._timer.start(_DELAY)

    def release(self) -> None:
        """Stops."""
        self._timer.stop()
        self._step, self.running, self._held_key = None, False, 0

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Notes which key is pressed, and whether the held one is let go."""
        kind = event.type()
        if kind == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and not event.isAutoRepeat():
            self._pressed_key = event.key()
            self._forget.start()
        elif not self._held_key:
            pass
        elif kind == QEvent.Type.KeyRelease and isinstance(event, QKeyEvent):
            if event.key() == self._held_key and not event.isAutoRepeat():
                self.release()
        elif kind in (QEvent.Type.FocusOut, QEvent.Type.WindowDeactivate, QEvent.Type.Hide):
            self.release()
        return False

    def _hold_key(self, action: QAction) -> None:
        """Holds on if it was a key that triggered the action, not a menu: a shortcut follows its key press at once."""
        if self._pressed_key:
            self._held_key, self._pressed_key = self._pressed_key, 0
            self.hold(action.trigger)

    def _forget_press(self) -> None:
        self._pressed_key = 0

    def _go_on(self) -> None:
        if self._step is not None:
            self._step()
            if self.running:
                self._timer.start(interval_after(time.monotonic() - self._began))


class HoldButton(QToolButton):
    """A button that carries its action out when it is pressed, and again for as long as it is held.

    Args:
        action: what it does.
        scrubber: repeats it.
    """

    def __init__(self, action: QAction, scrubber: Scrubber) -> None:
        super().__init__()
        self._scrubber = scrubber
        self.setDefaultAction(action)
        self.pressed.connect(self._begin)
        self.released.connect(scrubber.release)

    def nextCheckState(self) -> None:
        """Does nothing when let go: the action was carried out when it was pressed."""

    def _begin(self) -> None:
        self.defaultAction().trigger()
        self._scrubber.hold(self.defaultAction().trigger)
