"""The fields of a config by the names that people write, such as ``data.train.annotations``."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import Any, get_args

from pydantic import BaseModel

__all__ = ["field_names", "group_names", "kind_of", "located", "models_in", "nearest"]

_ALIKE, _AS_GOOD, _LAST_PART_ALONE = 0.65, 0.03, 0.8
_MOST = 3


def models_in(annotation: Any) -> tuple[type[BaseModel], ...]:
    """Returns the models that a field may hold: none for a plain value, several where its ``kind`` chooses."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return (annotation,)
    return tuple(model for argument in get_args(annotation) for model in models_in(argument))


def kind_of(model: type[BaseModel]) -> str:
    """Returns the value of ``kind`` that chooses a model; empty if it has none."""
    field = model.model_fields.get("kind")
    return "" if field is None else str(field.default)


def field_names(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    """Yields every field that holds a value, those of all kinds, dotted."""
    for name, field in model.model_fields.items():
        below = [leaf for part in models_in(field.annotation) for leaf in field_names(part, f"{prefix}{name}.")]
        if dataclasses.is_dataclass(field.annotation):
            below = [f"{prefix}{name}.{each.name}" for each in dataclasses.fields(field.annotation)]
        yield from dict.fromkeys(below or [prefix + name])


def group_names(model: type[BaseModel]) -> tuple[str, ...]:
    """Returns every field that holds others, dotted."""
    parents = [name.split(".")[:depth] for name in field_names(model) for depth in range(1, name.count(".") + 1)]
    return tuple(dict.fromkeys(".".join(parent) for parent in parents))


def located(model: type[BaseModel], place: Sequence[str | int]) -> tuple[str, tuple[type[BaseModel], ...], str]:
    """Turns pydantic's place of an error into words: it names the kind between a field and what is in it.

    Returns:
        The field, dotted; the models that its parent may hold; and which kind of them was meant, empty where there is
        one alone.
    """
    names: list[str] = []
    around: tuple[type[BaseModel], ...] = ()
    here: tuple[type[BaseModel], ...] = (model,)
    kind, kind_here = "", ""
    rest = list(place)
    while rest:
        name = str(rest.pop(0))
        names.append(" ".join(name.split()))
        chosen = next((each for each in here if not kind_here or kind_of(each) == kind_here), None)
        around, kind, kind_here = here, kind_here, ""
        field = None if chosen is None else chosen.model_fields.get(name)
        here = () if field is None else models_in(field.annotation)
        if len(here) > 1 and rest:
            kind_here = str(rest.pop(0))
    return ".".join(names), around, kind


def nearest(name: str, known: Sequence[str]) -> tuple[str, ...]:
    """Returns the known names most like a wrong one, as a whole or in their last part; none if none is like it."""
    scores = {each: _closeness(name, each) for each in known}
    least = max(_ALIKE, max(scores.values(), default=0.0) - _AS_GOOD)
    return tuple(sorted((each for each in known if scores[each] >= least), key=lambda each: -scores[each])[:_MOST])


def _closeness(name: str, known: str) -> float:
    last = _likeness(_last(name), _last(known))
    return max((_likeness(name, known) + last) / 2, _LAST_PART_ALONE * last)


def _likeness(one: str, other: str) -> float:
    return SequenceMatcher(None, one, other).ratio()


def _last(name: str) -> str:
    return name.rpartition(".")[2]
