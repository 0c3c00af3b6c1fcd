"""Shortcuts on keyboards without Latin letters: what no shortcut takes acts by its place on the keyboard.

Qt finds the shortcut of a key such as Cyrillic ф only where a Latin layout is configured beside it. Where it is the
only layout, A and Ctrl+O would be dead. So a key press that no shortcut took, and whose letter is not Latin, is looked
up by the place of its key on a US keyboard.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

from PySide6.QtCore import QCoreApplication, QEvent, QKeyCombination, QObject, Qt
from PySide6.QtGui import QAction, QGuiApplication, QKeyEvent, QKeySequence, QWindow
from PySide6.QtWidgets import QAbstractSpinBox, QApplication, QComboBox, QLineEdit, QPlainTextEdit, QTextEdit, QWidget

__all__ = ["ShortcutsByPlace", "is_latin", "latin_key"]

_ROWS = ((2, "1234567890-="), (16, "QWERTYUIOP[]"), (30, "ASDFGHJKL;'`"), (43, "\\ZXCVBNM,./"))
"""The scan code of a row's first key, and what a US keyboard has there. Linux and Windows count alike."""
_XKB_OFFSET = 8
"""X11 and Wayland count from 8."""
_MAC_KEYS = "ASDFHGZXCV\0BQWERYT123465=97-80]OU[IP\0LJ'K;\\,/NM.\0\0`"
"""What a US keyboard has at macOS's virtual key codes 0, 1, 2 …; a NUL where there is no such key."""
_LAST_LATIN, _LATIN_ADDITIONAL, _FIRST_SPECIAL = 0x24F, range(0x1E00, 0x1F00), 0x01000000
_EDITORS = (QLineEdit, QTextEdit, QPlainTextEdit, QAbstractSpinBox)
_COMMANDS = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.MetaModifier


def is_latin(key: int) -> bool:
    """Whether a key of Qt's is a Latin letter, a sign that all keyboards share, or no character at all."""
    return key <= _LAST_LATIN or key in _LATIN_ADDITIONAL or key >= _FIRST_SPECIAL


def latin_key(event: QKeyEvent, platform: str = sys.platform) -> Qt.Key | None:
    """Returns what a US keyboard has at the place of the key that was pressed; None if that is not known.

    Args:
        event: as it came from the system.
        platform: as in :data:`sys.platform`.
    """
    if platform == "darwin":
        code = event.nativeVirtualKey()
        sign = _MAC_KEYS[code] if code < len(_MAC_KEYS) else "\0"
        return None if sign == "\0" else Qt.Key(ord(sign))
    code = event.nativeScanCode() - (0 if platform == "win32" else _XKB_OFFSET)
    for first, signs in _ROWS:
        if first <= code < first + len(signs):
            return Qt.Key(ord(signs[code - first]))
    return None


class ShortcutsByPlace(QObject):
    """Lets shortcuts act by the place of their key, in whichever window of the application has the focus.

    Qt gives a window only those key presses that no shortcut took: these are looked at. Letters alone never act while
    someone types.
    """

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        application = QGuiApplication.instance()
        assert isinstance(application, QGuiApplication)
        application.focusWindowChanged.connect(self._watch)
        self._watch(application.focusWindow())

    def _watch(self, window: QWindow | None) -> None:
        if window is not None:
            window.installEventFilter(self)  # again is as once

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Takes key presses of letters that are not Latin."""
        if event.type() != QEvent.Type.KeyPress or not isinstance(event, QKeyEvent) or is_latin(event.key()):
            return False
        key, focus = latin_key(event), QApplication.focusWidget()
        if key is None or focus is None:
            return False
        is_command = bool(event.modifiers() & _COMMANDS)
        if _takes_text(focus) and not is_command:
            return False
        action = _action_of(focus, QKeySequence(QKeyCombination(event.modifiers(), key)))
        if action is not None:
            if action.autoRepeat() or not event.isAutoRepeat():
                action.trigger()
            return True
        if not is_command:
            return False
        return QCoreApplication.sendEvent(focus, QKeyEvent(event.type(), key, event.modifiers()))


def _takes_text(widget: QWidget) -> bool:
    return isinstance(widget, _EDITORS) or (isinstance(widget, QComboBox) and widget.isEditable())


def _action_of(focus: QWidget, keys: QKeySequence) -> QAction | None:
    """Returns the action that a shortcut would set off while a widget has the focus."""
    return next((action for action in _within_reach(focus) if action.isEnabled() and keys in action.shortcuts()), None)


def _within_reach(focus: QWidget) -> Iterator[QAction]:
    """Yields the actions of a widget, of those around it, and of the windows that its window belongs to."""
    around: QWidget | None = focus
    left_window = False
    while around is not None:
        for action in around.actions():
            context = action.shortcutContext()
            of_children = context == Qt.ShortcutContext.WidgetWithChildrenShortcut and not left_window
            of_window = context in (Qt.ShortcutContext.WindowShortcut, Qt.ShortcutContext.ApplicationShortcut)
            if of_children or of_window or (context == Qt.ShortcutContext.WidgetShortcut and around is focus):
                yield action
        if around.isWindow() and QApplication.activeModalWidget() is around:
            return
        left_window = left_window or around.isWindow()
        around = around.parentWidget()
