"""Undo, the clipboard and preferences."""

from __future__ import annotations

from lpsnet_studio.actions.entry import Action

__all__ = ["EDIT"]

EDIT: tuple[Action, ...] = (
    Action(
        id="undo",
        text="Undo",
        tip="Take back the last change of a setting or of the canvas's look.",
        handler="edit.undo",
        menu="Edit",
        icon="undo",
        keys=("Ctrl+Z",),
        toolbar=True,
    ),
    Action(
        id="redo",
        text="Redo",
        tip="Do again what undo took back.",
        handler="edit.redo",
        menu="Edit",
        icon="redo",
        keys=("Ctrl+Shift+Z", "Ctrl+Y"),
        toolbar=True,
    ),
    Action(
        id="copy_view",
        text="Copy view",
        tip="Copy what the canvas shows to the clipboard, as a picture.",
        handler="edit.copy_view",
        menu="Edit",
        icon="copy",
        keys=("Ctrl+Shift+C",),
        section=1,
        on_canvas=True,
        canvas_modes=("inspect", "annotate"),
    ),
    Action(
        id="copy_python",
        text="Copy as Python",
        tip="Copy the few calls of the library that compute what is shown: image, network, settings, step and map.",
        handler="export.copy_python",
        menu="Edit",
        icon="copy",
        keys=("Ctrl+Shift+Y",),
        section=1,
    ),
    Action(
        id="preferences",
        text="Preferences…",
        tip="Choose what is kept between runs: theme, motion, prefetching, and what is remembered.",
        handler="edit.preferences",
        menu="Edit",
        icon="preferences",
        keys=("Ctrl+,",),
        section=2,
    ),
)
