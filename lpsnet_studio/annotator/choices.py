"""What can be done with the project and the segments on the desk, and why not; no Qt."""

from __future__ import annotations

from lpsnet_studio.annotator.desk import Desk
from lpsnet_studio.annotator.toolbox import TOOLS

__all__ = ["actions_possible", "why_not"]

_OF_PROJECT = (
    "copy_project",
    "close_project",
    "export_annotations",
    "train_on_project",
    "next_unreviewed",
    "save_project",
)
_OF_WRITABLE_PROJECT = ("add_to_project", "find_missing_images", "import_annotations")
_STARTS = ("start_from_prediction", "start_from_truth", "start_empty")
_OF_IMAGE = (
    "take_out_of_project",
    "mark_done",
    "mark_approved",
    "mark_todo",
    "write_note",
)
_OF_EDITOR = (
    *(f"tool_{name}" for name in TOOLS),
    "new_instance",
    "choose_class",
    "fill_void_stuff",
    "fill_void_nearest",
    "remove_specks",
    "only_void",
    "only_inside",
)
_OF_SELECTION = (
    "relabel",
    "split_segment",
    "delete_segment",
    "delete_to_neighbours",
    "fill_holes",
    "grow_segment",
    "shrink_segment",
    "snap_edge",
    "lock_segment",
    "crowd_segment",
)


def actions_possible(desk: Desk) -> dict[str, bool]:
    """Returns by id which of the actions on projects and segments are possible now."""
    store, editor = desk.store, desk.editor
    can_write = store is not None and not store.is_read_only
    chosen = len(editor.selection) if editor is not None and desk.can_edit else 0
    return {
        **dict.fromkeys(_OF_PROJECT, store is not None),
        **dict.fromkeys(_OF_WRITABLE_PROJECT, can_write),
        **dict.fromkeys(_OF_IMAGE, can_write and desk.entry is not None),
        **dict.fromkeys(_STARTS, can_write and desk.entry is not None and desk.place != "unreadable"),
        **dict.fromkeys(_OF_EDITOR, desk.can_edit),
        **dict.fromkeys(_OF_SELECTION, chosen > 0),
        "next_finding": editor is not None,
        "merge_segments": chosen > 1,
    }


def why_not(name: str, desk: Desk) -> str:
    """Returns why an action that is not possible cannot be had, in a sentence."""
    if desk.store is None:
        return "No project is open: make one, or open one, in the menu Annotate."
    if desk.store.is_read_only:
        return desk.store.read_only_because
    if desk.entry is None:
        return "The project does not have this image: add it first."
    if desk.editor is None:
        return desk.why_not or "This image was not begun yet: start from the prediction, the truth or nothing."
    return "Select at least two segments first." if name == "merge_segments" else "Select a segment first."
