"""Every action of the window in one table: menus, toolbar, shortcuts and the shortcut card are built from it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QMainWindow, QMenu, QToolBar, QWidget

from lpsnet_studio.theme import Theme

__all__ = ["ACTIONS", "MENUS", "Action", "Context", "build_actions", "build_menus", "build_toolbar", "refresh_icons"]

Context = Literal["window", "view", "canvas"]
"""Where a shortcut acts: anywhere in the window; while the canvas, the image list or the timeline has the focus; or on
the canvas alone. Letters never act while someone types."""

MENUS = ("File", "Image", "View", "Merge", "Help")


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One thing a user can do.

    Attributes:
        id: its name in the program.
        text: in menus, sentence case.
        tip: one sentence for tooltip and status bar.
        handler: method of the commands that carries it out.
        menu: which of :data:`MENUS` it stands in.
        icon: name of an icon; may be empty.
        keys: shortcuts in Qt's portable spelling, the one shown first.
        context: where the shortcuts act.
        section: actions of one menu with another section are separated by a line.
        toolbar: whether it stands in the toolbar too.
        checkable: whether it is on or off; the handler then takes which.
        value: what the handler takes, for one of several choices; empty otherwise.
    """

    id: str
    text: str
    tip: str
    handler: str
    menu: str
    icon: str = ""
    keys: tuple[str, ...] = ()
    context: Context = "window"
    section: int = 0
    toolbar: bool = False
    checkable: bool = False
    value: str = ""


ACTIONS: tuple[Action, ...] = (
    Action(
        id="open_image",
        text="Open image…",
        tip="Open one or several pictures.",
        handler="open_image",
        menu="File",
        icon="open-image",
        keys=("Ctrl+O",),
        toolbar=True,
    ),
    Action(
        id="open_folder",
        text="Open folder…",
        tip="List every picture of a folder.",
        handler="open_folder",
        menu="File",
        icon="open-folder",
        keys=("Ctrl+Shift+O",),
        toolbar=True,
    ),
    Action(
        id="open_dataset",
        text="Open data set…",
        tip="Open a COCO panoptic JSON file with its photos and its ground truth.",
        handler="open_dataset",
        menu="File",
        icon="open-dataset",
        keys=("Ctrl+Alt+O",),
        toolbar=True,
    ),
    Action(
        id="show_demo",
        text="Show the demo",
        tip="Draw a scene with exact ground truth and merge it with both oracles on.",
        handler="show_demo",
        menu="File",
        icon="demo",
        keys=("Ctrl+Shift+D",),
    ),
    Action(
        id="open_checkpoint",
        text="Open checkpoint…",
        tip="Load a trained network from its checkpoint.",
        handler="open_checkpoint",
        menu="File",
        icon="checkpoint",
        keys=("Ctrl+L",),
        section=1,
    ),
    Action(
        id="load_preset",
        text="Load untrained preset…",
        tip="Build a network from a preset. Its weights are random: its predictions mean nothing until it is trained.",
        handler="load_preset",
        menu="File",
        icon="preset",
        keys=("Ctrl+Shift+L",),
        section=1,
    ),
    Action(
        id="save_panoptic",
        text="Save panoptic…",
        tip="Save the segmentation that is shown as COCO panoptic JSON with its PNG, at full size.",
        handler="save_panoptic",
        menu="File",
        icon="save",
        keys=("Ctrl+S",),
        section=2,
        toolbar=True,
    ),
    Action(
        id="save_overlay",
        text="Save overlay picture…",
        tip="Save the photo with the coloured segments over it as a PNG, at full size.",
        handler="save_overlay",
        menu="File",
        icon="save-overlay",
        keys=("Ctrl+Shift+S",),
        section=2,
    ),
    Action(
        id="cancel",
        text="Cancel",
        tip="Stop playing, drop the selection, and withdraw what is being computed.",
        handler="cancel",
        menu="File",
        icon="cancel",
        keys=("Esc",),
        section=3,
    ),
    Action(
        id="quit",
        text="Quit",
        tip="Close the Studio.",
        handler="quit",
        menu="File",
        icon="quit",
        keys=("Ctrl+Q",),
        section=3,
    ),
    Action(
        id="previous_image",
        text="Previous image",
        tip="Open the image above in the list.",
        handler="previous_image",
        menu="Image",
        icon="previous",
        keys=("A", "Ctrl+PgUp"),
        context="view",
        toolbar=True,
    ),
    Action(
        id="next_image",
        text="Next image",
        tip="Open the image below in the list.",
        handler="next_image",
        menu="Image",
        icon="next",
        keys=("D", "Ctrl+PgDown"),
        context="view",
        toolbar=True,
    ),
    Action(
        id="fit",
        text="Fit in view",
        tip="Show the whole image.",
        handler="fit",
        menu="View",
        icon="fit",
        keys=("F",),
        context="view",
        toolbar=True,
    ),
    Action(
        id="zoom_in",
        text="Zoom in",
        tip="Zoom in about the middle of the view; the wheel zooms at the mouse.",
        handler="zoom_in",
        menu="View",
        icon="zoom-in",
        keys=("Ctrl++", "Ctrl+="),
    ),
    Action(
        id="zoom_out",
        text="Zoom out",
        tip="Zoom out about the middle of the view; the wheel zooms at the mouse.",
        handler="zoom_out",
        menu="View",
        icon="zoom-out",
        keys=("Ctrl+-",),
    ),
    Action(
        id="zoom_actual",
        text="Actual size",
        tip="Show one image pixel as one pixel of the screen.",
        handler="zoom_actual",
        menu="View",
        icon="actual-size",
        keys=("Ctrl+0",),
    ),
    Action(
        id="show_labels",
        text="Semantic labels",
        tip="Colour every pixel by its class in the semantic map that was merged.",
        handler="show_labels",
        menu="View",
        icon="labels",
        keys=("1",),
        context="view",
        section=1,
        toolbar=True,
        checkable=True,
    ),
    Action(
        id="show_boxes",
        text="Boxes",
        tip="Draw the boxes that have been merged so far, with class and score.",
        handler="show_boxes",
        menu="View",
        icon="boxes",
        keys=("2",),
        context="view",
        section=1,
        toolbar=True,
        checkable=True,
    ),
    Action(
        id="show_segments",
        text="Segments",
        tip="Colour every pixel by the segment that owns it at this step of the merge.",
        handler="show_segments",
        menu="View",
        icon="segments",
        keys=("3",),
        context="view",
        section=1,
        toolbar=True,
        checkable=True,
    ),
    Action(
        id="light_theme",
        text="Light theme",
        tip="Switch between the light and the dark theme.",
        handler="light_theme",
        menu="View",
        icon="theme",
        keys=("Ctrl+Shift+T",),
        section=2,
        checkable=True,
    ),
    Action(
        id="motion",
        text="Motion",
        tip="Let the box of a step fade in while the merge is played.",
        handler="motion",
        menu="View",
        section=2,
        checkable=True,
    ),
    Action(
        id="reset_layout",
        text="Reset layout",
        tip="Put every panel back where it was at first.",
        handler="reset_layout",
        menu="View",
        icon="layout",
        keys=("Ctrl+Shift+R",),
        section=3,
    ),
    Action(
        id="play",
        text="Play the merge",
        tip="Paste boxes one by one, from the start if the merge is finished; again to pause.",
        handler="play",
        menu="Merge",
        icon="play",
        keys=("K",),
        context="view",
        checkable=True,
    ),
    Action(
        id="step_back",
        text="Step back",
        tip="Undo the last step of the merge.",
        handler="step_back",
        menu="Merge",
        icon="step-back",
        keys=("Left", ","),
        context="canvas",
    ),
    Action(
        id="step_forward",
        text="Step forward",
        tip="Do the next step of the merge.",
        handler="step_forward",
        menu="Merge",
        icon="step-forward",
        keys=("Right", "."),
        context="canvas",
    ),
    Action(
        id="first_step",
        text="Before the first step",
        tip="Go back to where nothing is pasted yet.",
        handler="first_step",
        menu="Merge",
        icon="first",
        keys=("Home",),
        context="canvas",
    ),
    Action(
        id="last_step",
        text="After the last step",
        tip="Show the finished merge.",
        handler="last_step",
        menu="Merge",
        icon="last",
        keys=("End",),
        context="canvas",
    ),
    Action(
        id="semantic_oracle",
        text="Semantic oracle",
        tip="Merge on the semantic map of the ground truth instead of the network's.",
        handler="semantic_oracle",
        menu="Merge",
        icon="oracle-semantics",
        keys=("Ctrl+1",),
        section=1,
        checkable=True,
    ),
    Action(
        id="box_oracle",
        text="Box oracle",
        tip="Merge the boxes of the ground truth instead of the network's.",
        handler="box_oracle",
        menu="Merge",
        icon="oracle-boxes",
        keys=("Ctrl+2",),
        section=1,
        checkable=True,
    ),
    Action(
        id="conflict_closest",
        text="Contested pixels to the closest border-ness",
        tip="A pixel in two boxes of its class goes to the box that expects the border-ness predicted there.",
        handler="choose_conflict",
        menu="Merge",
        section=2,
        checkable=True,
        value="closest",
    ),
    Action(
        id="conflict_highest",
        text="Contested pixels to the higher score",
        tip="A pixel in two boxes of its class stays with the box that came first.",
        handler="choose_conflict",
        menu="Merge",
        section=2,
        checkable=True,
        value="highest",
    ),
    Action(
        id="conflict_smallest",
        text="Contested pixels to the smaller box",
        tip="A pixel in two boxes of its class goes to the box of smaller area.",
        handler="choose_conflict",
        menu="Merge",
        section=2,
        checkable=True,
        value="smallest",
    ),
    Action(
        id="shortcuts",
        text="Keyboard and mouse",
        tip="Show every shortcut on one card.",
        handler="show_shortcuts",
        menu="Help",
        icon="keyboard",
        keys=("F1",),
    ),
)

_TOOLBAR_GAPS = {"save_panoptic", "previous_image", "fit", "show_labels"}


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
        _connect(action, getattr(handlers, entry.handler), entry)
        if entry.value:
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


def _connect(action: QAction, handler: object, entry: Action) -> None:
    assert callable(handler)
    if entry.value:
        action.triggered.connect(lambda _checked=False: handler(entry.value))
    elif entry.checkable:
        action.triggered.connect(lambda checked=False: handler(checked))
    else:
        action.triggered.connect(lambda _checked=False: handler())


def refresh_icons(actions: Mapping[str, QAction], theme: Theme) -> None:
    """Gives the actions icons in the colours of the theme."""
    for entry in ACTIONS:
        if entry.icon:
            actions[entry.id].setIcon(theme.icon(entry.icon))


def build_menus(window: QMainWindow, actions: Mapping[str, QAction]) -> dict[str, QMenu]:
    """Fills the menu bar; returns the menus by name."""
    menus = {}
    for name in MENUS:
        menu = window.menuBar().addMenu(f"&{name}")
        menu.setToolTipsVisible(True)
        section = None
        for entry in ACTIONS:
            if entry.menu == name:
                if section is not None and entry.section != section:
                    menu.addSeparator()
                section = entry.section
                menu.addAction(actions[entry.id])
        menus[name] = menu
    return menus


def build_toolbar(window: QMainWindow, actions: Mapping[str, QAction]) -> QToolBar:
    """Makes the toolbar."""
    toolbar = QToolBar("Toolbar", window)
    toolbar.setObjectName("toolbar")
    toolbar.setMovable(False)
    for entry in ACTIONS:
        if entry.toolbar:
            if entry.id in _TOOLBAR_GAPS:
                toolbar.addSeparator()
            toolbar.addAction(actions[entry.id])
    window.addToolBar(toolbar)
    return toolbar
