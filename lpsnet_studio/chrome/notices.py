"""What the banner over the canvas says; no Qt."""

from __future__ import annotations

from lpsnet_studio import demo_network
from lpsnet_studio.session import Session

__all__ = ["network_words", "notices"]


def notices(session: Session) -> list[str]:
    """Returns what the user must know to read the picture, in sentences; empty if nothing.

    What is peculiar to the picture comes first, what is so with every picture last: there may not be room for all.
    """
    sentences = [] if session.picture is None else [session.picture.notice]
    sentences += [_stand_in(session), session.obstacle]
    if session.result is not None:
        sentences += session.result.trace.notes
    sentences += [_unschooled(session), _untrained(session)]
    return [_as_sentence(words) for words in sentences if words]


def network_words(session: Session) -> str:
    """Returns which network a photo would meet, and what that means, in a sentence or two."""
    if session.loading_model is not None:
        return "A network is being loaded."
    model = session.model
    if model is None:
        return (
            "No network is loaded. An untrained one will be built for your photos, whose predictions mean nothing: "
            f"open a checkpoint for real ones. {_needing_none()}"
        )
    if demo_network.is_demo(model):
        return (
            f"Photos are inspected with {demo_network.NAME}, which was {demo_network.SCHOOLING} only: it knows "
            f"{len(model.categories)} classes of them and little of photos."
        )
    if model.trained:
        return f"Photos are inspected with {model.name}."
    return f"Photos are inspected with {model.name}, which is untrained: its predictions mean nothing yet."


def _as_sentence(words: str) -> str:
    """Returns words with a capital and a full stop: causes that readers give have neither, and others follow them."""
    return words[:1].upper() + words[1:] + ("" if words[-1] in ".!?" else ".")


def _needing_none() -> str:
    if demo_network.checkpoint() is None:
        return "The demo and data sets with ground truth need none."
    return "The demo brings its own, and data sets with ground truth need none."


def _stand_in(session: Session) -> str:
    """Says what predictions are compared with where that is not the truth."""
    entry = session.current
    if session.picture is None or entry is None or not entry.stand_in:
        return ""
    return f"Compared with {entry.stand_in}, not with ground truth: figures say how far both agree."


def _unschooled(session: Session) -> str:
    """Warns of the demo's network where a picture is not known to be one of the scenes that it was trained on."""
    model, picture = session.model, session.picture
    if model is None or picture is None or not demo_network.is_demo(model):
        return ""
    # A scene has its truth beside it; a data set of other classes is an obstacle, which says so itself.
    if session.truth is not None or not session.effective_settings.needs_network:
        return ""
    schooling = f"{demo_network.SCHOOLING} only, {demo_network.NAME}"
    return f"{schooling} knows {len(model.categories)} classes of them and little of photos."


def _untrained(session: Session) -> str:
    if session.model is None or session.model.trained:
        return ""
    words = "Untrained network: its predictions mean nothing yet."
    if session.picture is None:
        return words
    if not session.effective_settings.needs_network:
        return (
            "Untrained network, so both oracles are on: this is the ground truth, merged. No network has a part in it."
        )
    if session.truth is not None:
        return f"{words} Turn both oracles on to see the merge of the ground truth."
    return f"{words} Open a checkpoint for real ones."
