"""What the banner over the canvas says; no Qt."""

from __future__ import annotations

from lpsnet_studio.session import Session

__all__ = ["network_words", "notices"]


def notices(session: Session) -> list[str]:
    """Returns what the user must know to read the picture, in sentences; empty if nothing.

    What is peculiar to the picture comes first, what is so with every picture last: there may not be room for all.
    """
    sentences = [] if session.picture is None else [session.picture.notice]
    sentences.append(session.obstacle)
    if session.result is not None:
        sentences += session.result.trace.notes
    sentences.append(_untrained(session))
    return [_as_sentence(words) for words in sentences if words]


def network_words(session: Session) -> str:
    """Returns which network a photo would meet, and what that means, in a sentence or two."""
    if session.loading_model is not None:
        return "A network is being loaded."
    model = session.model
    if model is None:
        return (
            "No network is loaded. An untrained one will be built for your photos, whose predictions mean nothing: "
            "open a checkpoint for real ones. The demo and data sets with ground truth need none."
        )
    if model.trained:
        return f"Photos are inspected with {model.name}."
    return f"Photos are inspected with {model.name}, which is untrained: its predictions mean nothing yet."


def _as_sentence(words: str) -> str:
    """Returns words with a capital and a full stop: causes that readers give have neither, and others follow them."""
    return words[:1].upper() + words[1:] + ("" if words[-1] in ".!?" else ".")


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
