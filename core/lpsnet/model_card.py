"""What is noted of a network in its file, and how that is told to people."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from lpsnet.categories import Categories

__all__ = ["card_text", "training_notes", "with_export_note"]

_LONGEST_CARD = 20_000
"""Characters of a card that are shown."""
_FIGURES = {"pq": "PQ", "sq": "SQ", "rq": "RQ", "miou": "mIoU", "ap": "AP"}
_OPTIMIZERS = {"sgd": "SGD", "adamw": "AdamW"}


def training_notes(batch: int, optimizer: str, categories: Categories) -> dict[str, Any]:
    """Returns what is noted of how a network was trained, besides data, iterations and figures.

    Args:
        batch: pictures an iteration.
        optimizer: its name in the config.
        categories: what was learnt.
    """
    things = int(categories.isthing.sum())
    return {
        "training": {"batch": batch, "optimizer": optimizer},
        "classes": {"things": things, "stuff": len(categories) - things},
    }


def with_export_note(
    card: Mapping[str, Any], changes: Mapping[str, tuple[Any, Any]], *, halved: bool
) -> dict[str, Any]:
    """Returns a card that says in what a network is not the one that its figures were measured with.

    Args:
        card: as the network's file has it; what is noted there of an earlier export stays.
        changes: settings by name: what they were, and what they are.
        halved: whether weights were made half as precise.
    """
    clauses = [f"{name} {_plain(new)} instead of {_plain(old)}" for name, (old, new) in changes.items()]
    clauses += ["weights in half precision"] if halved else []
    if not clauses:
        return dict(card)
    before = "; the figures above were measured before" if card.get("figures") else ""
    earlier = card.get("exported")
    rest = {name: note for name, note in card.items() if name != "exported"}
    sentences = [*(earlier if isinstance(earlier, list) else []), f"exported with {', '.join(clauses)}{before}"]
    return {**rest, "exported": sentences}


def card_text(card: Mapping[str, Any]) -> str:
    """Returns a card for people: its ``text`` as it was written, then every other note.

    What a training notes is put in words, figures in percent; any other note is told under its name. What a stranger
    wrote is cut where it gets too long, and is never anything but plain text.
    """
    parts = [str(card["text"]).strip()] if card.get("text") else []
    notes = {name: note for name, note in card.items() if name != "text"}
    training = _training_words(card)
    if training:
        parts.append(f"training: {training}")
        notes = {name: note for name, note in notes.items() if name not in ("iteration", "iterations", "training")}
    for name, note in notes.items():
        parts += _lines(name, note)
    told = "\n".join(parts)
    return told if len(told) <= _LONGEST_CARD else told[:_LONGEST_CARD] + " …"


def _lines(name: str, note: Any) -> list[str]:
    if name == "exported" and isinstance(note, list) and all(isinstance(sentence, str) for sentence in note):
        return note
    if name == "figures" and _are_shares(note):
        return [f"figures in percent: {_figure_words(note)}"]
    if name == "classes" and isinstance(note, list):
        return [f"classes: {len(note)}"]
    if name == "classes" and _are_class_counts(note):
        return [f"classes: {sum(note.values())} ({note['things']} things, {note['stuff']} stuff)"]
    return [f"{name}: {_plain(note)}"]


def _training_words(card: Mapping[str, Any]) -> str:
    """Says how long, in which batches and by what a network was trained; empty where that is not noted as here."""
    note = card.get("training", {})
    if not isinstance(note, Mapping):
        return ""
    planned = note.get("iterations", card.get("iterations"))
    done, batch, optimizer = card.get("iteration", planned), note.get("batch"), note.get("optimizer")
    if isinstance(optimizer, Mapping):
        optimizer = optimizer.get("name")
    parts = []
    if _is_count(planned) and _is_count(done):
        parts.append(f"{planned:,} iterations" if done == planned else f"{done:,} of {planned:,} iterations")
    if _is_count(batch):
        parts.append(f"{batch} pictures an iteration")
    if isinstance(optimizer, str):
        parts.append(_OPTIMIZERS.get(optimizer, optimizer))
    return ", ".join(parts)


def _figure_words(figures: Mapping[str, float | None]) -> str:
    """Tells the figures of things and stuff behind the one of all classes."""
    told = []
    for name, figure in figures.items():
        whole, _, kind = name.rpartition("_")
        if kind in ("things", "stuff") and whole in figures:
            continue
        kinds = [
            f"{kind} {_percent(figures[f'{name}_{kind}'])}"
            for kind in ("things", "stuff")
            if f"{name}_{kind}" in figures
        ]
        told.append(f"{_FIGURES.get(name, name)} {_percent(figure)}" + (f" ({', '.join(kinds)})" if kinds else ""))
    return ", ".join(told)


def _percent(figure: float | None) -> str:
    return "—" if figure is None else f"{100 * figure:.1f}"


def _are_shares(note: Any) -> bool:
    """Whether a note holds figures as a training writes them: numbers in [0, 1] by name, or none."""
    return (
        isinstance(note, Mapping)
        and bool(note)
        and all(
            figure is None or (isinstance(figure, int | float) and not isinstance(figure, bool) and 0 <= figure <= 1)
            for figure in note.values()
        )
    )


def _are_class_counts(note: Any) -> bool:
    return isinstance(note, Mapping) and set(note) == {"things", "stuff"} and all(map(_is_count, note.values()))


def _is_count(note: Any) -> bool:
    return isinstance(note, int) and not isinstance(note, bool) and note >= 0


def _plain(note: Any) -> str:
    return note if isinstance(note, str) else json.dumps(note)
