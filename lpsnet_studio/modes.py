"""What the window shows: the image as it is inspected or annotated, or something else in its place."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMainWindow, QVBoxLayout, QWidget
from shiboken6 import isValid

from lpsnet_studio.availability import Mode, actions_out_of_place
from lpsnet_studio.chrome.finding import WHY_NOT
from lpsnet_studio.chrome.mode_bar import ModeBar
from lpsnet_studio.chrome.status_bar import StatusBar
from lpsnet_studio.commands.workplace import Workplace
from lpsnet_studio.docks import Docks

__all__ = ["Modes"]

_WORDS: Mapping[Mode, str] = {"inspect": "Inspect", "annotate": "Annotate", "jobs": "Jobs"}
"""What the modes are called in the bar, in their order."""


@dataclass(frozen=True, slots=True)
class _Part:
    """What one room does as its mode is entered and left."""

    enter: Callable[[], object]
    leave: Callable[[], object]


class Modes(QObject):
    """Switches between the modes; image, zoom, selection and what is computed stay.

    Args:
        place: what commands work with.
        docks: the panels around the image, of which each mode has its own.
        stage: the image and what belongs to it.
        view: the part of it that messages lie over.

    Attributes:
        changed: emitted after another mode is shown.
        mode: the one that is shown.
        middle: the window's central widget.
        area: what is shown in the place of the image, where a mode wants that.
    """

    changed = Signal()

    def __init__(self, place: Workplace, docks: Docks, stage: QWidget, view: QWidget) -> None:
        super().__init__(place.window)
        self._place, self._docks, self._stage, self._view = place, docks, stage, view
        self._window: QMainWindow = place.window
        self._parts: dict[str, _Part] = {}
        self._focus: dict[str, QWidget | None] = {}
        self.mode: Mode = "inspect"
        self.middle = QWidget()
        layout = QVBoxLayout(self.middle)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(stage)
        self.area = QWidget()
        self.area.hide()
        QVBoxLayout(self.area).setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.area)
        place.session.entries_changed.connect(self._follow_image)

    def add(self, mode: Mode, enter: Callable[[], object], leave: Callable[[], object]) -> None:
        """Has a room told when its mode is entered and left."""
        self._parts[mode] = _Part(enter, leave)

    def attach(self, actions: Mapping[str, QAction], bar: StatusBar) -> None:
        """Takes what is made after it: the actions, and the status bar."""
        self._actions, self._status_bar = actions, bar
        for mode, words in _WORDS.items():
            actions[f"{mode}_mode"].setIconText(words)
        self.bar = ModeBar(self._window, [actions[f"{mode}_mode"] for mode in _WORDS], self._place.theme)
        self._show_checked()

    def restore(self) -> None:
        """Shows what the last run showed last."""
        kept = self._place.settings.preferences.mode
        self.show(next((mode for mode in _WORDS if mode == kept), "inspect"))

    def show(self, mode: Mode) -> None:
        """Shows a mode."""
        if mode != self.mode:
            before, self._focus[self.mode] = self._focus.get(mode), self._window.focusWidget()
            self._switch(mode)
            if before is not None and isValid(before) and before.isVisible():
                before.setFocus()
            self._place.settings.change(mode=mode)
            self.changed.emit()
        self._show_checked()

    def _switch(self, mode: Mode) -> None:
        left, self.mode = self.mode, mode
        if left in self._parts:
            self._parts[left].leave()
        shows_image = mode != "jobs"
        self._place.session.play(False)
        self._docks.show_mode(mode)
        self.area.setVisible(not shows_image)
        self._stage.setVisible(shows_image)
        self._place.notifications.lie_over(self._view if shows_image else self.area)
        self._status_bar.show_image_parts(shows_image)
        self._bring_back_actions(left)
        if mode in self._parts:
            self._parts[mode].enter()

    def show_choices(self) -> None:
        """Lets no action act that belongs to another mode; whoever asks for it is told so."""
        for name, reason in actions_out_of_place(self.mode).items():
            self._actions[name].setProperty(WHY_NOT, reason)
            self._actions[name].setEnabled(False)

    def _bring_back_actions(self, left: Mode) -> None:
        """Lets those actions act again that belonged elsewhere before; who knows better says so afterwards."""
        for name in actions_out_of_place(left).keys() - actions_out_of_place(self.mode).keys():
            self._actions[name].setProperty(WHY_NOT, "")
            self._actions[name].setEnabled(True)

    def _show_checked(self) -> None:
        """Shows which mode it is, also after a click on the one that is shown already."""
        for mode in _WORDS:
            self._actions[f"{mode}_mode"].setChecked(mode == self.mode)

    def _follow_image(self) -> None:
        """Shows the images that were just opened: whoever opens some wants to see them."""
        if self._place.session.entries and self.mode == "jobs":
            self.show("inspect")
