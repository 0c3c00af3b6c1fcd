"""Which actions are on, and which can be had now; no Qt."""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal

from lpsnet_studio import demo_network
from lpsnet_studio.actions.table import ACTIONS
from lpsnet_studio.examination import Examination
from lpsnet_studio.session import Session
from lpsnet_studio.view_options import SPEEDS

__all__ = ["Mode", "action_texts", "actions_on", "actions_out_of_place", "actions_possible"]

_STEPPING = (
    "play",
    "step_back",
    "step_forward",
    "first_step",
    "last_step",
    "previous_event",
    "next_event",
    "step_of_pixel",
)
_LOOKING = (
    "fit",
    "zoom_in",
    "zoom_out",
    "zoom_actual",
    "copy_view",
    "export_view",
    "show_labels",
    "show_boxes",
    "show_segments",
    "show_heat",
    "show_verdicts",
    "show_candidates",
    "show_void",
    "show_contours",
    "show_names",
    "hide_overlays",
)


Mode = Literal["inspect", "annotate", "jobs"]
"""What the window shows."""

_MENUS_OF_INSPECTION = {"Inspect", "Merge"}
_MENUS_OF_IMAGE = {*_MENUS_OF_INSPECTION, "Image", "View"}
_OF_INSPECTION = {"copy_python", "save_panoptic", "save_overlay", "save_inspection", "export_why"}
_OF_INSPECTION |= {"show_labels", "show_boxes", "show_heat", "show_verdicts", "show_candidates"}
_OF_IMAGE = {*_OF_INSPECTION, "undo", "redo", "copy_view", "export_view"}
_OF_ANNOTATION = {"save_project", "next_finding", "mark_done", "mark_approved", "mark_todo", "write_note"}
_OF_ANNOTATION |= {"start_from_prediction", "start_from_truth", "start_empty"}
_ANYWHERE = {"light_theme", "motion", "full_screen", "next_area", "previous_area", "reset_layout", "prefetch"}
_ANYWHERE |= {action.id for action in ACTIONS if action.id.startswith("panel_")}
"""What those menus hold besides; a panel that is asked for brings its mode back."""

_SHOW_IMAGE = "The image is not shown: show the inspection first."
_SHOW_INSPECTION = "It belongs to the inspection: F2 shows it."
_SHOW_ANNOTATION = "It belongs to the annotation: F3 shows it."


def _ids_of(menus: Collection[str]) -> set[str]:
    return {action.id for action in ACTIONS if action.menu in menus}


def actions_out_of_place(mode: Mode) -> dict[str, str]:
    """Returns the ids of the actions that belong to other modes than the one that is shown, and what to do first."""
    of_inspection = (_ids_of(_MENUS_OF_INSPECTION) | _OF_INSPECTION) - _ANYWHERE
    of_image = (_ids_of(_MENUS_OF_IMAGE) | _OF_IMAGE) - _ANYWHERE
    of_annotation = (_ids_of({"Segments"}) | _OF_ANNOTATION) - _ANYWHERE
    strange = dict.fromkeys(sorted(of_annotation), _SHOW_ANNOTATION) if mode != "annotate" else {}
    if mode == "jobs":
        return strange | dict.fromkeys(sorted(of_image), _SHOW_IMAGE)
    return strange | dict.fromkeys(sorted(of_inspection), _SHOW_INSPECTION) if mode == "annotate" else strange


def actions_on(session: Session) -> dict[str, bool]:
    """Returns by id which of the checkable actions about the session are on."""
    view, settings = session.view, session.effective_settings
    return {
        **{f"show_{layer.kind}": layer.visible for layer in view.layers},
        "show_contours": view.contours,
        "show_names": view.names,
        "hide_overlays": not view.overlays,
        "minimap": view.minimap,
        "curtain": view.comparison == "curtain",
        "blink": view.comparison == "blink",
        "motion": view.motion,
        "contested_before": view.contested == "before",
        "play": session.playing,
        "worst_first": session.worst_first,
        "semantic_oracle": settings.semantic_oracle,
        "box_oracle": settings.box_oracle,
        "use_borderness": settings.use_borderness,
        **{f"conflict_{name}": settings.conflict == name for name in ("closest", "highest", "smallest")},
    }


def actions_possible(session: Session, examination: Examination) -> dict[str, bool]:
    """Returns by id which of the actions that are not always possible are possible now."""
    has_truth, has_result, has_image = (
        session.truth is not None,
        session.result is not None,
        session.current is not None,
    )
    return {
        **dict.fromkeys(("semantic_oracle", "box_oracle", "curtain", "blink"), has_truth),
        **dict.fromkeys(("save_panoptic", "save_overlay", "export_why", "copy_python", "save_inspection"), has_result),
        **dict.fromkeys(_STEPPING, bool(session.steps)),
        **dict.fromkeys(_LOOKING, has_image),
        "reload_image": has_image,
        "find_image": bool(session.entries),
        **dict.fromkeys(("measure_all", "worst_first"), session.any_truth),
        "zoom_selected": session.selected != 0,
        "previous_image": session.neighbour(-1) >= 0,
        "next_image": session.neighbour(1) >= 0,
        "unpin_all": examination.has_pins_to_turn,
        "undo": bool(session.undo_words),
        "redo": bool(session.redo_words),
        "slower": session.view.speed > SPEEDS[0],
        "faster": session.view.speed < SPEEDS[-1],
        "load_demo_network": demo_network.checkpoint() is not None,
        "model_card": session.model is not None,
        "input_size": session.model is not None,
    }


def action_texts(session: Session) -> dict[str, str]:
    """Returns by id what the actions that depend on what was done are called now."""
    return {"undo": f"Undo {session.undo_words}".rstrip(), "redo": f"Redo {session.redo_words}".rstrip()}
