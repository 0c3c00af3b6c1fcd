"""Builds actions, menus and toolbar from the table."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QDockWidget, QMainWindow, QMenu, QToolBar, QWidget

from lpsnet_studio.actions.entry import MENUS, Action, Choice, Context
from lpsnet_studio.actions.table import ACTIONS
from lpsnet_studio.labels import as_tip
from lpsnet_studio.theme import ICON_SIZE, Theme

__all__ = ["build_actions", "build_canvas_menu", "build_menus", "build_toolbar", "handler_of", "refresh_icons"]

_MNEMONICS = {"Model": "M&odel", "Inspect": "I&nspect", "Jobs": "Jo&bs"}
"""Menus whose first letter another one has, or a shortcut with Alt."""
_TOOLBAR_GAPS = {"save_panoptic", "undo", "previous_image", "fit", "show_labels"}


def build_actions(
    window: QWidget, theme: Theme, handlers: object, views: Mapping[Context, Iterable[QWidget]]
) -> dict[str, QAction]:
    """Makes the actions of the table.

    Args:
        window: their owner, where window-wide shortcuts act.
        theme: gives the icons.
        handlers: has a method for every handler's name.
        views: the widgets on which the shortcuts of the narrower contexts act.

    Returns:
        The actions by id. Actions of one handler with different values exclude each other.
    """
    built: dict[str, QAction] = {}
    groups: dict[str, QActionGroup] = {}
    for entry in ACTIONS:
        action = QAction(entry.text, window)
        action.setObjectName(entry.id)
        action.setCheckable(entry.checkable)
        action.setShortcuts([QKeySequence(key) for key in entry.keys])
        shown = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
        action.setToolTip(f"{entry.text.rstrip('…')} ({shown})\n{entry.tip}" if shown else entry.tip)
        action.setStatusTip(entry.tip)
        _connect(action, handler_of(handlers, entry), entry)
        if entry.value and entry.checkable:
            groups.setdefault(entry.handler, QActionGroup(window)).addAction(action)
        if entry.context == "window":
            window.addAction(action)
        else:
            action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            for view in views[entry.context]:
                view.addAction(action)
        built[entry.id] = action
    refresh_icons(built, theme)
    return built


def handler_of(commands: object, entry: Action) -> Callable[..., Any]:
    """Returns what carries an action out.

    Raises:
        AttributeError: if the commands lack it.
    """
    found = commands
    for name in entry.handler.split("."):
        found = getattr(found, name)
    assert callable(found)
    return found


def _connect(action: QAction, handler: Callable[..., Any], entry: Action) -> None:
    if entry.kind == "submenu":
        owner = action.parent()
        menu = QMenu(owner if isinstance(owner, QWidget) else None)
        menu.setToolTipsVisible(True)
        menu.aboutToShow.connect(lambda: _fill(menu, handler()))
        action.setMenu(menu)
    elif entry.value:
        action.triggered.connect(lambda _checked=False: handler(entry.value))
    elif entry.checkable:
        action.triggered.connect(lambda checked=False: handler(checked))
    else:
        action.triggered.connect(lambda _checked=False: handler())


def _fill(menu: QMenu, choices: Sequence[Choice]) -> None:
    """Lists the choices of now; a menu without any says so."""
    menu.clear()
    if not choices:
        menu.addAction("Nothing yet").setEnabled(False)
    for choice in choices:
        action = menu.addAction(choice.text.replace("&", "&&"))
        action.setToolTip(as_tip(choice.tip))
        action.setStatusTip(choice.tip)
        action.setEnabled(choice.enabled)
        if choice.checked is not None:
            action.setCheckable(True)
            action.setChecked(choice.checked)
        action.triggered.connect(lambda _checked=False, act=choice.act: act())


def refresh_icons(actions: Mapping[str, QAction], theme: Theme) -> None:
    """Gives the actions icons in the colours of the theme."""
    for entry in ACTIONS:
        if entry.icon:
            actions[entry.id].setIcon(theme.icon(entry.icon))


def build_menus(window: QMainWindow, actions: Mapping[str, QAction], docks: Iterable[QDockWidget]) -> None:
    """Fills the menu bar.

    Panels stand in a menu of their own at the end of the menu View: some are called like what is shown over the photo.

    Args:
        window: whose menu bar it is.
        actions: by id.
        docks: the panels, in their order.
    """
    for name in MENUS:
        menu = window.menuBar().addMenu(_MNEMONICS.get(name, f"&{name}"))
        menu.setToolTipsVisible(True)
        section = None
        for entry in ACTIONS:
            if entry.menu == name:
                if section is not None and entry.section != section:
                    menu.addSeparator()
                section = entry.section
                menu.addAction(actions[entry.id])
        if name == "View":
            menu.addSeparator()
            panels = menu.addMenu("&Panels")
            panels.addActions([dock.toggleViewAction() for dock in docks])


def build_toolbar(window: QMainWindow, actions: Mapping[str, QAction]) -> QToolBar:
    """Makes the toolbar."""
    toolbar = QToolBar("Toolbar", window)
    toolbar.setObjectName("toolbar")
    toolbar.setMovable(False)
    toolbar.setIconSize(ICON_SIZE)
    for entry in ACTIONS:
        if entry.toolbar:
            if entry.id in _TOOLBAR_GAPS:
                toolbar.addSeparator()
            toolbar.addAction(actions[entry.id])
    window.addToolBar(toolbar)
    return toolbar


def build_canvas_menu(canvas: QWidget, actions: Mapping[str, QAction], mode: str = "inspect") -> QMenu:
    """Makes the menu that a right click on the canvas opens in a mode of the window."""
    menu = QMenu(canvas)
    menu.setToolTipsVisible(True)
    section = ""
    for entry in ACTIONS:
        if entry.on_canvas and mode in entry.canvas_modes:
            if section and entry.menu != section:
                menu.addSeparator()
            section = entry.menu
            menu.addAction(actions[entry.id])
    return menu
