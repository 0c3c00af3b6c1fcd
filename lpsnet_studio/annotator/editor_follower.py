"""Listens to whichever editor is on the desk; no Qt."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from psygnal import SignalInstance

from lpsnet_studio.annotator.desk import Desk
from lpsnet_studio.annotator.editor import Editor

__all__ = ["EditorFollower", "Wire"]

Wire = tuple[SignalInstance, Callable[[], object]]
"""A signal of an editor's, and what it sets off."""


class EditorFollower:
    """Connects to the editor on the desk, and to the next one as soon as it is there.

    Args:
        desk: whose editor it is.
        wires: what of an editor is listened to.
        placed: called when something else is on the desk, once its editor is listened to; and now.
    """

    def __init__(
        self, desk: Desk, wires: Callable[[Editor], Iterable[Wire]], placed: Callable[[], object] = lambda: None
    ) -> None:
        self._desk, self._wires, self._placed = desk, wires, placed
        self._editor: Editor | None = None
        self._connected: Sequence[Wire] = ()
        desk.place_changed.connect(self._follow)
        self._follow()

    def _follow(self) -> None:
        editor = self._desk.editor
        if editor is not self._editor:
            for signal, told in self._connected:
                signal.disconnect(told)
            self._editor = editor
            self._connected = () if editor is None else tuple(self._wires(editor))
            for signal, told in self._connected:
                signal.connect(told)
        self._placed()
