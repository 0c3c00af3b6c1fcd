"""The panels around the canvas: where they lie, how large they are, and which of them there is room for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from PySide6.QtCore import QByteArray, QEvent, QObject, QSize, Qt, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QAbstractItemView, QDockWidget, QMainWindow, QWidget

from lpsnet_studio.settings import LAYOUT_VERSION, Settings

__all__ = ["Docks", "Panel"]

_FIRST_MODE = "inspect"
_LEAST_FOR_DOCKS = QSize(700, 360)
"""In a window smaller than that the docks would leave too little canvas: they are stowed away."""
_WIDTH_TO_READ = 340
"""What a panel that is asked for is widened to."""
_SETTLED_MILLISECONDS = 250
"""How long a layout stands before it is taken for what the user wants, and not for a stage of a drag."""
_WIDTHS = {"images": 250, "result": 320, "segments": 320}
_HEIGHTS = {("result", "knobs"): (250, 430), ("segments", "review"): (430, 250)}
"""Of piles at first, as far as they are there."""
_DOCK_CHANGES = (QEvent.Type.Resize, QEvent.Type.Move, QEvent.Type.Show, QEvent.Type.Hide)


@dataclass(frozen=True, slots=True)
class Panel:
    """A dock of the window as it stands at first.

    Attributes:
        name: in the program.
        title: for people.
        widget: what it shows.
        pile: panels of one pile lie on each other as tabs; piles of one area stand below each other.
        area: at which side of the canvas.
        shown: whether it is there at first.
        modes: in which modes of the window it can be there.
    """

    name: str
    title: str
    widget: QWidget
    pile: str
    area: Qt.DockWidgetArea
    shown: bool = True
    modes: tuple[str, ...] = (_FIRST_MODE,)


@dataclass(frozen=True, slots=True)
class _Layout:
    """How the docks of a mode lie while another is shown.

    Attributes:
        state: as the window has it.
        roomy: the last one that had room for all of them; None if that is not known.
        was_cramped: whether the window was too small for them.
        stowed: which were stowed away for that.
    """

    state: QByteArray
    roomy: QByteArray | None
    was_cramped: bool = False
    stowed: tuple[QDockWidget, ...] = ()

    @property
    def whole(self) -> QByteArray:
        """The layout with those that were stowed away, as far as that is known."""
        return self.roomy if self.was_cramped and self.roomy is not None else self.state


class Docks(QObject):
    """The docks of a window, of which each of its modes has its own, with a layout of its own.

    In a window too small for them they are stowed away, and they come back as they were.

    Args:
        window: its owner.
        middle: what lies between the docks; they are taken to be squeezed while it has its least width.
    """

    def __init__(self, window: QMainWindow, middle: QWidget) -> None:
        super().__init__(window)
        self._window, self._middle = window, middle
        self._docks: dict[Panel, QDockWidget] = {}
        self._stowed: list[QDockWidget] = []
        self._is_cramped = False
        self._mode = _FIRST_MODE
        self._layouts: dict[str, _Layout] = {}
        """Of the modes that are not shown now."""
        self._roomy_layout: QByteArray | None = None
        self._settled = QTimer(self)
        self._settled.setSingleShot(True)
        self._settled.setInterval(_SETTLED_MILLISECONDS)
        self._settled.timeout.connect(self._keep_layout)

    def add(self, panels: Iterable[Panel]) -> None:
        """Gives every panel a dock; the front one of every pile comes first."""
        for panel in panels:
            dock = QDockWidget(panel.title, self._window)
            dock.setObjectName(f"dock_{panel.name}")
            dock.setWidget(panel.widget)
            dock.installEventFilter(self)
            self._window.addDockWidget(panel.area, dock)
            if not panel.shown:
                # Qt calls a dock behind another tab visible; its panel is to cost nothing there, but to keep its room.
                policy = panel.widget.sizePolicy()
                policy.setRetainSizeWhenHidden(True)
                panel.widget.setSizePolicy(policy)
                dock.visibilityChanged.connect(panel.widget.setVisible)
            if self._mode not in panel.modes:
                dock.hide()
            self._docks[panel] = dock
        self._allow_toggling()

    @property
    def _of_mode(self) -> dict[Panel, QDockWidget]:
        return {panel: dock for panel, dock in self._docks.items() if self._mode in panel.modes}

    @property
    def by_name(self) -> dict[str, QDockWidget]:
        """The docks by their panels' names."""
        return {panel.name: dock for panel, dock in self._docks.items()}

    def modes_of(self, name: str) -> tuple[str, ...]:
        """Returns in which modes of the window a panel can be there."""
        return next(panel.modes for panel in self._docks if panel.name == name)

    def is_covered(self, widget: QWidget) -> bool:
        """Whether a widget belongs to a panel behind another tab."""
        around = (dock for dock in self._docks.values() if dock.isAncestorOf(widget))
        return any(dock.visibleRegion().isEmpty() for dock in around)

    def enter_panel(self, name: str) -> None:
        """Opens a panel, brings it to the front and gives its list the keyboard."""
        self.show_panel(name)
        widget = next(panel.widget for panel in self._docks if panel.name == name)
        _place_of_keyboard(widget).setFocus(Qt.FocusReason.ShortcutFocusReason)

    def show_panel(self, name: str) -> None:
        """Opens a panel and brings it to the front; the keyboard stays where it is."""
        panel, dock = next(item for item in self._docks.items() if item[0].name == name)
        if dock.isHidden() and not dock.isFloating():
            first = next(other for each, other in self._of_mode.items() if each.pile == panel.pile)
            self._window.tabifyDockWidget(first, dock)
        width = self._width_for(panel.area)
        dock.show()
        dock.raise_()
        if not dock.isFloating():
            # Once it is laid out: until then Qt goes by the panel's own wish.
            QTimer.singleShot(0, self, lambda: self._window.resizeDocks([dock], [width], Qt.Orientation.Horizontal))
        panel.widget.show()

    def _width_for(self, area: Qt.DockWidgetArea) -> int:
        """Returns the width for the panels of one side: enough to read, if only the middle has to give way for that."""
        beside = [dock for panel, dock in self._of_mode.items() if panel.area == area and not dock.isFloating()]
        # One behind another tab has the width that it had in front.
        now = max((dock.width() for dock in beside if not dock.visibleRegion().isEmpty()), default=0)
        spare = max(self._middle.width() - self._middle.minimumWidth(), 0)
        return max(now, min(_WIDTH_TO_READ, now + spare)) if now else _WIDTH_TO_READ

    # ---------------------------------------------------------------------------------------------------------- layout

    def reset(self) -> None:
        """Puts every dock of the mode that is shown back to where it lies at first."""
        piles: dict[str, list[QDockWidget]] = {}
        for panel, dock in self._of_mode.items():
            dock.setFloating(False)
            self._window.addDockWidget(panel.area, dock)
            dock.setVisible(panel.shown)
            if panel.shown:
                piles.setdefault(panel.pile, []).append(dock)
        for pile in piles.values():
            for below, above in pairwise(pile):
                self._window.tabifyDockWidget(below, above)
            pile[0].raise_()
        self._stowed, self._roomy_layout = [], None
        self._size()
        if self._is_cramped:
            self._stow()

    def _size(self) -> None:
        """Gives the docks the sizes that they have at first."""
        first = {panel.pile: dock for panel, dock in reversed(self._of_mode.items())}
        for pile, width in _WIDTHS.items():
            if pile in first:
                self._window.resizeDocks([first[pile]], [width], Qt.Orientation.Horizontal)
        for pair, heights in _HEIGHTS.items():
            if all(pile in first for pile in pair):
                self._window.resizeDocks([first[pile] for pile in pair], list(heights), Qt.Orientation.Vertical)

    def restore(self, settings: Settings) -> bool:
        """Brings window and docks back as the last run left them; False if nothing is known of it."""
        if not settings.restore_window(self._window):
            return False
        self._roomy_layout = self._window.saveState(LAYOUT_VERSION)
        for mode in {mode for panel in self._docks for mode in panel.modes} - {self._mode}:
            state = settings.layout_of(mode)
            if state is not None:
                self._layouts[mode] = _Layout(state, state)
        return True

    def save(self, settings: Settings) -> None:
        """Keeps window and docks for the next run; docks that are stowed away are there again."""
        if self._of_mode:
            if not self._is_cramped or self._roomy_layout is None:
                self._unstow()
            self._keep_mode()
        states = {mode: layout.whole for mode, layout in self._layouts.items()}
        settings.save_window(self._window, states.pop(_FIRST_MODE, None), states)

    def come_on_screen(self) -> None:
        """Moves windows whose screen is gone back to one that is there, and makes none larger than that."""
        for window in (self._window, *(dock for dock in self._docks.values() if dock.isFloating())):
            screen = QGuiApplication.screenAt(window.frameGeometry().center())
            room = (screen or QGuiApplication.primaryScreen()).availableGeometry()
            if screen is None:
                window.move(room.topLeft())
            window.resize(window.size().boundedTo(room.size()))

    # ------------------------------------------------------------------------------------------------------------ room

    def make_room(self) -> None:
        """Stows the docks away when the window has become too small for them, and brings them back when it is not."""
        if not self._of_mode:
            return
        self._settled.start()
        if self._notice_room():
            if self._is_cramped:
                self._stow()
            else:
                self._unstow()

    def _notice_room(self) -> bool:
        """Looks whether the window is too small for docks; returns whether that has changed."""
        size, before = self._window.size(), self._is_cramped
        self._is_cramped = size.width() < _LEAST_FOR_DOCKS.width() or size.height() < _LEAST_FOR_DOCKS.height()
        return self._is_cramped != before

    def show_mode(self, mode: str) -> None:
        """Shows the docks of a mode as they were when it was left, as far as the window has room for them now.

        Those of other modes are hidden, those that float too; a mode may have none.
        """
        if mode == self._mode:
            return
        self._settled.stop()
        if self._of_mode:
            self._keep_mode()
        for dock in self._docks.values():
            dock.hide()
        self._mode = mode
        self._allow_toggling()
        if self._of_mode:
            self._bring_back(self._layouts.pop(mode, None))
            self._settled.start()

    def _keep_mode(self) -> None:
        """Remembers how the docks of the mode lie."""
        state = self._window.saveState(LAYOUT_VERSION)
        self._layouts[self._mode] = _Layout(state, self._roomy_layout, self._is_cramped, tuple(self._stowed))
        self._stowed, self._roomy_layout = [], None

    def _bring_back(self, layout: _Layout | None) -> None:
        self._notice_room()
        if layout is None:
            self.reset()
            return
        self._roomy_layout = layout.roomy
        self._window.restoreState(layout.whole, LAYOUT_VERSION)
        for panel, dock in self._docks.items():
            if self._mode not in panel.modes:
                dock.hide()
        if layout.was_cramped and layout.roomy is None:
            self._stowed = list(layout.stowed)
            if not self._is_cramped:
                self._unstow()
        elif self._is_cramped:
            self._stow()

    def _allow_toggling(self) -> None:
        for panel, dock in self._docks.items():
            dock.toggleViewAction().setEnabled(self._mode in panel.modes)

    def _stow(self) -> None:
        self._settled.stop()
        self._stowed = [dock for dock in self._of_mode.values() if not dock.isHidden() and not dock.isFloating()]
        for dock in self._stowed:
            dock.hide()

    def _unstow(self) -> None:
        """Shows what was stowed away, as large as it was and with the same tabs in front."""
        if not self._stowed:
            return
        stowed, self._stowed = self._stowed, []
        if self._roomy_layout is not None:
            self._window.restoreState(self._roomy_layout, LAYOUT_VERSION)
        for dock in self._of_mode.values():
            if not dock.isFloating():
                dock.setVisible(dock in stowed)
        if self._roomy_layout is None:
            self._size()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Takes note of docks that are resized, moved, shown or closed."""
        if event.type() in _DOCK_CHANGES and self._of_mode:
            self._settled.start()
        return False

    def _keep_layout(self) -> None:
        """Remembers how the docks lie where there is room for all of them."""
        is_squeezed = self._middle.width() <= self._middle.minimumWidth()
        if self._of_mode and not self._is_cramped and not is_squeezed and self._window.isVisible():
            self._roomy_layout = self._window.saveState(LAYOUT_VERSION)


def _place_of_keyboard(widget: QWidget) -> QWidget:
    """Returns what of a panel takes the arrows: its list, if it shows one, else the panel itself."""
    lists = (widget, *widget.findChildren(QAbstractItemView))
    return next((each for each in lists if _is_list(each) and each.isVisibleTo(widget)), widget)


def _is_list(widget: QWidget) -> bool:
    by_tab = bool(widget.focusPolicy() & Qt.FocusPolicy.TabFocus)
    return isinstance(widget, QAbstractItemView) and by_tab and widget.isEnabled()
