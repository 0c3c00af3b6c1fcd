"""What is said of the network and of where it runs, in words; no Qt."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any

from lpsnet.run_directory import RunDirectory
from lpsnet.structures import InspectionSettings
from lpsnet_studio import demo_network
from lpsnet_studio.inference.messages import MemoryUse, ModelCard
from lpsnet_studio.session import Session

__all__ = [
    "byte_words",
    "card_rows",
    "card_text",
    "class_words",
    "device_words",
    "macs_words",
    "memory_words",
    "network_words",
    "run_of",
]

_STATES = {
    "starting": "starting the inference service",
    "restarting": "the inference service was lost and starts again",
    "unavailable": "the inference service cannot be started",
}


def device_words(session: Session) -> str:
    """Returns where the network runs and why, as short as it can be said; or why nothing runs."""
    if session.service_state in _STATES:
        return _STATES[session.service_state]
    if session.model is None:
        return ""
    reason = session.model.device_reason.partition(":")[0]
    return f"{_device(session.model)} ({reason})" if reason else _device(session.model)


def network_words(session: Session) -> str:
    """Returns which network it is, its input size, and how long the last result took."""
    model, parts = session.model, []
    if model is not None:
        name = " · ".join(part for part in (run_of(model.origin), demo_network.name_of(model)) if part)
        parts += [name if model.trained else f"{name}, untrained", f"{model.short_side} px"]
    if session.result is not None:
        seconds = sum(stage.seconds for stage in session.result.stages if stage.ran)
        parts.append(f"{seconds:.1f} s" if seconds >= 1 else f"{1000 * seconds:.0f} ms")
    return " · ".join(parts) if model is not None else " · ".join(["no network", *parts])


def run_of(origin: str) -> str:
    """Returns the name of the run that a network lies in; empty if it lies in none, as its path tells."""
    path = Path(origin)
    run = RunDirectory(path.parent.parent)
    return run.path.name if path.is_absolute() and path in (run.best, run.latest) else ""


def memory_words(memory: MemoryUse | None) -> str:
    """Returns how much memory the service takes; empty before it is known."""
    if memory is None:
        return ""
    main = byte_words(memory.resident)
    return f"{main} + {byte_words(memory.cuda)} GPU" if memory.cuda else main


def byte_words(count: int) -> str:
    """Returns a number of bytes for people."""
    for unit, size in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if count >= size:
            return f"{count / size:.1f} {unit}" if unit == "GB" else f"{count / size:.0f} {unit}"
    return f"{count} bytes"


def macs_words(count: int) -> str:
    """Returns a number of multiply-adds for people; a dash where it is unknown."""
    if not count:
        return "—"
    return f"{count / 1e9:.0f} G" if count >= 10**10 else f"{count / 1e9:.1f} G"


def card_rows(card: ModelCard) -> list[tuple[str, str]]:
    """Returns what there is to say of a network, name and value, but its classes and its writer's notes."""
    height, width = card.input_size
    rows = [
        ("Weights", _weights_words(card)),
        ("Origin", card.origin if Path(card.origin).suffix else f"preset {card.origin}"),
        ("Backbone", card.backbone),
        ("Parameters", f"{card.parameters / 1e6:.1f} million"),
    ]
    if card.file_bytes:
        rows.append(("File", byte_words(card.file_bytes)))
    if card.macs:
        rows.append(("Cost", f"{macs_words(card.macs)} multiply-adds for an input of {height} × {width}"))
    rows += [
        ("Classes", class_words(card)),
        ("Input", _input_words(card)),
        ("Device", f"{_device(card)}, {card.device_reason}" if card.device_reason else _device(card)),
        ("Inspection", _settings_words(card.settings)),
    ]
    return rows


def card_text(card: ModelCard) -> str:
    """Returns the whole card as plain text."""
    lines = [demo_network.name_of(card), *(f"{name}: {value}" for name, value in card_rows(card))]
    if card.notes:
        lines += ["", card.notes]
    lines += ["", *(f"{entry.id} {entry.name} ({'thing' if entry.isthing else 'stuff'})" for entry in card.categories)]
    return "\n".join(lines) + "\n"


def class_words(card: ModelCard) -> str:
    """Returns how many classes a network tells apart."""
    things = int(card.categories.isthing.sum())
    return f"{len(card.categories)}: {things} things, {len(card.categories) - things} stuff"


def _weights_words(card: ModelCard) -> str:
    if demo_network.is_demo(card):
        return f"{demo_network.SCHOOLING} only"
    return "trained" if card.trained else "untrained: random, their predictions mean nothing"


def _device(card: ModelCard) -> str:
    return "CPU" if card.device == "cpu" else card.device


def _input_words(card: ModelCard) -> str:
    words = f"short side {card.short_side} px"
    if card.long_side_cap:
        words += f", long side at most {card.long_side_cap} px"
    if card.own_short_side not in (0, card.short_side):
        words += f"; its config asks for {card.own_short_side} px"
    return words


_UNITS = {"stuff_limit": " px"}


def _settings_words(settings: InspectionSettings) -> str:
    """Names what a config asks for that is not the method's default."""
    default = InspectionSettings()
    differing = [
        f"{_field_words(spec.name)} {_value_words(spec.name, getattr(settings, spec.name))}"
        for spec in fields(InspectionSettings)
        if getattr(settings, spec.name) != getattr(default, spec.name)
    ]
    return f"asks for: {', '.join(differing)}; all else as in the paper" if differing else "all as in the paper"


def _field_words(name: str) -> str:
    return name.removeprefix("use_").replace("borderness", "border-ness").replace("_", " ")


def _value_words(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"{value}{_UNITS.get(name, '')}"
