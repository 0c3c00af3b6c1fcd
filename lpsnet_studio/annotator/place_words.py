"""What a panel says while there is nothing on the desk that it could show; no Qt."""

from __future__ import annotations

from collections.abc import Mapping

from lpsnet_studio.annotator.desk import Desk, Place

__all__ = ["read_only_words", "why_empty"]

_WORDS: Mapping[Place, str] = {
    "no project": "Open a project, or make a new one of the images that are listed, in the menu Annotate.",
    "no image": "Choose an image in the list to annotate it.",
    "not in project": "This image is not in the project. The menu Annotate adds images to it.",
    "reading": "Reading the image…",
    "not started": (
        "This image has no segments yet. Start from the prediction, the ground truth or nothing, in the menu Annotate."
    ),
    "unreadable": "This image cannot be annotated.",
}


def why_empty(desk: Desk) -> str:
    """Returns why there is nothing to see and what to do next; empty while an image can be looked at."""
    if desk.place == "editing":
        return ""
    return desk.why_not if desk.place == "unreadable" and desk.why_not else _WORDS[desk.place]


def read_only_words(desk: Desk) -> str:
    """Returns why nothing of the project can be changed, in a sentence; empty if it can."""
    return "" if desk.store is None else desk.store.read_only_because
