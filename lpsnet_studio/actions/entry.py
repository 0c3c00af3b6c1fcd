"""What one action of the table says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

__all__ = ["MENUS", "Action", "Choice", "Context"]

Context = Literal["window", "view", "canvas"]
"""Where a shortcut acts: anywhere in the window; while the canvas, the image list, a table or the timeline has the
focus; or on the canvas and where arrows have no other use. Letters never act while someone types."""

MENUS = ("File", "Edit", "Image", "View", "Inspect", "Merge", "Annotate", "Segments", "Model", "Jobs", "Help")


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One thing a user can do.

    Attributes:
        id: its name in the program.
        text: in menus, sentence case.
        tip: one sentence for tooltip and status bar.
        handler: which of the commands carries it out, as ``group.method``.
        menu: which of :data:`MENUS` it stands in.
        icon: name of an icon; may be empty.
        keys: shortcuts in Qt's portable spelling, the one shown first.
        context: where the shortcuts act.
        section: actions of one menu with another section are separated by a line.
        toolbar: whether it stands in the toolbar too.
        on_canvas: whether it stands in the canvas's own menu too.
        canvas_modes: in which modes of the window that menu has it.
        checkable: whether it is on or off; the handler then takes which.
        value: what the handler takes, for one of several choices; empty otherwise.
        kind: ``submenu`` if it opens a menu of choices, which the handler returns.
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
    on_canvas: bool = False
    canvas_modes: tuple[str, ...] = ("inspect",)
    checkable: bool = False
    value: str = ""
    kind: Literal["command", "submenu"] = "command"


@dataclass(frozen=True, slots=True)
class Choice:
    """One line of a submenu that is filled when it opens.

    Attributes:
        text: what it says; never read as a mnemonic.
        tip: one sentence, or a path.
        act: what it does.
        checked: whether it is the choice of now; None where there is no such thing.
        enabled: whether it can be chosen.
    """

    text: str
    tip: str
    act: Callable[[], None]
    checked: bool | None = None
    enabled: bool = True
