"""What differs between two configs, field by field; no Qt."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from lpsnet.config import Config
from lpsnet.engine.schedule import scaled_words
from lpsnet_studio.jobs.config_fields import FieldGroup, flat, groups_of, sources
from lpsnet_studio.jobs.field_words import value_words

__all__ = ["ABSENT", "ComparedField", "as_text", "compared", "differing"]

ABSENT = "no such field"
"""Stands for a field that one of the two does not have, since its source is of another kind."""


@dataclass(frozen=True, slots=True)
class ComparedField:
    """One field of two configs.

    Attributes:
        name: dotted.
        title: the same in words, without the group's.
        group: the group in words.
        here: what it says in the first, for people; None if only the second has such a field.
        there: what it says in the second; None if only the first has such a field.
        differs: whether the two say different things.
    """

    name: str
    title: str
    group: str
    here: str | None
    there: str | None
    differs: bool


def compared(here: Config, there: Config) -> tuple[ComparedField, ...]:
    """Returns every field of two configs in the order of the form; one that both lack is left out."""
    first, second = (flat(config.model_dump(mode="json")) for config in (here, there))
    rows = []
    for group in _groups_of_both(first, second):
        for field in group.fields:
            one, other = (side.get(field.name, _NOTHING) for side in (first, second))
            here_words, there_words = _told(one, field.name, here), _told(other, field.name, there)
            differs = one != other
            rows.append(ComparedField(field.name, field.title, group.title, here_words, there_words, differs=differs))
    return tuple(rows)


def differing(rows: Iterable[ComparedField]) -> tuple[ComparedField, ...]:
    """Returns the fields that say different things."""
    return tuple(row for row in rows if row.differs)


def as_text(rows: Iterable[ComparedField], here: str, there: str) -> str:
    """Returns rows as lines of tab-separated text, which spreadsheets take.

    Args:
        rows: to be told.
        here: what the first config is called.
        there: what the second is called.
    """
    cells = [("Field", here, there)]
    cells += [(row.name, row.here or ABSENT, row.there or ABSENT) for row in rows]
    return "\n".join("\t".join(" ".join(cell.split()) for cell in line) for line in cells)


_NOTHING = object()
_SCALED = ("training.batch", "training.schedule.iterations")


def _told(value: Any, field: str, config: Config) -> str | None:
    """Returns a value in words; of batch and iterations also what comes of the two, which is what a run has."""
    if value is _NOTHING:
        return None
    scaled = scaled_words(config.training) if field in _SCALED else ""
    return f"{value_words(value)} ({scaled})" if scaled else value_words(value)


def _groups_of_both(first: dict[str, Any], second: dict[str, Any]) -> tuple[FieldGroup, ...]:
    """Returns the groups of two configs, with the fields of both kinds where a source's kind differs."""
    by_side = [groups_of({name: values.get(f"{name}.kind") for name in sources()}) for values in (first, second)]
    both = []
    for one, other in zip(*by_side, strict=True):
        fields = {field.name: field for field in (*one.fields, *other.fields)}
        both.append(FieldGroup(one.name, one.title, one.description, tuple(fields.values())))
    return tuple(both)
