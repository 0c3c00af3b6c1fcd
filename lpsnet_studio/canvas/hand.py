"""What the left mouse button does on the canvas besides pointing: the part of a tool that the view knows."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Protocol

from PySide6.QtCore import Qt
from PySide6.QtGui import QInputEvent, QKeyEvent

__all__ = ["Grip", "Hand", "key_name"]

_NAMES = {
    Qt.Key.Key_Return: "enter",
    Qt.Key.Key_Enter: "enter",
    Qt.Key.Key_Backspace: "backspace",
    Qt.Key.Key_Escape: "escape",
}
_COMMANDS = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.MetaModifier


def key_name(event: QKeyEvent) -> str:
    """Returns what a hand calls a key: ``enter``, ``backspace``, ``escape``, or the sign that it writes.

    Empty for keys that write nothing, and with Ctrl, Alt or Meta, which make commands of them.
    """
    if event.modifiers() & _COMMANDS:
        return ""
    name = _NAMES.get(Qt.Key(event.key()), event.text())
    return name if len(name) == 1 or name in _NAMES.values() else ""


@dataclass(frozen=True, slots=True)
class Grip:
    """Which keys are held while the mouse acts.

    Attributes:
        shift: whether Shift is.
        control: whether Ctrl is, or Command on macOS.
        alt: whether Alt is.
        scale: pixels of the screen per pixel of the photo, which says how near is near.
    """

    shift: bool = False
    control: bool = False
    alt: bool = False
    scale: float = 1.0

    @classmethod
    def of(cls, event: QInputEvent, scale: float) -> Grip:
        """Returns what is held during an event, at a zoom of ``scale``."""
        held = event.modifiers()
        keys = Qt.KeyboardModifier
        return cls(
            shift=bool(held & keys.ShiftModifier),
            control=bool(held & keys.ControlModifier),
            alt=bool(held & keys.AltModifier),
            scale=scale,
        )


class Hand(Protocol):
    """Takes what the mouse does on the canvas, in pixels of the photo, where (0, 0) is the first pixel's corner.

    Places outside the photo are told as well. Panning never reaches it: the middle button, or the left one while Space
    is held.
    """

    @property
    def keys(self) -> Collection[str]:
        """The keys, by :func:`key_name`, that it takes before any shortcut does while the canvas has the focus."""

    def key(self, name: str) -> None:
        """One of these keys goes down."""

    def press(self, x: float, y: float, grip: Grip) -> None:
        """The left button goes down."""

    def move(self, x: float, y: float, grip: Grip, *, is_down: bool) -> None:
        """The mouse moves; ``is_down`` tells whether the left button that went down on the canvas is held."""

    def release(self, x: float, y: float, grip: Grip) -> None:
        """The left button goes up."""

    def double_click(self, x: float, y: float, grip: Grip) -> None:
        """The left button goes down a second time, within the system's time for that."""

    def leave(self) -> None:
        """The mouse leaves the canvas without a button held."""

    def lose(self) -> None:
        """What was begun cannot be ended: the button's release goes elsewhere, as when a dialog opens."""
