"""Keys of tools and reviews while the keyboard is in a panel and not on the canvas."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable

from PySide6.QtCore import QEvent, QObject
from PySide6.QtGui import QAction, QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QComboBox, QWidget

from lpsnet_studio.canvas.hand import key_name

__all__ = ["PanelKeys"]


class PanelKeys(QObject):
    """Lets the actions of the canvas, and the keys of its tools, act from panels too.

    A field in which someone types keeps its letters and digits, and a list the keys that it moves or acts by.

    Args:
        parent: its owner.
        names: the keys of tools, as :func:`~lpsnet_studio.canvas.hand.key_name` calls them.
        act: does what such a key means.
    """

    def __init__(self, parent: QObject, names: Collection[str], act: Callable[[str], object]) -> None:
        super().__init__(parent)
        self._names, self._act = frozenset(names), act

    def serve(self, panel: QWidget, actions: Iterable[QAction]) -> None:
        """Has keys act in a panel, wherever in it the keyboard is."""
        panel.addActions(list(actions))
        # Lists and boxes take every key press, so that none comes to the panel around them.
        takers = [*panel.findChildren(QAbstractItemView), *panel.findChildren(QComboBox)]
        for widget in (panel, *takers):
            widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Takes keys of tools before shortcuts do."""
        if not isinstance(event, QKeyEvent) or key_name(event) not in self._names:
            return False
        if event.type() == QEvent.Type.ShortcutOverride:
            event.accept()
            return True
        if event.type() == QEvent.Type.KeyPress:
            self._act(key_name(event))
            event.accept()
            return True
        return False
