"""What is wrong with a config, in words: each field as people write it, with what it should have been."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from lpsnet.config.fields import field_names, group_names, kind_of, located, models_in, nearest

__all__ = ["Fault", "faults_of", "told"]

_MOST_TOLD = 6
_LONGEST_VALUE = 40
_DEEPEST = 4
_NO_FIELDS = ("model_type", "model_attributes_type", "dataclass_type")


@dataclass(frozen=True, slots=True)
class Fault:
    """One wrong field.

    Attributes:
        field: as people write it; empty for the config as a whole.
        reason: what is wrong, and how to mend it where that is known.
    """

    field: str
    reason: str

    def __str__(self) -> str:
        return f"{self.field or 'the file'}: {self.reason}"

    def is_due_to(self, override: str) -> bool:
        """Whether an override ``field=value`` set what is wrong."""
        key = override.partition("=")[0].strip()
        if not self.field:
            return key in self.reason
        if f"{key}.".startswith(f"{self.field}."):
            # Where several fields do not belong together, the reason names them.
            return key == self.field or key.rpartition(".")[2] in self.reason
        parent, _, last = key.rpartition(".")
        return f"{self.field}.".startswith(f"{key}.") or (last == "kind" and self.field.startswith(f"{parent}."))


def faults_of(error: ValidationError, model: type[BaseModel]) -> tuple[Fault, ...]:
    """Returns what pydantic found wrong with a ``model``, in words."""
    return tuple(_fault(details, model) for details in error.errors(include_url=False))


def told(source: str, faults: Sequence[Fault]) -> str:
    """Returns faults in one sentence that begins with where they are; the first few, if there are many."""
    more = f"; and {len(faults) - _MOST_TOLD} more" if len(faults) > _MOST_TOLD else ""
    return f"{source}: {'; '.join(str(fault) for fault in faults[:_MOST_TOLD])}{more}"


def _fault(details: ErrorDetails, model: type[BaseModel]) -> Fault:
    field, around, kind = located(model, details["loc"])
    value = details["input"]
    match details["type"]:
        case "extra_forbidden":
            return _unknown(field, value, around, kind, model)
        case "missing":
            return Fault(field, details["msg"])
        case "union_tag_not_found":
            return Fault(f"{field}.kind", f"Field required: {_kinds(around, field)}")
        case "union_tag_invalid":
            return Fault(f"{field}.kind", f"must be {_kinds(around, field)}, not {_shown(value.get('kind'))}")
        case wrong if wrong in _NO_FIELDS:
            inside = f"{field}." if field else ""
            first = next(name for name in field_names(model) if name.startswith(inside))
            return Fault(field, f"must hold fields, such as {first}, and is {_shown(value)}")
        case "value_error":
            return Fault(field, details["msg"].removeprefix("Value error, "))
    return Fault(field, f"{details['msg']}, not {_shown(value)}")


def _unknown(field: str, value: Any, around: Sequence[type[BaseModel]], kind: str, model: type[BaseModel]) -> Fault:
    """Tells of a field that is not there: the kind that has it, or what it was probably meant to be."""
    parent, _, last = field.rpartition(".")
    owner = next((kind_of(each) for each in around if last in each.model_fields), "")
    if kind and owner:
        switch = f"set {parent}.kind={owner} to switch"
        return Fault(field, f"belongs to {parent}.kind {owner}, and {parent}.kind is {kind}: {switch}")
    while isinstance(value, Mapping) and len(value) == 1 and field.count(".") < _DEEPEST:
        (name, value) = next(iter(value.items()))
        field = f"{field}.{' '.join(str(name).split())}"
    known = group_names(model) if isinstance(value, Mapping) else tuple(field_names(model))
    meant = " or ".join(nearest(field, known))
    return Fault(field, "there is no such field" + (f"; did you mean {meant}?" if meant else ""))


def _kinds(around: Sequence[type[BaseModel]], field: str) -> str:
    last = field.rpartition(".")[2]
    return " or ".join(kind_of(each) for each in models_in(around[0].model_fields[last].annotation))


def _shown(value: Any) -> str:
    """Returns a value as YAML would have it, cut where it gets long."""
    try:
        text = json.dumps(value, ensure_ascii=False, default=str)
    except (TypeError, ValueError):  # YAML may have keys that are no text, and loops
        text = repr(value)
    return text if len(text) <= _LONGEST_VALUE else text[: _LONGEST_VALUE - 1] + "…"
