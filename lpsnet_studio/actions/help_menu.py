"""Where to find what, and what to send when something breaks."""

from __future__ import annotations

from lpsnet_studio.actions.entry import Action

__all__ = ["HELP"]

HELP: tuple[Action, ...] = (
    Action(
        id="shortcuts",
        text="Keyboard and mouse",
        tip="Show every shortcut on one card.",
        handler="help.show_shortcuts",
        menu="Help",
        icon="keyboard",
        keys=("F1",),
    ),
    Action(
        id="find_action",
        text="Find action…",
        tip="Type what you want to do, and do it.",
        handler="help.find_action",
        menu="Help",
        icon="find",
        keys=("Ctrl+Shift+P",),
    ),
    Action(
        id="focus_message",
        text="Go to the newest message",
        tip="Give the keyboard to the newest message at the lower right; again for the one before, Esc closes it.",
        handler="help.focus_message",
        menu="Help",
        icon="info",
        keys=("F8",),
    ),
    Action(
        id="copy_diagnostics",
        text="Copy diagnostics",
        tip="Copy versions, device, settings and the last lines of the log to the clipboard, for a report.",
        handler="help.copy_diagnostics",
        menu="Help",
        icon="copy",
        section=1,
    ),
    Action(
        id="open_log",
        text="Open the log folder",
        tip="Show the folder of the log files in the file manager.",
        handler="help.open_log",
        menu="Help",
        icon="open-folder",
        section=1,
    ),
    Action(
        id="about",
        text="About LPSNet Studio",
        tip="Show the version, what it is built on, and the licences.",
        handler="help.about",
        menu="Help",
        icon="info",
        section=2,
    ),
)
